"""Jurisdictions: the land of each station by who is there first, cut by motorways, railways and water."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.errors import UsageError
from dispatch.statics.ground import SQUARE_KM, ground_of
from dispatch.statics.isochrone import POPULATION, share

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from dispatch.roads.network import RoadNetwork
    from dispatch.scenario.layout import Site
    from dispatch.statics.faces import Region
    from dispatch.statics.ground import Ground
    from dispatch.statics.reach import Reach

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.int64]

AT_A_BARRIER = 1.0
"""Metres from a barrier within which a node, such as one of the motorway itself, lies on neither side."""

SLIVER_KM2 = 0.01
"""Land across a barrier up to this area is taken for the inexactness of maps."""


@dataclass(frozen=True, slots=True, eq=False)
class Jurisdiction:
    """The land of one station."""

    site: Site
    nodes: int
    """Nodes that the station reaches first, in the region."""
    drawn: Any
    """The land as a shape on the plane."""
    area_km2: float
    edge_s: float
    """When the station is at the last of its nodes, from the order: mean turnout and travel; or NaN."""
    demand: float
    """Share of all demand at its nodes."""
    population: float
    """Share of all people at its nodes; NaN where the network does not know."""
    across_km2: float
    """Land that lies with some of its nodes on another side of a barrier than the station."""
    across: Mapping[str, float]
    """The same by kind of barrier; land behind several counts for each."""
    barrier: str
    """Name of the kind with the most land behind it, "" without any."""

    @property
    def straddles(self) -> bool:
        """Whether a barrier runs through the jurisdiction."""
        return self.across_km2 > SLIVER_KM2


@dataclass(frozen=True, slots=True, eq=False)
class Division:
    """How a layout's stations share out a region; areas add up to the region's land."""

    layout: str
    ground: Ground
    region: Region
    jurisdictions: tuple[Jurisdiction, ...]
    """In order of the stations' ids; stations that are nowhere first have no land."""
    owner: Numbers
    """Index into the jurisdictions of the station that reaches each node first [N], −1 where none can."""
    order_to_node: Floats
    """When that station is there, from the order [N]."""


def divide(reach: Reach, region: Region, units: list[int]) -> Division:
    """Return the jurisdictions of the stations of some units in a region.

    A node belongs to the station whose unit is expected there first (mean turnout and travel); of two at the
    same moment, to the first in order of node and id. The land of a face is shared out among the nodes in it:
    each piece goes to the station of the nearest one. A face without nodes goes to the station of the node
    nearest to it outside. Nodes to which nobody can come count as if they were not there.
    """
    network: Any = reach.network
    sites, times = reach.by_station(units)
    if not sites:
        message = f"layout '{reach.layout.name}': no station has a unit that could go."
        raise UsageError(message, hint="Choose another --capability.")
    by_id = sorted(range(len(sites)), key=lambda number: sites[number].id)
    order_to_node = times.min(axis=0)
    owner = np.where(np.isfinite(order_to_node), np.argsort(by_id)[np.argmin(times, axis=0)], -1)
    sites = tuple(sites[number] for number in by_id)
    ground = ground_of(network)
    inside, face = _nodes_in_faces(network, ground, region, owner)
    pieces = list(_shared_out(network, ground, region, owner, inside, face))
    here = _in_region(network, ground, region)
    judge = _Judge(reach, region, ground, owner, order_to_node, pieces, here)
    jurisdictions = tuple(judge.jurisdiction(number, site) for number, site in enumerate(sites))
    return Division(reach.layout.name, ground, region, jurisdictions, owner, order_to_node)


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """Land of one station in one face."""

    station: int
    face: int
    shape: Any
    peopled: bool
    """Whether nodes of the station lie in the face."""


def _points(network: RoadNetwork, ground: Ground) -> NDArray[Any]:
    import shapely

    return np.asarray(shapely.points(*ground.plane(network.x, network.y)))


def _in_region(network: RoadNetwork, ground: Ground, region: Region) -> NDArray[np.bool_]:
    import shapely

    shapely.prepare(region.whole)
    return np.asarray(shapely.intersects(region.whole, _points(network, ground)))


def _nodes_in_faces(
    network: RoadNetwork, ground: Ground, region: Region, owner: Numbers
) -> tuple[Numbers, Numbers]:
    """Return nodes of a station that lie well inside a face, in ascending order, and their faces."""
    import shapely

    points = _points(network, ground)
    node, face = shapely.STRtree(region.faces).query(points, predicate="within")
    lines = [barrier.shape for barrier in region.barriers]
    beside, _ = shapely.STRtree(lines).query(points, predicate="dwithin", distance=AT_A_BARRIER)
    kept = ~np.isin(node, beside) & (owner[node] >= 0)
    order = np.argsort(node[kept], kind="stable")
    if not len(order):
        message = "No node that a station can reach lies in the region."
        raise UsageError(message, hint="Check the boundary and its coordinates.")
    return np.asarray(node[kept][order]), np.asarray(face[kept][order])


def _shared_out(
    network: RoadNetwork, ground: Ground, region: Region, owner: Numbers, inside: Numbers, face: Numbers
) -> Iterator[_Piece]:
    """Yield the pieces into which the faces fall."""
    import shapely

    points = _points(network, ground)
    order = np.argsort(face, kind="stable")
    numbers, begins = np.unique(face[order], return_index=True)
    for number, nodes in zip(numbers.tolist(), np.split(inside[order], begins[1:]), strict=True):
        for station, shape in _cells(region.faces[number], points[nodes], owner[nodes]):
            yield _Piece(station, number, shape, peopled=True)
    empty = np.setdiff1d(np.arange(len(region.faces)), numbers)
    if len(empty):
        tree = shapely.STRtree(points[inside])
        which, near = tree.query_nearest(region.faces[empty], all_matches=True)
        for at, number in enumerate(empty.tolist()):
            node = inside[near[which == at].min()]
            yield _Piece(int(owner[node]), number, region.faces[number], peopled=False)


def _cells(face: Any, points: NDArray[Any], owner: Numbers) -> Iterator[tuple[int, Any]]:
    """Yield each station with the part of a face that is nearest to its nodes."""
    import shapely

    stations = np.unique(owner)
    if len(stations) == 1:
        yield int(stations[0]), face
        return
    _, first = np.unique(shapely.get_coordinates(points), axis=0, return_index=True)
    first = np.sort(first)  # of nodes at one place, such as on a bridge and under it, the first counts
    points, owner = points[first], owner[first]
    drawn = shapely.voronoi_polygons(shapely.multipoints(points), extend_to=shapely.envelope(face))
    cells = shapely.get_parts(drawn)
    point, cell = shapely.STRtree(cells).query(points, predicate="within")
    belongs = np.full(len(cells), -1, dtype=np.int64)
    belongs[cell] = owner[point]
    for station in stations.tolist():
        own = shapely.coverage_union_all(cells[belongs == station])
        shape = shapely.intersection(own, face)
        if shapely.area(shape) > 0.0:
            yield station, shape


class _Judge:
    """Adds up what belongs to each station."""

    def __init__(
        self,
        reach: Reach,
        region: Region,
        ground: Ground,
        owner: Numbers,
        order_to_node: Floats,
        pieces: list[_Piece],
        here: NDArray[np.bool_],
    ) -> None:
        import shapely

        self._reach, self._region, self._ground = reach, region, ground
        self._owner, self._seconds, self._pieces, self._here = owner, order_to_node, pieces, here
        self._demand = reach.scenario.demand_by_node.sum(axis=0)
        self._barriers = shapely.STRtree([barrier.shape for barrier in region.barriers])

    def jurisdiction(self, number: int, site: Site) -> Jurisdiction:
        import shapely

        pieces = [piece for piece in self._pieces if piece.station == number]
        drawn = shapely.union_all([piece.shape for piece in pieces])
        own = (self._owner == number) & self._here
        across, by_kind, name = self._across(site, pieces)
        return Jurisdiction(
            site=site,
            nodes=int(own.sum()),
            drawn=drawn,
            area_km2=sum(float(piece.shape.area) for piece in pieces) / SQUARE_KM,
            edge_s=float(self._seconds[own].max()) if own.any() else float("nan"),
            demand=share(self._demand, own),
            population=share(self._reach.network.columns.get(POPULATION), own),
            across_km2=across,
            across=by_kind,
            barrier=name,
        )

    def _across(self, site: Site, pieces: list[_Piece]) -> tuple[float, dict[str, float], str]:
        """Return the land behind barriers, in all and by kind, and what the chief barrier is called.

        Land is behind those barriers that the straight line to it from the station crosses.
        """
        import shapely

        barriers = self._region.barriers
        if not barriers or not pieces:
            return 0.0, {}, ""
        network: Any = self._reach.network
        station = _points(network, self._ground)[site.node]
        home = _home(station, pieces)
        others = [piece for piece in pieces if piece.face != home and piece.peopled]
        if not others:
            return 0.0, {}, ""
        inner = shapely.get_coordinates(shapely.point_on_surface([piece.shape for piece in others]))
        start = np.broadcast_to(shapely.get_coordinates(station), inner.shape)
        lines = shapely.linestrings(np.stack((start, inner), axis=1))
        line, barrier = self._barriers.query(lines, predicate="intersects")
        km2 = np.array([piece.shape.area for piece in others]) / SQUARE_KM
        kinds: dict[str, set[int]] = {}
        named: dict[tuple[str, str], set[int]] = {}
        for at, which in zip(line.tolist(), barrier.tolist(), strict=True):
            kinds.setdefault(barriers[which].kind, set()).add(at)
            named.setdefault((barriers[which].kind, barriers[which].name), set()).add(at)
        by_kind = {kind: float(km2[sorted(found)].sum()) for kind, found in sorted(kinds.items())}
        chief = min(by_kind, key=lambda kind: (-by_kind[kind], kind), default="")
        names = {
            key[1]: float(km2[sorted(v)].sum()) for key, v in named.items() if key[0] == chief and key[1]
        }
        name = min(names, key=lambda text: (-names[text], text), default="")
        return float(km2[np.unique(line)].sum()), by_kind, f"{chief} {name}".strip()


def _home(station: Any, pieces: list[_Piece]) -> int:
    """Return the face of the station: where it lies, or on an edge the nearest with the most of its land."""
    import shapely

    away = shapely.distance(station, [piece.shape for piece in pieces])
    near = [piece for piece, metres in zip(pieces, away.tolist(), strict=True) if metres <= away.min() + 1e-6]
    return max(near, key=lambda piece: (piece.peopled, piece.shape.area)).face
