"""A log as a list of events in order of time: what golden files hold and what is compared."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from dispatch.engine.notices import STAGED, WENT_FORWARD, notice_table
from dispatch.engine.tables import incident_table, response_table
from dispatch.scenario.layout import AID_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from dispatch.engine.log import Log

    Column = Sequence[object] | NDArray[np.generic]

(
    RECEIVED,
    READY,
    ALERTED,
    EN_ROUTE,
    ON_SCENE,
    CLEAR,
    AT_HOSPITAL,
    RETURNING,
    AVAILABLE,
    HOME,
    GIVEN_UP,
    NOTED,
) = range(12)

WORDS = (
    "received", "ready", "alerted", "en route", "on scene", "clear", "at hospital", "returning", "available",
    "in quarters", "given up", "noted",
)  # fmt: skip
"""What happened, by number; at equal times events stand in this order."""

RESTORING = "restoring"
"""What a unit does that is in quarters, but not available yet."""

_OF_RESPONSES = (
    ("alerted", ALERTED), ("en_route", EN_ROUTE), ("on_scene", ON_SCENE), ("clear", CLEAR),
    ("at_hospital", AT_HOSPITAL), ("returning", RETURNING), ("available", AVAILABLE), ("in_quarters", HOME),
)  # fmt: skip


class Event(NamedTuple):
    """One thing that happened; sorts by time, kind, incident, unit."""

    time: float
    """Seconds from the start."""
    kind: int
    """Index into WORDS."""
    incident: str
    unit: str
    """Empty for what concerns the call alone."""
    detail: str
    """Type and node of a call; capability, and how it ended, of a response; else what was noted."""

    def __str__(self) -> str:
        """Return the event as a line of a golden file."""
        who = " for ".join(name for name in (self.unit, self.incident) if name) or "all"
        return f"{self.time!r} {WORDS[self.kind]}: {who} ({self.detail})"


def events_of(log: Log) -> list[Event]:
    """Return the events of a log."""
    return events_of_tables(incident_table(log), response_table(log), notice_table(log))


def events_of_tables(
    incidents: Mapping[str, Column], responses: Mapping[str, Column], noted: Mapping[str, Column]
) -> list[Event]:
    """Return the events that the tables of a run folder tell of one replication."""
    return sorted([*_calls(incidents), *_responses(responses), *_noted(noted)])


def _calls(table: Mapping[str, Column]) -> Iterator[Event]:
    names = ("incident", "type", "node", "priority", "received", "ready", "status")
    for incident, kind, node, priority, received, ready, status in zip(
        *(table[n] for n in names), strict=True
    ):
        told = f"{kind} at {node}, priority {priority}"
        yield Event(_number(received), RECEIVED, str(incident), "", told)
        yield Event(_number(ready), READY, str(incident), "", told)
        if status == "lost":
            yield Event(_number(ready), GIVEN_UP, str(incident), "", told)


def _responses(table: Mapping[str, Column]) -> Iterator[Event]:
    names = ("incident", "unit", "capability", "ending", "from_road")
    rows = zip(*(table[n] for n in names), *(table[n] for n, _ in _OF_RESPONSES), strict=True)
    for incident, unit, capability, ending, from_road, *moments in rows:
        road = ", from the road" if from_road in (True, "true") else ""
        times = dict(zip((kind for _, kind in _OF_RESPONSES), map(_number, moments), strict=True))
        if times[AT_HOSPITAL] == times[CLEAR]:
            del times[AT_HOSPITAL]  # nobody was taken there
        for kind, time in times.items():
            if not math.isnan(time):
                told = (
                    f"{capability}{road}"
                    if kind == ALERTED
                    else f"{ending}"
                    if kind == AVAILABLE
                    else f"{capability}"
                )
                yield Event(time, kind, str(incident), str(unit), told)


def _noted(table: Mapping[str, Column]) -> Iterator[Event]:
    names = ("moment", "incident", "unit", "what", "detail")
    for moment, incident, unit, what, detail in zip(*(table[n] for n in names), strict=True):
        yield Event(_number(moment), NOTED, str(incident), str(unit), f"{what}: {detail}")


def _number(value: object) -> float:
    """Return a moment, NaN where a table is empty."""
    return float(str(value)) if value not in ("", None) else math.nan


@dataclass(slots=True)
class Snapshot:
    """The status board after some events."""

    units: dict[str, str] = field(default_factory=dict)
    """Unit → what it does and for which call; units that have not moved are left out."""
    waiting: list[str] = field(default_factory=list)
    """Calls that are ready and have had no unit yet."""


def snapshot(events: Iterable[Event]) -> Snapshot:
    """Fold events, in order, into what the board shows after the last of them.

    Mutual aid is not a unit of the board. At equal times a unit's next alert stands before the end of what
    it did until then, which then says nothing of what it does.
    """
    board = Snapshot()
    bound: dict[str, str] = {}  # for which call a unit was last alerted
    since: dict[str, float] = {}  # when that was
    held: Counter[str] = Counter()  # responses that it has not been released from
    for event in events:
        kind, unit = event.kind, event.unit
        if kind == READY:
            board.waiting.append(event.incident)
        elif kind in (ALERTED, GIVEN_UP) and event.incident in board.waiting:
            board.waiting.remove(event.incident)
        if kind == NOTED and event.incident == bound.get(unit):
            board.units[unit] = _staged(event, board.units[unit])
        if not unit or unit == AID_NAME or kind == NOTED:
            continue
        if kind == ALERTED:
            bound[unit], since[unit] = event.incident, event.time
        held[unit] += {ALERTED: 1, AVAILABLE: -1}.get(kind, 0)
        restoring = kind == HOME and held[unit] == 1 and event.time > since.get(unit, event.time)
        over = not restoring and kind >= CLEAR and held[unit] >= (1 if kind in (AVAILABLE, HOME) else 2)
        if event.incident == bound.get(unit) and not over:
            restored = kind == AVAILABLE and board.units.get(unit) == RESTORING
            board.units[unit] = RESTORING if restoring else WORDS[HOME] if restored else _state(event)
    return board


def _staged(event: Event, state: str) -> str:
    """Return what a unit does after something was noted of it: it may stop at a staging area, or go on."""
    steps = {STAGED: (WORDS[EN_ROUTE], STAGED), WENT_FORWARD: (STAGED, WORDS[EN_ROUTE])}
    before, after = steps.get(event.detail.partition(":")[0], ("", ""))
    return f"{after} for {event.incident}" if state == f"{before} for {event.incident}" else state


def _state(event: Event) -> str:
    """Return what a unit does after an event of its own."""
    if event.kind in (RETURNING, AVAILABLE):
        return WORDS[RETURNING]
    return WORDS[HOME] if event.kind == HOME else f"{WORDS[event.kind]} for {event.incident}"
