"""A log prepared for measuring: the measured calls, and who came first, second, third to each.

What many measures ask for is worked out once and kept; arrays that are kept cannot be written to.
"""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from dispatch.engine.duty import Duty
from dispatch.engine.log import AID
from dispatch.needs import RELIEF

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.engine.log import Log

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]
    Rows = NDArray[np.intp]
    Chosen = tuple[tuple[str, str], ...]

INCIDENT_FILTERS = ("type", "zone", "priority", "level")
"""What calls can be chosen by; their level is that of the first alarm."""
UNIT_FILTERS = ("unit", "station", "unit_type")


class LogView:
    """What the measures read of one log; a relief has no rank, since it takes somebody's place."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.timeline = log.timeline
        self.responses = log.responses
        self.incidents = log.incidents
        self.start = log.scenario.file.warm_up
        """First measured second; calls received earlier are not measured."""
        self.end = log.scenario.file.horizon
        self.measured: Mask = self.timeline.received >= self.start
        self._calls: dict[Chosen, Mask] = {}
        self._matching: dict[Chosen, Mask] = {}
        self._units: dict[Chosen, Mask] = {}
        self._arrivals: dict[int | None, Rows] = {}
        self.memo: dict[tuple[object, ...], Any] = {}
        """What measures keep for others of their kind, each under a key that begins with its own name."""

    @property
    def window(self) -> float:
        """Measured seconds."""
        return self.end - self.start

    def calls(self, filters: dict[str, str]) -> Mask:
        """Return the measured calls that pass the filters for calls [n]."""
        chosen = of_calls(filters)
        found = self._calls.get(chosen)
        if found is None:
            found = self._calls[chosen] = _kept(self.measured & self.matching(filters))
        return found

    def matching(self, filters: dict[str, str]) -> Mask:
        """Return the calls that pass the filters for calls, measured or not [n]."""
        chosen = of_calls(filters)
        found = self._matching.get(chosen)
        if found is None:
            found = self._matching[chosen] = _kept(self._match(filters))
        return found

    def _match(self, filters: dict[str, str]) -> Mask:
        scenario, t = self.log.scenario, self.timeline
        mask = np.ones(len(t), dtype=np.bool_)
        if "type" in filters:
            names = [kind.id for kind in scenario.kinds]
            mask &= t.kind == names.index(filters["type"])
        if "zone" in filters:
            mask &= self.zones == scenario.zones.index(filters["zone"])
        if "priority" in filters:
            mask &= t.priority == int(filters["priority"])
        if "level" in filters:
            mask &= t.level == int(filters["level"])
        return mask

    def units(self, filters: dict[str, str]) -> Mask:
        """Return which units pass the filters; mutual aid, the last, only without any [U + 1]."""
        chosen = tuple((key, filters[key]) for key in UNIT_FILTERS if key in filters)
        found = self._units.get(chosen)
        if found is None:
            found = self._units[chosen] = _kept(self._passing(filters))
        return found

    def _passing(self, filters: dict[str, str]) -> Mask:
        fleet = self.log.fleet
        columns = {
            "unit": list(fleet.ids),
            "station": [fleet.layout.sites[site].id for site in fleet.site],
            "unit_type": list(fleet.types),
        }
        mask = np.ones(len(fleet) + 1, dtype=np.bool_)
        for key, names in columns.items():
            if key in filters:
                mask &= np.array([name == filters[key] for name in names] + [False])
        return mask

    @cached_property
    def _all_by_arrival(self) -> tuple[Rows, Rows]:
        return self._by_arrival(self.timeline.slot_level[self.responses.slot] != RELIEF)

    @cached_property
    def _first_alarm_by_arrival(self) -> tuple[Rows, Rows]:
        first_alarm = self.timeline.first_alarm
        return (
            self._all_by_arrival if first_alarm.all() else self._by_arrival(first_alarm[self.responses.slot])
        )

    def _by_arrival(self, among: Mask) -> tuple[Rows, Rows]:
        """Rows of the responses that arrived, by call and arrival, and the rank of each in its call."""
        r = self.responses
        came = np.flatnonzero(~np.isnan(r.on_scene) & among)
        order = came[np.lexsort((came, r.on_scene[came], r.incident[came]))]
        incident = r.incident[order]
        starts = (
            np.flatnonzero(np.r_[True, incident[1:] != incident[:-1]]) if len(order) else np.empty(0, np.intp)
        )
        lengths = np.diff(np.r_[starts, len(order)])
        return order, np.arange(len(order)) - np.repeat(starts, lengths)

    def arrival(self, rank: int | None) -> Rows:
        """Return the response row of the rank-th unit to arrive (0 the first), −1 for none [n].

        Without a rank: of the unit that completed the effective response force.
        """
        found = self._arrivals.get(rank)
        if found is None:
            found = self._arrivals[rank] = _kept(self._arrival(rank))
        return found

    def _arrival(self, rank: int | None) -> Rows:
        order, ranks = self._first_alarm_by_arrival if rank is None else self._all_by_arrival
        incident = self.responses.incident[order]
        wanted = self.incidents.needed[incident] - 1 if rank is None else rank
        hit = ranks == wanted
        rows = np.full(len(self.timeline), -1, dtype=np.intp)
        rows[incident[hit]] = order[hit]
        return rows

    def by_units(self, rows: Rows, filters: dict[str, str]) -> Mask:
        """Return for which calls the response in ``rows`` (−1: none) is by a unit that passes [n]."""
        result = rows >= 0
        result[result] = self.units(filters)[self.responses.unit[rows[result]]]
        return np.asarray(result)

    def by_aid(self, rows: Rows) -> Mask:
        """Return for which calls the response in ``rows`` (−1 for none) is mutual aid [n]."""
        result = rows >= 0
        result[result] = self.aided[rows[result]]
        return np.asarray(result)

    def busy_share(self, unit: Mask) -> Floats:
        """Return the share of its measured time on duty, overtime included, that each unit was committed."""
        busy, staffed = self._busy
        chosen = unit[:-1] & (staffed > 0.0)  # who is never on duty has no workload
        return np.asarray(busy[chosen] / staffed[chosen])

    @cached_property
    def _busy(self) -> tuple[Floats, Floats]:
        """Measured seconds that each unit was committed, and those on duty, overtime included [U]."""
        r = self.responses
        own = r.unit >= 0
        begin = np.clip(r.alerted[own], self.start, self.end)
        # a unit that closed roads keep from home to the end is never available again
        until = np.clip(np.nan_to_num(r.available[own], nan=np.inf), self.start, self.end)
        count = len(self.log.fleet)
        busy: Floats = np.asarray(np.bincount(r.unit[own], until - begin, count), dtype=np.float64)
        staffed = np.full(len(busy), self.window)
        if self.duty:
            begins, ends, units = (
                *(np.clip(edge, self.start, self.end) for edge in self.away[:2]),
                self.away[2],
            )
            staffed -= np.bincount(units, weights=ends - begins, minlength=len(busy)) - busy
        return busy, staffed

    @cached_property
    def staffed(self) -> Floats:
        """Measured seconds that each unit is on duty [U]."""
        return np.array(self.duty.seconds(self.start, self.end, len(self.log.fleet)))

    @cached_property
    def duty(self) -> Duty:
        """Who is on duty when."""
        return Duty.of(self.log)

    @property
    def away(self) -> tuple[Floats, Floats, Rows]:
        """Begin and end of the times in which units are committed or off duty, and the units [S]."""
        r = self.responses
        own = r.unit >= 0
        begins, ends = r.alerted[own], np.nan_to_num(r.available[own], nan=np.inf)
        units = r.unit[own].astype(np.intp)
        return self.duty.with_rests(begins, ends, units, self.end) if self.duty else (begins, ends, units)

    @cached_property
    def zones(self) -> NDArray[np.int32]:
        """Zone of each call, −1 for none [n]."""
        return self.log.scenario.zone_of[self.timeline.node]

    @cached_property
    def first_due(self) -> Mask:
        """Which calls a unit of the first-due station reached [n]; reliefs do not count."""
        r, due = self.responses, self._first_due_site()
        sites = np.array([*self.log.fleet.site, -2])
        own = ~np.isnan(r.on_scene) & (sites[r.unit] == due[r.incident])
        own &= self.timeline.slot_level[r.slot] != RELIEF
        answered = np.zeros(len(self.timeline), dtype=np.bool_)
        answered[r.incident[own]] = True
        return answered

    def _first_due_site(self) -> Rows:
        """Return the first-due station of each call, −1 where no unit is able [n]."""
        fleet, t = self.log.fleet, self.timeline
        known: dict[tuple[int, int], int] = {}
        result = np.full(len(t), -1, dtype=np.intp)
        capability = t.capability[t.first_slot[:-1]] if len(t) else t.capability
        for call, (node, able) in enumerate(zip(t.node.tolist(), capability.tolist(), strict=True)):
            key = (node, able)
            if key not in known:
                listed = [unit for unit in fleet.first_due.get(node, ()) if able in fleet.capabilities[unit]]
                nearest = (unit for _, unit in fleet.ranking(node, able) if fleet.agreement[unit] < 0)
                known[key] = next((fleet.site[unit] for unit in chain(listed, nearest)), -1)
            result[call] = known[key]
        return result

    @cached_property
    def aided(self) -> Mask:
        """Which responses were mutual aid [R]."""
        return np.asarray(self.responses.unit == AID)


def of_calls(filters: dict[str, str]) -> Chosen:
    """Return the filters for calls, in a fixed order."""
    return tuple((key, filters[key]) for key in INCIDENT_FILTERS if key in filters)


A = TypeVar("A", bound="NDArray[np.generic]")


def _kept(array: A) -> A:
    """Return an array that nobody can write to any more."""
    array.flags.writeable = False
    return array
