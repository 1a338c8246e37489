"""Which files are cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dispatch.errors import ScenarioError, UsageError
from dispatch.regression.cases import select
from dispatch.regression.discovery import discover, looks_like_scenario
from dispatch.regression.outcomes import Status
from dispatch.regression.reading import collect, read_case
from tests.regression.worlds import checked, expect, only, write_case

if TYPE_CHECKING:
    from pathlib import Path

SCENARIO = "network: n\nhorizon: 1\nunit_types: {}\nincident_types: {}\ndemand: {}\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with cases of all kinds, as the current one."""
    texts = {
        "cases/a.yaml": SCENARIO,
        "cases/a.expected.yaml": "log: []",
        "cases/b.yml": SCENARIO,
        "cases/deep/c.yaml": SCENARIO,
        "cases/deep/c.expected.yml": "log: []",
        "cases/deep/other.expected.yaml": "scenario: ../cited.yaml\nlog: []",
        "cases/cited.yaml": SCENARIO,
        "cases/matrix.expected.yaml": "matrix: {scenarios: [m1.yaml, m2.yaml]}\ngolden: []",
        "cases/m1.yaml": SCENARIO,
        "cases/m2.yaml": SCENARIO,
        "cases/compose.yaml": "services: {}\nnetwork: x\n",
        "cases/notes.md": "network:\nhorizon:\ndemand:\n",
        "cases/.hidden/d.yaml": SCENARIO,
        "cases/__pycache__/e.yaml": SCENARIO,
        "cases/env/pyvenv.cfg": "",
        "cases/env/f.yaml": SCENARIO,
        "cases/broken.yaml": SCENARIO,
        "cases/broken.expected.yaml": "[",
        "cases/other-tool.expected.yaml": "answers: {}",
        "cases/another-tool.expected.yaml": "run:\n  log: x\n  matrix: y\n",
        "cases/third-tool.expected.yaml": "log: []",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_holds_expectations_and_scenarios_without_any(here: Path) -> None:
    (here / "cases/deep/loop").symlink_to(here / "cases", target_is_directory=True)
    found = discover(["cases"])
    assert [(case.name, case.is_written) for case in found] == [
        ("cases/a", True),
        ("cases/b", False),
        ("cases/broken", True),
        ("cases/deep/c", True),
        ("cases/deep/other", True),
        ("cases/matrix", True),
    ]
    assert [case.expected.name for case in found][3] == "c.expected.yml"


def test_files_stand_for_their_case(here: Path) -> None:
    assert here
    names = ["cases/a.yaml", "cases/a.expected.yaml", "cases/cited.yaml", "cases/b.yml"]
    found = discover(names)
    assert [case.name for case in found] == ["cases/a", "cases/cited", "cases/b"]
    assert str(found[1].expected) == "cases/cited.expected.yaml"
    assert [case.name for case in discover(["cases/deep", "cases"])][:2] == [
        "cases/deep/c",
        "cases/deep/other",
    ]


def test_paths_that_lead_nowhere_are_told_at_once(here: Path) -> None:
    assert here
    with pytest.raises(ScenarioError) as error:
        discover(["cases/aa.yaml", "cases/notes.md", "nowhere", "x\0y"])
    told = str(error.value)
    assert len(told.split("\n")) == 4
    assert "cases/aa.yaml: no such file or folder. Did you mean 'a.yaml'?" in told
    assert "cases/notes.md: neither a scenario nor expectations." in told


def test_no_cases_at_all(here: Path) -> None:
    (here / "empty").mkdir()
    with pytest.raises(UsageError, match="no cases in empty"):
        collect(["empty"])


def test_scenarios_are_known_by_their_keys(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    for text, is_one in (
        (SCENARIO, True),
        (SCENARIO + "oops: [", True),
        ('{"network": "n", "demand": {}, "unit_types": {}}', True),
        ("network: n\nhorizon: 2\ndemand: {}\n", False),  # a model of power supply, say
        ("a:\n  network: n\n  unit_types: {}\n  demand: {}\n", False),
        ("network: n\nhorizon: 2\n", False),
        ("# network: horizon: demand:\n", False),
        ("", False),
    ):
        path.write_text(text, encoding="utf-8")
        assert looks_like_scenario(path) is is_one, text


def test_an_argument_may_name_a_part_of_a_case(tmp_path: Path) -> None:
    write_case(tmp_path)
    expect(tmp_path, assertions=[{"measure": "total.first.max", "op": "<=", "value": 600}])
    name = f"{tmp_path}/scenario"
    for written in (name, f"{name}.yaml", f"{name}.expected.yaml"):
        chosen, left_out = select(collect([f"{written}::one"]), lambda _: True)
        ids = [assertion.id for case in chosen for assertion in case.assertions]
        assert ids == [f"{name}::one::total.first.max <="]
        assert left_out == 1
    with pytest.raises(ScenarioError, match="a folder has no ids"):
        collect([f"{tmp_path}::one"])


def test_ids_that_nothing_has_are_told(tmp_path: Path) -> None:
    write_case(tmp_path, layouts={"plan-2": {"remove_units": ["E1"]}, "plan-20": {"remove_units": ["W1"]}})
    expect(tmp_path, assertions=[{"measure": "total.first.max", "op": "<=", "value": 9000}])
    name = f"{tmp_path}/scenario"
    chosen, left_out = select(collect([f"{name}::plan-2"]), lambda _: True)
    assert (len(chosen[0].assertions), left_out) == (1, 2)
    both, left_out = select(collect([f"{name}::plan-2", f"{name}::plan-20"]), lambda _: True)
    assert (len(both), len(both[0].assertions), left_out) == (1, 2, 1)
    every, left_out = select(collect([str(tmp_path), f"{name}::plan-2"]), lambda _: True)
    assert (len(every), len(every[0].assertions), left_out) == (1, 3, 0)
    with pytest.raises(UsageError, match="plan-3: no assertion has this id"):
        select(collect([f"{name}::plan-2", f"{name}::plan-3"]), lambda _: True)


def test_two_expectations_files_of_one_case_are_refused(tmp_path: Path) -> None:
    write_case(tmp_path)
    path = expect(tmp_path, log=[{"no_double_assignment": True}])
    path.with_suffix(".yml").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ScenarioError, match="are of one case"):
        collect([str(tmp_path)])
    assert collect([str(path.with_suffix(".yml"))])[0].found.expected.suffix == ".yml"


def test_folders_that_lead_to_each_other_are_looked_into_once(tmp_path: Path) -> None:
    write_case(tmp_path / "a")
    (tmp_path / "b").mkdir()
    for number in range(4):
        (tmp_path / "a" / f"to-b-{number}").symlink_to(tmp_path / "b", target_is_directory=True)
        (tmp_path / "b" / f"to-a-{number}").symlink_to(tmp_path / "a", target_is_directory=True)
    assert len(discover([str(tmp_path)])) == 1


def test_a_scenario_that_no_longer_looks_like_one_is_told(tmp_path: Path) -> None:
    path = write_case(tmp_path)
    expect(tmp_path, log=[{"no_double_assignment": True}])
    path.write_text("oops", encoding="utf-8")
    assert checked(tmp_path).exit_code == 2


def test_first_expectations_are_written_and_fail_until_they_are_reviewed(tmp_path: Path) -> None:
    write_case(tmp_path, replications=2)
    file = tmp_path / "scenario.expected.yaml"
    result = checked(tmp_path)
    assert [each.what for each in only(result).outcomes] == ["reviewed"]
    assert (
        only(result).outcomes[0].message.startswith("there were no expectations; scenario.expected.yaml is")
    )
    assert result.exit_code == 1
    text = file.read_text(encoding="utf-8")
    assert "reviewed: false" in text
    assert "{layout: one, measure: total.first.mean, value: 286.66667}" in text
    assert "{layout: one, measure: total.first.mean, direction: higher}" in text
    again = checked(tmp_path, update=True)
    statuses = {each.what: each.status for each in only(again).outcomes}
    assert statuses.pop("reviewed") is Status.FAILED
    assert set(statuses.values()) == {Status.PASSED}
    assert len(statuses) > 10
    assert file.read_text(encoding="utf-8") == text, "what has not changed is not written"
    file.write_text(text.replace("reviewed: false", "reviewed: true"), encoding="utf-8")
    assert checked(tmp_path).exit_code == 0


def test_first_expectations_leave_out_what_cannot_be_told(tmp_path: Path) -> None:
    """Nobody is second, and no zone has the odd name's demand; the layout's odd name is quoted."""
    write_case(
        tmp_path,
        measures=["total.second.mean", "total.first.max"],
        layouts={"no": {"remove_units": ["E1"]}, "西 站: x": {"remove_units": ["W1"]}},
    )
    checked(tmp_path)
    text = (tmp_path / "scenario.expected.yaml").read_text(encoding="utf-8")
    assert "total.second.mean" not in text
    assert '{layout: "no", measure: total.first.max, value: 560}' in text
    (tmp_path / "scenario.expected.yaml").write_text(text.replace("reviewed: false", ""), encoding="utf-8")
    result = checked(tmp_path)
    assert result.exit_code == 0, only(result).error
    assert {each.cell for each in only(result).outcomes} == {"baseline", "no", "西 站: x"}


def test_nothing_is_written_for_a_scenario_that_cannot_be_used(tmp_path: Path) -> None:
    path = write_case(tmp_path, horizon="1 parsec")
    case = read_case(discover([str(path)])[0])
    assert case.error is not None
    assert checked(tmp_path).exit_code == 2
    assert not list(tmp_path.glob("*.expected.yaml"))
