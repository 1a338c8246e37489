"""How a scenario file becomes a scenario: every name resolved, every problem told at once."""

from __future__ import annotations

import hashlib
import json
from copy import deepcopy
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dispatch.errors import NetworkError, Problems, ScenarioError, did_you_mean
from dispatch.io.validating import validate
from dispatch.io.yaml_source import YamlDocument, read_yaml
from dispatch.model.scenario import ScenarioFile
from dispatch.model.supplies import BY_ORDER
from dispatch.roads.network import load_network
from dispatch.scenario.agreements import doubtful, read_agreements
from dispatch.scenario.alarm_checks import check_alarms
from dispatch.scenario.alarms import levels_of
from dispatch.scenario.alternatives import known_policies, left_to_orders, with_speeds
from dispatch.scenario.commands import commands, too_early, weather_times
from dispatch.scenario.facilities import with_cited_stations
from dispatch.scenario.files import Folder, with_empirical_values
from dispatch.scenario.hospitals import check_hospitals, hospital_sites, out_of_reach, unused
from dispatch.scenario.injects import InjectReader, most_calls, with_injects
from dispatch.scenario.kinds import described_kinds
from dispatch.scenario.layout import BASELINE, compose_layouts
from dispatch.scenario.moving_up import check_moving_up
from dispatch.scenario.outages import outage_times
from dispatch.scenario.places import Gazetteer, assign_zones, demand_weights
from dispatch.scenario.plan_library import build, merged_plans
from dispatch.scenario.planned import with_planned_cards
from dispatch.scenario.plans import resolve_plans
from dispatch.scenario.quieting import quietened
from dispatch.scenario.reach import short, short_of_levels, unreachable, unserved
from dispatch.scenario.readiness import check_crews
from dispatch.scenario.recorded import Reader
from dispatch.scenario.roadworks import RoadResolver
from dispatch.scenario.scenario import Kind, Scenario, Stream
from dispatch.scenario.supply_needs import check_planned
from dispatch.scenario.supply_notes import supply_notes
from dispatch.scenario.supply_reading import supply_book
from dispatch.scenario.upgrading import upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from dispatch.roads.network import Network
    from dispatch.scenario.conditions import RoadConditions
    from dispatch.scenario.layout import Layout
    from dispatch.scenario.plan_library import Merged
    from dispatch.scenario.plans import Plans
    from dispatch.scenario.recorded import RecordedCalls

    Check = Callable[[Scenario, YamlDocument, Problems], None]


NETWORK_FILES = ("network.yaml", "node.csv", "link.csv")

MOST_CALLS = 10_000_000
"""Random calls that one replication may be expected to have."""


def load(
    path: str | Path,
    check: Check | None = None,
    *,
    speeds: str | None = None,
    more: Sequence[tuple[str, Mapping[str, Any]]] = (),
    closures: Sequence[tuple[str, str, Mapping[str, Any]]] = (),
    ordered_from: float = inf,
    quiet: bool = False,
) -> Scenario:
    """Load a scenario file; raises ScenarioError or NetworkError with every problem found.

    ``check`` may look for more problems in a scenario whose own references are resolved; ``speeds`` names
    the speed set to use instead of the file's. ``more`` are injects as they would be written, behind those of
    the file, each with the place at which its problems are told. ``closures`` are more closures in
    the same way, each with its id behind the place. From ``ordered_from`` on [s from the start] nothing is
    sent but by order, and the file's own orders (``PLAYERS``) are left out. A ``quiet`` scenario has no
    random and no recorded calls.
    """
    path = Path(path)
    problems = Problems()
    document = read_yaml(path, problems)
    notices = [] if document is None else upgrade(document, problems)
    if document is not None:
        for place, inject in more:
            document.append("injects", deepcopy(dict(inject)), place)
        for place, name, closure in closures:
            document.put("closures", name, deepcopy(dict(closure)), place)
    file, cut = (None, set[str]()) if document is None else _validated(document, problems)
    if document is None or file is None:
        raise ScenarioError(problems.found)
    shape = len(problems.found)
    folder = Folder(path.parent, document, problems)
    network = _network(file, folder, problems)
    file = with_empirical_values(file, folder, problems)
    if speeds is not None:
        file = with_speeds(file, speeds)
    if ordered_from < inf:
        file = left_to_orders(file, document, ordered_from)
    file, merged = merged_plans(file, folder)
    cited = with_cited_stations(file, folder, network, problems)
    scenario = None
    if cited is not None:
        resolver = Resolver(path, cited.file, document, folder, problems, merged)
        scenario = None if network is None else resolver.resolve(network)
        if scenario is None:
            resolver.check_names()
        else:
            notes = (*notices, *cited.notes, *scenario.notes)
            scenario = replace(scenario, notes=notes, ordered_from=ordered_from)
    if scenario is not None and check is not None:
        check(scenario, document, problems)
    # names of parts that were cut out above are missing by our own doing, and stations without a place
    ours = [f" '{name}'" for name in cut]
    ours += [] if scenario is None else [f"no station '{name}'" for name in _unplaced(scenario)]
    later = [p for p in problems.found[shape:] if not any(words in p.fact for words in ours)]
    problems.found[shape:] = [p for p in later if p.place not in document.stand_ins]
    if network is None and all(p.place.startswith(NETWORK_FILES) for p in problems.found):
        problems.raise_if_any(NetworkError)
    problems.raise_if_any(ScenarioError)
    assert scenario is not None
    return quietened(scenario) if quiet else scenario


def _validated(document: YamlDocument, problems: Problems) -> tuple[ScenarioFile | None, set[str]]:
    """Validate a scenario; with a horizon of a day where its own is wrong, the rest can still be checked."""
    return validate(ScenarioFile, document, problems, {"horizon": 86400.0})


def _unplaced(scenario: Scenario) -> set[str]:
    """Return the stations that no layout has because their place is wrong."""
    written = {*scenario.file.stations, *(s for v in scenario.file.layouts.values() for s in v.add_stations)}
    return written - {site.id for layout in scenario.layouts.values() for site in layout.sites}


def _network(file: ScenarioFile, folder: Folder, problems: Problems) -> Network | None:
    """Return the network that a scenario cites, or note why there is none."""
    found = folder.network(file.network)
    try:
        return None if found is None else load_network(found)
    except NetworkError as error:
        problems.found += error.problems
        return None


@dataclass(slots=True)
class Resolver:
    """Turns names into indices and notes every name that leads nowhere."""

    path: Path
    file: ScenarioFile
    document: YamlDocument
    folder: Folder
    problems: Problems
    merged: Merged | None
    """What the scenario's plans say, with where it is written."""

    def check_names(self) -> None:
        """Note names that lead nowhere, as far as that can be told without the network."""
        tuple(self._kinds(self._capabilities()))
        if self.merged is not None:
            build(self.merged, self.problems, zones=None)
        layouts = compose_layouts(self.file, self.document, lambda _place, _where: 0, self.problems)
        self._check_streams()
        self._check_first_due(layouts)
        self._check_window()
        check_crews(self.file, layouts, self.document, self.problems)
        InjectReader(self.file, self.document, self.problems, self._capabilities()).check()
        check_alarms(self.file, self.document, self.problems)
        read_agreements(self.file, layouts, self.document, self.problems)
        check_hospitals(self.file, self.document, self._capabilities(), self.problems)
        check_moving_up(self.file, layouts, self._capabilities(), self.document, self.problems)
        check_planned(
            supply_book(self.file, layouts, self.document, self.problems), self.merged, self.problems
        )

    def resolve(self, network: Network) -> Scenario:
        """Return the scenario; it may be used only if no problem was noted."""
        file = self.file
        notes = list(network.notes[len(network.meta.notes) :])  # what loading found, not what its maker says
        if network.meta.approximate:
            notes.append(f"network '{network.name}' is approximate; 'dispatch network info' says in what.")
        zones, zone_of = assign_zones(network, file.zones, self.document, self.problems)
        gazetteer = Gazetteer(network, zones, zone_of, file.snap, self.problems)
        capabilities = self._capabilities()
        kinds = tuple(self._kinds(capabilities))
        layouts = compose_layouts(file, self.document, gazetteer.node, self.problems)
        plans = self._plans(gazetteer, capabilities)
        recorded = self._recorded(gazetteer, capabilities, plans, notes)
        roads = RoadResolver(file, self.document, self.folder, gazetteer, self.problems, notes).resolve()
        scenario = Scenario(
            name=file.name or self.path.stem,
            file=file,
            path=self.path,
            network=network,
            roads=roads,
            zones=zones,
            zone_of=zone_of,
            capabilities=capabilities,
            kinds=kinds,
            streams=tuple(self._streams(gazetteer, kinds)),
            recorded=recorded,
            layouts=layouts,
            first_due=self._first_due(gazetteer),
            aid_node=self._aid_node(gazetteer),
            notes=tuple(notes),
            digest=self._digest(network, roads, recorded),
            plans=plans,
        )
        self._check_streams()
        self._check_first_due(layouts)
        self._check_window()
        check_crews(self.file, layouts, self.document, self.problems)
        scenario = with_injects(scenario, self.document, gazetteer, self.problems)
        check_alarms(file, self.document, self.problems, gazetteer)
        check_hospitals(file, self.document, capabilities, self.problems)
        check_moving_up(file, layouts, capabilities, self.document, self.problems)
        scenario = replace(
            scenario,
            outages=outage_times(file, layouts, gazetteer, self.document, self.problems),
            weather=weather_times(scenario),
            hospitals=hospital_sites(file, self.document, gazetteer, self.problems),
            agreements=read_agreements(file, layouts, self.document, self.problems, gazetteer),
            supplies=supply_book(file, layouts, self.document, self.problems, gazetteer),
        )
        scenario = replace(scenario, commands=commands(scenario, self.document, gazetteer, self.problems))
        check_planned(scenario.supplies, self.merged, self.problems)
        scenario = with_planned_cards(scenario, self.document, self.problems)
        self._check_size(scenario)
        if self.problems:
            return scenario
        scenario = replace(scenario, alarms=levels_of(scenario))
        self._check_services(scenario)
        found = [note for layout in layouts.values() for note in short(scenario, layout)]
        found += [*short_of_levels(scenario), *unused(file), *doubtful(scenario), *too_early(scenario)]
        found += supply_notes(scenario)
        return replace(scenario, notes=(*scenario.notes, *found))

    def _capabilities(self) -> tuple[str, ...]:
        return tuple(sorted({c for unit in self.file.unit_types.values() for c in unit.capabilities}))

    def _check_window(self) -> None:
        """Note a warm-up that leaves nothing, and a layout that takes the name of the baseline."""
        file = self.file
        if file.warm_up >= file.horizon:
            fact = f"warm_up ({file.warm_up:g} s) is not below horizon ({file.horizon:g} s)"
            self.problems.add(self.document.place("warm_up"), fact, "Shorten it.")
        if BASELINE in file.layouts:
            fact = "a layout cannot be called 'baseline'"
            remedy = "The scenario's own stations and units are the baseline."
            self.problems.add(self.document.place("layouts", BASELINE), fact, remedy)
        policies, policy = known_policies(), file.dispatching.policy
        if policy not in policies:
            where = self.document.place("dispatching", "policy")
            self.problems.add(where, f"no policy '{policy}'", did_you_mean(policy, policies))
        if policy == BY_ORDER and file.dispatching.when_none_free != "queue":
            where = self.document.place("dispatching", "when_none_free")
            fact = f"with 'policy: {BY_ORDER}' units wait for orders, so that no need could wait for its unit"
            self.problems.add(where, fact, "Write 'when_none_free: queue', or leave it out.")

    def _kinds(self, capabilities: tuple[str, ...]) -> Iterator[Kind]:
        for parts in described_kinds(self.file, self.document, capabilities, self.problems):
            yield Kind(*parts)

    def _plans(self, gazetteer: Gazetteer, capabilities: tuple[str, ...]) -> Plans | None:
        if self.merged is None:
            return None
        return resolve_plans(self.file, self.merged, gazetteer, capabilities, self.document, self.problems)

    def _check_streams(self) -> None:
        """Note incident types and profiles of the demand that do not exist."""
        for name, stream in sorted(self.file.demand.poisson.items()):
            if name not in self.file.incident_types:
                where = self.document.place("demand", "poisson", name)
                remedy = did_you_mean(name, self.file.incident_types)
                self.problems.add(where, f"no incident type '{name}'", remedy)
            if stream.profile is not None and stream.profile not in self.file.profiles:
                where = self.document.place("demand", "poisson", name, "profile")
                remedy = did_you_mean(stream.profile, self.file.profiles)
                self.problems.add(where, f"no profile '{stream.profile}'", remedy)

    def _streams(self, gazetteer: Gazetteer, kinds: tuple[Kind, ...]) -> Iterator[Stream]:
        number = {kind.id: i for i, kind in enumerate(kinds)}
        for name, stream in sorted(self.file.demand.poisson.items()):
            profile = self.file.profiles.get(stream.profile or "")
            hours = profile.hours if profile is not None else ()
            total = sum(hours)
            weights = demand_weights(gazetteer, name, stream, self.document)
            if name in number:
                relative = tuple(hour * len(hours) / total for hour in hours)
                yield Stream(number[name], stream.rate, relative, weights)

    def _recorded(
        self, gazetteer: Gazetteer, capabilities: tuple[str, ...], plans: Plans | None, notes: list[str]
    ) -> RecordedCalls | None:
        cited = self.file.demand.recorded
        path = None if cited is None else self.folder.file(cited, "demand", "recorded")
        if path is None:
            return None
        types = sorted(self.file.incident_types)
        planned = None if plans is None else plans.first_slots
        return Reader(self.file, gazetteer, types, capabilities, self.problems, notes, planned).read(path)

    def _check_first_due(self, layouts: Mapping[str, Layout]) -> None:
        """Note units in first-due lists that no layout has, or that stand twice."""
        known = {unit for layout in layouts.values() for unit, _ in layout.units}
        for name, units in sorted(self.file.dispatching.first_due.items()):
            for i, unit in enumerate(units):
                at = self.document.place("dispatching", "first_due", name, i)
                if unit not in known:
                    self.problems.add(at, f"no unit '{unit}' in any layout", did_you_mean(unit, known))
                if unit in units[:i]:
                    self.problems.add(at, f"unit '{unit}' stands twice", "List each unit once.")

    def _first_due(self, gazetteer: Gazetteer) -> tuple[tuple[NDArray[np.intp], tuple[str, ...]], ...]:
        lists: list[tuple[bool, NDArray[np.intp], tuple[str, ...]]] = []
        for name, units in sorted(self.file.dispatching.first_due.items()):
            where = self.document.place("dispatching", "first_due", name)
            lists.append((gazetteer.is_zone(name), gazetteer.nodes(name, where), units))
        # the list of a node is written over that of its zone, whatever their names
        lists.sort(key=lambda entry: not entry[0])
        return tuple((nodes, units) for _, nodes, units in lists)

    def _aid_node(self, gazetteer: Gazetteer) -> int | None:
        aid = self.file.dispatching.mutual_aid
        if aid is None or aid.at is None:
            return None
        return gazetteer.node(aid.at, self.document.place("dispatching", "mutual_aid", "at"))

    def _digest(self, network: Network, roads: RoadConditions, recorded: RecordedCalls | None) -> str:
        written = self.file.model_dump(mode="json", exclude={"seed", "replications", "title", "description"})
        text = json.dumps(written, sort_keys=True)
        parts = [text, network.digest, roads.speeds.digest, recorded.digest if recorded else ""]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _check_size(self, scenario: Scenario) -> None:
        """Refuse demand that no memory would hold."""
        calls = most_calls(scenario)
        if calls > MOST_CALLS:
            fact = f"about {calls:,.0f} random calls in one replication, over {MOST_CALLS:,}"
            self.problems.add(
                self.document.place("demand", "poisson"), fact, "Shorten horizon or lower rates and surges."
            )

    def _check_services(self, scenario: Scenario) -> None:
        """Refuse layouts in which a call could wait for ever: nobody able, or no way to the place."""
        for layout in scenario.layouts.values():
            place = self.document.place(
                *(("layouts", layout.name) if layout.name != "baseline" else ("units",))
            )
            for fact, remedy in (
                *unserved(scenario, layout),
                *unreachable(scenario, layout),
                *out_of_reach(scenario, layout),
            ):
                self.problems.add(place, f"layout '{layout.name}': {fact}", remedy)
