"""Relief on long incidents: after some time on scene a unit's relief is asked for, and takes over.

A relief is a need of its own, of the same capability and smallest crew, that opens when the unit before it
has been on scene for the time that the incident type says. The unit before it goes when the relief arrives,
or when the work ends, whichever comes first. The work ends when it would have ended without any relief: a
relief that is not there by then is called off, and a need that nobody was sent to is withdrawn. Reliefs are
relieved in their turn, and whoever has been there may come again once it has been home. A unit that was
recalled from the scene is not relieved, but a relief that had been asked for comes and does what is left.
Mutual aid relieves itself.
"""

from __future__ import annotations

from bisect import insort
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.engine.arrivals import Arrivals
from dispatch.engine.log import (
    AID,
    AT_HOSPITAL,
    AVAILABLE,
    CLEAR,
    ENDING,
    IN_QUARTERS,
    INCIDENT,
    RETURNING,
    SLOT,
    UNIT,
    WIDTH,
    Relieving,
)
from dispatch.engine.parts import Part
from dispatch.engine.rulebook import NEVER, Ending

if TYPE_CHECKING:
    from collections.abc import Collection

    from dispatch.engine.operations import Operations
    from dispatch.engine.protocols import Need
    from dispatch.scenario.scenario import Scenario
    from dispatch.timeline import Timeline


class Reliefs(Part):
    """Asks for reliefs, and lets units go whose reliefs have come."""

    because = "not_home"

    def __init__(self, scenario: Scenario, timeline: Timeline) -> None:
        terms = [kind.type.relief for kind in scenario.kinds]
        after = [NEVER if each is None else each.after for each in terms]
        self._after = [after[kind] for kind in timeline.kind.tolist()]
        """Seconds on scene after which a relief is asked for, by call [n]."""
        back = timeline.relieves
        self._before = {slot: slot - int(back[slot]) for slot in np.flatnonzero(back).tolist()}
        """The slot that a relief's slot takes over from."""
        self._next = {before: slot for slot, before in self._before.items()}
        self._calls = set(timeline.owner[back > 0].tolist())
        """Calls of which some units may be relieved."""
        self._there: dict[int, int] = {}
        """Row of the unit that came for a slot."""
        self._asked: dict[int, Relieving] = {}
        """Reliefs asked for, by slot."""
        self._came: dict[int, float] = {}
        """Rows of units that were on scene and are not home yet, and when they will be as far as is known."""

    def join(self, ops: Operations) -> None:
        """Take part, and look out for arrivals."""
        super().join(ops)
        self._arrivals = Arrivals(ops, self._arrive)

    def barred(self, need: Need) -> Collection[int]:
        """Return units that were on scene of the same call and are not home yet.

        Those that were not relieved are barred from its reliefs only.
        """
        rows, call, found = self.ops.rows, need.incident, set[int]()
        for row in self._came:
            concerned = need.slot in self._before or rows[row + ENDING] == Ending.RELIEVED
            if concerned and rows[row + INCIDENT] == call and rows[row + IN_QUARTERS] > self.ops.board.now:
                found.add(int(rows[row + UNIT]))
        return found

    def committed(self, need: Need, unit: int, row: int) -> None:  # noqa: ARG002 - it does not matter who
        """Look out for the arrival of a unit at a call of which some may be relieved."""
        if need.incident in self._calls:
            self._arrivals.watch(row)

    def settle(self) -> None:
        """Take up when units arrive who have been sent, or have planned again."""
        self._arrivals.settle()
        rows, now = self.ops.rows, self.ops.board.now
        for row, known in list(self._came.items()):
            home_at = rows[row + IN_QUARTERS]
            if home_at <= now or self.ops.row_of[int(rows[row + UNIT])] != row:
                del self._came[row]
            elif home_at > now and home_at != known:
                self._came[row] = home_at
                self.ops.wake_at(home_at)  # it may be sent to the same call again

    def _arrive(self, row: int) -> None:
        """Let a unit take over that arrives, and set the time of its own relief."""
        ops = self.ops
        slot, unit = int(ops.rows[row + SLOT]), int(ops.rows[row + UNIT])
        self._there[slot] = row
        if unit != AID:
            self._came[row] = NEVER
        if slot in self._before:
            self._take_over(self._there[self._before[slot]], row)
        asks = ops.board.now + self._after[int(ops.rows[row + INCIDENT])]
        if unit != AID and slot in self._next and asks < ops.rows[row + CLEAR]:
            ops.at(asks, partial(self._ask, row))

    def _works(self, row: int) -> bool:
        """Whether the unit of a response that has arrived is still on scene."""
        rows = self.ops.rows
        return bool(rows[row + ENDING] == Ending.SERVED and rows[row + CLEAR] > self.ops.board.now)

    def _ask(self, row: int) -> None:
        """Open the need for a unit that takes over."""
        if not self._works(row):
            return
        ops, now = self.ops, self.ops.board.now
        call, slot, ends = (
            int(ops.rows[row + INCIDENT]),
            self._next[int(ops.rows[row + SLOT])],
            ops.rows[row + CLEAR],
        )
        self._asked[slot] = Relieving(row // WIDTH, slot, now, -1, NEVER, NEVER)
        ops.until[slot], ops.raised_at[slot] = ends, now
        insort(ops.backlog, ops.need_of(call, slot))
        ops.at(ends, partial(self._withdraw, call, slot))

    def _withdraw(self, call: int, slot: int) -> None:
        """Close a need for a relief, for the work is over."""
        need = self.ops.need_of(call, slot)
        if need in self.ops.backlog:
            self.ops.backlog.remove(need)
            self._asked[slot] = self._asked[slot]._replace(withdrawn=self.ops.board.now)

    def _take_over(self, before: int, row: int) -> None:
        """Let a unit go whose relief is there."""
        if not self._works(before):
            return
        ops, rows, now = self.ops, self.ops.rows, self.ops.board.now
        unit, slot = int(rows[before + UNIT]), int(rows[row + SLOT])
        self._asked[slot] = self._asked[slot]._replace(relief=row // WIDTH, taken_over=now)
        rows[before + CLEAR] = rows[before + RETURNING] = rows[before + AVAILABLE] = now
        rows[before + AT_HOSPITAL], rows[before + ENDING] = NEVER, Ending.RELIEVED
        ops.board.sent[int(rows[row + INCIDENT])].discard(unit)  # it may come back
        ops.forget_release(unit)
        ops.release(unit)

    def records(self) -> dict[str, Any]:
        """Return the reliefs that were asked for."""
        return {"reliefs": tuple(sorted(self._asked.values(), key=lambda each: (each.asked, each.slot)))}
