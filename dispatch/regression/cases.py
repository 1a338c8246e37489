"""Cases unfolded: every expectation in every cell of the matrix is one assertion."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING

from dispatch.errors import UsageError
from dispatch.model.expectations import (
    Comparison,
    GoldenLog,
    LogExpectation,
    MeasureExpectation,
    ProfileClause,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from dispatch.errors import DispatchError
    from dispatch.io.yaml_source import Path_, YamlDocument
    from dispatch.model.expectations import ExpectedFile
    from dispatch.regression.discovery import Found

Statement = MeasureExpectation | Comparison | LogExpectation | GoldenLog

REVIEWED = "reviewed"
"""Name of the assertion that a person has looked at what was written from observed values."""


@dataclass(frozen=True, slots=True)
class Group:
    """What is simulated together: a scenario with one speed set and one seed, in several layouts."""

    path: Path
    speeds: str
    seed: int
    layouts: tuple[str, ...]
    replications: int
    digest: str
    """Of the scenario as it was read."""
    named: str = ""
    """The scenario as the matrix names it; "" where it is the case's own."""
    label: tuple[str, ...] = ()
    """What tells its cells from those of other groups: ``seed=2``, ``speeds=observed``."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """One expectation in one cell of the matrix."""

    id: str
    cell: str
    what: str
    place: str
    """``town.expected.yaml:12 assertions[3]``."""
    where: Path_
    """Where it stands in the file: ``("assertions", 3)``."""
    statement: Statement | None
    """None for the demand that the file be reviewed."""
    group: int = 0
    """Index into the case's groups."""
    layout: str = ""
    unit: str = ""
    """Unit of its measure, or ``s``."""
    span: tuple[float, float] = (0.0, inf)
    """Range in which its measure can lie."""


@dataclass(slots=True)
class Case:
    """Expectations with their scenarios, ready to be checked, or why they are not."""

    found: Found
    title: str = ""
    document: YamlDocument | None = None
    file: ExpectedFile | None = None
    """None where there are no expectations yet."""
    groups: tuple[Group, ...] = ()
    assertions: tuple[Assertion, ...] = ()
    headline: tuple[str, ...] = ()
    """Measures that the scenario asks for, where there are no expectations yet."""
    unfolded: Counter[Path_] = field(default_factory=Counter)
    """In how many cells each expectation holds, whether they have been selected or not."""
    notes: list[str] = field(default_factory=list)
    """What loading the scenario had to say about old files."""
    error: DispatchError | None = None

    @property
    def name(self) -> str:
        """Path of the case as given, without endings."""
        return self.found.name

    @property
    def is_written(self) -> bool:
        """Whether there are expectations."""
        return self.file is not None

    @property
    def cells(self) -> int:
        """How many cells its matrix has."""
        return sum(len(group.layouts) for group in self.groups)


def select(cases: Iterable[Case], wanted: Callable[[str], bool]) -> tuple[list[Case], int]:
    """Return the cases with only those assertions whose ids are wanted, and how many were left out.

    Cases without any are dropped; those with an error stay, because nobody knows what they hold. Raises
    UsageError for ids of the command line that nothing has.
    """
    kept: list[Case] = []
    left_out = 0
    for case in cases:
        for part in case.found.only:
            if case.error is None and not any(_is_part(part, a.id) for a in case.assertions):
                message = f"{part}: no assertion has this id, or begins with it."
                raise UsageError(message, hint="--collect-only lists the ids.")
        chosen = tuple(
            a
            for a in case.assertions
            if wanted(a.id) and (not case.found.only or any(_is_part(part, a.id) for part in case.found.only))
        )
        left_out += len(case.assertions) - len(chosen)
        if chosen or case.error is not None:
            kept.append(replace(case, assertions=chosen))
    return kept, left_out


def _is_part(part: str, identity: str) -> bool:
    """Whether an id is the one named, or lies in the cell that is named."""
    return identity == part or identity.startswith(f"{part}::")


def named(statement: Statement) -> str:
    """Return what an expectation is about, without its value: the name stays when the value moves."""
    if isinstance(statement, MeasureExpectation):
        profile = f"{statement.profile}: " if isinstance(statement, ProfileClause) else ""
        return f"{profile}{statement.measure} {statement.op}"
    if isinstance(statement, Comparison):
        than = "as" if statement.direction == "same" else "than"
        return f"{statement.measure} {statement.direction} {than} {statement.against}"
    if isinstance(statement, GoldenLog):
        return f"golden log {statement.file}"
    if statement.reaches is not None:
        return f"{statement.unit} reaches {statement.reaches}"
    if statement.level is not None:
        return f"level {statement.level} at {statement.incident}"
    return _of_log(statement)


def _of_log(statement: LogExpectation) -> str:
    if statement.stock_never_below is not None:
        limit = statement.stock_never_below
        return f"stock of {limit.item} at {limit.depot} never below"
    if statement.delivered is not None:
        return f"{statement.delivered.item} delivered to {statement.delivered.incident}"
    if statement.mass_balance:
        return "mass balance"
    return "no double assignment" if statement.no_double_assignment else "stock never negative"
