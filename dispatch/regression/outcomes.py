"""What came of checking: an outcome for every assertion, gathered by case."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dispatch.errors import DispatchError
    from dispatch.regression.divergence import Divergence


class Status(StrEnum):
    """How an assertion ended."""

    PASSED = "passed"
    FAILED = "failed"
    WARNING = "warning"
    """Broken, but its severity is ``warning``."""
    UPDATED = "updated"
    """Broken, and the expectation was rewritten to what was observed."""
    ERROR = "error"
    """Refused: it cannot be judged, or it cannot fail."""
    NOT_RUN = "not run"
    """Left out because a person stopped the check, or ``--exitfirst`` did."""


@dataclass(frozen=True, slots=True)
class LogDifference:
    """A log that is not the golden one: where they part, and which inputs differ."""

    divergence: Divergence
    """The first of the two logs is the expected one."""
    inputs: tuple[str, ...]
    """Names of differing inputs, in order; empty when all are equal."""
    replication: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one assertion in one cell of the matrix."""

    id: str
    """``case::cell::what``, unique in a check and the same from run to run."""
    cell: str
    """``plan-2020``, ``plan-2020,seed=2,speeds=observed``: the cell in which it was judged."""
    what: str
    """What is asserted, without its value: ``total.first.p90[zone=north] <=``."""
    status: Status
    place: str
    """``town.expected.yaml:12 assertions[3]``."""
    message: str = ""
    """One line: ``expected ≤ 480 s, got 512 s (unit E3, incident 7)``; empty when it passed."""
    why: str = ""
    """The reason that the file gives for the expectation."""
    expected: float | None = None
    """The value in the measure's unit, where there is one."""
    observed: float | None = None
    unit: str = ""
    """``s``, ``share``, ``h`` or ``1``, where there are values."""
    change: tuple[str, str] | None = None
    """Old and new text in the file, where it was updated."""
    difference: LogDifference | None = None
    """For golden logs."""


@dataclass(slots=True)
class CaseResult:
    """What came of one case."""

    name: str
    """Path of the case as given, without endings: ``scenarios/regression/nearest``."""
    file: str
    """Path of the expectations file as given."""
    title: str = ""
    """The scenario's title."""
    outcomes: list[Outcome] = field(default_factory=list)
    error: DispatchError | None = None
    """Why the case could not be run at all."""
    notes: list[str] = field(default_factory=list)
    """What was written or updated, in sentences."""
    seconds: float = 0.0
    """Wall-clock time spent; for people, never compared."""
    cells: int = 0
    """Cells of the matrix."""

    @property
    def exit_code(self) -> int:
        """0 where all is as expected, 1 where an expectation is broken, 2 where something was refused."""
        if self.error is not None:
            return self.error.exit_code
        if any(outcome.status is Status.ERROR for outcome in self.outcomes):
            return 2
        return int(any(outcome.status is Status.FAILED for outcome in self.outcomes))


@dataclass(slots=True)
class CheckResult:
    """What came of all cases."""

    cases: list[CaseResult] = field(default_factory=list)
    deselected: int = 0
    """Assertions that the selection left out."""
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """The greatest of the cases' codes."""
        return max((case.exit_code for case in self.cases), default=0)

    def count(self, status: Status) -> int:
        """Return how many assertions ended in a way; a case that could not be run is one error."""
        whole = sum(case.error is not None for case in self.cases) if status is Status.ERROR else 0
        return whole + sum(outcome.status is status for case in self.cases for outcome in case.outcomes)
