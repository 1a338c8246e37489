"""Random times out of service of units, drawn before a run: time in service and in the workshop by turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dispatch.durations import quantile
from dispatch.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.model.readiness import Downtime

    Floats = NDArray[np.float64]

    Spans = tuple[tuple[float, float], ...]
    """Begin and end of times out of service, in order."""

BLOCK = 16
"""Times in the workshop that are drawn at once."""

MOST = 100_000
"""Times in the workshop that one unit may have before the horizon."""


def spans(downtime: Downtime, horizon: float, generator: np.random.Generator) -> Spans:
    """Return the times in the workshop that begin before the horizon, in seconds from the start.

    A unit comes from the workshop as the scenario starts, and each time in service begins anew: this is an
    alternating renewal process. In the long run the unit is in service for the share
    E[every] / (E[every] + E[lasts]) of the time.
    Raises UsageError for a unit that would be there more than ``MOST`` times.
    """
    drawn: list[Floats] = []
    reached, known = 0.0, 0
    while reached < horizon and known <= MOST:
        shares = generator.random((BLOCK, 2))
        drawn.append(
            np.column_stack([quantile(downtime.every, shares[:, 0]), quantile(downtime.lasts, shares[:, 1])])
        )
        reached += float(drawn[-1].sum())
        known += BLOCK
    moments = np.cumsum(np.concatenate(drawn).ravel()).reshape(-1, 2)
    if moments[-1, 1] < horizon:
        message = f"unit_types.….downtime: over {MOST:,} times out of service before the horizon."
        raise UsageError(message, hint="Give a longer 'every'.")
    return tuple((begin, end) for begin, end in moments.tolist() if begin < horizon and end > begin)
