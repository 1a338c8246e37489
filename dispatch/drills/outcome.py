"""What an exercise comes to: its log with all that was delivered and ordered, and what one order changes.

Nothing here writes anything: what is to be delivered or ordered is simulated before it is written down, so
that a session never holds what cannot be simulated.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from dispatch.composition import simulate
from dispatch.errors import DispatchError, InputError, UsageError, did_you_mean
from dispatch.io.yaml_writing import as_written
from dispatch.regression.events import NOTED, Event, events_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dispatch.drills.drill import Drill
    from dispatch.drills.session import State
    from dispatch.engine.log import Log

CARRIED_OUT = re.compile(r"sent\b|moves to |turned back|left the scene|[1-9][0-9]* of ")
"""How a log begins to tell of an order of units that was carried out, be it what the model does, too."""


class Outcome(NamedTuple):
    """A log and its events in order of time."""

    log: Log
    events: list[Event]


def fingerprint(drill: Drill) -> str:
    """Return a digest of everything that an exercise's course depends on, except what people do."""
    told = [as_written(drill.file), drill.base.digest, drill.base.file.seed]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:16]


def played(drill: Drill, state: State) -> Log:
    """Return the log of an exercise with all that was delivered and ordered."""
    scenario = drill.scenario(state.delivered, state.orders, advised=state.silent == "advice")
    return simulate(scenario, drill.file.layout, 0)


def attempt(drill: Drill, state: State) -> Outcome:
    """Return what an exercise comes to; raises UsageError, in words for players, where that is impossible."""
    try:
        log = played(drill, state)
        return Outcome(log, events_of(log))
    except InputError as error:
        raise UsageError(_facts(error)) from None
    except DispatchError as error:
        raise UsageError(str(error.args[0]), hint=error.hint) from None
    except Exception as error:
        message = f"the simulation breaks at it ({type(error).__name__}: {error})."
        raise UsageError(message, hint="This is a defect of the program; please report it.") from error


def _facts(error: InputError) -> str:
    """Return what is wrong without its places in files, which players do not see."""
    return " ".join(f"{problem.fact}. {problem.remedy}".strip() for problem in error.problems[:3])


def idle(kind: str, before: Sequence[Event], after: Sequence[Event]) -> str:
    """Return why an order of a kind, such as ``recall``, changes nothing; empty where it changes something.

    ``before`` and ``after`` are the events without and with it. What the log notes of the order itself is no
    change, unless it says that the order was carried out: players may order what the model does, too.
    """
    was, now = Counter(before), Counter(after)
    gained = list((now - was).elements())
    head = f"{kind}: "
    notes = [each.detail.removeprefix(head) for each in gained if _tells(each, head)]
    if was - now or len(notes) < len(gained) or any(CARRIED_OUT.match(note) for note in notes):
        return ""
    return "; ".join(notes) or "it changes nothing"


def _tells(event: Event, head: str) -> bool:
    return event.kind == NOTED and event.detail.startswith(head)


def check_same(drill: Drill, state: State) -> None:
    """Raise UsageError where a session is one of another exercise, or cites what the exercise has not."""
    if state.drill != fingerprint(drill):
        message = f"{drill.path}: the exercise is not the one that was played, or has been changed since."
        raise UsageError(message, hint="Restore it, or begin a new session with --session.")
    known = {line.id: len(line.entry.expects) for line in drill.lines}
    for fact, name in _cited_wrongly(known, state):
        message = f"{drill.path.name}: the session {fact}, which the exercise does not have."
        raise UsageError(message, hint=did_you_mean(name, known))


def _cited_wrongly(known: dict[str, int], state: State) -> Iterator[tuple[str, str]]:
    """Yield what a session cites that is not there, with the entry."""
    for name in [*state.delivered, *state.skipped, *(name for name, _ in state.done)]:
        if name not in known:
            yield f"cites entry '{name}'", name
    for name, number in state.done:
        if name in known and not 0 <= number < known[name]:
            yield f"cites action {number + 1} of entry '{name}'", name
