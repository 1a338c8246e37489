"""What a scenario needs to know of a feature: an id, a name for people, and a point."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.io.geo_files import positions
from dispatch.io.rings import centroid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatch.io.geo_files import Feature

FACILITIES = "facilities.geojson"
"""The file in a network folder that holds what was found when the network was imported."""

LONGEST_ID = 60
LONGEST_TITLE = 200
_UNFIT = re.compile(r"[/\\\[\],=\s\x00-\x1f\x7f-\x9f]+")
_IDS = ("@id", "id", "osm_id", "osmid")
"""Properties that other programs write ids to, where the feature itself has none."""

_NAMES = ("name", "name:zh", "name:en", "ref")


def fit(text: str) -> str:
    """Return a text as part of an id: no slashes, brackets, commas, equals signs or spaces."""
    return _UNFIT.sub("-", text).strip("-")[:LONGEST_ID].rstrip("-")


def station_ids(features: Sequence[Feature]) -> list[str]:
    """Return an id for each feature as stations have them: its own made fit, else its name, else a number.

    Own ids may stand twice, which is for the caller to tell; others are made different.
    """
    own = [_own_id(feature) for feature in features]
    taken = {name for name in own if name}
    result = []
    for i, (name, feature) in enumerate(zip(own, features, strict=True), start=1):
        base = name or fit(title(feature)) or f"station-{i}"
        free, n = base, 1
        while not name and free in taken:
            n += 1
            free = f"{base}-{n}"
        taken.add(free)
        result.append(free)
    return result


def _own_id(feature: Feature) -> str:
    if feature.id:
        return fit(feature.id)
    values = (feature.properties.get(key) for key in _IDS)
    return next((fit(str(value)) for value in values if isinstance(value, str | int) and str(value)), "")


def title(feature: Feature) -> str:
    """Return the name of a feature for people, "" if it has none."""
    values = (feature.properties.get(key) for key in _NAMES)
    found = next((str(value).strip() for value in values if value is not None and str(value).strip()), "")
    return found[:LONGEST_TITLE]


def representative_point(geometry: dict[str, Any]) -> tuple[float, float] | None:
    """Return a point for a GeoJSON geometry of any kind, in its own coordinates; None where it is empty.

    A point stands for itself, areas for their centroid, anything else for the mean of its positions.
    """
    inside = centroid(_polygons(geometry))
    if inside is not None:
        return inside
    points = np.array([point[:2] for point in positions(geometry)], dtype=np.float64)
    if not len(points):
        return None
    x, y = (points[0] + (points - points[0]).mean(axis=0)).tolist()
    return x, y


def _polygons(geometry: dict[str, Any]) -> list[Any]:
    """Return all polygons in a geometry, each a list of rings."""
    if geometry["type"] == "GeometryCollection":
        return [polygon for part in geometry["geometries"] for polygon in _polygons(part)]
    found: dict[str, list[Any]] = {
        "Polygon": [geometry["coordinates"]],
        "MultiPolygon": geometry["coordinates"],
    }
    return found.get(geometry["type"], [])
