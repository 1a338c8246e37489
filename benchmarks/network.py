"""Time to load a city with 50 sites, cold and from the cache: ``python benchmarks/network.py [NODES]``.

Every measurement runs in a fresh process, so that imports and memory count in full.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

SITES = 50
REPEATS = 20_000


def measure(folder: Path) -> dict[str, float]:
    """Return seconds of every step and peak memory in MB."""
    start = time.perf_counter()
    from dispatch.roads.network import RoadNetwork, load_network
    from dispatch.roads.travel import RoadTravel, travel_for

    imported = time.perf_counter()
    network = load_network(folder)
    loaded = time.perf_counter()
    assert isinstance(network, RoadNetwork)
    sites = np.linspace(0, len(network.node_ids) - 1, SITES, dtype=int).tolist()
    travel = travel_for(network, sites)
    ready = time.perf_counter()
    assert isinstance(travel, RoadTravel)
    result = {
        "import s": imported - start,
        "network s": loaded - imported,
        "contraction and tables s": ready - loaded,
        "network and tables s": ready - imported,
        "junctions": float(network.summary()["junctions"]),
    }
    return (
        result | hot(travel, sites) | {"peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    )


def hot(travel: Any, sites: list[int]) -> dict[str, float]:
    """Return microseconds of single calls."""
    rng = np.random.default_rng(5)
    size = len(travel.network.node_ids)
    starts = rng.integers(size, size=REPEATS).tolist()
    positions = [travel.at(node) for node in starts]
    goals = rng.integers(size, size=100).tolist()
    travel.seconds(positions[0], goals[0], "emergency")  # builds the searcher

    def timed(name: str, calls: list[Any]) -> dict[str, float]:
        begin = time.perf_counter()
        for call, arguments in calls:
            call(*arguments)
        return {f"{name} us": (time.perf_counter() - begin) / len(calls) * 1e6}

    first = timed(
        "first touch of a place", [(travel.seconds, (positions[0], g, "emergency")) for g in goals[1:]]
    )
    known = [(p, goals[i % 100], "emergency") for i, p in enumerate(positions)]
    first |= timed("seconds to a known place", [(travel.seconds, call) for call in known])
    first |= timed("seconds to a site", [(travel.seconds, (p, sites[3], "normal")) for p in positions])
    travel.along(positions[0], goals[0], "emergency", 1.0)
    first |= timed("along", [(travel.along, (*call, travel.seconds(*call) / 2)) for call in known])
    return first | timed("outbound of another node", [(travel.outbound, (node,)) for node in starts[:50]])


def networkx_milliseconds(folder: Path) -> float:
    """Return milliseconds that NetworkX takes from one node to all on the uncontracted roads."""
    import networkx

    from dispatch.roads.network import RoadNetwork, load_network

    network = load_network(folder)
    assert isinstance(network, RoadNetwork)
    graph = network.to_networkx()
    begin = time.perf_counter()
    for node in network.node_ids[:: len(network.node_ids) // 5]:
        networkx.single_source_dijkstra_path_length(graph, node, weight="emergency")
    return (time.perf_counter() - begin) / len(network.node_ids[:: len(network.node_ids) // 5]) * 1e3


def main() -> None:
    """Print the measurements of a cold and two cached runs."""
    nodes = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as place:
        from benchmarks.city import write_city

        write_city(Path(place) / "city", nodes, seed=1)
        environment = os.environ | {
            "DISPATCH_CACHE": f"{place}/cache",
            "PYTHONPATH": str(Path(__file__).parents[1]),
        }
        for title in ("cold", "cached", "cached again"):
            command = [sys.executable, __file__, "--measure", f"{place}/city"]
            done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
            print(title)
            for name, value in json.loads(done.stdout).items():
                print(f"  {name:32} {value:12.3f}")
        print("for comparison")
        print(f"  {'networkx, one node to all ms':32} {networkx_milliseconds(Path(place) / 'city'):12.3f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(Path(sys.argv[2]))))
    else:
        sys.path.insert(0, str(Path(__file__).parents[1]))
        main()
