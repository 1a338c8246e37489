"""The least share of demand that uncommitted units cover at any moment."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dispatch.engine.board import MARGIN
from dispatch.scenario.conditions import Conditions
from dispatch.study.posts import unready

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.study.view import LogView

    Filters = dict[str, str]
    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]
    Mask = NDArray[np.bool_]

SLACK = 1e-9
"""Share of all demand by which sums in another order cannot differ."""
CHUNK = 4096
"""States weighed at a time."""
WORD = 64
"""Classes of posts whose state fits into one number."""


def residual_coverage(view: LogView, filters: Filters) -> float:
    """Least share of demand, at any measured moment, within reach of a station with an uncommitted unit.

    Reach is the scenario's ``cover_within`` (travel seconds at the speeds of the hour, without closures); a
    unit on its way home counts as home, one that has moved up counts where it stands or is bound for, one
    off duty does not count.
    """
    scenario = view.log.scenario
    weights = scenario.demand_by_node.sum(axis=0)
    if "zone" in filters:
        weights = np.where(scenario.zone_of == scenario.zones.index(filters["zone"]), weights, 0.0)
    places = np.flatnonzero(weights)
    (begins, ends, post), posts = unready(view.log, view.away)
    times = np.concatenate([begins, ends])
    order = np.argsort(times, kind="stable")
    changed, steps = np.concatenate([post, post])[order], np.repeat([-1, 1], len(post))[order]
    starts, periods = _pieces(view, times)
    done = np.searchsorted(times[order], starts, side="right")
    least = math.inf
    for period in np.unique(periods).tolist():
        near = _within(view, posts, places, period)
        free = _free(near, changed, steps, done[periods == period])
        least = min(least, _least(free, weights[places]))
    total = float(weights.sum())
    return least / total if total else math.nan


def _pieces(view: LogView, times: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Return the moments from which units or speeds are others, the first measured included, and periods."""
    roads = view.log.scenario.roads
    breaks = [view.start]
    while (following := roads.next_period(breaks[-1])) < view.end:
        breaks.append(following)
    inside = times[(times > view.start) & (times < view.end)]
    starts = np.unique(np.concatenate([breaks, inside]))
    period = np.array([roads.at(moment).period for moment in breaks], dtype=np.int64)
    return starts, period[np.searchsorted(breaks, starts, side="right") - 1]


def _within(view: LogView, posts: list[tuple[int, int]], places: Rows, period: int) -> Mask:
    """Return which places are near enough to which posts in a period of the week [posts, P]."""
    limit = view.log.scenario.file.cover_within + MARGIN
    fleet = view.log.fleet.under(Conditions(period))
    rows = [fleet.travels[unit].outbound(node)[places] <= limit for unit, node in posts]
    return np.array(rows, dtype=np.bool_).reshape(len(posts), len(places))


class _Free:
    """Which classes of posts have an uncommitted unit, in each state that ever occurs [states, classes]."""

    __slots__ = ("near", "states")

    def __init__(self, states: Mask, near: Mask) -> None:
        self.states, self.near = states, near


def _free(near: Mask, changed: Rows, steps: NDArray[np.int64], done: Rows) -> _Free:
    """Return the states after so many changes; posts that cover the same places are one class."""
    known: dict[bytes, int] = {}
    class_of = np.array([known.setdefault(row.tobytes(), len(known)) for row in near], dtype=np.intp)
    classes = near[np.unique(class_of, return_index=True)[1]]
    columns = []
    for number, size in enumerate(np.bincount(class_of, minlength=len(classes)).tolist()):
        moved = np.cumsum(np.where(class_of[changed] == number, steps, 0))
        columns.append(size + np.concatenate([[0], moved])[done] > 0)
    states = np.array(columns, dtype=np.bool_).reshape(len(classes), len(done)).T
    return _Free(states[_one_of_each(states)], classes)


def _one_of_each(states: Mask) -> Rows:
    """Return rows such that every state is there once."""
    code = np.zeros(len(states), dtype=np.int64)
    for begin in range(0, states.shape[1], WORD):
        word = np.zeros((len(states), WORD), dtype=np.uint8)
        part = states[:, begin : begin + WORD]
        word[:, : part.shape[1]] = part
        known, number = np.unique(np.packbits(word, axis=1).view(np.uint64).ravel(), return_inverse=True)
        code = np.unique(code * len(known) + number, return_inverse=True)[1]
    return np.unique(code, return_index=True)[1]


def _least(free: _Free, weights: Floats) -> float:
    """Return the least demand covered in any state.

    Places that the same classes cover are weighed together to find the states that may be the worst; of those
    the demand is then summed place by place.
    """
    spots, spot_of = np.unique(free.near, axis=1, return_inverse=True)
    spot_of = spot_of.reshape(-1)
    together = np.bincount(spot_of, weights=weights, minlength=spots.shape[1])
    slack = SLACK * float(together.sum())
    least, worst = math.inf, np.empty((0, spots.shape[1]), dtype=np.bool_)
    for begin in range(0, len(free.states), CHUNK):
        some = free.states[begin : begin + CHUNK].astype(np.float32) @ spots.astype(np.float32) > 0.0
        covered = some @ together
        least = min(least, float(covered.min()))
        worst = np.unique(np.concatenate([worst, some[covered <= least + slack]]), axis=0)
    worst = worst[worst @ together <= least + slack]
    return min((float(weights[row[spot_of]].sum()) for row in worst), default=math.inf)
