"""Orders in a simulation: units that are called back, and units that are sent whatever the policy says."""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING

from dispatch.engine.agenda import ORDER
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
from dispatch.engine.rulebook import NEVER, Ending
from dispatch.needs import NO_LEVEL

if TYPE_CHECKING:
    from dispatch.engine.moving_up import MoveUps
    from dispatch.engine.operations import Operations
    from dispatch.engine.protocols import Need
    from dispatch.scenario.commands import Command
    from dispatch.scenario.scenario import Scenario
    from dispatch.timeline import Timeline


class Orders(Part):
    """Carries out recalls and orders at their moments; what cannot be done is told in the log."""

    def __init__(self, scenario: Scenario, timeline: Timeline, moves: MoveUps | None) -> None:
        self._moves = moves
        self._commands = [each for each in scenario.commands if each.does in ("recall", "order")]
        calls = {name: call for call, name in enumerate(timeline.incident_ids(scenario.kinds))}
        self._calls = {
            each.incident: calls[each.incident] for each in self._commands if each.incident in calls
        }
        self._ready: set[int] = set()
        self._waiting: dict[int, list[int]] = {}
        """Orders for calls that are not ready yet, by number."""

    def join(self, ops: Operations) -> None:
        """Schedule what is ordered, behind everything else that changes at the same moment."""
        self.ops = ops
        self._units = {name: unit for unit, name in enumerate(ops.fleet.ids)}
        for number, command in enumerate(self._commands):
            if command.does == "recall":
                ops.at(command.moment, partial(self._recall, command), ORDER)
            elif command.station:
                ops.at(command.moment, partial(self._move, command), ORDER)
            elif command.incident in self._calls:
                ops.at(command.moment, partial(self._order, number), ORDER)

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
            self._turn_back(unit, row, reopen=command.replace)
            self._note(command, call, "turned back")
        elif ops.rows[row + CLEAR] > now:
            self._leave(unit, row)
            self._note(command, call, "left the scene")
        else:
            self._note(command, call, "no longer on scene")

    def _turn_back(self, unit: int, row: int, *, reopen: bool) -> None:
        """Let a unit that has not arrived turn home."""
        ops, board, now = self.ops, self.ops.board, self.ops.board.now
        wait, position = board.whereabouts(unit)
        ops.abandon(row, Ending.RECALLED, reopen=reopen)
        ops.rows[row + RETURNING] = board.arrives[unit] = now
        ops.forget_release(unit)
        home = ops.fleet.home[unit]
        seconds = ops.seconds_home(unit, wait, position)
        ops.set_out(unit, position, home, "normal", now)
        ops.head_home(unit, row, now + seconds)

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
        """Send a unit to a call, or note why it cannot go."""
        command, ops = self._commands[number], self.ops
        call = self._calls[command.incident]
        if call not in self._ready:
            self._waiting.setdefault(call, []).append(number)
            return
        unit = self._units.get(command.unit)
        if unit is None:
            self._note(command, call, "not in this layout")
            return
        need = self._need(number, call, unit)
        refusal = self._refusal(unit, call, need)
        self._note(command, call, refusal or "sent")
        if not refusal:
            if need in ops.backlog:
                ops.backlog.remove(need)
            ops.commit(need, unit)

    def _need(self, number: int, call: int, unit: int) -> Need:
        """Return an open need of the call that a unit can fill, or else the one that the order brings."""
        ops, able = self.ops, self.ops.fleet.capabilities[unit]
        for need in ops.backlog:
            if need.incident == call and need.capability in able:
                return need
        slots = range(ops.first_slot[call], ops.first_slot[call + 1])
        own = [slot for slot in slots if ops.slot_level[slot] == NO_LEVEL]
        same = [
            n for n, each in enumerate(self._commands) if each.incident == self._commands[number].incident
        ]
        return ops.need_of(call, own[same.index(number)])

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
