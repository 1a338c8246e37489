"""Alarm levels in a simulation: they rise by deadline or by order, and never fall."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from dispatch.engine.log import Ordered, Raise
from dispatch.engine.parts import Part

if TYPE_CHECKING:
    from collections.abc import Collection

    from dispatch.engine.control import Control
    from dispatch.engine.fleet import Fleet
    from dispatch.engine.operations import Operations
    from dispatch.engine.protocols import Need
    from dispatch.scenario.alarms import AlarmBook
    from dispatch.scenario.scenario import Scenario
    from dispatch.timeline import Timeline

BY_DEADLINE, BY_ORDER = "deadline", "order"
"""Why a level rose."""

REASONS = {BY_DEADLINE: "not under control by its deadline", BY_ORDER: "by order"}
"""The same in words."""


class Levels(Part):
    """Raises the level of a call that the force on scene does not control by its deadline, or by order.

    The deadline counts from the moment at which the call is ready, and then from each rise.
    """

    def __init__(self, scenario: Scenario, timeline: Timeline, book: AlarmBook, control: Control) -> None:
        self._book, self._timeline, self._control = book, timeline, control
        self._kind = timeline.kind.tolist()
        control.may_rise = self._may_rise
        self._commands = scenario.commands
        self._kinds = scenario.kinds
        self._called: set[int] = set()
        self._waiting: dict[int, int] = {}
        """Levels ordered for calls that are not ready yet."""
        self._due: dict[int, float] = {}
        """When the deadline of each call's present level is; only for levels that have one."""
        self._raises: list[Raise] = []

    def join(self, ops: Operations) -> None:
        """Schedule the rises that are ordered."""
        self.ops = ops
        if not any(command.does == "level" for command in self._commands):
            return
        calls = {name: call for call, name in enumerate(self._timeline.incident_ids(self._kinds))}
        for place, command in enumerate(self._commands):
            if command.does == "level" and command.incident in calls:
                ops.by_order(place, partial(self._order, calls[command.incident], command.level))

    def called(self, call: int) -> None:
        """Set a call's first deadline."""
        self._called.add(call)
        self._set_deadline(call)
        if call in self._waiting:
            self._raise(call, self._waiting.pop(call), BY_ORDER)

    def records(self) -> dict[str, Any]:
        """Return the rises."""
        return {"raises": tuple(self._raises)}

    def _set_deadline(self, call: int) -> None:
        level = self.ops.level[call]
        seconds = self._book.deadline(self._kind[call], level)
        if seconds is not None:
            self._due[call] = self.ops.board.now + seconds
            self.ops.at(self._due[call], partial(self._check, call, level))

    def _may_rise(self, call: int) -> bool:
        """Whether a deadline is still to come that may raise the level of a call; orders nobody foresees."""
        now = self.ops.board.now
        return self._due.get(call, now) > now

    def _check(self, call: int, level: int) -> None:
        """Raise the level of a call by one if its deadline finds it out of control, and still going on."""
        if self.ops.level[call] != level or self.ops.is_over(call):
            return
        if not self._control.is_reached(call):
            self._raise(call, level + 1, BY_DEADLINE)

    def _order(self, call: int, level: int) -> None:
        ops, refusal = self.ops, ""
        if call not in self._called:
            self._waiting[call] = max(level, self._waiting.get(call, 0))
        elif ops.is_over(call):
            refusal = "the call is over"
        elif level <= ops.level[call]:
            refusal = f"it has level {ops.level[call]} already"
        else:
            self._raise(call, level, BY_ORDER)
        if refusal:
            ops.orders.append(Ordered(ops.board.now, "level", "", call, refusal))

    def _raise(self, call: int, level: int, reason: str) -> None:
        """Raise the level of a call, and ask for what the higher card has beyond the lower one."""
        ops, before = self.ops, self.ops.level[call]
        level = min(level, self._book.top(self._kind[call]))
        if level <= before:
            return
        self._raises.append(Raise(call, ops.board.now, before, level, reason))
        ops.level[call] = level
        ops.reinforce(call, before)
        for part in ops.parts:
            part.raised(call)
        self._set_deadline(call)


class SmallestCrews(Part):
    """Keeps units away from needs that ask for a larger crew; a unit whose crew is not stated may go."""

    def __init__(self, scenario: Scenario, fleet: Fleet, timeline: Timeline) -> None:
        self._needed = timeline.crew.tolist()
        crews = [scenario.file.unit_types[kind].crew for kind in fleet.types]
        self._too_small = {
            least: frozenset(unit for unit, crew in enumerate(crews) if 0 < crew < least)
            for least in set(self._needed)
        }

    def barred(self, need: Need) -> Collection[int]:
        """Return units with a crew that is too small."""
        return self._too_small[self._needed[need.slot]]
