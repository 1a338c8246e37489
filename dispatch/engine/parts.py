"""What a part of the doctrine may do to a simulation, at the moments at which it is asked."""

# ruff: noqa: ARG002 - parts that override these methods need the arguments
from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    from dispatch.engine.operations import Operations
    from dispatch.engine.protocols import Need


NO_SAY = -inf
"""What a part that has no say in something answers."""


class Part:
    """A part of the doctrine that does nothing; each part overrides what it needs.

    A part is made for one simulation and joins it before the first event. It keeps its own state, changes
    units and responses through :class:`Operations` only, and takes all luck from the timeline.
    """

    one_by_one = False
    """Whether sending one unit may change who else can be sent: the policy is then asked after each."""

    because = "barred"
    """Why a unit that the part bars is not sent: a code for explanations."""

    ops: Operations

    def join(self, ops: Operations) -> None:
        """Take part in a simulation; schedule what is known beforehand."""
        self.ops = ops

    def called(self, call: int) -> None:
        """Take note of a call that is ready, when its needs have been opened."""

    def raised(self, call: int) -> None:
        """Take note of a call whose alarm level has risen, when the needs of the rise have been opened."""

    def barred(self, need: Need) -> Collection[int]:
        """Return units that must not be sent to a need now."""
        return ()

    def why_barred(self, need: Need, unit: int) -> str:
        """Return why a unit that is barred is not sent to a need, as a code for explanations."""
        return self.because

    def delay(self, need: Need, unit: int) -> float:
        """Return seconds from the decision to send a unit in quarters until its turnout begins."""
        return 0.0

    def committed(self, need: Need, unit: int, row: int) -> None:
        """Take note of a unit that has been sent, −1 for mutual aid; its response starts at ``row``."""

    def takes_on(self, unit: int, row: int) -> bool:
        """Return whether the part has given a unit, done with its call, more to do before it goes home."""
        return False

    def done_by(self, call: int) -> float:
        """Return when what the part sees to lets a call be under control, as far as is known.

        Infinite if it may do so at a moment that nobody knows, NaN if it cannot by what is known now.
        """
        return NO_SAY

    def rest(self, unit: int, row: int) -> float:
        """Return seconds in quarters before a unit that comes home is available; 0 for none at all."""
        return 0.0

    def heads_home(self, unit: int, row: int, home_at: float) -> None:
        """Take note of a unit that will be home at a moment, as far as is known, and is not sent before."""

    def roads_changed(self) -> None:
        """Act on roads that have closed or opened, when units under way have looked for their way again."""

    def settle(self) -> None:
        """Act when all needs of the present moment have been decided."""

    def records(self) -> dict[str, Any]:
        """Return what belongs in the log, by field."""
        return {}
