"""What the map of a report shows, but for what happens on it: roads, zones, stations, first-due times."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from dispatch.briefing.changes import changed_stations
from dispatch.briefing.frame import Frame, differences
from dispatch.briefing.lines import lines_of
from dispatch.roads.network import RoadNetwork
from dispatch.statics.reach import reach_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from dispatch.briefing.lines import Lines
    from dispatch.briefing.payload import LayoutOnMap, MapPayload, Node, Playback, Roads, SampledCalls, Site
    from dispatch.briefing.payload import Zone as ZoneOnMap
    from dispatch.roads.network import Network
    from dispatch.scenario.layout import Layout
    from dispatch.scenario.scenario import Scenario

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

MOST_NAMED = 3000
"""Named places that the map knows; of more, none: such names are of a data set rather than of places."""


def map_payload(
    scenario: Scenario,
    layouts: Sequence[str],
    reference: str,
    *,
    calls: SampledCalls | None = None,
    playbacks: Sequence[Playback] = (),
) -> MapPayload | None:
    """Return what the viewer draws of some layouts; None where the network has no coordinates."""
    network = scenario.network
    frame = Frame.of(network)
    if frame is None or network.x is None or network.y is None:
        return None
    x, y = frame.steps(network.x, network.y)
    lines = lines_of(network, frame) if isinstance(network, RoadNetwork) else None
    base = scenario.layouts[reference]
    return {
        "geographic": network.geographic,
        "origin": frame.origin,
        "scale": frame.scale,
        "box": _box(x, y, lines),
        "roads": None if lines is None else _roads(network, lines),
        "node_dx": differences(x),
        "node_dy": differences(y),
        "zone_of": scenario.zone_of.tolist(),
        "zones": _zones(scenario, x, y),
        "named": _named(network, x, y),
        "reference": reference,
        "layouts": [_layout(scenario, scenario.layouts[name], base, x, y) for name in layouts],
        "sites": [*_depots(scenario, layouts, x, y), *_hospitals(scenario, layouts, x, y)],
        "calls": calls,
        "playbacks": list(playbacks),
        "sources": _sources(network, lines),
    }


def first_due(scenario: Scenario, layout: Layout) -> Floats:
    """Return the seconds of travel of a layout's first unit, from quarters, to each node [N].

    Roads are as at the scenario's start, without closures; infinite where nobody can come.
    """
    reach = reach_of(scenario, layout)
    return reach.first(reach.able(None), "travel")


def zone_title(scenario: Scenario, zone: str) -> str:
    """Return the name of a zone for people: its title, or its id where it has none."""
    written = scenario.file.zones.get(zone)
    return (written.title if written is not None else "") or zone


def type_title(scenario: Scenario, kind: str) -> str:
    """Return the name of an incident type for people: its title, or its id where it has none."""
    written = scenario.file.incident_types.get(kind)
    return (written.title if written is not None else "") or kind


def zone_risk(scenario: Scenario, zone: str) -> str:
    """Return the risk colour of a zone, empty where it has none."""
    written = scenario.file.zones.get(zone)
    return "" if written is None or written.risk is None else written.risk


def _box(x: Ints, y: Ints, lines: Lines | None) -> tuple[int, int, int, int]:
    if lines is not None and len(lines.x):
        x, y = np.concatenate((x, lines.x)), np.concatenate((y, lines.y))
    return int(x.min()), int(y.min()), int(x.max()), int(y.max())


def _roads(network: Network, lines: Lines) -> Roads:
    assert isinstance(network, RoadNetwork)
    facility = network.facility[lines.arc]
    used = sorted({network.facility_names[i] for i in np.unique(facility).tolist()})
    place = {name: number for number, name in enumerate(used)}
    number = np.array([place.get(name, -1) for name in network.facility_names], dtype=np.int64)
    return {
        "classes": used,
        "class_of": number[facility].tolist() if len(facility) else [],
        "points": lines.points.tolist(),
        "dx": differences(lines.x),
        "dy": differences(lines.y),
        "tail": lines.tail.tolist(),
        "head": lines.head.tolist(),
    }


def _zones(scenario: Scenario, x: Ints, y: Ints) -> list[ZoneOnMap]:
    return [
        {"name": zone_title(scenario, zone), "risk": zone_risk(scenario, zone), "at": _middle(x, y, nodes)}
        for zone, nodes in zip(scenario.zones, zone_nodes(scenario), strict=True)
    ]


def zone_nodes(scenario: Scenario) -> list[NDArray[np.intp]]:
    """Return the nodes of each zone, in their order."""
    order = np.argsort(scenario.zone_of, kind="stable")
    edges = np.searchsorted(scenario.zone_of[order], np.arange(len(scenario.zones) + 1))
    return [order[begin:end] for begin, end in pairwise(edges)]


def _middle(x: Ints, y: Ints, nodes: NDArray[np.intp]) -> tuple[int, int]:
    """Return the place of the node that is nearest to the middle of some; of all where there are none."""
    if not len(nodes):
        nodes = np.arange(len(x))
    across, up = np.median(x[nodes]), np.median(y[nodes])
    nearest = nodes[int(np.argmin(np.hypot(x[nodes] - across, y[nodes] - up)))]
    return int(x[nearest]), int(y[nearest])


def _named(network: Network, x: Ints, y: Ints) -> list[Node]:
    named = [(node, name) for node, name in enumerate(network.names) if name]
    if len(named) > MOST_NAMED:
        return []
    return [{"title": name, "at": (int(x[node]), int(y[node]))} for node, name in named]


def _layout(scenario: Scenario, layout: Layout, reference: Layout, x: Ints, y: Ints) -> LayoutOnMap:
    seconds = first_due(scenario, layout)
    reached = np.isfinite(seconds)
    whole = np.where(reached, np.rint(np.where(reached, seconds, 0.0)), -1.0).astype(np.int64)
    return {
        "id": layout.name,
        "title": layout.title or layout.name,
        "stations": [
            {
                "id": each.site.id,
                "title": each.site.title or each.site.id,
                "at": (int(x[each.site.node]), int(y[each.site.node])),
                "units": list(each.units),
                "change": each.change,
            }
            for each in changed_stations(layout, reference)
        ],
        "first_due": whole.tolist(),
    }


def _depots(scenario: Scenario, layouts: Sequence[str], x: Ints, y: Ints) -> Iterator[Site]:
    """Yield every depot at each place that it has in a layout, with the layouts in which it is there."""
    found: dict[tuple[str, int, str], list[str]] = {}
    for name in layouts:
        for depot in scenario.layouts[name].depots:
            title = depot.written.title or depot.id
            found.setdefault((depot.id, depot.node, title), []).append(name)
    for (depot_id, node, title), names in sorted(found.items()):
        at = (int(x[node]), int(y[node]))
        yield {"id": depot_id, "title": title, "at": at, "kind": "depot", "layouts": names}


def _hospitals(scenario: Scenario, layouts: Sequence[str], x: Ints, y: Ints) -> Iterator[Site]:
    for hospital in scenario.hospitals:
        at = (int(x[hospital.node]), int(y[hospital.node]))
        title = hospital.title or hospital.id
        yield {"id": hospital.id, "title": title, "at": at, "kind": "hospital", "layouts": list(layouts)}


def _sources(network: Network, lines: Lines | None) -> list[str]:
    """Return where the geography comes from, and what of it is approximate."""
    meta = network.meta
    told = [meta.source, meta.licence]
    if meta.approximate:
        told.append("Approximate geography: places or lengths were set by hand rather than surveyed.")
    told += meta.notes
    if lines is not None and lines.near:
        told.append(f"Roads are drawn more plainly than they are, by up to {lines.near:g} m.")
    return list(dict.fromkeys(text for text in told if text))
