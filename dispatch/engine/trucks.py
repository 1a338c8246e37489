"""Trucks of depots in a simulation: where they are, what they load, drive and unload."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from dispatch.engine.rulebook import NEVER
from dispatch.engine.supply_log import Drive, Trip
from dispatch.engine.supply_view import Carrier
from dispatch.roads.network import RoadNetwork
from dispatch.roads.travel import RoadTravel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dispatch.engine.operations import Operations
    from dispatch.engine.supply_view import Shipment
    from dispatch.roads.travel import Position, Travel
    from dispatch.scenario.supplies import DepotSite, Source, TruckKind

MODE = "normal"
"""How trucks drive: without siren."""


@dataclass(slots=True, eq=False)
class Haul:
    """A trip under way."""

    number: int
    """In order of commitment."""
    truck: int
    shipment: Shipment
    incident: int
    node: int
    """Of the incident."""
    committed: float
    litres: float
    """What it loads, by volume."""
    loading: float = NEVER
    loaded: float = NEVER
    delivered: float = NEVER
    returned: float = NEVER
    metres: float = 0.0
    stopped: bool = False
    """Whether it stands before closed roads, so that nobody knows whether it will get there."""
    left_over: dict[int, int] = field(default_factory=dict)
    """What was no longer needed, by item: it goes back to the depot."""


class _Drive(NamedTuple):
    """A truck on the road."""

    travel: Travel
    origin: Position
    target: int
    left: float
    arrives: float
    """Infinite while no way leads there: it stands at its origin."""
    then: Callable[[], None]
    counted: bool = False
    """Whether its kilometres have been counted: not before a way leads there."""


@dataclass(slots=True, eq=False)
class _Truck:
    """A truck and what it does."""

    number: int
    id: str
    kind: TruckKind
    depot: int
    home: int
    node: int
    """Where it stands, or is bound for."""
    haul: Haul | None = None
    """What it is on; None for a truck that is free, or on its way home."""
    last: Haul | None = None
    drive: _Drive | None = None
    free_at: float = 0.0
    """When it will be free, as far as is known; infinite while it stands before a closed road."""

    @property
    def to_return(self) -> Haul | None:
        """The trip that it has ended and not come home from yet."""
        return self.last if self.last is not None and self.last.returned != self.last.returned else None


def trucks_of(sites: Sequence[DepotSite]) -> list[tuple[str, TruckKind, int]]:
    """Return id, kind and depot of all trucks of depots, in the order of their numbers."""
    return [
        (f"{site.id}/{kind.id}-{n + 1}", kind, depot)
        for depot, site in enumerate(sites)
        for kind in site.trucks
        for n in range(kind.number)
    ]


class Trucks:
    """All trucks of a layout's depots."""

    def __init__(
        self,
        ops: Operations,
        sites: tuple[DepotSite, ...],
        sources: tuple[Source, ...],
        unloaded: Callable[[Haul], None],
        home: Callable[[Haul], None],
        stopped: Callable[[Haul], None],
    ) -> None:
        self._ops, self._sites, self._sources = ops, sites, sources
        self._unloaded, self._home, self._stopped = unloaded, home, stopped
        self._trucks = [
            _Truck(number, name, kind, depot, sites[depot].node, sites[depot].node)
            for number, (name, kind, depot) in enumerate(trucks_of(sites))
        ]
        self._hauls: list[Haul] = []
        self.drives: list[Drive] = []
        """All drives so far, in order of time."""

    def __len__(self) -> int:
        """Number of trucks."""
        return len(self._trucks)

    def node_of(self, place: int) -> int:
        """Return the node of a depot or a source."""
        return self._sites[place].node if place >= 0 else self._sources[-1 - place].node

    def carriers(self) -> list[Carrier]:
        """Return all trucks that are free, or will be at a moment that is known.

        One that has something to bring home is not free before it is there.
        """
        return [
            Carrier(number, truck.kind, truck.depot, truck.node, truck.free_at)
            for number, truck in enumerate(self._trucks)
            if truck.free_at < inf and not (self.is_free(number) and self._carries_back(truck))
        ]

    def is_free(self, truck: int) -> bool:
        """Whether a truck can set out now."""
        return self._trucks[truck].haul is None and self._trucks[truck].drive is None

    def name(self, truck: int) -> str:
        """Return the id of a truck."""
        return self._trucks[truck].id

    def kind(self, truck: int) -> TruckKind:
        """Return what kind of truck it is."""
        return self._trucks[truck].kind

    def depot(self, truck: int) -> int:
        """Return the depot that a truck belongs to."""
        return self._trucks[truck].depot

    def travel(self, kind: TruckKind) -> Travel:
        """Return how trucks of a kind travel on the roads as they are now."""
        return self._ops.fleet.road_travel(kind.speed_factor, kind.width)

    def seconds(self, kind: TruckKind, origin: int, target: int) -> float:
        """Return seconds from node to node on the roads as they are now; infinite for no way."""
        travel = self.travel(kind)
        return travel.seconds(travel.at(origin), target, MODE)

    def load_seconds(self, place: int, litres: float) -> float:
        """Return how long loading takes at a depot, or filling at a source."""
        return self._sites[place].load_out if place >= 0 else litres / self._sources[-1 - place].flow

    def lead(self, carrier: Carrier, place: int, node: int, litres: float) -> float:
        """Return seconds from setting out for a place until unloaded at a node."""
        at = self.node_of(place)
        driven = self.seconds(carrier.kind, carrier.node, at) + self.seconds(carrier.kind, at, node)
        return driven + self.load_seconds(place, litres) + carrier.kind.unload

    def commit(self, shipment: Shipment, incident: int, node: int, litres: float) -> Haul:
        """Let a truck that is free set out for its load."""
        truck, now = self._trucks[shipment.truck], self._ops.board.now
        haul = truck.haul = Haul(len(self._hauls), shipment.truck, shipment, incident, node, now, litres)
        self._hauls.append(haul)
        self._drive(truck, self.node_of(shipment.place), partial(self._load, truck, haul))
        return haul

    def _load(self, truck: _Truck, haul: Haul) -> None:
        now, place = self._ops.board.now, haul.shipment.place
        haul.loading, haul.loaded = now, now + self.load_seconds(place, haul.litres)
        truck.free_at = self._expected(truck, haul.loaded, truck.node)
        if place >= 0 and truck.to_return is not None:
            truck.to_return.returned = now  # it came home to load again
        self._ops.at(haul.loaded, partial(self._drive, truck, haul.node, partial(self._arrive, truck, haul)))

    def _arrive(self, truck: _Truck, haul: Haul) -> None:
        truck.free_at = haul.delivered = self._ops.board.now + truck.kind.unload
        self._ops.at(haul.delivered, partial(self._unload, truck, haul))

    def _unload(self, truck: _Truck, haul: Haul) -> None:
        truck.haul, truck.last, truck.free_at = None, haul, self._ops.board.now
        self._unloaded(haul)

    def _carries_back(self, truck: _Truck) -> bool:
        """Whether a truck has something on it that belongs into its depot."""
        return truck.last is not None and bool(truck.last.left_over)

    def send_home(self) -> None:
        """Let all trucks drive home that are free elsewhere."""
        for number, truck in enumerate(self._trucks):
            if self.is_free(number) and (truck.node != truck.home or truck.to_return is not None):
                self._drive(truck, truck.home, partial(self._come_home, truck))

    def _come_home(self, truck: _Truck) -> None:
        truck.free_at = self._ops.board.now
        haul = truck.to_return
        if haul is not None:
            haul.returned = self._ops.board.now
            self._home(haul)

    def _drive(self, truck: _Truck, target: int, then: Callable[[], None]) -> None:
        """Let a truck drive to a node and do something there; at once where it is there already."""
        travel, origin = self.travel(truck.kind), truck.node
        truck.node = target
        if origin == target:
            then()
            return
        self._set_out(truck, _Drive(travel, travel.at(origin), target, self._ops.board.now, inf, then))

    def _set_out(self, truck: _Truck, planned: _Drive) -> None:
        """Let a truck drive as planned if a way leads there, or stand where it is."""
        travel, origin, target = planned.travel, planned.origin, planned.target
        arrives = self._ops.board.now + travel.seconds(origin, target, MODE)
        counted = planned.counted
        if arrives < inf and not counted:
            self._count(truck, origin, target, travel)
            counted = True
        drive = truck.drive = planned._replace(arrives=arrives, counted=counted)
        conditions = self._ops.fleet.conditions
        self.drives.append(Drive(truck.number, drive.left, origin, target, conditions))
        if truck.haul is not None and truck.haul.stopped != (arrives == inf):
            truck.haul.stopped = arrives == inf
            self._stopped(truck.haul)
        truck.free_at = self._expected(truck, arrives, target)
        if arrives < inf:
            self._ops.at(arrives, partial(self._end_drive, truck, drive))

    def _end_drive(self, truck: _Truck, drive: _Drive) -> None:
        if truck.drive is drive:  # or else it has planned again
            truck.drive = None
            drive.then()

    def _count(self, truck: _Truck, origin: Position, target: int, travel: Travel) -> None:
        """Add the metres of a drive from a node to the trip that it is for."""
        haul = truck.haul or truck.last
        if haul is not None:
            haul.metres += metres(travel, origin[0], target)

    def roads_changed(self) -> None:
        """Plan all drives anew whose way has changed, from where the trucks are."""
        for truck in self._trucks:
            if truck.drive is not None:
                self._look_again(truck, truck.drive)

    def _look_again(self, truck: _Truck, old: _Drive) -> None:
        travel, now, position = self.travel(truck.kind), self._ops.board.now, old.origin
        if travel.network.digest == old.travel.network.digest:
            return
        if old.arrives < inf:
            position = old.travel.along(old.origin, old.target, MODE, now - old.left)
            drive = (position, old.target, MODE)
            later = now + travel.seconds(*drive) >= old.arrives
            if later and travel.may_stay(old.travel, *drive):
                return
            if not old.travel.paced and old.travel.ground.seconds(*drive) == travel.ground.seconds(*drive):
                return
        self._set_out(truck, old._replace(travel=travel, origin=position, left=now))

    def _expected(self, truck: _Truck, moment: float, node: int) -> float:
        """Return when a truck will be free that is at a node at a moment, and loads there if it has to."""
        haul = truck.haul
        if haul is None or moment == inf:
            return moment
        if haul.loading != haul.loading:
            moment += self.load_seconds(haul.shipment.place, haul.litres)
        return moment + self.seconds(truck.kind, node, haul.node) + truck.kind.unload

    def trips(self) -> tuple[Trip, ...]:
        """Return all trips, in the order in which they were committed."""
        return tuple(
            Trip(
                self.name(haul.truck),
                self.depot(haul.truck),
                haul.shipment.place,
                haul.incident,
                haul.shipment.loads,
                haul.committed,
                haul.loading,
                haul.loaded,
                haul.delivered,
                haul.returned,
                haul.metres,
            )
            for haul in self._hauls
        )


def metres(travel: Travel, origin: int, target: int) -> float:
    """Return the length of the way between two nodes; NaN on a network of times only, or without a way."""
    ground, network = travel.ground, travel.network
    if origin == target:
        return 0.0
    if not isinstance(network, RoadNetwork) or not isinstance(ground, RoadTravel):
        return NEVER
    if ground.seconds(ground.at(origin), target, MODE) == inf:
        return NEVER
    nodes = ground.way(ground.at(origin), target, MODE)
    arcs = [network.fastest(tail, head, MODE) for tail, head in pairwise([origin, *nodes]) if tail != head]
    return float(sum(network.length_m[arc] for arc in arcs if arc is not None))
