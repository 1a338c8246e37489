"""What an OpenStreetMap extract holds beside the roads: facilities, and what parts a town in pieces."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.importing.osm import kinds_of
from dispatch.importing.shapes import Shape, mean, points_of, shape_of_area, shape_of_way
from dispatch.io.geo_files import Feature

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dispatch.importing.draft import Point
    from dispatch.importing.osm import Area, Extract, Tags, Way

BIG_WATER = 50_000.0
"""Square metres from which water parts a town, also where it is no river."""

_KEPT = (
    "alt_name", "amenity", "beds", "capacity", "couplings", "emergency", "healthcare", "official_name",
    "operator", "ref", "short_name", "water_source",
)  # fmt: skip
_KEPT_GROUPS = ("name:", "addr:", "fire_hydrant:", "fire_station:", "water_tank:", "couplings:")
_ORDER = {"relation": 0, "way": 1, "node": 2}


@dataclass(frozen=True, slots=True)
class _Found:
    """A facility of one kind: where it is, and its area where it has one."""

    kind: str
    sort: str
    id: int
    at: Point
    shape: Shape | None
    tags: Tags

    @property
    def feature(self) -> Feature:
        """The feature of the file."""
        kept = {
            key: value
            for key, value in self.tags.items()
            if value and (key in _KEPT or key.startswith(_KEPT_GROUPS))
        }
        properties = {"kind": self.kind, "name": self.tags.get("name", ""), **kept}
        point = {"type": "Point", "coordinates": list(self.at)}
        return Feature(point, properties, f"{self.sort}/{self.id}")


def facilities_of(extract: Extract) -> tuple[list[Feature], dict[str, int]]:
    """Return fire stations, hospitals, hydrants and water tanks, sorted, and what was counted on the way.

    Where several objects stand for one thing, a node or an area inside a larger area of the same kind, the
    larger area is kept.
    """
    found = sorted(_facilities(extract), key=lambda item: (item.kind, _ORDER[item.sort], item.id))
    by_kind = groupby(found, key=lambda item: item.kind)
    kept = [item for _, group in by_kind for item in _each_once(list(group))]
    drawn: list[Way | Area] = [*extract.ways.values(), *extract.areas.values()]
    lost = sum(bool(kinds_of(thing.tags)) for thing in drawn) - len(
        {(item.sort, item.id) for item in found if item.sort != "node"}
    )
    counts = {"facilities drawn twice": len(found) - len(kept), "facilities without a place": lost}
    return [item.feature for item in kept], {name: number for name, number in counts.items() if number}


def _each_once(found: list[_Found]) -> list[_Found]:
    """Return facilities of one kind, in order, without those in a larger area; of equal areas the first."""
    sizes = [math.inf if item.shape is None else -item.shape.square_metres for item in found]
    rank = np.argsort(sizes, kind="stable")  # largest areas first, what has no area last
    ordered = [found[i] for i in rank.tolist()]
    inside = np.zeros(len(found), dtype=np.bool_)
    for number, near in _boxed(ordered):
        shape = ordered[number].shape
        assert shape is not None
        for other in near[(near > number) & ~inside[near]].tolist():
            inside[other] = shape.holds(ordered[other].at)
    gone = set(rank[inside].tolist())
    return [item for i, item in enumerate(found) if i not in gone]


def _boxed(found: list[_Found]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Yield the number of each area with the numbers of what may lie inside: all in a square around it."""
    from scipy.spatial import cKDTree

    tree = cKDTree([item.at for item in found])
    for number, item in enumerate(found):
        if item.shape is not None:
            x1, y1, x2, y2 = item.shape.box
            half = max(x2 - x1, y2 - y1) / 2 * (1 + 1e-9) + 1e-9  # rounding loses nothing at its edge
            near = tree.query_ball_point(((x1 + x2) / 2, (y1 + y2) / 2), half, p=math.inf)
            yield number, np.array(near, dtype=np.intp)


def _facilities(extract: Extract) -> Iterator[_Found]:
    for id_, tags in extract.tagged.items():
        for kind in kinds_of(tags):
            yield _Found(kind, "node", id_, extract.places[id_], None, tags)
    for id_, way in extract.ways.items():
        for kind in kinds_of(way.tags):
            shape = shape_of_way(way, extract)
            if (at := _place(shape, [id_], extract)) is not None:
                yield _Found(kind, "way", id_, at, shape, way.tags)
    for id_, area in extract.areas.items():
        for kind in kinds_of(area.tags):
            shape = shape_of_area(area, extract)
            if (at := _place(shape, [member for member, _ in area.members], extract)) is not None:
                yield _Found(kind, "relation", id_, at, shape, area.tags)


def _place(shape: Shape | None, ways: list[int], extract: Extract) -> Point | None:
    """Return the centroid of a shape, or the mean of what is known of its outline."""
    if shape is not None:
        return shape.centroid()
    points = points_of(ways, extract)
    return mean(points) if points else None


def barriers_of(extract: Extract) -> list[Feature]:
    """Return motorways, railways, rivers, canals and large waters, sorted by kind and id."""
    found: list[tuple[tuple[str, int, int, int], Feature]] = []
    for id_, way in extract.ways.items():
        kind = _line_kind(way.tags)
        if kind:
            for number, geometry in enumerate(_lines(way, extract)):
                name = f"way/{id_}" if number == 0 else f"way/{id_}/{number + 1}"
                found.append(((kind, 1, id_, number), _barrier(geometry, kind, way.tags, name)))
        elif way.tags.get("natural") == "water":
            found += _water("way", id_, way, shape_of_way(way, extract))
    for id_, area in extract.areas.items():
        if area.tags.get("natural") == "water":
            found += _water("relation", id_, area, shape_of_area(area, extract))
    return [feature for _, feature in sorted(found, key=lambda item: item[0])]


def _water(
    sort: str, id_: int, thing: Way | Area, shape: Shape | None
) -> list[tuple[tuple[str, int, int, int], Feature]]:
    """Return a water as a list of one, or an empty one where it is small or its outline is not whole."""
    water = thing.tags.get("water")
    if shape is None or not (water in ("river", "canal") or shape.square_metres >= BIG_WATER):
        return []
    kind = "canal" if water == "canal" else "water"
    return [((kind, _ORDER[sort], id_, 0), _barrier(shape.geometry, kind, thing.tags, f"{sort}/{id_}"))]


def _barrier(geometry: dict[str, Any], kind: str, tags: Tags, name: str) -> Feature:
    return Feature(geometry, {"kind": kind, "name": tags.get("name", "") or tags.get("ref", "")}, name)


def _line_kind(tags: Tags) -> str:
    """Return what a way is a barrier as: one cannot cross it but on a bridge; "" for any other way."""
    below = tags.get("tunnel", "no") != "no"
    highway = tags.get("highway", "")
    if highway == "motorway" or (highway == "trunk" and tags.get("motorroad") == "yes"):
        return "" if below else "motorway"
    if tags.get("railway") == "rail" and tags.get("service") not in ("yard", "siding", "spur", "crossover"):
        return "" if below else "railway"
    waterway = tags.get("waterway", "")
    return waterway if waterway in ("river", "canal") and not below else ""


def _lines(way: Way, extract: Extract) -> Iterator[dict[str, Any]]:
    """Yield the parts of a way between nodes that the file lacks."""
    part: list[Point] = []
    for ref in (*way.refs, None):
        place = extract.places.get(ref) if ref is not None else None
        if place is None:
            if len(part) > 1:
                yield {"type": "LineString", "coordinates": part}
            part = []
        elif not part or part[-1] != place:
            part.append(place)


def count_kinds(features: list[Feature]) -> dict[str, int]:
    """Return how many features there are of each kind."""
    return dict(sorted(Counter(str(feature.properties["kind"]) for feature in features).items()))
