"""Checks as pages: what they tell, and that nothing in a name does anything."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dispatch.errors import UsageError
from dispatch.regression.outcomes import CheckResult, Outcome, Status
from dispatch.report.check_pages import HOW_TO_READ, check_html, check_markdown, values
from dispatch.report.plain import block, clean, code, marked_down
from tests.report.checked import CELL, NEAREST, case, everything, golden, late, outcome, stopped, unreadable

EVIL = (
    "</td><script>alert(1)</script><img src=x onerror=alert(1)> & | `x` *b* _i_ [l](http://e.org) "
    "{{ 7*7 }} \\| 北"
)
VOID = {"meta", "br", "hr", "img", "link", "input"}


class Reader(HTMLParser):
    """The elements of a page, and its visible words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    @property
    def words(self) -> str:
        return " ".join("".join(self.texts).split())


def read(page: str) -> Reader:
    """Return a page read by a parser; every element is closed."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def rendered(markdown: str) -> str:
    """Return Markdown as a page, raw HTML in it let through as forges do."""
    return str(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown))


def both(result: CheckResult) -> list[Reader]:
    return [read(check_html(result)), read(rendered(check_markdown(result)))]


def named(text: str) -> CheckResult:
    """Return a check in which a text stands wherever somebody may have written one."""
    told: dict[str, Any] = {"cell": text, "place": text, "message": text, "why": text}
    parts = [
        replace(late(), what=text, **told),
        replace(golden((text, "seed")), what=text, **told),
        replace(late(Status.UPDATED, change=(text, text)), **told),
        outcome(what=text, case=text, cell=text),
    ]
    ill = case(name=text, title=text, error=UsageError(text, hint=text))
    return CheckResult([case(*parts, name=text, title=text, notes=[text]), ill])


def test_one_file_that_asks_for_nothing() -> None:
    page = check_html(everything())
    reader = read(page)
    assert page.startswith("<!DOCTYPE html>\n")
    assert not {"script", "link", "img", "iframe", "object", "base", "form"} & set(reader.tags)
    policy = next(value for name, value in reader.attributes if name == "content" and "default-src" in value)
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    assert not re.search(r"url\(|@import|https?:|//[a-z]", page)
    assert all(value.startswith("#case-") for name, value in reader.attributes if name == "href")
    assert not [name for name, _ in reader.attributes if name.startswith("on") or name == "style"]
    assert {"(prefers-color-scheme: dark)", "screen and (max-width: 62rem)", "print"} == set(
        re.findall(r"@media (.*?) \{", page)
    )


def test_links_of_the_overview_lead_to_the_cases() -> None:
    reader = read(check_html(everything()))
    targets = [value for name, value in reader.attributes if name == "href"]
    ids = [f"#{value}" for name, value in reader.attributes if name == "id"]
    assert targets == ["#case-1", "#case-2", "#case-3", "#case-4"]
    assert ids == ["#case-1", "#case-2", "#case-4", "#case-3"]  # what is as expected stands last


def test_both_pages_tell_everything() -> None:
    for reader in both(everything()):
        for told in (
            "2 failed, 3 passed, 1 updated, 1 not run, 3 deselected, 1 warning, 2 errors",
            "Checked: 4 cases, 4 cells, 9 assertions; 3 left out by selection.",
            HOW_TO_READ,
            f"failed total.first.p90[zone=north] <= {CELL} 8 min 00 s 8 min 32 s +32.0 s +6.67 %",
            "expected ≤ 480 s, got 512 s (unit E3, incident 7)",
            "the plan is to bring the first unit within eight minutes",
            "nearest.expected.yaml:12 assertions[3]",
            f"refused busy <= {CELL}",
            f"updated queue.mean == {CELL} 10.0 s 12.0 s +2.0 s +20 %",
            "10 → 12",
            f"warning total.first.mean lower {CELL} – +12.0 s – –",
            "两个新站应当更快",
            f"not run total.first.p90[zone=north] <= {CELL}",
            "First difference: replication 0, event 7, 6 min 00 s after the start",
            "Only the version of dispatch differs: the program has changed, what it was given has not.",
            "Inputs that differ: dispatch.",
            "E2 in quarters alerted for fire-1 in quarters E3 in quarters in quarters alerted for fire-1",
            "nearest.expected.yaml: 1 value updated.",
            "This case could not be run",
            "broken.yaml:1 units: no such type. Known: engine. broken.yaml:2 units: no such type.",
        ):
            assert told in reader.words, told


def test_the_two_events_stand_side_by_side() -> None:
    page = read(check_html(CheckResult([case(golden())]))).words
    assert "expected 360.5 alerted E2 fire-1 engine now 360.5 alerted E3 fire-1 engine, from the road" in page
    text = check_markdown(CheckResult([case(golden())]))
    assert "| expected | `360.5 alerted: E2 for fire-1 (engine)` |\n" in text
    assert "| now | `360.5 alerted: E3 for fire-1 (engine, from the road)` |\n" in text
    assert "Units that do the same in both: 1. Calls waiting: expected: none; now: none." in text


def test_a_log_that_ends_sooner_says_so() -> None:
    told = golden().difference
    assert told is not None
    ended = replace(golden(), difference=replace(told, divergence=replace(told.divergence, second=None)))
    for reader in both(CheckResult([case(ended)])):
        assert "now nothing more happens" in reader.words


def test_what_passed_is_folded_away() -> None:
    result = CheckResult([case(*[outcome(what=f"m{i} ==") for i in range(3)])])
    for reader in both(result):
        assert reader.tags.count("details") == 1 + ("head" in reader.tags)  # one on how to read the page
        assert "3 passed" in reader.words
        assert "m0 ==" in reader.words
    assert "<table>" not in check_html(CheckResult())
    assert "details" not in check_markdown(CheckResult())


def test_a_check_that_was_stopped_says_so() -> None:
    for reader in both(stopped(UsageError("No."))):
        assert "Stopped before its end: what was not run is not judged." in reader.words
    for reader in both(everything()):
        assert "Stopped" not in reader.words


def test_pages_do_not_depend_on_the_clock() -> None:
    other = everything()
    for part in other.cases:
        part.seconds = 99.0
    assert check_html(other) == check_html(everything())
    assert check_markdown(other) == check_markdown(everything())


@pytest.mark.parametrize(
    "name", [EVIL, "{% raw %}{{ cases }}", "'\"><b>", "# h", "- [ ] x", "<!--", "-->", "&lt;", "1. a"]
)
def test_names_do_nothing(name: str) -> None:
    """A page has the same elements whatever the names in it are, and shows them as they are."""
    for found, plain in zip(both(named(name)), both(named("plain")), strict=True):
        assert found.tags == plain.tags
        assert [key for key, _ in found.attributes] == [key for key, _ in plain.attributes]
        assert found.words.count(" ".join(name.split())) >= 10


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=40))
def test_no_text_whatever_becomes_html(text: str) -> None:
    text = f"x{text}x"
    for found, plain in zip(both(named(text)), both(named("plain")), strict=True):
        assert found.tags == plain.tags
        if "\\|" not in text:  # in code in a table, Markdown has no words for that
            assert " ".join(clean(text).split()) in found.words


@given(st.text(st.sampled_from("\\|`*_<>[]()#@!~$&:. \n\tab1-+"), min_size=1, max_size=30))
def test_marks_of_markdown_stay_what_they_are(text: str) -> None:
    told = " ".join(text.split())
    for before, tag in (("", "p"), ("- ", "li"), ("## ", "h2")):
        page = rendered(f"{before}{marked_down(text)} end").replace("\n", "")
        assert f"<{tag}>{rendered_plain(f'{told} end')}</{tag}>" in page.replace("<!-- -->", "")
    row = rendered(f"| a | b |\n|---|---|\n| {code(text)} | {marked_down(text)} |\n")
    assert row.count("<td>") == 2
    if "\\|" not in told:
        assert f"<td>{rendered_plain(told)}</td>" in re.sub("<!-- -->|</?code>", "", row)


def rendered_plain(text: str) -> str:
    return re.sub(" +", " ", text).strip().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("ask @crew", "ask @<!-- -->crew"),
        ("a@b.org", "a@<!-- -->b.org"),
        ("see #12", "see \\#<!-- -->12"),
        ("http://e.org", "http:<!-- -->//e.org"),
        ("WWW.e.org", "WWW<!-- -->.e.org"),
        ("- x", "\\- x"),
        ("12. x", "12\\. x"),
        ("4.2 s", "4.2 s"),
        (":fire:", ":<!-- -->fire:"),
        ("town.yaml:12 at 8:30", "town.yaml:12 at 8:30"),
        ("4.2 s, p = 0.5", "4.2 s, p = 0.5"),
    ],
)
def test_nobody_is_mentioned_and_nothing_is_linked(text: str, written: str) -> None:
    assert marked_down(text) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a", "`a`"),
        ("", ""),
        ("`a", "`` `a ``"),
        ("a``b`c", "```a``b`c```"),
        ("a|b", "`a\\|b`"),
        ("a\nb", "`a b`"),
    ],
)
def test_code(text: str, written: str) -> None:
    assert code(text) == written


@pytest.mark.parametrize("text", ["a", "```\n<b>x</b>\n````", "  indented\n\n# no heading"])
def test_blocks_show_their_lines(text: str) -> None:
    assert rendered(block(text)) == (
        f'<pre><code class="language-text">{text.replace("<", "&lt;").replace(">", "&gt;")}\n</code></pre>\n'
    )


def test_forbidden_characters_are_shown_as_missing() -> None:
    assert clean("a\x00\x1b\ud800\ufffe\tb\n北🚒") == "a\ufffd\ufffd\ufffd\ufffd\tb\n北🚒"
    for page in (check_html(named("\x1b[31m\udcff")), check_markdown(named("\x1b[31m\udcff"))):
        page.encode("utf-8")
        assert "\x1b" not in page


@pytest.mark.parametrize(
    ("expected", "observed", "unit", "shown"),
    [
        (480.0, 512.0, "s", ("8 min 00 s", "8 min 32 s", "+32.0 s", "+6.67 %")),
        (0.9, 0.875, "share", ("90.0 %", "87.5 %", "−2.5 pp", "−2.78 %")),
        (10.0, 829.507, "s", ("10.0 s", "13 min 50 s", "+13 min 40 s", "+8,195 %")),
        (0.0, 3.0, "1", ("0.0", "3.0", "+3.0", "–")),
        (-10.0, -12.0, "s", ("−10.0 s", "−12.0 s", "−2.0 s", "−20 %")),
        (480.0, 480.001, "s", ("480 s", "480.001 s", "+0.001 s", "+0.000208 %")),
        (0.9, 0.9001, "share", ("90 %", "90.01 %", "+0.01 pp", "+0.0111 %")),
        (2.0, 1.99, "h", ("2 h", "1.99 h", "−0.01 h", "−0.5 %")),
        (5.0, 5.0, "1", ("5.0", "5.0", "0.0", "0 %")),
        (5.0, nan, "s", ("5.0 s", "–", "–", "–")),
        (5.0, inf, "1", ("5.0", "inf", "–", "–")),
        (5.0, None, "s", ("5.0 s", "–", "–", "–")),
        (None, 12.0, "s", ("–", "+12.0 s", "–", "–")),
        (None, None, "", ("–", "–", "–", "–")),
    ],
)
def test_values_in_words(
    expected: float | None, observed: float | None, unit: str, shown: tuple[str, ...]
) -> None:
    """Values that round to the same are told with all their digits."""
    part: Outcome = outcome(expected=expected, observed=observed, unit=unit)
    assert values(part) == shown


def test_cases_stand_in_their_order() -> None:
    text = check_markdown(CheckResult([unreadable("b"), unreadable("a"), case(late(), name=NEAREST)]))
    assert re.findall(r"^## `(.*?)`", text, re.MULTILINE) == ["b", "a", NEAREST]
