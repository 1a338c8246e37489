"""Whether an exercise can be played, and how hard it is: the model plays it to the end by its own advice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from dispatch.briefing.contents import Number, Said
from dispatch.composition import simulate
from dispatch.drills.course import DIGITS
from dispatch.drills.seeing import call_of, first_held, first_seen
from dispatch.engine.board import MARGIN, closing
from dispatch.errors import InfeasibleError, InputError
from dispatch.model.supplies import BY_ORDER
from dispatch.study.residual import residual_coverage
from dispatch.study.view import LogView

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dispatch.briefing.contents import Cell
    from dispatch.drills.drill import Drill, Line
    from dispatch.engine.log import Log

    Grade = Literal["easy", "moderate", "hard"]

GRADES: tuple[Grade, ...] = ("easy", "moderate", "hard")
"""Classes of difficulty, from the least."""

STEPS = {
    "committed": (1 / 3, 2 / 3),
    "open": (3.0, 6.0),
    "uncovered": (0.25, 0.6),
    "waiting": (0.01, 0.25),
}
"""From which figures on a stress counts one point, and two (chosen here): the greatest share of units
committed at once, calls open at once, the greatest share of demand that no free unit covers, the share of
calls that wait."""

MOMENT = 0.001
"""Seconds after which what was to be done by a time is overdue: at the time itself it is done in time."""

MODERATE, HARD = 0.3, 0.65
"""Share of all points from which an exercise is moderate, and hard (chosen here)."""


@dataclass(frozen=True, slots=True)
class Difficulty:
    """What an exercise asks of those who play it, measured from STARTEX to ENDEX in the model's own play."""

    calls: int
    """Calls received."""
    committed: float
    """Greatest share of the layout's own units committed to calls at once."""
    open_at_once: int
    """Greatest number of calls open at once."""
    cover: float
    """Least share of demand within reach of a free unit; not a number without random or recorded demand."""
    waiting: int
    """Calls that waited for their first unit."""
    mean_wait: float
    """Mean seconds from ready to the first unit's alert, to ENDEX at most, over the calls from STARTEX on
    that were ready before ENDEX."""

    @property
    def grade(self) -> Grade:
        """How hard that is: by the points that the four stresses get of those that they could get."""
        figures = {
            "committed": self.committed,
            "open": float(self.open_at_once),
            "uncovered": 1.0 - self.cover,
            "waiting": self.waiting / self.calls if self.calls else 0.0,
        }
        known = {name: value for name, value in figures.items() if not math.isnan(value)}
        points = sum(value >= step for name, value in known.items() for step in STEPS[name])
        share = points / (2 * len(known))
        return "hard" if share >= HARD else "moderate" if share >= MODERATE else "easy"


@dataclass(frozen=True, slots=True, eq=False)
class Proof:
    """The model's own play of an exercise."""

    log: Log
    delivered: Mapping[str, float]
    """Seconds of play at which each entry was delivered; those that never were are missing."""
    seen: Mapping[tuple[str, int], float]
    """Seconds of play at which each expected action of a delivered entry was seen, by entry and number:
    infinite for not before ENDEX, not a number where only an evaluator can tell."""
    met: frozenset[tuple[str, int]]
    """Expected actions that were seen in time."""
    difficulty: Difficulty
    notes: tuple[Said, ...]
    """What whoever leads the exercise should know."""


def prove(drill: Drill) -> Proof:
    """Play an exercise by the model's advice to ENDEX; raises InfeasibleError where it cannot be played."""
    delivered, log = played(drill)
    unreached = _unreached(drill, log, delivered)
    if unreached:
        message = f"{drill.path.name}: nobody can reach {', '.join(unreached)}."
        raise InfeasibleError(message, hint="Move the calls, or leave roads open.")
    lasts = drill.file.lasts
    all_seen = sightings(drill, log, delivered)
    seen = {key: math.inf if moment > lasts else moment for key, moment in all_seen.items()}
    met = frozenset(key for key, moment in seen.items() if moment <= due(drill, delivered, key) + MARGIN)
    notes = (*_notes(drill, delivered, seen, met), *_notes_on_calls(drill, log, delivered))
    return Proof(log, delivered, seen, met, measured(drill, log), notes)


def played(drill: Drill, *, advised: bool = True) -> tuple[dict[str, float], Log]:
    """Return when each entry is delivered if nobody orders anything, and the log of that play.

    Entries at times come first; then, in order of time, those of which the condition holds and contingencies
    of what is overdue. Entries that a controller delivers by hand are delivered at their moments.
    """
    delivered = {line.id: line.at for line in drill.lines if line.is_timed}
    waiting = [line for line in drill.lines if not line.is_timed]
    log = _simulated(drill, {}, delivered, None, advised=advised)
    reached = 0.0
    while waiting:
        late = overdue_from(drill, log, delivered)
        moments = [falls(drill, log, line, late, reached, drill.file.lasts) for line in waiting]
        first = int(np.argmin(moments))
        if not moments[first] < drill.file.lasts:
            break
        line = waiting.pop(first)
        reached = moments[first]
        before = dict(delivered)
        delivered[line.id] = reached
        log = _simulated(drill, before, delivered, log, advised=advised)
    return delivered, log


def _simulated(
    drill: Drill,
    before: Mapping[str, float],
    delivered: Mapping[str, float],
    log: Log | None,
    *,
    advised: bool,
) -> Log:
    """Return the log with what was delivered; the one there is where nothing new changes anything."""
    new = [line for line in drill.lines if line.id in delivered and line.id not in before]
    if log is not None and all(line.entry.inject is None for line in new):
        return log
    try:
        scenario = drill.scenario(delivered, advised=advised)
    except InputError as error:
        message = f"{drill.path.name}: cannot be played, its scenario refuses what it changes.\n{error}"
        raise InfeasibleError(message, hint="Correct the entries named above.") from None
    return simulate(scenario, drill.file.layout)


def falls(drill: Drill, log: Log, line: Line, late: Mapping[str, float], now: float, until: float) -> float:
    """Return when an entry with a condition, or for a contingency, is to be delivered [s of play].

    Not before ``now``; infinite for not up to ``until``. ``late`` gives from when on entries have something
    overdue, as ``overdue_from`` does.
    """
    earliest, cited = max(line.at, now), line.entry.contingency_of
    if cited is not None:
        earliest = max(earliest, round(late.get(cited, math.inf) - drill.begins, DIGITS))
    if earliest > until or line.entry.when is None:
        return earliest
    end = math.nextafter(drill.begins + until, math.inf)
    held = first_held(log, line.entry.when, drill.begins + earliest, end, dict(late))
    return max(held - drill.begins, now)


def overdue_from(
    drill: Drill,
    log: Log,
    delivered: Mapping[str, float],
    done: Mapping[tuple[str, int], float] | None = None,
) -> dict[str, float]:
    """Return from which moment on each delivered entry has an expected action overdue [s of the scenario].

    Entries of which nothing was ever overdue are missing. ``done`` are actions that were said to be done, by
    entry and number, with the seconds of play, which counts for what no log can show; without it, that counts
    as done in time.
    """
    found: dict[str, float] = {}
    for key, moment in sightings(drill, log, delivered).items():
        said = math.nan if done is None else done.get(key, math.inf)
        known = said if math.isnan(moment) else moment
        limit = due(drill, delivered, key)
        if known > limit + MARGIN:
            begins = drill.begins + limit + MOMENT
            found[key[0]] = min(found.get(key[0], math.inf), begins)
    return found


def sightings(drill: Drill, log: Log, delivered: Mapping[str, float]) -> dict[tuple[str, int], float]:
    """Return when each expected action of a delivered entry is seen in a log [s of play]; see ``Proof``."""
    return {
        (line.id, number): first_seen(log, action, drill.begins + delivered[line.id]) - drill.begins
        for line in drill.lines
        if line.id in delivered
        for number, action in enumerate(line.entry.expects)
    }


def due(drill: Drill, delivered: Mapping[str, float], key: tuple[str, int]) -> float:
    """Return until when an expected action is in time [s of play]."""
    name, number = key
    return delivered[name] + drill.line(name).entry.expects[number].by


def _unreached(drill: Drill, log: Log, delivered: Mapping[str, float]) -> list[str]:
    """Return the calls of delivered entries to which no way leads for anybody whom they need, to ENDEX."""
    never = np.isnan(log.incidents.first_on_scene) & (log.incidents.needed > 0)
    brought = _brought(drill, log, delivered)
    return sorted(
        f"'{name}'" for name, call in brought.items() if never[call] and not _has_way(drill, log, call)
    )


def _brought(drill: Drill, log: Log, delivered: Mapping[str, float]) -> dict[str, int]:
    """Return the calls that delivered entries bring, by id, in order of the script."""
    ids = [
        line.entry.inject.incident.id or line.id
        for line in drill.lines
        if line.id in delivered and line.entry.inject is not None and line.entry.inject.incident is not None
    ]
    return {name: call for name in ids for call in [call_of(log, name)] if call >= 0}


def _has_way(drill: Drill, log: Log, call: int) -> bool:
    """Whether a way leads to a call from the quarters of any unit that it needs, at any time up to ENDEX."""
    t, roads = log.timeline, log.scenario.roads
    node, received = int(t.node[call]), float(t.received[call])
    slots = t.capability[int(t.first_slot[call]) : int(t.first_slot[call + 1])].tolist()
    changes = [at for at, _ in roads.changes if received < at <= drill.ends]
    for moment in (received, *changes):
        fleet = log.fleet.under(roads.at(moment))
        if any(fleet.ranking(node, capability) for capability in set(slots)):
            return True
        if fleet.aid_outbound is not None and fleet.aid_outbound[node] < math.inf:
            return True
    return False


def _notes_on_calls(drill: Drill, log: Log, delivered: Mapping[str, float]) -> Iterator[Said]:
    """Yield which calls of the script do not get their whole first alarm when the model plays."""
    if log.scenario.file.dispatching.policy == BY_ORDER:
        yield Said("The scenario sends units by order only: the model sends none on its own.")
        return
    t, r = log.timeline, log.responses
    for name, call in _brought(drill, log, delivered).items():
        slots = np.arange(int(t.first_slot[call]), int(t.first_slot[call + 1]))
        slots = slots[t.first_alarm[slots]]
        sent = np.unique(r.slot[(r.incident == call) & (r.alerted <= drill.ends)])
        served = int(np.isin(slots, sent).sum())
        if served < len(slots):
            values: dict[str, Cell] = {
                "call": name, "n": Number(served, "whole"), "of": Number(len(slots), "whole"),
            }  # fmt: skip
            yield Said(
                "call '{call}': the model sends {n} of {of} units of its first alarm before ENDEX.", values
            )


def measured(drill: Drill, log: Log) -> Difficulty:
    """Return how hard a play was, from STARTEX to ENDEX."""
    t, i, begins, ends = log.timeline, log.incidents, drill.begins, drill.ends
    closed = closing(log)
    closed = np.where(np.isnan(closed), np.inf, closed)
    during = (t.received >= begins) & (t.received < ends)
    open_spans = list(zip(t.received.tolist(), closed.tolist(), strict=True))
    dispatched = np.fmin(i.dispatched, ends)
    waits = np.maximum(dispatched - t.ready, 0.0)[during & (t.ready < ends) & (i.needed > 0)]
    view = LogView(log)
    view.start, view.end = begins, ends
    return Difficulty(
        calls=int(during.sum()),
        committed=_committed(log, begins, ends),
        open_at_once=_most_at_once(open_spans, begins, ends),
        cover=float(residual_coverage(view, {})),
        waiting=int((waits > MARGIN).sum()),
        mean_wait=float(waits.mean()) if len(waits) else 0.0,
    )


def _committed(log: Log, begins: float, ends: float) -> float:
    """Return the greatest share of own units on calls at once."""
    own = [unit for unit in range(len(log.fleet)) if log.fleet.agreement[unit] < 0]
    r = log.responses
    rows = np.flatnonzero(np.isin(r.unit, own))
    spans = list(zip(r.alerted[rows].tolist(), r.available[rows].tolist(), strict=True))
    return _most_at_once(spans, begins, ends) / len(own) if own else 0.0


def _most_at_once(spans: list[tuple[float, float]], begins: float, ends: float) -> int:
    """Return how many spans hold at once at most, between two moments."""
    steps = [(max(first, begins), 1) for first, last in spans if first < ends and last > begins]
    steps += [(last, -1) for first, last in spans if first < ends and begins < last < ends]
    number = most = 0
    for _, step in sorted(steps):  # of equal moments, ends count first
        number += step
        most = max(most, number)
    return most


def _notes(
    drill: Drill,
    delivered: Mapping[str, float],
    seen: Mapping[tuple[str, int], float],
    met: frozenset[tuple[str, int]],
) -> list[Said]:
    """Return what the model cannot meet, and what never comes."""
    found = []
    for key, moment in seen.items():
        if key in met or math.isnan(moment):
            continue
        values: dict[str, Cell] = {"entry": key[0], "n": Number(key[1] + 1, "whole")}
        if moment == math.inf:
            found.append(
                Said("entry '{entry}', action {n}: the model itself does not do it before ENDEX.", values)
            )
        else:
            values["late"] = Number(round(moment - due(drill, delivered, key)), "s")
            found.append(Said("entry '{entry}', action {n}: the model itself is late by {late}.", values))
    found += [
        Said(
            "entry '{entry}', action {n}: it is due after ENDEX, and judged at ENDEX.",
            {"entry": key[0], "n": Number(key[1] + 1, "whole")},
        )
        for key in seen
        if due(drill, delivered, key) > drill.file.lasts + MARGIN
    ]
    found += [
        Said("entry '{entry}' is not delivered when the model plays.", {"entry": line.id})
        for line in drill.lines
        if line.id not in delivered
    ]
    return found
