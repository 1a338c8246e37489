"""The papers of those who lead and judge an exercise: handbook, evaluation, and the report to be written."""

from __future__ import annotations

from math import inf, isnan
from typing import TYPE_CHECKING

from dispatch.briefing.contents import Column, Said, Section, Table
from dispatch.drills.effects import effect
from dispatch.drills.facts import difficulty, fact_table
from dispatch.drills.proving import due
from dispatch.drills.roles import roles_of
from dispatch.drills.script import (
    METHODS,
    clock_text,
    condition,
    deadline_text,
    is_planned,
    moment_text,
    trigger,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.briefing.contents import Cell
    from dispatch.drills.drill import Drill, Line
    from dispatch.drills.proving import Proof

Rows = tuple[tuple["Cell", ...], ...]

RATINGS: tuple[tuple[str, Said, Said], ...] = (
    ("P", Said("excellent"), Said("Performed without challenges: all that was expected, in time.")),
    ("S", Said("good"), Said("Performed with some challenges: done, partly late, without harm.")),
    ("M", Said("fair"), Said("Performed with major challenges: partly missed, or late with harm.")),
    ("U", Said("poor"), Said("Unable to be performed: what was expected was not done.")),
)
"""Ratings of an objective (those of HSEEP) with the usual grades of Chinese exercises."""


def method() -> Section:
    """Return how an exercise is judged."""
    columns = (
        Column("rating", Said("Rating")), Column("grade", Said("Grade")), Column("meaning", Said("Meaning")),
    )  # fmt: skip
    told = (
        Said("Each expected action is met, late or missed, with its delay."),
        Said("What the log shows is taken from the log; evaluators judge the rest as they see it."),
        Said("Each objective is rated from its actions:"),
    )
    return Section("method", Said("Evaluation"), told, (Table("ratings", Said("Ratings"), columns, RATINGS),))


def controller(drill: Drill, proof: Proof) -> Iterator[Section]:
    """Yield the sections of the controller handbook."""
    yield Section(
        "control",
        Said("How play is led"),
        (
            Said("The clock starts with STARTEX and ends with ENDEX; both are announced to everybody."),
            Said("A pause stops everything; a jump delivers what lies between, and is announced."),
            Said("An entry with the trigger time is delivered at its moment without being asked for."),
            Said("One with the trigger condition waits until its condition holds, from its moment on."),
            Said("One with the trigger manual waits for its controller."),
            Said("One with the trigger contingency waits until an action expected of its entry is overdue."),
            Said("An entry that no longer fits is skipped, with a note why."),
        ),
    )
    yield Section(
        "entries",
        Said("What is delivered"),
        (),
        tuple(
            _deliveries(_title(drill, name), lines, number)
            for number, (name, lines) in enumerate(_by(drill, "controller"))
        ),
    )
    yield Section("expected", Said("What the model does"), (), (_played(drill, proof),))
    yield Section("stress", Said("Resources stressed"), (), (difficulty(proof),))
    told = (Said("Controllers and simulators speak for all who are not there."),)
    yield Section("ways", Said("Ways of messages"), told, (_ways(drill),))


def _ways(drill: Drill) -> Table:
    """Return who sends messages of the script to whom, and how."""
    entries = (line.entry for line in drill.lines if line.entry.sender)
    pairs = sorted({(entry.sender, entry.to, entry.method) for entry in entries})
    columns = (Column("from", Said("From")), Column("to", Said("To")), Column("method", Said("Method")))
    found: Rows = tuple((who, whom or None, METHODS[method]) for who, whom, method in pairs)
    return Table("ways", Said("Ways of messages"), columns, found)


def _by(drill: Drill, who: str) -> list[tuple[str, list[Line]]]:
    """Return the entries by the role that delivers or watches them; empty for nobody in particular."""
    found: dict[str, list[Line]] = {}
    for line in drill.lines:
        if who == "controller" or line.entry.expects:
            found.setdefault(getattr(line.entry, who) or "", []).append(line)
    return sorted(found.items())


def _title(drill: Drill, name: str) -> Cell:
    """Return what a role is called."""
    return next((part.title for part in roles_of(drill) if part.id == name), name)


def _deliveries(who: Cell, lines: list[Line], number: int) -> Table:
    columns = (
        Column("id", Said("Inject")), Column("at", Said("Scenario time (T+)")),
        Column("trigger", Said("Trigger")), Column("when", Said("Condition")), Column("to", Said("To")),
        Column("text", Said("What is said")), Column("inject", Said("What it changes")),
    )  # fmt: skip
    found: Rows = tuple(
        (
            line.id, moment_text(line), trigger(line), _waits(line), line.entry.to or None,
            line.entry.text, effect(line),
        )
        for line in lines
    )  # fmt: skip
    title = Said("Delivered by {who}", {"who": who}) if who else Said("Delivered by any controller")
    return Table(f"entries-{number}", title, columns, found)


def _waits(line: Line) -> Said | None:
    """Return what an entry waits for beside its moment, in words."""
    entry = line.entry
    if entry.contingency_of is None:
        return None if entry.when is None else condition(entry.when)
    overdue = Said("an action expected of {entry} is overdue", {"entry": entry.contingency_of})
    if entry.when is None:
        return overdue
    return Said("{one}; {more}", {"one": overdue, "more": condition(entry.when)})


def _played(drill: Drill, proof: Proof) -> Table:
    """Return what became of each expected action when the model played."""
    columns = (
        Column("id", Said("Inject")), Column("action", Said("Expected action")),
        Column("by", Said("Expected by (T+)")), Column("seen", Said("Seen (T+)")),
        Column("result", Said("Result")),
    )  # fmt: skip
    found: list[tuple[Cell, ...]] = []
    for line in drill.lines:
        for number, action in enumerate(line.entry.expects):
            key = (line.id, number)
            seen = proof.seen.get(key)
            by = _whole(due(drill, proof.delivered, key)) if seen is not None else None
            when = _whole(seen) if seen is not None and not isnan(seen) and seen < inf else None
            found.append((line.id, action.text, by, when, _result(key, seen, proof)))
    note = Said("The model plays the same script by its own advice; it judges nothing that people must see.")
    return Table("played", Said("What the model does"), columns, tuple(found), (note,))


def _whole(seconds: float) -> str:
    """Return a time of play in whole seconds."""
    return clock_text(float(round(seconds)))


def _result(key: tuple[str, int], seen: float | None, proof: Proof) -> Said:
    if seen is None:
        return Said("entry not delivered")
    if isnan(seen):
        return Said("for an evaluator")
    if key in proof.met:
        return Said("met")
    return Said("missed") if seen == inf else Said("late")


def evaluator_forms(drill: Drill) -> Iterator[Section]:
    """Yield a form for each evaluator, and the ratings of the objectives."""
    for number, (name, lines) in enumerate(_by(drill, "evaluator")):
        who = _title(drill, name)
        title = Said("Form of {who}", {"who": who}) if name else Said("Form of any evaluator")
        told = (Said("Name: ____________________   Date: ____________   Signature: ____________________"),)
        yield Section(f"form-{number}", title, told, (_form(lines, f"form-{number}"),))
    yield Section(
        "ratings", Said("Ratings of the objectives"), (), (_objective_ratings(drill, "ratings-form"),)
    )
    yield method()


def _form(lines: list[Line], name: str) -> Table:
    columns = (
        Column("id", Said("Inject")), Column("at", Said("Scenario time (T+)")),
        Column("action", Said("Expected action")), Column("by", Said("Expected by (T+)")),
        Column("seen", Said("Seen (T+)")), Column("result", Said("Met / late / missed")),
        Column("note", Said("Observation")),
    )  # fmt: skip
    found: Rows = tuple(
        (
            line.id, clock_text(line.at) if is_planned(line) else trigger(line), action.text,
            deadline_text(line, action), None, None, None,
        )
        for line in lines
        for action in line.entry.expects
    )  # fmt: skip
    return Table(name, Said("Expected actions"), columns, found)


def _objective_ratings(drill: Drill, name: str) -> Table:
    columns = (
        Column("id", Said("Id")), Column("objective", Said("Objective")), Column("plan", Said("Plan clause")),
        Column("rating", Said("Rating (P/S/M/U)")), Column("grade", Said("Grade")),
        Column("why", Said("Reasons")),
    )  # fmt: skip
    found: Rows = tuple(
        (key, one.title, one.plan or None, None, None, None) for key, one in drill.file.objectives.items()
    )
    return Table(name, Said("Ratings of the objectives"), columns, found)


def aar(drill: Drill) -> Iterator[Section]:
    """Yield the sections of an after-action report that people fill in."""
    yield Section("overview", Said("Overview"), (), (fact_table(drill, "aar-facts"),))
    yield Section("aar-objectives", Said("Objectives"), (), (_objective_ratings(drill, "aar-ratings"),))
    expected = _form([line for line in drill.lines if line.entry.expects], "aar-expected")
    yield Section("aar-actions", Said("Expected actions"), (), (expected,))
    timeline = (
        Column("at", Said("Scenario time (T+)")), Column("known", Said("What was known")),
        Column("done", Said("What was done")),
    )  # fmt: skip
    yield Section("timeline", Said("Timeline"), (), (_blank("timeline", Said("Timeline"), timeline, 8),))
    points = (Column("point", Said("Observation")), Column("objective", Said("Objective")))
    yield Section("strengths", Said("Strengths"), (), (_blank("strengths", Said("Strengths"), points, 4),))
    yield Section("gaps", Said("Gaps"), (), (_blank("gaps", Said("Gaps"), points, 4),))
    corrective = (
        Column("n", Said("No.")), Column("gap", Said("Gap")), Column("action", Said("Corrective action")),
        Column("owner", Said("Owner")), Column("due", Said("Due")),
    )  # fmt: skip
    title = Said("Corrective actions")
    yield Section("corrective", title, (), (_blank("corrective", title, corrective, 6),))


def _blank(name: str, title: Said, columns: tuple[Column, ...], rows: int) -> Table:
    """Return a table with empty rows to be filled in by hand."""
    return Table(name, title, columns, ((None,) * len(columns),) * rows)
