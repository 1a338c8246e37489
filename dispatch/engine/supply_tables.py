"""Supplies of a log as tables with names, amounts in kg, litres or pieces: what run folders hold."""

from __future__ import annotations

from collections import Counter
from math import inf, isinf, nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.engine.log import Columns, Log
    from dispatch.engine.supply_log import SupplyLog
    from dispatch.scenario.items import KnownItem

SUPPLY_TABLES = {
    "needs": ("incident", "item", "unit", "level", "amount", "asked", "deadline", "wanted_until",
              "by_deadline", "delivered", "by_trucks", "by_units", "by_hydrants", "complete",
              "unwanted"),
    "trips": ("trip", "truck", "depot", "loads_at", "incident", "item", "unit", "amount", "brought",
              "committed", "loading", "loaded", "delivered", "returned", "kilometres"),
    "stock": ("moment", "depot", "item", "unit", "change", "why", "balance"),
}  # fmt: skip
"""Columns by table."""

Rows = list[tuple[object, ...]]


def supply_tables(log: Log) -> dict[str, Columns]:
    """Return the tables of supplies by name, moments in seconds; without rows where there are none."""
    made: dict[str, Rows] = {"needs": [], "trips": [], "stock": []}
    if log.supplies is not None and log.scenario.supplies is not None:
        items = log.scenario.supplies.items
        made = {
            "needs": list(_needs(log, log.supplies, items)),
            "trips": list(_trips(log, log.supplies, items)),
            "stock": list(_stock(log.supplies, items)),
        }
    return {
        table: {name: [row[i] for row in made[table]] for i, name in enumerate(names)}
        for table, names in SUPPLY_TABLES.items()
    }


def _needs(log: Log, supplies: SupplyLog, items: tuple[KnownItem, ...]) -> Iterator[tuple[object, ...]]:
    """Yield a row for each need: what was asked for, and what came by whom; NaN for a moment that is none."""
    for number, need in enumerate(supplies.needs):
        item = items[need.item]
        came = sorted((each for each in supplies.brought if each.need == number), key=lambda one: one.moment)
        limit = need.until if isinf(need.deadline) else need.deadline
        by = Counter[str]()
        there, in_time, complete = 0, 0, nan
        for each in came:
            by[each.by] += each.amount
            there += each.amount
            in_time += each.amount if each.moment <= limit else 0
            complete = each.moment if there >= need.amount and complete != complete else complete
        unwanted = sum(each.amount for each in supplies.unwanted if each.need == number)
        amounts = (in_time, there, by["truck"], by["unit"], by["hydrant"])
        yield (
            log.timeline.incident_id(need.incident, log.scenario.kinds),
            item.id,
            item.unit,
            need.order,
            item.units(need.amount),
            need.asked,
            nan if need.deadline == inf else need.deadline,
            need.until,
            *map(item.units, amounts),
            complete,
            item.units(unwanted),
        )


def place_name(log: Log, supplies: SupplyLog, place: int) -> str:
    """Return the id of a place of loading: a depot, or a water source for numbers below zero."""
    if place >= 0:
        return supplies.depots[place].id
    assert log.scenario.supplies is not None
    return log.scenario.supplies.sources[-1 - place].id


def _trips(log: Log, supplies: SupplyLog, items: tuple[KnownItem, ...]) -> Iterator[tuple[object, ...]]:
    """Yield a row for each trip and need that it is for; the kilometres stand in the first row of a trip."""
    brought: Counter[tuple[int, int]] = Counter()
    for each in supplies.brought:
        if each.by == "truck":
            brought[each.which, each.need] += each.amount
    for number, trip in enumerate(supplies.trips):
        for row, (need, amount) in enumerate(trip.loads):
            item = items[supplies.needs[need].item]
            yield (
                number,
                trip.truck,
                supplies.depots[trip.depot].id,
                place_name(log, supplies, trip.place),
                log.timeline.incident_id(trip.incident, log.scenario.kinds),
                item.id,
                item.unit,
                item.units(amount),
                item.units(brought[number, need]),
                trip.committed,
                trip.loading,
                trip.loaded,
                trip.delivered,
                trip.returned,
                trip.metres / 1000.0 if row == 0 else 0.0,
            )


def _stock(supplies: SupplyLog, items: tuple[KnownItem, ...]) -> Iterator[tuple[object, ...]]:
    """Yield a row for each line of a depot at the start, and for each change with the balance after it."""
    balance: Counter[tuple[int, int]] = Counter()
    for depot, site in enumerate(supplies.depots):
        for number, amount in sorted(site.stock.items()):
            item, balance[depot, number] = items[number], amount
            yield 0.0, site.id, item.id, item.unit, item.units(amount), "start", item.units(amount)
    for each in supplies.changes:
        item = items[each.item]
        balance[each.depot, each.item] += each.amount
        after = item.units(balance[each.depot, each.item])
        name = supplies.depots[each.depot].id
        yield each.moment, name, item.id, item.unit, item.units(each.amount), each.why, after
