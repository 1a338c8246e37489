"""Roads from OpenStreetMap: topology, geometry, speeds, and everything that clipped or careless maps hold."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import NetworkError
from dispatch.importing.importer import import_network
from dispatch.importing.writing import write_network
from dispatch.roads.network import RoadNetwork, load_network
from tests.importing.maps import Map, ends, imported, line, links, metres, raw_graph, table

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.importing.importer import Imported

STREET = {"highway": "residential"}


def loaded(folder: Path, found: Imported) -> RoadNetwork:
    write_network(folder / "net", found.files)
    network = load_network(folder / "net")
    assert isinstance(network, RoadNetwork)
    return network


@pytest.mark.parametrize(
    "name", ["town.osm", "town.osm.gz", "town.osm.bz2", "town.osm.pbf", "town.pbf", "城市.OSM"]
)
def test_every_format_gives_the_same_network(tmp_path: Path, name: str) -> None:
    world = Map(line(4), ways={7: ([1, 2, 3, 4], {**STREET, "name": "Straße 解放路"})})
    expected = imported(tmp_path, world, "plain.osm")
    assert imported(tmp_path, world, name).files == expected.files
    assert links(expected)["7"]["name"] == "Straße 解放路"


def test_shape_points_become_geometry_and_shared_nodes_become_nodes(tmp_path: Path) -> None:
    nodes = {**line(5), 6: (20.002, 10.001)}
    world = Map(nodes, ways={7: ([1, 2, 3, 4, 5], STREET), 8: ([3, 6], STREET)})
    found = imported(tmp_path, world)
    assert set(table(found, "node.csv").columns["node_id"]) == {"1", "3", "5", "6"}
    rows = links(found)
    assert set(rows) == {"7-1", "7-2", "8"}
    assert rows["7-1"]["geometry"] == "LINESTRING (20 10, 20.001 10, 20.002 10)"
    long = metres(nodes[1], nodes[2]) + metres(nodes[2], nodes[3])
    assert float(rows["7-1"]["length"]) == pytest.approx(long, abs=0.006)


def test_details_of_a_road_are_kept(tmp_path: Path) -> None:
    tags = {
        "highway": "primary", "lanes": "3", "name": "A, \"B\" & 桥", "bridge": "yes", "tunnel": "no",
        "maxwidth": "2.3", "width": "7", "maxweight": "7.5", "maxheight": "4", "surface": "asphalt",
        "access": "private", "maxspeed": "30 mph",
    }  # fmt: skip
    found = imported(tmp_path, Map(line(2), ways={7: ([1, 2], tags)}))
    row = links(found)["7"]
    kept = {key: value for key, value in tags.items() if key not in ("highway", "maxspeed")}
    assert {key: row[key] for key in kept} == kept
    assert row["facility_type"] == "primary"
    assert float(row["free_speed"]) == 48.3


def test_one_way_streets(tmp_path: Path) -> None:
    nodes = line(6)
    ring = {"highway": "tertiary", "junction": "roundabout"}
    world = Map(
        nodes,
        ways={
            1: ([1, 2], {**STREET, "oneway": "yes"}),
            2: ([1, 2], {**STREET, "oneway": "-1"}),
            3: ([2, 3, 4, 2], ring),
            4: ([4, 5], {"highway": "motorway"}),
            5: ([4, 5], {"highway": "motorway", "oneway": "no"}),
            6: ([5, 6], {**STREET, "oneway": "reversible"}),
            7: ([5, 6], {**STREET, "oneway": "alternating"}),
            8: ([3, 6], {**STREET, "oneway": "yes", "oneway:emergency": "no"}),
        },
    )
    rows = links(imported(tmp_path, world))
    shown = {id_: (row["from_node_id"], row["to_node_id"], row["directed"]) for id_, row in rows.items()}
    assert shown == {
        "1": ("1", "2", "true"), "2": ("2", "1", "true"),
        "3-1": ("2", "3", "true"), "3-2": ("3", "4", "true"), "3-3": ("4", "2", "true"),
        "4": ("4", "5", "true"), "5": ("4", "5", "false"),
        "7": ("5", "6", "false"), "8": ("3", "6", "false"),
    }  # fmt: skip


def test_speeds_in_two_directions_make_two_links(tmp_path: Path) -> None:
    tags = {**STREET, "maxspeed": "50", "maxspeed:backward": "30"}
    found = imported(tmp_path, Map(line(3), ways={7: ([1, 2, 3], tags)}))
    rows = links(found)
    assert {id_: float(row["free_speed"]) for id_, row in rows.items()} == {"7f": 50, "7b": 30}
    assert rows["7b"]["geometry"] == "LINESTRING (20.002 10, 20.001 10, 20 10)"
    network = loaded(tmp_path, found)
    assert sorted(network.seconds["normal"].round(2).tolist()) == sorted(
        round(metres((20, 10), (20.002, 10)) / (v / 3.6), 2) for v in (50, 30)
    )


def test_a_class_without_posted_speed_has_the_mean_of_its_posted_ones(tmp_path: Path) -> None:
    ways: dict[int, Any] = {
        1: ([1, 2], {"highway": "primary", "maxspeed": "60"}),
        2: ([2, 3], {"highway": "primary", "maxspeed": "45 mph"}),
        3: ([3, 4], {"highway": "primary"}),
        4: ([4, 5], {"highway": "primary", "maxspeed": "schnell"}),
        5: ([5, 6], {"highway": "tertiary", "maxspeed": "none"}),
    }
    found = imported(tmp_path, Map(line(6), ways=ways))
    rows = links(found)
    assert [rows[str(i)]["free_speed"] for i in range(1, 6)] == ["60", "72.4", "", "", ""]
    network = loaded(tmp_path, found)
    assert network.meta.speeds["primary"].normal == pytest.approx(66.2)
    assert network.meta.speeds["tertiary"].normal == 45
    assert found.report["classes"]["primary"]["posted"] == 2
    assert found.report["classes"]["tertiary"]["posted"] == 0
    assert found.report["found"]["ways with a speed that is not understood"] == 1
    assert any("assumed" in note and "tertiary" in note for note in network.notes)
    assert found.report["posted_share"] == pytest.approx(2 / 5, abs=0.001)


def test_a_bollard_cuts_and_a_gate_does_not(tmp_path: Path) -> None:
    nodes = {**line(5), 6: (20.001, 10.01), 7: (20.003, 10.01)}
    ways = {1: ([1, 2, 3, 4, 5], STREET), 2: ([2, 6, 7, 4], STREET)}
    world = Map(nodes, {3: {"barrier": "gate"}}, ways)
    assert ("2", "4", True) in ends(imported(tmp_path, world))
    world.node_tags[3] = {"barrier": "bollard"}
    found = imported(tmp_path, world)
    assert ends(found) == {
        ("1", "2", True), ("2", "3", True), ("3-2", "4", True), ("4", "5", True), ("2", "4", True),
    }  # fmt: skip
    graph = loaded(tmp_path, found).to_networkx()
    assert not graph.has_edge("2", "3-2")
    assert found.report["found"] == {"barriers that cut a road": 1}
    world.node_tags[3] = {"barrier": "bollard", "emergency": "yes"}
    assert ("2", "4", True) in ends(imported(tmp_path, world))


def test_a_bollard_on_a_junction_parts_every_arm(tmp_path: Path) -> None:
    nodes = {1: (20.0, 10.0), 2: (20.001, 10.0), 3: (20.002, 10.0), 4: (20.001, 10.001), 5: (20.001, 10.002)}
    ring = ([1, 4, 3, 5, 1], STREET)
    world = Map(nodes, {2: {"barrier": "block"}}, {1: ([1, 2, 3], STREET), 2: ([2, 4], STREET), 3: ring})
    found = imported(tmp_path, world)
    touching = [e for e in ends(found) if any(n.split("-")[0] == "2" for n in e[:2])]
    assert len(touching) == 3
    assert len({n for e in touching for n in e[:2] if n.split("-")[0] == "2"}) == 3


def test_a_closed_way_stays_a_road(tmp_path: Path) -> None:
    nodes = {1: (20.0, 10.0), 2: (20.001, 10.0), 3: (20.002, 10.001), 4: (20.003, 10.0), 5: (20.002, 9.999)}
    world = Map(nodes, ways={1: ([1, 2], STREET), 2: ([2, 3, 4, 5, 2], STREET), 3: ([1, 5, 1], STREET)})
    found = imported(tmp_path, world)
    assert all(tail != head for tail, head, _ in ends(found))
    assert {"2-1", "2-2", "3-1", "3-2"} <= set(links(found))
    network = loaded(tmp_path, found)
    total = sum(
        metres(nodes[a], nodes[b]) for a, b in [(1, 2), (2, 3), (3, 4), (4, 5), (5, 2), (1, 5), (5, 1)]
    )
    assert network.summary()["km"] * 1000 == pytest.approx(total, abs=0.1)
    assert not [note for note in network.notes if "itself" in note]


def test_parallel_links_keep_ids_of_their_own(tmp_path: Path) -> None:
    nodes = {**line(2), 3: (20.0005, 10.001)}
    found = imported(tmp_path, Map(nodes, ways={8: ([1, 2], STREET), 9: ([1, 3, 2], STREET)}))
    assert set(links(found)) == {"8", "9"}
    assert loaded(tmp_path, found).to_networkx().number_of_edges("1", "2") == 2


def test_a_careless_map(tmp_path: Path) -> None:
    nodes = {**line(8), 2**40: (20.05, 10.05), -3: (20.004, 10.001)}
    nodes[5] = nodes[4]  # two nodes in one place
    world = Map(
        nodes,
        ways={
            1: ([1, 2, 2, 2, 3, 999, 4, 5], STREET),  # repeated nodes; one that is missing
            2: ([3, 4], {**STREET, "name": "", "note": "مدينة"}),
            3: ([5], STREET),
            4: ([], STREET),
            5: ([998, 997], STREET),
            6: ([4, 5], STREET),  # without length
            -7: ([5, 6, -3, 2**40], {"highway": "residential", "maxspeed": ""}),
            2**41: ([6, 7], {"highway": "service", "name": "𠮷野家 🚒"}),
            9: ([8, 8], STREET),
            10: ([7, 8], {"highway": ""}),
        },
    )
    world.extra = [
        '<node id="70" version="1"/>',
        '<way id="71" version="1"><nd ref="70"/><nd ref="1"/></way>',
    ]
    found = imported(tmp_path, world)
    rows = links(found)
    assert set(rows) == {"-7-1", "-7-2", "1-1", "1-2", "2", "6", str(2**41)}
    assert rows[str(2**41)]["name"] == "𠮷野家 🚒"
    assert float(rows["6"]["length"]) == 0.01
    assert rows["1-1"]["geometry"].count(",") == 2
    assert found.report["found"]["nodes that ways name and the file lacks"] == 3
    network = loaded(tmp_path, found)
    assert set(network.node_ids) == {"1", "3", "4", "5", "6", "7", str(2**40)}


def test_places_may_stand_on_the_ways(tmp_path: Path) -> None:
    points = line(3)
    steps = "".join(f'<nd ref="{id_}" lon="{x}" lat="{y}"/>' for id_, (x, y) in points.items())
    world = Map(extra=[f'<way id="7" version="1">{steps}<tag k="highway" v="residential"/></way>'])
    expected = imported(tmp_path, Map(points, ways={7: ([1, 2, 3], STREET)}))
    assert imported(tmp_path, world).files == expected.files


def test_what_other_programs_write_beside_the_map_is_passed_over(tmp_path: Path) -> None:
    world = Map(line(2), ways={7: ([1, 2], STREET)})
    plain = imported(tmp_path, world).files
    more = "<note>Data of OpenStreetMap 地图</note><meta osm_base='2023-08-24T08:03:32Z'/>"
    more += '<bounds minlat="1" minlon="1" maxlat="2" maxlon="2"/>'
    text = world.xml([more, *world.objects()]).replace(
        "<osm ", "<!-- by hand --><osm generator='x' upload='never' "
    )
    (tmp_path / "other.osm").write_text(text, encoding="utf-8")
    assert import_network(tmp_path / "other.osm").files == plain


def test_of_two_versions_the_newer_counts(tmp_path: Path) -> None:
    world = Map(line(3), ways={7: ([1, 2], STREET)})
    world.extra = [
        '<way id="7" version="3"><nd ref="1"/><nd ref="3"/><tag k="highway" v="tertiary"/></way>',
        '<way id="7" version="2"><nd ref="2"/><nd ref="3"/><tag k="highway" v="service"/></way>',
        '<node id="3" version="2" lon="20.5" lat="10"/>',
        '<way id="8" version="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="service"/></way>',
        '<way id="8" version="2" visible="false"/>',
    ]
    found = imported(tmp_path, world)
    assert ends(found) == {("1", "3", True)}
    assert links(found)["7"]["facility_type"] == "tertiary"
    assert table(found, "node.csv").columns["x_coord"] == ["20.0000000", "20.5000000"]


def test_only_the_largest_part_with_ways_there_and_back_is_kept(tmp_path: Path) -> None:
    ways = {
        1: ([1, 2], STREET),
        2: ([2, 3], STREET),
        3: ([3, 4], {**STREET, "oneway": "yes"}),  # leads out of the map
        4: ([5, 6], STREET),  # an island
    }
    nodes = line(6)
    found = imported(tmp_path, Map(nodes, ways=ways))
    assert set(links(found)) == {"1", "2"}
    gone = metres(nodes[3], nodes[4]) + metres(nodes[5], nodes[6])
    assert found.report["dropped"] == {
        "km": pytest.approx(gone / 1000, abs=1e-3), "links": 2, "nodes": 3, "share": 0.5,
    }  # fmt: skip
    network = loaded(tmp_path, found)
    assert network.summary()["dropped"]["nodes"] == 0
    assert any("3 of 6 nodes (50.0%)" in note for note in network.notes)


def test_road_km_adds_up_to_the_network(tmp_path: Path) -> None:
    world = Map(line(5), ways={1: ([1, 2, 3], STREET), 2: ([2, 4], STREET), 3: ([4, 5], STREET)})
    found = imported(tmp_path, world)
    read = table(found, "node.csv")
    by_node = dict(zip(read.columns["node_id"], map(float, read.columns["road_km"]), strict=True))
    assert sum(by_node.values()) == pytest.approx(found.report["km"], abs=1e-3)
    degrees = {"1": 0.5, "2": 2.0, "3": 0.5, "4": 1.5, "5": 0.5}  # in steps between neighbours, half each
    step = metres((20, 10), (20.001, 10)) / 1000
    assert by_node == {node: pytest.approx(part * step, abs=2e-5) for node, part in degrees.items()}


@pytest.mark.parametrize(
    "ways", [{}, {7: ([1, 2], {"highway": "footway"})}, {7: ([1], STREET)}, {7: ([8, 9], STREET)}]
)
def test_a_map_without_roads_is_refused(
    tmp_path: Path, ways: dict[int, tuple[list[int], dict[str, str]]]
) -> None:
    with pytest.raises(NetworkError, match=r"^town.osm: no road in it"):
        imported(tmp_path, Map(line(2), ways=ways))


def test_a_map_without_a_way_back_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match=r"^town.osm: no two of its places"):
        imported(tmp_path, Map(line(2), ways={7: ([1, 2], {**STREET, "oneway": "yes"})}))


def test_the_order_of_the_file_plays_no_part(tmp_path: Path) -> None:
    nodes = {i: (20 + (i % 5) / 1000, 10 + (i // 5) / 1000) for i in range(25)}
    tags = {3: {"barrier": "bollard"}, 12: {"barrier": "block"}, 7: {"amenity": "hospital", "name": "医院"}}
    rows: dict[int, Any] = {i + 1: (range(5 * i, 5 * i + 5), STREET) for i in range(5)}
    rows |= {i + 11: (range(i, 25, 5), {"highway": "tertiary", "maxspeed": f"{30 + i}"}) for i in range(5)}
    rows |= {30: ([6, 7, 12, 11, 6], {"amenity": "fire_station"}), 31: ([20, 24], {"railway": "rail"})}
    rows |= {32: ([0, 4, 24, 20, 0], {"natural": "water", "water": "river"})}
    world = Map(
        nodes, tags, rows, {5: ([("w", 30, "outer")], {"type": "multipolygon", "amenity": "hospital"})}
    )
    world.extra = [
        '<node id="3" version="1" lon="20.0031" lat="10"/>',
        '<way id="2" version="1"><nd ref="9"/><nd ref="5"/><tag k="highway" v="residential"/></way>',
    ]
    expected = imported(tmp_path, world).files
    objects = world.objects()
    shuffler = random.Random(4)
    for attempt in range(6):
        shuffler.shuffle(objects)
        path = tmp_path / f"shuffled{attempt}.osm"
        path.write_text(world.xml(objects), encoding="utf-8")
        assert import_network(path).files == expected


def check_against_raw(path: Path, km: float, network: RoadNetwork, sources: int) -> int:
    """Compare distances and times with those on every node of every way; return how many were compared."""
    speeds = {name: speed.normal for name, speed in network.meta.speeds.items()}
    raw = raw_graph(path, speeds)
    own = network.to_networkx()
    known = [id_ for id_ in network.node_ids if re.fullmatch(r"-?\d+", id_) and int(id_) in raw]
    parts = [part for part in networkx.strongly_connected_components(raw) if int(known[0]) in part]
    assert len(parts) == 1
    part = raw.subgraph(parts[0])
    assert all(int(id_) in part for id_ in known)
    steps = {data["step"]: data["metres"] for _, _, data in part.edges(data=True)}
    compared = 0
    assert km == pytest.approx(sum(steps.values()) / 1000, rel=2e-4, abs=6e-4)
    for source in known[:: max(1, len(known) // sources)]:
        for weight, mine in (("metres", "length"), ("seconds", "normal")):
            expected = networkx.single_source_dijkstra_path_length(part, int(source), weight=weight)
            found = networkx.single_source_dijkstra_path_length(own, source, weight=mine)
            for target in known:
                assert found[target] == pytest.approx(expected[int(target)], rel=1e-3, abs=0.1), (
                    source,
                    target,
                )
                compared += 1
    return compared


@st.composite
def maps(draw: st.DrawFn) -> Map:
    """Draw ways across a small grid of nodes with all that can go wrong."""
    size = draw(st.integers(3, 12))
    nodes = {i: (20 + (i % 4) / 500 + i / 90_000, 10 + (i // 4) / 600) for i in range(1, size + 1)}
    barrier = st.sampled_from(["bollard", "gate", "block", ""])
    tags = {
        i: {"barrier": kind} for i in nodes if (kind := draw(barrier) if draw(st.integers(0, 5)) == 0 else "")
    }
    refs = st.lists(st.integers(1, size + 1), min_size=1, max_size=7)  # the last is missing
    word = st.fixed_dictionaries(
        {"highway": st.sampled_from(["residential", "primary", "motorway", "service", "footway", "track"])},
        optional={
            "oneway": st.sampled_from(["yes", "-1", "no", "reversible", ""]),
            "junction": st.just("roundabout"),
            "maxspeed": st.sampled_from(["50", "30 mph", "none", "x"]),
            "maxspeed:backward": st.sampled_from(["20", "none"]),
            "access": st.sampled_from(["no", "private", "yes"]),
            "emergency": st.sampled_from(["yes", "no"]),
        },
    )
    drawn = draw(st.lists(st.tuples(refs, word), min_size=1, max_size=8))
    return Map(nodes, tags, {i + 1: way for i, way in enumerate(drawn)})


@settings(max_examples=150)
@given(world=maps())
def test_times_are_those_on_the_raw_ways(world: Map, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("drawn")
    path = world.write(folder / "drawn.osm")
    try:
        found = import_network(path)
    except NetworkError:
        graph = raw_graph(path, {})
        assert all(len(part) < 2 for part in networkx.strongly_connected_components(graph))
        return
    network = loaded(folder, found)
    known = [id_ for id_ in network.node_ids if id_.isdigit() and not world.node_tags.get(int(id_))]
    if known:
        check_against_raw(path, found.report["km"], network, 3)


def versions(kind: str, id_: int, first: str, then: str, *, head: str = "") -> list[str]:
    """Return two versions of an object as XML, by what stands in them."""
    return [f'<{kind} id="{id_}" version="{n}" {head}>{body}</{kind}>' for n, body in ((1, first), (2, then))]


@pytest.mark.parametrize("newest_first", [False, True])
def test_what_the_newest_version_no_longer_is_is_left_out(tmp_path: Path, newest_first: bool) -> None:
    ring = "".join(f'<nd ref="{ref}"/>' for ref in (11, 12, 13, 11))
    tag = '<tag k="{}" v="{}"/>'.format
    area = f'<member type="way" ref="30" role="outer"/>{tag("type", "multipolygon")}'
    station, hydrant = tag("amenity", "fire_station"), tag("emergency", "fire_hydrant")
    road = f'<nd ref="2"/><nd ref="3"/>{tag("highway", "primary")}'
    pairs = [
        versions("way", 8, road, f'<nd ref="2"/><nd ref="3"/>{tag("note", "gone")}'),
        versions("way", 9, f'<nd ref="1"/>{tag("note", "planned")}', road.replace('ref="2"', 'ref="1"')),
        versions("way", 31, f"{ring}{station}", ring),
        versions("relation", 40, f"{area}{station}", area),
        versions("relation", 41, f"{area}{station}", f"{area}{tag('amenity', 'hospital')}"),
        versions("node", 20, hydrant, "", head='lon="20" lat="10.1"'),
        versions("node", 21, "", hydrant, head='lon="20" lat="10.2"'),
        versions("node", 2, tag("barrier", "bollard"), "", head='lon="20.001" lat="10"'),
    ]
    nodes = {1: (20.0, 10.0), 3: (20.002, 10.0), 11: (20.0, 10.3), 12: (20.01, 10.3), 13: (20.0, 10.31)}
    world = Map(nodes, ways={7: ([1, 2, 3], STREET), 30: ([11, 12, 13, 11], {})})
    world.extra = [text for pair in pairs for text in (pair[::-1] if newest_first else pair)]
    found = imported(tmp_path, world)
    assert ends(found) == {("1", "3", True)}
    assert set(links(found)) == {"7", "9"}, "a road that is none any more, and one that has become one"
    features = json.loads(found.files["facilities.geojson"])["features"]
    assert {item["id"]: item["properties"]["kind"] for item in features} == {
        "relation/41": "hospital",
        "node/21": "fire_hydrant",
    }


def test_places_on_a_way_are_those_of_its_newest_version(tmp_path: Path) -> None:
    old, new = (
        f'<nd ref="1" lon="20" lat="10"/><nd ref="2" lon="{x}" lat="10"/><tag k="highway" v="road"/>'
        for x in (20.9, 20.1)
    )
    world = Map(extra=versions("way", 7, old, new))
    assert table(imported(tmp_path, world), "node.csv").columns["x_coord"] == ["20.0000000", "20.1000000"]
