"""One replication of a group of cells: simulated, measured, and looked at for what the log should hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from dispatch.composition import simulate
from dispatch.engine.board import MARGIN
from dispatch.engine.fleet import Fleet
from dispatch.errors import DispatchError
from dispatch.regression.events import events_of
from dispatch.regression.finding import Finding, numbered
from dispatch.regression.golden import rounded
from dispatch.regression.ledgers import of_supplies
from dispatch.regression.provenance import fingerprints
from dispatch.study.measures import Worst, compile_measures
from dispatch.study.opening import load_again
from dispatch.study.view import LogView
from dispatch.timeline import draw

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from dispatch.engine.log import Log
    from dispatch.model.expectations import LogExpectation
    from dispatch.regression.events import Event
    from dispatch.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Question:
    """Something to be looked up in a log."""

    number: int
    """Of the assertion."""
    layout: str
    replication: int | None
    """None for every replication."""
    statement: LogExpectation | None
    """None for the events themselves, as a golden log needs them."""


@dataclass(frozen=True, slots=True)
class Order:
    """What has to be simulated of a group: small enough to be sent to another process."""

    path: Path
    speeds: str
    seed: int
    digest: str
    """Of the scenario as it was read when the check began."""
    layouts: tuple[str, ...]
    measures: tuple[str, ...]
    questions: tuple[Question, ...] = ()


@dataclass(slots=True)
class Part:
    """One replication of a group."""

    values: NDArray[np.float64]
    """Measures [layout, measure]."""
    counted: NDArray[np.int64]
    """How many calls each measure was taken over; 1 where it has a value whatever comes [layout, measure]."""
    worst: dict[tuple[str, str], Worst] = field(default_factory=dict)
    """(layout, measure) → the longest interval behind it."""
    findings: dict[int, Finding] = field(default_factory=dict)
    """By assertion."""
    events: dict[int, list[Event]] = field(default_factory=dict)
    """By assertion, with times as in golden logs."""
    inputs: dict[int, dict[str, str]] = field(default_factory=dict)
    """Fingerprints of what those events depend on, by assertion."""


def simulate_part(item: tuple[Order, int]) -> Part | DispatchError:
    """Simulate one replication of a group; an error of ours is returned, so that other cases go on."""
    order, replication = item
    try:
        return _worker(order).part(replication)
    except DispatchError as error:
        return error


@lru_cache(maxsize=1)
def _worker(order: Order) -> _Worker:
    """Return what this process keeps from one replication to the next."""
    return _Worker(order)


@lru_cache(maxsize=1)
def _scenario(path: Path, speeds: str, digest: str) -> Scenario:
    """Return the scenario of a group, which other seeds share."""
    return load_again(path, digest, speeds=speeds, doing="checked", remedy="Check again.")


def forget() -> None:
    """Let go of what this process kept, so that a later check reads everything anew."""
    _worker.cache_clear()
    _scenario.cache_clear()


class _Worker:
    """Simulates the replications of one group."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.scenario = _scenario(order.path, order.speeds, order.digest).with_seed(order.seed)
        self._measures = compile_measures(self.scenario, order.measures)
        self._fleets = {
            name: Fleet(self.scenario, self.scenario.layouts[name]) for name in order.layouts
        }  # fmt: skip

    def part(self, replication: int) -> Part:
        shape = (len(self.order.layouts), len(self._measures))
        part = Part(np.empty(shape), np.zeros(shape, dtype=np.int64))
        timeline = draw(self.scenario, replication)
        for i, layout in enumerate(self.order.layouts):
            log = simulate(self.scenario, layout, timeline, fleet=self._fleets[layout])
            view = LogView(log)
            for j, measure in enumerate(self._measures):
                part.values[i, j] = measure.read(view)
                part.counted[i, j] = 1 if measure.counted is None else measure.counted(view)
                worst = measure.worst(view) if measure.worst is not None else None
                if worst is not None:
                    part.worst[layout, measure.name] = worst
            for question in self.order.questions:
                if question.layout == layout and question.replication in (None, replication):
                    self._answer(question, log, part)
        return part

    def _answer(self, question: Question, log: Log, part: Part) -> None:
        statement = question.statement
        if statement is None:
            part.events[question.number] = rounded(events_of(log))
            part.inputs[question.number] = {
                **fingerprints(self.scenario),
                "layout": question.layout,
                "replication": str(question.replication),
            }
        elif statement.reaches is not None:
            part.findings[question.number] = reaching(log, statement)
        elif statement.level is not None:
            part.findings[question.number] = rising(log, statement)
        elif statement.no_double_assignment:
            part.findings[question.number] = double_assignment(log)
        else:
            part.findings[question.number] = of_supplies(log, statement)


def reaching(log: Log, statement: LogExpectation) -> Finding:
    """Return whether a unit reached an incident in time."""
    assert statement.reaches is not None
    assert statement.unit is not None
    assert statement.within is not None
    call = numbered(log, statement.reaches)
    if isinstance(call, Finding):
        return call
    unit = log.fleet.ids.index(statement.unit)
    r = log.responses
    came = r.on_scene[(r.incident == call) & (r.unit == unit) & ~np.isnan(r.on_scene)]
    who = f"unit {statement.unit}, incident {statement.reaches}"
    limit = f"expected ≤ {statement.within:g} s"
    if not len(came):
        others = sorted({log.fleet.ids[u] for u in r.unit[(r.incident == call) & (r.unit >= 0)].tolist()})
        instead = f"; sent were {', '.join(others)}" if others else ""
        return Finding(holds=False, message=f"{limit}, it never came ({who}{instead})")
    seconds = float(came.min() - log.timeline.received[call])
    in_time = seconds <= statement.within + MARGIN
    return Finding(in_time, f"{limit}, got {seconds:.6g} s ({who})", observed=seconds)


def rising(log: Log, statement: LogExpectation) -> Finding:
    """Return whether an incident had an alarm level in time."""
    assert statement.incident is not None
    assert statement.level is not None
    assert statement.by is not None
    call = numbered(log, statement.incident)
    if isinstance(call, Finding):
        return call
    received = float(log.timeline.received[call])
    steps = [(0.0, int(log.timeline.level[call]))]
    steps += [(each.moment - received, each.after) for each in log.raises if each.incident == call]
    by, wanted = statement.by, statement.level
    then = max(level for seconds, level in steps if seconds <= by + MARGIN)
    reached = next((seconds for seconds, level in steps if level >= wanted), None)
    later = "never came" if reached is None else f"came after {reached:.6g} s"
    limit = f"expected level ≥ {wanted} by {by:g} s"
    message = f"{limit}, got {then}; level {wanted} {later} (incident {statement.incident})"
    return Finding(then >= wanted, message, observed=reached)


def double_assignment(log: Log) -> Finding:
    """Return whether every unit was free of one response before it was alerted for the next."""
    r = log.responses
    own = np.flatnonzero(r.unit >= 0)
    if not len(own):
        return Finding(holds=False, message="no unit was sent at all, so that it cannot fail", refused=True)
    order = own[np.lexsort((own, r.alerted[own], r.unit[own]))]
    unit, alerted = r.unit[order], r.alerted[order]
    free = np.nan_to_num(r.available[order], nan=np.inf)
    broken = np.flatnonzero((unit[1:] == unit[:-1]) & (alerted[1:] < free[:-1] - MARGIN))
    if not len(broken):
        return Finding(holds=True)
    at = int(broken[0])
    first, second = (
        log.timeline.incident_id(int(r.incident[row]), log.scenario.kinds) for row in order[at : at + 2]
    )
    until = f"until {free[at]:.6g} s" if np.isfinite(free[at]) else "to the end"
    message = (
        f"unit {log.fleet.ids[unit[at]]} was sent to {second} at {alerted[at + 1]:.6g} s, "
        f"while {first} held it {until}"
    )
    return Finding(holds=False, message=message)
