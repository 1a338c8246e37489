"""Features in files: GeoJSON read with every problem told, GeoJSON and GeoPackage written."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from dispatch.errors import Problems, did_you_mean
from dispatch.io.geopackage import DECIMALS, positions, write_geopackage
from dispatch.io.yaml_source import read_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Feature", "geojson_text", "positions", "read_geojson", "write_geopackage"]

MAX_BYTES = 256 * 1024 * 1024
FARTHEST = 1e9
"""Largest planar coordinate that is read, in metres."""

_DEPTH = {
    "Point": 0, "MultiPoint": 1, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3,
}  # fmt: skip
"""Lists around a position in the coordinates of each kind of geometry."""

_SAME_AS_WGS84 = ("CRS84", "WGS84", "EPSG:4326", "EPSG::4326", "EPSG:4490", "EPSG::4490")
"""Ends of the names of systems whose longitudes and latitudes may be read as WGS 84."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A thing on the map, as GeoJSON has it.

    ``geometry`` is a GeoJSON geometry in longitude and latitude [degrees] or planar x and y [m], None where
    the place is unknown; ``properties`` are plain JSON values, or moments; an ``id`` of "" is none.
    """

    geometry: dict[str, Any] | None
    properties: dict[str, Any]
    id: str = ""


def geojson_text(features: Sequence[Feature]) -> str:
    """Return an RFC 7946 FeatureCollection: one feature a line, keys sorted, coordinates to 7 decimals.

    Outer rings of polygons run anticlockwise and holes clockwise, as the standard wants them. Numbers among
    the properties that are not finite become null.
    """
    lines = [_line(feature) for feature in features]
    body = ",\n".join(lines)
    return '{"type":"FeatureCollection","features":[\n' + body + ("\n" if lines else "") + "]}\n"


def _line(feature: Feature) -> str:
    member: dict[str, Any] = {"type": "Feature", "properties": _plain(feature.properties)}
    member["geometry"] = None if feature.geometry is None else _written(feature.geometry)
    if feature.id:
        member["id"] = feature.id
    return json.dumps(member, ensure_ascii=False, sort_keys=True, allow_nan=False, separators=(",", ":"))


def _written(geometry: dict[str, Any]) -> dict[str, Any]:
    kind = geometry["type"]
    if kind == "GeometryCollection":
        return {"type": kind, "geometries": [_written(part) for part in geometry["geometries"]]}
    coordinates = _rounded(geometry["coordinates"])
    if kind == "Polygon":
        coordinates = _turned(coordinates)
    elif kind == "MultiPolygon":
        coordinates = [_turned(polygon) for polygon in coordinates]
    return {"type": kind, "coordinates": coordinates}


def _rounded(item: Any) -> Any:
    if isinstance(item, list | tuple):
        return [_rounded(part) for part in item]
    return round(float(item), DECIMALS) + 0.0


def _turned(rings: list[list[list[float]]]) -> list[list[list[float]]]:
    """Return the rings of a polygon turned the way RFC 7946 wants them."""
    return [ring if (_area(ring) >= 0) == (i == 0) else ring[::-1] for i, ring in enumerate(rings)]


def _area(ring: list[list[float]]) -> float:
    """Return twice the signed area of a ring, above zero where it runs anticlockwise."""
    x0, y0 = ring[0][:2] if ring else (0.0, 0.0)  # near the ring, so that no digits are lost
    return sum((a[0] - x0) * (b[1] - y0) - (b[0] - x0) * (a[1] - y0) for a, b in pairwise(ring))


def _plain(value: Any) -> Any:
    """Return a JSON value that every file can hold: no number that is not finite, no half of a character."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {str(_plain(str(key))): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def read_geojson(path: Path, problems: Problems, *, geographic: bool = True) -> list[Feature] | None:
    """Read a FeatureCollection, a Feature or a bare geometry; on any problem note it and return None.

    ``geographic`` says that coordinates are longitude and latitude, whose range is checked; otherwise they
    are planar metres. Features without a place have None as geometry.
    """
    text = read_text(path, problems, MAX_BYTES)
    return None if text is None else parse_geojson(text, path.name, problems, geographic=geographic)


def parse_geojson(
    text: str, file: str, problems: Problems, *, geographic: bool = True
) -> list[Feature] | None:
    """Read GeoJSON text; ``file`` is the name used in messages."""
    data = _json(text, file, problems)
    if data is None:
        return None
    own = Problems()
    reader = _Reader(text, file, own, geographic=geographic)
    features = reader.read(data)
    problems.found += own.found
    return None if own else features


def _json(text: str, file: str, problems: Problems) -> dict[str, Any] | None:
    """Return the object that a text holds, or note why it holds none."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        fact = "the file is empty" if not text.strip() else f"not valid JSON: {error.msg}"
        problems.add(f"{file}:{error.lineno}", fact, "Check whether the file is whole, and is GeoJSON.")
        return None
    except (RecursionError, ValueError):
        problems.add(
            f"{file}:1", "not usable JSON: nested too deeply, or a number without end", "Correct it."
        )
        return None
    if not isinstance(data, dict):
        fact = f"a {_said(data)} where GeoJSON has an object"
        problems.add(f"{file}:1", fact, "Give a FeatureCollection.")
        return None
    return data


def _text(value: Any) -> str:
    """Return a text as it is, and anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _said(value: Any) -> str:
    """Return what kind of JSON value this is."""
    if value is None:
        return "null"
    names = ((bool, "boolean"), (int | float, "number"), (str, "text"), (list, "list"))
    return next((name for kind, name in names if isinstance(value, kind)), "object")


class _Reader:
    """Checks the parts of a GeoJSON object, noting each problem at its feature's line."""

    def __init__(self, text: str, file: str, problems: Problems, *, geographic: bool) -> None:
        self._text, self._file, self._problems = text, file, problems
        self._geographic = geographic
        self._lines: list[int] | None = None

    def _note(self, at: int | None, key: str, fact: str, remedy: str) -> None:
        if at is None:
            self._problems.add(f"{self._file}:1 {key}".rstrip(), fact, remedy)
            return
        if self._lines is None:
            self._lines = _feature_lines(self._text)
        line = self._lines[at] if at < len(self._lines) else 1
        self._problems.add(f"{self._file}:{line} features[{at}]{key and '.'}{key}", fact, remedy)

    def read(self, data: dict[str, Any]) -> list[Feature]:
        self._check_system(data.get("crs"))
        kind = _text(data.get("type"))
        if kind == "FeatureCollection":
            return self._collection(data.get("features"))
        if kind == "Feature":
            feature = self._feature(data, None)
            return [feature] if feature else []
        if kind in _DEPTH or kind == "GeometryCollection":
            return [Feature(self._geometry(data, None), {})]
        if kind == "Topology":
            self._note(None, "type", "this is TopoJSON", "Convert it to GeoJSON.")
        elif "type" not in data:
            self._note(None, "", "an object without 'type'", "Give a GeoJSON FeatureCollection.")
        else:
            known = ["FeatureCollection", "Feature", "GeometryCollection", *_DEPTH]
            self._note(None, "type", f"no GeoJSON type {kind!r:.40}", did_you_mean(kind, known))
        return []

    def _check_system(self, crs: Any) -> None:
        """Refuse coordinates that say they are not longitude and latitude of WGS 84."""
        if crs is None or not self._geographic:
            return
        inner = crs.get("properties") if isinstance(crs, dict) else None
        name = str(inner.get("name", "")) if isinstance(inner, dict) else ""
        if not name.upper().endswith(_SAME_AS_WGS84):
            fact = f"the coordinate system is {name[:60]!r}" if name else "an unknown coordinate system"
            self._note(None, "crs", fact, "Export the layer in WGS 84 (EPSG:4326).")

    def _collection(self, items: Any) -> list[Feature]:
        if not isinstance(items, list):
            self._note(
                None, "features", f"a {_said(items)} where a list is needed", "Give a list of features."
            )
            return []
        found = (self._feature(item, at) for at, item in enumerate(items))
        return [feature for feature in found if feature is not None]

    def _feature(self, item: Any, at: int | None) -> Feature | None:
        if not isinstance(item, dict) or item.get("type") != "Feature":
            what = _said(item) if not isinstance(item, dict) else f"object of type {item.get('type')!r:.40}"
            self._note(at, "", f"a {what} where a feature is needed", 'Write {"type": "Feature", …}.')
            return None
        properties = item.get("properties")
        if properties is not None and not isinstance(properties, dict):
            fact = f"a {_said(properties)} where an object is needed"
            self._note(at, "properties", fact, "Give names with values, or null.")
            return None
        named = item.get("id")
        if isinstance(named, bool | list | dict):
            self._note(at, "id", f"a {_said(named)} where an id is needed", "Give a text or a number.")
            return None
        written = item.get("geometry")
        geometry = None if written is None else self._geometry(written, at)
        return Feature(geometry, _plain(properties or {}), "" if named is None else str(_plain(str(named))))

    def _geometry(self, item: Any, at: int | None, depth: int = 0) -> dict[str, Any] | None:
        """Return a geometry whose coordinates are checked; None where it is empty or a problem was noted."""
        kind = _text(item.get("type")) if isinstance(item, dict) else None
        if kind == "GeometryCollection" and depth < 8:
            parts = item.get("geometries")
            if isinstance(parts, list):
                found = [self._geometry(part, at, depth + 1) for part in parts]
                kept = [part for part in found if part is not None]
                return {"type": kind, "geometries": kept} if kept else None
        elif kind in _DEPTH:
            return self._simple(kind, item.get("coordinates"), at)
        fact = f"no GeoJSON geometry ({_said(item) if kind is None else kind[:40]})"
        self._note(at, "geometry", fact, did_you_mean(kind or "", [*_DEPTH, "GeometryCollection"]))
        return None

    def _simple(self, kind: str, written: Any, at: int | None) -> dict[str, Any] | None:
        if written == []:
            return None
        try:
            coordinates = self._coordinates(written, _DEPTH[kind])
            _check_shape(kind, coordinates)
        except _Wrong as wrong:
            self._note(at, "geometry", wrong.fact, wrong.remedy)
            return None
        return {"type": kind, "coordinates": coordinates}

    def _coordinates(self, item: Any, depth: int) -> list[Any]:
        if not isinstance(item, list):
            raise _Wrong(f"a {_said(item)} among the coordinates where a list is needed", "Correct it.")
        if depth:
            return [self._coordinates(part, depth - 1) for part in item]
        if len(item) < 2 or any(isinstance(v, bool) or not isinstance(v, int | float) for v in item):
            raise _Wrong(f"{json.dumps(item)[:40]} is not a position", "Write [longitude, latitude].")
        point = [float(v) + 0.0 if abs(v) < 1e300 else math.inf for v in item[:3]]
        if not all(math.isfinite(v) for v in point):
            raise _Wrong("a coordinate that is not finite", "Give numbers.")
        self._check_range(point[0], point[1])
        return point

    def _check_range(self, x: float, y: float) -> None:
        if self._geographic and not (abs(x) <= 180 and abs(y) <= 90):
            swapped = abs(x) <= 90 and abs(y) <= 180
            remedy = (
                "Write the longitude first; these look swapped." if swapped else "Export the layer in WGS 84."
            )
            raise _Wrong(f"[{x:g}, {y:g}] is not a longitude and a latitude", remedy)
        if not self._geographic and max(abs(x), abs(y)) > FARTHEST:
            raise _Wrong(f"[{x:g}, {y:g}] is off the earth", "Give metres in a planar system.")


class _Wrong(Exception):
    """Coordinates that cannot be used."""

    def __init__(self, fact: str, remedy: str) -> None:
        super().__init__(fact)
        self.fact, self.remedy = fact, remedy


def _check_shape(kind: str, coordinates: list[Any]) -> None:
    """Refuse lines of one point and rings that are not closed."""
    lines = {"LineString": [coordinates], "MultiLineString": coordinates}.get(kind, [])
    if any(len(line) < 2 for line in lines):
        raise _Wrong("a line of fewer than two positions", "Give two or more.")
    polygons = {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(kind, [])
    rings = [ring for polygon in polygons for ring in polygon or [[]]]
    if any(len(ring) < 4 for ring in rings):
        raise _Wrong("a ring of fewer than four positions", "Give three corners, and the first one again.")
    if any(ring[0][:2] != ring[-1][:2] for ring in rings):
        raise _Wrong("a ring that is not closed", "Repeat its first position at the end.")


def _feature_lines(text: str) -> list[int]:
    """Return the line on which each feature of a collection starts; the text is known to be JSON."""
    decoder, lines = json.JSONDecoder(), list[int]()
    at = _next_item(text, 0)
    while text[at] != "}":
        key, at = decoder.raw_decode(text, at)
        at = _after_space(text, _after_space(text, at) + 1)
        if key == "features" and text[at] == "[":
            lines, at = _item_lines(text, at, decoder)
        else:
            at = decoder.raw_decode(text, at)[1]
        at = _next_item(text, at)
    return lines


def _item_lines(text: str, at: int, decoder: json.JSONDecoder) -> tuple[list[int], int]:
    """Return the line of each item of the list that starts at a position, and the position after the list."""
    lines, line, counted = list[int](), 1, 0
    at = _next_item(text, at)
    while text[at] != "]":
        line, counted = line + text.count("\n", counted, at), at
        lines.append(line)
        at = _next_item(text, decoder.raw_decode(text, at)[1])
    return lines, at + 1


def _next_item(text: str, at: int) -> int:
    """Return the position of the next item after an opening mark, an item or its comma; else of the end."""
    at = _after_space(text, at)
    return _after_space(text, at + 1) if text[at] in "{[," else at


def _after_space(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at
