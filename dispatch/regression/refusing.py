"""Expectations that are refused before anything is simulated: those that cannot fail, or cannot be met."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from pathlib import PurePath
from typing import TYPE_CHECKING

from dispatch.errors import UsageError, did_you_mean
from dispatch.model.base import SECONDS
from dispatch.model.expectations import SAME
from dispatch.study.measures import compile_measures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dispatch.model.expectations import Comparison, GoldenLog, LogExpectation, MeasureExpectation
    from dispatch.scenario.scenario import Scenario
    from dispatch.study.measures import Measure


DAY = SECONDS["d"]


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


def possible(unit: str, horizon: float) -> tuple[float, float]:
    """Return the range in which a measure of a unit can lie, for a horizon in seconds.

    Shares lie between 0 and 1. No interval outlasts the horizon by more than a day: what is under way then
    is played to its end. Counts and unit-hours have no upper bound.
    """
    return 0.0, {"share": 1.0, "s": horizon + DAY}.get(unit, inf)


def allowance(expectation: MeasureExpectation) -> float:
    """Return how far a value may be off by the fixed parts of its tolerance."""
    given = expectation.tolerance
    if given is None:
        return max(SAME * abs(expectation.value), SAME * SAME)
    return max(given.absolute or 0.0, (given.relative or 0.0) * abs(expectation.value))


def accepted(expectation: MeasureExpectation, slack: float) -> tuple[float, float]:
    """Return the interval of values that an expectation accepts."""
    low, high = expectation.value - slack, expectation.value + slack
    if expectation.op in ("<=", "<"):
        return -inf, high
    return low, (inf if expectation.op in (">=", ">") else high)


def holds(expectation: MeasureExpectation, observed: float, slack: float) -> bool:
    """Whether an observed value is as expected."""
    low, high = accepted(expectation, slack)
    if expectation.op == "<":
        return observed < high
    return low < observed if expectation.op == ">" else low <= observed <= high


def cannot_fail(expectation: MeasureExpectation, slack: float, span: tuple[float, float]) -> bool:
    """Whether every value in a range would be accepted."""
    low, high = span
    return holds(expectation, low, slack) and holds(expectation, high, slack)


def of_measure(
    expectation: MeasureExpectation, measure: Measure, scenario: Scenario, replications: int
) -> Iterator[Refusal]:
    """Yield what is wrong with an expectation of a measure."""
    span = possible(measure.unit, scenario.file.horizon)
    kind = {"share": "a share between 0 and 1", "s": f"between 0 and {span[1]:g} s, a day over the horizon"}
    described = kind.get(measure.unit, "0 or more")
    given = expectation.tolerance
    if given is not None and given.statistical is not None and replications < 2:
        remedy = "Raise replications, or give an absolute or relative tolerance."
        yield Refusal("tolerance", "a statistical tolerance needs two replications", remedy)
    slack = allowance(expectation)
    if cannot_fail(expectation, slack, span):
        key = "value" if given is None else "tolerance"
        fact = f"{_told(expectation, slack)} cannot fail: {measure.name} is {described}"
        yield Refusal(key, fact, "Narrow it.")
        return
    low, high = accepted(expectation, slack)
    if low > span[1] or high < span[0]:
        remedy = "Write shares such as 0.9 for 90 %." if measure.unit == "share" else "Check the value."
        yield Refusal("value", f"{expectation.value:g} cannot be: {measure.name} is {described}", remedy)


def _told(expectation: MeasureExpectation, slack: float) -> str:
    margin = f" ± {slack:g}" if expectation.tolerance is not None else ""
    return f"{expectation.op} {expectation.value:g}{margin}"


def of_comparison(expectation: Comparison, replications: int) -> Iterator[Refusal]:
    """Yield what is wrong with an expected difference of layouts."""
    same = expectation.direction == "same"
    if expectation.layout == expectation.against:
        yield Refusal("against", "a layout does not differ from itself", "Name another layout.")
    if replications < 2 and not (same and expectation.by_at_most is not None):
        yield Refusal("direction", "one replication cannot tell a difference from luck", "Make two or more.")
    if same and expectation.by_at_least:
        yield Refusal("by_at_least", "'same' and a least difference contradict each other", "Remove one.")
    if expectation.by_at_most is not None and expectation.by_at_most < expectation.by_at_least:
        yield Refusal("by_at_most", "it is less than by_at_least, so that it cannot be met", "Raise it.")


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
    if expectation.level is not None:
        fact = "the scenario has no alarm levels, so that none can be reached"
        yield Refusal("level", fact, "Expect what units do, with unit, reaches, within.")
    if expectation.stock_never_negative:
        fact = "the scenario has no stock, so that it cannot fail"
        yield Refusal("stock_never_negative", fact, "Remove it.")


def of_golden(expectation: GoldenLog, folder: Path, replications: int) -> Iterator[Refusal]:
    """Yield what is wrong with a golden log."""
    if expectation.replication >= replications:
        yield _too_high(expectation.replication, replications)
    path = PurePath(expectation.file)
    if "\0" in expectation.file or path.is_absolute() or ".." in path.parts or (folder / path).is_dir():
        yield Refusal("file", "not a file beside the expectations", "Give a plain name, such as case.golden.")
    elif path.suffix in (".yaml", ".yml", ".csv"):
        yield Refusal("file", f"golden logs are texts, not {path.suffix}", "Name it, say, case.golden.")


def _too_high(replication: int, replications: int) -> Refusal:
    fact = f"there is no replication {replication}: they are numbered 0 to {replications - 1}"
    return Refusal("replication", fact, "Lower it, or raise replications.")
