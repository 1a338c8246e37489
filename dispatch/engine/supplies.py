"""Supplies in a simulation: needs, what depots answer, trucks that set out, when a call has all it needs."""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

from dispatch.calls import AUTHORED
from dispatch.engine.agenda import ORDER
from dispatch.engine.arrivals import Arrivals
from dispatch.engine.control import Control
from dispatch.engine.log import CLEAR, INCIDENT, ON_SCENE, SLOT, UNIT, WIDTH, Ordered
from dispatch.engine.parts import NO_SAY, Part
from dispatch.engine.rulebook import NEVER, sustained
from dispatch.engine.sending import ANY, UNLIMITED, OpenNeed, Sending
from dispatch.engine.supply_log import Asked, Brought, SupplyLog, Unwanted
from dispatch.model.supplies import BY_ORDER
from dispatch.needs import circumstances
from dispatch.scenario.items import WATER
from dispatch.scenario.supply_needs import needs_of, planned_need

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.engine.consumables import Consumables
    from dispatch.engine.operations import Operations
    from dispatch.engine.protocols import Need
    from dispatch.engine.supply_view import SupplyPolicy
    from dispatch.engine.trucks import Haul
    from dispatch.scenario.commands import Command
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
        self._by_order = scenario.file.supplying.policy == BY_ORDER
        """Whether depots send only what is ordered."""
        self._commands = [command for command in scenario.commands if command.does == "supply"]
        self._ready: set[int] = set()
        self._waiting: dict[int, list[Command]] = {}
        """Orders for calls that are not ready yet."""

    def join(self, ops: Operations) -> None:
        """Take part, with full depots and all trucks at home."""
        super().join(ops)
        self._control = next(part for part in ops.parts if isinstance(part, Control))
        self._sending = Sending(ops, self._scenario, self._sites, self._policy, self._unload)
        self._needs, self._open = self._sending.needs, self._sending.open
        self._carried.stores = self._sending.stores
        self._arrivals = Arrivals(ops, self._arrive)
        if self._commands:
            ids = self._timeline.incident_ids(self._scenario.kinds)
            calls = {name: call for call, name in enumerate(ids)}
            for command in self._commands:
                if command.incident in calls:
                    act = partial(self._order, command, calls[command.incident])
                    ops.at(command.moment, act, ORDER)

    # what is needed

    def called(self, call: int) -> None:
        """Ask for what a call needs, and for what was ordered for it before it was ready."""
        self._name_needs(call)
        self._ready.add(call)
        for command in self._waiting.pop(call, ()):
            self._order(command, call)

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
        need = OpenNeed(asked, complete=NEVER if asked.amount else now)
        self._needs.append(need)
        if self._by_order:
            need.may_send = {}
        if asked.amount:
            self._open[number] = None
        self._of_call.setdefault(call, []).append(number)
        self._to_come[call] -= 1
        self._open_hydrants(number)
        for row in self._there(call):
            self._take_from_unit(number, row)
        self.ops.at(asked.until, partial(self._close, number))
        self._sending.note_change()

    def _order(self, command: Command, call: int) -> None:
        """Have supplies sent to a call by order."""
        if call not in self._ready:
            self._waiting.setdefault(call, []).append(command)
            return
        depots = [site.id for site in self._sites]
        depot = depots.index(command.depot) if command.depot in depots else ANY
        item = self._book.items[command.item]
        outcome = f"{item.shown(command.amount)} of {item.id} ordered"
        if command.depot:
            outcome += f" from {command.depot}"
        if command.depot and depot == ANY:
            outcome = f"no depot {command.depot} in this layout"
        elif depot != ANY and not self._sending.stores.lists(depot, command.item):
            outcome = f"{command.depot} has no {item.id}"
        elif self.ops.is_over(call):
            outcome = "the call is over"
        else:
            self._add(command, call, depot)
        self.ops.orders.append(Ordered(self.ops.board.now, "supply", "", call, outcome))

    def _add(self, command: Command, call: int, depot: int) -> None:
        """Let depots send for needs of a call that wait for an order, and add a need for the rest."""
        rest = command.amount
        for number in self._of_call.get(call, ()) if self._by_order else ():
            need = self._needs[number]
            if need.asked.item == command.item and need.asked.amount:
                amount = min(rest, max(need.lacking - sum(need.may_send.values()), 0))
                need.let_send(depot, amount)
                rest -= amount
        if rest:
            self._to_come[call] = self._to_come.get(call, 0) + 1
            self._ask(call, planned_need(command.item, rest), 0)
            self._needs[-1].may_send = {depot: rest if self._by_order or depot != ANY else UNLIMITED}
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
        for number in self._of_call.get(int(self.ops.rows[row + INCIDENT]), ()):
            self._take_from_unit(number, row)

    def _take_from_unit(self, number: int, row: int) -> None:
        """Use what a unit on scene carries of an item that the call lacks."""
        need = self._needs[number]
        if need.closed:
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
        self._sending.settle()

    # when a call has all it needs

    def done_by(self, call: int) -> float:
        """Return when what a call needs has been applied, as far as is known."""
        numbers = self._of_call.get(call, ())
        if self._to_come.get(call):
            return inf
        if not numbers:
            return NO_SAY
        needs = [self._needs[number] for number in numbers]
        flow = sum(need.asked.flow for need in needs) if self._book.pumps else 0.0
        moments = [self._applied(need, flow if need.asked.flow > 0.0 else 0.0, call) for need in needs]
        return NEVER if any(moment != moment for moment in moments) else max(moments)

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
            return NEVER if need.closed or need.short else inf
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
        calls = sorted(self._of_call)
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
