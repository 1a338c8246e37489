"""Coverage: the share of demand, people and roads that a layout reaches within given times, all units in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dispatch.engine.board import MARGIN
from dispatch.roads.network import RoadNetwork
from dispatch.statics.isochrone import POPULATION, share
from dispatch.statics.links import links_of, road_metres
from dispatch.statics.reach import Tables, first_of
from dispatch.statics.trips import Trip, reached

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from dispatch.roads.network import Network
    from dispatch.statics.reach import Clock, Reach

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Within:
    """What is reached within one limit; NaN where there is nothing to share."""

    seconds: float
    demand: float
    population: float
    road_km: float
    roads: float


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """The coverage of one layout.

    ``least``, ``mean``, ``p90`` and ``most`` are seconds to demand, each call weighing alike; the 90th
    percentile is the least time within which 90 % of the demand is reached. NaN without demand.
    """

    layout: str
    clock: Clock
    arrival: Floats
    """When the nearest station is at each node [N]."""
    limits: tuple[Within, ...]
    links: tuple[Floats, ...]
    """Share of each link reached within each limit [L]; empty without roads."""
    least: float
    mean: float
    p90: float
    most: float


def coverage(reach: Reach, limits: Sequence[float], clock: Clock, capability: str | None = None) -> Coverage:
    """Return the share of demand, people and road kilometres within each limit [s] of the nearest station.

    For demand, a station counts that has a unit with a capability on the run card of the call's type; for
    people and roads, one that has any unit. With ``capability`` it is a unit with that one throughout.
    """
    named = None if capability is None else (capability,)
    arrival = reach.first(reach.able(named), clock)
    weights, seconds = demand_times(reach, clock, named)
    network = reach.network
    all_km = road_km(reach.scenario.network)
    people = network.columns.get(POPULATION)
    rows: list[Within] = []
    shares: list[Floats | None] = []
    for limit in sorted(set(limits)):
        shares.append(_links_reached(reach, named, clock, limit))
        km = math.nan if shares[-1] is None else _km(network, shares[-1])
        rows.append(
            Within(
                seconds=limit,
                demand=share_within(weights, seconds, limit),
                population=share(people, arrival <= limit + MARGIN),
                road_km=km,
                roads=km / all_km,
            )
        )
    least, mean, p90, most = statistics(weights, seconds)
    links = tuple(share for share in shares if share is not None)
    return Coverage(reach.layout.name, clock, arrival, tuple(rows), links, least, mean, p90, most)


def _links_reached(
    reach: Reach, capabilities: Collection[str] | None, clock: Clock, limit: float
) -> Floats | None:
    """Return the share of each link within a limit of the nearest able unit [L]; None without roads."""
    fleet, network = reach.fleet, reach.network
    if not isinstance(network, RoadNetwork):
        return None
    trips: dict[tuple[int, int], Trip] = {}
    for unit in reach.able(capabilities):
        left = limit - (fleet.mean_turnout[unit] if clock == "response" else 0.0)
        key = (id(fleet.travels[unit]), fleet.home[unit])
        if key not in trips or trips[key].seconds < left:
            trips[key] = Trip(fleet.travels[unit], fleet.home[unit], left)
    return np.asarray(np.add(*reached(network, trips.values())))


def _km(network: Network, shares: Floats) -> float:
    assert isinstance(network, RoadNetwork)
    return float((shares * links_of(network).metres).sum()) / 1000


def road_km(network: Network) -> float:
    """Return the kilometres of all roads, a two-way link once; NaN without roads."""
    return links_of(network).km if isinstance(network, RoadNetwork) else math.nan


def demand_times(reach: Reach, clock: Clock, capabilities: Collection[str] | None) -> tuple[Floats, Floats]:
    """Return demand and seconds to it [M], for every period of the week, type of incident and node.

    ``capabilities`` take the place of those on the run cards.
    """
    scenario = reach.scenario
    weights, seconds = [np.empty(0)], [np.empty(0)]
    for by_kind, fleet in reach.hours:
        known: dict[tuple[str, ...], Floats] = {}
        tables = Tables(fleet)
        for kind, demand in zip(scenario.kinds, by_kind, strict=True):
            asked = capabilities
            if asked is None:
                asked = [scenario.capabilities[slot] for slot in sorted(set(kind.slots))]
            key = tuple(asked)
            if key not in known:
                known[key] = first_of(tables, reach.able(key), clock, by_kind.shape[1])
            places = np.flatnonzero(demand > 0.0)
            weights.append(demand[places])
            seconds.append(known[key][places])
    return np.concatenate(weights), np.concatenate(seconds)


def share_within(weights: Floats, seconds: Floats, limit: float) -> float:
    """Return the share of weights [M] that are reached within a limit; NaN without any."""
    return share(weights, seconds <= limit + MARGIN)


def statistics(weights: Floats, seconds: Floats) -> tuple[float, float, float, float]:
    """Return least, mean, 90th percentile and most of weighted seconds [M]; NaN without any weight."""
    if not len(weights):
        return (math.nan,) * 4
    order = np.argsort(seconds, kind="stable")
    weights, seconds = weights[order], seconds[order]
    total = np.cumsum(weights)
    at = min(int(np.searchsorted(total, 0.9 * total[-1] * (1.0 - 1e-12))), len(seconds) - 1)
    return (
        float(seconds[0]),
        float(np.average(seconds, weights=weights)),
        float(seconds[at]),
        float(seconds[-1]),
    )


def share_within_metres(reach: Reach, metres: float, of: str, capabilities: Collection[str] | None) -> float:
    """Return the share of roads, demand or people within a distance by road of a station with an able unit.

    ``of`` is ``roads``, ``demand`` or ``population``. NaN where there is nothing to share, or no road.
    """
    network = reach.network
    if not isinstance(network, RoadNetwork):
        return math.nan
    homes = np.array(sorted({reach.fleet.home[unit] for unit in reach.able(capabilities)}), dtype=np.int64)
    distance = road_metres(network, homes)
    if of == "roads":
        links = links_of(network, network.length_m)
        return links.km_reached(distance, metres) / road_km(reach.scenario.network)
    near = distance <= metres + MARGIN
    return share(
        reach.scenario.demand_by_node.sum(axis=0) if of == "demand" else network.columns.get(POPULATION), near
    )
