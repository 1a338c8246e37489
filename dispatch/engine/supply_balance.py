"""Mass balance of supplies: whether everything that a log tells of amounts agrees, to the last quantum.

Goods come out of the stock at the start, out of production, and from outside. They go into trucks, into
units, and to other depots. What is told twice has to be the same both times: what left a depot and what its
trucks loaded, what a truck loaded and what it brought, what a unit was given and what a depot gave.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from math import inf, isnan
from typing import TYPE_CHECKING, NamedTuple

from dispatch.scenario.layout import AID_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dispatch.engine.log import Log
    from dispatch.engine.supply_log import SupplyLog
    from dispatch.scenario.items import KnownItem

COMES_IN = ("resupply", "produced", "returned")
"""Changes of stock that come in; all others go out."""

SLACK = 1e-6
"""Seconds by which moments that are reckoned on two ways may differ."""


class Fault(NamedTuple):
    """Something that does not agree."""

    what: str
    """Which law is broken: one of the words in LAWS."""
    who: str
    """Depot, truck, unit or call that it is about."""
    item: int
    """Number of the item; −1 where it is not about one."""
    amount: int
    """How many quanta are amiss; negative for what is missing."""
    moment: float
    """Seconds from the start; infinite for what shows at the end only."""


LAWS = {
    "direction": "goods come in where they should go out, or the other way",
    "order": "changes of stock are not in order of time",
    "negative": "a stock is below zero",
    "committed": "what left the depot is not what its trucks loaded",
    "trip": "what a truck loaded is neither brought, nor brought back, nor still on it",
    "brought": "something came that no truck had loaded for it, or at another moment",
    "returned": "what came back to the depot is not what its trucks had left",
    "transfer": "more came in from another depot than it sent, or what it sent never came",
    "resupply": "more was replaced than had left",
    "produced": "more was made than can be",
    "restock": "what the depot gave to units is not what they got",
    "unit": "a unit gave what it did not use, used what it did not have, or was filled beyond full",
    "need": "more is unwanted than was missing",
    "taken": "more was taken of what was ordered than had come",
}
"""What each law's breach means."""


class Balance(NamedTuple):
    """What came of an item in a depot; in quanta."""

    start: int
    came_in: Mapping[str, int]
    """By reason."""
    went_out: Mapping[str, int]
    """By reason, as positive amounts."""
    end: int


@dataclass(frozen=True, slots=True)
class Carriers:
    """What the units of a log can carry; needed for their side of the balance."""

    units: Sequence[str]
    """Ids."""
    full: Mapping[tuple[int, int], int]
    """Quanta when full, by unit and item."""
    unit_of: Sequence[int]
    """Unit of each response."""

    def name(self, unit: int) -> str:
        """Return the id of a unit."""
        return self.units[unit] if unit >= 0 else AID_NAME


def faults_of(log: Log) -> list[Fault]:
    """Return everything in a log's supplies that does not agree; nothing where it has none."""
    if log.supplies is None:
        return []
    book = log.scenario.supplies
    tanks = {} if book is None else book.tanks
    full = {
        (unit, tank.item): tank.amount
        for unit, kind in enumerate(log.fleet.types)
        for tank in tanks.get(kind, ())
    }
    return faults(log.supplies, Carriers(log.fleet.ids, full, log.responses.unit.tolist()))


def faults(supplies: SupplyLog, carriers: Carriers | None = None) -> list[Fault]:
    """Return everything in a log of supplies that does not agree, law by law.

    Without ``carriers`` what units carry is not looked at.
    """
    return [
        *_stocks(supplies),
        *_committed(supplies),
        *_trips(supplies),
        *_brought(supplies),
        *_taken(supplies),
        *_returned(supplies),
        *_transfers(supplies),
        *_replaced(supplies),
        *_produced(supplies),
        *_restocked(supplies),
        *(_units(supplies, carriers) if carriers is not None else ()),
        *_needs(supplies),
    ]


def fault_text(fault: Fault, items: Sequence[KnownItem]) -> str:
    """Return a fault in words, such as ``park-gate, foam-6: a stock is below zero (6 t at 120 s)``."""
    when = "at the end" if fault.moment == inf else f"at {fault.moment:.6g} s"
    about = fault.who
    if fault.item >= 0:
        item = items[fault.item]
        about += f", {item.id}"
        sign = "−" if fault.amount < 0 else ""
        when = f"{sign}{item.shown(abs(fault.amount))} {when}"
    return f"{about}: {LAWS[fault.what]} ({when})"


def balances(supplies: SupplyLog) -> dict[tuple[int, int], Balance]:
    """Return what came of each item in each depot that had it at any time, by depot and item."""
    came: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    went: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for each in supplies.changes:
        book = came if each.amount > 0 else went
        book[each.depot, each.item][each.why] += abs(each.amount)
    start = _start(supplies)
    result = {}
    for key in sorted({*start, *came, *went}):
        first, ins, outs = start.get(key, 0), dict(came[key]), dict(went[key])
        result[key] = Balance(first, ins, outs, first + sum(ins.values()) - sum(outs.values()))
    return result


def _start(supplies: SupplyLog) -> dict[tuple[int, int], int]:
    return {
        (depot, item): amount
        for depot, site in enumerate(supplies.depots)
        for item, amount in site.stock.items()
    }


def _stocks(supplies: SupplyLog) -> Iterator[Fault]:
    """Yield changes of the wrong sign, out of order, or that take a stock below zero."""
    stock, last = Counter(_start(supplies)), -inf
    for each in supplies.changes:
        who = supplies.depots[each.depot].id
        if (each.amount > 0) is not (each.why in COMES_IN):
            yield Fault("direction", who, each.item, each.amount, each.moment)
        if each.moment < last:
            yield Fault("order", who, -1, 0, each.moment)
        last = max(last, each.moment)
        stock[each.depot, each.item] += each.amount
        if stock[each.depot, each.item] < 0:
            yield Fault("negative", who, each.item, stock[each.depot, each.item], each.moment)


def _committed(supplies: SupplyLog) -> Iterator[Fault]:
    """Yield what left depots for trips and was not loaded, or the other way; truck by moment."""
    left: Counter[tuple[int, int, float]] = Counter()
    for each in supplies.changes:
        if each.why == "committed":
            left[each.depot, each.item, each.moment] -= each.amount
    for trip in supplies.trips:
        if trip.place >= 0:
            for need, amount in trip.loads:
                left[trip.place, supplies.needs[need].item, trip.committed] -= amount
    for (depot, item, moment), amount in sorted(left.items()):
        if amount:
            yield Fault("committed", supplies.depots[depot].id, item, amount, moment)


def _given(supplies: SupplyLog) -> Counter[tuple[int, int]]:
    """Return what each trip brought for each need."""
    given: Counter[tuple[int, int]] = Counter()
    for each in supplies.brought:
        if each.by == "truck":
            given[each.which, each.need] += each.amount
    return given


def _trips(supplies: SupplyLog) -> Iterator[Fault]:
    """Yield trips that brought more than they had, or whose load is nowhere.

    What a trip did not bring comes back to the depot, which is looked at there, or is poured out if it is
    water from a source, or is still on the truck: before the end of the trip, and on a truck that no way
    leads home and that has gone on no other trip.
    """
    given, last = _given(supplies), {trip.truck: number for number, trip in enumerate(supplies.trips)}
    for number, trip in enumerate(supplies.trips):
        under_way = trip.delivered > supplies.ended
        may_keep = under_way or last[trip.truck] == number or trip.place < 0 or not isnan(trip.returned)
        for need, amount in trip.loads:
            rest = amount - given[number, need]
            if rest < 0 or (rest > 0 and not may_keep):
                yield Fault("trip", trip.truck, supplies.needs[need].item, -rest, trip.committed)


def _brought(supplies: SupplyLog) -> Iterator[Fault]:
    """Yield what trucks brought for needs that they had nothing for, or when they were not there."""
    for each in supplies.brought:
        item = supplies.needs[each.need].item
        if each.amount <= 0:
            yield Fault("brought", f"need {each.need}", item, each.amount, each.moment)
        if each.by != "truck":
            continue
        known = 0 <= each.which < len(supplies.trips)
        trip = supplies.trips[each.which] if known else None
        if trip is None or each.need not in dict(trip.loads):
            yield Fault("brought", f"need {each.need}", item, each.amount, each.moment)
        elif not abs(each.moment - trip.delivered) <= SLACK:
            yield Fault("brought", trip.truck, item, each.amount, each.moment)


def _taken(supplies: SupplyLog) -> Iterator[Fault]:
    """Yield what needs took of orders before it had come, or of orders for other calls or items."""
    there, needs = Counter[int](), supplies.needs
    for each in sorted(supplies.brought, key=lambda one: (one.moment, one.by == "order")):
        there[each.need] += each.amount
        if each.by == "order":
            there[each.which] -= each.amount
            own, source = needs[each.need], needs[each.which]
            other = (own.incident, own.item) != (source.incident, source.item)
            if there[each.which] < 0 or other or not source.ordered:
                yield Fault("taken", f"need {each.need}", own.item, each.amount, each.moment)


def _returned(supplies: SupplyLog) -> Iterator[Fault]:
    """Yield what came back to depots and was on no truck, or was on one and never came back."""
    given, back = _given(supplies), Counter[tuple[int, int, float]]()
    for each in supplies.changes:
        if each.why == "returned":
            back[each.depot, each.item, each.moment] += each.amount
    for number, trip in enumerate(supplies.trips):
        if isnan(trip.returned) or trip.returned > supplies.ended or trip.place < 0:
            continue  # water from a source is poured away
        for need, amount in trip.loads:
            back[trip.depot, supplies.needs[need].item, trip.returned] -= amount - given[number, need]
    for (depot, item, moment), amount in sorted(back.items()):
        if amount:
            yield Fault("returned", supplies.depots[depot].id, item, amount, moment)


def _clients(supplies: SupplyLog) -> dict[int, list[int]]:
    """Return the depots that each one supplies."""
    number = {site.id: depot for depot, site in enumerate(supplies.depots)}
    found: dict[int, list[int]] = defaultdict(list)
    for depot, site in enumerate(supplies.depots):
        if site.supplier in number:
            found[number[site.supplier]].append(depot)
    return found


def _transfers(supplies: SupplyLog) -> Iterator[Fault]:
    """Yield what came from other depots before they sent it, and what they sent that never came."""
    clients = _clients(supplies)
    supplier = {client: depot for depot, served in clients.items() for client in served}
    on_the_way: Counter[tuple[int, int]] = Counter()
    sent: list[tuple[int, int, float, int]] = []
    for each in supplies.changes:
        if each.why == "supplies":
            on_the_way[each.depot, each.item] -= each.amount
            sent.append((each.depot, each.item, each.moment, -each.amount))
        elif each.why == "resupply" and each.depot in supplier:
            key = (supplier[each.depot], each.item)
            on_the_way[key] -= each.amount
            if on_the_way[key] < 0:
                yield Fault("transfer", supplies.depots[each.depot].id, each.item, each.amount, each.moment)
    due: Counter[tuple[int, int]] = Counter()  # what may still be on the way at the end
    for depot, item, moment, amount in sent:
        latest = max((supplies.depots[client].lead_time for client in clients.get(depot, ())), default=0.0)
        due[depot, item] += amount if moment + latest > supplies.ended - SLACK else 0
    for (depot, item), amount in sorted(on_the_way.items()):
        if amount > due[depot, item]:
            yield Fault("transfer", supplies.depots[depot].id, item, due[depot, item] - amount, inf)


def _replaced(supplies: SupplyLog) -> Iterator[Fault]:
    """Yield what was replaced before it had left, or at depots where nothing is replaced."""
    gone: Counter[tuple[int, int]] = Counter()
    for each in supplies.changes:
        if each.why not in COMES_IN:
            gone[each.depot, each.item] -= each.amount
        elif each.why == "resupply":
            gone[each.depot, each.item] -= each.amount
            site = supplies.depots[each.depot]
            if gone[each.depot, each.item] < 0 or site.lead_time == inf:
                yield Fault("resupply", site.id, each.item, each.amount, each.moment)


def _produced(supplies: SupplyLog) -> Iterator[Fault]:
    """Yield what was made where it is not made, or in less time than it takes."""
    made: Counter[tuple[int, int]] = Counter()
    for each in supplies.changes:
        if each.why == "produced":
            made[each.depot, each.item] += each.amount
            site = supplies.depots[each.depot]
            most = site.rates.get(each.item, 0.0) * max(0.0, each.moment - site.ramp_up + SLACK)
            if made[each.depot, each.item] > most + 1.0:
                over = made[each.depot, each.item] - int(most)
                yield Fault("produced", site.id, each.item, over, each.moment)


def _restocked(supplies: SupplyLog) -> Iterator[Fault]:
    """Yield what depots gave to units that did not get it, or the other way."""
    given: Counter[tuple[int, int]] = Counter()
    for change in supplies.changes:
        if change.why == "restock":
            given[change.depot, change.item] -= change.amount
    for refill in supplies.refills:
        if refill.depot >= 0:
            given[refill.depot, refill.item] -= refill.amount
    for (depot, item), amount in sorted(given.items()):
        if amount:
            yield Fault("restock", supplies.depots[depot].id, item, amount, inf)


def _units(supplies: SupplyLog, carriers: Carriers) -> Iterator[Fault]:
    """Yield units that used, or gave to a call, what they did not have, or that were filled beyond full."""
    used: Counter[tuple[int, int]] = Counter()
    for use in supplies.uses:
        used[use.response, use.item] += use.amount
    for each in supplies.brought:
        if each.by == "unit":
            item = supplies.needs[each.need].item
            used[each.which, item] -= each.amount
            if used[each.which, item] < 0:
                name = carriers.name(carriers.unit_of[each.which])
                yield Fault("unit", name, item, used[each.which, item], each.moment)
    steps: Counter[tuple[float, int, int]] = Counter()  # what changes at one moment is taken together
    for use in supplies.uses:
        steps[use.moment, carriers.unit_of[use.response], use.item] -= use.amount
    for refill in supplies.refills:
        steps[refill.ends, refill.unit, refill.item] += refill.amount
    held = Counter(dict(carriers.full))
    for (moment, unit, item), amount in sorted(steps.items()):
        held[unit, item] += amount
        amiss = min(0, held[unit, item]) or max(0, held[unit, item] - carriers.full.get((unit, item), 0))
        if amiss:
            yield Fault("unit", carriers.name(unit), item, amiss, moment)


def _needs(supplies: SupplyLog) -> Iterator[Fault]:
    """Yield needs of which more is unwanted than was missing then."""
    for each in supplies.unwanted:
        asked = supplies.needs[each.need]
        there = sum(
            one.amount for one in supplies.brought if one.need == each.need and one.moment <= each.moment
        )
        over = each.amount - max(0, asked.amount - there)
        if over > 0 or each.amount <= 0:
            yield Fault("need", f"need {each.need}", asked.item, over, each.moment)
