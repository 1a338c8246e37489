"""Seconds between one node and others, looked up one by one."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dispatch.roads.contraction import Contraction


class Row(Protocol):
    """Seconds by node."""

    def __getitem__(self, node: int, /) -> float:
        """Return the seconds for a node, infinite without a way."""


def table_row(seconds: NDArray[np.float64]) -> Row:
    """Return a whole table as a memory view, which gives plain floats three times faster than an array."""
    return cast("memoryview[float]", np.ascontiguousarray(seconds).data)


class ReachRow:
    """Seconds between a node and any other, put together as :func:`search.spread` does.

    It takes a tenth of the memory of a whole table, and no time until it is asked: then ``search`` gives
    the seconds between the node and all junctions [J].
    """

    __slots__ = (
        "_chain",
        "_doors",
        "_mine",
        "_node",
        "_offsets",
        "_order",
        "_reach",
        "_search",
        "_times",
        "_to_node",
    )

    def __init__(
        self,
        graph: Contraction,
        mode: str,
        node: int,
        search: Callable[[int], NDArray[np.float64]],
        *,
        backward: bool,
    ) -> None:
        offsets, doors = (graph.exit_s, graph.exit_to) if backward else (graph.entry_s, graph.exit_to[::-1])
        self._offsets: tuple[Row, ...] = tuple(table_row(row) for row in offsets[mode])
        self._doors = tuple(np.ascontiguousarray(row).data for row in doors)
        self._times: tuple[Row, ...] = tuple(table_row(row) for row in graph.exit_s[mode])
        self._search = search
        self._reach: Row | None = None
        self._chain, self._order = graph.chain.data, graph.order.data
        self._node, self._mine, self._to_node = int(node), int(graph.chain[node]), backward

    def __getitem__(self, node: int) -> float:
        """Return the seconds to the other node (``backward``: from it)."""
        reach = self._reach
        if reach is None:
            reach = self._reach = table_row(self._search(self._node))
        (one, two), (here, there) = self._offsets, self._doors
        best = min(one[node] + reach[here[node]], two[node] + reach[there[node]])
        if self._mine < 0 or self._chain[node] != self._mine:
            return best
        start, end = (node, self._node) if self._to_node else (self._node, node)
        times = self._times[0 if self._order[start] <= self._order[end] else 1]
        return min(best, times[start] - times[end]) if times[start] < inf else best
