"""The region that stations share out, and the faces into which motorways, railways and water cut it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.errors import NetworkError, Problems, UsageError
from dispatch.io.geo_files import read_geojson
from dispatch.statics.ground import SQUARE_KM, area_km2, around

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from dispatch.statics.ground import Ground

BESIDE_ROADS = 500.0
"""Metres of land on both sides of the roads that belong to a region without a given boundary."""

BARRIERS_FILE = "barriers.geojson"
"""Name of the file of barriers beside a network."""

CANAL = "canal"
"""Kind of features beside barriers that are none: most have a bridge wherever a road meets them."""

_WET = ("river", "water")
LOST = 1.0
"""Square metres that may get lost between faces."""

LOST_METRES = 1e-3
"""Metres of a line that may get lost where it is cut into pieces."""

_TOUCH = 1e-6
"""Metres between a line and a point on it, at most."""

_FIRST_STEP = 100.0
_FINE = 1.0
"""Metres by which the edge of a region drawn around roads may be simplified."""


@dataclass(frozen=True, slots=True, eq=False)
class Barrier:
    """A motorway, railway or water on the plane."""

    kind: str
    name: str
    shape: Any


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """The land to share out: F faces, which no barrier crosses, and the water between them."""

    faces: NDArray[Any]
    """Polygons on the plane [F]."""
    barriers: tuple[Barrier, ...]
    whole: Any
    """Region with its water, on the plane."""
    water_km2: float
    origin: str
    """Where the region's edge comes from, in words."""
    idle: int = 0
    """Barriers that lie between no two faces, for they end on open land."""

    @property
    def land_km2(self) -> float:
        """Area of all faces."""
        import shapely

        return float(shapely.area(self.faces).sum()) / SQUARE_KM


def read_boundary(path: Path, ground: Ground) -> Any:
    """Return the polygons of a GeoJSON file as one shape on the plane; raises NetworkError without any."""
    import shapely

    problems = Problems()
    features = read_geojson(path, problems, geographic=ground.geographic)
    shapes = [ground.shape(feature) for feature in features or ()]
    land = shapely.union_all([_polygons(shape) for shape in shapes if shape is not None])
    if features is not None and shapely.area(land) <= 0.0:
        problems.add(
            f"{path.name}:1", "no polygon with an area", "Give the boundary as Polygon or MultiPolygon."
        )
    problems.raise_if_any(NetworkError)
    return land


def read_barriers(path: Path, ground: Ground) -> tuple[Barrier, ...]:
    """Return the lines and polygons of a GeoJSON file; raises NetworkError with every problem found.

    The property ``kind`` says motorway, railway, river or water; ``name`` may name the barrier.
    """
    problems = Problems()
    features = read_geojson(path, problems, geographic=ground.geographic)
    problems.raise_if_any(NetworkError)
    found = []
    for feature in features or ():
        shape = ground.shape(feature)
        if shape is not None and shape.length > 0.0:
            kind = str(feature.properties.get("kind") or "barrier")
            found.append(Barrier(kind, str(feature.properties.get("name") or ""), shape))
    return tuple(sorted(found, key=lambda barrier: (barrier.kind, barrier.name, barrier.shape.wkb)))


def around_roads(lines: NDArray[Any]) -> Any:
    """Return the land within 500 m of roads, without holes."""
    import shapely

    # near roads first: what lies among them is then out of the way when the rest is added
    near = _filled(around(lines.tolist(), _FIRST_STEP))
    far = shapely.buffer(shapely.simplify(near, _FINE), BESIDE_ROADS - _FIRST_STEP)
    return shapely.simplify(_filled(far), _FINE)


def _filled(shape: Any) -> Any:
    """Return the polygons of a shape without their holes."""
    import shapely

    return shapely.union_all(shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(shape))))


def cut_region(whole: Any, origin: str, barriers: Sequence[Barrier]) -> Region:
    """Return a region cut by barriers: water is taken out, the rest cuts as far as it closes off land."""
    import shapely

    shapely.prepare(whole)
    crossing = [barrier for barrier in barriers if shapely.intersects(whole, barrier.shape)]
    water = [_polygons(barrier.shape) for barrier in crossing if barrier.kind in _WET]
    land = shapely.difference(whole, shapely.union_all(water)) if water else whole
    lines = [_lines(barrier.shape) for barrier in crossing if barrier.kind not in _WET]
    lines += [_only_lines(barrier.shape) for barrier in crossing if barrier.kind in _WET]
    kept = [line for line in shapely.intersection(lines, land).tolist() if not shapely.is_empty(line)]
    idle = 0
    if kept:
        edges = shapely.node(shapely.geometrycollections([shapely.boundary(land), *kept]))
        closed, between, dangling, _ = shapely.polygonize_full(shapely.get_parts(edges))
        pieces = shapely.get_parts(closed)
        idle = _idle(kept, shapely.get_parts([between, dangling]))
        shapely.prepare(land)
        pieces = pieces[shapely.contains(land, shapely.point_on_surface(pieces))]
        pieces = np.concatenate((pieces, _left_over(land, pieces)))
    else:
        pieces = shapely.get_parts(_polygons(land))
    pieces = pieces[shapely.area(pieces) > 0.0]
    if not len(pieces):
        message = "The region has no land."
        raise UsageError(message, hint="Check the boundary and the barriers.")
    west, south = shapely.bounds(pieces)[:, :2].T
    pieces = pieces[np.lexsort((shapely.area(pieces), south, west))]
    return Region(pieces, tuple(crossing), whole, area_km2(whole) - area_km2(land), origin, idle)


def _idle(lines: Sequence[Any], loose: NDArray[Any]) -> int:
    """Return how many lines consist of nothing but loose pieces, which bound no face."""
    import shapely

    middle = shapely.line_interpolate_point(loose, 0.5, normalized=True)
    piece, line = shapely.STRtree(lines).query(middle, predicate="dwithin", distance=_TOUCH)
    metres = np.bincount(line, weights=shapely.length(loose)[piece], minlength=len(lines))
    length = shapely.length(lines)  # none where a barrier but touches the land
    return int(((length > 0.0) & (metres >= length - LOST_METRES)).sum())


def _left_over(land: Any, pieces: NDArray[Any]) -> NDArray[Any]:
    """Return the land in no piece: lines that miss each other by a hair may leave a face unclosed."""
    import shapely

    if shapely.area(land) - shapely.area(pieces).sum() <= LOST:
        return np.empty(0, dtype=object)
    rest = shapely.get_parts(_polygons(shapely.difference(land, shapely.union_all(pieces))))
    return np.asarray(rest[shapely.area(rest) > LOST])


def _polygons(shape: Any) -> Any:
    """Return the polygons of a shape, which may be a collection of many things, as one shape."""
    import shapely

    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])


def _only_lines(shape: Any) -> Any:
    """Return the lines of a shape, without the edges of polygons."""
    import shapely

    parts = shapely.get_parts(shapely.get_parts(shape))
    return shapely.MultiLineString(list(parts[shapely.get_type_id(parts) == 1]))


def _lines(shape: Any) -> Any:
    """Return lines, and the edges of polygons."""
    import shapely

    edges = shapely.get_parts(shapely.boundary(_polygons(shape)))
    return shapely.union_all([_only_lines(shape), *edges])
