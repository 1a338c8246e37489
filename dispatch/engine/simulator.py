"""The discrete-event simulation, on SimPy.

Only decision epochs are events: a call is ready for dispatch, or a unit becomes available. The milestones in
between follow from one itinerary, computed when the unit is committed, so that a response of one unit costs
two scheduled events. At equal times units are released before calls come in, and the policy is asked once,
when everything of that moment is known.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from heapq import heappush
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np
import simpy

from dispatch.durations import quantile
from dispatch.engine.board import LiveBoard
from dispatch.engine.log import (
    AID,
    AT_HOSPITAL,
    AVAILABLE,
    CLEAR,
    EN_ROUTE,
    ENDING,
    IN_QUARTERS,
    INCIDENT,
    ON_SCENE,
    RETURNING,
    SLOT,
    Log,
    Responses,
)
from dispatch.engine.protocols import Need
from dispatch.engine.rulebook import NEVER, Ending, called_off, itinerary
from dispatch.errors import DispatchError, PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dispatch.engine.fleet import Fleet
    from dispatch.engine.protocols import DispatchPolicy
    from dispatch.scenario.scenario import Scenario
    from dispatch.timeline import Timeline

RELEASE, CALL = 1, 2
"""Order of events at equal times."""


class Agenda(simpy.Environment):
    """A SimPy environment that takes absolute times, so that no sum of delays can shift an event by a bit."""

    def __init__(self) -> None:
        super().__init__()
        self.scheduled = 0
        """Events scheduled so far."""

    def schedule_at(self, event: Any, priority: int, time: float) -> None:
        """Schedule an event at an exact time."""
        self.scheduled += 1
        heappush(self._queue, (time, priority, next(self._eid), event))  # type: ignore[misc]

    @property
    def more_now(self) -> bool:
        """Whether another event of the present moment is still to come."""
        return bool(self._queue) and self._queue[0][0] <= self._now


class _Event:
    """The least that SimPy can run: callbacks and a flag."""

    __slots__ = ("_ok", "callbacks", "unit", "version")

    def __init__(self, callbacks: Sequence[Callable[[Any], None]], unit: int = 0, version: int = 0) -> None:
        self._ok = True
        self.callbacks = callbacks
        self.unit = unit
        self.version = version


def _need(value: object) -> Need:
    """Return what should be a need, or raise TypeError."""
    if not isinstance(value, Need):
        message = f"{value!r:.60} is not a need"
        raise TypeError(message)
    return value


class Simulator:
    """One simulation of a timeline; use once."""

    def __init__(self, scenario: Scenario, fleet: Fleet, timeline: Timeline, policy: DispatchPolicy) -> None:
        rules = scenario.file.dispatching
        self._scenario, self._fleet, self._timeline, self._policy = scenario, fleet, timeline, policy
        self._agenda = Agenda()
        self._board = LiveBoard(fleet, diversion=rules.diversion)
        self._queueing = rules.when_none_free == "queue"
        self._aiding = rules.when_none_free == "mutual_aid"
        self._returning = rules.returning
        self._backlog: list[Need] = []
        self._log: list[float] = []  # rows one after the other: a list for each would keep the collector busy
        self._row = [0] * len(fleet)
        """Where the row of each unit's last response starts."""
        self._version = [0] * len(fleet)
        self._lost: list[int] = []
        self._on_call_callbacks = [self._on_call]
        self._on_release_callbacks = [self._on_release]
        self._unpack(timeline)

    def _unpack(self, t: Timeline) -> None:
        """Turn arrays into lists, which plain Python reads several times faster."""
        self._order = np.argsort(t.ready, kind="stable").tolist()
        self._next = 0
        self._ready, self._node, self._priority = t.ready.tolist(), t.node.tolist(), t.priority.tolist()
        self._first, self._capability = t.first_slot.tolist(), t.capability.tolist()
        self._on_scene, self._busy = t.on_scene.tolist(), t.busy.tolist()
        self._transport, self._hand_over = t.transport.tolist(), t.hand_over.tolist()
        self._cancelled = t.cancelled.tolist()
        self._aid_delay = t.aid_delay.tolist() if self._aiding else []
        turnouts = {}
        for distribution in self._fleet.turnouts:
            if id(distribution) not in turnouts:
                drawn = quantile(distribution, t.turnout_share)
                turnouts[id(distribution)] = np.where(np.isnan(t.turnout), drawn, t.turnout).tolist()
        self._turnout = [turnouts[id(distribution)] for distribution in self._fleet.turnouts]

    def run(self) -> Log:
        """Play the whole timeline, and on until every unit is home or available."""
        self._schedule_call()
        self._agenda.run()
        lost = np.array(self._lost, dtype=np.int32)
        responses = Responses.of_rows(self._log)
        return Log(self._scenario, self._fleet, self._timeline, responses, lost, self._agenda.scheduled)

    def _schedule_call(self) -> None:
        if self._next < len(self._order):
            time = self._ready[self._order[self._next]]
            self._agenda.schedule_at(_Event(self._on_call_callbacks), CALL, time)

    def _on_call(self, _: _Event) -> None:
        """Take up the next call that is ready for dispatch."""
        self._board.now = self._agenda.now
        call = self._order[self._next]
        self._next += 1
        priority, ready, node = self._priority[call], self._ready[call], self._node[call]
        if self._first[call + 1] - self._first[call] > 1:
            self._board.sent[call] = set()
        for slot in range(self._first[call], self._first[call + 1]):
            insort(self._backlog, Need(priority, ready, call, slot, self._capability[slot], node))
        self._schedule_call()
        self._decide()

    def _on_release(self, event: _Event) -> None:
        """Make a unit available again, at home or on its way there."""
        self._board.now = self._agenda.now
        if event.version == self._version[event.unit]:  # or else the unit was diverted in the meantime
            self._release(event.unit)
        self._decide()

    def _release(self, unit: int) -> None:
        board, now, log, row = self._board, self._board.now, self._log, self._row[unit]
        home_at = log[row + IN_QUARTERS]
        if home_at != home_at:
            home_at = log[row + IN_QUARTERS] = self._send_home(unit, row)
            if home_at > now and not self._returning:
                log[row + AVAILABLE] = home_at
                again = _Event(self._on_release_callbacks, unit, self._version[unit])
                self._agenda.schedule_at(again, RELEASE, home_at)
                return
        board.set_idle(unit, home_at)

    def _send_home(self, unit: int, row: int) -> float:
        """Set a unit on its way home from where it is and return when it gets there."""
        board, fleet, log, now = self._board, self._fleet, self._log, self._board.now
        if log[row + ENDING] == Ending.CANCELLED:
            wait, position = board.whereabouts(unit)
            seconds = 0.0 if wait > 0.0 else fleet.travel.seconds(position, fleet.home[unit], "normal")
        else:
            slot, node = int(log[row + SLOT]), self._node[int(log[row + INCIDENT])]
            if self._busy[slot] == self._busy[slot]:
                return now
            position, seconds = fleet.travel.at(node), fleet.homebound[unit][node]
        board.set_trip(unit, position, fleet.home[unit], "normal", now)
        return now + seconds

    def _decide(self) -> None:
        """Ask the policy, once everything of the present moment is known, and carry out its answer."""
        backlog, board = self._backlog, self._board
        if not backlog or self._agenda.more_now:
            return
        again = True
        while again and backlog and (board.idle_count or board.diversion):
            again = False
            for need, unit in self._choices():
                del backlog[self._checked(need, unit)]
                again = not board.idle[unit]
                self._commit(need, unit)
                if again:
                    break  # the diverted unit left a need that may come before the other choices
        if not self._queueing and backlog:
            for need in backlog:
                self._give_up(need)
            backlog.clear()

    def _choices(self) -> list[tuple[Need, int]]:
        """Ask the policy; a policy that fails is named."""
        try:
            answer = self._policy.choose(tuple(self._backlog), self._board)
            return [(_need(need), index(unit)) for need, unit in answer]
        except DispatchError:
            raise
        except Exception as error:
            message = (
                f"policy '{self._policy.name}' at {self._board.now:.3f} s: {type(error).__name__}: {error}."
            )
            raise PolicyError(message, hint="This is a fault of the policy, not of the scenario.") from error

    def _checked(self, need: Need, unit: int) -> int:
        """Return the place of a need in the backlog; refuse an answer that the rules do not allow."""
        board, fleet = self._board, self._fleet
        place = bisect_left(self._backlog, need)
        if place == len(self._backlog) or self._backlog[place] != need:
            fact = "a need that is not open"
        elif not 0 <= unit < len(fleet):
            fact = f"unit number {unit}, which does not exist"
        elif need.capability not in fleet.capabilities[unit]:
            wanted = self._scenario.capabilities[need.capability]
            fact = f"unit {fleet.ids[unit]} for '{wanted}', which it cannot do"
        elif unit in board.gone(need):
            fact = f"unit {fleet.ids[unit]} for a call that it has been sent to already"
        elif not board.idle[unit] and unit not in board.on_the_road(need):
            fact = f"unit {fleet.ids[unit]}, which is not free"
        else:
            return place
        message = f"policy '{self._policy.name}' at {board.now:.3f} s chose {fact}."
        raise PolicyError(message, hint="This is a fault of the policy, not of the scenario.")

    def _commit(self, need: Need, unit: int) -> None:
        """Send a unit: write its itinerary and schedule its release."""
        board, fleet, now, slot = self._board, self._fleet, self._board.now, need.slot
        from_road = 0
        if board.idle[unit] and board.home_at[unit] <= now:
            turnout: float = self._turnout[unit][slot]
            origin = fleet.quarters[unit]
            travel = fleet.outbound[unit][need.node]
        else:
            turnout, origin = board.whereabouts(unit)
            travel = fleet.travel.seconds(origin, need.node, "emergency")
            from_road = 1
            self._break_off(unit)
        row = self._response(need, unit, turnout, travel, from_road)
        left = now + turnout
        board.set_trip(unit, origin, need.node, "emergency", left)
        available = self._log[row + AVAILABLE]
        board.set_committed(unit, need, min(left + travel, available))
        self._row[unit] = row
        self._version[unit] += 1
        event = _Event(self._on_release_callbacks, unit, self._version[unit])
        self._agenda.schedule_at(event, RELEASE, available)

    def _response(self, need: Need, unit: int, turnout: float, travel: float, from_road: int) -> int:
        """Write a new response and return where its row starts; later events may amend it."""
        now, slot = self._board.now, need.slot
        en_route, on_scene, clear, hospital, available = itinerary(
            now, turnout, travel, self._on_scene[slot], self._busy[slot],
            self._transport[slot], self._hand_over[slot],
        )  # fmt: skip
        ending: float = Ending.SERVED
        if called_off(now, self._cancelled[slot], on_scene):
            available, ending = now + self._cancelled[slot], Ending.CANCELLED
            en_route = en_route if en_route <= available else NEVER
            on_scene = clear = hospital = NEVER
        row = len(self._log)
        self._log += (need.incident, slot, unit, now, en_route, on_scene, clear, hospital, available,
                      available, NEVER, ending, from_road)  # fmt: skip
        return row

    def _break_off(self, unit: int) -> None:
        """End what a unit on the road was doing, because it is sent elsewhere."""
        board, log, row, now = self._board, self._log, self._row[unit], self._board.now
        if board.idle[unit]:
            log[row + IN_QUARTERS] = NEVER
            return
        incident, slot = int(log[row + INCIDENT]), int(log[row + SLOT])
        if incident in board.sent:
            board.sent[incident].discard(unit)  # it may come back
        log[row + ENDING], log[row + AVAILABLE] = Ending.DIVERTED, now
        if log[row + EN_ROUTE] > now:
            log[row + EN_ROUTE] = NEVER
        log[row + ON_SCENE] = log[row + CLEAR] = log[row + AT_HOSPITAL] = log[row + RETURNING] = NEVER
        priority, ready, node = self._priority[incident], self._ready[incident], self._node[incident]
        insort(self._backlog, Need(priority, ready, incident, slot, self._capability[slot], node))
        board.set_idle(unit, now)

    def _give_up(self, need: Need) -> None:
        """Count a need as lost, or hand it to mutual aid."""
        if not self._aiding:
            self._lost.append(need.slot)
            return
        outbound = self._fleet.aid_outbound
        travel = 0.0 if outbound is None else outbound[need.node]
        self._response(need, AID, self._aid_delay[need.slot], travel, 0)
