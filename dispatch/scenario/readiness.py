"""Crews that several units share, and what luck unit types ask for: checked, and told to the timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.model.resources import Unit
    from dispatch.model.scenario import ScenarioFile
    from dispatch.scenario.layout import Layout


def unit_luck(file: ScenarioFile) -> tuple[str, ...]:
    """Return the kinds of luck that units ask for, beside turnout; what is fixed needs none."""
    kinds = file.unit_types.values()
    failing = [
        kind.breaks_down for kind in kinds if kind.breaks_down is not None and kind.breaks_down.share > 0.0
    ]
    asked = {
        "turnaround_share": any(
            kind.turnaround is not None and kind.turnaround.fixed is None for kind in kinds
        ),
        "breakdown_share": bool(failing),
        "breakdown_place": bool(failing),
        "repair_share": any(each.repair.fixed is None for each in failing),
        "asked_share": any(
            each.delay is not None and each.delay.fixed is None for each in file.agreements.values()
        ),
    }
    return tuple(name for name, needed in asked.items() if needed)


def check_crews(
    file: ScenarioFile, layouts: Mapping[str, Layout], document: YamlDocument, problems: Problems
) -> None:
    """Note crews that cannot man their units: unknown, too small, elsewhere, or without any unit."""
    asked: set[str] = set()
    for layout, path, name, unit in _units(file, layouts):
        if unit.crew_from is None:
            continue
        asked.add(unit.crew_from)
        place = document.place(*path)
        crew = file.crews.get(unit.crew_from)
        if crew is None:
            problems.add(place, f"no crew '{unit.crew_from}'", did_you_mean(unit.crew_from, file.crews))
            continue
        if unit.station != crew.station:
            fact = (
                f"layout '{layout}': unit '{name}' stands at '{unit.station}', its crew at '{crew.station}'"
            )
            problems.add(place, fact, "Give it another crew there, or leave it where its crew is.")
        kind = file.unit_types.get(unit.type)
        if kind is not None and kind.crew == 0:
            fact = f"unit '{name}' has people of '{unit.crew_from}', but its type '{unit.type}' no 'crew'"
            problems.add(place, fact, f"Say in unit_types.{unit.type}.crew how many ride on it.")
        elif kind is not None and kind.crew > crew.staff:
            fact = f"unit '{name}' needs {kind.crew} people, and '{unit.crew_from}' are {crew.staff}"
            problems.add(place, fact, "Raise 'staff', or lower the type's 'crew'.")
    for name in file.crews:
        if name not in asked:
            problems.add(document.place("crews", name), f"no unit takes its crew from '{name}'", "Remove it.")


def _units(
    file: ScenarioFile, layouts: Mapping[str, Layout]
) -> Iterator[tuple[str, tuple[str, ...], str, Unit]]:
    """Yield layout, place in the file, id and entry of units, once where layouts do not differ in them."""
    told: set[tuple[str, str, str]] = set()
    for layout in layouts.values():
        for name, unit in layout.units:
            if (name, unit.station, unit.type) in told:
                continue
            told.add((name, unit.station, unit.type))
            path: tuple[str, ...] = ("units", name, "crew_from")
            if layout.name in file.layouts:
                variation = file.layouts[layout.name]
                path = ("layouts", layout.name)
                path = (*path, "add_units", name, "crew_from") if name in variation.add_units else path
                path = (*path, "move_units", name) if name in variation.move_units else path
            yield layout.name, path, name, unit
