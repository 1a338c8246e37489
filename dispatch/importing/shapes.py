"""Polygons from ways and multipolygons: rings put together, centroids, areas, what lies inside."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from dispatch.io.rings import centroid, moments
from dispatch.roads.geometry import EARTH_RADIUS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatch.importing.draft import Point
    from dispatch.importing.osm import Area, Extract, Way

Ring = tuple["Point", ...]
"""Points of a closed line, the first again at the end."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One or several polygons, each an outer ring and its holes; in degrees."""

    polygons: tuple[tuple[Ring, ...], ...]

    @property
    def geometry(self) -> dict[str, Any]:
        """The GeoJSON geometry."""
        if len(self.polygons) == 1:
            return {"type": "Polygon", "coordinates": self.polygons[0]}
        return {"type": "MultiPolygon", "coordinates": self.polygons}

    @property
    def square_metres(self) -> float:
        """Area on the ground, holes left out; good to about a percent."""
        return math.fsum(
            sign * _square_metres(ring)
            for rings in self.polygons
            for sign, ring in zip([1] + [-1] * (len(rings) - 1), rings, strict=True)
        )

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Least x and y, greatest x and y."""
        points = [point for rings in self.polygons for point in rings[0]]
        xs, ys = [x for x, _ in points], [y for _, y in points]
        return min(xs), min(ys), max(xs), max(ys)

    def centroid(self) -> Point:
        """Return the centroid of the area, or the mean of the corners where there is no area."""
        return centroid(self.polygons) or mean([point for rings in self.polygons for point in rings[0][:-1]])

    def holds(self, point: Point) -> bool:
        """Return whether a point lies inside."""
        x1, y1, x2, y2 = self.box
        if not (x1 <= point[0] <= x2 and y1 <= point[1] <= y2):
            return False
        return any(_crossings(point, rings) % 2 for rings in self.polygons)


def mean(points: Sequence[Point]) -> Point:
    """Return the mean of points."""
    return math.fsum(x for x, _ in points) / len(points), math.fsum(y for _, y in points) / len(points)


def _square_metres(ring: Ring) -> float:
    a_degree = math.radians(EARTH_RADIUS)  # in metres
    return abs(moments(ring, *ring[0])[0]) * a_degree**2 * math.cos(math.radians(mean(ring)[1]))


def _crossings(point: Point, rings: tuple[Ring, ...]) -> int:
    """Return how often a line from a point to the east crosses the rings."""
    x, y = point
    return sum(
        (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay)
        for ring in rings
        for (ax, ay), (bx, by) in pairwise(ring)
    )


def shape_of_way(way: Way, extract: Extract) -> Shape | None:
    """Return the polygon of a closed way all of whose nodes are known, else None."""
    if len(way.refs) < 4 or way.refs[0] != way.refs[-1] or any(ref not in extract.places for ref in way.refs):
        return None
    return Shape(((tuple(extract.places[ref] for ref in way.refs),),))


def shape_of_area(area: Area, extract: Extract) -> Shape | None:
    """Return the polygons of a multipolygon, or None where an outer ring is not whole in the file."""
    outer = _rings([way for way, role in area.members if role in ("outer", "")], extract)
    inner = _rings([way for way, role in area.members if role == "inner"], extract) or []
    if not outer:
        return None
    polygons: list[list[Ring]] = [[ring] for ring in outer]
    for hole in inner:
        around = next((rings for rings in polygons if _crossings(hole[0], (rings[0],)) % 2), None)
        if around is not None:
            around.append(hole)
    return Shape(tuple(tuple(rings) for rings in polygons))


def points_of(ways: Sequence[int], extract: Extract) -> list[Point]:
    """Return the places of all nodes of some ways that the file has, each once."""
    refs = {ref for way in ways if way in extract.ways for ref in extract.ways[way].refs}
    return [extract.places[ref] for ref in sorted(refs) if ref in extract.places]


def _rings(members: list[int], extract: Extract) -> list[Ring] | None:
    """Join ways end to end to closed rings; None where one stays open or lacks nodes."""
    lines: list[list[int]] = []
    for id_ in sorted(set(members)):
        refs = list(extract.ways[id_].refs) if id_ in extract.ways else []
        if len(refs) < 2 or any(ref not in extract.places for ref in refs):
            return None
        lines.append(refs)
    rings: list[Ring] = []
    while lines:
        ring = lines.pop(0)
        while ring[0] != ring[-1]:
            found = next((line for line in lines if ring[-1] in (line[0], line[-1])), None)
            if found is None:
                return None
            lines.remove(found)
            ring += found[1:] if found[0] == ring[-1] else found[-2::-1]
        if len(ring) > 3:
            rings.append(tuple(extract.places[ref] for ref in ring))
    return rings
