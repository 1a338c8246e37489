"""The first scenario of an imported network loads, runs and compares, whatever the stations are called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from dispatch import load
from dispatch.importing.starter import has_made_up_station, starter_scenario
from dispatch.io.features import FACILITIES
from dispatch.io.geo_files import Feature, geojson_text
from dispatch.study.compare import compare
from tests.importing.maps import metres

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 6
"""Nodes along each side of a grid town, a hundredth of a degree apart."""

NODES = (
    [104 + i / 100 for i in range(SIZE)] * SIZE,
    [36 + j / 100 for j in range(SIZE) for _ in range(SIZE)],
)
"""Longitudes and latitudes of the town's nodes."""


def town(folder: Path, facilities: list[Feature]) -> None:
    """Write the network ``town`` as an import leaves it."""
    home = folder / "networks" / "town"
    home.mkdir(parents=True)
    meta = "name: town\ntitle: 试验镇\nspeeds: {street: 50}\n"
    cells = [(i, j) for i in range(SIZE) for j in range(SIZE)]
    nodes = [f"n{i}{j},{104 + i / 100:.2f},{36 + j / 100:.2f},{1 + i}\n" for i, j in cells]
    links = [f"n{i}{j},n{i + 1}{j},false,street\n" for i, j in cells if i + 1 < SIZE]
    links += [f"n{i}{j},n{i}{j + 1},false,street\n" for i, j in cells if j + 1 < SIZE]
    (home / "network.yaml").write_text(meta, encoding="utf-8")
    (home / "node.csv").write_text("node_id,x_coord,y_coord,road_km\n" + "".join(nodes))
    (home / "link.csv").write_text("from_node_id,to_node_id,directed,facility_type\n" + "".join(links))
    (home / FACILITIES).write_text(geojson_text(facilities), encoding="utf-8")


def station(x: float, y: float, name: str, key: str, kind: str = "fire_station") -> Feature:
    return Feature({"type": "Point", "coordinates": [x, y]}, {"kind": kind, "name": name}, key)


FOUND = [
    station(104.04, 36.04, "东站: \"two\"\n# 'x' {y} [z]", "way/22"),
    station(104.001, 36.001, "西站", "node/1"),
    station(104.02, 36.02, "医院", "way/5", "hospital"),
    station(104.03, 36.01, "", "relation/3"),
]


def written(folder: Path, facilities: list[Feature], title: str = "试验镇") -> Path:
    town(folder, facilities)
    path = folder / "scenarios" / "town.yaml"
    path.parent.mkdir()
    path.write_text(starter_scenario("town", title, facilities, NODES), encoding="utf-8")
    return path


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_scenario_loads_without_notes_and_compares(tmp_path: Path, count: int) -> None:
    scenario = load(written(tmp_path, FOUND[:count]))
    stations = sum(feature.properties["kind"] == "fire_station" for feature in FOUND[:count])
    assert scenario.notes == ()
    assert scenario.file.title == "试验镇"
    assert len(scenario.layouts["baseline"].units) == stations
    assert sum(stream.rate for stream in scenario.streams) * 86400 == pytest.approx(2.5 * stations)
    assert list(scenario.layouts) == ["baseline", "one-less" if stations > 1 else "one-more"]
    study = compare(scenario, list(scenario.layouts), 2, jobs=1)
    first = study.estimate("baseline", "total.first.mean")
    assert 60 < first.mean < 1800


def test_demand_follows_the_roads(tmp_path: Path) -> None:
    scenario = load(written(tmp_path, FOUND))
    km = scenario.network.columns["road_km"]
    for stream in scenario.streams:
        assert stream.weights == pytest.approx(km / km.sum())


def test_the_example_closes_the_first_station_that_stands(tmp_path: Path) -> None:
    scenario = load(written(tmp_path, FOUND))
    assert [site.id for site in scenario.layouts["one-less"].sites] == ["relation-3", "way-22"]
    assert scenario.layouts["one-less"].title == "Without 西站"


def test_a_station_off_the_roads_is_no_example(tmp_path: Path) -> None:
    far = [station(104.5, 36.0, "远站", "node/0"), *FOUND]
    town(tmp_path, far)
    path = tmp_path / "town.yaml"
    path.write_text(starter_scenario("town", "", far, NODES), encoding="utf-8")
    scenario = load(path)
    assert [site.id for site in scenario.layouts["one-less"].sites] == ["relation-3", "way-22"]
    assert scenario.file.title == "town"
    assert len(scenario.notes) == 1
    assert "node-0 (远站)" in scenario.notes[0]


def test_one_station_is_compared_with_two(tmp_path: Path) -> None:
    only = [station(104.5, 36.0, "远站", "node/0"), FOUND[1]]
    town(tmp_path, only)
    path = tmp_path / "town.yaml"
    path.write_text(starter_scenario("town", "", only, NODES), encoding="utf-8")
    layouts = load(path).layouts
    assert {name: [site.id for site in layout.sites] for name, layout in layouts.items()} == {
        "baseline": ["node-1"],
        "one-more": ["node-1", "station-2"],
    }


def test_stations_that_are_all_far_are_replaced_by_a_made_up_one(tmp_path: Path) -> None:
    far = [station(104.5, 36.0, "远站", "node/0")]
    town(tmp_path, far)
    path = tmp_path / "town.yaml"
    path.write_text(starter_scenario("town", "", far, NODES), encoding="utf-8")
    assert [site.id for site in load(path).layouts["baseline"].sites] == ["station-1"]


def test_planar_nodes_are_taken_in_metres() -> None:
    x, y = [350_000.0, 351_000.0, 352_000.0], [4_000_000.0, 4_001_000.0, 4_002_000.0]
    text = starter_scenario("town", "", [], (x, y))
    assert "start: 2024-01-01T00:00:00+00:00   # give your own time zone" in text
    assert "station-1: {at: [351000.000000, 4001000.000000]}" in text
    found = [station(350_100.0, 4_000_100.0, "a", "1"), station(360_000.0, 4_000_000.0, "b", "0")]
    assert "close_stations" not in starter_scenario("town", "", found, (x, y)), "b is 8 km off"


def example(text: str) -> tuple[float, float]:
    """Return where the station that is commented out would stand."""
    match = re.search(r"# +add_stations: \{new: \{at: \[(\S+), (\S+)\]\}\}", text)
    assert match is not None
    return float(match[1]), float(match[2])


def farthest(stands: list[Feature]) -> tuple[float, float]:
    """Return the node farthest from all stations, found by looking at each pair."""
    points = [feature.geometry["coordinates"] for feature in stands if feature.geometry is not None]
    off = {node: min(metres(node, (x, y)) for x, y in points) for node in zip(*NODES, strict=True)}
    best = max(off.values())
    (node,) = [node for node, far in off.items() if far > best - 1]
    return node


def test_the_station_that_is_commented_out_stands_far_from_all_others() -> None:
    stations = [feature for feature in FOUND if feature.properties["kind"] == "fire_station"]
    found = example(starter_scenario("town", "", FOUND, NODES))
    assert found == pytest.approx(farthest(stations), abs=1e-6)
    assert found == pytest.approx((104.0, 36.05)), "the corner in the north-west"
    assert not {found} & {tuple(feature.geometry["coordinates"]) for feature in FOUND if feature.geometry}


def test_a_station_that_does_not_stand_pushes_no_example_away() -> None:
    """One 2 km west of that corner is left out; one near it stands, and another node is farthest."""
    stations = [feature for feature in FOUND if feature.properties["kind"] == "fire_station"]
    outside = station(103.977, 36.05, "远站", "node/0")
    assert example(starter_scenario("town", "", [*FOUND, outside], NODES)) == pytest.approx((104.0, 36.05))
    inside = station(103.995, 36.05, "近站", "node/0")
    found = example(starter_scenario("town", "", [*FOUND, inside], NODES))
    assert found == pytest.approx(farthest([*stations, inside]), abs=1e-6)
    assert found != pytest.approx((104.0, 36.05))


@pytest.mark.parametrize(
    ("lon", "lat", "offset"),
    [
        (103.8, 36.0, "+08:00"),
        (75.9, 39.5, "+08:00"),  # Kashgar keeps the time of Beijing
        (126.6, 45.8, "+08:00"),
        (-114.6, 32.7, "-08:00"),
        (-51.2, -30.0, "-03:00"),
        (2.3, 48.9, "+00:00"),
        (13.4, 52.5, "+01:00"),
        (139.7, 35.7, "+09:00"),
        (115.9, -31.9, "+08:00"),
        (179.9, -16.0, "+12:00"),
        (-179.9, -16.0, "-12:00"),
    ],
)
def test_the_time_zone_is_assumed_by_the_longitude(lon: float, lat: float, offset: str) -> None:
    nodes = ([lon, lon + 0.01, lon + 0.02], [lat, lat, lat + 0.01])
    (line,) = [
        line for line in starter_scenario("town", "", [], nodes).split("\n") if line.startswith("start: ")
    ]
    assert line.startswith(f"start: 2024-01-01T00:00:00{offset}   # ASSUMED: ")
    assert ("the time of China" in line) == (lon < 130 and lat > 0 and lon > 70)


def test_what_is_commented_out_as_an_example_works_too(tmp_path: Path) -> None:
    path = written(tmp_path, FOUND)
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("  # one-more", "  one-more").replace("  #   add_", "    add_"), encoding="utf-8"
    )
    assert [site.id for site in load(path).layouts["one-more"].sites] == [
        "new",
        "node-1",
        "relation-3",
        "way-22",
    ]


def test_titles_cannot_break_the_file(tmp_path: Path) -> None:
    odd = "a: \"b\" {c} # d\n- 'e'\x00\x1b \u2028 %{0} 兰州"
    scenario = load(written(tmp_path, FOUND, odd))
    assert scenario.file.title == "a: \"b\" {c} # d - 'e'    %{0} 兰州"


def test_many_stations_are_listed_in_part() -> None:
    many = [station(104, 36, f"s{i}", f"node/{i:03}") for i in range(50)]
    text = starter_scenario("town", "", many, NODES)
    assert "#   node-039  s39\n#   … and 10 more\n" in text
    assert text == starter_scenario("town", "", many[::-1], NODES), "the order of features changes nothing"


def test_a_network_without_fire_stations_gets_made_up_ones(tmp_path: Path) -> None:
    town(tmp_path, [FOUND[2]])
    path = tmp_path / "town.yaml"
    path.write_text(starter_scenario("town", "", [FOUND[2]], NODES), encoding="utf-8")
    scenario = load(path)
    assert scenario.notes == ()
    sites = {site.id: scenario.network.node_ids[site.node] for site in scenario.layouts["one-more"].sites}
    assert sites["station-1"] in {f"n{i}{j}" for i in (2, 3) for j in (2, 3)}, "in the middle"
    assert sites["station-2"] in {f"n{i}{j}" for i in (1, 2) for j in (1, 2)}, "in the south-west"
    assert [site.id for site in scenario.layouts["baseline"].sites] == ["station-1"]
    study = compare(scenario, list(scenario.layouts), 3, jobs=1)
    assert study.difference("one-more", "total.first.mean").mean < 0


def test_what_is_made_up_is_known() -> None:
    far = station(104.5, 36.0, "远站", "node/0")
    assert has_made_up_station([], NODES)
    assert has_made_up_station([FOUND[2], far], NODES)
    assert not has_made_up_station([FOUND[1], far], NODES)
