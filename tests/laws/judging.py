"""How a simulated number is held against its law.

A law holds if the mean over the replications lies within `ALLOWED` half-widths of theory, and that half-width
is small enough to mean something. With 32 replications 2.5 half-widths (95 %) are 5.1 standard errors: right
code fails once in 20,000 times when its luck is redrawn (Student, 31 degrees of freedom), and a fault that
moves the number by 4 half-widths passes once in 400 times. Each call of `holds` states the half-width that it
demands, hence its power: a fault of four times that precision is found. Seeds are fixed, so that a test that
passes goes on passing until the luck or the model changes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

import dispatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Floats = NDArray[np.float64]

REPLICATIONS = 32
ALLOWED = 2.5


@dataclass(frozen=True)
class Sample:
    """One value of each measure for each replication."""

    values: dict[str, Floats]

    def __getitem__(self, name: str) -> Floats:
        return self.values[name]


def replicate(
    scenario: dispatch.Scenario,
    measures: Iterable[str],
    own: dict[str, Callable[[dispatch.Log], float]] | None = None,
    replications: int = REPLICATIONS,
) -> Sample:
    """Simulate replications 0, 1, …, and read measures, and numbers of our own, off each log.

    The books of every log are checked on the way (Little's law as an identity).
    """
    names, rows = list(measures), []
    for replication in range(replications):
        log = dispatch.simulate(scenario, "baseline", dispatch.draw(scenario, replication))
        check_books(log)
        mine = {name: read(log) for name, read in (own or {}).items()}
        rows.append({**dispatch.measure(log, names), **mine})
    return Sample({name: np.array([row[name] for row in rows]) for name in rows[0]})


def half_width(values: Floats) -> float:
    """Half of the 95 % confidence interval of the mean (Student)."""
    n = len(values)
    return float(stats.t.ppf(0.975, n - 1) * values.std(ddof=1) / math.sqrt(n))


def holds(what: str, values: Floats, law: float, *, precision: float, absolute: bool = False) -> None:
    """Assert a law: close to theory, and known to `precision` (relative, or else in the number's unit)."""
    mean, half = float(values.mean()), half_width(values)
    print(f"{what}: {mean:.6g} ± {half:.2g}, law {law:.6g}, off by {(mean - law) / half:+.2f} half-widths")
    assert half <= precision * (1.0 if absolute else abs(law)), f"{what} is not known well enough"
    assert abs(mean - law) <= ALLOWED * half, f"{what}: {mean:.6g} ± {half:.2g} against {law:.6g}"


def near(what: str, value: float, law: float, error: float, *, allowed: float = 4.0) -> None:
    """Assert that one number lies within `allowed` (4: once in 16,000) standard errors of theory."""
    print(f"{what}: {value:.6g}, law {law:.6g}, off by {(value - law) / error:+.2f} standard errors")
    assert abs(value - law) <= allowed * error, f"{what}: {value:.6g} against {law:.6g}, error {error:.2g}"


def spans(log: dispatch.Log) -> tuple[Floats, Floats]:
    """Return when each call came and when it left the system: closed, or given up when it was ready."""
    left = np.where(log.incidents.lost > 0, log.timeline.ready, log.incidents.closed)
    assert not np.isnan(left).any(), "a call that never left the system"
    return log.timeline.received, left


def area(begin: Floats, end: Floats, low: float, high: float) -> float:
    """Integral of the number present over [low, high]: the area under the staircase of ins and outs."""
    times = np.concatenate([begin, end])
    steps = np.repeat([1.0, -1.0], len(begin))
    order = np.argsort(times, kind="stable")
    corners = np.clip(np.concatenate([times[order], [high]]), low, high)
    return float(np.cumsum(steps[order]) @ np.diff(corners))


def check_books(log: dispatch.Log) -> None:
    """Assert Little's law as an identity on one log, for the calls and for the units.

    Over a window of T seconds, L T = sum of the times in system of the calls that came in it
    + what was left to those present at its start - what was left to those present at its end.
    """
    low, high = log.scenario.file.warm_up, log.scenario.file.horizon
    got = dispatch.measure(log, ["concurrency.mean", "workload.mean", "incidents.n"])
    come, left = spans(log)
    assert (left >= come).all()
    inside = come >= low
    rate = got["incidents.n"] / (high - low)
    edge = np.maximum(left[~inside] - low, 0.0).sum() - np.maximum(left - high, 0.0).sum()
    little = rate * (left - come)[inside].mean() + edge / (high - low)
    assert got["concurrency.mean"] == pytest.approx(little, rel=1e-9)
    assert got["concurrency.mean"] == pytest.approx(area(come, left, low, high) / (high - low), rel=1e-6)
    r = log.responses
    own = r.unit >= 0
    busy = area(r.alerted[own], r.available[own], low, high) / (high - low)
    assert got["workload.mean"] == pytest.approx(busy / len(log.fleet), rel=1e-6)
