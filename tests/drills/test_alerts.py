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
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")


def faults(raw: bytes) -> list[str]:
    """Return what the standard forbids in a message."""
    root = ET.fromstring(raw)
    found = [] if root.tag == f"{NS}alert" else ["root"]
    found += _children(root, ALERT)
    for info in root.findall(f"{NS}info"):
        found += _children(info, INFO)
    for each in root.iter():
        name = each.tag.removeprefix(NS)
        text = each.text or ""
        if name in ENUMERATED and text not in ENUMERATED[name]:
            found.append(f"{name}: {text}")
        if name in ("sent", "effective", "onset", "expires") and not DATE_TIME.fullmatch(text):
            found.append(f"{name}: {text}")
        if name in ("identifier", "sender") and (not text or re.search(r"[\s,<&]", text)):
            found.append(f"{name}: {text}")
        if name == "parameter":
            found += _children(each, [("valueName", 1, 1), ("value", 1, 1)])
    scope = root.findtext(f"{NS}scope")
    if (scope == "Private") != (root.find(f"{NS}addresses") is not None):
        found.append("addresses")
    return found


def _children(above: ET.Element, known: list[tuple[str, int, int]]) -> list[str]:
    names = [each.tag.removeprefix(NS) for each in above]
    order = [name for name, _, _ in known]
    found = [f"unknown {name}" for name in names if name not in order]
    places = [order.index(name) for name in names if name in order]
    found += [] if places == sorted(places) else [f"order {names}"]
    return found + [name for name, least, most in known if not least <= names.count(name) <= most]


def test_the_checker_finds_faults() -> None:
    good = (
        '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>a</identifier><sender>b</sender>'
        "<sent>2026-05-12T09:00:00-00:00</sent><status>Exercise</status><msgType>Alert</msgType>"
        "<scope>Public</scope></alert>"
    )
    assert faults(good.encode()) == []
    for old, new in (
        ("<status>Exercise</status>", "<status>exercise</status>"),
        ("-00:00", "Z"),
        ("<identifier>a<", "<identifier>a b<"),
        ("<sender>b</sender>", ""),
        ("<scope>Public</scope>", "<scope>Private</scope>"),
        ("<msgType>Alert</msgType><scope>Public</scope>", "<scope>Public</scope><msgType>Alert</msgType>"),
    ):
        assert faults(good.replace(old, new).encode()) != []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_entry_as_a_message_keeps_to_the_standard(tmp_path: Path, lang: Lang) -> None:
    odd = {"at": "40 min", "text": "x", "method": "cap", "inject": {"outage": {"unit": "W1"}}}
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
