"""The least cover at any moment, against a look at every moment in turn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import dispatch
from dispatch.scenario.conditions import Conditions
from dispatch.study import residual
from tests.small import LINE, small

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log

WARM_UP, HORIZON = 7200.0, 2 * 86400.0


def _brute(log: Log, zone: str | None = None) -> float:
    """Look half a second after every event and every full hour, and at the first measured moment."""
    scenario, fleet, r = log.scenario, log.fleet, log.responses
    weights = scenario.demand_by_node.sum(axis=0)
    if zone is not None:
        weights = weights * (scenario.zone_of == scenario.zones.index(zone))
    moments = np.concatenate([r.alerted, r.available[~np.isnan(r.available)], np.arange(0, HORIZON, 3600)])
    least = math.inf
    for moment in [WARM_UP, *moments.tolist()]:
        at = moment + 1e-6
        if not WARM_UP <= at < HORIZON:
            continue
        own = fleet.under(Conditions(scenario.roads.at(at).period))
        covered = np.zeros(len(weights), dtype=np.bool_)
        for unit in range(len(fleet)):
            mine = r.unit == unit
            back = np.nan_to_num(r.available[mine], nan=math.inf)
            if not ((r.alerted[mine] <= at) & (at < back)).any():
                home = fleet.home[unit]
                covered |= own.travels[unit].outbound(home) <= scenario.file.cover_within + 1e-6
        least = min(least, float(weights[covered].sum()))
    return least / float(weights.sum())


def _log(tmp_path: Path, cover: float, **changes: Any) -> Log:
    units = {"W1": "west", "W2": "west", "M1": "middle", "E1": "east"}
    world = small(
        tmp_path,
        horizon=HORIZON,
        warm_up=WARM_UP,
        cover_within=cover,
        stations={"west": {"at": LINE[0]}, "middle": {"at": LINE[2]}, "east": {"at": LINE[4]}},
        units={name: {"type": "engine", "station": at} for name, at in units.items()},
        demand={"poisson": {"fire": {"rate": "40/d"}}},
        **changes,
    )
    return dispatch.simulate(world)


@pytest.mark.parametrize("cover", [50, 70, 130])
def test_it_is_what_a_look_at_every_moment_finds(tmp_path: Path, cover: float) -> None:
    log = _log(tmp_path, cover)
    found = dispatch.measure(log, ["coverage.residual.min", "coverage.residual.min[zone=left]"])
    assert list(found.values()) == pytest.approx([_brute(log), _brute(log, "left")], abs=1e-12)
    assert 0.0 < len(log.responses) < 200


def test_speeds_of_the_hour_count(tmp_path: Path) -> None:
    """Half as fast from noon on, every day: at 70 s a unit then reaches its own place alone."""
    hours = [
        "facility_type,hour,factor",
        *(f"road,{hour},{0.5 if hour % 24 >= 12 else 1}" for hour in range(168)),
    ]
    (tmp_path / "week.csv").write_text("\n".join(hours) + "\n", encoding="utf-8")
    travel = {"speeds": "observed", "sets": {"observed": {"profile": "week.csv"}}}
    log = _log(tmp_path, 70, travel=travel)
    assert log.scenario.roads.speeds.varies
    names = ["coverage.residual.min", "coverage.residual.min[zone=left]"]
    found = list(dispatch.measure(log, names).values())
    assert found == pytest.approx([_brute(log), _brute(log, "left")], abs=1e-12)
    always = dispatch.measure(_log(tmp_path, 70), names[:1])
    assert found[0] <= always[names[0]]


def test_more_classes_than_bits_of_a_number_and_more_states_than_a_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two classes to a number, and one state at a time, change nothing."""
    log = _log(tmp_path, 70)
    whole = dispatch.measure(log, ["coverage.residual.min"])
    monkeypatch.setattr(residual, "CHUNK", 1)
    assert dispatch.measure(log, ["coverage.residual.min"]) == whole
    states = np.random.default_rng(1).random((500, 130)) < 0.02
    rows = residual._one_of_each(states)
    assert {tuple(row) for row in states[rows]} == {tuple(row) for row in states}
    assert len(rows) == len({tuple(row) for row in states})
