"""Jurisdictions: whose land is whose, with and without a river, and that no land is lost."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.engine.fleet import Fleet
from dispatch.errors import NetworkError, UsageError
from dispatch.statics.faces import Barrier, around_roads, cut_region, read_barriers, read_boundary
from dispatch.statics.ground import Ground, ground_of, link_lines
from dispatch.statics.jurisdictions import _cells, divide
from dispatch.statics.links import links_of
from dispatch.statics.reach import reach_of
from tests.statics.worlds import grid_tables, roads, town

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Scenario
    from dispatch.statics.jurisdictions import Division, Jurisdiction

PLANE = Ground(geographic=False)


def division(scenario: Scenario, whole: Any, barriers: list[Barrier] | None = None) -> Division:
    reach = reach_of(scenario, scenario.layouts["baseline"])
    return divide(reach, cut_region(whole, "given", barriers or []), reach.able(None))


def by_id(found: Division) -> dict[str, Jurisdiction]:
    return {item.site.id: item for item in found.jurisdictions}


def river(points: list[tuple[float, float]], kind: str = "railway", name: str = "") -> Barrier:
    return Barrier(kind, name, shapely.LineString(points))


def test_two_stations_on_a_symmetrical_grid_have_half_each(tmp_path: Path) -> None:
    nodes, links = grid_tables(10, 5)
    scenario = town(tmp_path, nodes, links, {"west": {"at": "c0r2"}, "east": {"at": "c9r2"}})
    found = division(scenario, shapely.box(-50, -50, 950, 450))
    west, east = by_id(found)["west"], by_id(found)["east"]
    assert (west.area_km2, east.area_km2) == pytest.approx((0.25, 0.25), rel=1e-12)
    assert west.drawn.equals(shapely.box(-50, -50, 450, 450))
    assert west.nodes == 25
    assert (west.demand, west.population) == pytest.approx((0.5, 0.5))
    # 4 blocks east and 2 north at 10 m/s, after a minute of turnout
    assert west.edge_s == pytest.approx(60 + 40 + 20)


def test_ties_go_to_the_first_by_node_and_the_order_of_ids_stays(tmp_path: Path) -> None:
    nodes, links = grid_tables(3, 1)
    scenario = town(tmp_path, nodes, links, {"a-last": {"at": "c2r0"}, "z-first": {"at": "c0r0"}})
    found = division(scenario, shapely.box(-50, -50, 250, 50))
    assert [item.site.id for item in found.jurisdictions] == ["a-last", "z-first"]
    assert found.owner.tolist() == [1, 1, 0], "the middle is 10 s from both, and z-first has the first node"
    twins = town(tmp_path / "twins", nodes, links, {"y": {"at": "c1r0"}, "x": {"at": "c1r0"}})
    assert [item.nodes for item in division(twins, shapely.box(-50, -50, 250, 50)).jurisdictions] == [3, 0]


def test_turnout_counts(tmp_path: Path) -> None:
    """A ladder leaves 30 s, that is three blocks, later than an engine."""
    nodes, links = grid_tables(10, 1)
    units = {"E": {"type": "engine", "station": "west"}, "L": {"type": "ladder", "station": "east"}}
    stations = {"west": {"at": "c0r0"}, "east": {"at": "c9r0"}}
    scenario = town(tmp_path, nodes, links, stations, units=units)
    assert [item.nodes for item in division(scenario, shapely.box(-50, -50, 950, 50)).jurisdictions] == [3, 7]


def test_a_station_without_units_has_no_land(tmp_path: Path) -> None:
    nodes, links = grid_tables(4, 1)
    stations = {"west": {"at": "c0r0"}, "empty": {"at": "c3r0"}}
    scenario = town(tmp_path, nodes, links, stations, units={"E": {"type": "engine", "station": "west"}})
    found = division(scenario, shapely.box(-50, -50, 350, 50))
    assert [item.site.id for item in found.jurisdictions] == ["west"]
    reach = reach_of(scenario, scenario.layouts["baseline"])
    with pytest.raises(UsageError, match="no station has a unit"):
        divide(reach, found.region, reach.able(("ladder",)))


RIVER_NODES = "node_id,x_coord,y_coord\nw0,0,0\nw1,0,1000\ne0,1000,0\ne1,1000,1000\n"
RIVER_LINKS = (
    "from_node_id,to_node_id,directed,facility_type,length\n"
    "w0,w1,false,street,1000\nw0,e0,false,street,1000\ne0,e1,false,street,1000\n"
)
TOWN_BOX = shapely.box(-500, -500, 1500, 1500)


def test_land_across_a_river_is_not_given_to_a_station_that_is_near_as_the_crow_flies(tmp_path: Path) -> None:
    """The river runs at x = 200, the bridge at y = 0; a piece of the west bank's cells lies beyond it."""
    stations = {"west": {"at": "w1"}, "east": {"at": "e0"}}
    scenario = town(tmp_path, RIVER_NODES, RIVER_LINKS, stations)
    dry = by_id(division(scenario, TOWN_BOX))
    # w0 is as near to e0 as to w1, in seconds; w1 stands before e0 in the order of nodes
    assert dry["west"].area_km2 == pytest.approx(2.0)
    assert dry["west"].across_km2 == 0.0
    wet = division(scenario, TOWN_BOX, [river([(200, -600), (200, 1600)], "railway", "Main line")])
    assert len(wet.region.faces) == 2
    assert by_id(wet)["west"].area_km2 == pytest.approx(0.7 * 2.0)
    assert by_id(wet)["east"].area_km2 == pytest.approx(1.3 * 2.0)
    assert not by_id(wet)["west"].straddles


def test_a_jurisdiction_across_a_river_is_reported_with_what_lies_beyond(tmp_path: Path) -> None:
    scenario = town(tmp_path, RIVER_NODES, RIVER_LINKS, {"only": {"at": "w1"}})
    barriers = [
        river([(200, -600), (200, 1600)], "railway", "Main line"),
        river([(800, -600), (800, 600), (1600, 600)], "motorway", "G6"),
    ]
    only = by_id(division(scenario, TOWN_BOX, barriers))["only"]
    assert only.area_km2 == pytest.approx(4.0)
    assert only.straddles
    # the land of e0 lies beyond both, that of e1 beyond the railway alone
    assert only.across["motorway"] == pytest.approx(0.7 * 1.1)
    assert only.across["railway"] == pytest.approx(1.3 * 2.0)
    assert only.across_km2 == pytest.approx(1.3 * 2.0)
    assert only.barrier == "railway Main line"


def test_a_strip_without_nodes_goes_to_the_nearest_and_is_no_straddling(tmp_path: Path) -> None:
    """Between the two carriageways of a motorway there is land, and nobody to go to."""
    scenario = town(tmp_path, RIVER_NODES, RIVER_LINKS, {"west": {"at": "w0"}, "east": {"at": "e0"}})
    lanes = [river([(x, -600), (x, 1600)], "motorway") for x in (400, 450)]
    found = division(scenario, TOWN_BOX, lanes)
    assert len(found.region.faces) == 3
    areas = {name: item.area_km2 for name, item in by_id(found).items()}
    assert areas == pytest.approx({"west": 0.95 * 2.0, "east": 1.05 * 2.0})
    assert not any(item.straddles for item in found.jurisdictions)


def test_nodes_of_the_motorway_itself_lie_on_neither_side(tmp_path: Path) -> None:
    nodes = RIVER_NODES + "m0,400,0\nm1,400,1000\n"
    links = RIVER_LINKS.replace("w0,e0,false,street,1000", "w0,m0,false,street,400\nm0,e0,false,street,600")
    scenario = town(
        tmp_path, nodes, links + "m0,m1,false,street,1000\n", {"w": {"at": "w0"}, "e": {"at": "e0"}}
    )
    found = division(scenario, TOWN_BOX, [river([(400, -600), (400, 1600)], "motorway")])
    assert {name: item.area_km2 for name, item in by_id(found).items()} == pytest.approx({"w": 1.8, "e": 2.2})
    assert not any(item.straddles for item in found.jurisdictions)


def test_water_belongs_to_nobody(tmp_path: Path) -> None:
    scenario = town(tmp_path, RIVER_NODES, RIVER_LINKS, {"west": {"at": "w0"}, "east": {"at": "e0"}})
    lake = Barrier("water", "Lake", shapely.box(100, 100, 300, 600))
    stream = Barrier("river", "", shapely.box(490, -700, 510, 1700))
    found = division(scenario, TOWN_BOX, [lake, stream])
    assert found.region.water_km2 == pytest.approx(0.1 + 0.02 * 2.0)
    assert sum(item.area_km2 for item in found.jurisdictions) == pytest.approx(4.0 - 0.14)
    assert by_id(found)["west"].area_km2 == pytest.approx(0.99 * 2.0 - 0.1)
    assert not by_id(found)["west"].drawn.intersects(shapely.Point(200, 300))


def test_a_barrier_that_ends_in_the_middle_does_not_cut(tmp_path: Path) -> None:
    scenario = town(tmp_path, RIVER_NODES, RIVER_LINKS, {"west": {"at": "w0"}, "east": {"at": "e0"}})
    found = division(scenario, TOWN_BOX, [river([(200, -600), (200, 700)])])
    assert len(found.region.faces) == 1
    assert by_id(found)["west"].area_km2 == pytest.approx(2.0)


def test_a_region_without_nodes_or_land_is_refused(tmp_path: Path) -> None:
    scenario = town(tmp_path, RIVER_NODES, RIVER_LINKS, {"west": {"at": "w0"}})
    with pytest.raises(UsageError, match="No node"):
        division(scenario, shapely.box(5000, 5000, 6000, 6000))
    with pytest.raises(UsageError, match="no land"):
        division(scenario, TOWN_BOX, [Barrier("water", "Sea", TOWN_BOX.buffer(10))])


def test_nodes_that_nobody_reaches_are_nobodys_and_no_land_is_lost(tmp_path: Path) -> None:
    closure = {"links": ["w0-e0"], "begins": "1 h"}
    scenario = town(tmp_path, RIVER_NODES, RIVER_LINKS, {"west": {"at": "w0"}}, closures={"flood": closure})
    reach = reach_of(scenario, scenario.layouts["baseline"], scenario.roads.at(3600.0))
    found = divide(reach, cut_region(TOWN_BOX, "given", []), reach.able(None))
    assert found.owner.tolist() == [0, 0, -1, -1]
    assert found.jurisdictions[0].area_km2 == pytest.approx(4.0)
    assert (found.jurisdictions[0].nodes, found.jurisdictions[0].edge_s) == (2, 160.0)


def test_each_node_goes_to_the_unit_expected_first(tmp_path: Path) -> None:
    nodes, links = grid_tables(7, 6)
    stations = {"a": {"at": "c1r1"}, "b": {"at": "c5r0"}, "c": {"at": "c3r5"}}
    units = {
        "A": {"type": "ladder", "station": "a"},
        "B": {"type": "engine", "station": "b"},
        "C": {"type": "engine", "station": "c"},
    }
    scenario = town(tmp_path, nodes, links, stations, units=units)
    found = division(scenario, shapely.box(-50, -50, 650, 550))
    fleet = Fleet(scenario, scenario.layouts["baseline"])
    for node in range(42):
        best = min(
            (fleet.expected(unit, node), fleet.home[unit], scenario.layouts["baseline"].sites[site].id)
            for unit, site in enumerate(fleet.site)
        )
        assert found.jurisdictions[found.owner[node]].site.id == best[2]
        assert found.order_to_node[node] == best[0]


def test_barriers_that_end_on_land_are_counted() -> None:
    whole = shapely.box(0, 0, 100, 100)
    across = river([(50, -10), (50, 110)])
    branch = river([(50, 50), (60, 50)])  # from the barrier that cuts, into open land
    alone = river([(10, 10), (20, 20)])
    bridge = [river([(70, -10), (70, 40)]), river([(70, 40), (70, 110)])]  # cuts only together
    lake = Barrier("water", "", shapely.box(5, 5, 8, 8))
    outside = river([(200, 0), (300, 0)])
    everything = [across, branch, alone, *bridge, lake, outside]
    region = cut_region(whole, "given", everything)
    assert (len(region.faces), region.idle, len(region.barriers)) == (3, 2, 6)
    assert cut_region(whole, "given", [across, *bridge]).idle == 0
    assert cut_region(whole, "given", [bridge[0]]).idle == 1
    assert cut_region(whole, "given", []).idle == 0


points = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=1, max_size=25, unique=True)
lines = st.lists(
    st.lists(st.tuples(st.integers(-10, 110), st.integers(-10, 110)), min_size=2, max_size=4, unique=True),
    max_size=5,
)


@settings(max_examples=60)
@given(at=points, owners=st.lists(st.integers(0, 3), min_size=25, max_size=25))
def test_cells_are_the_land_nearest_to_a_stations_nodes(at: list[tuple[int, int]], owners: list[int]) -> None:
    face = shapely.box(-5, -5, 105, 105)
    where, owner = np.array(at, dtype=float), np.array(owners[: len(at)])
    cells = dict(_cells(face, shapely.points(where), owner))
    assert sum(cell.area for cell in cells.values()) == pytest.approx(face.area, rel=1e-9)
    for x, y in np.random.default_rng(len(at)).uniform(-5, 105, (50, 2)):
        away = np.hypot(where[:, 0] - x, where[:, 1] - y)
        order = np.sort(away)
        if len(order) > 1 and order[1] - order[0] < 1e-6:
            continue
        assert cells[int(owner[np.argmin(away)])].buffer(1e-9).contains(shapely.Point(x, y))


@settings(max_examples=60)
@given(drawn=lines, lake=st.tuples(st.integers(0, 60), st.integers(0, 60)), wet=st.booleans())
def test_faces_and_water_add_up_to_the_region(
    drawn: list[list[tuple[int, int]]], lake: tuple[int, int], wet: bool
) -> None:
    whole = shapely.box(0, 0, 100, 100)
    barriers = [river([(float(x), float(y)) for x, y in line]) for line in drawn]
    if wet:
        barriers.append(Barrier("water", "", shapely.box(*lake, lake[0] + 30, lake[1] + 30)))
    region = cut_region(whole, "given", barriers)
    edges = shapely.buffer(shapely.union_all(shapely.boundary(region.faces)), 1e-6)
    inside = [
        b.shape.intersection(shapely.union_all(region.faces)) for b in region.barriers if b.kind != "water"
    ]
    assert region.idle == sum(
        line.length > 0 and line.intersection(edges).length < 1e-4 for line in inside
    ), "those of which no part bounds a face"
    assert region.water_km2 == pytest.approx(900 / 1e6 if wet else 0.0, abs=1e-12)
    assert region.land_km2 + region.water_km2 == pytest.approx(whole.area / 1e6, rel=1e-9)
    overlap = shapely.union_all(region.faces).area
    assert overlap == pytest.approx(float(shapely.area(region.faces).sum()), rel=1e-9)
    for barrier in barriers[: len(drawn)]:
        for face in region.faces:
            rest = barrier.shape.intersection(face.buffer(-1e-6))
            assert shapely.difference(face, rest.buffer(1e-7)).geom_type in ("Polygon", "MultiPolygon")


@settings(max_examples=40)
@given(drawn=lines, stations=st.sets(st.integers(0, 24), min_size=1, max_size=4))
def test_no_land_is_lost_and_none_given_twice(
    drawn: list[list[tuple[int, int]]], stations: set[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    nodes, links = grid_tables(5, 5, 22.0)
    places = {f"s{number}": {"at": f"c{number // 5}r{number % 5}"} for number in stations}
    scenario = town(tmp_path_factory.mktemp("town"), nodes, links, places)
    barriers = [river([(x + 0.37, y + 0.53) for x, y in line]) for line in drawn]
    found = division(scenario, shapely.box(-6, -6, 94, 94), barriers)
    areas = [item.area_km2 for item in found.jurisdictions]
    assert sum(areas) == pytest.approx(found.region.land_km2, rel=1e-9)
    assert shapely.union_all([item.drawn for item in found.jurisdictions]).area / 1e6 == pytest.approx(
        sum(areas), rel=1e-9
    )
    for item in found.jurisdictions:
        assert item.drawn.area / 1e6 == pytest.approx(item.area_km2, rel=1e-9)
        assert item.across_km2 <= item.area_km2 * (1 + 1e-9)


def test_the_land_along_a_road_is_a_kilometre_wide() -> None:
    network = roads([(0, 0), (4000, 0)], [(0, 1, 400.0, 400.0)])
    whole = around_roads(link_lines(links_of(network), ground_of(network)))
    assert whole.area == pytest.approx(4000 * 1000 + math.pi * 500**2, rel=5e-3)
    assert whole.contains(shapely.Point(2000, 490))
    assert not whole.contains(shapely.Point(2000, 510))


def test_land_among_roads_belongs_to_the_region() -> None:
    corners = [(0, 0), (5000, 0), (5000, 5000), (0, 5000)]
    network = roads(corners, [(i, (i + 1) % 4, 500.0, 500.0) for i in range(4)])
    whole = around_roads(link_lines(links_of(network), ground_of(network)))
    assert not whole.interiors
    assert whole.contains(shapely.Point(2500, 2500))


def write(path: Path, *features: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}), encoding="utf-8")
    return path


def feature(shape: str, coordinates: Any, **properties: Any) -> dict[str, Any]:
    geometry = {"type": shape, "coordinates": coordinates}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def test_boundaries_and_barriers_are_read(tmp_path: Path) -> None:
    ring = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
    path = write(
        tmp_path / "b.geojson", feature("Polygon", [ring]), feature("LineString", [[0, 0], [50, 50]])
    )
    assert read_boundary(path, PLANE).area == pytest.approx(100.0)
    found = read_barriers(
        write(
            tmp_path / "c.geojson",
            feature("LineString", [[0, 0], [5, 5]], kind="railway", name="陇海线"),
            feature("Point", [1, 1], kind="water"),
            feature("LineString", [[0, 0], [9, 9]]),
        ),
        PLANE,
    )
    assert [(item.kind, item.name) for item in found] == [("barrier", ""), ("railway", "陇海线")]


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ('{"type": "FeatureCollection", "features": []}', "no polygon with an area"),
        ("not json", "not valid JSON"),
        ('{"type": "LineString", "coordinates": [[0, 0], [1, 1]]}', "no polygon with an area"),
    ],
)
def test_a_boundary_that_bounds_nothing_is_refused(tmp_path: Path, text: str, fact: str) -> None:
    path = tmp_path / "b.geojson"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NetworkError, match=fact):
        read_boundary(path, PLANE)
    with pytest.raises(NetworkError, match="cannot be read"):
        read_barriers(tmp_path / "none.geojson", PLANE)


def test_a_face_that_does_not_close_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = shapely.polygonize_full

    def all_but_one(edges: Any) -> tuple[Any, ...]:
        faces, *others = closed(edges)
        return (shapely.GeometryCollection(list(faces.geoms)[1:]), *others)

    monkeypatch.setattr(shapely, "polygonize_full", all_but_one)
    region = cut_region(TOWN_BOX, "given", [river([(200, -600), (200, 1600)])])
    assert sorted(shapely.area(region.faces)) == pytest.approx([0.7 * 2e6, 1.3 * 2e6])
