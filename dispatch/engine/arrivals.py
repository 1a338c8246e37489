"""When units arrive that have been sent: their plans may change, and what is done then has to follow."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dispatch.engine.log import ON_SCENE
from dispatch.engine.rulebook import NEVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatch.engine.operations import Operations


class Arrivals:
    """Calls somebody when units arrive, at the moments at which they do in the end."""

    def __init__(self, ops: Operations, arrived: Callable[[int], None]) -> None:
        self._ops, self._arrived = ops, arrived
        self._coming: dict[int, float] = {}
        """Rows of units on their way, and when they arrive as far as is known; NaN for nobody knows when."""

    def watch(self, row: int) -> None:
        """Look out for the arrival of a unit that has been sent."""
        self._coming[row] = NEVER

    def settle(self) -> None:
        """Take up when units arrive who have been sent, or have planned again."""
        for row, known in list(self._coming.items()):
            arrives = self._ops.rows[row + ON_SCENE]
            if arrives == arrives and arrives != known:
                self._coming[row] = arrives
                self._ops.at(arrives, partial(self._arrive, row, arrives))
            elif arrives != arrives and self._ops.has_left(row):
                del self._coming[row]

    def _arrive(self, row: int, moment: float) -> None:
        """Tell of a unit that arrives as it was expected to."""
        if self._coming.get(row) == moment == self._ops.rows[row + ON_SCENE]:
            del self._coming[row]
            self._arrived(row)
