"""Layers for geographic information systems: what the report tells, as features with styles."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.briefing.areas import zone_shapes
from dispatch.briefing.changes import changed_stations
from dispatch.briefing.colours import CATEGORIES, FIRST_DUE, NEVER, NO_RISK, RISK, SITE, STATION
from dispatch.briefing.frame import Frame
from dispatch.briefing.layers import MapLayer
from dispatch.briefing.lines import lines_of
from dispatch.briefing.mapping import first_due, zone_nodes, zone_risk, zone_title
from dispatch.briefing.styles import (
    Category,
    Class,
    Symbol,
    categorised,
    column,
    graduated,
    literal,
    single,
)
from dispatch.io.geo_files import Feature, geojson_text, write_geopackage
from dispatch.io.whole_folders import write_listed
from dispatch.roads.network import RoadNetwork
from dispatch.statics.drawing import PLANAR, jurisdictions_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from dispatch.engine.log import Log
    from dispatch.roads.network import Network
    from dispatch.scenario.scenario import Scenario
    from dispatch.statics.survey import Survey

    Floats = NDArray[np.float64]

YEAR = 365.25 * 86_400.0
WHOLE = 10**12
"""As many points as there may be: layers keep the lines as they are."""

SAME = "same"
"""What a style calls stations without a change: an empty category would take those of other layouts, too."""

LIST = "layers.csv"
"""What a folder of layers holds."""


def map_layers(
    scenario: Scenario,
    layouts: Sequence[str],
    reference: str,
    survey: Survey | None = None,
    log: Log | None = None,
    results: Mapping[str, Mapping[str, float]] | None = None,
) -> tuple[MapLayer, ...]:
    """Return the layers of some layouts; none where the network has no coordinates.

    Jurisdictions come from a survey and calls from a log, where there is one; ``results`` are columns by name
    for each zone, such as percentiles of a layout.
    """
    if scenario.network.x is None or not layouts:
        return ()
    layers = [
        _zones(scenario, results or {}),
        _jurisdictions(survey, layouts),
        _roads(scenario, layouts, reference),
        _demand(scenario),
        _incidents(log),
        _hospitals(scenario),
        _depots(scenario, layouts),
        _stations(scenario, layouts, reference),
    ]
    return tuple(layer for layer in layers if layer is not None and layer.features)


def write_gis(path: Path, layers: Sequence[MapLayer], network: Network) -> None:
    """Write layers with their styles: as a GeoPackage where the name ends in .gpkg, else into a folder.

    The folder gets a GeoJSON file and a QGIS style (QML) of the same name for each layer, and a list of them.
    """
    if path.suffix.lower() == ".gpkg":
        features = {layer.name: layer.features for layer in layers}
        styles = {layer.name: layer.style for layer in layers}
        srid = 4326 if network.geographic else PLANAR
        write_geopackage(path, features, srid=srid, styles=styles)
        return
    files: dict[str, bytes] = {}
    for layer in layers:
        files[f"{layer.name}.geojson"] = geojson_text(layer.features).encode()
        files[f"{layer.name}.qml"] = layer.style.encode()
    write_listed(path, LIST, files, {})


def _point(network: Network, node: int) -> dict[str, Any]:
    assert network.x is not None
    assert network.y is not None
    return {"type": "Point", "coordinates": [float(network.x[node]), float(network.y[node])]}


def _known(value: float) -> float | None:
    return round(float(value), 3) if isfinite(value) else None


def _roads(scenario: Scenario, layouts: Sequence[str], reference: str) -> MapLayer | None:
    network, frame = scenario.network, Frame.of(scenario.network)
    if not isinstance(network, RoadNetwork) or frame is None:
        return None
    lines = lines_of(network, frame, WHOLE)
    east, north = frame.coordinates(lines.x, lines.y)
    points = np.split(np.column_stack((east, north)), np.cumsum(lines.points)[:-1])
    by_layout = {
        name: _of_links(first_due(scenario, scenario.layouts[name]), lines.tail, lines.head)
        for name in dict.fromkeys([*layouts, reference])
    }
    columns = {f"first_due_s_{name}": by_layout[name] for name in layouts}
    with np.errstate(invalid="ignore"):  # what is never reached has no change
        columns |= {
            f"change_s_{name}": by_layout[name] - by_layout[reference]
            for name in layouts
            if name != reference
        }
    told = {name: [_known(value) for value in values.tolist()] for name, values in columns.items()}
    features = tuple(
        Feature(
            {"type": "LineString", "coordinates": points[number].tolist()},
            {
                "class": network.facility_names[network.facility[arc]],
                "length_m": _known(float(network.length_m[arc])),
                "link": network.link_ids[arc],
                **{name: values[number] for name, values in told.items()},
            },
            network.link_ids[arc],
        )
        for number, arc in enumerate(lines.arc.tolist())
    )
    return MapLayer("roads", features, _by_first_due(f"first_due_s_{layouts[-1]}"))


def _of_links(seconds: Floats, tail: NDArray[np.int64], head: NDArray[np.int64]) -> Floats:
    """Return the mean of both ends of links [L]; of one end where the other is never reached."""
    a, b = seconds[tail], seconds[head]
    return np.where(np.isinf(a), b, np.where(np.isinf(b), a, (a + b) / 2.0))


def _by_first_due(name: str) -> str:
    classes, lower, most = [], 0.0, 1e9
    for limit, colour in FIRST_DUE:
        label = f"> {lower / 60:g} min" if limit is None else f"≤ {limit / 60:g} min"
        upper = most if limit is None else float(limit)
        classes.append(Class(lower, upper, label, Symbol("line", colour, 0.5)))
        lower = upper
    classes.append(Class(most, 10.0 * most, "never", Symbol("line", NEVER, 0.5)))
    return graduated(f"coalesce({column(name)}, {5.0 * most:.0f})", classes)


def _shown(layout: str, expression: str) -> str:
    """Return an expression that is nothing for features of other layouts, so that these are not drawn."""
    return f"if({column('layout')} = {literal(layout)}, {expression}, NULL)"


def _stations(scenario: Scenario, layouts: Sequence[str], reference: str) -> MapLayer:
    features = tuple(
        Feature(
            _point(scenario.network, each.site.node),
            {
                "change": each.change,
                "grade": each.site.grade,
                "layout": name,
                "node": scenario.network.node_ids[each.site.node],
                "owner": each.site.owner,
                "station": each.site.id,
                "title": each.site.title,
                "units": ", ".join(each.units),
                "units_n": len(each.units),
            },
            f"{name}/{each.site.id}",
        )
        for name in layouts
        for each in changed_stations(scenario.layouts[name], scenario.layouts[reference])
    )
    shapes = {"": "square", "added": "star", "moved": "diamond", "changed": "pentagon", "closed": "cross2"}
    words = {"": "station", "added": "added", "moved": "moved", "changed": "other units", "closed": "closed"}
    categories = [
        Category(
            change or SAME,
            words[change],
            Symbol("marker", colour, 5.0 if change == "added" else 4.0, shapes[change]),
        )
        for change, colour in STATION.items()
    ]
    label = _shown(layouts[-1], f"if({column('title')} = '', {column('station')}, {column('title')})")
    change = f"if({column('change')} = '', {literal(SAME)}, {column('change')})"
    return MapLayer("stations", features, categorised(_shown(layouts[-1], change), categories, label))


def _zones(scenario: Scenario, results: Mapping[str, Mapping[str, float]]) -> MapLayer:
    nodes = zone_nodes(scenario)
    shapes = zone_shapes(scenario, nodes)
    per_year = scenario.demand_by_node.sum(axis=0) * YEAR
    features = tuple(
        Feature(
            shape,
            {
                "calls_per_year": _known(per_year[inside].sum()),
                "nodes": len(inside),
                "risk": zone_risk(scenario, zone),
                "title": zone_title(scenario, zone),
                "zone": zone,
                **{name: _known(value) for name, value in results.get(zone, {}).items()},
            },
            zone,
        )
        for zone, inside, shape in zip(scenario.zones, nodes, shapes, strict=True)
    )
    kind = next((shape["type"] for shape in shapes if shape is not None), "Polygon")
    with_colour = [(risk, risk, colour) for risk, colour in RISK.items()] + [("", "not graded", NO_RISK)]
    categories = [
        Category(
            risk,
            label,
            Symbol("marker", colour, 1.2)
            if kind == "MultiPoint"
            else Symbol("fill", colour, 0.4, opacity=90),
        )
        for risk, label, colour in with_colour
    ]
    return MapLayer("zones", features, categorised(column("risk"), categories, column("title")))


def _jurisdictions(survey: Survey | None, layouts: Sequence[str]) -> MapLayer | None:
    if survey is None:
        return None
    features = [
        each for each in jurisdictions_of(survey) if each.properties["layout"] in layouts and each.geometry
    ]
    shown = Category("shown", layouts[-1], Symbol("fill", "#333333", 0.5, opacity=0))
    style = categorised(_shown(layouts[-1], "'shown'"), [shown])
    return MapLayer("jurisdictions", tuple(features), style)


def _depots(scenario: Scenario, layouts: Sequence[str]) -> MapLayer:
    found: dict[tuple[str, int], list[str]] = {}
    written: dict[tuple[str, int], Any] = {}
    for name in layouts:
        for depot in scenario.layouts[name].depots:
            found.setdefault((depot.id, depot.node), []).append(name)
            written[depot.id, depot.node] = depot.written
    features = tuple(
        Feature(
            _point(scenario.network, node),
            {
                "depot": depot,
                "echelon": written[depot, node].echelon,
                "kind": written[depot, node].kind,
                "layouts": ", ".join(names),
                "title": written[depot, node].title,
            },
            depot,
        )
        for (depot, node), names in sorted(found.items())
    )
    return MapLayer(
        "depots", features, single(Symbol("marker", SITE["depot"], 4.0, "triangle"), column("title"))
    )


def _hospitals(scenario: Scenario) -> MapLayer:
    features = tuple(
        Feature(
            _point(scenario.network, each.node),
            {
                "beds": int(each.beds) if each.beds < inf else None,
                "hospital": each.id,
                "suitable_for": ", ".join(sorted(each.suitable_for)),
                "title": each.title,
            },
            each.id,
        )
        for each in scenario.hospitals
    )
    symbol = Symbol("marker", SITE["hospital"], 4.0, "cross_fill")
    return MapLayer("hospitals", features, single(symbol, column("title")))


def _incidents(log: Log | None) -> MapLayer | None:
    if log is None:
        return None
    t, i, scenario = log.timeline, log.incidents, log.scenario
    start, status = scenario.file.start, i.status().tolist()
    features = []
    for call in range(len(t)):
        kind, node, received = scenario.kinds[t.kind[call]], int(t.node[call]), float(t.received[call])
        moment = start + timedelta(seconds=round(received, 3))
        zone = int(scenario.zone_of[node])
        properties = {
            "arrived": int(i.arrived[call]),
            "closed_s": _known(i.closed[call] - received),
            "erf_s": _known(i.erf[call] - received),
            "first_s": _known(i.first_on_scene[call] - received),
            "incident": t.incident_id(call, scenario.kinds),
            "level": int(log.level[call]),
            "measured": received >= scenario.file.warm_up,
            "node": scenario.network.node_ids[node],
            "priority": int(t.priority[call]),
            "received": moment,
            "received_local": moment.replace(tzinfo=None).isoformat(" ", "seconds"),
            "status": status[call],
            "type": kind.id,
            "zone": scenario.zones[zone] if zone >= 0 else "",
        }
        features.append(Feature(_point(scenario.network, node), properties, properties["incident"]))
    categories = [
        Category(kind.id, kind.id, Symbol("marker", CATEGORIES[number % len(CATEGORIES)], 1.8))
        for number, kind in enumerate(scenario.kinds)
    ]
    return MapLayer("incidents", tuple(features), categorised(column("type"), categories))


def _demand(scenario: Scenario) -> MapLayer:
    per_year = scenario.demand_by_node.sum(axis=0) * YEAR
    network = scenario.network
    features = tuple(
        Feature(
            _point(network, node),
            {
                "calls_per_year": float(f"{per_year[node]:.6g}"),
                "name": network.names[node],
                "node": network.node_ids[node],
                "zone": scenario.zones[scenario.zone_of[node]] if scenario.zone_of[node] >= 0 else "",
            },
            network.node_ids[node],
        )
        for node in np.flatnonzero(per_year > 0.0).tolist()
    )
    limits = (0.0, 0.1, 1.0, 10.0, 100.0, 1e12)
    classes = [
        Class(lower, upper, f"> {lower:g}" if upper == limits[-1] else f"≤ {upper:g} calls a year",
              Symbol("marker", "#6b4c9a", 0.6 + 0.6 * number))
        for number, (lower, upper) in enumerate(pairwise(limits))
    ]  # fmt: skip
    return MapLayer("demand", features, graduated(column("calls_per_year"), classes))
