"""Good input to spoil: a scenario that uses every key, recorded calls, a road network and a matrix.

The scenario is written as JSON, one value a line, which is YAML too; so a test knows on which line it put
what.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import dispatch
from dispatch.errors import DispatchError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dispatch import Scenario

YAML = "name: town\ncrs: local\nspeeds: {street: {emergency: 36, normal: 27}}\n"
NODES = """\
node_id,x_coord,y_coord,name,zone_id,people
a,0,0,Alpha,north,10
b,1000,0,Beta,north,20
c,2000,0,,south,30
d,2000,500,Delta,,40
e,3000,500,,south,50
"""
LINKS = """\
link_id,from_node_id,to_node_id,directed,length,facility_type,free_speed
ab,a,b,false,1000,street,
bc,b,c,false,1000,street,
cd,c,d,true,500,street,
db,d,b,true,1200,,54
de,d,e,false,1010,street,
"""
MATRIX_YAML = "name: table\nkind: matrix\nfile: times.csv\nunit: min\n"
TIMES = "from,to,time\n" + "".join(f"{x},{y},{abs(i - j) + 1}\n" for i, x in enumerate("abcde")
                                   for j, y in enumerate("abcde") if x != y)  # fmt: skip
CALLS = """\
incident,received,type,node,priority,call_processing,units,turnout,on_scene,transport,hand_over,cancelled
r1,2020-01-06T09:00:00+08:00,fire,a,1,10,pumper:1;ladder:1,30,600,,,
r2,5400,medical,b,2,,,,,60,30,
r3,6000,fire,e,,20,,,,,,90
"""

EVERYTHING: dict[str, Any] = {
    "schema_version": 2,
    "name": "everything",
    "title": "Every key",
    "description": "There is one of each.",
    "network": "town",
    "start": "2020-01-06T08:00:00+08:00",
    "horizon": "1 d",
    "warm_up": "1 h",
    "seed": 5,
    "replications": 2,
    "snap": 900,
    "call_processing": {"uniform": {"low": 10, "high": 20}},
    "unit_types": {
        "engine": {
            "title": "Engine",
            "capabilities": ["pumper"],
            "crew": 4,
            "turnout": {"lognormal": {"median": 60, "p90": "90 s"}},
        },
        "truck": {"capabilities": ["ladder"], "turnout": {"triangular": {"low": 30, "mode": 40, "high": 80}}},
    },
    "stations": {
        "s1": {"title": "One", "at": "a", "owner": "state"},
        "s2": {"at": [2010.5, 3.0]},
        "s3": {"at": "e", "owner": "volunteer"},
    },
    "units": {
        "E1": {"type": "engine", "station": "s1", "title": "First"},
        "E2": {"type": "engine", "station": "s2"},
        "T1": {"type": "truck", "station": "s2"},
        "T3": {"type": "truck", "station": "s3"},
    },
    "incident_types": {
        "fire": {
            "title": "Fire",
            "priority": 1,
            "run_card": {"pumper": 2, "ladder": 1},
            "call_processing": {"fixed": 15},
            "on_scene": {"gamma": {"mean": "20 min", "shape": 2.5}},
            "transport": {"exponential": {"mean": 300}},
            "hand_over": {"erlang": {"mean": 200, "stages": 3}},
        },
        "medical": {
            "priority": 2,
            "run_card": {"pumper": 1},
            "on_scene": {"hyperexponential": {"means": [300, 3000], "weights": [9, 1]}},
        },
        "odd": {
            "run_card": {"ladder": 1},
            "busy": {"empirical": {"values": [100, 200, "5 min"], "weights": [1, 2, 1]}},
        },
    },
    "zones": {
        "core": {"title": "Core", "nodes": ["b"]},
        "corner": {"polygon": [[1900, 400], [2100, 400], [2100, 600], [1900, 600]]},
    },
    "profiles": {
        "days": {"weekday": [1, 2, 3] * 8, "weekend": [2, 1] * 12},
        "even": {"weekday": [1] * 24},
    },
    "demand": {
        "poisson": {
            "fire": {
                "rate": "4/d",
                "profile": "days",
                "places": {"north": 3, "e": 1, "zone:south": 2},
                "spread": "people",
            },
            "medical": {"rate": "0.5/h", "profile": "even"},
            "odd": {"rate": "2 per d"},
        },
        "recorded": "calls.csv",
    },
    "dispatching": {
        "policy": "run_card_order",
        "when_none_free": "mutual_aid",
        "mutual_aid": {"delay": "10 min", "at": "e"},
        "diversion": True,
        "returning": False,
        "first_due": {"north": ["E1", "E2"], "d": ["T1"]},
    },
    "layouts": {
        "less": {"title": "Less", "close_stations": ["s3"], "remove_units": ["E2"]},
        "more": {
            "based_on": "less",
            "reopen_stations": ["s3"],
            "add_stations": {"s4": {"at": "d"}},
            "move_stations": {"s2": "b"},
            "add_units": {"E4": {"type": "engine", "station": "s4"}},
            "move_units": {"T1": "s1"},
        },
    },
    "injects": [
        {
            "at": "90 min",
            "incident": {"type": "odd", "node": "c", "id": "x1", "priority": 3, "units": {"ladder": 2}},
        },
        {"at": "2020-01-06T09:45:00+08:00", "message": {"from": "control", "to": "s1", "text": "Ready?"}},
        {"at": 4000, "surge": {"factor": 2.5, "for": "2 h", "types": ["medical"], "zones": ["south"]}},
    ],
    "measures": ["total.first.mean", "workload[unit=E1]"],
    "cover_within": "6 min",
    "stop": {"measure": "total.first.mean", "half_width": 60, "minimum": 2, "maximum": 3},
}


def write_world(folder: Path, scenario: dict[str, Any] | str | bytes | None = None) -> Path:
    """Write networks, calls and a scenario below a folder and return the scenario's path."""
    for name, files in {
        "town": {"network.yaml": YAML, "node.csv": NODES, "link.csv": LINKS},
        "table": {"network.yaml": MATRIX_YAML, "times.csv": TIMES},
    }.items():
        home = folder / "networks" / name
        home.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (home / file).write_text(text, encoding="utf-8")
    (folder / "calls.csv").write_text(CALLS, encoding="utf-8")
    return write_scenario(folder, EVERYTHING if scenario is None else scenario)


def write_scenario(folder: Path, scenario: dict[str, Any] | str | bytes) -> Path:
    """Write only the scenario."""
    path = folder / "m.yaml"
    text = dump(scenario) if isinstance(scenario, dict) else scenario
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return path


def dump(scenario: dict[str, Any]) -> str:
    """Return a scenario as JSON with a line for each key."""
    text = json.dumps(scenario, indent=1, ensure_ascii=False) + "\n"
    # hours in one line: a parser's time goes by lines and tokens, and the tests parse thousands of files
    return re.sub(r"(?<=[\d\[],)\n +(?=\d)", " ", text)


def changed(scenario: dict[str, Any], path: Sequence[str | int], value: Any) -> dict[str, Any]:
    """Return a deep copy in which one value is another."""
    copy: dict[str, Any] = json.loads(json.dumps(scenario))
    inner: Any = copy
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    return copy


def without(scenario: dict[str, Any], path: Sequence[str | int]) -> dict[str, Any]:
    """Return a deep copy in which one key is missing."""
    copy: dict[str, Any] = json.loads(json.dumps(scenario))
    inner: Any = copy
    for part in path[:-1]:
        inner = inner[part]
    del inner[path[-1]]
    return copy


def try_load(path: Path) -> Scenario | list[str]:
    """Load a scenario, or return the lines of its refusal after checking their form."""
    try:
        return dispatch.load(path)
    except InputError as error:
        lines = [str(problem) for problem in error.problems]
        check_lines(lines)
        return lines
    except DispatchError as error:
        raise AssertionError(f"not told as a problem of a file: {error}") from error


LINE = re.compile(r"[^\n:]+\.(yaml|csv):\d+( [^\n]+?)?: [^\n]{3,}")


def check_lines(lines: Sequence[str]) -> None:
    """Assert that every problem is one line of ``file:line path: fact. remedy``."""
    assert lines
    for line in lines:
        whole_file = ": cannot be read (" in line  # a file that is not there has no lines
        assert whole_file or LINE.fullmatch(line), f"not of the form file:line path: fact. remedy — {line!r}"
        assert "Traceback" not in line
        assert len(line) < 1000


def line_of(path: Path, marker: str) -> int:
    """Return the number of the only line that holds a text."""
    text = path.read_text(encoding="utf-8")
    assert text.count(marker) == 1, marker
    return text[: text.index(marker)].count("\n") + 1
