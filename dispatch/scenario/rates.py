"""How often random calls come: the rate of a stream over time, and how many calls are to be expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dispatch.scenario.injects import most_added

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.scenario.scenario import Scenario, Stream

    Floats = NDArray[np.float64]


def unit_arrivals(total: float, generator: np.random.Generator) -> Floats:
    """Return the moments below ``total`` of a Poisson process with rate 1, in order."""
    parts: list[Floats] = []
    reached = 0.0
    while reached <= total * (1 + 1e-9) and total > 0:
        block = int(total - reached + 4.0 * (total - reached) ** 0.5) + 16
        parts.append(generator.standard_exponential(block))
        reached += float(parts[-1].sum())
    # summed in one go, so that the size of the blocks does not show in the last bit
    unit = np.cumsum(np.concatenate(parts)) if parts else np.empty(0)
    return np.asarray(unit[unit < total])


def expected_calls(scenario: Scenario) -> float:
    """Return how many random calls a replication has in the mean, at most: falling demand is left out."""
    calls = 0.0
    for stream in scenario.streams:
        times, cumulative = cumulative_rate(scenario, stream)
        calls += cumulative[-1]
        for surge in scenario.surges:
            begin, end = np.interp([surge.begins, surge.ends], times, cumulative)
            added = most_added(scenario.surges, surge, stream.kind)
            calls += (end - begin) * stream.weights[surge.inside].sum() * added
    return float(calls)


def cumulative_rate(scenario: Scenario, stream: Stream) -> tuple[Floats, Floats]:
    """Return times [s] and the expected number of calls before each of them, linear in between."""
    horizon, start = scenario.file.horizon, scenario.file.start
    if not stream.hours:
        return np.array([0.0, horizon]), np.array([0.0, stream.rate * horizon])
    into_hour = start.minute * 60 + start.second + start.microsecond / 1e6
    inner = np.arange(3600.0 - into_hour, horizon, 3600.0)
    times = np.concatenate(([0.0], inner, [horizon]))
    first_hour = start.weekday() * 24 + start.hour
    hours = (first_hour + np.arange(len(times) - 1)) % 168
    rates = stream.rate * np.array(stream.hours)[hours]
    return times, np.concatenate(([0.0], np.cumsum(rates * np.diff(times))))
