"""Expectations that are refused before anything is simulated: those that cannot fail, or cannot be met."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from pathlib import PurePath
from typing import TYPE_CHECKING

import numpy as np

from dispatch.errors import UsageError, did_you_mean
from dispatch.model.base import SECONDS
from dispatch.model.expectations import SAME, Delivery, Duration, StockLimit
from dispatch.scenario.commands import kind_with_levels
from dispatch.scenario.supply_notes import demand_of_call
from dispatch.study.measures import compile_measures
from dispatch.timeline import expected_calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from dispatch.model.expectations import (
        Comparison,
        GoldenLog,
        LogExpectation,
        MeasureExpectation,
    )
    from dispatch.scenario.items import KnownItem
    from dispatch.scenario.layout import Layout
    from dispatch.scenario.scenario import Scenario
    from dispatch.scenario.supplies import SupplyBook
    from dispatch.study.measures import Measure


FEWEST = 5
"""Replications that a statistical tolerance needs."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an expectation cannot be used."""

    key: str
    """The key at fault."""
    fact: str
    remedy: str


def compiled(scenario: Scenario, name: str) -> Measure | Refusal:
    """Return a measure, or why there is none of that name."""
    try:
        return compile_measures(scenario, [name])[0]
    except UsageError as error:
        return Refusal("measure", str(error.args[0]).rstrip("."), error.hint)


def possible(measure: Measure, scenario: Scenario) -> tuple[float, float]:
    """Return the range in which a measure can lie in a scenario, in its unit.

    Shares lie between 0 and 1, numbers of calls between 0 and what comes in at most: all recorded and
    injected calls, and of random ones with mean m some m + 20·√m + 20, which no luck exceeds.
    """
    if measure.of_calls:
        expected = expected_calls(scenario)
        given = len(scenario.authored)
        given += len(scenario.recorded.received) if scenario.recorded is not None else 0
        return 0.0, float(given + (expected + 20.0 * expected**0.5 + 20.0 if scenario.streams else 0.0))
    return 0.0, 1.0 if measure.unit == "share" else inf


def allowance(expectation: MeasureExpectation) -> float:
    """Return how far a value may be off by rounding and the fixed parts of the tolerance."""
    value, given = abs(expectation.value), expectation.tolerance
    rounding = max(SAME * value, SAME * SAME)
    return (
        rounding if given is None else max(rounding, given.absolute or 0.0, (given.relative or 0.0) * value)
    )


def holds(expectation: MeasureExpectation, observed: float, slack: float) -> bool:
    """Whether an observed value is as expected.

    A tolerance widens what is accepted. Rounding alone does not make ``<`` and ``>`` hold for what is equal.
    """
    value, op = expectation.value, expectation.op
    strict = slack if expectation.tolerance is not None else -slack
    if op == "==":
        return abs(observed - value) <= slack
    if op in ("<", "<="):
        return observed <= value + slack if op == "<=" else observed < value + strict
    return observed >= value - slack if op == ">=" else observed > value - strict


def cannot_fail(expectation: MeasureExpectation, slack: float, span: tuple[float, float]) -> bool:
    """Whether every value in a range would be accepted."""
    return all(holds(expectation, end, slack) for end in span)


def of_measure(
    expectation: MeasureExpectation, measure: Measure, scenario: Scenario, layout: str, replications: int
) -> Iterator[Refusal]:
    """Yield what is wrong with an expectation of a measure."""
    given, span = expectation.tolerance, possible(measure, scenario)
    yield from _no_durations(measure, value=expectation.value, tolerance=given.absolute if given else None)
    yield from _selecting_nothing(measure, scenario, (layout,))
    if given is not None and given.statistical is not None and replications < FEWEST:
        fact = f"a statistical tolerance needs {FEWEST} replications: the interval of fewer says nothing"
        yield Refusal("tolerance", fact, "Raise replications, or give an absolute or relative tolerance.")
    if measure.name == "responses.share":
        yield Refusal("measure", "without a filter it is 1 whatever happens", "Say of what: [unit=…].")
    slack = allowance(expectation)
    low, high = span
    if expectation.op == "==" and measure.unit == "s":
        high = scenario.file.horizon + SECONDS["d"]  # so wide a tolerance is none, whatever may happen
    if cannot_fail(expectation, slack, (low, high)):
        key = "value" if given is None else "tolerance"
        yield Refusal(key, f"{_told(expectation, slack)} cannot fail: {_range(measure, span)}", "Narrow it.")
    elif expectation.value - slack > span[1] or expectation.value + slack < span[0]:
        remedy = "Write shares such as 0.9 for 90 %." if measure.unit == "share" else "Check the value."
        yield Refusal("value", f"{expectation.value:g} cannot be: {_range(measure, span)}", remedy)


def _range(measure: Measure, span: tuple[float, float]) -> str:
    low, high = span
    return (
        f"{measure.name} lies between {low:g} and {high:.6g}"
        if high < inf
        else f"{measure.name} is ≥ {low:g}"
    )


def _told(expectation: MeasureExpectation, slack: float) -> str:
    margin = f" ± {slack:g}" if expectation.tolerance is not None else ""
    return f"{expectation.op} {expectation.value:g}{margin}"


def _no_durations(measure: Measure, **amounts: float | None) -> Iterator[Refusal]:
    """Refuse durations where the measure is not in seconds."""
    if measure.unit != "s":
        words = {"share": "a share", "h": "in hours", "1": "a number"}
        what = words.get(measure.unit, f"in {measure.unit}")
        for key, amount in amounts.items():
            if isinstance(amount, Duration):
                yield Refusal(key, f"a duration, but {measure.name} is {what}", "Write a plain number.")


def _selecting_nothing(measure: Measure, scenario: Scenario, layouts: Sequence[str]) -> Iterator[Refusal]:
    """Refuse a filter that selects no call that can come, or no unit of any of some layouts."""
    if not may_come(scenario, measure.filters):
        fact = f"no call that passes the filter of {measure.name} ever comes, so that it cannot fail"
        yield Refusal("measure", fact, "Check type, zone and priority against the demand.")
    if not any(_has_unit(scenario.layouts[layout], measure.filters) for layout in layouts):
        fact = f"layout '{layouts[0]}' has no unit that passes the filter of {measure.name}"
        yield Refusal("measure", fact, "Name a layout that has one.")


def may_come(scenario: Scenario, filters: Mapping[str, str]) -> bool:
    """Whether the demand has calls of a type, zone and priority."""
    zone = scenario.zones.index(filters["zone"]) if "zone" in filters else None
    inside = np.array([zone in (None, of_node) for of_node in scenario.zone_of.tolist()])
    types = {number for number, kind in enumerate(scenario.kinds) if filters.get("type", kind.id) == kind.id}
    for stream in scenario.streams:
        priority = str(scenario.kinds[stream.kind].type.priority)
        fits = stream.kind in types and filters.get("priority", priority) == priority
        if fits and stream.rate * stream.weights[inside].sum() > 0:
            return True
    if any(
        call.kind in types
        and inside[call.node]
        and filters.get("priority", str(call.priority)) == str(call.priority)
        for call in scenario.authored
    ):
        return True
    calls = scenario.recorded
    if calls is None:
        return False
    fits = np.isin(calls.type, sorted(types)) & inside[calls.node]
    return bool(
        (fits & (calls.priority == int(filters["priority"])) if "priority" in filters else fits).any()
    )


def _has_unit(layout: Layout, filters: Mapping[str, str]) -> bool:
    return any(
        filters.get("unit", name) == name
        and filters.get("station", unit.station) == unit.station
        and filters.get("unit_type", unit.type) == unit.type
        for name, unit in layout.units
    )


def of_comparison(
    expectation: Comparison, measure: Measure, scenario: Scenario, replications: int
) -> Iterator[Refusal]:
    """Yield what is wrong with an expected difference of layouts."""
    same, at_least, at_most = expectation.direction == "same", expectation.by_at_least, expectation.by_at_most
    yield from _no_durations(measure, by_at_least=at_least, by_at_most=at_most)
    if expectation.layout == expectation.against:
        yield Refusal("against", "a layout does not differ from itself", "Name another layout.")
        return
    yield from _selecting_nothing(measure, scenario, (expectation.layout, expectation.against))
    if measure.given:
        fact = f"{measure.name} is the same in every layout, because all of them meet the same calls"
        yield Refusal("measure", fact, "Compare what units do.")
    if replications < 2 and not (same and at_most is not None):
        remedy = "Make two or more; where nothing is left to luck, they are alike, and that counts as sure."
        yield Refusal("direction", "one replication cannot tell a difference from luck", remedy)
    if same and at_least:
        yield Refusal("by_at_least", "'same' and a least difference contradict each other", "Remove one.")
    if at_most is not None and at_most < at_least:
        yield Refusal("by_at_most", "it is less than by_at_least, so that it cannot be met", "Raise it.")
    widest = possible(measure, scenario)[1]
    if at_most is not None and at_most >= widest:
        yield Refusal(
            "by_at_most", f"no difference is greater than {widest:g}, so that it cannot fail", "Lower it."
        )
    if at_least > widest:
        yield Refusal("by_at_least", f"no difference is greater than {widest:g}", "Lower it.")


def of_log(
    expectation: LogExpectation, scenario: Scenario, layout: str, replications: int
) -> Iterator[Refusal]:
    """Yield what is wrong with an expectation of a log."""
    if expectation.replication is not None and expectation.replication >= replications:
        yield _too_high(expectation.replication, replications)
    units = [unit for unit, _ in scenario.layouts[layout].units]
    if expectation.unit is not None and expectation.unit not in units:
        remedy = did_you_mean(expectation.unit, units) + " Name the layout if it is in another."
        yield Refusal("unit", f"layout '{layout}' has no unit '{expectation.unit}'", remedy)
    yield from _of_level(expectation, scenario)
    yield from _of_supplies(expectation, scenario, scenario.layouts[layout])


def _of_level(expectation: LogExpectation, scenario: Scenario) -> Iterator[Refusal]:
    """Yield what is wrong with an expected alarm level."""
    name, level = expectation.incident, expectation.level
    if name is None or level is None:
        return
    if scenario.alarms is None:
        fact = f"{scenario.path.name} has no alarm levels, so that none can be reached"
        remedy = "Give an incident type an 'alarm', or expect what units do, with unit, reaches, within."
        yield Refusal("level", fact, remedy)
        return
    kind, fact, remedy = kind_with_levels(scenario, name)
    if kind is None:
        yield Refusal("incident", fact, remedy)
    elif level > scenario.alarms.top(kind):
        fact = f"calls of type '{scenario.kinds[kind].id}' have levels 1 to {scenario.alarms.top(kind)}"
        yield Refusal("level", fact, "Expect one of these.")
    if level == 1:
        fact = "every call with alarm levels has level 1 from the start, so that it cannot fail"
        yield Refusal("level", fact, "Expect a higher one.")


def _of_supplies(expectation: LogExpectation, scenario: Scenario, layout: Layout) -> Iterator[Refusal]:
    """Yield what is wrong with a statement about supplies."""
    keys = ("stock_never_negative", "stock_never_below", "delivered", "mass_balance")
    key = next((key for key in keys if getattr(expectation, key) is not None), None)
    if key is None:
        return
    book, depots = scenario.supplies, [site.id for site in layout.depots]
    if book is None or (key.startswith("stock") and not depots):
        fact = "the scenario has no stock, so that it cannot fail"
        yield Refusal(key, fact if key != "delivered" else "the scenario has no supplies", "Remove it.")
        return
    limit = expectation.stock_never_below
    if limit is not None and limit.depot not in depots:
        remedy = did_you_mean(limit.depot, depots) + " Name the layout if it is in another."
        yield Refusal(key, f"layout '{layout.name}' has no depot '{limit.depot}'", remedy)
        return
    amount = limit or expectation.delivered
    if amount is not None and amount.item not in book.number:
        yield Refusal(key, f"no item '{amount.item}'", did_you_mean(amount.item, book.number))
    elif amount is not None:
        yield from _of_amount(key, amount, book, depots, layout)
        if isinstance(amount, Delivery):
            yield from _beyond_need(key, amount, scenario, book.items[book.number[amount.item]])


def _beyond_need(key: str, wanted: Delivery, scenario: Scenario, item: KnownItem) -> Iterator[Refusal]:
    """Yield that an injected call can never get so much: it asks for less, at any level."""
    assert scenario.supplies is not None
    call = next((n for n, each in enumerate(scenario.authored) if each.id == wanted.incident), None)
    if call is None:
        return
    number = scenario.supplies.number[item.id]
    ordered = [each for each in scenario.commands if (each.incident, each.item) == (wanted.incident, number)]
    most = demand_of_call(scenario, call).most.get(number, 0) + sum(each.amount for each in ordered)
    try:
        quanta = item.quanta(wanted.amount, up=True)
    except ValueError:
        return  # noted already
    if most == 0:
        fact = f"incident '{wanted.incident}' never needs any {item.id}"
        yield Refusal(key, fact, "Name an item that it needs.")
    elif quanta > most:
        fact = f"incident '{wanted.incident}' needs {item.shown(most)} of {item.id} at most"
        yield Refusal(key, f"{fact}, so that {item.shown(quanta)} cannot come", "Expect no more than that.")


def _of_amount(
    key: str, statement: StockLimit | Delivery, book: SupplyBook, depots: Sequence[str], layout: Layout
) -> Iterator[Refusal]:
    """Yield what is wrong with an amount of a known item, at a known depot."""
    number = book.number[statement.item]
    item = book.items[number]
    try:
        quanta = item.quanta(statement.amount, up=True)
    except ValueError as error:
        fact, _, remedy = str(error).partition(" | ")
        yield Refusal(key, fact, remedy)
        return
    if quanta == 0:
        yield Refusal(key, "an amount of nothing, so that it cannot fail", "Give an amount above zero.")
    if isinstance(statement, StockLimit):
        site = book.depots[layout.name][depots.index(statement.depot)]
        if number not in site.stock:
            listed = ", ".join(book.items[each].id for each in sorted(site.stock)) or "nothing"
            yield Refusal(key, f"depot '{site.id}' lists no {item.id}", f"It lists {listed}.")
        elif quanta > site.stock[number]:
            fact = f"the stock at the start ({item.shown(site.stock[number])}) is below it already"
            yield Refusal(key, fact, "Lower it.")


def of_golden(expectation: GoldenLog, folder: Path, replications: int) -> Iterator[Refusal]:
    """Yield what is wrong with a golden log."""
    if expectation.replication >= replications:
        yield _too_high(expectation.replication, replications)
    path = PurePath(expectation.file)
    if "\0" in expectation.file or path.anchor or ".." in path.parts or (folder / path).is_dir():
        yield Refusal("file", "not a file beside the expectations", "Give a plain name, such as case.golden.")
    elif path.suffix in (".yaml", ".yml", ".csv"):
        yield Refusal("file", f"golden logs are texts, not {path.suffix}", "Name it, say, case.golden.")


def _too_high(replication: int, replications: int) -> Refusal:
    fact = f"there is no replication {replication}: they are numbered 0 to {replications - 1}"
    return Refusal("replication", fact, "Lower it, or raise replications.")
