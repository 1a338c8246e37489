"""Measures of supplies: when they came, how much of what was needed, and what it took."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dispatch.engine.supply_log import SupplyLog
from dispatch.study.view import INCIDENT_FILTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dispatch.engine.supply_log import Asked, Brought, Trip
    from dispatch.scenario.items import KnownItem
    from dispatch.scenario.scenario import Scenario
    from dispatch.scenario.supplies import TruckKind
    from dispatch.study.view import LogView

    Filters = dict[str, str]
    Single = Callable[[LogView, Filters], float]

TONNE = 1000.0
DAY = 86_400.0
NEED_FILTERS = (*INCIDENT_FILTERS, "item")
TRUCK_FILTERS = (*INCIDENT_FILTERS, "depot")
LINE_FILTERS = ("depot", "item")
PRINCIPAL = "supply.first_truck.mean"
"""The measure that decides about winners and losers among zones, where layouts differ in depots only."""

HEADLINE = ("supply.first_truck.mean", "supply.fill_rate", "supply.unmet_hours", "supply.truck_km")
"""Measures shown beside the others when none are asked for, in a scenario with supplies."""

NONE = SupplyLog(())


def unit_of(scenario: Scenario, unit: str, filters: Filters) -> str:
    """Return the unit of a measure: amounts are in tonnes, and in the item's own unit where one is chosen."""
    if unit not in ("t", "t·h") or scenario.supplies is None or "item" not in filters:
        return unit
    own = scenario.supplies.items[scenario.supplies.number[filters["item"]]].unit
    return unit.replace("t", own, 1)


def _ledger(view: LogView) -> SupplyLog:
    return view.log.supplies or NONE


def _items(view: LogView) -> tuple[KnownItem, ...]:
    book = view.log.scenario.supplies
    return () if book is None else book.items


def _measured(view: LogView, filters: Filters, item: int, quanta: float) -> float:
    """Return an amount in the chosen item's unit, or in tonnes where none is chosen."""
    known = _items(view)[item]
    return known.units(quanta) if "item" in filters else quanta * known.kg / TONNE


def _passes(view: LogView, filters: Filters, item: int) -> bool:
    return "item" not in filters or _items(view)[item].id == filters["item"]


def _needs(view: LogView, filters: Filters) -> dict[int, Asked]:
    """Return the needs of measured calls that pass the filters, by number."""
    calls = view.calls(filters)
    return {
        number: need
        for number, need in enumerate(_ledger(view).needs)
        if calls[need.incident] and _passes(view, filters, need.item)
    }


def _is_of(view: LogView, filters: Filters, depot: int) -> bool:
    """Whether a depot passes the filter; −1 for none does only without one."""
    return "depot" not in filters or (depot >= 0 and _ledger(view).depots[depot].id == filters["depot"])


def _trips(view: LogView, filters: Filters) -> list[Trip]:
    """Return the trips for measured calls that pass the filters, by the truck's own depot."""
    calls = view.calls(filters)
    trips = _ledger(view).trips
    return [trip for trip in trips if calls[trip.incident] and _is_of(view, filters, trip.depot)]


def _by_truck(view: LogView, filters: Filters) -> Iterator[Brought]:
    """Yield what trucks brought for needs that pass the filters."""
    ledger, needs = _ledger(view), _needs(view, filters)
    for each in ledger.brought:
        counts = each.by == "truck" and each.need in needs
        if counts and _is_of(view, filters, ledger.trips[each.which].depot):
            yield each


def _first_trucks(view: LogView, filters: Filters) -> list[float]:
    """Return seconds from the first need asked for until the first truck has unloaded for one, by call."""
    needs, asked, came = _needs(view, filters), dict[int, float](), dict[int, float]()
    for need in needs.values():
        asked[need.incident] = min(asked.get(need.incident, math.inf), need.asked)
    for each in _by_truck(view, filters):
        call = needs[each.need].incident
        came[call] = min(came.get(call, math.inf), each.moment)
    return [moment - asked[call] for call, moment in sorted(came.items())]


def first_truck_mean(view: LogView, filters: Filters) -> float:
    """Mean seconds from supplies asked for until the first truck has unloaded; one value for each call.

    Calls that no truck reached stay out: ``supply.fill_rate`` and ``supply.unmet_hours`` count them.
    """
    found = _first_trucks(view, filters)
    return float(np.mean(found)) if found else math.nan


def first_truck_median(view: LogView, filters: Filters) -> float:
    """Median of the same seconds."""
    found = _first_trucks(view, filters)
    return float(np.median(found)) if found else math.nan


def first_truck_p90(view: LogView, filters: Filters) -> float:
    """90th percentile of the same seconds, by linear interpolation."""
    found = _first_trucks(view, filters)
    return float(np.quantile(found, 0.9)) if found else math.nan


def fill_rate(view: LogView, filters: Filters) -> float:
    """Mean over the needs of the share that is there by the deadline, at most 1.

    Where there is no deadline: by the moment at which nobody wants the rest any more. Whatever brought it
    counts: trucks, units, hydrants.
    """
    needs = {number: need for number, need in _needs(view, filters).items() if need.amount > 0}
    there = dict.fromkeys(needs, 0)
    for each in _ledger(view).brought:
        need = needs.get(each.need)
        if need is not None:
            limit = need.until if need.deadline == math.inf else need.deadline
            there[each.need] += each.amount if each.moment <= limit else 0
    shares = [min(1.0, there[number] / need.amount) for number, need in needs.items()]
    return float(np.mean(shares)) if shares else math.nan


def unmet_hours(view: LogView, filters: Filters) -> float:
    """Amount that was asked for and was not there, times the hours for which it was not.

    In tonnes; with the filter ``item`` in that item's own unit. From asked for until there, or until nobody
    wants it any more.
    """
    needs, total = _needs(view, filters), 0.0
    until = {number: need.until for number, need in needs.items()}
    for gone in _ledger(view).unwanted:
        if gone.need in until:
            until[gone.need] = min(until[gone.need], gone.moment)
    came: dict[int, list[Brought]] = {number: [] for number in needs}
    for each in _ledger(view).brought:
        if each.need in came:
            came[each.need].append(each)
    for number, need in needs.items():
        missing, quantum_seconds = need.amount, 0.0
        for each in sorted(came[number], key=lambda one: one.moment):
            counted = min(missing, each.amount)
            quantum_seconds += counted * max(0.0, min(each.moment, until[number]) - need.asked)
            missing -= counted
        quantum_seconds += missing * max(0.0, until[number] - need.asked)
        total += _measured(view, filters, need.item, quantum_seconds / 3600.0)
    return total


def stockout_s(view: LogView, filters: Filters) -> float:
    """Seconds of the measured time in which a depot has nothing of an item above its reserve; their sum.

    It is counted over all lines of all depots that the filters leave: a line is an item that a depot lists
    at the start.
    """
    total = 0.0
    for depot, item in _lines(view, filters):
        site = _ledger(view).depots[depot]
        above, since = site.stock[item] - site.reserve.get(item, 0), view.start
        for moment, change in (*_changes(view, depot, item), (math.inf, 0)):
            at = min(max(moment, view.start), view.end)
            total += at - since if above <= 0 else 0.0
            since, above = at, above + change
    return total


def _lines(view: LogView, filters: Filters) -> list[tuple[int, int]]:
    """Return depots and the items that they list at the start, as far as they pass the filters."""
    return [
        (depot, item)
        for depot, site in enumerate(_ledger(view).depots)
        for item in sorted(site.stock)
        if _is_of(view, filters, depot) and _passes(view, filters, item)
    ]


def _changes(view: LogView, depot: int, item: int) -> list[tuple[float, int]]:
    """Return moments and changes of a line, in order of time."""
    found = _ledger(view).changes
    return [(each.moment, each.amount) for each in found if (each.depot, each.item) == (depot, item)]


def shortfall(view: LogView, filters: Filters) -> float:
    """Amount that measured calls were short of when nobody wanted it any more.

    In tonnes; with the filter ``item`` in that item's own unit.
    """
    needs, gone = _needs(view, filters), _ledger(view).unwanted
    known = ((needs[each.need].item, each.amount) for each in gone if each.need in needs)
    return float(sum(_measured(view, filters, item, amount) for item, amount in known))


def delivered(view: LogView, filters: Filters) -> float:
    """Amount that trucks brought to measured calls; in tonnes, with the filter ``item`` in its own unit.

    ``depot`` is the truck's own: what its tankers bring from ponds and rivers is its own, too.
    """
    needs, brought = _ledger(view).needs, _by_truck(view, filters)
    return float(sum(_measured(view, filters, needs[each.need].item, each.amount) for each in brought))


def truck_km(view: LogView, filters: Filters) -> float:
    """Kilometres that trucks drove for measured calls: to load, to the call, and home.

    Trips of unknown length stay out; on a network without lengths there are no others, and no kilometres.
    """
    trips = _trips(view, filters)
    known = [trip.metres for trip in trips if not math.isnan(trip.metres)]
    return float(sum(known) / 1000.0) if known or not trips else math.nan


def trips_n(view: LogView, filters: Filters) -> float:
    """Count the truckloads for measured calls, whether they got there or not."""
    return float(len(_trips(view, filters)))


def cost(view: LogView, filters: Filters) -> float:
    """Price of what trucks brought and of what units took from depots, and of the trucks' kilometres.

    Item ``price`` by kg, litre or piece, truck ``per_km`` by kilometre, in whatever currency. Of measured
    calls, and of units that are filled in the measured time.
    """
    ledger, items, total = _ledger(view), _items(view), 0.0
    amounts = [(ledger.needs[each.need].item, each.amount) for each in _by_truck(view, filters)]
    amounts += [
        (each.item, each.amount)
        for each in ledger.refills
        if each.depot >= 0 and _is_of(view, filters, each.depot) and view.start <= each.begins <= view.end
    ]
    for item, amount in amounts:
        total += items[item].price * items[item].units(amount)
    for trip in _trips(view, filters):
        if not math.isnan(trip.metres):
            total += trip.metres / 1000.0 * _kind(ledger, trip).per_km
    return total


def _kind(ledger: SupplyLog, trip: Trip) -> TruckKind:
    """Return the kind of a trip's truck, which its id tells: depot, kind and number."""
    site = ledger.depots[trip.depot]
    kind = trip.truck.removeprefix(f"{site.id}/").rpartition("-")[0]
    return next(each for each in site.trucks if each.id == kind)


def days_of_cover(view: LogView, filters: Filters) -> float:
    """Days for which the stock at the end of the measured time lasts at its mean daily outflow.

    Both are taken together, by weight, over all lines that the filters leave. What goes to another depot
    flows out where ``depot`` is chosen; what comes back unused has not flowed out. Not defined where nothing
    flows out: such a replication stays out of the mean.
    """
    items, lines = _items(view), set(_lines(view, filters))
    sites, out = _ledger(view).depots, 0.0
    stock = sum(sites[depot].stock[item] * items[item].kg for depot, item in lines)
    leaves = ("committed", "restock", "returned", *(("supplies",) if "depot" in filters else ()))
    for each in _ledger(view).changes:
        if (each.depot, each.item) in lines and each.moment <= view.end:
            stock += each.amount * items[each.item].kg
            if each.why in leaves and each.moment >= view.start:
                out -= each.amount * items[each.item].kg
    return stock / (out / (view.window / DAY)) if out > 0.0 else math.nan


def depot_utilisation(view: LogView, filters: Filters) -> float:
    """Share of the measured time for which trucks are taken by a trip, from the order until they are back.

    Mean over the trucks. A truck that sets out again before it is back is taken all the time, and so is one
    that no way leads home.
    """
    ledger, busy = _ledger(view), 0.0
    sites = [site for depot, site in enumerate(ledger.depots) if _is_of(view, filters, depot)]
    trucks = sum(kind.number for site in sites for kind in site.trucks)
    following: dict[str, float] = {}
    for trip in sorted(ledger.trips, key=lambda each: each.committed, reverse=True):
        if _is_of(view, filters, trip.depot):
            back = math.inf if math.isnan(trip.returned) else trip.returned
            until = min(back, following.get(trip.truck, math.inf), view.end)
            busy += max(0.0, until - max(trip.committed, view.start))
            following[trip.truck] = trip.committed
    return busy / (trucks * view.window) if trucks else math.nan


SUPPLY_SINGLES: dict[str, tuple[Single, str, bool | None, tuple[str, ...]]] = {
    "supply.first_truck.mean": (first_truck_mean, "s", False, (*NEED_FILTERS, "depot")),
    "supply.first_truck.median": (first_truck_median, "s", False, (*NEED_FILTERS, "depot")),
    "supply.first_truck.p90": (first_truck_p90, "s", False, (*NEED_FILTERS, "depot")),
    "supply.fill_rate": (fill_rate, "share", True, NEED_FILTERS),
    "supply.unmet_hours": (unmet_hours, "t·h", False, NEED_FILTERS),
    "supply.stockout_s": (stockout_s, "s", False, LINE_FILTERS),
    "supply.shortfall": (shortfall, "t", False, NEED_FILTERS),
    "supply.delivered": (delivered, "t", None, (*NEED_FILTERS, "depot")),
    "supply.truck_km": (truck_km, "km", False, TRUCK_FILTERS),
    "supply.trips.n": (trips_n, "1", None, TRUCK_FILTERS),
    "supply.cost": (cost, "1", False, ("depot",)),
    "supply.days_of_cover": (days_of_cover, "d", True, LINE_FILTERS),
    "supply.depot_utilisation": (depot_utilisation, "share", None, ("depot",)),
}
"""Function, unit, whether more is better, and allowed filters, by name."""
