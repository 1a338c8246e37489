"""The hypercube solver against printed results, hand calculation, Erlang's formulae and a simulation."""

from __future__ import annotations

import dataclasses
import heapq
from collections import deque
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray

from .hypercube import Capacity, Floats, solve_hypercube, stationary
from .queueing import erlang_b, erlang_c, mean_wait

if TYPE_CHECKING:
    from collections.abc import Callable

Ints = NDArray[np.intp]
System = tuple[list[float], list[tuple[int, ...]], list[float]]


def _random_system(seed: int, units: int, zones: int, *, partial: bool) -> System:
    """A system with unequal rates: load 0.7 of the total service rate, lists of random order (and length)."""
    rng = np.random.default_rng(seed)
    services = rng.uniform(0.5, 2.0, units)
    arrivals = rng.uniform(0.1, 1.0, zones)
    arrivals *= 0.7 * services.sum() / arrivals.sum()
    lengths = rng.integers(1, units + 1, zones) if partial else np.full(zones, units)
    lists = [tuple(int(u) for u in rng.permutation(units)[:length]) for length in lengths]
    return list(arrivals), lists, list(services)


def _generator(system: System, places: int = 0) -> Floats:
    """Generator written from the rules alone: subsets of busy units, then `places` states with a queue.

    A separate code path from the solver: the busy units are a Python set, and each queue length is a state.
    """
    arrivals, preferences, services = system
    units = len(services)
    full = 2**units - 1
    q = np.zeros((full + 1 + places, full + 1 + places))
    for state in range(full + 1):
        busy = {u for u in range(units) if (state // 2**u) % 2}
        for zone, listed in enumerate(preferences):
            free = [u for u in listed if u not in busy]
            if free:
                q[state, state + 2 ** free[0]] += arrivals[zone]
        for u in busy:
            q[state, state - 2**u] += services[u]
    for k in range(places):
        q[full + k, full + k + 1] += sum(arrivals)
        q[full + k + 1, full + k] += sum(services)
    q -= np.diag(q.sum(axis=1))
    return q


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize(("units", "zones"), [(2, 3), (3, 10), (5, 6), (8, 12)])
def test_flow_balance_of_every_state(units: int, zones: int, partial: bool) -> None:
    """Flow in equals flow out of each of the 2^U states to 1e-12, and the states sum to 1."""
    system = _random_system(units, units, zones, partial=partial)
    state = solve_hypercube(*system, "loss").state
    assert np.abs(state @ _generator(system)).max() < 1e-12
    assert state.sum() == pytest.approx(1.0, abs=1e-13)
    assert state.min() >= 0.0
    assert state.max() < 1.0


@pytest.mark.parametrize(("units", "zones"), [(2, 3), (3, 4), (5, 6)])
def test_queue_against_chain_with_explicit_queue(units: int, zones: int) -> None:
    """Unequal service rates: the whole chain with 120 queue states solved by LU, 0.7^120 < 1e-18 left out."""
    places = 120
    system = _random_system(40 + units, units, zones, partial=False)
    q = _generator(system, places)
    pi = np.linalg.solve(np.vstack([q.T[:-1], np.ones(len(q))]), np.append(np.zeros(len(q) - 1), 1.0))
    full = 2**units - 1
    solved = solve_hypercube(*system, "queue")
    assert solved.state[:-1] == pytest.approx(pi[:full], abs=1e-13)
    assert solved.state[-1] == pytest.approx(pi[full:].sum(), abs=1e-12)
    assert solved.wait_probability == pytest.approx(pi[full:].sum(), abs=1e-12)
    assert solved.queue_probability == pytest.approx(pi[full + 1 :].sum(), abs=1e-12)
    waiting = float(pi[full:] @ np.arange(places + 1))
    assert solved.mean_wait == pytest.approx(waiting / sum(system[0]), rel=1e-10)  # Little's law


def test_larson_odoni_three_servers() -> None:
    """Urban Operations Research, sections 5.4.3 and 5.4.4: three units, infinite line, lambda = 1.5, mu = 1.

    Primary areas carry 0.75, 0.35 and 0.40; area 1 is split in atoms 1, 2 (backup unit 2) and 4 (backup unit
    3), areas 2 and 3 are backed up by unit 1; atoms with one list are pooled here. The rates of atoms 1, 2
    and 4 are in a figure not at hand: 0.25 each is inferred from the printed f_11 and rho_2 - rho_3, so these
    two are no independent evidence; the other values are. Printed: workloads 0.5574, 0.4734, 0.4693;
    P'_Q = 0.23684; interresponse share 0.43529, a sum of rounded f_nj, so 1e-4 is allowed; f_11 = 8.7 %.
    """
    lists = [(0, 1, 2), (0, 1, 2), (0, 2, 1), (1, 0, 2), (2, 0, 1)]
    solved = solve_hypercube([0.25, 0.25, 0.25, 0.35, 0.40], lists, [1.0, 1.0, 1.0], "queue")
    assert solved.workloads == pytest.approx([0.5574, 0.4734, 0.4693], abs=5e-5)
    assert solved.wait_probability == pytest.approx(0.23684, abs=5e-6)
    assert solved.interdistrict_share == pytest.approx(0.43529, abs=1e-4)
    assert solved.dispatch[0, 0] == pytest.approx(0.087, abs=5e-4)


def test_two_units_by_hand() -> None:
    """Zero line, zones a (units 0, 1) and b (units 1, 0), equal mu; x = a + b.

    With P_ij (i: unit 0 busy, j: unit 1 busy) the balance equations are
        P_00 x = mu (P_10 + P_01),            2 mu P_11 = x (P_10 + P_01),
        P_10 (x + mu) = a P_00 + mu P_11,     P_01 (x + mu) = b P_00 + mu P_11.
    The first two give P_11 = x^2 / (2 mu^2) P_00, and then
        P_10 = (a + x^2 / (2 mu)) / (x + mu) P_00,    P_01 = (b + x^2 / (2 mu)) / (x + mu) P_00.
    For a = 1, b = 2, mu = 3: P_11 = P_00 / 2, P_10 = 5/12 P_00, P_01 = 7/12 P_00, P_00 = 2/5.
    Unit 0 goes to a in P_00 and P_01, unit 1 to b in P_00 and P_10; only P_11 = 1/5 loses a call.
    """
    p00, p10, p01, p11 = (Fraction(2, 5) * k for k in (1, Fraction(5, 12), Fraction(7, 12), Fraction(1, 2)))
    served = 3 * (1 - p11)
    dispatch = [[(p00 + p01) / served, 2 * p01 / served], [p10 / served, 2 * (p00 + p10) / served]]
    solved = solve_hypercube([1.0, 2.0], [(0, 1), (1, 0)], [3.0, 3.0], "loss")
    assert solved.state == pytest.approx([float(p) for p in (p00, p10, p01, p11)], abs=1e-15)
    assert solved.workloads == pytest.approx([float(p10 + p11), float(p01 + p11)], abs=1e-15)
    assert solved.dispatch == pytest.approx(np.array(dispatch, dtype=float), abs=1e-15)
    assert solved.lost_share == pytest.approx(float(p11), abs=1e-15)
    assert solved.interdistrict_share == pytest.approx(float((2 * p01 + p10) / served), abs=1e-15)
    assert (solved.wait_probability, solved.mean_wait, solved.queue_probability) == (0.0, 0.0, 0.0)


def test_two_unequal_units_with_queue_by_hand() -> None:
    """One zone, list (0, 1), lambda = 1, mu = (1, 2), infinite line.

    Balance: P_00 = P_10 + 2 P_01; 3 P_01 = P_11 (from 01 a call goes to unit 0, or unit 1 frees; into it only
    unit 0 frees from 11); 3 P_11 = P_10 + P_01 (the cut above one busy unit, here P_11 without a queue).
    In units of P_01: P_11 = 3, P_10 = 8, P_00 = 10. rho = 1/3, so "all busy" weighs 3 / (1 - 1/3) = 9/2 and
    the sum is 47/2. P(wait) = 9/47, of which a queue 3/47; mean wait 9/47 / (3 - 1) = 9/94.
    Unit 0 gets P_00 + P_01 = 22/47 at once and 1/3 of the waiting 9/47: 25/47; unit 1 gets 16/47 + 6/47.
    """
    solved = solve_hypercube([1.0], [(0, 1)], [1.0, 2.0], "queue")
    assert solved.state == pytest.approx([20 / 47, 16 / 47, 2 / 47, 9 / 47], abs=1e-15)
    assert solved.queue_probability == pytest.approx(3 / 47, abs=1e-15)
    assert solved.mean_wait == pytest.approx(9 / 94, abs=1e-15)
    assert solved.dispatch[:, 0] == pytest.approx([25 / 47, 22 / 47], abs=1e-15)
    assert solved.interdistrict_share == pytest.approx(22 / 47, abs=1e-15)
    assert solved.workloads == pytest.approx([25 / 47, 11 / 47], abs=1e-15)


@pytest.mark.parametrize("units", [1, 2, 4, 7])
def test_equal_units_with_complete_lists_are_erlangs_systems(units: int) -> None:
    """Which unit goes does not matter for the number busy: Erlang B for loss, Erlang C for the queue."""
    arrivals, lists, _ = _random_system(units, units, 5, partial=False)
    service = sum(arrivals) / (0.7 * units)
    load = sum(arrivals) / service
    loss = solve_hypercube(arrivals, lists, [service] * units, "loss")
    queue = solve_hypercube(arrivals, lists, [service] * units, "queue")
    assert loss.lost_share == pytest.approx(erlang_b(load, units), rel=1e-12)
    assert queue.wait_probability == pytest.approx(erlang_c(load, units), rel=1e-12)
    assert queue.queue_probability == pytest.approx(0.7 * erlang_c(load, units), rel=1e-12)
    assert queue.mean_wait == pytest.approx(mean_wait(sum(arrivals), 1 / service, units), rel=1e-12)
    assert queue.lost_share == 0.0


def test_tiny_probabilities_keep_their_precision() -> None:
    """At 1e-4 erlang all six units are busy with probability 1e-24 / 720: far below the rounding of 1."""
    solved = solve_hypercube([1e-4], [(0, 1, 2, 3, 4, 5)], [1.0] * 6, "loss")
    assert solved.lost_share == pytest.approx(erlang_b(1e-4, 6), rel=1e-12, abs=0.0)


def test_ordered_hunt_by_palms_overflow_recursion() -> None:
    """One zone, unequal units tried in order: the overflow of each unit is a renewal stream (Palm, Takacs).

    With phi the Laplace transform of the time between calls offered to a unit of rate mu, the share
    phi(mu) overflows, and the overflow has phi'(s) = phi(s + mu) / (1 - phi(s) + phi(s + mu)).
    """
    rate, services = 2.0, [1.5, 0.7, 2.2, 1.0]

    def overflow(phi: Callable[[float], float], mu: float) -> Callable[[float], float]:
        return lambda s: phi(s + mu) / (1.0 - phi(s) + phi(s + mu))

    def poisson(s: float) -> float:
        return rate / (rate + s)

    transform: Callable[[float], float] = poisson
    offered, workloads = rate, []
    for mu in services:
        passed = offered * transform(mu)
        workloads.append((offered - passed) / mu)
        offered, transform = passed, overflow(transform, mu)
    solved = solve_hypercube([rate], [(0, 1, 2, 3)], services, "loss")
    assert solved.workloads == pytest.approx(workloads, rel=1e-12)
    assert solved.lost_share == pytest.approx(offered / rate, rel=1e-12)
    assert solved.interdistrict_share == pytest.approx(
        1.0 - workloads[0] * services[0] / (rate - offered), rel=1e-12
    )


def test_separate_districts_are_independent() -> None:
    """Each zone with its own unit alone: independent M/M/1/1, product form; a unit on no list stays idle."""
    arrivals, services = [0.5, 1.0, 3.0], [1.0, 2.0, 1.0, 1.0]
    busy = np.array([a / (a + mu) for a, mu in zip(arrivals, services, strict=False)] + [0.0])
    solved = solve_hypercube(arrivals, [(0,), (1,), (2,)], services, "loss")
    product = [np.prod([busy[u] if state >> u & 1 else 1 - busy[u] for u in range(4)]) for state in range(16)]
    assert solved.workloads == pytest.approx(busy, abs=1e-14)
    assert solved.state == pytest.approx(product, abs=1e-14)
    assert solved.lost_share == pytest.approx(float(np.dot(arrivals, busy[:3])) / 4.5, rel=1e-12)
    assert solved.interdistrict_share == pytest.approx(0.0, abs=1e-14)


@pytest.mark.parametrize("capacity", ["loss", "queue"])
def test_ring_is_symmetric(capacity: Capacity) -> None:
    """Four equal zones on a ring, lists turned by one place each: all units alike, dispatches turn too."""
    lists = [(0, 1, 3, 2), (1, 2, 0, 3), (2, 3, 1, 0), (3, 0, 2, 1)]
    solved = solve_hypercube([0.6] * 4, lists, [1.0] * 4, capacity)
    expected = 0.6 if capacity == "queue" else 0.6 * (1 - erlang_b(2.4, 4))
    assert solved.workloads == pytest.approx(np.full(4, expected), abs=1e-13)
    assert np.roll(solved.dispatch, (1, 1), axis=(0, 1)) == pytest.approx(solved.dispatch, abs=1e-13)
    assert solved.dispatch[0, 0] > solved.dispatch[1, 0] > solved.dispatch[3, 0] > solved.dispatch[2, 0]


@pytest.mark.parametrize("capacity", ["loss", "queue"])
def test_names_of_units_do_not_matter(capacity: Capacity) -> None:
    """Renaming units and reordering zones renames and reorders the answer, nothing else."""
    arrivals, lists, services = _random_system(3, 4, 5, partial=capacity == "loss")
    # new unit i is old unit[i], and zones likewise
    unit, zone = np.array([2, 0, 3, 1]), np.array([4, 2, 0, 1, 3])
    new_name = np.argsort(unit)
    renamed = solve_hypercube(
        np.array(arrivals)[zone],
        [tuple(int(new_name[u]) for u in lists[z]) for z in zone],
        np.array(services)[unit],
        capacity,
    )
    solved = solve_hypercube(arrivals, lists, services, capacity)
    assert renamed.workloads == pytest.approx(solved.workloads[unit], abs=1e-13)
    assert renamed.dispatch == pytest.approx(solved.dispatch[np.ix_(unit, zone)], abs=1e-13)
    assert renamed.lost_share == pytest.approx(solved.lost_share, abs=1e-13)
    assert renamed.mean_wait == pytest.approx(solved.mean_wait, abs=1e-13)
    assert renamed.interdistrict_share == pytest.approx(solved.interdistrict_share, abs=1e-13)


@pytest.mark.parametrize(("capacity", "partial"), [("loss", True), ("loss", False), ("queue", False)])
def test_work_done_is_work_sent(capacity: Capacity, partial: bool) -> None:
    """Little's law for each unit: workload = dispatches per unit of time / mu.

    With complete lists every zone is served in proportion to its calls.
    """
    system = _random_system(17, 5, 7, partial=partial)
    arrivals, services = np.array(system[0]), np.array(system[2])
    solved = solve_hypercube(*system, capacity)
    sent = arrivals.sum() * (1 - solved.lost_share) * solved.dispatch.sum(axis=1)
    assert solved.workloads == pytest.approx(sent / services, rel=1e-12)
    assert solved.dispatch.sum() == pytest.approx(1.0, abs=1e-14)
    if not partial:
        assert solved.dispatch.sum(axis=0) == pytest.approx(arrivals / arrivals.sum(), rel=1e-12)


def _play(system: System, times: Floats, zones: Ints, work: Floats, *, queue: bool) -> tuple[Ints, Floats]:
    """Unit (-1: lost) and start of service of each call, from a line and release times alone."""
    _, preferences, services = system
    unit_of, start = np.full(len(times), -1), times.copy()
    free = set(range(len(services)))
    releases: list[tuple[float, int]] = []
    line: deque[int] = deque()

    def send(unit: int, call: int, now: float) -> None:
        unit_of[call], start[call] = unit, now
        heapq.heappush(releases, (now + work[call] / services[unit], unit))

    for call, now in enumerate(times):
        while releases and releases[0][0] <= now:
            released, unit = heapq.heappop(releases)
            if line:
                send(unit, line.popleft(), released)
            else:
                free.add(unit)
        unit = next((u for u in preferences[zones[call]] if u in free), -1)
        if unit >= 0:
            free.remove(unit)
            send(unit, call, now)
        elif queue:
            line.append(call)
    return unit_of, start


def _simulate(system: System, capacity: Capacity, calls: int, seed: int) -> dict[str, Any]:
    """Event simulation of individual calls, with no states and no transition rates; results as shares."""
    arrivals, preferences, services = system
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.exponential(1.0 / sum(arrivals), calls))
    zones = rng.choice(len(arrivals), size=calls, p=np.array(arrivals) / sum(arrivals))
    work = rng.exponential(1.0, calls)
    unit_of, start = _play(system, times, zones, work, queue=capacity == "queue")
    # the handful of calls still in line when the last one arrives count as lost; 2e-5 of all at most
    sent = unit_of >= 0
    table = np.zeros((len(services), len(arrivals)))
    np.add.at(table, (unit_of[sent], zones[sent]), 1.0)
    busy = np.bincount(unit_of[sent], weights=work[sent], minlength=len(services)) / np.array(services)
    first = np.array([listed[0] for listed in preferences])[zones]
    return {
        "workloads": busy / times[-1],
        "dispatch": table / table.sum(),
        "lost_share": float(np.mean(~sent)),
        "wait_probability": float(np.mean(start > times)),
        "mean_wait": float(np.mean(start - times)),
        "interdistrict_share": float(np.mean(unit_of[sent] != first[sent])),
    }


@pytest.mark.parametrize(("capacity", "partial"), [("loss", True), ("queue", False)])
def test_against_event_simulation(capacity: Capacity, partial: bool) -> None:
    """Three unequal units, four zones, 600 000 calls, fixed seed: shares within 0.008, mean wait within 6 %.

    That is four standard deviations, which over 20 seeds came to 0.002 (shares) and 1.4 % (mean wait).
    """
    system = _random_system(8, 3, 4, partial=partial)
    solved = dataclasses.asdict(solve_hypercube(*system, capacity))
    simulated = _simulate(system, capacity, 600_000, seed=2024)
    wait = simulated.pop("mean_wait")
    assert wait == pytest.approx(solved["mean_wait"], rel=0.06)
    for name, value in simulated.items():
        assert value == pytest.approx(solved[name], abs=0.008), name


def test_stationary_of_a_cycle() -> None:
    """0 -> 1 -> 2 -> 0 with rates 1, 2, 4 stays in each state in proportion to 1, 1/2, 1/4."""
    cycle = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 2.0], [4.0, 0.0, 0.0]])
    assert stationary(cycle) == pytest.approx([4 / 7, 2 / 7, 1 / 7], abs=1e-15)


@pytest.mark.parametrize(
    ("arrivals", "lists", "services", "capacity", "complaint"),
    [
        ([0.0], [(0,)], [1.0], "loss", "arrival rates"),
        ([-1.0, 2.0], [(0,), (0,)], [1.0], "loss", "arrival rates"),
        ([1.0], [(0,)], [], "loss", "units"),
        ([1.0], [(0,)], [1.0] * 11, "loss", "units"),
        ([1.0], [(0,)], [0.0], "loss", "service rates"),
        ([1.0], [(0,), (0,)], [1.0], "loss", "one preference list"),
        ([1.0], [()], [1.0], "loss", "empty"),
        ([1.0], [(0, 0)], [1.0, 1.0], "loss", "repeats"),
        ([1.0], [(2,)], [1.0, 1.0], "loss", "unknown"),
        ([1.0], [(0,)], [1.0, 1.0], "queue", "every unit"),
        ([1.0], [(0,)], [1.0], "queue", "steady state"),
        ([1.0], [(0,)], [1.0], "lose", "capacity"),
    ],
)
def test_impossible_input_is_refused(
    arrivals: list[float], lists: list[tuple[int, ...]], services: list[float], capacity: Any, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        solve_hypercube(arrivals, lists, services, capacity)
