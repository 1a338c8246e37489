"""What happened: one row for each unit response and each need that nobody served. All else is derived."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dispatch.engine.rulebook import Ending

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.engine.fleet import Fleet
    from dispatch.engine.ladder import HandOver
    from dispatch.engine.supply_log import SupplyLog
    from dispatch.engine.tiers import Ask
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
FROM_ELSEWHERE = 2
"""From which the unit was sent: another station than its own, instead of its own (0) or the road (1)."""


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
    """1 when the unit was dispatched on its way home or diverted; 2 from a station it had moved up to."""

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


class Admission(NamedTuple):
    """A patient who was taken to a hospital; moments in seconds from the start."""

    response: int
    """Row of the response."""
    hospital: int
    """Index into the scenario's hospitals."""
    left: float
    """When the unit left the scene, or in the end left for this hospital instead of another."""
    arrived: float
    """NaN where it never got there."""
    began: float
    """When a place was free and the hand-over began."""
    ended: float
    """When the hand-over ended, and the unit was available."""
    why: str
    """Why this hospital: one of the words in ``engine.hospitals``."""
    passed: tuple[tuple[int, str], ...] = ()
    """Nearer suitable hospitals that were passed over, and why: ``diverting`` or ``full``."""


class MoveUp(NamedTuple):
    """A unit that moved to another station, or from there back to its own."""

    unit: int
    origin: int
    """Station where it stood, as an index into the layout's sites; −1 where it was on the road."""
    site: int
    """Station that it moved to."""
    left: float
    """When it left, in seconds from the start."""
    arrives: float
    """When it arrived; NaN where it was sent elsewhere before, or closed roads left it no way."""
    reason: str
    """One of the words in ``engine.moving_up``."""


class Staged(NamedTuple):
    """A unit that was sent to a staging area instead of the scene."""

    response: int
    """Row of the response."""
    node: int
    """The staging area."""
    arrived: float
    """When it got there, in seconds from the start; NaN where it never did."""
    forward: float
    """When it went forward to the scene; NaN where it was called off, or sent elsewhere, before."""


class Raise(NamedTuple):
    """A rise of a call's alarm level."""

    incident: int
    moment: float
    """Seconds from the start."""
    before: int
    after: int
    reason: str


class Withdrawal(NamedTuple):
    """A need that nobody was sent to, and that was closed because nobody was wanted any more."""

    incident: int
    slot: int
    moment: float
    """Seconds from the start."""
    reason: str
    """One of the words in ``engine.control``."""


class Ordered(NamedTuple):
    """A recall or an order, and what came of it."""

    moment: float
    """Seconds from the start."""
    does: str
    """``recall``, ``order``, ``stage``, ``ask``, ``supply``, or ``level`` where a level was not raised."""
    unit: str
    incident: int
    """The call, −1 for none."""
    outcome: str


class Relieving(NamedTuple):
    """A relief that was asked for, for a unit that had been on scene for long."""

    response: int
    """Row of the response of the unit that was to be relieved."""
    slot: int
    """The need that was opened."""
    asked: float
    """Seconds from the start."""
    relief: int
    """Row of the response of the unit that took over, −1 where none did."""
    taken_over: float
    """When that was; NaN where it never was."""
    withdrawn: float
    """When the work was over and nobody was on the way; NaN where somebody was, or the need was lost."""


class Repair(NamedTuple):
    """A time for which a unit that broke down on its way was out of service: until repaired and home."""

    unit: int
    response: int
    """Row of the response on which it broke down."""
    begins: float
    ends: float
    """Seconds from the start; infinite for a unit that no way led home."""


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
    move_ups: tuple[MoveUp, ...] = ()
    """Moves to other stations and back, in order of time."""
    raises: tuple[Raise, ...] = ()
    """Rises of alarm levels, in order of time."""
    admissions: tuple[Admission, ...] = ()
    """Patients taken to hospitals, in the order in which their units left the scene."""
    transports: tuple[Move, ...] = ()
    """Trips to hospitals, in order of time."""
    asks: tuple[Ask, ...] = ()
    """Units of others that were asked for, in order of time."""
    hand_overs: tuple[HandOver, ...] = ()
    """Incidents handed to higher tiers, in order of time."""
    orders: tuple[Ordered, ...] = ()
    """Recalls and orders, in order of time."""
    repairs: tuple[Repair, ...] = ()
    """Times out of service after breakdowns, in order of time."""
    stagings: tuple[Staged, ...] = ()
    """Units that were sent to staging areas, in order of their alerts."""
    reliefs: tuple[Relieving, ...] = ()
    """Reliefs that were asked for, in order of time."""
    withdrawals: tuple[Withdrawal, ...] = ()
    """Needs that were withdrawn because their calls were under control or over, in order of time."""
    supplies: SupplyLog | None = None
    """What happened to supplies; None where the scenario has none."""

    @cached_property
    def staged(self) -> dict[int, Staged]:
        """The stagings by row of the response."""
        return {each.response: each for each in self.stagings}

    @cached_property
    def rows_of(self) -> tuple[NDArray[np.intp], ...]:
        """The rows of each unit's responses, in order [U]."""
        order = np.argsort(self.responses.unit, kind="stable")
        edges = np.searchsorted(self.responses.unit[order], np.arange(len(self.fleet) + 1))
        return tuple(np.split(order, edges)[1:-1])

    @cached_property
    def worked_out(self) -> dict[str, Any]:
        """What other modules have worked out of this log, by name; it lasts as long as the log."""
        return {}

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
    under_control: Floats
    """When the force that its severity asks for had come, and all supplies that it needs had been applied;
    NaN for calls without alarm levels that need none."""

    @property
    def given_up(self) -> NDArray[np.bool_]:
        """Calls of which every need was given up [n]."""
        return np.asarray((self.lost >= self.needed) & (self.needed > 0))

    def status(self) -> NDArray[np.str_]:
        """Return what became of each call: served, partial, cancelled, lost or unserved [n].

        A call that needs nobody is not served; where an order brought somebody it is partial.
        """
        conditions = [
            (self.filled >= self.needed) & (self.needed > 0),
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
        under_control=_under_control(log),
    )


def _under_control(log: Log) -> Floats:
    """Return when each call had the level of its severity and all units for it; NaN for never [n]."""
    t, r = log.timeline, log.responses
    size = len(t)
    supplied = () if log.supplies is None else log.supplies.controlled
    if log.scenario.alarms is None and not supplied:
        return np.full(size, np.nan)
    first = _extreme(np.fmin, r.slot, r.on_scene, len(t.slot_level))
    asked = t.slot_level <= np.where(t.severity > 0, t.severity, t.level)[t.owner]
    moments = np.full(size, -np.inf)
    np.maximum.at(moments, t.owner[asked], np.nan_to_num(first[asked], nan=np.inf))
    for each in log.raises:  # who has come counts only once so much has been asked for
        if each.before < t.severity[each.incident] <= each.after:
            moments[each.incident] = max(moments[each.incident], each.moment)
    governed = t.severity > 0
    for call, moment in supplied:
        moments[call], governed[call] = max(moments[call], moment), True
        if moment != moment:
            moments[call] = np.nan
    reached = governed & (t.severity <= log.level) & np.isfinite(moments)
    return np.where(reached, moments, np.nan)


def _open_at_the_end(log: Log) -> NDArray[np.bool_]:
    """Return which slots nobody was sent to, or nobody for good, and which were not given up either [S]."""
    r, t = log.responses, log.timeline
    still_open = t.slot_level <= log.level[t.owner]
    for_good = ~np.isin(r.ending, (Ending.DIVERTED, Ending.CUT_OFF, Ending.BROKEN_DOWN))
    still_open[r.slot[for_good]] = False
    still_open[log.lost] = False
    still_open[[each.slot for each in log.withdrawals]] = False
    return still_open


def _extreme(pick: np.ufunc, index: Ints, values: Floats, size: int) -> Floats:
    """Return the least or greatest value of each index, NaN where there is none [size]."""
    result = np.full(size, np.nan)
    pick.at(result, index, values)
    return result
