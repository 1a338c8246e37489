"""Checking cases: what they expect is simulated, judged, told, and written where it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

from dispatch.errors import DispatchError, Problems
from dispatch.model.expectations import Comparison, GoldenLog, LogExpectation, MeasureExpectation
from dispatch.regression import judging
from dispatch.regression.cells import Order, Part, Question, forget, simulate_part
from dispatch.regression.golden import Golden, read_golden
from dispatch.regression.judging import Judgement, Seen, outcome
from dispatch.regression.outcomes import CaseResult, CheckResult, Status
from dispatch.regression.updating import RESPONSES, Ink, first_expectations
from dispatch.study.pool import in_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dispatch.regression.cases import Assertion, Case
    from dispatch.regression.outcomes import Outcome


class Listener(Protocol):
    """Is told how a check goes on."""

    def case(self, case: CaseResult) -> None:
        """Hear that a case begins to be told."""

    def outcome(self, case: CaseResult, outcome: Outcome) -> None:
        """Hear what came of an assertion."""

    def end_case(self, case: CaseResult) -> None:
        """Hear that a case is done."""


def check(
    cases: Sequence[Case],
    *,
    update: bool = False,
    jobs: int = 1,
    exit_first: bool = False,
    listener: Listener | None = None,
) -> CheckResult:
    """Check cases and return what came of them; the result does not depend on ``jobs``.

    Expectations that nobody has written yet are written with what was observed, and are broken until a
    person has reviewed them. ``update`` rewrites the values of broken expectations to what was observed.
    ``exit_first`` stops after the first case in which something is broken; Ctrl-C stops, too.
    """
    plans = [_Plan(case) for case in cases]
    result = CheckResult()
    items = [item for plan in plans for item in plan.items]
    parts = in_order(simulate_part, items, jobs)
    begun = perf_counter()
    try:
        for plan in plans:
            case = plan.result
            if listener is not None:
                listener.case(case)
            plan.take(parts)
            plan.finish(update=update)
            case.seconds, begun = perf_counter() - begun, perf_counter()
            result.cases.append(case)
            if listener is not None:
                for each in case.outcomes:
                    listener.outcome(case, each)
                listener.end_case(case)
            if exit_first and case.exit_code:
                break
    except KeyboardInterrupt:
        result.interrupted = True
    finally:
        parts.close()
        forget()
    result.cases += [plan.not_run() for plan in plans[len(result.cases) :]]
    return result


@dataclass(slots=True)
class _Plan:
    """What a case needs to have simulated, and what has come of it so far."""

    case: Case
    error: DispatchError | None = None
    orders: dict[int, tuple[Order, list[int]]] = field(default_factory=dict)
    """By group: what to simulate, in which replications."""
    parts: dict[int, dict[int, Part]] = field(default_factory=dict)
    """By group and replication."""
    golden: dict[int, Golden | None] = field(default_factory=dict)
    """By assertion; None where there is no golden log yet."""
    unusable: dict[int, str] = field(default_factory=dict)
    """By assertion: what is wrong with its golden log."""
    result: CaseResult = field(init=False)

    def __post_init__(self) -> None:
        case = self.case
        self.result = CaseResult(
            case.name, str(case.found.expected), case.title, notes=list(case.notes), cells=case.cells
        )
        self.error = case.error
        if self.error is None:
            self._read_golden()
            for number in sorted({a.group for a in case.assertions if self._needs_simulation(a)}):
                self.orders[number] = self._order(number)

    def _needs_simulation(self, assertion: Assertion) -> bool:
        return assertion.statement is not None or not self.case.is_written

    def _read_golden(self) -> None:
        for number, assertion in enumerate(self.case.assertions):
            if isinstance(assertion.statement, GoldenLog):
                problems = Problems()
                path = self.case.found.expected.parent / assertion.statement.file
                self.golden[number] = read_golden(path, problems) if path.exists() else None
                if problems:
                    self.unusable[number] = "; ".join(map(str, problems.found))

    def _order(self, number: int) -> tuple[Order, list[int]]:
        """Return what to simulate of a group: the layouts, measures and replications that are asked for."""
        group = self.case.groups[number]
        layouts: set[str] = set()
        measures: dict[str, None] = {}
        questions: list[Question] = []
        if not self.case.is_written:
            layouts.update(group.layouts)
            measures = dict.fromkeys((*self.case.headline, RESPONSES))
        for i, assertion in enumerate(self.case.assertions):
            statement = assertion.statement
            if statement is None or assertion.group != number:
                continue
            layouts.add(assertion.layout)
            if isinstance(statement, MeasureExpectation | Comparison):
                measures[statement.measure] = None
                layouts.update([statement.against] if isinstance(statement, Comparison) else ())
            elif isinstance(statement, GoldenLog):
                questions.append(Question(i, assertion.layout, statement.replication, None))
            else:
                named = statement.replication
                if any((statement.reaches, statement.incident, statement.delivered)):
                    named = named or 0
                questions.append(Question(i, assertion.layout, named, statement))
        chosen = tuple(layout for layout in group.layouts if layout in layouts)
        seed, asked_of = group.seed, (chosen, tuple(measures), tuple(questions))
        order = Order(group.path, group.speeds, seed, group.digest, *asked_of)
        asked = {question.replication for question in questions}
        every = bool(measures) or None in asked
        return order, list(range(group.replications)) if every else sorted(n for n in asked if n is not None)

    @property
    def items(self) -> list[tuple[Order, int]]:
        """What to simulate, in order."""
        return [(order, number) for order, numbers in self.orders.values() for number in numbers]

    def take(self, results: Iterator[Part | DispatchError]) -> None:
        """Take the results of this case's items."""
        for group, (_, numbers) in self.orders.items():
            for number in numbers:
                part = next(results)
                if isinstance(part, DispatchError):
                    self.error = self.error or part
                else:
                    self.parts.setdefault(group, {})[number] = part

    def not_run(self) -> CaseResult:
        """Return the result of a case that was left out."""
        left_out = Judgement(Status.NOT_RUN)
        self.result.outcomes = [outcome(assertion, left_out) for assertion in self.case.assertions]
        return self.result

    def finish(self, *, update: bool) -> None:
        """Judge the case when everything is simulated, and write what is to be written."""
        ink = Ink(self.case, self.parts)
        if self.error is None:
            try:
                judgements = [self._judged(i, a, ink) for i, a in enumerate(self.case.assertions)]
                if not self.case.is_written:
                    ink.write_first(first_expectations(self.case, self._seen(0)))
                told = [outcome(*pair) for pair in zip(self.case.assertions, judgements, strict=True)]
                self.result.outcomes = told
                updated = ink.updated(told, self.golden) if update else told
                ink.write()
                self.result.outcomes = updated
                self.result.notes += ink.notes
            except DispatchError as error:  # what was judged is told, but nothing was written
                self.error = error
        self.result.error = self.error

    def _seen(self, group: int) -> Seen:
        return Seen(self.case.groups[group], self.orders[group][0], self.parts[group])

    def _judged(self, number: int, assertion: Assertion, ink: Ink) -> Judgement:
        statement = assertion.statement
        if statement is None:
            return ink.unreviewed()
        seen = self._seen(assertion.group)
        if isinstance(statement, MeasureExpectation):
            return judging.of_measure(assertion, statement, seen)
        if isinstance(statement, Comparison):
            return judging.of_comparison(assertion, statement, seen)
        if isinstance(statement, LogExpectation):
            return judging.of_log(number, statement, seen)
        golden = self.golden[number]
        if number in self.unusable:
            return Judgement(Status.ERROR, self.unusable[number])
        if golden is None:
            return ink.first_golden(number, statement)
        return judging.of_golden(number, statement, golden, seen)
