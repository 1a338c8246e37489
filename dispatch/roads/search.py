"""One-to-all searches over the junctions of a contracted graph, and their reach to all nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.roads.contraction import Contraction

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]


class Searcher:
    """Dijkstra searches in one mode and one direction of driving over J junctions and the point of departure.

    The point of departure has number J. It is joined to the junctions at its exits (or, driving ``backward``,
    at its entries), so that inner nodes and junctions are treated alike.
    """

    __slots__ = ("_backward", "_graph", "_heads", "_starts", "_times")

    def __init__(self, graph: Contraction, mode: str, *, backward: bool) -> None:
        tail, head = (graph.arc_head, graph.arc_tail) if backward else (graph.arc_tail, graph.arc_head)
        order = np.lexsort((head, tail))
        size = len(graph.junctions)
        counts = np.bincount(tail, minlength=size)
        self._starts = np.concatenate(([0], np.cumsum(counts), [len(tail) + 2])).astype(np.int32)
        self._heads = head[order]
        self._times = graph.arc_s[mode][order]
        self._graph = (
            (graph.exit_to[::-1], graph.entry_s[mode]) if backward else (graph.exit_to, graph.exit_s[mode])
        )
        self._backward = backward

    def run(self, node: int) -> tuple[Floats, Ints]:
        """Return seconds [J + 1] and the neighbour towards ``node`` [J + 1] of every junction.

        The neighbour is the junction before it on the way (driving backward: after it), or J where the way
        leads to ``node`` without another junction.
        """
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import dijkstra

        doors, offsets = self._graph
        size = len(self._starts) - 1
        times = np.concatenate((self._times, offsets[:, node]))
        heads = np.concatenate((self._heads, doors[:, node]))
        matrix = csr_matrix((times, heads, self._starts), shape=(size, size))
        seconds, before = dijkstra(matrix, indices=[size - 1], return_predecessors=True)
        return np.asarray(seconds[0]), np.asarray(before[0], dtype=np.int32)


def spread(graph: Contraction, mode: str, node: int, reach: Floats, *, backward: bool) -> Floats:
    """Return seconds [N] from a node to all nodes (``backward``: from all to it), given ``reach`` [J + 1]."""
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
