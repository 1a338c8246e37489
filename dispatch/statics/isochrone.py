"""Isochrones: which roads, how much ground and how many people are reached within given times."""

from __future__ import annotations

import math
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.engine.board import MARGIN
from dispatch.errors import UsageError, did_you_mean
from dispatch.roads.network import RoadNetwork
from dispatch.roads.travel import travel_for
from dispatch.statics.ground import area_km2, around, ground_of, link_lines
from dispatch.statics.links import cut, links_of
from dispatch.statics.trips import Trip, reached

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from dispatch.roads.network import Network
    from dispatch.roads.travel import Travel
    from dispatch.scenario.layout import Site
    from dispatch.scenario.scenario import Scenario
    from dispatch.statics.ground import Ground

    Floats = NDArray[np.float64]

SNAP = 1000.0
"""Farthest that coordinates may lie from the nearest node of a bare network, in metres."""

POPULATION = "population"
"""The node column that counts people."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where travel starts: what was asked for and the node it stands for."""

    asked: str
    """Id of the station, or the node or coordinates as written."""
    node: int
    title: str = ""
    off_m: float = 0.0
    """Metres between given coordinates and the node."""


@dataclass(frozen=True, slots=True, eq=False)
class Ring:
    """What is reached within one limit; shares are NaN where there is nothing to share."""

    seconds: float
    nodes: int
    road_km: float
    road_share: float
    area_km2: float
    population: float
    """People at the nodes reached; NaN where the network does not know."""
    population_share: float
    demand_share: float
    """Share of the expected calls at the nodes reached; NaN without a scenario."""
    drawn: Any
    """The ground reached as a shape on the plane of :class:`~dispatch.statics.ground.Ground`."""


@dataclass(frozen=True, slots=True, eq=False)
class Isochrone:
    """Rings around places, the smallest limit first; each ring holds those before it."""

    network: RoadNetwork
    starts: tuple[Start, ...]
    width_m: float
    ground: Ground
    rings: tuple[Ring, ...]


def isochrone(
    network: Network,
    starts: Sequence[Start],
    limits: Sequence[float],
    *,
    width_m: float = 100.0,
    demand: Floats | None = None,
    travel: Travel | None = None,
    of_km: float | None = None,
) -> Isochrone:
    """Return what is reached from the nearest of some places within each limit [s] of emergency travel.

    ``demand`` is the expected demand of each node [N]; ``travel`` the way of travelling, by the network's own
    seconds if left out; ``of_km`` the length of all roads, if some are closed. Roads reached in part count in
    part. The ground is all within ``width_m`` metres of the roads reached.
    """
    if not isinstance(network, RoadNetwork):
        message = f"'{network.name}' is a matrix of travel times, which has no roads to draw."
        raise UsageError(message, hint="'dispatch network coverage' tells what is reached by place.")
    nodes = sorted({start.node for start in starts})
    by = travel_for(network, nodes) if travel is None else travel
    arrival = np.min([by.outbound(node) for node in nodes], axis=0)
    links, ground = links_of(network), ground_of(network)
    lines = link_lines(links, ground)
    people = network.columns.get(POPULATION)
    rings: list[Ring] = []
    for limit in sorted(set(limits)):
        inside = arrival <= limit + MARGIN
        ahead, behind = reached(network, [Trip(by, node, limit) for node in nodes])
        drawn = _widened(cut(lines, ahead, behind), ground, network, nodes, width_m, rings)
        km = float(((ahead + behind) * links.metres).sum()) / 1000
        rings.append(
            Ring(
                seconds=limit,
                nodes=int(inside.sum()),
                road_km=km,
                road_share=km / (links.km if of_km is None else of_km),
                area_km2=area_km2(drawn),
                population=math.nan if people is None else float(np.nansum(people[inside])),
                population_share=share(people, inside),
                demand_share=share(demand, inside),
                drawn=drawn,
            )
        )
    return Isochrone(network, tuple(starts), width_m, ground, tuple(rings))


def _widened(
    lines: list[Any],
    ground: Ground,
    network: RoadNetwork,
    nodes: list[int],
    width_m: float,
    inner: list[Ring],
) -> Any:
    """Return the ground around roads and starting places, and all of the ring before."""
    import shapely

    east, north = ground.plane(network.x[nodes], network.y[nodes])
    parts = [around(lines, width_m), *shapely.buffer(shapely.points(east, north), width_m)]
    if inner:
        parts.append(inner[-1].drawn)  # round ends are drawn with corners, which might stand out by a hair
    return shapely.union_all(parts)


def share(weights: Floats | None, chosen: NDArray[np.bool_]) -> float:
    """Return the share of non-negative weights [N] at the chosen nodes; NaN where there are none."""
    if weights is None:
        return math.nan
    known = np.nan_to_num(np.maximum(weights, 0.0))
    total = float(known.sum())
    return float(known[chosen].sum()) / total if total > 0.0 else math.nan


def find_start(network: Network, asked: str, snap: float = SNAP) -> Start:
    """Return the place that a node id or ``x,y`` stands for; raises UsageError where there is none."""
    node = network.index.get(asked)
    if node is not None:
        return Start(asked, node, network.names[node])
    point = _point(asked)
    if point is None:
        known = network.node_ids if len(network.node_ids) <= 5000 else ()
        message = f"--station {asked}: no node of network '{network.name}'."
        raise UsageError(message, hint=did_you_mean(asked, known) or 'Give a node id, or "lon,lat".')
    if network.x is None:
        message = f"--station {asked}: network '{network.name}' has no coordinates."
        raise UsageError(message, hint="Give a node id.")
    if network.geographic and not (abs(point[0]) <= 180 and abs(point[1]) <= 90):
        message = f"--station {asked}: not a longitude and a latitude."
        raise UsageError(message, hint="Give degrees, longitude first.")
    found, metres = network.nearest([point[0]], [point[1]])
    if metres[0] > snap:
        message = f"--station {asked}: lies {metres[0]:,.0f} m off the network '{network.name}'."
        raise UsageError(message, hint=f"Longitude comes first; at most {snap:g} m are bridged.")
    return Start(asked, int(found[0]), network.names[int(found[0])], float(metres[0]))


def _point(text: str) -> tuple[float, float] | None:
    """Return the two numbers of ``x,y``, also with the comma of a Chinese keyboard."""
    parts = text.replace("，", ",").split(",")
    try:
        x, y = (float(part) for part in parts)
    except ValueError:
        return None
    return (x, y) if math.isfinite(x) and math.isfinite(y) else None


def find_station(scenario: Scenario, layout: str, asked: str) -> Start:
    """Return a station of the layout, else of any layout, by id; else a node or coordinates; else by title.

    Raises UsageError where nothing is called so, or where several stations bear the title.
    """
    network = scenario.network
    known: dict[str, Site] = {}  # the layout's own come first
    for candidate in (scenario.layouts[layout], *scenario.layouts.values()):
        for site in candidate.sites:
            known.setdefault(site.id, site)
    found = known.get(asked)
    if found is None and (asked in network.index or _point(asked) is not None):
        return find_start(network, asked, scenario.file.snap)
    if found is None:
        found = _titled(scenario.layouts[layout].sites, asked) or _titled(known.values(), asked)
    if found is None:
        message = f"--station {asked}: no station of any layout, and no node of '{network.name}'."
        raise UsageError(message, hint=_meant(asked, known))
    return Start(found.id, found.node, found.title)


def _titled(sites: Iterable[Site], title: str) -> Site | None:
    """Return the station that bears a title, None where none does; raises UsageError where several do."""
    found = [site for site in sites if site.title and site.title == title.strip()]
    if len(found) > 1:
        message = f"--station {title}: {len(found)} stations have this title."
        raise UsageError(message, hint=f"Name one by its id: {', '.join(sorted(s.id for s in found))}.")
    return found[0] if found else None


def _meant(asked: str, known: Mapping[str, Site]) -> str:
    """Return the station that was probably meant by its id or title, or those that there are."""
    labels = {name: f"{name} ({site.title})" if site.title else name for name, site in known.items()}
    words = {site.title: name for name, site in known.items() if site.title} | {name: name for name in known}
    close = get_close_matches(asked, sorted(words), n=1)
    if close:
        name = words[close[0]]
        return f"Did you mean '{name}'{labels[name].removeprefix(name)}?"
    return did_you_mean("", labels.values())
