"""Measures of help from others, and of incidents handed upwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dispatch.study.view import INCIDENT_FILTERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.study.view import LogView

    Filters = dict[str, str]
    Floats = NDArray[np.float64]

HELP_FILTERS = (*INCIDENT_FILTERS, "agreement")


def _asked(view: LogView, filters: Filters) -> dict[int, int]:
    """Return agreement by row of the responses to measured calls that pass the filters."""
    calls, names = view.calls(filters), [each.id for each in view.log.scenario.agreements]
    return {
        ask.response: ask.agreement
        for ask in view.log.asks
        if calls[view.responses.incident[ask.response]]
        and filters.get("agreement", names[ask.agreement]) == names[ask.agreement]
    }


def _seconds(view: LogView) -> Floats:
    """Return how long each response lasts, alert to available; to the horizon where that never comes [R]."""
    r = view.responses
    until = np.where(np.isnan(r.available), np.fmax(view.end, r.alerted), r.available)
    return np.asarray(until - r.alerted)


def unit_hours(view: LogView, filters: Filters) -> float:
    """Hours of outside units on measured calls, from the ask until available: nameless aid and agreements.

    A unit under an agreement is available when it is back in its quarters; nameless aid is when it is done.
    """
    rows = np.zeros(len(view.responses), dtype=np.bool_)
    rows[list(_asked(view, filters))] = True
    if "agreement" not in filters:
        rows |= view.calls(filters)[view.responses.incident] & view.aided
    return float(_seconds(view)[rows].sum() / 3600.0)


def cost(view: LogView, filters: Filters) -> float:
    """Price of the units asked under agreements: unit hours times the price of each, in whatever currency."""
    seconds, agreements = _seconds(view), view.log.scenario.agreements
    asked = sorted(_asked(view, filters).items())
    return float(sum(seconds[row] / 3600.0 * agreements[number].terms.price for row, number in asked))


def asks_n(view: LogView, filters: Filters) -> float:
    """Count the units asked under agreements for measured calls."""
    return float(len(_asked(view, filters)))


def hand_overs_n(view: LogView, filters: Filters) -> float:
    """Count how often measured calls were handed to a higher tier of the ladder."""
    calls = view.calls(filters)
    return float(sum(bool(calls[each.incident]) for each in view.log.hand_overs))
