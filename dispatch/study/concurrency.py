"""How many calls are open at once."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dispatch.study.view import of_calls

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.study.view import LogView

    Filters = dict[str, str]
    Floats = NDArray[np.float64]


def _open_calls(view: LogView, filters: Filters) -> tuple[Floats, Floats]:
    """Return begin and end of the open calls, cut to the measured time; unfinished ones last to its end."""
    t, i = view.timeline, view.incidents
    calls = view.matching(filters)
    given_up = np.isnan(i.dispatched) & i.given_up
    closed = np.where(given_up, t.ready, np.where(np.isnan(i.closed), math.inf, i.closed))
    begin = np.clip(t.received[calls], view.start, view.end)
    return begin, np.clip(closed[calls], view.start, view.end)


def _steps(view: LogView, filters: Filters) -> tuple[Floats, Floats]:
    """Return the moments at which calls open or close, in order, and how many are open from each on."""
    key = ("open calls", of_calls(filters))
    if key not in view.memo:
        view.memo[key] = _counted(*_open_calls(view, filters))
    found: tuple[Floats, Floats] = view.memo[key]
    return found


def _counted(begin: Floats, end: Floats) -> tuple[Floats, Floats]:
    lasting = end > begin
    times = np.concatenate([begin[lasting], end[lasting]])
    steps = np.concatenate([np.ones(lasting.sum()), -np.ones(lasting.sum())])
    order = np.lexsort((steps, times))  # of equal moments, ends count first
    return times[order], np.cumsum(steps[order])


def concurrency_mean(view: LogView, filters: Filters) -> float:
    """Mean number of open calls over the measured time, from received to last unit clear."""
    begin, end = _open_calls(view, filters)
    return float((end - begin).sum() / view.window)


def concurrency_max(view: LogView, filters: Filters) -> float:
    """Greatest number of calls open at once."""
    return float(_steps(view, filters)[1].max(initial=0.0))


def concurrency_at_least(view: LogView, filters: Filters, least: int) -> float:
    """Share of the measured time in which at least ``k`` calls are open, k ≥ 1: (1/T)·∫ [N(t) ≥ k] dt.

    N(t) is the number of open calls, each from received to last unit clear, and T the measured time. The
    shares for all k add up to ``concurrency.mean``.
    """
    times, number = _steps(view, filters)
    lasting = np.diff(times, append=view.end)
    return float(lasting[number >= least].sum() / view.window)
