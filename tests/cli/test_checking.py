"""``dispatch check`` as a command: exit codes, selection, files, and what it says to typical mistakes."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from tests.cli.world import COMMAND, dispatch, environment
from tests.regression.worlds import expect, write_case

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
assertions:
  - {measure: total.first.max, op: "<=", value: 200}
  - {layout: baseline, measure: total.first.max, value: 180}
log:
  - {no_double_assignment: true}
"""
IDS = [
    "cases/scenario::baseline::total.first.max <=",
    "cases/scenario::one::total.first.max <=",
    "cases/scenario::baseline::total.first.max ==",
    "cases/scenario::baseline::no double assignment",
    "cases/scenario::one::no double assignment",
]


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with one case, of which one assertion in five is broken."""
    write_case(tmp_path / "cases")
    expect(tmp_path / "cases", TEXT)
    return tmp_path


def test_output_as_people_know_it(here: Path) -> None:
    done = dispatch("check", "cases", cwd=here, code=1)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("cases/scenario .F...")
    assert "expected ≤ 200 s, got 560 s (unit W1, incident y)" in done.stdout
    assert "scenario.expected.yaml:2 assertions[0]" in done.stdout
    assert "1 failed, 4 passed in" in lines[-1]
    assert done.stderr == ""
    assert dispatch("check", "cases", "-q", cwd=here, code=1).stdout.count("\n") < done.stdout.count("\n")


def test_selection(here: Path) -> None:
    assert dispatch("check", "cases", "--collect-only", cwd=here).stdout.splitlines() == IDS
    chosen = dispatch("check", "cases", "--collect-only", "-k", "one and not double", cwd=here)
    assert chosen.stdout.splitlines() == [IDS[1]]
    part = dispatch("check", "cases/scenario::baseline", "-v", "-k", "'<=' or double", cwd=here)
    assert [line.split(" PASSED")[0] for line in part.stdout.splitlines()[:2]] == [IDS[0], IDS[3]]
    assert "2 passed, 3 deselected" in part.stdout
    copied = dispatch("check", IDS[1], cwd=here, code=1)
    assert "1 failed, 4 deselected" in copied.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere",), "nowhere: no such file or folder."),
        (("cases", "-k", "nothing"), "-k nothing: none of 5 assertions is meant."),
        (("cases", "-k", "(a or"), "-k"),
        (("cases", "--report", "moved.pdf"), "moved.pdf: is written with the ending .html or .md."),
        (("cases", "--junit", "cases"), "cases: is written with the ending .xml."),
        (("cases", "--junit", "cases/calls.csv"), "is written with the ending .xml"),
        (("cases", "--report", "cases/scenario.expected.yaml"), "is written with the ending"),
        (("cases", "--report", "folder.md"), "folder.md: is a folder."),
        (("cases/scenario::nothing",), "cases/scenario::nothing: no assertion has this id"),
        (("cases/networks",), "no cases in cases/networks."),
    ],
)
def test_mistakes(here: Path, arguments: tuple[str, ...], told: str) -> None:
    (here / "folder.md").mkdir()
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    done = dispatch("check", *arguments, cwd=here, code=2)
    assert told in done.stderr
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before


def test_json_is_the_same_for_any_number_of_processes(here: Path) -> None:
    alone = dispatch("check", "cases", "--json", cwd=here, code=1).stdout
    assert dispatch("check", "cases", "--json", "-j", "2", cwd=here, code=1).stdout == alone
    document = json.loads(alone)
    assert (document["exit_code"], document["counts"]["failed"], document["counts"]["passed"]) == (1, 1, 4)
    (case,) = document["cases"]
    assert [each["id"] for each in case["assertions"]] == IDS
    assert (case["case"], case["cells"], case["error"]) == ("cases/scenario", 2, None)
    broken = case["assertions"][1]
    assert (broken["expected"], broken["observed"], broken["unit"]) == (200, 560, "s")


def test_files_for_servers_and_people(here: Path) -> None:
    written = ("--junit", "out/junit.xml", "--report", "out/moved.html")
    dispatch("check", "cases", *written, cwd=here, code=1)
    dispatch("check", "cases", "--report", "out/moved.md", cwd=here, code=1)
    suite = ET.parse(here / "out" / "junit.xml").getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("5", "1", "0")
    for page in ("moved.html", "moved.md"):
        assert "560" in (here / "out" / page).read_text(encoding="utf-8")


def test_a_refused_expectation_ends_with_2_and_the_rest_is_judged(here: Path) -> None:
    write_case(here / "cases" / "other")
    expect(here / "cases" / "other", assertions=[{"measure": "workload.max", "op": "<=", "value": 1}])
    done = dispatch("check", "cases", cwd=here, code=2)
    assert "<= 1 cannot fail: workload.max lies between 0 and 1." in done.stdout
    assert "1 failed, 4 passed" in done.stdout
    assert dispatch("check", "cases", "--collect-only", cwd=here, code=2).stdout.splitlines() == IDS


def test_update_then_all_is_well(here: Path) -> None:
    path = here / "cases" / "scenario.expected.yaml"
    path.write_text(TEXT.replace("value: 180", "value: 170").replace("value: 200", "value: 600"), "utf-8")
    shown = dispatch("check", "cases", "--update", cwd=here)
    assert "170 → 180" in shown.stdout
    assert path.read_text(encoding="utf-8") == TEXT.replace("value: 200", "value: 600")
    dispatch("check", "cases", cwd=here)


def test_a_scenario_without_expectations(here: Path) -> None:
    (here / "cases" / "scenario.expected.yaml").unlink()
    done = dispatch("check", "cases", cwd=here, code=1)
    assert "scenario.expected.yaml is written as observed" in done.stdout
    dispatch("check", "cases", cwd=here, code=1)
    path = here / "cases" / "scenario.expected.yaml"
    path.write_text(path.read_text("utf-8").replace("reviewed: false", "reviewed: true"), encoding="utf-8")
    dispatch("check", "cases", cwd=here)


def test_schemas_are_printed() -> None:
    scenario = json.loads(dispatch("schema").stdout)
    expectations = json.loads(dispatch("schema", "expectations").stdout)
    assert "incident_types" in scenario["properties"]
    assert set(expectations["properties"]) >= {"assertions", "comparisons", "log", "golden", "matrix"}


@pytest.mark.parametrize(("value", "code"), [(560, 0), (1, 1)])
def test_a_reader_who_leaves_does_not_change_the_verdict(here: Path, value: int, code: int) -> None:
    write_case(here / "many")
    limit = {"layout": "one", "measure": "total.first.max", "op": "<=", "value": value}
    expect(here / "many", assertions=[limit] * 20)
    line = f"'{COMMAND}' check many -v | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=False,
                          cwd=here, env=environment())  # fmt: skip
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.startswith("many/scenario::one::total.first.max <=")
