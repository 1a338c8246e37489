"""A small exercise on the line of five nodes, one minute apart: two engines, a script of every trigger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

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


def write_exercise(folder: Path, **changes: Any) -> Path:
    """Write the exercise, which begins an hour into its scenario and lasts an hour; return its file."""
    write_scenario(folder)
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


def exercise(folder: Path, **changes: Any) -> Drill:
    """Write the exercise and read it."""
    return read_drill(write_exercise(folder, **changes))


def begun(drill: Drill, folder: Path, name: str = "session.jsonl", **options: Any) -> Play:
    """Begin to play at second 0 on the wall."""
    return Play(drill, Session.begin(folder / name), 0.0, **options)
