"""Injects of things that fail and come back, resolved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

from dispatch.errors import did_you_mean
from dispatch.scenario.injects import seconds_from_start

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.model.scenario import ScenarioFile
    from dispatch.scenario.layout import Layout
    from dispatch.scenario.places import Gazetteer


@dataclass(frozen=True, slots=True)
class OutageTime:
    """A time in which something is out of service."""

    target: str
    """``unit``, ``station``, ``hydrants`` or ``comms``."""
    name: str
    """Id of the unit or station, or zone or node of the hydrants; empty for communications."""
    begins: float
    ends: float
    """Seconds from the scenario's start; infinite where it never ends."""
    slower_by: float = 0.0
    """Seconds that calls received meanwhile take longer."""
    nodes: frozenset[int] = frozenset()
    """Nodes whose hydrants are meant."""

    def holds_for(self, unit: str, station: str) -> bool:
        """Whether it takes out a unit that stands at a station."""
        return (self.target, self.name) in (("unit", unit), ("station", station))

    def at(self, moment: float) -> bool:
        """Whether it is in force at a moment."""
        return self.begins <= moment < self.ends


def outage_times(
    file: ScenarioFile,
    layouts: Mapping[str, Layout],
    gazetteer: Gazetteer,
    document: YamlDocument,
    problems: Problems,
) -> tuple[OutageTime, ...]:
    """Return all outages in order of time, noting what is wrong with their injects."""
    found: list[OutageTime] = []
    since: dict[tuple[str, str], tuple[float, float]] = {}
    moments = [
        (seconds_from_start(inject.at, file, document.place("injects", i, "at"), problems), i, inject)
        for i, inject in enumerate(file.injects)
    ]
    for at, i, inject in sorted(moments, key=lambda moment: moment[:2]):
        meant = inject.outage or inject.restore
        if meant is None:
            continue
        where = ("injects", i, "outage" if inject.outage is not None else "restore")
        kind, name = meant.target, "" if meant.comms else str(getattr(meant, meant.target))
        _check_name(kind, name, layouts, gazetteer, document.place(*where, kind), problems)
        shown = f"'{name}' is" if name else "communications are"
        if inject.outage is None:
            if (kind, name) in since:
                begins, slower_by = since.pop((kind, name))
                found.append(OutageTime(kind, name, begins, at, slower_by))
            elif not (problems and ("injects",) in document.kept):  # else the outage may be left out as wrong
                fact = f"{shown} not out of service then"
                problems.add(document.place(*where), fact, "Inject an outage without 'for' before it.")
        elif (kind, name) in since:
            problems.add(
                document.place(*where),
                f"{shown} out of service already",
                "Restore it first, or remove one.",
            )
        elif inject.outage.lasts is not None:
            slower_by = inject.outage.slower_by or 0.0
            found.append(OutageTime(kind, name, at, at + inject.outage.lasts, slower_by))
        else:
            since[kind, name] = (at, inject.outage.slower_by or 0.0)
    found += [OutageTime(*target, begins, inf, slower_by) for target, (begins, slower_by) in since.items()]
    found = [
        replace(each, nodes=frozenset(gazetteer.nodes(each.name, "").tolist()))
        if each.target == "hydrants" and not problems
        else each
        for each in found
    ]
    return tuple(sorted(found, key=lambda outage: (outage.begins, outage.target, outage.name)))


def _check_name(
    kind: str,
    name: str,
    layouts: Mapping[str, Layout],
    gazetteer: Gazetteer,
    where: str,
    problems: Problems,
) -> None:
    """Note a unit or station that no layout has, and a zone or node that does not exist."""
    if kind == "hydrants":
        gazetteer.nodes(name, where)
    elif kind != "comms":
        known = {
            "unit": {unit for layout in layouts.values() for unit, _ in layout.units},
            "station": {site.id for layout in layouts.values() for site in layout.sites},
        }[kind]
        if name not in known:
            problems.add(where, f"no {kind} '{name}' in any layout", did_you_mean(name, known))
