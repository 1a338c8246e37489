"""What there is to say about a network: sizes, kilometres, speeds, zones, what was left out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.roads.contraction import contract
from dispatch.roads.network_file import MODES

if TYPE_CHECKING:
    from dispatch.roads.matrix import MatrixNetwork
    from dispatch.roads.network import RoadNetwork


def _common(network: RoadNetwork | MatrixNetwork) -> dict[str, Any]:
    zones = Counter(text for text in network.zone if text)
    box = None
    if network.x is not None and network.y is not None:
        box = [float(f(values)) for f in (np.min, np.max) for values in (network.x, network.y)]
    return {
        "approximate": network.meta.approximate,
        "bounding_box": box,
        "columns": sorted(network.columns),
        "crs": network.meta.crs,
        "kind": network.meta.kind,
        "licence": network.meta.licence,
        "name": network.name,
        "nodes": len(network.node_ids),
        "notes": list(network.notes),
        "source": network.meta.source,
        "title": network.title,
        "zones": dict(sorted(zones.items())),
    }


def road_summary(network: RoadNetwork) -> dict[str, Any]:
    """Return the facts of a road network, lengths in km; the bounding box is [min x, min y, max x, max y].

    A two-way link counts once in links and km and twice in arcs; speeds in km/h are weighted by length.
    """
    _, first = np.unique(network.link, return_index=True)
    km = network.length_m / 1000
    contracted = network.once(
        "contraction", lambda: contract(len(network.node_ids), network.tail, network.head, network.seconds)
    )
    classes: dict[str, Any] = {}
    for number, name in enumerate(network.facility_names):
        chosen = network.facility == number
        if chosen.any():
            of_links = first[chosen[first]]
            hours = {mode: network.seconds[mode][chosen].sum() / 3600 for mode in MODES}
            speed = {mode: round(float(km[chosen].sum() / hours[mode]), 3) for mode in MODES}
            classes[name or "unclassified"] = {
                "km": round(float(km[of_links].sum()), 3),
                "km_per_h": speed,
                "links": len(of_links),
            }
    facts = {
        "arcs": len(network.tail),
        "classes": classes,
        "dropped": {
            "km": round(float(network.facts.get("dropped_km", 0.0)), 3),
            "links": network.facts.get("dropped_links", 0),
            "nodes": network.facts.get("dropped_nodes", 0),
            "share": round(float(network.facts.get("dropped_share", 0.0)), 6),
        },
        "junctions": len(contracted.junctions),
        "km": round(float(km[first].sum()), 3),
        "links": len(first),
        "strong_components": network.facts.get("components", 1),
        "suspicious_links": network.facts.get("suspicious_links", 0),
    }
    return dict(sorted((_common(network) | facts).items()))


def matrix_summary(network: MatrixNetwork) -> dict[str, Any]:
    """Return the facts of a matrix; ``median_s`` and ``max_s`` are over the pairs with a way."""
    size = len(network.node_ids)
    times = network.matrix[~np.eye(size, dtype=np.bool_)]
    known = times[np.isfinite(times)]
    facts = {
        "max_s": float(known.max()) if len(known) else None,
        "median_s": float(np.median(known)) if len(known) else None,
        "pairs": size * (size - 1),
        "unreachable_pairs": len(times) - len(known),
    }
    return dict(sorted((_common(network) | facts).items()))
