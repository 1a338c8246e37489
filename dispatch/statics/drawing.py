"""Isochrones and surveys as layers of features for maps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.engine.board import MARGIN
from dispatch.errors import UsageError
from dispatch.io.geo_files import Feature, geojson_text, write_geopackage
from dispatch.io.whole_files import write_text_whole
from dispatch.roads.network import RoadNetwork
from dispatch.statics.ground import ground_of, link_lines, need_shapely
from dispatch.statics.links import links_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from dispatch.roads.network import Network
    from dispatch.statics.isochrone import Isochrone
    from dispatch.statics.survey import Survey, Surveyed

    Layers = dict[str, list[Feature]]

ENDINGS = (".geojson", ".gpkg")
"""File names by which a format is chosen."""

PLANAR = -1
"""What a GeoPackage calls planar coordinates of no known system."""


def check_ending(path: Path) -> None:
    """Raise UsageError for a file whose name does not say GeoJSON or GeoPackage."""
    if path.suffix.lower() not in ENDINGS:
        message = f"{path}: neither GeoJSON nor GeoPackage by its name."
        raise UsageError(message, hint="Let the name end in .geojson or .gpkg.")


def write_layers(
    path: Path, layers: Mapping[str, Sequence[Feature]], network: Network, *, at: str = "", speeds: str = ""
) -> None:
    """Write layers as a GeoPackage, or as one GeoJSON collection whose features name their ``layer``.

    Features bear the properties ``at``, the date and time for which they hold, where one is given, and
    ``speeds``, the speed set. In GeoJSON their ids begin with the layer, for a station and its land may have
    one id.
    """
    check_ending(path)
    when = {name: text for name, text in (("at", at), ("speeds", speeds)) if text}
    if path.suffix.lower() == ".gpkg":
        dated = {
            name: [Feature(f.geometry, {**f.properties, **when}, f.id) for f in features]
            for name, features in layers.items()
        }
        write_geopackage(path, dated, srid=4326 if network.geographic else PLANAR)
        return
    named = [
        Feature(f.geometry, {"layer": name, **f.properties, **when}, f"{name}/{f.id}")
        for name, features in layers.items()
        for f in features
    ]
    write_text_whole(path, geojson_text(named))


def isochrone_layers(found: Isochrone) -> Layers:
    """Return the rings, the widest first so that maps draw the others over it, and the starting places."""
    names = [start.asked for start in found.starts]
    rings = [
        Feature(
            found.ground.geojson(ring.drawn),
            {
                "area_km2": _round(ring.area_km2),
                "demand_share": _round(ring.demand_share),
                "minutes": ring.seconds / 60,
                "nodes": ring.nodes,
                "population": _round(ring.population),
                "population_share": _round(ring.population_share),
                "road_km": _round(ring.road_km),
                "road_share": _round(ring.road_share),
                "seconds": ring.seconds,
                "stations": ", ".join(names),
                "width_m": found.width_m,
            },
            f"within-{ring.seconds:g}s",
        )
        for ring in reversed(found.rings)
    ]
    network = found.network
    starts = [
        Feature(
            _point(network, start.node),
            {"node": network.node_ids[start.node], "station": start.asked, "title": start.title},
            start.asked,
        )
        for start in found.starts
    ]
    return {"isochrones": rings, "stations": starts}


def survey_layers(found: Survey) -> Layers:
    """Return jurisdictions, links, nodes and stations of all layouts, each with its layout's name."""
    layers: Layers = {"jurisdictions": [], "links": [], "nodes": [], "stations": []}
    network = found.network
    if network.x is None:
        message = f"the network '{network.name}' has no coordinates, so there is nothing to draw."
        raise UsageError(message, hint="Add x_coord and y_coord to node.csv.")
    lines = _line_geometries(network) if isinstance(network, RoadNetwork) else []
    for name, surveyed in found.layouts.items():
        layers["jurisdictions"] += _jurisdictions(name, surveyed)
        if isinstance(network, RoadNetwork):
            layers["links"] += _links(name, surveyed, network, lines)
        layers["nodes"] += _nodes(name, surveyed, network)
        layers["stations"] += _stations(found, name)
    return {name: features for name, features in layers.items() if features}


def jurisdictions_of(found: Survey) -> Iterator[Feature]:
    """Yield the jurisdictions of all layouts, each with its layout's name; none where none were drawn."""
    for name, surveyed in found.layouts.items():
        yield from _jurisdictions(name, surveyed)


def _round(number: float) -> float | None:
    return round(number, 6) if math.isfinite(number) else None


def _point(network: Network, node: int) -> dict[str, Any] | None:
    if network.x is None or network.y is None:
        return None
    return {"type": "Point", "coordinates": [float(network.x[node]), float(network.y[node])]}


def _jurisdictions(layout: str, surveyed: Surveyed) -> Iterator[Feature]:
    division, judgement = surveyed.division, surveyed.judgement
    if division is None:
        return
    for number, found in enumerate(division.jurisdictions):
        properties: dict[str, Any] = {
            "across_km2": _round(found.across_km2),
            "area_km2": _round(found.area_km2),
            "barrier": found.barrier,
            "demand_share": _round(found.demand),
            "edge_s": _round(found.edge_s),
            "layout": layout,
            "nodes": found.nodes,
            "population_share": _round(found.population),
            "station": found.site.id,
            "title": found.site.title,
        }
        if judgement is not None:
            verdict = judgement.stations[number]
            properties |= {
                "area_ok": verdict.area,
                "edge_ok": verdict.edge,
                "grade": verdict.grade,
                "limit_km2": _round(verdict.limit_km2),
                "undivided_ok": verdict.undivided,
            }
        yield Feature(division.ground.geojson(found.drawn), properties, f"{layout}/{found.site.id}")


def _line_geometries(network: RoadNetwork) -> list[dict[str, Any] | None]:
    """Return each link as a GeoJSON geometry [L]."""
    need_shapely()
    ground = ground_of(network)
    return ground.geojsons(link_lines(links_of(network), ground))


def _links(
    layout: str, surveyed: Surveyed, network: RoadNetwork, lines: list[dict[str, Any] | None]
) -> Iterator[Feature]:
    links, coverage = links_of(network), surveyed.coverage
    both_ends = np.maximum(coverage.arrival[links.tail], coverage.arrival[links.head])
    reached = {
        f"within_{limit.seconds:g}s": shares
        for limit, shares in zip(coverage.limits, coverage.links, strict=True)
    }
    for number, arc in enumerate(links.arc.tolist()):
        properties: dict[str, Any] = {name: _round(float(shares[number])) for name, shares in reached.items()}
        properties |= {
            "facility_type": network.facility_names[network.facility[arc]],
            "layout": layout,
            "length_m": _round(float(links.metres[number])),
            "link": network.link_ids[arc],
            "seconds": _round(float(both_ends[number])),
        }
        yield Feature(lines[number], properties, f"{layout}/{network.link_ids[arc]}")


def _nodes(layout: str, surveyed: Surveyed, network: Network) -> Iterator[Feature]:
    division, arrival = surveyed.division, surveyed.coverage.arrival
    limits = [limit.seconds for limit in surveyed.coverage.limits]
    for node, (node_id, seconds) in enumerate(zip(network.node_ids, arrival.tolist(), strict=True)):
        properties: dict[str, Any] = {
            "layout": layout,
            "limit_s": next((limit for limit in limits if seconds <= limit + MARGIN), None),
            "node": node_id,
            "seconds": _round(seconds),
        }
        if division is not None:
            owner = int(division.owner[node])
            properties["station"] = None if owner < 0 else division.jurisdictions[owner].site.id
        yield Feature(_point(network, node), properties, f"{layout}/{node_id}")


def _stations(found: Survey, layout: str) -> Iterator[Feature]:
    plan = found.scenario.layouts[layout]
    for site in plan.sites:
        units = sorted(name for name, unit in plan.units if unit.station == site.id)
        properties = {
            "grade": site.grade,
            "layout": layout,
            "node": found.network.node_ids[site.node],
            "owner": site.owner,
            "station": site.id,
            "title": site.title,
            "units": ", ".join(units),
        }
        yield Feature(_point(found.network, site.node), properties, f"{layout}/{site.id}")
