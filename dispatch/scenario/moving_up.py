"""Checks of what a scenario says about moving up: its names, and its tables against every layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.errors import did_you_mean
from dispatch.scenario.agreements import units_by

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.model.moving_up import ComplianceTable
    from dispatch.model.scenario import ScenarioFile
    from dispatch.scenario.layout import Layout


def check_moving_up(
    file: ScenarioFile,
    layouts: Mapping[str, Layout],
    capabilities: Collection[str],
    document: YamlDocument,
    problems: Problems,
) -> None:
    """Note names that lead nowhere, and layouts for which a compliance table is not complete."""
    terms = file.moving_up
    if terms is None:
        return
    if terms.capability is not None and terms.capability not in capabilities:
        place = document.place("moving_up", "capability")
        fact = f"no unit type has the capability '{terms.capability}'"
        problems.add(place, fact, did_you_mean(terms.capability, capabilities))
        return
    if terms.compliance_table is not None:
        _check_table(file, terms.compliance_table, layouts, document, problems)


def movable_units(file: ScenarioFile, layout: Layout) -> list[str]:
    """Return the ids of the units of a layout that may be moved.

    They have the capability, and a crew of their own, and need not be asked for by an agreement.
    """
    wanted = None if file.moving_up is None else file.moving_up.capability
    asked = units_by(list(file.agreements.values()), layout)
    return [
        name
        for name, unit in layout.units
        if name not in asked
        and unit.type in file.unit_types
        and (wanted is None or wanted in file.unit_types[unit.type].capabilities)
        and unit.crew_from is None
    ]


def _check_table(
    file: ScenarioFile,
    rule: ComplianceTable,
    layouts: Mapping[str, Layout],
    document: YamlDocument,
    problems: Problems,
) -> None:
    known = {site.id for layout in layouts.values() for site in layout.sites}
    for free, stations in sorted(rule.table.items()):
        for number, station in enumerate(stations):
            if station not in known:
                place = document.place("moving_up", "compliance_table", "table", str(free), number)
                fact = f"no station '{station}' in any layout"
                problems.add(place, fact, did_you_mean(station, known))
    for layout in layouts.values():
        most, sites = len(movable_units(file, layout)), {site.id for site in layout.sites}
        place = document.place("moving_up", "compliance_table", "table")
        if most > max(rule.table):
            fact = f"layout '{layout.name}' has {most} such units, the table ends at {max(rule.table)}"
            problems.add(place, fact, f"Give rows up to {most}.")
        used = {station for free, stations in rule.table.items() if free <= most for station in stations}
        for station in sorted((used - sites) & known):
            fact = f"layout '{layout.name}' has no station '{station}'"
            problems.add(place, fact, "Leave it out, or compare layouts in scenarios of their own.")
