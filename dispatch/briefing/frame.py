"""Coordinates as whole steps from an origin: what maps of reports are drawn in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dispatch.roads.geometry import EARTH_RADIUS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from dispatch.roads.network import Network

STEP = {True: 1e-6, False: 0.1}
"""A step of about 0.1 m, in degrees for geographic networks and in metres for others."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where steps are counted from, and how large they are, in the network's coordinates."""

    origin: tuple[float, float]
    scale: float

    @classmethod
    def of(cls, network: Network) -> Frame | None:
        """Return the frame of a network, from its south-west corner; None where it has no coordinates."""
        if network.x is None or network.y is None:
            return None
        # whole thousands of steps, so that the origin is a short number
        scale = STEP[network.geographic]
        digits = 3 if network.geographic else -2
        x = network.x
        if network.geographic and x.max() - x.min() > 180.0:
            x = x % 360.0  # it lies on both sides of 180 degrees: longitudes go on beyond them
        corner = (float(np.floor(values.min() * 10.0**digits) / 10.0**digits) for values in (x, network.y))
        west, south = corner
        return cls((west, south), scale)

    def steps(self, x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return coordinates [k] as whole steps from the origin."""
        there = (np.atleast_1d(np.asarray(values, dtype=np.float64)) for values in (x, y))
        east, north = (values - start for values, start in zip(there, self.origin, strict=True))
        if self.scale == STEP[True]:
            east = np.where(east < -180.0, east + 360.0, east)
        across, up = (np.rint(values / self.scale).astype(np.int64) for values in (east, north))
        return across, up

    @property
    def metres(self) -> tuple[float, float]:
        """About how many metres a step is across and up, near the origin."""
        if self.scale != STEP[True]:
            return self.scale, self.scale
        up = self.scale * np.pi / 180.0 * EARTH_RADIUS
        return float(up * np.cos(np.radians(self.origin[1]))), float(up)

    def point(self, x: float, y: float) -> tuple[int, int]:
        """Return one place as whole steps from the origin."""
        across, up = self.steps(x, y)
        return int(across[0]), int(up[0])

    def coordinates(
        self, across: ArrayLike, up: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the coordinates of steps [k] from the origin."""
        east, north = (
            start + np.atleast_1d(np.asarray(values, dtype=np.float64)) * self.scale
            for values, start in zip((across, up), self.origin, strict=True)
        )
        return east, north


def differences(values: ArrayLike) -> list[int]:
    """Return each whole number's difference from the one before, the first as it is."""
    found: list[int] = np.diff(np.asarray(values, dtype=np.int64), prepend=np.int64(0)).tolist()
    return found
