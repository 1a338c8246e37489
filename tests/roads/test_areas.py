"""Roads that touch a polygon or a circle, against shapely on a local plane."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dispatch.roads.areas import arcs_in, arcs_near
from dispatch.roads.geometry import EARTH_RADIUS
from dispatch.roads.network import NetworkFile, RoadNetwork

from .worlds import network_of

shapely = pytest.importorskip("shapely")

Points = list[tuple[float, float]]

MIDDLES = {"local": (500_000.0, 4_000_000.0), "WGS84": (103.7, 36.4)}
"""Where the networks lie."""
DEGREE = math.radians(1.0) * EARTH_RADIUS
"""Metres in a degree of latitude."""


def placed(points: Points, crs: str) -> Points:
    """Return points given in metres around the middle in the coordinates of a network."""
    x, y = MIDDLES[crs]
    if crs == "local":
        return [(x + east, y + north) for east, north in points]
    squeeze = math.cos(math.radians(y))
    return [(x + east / (DEGREE * squeeze), y + north / DEGREE) for east, north in points]


def world(roads: list[Points], crs: str, *, drawn: bool = True) -> RoadNetwork:
    """Return a network of separate roads with bends, each with two ends of its own; not connected."""
    size = 2 * len(roads)
    network = network_of(size, [(2 * i, 2 * i + 1, 10.0) for i in range(len(roads))])
    at = [point for road in roads for point in placed([road[0], road[-1]], crs)]
    text = tuple(
        "LINESTRING (" + ", ".join(f"{x!r} {y!r}" for x, y in placed(road, crs)) + ")" for road in roads
    )
    lengths = [sum(math.dist(a, b) for a, b in pairwise(road)) for road in roads]
    x, y = np.array(at).T
    meta = NetworkFile(crs=crs).named("random")
    return replace(
        network,
        meta=meta,
        x=x,
        y=y,
        length_m=np.array(lengths),
        geometry=text if drawn else (),
        _lazy={},
    )


METRES = st.integers(-30_000, 30_000).map(lambda number: number / 10.0)
SPOT = st.tuples(METRES, METRES)
COARSE = st.tuples(st.integers(-6, 6), st.integers(-6, 6)).map(lambda p: (500.0 * p[0], 500.0 * p[1]))
ROADS = st.lists(st.lists(SPOT, min_size=2, max_size=6), min_size=1, max_size=8)
CRS = st.sampled_from(sorted(MIDDLES))


@st.composite
def polygons(draw: st.DrawFn) -> Points:
    """Draw a polygon that does not cross itself, convex or star-shaped with bays."""
    east, north = draw(SPOT)
    count = draw(st.integers(3, 9))
    reach = draw(st.lists(st.floats(5.0, 2500.0), min_size=count, max_size=count))
    return [
        (east + r * math.cos(2 * math.pi * i / count), north + r * math.sin(2 * math.pi * i / count))
        for i, r in enumerate(reach)
    ]


def clear_of(distance: float, slack: float) -> None:
    """Leave out cases that hang on the last bits: a road that touches the edge to a hair."""
    assume(abs(distance) > slack)


@given(ROADS, polygons(), CRS, st.booleans())
@settings(max_examples=150)
def test_roads_in_a_polygon_are_those_that_shapely_finds(
    roads: list[Points], corners: Points, crs: str, drawn: bool
) -> None:
    area = shapely.Polygon(corners)
    assert area.is_valid
    lines = [shapely.LineString(road if drawn else [road[0], road[-1]]) for road in roads]
    wanted = []
    for number, line in enumerate(lines):
        inside = line.intersects(area)
        # where they meet in less than a centimetre, degrees and metres may tell different stories
        clear_of(line.intersection(area).length if inside else line.distance(area), 0.01)
        wanted += [number] if inside else []
    found = arcs_in(world(roads, crs, drawn=drawn), placed(corners, crs))
    assert found.tolist() == wanted


@given(ROADS, SPOT, st.floats(1.0, 3000.0), CRS, st.booleans())
@settings(max_examples=150)
def test_roads_near_a_point_are_those_that_shapely_finds(
    roads: list[Points], centre: tuple[float, float], radius: float, crs: str, drawn: bool
) -> None:
    wanted = []
    for number, road in enumerate(roads):
        line = shapely.LineString(road if drawn else [road[0], road[-1]])
        distance = shapely.Point(centre).distance(line)
        # the metres of a degree of longitude change a little within some kilometres
        clear_of(distance - radius, 0.01 if crs == "local" else 5.0)
        wanted += [number] if distance <= radius else []
    ((x, y),) = placed([centre], crs)
    assert arcs_near(world(roads, crs, drawn=drawn), (x, y), radius).tolist() == wanted


@given(st.lists(st.lists(COARSE, min_size=2, max_size=4), min_size=1, max_size=6))
@settings(max_examples=100)
def test_edges_and_corners_belong_to_the_area(roads: list[Points]) -> None:
    """On a plane with whole numbers a road along the edge, or one that ends in a corner, is inside."""
    area = [(-1000.0, -500.0), (1000.0, -500.0), (1000.0, 1500.0), (0.0, 500.0), (-1000.0, 1500.0)]
    network = world(roads, "local")
    wanted = [
        number
        for number, road in enumerate(roads)
        if shapely.LineString(road).intersects(shapely.Polygon(area))
    ]
    assert arcs_in(network, placed(area, "local")).tolist() == wanted


@pytest.mark.parametrize("crs", sorted(MIDDLES))
def test_a_bend_that_dips_into_the_area_counts(crs: str) -> None:
    """Both ends lie 800 m north of the lake, the bend leads past its southern shore; nobody lives there."""
    bend: Points = [(-900.0, 800.0), (-400.0, -700.0), (400.0, -700.0), (900.0, 800.0)]
    straight: Points = [(-900.0, 805.0), (900.0, 805.0)]
    lake: Points = [(-300.0, -600.0), (300.0, -600.0), (300.0, -900.0), (-300.0, -900.0)]
    assert arcs_in(world([bend, straight], crs), placed(lake, crs)).tolist() == [0]
    assert arcs_in(world([bend, straight], crs, drawn=False), placed(lake, crs)).tolist() == []
    (centre,) = placed([(0.0, -900.0)], crs)
    assert arcs_near(world([bend, straight], crs), centre, 205.0).tolist() == [0]
    assert arcs_near(world([bend, straight], crs), centre, 195.0).tolist() == []


@pytest.mark.parametrize("crs", sorted(MIDDLES))
def test_the_bay_of_a_concave_area_is_outside_and_its_arms_are_inside(crs: str) -> None:
    horseshoe: Points = [(0, 0), (1000, 0), (1000, 1000), (700, 1000), (700, 300), (300, 300), (300, 1000),
                         (0, 1000)]  # fmt: skip
    in_the_bay: Points = [(350, 950), (500, 400), (650, 950)]
    across: Points = [(-100, 600), (1100, 600)]
    arm: Points = [(100, 600), (200, 700)]
    beyond: Points = [(1001, 0), (1001, 1000)]
    network = world([in_the_bay, across, arm, beyond], crs)
    assert arcs_in(network, placed(horseshoe, crs)).tolist() == [1, 2]
    assert arcs_in(network, placed(horseshoe[::-1], crs)).tolist() == [1, 2]


def test_a_small_area_between_the_nodes_of_a_long_road_is_found() -> None:
    road: Points = [(-40_000.0, 0.0), (40_000.0, 0.0)]
    for crs in MIDDLES:
        field = placed([(-10.0, -10.0), (10.0, -10.0), (0.0, 10.0)], crs)
        assert arcs_in(world([road], crs), field).tolist() == [0]
        (centre,) = placed([(0.0, 50.0)], crs)
        assert arcs_near(world([road], crs), centre, 60.0).tolist() == [0]
        assert arcs_near(world([road], crs), centre, 40.0).tolist() == []


def test_both_directions_of_a_street_and_streets_of_no_extent_are_found() -> None:
    network = network_of(3, [(0, 1, 5.0), (1, 0, 5.0), (1, 2, 5.0), (2, 1, 5.0), (0, 0, 3.0)])
    assert arcs_near(network, (0.5, 0.1), 0.2).tolist() == [
        arc for arc in range(5) if {network.tail[arc], network.head[arc]} == {0, 1}
    ]
    assert network.tail[arcs_near(network, (0.0, 0.0), 0.01)].tolist() == [0, 0, 1]
    square = [(-0.1, -0.1), (0.1, -0.1), (0.1, 0.1), (-0.1, 0.1)]
    assert arcs_in(network, square).tolist() == arcs_near(network, (0.0, 0.0), 0.01).tolist()
    assert arcs_in(network, [(9.0, 9.0), (9.1, 9.0), (9.0, 9.1)]).tolist() == []


def test_areas_across_the_date_line_are_where_they_are() -> None:
    network = world([[(0.0, 0.0), (100.0, 0.0)] for _ in range(3)], "WGS84")
    # across the line, the same farther north, and a quarter of the world away
    x = np.array([179.9995, -179.9995, 179.9995, -179.9995, 90.0, 90.001])
    moved = replace(network, x=x, y=np.array([0.0, 0.0, 0.1, 0.1, 0.0, 0.0]), geometry=())
    assert arcs_near(moved, (-179.9999, 0.0), 30.0).tolist() == [0]
    assert arcs_near(moved, (179.9999, 0.0), 30.0).tolist() == [0]
    corners = [(179.99, -0.01), (-179.99, -0.01), (-179.99, 0.01), (179.99, 0.01)]
    for turn in range(4):
        assert arcs_in(moved, corners[turn:] + corners[:turn]).tolist() == [0]
