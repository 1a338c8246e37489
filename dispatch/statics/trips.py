"""Units that set out from their quarters, and how much of each road they reach in a given time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dispatch.roads.network import RoadNetwork
from dispatch.roads.pace import AirTravel, PacedTravel
from dispatch.statics.links import links_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from dispatch.roads.travel import Travel
    from dispatch.statics.links import Links

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trip:
    """Travel from a node with some seconds to spend on the way; none are left where they are below zero."""

    travel: Travel
    node: int
    seconds: float


def reached(network: RoadNetwork, trips: Iterable[Trip]) -> tuple[Floats, Floats]:
    """Return the shares [L] of each link reached from its tail and from its head, together at most 1.

    Slower vehicles, standing starts and walkers count with their own times along every link, closed links for
    those who may use them. What flies is taken to follow the roads from the nodes at its own speed.
    """
    links = links_of(network)
    ahead, behind = np.zeros(len(links.arc)), np.zeros(len(links.arc))
    number = np.zeros(int(network.link.max(initial=0)) + 1, dtype=np.int64)
    number[network.link[links.arc]] = np.arange(len(links.arc))
    for travel, slack in _slack(trips):
        own = _own_links(network, travel)
        if own is None:
            continue
        at = number[own.network.link[own.arc]]
        from_tail, from_head = own.reached(-slack, 0.0)
        turned = own.tail != links.tail[at]
        ahead[at] = np.maximum(ahead[at], np.where(turned, from_head, from_tail))
        behind[at] = np.maximum(behind[at], np.where(turned, from_tail, from_head))
    return ahead, np.minimum(behind, 1.0 - ahead)


def _slack(trips: Iterable[Trip]) -> list[tuple[Travel, Floats]]:
    """Return each way of travelling with the driving seconds left at every node [N], below zero for late."""
    best: dict[int, tuple[Travel, Floats]] = {}
    for trip in trips:
        left = driving(trip.travel, trip.seconds) - trip.travel.ground.outbound(trip.node)
        known = best.get(id(trip.travel))
        best[id(trip.travel)] = (trip.travel, left if known is None else np.maximum(known[1], left))
    return list(best.values())


def driving(travel: Travel, seconds: float) -> float:
    """Return how long a trip of some seconds in all would take by the roads' own speeds."""
    if not isinstance(travel, PacedTravel) or seconds < 0.0:
        return seconds
    return travel.pace.driving(seconds)


def _own_links(network: RoadNetwork, travel: Travel) -> Links | None:
    """Return the links as a way of travelling knows them; None where it knows no roads."""
    if isinstance(travel, AirTravel):
        links = links_of(network, network.length_m / travel.speed)
        return replace(links, back=np.minimum(links.back, links.there))
    own = getattr(travel.ground, "network", None)
    return links_of(own) if isinstance(own, RoadNetwork) else None
