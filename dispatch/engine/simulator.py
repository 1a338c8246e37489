"""The discrete-event simulation, on SimPy.

Only decision epochs are events: a call is ready for dispatch, or a unit becomes available. The milestones in
between follow from one itinerary, computed when the unit is committed, so that a response of one unit costs
two scheduled events. At equal times units are released before calls come in, and the policy is asked once,
when everything of that moment is known.
"""

from __future__ import annotations

from bisect import insort
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from dispatch.durations import quantile
from dispatch.engine.agenda import CALL, INJECT, RELEASE, Agenda, Event
from dispatch.engine.board import LiveBoard
from dispatch.engine.consultation import Consultation
from dispatch.engine.duty import Duty
from dispatch.engine.log import (
    AID,
    ALERTED,
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
    UNIT,
    WIDTH,
    Log,
    Move,
    Responses,
)
from dispatch.engine.protocols import Need
from dispatch.engine.rulebook import NEVER, Ending, called_off, itinerary
from dispatch.scenario.conditions import HOUR, HOURS, Conditions

if TYPE_CHECKING:
    from dispatch.engine.fleet import Fleet
    from dispatch.engine.protocols import DispatchPolicy
    from dispatch.roads.travel import Position
    from dispatch.scenario.scenario import Scenario
    from dispatch.timeline import Timeline


class Simulator:
    """One simulation of a timeline; use once."""

    def __init__(self, scenario: Scenario, fleet: Fleet, timeline: Timeline, policy: DispatchPolicy) -> None:
        rules = scenario.file.dispatching
        self._scenario, self._fleet, self._timeline = scenario, fleet, timeline
        self._agenda = Agenda()
        self._board = LiveBoard(fleet, diversion=rules.diversion)
        self._policy = Consultation(policy, self._board, scenario)
        self._queueing = rules.when_none_free == "queue"
        self._aiding = rules.when_none_free == "mutual_aid"
        self._returning = rules.returning
        self._backlog: list[Need] = []
        self._log: list[float] = []  # rows one after the other: a list for each would keep the collector busy
        self._row = [-1] * len(fleet)
        """Where the row of each unit's last response starts; −1 before the first."""
        self._version = [0] * len(fleet)
        self._lost: list[int] = []
        self._moves: list[Move] = []
        self._on_call_callbacks = [self._on_call]
        self._on_release_callbacks = [self._on_release]
        self._duty = Duty(scenario, fleet)
        self._last = 0.0
        """When something else than a change of crews last happened, as far as crews have noticed."""
        self._unpack(timeline)
        self._enter(0.0)

    def _enter(self, now: float) -> None:
        """Take up the conditions on the roads as they are now."""
        roads = self._scenario.roads
        if not roads.constant:
            self._fleet = self._board.fleet = self._fleet.under(roads.at(now))
        self._next_period = roads.next_period(now)

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
        for moment, _ in self._scenario.roads.changes:
            if moment > 0.0:
                self._agenda.schedule_at(Event([self._on_change]), INJECT, moment)
        if self._duty:
            self._board.set_off_duty(self._duty.off(0.0))
            self._schedule_crews()
        self._agenda.run()
        lost = np.array(self._lost, dtype=np.int32)
        responses, fleet = Responses.of_rows(self._log), self._fleet.under(self._scenario.roads.ordinary)
        scheduled, moves = self._agenda.scheduled, tuple(self._moves)
        return Log(self._scenario, fleet, self._timeline, responses, lost, scheduled, moves)

    def _schedule_call(self) -> None:
        if self._next < len(self._order):
            time = self._ready[self._order[self._next]]
            self._agenda.schedule_at(Event(self._on_call_callbacks), CALL, time)

    def _on_call(self, _: Event) -> None:
        """Take up the next call that is ready for dispatch."""
        self._set_now()
        call = self._order[self._next]
        self._next += 1
        priority, ready, node = self._priority[call], self._ready[call], self._node[call]
        if self._first[call + 1] - self._first[call] > 1:
            self._board.sent[call] = set()
        for slot in range(self._first[call], self._first[call + 1]):
            insort(self._backlog, Need(priority, ready, call, slot, self._capability[slot], node))
        self._schedule_call()
        self._decide()

    def _on_release(self, event: Event) -> None:
        """Make a unit available again, at home or on its way there."""
        self._set_now()
        if event.version == self._version[event.unit]:  # or else the unit was diverted in the meantime
            self._release(event.unit)
        self._decide()

    def _set_now(self) -> None:
        now = self._board.now = self._agenda.now
        if now >= self._next_period:
            self._enter(now)

    def _release(self, unit: int) -> None:
        log, row = self._log, self._row[unit]
        home_at = log[row + IN_QUARTERS]
        if home_at != home_at:
            home_at = self._send_home(unit, row)
            if home_at == inf or not self._returning:
                self._head_home(unit, row, home_at)
                return
            log[row + IN_QUARTERS] = home_at
        self._board.set_idle(unit, home_at)

    def _head_home(self, unit: int, row: int, home_at: float) -> None:
        """Note when a unit will be home; until then it may be dispatched from the road, or not at all."""
        board, log, now = self._board, self._log, self._board.now
        log[row + IN_QUARTERS] = home_at
        if home_at == inf:
            log[row + IN_QUARTERS] = NEVER
            board.stranded.add(unit)
        if home_at > now and not self._returning:
            self._release_at(unit, row, home_at)
        else:
            board.set_idle(unit, home_at)

    def _release_at(self, unit: int, row: int, moment: float) -> None:
        """Let a unit become available at a moment and not before; never where that is infinite."""
        self._version[unit] += 1
        self._log[row + AVAILABLE] = moment if moment < inf else NEVER
        if moment < inf:
            event = Event(self._on_release_callbacks, unit, self._version[unit])
            self._agenda.schedule_at(event, RELEASE, moment)

    def _send_home(self, unit: int, row: int) -> float:
        """Set a unit on its way home and return when it gets there: at infinity where no way leads."""
        board, fleet, log, now = self._board, self._fleet, self._log, self._board.now
        if log[row + ENDING] == Ending.CANCELLED:
            wait, position = board.whereabouts(unit)
            seconds = 0.0 if wait > 0.0 else fleet.travels[unit].seconds(position, fleet.home[unit], "normal")
            self._set_out(unit, position, fleet.home[unit], "normal", now)
        else:
            slot, node = int(log[row + SLOT]), self._node[int(log[row + INCIDENT])]
            if self._busy[slot] == self._busy[slot]:
                return now
            position, seconds = fleet.travels[unit].at(node), fleet.homebound[unit][node]
            board.set_trip(unit, position, fleet.home[unit], "normal", now)
        return now + seconds

    def _set_out(
        self, unit: int, position: Position, target: int, mode: str, left: float, fleet: Fleet | None = None
    ) -> None:
        """Put a unit on its way from somewhere on the road, which the log has to tell."""
        self._board.set_trip(unit, position, target, mode, left, fleet)
        row = self._row[unit] // WIDTH
        self._moves.append(Move(unit, row, left, position, target, mode, self._board.conditions[unit]))

    def _decide(self) -> None:
        """Ask the policy, once everything of the present moment is known, and carry out its answer."""
        backlog, board = self._backlog, self._board
        if not backlog or self._agenda.more_now:
            return
        again = True
        while again and backlog and (board.idle_count or board.diversion):
            again = False
            for need, unit in self._policy.choices(backlog):
                del backlog[self._policy.checked(backlog, need, unit)]
                again = not board.idle[unit]
                self._commit(need, unit)
                if again:
                    break  # the diverted unit left a need that may come before the other choices
        if not self._queueing and backlog:
            for need in backlog:
                self._give_up(need)
            backlog.clear()

    def _commit(self, need: Need, unit: int) -> None:
        """Send a unit: write its itinerary and schedule its release."""
        board, fleet, now, slot = self._board, self._fleet, self._board.now, need.slot
        from_road = 0
        if board.idle[unit] and board.home_at[unit] <= now:
            turnout: float = self._turnout[unit][slot]
            travel = fleet.outbound[unit][need.node]
            board.set_trip(unit, fleet.quarters[unit], need.node, "emergency", now + turnout)
        else:
            turnout, origin = board.whereabouts(unit)
            travel = fleet.travels[unit].seconds(origin, need.node, "emergency")
            from_road = 1
            self._break_off(unit)
            self._row[unit] = len(self._log)  # what follows belongs to the new response
            self._set_out(unit, origin, need.node, "emergency", now + turnout)
        arrived = now + turnout + travel
        if arrived == inf:
            self._policy.no_way(need, unit)
        row = self._row[unit] = self._response(need, unit, now + turnout, arrived, from_road)
        available = self._log[row + AVAILABLE]
        board.set_committed(unit, need, min(arrived, available))
        self._version[unit] += 1
        event = Event(self._on_release_callbacks, unit, self._version[unit])
        self._agenda.schedule_at(event, RELEASE, available)

    def _response(self, need: Need, unit: int, en_route: float, arrived: float, from_road: int) -> int:
        """Write a new response and return where its row starts; later events may amend it."""
        now, slot, row = self._board.now, need.slot, len(self._log)
        on_scene, clear, hospital, available, ending = self._course(slot, now, arrived)
        if en_route > available:
            en_route = NEVER  # called off before it left
        self._log += (need.incident, slot, unit, now, en_route, on_scene, clear, hospital, available,
                      available, NEVER, ending, from_road)  # fmt: skip
        return row

    def _course(self, slot: int, alerted: float, arrived: float) -> tuple[float, float, float, float, float]:
        """Return the moments on scene, clear, at hospital and available of a response, and how it ends."""
        if called_off(alerted, self._cancelled[slot], arrived):
            return NEVER, NEVER, NEVER, alerted + self._cancelled[slot], Ending.CANCELLED
        clear, hospital, available = itinerary(
            alerted,
            arrived,
            self._on_scene[slot],
            self._busy[slot],
            self._transport[slot],
            self._hand_over[slot],
        )
        return arrived, clear, hospital, available, Ending.SERVED

    def _break_off(self, unit: int) -> None:
        """End what a unit on the road was doing, because it is sent elsewhere."""
        row = self._row[unit]
        self._board.stranded.discard(unit)
        if self._board.idle[unit]:
            self._log[row + IN_QUARTERS] = NEVER
            return
        self._abandon(row, Ending.DIVERTED)
        self._board.set_idle(unit, self._board.now)

    def _abandon(self, row: int, ending: Ending) -> None:
        """End a response before arrival; its need is open again."""
        board, log, now = self._board, self._log, self._board.now
        incident, slot = int(log[row + INCIDENT]), int(log[row + SLOT])
        if incident in board.sent:
            board.sent[incident].discard(int(log[row + UNIT]))  # it may come back
        log[row + ENDING], log[row + AVAILABLE] = ending, now
        if log[row + EN_ROUTE] > now:
            log[row + EN_ROUTE] = NEVER
        log[row + ON_SCENE] = log[row + CLEAR] = log[row + AT_HOSPITAL] = log[row + RETURNING] = NEVER
        priority, ready, node = self._priority[incident], self._ready[incident], self._node[incident]
        insort(self._backlog, Need(priority, ready, incident, slot, self._capability[slot], node))

    def _on_change(self, _: Event) -> None:
        """Roads close or open: every unit under way looks for its way again, from the next node."""
        self._set_now()
        self._enter(self._board.now)
        for unit in range(len(self._fleet)):
            self._look_again(unit)
        self._decide()

    def _schedule_crews(self) -> None:
        """Schedule the next change of crews, as long as it can matter to anybody."""
        board, moment = self._board, self._duty.next_change(self._board.now)
        if self._agenda.is_empty:
            # whoever waits for a crew finds one within a week of the last outage, or never
            last = max(self._last, self._duty.last_edge)
            if not self._backlog or moment is None or moment > last + HOURS * HOUR:
                return
        else:
            self._last = board.now
        if moment is not None:
            self._agenda.schedule_at(Event([self._on_crews]), INJECT, moment)

    def _on_crews(self, _: Event) -> None:
        """Crews come on duty and go off."""
        self._set_now()
        self._board.set_off_duty(self._duty.off(self._board.now))
        self._decide()
        self._schedule_crews()

    def _look_again(self, unit: int) -> None:
        """Re-plan the trip of a unit under way; it keeps the period of the week in which it set out."""
        board, row, now = self._board, self._row[unit], self._board.now
        bound_home = row >= 0 and (unit in board.stranded or self._log[row + IN_QUARTERS] > now)
        if not bound_home and (board.idle[unit] or board.arrives[unit] <= now):
            return
        period = board.conditions[unit].period
        fleet = self._fleet.under(Conditions(period, self._fleet.conditions.closures))
        old, new = board.travel[unit], fleet.travels[unit]
        if old.network.digest == new.network.digest:
            return
        wait, position = board.whereabouts(unit)
        target, mode, left = board.target[unit], board.mode[unit], board.left[unit] if wait > 0.0 else now
        planned = board.left[unit] + old.seconds(board.origin[unit], target, mode)
        arrives = left + new.seconds(position, target, mode)
        if arrives >= planned and new.may_stay(old, position, target, mode):
            return
        self._set_out(unit, position, target, mode, left, fleet)
        drive = (position, target, mode)
        if not old.paced and old.ground.seconds(*drive) == new.ground.seconds(*drive):
            return  # another way that takes as long
        if bound_home:
            self._arrive_home(unit, row, arrives)
        elif arrives == inf:
            self._cut_off(unit, row, position)
        else:
            self._arrive(unit, row, arrives)

    def _arrive(self, unit: int, row: int, arrived: float) -> None:
        """Amend a response that arrives at another moment."""
        log, slot = self._log, int(self._log[row + SLOT])
        moments = self._course(slot, log[row + ALERTED], arrived)
        log[row + ON_SCENE], log[row + CLEAR], log[row + AT_HOSPITAL], available, log[row + ENDING] = moments
        log[row + RETURNING] = available
        self._board.arrives[unit] = min(arrived, available)
        self._release_at(unit, row, available)

    def _arrive_home(self, unit: int, row: int, home_at: float) -> None:
        """Amend when a unit gets home, or that it cannot."""
        board = self._board
        board.stranded.discard(unit)
        if board.idle[unit]:
            board.idle_count -= 1  # it is counted again below
        self._head_home(unit, row, home_at)

    def _cut_off(self, unit: int, row: int, position: Position) -> None:
        """End a response to which no way leads any more; the unit turns home, if it can."""
        fleet, now = self._fleet, self._board.now
        self._abandon(row, Ending.CUT_OFF)
        self._log[row + RETURNING] = self._board.arrives[unit] = now
        self._version[unit] += 1
        home = fleet.home[unit]
        self._set_out(unit, position, home, "normal", now)
        self._head_home(unit, row, now + fleet.travels[unit].seconds(position, home, "normal"))

    def _give_up(self, need: Need) -> None:
        """Count a need as lost, or hand it to mutual aid."""
        if not self._aiding:
            self._lost.append(need.slot)
            return
        outbound = self._fleet.aid_outbound
        left = self._board.now + self._aid_delay[need.slot]
        arrived = left + (0.0 if outbound is None else outbound[need.node])
        if arrived == inf:
            self._lost.append(need.slot)
        else:
            self._response(need, AID, left, arrived, 0)
