"""What makes drawn entries whole: the objective that they serve, who delivers them, and who watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.drills.roles import USUAL
from dispatch.drills.wording import WORDS
from dispatch.model.briefs import Objective

if TYPE_CHECKING:
    from dispatch.drills.wording import Language
    from dispatch.model.briefs import DrillFile

CALLS, COVER = "calls", "cover"
"""Ids of the objectives that drawn entries bring along: that calls are answered, and that cover is kept."""


def with_objectives(file: DrillFile, kinds: tuple[str, ...], language: Language) -> DrillFile:
    """Return a file with objectives: its own, or else those of some kinds, ``CALLS`` or ``COVER``."""
    if file.objectives:
        return file
    words = WORDS[language]
    made = {kind: Objective(title=words[f"objective_{kind}"]) for kind in kinds}
    return file.model_copy(update={"objectives": made})


def bound(file: DrillFile, kind: str, named: str | None = None) -> dict[str, str]:
    """Return objective, controller and evaluator of a drawn entry, as they are written.

    The objective is the one that is named, the only one, or else that of the kind.
    """
    found = {
        "objective": named or (next(iter(file.objectives)) if len(file.objectives) == 1 else kind),
        "controller": _first(file, "controller") or _first(file, "simulator"),
        "evaluator": _first(file, "evaluator"),
    }
    return {key: name for key, name in found.items() if name}


def _first(file: DrillFile, side: str) -> str:
    """Return the first role of a side, of the usual ones where the file has none; empty for none."""
    sides: dict[str, str] = {name: role.side for name, role in file.roles.items()}
    sides = sides or {part.id: part.side for part in USUAL}
    return next((name for name, one in sides.items() if one == side), "")
