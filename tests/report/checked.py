"""Checks made by hand: what came of cases that nobody simulated."""

from __future__ import annotations

from typing import Any

from dispatch.errors import DispatchError, Problem, ScenarioError
from dispatch.regression.divergence import Divergence, first_divergence
from dispatch.regression.events import ALERTED, CLEAR, EN_ROUTE, READY, RECEIVED, Event
from dispatch.regression.outcomes import CaseResult, CheckResult, LogDifference, Outcome, Status

NEAREST = "scenarios/regression/nearest"
CELL = "plan-2020,seed=2,speeds=observed"
STARTED = [
    Event(0.0, RECEIVED, "fire-0", "", "fire at a, priority 1"),
    Event(60.0, READY, "fire-0", "", "fire at a, priority 1"),
    Event(60.0, ALERTED, "fire-0", "E1", "engine"),
    Event(120.0, EN_ROUTE, "fire-0", "E1", "engine"),
    Event(300.0, RECEIVED, "fire-1", "", "fire at b, priority 1"),
    Event(360.5, READY, "fire-1", "", "fire at b, priority 1"),
]
EXPECTED = [
    *STARTED,
    Event(360.5, ALERTED, "fire-1", "E2", "engine"),
    Event(900.0, CLEAR, "fire-1", "E2", ""),
]
NOW = [*STARTED, Event(360.5, ALERTED, "fire-1", "E3", "engine, from the road")]


def parted(expected: list[Event] = EXPECTED, now: list[Event] = NOW) -> Divergence:
    found = first_divergence(expected, now)
    assert found is not None
    return found


def outcome(
    status: Status = Status.PASSED,
    what: str = "total.first.p90[zone=north] <=",
    *,
    case: str = NEAREST,
    cell: str = CELL,
    **more: Any,
) -> Outcome:
    more = {"place": f"{case.rsplit('/', 1)[-1]}.expected.yaml:12 assertions[3]", "unit": "s", **more}
    return Outcome(f"{case}::{cell}::{what}", cell, what, status, **more)


def late(status: Status = Status.FAILED, **more: Any) -> Outcome:
    told: dict[str, Any] = {
        "message": "expected ≤ 480 s, got 512 s (unit E3, incident 7)",
        "why": "the plan is to bring the first unit within eight minutes",
        "expected": 480.0,
        "observed": 512.0,
    }
    return outcome(status, **told | more)


def golden(inputs: tuple[str, ...] = ("dispatch",), status: Status = Status.FAILED, **more: Any) -> Outcome:
    message = "the log parts from nearest.golden at event 7"
    difference = LogDifference(parted(), inputs, 0)
    return outcome(status, "golden nearest.golden", message=message, unit="", difference=difference, **more)


def case(*outcomes: Outcome, name: str = NEAREST, **more: Any) -> CaseResult:
    told = {"title": "Nearest unit · 最近的车", "seconds": 1.23456, "cells": 2, **more}
    return CaseResult(name, f"{name}.expected.yaml", outcomes=list(outcomes), **told)


def unreadable(name: str = "scenarios/broken", count: int = 2) -> CaseResult:
    problems = [
        Problem(f"broken.yaml:{i} units", "no such type", "Known: engine.") for i in range(1, count + 1)
    ]
    return case(name=name, title="", error=ScenarioError(problems), cells=0)


def everything() -> CheckResult:
    """Return a check in which there is one of everything."""
    changed = outcome(
        Status.UPDATED, "queue.mean ==", message="expected 10 s, got 12 s", expected=10.0, observed=12.0,
        change=("10", "12"),
    )  # fmt: skip
    refused = outcome(Status.ERROR, "busy <=", message="a tolerance of 3 is wider than the range", unit="1")
    compared = outcome(
        Status.WARNING, "total.first.mean lower", message="expected lower than baseline, got +12 s",
        observed=12.0, why="两个新站应当更快", case="情景/北区",
    )  # fmt: skip
    first = case(
        outcome(), late(), golden(), changed, refused, notes=["nearest.expected.yaml: 1 value updated."]
    )
    second = case(
        outcome(case="情景/北区"),
        compared,
        outcome(Status.NOT_RUN, case="情景/北区"),
        name="情景/北区",
        cells=1,
    )
    whole = case(outcome(case="scenarios/well"), name="scenarios/well", title="All is well", cells=1)
    return CheckResult([first, second, whole, unreadable()], deselected=3)


def stopped(error: DispatchError) -> CheckResult:
    return CheckResult([case(error=error)], interrupted=True)
