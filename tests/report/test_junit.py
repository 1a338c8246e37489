"""JUnit XML of checks: what CI servers read."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from dispatch.regression.outcomes import CheckResult, Outcome, Status
from dispatch.report.junit import junit_text
from tests.report.checked import CELL, NEAREST, case, everything, golden, late, outcome, unreadable


@cache
def schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(Path(__file__).with_name("junit.xsd")))


def read(result: CheckResult) -> ET.Element:
    """Return the XML of a check, which follows the schema."""
    text = junit_text(result)
    schema().validate(text)
    return ET.fromstring(text.encode())


def suite_of(*outcomes: Outcome) -> ET.Element:
    found = read(CheckResult([case(*outcomes)])).find("testsuite")
    assert found is not None
    return found


def one(part: Outcome) -> ET.Element:
    """Return the testcase of a single assertion."""
    (found,) = suite_of(part).iter("testcase")
    return found


def test_one_of_everything_is_counted_right() -> None:
    root = read(everything())
    assert [suite.attrib["name"] for suite in root] == [
        NEAREST,
        "情景/北区",
        "scenarios/well",
        "scenarios/broken",
    ]
    counts = ("tests", "failures", "errors", "skipped")
    assert [[int(suite.attrib[name]) for name in counts] for suite in root] == [
        [5, 2, 1, 0],
        [3, 0, 0, 1],
        [1, 0, 0, 0],
        [1, 0, 1, 0],
    ]
    assert {name: root.attrib[name] for name in counts[:3]} == {"tests": "10", "failures": "2", "errors": "2"}
    for suite in root:
        found = [len(list(suite.iter(tag))) for tag in ("testcase", "failure", "error", "skipped")]
        assert found == [int(suite.attrib[name]) for name in counts]


def test_a_failure_says_where_what_and_why() -> None:
    test = one(late())
    assert test.attrib == {
        "classname": "scenarios.regression.nearest",
        "name": f"total.first.p90[zone=north] <= [{CELL}]",
    }
    (failure,) = test
    assert failure.tag == "failure"
    assert failure.attrib == {
        "message": "expected ≤ 480 s, got 512 s (unit E3, incident 7)",
        "type": "failed",
    }
    assert (failure.text or "").splitlines() == [
        "nearest.expected.yaml:12 assertions[3]",
        "expected ≤ 480 s, got 512 s (unit E3, incident 7)",
        "why: the plan is to bring the first unit within eight minutes",
    ]


def test_a_log_that_parts_is_told_in_plain_lines() -> None:
    (failure,) = one(golden(("network", "scenario.units")))
    lines = (failure.text or "").splitlines()
    assert "  expected: 360.5 alerted: E2 for fire-1 (engine)" in lines
    assert "  now: 360.5 alerted: E3 for fire-1 (engine, from the road)" in lines
    assert "Inputs that differ: network, scenario.units." in lines
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize(
    ("status", "tag"),
    [
        (Status.PASSED, None),
        (Status.FAILED, "failure"),
        (Status.ERROR, "error"),
        (Status.NOT_RUN, "skipped"),
        (Status.WARNING, "system-out"),
        (Status.UPDATED, "system-out"),
    ],
)
def test_every_ending_has_its_element(status: Status, tag: str | None) -> None:
    part = outcome(status) if status is Status.PASSED else late(status, change=("480", "512"))
    assert [child.tag for child in one(part)] == ([tag] if tag else [])


def test_warnings_and_updates_pass_and_are_told() -> None:
    (told,) = one(late(Status.WARNING))
    assert (told.text or "").startswith("warning: nearest.expected.yaml:12 assertions[3]\nexpected ≤ 480 s")
    (told,) = one(late(Status.UPDATED, change=("8 min", "512 s")))
    assert (told.text or "").startswith("updated: 8 min → 512 s\n")


def test_a_case_that_could_not_be_run_is_one_error_with_every_line() -> None:
    (suite,) = read(CheckResult([unreadable(count=3)]))
    (test,) = suite.iter("testcase")
    assert test.attrib == {"classname": "scenarios.broken", "name": "case"}
    (error,) = test
    assert error.attrib["type"] == "ScenarioError"
    assert error.attrib["message"] == "broken.yaml:1 units: no such type. Known: engine. (and 2 more)"
    assert [line.split()[0] for line in (error.text or "").splitlines()] == [
        "broken.yaml:1",
        "broken.yaml:2",
        "broken.yaml:3",
    ]


def test_properties_are_title_cells_and_notes() -> None:
    (suite,) = read(CheckResult([case(title="北区", cells=12, notes=["one.", "two."])]))
    assert [(p.attrib["name"], p.attrib["value"]) for p in suite.iter("property")] == [
        ("title", "北区"),
        ("cells", "12"),
        ("note", "one."),
        ("note", "two."),
    ]


def test_names_that_occur_again_are_numbered() -> None:
    parts = [outcome(what="queue.mean <=", cell=cell) for cell in ("a", "a", "b", "a", "a] (2)[")]
    assert [test.attrib["name"] for test in suite_of(*parts).iter("testcase")] == [
        "queue.mean <= [a]",
        "queue.mean <= [a] (2)",
        "queue.mean <= [b]",
        "queue.mean <= [a] (3)",
        "queue.mean <= [a] (2)[]",
    ]


@pytest.mark.parametrize(
    ("name", "classname"),
    [
        ("a/b/c", "a.b.c"),
        ("./a", "a"),
        ("../../a/b", "a.b"),
        ("/srv/a", "srv.a"),
        (r"a\b", "a.b"),
        ("北区/案例", "北区.案例"),
    ],
)
def test_class_names_are_paths_with_dots(name: str, classname: str) -> None:
    (suite,) = read(CheckResult([case(outcome(), name=name)]))
    assert suite.attrib["name"] == name
    assert [test.attrib["classname"] for test in suite.iter("testcase")] == [classname]


@given(st.text(st.characters(), min_size=1))
def test_any_character_gives_xml_that_can_be_read(text: str) -> None:
    """XML 1.0 forbids some; those become one visible mark each, all others stay."""
    allowed = [c in "\t\n\r" or " " <= c < "\ud800" or "\ue000" <= c < "\ufffe" or c > "\uffff" for c in text]
    plain = "".join(c if ok else "\ufffd" for c, ok in zip(text, allowed, strict=True))
    root = ET.fromstring(junit_text(CheckResult([case(late(message=f"x{text}"), title=f"x{text}")])))
    (failure,) = root.iter("failure")
    assert failure.attrib["message"] == f"x{plain}"
    assert root.findall(".//property")[0].attrib["value"] == f"x{plain}"


def test_lone_surrogates_of_file_names_can_be_written() -> None:
    text = junit_text(CheckResult([case(outcome(), name="bad\udcff")]))
    assert "bad\ufffd" in text
    text.encode("utf-8")


def test_equal_checks_differ_in_their_seconds_only() -> None:
    first, second = everything(), everything()
    assert junit_text(first) == junit_text(second)
    for part in second.cases:
        part.seconds = 2.0
    assert junit_text(first) != junit_text(second)
    assert junit_text(first).replace("1.235", "2.000").replace("4.938", "8.000") == junit_text(second)


def test_nothing_checked_is_valid_too() -> None:
    assert len(read(CheckResult())) == 0
    assert junit_text(CheckResult()).startswith("<?xml version='1.0' encoding='utf-8'?>\n<testsuites ")


GOOD = (
    '<testsuites name="n" tests="1" failures="0" errors="0" time="0.000">'
    '<testsuite name="s" tests="1" failures="0" errors="0" skipped="0" time="0.000" file="f">'
    '<properties><property name="cells" value="1"/></properties>'
    '<testcase classname="c" name="a"/></testsuite></testsuites>'
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name="a"/>', 'name="a" line="3"/>'),
        ('name="a"/>', 'name="a"/><testcase classname="c" name="a"/>'),
        ('name="a"/>', 'name="a"><failure/></testcase>'),
        ('name="a"/>', 'name="a"><skipped message="m"/><system-out>x</system-out></testcase>'),
        (' errors="0" skipped', " skipped"),
        ('time="0.000" file', 'time="0,1 s" file'),
        ("<properties>", "<system-out>x</system-out><properties>"),
    ],
)
def test_the_schema_refuses_what_jenkins_would(old: str, new: str) -> None:
    """And some more; so that following it means something."""
    assert schema().is_valid(GOOD)
    assert old in GOOD
    assert not schema().is_valid(GOOD.replace(old, new))
