"""The status board: live inside a simulation, and for any moment of a finished log."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from dispatch.engine.duty import Duty
from dispatch.engine.rulebook import Ending, may_divert

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from numpy.typing import NDArray

    from dispatch.engine.fleet import Fleet
    from dispatch.engine.log import Log, MoveUp
    from dispatch.engine.protocols import Need
    from dispatch.roads.travel import Position


MARGIN = 1e-6
"""Seconds by which a sum of times may be off through rounding."""


class Status(StrEnum):
    """What a unit is doing."""

    IN_QUARTERS = "in quarters"
    TURNING_OUT = "turning out"
    EN_ROUTE = "en route"
    STAGED = "staged"
    ON_SCENE = "on scene"
    TRANSPORTING = "transporting"
    RETURNING = "returning"
    RESTORING = "restoring"
    MOVING_UP = "moving up"
    MOVED_UP = "moved up"
    OFF_DUTY = "off duty"
    OUT_OF_SERVICE = "out of service"


class LiveBoard:
    """The state of the fleet during a simulation; policies read it, only the simulator writes it."""

    __slots__ = (
        "_resting", "_returning", "arrives", "barring", "base", "bound_for", "conditions", "diversion",
        "fleet", "home_at", "idle", "idle_count", "last_sent", "left", "mode", "moved", "now", "off_duty",
        "one_by_one", "origin", "sent", "staged", "stranded", "target", "travel",
    )  # fmt: skip

    def __init__(self, fleet: Fleet, *, diversion: bool) -> None:
        size = len(fleet)
        self.fleet = fleet
        self.diversion = diversion
        self.now = 0.0
        self.idle = [True] * size
        self.idle_count = size
        self.home_at = [float("-inf")] * size
        self.bound_for = [0] * size
        """Priority of the call that a unit is on its way to; 0 when it is not on its way to any [U]."""
        self.last_sent: Callable[[int], tuple[int, int]] = lambda _: (-1, -1)
        """Tells the call that a unit was last sent to, and which response that is; −1 before the first."""
        self.one_by_one = False
        """Whether the policy is asked again after each unit that is sent."""
        self.sent: dict[int, set[int]] = {}
        """Units that have been sent to each call that needs several."""
        self.barring: list[Callable[[Need], Collection[int]]] = []
        """What says which units must not be sent to a need."""
        self.arrives = [0.0] * size
        """When a unit bound for a call gets there or is called off [U]."""
        self.travel = list(fleet.travels)
        """By what each unit makes its present trip [U]; as the roads were when it began."""
        self.conditions = [fleet.conditions] * size
        """What the roads were like when the present trip began [U]."""
        self.origin: list[Position] = list(fleet.quarters)
        self.target = list(fleet.home)
        self.mode = ["normal"] * size
        self.left = [0.0] * size
        """When the unit's present trip began, or will begin after turnout [U]."""
        self.base = list(fleet.home)
        """Node where each unit stands, or is bound for, while it is on no call: its quarters, or another
        station that it has moved up to [U]."""
        self.moved: dict[int, float] = {}
        """When units that have moved up, or back home, arrive or arrived there; until their next call."""
        self.staged: dict[int, float] = {}
        """When units that are to wait at a staging area arrive or arrived there; until they go forward."""
        self.stranded: set[int] = set()
        """Units without a way home, which wait where they are."""
        self._returning: list[int] = []
        self.off_duty: set[int] = set()
        self._resting: set[int] = set()
        """Units off duty that are not out on a call."""

    def set_trip(
        self, unit: int, origin: Position, target: int, mode: str, left: float, fleet: Fleet | None = None
    ) -> None:
        """Put a unit on its way to a node, by the roads as they are now or in the conditions of ``fleet``."""
        self.origin[unit], self.target[unit], self.mode[unit], self.left[unit] = origin, target, mode, left
        by = self.fleet if fleet is None else fleet
        self.travel[unit], self.conditions[unit] = by.travels[unit], by.conditions

    def set_idle(self, unit: int, home_at: float) -> None:
        """Make a unit dispatchable, on its way home until ``home_at``; later, if it is off duty."""
        self.home_at[unit] = home_at
        if unit in self.off_duty:
            self._resting.add(unit)
            return
        self.idle[unit] = True
        self.idle_count += 1
        if home_at > self.now:
            self._returning.append(unit)

    def set_moved(self, unit: int, node: int, arrives: float) -> None:
        """Let a free unit be bound for a station; away from its own it counts as on the road, even there."""
        self.base[unit], self.moved[unit] = node, arrives
        home_at = self.home_at[unit] = arrives if node == self.fleet.home[unit] else inf
        if home_at > self.now:
            self._returning.append(unit)

    def stands_elsewhere(self, unit: int) -> bool:
        """Whether a free unit stands at another station than its own, and has to turn out there."""
        return self.moved.get(unit, inf) <= self.now and self.base[unit] != self.fleet.home[unit]

    def in_quarters(self, unit: int) -> bool:
        """Whether a unit that is on no call is in its quarters, on duty or not."""
        return (self.idle[unit] or unit in self._resting) and self.home_at[unit] <= self.now

    def set_off_duty(self, units: set[int]) -> None:
        """Take up who is off duty now; a unit that is out on a call ends that first."""
        for unit in sorted(units - self.off_duty):
            if self.idle[unit]:
                self.idle[unit] = False
                self.idle_count -= 1
                self._resting.add(unit)
        back, self.off_duty = self.off_duty - units, units
        for unit in sorted(back & self._resting):
            self._resting.discard(unit)
            self.set_idle(unit, self.home_at[unit])

    def set_committed(self, unit: int, need: Need, arrives: float) -> None:
        """Take an idle unit for a call."""
        if need.incident in self.sent:
            self.sent[need.incident].add(unit)
        self.idle[unit] = False
        self.idle_count -= 1
        if self.moved and self.moved.pop(unit, None) is not None:
            self.base[unit] = self.fleet.home[unit]  # where it goes when it is done
        self.bound_for[unit] = need.priority
        self.arrives[unit] = arrives

    def gone(self, need: Need) -> Collection[int]:
        """Return units that cannot fill a need: sent to the same call already, or not to be asked for it.

        Having been sent already does not count when no other unit could fill the need.
        """
        sent = self.sent.get(need.incident)
        if not self.barring:
            return sent if sent and self._others(need, sent) else ()
        barred = set().union(*(bar(need) for bar in self.barring))
        return sent | barred if sent and self._others(need, sent | barred) else barred

    def _others(self, need: Need, but: set[int]) -> bool:
        """Whether there are other units than some, on duty and in service, that could fill a need."""
        able = (unit for _, unit in self.fleet.ranking(need.node, need.capability))
        return any(unit not in but and unit not in self.off_duty for unit in able)

    def on_the_road(self, need: Need) -> list[int]:
        """Return units that could turn to a need from the road: returning ones, and divertible ones."""
        if self._returning:
            now, idle, home_at = self.now, self.idle, self.home_at
            self._returning = sorted({u for u in self._returning if idle[u] and home_at[u] > now})
        return self._returning + self._divertible(need) if self.diversion else self._returning

    def _divertible(self, need: Need) -> list[int]:
        return [
            unit
            for unit, bound_for in enumerate(self.bound_for)
            if not self.idle[unit]
            and self.arrives[unit] > self.now
            and unit not in self.off_duty
            and may_divert(need.priority, bound_for)
        ]

    def whereabouts(self, unit: int) -> tuple[float, Position]:
        """Return seconds until a unit on a trip starts to move, and where it is or will start from."""
        if self.moved and self.stands_elsewhere(unit):
            return 0.0, self.fleet.travels[unit].at(self.base[unit])
        elapsed = self.now - self.left[unit]
        if elapsed <= 0.0:
            return -elapsed, self.origin[unit]
        if unit in self.stranded:
            return 0.0, self.origin[unit]
        trip = self.travel[unit]
        return 0.0, trip.along(self.origin[unit], self.target[unit], self.mode[unit], elapsed)

    def seconds_from_road(self, unit: int, node: int, limit: float = inf) -> float:
        """Return seconds that a unit on the road needs to reach a node; ``inf`` if surely over ``limit``.

        A unit that stands at another station turns out there first.
        """
        if self.moved and self.stands_elsewhere(unit):
            outbound = self.fleet.travels[unit].outbound_row(self.base[unit])
            return self.fleet.mean_turnout[unit] + outbound[node]
        elapsed, travel = self.now - self.left[unit], self.fleet.travels[unit]
        if elapsed > 0.0 and travel is self.travel[unit]:  # or else the trip says nothing of the roads now
            bound = travel.at_least(self.origin[unit], elapsed, node)
            if bound > limit + MARGIN:
                return inf
        wait, position = self.whereabouts(unit)
        return wait + travel.seconds(position, node, "emergency")


@dataclass(frozen=True, slots=True)
class Board:
    """The status board of a finished log at one moment."""

    time: float
    units: dict[str, Status]
    """Status by unit id."""
    assigned: dict[str, str]
    """Incident id by unit id, for units that are committed."""
    open_incidents: tuple[str, ...]
    """Calls received and not yet closed, in order of time."""
    waiting: tuple[str, ...]
    """Calls that are ready and have had no unit yet, in order of time."""

    @classmethod
    def at(cls, log: Log, time: float) -> Board:
        """Fold a log up to and including ``time`` (seconds from the start)."""
        states = UnitStates.of(log)
        now = [states.at(unit, time) for unit in range(len(log.fleet))]
        named = list(zip(log.fleet.ids, now, strict=True))
        units = {name: status for name, (status, _) in named}
        name_of, kinds = log.timeline.incident_id, log.scenario.kinds
        assigned = {name: name_of(call, kinds) for name, (_, call) in named if call >= 0}
        return cls(time, units, assigned, *_calls_at(log, time))


class UnitStates:
    """What the units of a finished log do and which calls they are committed to, at any moment."""

    def __init__(self, log: Log) -> None:
        self._log, self._duty = log, Duty.of(log)
        self._alerted = [log.responses.alerted[rows] for rows in log.rows_of]
        self._moves: dict[int, list[MoveUp]] = {}
        for each in log.move_ups:
            self._moves.setdefault(each.unit, []).append(each)

    @classmethod
    def of(cls, log: Log) -> UnitStates:
        """Return the states of a log, which are put together once."""
        known: UnitStates | None = log.worked_out.get("states")
        if known is None:
            known = log.worked_out["states"] = cls(log)
        return known

    def at(self, unit: int, time: float) -> tuple[Status, int]:
        """Return the status of a unit, and the call that it is committed to (−1 for none)."""
        log = self._log
        rest = self._resting(unit, time)
        status, call = _HOME if rest is None else rest, -1
        begun = np.flatnonzero(self._alerted[unit] <= time)
        if len(begun):
            row = int(log.rows_of[unit][begun[-1]])
            status = status_of(log, row, time)
            towed = status is Status.RETURNING and log.responses.ending[row] == Ending.BROKEN_DOWN
            if rest is not None and (status is _HOME or towed):
                status = rest
            call = int(log.responses.incident[row]) if time < log.responses.available[row] else -1
        moved = self._moved(unit, time)
        if moved is not None:
            status = moved if rest is None or moved is not _HOME else rest
        return status, call

    def _resting(self, unit: int, time: float) -> Status | None:
        if self._duty.is_on(unit, time):
            return None
        return Status.OUT_OF_SERVICE if self._duty.is_out(unit, time) else Status.OFF_DUTY

    def _moved(self, unit: int, time: float) -> Status | None:
        """Return what a unit does that has moved to a station and had no call since; None for others."""
        log = self._log
        begun = [each for each in self._moves.get(unit, ()) if each.left <= time]
        if not begun:
            return None
        move, rows = begun[-1], log.rows_of[unit]
        if ((self._alerted[unit] <= time) & ~(log.responses.available[rows] <= move.left)).any():
            return None  # it was sent to a call from there
        back = move.site == log.fleet.site[unit]
        if time >= move.arrives:
            return _HOME if back else Status.MOVED_UP
        return Status.RETURNING if back else Status.MOVING_UP

    def changes(self, unit: int, begin: float, end: float) -> list[tuple[float, Status, int]]:
        """Return moment, status and call of a unit: at the begin, and whenever they change until the end."""
        found = [(begin, *self.at(unit, begin))]
        for moment in sorted(self._moments(unit, begin, end)):
            state = self.at(unit, moment)
            if state != found[-1][1:]:
                found.append((moment, *state))
        return found

    def _moments(self, unit: int, begin: float, end: float) -> set[float]:
        """Return all moments after the begin, up to the end, at which what a unit does may change."""
        log, alerted = self._log, self._alerted[unit]
        r, first = log.responses, max(int(np.searchsorted(alerted, begin, "right")) - 1, 0)
        rows = log.rows_of[unit][first : int(np.searchsorted(alerted, end, "right"))]
        columns = (r.alerted, r.en_route, r.on_scene, r.clear, r.returning, r.available, r.in_quarters)
        found = {moment for column in columns for moment in column[rows].tolist()}
        stays = (log.staged[row] for row in rows.tolist() if row in log.staged)
        found |= {moment for stay in stays for moment in (stay.arrived, stay.forward)}
        found |= {moment for move in self._moves.get(unit, ()) for moment in (move.left, move.arrives)}
        found |= {*self._duty.changes(begin, end), end}
        return {moment for moment in found if begin < moment <= end}


_HOME = Status.IN_QUARTERS


def status_of(log: Log, row: int, time: float) -> Status:
    """Return what the unit of a response does at a moment not before its alert."""
    r = log.responses
    if time >= r.returning[row] or time >= r.available[row]:
        if not time >= r.in_quarters[row]:
            return Status.RETURNING
        return Status.RESTORING if time < r.available[row] else Status.IN_QUARTERS
    if not time >= r.en_route[row]:
        return Status.TURNING_OUT
    if not time >= r.on_scene[row]:
        staged = log.staged.get(row)
        waits = staged is not None and time >= staged.arrived and not time >= staged.forward
        return Status.STAGED if waits else Status.EN_ROUTE
    return Status.TRANSPORTING if time >= r.clear[row] else Status.ON_SCENE


def closing(log: Log) -> NDArray[np.float64]:
    """Return when each call ceased to be open, NaN for those open to the end [n]."""
    i = log.incidents
    return np.where(np.isnan(i.dispatched) & i.given_up, log.timeline.ready, i.closed)


def _calls_at(log: Log, time: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    t, i = log.timeline, log.incidents
    is_open = (t.received <= time) & ~(closing(log) <= time)
    waiting = is_open & (t.ready <= time) & ~(i.dispatched <= time)

    def ids(which: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[str, ...]:
        return tuple(t.incident_id(call, log.scenario.kinds) for call in np.flatnonzero(which).tolist())

    return ids(is_open), ids(waiting)
