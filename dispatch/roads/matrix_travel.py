"""Travel by look-up in a matrix of times."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.errors import NoRoute, Problem
from dispatch.roads.rows import Row, table_row

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.roads.matrix import MatrixNetwork
    from dispatch.roads.travel import Position, Travel

    Floats = NDArray[np.float64]


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

    def outbound_row(self, node: int) -> Row:
        """Return seconds from a place, to be looked up by place."""
        return table_row(self.outbound(node))

    def homebound_row(self, node: int) -> Row:
        """Return seconds to a place, to be looked up by place."""
        return table_row(self.homebound(node))

    def at(self, node: int) -> Position:
        """Return the position of standing at a place."""
        return ((int(node), 1.0),)

    def seconds(self, position: Position, node: int, mode: str) -> float:  # noqa: ARG002 - one matrix for both
        """Return the weighted seconds to a place; the share of a mixture that is there already needs none."""
        time = self._time
        if len(position) == 1:
            return float(time[position[0][0], node])
        return float(sum(weight * time[place, node] for place, weight in position if place != node))

    paced = False

    @property
    def ground(self) -> Travel:
        """This travel itself: it has no pace of its own."""
        return self

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

    def may_stay(self, before: Travel, position: Position, node: int, mode: str) -> bool:  # noqa: ARG002
        """Return False: breaking off costs nothing."""
        return False

    def at_least(self, position: Position, elapsed: float, node: int) -> float:  # noqa: ARG002 - see below
        """Return zero: times in a matrix need not obey the rule that no detour is shorter."""
        return 0.0
