"""Calls with their luck: those of one source, and all of a replication in order of time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from dispatch.needs import RELIEF, Needs
from dispatch.scenario.recorded import LUCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dispatch.scenario.injects import AuthoredCall
    from dispatch.scenario.scenario import Kind, Scenario
    from dispatch.workshop import Spans

    Floats = NDArray[np.float64]

RECORDED, AUTHORED = -1, -2
"""Sources of calls that no random stream brings."""

MOST_SLOTS = 1_000_000
"""More than a call has slots: keys of the luck of reliefs begin here."""


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
    relieves: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    """How many slots before a relief's own slot stands the one that it relieves, 0 for no relief [S]; empty
    where nobody is ever relieved."""

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
        return random_id(kinds[self.kind[call]].id, int(self.surge[call]), int(ordinal))

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


def random_id(kind: str, surge: int, ordinal: int) -> str:
    """Return the id of a random call of a type, by its number; ``surge`` is the surge that added it, or 0."""
    return f"{kind}-surge-{surge}-{ordinal + 1}" if surge else f"{kind}-{ordinal + 1}"


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


def id_of(scenario: Scenario, calls: Calls, call: int) -> str:
    """Return the id of a call of one source."""
    ordinal = int(calls.ordinal[call])
    if calls.source == AUTHORED:
        return authored_calls(scenario)[ordinal].id
    if calls.source == RECORDED and scenario.recorded is not None:
        return str(scenario.recorded.ids[ordinal])
    return random_id(scenario.kinds[int(calls.kind[call])].id, calls.surge, ordinal)


def authored_calls(scenario: Scenario) -> list[AuthoredCall]:
    """Return the injected calls that come before the horizon."""
    return [call for call in scenario.authored if call.received < scenario.file.horizon]


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


def with_reliefs(scenario: Scenario, calls: Calls, luck_of: Callable[[int], dict[str, Floats]]) -> Calls:
    """Return calls with slots for the reliefs that each of their slots may need, behind all that they had.

    ``luck_of`` returns the luck of whoever is sent [n], by name, for a key that stands for the place of the
    slot in its call and the number of the relief.
    """
    needs = calls.needs
    owner = np.repeat(np.arange(len(needs.slots)), needs.slots)
    place = np.arange(len(owner)) - (np.cumsum(needs.slots) - needs.slots)[owner]
    count = _reliefs(scenario, calls.kind[owner], calls.luck["on_scene"])
    of = np.concatenate((np.arange(len(owner)), np.repeat(np.arange(len(owner)), count)))
    number = np.concatenate((np.zeros(len(owner), np.int64), 1 + np.arange(count.sum())))
    number[len(owner) :] -= np.repeat(np.cumsum(count) - count, count)
    order = np.lexsort((number, of, number > 0, owner[of]))
    of, number = of[order], number[order]
    own = np.flatnonzero(number == 0)  # where the slots are that there were
    back = np.where(number == 1, np.arange(len(of)) - own[of], np.minimum(number, 1)).astype(np.int32)
    slots = (needs.slots + np.bincount(owner, weights=count, minlength=len(needs.slots))).astype(np.int32)
    level = np.where(number > 0, RELIEF, needs.slot_level[of]).astype(np.int32)
    of_calls = (needs.level, needs.severity, slots)
    luck = {name: values[of] for name, values in calls.luck.items()}
    for name in ("on_scene", "busy", "cancelled", "turnout"):
        luck[name][number > 0] = np.nan
    keys = number * MOST_SLOTS + place[of]
    for key in np.unique(keys[number > 0]).tolist():
        rows = keys == key
        for name, values in luck_of(key).items():
            luck[name][rows] = values[owner[of[rows]]]
    return replace(
        calls, needs=Needs(*of_calls, needs.capability[of], needs.crew[of], level, back), luck=luck
    )


def _reliefs(scenario: Scenario, kinds: NDArray[np.int32], on_scene: Floats) -> NDArray[np.int64]:
    """Return how many reliefs slots of some kinds may need at most [S].

    Work of w seconds, with a relief asked for after a seconds each time, takes ⌈w / a⌉ − 1 of them if each
    comes at once, and no more if it takes a while.
    """
    terms = [kind.type.relief for kind in scenario.kinds]
    after = np.array([np.inf if each is None else each.after for each in terms])[kinds]
    most = np.array([0 if each is None else each.at_most for each in terms])[kinds]
    count = np.clip(np.nan_to_num(np.ceil(on_scene / after) - 1.0), 0, most)
    return np.asarray(count, dtype=np.int64)


def given_over_drawn(given: dict[str, Floats], drawn: dict[str, Floats]) -> dict[str, Floats]:
    """Return drawn luck with recorded values in its place; a recorded ``busy`` or ``on_scene`` rules."""
    luck = dict(drawn)
    for name, values in given.items():
        luck[name] = np.where(np.isnan(values), drawn[name], values)
    has_busy, has_scene = ~np.isnan(given["busy"]), ~np.isnan(given["on_scene"])
    luck["busy"] = np.where(has_scene & ~has_busy, np.nan, luck["busy"])
    luck["on_scene"] = np.where(has_busy, np.nan, luck["on_scene"])
    return luck


def carried(scenario: Scenario, calls: Timeline) -> Timeline:
    """Return calls of which only those units have patients for a hospital that the type says."""
    for number, kind in enumerate(scenario.kinds):
        if kind.type.to_hospital is not None and kind.type.to_hospital.carriers:
            carry = [scenario.capabilities.index(name) for name in kind.type.to_hospital.carriers]
            others = (calls.kind[calls.owner] == number) & ~np.isin(calls.capability, carry)
            others &= np.isnan(calls.transport)
            transport = np.where(others, 0.0, calls.transport)
            calls = replace(calls, transport=transport, hand_over=np.where(others, 0.0, calls.hand_over))
    return calls


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
    relieves = np.concatenate([each.relieves for each in needs])[gather]
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
        relieves=relieves if relieves.any() else np.empty(0, dtype=np.int32),
    )
