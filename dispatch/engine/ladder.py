"""The handling ladder: an incident is handed upwards, tier by tier, and higher tiers wait for that."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from dispatch.engine.parts import Part
from dispatch.scenario.agreements import units_by

if TYPE_CHECKING:
    from collections.abc import Collection

    from dispatch.engine.fleet import Fleet
    from dispatch.engine.protocols import Need
    from dispatch.scenario.scenario import Scenario


class HandOver(NamedTuple):
    """An incident was handed to a higher tier."""

    incident: int
    decided: float
    """When it was decided, in seconds from the start."""
    done: float
    """When the tier had it: from then on its units could be sent."""
    before: int
    after: int
    """Rungs of the scenario's ladder, 0 the lowest."""
    reason: str
    """``from_level`` or ``unmet_for``."""
    value: float
    """Level, or seconds for which a need had been open."""
    limit: float
    """What the ladder says of it."""


class Ladder(Part):
    """Bars units of tiers to which an incident has not been handed yet, and hands incidents upwards."""

    one_by_one = False
    because = "not_handed"

    def __init__(self, scenario: Scenario, fleet: Fleet) -> None:
        self._scenario, self._fleet, self._rungs = scenario, fleet, scenario.file.ladder
        numbers = {name: unit for unit, name in enumerate(fleet.ids)}
        of = {numbers[name]: rung for name, rung in units_by(self._rungs, fleet.layout).items()}
        self._units = [[u for u, rung in of.items() if rung == each] for each in range(len(self._rungs))]
        self._above = [
            frozenset(unit for unit, rung in of.items() if rung > each) for each in range(len(self._rungs))
        ]
        self._ways: dict[tuple[int, frozenset[int]], list[int]] = {}
        self._way: dict[int, list[int]] = {}
        """Rungs that can serve an incident and that it has still to reach, after the one it is on."""
        self._handing: set[int] = set()
        self._since: dict[int, float] = {}
        """Since when each open need has been open, by slot."""
        self._woken: dict[int, float] = {}
        """When an incident is looked at next, at the soonest."""
        self._touched: set[int] = set()
        self._hand_overs: list[HandOver] = []

    def called(self, call: int) -> None:
        """Put an incident on the lowest rung that can serve it."""
        self._way[call] = self._rungs_of(call)
        self._touched.add(call)

    def _rungs_of(self, call: int) -> list[int]:
        """Return the rungs that can serve what an incident's level asks for, lowest first."""
        ops, level = self.ops, self.ops.level[call]
        slots = range(ops.first_slot[call], ops.first_slot[call + 1])
        wanted = frozenset(ops.capability[slot] for slot in slots if ops.slot_level[slot] <= level)
        return list(self._rungs_for(ops.node[call], wanted))

    def _rungs_for(self, node: int, wanted: frozenset[int]) -> list[int]:
        """Return the rungs with a unit that helps at a node and can fill one of some needs, lowest first."""
        key = (node, wanted)
        if key not in self._ways:
            self._ways[key] = [
                number
                for number, units in enumerate(self._units)
                if any(self._serves(unit, node) and self._fleet.capabilities[unit] & wanted for unit in units)
            ]
        return self._ways[key]

    def _serves(self, unit: int, node: int) -> bool:
        number = self._fleet.agreement[unit]
        return number < 0 or self._scenario.agreements[number].serves(node)

    def barred(self, need: Need) -> Collection[int]:
        """Return the units of tiers above the one that an incident is on."""
        way = self._way.get(need.incident)
        return self._above[way[0]] if way else ()

    def raised(self, call: int) -> None:
        """Look at an incident whose level has risen, when all is decided; it may need other rungs."""
        if call not in self._way:
            return  # it is not ready yet, and is put on its rung by the level that it has then
        way = self._way[call]
        self._way[call] = [
            *way[:1],
            *(rung for rung in self._rungs_of(call) if rung > max(way[:1], default=-1)),
        ]
        self._touched.add(call)

    def settle(self) -> None:
        """Hand incidents upwards for which it is time."""
        now, backlog = self.ops.board.now, self.ops.backlog
        self._since = {need.slot: self._since.get(need.slot, now) for need in backlog}
        opened: dict[int, float] = dict.fromkeys(self._touched, inf)
        for need in backlog:
            opened[need.incident] = min(opened.get(need.incident, inf), self._since[need.slot])
        self._touched.clear()
        for call, since in sorted(opened.items()):
            if len(self._way.get(call, ())) > 1 and call not in self._handing:
                self._look(call, since)

    def _look(self, call: int, since: float) -> None:
        """Hand an incident to the next rung, or come back when a need has been open for long enough.

        The condition of any higher rung takes it through those between. ``since`` is when its oldest open
        need was opened; infinite for none.
        """
        now, soonest = self.ops.board.now, inf
        for number in self._way[call][1:]:
            when = self._rungs[number].when
            if when is not None and when.from_level is not None and self.ops.level[call] >= when.from_level:
                self._hand_over(call, "from_level", self.ops.level[call], when.from_level)
                return
            if when is not None and when.unmet_for is not None:
                if since + when.unmet_for <= now:
                    self._hand_over(call, "unmet_for", now - since, when.unmet_for)
                    return
                soonest = min(soonest, since + when.unmet_for)
        if soonest < inf and self._woken.get(call) != soonest:
            self._woken[call] = soonest
            self.ops.wake_at(soonest)

    def _hand_over(self, call: int, reason: str, value: float, limit: float) -> None:
        before, after = self._way[call][:2]
        now = self.ops.board.now
        done = now + self._rungs[after].hand_over
        self._handing.add(call)
        self._hand_overs.append(HandOver(call, now, done, before, after, reason, value, limit))
        self.ops.at(done, lambda: self._reach(call))

    def _reach(self, call: int) -> None:
        """Let the units of the next rung be sent."""
        self._handing.discard(call)
        self._way[call].pop(0)
        self._touched.add(call)

    def records(self) -> dict[str, Any]:
        """Return the hand-overs."""
        return {"hand_overs": tuple(self._hand_overs)}
