"""The most stressful stretch of a run as an exercise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from dispatch import simulate
from dispatch.drills.drill import read_drill
from dispatch.drills.from_run import busiest, from_run
from dispatch.drills.proving import prove
from dispatch.engine.board import Board
from dispatch.errors import InfeasibleError, UsageError
from dispatch.io.yaml_writing import as_written, yaml_text
from dispatch.regression.folders import read_run
from dispatch.study.opening import load
from tests.cli.world import dispatch
from tests.small import write_scenario

from .lines import QUIET

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.regression.folders import RunFolder


def run_of(folder: Path, scenario: Path, replications: int = 2) -> RunFolder:
    dispatch("run", scenario, "-r", str(replications), "-o", folder / "run")
    return read_run(folder / "run")


def test_the_calls_of_the_busiest_stretch_come_in_at_their_moments(tmp_path: Path) -> None:
    path = write_scenario(tmp_path, demand={"poisson": {"fire": {"rate": "48/d"}}})
    file = from_run(run_of(tmp_path, path), 1, scenario=path, lasts=5400.0)
    begins = file.begins
    assert isinstance(begins, float)
    log = simulate(load(path), "baseline", 1)
    received, nodes = log.timeline.received.tolist(), log.timeline.node.tolist()
    before = set(Board.at(log, begins).open_incidents)
    ids = log.timeline.incident_ids(log.scenario.kinds)
    meant = [
        (max(moment - begins, 0.0), log.scenario.network.node_ids[node])
        for moment, node, name in zip(received, nodes, ids, strict=True)
        if begins < moment <= begins + 5100.0 or name in before  # nobody could answer later ones
    ]
    found = [
        (entry.at, entry.inject.incident.node)
        for entry in file.entries.values()
        if entry.inject is not None and entry.inject.incident is not None
    ]
    assert found == [(math.floor(at), node) for at, node in meant]
    most = max(len(Board.at(log, moment).open_incidents) for moment in received)
    inside = [moment for moment in received if begins <= moment < begins + 5400.0]
    assert max(len(Board.at(log, moment).open_incidents) for moment in inside) == most
    (tmp_path / "drill.yaml").write_text(yaml_text(as_written(file)), encoding="utf-8")
    drill = read_drill(tmp_path / "drill.yaml")
    assert drill.file == file
    assert prove(drill).difficulty.calls == len(found)
    assert {entry.objective for entry in file.entries.values()} == set(file.objectives) == {"calls", "cover"}
    for entry in file.entries.values():
        assert isinstance(entry.at, float)
        assert (entry.controller, entry.evaluator) == ("lead-controller", "lead-evaluator")
        assert entry.expects
        assert all(entry.at + action.by <= 5400.0 for action in entry.expects)
    asked = [entry.at for entry in file.entries.values() if entry.objective == "cover"]
    busiest_at = next(at for at in inside if len(Board.at(log, at).open_incidents) == most)
    assert asked == [min(math.floor(busiest_at - begins), 5100.0)]


def test_the_stretch_lies_within_the_horizon(tmp_path: Path) -> None:
    path = write_scenario(tmp_path, horizon=7200, demand={"poisson": {"fire": {"rate": "400/d"}}})
    log = simulate(load(path))
    for lasts in (600.0, 3600.0, 7200.0):
        begins, length = busiest(log, lasts)
        assert begins >= 0.0
        assert begins % 60.0 == 0.0
        assert (length, begins + length <= 7200.0) == (lasts, True)


def test_what_cannot_be_used_is_refused(tmp_path: Path) -> None:
    path = write_scenario(tmp_path, **QUIET)
    run = run_of(tmp_path, path)
    with pytest.raises(InfeasibleError, match="no random or recorded calls"):
        from_run(run, 0, scenario=path)
    with pytest.raises(UsageError, match="has no replication 2"):
        from_run(run, 2, scenario=path)
    write_scenario(tmp_path, cover_within=99)
    with pytest.raises(UsageError, match="inputs have changed"):
        from_run(run, 0, scenario=path)
