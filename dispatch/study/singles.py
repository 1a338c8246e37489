"""The measures that are not an interval of a response: counts, workload, reliability, coverage."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from dispatch.engine.board import MARGIN
from dispatch.engine.levels import BY_DEADLINE
from dispatch.engine.moving_up import OFF_DUTY
from dispatch.engine.rulebook import Ending
from dispatch.scenario.conditions import Conditions
from dispatch.study import helping
from dispatch.study.admissions import (
    ADMISSION_FILTERS,
    hospital_n,
    hospital_travel_mean,
    hospital_wait_mean,
)
from dispatch.study.concurrency import concurrency_max, concurrency_mean
from dispatch.study.intervals import Seconds
from dispatch.study.residual import residual_coverage
from dispatch.study.supplies import SUPPLY_SINGLES
from dispatch.study.view import INCIDENT_FILTERS, UNIT_FILTERS

if TYPE_CHECKING:
    from collections.abc import Callable

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


def waits(view: LogView, filters: Filters) -> Seconds:
    """Seconds that calls wait from ready until their first unit is alerted, and the number of calls.

    A call that never got a unit has no wait but is counted in ``n``.
    """
    calls = view.calls(filters)
    values = view.incidents.dispatched - view.timeline.ready
    known = calls & ~np.isnan(values)
    return Seconds(values[known], np.flatnonzero(known), int(calls.sum()))


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


def reliability_first_due(view: LogView, filters: Filters) -> float:
    """Share of calls that a unit of the first-due station reached; the rest is interdistrict response.

    The first-due station of a place is that of the first unit in the place's first-due list (run_card_order)
    or of the unit expected there first when all are in quarters; units under an agreement are not first due.
    Calls nobody reached count as missed, and reliefs do not count.
    """
    calls = view.calls(filters)
    return _share(float((view.first_due & calls).sum()), float(calls.sum()))


def static_coverage(view: LogView, filters: Filters, seconds: float) -> float:
    """Share of expected demand within ``seconds`` of travel from a station with a suitable unit.

    Suitable is a unit with a capability of the call's run card. Needs no simulation. Where speeds depend on
    the time of day, demand is taken hour by hour; closures are left out.
    """
    kept = _STATIC.setdefault(view.log.fleet, {})
    key = (seconds, tuple(sorted(filters.items())))
    if key not in kept:
        kept[key] = _static_coverage(view, filters, seconds)
    return kept[key]


_STATIC: WeakKeyDictionary[Fleet, dict[tuple[float, tuple[tuple[str, str], ...]], float]] = (
    WeakKeyDictionary()
)
"""What no replication changes: static coverage by fleet, seconds and filters."""


def _static_coverage(view: LogView, filters: Filters, seconds: float) -> float:
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
