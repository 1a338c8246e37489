"""Supplies that are ordered for calls, and what calls then take of what orders have brought."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from dispatch.engine.log import Ordered
from dispatch.engine.sending import ANY, UNLIMITED
from dispatch.scenario.supply_needs import planned_need

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dispatch.engine.sending import Sending
    from dispatch.scenario.commands import Command
    from dispatch.scenario.scenario import Scenario
    from dispatch.scenario.supplies import KnownNeed
    from dispatch.timeline import Timeline


class SupplyOrders:
    """Carries out orders of supplies.

    What is ordered is beside all that a call needs; where depots send only what is ordered, needs of the call
    come first. What is ordered from a certain depot comes from there and nowhere else, even if somebody else
    meets the need meanwhile. What orders have brought is there for the needs of the call, like what units on
    scene carry.
    """

    def __init__(
        self,
        scenario: Scenario,
        timeline: Timeline,
        sending: Sending,
        of_call: Mapping[int, list[int]],
        open_need: Callable[[int, KnownNeed, dict[int, int]], None],
        bring: Callable[[int, int, Any, int], int],
    ) -> None:
        self._ops, self._sending, self._of_call = sending.ops, sending, of_call
        self._open_need, self._bring = open_need, bring
        self._scenario, self._timeline = scenario, timeline
        self._depots = [site.id for site in sending.sites]
        self._ordered_from = scenario.supplies_ordered_from
        """From when on depots send only what is ordered."""
        self._ready: set[int] = set()
        self._waiting: dict[int, list[Command]] = {}
        """Orders for calls that are not ready yet."""
        self._promised: dict[int, None] = {}
        """Needs of calls for which certain depots were told to send something."""

    @property
    def _orders_only(self) -> bool:
        return self._ops.board.now >= self._ordered_from

    def schedule(self) -> None:
        """Schedule what is ordered."""
        commands = self._scenario.commands
        if not any(command.does == "supply" for command in commands):
            return
        ids = self._timeline.incident_ids(self._scenario.kinds)
        calls = {name: call for call, name in enumerate(ids)}
        for place, command in enumerate(commands):
            if command.does == "supply" and command.incident in calls:
                self._ops.by_order(place, partial(self._order, command, calls[command.incident]))

    def called(self, call: int) -> None:
        """Carry out the orders that a call had before it was ready."""
        self._ready.add(call)
        for command in self._waiting.pop(call, ()):
            self._order(command, call)

    def _order(self, command: Command, call: int) -> None:
        """Have supplies sent to a call by order, or note why that cannot be."""
        if call not in self._ready:
            self._waiting.setdefault(call, []).append(command)
            return
        depot = self._depots.index(command.depot) if command.depot in self._depots else ANY
        item = self._sending.items[command.item]
        outcome = f"{item.shown(command.amount)} of {item.id} ordered"
        if command.depot:
            outcome += f" from {command.depot}"
        if command.depot and depot == ANY:
            outcome = f"no depot {command.depot} in this layout"
        elif depot != ANY and not self._sending.stores.lists(depot, command.item):
            outcome = f"{command.depot} has no {item.id}"
        elif self._ops.is_over(call):
            outcome = "the call is over"
        else:
            self._add(command, call, depot)
        self._ops.orders.append(Ordered(self._ops.board.now, "supply", "", call, outcome))

    def _add(self, command: Command, call: int, depot: int) -> None:
        """Let depots send for needs of a call that wait for an order, and open a need for the rest."""
        rest = command.amount
        for number in self._of_call.get(call, ()) if self._orders_only else ():
            need = self._sending.needs[number]
            if need.asked.item == command.item and not need.ordered and need.asked.amount:
                amount = min(rest, max(need.lacking - sum(need.may_send.values()), 0))
                need.let_send(depot, amount)
                rest -= amount
                if amount and depot != ANY:
                    self._promised[number] = None
        if rest:
            self._open(call, command.item, depot, rest)
        self._sending.note_change()

    def _open(self, call: int, item: int, depot: int, amount: int) -> None:
        """Open a need beside those of the call."""
        self._sending.orders.append(len(self._sending.needs))
        may_send = {depot: amount if self._orders_only or depot != ANY else UNLIMITED}
        self._open_need(call, planned_need(item, amount), may_send)

    def keep(self) -> None:
        """Let depots send what they were told to send, though somebody else has met the need meanwhile."""
        for number in list(self._promised):
            need = self._sending.needs[number]
            promised = {depot: left for depot, left in need.may_send.items() if depot != ANY and left > 0}
            if need.closed or not promised:
                del self._promised[number]
                continue
            over = sum(promised.values()) - need.lacking
            for depot, left in sorted(promised.items(), reverse=True):
                amount = min(over, left)
                if amount > 0:
                    over -= amount
                    need.let_send(depot, -amount)
                    self._open(need.asked.incident, need.asked.item, depot, amount)

    def share(self) -> None:
        """Let needs of calls take what is not there yet of what orders have brought."""
        needs = self._sending.needs
        for order in self._sending.orders:
            source = needs[order]
            if source.there == source.given:
                continue
            for number in self._of_call[source.asked.incident]:
                need = needs[number]
                if need.closed or need.ordered or need.asked.item != source.asked.item:
                    continue
                amount = min(source.there - source.given, need.asked.amount - need.there)
                if amount > 0:
                    source.given += self._bring(number, amount, "order", order)
                    self._ops.wake_at(self._ops.board.now)  # the call may be under control
