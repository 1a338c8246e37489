"""Distances on the earth and on the plane, and the search for the nearest point."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from scipy.spatial import cKDTree

EARTH_RADIUS = 6_371_008.8
"""Mean radius of the earth in metres."""

_LINESTRING = re.compile(r"\s*LINESTRING\s*(?:Z|M|ZM)?\s*\(([^()]*)\)\s*", re.IGNORECASE)


def metres_between(
    x1: ArrayLike, y1: ArrayLike, x2: ArrayLike, y2: ArrayLike, *, geographic: bool
) -> NDArray[np.float64]:
    """Return straight-line metres between pairs of points: great circles for degrees, else Euclid."""
    ax, ay, bx, by = (np.asarray(value, dtype=np.float64) for value in (x1, y1, x2, y2))
    if not geographic:
        return np.asarray(np.hypot(bx - ax, by - ay))
    ax, ay, bx, by = np.radians(ax), np.radians(ay), np.radians(bx), np.radians(by)
    half = np.sin((by - ay) / 2) ** 2 + np.cos(ay) * np.cos(by) * np.sin((bx - ax) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS * np.arcsin(np.sqrt(np.minimum(half, 1.0))))


def linestring_points(text: str) -> NDArray[np.float64] | None:
    """Return the points [k, 2] of a WKT LINESTRING, or None where the text is not one."""
    match = _LINESTRING.fullmatch(text)
    if match is None:
        return None
    try:
        points = [[float(number) for number in point.split()[:2]] for point in match[1].split(",")]
    except ValueError:
        return None
    if len(points) < 2 or any(len(point) != 2 for point in points):
        return None
    result = np.array(points)
    return result if np.isfinite(result).all() else None


def linestring_metres(text: str, *, geographic: bool) -> float | None:
    """Return the length of a WKT LINESTRING in metres, or None where the text is not one."""
    points = linestring_points(text)
    if points is None:
        return None
    x, y = points.T
    return float(metres_between(x[:-1], y[:-1], x[1:], y[1:], geographic=geographic).sum())


def inside_polygon(
    corners: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return which points lie inside a polygon (corners × 2), by counting crossings to the right."""
    inside = np.zeros(len(x), dtype=np.bool_)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y1 == y2:
            continue
        between = (y1 > y) != (y2 > y)
        inside ^= between & (x < x1 + (y - y1) * ((x2 - x1) / (y2 - y1)))
    return np.asarray(inside, dtype=np.bool_)


def _flat(x: NDArray[np.float64], y: NDArray[np.float64], *, geographic: bool) -> NDArray[np.float64]:
    """Return points in a space where the nearest is the nearest on the ground: the plane, or a sphere.

    The chord through the earth grows with the arc over it, so nothing is distorted, not even at 180 degrees.
    """
    if not geographic:
        return np.column_stack((x, y))
    east, north = np.radians(x), np.radians(y)
    return np.column_stack((np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)))


def search_tree(x: NDArray[np.float64], y: NDArray[np.float64], *, geographic: bool) -> cKDTree:
    """Return a tree over points [N] for :func:`nearest`."""
    from scipy.spatial import cKDTree

    return cKDTree(_flat(x, y, geographic=geographic))


def nearest(
    tree: cKDTree, x: ArrayLike, y: ArrayLike, *, geographic: bool
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the nearest point of a tree to each (x, y) as index [k] and metres [k]."""
    at_x, at_y = (np.atleast_1d(np.asarray(value, dtype=np.float64)) for value in (x, y))
    chord, index = tree.query(_flat(at_x, at_y, geographic=geographic))
    metres = 2 * EARTH_RADIUS * np.arcsin(np.minimum(chord / 2, 1.0)) if geographic else chord
    return np.asarray(index, dtype=np.int32), np.asarray(metres, dtype=np.float64)
