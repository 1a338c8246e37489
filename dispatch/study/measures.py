"""Measures by name: what ``total.first.p90[type=dwelling-fire]`` means.

A name is ``<interval>.<who>.<statistic>`` or one of the single measures below, with an optional filter in
brackets. Names are part of the interface; the docstrings here make the reference page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from dispatch.engine.log import AID
from dispatch.errors import UsageError, did_you_mean
from dispatch.scenario.supply_means import items_used
from dispatch.study import singles, supplies
from dispatch.study.concurrency import concurrency_at_least
from dispatch.study.intervals import WITHIN, Question, statistic
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
_AT_LEAST = re.compile(r"concurrency\.at_least_([1-9][0-9]{0,3})")


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
    coverage = WITHIN.fullmatch(parts[-1]) if parts[:2] == ["coverage", "static"] else None
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
    at_least = _AT_LEAST.fullmatch(match["name"])
    if at_least is not None:
        least = int(at_least[1])
        _refuse_filters(written, filters, INCIDENT_FILTERS)
        return Measure(
            written, "share", None, lambda view: concurrency_at_least(view, filters, least), filters
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
    unit, better, reduce = statistic(written, name)
    is_number = name == "n"
    return Measure(
        written,
        unit,
        better,
        lambda view: reduce(singles.waits(view, filters)),
        filters,
        None if is_number else lambda view: singles.waits(view, filters).n,
        of_calls=is_number,
        given=is_number,
    )


def known_names() -> list[str]:
    """Return all names in their plainest form, for suggestions and completion."""
    statistics = ("mean", "median", "p80", "p90", "p95", "max", "n", "within_300s", "within_480s")
    whos = (*RANKS, "erf")
    names = [f"{interval}.{who}.{s}" for interval in INTERVALS for who in whos for s in statistics]
    return [
        *names,
        "queue.mean",
        "coverage.static.within_300s",
        "concurrency.at_least_2",
        *singles.SINGLES,
        *OUTCOMES,
    ]


def _filters(scenario: Scenario, written: str, text: str | None) -> dict[str, str]:
    """Return filters by key; raises UsageError for keys and values that the scenario does not know."""
    if text is None:
        return {}
    values = _values(scenario)
    if "item" in text:
        values = values | {"item": items_used(scenario)}
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


@lru_cache(maxsize=1)  # a study compiles thousands of names
def _values(scenario: Scenario) -> dict[str, list[str]]:
    """Return what each filter may choose; items, which take long to list, only where they are asked for."""
    layouts = scenario.layouts.values()
    return {
        "type": [kind.id for kind in scenario.kinds],
        "zone": list(scenario.zones),
        "priority": _priorities(scenario),
        "level": _levels(scenario),
        "unit": sorted({unit for layout in layouts for unit, _ in layout.units}),
        "station": sorted({site.id for layout in layouts for site in layout.sites}),
        "unit_type": list(scenario.file.unit_types),
        "hospital": [site.id for site in scenario.hospitals],
        "agreement": [each.id for each in scenario.agreements],
        "depot": sorted({site.id for layout in layouts for site in layout.depots}),
        "item": [],
    }


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


def _interval(written: str, interval: str, who: str, name: str, filters: dict[str, str]) -> Measure:
    if who not in RANKS and who != "erf":
        message = f"measure '{written}': no '{who}'."
        raise UsageError(message, hint=did_you_mean(who, [*RANKS, "erf"]))
    unit, better, reduce = statistic(written, name)
    rank = RANKS.get(who)
    seconds = Question(interval, rank, filters).of

    def read(view: LogView) -> float:
        return reduce(seconds(view))

    def worst(view: LogView) -> Worst | None:
        found = seconds(view)
        return _longest(view, found.values, found.calls, rank) if len(found.values) else None

    def counted(view: LogView) -> int:
        return seconds(view).n

    is_number = name == "n"
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
