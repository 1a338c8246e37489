"""The mass balance finds nothing in a whole ledger, and each kind of broken one."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dispatch.engine.supply_balance import (
    LAWS,
    Balance,
    Carriers,
    balances,
    fault_text,
    faults,
    faults_of,
)
from dispatch.engine.supply_log import Brought, Refill, StockChange, SupplyLog, Trip, Unwanted, Use
from tests.exact import handmade
from tests.exact.handmade_supplies import (
    BAG,
    ENGINE_AT_FULL,
    FOAM,
    GATE,
    HUB,
    ITEMS,
    LEDGER,
    NAN,
    WATER,
    T,
    supplied,
)

if TYPE_CHECKING:
    from pathlib import Path

CARRIERS = Carriers(
    ("P1", "P2"), {(0, FOAM): 500_000}, [0 if row.unit == "P1" else 1 for row in handmade.ROWS]
)


def broken(ledger: SupplyLog) -> set[str]:
    """Return which laws a ledger breaks."""
    return {fault.what for fault in faults(ledger, CARRIERS)}


def changed(number: int, **to: Any) -> SupplyLog:
    """Return the ledger with a change of stock altered."""
    changes = list(LEDGER.changes)
    changes[number] = changes[number]._replace(**to)
    return replace(LEDGER, changes=tuple(changes))


def trip(number: int, **to: Any) -> SupplyLog:
    """Return the ledger with a trip altered."""
    trips = list(LEDGER.trips)
    trips[number] = trips[number]._replace(**to)
    return replace(LEDGER, trips=tuple(trips))


def brought(number: int, **to: Any) -> SupplyLog:
    """Return the ledger with something that was brought altered."""
    found = list(LEDGER.brought)
    found[number] = found[number]._replace(**to)
    return replace(LEDGER, brought=tuple(found))


def inserted(*changes: StockChange) -> SupplyLog:
    """Return the ledger with more changes of stock."""
    every = sorted([*LEDGER.changes, *changes], key=lambda each: each.moment)
    return replace(LEDGER, changes=tuple(every))


def site(depot: int, **to: Any) -> SupplyLog:
    """Return the ledger with a depot altered."""
    sites = list(LEDGER.depots)
    sites[depot] = replace(sites[depot], **to)
    return replace(LEDGER, depots=tuple(sites))


def test_a_whole_ledger_has_no_fault(tmp_path: Path) -> None:
    assert faults(LEDGER, CARRIERS) == []
    assert faults(SupplyLog(())) == []
    log = handmade.log(tmp_path)
    assert faults_of(log) == []
    assert faults_of(supplied(log)) == []


BROKEN = {
    "a stock comes in as committed": (changed(0, amount=T), {"direction", "committed", "resupply"}),
    "changes are not in order": (changed(1, moment=100.0), {"order", "committed"}),
    "more goes out than there is": (site(HUB, stock={FOAM: 30 * T, BAG: 90}), {"negative"}),
    "it is below zero for a moment only": (
        site(GATE, stock={FOAM: 5_250_000}),
        {"negative"},  # from 1500 to 1650
    ),
    "a quantum more has left than is loaded": (changed(2, amount=-5 * T - 1), {"committed"}),
    "a load that no stock knows of": (trip(3, loads=((3, 61),)), {"committed", "returned"}),
    "a load of another moment": (trip(1, committed=731.0), {"committed"}),
    "a load of another item": (trip(4, loads=((2, 40),)), {"committed"}),
    "a truck brings more than it has": (brought(2, amount=4 * T + 1), {"trip", "returned"}),
    "a truck brings less, and it is nowhere": (brought(5, amount=59), {"returned"}),
    "what is left is lost on the next trip": (
        replace(trip(3, returned=NAN), brought=LEDGER.brought[:-1]),
        {"trip"},
    ),
    "brought by a truck that had nothing for it": (brought(5, which=0), {"brought", "returned"}),
    "brought by a trip that is none": (brought(5, which=9), {"brought", "returned"}),
    "brought when the truck was not there": (brought(5, moment=1599.0), {"brought"}),
    "nothing was brought": (brought(5, amount=0), {"brought", "returned"}),
    "what was not needed never came back": (
        replace(LEDGER, changes=tuple(each for each in LEDGER.changes if each.why != "returned")),
        {"returned"},
    ),
    "something came back that no truck had": (
        inserted(StockChange(1800.0, HUB, BAG, 1, "returned")),
        {"returned"},
    ),
    "it came back to another depot": (changed(7, depot=GATE), {"returned"}),
    "replaced before it had left": (changed(6, moment=1650.0, amount=6 * T), {"resupply"}),
    "replaced where nothing is": (site(GATE, lead_time=math.inf), {"resupply"}),
    "made where nothing is made": (inserted(StockChange(900.0, HUB, BAG, 5, "produced")), {"produced"}),
    "given to a unit that got nothing": (replace(LEDGER, refills=()), {"restock"}),
    "filled from a stock that gave nothing": (
        replace(LEDGER, refills=(LEDGER.refills[0]._replace(depot=HUB),)),
        {"restock"},
    ),
    "a unit gives what it did not use": (
        replace(LEDGER, uses=(LEDGER.uses[0]._replace(amount=499_999),)),
        {"unit"},  # and it is filled beyond full
    ),
    "a unit uses what it has not": (
        replace(LEDGER, uses=(*LEDGER.uses, Use(ENGINE_AT_FULL, FOAM, 1, 900.0))),
        {"unit"},
    ),
    "a unit uses what it never carries": (
        replace(LEDGER, uses=(*LEDGER.uses, Use(ENGINE_AT_FULL, WATER, 1, 900.0))),
        {"unit"},
    ),
    "a unit is filled before it is empty": (
        replace(LEDGER, refills=(LEDGER.refills[0]._replace(ends=880.0),)),
        {"unit"},
    ),
    "filled beyond full in quarters": (
        replace(LEDGER, refills=(*LEDGER.refills, Refill(0, FOAM, 1, 2000.0, 2001.0, -1))),
        {"unit"},
    ),
    "more is unwanted than was missing": (
        replace(LEDGER, unwanted=(LEDGER.unwanted[0]._replace(amount=T + 1), LEDGER.unwanted[1])),
        {"need"},
    ),
    "taken of an order for another call": (
        replace(LEDGER, brought=(*LEDGER.brought, Brought(3, 2900.0, 1, "order", 0))),
        {"taken"},
    ),
    "taken before it had come": (
        replace(
            LEDGER,
            needs=(*LEDGER.needs, LEDGER.needs[0]._replace(ordered=True)),
            brought=(*LEDGER.brought, Brought(0, 1.0, 1, "order", len(LEDGER.needs))),
        ),
        {"taken"},
    ),
    "what is unwanted is nothing": (replace(LEDGER, unwanted=(Unwanted(3, 2830.0, 0),)), {"need"}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_ledger_is_found(name: str) -> None:
    ledger, laws = BROKEN[name]
    assert broken(ledger) == laws


def transfers(*, lead: float = 1500.0, ended: float = 4500.0) -> SupplyLog:
    """Return the ledger with the gate replaced from the hub, which sends as soon as the gate has sent."""
    sent = [
        each._replace(depot=HUB, moment=each.moment - 1500.0, amount=-each.amount, why="supplies")
        for each in LEDGER.changes
        if each.why == "resupply"
    ]
    ledger = inserted(*sent)
    sites = (replace(ledger.depots[GATE], supplier="hub", lead_time=lead), ledger.depots[HUB])
    return replace(ledger, depots=sites, ended=ended)


def test_what_one_depot_sends_comes_to_another() -> None:
    whole = transfers()
    assert broken(whole) == set()
    without = [each for each in whole.changes if each.why != "supplies"]
    assert broken(replace(whole, changes=tuple(without))) == {"transfer"}
    lost = [each for each in whole.changes if (each.why, each.moment) != ("resupply", 3000.0)]
    assert broken(replace(whole, changes=tuple(lost))) == {"transfer"}
    on_the_way = replace(whole, changes=tuple(lost), ended=2900.0)
    assert broken(on_the_way) == set(), "it would come at 3000"


def test_production_takes_its_time() -> None:
    """A bag each 10 s from 500 s on: 40 by 900 s, and not 42."""
    ledger = site(HUB, rates={BAG: 0.1}, ramp_up=500.0)
    for amount, laws in ((40, set[str]()), (42, {"produced"})):
        made = StockChange(900.0, HUB, BAG, amount, "produced")
        changes = sorted([*ledger.changes, made], key=lambda each: each.moment)
        assert broken(replace(ledger, changes=tuple(changes))) == laws


def test_water_from_a_source_leaves_no_stock_and_is_poured_out() -> None:
    fetched = Trip("gate/heavy-1", GATE, -1, 1, ((1, 7),), 2000.0, 2100.0, 2200.0, 2300.0, 2400.0, 0.0)
    ledger = replace(LEDGER, trips=(*LEDGER.trips, fetched))
    assert broken(ledger) == set()
    come = Brought(1, 2300.0, 5, "truck", len(LEDGER.trips))
    assert broken(replace(ledger, brought=(*LEDGER.brought, come))) == set()
    assert broken(replace(ledger, brought=(*LEDGER.brought, come._replace(amount=8)))) == {"trip"}


def test_every_law_is_broken_by_some_ledger() -> None:
    found = {law for _, laws in BROKEN.values() for law in laws} | {"transfer"}
    assert found == set(LAWS)


def test_faults_are_told_in_words() -> None:
    ledger = site(HUB, stock={FOAM: 30 * T, BAG: 90})
    (fault,) = faults(ledger)
    assert fault_text(fault, ITEMS) == "hub, bag: a stock is below zero (−10 bags at 1630 s)"
    (fault,) = faults(replace(LEDGER, refills=()))
    assert fault_text(fault, ITEMS) == (
        "gate, foam: what the depot gave to units is not what they got (500 kg at the end)"
    )
    (fault, _) = faults(changed(1, moment=100.0))[:2]
    assert fault_text(fault, ITEMS) == "gate: changes of stock are not in order of time (at 100 s)"


def test_start_and_what_came_less_what_went_is_the_end() -> None:
    assert balances(LEDGER) == {
        (GATE, FOAM): Balance(
            6_500_000, {"resupply": 5_500_000}, {"committed": 5 * T, "restock": 500_000}, 6_500_000
        ),
        (HUB, BAG): Balance(100, {}, {"committed": 100}, 0),
        (HUB, FOAM): Balance(30 * T, {"returned": 500_000}, {"committed": 5 * T}, 25_500_000),
    }
