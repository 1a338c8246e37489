"""Who can be sent when: rotas by hour of the week, and outages."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from dispatch.scenario.conditions import HOUR, HOURS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from dispatch.engine.fleet import Fleet
    from dispatch.scenario.outages import OutageTime
    from dispatch.scenario.scenario import Scenario

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]


class Duty:
    """When the units of a fleet can be sent: by their rotas, and by outages.

    Rotas change at full hours of local time as it was at the scenario's start: a change of the clock within
    the simulated time is not followed, as in profiles and speeds. Units without a rota are always on duty.
    """

    def __init__(self, scenario: Scenario, fleet: Fleet) -> None:
        self._begin = scenario.roads.week_start
        """Seconds from Monday 00:00 to the start."""
        units = dict(fleet.layout.units)
        hours = {name: frozenset(rota.hours_of_week()) for name, rota in scenario.file.rotas.items()}
        asked = ((number, units[name].rota) for number, name in enumerate(fleet.ids))
        self._hours = {number: hours[rota] for number, rota in asked if rota is not None}
        """Hours of the week on duty, by unit that has a rota."""
        self._changes = _changes(self._hours.values())
        """Hours of the week at which somebody comes on duty or goes off."""
        self._out: dict[int, list[OutageTime]] = {}
        """Outages by unit that has any."""
        for number, name in enumerate(fleet.ids):
            mine = [each for each in scenario.outages if each.holds_for(name, units[name].station)]
            if mine:
                self._out[number] = mine
        edges = {edge for mine in self._out.values() for each in mine for edge in (each.begins, each.ends)}
        self._edges = sorted(edge for edge in edges if edge < inf)
        """Moments at which outages begin or end."""

    def __bool__(self) -> bool:
        """Whether any unit is ever off duty or out of service."""
        return bool(self._hours or self._out)

    @property
    def units(self) -> list[int]:
        """Units that are not always there."""
        return sorted({*self._hours, *self._out})

    @property
    def last_edge(self) -> float:
        """When the last outage begins or ends."""
        return self._edges[-1] if self._edges else 0.0

    def is_out(self, unit: int, moment: float) -> bool:
        """Whether a unit is out of service at a moment, in seconds from the start."""
        return any(each.begins <= moment < each.ends for each in self._out.get(unit, ()))

    def is_on(self, unit: int, moment: float) -> bool:
        """Whether a unit is on duty, and in service, at a moment."""
        hours = self._hours.get(unit)
        return (hours is None or self._hour(moment) in hours) and not self.is_out(unit, moment)

    def off(self, moment: float) -> set[int]:
        """Return the units that are off duty or out of service at a moment."""
        return {unit for unit in self.units if not self.is_on(unit, moment)}

    def _hour(self, moment: float) -> int:
        # a change is reckoned from a full hour; rounding must not put it into the hour before
        return int((self._begin + moment + 1e-6) // HOUR) % HOURS

    def next_change(self, moment: float) -> float | None:
        """Return the first later moment at which somebody comes or goes, None if nobody ever does."""
        place = bisect_right(self._edges, moment)
        moments = self._edges[place : place + 1]
        if self._changes:
            week, into = divmod(self._begin + moment + 1e-6, HOURS * HOUR)
            place = bisect_right(self._changes, into / HOUR)
            hour = self._changes[place] if place < len(self._changes) else self._changes[0] + HOURS
            moments = [*moments, (week * HOURS + hour) * HOUR - self._begin]
        return min(moments, default=None)

    def changes(self, begin: float, end: float) -> Iterator[float]:
        """Yield the moments between two, the first excluded, at which somebody comes or goes."""
        moment = self.next_change(begin)
        while moment is not None and moment < end:
            yield moment
            moment = self.next_change(moment)

    def seconds(self, begin: float, end: float, size: int) -> list[float]:
        """Return how long each of ``size`` units is on duty between two moments."""
        result = [end - begin] * size
        edges: Sequence[float] = [begin, *self.changes(begin, end), end]
        for unit in self.units:
            spans = pairwise(edges)
            result[unit] = sum(b - a for a, b in spans if self.is_on(unit, a))
        return result

    def with_rests(
        self, begins: Floats, ends: Floats, units: Rows, until: float
    ) -> tuple[Floats, Floats, Rows]:
        """Return spans of units joined with the times off duty from the start, so that no two overlap [S]."""
        moments = [0.0, *self.changes(0.0, until), until]
        spans = [
            (unit, a, b) for unit, a, b in zip(units.tolist(), begins.tolist(), ends.tolist(), strict=True)
        ]
        for unit in self.units:
            resting = pairwise(moments)
            spans += [(unit, a, b) for a, b in resting if not self.is_on(unit, a)]
        joined: list[tuple[int, float, float]] = []
        for unit, begin, end in sorted(spans):
            if joined and joined[-1][0] == unit and begin <= joined[-1][2]:
                joined[-1] = (unit, joined[-1][1], max(end, joined[-1][2]))
            else:
                joined.append((unit, begin, end))
        unit_of, begin_of, end_of = zip(*joined, strict=True) if joined else ((), (), ())
        return np.array(begin_of), np.array(end_of), np.array(unit_of, dtype=np.intp)


def _changes(rotas: Collection[frozenset[int]]) -> list[int]:
    """Return the hours of the week at which any of some rotas begins or ends a time on duty."""
    return sorted(
        {hour for on in rotas for hour in range(HOURS) if (hour in on) != ((hour - 1) % HOURS in on)}
    )
