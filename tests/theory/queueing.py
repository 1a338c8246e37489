"""Closed formulae of classical queueing theory, the yardstick for simulated waits and losses.

Every function wants rates and times in one common unit of time (say 1/min and min); loads are in erlang,
that is arrival rate times mean service time, a pure number.

Sources:
    [GH]  D. Gross, J. F. Shortle, J. M. Thompson, C. M. Harris, Fundamentals of Queueing Theory, Wiley.
    [K]   L. Kleinrock, Queueing Systems, vol. I (1975) and vol. II (1976), Wiley.
    [C]   A. Cobham, Priority assignment in waiting line problems, Operations Research 2 (1954) 70-76.
"""

from __future__ import annotations

import math
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def _require(name: str, value: float, *, zero_allowed: bool = True) -> None:
    """Raise ValueError unless `value` is finite and not negative (or, on request, positive)."""
    if not (math.isfinite(value) and (value > 0.0 or (zero_allowed and value == 0.0))):
        raise ValueError(f"{name} must be finite and {'>= 0' if zero_allowed else '> 0'}, got {value}")


def _require_steady(load: float, servers: int) -> None:
    """Raise ValueError where the queue would grow for ever, so that no mean exists."""
    if load >= servers:
        raise ValueError(f"no steady state: {load} erlang offered to {servers} server(s)")


def erlang_b(load: float, servers: int) -> float:
    """Probability that an M/G/c/c system is full, so that an arriving call is lost.

    B(a, c) = (a^c / c!) / sum_{k=0..c} a^k / k!, computed by the recursion
    B(a, k) = a B(a, k-1) / (k + a B(a, k-1)) with B(a, 0) = 1, which neither overflows nor cancels.
    `load` a in erlang. It depends on the service law through its mean only. Source: [GH] on M/G/c/c.
    """
    _require("load", load)
    if servers < 0:
        raise ValueError(f"servers must be >= 0, got {servers}")
    blocking = 1.0
    for k in range(1, servers + 1):
        blocking = load * blocking / (k + load * blocking)
    return blocking


def erlang_c(load: float, servers: int) -> float:
    """Probability that a call to an M/M/c system has to wait.

    C(a, c) = c B / (c - a (1 - B)) with B = erlang_b(a, c) and a < c erlang. Source: [K] vol. I, ch. 3.
    """
    _require("load", load)
    if servers < 1:
        raise ValueError(f"servers must be >= 1, got {servers}")
    _require_steady(load, servers)
    blocking = erlang_b(load, servers)
    return servers * blocking / (servers - load * (1.0 - blocking))


def mean_wait(arrival_rate: float, mean_service: float, servers: int) -> float:
    """Mean time in the queue of M/M/c over all calls, those served at once included (unit of `mean_service`).

    W = C(a, c) s / (c - a), a = lambda s. Source: [GH] on M/M/c.
    """
    _require("arrival_rate", arrival_rate)
    _require("mean_service", mean_service, zero_allowed=False)
    load = arrival_rate * mean_service
    return erlang_c(load, servers) * mean_service / (servers - load)


def wait_tail(t: float, arrival_rate: float, mean_service: float, servers: int) -> float:
    """P(W > t) for the time in queue W of M/M/c served first come, first served.

    P(W > t) = C(a, c) exp(-(c - a) t / s), a = lambda s, for t >= 0. Source: [GH] on M/M/c waiting times.
    """
    _require("t", t)
    _require("arrival_rate", arrival_rate)
    _require("mean_service", mean_service, zero_allowed=False)
    load = arrival_rate * mean_service
    return erlang_c(load, servers) * math.exp(-(servers - load) * t / mean_service)


def mean_wait_mg1(arrival_rate: float, mean: float, second_moment: float) -> float:
    """Mean time in the queue of M/G/1, any service law (Pollaczek-Khinchine).

    W = lambda E[S^2] / (2 (1 - lambda E[S])); `second_moment` E[S^2] in time^2. Source: [K] vol. I, ch. 5.
    """
    return mg1_priority_mean_waits([arrival_rate], [mean], [second_moment])[0]


def _cobham(residual: float, utilisations: Sequence[float]) -> tuple[float, ...]:
    """Mean wait of each class under non-preemptive priority, class 0 first.

    W_k = W_0 / ((1 - sigma_{k-1}) (1 - sigma_k)), sigma_k = sum of the utilisations of the classes 0..k.
    `residual` W_0 is the mean time from an arrival to the first service that could begin for it if nobody
    else were waiting. Source: [C]; [K] vol. II, ch. 3.
    """
    sigma = accumulate(utilisations, initial=0.0)
    return tuple(residual / ((1.0 - above) * (1.0 - including)) for above, including in pairwise(sigma))


def priority_mean_waits(
    arrival_rates: Sequence[float], mean_service: float, servers: int
) -> tuple[float, ...]:
    """Mean time in queue of each class of an M/M/c with head-of-line priority, nobody interrupted.

    Cobham's formula with W_0 = C(a, c) s / c: with probability C all servers are busy, and then the next one
    frees after s / c on average. Each class adds lambda_k s / c to sigma. Class 0 is served first; within a
    class first come, first served; the exponential service is common to all classes. Source: [C].
    """
    if not arrival_rates:
        raise ValueError("at least one class is needed")
    for rate in arrival_rates:
        _require("arrival rate", rate)
    _require("mean_service", mean_service, zero_allowed=False)
    waiting = erlang_c(math.fsum(arrival_rates) * mean_service, servers)
    return _cobham(
        waiting * mean_service / servers, [rate * mean_service / servers for rate in arrival_rates]
    )


def mg1_priority_mean_waits(
    rates: Sequence[float], means: Sequence[float], second_moments: Sequence[float]
) -> tuple[float, ...]:
    """Mean time in queue of each class of an M/G/1 with non-preemptive priority and a service law per class.

    Cobham's formula with W_0 = sum_i lambda_i E[S_i^2] / 2, the mean residual service found by an arrival.
    Class 0 is served first. `means` in time, `second_moments` in time^2. Source: [C]; [K] vol. II, ch. 3.
    """
    if not rates or not len(rates) == len(means) == len(second_moments):
        raise ValueError("rates, means and second moments must be of one length, at least 1")
    for rate, mean, second in zip(rates, means, second_moments, strict=True):
        _require("arrival rate", rate)
        _require("mean service", mean, zero_allowed=False)
        # a variance below zero betrays a variance or standard deviation passed for the second moment;
        # the slack is for a deterministic service whose square was rounded
        if not second >= mean * mean * (1.0 - 1e-12):
            raise ValueError(f"second moment {second} is below the square of the mean {mean}")
    loads = [rate * mean for rate, mean in zip(rates, means, strict=True)]
    _require_steady(math.fsum(loads), 1)
    residual = math.fsum(rate * second for rate, second in zip(rates, second_moments, strict=True)) / 2.0
    return _cobham(residual, loads)
