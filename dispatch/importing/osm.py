"""Reading OpenStreetMap files with osmium: what a network is made of, in any order of the file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from dispatch.errors import NetworkError, UsageError
from dispatch.importing.draft import plain
from dispatch.importing.recognise import broken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from dispatch.importing.draft import Point

T = TypeVar("T")
Tags = dict[str, str]

FACILITIES = {"amenity": ("fire_station", "hospital"), "emergency": ("fire_hydrant", "water_tank")}
"""Tags of what is pulled out of a file beside the roads."""

_WAY_KEYS = ("highway", "railway", "waterway", "natural", *FACILITIES)
_SCALE = 10_000_000


@dataclass(frozen=True, slots=True)
class Way:
    """A way: its tags and the ids of its nodes."""

    tags: Tags
    refs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Area:
    """A multipolygon: its tags and its member ways with their roles."""

    tags: Tags
    members: tuple[tuple[int, str], ...]


@dataclass(slots=True)
class Extract:
    """What of a file is needed: ways and areas, places of their nodes, nodes with tags of interest; by id."""

    ways: dict[int, Way] = field(default_factory=dict)
    areas: dict[int, Area] = field(default_factory=dict)
    places: dict[int, Point] = field(default_factory=dict)
    """Longitude and latitude of every node that a way here needs and the file has."""
    tagged: dict[int, Tags] = field(default_factory=dict)
    """Tags of the nodes that are barriers on a way, or facilities."""
    date: str = ""
    """When the data were taken from the map, as the file says."""


def read_osm(path: Path, form: str) -> Extract:
    """Read a file in the form ``pbf``, ``osm``, ``osm.gz`` or ``osm.bz2``; raise where it is not whole."""
    try:
        import osmium
    except ImportError:
        message = f"{path.name}: reading OpenStreetMap files needs the package osmium."
        raise UsageError(message, hint="Install it with: pip install 'dispatch[osm]'.") from None
    try:
        reader = _Reader(osmium, path, form)
        return reader.read()
    except (RuntimeError, OSError, ValueError, OverflowError, osmium.InvalidLocationError) as error:
        fact = f"cannot be read to its end ({_reason(error, path)})"
        raise NetworkError([broken(path.name, fact)]) from None


def _reason(error: Exception, path: Path) -> str:
    """Return what osmium says, on one line and without the folder."""
    text = plain(str(error).replace(str(path.resolve()), path.name).replace(str(path), path.name))
    return text.rstrip(".") or type(error).__name__


def _newest(found: Iterable[tuple[Any, T]]) -> dict[int, T]:
    """Return by id the object of the highest version, those deleted left out.

    Of equal versions one is kept that does not depend on the order of the file.
    """
    kept: dict[int, tuple[tuple[int, bool], T]] = {}
    for item, value in found:
        rank, known = (item.version, item.deleted), kept.get(item.id)
        if known is None or rank > known[0] or (rank == known[0] and repr(value) > repr(known[1])):
            kept[item.id] = rank, value
    return {id_: value for id_, (rank, value) in kept.items() if not rank[1]}


def kinds_of(tags: Tags) -> tuple[str, ...]:
    """Return which facilities an object is; one that is disused or gone is none."""
    if any(tags.get(key) == "yes" for key in ("disused", "abandoned", "demolished", "razed")):
        return ()
    return tuple(
        kind
        for key, kinds in FACILITIES.items()
        for kind in kinds
        if key in tags and kind in (part.strip() for part in tags[key].split(";"))
    )


def _place(location: Any) -> Point | None:
    """Return longitude and latitude to seven decimals, or None where there are none."""
    return (location.x / _SCALE, location.y / _SCALE) if location.valid() else None


def _places_on(way: Any) -> tuple[tuple[int, Point], ...]:
    """Return the nodes of a way whose places stand on the way itself, with these."""
    return tuple((node.ref, at) for node in way.nodes if (at := _place(node.location)) is not None)


def _is_area(tags: Tags) -> bool:
    return tags.get("type") == "multipolygon" and bool(kinds_of(tags) or tags.get("natural") == "water")


def _tags(found: Any) -> Tags:
    return {tag.k: plain(tag.v) for tag in found.tags}


class _Reader:
    """Three times two passes: areas, then ways and members of areas, then nodes; the order of a file is free.

    The first pass of a kind finds the ids that matter in any version, the second reads all versions of these:
    which of them counts is known before anything is asked of its tags.
    """

    def __init__(self, osmium: Any, path: Path, form: str) -> None:
        self.osmium, self.path, self.form = osmium, path, form

    def objects(self, kind: Any, keys: tuple[str, ...] = ()) -> Iterator[Any]:
        """Yield the objects of a kind; with ``keys`` those tagged with one of them."""
        found = self.osmium.FileProcessor(self.osmium.io.File(str(self.path), self.form), kind)
        yield from found.with_filter(self.osmium.filter.KeyFilter(*keys)) if keys else found

    def versions(self, kind: Any, keys: tuple[str, ...], also: set[int] | None = None) -> Iterator[Any]:
        """Yield every version of the objects that in any version have one of the keys, or are in ``also``."""
        ids = {found.id for found in self.objects(kind, keys)} | (also or set())
        return (found for found in self.objects(kind) if found.id in ids)

    def read(self) -> Extract:
        """Return everything that is needed."""
        kinds = self.osmium.osm
        areas = self._areas(kinds.RELATION)
        members = {member for area in areas.values() for member, _ in area.members}
        ways, places = self._ways(kinds.WAY, members)
        extract = Extract(ways=ways, areas=areas, places=places, date=self._date())
        self._nodes(kinds.NODE, extract)
        return extract

    def _date(self) -> str:
        with self.osmium.io.Reader(self.osmium.io.File(str(self.path), self.form)) as reader:
            return plain(str(reader.header().get("osmosis_replication_timestamp", "")))

    def _areas(self, kind: Any) -> dict[int, Area]:
        found = _newest(
            (item, Area(_tags(item), tuple((m.ref, m.role) for m in item.members if m.type == "w")))
            for item in self.versions(kind, ("natural", *FACILITIES))
        )
        return {id_: area for id_, area in found.items() if _is_area(area.tags)}

    def _ways(self, kind: Any, members: set[int]) -> tuple[dict[int, Way], dict[int, Point]]:
        """Return the ways, and places of nodes that stand on them: some files have these, and no nodes."""
        found = _newest(
            (item, (Way(_tags(item), tuple(node.ref for node in item.nodes)), _places_on(item)))
            for item in self.versions(kind, _WAY_KEYS, members)
        )
        kept = {
            id_: value
            for id_, value in found.items()
            if id_ in members or not value[0].tags.keys().isdisjoint(_WAY_KEYS)
        }
        places: dict[int, Point] = {}
        for _, on_way in kept.values():
            for ref, at in on_way:
                places[ref] = max(at, places.get(ref, at))
        return {id_: way for id_, (way, _) in kept.items()}, places

    def _nodes(self, kind: Any, extract: Extract) -> None:
        needed = {ref for way in extract.ways.values() for ref in way.refs}
        found = _newest(
            (item, (_place(item.location), _tags(item) if len(item.tags) else {}))
            for item in self.versions(kind, tuple(FACILITIES), needed)
        )
        for id_, (at, tags) in found.items():
            if at is not None and (id_ in needed or kinds_of(tags)):
                extract.places[id_] = at
                if "barrier" in tags or kinds_of(tags):
                    extract.tagged[id_] = tags
