"""A small exercise on the line of five nodes, one minute apart: two engines, a script of every trigger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from dispatch.cli.main import run_cli
from dispatch.drills.drill import read_drill
from dispatch.drills.playing import Play
from dispatch.drills.session import Session
from tests.small import write_scenario

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.drills.drill import Drill

HOUR = 3600.0

SCRIPT: dict[str, Any] = {
    "f1": {
        "at": "2 min",
        "text": "Fire at b.",
        "from": "caller",
        "to": "centre",
        "inject": {"incident": {"type": "fire", "node": "b"}},
        "expects": [
            {"text": "An engine is there.", "by": "5 min", "on_scene": {"incident": "f1"}},
            {"text": "The mayor is told.", "by": "3 min"},
        ],
    },
    "there": {
        "at": 0,
        "trigger": "condition",
        "when": {"on_scene": {"incident": "f1"}},
        "text": "It is big.",
    },
    "asks": {"at": 0, "contingency_of": "f1", "text": "The mayor asks why nobody told her."},
    "by-hand": {"at": "10 min", "trigger": "manual", "text": "The press is here."},
    "f2": {"at": "20 min", "text": "Fire at d.", "inject": {"incident": {"type": "fire", "node": "d"}}},
}


RICH: dict[str, Any] = {
    "stations": {"west": {"at": "a"}, "east": {"at": "e"}, "south": {"at": "d", "owner": "mutual_aid"}},
    "units": {
        name: {"type": "engine", "station": station}
        for station, names in (("west", "W1 W2"), ("east", "E1 E2"), ("south", "S1 S2 S3"))
        for name in names.split()
    },
    "agreements": {"help": {"stations": ["south"]}},
    "plans": {
        "catalogue": None,
        "classes": {"fire": {"scale": "fire"}},
        "own": {
            "all": {"classes": ["fire"], "cards": {n: {"units": {"engine": n}} for n in (1, 2, 3)}},
        },
    },
    "incident_types": {"fire": {"on_scene": 1800, "alarm": {"level": 1}}},
    "depots": {
        "d": {
            "at": "e", "load_out": "5 min", "stock": {"sandbags": "3000 bags"},
            "trucks": {"t": {"number": 2, "payload": "4 t", "unload": "5 min"}},
        }
    },
}  # fmt: skip
"""What a scenario needs for every kind of order: levels, an agreement, a depot."""


def write_exercise(folder: Path, world: dict[str, Any] | None = None, **changes: Any) -> Path:
    """Write the exercise, which begins an hour into its scenario and lasts an hour; return its file."""
    write_scenario(folder, **(world or {}))
    data = {
        "title": "Two fires 演练",
        "scenario": "scenario.yaml",
        "begins": "1 h",
        "lasts": "1 h",
        "without_random": True,
        "entries": SCRIPT,
        **changes,
    }
    path = folder / "drill.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(data, file)
    return path


def exercise(folder: Path, world: dict[str, Any] | None = None, **changes: Any) -> Drill:
    """Write the exercise and read it; ``world`` is changed in its scenario."""
    return read_drill(write_exercise(folder, world, **changes))


def begun(drill: Drill, folder: Path, name: str = "session.jsonl", **options: Any) -> Play:
    """Begin to play at second 0 on the wall."""
    return Play(drill, Session.begin(folder / name), 0.0, **options)


def code_of(*words: object) -> int:
    """Run the command line and return its exit code."""
    try:
        run_cli([str(word) for word in words])
    except SystemExit as end:
        return int(end.code or 0)
    return 0
