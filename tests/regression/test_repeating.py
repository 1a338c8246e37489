"""Finished runs: where two of them part, and repeating one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import dispatch as package
from dispatch.engine.board import Status
from dispatch.regression.divergence import differing_inputs, first_divergence
from dispatch.regression.events import ALERTED, READY, RECEIVED, Event, events_of, snapshot
from dispatch.regression.folders import read_run
from tests.cli.world import ROOT, dispatch, write

if TYPE_CHECKING:
    from pathlib import Path


def _run(tmp_path: Path, name: str, *options: str, **changes: object) -> Path:
    path = write(tmp_path, f"{name}.yaml", **changes)
    dispatch("run", path, "-r", "2", "-o", tmp_path / name, *options)
    return tmp_path / name


def test_equal_runs_are_equal(tmp_path: Path) -> None:
    """Also where one kept its tables as Parquet."""
    a, b = _run(tmp_path, "a"), _run(tmp_path, "b", "--format", "parquet")
    done = dispatch("diff", a, b, "--json")
    assert json.loads(done.stdout) == {"equal": True, "inputs_that_differ": [], "replications": [0, 1]}
    assert read_run(a).events == read_run(b).events
    assert len(read_run(a).events[0]) > 50


def test_a_slower_crew_is_found_and_named(tmp_path: Path) -> None:
    a = _run(tmp_path, "a")
    faster = {"engine": {"capabilities": ["pumper"], "turnout": 1}}
    b = _run(tmp_path, "b", unit_types=faster)
    done = dispatch("diff", a, b, "--json", code=1)
    document = json.loads(done.stdout)
    assert document["inputs_that_differ"] == ["scenario.unit_types.engine"]
    first = document["first_difference"]
    assert first["replication"] == 0
    assert {first["a"]["kind"], first["b"]["kind"]} & {"en route", "on scene"}
    events = read_run(a).events[0]
    assert first["event"] == next(
        i for i, (x, y) in enumerate(zip(events, read_run(b).events[0], strict=False)) if x != y
    )
    shown = dispatch("diff", a, b, code=1).stdout
    assert "First difference: replication 0" in shown
    assert "Inputs that differ: scenario.unit_types.engine." in shown


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    a, b = _run(tmp_path, "a"), _run(tmp_path, "b", "--seed", "77")
    document = json.loads(dispatch("diff", a, b, "--json", code=1).stdout)
    assert document["inputs_that_differ"] == ["seed"]


def test_a_run_is_repeated_to_the_bit(tmp_path: Path) -> None:
    run = _run(tmp_path, "a", "--seed", "5", "--layout", "baseline")
    assert json.loads(dispatch("rerun", run, "--json").stdout)["equal"] is True
    assert "equal, event by event" in dispatch("rerun", run, "-j", "2").stdout


def test_a_log_that_was_altered_is_told(tmp_path: Path) -> None:
    run = _run(tmp_path, "a")
    lines = (run / "responses.csv").read_text(encoding="utf-8").splitlines()
    column = lines[0].split(",").index("on_scene")
    cells = lines[1].split(",")
    cells[column] = str(float(cells[column]) + 1)
    (run / "responses.csv").write_text(
        "\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n", encoding="utf-8"
    )
    done = dispatch("rerun", run, code=1)
    assert "First difference: replication 0" in done.stdout
    assert "on scene" in done.stdout
    assert "responses.csv was edited or cut off after it was written" in done.stdout


def test_runs_of_different_length_are_compared_as_far_as_they_go(tmp_path: Path) -> None:
    a = _run(tmp_path, "a")
    dispatch("run", tmp_path / "a.yaml", "-r", "3", "-o", tmp_path / "b")
    done = dispatch("diff", a, tmp_path / "b", code=1)
    assert "equal, event by event, in the replications that both have; one of them has more." in done.stdout
    document = json.loads(dispatch("diff", a, tmp_path / "b", "--json", code=1).stdout)
    assert (document["equal"], document["replications"]) == (False, [0, 1])
    assert document["inputs_that_differ"] == ["replications"]


def test_what_has_changed_is_named(tmp_path: Path) -> None:
    run = _run(tmp_path, "a")
    write(tmp_path, "a.yaml", horizon="3 d")
    done = dispatch("rerun", run, code=2)
    assert "these inputs have changed: scenario.horizon." in done.stderr


def test_the_scenario_may_have_moved(tmp_path: Path) -> None:
    run = _run(tmp_path, "a")
    (tmp_path / "a.yaml").rename(tmp_path / "elsewhere.yaml")
    done = dispatch("rerun", run, code=2)
    assert "--scenario" in done.stderr
    dispatch("rerun", run, "--scenario", tmp_path / "elsewhere.yaml")


@pytest.mark.parametrize("damage", ["nothing", "manifest", "old", "compare", "table", "column"])
def test_what_is_no_run_is_refused(tmp_path: Path, damage: str) -> None:
    run = tmp_path / "none"
    if damage != "nothing":
        run = _run(tmp_path, "a")
    manifest = run / "manifest.json"
    if damage == "manifest":
        manifest.write_text("{", encoding="utf-8")
    elif damage in ("old", "compare"):
        document = json.loads(manifest.read_text(encoding="utf-8"))
        changed = (
            {k: v for k, v in document.items() if k != "inputs"}
            if damage == "old"
            else document | {"command": "compare"}
        )
        manifest.write_text(json.dumps(changed), encoding="utf-8")
    elif damage == "table":
        (run / "responses.csv").unlink()
    elif damage == "column":
        text = (run / "responses.csv").read_text(encoding="utf-8")
        (run / "responses.csv").write_text(text.replace("en_route", "left", 1), encoding="utf-8")
    for command in (("diff", run, run), ("rerun", run)):
        done = dispatch(*command, code=2)
        assert "dispatch run" in done.stderr
        assert "Traceback" not in done.stderr


def test_first_divergence() -> None:
    events = [
        Event(0.0, RECEIVED, "a", "", ""),
        Event(1.0, READY, "a", "", ""),
        Event(1.0, ALERTED, "a", "E1", "x"),
    ]
    assert first_divergence(events, list(events)) is None
    shorter = first_divergence(events, events[:2])
    assert shorter is not None
    assert (shorter.number, shorter.first, shorter.second, shorter.time) == (2, events[2], None, 1.0)
    assert shorter.before.waiting == ["a"]
    assert (shorter.boards[0].units, shorter.boards[0].waiting) == ({"E1": "alerted for a"}, [])
    assert (shorter.boards[1].units, shorter.boards[1].waiting) == ({}, ["a"])
    other = first_divergence(events, [*events[:2], events[2]._replace(unit="E2")])
    assert other is not None
    assert other.number == 2
    assert differing_inputs({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": ""}) == ["b", "c"]


def test_events_stand_in_order_of_time(tmp_path: Path) -> None:
    log = package.simulate(package.load(write(tmp_path)))
    events = events_of(log)
    assert events == sorted(events)
    assert sum(event.kind == RECEIVED for event in events) == len(log.timeline)
    assert sum(event.kind == ALERTED for event in events) == len(log.responses)


@pytest.mark.parametrize("name", ["recorded-day", "matched-calls", "flood-closures", "station-moves"])
def test_the_board_of_a_divergence_is_the_status_board(name: str) -> None:
    """After every event of a moment, both folds of the log show the same."""
    words = {
        "alerted": Status.TURNING_OUT, "en route": Status.EN_ROUTE, "on scene": Status.ON_SCENE,
        "clear": Status.TRANSPORTING, "at hospital": Status.TRANSPORTING, "returning": Status.RETURNING,
        "in quarters": Status.IN_QUARTERS,
    }  # fmt: skip
    log = package.simulate(package.load(ROOT / "scenarios" / "regression" / f"{name}.yaml"))
    events = events_of(log)
    for moment in sorted({event.time for event in events})[:150]:
        shown = snapshot(event for event in events if event.time <= moment)
        board = package.Board.at(log, moment)
        states = {unit: words[state.split(" for ")[0]] for unit, state in shown.units.items()}
        assert dict.fromkeys(board.units, Status.IN_QUARTERS) | states == board.units, moment
        tied = {unit: state.split(" for ")[1] for unit, state in shown.units.items() if " for " in state}
        assert tied == board.assigned, moment
        assert sorted(shown.waiting) == sorted(board.waiting), moment
