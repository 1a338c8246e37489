"""The clock of an exercise: its time as a function of the clock on the wall, which is handed in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf


@dataclass(frozen=True, slots=True)
class Clock:
    """Exercise time since an anchor; every change of its pace gives a clock with a new anchor."""

    at: float
    """Exercise time at the anchor [s from STARTEX]."""
    wall: float
    """Time on the wall at the anchor [s since 1970]."""
    scale: float = 1.0
    """Seconds of play in a second on the wall; infinite for as fast as it goes."""
    paused: bool = False

    def now(self, wall: float) -> float:
        """Return the exercise time; a wall clock that is set back never takes it back behind the anchor."""
        elapsed = max(wall - self.wall, 0.0)
        if self.paused or (elapsed == 0.0 and self.scale < inf):
            return self.at
        return inf if self.scale == inf else self.at + elapsed * self.scale

    def wait(self, at: float, wall: float) -> float:
        """Return seconds on the wall until an exercise time; infinite while paused, 0 where it has come."""
        if self.now(wall) >= at:
            return 0.0
        return inf if self.paused else (at - self.now(wall)) / self.scale

    def anchored(self, at: float, wall: float) -> Clock:
        """Return the clock that goes on from here with the same pace."""
        return replace(self, at=at, wall=wall)

    def stopped(self, at: float, wall: float) -> Clock:
        """Return the clock that stands here until it is started."""
        return replace(self, at=at, wall=wall, paused=True)

    def started(self, at: float, wall: float) -> Clock:
        """Return the clock that runs on from here."""
        return replace(self, at=at, wall=wall, paused=False)

    def rescaled(self, at: float, wall: float, scale: float) -> Clock:
        """Return the clock that goes on from here with another pace."""
        return replace(self, at=at, wall=wall, scale=scale)
