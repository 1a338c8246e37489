"""The agenda of a simulation: events at exact times, on SimPy."""

from __future__ import annotations

from heapq import heappush
from typing import TYPE_CHECKING, Any

import simpy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

INJECT, ORDER, RELEASE, CALL = 0, 1, 2, 3
"""Order of events at equal times: changes, what is ordered then, who is done, what comes in.

Orders stand between 1 and 2, each behind those before it.
"""


class Agenda(simpy.Environment):
    """A SimPy environment that takes absolute times, so that no sum of delays can shift an event by a bit."""

    def __init__(self) -> None:
        super().__init__()
        self.scheduled = 0
        """Events scheduled so far."""

    def schedule_at(self, event: Any, priority: float, time: float) -> None:
        """Schedule an event at an exact time."""
        self.scheduled += 1
        heappush(self._queue, (time, priority, next(self._eid), event))  # type: ignore[misc]

    @property
    def is_empty(self) -> bool:
        """Whether nothing more is to come."""
        return not self._queue

    @property
    def more_now(self) -> bool:
        """Whether another event of the present moment is still to come."""
        return bool(self._queue) and self._queue[0][0] <= self._now


class Event:
    """The least that SimPy can run: callbacks and a flag."""

    __slots__ = ("_ok", "callbacks", "unit", "version")

    def __init__(self, callbacks: Sequence[Callable[[Any], None]], unit: int = 0, version: int = 0) -> None:
        self._ok = True
        self.callbacks = callbacks
        self.unit = unit
        self.version = version
