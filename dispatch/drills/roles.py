"""Who takes part in an exercise: as its file says, or else a usual set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dispatch.briefing.contents import Said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatch.briefing.contents import Cell
    from dispatch.drills.drill import Drill

SIDES: Mapping[str, Said] = {
    "player": Said("player"),
    "controller": Said("controller"),
    "evaluator": Said("evaluator"),
    "simulator": Said("simulator"),
    "observer": Said("observer"),
}
"""Sides of an exercise."""


@dataclass(frozen=True, slots=True)
class Part:
    """Somebody who takes part."""

    id: str
    title: Cell
    side: str
    duties: tuple[Cell, ...] = ()
    contact: str = ""


USUAL = (
    Part(
        "duty-officer", Said("Duty officer of the command centre"), "player",
        (
            Said("Takes calls and reports, and classifies them."),
            Said("Chooses the plan and level, and sends units by it."),
            Said("Asks for help and supplies in time, and keeps cover for the rest of the district."),
            Said("Keeps superiors informed within the times of the plan."),
        ),
    ),
    Part(
        "incident-commander", Said("Incident commander"), "player",
        (
            Said("Sizes up the scene and reports within minutes of arrival."),
            Said("Asks for the next level before the present one is used up."),
            Said("Watches over the safety of all on scene."),
        ),
    ),
    Part(
        "lead-controller", Said("Lead controller"), "controller",
        (
            Said("Starts, pauses and ends play, and keeps the clock."),
            Said("Delivers injects by the script, and contingencies where an action is overdue."),
            Said("Stops play at once for a real emergency."),
        ),
    ),
    Part(
        "simulation-cell", Said("Simulation cell"), "simulator",
        (
            Said("Speaks for callers, crews and agencies that are not there."),
            Said("Answers as they would, and invents nothing that changes the script."),
        ),
    ),
    Part(
        "lead-evaluator", Said("Lead evaluator"), "evaluator",
        (
            Said("Notes when each expected action was seen, and what led to delays."),
            Said("Rates each objective, and writes the after-action report."),
        ),
    ),
    Part("safety-officer", Said("Safety officer"), "controller", (Said("May stop anything, at any time."),)),
    Part("observers", Said("Observers"), "observer", (Said("Watch, and do not take part."),)),
)  # fmt: skip
"""Those who take part where a file names nobody."""


def roles_of(drill: Drill) -> tuple[Part, ...]:
    """Return who takes part; entries may cite others where the file names nobody."""
    if drill.file.roles:
        return tuple(
            Part(name, role.title, role.side, role.duties, role.contact)
            for name, role in drill.file.roles.items()
        )
    usual = {part.id for part in USUAL}
    cited = {
        (name, side)
        for line in drill.lines
        for name, side in ((line.entry.controller, "controller"), (line.entry.evaluator, "evaluator"))
        if name is not None and name not in usual
    }
    return (*USUAL, *(Part(name, name, side) for name, side in sorted(cited)))
