"""From a skeleton to a network: cut main roads, add streets, tie both together, settle the inhabitants."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from skeleton import (
    OUTSIDE,
    ROAD_CLASSES,
    RURAL,
    Grid,
    Link,
    Network,
    Node,
    SkeletonError,
    Zone,
    haversine_m,
    inside,
    metres_per_degree,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence, Set

LONGEST_PART_M = 500.0
SHORTCUT_S = 0.05
"""How much faster than by main roads a way between two places must be to count as a shortcut."""

Corners = Mapping[tuple[int, int], Node]


@dataclass(frozen=True, slots=True)
class MainRoads:
    """Seconds of travel on the main roads alone: arrays of one row per place of the skeleton."""

    column: Mapping[str, int]
    to_node: np.ndarray
    """From the row's place to the column's node."""
    to_place: np.ndarray
    """From the column's node to the row's place."""
    between: np.ndarray
    """From the row's place to the column's place."""


def split(total: float, parts: int, decimals: int) -> list[float]:
    """Cut a number into nearly equal parts of so many decimals that add up to the total exactly."""
    marks = [round(total * i / parts, decimals) for i in range(parts + 1)]
    return [round(end - start, decimals) for start, end in pairwise(marks)]


def densify(skeleton: Network) -> Network:
    """Cut the main roads, add the street grids, tie both together and settle the inhabitants."""
    nodes, links = dict(skeleton.nodes), list[Link]()
    roadside = [nodes[key] for key in sorted(nodes)]
    empty = set[str]()
    siblings = Counter((road.from_id, road.to_id) for road in skeleton.links)
    # Fast roads first: they are the ones that keep their junctions where two roads run side by side.
    for road in sorted(skeleton.links, key=lambda link: (-link.speed_kmh, link.link_id)):
        stem = f"{road.from_id}-{road.to_id}"
        if siblings[road.from_id, road.to_id] > 1:
            stem += f".{road.road_class}"
        points, parts = _cut(road, stem, skeleton)
        nodes |= {point.node_id: point for point in points}
        links += parts
        if ROAD_CLASSES[road.road_class].joins_streets:
            roadside += points
        else:
            empty |= {point.node_id for point in points}
    main_roads = _main_roads(links, sorted(skeleton.nodes))
    for grid in skeleton.district.grids:
        centre = skeleton.nodes[grid.centre]
        corners = _corners(grid, centre)
        nodes |= {corner.node_id: corner for corner in corners.values()}
        streets = list(_streets(grid, corners))
        links += streets + _junctions(_connectors(grid, centre, roadside, corners), streets, main_roads)
    settled = _settle(nodes, skeleton.district.zones, empty)
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
            if centre.zone_id in ends and inside(grid, centre, point):
                return centre.zone_id
    return OUTSIDE if OUTSIDE in ends else RURAL


def _corners(grid: Grid, centre: Node) -> dict[tuple[int, int], Node]:
    """Street corners by (row from the south, column from the west).

    The centre lies in the middle of a block: a main road through it runs between two streets, not on one.
    """
    metres_east, metres_north = metres_per_degree(centre.lat)
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
        if point.zone_id == centre.zone_id and inside(grid, centre, point):
            _, _, nearest = min((round(haversine_m(point, c), 1), c.node_id, c) for c in corners.values())
            yield _street(f"{point.node_id}~{nearest.node_id}", point, nearest, grid.street_class)


def _junctions(connectors: Iterable[Link], streets: Iterable[Link], roads: MainRoads) -> list[Link]:
    """Leave out each connector that opens a shortcut between two places of the skeleton.

    Such a shortcut joins roads that leave a place side by side. Without it, the skeleton's travel times hold
    in the built network, too.
    """
    tied = list(connectors)
    column, graph = _graph(streets, (link.to_id for link in tied))
    rows = [column[link.to_id] for link in tied]
    across = dijkstra(graph, indices=rows)[:, rows]
    kept: list[int] = []
    for i, one in enumerate(tied):
        ways = ((tied[k], _seconds(one) + across[i, k] + _seconds(tied[k])) for k in kept)
        if not any(_is_shortcut(one.from_id, other.from_id, detour, roads) for other, detour in ways):
            kept.append(i)
    return [tied[i] for i in kept]


def _is_shortcut(one: str, other: str, detour_s: float, roads: MainRoads) -> bool:
    """Whether the detour from one point of the main roads to the other brings places closer together."""
    for start, end in ((one, other), (other, one)):
        there, on = roads.to_node[:, roads.column[start]], roads.to_place[:, roads.column[end]]
        if (there[:, None] + detour_s + on[None, :] < roads.between - SHORTCUT_S).any():
            return True
    return False


def _main_roads(parts: Iterable[Link], places: Sequence[str]) -> MainRoads:
    column, graph = _graph(parts, places)
    rows = [column[key] for key in places]
    to_node = dijkstra(graph, indices=rows)
    between = to_node[:, rows]
    if apart := [key for key, ways in zip(places, between.T, strict=True) if np.isinf(ways).any()]:
        raise SkeletonError(
            f"link.csv: no way from every place to {apart}; add a road or its other direction"
        )
    return MainRoads(column, to_node, dijkstra(graph.T, indices=rows), between)


def _graph(links: Iterable[Link], nodes: Iterable[str]) -> tuple[dict[str, int], csr_array]:
    """Each node's position, and seconds from node to node; nodes without a link have a position, too."""
    column: dict[str, int] = {}
    for key in nodes:
        column.setdefault(key, len(column))
    arcs: dict[tuple[int, int], float] = {}
    for link in links:
        one, other = (column.setdefault(key, len(column)) for key in (link.from_id, link.to_id))
        for arc in ((one, other), (other, one))[: 1 if link.directed else 2]:
            arcs[arc] = min(_seconds(link), arcs.get(arc, math.inf))
    rows, columns = np.array(list(arcs), dtype=np.int32).reshape(-1, 2).T
    return column, csr_array((list(arcs.values()), (rows, columns)), shape=(len(column), len(column)))


def _seconds(link: Link) -> float:
    return link.length_m / (link.speed_kmh / 3.6)


def _street(link_id: str, one: Node, other: Node, road_class: str) -> Link:
    kind = ROAD_CLASSES[road_class]
    length = max(1.0, round(haversine_m(one, other) * kind.circuity, 1))
    ends = one.node_id, other.node_id
    return Link(
        link_id, *ends, directed=False, length_m=length, road_class=road_class, speed_kmh=kind.speed_kmh
    )


def _settle(nodes: Mapping[str, Node], zones: Iterable[Zone], empty: Set[str]) -> dict[str, Node]:
    """Spread each zone's inhabitants evenly over its nodes but the empty ones; nodes come back by id."""
    settled = dict(sorted(nodes.items()))
    for zone in zones:
        members = [node for node in settled.values() if node.zone_id == zone.id and node.node_id not in empty]
        if zone.population and not members:
            raise SkeletonError(f"zone {zone.id}: {zone.population:g} inhabitants but no node to live at")
        shares = split(zone.population, len(members), 3) if members else []
        settled |= {m.node_id: replace(m, population=n) for m, n in zip(members, shares, strict=True)}
    return settled
