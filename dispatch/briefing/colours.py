"""Colours of maps, shared by the report and layers for other programs; colour-blind people can tell them.

Names in capitals reach the viewer of the report as they are, as JSON.
"""

from __future__ import annotations

FIRST_DUE: tuple[tuple[int | None, str], ...] = (
    (240, "#0a2a66"),
    (300, "#2a6db0"),
    (480, "#3fb3a2"),
    (600, "#f2cf2b"),
    (900, "#ee8a1d"),
    (None, "#b5490f"),
)
"""Seconds up to which a time is drawn in a colour; None for all above. Neighbours differ in lightness."""

NEVER = "#000000"
"""Where nobody ever comes."""

CHANGE: dict[str, str] = {
    "gained": "#08306b",
    "sooner": "#2166ac",
    "little": "#7fb2d6",
    "same": "#b5bbc1",
    "later": "#e9a26b",
    "much": "#c4561d",
    "lost": "#7a1f08",
}
"""Changes of first-due times: reached only now, much sooner, a little sooner, the same, and so on."""

RISK: dict[str, str] = {"red": "#c2273d", "orange": "#e8852b", "yellow": "#f2d544", "blue": "#3f78b8"}
"""The four risks of zones, the highest first."""

NO_RISK = "#b9c0c7"

STATION: dict[str, str] = {
    "": "#8c1d18",
    "added": "#00663f",
    "moved": "#5b2a86",
    "changed": "#8a4b00",
    "closed": "#4a4a4a",
}
"""Stations by their change against the reference."""

SITE: dict[str, str] = {"depot": "#5c4300", "hospital": "#00567a"}

STATUS: dict[str, str] = {
    "turning out": "#f0c419",
    "en route": "#d1242f",
    "staged": "#a05a9c",
    "on scene": "#1f5fbf",
    "transporting": "#00857a",
    "returning": "#4f5b66",
    "restoring": "#8a6d3b",
    "moving up": "#a05a9c",
    "moved up": "#a05a9c",
}
"""What units do on the road and on scene."""

CATEGORIES: tuple[str, ...] = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#7b3294", "#4a4a4a",
)  # fmt: skip
"""Kinds of things without an order, such as incident types (after Okabe and Ito), over and over."""
