"""Units that travel otherwise than the roads' seconds say: slower vehicles, standing starts, and by air."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, inf, sin, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.roads.geometry import EARTH_RADIUS
from dispatch.roads.network import TICK
from dispatch.roads.rows import table_row
from dispatch.roads.travel import RoadTravel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.roads.network import Network
    from dispatch.roads.rows import Row
    from dispatch.roads.travel import Position, Travel

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pace:
    """How the seconds of a whole trip follow from the seconds that the roads' speeds give.

    They are divided by ``factor`` (a vehicle class) to t, and then starting and stopping is added: with τ =
    ``start_up`` = v/a seconds from standing to cruising speed, T = t + τ where t ≥ τ, and 2·√(τ·t) on
    shorter trips, on which cruising speed is never reached. With a single speed v on all roads, t = D/v makes
    this Kolesar's T = 2·√(D/a) for D ≤ v²/a, and D/v + v/a beyond (RAND R-1449, 1975).
    """

    factor: float = 1.0
    start_up: float = 0.0

    @property
    def plain(self) -> bool:
        """Whether a trip takes just what the roads' speeds say."""
        return self.factor == 1.0 and self.start_up == 0.0

    def seconds(self, driving: float) -> float:
        """Return the seconds of a trip from those that the roads' speeds give."""
        if driving == inf:
            return inf
        time, start_up = driving / self.factor, self.start_up
        whole = time + start_up if time >= start_up else 2.0 * sqrt(start_up * time)
        return round(whole / TICK) * TICK

    def all_seconds(self, driving: Floats) -> Floats:
        """Return the seconds of trips, as :meth:`seconds` does for each."""
        time, start_up = driving / self.factor, self.start_up
        with np.errstate(invalid="ignore"):  # infinite where there is no way
            whole = np.where(time >= start_up, time + start_up, 2.0 * np.sqrt(start_up * time))
            return np.asarray(np.where(np.isinf(time), np.inf, np.round(whole / TICK) * TICK))

    def driving(self, seconds: float) -> float:
        """Return what the roads' speeds alone give for a whole trip: the inverse of :meth:`seconds`."""
        if seconds >= 2.0 * self.start_up:
            return (seconds - self.start_up) * self.factor
        return seconds * seconds / (4.0 * self.start_up) * self.factor

    def driven(self, whole: float, elapsed: float) -> float:
        """Return how much of a trip of ``whole`` seconds at the roads' speeds is done after ``elapsed``.

        The vehicle gains speed evenly, cruises, and slows down evenly.
        """
        time, start_up = whole / self.factor, self.start_up
        total = self.seconds(whole)
        if elapsed >= total:
            return whole
        if start_up <= 0.0:
            return elapsed * self.factor
        ramp = min(start_up, total / 2.0)
        if elapsed <= ramp:
            done = elapsed * elapsed / (2.0 * start_up)
        elif elapsed <= total - ramp:
            done = start_up / 2.0 + (elapsed - start_up)
        else:
            done = time - (total - elapsed) ** 2 / (2.0 * start_up)
        return min(max(done, 0.0), time) * self.factor

    def elapsed(self, whole: float, driven: float) -> float:
        """Return when so much of a trip of ``whole`` seconds at the roads' speeds is done; see ``driven``."""
        start_up, total = self.start_up, self.seconds(whole)
        if driven >= whole:
            return total
        if start_up <= 0.0:
            return min(driven / self.factor, total)
        time, done = whole / self.factor, max(driven, 0.0) / self.factor
        gaining = min(time, start_up) / 2.0
        if done <= gaining:
            return min(sqrt(2.0 * start_up * done), total)
        if time - done <= gaining:
            return max(total - sqrt(2.0 * start_up * (time - done)), 0.0)
        return min(done + start_up / 2.0, total)


class PacedTravel:
    """Travel of units with a pace of their own; positions are those of the ground they drive on.

    A trip that is broken off and turned elsewhere starts from standing there.
    """

    def __init__(self, ground: Travel, pace: Pace) -> None:
        self.ground, self.pace = ground, pace
        self.network = ground.network

    def outbound(self, node: int) -> Floats:
        """Return emergency seconds [N] from a node to every node; read-only."""
        return self.pace.all_seconds(self.ground.outbound(node))

    def homebound(self, node: int) -> Floats:
        """Return normal seconds [N] from every node to a node; read-only."""
        return self.pace.all_seconds(self.ground.homebound(node))

    def outbound_row(self, node: int) -> Row:
        """Return emergency seconds from a node, to be looked up by node."""
        return _PacedRow(self.ground.outbound_row(node), self.pace)

    def homebound_row(self, node: int) -> Row:
        """Return normal seconds to a node, to be looked up by node."""
        return _PacedRow(self.ground.homebound_row(node), self.pace)

    def at(self, node: int) -> Position:
        """Return the position of standing at a node."""
        return self.ground.at(node)

    def seconds(self, position: Position, node: int, mode: str) -> float:
        """Return seconds from a position to a node in a mode of driving."""
        return self.pace.seconds(self.ground.seconds(position, node, mode))

    @property
    def paced(self) -> bool:
        """Whether stopping and starting again takes time."""
        return self.pace.start_up > 0.0

    def may_stay(self, before: Travel, position: Position, node: int, mode: str) -> bool:
        """Whether the way planned ``before`` the roads changed takes no longer now than it did then."""
        then, now = before.ground, self.ground
        if now.seconds(position, node, mode) == inf:
            return then.seconds(position, node, mode) == inf
        if then.seconds(position, node, mode) == inf:
            return False
        assert isinstance(then, RoadTravel)
        assert isinstance(now, RoadTravel)
        nodes = then.way(position, node, mode)
        return now.seconds_by(nodes, mode) <= then.seconds_by(nodes, mode)

    def along(self, position: Position, node: int, mode: str, elapsed: float) -> Position:
        """Return the position ``elapsed`` seconds after leaving ``position`` for ``node``."""
        if elapsed <= 0.0:
            return position
        whole = self.ground.seconds(position, node, mode)
        return self.ground.along(position, node, mode, self.pace.driven(whole, elapsed))

    def at_least(self, position: Position, elapsed: float, node: int) -> float:  # noqa: ARG002 - see below
        """Return zero: how far a unit came follows from its whole trip, which is not known here."""
        return 0.0


class _PacedRow:
    """A row of the ground at a pace."""

    __slots__ = ("_pace", "_row")

    def __init__(self, row: Row, pace: Pace) -> None:
        self._row, self._pace = row, pace

    def __getitem__(self, node: int) -> float:
        """Return the seconds for a node."""
        return self._pace.seconds(self._row[node])


class AirTravel:
    """Straight lines over the ground at one speed in m/s; a position is a point.

    Points are unit vectors from the middle of the earth where coordinates are degrees, else (x, y, 0).
    """

    def __init__(self, network: Network, speed: float) -> None:
        x, y = network.x, network.y
        assert x is not None
        assert y is not None
        self.network, self.speed, self._round = network, speed, network.geographic
        if self._round:
            east, north = np.radians(x), np.radians(y)
            points = np.column_stack(
                (np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north))
            )
        else:
            points = np.column_stack((x, y, np.zeros(len(x))))
        self._points = points

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross process borders as what it was made of."""
        return AirTravel, (self.network, self.speed)

    def outbound(self, node: int) -> Floats:
        """Return seconds [N] from a node to every node."""
        apart = np.linalg.norm(self._points - self._points[node], axis=1)
        metres = 2.0 * EARTH_RADIUS * np.arcsin(np.minimum(apart / 2.0, 1.0)) if self._round else apart
        return np.asarray(np.round(metres / self.speed / TICK) * TICK)

    def homebound(self, node: int) -> Floats:
        """Return seconds [N] from every node to a node."""
        return self.outbound(node)

    def outbound_row(self, node: int) -> Row:
        """Return seconds from a node, to be looked up by node."""
        return table_row(self.outbound(node))

    def homebound_row(self, node: int) -> Row:
        """Return seconds to a node, to be looked up by node."""
        return table_row(self.homebound(node))

    def at(self, node: int) -> Position:
        """Return the position of being over a node."""
        return tuple(self._points[node].tolist())

    def seconds(self, position: Position, node: int, mode: str) -> float:  # noqa: ARG002 - one speed for both
        """Return seconds from a point to a node."""
        return round(self._apart(position, self.at(node)) / self.speed / TICK) * TICK

    paced = False

    @property
    def ground(self) -> Travel:
        """This travel itself: it has no pace of its own."""
        return self

    def _apart(self, a: Position, b: Position) -> float:
        """Return the metres between two points."""
        chord = sqrt(sum((p - q) ** 2 for p, q in zip(a, b, strict=True)))
        if not self._round:
            return chord
        return 2.0 * EARTH_RADIUS * asin(min(chord / 2.0, 1.0))

    def along(self, position: Position, node: int, mode: str, elapsed: float) -> Position:
        """Return the point ``elapsed`` seconds after leaving a point for a node."""
        goal, total = self.at(node), self.seconds(position, node, mode)
        if elapsed >= total:
            return goal
        if elapsed <= 0.0:
            return position
        share = elapsed / total
        if not self._round:
            return tuple(p + share * (q - p) for p, q in zip(position, goal, strict=True))
        angle = self._apart(position, goal) / EARTH_RADIUS
        before, after = sin((1.0 - share) * angle) / sin(angle), sin(share * angle) / sin(angle)
        return tuple(before * p + after * q for p, q in zip(position, goal, strict=True))

    def may_stay(self, before: Travel, position: Position, node: int, mode: str) -> bool:  # noqa: ARG002
        """Return False: breaking off costs nothing."""
        return False

    def at_least(self, position: Position, elapsed: float, node: int) -> float:
        """Return the bound that follows from straight lines: a detour of some seconds cannot save more."""
        return self.seconds(position, node, "emergency") - elapsed

    def coordinates(self, position: Position) -> tuple[float, float]:
        """Return a point in the network's coordinates."""
        if not self._round:
            return position[0], position[1]
        return float(np.degrees(np.arctan2(position[1], position[0]))), float(
            np.degrees(np.arcsin(position[2]))
        )
