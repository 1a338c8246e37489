"""The log written by hand with supplies added: needs, trips, stock, with figures that can be reckoned.

Items: bag (40 kg each, price 2), foam (by kg, price 20), water. Depots: gate with 6.5 t of foam, 1 t of it in
reserve, replaced from outside after 1500 s, and one truck; hub with 30 t of foam, 100 bags, and two trucks. A
pumper carries 500 kg of foam.

old    1 t of foam before the warm-up, so not measured
full   8 t of foam by 1330 (its engine brings 0.5 t, the gate 4 t, the hub 3.5 t too late, and takes 0.5 t
       home); at a higher level 2 t more, of which 1 t comes
late   100 bags: 60 come, 40 stand before a closed road to the end
half   1 t of foam, of which nothing comes
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from dispatch.engine.supply_log import (
    Answer,
    Asked,
    Brought,
    Refill,
    StockChange,
    SupplyLog,
    Trip,
    Unwanted,
    Use,
)
from dispatch.model.supplies import Depot
from dispatch.scenario.items import KnownItem
from dispatch.scenario.layout import PlacedDepot
from dispatch.scenario.supplies import DepotSite, SupplyBook, Tank, TruckKind

from .handmade import CALLS, ROWS

if TYPE_CHECKING:
    from dispatch import Log

INF, NAN = math.inf, math.nan
BAG, FOAM, WATER = 0, 1, 2
GATE, HUB = 0, 1
T = 1_000_000
"""Quanta of a tonne: grams."""

ITEMS = (
    KnownItem("bag", "", "bag", 1, 40.0, 30.0, 2.0),
    KnownItem("foam", "", "kg", 1000, 0.001, 0.001, 20.0),
    KnownItem("water", "", "l", 1000, 0.001, 0.001, 0.0),
    KnownItem("rope", "", "rope", 1, 2.0, 3.0, 0.0),
)
OLD, FULL, LATE, HALF = ([call.id for call in CALLS].index(name) for name in ("old", "full", "late", "half"))
ENGINE_AT_FULL = next(row for row, each in enumerate(ROWS) if (each.call, each.unit) == ("full", "P1"))


def truck(name: str, number: int, per_km: float) -> TruckKind:
    """Return trucks of a kind that take 20 t of anything but water."""
    return TruckKind(name, number, 20_000.0, INF, None, 0.0, 1.0, 0.0, per_km, WATER)


def depot(
    name: str, stock: dict[int, int], reserve: dict[int, int], kind: TruckKind, lead: float
) -> DepotSite:
    """Return a depot of goods in hand."""
    return DepotSite(
        name, "", 0, "district", "physical", 0.0, frozenset(), stock, reserve, (kind,), 0.0, {}, lead, ""
    )


SITES = (
    depot("gate", {FOAM: 6_500_000}, {FOAM: T}, truck("heavy", 1, 3.0), 1500.0),
    depot("hub", {FOAM: 30 * T, BAG: 100}, {FOAM: 0, BAG: 0}, truck("big-one", 2, 5.0), INF),
)
LEDGER = SupplyLog(
    SITES,
    needs=(
        Asked(OLD, FOAM, T, 0.0, 0.0, 100.0, INF, 3700.0, stock_up=False),
        Asked(FULL, FOAM, 8 * T, 0.0, 0.0, 730.0, 1330.0, 4330.0, stock_up=True),
        Asked(FULL, FOAM, 2 * T, 0.0, 0.0, 1000.0, INF, 2800.0, stock_up=True, order=2),
        Asked(LATE, BAG, 100, 0.0, 0.0, 1030.0, INF, 2830.0, stock_up=False),
        Asked(HALF, FOAM, T, 0.0, 0.0, 2420.0, INF, 3420.0, stock_up=False),
    ),
    answers=(
        Answer(1, GATE, 730.0, "accepted", 4_500_000, ""),
        Answer(1, HUB, 730.0, "provisional", 8 * T, "closed"),
        Answer(3, HUB, 1030.0, "accepted", 100, ""),
        Answer(4, HUB, 2420.0, "declined", 0, "no way there"),
    ),
    trips=(
        Trip("gate/heavy-1", GATE, GATE, OLD, ((0, T),), 150.0, 150.0, 200.0, 300.0, 700.0, 10_000.0),
        Trip("gate/heavy-1", GATE, GATE, FULL, ((1, 4 * T),), 730.0, 730.0, 800.0, 900.0, 1000.0, 4000.0),
        Trip("hub/big-one-1", HUB, HUB, FULL, ((1, 4 * T), (2, T)), 1000.0, 1000.0, 1100.0, 1400.0, 1700.0,
             12_000.0),
        Trip("hub/big-one-2", HUB, HUB, LATE, ((3, 60),), 1030.0, 1030.0, 1100.0, 1600.0, 1800.0, 6000.0),
        Trip("hub/big-one-2", HUB, HUB, LATE, ((3, 40),), 1630.0, 1800.0, 1900.0, NAN, NAN, NAN),
    ),
    brought=(
        Brought(0, 300.0, T, "truck", 0),
        Brought(1, 890.0, 500_000, "unit", ENGINE_AT_FULL),
        Brought(1, 900.0, 4 * T, "truck", 1),
        Brought(1, 1400.0, 3_500_000, "truck", 2),
        Brought(2, 1400.0, T, "truck", 2),
        Brought(3, 1600.0, 60, "truck", 3),
    ),
    changes=(
        StockChange(150.0, GATE, FOAM, -T, "committed"),
        StockChange(730.0, GATE, FOAM, -4 * T, "committed"),
        StockChange(1000.0, HUB, FOAM, -5 * T, "committed"),
        StockChange(1030.0, HUB, BAG, -60, "committed"),
        StockChange(1500.0, GATE, FOAM, -500_000, "restock"),
        StockChange(1630.0, HUB, BAG, -40, "committed"),
        StockChange(1650.0, GATE, FOAM, T, "resupply"),
        StockChange(1700.0, HUB, FOAM, 500_000, "returned"),
        StockChange(2230.0, GATE, FOAM, 4 * T, "resupply"),
        StockChange(3000.0, GATE, FOAM, 500_000, "resupply"),
    ),
    uses=(Use(ENGINE_AT_FULL, FOAM, 500_000, 890.0),),
    refills=(Refill(0, FOAM, 500_000, 1500.0, 1600.0, GATE),),
    unwanted=(Unwanted(2, 2800.0, T), Unwanted(4, 3420.0, T)),
    controlled=((FULL, 2000.0), (LATE, NAN)),
    ended=4500.0,
)  # fmt: skip


def supplied(log: Log, ledger: SupplyLog = LEDGER) -> Log:
    """Return the log written by hand with supplies."""
    placed = tuple(PlacedDepot(site.id, 0, Depot.model_validate({"at": "A"})) for site in SITES)
    layouts = {name: replace(layout, depots=placed) for name, layout in log.scenario.layouts.items()}
    book = SupplyBook(
        items=ITEMS,
        number={item.id: number for number, item in enumerate(ITEMS)},
        needs=((),) * len(log.scenario.kinds),
        authored={},
        hydrants={},
        sources=(),
        tanks={
            "pumper": (Tank(FOAM, 500_000, 0.0, 100.0, from_depot=True),),
            "tanker": (Tank(WATER, 1_000_000, 0.0, 100.0, from_depot=False),),
        },
        pumps={},
        simulates_water=False,
        depots=dict.fromkeys(layouts, SITES),
    )
    return replace(log, scenario=replace(log.scenario, layouts=layouts, supplies=book), supplies=ledger)
