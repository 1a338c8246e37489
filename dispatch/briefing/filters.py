"""Filters of measures as people read them: what is chosen by, and the title of what is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.briefing.contents import Said
from dispatch.briefing.mapping import type_title, zone_title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.scenario.scenario import Scenario

KEYS = {
    "type": Said("incident type"),
    "zone": Said("zone"),
    "priority": Said("priority"),
    "level": Said("alarm level"),
    "unit": Said("unit"),
    "station": Said("station"),
    "unit_type": Said("unit type"),
    "hospital": Said("hospital"),
    "agreement": Said("agreement"),
    "depot": Said("depot"),
    "item": Said("item"),
}
"""What filters choose by, in words."""


def filters_in_words(scenario: Scenario, written: str) -> Said:
    """Return filters, written as ``key=value,…``, with the titles of what they choose."""
    parts = [[piece.strip() for piece in part.partition("=")[::2]] for part in written.split(",")]
    one, *more = [
        Said("{what} {name}", {"what": KEYS.get(key, key), "name": _title(scenario, key, value)})
        for key, value in parts
    ]
    for part in more:
        one = Said("{one}, {more}", {"one": one, "more": part})
    return one


def _title(scenario: Scenario, key: str, value: str) -> str:
    """Return the title of what a filter chooses; its id where it has none."""
    if key == "type":
        return type_title(scenario, value)
    if key == "zone":
        return zone_title(scenario, value)
    return next((title for name, title in _titles(scenario, key) if name == value and title), value)


def _titles(scenario: Scenario, key: str) -> Iterator[tuple[str, str]]:
    """Yield ids with titles of everything that a filter may choose."""
    layouts = scenario.layouts.values()
    if key == "unit_type":
        yield from ((name, kind.title) for name, kind in scenario.file.unit_types.items())
    elif key == "station":
        yield from ((site.id, site.title) for layout in layouts for site in layout.sites)
    elif key == "unit":
        yield from ((name, unit.title) for layout in layouts for name, unit in layout.units)
    elif key == "depot":
        yield from ((each.id, each.written.title) for layout in layouts for each in layout.depots)
    elif key == "hospital":
        yield from ((site.id, site.title) for site in scenario.hospitals)
    elif key == "agreement":
        yield from ((name, terms.title) for name, terms in scenario.file.agreements.items())
    elif key == "item" and scenario.supplies is not None:
        yield from ((item.id, item.title) for item in scenario.supplies.items)
