"""What the model means, in small functions on scalars: free of SimPy, pydantic and tables."""

from __future__ import annotations

from enum import IntEnum

NEVER = float("nan")
"""A moment that did not come."""


class Ending(IntEnum):
    """How a unit response ended."""

    SERVED = 0
    """The unit did its work on scene."""
    CANCELLED = 1
    """It was called off before it arrived."""
    DIVERTED = 2
    """It was sent to a more urgent incident before it arrived."""
    CUT_OFF = 3
    """A closure left it no way to the incident."""
    RECALLED = 4
    """It was called back."""
    BROKEN_DOWN = 5
    """The unit failed on its way."""
    RELIEVED = 6
    """It did its share of the work on scene, and another unit took over."""


def itinerary(
    alerted: float,
    arrived: float,
    on_scene: float,
    busy: float,
    transport: float,
    hand_over: float,
) -> tuple[float, float, float]:
    """Return the moments clear, at hospital, available of a unit that arrives undisturbed [s].

    ``busy`` (NaN for none) is the whole time from the alert until available; it never ends before the unit
    has arrived. Without it the unit stays ``on_scene``, then transports and hands over. With ``transport``
    NaN the hospital is chosen when the unit is clear, so that all beyond is yet to come.
    """
    if busy == busy:
        available = max(alerted + busy, arrived)
        return available, available, available
    clear = arrived + on_scene
    if transport != transport:
        return clear, NEVER, clear
    hospital = clear + transport
    return clear, hospital, hospital + hand_over


def called_off(alerted: float, cancelled: float, arrived: float) -> bool:
    """Whether a response is cancelled, ``cancelled`` seconds (NaN: never) after its alert, before arrival."""
    return alerted + cancelled < arrived


def may_divert(asking: int, bound_for: int) -> bool:
    """Whether a unit bound for a call of one priority may be sent to another call; 1 is the most urgent."""
    return asking < bound_for


def sustained(pumps: list[tuple[float, float, float]], flow: float, begins: float, lasts: float) -> float:
    """Return the end of the first span of ``lasts`` seconds, not before ``begins``, with enough flow.

    ``pumps`` are moments from and until which so many litres a second can be pumped. NaN where there is no
    such span; without a flow to be pumped it begins at once.
    """
    needed = flow * (1.0 - 1e-9)
    for start in sorted({begins, *(there for there, _, _ in pumps if there > begins)}):
        edges = {start, *(left for _, left, _ in pumps if start < left < start + lasts)}
        if all(sum(each for there, left, each in pumps if there <= at < left) >= needed for at in edges):
            return start + lasts
    return NEVER
