"""What a reader should know of a scenario's supplies: needs that nobody can fill, depots that cannot send."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from dispatch.scenario.items import WATER
from dispatch.scenario.supply_means import flow_of, of_units, short_of_pumps, without_water
from dispatch.scenario.supply_needs import needs_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dispatch.scenario.scenario import Scenario
    from dispatch.scenario.supplies import DepotSite, SupplyBook


@dataclass(frozen=True, slots=True)
class Demand:
    """What calls of a type, or an injected call that says so itself, need at most."""

    name: str
    kind: int
    most: Mapping[int, int]
    """Quanta by item, of the alarm level that asks for most."""
    slots: tuple[int, ...]
    """The capability of each unit that may come, at the level that asks for most of it, in order."""
    nodes: tuple[int, ...]
    """Where they may be."""
    flow: float
    """Litres per second that their needs take together; 0 where nothing has to be pumped."""

    @property
    def capabilities(self) -> frozenset[int]:
        """Those of the units that may come."""
        return frozenset(self.slots)


@dataclass(frozen=True, slots=True)
class Holding:
    """What a layout has of an item, in quanta."""

    to_send: int
    """Above the reserves of depots that have a truck for it."""
    kept: int
    """Above the reserves of other depots."""
    carried: int
    """By units that may come."""
    comes: bool
    """Whether more is made, or ordered from outside."""
    listed: bool
    """Whether any depot lists it."""


def supply_notes(scenario: Scenario) -> Iterator[str]:
    """Yield notes on supplies; nothing for a scenario without any."""
    book = scenario.supplies
    if book is None:
        return
    yield from _without_water(scenario, book)
    needed = demands(scenario)
    told: dict[str, list[str]] = {}
    for layout in scenario.layouts:
        facts = [*_short(scenario, book, layout, needed), *short_of_pumps(scenario, layout, needed)]
        facts += [fact for site in book.depots[layout] for fact in _of_depot(book, site, book.depots[layout])]
        facts += of_units(scenario, layout)
        for fact in facts:
            told.setdefault(fact, []).append(f"'{layout}'")
    for fact, layouts in told.items():
        everywhere = len(layouts) == len(scenario.layouts)
        where = f"layout{'s' if len(layouts) > 1 else ''} {', '.join(layouts)}: "
        yield fact if everywhere and fact.startswith("depot") else f"{where}{fact}"


def demands(scenario: Scenario) -> list[Demand]:
    """Return what calls that can come in need of supplies, types first; only those that need anything."""
    book = scenario.supplies
    if book is None:
        return []
    found, called = [], scenario.demand_by_node > 0.0
    own = {n: call for n, call in enumerate(scenario.authored) if n in book.authored}
    for number, kind in enumerate(scenario.kinds):
        nodes = {*np.flatnonzero(called[number]).tolist()}
        nodes |= {c.node for n, c in enumerate(scenario.authored) if c.kind == number and n not in own}
        found.append(_demand(scenario, kind.id, number, sorted(nodes), None))
    found += [_demand(scenario, call.id, call.kind, [call.node], n) for n, call in own.items()]
    return [each for each in found if each.most]


def demand_of_call(scenario: Scenario, authored: int) -> Demand:
    """Return what an injected call needs at most, by its number."""
    call, book = scenario.authored[authored], scenario.supplies
    own = authored if book is not None and authored in book.authored else None
    return _demand(scenario, call.id, call.kind, [call.node], own)


def _demand(scenario: Scenario, name: str, kind: int, nodes: list[int], authored: int | None) -> Demand:
    plans = scenario.plans
    most, slots = dict[int, int](), _own_slots(scenario, kind, authored)
    moments = (0.0,) if plans is None else plans.begins
    at = nodes[:1] if plans is None else list({int(plans.spot_of[node]): node for node in nodes}.values())
    for node in at:
        for moment in moments:
            for level in _levels(scenario, kind, node, moment):
                if plans is not None:
                    slots |= Counter(plans.card(kind, node, level, moment).slots)
                for need in needs_of(scenario, kind, node, level, moment, authored):
                    most[need.item] = max(need.amount, most.get(need.item, 0))
    flow = flow_of(scenario, kind, nodes[0], authored) if nodes else 0.0
    return Demand(name, kind, dict(sorted(most.items())), tuple(sorted(slots.elements())), tuple(nodes), flow)


def _own_slots(scenario: Scenario, kind: int, authored: int | None) -> Counter[int]:
    """Return how many units of each capability may come at the first alarm, without a plan's card."""
    if authored is not None and scenario.authored[authored].slots:
        return Counter(scenario.authored[authored].slots)
    slots = Counter(scenario.kinds[kind].slots)
    if authored is None:  # some calls of the type may say themselves who comes
        for call in scenario.authored:
            slots |= Counter(call.slots if call.kind == kind else ())
        recorded = scenario.recorded
        if recorded is not None:
            rows, first = np.flatnonzero(recorded.type == kind), recorded.first_slot
            for own in {tuple(recorded.capability[first[row] : first[row + 1]].tolist()) for row in rows}:
                slots |= Counter(own)
    return slots


def _levels(scenario: Scenario, kind: int, node: int, moment: float) -> Sequence[int]:
    """Return the alarm levels that a call may have; 0 where neither plans nor levels say any."""
    plans = scenario.plans
    if plans is None:
        return (0,)
    first = plans.first_level(kind, node, moment)
    top = 0 if scenario.alarms is None else scenario.alarms.top(kind)
    return range(first, max(first, top) + 1)


def holding(scenario: Scenario, layout: str, item: int, capabilities: frozenset[int]) -> Holding:
    """Return what a layout has of an item for calls to which units with some capabilities may come."""
    book = scenario.supplies
    assert book is not None
    to_send = kept = 0
    comes = False
    sites = [site for site in book.depots[layout] if item in site.stock or item in site.rates]
    for site in sites:
        above = site.stock.get(item, 0) - site.reserve.get(item, 0)
        if sends(book, site, item):
            to_send += above
            comes |= item in site.rates or (site.lead_time < inf and not site.supplier)
        else:
            kept += above
    names = {scenario.capabilities[number] for number in capabilities}
    carried = 0
    for _, unit in scenario.layouts[layout].units:
        if names & set(scenario.file.unit_types[unit.type].capabilities):
            carried += sum(tank.amount for tank in book.tanks[unit.type] if tank.item == item)
    return Holding(to_send, kept, carried, comes, bool(sites))


def sends(book: SupplyBook, site: DepotSite, item: int) -> bool:
    """Whether a depot has a truck for an item."""
    return any(kind.carried(item, book.items[item]) > 0 for kind in site.trucks)


def _short(scenario: Scenario, book: SupplyBook, layout: str, needed: Sequence[Demand]) -> Iterator[str]:
    """Yield what calls need more of than there is."""
    for each in needed:
        for item, amount in each.most.items():
            known = book.items[item]
            has = holding(scenario, layout, item, each.capabilities)
            if known.id == WATER and scenario.file.water is not None:
                yield from without_water(scenario, layout, each, amount, has)
                continue  # hydrants and what tankers fetch are no stock
            if has.to_send + has.carried >= amount:
                continue
            need = f"'{each.name}' needs {known.shown(amount)} of {known.id}"
            if not has.listed:
                rest = f", and units that may come carry {known.shown(has.carried)}" if has.carried else ""
                yield f"{need}, which no depot holds{rest or ', nor a unit that may come carries'}."
                continue
            who = "all depots that can send it" if has.kept else "all depots"
            carried = f", units that may come {known.shown(has.carried)}" if has.carried else ""
            more = " More is made, or ordered from outside." if has.comes else ""
            held = known.shown(has.to_send)
            yield f"{need}, and {who} together hold {held} above their reserves{carried}.{more}"


def _of_depot(book: SupplyBook, site: DepotSite, sites: Sequence[DepotSite]) -> Iterator[str]:
    """Yield what a depot cannot do."""
    listed = sorted({*site.stock, *site.rates})
    kept = [
        f"{book.items[item].id} ({book.items[item].shown(amount)})"
        for item, amount in sorted(site.stock.items())
        if 0 < amount == site.reserve.get(item, 0) and item not in site.rates
    ]
    if kept:
        yield f"depot '{site.id}' keeps all of its {', '.join(kept)} in reserve."
    if not site.trucks:
        yield f"depot '{site.id}' has no trucks, and sends nothing to incidents."
    else:
        left = [book.items[item].id for item in listed if not sends(book, site, item)]
        if left:
            tanker = "; a tanker names water in 'carries'" if WATER in left else ""
            yield f"depot '{site.id}' has no truck for {', '.join(left)}{tanker}."
    above = next((each for each in sites if each.id == site.supplier), None)
    if above is not None:
        lacks = [
            book.items[item].id for item in sorted(site.stock) if item not in {**above.stock, **above.rates}
        ]
        if lacks:
            own = f"depot '{site.id}' is resupplied from '{above.id}'"
            yield f"{own}, which does not list {', '.join(lacks)}."


def _without_water(scenario: Scenario, book: SupplyBook) -> Iterator[str]:
    """Yield that water is not simulated, and whose need of it is left out."""
    if book.simulates_water:
        return
    written = {kind.id: kind.type.supplies for kind in scenario.kinds}
    calls = [each.incident for each in scenario.file.injects if each.incident is not None]
    for call, said in zip(scenario.authored, calls, strict=True):
        if said.supplies is not None:
            written[call.id] = said.supplies
    names = [
        f"'{name}'"
        for name, needs in written.items()
        if WATER in needs or any(need.foam is not None for need in needs.values())
    ]
    if names:
        verb = "needs" if len(names) == 1 else "need"
        why = "nothing is said of 'water', and no depot lists it"
        yield f"the water that {', '.join(names)} {verb} is not simulated: {why}."
