"""The units of a layout as parallel arrays, with their travel times: fixed during a simulation."""

from __future__ import annotations

from copy import copy
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from dispatch.durations import mean
from dispatch.roads.network import RoadNetwork
from dispatch.roads.pace import AirTravel, Pace, PacedTravel
from dispatch.roads.travel import travel_for
from dispatch.roads.variants import on_foot
from dispatch.scenario.agreements import units_by
from dispatch.scenario.conditions import forget_oldest

if TYPE_CHECKING:
    from dispatch.model.resources import UnitType
    from dispatch.roads.network import Network
    from dispatch.roads.travel import Travel
    from dispatch.scenario.conditions import Conditions
    from dispatch.scenario.layout import Layout
    from dispatch.scenario.scenario import Scenario


def _in_order(scenario: Scenario, layout: Layout) -> list[tuple[str, int]]:
    """Return ids of units and their stations' indices in the order that breaks ties; see :class:`Fleet`."""
    units, site_of = dict(layout.units), layout.site_of

    def rank(item: tuple[str, int]) -> tuple[int, int, float, list[str], str, str]:
        name, site = item
        kind = scenario.file.unit_types[units[name].type]
        kin = (mean(kind.turnout), sorted(kind.capabilities), kind.turnout.model_dump_json())
        return len(kind.capabilities), layout.sites[site].node, *kin, name

    return sorted(((name, site_of[unit.station]) for name, unit in units.items()), key=rank)


Ranking = list[tuple[float, int]]
"""Units in quarters by expected seconds to a place, then index."""


class TravelKind(NamedTuple):
    """What distinguishes how units travel."""

    moves: str
    speed: float
    factor: float
    width: float


PLAIN = TravelKind("road", 0.0, 1.0, 0.0)
"""An ordinary vehicle of no particular width."""

SPEEDS = {"on_foot": 1.5, "air": 50.0}
"""Metres per second where a unit type names no speed of its own."""


def _travel_kind(kind: UnitType) -> TravelKind:
    if kind.moves == "road":
        return TravelKind("road", 0.0, kind.speed_factor, kind.width or 0.0)
    return TravelKind(kind.moves, kind.speed or SPEEDS[kind.moves], 1.0, 0.0)


class Fleet:
    """All units of a layout, with their travel times under the conditions in which the scenario starts.

    Units are numbered by (fewest capabilities, station's node, mean turnout, kind, id): nodes are in order of
    their coordinates, so that ties between equally near units are broken by what and where they are (the less
    versatile goes), and by name only between twins at one station.
    """

    def __init__(self, scenario: Scenario, layout: Layout) -> None:
        types = scenario.file.unit_types
        units = dict(layout.units)
        number = {name: i for i, name in enumerate(scenario.capabilities)}
        ordered = _in_order(scenario, layout)
        self.layout = layout
        self.ids = tuple(name for name, _ in ordered)
        self.types = tuple(units[name].type for name in self.ids)
        self.site = [site for _, site in ordered]
        """Index of each unit's station in the layout's sites."""
        self.home = [layout.sites[site].node for site in self.site]
        """Node of each unit's quarters."""
        self.capabilities = [frozenset(number[c] for c in types[kind].capabilities) for kind in self.types]
        self.turnouts = tuple(types[kind].turnout for kind in self.types)
        self.mean_turnout = [mean(turnout) for turnout in self.turnouts]
        under = units_by(scenario.agreements, layout)
        self.agreement = [under.get(name, -1) for name in self.ids]
        """Agreement that each unit has to be asked under, by number; −1 for none [U]."""
        delays = [0.0 if a.terms.delay is None else mean(a.terms.delay) for a in scenario.agreements]
        self.mean_delay = [0.0 if number < 0 else delays[number] for number in self.agreement]
        """Mean seconds from an ask until a unit's turnout begins [U]."""
        numbers = {name: unit for unit, name in enumerate(self.ids)}
        self.first_due: dict[int, tuple[int, ...]] = {}
        """For run_card_order: units in the order in which they are tried, by node."""
        for places, listed in scenario.first_due:
            tried = tuple(numbers[name] for name in listed if name in numbers)
            self.first_due.update(dict.fromkeys(places.tolist(), tried))
        self._roads, self._aid_node = scenario.roads, scenario.aid_node
        self._kinds = [_travel_kind(types[kind]) for kind in self.types]
        self._known: dict[tuple[TravelKind, str], Travel] = {}
        self._variants: dict[Conditions, Fleet] = {scenario.roads.ordinary: self}
        self._enter(scenario.roads.ordinary)

    def under(self, conditions: Conditions) -> Fleet:
        """Return the same units with their travel times under other conditions."""
        known = self._variants.get(conditions)
        if known is None:
            known = self._variants[conditions] = copy(self)
            known._enter(conditions)  # noqa: SLF001 - a copy of this very object
            forget_oldest(self._variants, self._roads.most_kept)
        return known

    def _enter(self, conditions: Conditions) -> None:
        """Work out what depends on the conditions."""
        self.conditions = conditions
        travels = {kind: self._travel(kind, conditions) for kind in {PLAIN, *self._kinds}}
        self.travel = travels[PLAIN]
        """Travel of an ordinary vehicle."""
        self.travels = [travels[kind] for kind in self._kinds]
        """Travel of each unit [U]."""
        of_units = list(zip(self._kinds, self.home, strict=True))
        bases = sorted(set(of_units))
        outbound = {(kind, node): travels[kind].outbound_row(node) for kind, node in bases}
        homebound = {(kind, node): travels[kind].homebound_row(node) for kind, node in bases}
        self.outbound = [outbound[base] for base in of_units]
        """Emergency seconds from each unit's quarters to every node [U][N]."""
        self.homebound = [homebound[base] for base in of_units]
        """Seconds from every node back to each unit's quarters [U][N]."""
        self.quarters = [travels[kind].at(node) for kind, node in of_units]
        """Each unit's position in quarters [U]."""
        self.aid_outbound = None
        if self._aid_node is not None:
            self.aid_outbound = self.travel.outbound_row(self._aid_node)
        self._rankings: dict[tuple[int, int], Ranking] = {}

    def road_travel(self, factor: float, width: float) -> Travel:
        """Return how a vehicle of some pace and width (0 for none) travels under these conditions."""
        return self._travel(TravelKind("road", 0.0, factor, width), self.conditions)

    def _travel(self, kind: TravelKind, conditions: Conditions) -> Travel:
        """Return how units of a kind travel; the same object wherever nothing differs."""
        network = self._roads.network
        if kind.moves == "road":
            network = self._roads.roads(conditions, kind.width)
        key = (kind, network.digest)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._new_travel(kind, network, keep=not conditions.closures)
            forget_oldest(self._known, self._roads.most_kept * len({PLAIN, *self._kinds}))
        return known

    def _new_travel(self, kind: TravelKind, network: Network, *, keep: bool) -> Travel:
        if kind.moves == "air":
            return AirTravel(network, kind.speed)
        sites: set[int] = set()  # whole tables only where they serve every replication: they are large
        if network is self._roads.roads(self._roads.ordinary):
            sites = {home for home, own in zip(self.home, self._kinds, strict=True) if own == kind}
            if kind == PLAIN:
                sites |= {site.node for site in self.layout.sites}
                sites |= set() if self._aid_node is None else {self._aid_node}
        if kind.moves == "on_foot":
            assert isinstance(network, RoadNetwork)
            walks = self._roads.network.once(f"on foot {kind.speed}", lambda: on_foot(network, kind.speed))
            return travel_for(walks, sorted(sites))
        ground = travel_for(network, sorted(sites), keep=keep)
        pace = Pace(kind.factor, self._roads.speeds.start_up)
        return ground if pace.plain else PacedTravel(ground, pace)

    def __len__(self) -> int:
        """Number of units."""
        return len(self.ids)

    def expected(self, unit: int, node: int) -> float:
        """Return the mean delay, turnout and travel from quarters to a node together, in seconds."""
        return self.mean_turnout[unit] + self.mean_delay[unit] + self.outbound[unit][node]

    def ranking(self, node: int, capability: int) -> Ranking:
        """Return units with a capability and a way, in the order in which they reach a node from quarters."""
        key = (node, capability)
        ranking = self._rankings.get(key)
        if ranking is None:
            able = [unit for unit, has in enumerate(self.capabilities) if capability in has]
            ranking = sorted((self.expected(unit, node), unit) for unit in able)
            ranking = self._rankings[key] = [found for found in ranking if found[0] < inf]
        return ranking
