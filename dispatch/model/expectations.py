"""What ``<case>.expected.yaml`` may say: what a scenario is expected to do."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator

from dispatch.model.amounts import WrittenAmount
from dispatch.model.base import (
    Frozen,
    Number,
    PositiveSeconds,
    Reference,
    Text,
    Whole,
    number_only,
    parse_duration,
)

Severity = Literal["error", "warning"]
"""Whether a broken expectation fails the case, or is only told."""

SAME = 1e-6
"""Relative difference below which two values are the same, where no tolerance is given."""


class Duration(float):
    """Seconds that were written as a duration, which makes sense for measures in seconds only."""


def _amount(value: Any) -> float:
    """Let a duration stand for its seconds."""
    help_text = "Write a number in the measure's unit (0.9 for 90 %), or a duration such as '8 min'."
    try:
        amount = Duration(parse_duration(value)) if isinstance(value, str) else float(number_only(value))
    except ValueError:
        message = f"{value!r:.40} is neither a number nor a duration | {help_text}"
        raise ValueError(message) from None
    if not math.isfinite(amount):
        message = f"not a finite number | {help_text}"
        raise ValueError(message)
    return amount


Amount = Annotated[
    float,
    PlainValidator(_amount),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}], "x-quantity": "number or duration"}),
]
"""A number in the measure's unit; seconds may be written as a duration such as ``8 min``."""


def _share(value: Any) -> Any:
    """Refuse what was meant in percent."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 1:
        message = f"{value:g} would be {100 * value:g} % | Write 0.05 for 5 %."
        raise ValueError(message)
    return value


Seed = Annotated[Whole, Field(ge=0, le=2**63 - 1)]


class Tolerance(Frozen):
    """How far a value may be off; the widest of what is given counts."""

    absolute: Annotated[Amount, Field(ge=0)] | None = None
    """In the measure's unit."""
    relative: Annotated[Number, Field(ge=0), BeforeValidator(_share)] | None = None
    """As a share of the expected value, below 1: 0.05 for 5 %."""
    statistical: Annotated[Number, Field(gt=0, lt=1)] | None = None
    """Confidence level such as 0.99: half of the observed mean's interval; needs five replications."""

    @model_validator(mode="after")
    def _some(self) -> Tolerance:
        if self.absolute is None and self.relative is None and self.statistical is None:
            message = "an empty tolerance | Give 'absolute', 'relative' or 'statistical', or leave it out."
            raise ValueError(message)
        return self


class Expectation(Frozen):
    """What all expectations share: for which cells of the matrix they hold, and how much they weigh."""

    scenario: Reference | None = None
    """Holds for this scenario of the matrix only, named as there."""
    layout: Reference | None = None
    """Holds for this layout only; for every layout of the matrix when left out."""
    seed: Seed | None = None
    """Holds for this seed only."""
    speeds: Reference | None = None
    """Holds for this speed set only."""
    severity: Severity = "error"
    """``warning`` tells without failing the case."""
    why: Text = ""
    """What a reader should know when it is broken."""


class MeasureExpectation(Expectation):
    """A measure's mean over the replications."""

    measure: Reference
    """Name with filter, such as ``total.first.p90[zone=north]``."""
    op: Literal["==", "<=", ">=", "<", ">"] = "=="
    """How the observed mean stands to the value."""
    value: Amount
    """What is expected."""
    tolerance: Tolerance | None = None
    """How far it may be off; when left out, by rounding only (a millionth). Limits are widened by it."""


class StandardExpectation(Expectation):
    """The times of a standards profile, each as an assertion about the measure that judges it."""

    profile: Reference
    """Name of a profile of the catalogue, or a YAML file beside the expectations."""
    filter: Text = ""
    """Which calls it is applied to, as in the brackets of a measure: ``type=dwelling-fire,zone=north``."""
    only: tuple[Reference, ...] = ()
    """Measures of the requirements that are meant, such as ``response.first.mean``; all when left out."""


class ProfileClause(MeasureExpectation):
    """One requirement of a profile, as an assertion."""

    profile: Reference
    """The profile that it is of."""


class Comparison(Expectation):
    """A paired difference ``layout − against`` on equal luck."""

    layout: Reference
    """The layout that is judged."""
    against: Reference = "baseline"
    """The layout it is compared with."""
    measure: Reference
    """Name with filter."""
    direction: Literal["lower", "higher", "same"]
    """Whether the measure falls, rises, or shows no significant difference (better with ``by_at_most``)."""
    significance: Annotated[Number, Field(gt=0, le=0.2)] = 0.05
    """Level for the two-sided p-value of the paired t-test: 0.05 for 5 %."""
    by_at_least: Annotated[Amount, Field(ge=0)] = 0.0
    """Least size of the mean difference, in the measure's unit."""
    by_at_most: Annotated[Amount, Field(ge=0)] | None = None
    """Greatest size of the mean difference; any when left out."""


class StockLimit(Frozen):
    """A stock that must not run low."""

    depot: Reference
    """Id of the depot."""
    item: Reference
    """Id of an item that it lists at the start."""
    amount: WrittenAmount
    """It never has less than this, such as ``2 t``."""


class Delivery(Frozen):
    """Supplies that a call gets."""

    incident: Reference
    """Id of the incident."""
    item: Reference
    """Id of an item that it needs."""
    amount: WrittenAmount
    """At least so much is there, whoever brought it."""


class LogExpectation(Expectation):
    """Something that holds in the log of every replication, or of one: a single statement."""

    unit: Reference | None = None
    """With ``reaches`` and ``within``: the unit."""
    reaches: Reference | None = None
    """Id of the incident that the unit reaches."""
    within: PositiveSeconds | None = None
    """At most so long after the call was received."""
    incident: Reference | None = None
    """With ``level`` and ``by``: id of the incident whose alarm level is meant."""
    level: Annotated[Whole, Field(ge=1, le=9)] | None = None
    """Least alarm level; its first alarm may have it already."""
    by: PositiveSeconds | None = None
    """At most so long after the call was received, or after its supplies were asked for."""
    no_double_assignment: Literal[True] | None = None
    """No unit is committed to two responses at one time."""
    stock_never_negative: Literal[True] | None = None
    """No depot ever gives out what it does not have."""
    stock_never_below: StockLimit | None = None
    """A depot never has less of an item than this, from the start to the end."""
    delivered: Delivery | None = None
    """With ``by``: supplies that are there at a call within that time after they were asked for."""
    mass_balance: Literal[True] | None = None
    """All amounts agree: depots' stock, trucks' loads, what came, what units used and were filled with."""
    replication: Annotated[Whole, Field(ge=0)] | None = None
    """In this replication only; 0 when left out where an incident is named, else all of them."""

    @property
    def limit(self) -> float | None:
        """Seconds from the call within which it has to happen; None where there is no limit."""
        return self.within if self.within is not None else self.by

    @model_validator(mode="after")
    def _one_statement(self) -> LogExpectation:
        statements = [
            ("unit", "reaches", "within"),
            ("incident", "level", "by"),
            ("no_double_assignment",),
            ("stock_never_negative",),
            ("stock_never_below",),
            ("delivered", "by"),
            ("mass_balance",),
        ]
        parts = {part for statement in statements for part in statement}
        given = {part for part in parts if getattr(self, part) is not None}
        if given not in map(set, statements):
            known = "; ".join(map(", ".join, statements))
            message = f"not one whole statement about the log | Give the keys of one of these: {known}."
            raise ValueError(message)
        return self


class GoldenLog(Expectation):
    """The whole log of one replication, event by event."""

    file: Reference
    """The golden log, a text file beside the expectations."""
    layout: Reference = "baseline"
    """Layout that is simulated."""
    replication: Annotated[Whole, Field(ge=0)] = 0
    """Number of the draw."""


class Matrix(Frozen):
    """What is combined with what; every combination is a cell with its own simulations."""

    scenarios: tuple[Reference, ...] = ()
    """Scenario files beside the expectations; the case's own when left out."""
    layouts: tuple[Reference, ...] = ()
    """Layouts; all of the scenario when left out."""
    speeds: tuple[Reference, ...] = ()
    """Speed sets; the scenario's when left out."""
    seeds: tuple[Seed, ...] = ()
    """Seeds; the scenario's when left out."""


class ExpectedFile(Frozen):
    """The expectations of one case."""

    schema_version: Annotated[Literal[1], BeforeValidator(number_only)] = 1
    """Version of this format."""
    reviewed: bool = True
    """False in a file that was written from observed values: the case fails until a person has looked."""
    scenario: Reference | None = None
    """The scenario; the file of the same name without ``.expected`` when left out."""
    replications: Annotated[Whole, Field(ge=1, le=100_000)] | None = None
    """Replications in every cell; the scenario's when left out."""
    matrix: Matrix = Matrix()
    """Scenarios, layouts, speed sets and seeds to combine."""
    assertions: tuple[MeasureExpectation, ...] = ()
    """Values of measures."""
    standards: tuple[StandardExpectation, ...] = ()
    """Standards profiles to be met."""
    comparisons: tuple[Comparison, ...] = ()
    """Differences between layouts."""
    log: tuple[LogExpectation, ...] = ()
    """What holds in the logs."""
    golden: tuple[GoldenLog, ...] = ()
    """Whole logs."""
