"""Links of a road network and how much of each is reached in a time, cut to the metre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.roads.network import RoadNetwork

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """The L links of a network: a two-way link once, with the seconds of driving it each way.

    ``arc`` is a link's first arc (int64[L]), which leads from ``tail`` to ``head``; ``metres`` its length;
    ``there`` and ``back`` (float64[L]) what it costs to go along, in any one unit, infinite where there is no
    such way.
    """

    network: RoadNetwork
    arc: Numbers
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    metres: Floats
    there: Floats
    back: Floats

    @property
    def km(self) -> float:
        """Length of all roads in kilometres."""
        return float(self.metres.sum()) / 1000

    def reached(self, arrival: Floats, limit: float) -> tuple[Floats, Floats]:
        """Return the shares [L] of each link reached from its tail and from its head, together at most 1.

        ``arrival`` is when each node is reached [N], ``limit`` the time allowed. The road between is entered
        from both ends where it may be driven both ways, and driven at an even speed.
        """
        with np.errstate(invalid="ignore"):
            ahead = np.clip((limit - arrival[self.tail]) / self.there, 0.0, 1.0)
            behind = np.clip((limit - arrival[self.head]) / self.back, 0.0, 1.0)
        ahead, behind = np.nan_to_num(ahead), np.nan_to_num(behind)  # never reached, nor ever to be driven
        return ahead, np.minimum(behind, 1.0 - ahead)

    def km_reached(self, arrival: Floats, limit: float) -> float:
        """Return the kilometres of road reached in time, links that are reached in part counted in part."""
        ahead, behind = self.reached(arrival, limit)
        return float(((ahead + behind) * self.metres).sum()) / 1000


def links_of(network: RoadNetwork, cost: Floats | None = None) -> Links:
    """Return the links of a network; ``cost`` of each arc [A] is emergency seconds if left out."""
    spent = network.seconds["emergency"] if cost is None else cost
    _, first, number = np.unique(network.link, return_index=True, return_inverse=True)
    back = np.full(len(first), np.inf)
    against = (
        network.tail != network.tail[first[number]]
    )  # arcs that lead the other way than their link's first
    np.minimum.at(back, number[against], spent[against])
    return Links(
        network=network,
        arc=first,
        tail=network.tail[first],
        head=network.head[first],
        metres=network.length_m[first],
        there=spent[first],
        back=back,
    )


def cut(lines: NDArray[Any], ahead: Floats, behind: Floats) -> list[Any]:
    """Return the reached parts of lines: whole ones, then those reached from the tail, then from the head."""
    import shapely
    from shapely.ops import substring

    whole = ahead + behind >= 1.0 - 1e-12
    from_tail = [(at, 0.0, float(ahead[at])) for at in np.flatnonzero(~whole & (ahead > 0.0)).tolist()]
    from_head = [
        (at, 1.0 - float(behind[at]), 1.0) for at in np.flatnonzero(~whole & (behind > 0.0)).tolist()
    ]
    cuts = [substring(lines[at], begin, end, normalized=True) for at, begin, end in from_tail + from_head]
    parts = [*lines[whole], *cuts]
    return [part for part in parts if shapely.length(part) > 0.0]


def road_metres(network: RoadNetwork, nodes: NDArray[np.int64]) -> Floats:
    """Return the shortest metres by road from the nearest of some nodes to every node [N]."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    size = len(network.node_ids)
    if not len(nodes):
        return np.full(size, np.inf)
    order = np.lexsort((network.length_m, network.head, network.tail))
    tail, head, metres = network.tail[order], network.head[order], network.length_m[order]
    new = np.concatenate(
        ([True], (tail[1:] != tail[:-1]) | (head[1:] != head[:-1]))
    )  # shortest of parallel arcs
    graph = csr_matrix((metres[new], (tail[new], head[new])), shape=(size, size))
    found = dijkstra(graph, directed=True, indices=np.unique(nodes), min_only=True)
    return np.asarray(found, dtype=np.float64)
