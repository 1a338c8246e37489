"""Small networks for tests: as files, as arrays, and as random graphs with the shapes that matter."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
from hypothesis import strategies as st

from dispatch.roads.links import Arcs
from dispatch.roads.network import MODES, NetworkFile, RoadNetwork, load_network, road_network
from dispatch.roads.places import Places

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

YAML = "name: town\ncrs: local\nspeeds: {street: 36, avenue: {emergency: 72, normal: 54}}\n"
NODES = """\
node_id,x_coord,y_coord,name,zone_id,population
a,0,0,Alpha,north,10
b,1000,0,Beta,north,20
c,2000,0,,south,30
d,2000,500,Delta,,40
"""
LINKS = """\
link_id,from_node_id,to_node_id,directed,length,facility_type,free_speed
ab,a,b,false,1000,street,
bc,b,c,false,1000,avenue,
cd,c,d,true,500,street,
db,d,b,true,1200,,54
"""


def write(folder: Path, yaml: str = YAML, nodes: str = NODES, links: str = LINKS) -> Path:
    """Write a network folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("network.yaml", yaml), ("node.csv", nodes), ("link.csv", links)):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def town(folder: Path, yaml: str = YAML, nodes: str = NODES, links: str = LINKS) -> RoadNetwork:
    """Write and load a road network."""
    network = load_network(write(folder, yaml, nodes, links))
    assert isinstance(network, RoadNetwork)
    return network


def network_of(
    size: int,
    arcs: Sequence[tuple[int, int, float]],
    slower: float = 1.25,
    at: Sequence[tuple[float, float]] | None = None,
) -> RoadNetwork:
    """Return a network of nodes 0, 1, … (unless placed otherwise) from (tail, head, emergency seconds)."""
    x, y = np.array([(float(i), 0.0) for i in range(size)] if at is None else at).T
    ids = tuple(f"n{i:03}" for i in range(size))
    blank = ("",) * size
    tail, head = (np.array([arc[end] for arc in arcs], dtype=np.int32) for end in (0, 1))
    seconds = np.array([arc[2] for arc in arcs])
    # times in normal mode are no multiple of the others, so that the two modes have different shortest paths
    normal = seconds * np.where(np.arange(len(arcs)) % 3 == 0, 3.0, slower)
    number = np.arange(len(arcs), dtype=np.int32)
    return road_network(
        NetworkFile(crs="local").named("random"),
        Places(ids, blank, blank, x, y, {}),
        Arcs(
            tail=tail,
            head=head,
            length_m=seconds * 10,
            seconds={"emergency": seconds, "normal": normal},
            facility=np.zeros(len(arcs), dtype=np.int32),
            facility_names=("",),
            link=number,
            link_ids=tuple(f"l{i:04}" for i in range(len(arcs))),
        ),
    )


@dataclass(frozen=True)
class Street:
    """A run of nodes between two junctions (which may be the same), or a ring of its own."""

    start: int
    end: int
    inner: int
    two_way: bool
    ring: bool


STREETS = st.builds(
    Street,
    start=st.integers(0, 5),
    end=st.integers(0, 5),
    inner=st.integers(0, 4),
    two_way=st.booleans(),
    ring=st.integers(0, 9).map(lambda number: number == 0),
)


@st.composite
def road_networks(draw: st.DrawFn) -> RoadNetwork:
    """Draw a network of chains, loops, parallel ways, dead ends and rings; not always connected."""
    streets = draw(st.lists(STREETS, min_size=1, max_size=10))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    few = draw(st.booleans())
    size, arcs = 6, list[tuple[int, int, float]]()
    for street in streets:
        run = [street.start, *range(size, size + street.inner), street.end]
        if street.ring and street.inner >= 2:
            run = [size + street.inner - 1, *range(size, size + street.inner)]
        size += street.inner
        for before, after in pairwise(run):
            for ends in ((before, after), (after, before))[: 1 + street.two_way]:
                time = float(rng.integers(1, 4)) if few else float(rng.uniform(0.001, 900.0))
                arcs.append((*ends, time))
    return network_of(size, arcs, slower=draw(st.sampled_from((1.25, 0.5))))


def oracle(network: RoadNetwork, mode: str) -> NDArray[np.float64]:
    """Return the seconds between all nodes [N, N] by networkx on the graph as it is."""
    graph: Any = nx.MultiDiGraph()
    size = len(network.node_ids)
    graph.add_nodes_from(range(size))
    arcs = zip(network.tail.tolist(), network.head.tolist(), network.seconds[mode].tolist(), strict=True)
    graph.add_weighted_edges_from(arcs)
    times = np.full((size, size), np.inf)
    for start, found in nx.all_pairs_dijkstra_path_length(graph):
        for end, time in found.items():
            times[start, end] = time
    return times


__all__ = ["MODES", "network_of", "oracle", "road_networks", "town", "write"]
