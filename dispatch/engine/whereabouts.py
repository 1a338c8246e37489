"""Where every unit of a finished log is at any second: link, share of it, coordinates."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from math import inf, isnan, nan
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from dispatch.engine.board import Board
from dispatch.roads.geometry import linestring_points, metres_between
from dispatch.roads.matrix_travel import MatrixTravel
from dispatch.roads.pace import AirTravel
from dispatch.roads.travel import RoadTravel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from dispatch.engine.log import Log
    from dispatch.roads.network import Network, RoadNetwork
    from dispatch.roads.travel import Position, Travel
    from dispatch.scenario.conditions import Conditions

    Floats = NDArray[np.float64]


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


def trips(log: Log, unit: int, begin: float = -inf, end: float = inf) -> list[Trip]:
    """Return the trips of a unit in order of time: all that say where it is from ``begin`` to ``end``."""
    rows, planned = log.rows_of[unit], _planned(log)[unit]
    alerted = log.responses.alerted[rows]
    first, last = (int(np.searchsorted(alerted, moment, "right")) for moment in (begin, end))
    back = 2
    while True:
        start = max(first - back, 0)
        since = int(rows[start]) if start else -1
        until = int(rows[last]) if last < len(rows) else len(log.responses)
        among = planned[bisect_left(planned, since, key=_row) : bisect_left(planned, until, key=_row)]
        found = _in_order(log, unit, rows[start:last].tolist(), among)
        if not start or (found and found[0].left <= begin and _stands(log, unit, found[0])):
            return found
        back *= 2  # what it does at the begin was planned earlier


Planned: TypeAlias = tuple[int, int, Trip]
"""Row of the response that a trip belongs to, leg, and trip."""


def _row(planned: Planned) -> int:
    return planned[0]


def _planned(log: Log) -> list[list[Planned]]:
    """Return the trips that are in the log as such, by unit, each in order of the row [U]."""
    known: list[list[Planned]] | None = log.worked_out.get("planned")
    if known is None:
        known = log.worked_out["planned"] = [[] for _ in range(len(log.fleet))]
        for move in log.transports:
            known[move.unit].append((move.response, CARRY, Trip(*move[2:])))
        for move in log.moves:
            known[move.unit].append((move.response, HOME if move.mode == "normal" else OUT, Trip(*move[2:])))
        for planned in known:
            planned.sort(key=_row)
    return known


def _stands(log: Log, unit: int, trip: Trip) -> bool:
    """Whether a trip begins at a node, so that nothing before it needs to be known."""
    ground = log.fleet.under(trip.conditions).travels[unit].ground
    return not isinstance(ground, RoadTravel) or trip.origin[1] <= 0.0


def _in_order(log: Log, unit: int, rows: list[int], planned: list[Planned]) -> list[Trip]:
    """Return the trips of some rows of a unit, and those planned for them, in order of time."""
    carried = {row: trip.target for row, leg, trip in planned if leg == CARRY}
    found: list[Trip] = []
    # of one response, first what follows from its row, then what was planned on the way out, and so on home
    for _, _, trip in sorted([*_by_rows(log, unit, rows, carried), *planned], key=lambda trip: trip[:2]):
        while found and found[-1].left > trip.left:
            found.pop()  # it was planned anew before it began
        found.append(trip)
    return found


def _by_rows(log: Log, unit: int, rows: list[int], hospital: dict[int, int]) -> Iterator[Planned]:
    """Yield the trips out and home that follow from rows of a unit, given who went to which hospital."""
    fleet, r, roads = log.fleet, log.responses, log.scenario.roads
    quarters, home = fleet.quarters[unit], fleet.home[unit]
    for row in rows:
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
    tracks: list[Journey] | None = log.worked_out.get("tracks")
    if tracks is None:
        tracks = log.worked_out["tracks"] = [_Track(log, unit) for unit in range(len(log.fleet))]
    found = []
    for unit, name in sorted(enumerate(log.fleet.ids), key=lambda item: item[1]):
        link, share, node, x, y = tracks[unit].at(time)
        found.append(
            Whereabouts(name, str(board.units[name]), board.assigned.get(name, ""), link, share, node, x, y)
        )
    return found


class Journey:
    """The trips of a unit or a truck, to be looked up by time."""

    def __init__(
        self, network: Network, home: int, trips: list[Trip], travel: Callable[[Conditions], Travel]
    ) -> None:
        self.network, self.home, self.trips, self._travels = network, home, trips, travel
        self.begins = [trip.left for trip in trips]

    def at(self, time: float) -> tuple[str, float, str, float, float]:
        """Return link, share, node, x and y at a moment."""
        number = bisect_right(self.begins, time) - 1
        if number < 0:
            return self._standing(self.home)
        trip, travel = self.trips[number], self.travel(number)
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

    def travel(self, number: int) -> Travel:
        """Return how a trip is made."""
        return self._travels(self.trips[number].conditions)

    def _standing(self, node: int) -> tuple[str, float, str, float, float]:
        network = self.network
        return "", nan, network.node_ids[node], *_coordinates(network, node)

    def _between_places(self, position: Position) -> tuple[str, float, str, float, float]:
        if len(position) == 1:
            return self._standing(position[0][0])
        return "", nan, "", *between(self.network, position)

    def _on_road(
        self, number: int, time: float, node: int, lead: float
    ) -> tuple[str, float, str, float, float]:
        stretch = self.stretch(number, time, node)
        if stretch is None:
            return "", nan, self.network.node_ids[node], *_coordinates(self.network, node)
        network, arc, whole = stretch
        share = min(max(1.0 - lead / whole, 0.0), 1.0)
        passed, x, y = drawn(network, arc)
        place = float(np.interp(share, passed, x)), float(np.interp(share, passed, y))
        return network.link_ids[arc], share, network.node_ids[node], *place

    def stretch(self, number: int, time: float, node: int) -> tuple[RoadNetwork, int, float] | None:
        """Return roads, arc and seconds for the whole arc that leads to a node where it drives on a trip."""
        tail, network, mode = self._before(number, time)
        arc = network.fastest(tail, node, mode)
        return None if arc is None else (network, arc, float(network.seconds[mode][arc]))

    def _before(self, number: int, time: float) -> tuple[int, RoadNetwork, str]:
        """Return the node that the unit passed last, and the roads and the mode in which it left it."""
        while True:
            trip, travel = self.trips[number], self.travel(number)
            ground: Any = travel.ground
            node = _along(travel, trip, time)[0]
            nodes = ground.way(trip.origin, trip.target, trip.mode) if has_way(travel, trip) else [node]
            at = nodes.index(node)
            if at > 0 or number == 0:
                return nodes[max(at - 1, 0)], ground.network, trip.mode
            # still on the stretch on which this trip was planned: it belongs to the trip before
            number, time = number - 1, trip.left


class _Track(Journey):
    """All trips of a unit of a log."""

    def __init__(self, log: Log, unit: int, begin: float = -inf, end: float = inf) -> None:
        def travel(conditions: Conditions) -> Travel:
            return fleet.under(conditions).travels[unit]

        fleet, network = log.fleet, log.scenario.network
        super().__init__(network, fleet.home[unit], trips(log, unit, begin, end), travel)


def journey(log: Log, unit: int, begin: float, end: float) -> Journey:
    """Return the trips of a unit that say where it is from one moment to another."""
    return _Track(log, unit, begin, end)


def has_way(travel: Travel, trip: Trip) -> bool:
    """Whether a way leads to where a trip goes."""
    return travel.seconds(trip.origin, trip.target, trip.mode) < inf


def _along(travel: Travel, trip: Trip, time: float) -> Position:
    """Return the position on a trip at a moment; a unit without a way stands still."""
    if not has_way(travel, trip):
        return trip.origin
    return travel.along(trip.origin, trip.target, trip.mode, time - trip.left)


def _coordinates(network: Network, node: int) -> tuple[float, float]:
    if network.x is None or network.y is None:
        return nan, nan
    return float(network.x[node]), float(network.y[node])


def between(network: Network, position: Position) -> tuple[float, float]:
    """Return the coordinates of a mixture of places of a matrix."""
    points = [(weight, _coordinates(network, place)) for place, weight in position]
    return sum(w * p[0] for w, p in points), sum(w * p[1] for w, p in points)


def drawn(network: RoadNetwork, arc: int) -> tuple[Floats, Floats, Floats]:
    """Return the points of an arc from its tail to its head: share of its length passed, x and y [k]."""
    known: dict[int, tuple[Floats, Floats, Floats]] = network.once("drawn", dict)
    if arc not in known:
        known[arc] = _drawn(network, arc)
    return known[arc]


def _drawn(network: RoadNetwork, arc: int) -> tuple[Floats, Floats, Floats]:
    ends = [int(network.tail[arc]), int(network.head[arc])]
    points = np.column_stack((network.x[ends], network.y[ends]))
    line = linestring_points(network.geometry[arc]) if network.geometry else None
    if line is not None:
        forward = np.abs(line[0] - points[0]).sum() <= np.abs(line[-1] - points[0]).sum()
        points = line if forward else line[::-1]
    x, y = points.T
    steps = metres_between(x[:-1], y[:-1], x[1:], y[1:], geographic=network.geographic)
    passed = np.concatenate(([0.0], np.cumsum(steps)))
    whole = passed[-1] if passed[-1] > 0.0 else 1.0
    return passed / whole, x, y
