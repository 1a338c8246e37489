"""The alarm levels of one call with what went with each: why, by which plan, who was asked for and told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dispatch.calls import AUTHORED
from dispatch.engine.levels import REASONS
from dispatch.needs import circumstances
from dispatch.scenario.grading import accident_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.engine.log import Log
    from dispatch.model.alarms import Report
    from dispatch.scenario.matching import Match


@dataclass(frozen=True, slots=True)
class Rung:
    """A level that a call had; texts are in words."""

    since: float
    """Moment [s]."""
    level: int
    colour: str
    """Empty without alarm levels."""
    why: tuple[str, ...]
    """What the level rests on."""
    command: str
    """Who commands, by the plan or else by level; empty where neither says."""
    plan: str
    """Id of the plan; empty where the type's own run card holds, or none."""
    criteria: tuple[str, ...]
    """How well the plan fits, by criterion."""
    runners_up: tuple[str, ...]
    """Other plans that fit, the best first, with what they are behind by."""
    needs: tuple[tuple[str, int], ...]
    """Capability and number of the units that the level asks for beyond the level before."""
    notify: tuple[str, ...]
    """Who is told, beyond those of the level before."""
    supplies: tuple[tuple[str, str], ...]
    """What is to be brought, with its amount in words."""


def rungs_of(log: Log, call: int) -> tuple[Rung, ...]:
    """Return the levels of a call in order of time; none where it has neither levels nor a plan."""
    t, scenario = log.timeline, log.scenario
    first = int(t.level[call])
    if not first:
        return ()
    steps = [(float(t.received[call]), 0, first, _first_reasons(log, call))]
    steps += [
        (each.moment, each.before, each.after, (REASONS[each.reason],))
        for each in log.raises
        if each.incident == call
    ]
    found: list[Rung] = []
    told: set[str] = set()
    for since, before, level, why in steps:
        rung = _rung(log, call, (since, before, level), why, told)
        told |= {*rung.notify}
        found.append(rung)
    return tuple(found) if scenario.alarms is not None or scenario.plans is not None else ()


def _rung(log: Log, call: int, step: tuple[float, int, int], why: tuple[str, ...], told: set[str]) -> Rung:
    since, before, level = step
    scenario, t = log.scenario, log.timeline
    kind, node, received = int(t.kind[call]), int(t.node[call]), float(t.received[call])
    match = card = None
    if scenario.plans is not None:
        spot, span = scenario.plans.place(node, received)
        match = scenario.plans.match_at(kind, spot, level, span)
        card = scenario.plans.card(kind, node, level, received)
    slots = range(int(t.first_slot[call]), int(t.first_slot[call + 1]))
    asked = Counter(int(t.capability[slot]) for slot in slots if before < int(t.slot_level[slot]) <= level)
    scale = None if scenario.alarms is None else scenario.alarms.scale(kind)
    by_level = None if scenario.alarms is None or scale is None else scenario.alarms.command(level)
    return Rung(
        since=since,
        level=level,
        colour="" if scale is None else scale.level(level).colour.en,
        why=why,
        command=(card.command if card is not None else "") or ("" if by_level is None else by_level.en),
        plan="" if card is None else card.plan,
        criteria=() if match is None else tuple(_criteria(match)),
        runners_up=() if match is None else tuple(_runners_up(match)),
        needs=tuple((scenario.capabilities[number], count) for number, count in sorted(asked.items())),
        notify=() if card is None else tuple(who for who in card.notify if who not in told),
        supplies=() if card is None else card.supplies,
    )


def _criteria(match: Match) -> Iterator[str]:
    if match.chosen is not None:
        for score in match.chosen.scores:
            yield f"{score.criterion}: {score.words}"


def _runners_up(match: Match) -> Iterator[str]:
    for other in match.runners_up:
        yield f"{other.plan.id}, behind by {other.behind}"


def _first_reasons(log: Log, call: int) -> tuple[str, ...]:
    """Return what the first level of a call rests on."""
    scenario, t = log.scenario, log.timeline
    kind, node, received = int(t.kind[call]), int(t.node[call]), float(t.received[call])
    if scenario.alarms is None or scenario.alarms.scale(kind) is None:
        return ("the level of the type's first alarm",)
    stated, report = None, None
    if t.source[call] == AUTHORED:
        authored = next(one for one in scenario.authored if one.id == t.authored[int(t.ordinal[call])])
        stated, report = authored.level, authored.report
    bad, dry = circumstances(scenario, received)
    graded = scenario.alarms.initial(kind, node, received, report, level=stated, weather=bad, dry=dry)
    return tuple(reason.words for reason in graded.reasons) + tuple(_accident(report))


def _accident(report: Report | None) -> Iterator[str]:
    """Yield the accident class that a report makes it, and the government response that goes with it."""
    if report is not None:
        found = accident_class(report.dead, report.seriously_injured, report.loss)
        if found is not None:
            title, response = found.file.title, found.file.response
            yield f"accident class {title.en} ({title.zh}), government response {response.level}"
