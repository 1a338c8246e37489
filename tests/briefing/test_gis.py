"""Layers for other programs, read back with nothing but SQLite, JSON and XML."""

from __future__ import annotations

import json
import sqlite3
import struct
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import shapely
from shapely.geometry import shape

from dispatch.briefing.colours import FIRST_DUE, RISK, STATION
from dispatch.briefing.gis import map_layers, write_gis
from dispatch.briefing.styles import Category, Symbol, categorised, literal
from dispatch.composition import find_layout, simulate
from dispatch.errors import UsageError
from dispatch.statics.survey import Question, survey
from dispatch.timeline import draw
from tests.small import small

if TYPE_CHECKING:
    from pathlib import Path

    import dispatch
    from dispatch.briefing.layers import MapLayer
    from dispatch.engine.log import Log

HOSTILE = "a\"b' <script>alert(1)</script> & 会宁"
LAYOUTS: dict[str, Any] = {
    "other": {
        "close_stations": ["west"],
        "move_stations": {"east": "d"},
        "add_stations": {"mid": {"at": "c", "title": HOSTILE}},
        "add_units": {"M1": {"type": "engine", "station": "mid"}},
    }
}
ZONES = {"core": {"nodes": ["b", "c"], "risk": "orange", "title": HOSTILE}}


def world(folder: Path) -> tuple[dispatch.Scenario, Log]:
    scenario = small(
        folder,
        layouts=LAYOUTS,
        zones=ZONES,
        start="2024-03-30T22:00:00+08:00",
        hospitals={"clinic": {"at": "e", "title": "医院", "beds": 2}},
    )
    return scenario, simulate(scenario, find_layout(scenario, "other"), draw(scenario, 0))


def layers_of(folder: Path) -> dict[str, MapLayer]:
    scenario, log = world(folder)
    found = survey(scenario, ["baseline", "other"], Question((300.0,)))
    results = {"core": {"p90_s_other": 12.5}}
    layers = map_layers(scenario, ["baseline", "other"], "baseline", found, log, results)
    return {layer.name: layer for layer in layers}


def drawn(layer: MapLayer) -> ET.Element:
    found = ET.fromstring(layer.style).find("renderer-v2")
    assert found is not None
    return found


def test_all_layers_are_there(tmp_path: Path) -> None:
    assert set(layers_of(tmp_path)) == {
        "roads", "stations", "zones", "jurisdictions", "hospitals", "incidents", "demand",
    }  # fmt: skip


def test_roads_bear_first_due_times_and_changes(tmp_path: Path) -> None:
    roads = layers_of(tmp_path)["roads"].features
    assert [
        tuple(f.properties[name] for name in ("first_due_s_baseline", "first_due_s_other", "change_s_other"))
        for f in sorted(roads, key=lambda f: min(p[0] for p in f.geometry["coordinates"]))  # type: ignore[index]
    ] == [
        (30.0, 90.0, 60.0),  # a to b: 0 and 60 s before, 120 and 60 s after
        (90.0, 30.0, -60.0),
        (90.0, 0.0, -90.0),
        (30.0, 30.0, 0.0),
    ]


def test_stations_tell_their_change(tmp_path: Path) -> None:
    rows = {f.id: f.properties for f in layers_of(tmp_path)["stations"].features}
    assert {name: (row["change"], row["units"], row["node"]) for name, row in rows.items()} == {
        "baseline/east": ("", "E1", "e"),
        "baseline/west": ("", "W1", "a"),
        "other/east": ("moved", "E1", "d"),
        "other/mid": ("added", "M1", "c"),
        "other/west": ("closed", "", "a"),
    }
    assert rows["other/mid"]["title"] == HOSTILE


def test_every_call_is_there_with_its_times(tmp_path: Path) -> None:
    scenario, log = world(tmp_path)
    (layer,) = (
        layer for layer in map_layers(scenario, ["other"], "other", None, log) if layer.name == "incidents"
    )
    assert len(layer.features) == len(log.timeline) > 5
    for call, feature in enumerate(layer.features):
        row = feature.properties
        received = float(log.timeline.received[call])
        assert row["received"] - datetime.fromisoformat("2024-03-30T22:00:00+08:00") == timedelta(
            seconds=round(received, 3)
        )
        assert row["first_s"] == pytest.approx(log.incidents.first_on_scene[call] - received, abs=1e-3)
        at = "abcde".index(row["node"])
        assert feature.geometry == {"type": "Point", "coordinates": [600.0 * at, 0.0]}


def test_demand_is_calls_a_year(tmp_path: Path) -> None:
    features = layers_of(tmp_path)["demand"].features
    assert sum(f.properties["calls_per_year"] for f in features) == pytest.approx(24 * 365.25, rel=1e-5)


def test_zones_of_a_town_are_the_land_around_their_nodes(tmp_path: Path) -> None:
    home = tmp_path / "networks" / "block"
    home.mkdir(parents=True)
    spots = {f"n{i}{j}": (i * 1000, j * 1000) for i in range(3) for j in range(3)}
    (home / "network.yaml").write_text("crs: local\nspeeds: {road: 36}\n")
    rows = "".join(f"{name},{x},{y},{'w' if x == 0 else 'e'}\n" for name, (x, y) in spots.items())
    (home / "node.csv").write_text("node_id,x_coord,y_coord,zone_id\n" + rows)
    ways = [(f"n{i}{j}", f"n{i}{j + 1}") for i in range(3) for j in range(2)]
    ways += [(f"n{i}0", f"n{i + 1}0") for i in range(2)]
    links = "".join(f"{a},{b},false,road\n" for a, b in ways)
    (home / "link.csv").write_text("from_node_id,to_node_id,directed,facility_type\n" + links)
    scenario = small(tmp_path, network="block", stations={"s": {"at": "n00"}},
                     units={"U": {"type": "engine", "station": "s"}})  # fmt: skip
    (layer,) = (layer for layer in map_layers(scenario, ["baseline"], "baseline") if layer.name == "zones")
    west, east = (next(shape(f.geometry) for f in layer.features if f.id == zone) for zone in "we")
    assert west.bounds[2] == pytest.approx(500.0, abs=0.1)  # half way to the next nodes
    assert east.bounds[0] == pytest.approx(500.0, abs=0.1)
    for x, y in spots.values():
        assert shapely.contains_xy(west if x == 0 else east, x, y)
    whole = shapely.buffer(shapely.box(0, 0, 2000, 2000), 250.0)
    assert west.area + east.area == pytest.approx(whole.area, rel=1e-4)


def test_nodes_on_a_line_stand_for_their_zone(tmp_path: Path) -> None:
    features = {f.id: f for f in layers_of(tmp_path)["zones"].features}
    core = features["core"]
    assert core.geometry == {"type": "MultiPoint", "coordinates": [[600.0, 0.0], [1200.0, 0.0]]}
    assert core.properties["risk"] == "orange"
    assert core.properties["p90_s_other"] == 12.5
    assert "p90_s_other" not in features["left"].properties


def test_styles_use_the_colours_of_the_map(tmp_path: Path) -> None:
    layers = layers_of(tmp_path)
    roads = drawn(layers["roads"])
    assert roads.get("type") == "graduatedSymbol"
    assert '"first_due_s_other"' in str(roads.get("attr"))
    uppers = [float(str(each.get("upper"))) for each in roads.findall("ranges/range")]
    assert uppers[:5] == [limit for limit, _ in FIRST_DUE[:5]]
    for renderer, colours, option in (
        (roads, [colour for _, colour in FIRST_DUE], "line_color"),
        (drawn(layers["stations"]), list(STATION.values())[:4], "color"),
    ):
        symbols = {s.get("name"): s for s in renderer.findall("symbols/symbol")}
        for number, colour in enumerate(colours):
            rgb = ",".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
            value = symbols[str(number)].find(f"layer/Option/Option[@name='{option}']")
            assert value is not None
            assert value.get("value") == f"{rgb},255"
    stations = drawn(layers["stations"])
    values = [c.get("value") for c in stations.findall("categories/category")]
    assert values == ["same", *list(STATION)[1:]]  # an empty one would draw the stations of other layouts
    assert "'other'" in str(stations.get("attr"))
    risks = [c.get("value") for c in drawn(layers["zones"]).findall("categories/category")]
    assert risks == [*RISK, ""]


def test_hostile_words_stay_words() -> None:
    symbol = Symbol("marker", "#000000")
    text = categorised("x", [Category(HOSTILE + "\0\x1f", HOSTILE, symbol)])
    (found,) = ET.fromstring(text).iter("category")
    assert found.get("label") == HOSTILE
    assert found.get("value") == HOSTILE + "��"
    assert "<script>" not in text
    assert literal("it's a \\") == r"'it''s a \\'"


def test_a_geopackage_has_layers_types_and_styles(tmp_path: Path) -> None:
    layers = layers_of(tmp_path)
    scenario, log = world(tmp_path)
    path = tmp_path / "out.gpkg"
    write_gis(path, tuple(layers.values()), scenario.network)
    with closing(sqlite3.connect(path)) as database:
        kinds = dict(database.execute("SELECT table_name, data_type FROM gpkg_contents"))
        assert kinds == {**dict.fromkeys(layers, "features"), "layer_styles": "attributes"}
        for name, layer in layers.items():
            (count,) = database.execute(f"SELECT count(*) FROM {name}").fetchone()
            assert count == len(layer.features)
        columns = {row[1]: row[2] for row in database.execute("PRAGMA table_info(incidents)")}
        assert columns["received"] == "DATETIME"
        assert columns["measured"] == "BOOLEAN"
        assert columns["first_s"] == "REAL"
        assert columns["priority"] == "INTEGER"
        assert columns["type"] == "TEXT"
        (first,) = database.execute("SELECT received FROM incidents WHERE fid = 1").fetchone()
        moment = datetime.fromisoformat(first)
        start = datetime.fromisoformat("2024-03-30T22:00:00+08:00")
        assert (moment - start).total_seconds() == pytest.approx(float(log.timeline.received[0]), abs=1e-3)
        assert first.endswith("Z")
        (blob,) = database.execute("SELECT geom FROM stations WHERE station = 'mid'").fetchone()
        assert struct.unpack("<2d", blob[-16:]) == (1200.0, 0.0)
        styles = database.execute(
            "SELECT f_table_name, f_geometry_column, styleQML, useAsDefault, f_table_schema FROM layer_styles"
        ).fetchall()
        assert {row[0]: row[2] for row in styles} == {name: each.style for name, each in layers.items()}
        assert {(row[1], row[3], row[4]) for row in styles} == {("geom", 1, "")}
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def test_equal_layers_make_equal_files(tmp_path: Path) -> None:
    scenario, _ = world(tmp_path)
    for name in ("one.gpkg", "two.gpkg"):
        write_gis(tmp_path / name, tuple(layers_of(tmp_path).values()), scenario.network)
    assert (tmp_path / "one.gpkg").read_bytes() == (tmp_path / "two.gpkg").read_bytes()


def test_a_folder_has_geojson_and_styles(tmp_path: Path) -> None:
    layers = layers_of(tmp_path)
    scenario, _ = world(tmp_path)
    folder = tmp_path / "layers"
    for _ in range(2):  # the second time it takes the place of the first
        write_gis(folder, tuple(layers.values()), scenario.network)
    expected = {f"{name}.{ending}" for name in layers for ending in ("geojson", "qml")}
    assert {path.name for path in folder.iterdir()} == {*expected, "layers.csv"}
    told = json.loads((folder / "incidents.geojson").read_text("utf-8"))["features"]
    assert told[0]["properties"]["received"].endswith("+08:00")
    assert (folder / "roads.qml").read_text("utf-8") == layers["roads"].style
    stations = json.loads((folder / "stations.geojson").read_text("utf-8"))["features"]
    assert HOSTILE in {each["properties"]["title"] for each in stations}


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    scenario, _ = world(tmp_path)
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("dear")
    with pytest.raises(UsageError, match=r"thesis\.txt"):
        write_gis(folder, tuple(layers_of(tmp_path).values()), scenario.network)
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]


def test_without_coordinates_there_are_no_layers(tmp_path: Path) -> None:
    home = tmp_path / "networks" / "m"
    home.mkdir(parents=True)
    (home / "network.yaml").write_text("kind: matrix\nfile: t.csv\nunit: s\n")
    (home / "t.csv").write_text("from,to,time\na,a,0\na,b,9\nb,a,9\nb,b,0\n")
    units = {"U": {"type": "engine", "station": "s"}}
    scenario = small(tmp_path, network="m", stations={"s": {"at": "a"}}, units=units)
    assert map_layers(scenario, ["baseline"], "baseline") == ()
