"""What every reader hands over: nodes and links of a network as found, before anything is left out."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from dispatch.io.geo_files import Feature

Point: TypeAlias = tuple[float, float]
"""Longitude and latitude in degrees, or planar x and y in metres."""

DETAILS = (
    "lanes", "name", "bridge", "tunnel", "maxwidth", "width", "maxweight", "maxheight", "surface", "access",
)  # fmt: skip
"""Texts that are kept of a link as they are, and columns of ``link.csv``."""

_DIGITS = re.compile(r"(\d+)")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the road graph."""

    id: str
    at: Point
    name: str = ""
    zone: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    """Further columns of ``node.csv`` as text."""


@dataclass(frozen=True, slots=True)
class Link:
    """A road from one node to another, drawn in that direction; ``two_way`` opens the other one, too."""

    id: str
    """"" where the source gives none."""
    tail: str
    head: str
    points: tuple[Point, ...]
    """At least two, both ends included."""
    two_way: bool
    kind: str
    """The class of the road, facility type in the words of GMNS."""
    kmh: float | None = None
    """Posted speed in km/h."""
    metres: float | None = None
    """Length in metres where the source gives one, else along the points."""
    details: dict[str, str] = field(default_factory=dict)
    """Texts by the names in ``DETAILS``."""
    share: float = 1.0
    """Share of the road that the link stands for: a half where each direction is a link of its own."""

    @property
    def km(self) -> float:
        """Kilometres of road, once the length is known."""
        return (self.metres or 0.0) * self.share / 1000


@dataclass(slots=True)
class Draft:
    """A network as a reader found it."""

    form: str
    """Name of the format."""
    nodes: dict[str, Node]
    links: list[Link]
    source: str = ""
    licence: str = ""
    crs: str = "EPSG:4326"
    geographic: bool = True
    notes: list[str] = field(default_factory=list)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """What was counted on the way, by heading and name."""
    facilities: list[Feature] | None = None
    barriers: list[Feature] | None = None


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key by which ids sort as people count: way-9 before way-10."""
    parts = _DIGITS.split(text)
    return tuple(
        (0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part) for part in parts if part
    )


def plain(text: str) -> str:
    """Return text on one line without control characters, which tables and YAML could not hold."""
    return _CONTROL.sub(" ", text).strip()


def quoted(text: str) -> str:
    """Return text as a YAML value that nothing in it can break."""
    return json.dumps(plain(text), ensure_ascii=False)


def wkt(points: tuple[Point, ...]) -> str:
    """Return a WKT LINESTRING with coordinates to 7 decimals."""
    return "LINESTRING (" + ", ".join(f"{_short(x)} {_short(y)}" for x, y in points) + ")"


def _short(value: float) -> str:
    text = f"{value:.7f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
