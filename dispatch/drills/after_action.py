"""The after-action report of a played exercise: what was expected, done and known, and what is to be done."""

from __future__ import annotations

from math import isfinite, isnan
from typing import TYPE_CHECKING

from dispatch.briefing.contents import Briefing, Column, Number, Said, Section, Table
from dispatch.drills.documents import AID, MARK
from dispatch.drills.facts import facts
from dispatch.drills.handbook import RATINGS
from dispatch.drills.lessons import corrective, gaps, strengths
from dispatch.drills.reviewing import ADVICE, ITSELF, JUDGED, PLAYERS, SAID
from dispatch.drills.script import clock_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.briefing.contents import Cell
    from dispatch.drills.chronicle import Moment
    from dispatch.drills.reviewing import Rated, Review

    Row = tuple[Cell, ...]

KIND = Said("After-action report")
NONE_SHOWN = Said("The log shows none.")
UNFINISHED = Said("This exercise has not ended: everything counts up to the last record of its session.")

VERDICTS = {
    "met": Said("met"), "late": Said("late"), "missed": Said("missed"), "open": Said("not due yet"),
    "to be judged": Said("for an evaluator"),
}  # fmt: skip
BROUGHT_ABOUT = {
    PLAYERS: Said("players' orders"), ADVICE: Said("the model's advice"), ITSELF: Said("the scenario itself"),
    SAID: Said("said to be done"),
}  # fmt: skip
GRADES = {rating: (rating, grade) for rating, grade, _ in RATINGS}
UNRATED: tuple[Cell, Cell] = (None, None)

KNOWN = {
    "delivered": Said("{who}: {detail}"),
    "call": Said("Call {who}: {detail}"),
    "staged": Said("Waiting nearby for {who}: {detail}"),
    "on scene": Said("On scene of {who}: {detail}"),
    "brought": Said("Brought to {who}: {detail}"),
    "moved": Said("At station {who}: {detail}"),
    "control": Said("{who} is under control"),
}
DID = {
    "sent": Said("Sent to {who}: {detail}"),
    "level": Said("{who} has alarm level {detail}"),
    "order": Said("Order: {detail}"),
    "done": Said("Said to be done ({who}): {detail}"),
    "note": Said("Note: {detail}"),
    "skipped": Said("Left out by the controllers: {who}"),
    "refused": Said("Left out, since it could not be done: {who} ({detail})"),
}


def briefing(review: Review) -> Briefing:
    """Return the after-action report as contents of a report."""
    drill = review.drill
    marks = (MARK, AID) if review.state.ended is not None else (MARK, UNFINISHED, AID)
    return Briefing(
        title=drill.file.title,
        description=drill.file.description,
        marks=marks,
        facts=(*facts(drill), *_played(review)),
        statements=tuple(_statements(review)),
        headline=_ratings(review),
        sections=tuple(sections(review)),
        map=None,
        layers=(),
        kind=KIND,
    )


def sections(review: Review) -> Iterator[Section]:
    """Yield the chapters after the ratings."""
    yield Section("actions", Said("Expected actions"), _how(), (_actions(review),))
    yield Section("decisions", Said("How soon was decided"), (), (_calls(review), _entries(review)))
    yield Section("model", Said("What the model would have done"), tuple(_compared(review)),
                  (_pairs(review),))  # fmt: skip
    for each in (strengths(review), gaps(review), corrective(review)):
        yield Section(each.id, each.title, () if each.rows else (NONE_SHOWN,), (each,) if each.rows else ())
    yield Section("timeline", Said("Timeline"), (), (_timeline(review),))


def at_text(seconds: float) -> str | None:
    """Return a time of play to the second; None for never."""
    return clock_text(float(round(seconds))) if isfinite(seconds) else None


def _played(review: Review) -> Iterator[tuple[Said, Cell]]:
    state = review.state
    yield Said("Played until"), at_text(review.end)
    yield Said("Orders of the players"), Number(len(state.orders), "whole")
    yield (
        Said("When the players are silent"),
        Said("the model sends units") if state.silent == "advice" else Said("nobody sends units"),
    )


def _statements(review: Review) -> Iterator[Said]:
    number = {verdict: len(review.with_verdict(verdict)) for verdict in VERDICTS}
    yield Said(
        "Expected actions met: {met}, late: {late}, missed: {missed}, for an evaluator: {judge}.",
        {
            "met": Number(number["met"], "whole"), "late": Number(number["late"], "whole"),
            "missed": Number(number["missed"], "whole"), "judge": Number(number["to be judged"], "whole"),
        },
    )  # fmt: skip
    by = [each.brought_about for each in review.judged if each.brought_about]
    if ADVICE in by and review.state.orders:
        yield Said(
            "Of {n} actions done, {advice} came about by the model's advice, the players' orders apart; they "
            "count in the ratings.",
            {"n": Number(len(by), "whole"), "advice": Number(by.count(ADVICE), "whole")},
        )
    rated = [each.rating for each in review.rated if each.rating]
    if rated:
        values = {key: Number(rated.count(key), "whole") for key in ("P", "S", "M", "U")}
        yield Said("Objectives rated P: {P}, S: {S}, M: {M}, U: {U}.", values)
    yield from _compared(review)
    if review.never:
        names = {"names": ", ".join(review.never)}
        yield Said("Entries of the script that were not delivered: {names}.", names)


def _how() -> tuple[Said, ...]:
    return (
        Said("What the log shows is taken from the log; evaluators judge the rest as they see it."),
        Said(
            "An objective is P where all judged actions were met, S where all were done and at least half in "
            "time, M where at least half were done, U else; evaluators may overrule it."
        ),
    )


def _columns(**titles: Said) -> tuple[Column, ...]:
    return tuple(Column(key, title) for key, title in titles.items())


def _ratings(review: Review) -> Table:
    columns = _columns(
        id=Said("Id"), objective=Said("Objective"), plan=Said("Plan clause"), rating=Said("Rating (P/S/M/U)"),
        grade=Said("Grade"), met=Said("Met"), late=Said("Late"), missed=Said("Missed"),
        judge=Said("For an evaluator"),
    )  # fmt: skip
    found = tuple(_rating(each) for each in review.rated)
    return Table("ratings", Said("Ratings of the objectives"), columns, found)


def _rating(each: Rated) -> Row:
    counts = [Number(each.counts[verdict], "whole") for verdict in (*JUDGED, "to be judged")]
    return (each.id, each.title, each.plan or None, *(GRADES.get(each.rating, UNRATED)), *counts)


def _actions(review: Review) -> Table:
    columns = _columns(
        entry=Said("Inject"), delivered=Said("Delivered (T+)"), action=Said("Expected action"),
        by=Said("Expected by (T+)"), seen=Said("Seen (T+)"), result=Said("Result"), delay=Said("Delay"),
        brought=Said("Brought about by"), model=Said("Model (T+)"),
    )  # fmt: skip
    found = tuple(
        (
            each.entry, at_text(review.state.delivered[each.entry]), each.action.text, at_text(each.deadline),
            at_text(each.seen), VERDICTS[each.verdict], _seconds(each.delay),
            BROUGHT_ABOUT.get(each.brought_about), at_text(each.model),
        )
        for each in review.judged
    )  # fmt: skip
    return Table("actions", Said("Expected actions"), columns, found)


def _seconds(value: float, *, is_difference: bool = False) -> Number | None:
    """Return seconds as a number; None for none. Of differences, less is better."""
    if isnan(value):
        return None
    if not is_difference:
        return Number(value, "s")
    verdict = "" if abs(value) < 1.0 else "better" if value < 0 else "worse"
    return Number(value, "s", is_difference=True, verdict=verdict)  # type: ignore[arg-type]


def _calls(review: Review) -> Table:
    columns = _columns(
        call=Said("Call"), ready=Said("Ready (T+)"), sent=Said("First unit sent (T+)"),
        wait=Said("Wait for a unit"), order=Said("First order (T+)"), latency=Said("Ready to order"),
    )  # fmt: skip
    found = tuple(
        (
            each.id, at_text(each.known), at_text(each.sent), _seconds(each.sent - each.known),
            at_text(each.ordered), _seconds(each.ordered - each.known),
        )
        for each in review.calls
    )  # fmt: skip
    note = Said("An order may come before a call is ready: it is carried out then, and its time is negative.")
    return Table("decisions-calls", Said("From call to decision"), columns, found, (note,), is_detail=True)


def _entries(review: Review) -> Table:
    columns = _columns(
        entry=Said("Inject"), delivered=Said("Delivered (T+)"), order=Said("First order (T+)"),
        latency=Said("Delivery to order"),
    )  # fmt: skip
    found = tuple(
        (each.id, at_text(each.known), at_text(each.ordered), _seconds(each.ordered - each.known))
        for each in review.entries
    )
    note = Said("The first order that names a call, unit, station or agreement that the inject is about.")
    return Table("decisions-entries", Said("From inject to decision"), columns, found, (note,))


def _compared(review: Review) -> Iterator[Said]:
    """Yield the mean differences in response times between play and model, over calls that both reached."""
    if not review.state.orders and review.state.silent == "advice":
        yield Said("The players gave no order: what was played is the model's own play.")
        return
    told = (
        ("first", Said("First unit on scene")), ("erf", Said("Whole first alarm on scene")),
        ("control", Said("Under control")),
    )  # fmt: skip
    for name, what in told:
        pairs = [getattr(each, name) for each in review.paired]
        both = [a - b for a, b in pairs if not isnan(a - b)]
        if not both:
            continue
        values: dict[str, Cell] = {
            "what": what, "n": Number(len(both), "whole"),
            "mean": _seconds(sum(both) / len(both), is_difference=True),
            "played": Number(sum(not isnan(a) for a, _ in pairs), "whole"),
            "model": Number(sum(not isnan(b) for _, b in pairs), "whole"),
        }  # fmt: skip
        yield Said(
            "{what}, number of calls that had it by the end: {played} as played, {model} by the model; mean "
            "difference where both had it ({n}): {mean}.",
            values,
        )


def _pairs(review: Review) -> Table:
    columns = _columns(
        call=Said("Call"), first=Said("First unit on scene, played"), first_model=Said("by the model"),
        first_difference=Said("difference"), erf=Said("Whole first alarm, played"),
        erf_model=Said("by the model"), erf_difference=Said("difference"),
        control=Said("Under control, played"), control_model=Said("by the model"),
        control_difference=Said("difference"),
    )  # fmt: skip
    found = tuple((each.id, *_pair(each.first), *_pair(each.erf), *_pair(each.control))
                  for each in review.paired)  # fmt: skip
    notes = (
        Said("Seconds from the receipt of each call; empty where it had not come by the end."),
        Said("The model plays the same script, delivered at the same moments, without the players' orders."),
    )
    return Table(
        "model", Said("Response times, played and by the model"), columns, found, notes, is_detail=True
    )


def _pair(pair: tuple[float, float]) -> tuple[Cell, Cell, Cell]:
    played, model = pair
    return _seconds(played), _seconds(model), _seconds(played - model, is_difference=True)


def _timeline(review: Review) -> Table:
    columns = _columns(
        at=Said("Scenario time (T+)"), known=Said("What was known"), done=Said("What was done")
    )
    found = tuple(_moment(each) for each in review.moments)
    return Table("timeline", Said("Timeline"), columns, found, is_detail=True)


def _moment(each: Moment) -> Row:
    told = KNOWN.get(each.kind) or DID[each.kind]
    said = Said(told.text, {"who": each.who, "detail": each.detail})
    return (at_text(each.at), said, None) if each.kind in KNOWN else (at_text(each.at), None, said)


def document(review: Review) -> dict[str, object]:
    """Return the review as plain JSON: seconds of play, null for never."""
    return {
        "title": review.drill.file.title,
        "ended": review.state.ended is not None,
        "end": review.end,
        "objectives": [
            {"id": each.id, "rating": each.rating or None, **each.counts} for each in review.rated
        ],
        "actions": [
            {
                "entry": each.entry, "action": each.number + 1, "text": each.action.text,
                "expected_by": each.deadline, "seen": _plain(each.seen), "verdict": each.verdict,
                "delay": _plain(each.delay), "model_seen": _plain(each.model), "cause": each.cause or None,
                "brought_about_by": each.brought_about or None,
            }
            for each in review.judged
        ],
        "calls": [
            {
                "id": call.id, "ready": call.known, "sent": _plain(call.sent),
                "ordered": _plain(call.ordered),
                **{
                    f"{name}{of}": _plain(value)
                    for name in ("first", "erf", "control")
                    for of, value in zip(("", "_model"), getattr(pair, name), strict=True)
                },
            }
            for call, pair in zip(review.calls, review.paired, strict=True)
        ],
        "not_delivered": list(review.never),
    }  # fmt: skip


def _plain(value: float) -> float | None:
    return value if isfinite(value) else None
