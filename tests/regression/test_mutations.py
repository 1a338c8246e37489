"""Programming errors are caught by the shipped set, and the golden logs say where to look."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dispatch.regression.cases import select
from dispatch.regression.checking import check
from dispatch.regression.outcomes import Status
from dispatch.regression.reading import collect
from tests.regression import mutations
from tests.regression.mutations import MUTATIONS, Mutation

if TYPE_CHECKING:
    from dispatch.regression.outcomes import CheckResult

SHIPPED = Path(__file__).parents[2] / "scenarios" / "regression"
NAMES = [mutation.name for mutation in MUTATIONS]


def _golden_logs() -> CheckResult:
    """Check the golden logs of the whole set."""
    cases, _ = select(collect([str(SHIPPED)]), lambda assertion: "::golden log" in assertion)
    return check(cases)


def _assertions(case: str) -> CheckResult:
    """Check what a person has asserted of one case, without its golden log."""
    cases, _ = select(collect([str(SHIPPED / f"{case}.yaml")]), lambda each: "::golden log" not in each)
    return check(cases)


def test_ten_errors_at_least_one_for_every_case() -> None:
    written = {
        function
        for name, function in inspect.getmembers(mutations, inspect.isfunction)
        if function.__module__ == mutations.__name__ and not name.startswith("_")
    }
    assert {mutation.apply for mutation in MUTATIONS} == written
    assert len(set(NAMES)) == len(MUTATIONS) >= 10
    cases = {Path(case.name).name for case in collect([str(SHIPPED)])}
    assert {mutation.case for mutation in MUTATIONS} == cases


@pytest.mark.parametrize("mutation", MUTATIONS, ids=NAMES)
def test_an_error_is_caught_and_located(mutation: Mutation) -> None:
    with pytest.MonkeyPatch.context() as patch:
        mutation.apply(patch)
        result = _golden_logs()
    assert result.exit_code == 1
    broken = {Path(case.name).name: outcome for case in result.cases for outcome in case.outcomes
              if outcome.status is Status.FAILED}  # fmt: skip
    assert mutation.case in broken
    difference = broken[mutation.case].difference
    assert difference is not None
    assert difference.inputs == ()  # nothing that a person wrote has changed: it is the program
    first, second = difference.divergence.first, difference.divergence.second
    kind = min(event for event in (first, second) if event is not None).kind
    assert kind == mutation.kind, (first, second)
    assert mutation.fits(first, second), (first, second)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=NAMES)
def test_an_error_breaks_what_a_person_asserted(mutation: Mutation) -> None:
    """Golden logs are not needed to catch it, only to locate it."""
    with pytest.MonkeyPatch.context() as patch:
        mutation.apply(patch)
        result = _assertions(mutation.case)
    assert result.exit_code == 1
    assert result.count(Status.FAILED) > 0
    assert result.count(Status.ERROR) == 0


def test_without_errors_all_is_as_before() -> None:
    """Also after all of them have been there: they leave nothing behind."""
    for mutation in MUTATIONS:
        with pytest.MonkeyPatch.context() as patch:
            mutation.apply(patch)
            assert _assertions(mutation.case).exit_code == 1
    result = check(collect([str(SHIPPED)]))
    assert result.exit_code == 0
    assert result.count(Status.PASSED) == sum(len(case.outcomes) for case in result.cases)
