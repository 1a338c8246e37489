"""Travel times and whereabouts: on roads by shortest paths, on a matrix by look-up."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

import numpy as np

from dispatch.errors import NoRoute, Problem
from dispatch.roads.cache import cache_dir
from dispatch.roads.network import MODES, MatrixNetwork, RoadNetwork
from dispatch.roads.search import Searcher, spread
from dispatch.roads.tables import Shelf

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from dispatch.roads.network import Network

    Floats = NDArray[np.float64]

Position: TypeAlias = tuple[Any, ...]
"""Where a unit is. Only the Travel that made it can read it; it can be pickled, hashed and compared."""

TREE_BYTES = 256 * 1024**2
"""Memory for the trees of ways to places that are no sites."""


class Travel(Protocol):
    """Seconds between nodes, and where one is on the way."""

    def outbound(self, node: int) -> Floats:
        """Return emergency seconds [N] from a node to every node, infinite without a way; read-only."""
        ...

    def homebound(self, node: int) -> Floats:
        """Return normal seconds [N] from every node to a node, infinite where there is no way; read-only."""
        ...

    def at(self, node: int) -> Position:
        """Return the position of standing at a node."""
        ...

    def seconds(self, position: Position, node: int, mode: str) -> float:
        """Return seconds from a position to a node in a mode of driving, infinite where there is no way."""
        ...

    def along(self, position: Position, node: int, mode: str, elapsed: float) -> Position:
        """Return the position ``elapsed`` seconds after leaving ``position`` for ``node``; or NoRoute."""
        ...


def travel_for(network: Network, sites: Sequence[int]) -> RoadTravel | MatrixTravel:
    """Return travel on a network of either kind, cached where the environment lets caches be."""
    if isinstance(network, MatrixNetwork):
        return MatrixTravel(network)
    return road_travel(network, sites, cache_dir())


def road_travel(network: RoadNetwork, sites: Sequence[int], cache: Path | None) -> RoadTravel:
    """Return travel on roads with tables for ``sites``, kept in the folder ``cache`` (None: not kept)."""
    return RoadTravel(network, sites, cache)


@dataclass(frozen=True, slots=True, eq=False)
class _Tree:
    """The ways to one node: seconds ``reach`` [J + 1] and next junction ``onward`` [J + 1] of every junction.

    Both are memory views, whose items are plain Python numbers: in a hot loop that is several times faster
    than items of arrays. J stands for the node itself.
    """

    node: int
    chain: int
    reach: memoryview[float]
    onward: memoryview[int]


class RoadTravel:
    """Shortest-path times on a road network; see :class:`Travel`. A position is (next node, seconds to it).

    The tables of sites are there from the start. Trees of ways to other places are worked out when first
    needed and kept, the least recently used going first. What is kept changes no result.
    """

    def __init__(self, network: RoadNetwork, sites: Sequence[int], cache: Path | None) -> None:
        self.network, self.sites, self.cache = network, tuple(dict.fromkeys(map(int, sites))), cache
        shelf = Shelf(network, cache)
        self.graph = graph = shelf.contraction()
        self._tables = shelf.site_tables(graph, self.sites)
        self._searchers: dict[tuple[str, bool], Searcher] = {}
        self._via: dict[str, dict[int, int]] = {}
        self._count = len(graph.junctions)
        self._junctions = graph.junctions.data
        self._chain, self._order = graph.chain.data, graph.order.data
        self._nodes, self._start = graph.chain_nodes.data, graph.chain_start.data
        self._doors = tuple(row.data for row in graph.exit_to)
        self._exits = {mode: tuple(row.data for row in graph.exit_s[mode]) for mode in MODES}
        self._fixed: dict[str, dict[int, _Tree]] = {mode: {} for mode in MODES}
        self._recent: dict[str, OrderedDict[int, _Tree]] = {mode: OrderedDict() for mode in MODES}
        self._most = max(16, TREE_BYTES // (12 * (self._count + 1) * len(MODES)))
        for node, table in self._tables.items():
            self._fixed["normal"][node] = self._tree(node, table.reach, table.onward)

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross process borders as what it was made of; the cache makes up for the rest."""
        return RoadTravel, (self.network, self.sites, self.cache)

    def outbound(self, node: int) -> Floats:
        """Return emergency seconds [N] from a node to every node; read-only."""
        if node in self._tables:
            return self._tables[node].outbound
        reach, _ = self._searcher("emergency", backward=False).run(node)
        return _read_only(spread(self.graph, "emergency", node, reach, backward=False))

    def homebound(self, node: int) -> Floats:
        """Return normal seconds [N] from every node to a node; read-only."""
        if node in self._tables:
            return self._tables[node].homebound
        reach, _ = self._searcher("normal", backward=True).run(node)
        return _read_only(spread(self.graph, "normal", node, reach, backward=True))

    def at(self, node: int) -> Position:
        """Return the position of standing at a node."""
        return int(node), 0.0

    def seconds(self, position: Position, node: int, mode: str) -> float:
        """Return seconds from a position to a node in a mode of driving."""
        start, lead = position
        rest, _, _ = self._leave(start, self._ways_to(node, mode), mode)
        return float(lead + rest)

    def along(self, position: Position, node: int, mode: str, elapsed: float) -> Position:
        """Return the position after ``elapsed`` seconds: the next node of the road, inner nodes included."""
        start, lead = position
        if elapsed <= lead:
            return start, lead - max(elapsed, 0.0)
        tree = self._ways_to(node, mode)
        rest, direction, stays = self._leave(start, tree, mode)
        left = lead + rest - elapsed
        if left <= 0.0:
            return int(node), 0.0
        if left == inf:
            raise self._no_route(start, node)
        chain, reach = self._chain[start], tree.reach
        if stays:
            return self._on_chain(chain, direction, mode, left + self._exits[mode][direction][node])
        here = self._doors[direction][start]
        if reach[here] <= left:
            if chain < 0:
                return start, left - reach[here]
            return self._on_chain(chain, direction, mode, left - reach[here])
        return self._beyond(here, tree, mode, left)

    def _beyond(self, here: int, tree: _Tree, mode: str, left: float) -> Position:
        """Return the position ``left`` seconds before the end of a way that is beyond junction ``here``."""
        reach, onward = tree.reach, tree.onward
        following = onward[here]
        while reach[following] > left:
            here, following = following, onward[following]
        if following == self._count:
            direction = self._entered(here, tree, mode)
            return self._on_chain(tree.chain, direction, mode, left + self._exits[mode][direction][tree.node])
        via = self._arc(here, following, mode)
        if via < 0:
            return self._junctions[following], left - reach[following]
        return self._on_chain(via >> 1, via & 1, mode, left - reach[following])

    def _leave(self, start: int, tree: _Tree, mode: str) -> tuple[float, int, bool]:
        """Return the least seconds from a node, the direction to leave it in, and whether on one chain."""
        (door, other_door), (out, other_out), reach = self._doors, self._exits[mode], tree.reach
        best, direction = out[start] + reach[door[start]], 0
        other = other_out[start] + reach[other_door[start]]
        if other < best:
            best, direction = other, 1
        if tree.chain < 0 or self._chain[start] != tree.chain:
            return best, direction, False
        ahead = 0 if self._order[start] <= self._order[tree.node] else 1
        times = self._exits[mode][ahead]
        direct = times[start] - times[tree.node] if times[start] < inf else inf
        return (direct, ahead, True) if direct <= best else (best, direction, False)

    def _on_chain(self, chain: int, direction: int, mode: str, limit: float) -> Position:
        """Return the first node in a direction from which the exit is at most ``limit`` seconds away."""
        low, high, nodes = self._start[chain], self._start[chain + 1], self._nodes
        times = self._exits[mode][direction]
        run = range(low, high) if direction == 0 else range(high - 1, low - 1, -1)
        at = bisect_left(run, True, key=lambda place: times[nodes[place]] <= limit)  # noqa: FBT003 - no flag
        if at == len(run):
            return self._junctions[self._doors[direction][nodes[low]]], limit
        node = nodes[run[at]]
        return node, limit - times[node]

    def _entered(self, junction: int, tree: _Tree, mode: str) -> int:
        """Return the direction in which the chain of a tree's node is entered from a junction."""
        entries = self.graph.entry_s[mode][:, tree.node]
        doors = self.graph.exit_to[::-1, tree.node]
        return int(np.argmin(np.where(doors == junction, entries, inf)))

    def _arc(self, tail: int, head: int, mode: str) -> int:
        """Return what leads from one junction to the next: 2 * chain + direction, or -1 for a single arc."""
        if mode not in self._via:
            graph = self.graph
            pairs = graph.arc_tail.astype(np.int64) * self._count + graph.arc_head
            self._via[mode] = dict(zip(pairs.tolist(), graph.arc_via[mode].tolist(), strict=True))
        return self._via[mode][tail * self._count + head]

    def _ways_to(self, node: int, mode: str) -> _Tree:
        """Return the tree of ways to a node."""
        tree = self._fixed[mode].get(node)
        if tree is not None:
            return tree
        recent = self._recent[mode]
        tree = recent.get(node)
        if tree is not None:
            recent.move_to_end(node)
            return tree
        reach, onward = self._searcher(mode, backward=True).run(node)
        recent[node] = tree = self._tree(int(node), reach, onward)
        if len(recent) > self._most:
            recent.popitem(last=False)
        return tree

    def _tree(self, node: int, reach: Floats, onward: NDArray[np.int32]) -> _Tree:
        return _Tree(node, self._chain[node], cast("memoryview[float]", reach.data), onward.data)

    def _searcher(self, mode: str, *, backward: bool) -> Searcher:
        known = self._searchers.get((mode, backward))
        if known is None:
            known = self._searchers[mode, backward] = Searcher(self.graph, mode, backward=backward)
        return known

    def _no_route(self, start: int, node: int) -> NoRoute:
        ids = self.network.node_ids
        return NoRoute([Problem(self.network.name, f"no way from '{ids[start]}' to '{ids[node]}'")])


class MatrixTravel:
    """Times from a matrix, the same in both modes; see :class:`Travel`.

    Between places there are no roads, so a position is a mixture of places, ((place, weight), …) with weights
    that add up to 1. On the way all weight moves steadily to the place aimed at.
    """

    def __init__(self, network: MatrixNetwork) -> None:
        self.network = network
        self._matrix = np.ascontiguousarray(network.matrix)
        self._matrix.flags.writeable = False
        self._time = self._matrix.data

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross process borders as what it was made of."""
        return MatrixTravel, (self.network,)

    def outbound(self, node: int) -> Floats:
        """Return seconds [N] from a place to every place; read-only."""
        return np.asarray(self._matrix[node])

    def homebound(self, node: int) -> Floats:
        """Return seconds [N] from every place to a place; read-only."""
        return np.asarray(self._matrix[:, node])

    def at(self, node: int) -> Position:
        """Return the position of standing at a place."""
        return ((int(node), 1.0),)

    def seconds(self, position: Position, node: int, mode: str) -> float:  # noqa: ARG002 - one matrix for both
        """Return the weighted seconds to a place; the share of a mixture that is there already needs none."""
        time = self._time
        if len(position) == 1:
            return float(time[position[0][0], node])
        return float(sum(weight * time[place, node] for place, weight in position if place != node))

    def along(self, position: Position, node: int, mode: str, elapsed: float) -> Position:
        """Return the mixture after ``elapsed`` seconds."""
        if elapsed <= 0.0:
            return position
        total = self.seconds(position, node, mode)
        if elapsed >= total:
            return self.at(node)
        if total == inf:
            ids = self.network.node_ids
            fact = f"no time from '{ids[position[0][0]]}' to '{ids[node]}'"
            raise NoRoute([Problem(self.network.name, fact, "Complete the matrix.")])
        share = elapsed / total
        weights = {place: weight * (1.0 - share) for place, weight in position}
        weights[int(node)] = weights.get(node, 0.0) + share
        return tuple(sorted((place, weight) for place, weight in weights.items() if weight > 0.0))


def _read_only(values: Floats) -> Floats:
    values.flags.writeable = False
    return values
