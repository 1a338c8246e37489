"""Calls with their luck: those of one source, and all of a replication in order of time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from dispatch.scenario.recorded import LUCK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.needs import Needs
    from dispatch.scenario.scenario import Kind
    from dispatch.workshop import Spans

    Floats = NDArray[np.float64]

RECORDED, AUTHORED = -1, -2
"""Sources of calls that no random stream brings."""


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """Every outside event of one replication: n calls in order of time, S need slots in order of call."""

    replication: int
    ids: tuple[str, ...] | None
    """Ids of recorded calls by ordinal."""
    authored: tuple[str, ...]
    """Ids of injected calls by ordinal."""
    source: NDArray[np.int32]
    """Random stream of each call, −1 for a recorded one, −2 for an injected one [n]."""
    surge: NDArray[np.int32]
    """Number of the surge that added the call, 0 for all others [n]."""
    ordinal: NDArray[np.int32]
    """Number of the call within its source and surge [n]."""
    received: Floats
    """Seconds from the scenario's start [n]."""
    ready: Floats
    """When units can be alerted [n]."""
    kind: NDArray[np.int32]
    node: NDArray[np.int32]
    priority: NDArray[np.int32]
    level: NDArray[np.int32]
    """Alarm level of the first alarm, 0 where there are no levels [n]."""
    severity: NDArray[np.int32]
    """Alarm level whose force the call really needs; nobody knows it beforehand [n]."""
    first_slot: NDArray[np.int32]
    """Where each call's slots start in the arrays below [n + 1]."""
    capability: NDArray[np.int32]
    """What each slot needs [S]."""
    crew: NDArray[np.int32]
    """The smallest crew that each slot takes, 0 for any [S]."""
    slot_level: NDArray[np.int32]
    """Alarm level from which on each slot is asked for [S]."""
    turnout_share: Floats
    """Uniform number that becomes a turnout time once a unit is chosen [S]."""
    turnout: Floats
    """Given turnout seconds, NaN where it follows from ``turnout_share`` [S]."""
    on_scene: Floats
    """Seconds on scene, NaN where ``busy`` rules [S]."""
    busy: Floats
    """Seconds from the alert until available, NaN where ``on_scene`` rules [S]."""
    transport: Floats
    """Seconds on the way to hospital, NaN for a hospital that is chosen when the unit leaves [S]."""
    hand_over: Floats
    cancelled: Floats
    """Seconds from the alert after which a unit not yet on scene turns back, NaN for never [S]."""
    aid_delay: Floats
    """Seconds that mutual aid takes for the slot, NaN without mutual aid [S]."""
    of_units: dict[str, Floats] = field(default_factory=dict)
    """Uniform numbers that become seconds once a unit is chosen, if unit types ask for them: by name [S]."""
    downtimes: dict[tuple[str, str], Spans] = field(default_factory=dict)
    """When units are in the workshop, by id and type, in seconds from the start."""

    def __len__(self) -> int:
        """Number of calls."""
        return len(self.received)

    def incident_id(self, call: int, kinds: tuple[Kind, ...]) -> str:
        """Return the given id, or type and number such as ``house-fire-17``, ``house-fire-surge-1-4``."""
        ordinal = self.ordinal[call]
        if self.source[call] == AUTHORED:
            return str(self.authored[ordinal])
        if self.source[call] == RECORDED and self.ids is not None:
            return str(self.ids[ordinal])
        added = f"surge-{self.surge[call]}-" if self.surge[call] else ""
        return f"{kinds[self.kind[call]].id}-{added}{ordinal + 1}"

    @property
    def owner(self) -> NDArray[np.intp]:
        """Call of each slot [S]."""
        return np.repeat(np.arange(len(self)), np.diff(self.first_slot))

    @property
    def first_alarm(self) -> NDArray[np.bool_]:
        """Whether the first alarm asks for each slot [S]."""
        return np.asarray(self.slot_level <= self.level[self.owner])

    def incident_ids(self, kinds: tuple[Kind, ...]) -> list[str]:
        """Return the ids of all calls, in order [n]."""
        return [self.incident_id(call, kinds) for call in range(len(self))]


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of one source; slots in order of call."""

    source: int
    surge: int
    ordinal: NDArray[np.int32]
    received: Floats
    processing: Floats
    kind: NDArray[np.int32]
    node: NDArray[np.int32]
    priority: NDArray[np.int32]
    needs: Needs
    luck: dict[str, Floats]
    """By purpose [S]."""


def kept(calls: Calls, stays: NDArray[np.bool_]) -> Calls:
    """Return the calls for which ``stays`` [n] holds, numbered as before."""
    slots = np.repeat(stays, calls.needs.slots)
    return replace(
        calls,
        ordinal=calls.ordinal[stays],
        received=calls.received[stays],
        processing=calls.processing[stays],
        kind=calls.kind[stays],
        node=calls.node[stays],
        priority=calls.priority[stays],
        needs=calls.needs.of(stays),
        luck={name: values[slots] for name, values in calls.luck.items()},
    )


def merged(
    sources: list[Calls], replication: int, ids: tuple[str, ...] | None, authored: tuple[str, ...]
) -> Timeline:
    """Join the calls of all sources in order of time."""
    received = np.concatenate([s.received for s in sources])
    source = np.concatenate([np.full(len(s.received), s.source, dtype=np.int32) for s in sources])
    surge = np.concatenate([np.full(len(s.received), s.surge, dtype=np.int32) for s in sources])
    ordinal = np.concatenate([s.ordinal for s in sources])
    needs = [s.needs for s in sources]
    slots = np.concatenate([each.slots for each in needs])
    order = np.lexsort((ordinal, surge, source, received))
    first = np.concatenate(([0], np.cumsum(slots)))
    new_first = np.concatenate(([0], np.cumsum(slots[order])))
    gather = np.repeat(first[:-1][order] - new_first[:-1], slots[order]) + np.arange(new_first[-1])
    luck = {name: np.concatenate([s.luck[name] for s in sources])[gather] for name in sources[0].luck}
    processing = np.concatenate([s.processing for s in sources])
    return Timeline(
        replication=replication,
        ids=ids,
        authored=authored,
        source=source[order],
        surge=surge[order],
        ordinal=ordinal[order],
        received=received[order],
        ready=(received + processing)[order],
        kind=np.concatenate([s.kind for s in sources])[order],
        node=np.concatenate([s.node for s in sources])[order],
        priority=np.concatenate([s.priority for s in sources])[order],
        level=np.concatenate([each.level for each in needs])[order],
        severity=np.concatenate([each.severity for each in needs])[order],
        first_slot=new_first.astype(np.int32),
        capability=np.concatenate([each.capability for each in needs])[gather],
        crew=np.concatenate([each.crew for each in needs])[gather],
        slot_level=np.concatenate([each.slot_level for each in needs])[gather],
        turnout_share=luck["turnout_share"],
        **{name: luck[name] for name in LUCK},
        aid_delay=luck["aid_delay"],
        of_units={name: luck[name] for name in luck if name not in (*LUCK, "turnout_share", "aid_delay")},
    )
