"""Uniform random numbers to seconds: the inverse distribution functions of every family.

Drawing by inversion keeps one random number for one purpose, so that two layouts, or two versions of a
distribution, can be compared on the same luck.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dispatch.model.distributions import (
        Distribution,
        Empirical,
        Erlang,
        Exponential,
        Gamma,
        Hyperexponential,
        Lognormal,
        Triangular,
        Uniform,
    )

    Floats = NDArray[np.float64]

Z90 = 1.2815515655446004
"""The standard normal quantile at 0.9."""


def quantile(distribution: Distribution, u: Floats) -> Floats:
    """Return the duration in seconds below which a share ``u`` (0 ≤ u < 1, any shape) lies."""
    return _QUANTILES[distribution.family](_parameters(distribution), np.asarray(u, dtype=np.float64))


def mean(distribution: Distribution) -> float:
    """Return the mean duration in seconds."""
    return _MEANS[distribution.family](_parameters(distribution))


def is_fixed(distribution: Distribution | None) -> bool:
    """Whether a duration needs no random number."""
    return distribution is None or distribution.fixed is not None


def _parameters(distribution: Distribution) -> Any:
    return getattr(distribution, distribution.family)


def _fixed(d: float, u: Floats) -> Floats:
    return np.full(u.shape, d)


def _uniform(d: Uniform, u: Floats) -> Floats:
    return d.low + u * (d.high - d.low)


def _exponential(d: Exponential, u: Floats) -> Floats:
    return np.asarray(-d.mean * np.log1p(-u))


def _lognormal(d: Lognormal, u: Floats) -> Floats:
    from scipy.special import ndtri

    # a share of exactly 0 has no logarithm's image; the smallest positive double stands in for it
    return np.asarray(d.median * np.exp(_sigma(d) * ndtri(np.maximum(u, 5e-324))))


def _sigma(d: Lognormal) -> float:
    """Return the standard deviation of the logarithm."""
    return math.log(d.p90 / d.median) / Z90


def _gamma(d: Gamma, u: Floats) -> Floats:
    from scipy.special import gammaincinv

    return np.asarray(gammaincinv(d.shape, u) * (d.mean / d.shape))


def _erlang(d: Erlang, u: Floats) -> Floats:
    from scipy.special import gammaincinv

    return np.asarray(gammaincinv(d.stages, u) * (d.mean / d.stages))


def _hyperexponential(d: Hyperexponential, u: Floats) -> Floats:
    """Invert the mixture by bisection on a bracket that holds the root, to the last bit that matters."""
    means = np.array(d.means)
    weights = np.array(d.weights)
    weights = weights / weights.sum()
    flat = u.ravel()
    slowest = -np.log1p(-flat)  # the mixture's quantile lies between those of its fastest and slowest branch
    low, high = slowest * means.min(), slowest * means.max()
    for _ in range(100):
        middle = 0.5 * (low + high)
        survival = (weights[:, None] * np.exp(-middle[None, :] / means[:, None])).sum(axis=0)
        below = survival > 1.0 - flat
        low, high = np.where(below, middle, low), np.where(below, high, middle)
        if np.all(high - low <= 1e-12 * high):
            break
    return np.asarray(0.5 * (low + high)).reshape(u.shape)


def _triangular(d: Triangular, u: Floats) -> Floats:
    low, mode, high = d.low, d.mode, d.high
    if high == low:
        return np.full(u.shape, low)
    turn = (mode - low) / (high - low)
    rising = low + np.sqrt(u * (high - low) * (mode - low))
    falling = high - np.sqrt((1.0 - u) * (high - low) * (high - mode))
    return np.where(u < turn, rising, falling)


def _empirical(d: Empirical, u: Floats) -> Floats:
    values = np.array(d.values)
    weights = np.array(d.weights or [1.0] * len(values))
    order = np.argsort(values, kind="stable")
    shares = np.cumsum(weights[order])
    index = np.searchsorted(shares, u * shares[-1], side="right")
    return np.asarray(values[order][np.minimum(index, len(values) - 1)])


_QUANTILES: dict[str, Callable[[Any, Floats], Floats]] = {
    "fixed": _fixed,
    "uniform": _uniform,
    "exponential": _exponential,
    "lognormal": _lognormal,
    "gamma": _gamma,
    "erlang": _erlang,
    "hyperexponential": _hyperexponential,
    "triangular": _triangular,
    "empirical": _empirical,
}


def _mean_fixed(d: float) -> float:
    return d


def _mean_uniform(d: Uniform) -> float:
    return 0.5 * (d.low + d.high)


def _mean_exponential(d: Exponential) -> float:
    return d.mean


def _mean_lognormal(d: Lognormal) -> float:
    return d.median * math.exp(0.5 * _sigma(d) ** 2)


def _mean_gamma(d: Gamma) -> float:
    return d.mean


def _mean_erlang(d: Erlang) -> float:
    return d.mean


def _mean_hyperexponential(d: Hyperexponential) -> float:
    return float(np.average(d.means, weights=d.weights))


def _mean_triangular(d: Triangular) -> float:
    return (d.low + d.mode + d.high) / 3.0


def _mean_empirical(d: Empirical) -> float:
    return float(np.average(d.values, weights=d.weights or None))


_MEANS: dict[str, Callable[[Any], float]] = {
    "fixed": _mean_fixed,
    "uniform": _mean_uniform,
    "exponential": _mean_exponential,
    "lognormal": _mean_lognormal,
    "gamma": _mean_gamma,
    "erlang": _mean_erlang,
    "hyperexponential": _mean_hyperexponential,
    "triangular": _mean_triangular,
    "empirical": _mean_empirical,
}
