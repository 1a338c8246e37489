"""Checks that every layout can serve the demand at all: able units exist, and roads lead there and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dispatch.roads.network import MatrixNetwork
from dispatch.roads.travel import travel_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.scenario.layout import Layout
    from dispatch.scenario.scenario import Scenario


def unserved(scenario: Scenario, layout: Layout) -> Iterator[tuple[str, str]]:
    """Yield capabilities that calls need and no unit of the layout has, where they would wait for ever."""
    if scenario.file.dispatching.when_none_free != "queue":
        return
    able = {c for _, unit in layout.units for c in scenario.file.unit_types[unit.type].capabilities}
    asked = {stream.kind for stream in scenario.streams}
    needed = {scenario.capabilities[c] for kind in asked for c in scenario.kinds[kind].slots}
    if scenario.recorded is not None:
        needed |= {scenario.capabilities[c] for c in set(scenario.recorded.capability.tolist())}
    for capability in sorted(needed - able):
        fact = f"calls need '{capability}', which no unit of the layout has"
        yield fact, "Add such a unit, or set dispatching.when_none_free to lost or mutual_aid."


def unreachable(scenario: Scenario, layout: Layout) -> Iterator[tuple[str, str]]:
    """Yield stations from which, or to which, no way leads for places with demand (matrix networks only).

    A road network is strongly connected once loaded, so that nothing can be out of reach on it.
    """
    network = scenario.network
    if not isinstance(network, MatrixNetwork):
        return
    travel = travel_for(network, [site.node for site in layout.sites])
    places = np.flatnonzero(scenario.demand_by_node.sum(axis=0) > 0)
    returns = any(kind.type.busy is None for kind in scenario.kinds)
    for site in layout.sites:
        lost = places[~np.isfinite(travel.outbound(site.node)[places])]
        if len(lost):
            yield _no_way(site.id, "to", [network.node_ids[i] for i in lost])
        lost = places[~np.isfinite(travel.homebound(site.node)[places])]
        if returns and len(lost):
            yield _no_way(site.id, "back from", [network.node_ids[i] for i in lost])


def _no_way(station: str, direction: str, places: list[str]) -> tuple[str, str]:
    shown = ", ".join(places[:5]) + (f", … ({len(places)} in all)" if len(places) > 5 else "")
    fact = f"no travel time from station '{station}' {direction} {shown}"
    return fact, "Complete the matrix, or set 'symmetric: true' in network.yaml."
