"""What a layout changes against another: stations added, moved, changed and closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.model.resources import Unit
    from dispatch.scenario.layout import Layout, Site


class Changed(NamedTuple):
    """A station with its units, and how it differs from that of the reference."""

    site: Site
    units: tuple[str, ...]
    change: str
    """``added``, ``moved``, ``changed`` (in its units), ``closed``, or empty."""


def changed_stations(layout: Layout, reference: Layout) -> tuple[Changed, ...]:
    """Return the stations of a layout, and those that it closes, without units, by id."""
    before = {site.id: site for site in reference.sites}
    here = {site.id for site in layout.sites}
    units, were = dict(_by_station(layout)), dict(_by_station(reference))
    found = []
    for site in layout.sites:
        old = before.get(site.id)
        now, then = units.get(site.id, {}), were.get(site.id, {})
        change = "added" if old is None else "moved" if old.node != site.node else ""
        found.append(Changed(site, tuple(now), change or ("changed" if now != then else "")))
    closed = [Changed(site, (), "closed") for site in reference.sites if site.id not in here]
    return tuple(sorted([*found, *closed], key=lambda each: each.site.id))


def _by_station(layout: Layout) -> Iterator[tuple[str, dict[str, Unit]]]:
    """Yield each station with units, with its units by id, in order."""
    for station in sorted({unit.station for _, unit in layout.units}):
        yield station, {name: unit for name, unit in layout.units if unit.station == station}
