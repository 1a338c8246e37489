"""Every measure of supplies of a log written by hand, against hand calculation."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import dispatch
from dispatch.engine.supply_log import SupplyLog
from dispatch.errors import UsageError
from dispatch.study.measures import HEADLINE, compile_measures, headline
from dispatch.study.supplies import SUPPLY_SINGLES

from . import handmade
from .handmade_supplies import LEDGER, NAN, supplied

if TYPE_CHECKING:
    from dispatch import Log


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPATCH_CACHE", "off")
        return supplied(handmade.log(tmp_path_factory.mktemp("supplied")))


DAYS = 3000 / 86_400
"""The measured time, 600 s to 3600 s."""

BY_HAND = {
    # full 900 - 730, late 1600 - 1030; half gets nothing, old is not measured
    "supply.first_truck.mean": (170 + 570) / 2,
    "supply.first_truck.median": (170 + 570) / 2,
    "supply.first_truck.p90": 170 + 0.9 * 400,
    "supply.first_truck.mean[depot=hub]": (670 + 570) / 2,
    "supply.first_truck.mean[item=bag]": 570,
    "supply.first_truck.mean[zone=west]": 170,
    "supply.first_truck.mean[zone=east,item=foam]": NAN,
    # 8 t: 4.5 by the deadline; 2 t: 1; 100 bags: 60; 1 t: nothing
    "supply.fill_rate": (4.5 / 8 + 1 / 2 + 60 / 100 + 0) / 4,
    "supply.fill_rate[item=foam]": (4.5 / 8 + 1 / 2 + 0) / 3,
    "supply.fill_rate[type=medical]": 60 / 100,
    "supply.fill_rate[item=water]": NAN,
    # tonnes times seconds: 0.5 from 730 to 890, 4 to 900, 3.5 to 1400; 1 from 1000 to 1400, 1 to 2800;
    # bags of 40 kg: 60 from 1030 to 1600, 40 to 2830; 1 from 2420 to 3420
    "supply.unmet_hours": (80 + 680 + 2345 + 400 + 1800 + 0.04 * (60 * 570 + 40 * 1800) + 1000) / 3600,
    "supply.unmet_hours[item=bag]": (60 * 570 + 40 * 1800) / 3600,
    "supply.unmet_hours[item=foam]": 1000 * (80 + 680 + 2345 + 400 + 1800 + 1000) / 3600,
    "supply.unmet_hours[zone=west]": (80 + 680 + 2345 + 400 + 1800) / 3600,
    "supply.unmet_hours[item=water]": 0,
    # the gate is down to its reserve from 1500 to 1650, the hub has no bags from 1630 to 3600
    "supply.stockout_s": 150 + 1970,
    "supply.stockout_s[depot=gate]": 150,
    "supply.stockout_s[item=bag]": 1970,
    "supply.stockout_s[depot=hub,item=foam]": 0,
    "supply.stockout_s[depot=gate,item=bag]": 0,
    "supply.shortfall": 2,
    "supply.shortfall[item=foam]": 2000,
    "supply.shortfall[zone=east]": 1,
    "supply.shortfall[item=bag]": 0,
    # by truck: 4 + 3.5 + 1 t, 60 bags
    "supply.delivered": 8.5 + 60 * 0.04,
    "supply.delivered[item=bag]": 60,
    "supply.delivered[item=foam]": 8500,
    "supply.delivered[depot=gate]": 4,
    "supply.truck_km": 4 + 12 + 6,
    "supply.truck_km[depot=hub]": 12 + 6,
    "supply.truck_km[type=medical]": 6,
    "supply.trips.n": 4,
    "supply.trips.n[zone=west]": 2,
    "supply.trips.n[depot=gate]": 1,
    # foam by truck and into the pumper, bags, and kilometres at 3 and 5
    "supply.cost": 20 * (8500 + 500) + 2 * 60 + 3 * 4 + 5 * 18,
    "supply.cost[depot=gate]": 20 * (4000 + 500) + 3 * 4,
    # at 3600: gate 6.5 t, hub 30 - 5 + 0.5 t, no bags; out since 600: 4 + 0.5, 5 - 0.5, 100 bags (4 t)
    "supply.days_of_cover": (6.5 + 25.5) / ((4.5 + 4.5 + 4) / DAYS),
    "supply.days_of_cover[item=foam]": (6.5 + 25.5) / ((4.5 + 4.5) / DAYS),
    "supply.days_of_cover[depot=gate]": 6.5 / (4.5 / DAYS),
    "supply.days_of_cover[item=bag]": 0,
    "supply.days_of_cover[depot=gate,item=bag]": NAN,
    # gate: 600 to 700 and 730 to 1000; hub: 1000 to 1700, and 1030 to the end with the closed road
    "supply.depot_utilisation": (100 + 270 + 700 + 2570) / (3 * 3000),
    "supply.depot_utilisation[depot=gate]": 370 / 3000,
    "supply.depot_utilisation[depot=hub]": (700 + 2570) / (2 * 3000),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_supplies_by_hand(log: Log, name: str) -> None:
    value = dispatch.measure(log, [name])[name]
    assert value == pytest.approx(BY_HAND[name], rel=0, abs=1e-9, nan_ok=True)


def test_every_measure_of_supplies_is_checked_with_and_without_a_filter() -> None:
    assert {name for name in BY_HAND if "[" not in name} == set(SUPPLY_SINGLES)
    assert {name.partition("[")[0] for name in BY_HAND if "[" in name} >= set(SUPPLY_SINGLES) - {
        "supply.first_truck.median",
        "supply.first_truck.p90",
    }


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("supply.unmet_hours", "t·h"),
        ("supply.unmet_hours[item=bag]", "bag·h"),
        ("supply.unmet_hours[zone=west,item=foam]", "kg·h"),
        ("supply.shortfall[item=water]", "l"),
        ("supply.delivered", "t"),
        ("supply.truck_km", "km"),
        ("supply.stockout_s[item=bag]", "s"),
    ],
)
def test_units_are_those_of_the_item_that_is_chosen(log: Log, name: str, unit: str) -> None:
    (found,) = compile_measures(log.scenario, [name])
    assert found.unit == unit


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("supply.cost[item=foam]", "cannot be filtered by item"),
        ("supply.fill_rate[depot=hub]", "cannot be filtered by depot"),
        ("supply.fill_rate[item=faom]", "no item 'faom'"),
        ("supply.fill_rate[item=rope]", "no item 'rope'"),
        ("supply.stockout_s[depot=gaet]", "no depot 'gaet'"),
        ("supply.stockout_s[zone=west]", "cannot be filtered by zone"),
    ],
)
def test_filters_that_mean_nothing(log: Log, name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        dispatch.measure(log, [name])


def test_what_is_shown_without_a_choice(log: Log) -> None:
    supply = ("supply.first_truck.mean", "supply.fill_rate", "supply.unmet_hours", "supply.truck_km")
    assert headline(log.scenario) == HEADLINE + supply
    assert headline(replace(log.scenario, supplies=None)) == HEADLINE


def test_transfers_between_depots_flow_out_of_one_of_them_only(log: Log) -> None:
    """What the hub sends to the gate is no outflow of both together."""
    change = LEDGER.changes[4]._replace(moment=1500.0, depot=1, amount=-4_500_000, why="supplies")
    changes = sorted([*LEDGER.changes, change], key=lambda each: each.moment)
    found = supplied(log, replace(LEDGER, changes=tuple(changes)))
    expected = {
        "supply.days_of_cover[item=foam]": (6.5 + 21) / (9 / DAYS),
        "supply.days_of_cover[depot=hub,item=foam]": 21 / (9 / DAYS),
    }
    assert dispatch.measure(found, expected) == pytest.approx(expected)


def test_a_truck_that_is_not_back_is_taken_until_its_next_trip(log: Log) -> None:
    """From 1030 to 1630 for the first trip, to the end for the second one: no second counts twice."""
    first, second = LEDGER.trips[3]._replace(returned=NAN), LEDGER.trips[4]._replace(returned=2000.0)
    trips = (*LEDGER.trips[:3], first, second)
    name = "supply.depot_utilisation[depot=hub]"
    found = dispatch.measure(supplied(log, replace(LEDGER, trips=trips)), [name])[name]
    assert found == pytest.approx((700 + 970) / 6000)


def test_nothing_was_driven_for_nothing_and_unknown_ways_have_no_length(log: Log) -> None:
    none = dispatch.measure(supplied(log, replace(LEDGER, trips=(), brought=())), SUPPLY_SINGLES)
    assert none["supply.truck_km"] == 0
    assert none["supply.trips.n"] == 0
    assert none["supply.delivered"] == 0
    assert none["supply.depot_utilisation"] == 0
    assert none["supply.fill_rate"] == 0
    assert none["supply.cost"] == 20 * 500
    assert math.isnan(none["supply.first_truck.mean"])
    unknown = replace(LEDGER, trips=tuple(each._replace(metres=NAN) for each in LEDGER.trips))
    assert math.isnan(dispatch.measure(supplied(log, unknown), ["supply.truck_km"])["supply.truck_km"])


def test_depots_without_needs_are_measured_all_the_same(log: Log) -> None:
    found = dispatch.measure(supplied(log, SupplyLog(LEDGER.depots)), SUPPLY_SINGLES)
    assert found["supply.stockout_s"] == 0
    assert found["supply.unmet_hours"] == 0
    assert math.isnan(found["supply.fill_rate"])
    assert math.isnan(found["supply.days_of_cover"])
