"""Crews that man several units of a station (cross-staffing): a unit goes only if there are people for it."""

from __future__ import annotations

import itertools
from math import inf
from typing import TYPE_CHECKING

from dispatch.engine.parts import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from dispatch.engine.fleet import Fleet
    from dispatch.engine.protocols import Need
    from dispatch.scenario.scenario import Scenario


class Pools:
    """Which units share people, and how many people there are."""

    def __init__(self, scenario: Scenario, fleet: Fleet) -> None:
        units, file = dict(fleet.layout.units), scenario.file
        self._riding = [file.unit_types[kind].crew for kind in fleet.types]
        self._pools: dict[str, list[int]] = {}
        for number, name in enumerate(fleet.ids):
            crew = units[name].crew_from
            if crew is not None:
                self._pools.setdefault(crew, []).append(number)
        self._staff = {name: file.crews[name].staff for name in self._pools}

    @property
    def members(self) -> Iterator[int]:
        """All units that share people."""
        return itertools.chain(*self._pools.values())

    def without_people(self, in_quarters: Callable[[int], bool]) -> list[int]:
        """Return units in quarters for which there are not enough people."""
        found: list[int] = []
        for name, units in self._pools.items():
            out = [unit for unit in units if not in_quarters(unit)]
            left = self._staff[name] - sum(self._riding[unit] for unit in out)
            found += [unit for unit in units if unit not in out and self._riding[unit] > left]
        return found


class Crews(Part):
    """People ride on a unit from its alert until it is back in quarters and available.

    A unit on its way home has its people on board: it may be sent from there, the others of the crew have to
    wait for them.
    """

    one_by_one = True
    because = "no_crew"

    def __init__(self, scenario: Scenario, fleet: Fleet) -> None:
        self._pools = Pools(scenario, fleet)
        self._expected: set[float] = set()
        """When people will be back whom somebody may be waiting for."""

    def barred(self, need: Need) -> Collection[int]:  # noqa: ARG002 - people go to any call
        """Return units in quarters for which there are not enough people."""
        return self._pools.without_people(self.ops.board.in_quarters)

    def settle(self) -> None:
        """See to it that waiting needs are looked at again when people come home."""
        board = self.ops.board
        if not self.ops.backlog:
            return
        for unit in self._pools.members:
            home_at = board.home_at[unit]
            if board.now < home_at < inf and home_at not in self._expected:
                self._expected.add(home_at)
                self.ops.wake_at(home_at)
