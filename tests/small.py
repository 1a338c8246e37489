"""Small visible worlds for the tests: two stations on a line of nodes, written as files and loaded."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from dispatch import load

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Scenario

LINE = ("a", "b", "c", "d", "e")
"""Nodes from west to east, one minute of driving apart."""

BASE: dict[str, Any] = {
    "network": "line",
    "horizon": 86400,
    "call_processing": 0,
    "unit_types": {"engine": {"capabilities": ["engine"], "turnout": 0}},
    "stations": {"west": {"at": "a"}, "east": {"at": "e"}},
    "units": {"W1": {"type": "engine", "station": "west"}, "E1": {"type": "engine", "station": "east"}},
    "incident_types": {"fire": {"run_card": {"engine": 1}, "on_scene": 600}},
    "demand": {"poisson": {"fire": {"rate": "24/d"}}},
}


def write_line(folder: Path) -> None:
    """Write the network ``line``: five nodes in plane metres, 600 m apart, 36 km/h."""
    home = folder / "networks" / "line"
    home.mkdir(parents=True, exist_ok=True)
    meta = "name: line\ncrs: metres\nspeeds: {road: 36}\n"
    nodes = "".join(f"{name},{600 * i},0,{'left' if i < 2 else 'right'}\n" for i, name in enumerate(LINE))
    links = "".join(f"{a},{b},false,road\n" for a, b in pairwise(LINE))
    (home / "network.yaml").write_text(meta, encoding="utf-8")
    (home / "node.csv").write_text("node_id,x_coord,y_coord,zone_id\n" + nodes, encoding="utf-8")
    (home / "link.csv").write_text(
        "from_node_id,to_node_id,directed,facility_type\n" + links, encoding="utf-8"
    )


def write_scenario(folder: Path, calls: str = "", **changes: Any) -> Path:
    """Write the base scenario with top-level keys changed, and recorded calls if any, and return its path."""
    write_line(folder)
    data = {**BASE, **changes}
    if calls:
        (folder / "calls.csv").write_text(calls, encoding="utf-8")
        data["demand"] = {"recorded": "calls.csv"}
    path = folder / "scenario.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(data, file)
    return path


def small(folder: Path, calls: str = "", **changes: Any) -> Scenario:
    """Write a scenario and load it."""
    return load(write_scenario(folder, calls, **changes))
