"""Random conditions on random networks, and what every arc costs under them, reckoned arc by arc."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
from hypothesis import strategies as st

from dispatch.roads.network import MODES, TICK, RoadNetwork
from dispatch.scenario.conditions import ClosedRoads, Conditions, RoadConditions, Speeds

from .worlds import road_networks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

CLASSES = ("avenue", "lane", "street")


@dataclass(frozen=True)
class Changed:
    """A network, all conditions it may meet, and those of the moment."""

    network: RoadNetwork
    roads: RoadConditions
    now: Conditions

    @property
    def variant(self) -> RoadNetwork:
        """The network under the conditions of the moment, for vehicles of no particular width."""
        return self.under(self.now)

    def under(self, conditions: Conditions, width: float = 0.0) -> RoadNetwork:
        found = self.roads.roads(conditions, width)
        assert isinstance(found, RoadNetwork)
        return found


def of_class(network: RoadNetwork, classes: list[int]) -> RoadNetwork:
    """Return the network with its arcs in classes; it shares nothing with the one it was made of."""
    facility = np.array(classes, dtype=np.int32)
    return replace(network, facility=facility, facility_names=CLASSES, _lazy={}, digest=f"classes {classes}")


FACTORS = st.sampled_from((0.25, 0.5, 1.0, 1.0, 1.5, 0.71))


@st.composite
def changed_networks(draw: st.DrawFn) -> Changed:
    """Draw a network, one to three periods with factors by class, delays, and up to four closures."""
    network = draw(road_networks())
    arcs = len(network.tail)
    each = st.lists(st.integers(0, 2), min_size=arcs, max_size=arcs)
    network = of_class(network, draw(each))
    periods = draw(st.integers(1, 3))
    table = st.lists(FACTORS, min_size=3, max_size=3)
    factors = {mode: np.array([draw(table) for _ in range(periods)]) for mode in MODES}
    delay = {mode: draw(st.sampled_from((0.0, 0.0, 2.0, 7.3))) for mode in MODES}
    some = st.lists(st.integers(0, arcs - 1), min_size=1, max_size=max(1, arcs // 3), unique=True)
    closures = tuple(
        ClosedRoads(
            id=f"c{number}",
            title="",
            arcs=np.array(sorted(draw(some)), dtype=np.intp),
            speed_factor=draw(st.sampled_from((0.0, 0.0, 0.3, 0.8))),
            max_width=draw(st.sampled_from((-1.0, -1.0, 2.5))),
        )
        for number in range(draw(st.integers(0, 4)))
    )
    speeds = Speeds("s", "", "", tuple(i % periods for i in range(168)), factors, delay, 0.0)
    roads = RoadConditions(network, speeds, 0.0, closures, ())
    in_force = draw(st.sets(st.integers(0, len(closures) - 1))) if closures else set()
    return Changed(network, roads, Conditions(draw(st.integers(0, periods - 1)), tuple(sorted(in_force))))


def expected_arcs(
    changed: Changed, conditions: Conditions, mode: str, width: float = 0.0
) -> dict[int, float]:
    """Return the seconds of every open arc, by the words of the documentation."""
    network, speeds = changed.network, changed.roads.speeds
    crossing = neighbours(network)
    result = {}
    for arc in range(len(network.tail)):
        holding = [
            changed.roads.closures[i]
            for i in conditions.closures
            if arc in changed.roads.closures[i].arcs.tolist() and width > changed.roads.closures[i].max_width
        ]
        if any(closure.speed_factor == 0.0 for closure in holding):
            continue
        slowest = min((closure.speed_factor for closure in holding), default=1.0)
        factor = float(speeds.factors[mode][conditions.period][network.facility[arc]])
        seconds = float(network.seconds[mode][arc]) / (factor * slowest)
        if crossing[int(network.head[arc])] >= 3:
            seconds += speeds.delay[mode]
        result[arc] = max(round(seconds / TICK), 1) * TICK
    return result


def neighbours(network: RoadNetwork) -> list[int]:
    """Return the number of places next to each node; a road back to itself leads to one, too."""
    next_to: list[set[int]] = [set() for _ in network.node_ids]
    for tail, head in zip(network.tail.tolist(), network.head.tolist(), strict=True):
        next_to[tail].add(head)
        next_to[head].add(tail)
    return [len(found) for found in next_to]


def times(network: RoadNetwork, arcs: Mapping[int, float]) -> NDArray[np.float64]:
    """Return the seconds between all nodes [N, N] over some arcs of a network, by networkx."""
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    graph.add_nodes_from(range(len(network.node_ids)))
    for arc, seconds in arcs.items():
        graph.add_edge(int(network.tail[arc]), int(network.head[arc]), weight=seconds)
    found = np.full((len(network.node_ids),) * 2, math.inf)
    for start, ends in nx.all_pairs_dijkstra_path_length(graph):
        for end, seconds in ends.items():
            found[start, end] = seconds
    return found
