"""The scenario as the rest of the package sees it, and how it is loaded."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dispatch.errors import Problems, ScenarioError, did_you_mean
from dispatch.io.tables import read_table
from dispatch.io.yaml_source import YamlDocument, read_yaml, validate
from dispatch.model.scenario import ScenarioFile
from dispatch.roads.network import load_network
from dispatch.scenario.layout import compose_layouts
from dispatch.scenario.places import Gazetteer, assign_zones, demand_weights
from dispatch.scenario.recorded import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from dispatch.model.distributions import Distribution
    from dispatch.model.incidents import IncidentType
    from dispatch.roads.network import Network
    from dispatch.scenario.layout import Layout
    from dispatch.scenario.recorded import RecordedCalls


MOST_CALLS = 10_000_000
"""Random calls that one replication may be expected to have."""


@dataclass(frozen=True, slots=True)
class Kind:
    """An incident type with its run card as need slots."""

    id: str
    type: IncidentType
    call_processing: Distribution
    slots: tuple[int, ...]
    """The capability that each slot needs, in order of capability."""


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """Random calls of one incident type."""

    kind: int
    rate: float
    """Mean calls per second."""
    hours: tuple[float, ...]
    """168 relative rates from Monday 00:00 with mean 1; empty when the rate is constant."""
    weights: NDArray[np.float64]
    """Share of calls at each node [N]."""


@dataclass(frozen=True, slots=True, eq=False)
class Scenario:
    """What a person wrote, with its network and tables read and every reference resolved. Never mutated."""

    name: str
    file: ScenarioFile
    path: Path
    network: Network
    zones: tuple[str, ...]
    zone_of: NDArray[np.int32]
    """Zone of each node, −1 for none [N]."""
    capabilities: tuple[str, ...]
    kinds: tuple[Kind, ...]
    """Incident types in order of id."""
    streams: tuple[Stream, ...]
    recorded: RecordedCalls | None
    layouts: Mapping[str, Layout]
    orders: tuple[tuple[NDArray[np.intp], tuple[str, ...]], ...]
    """For run_card_order: nodes, and the unit ids tried there in order; nodes win over zones."""
    aid_node: int | None
    """Where mutual aid comes from."""
    notes: tuple[str, ...]
    """What a reader of results should know: dropped roads, ignored columns, approximations."""
    digest: str
    """Hash of everything that can change a result, except the seed."""

    def with_options(self, **changes: object) -> Scenario:
        """Return the scenario with top-level values such as ``seed`` replaced."""
        return replace(self, file=self.file.model_copy(update=changes))

    @property
    def demand_by_node(self) -> NDArray[np.float64]:
        """Expected calls per second (random) or calls (recorded) by kind and node [K, N]."""
        result = np.zeros((len(self.kinds), len(self.network.node_ids)))
        for stream in self.streams:
            result[stream.kind] += stream.rate * stream.weights
        if self.recorded is not None:
            np.add.at(result, (self.recorded.type, self.recorded.node), 1.0 / self.file.horizon)
        return result


def load(path: str | Path) -> Scenario:
    """Load a scenario file; raises ScenarioError or NetworkError with every problem found."""
    path = Path(path)
    problems = Problems()
    document = read_yaml(path, problems)
    file = None if document is None else validate(ScenarioFile, document, problems)
    problems.raise_if_any(ScenarioError)
    assert document is not None
    assert file is not None
    folder = _Folder(path.parent, document, problems)
    network_folder = folder.network(file.network)
    file = _with_empirical_values(file, folder, problems)
    problems.raise_if_any(ScenarioError)
    assert network_folder is not None
    network = load_network(network_folder)
    scenario = _Resolver(path, file, document, network, folder, problems).resolve()
    problems.raise_if_any(ScenarioError)
    return scenario


@dataclass(frozen=True, slots=True)
class _Folder:
    """Finds the files that a scenario cites, all of them below the folder that holds ``networks/``."""

    folder: Path
    document: YamlDocument
    problems: Problems

    @property
    def root(self) -> Path:
        """The nearest folder at or above the scenario with a ``networks`` folder, or the scenario's own."""
        here = Path(os.path.normpath(self.folder.absolute()))
        return next((up for up in (here, *here.parents) if (up / "networks").is_dir()), here)

    def file(self, cited: str, *where: str | int) -> Path | None:
        """Return the path of a cited file that exists inside the root, or note the problem."""
        path = self._inside(cited, where)
        if path is not None and not path.is_file():
            beside = [p.name for p in path.parent.glob("*")] if path.parent.is_dir() else []
            self.problems.add(
                self.document.place(*where), f"no file '{cited}'", did_you_mean(path.name, beside)
            )
            return None
        return path

    def network(self, cited: str) -> Path | None:
        """Return the folder of a network given by name or path, or note the problem."""
        path = self._inside(cited, ("network",))
        if path is None:
            return None
        named = self.root / "networks" / cited
        found = next((p for p in (path, named) if (p / "network.yaml").is_file()), None)
        if found is None:
            known = [p.parent.name for p in (self.root / "networks").glob("*/network.yaml")]
            fact = f"no network '{cited}' (a folder with network.yaml)"
            self.problems.add(self.document.place("network"), fact, did_you_mean(cited, known))
        return found

    def _inside(self, cited: str, where: tuple[str | int, ...]) -> Path | None:
        try:
            path = Path(os.path.normpath(self.folder.absolute() / cited))
            path.exists()
        except (OSError, ValueError):
            self.problems.add(self.document.place(*where), f"'{cited[:60]!r}' is not a path", "Name a file.")
            return None
        if not path.is_relative_to(self.root):
            fact = f"'{cited}' leads out of the folder '{self.root.name}'"
            self.problems.add(self.document.place(*where), fact, "Keep files beside the scenario.")
            return None
        return path


def _with_empirical_values(file: ScenarioFile, folder: _Folder, problems: Problems) -> ScenarioFile:
    """Return the file with the values of empirical distributions that are given as CSV read in."""
    if '"empirical"' not in file.model_dump_json(exclude_unset=True):
        return file

    def fill(distribution: Distribution | None, *where: str | int) -> Distribution | None:
        if distribution is None or distribution.empirical is None or distribution.empirical.file is None:
            return distribution
        empirical = distribution.empirical
        path = folder.file(str(empirical.file), *where, "empirical", "file")
        table = None if path is None else read_table(path, problems, (empirical.column,))
        if table is None:
            return distribution
        values = table.numbers(empirical.column, problems, required=True, minimum=0.0, remedy="Give seconds.")
        if not len(values):
            problems.add(f"{table.file}:1", "no values", "Give at least one row.")
        filled = empirical.model_copy(update={"values": tuple(values.tolist()), "file": None})
        return distribution.model_copy(update={"empirical": filled})

    units = {name: unit.model_copy(update={"turnout": fill(unit.turnout, "unit_types", name, "turnout")})
             for name, unit in file.unit_types.items()}  # fmt: skip
    durations = ("call_processing", "on_scene", "busy", "transport", "hand_over")
    types = {
        name: kind.model_copy(
            update={key: fill(getattr(kind, key), "incident_types", name, key) for key in durations}
        )
        for name, kind in file.incident_types.items()
    }
    everywhere = fill(file.call_processing, "call_processing")
    return file.model_copy(
        update={"unit_types": units, "incident_types": types, "call_processing": everywhere}
    )


@dataclass(slots=True)
class _Resolver:
    """Turns names into indices and notes every name that leads nowhere."""

    path: Path
    file: ScenarioFile
    document: YamlDocument
    network: Network
    folder: _Folder
    problems: Problems

    def resolve(self) -> Scenario:
        file, network = self.file, self.network
        notes = list(network.notes[len(network.meta.notes) :])  # what loading found, not what its maker says
        if network.meta.approximate:
            notes.append(f"network '{network.name}' is approximate; 'dispatch network info' says in what.")
        zones, zone_of = assign_zones(network, file.zones, self.document, self.problems)
        gazetteer = Gazetteer(network, zones, zone_of, file.snap, self.problems)
        capabilities = tuple(sorted({c for unit in file.unit_types.values() for c in unit.capabilities}))
        kinds = tuple(self._kinds(capabilities))
        layouts = compose_layouts(file, self.document, gazetteer.node, self.problems)
        recorded = self._recorded(gazetteer, capabilities, notes)
        scenario = Scenario(
            name=file.name or self.path.stem,
            file=file,
            path=self.path,
            network=network,
            zones=zones,
            zone_of=zone_of,
            capabilities=capabilities,
            kinds=kinds,
            streams=tuple(self._streams(gazetteer, kinds)),
            recorded=recorded,
            layouts=layouts,
            orders=self._orders(gazetteer, layouts),
            aid_node=self._aid_node(gazetteer),
            notes=tuple(notes),
            digest=self._digest(recorded),
        )
        self._check_size(scenario)
        if not self.problems:
            self._check_services(scenario)
        return scenario

    def _kinds(self, capabilities: tuple[str, ...]) -> Iterator[Kind]:
        for name, kind in sorted(self.file.incident_types.items()):
            for capability in kind.run_card:
                if capability not in capabilities:
                    where = self.document.place("incident_types", name, "run_card", capability)
                    fact = f"no unit type has the capability '{capability}'"
                    self.problems.add(where, fact, did_you_mean(capability, capabilities))
            processing = kind.call_processing or self.file.call_processing
            if processing is None:
                where = self.document.place("incident_types", name)
                remedy = "Give 'call_processing' here, or once for all types at the top level (0 s for none)."
                self.problems.add(where, "no call processing time", remedy)
                continue
            card = {c: n for c, n in kind.run_card.items() if c in capabilities}
            slots = sorted(capabilities.index(c) for c, n in card.items() for _ in range(n))
            yield Kind(name, kind, processing, tuple(slots))

    def _streams(self, gazetteer: Gazetteer, kinds: tuple[Kind, ...]) -> Iterator[Stream]:
        number = {kind.id: i for i, kind in enumerate(kinds)}
        for name, stream in sorted(self.file.demand.poisson.items()):
            where = self.document.place("demand", "poisson", name)
            if name not in self.file.incident_types:
                self.problems.add(
                    where, f"no incident type '{name}'", did_you_mean(name, self.file.incident_types)
                )
            hours: tuple[float, ...] = ()
            if stream.profile in self.file.profiles:
                hours = self.file.profiles[stream.profile].hours
                hours = tuple(hour * len(hours) / sum(hours) for hour in hours)
            elif stream.profile is not None:
                where = self.document.place("demand", "poisson", name, "profile")
                fact = f"no profile '{stream.profile}'"
                self.problems.add(where, fact, did_you_mean(stream.profile, self.file.profiles))
            weights = demand_weights(gazetteer, name, stream, self.document)
            if name in number:
                yield Stream(number[name], stream.rate, hours, weights)

    def _recorded(
        self, gazetteer: Gazetteer, capabilities: tuple[str, ...], notes: list[str]
    ) -> RecordedCalls | None:
        cited = self.file.demand.recorded
        path = None if cited is None else self.folder.file(cited, "demand", "recorded")
        if path is None:
            return None
        types = sorted(self.file.incident_types)
        return Reader(self.file, gazetteer, types, capabilities, self.problems, notes).read(path)

    def _orders(
        self, gazetteer: Gazetteer, layouts: Mapping[str, Layout]
    ) -> tuple[tuple[NDArray[np.intp], tuple[str, ...]], ...]:
        known = {unit for layout in layouts.values() for unit, _ in layout.units}
        orders = []
        for name, units in sorted(self.file.dispatching.orders.items()):
            where = self.document.place("dispatching", "orders", name)
            for i, unit in enumerate(units):
                if unit not in known:
                    at = self.document.place("dispatching", "orders", name, i)
                    self.problems.add(at, f"no unit '{unit}' in any layout", did_you_mean(unit, known))
                if unit in units[:i]:
                    at = self.document.place("dispatching", "orders", name, i)
                    self.problems.add(at, f"unit '{unit}' stands twice", "List each unit once.")
            orders.append((gazetteer.nodes(name, where), units))
        # a zone's order is written over by the order of a single node in it, whatever their names
        return tuple(sorted(orders, key=lambda order: -len(order[0])))

    def _aid_node(self, gazetteer: Gazetteer) -> int | None:
        aid = self.file.dispatching.mutual_aid
        if aid is None or aid.at is None:
            return None
        return gazetteer.node(aid.at, self.document.place("dispatching", "mutual_aid", "at"))

    def _digest(self, recorded: RecordedCalls | None) -> str:
        text = self.file.model_dump_json(exclude={"seed", "replications", "title", "description"})
        parts = [text, self.network.digest, recorded.digest if recorded else ""]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _check_size(self, scenario: Scenario) -> None:
        """Refuse demand that no memory would hold."""
        calls = self.file.horizon * sum(stream.rate for stream in scenario.streams)
        if calls > MOST_CALLS:
            fact = f"about {calls:,.0f} random calls in one replication, over {MOST_CALLS:,}"
            self.problems.add(
                self.document.place("demand", "poisson"), fact, "Shorten horizon or lower rates."
            )

    def _check_services(self, scenario: Scenario) -> None:
        """Refuse layouts in which a call could wait for ever: nobody able, or no way to the place."""
        from dispatch.scenario.reach import unreachable, unserved

        for layout in scenario.layouts.values():
            place = self.document.place(
                *(("layouts", layout.name) if layout.name != "baseline" else ("units",))
            )
            for fact, remedy in (*unserved(scenario, layout), *unreachable(scenario, layout)):
                self.problems.add(place, f"layout '{layout.name}': {fact}", remedy)
