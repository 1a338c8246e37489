"""Supplies in a simulation: needs, what depots answer, trucks that set out, when a call has all it needs."""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

from dispatch.calls import AUTHORED
from dispatch.engine.arrivals import Arrivals
from dispatch.engine.control import Control
from dispatch.engine.log import CLEAR, INCIDENT, ON_SCENE, SLOT, UNIT, WIDTH
from dispatch.engine.parts import NO_SAY, Part
from dispatch.engine.rulebook import NEVER, sustained
from dispatch.engine.sending import OpenNeed, Sending
from dispatch.engine.supply_log import Asked, Brought, SupplyLog, Unwanted
from dispatch.engine.supply_orders import SupplyOrders
from dispatch.needs import circumstances
from dispatch.scenario.items import WATER
from dispatch.scenario.supply_needs import needs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.engine.consumables import Consumables
    from dispatch.engine.operations import Operations
    from dispatch.engine.protocols import Need
    from dispatch.engine.supply_view import SupplyPolicy
    from dispatch.engine.trucks import Haul
    from dispatch.scenario.scenario import Scenario
    from dispatch.scenario.supplies import DepotSite, KnownNeed, SupplyBook
    from dispatch.timeline import Timeline


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
        carried: Consumables,
    ) -> None:
        assert scenario.supplies is not None
        self._scenario, self._sites, self._timeline = scenario, sites, timeline
        self._book: SupplyBook = scenario.supplies
        self._policy, self._carried = policy, carried
        self._kind = timeline.kind.tolist()
        self._water = self._book.number[WATER]
        self._of_call: dict[int, list[int]] = {}
        self._to_come: dict[int, int] = {}
        """How many needs of each call have not been asked for yet."""
        self._named: dict[tuple[int, int], int] = {}
        """What has been named so far of a call's need of an item, by call and item."""
        self._brought: list[Brought] = []
        self._unwanted: list[Unwanted] = []
        self._ordered_from = scenario.supplies_ordered_from
        """From when on depots send only what is ordered."""

    def join(self, ops: Operations) -> None:
        """Take part, with full depots and all trucks at home."""
        super().join(ops)
        self._control = next(part for part in ops.parts if isinstance(part, Control))
        self._sending = Sending(ops, self._scenario, self._sites, self._policy, self._unload)
        self._needs, self._open = self._sending.needs, self._sending.open
        self._carried.stores = self._sending.stores
        self._arrivals = Arrivals(ops, self._arrive)
        self._orders = SupplyOrders(
            self._scenario, self._timeline, self._sending, self._of_call, self._open_order, self._bring
        )
        self._orders.schedule()

    # what is needed

    def called(self, call: int) -> None:
        """Ask for what a call needs, and for what was ordered for it before it was ready."""
        self._name_needs(call)
        self._orders.called(call)

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

    def _ask(self, call: int, known: KnownNeed, level: int) -> None:
        self._to_come[call] -= 1
        need = self._need(call, known, level)
        if self.ops.board.now >= self._ordered_from:
            need.may_send = {}
        self._open_need(need)

    def _open_order(self, call: int, known: KnownNeed, may_send: dict[int, int]) -> None:
        """Open a need beside those of the call, for which depots may send so much."""
        need = self._need(call, known, 0, ordered=True)
        need.may_send = may_send
        self._open_need(need)

    def _need(self, call: int, known: KnownNeed, level: int, *, ordered: bool = False) -> OpenNeed:
        now = self.ops.board.now
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
            order=level,
            ordered=ordered,
        )
        return OpenNeed(asked, complete=NEVER if asked.amount else now)

    def _open_need(self, need: OpenNeed) -> None:
        """Have depots send for a need, and let it take what is there."""
        number, call, asked = len(self._needs), need.asked.incident, need.asked
        self._needs.append(need)
        if asked.amount:
            self._open[number] = None
        self._of_call.setdefault(call, []).append(number)
        if not need.by_depot:
            self._open_hydrants(number)
            for row in self._there(call):
                self._take_from_unit(number, row)
        self.ops.at(asked.until, partial(self._close, number))
        self._sending.note_change()

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
            self._needs[number].under_way += asked.amount
            self.ops.at(now + seconds, partial(self._fill_from_hydrants, number))

    def _fill_from_hydrants(self, number: int) -> None:
        """Bring an amount of water that hydrants have given by now."""
        need = self._needs[number]
        need.under_way -= need.asked.amount
        self._bring(number, need.asked.amount, "hydrant", -1)

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
        self._sending.note_change()
        return amount

    def _unload(self, haul: Haul) -> None:
        """Take what a truck has brought; what is not needed any more stays on it."""
        for number, amount in haul.shipment.loads:
            self._needs[number].under_way -= amount
            left = amount - self._bring(number, amount, "truck", haul.number)
            if left and haul.shipment.place >= 0:  # water is poured out
                item = self._needs[number].asked.item
                haul.left_over[item] = haul.left_over.get(item, 0) + left
        self._sending.note_change()

    def committed(self, need: Need, unit: int, row: int) -> None:  # noqa: ARG002 - whoever it comes for
        """Look out for the arrival of a unit that carries something."""
        if self._carried.carries(unit):
            self._arrivals.watch(row)

    def _there(self, call: int) -> Iterator[int]:
        """Yield the rows of units that carry something and are at a call."""
        rows = self.ops.rows
        for row in self.ops.sent_rows.get(call, ()):
            there = rows[row + ON_SCENE] <= self.ops.board.now and not self.ops.has_left(row)
            if there and self._carried.carries(int(rows[row + UNIT])):
                yield row

    def _arrive(self, row: int) -> None:
        """Take from a unit that arrives what the call lacks."""
        numbers = self._of_call.get(int(self.ops.rows[row + INCIDENT]), ())
        for number in sorted(numbers, key=lambda number: self._needs[number].ordered):
            self._take_from_unit(number, row)

    def _take_from_unit(self, number: int, row: int) -> None:
        """Use what a unit on scene carries of an item that the call lacks."""
        need = self._needs[number]
        if need.closed or need.by_depot:
            return
        lacking = need.asked.amount - need.there
        given = self._carried.give(row, need.asked.item, lacking)
        self._bring(number, given, "unit", row // WIDTH)

    # what is sent

    def roads_changed(self) -> None:
        """Let trucks find their ways anew."""
        self._sending.trucks.roads_changed()
        self._sending.note_change()

    def settle(self) -> None:
        """Take up when units arrive, and ask the policy again if something has changed."""
        self._arrivals.settle()
        self._orders.share()
        self._orders.keep()
        self._sending.settle()

    # when a call has all it needs

    def done_by(self, call: int) -> float:
        """Return when what a call needs has been applied, as far as is known; orders are no needs of it."""
        if self._to_come.get(call):
            return inf
        needs = self._needed(call)
        if not needs:
            return NO_SAY
        flow = sum(need.asked.flow for need in needs) if self._book.pumps else 0.0
        moments = [self._applied(need, flow if need.asked.flow > 0.0 else 0.0, call) for need in needs]
        return NEVER if any(moment != moment for moment in moments) else max(moments)

    def _needed(self, call: int) -> list[OpenNeed]:
        """Return what a call needs itself, whatever was ordered for it."""
        needs = self._needs
        return [needs[number] for number in self._of_call.get(call, ()) if not needs[number].ordered]

    def _applied(self, need: OpenNeed, flow: float, call: int) -> float:
        """Return when a need has been applied to the end, for which so many litres a second are pumped."""
        complete, begins = need.complete, need.complete
        if complete != complete:
            begins = self.ops.board.now  # at the earliest
        elif not need.asked.stock_up and need.first == need.first:
            begins = need.first
        ends = sustained(self._pumps(call) if flow > 0.0 else [], flow, begins, need.asked.lasts)
        if ends != ends:
            return inf if self._more_may_come(call) else NEVER
        if complete != complete:
            # what is asked for later, others may still be ordered to bring
            hopeless = need.short and need.asked.asked < self._ordered_from
            return NEVER if need.closed or hopeless else inf
        return max(complete, ends)

    def _pumps(self, call: int) -> list[tuple[float, float, float]]:
        """Return from when to when units are on scene, as far as is known, and what they pump."""
        rows, found, now = self.ops.rows, [], self.ops.board.now
        for row in self.ops.sent_rows.get(call, ()):
            unit, on_scene = int(rows[row + UNIT]), rows[row + ON_SCENE]
            pumps = self._book.pumps.get(self.ops.fleet.types[unit], 0.0) if unit >= 0 else 0.0
            if pumps > 0.0 and on_scene == on_scene:
                left = rows[row + CLEAR]  # whose time is over just now may stay
                found.append((on_scene, left if left < now else inf, pumps))
        return found

    def _more_may_come(self, call: int) -> bool:
        """Whether units are on their way of which nobody knows when they arrive, or others may be sent."""
        rows, ops = self.ops.rows, self.ops
        wanted = [need.slot for need in ops.backlog if need.incident == call]
        coming = [
            int(rows[row + SLOT])
            for row in ops.sent_rows.get(call, ())
            if rows[row + ON_SCENE] != rows[row + ON_SCENE] and not ops.has_left(row)
        ]
        return any(self._control.may_come(call, slot) for slot in (*wanted, *coming))

    def records(self) -> dict[str, Any]:
        """Return everything that happened to supplies."""
        calls = sorted(filter(self._needed, self._of_call))
        controlled = tuple((call, self.done_by(call)) for call in calls)
        uses, refills = self._carried.told()
        log = SupplyLog(
            depots=self._sites,
            needs=tuple(need.asked for need in self._needs),
            answers=tuple(self._sending.answers),
            trips=self._sending.trucks.trips(),
            brought=tuple(self._brought),
            changes=tuple(self._sending.stores.changes),
            uses=uses,
            refills=refills,
            shortfalls=tuple(self._sending.shortfalls),
            unwanted=tuple(self._unwanted),
            controlled=tuple((call, done if done < inf else NEVER) for call, done in controlled),
            ended=max(self.ops.board.now, self._scenario.file.horizon),
            drives=tuple(self._sending.trucks.drives),
        )
        return {"supplies": log}
