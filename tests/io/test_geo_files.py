"""GeoJSON and GeoPackage: what is written reads back, bad files are told by line, bytes are repeatable."""

from __future__ import annotations

import json
import sqlite3
import struct
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import Problems, UsageError
from dispatch.io.geo_files import Feature, geojson_text, parse_geojson, read_geojson, write_geopackage
from dispatch.io.geopackage import wkb
from dispatch.io.whole_files import write_text_whole

if TYPE_CHECKING:
    from pathlib import Path

SQUARE = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0], [0.0, 0.0]]
CORNER = [[9.0, 9.0], [10.0, 9.0], [9.0, 10.0], [9.0, 9.0]]
HOLE = [[1.0, 1.0], [1.0, 2.0], [2.0, 2.0], [2.0, 1.0], [1.0, 1.0]]
GEOMETRIES: list[dict[str, Any]] = [
    {"type": "Point", "coordinates": [104.0, 36.5]},
    {"type": "MultiPoint", "coordinates": [[1.0, 2.0], [3.0, 4.0]]},
    {"type": "LineString", "coordinates": [[1.0, 2.0], [3.0, 4.0], [5.0, -6.0]]},
    {"type": "MultiLineString", "coordinates": [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]},
    {"type": "Polygon", "coordinates": [SQUARE, HOLE]},
    {"type": "MultiPolygon", "coordinates": [[SQUARE, HOLE], [CORNER]]},
    {"type": "GeometryCollection", "geometries": [
        {"type": "Point", "coordinates": [1.0, 2.0]},
        {"type": "LineString", "coordinates": [[1.0, 2.0], [3.0, 4.0]]},
    ]},
]  # fmt: skip
KINDS = [geometry["type"] for geometry in GEOMETRIES]


def read(text: str, **options: bool) -> tuple[list[Feature] | None, list[str]]:
    problems = Problems()
    features = parse_geojson(text, "x.geojson", problems, **options)
    return features, [str(problem) for problem in problems.found]


# GeoJSON written


def test_text_is_one_feature_a_line_with_sorted_keys_and_seven_decimals() -> None:
    features = [
        Feature(
            {"type": "Point", "coordinates": [103.123456789, -0.00000001]}, {"b": 1, "a": "兰州"}, "node/1"
        ),
        Feature(None, {"x": float("nan")}),
    ]
    assert geojson_text(features) == (
        '{"type":"FeatureCollection","features":[\n'
        '{"geometry":{"coordinates":[103.1234568,0.0],"type":"Point"},"id":"node/1",'
        '"properties":{"a":"兰州","b":1},"type":"Feature"},\n'
        '{"geometry":null,"properties":{"x":null},"type":"Feature"}\n'
        "]}\n"
    )
    assert geojson_text([]) == '{"type":"FeatureCollection","features":[\n]}\n'


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=KINDS)
def test_every_kind_of_geometry_is_written_and_read_back(geometry: dict[str, Any]) -> None:
    feature = Feature(geometry, {"name": "消防站", "n": [1, {"k": None}], "yes": True}, "way/7")
    back, problems = read(geojson_text([feature]))
    assert problems == []
    assert back == [feature]


@pytest.mark.parametrize("kind", ["Polygon", "MultiPolygon"])
def test_rings_run_as_the_standard_wants(kind: str) -> None:
    wrong = [SQUARE[::-1], HOLE[::-1]]
    geometry = {"type": kind, "coordinates": wrong if kind == "Polygon" else [wrong]}
    back, _ = read(geojson_text([Feature(geometry, {})]))
    assert back is not None
    written = shapely.geometry.shape(back[0].geometry)
    polygon = written if kind == "Polygon" else written.geoms[0]
    assert polygon.exterior.is_ccw
    assert not polygon.interiors[0].is_ccw
    assert written.equals(shapely.geometry.shape(geometry))


def test_values_that_no_json_holds_are_not_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        geojson_text([Feature({"type": "Point", "coordinates": [float("nan"), 0.0]}, {})])


# GeoJSON read


def test_a_feature_and_a_bare_geometry_are_read_too() -> None:
    point = {"type": "Point", "coordinates": [1, 2]}
    expected = {"type": "Point", "coordinates": [1.0, 2.0]}
    assert read(json.dumps(point)) == ([Feature(expected, {})], [])
    single = {"type": "Feature", "geometry": point, "properties": None, "id": 12}
    assert read(json.dumps(single)) == ([Feature(expected, {}, "12")], [])


def test_features_without_a_place_are_kept() -> None:
    text = (
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": null, "properties": {}},'
        ' {"type": "Feature", "properties": {"a": NaN, "b": "\\ud800"},'
        ' "geometry": {"type": "Point", "coordinates": []}}]}'
    )
    assert read(text) == ([Feature(None, {}), Feature(None, {"a": None, "b": "?"})], [])


def test_heights_are_kept_and_measures_are_not() -> None:
    back, _ = read('{"type": "LineString", "coordinates": [[1, 2, 3, 99], [4, 5]]}')
    assert back is not None
    assert back[0].geometry == {"type": "LineString", "coordinates": [[1.0, 2.0, 3.0], [4.0, 5.0]]}


@pytest.mark.parametrize(
    "name",
    [
        "urn:ogc:def:crs:OGC:1.3:CRS84",
        "urn:ogc:def:crs:EPSG::4326",
        "EPSG:4326",
        "urn:ogc:def:crs:EPSG::4490",
    ],
)
def test_a_crs_that_is_wgs84_is_read(name: str) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    text = json.dumps({"type": "FeatureCollection", "crs": crs, "features": []})
    assert read(text) == ([], [])


def test_planar_coordinates_are_read_where_they_are_meant() -> None:
    text = (
        '{"type": "Point", "coordinates": [350000, 4000000], "crs": {"properties": {"name": "EPSG:32648"}}}'
    )
    features, problems = read(text, geographic=False)
    assert problems == []
    assert features == [Feature({"type": "Point", "coordinates": [350000.0, 4000000.0]}, {})]
    assert len(read(text)[1]) == 2
    assert "off the earth" in read('{"type": "Point", "coordinates": [1e10, 0]}', geographic=False)[1][0]


def bare(kind: str, coordinates: str) -> str:
    return f'{{"type": "{kind}", "coordinates": {coordinates}}}'


BAD = {
    "empty": ("", "x.geojson:1: the file is empty."),
    "cut off": ('{"type": "FeatureCollection",\n"features": [', "x.geojson:2: not valid JSON"),
    "deep": ("[" * 200_000, "nested too deeply"),
    "digits": (bare("Point", "[" + "1" * 5000 + ", 2]"), "not usable JSON"),
    "list": ("[]", "a list where GeoJSON has an object"),
    "no type": ("{}", "an object without 'type'"),
    "misspelt": ('{"type": "FeatureColection"}', "Did you mean 'FeatureCollection'?"),
    "odd type": ('{"type": ["Point"]}', "no GeoJSON type"),
    "topojson": ('{"type": "Topology"}', "TopoJSON"),
    "crs": ('{"type": "FeatureCollection", "features": [], "crs": {"type": "name", "properties": {"name": '
            '"urn:ogc:def:crs:EPSG::4547"}}}', "EPSG::4547"),
    "odd crs": ('{"type": "FeatureCollection", "features": [], "crs": 5}', "unknown coordinate system"),
    "no list": ('{"type": "FeatureCollection", "features": {}}', "a object where a list is needed"),
    "swapped": (bare("Point", "[36.5, 103.6]"), "these look swapped"),
    "range": (bare("Point", "[350000, 4000000]"), "Export the layer in WGS 84."),
    "nan": (bare("Point", "[NaN, 1]"), "not finite"),
    "huge": (bare("Point", "[1e999, 1]"), "not finite"),
    "one number": (bare("Point", "[1]"), "[1] is not a position"),
    "text": (bare("Point", '["1", "2"]'), "is not a position"),
    "true": (bare("Point", "[true, false]"), "is not a position"),
    "flat": (bare("LineString", "[1, 2]"), "a number among the coordinates"),
    "short": (bare("LineString", "[[1, 2]]"), "fewer than two positions"),
    "open": (bare("Polygon", "[[[0, 0], [1, 0], [1, 1], [0, 1]]]"), "not closed"),
    "thin": (bare("Polygon", "[[[0, 0], [1, 0], [0, 0]]]"), "fewer than four positions"),
    "hollow": (bare("MultiPolygon", "[[]]"), "fewer than four positions"),
    "none": ('{"type": "Point"}', "a null among the coordinates"),
    "collection": ('{"type": "GeometryCollection", "geometries": [{"type": "Circle"}]}', "Circle"),
    "russian doll": ('{"type": "GeometryCollection", "geometries": [' * 20 + "]}" * 20, "GeometryCollection"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD)
def test_bad_files_are_told(text: str, said: str) -> None:
    features, problems = read(text)
    assert features is None
    assert said in problems[0]


def test_problems_of_features_name_their_lines_all_at_once() -> None:
    text = """{"name": "a \\" [ { text", "bbox": [1, 2],
 "features": [
  {"type": "Feature", "properties": {}, "geometry": null}
  , {"type": "Feature", "properties": [],
     "geometry": null},
  7, {"type": "Feature", "id": [], "properties": {}, "geometry": null},
  {"type": "Feature", "properties": {},
   "geometry": {"type": "Point", "coordinates": [0, 91]}}],
 "type": "FeatureCollection"}
"""
    _, problems = read(text)
    assert [problem.split(": ")[0] for problem in problems] == [
        "x.geojson:4 features[1].properties",
        "x.geojson:6 features[2]",
        "x.geojson:6 features[3].id",
        "x.geojson:7 features[4].geometry",
    ]


def test_files_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "gbk.geojson").write_bytes('{"type": "消防"}'.encode("gbk"))
    problems = Problems()
    assert read_geojson(tmp_path / "gbk.geojson", problems) is None
    assert read_geojson(tmp_path / "none.geojson", problems) is None
    assert read_geojson(tmp_path, problems) is None
    said = ("not UTF-8", "cannot be read", "is not a file")
    assert [word in str(problem) for word, problem in zip(said, problems.found, strict=True)] == [True] * 3
    (tmp_path / "bom.geojson").write_text("\ufeff" + geojson_text([]), encoding="utf-8")
    assert read_geojson(tmp_path / "bom.geojson", problems) == []


MEMBERS = ["type", "features", "geometry", "coordinates", "geometries", "properties", "id", "crs"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-200, 200) | st.floats() | st.text(max_size=5)
    | st.sampled_from(["Point", "Polygon", "Feature", "FeatureCollection", "GeometryCollection"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=5),
    max_leaves=25,
)  # fmt: skip


@given(JSON)
def test_any_json_is_read_or_told(value: Any) -> None:
    features, problems = read(json.dumps(value))
    assert (features is None) == bool(problems)
    if features is not None:
        assert read(geojson_text(features))[1] == []


# GeoPackage


def opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    database.row_factory = sqlite3.Row
    return database


def test_a_geopackage_has_what_the_standard_asks_for(tmp_path: Path) -> None:
    path = tmp_path / "out" / "站.gpkg"
    features = [Feature(geometry, {"kind": geometry["type"]}) for geometry in GEOMETRIES]
    write_geopackage(path, {"all": features, "none": []})
    raw = path.read_bytes()
    assert raw[:16] == b"SQLite format 3\0"
    assert raw[68:72] == b"GPKG"
    assert struct.unpack(">I", raw[60:64]) == (10300,)
    database = opened(path)
    assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    systems = {row["srs_id"]: row for row in database.execute("SELECT * FROM gpkg_spatial_ref_sys")}
    assert sorted(systems) == [-1, 0, 4326]
    assert systems[4326]["organization"] == "EPSG"
    assert systems[4326]["definition"].startswith('GEOGCS["WGS 84"')
    contents = {row["table_name"]: dict(row) for row in database.execute("SELECT * FROM gpkg_contents")}
    assert contents["all"]["data_type"] == "features"
    assert contents["all"]["last_change"] == "2000-01-01T00:00:00.000Z"
    assert [contents["all"][key] for key in ("min_x", "min_y", "max_x", "max_y")] == [0.0, -6.0, 104.0, 36.5]
    assert contents["none"]["min_x"] is None
    columns = database.execute("SELECT * FROM gpkg_geometry_columns WHERE table_name = 'all'").fetchone()
    assert tuple(columns) == ("all", "geom", "GEOMETRY", 4326, 0, 0)
    database.close()
    assert [p.name for p in path.parent.iterdir()] == ["站.gpkg"]


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=KINDS)
def test_geometries_come_back_from_a_geopackage(tmp_path: Path, geometry: dict[str, Any]) -> None:
    path = tmp_path / "x.gpkg"
    write_geopackage(path, {"a layer": [Feature(geometry, {}), Feature(None, {})]})
    database = opened(path)
    blob, nothing = (row["geom"] for row in database.execute('SELECT geom FROM "a layer" ORDER BY fid'))
    kind = database.execute("SELECT geometry_type_name FROM gpkg_geometry_columns").fetchone()[0]
    database.close()
    assert kind == geometry["type"].upper()
    assert nothing is None
    magic, version, flags, srid = struct.unpack("<2sBBi", blob[:8])
    assert (magic, version, flags, srid) == (b"GP", 0, 0b011, 4326)
    found, expected = shapely.from_wkb(blob[40:]), shapely.geometry.shape(geometry)
    assert shapely.equals_exact(found, expected)
    assert struct.unpack("<4d", blob[8:40]) == tuple(expected.bounds[i] for i in (0, 2, 1, 3))


def test_columns_are_typed_by_content(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"count": 3, "share": 1, "open": True, "name": "站", "mixed": 1, "tags": {"b": [1], "a": "中"},
         "big": 2**70},
        {"count": None, "share": 0.5, "open": False, "name": 'a"b', "mixed": "x", "bad": float("inf"),
         "Name": "y", "fid": 9, "id": "own", "geom": "g", 'odd"; --': 1},
    ]  # fmt: skip
    path = tmp_path / "x.gpkg"
    write_geopackage(path, {'la"yer': [Feature(None, row, f"n{i}") for i, row in enumerate(rows)]})
    database = opened(path)
    types = {
        row["name"]: row["type"] for row in database.execute("SELECT * FROM pragma_table_info('la\"yer')")
    }
    found = [dict(row) for row in database.execute('SELECT * FROM "la""yer" ORDER BY fid')]
    database.close()
    assert types == {
        "fid": "INTEGER", "geom": "GEOMETRY", "id": "TEXT", "Name": "TEXT", "bad": "TEXT", "big": "REAL",
        "count": "INTEGER", "fid_2": "INTEGER", "geom_2": "TEXT", "id_2": "TEXT", "mixed": "TEXT",
        "name_2": "TEXT", 'odd"; --': "INTEGER", "open": "BOOLEAN", "share": "REAL", "tags": "TEXT",
    }  # fmt: skip
    assert [found[0][key] for key in ("id", "count", "share", "open", "name_2", "mixed", "tags", "big")] == [
        "n0", 3, 1.0, 1, "站", "1", '{"a": "中", "b": [1]}', float(2**70)]  # fmt: skip
    assert [found[1][key] for key in ("fid", "id_2", "share", "count", "bad")] == [2, "own", 0.5, None, None]


def test_layers_of_single_and_multiple_parts_are_multiple(tmp_path: Path) -> None:
    path = tmp_path / "x.gpkg"
    write_geopackage(path, {"areas": [Feature(GEOMETRIES[4], {}), Feature(GEOMETRIES[5], {})]}, srid=-1)
    database = opened(path)
    assert database.execute("SELECT geometry_type_name, srs_id FROM gpkg_geometry_columns").fetchone()[:] == (
        "MULTIPOLYGON", -1)  # fmt: skip
    blobs = [row[0] for row in database.execute("SELECT geom FROM areas ORDER BY fid")]
    database.close()
    assert [shapely.from_wkb(blob[40:]).geom_type for blob in blobs] == ["MultiPolygon"] * 2


def test_heights_are_written_for_a_whole_geometry_or_not_at_all() -> None:
    line = {"type": "LineString", "coordinates": [[1.0, 2.0, 3.0], [4.0, 5.0]]}
    nested = {"type": "GeometryCollection", "geometries": [line, GEOMETRIES[0], GEOMETRIES[6], GEOMETRIES[3]]}
    assert shapely.from_wkb(wkb(line)).wkt == "LINESTRING Z (1 2 3, 4 5 0)"
    assert shapely.from_wkb(wkb(nested)).has_z


def test_other_systems_are_named(tmp_path: Path) -> None:
    write_geopackage(tmp_path / "x.gpkg", {"a": [Feature(GEOMETRIES[0], {})]}, srid=4547)
    database = opened(tmp_path / "x.gpkg")
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    assert database.execute(
        "SELECT organization_coordsys_id FROM gpkg_spatial_ref_sys WHERE srs_id = 4547"
    ).fetchone()[0] == 4547  # fmt: skip
    database.close()


@pytest.mark.parametrize("name", ["", "gpkg_x", "SQLITE_x", "rtree_a_b"])
def test_names_that_the_standard_keeps_for_itself_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="name of a layer"):
        write_geopackage(tmp_path / "x.gpkg", {name: []})
    assert list(tmp_path.iterdir()) == []


def test_equal_features_make_equal_bytes_in_any_process(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from dispatch.io.geo_files import *\n"
        "names = {'b', 'a', 'c', '站', 'zz'}\n"
        "place = lambda i: {'type': 'Point', 'coordinates': [i / 7, 1]}\n"
        "f = [Feature(place(i), {n: i for n in names}) for i in range(300)]\n"
        "write_geopackage(Path(sys.argv[1]), {'x': f, 'y': f[:3]})\n"
        "Path(sys.argv[2]).write_text(geojson_text(f))\n"
    )
    for seed in ("1", "2"):
        paths = [str(tmp_path / f"{seed}.{kind}") for kind in ("gpkg", "geojson")]
        subprocess.run(
            [sys.executable, "-c", code, *paths], check=True, env={"PYTHONHASHSEED": seed, "LANG": "C.UTF-8"}
        )
    for kind in ("gpkg", "geojson"):
        assert (tmp_path / f"1.{kind}").read_bytes() == (tmp_path / f"2.{kind}").read_bytes()


# files written whole or not at all


def test_a_failure_leaves_the_older_file(tmp_path: Path) -> None:
    path = tmp_path / "x.gpkg"
    path.write_text("older", encoding="utf-8")
    with pytest.raises(KeyError):
        write_geopackage(path, {"a": [Feature({"type": "Circle", "coordinates": [1.0, 2.0]}, {})]})
    assert [p.name for p in tmp_path.iterdir()] == ["x.gpkg"]
    assert path.read_text(encoding="utf-8") == "older"
    write_geopackage(path, {"a": []})
    assert path.read_bytes().startswith(b"SQLite format 3\0")


@pytest.mark.parametrize("name", ["folder", "file/x.geojson", "nul\0.geojson"])
def test_targets_that_cannot_be_written_are_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    with pytest.raises(UsageError, match="Name "):
        write_text_whole(tmp_path / name, "text")
    with pytest.raises(UsageError, match="Name "):
        write_geopackage(tmp_path / name, {"a": []})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]
