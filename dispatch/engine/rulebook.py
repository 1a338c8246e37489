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
