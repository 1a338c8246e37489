"""Which arcs of a road network touch an area: a polygon, or a circle around a point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dispatch.roads.geometry import EARTH_RADIUS, inside_polygon, linestring_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dispatch.roads.network import RoadNetwork

    Floats = NDArray[np.float64]


def arcs_near(network: RoadNetwork, centre: tuple[float, float], radius: float) -> NDArray[np.intp]:
    """Return the arcs of which some point lies within ``radius`` metres of a point."""
    shape = _Shape(network, [centre], radius)
    arcs, ax, ay, bx, by = shape.segments()
    dx, dy = bx - ax, by - ay
    length2 = dx * dx + dy * dy
    with np.errstate(invalid="ignore", divide="ignore"):
        along = np.where(length2 > 0, -(ax * dx + ay * dy) / length2, 0.0)
    along = np.clip(along, 0.0, 1.0)
    near = np.hypot(ax + along * dx, ay + along * dy) <= radius
    return np.unique(arcs[near])


def arcs_in(network: RoadNetwork, corners: Sequence[tuple[float, float]]) -> NDArray[np.intp]:
    """Return the arcs of which some point lies inside a polygon or on its edge."""
    shape = _Shape(network, corners, 0.0)
    arcs, ax, ay, bx, by = shape.segments()
    edge = np.array([shape.plane(*corner) for corner in corners])
    touching = inside_polygon(edge, ax, ay) | inside_polygon(edge, bx, by)
    west, east, south, north = np.minimum(ax, bx), np.maximum(ax, bx), np.minimum(ay, by), np.maximum(ay, by)
    for (px, py), (qx, qy) in zip(edge, np.roll(edge, -1, axis=0), strict=True):
        near = (east >= min(px, qx)) & (west <= max(px, qx)) & (north >= min(py, qy)) & (south <= max(py, qy))
        i = np.flatnonzero(near & ~touching)
        side_a, side_b = _side(px, py, qx, qy, ax[i], ay[i]), _side(px, py, qx, qy, bx[i], by[i])
        side_p, side_q = _side(ax[i], ay[i], bx[i], by[i], px, py), _side(ax[i], ay[i], bx[i], by[i], qx, qy)
        touching[i] = (side_a * side_b <= 0) & (side_p * side_q <= 0)
    return np.unique(arcs[touching])


def _side(
    px: Floats | float, py: Floats | float, qx: Floats | float, qy: Floats | float,
    x: Floats | float, y: Floats | float,
) -> Floats:  # fmt: skip
    """Return on which side of the line from p to q points lie: the sign of a cross product."""
    return np.sign((qx - px) * (y - py) - (qy - py) * (x - px))


class _Shape:
    """An area on a plane of metres around its middle, and the pieces of roads that may touch it."""

    def __init__(self, network: RoadNetwork, corners: Sequence[tuple[float, float]], margin: float) -> None:
        x, y = np.array(corners, dtype=np.float64).T
        self.network, self.margin = network, margin
        if network.geographic:  # an area across the date line lies there, not around the rest of the world
            x = x[0] + (x - x[0] + 180.0) % 360.0 - 180.0
        self.middle = (float(x.mean()), float(y.mean()))
        metres = np.radians(1.0) * EARTH_RADIUS if network.geographic else 1.0
        squeeze = np.cos(np.radians(self.middle[1])) if network.geographic else 1.0
        self.scale = (metres * squeeze, metres)
        px, py = self.plane(x, y)
        self.box = (px.min() - margin, px.max() + margin, py.min() - margin, py.max() + margin)

    def plane(self, x: Floats | float, y: Floats | float) -> tuple[Floats, Floats]:
        """Return coordinates in metres east and north of the middle."""
        east = np.asarray(x) - self.middle[0]
        if self.network.geographic:
            east = (east + 180.0) % 360.0 - 180.0
        return east * self.scale[0], (np.asarray(y) - self.middle[1]) * self.scale[1]

    def segments(self) -> tuple[NDArray[np.intp], Floats, Floats, Floats, Floats]:
        """Return straight pieces of roads near the area: their arcs and both ends in metres."""
        network = self.network
        nx, ny = self.plane(network.x, network.y)
        ends = (nx[network.tail], ny[network.tail], nx[network.head], ny[network.head])
        # no point of a road is farther from its ends than it is long; where lengths are given too short,
        # a road winds no more than twice as far as its ends are apart, and some
        apart = np.hypot(ends[2] - ends[0], ends[3] - ends[1])
        reach = np.maximum(network.length_m * 1.001, 2.0 * apart) + 200.0
        low_x, high_x, low_y, high_y = self.box
        near = np.minimum(ends[0], ends[2]) - reach <= high_x
        near &= np.maximum(ends[0], ends[2]) + reach >= low_x
        near &= np.minimum(ends[1], ends[3]) - reach <= high_y
        near &= np.maximum(ends[1], ends[3]) + reach >= low_y
        chosen = np.flatnonzero(near)
        if not network.geometry:
            ax, ay, bx, by = (end[chosen] for end in ends)
            return chosen, ax, ay, bx, by
        arcs: list[int] = []
        pieces: list[Floats] = []
        for arc in chosen.tolist():
            points = linestring_points(network.geometry[arc])
            if points is None:
                ends_of = [network.tail[arc], network.head[arc]]
                points = np.column_stack((network.x[ends_of], network.y[ends_of]))
            px, py = self.plane(points[:, 0], points[:, 1])
            pieces.append(np.column_stack((px[:-1], py[:-1], px[1:], py[1:])))
            arcs += [arc] * (len(points) - 1)
        table = np.concatenate(pieces) if pieces else np.empty((0, 4))
        return np.array(arcs, dtype=np.intp), table[:, 0], table[:, 1], table[:, 2], table[:, 3]
