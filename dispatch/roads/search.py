"""One-to-all searches over the junctions of a contracted graph, and their reach to all nodes."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from dispatch.roads.contraction import Contraction

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]


class Searcher:
    """Dijkstra searches over the J junctions in one mode and one direction of driving."""

    __slots__ = ("_arcs", "_backward", "_graph", "_matrix", "_mode")

    def __init__(self, graph: Contraction, mode: str, *, backward: bool) -> None:
        tail, head = (graph.arc_head, graph.arc_tail) if backward else (graph.arc_tail, graph.arc_head)
        order = np.lexsort((head, tail))
        size = len(graph.junctions)
        starts = np.concatenate(([0], np.cumsum(np.bincount(tail, minlength=size)))).astype(np.int32)
        self._arcs = (graph.arc_s[mode][order], head[order], starts)
        self._matrix: csr_matrix[np.float64] | None = None
        self._graph, self._mode, self._backward = graph, mode, backward

    def tree(self, junction: int) -> tuple[Floats, Ints]:
        """Return seconds [J] from a junction, and the junction before each on the way [J].

        Driving ``backward``: seconds to the junction, and the next junction on the way there.
        """
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import dijkstra

        if self._matrix is None:  # made here, because where tables are cached nobody may ever ask
            size = len(self._arcs[2]) - 1
            self._matrix = csr_matrix(self._arcs, shape=(size, size))
        seconds, before = dijkstra(self._matrix, indices=[junction], return_predecessors=True)
        return np.asarray(seconds[0]), np.asarray(before[0], dtype=np.int32)

    def reach(self, node: int) -> Floats:
        """Return seconds [J] from a node, inner or a junction, to every junction (``backward``: to it)."""
        ways = gates(self._graph, self._mode, node, entering=self._backward)
        return np.asarray(np.minimum.reduce([self.tree(gate)[0] + offset for gate, offset, _ in ways]))


def gates(graph: Contraction, mode: str, node: int, *, entering: bool) -> list[tuple[int, float, int]]:
    """Return junctions by which a node is entered (or left), seconds from there (or to), and the direction.

    A junction is its own gate; an inner node of a chain has one or two.
    """
    offsets = (graph.entry_s if entering else graph.exit_s)[mode]
    found = []
    for direction in (0, 1):
        gate = int(graph.exit_to[1 - direction if entering else direction, node])
        offset = float(offsets[direction, node])
        if isfinite(offset):
            found.append((gate, offset, direction))
        if graph.chain[node] < 0:
            break
    return found


def spread(graph: Contraction, mode: str, node: int, reach: Floats, *, backward: bool) -> Floats:
    """Return seconds [N] from a node to all nodes (``backward``: from all to it), given ``reach`` [J]."""
    doors = graph.exit_to if backward else graph.exit_to[::-1]
    offsets = graph.exit_s[mode] if backward else graph.entry_s[mode]
    result: Floats = np.minimum(offsets[0] + reach[doors[0]], offsets[1] + reach[doors[1]])
    chain = int(graph.chain[node])
    if chain >= 0:
        low, high, here = (
            int(graph.chain_start[chain]),
            int(graph.chain_start[chain + 1]),
            int(graph.order[node]),
        )
        before, after = graph.chain_nodes[low : here + 1], graph.chain_nodes[here:high]
        upstream, downstream = (before, after) if backward else (after, before)
        for direction, others in ((0, upstream), (1, downstream)):
            times = graph.exit_s[mode][direction]
            if np.isfinite(times[node]):
                direct = times[others] - times[node] if backward else times[node] - times[others]
                result[others] = np.minimum(result[others], direct)
    return result
