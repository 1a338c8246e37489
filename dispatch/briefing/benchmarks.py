"""How far simulated times are from the benchmarks of standards, in sentences."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from dispatch.briefing.contents import Bilingual, Number, Said
from dispatch.briefing.telling import limits_of, listed, percent
from dispatch.briefing.titles import CLOCKS, WHO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dispatch.briefing.contents import Cell
    from dispatch.briefing.telling import Teller
    from dispatch.model.standards import Clause, TimeClause
    from dispatch.statics.standards import Standard

MOST = 3
"""Benchmarks with a sentence; all of them stand in the chapter on standards."""
CLOCK_ORDER = ("total", "response", "travel", "turnout")
"""Intervals by how much they tell a citizen, who waits from the call on."""
WHO_ORDER = ("first", "erf")
TOLERANCE = 1e-12
"""By which a share may miss its goal and still be rounding."""


def is_for_all(clause: Clause) -> bool:
    """Return whether a requirement holds for all calls and any unit, so that all of them can judge it."""
    return not clause.applies_to and not clause.capability


def benchmarks(teller: Teller, standards: Sequence[Standard]) -> list[tuple[Standard, TimeClause]]:
    """Return the times of standards that hold for all calls and were simulated, the most telling first.

    Of those for one interval and order of arrival, that of the standard named first stands.
    """
    found: dict[tuple[str, str], tuple[Standard, TimeClause]] = {}
    for standard in standards:
        for clause in standard.file.times:
            is_told = clause.clock in CLOCK_ORDER and clause.who in WHO_ORDER and clause.statistic != "edge"
            holds_for_all = is_for_all(clause) and clause.staff is None
            if is_told and holds_for_all and teller.has(clause.measure):
                found.setdefault((clause.clock, clause.who), (standard, clause))
    return sorted(found.values(), key=lambda pair: _order(pair[1]))


def _order(clause: TimeClause) -> tuple[bool, int, int]:
    """Return where a clause stands: turnout last; the first unit first; then by interval."""
    return clause.clock == "turnout", WHO_ORDER.index(clause.who), CLOCK_ORDER.index(clause.clock)


def benchmark_statements(teller: Teller, standards: Sequence[Standard]) -> Iterator[Said]:
    """Yield a sentence for each of the most telling benchmarks, with the gap of every layout."""
    for standard, clause in benchmarks(teller, standards)[:MOST]:
        layouts = [name for name in teller.layouts if not isnan(teller.value(name, clause.measure))]
        parts = [_gap(teller, layout, clause) for layout in layouts]
        values: dict[str, Cell] = {
            "standard": Bilingual(standard.file.title.en, standard.file.title.zh),
            "limit": Number(clause.seconds, "s"),
            "clock": CLOCKS[clause.clock],
            "who": WHO[clause.who],
            "gaps": listed(parts),
        }
        if clause.share is None:
            yield Said(
                "Benchmark ({standard}): {limit} on average, {clock}, {who}. Simulated: {gaps}.", values
            )
        else:
            values["goal"] = percent(clause.share)
            yield Said(
                "Benchmark ({standard}): {limit} for {goal} of calls, {clock}, {who}. Simulated: {gaps}.",
                values,
            )


def _gap(teller: Teller, layout: str, clause: TimeClause) -> Said:
    """Return what a layout reaches, with its interval, and how far that is from the goal."""
    value = teller.told(layout, clause.measure)
    values: dict[str, Cell] = {
        "layout": layout,
        "value": Number(value.value, value.unit),
        **limits_of(value, most=1.0 if value.unit == "share" else None),
    }
    reached = Said("{value} ({low} to {high})", values) if "low" in values else Said("{value}", values)
    told: dict[str, Cell] = {"layout": layout, "value": reached}
    if clause.share is None:
        late = value.value - clause.seconds
        told["gap"] = Number(abs(late), "s")
        if late > 0.0:
            return Said("{layout} {value}, {gap} over", told)
        return Said("{layout} {value}, {gap} under, kept", told)
    told["gap"] = f"{100 * abs(value.value - clause.share):.1f}"
    if value.value < clause.share - TOLERANCE:
        return Said("{layout} {value}, {gap} points short", told)
    return Said("{layout} {value}, kept", told)
