"""Layers for geographic information systems: features, and how they are to be drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dispatch.io.geo_files import Feature


@dataclass(frozen=True, slots=True, eq=False)
class MapLayer:
    """A layer with its style."""

    name: str
    features: tuple[Feature, ...]
    style: str
    """QGIS style (QML)."""
