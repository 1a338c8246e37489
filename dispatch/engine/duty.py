"""Who can be sent when: rotas by hour of the week, outages, times in the workshop, and repairs."""

from __future__ import annotations

from bisect import bisect_right, insort
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from dispatch.scenario.conditions import HOUR, HOURS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from dispatch.engine.fleet import Fleet
    from dispatch.engine.log import Log
    from dispatch.scenario.scenario import Scenario
    from dispatch.timeline import Timeline

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]


class Duty:
    """When the units of a fleet can be sent: by their rotas, and by their times out of service.

    Rotas change at full hours of local time as it was at the scenario's start: a change of the clock within
    the simulated time is not followed, as in profiles and speeds. Units without a rota are always on duty.
    """

    def __init__(self, scenario: Scenario, fleet: Fleet, timeline: Timeline | None = None) -> None:
        self._begin = scenario.roads.week_start
        """Seconds from Monday 00:00 to the start."""
        units = dict(fleet.layout.units)
        hours = {name: frozenset(rota.hours_of_week()) for name, rota in scenario.file.rotas.items()}
        asked = ((number, units[name].rota) for number, name in enumerate(fleet.ids))
        self._hours = {number: hours[rota] for number, rota in asked if rota is not None}
        """Hours of the week on duty, by unit that has a rota."""
        self._changes = _changes(self._hours.values())
        """Hours of the week at which somebody comes on duty or goes off."""
        downtimes = {} if timeline is None else timeline.downtimes
        self._random = bool(downtimes)
        """Whether units go to the workshop at times of their own, each many times."""
        edges: set[float] = set()
        self._out: dict[int, list[tuple[float, float]]] = {}
        """Begin and end of the times out of service, in order and apart, by unit that has any."""
        self._spans: dict[int, list[tuple[float, float]]] = {}
        """The same as they were told, which may overlap."""
        for number, name in enumerate(fleet.ids):
            mine = [each for each in scenario.outages if each.holds_for(name, units[name].station)]
            spans = [(each.begins, each.ends) for each in mine]
            spans += downtimes.get((name, units[name].type), ())
            if spans:
                self._spans[number], self._out[number] = spans, joined(spans)
                edges |= {edge for span in spans for edge in span}
        self._edges = sorted(edge for edge in edges if edge < inf)
        """Moments at which times out of service begin or end."""

    @classmethod
    def of(cls, log: Log) -> Duty:
        """Return when the units of a finished log could be sent."""
        duty = cls(log.scenario, log.fleet, log.timeline)
        for repair in log.repairs:
            duty.take_out(repair.unit, repair.begins, repair.ends)
        return duty

    def take_out(self, unit: int, begins: float, ends: float) -> None:
        """Let a unit be out of service for another time."""
        spans = self._spans.setdefault(unit, [])
        spans.append((begins, ends))
        self._out[unit] = joined(spans)
        for edge in (begins, ends):
            if edge < inf:
                insort(self._edges, edge)

    def amend(self, unit: int, begins: float, ends: float, until: float) -> None:
        """Let a time for which a unit was taken out end at another moment."""
        self._spans[unit].remove((begins, ends))
        self.take_out(unit, begins, until)

    def __bool__(self) -> bool:
        """Whether any unit is ever off duty or out of service."""
        return bool(self._hours or self._out)

    @property
    def units(self) -> list[int]:
        """Units that are not always there."""
        return sorted({*self._hours, *self._out})

    @property
    def last_edge(self) -> float:
        """When the last time out of service begins or ends."""
        return self._edges[-1] if self._edges else 0.0

    def is_out(self, unit: int, moment: float) -> bool:
        """Whether a unit is out of service at a moment, in seconds from the start."""
        spans = self._out.get(unit, ())
        place = bisect_right(spans, (moment, inf)) - 1
        return place >= 0 and moment < spans[place][1]

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
            spans = pairwise(self._edges_of(unit, edges))
            result[unit] = sum(b - a for a, b in spans if self.is_on(unit, a))
        return result

    def _edges_of(self, unit: int, edges: Sequence[float]) -> Sequence[float]:
        """Return those of some moments at which a unit itself may come or go, with the first and the last."""
        if unit in self._hours or not self._random:
            return edges
        own = {edge for span in self._out[unit] for edge in span if edges[0] < edge < edges[-1]}
        return [edges[0], *sorted(own), edges[-1]]

    def with_rests(
        self, begins: Floats, ends: Floats, units: Rows, until: float
    ) -> tuple[Floats, Floats, Rows]:
        """Return spans of units joined with the times off duty from the start, so that no two overlap [S]."""
        moments = [0.0, *self.changes(0.0, until), until]
        spans = [
            (unit, a, b) for unit, a, b in zip(units.tolist(), begins.tolist(), ends.tolist(), strict=True)
        ]
        for unit in self.units:
            resting = pairwise(self._edges_of(unit, moments))
            spans += [(unit, a, b) for a, b in resting if not self.is_on(unit, a)]
        merged: list[tuple[int, float, float]] = []
        for unit, begin, end in sorted(spans):
            if merged and merged[-1][0] == unit and begin <= merged[-1][2]:
                merged[-1] = (unit, merged[-1][1], max(end, merged[-1][2]))
            else:
                merged.append((unit, begin, end))
        unit_of, begin_of, end_of = zip(*merged, strict=True) if merged else ((), (), ())
        return np.array(begin_of), np.array(end_of), np.array(unit_of, dtype=np.intp)


def joined(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return spans of time in order, those that touch or overlap as one, without those that are empty."""
    found: list[tuple[float, float]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif end > begin:
            found.append((begin, end))
    return found


def _changes(rotas: Collection[frozenset[int]]) -> list[int]:
    """Return the hours of the week at which any of some rotas begins or ends a time on duty."""
    return sorted(
        {hour for on in rotas for hour in range(HOURS) if (hour in on) != ((hour - 1) % HOURS in on)}
    )
