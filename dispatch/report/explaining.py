"""The story of one call: every decision with its reasons, on the terminal and as JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from itertools import groupby
from math import isnan
from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.text import Text

from dispatch.engine.hospitals import WORDS
from dispatch.report import speak
from dispatch.report.moments import calendar, clock
from dispatch.report.reasons import SLIGHT, WHY, later, lost_words, reason_words, seconds_words
from dispatch.report.results import speeds_document
from dispatch.report.rows import Column, print_rows
from dispatch.report.supplied import print_supplied

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from dispatch.scenario.scenario import Scenario
    from dispatch.study.explained import (
        Candidate,
        Choice,
        Epoch,
        Explanation,
        Group,
        Moment,
        OtherHospital,
        Sent,
        Taken,
        Weighed,
    )
    from dispatch.study.rungs import Rung

SHOWN = 15
"""Units that a table shows; JSON has them all."""

OUTCOMES = {
    "waiting": "waits",
    "lost": "is lost",
    "mutual_aid": "goes to mutual aid",
    "asked_again": "is put off",
}
IN_SHORT = ("level", "noted", "alerted", "on scene", "lost", "closed")
"""Moments that are told in short, besides decisions; alerts where no decision tells them."""

ENDS = {
    "served": "every unit came",
    "partial": "some of the units came",
    "cancelled": "called off before anybody came",
    "lost": "lost: every need was given up",
    "unserved": "nobody came; it was still open at the end",
}


def explanation_document(told: Explanation, scenario: Scenario) -> dict[str, Any]:
    """Return the JSON document of ``dispatch explain``."""
    document = asdict(told)
    decisions = document.pop("epochs")
    for decision, epoch in zip(decisions, told.epochs, strict=True):
        for written, choice in zip(decision["choices"], epoch.choices, strict=True):
            written["reason"]["words"] = reason_words(choice.reason, told)
    return {
        **document,
        "decisions": decisions,
        "scenario": scenario.name,
        "seed": scenario.file.seed,
        "speeds": speeds_document(scenario),
        "equal": True,
    }


def print_explanation(out: Console, told: Explanation, scenario: Scenario, *, short: bool = False) -> None:
    """Print the story of a call in order of time; in short without tables, and without who was not sent."""
    _print_head(out, told, scenario)
    if short:
        _print_short(out, told)
    else:
        _print_course(out, told)
    if told.supplies is not None and not short:
        print_supplied(out, told.supplies)
    if isnan(told.closed):
        out.print(Text("The call was still open when the simulation ended.", style="bold"))


def _print_course(out: Console, told: Explanation) -> None:
    """Print everything; a table, or a decision, that tells nothing new against the last one is left out."""
    before: Epoch | None = None
    tables: dict[tuple[str, int, int], list[tuple[str, ...]]] = {}
    skipped: list[float] = []
    for moment in told.course:
        epoch = told.epochs[moment.number] if moment.what == "decision" else None
        if epoch is not None and before is not None and _says_the_same(epoch, before):
            skipped.append(epoch.time)
            continue
        _print_skipped(out, skipped)
        before, skipped = before if epoch is None else epoch, []
        out.print(_line(told, moment))
        if moment.what == "level":
            _print_level(out, told.levels[moment.number])
        if epoch is not None:
            _print_epoch(out, told, epoch, tables)
    _print_skipped(out, skipped)


def _print_short(out: Console, told: Explanation) -> None:
    """Print levels with their plans, who was sent and why, arrivals, notices, needs given up, and the end."""
    chosen = {(choice.unit, epoch.time) for epoch in told.epochs for choice in epoch.choices if choice.unit}
    for moment in told.course:
        if moment.what == "decision":
            for choice in told.epochs[moment.number].choices:
                if choice.outcome == "sent":
                    line = Text(f"{clock(moment.time)}  ", style="bold")
                    out.print(line.append_text(_choice_words([choice], told)))
        elif moment.what in IN_SHORT and (
            moment.what != "alerted" or (moment.unit, moment.time) not in chosen
        ):
            out.print(_line(told, moment))
            if moment.what == "level":
                _print_level(out, told.levels[moment.number])


def _print_head(out: Console, told: Explanation, scenario: Scenario) -> None:
    out.print(Text(f"Incident {told.incident}", style="bold"))
    zone = f" in {told.zone}" if told.zone else ""
    needs = ", ".join(f"{count} {name}" for name, count in Counter(told.needs).items())
    out.print(Text(f"{told.type} at {told.node}{zone}, priority {told.priority}; needs {needs}"))
    seed = scenario.file.seed
    out.print(
        Text(f"{scenario.name}, layout {told.layout}, replication {told.replication}, seed {seed}; "
             f"policy {told.policy}; speeds {scenario.roads.speeds.name}")
    )  # fmt: skip
    if told.first_due:
        out.print(Text(f"first-due list of the place: {', '.join(told.first_due)}"))
    out.print(Text(f"{ENDS.get(told.status, told.status)}; the log is that of the run, event by event"))
    out.print(Text(f"received {calendar(scenario, told.received)}; times below are since the start"))
    out.print()


def _line(told: Explanation, moment: Moment) -> Text:
    line = Text(f"{clock(moment.time)}  ", style="bold")
    return line.append(_what(told, moment), style="not bold")


def _what(told: Explanation, moment: Moment) -> str:
    """Return an entry of the story in words."""
    if moment.what == "level":
        return _level_words(told, moment.number)
    if moment.what == "noted":
        notice = told.notices[moment.number]
        return f"{notice.what}: {' '.join(part for part in (notice.unit, notice.detail) if part)}"
    if moment.what == "lost":
        return f"the need for {told.needs[moment.number - 1]} is lost"
    if moment.what == "decision":
        asked = told.epochs[moment.number].asked
        return "decision" if asked else "decision: no unit is free, the policy is not asked"
    if moment.number < 0:
        words = {"received": "call received", "ready": "ready for dispatch", "closed": "call closed"}
        waited = f", {speak.duration(moment.time - told.received)} after the call"
        return words[moment.what] + ("" if moment.what == "received" else waited)
    return f"{moment.what}: {moment.unit}{_about(told.responses[moment.number], moment.what)}"


def _level_words(told: Explanation, number: int) -> str:
    rung = told.levels[number]
    colour = f" ({rung.colour})" if rung.colour else ""
    head = "alarm level" if number == 0 else "alarm level raised to"
    return f"{head} {rung.level}{colour}: {'; '.join(rung.why)}"


def _print_level(out: Console, rung: Rung) -> None:
    """Print what goes with a level: the plan and why, who is asked for, who is told."""
    needs = ", ".join(f"{count} {name}" for name, count in rung.needs)
    lines = [f"plan {rung.plan} ({'; '.join(rung.criteria)})"] if rung.plan else []
    lines += [f"it is taken before {'; '.join(rung.runners_up)}"] if rung.runners_up else []
    lines += [f"asks for {needs}" if needs else "asks for nobody in addition"]
    lines += [f"command: {rung.command}"] if rung.command else []
    lines += [f"to be told: {', '.join(rung.notify)}"] if rung.notify else []
    brought = ", ".join(f"{name} ({amount})" for name, amount in rung.supplies)
    lines += [f"to be brought: {brought}"] if brought else []
    for line in lines:
        out.print(Padding(Text(line), (0, 0, 0, 2), expand=False))


def _about(sent: Sent, what: str) -> str:
    """Return what there is to add about a moment of a response."""
    if what == "alerted" and sent.moved_up_to:
        where = "at" if not isnan(sent.expected_turnout) else "on its way to"
        return f", {where} {sent.moved_up_to}, moved up"
    if what == "alerted" and sent.came_from:
        left = "diverted from" if sent.diverted_from else "on its way home from"
        return f", {left} {sent.came_from}"
    if what == "diverted":
        return f" is sent to {sent.went_to}"
    if what == "clear" and sent.taken is not None:
        return f", {taken_words(sent.taken)}"
    if what == "at hospital" and sent.taken is not None:
        return f", {sent.taken.hospital}{_wait_words(sent.taken)}"
    if what == "cut off":
        return " has no way left and turns home"
    if what == "broken down":
        return " fails on its way and is towed home"
    if what == "cancelled":
        return " turns home"
    return f", {estimate_words(sent)}" if what == "on scene" and not isnan(sent.estimated_arrival) else ""


def taken_words(taken: Taken) -> str:
    """Return where a patient is taken, why there, and why not to other hospitals."""
    others = "; ".join(f"{one.hospital}, {_other_words(one)}" for one in taken.others)
    return f"takes a patient to {taken.hospital}: {WORDS[taken.why]}" + (f" (not {others})" if others else "")


def _other_words(other: OtherHospital) -> str:
    words = {"unsuitable": "which is not suitable", "no_way": "to which no way leads"}
    return words.get(other.why, f"{other.why}, {speak.duration(other.seconds)} away")


def _wait_words(taken: Taken) -> str:
    waited = taken.began - taken.arrived
    return f", waits {speak.duration(waited)} for a place" if waited > 0.0 else ""


def estimate_words(sent: Sent) -> str:
    """Return how an arrival compares with the estimate of the decision."""
    late = sent.on_scene - sent.estimated_arrival
    if abs(late) < SLIGHT:
        return "as estimated"
    causes, on_the_way = [], late
    if not isnan(sent.expected_turnout):
        turnout = sent.en_route - sent.alerted
        on_the_way -= turnout - sent.expected_turnout
        if abs(turnout - sent.expected_turnout) >= SLIGHT:
            expected = speak.duration(sent.expected_turnout)
            causes.append(f"turnout {speak.duration(turnout)}, expected {expected}")
    if abs(on_the_way) >= SLIGHT:
        why = f"staged at {sent.staged_at}" if sent.staged_at else "roads changed on the way"
        causes.append(f"{why}, {later(on_the_way)}")
    return f"{later(late)} than estimated ({'; '.join(causes)})"


def _says_the_same(epoch: Epoch, before: Epoch) -> bool:
    """Whether a decision sent nobody, and all reasons are those of the decision that was told last."""
    told = [
        [(choice.need, choice.outcome, choice.reason) for choice in one.choices] for one in (epoch, before)
    ]
    whys = [
        [(of.capability, of.crew, {each.unit: each.why for each in of.candidates}) for of in one.groups]
        for one in (epoch, before)
    ]
    nobody = not any(
        choice.outcome not in ("waiting", "asked_again") or choice.reason.passed for choice in epoch.choices
    )
    return nobody and told[0] == told[1] and whys[0] == whys[1]


def _print_skipped(out: Console, times: Sequence[float]) -> None:
    if times:
        count = f"{len(times):,} more {'decisions' if len(times) > 1 else 'decision'}"
        out.print(Text(f"… {count} with the same outcome, the last at {clock(times[-1])}", style="italic"))


def _print_epoch(
    out: Console,
    told: Explanation,
    epoch: Epoch,
    tables: dict[tuple[str, int, int], list[tuple[str, ...]]],
) -> None:
    """Print a decision; without a table that differs from the last of its kind in moments only."""
    count: Counter[tuple[str, int]] = Counter()
    for group in epoch.groups:
        kind = (group.capability, group.crew)
        count[kind] += 1
        known = [_but_moments(one, told.incident) for one in group.candidates]
        if group.candidates and tables.get((*kind, count[kind])) != known:
            tables[*kind, count[kind]] = known
            columns = [
                Column("unit", wraps=True), Column("station", wraps=True), Column("doing", wraps=True),
                Column("there at, or why not", wraps=True),
            ]  # fmt: skip
            rows = [_row(one, epoch.time, told.incident) for one in group.candidates[:SHOWN]]
            print_rows(out, _title(group, told, epoch), columns, rows, _rest(group.candidates[SHOWN:]))
        own = [choice for choice in epoch.choices if choice.need in group.needs]
        for _, alike in groupby(own, key=lambda choice: (choice.unit, choice.outcome, choice.reason)):
            choices = list(alike)
            out.print(Padding(_choice_words(choices, told), (0, 0, 0, 2), expand=False))
            _print_weighed(out, choices[0].reason.weighed)


def _title(group: Group, told: Explanation, epoch: Epoch) -> str:
    """Return for what the units of a table were wanted, and how many of them could go."""
    crew = f" with a crew of {group.crew} or more" if group.crew else ""
    others = sum(one.capability == group.capability for one in epoch.groups) > 1
    which = f" ({_numbers(group.needs)} of {len(told.needs)})" if others else ""
    able = sum(not one.why for one in group.candidates)
    return f"  {group.capability}{crew}{which}: {able} of {len(group.candidates)} could go"


def _print_weighed(out: Console, weighed: Sequence[Weighed]) -> None:
    """Print what each unit would have cost, for a policy that weighs cover."""
    if not weighed:
        return
    columns = [
        Column("unit", wraps=True), Column("there in", justify="right"),
        Column("calls that lose cover", wraps=True, justify="right"), Column("penalty", justify="right"),
        Column("together", justify="right"),
    ]  # fmt: skip
    rows = [
        [Text(cell, style="" if number else "bold") for cell in (
            one.unit, seconds_words(one.seconds), lost_words(one), seconds_words(one.penalty),
            seconds_words(one.cost),
        )]
        for number, one in enumerate(weighed[:SHOWN])
    ]  # fmt: skip
    more = f"… and {len(weighed) - SHOWN} others that cost more" if len(weighed) > SHOWN else ""
    print_rows(out, "  what each would have cost, the least first", columns, rows, more)


def _but_moments(one: Candidate, incident: str) -> tuple[str, ...]:
    """Return what a table tells of a unit but for moments, and for what is told of each choice."""
    away = "" if one.sent_to == incident else one.sent_to
    return one.unit, one.station, one.status, one.incident, one.why, away


def _row(one: Candidate, now: float, incident: str) -> list[Text]:
    doing = one.status
    if one.incident:
        doing += f" {'from' if one.status == 'returning' else 'for'} {one.incident}"
    if one.why:
        there = WHY[one.why] + ("" if isnan(one.until) else f"; free at {clock(one.until)}")
    else:
        there = f"{clock(now + one.seconds)}, in {speak.duration(one.seconds)}"
    if one.sent_to and one.sent_to != incident:
        there += f"; sent to {one.sent_to}"
    style = "dim" if one.why else "bold" if one.sent_to == incident else ""
    return [Text(cell, style=style) for cell in (one.unit, one.station, doing, there)]


def _rest(candidates: Sequence[Candidate]) -> str:
    if not candidates:
        return ""
    counts = Counter("could go" if not one.why else WHY[one.why] for one in candidates)
    return f"… and {len(candidates)} others: {', '.join(f'{n} {why}' for why, n in counts.items())}"


def _numbers(needs: Sequence[int]) -> str:
    """Return which of a call's units some are."""
    listed = list(map(str, needs))
    told = ", ".join(listed if len(listed) < 6 else [*listed[:2], "…", listed[-1]])
    return f"{'unit' if len(listed) == 1 else 'units'} {told}"


def _choice_words(alike: list[Choice], told: Explanation) -> Text:
    """Return what was decided of a need, or of several with the same outcome for the same reason."""
    choice = alike[0]
    units = _numbers([each.need for each in alike])
    number = f" ({units} of {len(told.needs)})" if len(told.needs) > 1 else ""
    words = reason_words(choice.reason, told)
    if choice.outcome == "sent":
        return Text.assemble("→ ", (choice.unit, "bold"), f"{number}: {words}")
    each = "the need" if len(alike) == 1 else f"each of {len(alike)} needs"
    return Text(f"→ {each} for {choice.capability}{number} {OUTCOMES[choice.outcome]}: {words}")
