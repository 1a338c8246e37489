"""OGC GeoPackage 1.3 with nothing but SQLite: layers of features, in the same bytes every time.

The tables are those of the standard (https://www.geopackage.org/spec130/): the three reference systems that
it requires, the contents, the geometry columns, and a table for each layer. There is no spatial index;
programs that want one build it.
"""

from __future__ import annotations

import json
import math
import struct
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from dispatch.io.whole_files import written_whole

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from dispatch.io.geo_files import Feature

APPLICATION_ID = 0x47504B47
"""The letters GPKG, by which a GeoPackage is known."""

VERSION = 10300
LAST_CHANGE = "2000-01-01T00:00:00.000Z"
"""A fixed moment, so that equal layers make equal files."""

DECIMALS = 7
"""Coordinates are rounded to this: about a centimetre in degrees."""

_WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],'
    'AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],'
    'UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]'
)
_SYSTEMS = (
    ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined", "undefined Cartesian coordinates"),
    ("Undefined geographic SRS", 0, "NONE", 0, "undefined", "undefined geographic coordinates"),
    ("WGS 84 geodetic", 4326, "EPSG", 4326, _WGS84, "longitude and latitude in degrees"),
)
_SCHEMA = """
CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id));
"""
STYLES = "layer_styles"
_STYLES = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))
"""
"""The table as QGIS makes it."""

_WKB = {
    "Point": 1, "LineString": 2, "Polygon": 3, "MultiPoint": 4, "MultiLineString": 5, "MultiPolygon": 6,
    "GeometryCollection": 7,
}  # fmt: skip
_PART = {"MultiPoint": "Point", "MultiLineString": "LineString", "MultiPolygon": "Polygon"}


def write_geopackage(
    path: Path,
    layers: Mapping[str, Sequence[Feature]],
    *,
    srid: int = 4326,
    styles: Mapping[str, str] | None = None,
) -> None:
    """Write layers of features as a GeoPackage, replacing an older file in one step.

    A layer's columns are ``fid``, ``geom``, ``id`` where features have ids, and the properties in order of
    their names, typed by content; ``srid`` is an EPSG code, or −1 for planar coordinates of no known system.
    ``styles`` are styles of layers as QGIS writes them (QML), which it finds and uses by default.
    """
    import sqlite3

    for name in layers:
        if not name or "\0" in name or name.lower().startswith(("gpkg_", "sqlite_", "rtree_", STYLES)):
            message = f"{name!r} cannot be the name of a layer"
            raise ValueError(message)
    with written_whole(path) as beside:
        database = sqlite3.connect(beside, isolation_level=None)
        try:
            _write(database, layers, srid, styles or {})
        except sqlite3.OperationalError as error:
            raise OSError(0, str(error)) from error
        finally:
            database.close()


def _write(
    database: sqlite3.Connection,
    layers: Mapping[str, Sequence[Feature]],
    srid: int,
    styles: Mapping[str, str],
) -> None:
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("PRAGMA page_size = 4096")
    database.execute("PRAGMA encoding = 'UTF-8'")
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.execute(f"PRAGMA user_version = {VERSION}")
    database.executescript(_SCHEMA)
    database.execute("BEGIN")
    systems = [*_SYSTEMS]
    if srid not in {system[1] for system in _SYSTEMS}:
        systems.append((f"EPSG:{srid}", srid, "EPSG", srid, "undefined", ""))
    database.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", systems)
    for name, features in layers.items():
        _write_layer(database, name, features, srid)
    if styles:
        _write_styles(database, {name: styles[name] for name in layers if name in styles})
    database.execute("COMMIT")


def _write_layer(database: sqlite3.Connection, name: str, features: Sequence[Feature], srid: int) -> None:
    kind, z = _kind(features)
    blobs: list[bytes | None] = []
    boxes: list[tuple[float, float, float, float]] = []
    for feature in features:
        if feature.geometry is None:
            blobs.append(None)
            continue
        points = list(positions(feature.geometry))
        box = _box(points)
        boxes += [box] if box else []
        blobs.append(_header(box, srid) + wkb(_promoted(feature.geometry, kind)))
    columns = _columns(features)
    typed = "".join(f", {quoted(column.name)} {column.type}" for column in columns)
    database.execute(
        f"CREATE TABLE {quoted(name)} "
        f"(fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom {kind.upper()}{typed})"
    )
    extent = [pick(box[i] for box in boxes) if boxes else None for i, pick in enumerate((min, max, min, max))]
    database.execute(
        "INSERT INTO gpkg_contents VALUES (?, 'features', ?, '', ?, ?, ?, ?, ?, ?)",
        (name, name, LAST_CHANGE, extent[0], extent[2], extent[1], extent[3], srid),
    )
    database.execute(
        "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, ?, 0)", (name, kind.upper(), srid, z)
    )
    marks = ", ".join("?" * (len(columns) + 2))
    rows = zip(range(1, len(features) + 1), blobs, *(column.values for column in columns), strict=True)
    database.executemany(f"INSERT INTO {quoted(name)} VALUES ({marks})", rows)


def _write_styles(database: sqlite3.Connection, styles: Mapping[str, str]) -> None:
    """Write the table in which QGIS looks for styles, known as one without geometry."""
    database.execute(_STYLES)
    database.executemany(
        "INSERT INTO layer_styles VALUES (?, '', '', ?, 'geom', ?, ?, '', 1, '', '', NULL, ?)",
        [
            (number, name, name[:30], text, LAST_CHANGE)
            for number, (name, text) in enumerate(styles.items(), start=1)
        ],
    )
    database.execute(
        "INSERT INTO gpkg_contents VALUES (?, 'attributes', ?, '', ?, NULL, NULL, NULL, NULL, 0)",
        (STYLES, STYLES, LAST_CHANGE),
    )


def quoted(name: str) -> str:
    """Return a name as SQL takes it, whatever characters it has."""
    return '"' + name.replace('"', '""').replace("\0", "") + '"'


class _Column(NamedTuple):
    name: str
    type: str
    values: list[Any]


def _columns(features: Sequence[Feature]) -> list[_Column]:
    """Return the columns of a layer: the ids if there are any, then the properties by name."""
    taken = {"fid", "geom"}
    found: list[_Column] = []
    if any(feature.id for feature in features):
        found.append(_Column(_free("id", taken), "TEXT", [feature.id or None for feature in features]))
    for name in sorted({name for feature in features for name in feature.properties}):
        values = [feature.properties.get(name) for feature in features]
        found.append(_Column(_free(name, taken), *_typed(values)))
    return found


def _free(name: str, taken: set[str]) -> str:
    """Return a column name that no other column has, whatever its letters' case."""
    name = name.replace("\0", "") or "_"
    tried, n = name, 1
    while tried.lower() in taken:
        n += 1
        tried = f"{name}_{n}"
    taken.add(tried.lower())
    return tried


def _typed(values: list[Any]) -> tuple[str, list[Any]]:
    """Return the column type that holds all values, and the values as it takes them."""
    plain = [None if isinstance(v, float) and not math.isfinite(v) else v for v in values]
    given = [v for v in plain if v is not None]
    if given and all(isinstance(v, datetime) for v in given):
        return "DATETIME", [None if v is None else _utc(v) for v in plain]
    if given and all(isinstance(v, bool) for v in given):
        return "BOOLEAN", [None if v is None else int(v) for v in plain]
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in given)
    if given and numbers and all(isinstance(v, int) and -(2**63) <= v < 2**63 for v in given):
        return "INTEGER", plain
    if given and numbers and all(abs(v) < 1e300 for v in given):
        return "REAL", [None if v is None else float(v) for v in plain]
    return "TEXT", [None if v is None else _as_text(v) for v in plain]


def _utc(moment: datetime) -> str:
    """Return a moment as the standard has it: to the millisecond, in UTC; one without offset is in UTC."""
    there = moment.astimezone(UTC) if moment.tzinfo else moment
    return there.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _kind(features: Sequence[Feature]) -> tuple[str, int]:
    """Return the geometry type that all features of a layer fit, and whether they have heights (0, 1, 2)."""
    geometries = [feature.geometry for feature in features if feature.geometry is not None]
    kinds = {geometry["type"] for geometry in geometries}
    high = {len(point) > 2 for geometry in geometries for point in positions(geometry)}
    z = 2 if len(high) > 1 else int(True in high)
    if len(kinds) == 1:
        return str(kinds.pop()), z
    single = {_PART.get(kind, kind) for kind in kinds}
    if len(single) == 1:
        return f"Multi{single.pop()}", z
    return "Geometry", z


def _promoted(geometry: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return a geometry as the kind of its layer, such as a polygon as a multipolygon of one."""
    if _PART.get(kind) == geometry["type"]:
        return {"type": kind, "coordinates": [geometry["coordinates"]]}
    return geometry


def positions(geometry: dict[str, Any]) -> Iterator[Sequence[float]]:
    """Yield every position of a GeoJSON geometry of any kind."""
    if geometry["type"] == "GeometryCollection":
        for part in geometry["geometries"]:
            yield from positions(part)
        return
    waiting = [geometry["coordinates"]]
    while waiting:
        item = waiting.pop()
        if len(item) and not isinstance(item[0], list | tuple):
            yield item
        else:
            waiting.extend(reversed(item))


def _box(points: list[Sequence[float]]) -> tuple[float, float, float, float] | None:
    """Return (least x, greatest x, least y, greatest y) of positions, None if there are none."""
    if not points:
        return None
    x, y = ([_rounded(point[i]) for point in points] for i in (0, 1))
    return min(x), max(x), min(y), max(y)


def _rounded(value: float) -> float:
    return round(float(value), DECIMALS) + 0.0


def _header(box: tuple[float, float, float, float] | None, srid: int) -> bytes:
    """Return the header that stands before the WKB of a geometry: little-endian, with an xy envelope."""
    if box is None:
        return b"GP" + struct.pack("<BBi", 0, 0b0001_0001, srid)
    return b"GP" + struct.pack("<BBi4d", 0, 0b0000_0011, srid, *box)


def wkb(geometry: dict[str, Any]) -> bytes:
    """Return a GeoJSON geometry as ISO well-known binary, little-endian, coordinates rounded."""
    kind = geometry["type"]
    high = any(len(point) > 2 for point in positions(geometry))
    head = struct.pack("<BI", 1, _WKB[kind] + 1000 * high)
    if kind == "GeometryCollection":
        parts = geometry["geometries"]
        return head + struct.pack("<I", len(parts)) + b"".join(wkb(_level(part, high=high)) for part in parts)
    inside = geometry["coordinates"]
    if kind in _PART:
        parts = [_level({"type": _PART[kind], "coordinates": part}, high=high) for part in inside]
        return head + struct.pack("<I", len(parts)) + b"".join(wkb(part) for part in parts)
    if kind == "Point":
        return head + (_run([inside], high=high) if len(inside) else struct.pack("<2d", math.nan, math.nan))
    if kind == "LineString":
        return head + struct.pack("<I", len(inside)) + _run(inside, high=high)
    rings = b"".join(struct.pack("<I", len(ring)) + _run(ring, high=high) for ring in inside)
    return head + struct.pack("<I", len(inside)) + rings


def _level(geometry: dict[str, Any], *, high: bool) -> dict[str, Any]:
    """Return a part of a geometry with heights where its whole has them: the parts of one must be alike."""
    if not high:
        return geometry
    if geometry["type"] == "GeometryCollection":
        return {**geometry, "geometries": [_level(part, high=high) for part in geometry["geometries"]]}
    return {**geometry, "coordinates": _raised(geometry["coordinates"])}


def _raised(item: Any) -> Any:
    if len(item) and not isinstance(item[0], list | tuple):
        return [*item[:3], *([0.0] if len(item) < 3 else [])]
    return [_raised(part) for part in item]


def _run(points: Sequence[Sequence[float]], *, high: bool) -> bytes:
    size = 3 if high else 2
    numbers = [_rounded(v) for point in points for v in (*point[:size], *([0.0] * (size - len(point))))]
    return struct.pack(f"<{len(numbers)}d", *numbers)
