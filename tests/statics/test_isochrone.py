"""Isochrones: areas in closed form, bent roads cut where time runs out, and where travel starts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import UsageError
from dispatch.statics.isochrone import Start, find_start, find_station, isochrone
from tests.small import small
from tests.statics.worlds import grid, node_at, roads

if TYPE_CHECKING:
    from pathlib import Path

CORNERS = 32 * 0.5 * math.sin(2 * math.pi / 32)
"""Area of a circle of radius 1 drawn with 32 corners."""


def start(node: int) -> Start:
    return Start(str(node), node)


def test_a_straight_road_is_a_strip_with_round_ends() -> None:
    """Half of a road of 1,000 m, 100 m wide on each side: 500 × 200 and a circle."""
    network = roads([(0, 0), (1000, 0)], [(0, 1, 100.0, 100.0)])
    ring = isochrone(network, [start(0)], [50.0]).rings[0]
    assert ring.road_km == pytest.approx(0.5)
    assert ring.road_share == pytest.approx(0.5)
    assert ring.nodes == 1
    assert ring.area_km2 == pytest.approx((500 * 200 + 100**2 * CORNERS) / 1e6, rel=1e-9)
    narrow = isochrone(network, [start(0)], [50.0], width_m=10.0).rings[0]
    assert narrow.area_km2 == pytest.approx((500 * 20 + 10**2 * CORNERS) / 1e6, rel=1e-9)


@pytest.mark.parametrize("from_west", [True, False])
def test_a_bent_road_is_cut_along_its_bends(from_west: bool) -> None:
    text = "LINESTRING (0 0, 0 1000, 2000 1000, 2000 0)"
    network = roads([(0, 0), (2000, 0)], [(0, 1, 400.0, 400.0)], geometry=[text])
    ring = isochrone(network, [start(0 if from_west else 1)], [150.0], width_m=20.0).rings[0]
    near, far = (1490.0, 1000.0), (1530.0, 1000.0)  # 1,500 m along the road, 1,000 of them northward
    if from_west:
        near, far = (490.0, 1000.0), (530.0, 1000.0)
        assert ring.drawn.contains(shapely.Point(0, 500))
    else:
        near, far = (1510.0, 1000.0), (1470.0, 1000.0)
        assert ring.drawn.contains(shapely.Point(2000, 500))
    assert ring.drawn.contains(shapely.Point(near))
    assert not ring.drawn.intersects(shapely.Point(far))
    assert not ring.drawn.intersects(shapely.Point(1000, 0)), "not the straight line"


def test_a_grid_within_reach_of_its_streets() -> None:
    """Streets 100 m apart, 100 m wide: a diamond without holes, whose edge is 100 m out."""
    network = grid(21, 21)
    ring = isochrone(network, [start(node_at(network, 1000, 1000))], [50.0]).rings[0]
    assert ring.nodes == 1 + 4 * (1 + 2 + 3 + 4 + 5)
    assert not shapely.get_parts(ring.drawn)[0].interiors
    inner, outer = 2 * 500**2, 2 * (500 + 100 * math.sqrt(2)) ** 2
    assert inner < ring.area_km2 * 1e6 < outer


@settings(max_examples=25)
@given(
    limits=st.lists(st.floats(1.0, 300.0), min_size=2, max_size=4, unique=True),
    nodes=st.lists(st.integers(0, 35), min_size=1, max_size=3),
)
def test_rings_hold_each_other_and_grow(limits: list[float], nodes: list[int]) -> None:
    network = grid(6, 6, 130.0)
    found = isochrone(network, [start(node) for node in nodes], limits)
    assert [ring.seconds for ring in found.rings] == sorted(limits)
    for inner, outer in zip(found.rings[:-1], found.rings[1:], strict=True):
        assert outer.drawn.difference(inner.drawn).area == pytest.approx(
            outer.drawn.area - inner.drawn.area, abs=1e-3
        )
        assert inner.nodes <= outer.nodes
        assert inner.road_km <= outer.road_km
        assert inner.area_km2 <= outer.area_km2 * (1 + 1e-9)  # areas are sums of rounded pieces


def test_of_several_stations_the_nearest_counts() -> None:
    network = grid(21, 1)
    ends = isochrone(network, [start(0), start(20)], [30.0]).rings[0]
    assert ends.road_km == pytest.approx(0.6)
    assert ends.nodes == 8


def test_people_and_demand_within_reach() -> None:
    network = roads(
        [(0, 0), (100, 0), (200, 0), (300, 0)],
        [(0, 1, 10.0, 10.0), (1, 2, 10.0, 10.0), (2, 3, 10.0, 10.0)],
        columns={"population": [5.0, np.nan, 20.0, 75.0]},
    )
    ring = isochrone(network, [start(0)], [20.0], demand=np.array([0.0, 1.0, 2.0, 1.0])).rings[0]
    assert (ring.population, ring.population_share, ring.demand_share) == pytest.approx((25.0, 0.25, 0.75))
    bare = isochrone(grid(2, 2), [start(0)], [20.0]).rings[0]
    assert math.isnan(bare.population)
    assert math.isnan(bare.demand_share)


def test_a_place_is_a_node_or_coordinates() -> None:
    network = grid(3, 3)
    assert find_start(network, "n0004").node == 4
    found = find_start(network, "105, 98")
    assert (found.node, round(found.off_m, 3)) == (4, round(math.hypot(5, 2), 3))
    assert find_start(network, "105，98").node == 4
    with pytest.raises(UsageError, match=r"off the network.*at most 1000 m"):
        find_start(network, "5000,0")
    with pytest.raises(UsageError, match="Did you mean 'n0004'"):
        find_start(network, "n00044")
    with pytest.raises(UsageError, match="no node"):
        find_start(network, "1,nan")


def test_degrees_must_be_degrees() -> None:
    network = roads([(179.9, 10.0), (179.8, 10.0)], [(0, 1, 10.0, 10.0)], crs="EPSG:4326")
    with pytest.raises(UsageError, match="not a longitude and a latitude"):
        find_start(network, "36.5,103.7")
    assert find_start(network, "179.8,10").off_m == pytest.approx(0.0, abs=1e-6)


def test_a_station_of_any_layout_is_found_and_its_own_layout_wins(tmp_path: Path) -> None:
    moved = {"move_stations": {"west": "b"}}
    new = {
        "add_stations": {"new": {"at": "c"}},
        "add_units": {"N1": {"type": "engine", "station": "new"}},
    }
    scenario = small(tmp_path, layouts={"moved": moved, "more": new})
    assert find_station(scenario, "baseline", "west").node == scenario.network.index["a"]
    assert find_station(scenario, "moved", "west").node == scenario.network.index["b"]
    assert find_station(scenario, "baseline", "new").node == scenario.network.index["c"]
    assert find_station(scenario, "baseline", "d").node == scenario.network.index["d"]
    with pytest.raises(UsageError, match=r"no station of any layout.*Did you mean 'west'\?"):
        find_station(scenario, "baseline", "wests")


def test_a_station_goes_by_its_title_where_no_other_bears_it(tmp_path: Path) -> None:
    stations = {
        "w": {"at": "a", "title": "Station No. 1"},
        "e": {"at": "e", "title": "中心消防站"},
        "b": {"at": "c", "title": "Station No. 1"},
        "x": {"at": "d"},
    }
    units = {name: {"type": "engine", "station": name} for name in stations}
    new = {
        "close_stations": ["b"],
        "add_stations": {"n": {"at": "b", "title": "c"}},
        "add_units": {"N1": {"type": "engine", "station": "n"}},
    }
    scenario = small(tmp_path, stations=stations, units=units, layouts={"other": new})
    node = scenario.network.index
    assert find_station(scenario, "baseline", "中心消防站") == Start("e", node["e"], "中心消防站")
    assert find_station(scenario, "other", "Station No. 1") == Start("w", node["a"], "Station No. 1")
    assert find_station(scenario, "baseline", "b").node == node["c"], "the id of a station before a node"
    assert find_station(scenario, "baseline", "c") == Start("c", node["c"]), "a node before a title"
    with pytest.raises(UsageError, match=r"2 stations have this title\. Name one by its id: b, w\."):
        find_station(scenario, "baseline", "Station No. 1")
    with pytest.raises(UsageError, match=r"Did you mean 'e' \(中心消防站\)\?"):
        find_station(scenario, "baseline", "中心消防")
    with pytest.raises(
        UsageError, match=r"Known: b \(Station No\. 1\), e \(中心消防站\), n \(c\), w \(.*\), x\."
    ):
        find_station(scenario, "baseline", "qqqq")
