"""What a played exercise teaches: strengths, gaps with their likely causes, and corrective actions."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from dispatch.briefing.contents import Column, Number, Said, Table
from dispatch.drills.reviewing import DECISION, FAILED, JUDGED, NO_MEANS, NOT_SAID, PLAYERS
from dispatch.drills.script import clock_text
from dispatch.engine.board import MARGIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dispatch.briefing.contents import Cell
    from dispatch.drills.reviewing import Judged, Paired, Review

    Row = tuple[Cell, ...]

CAUSES = {
    NO_MEANS: Said("The model was not in time either: means, distances, or the script."),
    DECISION: Said("The model was in time with the same means: decision or its timing."),
    NOT_SAID: Said("Nobody said that it was done, or said so too late; no log can show it."),
}

FASTER = 60.0
"""Seconds by which a call has to be reached sooner than by the model to count as a strength, or later to
count as a gap (chosen here)."""


def _sooner(each: Paired) -> float:
    """Return by how many seconds a call was reached sooner than by the model; NaN where that is unknown."""
    return each.first[1] - each.first[0]


def _with_times(calls: Mapping[str, float]) -> str:
    """Return calls with a time [s] beside each, the longest first."""
    order = sorted(calls, key=lambda name: (-calls[name], name))
    return ", ".join(f"{name} ({clock_text(float(round(calls[name])))})" for name in order)


def strengths(review: Review) -> Table:
    """Return objectives that were reached, and calls that were reached sooner than by the model."""
    found: list[Row] = []
    for each in review.rated:
        if each.rating in ("P", "S"):
            total = sum(each.counts[verdict] for verdict in JUDGED)
            values = {"met": Number(each.counts["met"], "whole"), "total": Number(total, "whole")}
            found.append((Said("Met in time: {met} of {total} judged actions.", values), each.title))
    for action in review.with_verdict("met"):
        if action.brought_about == PLAYERS and not action.model <= action.deadline + MARGIN:
            named: dict[str, Cell] = {"entry": action.entry, "action": action.action.text}
            said = Said("{entry}: in time by orders, where the model was not: {action}", named)
            found.append((said, None))
    sooner = {call.id: _sooner(call) for call in review.paired if _sooner(call) >= FASTER}
    if sooner:
        told: dict[str, Cell] = {"calls": _with_times(sooner)}
        found.append(
            (Said("Reached sooner than by the model, by the time beside each: {calls}.", told), None)
        )
    columns = (Column("point", Said("Observation")), Column("objective", Said("Objective")))
    return Table("strengths", Said("Strengths"), columns, tuple(found))


def _failures(review: Review) -> Iterator[tuple[Said, str | None, Said]]:
    """Yield each gap with its objective and its cause."""
    objectives = review.drill.file.objectives
    for each in review.with_verdict(*FAILED):
        name = review.drill.line(each.entry).entry.objective
        title = objectives[name].title if name in objectives else None
        yield _failure(each), title, CAUSES[each.cause]
    told: dict[str, Cell]
    later = {call.id: -_sooner(call) for call in review.paired if _sooner(call) <= -FASTER}
    if later:
        told = {"calls": _with_times(later)}
        said = Said("Reached later than by the model, by the time beside each: {calls}.", told)
        yield said, None, CAUSES[DECISION]
    never = [call.id for call in review.paired if isnan(call.first[0]) and not isnan(call.first[1])]
    if never:
        told = {"n": Number(len(never), "whole"), "calls": ", ".join(never)}
        yield Said("Not reached, though by the model ({n}): {calls}.", told), None, CAUSES[DECISION]


def _failure(each: Judged) -> Said:
    values: dict[str, Cell] = {"entry": each.entry, "action": each.action.text}
    if each.verdict == "missed":
        return Said("{entry}: missed: {action}", values)
    return Said("{entry}: {delay} late: {action}", {**values, "delay": Number(each.delay, "s")})


def gaps(review: Review) -> Table:
    """Return what was late or missed, with its likely cause."""
    columns = (
        Column("gap", Said("Gap")), Column("objective", Said("Objective")),
        Column("cause", Said("Likely cause")),
    )  # fmt: skip
    return Table("gaps", Said("Gaps"), columns, tuple(_failures(review)))


def corrective(review: Review) -> Table:
    """Return a table in which people fill in what is to be done about each gap."""
    columns = (
        Column("n", Said("No.")), Column("gap", Said("Gap")), Column("cause", Said("Likely cause")),
        Column("action", Said("Corrective action")), Column("owner", Said("Owner")),
        Column("due", Said("Due")),
    )  # fmt: skip
    found = tuple(
        (Number(n, "whole"), gap, cause, None, None, None)
        for n, (gap, _, cause) in enumerate(_failures(review), start=1)
    )
    note = Said("Action, owner and date are for people to fill in.")
    return Table("corrective", Said("Corrective actions"), columns, found, (note,))
