"""How fast the engine is: ``python benchmarks/engine.py [NODES]``.

Two worlds on a made-up city of 50,000 nodes: 16 units, one to a call; and a fire department of 35 units with
engines, ladders, rescues and chiefs, up to six to a call. Printed are calls per CPU-second of drawing and
simulating (tables of travel times warm, as from the second replication on), calls per CPU-second in the first
replication, and scheduled events per unit response, which no machine changes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from city import write_city

from dispatch import draw, load, simulate
from dispatch.engine.fleet import Fleet

if TYPE_CHECKING:
    from dispatch.scenario.scenario import Scenario

SINGLE = """\
network: city
horizon: {days} d
seed: 7
call_processing: {{lognormal: {{median: 45 s, p90: 75 s}}}}
unit_types:
  engine: {{capabilities: [engine], turnout: {{lognormal: {{median: 60 s, p90: 90 s}}}}}}
stations: {{{stations}}}
units: {{{units}}}
incident_types:
  call: {{run_card: {{engine: 1}}, on_scene: {{lognormal: {{median: 20 min, p90: 40 min}}}}}}
demand: {{poisson: {{call: {{rate: 120/d}}}}}}
"""

MULTI = """\
network: city
horizon: {days} d
seed: 7
call_processing: {{lognormal: {{median: 45 s, p90: 75 s}}}}
unit_types:
  engine: {{capabilities: [engine], turnout: {{lognormal: {{median: 60 s, p90: 90 s}}}}}}
  ladder: {{capabilities: [ladder], turnout: {{lognormal: {{median: 60 s, p90: 90 s}}}}}}
  rescue: {{capabilities: [rescue, engine], turnout: {{lognormal: {{median: 60 s, p90: 90 s}}}}}}
  chief: {{capabilities: [chief], turnout: 45 s}}
stations: {{{stations}}}
units: {{{units}}}
incident_types:
  medical: {{priority: 2, run_card: {{engine: 1}}, on_scene: {{lognormal: {{median: 20 min, p90: 40 min}}}}}}
  alarm:
    priority: 2
    run_card: {{engine: 2, ladder: 1}}
    on_scene: {{lognormal: {{median: 12 min, p90: 25 min}}}}
  fire:
    priority: 1
    run_card: {{engine: 3, ladder: 1, rescue: 1, chief: 1}}
    on_scene: {{lognormal: {{median: 45 min, p90: 110 min}}}}
demand: {{poisson: {{medical: {{rate: 100/d}}, alarm: {{rate: 40/d}}, fire: {{rate: 10/d}}}}}}
"""


def main() -> None:
    """Build the worlds, time them, print a table."""
    nodes = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    print(
        f"{'world':28}{'calls':>9}{'responses':>11}{'first':>9}{'warm':>9}{'engine':>9}{'events/response':>17}"
    )
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_city(root / "networks" / "city", nodes, 1)
        time_world(root, "16 units, single", SINGLE, single_fleet())
        time_world(root, "35 units, multi-unit", MULTI, multi_fleet())
    print("first, warm: calls per CPU-second, drawing and simulating; engine: simulating alone, warm")


def single_fleet() -> tuple[int, list[tuple[str, int]]]:
    """Return the number of stations, and the type and station of each unit."""
    return 16, [("engine", i) for i in range(16)]


def multi_fleet() -> tuple[int, list[tuple[str, int]]]:
    """Return 35 units at 16 stations: 18 engines, 8 ladders, 5 rescues, 4 chiefs."""
    kinds = ["engine"] * 18 + ["ladder"] * 8 + ["rescue"] * 5 + ["chief"] * 4
    return 16, [(kind, (5 * i) % 16) for i, kind in enumerate(kinds)]


def time_world(root: Path, title: str, text: str, fleet: tuple[int, list[tuple[str, int]]]) -> None:
    """Write one scenario, simulate it three times and print a line of the table."""
    count, units = fleet
    nodes = node_ids(root)
    spots = [nodes[(2 * i + 1) * len(nodes) // (2 * count)] for i in range(count)]
    stations = ", ".join(f"s{i}: {{at: '{spot}'}}" for i, spot in enumerate(spots))
    listed = ", ".join(f"u{i}: {{type: {kind}, station: s{site}}}" for i, (kind, site) in enumerate(units))
    path = root / "scenario.yaml"
    path.write_text(text.format(days=365, stations=stations, units=listed), encoding="utf-8")
    scenario = load(path)
    layout = Fleet(scenario, scenario.layouts["baseline"])
    first = timed(scenario, layout, 0)
    warm = max(timed(scenario, layout, replication) for replication in (1, 2, 3))
    log = simulate(scenario, fleet=layout)
    events = log.scheduled / len(log.responses)
    rates = "".join(f"{rate:9,.0f}" for rate in (first[0], *warm))
    print(f"{title:28}{len(log.timeline):9,}{len(log.responses):11,}{rates}{events:17.3f}")


def node_ids(root: Path) -> list[str]:
    """Return the ids of the city's nodes in order of their coordinates."""
    from dispatch.roads.network import load_network

    return list(load_network(root / "networks" / "city").node_ids)


def timed(scenario: Scenario, fleet: Fleet, replication: int) -> tuple[float, float]:
    """Return calls per CPU-second of drawing and simulating, and of simulating alone."""
    begin = time.process_time()
    timeline = draw(scenario, replication)
    drawn = time.process_time()
    simulate(scenario, timeline=timeline, fleet=fleet)
    end = time.process_time()
    return len(timeline) / (end - begin), len(timeline) / (end - drawn)


if __name__ == "__main__":
    main()
