"""A look back on a played exercise: what was expected and what was done, and what the model would have done.

Everything counts up to ENDEX, or to the last record of a session that has not ended. The model's play that a
session is compared with has the same script, delivered at the same moments, with the model's advice and no
order of the players; luck is the same in both, so calls can be compared one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, isnan, nan
from typing import TYPE_CHECKING

import numpy as np

from dispatch.drills.chronicle import Moment, moments_of
from dispatch.drills.outcome import played
from dispatch.drills.proving import due, sightings
from dispatch.drills.proving import played as played_alone
from dispatch.drills.session import State
from dispatch.drills.unfolding import expected
from dispatch.engine.board import MARGIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Literal

    from dispatch.drills.drill import Drill, Line
    from dispatch.engine.log import Log
    from dispatch.model.briefs import Action

    Rating = Literal["", "P", "S", "M", "U"]

DONE = ("met", "late")
"""Verdicts of what was done."""
FAILED = ("late", "missed")
"""Verdicts that make a gap."""
JUDGED = ("met", "late", "missed")
"""Verdicts that count for the rating of an objective."""

NO_MEANS, DECISION, NOT_SAID = "means", "decision", "not said"
"""Why an action was late or missed, as far as the logs can tell: the model was not in time either; it was, so
that the players could have been; nobody said that it was done, and no log shows it."""

PLAYERS, ADVICE, ITSELF, SAID = "players", "advice", "itself", "said"
"""What brought about what was done: the players' orders, without which it would not have been seen, or at
another time; the model's advice; the scenario, where nobody goes by advice; somebody said that it was."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An expected action of a delivered entry, and what became of it."""

    entry: str
    number: int
    """From 0."""
    action: Action
    deadline: float
    """Seconds of play by which it was expected."""
    seen: float
    """Seconds of play at which it was seen, or said to be done; infinite for never, not a number where only
    an evaluator can tell."""
    verdict: str
    """``met``, ``late``, ``missed``, ``open`` (not due yet at the end) or ``to be judged``."""
    model: float
    """As ``seen``, when the model played."""
    brought_about: str = ""
    """By what, for what was done; empty for the rest."""

    @property
    def delay(self) -> float:
        """Seconds that it was late; not a number where it was not."""
        return self.seen - self.deadline if self.verdict == "late" else nan

    @property
    def cause(self) -> str:
        """Why it was late or missed; empty where it was neither."""
        if self.verdict not in FAILED:
            return ""
        if isnan(self.model):
            return NOT_SAID
        return DECISION if self.model <= self.deadline + MARGIN else NO_MEANS


@dataclass(frozen=True, slots=True)
class Rated:
    """An objective with the verdicts of its actions."""

    id: str
    title: str
    plan: str
    counts: Mapping[str, int]
    """How many of its actions have each verdict."""
    rating: Rating
    """Of what is judged so far; empty where nothing is."""


@dataclass(frozen=True, slots=True)
class Answered:
    """How soon a call, or an entry of the script, was answered; seconds of play, NaN for never."""

    id: str
    known: float
    """When units could be sent to the call, or when the entry was delivered."""
    sent: float
    """First unit alerted; NaN for entries."""
    ordered: float
    """First order of the players that concerns it, from ``known`` on."""


@dataclass(frozen=True, slots=True)
class Paired:
    """A call in both plays: seconds from its receipt, as the players had it and as the model.

    NaN for what had not come by the end.
    """

    id: str
    first: tuple[float, float]
    """First unit on scene."""
    erf: tuple[float, float]
    """Whole first alarm on scene."""
    control: tuple[float, float]
    """Under control."""


@dataclass(frozen=True, slots=True, eq=False)
class Review:
    """A look back on a played exercise."""

    drill: Drill
    state: State
    log: Log
    end: float
    """Seconds of play up to which everything counts."""
    judged: tuple[Judged, ...]
    rated: tuple[Rated, ...]
    calls: tuple[Answered, ...]
    entries: tuple[Answered, ...]
    """Delivered entries after which something is expected."""
    paired: tuple[Paired, ...]
    moments: tuple[Moment, ...]
    never: tuple[str, ...]
    """Entries that were neither delivered nor skipped."""

    def with_verdict(self, *verdicts: str) -> list[Judged]:
        """Return the actions with one of some verdicts."""
        return [each for each in self.judged if each.verdict in verdicts]


def rating_of(counts: Mapping[str, int]) -> Rating:
    """Return the rating of an objective by the verdicts of its actions, of those that are judged.

    P: all met. S: all done, at least half of them in time. M: at least half done. U: less. These bounds are
    chosen here; HSEEP leaves them to the evaluators, whose judgement goes before.
    """
    met, late, missed = (counts.get(verdict, 0) for verdict in JUDGED)
    total = met + late + missed
    if not total:
        return ""
    if met == total:
        return "P"
    if not missed and 2 * met >= total:
        return "S"
    return "M" if 2 * (met + late) >= total else "U"


def model_state(drill: Drill) -> State:
    """Return the state that the model's own play of an exercise comes to at ENDEX."""
    delivered, _ = played_alone(drill)
    lasts = drill.file.lasts
    return State(at=lasts, silent="advice", delivered=delivered, ended=lasts)


def review(drill: Drill, state: State) -> Review:
    """Return a look back on an exercise as far as its session goes."""
    log = played(drill, state)
    advised = replace(state, silent="advice", orders=())
    alone = log if advised == state else played(drill, advised)
    end = min(state.at if state.ended is None else state.ended, drill.file.lasts)
    judged = tuple(_judged(drill, state, log, alone, end))
    gone = {*state.delivered, *state.skipped}
    return Review(
        drill=drill,
        state=state,
        log=log,
        end=end,
        judged=judged,
        rated=tuple(_rated(drill, judged)),
        calls=tuple(_calls(drill, state, log, end)),
        entries=tuple(_entries(drill, state)),
        paired=tuple(_paired(drill, log, alone, end)),
        moments=moments_of(drill, state, log, end),
        never=tuple(line.id for line in drill.lines if line.id not in gone),
    )


def _judged(drill: Drill, state: State, log: Log, alone: Log, end: float) -> Iterator[Judged]:
    """Yield the expected actions in the order in which their entries were delivered."""
    model = sightings(drill, alone, state.delivered)
    without = sightings(drill, _unordered(drill, state, log, alone), state.delivered)
    for each in sorted(expected(drill, state, log), key=lambda one: state.delivered[one.entry]):
        key = (each.entry, each.number)
        found = each.verdict(end, drill.file.lasts)
        seen, alone_seen = (_within(moment, end) for moment in (each.seen, model[key]))
        deadline = due(drill, state.delivered, key)
        cause = _brought_about(state, each.seen, without[key]) if found in DONE else ""
        yield Judged(*key, each.action, deadline, seen, found, alone_seen, cause)


def _unordered(drill: Drill, state: State, log: Log, alone: Log) -> Log:
    """Return the log of the same play without the players' orders; ``alone`` is that of the model's play."""
    if not state.orders:
        return log
    return alone if state.silent == "advice" else played(drill, replace(state, orders=()))


def _brought_about(state: State, seen: float, without: float) -> str:
    """Return what brought about what was seen at a time; ``without`` is when, had the players not ordered.

    What one log cannot show, none can: then somebody said that it was done.
    """
    if isnan(without):
        return SAID
    if not abs(seen - without) <= MARGIN:
        return PLAYERS
    return ADVICE if state.silent == "advice" else ITSELF


def _within(at: float, end: float) -> float:
    """Return a time of play; infinite for one after the end."""
    return inf if at > end else at


def _rated(drill: Drill, judged: tuple[Judged, ...]) -> Iterator[Rated]:
    for name, objective in drill.file.objectives.items():
        verdicts = [each.verdict for each in judged if drill.line(each.entry).entry.objective == name]
        counts = {verdict: verdicts.count(verdict) for verdict in (*JUDGED, "open", "to be judged")}
        yield Rated(name, objective.title, objective.plan, counts, rating_of(counts))


def concerned(line: Line) -> set[str]:
    """Return the ids of calls, units, agreements and stations that an entry and what it expects are about."""
    entry = line.entry
    found = {line.id}
    if entry.inject is not None and entry.inject.incident is not None and entry.inject.incident.id:
        found.add(entry.inject.incident.id)
    for action in entry.expects:
        for force in (action.sent, action.on_scene, action.staged, action.level, action.delivered):
            if force is not None:
                found.add(force.incident)
        if action.asked is not None:
            found |= {action.asked.agreement, action.asked.incident}
        names = (action.under_control, action.moved_up, action.recalled)
        found |= {name for name in names if name is not None}
    return found


def names_in(order: Mapping[str, Any]) -> set[str]:
    """Return the ids that an order names."""
    bodies = [body for key, body in order.items() if key != "at" and isinstance(body, dict)]
    return {value for body in bodies for value in body.values() if isinstance(value, str)}


def _first_order(state: State, about: set[str], since: float) -> float:
    moments = [float(order["at"]) for order in state.orders if names_in(order) & about]
    return min((at for at in moments if at >= since), default=nan)


def _entries(drill: Drill, state: State) -> Iterator[Answered]:
    for line in drill.lines:
        if line.id in state.delivered and line.entry.expects:
            at = state.delivered[line.id]
            yield Answered(line.id, at, nan, _first_order(state, concerned(line), at))


def _during(drill: Drill, log: Log, end: float) -> list[int]:
    """Return the calls that came in from STARTEX to the end, in order of time."""
    received = log.timeline.received
    return np.flatnonzero((received >= drill.begins) & (received <= drill.begins + end)).tolist()


def _by(moment: float, drill: Drill, end: float) -> float:
    """Return a moment of the scenario in seconds of play; NaN for what had not come by the end."""
    at = moment - drill.begins
    return at if at <= end else nan


def _calls(drill: Drill, state: State, log: Log, end: float) -> Iterator[Answered]:
    ids, sent = log.timeline.incident_ids(log.scenario.kinds), log.incidents.dispatched
    for call in _during(drill, log, end):
        received = float(log.timeline.received[call]) - drill.begins
        ready = float(log.timeline.ready[call]) - drill.begins
        ordered = _first_order(state, {ids[call]}, received)
        yield Answered(ids[call], ready, _by(float(sent[call]), drill, end), ordered)


def _paired(drill: Drill, log: Log, alone: Log, end: float) -> Iterator[Paired]:
    ids = log.timeline.incident_ids(log.scenario.kinds)
    others = {name: n for n, name in enumerate(alone.timeline.incident_ids(alone.scenario.kinds))}
    both = (log.incidents, alone.incidents)
    for call in _during(drill, log, end):
        received, rows = float(log.timeline.received[call]), (call, others[ids[call]])
        found = [
            tuple(
                _by(float(getattr(one, name)[row]), drill, end) + drill.begins - received
                for one, row in zip(both, rows, strict=True)
            )
            for name in ("first_on_scene", "erf", "under_control")
        ]
        yield Paired(ids[call], *((pair[0], pair[1]) for pair in found))
