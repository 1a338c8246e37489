"""Which part of a run a playback shows."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from dispatch.errors import UsageError

if TYPE_CHECKING:
    from dispatch.engine.log import Log
    from dispatch.scenario.scenario import Scenario

DAY = 86_400.0

WHOLE = 36 * 3600.0
"""Seconds up to which a run is shown as a whole."""

AFTERWARDS = 12 * 3600.0
"""Seconds after the horizon for which a whole run is shown at most, until all have come home."""


def stretch(log: Log, day: int | None = None) -> tuple[float, float, str]:
    """Return begin, end and why: ``asked`` for a day by its number, else ``whole`` or ``busiest``."""
    if day is not None:
        return *day_of(log.scenario, day), "asked"
    begin, end = busiest_day(log)
    return begin, end, "whole" if log.scenario.file.horizon <= WHOLE else "busiest"


def busiest_day(log: Log) -> tuple[float, float]:
    """Return begin and end, in seconds from the start, of the calendar day with the most measured calls.

    The first of several such; whole days after the warm-up come before days of which a part is measured. Of a
    run of 36 hours at most, the whole is returned, until all are home.
    """
    file = log.scenario.file
    if file.horizon <= WHOLE:
        return 0.0, _all_over(log)
    received = log.timeline.received
    received = received[received >= file.warm_up]
    days = [_clipped(log.scenario, number) for number in range(1, last_day(log.scenario) + 1)]
    measured = [(max(begin, file.warm_up), end) for begin, end in days if end > file.warm_up]
    whole = [(begin, end) for begin, end in measured if end - begin >= DAY - 1e-6]
    among = whole or measured
    edges = np.searchsorted(received, among)
    return among[int(np.argmax(edges[:, 1] - edges[:, 0]))]


def day_of(scenario: Scenario, number: int) -> tuple[float, float]:
    """Return begin and end, in seconds from the start, of a calendar day; 1 is that of the start."""
    last = last_day(scenario)
    if not 1 <= number <= last:
        message = f"There is no day {number}: the run has {last} calendar day{'s' if last > 1 else ''}."
        raise UsageError(message, hint=f"Give a day from 1 to {last}.")
    return _clipped(scenario, number)


def last_day(scenario: Scenario) -> int:
    """Return the number of the last calendar day before the horizon."""
    return int(np.ceil((_since_midnight(scenario) + scenario.file.horizon) / DAY))


def _clipped(scenario: Scenario, number: int) -> tuple[float, float]:
    begin = (number - 1) * DAY - _since_midnight(scenario)
    return max(begin, 0.0), min(begin + DAY, scenario.file.horizon)


def _since_midnight(scenario: Scenario) -> float:
    """Return seconds from midnight to the start, by the clock as it was then."""
    start = scenario.file.start
    return (start - start.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()


def _all_over(log: Log) -> float:
    """Return when the last unit and truck are home, not before the horizon nor long after it."""
    r, horizon = log.responses, log.scenario.file.horizon
    moments = np.concatenate((r.available, r.in_quarters, r.returning)).tolist()
    if log.supplies is not None:
        moments += [moment for trip in log.supplies.trips for moment in (trip.delivered, trip.returned)]
    last = max((moment for moment in moments if isfinite(moment)), default=0.0)
    return max(horizon, min(last, horizon + AFTERWARDS))
