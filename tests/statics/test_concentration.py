"""How many stations are near a call, against counting them one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from dispatch.statics.concentration import concentration
from dispatch.statics.reach import reach_of
from tests.small import LINE, small

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Scenario

TYPES = {
    "engine": {"capabilities": ["engine"], "turnout": 0},
    "ladder": {"capabilities": ["ladder"], "turnout": 0},
}
STATIONS = {"west": {"at": "a"}, "mid": {"at": "c"}, "east": {"at": "e"}}
UNITS = {
    "W1": {"type": "engine", "station": "west"},
    "W2": {"type": "engine", "station": "west"},
    "M1": {"type": "ladder", "station": "mid"},
    "E1": {"type": "engine", "station": "east"},
    "E2": {"type": "ladder", "station": "east"},
}
INCIDENTS = {
    "fire": {"run_card": {"engine": 1}, "on_scene": 600},
    "roof": {"run_card": {"ladder": 1, "engine": 1}, "on_scene": 600},
}
RATES = {"fire": 24.0, "roof": 8.0}


def world(folder: Path) -> Scenario:
    """Three stations on five nodes a minute apart; two types with demand that is even over the nodes."""
    demand = {"poisson": {name: {"rate": f"{rate:g}/d"} for name, rate in RATES.items()}}
    return small(
        folder, unit_types=TYPES, stations=STATIONS, units=UNITS, incident_types=INCIDENTS, demand=demand
    )


def counted(limit: float) -> list[float]:
    """Return the share of demand by stations within so many seconds, each node and type by itself."""
    able = {"fire": {"engine"}, "roof": {"engine", "ladder"}}
    shares = np.zeros(len(STATIONS) + 1)
    for kind, rate in RATES.items():
        homes = {unit["station"] for unit in UNITS.values() if unit["type"] in able[kind]}
        for place in range(len(LINE)):
            near = [s for s in homes if 60 * abs(LINE.index(STATIONS[s]["at"]) - place) <= limit]
            shares[len(near)] += rate / len(LINE)
    return list(shares / shares.sum())


@pytest.mark.parametrize("limit", [0.0, 59.0, 60.0, 120.0, 180.0, 240.0])
def test_stations_near_a_call_are_counted_once_each(tmp_path: Path, limit: float) -> None:
    scenario = world(tmp_path)
    found = concentration(reach_of(scenario, scenario.layouts["baseline"]), limit)
    assert found.tolist() == pytest.approx(counted(limit))


def test_without_demand_there_is_no_share(tmp_path: Path) -> None:
    scenario = small(tmp_path, demand={"poisson": {"fire": {"rate": "0/d"}}})
    found = concentration(reach_of(scenario, scenario.layouts["baseline"]), 480.0)
    assert np.isnan(found).all()
