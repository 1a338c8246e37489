"""The shipped road networks are what their skeletons say, and keep what is known about the districts."""

from __future__ import annotations

import csv
import importlib.util
import io
import math
import random
import shutil
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ruamel.yaml import YAML
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

if TYPE_CHECKING:
    from types import ModuleType

NETWORKS = Path(__file__).parents[2] / "networks"
SKELETONS = NETWORKS / "skeletons"
DISTRICTS = sorted(path.parent.name for path in SKELETONS.glob("*/district.yaml"))
LANZHOU = "lanzhou-new-area"
FILES = ("node.csv", "link.csv", "network.yaml")


def _load_builder() -> ModuleType:
    """``networks`` is a folder of data and not a package, so its builder is loaded by path."""
    spec = importlib.util.spec_from_file_location("densify", NETWORKS / "densify.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["densify"] = module
    spec.loader.exec_module(module)
    return module


builder = _load_builder()


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


@pytest.fixture(scope="module", params=DISTRICTS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def built(name: str) -> Roads:
    return read(NETWORKS / name, NETWORKS / name / "network.yaml")


@pytest.fixture(scope="module")
def skeleton(name: str) -> Roads:
    return read(SKELETONS / name, NETWORKS / name / "network.yaml")


@pytest.fixture(scope="module")
def lanzhou() -> Roads:
    return read(NETWORKS / LANZHOU, NETWORKS / LANZHOU / "network.yaml")


def rebuilt(folder: Path) -> dict[str, bytes]:
    texts = builder.render(builder.densify(builder.read_skeleton(folder)))
    return {file: text.encode() for file, text in texts.items()}


def committed(name: str) -> dict[str, bytes]:
    return {file: (NETWORKS / name / file).read_bytes() for file in FILES}


def copy_skeleton(tmp_path: Path, name: str = LANZHOU) -> Path:
    return Path(shutil.copytree(SKELETONS / name, tmp_path / "skeletons" / name))


# The same skeleton gives the same bytes


def test_the_committed_files_are_what_the_skeleton_builds(name: str) -> None:
    assert rebuilt(SKELETONS / name) == committed(name)


def test_the_order_of_the_skeletons_rows_does_not_matter(name: str, tmp_path: Path) -> None:
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
    assert rebuilt(folder) == committed(name)


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
    ],
)  # fmt: skip
def test_a_skeleton_that_contradicts_itself_is_refused(
    file: str, old: str, new: str, message: str, tmp_path: Path
) -> None:
    path = copy_skeleton(tmp_path) / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(builder.SkeletonError) as error:
        builder.read_skeleton(path.parent)
    assert message in str(error.value)


def test_an_unknown_district_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert builder.main(["atlantis"]) == 2
    assert "atlantis" in capsys.readouterr().err


# The files


def test_files_have_unix_line_ends_and_sorted_rows(name: str) -> None:
    for file, content in committed(name).items():
        assert b"\r" not in content
        if file.endswith(".csv"):
            keys = [row[0] for row in csv.reader(io.StringIO(content.decode()))][1:]
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
    zones = builder.read_skeleton(SKELETONS / name).district.zones
    people: Counter[str] = Counter()
    for node in built.nodes.values():
        people[node["zone_id"]] += round(float(node["population"]) * 1000)
    assert people == {zone.id: zone.population * 1000 for zone in zones}


# The roads


def test_the_network_is_fine_and_in_one_piece(built: Roads) -> None:
    assert len(built.nodes) >= 1500
    assert connected_components(built.matrix(), directed=True, connection="strong")[0] == 1


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
            builder.Node("", "", float(node["x_coord"]), float(node["y_coord"]), "")
            for node in (built.nodes[street["from_node_id"]], built.nodes[street["to_node_id"]])
        )
        circuity = builder.ROAD_CLASSES[street["facility_type"]].circuity
        assert float(street["length"]) == pytest.approx(
            max(1, builder.haversine_m(one, other) * circuity), abs=0.06
        )


def test_streets_make_no_shortcut_between_the_skeletons_places(built: Roads, skeleton: Roads) -> None:
    for place in skeleton.nodes:
        before, after = skeleton.minutes_from([place]), built.minutes_from([place])
        assert {key: after[key] for key in before} == pytest.approx(before, abs=0.001)


def test_a_motorway_is_left_only_at_places_of_the_skeleton(lanzhou: Roads) -> None:
    degree: Counter[str] = Counter()
    for link in lanzhou.links.values():
        degree.update((link["from_node_id"], link["to_node_id"]))
    motorway = [link for link in lanzhou.links.values() if link["facility_type"] == "motorway"]
    between = {link["from_node_id"] for link in motorway if "." in link["from_node_id"]}
    assert between
    assert {degree[key] for key in between} == {2}


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
    network = builder.densify(builder.read_skeleton(path.parent))
    assert {"LHW-JCGS.motorway.45", "LHW-JCGS.village.47"} <= network.nodes.keys()
    assert "LHW-JCGS.01" not in network.nodes


@pytest.mark.parametrize(
    ("total", "parts", "decimals"), [(3740, 8, 1), (65140, 131, 1), (42000, 97, 3), (0, 5, 3)]
)
def test_shares_are_nearly_equal_and_add_up(total: float, parts: int, decimals: int) -> None:
    shares = builder.split(total, parts, decimals)
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
