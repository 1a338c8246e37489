"""What of the script comes next, and what is expected, as far as the log shows it."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, NamedTuple

from dispatch.briefing.contents import Said
from dispatch.drills.proving import due as due_by
from dispatch.drills.proving import falls, overdue_from, sightings
from dispatch.drills.refusing import Refusal
from dispatch.drills.script import clock_text
from dispatch.drills.seeing import first_seen
from dispatch.engine.board import MARGIN
from dispatch.io.yaml_writing import as_written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.drills.drill import Drill
    from dispatch.drills.session import State
    from dispatch.engine.log import Log
    from dispatch.model.briefs import Action


class Due(NamedTuple):
    """An entry that is to be delivered; sorts by moment, then as the script stands."""

    at: float
    """Exercise time [s]."""
    number: int
    """Place in the script."""
    by: str
    """``time``, ``condition`` or ``contingency``."""


class Expected(NamedTuple):
    """An action that is expected after a delivered entry."""

    entry: str
    number: int
    """From 0, as everywhere in the program; people count from 1."""
    action: Action
    deadline: float
    """Exercise time by which it is expected [s]."""
    seen: float
    """Exercise time at which the log shows it, or, where no log can, at which it was said to be done;
    infinite for never, not a number where somebody has to judge."""

    def verdict(self, now: float, lasts: float) -> str:
        """Return how it stands: ``met``, ``late``, ``missed``, ``open``, or ``to be judged``.

        Once the exercise has lasted its time nothing is open any more, also what would be due later; in one
        that was ended early what was not due yet is not judged.
        """
        if self.seen <= now:
            return "met" if self.seen <= self.deadline + MARGIN else "late"
        if isnan(self.seen):
            return "to be judged"
        return "open" if now <= self.deadline and now < lasts else "missed"


def expected(drill: Drill, state: State, log: Log) -> Iterator[Expected]:
    """Yield the actions that are expected after the delivered entries, in order of the script."""
    for key, moment in sightings(drill, log, state.delivered).items():
        seen = state.done.get(key, moment) if isnan(moment) else moment
        action = drill.line(key[0]).entry.expects[key[1]]
        yield Expected(*key, action, due_by(drill, state.delivered, key), seen)


def check_sayable(drill: Drill, state: State, log: Log, key: tuple[str, int]) -> None:
    """Raise UsageError where nobody can say that an expected action, by entry and number, is done.

    That is so before its entry is delivered, where the log shows it, and where it was said before.
    """
    name, number = key
    if name not in state.delivered:
        fact = Said("{entry} has not been delivered.", {"entry": name})
        raise Refusal(fact, Said("Say it when it has, or write it down with 'note'."))
    action = drill.line(name).entry.expects[number]
    if not isnan(first_seen(log, action, drill.begins + state.delivered[name])):
        told = _in_words(as_written(getattr(action, action.seen)))
        values = {"entry": name, "n": str(number + 1), "seen": action.seen, "told": told}
        fact = Said("the log shows whether {entry} {n} is done: it looks for '{seen}' ({told}).", values)
        raise Refusal(fact, Said("Give the order for it, or write it down with 'note'."))
    if key in state.done:
        values = {"entry": name, "n": str(number + 1), "time": clock_text(state.done[key])}
        fact = Said("{entry} {n} was said to be done at {time}.", values)
        raise Refusal(fact, Said("Write more about it down with 'note'."))


def _in_words(value: object) -> str:
    """Return what is written in a file in a line of words."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_in_words(inner)}" for key, inner in value.items())
    return str(value)


def next_due(
    drill: Drill, state: State, log: Log, now: float, until: float, *, attended: bool = True
) -> Due | None:
    """Return the entry that is to be delivered next, from ``now`` to ``until`` [s of play]; None for none.

    Where nobody attends, entries that are delivered by hand come at their moments, and what only people can
    judge counts as done.
    """
    gone = {*state.delivered, *state.skipped}
    waiting = [
        (number, line)
        for number, line in enumerate(drill.lines)
        if line.id not in gone and not (attended and line.entry.trigger == "manual")
    ]
    due = [Due(max(line.at, now), number, "time") for number, line in waiting if line.is_timed]
    first = min(due, default=None)
    bound = until if first is None else min(first.at, until)
    found = [first] if first is not None and first.at <= until else []
    conditional = [(number, line) for number, line in waiting if not line.is_timed]
    late = overdue_from(drill, log, state.delivered, state.done if attended else None) if conditional else {}
    for number, line in conditional:
        at = falls(drill, log, line, late, now, bound)
        if at <= bound:
            found.append(Due(at, number, "contingency" if line.entry.contingency_of else "condition"))
    return min(found, default=None)
