"""What happened: one row for each unit response and each need that nobody served. All else is derived."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dispatch.engine.rulebook import Ending
from dispatch.scenario.layout import AID_NAME

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.engine.fleet import Fleet
    from dispatch.roads.travel import Position
    from dispatch.scenario.conditions import Conditions
    from dispatch.scenario.scenario import Scenario
    from dispatch.timeline import Timeline

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Columns = dict[str, list[object] | NDArray[np.generic]]

AID = -1
"""Unit number of mutual aid."""

# fields of a response row, in the order in which the engine writes them
(INCIDENT, SLOT, UNIT, ALERTED, EN_ROUTE, ON_SCENE, CLEAR, AT_HOSPITAL, RETURNING, AVAILABLE, IN_QUARTERS,
 ENDING, FROM_ROAD) = range(13)  # fmt: skip
WHOLE = (INCIDENT, SLOT, UNIT, ENDING, FROM_ROAD)
WIDTH = FROM_ROAD + 1


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """One row for each unit sent, in order of alert; moments in seconds, NaN where they did not come [R]."""

    incident: Ints
    slot: Ints
    unit: Ints
    """Index into the fleet, −1 for mutual aid."""
    alerted: Floats
    en_route: Floats
    on_scene: Floats
    clear: Floats
    at_hospital: Floats
    returning: Floats
    """When the unit was done with the call and set out for home; NaN when it was diverted."""
    available: Floats
    """When the unit could be dispatched again."""
    in_quarters: Floats
    """When it was home; NaN when it was dispatched again on the way."""
    ending: Ints
    from_road: Ints
    """1 when the unit was dispatched on its way home or diverted."""

    def __len__(self) -> int:
        """Number of responses."""
        return len(self.incident)

    @classmethod
    def of_rows(cls, rows: list[float]) -> Responses:
        """Build the columns from the rows that the engine wrote, one after the other."""
        table = np.array(rows, dtype=np.float64).reshape(-1, WIDTH).T
        incident, slot, unit, ending, from_road = table[list(WHOLE)].astype(np.int32)
        alerted, en_route, on_scene, clear, hospital, returning, available, home = table[
            ALERTED:ENDING
        ].copy()
        moments = (alerted, en_route, on_scene, clear, hospital, returning, available, home)
        return cls(incident, slot, unit, *moments, ending, from_road)


class Move(NamedTuple):
    """A trip that does not follow from a response's row alone: from the road, or re-planned on the way."""

    unit: int
    response: int
    """Row of the response that it belongs to, on the way out or home."""
    left: float
    """When it began [s]."""
    origin: Position
    target: int
    """Node."""
    mode: str
    conditions: Conditions
    """What the roads were like."""


class Raise(NamedTuple):
    """A rise of a call's alarm level."""

    incident: int
    moment: float
    """Seconds from the start."""
    before: int
    after: int
    reason: str


@dataclass(frozen=True, eq=False)
class Log:
    """The record of one simulation: input, responses, and needs that were never met."""

    scenario: Scenario
    fleet: Fleet
    timeline: Timeline
    responses: Responses
    lost: Ints
    """Slots given up because nobody was free [L]."""
    scheduled: int
    """Events that the engine scheduled: a measure of its work that no machine changes."""
    moves: tuple[Move, ...] = ()
    """Trips from the road, in order of time."""
    raises: tuple[Raise, ...] = ()
    """Rises of alarm levels, in order of time."""

    @cached_property
    def level(self) -> Ints:
        """The highest alarm level that each call had, 0 where there are none [n]."""
        level = self.timeline.level.copy()
        for each in self.raises:
            level[each.incident] = each.after
        return level

    @cached_property
    def incidents(self) -> Incidents:
        """The calls with everything that follows from their responses."""
        return _incidents(self)


@dataclass(frozen=True, slots=True, eq=False)
class Incidents:
    """One row for each call, in order of time; moments in seconds, NaN where they did not come [n]."""

    dispatched: Floats
    """First unit alerted."""
    first_on_scene: Floats
    erf: Floats
    """Whole first alarm on scene (effective response force)."""
    closed: Floats
    """Last unit clear of the call; NaN where a need is open to the end."""
    needed: Ints
    """Slots of the first alarm."""
    lost: Ints
    """Slots of the first alarm given up."""
    arrived: Ints
    """Units that came."""
    filled: Ints
    """Slots of the first alarm that a unit came for."""

    @property
    def given_up(self) -> NDArray[np.bool_]:
        """Calls of which every need was given up [n]."""
        return np.asarray(self.lost >= self.needed)

    def status(self) -> NDArray[np.str_]:
        """Return what became of each call: served, partial, cancelled, lost or unserved [n]."""
        conditions = [
            self.filled >= self.needed,
            self.arrived > 0,
            self.given_up,
            ~np.isnan(self.closed),
        ]
        return np.select(conditions, ["served", "partial", "lost", "cancelled"], default="unserved")


def _incidents(log: Log) -> Incidents:
    timeline, r = log.timeline, log.responses
    size, owner, first_alarm = len(timeline), timeline.owner, timeline.first_alarm
    needed = np.bincount(owner[first_alarm], minlength=size).astype(np.int32)
    came = ~np.isnan(r.on_scene)
    of_first = came & first_alarm[r.slot]
    arrived = np.bincount(r.incident[of_first], minlength=size)
    last = _extreme(np.fmax, r.incident[of_first], r.on_scene[of_first], size)
    left = np.fmin(np.fmin(r.clear, r.returning), r.available)  # cancelled and diverted units are never clear
    closed = _extreme(np.fmax, r.incident, left, size)
    closed[owner[_open_at_the_end(log)]] = np.nan
    lost = log.lost[first_alarm[log.lost]]
    return Incidents(
        dispatched=_extreme(np.fmin, r.incident, r.alerted, size),
        first_on_scene=_extreme(np.fmin, r.incident, r.on_scene, size),
        erf=np.where((arrived >= needed) & (needed > 0), last, np.nan),
        closed=closed,
        needed=needed,
        lost=np.bincount(owner[lost], minlength=size).astype(np.int32),
        arrived=np.bincount(r.incident[came], minlength=size).astype(np.int32),
        filled=arrived.astype(np.int32),
    )


def _open_at_the_end(log: Log) -> NDArray[np.bool_]:
    """Return which slots nobody was sent to, or nobody for good, and which were not given up either [S]."""
    r, t = log.responses, log.timeline
    still_open = t.slot_level <= log.level[t.owner]
    for_good = (r.ending != Ending.DIVERTED) & (r.ending != Ending.CUT_OFF)
    still_open[r.slot[for_good]] = False
    still_open[log.lost] = False
    return still_open


def _extreme(pick: np.ufunc, index: Ints, values: Floats, size: int) -> Floats:
    """Return the least or greatest value of each index, NaN where there is none [size]."""
    result = np.full(size, np.nan)
    pick.at(result, index, values)
    return result


def incident_table(log: Log) -> Columns:
    """Return the calls as columns with names, moments in seconds from the start."""
    scenario, t, i = log.scenario, log.timeline, log.incidents
    zones = [*scenario.zones, ""]
    return {
        "incident": [*t.incident_ids(scenario.kinds)],
        "type": [scenario.kinds[kind].id for kind in t.kind],
        "zone": [zones[zone] for zone in scenario.zone_of[t.node]],
        "node": [scenario.network.node_ids[node] for node in t.node],
        "priority": t.priority,
        "measured": t.received >= scenario.file.warm_up,
        "received": t.received,
        "ready": t.ready,
        "dispatched": i.dispatched,
        "first_on_scene": i.first_on_scene,
        "erf_complete": i.erf,
        "closed": i.closed,
        "units_needed": i.needed,
        "units_arrived": i.arrived,
        "status": i.status(),
    }


def response_table(log: Log) -> Columns:
    """Return the unit responses as columns with names, moments in seconds from the start."""
    r, t, fleet = log.responses, log.timeline, log.fleet
    names = [*fleet.ids, AID_NAME]
    stations = [*(fleet.layout.sites[site].id for site in fleet.site), ""]
    return {
        "incident": [t.incident_id(call, log.scenario.kinds) for call in r.incident],
        "unit": [names[unit] for unit in r.unit],
        "station": [stations[unit] for unit in r.unit],
        "capability": [log.scenario.capabilities[c] for c in t.capability[r.slot]],
        "alerted": r.alerted,
        "en_route": r.en_route,
        "on_scene": r.on_scene,
        "clear": r.clear,
        "at_hospital": r.at_hospital,
        "returning": r.returning,
        "available": r.available,
        "in_quarters": r.in_quarters,
        "ending": [Ending(e).name.lower() for e in r.ending.tolist()],
        "from_road": r.from_road == 1,
    }


def unit_table(log: Log) -> Columns:
    """Return the units of the layout with their number of responses and busy seconds."""
    fleet, r = log.fleet, log.responses
    own = r.unit >= 0
    busy = np.zeros(len(fleet))
    # a unit that closed roads keep from home to the end is never available again
    until = np.where(np.isnan(r.available), np.fmax(log.scenario.file.horizon, r.alerted), r.available)
    np.add.at(busy, r.unit[own], (until - r.alerted)[own])
    order = np.argsort(np.array(fleet.ids), kind="stable")
    return {
        "unit": [fleet.ids[u] for u in order],
        "type": [fleet.types[u] for u in order],
        "station": [fleet.layout.sites[fleet.site[u]].id for u in order],
        "node": [log.scenario.network.node_ids[fleet.home[u]] for u in order],
        "responses": np.bincount(r.unit[own], minlength=len(fleet))[order],
        "busy_seconds": busy[order],
    }
