"""The coordinates of Chinese maps: GCJ-02 and BD-09 to WGS 84 and back.

Maps published in China are shifted by some hundreds of metres against GPS. GCJ-02 (Amap, Tencent; also called
Mars coordinates) bends WGS 84 by a polynomial with sines, in metres, which is turned into degrees on the
ellipsoid of Krasovsky 1940 (EPSG:7024). BD-09 (Baidu) bends GCJ-02 once more. Their keepers never published
either formula; what everybody uses is the reconstruction that became public from 2010 on (see Wikipedia,
"Restrictions on geographic data in China"), which agrees with the map services to about a metre. CGCS2000
(EPSG:4490) differs from WGS 84 by centimetres and is taken for it.

Points are shifted in the usual rectangle around China, 72.004-137.8347° E and 0.8293-55.8271° N, and nowhere
else. The rectangle is cruder than the border: Korea, Mongolia or Vietnam lie in it but have no such maps, so
convert only points that come from a Chinese map. Some points up to 1.5 km outside its edge are images of two
places; the place inside is given then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from dispatch.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Shift: TypeAlias = Callable[[Floats, Floats], tuple[Floats, Floats]]

SYSTEMS = ("wgs84", "gcj02", "bd09")
"""Names of the systems that can be converted into each other."""

WEST, EAST, SOUTH, NORTH = 72.004, 137.8347, 0.8293, 55.8271
"""Rectangle in which coordinates are shifted, in degrees of WGS 84."""

_AXIS = 6378245.0
"""Semi-major axis of Krasovsky 1940 in metres."""

_SQUARED_ECCENTRICITY = 0.00669342162296594323
_MARGIN = 0.05
"""Degrees around the rectangle in which shifted points may lie; no shift is as large."""

_ENOUGH = 1e-12
"""Step in degrees after which a point is found."""

_HAIR = 1e-10
"""Degrees by which a point on the edge may be missed."""

_MOST_ROUNDS = 30
_BAIDU = np.pi * 3000.0 / 180.0


def to_wgs84(lon: ArrayLike, lat: ArrayLike, crs: str) -> tuple[Floats, Floats]:
    """Return longitude and latitude in WGS 84 of points in ``crs``: degrees, arrays in the shape given.

    The inverse of :func:`from_wgs84` to less than 1e-9 degrees (0.1 mm); NaN stays NaN.
    """
    east, north = _points(lon, lat)
    shift = _shift_of(crs)
    if shift is None:
        return east, north
    x, y = east, north
    moving = _inside(x, y, _MARGIN)
    for _ in range(_MOST_ROUNDS):
        shifted_x, shifted_y = shift(x, y)
        step_x, step_y = east - shifted_x, north - shifted_y
        x, y = np.where(moving, x + step_x, x), np.where(moving, y + step_y, y)
        moving &= np.hypot(step_x, step_y) > _ENOUGH  # each point by itself, whatever others stand beside it
        if not moving.any():
            break
    inside = _inside(x, y, _HAIR) & _inside(east, north, _MARGIN)
    return np.where(inside, x, east), np.where(inside, y, north)


def from_wgs84(lon: ArrayLike, lat: ArrayLike, crs: str) -> tuple[Floats, Floats]:
    """Return longitude and latitude in ``crs`` of points in WGS 84: degrees, arrays in the shape given."""
    east, north = _points(lon, lat)
    shift = _shift_of(crs)
    if shift is None:
        return east, north
    inside = _inside(east, north, 0.0)
    x, y = shift(east, north)
    return np.where(inside, x, east), np.where(inside, y, north)


def convert(lon: ArrayLike, lat: ArrayLike, from_crs: str, to_crs: str = "wgs84") -> tuple[Floats, Floats]:
    """Return points of one system in another one; equal systems change nothing, not even the last digit."""
    if from_crs == to_crs:
        _shift_of(from_crs)
        return _points(lon, lat)
    return from_wgs84(*to_wgs84(lon, lat, from_crs), to_crs)


def _points(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    east, north = np.broadcast_arrays(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
    return east.copy(), north.copy()


def _shift_of(crs: str) -> Shift | None:
    """Return the function from WGS 84 to a system, None for WGS 84 itself."""
    if crs not in SYSTEMS:
        message = f"no coordinate system '{crs}'."
        raise UsageError(message, hint=did_you_mean(crs, SYSTEMS))
    return {"gcj02": _gcj02, "bd09": _bd09}.get(crs)


def _inside(x: Floats, y: Floats, margin: float) -> NDArray[np.bool_]:
    """Return which points lie in the rectangle, made wider by a margin in degrees."""
    across = (x >= WEST - margin) & (x <= EAST + margin)
    return np.asarray(across & (y >= SOUTH - margin) & (y <= NORTH + margin))


def _waves(value: Floats, *terms: tuple[float, float]) -> Floats:
    """Return the sum of sines of ``value`` with amplitude and half period of each term, in metres."""
    return np.asarray(sum(size * np.sin(np.pi * value / half) for size, half in terms) * (2.0 / 3.0))


def _gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return points of WGS 84 in GCJ-02, without regard to the rectangle."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    ripple = _waves(x, (20.0, 1 / 6), (20.0, 1 / 2))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple
    east = east + _waves(x, (20.0, 1.0), (40.0, 3.0), (150.0, 12.0), (300.0, 30.0))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple
    north = north + _waves(y, (20.0, 1.0), (40.0, 3.0), (160.0, 12.0), (320.0, 30.0))
    phi = np.radians(lat)
    part = 1.0 - _SQUARED_ECCENTRICITY * np.sin(phi) ** 2
    meridian = _AXIS * (1.0 - _SQUARED_ECCENTRICITY) / (part * np.sqrt(part))
    parallel = _AXIS / np.sqrt(part) * np.cos(phi)
    return lon + np.degrees(east / parallel), lat + np.degrees(north / meridian)


def _bd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return points of WGS 84 in BD-09, without regard to the rectangle."""
    x, y = _gcj02(lon, lat)
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BAIDU)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BAIDU)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006
