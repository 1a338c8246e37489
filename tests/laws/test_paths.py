"""Exact laws on the same luck: what a few lines of queueing recursion say of the very calls simulated."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np
import pytest

import dispatch

from .judging import Floats, check_books
from .worlds import Class, one_place

if TYPE_CHECKING:
    from pathlib import Path

MIXED = {
    "calm": Class(1.0, "{lognormal: {median: 40 min, p90: 2 h}}", priority=2),
    "urgent": Class(0.5, "{exponential: {mean: 1 h}}", priority=1),
}


def first_come_first_served(ready: Floats, service: Floats, servers: int) -> Floats:
    """Waits by the recursion of Kiefer and Wolfowitz: a call starts when the first unit frees."""
    frees = [0.0] * servers
    waits = []
    for time, length in zip(ready.tolist(), service.tolist(), strict=True):
        start = max(time, heapq.heappop(frees))
        waits.append(start - time)
        heapq.heappush(frees, start + length)
    return np.array(waits)


def by_priority(ready: Floats, service: Floats, urgency: list[int], servers: int) -> Floats:
    """Waits where the unit that frees takes the most urgent call waiting, of equals the earliest."""
    frees = [0.0] * servers
    line: list[tuple[int, int]] = []
    waits = np.zeros(len(ready))
    times, lengths, arrived = ready.tolist(), service.tolist(), 0
    for _ in times:
        free = heapq.heappop(frees)
        clock = free if line else max(free, times[arrived])
        while arrived < len(times) and times[arrived] <= clock:
            heapq.heappush(line, (urgency[arrived], arrived))
            arrived += 1
        call = heapq.heappop(line)[1]
        waits[call] = clock - times[call]
        heapq.heappush(frees, clock + lengths[call])
    return waits


def lost_calls(ready: Floats, service: Floats, servers: int) -> list[bool]:
    """Which calls find all units busy."""
    frees: list[float] = []
    lost = []
    for time, length in zip(ready.tolist(), service.tolist(), strict=True):
        while frees and frees[0] <= time:
            heapq.heappop(frees)
        lost.append(len(frees) == servers)
        if not lost[-1]:
            heapq.heappush(frees, time + length)
    return lost


def play(scenario: dispatch.Scenario) -> dispatch.Log:
    log = dispatch.simulate(scenario, "baseline", dispatch.draw(scenario, 0))
    check_books(log)
    return log


@pytest.mark.parametrize(("servers", "load"), [(1, 0.9), (2, 1.9), (5, 4.8)])
def test_every_wait_first_come_first_served(tmp_path: Path, servers: int, load: float) -> None:
    """Ten thousand calls to a nearly saturated queue."""
    kind = Class(load, "{lognormal: {median: 40 min, p90: 2 h}}")
    log = play(one_place(tmp_path, {"call": kind}, servers, 10_000 / load, processing="90 s"))
    waits = first_come_first_served(log.timeline.ready, log.timeline.busy, servers)
    assert (log.incidents.dispatched - log.timeline.ready) == pytest.approx(waits, abs=1e-6)
    assert (waits > 0).mean() > 0.7
    told = dispatch.measure(log, ["incidents.queued", "queue.mean", "queue.max"])
    assert told["incidents.queued"] == (waits > 0).sum()
    assert told["queue.mean"] == pytest.approx(waits.mean(), rel=1e-9)
    assert told["queue.max"] == pytest.approx(waits.max(), rel=1e-9)


@pytest.mark.parametrize(("servers", "scale"), [(1, 0.55), (3, 1.8)])
def test_every_wait_by_priority(tmp_path: Path, servers: int, scale: float) -> None:
    classes = {name: Class(k.rate * scale, k.busy, k.priority) for name, k in MIXED.items()}
    log = play(one_place(tmp_path, classes, servers, 6_000 / scale))
    t = log.timeline
    waits = by_priority(t.ready, t.busy, t.priority.tolist(), servers)
    assert (log.incidents.dispatched - t.ready) == pytest.approx(waits, abs=1e-6)
    assert (waits > 0).mean() > 0.5


@pytest.mark.parametrize("servers", [1, 2, 4])
def test_every_loss(tmp_path: Path, servers: int) -> None:
    log = play(one_place(tmp_path, MIXED, servers, 5_000, dispatching="{when_none_free: lost}"))
    lost = lost_calls(log.timeline.ready, log.timeline.busy, servers)
    assert (log.incidents.lost > 0).tolist() == lost
    assert dispatch.measure(log, ["incidents.lost"])["incidents.lost"] == sum(lost)
