"""Laws of supplies in drawn worlds: nothing is lost or made of nothing, and nobody is in two places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dispatch import simulate
from dispatch.engine.supply_balance import faults_of
from tests.small import small

if TYPE_CHECKING:
    import pytest

    from dispatch import Log

ITEMS = ("sandbags", "foam-6", "water", "blankets")
amounts = st.sampled_from([0, 1, 7, 60, 500, 3000])
nodes = st.sampled_from("abcde")
durations = st.sampled_from([0, 60, 1800, 7200])


def written(item: str, amount: int) -> str:
    """Return an amount with the item's unit."""
    return f"{amount} {dict(zip(ITEMS, ('bags', 'kg', 'l', 'pieces'), strict=True))[item]}"


@st.composite
def stocks(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in draw(st.lists(st.sampled_from(ITEMS), unique=True, max_size=3)):
        amount = draw(amounts)
        reserve = draw(st.integers(0, amount))
        found[item] = {"amount": written(item, amount), "reserve": written(item, reserve)}
    return found


@st.composite
def depots(draw: st.DrawFn) -> dict[str, Any]:
    trucks: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(["small", "large", "tanker"]), unique=True)):
        truck: dict[str, Any] = {"number": draw(st.integers(1, 2)), "unload": draw(durations)}
        truck["payload"] = {"small": "1 t", "large": "8 t", "tanker": "2 t"}[name]
        truck["speed_factor"] = draw(st.sampled_from([1.0, 0.7]))
        if name == "tanker":
            truck["carries"] = ["water", "foam-6"]
        if draw(st.booleans()):
            truck["volume"] = "4 m3"
        trucks[name] = truck
    found: dict[str, Any] = {"at": draw(nodes), "stock": draw(stocks()), "trucks": trucks}
    found["load_out"] = draw(durations)
    if draw(st.booleans()):
        found["open"] = [{"days": "weekday", "begins": 1, "ends": draw(st.integers(2, 5))}]
    if draw(st.booleans()):
        found["resupply"] = {"lead_time": draw(st.sampled_from([600, 20_000]))}
    if draw(st.integers(0, 3)) == 0:
        rates = {"sandbags": "100 bags/h", "foam-6": "2 t/h"}
        found |= {"kind": "production", "produces": {"ramp_up": draw(durations), "rates": rates}}
    return found


@st.composite
def needs(draw: st.DrawFn) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in draw(st.lists(st.sampled_from(ITEMS), unique=True, max_size=3)):
        need: dict[str, Any] = {"amount": written(item, draw(amounts)), "asked_after": draw(durations)}
        if draw(st.booleans()):
            need["within"] = draw(st.sampled_from([600, 3600]))
        if draw(st.booleans()):
            need["for"] = draw(st.sampled_from([60, 3600]))
        need["wanted_for"] = draw(st.sampled_from([3600, 86_400]))
        need["stock_up"] = draw(st.booleans())
        found[item] = need
    return found


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """Return the changes of a drawn world."""
    carries = {
        item: {"amount": written(item, draw(amounts)), "refill": draw(durations),
               "source": draw(st.sampled_from(["quarters", "depot"]))}
        for item in draw(st.lists(st.sampled_from(ITEMS), unique=True, max_size=2))
    }  # fmt: skip
    if "water" in carries:
        carries["water"]["uses"] = "10 l/s"
    kind: dict[str, Any] = {"run_card": {"engine": 1}, "on_scene": 900}
    if draw(st.booleans()):
        kind["alarm"] = {"level": 1, "severity": {1: 1, 2: 1}, "control_within": "40 min"}
    water = {"hydrants": {"b": "5 l/s"}, "sources": {"pond": {"at": "d", "flow": "20 l/s"}}}
    calls: list[dict[str, Any]] = [
        {"at": draw(st.integers(0, 30_000)),
         "incident": {"type": "fire", "node": draw(nodes), "id": f"x{n}", "supplies": draw(needs())}}
        for n in range(draw(st.integers(1, 4)))
    ]  # fmt: skip
    found: dict[str, Any] = {
        "unit_types": {"engine": {"capabilities": ["engine"], "turnout": 0, "carries": carries}},
        "incident_types": {"fire": kind},
        "depots": {f"d{n}": each for n, each in enumerate(draw(st.lists(depots(), max_size=3)))},
        "supplying": {"policy": draw(st.sampled_from(["flow", "nearest"]))},
        "water": water,
        "injects": calls,
        "demand": {"poisson": {"fire": {"rate": "0/d"}}},
    }
    if not (carries or found["depots"] or any(each["incident"]["supplies"] for each in calls)):
        del found["water"]
    if draw(st.booleans()):
        begins = draw(st.integers(0, 20_000))
        closed = {"around": draw(nodes), "radius": 100, "begins": begins, "ends": begins + 9000}
        found["closures"] = {"flood": closed}
    return found


def check_trips(log: Log) -> None:
    """Check that moments of trips are in order, and that no truck is on two of them at once."""
    assert log.supplies is not None
    last: dict[str, float] = {}
    for trip in log.supplies.trips:
        known = [
            m for m in (trip.committed, trip.loading, trip.loaded, trip.delivered, trip.returned) if m == m
        ]
        assert known == sorted(known)
        assert trip.committed >= last.get(trip.truck, 0.0)
        last[trip.truck] = trip.delivered if trip.delivered == trip.delivered else np.inf


def check_needs(log: Log) -> None:
    """Check that what came, what is unwanted and what never arrived make up what was needed."""
    found = log.supplies
    assert found is not None
    for number, need in enumerate(found.needs):
        there = sum(each.amount for each in found.brought if each.need == number)
        unwanted = sum(each.amount for each in found.unwanted if each.need == number)
        assert there <= need.amount
        stuck = sum(
            n
            for trip in found.trips
            if trip.delivered != trip.delivered
            for w, n in trip.loads
            if w == number
        )
        assert there + unwanted + stuck >= need.amount
        if there == need.amount and unwanted == 0:
            assert all(each.moment <= found.ended for each in found.brought)


@given(worlds())
def test_nothing_is_lost(tmp_path_factory: pytest.TempPathFactory, changes: dict[str, Any]) -> None:
    """The ledgers agree to the last quantum, stocks stay above their reserves, all calls end."""
    log = simulate(small(tmp_path_factory.mktemp("supplies"), **changes))
    found = log.supplies
    if found is None:
        return
    assert faults_of(log) == []
    check_trips(log)
    check_needs(log)
    held = [dict(site.stock) for site in found.depots]
    for change in found.changes:
        line = held[change.depot]
        line[change.item] = line.get(change.item, 0) + change.amount
        assert line[change.item] >= 0
        if change.why == "committed":
            assert line[change.item] >= found.depots[change.depot].reserve.get(change.item, 0)
    assert not np.isnan(log.incidents.closed[log.incidents.arrived > 0]).any()
