"""The exercise clock against a sum over the seconds that the wall has shown."""

from __future__ import annotations

import random
from math import inf

import pytest

from dispatch.drills.clock import Clock


@pytest.mark.parametrize("seed", range(20))
def test_time_is_what_the_paces_of_all_seconds_add_up_to(seed: int) -> None:
    luck = random.Random(seed)
    clock, total, scale, paused = Clock(0.0, 1000.0, 1.0), 0.0, 1.0, False
    for wall in range(1000, 1200):
        assert clock.now(wall) == pytest.approx(total)
        does = luck.choice(["pause", "resume", "scale", "jump", *["nothing"] * 12])
        if does == "pause":
            clock, paused = clock.stopped(clock.now(wall), wall), True
        elif does == "resume":
            clock, paused = clock.started(clock.now(wall), wall), False
        elif does == "scale":
            scale = luck.choice([0.5, 1.0, 10.0, 1000.0])
            clock = clock.rescaled(clock.now(wall), wall, scale)
        elif does == "jump":
            total += 77.0
            clock = clock.anchored(clock.now(wall) + 77.0, wall)
        total += 0.0 if paused else scale


def test_a_wall_clock_set_back_takes_nothing_back() -> None:
    clock = Clock(50.0, 1000.0, 2.0)
    assert [clock.now(wall) for wall in (900.0, 1000.0, 1010.0)] == [50.0, 50.0, 70.0]


def test_waiting_takes_as_long_as_the_clock_needs() -> None:
    clock = Clock(100.0, 1000.0, 4.0)
    wait = clock.wait(180.0, 1005.0)
    assert wait == 15.0
    assert clock.now(1005.0 + wait) == 180.0
    assert clock.wait(110.0, 1005.0) == 0.0
    assert clock.stopped(120.0, 1005.0).wait(180.0, 1005.0) == inf


def test_as_fast_as_it_goes_is_there_at_once_unless_it_stands() -> None:
    clock = Clock(0.0, 1000.0, inf)
    assert clock.now(1000.0) == inf
    assert clock.wait(1e9, 1000.0) == 0.0
    assert clock.stopped(5.0, 1000.0).now(2000.0) == 5.0
