"""The map payload, decoded and compared with the network, reckoned worlds and brute force."""

from __future__ import annotations

import json
import zlib
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely

from dispatch import load
from dispatch.briefing import mapping
from dispatch.briefing.frame import Frame
from dispatch.briefing.lines import lines_of
from dispatch.briefing.mapping import map_payload
from tests.small import small, write_scenario
from tests.statics.worlds import grid, roads

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.briefing.payload import MapPayload

HOSTILE = "</script><script>alert('\"1\"')</script>\n会宁 & <b>"


def decoded(payload: MapPayload, dx: list[int], dy: list[int]) -> list[tuple[float, float]]:
    """Return coordinates as the viewer reckons them."""
    west, south = payload["origin"]
    return [
        (west + x * payload["scale"], south + y * payload["scale"])
        for x, y in zip(accumulate(dx), accumulate(dy), strict=True)
    ]


def payload_of(folder: Path, **changes: Any) -> MapPayload:
    scenario = small(folder, **changes)
    found = map_payload(scenario, list(scenario.layouts), "baseline")
    assert found is not None
    return found


def test_a_line_of_nodes_is_drawn_where_it_is(tmp_path: Path) -> None:
    found = payload_of(tmp_path)
    assert decoded(found, found["node_dx"], found["node_dy"]) == [(600.0 * i, 0.0) for i in range(5)]
    ways = found["roads"]
    assert ways is not None
    assert ways["points"] == [2, 2, 2, 2]  # two-way streets once
    assert [sorted(ends) for ends in zip(ways["tail"], ways["head"], strict=True)] == [
        [0, 1], [1, 2], [2, 3], [3, 4],
    ]  # fmt: skip
    ends = decoded(found, ways["dx"], ways["dy"])
    nodes = [node for both in zip(ways["tail"], ways["head"], strict=True) for node in both]
    assert ends == [(600.0 * node, 0.0) for node in nodes]
    assert found["box"] == (0, 0, 24_000, 0)
    assert not found["geographic"]


def test_first_due_times_are_those_of_the_nearest_station(tmp_path: Path) -> None:
    layouts = {"one": {"close_stations": ["east"]}, "far": {"move_stations": {"east": "c"}}}
    found = payload_of(tmp_path, layouts=layouts)
    assert {each["id"]: each["first_due"] for each in found["layouts"]} == {
        "baseline": [0, 60, 120, 60, 0],
        "one": [0, 60, 120, 180, 240],
        "far": [0, 60, 0, 60, 120],
    }


def test_a_matrix_with_coordinates_has_a_map_without_roads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "networks" / "m").mkdir(parents=True)
    (tmp_path / "networks" / "m" / "network.yaml").write_text(
        "kind: matrix\nfile: t.csv\nunit: s\ncrs: local\n"
    )
    (tmp_path / "networks" / "m" / "t.csv").write_text("from,to,time\na,a,0\na,b,9\nb,a,9\nb,b,0\n")
    (tmp_path / "networks" / "m" / "node.csv").write_text("node_id,x_coord,y_coord\na,0,0\nb,5,7\n")
    changes: dict[str, Any] = {
        "network": "m",
        "stations": {"s": {"at": "a"}},
        "units": {"U": {"type": "engine", "station": "s"}},
    }
    scenario = small(tmp_path, **changes)
    found = map_payload(scenario, ["baseline"], "baseline")
    assert found is not None
    assert found["layouts"][0]["first_due"] == [0, 9]
    assert found["roads"] is None
    assert found["box"] == (0, 0, 50, 70)
    monkeypatch.setattr(mapping, "first_due", lambda *_: np.array([0.6, np.inf]))
    cut_off = map_payload(scenario, ["baseline"], "baseline")
    assert cut_off is not None
    assert cut_off["layouts"][0]["first_due"] == [1, -1]


def test_without_coordinates_there_is_no_map(tmp_path: Path) -> None:
    (tmp_path / "networks" / "m").mkdir(parents=True)
    (tmp_path / "networks" / "m" / "network.yaml").write_text("kind: matrix\nfile: t.csv\nunit: s\n")
    (tmp_path / "networks" / "m" / "t.csv").write_text("from,to,time\na,a,0\na,b,9\nb,a,9\nb,b,0\n")
    changes: dict[str, Any] = {
        "network": "m",
        "stations": {"s": {"at": "a"}},
        "units": {"U": {"type": "engine", "station": "s"}},
    }
    assert map_payload(small(tmp_path, **changes), ["baseline"], "baseline") is None


def test_changes_of_stations_against_the_reference(tmp_path: Path) -> None:
    layouts: dict[str, Any] = {
        "other": {
            "close_stations": ["west"],
            "move_stations": {"east": "d"},
            "add_stations": {"mid": {"at": "c", "title": "Mid"}},
            "add_units": {"M1": {"type": "engine", "station": "mid"}},
        },
        "more": {"add_units": {"W2": {"type": "engine", "station": "west"}}},
    }
    found = payload_of(tmp_path, layouts=layouts)
    changes = {
        each["id"]: [(s["id"], s["change"], s["units"], s["at"]) for s in each["stations"]]
        for each in found["layouts"]
    }
    assert changes == {
        "baseline": [("east", "", ["E1"], (24_000, 0)), ("west", "", ["W1"], (0, 0))],
        "other": [
            ("east", "moved", ["E1"], (18_000, 0)),
            ("mid", "added", ["M1"], (12_000, 0)),
            ("west", "closed", [], (0, 0)),
        ],
        "more": [("east", "", ["E1"], (24_000, 0)), ("west", "changed", ["W1", "W2"], (0, 0))],
    }
    assert [s["title"] for s in found["layouts"][1]["stations"]] == ["east", "Mid", "west"]


def test_zones_have_risks_and_stand_at_one_of_their_nodes(tmp_path: Path) -> None:
    zones = {"core": {"nodes": ["b", "c", "d"], "risk": "red", "title": HOSTILE}}
    found = payload_of(tmp_path, zones=zones)
    names = {zone["name"]: (zone["risk"], zone["at"]) for zone in found["zones"]}
    assert names[HOSTILE.strip()] == ("red", (12_000, 0))
    assert {names["left"][1], names["right"][1]} == {(0, 0), (24_000, 0)}
    assert found["zone_of"][1:4] == [found["zone_of"][1]] * 3
    assert found["zones"][found["zone_of"][0]]["name"] == "left"


def test_depots_and_hospitals_know_their_layouts(tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        "items": {"bags": {"unit": "bag", "weight": 20}},
        "depots": {"main": {"at": "b", "title": "Main", "stock": {"bags": 3}}},
        "layouts": {"moved": {"move_depots": {"main": "d"}}, "none": {"close_depots": ["main"]}},
        "hospitals": {"clinic": {"at": "e"}},
    }
    found = payload_of(tmp_path, **changes)
    assert [(s["id"], s["title"], s["at"], s["kind"], s["layouts"]) for s in found["sites"]] == [
        ("main", "Main", (6_000, 0), "depot", ["baseline"]),
        ("main", "Main", (18_000, 0), "depot", ["moved"]),
        ("clinic", "clinic", (24_000, 0), "hospital", ["baseline", "moved", "none"]),
    ]


def test_sources_tell_what_is_approximate(tmp_path: Path) -> None:
    path = write_scenario(tmp_path)
    meta = tmp_path / "networks" / "line" / "network.yaml"
    meta.write_text(
        meta.read_text() + "source: A map\nlicence: CC0\napproximate: true\nnotes: [Set by hand.]\n"
    )
    scenario = load(path)
    found = map_payload(scenario, ["baseline"], "baseline")
    assert found is not None
    assert found["sources"][:2] == ["A map", "CC0"]
    assert "Approximate" in found["sources"][2]
    assert found["sources"][3] == "Set by hand."


def test_named_nodes(tmp_path: Path) -> None:
    path = write_scenario(tmp_path)
    names = {"a": "", "b": "会宁", "c": "<b>", "d": "", "e": "East"}
    rows = "".join(f"{node},{name},{600 * i},0\n" for i, (node, name) in enumerate(names.items()))
    (tmp_path / "networks" / "line" / "node.csv").write_text("node_id,name,x_coord,y_coord\n" + rows, "utf-8")
    found = map_payload(load(path), ["baseline"], "baseline")
    assert found is not None
    assert found["named"] == [
        {"title": "会宁", "at": (6_000, 0)},
        {"title": "<b>", "at": (12_000, 0)},
        {"title": "East", "at": (24_000, 0)},
    ]


def test_lines_follow_their_geometry_from_tail_to_head() -> None:
    # the text of the second runs from its head to its tail
    texts = ["LINESTRING (0 0, 40 30, 100 0)", "LINESTRING (200 0, 170 -20, 130 -20, 100 0)", "nonsense"]
    links = [(0, 1, 10.0, 10.0), (1, 2, 10.0, 10.0), (2, 3, 10.0, 10.0)]
    network = roads([(0, 0), (100, 0), (200, 0), (300, 0)], links, geometry=texts)
    frame = Frame.of(network)
    assert frame is not None
    lines = lines_of(network, frame)
    x, y = frame.coordinates(lines.x, lines.y)
    drawn = np.split(np.column_stack((x, y)), np.cumsum(lines.points)[:-1])
    by_ends = {
        (int(t), int(h)): line.tolist() for t, h, line in zip(lines.tail, lines.head, drawn, strict=True)
    }
    assert by_ends == {
        (0, 1): [[0, 0], [40, 30], [100, 0]],
        (1, 2): [[100, 0], [130, -20], [170, -20], [200, 0]],
        (2, 3): [[200, 0], [300, 0]],
    }
    assert lines.near == 0.0


def test_very_many_points_are_thinned_openly_and_within_the_limit() -> None:
    rng = np.random.default_rng(7)
    links, texts, at = [], [], [(0.0, 0.0)]
    for i in range(40):
        at.append((1000.0 * (i + 1), 0.0))
        links.append((i, i + 1, 60.0, 60.0))
        x = np.linspace(1000.0 * i, 1000.0 * (i + 1), 60)
        y = np.concatenate(([0.0], np.cumsum(rng.normal(0.0, 6.0, 58)), [0.0]))
        texts.append("LINESTRING (" + ", ".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True)) + ")")
    network = roads(at, links, geometry=texts)
    frame = Frame.of(network)
    assert frame is not None
    whole, thin = lines_of(network, frame), lines_of(network, frame, most=1600)
    assert len(whole.x) == 2400
    assert len(thin.x) < 1600
    assert thin.near in (5.0, 20.0)
    edges = np.cumsum(thin.points)[:-1], np.cumsum(whole.points)[:-1]
    kept, all_of = (
        np.split(np.column_stack(frame.coordinates(lines.x, lines.y)), edge)
        for lines, edge in zip((thin, whole), edges, strict=True)
    )
    for plain, exact in zip(kept, all_of, strict=True):
        away = shapely.hausdorff_distance(shapely.linestrings(plain), shapely.linestrings(exact))
        assert away <= thin.near + 1e-6
        assert (plain[0] == exact[0]).all()
        assert (plain[-1] == exact[-1]).all()


def test_a_network_on_both_sides_of_the_date_line_stays_together() -> None:
    network = roads([(179.99, -16.8), (-179.99, -16.8)], [(0, 1, 60.0, 60.0)], crs="EPSG:4326")
    frame = Frame.of(network)
    assert frame is not None
    x, _ = frame.steps(network.x, network.y)
    assert np.ptp(x) == 20_000  # 0.02 degrees
    assert x.min() >= 0


@pytest.mark.parametrize("size", [1, 2])
def test_tiny_networks(size: int) -> None:
    network = roads([(5.0 * i, 2.0) for i in range(size)], [(0, 1, 1.0, 1.0)][: size - 1])
    frame = Frame.of(network)
    assert frame is not None
    lines = lines_of(network, frame, most=0)
    assert lines.points.tolist() == [2] * (size - 1)


def test_a_city_packs_well() -> None:
    network = grid(100, 101)  # about 20,000 links
    frame = Frame.of(network)
    assert frame is not None
    lines = lines_of(network, frame)
    assert len(lines.points) > 19_900
    text = json.dumps([np.diff(lines.x).tolist(), np.diff(lines.y).tolist(), lines.tail.tolist()])
    assert len(zlib.compress(text.encode(), 9)) < 500_000
