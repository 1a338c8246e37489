"""Exercises in the line of nodes of :mod:`tests.small`: written as files and read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from dispatch.drills.drill import Drill, read_drill
from tests.small import write_scenario

if TYPE_CHECKING:
    from pathlib import Path

BRIEF: dict[str, Any] = {
    "title": "一次演练 an exercise",
    "scenario": "scenario.yaml",
    "begins": "1 h",
    "lasts": "2 h",
}

QUIET: dict[str, Any] = {"demand": {"poisson": {"fire": {"rate": "0/d"}}}}
"""A scenario without random calls."""


def call(at: float, node: str = "c", **rest: Any) -> dict[str, Any]:
    """Return an entry that brings a fire in."""
    return {"at": at, "text": "fire", "inject": {"incident": {"type": "fire", "node": node}}, **rest}


def write_brief(folder: Path, name: str = "brief.yaml", **changes: Any) -> Path:
    """Write a brief and return its path."""
    path = folder / name
    with path.open("w", encoding="utf-8") as file:
        YAML().dump({**BRIEF, **changes}, file)
    return path


def brief(folder: Path, scenario: dict[str, Any] | None = None, **changes: Any) -> Drill:
    """Write a scenario and a brief, and read it."""
    write_scenario(folder, **(QUIET if scenario is None else scenario))
    return read_drill(write_brief(folder, **changes))
