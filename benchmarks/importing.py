"""Time and memory to import a city from OpenStreetMap: ``python benchmarks/importing.py [NODES]``.

The city is a grid with bends, one-way streets, posted speeds, buildings and footways around it, written as
``.osm.pbf``. The import runs in a fresh process, so that library imports and memory count in full.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BENDS = 2
"""Shape points between two crossings."""

CLASSES = ("residential", "residential", "residential", "tertiary", "secondary", "primary", "service")


def write_city(path: Path, nodes: int, seed: int) -> None:
    """Write a city of about so many nodes on drivable ways, and as many again that are on none."""
    import osmium
    from osmium.osm.mutable import Node, Way

    luck = random.Random(seed)
    side = max(2, round((nodes / (1 + 2 * BENDS)) ** 0.5))
    ids, count = {}, 0
    ways: list[tuple[list[int], dict[str, str]]] = []
    with osmium.SimpleWriter(str(path)) as writer:

        def add(x: float, y: float) -> int:
            nonlocal count
            count += 1
            place = (104 + (x + luck.uniform(-0.1, 0.1)) / 1000, 36 + (y + luck.uniform(-0.1, 0.1)) / 1000)
            writer.add_node(Node(id=count, version=1, location=place))
            return count

        for i in range(side):
            for j in range(side):
                ids[i, j] = add(i, j)
        for across in (True, False):
            for i in range(side):
                kind, one_way = luck.choice(CLASSES), luck.random() < 0.2
                for start in range(0, side - 1, 5):
                    refs = []
                    for j in range(start, min(start + 6, side)):
                        if refs:
                            steps = [j - 1 + (k + 1) / (BENDS + 1) for k in range(BENDS)]
                            refs += [add(s, i) if across else add(i, s) for s in steps]
                        refs.append(ids[(j, i) if across else (i, j)])
                    tags = {"highway": kind, "name": f"{'Street' if across else 'Avenue'} {i} 路"}
                    tags |= {"oneway": "yes"} if one_way else {}
                    tags |= {"maxspeed": luck.choice(("30", "50", "30 mph"))} if luck.random() < 0.3 else {}
                    ways.append((refs, tags))
        for _ in range(nodes // 4):
            x, y = luck.uniform(0, side), luck.uniform(0, side)
            corners = [add(x, y), add(x + 0.1, y), add(x + 0.1, y + 0.1), add(x, y + 0.1)]
            ways.append(([*corners, corners[0]], {"building": "yes"}))
        for number, (refs, tags) in enumerate(ways, start=1):
            writer.add_way(Way(id=number, version=1, nodes=refs, tags=tags))


def measure(path: Path, target: Path) -> dict[str, float]:
    """Return seconds, sizes and peak memory in MB of an import."""
    start = time.perf_counter()
    from dispatch.importing.importer import import_network
    from dispatch.importing.writing import write_network

    found = import_network(path)
    read = time.perf_counter()
    write_network(target, found.files)
    return {
        "read s": read - start,
        "import s": time.perf_counter() - start,
        "nodes": found.report["nodes"],
        "links": found.report["links"],
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    """Print the measurements."""
    nodes = int(sys.argv[1]) if len(sys.argv) > 1 else 60_000
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "city.osm.pbf"
        write_city(path, nodes, seed=1)
        print(f"{nodes:,} nodes on drivable ways, {path.stat().st_size / 1e6:.1f} MB of .osm.pbf")
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
        command = [sys.executable, __file__, "--measure", str(path), f"{place}/networks/city"]
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        for name, value in json.loads(done.stdout).items():
            print(f"  {name:12} {value:12,.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(Path(sys.argv[2]), Path(sys.argv[3]))))
    else:
        main()
