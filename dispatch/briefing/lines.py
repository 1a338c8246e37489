"""Links as lines on maps: their geometry, two-way streets once, made plainer where they are very many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dispatch.roads.geometry import linestring_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.briefing.frame import Frame
    from dispatch.roads.network import RoadNetwork

    Ints = NDArray[np.int64]

MOST_POINTS = 300_000
"""Points of lines above which those between the ends are thinned."""

NEAR = (5.0, 20.0)
"""Metres from the straight way within which points are left out: the first that is enough."""


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The L links of a network as lines, in steps of a frame.

    ``arc``, ``tail`` and ``head`` (int64[L]) are each link's first arc and the nodes at its ends; ``points``
    (int64[L]) says how many points it has, from tail to head; ``x`` and ``y`` are those of all links, one
    after the other.
    """

    arc: Ints
    tail: Ints
    head: Ints
    points: Ints
    x: Ints
    y: Ints
    near: float = 0.0
    """Metres that a line may be off, because points were left out."""


def lines_of(network: RoadNetwork, frame: Frame, most: int = MOST_POINTS) -> Lines:
    """Return the links as lines; beyond ``most`` points, those that hardly matter are left out."""
    _, arc = np.unique(network.link, return_index=True)
    tail, head = network.tail[arc].astype(np.int64), network.head[arc].astype(np.int64)
    node_x, node_y = frame.steps(network.x, network.y)
    inner, counts = _inner(network, arc, frame)
    points = counts + 2
    first = np.cumsum(points) - points
    is_inner = np.ones(int(points.sum()), dtype=np.bool_)
    is_inner[first] = False
    is_inner[first + points - 1] = False
    both: list[Ints] = []
    for nodes, between in zip((node_x, node_y), inner, strict=True):
        line = np.empty(len(is_inner), dtype=np.int64)
        line[first], line[first + points - 1] = nodes[tail], nodes[head]
        line[is_inner] = between
        both.append(line)
    found = whole = Lines(arc, tail, head, points, both[0], both[1])
    for near in NEAR:
        if len(found.x) <= most or not is_inner.any():
            break
        found = _plainer(whole, near, frame)
    return found


def _inner(network: RoadNetwork, arc: Ints, frame: Frame) -> tuple[tuple[Ints, Ints], Ints]:
    """Return the points between the ends of all links in steps, and how many each link has [L]."""
    counts = np.zeros(len(arc), dtype=np.int64)
    if not network.geometry:
        return (np.empty(0, np.int64), np.empty(0, np.int64)), counts
    parts = []
    for number, at in enumerate(arc.tolist()):
        drawn = linestring_points(network.geometry[at]) if network.geometry[at] else None
        if drawn is None or len(drawn) < 3:
            continue
        ends = [(network.x[node], network.y[node]) for node in (network.tail[at], network.head[at])]
        parts.append(_from_tail(drawn, *ends)[1:-1])
        counts[number] = len(drawn) - 2
    if not parts:
        return (np.empty(0, np.int64), np.empty(0, np.int64)), counts
    together = np.concatenate(parts)
    return frame.steps(together[:, 0], together[:, 1]), counts


def _from_tail(
    drawn: NDArray[np.float64], tail: tuple[float, float], head: tuple[float, float]
) -> NDArray[np.float64]:
    """Return points turned to run from tail to head: the arc back has the text of the way there."""
    (x0, y0), (x1, y1) = drawn[0].tolist(), drawn[-1].tolist()
    along = abs(x0 - tail[0]) + abs(y0 - tail[1]) + abs(x1 - head[0]) + abs(y1 - head[1])
    against = abs(x0 - head[0]) + abs(y0 - head[1]) + abs(x1 - tail[0]) + abs(y1 - tail[1])
    return drawn[::-1] if against < along else drawn


def _plainer(lines: Lines, near: float, frame: Frame) -> Lines:
    """Return lines without the points that are hardly off the straight way (Douglas and Peucker).

    All lines are worked on at once: each round splits every stretch that is too far off at its worst point.
    """
    across, up = frame.metres
    x = np.asarray(lines.x * across, dtype=np.float64)
    y = np.asarray(lines.y * up, dtype=np.float64)
    ends = np.cumsum(lines.points)
    kept = np.zeros(len(x), dtype=np.bool_)
    kept[ends - 1] = True
    kept[ends - lines.points] = True
    todo = np.flatnonzero(~kept)
    while len(todo):
        marks = np.flatnonzero(kept)
        stretch = np.searchsorted(marks, todo) - 1
        off = _off(x, y, todo, (marks[stretch], marks[stretch + 1]))
        order = np.lexsort((-off, stretch))
        leading = order[np.flatnonzero(np.diff(stretch[order], prepend=-1))]  # the farthest off of each
        worst = leading[off[leading] > near]
        kept[todo[worst]] = True
        split = np.zeros(len(marks), dtype=np.bool_)
        split[stretch[worst]] = True
        todo = todo[split[stretch] & ~kept[todo]]
    number = np.repeat(np.arange(len(lines.points)), lines.points)
    points = np.bincount(number[kept], minlength=len(lines.points)).astype(np.int64)
    return Lines(lines.arc, lines.tail, lines.head, points, lines.x[kept], lines.y[kept], near)


def _off(
    x: NDArray[np.float64], y: NDArray[np.float64], at: Ints, ends: tuple[Ints, Ints]
) -> NDArray[np.float64]:
    """Return the metres of some points from the straight way between two others each [k]."""
    begin, end = ends
    dx, dy = x[end] - x[begin], y[end] - y[begin]
    px, py = x[at] - x[begin], y[at] - y[begin]
    square = dx * dx + dy * dy
    share = np.clip((px * dx + py * dy) / np.where(square > 0.0, square, 1.0), 0.0, 1.0)
    return np.asarray(np.hypot(px - share * dx, py - share * dy))
