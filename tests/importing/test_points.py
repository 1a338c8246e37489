"""Files of points are converted cell by cell, and nothing else in them changes."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import InputError, Problems, UsageError
from dispatch.importing.points import converted_file
from dispatch.io.geo_files import Feature, geojson_text, parse_geojson, positions
from dispatch.roads.coordinates import convert

if TYPE_CHECKING:
    from pathlib import Path

TIANANMEN = (116.377817, 39.911954)
SHIFTED = (116.38404722455657, 39.91334545536069)
"""The same place in GCJ-02, as the library eviltransform publishes it."""


def table(folder: Path, text: str, name: str = "点.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    ("x", "y"),
    [("lon", "lat"), ("lng", "lat"), ("Longitude", "LATITUDE"), ("x_coord", "y_coord"), ("经度", "纬度")],
)
def test_columns_of_any_usual_name_are_converted(tmp_path: Path, x: str, y: str) -> None:
    path = table(tmp_path, f"name,{y},{x}\n天安门,{SHIFTED[1]!r},{SHIFTED[0]!r}\n")
    result = converted_file(path, "gcj02")
    assert result.text == f"name,{y},{x}\n天安门,39.911954,116.377817\n"
    assert (result.moved, result.stayed) == (1, 0)


def test_everything_else_stays_as_it_is(tmp_path: Path) -> None:
    text = (
        'id, note ,lon,lat,phone,"a ""b"""\r\n'
        '007," two\nlines, 消防 ",0.50,51.500,+86 010,1e5\r\n'
        "\r\n"
        "  8 ,,,,0012,'\r\n"
        "9,x, 116.4 , 39.9 ,NaN,—\r\n"
    )
    result = converted_file(table(tmp_path, text), "gcj02")
    before, after = [row for row in rows(text) if row], rows(result.text)
    assert [[*row[:2], *row[4:]] for row in after] == [[*row[:2], *row[4:]] for row in before]
    assert after[1][2:4] == ["0.50", "51.500"], "outside China not even a digit changes"
    assert after[2][2:4] == ["", ""]
    assert np.allclose(np.array(after[3][2:4], dtype=float), convert(116.4, 39.9, "gcj02"), rtol=0, atol=6e-8)
    assert (result.moved, result.stayed) == (1, 1)
    assert "\r" not in result.text


def test_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert converted_file(table(tmp_path, "\ufefflon,lat\n116,39\n"), "bd09").text.startswith(
        "lon,lat\n115.9"
    )


def test_links_with_geometry_are_converted(tmp_path: Path) -> None:
    line = f'"LINESTRING Z ({SHIFTED[0]!r} {SHIFTED[1]!r} 44.5, 0.1 51.5 1, 116.5  39.5 7)"'
    path = table(tmp_path, f"link_id,length,geometry\n1,116 39,{line}\n2,,\n")
    result = converted_file(path, "gcj02")
    after = rows(result.text)
    found = shapely.from_wkt(after[1][2])
    assert after[1][:2] == ["1", "116 39"]
    assert after[2] == ["2", "", ""]
    assert found.coords[0] == (*TIANANMEN, 44.5)
    assert found.coords[1] == (0.1, 51.5, 1.0)
    assert np.allclose(found.coords[2][:2], convert(116.5, 39.5, "gcj02"), rtol=0, atol=6e-8)
    assert (result.moved, result.stayed) == (2, 1)


GEOMETRIES: list[dict[str, Any]] = [
    {"type": "Point", "coordinates": [*SHIFTED, 9.0]},
    {"type": "MultiPoint", "coordinates": [[104.0, 30.5], [0.0, 51.5]]},
    {"type": "LineString", "coordinates": [[104.0, 30.5], [104.1, 30.6]]},
    {"type": "MultiPolygon", "coordinates": [[[[104.0, 30.0], [105.0, 30.0], [104.0, 31.0], [104.0, 30.0]]]]},
    {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [104.0, 30.5]}]},
]


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=lambda geometry: geometry["type"])
def test_geometries_of_all_kinds_are_converted(tmp_path: Path, geometry: dict[str, Any]) -> None:
    features = [Feature(None, {"a": 1}), Feature(geometry, {"name": "站", "at": [104.0, 30.5]}, "node/1")]
    path = tmp_path / "x.GeoJSON"
    path.write_text(geojson_text(features), encoding="utf-8")
    result = converted_file(path, "gcj02")
    problems = Problems()
    back = parse_geojson(result.text, "x", problems)
    assert back is not None
    assert not problems
    assert back[0] == features[0]
    assert (back[1].properties, back[1].id) == (features[1].properties, "node/1")
    assert back[1].geometry is not None
    assert back[1].geometry["type"] == geometry["type"]
    before, after = list(positions(geometry)), list(positions(back[1].geometry))
    assert [point[2:] for point in after] == [point[2:] for point in before]
    expected = np.column_stack(convert([p[0] for p in before], [p[1] for p in before], "gcj02"))
    assert np.allclose([point[:2] for point in after], expected, rtol=0, atol=6e-8)
    assert result.moved + result.stayed == len(before)


@given(
    st.lists(st.tuples(st.floats(73, 135), st.floats(3, 53)), min_size=1, max_size=5),
    st.sampled_from(["gcj02", "bd09"]),
)
def test_a_table_comes_back_to_the_centimetre(
    tmp_path_factory: pytest.TempPathFactory, points: list[tuple[float, float]], crs: str
) -> None:
    folder = tmp_path_factory.mktemp("there")
    path = table(folder, "lon,lat\n" + "".join(f"{x:.7f},{y:.7f}\n" for x, y in points))
    there = table(folder, converted_file(path, "wgs84", crs).text, "there.csv")
    back = np.array(rows(converted_file(there, crs).text)[1:], dtype=float)
    assert np.abs(back - np.round(points, 7)).max() < 1.2e-7


BAD = {
    "no columns": ("name,x\na,1\n", "点.csv:1: no columns of longitude and latitude. Name them lon and lat"),
    "one column": ("lon,y\n1,2\n", "点.csv:1: a column 'lon', but none of latitude. Add it."),
    "two pairs": ("lon,lat,lng\n1,2,3\n", "点.csv:1: 'lon' and 'lng' may both be meant."),
    "half": ("lon,lat\n116,\n", "点.csv:2 lat: no value. Give both coordinates, or none."),
    "text": ("lon,lat\n116,n/a\n", "点.csv:2 lat: 'n/a' is not a finite number."),
    "swapped": ("lon,lat\n39.9,116.4\n", "点.csv:2 lat: 116.4 is above 90. Give degrees; check whether"),
    "metres": ("lon,lat\n503000,4000000\n", "点.csv:2 lon: 503000 is above 180."),
    "semicolons": ("lon;lat\n1;2\n", "separated by ';'"),
    "ragged": ("lon,lat\n1,2,3\n", "3 values under 2 column names"),
    "empty": ("", "the table is empty"),
    "no wkt": ("geometry\n0101000000\n", "点.csv:2 geometry: '0101000000' is not well-known text."),
    "far wkt": ("geometry\nPOINT (39 116)\n", "点.csv:2 geometry: '39 116' is not a longitude and a lat"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD)
def test_tables_that_cannot_be_converted_are_told(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as told:
        converted_file(table(tmp_path, text), "gcj02")
    assert said in str(told.value)
    assert told.value.exit_code == 2


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as told:
        converted_file(table(tmp_path, "lon,lat\n1,\nx,2\n200,100\n"), "gcj02")
    assert [problem.place for problem in told.value.problems] == [
        "点.csv:2 lat", "点.csv:3 lon", "点.csv:4 lon", "点.csv:4 lat"]  # fmt: skip


def test_a_table_in_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes("lon,lat,名称\n116,39,消防站\n".encode("gbk"))
    with pytest.raises(InputError, match=r"x\.csv:1: byte 0x.. is not UTF-8\. Save the file as UTF-8\."):
        converted_file(tmp_path / "x.csv", "gcj02")


@pytest.mark.parametrize("name", ["x.xlsx", "x.gpkg", "x.shp", "x", "x.txt"])
def test_other_formats_are_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="Give a CSV table"):
        converted_file(table(tmp_path, "lon,lat\n", name), "gcj02")


def test_a_conversion_that_changes_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="changes nothing"):
        converted_file(table(tmp_path, "lon,lat\n"), "wgs84", "wgs84")
