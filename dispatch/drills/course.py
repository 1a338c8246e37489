"""The events of a log as they are told in an exercise: each once, at its moment, though the log changes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import islice
from math import inf
from typing import TYPE_CHECKING, Any

from dispatch.regression.events import WORDS, Event

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DIGITS = 3
"""Decimals of seconds that exercise times have."""


class Course:
    """Tells events up to where the exercise stands; what changes before that is not told again."""

    def __init__(self, begins: float, at: float, events: Sequence[Event]) -> None:
        self.events = events
        """In order of time; may be replaced by others that are the same up to now."""
        self._begins = begins
        self._shown = begins + at
        self._told: Counter[Event] = Counter()

    def next(self) -> float:
        """Return the exercise time of the next event to be told; infinite for none."""
        following = bisect_right(self.events, self._shown, key=lambda event: event.time)
        return self.events[following].time - self._begins if following < len(self.events) else inf

    def until(self, at: float) -> Iterator[dict[str, Any]]:
        """Yield, as happenings, the events up to an exercise time that have not been told."""
        begin, end = self._shown, self._begins + at
        told, last = self._told, Counter[Event]()
        first = bisect_left(self.events, begin, key=lambda event: event.time)
        for event in islice(self.events, first, None):
            if event.time > end:
                break
            if event.time == end:
                last[event] += 1
            if event.time == begin and told[event] > 0:
                told[event] -= 1  # what an order adds to this moment is new, the rest has been told
            else:
                yield self._happening(event)
        self._shown, self._told = end, last

    def _happening(self, event: Event) -> dict[str, Any]:
        who = {"incident": event.incident, "unit": event.unit, "detail": event.detail}
        at = round(event.time - self._begins, DIGITS)
        return {"what": "event", "at": at, "event": WORDS[event.kind], **who}
