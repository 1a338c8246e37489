"""Supplies in a simulation: needs, what depots answer, trucks that set out, when a call has all it needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

from dispatch.calls import AUTHORED
from dispatch.engine.depots import Stores
from dispatch.engine.log import INCIDENT, ON_SCENE, UNIT, WIDTH
from dispatch.engine.parts import NO_SAY, Part
from dispatch.engine.rulebook import NEVER
from dispatch.engine.supply_checks import checked
from dispatch.engine.supply_log import (
    ACCEPTED,
    DECLINED,
    PROVISIONAL,
    Answer,
    Asked,
    Brought,
    Short,
    SupplyLog,
    Unwanted,
)
from dispatch.engine.supply_view import Goods, Wanted
from dispatch.engine.trucks import Trucks
from dispatch.needs import circumstances
from dispatch.scenario.items import WATER
from dispatch.scenario.supply_needs import needs_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dispatch.engine.consumables import Consumables
    from dispatch.engine.operations import Operations
    from dispatch.engine.protocols import Need
    from dispatch.engine.supply_view import Carrier, Shipment, SupplyPolicy
    from dispatch.engine.trucks import Haul
    from dispatch.scenario.items import KnownItem
    from dispatch.scenario.scenario import Scenario
    from dispatch.scenario.supplies import DepotSite, KnownNeed, SupplyBook
    from dispatch.timeline import Timeline

UNLIMITED = 10**15
"""Quanta of water at a source: more than anybody fetches."""


@dataclass(slots=True, eq=False)
class _Need:
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
    """How much of the rest cannot be had, as the policy sees it."""
    answers: dict[int, tuple[str, str]] = field(default_factory=dict)
    """The last answer of each depot, and why."""

    @property
    def lacking(self) -> int:
        """What is neither there nor on its way."""
        return 0 if self.closed else max(self.asked.amount - self.there - self.under_way, 0)


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


class Supplies(Part):
    """Sends supplies to calls that need them.

    A need is asked for when the call is ready, or some time later; a rise of the level asks for what its card
    has beyond the lower one. Hydrants and units on scene give what they have; for the rest the depots answer,
    and the policy says which truck takes what. It is asked again whenever something has changed.
    """

    def __init__(
        self,
        scenario: Scenario,
        sites: tuple[DepotSite, ...],
        timeline: Timeline,
        policy: SupplyPolicy,
        carried: Consumables | None,
    ) -> None:
        assert scenario.supplies is not None
        self._scenario, self._sites, self._timeline = scenario, sites, timeline
        self._book: SupplyBook = scenario.supplies
        self._policy, self._carried = policy, carried
        self._kind = timeline.kind.tolist()
        self._water = self._book.number[WATER]
        self._needs: list[_Need] = []
        self._open: dict[int, None] = {}
        """Needs that are not met, and that somebody still wants, in order."""
        self._of_call: dict[int, list[int]] = {}
        self._to_come: dict[int, int] = {}
        """How many needs of each call have not been asked for yet."""
        self._named: dict[tuple[int, int], int] = {}
        """What has been named so far of a call's need of an item, by call and item."""
        self._answers: list[Answer] = []
        self._brought: list[Brought] = []
        self._shortfalls: list[Short] = []
        self._unwanted: list[Unwanted] = []
        self._coming: dict[int, float] = {}
        """Rows of units on their way that carry or pump something, and when they arrive as far as known."""
        self._changed = False
        self._wakes: set[float] = set()
        """Moments at which the policy will be asked again."""

    def join(self, ops: Operations) -> None:
        """Take part, with full depots and all trucks at home."""
        super().join(ops)
        self.stores = Stores(ops, self._sites, self._book.items, self._note_change)
        self._trucks = Trucks(ops, self._sites, self._book.sources, self._unload, self._bring_back)
        if self._carried is not None:
            self._carried.stores = self.stores

    def _note_change(self) -> None:
        self._changed = True

    # what is needed

    def called(self, call: int) -> None:
        """Ask for what a call needs."""
        self._name_needs(call)

    def raised(self, call: int) -> None:
        """Ask for what the higher card has beyond the lower one."""
        self._name_needs(call)

    def _name_needs(self, call: int) -> None:
        ops, timeline = self.ops, self._timeline
        level, authored = ops.level[call], None
        if timeline.source[call] == AUTHORED:
            authored = int(timeline.ordinal[call])
        place = self._kind[call], ops.node[call], level, float(timeline.received[call])
        for known in needs_of(self._scenario, *place, authored):
            before = self._named.get((call, known.item), 0)
            if known.amount <= before:
                continue
            self._named[call, known.item] = known.amount
            self._to_come[call] = self._to_come.get(call, 0) + 1
            rest = known._replace(amount=known.amount - before)
            ops.at(ops.board.now + known.asked_after, partial(self._ask, call, rest, level if before else 0))

    def _ask(self, call: int, known: KnownNeed, order: int) -> None:
        now, number = self.ops.board.now, len(self._needs)
        asked = Asked(
            incident=call,
            item=known.item,
            amount=known.amount,
            flow=known.flow,
            lasts=known.lasts,
            asked=now,
            deadline=now + known.within,
            until=now + known.wanted_for,
            stock_up=known.stock_up,
            order=order,
        )
        self._needs.append(_Need(asked, complete=NEVER if asked.amount else now))
        if asked.amount:
            self._open[number] = None
        self._of_call.setdefault(call, []).append(number)
        self._to_come[call] -= 1
        self._open_hydrants(number)
        for row, arrives in self._arrived(call):
            if arrives <= now:
                self._take_from_unit(number, row)
        self.ops.at(asked.until, partial(self._close, number))
        self._changed = True

    def _open_hydrants(self, number: int) -> None:
        """Let the hydrants at a call give what they can: a share of a flow, or an amount after some time."""
        asked, now = self._needs[number].asked, self.ops.board.now
        node = self.ops.node[asked.incident]
        gives = self._book.hydrants.get(node, 0.0)
        if asked.item != self._water or gives == 0.0 or node in circumstances(self._scenario, now)[1]:
            return
        if asked.flow > 0.0:
            share = min(gives / asked.flow, 1.0)
            self._bring(number, int(asked.amount * share), "hydrant", -1)
        else:
            seconds = asked.amount * self._book.items[asked.item].litres / gives
            self.ops.at(now + seconds, partial(self._fill_from_hydrants, number))

    def _fill_from_hydrants(self, number: int) -> None:
        """Bring an amount of water that hydrants have given by now."""
        self._bring(number, self._needs[number].asked.amount, "hydrant", -1)

    def _close(self, number: int) -> None:
        """Let nobody want the rest of a need any more."""
        need = self._needs[number]
        if need.lacking:
            self._unwanted.append(Unwanted(number, self.ops.board.now, need.lacking))
        need.closed = True
        self._open.pop(number, None)

    # what comes

    def _bring(self, number: int, amount: int, by: Any, which: int) -> int:
        """Bring something, at most what is still lacking there; return how much it was."""
        need, now = self._needs[number], self.ops.board.now
        amount = min(amount, need.asked.amount - need.there)
        if amount <= 0:
            return 0
        need.there += amount
        self._brought.append(Brought(number, now, amount, by, which))
        if need.first != need.first:
            need.first = now
        if need.there == need.asked.amount:
            need.complete = now
            self._open.pop(number, None)
        self._changed = True
        return amount

    def _unload(self, haul: Haul) -> None:
        """Take what a truck has brought; what is not needed any more stays on it."""
        for number, amount in haul.shipment.loads:
            self._needs[number].under_way -= amount
            left = amount - self._bring(number, amount, "truck", haul.number)
            if left and haul.shipment.place >= 0:  # water is poured out
                item = self._needs[number].asked.item
                haul.left_over[item] = haul.left_over.get(item, 0) + left
        self._changed = True

    def _bring_back(self, haul: Haul) -> None:
        """Put back into the depot what a truck brings home."""
        for item, amount in sorted(haul.left_over.items()):
            self.stores.put(self._trucks.depot(haul.truck), item, amount, "returned")
        haul.left_over.clear()
        self._changed = True

    def committed(self, need: Need, unit: int, row: int) -> None:  # noqa: ARG002 - whoever it comes for
        """Look out for the arrival of a unit that carries something."""
        if unit >= 0 and self._carried is not None and self._carried.carries(unit):
            self._coming[row] = NEVER

    def _arrived(self, call: int) -> Iterator[tuple[int, float]]:
        """Yield the rows of units that carry something and are at a call, with the moments of arrival."""
        rows = self.ops.rows
        for row in self.ops.sent_rows.get(call, ()):
            unit = int(rows[row + UNIT])
            there = rows[row + ON_SCENE] <= self.ops.board.now and not self.ops.has_left(row)
            if unit >= 0 and there and self._carried is not None and self._carried.carries(unit):
                yield row, rows[row + ON_SCENE]

    def _arrive(self, row: int, moment: float) -> None:
        """Take from a unit that arrives as it was expected to what the call lacks."""
        if self._coming.get(row) != moment or self.ops.rows[row + ON_SCENE] != moment:
            return
        del self._coming[row]
        for number in self._of_call.get(int(self.ops.rows[row + INCIDENT]), ()):
            self._take_from_unit(number, row)

    def _take_from_unit(self, number: int, row: int) -> None:
        """Use what a unit on scene carries of an item that the call lacks."""
        need = self._needs[number]
        if self._carried is None or need.closed:
            return
        lacking = need.asked.amount - need.there
        given = self._carried.give(row, need.asked.item, lacking)
        self._bring(number, given, "unit", row // WIDTH)

    # what is sent

    def roads_changed(self) -> None:
        """Let trucks find their ways anew."""
        self._trucks.roads_changed()
        self._changed = True

    def settle(self) -> None:
        """Take up when units arrive, and ask the policy again if something has changed."""
        self._watch_units()
        if self._changed:
            self._changed = False
            self._send()

    def _watch_units(self) -> None:
        rows = self.ops.rows
        for row, known in list(self._coming.items()):
            arrives = rows[row + ON_SCENE]
            if arrives == arrives and arrives != known:
                self._coming[row] = arrives
                self.ops.at(arrives, partial(self._arrive, row, arrives))
            elif arrives != arrives and self.ops.has_left(row):
                del self._coming[row]

    def _send(self) -> None:
        """Ask the policy, and let trucks set out; the others go home."""
        wanted = self._wanted()
        if wanted and len(self._trucks):
            carriers = self._trucks.carriers()
            goods = list(self._goods(wanted, carriers))
            self._wake_up(goods)
            self._answer(wanted, goods, carriers)
            view = _View(self.ops.board.now, self._book.items, wanted, goods, carriers, self._trucks)
            plan = self._policy.plan(view)
            for shipment in checked(plan.shipments, view, self._trucks):
                self._commit(shipment)
            for each in wanted:
                self._note_short(each.need, plan.short.get(each.need, 0))
            for depot, item, lacking in self._lacking(wanted):
                self.stores.want(depot, item, lacking, self._lot(depot, item))
        elif wanted:
            for each in wanted:
                self._note_short(each.need, each.amount)
        self._trucks.send_home()

    def _note_short(self, number: int, amount: int) -> None:
        """Note how much of a need cannot be had, wherever that has changed."""
        if amount != self._needs[number].short:
            self._needs[number].short = amount
            self._shortfalls.append(Short(number, self.ops.board.now, amount))

    def _wake_up(self, goods: Sequence[Goods]) -> None:
        """See to it that the policy is asked again when goods can be loaded that cannot be now."""
        for moment in {one.ready for one in goods if one.ready > self.ops.board.now} - self._wakes:
            self._wakes.add(moment)
            self.ops.at(moment, self._note_change)

    def _wanted(self) -> list[Wanted]:
        found = [
            Wanted(
                number,
                need.asked.item,
                need.lacking,
                self.ops.node[need.asked.incident],
                self.ops.priority[need.asked.incident],
                need.asked.deadline,
                need.asked.until,
            )
            for number in self._open
            if (need := self._needs[number]).lacking
        ]
        return sorted(found, key=lambda each: (each.priority, each.deadline, each.need))

    def _lacking(self, wanted: Sequence[Wanted]) -> Iterator[tuple[int, int, int]]:
        """Yield depot, item and amount for what depots have to do with and calls still lack."""
        lacking: dict[int, int] = {}
        for each in wanted:
            lacking[each.item] = lacking.get(each.item, 0) + self._needs[each.need].lacking
        for depot in range(len(self._sites)):
            for item, amount in sorted(lacking.items()):
                if amount and self.stores.lists(depot, item):
                    yield depot, item, amount

    def _lot(self, depot: int, item: int) -> int:
        """Return in what lots a depot makes an item: what its largest truck takes."""
        known = self._book.items[item]
        loads = [kind.load(known) for kind in self._sites[depot].trucks if kind.takes(item)]
        return max([each for each in loads if each] or [UNLIMITED])

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

    def _commit(self, shipment: Shipment) -> None:
        """Take a load out of the stock, and let its truck set out."""
        litres, call = 0.0, -1
        for number, amount in shipment.loads:
            need = self._needs[number]
            need.under_way += amount
            call = need.asked.incident
            litres += amount * self._book.items[need.asked.item].litres
            if shipment.place >= 0:
                self.stores.take(shipment.place, need.asked.item, amount, "committed")
        self._trucks.commit(shipment, call, self.ops.node[call], litres)

    # what depots answer

    def _answer(self, wanted: Sequence[Wanted], goods: Sequence[Goods], carriers: Sequence[Carrier]) -> None:
        """Note what depots answer, wherever that has changed."""
        for each in wanted:
            need = self._needs[each.need]
            for depot in range(len(self._sites)):
                if not self.stores.lists(depot, each.item):
                    continue
                answer, why, amount = self._answer_of(depot, each, goods, carriers)
                if need.answers.get(depot) != (answer, why):
                    need.answers[depot] = answer, why
                    self._answers.append(Answer(each.need, depot, self.ops.board.now, answer, amount, why))

    def _answer_of(
        self, depot: int, each: Wanted, goods: Sequence[Goods], carriers: Sequence[Carrier]
    ) -> tuple[str, str, int]:
        """Return a depot's answer, why, and how much it can send."""
        able = [c for c in carriers if c.depot == depot and c.kind.takes(each.item)]
        has_any = any(kind.takes(each.item) for kind in self._sites[depot].trucks)
        if not has_any:
            return DECLINED, "no truck for it", 0
        site = self._sites[depot]
        ways = (self._trucks.seconds(kind, site.node, each.node) < inf for kind in site.trucks)
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
        if not any(c.free_at <= now and self._trucks.is_free(c.truck) for c in able):
            return PROVISIONAL, "all trucks are out", amount
        return ACCEPTED, "", min(sum(one.amount for one in ready), each.amount)

    # when a call has all it needs

    def done_by(self, call: int) -> float:
        """Return when what a call needs has been applied, as far as is known."""
        numbers = self._of_call.get(call, ())
        if self._to_come.get(call):
            return inf
        if not numbers:
            return NO_SAY
        pumping = self._pumping(call, [self._needs[number] for number in numbers])
        moments = [self._applied(self._needs[number], pumping) for number in numbers]
        return NEVER if any(moment != moment for moment in moments) else max(moments)

    def _applied(self, need: _Need, pumping: float) -> float:
        """Return when a need has been applied to the end."""
        complete = need.complete
        if need.asked.flow == 0.0:
            pumping = NO_SAY
        if pumping != pumping:
            return NEVER
        if complete != complete:
            return NEVER if need.closed or need.short else inf
        begins = complete if need.asked.stock_up or need.first != need.first else need.first
        return max(complete, max(begins, pumping) + need.asked.lasts)

    def _pumping(self, call: int, needs: Sequence[_Need]) -> float:
        """Return when the units on scene can pump the flow that a call needs."""
        flow = sum(need.asked.flow for need in needs)
        if flow == 0.0 or not self._book.pumps:
            return NO_SAY
        rows, total, unknown = self.ops.rows, 0.0, False
        arrivals = []
        for row in self.ops.sent_rows.get(call, ()):
            unit, on_scene = int(rows[row + UNIT]), rows[row + ON_SCENE]
            if unit < 0 or on_scene != on_scene:
                unknown |= unit >= 0 and not self.ops.has_left(row)
                continue
            pumps = self._book.pumps.get(self.ops.fleet.types[unit], 0.0)
            arrivals.append((on_scene, pumps))
        for moment, pumps in sorted(arrivals):
            total += pumps
            if total >= flow * (1.0 - 1e-9):
                return moment
        waiting = any(need.incident == call for need in self.ops.backlog)
        return inf if unknown or waiting else NEVER

    def records(self) -> dict[str, Any]:
        """Return everything that happened to supplies."""
        calls = sorted(self._of_call)
        controlled = tuple((call, done) for call in calls if (done := self.done_by(call)) is not None)
        uses, refills = ((), ()) if self._carried is None else self._carried.told()
        log = SupplyLog(
            depots=self._sites,
            needs=tuple(need.asked for need in self._needs),
            answers=tuple(self._answers),
            trips=self._trucks.trips(),
            brought=tuple(self._brought),
            changes=tuple(self.stores.changes),
            uses=uses,
            refills=refills,
            shortfalls=tuple(self._shortfalls),
            unwanted=tuple(self._unwanted),
            controlled=tuple((call, done if done < inf else NEVER) for call, done in controlled),
            ended=max(self.ops.board.now, self._scenario.file.horizon),
        )
        return {"supplies": log}
