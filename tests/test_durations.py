"""Distributions: quantiles invert the distribution functions of SciPy, means are those of theory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from dispatch.durations import is_fixed, mean, quantile
from dispatch.model.distributions import Distribution

U = np.concatenate((np.linspace(0.0005, 0.9995, 1999), [1e-12, 1 - 1e-12]))
SIGMA = np.log(75 / 45) / stats.norm.ppf(0.9)
CASES: list[tuple[dict[str, Any], Any]] = [
    ({"uniform": {"low": 10, "high": 40}}, stats.uniform(10, 30)),
    ({"exponential": {"mean": 90}}, stats.expon(scale=90)),
    ({"lognormal": {"median": 45, "p90": 75}}, stats.lognorm(SIGMA, scale=45)),
    ({"gamma": {"mean": 60, "shape": 2.5}}, stats.gamma(2.5, scale=24)),
    ({"erlang": {"mean": 60, "stages": 3}}, stats.gamma(3, scale=20)),
    ({"triangular": {"low": 5, "mode": 10, "high": 30}}, stats.triang(0.2, loc=5, scale=25)),
    ({"triangular": {"low": 5, "mode": 5, "high": 30}}, stats.triang(0.0, loc=5, scale=25)),
]


@pytest.mark.parametrize(("written", "theory"), CASES, ids=lambda case: str(case)[:30])
def test_quantiles_and_means_are_those_of_theory(written: dict[str, Any], theory: Any) -> None:
    distribution = Distribution.model_validate(written)
    np.testing.assert_allclose(quantile(distribution, U), theory.ppf(U), rtol=1e-9, atol=1e-9)
    assert mean(distribution) == pytest.approx(theory.mean(), rel=1e-12)


def test_hyperexponential_quantile_inverts_its_distribution_function() -> None:
    weights, means = np.array([0.7, 0.25, 0.05]), np.array([10.0, 100.0, 2000.0])
    written = {"hyperexponential": {"means": means.tolist(), "weights": (3 * weights).tolist()}}
    distribution = Distribution.model_validate(written)
    seconds = quantile(distribution, U)
    survival = (weights[:, None] * np.exp(-seconds / means[:, None])).sum(axis=0)
    np.testing.assert_allclose(survival, 1 - U, rtol=1e-9)
    assert mean(distribution) == pytest.approx(weights @ means)


def test_lognormal_has_the_median_and_the_ninth_decile_that_were_written() -> None:
    distribution = Distribution.model_validate({"lognormal": {"median": "45 s", "p90": "75 s"}})
    np.testing.assert_allclose(quantile(distribution, np.array([0.5, 0.9])), [45.0, 75.0], rtol=1e-12)


def test_empirical_values_come_up_with_their_weights() -> None:
    written = {"empirical": {"values": [30, 10, 20], "weights": [1, 2, 1]}}
    distribution = Distribution.model_validate(written)
    shares = np.array([0.0, 0.49, 0.5, 0.74, 0.75, 0.99])
    assert quantile(distribution, shares).tolist() == [10, 10, 20, 20, 30, 30]
    assert mean(distribution) == pytest.approx(17.5)


def test_a_plain_duration_is_fixed() -> None:
    distribution = Distribution.model_validate("2 min")
    assert is_fixed(distribution)
    assert is_fixed(None)
    assert quantile(distribution, np.array([0.1, 0.9])).tolist() == [120.0, 120.0]
    assert mean(distribution) == 120.0
    assert not is_fixed(Distribution.model_validate({"exponential": {"mean": 5}}))


@pytest.mark.parametrize("written", [case[0] for case in CASES])
def test_no_share_gives_anything_but_a_finite_duration(written: dict[str, Any]) -> None:
    edge = np.array([0.0, np.nextafter(1.0, 0.0)])
    seconds = quantile(Distribution.model_validate(written), edge)
    assert np.isfinite(seconds).all()
    assert (seconds >= 0).all()
