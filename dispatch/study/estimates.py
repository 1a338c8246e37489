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
    return estimates(np.asarray(values, dtype=np.float64)[:, np.newaxis])[0]


def paired_difference(
    values: Sequence[float] | NDArray[np.float64], reference: Sequence[float] | NDArray[np.float64]
) -> Difference:
    """Return ``values − reference`` for pairs of equal luck; pairs with a NaN are left out."""
    columns = (np.asarray(each, dtype=np.float64)[:, np.newaxis] for each in (values, reference))
    return paired_differences(*columns)[0]


def estimates(values: NDArray[np.float64]) -> list[Estimate]:
    """Return the estimate of each column of values [replication, measure], all at once."""
    return [Estimate(mean, width, n) for mean, width, _, n in _summaries(values)]


def paired_differences(values: NDArray[np.float64], reference: NDArray[np.float64]) -> list[Difference]:
    """Return the paired difference of each column [replication, measure], all at once."""
    return [Difference(*found) for found in _summaries(values - reference)]


def half_width(known: NDArray[np.float64], confidence: float = CONFIDENCE) -> float:
    """Return half of the mean's confidence interval, NaN for fewer than two values (Student)."""
    if len(known) < 2:
        return math.nan
    return float(_half_widths(_standard_errors(known[np.newaxis]), len(known), confidence)[0])


def _summaries(values: NDArray[np.float64]) -> list[tuple[float, float, float, int]]:
    """Return mean, half-width, p-value of being zero, and number of the known values of each column."""
    columns = np.ascontiguousarray(values.T)
    known = ~np.isnan(columns)
    counts = known.sum(axis=1)
    found = [(math.nan, math.nan, math.nan, 0)] * len(columns)
    for n in np.unique(counts[counts > 0]).tolist():
        chosen = np.flatnonzero(counts == n)
        block = columns[chosen][known[chosen]].reshape(-1, n)
        # along the rows of a contiguous block the sums are those of each row alone, bit by bit
        means = block.mean(axis=1)
        widths = p_values = np.full(len(block), math.nan)
        if n > 1:
            errors = _standard_errors(block)
            widths, p_values = _half_widths(errors, n, CONFIDENCE), _p_values(means, errors, n)
        rows = zip(means.tolist(), widths.tolist(), p_values.tolist(), strict=True)
        for column, row in zip(chosen.tolist(), rows, strict=True):
            found[column] = (*row, n)
    return found


def _half_widths(errors: NDArray[np.float64], n: int, confidence: float) -> NDArray[np.float64]:
    from scipy.special import stdtrit

    return np.asarray(stdtrit(n - 1, 0.5 + confidence / 2) * errors)


def _standard_errors(block: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard error of the mean of each row."""
    # values that are all the same must give exactly zero, whatever the rounding of their mean
    constant = np.ptp(block, axis=1) == 0.0
    return np.where(constant, 0.0, block.std(axis=1, ddof=1) / math.sqrt(block.shape[1]))


def _p_values(means: NDArray[np.float64], errors: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    from scipy.special import stdtr

    certain = errors == 0.0
    chances = 2.0 * stdtr(n - 1, -np.abs(means / np.where(certain, 1.0, errors)))
    return np.where(certain, np.where(means == 0.0, 1.0, math.nan), chances)


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
