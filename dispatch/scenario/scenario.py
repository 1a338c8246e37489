"""The scenario as the rest of the package sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from dispatch.model.supplies import BY_ORDER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from dispatch.model.distributions import Distribution
    from dispatch.model.incidents import IncidentType
    from dispatch.model.scenario import ScenarioFile
    from dispatch.roads.network import Network
    from dispatch.scenario.agreements import AgreementTerms
    from dispatch.scenario.alarms import AlarmBook
    from dispatch.scenario.commands import Command, WeatherTime
    from dispatch.scenario.conditions import RoadConditions
    from dispatch.scenario.hospitals import HospitalSite
    from dispatch.scenario.injects import AuthoredCall, Surge
    from dispatch.scenario.layout import Layout
    from dispatch.scenario.outages import OutageTime
    from dispatch.scenario.plans import Plans
    from dispatch.scenario.recorded import RecordedCalls
    from dispatch.scenario.supplies import SupplyBook


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
    roads: RoadConditions
    """The network as it is at any moment: speeds of the hour, closures in force."""
    zones: tuple[str, ...]
    zone_of: NDArray[np.int32]
    """Zone of each node, −1 for none [N]."""
    capabilities: tuple[str, ...]
    kinds: tuple[Kind, ...]
    """Incident types in order of id."""
    streams: tuple[Stream, ...]
    recorded: RecordedCalls | None
    layouts: Mapping[str, Layout]
    first_due: tuple[tuple[NDArray[np.intp], tuple[str, ...]], ...]
    """For run_card_order: nodes, and the unit ids tried there in order; nodes win over zones."""
    aid_node: int | None
    """Where mutual aid comes from."""
    notes: tuple[str, ...]
    """What a reader of results should know: dropped roads, ignored columns, approximations."""
    digest: str
    """Hash of everything that can change a result, except the seed."""
    authored: tuple[AuthoredCall, ...] = ()
    """Calls of injects, in the order written."""
    surges: tuple[Surge, ...] = ()
    """Surges of random demand, in the order written."""
    outages: tuple[OutageTime, ...] = ()
    """When something is out of service, in order of time."""
    weather: tuple[WeatherTime, ...] = ()
    """Weather that matters, in the order written."""
    commands: tuple[Command, ...] = ()
    """What is ordered by inject, in order of time."""
    plans: Plans | None = None
    """Who comes by plan, where there are plans."""
    alarms: AlarmBook | None = None
    """Alarm levels, where any incident type has them."""
    hospitals: tuple[HospitalSite, ...] = ()
    """Where patients are taken, in order of id."""
    agreements: tuple[AgreementTerms, ...] = ()
    """Agreements on help from others, in order of id."""
    supplies: SupplyBook | None = None
    """Items, depots and what incidents need of them, where there is anything of that."""
    ordered_from: float = inf
    """From this moment on nothing is sent but by order [s from the start]; infinite for never."""

    @property
    def supplies_ordered_from(self) -> float:
        """From when on depots send only what is ordered [s from the start]; infinite for never."""
        return 0.0 if self.file.supplying.policy == BY_ORDER else self.ordered_from

    def with_seed(self, seed: int) -> Scenario:
        """Return the scenario with other luck."""
        return replace(self, file=self.file.model_copy(update={"seed": seed}))

    @property
    def demand_by_node(self) -> NDArray[np.float64]:
        """Expected calls per second by kind and node, random and recorded; without injects [K, N]."""
        result = np.zeros((len(self.kinds), len(self.network.node_ids)))
        for stream in self.streams:
            result[stream.kind] += stream.rate * stream.weights
        if self.recorded is not None:
            np.add.at(result, (self.recorded.type, self.recorded.node), 1.0 / self.file.horizon)
        return result

    @property
    def demand_by_period(self) -> dict[int, NDArray[np.float64]]:
        """Expected calls per second over the whole time, by period of the week in which they come [K, N]."""
        if not self.roads.speeds.varies:
            return {self.roads.ordinary.period: self.demand_by_node}
        period_of = np.array(self.roads.speeds.period_of)
        result = {
            period: np.zeros((len(self.kinds), len(self.network.node_ids)))
            for period in set(period_of.tolist())
        }
        for stream in self.streams:
            hours = np.array(stream.hours) if stream.hours else np.ones(len(period_of))
            for period, demand in result.items():
                demand[stream.kind] += (
                    stream.rate * hours[period_of == period].sum() / len(hours) * stream.weights
                )
        if self.recorded is not None:
            calls = self.recorded
            for call, received in enumerate(calls.received.tolist()):
                demand = result[self.roads.at(received).period]
                demand[calls.type[call], calls.node[call]] += 1.0 / self.file.horizon
        return result
