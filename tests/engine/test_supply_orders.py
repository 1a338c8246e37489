"""Orders of supplies: what comes of them, and that no order leaves a call without what it needs.

The line of five nodes (tests/small.py), a minute of driving apart: fire x at c from 100 on, with W1 there at
270; foam from near (b, 1 t) and far (a, 9 t), which loads and unloads in no time.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dispatch import simulate
from dispatch.engine.notices import notices
from dispatch.engine.supply_balance import faults_of
from dispatch.study.opening import load
from tests.engine.test_by_order import DEPOTS, brought, run, supply

if TYPE_CHECKING:
    from dispatch import Log

Json = dict[str, Any]

TANK = Path(__file__).resolve().parents[2] / "scenarios" / "lz-petro-tank.yaml"
CALL = "储罐-tank"
LASTS = 65 * 60.0
"""Seconds for which the foam is applied there once all of it is on scene."""

W1 = {"at": 150, "order": {"unit": "W1", "incident": "x"}}


def needing(amount: str, **more: Any) -> Json:
    """Return fires that need foam, and ten minutes of work."""
    needs = {"foam-6": {"amount": amount, **more}}
    return {"fire": {"run_card": {"engine": 1}, "on_scene": 600, "supplies": needs}}


def fire(folder: Path, *orders: Json, policy: str, kind: Json, depots: Json | None = None) -> Log:
    """Play x with W1, and orders of foam."""
    log = run(folder, W1, *orders, depots=depots or DEPOTS, incident_types=kind, supplying={"policy": policy})
    assert faults_of(log) == []
    return log


def shorts(log: Log) -> list[str]:
    return [each.detail for each in notices(log) if each.what == "supplies short"]


def left(log: Log) -> float:
    """Return when the first unit left x."""
    return float(log.responses.clear[0])


# --- an order in excess ------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["flow", "nearest"])
@pytest.mark.parametrize("depot", [{"depot": "near"}, {"depot": "far"}, {}])
def test_an_order_in_excess_leaves_no_need_without_foam(tmp_path: Path, policy: str, depot: Json) -> None:
    """1500 kg are asked for at 2100: a tonne of near at 2160, half a tonne of far at 2220, unless an order
    has brought it before.
    """
    kind = needing("1500 kg", asked_after=2000)
    assert left(fire(tmp_path / "plain", policy=policy, kind=kind)) == 2220
    log = fire(tmp_path, supply("50 t", **depot), policy=policy, kind=kind)
    assert left(log) == (2220 if depot == {"depot": "near"} else 2100)
    stock = {"near": 1, "far": 9}.get(depot.get("depot", ""), 10)
    assert shorts(log)[0] == f"{50 - stock} t of foam-6 cannot be had while it is wanted"


@pytest.mark.parametrize("policy", ["flow", "nearest"])
def test_what_cannot_be_had_at_all_cannot_be_had_with_an_order(tmp_path: Path, policy: str) -> None:
    """12 t are 2 t too much, order or no order: W1 leaves when its work is done."""
    kind = needing("12 t")
    for folder, orders in (("plain", []), ("order", [supply("50 t", depot="near")])):
        log = fire(tmp_path / folder, *orders, policy=policy, kind=kind)
        assert left(log) == 870
        assert shorts(log)[0] == "2 t of foam-6 cannot be had while it is wanted"


def test_who_waits_for_orders_waits_for_other_depots_too(tmp_path: Path) -> None:
    """near has a tonne of the 1500 kg; far brings the rest at 3120, as soon as somebody orders it."""
    orders = supply("50 t", depot="near"), {**supply("500 kg", depot="far"), "at": 3000}
    log = fire(tmp_path, *orders, policy="by_order", kind=needing("1500 kg"))
    assert brought(log_without_takings(log))[:2] == [(1060.0, "near", 1000), (3120.0, "far", 500)]
    assert left(log) == 3120


def log_without_takings(log: Log) -> Log:
    """Return a log that tells of what trucks brought only."""
    assert log.supplies is not None
    trucked = tuple(each for each in log.supplies.brought if each.by == "truck")
    return replace(log, supplies=replace(log.supplies, brought=trucked))


@cache
def tank(order: tuple[str, str, str] | None = None) -> tuple[float, list[float], float]:
    """Return when the tank fire of the scenario is under control, units leave, and all its foam is there."""
    more = []
    if order is not None:
        at, amount, depot = order
        goods = {"incident": CALL, "item": "foam-6", "amount": amount} | ({"depot": depot} if depot else {})
        more = [("order", {"at": at, "supply": goods})]
    log = simulate(load(TANK, more=more))
    assert log.supplies is not None
    assert log.scenario.supplies is not None
    call = log.timeline.incident_ids(log.scenario.kinds).index(CALL)
    foam = log.scenario.supplies.number["foam-6"]
    needs, there, moment = log.supplies.needs, 0, 0.0
    (needed,) = (each for each in needs if each.item == foam and not each.ordered)
    for each in sorted(log.supplies.brought, key=lambda one: one.moment):
        if needs[each.need].item == foam and each.by != "order" and there < needed.amount:
            there, moment = there + each.amount, max(each.moment, needed.asked)
    leaves = sorted(log.responses.clear[log.responses.incident == call].tolist())
    return float(log.incidents.under_control[call]), leaves, moment


@pytest.mark.parametrize(
    "order",
    [
        ("70 min", "5 t", "new-area"),
        ("70 min", "500 t", "city"),
        ("2 h", "500 t", ""),
        ("20 min", "20 t", "new-area"),
        ("20 min", "500 t", "city"),
    ],
)
def test_no_order_makes_crews_leave_the_tank_before_all_its_foam_is_there(
    order: tuple[str, str, str],
) -> None:
    plain, leaves, _ = tank()
    controlled, left_with_it, there = tank(order)
    assert controlled == pytest.approx(there + LASTS)
    assert left_with_it[0] >= controlled
    late = order[0] != "20 min" or order[2] == "new-area"
    assert (controlled, left_with_it) == (plain, leaves) if late else controlled < plain


# --- from where --------------------------------------------------------------------------------------------


FOAM_ON_SCENE: Json = {
    "engine": {
        "capabilities": ["engine"],
        "turnout": 0,
        "carries": {"foam-6": {"amount": "1 t", "refill": 60}},
    }
}


def told(log: Log) -> list[str]:
    return [each.detail for each in notices(log) if each.what in ("requested", "supply")]


@pytest.mark.parametrize("policy", ["flow", "nearest", "by_order"])
def test_what_is_ordered_from_a_depot_comes_from_there(tmp_path: Path, policy: str) -> None:
    """W1 has a tonne with it, which is enough; far sends 800 kg all the same."""
    kind = {"fire": {"run_card": {"engine": 1}, "on_scene": 7200}}
    log = run(tmp_path, W1, supply("800 kg", depot="far"), depots=DEPOTS, incident_types=kind,
              unit_types=FOAM_ON_SCENE, supplying={"policy": policy})  # fmt: skip
    assert brought(log) == [(1120.0, "far", 800)]
    assert told(log) == ["800 kg of foam-6 from far: accepted, 800 kg", "800 kg of foam-6 ordered from far"]


def test_a_depot_sends_what_was_ordered_though_somebody_else_has_met_the_need(tmp_path: Path) -> None:
    """far's only truck is out for y until 1350, when W1 has brought x the foam that was ordered for it."""
    other = {"at": 120, "incident": {"type": "fire", "node": "d", "id": "y"}}
    first = {"at": 990, "supply": {"incident": "y", "item": "foam-6", "amount": "5 t", "depot": "far"}}
    late = {"at": 1050, "order": {"unit": "W1", "incident": "x"}}
    kind = needing("500 kg")
    log = run(tmp_path, other, first, supply("500 kg", depot="far"), late, depots=DEPOTS, incident_types=kind,
              unit_types=FOAM_ON_SCENE, supplying={"policy": "by_order"})  # fmt: skip
    assert log.supplies is not None
    assert faults_of(log) == []
    trips = [(each.incident, each.delivered) for each in log.supplies.trips]
    assert trips == [(1, 1170.0), (0, 1470.0)]
    assert [(each.by, each.moment) for each in log.supplies.brought if each.need == 0] == [("unit", 1170.0)]


def test_a_depot_without_trucks_is_asked_and_declines(tmp_path: Path) -> None:
    depots = {"near": {"at": "b", "stock": {"foam-6": "1 t"}}}
    order = {**supply("1 t"), "at": 300}
    log = fire(tmp_path, order, policy="flow", kind=needing("500 kg"), depots=depots)
    assert [each for each in told(log) if "no depot" in each] == []
    assert "1 t of foam-6 from near: declined (no truck for it)" in told(log)
