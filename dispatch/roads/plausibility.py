"""Whether the lengths and speeds of a link table can be in the units that its description names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from dispatch.roads.network_file import METRES, METRES_PER_SECOND

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.errors import Problems
    from dispatch.io.tables import Table
    from dispatch.roads.network_file import NetworkFile

FEWEST = 3
"""Links below which nothing is said about units."""

SHORTEST = 10.0
"""Straight-line metres below which rounded coordinates say nothing about a length."""

SLACK = 5.0
"""Metres that a link may fall short of the straight line through rounding."""

DIRECT, WINDING = 0.9, 5.0
"""Range of length over straight line in which most links of a road network lie."""

FAST, SLOW = 150 / 3.6, 2 / 3.6
"""Medians of speed in m/s that no road network reaches or falls short of."""

_LIKELY_SPEED = (15 / 3.6, 130 / 3.6)
_NAMES = {"m": "metres", "km": "kilometres", "ft": "feet", "mi": "miles"}


class Context(Protocol):
    """What the checks need to know and where their findings go."""

    meta: NetworkFile
    problems: Problems
    notes: list[str]
    facts: dict[str, int | float]


def check_lengths(
    table: Table, metres: NDArray[np.float64], straight: NDArray[np.float64], context: Context
) -> bool:
    """Compare given lengths [L] (NaN where not given) with straight lines [L], both in metres.

    Return False, with a problem noted, where the lengths as a whole cannot be in the unit that is named.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(straight >= SHORTEST, metres / straight, np.nan)
    ratios = ratio[np.isfinite(ratio)]
    context.facts["suspicious_links"] = 0
    if len(ratios) >= FEWEST and _wrong_unit(ratios, context.meta.length_unit):
        fact, remedy = _explain_lengths(ratios, context.meta)
        context.problems.add(f"{table.file}:1 length", fact, remedy)
        return False
    short = np.flatnonzero((ratio < DIRECT) & (metres < straight - SLACK)).tolist()
    context.facts["suspicious_links"] = len(short)
    if short:
        shown = ", ".join(table.place(row) for row in short[:3])
        context.notes.append(
            f"{len(short)} suspicious links are shorter than the straight line between their ends ({shown})."
        )
    return True


def _wrong_unit(ratios: NDArray[np.float64], unit: str) -> bool:
    outside = (ratios < DIRECT) | (ratios > WINDING)
    return bool(2 * outside.sum() > len(ratios)) or (unit == "m" and _fits(ratios, METRES["ft"], 0.8))


def _fits(ratios: NDArray[np.float64], factor: float, share: float) -> bool:
    """Return whether nearly all lengths look like roads once multiplied by a factor.

    The range is narrow (0.95 to 1.6) so that twice a hand-drawn straight line passes unsuspected.
    """
    scaled = ratios * factor
    return bool(((scaled > 0.95) & (scaled < 1.6)).mean() >= share and np.median(ratios) > 2.5)


def _explain_lengths(ratios: NDArray[np.float64], meta: NetworkFile) -> tuple[str, str]:
    """Return what is odd about the lengths and which unit would mend it."""
    median = float(np.median(ratios))
    shown = f"{median:,.0f}" if median >= 100 else f"{median:.2g}"
    fact = f"lengths are {shown} times the straight line between their ends (median)"
    for unit in METRES:
        scaled = median * METRES[unit] / METRES[meta.length_unit]
        if unit != meta.length_unit and 0.95 <= scaled <= 1.6:
            wrong = f"{_NAMES[unit]} given as {_NAMES[meta.length_unit]}?"
            return f"{fact}: {wrong}", f"Set length_unit: {unit} in network.yaml."
    if not meta.geographic and median > WINDING:
        return fact, "If coordinates are degrees, set crs: EPSG:4326; else check length_unit and coordinates."
    return fact, "Check length_unit and crs in network.yaml, and the coordinates."


def check_speeds(table: Table, speed: NDArray[np.float64], context: Context) -> None:
    """Check the median of the speeds [L] in m/s (NaN where unknown)."""
    known = speed[np.isfinite(speed)]
    if not len(known):
        return
    median, unit = float(np.median(known)), context.meta.speed_unit
    if SLOW <= median <= FAST:
        return
    fact = f"half of the links have speeds {'over' if median > FAST else 'under'} {median * 3.6:.3g} km/h"
    given = median / METRES_PER_SECOND[unit]
    low, high = _LIKELY_SPEED
    likely = [other for other, factor in METRES_PER_SECOND.items() if low <= given * factor <= high]
    remedy = f"Are they in {' or '.join(likely)}? " if likely else ""
    context.problems.add(f"{table.file}:1 free_speed", fact, f"{remedy}Check speed_unit in network.yaml.")
