"""How a scenario's supplies are read: amounts into quanta, names into numbers, problems told."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from dispatch.model.supplies import LOAD_OUT
from dispatch.scenario import physics
from dispatch.scenario.items import WATER, KnownItem, Reader, items_of, whole
from dispatch.scenario.supplies import DepotSite, KnownNeed, Source, SupplyBook, Tank, TruckKind
from dispatch.scenario.supply_checks import Checker

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.model.scenario import ScenarioFile
    from dispatch.model.supplies import Consumables, Depot, StockLine, SupplyNeed, SupplyNeeds, Truck
    from dispatch.scenario.layout import Layout, PlacedDepot
    from dispatch.scenario.places import Gazetteer


def uses_supplies(file: ScenarioFile) -> bool:
    """Whether a scenario has anything to do with supplies."""
    written = any(kind.supplies for kind in file.incident_types.values())
    written |= any(each.incident is not None and bool(each.incident.supplies) for each in file.injects)
    carried = any(kind.carries for kind in file.unit_types.values())
    added = any(layout.add_depots for layout in file.layouts.values())
    return bool(file.depots) or added or written or carried


def supply_book(
    file: ScenarioFile,
    layouts: Mapping[str, Layout],
    document: YamlDocument,
    problems: Problems,
    gazetteer: Gazetteer | None = None,
) -> SupplyBook | None:
    """Return the supplies of a scenario; None where there are none. Notes all that is wrong.

    Without a gazetteer places are not looked up: the result serves for its problems only.
    """
    items = items_of(file)
    checker = Checker(document, problems)
    checker.items(file.items)
    resolver = Resolver(file, document, items, Reader(items, problems), checker, gazetteer)
    if not uses_supplies(file):
        resolver.check_unused()
        return None
    needs = tuple(
        resolver.needs(kind.supplies, ("incident_types", name, "supplies"))
        for name, kind in sorted(file.incident_types.items())
    )
    calls = [(i, each.incident) for i, each in enumerate(file.injects) if each.incident is not None]
    own = {n: call.supplies for n, (_, call) in enumerate(calls) if call.supplies is not None}
    return SupplyBook(
        items=tuple(items.values()),
        number=resolver.number,
        needs=needs,
        authored={
            n: resolver.needs(call.supplies, ("injects", i, "incident", "supplies"))
            for n, (i, call) in enumerate(calls)
            if call.supplies is not None
        },
        hydrants=resolver.hydrants(),
        sources=tuple(resolver.sources()),
        tanks={name: resolver.tanks(name, kind.carries) for name, kind in sorted(file.unit_types.items())},
        pumps={name: kind.pumps for name, kind in sorted(file.unit_types.items()) if kind.pumps is not None},
        simulates_water=resolver.simulates_water,
        depots={name: resolver.depots(layout) for name, layout in layouts.items()},
        named=tuple(frozenset(kind.supplies) for _, kind in sorted(file.incident_types.items())),
        named_by_call={n: frozenset(supplies) for n, supplies in own.items()},
    )


@dataclass(slots=True)
class Resolver:
    """Turns what is written into quanta and numbers, noting what is wrong."""

    file: ScenarioFile
    document: YamlDocument
    items: Mapping[str, KnownItem]
    reader: Reader
    checker: Checker
    gazetteer: Gazetteer | None
    number: dict[str, int] = field(init=False)
    simulates_water: bool = field(init=False)
    """Whether there is any water: at incidents, to be fetched, or in a depot of some layout."""
    _sites: dict[tuple[str, int, int], DepotSite] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.number = {name: i for i, name in enumerate(self.items)}
        file = self.file
        depots = [*file.depots.values()]
        depots += [depot for layout in file.layouts.values() for depot in layout.add_depots.values()]
        self.simulates_water = file.water is not None or any(_lists(each, WATER) for each in depots)

    def _at(self, *path: str | int) -> str:
        return self.document.place(*path)

    def check_unused(self) -> None:
        """Note settings that mean nothing without any supplies."""
        if self.file.water is not None:
            fact = "water without anything that needs it"
            self.reader.problems.add(self._at("water"), fact, "Give incident types 'supplies', or remove it.")

    def needs(self, written: SupplyNeeds, path: tuple[str | int, ...]) -> tuple[KnownNeed, ...]:
        """Return what is needed, by item in order; foam brings its water with it.

        Nothing is needed of an item with an amount of zero. Water is left out where none is simulated.
        """
        found: dict[int, KnownNeed] = {}
        for name, need in sorted(written.items()):
            item = self.reader.item(name, self._at(*path, name))
            if item is not None:
                found[self.number[name]] = self._need(item, need, (*path, name))
                self.checker.need(found[self.number[name]], (*path, name))
        if not self.simulates_water:
            found.pop(self.number[WATER], None)
        else:
            self._add_water_of_foam(found, written)
        return tuple(found[number] for number in sorted(found) if found[number].amount > 0)

    def _need(self, item: KnownItem, need: SupplyNeed, path: tuple[str | int, ...]) -> KnownNeed:
        amount, flow = self._measured(item, need, (*path, need.way))
        return KnownNeed(
            item=self.number[item.id],
            amount=amount,
            flow=flow,
            lasts=need.lasts or 0.0,
            within=inf if need.within is None else need.within,
            asked_after=need.asked_after,
            wanted_for=need.wanted_for,
            stock_up=need.foam is not None if need.stock_up is None else need.stock_up,
        )

    def _measured(self, item: KnownItem, need: SupplyNeed, path: tuple[str | int, ...]) -> tuple[int, float]:
        """Return quanta, and litres per second to be pumped."""
        where, lasts = self._at(*path), need.lasts or 0.0
        if need.amount is not None:
            return self.reader.quanta(item, need.amount, where, up=True), 0.0
        if need.rate is not None:
            return whole(self.reader.per_second(item, need.rate, where) * lasts), 0.0
        if need.people is not None:
            each = self.reader.per_second(item, need.people.each, where)
            return whole(each * need.people.number * lasts), 0.0
        if need.dyke is not None:
            return whole(need.dyke.length * need.dyke.per_metre * item.per_unit), 0.0
        if not self._is_liquid(item, where):
            return 0, 0.0
        if need.cooling is not None:
            flow = physics.cooling_flow(need.cooling.length, need.cooling.application)
            return whole(flow * lasts / item.litres), flow
        assert need.foam is not None
        area = need.foam.area or physics.circle(need.foam.diameter or 0.0)
        flow = physics.solution_flow(area, need.foam.application)
        litres = physics.concentrate(flow * lasts, need.foam.concentration)
        return whole(litres / item.litres), flow

    def _is_liquid(self, item: KnownItem, where: str) -> bool:
        """Return whether an item is measured by weight or volume, noting where it is not."""
        liquid = item.unit in ("kg", "l")
        if not liquid:
            fact = f"item '{item.id}' comes in pieces ({item.unit}), and this needs a liquid"
            self.reader.problems.add(where, fact, "Name an item counted in kg or l.")
        return liquid

    def _add_water_of_foam(self, found: dict[int, KnownNeed], written: SupplyNeeds) -> None:
        """Add the water that foam solution takes."""
        water = self.number[WATER]
        for name, need in sorted(written.items()):
            if need.foam is None or self.number.get(name) not in found:
                continue
            foam = found[self.number[name]]
            flow = foam.flow * (1.0 - need.foam.concentration)
            amount = whole(flow * foam.lasts / self.items[WATER].litres)
            known = found.get(water)
            found[self.number[name]] = foam._replace(flow=foam.flow - flow)
            if known is None:
                found[water] = foam._replace(item=water, amount=amount, flow=flow, stock_up=False)
            else:
                found[water] = known._replace(
                    amount=known.amount + amount,
                    flow=known.flow + flow,
                    lasts=max(known.lasts, foam.lasts),
                    within=min(known.within, foam.within),
                    asked_after=min(known.asked_after, foam.asked_after),
                    wanted_for=max(known.wanted_for, foam.wanted_for),
                )

    def hydrants(self) -> dict[int, float]:
        """Return what hydrants give, by node; a node's own entry wins over its zone's."""
        found: dict[int, float] = {}
        if self.file.water is None or self.gazetteer is None:
            return found
        places = [
            (self.gazetteer.is_zone(name), name, flow) for name, flow in self.file.water.hydrants.items()
        ]
        for _, name, flow in sorted(places, reverse=True):
            for node in self.gazetteer.nodes(name, self._at("water", "hydrants", name)).tolist():
                found[node] = flow
        return found

    def sources(self) -> Iterator[Source]:
        """Yield where tankers fill, in order of id."""
        if self.file.water is None or self.gazetteer is None:
            return
        for name, source in sorted(self.file.water.sources.items()):
            node = self.gazetteer.node(source.at, self._at("water", "sources", name, "at"))
            if node is not None:
                yield Source(name, node, source.kind == "hydrant", source.flow)

    def tanks(self, kind: str, written: Consumables) -> tuple[Tank, ...]:
        """Return what units of a type carry."""
        found = []
        for name, carried in sorted(written.items()):
            path = ("unit_types", kind, "carries", name)
            item = self.reader.item(name, self._at(*path))
            if item is None:
                continue
            uses = 0.0
            if carried.uses is not None:
                uses = self.reader.per_second(item, carried.uses, self._at(*path, "uses"))
            amount = self.reader.quanta(item, carried.amount, self._at(*path, "amount"))
            from_depot = carried.source == "depot"
            found.append(Tank(self.number[name], amount, uses, carried.refill, from_depot))
        return tuple(found)

    def depots(self, layout: Layout) -> tuple[DepotSite, ...]:
        """Return the depots of a layout; one that several layouts share is read once."""
        sites = []
        for placed in layout.depots:
            key = (placed.id, id(placed.written), placed.node)
            if key not in self._sites:
                self._sites[key] = self._site(placed)
            sites.append(self._sites[key])
        paths = {placed.id: self._path(placed) for placed in layout.depots}
        known = {*self.file.depots, *(name for v in self.file.layouts.values() for name in v.add_depots)}
        self.checker.resupply(layout.name, sites, paths, sorted(known))
        return tuple(sites)

    def _path(self, placed: PlacedDepot) -> tuple[str, ...]:
        """Return where a depot is written."""
        for name, variation in self.file.layouts.items():
            added = variation.add_depots.get(placed.id)
            if added is not None and (added is placed.written or placed.id not in self.file.depots):
                return "layouts", name, "add_depots", placed.id
        return "depots", placed.id

    def _site(self, placed: PlacedDepot) -> DepotSite:
        written, path = placed.written, self._path(placed)
        stock, reserve = self._stock(written, path)
        rates = {}
        if written.produces is not None:
            for name, rate in sorted(written.produces.rates.items()):
                where = self._at(*path, "produces", "rates", name)
                item = self.reader.item(name, where)
                if item is not None:
                    rates[self.number[name]] = self.reader.per_second(item, rate, where)
        hours = {hour for span in written.open for hour in span.hours_of_week()}
        resupply = written.resupply
        return DepotSite(
            id=placed.id,
            title=written.title,
            node=placed.node,
            echelon=written.echelon,
            kind=written.kind,
            load_out=LOAD_OUT[written.kind] if written.load_out is None else written.load_out,
            open=frozenset(hours),
            stock=stock,
            reserve=reserve,
            trucks=tuple(self._truck(name, truck, path) for name, truck in sorted(written.trucks.items())),
            ramp_up=0.0 if written.produces is None else written.produces.ramp_up,
            rates=rates,
            lead_time=inf if resupply is None else resupply.lead_time,
            supplier="" if resupply is None else resupply.from_depot or "",
        )

    def _stock(self, depot: Depot, path: tuple[str, ...]) -> tuple[dict[int, int], dict[int, int]]:
        stock, reserve = dict[int, int](), dict[int, int]()
        for name, line in sorted(depot.stock.items()):
            where = (*path, "stock", name)
            item = self.reader.item(name, self._at(*where))
            if item is not None:
                self._line(item, line, where, stock, reserve)
        return stock, reserve

    def _line(
        self,
        item: KnownItem,
        line: StockLine,
        path: tuple[str | int, ...],
        stock: dict[int, int],
        reserve: dict[int, int],
    ) -> None:
        number, before = self.number[item.id], len(self.reader.problems.found)
        stock[number] = self.reader.quanta(item, line.amount, self._at(*path))
        reserve[number] = self.reader.quanta(item, line.reserve, self._at(*path, "reserve"), up=True)
        if reserve[number] > stock[number] and len(self.reader.problems.found) == before:
            kept, held = item.shown(reserve[number]), item.shown(stock[number])
            fact = f"the reserve ({kept}) is above the stock ({held})"
            self.reader.problems.add(self._at(*path, "reserve"), fact, "Lower the reserve.")

    def _truck(self, name: str, truck: Truck, path: tuple[str, ...]) -> TruckKind:
        own = (*path, "trucks", name)
        carries = frozenset(
            self.number[item]
            for i, item in enumerate(truck.carries)
            if self.reader.item(item, self._at(*own, "carries", i)) is not None
        )
        kind = TruckKind(
            id=name,
            number=truck.number,
            kg=self.reader.measure(truck.payload, "kg", self._at(*own, "payload")),
            litres=self.reader.measure(truck.volume, "l", self._at(*own, "volume")),
            carries=carries if truck.carries else None,
            unload=truck.unload,
            speed_factor=truck.speed_factor,
            width=truck.width or 0.0,
            per_km=truck.per_km,
            water=self.number[WATER],
        )
        self.checker.truck(kind, truck, tuple(self.items.values()), own)
        return kind


def _lists(depot: Depot, item: str) -> bool:
    return item in depot.stock or (depot.produces is not None and item in depot.produces.rates)
