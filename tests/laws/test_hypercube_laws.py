"""Larson's hypercube through scenario files: workloads, dispatch fractions, backup, losses and waits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

import dispatch
from tests.theory.hypercube import Capacity, Hypercube, solve_hypercube
from tests.theory.queueing import erlang_b

from .judging import Floats, Sample, holds, replicate
from .worlds import HOUR, Districts, districts

if TYPE_CHECKING:
    from pathlib import Path

# A call takes 1 h of a unit, of which 10 s to 60 s are the way there, contained in `busy`; the rare service
# that would end before the unit has arrived ends on arrival, which adds (60 s / 1 h)^2 / 2 = 0.014 % at most.
TWO = Districts(rates=(0.7, 0.5), homes=(0, 1), travel=((0, 30), (40, 0)), first_due=((0, 1), (1, 0)))
CROSSED = Districts(  # the far unit is preferred, so that order, not distance, must rule
    rates=(0.4, 0.9, 0.3),
    homes=(0, 1, 2),
    travel=((10, 30, 60), (30, 10, 20), (60, 20, 10)),
    first_due=((2, 0, 1), (0, 2, 1), (0, 1, 2)),
)
UNEQUAL = Districts(  # one busy district, and a zone without a unit of its own
    rates=(1.2, 0.3, 0.2, 0.5),
    homes=(0, 1, 2),
    travel=((10, 30, 60, 20), (30, 10, 20, 50), (60, 20, 10, 40), (20, 50, 40, 10)),
    first_due=((0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)),
)
FIVE = Districts(
    rates=(0.9, 0.6, 0.3, 0.5, 0.7),
    homes=(0, 1, 2, 3, 4),
    travel=tuple(tuple(10.0 * (1 + abs(i - j)) for j in range(5)) for i in range(5)),
    first_due=((0, 1, 2, 3, 4), (1, 2, 0, 4, 3), (2, 4, 1, 0, 3), (3, 0, 4, 1, 2), (4, 3, 2, 1, 0)),
)
SHORT_LISTS = replace(  # beyond the end of a list the nearest free unit goes
    UNEQUAL, first_due=((1,), (1, 0), (0,), (2,))
)
NEAREST = Districts(  # distances as different there as back; no first-due lists
    rates=(0.6, 0.5, 0.8, 0.3),
    homes=(0, 1, 2, 3),
    travel=((5, 25, 15, 50), (35, 6, 45, 20), (16, 26, 7, 36), (55, 12, 22, 8)),
)
TIES = Districts(  # two units under one roof, and places as far from one unit as from another
    rates=(0.5, 0.4, 0.7, 0.3),
    homes=(2, 0, 2, 1),
    travel=((0, 20, 20, 30), (20, 0, 20, 30), (20, 20, 0, 30), (30, 30, 30, 0)),
)
WORLDS = {
    "two": TWO, "crossed": CROSSED, "unequal-demand": UNEQUAL, "five": FIVE, "short-lists": SHORT_LISTS,
    "nearest": NEAREST, "ties": TIES,
}  # fmt: skip


def preferences(world: Districts) -> list[tuple[int, ...]]:
    """The complete list of units of each zone: the order as written, then by distance.

    Equally near units go by their station's place (ids in order), then by their own id, as `Fleet` says.
    """
    lists = []
    for zone in range(len(world.rates)):
        listed = world.first_due[zone] if world.first_due else ()
        near = sorted((world.travel[home][zone], home, unit) for unit, home in enumerate(world.homes))
        lists.append((*listed, *(unit for _, _, unit in near if unit not in listed)))
    return lists


def run(
    folder: Path, world: Districts, capacity: Capacity, hours: float, warm_up: float, seed: int = 1
) -> Sample:
    """Simulate a world and read all that the hypercube model predicts."""
    when_none_free = "lost" if capacity == "loss" else "queue"
    scenario = districts(folder, world, when_none_free, hours, warm_up, seed)
    units, zones = range(len(world.homes)), range(len(world.rates))
    names = ["incidents.n", "incidents.lost", "incidents.queued", "queue.mean"]
    names += [f"workload[unit=E{u}]" for u in units]
    names += [f"responses.share[unit=E{u},zone=z{z}]" for u in units for z in zones]
    return replicate(scenario, [*names, "reliability.first_due"])


def judge(world: Districts, sample: Sample, law: Hypercube, capacity: Capacity) -> None:
    """Hold workloads, dispatch fractions, and losses or waits against the exact solution.

    Half-widths demanded: dispatch fractions 0.005, workloads 0.011, reliability 0.01, lost share and P(wait)
    0.012 (all of them shares), so that 2 % of the calls sent out of turn, or 5 % more or less work, is found.
    """
    for u, workload in enumerate(law.workloads):
        holds(f"workload of E{u}", sample[f"workload[unit=E{u}]"], workload, precision=0.011, absolute=True)
        for z, fraction in enumerate(law.dispatch[u]):
            name = f"responses.share[unit=E{u},zone=z{z}]"
            holds(name, sample[name], fraction, precision=0.005, absolute=True)
    lost = sample["incidents.lost"] / sample["incidents.n"]
    queued = sample["incidents.queued"] / sample["incidents.n"]
    if capacity == "loss":
        assert not queued.any()
        holds("lost share", lost, law.lost_share, precision=0.012, absolute=True)
    else:
        assert not lost.any()
        holds("P(wait)", queued, law.wait_probability, precision=0.012, absolute=True)
        holds("mean wait", sample["queue.mean"], law.mean_wait * HOUR, precision=0.08)
    judge_first_due(world, sample, law, lost)


def judge_first_due(world: Districts, sample: Sample, law: Hypercube, lost: Floats) -> None:
    """Hold reliability against the share of calls neither lost nor answered from another district.

    A call is interdistrict if its unit is not of the station of the first unit on its zone's list; with one
    unit at each station that is Larson's share of calls not answered by the first preference.
    """
    own = [
        (u, z)
        for z, order in enumerate(preferences(world))
        for u, home in enumerate(world.homes)
        if home == world.homes[order[0]]
    ]
    theory = float(sum(law.dispatch[u, z] for u, z in own))
    if len(set(world.homes)) == len(world.homes):
        assert theory == pytest.approx(1.0 - law.interdistrict_share, rel=1e-12)
    reliability = sample["reliability.first_due"]
    holds("reliability", reliability, (1.0 - law.lost_share) * theory, precision=0.01, absolute=True)
    # and from the dispatch fractions of the very run, exactly
    fractions = np.sum([sample[f"responses.share[unit=E{u},zone=z{z}]"] for u, z in own], axis=0)
    assert reliability == pytest.approx(fractions * (1.0 - lost), abs=1e-12)


@pytest.mark.parametrize("capacity", ["loss", "queue"])
@pytest.mark.parametrize("name", WORLDS)
def test_hypercube(tmp_path: Path, name: str, capacity: Capacity) -> None:
    """Units of equal rate: jurisdiction lists and nearest unit; zero line and infinite line."""
    world = WORLDS[name]
    sample = run(tmp_path, world, capacity, hours=100 + 5_000 / sum(world.rates), warm_up=100)
    law = solve_hypercube(world.rates, preferences(world), [1.0] * len(world.homes), capacity)
    judge(world, sample, law, capacity)


@pytest.mark.parametrize("capacity", ["loss", "queue"])
def test_hypercube_with_unequal_units(tmp_path: Path, capacity: Capacity) -> None:
    """Units with a service rate of their own, which the model expresses as an exponential turnout.

    The call itself takes no time (`busy: 0 s` ends on arrival) and nobody travels, so that a unit is busy
    for exactly its turnout.
    """
    means = (0.5, 1.0, 1.5)
    world = replace(
        CROSSED,
        travel=((0.0,) * 3,) * 3,
        busy="0 s",
        turnouts=tuple(f"{{exponential: {{mean: {mean} h}}}}" for mean in means),
    )
    sample = run(tmp_path, world, capacity, hours=100 + 5_000 / sum(world.rates), warm_up=100)
    law = solve_hypercube(world.rates, preferences(world), [1.0 / mean for mean in means], capacity)
    judge(world, sample, law, capacity)


def test_way_home_is_part_of_the_service(tmp_path: Path) -> None:
    """With `returning: false` a unit is away for turnout, way, scene and way home: M/G/2/2 of their sum."""
    travel = ((240.0,),)  # 4 min within the place, each way
    world = Districts(rates=(1.2,), homes=(0, 0), travel=travel, busy="0 s", turnouts=("1 min",) * 2)
    path = districts(tmp_path, world, "lost", hours=2_600, warm_up=100).path
    text = path.read_text(encoding="utf-8").replace("busy: 0 s", "on_scene: {exponential: {mean: 50 min}}")
    path.write_text(text.replace("when_none_free: lost", "when_none_free: lost\n  returning: false"))
    sample = replicate(dispatch.load(path), ["incidents.n", "incidents.lost", "workload.mean"])
    load = 1.2 * (1 + 4 + 50 + 4) / 60
    share = erlang_b(load, 2)
    # without the way home the load would be 7 % less, and the lost share 8 %
    holds("lost share", sample["incidents.lost"] / sample["incidents.n"], share, precision=0.02)
    holds("workload", sample["workload.mean"], load * (1 - share) / 2, precision=0.015)
