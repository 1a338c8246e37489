"""A straight road of five places, and the same places as a matrix, with everything countable by hand.

Road: A, B, C, D, E lie 1000 m apart. With siren a unit drives 10 m/s (100 s from place to place), without
5 m/s (200 s). Matrix: 100 s from place to place in either mode.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import dispatch

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log, Scenario

PLACES = "ABCDE"
ZONES = {"A": "west", "B": "west", "C": "", "D": "east", "E": "east"}
PUMPER = {"capabilities": ["pumper"], "turnout": 0}
FIRE = {"priority": 2, "run_card": {"pumper": 1}, "on_scene": 0}


def road(folder: Path) -> str:
    """Write the road network and return its name."""
    home = folder / "networks" / "line"
    home.mkdir(parents=True, exist_ok=True)
    (home / "network.yaml").write_text("crs: local\nspeeds: {street: {emergency: 36, normal: 18}}\n")
    rows = [f"{p},{1000 * i},0,{ZONES[p]}" for i, p in enumerate(PLACES)]
    (home / "node.csv").write_text("\n".join(["node_id,x_coord,y_coord,zone_id", *rows]) + "\n")
    links = [f"{a},{b},false,1000,street" for a, b in pairwise(PLACES)]
    header = "from_node_id,to_node_id,directed,length,facility_type"
    (home / "link.csv").write_text("\n".join([header, *links]) + "\n")
    return "line"


def matrix(folder: Path) -> str:
    """Write the matrix, in minutes, and return its name."""
    home = folder / "networks" / "table"
    home.mkdir(parents=True, exist_ok=True)
    (home / "network.yaml").write_text("kind: matrix\nfile: times.csv\nunit: h\n")
    rows = [
        ",".join([a, *(repr(abs(i - j) / 36) for j in range(len(PLACES)))]) for i, a in enumerate(PLACES)
    ]  # 100 s = 1/36 h
    (home / "times.csv").write_text("\n".join([",".join(["", *PLACES]), *rows]) + "\n")
    return "table"


def scenario(folder: Path, calls: str = "", *, network: str = "line", **changes: Any) -> Scenario:
    """Write and load a scenario: one pumper P1 at A, calls of type fire from a recorded table."""
    road(folder) if network == "line" else matrix(folder)
    written: dict[str, Any] = {
        "network": network,
        "horizon": 100_000,
        "replications": 1,
        "call_processing": 0,
        "unit_types": {"pumper": PUMPER},
        "stations": {"S1": {"at": "A"}},
        "units": {"P1": {"type": "pumper", "station": "S1"}},
        "incident_types": {"fire": FIRE},
    }
    if calls:
        (folder / "calls.csv").write_text(calls)
        written["demand"] = {"recorded": "calls.csv"}
    written |= changes
    path = folder / "scenario.yaml"
    path.write_text(json.dumps(written, indent=1))
    return dispatch.load(path)


MOMENTS = ("alerted", "en_route", "on_scene", "clear", "at_hospital", "available", "in_quarters")


def responses(log: Log) -> list[tuple[str, str, dict[str, float]]]:
    """Return (incident, unit, moments that came) of every response, in order of incident, then alert."""
    r, t = log.responses, log.timeline
    rows = []
    for row in range(len(r)):
        moments = {name: float(getattr(r, name)[row]) for name in MOMENTS}
        unit = log.fleet.ids[r.unit[row]] if r.unit[row] >= 0 else "aid"
        known = {name: value for name, value in moments.items() if value == value}
        rows.append((t.incident_id(int(r.incident[row]), log.scenario.kinds), unit, known))
    return sorted(rows, key=lambda row: (row[0], row[2]["alerted"], row[1]))
