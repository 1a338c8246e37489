"""Where every unit of a finished log is at any second: link, share of it, coordinates."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import inf, isnan, nan
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from dispatch.engine.board import Board
from dispatch.roads.geometry import linestring_points, metres_between
from dispatch.roads.matrix_travel import MatrixTravel
from dispatch.roads.pace import AirTravel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.engine.log import Log
    from dispatch.roads.network import Network, RoadNetwork
    from dispatch.roads.travel import Position, Travel
    from dispatch.scenario.conditions import Conditions


OUT, CARRY, HOME = range(3)
"""Legs of a response: to the scene, from there to hospital, home."""


@dataclass(frozen=True, slots=True)
class Trip:
    """One stretch of driving on one plan, from a position to a node."""

    left: float
    """When it began, in seconds from the start; it lasts until it arrives or the next trip begins."""
    origin: Position
    target: int
    mode: str
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where one unit is."""

    unit: str
    status: str
    incident: str
    """The call it is committed to; empty for none."""
    link: str
    """Id of the link that it drives on; empty where it stands at a node, flies, or there are no roads."""
    share: float
    """How much of the link is behind it, 0 to 1; NaN off links."""
    node: str
    """The next node on its way, or where it stands; empty in the air and between places of a matrix."""
    x: float
    y: float
    """Coordinates of the network; NaN where it has none."""


def trips(log: Log, unit: int) -> list[Trip]:
    """Return the trips of a unit in order of time."""
    moves = [
        (move.response, HOME if move.mode == "normal" else OUT, Trip(*move[2:]))
        for move in log.moves
        if move.unit == unit
    ]
    carried = [(move.response, CARRY, Trip(*move[2:])) for move in log.transports if move.unit == unit]
    # of one response, first what follows from its row, then what was planned on the way out, and so on home
    planned = sorted([*_by_rows(log, unit, carried), *carried, *moves], key=lambda trip: trip[:2])
    found: list[Trip] = []
    for _, _, trip in planned:
        while found and found[-1].left > trip.left:
            found.pop()  # it was planned anew before it began
        found.append(trip)
    return found


def _by_rows(log: Log, unit: int, carried: list[tuple[int, int, Trip]]) -> Iterator[tuple[int, int, Trip]]:
    """Yield the trips out and home that follow from the rows of a unit: row, leg and trip."""
    fleet, r, roads = log.fleet, log.responses, log.scenario.roads
    hospital = {row: trip.target for row, _, trip in carried}
    quarters, home = fleet.quarters[unit], fleet.home[unit]
    for row in np.flatnonzero(r.unit == unit).tolist():
        node = int(log.timeline.node[r.incident[row]])
        en_route, back = float(r.en_route[row]), float(r.returning[row])
        if not r.from_road[row] and not isnan(en_route) and row not in log.staged:
            there = roads.at(float(r.alerted[row]))
            yield row, OUT, Trip(en_route, quarters, node, "emergency", there)
        if not isnan(r.on_scene[row]) and not isnan(back):  # served, relieved, or recalled from there
            at_once = r.in_quarters[row] == back  # busy until in quarters: no drive home is told
            origin = quarters if at_once else fleet.travels[unit].at(hospital.get(row, node))
            yield row, HOME, Trip(back, origin, home, "normal", roads.at(back))


def whereabouts(log: Log, time: float) -> list[Whereabouts]:
    """Return where all units are at a moment, in seconds from the start, in order of their ids."""
    board = Board.at(log, time)
    tracks = _tracks.get(log)
    if tracks is None:
        tracks = _tracks[log] = [_Track(log, unit) for unit in range(len(log.fleet))]
    found = []
    for unit, name in sorted(enumerate(log.fleet.ids), key=lambda item: item[1]):
        link, share, node, x, y = tracks[unit].at(time)
        found.append(
            Whereabouts(name, str(board.units[name]), board.assigned.get(name, ""), link, share, node, x, y)
        )
    return found


class _Track:
    """The trips of one unit, to be looked up by time."""

    def __init__(self, log: Log, unit: int) -> None:
        self.fleet, self.network, self.unit = log.fleet, log.scenario.network, unit
        self.trips = trips(log, unit)
        self.begins = [trip.left for trip in self.trips]

    def at(self, time: float) -> tuple[str, float, str, float, float]:
        """Return link, share, node, x and y at a moment."""
        number = bisect_right(self.begins, time) - 1
        if number < 0:
            return self._standing(self.fleet.home[self.unit])
        trip, travel = self.trips[number], self._travel(number)
        position = _along(travel, trip, time)
        ground = travel.ground
        if isinstance(ground, AirTravel):
            return "", nan, "", *ground.coordinates(position)
        if isinstance(ground, MatrixTravel):
            return self._between_places(position)
        node, lead = position
        if lead <= 0.0:
            return self._standing(node)
        return self._on_road(number, time, node, lead)

    def _travel(self, number: int) -> Travel:
        return self.fleet.under(self.trips[number].conditions).travels[self.unit]

    def _standing(self, node: int) -> tuple[str, float, str, float, float]:
        network = self.network
        return "", nan, network.node_ids[node], *_coordinates(network, node)

    def _between_places(self, position: Position) -> tuple[str, float, str, float, float]:
        network = self.network
        if len(position) == 1:
            return self._standing(position[0][0])
        points = [(weight, _coordinates(network, place)) for place, weight in position]
        return "", nan, "", sum(w * p[0] for w, p in points), sum(w * p[1] for w, p in points)

    def _on_road(
        self, number: int, time: float, node: int, lead: float
    ) -> tuple[str, float, str, float, float]:
        tail, network, mode = self._before(number, time)
        arc = network.fastest(tail, node, mode)
        if arc is not None:
            whole = float(network.seconds[mode][arc])
            share = min(max(1.0 - lead / whole, 0.0), 1.0)
            x, y = _point(network, arc, share)
            return network.link_ids[arc], share, network.node_ids[node], x, y
        return "", nan, network.node_ids[node], *_coordinates(network, node)

    def _before(self, number: int, time: float) -> tuple[int, RoadNetwork, str]:
        """Return the node that the unit passed last, and the roads and the mode in which it left it."""
        while True:
            trip, travel = self.trips[number], self._travel(number)
            ground: Any = travel.ground
            node = _along(travel, trip, time)[0]
            nodes = ground.way(trip.origin, trip.target, trip.mode) if _has_way(travel, trip) else [node]
            at = nodes.index(node)
            if at > 0 or number == 0:
                return nodes[max(at - 1, 0)], ground.network, trip.mode
            # still on the stretch on which this trip was planned: it belongs to the trip before
            number, time = number - 1, trip.left


_tracks: WeakKeyDictionary[Log, list[_Track]] = WeakKeyDictionary()
"""Trips by log, worked out once: playback asks for one moment after the other."""


def _has_way(travel: Travel, trip: Trip) -> bool:
    return travel.seconds(trip.origin, trip.target, trip.mode) < inf


def _along(travel: Travel, trip: Trip, time: float) -> Position:
    """Return the position on a trip at a moment; a unit without a way stands still."""
    if not _has_way(travel, trip):
        return trip.origin
    return travel.along(trip.origin, trip.target, trip.mode, time - trip.left)


def _coordinates(network: Network, node: int) -> tuple[float, float]:
    if network.x is None or network.y is None:
        return nan, nan
    return float(network.x[node]), float(network.y[node])


def _point(network: RoadNetwork, arc: int, share: float) -> tuple[float, float]:
    """Return the coordinates of a share of an arc's length, along its geometry."""
    ends = [int(network.tail[arc]), int(network.head[arc])]
    points = np.column_stack((network.x[ends], network.y[ends]))
    drawn = linestring_points(network.geometry[arc]) if network.geometry else None
    if drawn is not None:
        forward = np.abs(drawn[0] - points[0]).sum() <= np.abs(drawn[-1] - points[0]).sum()
        points = drawn if forward else drawn[::-1]
    x, y = points.T
    steps = metres_between(x[:-1], y[:-1], x[1:], y[1:], geographic=network.geographic)
    passed = np.concatenate(([0.0], np.cumsum(steps)))
    goal = share * passed[-1]
    return float(np.interp(goal, passed, x)), float(np.interp(goal, passed, y))
