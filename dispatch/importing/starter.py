"""A first scenario for a network that was just imported: stations found there, assumptions to replace."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from dispatch.importing.draft import plain, quoted
from dispatch.io.features import representative_point, station_ids, title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dispatch.io.geo_files import Feature

    Nodes: TypeAlias = tuple[Sequence[float], ...]

KIND = "fire_station"
FIRES, OTHERS = 0.5, 2.0
"""Assumed calls a day for each station found."""

FAR = 900.0
"""Metres to the nearest node beyond which a station is no example: scenarios leave it out a little later."""

CHINA = ((73.0, 135.0), (18.0, 54.0))
"""Longitudes and latitudes within which the time of China is assumed."""

_LISTED = 40

_TEXT = """\
# A first scenario on an imported network. What is marked ASSUMED is a guess that lets you start: replace it.
# Change first:
#   1. demand: your own number of calls a day, or the list of recorded calls;
#   2. {source}: how many units of which type stand at each station;
#   3. layouts: the plans you want to compare.
# Then: dispatch validate THIS-FILE, dispatch compare THIS-FILE
schema_version: 2
title: {title}
description: |
  {described} Calls, times and crews are ASSUMED, and speeds are those of the network.
  Not a statement about the service of this place until these have been replaced.

network: {network}
start: 2024-01-01T00:00:00{zone}   # {zone_said}
horizon: 30 d
seed: 1
replications: 20

# ASSUMED: one kind of engine that can do everything. Half of the crews leave within 60 s, nine in ten within
# 90 s.
unit_types:
  engine: {{capabilities: [engine], crew: 4, turnout: {{lognormal: {{median: 60 s, p90: 90 s}}}}}}

{stations}
# ASSUMED: from picking up the telephone to the alert.
call_processing: {{lognormal: {{median: 60 s, p90: 90 s}}}}

# ASSUMED: two kinds of incidents, times on scene and engines needed.
incident_types:
  fire:
    priority: 1
    run_card: {{engine: {engines}}}
    on_scene: {{lognormal: {{median: 40 min, p90: 100 min}}}}
  other:
    priority: 2
    run_card: {{engine: 1}}
    on_scene: {{lognormal: {{median: 25 min, p90: 60 min}}}}

# ASSUMED: {fires:g} fires and {others:g} other calls a day for each station, as many by night as by day,
# where the roads are: `road_km` is a column of the network's node table. Population, or a list of recorded
# calls, is better.
demand:
  poisson:
    fire: {{rate: {fire_rate:g}/d, spread: road_km}}
    other: {{rate: {other_rate:g}/d, spread: road_km}}

{layouts}
measures: [total.first.mean, total.first.p90, response.first.within_480s, workload.max, reliability.first_due]
"""

_FOUND = """\
# Every fire station found, with one engine each (ASSUMED). Units are called <station>-engine-1, and so on.
# Stations farther than `snap` (1000 m) from every road are left out, with a note.
{listed}
stations_from:
  - kind: {kind}
    units: {{engine: 1}}
"""

_MADE_UP = """\
# The imported file has no fire station near these roads. ASSUMED: one in the middle of them. Write your own,
# longitude first.
stations:
  station-1: {{at: [{x:.6f}, {y:.6f}]}}
units:
  engine-1: {{type: engine, station: station-1}}
"""

_LAYOUTS = """\
# Plans to compare with what is there, the layout 'baseline'. The first is an example; the second shows how to
# add a station: take the marks away and put it where you would build it, longitude first. What stands there
# now is the crossing farthest from all stations in a straight line, which is rarely a good place.
layouts:
  one-less:
    title: {title}
    close_stations: [{closed}]
  # one-more:
  #   add_stations: {{new: {{at: [{x:.6f}, {y:.6f}]}}}}
  #   add_units: {{new-engine-1: {{type: engine, station: new}}}}
"""


def starter_scenario(
    network: str,
    title: str,
    facilities: Sequence[Feature],
    nodes: Nodes,
) -> str:
    """Return the YAML text of a first scenario on a network.

    ``network`` is how the scenario cites the network, ``facilities`` is what stands in its
    ``facilities.geojson``. ``nodes`` are longitudes and latitudes of the network's nodes [N], or x and y in
    metres: by them the layout that is written as an example keeps off stations far from every road, and a
    network without fire stations gets a made-up one.
    """
    stations = _standing(facilities, nodes)
    zone, zone_said = _time_zone(nodes)
    described, block, layouts = _found(stations, nodes) if stations else _made_up(nodes)
    count = max(len(stations), 1)
    return _TEXT.format(
        title=quoted(title or network),
        network=quoted(network),
        zone=zone,
        zone_said=zone_said,
        source="stations_from" if stations else "stations",
        described=described,
        stations=block,
        engines=2 if count > 2 else 1,
        fires=FIRES,
        others=OTHERS,
        fire_rate=FIRES * count,
        other_rate=OTHERS * count,
        layouts=layouts,
    )


def has_made_up_station(facilities: Sequence[Feature], nodes: Nodes) -> bool:
    """Return whether the first scenario makes up a station, because none of those found would stand."""
    return not _standing(facilities, nodes)


def _standing(facilities: Sequence[Feature], nodes: Nodes) -> list[Feature]:
    """Return the fire stations; none where all are far from every road."""
    stations = [feature for feature in facilities if feature.properties.get("kind") == KIND]
    return stations if _near(_points(stations), nodes) else []


def _time_zone(nodes: Nodes) -> tuple[str, str]:
    """Return an offset from UTC for the middle of the nodes, such as +08:00, and what to say of it."""
    if not _in_degrees(nodes):
        return "+00:00", "give your own time zone, such as +08:00"
    east, north = (float(np.median(values)) for values in nodes)
    (west, right), (south, top) = CHINA
    if west <= east <= right and south <= north <= top:
        return "+08:00", "ASSUMED: the time of China; give your own"
    hours = round(east / 15)
    return f"{hours:+03d}:00", "ASSUMED: roughly the time at this longitude; give your own"


def _found(stations: Sequence[Feature], nodes: Nodes) -> tuple[str, str, str]:
    """Return what the description, the stations and the layouts say where there are stations."""
    described = "Stations as the imported file has them, one engine each."
    return described, _FOUND.format(listed=_listed(stations), kind=KIND), _layouts(stations, nodes)


def _made_up(nodes: Nodes) -> tuple[str, str, str]:
    """Return what the description, the stations and the layouts say where there are none."""
    x, y = _node_at(nodes, 0.5)
    described = "One made-up station: the imported file has none near these roads."
    return described, _MADE_UP.format(x=x, y=y), _one_more(nodes, [(x, y)])


def _node_at(nodes: Nodes, share: float) -> tuple[float, float]:
    """Return the node nearest to the point that has this share of all nodes west and south of it."""
    x, y = nodes
    at = [(float(np.quantile(x, share)), float(np.quantile(y, share)))]
    index, _ = _nearest(nodes, at, degrees=_in_degrees(nodes))
    return float(x[index[0]]), float(y[index[0]])


def _in_degrees(nodes: Nodes) -> bool:
    """Return whether nodes are longitudes and latitudes; beyond degrees, they are metres."""
    return all(max(map(abs, values)) <= limit for values, limit in zip(nodes, (180, 90), strict=True))


def _nearest(
    among: Nodes, points: Sequence[tuple[float, float]], *, degrees: bool
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return which of some places is nearest to each point as index [k], and how far it is in metres [k]."""
    from dispatch.roads.geometry import nearest, search_tree

    x, y = (np.asarray(values, dtype=np.float64) for values in among)
    at_x, at_y = np.array(points, dtype=np.float64).T
    return nearest(search_tree(x, y, geographic=degrees), at_x, at_y, geographic=degrees)


def _one_more(nodes: Nodes, stations: Sequence[tuple[float, float]]) -> str:
    """Return a layout as an example: a second station, south-west or north-east, away from the first."""
    x, y = _farthest(stations, [_node_at(nodes, 0.25), _node_at(nodes, 0.75)], degrees=_in_degrees(nodes))
    return (
        "# Plans to compare with the layout 'baseline'. This one is an example.\n"
        "layouts:\n"
        "  one-more:\n"
        "    title: A second station\n"
        f"    add_stations: {{station-2: {{at: [{x:.6f}, {y:.6f}]}}}}\n"
        "    add_units: {engine-2: {type: engine, station: station-2}}\n"
    )


def _listed(stations: Sequence[Feature]) -> str:
    """Return ids and names of the stations as comments."""
    pairs = sorted(zip(station_ids(stations), map(title, stations), strict=True))
    lines = [f"#   {name}  {plain(text)}".rstrip() for name, text in pairs[:_LISTED]]
    more = [f"#   … and {len(pairs) - _LISTED} more"] if len(pairs) > _LISTED else []
    return "\n".join([*lines, *more])


def _layouts(stations: Sequence[Feature], nodes: Nodes) -> str:
    """Return a layout as an example: one station closed, where more than one will stand."""
    points = _points(stations)
    names = _near(points, nodes)
    near = [points[name] for name in names]
    if len(names) < 2:
        return _one_more(nodes, near)
    known = dict(zip(station_ids(stations), map(title, stations), strict=True))
    x, y = _farthest(near, list(zip(*nodes, strict=True)), degrees=_in_degrees(nodes))
    return _LAYOUTS.format(
        title=quoted(f"Without {known[names[0]] or names[0]}"), closed=quoted(names[0]), x=x, y=y
    )


def _farthest(
    points: Sequence[tuple[float, float]], places: Sequence[tuple[float, float]], *, degrees: bool
) -> tuple[float, float]:
    """Return the place that is farthest, in a straight line, from the nearest of some points."""
    _, metres = _nearest(tuple(zip(*points, strict=True)), places, degrees=degrees)
    return places[int(np.argmax(np.round(metres, 1)))]  # of equal ones the first, whatever the last digits


def _points(stations: Sequence[Feature]) -> dict[str, tuple[float, float]]:
    """Return the point of each station that has one, in order of their ids."""
    named = sorted(zip(station_ids(stations), stations, strict=True), key=lambda pair: pair[0])
    points = ((name, f.geometry and representative_point(f.geometry)) for name, f in named)
    return {name: point for name, point in points if point}


def _near(points: dict[str, tuple[float, float]], nodes: Nodes) -> list[str]:
    """Return the stations, in order, that are near a node."""
    if not points:
        return []
    _, metres = _nearest(nodes, list(points.values()), degrees=_in_degrees(nodes))
    return [name for name, off in zip(points, metres.tolist(), strict=True) if off <= FAR]
