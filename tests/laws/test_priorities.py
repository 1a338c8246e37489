"""One or several units serving classes of calls by priority, and one unit with any law of service."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.theory.queueing import mean_wait, mean_wait_mg1, mg1_priority_mean_waits, priority_mean_waits

from .judging import holds, replicate
from .worlds import HOUR, Class, one_place

if TYPE_CHECKING:
    from pathlib import Path

Z90 = 1.2815515655446004
"""The standard normal quantile at 0.9."""


def lognormal(median: float, p90: float) -> tuple[str, float, float]:
    """A lognormal service in hours as the file says it, its mean and its second moment."""
    sigma = math.log(p90 / median) / Z90
    text = f"{{lognormal: {{median: {median * HOUR!r}, p90: {p90 * HOUR!r}}}}}"
    return text, median * math.exp(sigma**2 / 2), median**2 * math.exp(2 * sigma**2)


# The least urgent class waits longest and is known worst: precision of the classes in turn, from 120,000
# calls. Served first come, first served, the first class would wait at least 2.3 times as long.
@pytest.mark.parametrize(
    ("servers", "rates", "precisions"),
    [
        (1, (0.3, 0.4), (0.04, 0.07)),
        (1, (0.2, 0.25, 0.3), (0.04, 0.05, 0.08)),
        (3, (0.6, 0.8, 0.9), (0.05, 0.05, 0.10)),
    ],
)
def test_cobham(
    tmp_path: Path, servers: int, rates: tuple[float, ...], precisions: tuple[float, ...]
) -> None:
    """Mean wait by class of an M/M/c queue with non-preemptive priority, read by type and by priority."""
    # names run against urgency, so that no order by name could pass for one by priority
    classes = {
        f"type-{9 - k}": Class(rate, "{exponential: {mean: 1 h}}", priority=2 * k + 1)
        for k, rate in enumerate(rates)
    }
    scenario = one_place(
        tmp_path,
        classes,
        servers,
        hours=300 + 6_000 / sum(rates),
        warm_up=300,
        seed=10 * servers + len(rates),
    )
    by_type = [f"queue.mean[type={name}]" for name in classes]
    by_priority = [f"queue.mean[priority={kind.priority}]" for kind in classes.values()]
    sample = replicate(scenario, [*by_type, *by_priority, "queue.mean"])
    laws = priority_mean_waits([rate / HOUR for rate in rates], HOUR, servers)
    for name, also, law, precision in zip(by_type, by_priority, laws, precisions, strict=True):
        holds(name, sample[name], law, precision=precision)
        assert np.array_equal(sample[name], sample[also])
    # Kleinrock's conservation law: the mean over all calls is that of first come, first served
    holds("mean wait", sample["queue.mean"], mean_wait(sum(rates) / HOUR, HOUR, servers), precision=0.07)


FIXED = ("1 h", 1.0, 1.0)
WIDE, NARROW = lognormal(0.6, 2.0), lognormal(0.8, 1.6)


@pytest.mark.parametrize(
    ("service", "rate", "precision"),
    [(FIXED, 0.4, 0.025), (FIXED, 0.75, 0.04), (WIDE, 0.4, 0.07), (NARROW, 0.7, 0.06)],
    ids=["fixed-0.4", "fixed-0.75", "lognormal-wide", "lognormal-narrow"],
)  # fmt: skip
def test_pollaczek_khinchine(
    tmp_path: Path, service: tuple[str, float, float], rate: float, precision: float
) -> None:
    """Mean wait for one unit with fixed and lognormal service; 120,000 calls.

    The fixed service waits half as long as an exponential one, the wide lognormal 1.7 times as long.
    """
    text, mean, second = service
    scenario = one_place(tmp_path, {"call": Class(rate, text)}, 1, hours=300 + 6_000 / rate, warm_up=300)
    sample = replicate(scenario, ("incidents.n", "incidents.queued", "queue.mean", "workload.mean"))
    holds("mean wait", sample["queue.mean"], mean_wait_mg1(rate, mean, second) * HOUR, precision=precision)
    share = sample["incidents.queued"] / sample["incidents.n"]
    holds("P(wait)", share, rate * mean, precision=0.02)  # arrivals see the utilisation
    holds("workload", sample["workload.mean"], rate * mean, precision=0.02)


def test_one_unit_with_a_service_for_each_class(tmp_path: Path) -> None:
    """Cobham's M/G/1: fixed, lognormal, exponential from the most to the least urgent; 140,000 calls."""
    text, mean, second = lognormal(0.5, 1.5)
    rates, means, seconds = [0.5, 0.4, 0.1], [0.3, mean, 2.0], [0.09, second, 8.0]
    classes = {
        "z-urgent": Class(rates[0], "18 min", priority=1),
        "m-middle": Class(rates[1], text, priority=2),
        "a-late": Class(rates[2], "{exponential: {mean: 2 h}}", priority=3),
    }
    scenario = one_place(tmp_path, classes, 1, hours=7_300, warm_up=300)
    names = [f"queue.mean[type={name}]" for name in classes]
    sample = replicate(scenario, [*names, "workload.mean"])
    laws = mg1_priority_mean_waits(rates, means, seconds)
    for name, law, precision in zip(names, laws, (0.05, 0.06, 0.09), strict=True):
        holds(name, sample[name], law * HOUR, precision=precision)
    load = sum(rate * m for rate, m in zip(rates, means, strict=True))
    holds("workload", sample["workload.mean"], load, precision=0.02)
