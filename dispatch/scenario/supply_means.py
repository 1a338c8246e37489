"""What supplies take beside goods: pumps for a flow, ways for water to come, depots that fill units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.scenario.items import WATER
from dispatch.scenario.supply_needs import has_depots, needs_of, planned_needs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dispatch.scenario.scenario import Scenario
    from dispatch.scenario.supplies import DepotSite, SupplyBook
    from dispatch.scenario.supply_notes import Demand, Holding

STATIONS_NAMED = 5
"""How many stations a note names at most."""


def flow_of(scenario: Scenario, kind: int, node: int, authored: int | None) -> float:
    """Return the litres per second that what a call needs takes together; cards of plans name no flows."""
    return sum(need.flow for need in needs_of(scenario, kind, node, 0, 0.0, authored))


def pumped(scenario: Scenario, layout: str, slots: Iterable[int]) -> float:
    """Return the most that units of a layout pump, one for each slot, in litres per second."""
    assert scenario.supplies is not None
    types, pumps, most = scenario.file.unit_types, scenario.supplies.pumps, dict[str, float]()
    for kind in {unit.type for _, unit in scenario.layouts[layout].units}:
        for name in types[kind].capabilities:
            most[name] = max(most.get(name, 0.0), pumps.get(kind, 0.0))
    return sum((most.get(scenario.capabilities[slot], 0.0) for slot in slots), 0.0)


def short_of_pumps(scenario: Scenario, layout: str, needed: Sequence[Demand]) -> Iterator[str]:
    """Yield whose needs take a flow that the units on their cards cannot pump, at any level."""
    assert scenario.supplies is not None
    if not scenario.supplies.pumps:
        return  # nothing is said of pumps, and nothing waits for them
    for each in needed:
        if each.flow > 0.0:
            able = pumped(scenario, layout, each.slots) + _ordered(scenario, layout, each.name)
            if able < each.flow * (1.0 - 1e-9):
                rest = f"and the units that may come pump {able:.4g} l/s: it never comes under control"
                yield f"'{each.name}' needs {each.flow:.4g} l/s, {rest}."


def _ordered(scenario: Scenario, layout: str, name: str) -> float:
    """Return what units pump that orders send to a call, or calls of a type, maybe beyond their cards."""
    assert scenario.supplies is not None
    calls = {call.id for call in scenario.authored if name in (call.id, scenario.kinds[call.kind].id)}
    orders = [inject.order for inject in scenario.file.injects if inject.order is not None]
    sent = {order.unit for order in orders if order.incident in calls}
    units = (unit for each, unit in scenario.layouts[layout].units if each in sent)
    return sum((scenario.supplies.pumps.get(unit.type, 0.0) for unit in units), 0.0)


def has_tankers(book: SupplyBook, sites: Iterable[DepotSite]) -> bool:
    """Whether a depot has trucks that can fetch water, and there is somewhere to fill them."""
    item = book.number[WATER]
    kinds = (kind for site in sites for kind in site.trucks)
    return bool(book.sources) and any(kind.carried(item, book.items[item]) > 0 for kind in kinds)


def with_hydrants(scenario: Scenario, nodes: Iterable[int]) -> list[int]:
    """Return the nodes of some at which hydrants give water, but for failures."""
    assert scenario.supplies is not None
    dry = frozenset() if scenario.alarms is None else scenario.alarms.dry
    gives = scenario.supplies.hydrants
    return [node for node in nodes if gives.get(node, 0.0) > 0.0 and node not in dry]


def ways_of_water(scenario: Scenario, layout: str, nodes: Iterable[int]) -> list[str]:
    """Return how water comes to calls at some nodes beside what depots hold: ``hydrants``, ``tankers``."""
    assert scenario.supplies is not None
    ways = ["hydrants"] if with_hydrants(scenario, nodes) else []
    return ways + (["tankers"] if has_tankers(scenario.supplies, scenario.supplies.depots[layout]) else [])


def without_water(
    scenario: Scenario, layout: str, demand: Demand, amount: int, has: Holding
) -> Iterator[str]:
    """Yield that nobody can bring the water that calls need, at all nodes or some."""
    book = scenario.supplies
    assert book is not None
    if has.comes or has.to_send + has.carried >= amount or has_tankers(book, book.depots[layout]):
        return
    dry = len(demand.nodes) - len(with_hydrants(scenario, demand.nodes))
    if not dry:
        return
    water = book.items[book.number[WATER]]
    held = has.to_send + has.carried
    who = f"more than {water.shown(held)} of it" if held else "any"
    where = "there" if dry == len(demand.nodes) else f"at {dry} of {len(demand.nodes)} nodes"
    why = f"hydrants give none {where}, no tanker can fill at a source, and no depot sends enough"
    yield f"'{demand.name}' needs {water.shown(amount)} of water, and nobody can bring {who}: {why}."


def of_units(scenario: Scenario, layout: str) -> Iterator[str]:
    """Yield what units should fill from depots that are not at their stations, or that hold too little."""
    book = scenario.supplies
    assert book is not None
    placed, tanks = scenario.layouts[layout], book.tanks
    stations = {site.id: site.node for site in placed.sites}
    depots = {site.node: site for site in reversed(book.depots[layout])}  # the first by id fills
    pairs = sorted({(unit.type, unit.station) for _, unit in placed.units})
    for kind in dict.fromkeys(kind for kind, _ in pairs):
        homes = [station for other, station in pairs if other == kind]
        for tank in tanks.get(kind, ()):
            if tank.from_depot:
                item = book.items[tank.item]
                none = [station for station in homes if stations[station] not in depots]
                if none:
                    what = f"{item.id} of '{kind}' is filled from the quarters' own supply, not from a depot"
                    yield f"{what}: none stands at the node of {_stations(none)}."
                for station in homes:
                    site = depots.get(stations[station])
                    if site is None or tank.item in site.rates:
                        continue
                    held = site.stock.get(tank.item, 0)
                    if held < tank.amount:
                        has = f"holds {item.shown(held)} of {item.id}" if held else f"holds no {item.id}"
                        full = f"'{kind}' at station '{station}' carries {item.shown(tank.amount)} when full"
                        yield f"depot '{site.id}' {has}, and {full}: a unit may wait for it for ever."


def _stations(names: Sequence[str]) -> str:
    told = [f"'{name}'" for name in names[:STATIONS_NAMED]]
    more = [f"{len(names) - STATIONS_NAMED} more"] if len(names) > STATIONS_NAMED else []
    return f"{'stations' if len(names) > 1 else 'station'} {', '.join([*told, *more])}"


def items_used(scenario: Scenario) -> list[str]:
    """Return the items that some depot, need, unit or card of a plan has, in order of id."""
    book = scenario.supplies
    if book is None:
        return []
    found = {need.item for needs in (*book.needs, *book.authored.values()) for need in needs}
    for sites in book.depots.values():
        for site in sites:
            found |= {*site.stock, *site.rates}
    found |= {tank.item for tanks in book.tanks.values() for tank in tanks}
    if scenario.plans is not None:
        written = (cards for plan in scenario.plans.library.plans.values() for cards in plan.cards)
        lines = (
            line for cards in written for card in cards.values() for line in (card.supplies or {}).items()
        )
        found |= {need.item for need in planned_needs(book, lines)} if has_depots(book) else set()
    return [book.items[number].id for number in sorted(found)]
