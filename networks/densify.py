"""Build a shipped road network from a skeleton: ``python networks/densify.py NAME [--check]``.

A skeleton (``networks/skeletons/NAME``) is a few dozen named places, the main roads between them and a
``district.yaml`` of zones and street grids. The result (``networks/NAME``) is a GMNS network fine enough to
place stations and incidents on, and every bit as approximate as its skeleton:

- a skeleton link becomes equal parts of at most 500 m with the same total length, so the travel time along
  it stays as it was;
- a built-up zone gets a grid of invented streets, slower than the main roads, tied to every point of the
  zone's own main roads that lies inside the grid. A road that only passes by gets no junction, because the
  skeleton states all junctions of main roads, and a motorway is left only at the skeleton's nodes.

Nothing is random and every row is sorted: the same skeleton gives the same bytes in whatever order it stands.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import math
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

HERE = Path(__file__).resolve().parent
EARTH_RADIUS_M = 6_371_008.8
LONGEST_PART_M = 500.0
RURAL, OUTSIDE = "rural", "outside"
NODE_FIELDS = ("node_id", "name", "x_coord", "y_coord", "zone_id", "population")
LINK_FIELDS = ("link_id", "from_node_id", "to_node_id", "directed", "length", "facility_type", "free_speed")
NETWORK_YAML = """\
# Built by networks/densify.py. APPROXIMATE: see notes.
name: {name}
title: {title}
kind: road
crs: EPSG:4326
source: {source}
licence: {licence}
approximate: true
notes:
{notes}
length_unit: m
speed_unit: km/h
# Free-flow speeds of a fire appliance, assumed; they hold where link.csv gives none.
speeds:
{speeds}
# Multiply all speeds of a mode of driving. Assumed: without lights and siren 10 % slower.
factors: {{emergency: 1.0, normal: 0.9}}
"""


@dataclass(frozen=True, slots=True)
class RoadClass:
    """How far a road winds (length / great-circle distance) and how fast a fire appliance drives (km/h)."""

    circuity: float
    speed_kmh: float
    joins_streets: bool = True


ROAD_CLASSES = {
    "motorway": RoadClass(1.12, 80, joins_streets=False),
    "trunk": RoadClass(1.15, 60),
    "primary": RoadClass(1.20, 50),
    "secondary": RoadClass(1.25, 40),
    "tertiary": RoadClass(1.30, 30),
    "mountain": RoadClass(1.55, 32),
    "village": RoadClass(1.60, 22),
    "local": RoadClass(1.25, 25),
}
"""Assumed, and the same for all shipped networks, so that they can be compared."""

BUILDER_NOTES = (
    "Made by networks/densify.py from networks/skeletons/{name}; to change it, edit those and rebuild.",
    "Main roads are cut into equal parts of at most 500 m on straight lines; bends show only in the lengths.",
    "Streets inside the zones are invented grids, not real streets.",
    "Speeds and circuities are assumed, one per road class.",
    "A zone's population is spread evenly over its nodes; no census blocks are behind it.",
)


class SkeletonError(ValueError):
    """A skeleton that cannot be built: names the file or row, what is wrong, and what to do."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Zone(_Strict):
    """A part of the district: its kind, inhabitants, and the skeleton nodes that belong to it."""

    id: str
    name: str
    kind: str
    area_km2: PositiveFloat | None = None
    area_source: str | None = None
    population: float = Field(ge=0)
    population_source: str
    nodes: tuple[str, ...]


class Grid(_Strict):
    """A rectangle of streets about a skeleton node; half-widths and spacing in metres."""

    centre: str
    half_east_m: PositiveFloat
    half_north_m: PositiveFloat
    spacing_m: PositiveFloat
    street_class: str


class District(_Strict):
    """The file ``district.yaml``."""

    name: str
    title: str
    source: str
    licence: str
    notes: tuple[str, ...]
    zones: tuple[Zone, ...]
    grids: tuple[Grid, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A point of the network in degrees (WGS 84), with its inhabitants."""

    node_id: str
    name: str
    lon: float
    lat: float
    zone_id: str
    population: float = 0.0


@dataclass(frozen=True, slots=True)
class Link:
    """A road between two nodes: metres, and km/h."""

    link_id: str
    from_id: str
    to_id: str
    directed: bool
    length_m: float
    road_class: str
    speed_kmh: float


Corners = Mapping[tuple[int, int], Node]


@dataclass(frozen=True, slots=True)
class Network:
    """A district's nodes by id and its links: first the skeleton, then the built network, sorted by id."""

    district: District
    nodes: Mapping[str, Node]
    links: tuple[Link, ...]


# Reading


def read_skeleton(folder: Path) -> Network:
    """Read and check ``district.yaml``, ``node.csv`` and ``link.csv`` of a skeleton folder."""
    district = _read_district(folder / "district.yaml")
    zone_of = _zone_of_place(district)
    nodes: dict[str, Node] = {}
    for row in _rows(folder / "node.csv"):
        key = row["node_id"]
        if key not in zone_of or key in nodes:
            fault = "stands twice" if key in nodes else "is in no zone of district.yaml; add it to one"
            raise SkeletonError(f"{folder / 'node.csv'}: node {key} {fault}")
        nodes[key] = Node(key, row["name"], float(row["x_coord"]), float(row["y_coord"]), zone_of[key])
    if strangers := (zone_of.keys() | {grid.centre for grid in district.grids}) - nodes.keys():
        raise SkeletonError(f"{folder / 'district.yaml'}: no such node in node.csv: {sorted(strangers)}")
    _check_grids(district.grids, nodes)
    return Network(district, nodes, tuple(_read_links(folder / "link.csv", nodes)))


def _read_district(path: Path) -> District:
    try:
        return District.model_validate(YAML(typ="safe").load(path.read_text(encoding="utf-8")))
    except (OSError, YAMLError, ValidationError) as error:
        raise SkeletonError(f"{path}: {error}") from error


def _zone_of_place(district: District) -> dict[str, str]:
    """Zone id by skeleton node id; a node in two zones, or a missing catch-all zone, is refused."""
    claims = Counter(node for zone in district.zones for node in zone.nodes)
    ids = Counter(zone.id for zone in district.zones)
    if twice := sorted(key for counts in (claims, ids) for key, count in counts.items() if count > 1):
        raise SkeletonError(f"district.yaml: {twice} stand twice; a node has one zone, a zone one entry")
    if missing := sorted({RURAL, OUTSIDE} - ids.keys()):
        raise SkeletonError(f"district.yaml: zones {missing} are missing; points between zones need them")
    return {node: zone.id for zone in district.zones for node in zone.nodes}


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise SkeletonError(f"{path}: {error.strerror}") from error


def _read_links(path: Path, nodes: Mapping[str, Node]) -> Iterator[Link]:
    seen: set[tuple[str, str, str]] = set()
    for row in _rows(path):
        key, ends, kind = row["link_id"], (row["from_node_id"], row["to_node_id"]), row["facility_type"]
        if not nodes.keys() >= set(ends) or kind not in ROAD_CLASSES:
            raise SkeletonError(f"{path}: link {key}: an end or the class {kind} is unknown")
        if (*ends, kind) in seen:
            raise SkeletonError(
                f"{path}: link {key}: a second {kind} link between its ends; add a node to one"
            )
        seen.add((*ends, kind))
        speed = float(row["free_speed"] or ROAD_CLASSES[kind].speed_kmh)
        yield Link(key, *ends, row["directed"] == "true", float(row["length"]), kind, speed)


def _check_grids(grids: Sequence[Grid], nodes: Mapping[str, Node]) -> None:
    for grid in grids:
        if grid.half_east_m % grid.spacing_m or grid.half_north_m % grid.spacing_m:
            raise SkeletonError(f"grid {grid.centre}: make each half-width a multiple of the spacing")
        if grid.street_class not in ROAD_CLASSES:
            raise SkeletonError(f"grid {grid.centre}: class {grid.street_class} is none of {[*ROAD_CLASSES]}")
    for one, other in combinations(grids, 2):
        east, north = _offset_m(nodes[one.centre], nodes[other.centre])
        apart_east = abs(east) >= one.half_east_m + other.half_east_m
        if not apart_east and abs(north) < one.half_north_m + other.half_north_m:
            raise SkeletonError(f"grids {one.centre} and {other.centre} overlap; make one smaller")


# Geometry


def haversine_m(one: Node, other: Node) -> float:
    """Great-circle distance in metres."""
    lat1, lat2 = math.radians(one.lat), math.radians(other.lat)
    half_lon = math.radians(other.lon - one.lon) / 2
    chord = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(chord))


def split(total: float, parts: int, decimals: int) -> list[float]:
    """Cut a number into nearly equal parts of so many decimals that add up to the total exactly."""
    marks = [round(total * i / parts, decimals) for i in range(parts + 1)]
    return [round(end - start, decimals) for start, end in pairwise(marks)]


def _metres_per_degree(lat: float) -> tuple[float, float]:
    """Metres per degree of longitude and of latitude."""
    north = math.radians(EARTH_RADIUS_M)
    return north * math.cos(math.radians(lat)), north


def _offset_m(origin: Node, point: Node) -> tuple[float, float]:
    """How many metres east and north of the origin a point lies; good for a few kilometres."""
    east, north = _metres_per_degree(origin.lat)
    return (point.lon - origin.lon) * east, (point.lat - origin.lat) * north


def _inside(grid: Grid, centre: Node, point: Node) -> bool:
    east, north = _offset_m(centre, point)
    return abs(east) <= grid.half_east_m and abs(north) <= grid.half_north_m


# Building


def densify(skeleton: Network) -> Network:
    """Cut the main roads, add the street grids, tie both together and settle the inhabitants."""
    nodes, links = dict(skeleton.nodes), list[Link]()
    junctions = set(nodes)
    siblings = Counter((road.from_id, road.to_id) for road in skeleton.links)
    for road in skeleton.links:
        stem = f"{road.from_id}-{road.to_id}"
        if siblings[road.from_id, road.to_id] > 1:
            stem += f".{road.road_class}"
        points, parts = _cut(road, stem, skeleton)
        nodes |= {point.node_id: point for point in points}
        links += parts
        if ROAD_CLASSES[road.road_class].joins_streets:
            junctions |= {point.node_id for point in points}
    roadside = [nodes[key] for key in sorted(junctions)]
    for grid in skeleton.district.grids:
        centre = skeleton.nodes[grid.centre]
        corners = _corners(grid, centre)
        nodes |= {corner.node_id: corner for corner in corners.values()}
        links += _streets(grid, corners)
        links += _connectors(grid, centre, roadside, corners)
    settled = _settle(nodes, skeleton.district.zones)
    return Network(skeleton.district, settled, tuple(sorted(links, key=lambda link: link.link_id)))


def _cut(road: Link, stem: str, skeleton: Network) -> tuple[list[Node], list[Link]]:
    """The points between a road's ends, named ``stem.01`` onwards, and its parts in the same order."""
    start, end = skeleton.nodes[road.from_id], skeleton.nodes[road.to_id]
    count = max(1, math.ceil(road.length_m / LONGEST_PART_M))
    width = max(2, len(str(count)))
    points = []
    for i in range(1, count):
        lon = round(start.lon + (end.lon - start.lon) * i / count, 6)
        lat = round(start.lat + (end.lat - start.lat) * i / count, 6)
        point = Node(f"{stem}.{i:0{width}d}", "", lon, lat, RURAL)
        points.append(replace(point, zone_id=_zone_of_point(point, road, skeleton)))
    stops = [road.from_id, *(point.node_id for point in points), road.to_id]
    parts = [
        replace(road, link_id=f"{road.link_id}.{i:0{width}d}", from_id=one, to_id=other, length_m=length)
        for i, ((one, other), length) in enumerate(
            zip(pairwise(stops), split(road.length_m, count, 1), strict=True), start=1
        )
    ]
    return points, parts


def _zone_of_point(point: Node, road: Link, skeleton: Network) -> str:
    """The zone of both ends, or of the end whose grid holds the point; else outside or rural.

    A road to the outside counts as outside from the last grid on: the skeleton does not say where on it the
    district ends, and nobody should be settled along a motorway to the next city.
    """
    ends = {skeleton.nodes[key].zone_id for key in (road.from_id, road.to_id)}
    if len(ends) == 1:
        return ends.pop()
    if ROAD_CLASSES[road.road_class].joins_streets:
        for grid in skeleton.district.grids:
            centre = skeleton.nodes[grid.centre]
            if centre.zone_id in ends and _inside(grid, centre, point):
                return centre.zone_id
    return OUTSIDE if OUTSIDE in ends else RURAL


def _corners(grid: Grid, centre: Node) -> dict[tuple[int, int], Node]:
    """Street corners by (row from the south, column from the west).

    The centre lies in the middle of a block: a main road through it runs between two streets, not on one.
    """
    metres_east, metres_north = _metres_per_degree(centre.lat)
    corners = {}
    for row in range(1, round(2 * grid.half_north_m / grid.spacing_m) + 1):
        lat = centre.lat + ((row - 0.5) * grid.spacing_m - grid.half_north_m) / metres_north
        for column in range(1, round(2 * grid.half_east_m / grid.spacing_m) + 1):
            lon = centre.lon + ((column - 0.5) * grid.spacing_m - grid.half_east_m) / metres_east
            key = f"{grid.centre}.r{row:02d}c{column:02d}"
            corners[row, column] = Node(key, "", round(lon, 6), round(lat, 6), centre.zone_id)
    return corners


def _streets(grid: Grid, corners: Corners) -> Iterator[Link]:
    """The streets from every corner to its eastern and its northern neighbour."""
    for (row, column), corner in corners.items():
        for way, place in (("E", (row, column + 1)), ("N", (row + 1, column))):
            if place in corners:
                yield _street(f"{corner.node_id}-{way}", corner, corners[place], grid.street_class)


def _connectors(grid: Grid, centre: Node, roadside: Iterable[Node], corners: Corners) -> Iterator[Link]:
    """Tie each point of the zone's own main roads inside the grid to the nearest corner."""
    for point in roadside:
        if point.zone_id == centre.zone_id and _inside(grid, centre, point):
            _, _, nearest = min((round(haversine_m(point, c), 1), c.node_id, c) for c in corners.values())
            yield _street(f"{point.node_id}~{nearest.node_id}", point, nearest, grid.street_class)


def _street(link_id: str, one: Node, other: Node, road_class: str) -> Link:
    kind = ROAD_CLASSES[road_class]
    length = max(1.0, round(haversine_m(one, other) * kind.circuity, 1))
    ends = one.node_id, other.node_id
    return Link(
        link_id, *ends, directed=False, length_m=length, road_class=road_class, speed_kmh=kind.speed_kmh
    )


def _settle(nodes: Mapping[str, Node], zones: Iterable[Zone]) -> dict[str, Node]:
    """Spread each zone's inhabitants evenly over its nodes; nodes come back sorted by id."""
    settled = dict(sorted(nodes.items()))
    for zone in zones:
        members = [node for node in settled.values() if node.zone_id == zone.id]
        if zone.population and not members:
            raise SkeletonError(f"zone {zone.id}: {zone.population:g} inhabitants but no node to live at")
        shares = split(zone.population, len(members), 3) if members else []
        settled |= {m.node_id: replace(m, population=n) for m, n in zip(members, shares, strict=True)}
    return settled


# Writing


def render(network: Network) -> dict[str, str]:
    """The text of each output file by file name."""
    nodes = (
        (n.node_id, n.name, f"{n.lon:.6f}", f"{n.lat:.6f}", n.zone_id, f"{n.population:.3f}")
        for n in network.nodes.values()
    )
    links = (
        (
            k.link_id,
            k.from_id,
            k.to_id,
            str(k.directed).lower(),
            f"{k.length_m:.1f}",
            k.road_class,
            _own_speed(k),
        )
        for k in network.links
    )
    texts = _table(NODE_FIELDS, nodes), _table(LINK_FIELDS, links), _describe(network.district)
    return dict(zip(("node.csv", "link.csv", "network.yaml"), texts, strict=True))


def _own_speed(link: Link) -> str:
    """Empty where network.yaml's speed of the class applies."""
    return "" if link.speed_kmh == ROAD_CLASSES[link.road_class].speed_kmh else f"{link.speed_kmh:g}"


def _table(fields: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(fields)
    writer.writerows(rows)
    return file.getvalue()


def _describe(district: District) -> str:
    notes = (*district.notes, *(note.format(name=district.name) for note in BUILDER_NOTES))
    return NETWORK_YAML.format(
        # JSON strings are YAML strings.
        **{key: _quoted(getattr(district, key)) for key in ("name", "title", "source", "licence")},
        notes="\n".join(f"  - {_quoted(note)}" for note in notes),
        speeds="\n".join(f"  {name}: {kind.speed_kmh:g}" for name, kind in ROAD_CLASSES.items()),
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


# Command line


def main(argv: Sequence[str] | None = None) -> int:
    """Write a network, or with ``--check`` compare; 1 if the files differ, 2 if it cannot be built."""
    parser = argparse.ArgumentParser(description="Build networks/NAME from networks/skeletons/NAME.")
    parser.add_argument("name", help="folder name of the skeleton")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if files are out of date")
    options = parser.parse_args(argv)
    try:
        network = densify(read_skeleton(HERE / "skeletons" / options.name))
    except SkeletonError as error:
        print(error, file=sys.stderr)
        return 2
    folder, files = HERE / options.name, render(network)
    if options.check:
        stale = [name for name, text in files.items() if not _holds(folder / name, text)]
        print(f"out of date: {', '.join(stale)}" if stale else f"{options.name} is up to date")
        return 1 if stale else 0
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    print(f"{folder}: {len(network.nodes)} nodes, {len(network.links)} links")
    return 0


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


if __name__ == "__main__":
    sys.exit(main())
