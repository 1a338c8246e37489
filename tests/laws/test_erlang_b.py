"""Erlang B: calls that find all c units busy are lost, as many for every law of service of one mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.theory.queueing import erlang_b

from .judging import holds, replicate
from .worlds import HOUR, Class, one_place

if TYPE_CHECKING:
    from pathlib import Path

# All of mean 1 h; squared coefficients of variation 0, 1/9, 0.33, 1, 1.8, 4 and 5.
SERVICES = {
    "fixed": "1 h",
    "erlang-9": "{erlang: {mean: 60 min, stages: 9}}",
    "uniform": "{uniform: {low: 0 s, high: 2 h}}",
    "exponential": "{exponential: {mean: 1 h}}",
    # median exp(-sigma^2/2) h and p90 = median exp(1.2815515655446004 sigma), with sigma = 1
    "lognormal": "{lognormal: {median: 2183.5103749655562 s, p90: 7864.7612364622564 s}}",
    "gamma": "{gamma: {mean: 1 h, shape: 0.25}}",
    # 0.9 * 0.5 h + 0.1 * 5.5 h = 1 h; second moment 2 (0.9 * 0.25 + 0.1 * 30.25) = 6.5
    "hyperexponential": "{hyperexponential: {means: [30 min, 5.5 h], weights: [9, 1]}}",
}
MEASURES = (
    "incidents.n", "incidents.lost", "responses.n", "workload.mean", "workload.max", "concurrency.mean",
)  # fmt: skip


# 60,000 calls each: the lost share is known to 4 % (of 6 units to 12 %) of itself, so that a dependence of
# 16 % (48 %) on the law of service is found. Room for one waiting call would lower it by 40 % or more.
@pytest.mark.parametrize(
    ("service", "servers", "load", "precision"),
    [(service, 3, 2.0, 0.04) for service in SERVICES]
    + [(service, 1, 0.5, 0.03) for service in ("fixed", "exponential", "hyperexponential")]
    + [(service, 6, 3.0, 0.12) for service in ("fixed", "lognormal", "hyperexponential")],
)
def test_insensitivity(tmp_path: Path, service: str, servers: int, load: float, precision: float) -> None:
    scenario = one_place(
        tmp_path,
        {"call": Class(load, SERVICES[service])},
        servers,
        hours=60 + 3_000 / load,
        warm_up=60,
        dispatching="{when_none_free: lost}",
        seed=servers,
    )
    sample = replicate(scenario, MEASURES)
    share = erlang_b(load, servers)
    holds("lost share", sample["incidents.lost"] / sample["incidents.n"], share, precision=precision)
    served = sample["responses.n"] / sample["incidents.n"]
    assert served == pytest.approx(1.0 - sample["incidents.lost"] / sample["incidents.n"], abs=1e-12)
    carried = load * (1.0 - share)
    holds("workload", sample["workload.mean"], carried / servers, precision=0.03)
    holds("calls in system", sample["concurrency.mean"], carried, precision=0.03)


def test_shared_units_lose_alike_by_class(tmp_path: Path) -> None:
    """Poisson calls see time averages: two classes with different services lose the same share."""
    classes = {
        "short": Class(3.0, "{exponential: {mean: 20 min}}", priority=2),
        "long": Class(0.5, "2 h", priority=1),
    }
    scenario = one_place(tmp_path, classes, 3, hours=1_200, warm_up=60, dispatching="{when_none_free: lost}")
    names = [f"incidents.{what}[type={kind}]" for what in ("n", "lost") for kind in classes]
    sample = replicate(scenario, names)
    share = erlang_b(3.0 / 3 + 0.5 * 2, 3)
    for kind in classes:
        lost = sample[f"incidents.lost[type={kind}]"] / sample[f"incidents.n[type={kind}]"]
        holds(f"lost share of {kind}", lost, share, precision=0.035)


def test_overflow_to_mutual_aid(tmp_path: Path) -> None:
    """What the own units would lose goes to mutual aid, and no call is delayed: M/G/infinity in all."""
    load, servers = 3.0, 3
    scenario = one_place(
        tmp_path,
        {"call": Class(load, "{erlang: {mean: 1 h, stages: 2}}")},
        servers,
        hours=1_200,
        warm_up=60,
        dispatching="{when_none_free: mutual_aid, mutual_aid: {delay: 0 s}}",
    )
    names = ("incidents.n", "incidents.lost", "responses.n", "mutual_aid.unit_hours", "concurrency.mean")
    sample = replicate(scenario, [*names, "responses.share[station=S]", "workload.mean"])
    share = erlang_b(load, servers)
    assert (sample["incidents.lost"] == 0).all()
    assert (sample["responses.n"] == sample["incidents.n"]).all()
    holds("own share", sample["responses.share[station=S]"], 1.0 - share, precision=0.015)
    hours = sample["mutual_aid.unit_hours"] / (scenario.file.horizon - scenario.file.warm_up) * HOUR
    holds("outside units at work", hours, load * share, precision=0.04)
    holds("own workload", sample["workload.mean"], load * (1.0 - share) / servers, precision=0.015)
    holds("calls in system", sample["concurrency.mean"], load, precision=0.015)
