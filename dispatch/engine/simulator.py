"""The discrete-event simulation, on SimPy.

Only decision epochs are events: a call is ready for dispatch, or a unit becomes available. The milestones in
between follow from one itinerary, computed when the unit is committed, so that a response of one unit costs
two scheduled events. At equal times units are released before calls come in, and the policy is asked once,
when everything of that moment is known.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.engine.agenda import CALL, INJECT, Event
from dispatch.engine.consultation import Consultation
from dispatch.engine.log import AID, AVAILABLE, FROM_ELSEWHERE, Log, Responses
from dispatch.engine.operations import Operations
from dispatch.engine.rerouting import look_again
from dispatch.scenario.conditions import HOUR, HOURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatch.engine.fleet import Fleet
    from dispatch.engine.parts import Part
    from dispatch.engine.protocols import DispatchPolicy, Need
    from dispatch.scenario.scenario import Scenario
    from dispatch.timeline import Timeline


class Simulator(Operations):
    """One simulation of a timeline; use once."""

    __slots__ = ("_last", "_lost", "_on_call_callbacks", "_policy", "_queueing")

    def __init__(
        self,
        scenario: Scenario,
        fleet: Fleet,
        timeline: Timeline,
        policy: DispatchPolicy,
        parts: Sequence[Part] = (),
    ) -> None:
        super().__init__(scenario, fleet, timeline, parts)
        self._policy = Consultation(policy, self.board, scenario)
        self._queueing = scenario.file.dispatching.when_none_free == "queue"
        self.board.one_by_one = any(part.one_by_one for part in self.parts)
        self._lost: list[int] = []
        self._on_call_callbacks = [self._on_call]
        self._last = 0.0
        """When something else than a change of crews last happened, as far as crews have noticed."""

    def run(self) -> Log:
        """Play the whole timeline, and on until every unit is home or available."""
        for part in self.parts:
            part.join(self)
        self._schedule_call()
        for moment, _ in self.scenario.roads.changes:
            if moment > 0.0:
                self.agenda.schedule_at(Event([self._on_change]), INJECT, moment)
        if self.duty:
            self.board.set_off_duty(self.duty.off(0.0))
            self._schedule_crews()
        self.agenda.run()
        fleet, records = self.fleet.under(self.scenario.roads.ordinary), dict[str, Any]()
        records["orders"] = tuple(self.orders)
        for part in self.parts:
            records |= part.records()
        return Log(
            self.scenario,
            fleet,
            self.timeline,
            Responses.of_rows(self.rows),
            np.array(self._lost, dtype=np.int32),
            self.agenda.scheduled,
            tuple(self._moves),
            **records,
        )

    def _schedule_call(self) -> None:
        if self._next < len(self._order):
            time = self.ready[self._order[self._next]]
            self.agenda.schedule_at(Event(self._on_call_callbacks), CALL, time)

    def _on_call(self, _: Event) -> None:
        """Take up the next call that is ready for dispatch."""
        self.set_now()
        call = self._order[self._next]
        self._next += 1
        if self.first_slot[call + 1] - self.first_slot[call] > 1:
            self.board.sent[call] = set()
        self.open_needs(call)
        for part in self.parts:
            part.called(call)
        self._schedule_call()
        self.decide()

    def decide(self) -> None:
        """Ask the policy, once everything of the present moment is known, and carry out its answer."""
        if not (self.backlog or self.parts) or self.agenda.more_now:
            return
        if self.backlog:
            self._find_units()
        for part in self.parts:
            part.settle()

    def _find_units(self) -> None:
        """Ask the policy for units, and send them."""
        backlog, board = self.backlog, self.board
        again = True
        while again and backlog and (board.idle_count or board.diversion):
            again = False
            for need, unit in self._policy.choices(backlog):
                del backlog[self._policy.checked(backlog, need, unit)]
                # a diverted unit leaves a need that may come before the other choices
                again = not board.idle[unit] or board.one_by_one
                self.commit(need, unit)
                if again:
                    break
        if not self._queueing and backlog:
            for need in backlog:
                self._give_up(need)
            backlog.clear()

    def commit(self, need: Need, unit: int) -> None:
        """Send a unit: write its itinerary and schedule its release."""
        board, fleet, now = self.board, self.fleet, self.board.now
        from_road = 0
        if board.idle[unit] and board.home_at[unit] <= now:
            turnout = self._turnout_of(unit, need) if self.parts else self._turnout[unit][need.slot]
            travel = fleet.outbound[unit][need.node]
            board.set_trip(unit, fleet.quarters[unit], need.node, "emergency", now + turnout)
        else:
            turnout, origin = board.whereabouts(unit)
            travel = fleet.travels[unit].seconds(origin, need.node, "emergency")
            from_road = 1
            if board.moved and board.stands_elsewhere(unit):
                turnout, from_road = self._turnout_of(unit, need), FROM_ELSEWHERE
            self.break_off(unit)
            self.row_of[unit] = len(self.rows)  # what follows belongs to the new response
            self.set_out(unit, origin, need.node, "emergency", now + turnout)
        arrived = now + turnout + travel
        if arrived == inf:
            self._policy.no_way(need, unit)
        row = self.row_of[unit] = self.respond(need, unit, now + turnout, arrived, from_road)
        available = self.rows[row + AVAILABLE]
        board.set_committed(unit, need, min(arrived, available))
        self.release_at(unit, row, available)
        if self.parts:
            self._tell_parts(need, unit, row)

    def _tell_parts(self, need: Need, unit: int, row: int) -> None:
        """Let the parts of the doctrine know of a unit that has been sent."""
        self.sent_rows.setdefault(need.incident, []).append(row)
        for part in self.parts:
            part.committed(need, unit, row)

    def _turnout_of(self, unit: int, need: Need) -> float:
        """Return seconds from the decision to send a unit in quarters until it leaves."""
        return sum((part.delay(need, unit) for part in self.parts), start=self._turnout[unit][need.slot])

    def _on_change(self, _: Event) -> None:
        """Roads close or open: every unit under way looks for its way again, from the next node."""
        self.set_now()
        self._enter(self.board.now)
        look_again(self)
        for part in self.parts:
            part.roads_changed()
        self.decide()

    def _schedule_crews(self) -> None:
        """Schedule the next change of crews, as long as it can matter to anybody."""
        board, moment = self.board, self.duty.next_change(self.board.now)
        if self.agenda.is_empty:
            # whoever waits for a crew finds one within a week of the last outage, or never
            last = max(self._last, self.duty.last_edge)
            if not self.backlog or moment is None or moment > last + HOURS * HOUR:
                return
        else:
            self._last = board.now
        if moment is not None:
            self.agenda.schedule_at(Event([self._on_crews]), INJECT, moment)

    def _on_crews(self, _: Event) -> None:
        """Crews come on duty and go off."""
        self.set_now()
        self.board.set_off_duty(self.duty.off(self.board.now))
        self.decide()
        self._schedule_crews()

    def _give_up(self, need: Need) -> None:
        """Count a need as lost, or hand it to mutual aid."""
        if not self._aiding:
            self._lost.append(need.slot)
            return
        outbound = self.fleet.aid_outbound
        left = self.board.now + self._aid_delay[need.slot]
        arrived = left + (0.0 if outbound is None else outbound[need.node])
        if arrived == inf:
            self._lost.append(need.slot)
        else:
            self._tell_parts(need, AID, self.respond(need, AID, left, arrived, 0))
