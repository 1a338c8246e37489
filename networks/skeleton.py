"""A skeleton of main roads: what it consists of, how it is read, and what is refused."""

from __future__ import annotations

import csv
import math
from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

EARTH_RADIUS_M = 6_371_008.8
RURAL, OUTSIDE = "rural", "outside"
NODE_FIELDS = ("node_id", "name", "x_coord", "y_coord")
LINK_FIELDS = ("link_id", "from_node_id", "to_node_id", "directed", "length", "facility_type", "free_speed")


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
    for row in _rows(folder / "node.csv", NODE_FIELDS):
        key = row["node_id"]
        if key not in zone_of or key in nodes:
            fault = "stands twice" if key in nodes else "is in no zone of district.yaml; add it to one"
            raise SkeletonError(f"{folder / 'node.csv'}: node {key} {fault}")
        lon, lat = (_number(folder / "node.csv", row, field, above=-180) for field in ("x_coord", "y_coord"))
        nodes[key] = Node(key, row["name"], lon, lat, zone_of[key])
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


def _rows(path: Path, fields: Sequence[str]) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, restval="")
            if missing := sorted({*fields} - {*(reader.fieldnames or ())}):
                raise SkeletonError(f"{path}: no columns {missing}; add them")
            return list(reader)
    except OSError as error:
        raise SkeletonError(f"{path}: {error.strerror}") from error


def _read_links(path: Path, nodes: Mapping[str, Node]) -> Iterator[Link]:
    seen: set[tuple[str, str, str]] = set()
    for row in _rows(path, LINK_FIELDS):
        key, ends, kind = row["link_id"], (row["from_node_id"], row["to_node_id"]), row["facility_type"]
        if not nodes.keys() >= set(ends) or kind not in ROAD_CLASSES:
            raise SkeletonError(f"{path}: link {key}: an end or the class {kind} is unknown")
        if (*ends, kind) in seen:
            raise SkeletonError(
                f"{path}: link {key}: a second {kind} link between its ends; add a node to one"
            )
        seen.add((*ends, kind))
        length = _number(path, row, "length", above=0)
        # A tenth is left to coordinates that are rounded.
        if length < 0.9 * (straight := haversine_m(*(nodes[end] for end in ends))):
            raise SkeletonError(
                f"{path}: link {key}: {length:g} m is shorter than the straight line of {straight:.0f} m;"
                " give the length in metres"
            )
        speed = ROAD_CLASSES[kind].speed_kmh
        if row["free_speed"]:
            speed = _number(path, row, "free_speed", above=0)
        yield Link(key, *ends, row["directed"] == "true", length, kind, speed)


def _number(path: Path, row: Mapping[str, str], field: str, above: float) -> float:
    try:
        number = float(row[field])
    except ValueError:
        number = math.nan
    if not above < number < math.inf:
        key = row[f"{path.stem}_id"]
        raise SkeletonError(
            f"{path}: {path.stem} {key}: {field} {row[field]!r}: give a number above {above:g}"
        )
    return number


def _check_grids(grids: Sequence[Grid], nodes: Mapping[str, Node]) -> None:
    for grid in grids:
        if grid.half_east_m % grid.spacing_m or grid.half_north_m % grid.spacing_m:
            raise SkeletonError(f"grid {grid.centre}: make each half-width a multiple of the spacing")
        if grid.street_class not in ROAD_CLASSES:
            raise SkeletonError(f"grid {grid.centre}: class {grid.street_class} is none of {[*ROAD_CLASSES]}")
    for one, other in combinations(grids, 2):
        east, north = offset_m(nodes[one.centre], nodes[other.centre])
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


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Metres per degree of longitude and of latitude."""
    north = math.radians(EARTH_RADIUS_M)
    return north * math.cos(math.radians(lat)), north


def offset_m(origin: Node, point: Node) -> tuple[float, float]:
    """How many metres east and north of the origin a point lies; good for a few kilometres."""
    east, north = metres_per_degree(origin.lat)
    return (point.lon - origin.lon) * east, (point.lat - origin.lat) * north


def inside(grid: Grid, centre: Node, point: Node) -> bool:
    """Whether a point lies in the grid's rectangle."""
    east, north = offset_m(centre, point)
    return abs(east) <= grid.half_east_m and abs(north) <= grid.half_north_m
