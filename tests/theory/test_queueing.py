"""The queueing formulae against printed values, hand calculation and chains solved numerically."""

from __future__ import annotations

import heapq
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import integrate, sparse, stats
from scipy.sparse.linalg import spsolve

from .queueing import (
    erlang_b,
    erlang_c,
    mean_wait,
    mean_wait_mg1,
    mg1_priority_mean_waits,
    priority_mean_waits,
    wait_tail,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .hypercube import Floats


def test_erlang_b_by_hand() -> None:
    """1 erlang: (1/2) / (1 + 1 + 1/2) = 1/5 for two servers, (1/6) / (1 + 1 + 1/2 + 1/6) = 1/16 for three."""
    assert erlang_b(1.0, 2) == pytest.approx(1 / 5, rel=1e-14)
    assert erlang_b(1.0, 3) == pytest.approx(1 / 16, rel=1e-14)
    assert erlang_b(3.0, 0) == 1.0
    assert erlang_b(0.0, 4) == 0.0


@pytest.mark.parametrize(("servers", "load"), [(5, 1.361), (10, 4.461), (15, 8.108), (20, 12.03)])
def test_erlang_b_printed_table(servers: int, load: float) -> None:
    """Traffic tables print these loads for 1 % blocking; their four figures fix B to within 0.2 %."""
    assert erlang_b(load, servers) == pytest.approx(0.01, rel=2e-3)


@settings(deadline=None)  # the first call into scipy may take long on a loaded machine
@given(load=st.floats(0.01, 500.0), servers=st.integers(1, 400))
def test_erlang_b_is_a_truncated_poisson_law(load: float, servers: int) -> None:
    """B = P(N = c) / P(N <= c) with N Poisson of mean a, from scipy's incomplete gamma functions."""
    log_reference = float(stats.poisson.logpmf(servers, load) - stats.poisson.logcdf(servers, load))
    assume(log_reference > -600.0 and stats.poisson.cdf(servers, load) > 1e-250)  # else floats run out
    assert math.log(erlang_b(load, servers)) == pytest.approx(log_reference, abs=1e-8)


@pytest.mark.parametrize("load", [0.1, 0.5, 0.9, 0.999])
def test_erlang_c_closed_forms(load: float) -> None:
    """One server: C = rho. Two servers at utilisation rho: C = 2 rho^2 / (1 + rho)."""
    assert erlang_c(load, 1) == pytest.approx(load, rel=1e-12)
    assert erlang_c(2 * load, 2) == pytest.approx(2 * load**2 / (1 + load), rel=1e-12)


def test_eye_clinic() -> None:
    """Textbook clinic: 6 patients/h, 20 min each, 3 doctors.

    a = 2 and p_0 = 1 / (1 + 2 + 2 + (8/6) * 3) = 1/9; C = 4 p_0 = 4/9; L_q = C a / (c - a) = 8/9 patient;
    W = L_q / 6 = 4/27 h = 8 min 53 s.
    """
    assert erlang_c(2.0, 3) == pytest.approx(4 / 9, rel=1e-14)
    assert mean_wait(6.0, 1 / 3, 3) == pytest.approx(4 / 27, rel=1e-14)


@pytest.mark.parametrize("rho", [0.2, 0.7, 0.95])
def test_mean_wait_closed_forms(rho: float) -> None:
    """M/M/1: rho s / (1 - rho). M/M/2: rho^2 s / (1 - rho^2). Here s = 5."""
    assert mean_wait(rho / 5, 5.0, 1) == pytest.approx(5 * rho / (1 - rho), rel=1e-12)
    assert mean_wait(2 * rho / 5, 5.0, 2) == pytest.approx(5 * rho**2 / (1 - rho**2), rel=1e-12)


@pytest.mark.parametrize("t", [0.0, 0.5, 4.0, 20.0])
def test_wait_tail_from_queue_lengths(t: float) -> None:
    """An arrival that finds c + k calls waits for k + 1 departures of a Poisson process of rate c mu.

    P(W > t) = sum_k p_{c+k} P(Poisson(c mu t) <= k), with p from the birth-and-death weights. lambda = 0.5,
    s = 4, c = 3; 200 queue places leave out (2/3)^200 < 1e-35.
    """
    rate, service, servers, places = 0.5, 4.0, 3, 200
    load = rate * service
    weights = [load**n / math.factorial(n) for n in range(servers + 1)]
    for _ in range(places):
        weights.append(weights[-1] * load / servers)
    p = np.array(weights) / sum(weights)
    unfinished = stats.poisson.cdf(np.arange(places + 1), servers * t / service)
    assert wait_tail(t, rate, service, servers) == pytest.approx(float(p[servers:] @ unfinished), rel=1e-10)


def test_wait_tail_integrates_to_mean_wait() -> None:
    """E[W] is the integral of P(W > t) over t >= 0."""
    area, _ = integrate.quad(lambda t: wait_tail(t, 0.55, 7.0, 5), 0.0, math.inf)
    assert mean_wait(0.55, 7.0, 5) == pytest.approx(area, rel=1e-8)


def test_mg1_by_hand() -> None:
    """80 % take 1/12 h exactly, 20 % are exponential of mean 1/6 h, 9 arrive each hour.

    E[S] = 1/15 + 1/30 = 1/10; E[S^2] = 0.8 / 144 + 0.2 * 2 / 36 = 1/60; W = 9 / 60 / (2 * 0.1) = 3/4 h.
    """
    assert mean_wait_mg1(9.0, 0.1, 1 / 60) == pytest.approx(0.75, rel=1e-12)


@pytest.mark.parametrize("rho", [0.1, 0.5, 0.9])
def test_mg1_closed_forms(rho: float) -> None:
    """M/M/1 (E[S^2] = 2 s^2) waits rho s / (1 - rho), and M/D/1 (E[S^2] = s^2) half as long."""
    assert mean_wait_mg1(rho / 3, 3.0, 18.0) == pytest.approx(3 * rho / (1 - rho), rel=1e-12)
    assert mean_wait_mg1(rho / 3, 3.0, 9.0) == pytest.approx(1.5 * rho / (1 - rho), rel=1e-12)


def test_md1_from_chain_at_departures() -> None:
    """M/D/1 solved as the chain of calls left behind by departures, without Pollaczek and Khinchine.

    From n the next departure leaves max(n - 1, 0) + Poisson(rho). The stationary mean is the time-average
    number in system, and Little's law gives the wait. rho = 0.6, s = 1; 150 states leave out < 1e-30.
    """
    rho, size = 0.6, 150
    step = np.zeros((size, size))
    for n in range(size):
        low = max(n - 1, 0)
        step[n, low:] = stats.poisson.pmf(np.arange(size - low), rho)
    system = np.vstack([(step.T - np.eye(size))[:-1], np.ones(size)])
    pi = np.linalg.solve(system, np.append(np.zeros(size - 1), 1.0))
    wait = float(pi @ np.arange(size)) / rho - 1.0
    assert mean_wait_mg1(rho, 1.0, 1.0) == pytest.approx(wait, rel=1e-10)


@pytest.mark.parametrize(("rate", "service", "servers"), [(0.9, 1.0, 1), (0.5, 4.0, 3), (1.9, 4.0, 8)])
def test_priority_obeys_conservation_law(rate: float, service: float, servers: int) -> None:
    """With a common service, priorities move waits between classes but keep their mean over the calls."""
    shares = np.array([0.2, 0.5, 0.3])
    waits = priority_mean_waits(list(rate * shares), service, servers)
    assert shares @ np.array(waits) == pytest.approx(mean_wait(rate, service, servers), rel=1e-12)
    assert waits[0] < waits[1] < waits[2]


def test_priority_by_hand() -> None:
    """M/M/1, s = 1, lambda = (1/4, 1/2): W_0 = 3/4; waits 3/4 / (3/4) = 1 and 3/4 / (3/4 * 1/4) = 4."""
    assert priority_mean_waits([0.25, 0.5], 1.0, 1) == pytest.approx((1.0, 4.0), rel=1e-12)


def _priority_chain(rates: tuple[float, float], servers: int, places: int) -> tuple[float, float]:
    """Mean waits for two classes of an M/M/c with s = 1: its Markov chain cut off at `places` of each class.

    States: 0..c-1 busy servers with no queue, then (q0, q1) waiting while all c are busy.
    """
    lam = sum(rates)
    size = servers + places * places

    def queue(q0: int, q1: int) -> int:
        return servers + q0 * places + q1

    moves = [(n, n + 1, lam) for n in range(servers)]  # n = c - 1 leads to queue(0, 0), which is number c
    moves += [(n, n - 1, float(n)) for n in range(1, servers + 1)]
    for q0 in range(places):
        for q1 in range(places):
            here = queue(q0, q1)
            if q0 + 1 < places:
                moves.append((here, queue(q0 + 1, q1), rates[0]))
            if q1 + 1 < places:
                moves.append((here, queue(q0, q1 + 1), rates[1]))
            if q0 > 0:
                moves.append((here, queue(q0 - 1, q1), float(servers)))
            elif q1 > 0:
                moves.append((here, queue(0, q1 - 1), float(servers)))
    origin, target, rate = (np.array(column) for column in zip(*moves, strict=True))
    flow = sparse.coo_matrix((rate, (target, origin)), shape=(size, size))
    generator = sparse.lil_matrix(flow - sparse.diags(np.asarray(flow.sum(axis=0)).ravel()))
    generator[0, :] = np.ones(size)
    pi = spsolve(generator.tocsc(), np.append(1.0, np.zeros(size - 1)))
    waiting = pi[servers:].reshape(places, places)
    mean0, mean1 = (float(waiting.sum(axis=axis) @ np.arange(places)) for axis in (1, 0))
    return mean0 / rates[0], mean1 / rates[1]


@pytest.mark.parametrize(("rates", "servers"), [((0.2, 0.3), 1), ((0.5, 0.5), 2), ((0.3, 1.4), 3)])
def test_priority_against_markov_chain(rates: tuple[float, float], servers: int) -> None:
    """Cobham's formula against the chain itself; 45 places of each class leave out less than 1e-8."""
    expected = _priority_chain(rates, servers, 45)
    assert priority_mean_waits(rates, 1.0, servers) == pytest.approx(expected, rel=1e-7)


def test_mg1_priority_by_hand() -> None:
    """Class 0 takes 1 exactly, class 1 exponential of mean 2, both at rate 1/4.

    W_0 = (1/4 * 1 + 1/4 * 8) / 2 = 9/8; sigma = 1/4, 3/4; waits 9/8 / (3/4) = 3/2, 9/8 / (3/4 * 1/4) = 6.
    """
    waits = mg1_priority_mean_waits([0.25, 0.25], [1.0, 2.0], [1.0, 8.0])
    assert waits == pytest.approx((1.5, 6.0), rel=1e-12)


def _simulate_priority_single_server(
    rates: Sequence[float], services: Sequence[Callable[[int], Floats]], calls: int, seed: int
) -> list[float]:
    """Mean waits by class from an event loop with one server, which always takes the most urgent call."""
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.exponential(1.0 / sum(rates), calls))
    kinds = rng.choice(len(rates), size=calls, p=np.array(rates) / sum(rates))
    lengths = np.choose(kinds, [draw(calls) for draw in services])
    line: list[tuple[int, int]] = []
    waits = np.zeros(calls)
    clock, arrived = 0.0, 0
    for _ in range(calls):
        if not line:
            clock = max(clock, float(times[arrived]))
        while arrived < calls and times[arrived] <= clock:
            heapq.heappush(line, (int(kinds[arrived]), arrived))
            arrived += 1
        call = heapq.heappop(line)[1]
        waits[call] = clock - times[call]
        clock += float(lengths[call])
    return [float(waits[kinds == kind].mean()) for kind in range(len(rates))]


def test_mg1_priority_against_simulation() -> None:
    """Three classes (constant, exponential, uniform), utilisation 0.65; 300 000 calls, fixed seed.

    The standard error of each mean, from 20 seeds, is at most 1.6 %; 5 % is allowed.
    """
    rng = np.random.default_rng(5)
    rates, means, seconds = [0.1, 0.15, 0.2], [1.0, 1.0, 2.0], [1.0, 2.0, 16 / 3]
    services: list[Callable[[int], Floats]] = [
        lambda n: np.full(n, 1.0),
        lambda n: rng.exponential(1.0, n),
        lambda n: rng.uniform(0.0, 4.0, n),
    ]
    simulated = _simulate_priority_single_server(rates, services, 300_000, seed=11)
    assert simulated == pytest.approx(mg1_priority_mean_waits(rates, means, seconds), rel=0.05)


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: erlang_b(-1.0, 2), "load"),
        (lambda: erlang_b(math.nan, 2), "load"),
        (lambda: erlang_b(math.inf, 2), "load"),
        (lambda: erlang_b(1.0, -1), "servers"),
        (lambda: erlang_c(0.0, 0), "servers"),
        (lambda: erlang_c(2.0, 2), "steady state"),
        (lambda: mean_wait(1.0, 0.0, 2), "mean_service"),
        (lambda: mean_wait(-1.0, 1.0, 2), "arrival_rate"),
        (lambda: wait_tail(-0.1, 1.0, 1.0, 2), "t must"),
        (lambda: mean_wait_mg1(1.0, 1.0, 2.0), "steady state"),
        (lambda: mean_wait_mg1(0.5, 1.0, 0.5), "second moment"),
        (lambda: mean_wait_mg1(0.5, 1.0, math.nan), "second moment"),
        (lambda: priority_mean_waits([], 1.0, 1), "class"),
        (lambda: priority_mean_waits([2.0, -1.0], 1.0, 3), "arrival rate"),
        (lambda: priority_mean_waits([0.6, 0.6], 1.0, 1), "steady state"),
        (lambda: mg1_priority_mean_waits([0.1, 0.1], [1.0], [1.0]), "one length"),
    ],
)
def test_impossible_input_is_refused(call: Callable[[], object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        call()
