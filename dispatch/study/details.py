"""The many measures behind a report: everything a study's folder tells beside what was asked for.

They are plain names, which ``dispatch compare -m NAME`` understands, too. What would be too many is left out,
and it is told what and how many: nothing is cut silently.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from dispatch.errors import UsageError
from dispatch.scenario.supply_means import items_used
from dispatch.statics.standards import shipped
from dispatch.study import supplies
from dispatch.study.measures import INTERVALS, RANKS, compile_measures, headline
from dispatch.study.outcomes import OUTCOMES
from dispatch.study.singles import SINGLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dispatch.scenario.scenario import Scenario

STATISTICS = ("n", "mean", "p90")
"""What is told of every interval."""
COVERAGE = (240, 300, 480)
"""Seconds of travel within which static coverage is told."""
CURVE = (*range(0, 1200, 30), *range(1200, 3600, 60), *range(3600, 14_401, 300))
"""Seconds at which the share of calls reached is told, which makes a curve: up to four hours."""
COARSE_CURVE = (*range(0, 1200, 60), *range(1200, 3600, 300), *range(3600, 14_401, 1800))
"""The same for one incident type."""
CURVES = 6
"""Incident types with a curve of their own: those with most calls expected."""
PAIRS = 600
"""Most pairs of two filters, such as type and zone, for which measures are told."""
FULL = 100
"""Most types, or zones, for which all intervals are told; for more it is the total time only."""
MOST = 1000
"""Most units, zones or items for which anything is told one by one."""
AT_ONCE = 15
"""Most calls open at once for which the share of time is told."""


def detail_measures(scenario: Scenario) -> tuple[str, ...]:
    """Return the names of the measures that a report needs, each once; all of them mean something here."""
    names = (
        *headline(scenario),
        *scenario.file.measures,
        *_intervals(scenario),
        *_curves(scenario),
        *_standards(),
        *_places(scenario),
        *_work(scenario),
        *_others(scenario),
        *_outcomes(scenario),
        *_supplies(scenario),
    )
    return tuple(dict.fromkeys(names))


def left_out(scenario: Scenario) -> dict[str, dict[str, int]]:
    """Return what a scenario has too many of to be told one by one: how many there are, and the most told."""
    kinds, zones = len(scenario.kinds), len(scenario.zones)
    units = len(_units(scenario))
    items, depots = _items_and_depots(scenario)
    found = {
        "type_by_zone": (kinds * zones, PAIRS),
        "intervals_by_type": (kinds, FULL),
        "intervals_by_zone": (zones, FULL),
        "types": (kinds, MOST),
        "zones": (zones, MOST),
        "units": (units, MOST),
        "curves_by_type": (kinds, CURVES),
        "concurrency": (_most_units(scenario), AT_ONCE),
        "item_by_depot": (len(items) * len(depots), PAIRS),
    }
    return {name: {"count": count, "most": most} for name, (count, most) in found.items() if count > most}


def ranks(scenario: Scenario) -> tuple[str, ...]:
    """Return the orders of arrival that some incident type asks for, at most four."""
    most = max((len(kind.slots) for kind in scenario.kinds), default=1)
    most = max((most, *(len(call.slots) for call in scenario.authored)))
    graded = scenario.plans is not None or scenario.alarms is not None
    return tuple(RANKS)[: 4 if graded else max(1, min(4, most))]


def types_by_demand(scenario: Scenario) -> list[str]:
    """Return the incident types by the number of calls expected, most first; injected calls count."""
    expected = scenario.demand_by_node.sum(axis=1) * scenario.file.horizon
    for call in scenario.authored:
        expected[call.kind] += 1.0
    order = sorted(range(len(scenario.kinds)), key=lambda kind: (-expected[kind], kind))
    return [scenario.kinds[kind].id for kind in order]


def _types(scenario: Scenario) -> tuple[str, ...]:
    """Return all incident types; none where there are too many."""
    return tuple(kind.id for kind in scenario.kinds) if len(scenario.kinds) <= MOST else ()


def _zones(scenario: Scenario) -> tuple[str, ...]:
    """Return all zones; none where there are too many."""
    return scenario.zones if len(scenario.zones) <= MOST else ()


def _units(scenario: Scenario) -> list[str]:
    """Return the units of all layouts, sorted."""
    return sorted({unit for layout in scenario.layouts.values() for unit, _ in layout.units})


def _most_units(scenario: Scenario) -> int:
    return max((len(layout.units) for layout in scenario.layouts.values()), default=0)


def _by(name: str, key: str, values: Iterable[str]) -> Iterator[str]:
    """Yield a measure for each value of a filter."""
    return (f"{name}[{key}={value}]" for value in values)


def _intervals(scenario: Scenario) -> Iterator[str]:
    """Yield times by interval, order of arrival, type and zone; that of processing is the same for all."""
    who = (*ranks(scenario), "erf")
    pairs = [*product(INTERVALS, who)]
    every = [f"{clock}.{one}" for clock, one in pairs if clock != "processing" or one == "first"]
    principal = ["total.first", "total.erf"]
    types, zones = _types(scenario), _zones(scenario)
    priorities = sorted({kind.type.priority for kind in scenario.kinds})
    for statistic in STATISTICS:
        yield from (f"{name}.{statistic}" for name in every)
        for key, values in (("type", types), ("zone", zones)):
            for name in every if len(values) <= FULL else principal:
                yield from _by(f"{name}.{statistic}", key, values)
        for name in principal:
            yield from _by(f"{name}.{statistic}", "priority", map(str, priorities))
            if len(scenario.kinds) * len(scenario.zones) <= PAIRS:
                yield from (f"{name}.{statistic}[type={a},zone={b}]" for a, b in product(types, zones))


def _curves(scenario: Scenario) -> Iterator[str]:
    """Yield the shares of calls reached by and by."""
    yield from (f"total.{who}.within_{at}s" for who in ("first", "erf") for at in CURVE)
    for kind in types_by_demand(scenario)[:CURVES]:
        yield from (f"total.first.within_{at}s[type={kind}]" for at in COARSE_CURVE)


def _standards() -> Iterator[str]:
    """Yield the measures by which the shipped standards profiles judge times."""
    for profile in shipped():
        yield from (clause.measure for clause in profile.file.times if clause.staff is None)


def _places(scenario: Scenario) -> Iterator[str]:
    """Yield who is covered, and whether by who ought to come."""
    for name in (*(f"coverage.static.within_{limit}s" for limit in COVERAGE), "reliability.first_due"):
        yield name
        yield from _by(name, "zone", _zones(scenario))
    yield from _by("reliability.first_due", "type", _types(scenario))
    yield "coverage.residual.min"


def _work(scenario: Scenario) -> Iterator[str]:
    """Yield what units do, and how many calls are open at once."""
    units = _units(scenario)
    for name in ("workload", "responses.n"):
        yield from _by(name, "unit", units if len(units) <= MOST else ())
    yield from ("workload.mean", "workload.max", "availability", "responses.n")
    yield from ("concurrency.mean", "concurrency.max")
    yield from (f"concurrency.at_least_{k}" for k in range(1, min(AT_ONCE, _most_units(scenario)) + 1))


def _others(scenario: Scenario) -> Iterator[str]:
    """Yield calls that wait or nobody reaches, help from outside, moves, hospitals and alarm levels."""
    types = _types(scenario)
    for name in ("incidents.n", "incidents.queued", "incidents.lost", "incidents.unserved",
                 "incidents.incomplete"):  # fmt: skip
        yield name
        yield from _by(name, "type", types)
        yield from _by(name, "zone", _zones(scenario))
    yield from ("queue.n", "queue.mean", "queue.p90", "queue.max")
    yield from ("responses.cut_off", "responses.broken_down", "reliefs.n", "moveups.n", "hand_overs.n")
    for name in ("mutual_aid.unit_hours", "mutual_aid.cost", "asks.n"):
        yield name
        yield from _by(name, "agreement", (each.id for each in scenario.agreements))
    if scenario.hospitals:
        for name in (name for name in SINGLES if name.startswith("hospital.")):
            yield name
            yield from _by(name, "hospital", (site.id for site in scenario.hospitals))
    yield "control.never"
    if scenario.alarms is not None or scenario.supplies is not None:
        for name in ("control.mean", "control.never"):
            yield name
            yield from _by(name, "type", types)
    if scenario.alarms is not None:
        yield from ("raises.n", "control.by_deadline", "staging.wait.mean")
        yield from _by("raises.n", "type", types)


def _outcomes(scenario: Scenario) -> Iterator[str]:
    """Yield the measures of what delay costs, for all and by type, as far as they mean something."""
    for name in OUTCOMES:
        yield from filter(
            lambda one: _means_something(scenario, one), [name, *_by(name, "type", _types(scenario))]
        )


def _means_something(scenario: Scenario, name: str) -> bool:
    try:
        compile_measures(scenario, [name])
    except UsageError:
        return False
    return True


def _items_and_depots(scenario: Scenario) -> tuple[Sequence[str], Sequence[str]]:
    """Return the items and depots of a scenario; none without supplies."""
    if scenario.supplies is None:
        return (), ()
    return items_used(scenario), sorted({d.id for each in scenario.layouts.values() for d in each.depots})


def _supplies(scenario: Scenario) -> Iterator[str]:
    """Yield the measures of supplies, for all, by item, by depot and by both where they can be."""
    if scenario.supplies is None:
        return
    items, depots = _items_and_depots(scenario)
    for name, (_, _, _, filters) in supplies.SUPPLY_SINGLES.items():
        yield name
        if "item" in filters and len(items) <= MOST:
            yield from _by(name, "item", items)
        if "depot" in filters and len(depots) <= MOST:
            yield from _by(name, "depot", depots)
        if {"item", "depot"} <= set(filters) and len(items) * len(depots) <= PAIRS:
            yield from (f"{name}[depot={a},item={b}]" for a, b in product(depots, items))
    yield from _by(supplies.PRINCIPAL, "zone", _zones(scenario))
