"""Orders in a simulation: units that are called back, and units that are sent whatever the policy says.

Units may be sent to a call, to wait near it, or to a station; or so many units of an agreement to a call.
"""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING

from dispatch.engine.crews import Crews
from dispatch.engine.log import (
    AT_HOSPITAL,
    AVAILABLE,
    CLEAR,
    ENDING,
    INCIDENT,
    RETURNING,
    Ordered,
)
from dispatch.engine.parts import Part
from dispatch.engine.rerouting import turn_back
from dispatch.engine.rulebook import NEVER, Ending
from dispatch.engine.staging import Staging
from dispatch.engine.tiers import Agreements
from dispatch.needs import NO_LEVEL, by_order

if TYPE_CHECKING:
    from collections.abc import Collection

    from dispatch.engine.moving_up import MoveUps
    from dispatch.engine.operations import Operations
    from dispatch.engine.protocols import Need
    from dispatch.scenario.commands import Command
    from dispatch.scenario.scenario import Scenario
    from dispatch.timeline import Timeline


DOES = ("recall", "order", "stage", "ask")
"""Commands that orders carry out."""

LIMITS = {
    "expired": "it has ended",
    "not_there": "it does not hold at that place",
    "none_out": "none of its units may go",
    "share_out": "no more of its units may be out at once",
}
"""What keeps units of an agreement from going by order, too, in words."""


class Orders(Part):
    """Carries out recalls and orders at their moments; what cannot be done is told in the log.

    A unit that was called back from a call is not sent there again, unless by another order.
    """

    because = "recalled"

    def __init__(self, scenario: Scenario, timeline: Timeline, moves: MoveUps | None) -> None:
        self._moves = moves
        self._commands = scenario.commands
        calls = {name: call for call, name in enumerate(timeline.incident_ids(scenario.kinds))}
        self._calls = {
            each.incident: calls[each.incident]
            for each in self._commands
            if each.does in DOES and each.incident in calls
        }
        self._by_order = by_order(scenario)
        """Whom the slots of a call are for that orders bring."""
        self._ready: set[int] = set()
        self._waiting: dict[int, list[int]] = {}
        """Orders for calls that are not ready yet, by number."""
        self._recalled: dict[int, set[int]] = {}
        """Units that were called back from each call, and not ordered there again."""

    def join(self, ops: Operations) -> None:
        """Schedule what is ordered, behind everything else that changes at the same moment."""
        self.ops = ops
        self._units = {name: unit for unit, name in enumerate(ops.fleet.ids)}
        self._staging = next((part for part in ops.parts if isinstance(part, Staging)), None)
        self._agreements = next((part for part in ops.parts if isinstance(part, Agreements)), None)
        for number, command in enumerate(self._commands):
            if command.does == "recall":
                ops.by_order(number, partial(self._recall, command))
            elif command.station:
                ops.by_order(number, partial(self._move, command))
            elif command.does in DOES and command.incident in self._calls:
                ops.by_order(number, partial(self._order, number))

    def barred(self, need: Need) -> Collection[int]:
        """Return units that were called back from the call: they come again by order only."""
        return self._recalled.get(need.incident, ())

    def committed(self, need: Need, unit: int, row: int) -> None:  # noqa: ARG002 - from wherever it comes
        """Forget the recall of a unit that has been sent to the same call again, which only orders do."""
        if need.incident in self._recalled:
            self._recalled[need.incident].discard(unit)

    def called(self, call: int) -> None:
        """Carry out the orders that a call had before it was ready."""
        self._ready.add(call)
        for number in self._waiting.pop(call, ()):
            self._order(number)

    def _note(self, command: Command, call: int, outcome: str) -> None:
        self.ops.orders.append(Ordered(self.ops.board.now, command.does, command.unit, call, outcome))

    def _recall(self, command: Command) -> None:
        """Call a unit back from a call."""
        ops, now = self.ops, self.ops.board.now
        unit = self._units.get(command.unit)
        row = -1 if unit is None else ops.row_of[unit]
        if unit is None:
            self._note(command, -1, "not in this layout")
            return
        if row < 0 or ops.board.idle[unit] or ops.rows[row + RETURNING] <= now:
            self._note(command, -1, "not on a call")
            return
        call = int(ops.rows[row + INCIDENT])
        if ops.board.arrives[unit] > now:
            self._recalled.setdefault(call, set()).add(unit)
            turn_back(ops, unit, row, reopen=command.replace)
            self._note(command, call, "turned back")
        elif ops.rows[row + CLEAR] > now:
            self._recalled.setdefault(call, set()).add(unit)
            self._leave(unit, row)
            self._note(command, call, "left the scene")
        else:
            self._note(command, call, "no longer on scene")

    def _leave(self, unit: int, row: int) -> None:
        """Let a unit on scene go."""
        ops, now = self.ops, self.ops.board.now
        ops.rows[row + ENDING] = Ending.RECALLED
        ops.rows[row + CLEAR] = ops.rows[row + RETURNING] = ops.rows[row + AVAILABLE] = now
        ops.rows[row + AT_HOSPITAL] = NEVER
        ops.forget_release(unit)
        ops.head_home(unit, row, ops.send_home(unit, row))

    def _move(self, command: Command) -> None:
        """Move a free unit to a station, or note why it cannot go."""
        sites = [site.id for site in self.ops.fleet.layout.sites]
        unit = self._units.get(command.unit)
        if unit is None or command.station not in sites:
            refusal = "not in this layout"
        elif unit in self.ops.board.off_duty:
            refusal = "not on duty"
        elif not self.ops.board.idle[unit]:
            refusal = "not free"
        elif self.ops.fleet.agreement[unit] >= 0:
            refusal = "under an agreement"
        elif dict(self.ops.fleet.layout.units)[command.unit].crew_from is not None:
            refusal = "shares a crew"
        else:
            assert self._moves is not None
            refusal = self._moves.order(unit, sites.index(command.station))
        self._note(command, -1, refusal or f"moves to {command.station}")

    def _order(self, number: int) -> None:
        """Send whoever is ordered to a call, or note why nobody can go."""
        command = self._commands[number]
        call = self._calls[command.incident]
        if call not in self._ready:
            self._waiting.setdefault(call, []).append(number)
        elif command.does == "ask":
            self._ask(command, call)
        else:
            self._send(command, call)

    def _send(self, command: Command, call: int) -> None:
        """Send a unit to a call, or to wait near it, or forward if it waits there."""
        ops, staging = self.ops, self._staging
        unit = self._units.get(command.unit)
        if unit is None:
            self._note(command, call, "not in this layout")
            return
        if command.does == "order" and staging is not None and staging.waits(unit, call):
            self._note(command, call, "sent forward")
            staging.forward(unit)
            return
        need = self._need(command, call, unit)
        refusal = self._refusal(unit, call, need)
        if command.does == "stage" and staging is not None:
            refusal = refusal or staging.refusal(unit, need, command.node)
        if refusal:
            self._note(command, call, refusal)
            return
        if need in ops.backlog:
            ops.backlog.remove(need)
        if command.does == "stage" and staging is not None:
            self._note(command, call, f"sent to wait at {ops.scenario.network.node_ids[command.node]}")
            staging.by_order(need, unit, command.node)
        else:
            self._note(command, call, "sent")
            ops.commit(need, unit)

    def _ask(self, command: Command, call: int) -> None:
        """Send the nearest units of an agreement to a call, as many as were asked for and may go."""
        ops, agreements, number = self.ops, self._agreements, command.agreement
        assert agreements is not None
        told, sent = ops.scenario.agreements[number].id, 0
        node, why = ops.node[call], "no unit of its can be sent"
        ranked = sorted((ops.fleet.expected(unit, node), unit) for unit in agreements.in_quarters(number))
        for _, unit in ranked:
            limit = agreements.limit(number, node)
            if limit or sent == command.number:
                break
            need = self._need(command, call, unit)
            if not self._refusal(unit, call, need):
                if need in ops.backlog:
                    ops.backlog.remove(need)
                ops.commit(need, unit)
                sent += 1
        if sent < command.number:
            limit = agreements.limit(number, node)
            why = "the call is over" if ops.is_over(call) else LIMITS.get(limit, why)
        outcome = f"{sent} of {command.number} units of '{told}'"
        self._note(command, call, outcome if sent == command.number else f"{outcome}: {why}")

    def _need(self, command: Command, call: int, unit: int) -> Need:
        """Return an open need of the call that a unit can fill, or else the one that the order brings."""
        ops, able = self.ops, self.ops.fleet.capabilities[unit]
        for need in ops.backlog:
            if need.incident == call and need.capability in able:
                return need
        slots = range(ops.first_slot[call], ops.first_slot[call + 1])
        own = [slot for slot in slots if ops.slot_level[slot] == NO_LEVEL]
        whose = self._by_order[command.incident]
        name = ops.fleet.ids[unit]
        place = next(n for n, (by, who) in enumerate(whose) if by is command and who == name)
        return ops.need_of(call, own[place])

    def _refusal(self, unit: int, call: int, need: Need) -> str:
        """Return why a unit cannot be sent; empty if it can."""
        ops, board, now = self.ops, self.ops.board, self.ops.board.now
        row = ops.row_of[unit]
        if row >= 0 and ops.rows[row + INCIDENT] == call and not ops.has_left(row):
            return "on this call already"
        if ops.is_over(call):
            return "the call is over"
        if unit in board.off_duty:
            return "not on duty"
        on_its_way = ops.row_of[unit] >= 0 and board.arrives[unit] > now
        if not board.idle[unit] and not on_its_way:
            return "not free"
        if any(isinstance(part, Crews) and unit in part.barred(need) for part in ops.parts):
            return "without people"
        if board.idle[unit] and board.home_at[unit] <= now:
            seconds = ops.fleet.outbound[unit][need.node]
        else:
            seconds = board.seconds_from_road(unit, need.node)
        return "no way" if seconds == inf else ""
