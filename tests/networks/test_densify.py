"""The shipped road networks are what their skeletons say, and keep what is known about the districts."""

from __future__ import annotations

import csv
import io
import math
import random
import shutil
import sys
from collections import Counter
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ruamel.yaml import YAML
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from dispatch.roads.network import load_network

if TYPE_CHECKING:
    from types import ModuleType

NETWORKS = Path(__file__).parents[2] / "networks"
SKELETONS = NETWORKS / "skeletons"
SHIPPED = ["gulou", "huining", "lanzhou-new-area", "qingxin"]
GULOU, HUINING, LANZHOU, QINGXIN = SHIPPED
FILES = ("node.csv", "link.csv", "network.yaml")
TWO_WAY = (("A", "C", "false"),)
ONE_WAY = (("A", "C", "true"), ("C", "A", "true"))


def _load(module: str) -> ModuleType:
    """``networks`` is a folder of data and not a package, so its builder is loaded by path."""
    sys.path.insert(0, str(NETWORKS))
    try:
        return import_module(module)
    finally:
        sys.path.remove(str(NETWORKS))


skeletons, streets, builder = _load("skeleton"), _load("streets"), _load("densify")


@dataclass(frozen=True)
class Roads:
    """A network as its files tell it: rows by id, and an appliance's free-flow minutes."""

    nodes: dict[str, dict[str, str]]
    links: dict[str, dict[str, str]]
    about: dict[str, Any]

    def minutes(self, link: dict[str, str]) -> float:
        speed = float(link["free_speed"] or self.about["speeds"][link["facility_type"]])
        return float(link["length"]) / 1000 / (speed * float(self.about["factors"]["emergency"])) * 60

    def matrix(self) -> csr_array:
        index = {key: i for i, key in enumerate(self.nodes)}
        arcs: dict[tuple[int, int], float] = {}
        for link in self.links.values():
            ends = index[link["from_node_id"]], index[link["to_node_id"]]
            for arc in (ends, ends[::-1])[: 1 if link["directed"] == "true" else 2]:
                arcs[arc] = min(
                    self.minutes(link), arcs.get(arc, math.inf)
                )  # two roads may join the same ends
        rows, columns = zip(*arcs, strict=True)
        return csr_array((list(arcs.values()), (rows, columns)), shape=(len(index), len(index)))

    def minutes_from(self, stations: list[str]) -> dict[str, float]:
        """Minutes from the nearest station to every node."""
        index = list(self.nodes)
        found = dijkstra(self.matrix(), indices=[index.index(key) for key in stations]).min(axis=0)
        return dict(zip(index, found.tolist(), strict=True))


def read(folder: Path, about: Path) -> Roads:
    def table(name: str) -> dict[str, dict[str, str]]:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        key = f"{name.removesuffix('.csv')}_id"
        assert len({row[key] for row in rows}) == len(rows)
        return {row[key]: row for row in rows}

    return Roads(
        table("node.csv"), table("link.csv"), YAML(typ="safe").load(about.read_text(encoding="utf-8"))
    )


@pytest.fixture(scope="module", params=SHIPPED)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(name: str) -> Path:
    return NETWORKS / name


@pytest.fixture(scope="module")
def built(folder: Path) -> Roads:
    return read(folder, folder / "network.yaml")


@pytest.fixture(scope="module")
def skeleton(name: str, folder: Path) -> Roads:
    return read(SKELETONS / name, folder / "network.yaml")


@pytest.fixture(scope="module")
def lanzhou() -> Roads:
    return read(NETWORKS / LANZHOU, NETWORKS / LANZHOU / "network.yaml")


def rebuilt(folder: Path) -> dict[str, bytes]:
    texts = builder.render(streets.densify(skeletons.read_skeleton(folder)))
    return {file: text.encode() for file, text in texts.items()}


def content(folder: Path) -> dict[str, bytes]:
    return {file: (folder / file).read_bytes() for file in FILES}


def copy_skeleton(tmp_path: Path, name: str = LANZHOU) -> Path:
    return Path(shutil.copytree(SKELETONS / name, tmp_path / "skeletons" / name))


# The same skeleton gives the same bytes


@pytest.mark.parametrize("name", SHIPPED)
def test_the_committed_files_are_what_the_skeleton_builds(name: str) -> None:
    assert rebuilt(SKELETONS / name) == content(NETWORKS / name)


def test_every_skeleton_and_every_shipped_network_is_tested_here() -> None:
    assert sorted(path.name for path in SKELETONS.iterdir()) == SHIPPED
    assert sorted(path.parent.name for path in NETWORKS.glob("*/network.yaml")) == SHIPPED
    assert builder.shipped() == SHIPPED


def test_the_order_of_the_skeletons_rows_does_not_matter(name: str, folder: Path, tmp_path: Path) -> None:
    known = content(folder)
    folder = copy_skeleton(tmp_path, name)
    for file in ("node.csv", "link.csv"):
        head, *rows = (folder / file).read_text(encoding="utf-8").splitlines()
        random.Random(7).shuffle(rows)
        (folder / file).write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    yaml, about = YAML(typ="safe"), folder / "district.yaml"
    district = yaml.load(about.read_text(encoding="utf-8"))
    district["zones"].reverse()
    district["grids"].reverse()
    with about.open("w", encoding="utf-8") as stream:
        yaml.dump(district, stream)
    assert rebuilt(folder) == known


def test_check_tells_stale_files_from_fresh_ones_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copy_skeleton(tmp_path)
    monkeypatch.setattr(builder, "HERE", tmp_path)
    assert builder.main([LANZHOU, "--check"]) == 1
    assert not (tmp_path / LANZHOU).exists()
    assert builder.main([LANZHOU]) == 0
    assert builder.main([LANZHOU, "--check"]) == 0
    (tmp_path / LANZHOU / "link.csv").write_text("", encoding="utf-8")
    capsys.readouterr()
    assert builder.main([LANZHOU, "--check"]) == 1
    assert capsys.readouterr().out == "out of date: link.csv\n"


def test_without_a_name_all_networks_beside_their_skeletons_are_built_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = [LANZHOU, QINGXIN]
    for name in SHIPPED:
        copy_skeleton(tmp_path, name)
    for name in beside:
        (tmp_path / name).mkdir()
    monkeypatch.setattr(builder, "HERE", tmp_path)
    assert builder.main(["--check"]) == 1
    assert builder.main([]) == 0
    assert [content(tmp_path / name) for name in beside] == [content(NETWORKS / name) for name in beside]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*beside, "skeletons"])
    assert builder.main([GULOU, "atlantis"]) == 2
    assert content(tmp_path / GULOU) == content(NETWORKS / GULOU)
    assert "atlantis" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("node.csv", "\nLHW,", "\nNEW,", "NEW is in no zone"),
        ("node.csv", "\nLHW,", "\nLSX,x,103.0,36.0\nLHW,", "LSX stands twice"),
        ("node.csv", "\nLHW,中川国际机场,103.62,36.515", "", "no such node in node.csv: ['LHW']"),
        ("link.csv", "LHW,ZCZ,false,5790,primary", "LHW,ZCZ,false,5790,avenue", "avenue"),
        ("link.csv", "LHW,ZCZ,false", "LHW,GWH,false", "a second primary"),
        ("district.yaml", "nodes: [ZCZ]", "nodes: [ZCZ, CHC]", "['CHC'] stand twice"),
        ("district.yaml", "id: rural", "id: country", "['rural'] are missing"),
        ("district.yaml", "{centre: ZCZ, half_east_m: 1750", "{centre: ZCZ, half_east_m: 1700", "multiple"),
        ("district.yaml", "half_north_m: 500, spacing_m: 250, street_class: local",
         "half_north_m: 750, spacing_m: 250, street_class: local", "overlap"),
        ("district.yaml", "street_class: local}", "street_class: alley}", "alley"),
        ("district.yaml", "licence:", "license:", "licence"),
        ("node.csv", "LHW,中川国际机场,103.62", "LHW,中川国际机场,1O3.62", "node LHW: x_coord '1O3.62'"),
        ("node.csv", "x_coord", "lon", "no columns ['x_coord']"),
        ("link.csv", "LHW,ZCZ,false,5790", "LHW,ZCZ,false,5.79", "5.79 m is shorter than the straight line"),
        ("link.csv", "LHW,ZCZ,false,5790,primary,50", "LHW,ZCZ,false,5790,primary,0", "free_speed '0'"),
    ],
)  # fmt: skip
def test_a_skeleton_that_contradicts_itself_is_refused(
    file: str, old: str, new: str, message: str, tmp_path: Path
) -> None:
    path = copy_skeleton(tmp_path) / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(skeletons.SkeletonError) as error:
        skeletons.read_skeleton(path.parent)
    assert message in str(error.value)


def test_an_unknown_district_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert builder.main(["atlantis"]) == 2
    assert "atlantis" in capsys.readouterr().err


# The files


def test_files_have_unix_line_ends_and_sorted_rows(folder: Path) -> None:
    for file, data in content(folder).items():
        assert b"\r" not in data
        if file.endswith(".csv"):
            keys = [row[0] for row in csv.reader(io.StringIO(data.decode()))][1:]
            assert keys == sorted(keys)


def test_the_network_says_that_it_is_approximate(built: Roads, name: str) -> None:
    assert list(built.about) == [
        "name", "title", "kind", "crs", "source", "licence", "approximate", "notes", "length_unit",
        "speed_unit", "speeds", "factors",
    ]  # fmt: skip
    assert built.about["name"] == name
    assert built.about["approximate"] is True
    assert "approximate" in built.about["title"]
    assert len(built.about["notes"]) > len(builder.BUILDER_NOTES)


def test_every_node_is_in_a_known_zone_and_all_inhabitants_live_somewhere(built: Roads, name: str) -> None:
    zones = skeletons.read_skeleton(SKELETONS / name).district.zones
    people: Counter[str] = Counter()
    for node in built.nodes.values():
        people[node["zone_id"]] += round(float(node["population"]) * 1000)
    assert people == {zone.id: zone.population * 1000 for zone in zones}


# The roads


def test_the_network_is_fine_and_in_one_piece(built: Roads, name: str) -> None:
    assert len(built.nodes) >= (1500 if name != GULOU else 900)  # a district of 36 km2
    assert connected_components(built.matrix(), directed=True, connection="strong")[0] == 1


def test_the_simulator_takes_the_whole_network_and_suspects_nothing(folder: Path, built: Roads) -> None:
    network = load_network(folder)
    told = network.summary()
    assert told["nodes"] == len(built.nodes)
    assert told["links"] == len(built.links)
    assert told["strong_components"] == 1
    assert told["suspicious_links"] == 0
    assert list(network.notes) == built.about["notes"]


def test_skeleton_nodes_keep_their_names_and_places(built: Roads, skeleton: Roads) -> None:
    for key, place in skeleton.nodes.items():
        node = built.nodes[key]
        assert node["name"] == place["name"]
        assert float(node["x_coord"]) == pytest.approx(float(place["x_coord"]), abs=1e-6)
        assert float(node["y_coord"]) == pytest.approx(float(place["y_coord"]), abs=1e-6)


def test_main_roads_are_cut_into_short_parts_without_changing_length_or_time(
    built: Roads, skeleton: Roads
) -> None:
    for key, road in skeleton.links.items():
        parts = [part for link_id, part in built.links.items() if link_id.startswith(f"{key}.")]
        lengths = [float(part["length"]) for part in parts]
        assert max(lengths) <= 500
        assert max(lengths) - min(lengths) < 0.11
        assert sum(lengths) == pytest.approx(float(road["length"]), abs=0.05)
        assert sum(map(built.minutes, parts)) == pytest.approx(skeleton.minutes(road), abs=0.0001)
        assert {part["facility_type"] for part in parts} == {road["facility_type"]}
        assert all(one["to_node_id"] == other["from_node_id"] for one, other in pairwise(parts))
        assert parts[0]["from_node_id"] == road["from_node_id"]
        assert parts[-1]["to_node_id"] == road["to_node_id"]


def test_streets_are_as_long_as_their_class_winds(built: Roads, skeleton: Roads) -> None:
    streets = [link for key, link in built.links.items() if key.rpartition(".")[0] not in skeleton.links]
    assert streets
    for street in streets:
        one, other = (
            skeletons.Node("", "", float(node["x_coord"]), float(node["y_coord"]), "")
            for node in (built.nodes[street["from_node_id"]], built.nodes[street["to_node_id"]])
        )
        circuity = skeletons.ROAD_CLASSES[street["facility_type"]].circuity
        assert float(street["length"]) == pytest.approx(
            max(1, skeletons.haversine_m(one, other) * circuity), abs=0.06
        )


def test_streets_make_no_shortcut_between_the_skeletons_places(built: Roads, skeleton: Roads) -> None:
    for place in skeleton.nodes:
        before, after = skeleton.minutes_from([place]), built.minutes_from([place])
        assert {key: after[key] for key in before} == pytest.approx(before, abs=0.001)


@pytest.mark.parametrize("name", [HUINING, LANZHOU, QINGXIN], indirect=True)
def test_a_motorway_is_left_only_at_places_of_the_skeleton_and_nobody_lives_along_it(built: Roads) -> None:
    degree: Counter[str] = Counter()
    for link in built.links.values():
        degree.update((link["from_node_id"], link["to_node_id"]))
    motorway = [link for link in built.links.values() if link["facility_type"] == "motorway"]
    between = {link["from_node_id"] for link in motorway if "." in link["from_node_id"]}
    assert between
    assert {degree[key] for key in between} == {2}
    assert {float(built.nodes[key]["population"]) for key in between} == {0}


def test_a_connector_that_opens_a_shortcut_between_places_is_left_out(tmp_path: Path) -> None:
    """Two roads leave A nearly side by side: streets tie the fast one; none crosses to the slow one."""
    write_world(tmp_path, 15)
    network = streets.densify(skeletons.read_skeleton(tmp_path))
    tied = {link.from_id for link in network.links if "~" in link.link_id}
    assert tied == {"A", "A-B.01", "A-B.02"}
    write_world(tmp_path, 90)
    network = streets.densify(skeletons.read_skeleton(tmp_path))
    tied = {link.from_id for link in network.links if "~" in link.link_id}
    assert tied == {"A", "A-B.01", "A-B.02", "A-C.01", "A-C.02"}


@pytest.mark.parametrize("way", [0, 1])
def test_a_shortcut_in_one_direction_only_is_left_out_too(way: int, tmp_path: Path) -> None:
    """The secondary road has a link each way: one has its shortcut into C, the other one out of C."""
    write_world(tmp_path, 15, slow=ONE_WAY)
    links = streets.densify(skeletons.read_skeleton(tmp_path)).links
    stem = "-".join(ONE_WAY[way][:2])
    assert any(link.from_id.startswith(f"{stem}.") for link in links)
    assert not any(link.from_id.startswith(f"{stem}.") for link in links if "~" in link.link_id)


def test_a_skeleton_in_two_parts_is_refused(tmp_path: Path) -> None:
    write_world(tmp_path, 90, slow=ONE_WAY[:1])
    with pytest.raises(skeletons.SkeletonError, match=r"no way from every place to \['A', 'B'\]"):
        streets.densify(skeletons.read_skeleton(tmp_path))


def write_world(folder: Path, angle: float, slow: tuple[tuple[str, str, str], ...] = TWO_WAY) -> None:
    """Roads of 4.8 km at the equator: a primary one from A east to B, secondary ones turned off it to C."""
    degree = math.radians(skeletons.EARTH_RADIUS_M)
    turn = math.radians(angle)
    nodes = [("A", 10.0, 0.0), ("B", 10 + 4000 / degree, 0.0)]
    nodes += [("C", 10 + 4000 * math.cos(turn) / degree, 4000 * math.sin(turn) / degree)]
    with (folder / "node.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([skeletons.NODE_FIELDS, *((key, key, x, y) for key, x, y in nodes)])
    ends = [("A", "B", "false", "primary"), *((*road, "secondary") for road in slow)]
    roads = [(f"road{i}", *end[:3], 4800, end[3], "") for i, end in enumerate(ends)]
    with (folder / "link.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([skeletons.LINK_FIELDS, *roads])
    zone = {"name": "z", "kind": "z", "population": 0, "population_source": "none"}
    about: dict[str, Any] = dict.fromkeys(("name", "title", "source", "licence"), "world")
    about |= {"notes": [], "zones": [{"id": "town", "nodes": ["A", "B", "C"], **zone}]}
    about["zones"] += [{"id": key, "nodes": [], **zone} for key in ("rural", "outside")]
    about["grids"] = [
        {"centre": "A", "half_east_m": 1000, "half_north_m": 1000, "spacing_m": 250, "street_class": "local"}
    ]
    with (folder / "district.yaml").open("w", encoding="utf-8") as stream:
        YAML(typ="safe").dump(about, stream)


def test_a_speed_that_differs_from_its_class_is_written_down(tmp_path: Path) -> None:
    path = copy_skeleton(tmp_path) / "link.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("5790,primary,50", "5790,primary,45"), encoding="utf-8")
    rows = csv.DictReader(io.StringIO(rebuilt(path.parent)["link.csv"].decode()))
    own = [row["link_id"] for row in rows if row["free_speed"] == "45"]
    assert own == [f"lanzhou_new_area_000.{part:02d}" for part in range(1, 13)]


def test_two_roads_between_the_same_places_are_told_apart_by_class(tmp_path: Path) -> None:
    path = copy_skeleton(tmp_path) / "link.csv"
    with path.open("a", encoding="utf-8") as file:
        file.write("old_road,LHW,JCGS,false,24000,village,\n")
    network = streets.densify(skeletons.read_skeleton(path.parent))
    assert {"LHW-JCGS.motorway.45", "LHW-JCGS.village.47"} <= network.nodes.keys()
    assert "LHW-JCGS.01" not in network.nodes


@pytest.mark.parametrize(
    ("total", "parts", "decimals"), [(3740, 8, 1), (65140, 131, 1), (42000, 97, 3), (0, 5, 3)]
)
def test_shares_are_nearly_equal_and_add_up(total: float, parts: int, decimals: int) -> None:
    shares = streets.split(total, parts, decimals)
    assert len(shares) == parts
    assert math.fsum(shares) == pytest.approx(total, abs=1e-9)
    assert max(shares) - min(shares) < 1.1 * 10**-decimals


# Lanzhou New Area: what is known about one station and about the plan for four


GOLDEN = {
    "today": (["ZCZ"], 2, 6, 17.2, 30.3, 43.0),
    "the plan": (["ZCZ", "ZBZ", "SHS", "WLP"], 5, 20, 8.0, 15.7, 30.3),
    "the plan and Xicha": (["ZCZ", "ZBZ", "SHS", "WLP", "XCZ"], 6, 21, 7.3, 13.8, 30.3),
}


@pytest.mark.parametrize("case", GOLDEN)
def test_travel_times_to_the_thirty_places_of_lanzhou_new_area(case: str, lanzhou: Roads) -> None:
    stations, within_4, within_8, mean, ninetieth, longest = GOLDEN[case]
    places = read(SKELETONS / LANZHOU, NETWORKS / LANZHOU / "network.yaml").nodes
    found = lanzhou.minutes_from(stations)
    minutes = np.array([found[key] for key in places if lanzhou.nodes[key]["zone_id"] != "outside"])
    assert len(minutes) == 30
    assert (minutes <= 4).sum() == within_4
    assert (minutes <= 8).sum() == within_8
    # The 27th of 30 in order: the smallest time that nine places in ten do not exceed.
    reached = np.quantile(minutes, 0.9, method="inverted_cdf")
    assert [minutes.mean(), reached, minutes.max()] == pytest.approx([mean, ninetieth, longest], abs=0.05)


def test_lanzhou_new_area_has_the_inhabitants_of_its_plan(lanzhou: Roads) -> None:
    assert math.fsum(float(node["population"]) for node in lanzhou.nodes.values()) == pytest.approx(160_000)


# The other districts: what is known about travel at free flow


@pytest.mark.parametrize(
    ("name", "start", "end", "minutes"),
    [
        (QINGXIN, "TH", "BJH", 16), (QINGXIN, "QC", "BJH", 26), (QINGXIN, "TH", "LZB", 53),
        (QINGXIN, "TH", "SHT", 74), (QINGXIN, "YSX", "SHT", 101), (QINGXIN, "TH", "HY", 25),
        (HUINING, "HS", "GCY", 87), (HUINING, "HS", "XY", 173), (HUINING, "JY", "GCY", 62),
        (HUINING, "HS", "LJP", 40), (HUINING, "JN", "LJP", 42), (HUINING, "DX", "LJP", 75),
        (HUINING, "HS", "PTC", 42),
        (GULOU, "TJ", "MW", 6), (GULOU, "JA", "MW", 6), (GULOU, "CS", "MW", 9),
    ],
    indirect=["name"],
)  # fmt: skip
def test_travel_times_between_the_places_of_the_other_districts(
    built: Roads, start: str, end: str, minutes: float
) -> None:
    assert built.minutes_from([start])[end] == pytest.approx(minutes, abs=0.55)


@pytest.mark.parametrize(
    ("name", "stations", "slower", "within", "mean"),
    [
        (GULOU, ["DJK"], 1, {4: 14, 5: 17, 7: 21, 8: 21}, None),
        (GULOU, ["DJK"], 1.8, {4: 7, 5: 8, 8: 15}, None),
        (GULOU, ["DJK"], 2.5, {4: 4, 5: 6, 8: 9}, None),
        (GULOU, ["DJK", "HSQ", "HD"], 1.8, {4: 12, 5: 13, 8: 20}, None),
        (HUINING, ["HS"], 1, {15: 2, 30: 5, 60: 9, 90: 15}, 80),
        (HUINING, ["HS", "GCY"], 1, {15: 3, 30: 9, 60: 14, 90: 19}, 59),
        (HUINING, ["HS", "GCY", "SFW"], 1, {15: 4, 30: 11, 60: 18, 90: 23}, 47),
        (HUINING, ["HS", "GCY", "SFW", "HJC2"], 1, {15: 5, 30: 13, 60: 21, 90: 25}, 40),
        (HUINING, ["HS", "GCY", "SFW", "HJC2", "TZ"], 1, {15: 6, 30: 14, 60: 24, 90: 26}, 33),
    ],
    indirect=["name"],
)
def test_places_within_so_many_minutes_of_stations(
    built: Roads,
    skeleton: Roads,
    name: str,
    stations: list[str],
    slower: float,
    within: dict[int, int],
    mean: float | None,
) -> None:
    apart = {"HS", "QJY"} if name == HUINING else set()  # the county's own seat, and no seat of a township
    found = {key: slower * minutes for key, minutes in built.minutes_from(stations).items()}
    places = [key for key in skeleton.nodes if built.nodes[key]["zone_id"] != "outside" and key not in apart]
    assert len(places) == {GULOU: 21, HUINING: 27}[name]
    assert {limit: sum(found[key] <= limit for key in places) for limit in within} == within
    if mean:
        assert math.fsum(found[key] for key in places) / len(places) == pytest.approx(mean, abs=0.5)


@pytest.mark.parametrize(
    ("name", "people"), [(GULOU, 669_090), (HUINING, 400_400), (QINGXIN, 618_523)], indirect=["name"]
)
def test_a_district_has_the_inhabitants_of_its_census_or_statistics(built: Roads, people: int) -> None:
    assert math.fsum(float(node["population"]) for node in built.nodes.values()) == pytest.approx(people)
