"""What the depots of a layout hold, against what calls need, and how far it is; nothing is simulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dispatch.engine.fleet import Fleet
from dispatch.errors import UsageError, did_you_mean
from dispatch.scenario.supply_notes import demands, holding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from dispatch.scenario.injects import AuthoredCall
    from dispatch.scenario.items import KnownItem
    from dispatch.scenario.scenario import Scenario
    from dispatch.scenario.supplies import DepotSite
    from dispatch.scenario.supply_notes import Demand, Holding


@dataclass(frozen=True, slots=True)
class Weighed:
    """A need against what there is of it."""

    demand: Demand
    item: KnownItem
    amount: int
    """Needed, in quanta."""
    has: Holding


@dataclass(frozen=True, slots=True)
class Drive:
    """The way from a depot to an injected call by the roads of that moment, with its quickest truck."""

    depot: DepotSite
    call: AuthoredCall
    driving: float
    """Seconds; infinite without a way."""
    loaded: float
    """Seconds from the order until the first truck has unloaded: loading, driving, unloading; before that the
    ramp-up of production where nothing is in stock, without the time that making a load takes."""


@dataclass(frozen=True, slots=True)
class SupplySurvey:
    """The depots of one layout."""

    scenario: Scenario
    layout: str
    depots: tuple[DepotSite, ...]
    needs: tuple[Weighed, ...]
    drives: tuple[Drive, ...]
    """To injected calls from depots that can send something of what they need."""


def survey_supplies(scenario: Scenario, layout: str) -> SupplySurvey:
    """Return what a layout holds and how far it is; raises UsageError where there is nothing to tell."""
    book = scenario.supplies
    if layout not in scenario.layouts:
        message = f"--layout {layout}: the scenario has no such layout."
        raise UsageError(message, hint=did_you_mean(layout, scenario.layouts))
    if book is None:
        message = f"{scenario.path.name}: the scenario has no supplies."
        raise UsageError(message, hint="Give it 'depots', or incident types 'supplies'.")
    needed = demands(scenario)
    weighed = [
        Weighed(each, book.items[item], amount, holding(scenario, layout, item, each.capabilities))
        for each in needed
        for item, amount in each.most.items()
    ]
    fleet = Fleet(scenario, scenario.layouts[layout])
    drives = [
        drive
        for number, call in enumerate(scenario.authored)
        for drive in _drives(scenario, fleet, book.depots[layout], call, _items_of(scenario, needed, number))
    ]
    return SupplySurvey(scenario, layout, book.depots[layout], tuple(weighed), tuple(drives))


def _items_of(scenario: Scenario, needed: Sequence[Demand], number: int) -> Collection[int]:
    """Return the items that an injected call may need."""
    assert scenario.supplies is not None
    call = scenario.authored[number]
    name = call.id if number in scenario.supplies.authored else scenario.kinds[call.kind].id
    return next((each.most.keys() for each in needed if each.name == name and each.kind == call.kind), ())


def _drives(
    scenario: Scenario, fleet: Fleet, sites: Sequence[DepotSite], call: AuthoredCall, items: Collection[int]
) -> Iterator[Drive]:
    """Yield the ways to a call from depots that can send something of what it needs."""
    assert scenario.supplies is not None
    then = fleet.under(scenario.roads.at(call.received))
    for site in sites:
        listed = [item for item in items if item in site.stock or item in site.rates]
        in_hand = any(site.stock.get(item, 0) > site.reserve.get(item, 0) for item in listed)
        first = site.load_out if in_hand else site.ramp_up + site.load_out
        best: tuple[float, float] | None = None
        for kind in site.trucks:
            if any(kind.carried(item, scenario.supplies.items[item]) > 0 for item in listed):
                travel = then.road_travel(kind.speed_factor, kind.width)
                driving = travel.seconds(travel.at(site.node), call.node, "normal")
                way = first + driving + kind.unload, driving
                best = way if best is None else min(best, way)
        if best is not None:
            yield Drive(site, call, best[1], best[0])
