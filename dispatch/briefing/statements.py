"""What follows from a study, in about a dozen sentences that stand alone."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from dispatch.briefing.benchmarks import benchmark_statements
from dispatch.briefing.contents import Number, Said, counted
from dispatch.briefing.telling import basis, is_shown, limits_of, listed
from dispatch.study import supplies
from dispatch.study.compare import principal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dispatch.briefing.contents import Cell
    from dispatch.briefing.telling import Teller
    from dispatch.statics.standards import Standard
    from dispatch.study.compare import ZoneVerdict
    from dispatch.study.estimates import Difference

MOST_TYPES = 4
"""Incident types with a statement of their own: the most frequent."""
MOST_NAMED = 4
"""Zones that lose, up to which they are named."""
LEAST_P = 0.001
"""Probabilities below are told as less than it."""
FEW = 10
"""Replications below which it is told that they are few."""
WHO = (Said("the first unit"), Said("the first truck of supplies"))
"""Who is meant where layouts are compared."""


def statements(teller: Teller, standards: Sequence[Standard]) -> tuple[Said, ...]:
    """Return what a reader should take away: changes first, what limits all of it last."""
    return (
        *_silence(teller),
        *(said for layout in teller.others for said in _alternative(teller, layout)),
        *_arrivals(teller),
        *benchmark_statements(teller, standards),
        *_covered(teller),
        *_busiest(teller),
        *_supplied(teller),
        *_honesty(teller),
    )


def _silence(teller: Teller) -> Iterator[Said]:
    """Yield that there were no calls, where there were none in any layout."""
    if all(teller.value(layout, "incidents.n") == 0 for layout in teller.layouts):
        yield Said("No calls came in; nothing can be said of times.")


def _alternative(teller: Teller, layout: str) -> Iterator[Said]:
    """Yield what an alternative changes, and for whom."""
    measure = principal(teller.scenario, layout, teller.folder.reference)
    found = teller.folder.difference(layout, measure)
    if found is None or isnan(found.mean):
        return
    teller.change(layout, measure)  # a claim of what the sentence tells without its sign
    change = _change(teller, layout, measure, found)
    zones = None if isnan(found.half_width) else _zones(teller.folder.zone_verdicts(layout))
    yield change if zones is None else Said("{change} {zones}", {"change": change, "zones": zones})


def _change(teller: Teller, layout: str, measure: str, found: Difference) -> Said:
    low, high = found.mean - found.half_width, found.mean + found.half_width
    values: dict[str, Cell] = {
        "layout": layout,
        "reference": teller.folder.reference,
        "who": WHO[measure == supplies.PRINCIPAL],
        "time": Number(abs(found.mean), "s"),
        "p": _probability(found.p_value),
    }
    if isnan(found.half_width):
        return Said("{change} One replication cannot tell a difference from luck.",
                    {"change": _plain_change(found.mean, values)})  # fmt: skip
    if found.mean == 0.0 and found.half_width == 0.0:
        return _plain_change(found.mean, values)
    if not is_shown(found):
        values |= {
            "low": Number(low, "s", is_difference=True),
            "high": Number(high, "s", is_difference=True),
        }
        return Said(
            "No difference is shown in how soon {who} comes with {layout} and with {reference}: "
            "{low} to {high} on average (95 % interval, {p}).",
            values,
        )
    values["sure"] = _sure(found, values)
    if found.mean < 0.0:
        return Said("With {layout} {who} comes {time} sooner on average than with {reference} ({sure}).",
                    values)  # fmt: skip
    return Said("With {layout} {who} comes {time} later on average than with {reference} ({sure}).", values)


def _plain_change(mean: float, values: dict[str, Cell]) -> Said:
    """Return what was found, without how sure it is."""
    if mean == 0.0:
        return Said("With {layout} {who} comes exactly as soon on average as with {reference}.", values)
    if mean < 0.0:
        return Said("With {layout} {who} comes {time} sooner on average than with {reference}.", values)
    return Said("With {layout} {who} comes {time} later on average than with {reference}.", values)


def _probability(p_value: float) -> Said:
    if p_value < LEAST_P:
        return Said("p {p}", {"p": Number(p_value, "p")})
    return Said("p = {p}", {"p": Number(p_value, "p")})


def _sure(found: Difference, values: dict[str, Cell]) -> Said:
    """Return how sure a difference is that luck does not explain."""
    if found.half_width == 0.0:
        return Said("the same in every replication")
    low, high = sorted((abs(found.mean - found.half_width), abs(found.mean + found.half_width)))
    bounds: dict[str, Cell] = {"low": Number(low, "s"), "high": Number(high, "s"), "p": values["p"]}
    return Said("95 % interval {low} to {high}, {p}", bounds)


def _zones(verdicts: Sequence[ZoneVerdict]) -> Said | None:
    """Return how many zones gain and lose, and which lose where they are few."""
    if not verdicts:
        return None
    told = [row.verdict for row in verdicts]
    losers = [row.zone for row in verdicts if row.verdict == "slower"]
    faster, unclear = told.count("faster"), told.count("unclear")
    parts = []
    if faster:
        parts.append(counted("{n} gains", "{n} gain", faster))
    if 0 < len(losers) <= MOST_NAMED:
        names: dict[str, Cell] = {"names": ", ".join(losers)}
        parts.append(counted("{n} loses ({names})", "{n} lose ({names})", len(losers), names))
    elif losers:
        parts.append(counted("{n} loses", "{n} lose", len(losers)))
    if unclear:
        parts.append(Said("for {n} nothing is shown", {"n": Number(unclear, "whole")}))
    return counted("Of {n} zone: {parts}.", "Of {n} zones: {parts}.", len(told), {"parts": listed(parts)})


def _arrivals(teller: Teller) -> Iterator[Said]:
    """Yield how soon the first unit comes: for all calls, and for the most frequent types."""
    everything = _times(teller, "")
    if everything is not None and _all_reached(teller, ""):
        yield Said("For 90 % of all calls the first unit arrives, from the call, within {times}.", everything)
    elif everything is not None:
        yield Said(
            "For 90 % of the calls that were reached the first unit arrives, from the call, within {times}.",
            everything,
        )
    if len(teller.types) < 2:
        return
    for kind in teller.types[:MOST_TYPES]:
        times = _times(teller, f"[type={kind}]")
        if times is None:
            continue
        values = {**times, "type": teller.type_name(kind)}
        if _all_reached(teller, f"[type={kind}]"):
            yield Said(
                "For 90 % of calls of the type {type} the first unit arrives, from the call, within {times}.",
                values,
            )
        else:
            yield Said(
                "For 90 % of the calls of the type {type} that were reached the first unit arrives, "
                "from the call, within {times}.",
                values,
            )


def _all_reached(teller: Teller, filters: str) -> bool:
    """Return whether a unit came to every call, in all layouts."""
    return not any(teller.value(layout, f"incidents.unserved{filters}") > 0 for layout in teller.layouts)


def _times(teller: Teller, filters: str) -> dict[str, Cell] | None:
    """Return the values of a sentence on arrivals: times by layout, and how many calls they rest on."""
    measure = f"total.first.p90{filters}"
    layouts = [layout for layout in teller.layouts if not isnan(teller.value(layout, measure))]
    if not layouts:
        return None
    parts: list[Said] = []
    before: Said | None = None
    for layout in layouts:
        p90, calls = teller.told(layout, measure), basis(teller, layout, filters)
        values: dict[str, Cell] = {
            "p90": Number(p90.value, p90.unit),
            "layout": layout,
            "calls": calls,
            **limits_of(p90),
        }
        parts.append(_time(values, is_first=not parts, is_same=calls == before))
        before = calls
    return {"times": listed(parts)}


def _time(values: dict[str, Cell], *, is_first: bool, is_same: bool) -> Said:
    """Return a layout's time; what its numbers in brackets are is told once, and as many calls once."""
    if "low" not in values and is_same:
        return Said("{p90} in {layout}", values)
    if "low" not in values:
        return Said("{p90} in {layout} ({calls})", values)
    if is_first:
        return Said("{p90} in {layout} ({calls}; 95 % interval {low} to {high})", values)
    if is_same:
        return Said("{p90} in {layout} ({low} to {high})", values)
    return Said("{p90} in {layout} ({calls}; {low} to {high})", values)


def _covered(teller: Teller) -> Iterator[Said]:
    measure = "coverage.static.within_300s"
    parts = [
        Said("{share} in {layout}", {"share": teller.told(layout, measure), "layout": layout})
        for layout in teller.layouts
        if not isnan(teller.value(layout, measure))
    ]
    if parts:
        shares = {"shares": listed(parts)}
        yield Said("With all units in, so much of the demand is within 5 min of travel: {shares}.", shares)


def _busiest(teller: Teller) -> Iterator[Said]:
    parts = []
    for layout in teller.layouts:
        units = [unit for unit, _ in teller.scenario.layouts[layout].units]
        loads = {unit: teller.value(layout, f"workload[unit={unit}]") for unit in units}
        known = {unit: load for unit, load in loads.items() if load > 0}
        if known:
            busiest = max(known, key=lambda unit: (known[unit], unit))
            share = teller.told(layout, f"workload[unit={busiest}]")
            values: dict[str, Cell] = {
                "unit": busiest,
                "layout": layout,
                "share": Number(share.value, "share"),
            }
            parts.append(Said("{unit} with {share} in {layout}", values))
    if parts:
        yield Said("Most at work, as a share of time on duty: {units}.", {"units": listed(parts)})


def _supplied(teller: Teller) -> Iterator[Said]:
    if teller.scenario.supplies is None:
        return
    parts = []
    for layout in teller.layouts:
        filled = teller.told(layout, "supply.fill_rate")
        if not isnan(filled.value):
            values: dict[str, Cell] = {"share": Number(filled.value, "share"), "layout": layout}
            parts.append(Said("{share} in {layout}", values))
    if parts:
        yield Said("Of the supplies that calls needed, so much came: {shares}.", {"shares": listed(parts)})


def _honesty(teller: Teller) -> Iterator[Said]:
    """Yield what limits all of it."""
    folder, scenario = teller.folder, teller.scenario
    parts = []
    for layout in teller.layouts:
        missed, every = (teller.calls(layout, f"incidents.{name}") for name in ("unserved", "n"))
        values: dict[str, Cell] = {"n": missed, "all": every, "layout": layout}
        if missed.value > 0:
            parts.append(Said("{n} of {all} in {layout}", values))
    if parts:
        yield Said("Nobody reached some calls, and times leave them out: {calls}.", {"calls": listed(parts)})
    if scenario.recorded is not None and not scenario.streams:
        yield Said("Calls are recorded ones: intervals cover what was drawn for them, not other weeks.")
    if folder.replications == 1:
        yield Said("There is only one replication: nothing can be said about how sure its numbers are.")
    elif folder.replications < FEW and teller.has_told_intervals:
        few = {"n": Number(folder.replications, "whole")}
        yield Said("With only {n} replications, intervals are wide and rest on few values.", few)
    if folder.interrupted:
        yield counted(
            "The study was stopped by hand after {n} replication.",
            "The study was stopped by hand after {n} replications.",
            folder.replications,
        )
