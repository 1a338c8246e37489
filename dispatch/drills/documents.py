"""The papers of an exercise: for everybody who takes part, and for those who lead it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from dispatch.briefing.contents import Column, Number, Said, Section, Table
from dispatch.drills import handbook
from dispatch.drills.facts import fact_table
from dispatch.drills.roles import SIDES, roles_of
from dispatch.drills.script import TOLD, clock_text, held, table, wall_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dispatch.briefing.contents import Cell
    from dispatch.drills.drill import Drill
    from dispatch.drills.proving import Proof

MARK = Said("EXERCISE EXERCISE EXERCISE")
LED = Said("For those who lead and evaluate the exercise only: not for players.")
AID = Said("A simulated exercise for training and planning; nothing in it commands real units.")

HOT_WASH = 1800.0
"""Seconds that are set aside for the talk right after ENDEX."""


@dataclass(frozen=True, slots=True)
class Document:
    """A paper of an exercise."""

    name: str
    """Of its file, without its ending."""
    title: Said
    sections: tuple[Section, ...]
    is_led: bool = field(default=False)
    """Whether it tells the script, which players must not see."""

    @property
    def marks(self) -> tuple[Said, ...]:
        """What everyone must see first."""
        return (MARK, LED) if self.is_led else (MARK, AID)


def documents(drill: Drill, proof: Proof) -> tuple[Document, ...]:
    """Return all papers in the order in which they are read."""
    return (
        Document("narrative", Said("Scenario narrative"), (_situation(drill),)),
        Document("exercise-plan", Said("Exercise plan (ExPlan)"), tuple(_plan(drill))),
        Document("role-cards", Said("Role cards"), tuple(_role_cards(drill))),
        Document("communications", Said("Communications list"), tuple(_communications(drill))),
        Document("msel", Said("Script (MSEL)"), (_script(drill),), is_led=True),
        Document(
            "controller-handbook",
            Said("Controller handbook"),
            tuple(handbook.controller(drill, proof)),
            is_led=True,
        ),
        Document(
            "evaluator-forms", Said("Evaluator forms"), tuple(handbook.evaluator_forms(drill)), is_led=True
        ),
        Document("aar-template", Said("After-action report"), tuple(handbook.aar(drill)), is_led=True),
    )


def objectives(drill: Drill, name: str = "objectives") -> Table:
    """Return the objectives with the plan clauses that they are about."""
    columns = (
        Column("id", Said("Id")), Column("title", Said("Objective")), Column("plan", Said("Plan clause")),
    )  # fmt: skip
    found = tuple((key, one.title, one.plan or None) for key, one in drill.file.objectives.items())
    return Table(name, Said("Objectives"), columns, found)


def _paragraphs(text: str) -> Iterator[Said]:
    """Yield the paragraphs of a user's text."""
    for part in text.split("\n\n"):
        if part.strip():
            yield Said("{text}", {"text": part})


def _situation(drill: Drill) -> Section:
    told = tuple(_paragraphs(drill.file.description)) or (
        Said("Controllers tell the situation when play begins."),
    )
    known = fact_table(drill, "exercise", is_led=False)
    return Section("situation", Said("Situation at the start"), told, (known,))


def _plan(drill: Drill) -> Iterator[Section]:
    """Yield the sections of the exercise plan; it tells nothing of the script."""
    file = drill.file
    values = {"title": file.title, "place": drill.base.file.title or drill.base.name}
    yield Section(
        "purpose",
        Said("Purpose and scope"),
        (
            Said("The exercise '{title}' trains command and dispatch.", values)
            if file.unscripted
            else Said("The exercise '{title}' trains command and dispatch in the scenario {place}.", values),
            Said("It ends with ENDEX; what was not played is not judged."),
            Said("Double-blind: nobody who plays knows the script, and nobody announces the start.")
            if file.unscripted
            else Said("The players know that it is an exercise, and not what comes when."),
        ),
        (fact_table(drill, "plan-facts", is_led=False),),
    )
    yield Section("objectives", Said("Objectives"), (), (objectives(drill),))
    yield Section("schedule", Said("Schedule"), (), (_schedule(drill),))
    yield Section("roles", Said("Roles"), (), (_roles(drill),))
    yield Section("rules", Said("Rules of play"), tuple(_rules(drill)))
    yield Section("safety", Said("Safety"), tuple(_safety(drill)))
    yield handbook.method()


def _schedule(drill: Drill) -> Table:
    lasts, scale = drill.file.lasts, drill.file.scale
    after = wall_of(drill, lasts) + timedelta(seconds=HOT_WASH)
    found: tuple[tuple[Cell, ...], ...] = (
        (Said("Briefing of players, controllers and evaluators; check of communications"), None, None),
        (Said("STARTEX: play begins"), clock_text(0.0), held(drill)),
        (Said("ENDEX: play ends"), clock_text(lasts), wall_of(drill, lasts)),
        (Said("Hot wash: what went well, what did not"), None, wall_of(drill, lasts)),
        (Said("Evaluators hand in their forms"), None, after),
    )
    columns: tuple[Column, ...] = (
        Column("what", Said("What")), Column("at", Said("Scenario time (T+)")),
        Column("wall", Said("Wall time")),
    )  # fmt: skip
    note = Said(
        "One second on the wall is {scale} s of play; pauses and jumps shift what follows.",
        {"scale": Number(scale, "plain")},
    )
    if drill.file.unscripted:
        briefed = Said("Briefing of controllers and evaluators; check of communications")
        found = ((briefed, None, None), *found[1:])
        columns, found = columns[:2], tuple(row[:2] for row in found)
    return Table("schedule", Said("Schedule"), columns, found, (note,))


def _roles(drill: Drill) -> Table:
    columns = (
        Column("id", Said("Id")), Column("title", Said("Role")), Column("side", Said("Side")),
        Column("contact", Said("Contact")),
    )  # fmt: skip
    found = tuple((role.id, role.title, SIDES[role.side], role.contact or None) for role in roles_of(drill))
    return Table("roles", Said("Roles"), columns, found)


def _rules(drill: Drill) -> Iterator[Said]:
    yield Said("Every message, spoken or written, begins and ends with the words EXERCISE EXERCISE EXERCISE.")
    yield Said(
        "Messages stay among those on the communications list; nobody calls real numbers of 119 or 110."
    )
    yield Said("Players act as they would in earnest, with the resources and rules of their plans.")
    yield Said("Only controllers deliver injects, stop the clock, let it run faster, or jump.")
    if drill.file.form == "full_live":
        yield Said("Units drive without lights and sirens and keep to the rules of the road.")
    else:
        yield Said("No unit moves for the exercise: orders are given to the controllers, who play them.")
    if drill.file.silent == "advice":
        yield Said("Where the players order nothing, units go as the model advises.")
    else:
        yield Said("Where the players order nothing, nothing goes.")


def _safety(drill: Drill) -> Iterator[Said]:
    yield Said("A real emergency goes before the exercise, at once and for everybody.")
    yield Said(
        "Who sees one says REAL EMERGENCY REAL EMERGENCY REAL EMERGENCY; play stops until the lead "
        "controller says otherwise."
    )
    yield Said("Units that the district needs for real calls leave the exercise without asking.")
    if drill.file.form == "full_live":
        yield Said("A safety officer is at every site and may stop what is done there.")


def _role_cards(drill: Drill) -> Iterator[Section]:
    for number, role in enumerate(roles_of(drill), 1):
        columns = (Column("n", Said("No.")), Column("duty", Said("Duty")))
        duties: tuple[tuple[Cell, ...], ...] = tuple(
            (Number(n, "whole"), duty) for n, duty in enumerate(role.duties, 1)
        )
        told = (
            Said("Side: {side}.", {"side": SIDES[role.side]}),
            Said("Every message begins and ends with EXERCISE EXERCISE EXERCISE; REAL EMERGENCY stops play."),
        )
        items = (Table(f"duties-{number}", Said("Duties"), columns, duties),) if duties else ()
        yield Section(f"role-{number}", Said("{text}", {"text": role.title}), told, items)


def _communications(drill: Drill) -> Iterator[Section]:
    yield Section("directory", Said("Directory"), (), (_directory(drill),))


def _directory(drill: Drill) -> Table:
    columns = (
        Column("role", Said("Role")), Column("side", Said("Side")), Column("contact", Said("Contact")),
        Column("name", Said("Name")),
    )  # fmt: skip
    found: Sequence[tuple[Cell, ...]] = [
        (role.title, SIDES[role.side], role.contact or None, None) for role in roles_of(drill)
    ]
    return Table("directory", Said("Directory"), columns, tuple(found))


def _script(drill: Drill) -> Section:
    told = (
        Said("Times count from STARTEX (T+); a time with + counts from the delivery of the entry."),
        Said("The same table is in msel.xlsx and msel.csv; an edited one is read back with --msel."),
    )
    return Section("script", Said("Script (MSEL)"), told, (table(drill, TOLD),))
