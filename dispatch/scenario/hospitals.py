"""Hospitals, resolved: where they are, whom they take and when they divert; and checks of all of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from dispatch.errors import did_you_mean
from dispatch.roads.network import MatrixNetwork
from dispatch.scenario.injects import seconds_from_start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.model.hospitals import Hospital
    from dispatch.model.incidents import IncidentType
    from dispatch.model.scenario import ScenarioFile
    from dispatch.scenario.layout import Layout
    from dispatch.scenario.places import Gazetteer
    from dispatch.scenario.scenario import Scenario

Spans = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class HospitalSite:
    """A hospital at its node of the network."""

    id: str
    title: str
    node: int
    suitable_for: frozenset[str]
    """Empty for a hospital that takes everybody."""
    beds: float
    """Places where patients are handed over; infinite where they are not counted."""
    turnover: float
    diverting: Spans
    """Begin and end, in seconds from the start, of the times in which it diverts."""
    most_detour: float = inf
    """Seconds that a drive may be longer than here, when it is full; infinite for any drive."""

    def takes(self, need: str | None) -> bool:
        """Whether it is suitable for patients who need something, or nothing special."""
        return need is None or not self.suitable_for or need in self.suitable_for

    def diverts(self, moment: float) -> bool:
        """Whether it sends ambulances on to others at a moment."""
        return any(begins <= moment < ends for begins, ends in self.diverting)


def hospital_sites(
    file: ScenarioFile, document: YamlDocument, gazetteer: Gazetteer, problems: Problems
) -> tuple[HospitalSite, ...]:
    """Return the hospitals in order of id; those whose place is unknown are left out and noted."""
    found = []
    for name, hospital in sorted(file.hospitals.items()):
        node = gazetteer.node(hospital.at, document.place("hospitals", name, "at"))
        spans = tuple(sorted(_spans(file, document, name, problems)))
        if node is not None:
            beds = float(hospital.beds) if hospital.beds is not None else inf
            takes = frozenset(hospital.suitable_for)
            detour = inf if hospital.most_detour is None else hospital.most_detour
            site = HospitalSite(name, hospital.title, node, takes, beds, hospital.turnover, spans, detour)
            found.append(site)
    return tuple(found)


def _spans(
    file: ScenarioFile, document: YamlDocument, name: str, problems: Problems
) -> Iterator[tuple[float, float]]:
    """Yield the times in which a hospital diverts, by its own entry and by injects."""
    for i, each in enumerate(file.hospitals[name].diverting):
        place = ("hospitals", name, "diverting", i)
        begins, ends = (
            otherwise
            if moment is None
            else seconds_from_start(moment, file, document.place(*place, key), problems, early=True)
            for key, moment, otherwise in (("begins", each.begins, 0.0), ("ends", each.ends, inf))
        )
        if ends <= begins:
            problems.add(document.place(*place), "it ends before it begins", "Swap or correct the moments.")
        yield begins, ends
    for i, inject in enumerate(file.injects):
        if inject.divert is not None and inject.divert.hospital == name:
            at = seconds_from_start(inject.at, file, document.place("injects", i, "at"), problems)
            yield at, at + (inject.divert.lasts or inf)


def check_hospitals(
    file: ScenarioFile, document: YamlDocument, capabilities: tuple[str, ...], problems: Problems
) -> None:
    """Note names that lead nowhere, and patients whom no hospital takes."""
    for name, kind in sorted(file.incident_types.items()):
        _check_transport(file, document, name, kind, capabilities, problems)
    for i, inject in enumerate(file.injects):
        if inject.divert is not None and inject.divert.hospital not in file.hospitals:
            hospital = inject.divert.hospital
            where = document.place("injects", i, "divert", "hospital")
            problems.add(where, f"no hospital '{hospital}'", did_you_mean(hospital, file.hospitals))


def _check_transport(
    file: ScenarioFile,
    document: YamlDocument,
    name: str,
    kind: IncidentType,
    capabilities: tuple[str, ...],
    problems: Problems,
) -> None:
    transport, path = kind.to_hospital, ("incident_types", name, "to_hospital")
    if transport is None:
        return
    for i, capability in enumerate(transport.carriers):
        if capability not in capabilities:
            where = document.place(*path, "from", i)
            fact, remedy = (
                f"no unit type has the capability '{capability}'",
                did_you_mean(capability, capabilities),
            )
            problems.add(where, fact, remedy)
    if not file.hospitals:
        problems.add(document.place(*path), "the scenario has no hospitals", "Add 'hospitals'.")
    elif not any(_takes(hospital, transport.needs) for hospital in file.hospitals.values()):
        known = {what for hospital in file.hospitals.values() for what in hospital.suitable_for}
        where = document.place(*path, "needs")
        fact = f"no hospital is suitable for '{transport.needs}'"
        problems.add(where, fact, did_you_mean(str(transport.needs), known))


def _takes(hospital: Hospital, need: str | None) -> bool:
    return need is None or not hospital.suitable_for or need in hospital.suitable_for


def unused(file: ScenarioFile) -> Iterator[str]:
    """Yield notes on hospitals to which nobody is ever taken, and on detours that nobody ever makes."""
    needs = [kind.to_hospital.needs for kind in file.incident_types.values() if kind.to_hospital is not None]
    for name, hospital in sorted(file.hospitals.items()):
        if not any(_takes(hospital, need) for need in needs):
            yield f"no incident type has patients for hospital '{name}' (see 'to_hospital')."
        if hospital.most_detour is not None and hospital.beds is None:
            yield f"hospital '{name}' is never full, since it has no 'beds': 'most_detour' means nothing."


def out_of_reach(scenario: Scenario, layout: Layout) -> Iterator[tuple[str, str]]:
    """Yield ways to and from hospitals for which a matrix of travel times has none.

    A road network is strongly connected once loaded, so that nothing can be out of reach on it.
    """
    network = scenario.network
    carrying = [number for number, kind in enumerate(scenario.kinds) if kind.type.to_hospital is not None]
    if not isinstance(network, MatrixNetwork) or not carrying:
        return
    demand, returning = scenario.demand_by_node, scenario.file.dispatching.returning
    anywhere = _places(demand.sum(axis=0) > 0, [call.node for call in scenario.authored])
    homes = np.array([site.node for site in layout.sites], dtype=np.intp)
    for hospital in scenario.hospitals:
        kinds = [k for k in carrying if hospital.takes(_need(scenario, k))]
        called = [call.node for call in scenario.authored if call.kind in kinds]
        places = _places(demand[kinds].sum(axis=0) > 0, called)
        if not len(places):
            continue
        ways = {"from": (places, network.matrix[places, hospital.node])}
        onward = np.union1d(homes, anywhere) if returning else homes
        ways["to"] = (onward, network.matrix[hospital.node, onward])
        for word, (nodes, seconds) in ways.items():
            lost = [network.node_ids[node] for node in nodes[~np.isfinite(seconds)]]
            if lost:
                shown = ", ".join(lost[:5]) + (f", … ({len(lost)} in all)" if len(lost) > 5 else "")
                fact = f"no travel time: hospital '{hospital.id}' {word} {shown}"
                yield fact, "Complete the matrix, or set 'symmetric: true' in network.yaml."


def _need(scenario: Scenario, kind: int) -> str | None:
    transport = scenario.kinds[kind].type.to_hospital
    return None if transport is None else transport.needs


def _places(called: NDArray[np.bool_], more: list[int]) -> NDArray[np.intp]:
    called[more] = True
    return np.flatnonzero(called)
