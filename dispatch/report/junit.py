"""Checks as JUnit XML: a suite for each case, a testcase for each assertion.

Attributes are those of the schema of Jenkins' xUnit plugin (``junit-10.xsd``), which is narrower than what
other servers read: the file stands at the suite, the line in the text of a failure.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from dispatch.regression.outcomes import Status
from dispatch.report.checks import brief, failure_text, updated_text
from dispatch.report.plain import clean

if TYPE_CHECKING:
    from dispatch.regression.outcomes import CaseResult, CheckResult, Outcome

NAME = "dispatch check"


def junit_text(result: CheckResult) -> str:
    """Return the XML of a check; but for the seconds of suites, equal checks give equal texts."""
    suites = [_suite(case) for case in result.cases]
    root = _element("testsuites", name=NAME)
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.attrib[count]) for suite in suites)))
    root.set("time", f"{sum(case.seconds for case in result.cases):.3f}")
    root.extend(suites)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return f"{written.decode()}\n"


def _suite(case: CaseResult) -> ET.Element:
    tests = [_testcase(case, outcome) for outcome in case.outcomes]
    if case.error is not None:
        tests.insert(0, _unrun(case))
    _make_unique(tests)
    counts = {
        "tests": len(tests),
        "failures": sum(test.find("failure") is not None for test in tests),
        "errors": sum(test.find("error") is not None for test in tests),
        "skipped": sum(test.find("skipped") is not None for test in tests),
    }
    numbers = {name: str(count) for name, count in counts.items()}
    suite = _element("testsuite", name=case.name, **numbers, time=f"{case.seconds:.3f}", file=case.file)
    told = [("title", case.title), ("cells", str(case.cells)), *(("note", note) for note in case.notes)]
    properties = ET.SubElement(suite, "properties")
    properties.extend(_element("property", name=name, value=value) for name, value in told if value)
    suite.extend(tests)
    return suite


def _testcase(case: CaseResult, outcome: Outcome) -> ET.Element:
    name = f"{outcome.what} [{outcome.cell}]" if outcome.cell else outcome.what
    test = _element("testcase", classname=_class(case), name=name)
    text = failure_text(outcome)
    if outcome.status is Status.FAILED:
        test.append(_element("failure", text, message=outcome.message, type="failed"))
    elif outcome.status is Status.ERROR:
        test.append(_element("error", text, message=outcome.message, type="refused"))
    elif outcome.status is Status.NOT_RUN:
        test.append(_element("skipped", message=outcome.message or Status.NOT_RUN.value))
    elif outcome.status is Status.WARNING:
        test.append(_element("system-out", f"warning: {text}"))
    elif outcome.status is Status.UPDATED:
        test.append(_element("system-out", f"updated: {updated_text(outcome)}\n{text}"))
    return test


def _unrun(case: CaseResult) -> ET.Element:
    """Return the one testcase of a case that could not be run."""
    assert case.error is not None
    test = _element("testcase", classname=_class(case), name="case")
    kind = type(case.error).__name__
    test.append(_element("error", str(case.error), message=brief(case.error), type=kind))
    return test


def _class(case: CaseResult) -> str:
    """Return the path of a case as the dotted name by which servers group."""
    return ".".join(part for part in case.name.replace("\\", "/").split("/") if part not in ("", ".", ".."))


def _make_unique(tests: list[ET.Element]) -> None:
    """Number names that occur again, for servers keep one result for each."""
    seen: Counter[str] = Counter()
    for test in tests:
        name = test.attrib["name"]
        seen[name] += 1
        if seen[name] > 1:  # no other name ends so, for all end in brackets
            test.set("name", f"{name} ({seen[name]})")


def _element(tag: str, text: str = "", **attributes: str) -> ET.Element:
    element = ET.Element(tag, {name: clean(value) for name, value in attributes.items()})
    element.text = clean(text) or None
    return element
