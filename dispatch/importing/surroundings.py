"""What an OpenStreetMap extract holds beside the roads: facilities, and what parts a town in pieces."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dispatch.importing.osm import kinds_of
from dispatch.importing.shapes import Shape, mean, points_of, shape_of_area, shape_of_way
from dispatch.io.geo_files import Feature

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    areas = [item for item in found if item.shape is not None]
    kept = [item for item in found if not any(_stands_for(area, item) for area in areas)]
    drawn: list[Way | Area] = [*extract.ways.values(), *extract.areas.values()]
    lost = sum(bool(kinds_of(thing.tags)) for thing in drawn) - len(
        {(item.sort, item.id) for item in found if item.sort != "node"}
    )
    counts = {"facilities drawn twice": len(found) - len(kept), "facilities without a place": lost}
    return [item.feature for item in kept], {name: number for name, number in counts.items() if number}


def _stands_for(other: _Found, item: _Found) -> bool:
    """Return whether another area holds the place of an item of its kind, and is larger or known better."""
    if other is item or other.kind != item.kind or other.shape is None or not other.shape.holds(item.at):
        return False
    if item.shape is None:
        return True
    sizes = other.shape.square_metres, item.shape.square_metres
    first = (_ORDER[other.sort], other.id) < (_ORDER[item.sort], item.id)
    return sizes[0] > sizes[1] or (sizes[0] == sizes[1] and first)


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
    """Return motorways, railways, rivers and large waters, sorted by kind and id."""
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
    river = thing.tags.get("water") in ("river", "canal")
    if shape is None or not (river or shape.square_metres >= BIG_WATER):
        return []
    return [(("water", _ORDER[sort], id_, 0), _barrier(shape.geometry, "water", thing.tags, f"{sort}/{id_}"))]


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
    return "river" if tags.get("waterway") in ("river", "canal") and not below else ""


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
