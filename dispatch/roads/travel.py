"""Travel times and whereabouts: on roads by shortest paths, on a matrix by look-up."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

import numpy as np

from dispatch.errors import NoRoute, Problem
from dispatch.roads.cache import cache_dir
from dispatch.roads.matrix_travel import MatrixTravel
from dispatch.roads.network import MODES, MatrixNetwork, RoadNetwork
from dispatch.roads.rows import ReachRow, Row, table_row
from dispatch.roads.search import Searcher, gates, spread
from dispatch.roads.tables import Shelf

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from dispatch.roads.network import Network

    Floats = NDArray[np.float64]

_Gate: TypeAlias = tuple[int, float, int]
"""By which junction a node is entered, seconds from there, and in which direction of its chain."""

_Tree: TypeAlias = "tuple[memoryview[float], memoryview[int]]"
"""Seconds to a junction from every junction [J], and the next junction on the way [J]."""

Position: TypeAlias = tuple[Any, ...]
"""Where a unit is. Only the Travel that made it can read it; it can be pickled, hashed and compared."""

TREE_BYTES = 384 * 1024**2
"""Memory for the trees of ways to places that are no sites."""


class Travel(Protocol):
    """Seconds between nodes, and where one is on the way."""

    @property
    def network(self) -> Network:
        """The network as it is for this travel."""
        ...

    def outbound(self, node: int) -> Floats:
        """Return emergency seconds [N] from a node to every node, infinite without a way; read-only."""
        ...

    def homebound(self, node: int) -> Floats:
        """Return normal seconds [N] from every node to a node, infinite where there is no way; read-only."""
        ...

    def outbound_row(self, node: int) -> Row:
        """Return emergency seconds from a node, to be looked up by node."""
        ...

    def homebound_row(self, node: int) -> Row:
        """Return normal seconds to a node, to be looked up by node."""
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

    @property
    def ground(self) -> Travel:
        """The travel by the roads' own speeds, without a vehicle's pace."""
        ...

    def may_stay(self, before: Travel, position: Position, node: int, mode: str) -> bool:
        """Whether a unit loses by breaking off, and the way it planned ``before`` is as good as it was."""
        ...

    @property
    def paced(self) -> bool:
        """Whether a trip broken off and taken up again lasts longer, because of stopping and starting."""
        ...

    def at_least(self, position: Position, elapsed: float, node: int) -> float:
        """Return a lower bound of the emergency seconds to a node, ``elapsed`` seconds after ``position``.

        It holds wherever the way from ``position`` has led in that time.
        """
        ...


def travel_for(network: Network, sites: Sequence[int], *, keep: bool = True) -> RoadTravel | MatrixTravel:
    """Return travel on a network of either kind.

    What is worked out is kept on disk where the environment lets caches be, unless ``keep`` is False.
    """
    if isinstance(network, MatrixNetwork):
        return MatrixTravel(network)
    return road_travel(network, sites, cache_dir() if keep else None)


def road_travel(network: RoadNetwork, sites: Sequence[int], cache: Path | None) -> RoadTravel:
    """Return travel on roads with tables for ``sites``, kept in the folder ``cache`` (None: not kept)."""
    return RoadTravel(network, sites, cache)


class RoadTravel:
    """Shortest-path times on a road network; see :class:`Travel`. A position is (next node, seconds to it).

    The tables of sites are there from the start. Trees of ways to junctions are worked out when first needed
    and kept, the oldest going first. What is kept changes no result.
    """

    def __init__(self, network: RoadNetwork, sites: Sequence[int], cache: Path | None) -> None:
        self.network, self.sites, self.cache = network, tuple(dict.fromkeys(map(int, sites))), cache
        shelf = Shelf(network, cache)
        self._graph = graph = shelf.contraction()
        self._tables = shelf.site_tables(graph, self.sites)
        # what does not depend on the sites is shared by all layouts of the network in a process
        self._searchers: dict[tuple[str, bool], Searcher] = network.once("searchers", dict)
        self._via: dict[str, dict[int, int]] = network.once("arcs", dict)
        self._trees: OrderedDict[tuple[int, str, str], _Tree] = network.once("trees", OrderedDict)
        self._gates: dict[str, dict[int, list[_Gate]]] = network.once("gates", lambda: {m: {} for m in MODES})
        self._digest = network.digest
        self._count = len(graph.junctions)
        # memory views give plain Python numbers, in a hot loop several times faster than arrays do
        self._junctions = graph.junctions.data
        self._chain, self._order = graph.chain.data, graph.order.data
        self._nodes, self._start = graph.chain_nodes.data, graph.chain_start.data
        self._doors = tuple(row.data for row in graph.exit_to)
        self._exits = {mode: tuple(row.data for row in graph.exit_s[mode]) for mode in MODES}
        self._most = max(16, TREE_BYTES // (12 * self._count))
        # on every road, or else time spent in normal mode says nothing about emergency times
        self._emergency_is_fastest = bool(np.all(network.seconds["emergency"] <= network.seconds["normal"]))

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross process borders as what it was made of; the cache makes up for the rest."""
        return RoadTravel, (self.network, self.sites, self.cache)

    def outbound(self, node: int) -> Floats:
        """Return emergency seconds [N] from a node to every node; read-only."""
        if node in self._tables:
            return self._tables[node].outbound
        reach = self._searcher("emergency", backward=False).reach(node)
        return _read_only(spread(self._graph, "emergency", node, reach, backward=False))

    def homebound(self, node: int) -> Floats:
        """Return normal seconds [N] from every node to a node; read-only."""
        if node in self._tables:
            return self._tables[node].homebound
        reach = self._searcher("normal", backward=True).reach(node)
        return _read_only(spread(self._graph, "normal", node, reach, backward=True))

    def outbound_row(self, node: int) -> Row:
        """Return emergency seconds from a node, to be looked up by node."""
        return self._row(node, "emergency", backward=False)

    def homebound_row(self, node: int) -> Row:
        """Return normal seconds to a node, to be looked up by node."""
        return self._row(node, "normal", backward=True)

    def _row(self, node: int, mode: str, *, backward: bool) -> Row:
        if node in self._tables:
            return table_row(self._tables[node].homebound if backward else self._tables[node].outbound)
        search = self._searcher(mode, backward=backward).reach
        return ReachRow(self._graph, mode, node, search, backward=backward)

    def at(self, node: int) -> Position:
        """Return the position of standing at a node."""
        return int(node), 0.0

    def seconds(self, position: Position, node: int, mode: str) -> float:
        """Return seconds from a position to a node in a mode of driving."""
        start, lead = position
        return float(lead + self._leave(start, node, mode)[0])

    paced = False

    @property
    def ground(self) -> Travel:
        """This travel itself: it has no pace of its own."""
        return self

    def along(self, position: Position, node: int, mode: str, elapsed: float) -> Position:
        """Return the position after ``elapsed`` seconds: the next node of the road, inner nodes included."""
        start, lead = position
        if elapsed <= lead:
            return start, lead - max(elapsed, 0.0)
        rest, direction, gate = self._leave(start, node, mode)
        left = lead + rest - elapsed
        if left <= 0.0:
            return int(node), 0.0
        if left == inf:
            raise self._no_route(start, node)
        if gate is None:
            return self._on_chain(
                self._chain[start], direction, mode, left + self._exits[mode][direction][node]
            )
        junction, within, way = gate
        if left < within:
            return self._on_chain(self._chain[node], way, mode, left + self._exits[mode][way][node])
        left -= within
        reach, onward = self._tree(junction, mode)
        here = self._doors[direction][start]
        if reach[here] <= left:
            if self._chain[start] < 0:
                return start, left - reach[here]
            return self._on_chain(self._chain[start], direction, mode, left - reach[here])
        following = onward[here]
        while reach[following] > left:
            here, following = following, onward[following]
        via = self._arc(here, following, mode)
        if via < 0:
            return self._junctions[following], left - reach[following]
        return self._on_chain(via >> 1, via & 1, mode, left - reach[following])

    def may_stay(self, before: Travel, position: Position, node: int, mode: str) -> bool:  # noqa: ARG002
        """Return False: breaking off costs nothing."""
        return False

    def seconds_by(self, nodes: Sequence[int], mode: str) -> float:
        """Return the seconds from node to node as listed, infinite where no arc joins two of them."""
        arcs = [self.network.fastest(tail, head, mode) for tail, head in pairwise(nodes)]
        if None in arcs:
            return inf
        return float(self.network.seconds[mode][np.array(arcs, dtype=np.intp)].sum())

    def way(self, position: Position, node: int, mode: str) -> list[int]:
        """Return the nodes on the way from a position to a node, inner ones included, the next one first.

        It is the way that :meth:`along` follows.
        """
        start, _ = position
        rest, direction, gate = self._leave(start, node, mode)
        if rest == inf:
            raise self._no_route(start, node)
        if start == node:
            return [int(node)]
        if gate is None:
            return self._chain_between(start, node, direction)
        junction, _, way = gate
        nodes = self._chain_between(start, None, direction) if self._chain[start] >= 0 else [int(start)]
        reach, onward = self._tree(junction, mode)
        here = self._doors[direction][start]
        while reach[here] > 0.0:
            following = onward[here]
            via = self._arc(here, following, mode)
            if via >= 0:
                nodes += self._inner(via)
            nodes.append(self._junctions[following])
            here = following
        if self._chain[node] >= 0:
            run = self._inner(2 * self._chain[node] + way)
            nodes += run[: run.index(node) + 1]
        return nodes

    def _inner(self, via: int) -> list[int]:
        """Return the inner nodes of 2 * chain + direction in the order in which they are passed."""
        run = self._nodes[self._start[via >> 1] : self._start[(via >> 1) + 1]].tolist()
        return run[::-1] if via & 1 else run

    def _chain_between(self, start: int, node: int | None, direction: int) -> list[int]:
        """Return the nodes of a chain from an inner one to another, or to the exit in a direction."""
        run = self._inner(2 * self._chain[start] + direction)
        rest = run[run.index(start) :]
        return (
            [*rest, self._junctions[self._doors[direction][start]]]
            if node is None
            else rest[: rest.index(node) + 1]
        )

    def at_least(self, position: Position, elapsed: float, node: int) -> float:
        """Return the bound that follows from shortest ways: a detour of some seconds cannot save more."""
        if not self._emergency_is_fastest:
            return 0.0
        return self.seconds(position, node, "emergency") - elapsed

    def _leave(self, start: int, node: int, mode: str) -> tuple[float, int, _Gate | None]:
        """Return the least seconds to another node, the direction to leave in and the gate to enter by.

        There is no gate where the way stays on one chain.
        """
        (door, other_door), (out, other_out) = self._doors, self._exits[mode]
        here, aside = door[start], other_door[start]
        this_way, that_way = out[start], other_out[start]
        best, direction, by = inf, 0, None
        for gate in self._gates[mode].get(node) or self._find_gates(node, mode):
            reach, within = self._tree(gate[0], mode)[0], gate[1]
            seconds = this_way + reach[here] + within
            if seconds < best:
                best, direction, by = seconds, 0, gate
            if here != aside or this_way != that_way:
                seconds = that_way + reach[aside] + within
                if seconds < best:
                    best, direction, by = seconds, 1, gate
        chain = self._chain[node]
        if chain < 0 or self._chain[start] != chain:
            return best, direction, by
        ahead = 0 if self._order[start] <= self._order[node] else 1
        times = self._exits[mode][ahead]
        direct = times[start] - times[node] if times[start] < inf else inf
        return (direct, ahead, None) if direct <= best else (best, direction, by)

    def _find_gates(self, node: int, mode: str) -> list[_Gate]:
        found = self._gates[mode][int(node)] = gates(self._graph, mode, node, entering=True)
        return found

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

    def _arc(self, tail: int, head: int, mode: str) -> int:
        """Return what leads from one junction to the next: 2 * chain + direction, or -1 for a single arc."""
        if mode not in self._via:
            graph = self._graph
            pairs = graph.arc_tail.astype(np.int64) * self._count + graph.arc_head
            self._via[mode] = dict(zip(pairs.tolist(), graph.arc_via[mode].tolist(), strict=True))
        return self._via[mode][tail * self._count + head]

    def _tree(self, junction: int, mode: str) -> _Tree:
        """Return seconds to a junction from every junction, and the next junction on the way."""
        key = (junction, mode, self._digest)  # variants of a network share one store of trees
        tree = self._trees.get(key)
        if tree is not None:
            return tree
        reach, onward = self._searcher(mode, backward=True).tree(junction)
        self._trees[key] = tree = cast("memoryview[float]", reach.data), onward.data
        while len(self._trees) > self._most:
            self._trees.popitem(last=False)
        return tree

    def _searcher(self, mode: str, *, backward: bool) -> Searcher:
        known = self._searchers.get((mode, backward))
        if known is None:
            known = self._searchers[mode, backward] = Searcher(self._graph, mode, backward=backward)
        return known

    def _no_route(self, start: int, node: int) -> NoRoute:
        ids = self.network.node_ids
        return NoRoute([Problem(self.network.name, f"no way from '{ids[start]}' to '{ids[node]}'")])


def _read_only(values: Floats) -> Floats:
    values.flags.writeable = False
    return values
