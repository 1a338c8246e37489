"""The units of a layout as parallel arrays, with their travel times: fixed during a simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from dispatch.durations import mean
from dispatch.roads.travel import travel_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.scenario.layout import Layout
    from dispatch.scenario.scenario import Scenario


def _plain(seconds: NDArray[np.float64]) -> memoryview[float]:
    """Return a table as a memory view: it gives plain floats three times faster than an array its scalars."""
    return cast("memoryview[float]", np.ascontiguousarray(seconds).data)


def _in_order(scenario: Scenario, layout: Layout) -> list[tuple[str, int]]:
    """Return ids of units and their stations' indices in the order that breaks ties; see :class:`Fleet`."""
    units, site_of = dict(layout.units), layout.site_of

    def rank(item: tuple[str, int]) -> tuple[int, int, float, list[str], str, str]:
        name, site = item
        kind = scenario.file.unit_types[units[name].type]
        kin = (mean(kind.turnout), sorted(kind.capabilities), kind.turnout.model_dump_json())
        return len(kind.capabilities), layout.sites[site].node, *kin, name

    return sorted(((name, site_of[unit.station]) for name, unit in units.items()), key=rank)


Ranking = list[tuple[float, int]]
"""Units in quarters by expected seconds to a place, then index."""


class Fleet:
    """All units of a layout.

    Units are numbered by (fewest capabilities, station's node, mean turnout, kind, id): nodes are in order of
    their coordinates, so that ties between equally near units are broken by what and where they are (the less
    versatile goes), and by name only between twins at one station.
    """

    def __init__(self, scenario: Scenario, layout: Layout) -> None:
        types = scenario.file.unit_types
        units = dict(layout.units)
        number = {name: i for i, name in enumerate(scenario.capabilities)}
        ordered = _in_order(scenario, layout)
        self.layout = layout
        self.ids = tuple(name for name, _ in ordered)
        self.types = tuple(units[name].type for name in self.ids)
        self.site = [site for _, site in ordered]
        """Index of each unit's station in the layout's sites."""
        self.home = [layout.sites[site].node for site in self.site]
        """Node of each unit's quarters."""
        self.capabilities = [frozenset(number[c] for c in types[kind].capabilities) for kind in self.types]
        self.turnouts = tuple(types[kind].turnout for kind in self.types)
        self.mean_turnout = [mean(turnout) for turnout in self.turnouts]
        nodes = {site.node for site in layout.sites}
        if scenario.aid_node is not None:
            nodes.add(scenario.aid_node)
        self.travel = travel_for(scenario.network, sorted(nodes))
        outbound = {node: _plain(self.travel.outbound(node)) for node in nodes}
        homebound = {node: _plain(self.travel.homebound(node)) for node in nodes}
        self.outbound = [outbound[node] for node in self.home]
        """Emergency seconds from each unit's quarters to every node [U][N]."""
        self.homebound = [homebound[node] for node in self.home]
        """Seconds from every node back to each unit's quarters [U][N]."""
        self.quarters = [self.travel.at(node) for node in self.home]
        """Each unit's position in quarters [U]."""
        self.aid_outbound = outbound[scenario.aid_node] if scenario.aid_node is not None else None
        numbers = {name: unit for unit, name in enumerate(self.ids)}
        self.orders: dict[int, tuple[int, ...]] = {}
        """For run_card_order: units in the order in which they are tried, by node."""
        for places, listed in scenario.orders:
            order = tuple(numbers[name] for name in listed if name in numbers)
            self.orders.update(dict.fromkeys(places.tolist(), order))
        self._rankings: dict[tuple[int, int], Ranking] = {}

    def __len__(self) -> int:
        """Number of units."""
        return len(self.ids)

    def expected(self, unit: int, node: int) -> float:
        """Return the mean turnout plus travel from quarters to a node, in seconds."""
        return self.mean_turnout[unit] + self.outbound[unit][node]

    def ranking(self, node: int, capability: int) -> Ranking:
        """Return units with a capability in the order in which they reach a node from quarters."""
        key = (node, capability)
        ranking = self._rankings.get(key)
        if ranking is None:
            able = [unit for unit, has in enumerate(self.capabilities) if capability in has]
            ranking = sorted((self.expected(unit, node), unit) for unit in able)
            self._rankings[key] = ranking
        return ranking
