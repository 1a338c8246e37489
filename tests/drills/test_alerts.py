"""CAP messages against the data dictionary of the standard, by a checker that knows nothing of the writer."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from dispatch.drills.drill import read_drill
from dispatch.drills.script import rows
from dispatch.report.drill_alerts import alert, moment
from dispatch.report.words import Words
from tests.drills.packaged import BRIEF, write_brief

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dispatch.report.words import Lang

NS = "{urn:oasis:names:tc:emergency:cap:1.2}"
MANY = 1000

ALERT = [
    ("identifier", 1, 1), ("sender", 1, 1), ("sent", 1, 1), ("status", 1, 1), ("msgType", 1, 1),
    ("source", 0, 1), ("scope", 1, 1), ("restriction", 0, 1), ("addresses", 0, 1), ("code", 0, MANY),
    ("note", 0, 1), ("references", 0, 1), ("incidents", 0, 1), ("info", 0, MANY),
]  # fmt: skip
INFO = [
    ("language", 0, 1), ("category", 1, MANY), ("event", 1, 1), ("responseType", 0, MANY), ("urgency", 1, 1),
    ("severity", 1, 1), ("certainty", 1, 1), ("audience", 0, 1), ("eventCode", 0, MANY), ("effective", 0, 1),
    ("onset", 0, 1), ("expires", 0, 1), ("senderName", 0, 1), ("headline", 0, 1), ("description", 0, 1),
    ("instruction", 0, 1), ("web", 0, 1), ("contact", 0, 1), ("parameter", 0, MANY), ("resource", 0, MANY),
    ("area", 0, MANY),
]  # fmt: skip
AREA = [
    ("areaDesc", 1, 1), ("polygon", 0, MANY), ("circle", 0, MANY), ("geocode", 0, MANY), ("altitude", 0, 1),
    ("ceiling", 0, 1),
]  # fmt: skip
ENUMERATED = {
    "status": {"Actual", "Exercise", "System", "Test", "Draft"},
    "msgType": {"Alert", "Update", "Cancel", "Ack", "Error"},
    "scope": {"Public", "Restricted", "Private"},
    "category": {"Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra",
                 "CBRNE", "Other"},
    "urgency": {"Immediate", "Expected", "Future", "Past", "Unknown"},
    "severity": {"Extreme", "Severe", "Moderate", "Minor", "Unknown"},
    "certainty": {"Observed", "Likely", "Possible", "Unlikely", "Unknown"},
}  # fmt: skip
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-])(\d\d):(\d\d)")
LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")
ADDRESSES = re.compile(r'("[^"]+"|[^\s"]+)( ("[^"]+"|[^\s"]+))*')
FILLED = {name for name, least, _ in (*ALERT, *INFO) if least} | {
    "valueName",
    "value",
    "addresses",
    "areaDesc",
}


def faults(raw: bytes) -> list[str]:
    """Return what the standard forbids in a message."""
    root = ET.fromstring(raw)
    found = [] if root.tag == f"{NS}alert" else ["root"]
    found += _children(root, ALERT)
    for info in root.findall(f"{NS}info"):
        found += _children(info, INFO)
    for each in root.iter():
        found += _faults_of(each, each.tag.removeprefix(NS), each.text or "")
    scope = root.findtext(f"{NS}scope")
    if (scope == "Private") != (root.find(f"{NS}addresses") is not None):
        found.append("addresses")
    return found


FORMS: dict[str, Callable[[str], object]] = {
    **dict.fromkeys(("identifier", "sender"), re.compile(r"[^\s,<&]+").fullmatch),
    "language": LANGUAGE.fullmatch,
    "addresses": ADDRESSES.fullmatch,
    **{name: words.__contains__ for name, words in ENUMERATED.items()},
}
PARTS = {"parameter": [("valueName", 1, 1), ("value", 1, 1)], "area": AREA}


def _faults_of(each: ET.Element, name: str, text: str) -> list[str]:
    """Return what is wrong with one element, apart from its place."""
    is_form = FORMS.get(name, _is_moment if name in ("sent", "effective", "onset", "expires") else bool)
    found = [] if name not in PARTS else _children(each, PARTS[name])
    if (name in FILLED and len(each) == 0 and not text.strip()) or not (len(each) or is_form(text)):
        found.append(f"{name}: {text!r}")
    return found + [f"{name} has {key}" for key in each.attrib]


def _is_moment(text: str) -> bool:
    """Whether a text is a date and time of XML Schema with an offset, which for UTC is ``-00:00``."""
    form = DATE_TIME.fullmatch(text)
    if form is None or text.endswith("+00:00") or int(form[3]) > 59 or (form[2] + form[3]) > "1400":
        return False
    try:
        datetime.fromisoformat(text[:19])
    except ValueError:
        return False
    return True


def _children(above: ET.Element, known: list[tuple[str, int, int]]) -> list[str]:
    names = [each.tag.removeprefix(NS) for each in above]
    order = [name for name, _, _ in known]
    found = [f"unknown {name}" for name in names if name not in order]
    places = [order.index(name) for name in names if name in order]
    found += [] if places == sorted(places) else [f"order {names}"]
    return found + [name for name, least, most in known if not least <= names.count(name) <= most]


GOOD = (
    '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>a</identifier><sender>b</sender>'
    "<sent>2026-05-12T09:00:00-00:00</sent><status>Exercise</status><msgType>Alert</msgType>"
    "<scope>Private</scope><addresses>x &quot;y z&quot;</addresses><info><language>zh-CN</language>"
    "<category>Met</category><event>e</event><urgency>Unknown</urgency><severity>Minor</severity>"
    "<certainty>Likely</certainty><parameter><valueName>n</valueName><value>v</value></parameter>"
    "<area><areaDesc>d</areaDesc></area></info></alert>"
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("cap:1.2", "cap:1.1"),
        *(("<identifier>a<", f"<identifier>{text}<") for text in ("", "a b", "a,b", "a&lt;b", "a&amp;b")),
        *(("<sender>b<", f"<sender>{text}<") for text in ("", "b c", "b,c", "b&lt;c", "b&amp;c")),
        ("<sender>b</sender>", ""),
        *(("09:00:00-00:00", text) for text in ("09:00:00Z", "09:00:00+00:00", "09:00:00", "09:00-00:00",
                                                "09:00:00.5-00:00", "25:00:00-00:00", "09:00:00+14:01",
                                                "09:00:00+08:05:43", "")),
        ("2026-05-12", "2026-02-30"),
        ("Exercise<", "exercise<"),
        (">Alert<", ">Warning<"),
        ("Private", "Public"),
        ("Private", "private"),
        ("<addresses>x &quot;y z&quot;</addresses>", ""),
        ("y z&quot;", "y z"),
        ("zh-CN", "zh_CN"),
        ("<category>Met</category>", ""),
        ("Met<", "Weather<"),
        ("<event>e</event>", "<event> </event>"),
        ("<urgency>Unknown</urgency>", ""),
        ("Unknown", "unknown"),
        ("Minor", "Small"),
        ("Likely", "Sure"),
        ("<certainty>Likely</certainty>", "<certainty>Likely</certainty><urgency>Unknown</urgency>"),
        ("<value>v</value>", ""),
        ("<areaDesc>d</areaDesc>", "<circle>1,2 3</circle>"),
        ("<area>", "<area lang='en'>"),
        ("<msgType>Alert</msgType><scope>Private</scope>", "<scope>Private</scope><msgType>Alert</msgType>"),
        ("</info>", "<colour>red</colour></info>"),
    ],
)  # fmt: skip
def test_the_checker_finds_faults(old: str, new: str) -> None:
    assert faults(GOOD.encode()) == []
    assert GOOD.count(old) >= 1
    assert faults(GOOD.replace(old, new, 1).encode()) != []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_entry_as_a_message_keeps_to_the_standard(tmp_path: Path, lang: Lang) -> None:
    odd = {"at": "40 min", "text": "x", "to": " \t", "method": "cap", "inject": {"outage": {"unit": "W1"}}}
    drill = read_drill(write_brief(tmp_path, entries={**BRIEF["entries"], "<a & b>": odd}))
    words = Words(lang)
    made = [alert(drill, row, words, "abc") for row in rows(drill)]
    assert [faults(raw) for raw in made] == [[]] * 6
    roots = [ET.fromstring(raw) for raw in made]
    assert {root.findtext(f"{NS}status") for root in roots} == {"Exercise"}
    said = {"en": "EXERCISE EXERCISE EXERCISE", "zh": "演练 演练 演练"}[lang]
    assert all((root.findtext(f"{NS}note") or "").startswith(said) for root in roots)
    assert all((root.findtext(f"{NS}info/{NS}headline") or "").startswith(said) for root in roots)
    assert len({root.findtext(f"{NS}identifier") for root in roots}) == 6
    assert {root.findtext(f"{NS}msgType") for root in roots} == {"Alert"}
    assert {root.findtext(f"{NS}scope") for root in roots} == {"Private"}
    categories = [root.findtext(f"{NS}info/{NS}category") for root in roots]
    assert sorted(map(str, categories)) == ["Infra", "Met", "Other", "Other", "Other", "Safety"]


def test_entries_of_like_names_are_messages_of_their_own(tmp_path: Path) -> None:
    names = ("a b", "a-b", "a<b", "a&b", "a_b", "a; b", "火 1", "火-1")
    entries = {name: {"at": 60, "text": "x", "method": "cap"} for name in names}
    drill = read_drill(write_brief(tmp_path, entries=entries))
    made = [alert(drill, row, Words("en"), "abc") for row in rows(drill)]
    assert [faults(raw) for raw in made] == [[]] * len(names)
    assert len({ET.fromstring(raw).findtext(f"{NS}identifier") for raw in made}) == len(names)


def test_a_message_says_what_its_entry_says_at_its_moment(tmp_path: Path) -> None:
    drill = read_drill(write_brief(tmp_path))
    row = next(row for row in rows(drill) if row.line.id == "I2")
    root = ET.fromstring(alert(drill, row, Words("en"), "abc"))
    # 750.5 s of play at two seconds a second are 375.25 s on the wall, in whole seconds.
    assert root.findtext(f"{NS}sent") == "2026-05-12T09:06:15+08:00"
    assert root.findtext(f"{NS}addresses") == "\"centre 'north' office\""
    assert "Gusts < 12 m/s & rain" in (root.findtext(f"{NS}info/{NS}description") or "")
    assert root.findtext(f"{NS}info/{NS}category") == "Met"
    assert root.findtext(f"{NS}info/{NS}language") == "en"


def test_utc_is_written_as_the_standard_wants_it() -> None:
    at = datetime(2026, 5, 12, 9, 0, 0, 250_000, tzinfo=UTC)
    assert moment(at) == "2026-05-12T09:00:00-00:00"
    assert moment(at.astimezone(timezone(timedelta(hours=-3, minutes=-30)))) == "2026-05-12T05:30:00-03:30"


@pytest.mark.parametrize(
    "offset", [timedelta(hours=8, minutes=5, seconds=43), timedelta(hours=15), -timedelta(hours=23)]
)
def test_offsets_that_the_schema_has_no_form_for_are_utc(offset: timedelta) -> None:
    at = datetime(2026, 5, 12, 9, tzinfo=UTC).astimezone(timezone(offset))
    assert moment(at) == "2026-05-12T09:00:00-00:00"


@pytest.mark.parametrize("hours", range(-14, 15))
def test_every_other_offset_stays(hours: int) -> None:
    at = datetime(2026, 5, 12, 9, tzinfo=UTC).astimezone(timezone(timedelta(hours=hours)))
    assert _is_moment(moment(at))
    assert datetime.fromisoformat(moment(at)) == at
