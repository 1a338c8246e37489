"""The command line in a process of its own, and small scenarios for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("dispatch")

SMALL: dict[str, Any] = {
    "network": "town",
    "horizon": "2 d",
    "replications": 3,
    "call_processing": 30,
    "unit_types": {"engine": {"capabilities": ["pumper"], "turnout": {"exponential": {"mean": 60}}}},
    "stations": {"s1": {"at": "a"}},
    "units": {"E1": {"type": "engine", "station": "s1"}},
    "incident_types": {
        "fire": {"run_card": {"pumper": 1}, "on_scene": {"exponential": {"mean": "20 min"}}},
    },
    "demand": {"poisson": {"fire": {"rate": "1/h"}}},
    "layouts": {
        "two": {
            "add_stations": {"s2": {"at": "c"}},
            "add_units": {"E2": {"type": "engine", "station": "s2"}},
        }
    },
}


def write(folder: Path, name: str = "small.yaml", **changes: object) -> Path:
    """Write a network and a scenario and return the scenario's path."""
    home = folder / "networks" / "town"
    home.mkdir(parents=True, exist_ok=True)
    (home / "network.yaml").write_text("crs: local\nspeeds: {street: 36}\n")
    (home / "node.csv").write_text(
        "node_id,x_coord,y_coord,zone_id\na,0,0,north\nb,2000,0,north\nc,4000,0,south\n"
    )
    (home / "link.csv").write_text(
        "from_node_id,to_node_id,directed,length,facility_type\na,b,false,2000,street\nb,c,false,2000,street\n"
    )
    path = folder / name
    path.write_text(json.dumps(SMALL | changes, indent=1), encoding="utf-8")
    return path


def environment(**changes: str) -> dict[str, str]:
    """Return an environment without colours, columns or a cache in the home folder."""
    kept = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR")}
    return kept | {"DISPATCH_CACHE": "off", "TERM": "xterm-256color"} | changes


def dispatch(
    *arguments: str | Path, cwd: Path = ROOT, code: int = 0, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run the command and check its exit code; stdout and stderr are pipes."""
    done = subprocess.run(
        [COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=60, cwd=cwd, check=False,
        env=environment(**env),
    )  # fmt: skip
    assert done.returncode == code, (done.returncode, done.stdout[-500:], done.stderr[-1500:])
    assert "Traceback" not in done.stderr
    return done
