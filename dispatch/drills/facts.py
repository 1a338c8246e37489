"""What identifies an exercise, and how hard it is, as tables."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from dispatch.briefing.contents import Column, Number, Said, Table
from dispatch.drills.script import clock_text, held, wall_of

if TYPE_CHECKING:
    from dispatch.briefing.contents import Cell
    from dispatch.drills.drill import Drill
    from dispatch.drills.proving import Proof

FORMS = {
    "tabletop": Said("tabletop: decisions are talked through, units move in the simulation only"),
    "command_post": Said("command post: commanders decide, units are simulated"),
    "full_live": Said("full live: units really drive; what the simulation says is for comparison"),
}
GRADES = {"easy": Said("easy"), "moderate": Said("moderate"), "hard": Said("hard")}


def facts(drill: Drill) -> tuple[tuple[Said, Cell], ...]:
    """Return what identifies an exercise, as pairs of name and value, for those who lead it."""
    return (
        (Said("Exercise"), drill.file.title),
        (Said("Scenario"), drill.base.file.title or drill.base.name),
        (Said("Layout"), drill.file.layout),
        (Said("Form"), FORMS[drill.file.form]),
        (Said("STARTEX"), held(drill)),
        (Said("ENDEX"), wall_of(drill, drill.file.lasts)),
        (Said("Duration of play"), clock_text(drill.file.lasts)),
        (Said("Seed"), str(drill.file.seed)),
    )


def facts_for_players(drill: Drill) -> tuple[tuple[Said, Cell], ...]:
    """Return what players may know: not the seed, from which it could be drawn again.

    In a double-blind exercise they know neither when it is nor in which scenario.
    """
    kept = {"Exercise", "Form", "Duration of play"}
    kept |= set() if drill.file.unscripted else {"Scenario", "Layout", "STARTEX", "ENDEX"}
    return tuple((name, value) for name, value in facts(drill) if name.text in kept)


def fact_table(drill: Drill, name: str, *, is_led: bool = True) -> Table:
    """Return the facts of an exercise as a table, for those who lead it or for players."""
    columns = (Column("name", Said("What")), Column("value", Said("Value")))
    shown = facts(drill) if is_led else facts_for_players(drill)
    return Table(name, Said("The exercise"), columns, shown)


def difficulty(proof: Proof) -> Table:
    """Return how hard the model found an exercise."""
    d = proof.difficulty
    told: tuple[tuple[Said, Cell], ...] = (
        (Said("difficulty"), GRADES[d.grade]),
        (Said("calls received"), Number(d.calls, "whole")),
        (Said("greatest share of own units committed at once"), Number(d.committed, "share")),
        (Said("most calls open at once"), Number(d.open_at_once, "whole")),
        (Said("least share of demand within reach of a free unit"), Number(d.cover, "share")),
        (Said("calls that waited for a unit"), Number(d.waiting, "whole")),
        (Said("mean wait for a unit"), Number(d.mean_wait, "s")),
    )
    shown = tuple(
        (name, value) for name, value in told if not (isinstance(value, Number) and isnan(value.value))
    )
    columns = (Column("measure", Said("Measure")), Column("value", Said("Value")))
    note = Said("Measured from STARTEX to ENDEX while the model played by its own advice.")
    return Table("difficulty", Said("Resources stressed"), columns, shown, (note,))
