"""The seconds of an interval for the calls in question, and statistics of them.

A study reads many measures off one log that differ in the statistic only, or in type or zone of the calls.
So the seconds are worked out once for each interval and rank, split by type or zone once, and sorted once.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from dispatch.engine.board import MARGIN
from dispatch.errors import UsageError, did_you_mean
from dispatch.study.view import UNIT_FILTERS, of_calls

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dispatch.study.view import LogView

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]
    Mask = NDArray[np.bool_]

PERCENTILE = re.compile(r"p([1-9][0-9]?(?:\.[0-9]+)?)")
NOWHERE = (("zone", ""),)
"""Stands for the calls of no zone, which no filter chooses."""

WITHIN = re.compile(r"within_([0-9]+(?:\.[0-9]+)?)s")


class Seconds:
    """The seconds of some calls in question, of which those that nobody reached have none."""

    __slots__ = ("_ordered", "calls", "n", "values")

    def __init__(self, values: Floats, calls: Rows, n: int) -> None:
        self.values, self.calls, self.n = values, calls, n
        self._ordered: Floats | None = None

    @property
    def ordered(self) -> Floats:
        """The values from the least to the greatest."""
        if self._ordered is None:
            self._ordered = np.sort(self.values)
        return self._ordered

    def mean(self) -> float:
        """Return the mean, NaN for none."""
        return float(np.add.reduce(self.values)) / len(self.values) if len(self.values) else math.nan

    def quantile(self, share: float) -> float:
        """Return a quantile by linear interpolation (Hyndman–Fan type 7), to the bit as numpy does."""
        values = self.ordered
        if not len(values):
            return math.nan
        at = (len(values) - 1) * share
        below = math.floor(at)
        low = float(values[below])
        step, part = float(values[min(below + 1, len(values) - 1)]) - low, at - below
        return low + step * part if part < 0.5 else low + step - step * (1.0 - part)

    def within(self, limit: float) -> float:
        """Return the share of all calls in question that were reached within some seconds."""
        return float(self.ordered.searchsorted(limit + MARGIN, side="right")) / self.n if self.n else math.nan


class Question:
    """Of which interval, rank and calls the seconds are asked for."""

    __slots__ = ("_by", "_key", "filters", "interval", "rank")

    def __init__(self, interval: str, rank: int | None, filters: dict[str, str]) -> None:
        """Ask for an interval; ``rank`` is the order of arrival, None for the whole first alarm.

        Filters for units choose calls by the unit that came in that order.
        """
        self.interval, self.rank, self.filters = interval, rank, filters
        chosen = of_calls(filters)
        by_unit = tuple((key, filters[key]) for key in UNIT_FILTERS if key in filters)
        by = () if by_unit else tuple(name for name, _ in chosen)
        self._by = by if by in (("type",), ("zone",), ("type", "zone")) else ()
        self._key = ("seconds", interval, rank, chosen, by_unit)

    def of(self, view: LogView) -> Seconds:
        """Return the seconds of one log."""
        found: Seconds | None = view.memo.get(self._key)
        if found is None:
            if self._by:
                _split(view, self.interval, self.rank, self._by)
                return view.memo[self._key]  # type: ignore[no-any-return]
            found = view.memo[self._key] = _seconds(view, self.interval, self.rank, self.filters)
        return found


def _split(view: LogView, interval: str, rank: int | None, by: tuple[str, ...]) -> None:
    """Keep the seconds of every type, zone, or type in a zone."""
    base = Question(interval, rank, {}).of(view)
    codes, names = _groups(view, by)
    asked = np.bincount(codes[_asked(view, interval, rank, {})], minlength=len(names)).tolist()
    own = codes[base.calls]
    order = np.argsort(own, kind="stable")  # calls stay in order, so that sums do to the bit
    values, calls = base.values[order], base.calls[order]
    ends = np.cumsum(np.bincount(own, minlength=len(names))).tolist()
    for begin, end, n, name in zip([0, *ends[:-1]], ends, asked, names, strict=True):
        view.memo["seconds", interval, rank, name, ()] = Seconds(values[begin:end], calls[begin:end], n)


def _groups(view: LogView, by: tuple[str, ...]) -> tuple[Rows, list[tuple[tuple[str, str], ...]]]:
    """Return the group of each call [n], and the filters that choose each group."""
    key = ("groups", by)
    if key not in view.memo:
        scenario, t = view.log.scenario, view.timeline
        kinds, zones = [kind.id for kind in scenario.kinds], list(scenario.zones)
        codes = np.zeros(len(t), dtype=np.intp)
        names: list[tuple[tuple[str, str], ...]] = [()]
        if "type" in by:
            codes, names = t.kind.astype(np.intp), [(("type", kind),) for kind in kinds]
        if "zone" in by:
            codes = np.where(view.zones >= 0, codes * len(zones) + view.zones, len(names) * len(zones))
            names = [*((*name, ("zone", zone)) for name in names for zone in zones), NOWHERE]
        view.memo[key] = codes, names
    found: tuple[Rows, list[tuple[tuple[str, str], ...]]] = view.memo[key]
    return found


def _asked(view: LogView, interval: str, rank: int | None, filters: dict[str, str]) -> Mask:
    """Return which calls are in question [n]."""
    rows = view.arrival(rank)
    calls = view.calls(filters) & (view.incidents.needed > (rank or 0))
    by_unit = {key: value for key, value in filters.items() if key in UNIT_FILTERS}
    if by_unit:
        calls &= view.by_units(rows, by_unit)
    if interval in ("turnout", "travel"):
        calls &= ~view.by_aid(rows)
    return calls


def _seconds(view: LogView, interval: str, rank: int | None, filters: dict[str, str]) -> Seconds:
    rows, t, r = view.arrival(rank), view.timeline, view.responses
    calls = _asked(view, interval, rank, filters)
    if interval == "processing":
        return Seconds((t.ready - t.received)[calls], np.flatnonzero(calls), int(calls.sum()))
    came = calls & (rows >= 0)
    row = rows[came]
    if interval == "turnout":
        values = r.en_route[row] - r.alerted[row]
    elif interval == "travel":
        values = r.on_scene[row] - r.en_route[row]
    elif interval == "response":
        values = r.on_scene[row] - (view.incidents.dispatched[came] if rank is None else r.alerted[row])
    else:
        values = r.on_scene[row] - t.received[came]
    return Seconds(np.asarray(values), np.flatnonzero(came), int(calls.sum()))


def statistic(written: str, name: str) -> tuple[str, bool | None, Callable[[Seconds], float]]:
    """Return unit, direction and function of a statistic; raises UsageError for a name that is none."""
    if name in _SIMPLE:
        return _SIMPLE[name]
    percentile = PERCENTILE.fullmatch(name)
    if percentile is not None:
        share = float(percentile[1]) / 100.0
        return "s", False, lambda found: found.quantile(share)
    within = WITHIN.fullmatch(name)
    if within is not None:
        limit = float(within[1])
        return "share", True, lambda found: found.within(limit)
    message = f"measure '{written}': no statistic '{name}'."
    known = [*_SIMPLE, "p80", "p90", "p95", "within_300s", "within_480s"]
    raise UsageError(message, hint=did_you_mean(name, known))


_SIMPLE: dict[str, tuple[str, bool | None, Callable[[Seconds], float]]] = {
    "mean": ("s", False, Seconds.mean),
    "median": ("s", False, lambda found: float(np.median(found.values)) if len(found.values) else math.nan),
    "max": ("s", False, lambda found: float(found.values.max()) if len(found.values) else math.nan),
    "n": ("1", None, lambda found: float(found.n)),
}

STATISTICS = {
    "mean": "Mean over the calls that have the interval; a call nobody reached is left out, never a zero.",
    "median": "Median over the same calls.",
    "p<q>": "Percentile, such as p90 or p95: linear interpolation (Hyndman–Fan type 7).",
    "max": "Greatest value.",
    "within_<s>s": "Share of all calls in question reached within s seconds; unreached ones count as missed.",
    "n": "Number of calls in question, reached or not.",
}
"""What the statistics mean, for the reference."""
