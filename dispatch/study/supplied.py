"""What supplies one call needed, who answered, and what came: for its story."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan, nan
from typing import TYPE_CHECKING

from dispatch.engine.supply_tables import place_name
from dispatch.scenario.layout import AID_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.engine.log import Log
    from dispatch.engine.supply_log import Brought, SupplyLog, Trip
    from dispatch.scenario.items import KnownItem
    from dispatch.scenario.supplies import SupplyBook


@dataclass(frozen=True, slots=True)
class Answered:
    """What a depot answered; the last of its answers."""

    depot: str
    moment: float
    answer: str
    """``accepted``, ``provisional`` or ``declined``."""
    amount: float
    """What it could send."""
    why: str
    """Why it is provisional or declined."""


@dataclass(frozen=True, slots=True)
class Came:
    """Something that came for a need."""

    moment: float
    amount: float
    by: str
    """``truck``, ``unit`` or ``hydrant``."""
    who: str
    """Id of the truck or unit; empty for hydrants."""


@dataclass(frozen=True, slots=True)
class SupplyNeedTold:
    """What the call needed of an item; amounts in its unit, moments in seconds, NaN for none."""

    item: str
    unit: str
    level: int
    """The alarm level that asked for it on top of lower ones; 0 for the first alarm."""
    amount: float
    flow: float
    """Litres per second to be pumped; 0 for none."""
    lasts: float
    """Seconds for which it is applied."""
    stock_up: bool
    """Whether all of it must be there before it is applied."""
    asked: float
    deadline: float
    until: float
    """When nobody wants the rest any more."""
    answers: tuple[Answered, ...]
    """Of each depot that was asked, in order of the moment."""
    came: tuple[Came, ...]
    by_deadline: float
    """What was there by the deadline; without one, by the moment at which nobody wants the rest any more."""
    complete: float
    """When all of it was there."""
    unwanted: float
    """What nobody wanted any more."""


@dataclass(frozen=True, slots=True)
class TripTold:
    """A truckload for the call; moments in seconds, NaN where they did not come."""

    truck: str
    place: str
    """Where it loaded: a depot, or a water source."""
    loads: tuple[tuple[str, float, str], ...]
    """Item, amount, unit."""
    committed: float
    loaded: float
    delivered: float
    returned: float
    kilometres: float


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why supplies never let a call come under control."""

    why: str
    """``pumps``, ``shortfall`` (it cannot be had), ``unwanted`` (nobody wants it any more), or ``end``."""
    item: str
    """Empty for pumps."""
    unit: str
    """What the amounts are in; ``l/s`` for pumps."""
    needed: float
    lacking: float


@dataclass(frozen=True, slots=True)
class Supplied:
    """Supplies in the story of a call."""

    needs: tuple[SupplyNeedTold, ...]
    trips: tuple[TripTold, ...]
    controlled: float
    """When supplies let the call come under control; NaN for never."""
    hindrances: tuple[Hindrance, ...] = ()
    """Why it is never."""


def supplied(log: Log, call: int) -> Supplied | None:
    """Return what there is to tell of a call's supplies; None where it needed none."""
    ledger, book = log.supplies, log.scenario.supplies
    if ledger is None or book is None:
        return None
    own = [number for number, need in enumerate(ledger.needs) if need.incident == call]
    if not own:
        return None
    trips = [_trip(log, ledger, book.items, trip) for trip in ledger.trips if trip.incident == call]
    needs = tuple(_need(log, ledger, book.items, number) for number in own)
    controlled = dict(ledger.controlled).get(call, nan)
    hindrances = tuple(_hindrances(log, ledger, book, own)) if isnan(controlled) else ()
    return Supplied(needs, tuple(trips), controlled, hindrances)


def _hindrances(log: Log, ledger: SupplyLog, book: SupplyBook, own: list[int]) -> Iterator[Hindrance]:
    """Yield why the needs of a call never let it come under control."""
    flow = sum(ledger.needs[number].flow for number in own)
    found = False
    for number in own:
        if ledger.needs[number].ordered:
            continue  # the call does not need it
        need, item = ledger.needs[number], book.items[ledger.needs[number].item]
        lacking = need.amount - sum(each.amount for each in ledger.brought if each.need == number)
        if lacking > 0:
            short = [each.amount for each in ledger.shortfalls if each.need == number]
            unwanted = any(each.need == number for each in ledger.unwanted)
            why = "shortfall" if short and short[-1] else "unwanted" if unwanted else "end"
            yield Hindrance(why, item.id, item.unit, item.units(need.amount), item.units(lacking))
            found = True
    if flow > 0.0 and book.pumps:
        most = _most_pumped(log, book, ledger.needs[own[0]].incident)
        if most < flow * (1.0 - 1e-9) or not found:
            yield Hindrance("pumps", "", "l/s", flow, max(flow - most, 0.0))


def _most_pumped(log: Log, book: SupplyBook, call: int) -> float:
    """Return the most that units pumped at a call at one time, in litres per second."""
    sent = log.responses
    spans = [
        (on_scene, inf if isnan(left) else left, book.pumps.get(log.fleet.types[unit], 0.0))
        for incident, unit, on_scene, left in zip(
            sent.incident.tolist(), sent.unit.tolist(), sent.on_scene.tolist(), sent.clear.tolist(),
            strict=True,
        )
        if incident == call and unit >= 0 and not isnan(on_scene)
    ]  # fmt: skip
    sums = [sum(each for there, left, each in spans if there <= at < left) for at, _, _ in spans]
    return max(sums, default=0.0)


def _need(log: Log, ledger: SupplyLog, items: tuple[KnownItem, ...], number: int) -> SupplyNeedTold:
    need = ledger.needs[number]
    item, there, in_time, complete = items[need.item], 0, 0, nan
    limit = need.until if need.deadline == inf else need.deadline
    came = sorted((each for each in ledger.brought if each.need == number), key=lambda one: one.moment)
    for each in came:
        there += each.amount
        in_time += each.amount if each.moment <= limit else 0
        complete = each.moment if there >= need.amount and complete != complete else complete
    last = {each.depot: each for each in ledger.answers if each.need == number}
    answers = sorted(last.values(), key=lambda one: (one.moment, one.depot))
    return SupplyNeedTold(
        item=item.id,
        unit=item.unit,
        level=need.order,
        amount=item.units(need.amount),
        flow=need.flow,
        lasts=need.lasts,
        stock_up=need.stock_up,
        asked=need.asked,
        deadline=nan if need.deadline == inf else need.deadline,
        until=need.until,
        answers=tuple(
            Answered(
                ledger.depots[each.depot].id, each.moment, each.answer, item.units(each.amount), each.why
            )
            for each in answers
        ),
        came=tuple(
            Came(each.moment, item.units(each.amount), each.by, _who(log, ledger, each)) for each in came
        ),
        by_deadline=item.units(in_time),
        complete=complete,
        unwanted=item.units(sum(each.amount for each in ledger.unwanted if each.need == number)),
    )


def _who(log: Log, ledger: SupplyLog, brought: Brought) -> str:
    if brought.by == "truck":
        return ledger.trips[brought.which].truck
    unit = int(log.responses.unit[brought.which]) if brought.by == "unit" else -1
    return log.fleet.ids[unit] if unit >= 0 else AID_NAME if brought.by == "unit" else ""


def _trip(log: Log, ledger: SupplyLog, items: tuple[KnownItem, ...], trip: Trip) -> TripTold:
    known = [(items[ledger.needs[need].item], amount) for need, amount in trip.loads]
    return TripTold(
        truck=trip.truck,
        place=place_name(log, ledger, trip.place),
        loads=tuple((item.id, item.units(amount), item.unit) for item, amount in known),
        committed=trip.committed,
        loaded=trip.loaded,
        delivered=trip.delivered,
        returned=trip.returned,
        kilometres=trip.metres / 1000.0,
    )
