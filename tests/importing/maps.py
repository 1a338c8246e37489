"""Tiny maps written as OpenStreetMap files, and a reader of its own that knows nothing of ours."""

from __future__ import annotations

import bz2
import gzip
import math
import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

import networkx
import osmium

from dispatch.importing.importer import Imported, import_network
from dispatch.io.tables import parse_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dispatch.io.tables import Table

Tags = dict[str, str]


@dataclass
class Map:
    """Objects of a map: a node is (lon, lat) with optional tags, a way (ids of nodes, tags)."""

    nodes: dict[int, tuple[float, float]] = field(default_factory=dict)
    node_tags: dict[int, Tags] = field(default_factory=dict)
    ways: dict[int, Any] = field(default_factory=dict)
    relations: dict[int, tuple[Sequence[tuple[str, int, str]], Tags]] = field(default_factory=dict)
    extra: list[str] = field(default_factory=list)

    def objects(self) -> list[str]:
        """Return every object as XML: nodes, ways, relations."""
        found = []
        for id_, (lon, lat) in self.nodes.items():
            body = _tags(self.node_tags.get(id_, {}))
            found.append(f'<node id="{id_}" version="1" lon="{lon:.7f}" lat="{lat:.7f}">{body}</node>')
        for id_, (refs, tags) in self.ways.items():
            body = "".join(f'<nd ref="{ref}"/>' for ref in refs) + _tags(tags)
            found.append(f'<way id="{id_}" version="1">{body}</way>')
        for id_, (members, tags) in self.relations.items():
            body = "".join(f'<member type="{t}" ref="{ref}" role="{role}"/>' for t, ref, role in members)
            found.append(f'<relation id="{id_}" version="1">{body}{_tags(tags)}</relation>')
        return found + self.extra

    def xml(self, objects: Sequence[str] | None = None) -> str:
        """Return the file."""
        body = "\n".join(self.objects() if objects is None else objects)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6">\n{body}\n</osm>\n'

    def write(self, path: Path) -> Path:
        """Write the file in the format of its ending."""
        raw = self.xml().encode()
        if path.name.endswith(".gz"):
            raw = gzip.compress(raw)
        elif path.name.endswith(".bz2"):
            raw = bz2.compress(raw)
        elif path.name.endswith(".pbf"):
            plain = path.with_name(f"{path.name}.source.osm")
            plain.write_bytes(raw)
            with osmium.SimpleWriter(str(path)) as writer:
                for found in osmium.FileProcessor(str(plain)):
                    writer.add(found)
            plain.unlink()
            return path
        path.write_bytes(raw)
        return path


def _tags(tags: Tags) -> str:
    return "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items())


def line(count: int, *, lat: float = 10.0, start: int = 1) -> dict[int, tuple[float, float]]:
    """Return nodes in a row, a thousandth of a degree apart."""
    return {start + i: (20 + i / 1000, lat) for i in range(count)}


def imported(folder: Path, world: Map, name: str = "town.osm") -> Imported:
    """Import a map by way of a file."""
    return import_network(world.write(folder / name))


def table(found: Imported, name: str) -> Table:
    """Return a table of an import."""
    from dispatch.errors import Problems

    problems = Problems()
    result = parse_table(found.files[name], name, problems)
    assert result is not None, problems
    return result


def links(found: Imported) -> dict[str, dict[str, str]]:
    """Return the rows of link.csv by id."""
    read = table(found, "link.csv")
    return {
        id_: {name: column[row] for name, column in read.columns.items()}
        for row, id_ in enumerate(read.columns["link_id"])
    }


def ends(found: Imported) -> set[tuple[str, str, bool]]:
    """Return the ends of all links and whether they are two-way."""
    return {
        (row["from_node_id"], row["to_node_id"], row["directed"] == "false") for row in links(found).values()
    }


# The second reader. Its rules are written out here once more, in few words and for plain cases.

_ROAD = {
    "motorway", "trunk", "primary", "secondary", "tertiary", "motorway_link", "trunk_link", "primary_link",
    "secondary_link", "tertiary_link", "unclassified", "residential", "living_street", "service", "road",
}  # fmt: skip
_GHOST = {
    "construction", "proposed", "razed", "abandoned", "steps", "elevator", "corridor", "platform",
    "bus_guideway", "planned", "no", "demolished", "escape", "emergency_bay",
}  # fmt: skip
_LET_IN = {"yes", "designated", "permissive", "destination", "delivery", "private", "customers", "permit"}
_SIREN = {"yes", "designated", "official", "permissive"}
_WALLS = {
    "bollard", "block", "jersey_barrier", "cycle_barrier", "turnstile", "fence", "wall", "yes", "hedge",
    "stile",
}  # fmt: skip


def may_drive(tags: Tags) -> bool:
    """Return whether a fire appliance may use a way."""
    highway = tags["highway"]
    who = next((tags[k] for k in ("motorcar", "motor_vehicle", "vehicle", "access") if tags.get(k)), "")
    bus = tags.get("bus") in _SIREN or tags.get("psv") in _SIREN
    if tags.get("area") == "yes" or highway in _GHOST or tags.get("smoothness") == "impassable":
        return False
    if tags.get("emergency") == "no":
        return False
    if tags.get("emergency") in _SIREN or (
        highway == "service" and tags.get("service") == "emergency_access"
    ):
        return True
    if highway == "busway" or (bus and highway in _ROAD | {"pedestrian"}):
        return True
    if who == "no":
        return False
    if highway == "service":
        return tags.get("service") not in ("parking_aisle", "drive-through", "parking", "slipway")
    if highway == "track":
        return tags.get("tracktype") == "grade1" or who in ("yes", "designated", "permissive")
    if highway == "pedestrian":
        return who in _LET_IN
    return highway in _ROAD


def ways_round(tags: Tags) -> tuple[bool, bool]:
    """Return whether a way may be driven as drawn, and against that."""
    oneway = tags.get("oneway", "")
    if oneway in ("no", "alternating"):
        return True, True
    if oneway == "-1":
        return False, True
    if oneway == "reversible":
        return False, False
    ring = tags.get("junction") in ("roundabout", "circular") or tags["highway"] == "motorway"
    return True, not (ring or oneway in ("yes", "1", "true"))


def kmh(tags: Tags, end: str = "") -> float | None:
    """Return the posted speed of plain cases, ``50`` or ``30 mph``; ``end`` is that of the key."""
    match = re.fullmatch(r"(\d+)( mph)?", tags.get(f"maxspeed{end}", ""))
    if match is None:
        return None
    speed = float(match[1]) * (1.609344 if match[2] else 1.0)
    return round(speed, 1) if 1 <= speed <= 200 else None


def walls(tags: Tags) -> bool:
    """Return whether a node cuts the road."""
    who = next((tags[k] for k in ("motorcar", "motor_vehicle", "vehicle", "access") if tags.get(k)), "")
    let_in = who in _LET_IN or tags.get("emergency") in _SIREN or tags.get("bus") in _SIREN
    return tags.get("barrier") in _WALLS and not let_in


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return the great-circle distance by the spherical law of cosines in its stable form (atan2)."""
    lon1, lat1, lon2, lat2 = map(math.radians, (*a, *b))
    x = math.cos(lat2) * math.sin(lon2 - lon1)
    y = math.cos(lat1) * math.sin(lat2) - math.sin(lat1) * math.cos(lat2) * math.cos(lon2 - lon1)
    z = math.sin(lat1) * math.sin(lat2) + math.cos(lat1) * math.cos(lat2) * math.cos(lon2 - lon1)
    return 6_371_008.8 * math.atan2(math.hypot(x, y), z)


def raw_graph(path: Path, speeds: dict[str, float]) -> networkx.MultiDiGraph[Any]:
    """Return every node of every usable way, nothing simplified; arcs have metres and seconds."""
    ways, places, cut = {}, {}, set[int]()
    found: Any
    for found in osmium.FileProcessor(str(path)):
        tags = {tag.k: tag.v for tag in found.tags}
        if found.is_node() and found.location.valid():
            places[found.id] = (found.lon, found.lat)
            if walls(tags):
                cut.add(found.id)
        elif found.is_way() and tags.get("highway") and may_drive(tags):
            ways[found.id] = ([node.ref for node in found.nodes], tags)
    graph: networkx.MultiDiGraph[Any] = networkx.MultiDiGraph()
    for way, (refs, tags) in ways.items():
        there, back = ways_round(tags)
        usual = speeds.get(tags["highway"], 30.0)
        ahead, behind = (kmh(tags, end) or kmh(tags) or usual for end in (":forward", ":backward"))
        for step, (a, b) in enumerate(pairwise(refs)):
            if a == b or a not in places or b not in places:
                continue
            # beyond a barrier that cuts nothing goes on: the end of each step there is a place of its own
            tail: Any = (a, way, step, "out") if a in cut else a
            head: Any = (b, way, step, "in") if b in cut else b
            far = metres(places[a], places[b])
            arc = {"metres": far, "step": (way, step)}
            if there:
                graph.add_edge(tail, head, **arc, seconds=far / (ahead / 3.6))
            if back:
                graph.add_edge(head, tail, **arc, seconds=far / (behind / 3.6))
    return graph
