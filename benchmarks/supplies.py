"""How fast supplies are sent: ``python benchmarks/supplies.py [NODES]``.

A made-up city with 20 depots of three trucks each; 30 calls within an hour, each of which needs two of five
items. Printed are trips per CPU-second of simulating, with the flow and with the nearest depot first, what
a kilogram is waited for on average, and how many trips there are, which no machine changes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from city import write_city

from dispatch import draw, load, simulate
from dispatch.engine.fleet import Fleet

ITEMS = ("sandbags", "foam-6", "blankets", "food", "fuel")
AMOUNTS = ("1200 bags", "9 t", "2000 pieces", "8000 meals", "9 m3")
SCENARIO = """\
network: city
horizon: 1 d
call_processing: 60 s
unit_types: {{engine: {{capabilities: [engine], turnout: 60 s}}}}
stations: {{s: {{at: '{station}'}}}}
units: {{E1: {{type: engine, station: s}}}}
incident_types: {{call: {{run_card: {{engine: 1}}, on_scene: 20 min}}}}
demand: {{poisson: {{call: {{rate: 0/d}}}}}}
supplying: {{policy: {policy}}}
depots:
{depots}
injects:
{calls}
"""


def written(nodes: list[str], policy: str) -> str:
    """Return the text of the scenario."""
    step, depots, calls = len(nodes) // 60, [], []
    trucks = "{heavy: {payload: 10 t}, middle: {payload: 5 t}, light: {payload: 2 t}}"
    lines = list(zip(ITEMS, AMOUNTS, strict=True))
    for n in range(20):
        stock = ", ".join(f"{item}: {amount}" for item, amount in (lines[(n + k) % 5] for k in range(3)))
        depots.append(f"  d{n}: {{at: '{nodes[step * n]}', stock: {{{stock}}}, trucks: {trucks}}}")
    for n in range(30):
        wanted = (lines[(n + k) % 5] for k in range(2))
        needs = ", ".join(f"{item}: {{amount: {amount}, within: 3 h}}" for item, amount in wanted)
        call = f"{{type: call, node: '{nodes[step * (25 + n)]}', supplies: {{{needs}}}}}"
        calls.append(f"  - {{at: {2 * n} min, incident: {call}}}")
    return SCENARIO.format(station=nodes[0], policy=policy, depots="\n".join(depots), calls="\n".join(calls))


def main() -> None:
    """Run the benchmark and print its figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        city = Path(folder) / "networks" / "city"
        write_city(city, count, 1)
        lines = (city / "node.csv").read_text(encoding="utf-8").splitlines()[1:]
        for policy in ("flow", "nearest"):
            path = Path(folder) / f"{policy}.yaml"
            path.write_text(written([line.split(",")[0] for line in lines], policy), encoding="utf-8")
            time_policy(path)


def time_policy(path: Path) -> None:
    """Simulate a scenario twice, and print a line about the second time, when tables are warm."""
    scenario = load(path)
    fleet, timeline = Fleet(scenario, scenario.layouts["baseline"]), draw(scenario, 0)
    simulate(scenario, timeline=timeline, fleet=fleet)
    begin = time.process_time()
    found = simulate(scenario, timeline=timeline, fleet=fleet).supplies
    seconds = time.process_time() - begin
    assert found is not None
    assert scenario.supplies is not None
    weight = [each.amount * scenario.supplies.items[found.needs[each.need].item].kg for each in found.brought]
    waits = [each.moment - found.needs[each.need].asked for each in found.brought]
    minutes = sum(kg * wait for kg, wait in zip(weight, waits, strict=True)) / sum(weight) / 60
    trips = len(found.trips)
    print(f"{path.stem:8}{trips:6d} trips, {trips / seconds:8.1f} a CPU-second; mean wait {minutes:.1f} min")


if __name__ == "__main__":
    main()
