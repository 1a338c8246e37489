"""Measures by name: what ``total.first.p90[type=dwelling-fire]`` means.

A name is ``<interval>.<who>.<statistic>`` or one of the single measures below, with an optional filter in
brackets. Names are part of the interface; the docstrings here make the reference page.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dispatch.engine.board import MARGIN
from dispatch.engine.log import AID
from dispatch.errors import UsageError, did_you_mean
from dispatch.scenario.supply_means import items_used
from dispatch.study import singles, supplies
from dispatch.study.outcomes import OUTCOMES, counted
from dispatch.study.view import INCIDENT_FILTERS, UNIT_FILTERS, LogView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from dispatch.engine.log import Log
    from dispatch.scenario.scenario import Scenario

    Floats = NDArray[np.float64]

INTERVALS = {
    "processing": "From the call received until units can be alerted.",
    "turnout": "From the alert until under way; zero from the road; calls met by mutual aid left out.",
    "travel": "From under way until on scene; calls met by mutual aid left out.",
    "response": "From the unit's alert until it is on scene (for ``erf``: from the first unit's alert).",
    "total": "From the call received until the unit is on scene.",
}
"""The clocks, each between two stored moments."""

RANKS = {
    "first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "sixth": 5, "seventh": 6, "eighth": 7,
}  # fmt: skip
"""Order of arrival; the second and later ones are taken over calls that need as many units."""

HEADLINE = (
    "incidents.n",
    "total.first.mean",
    "total.first.p90",
    "response.first.mean",
    "response.first.p90",
    "response.first.within_300s",
    "response.first.within_480s",
    "total.erf.mean",
    "total.erf.p90",
    "queue.mean",
    "workload.max",
    "reliability.first_due",
    "coverage.static.within_300s",
)
"""Measures shown when none are asked for; in a scenario with supplies those of supplies come in addition."""

PRINCIPAL = "total.first.mean"
"""The measure that decides about winners and losers among zones."""

_NAME = re.compile(r"(?P<name>[a-z0-9_.]+)(\[(?P<filter>[^\[\]]*)\])?")
_PERCENTILE = re.compile(r"p([1-9][0-9]?(?:\.[0-9]+)?)")
_WITHIN = re.compile(r"within_([0-9]+(?:\.[0-9]+)?)s")


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure, ready to be read off any log of its scenario."""

    name: str
    """As written, with its filter."""
    unit: str
    """``s``, ``share``, ``h``, ``t``, ``people``, ``1`` (a count), or what a loss or item is counted in."""
    higher_is_better: bool | None
    """None where a change is neither good nor bad in itself."""
    read: Callable[[LogView], float]
    """Value for one log; NaN where it is not defined."""
    filters: Mapping[str, str]
    """Value by key."""
    counted: Callable[[LogView], int] | None = None
    """How many calls it is taken over; None for what has a value even if there are none, such as a count."""
    worst: Callable[[LogView], Worst | None] | None = None
    """For intervals: the longest of those that were counted."""
    of_calls: bool = False
    """Whether it is a number of calls, so that it cannot be above all that come in."""
    given: bool = False
    """Whether it follows from the calls alone, so that it is the same in every layout."""
    comparison_aid: bool = False
    """Whether it rests on a formula fitted elsewhere, so that it must not pass for a forecast."""


@dataclass(frozen=True, slots=True)
class Worst:
    """The longest interval behind a measure."""

    seconds: float
    unit: str
    """Who arrived; empty for an interval of the call alone, or mutual aid."""
    incident: str


def headline(scenario: Scenario) -> tuple[str, ...]:
    """Return the measures of a scenario that are shown when none are asked for."""
    return HEADLINE if scenario.supplies is None else HEADLINE + supplies.HEADLINE


def measure(log: Log, names: Iterable[str]) -> dict[str, float]:
    """Return measures of one log by name; raises UsageError for names that mean nothing in its scenario."""
    compiled = compile_measures(log.scenario, names)
    view = LogView(log)
    return {m.name: m.read(view) for m in compiled}


def compile_measures(scenario: Scenario, names: Iterable[str]) -> list[Measure]:
    """Return measures for names, each once, in the order given; all misspelt names are told at once."""
    compiled: dict[str, Measure] = {}
    errors: list[UsageError] = []
    for name in names:
        try:
            compiled.setdefault(name, _compile(scenario, name))
        except UsageError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise UsageError("\n".join(map(str, errors)))
    return list(compiled.values())


def _compile(scenario: Scenario, written: str) -> Measure:
    match = _NAME.fullmatch(written.replace(" ", "") if "[" not in written else written.strip())
    if match is None:
        message = f"measure '{written}': not of the form name or name[key=value,…]."
        raise UsageError(message, hint="For example total.first.p90[zone=north].")
    filters = _filters(scenario, written, match["filter"])
    parts = match["name"].split(".", 1 if match["name"].startswith("queue.") else 2)
    if len(parts) == 3 and parts[0] in INTERVALS:
        return _interval(written, parts[0], parts[1], parts[2], filters)
    if len(parts) == 2 and parts[0] == "queue":
        _refuse_filters(written, filters, INCIDENT_FILTERS)
        return _waits(written, parts[1], filters)
    coverage = _WITHIN.fullmatch(parts[-1]) if parts[:2] == ["coverage", "static"] else None
    if coverage is not None:
        seconds = float(coverage[1])
        _refuse_filters(written, filters, ("type", "zone"))
        return Measure(
            written,
            "share",
            higher_is_better=True,
            read=lambda v: singles.static_coverage(v, filters, seconds),
            filters=filters,
        )
    if match["name"] in OUTCOMES:
        _refuse_filters(written, filters, INCIDENT_FILTERS)
        return _outcome(scenario, written, match["name"], filters)
    single = singles.SINGLES.get(match["name"])
    if single is None:
        message = f"measure '{written}': unknown."
        raise UsageError(message, hint=did_you_mean(match["name"], known_names()))
    function, unit, better, allowed = single
    _refuse_filters(written, filters, allowed)
    return Measure(
        written,
        supplies.unit_of(scenario, unit, filters),
        better,
        lambda view: function(view, filters),
        filters,
        of_calls=match["name"].startswith(("incidents.", "concurrency.")),
        given=match["name"] == "incidents.n",
    )


def _outcome(scenario: Scenario, written: str, name: str, filters: dict[str, str]) -> Measure:
    outcome = OUTCOMES[name]
    return Measure(
        written,
        outcome.unit_in(scenario, written, filters),
        outcome.higher_is_better,
        lambda view: outcome.read(view, filters),
        filters,
        lambda view: counted(view, outcome.part, filters),
        comparison_aid=True,
    )


def _waits(written: str, name: str, filters: dict[str, str]) -> Measure:
    unit, better, statistic = _statistic(written, name)
    is_number = name == "n"
    return Measure(
        written,
        unit,
        better,
        lambda view: statistic(*singles.waits(view, filters)),
        filters,
        None if is_number else lambda view: singles.waits(view, filters)[1],
        of_calls=is_number,
        given=is_number,
    )


def known_names() -> list[str]:
    """Return all names in their plainest form, for suggestions and completion."""
    statistics = ("mean", "median", "p80", "p90", "p95", "max", "n", "within_300s", "within_480s")
    whos = (*RANKS, "erf")
    names = [f"{interval}.{who}.{s}" for interval in INTERVALS for who in whos for s in statistics]
    return [*names, "queue.mean", "coverage.static.within_300s", *singles.SINGLES, *OUTCOMES]


def _filters(scenario: Scenario, written: str, text: str | None) -> dict[str, str]:
    """Return filters by key; raises UsageError for keys and values that the scenario does not know."""
    if text is None:
        return {}
    values = {
        "type": [kind.id for kind in scenario.kinds],
        "zone": list(scenario.zones),
        "priority": _priorities(scenario),
        "level": _levels(scenario),
        "unit": sorted({unit for layout in scenario.layouts.values() for unit, _ in layout.units}),
        "station": sorted({site.id for layout in scenario.layouts.values() for site in layout.sites}),
        "unit_type": list(scenario.file.unit_types),
        "hospital": [site.id for site in scenario.hospitals],
        "agreement": [each.id for each in scenario.agreements],
        "depot": sorted({site.id for layout in scenario.layouts.values() for site in layout.depots}),
        "item": items_used(scenario) if "item" in text else [],
    }
    filters: dict[str, str] = {}
    for part in text.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or key not in values or key in filters:
            message = f"measure '{written}': '{part}' is not a filter."
            raise UsageError(message, hint=f"Write key=value once each, with {', '.join(values)}.")
        if value not in values[key]:
            message = f"measure '{written}': no {key} '{value}'."
            raise UsageError(message, hint=did_you_mean(value, values[key]))
        filters[key] = value
    return filters


def _levels(scenario: Scenario) -> list[str]:
    """Return the levels that first alarms may have; none without plans and alarm levels."""
    graded = scenario.alarms.kinds if scenario.alarms is not None else ()
    tops = [kind.scale.top for kind in graded if kind is not None]
    if scenario.plans is not None:
        tops += [scenario.plans.top(kind) for kind in range(len(scenario.kinds))]
    return [str(level) for level in range(1, max(tops, default=0) + 1)]


def _priorities(scenario: Scenario) -> list[str]:
    known = {kind.type.priority for kind in scenario.kinds}
    if scenario.recorded is not None:
        known |= set(scenario.recorded.priority.tolist())
    known |= {call.priority for call in scenario.authored}
    return [str(priority) for priority in sorted(known)]


def _refuse_filters(written: str, filters: dict[str, str], allowed: tuple[str, ...]) -> None:
    for key in filters:
        if key not in allowed:
            message = f"measure '{written}': cannot be filtered by {key}."
            hint = f"It takes {', '.join(allowed)}." if allowed else "It takes no filter."
            raise UsageError(message, hint=hint)


def _interval(written: str, interval: str, who: str, statistic: str, filters: dict[str, str]) -> Measure:
    if who not in RANKS and who != "erf":
        message = f"measure '{written}': no '{who}'."
        raise UsageError(message, hint=did_you_mean(who, [*RANKS, "erf"]))
    unit, better, reduce = _statistic(written, statistic)
    rank = RANKS.get(who)

    def read(view: LogView) -> float:
        values, _, n = _intervals(view, interval, rank, filters)
        return reduce(values, n)

    def worst(view: LogView) -> Worst | None:
        values, which, _ = _intervals(view, interval, rank, filters)
        return _longest(view, values, which, rank) if len(values) else None

    def counted(view: LogView) -> int:
        return _intervals(view, interval, rank, filters)[2]

    is_number = statistic == "n"
    by_call = interval in ("processing", "response", "total") and not set(filters) & set(UNIT_FILTERS)
    return Measure(
        written,
        unit,
        better,
        read,
        filters,
        None if is_number else counted,
        None if is_number else worst,
        of_calls=is_number,
        given=by_call and (is_number or interval == "processing"),
    )


def _longest(view: LogView, values: Floats, calls: NDArray[np.intp], rank: int | None) -> Worst:
    """Return the longest of some intervals, with who and what it belongs to."""
    at = int(np.argmax(values))
    call = int(calls[at])
    row = int(view.arrival(rank)[call])
    unit = int(view.responses.unit[row]) if row >= 0 else AID
    incident = view.timeline.incident_id(call, view.log.scenario.kinds)
    return Worst(float(values[at]), view.log.fleet.ids[unit] if unit != AID else "", incident)


def _intervals(
    view: LogView, interval: str, rank: int | None, filters: dict[str, str]
) -> tuple[Floats, NDArray[np.intp], int]:
    """Return the seconds of an interval, the calls that have one, and the number of calls in question.

    ``rank`` is the order of arrival, None for the whole effective response force.
    """
    rows = view.arrival(rank)
    calls = view.calls({k: v for k, v in filters.items() if k in INCIDENT_FILTERS})
    calls &= view.incidents.needed > (rank or 0)
    by_unit = {k: v for k, v in filters.items() if k in UNIT_FILTERS}
    if by_unit:
        calls &= view.by_units(rows, by_unit)
    t, r = view.timeline, view.responses
    if interval == "processing":
        values = (t.ready - t.received)[calls]
        return values, np.flatnonzero(calls), len(values)
    if interval in ("turnout", "travel"):
        calls &= ~view.by_aid(rows)
    came = calls & (rows >= 0)
    row = rows[came]
    if interval == "turnout":
        values = r.en_route[row] - r.alerted[row]
    elif interval == "travel":
        values = r.on_scene[row] - r.en_route[row]
    elif interval == "response":
        values = r.on_scene[row] - (view.incidents.dispatched[came] if rank is None else r.alerted[row])
    else:
        values = r.on_scene[row] - t.received[came]
    return np.asarray(values), np.flatnonzero(came), int(calls.sum())


def _statistic(written: str, name: str) -> tuple[str, bool | None, Callable[[Floats, int], float]]:
    """Return unit, direction and function (values, calls in question) → number of a statistic."""
    if name in _SIMPLE:
        return _SIMPLE[name]
    percentile = _PERCENTILE.fullmatch(name)
    if percentile is not None:
        share = float(percentile[1]) / 100.0
        return "s", False, lambda values, _: float(np.quantile(values, share)) if len(values) else math.nan
    within = _WITHIN.fullmatch(name)
    if within is not None:
        limit = float(within[1])
        return "share", True, lambda values, n: float((values <= limit + MARGIN).sum()) / n if n else math.nan
    message = f"measure '{written}': no statistic '{name}'."
    known = [*_SIMPLE, "p80", "p90", "p95", "within_300s", "within_480s"]
    raise UsageError(message, hint=did_you_mean(name, known))


_SIMPLE: dict[str, tuple[str, bool | None, Callable[[Floats, int], float]]] = {
    "mean": ("s", False, lambda values, _: float(values.mean()) if len(values) else math.nan),
    "median": ("s", False, lambda values, _: float(np.median(values)) if len(values) else math.nan),
    "max": ("s", False, lambda values, _: float(values.max()) if len(values) else math.nan),
    "n": ("1", None, lambda _, n: float(n)),
}

STATISTICS = {
    "mean": "Mean over the calls that have the interval; a call nobody reached is left out, never a zero.",
    "median": "Median over the same calls.",
    "p<q>": "Percentile, such as p90 or p95: linear interpolation (Hyndman–Fan type 7).",
    "max": "Greatest value.",
    "within_<s>s": "Share of all calls in question reached within s seconds; unreached ones count as missed.",
    "n": "Number of calls in question, reached or not.",
}
"""What the statistics mean, for the reference."""
