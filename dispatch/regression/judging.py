"""From the replications of a group to what came of each assertion."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dispatch.regression.divergence import differing_inputs, first_divergence
from dispatch.regression.outcomes import LogDifference, Outcome, Status
from dispatch.regression.refusing import allowance, cannot_fail, holds
from dispatch.study.estimates import half_width, paired_difference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dispatch.model.expectations import Comparison, GoldenLog, LogExpectation, MeasureExpectation
    from dispatch.regression.cases import Assertion, Group
    from dispatch.regression.cells import Order, Part
    from dispatch.regression.golden import Golden
    from dispatch.study.measures import Worst

SIGNS = {"==": "", "<=": "≤ ", ">=": "≥ ", "<": "< ", ">": "> "}


@dataclass(frozen=True, slots=True)
class Seen:
    """All replications of a group."""

    group: Group
    order: Order
    parts: Mapping[int, Part]
    """By replication."""

    def values(self, layout: str, measure: str) -> NDArray[np.float64]:
        """Return a measure by replication."""
        i, j = self.order.layouts.index(layout), self.order.measures.index(measure)
        return np.array([part.values[i, j] for part in self.parts.values()])

    def counted(self, layout: str, measure: str) -> int:
        """Return how many calls or units a measure was taken over in all replications."""
        i, j = self.order.layouts.index(layout), self.order.measures.index(measure)
        return int(sum(part.counted[i, j] for part in self.parts.values()))

    def worst(self, layout: str, measure: str) -> tuple[int, Worst] | None:
        """Return the longest interval behind a measure, with its replication."""
        found = [(n, part.worst.get((layout, measure))) for n, part in self.parts.items()]
        known = [(n, worst) for n, worst in found if worst is not None]
        return max(known, key=lambda pair: pair[1].seconds, default=None)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of an assertion, before it is told."""

    status: Status
    message: str = ""
    expected: float | None = None
    observed: float | None = None
    difference: LogDifference | None = None


def outcome(assertion: Assertion, judgement: Judgement) -> Outcome:
    """Return the outcome of an assertion."""
    statement, status = assertion.statement, judgement.status
    if status is Status.FAILED and statement is not None and statement.severity == "warning":
        status = Status.WARNING
    return Outcome(
        id=assertion.id,
        cell=assertion.cell,
        what=assertion.what,
        status=status,
        place=assertion.place,
        message=judgement.message,
        why=statement.why if statement is not None else "",
        expected=judgement.expected,
        observed=judgement.observed,
        unit=assertion.unit,
        difference=judgement.difference,
    )


def of_measure(assertion: Assertion, statement: MeasureExpectation, seen: Seen) -> Judgement:
    """Judge the mean of a measure."""
    layout, name, unit = assertion.layout, statement.measure, assertion.unit
    values = seen.values(layout, name)
    if seen.counted(layout, name) == 0:
        fact = f"{name} is taken over nothing in {_replications(len(values))}, so that it cannot fail"
        return Judgement(Status.ERROR, fact, statement.value)
    known = values[~np.isnan(values)]
    limit = f"expected {SIGNS[statement.op]}{quantity(statement.value, unit)}"
    if not len(known):
        fact = f"{limit}, got nothing: no call has this interval"
        return Judgement(Status.FAILED, fact, statement.value)
    observed, slack = float(known.mean()), allowance(statement)
    level = statement.tolerance.statistical if statement.tolerance is not None else None
    if level is not None:
        width = half_width(known, level)
        slack = max(width, slack)
        if len(known) < 2 or cannot_fail(statement, slack, assertion.span):
            fact = f"the interval of {_replications(len(known))} is so wide that it cannot fail"
            return Judgement(Status.ERROR, f"{fact}; make more of them", statement.value, observed)
    if holds(statement, observed, slack):
        return Judgement(Status.PASSED, "", statement.value, observed)
    margin = ""
    if statement.tolerance is not None:
        margin = f" ± {margin_text(slack, unit)}" + (f" ({level:.4g} level)" if level is not None else "")
    told, got = apart(statement.value, observed, unit)
    message = f"expected {SIGNS[statement.op]}{told}{margin}, got {got}"
    culprit = _culprit(statement, observed, seen, layout)
    return Judgement(Status.FAILED, message + culprit, statement.value, observed)


def _culprit(statement: MeasureExpectation, observed: float, seen: Seen, layout: str) -> str:
    """Return who and what the longest interval belongs to, where a measure is worse than expected."""
    worse = observed > statement.value
    if ".within_" in statement.measure:
        worse = not worse
    worst = seen.worst(layout, statement.measure) if worse else None
    if worst is None:
        return ""
    number, longest = worst
    who = f"unit {longest.unit}, " if longest.unit else ""
    when = f", replication {number}" if len(seen.parts) > 1 else ""
    is_it = math.isclose(longest.seconds, observed, rel_tol=1e-9)
    amount = "" if is_it else f"longest {quantity(longest.seconds, 's')}: "
    return f" ({amount}{who}incident {longest.incident}{when})"


def of_comparison(assertion: Assertion, statement: Comparison, seen: Seen) -> Judgement:
    """Judge the paired difference of two layouts."""
    name, unit = statement.measure, assertion.unit
    for layout in (statement.layout, statement.against):
        if seen.counted(layout, name) == 0:
            fact = f"{name} is taken over nothing in {layout}, so that there is no difference"
            return Judgement(Status.ERROR, fact)
    d = paired_difference(seen.values(statement.layout, name), seen.values(statement.against, name))
    if d.n < 2 and not (d.n and statement.direction == "same" and statement.by_at_most is not None):
        have = {0: "no replication has", 1: "one replication alone has"}[d.n]
        return Judgement(Status.ERROR, f"{have} {name} in both layouts: too few to tell; make more of them")
    alike = d.half_width == 0.0  # every replication differs by the same
    surely = d.mean != 0.0 and (alike or d.p_value < statement.significance)
    size_holds = abs(d.mean) >= statement.by_at_least and (
        statement.by_at_most is None or abs(d.mean) <= statement.by_at_most
    )
    wanted = {"lower": d.mean < 0 and surely, "higher": d.mean > 0 and surely, "same": not surely}
    if wanted[statement.direction] and size_holds:
        return Judgement(Status.PASSED, "", None, d.mean)
    amiss = "" if size_holds else "; the size is amiss"
    p = "in every replication alike" if alike else f"p = {d.p_value:.3g}"
    spread = "" if alike or math.isnan(d.half_width) else f" ± {margin_text(d.half_width, unit)}"
    got = f"got {quantity(d.mean, unit, signed=True)}{spread} ({p}{amiss})"
    return Judgement(Status.FAILED, f"expected {_direction(statement, unit)}, {got}", None, d.mean)


def _direction(statement: Comparison, unit: str) -> str:
    if statement.direction == "same":
        text = f"no significant difference from {statement.against} (p ≥ {statement.significance:g})"
    else:
        text = f"{statement.direction} than {statement.against} (p < {statement.significance:g})"
    if statement.by_at_least:
        text += f" by at least {margin_text(statement.by_at_least, unit)}"
    if statement.by_at_most is not None:
        text += f" by at most {margin_text(statement.by_at_most, unit)}"
    return text


def of_log(number: int, statement: LogExpectation, seen: Seen) -> Judgement:
    """Judge what a log should hold; the first replication that breaks it is told."""
    found = [(n, part.findings[number]) for n, part in seen.parts.items() if number in part.findings]
    for replication, finding in found:
        if not finding.holds and not finding.refused:
            where = f"replication {replication}: " if len(seen.parts) > 1 else ""
            told = f"{where}{finding.message}"
            return Judgement(Status.FAILED, told, statement.limit, finding.observed)
    if all(finding.refused for _, finding in found):
        return Judgement(Status.ERROR, found[0][1].message, statement.limit)
    observed = found[0][1].observed if len(found) == 1 else None
    return Judgement(Status.PASSED, "", statement.limit, observed)


def of_golden(number: int, statement: GoldenLog, golden: Golden, seen: Seen) -> Judgement:
    """Judge a log against a golden one."""
    part = seen.parts[statement.replication]
    found = first_divergence(golden.events, part.events[number])
    if found is None and not golden.reviewed:
        fact = f"{statement.file} has not been reviewed; look through it and set 'reviewed: true' in its head"
        return Judgement(Status.FAILED, fact)
    if found is None:
        return Judgement(Status.PASSED)
    edited = () if golden.intact else (f"file {statement.file}",)
    inputs = (*differing_inputs(golden.inputs, part.inputs[number]), *edited)
    difference = LogDifference(found, inputs, statement.replication)
    message = f"the log parts from {statement.file} at event {found.number + 1:,}"
    return Judgement(Status.FAILED, message, difference=difference)


def quantity(value: float, unit: str, digits: int = 6, *, signed: bool = False) -> str:
    """Return a value as expectations are written, with its unit: ``480 s``, ``93.5 %``, ``12``."""
    number = 100.0 * value if unit == "share" else value
    text = f"{number:{'+' if signed else ''}.{digits}g}"
    if unit == "share":
        return f"{text} {'pp' if signed else '%'}"
    return f"{text} {unit}" if unit not in ("", "1") else text


def margin_text(amount: float, unit: str) -> str:
    """Return the size of a difference: shares differ by percentage points."""
    return quantity(amount, unit, signed=True).removeprefix("+")


def apart(expected: float, observed: float, unit: str) -> tuple[str, str]:
    """Return two values with as many digits as it takes to tell them apart."""
    for digits in (6, 9, 12):
        told, got = quantity(expected, unit, digits), quantity(observed, unit, digits)
        if told != got:
            return told, got
    return quantity(expected, unit), quantity(observed, unit)


def _replications(count: int) -> str:
    return "1 replication" if count == 1 else f"{count} replications"
