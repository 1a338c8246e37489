"""The first event in which two logs differ, and the inputs that differ with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dispatch.regression.events import Event, Snapshot, snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Divergence:
    """Where two lists of events part."""

    number: int
    """How many events are equal before."""
    first: Event | None
    """The next event of the first log; None where it ends."""
    second: Event | None
    """The next event of the second log; None where it ends."""
    before: Snapshot
    """What the status board showed in both of them until then."""
    boards: tuple[Snapshot, Snapshot]
    """What it showed in each when everything of that moment had happened."""

    @property
    def time(self) -> float:
        """When the logs part, in seconds from the start."""
        return min(event.time for event in (self.first, self.second) if event is not None)


def first_divergence(first: Sequence[Event], second: Sequence[Event]) -> Divergence | None:
    """Return where two lists of events part, None where they are equal."""
    shorter = min(len(first), len(second))
    number = next((i for i in range(shorter) if first[i] != second[i]), shorter)
    if number == len(first) == len(second):
        return None
    one, other = (log[number] if number < len(log) else None for log in (first, second))
    moment = min(event.time for event in (one, other) if event is not None)
    board_one, board_other = (
        snapshot(event for event in log if event.time <= moment) for log in (first, second)
    )
    return Divergence(number, one, other, snapshot(first[:number]), (board_one, board_other))


def differing_inputs(first: Mapping[str, str], second: Mapping[str, str]) -> list[str]:
    """Return the names of inputs whose fingerprints differ, or that only one of two runs has."""
    return sorted(name for name in {*first, *second} if first.get(name) != second.get(name))
