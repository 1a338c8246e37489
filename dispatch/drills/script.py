"""The script of an exercise (MSEL) as a table: what each entry tells, and what it means, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dispatch.briefing.contents import Column, Number, Said, Table
from dispatch.drills.effects import effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dispatch.briefing.contents import Cell
    from dispatch.drills.drill import Drill, Line
    from dispatch.model.briefs import Action, Condition

METHODS: Mapping[str, Said] = {
    "phone": Said("phone"),
    "radio": Said("radio"),
    "message": Said("message"),
    "in_person": Said("in person"),
    "media": Said("media"),
    "cap": Said("CAP message"),
    "sensor": Said("sensor"),
}
"""How an entry reaches the players."""

TRIGGERS: Mapping[str, Said] = {
    "time": Said("time"),
    "condition": Said("condition"),
    "manual": Said("manual"),
}
"""What delivers an entry."""

CONTINGENCY = Said("contingency")
"""What delivers one for the case that an action expected of another is overdue."""

COLUMNS: Mapping[str, Said] = {
    "id": Said("Inject id"),
    "at": Said("Scenario time (T+)"),
    "wall": Said("Wall time"),
    "from": Said("From"),
    "to": Said("To"),
    "method": Said("Method"),
    "description": Said("Description"),
    "expected_action": Said("Expected action"),
    "expected_by": Said("Expected by (T+)"),
    "objective": Said("Objective"),
    "plan_ref": Said("Plan clause"),
    "trigger": Said("Trigger"),
    "condition": Said("Condition"),
    "contingency_of": Said("Contingency of"),
    "controller": Said("Controller"),
    "evaluator": Said("Evaluator"),
    "inject": Said("What it changes"),
    "location": Said("Location"),
    "status": Said("Status"),
    "response_note": Said("Response note"),
    "rating": Said("Rating"),
}
"""Columns of the script by key; the last three are filled in by hand."""

TOLD = ("id", "at", "wall", "from", "to", "method", "description", "expected_action", "expected_by",
        "objective", "trigger", "controller", "evaluator")  # fmt: skip
"""Columns that a page shows; its trigger says what a contingency is for."""

LONG = ("description", "expected_action")
"""Columns of whole sentences."""

SHORT = ("id", "objective")
"""Columns of single words."""

LISTED = ("expected_action", "expected_by")
"""Columns with a line for each expected action."""


@dataclass(frozen=True, slots=True)
class Row:
    """An entry of the script as its cells."""

    line: Line
    wall: datetime
    """Moment on the wall, where the exercise is held at its scale without a pause."""
    plan: str
    """Plan or clause of its objective."""

    @property
    def actions(self) -> str:
        """The expected actions, one on each line."""
        return "\n".join(" ".join(action.text.split()) for action in self.line.entry.expects)

    @property
    def deadlines(self) -> str:
        """By when each is expected, one on each line."""
        return "\n".join(deadline_text(self.line, action) for action in self.line.entry.expects)


def clock_text(seconds: float) -> str:
    """Return a time of play as ``h:mm:ss``, with thousandths where it is no whole second."""
    thousandths = round(seconds * 1000)
    whole, rest = divmod(thousandths, 1000)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{second:02}" + (f".{rest:03}" if rest else "")


def is_planned(line: Line) -> bool:
    """Whether an entry comes at its moment, whatever happens."""
    return line.entry.trigger == "time" and line.entry.contingency_of is None


def trigger(line: Line) -> Said:
    """Return what delivers an entry, in words; one for a contingency comes at no moment of its own."""
    kind = line.entry.trigger
    is_spare = kind == "time" and line.entry.contingency_of is not None
    return CONTINGENCY if is_spare else TRIGGERS[kind]


def moment_text(line: Line) -> Said | str:
    """Return when an entry is delivered: its moment, or the moment from which on it may be."""
    at = clock_text(line.at)
    return at if is_planned(line) else Said("from {time}", {"time": at})


def deadline_text(line: Line, action: Action) -> str:
    """Return by when an action is expected: a time of play, or ``+h:mm:ss`` from a delivery at any time."""
    if is_planned(line):
        return clock_text(line.at + action.by)
    return f"+{clock_text(action.by)}"


def held(drill: Drill) -> datetime:
    """Return the moment of STARTEX on the wall."""
    return drill.file.held or drill.base.file.start + timedelta(seconds=drill.begins)


def wall_of(drill: Drill, at: float) -> datetime:
    """Return the moment on the wall at a time of play, without pauses, in whole seconds."""
    return held(drill) + timedelta(seconds=round(at / drill.file.scale))


def rows(drill: Drill) -> list[Row]:
    """Return the script in order of time."""
    objectives = drill.file.objectives
    return [
        Row(
            line,
            wall_of(drill, line.at),
            objectives[line.entry.objective].plan if line.entry.objective in objectives else "",
        )
        for line in drill.lines
    ]


def cells(row: Row) -> dict[str, Cell]:
    """Return the cells of a row by key; those that are filled in by hand are None."""
    line, entry = row.line, row.line.entry
    return {
        "id": line.id,
        "at": clock_text(line.at),
        "wall": row.wall.strftime("%Y-%m-%d %H:%M:%S"),
        "from": entry.sender or None,
        "to": entry.to or None,
        "method": METHODS[entry.method],
        "description": entry.text,
        "expected_action": row.actions or None,
        "expected_by": row.deadlines or None,
        "objective": entry.objective,
        "plan_ref": row.plan or None,
        "trigger": trigger(line),
        "condition": None if entry.when is None else condition(entry.when),
        "contingency_of": entry.contingency_of,
        "controller": entry.controller,
        "evaluator": entry.evaluator,
        "inject": effect(line),
        "location": location(line),
        "status": None,
        "response_note": None,
        "rating": None,
    }


def table(drill: Drill, keys: tuple[str, ...] = tuple(COLUMNS), name: str = "msel") -> Table:
    """Return the script as a table of some of its columns; several actions of an entry are numbered."""
    found = tuple(tuple(_chosen(row, keys)) for row in rows(drill))
    columns = tuple(
        Column(key, COLUMNS[key], "long" if key in LONG else "short" if key in SHORT else "") for key in keys
    )
    return Table(name, Said("Script (MSEL)"), columns, found)


def _chosen(row: Row, keys: tuple[str, ...]) -> Iterator[Cell]:
    """Yield some of the cells of a row, as a page shows them."""
    found = {**cells(row), "at": moment_text(row.line)}
    if not is_planned(row.line):
        found["wall"] = None
    if row.line.entry.contingency_of is not None:
        found["trigger"] = _spare(row.line)
    for key in keys:
        yield _on_one_line(found[key]) if key in LISTED else found[key]


def _spare(line: Line) -> Said:
    """Return what delivers an entry for a contingency, with the entry that it is for."""
    spare = Said("contingency of {entry}", {"entry": line.entry.contingency_of})
    kind = line.entry.trigger
    return spare if kind == "time" else Said("{one}, {more}", {"one": TRIGGERS[kind], "more": spare})


def _on_one_line(cell: Cell) -> Cell:
    """Return several lines as numbered parts of one."""
    lines = cell.split("\n") if isinstance(cell, str) else []
    return cell if len(lines) < 2 else "; ".join(f"({n}) {line}" for n, line in enumerate(lines, 1))


def location(line: Line) -> str | None:
    """Return the node at which something happens; None where that is nowhere in particular."""
    inject = line.entry.inject
    if inject is None:
        return None
    place = inject.incident.node if inject.incident else inject.stage.node if inject.stage else None
    return ", ".join(map(str, place)) if isinstance(place, tuple) else place


def condition(when: Condition) -> Said:
    """Return a condition in words."""
    parts: list[Said] = []
    if when.on_scene is not None:
        who = when.on_scene.unit or when.on_scene.capability or Said("units")
        values: dict[str, Cell] = {
            "n": Number(when.on_scene.count, "whole"), "who": who, "call": when.on_scene.incident,
        }  # fmt: skip
        parts.append(Said("at least {n} × {who} on scene of {call}", values))
    if when.level is not None:
        values = {"call": when.level.incident, "level": Number(when.level.at_least, "whole")}
        parts.append(Said("{call} at alarm level {level} or higher", values))
    if when.waiting is not None:
        parts.append(Said("calls that wait: {n} or more", {"n": Number(when.waiting, "whole")}))
    if when.free_below is not None:
        parts.append(Said("free units: fewer than {n}", {"n": Number(when.free_below, "whole")}))
    if when.missed is not None:
        parts.append(Said("an action expected of {entry} is overdue", {"entry": when.missed}))
    found = parts[0]
    for part in parts[1:]:
        found = Said("{one}; {more}", {"one": found, "more": part})
    return found
