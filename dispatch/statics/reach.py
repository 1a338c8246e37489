"""When stations reach places while all their units are in: what coverage and areas are read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from dispatch.engine.fleet import Fleet
from dispatch.errors import UsageError, did_you_mean
from dispatch.scenario.conditions import Conditions

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from dispatch.roads.network import Network
    from dispatch.scenario.layout import Layout, Site
    from dispatch.scenario.scenario import Scenario

    Floats = NDArray[np.float64]

Clock = Literal["travel", "response"]
"""Travel alone, or from the order: mean turnout and travel."""


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Expected times of a layout's units from quarters.

    ``network`` and ``fleet`` are as they are at one moment; ``hours`` has the demand [K, N] of every period
    of the week with the fleet as it is then, or all demand at that one moment.
    """

    scenario: Scenario
    layout: Layout
    network: Network
    fleet: Fleet
    hours: tuple[tuple[Floats, Fleet], ...]

    def able(self, capabilities: Collection[str] | None) -> list[int]:
        """Return the units that have one of some capabilities; None asks for any unit."""
        units = range(len(self.fleet))
        if capabilities is None:
            return list(units)
        known = self.scenario.capabilities
        numbers = {known.index(name) for name in capabilities if name in known}
        return [unit for unit in units if self.fleet.capabilities[unit] & numbers]

    def first(self, units: Collection[int], clock: Clock) -> Floats:
        """Return when the first of some units is at each node [N], infinite where none can come."""
        return first_of(Tables(self.fleet), units, clock, len(self.network.node_ids))

    def by_station(self, units: Collection[int]) -> tuple[tuple[Site, ...], Floats]:
        """Return the stations with one of some units, and when each reaches each node from the order [S, N].

        They are in order of node, then id, which is how ties are broken.
        """
        found = _by_site(Tables(self.fleet), units, "response")
        sites = self.layout.sites
        order = sorted(found, key=lambda site: (sites[site].node, sites[site].id))
        size = (len(order), len(self.network.node_ids))
        times = np.array([found[site] for site in order]).reshape(size)
        return tuple(sites[site] for site in order), times


class Tables:
    """Travel seconds of a fleet's units from quarters to all nodes, each looked up once."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self._known: dict[tuple[int, int], Floats] = {}

    def outbound(self, unit: int) -> Floats:
        """Return seconds from a unit's quarters to every node [N]."""
        travel, home = self.fleet.travels[unit], self.fleet.home[unit]
        key = (id(travel), home)
        if key not in self._known:
            self._known[key] = np.asarray(travel.outbound(home))
        return self._known[key]


def first_of(tables: Tables, units: Collection[int], clock: Clock, size: int) -> Floats:
    """Return when the first of a fleet's units is at each of ``size`` nodes, infinite where none can come."""
    best = np.full(size, np.inf)
    for seconds in _by_site(tables, units, clock).values():
        np.minimum(best, seconds, out=best)
    return best


def _by_site(tables: Tables, units: Collection[int], clock: Clock) -> dict[int, Floats]:
    """Return the least seconds to every node [N] by index of the station."""
    found: dict[int, Floats] = {}
    fleet = tables.fleet
    for unit in units:
        turnout = fleet.mean_turnout[unit] if clock == "response" else 0.0
        seconds = tables.outbound(unit) + turnout
        site = fleet.site[unit]
        found[site] = np.minimum(found[site], seconds) if site in found else seconds
    return found


def reach_of(scenario: Scenario, layout: Layout, conditions: Conditions | None = None) -> Reach:
    """Return the reach of a layout under given conditions of the roads.

    Without any, it is that at the scenario's start without closures, and demand meets the speeds of the hour
    in which it comes.
    """
    base = Fleet(scenario, layout)
    if conditions is None:
        here = scenario.roads.ordinary
        periods = scenario.demand_by_period.items()
        hours = tuple((demand, base.under(Conditions(period))) for period, demand in sorted(periods))
    else:
        here, hours = conditions, ((scenario.demand_by_node, base.under(conditions)),)
    return Reach(scenario, layout, scenario.roads.roads(here), base.under(here), hours)


def closures_note(scenario: Scenario, at: float | None) -> tuple[str, ...]:
    """Return the note that closures do not count, where a scenario has some and no moment was named."""
    if at is not None or not scenario.roads.closures:
        return ()
    return ("closures are left out; --at TIME takes those of a moment.",)


def check_capability(scenario: Scenario, capability: str | None) -> None:
    """Raise UsageError for a capability that no unit type of the scenario has."""
    if capability is not None and capability not in scenario.capabilities:
        message = f"--capability {capability}: no unit type has it."
        raise UsageError(message, hint=did_you_mean(capability, scenario.capabilities))
