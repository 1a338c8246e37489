"""Which places units reach in time from where they stand, on the roads as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dispatch.engine.board import MARGIN
from dispatch.scenario.conditions import forget_oldest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.engine.fleet import Fleet
    from dispatch.scenario.conditions import Conditions

    Mask = NDArray[np.bool_]

MOST_KEPT = 4096
"""How many rows of reach are kept, each for a unit, a place and a state of the roads."""


class Reach:
    """Which of some places lie within a travel time, in seconds, of units."""

    def __init__(self, places: NDArray[np.intp], within: float) -> None:
        self.places = places
        """Nodes [P]."""
        self.within = within + MARGIN
        self._near: dict[tuple[Conditions, int, int], Mask] = {}

    def near(self, fleet: Fleet, unit: int, node: int) -> Mask:
        """Return which places a unit at a node is near enough to [P]."""
        key = (fleet.conditions, unit, node)
        found = self._near.get(key)
        if found is None:
            seconds = fleet.travels[unit].outbound(node)[self.places]
            found = self._near[key] = np.asarray(seconds <= self.within)
            forget_oldest(self._near, MOST_KEPT)
        return found
