"""The measures that are not an interval of a response: counts, workload, reliability, coverage."""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from dispatch.engine.board import MARGIN
from dispatch.engine.levels import BY_DEADLINE
from dispatch.engine.moving_up import OFF_DUTY
from dispatch.engine.rulebook import Ending
from dispatch.needs import RELIEF
from dispatch.scenario.conditions import Conditions
from dispatch.study import helping
from dispatch.study.admissions import (
    ADMISSION_FILTERS,
    hospital_n,
    hospital_travel_mean,
    hospital_wait_mean,
)
from dispatch.study.posts import unready
from dispatch.study.supplies import SUPPLY_SINGLES
from dispatch.study.view import INCIDENT_FILTERS, UNIT_FILTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from dispatch.engine.fleet import Fleet
    from dispatch.study.view import LogView

    Filters = dict[str, str]
    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]
    Single = Callable[[LogView, Filters], float]

ALL_FILTERS = INCIDENT_FILTERS + UNIT_FILTERS


def _share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def incidents_n(view: LogView, filters: Filters) -> float:
    """Count the calls received in the measured time."""
    return float(view.calls(filters).sum())


def _queued(view: LogView) -> Mask:
    dispatched, ready = view.incidents.dispatched, view.timeline.ready
    return np.asarray((dispatched > ready) | (np.isnan(dispatched) & ~view.incidents.given_up))


def incidents_queued(view: LogView, filters: Filters) -> float:
    """Count the calls whose first unit was alerted later than the call was ready, or never."""
    return float((view.calls(filters) & _queued(view)).sum())


def incidents_lost(view: LogView, filters: Filters) -> float:
    """Count the calls of which every need was given up because nobody was free."""
    return float((view.calls(filters) & view.incidents.given_up).sum())


def incidents_unserved(view: LogView, filters: Filters) -> float:
    """Count the calls that no unit reached: lost, cancelled on the way, or still waiting at the end."""
    return float((view.calls(filters) & np.isnan(view.incidents.first_on_scene)).sum())


def incidents_incomplete(view: LogView, filters: Filters) -> float:
    """Count the calls whose run card was never complete on scene."""
    return float((view.calls(filters) & np.isnan(view.incidents.erf)).sum())


def waits(view: LogView, filters: Filters) -> tuple[Floats, int]:
    """Seconds that calls wait from ready until their first unit is alerted, and the number of calls.

    A call that never got a unit has no wait but is counted in ``n``.
    """
    calls = view.calls(filters)
    values = (view.incidents.dispatched - view.timeline.ready)[calls]
    return values[~np.isnan(values)], int(calls.sum())


def _responses(view: LogView, filters: Filters) -> Mask:
    r = view.responses
    calls = view.calls({k: v for k, v in filters.items() if k in INCIDENT_FILTERS})
    units = view.units({k: v for k, v in filters.items() if k in UNIT_FILTERS})
    return calls[r.incident] & units[r.unit]  # −1, mutual aid, is the last entry


def responses_n(view: LogView, filters: Filters) -> float:
    """Count the units sent to measured calls, cancelled and diverted ones included."""
    return float(_responses(view, filters).sum())


def responses_cut_off(view: LogView, filters: Filters) -> float:
    """Count the units that closed roads left without a way to their call, which was then open again."""
    return float((_responses(view, filters) & (view.responses.ending == Ending.CUT_OFF)).sum())


def responses_broken_down(view: LogView, filters: Filters) -> float:
    """Count the units that failed on their way to a call, which was then open again."""
    return float((_responses(view, filters) & (view.responses.ending == Ending.BROKEN_DOWN)).sum())


def reliefs_n(view: LogView, filters: Filters) -> float:
    """Count the units that another one relieved on scene; filters of units are about those relieved."""
    return float((_responses(view, filters) & (view.responses.ending == Ending.RELIEVED)).sum())


def responses_share(view: LogView, filters: Filters) -> float:
    """Share of all unit responses that pass the filter (a dispatch fraction f_nj of the hypercube model).

    Source: R. C. Larson, A hypercube queuing model for facility location, Computers & OR 1 (1974).
    """
    return _share(float(_responses(view, filters).sum()), float(_responses(view, {}).sum()))


def workload(view: LogView, filters: Filters) -> float:
    """Share of its measured time on duty for which a unit is committed, alert to available; mean over units.

    Also called unit-hour utilisation (UHU). Overtime counts as time on duty.
    """
    shares = view.busy_share(view.units(filters))
    return float(shares.mean()) if len(shares) else math.nan


def availability(view: LogView, filters: Filters) -> float:
    """Share of the measured time for which a unit is on duty and in service; mean over the units."""
    shares = view.staffed[view.units(filters)[:-1]] / view.window
    return float(shares.mean()) if len(shares) else math.nan


def workload_max(view: LogView, filters: Filters) -> float:
    """Workload of the busiest unit."""
    shares = view.busy_share(view.units(filters))
    return float(shares.max()) if len(shares) else math.nan


def _open_calls(view: LogView, filters: Filters) -> tuple[Floats, Floats]:
    """Return begin and end of the open calls, cut to the measured time; unfinished ones last to its end."""
    t, i = view.timeline, view.incidents
    calls = view.matching(filters)
    given_up = np.isnan(i.dispatched) & i.given_up
    closed = np.where(given_up, t.ready, np.where(np.isnan(i.closed), math.inf, i.closed))
    begin = np.clip(t.received[calls], view.start, view.end)
    return begin, np.clip(closed[calls], view.start, view.end)


def concurrency_mean(view: LogView, filters: Filters) -> float:
    """Mean number of open calls over the measured time, from received to last unit clear."""
    begin, end = _open_calls(view, filters)
    return float((end - begin).sum() / view.window)


def concurrency_max(view: LogView, filters: Filters) -> float:
    """Greatest number of calls open at once."""
    begin, end = _open_calls(view, filters)
    lasting = end > begin
    times = np.concatenate([begin[lasting], end[lasting]])
    steps = np.concatenate([np.ones(lasting.sum()), -np.ones(lasting.sum())])
    order = np.lexsort((steps, times))  # of equal moments, ends count first
    return float(np.cumsum(steps[order]).max(initial=0.0))


def reliability_first_due(view: LogView, filters: Filters) -> float:
    """Share of calls that a unit of the first-due station reached; the rest is interdistrict response.

    The first-due station of a place is that of the first unit in the place's first-due list (run_card_order)
    or of the unit expected there first when all are in quarters; units under an agreement are not first due.
    Calls nobody reached count as missed, and reliefs do not count.
    """
    calls = view.calls(filters)
    first_due = _first_due_site(view)
    r = view.responses
    sites = np.array([*view.log.fleet.site, -2])
    own = ~np.isnan(r.on_scene) & (sites[r.unit] == first_due[r.incident])
    own &= view.timeline.slot_level[r.slot] != RELIEF
    answered = np.zeros(len(calls), dtype=np.bool_)
    answered[r.incident[own]] = True
    return _share(float((answered & calls).sum()), float(calls.sum()))


def _first_due_site(view: LogView) -> NDArray[np.intp]:
    """Return the first-due station of each call, −1 where no unit is able [n]."""
    fleet, t = view.log.fleet, view.timeline
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


def static_coverage(view: LogView, filters: Filters, seconds: float) -> float:
    """Share of expected demand within ``seconds`` of travel from a station with a suitable unit.

    Suitable is a unit with a capability of the call's run card. Needs no simulation. Where speeds depend on
    the time of day, demand is taken hour by hour; closures are left out.
    """
    scenario, base = view.log.scenario, view.log.fleet
    inside = total = 0.0
    for period, demand in scenario.demand_by_period.items():
        fleet = base.under(Conditions(period))
        for number, kind in enumerate(scenario.kinds):
            weights = demand[number].copy()
            if filters.get("type", kind.id) != kind.id:
                continue
            if "zone" in filters:
                weights[scenario.zone_of != scenario.zones.index(filters["zone"])] = 0.0
            able = [u for u, has in enumerate(fleet.capabilities) if has & set(kind.slots)]
            covered = np.zeros(len(weights), dtype=np.bool_)
            for unit in _one_of_each(fleet, able):
                covered |= fleet.travels[unit].outbound(fleet.home[unit]) <= seconds + MARGIN
            inside += float(weights[covered].sum())
            total += float(weights.sum())
    return _share(inside, total)


def _one_of_each(fleet: Fleet, units: list[int]) -> list[int]:
    """Return units such that no two of them stand at one place and travel alike."""
    return list({(fleet.home[unit], id(fleet.travels[unit])): unit for unit in units}.values())


def residual_coverage(view: LogView, filters: Filters) -> float:
    """Least share of demand, at any measured moment, within reach of a station with an uncommitted unit.

    Reach is the scenario's ``cover_within`` (travel seconds at the speeds of the hour, without closures); a
    unit on its way home counts as home, one that has moved up counts where it stands or is bound for, one
    off duty does not count.
    """
    scenario = view.log.scenario
    weights = scenario.demand_by_node.sum(axis=0)
    if "zone" in filters:
        weights = np.where(scenario.zone_of == scenario.zones.index(filters["zone"]), weights, 0.0)
    places = np.flatnonzero(weights)
    (begins, ends, post), posts = unready(view.log, view.away)
    times = np.concatenate([begins, ends])
    changed = np.concatenate([post, post])
    steps = np.repeat([-1, 1], len(post))
    order = np.argsort(times, kind="stable")
    moments, group = np.unique(times[order], return_index=True)
    groups = np.split(order, group[1:]) if len(moments) else []
    reach = _Reach(view, places, posts)
    least, begin = math.inf, -math.inf
    for moment, changes in zip([*moments.tolist(), math.inf], [*groups, order[:0]], strict=True):
        if begin < view.end and moment > view.start:
            for covered in reach.covered(max(begin, view.start), min(moment, view.end)):
                least = min(least, float(weights[places][covered].sum()))
        reach.count(changed[changes], steps[changes])
        begin = moment
    return _share(least, float(weights.sum()))


class _Reach:
    """How many uncommitted units are within ``cover_within`` of each place, as time goes on.

    They are counted by post: a unit, and the node where it stands.
    """

    def __init__(self, view: LogView, places: NDArray[np.intp], posts: list[tuple[int, int]]) -> None:
        self.posts = posts
        self.roads, self.fleet, self.places = view.log.scenario.roads, view.log.fleet, places
        self.limit = view.log.scenario.file.cover_within + MARGIN
        self.by_period: dict[int, NDArray[np.int64]] = {}
        self.uncommitted = np.ones(len(posts), dtype=np.int64)
        self.period = self.roads.ordinary.period
        self.free = self._within(self.period).sum(axis=0)

    def _within(self, period: int) -> NDArray[np.int64]:
        """Return 1 where a place is near enough to a post in a period of the week [posts, P]."""
        if period not in self.by_period:
            fleet = self.fleet.under(Conditions(period))
            rows = [fleet.travels[unit].outbound(node) for unit, node in self.posts]
            near = [row[self.places] <= self.limit for row in rows]
            self.by_period[period] = np.array(near, dtype=np.int64)
        return self.by_period[period]

    def count(self, posts: NDArray[np.intp], steps: NDArray[np.int64]) -> None:
        """Count posts as left (−1) or taken up again (1)."""
        np.add.at(self.uncommitted, posts, steps)
        self.free += steps @ self._within(self.period)[posts]

    def covered(self, begin: float, end: float) -> Iterator[Mask]:
        """Yield the covered places for each period that reigns between two moments."""
        while True:
            period = self.roads.at(begin).period
            if period != self.period:
                self.period, self.free = period, self.uncommitted @ self._within(period)
            yield self.free > 0
            begin = self.roads.next_period(begin)
            if begin >= end:
                return


def raises_n(view: LogView, filters: Filters) -> float:
    """Count the rises of alarm level of measured calls, by deadline and by order."""
    calls = view.calls(filters)
    return float(sum(bool(calls[each.incident]) for each in view.log.raises))


def control_mean(view: LogView, filters: Filters) -> float:
    """Mean seconds from the call received until it is under control; calls that never are stay out.

    A call is under control when its level is at least its severity, every slot that its severity asks for has
    had a unit on scene, and all supplies that it needs have been applied.
    """
    calls = view.calls(filters)
    values = (view.incidents.under_control - view.timeline.received)[calls]
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else math.nan


def control_never(view: LogView, filters: Filters) -> float:
    """Count the calls that ought to come under control and never did.

    Calls ought to that have alarm levels, or need supplies.
    """
    ought = view.timeline.severity > 0
    if view.log.supplies is not None:
        ought[[call for call, _ in view.log.supplies.controlled]] = True
    return float((view.calls(filters) & ought & np.isnan(view.incidents.under_control)).sum())


def control_by_deadline(view: LogView, filters: Filters) -> float:
    """Share of the calls with a deadline that came under control, and of which none was missed."""
    t, book = view.timeline, view.log.scenario.alarms
    pairs = zip(t.kind.tolist(), t.level.tolist(), strict=True)
    timed = [book is not None and book.deadline(kind, level) is not None for kind, level in pairs]
    calls = view.calls(filters) & np.array(timed, dtype=np.bool_)
    late = np.zeros(len(calls), dtype=np.bool_)
    late[[each.incident for each in view.log.raises if each.reason == BY_DEADLINE]] = True
    in_time = calls & ~late & ~np.isnan(view.incidents.under_control)
    return _share(float(in_time.sum()), float(calls.sum()))


def staging_wait_mean(view: LogView, filters: Filters) -> float:
    """Mean seconds from arrival at a staging area until going forward; who did not do both stays out."""
    sent = _responses(view, filters)
    waits = [each.forward - each.arrived for each in view.log.stagings if sent[each.response]]
    known = [wait for wait in waits if wait == wait]
    return float(np.mean(known)) if known else math.nan


def moveups_n(view: LogView, filters: Filters) -> float:
    """Count the moves to other stations, and back, that units begin in the measured time.

    A drive home because the crew goes off duty, or the unit out of service, is no move. ``station`` is the
    unit's own.
    """
    units, moves = view.units(filters), (each for each in view.log.move_ups if each.reason != OFF_DUTY)
    return float(sum(units[each.unit] and view.start <= each.left <= view.end for each in moves))


SINGLES: dict[str, tuple[Single, str, bool | None, tuple[str, ...]]] = {
    "incidents.n": (incidents_n, "1", None, INCIDENT_FILTERS),
    "incidents.queued": (incidents_queued, "1", False, INCIDENT_FILTERS),
    "incidents.lost": (incidents_lost, "1", False, INCIDENT_FILTERS),
    "incidents.unserved": (incidents_unserved, "1", False, INCIDENT_FILTERS),
    "incidents.incomplete": (incidents_incomplete, "1", False, INCIDENT_FILTERS),
    "responses.n": (responses_n, "1", None, ALL_FILTERS),
    "responses.cut_off": (responses_cut_off, "1", False, ALL_FILTERS),
    "responses.broken_down": (responses_broken_down, "1", False, ALL_FILTERS),
    "reliefs.n": (reliefs_n, "1", None, ALL_FILTERS),
    "responses.share": (responses_share, "share", None, ALL_FILTERS),
    "availability": (availability, "share", True, UNIT_FILTERS),
    "workload": (workload, "share", None, UNIT_FILTERS),
    "workload.mean": (workload, "share", None, UNIT_FILTERS),
    "workload.max": (workload_max, "share", False, UNIT_FILTERS),
    "concurrency.mean": (concurrency_mean, "1", None, INCIDENT_FILTERS),
    "concurrency.max": (concurrency_max, "1", None, INCIDENT_FILTERS),
    "reliability.first_due": (reliability_first_due, "share", True, INCIDENT_FILTERS),
    "coverage.residual.min": (residual_coverage, "share", True, ("zone",)),
    "hospital.n": (hospital_n, "1", None, ADMISSION_FILTERS),
    "hospital.wait.mean": (hospital_wait_mean, "s", False, ADMISSION_FILTERS),
    "hospital.travel.mean": (hospital_travel_mean, "s", False, ADMISSION_FILTERS),
    "raises.n": (raises_n, "1", None, INCIDENT_FILTERS),
    "control.mean": (control_mean, "s", False, INCIDENT_FILTERS),
    "control.never": (control_never, "1", False, INCIDENT_FILTERS),
    "control.by_deadline": (control_by_deadline, "share", True, INCIDENT_FILTERS),
    "staging.wait.mean": (staging_wait_mean, "s", False, ALL_FILTERS),
    "moveups.n": (moveups_n, "1", None, UNIT_FILTERS),
    "mutual_aid.unit_hours": (helping.unit_hours, "h", False, helping.HELP_FILTERS),
    "mutual_aid.cost": (helping.cost, "1", False, helping.HELP_FILTERS),
    "asks.n": (helping.asks_n, "1", None, helping.HELP_FILTERS),
    "hand_overs.n": (helping.hand_overs_n, "1", None, INCIDENT_FILTERS),
    **SUPPLY_SINGLES,
}
"""Function, unit, whether more is better, and allowed filters, by name."""
