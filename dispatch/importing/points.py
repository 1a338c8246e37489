"""Files of points between WGS 84 and the systems of Chinese maps: CSV tables and GeoJSON."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.errors import InputError, Problems, UsageError
from dispatch.io.geo_files import Feature, geojson_text, positions, read_geojson
from dispatch.io.tables import MAX_BYTES, Table, parse_table
from dispatch.io.yaml_source import read_text
from dispatch.roads.coordinates import convert

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

LONGITUDES = ("lon", "lng", "longitude", "x_coord", "经度")
LATITUDES = ("lat", "latitude", "y_coord", "纬度")
SHAPES = ("geometry", "wkt")
"""Columns of well-known text, such as those of link.csv and geometry.csv."""

GEOJSON_TYPES = frozenset(
    {"FeatureCollection", "Feature", "GeometryCollection", "Point", "MultiPoint", "LineString",
     "MultiLineString", "Polygon", "MultiPolygon"}
)  # fmt: skip
"""What the member ``type`` of a GeoJSON file may be."""

FORMATS = {".csv": "csv", ".geojson": "geojson", ".json": "geojson"}
"""Formats by the ending of a file's name, in small letters."""

DECIMALS = 7
_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_PAIR = re.compile(rf"({_NUMBER})(\s+)({_NUMBER})")
_WKT = re.compile(r"\s*(?:SRID=[0-9]+;)?\s*[A-Za-z]+\s*[ZM]*\s*\(.*\)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Converted:
    """A file of points in another system: its text, and how many points were moved or stayed."""

    text: str
    moved: int
    stayed: int
    """Points outside China."""


def format_of(path: Path) -> str:
    """Return ``csv`` or ``geojson`` by the name of a file, or raise UsageError."""
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        message = f"{path.name}: not a file of points that can be converted."
        raise UsageError(message, hint="Give a CSV table (.csv) or GeoJSON (.geojson, .json).")
    return found


def holds_points(path: Path) -> bool:
    """Return whether a file looks like points in the format of its name: columns of them, or GeoJSON."""
    form = format_of(path)
    text = read_text(path, Problems(), MAX_BYTES)
    if text is None:
        return False
    try:
        if form == "geojson":
            found = json.loads(text)
            return isinstance(found, dict) and found.get("type") in GEOJSON_TYPES
        header = next(csv.reader(io.StringIO(text, newline="")), [])
    except (ValueError, RecursionError, csv.Error):
        return False
    names = {name.strip().lower() for name in header}
    shape, east, north = (not names.isdisjoint(known) for known in (SHAPES, LONGITUDES, LATITUDES))
    return shape or (east and north)


def converted_file(path: Path, from_crs: str, to_crs: str = "wgs84") -> Converted:
    """Return a CSV or GeoJSON file with its coordinates in another system.

    Raises InputError with every problem of the file, UsageError where it is of another format. In a table
    the columns of longitude and latitude are converted, and well-known text in a column ``geometry``; every
    other cell stays as it is. Coordinates that change are written with 7 decimals.
    """
    if from_crs == to_crs:
        message = f"the points are to be converted from {from_crs} to {to_crs}, which changes nothing."
        raise UsageError(message, hint="Choose two systems.")
    problems = Problems()
    work = _csv if format_of(path) == "csv" else _geojson
    result = work(path, _Shift(from_crs, to_crs), problems)
    problems.raise_if_any(InputError)
    assert result is not None
    return result


class _Shift:
    """Converts points and counts those that moved."""

    def __init__(self, from_crs: str, to_crs: str) -> None:
        self._systems = (from_crs, to_crs)
        self.moved = self.stayed = 0

    def __call__(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        """Return the points [N] in the other system."""
        east, north = convert(x, y, *self._systems)
        moved = int(np.count_nonzero((east != x) | (north != y)))
        self.moved += moved
        self.stayed += len(x) - moved
        return east, north


def _geojson(path: Path, shift: _Shift, problems: Problems) -> Converted | None:
    features = read_geojson(path, problems)
    if features is None:
        return None
    moved = _moved(features, shift)
    return Converted(geojson_text(moved), shift.moved, shift.stayed)


def _moved(features: Sequence[Feature], shift: _Shift) -> list[Feature]:
    """Return features with their coordinates in another system; heights, ids and properties stay."""
    points = [point for f in features if f.geometry is not None for point in positions(f.geometry)]
    pairs = np.array([point[:2] for point in points], dtype=np.float64).reshape(-1, 2)
    new = iter(np.column_stack(shift(pairs[:, 0], pairs[:, 1])).tolist())
    return [
        Feature(None if f.geometry is None else _placed(f.geometry, new), f.properties, f.id)
        for f in features
    ]


def _placed(geometry: dict[str, Any], new: Iterator[list[float]]) -> dict[str, Any]:
    """Return a geometry with new positions, which come in the order of its own."""
    if geometry["type"] == "GeometryCollection":
        return {**geometry, "geometries": [_placed(part, new) for part in geometry["geometries"]]}

    def put(item: Any) -> Any:
        if len(item) and not isinstance(item[0], list | tuple):
            return [*next(new), *item[2:]]
        return [put(part) for part in item]

    return {**geometry, "coordinates": put(geometry["coordinates"])}


def _csv(path: Path, shift: _Shift, problems: Problems) -> Converted | None:
    text = read_text(path, problems, MAX_BYTES)
    table = None if text is None else parse_table(text, path.name, problems)
    if text is None or table is None:
        return None
    changes: dict[str, list[str]] = {}
    pair = _pair(table, problems)
    if pair is not None:
        changes.update(_columns(table, *pair, shift, problems))
    for name in (name for name in table.columns if name.lower() in SHAPES):
        changes[name] = _shapes(table, name, shift, problems)
    if not changes and not problems:
        remedy = "Name them lon and lat (lng, longitude, x_coord, 经度; latitude, y_coord, 纬度)."
        problems.add(f"{table.file}:1", "no columns of longitude and latitude", remedy)
    return None if problems else Converted(_written(text, changes), shift.moved, shift.stayed)


def _pair(table: Table, problems: Problems) -> tuple[str, str] | None:
    """Return the names of the columns of longitude and latitude, None where there are none."""
    x, y = ([name for name in table.columns if name.lower() in known] for known in (LONGITUDES, LATITUDES))
    for found in (x, y):
        if len(found) > 1:
            fact = f"'{found[0]}' and '{found[1]}' may both be meant"
            problems.add(f"{table.file}:1", fact, "Remove or rename one pair of columns.")
    if bool(x) != bool(y):
        there, missing = (x[0], "latitude") if x else (y[0], "longitude")
        problems.add(f"{table.file}:1", f"a column '{there}', but none of {missing}", "Add it.")
    return (x[0], y[0]) if len(x) == len(y) == 1 else None


def _columns(
    table: Table, x_name: str, y_name: str, shift: _Shift, problems: Problems
) -> dict[str, list[str]]:
    """Return the columns of longitude and latitude with new values; blanks stay blank."""
    remedy = "Give degrees; check whether longitude and latitude are swapped."
    x = table.numbers(x_name, problems, minimum=-180.0, maximum=180.0, remedy=remedy)
    y = table.numbers(y_name, problems, minimum=-90.0, maximum=90.0, remedy=remedy)
    for row in np.flatnonzero(np.isnan(x) != np.isnan(y)).tolist():
        blank = x_name if not table.columns[x_name][row] else y_name
        if not table.columns[blank][row]:
            problems.add(table.place(row, blank), "no value", "Give both coordinates, or none.")
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    result = {name: list(table.columns[name]) for name in (x_name, y_name)}
    if not problems:
        for name, old, new in zip((x_name, y_name), (x, y), shift(x[known], y[known]), strict=True):
            for row, value in zip(known.tolist(), new.tolist(), strict=True):
                if value != old[row]:
                    result[name][row] = _decimal(value)
    return result


def _shapes(table: Table, name: str, shift: _Shift, problems: Problems) -> list[str]:
    """Return a column of well-known text with new coordinates; blanks stay blank."""
    texts = table.columns[name]
    old: list[tuple[float, float]] = []
    for row, text in enumerate(texts):
        pairs = [(float(m[1]), float(m[3])) for m in _PAIR.finditer(text)]
        if text and not _WKT.fullmatch(text):
            remedy = "Write LINESTRING (104.1 30.6, 104.2 30.7) or the like."
            problems.add(table.place(row, name), f"'{text[:40]}' is not well-known text", remedy)
        elif far := next((p for p in pairs if not (abs(p[0]) <= 180 and abs(p[1]) <= 90)), None):
            fact = f"'{far[0]:g} {far[1]:g}' is not a longitude and a latitude"
            problems.add(table.place(row, name), fact, "Give degrees, longitude first.")
        old += pairs
    if problems:
        return texts
    before = np.array(old, dtype=np.float64).reshape(-1, 2)
    new = iter(np.column_stack(shift(before[:, 0], before[:, 1])).tolist())

    def put(match: re.Match[str]) -> str:
        x, y = next(new)
        return match[0] if (x, y) == (float(match[1]), float(match[3])) else f"{_decimal(x)} {_decimal(y)}"

    return [_PAIR.sub(put, text) for text in texts]


def _decimal(value: float) -> str:
    """Return degrees with up to 7 decimals, never in powers of ten."""
    text = f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _written(text: str, changes: dict[str, list[str]]) -> str:
    """Return a CSV text with the cells of some columns changed."""
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    header = [name.strip() for name in rows[0]]
    for name, values in changes.items():
        at = header.index(name)
        for row, value in zip(rows[1:], values, strict=True):
            if row[at].strip() != value:
                row[at] = value
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()
