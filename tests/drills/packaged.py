"""An exercise with every kind of entry that a package shows, in the small world of two stations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from tests.small import write_scenario

if TYPE_CHECKING:
    from pathlib import Path

BRIEF: dict[str, Any] = {
    "title": "演练 & drill <1>",
    "description": "First paragraph.\n\nSecond, with | and *stars*.\n",
    "scenario": "scenario.yaml",
    "held": "2026-05-12T09:00:00+08:00",
    "lasts": "1 h",
    "scale": 2,
    "without_random": True,
    "seed": 7,
    "objectives": {
        "O1": {"title": "First unit on scene within 8 min", "plan": "Plan 4.2"},
        "O2": {"title": "The public is informed"},
    },
    "roles": {
        "boss": {"title": "Duty officer", "duties": ["Decides"], "contact": "channel 1"},
        "ctl": {"title": "Controller", "side": "controller"},
        "eva": {"title": "Evaluator", "side": "evaluator"},
    },
    "entries": {
        "I1": {
            "at": "2 min",
            "from": "caller",
            "to": "centre",
            "text": "=House fire,\nat \"c\"",
            "inject": {"incident": {"type": "fire", "node": "c"}},
            "expects": [
                {"text": "A unit is on scene", "by": "10 min", "on_scene": {"incident": "I1"}},
                {"text": "Neighbours are warned", "by": "12 min"},
            ],
            "objective": "O1",
            "controller": "ctl",
            "evaluator": "eva",
        },
        "I2": {
            "at": 750.5,
            "from": "weather office",
            "to": 'centre "north" office',
            "method": "cap",
            "text": "Gusts < 12 m/s & rain",
            "inject": {"weather": {"title": "gusts", "for": "20 min", "speed_factor": 0.5}},
        },
        "I3": {
            "at": "20 min",
            "to": "centre",
            "method": "media",
            "text": "A video is shared",
            "expects": [{"text": "A statement", "by": "15 min"}],
            "objective": "O2",
            "trigger": "condition",
            "when": {"on_scene": {"incident": "I1"}},
        },
        "I4": {"at": "30 min", "text": "No unit came", "contingency_of": "I1", "method": "radio"},
        "I5": {"at": "50 min", "text": "Hot wash", "trigger": "manual", "method": "in_person"},
    },
}  # fmt: skip
"""The exercise as people write it; nothing in it is drawn."""


def write_brief(folder: Path, **changes: Any) -> Path:
    """Write the small scenario and the brief with keys changed, and return the brief's path."""
    folder.mkdir(parents=True, exist_ok=True)
    write_scenario(folder)
    path = folder / "brief.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML().dump({**BRIEF, **changes}, file)
    return path
