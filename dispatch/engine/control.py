"""When calls are under control: units stay until then, and what nobody wants any more is withdrawn."""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.engine.log import (
    AT_HOSPITAL,
    AVAILABLE,
    CLEAR,
    ENDING,
    INCIDENT,
    ON_SCENE,
    RETURNING,
    SLOT,
    UNIT,
    Withdrawal,
)
from dispatch.engine.parts import NO_SAY, Part
from dispatch.engine.rulebook import NEVER, Ending
from dispatch.needs import RELIEF

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from dispatch.engine.operations import Operations
    from dispatch.engine.protocols import Need
    from dispatch.timeline import Timeline

UNDER_CONTROL, OVER = "under control", "over"
"""Why a need is withdrawn."""

WITHDRAWN = {
    UNDER_CONTROL: "the call is under control",
    OVER: "the units there have left, and nobody else could come",
}
"""The same in words."""


class Control(Part):
    """Knows when calls with alarm levels come under control, and keeps units there until then.

    A call is under control once every slot that its severity asks for has had a unit on scene. A unit whose
    time on scene is over before that stays, as long as somebody who is still missing may yet come, or the
    level may yet rise: units on their way, able units at work elsewhere, and deadlines to come count;
    orders that nobody has given yet do not, nor do units that stay at another call in the same way, so that
    no two calls wait for each other. Where two calls do, the less urgent one gives up first. What a rise
    asked for before the call was under control, and nobody was sent to, is withdrawn then; everything else
    when the last unit has left. Until then a unit that has done its work does not come again for a need
    that was open when it left. Mutual aid, units with a patient, and those whose whole time is given
    (``busy``), leave when they are done.
    """

    because = "was_there"

    def __init__(self, timeline: Timeline) -> None:
        self._severity = timeline.severity.tolist()
        self._all_told = (~np.isnan(timeline.busy)).tolist()
        """Whether the whole time of a slot is given, until the unit is available [S]."""
        self._held: dict[int, int] = {}
        """Units that stay beyond their own time, and the rows of their responses."""
        self._let_go: set[int] = set()
        """Rows of units that need not stay any longer."""
        self._left: dict[int, dict[int, float]] = {}
        """When units left that had done their work: by call and unit."""
        self._watched: set[int] = set()
        """Calls of which units may stay, or needs be withdrawn."""
        self._expected: dict[int, float] = {}
        """When calls are expected to be under control, as far as that is a moment of its own."""
        self._withdrawn: list[Withdrawal] = []
        self.may_rise: Callable[[int], bool] = lambda _: False
        """Tells whether the level of a call may yet rise."""

    def join(self, ops: Operations) -> None:
        """Take part, and find out who else has a say in whether calls are under control."""
        super().join(ops)
        self._others = [part for part in ops.parts if type(part).done_by is not Part.done_by]

    def raised(self, call: int) -> None:
        """Look out for the moment at which nobody else is wanted."""
        self._watched.add(call)

    def barred(self, need: Need) -> Collection[int]:
        """Return units that have left the call since the need was opened; reliefs have rules of their own."""
        left = self._left.get(need.incident)
        if left is None or self.ops.slot_level[need.slot] == RELIEF:
            return ()
        return {unit for unit, moment in left.items() if moment >= need.ready}

    def takes_on(self, unit: int, row: int) -> bool:
        """Keep a unit at a call that is not under control yet."""
        rows, now = self.ops.rows, self.ops.board.now
        call = int(rows[row + INCIDENT])
        works = rows[row + ENDING] == Ending.SERVED and rows[row + CLEAR] == rows[row + AT_HOSPITAL] == now
        if not works or self._all_told[int(rows[row + SLOT])] or not self._governs(call):
            return False
        self._watched.add(call)
        if row in self._let_go or self.is_reached(call):
            self._left.setdefault(call, {})[unit] = now
            return False
        self._held[unit] = row
        self._set_end(row, inf)
        return True

    def _governs(self, call: int) -> bool:
        """Whether it matters if a call is under control: it has alarm levels, or needs supplies."""
        return self._severity[call] > 0 or self._done_by(call) != NO_SAY

    def _set_end(self, row: int, moment: float) -> None:
        rows = self.ops.rows
        rows[row + CLEAR] = rows[row + AT_HOSPITAL] = moment
        rows[row + RETURNING] = rows[row + AVAILABLE] = moment

    def settle(self) -> None:
        """Look again at the calls of which somebody stays, or which somebody may still be sent to."""
        ops, now, hopeless = self.ops, self.ops.board.now, list[int]()
        for call in sorted(self._watched, key=lambda call: (ops.priority[call], ops.ready[call], call)):
            moment = self.foreseen(call)
            if moment <= now:
                self._let_units_go(call)
                self._withdraw(call, UNDER_CONTROL, moment)
            elif moment < inf and self._expected.get(call) != moment:
                self._expected[call] = moment
                ops.wake_at(moment)
            elif moment != moment and self._staying(call):
                hopeless.append(call)
            if not moment > now and all(map(ops.has_left, ops.sent_rows.get(call, ()))):
                self._end(call)
        if hopeless:  # the least urgent one first: whom it lets go may help the others
            self._let_units_go(hopeless[-1])

    def _end(self, call: int) -> None:
        """Close what is left of a call that the last unit has left."""
        self._watched.discard(call)
        if call in self._left:  # or else it still waits for the first unit that does its work there
            self._withdraw(call, OVER, inf)

    def _staying(self, call: int) -> list[int]:
        """Return units that stay at a call beyond their own time."""
        rows, found = self.ops.rows, []
        for unit, row in sorted(self._held.items()):
            if self.ops.row_of[unit] != row or rows[row + CLEAR] < inf:
                del self._held[unit]  # it was called back, or relieved
            elif rows[row + INCIDENT] == call:
                found.append(unit)
        return found

    def _let_units_go(self, call: int) -> None:
        """Let the units go that stay at a call, as soon as everything else of the present moment is done."""
        for unit in self._staying(call):
            self.ops.at(self.ops.board.now, partial(self._release, unit, self._held[unit]))

    def _release(self, unit: int, row: int) -> None:
        """Let a unit go that stayed beyond its time."""
        if self._held.get(unit) == row and self.ops.rows[row + CLEAR] == inf:
            del self._held[unit]
            self._let_go.add(row)
            self._set_end(row, self.ops.board.now)
            self.ops.release(unit)

    def _withdraw(self, call: int, reason: str, before: float) -> None:
        """Close needs that nobody was sent to: all, or those that rises opened before a moment."""
        ops = self.ops
        for need in [need for need in ops.backlog if need.incident == call]:
            if before == inf or (need.raised and need.ready < before):
                ops.backlog.remove(need)
                self._withdrawn.append(Withdrawal(call, need.slot, ops.board.now, reason))

    def is_reached(self, call: int) -> bool:
        """Whether a call is under control now."""
        if self._severity[call] > self.ops.level[call]:
            return False
        others = self._done_by(call)
        return others == others and self._last(call, self._arrivals(call), others) <= self.ops.board.now

    def _last(self, call: int, arrives: Mapping[int, float], others: float) -> float:
        """Return when the last unit has arrived and everything else is done; a call may ask for nobody."""
        last: float = max(self.ops.ready[call], *arrives.values(), others)
        return last

    def _done_by(self, call: int) -> float:
        """Return when all other parts let a call be under control; see :meth:`Part.done_by`."""
        moments = [part.done_by(call) for part in self._others]
        return NEVER if any(moment != moment for moment in moments) else max(moments, default=NO_SAY)

    def foreseen(self, call: int) -> float:
        """Return when a call is under control, as far as is known.

        Infinite while it may be at a moment that nobody knows, NaN if it cannot be by what is known now. To
        be asked when everything of a moment has been decided.
        """
        if self._severity[call] > self.ops.level[call]:
            return inf if self.may_rise(call) else NEVER
        others = self._done_by(call)
        if others != others:
            return NEVER
        arrives = self._arrivals(call)
        may_be = all(self.may_come(call, slot) for slot, moment in arrives.items() if moment == inf)
        return self._last(call, arrives, others) if may_be else NEVER

    def _arrivals(self, call: int) -> dict[int, float]:
        """Return when the first unit arrives for each slot that a call's severity asks for.

        Infinite where that is not known. A call without alarm levels asks for its first alarm.
        """
        ops, severity = self.ops, self._severity[call] or self.ops.level[call]
        slots = range(ops.first_slot[call], ops.first_slot[call + 1])
        arrives = {slot: inf for slot in slots if ops.slot_level[slot] <= severity}
        for row in ops.sent_rows.get(call, ()):
            slot, on_scene = int(ops.rows[row + SLOT]), ops.rows[row + ON_SCENE]
            if slot in arrives and on_scene < arrives[slot]:
                arrives[slot] = on_scene
        return arrives

    def may_come(self, call: int, slot: int) -> bool:
        """Whether somebody is on the way to a slot, at a moment that nobody knows, or may be sent to it."""
        ops, rows, now = self.ops, self.ops.rows, self.ops.board.now
        for row in ops.sent_rows.get(call, ()):
            if rows[row + SLOT] == slot and not ops.has_left(row) and rows[row + ENDING] == Ending.SERVED:
                return rows[row + UNIT] in ops.board.staged or ops.scenario.roads.change_after(now)
        need = ops.need_of(call, slot)
        if need not in ops.backlog:
            return False
        barred = set().union(*(bar(need) for bar in ops.board.barring))
        for _, unit in ops.fleet.ranking(need.node, need.capability):
            row = ops.row_of[unit]
            if row < 0 or ops.board.idle[unit] or unit in ops.board.off_duty or unit in barred:
                continue  # whoever is free was not sent, and will not be
            if rows[row + INCIDENT] != call and now < rows[row + AVAILABLE] < inf:
                return True
        return False

    def records(self) -> dict[str, Any]:
        """Return the needs that were withdrawn."""
        return {"withdrawals": tuple(self._withdrawn)}
