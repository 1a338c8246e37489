"""Slow vehicles, standing starts, walkers and helicopters: how far along each road they come."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.roads.pace import AirTravel, Pace, PacedTravel
from dispatch.roads.travel import travel_for
from dispatch.statics.coverage import coverage
from dispatch.statics.isochrone import Start, isochrone
from dispatch.statics.reach import reach_of
from dispatch.statics.trips import Trip, driving, reached
from tests.statics.worlds import grid_tables, roads, town

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Scenario


def km(network: Any, trips: list[Trip]) -> float:
    ahead, behind = reached(network, trips)
    return float(((ahead + behind) * 1.0).sum())


@given(factor=st.floats(0.3, 2.0), start_up=st.floats(0.0, 60.0), seconds=st.floats(0.0, 1000.0))
def test_time_to_drive_is_the_inverse_of_a_pace(factor: float, start_up: float, seconds: float) -> None:
    pace = Pace(factor, start_up)
    network = roads([(0, 0), (100, 0)], [(0, 1, 10.0, 10.0)])
    travel = PacedTravel(travel_for(network, [0]), pace)
    assert driving(travel, pace.seconds(seconds)) == pytest.approx(seconds, abs=1e-4)


def test_a_standing_start_is_felt_on_the_first_road() -> None:
    """With v = 10 m/s and a = 1 m/s², 100 m (= v²/a) take 20 s; in half of that a quarter is done."""
    network = roads([(0, 0), (100, 0), (1100, 0)], [(0, 1, 10.0, 10.0), (1, 2, 100.0, 100.0)])
    travel = PacedTravel(travel_for(network, [0]), Pace(1.0, 10.0))
    assert travel.outbound(0).tolist() == [0.0, 20.0, 120.0]
    for seconds, metres in ((10.0, 25.0), (20.0, 100.0), (70.0, 600.0), (120.0, 1100.0)):
        ring = isochrone(network, [Start("n", 0)], [seconds], travel=travel).rings[0]
        assert ring.road_km * 1000 == pytest.approx(metres, rel=1e-6)
        assert ring.nodes == int((travel.outbound(0) <= seconds).sum())


def test_a_heavy_appliance_is_slow_on_every_road() -> None:
    network = roads([(0, 0), (100, 0), (200, 0)], [(0, 1, 10.0, 10.0), (1, 2, 10.0, np.inf)])
    heavy = PacedTravel(travel_for(network, [0]), Pace(0.5, 0.0))
    ahead, behind = reached(network, [Trip(heavy, 0, 30.0)])
    assert sorted(ahead + behind) == pytest.approx([0.5, 1.0])
    ahead, behind = reached(network, [Trip(heavy, 0, 30.0), Trip(travel_for(network, [1]), 1, 8.0)])
    assert sorted(ahead + behind) == pytest.approx([0.8, 1.0])


def test_no_time_is_left_after_a_long_turnout() -> None:
    network = roads([(0, 0), (100, 0)], [(0, 1, 10.0, 10.0)])
    assert km(network, [Trip(travel_for(network, [0]), 0, -5.0)]) == 0.0
    assert driving(PacedTravel(travel_for(network, [0]), Pace(1.0, 10.0)), -5.0) == -5.0


def test_two_units_meet_in_the_middle_of_a_road() -> None:
    network = roads([(0, 0), (100, 0)], [(0, 1, 10.0, 10.0)])
    travel = travel_for(network, [0, 1])
    assert km(network, [Trip(travel, 0, 3.0), Trip(travel, 1, 4.0)]) == pytest.approx(0.7)
    slow = PacedTravel(travel, Pace(0.5, 0.0))
    assert km(network, [Trip(travel, 0, 3.0), Trip(slow, 1, 4.0)]) == pytest.approx(0.5)
    assert km(network, [Trip(travel, 0, 9.0), Trip(slow, 1, 4.0)]) == pytest.approx(1.0)


def test_what_flies_goes_straight_to_the_nodes() -> None:
    """The road from 0 to 1 is one-way against it; the node beyond is reached through the air."""
    network = roads([(0, 0), (100, 0)], [(1, 0, 10.0, np.inf), (0, 1, 50.0, np.inf)])
    assert km(network, [Trip(AirTravel(network, 50.0), 0, 1.0)]) == pytest.approx(0.5 + 50 / 500)


def one_street(folder: Path, **types: Any) -> Scenario:
    nodes, links = grid_tables(11, 1)
    units = {"U": {"type": "unit", "station": "s"}}
    kinds = {"unit": {"capabilities": ["engine"], "turnout": 20, **types}}
    return town(folder, nodes, links, {"s": {"at": "c0r0"}}, units=units, unit_types=kinds)


@pytest.mark.parametrize(
    ("types", "metres"),
    [
        ({}, 450.0),
        ({"speed_factor": 0.5}, 225.0),
        ({"moves": "on_foot", "speed": "5 m/s"}, 225.0),
        ({"moves": "air", "speed": "20 m/s"}, 900.0),
    ],
)
def test_road_kilometres_of_a_layout_follow_its_units(
    tmp_path: Path, types: dict[str, Any], metres: float
) -> None:
    scenario = one_street(tmp_path, **types)
    reach = reach_of(scenario, scenario.layouts["baseline"])
    travel = coverage(reach, [45.0], "travel")
    assert travel.limits[0].road_km * 1000 == pytest.approx(metres)
    assert travel.limits[0].roads == pytest.approx(metres / 1000)
    response = coverage(reach, [65.0], "response")
    assert response.limits[0].road_km == pytest.approx(travel.limits[0].road_km)


def test_a_street_too_narrow_for_a_wide_unit(tmp_path: Path) -> None:
    nodes, links = grid_tables(5, 1)
    kinds = {
        "wide": {"capabilities": ["engine"], "turnout": 20, "width": 3},
        "slim": {"capabilities": ["engine"], "turnout": 50},
    }
    units = {"W": {"type": "wide", "station": "s"}, "S": {"type": "slim", "station": "s"}}
    bridge = {"links": ["c1r0-c2r0"], "max_width": 2.5}
    scenario = town(
        tmp_path, nodes, links, {"s": {"at": "c0r0"}}, units=units, unit_types=kinds, closures={"b": bridge}
    )
    reach = reach_of(scenario, scenario.layouts["baseline"], scenario.roads.at(0.0))
    found = coverage(reach, [70.0], "response")
    # the wide unit has 50 s and gets to the bridge, 100 m out; the slim one has 20 s, for 200 m
    assert found.limits[0].road_km * 1000 == pytest.approx(200.0)
    assert found.arrival.tolist() == [20.0, 30.0, 70.0, 80.0, 90.0]
    assert math.isclose(found.links[0].sum(), 2.0)
