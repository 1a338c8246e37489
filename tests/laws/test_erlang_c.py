"""Erlang C: calls that queue for c units, exponential service of mean 1 h."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import dispatch
from tests.theory.queueing import erlang_c, mean_wait, wait_tail

from .judging import REPLICATIONS, half_width, holds, replicate
from .worlds import HOUR, Class, one_place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MEASURES = ("incidents.n", "incidents.queued", "queue.mean", "workload.mean", "concurrency.mean")


TAILS = (0.5, 1.0, 2.0)
"""Hours."""


def waiting_longer(seconds: float) -> Callable[[dispatch.Log], float]:
    """How to read, off a log, the share of measured calls that wait longer than so many seconds."""

    def read(log: dispatch.Log) -> float:
        measured = log.timeline.received >= log.scenario.file.warm_up
        waits = (log.incidents.dispatched - log.timeline.ready)[measured]
        return float((waits > seconds).mean())

    return read


# Relative precision of the mean wait by load: waits of a busy queue are strongly correlated, so that it takes
# four times as many calls to halve it. Four times as large a fault is found: 14 % to 36 %. P(wait) is known
# twice as well, the workload to 1 %. On the same luck test_paths.py is exact.
@pytest.mark.parametrize(
    ("servers", "load", "calls", "precision"),
    [(1, 0.3, 6_000, 0.035), (1, 0.7, 8_000, 0.05), (2, 0.8, 6_000, 0.05), (2, 1.3, 8_000, 0.05),
     (5, 2.5, 8_000, 0.09), (5, 4.0, 10_000, 0.08)],
)  # fmt: skip
def test_erlang_c(tmp_path: Path, servers: int, load: float, calls: int, precision: float) -> None:
    """P(wait), mean wait, tail of the wait, workload and calls in system; 120,000 to 200,000 calls each."""
    # a random processing time displaces a Poisson stream into another one, so the law stays
    scenario = one_place(
        tmp_path,
        {"call": Class(load, "{exponential: {mean: 1 h}}")},
        servers,
        hours=200 + calls / load,
        warm_up=200,
        processing="{exponential: {mean: 3 min}}",
        seed=int(10 * load) + servers,
    )
    sample = replicate(scenario, MEASURES, {f"tail {t}": waiting_longer(t * HOUR) for t in TAILS})
    chance = erlang_c(load, servers)
    holds("P(wait)", sample["incidents.queued"] / sample["incidents.n"], chance, precision=precision / 2)
    wait = mean_wait(load / HOUR, HOUR, servers)
    holds("mean wait", sample["queue.mean"], wait, precision=precision)
    for t in TAILS:
        law = wait_tail(t, load, 1.0, servers)
        holds(f"P(W > {t} h)", sample[f"tail {t}"], law, precision=0.015, absolute=True)
    holds("workload", sample["workload.mean"], load / servers, precision=0.01)
    system = load / HOUR * (180.0 + wait + HOUR)  # Little: processing, queue, service
    holds("calls in system", sample["concurrency.mean"], system, precision=precision)


def test_study_tells_the_same_with_its_half_width(tmp_path: Path) -> None:
    """`compare` on the same replications gives the same values to the bit, and Student's half-width."""
    scenario = one_place(tmp_path, {"call": Class(1.2, "{exponential: {mean: 1 h}}")}, 2, hours=1_000)
    sample = replicate(scenario, MEASURES)
    study = dispatch.compare(scenario, ["baseline"], REPLICATIONS, measures=MEASURES)
    for name in MEASURES:
        assert np.array_equal(study.values["baseline"][name], sample[name])
        told = study.estimate("baseline", name)
        assert told.n == REPLICATIONS
        assert told.mean == pytest.approx(float(sample[name].mean()), rel=1e-12)
        assert told.half_width == pytest.approx(half_width(sample[name]), rel=1e-9)


def test_half_width_covers_the_law(tmp_path: Path) -> None:
    """The 95 % interval of studies of 10 replications covers the true workload about 95 times in 100.

    60 studies: 57 are expected, and fewer than 50 would come once in 3,000 times (binomial).
    """
    covered = 0
    for seed in range(60):
        folder = tmp_path / str(seed)
        kind = Class(2.0, "{exponential: {mean: 1 h}}")
        scenario = one_place(
            folder, {"call": kind}, 2, hours=120, warm_up=20, dispatching="{when_none_free: lost}", seed=seed
        )
        study = dispatch.compare(scenario, ["baseline"], 10, measures=["workload.mean"])
        told = study.estimate("baseline", "workload.mean")
        covered += abs(told.mean - 0.6) <= told.half_width  # 2 erlang to 2 units: B = 2/5, (1 - B) 2 / 2
    print(f"{covered} of 60 intervals cover")
    assert covered >= 50
