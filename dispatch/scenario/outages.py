"""Injects that take units out of service and bring them back, resolved."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from dispatch.errors import did_you_mean
from dispatch.scenario.injects import seconds_from_start

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.model.injects import OutOfService
    from dispatch.model.scenario import ScenarioFile
    from dispatch.scenario.layout import Layout


@dataclass(frozen=True, slots=True)
class OutageTime:
    """A time in which a unit, or every unit of a station, is out of service."""

    unit: str
    """Empty where a station is meant."""
    station: str
    """Empty where a unit is meant."""
    begins: float
    ends: float
    """Seconds from the scenario's start; infinite where it never ends."""

    def holds_for(self, unit: str, station: str) -> bool:
        """Whether it takes out a unit that stands at a station."""
        return unit == self.unit or station == self.station


def outage_times(
    file: ScenarioFile, layouts: Mapping[str, Layout], document: YamlDocument, problems: Problems
) -> tuple[OutageTime, ...]:
    """Return all outages in order of time, noting what is wrong with their injects."""
    found: list[OutageTime] = []
    since: dict[tuple[str, str], float] = {}
    moments = [
        (seconds_from_start(inject.at, file, document.place("injects", i, "at"), problems), i, inject)
        for i, inject in enumerate(file.injects)
    ]
    for at, i, inject in sorted(moments, key=lambda moment: moment[:2]):
        meant = inject.outage or inject.restore
        if meant is None:
            continue
        kind = "outage" if inject.outage is not None else "restore"
        _check_name(meant, layouts, document, problems, i, kind)
        target = (meant.unit or "", meant.station or "")
        if inject.outage is None and target not in since:
            fact = f"'{meant.unit or meant.station}' is not out of service then"
            problems.add(
                document.place("injects", i, kind), fact, "Inject an outage without 'for' before it."
            )
        elif inject.outage is None:
            found.append(OutageTime(*target, since.pop(target), at))
        elif target in since:
            fact = f"'{meant.unit or meant.station}' is out of service already"
            problems.add(document.place("injects", i, kind), fact, "Restore it first, or remove one.")
        elif inject.outage.lasts is not None:
            found.append(OutageTime(*target, at, at + inject.outage.lasts))
        else:
            since[target] = at
    found += [OutageTime(*target, begins, inf) for target, begins in since.items()]
    return tuple(sorted(found, key=lambda outage: (outage.begins, outage.unit, outage.station)))


def _check_name(
    meant: OutOfService,
    layouts: Mapping[str, Layout],
    document: YamlDocument,
    problems: Problems,
    number: int,
    kind: str,
) -> None:
    """Note a unit or station that no layout has."""
    if meant.unit is not None:
        key, name = "unit", meant.unit
        known = {unit for layout in layouts.values() for unit, _ in layout.units}
    else:
        key, name = "station", str(meant.station)
        known = {site.id for layout in layouts.values() for site in layout.sites}
    if name not in known:
        where = document.place("injects", number, kind, key)
        problems.add(where, f"no {key} '{name}' in any layout", did_you_mean(name, known))
