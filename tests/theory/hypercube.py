"""Larson's hypercube queueing model, solved exactly as a continuous-time Markov chain.

A state tells which of U units are busy, hence the 2^U corners of a cube. State number s has unit u busy
exactly if bit u of s is set: 0 is "all free", 2^U - 1 is "all busy". Calls arise in zone z as a Poisson
stream of rate lambda_z; a call takes the first free unit of its zone's preference list. Unit u is busy for an
exponential time of rate mu_u, wherever it was sent. Rates are per unit of time, waits in that unit.

Sources:
    [L]   R. C. Larson, A hypercube queuing model for facility location and redistricting in urban emergency
          services, Computers & Operations Research 1 (1974) 67-95.
    [LO]  R. C. Larson, A. R. Odoni, Urban Operations Research, Prentice-Hall 1981, sections 5.3 and 5.4.
    [GTH] W. K. Grassmann, M. I. Taksar, D. P. Heyman, Regenerative analysis and steady state distributions
          for Markov chains, Operations Research 33 (1985) 1107-1116.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats: TypeAlias = NDArray[np.float64]
Capacity: TypeAlias = Literal["loss", "queue"]
Preferences: TypeAlias = "Sequence[tuple[int, ...]]"

MAX_UNITS = 10  # 1024 states: the dense elimination below still takes about a second


@dataclass(frozen=True)
class Hypercube:
    """Steady state of a hypercube system with U units and Z zones.

    workloads: U, share of time each unit is busy.
    dispatch: U x Z, share of all dispatches that send unit u to zone z; sums to 1, lost calls left out.
    lost_share: share of calls lost (0 with a queue).
    wait_probability: share of calls that wait (0 without a queue).
    mean_wait: mean time in queue over all calls, those served at once included (0 without a queue).
    interdistrict_share: share of dispatches not made by the zone's first preference, queued calls included.
    state: 2^U probabilities by set of busy units; the last one includes the time a queue exists.
    queue_probability: share of time that at least one call waits (0 without a queue), part of state[-1].
    """

    workloads: Floats
    dispatch: Floats
    lost_share: float
    wait_probability: float
    mean_wait: float
    interdistrict_share: float
    state: Floats
    queue_probability: float


def solve_hypercube(
    arrival_rates: Sequence[float] | Floats,
    preferences: Preferences,
    service_rates: Sequence[float] | Floats,
    capacity: Capacity,
) -> Hypercube:
    """Exact steady state ([L]; [LO] 5.4).

    arrival_rates: Z calls per unit of time. preferences: for each zone the units in order of preference,
    complete for "queue". service_rates: U, 1 / mean time busy. capacity: "loss" (zero line: a call that finds
    all listed units busy is lost) or "queue" (infinite line, first come, first served: the unit that frees
    while calls wait takes the head of the line, wherever that call is).
    """
    arrivals = np.asarray(arrival_rates, dtype=np.float64)
    services = np.asarray(service_rates, dtype=np.float64)
    _check(arrivals, preferences, services, capacity)
    choice = first_free(preferences, len(services))
    corners = stationary(cube_rates(arrivals, choice, services))
    spare = float(services.sum() - arrivals.sum())
    state, queued = _with_queue(corners, float(arrivals.sum()) / spare if capacity == "queue" else 0.0)
    # state[-1] counts every moment at which all units are busy, whether or not a call waits already
    waits = float(state[-1]) if capacity == "queue" else 0.0
    flow = _immediate_flow(arrivals, choice, state) + waits * np.outer(services / services.sum(), arrivals)
    dispatch = flow / flow.sum()
    return Hypercube(
        workloads=state @ _busy(len(services)),
        dispatch=dispatch,
        lost_share=_lost(arrivals, choice, state) if capacity == "loss" else 0.0,
        wait_probability=waits,
        # who waits does so behind a geometric queue cleared at rate M: exponential, 1 / (M - L) on average
        mean_wait=waits / spare if capacity == "queue" else 0.0,
        interdistrict_share=_not_first(dispatch, preferences),
        state=state,
        queue_probability=queued,
    )


def first_free(preferences: Preferences, units: int) -> NDArray[np.intp]:
    """The unit sent to zone z in state s, as a 2^U x Z array; -1 where every listed unit is busy."""
    return np.array(
        [
            [next((u for u in listed if not state >> u & 1), -1) for listed in preferences]
            for state in range(1 << units)
        ],
        dtype=np.intp,
    )


def cube_rates(arrivals: Floats, choice: NDArray[np.intp], services: Floats) -> Floats:
    """Transition rates among the corners of the cube, a 2^U x 2^U array with a diagonal of zeros.

    Up, from s to s with u busy: the sum of lambda_z over the zones whose first free unit is u.
    Down, from s to s with u free: mu_u. Calls that find nobody change no corner: they are lost, or wait.
    """
    size = len(choice)
    rates = np.zeros((size, size))
    for state in range(size):
        for zone, unit in enumerate(choice[state]):
            if unit >= 0:
                rates[state, state | 1 << int(unit)] += arrivals[zone]
        for unit, service in enumerate(services):
            if state >> unit & 1:
                rates[state, state ^ 1 << unit] = service
    return rates


def stationary(rates: Floats) -> Floats:
    """Stationary distribution of a chain with the given rates off the diagonal, summing to 1 ([GTH]).

    States are eliminated from the last to the second, without any subtraction, so that even tiny
    probabilities keep full relative precision. From every state but 0 a lower number must be
    reachable in one step, as it is in the cube, where a busy unit frees. States never entered then rightly
    get probability 0.
    """
    work = np.array(rates, dtype=np.float64)
    np.fill_diagonal(work, 0.0)
    for last in range(len(work) - 1, 0, -1):
        work[:last, last] /= work[last, :last].sum()
        work[:last, :last] += np.outer(work[:last, last], work[last, :last])
    weight = np.ones(len(work))
    for state in range(1, len(work)):
        weight[state] = weight[:state] @ work[:state, state]
    return np.asarray(weight / weight.sum(), dtype=np.float64)


def _with_queue(corners: Floats, queue_weight: float) -> tuple[Floats, float]:
    """Corner probabilities with the queue added to the last one, and the probability of a queue.

    With all units busy and k calls waiting, calls arrive at rate L = sum lambda and leave the queue at rate
    M = sum mu, whichever unit frees; the units stay busy. The cut between k and k + 1 waiting gives
    P(full, k + 1) = (L / M) P(full, k), also if the mu_u differ, and no balance equation of a corner is
    altered. So the corners keep the proportions of the loss system, and the queue adds
    P(full, 0) L / (M - L), whose factor is `queue_weight` (0 without a queue; [LO] 5.4.3 for equal mu).
    """
    waiting = float(corners[-1]) * queue_weight
    state = corners.copy()
    state[-1] += waiting
    return state / (1.0 + waiting), waiting / (1.0 + waiting)


def _immediate_flow(arrivals: Floats, choice: NDArray[np.intp], state: Floats) -> Floats:
    """Dispatches per unit of time of unit u to zone z made on arrival of the call, U x Z.

    lambda_z times the probability of the states in which u is the first free unit of z (calls see time
    averages, the arrivals being Poisson).
    """
    units = len(choice).bit_length() - 1
    return np.stack([arrivals * (state @ (choice == unit)) for unit in range(units)])


def _lost(arrivals: Floats, choice: NDArray[np.intp], state: Floats) -> float:
    """Share of calls whose listed units are all busy: sum of lambda_z P(nobody for z) / sum of lambda_z."""
    return float((state @ (choice < 0)) @ arrivals / arrivals.sum())


def _not_first(dispatch: Floats, preferences: Preferences) -> float:
    """Share of dispatches whose unit is not the first on the list of its zone."""
    backup = np.ones_like(dispatch)
    backup[[listed[0] for listed in preferences], np.arange(len(preferences))] = 0.0
    return float((dispatch * backup).sum())


def _busy(units: int) -> Floats:
    """Matrix 2^U x U: 1 where the unit is busy in the state."""
    return (np.arange(1 << units)[:, None] >> np.arange(units) & 1).astype(np.float64)


def _check(arrivals: Floats, preferences: Preferences, services: Floats, capacity: str) -> None:
    """Raise ValueError for an input the model does not cover."""
    if capacity not in {"loss", "queue"}:
        raise ValueError(f"capacity must be 'loss' or 'queue', got {capacity!r}")
    if not (arrivals.ndim == 1 and np.isfinite(arrivals).all() and (arrivals >= 0).all() and arrivals.any()):
        raise ValueError("arrival rates must be finite, not negative and not all zero")
    if not (services.ndim == 1 and 1 <= len(services) <= MAX_UNITS):
        raise ValueError(f"1 to {MAX_UNITS} units are needed")
    if not (np.isfinite(services).all() and (services > 0).all()):
        raise ValueError("service rates must be finite and positive")
    if len(preferences) != len(arrivals):
        raise ValueError("one preference list for each zone is needed")
    for listed in preferences:
        _check_list(listed, len(services), complete=capacity == "queue")
    if capacity == "queue" and arrivals.sum() >= services.sum():
        raise ValueError("no steady state: calls arrive at least as fast as all units together can serve")


def _check_list(listed: tuple[int, ...], units: int, *, complete: bool) -> None:
    """Raise ValueError unless a preference list names existing units once each, and all if it must."""
    everybody = set(range(units))
    if not listed or len(set(listed)) != len(listed) or not set(listed) <= everybody:
        raise ValueError(f"preference list {listed} is empty, repeats a unit or names an unknown one")
    if complete and set(listed) != everybody:
        raise ValueError(f"preference list {listed} must name every unit when calls queue")
