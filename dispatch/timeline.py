"""Luck as input: one draw of a scenario, with every random number a simulation will see.

Each purpose (arrivals, places, call processing, …) of each incident type has a stream of its own, keyed by
(replication, purpose, type, slot). Adding a type, a slot or a layout therefore moves no other number, and two
layouts meet the same calls with the same luck.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from dispatch.durations import is_fixed, quantile
from dispatch.scenario.recorded import LUCK

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dispatch.model.distributions import Distribution
    from dispatch.scenario.recorded import RecordedCalls
    from dispatch.scenario.scenario import Kind, Scenario, Stream

    Floats = NDArray[np.float64]
    Uniforms = Callable[["Purpose", int], Floats]


class Purpose(IntEnum):
    """What a random number is for; the values are part of every seed and never change."""

    ARRIVAL = 0
    PLACE = 1
    PROCESSING = 2
    TURNOUT = 3
    OCCUPATION = 4
    TRANSPORT = 5
    HAND_OVER = 6
    AID = 7


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """Every outside event of one replication: n calls in order of time, S need slots in order of call."""

    replication: int
    ids: tuple[str, ...] | None
    """Ids of recorded calls by ordinal."""
    source: NDArray[np.int32]
    """Random stream of each call, −1 for a recorded one [n]."""
    ordinal: NDArray[np.int32]
    """Number of the call within its source [n]."""
    received: Floats
    """Seconds from the scenario's start [n]."""
    ready: Floats
    """When units can be alerted [n]."""
    kind: NDArray[np.int32]
    node: NDArray[np.int32]
    priority: NDArray[np.int32]
    first_slot: NDArray[np.int32]
    """Where each call's slots start in the arrays below [n + 1]."""
    capability: NDArray[np.int32]
    """What each slot needs [S]."""
    turnout_share: Floats
    """Uniform number that becomes a turnout time once a unit is chosen [S]."""
    turnout: Floats
    """Given turnout seconds, NaN where it follows from ``turnout_share`` [S]."""
    on_scene: Floats
    """Seconds on scene, NaN where ``busy`` rules [S]."""
    busy: Floats
    """Seconds from the alert until available, NaN where ``on_scene`` rules [S]."""
    transport: Floats
    hand_over: Floats
    cancelled: Floats
    """Seconds from the alert after which a unit not yet on scene turns back, NaN for never [S]."""
    aid_delay: Floats
    """Seconds that mutual aid takes for the slot, NaN without mutual aid [S]."""

    def __len__(self) -> int:
        """Number of calls."""
        return len(self.received)

    def incident_id(self, call: int, kinds: tuple[Kind, ...]) -> str:
        """Return the recorded id, or type and number such as ``dwelling-fire-17``."""
        if self.source[call] < 0 and self.ids is not None:
            return str(self.ids[self.ordinal[call]])
        return f"{kinds[self.kind[call]].id}-{self.ordinal[call] + 1}"


@dataclass(frozen=True, slots=True)
class _Calls:
    """Calls of one source, in order of time; slots in order of call."""

    source: int
    received: Floats
    processing: Floats
    kind: NDArray[np.int32]
    node: NDArray[np.int32]
    priority: NDArray[np.int32]
    slots: NDArray[np.int32]
    """Number of slots of each call [n]."""
    capability: NDArray[np.int32]
    luck: dict[str, Floats]
    """By purpose [S]."""


def draw(scenario: Scenario, replication: int) -> Timeline:
    """Draw one replication (0, 1, 2, …) of a scenario; equal arguments give equal timelines."""
    sources = [_random_calls(scenario, number, replication) for number in range(len(scenario.streams))]
    if scenario.recorded is not None:
        sources.append(_recorded_calls(scenario, scenario.recorded, replication))
    ids = scenario.recorded.ids if scenario.recorded is not None else None
    return _merged(sources, replication, ids)


def _generator(scenario: Scenario, replication: int, purpose: Purpose, *key: int) -> np.random.Generator:
    seeds = np.random.SeedSequence(scenario.file.seed, spawn_key=(replication, int(purpose), *key))
    return np.random.Generator(np.random.PCG64(seeds))


def _random_calls(scenario: Scenario, number: int, replication: int) -> _Calls:
    stream = scenario.streams[number]
    kind = scenario.kinds[stream.kind]
    key = int.from_bytes(hashlib.sha256(kind.id.encode()).digest()[:16])
    received = _arrivals(scenario, stream, _generator(scenario, replication, Purpose.ARRIVAL, key))
    count, width = len(received), len(kind.slots)

    def uniforms(purpose: Purpose, slot: int) -> Floats:
        return _generator(scenario, replication, purpose, key, slot).random(count)

    cumulative = np.cumsum(stream.weights)
    places = np.searchsorted(cumulative, uniforms(Purpose.PLACE, 0) * cumulative[-1], side="right")
    luck = {name: np.full((count, width), np.nan) for name in (*LUCK, "turnout_share", "aid_delay")}
    for slot in range(width):
        for name, values in _slot_luck(scenario, kind, slot, count, uniforms).items():
            luck[name][:, slot] = values
    return _Calls(
        source=number,
        received=received,
        processing=_drawn(kind.call_processing, Purpose.PROCESSING, 0, count, uniforms),
        kind=np.full(count, stream.kind, dtype=np.int32),
        node=places.astype(np.int32),
        priority=np.full(count, kind.type.priority, dtype=np.int32),
        slots=np.full(count, width, dtype=np.int32),
        capability=np.tile(np.array(kind.slots, dtype=np.int32), count),
        luck={name: values.ravel() for name, values in luck.items()},
    )


def _drawn(d: Distribution | None, purpose: Purpose, slot: int, count: int, uniforms: Uniforms) -> Floats:
    """Return seconds, without touching the stream of a duration that does not vary."""
    if d is None:
        return np.zeros(count)
    return quantile(d, np.zeros(count) if is_fixed(d) else uniforms(purpose, slot))


def _slot_luck(
    scenario: Scenario, kind: Kind, slot: int, count: int, uniforms: Uniforms
) -> dict[str, Floats]:
    """Return all luck of one need slot of ``count`` calls of a kind, by name."""
    luck = {"turnout_share": uniforms(Purpose.TURNOUT, slot)}
    if kind.type.busy is not None:
        luck["busy"] = _drawn(kind.type.busy, Purpose.OCCUPATION, slot, count, uniforms)
    else:
        luck["on_scene"] = _drawn(kind.type.on_scene, Purpose.OCCUPATION, slot, count, uniforms)
    luck["transport"] = _drawn(kind.type.transport, Purpose.TRANSPORT, slot, count, uniforms)
    luck["hand_over"] = _drawn(kind.type.hand_over, Purpose.HAND_OVER, slot, count, uniforms)
    aid = scenario.file.dispatching.mutual_aid
    if aid is not None:
        luck["aid_delay"] = _drawn(aid.delay, Purpose.AID, slot, count, uniforms)
    return luck


def _arrivals(scenario: Scenario, stream: Stream, generator: np.random.Generator) -> Floats:
    """Return call times of a Poisson process, by inverting its cumulative rate.

    Unit-rate arrivals are mapped through the inverse of Λ(t) (Çınlar's method), so that a longer horizon
    only adds calls and another profile only shifts them.
    """
    times, cumulative = cumulative_rate(scenario, stream)
    total = cumulative[-1]
    parts: list[Floats] = []
    reached = 0.0
    while reached <= total * (1 + 1e-9) and total > 0:
        block = int(total - reached + 4.0 * (total - reached) ** 0.5) + 16
        parts.append(generator.standard_exponential(block))
        reached += float(parts[-1].sum())
    # summed in one go, so that the size of the blocks does not show in the last bit
    unit = np.cumsum(np.concatenate(parts)) if parts else np.empty(0)
    unit = unit[unit < total]
    last = np.nextafter(scenario.file.horizon, 0.0)
    return np.asarray(np.minimum(np.interp(unit, cumulative, times), last))


def cumulative_rate(scenario: Scenario, stream: Stream) -> tuple[Floats, Floats]:
    """Return times [s] and the expected number of calls before each of them, linear in between."""
    horizon, start = scenario.file.horizon, scenario.file.start
    if not stream.hours:
        return np.array([0.0, horizon]), np.array([0.0, stream.rate * horizon])
    into_hour = start.minute * 60 + start.second + start.microsecond / 1e6
    inner = np.arange(3600.0 - into_hour, horizon, 3600.0)
    times = np.concatenate(([0.0], inner, [horizon]))
    first_hour = start.weekday() * 24 + start.hour
    hours = (first_hour + np.arange(len(times) - 1)) % 168
    rates = stream.rate * np.array(stream.hours)[hours]
    return times, np.concatenate(([0.0], np.cumsum(rates * np.diff(times))))


def _recorded_calls(scenario: Scenario, calls: RecordedCalls, replication: int) -> _Calls:
    """Return recorded calls with everything that was not recorded drawn."""
    slots = np.diff(calls.first_slot)
    owner = np.repeat(np.arange(len(slots)), slots)
    position = np.arange(len(owner)) - calls.first_slot[owner]
    drawn = {name: np.full(len(owner), np.nan) for name in (*LUCK, "turnout_share", "aid_delay")}
    processing = np.zeros(len(slots))
    for number, kind in enumerate(scenario.kinds):
        of_kind = calls.type == number

        def uniforms(purpose: Purpose, slot: int, of_kind: NDArray[np.bool_] = of_kind) -> Floats:
            # one number for every recorded call, so that another call's type does not move this one's luck
            everyone = _generator(scenario, replication, purpose, 0, slot).random(len(of_kind))
            return everyone[of_kind]

        count = int(of_kind.sum())
        processing[of_kind] = _drawn(kind.call_processing, Purpose.PROCESSING, 0, count, uniforms)
        for slot in range(int(slots[of_kind].max(initial=0))):
            mine = of_kind[owner] & (position == slot)
            for name, values in _slot_luck(scenario, kind, slot, count, uniforms).items():
                by_call = np.zeros(len(slots))
                by_call[of_kind] = values
                drawn[name][mine] = by_call[owner[mine]]
    return _Calls(
        source=-1,
        received=calls.received,
        processing=np.where(np.isnan(calls.call_processing), processing, calls.call_processing),
        kind=calls.type,
        node=calls.node,
        priority=calls.priority,
        slots=slots.astype(np.int32),
        capability=calls.capability,
        luck=_given_over_drawn(calls.luck, drawn),
    )


def _given_over_drawn(given: dict[str, Floats], drawn: dict[str, Floats]) -> dict[str, Floats]:
    """Return drawn luck with recorded values in its place; a recorded ``busy`` or ``on_scene`` rules."""
    luck = dict(drawn)
    for name, values in given.items():
        luck[name] = np.where(np.isnan(values), drawn[name], values)
    has_busy, has_scene = ~np.isnan(given["busy"]), ~np.isnan(given["on_scene"])
    luck["busy"] = np.where(has_scene & ~has_busy, np.nan, luck["busy"])
    luck["on_scene"] = np.where(has_busy, np.nan, luck["on_scene"])
    return luck


def _merged(sources: list[_Calls], replication: int, ids: tuple[str, ...] | None) -> Timeline:
    """Join the calls of all sources in order of time."""
    received = np.concatenate([s.received for s in sources])
    source = np.concatenate([np.full(len(s.received), s.source, dtype=np.int32) for s in sources])
    ordinal = np.concatenate([np.arange(len(s.received), dtype=np.int32) for s in sources])
    slots = np.concatenate([s.slots for s in sources])
    order = np.lexsort((ordinal, source, received))
    first = np.concatenate(([0], np.cumsum(slots)))
    new_first = np.concatenate(([0], np.cumsum(slots[order])))
    gather = np.repeat(first[:-1][order] - new_first[:-1], slots[order]) + np.arange(new_first[-1])
    luck = {name: np.concatenate([s.luck[name] for s in sources])[gather] for name in sources[0].luck}
    processing = np.concatenate([s.processing for s in sources])
    return Timeline(
        replication=replication,
        ids=ids,
        source=source[order],
        ordinal=ordinal[order],
        received=received[order],
        ready=(received + processing)[order],
        kind=np.concatenate([s.kind for s in sources])[order],
        node=np.concatenate([s.node for s in sources])[order],
        priority=np.concatenate([s.priority for s in sources])[order],
        first_slot=new_first.astype(np.int32),
        capability=np.concatenate([s.capability for s in sources])[gather],
        turnout_share=luck["turnout_share"],
        **{name: luck[name] for name in LUCK},
        aid_delay=luck["aid_delay"],
    )
