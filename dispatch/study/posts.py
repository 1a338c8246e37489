"""Where units stand ready, as time goes on: in their quarters, or at the stations that they moved up to."""

from __future__ import annotations

from collections import defaultdict
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from dispatch.engine.duty import joined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.engine.log import Log

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]
    Spans = list[tuple[float, float]]
    Post = tuple[int, int]

Unready = tuple["Floats", "Floats", "Rows"]


def unready(log: Log, away: Unready) -> tuple[Unready, list[Post]]:
    """Return begin and end of the times in which nobody is ready at a post, and the post [S]; and the posts.

    A post is a unit and the node where it stands or is bound for; the first posts are those of all units in
    their quarters, in order. ``away`` are the times in which units are committed or off duty.
    """
    posts = [(unit, node) for unit, node in enumerate(log.fleet.home)]
    if not log.move_ups:
        return away, posts
    moved = {each.unit for each in log.move_ups}
    begins, ends, units = away
    kept = ~np.isin(units, list(moved))
    rows: list[tuple[float, float, int]] = []
    for unit in sorted(moved):
        absent = sorted(zip(begins[units == unit].tolist(), ends[units == unit].tolist(), strict=True))
        for node, spans in sorted(_stays(log, unit).items()):
            if (unit, node) not in posts:
                posts.append((unit, node))
            gaps = joined([*absent, *_between(spans)])
            rows += [(begin, end, posts.index((unit, node))) for begin, end in gaps]
    found = (np.array(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    first, last, post = found
    return (
        np.concatenate([begins[kept], first]),
        np.concatenate([ends[kept], last]),
        np.concatenate([units[kept], np.asarray(post, dtype=np.intp)]),
    ), posts


def _stays(log: Log, unit: int) -> dict[int, Spans]:
    """Return the times in which each node is where a unit stands or is bound for while on no call."""
    r, home, sites = log.responses, log.fleet.home[unit], log.fleet.layout.sites
    mine = np.flatnonzero(r.unit == unit).tolist()
    # a call ends a move; of one moment, a call that is over comes before the move, one that lasts after it
    changes = [(each.left, 1, sites[each.site].node) for each in log.move_ups if each.unit == unit]
    changes += [(float(r.alerted[i]), 0 if r.available[i] <= r.alerted[i] else 2, home) for i in mine]
    stays: dict[int, Spans] = defaultdict(list)
    stays[home] = []
    begin, node = -inf, home
    for moment, _, goal in sorted(changes):
        if goal != node:
            stays[node].append((begin, moment))
            begin, node = moment, goal
    stays[node].append((begin, inf))
    return dict(stays)


def _between(spans: Spans) -> Spans:
    """Return the times before, between and after spans that stand in order."""
    edges = [-inf, *(edge for span in spans for edge in span), inf]
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return [(begin, end) for begin, end in pairs if begin < end]
