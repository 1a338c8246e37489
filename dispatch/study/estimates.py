"""Means with their uncertainty, from one value for each replication."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over replications with half of its 95 % confidence interval."""

    mean: float
    """NaN when no replication has a value."""
    half_width: float
    """NaN when fewer than two have."""
    n: int
    """Replications that have a value."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The mean of paired differences, with the p-value of the hypothesis that there is none."""

    mean: float
    half_width: float
    p_value: float
    """Two-sided, by the paired t-test; NaN with fewer than two pairs, and when all differ by the same."""
    n: int


def estimate(values: Sequence[float] | NDArray[np.float64]) -> Estimate:
    """Return mean and half-width of independent values; NaN values are left out.

    The half-width is t(0.975, n−1)·s/√n (Student).
    """
    known = np.asarray(values, dtype=np.float64)
    known = known[~np.isnan(known)]
    n = len(known)
    if n == 0:
        return Estimate(math.nan, math.nan, 0)
    return Estimate(float(known.mean()), half_width(known), n)


def paired_difference(
    values: Sequence[float] | NDArray[np.float64], reference: Sequence[float] | NDArray[np.float64]
) -> Difference:
    """Return ``values − reference`` for pairs of equal luck; pairs with a NaN are left out."""
    both = np.asarray(values, dtype=np.float64) - np.asarray(reference, dtype=np.float64)
    result = estimate(both)
    return Difference(result.mean, result.half_width, _p_value(both[~np.isnan(both)]), result.n)


def half_width(known: NDArray[np.float64], confidence: float = CONFIDENCE) -> float:
    """Return half of the mean's confidence interval, NaN for fewer than two values (Student)."""
    from scipy.special import stdtrit

    n = len(known)
    if n < 2:
        return math.nan
    return float(stdtrit(n - 1, 0.5 + confidence / 2) * _standard_error(known))


def _standard_error(known: NDArray[np.float64]) -> float:
    # values that are all the same must give exactly zero, whatever the rounding of their mean
    return 0.0 if np.ptp(known) == 0.0 else float(known.std(ddof=1) / math.sqrt(len(known)))


def _p_value(known: NDArray[np.float64]) -> float:
    from scipy.special import stdtr

    if len(known) < 2:
        return math.nan
    error, mean = _standard_error(known), float(known.mean())
    if error == 0.0:
        return 1.0 if mean == 0.0 else math.nan
    return float(2.0 * stdtr(len(known) - 1, -abs(mean / error)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for having looked at all of them (Holm, Scand. J. Statist. 6, 1979).

    NaN values stay NaN and do not count.
    """
    order = sorted((p, i) for i, p in enumerate(p_values) if not math.isnan(p))
    adjusted = list(p_values)
    running = 0.0
    for rank, (p, i) in enumerate(order):
        running = max(running, min(1.0, p * (len(order) - rank)))
        adjusted[i] = running
    return adjusted
