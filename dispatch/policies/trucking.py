"""A timetable of trucks: which goes where with what, trip after trip, within goods, payloads and time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from dispatch.engine.supply_view import Shipment, SupplyPlan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dispatch.engine.supply_view import SupplyView, Wanted
    from dispatch.scenario.items import KnownItem

FULL = 1e-9
"""Kilograms of room that are none."""

SAME = 1.0
"""Seconds by which arrivals may differ and still count as the same when a truck is chosen."""


@dataclass(slots=True)
class Ride:
    """A trip that is planned, now or later; moments in seconds."""

    carrier: int
    """Place of its truck in the view."""
    place: int
    node: int
    begins: float
    """When the truck sets out for the place of loading."""
    arrives: float
    """When it is unloaded."""
    kg: float
    """Room that is left, by weight."""
    litres: float
    """Room that is left, by volume."""
    turn: int
    """1 for the first trip of its truck."""
    ready: float = 0.0
    """When all that it takes can be loaded."""
    before: tuple[float, int] = (0.0, 0)
    """When and where its truck was free for it."""
    loads: dict[int, int] = field(default_factory=dict)
    """Amounts by place of the need in the view."""


class Choice(NamedTuple):
    """A truck for a trip, the sooner the better."""

    arrives: float
    begins: float
    carrier: int
    load: int
    """The most that it takes of the item."""


class Timetable:
    """Trips of all trucks of a view, what is left of goods, and what needs still lack.

    Needs and trucks are known by their places in the view. Nothing can be planned here that cannot be done:
    a trip takes goods that are ready when its truck sets out, no more than fit by weight and volume, and a
    need gets no more than it lacks and nothing after nobody wants it any more.
    """

    def __init__(self, view: SupplyView) -> None:
        self.view = view
        self.rides: list[Ride] = []
        self.left = [want.amount for want in view.wanted]
        self.stock: dict[tuple[int, int], list[list[float]]] = {}
        for goods in sorted(view.goods, key=lambda goods: goods.ready):
            if goods.amount > 0:
                layers = self.stock.setdefault((goods.place, goods.item), [])
                layers.append([max(goods.ready, view.now), goods.amount])
        self.free = [max(carrier.free_at, view.now) for carrier in view.carriers]
        self.at = [carrier.node for carrier in view.carriers]
        self.turns = [0] * len(view.carriers)
        self._at_depot: dict[int, list[int]] = {}
        for i, carrier in enumerate(view.carriers):
            self._at_depot.setdefault(carrier.depot, []).append(i)
        self._by_node: dict[int, list[Ride]] = {}
        self._able: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self._leads: dict[tuple[object, ...], float] = {}
        self._backs: dict[tuple[object, ...], float] = {}

    def item(self, need: int) -> KnownItem:
        """Return what a need is for."""
        return self.view.items[self.view.wanted[need].item]

    def able(self, place: int, item: int) -> list[tuple[int, int]]:
        """Return trucks that can load an item at a place, each with the most that it takes of it."""
        key = (place, item)
        if key not in self._able:
            known, found = self.view.items[item], []
            trucks = range(len(self.view.carriers)) if place < 0 else self._at_depot.get(place, ())
            for i in trucks:
                kind = self.view.carriers[i].kind
                load = kind.carried(item, known)
                if load > 0:
                    found.append((i, load))
            self._able[key] = found
        return self._able[key]

    def places(self, item: int) -> list[int]:
        """Return places that have some of an item left, now or later."""
        return [place for place, each in self.stock if each == item and self.stock[place, each]]

    def ready(self, place: int, item: int) -> float:
        """Return when the first of an item can be loaded at a place."""
        layers = self.stock.get((place, item))
        return layers[0][0] if layers else inf

    def at_hand(self, place: int, item: int, moment: float) -> int:
        """Return how much of an item can be loaded at a place by a truck that sets out at a moment."""
        return int(sum(amount for ready, amount in self.stock.get((place, item), ()) if ready <= moment))

    def first_lead(self, carrier: int, place: int, node: int, litres: float) -> float:
        """Return seconds from where a truck is at first, over a place, until it is unloaded at a node."""
        truck = self.view.carriers[carrier]
        litres = litres if place < 0 else 0.0
        key = (truck.depot, truck.kind.id, truck.node, place, node, litres)
        if key not in self._leads:
            self._leads[key] = self.view.lead(truck, place, node, litres)
        return self._leads[key]

    def _back(self, carrier: int, place: int, node: int) -> float:
        truck = self.view.carriers[carrier]
        key = (truck.depot, truck.kind.id, place, node)
        if key not in self._backs:
            self._backs[key] = self.view.back(truck, place, node)
        return self._backs[key]

    def lead(self, carrier: int, place: int, node: int, litres: float, start: int | None = None) -> float:
        """Return seconds until a truck is unloaded that sets out from where it will be, or elsewhere."""
        start = self.at[carrier] if start is None else start
        first, seconds = self.view.carriers[carrier].node, self.first_lead(carrier, place, node, litres)
        if start == first or seconds == inf:
            return seconds
        return seconds - self._back(carrier, place, first) + self._back(carrier, place, start)

    def choices(self, need: int, place: int, amount: int) -> Iterator[Choice]:
        """Yield what trucks could do next for a need from a place, in time for it."""
        want = self.view.wanted[need]
        ready, item, seen = self.ready(place, want.item), self.item(need), set()
        if ready == inf:
            return
        for carrier, load in self.able(place, want.item):
            truck = self.view.carriers[carrier]
            state = (truck.depot, truck.kind.id, self.at[carrier], self.free[carrier])
            if state in seen:
                continue  # its twin goes first
            seen.add(state)
            begins = max(self.free[carrier], ready)
            arrives = begins + self.lead(carrier, place, want.node, min(load, amount) * item.litres)
            if arrives <= want.until and arrives < inf:
                yield Choice(arrives, begins, carrier, load)

    def best(self, need: int, place: int, amount: int, not_before: float = 0.0) -> Choice | None:
        """Return the truck that is there first with an amount; of several the smallest that takes it all."""
        found = list(self.choices(need, place, amount))
        if not found:
            return None
        found = [choice for choice in found if choice.begins >= not_before] or found
        first = min(found).arrives
        same = [choice for choice in found if choice.arrives <= first + SAME]
        enough = [choice for choice in same if choice.load >= amount]
        if enough:
            return min(enough, key=lambda choice: (choice.load, choice.arrives, choice.carrier))
        return min(same, key=lambda choice: (-choice.load, choice.arrives, choice.carrier))

    def send(self, place: int, choice: Choice, parts: Sequence[tuple[int, int]]) -> int:
        """Plan a trip for needs of one node, as much as the truck takes; return how much that is."""
        node = self.view.wanted[parts[0][0]].node
        kind = self.view.carriers[choice.carrier].kind
        turn = self.turns[choice.carrier] + 1
        ride = Ride(choice.carrier, place, node, choice.begins, choice.arrives, kind.kg, kind.litres, turn)
        ride.before = self.free[choice.carrier], self.at[choice.carrier]
        sent = sum(self.add(ride, need, amount) for need, amount in parts)
        if sent == 0:
            return 0
        if place < 0:  # filling takes its time
            litres = sum(amount * self.item(need).litres for need, amount in ride.loads.items())
            ride.arrives = ride.begins + self.lead(choice.carrier, place, node, litres)
        self.rides.append(ride)
        self._by_node.setdefault(node, []).append(ride)
        self._follow(ride)
        return sent

    def _follow(self, ride: Ride) -> None:
        """Move a truck to the end of its trip."""
        self.free[ride.carrier], self.at[ride.carrier] = ride.arrives, ride.node
        self.turns[ride.carrier] = ride.turn

    def spare(self, ride: Ride, need: int) -> int:
        """Return how much of what a need lacks has room on a trip that is planned, goods or no goods."""
        want, item = self.view.wanted[need], self.item(need)
        carrier = self.view.carriers[ride.carrier]
        if ride.node != want.node or ride.arrives > want.until or not carrier.kind.takes(want.item):
            return 0
        by_volume = ride.litres / item.litres if item.litres > 0.0 else inf
        return min(self.left[need], int(min(ride.kg / item.kg, by_volume) + 1e-9))

    def add(self, ride: Ride, need: int, amount: int) -> int:
        """Put an amount for a need on a trip, as much as there is, fits and is wanted; return how much."""
        want, item = self.view.wanted[need], self.item(need)
        room = min(amount, self.spare(ride, need), self.at_hand(ride.place, want.item, ride.begins))
        if room <= 0:
            return 0
        ride.ready = max(ride.ready, self._take(ride.place, want.item, room))
        ride.kg -= room * item.kg
        ride.litres -= room * item.litres
        ride.loads[need] = ride.loads.get(need, 0) + room
        self.left[need] -= room
        return room

    def _take(self, place: int, item: int, amount: int) -> float:
        """Take goods, what was ready first first; return when the last of them is ready."""
        layers, ready = self.stock[place, item], 0.0
        while amount > 0:
            ready = layers[0][0]
            taken = min(amount, int(layers[0][1]))
            layers[0][1] -= taken
            amount -= taken
            if layers[0][1] == 0:
                del layers[0]
        return ready

    def with_room(self, need: int) -> list[Ride]:
        """Return trips from depots to a need's node with room and goods for it, the soonest first."""
        want = self.view.wanted[need]
        found = [
            ride
            for ride in self._by_node.get(want.node, ())
            if ride.place >= 0
            and ride.kg > FULL
            and self.spare(ride, need) > 0
            and self.at_hand(ride.place, want.item, ride.begins) > 0
        ]
        return sorted(found, key=lambda ride: (ride.arrives, ride.carrier))

    def serve(self, need: int, places: Iterable[int] | None = None) -> None:
        """Plan the soonest trips for what a need still lacks, from all places or some, until none is left."""
        want = self.view.wanted[need]
        among = self.places(want.item) if places is None else [*places]
        while self.left[need] > 0:
            found = []
            for place in among:
                choice = self.best(need, place, self.left[need])
                if choice is not None:
                    found.append((choice.arrives, place, choice))
            arrives, place, choice = min(found, default=(inf, 0, None))
            shared = [
                ride for ride in self.with_room(need) if ride.arrives <= arrives and ride.place in among
            ]
            if shared:
                self.add(shared[0], need, self.left[need])
            elif choice is None or self.send(place, choice, [(need, self.left[need])]) == 0:
                return

    def hasten(self) -> None:
        """Give trips to trucks of the same depot that have nothing to do and would be there sooner."""
        for ride in sorted(self.rides, key=lambda ride: (ride.arrives, ride.carrier)):
            if ride.place < 0 or ride.turn != self.turns[ride.carrier]:
                continue
            kilograms = sum(amount * self.item(need).kg for need, amount in ride.loads.items())
            litres = sum(amount * self.item(need).litres for need, amount in ride.loads.items())
            items = {self.view.wanted[need].item for need in ride.loads}
            for carrier in self._at_depot[ride.place]:
                kind = self.view.carriers[carrier].kind
                fits = kind.kg >= kilograms - 1e-9 and kind.litres >= litres - 1e-9
                if self.turns[carrier] or not fits or not all(kind.takes(item) for item in items):
                    continue
                begins = max(self.free[carrier], ride.ready)
                arrives = begins + self.lead(carrier, ride.place, ride.node, 0.0)
                if arrives < ride.arrives - SAME:
                    self._hand_over(ride, carrier, begins, arrives)
                    ride.kg, ride.litres = kind.kg - kilograms, kind.litres - litres

    def _hand_over(self, ride: Ride, carrier: int, begins: float, arrives: float) -> None:
        """Give a trip, the last of its truck, to another truck."""
        self.free[ride.carrier], self.at[ride.carrier] = ride.before
        self.turns[ride.carrier] -= 1
        ride.before = self.free[carrier], self.at[carrier]
        ride.carrier, ride.begins, ride.arrives, ride.turn = carrier, begins, arrives, 1
        self._follow(ride)

    def late(self, want: Wanted, arrives: float, late_costs: float) -> float:
        """Return what it costs, in seconds, that something arrives at a moment."""
        return arrives - self.view.now + late_costs * max(0.0, arrives - want.deadline)

    def score(self, late_costs: float) -> tuple[list[float], float]:
        """Return what is short by priority, the most urgent first, and the cost of all else.

        Amounts count as shares of all that is wanted of their item, so that grams do not outweigh pieces.
        """
        wanted, whole = self.view.wanted, Counter[int]()
        for want in wanted:
            whole[want.item] += want.amount
        short = dict.fromkeys(sorted({want.priority for want in wanted}), 0.0)
        for left, want in zip(self.left, wanted, strict=True):
            if want.amount > 0:
                short[want.priority] += left / whole[want.item]
        cost = 0.0
        for ride in self.rides:
            for need, amount in ride.loads.items():
                share = amount / whole[wanted[need].item]
                cost += share * self.late(wanted[need], ride.arrives, late_costs)
        return [round(each, 9) for each in short.values()], cost

    def plan(self) -> SupplyPlan:
        """Return the trucks that set out now, when the rest will be there, and what cannot be had."""
        view, wanted = self.view, self.view.wanted
        shipments = [
            Shipment(
                view.carriers[ride.carrier].truck,
                ride.place,
                tuple((wanted[need].need, amount) for need, amount in sorted(ride.loads.items())),
            )
            for ride in self.rides
            if ride.turn == 1 and ride.begins <= view.now
        ]
        arrives = dict[int, float]()
        for ride in self.rides:
            for need in ride.loads:
                number = wanted[need].need
                arrives[number] = max(ride.arrives, arrives.get(number, ride.arrives))
        short = {want.need: left for want, left in zip(wanted, self.left, strict=True) if left > 0}
        shipments.sort(key=lambda shipment: shipment.truck)
        return SupplyPlan(tuple(shipments), dict(sorted(arrives.items())), short)
