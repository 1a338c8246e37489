"""``pytest`` over folders of cases: the same cases, ids, verdicts and words as ``dispatch check``."""

from __future__ import annotations

import json
import shutil
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from dispatch.regression.discovery import discover
from tests.cli.world import ROOT, dispatch, write
from tests.test_architecture import loaded_after

if TYPE_CHECKING:
    from collections.abc import Sequence

pytest_plugins = "pytester"

MIXED = """\
# 第一个
replications: 2
assertions:
  - measure: total.first.mean   # too slow
    op: <=
    value: 1
    why: 规范要求
  - {measure: total.first.p90, op: "<=", value: 2, severity: warning, why: a wish}
  - {measure: "incidents.lost[zone=north]", value: 0}
log:
  - {layout: two, no_double_assignment: true}
"""
GOOD = 'replications: 1\nassertions: [{layout: baseline, measure: incidents.n, op: ">=", value: 1}]\n'

COUNTING = """
import os
import pathlib
from dispatch.regression import checking
check = checking.check

def counted(cases):
    with open("checked.txt", "a") as file:
        file.writelines(f"{case.name} {len(case.assertions)}\\n" for case in cases)
    return check(cases)

checking.check = counted
"""


@pytest.fixture(autouse=True)
def at_a_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what tells pytest that nobody watches; its summary then repeats whole messages."""
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def cases(pytester: pytest.Pytester) -> Path:
    """A folder with a case of which two assertions fail, two warn and three hold."""
    folder = pytester.path / "cases"
    write(folder, "mixed.yaml", title="一二")
    (folder / "mixed.expected.yaml").write_text(MIXED, encoding="utf-8")
    return folder


def add(folder: Path, name: str, text: str) -> None:
    """Add a case to a folder."""
    write(folder, f"{name}.yaml")
    (folder / f"{name}.expected.yaml").write_text(text, encoding="utf-8")


def run(pytester: pytest.Pytester, *arguments: str, code: int) -> pytest.RunResult:
    """Run pytest in a process of its own; nothing of ours may show a traceback."""
    result = pytester.runpytest_subprocess(*arguments)
    text = result.stdout.str() + result.stderr.str()
    assert result.ret == code, text[-3000:]
    assert "Traceback" not in text
    assert "pytest_plugin.py" not in text
    return result


def collected(pytester: pytest.Pytester, *arguments: str) -> list[str]:
    result = run(pytester, "--collect-only", "-q", *arguments, code=0)
    return [line for line in result.outlines if "::" in line]


def checked(pytester: pytest.Pytester, *arguments: str) -> list[str]:
    """Return the ids that ``dispatch check`` lists."""
    out = dispatch("check", *arguments, "--collect-only", cwd=pytester.path).stdout
    return [line for line in out.splitlines() if "::" in line]


def told(pytester: pytest.Pytester, *arguments: str, code: int) -> dict[str, dict[str, str]]:
    """Return what ``dispatch check`` says of each assertion."""
    out = dispatch("check", "--json", *arguments, cwd=pytester.path, code=code).stdout
    return {each["id"]: each for case in json.loads(out)["cases"] for each in case["assertions"]}


def stands_in(lines: Sequence[str], block: Sequence[str]) -> bool:
    """Whether lines stand one after the other among others."""
    return any(list(lines[i : i + len(block)]) == list(block) for i in range(len(lines)))


def test_the_entry_point_is_known() -> None:
    (found,) = (each for each in entry_points(group="pytest11") if each.name == "dispatch")
    assert found.value == "dispatch.pytest_plugin"


def test_importing_it_loads_pytest_and_nothing_else() -> None:
    new = loaded_after("import dispatch.pytest_plugin") - loaded_after("import pytest")
    foreign = {name for name in new if name.split(".")[0] not in sys.stdlib_module_names}
    assert foreign == {"dispatch", "dispatch.pytest_plugin"}


def test_sessions_without_cases_are_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_loaded():
            assert "dispatch.pytest_plugin" in sys.modules
            assert not {"pydantic", "ruamel.yaml", "rich", "dispatch.regression"} & set(sys.modules)
        """
    )
    pytester.makefile(".txt", notes="assertions: []")
    run(pytester, code=0).assert_outcomes(passed=1)


def test_other_yaml_files_are_no_cases(pytester: pytest.Pytester) -> None:
    pytester.makefile(".yaml", compose="services: {web: {image: nginx}}\nnetwork: host\n", broken="a: [")
    run(pytester, code=5)
    run(pytester, "compose.yaml", code=4).stderr.fnmatch_lines(["*not found: *compose.yaml*"])


def test_it_can_be_turned_off(pytester: pytest.Pytester, cases: Path) -> None:
    assert cases.exists()
    run(pytester, "-p", "no:dispatch", code=5)


def test_ids_are_those_of_the_command(pytester: pytest.Pytester, cases: Path) -> None:
    add(cases, "seeds", "matrix: {seeds: [1, 2], layouts: [two]}\n" + GOOD.replace("baseline", "two"))
    add(cases / "深" / "er", "case 七", "reviewed: false\n" + GOOD)
    write(cases, "cited.yaml")
    (cases / "other.expected.yml").write_text("scenario: cited.yaml\n" + GOOD)
    write(cases, "bare.yml")
    write(cases / "build", "no.yaml")
    write(cases / ".hidden", "no.yaml")
    ids = checked(pytester, "cases")
    assert sorted(collected(pytester, "cases")) == sorted(ids)
    assert {
        "cases/mixed::two::no double assignment",
        "cases/mixed::baseline::incidents.lost[zone=north] ==",
        "cases/seeds::two,seed=2::incidents.n >=",
        "cases/深/er/case 七::reviewed",
        "cases/other::baseline::incidents.n >=",
        "cases/bare::reviewed",
    } <= set(ids)
    assert not [each for each in ids if "cited" in each or "no::" in each]
    files = ["cases/seeds.yaml", "cases/other.expected.yml", "cases/bare.yml"]
    assert sorted(collected(pytester, *files)) == sorted(checked(pytester, *files))
    assert not list(cases.glob("bare.expected.*"))  # collecting writes nothing


def test_both_files_of_a_case_are_one_case(pytester: pytest.Pytester, cases: Path) -> None:
    both = ["cases/mixed.yaml", "cases/mixed.expected.yaml"]
    assert cases.exists()
    assert (
        sorted(collected(pytester, *both)) == sorted(collected(pytester)) == sorted(checked(pytester, *both))
    )


def test_verdicts_and_words_are_those_of_the_command(pytester: pytest.Pytester, cases: Path) -> None:
    add(cases, "good", GOOD)
    told_by_command = told(pytester, "cases", code=1)
    result = run(pytester, "-v", "cases", code=1)
    result.assert_outcomes(failed=2, passed=6, warnings=2)
    for id_, each in told_by_command.items():
        word = {"failed": "FAILED", "passed": "PASSED", "warning": "PASSED"}[each["status"]]
        assert any(line.startswith(f"{id_} {word}") for line in result.outlines), id_
        block = [each["place"], each["message"], f"why: {each['why']}"]
        if each["status"] == "failed":
            assert stands_in(result.outlines, block)
            beginning = f"FAILED {id_} - {each['message']}"[:75]
            assert any(line.startswith(beginning) for line in result.outlines)
            assert any(line.strip("_ ") == id_ and line[0] == "_" for line in result.outlines)
        elif each["status"] == "warning":
            joined = "\n".join(line.strip() for line in result.outlines)
            assert f"mixed.expected.yaml:8: ExpectationWarning: {block[0]}\n{block[1]}\n{block[2]}" in joined
    assert {each["status"] for each in told_by_command.values()} == {"failed", "passed", "warning"}


def test_warnings_that_are_errors_fail_without_traceback(pytester: pytest.Pytester, cases: Path) -> None:
    assert cases.exists()
    warning = told(pytester, "cases", code=1)["cases/mixed::two::total.first.p90 <="]
    arguments = ("-W", "error::dispatch.pytest_plugin.ExpectationWarning", "-k", "p90 and two")
    result = run(pytester, *arguments, code=1)
    result.assert_outcomes(failed=1, deselected=6)
    assert stands_in(result.outlines, [warning["place"], warning["message"], "why: a wish"])


def test_places_are_lines_of_the_expectations(pytester: pytest.Pytester, cases: Path) -> None:
    assert cases.exists()
    run(
        pytester, "--junitxml=out.xml", "-o", "junit_family=xunit1", "--tb=line", code=1
    ).stdout.fnmatch_lines(["*cases/mixed.expected.yaml:4: expected ≤ 1 s, got * s (*unit E1*)"])
    found = ElementTree.parse(pytester.path / "out.xml").iter("testcase")
    named = {(case.attrib["name"], case.get("file"), case.get("line")) for case in found}
    lines = {(name.replace("==]", "=="), file, line) for name, file, line in named}  # pytest 9 adds a bracket
    file = "cases/mixed.expected.yaml"
    assert lines == {
        ("total.first.mean <=", file, "3"),  # counted from 0
        ("total.first.p90 <=", file, "7"),
        ("incidents.lost[zone=north] ==", file, "8"),
        ("no double assignment", file, "10"),
    }


def test_refused_cases_are_collection_errors(pytester: pytest.Pytester, cases: Path) -> None:
    add(cases, "typo", "assertions:\n  - {measure: incidents.lst, value: 1}\n  - {measure: incidents.n}\n")
    add(cases, "odd", "assertions: [\n")
    document = json.loads(dispatch("check", "--json", "cases", cwd=pytester.path, code=2).stdout)
    errors = {case["case"]: case["error"] for case in document["cases"]}
    result = run(pytester, code=2)
    result.assert_outcomes(errors=2)
    for name, lines in (("cases/typo", 2), ("cases/odd", 1)):
        said = [f"{each['place']}: {each['fact']}. {each['remedy']}" for each in errors[name]]
        assert len(said) == lines
        assert stands_in(result.outlines, said)
        assert any(line.strip("_ ") == f"ERROR collecting {name}" for line in result.outlines)
    run(pytester, "--continue-on-collection-errors", code=1).assert_outcomes(
        errors=2, failed=2, passed=5, warnings=2
    )


def test_what_turns_out_to_be_refused_is_an_error_of_its_own(pytester: pytest.Pytester, cases: Path) -> None:
    add(
        cases,
        "ids",
        GOOD + "log: [{layout: two, unit: E2, reaches: fire-9999, within: 5 min}]\n",
    )
    refused = told(pytester, "cases/ids.yaml", code=2)["cases/ids::two::E2 reaches fire-9999"]
    result = run(pytester, "cases/ids.yaml", code=1)
    result.assert_outcomes(errors=1, passed=1)
    assert stands_in(result.outlines, [refused["place"], refused["message"]])


@pytest.mark.parametrize("watched", [True, False])
def test_a_bad_golden_log_does_not_hide_the_rest(
    pytester: pytest.Pytester, cases: Path, monkeypatch: pytest.MonkeyPatch, watched: bool
) -> None:
    if not watched:
        monkeypatch.setenv("CI", "true")
    add(cases, "gold", GOOD + "golden: [{file: gold.golden}]\n")
    (cases / "gold.golden").write_text("nonsense\n")
    result = run(pytester, "cases/gold.yaml", code=1)
    result.assert_outcomes(passed=1, errors=1)
    told = "gold.golden:1: not a golden log of this version. Remove the file, and check again to have it"
    summary = next(i for i, line in enumerate(result.outlines) if "short test summary" in line)
    assert sum(line.startswith(told) for line in result.outlines[:summary]) == 1
    assert sum(line.startswith(told) for line in result.outlines[summary:]) == (0 if watched else 1)


def test_a_case_that_cannot_be_run_tells_why(pytester: pytest.Pytester, cases: Path) -> None:
    """The scenario is changed when the cases have been collected."""
    add(cases, "moving", GOOD + "log: [{layout: baseline, no_double_assignment: true}]\n")
    scenario = cases / "moving.yaml"
    pytester.makeconftest(
        "from pathlib import Path\n"
        "def pytest_collection_finish(session):\n"
        f"    path = Path({str(scenario)!r})\n"
        "    path.write_text(path.read_text().replace('2 d', '3 d'))\n"
    )
    result = run(pytester, "cases/moving.yaml", code=1)
    result.assert_outcomes(errors=2)
    assert sum("changed while it was being checked" in line for line in result.outlines) >= 2


def test_expectations_that_nobody_wrote_are_written_and_fail(pytester: pytest.Pytester, cases: Path) -> None:
    write(cases / "by_pytest", "bare.yaml")
    shutil.copytree(cases / "by_pytest", cases / "by_command")
    (said,) = told(pytester, "cases/by_command", code=1).values()
    result = run(pytester, "cases/by_pytest", code=1)
    result.assert_outcomes(failed=1)
    assert "cases/by_pytest/bare::reviewed" in collected(pytester, "cases/by_pytest")
    assert stands_in(result.outlines, [said["place"], said["message"]])
    written = (cases / "by_pytest" / "bare.expected.yaml").read_bytes()
    assert written == (cases / "by_command" / "bare.expected.yaml").read_bytes()
    again = run(pytester, "cases/by_pytest", code=1).parseoutcomes()
    assert again["failed"] == 1
    assert again["passed"] == len(collected(pytester, "cases/by_pytest")) - 1 >= 20
    assert (cases / "by_pytest" / "bare.expected.yaml").read_bytes() == written


def test_selecting_and_simulating_once(pytester: pytest.Pytester, cases: Path) -> None:
    """A case is simulated once for all of its items that are selected, and not at all without any."""
    pytester.makeconftest(COUNTING)
    add(cases, "good", GOOD)
    count = pytester.path / "checked.txt"
    run(pytester, code=1).assert_outcomes(failed=2, passed=6, warnings=2)
    assert sorted(count.read_text().splitlines()) == ["cases/good 1", "cases/mixed 7"]
    count.unlink()
    run(pytester, "-k", "mixed and two and not mean", code=0).assert_outcomes(
        passed=3, deselected=5, warnings=1
    )
    assert count.read_text() == "cases/mixed 3\n"
    count.unlink()
    result = run(pytester, "--lf", "--co", "-q", code=0)
    assert [line for line in result.outlines if "::" in line] == [
        "cases/mixed::baseline::total.first.mean <=",
        "cases/mixed::two::total.first.mean <=",
    ]
    assert not count.exists()


def test_last_failed_knows_ids_with_filters(pytester: pytest.Pytester, cases: Path) -> None:
    add(cases, "filter", GOOD.replace("incidents.n,", '"incidents.n[zone=north]",').replace('">="', '"<"'))
    run(pytester, "cases/filter.yaml", code=1).assert_outcomes(failed=1)
    run(pytester, "--lf", "cases", code=1).assert_outcomes(failed=1, deselected=7)


@pytest.mark.parametrize(
    ("argument", "number"),
    [
        ("cases/mixed::two", 4),
        ("cases/mixed::two::no double assignment", 1),
        ("cases/mixed::baseline::incidents.lost[zone=north] ==", 1),
        ("cases/mixed::baseline::incidents.lost[zone=north] ==]", 1),  # as the short summary shows it
        ("cases/mixed.expected.yaml::baseline::total.first.mean <=", 1),
        ("cases/mixed.yaml::baseline", 3),
    ],
)
def test_ids_stand_as_arguments(pytester: pytest.Pytester, cases: Path, argument: str, number: int) -> None:
    assert cases.exists()
    ids = collected(pytester, argument)
    assert len(ids) == number
    name = argument.replace(".expected", "").replace(".yaml", "").removesuffix("]")
    assert all(each.startswith(name) for each in ids)


def test_ids_that_are_not_there_are_told(pytester: pytest.Pytester, cases: Path) -> None:
    assert cases.exists()
    run(pytester, "cases/mixed::three", code=4).stderr.fnmatch_lines(
        ["*not found: *mixed.expected.yaml::three*"]
    )
    run(pytester, "cases/nix::two", code=4).stderr.fnmatch_lines(["*not found: cases/nix::two*"])


def test_in_several_processes(pytester: pytest.Pytester, cases: Path) -> None:
    """With ``--dist loadfile`` a case stays in one process, which is what makes it simulated once."""
    pytest.importorskip("xdist")
    pytester.makeconftest(COUNTING)
    add(cases, "good", GOOD)
    run(pytester, "-n", "2", code=1).assert_outcomes(failed=2, passed=6, warnings=2)
    count = pytester.path / "checked.txt"
    count.unlink()
    result = run(pytester, "-n", "2", "--dist", "loadfile", code=1)
    result.assert_outcomes(failed=2, passed=6, warnings=2)
    assert sorted(count.read_text().splitlines()) == ["cases/good 1", "cases/mixed 7"]
    assert any(line.startswith("expected ≤ 1 s, got ") for line in result.outlines)


MARKS = """
def pytest_collection_modifyitems(items):
    print("groups:", sorted({mark.args for item in items for mark in item.iter_markers("xdist_group")}))
"""


@pytest.mark.parametrize(
    ("plugin", "groups"), [("xdist", "[('cases/good',), ('cases/mixed',)]"), ("no:xdist", "[]")]
)
def test_cases_are_groups_for_xdist(pytester: pytest.Pytester, cases: Path, plugin: str, groups: str) -> None:
    pytester.makeconftest(MARKS)
    add(cases, "good", GOOD)
    arguments = ("-s", "--co", "-q", "--strict-markers", *(("-p", plugin) if "no:" in plugin else ()))
    assert f"groups: {groups}" in run(pytester, *arguments, code=0).outlines


def test_notices_of_old_files_are_warnings(pytester: pytest.Pytester) -> None:
    shutil.copytree(ROOT / "tests" / "schemas" / "1", pytester.path / "old")
    expected = pytester.path / "old" / "delta.expected.yaml"
    expected.write_text("replications: 1\nlog: [{no_double_assignment: true}]\n")
    (said,) = json.loads(dispatch("check", "--json", str(expected), cwd=pytester.path).stdout)["cases"][0][
        "notes"
    ]
    result = run(pytester, "old/delta.yaml", code=0)
    assert f"ExpectationWarning: {said}" in result.stdout.str()
    assert "schema version 1" in said
    strict = run(pytester, "-W", "error", "old/delta.yaml", code=2)
    strict.assert_outcomes(errors=1)
    assert said in strict.outlines


def test_from_another_folder_and_without_xdist(pytester: pytest.Pytester, cases: Path) -> None:
    pytester.makeini("[pytest]\n")
    (pytester.path / "elsewhere").mkdir()
    pytester.chdir()
    result = run(
        pytester, "-p", "no:xdist", "--strict-markers", f"--rootdir={pytester.path}", str(cases), code=1
    )
    result.assert_outcomes(failed=2, passed=5, warnings=2)


def test_the_projects_own_tests_hold_no_cases() -> None:
    """What looks like a case among our tests is left out by ``collect_ignore_glob`` in tests/conftest.py."""
    found = discover([str(ROOT / "tests")])
    assert {Path(case.name).relative_to(ROOT / "tests").parts[0] for case in found} <= {"schemas"}
