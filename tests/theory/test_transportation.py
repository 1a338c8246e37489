"""Textbook transportation problems as scenarios: depots, needs, and a matrix of minutes for costs.

There are trucks enough, and loading takes no time: what all units wait for in sum is then the cost of the
plan, and the ``flow`` policy has to reach the textbook's optimum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from dispatch import load, simulate

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.engine.supply_log import SupplyLog

HILLIER = (
    [75, 125, 100],
    [80, 65, 70, 85],
    [[464, 513, 654, 867], [352, 416, 690, 791], [995, 682, 388, 685]],
)
"""P & T Company: Hillier, Lieberman, Introduction to Operations Research; 152 535."""
WINSTON = ([35, 50, 40], [45, 20, 30, 30], [[8, 6, 10, 9], [9, 12, 13, 7], [14, 9, 16, 5]])
"""Powerco: Winston, Operations Research, section 7.1; 1020."""


Tables = tuple[list[int], list[int], list[list[int]]]


def problem(folder: Path, tables: Tables, policy: str, payload: int) -> SupplyLog:
    """Write and simulate a transportation problem; costs are minutes on the road."""
    supply, demand, cost = tables
    depots, calls = [f"d{i}" for i in range(len(supply))], [f"c{j}" for j in range(len(demand))]
    nodes = [*depots, *calls]
    home = folder / "networks" / "table"
    home.mkdir(parents=True)
    meta = "name: table\nkind: matrix\nsource: textbook\nfile: times.csv\nunit: min\nsymmetric: true\n"
    (home / "network.yaml").write_text(meta, encoding="utf-8")
    rows = [f"{d},{c},{cost[i][j]}" for i, d in enumerate(depots) for j, c in enumerate(calls)]
    rows += [f"{a},{b},2000" for group in (depots, calls) for a in group for b in group if a < b]
    (home / "times.csv").write_text("from,to,time\n" + "\n".join(rows) + "\n", encoding="utf-8")
    written: dict[str, Any] = {
        "network": "table",
        "horizon": "1 d",
        "call_processing": 0,
        "unit_types": {"engine": {"capabilities": ["engine"], "turnout": 0}},
        "stations": {"s": {"at": nodes[0]}},
        "units": {"E": {"type": "engine", "station": "s"}},
        "items": {"thing": {"unit": "piece", "weight": 1}},
        "incident_types": {"call": {"run_card": {"engine": 1}, "on_scene": 600}},
        "demand": {"poisson": {"call": {"rate": "0/d"}}},
        "supplying": {"policy": policy},
        "depots": {
            d: {"at": d, "load_out": 0, "stock": {"thing": supply[i]},
                "trucks": {"t": {"number": supply[i] // payload + len(calls), "payload": f"{payload} kg"}}}
            for i, d in enumerate(depots)
        },
        "injects": [
            {"at": 0, "incident": {"type": "call", "node": c, "id": c,
                                   "supplies": {"thing": {"amount": demand[j], "wanted_for": "30 d"}}}}
            for j, c in enumerate(calls)
        ],
    }  # fmt: skip
    path = folder / "problem.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(written, file)
    found = simulate(load(path)).supplies
    assert found is not None
    return found


def minutes(found: SupplyLog) -> float:
    """Return what all units waited for."""
    return sum(each.amount * (each.moment - found.needs[each.need].asked) for each in found.brought) / 60


@pytest.mark.parametrize("payload", [1, 1000])
@pytest.mark.parametrize(("tables", "optimum"), [(HILLIER, 152_535), (WINSTON, 1020)])
def test_textbook_optima(tmp_path: Path, tables: Tables, optimum: float, payload: int) -> None:
    found = problem(tmp_path, tables, "flow", payload)
    assert minutes(found) == optimum
    assert found.shortfalls == ()


def test_the_nearest_depot_first_is_no_optimum(tmp_path: Path) -> None:
    assert minutes(problem(tmp_path, WINSTON, "nearest", 1000)) > 1020


def test_more_is_wanted_than_there_is(tmp_path: Path) -> None:
    """With 10 units less at the first plant of Powerco the dearest demand goes short by 10, and is told."""
    supply, demand, cost = WINSTON
    found = problem(tmp_path, ([25, *supply[1:]], demand, cost), "flow", 1000)
    assert sum(each.amount for each in found.brought) == 115
    assert [each.amount for each in found.shortfalls] == [10]
