"""Which truck takes which supplies where: by a flow of least cost, or from the nearest depot."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import ceil, inf
from typing import TYPE_CHECKING, NamedTuple

from dispatch.policies.transporting import Arcs, Transport, no_arcs, ship, transport
from dispatch.policies.trucking import Ride, Timetable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dispatch.engine.supply_view import SupplyPlan, SupplyPolicy, SupplyView
    from dispatch.model.supplies import Supplying

__all__ = ["FlowSupply", "NearestSupply", "Transport", "supply_policy", "transport"]

SMALL, FEW = 200, 50
"""Needs times trucks, and trips, up to which several plans are made and the best one is taken."""

WAYS = ("quanta, lower too", "trucks, lower too", "quanta", "trucks", "in order", "greatest first")
"""A flow of quanta is exact in goods, one of whole trucks in trucks; both with or without needs of lower
priorities; and no flow, but one need after the other, in their order or by amount."""

TRUCK = 0.5
"""Seconds that another truck is worth against room on one that goes there already."""


def supply_policy(supplying: Supplying) -> SupplyPolicy:
    """Return the policy that a scenario asks for."""
    return NearestSupply() if supplying.policy == "nearest" else FlowSupply(supplying.late_costs)


class NearestSupply:
    """Empty the nearest depot first, one need after the other.

    Needs come in their order. For each, the place from which a truck would be there first, were it free, is
    used until it has no more; then the next. Trucks of that place go again and again.
    """

    name = "nearest"

    def plan(self, view: SupplyView) -> SupplyPlan:
        """Return the trucks that set out now, and what the rest comes to."""
        return self.timetable(view).plan()

    def timetable(self, view: SupplyView) -> Timetable:
        """Return all trips, now and later."""
        table = Timetable(view)
        if not view.carriers or not view.goods:
            return table
        for need in range(len(view.wanted)):
            for place in self._by_lead(table, need):
                table.serve(need, [place])
        return table

    def _by_lead(self, table: Timetable, need: int) -> list[int]:
        """Return places that can serve a need, the nearest first."""
        want, found = table.view.wanted[need], list[tuple[float, int]]()
        for place in table.places(want.item):
            leads = [
                table.first_lead(carrier, place, want.node, 0.0)
                for carrier, _ in table.able(place, want.item)
            ]
            lead = min(leads, default=inf)
            if lead < inf:
                found.append((lead, place))
        return [place for _, place in sorted(found)]


class Slot(NamedTuple):
    """Trips of equal trucks, from one place, with goods of one moment; or room on one trip."""

    place: int
    ready: float
    capacity: int
    trips: tuple[int, int]
    """The first and the last of the trips of each truck that it stands for."""
    carrier: int
    """One of the trucks."""
    load: int
    """Of one truck, in quanta."""
    begins: float
    """When the truck sets out for the first time."""
    ride: Ride | None = None


class Part(NamedTuple):
    """What the flow sends to a need through a slot."""

    arrives: float
    place: int
    need: int
    amount: int
    slot: Slot


@dataclass(frozen=True, slots=True)
class FlowSupply:
    """Send what a flow of least cost over depots, trucks and needs says, in whole trucks.

    The cost of a unit is the time until it is unloaded, plus ``late_costs`` times what of it is beyond the
    deadline: with trucks enough this is the transportation problem. Goods come in layers (now, or when they
    come in), trucks as well (their first trip, their second, and so on). Items follow each other: those of
    the earliest deadlines first, or the lightest, which ride along with the rest. Needs of a priority take
    their goods and trucks before those of a lower one do; the flow for them knows the lower ones of the same
    item, so that of equally good sources they use those of which nobody else has need, and serves them only
    from what is left.
    """

    late_costs: float = 10.0
    name = "flow"

    def plan(self, view: SupplyView) -> SupplyPlan:
        """Return the trucks that set out now, and what the rest comes to."""
        return self.timetable(view).plan()

    def timetable(self, view: SupplyView) -> Timetable:
        """Return all trips, now and later: the best of a few timetables, and no worse than the nearest.

        The best one leaves the most urgent needs the least short, then those of the next priority, and so on;
        of equals it is the cheapest. Large worlds get one flow only.
        """
        if not view.carriers or not view.goods or not view.wanted:
            return Timetable(view)
        tables = [NearestSupply().timetable(view)]
        small = len(view.wanted) * len(view.carriers) <= SMALL and len(tables[0].rides) <= FEW
        orders = [_by_deadline(view), _by_weight(view)]
        ways = product(WAYS if small else WAYS[:1], orders[: 1 + (orders[0] != orders[1])])
        tables = [self._made(view, way, order) for way, order in ways] + tables
        return min(tables, key=lambda table: table.score(self.late_costs))

    def _made(self, view: SupplyView, way: str, classes: list[list[int]]) -> Timetable:
        table = Timetable(view)
        for needs in classes:
            item = view.wanted[needs[0]].item
            order = needs
            if way == "greatest first":
                order = sorted(needs, key=lambda need: -table.left[need])
            elif way != "in order":
                lower = self._lower(table, needs) if way.endswith("lower too") else []
                self._flow(table, item, needs, lower, whole=way.startswith("trucks"))
            for need in order:
                table.serve(need)
        table.hasten()
        return table

    def _lower(self, table: Timetable, needs: list[int]) -> list[int]:
        """Return needs of the same item and lower priority that lack something."""
        wanted = table.view.wanted
        item, priority = wanted[needs[0]].item, wanted[needs[0]].priority
        return [
            n
            for n, want in enumerate(wanted)
            if want.item == item and want.priority > priority and table.left[n] > 0
        ]

    def _flow(self, table: Timetable, item: int, needs: list[int], lower: list[int], *, whole: bool) -> None:
        """Plan trips for needs of one item and priority as a flow suggests."""
        parts = _Network(table, item, [*needs, *lower], self.late_costs, whole=whole).parts()
        own = frozenset(needs)
        parts = [part for part in parts if part.need in own]
        _pack(table, sorted(parts, key=lambda part: (part.slot.trips, part.slot.begins, *part[:4])))


def _by_deadline(view: SupplyView) -> list[list[int]]:
    """Return needs of each priority and item together, the most urgent first, then by their deadlines."""
    return _classes(view, lambda needs: min(view.wanted[n].deadline for n in needs))


def _by_weight(view: SupplyView) -> list[list[int]]:
    """Return the same with the lightest first within a priority: what is small rides along with the rest."""
    kg = [want.amount * view.items[want.item].kg for want in view.wanted]
    return _classes(view, lambda needs: sum(kg[n] for n in needs))


def _classes(view: SupplyView, rank: Callable[[list[int]], float]) -> list[list[int]]:
    found: dict[tuple[int, int], list[int]] = {}
    for n, want in enumerate(view.wanted):
        if want.amount > 0:
            found.setdefault((want.priority, want.item), []).append(n)
    ranked = sorted((priority, rank(needs), item) for (priority, item), needs in found.items())
    return [found[priority, item] for priority, _, item in ranked]


def _pack(table: Timetable, parts: list[Part]) -> None:
    """Turn parts of a flow into trips of whole trucks, each as full as the flow allows."""
    wanted = table.view.wanted
    rest: dict[tuple[int, int], dict[int, int]] = {}
    for part in parts:
        if part.slot.ride is not None:
            table.add(part.slot.ride, part.need, part.amount)
            continue
        together = rest.setdefault((part.place, wanted[part.need].node), {})
        together[part.need] = together.get(part.need, 0) + part.amount
    for part in parts:
        if part.slot.ride is not None:
            continue
        together = rest[part.place, wanted[part.need].node]
        due = part.amount
        while due > 0 and together.get(part.need, 0) > 0:
            order = [part.need, *(need for need in together if need != part.need)]
            loads = [(need, together[need]) for need in order if together[need] > 0]
            total = sum(amount for _, amount in loads)
            choice = table.best(part.need, part.place, total, part.slot.begins)
            before = {need: table.left[need] for need, _ in loads}
            if choice is None or table.send(part.place, choice, loads) == 0:
                break
            due -= before[part.need] - table.left[part.need]
            for need, lacked in before.items():
                together[need] -= lacked - table.left[need]


class _Network:
    """The network of one item: goods by place and moment, trips of trucks, needs."""

    def __init__(
        self, table: Timetable, item: int, needs: list[int], late_costs: float, *, whole: bool
    ) -> None:
        self.table, self.item, self.needs, self.late_costs = table, item, needs, late_costs
        self.lacking = sum(table.left[need] for need in needs)
        loads = [load for place in table.places(item) for _, load in table.able(place, item)]
        self.unit = min(loads, default=1) if whole else 1
        self.arcs: Arcs = no_arcs()
        self._times: dict[tuple[int, int], list[tuple[float, float]]] = {}

    def parts(self) -> list[Part]:
        """Return what the flow of least cost sends."""
        table = self.table
        supply, used = list[tuple[int, int]](), list[tuple[int, Slot, int, float]]()
        node = len(self.needs)
        for place in sorted(table.places(self.item)):
            slots = [*self._trips(place), *self._room(place)]
            for ready, amount in table.stock[place, self.item]:
                goods, node = node, node + 1
                supply.append((goods, ceil(amount / self.unit)))
                for slot in slots:
                    if slot.ready == ready or (slot.ride is not None and ready <= slot.ride.begins):
                        self.arcs.add(goods, node, slot.capacity, 0.0)
                        used += [(arc, slot, j, at) for arc, j, at in self._to_needs(slot, node)]
                        node += 1
        if not used:
            return []
        flows = ship(self.arcs, supply, self._demand())
        found = []
        for arc, slot, j, arrives in used:
            if flows[arc] > 0:
                amount = min(int(flows[arc]) * self.unit, table.left[self.needs[j]])
                found.append(Part(arrives, slot.place, self.needs[j], amount, slot))
        return found

    def _demand(self) -> list[tuple[int, int, float]]:
        """Return needs with what they lack and are worth: more urgent ones always more than others."""
        wanted, left = self.table.view.wanted, self.table.left
        ranks = {each: i for i, each in enumerate(sorted({wanted[n].priority for n in self.needs}))}
        return [
            (
                j,
                ceil(left[n] / self.unit),
                float(len(ranks) - ranks[wanted[n].priority]),
            )
            for j, n in enumerate(self.needs)
        ]

    def _room(self, place: int) -> Iterator[Slot]:
        """Yield room on trips that are planned."""
        rides = {id(ride): ride for need in self.needs for ride in self.table.with_room(need)}
        for ride in rides.values():
            if ride.place == place:
                room = max(
                    self.table.spare(ride, need)
                    for need in self.needs
                    if self.table.view.wanted[need].node == ride.node
                )
                yield Slot(
                    place,
                    ride.begins,
                    ceil(room / self.unit),
                    (1, 1),
                    ride.carrier,
                    room,
                    ride.begins,
                    ride,
                )

    def _trips(self, place: int) -> Iterator[Slot]:
        """Yield trips of trucks from a place: first, second, then more and more together."""
        groups: dict[tuple[str, int, int, float], list[tuple[int, int]]] = {}
        for carrier, load in self.table.able(place, self.item):
            truck = self.table.view.carriers[carrier]
            state = (truck.kind.id, truck.depot, self.table.at[carrier], self.table.free[carrier])
            groups.setdefault(state, []).append((carrier, load))
        for trucks in groups.values():
            carrier, load = trucks[0]
            units = len(trucks) * max(1, load // self.unit)
            for ready, _ in self.table.stock[place, self.item]:
                begins, first, step = max(ready, self.table.free[carrier]), 1, 1
                while (first - 1) * units * self.unit < self.lacking:
                    last = first + step - 1
                    yield Slot(place, ready, units * step, (first, last), carrier, load, begins)
                    step, first = (step * 2 if first > 1 else 1), last + 1

    def _leads(self, slot: Slot) -> list[tuple[float, float]]:
        """Return for each need the seconds of the first trip of a truck, and of each further one."""
        key = (slot.carrier, slot.place)
        if key not in self._times:
            table, found = self.table, list[tuple[float, float]]()
            for need in self.needs:
                node = table.view.wanted[need].node
                litres = min(slot.load, table.left[need]) * table.item(need).litres
                first = table.lead(slot.carrier, slot.place, node, litres)
                found.append((first, table.lead(slot.carrier, slot.place, node, litres, node)))
            self._times[key] = found
        return self._times[key]

    def _to_needs(self, slot: Slot, node: int) -> Iterator[tuple[int, int, float]]:
        """Add arcs from a slot to needs that it serves in time; yield arc, need and arrival."""
        wanted, now, before = self.table.view.wanted, self.table.view.now, slot.trips[0] - 1
        every, ride, begins = slot.trips[1] - before, slot.ride, slot.begins
        each = slot.capacity // every
        for j, (first, again) in enumerate(self._leads(slot)):
            want, trips = wanted[self.needs[j]], every
            if ride is not None:
                arrives, extra = ride.arrives if ride.node == want.node else inf, 0.0
            else:
                arrives, extra = begins + first + (before * again if before else 0.0), TRUCK
            if arrives > want.until or arrives == inf:
                continue
            if trips > 1:
                if again > 0.0 and want.until < inf:
                    trips = min(trips, int((want.until - arrives) / again) + 1)
                arrives += (trips - 1) / 2.0 * again if trips > 1 else 0.0
            late = arrives - want.deadline
            cost = arrives - now + extra + (self.late_costs * late if late > 0.0 else 0.0)
            yield self.arcs.add(node, j, each * trips, cost), j, arrives
