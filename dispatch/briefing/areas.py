"""The ground of zones on maps: the areas that were drawn, else those around their nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.statics.ground import ground_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dispatch.scenario.scenario import Scenario
    from dispatch.statics.ground import Ground

    Nodes = Sequence[NDArray[np.intp]]

EDGE = 250.0
"""Metres of ground around the outermost nodes."""

MOST_NODES = 100_000
"""Nodes above which zones are drawn as their nodes."""


def zone_shapes(scenario: Scenario, nodes: Nodes) -> list[dict[str, Any] | None]:
    """Return each zone as a GeoJSON geometry: the land nearer to one of its nodes than to any other node.

    All are the nodes themselves where the network is too large, its nodes stand on a line, or the library for
    areas is missing; None for a zone without nodes.
    """
    network = scenario.network
    assert network.x is not None
    assert network.y is not None
    shapes: list[dict[str, Any] | None] | None = None
    if len(network.x) <= MOST_NODES:
        shapes = _areas(scenario, nodes)
    if shapes is not None:
        return shapes
    points = np.column_stack((network.x, network.y))
    return [
        {"type": "MultiPoint", "coordinates": points[inside].tolist()} if len(inside) else None
        for inside in nodes
    ]


def _areas(scenario: Scenario, nodes: Nodes) -> list[dict[str, Any] | None] | None:
    """Return the areas of zones, None where there are none to be drawn."""
    try:
        import shapely
    except ImportError:
        return None
    ground = ground_of(scenario.network)
    assert scenario.network.x is not None
    assert scenario.network.y is not None
    spots = shapely.points(np.column_stack(ground.plane(scenario.network.x, scenario.network.y)))
    together = shapely.multipoints(spots)
    hull = shapely.convex_hull(together)
    if shapely.get_type_id(hull) != 3:  # a point or a line, which has no land on its sides
        return None
    whole = shapely.buffer(hull, EDGE)
    cells = shapely.get_parts(shapely.voronoi_polygons(together, extend_to=whole))
    spot, cell = shapely.STRtree(cells).query(spots, predicate="intersects")
    cell_of = np.full(len(spots), -1, dtype=np.intp)
    cell_of[spot[::-1]] = cell[::-1]
    return [
        _union(ground, cells[np.unique(cell_of[inside])], whole) if len(inside) else None for inside in nodes
    ]


def _union(ground: Ground, cells: NDArray[Any], whole: Any) -> dict[str, Any] | None:
    import shapely

    return ground.geojson(shapely.intersection(shapely.union_all(cells, grid_size=0.01), whole))
