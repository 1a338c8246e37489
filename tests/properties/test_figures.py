"""Laws of files and measures: what is written back is the same, what is measured can be."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import dispatch
from dispatch.engine.log import AID
from dispatch.study.view import LogView
from tests.properties.drawing import worlds
from tests.properties.readings import read
from tests.properties.worlds import World, law

if TYPE_CHECKING:
    from dispatch import Log


@given(worlds(layouts=True))
@law(15)
def test_what_is_written_back_loads_as_the_same(world: World) -> None:
    """A scenario dumped with all that was set and loaded again is equal and has its digest."""
    with world.folder() as path:
        scenario = dispatch.load(path)
        path.write_text(
            json.dumps(scenario.file.model_dump(mode="json", exclude_unset=True)), encoding="utf-8"
        )
        again = dispatch.load(path)
    assert again.file == scenario.file
    assert again.digest == scenario.digest


def measured(log: Log, *names: str) -> list[float]:
    found = dispatch.measure(log, names)
    return [found[name] for name in names]


@given(worlds(), st.integers(0, 3000))
@law(15)
def test_arrivals_are_in_order(world: World, warm_up: int) -> None:
    """First, second and third come in this order, and the whole first alarm not before the first unit."""
    log = dispatch.simulate(replace(world, scenario={**world.scenario, "warm_up": float(warm_up)}).load())
    view, i = LogView(log), log.incidents
    came = [
        np.where(rows >= 0, log.responses.on_scene[rows], math.inf) for rows in map(view.arrival, range(3))
    ]
    assert (came[0] <= came[1]).all()
    assert (came[1] <= came[2]).all()
    complete = ~np.isnan(i.erf)
    assert (i.erf[complete] >= i.first_on_scene[complete]).all()
    for call in range(len(log.timeline)):
        times = sorted(
            r.on_scene for r in read(log).rows if r.incident == call and not math.isnan(r.on_scene)
        )
        assert [c[call] for c in came if c[call] < math.inf] == times[:3]
        assert complete[call] == (len(times) == i.needed[call])
        assert not complete[call] or i.erf[call] == times[-1]


@given(worlds(), st.integers(0, 3000), st.lists(st.integers(0, 2000), min_size=2, max_size=4, unique=True))
@law(15)
def test_shares_and_quantiles_are_monotone(world: World, warm_up: int, limits: list[int]) -> None:
    """Shares lie between 0 and 1 and rise with the limit; quantiles rise; no call counts twice."""
    log = dispatch.simulate(replace(world, scenario={**world.scenario, "warm_up": float(warm_up)}).load())
    for interval in ("processing", "turnout", "travel", "response", "total"):
        for who in ("first", "second", "third", "erf"):
            name = f"{interval}.{who}"
            shares = measured(log, *(f"{name}.within_{limit}s" for limit in sorted(limits)))
            (number,) = measured(log, f"{name}.n")
            if number == 0:
                assert all(math.isnan(share) for share in shares)
                continue
            assert shares == sorted(shares)
            assert 0.0 <= shares[0] <= shares[-1] <= 1.0
            quantiles = measured(log, *(f"{name}.{q}" for q in ("median", "p80", "p90", "p95", "max")))
            if not math.isnan(quantiles[0]):
                assert all(a <= b + 1e-9 for a, b in pairwise(quantiles))
                assert measured(log, f"{name}.mean")[0] <= quantiles[-1] + 1e-9
    total = measured(log, "incidents.n")[0]
    assert total == (log.timeline.received >= warm_up).sum() == measured(log, "total.first.n")[0]
    kinds = [f"incidents.n[type={kind.id}]" for kind in log.scenario.kinds]
    assert sum(measured(log, *kinds)) == total


@given(worlds(), st.integers(0, 3000))
@law(15)
def test_workloads_and_shares_add_up(world: World, warm_up: int) -> None:
    """Workloads lie between 0 and 1, and all units' shares of the responses add up to all but mutual aid."""
    log = dispatch.simulate(replace(world, scenario={**world.scenario, "warm_up": float(warm_up)}).load())
    units = log.fleet.ids
    loads = measured(log, *(f"workload[unit={unit}]" for unit in units))
    assert all(-1e-12 <= load <= 1 + 1e-12 for load in loads)
    mean, most = measured(log, "workload.mean", "workload.max")
    assert math.isclose(mean, sum(loads) / len(loads), abs_tol=1e-12)
    assert most == max(loads)
    shares = measured(log, *(f"responses.share[unit={unit}]" for unit in units))
    counted = [r for r in read(log).rows if log.timeline.received[r.incident] >= warm_up]
    if counted:
        own = sum(row.unit != AID for row in counted) / len(counted)
        assert math.isclose(sum(shares), own, abs_tol=1e-12)
    names = ("reliability.first_due", "coverage.residual.min", "coverage.static.within_300s")
    assert all(math.isnan(share) or -1e-12 <= share <= 1 + 1e-12 for share in measured(log, *names))
    n, lost, unserved, incomplete, queued = measured(
        log, *(f"incidents.{what}" for what in ("n", "lost", "unserved", "incomplete", "queued"))
    )
    assert lost <= unserved <= incomplete <= n
    assert queued <= n
    mean, most = measured(log, "concurrency.mean", "concurrency.max")
    assert 0.0 <= mean <= most <= len(log.timeline)
    at_once = measured(log, *(f"concurrency.at_least_{k}" for k in range(1, int(most) + 2)))
    assert math.isclose(sum(at_once), mean, rel_tol=1e-9, abs_tol=1e-12)
    assert at_once[-1] == 0.0
    assert all(a >= b - 1e-12 for a, b in pairwise(at_once))
