"""Facilities and barriers from the same file: each once, at its place, with its names."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from shapely.geometry import Point, Polygon, shape

from dispatch.importing.osm import Extract, Way
from dispatch.importing.shapes import Shape
from dispatch.importing.surroundings import facilities_of
from tests.importing.maps import Map, imported, line

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.importing.importer import Imported

ROADS: dict[int, Any] = {900: ([901, 902], {"highway": "residential"})}
NODES = {901: (20.0, 10.0), 902: (20.01, 10.0)}


def features(found: Imported, name: str) -> dict[str, dict[str, Any]]:
    return {item["id"]: item for item in json.loads(found.files[name])["features"]}


def square(
    world: Map, id_: int, corner: tuple[float, float], side: float, tags: dict[str, str]
) -> list[tuple[float, float]]:
    """Add a square of a side in degrees as a closed way; its nodes are numbered from 100 times its id."""
    x, y = corner
    points = [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]
    refs = [100 * id_ + i for i in range(4)]
    world.nodes |= dict(zip(refs, points, strict=True))
    world.ways[id_] = ([*refs, refs[0]], tags)
    return points


def town() -> Map:
    return Map(dict(NODES), ways=dict(ROADS))


def test_facilities_of_every_kind(tmp_path: Path) -> None:
    world = town()
    tags = [
        {"amenity": "fire_station", "name": '消防站 "A"', "name:en": "Station A", "ref": "7", "website": "x"},
        {"amenity": "hospital", "emergency": "yes", "beds": "120"},
        {"emergency": "fire_hydrant", "fire_hydrant:type": "pillar"},
        {"emergency": "water_tank", "water_tank:volume": "40"},
        {"emergency": "suction_point"},
        {"disused:amenity": "hospital"},
        {"amenity": "hospital", "abandoned": "yes"},
        {"amenity": "fire_station;police"},
        {"amenity": "school"},
    ]
    world.nodes |= {i + 1: (20 + i / 1000, 10.001) for i in range(len(tags))}
    world.node_tags = {i + 1: found for i, found in enumerate(tags)}
    found = imported(tmp_path, world)
    read = features(found, "facilities.geojson")
    assert {id_: item["properties"]["kind"] for id_, item in read.items()} == {
        "node/1": "fire_station", "node/2": "hospital", "node/3": "fire_hydrant", "node/4": "water_tank",
        "node/8": "fire_station",
    }  # fmt: skip
    assert read["node/1"]["properties"] == {
        "kind": "fire_station", "name": '消防站 "A"', "name:en": "Station A", "ref": "7",
        "amenity": "fire_station",
    }  # fmt: skip
    assert read["node/3"]["properties"]["name"] == ""
    assert read["node/2"]["geometry"] == {"type": "Point", "coordinates": [20.001, 10.001]}
    assert found.report["facilities"] == {
        "fire_hydrant": 1,
        "fire_station": 2,
        "hospital": 1,
        "water_tank": 1,
    }


def test_an_area_stands_at_its_centroid_and_for_the_node_inside(tmp_path: Path) -> None:
    world = town()
    corners = [
        (20.0, 10.001),
        (20.004, 10.001),
        (20.004, 10.002),
        (20.001, 10.002),
        (20.001, 10.005),
        (20.0, 10.005),
    ]
    world.nodes |= {i + 1: corner for i, corner in enumerate(corners)}
    world.ways[50] = ([1, 2, 3, 4, 5, 6, 1], {"amenity": "fire_station", "name": "L"})
    world.nodes |= {20: (20.0005, 10.004), 21: (20.003, 10.004), 22: (20.0005, 10.0035)}
    world.node_tags = {
        20: {"amenity": "fire_station"}, 21: {"amenity": "fire_station"}, 22: {"amenity": "hospital"},
    }  # fmt: skip
    found = imported(tmp_path, world)
    read = features(found, "facilities.geojson")
    assert set(read) == {"way/50", "node/21", "node/22"}, "node 20 lies inside, 21 in the bay of the L"
    centre = Polygon(corners).centroid
    assert read["way/50"]["geometry"]["coordinates"] == pytest.approx([centre.x, centre.y], abs=2e-7)
    assert found.report["found"] == {"facilities drawn twice": 1}


def test_a_multipolygon_with_a_hole_in_pieces(tmp_path: Path) -> None:
    world = town()
    outer = [(20.0, 10.01), (20.01, 10.01), (20.01, 10.02), (20.0, 10.02)]
    hole = [(20.006, 10.012), (20.009, 10.012), (20.009, 10.015), (20.006, 10.015)]
    world.nodes |= {i + 1: point for i, point in enumerate(outer + hole)}
    world.ways |= {50: ([3, 2, 1], {}), 51: ([3, 4, 1], {}), 52: ([5, 6, 7, 8, 5], {"amenity": "hospital"})}
    members = [("w", 52, "inner"), ("w", 51, "outer"), ("w", 50, "outer")]
    world.relations[9] = (members, {"type": "multipolygon", "amenity": "hospital", "name": "H"})
    found = imported(tmp_path, world)
    read = features(found, "facilities.geojson")
    assert set(read) == {"relation/9", "way/52"}, "what stands in the hole is another one"
    centre = Polygon(outer, [hole]).centroid
    assert read["relation/9"]["geometry"]["coordinates"] == pytest.approx([centre.x, centre.y], abs=2e-7)


def test_grounds_and_building_are_one_hospital(tmp_path: Path) -> None:
    world = town()
    square(world, 5, (20.0, 10.01), 0.01, {"amenity": "hospital", "name": "Grounds"})
    square(world, 6, (20.002, 10.012), 0.001, {"amenity": "hospital", "building": "yes"})
    square(world, 7, (20.002, 10.012), 0.001, {"amenity": "fire_station"})
    assert set(features(imported(tmp_path, world), "facilities.geojson")) == {"way/5", "way/7"}


def scattered(areas: int, nodes: int, spread: float, seed: int) -> tuple[Extract, dict[int, Polygon]]:
    """Return random rectangles of two kinds (ids from 1 up), some twice, and points of these kinds."""
    rng = random.Random(seed)
    kinds = ("hospital", "fire_station")
    extract, drawn = Extract(), dict[int, Polygon]()
    place = 10**6
    for id_ in range(1, areas + 1):
        x, y = rng.uniform(0, spread), rng.uniform(0, spread)
        wide, high = (rng.uniform(0.0005, 0.004) for _ in "xy")
        corners = [(x, y), (x + wide, y), (x + wide, y + high), (x, y + high)]
        if id_ % 10 == 0:
            corners = list(drawn[id_ - 1].exterior.coords)[:4]
        drawn[id_] = Polygon(corners)
        refs = [place + i for i in range(4)]
        place += 4
        extract.places |= dict(zip(refs, corners, strict=True))
        extract.ways[id_] = Way({"amenity": rng.choice(kinds)}, (*refs, refs[0]))
    for _ in range(nodes):
        place += 1
        extract.places[place] = rng.uniform(0, spread), rng.uniform(0, spread)
        extract.tagged[place] = {"amenity": rng.choice(kinds)}
    return extract, drawn


@pytest.mark.parametrize("seed", range(5))
def test_what_lies_inside_a_larger_area_is_found_as_by_hand(seed: int) -> None:
    extract, drawn = scattered(120, 300, 0.02, seed)
    kind = {id_: way.tags["amenity"] for id_, way in extract.ways.items()}
    expected = {
        f"node/{id_}"
        for id_, tags in extract.tagged.items()
        if not any(
            kind[way] == tags["amenity"] and area.contains(Point(extract.places[id_]))
            for way, area in drawn.items()
        )
    }
    for id_, area in drawn.items():
        around = (
            way
            for way, other in drawn.items()
            if kind[way] == kind[id_] and way != id_ and other.contains(area.centroid)
            if other.area > area.area + 1e-12 or (other.area > area.area - 1e-12 and way < id_)
        )
        if next(around, None) is None:
            expected.add(f"way/{id_}")
    found, counts = facilities_of(extract)
    assert 50 < len(expected) < 350
    assert {feature.id for feature in found} == expected
    assert counts == {"facilities drawn twice": 420 - len(expected)}


def test_many_facilities_are_compared_with_their_neighbours_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    plain = Shape.holds

    def holds(self: Shape, point: tuple[float, float]) -> bool:
        nonlocal asked
        asked += 1
        return plain(self, point)

    monkeypatch.setattr(Shape, "holds", holds)
    extract, _ = scattered(1000, 4000, 1.0, 7)
    found, _ = facilities_of(extract)
    assert len(found) > 4000
    assert asked < 2000, "not every area with every point, which would be millions"


def test_clipped_facilities(tmp_path: Path) -> None:
    world = town()
    square(world, 5, (20.0, 10.01), 0.01, {"amenity": "hospital"})
    del world.nodes[503]
    world.ways[6] = ([7001, 7002], {"amenity": "hospital"})  # nothing of it is in the file
    world.relations[9] = ([("w", 77, "outer")], {"type": "multipolygon", "amenity": "fire_station"})
    found = imported(tmp_path, world)
    read = features(found, "facilities.geojson")
    assert set(read) == {"way/5"}
    mean = [sum(world.nodes[500 + i][axis] for i in range(3)) / 3 for axis in (0, 1)]
    assert read["way/5"]["geometry"]["coordinates"] == pytest.approx(mean, abs=1e-7)
    assert found.report["found"] == {"facilities without a place": 2}


def test_barriers_of_a_town(tmp_path: Path) -> None:
    world = town()
    world.nodes |= line(4)
    kinds: list[tuple[dict[str, str], str | None]] = [
        ({"highway": "motorway", "ref": "A 1"}, "motorway"),
        ({"highway": "motorway_link"}, None),
        ({"highway": "trunk"}, None),
        ({"highway": "trunk", "motorroad": "yes", "name": "环路"}, "motorway"),
        ({"highway": "motorway", "tunnel": "yes"}, None),
        ({"railway": "rail", "name": "West"}, "railway"),
        ({"railway": "rail", "service": "siding"}, None),
        ({"railway": "tram"}, None),
        ({"railway": "rail", "tunnel": "no"}, "railway"),
        ({"waterway": "river"}, "river"),
        ({"waterway": "canal", "tunnel": "culvert"}, None),
        ({"waterway": "canal", "name": "渠"}, "canal"),
        ({"waterway": "stream"}, None),
    ]
    world.ways |= {i + 1: ([1, 2, 3, 4], tags) for i, (tags, _) in enumerate(kinds)}
    read = features(imported(tmp_path, world), "barriers.geojson")
    expected = {f"way/{i + 1}": kind for i, (_, kind) in enumerate(kinds) if kind}
    assert {id_: item["properties"]["kind"] for id_, item in read.items()} == expected
    assert read["way/1"]["properties"]["name"] == "A 1"
    assert read["way/4"]["properties"]["name"] == "环路"
    assert read["way/12"]["properties"]["name"] == "渠"
    assert read["way/6"]["geometry"]["coordinates"][1] == [20.001, 10.0]


def test_waters(tmp_path: Path) -> None:
    world = town()
    square(world, 1, (20.0, 10.01), 0.01, {"natural": "water", "name": "Lake"})
    square(world, 2, (20.1, 10.01), 0.0001, {"natural": "water"})
    square(world, 3, (20.2, 10.01), 0.0001, {"natural": "water", "water": "river"})
    square(world, 7, (20.5, 10.01), 0.0001, {"natural": "water", "water": "canal"})
    square(world, 4, (20.003, 10.013), 0.002, {})
    square(world, 5, (20.3, 10.01), 0.01, {})
    square(world, 6, (20.4, 10.01), 0.01, {})
    members = [("w", 1, "outer"), ("w", 4, "inner"), ("w", 5, "outer")]
    world.relations[8] = (members, {"type": "multipolygon", "natural": "water"})
    world.relations[9] = (
        [("w", 6, "outer"), ("w", 99, "outer")],
        {"type": "multipolygon", "natural": "water"},
    )
    read = features(imported(tmp_path, world), "barriers.geojson")
    assert {id_: item["properties"]["kind"] for id_, item in read.items()} == {
        "way/1": "water", "way/3": "water", "way/7": "canal", "relation/8": "water",
    }  # fmt: skip
    assert read["relation/8"]["geometry"]["type"] == "MultiPolygon"
    area = shape(read["relation/8"]["geometry"])
    assert area.is_valid
    assert area.area == pytest.approx(2 * 0.01**2 - 0.002**2)
    assert read["way/3"]["geometry"]["type"] == "Polygon"


def test_a_river_with_a_gap_is_told_in_parts(tmp_path: Path) -> None:
    world = town()
    world.nodes |= line(6)
    world.ways[5] = ([1, 2, 999, 3, 998, 4, 5, 6], {"waterway": "river"})
    read = features(imported(tmp_path, world), "barriers.geojson")
    assert {id_: len(item["geometry"]["coordinates"]) for id_, item in read.items()} == {
        "way/5": 2,
        "way/5/2": 3,
    }
