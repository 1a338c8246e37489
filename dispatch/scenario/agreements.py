"""Agreements on help and the handling ladder: which stations, where, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from math import inf
from typing import TYPE_CHECKING, Any, Protocol

from dispatch.errors import did_you_mean
from dispatch.scenario.grading import scale

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.model.agreements import Agreement, HandedWhen
    from dispatch.model.scenario import ScenarioFile
    from dispatch.scenario.layout import Layout
    from dispatch.scenario.places import Gazetteer
    from dispatch.scenario.scenario import Scenario


class Named(Protocol):
    """What names stations, by id or by owner."""

    @property
    def stations(self) -> Collection[str]:
        """Ids."""

    @property
    def owners(self) -> Collection[str]:
        """Owners of all stations that are meant."""


@dataclass(frozen=True, slots=True)
class AgreementTerms:
    """An agreement with its places and its end."""

    id: str
    terms: Agreement
    places: frozenset[int] | None
    """Nodes where its units help; None for everywhere."""
    until: float
    """Seconds from the scenario's start; infinite where it does not expire."""

    @property
    def stations(self) -> Collection[str]:
        """Ids of its stations."""
        return self.terms.stations

    @property
    def owners(self) -> Collection[str]:
        """Owners of its stations."""
        return self.terms.owners

    def serves(self, node: int) -> bool:
        """Whether its units help at a node."""
        return self.places is None or node in self.places

    def most_out(self, units: int) -> int:
        """Return how many of its units may be out at once, of so many that it has."""
        share = self.terms.most
        return 0 if share == 0.0 else max(1, int(share * units + 1e-9))

    @property
    def is_sure(self) -> bool:
        """Whether its units are asked in the end, for want of others, whatever happens."""
        when = self.terms.asked_when
        asked = when.always or when.none_free is not None or when.erf_over is not None
        return asked and self.terms.most > 0.0 and self.until == inf


def units_by(named: Sequence[Named], layout: Layout) -> dict[str, int]:
    """Return under which of some agreements, or on which rung, the units of a layout stand, by number."""
    of_site = {
        site.id: number
        for site in layout.sites
        for number, one in enumerate(named)
        if site.id in one.stations or site.owner in one.owners
    }
    return {name: of_site[unit.station] for name, unit in layout.units if unit.station in of_site}


def read_agreements(
    file: ScenarioFile,
    layouts: Mapping[str, Layout],
    document: YamlDocument,
    problems: Problems,
    gazetteer: Gazetteer | None = None,
) -> tuple[AgreementTerms, ...]:
    """Return the agreements by id, noting what is wrong with them and with the ladder.

    Names of nodes and zones are looked at only where the network is known.
    """
    reader = _Reader(file, layouts, document, problems)
    reader.check()
    found = []
    for name, terms in sorted(file.agreements.items()):
        places = None
        if terms.only_at and gazetteer is not None:
            where = [(place, ("agreements", name, "only_at", i)) for i, place in enumerate(terms.only_at)]
            known = [gazetteer.nodes(place, document.place(*at)).tolist() for place, at in where]
            places = frozenset(node for nodes in known for node in nodes)
        found.append(AgreementTerms(name, terms, places, _until(terms.until, file)))
    return tuple(found)


def _until(moment: date | datetime | None, file: ScenarioFile) -> float:
    """Return when an agreement expires, in seconds from the start."""
    if moment is None:
        return inf
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(), tzinfo=file.start.tzinfo)
    return (moment - file.start).total_seconds()


@dataclass(frozen=True, slots=True)
class _Reader:
    file: ScenarioFile
    layouts: Mapping[str, Layout]
    document: YamlDocument
    problems: Problems

    def check(self) -> None:
        """Note every problem of agreements and ladder."""
        agreements: list[tuple[tuple[str | int, ...], str, Named]] = [
            (("agreements", name), f"agreement '{name}'", terms)
            for name, terms in sorted(self.file.agreements.items())
        ]
        rungs: list[tuple[tuple[str | int, ...], str, Named]] = [
            (("ladder", i), f"tier '{rung.tier}'", rung) for i, rung in enumerate(self.file.ladder)
        ]
        for group in (agreements, rungs):
            for where, _, named in group:
                self._stations(where, named)
            self._once(group)
        for name, terms in sorted(self.file.agreements.items()):
            self._level(terms.asked_when.from_level, ("agreements", name, "asked_when", "from_level"))
        self._ladder()

    def _note(self, where: Iterable[str | int], fact: str, remedy: str) -> None:
        self.problems.add(self.document.place(*where), fact, remedy)

    def _stations(self, where: tuple[str | int, ...], named: Named) -> None:
        known = {site.id for layout in self.layouts.values() for site in layout.sites}
        for i, name in enumerate(named.stations):
            if name not in known:
                fact = f"no station '{name}' in any layout"
                self._note((*where, "stations", i), fact, did_you_mean(name, known))

    def _once(self, group: Sequence[tuple[tuple[str | int, ...], str, Named]]) -> None:
        """Note stations that stand under two agreements, or on two rungs."""
        sites = {(site.id, site.owner) for layout in self.layouts.values() for site in layout.sites}
        told: set[tuple[str, str]] = set()
        for station, owner in sorted(sites):
            mine = [each for each in group if station in each[2].stations or owner in each[2].owners]
            for where, name, _ in mine[1:]:
                if (station, name) not in told:
                    told.add((station, name))
                    fact = f"station '{station}' is of {mine[0][1]} and of {name}"
                    self._note(where, fact, "Name it in one of them.")

    def _level(self, level: int | None, where: tuple[str | int, ...]) -> None:
        """Note a level that no call can have."""
        if level is None:
            return
        scales = {kind.alarm.scale for kind in self.file.incident_types.values() if kind.alarm is not None}
        if not scales:
            remedy = "Give a type 'alarm: {level: …}', or ask on another condition."
            self._note(where, "no incident type has alarm levels", remedy)
        elif level > max(scale(name).top for name in scales):
            top = max(scale(name).top for name in scales)
            self._note(where, f"no incident reaches level {level}", f"Give a level from 1 to {top}.")

    def _ladder(self) -> None:
        tiers: set[str] = set()
        for i, rung in enumerate(self.file.ladder):
            if rung.tier in tiers:
                self._note(("ladder", i, "tier"), f"tier '{rung.tier}' stands twice", "Rename one.")
            tiers.add(rung.tier)
            when: HandedWhen | None = rung.when
            # the lowest as it is written, even if that one is wrong and therefore left out here
            lowest = self.document.written(("ladder", i)) == ("ladder", 0)
            if not lowest and when is None:
                fact = f"nothing says when an incident is handed to tier '{rung.tier}'"
                self._note(("ladder", i), fact, "Give 'when: {from_level: …}' or 'when: {unmet_for: …}'.")
            if lowest and (when is not None or rung.hand_over):
                self._note(
                    ("ladder", i), "nothing is handed to the lowest tier", "Remove 'when' and 'hand_over'."
                )
            elif when is not None:
                self._level(when.from_level, ("ladder", i, "when", "from_level"))
        if self.file.ladder and self.file.dispatching.when_none_free != "queue":
            fact = f"a ladder with when_none_free: {self.file.dispatching.when_none_free}"
            remedy = "Set dispatching.when_none_free: queue, so that needs wait to be handed over."
            self._note(("ladder",), fact, remedy)


def doubtful(scenario: Scenario) -> Iterator[str]:
    """Yield notes on agreements that help nobody, and on needs for which perhaps nobody is ever asked."""
    sites = {(site.id, site.owner) for layout in scenario.layouts.values() for site in layout.sites}
    for agreement in scenario.agreements:
        if not any(name in agreement.stations or owner in agreement.owners for name, owner in sites):
            yield f"agreement '{agreement.id}' names nobody: no station has such an owner."
        if agreement.until <= 0.0:
            yield f"agreement '{agreement.id}' has expired before the start; its units are never sent."
        if agreement.terms.most == 0.0:
            yield f"agreement '{agreement.id}' lets none of its units out ('most: 0')."
        if "asked_when" in agreement.terms.model_fields_set and agreement.terms.asked_when.always:
            fact = f"agreement '{agreement.id}': 'asked_when' without a condition"
            yield f"{fact}: its units are always asked, as if they were own ones (automatic aid)."
    for station, owner in sorted(sites):
        asked = any(station in each.stations or owner in each.owners for each in scenario.agreements)
        if owner == "mutual_aid" and not asked:
            fact = f"station '{station}' is kept by mutual_aid and under no agreement"
            yield f"{fact}: its units are sent as own ones."
    if scenario.file.dispatching.when_none_free == "queue":
        for layout in scenario.layouts.values():
            yield from _unsure(scenario, layout)


def _unsure(scenario: Scenario, layout: Layout) -> Iterator[str]:
    """Yield capabilities that calls need at places where only conditional help has them."""
    under = units_by(scenario.agreements, layout)
    rungs = units_by(scenario.file.ladder, layout)
    conditional = [number for number, rung in enumerate(scenario.file.ladder) if not _handed_in_time(rung)]
    demand = scenario.demand_by_node
    for number, name in enumerate(scenario.capabilities):
        able = [
            unit for unit, written in layout.units
            if name in scenario.file.unit_types[written.type].capabilities
        ]  # fmt: skip
        if not able or not any(unit in under or rungs.get(unit) in conditional for unit in able):
            continue
        helpers = [
            scenario.agreements[under[unit]] if unit in under else None
            for unit in able
            if not any(rung <= rungs.get(unit, -1) for rung in conditional)
        ]
        called = sum((demand[k] for k, kind in enumerate(scenario.kinds) if number in kind.slots), start=0.0)
        places = [] if isinstance(called, float) else called.nonzero()[0].tolist()
        for node in places:
            if not any(one is None or (one.is_sure and one.serves(node)) for one in helpers):
                where = scenario.network.node_ids[node]
                yield (
                    f"layout '{layout.name}': for '{name}' at '{where}' there are only units that perhaps "
                    "are never asked; such calls may wait to the end."
                )
                break


def _handed_in_time(rung: Any) -> bool:
    """Whether an incident whose needs stay open is surely handed to a rung."""
    return rung.when is None or rung.when.unmet_for is not None
