"""How supplies are sent in a simulation: what depots answer, what the policy says, which trucks set out."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from dispatch.engine.depots import Stores
from dispatch.engine.rulebook import NEVER
from dispatch.engine.supply_checks import checked
from dispatch.engine.supply_log import ACCEPTED, DECLINED, PROVISIONAL, Answer, Asked, Short
from dispatch.engine.supply_view import Goods, Wanted
from dispatch.engine.trucks import Trucks
from dispatch.needs import circumstances
from dispatch.scenario.items import WATER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dispatch.engine.operations import Operations
    from dispatch.engine.supply_view import Carrier, Shipment, SupplyPolicy
    from dispatch.engine.trucks import Haul
    from dispatch.scenario.items import KnownItem
    from dispatch.scenario.scenario import Scenario
    from dispatch.scenario.supplies import DepotSite

UNLIMITED = 10**15
"""Quanta of water at a source: more than anybody fetches."""

ANY = -1
"""Instead of a depot: whichever the policy says."""

BEHIND = 1000
"""By how much orders that name no depot are less urgent than what calls need."""


@dataclass(slots=True, eq=False)
class OpenNeed:
    """What a call needs of an item, and what it has."""

    asked: Asked
    there: int = 0
    under_way: int = 0
    first: float = NEVER
    """When something of it was there for the first time."""
    complete: float = NEVER
    closed: bool = False
    """Whether nobody wants the rest any more."""
    short: int = 0
    """How much of the rest cannot be had, with all that orders bring to the call."""
    missing: int = 0
    """How much of what may be sent cannot be, as the policy sees it."""
    answers: dict[int, str] = field(default_factory=dict)
    """The last answer of each depot."""
    may_send: dict[int, int] = field(default_factory=lambda: {ANY: UNLIMITED})
    """How much depots may send of it still: by depot, or all of them together."""
    given: int = 0
    """What needs of the call have taken of it: only of what was ordered."""

    @property
    def lacking(self) -> int:
        """What is neither there nor on its way."""
        return 0 if self.closed else max(self.asked.amount - self.there - self.under_way, 0)

    def wanted_from(self, depot: int) -> int:
        """Return what is lacking of it and may come from a depot, or from any."""
        return min(self.lacking, self.may_send.get(depot, 0))

    @property
    def ordered(self) -> bool:
        """Whether an order asked for it, beside all that the call needs."""
        return self.asked.ordered

    @property
    def by_depot(self) -> bool:
        """Whether it is ordered from a certain depot, and comes from nowhere else."""
        return self.ordered and ANY not in self.may_send

    @property
    def on_order(self) -> int:
        """What is lacking of it, may be sent, and can be as far as the policy sees it."""
        return max(min(self.lacking, sum(self.may_send.values())) - self.missing, 0)

    @property
    def spare(self) -> int:
        """What an order has for needs of the call that nobody else can meet: there or to come."""
        return self.there - self.given + self.under_way + self.on_order

    def let_send(self, depot: int, amount: int) -> None:
        """Let a depot send so much more, or so much less."""
        if self.may_send.get(depot, 0) < UNLIMITED:
            self.may_send[depot] = self.may_send.get(depot, 0) + amount


@dataclass(frozen=True, slots=True)
class _View:
    """What the policy sees; see :class:`SupplyView`."""

    now: float
    items: Sequence[KnownItem]
    wanted: Sequence[Wanted]
    goods: Sequence[Goods]
    carriers: Sequence[Carrier]
    trucks: Trucks

    def lead(self, carrier: Carrier, place: int, node: int, litres: float = 0.0) -> float:
        """Return seconds from setting out for a place until unloaded at a node."""
        return self.trucks.lead(carrier, place, node, litres)

    def back(self, carrier: Carrier, place: int, node: int) -> float:
        """Return seconds from a node back to a place of loading."""
        return self.trucks.seconds(carrier.kind, node, self.trucks.node_of(place))


class Sending:
    """The depots and trucks of a layout, and what is sent from them to the needs that are open."""

    def __init__(
        self,
        ops: Operations,
        scenario: Scenario,
        sites: tuple[DepotSite, ...],
        policy: SupplyPolicy,
        unloaded: Callable[[Haul], None],
    ) -> None:
        assert scenario.supplies is not None
        self.ops, self._scenario, self._sites, self._policy = ops, scenario, sites, policy
        self._book, self.sites, self.items = scenario.supplies, sites, scenario.supplies.items
        self._water = self._book.number[WATER]
        self.stores = Stores(ops, sites, self.note_change)
        self.trucks = Trucks(ops, sites, self._book.sources, unloaded, self._bring_back, self._stop)
        self.needs: list[OpenNeed] = []
        self.open: dict[int, None] = {}
        """Needs that are not met, and that somebody still wants, in order."""
        self.orders: list[int] = []
        """Needs that orders brought, beside what calls need."""
        self.answers: list[Answer] = []
        self.shortfalls: list[Short] = []
        self._changed = False
        self._wakes: set[float] = set()
        """Moments at which the policy will be asked again."""

    def note_change(self) -> None:
        """See to it that the policy is asked when everything of the moment is known."""
        self._changed = True

    def settle(self) -> None:
        """Ask the policy again if something has changed."""
        if self._changed:
            self._changed = False
            self.send()

    def _stop(self, haul: Haul) -> None:
        """Count on a load no longer that stands before closed roads; or again, once a way leads on."""
        for number, amount in haul.shipment.loads:
            self.needs[number].under_way += -amount if haul.stopped else amount
        self.note_change()

    def _bring_back(self, haul: Haul) -> None:
        """Put back into the depot what a truck brings home."""
        for item, amount in sorted(haul.left_over.items()):
            self.stores.put(self.trucks.depot(haul.truck), item, amount, "returned")
        haul.left_over.clear()
        self.note_change()

    def send(self) -> None:
        """Ask the policy, and let trucks set out; the others go home.

        What a certain depot is to send comes first, and is planned by itself; what is ordered from any comes
        last. What is ordered is for the call: its needs are short only of what that leaves them.
        """
        short: dict[int, int] = {}
        for number in self.open:
            if not self.needs[number].lacking:
                short[number] = 0
        named = {depot for number in self.open for depot in self.needs[number].may_send}
        for depot in sorted(named, reverse=True):
            for number, amount in self._send_from(depot, self._wanted(depot)).items():
                short[number] = short.get(number, 0) + amount
        for number, amount in short.items():
            self.needs[number].missing = amount
        for number, amount in self._beside_orders(short).items():
            self._note_short(number, amount)
        self.trucks.send_home()

    def _beside_orders(self, short: dict[int, int]) -> dict[int, int]:
        """Return what cannot be had of needs, less what orders for the same calls have and bring."""
        spare: dict[tuple[int, int], int] = {}
        for number in self.orders:
            need = self.needs[number]
            key = need.asked.incident, need.asked.item
            spare[key] = spare.get(key, 0) + need.spare
        if not spare:
            return short
        found = dict(short)
        for number, amount in sorted(short.items()):
            need = self.needs[number]
            key = need.asked.incident, need.asked.item
            if not need.ordered:
                used = min(amount, spare.get(key, 0))
                spare[key] = spare.get(key, 0) - used
                found[number] = amount - used
        return found

    def _send_from(self, place: int, wanted: list[Wanted]) -> dict[int, int]:
        """Let trucks of a depot set out, or of any; return what of the wanted cannot be had, by need."""
        if not wanted:
            return {}
        carriers = [one for one in self.trucks.carriers() if place in (ANY, one.depot)]
        goods = [one for one in self._goods(wanted, carriers) if place in (ANY, one.place)]
        self._wake_up(goods)
        self._answer(wanted, goods, carriers, place)
        view = _View(self.ops.board.now, self._book.items, wanted, goods, carriers, self.trucks)
        plan = self._policy.plan(view)
        for shipment in checked(plan.shipments, view, self.trucks):
            self._commit(shipment, place)
        self.stores.reorder()
        for depot, item, lacking in self._lacking(wanted):
            if place in (ANY, depot):
                self.stores.want(depot, item, lacking, self._lot(depot, item))
        return {each.need: plan.short.get(each.need, 0) for each in wanted}

    def _note_short(self, number: int, amount: int) -> None:
        """Note how much of a need cannot be had, wherever that has changed."""
        if amount != self.needs[number].short:
            self.needs[number].short = amount
            self.shortfalls.append(Short(number, self.ops.board.now, amount))

    def _wake_up(self, goods: Sequence[Goods]) -> None:
        """See to it that the policy is asked again when goods can be loaded that cannot be now."""
        for moment in {one.ready for one in goods if one.ready > self.ops.board.now} - self._wakes:
            self._wakes.add(moment)
            self.ops.at(moment, self.note_change)

    def _wanted(self, depot: int) -> list[Wanted]:
        """Return what is lacking and may come from a depot, or from any."""
        found = [
            Wanted(
                number,
                need.asked.item,
                need.wanted_from(depot),
                self.ops.node[need.asked.incident],
                self.ops.priority[need.asked.incident] + (BEHIND if need.ordered and depot == ANY else 0),
                need.asked.deadline,
                need.asked.until,
            )
            for number in self.open
            if (need := self.needs[number]).wanted_from(depot)
        ]
        return sorted(found, key=lambda each: (each.priority, each.deadline, each.need))

    def _lacking(self, wanted: Sequence[Wanted]) -> Iterator[tuple[int, int, int]]:
        """Yield depot, item and amount for what depots have to do with and calls still lack."""
        lacking: dict[int, int] = {}
        for each in wanted:
            lacking[each.item] = lacking.get(each.item, 0) + self.needs[each.need].lacking
        for depot in range(len(self._sites)):
            for item, amount in sorted(lacking.items()):
                if amount and self.stores.lists(depot, item):
                    yield depot, item, amount

    def _lot(self, depot: int, item: int) -> int:
        """Return in what lots a depot makes an item: what its largest truck takes."""
        known = self._book.items[item]
        return max((kind.carried(item, known) for kind in self._sites[depot].trucks), default=0) or UNLIMITED

    def _goods(self, wanted: Sequence[Wanted], carriers: Sequence[Carrier]) -> Iterator[Goods]:
        """Yield what can be loaded, and from when on."""
        for depot, item, lacking in self._lacking(wanted):
            for batch in self.stores.ready(depot, item, lacking, self._lot(depot, item)):
                yield Goods(depot, item, batch.amount, batch.ready)
        tankers = any(carrier.kind.takes(self._water) for carrier in carriers)
        if tankers and any(each.item == self._water for each in wanted):
            dry = circumstances(self._scenario, self.ops.board.now)[1]
            for number, source in enumerate(self._book.sources):
                if not (source.hydrant and source.node in dry):
                    yield Goods(-1 - number, self._water, UNLIMITED, self.ops.board.now)

    def _commit(self, shipment: Shipment, place: int) -> None:
        """Take a load out of the stock, and let its truck set out."""
        litres, call = 0.0, -1
        for number, amount in shipment.loads:
            need = self.needs[number]
            need.under_way += amount
            need.let_send(place, -amount)
            call = need.asked.incident
            litres += amount * self._book.items[need.asked.item].litres
            if shipment.place >= 0:
                self.stores.take(shipment.place, need.asked.item, amount, "committed")
        self.trucks.commit(shipment, call, self.ops.node[call], litres)

    def _answer(
        self, wanted: Sequence[Wanted], goods: Sequence[Goods], carriers: Sequence[Carrier], place: int
    ) -> None:
        """Note what depots answer, wherever that has changed."""
        for each in wanted:
            need = self.needs[each.need]
            for depot in range(len(self._sites)):
                if place not in (ANY, depot) or not self.stores.lists(depot, each.item):
                    continue
                answer, why, amount = self._answer_of(depot, each, goods, carriers)
                if need.answers.get(depot) != answer:
                    need.answers[depot] = answer
                    self.answers.append(Answer(each.need, depot, self.ops.board.now, answer, amount, why))

    def _answer_of(
        self, depot: int, each: Wanted, goods: Sequence[Goods], carriers: Sequence[Carrier]
    ) -> tuple[str, str, int]:
        """Return a depot's answer, why, and how much it can send."""
        able = [c for c in carriers if c.depot == depot and c.kind.takes(each.item)]
        has_any = any(kind.takes(each.item) for kind in self._sites[depot].trucks)
        if not has_any:
            return DECLINED, "no truck for it", 0
        site = self._sites[depot]
        ways = (self.trucks.seconds(kind, site.node, each.node) < inf for kind in site.trucks)
        if not any(ways):
            return DECLINED, "no way there", 0
        mine = [one for one in goods if one.place == depot and one.item == each.item]
        if not mine:
            return DECLINED, "nothing above the reserve", 0
        now = self.ops.board.now
        amount = min(sum(one.amount for one in mine), each.amount)
        ready = [one for one in mine if one.ready <= now]
        if not ready:
            in_hand = self.stores.available(depot, each.item) > 0
            return PROVISIONAL, "closed" if in_hand else "not in stock yet", amount
        if not any(c.free_at <= now and self.trucks.is_free(c.truck) for c in able):
            return PROVISIONAL, "all trucks are out", amount
        return ACCEPTED, "", min(sum(one.amount for one in ready), each.amount)
