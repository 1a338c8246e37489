"""Areas and centroids of rings: closed lines that bound a polygon or a hole in one."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOTHING = 1e-12
"""Share of a square around its longest ring that an area must fill; less is what rounding makes of a line."""


def moments(ring: Sequence[Any], x0: float, y0: float) -> tuple[float, float, float]:
    """Return signed area and first moments about (x0, y0) of a ring, whose last position is the first."""
    area = x_sum = y_sum = 0.0
    for (ax, ay, *_), (bx, by, *_) in pairwise(ring):
        ax, ay, bx, by = ax - x0, ay - y0, bx - x0, by - y0  # noqa: PLW2901 - moved, then used
        cross = ax * by - bx * ay
        area += cross / 2
        x_sum += (ax + bx) * cross / 6
        y_sum += (ay + by) * cross / 6
    return area, x_sum, y_sum


def centroid(polygons: Sequence[Sequence[Sequence[Any]]]) -> tuple[float, float] | None:
    """Return the centroid of polygons, each an outer ring and its holes; None where they enclose nothing."""
    outer = [rings[0] for rings in polygons if len(rings) and len(rings[0])]
    if not outer:
        return None
    x0, y0 = outer[0][0][:2]  # moments near the place itself, so that no digits are lost
    total, x_sum, y_sum = 0.0, 0.0, 0.0
    for rings in polygons:
        for i, ring in enumerate(rings):
            area, x, y = moments(ring, x0, y0)
            turn = math.copysign(1.0, area) * (1 if i == 0 else -1)
            total, x_sum, y_sum = total + turn * area, x_sum + turn * x, y_sum + turn * y
    if not total > _NOTHING * max(map(_extent, outer)) ** 2:
        return None
    return x0 + x_sum / total, y0 + y_sum / total


def _extent(ring: Sequence[Any]) -> float:
    """Return the longer side of the box around a ring."""
    values: list[list[float]] = [[point[axis] for point in ring] for axis in (0, 1)]
    return max(max(along) - min(along) for along in values)
