"""Road networks: GMNS folders read, checked, made strongly connected and brought into canonical order."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from dispatch.errors import NetworkError, Problems
from dispatch.io.validating import validate
from dispatch.io.yaml_source import read_yaml
from dispatch.roads.described import Described
from dispatch.roads.matrix import MatrixNetwork, read_matrix
from dispatch.roads.network_file import MODES, NetworkFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from networkx import MultiDiGraph
    from numpy.typing import NDArray

    from dispatch.roads.links import Arcs
    from dispatch.roads.places import Places

__all__ = ["MODES", "MatrixNetwork", "Network", "NetworkFile", "RoadNetwork", "load_network", "road_network"]

T = TypeVar("T")

TICK = 2.0**-20
"""Travel times are whole multiples of this many seconds (about a microsecond).

Sums of such numbers are exact in float64 up to 272 years, so a travel time does not depend on the order in
which its parts are added up: forwards, backwards, over a contracted graph or from a cache, it is the same.
"""


@dataclass(frozen=True, slots=True, eq=False)
class RoadNetwork(Described):
    """A road graph of N nodes, ordered by (x, y, id), and A arcs, ordered by (tail, head, seconds).

    Attributes of nodes: ``node_ids``, ``names``, ``zone`` (texts), ``x``, ``y``, ``columns`` (float64[N]).
    Attributes of arcs: ``tail``, ``head`` (int32[A]), ``length_m``, ``seconds`` by mode (float64[A]),
    ``facility`` (int32[A] into ``facility_names``), ``link`` (int32[A], the link an arc belongs to),
    ``link_ids`` and ``geometry`` (texts per arc; ``geometry`` is empty when the file has none).
    """

    meta: NetworkFile
    node_ids: tuple[str, ...]
    names: tuple[str, ...]
    zone: tuple[str, ...]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    columns: dict[str, NDArray[np.float64]]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    length_m: NDArray[np.float64]
    seconds: dict[str, NDArray[np.float64]]
    facility: NDArray[np.int32]
    facility_names: tuple[str, ...]
    link: NDArray[np.int32]
    link_ids: tuple[str, ...]
    geometry: tuple[str, ...]
    digest: str
    notes: tuple[str, ...] = ()
    dropped: frozenset[str] = frozenset()
    facts: Mapping[str, int | float] = field(default_factory=dict)
    _lazy: dict[str, Any] = field(default_factory=dict, repr=False)

    def fastest(self, tail: int, head: int, mode: str) -> int | None:
        """Return the fastest arc from one node to the next in a mode, or None where no arc joins them."""
        low, high = np.searchsorted(self.tail, (tail, tail + 1))
        arcs = np.arange(low, high)[self.head[low:high] == head]
        return int(arcs[np.argmin(self.seconds[mode][arcs])]) if len(arcs) else None

    def summary(self) -> dict[str, Any]:
        """Return what ``dispatch network info`` shows: plain numbers and texts, keys sorted."""
        from dispatch.roads.summary import road_summary

        return road_summary(self)

    def to_networkx(self) -> MultiDiGraph[str]:
        """Return the roads as a NetworkX graph, for analysis by other means.

        Nodes are ids with ``x``, ``y`` and ``zone``; arcs have ``length`` [m], ``facility_type`` and the
        seconds of each mode (``emergency``, ``normal``).
        """
        import networkx

        graph: MultiDiGraph[str] = networkx.MultiDiGraph(name=self.name)
        for i, name in enumerate(self.node_ids):
            graph.add_node(name, x=float(self.x[i]), y=float(self.y[i]), zone=self.zone[i])
        for arc, (tail, head) in enumerate(zip(self.tail.tolist(), self.head.tolist(), strict=True)):
            graph.add_edge(
                self.node_ids[tail],
                self.node_ids[head],
                link_id=self.link_ids[arc],
                length=float(self.length_m[arc]),
                facility_type=self.facility_names[self.facility[arc]],
                **{mode: float(seconds[arc]) for mode, seconds in self.seconds.items()},
            )
        return graph


Network: TypeAlias = RoadNetwork | MatrixNetwork


def road_network(
    meta: NetworkFile,
    places: Places,
    arcs: Arcs,
    *,
    notes: tuple[str, ...] = (),
    dropped: frozenset[str] = frozenset(),
    facts: Mapping[str, int | float] | None = None,
) -> RoadNetwork:
    """Return a network of places and arcs in canonical order, whatever order they come in."""
    seconds = {mode: np.maximum(np.round(arcs.seconds[mode] / TICK), 1.0) * TICK for mode in MODES}
    order = places.canonical()
    number = np.empty(len(order), dtype=np.int32)
    number[order] = np.arange(len(order), dtype=np.int32)
    places, arcs = places.take(order), arcs.between(number)
    arcs.seconds.update(seconds)
    arcs = arcs.take(arcs.canonical())
    _, first, inverse = np.unique(arcs.link, return_index=True, return_inverse=True)
    arcs.link[:] = np.argsort(np.argsort(first))[inverse]  # links are numbered as they come up, too
    _freeze(places, arcs)
    assert places.x is not None
    assert places.y is not None
    return RoadNetwork(
        meta=meta,
        node_ids=places.ids,
        names=places.names,
        zone=places.zone,
        x=places.x,
        y=places.y,
        columns=places.columns,
        tail=arcs.tail,
        head=arcs.head,
        length_m=arcs.length_m,
        seconds=arcs.seconds,
        facility=arcs.facility,
        facility_names=arcs.facility_names,
        link=arcs.link,
        link_ids=arcs.link_ids,
        geometry=arcs.geometry,
        digest=_digest(meta, places, arcs),
        notes=(*meta.notes, *notes),
        dropped=dropped,
        facts=facts or {},
    )


def _freeze(places: Places, arcs: Arcs) -> None:
    """Make all arrays read-only, as those from the cache are."""
    plain = [places.x, places.y, arcs.tail, arcs.head, arcs.length_m, arcs.facility, arcs.link]
    for values in (*plain, *places.columns.values(), *arcs.seconds.values()):
        assert values is not None
        values.flags.writeable = False


def _digest(meta: NetworkFile, places: Places, arcs: Arcs) -> str:
    """Return the sha256 of everything that results can depend on."""
    assert places.x is not None
    assert places.y is not None
    numbers: list[NDArray[Any]] = [places.x, places.y, arcs.tail, arcs.head, arcs.length_m]
    numbers += [arcs.seconds[mode] for mode in MODES]
    numbers += [places.columns[name] for name in sorted(places.columns)]
    facility = tuple(arcs.facility_names[i] for i in arcs.facility.tolist())
    texts = (
        meta.name,
        meta.crs,
        places.ids,
        places.zone,
        tuple(sorted(places.columns)),
        arcs.link_ids,
        facility,
    )
    state = hashlib.sha256(repr(texts).encode())
    for values in numbers:
        state.update(np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes())
    return state.hexdigest()


def load_network(folder: Path, *, cached: bool = True) -> Network:
    """Read, check and return the network in a folder; raise NetworkError with every problem found.

    A road network that was read before comes from the cache (see :mod:`dispatch.roads.cache`), which
    ``cached=False`` neither asks nor fills.
    """
    from dispatch.roads import saved

    key = saved.key_of_folder(folder) if cached else None
    known = saved.load(key)
    if known is not None:
        return known
    problems = Problems()
    document = read_yaml(folder / "network.yaml", problems)
    meta = validate(NetworkFile, document, problems)[0] if document else None
    problems.raise_if_any(NetworkError)
    assert meta is not None
    assert document is not None
    meta = meta.named(folder.resolve().name)
    if meta.kind == "matrix":
        return read_matrix(folder, meta, document, problems)
    network = _read_roads(folder, meta, problems)
    if cached and saved.key_of_folder(folder) == key:  # else somebody changed the files meanwhile
        saved.store(key, network)
    return network


def _read_roads(folder: Path, meta: NetworkFile, problems: Problems) -> RoadNetwork:
    from dispatch.roads.connected import keep_connected
    from dispatch.roads.links import read_links
    from dispatch.roads.places import read_places

    notes: list[str] = []
    facts: dict[str, int | float] = {}
    places = read_places(folder / "node.csv", problems, notes, geographic=meta.geographic)
    arcs = read_links(folder / "link.csv", meta, places, problems, notes, facts) if places else None
    problems.raise_if_any(NetworkError)
    assert places is not None
    assert arcs is not None
    places, arcs, dropped = keep_connected(places, arcs, notes, facts)
    return road_network(meta, places, arcs, notes=tuple(notes), dropped=dropped, facts=facts)
