"""Luck as input: one draw of a scenario, with every random number a simulation will see.

Each purpose (arrivals, places, call processing, …) of each incident type has a stream of its own, keyed by
(replication, purpose, type, slot). Adding a type, a slot or a layout therefore moves no other number, and two
layouts meet the same calls with the same luck. Injected calls and surges of demand have streams of their own,
too: all other calls stay what they are.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from dispatch.calls import (
    AUTHORED,
    RECORDED,
    Calls,
    Timeline,
    authored_calls,
    carried,
    given_over_drawn,
    id_of,
    kept,
    merged,
    with_reliefs,
)
from dispatch.durations import is_fixed, quantile
from dispatch.needs import Needs, by_order, capability_for, needs_of, needs_of_call, with_ordered
from dispatch.scenario.injects import growing_before, most_added
from dispatch.scenario.rates import cumulative_rate, expected_calls, unit_arrivals
from dispatch.scenario.readiness import unit_luck
from dispatch.scenario.recorded import LUCK
from dispatch.workshop import spans

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from dispatch.model.distributions import Distribution
    from dispatch.scenario.commands import Command
    from dispatch.scenario.injects import AuthoredCall, Surge
    from dispatch.scenario.recorded import RecordedCalls
    from dispatch.scenario.scenario import Kind, Scenario, Stream
    from dispatch.workshop import Spans

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]
    Uniforms = Callable[["Purpose", int], Floats]


__all__ = ["Purpose", "Timeline", "cumulative_rate", "draw", "expected_calls"]


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
    THINNING = 8
    MOMENT = 9
    SEVERITY = 10
    AGREEMENT = 11
    HOSPITAL = 16
    DOWNTIME = 12
    TURNAROUND = 13
    BREAKDOWN = 14
    REPAIR = 15
    BREAKDOWN_PLACE = 17


OF_UNITS = {
    "turnaround_share": Purpose.TURNAROUND,
    "breakdown_share": Purpose.BREAKDOWN,
    "breakdown_place": Purpose.BREAKDOWN_PLACE,
    "repair_share": Purpose.REPAIR,
    "asked_share": Purpose.AGREEMENT,
}
"""Luck of slots that becomes seconds once a unit is chosen, drawn only where a unit type asks for it."""


def draw(scenario: Scenario, replication: int) -> Timeline:
    """Draw one replication (0, 1, 2, …) of a scenario; equal arguments give equal timelines."""
    sources: list[Calls] = []
    for number, stream in enumerate(scenario.streams):
        sources.append(_random_calls(scenario, number, replication))
        sources += [
            _surge_calls(scenario, number, surge, replication)
            for surge in scenario.surges
            if most_added(scenario.surges, surge, stream.kind) > 0.0
        ]
    if scenario.recorded is not None:
        sources.append(_recorded_calls(scenario, scenario.recorded, replication))
    authored = authored_calls(scenario)
    sources += [_authored_call(scenario, i, call, replication) for i, call in enumerate(authored)]
    ids = scenario.recorded.ids if scenario.recorded is not None else None
    ordered = by_order(scenario)
    sources = [_with_ordered(scenario, each, replication, ordered) for each in sources]
    sources = [_with_reliefs(scenario, each, replication) for each in sources]
    calls = carried(scenario, merged(sources, replication, ids, tuple(call.id for call in authored)))
    return _with_slow_comms(scenario, replace(calls, downtimes=_downtimes(scenario, replication)))


def _downtimes(scenario: Scenario, replication: int) -> dict[tuple[str, str], Spans]:
    """Return the times in the workshop by unit and type, of all layouts; the luck goes by the unit's id."""
    kinds = scenario.file.unit_types
    units = {(name, unit.type) for layout in scenario.layouts.values() for name, unit in layout.units}
    found: dict[tuple[str, str], Spans] = {}
    for name, kind in sorted(units):
        downtime = kinds[kind].downtime
        if downtime is not None:
            generator = _generator(scenario, replication, Purpose.DOWNTIME, _key(f"unit\n{name}"))
            found[name, kind] = spans(downtime, scenario.file.horizon, generator)
    return found


def _with_slow_comms(scenario: Scenario, calls: Timeline) -> Timeline:
    """Return calls of which those received while communications fail are ready later."""
    ready = calls.ready
    for outage in scenario.outages:
        if outage.target == "comms":
            meanwhile = (calls.received >= outage.begins) & (calls.received < outage.ends)
            ready = np.where(meanwhile, ready + outage.slower_by, ready)
    return calls if ready is calls.ready else replace(calls, ready=ready)


def _key(name: str) -> int:
    """Return what a name adds to a seed; no incident type's name has an end of line, as other keys have."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:16])


def _generator(scenario: Scenario, replication: int, purpose: Purpose, *key: int) -> np.random.Generator:
    seeds = np.random.SeedSequence(scenario.file.seed, spawn_key=(replication, int(purpose), *key))
    return np.random.Generator(np.random.PCG64(seeds))


def _random_calls(scenario: Scenario, number: int, replication: int) -> Calls:
    stream = scenario.streams[number]
    kind = scenario.kinds[stream.kind]
    key = _key(kind.id)
    received = _arrivals(scenario, stream, _generator(scenario, replication, Purpose.ARRIVAL, key))
    calls = _of_stream(scenario, number, received, stream.weights, replication, key)
    return _thinned(scenario, calls, replication, key) if scenario.surges else calls


def _of_stream(
    scenario: Scenario, number: int, received: Floats, weights: Floats, replication: int, key: int
) -> Calls:
    """Return calls of a stream that come at given moments, with their places and luck drawn."""
    stream = scenario.streams[number]
    kind = scenario.kinds[stream.kind]
    count = len(received)

    def uniforms(purpose: Purpose, slot: int) -> Floats:
        return _generator(scenario, replication, purpose, key, slot).random(count)

    cumulative = np.cumsum(weights)
    places = np.searchsorted(cumulative, uniforms(Purpose.PLACE, 0) * cumulative[-1], side="right")
    nodes = places.astype(np.int32)
    needs = needs_of(scenario, stream.kind, nodes, received, lambda: uniforms(Purpose.SEVERITY, 0))
    return Calls(
        source=number,
        surge=0,
        ordinal=np.arange(count, dtype=np.int32),
        received=received,
        processing=_drawn(kind.call_processing, Purpose.PROCESSING, 0, count, uniforms),
        kind=np.full(count, stream.kind, dtype=np.int32),
        node=nodes,
        priority=np.full(count, kind.type.priority, dtype=np.int32),
        needs=needs,
        luck=_luck_of(scenario, kind, needs.slots, uniforms),
    )


def _luck_of(scenario: Scenario, kind: Kind, slots: Ints, uniforms: Uniforms) -> dict[str, Floats]:
    """Return all luck of calls of a kind with so many slots each [n], by name [S]."""
    count, width = len(slots), int(slots.max(initial=0))
    luck = {name: np.full((count, width), np.nan) for name in _names(scenario)}
    for slot in range(width):
        for name, values in _slot_luck(scenario, kind, slot, count, uniforms).items():
            luck[name][:, slot] = values
    has = np.arange(width) < slots[:, None]
    return {name: values[has] for name, values in luck.items()}


def _names(scenario: Scenario) -> tuple[str, ...]:
    """Return the names of all luck that slots have."""
    return (*LUCK, "turnout_share", "aid_delay", *unit_luck(scenario.file))


def _surge_calls(scenario: Scenario, number: int, surge: Surge, replication: int) -> Calls:
    """Return the calls that a surge adds to a stream.

    A Poisson process over the surge's time and a level, with the stream's own rate for each unit of level.
    Its calls below the level factor − 1 are those that the surge adds, or where earlier surges have
    multiplied the demand already, those below as many times that. The calls are numbered by level, so that a
    higher factor only adds calls. What falling demand takes away is left to thinning.
    """
    stream, kind = scenario.streams[number], scenario.streams[number].kind
    key = _key(f"surge\n{surge.number}\n{scenario.kinds[kind].id}")
    times, cumulative = cumulative_rate(scenario, stream)
    begin, end = np.interp([surge.begins, surge.ends], times, cumulative)
    weights = np.where(surge.inside, stream.weights, 0.0)
    a_level = float((end - begin) * weights.sum())
    top = most_added(scenario.surges, surge, kind)
    arrivals = unit_arrivals(a_level * top, _generator(scenario, replication, Purpose.ARRIVAL, key))
    shares = _generator(scenario, replication, Purpose.MOMENT, key).random(len(arrivals))
    received = np.interp(begin + shares * (end - begin), cumulative, times)
    received = np.clip(received, surge.begins, np.nextafter(min(surge.ends, scenario.file.horizon), 0.0))
    calls = replace(_of_stream(scenario, number, received, weights, replication, key), surge=surge.number)
    added = np.full(len(received), surge.factor - 1.0)
    for other in growing_before(scenario.surges, surge, kind):
        added[other.covers(kind, received, calls.node)] *= other.factor
    return _thinned(scenario, kept(calls, arrivals < a_level * added), replication, key)


def _thinned(scenario: Scenario, calls: Calls, replication: int, key: int) -> Calls:
    """Return the random calls that are left by surges with factors below 1: each by a number of its own."""
    stays = np.ones(len(calls.received), dtype=np.bool_)
    for surge in scenario.surges:
        kind = scenario.streams[calls.source].kind
        if surge.factor < 1.0 and kind in surge.kinds:
            last = int(calls.ordinal.max(initial=-1))
            shares = _generator(scenario, replication, Purpose.THINNING, key, surge.number).random(last + 1)
            stays &= ~surge.covers(kind, calls.received, calls.node) | (shares[calls.ordinal] < surge.factor)
    return kept(calls, stays)


def _authored_call(scenario: Scenario, ordinal: int, call: AuthoredCall, replication: int) -> Calls:
    """Return a call of an inject; its luck goes by its id."""
    kind, key = scenario.kinds[call.kind], _key(f"inject\n{call.id}")

    def uniforms(purpose: Purpose, slot: int) -> Floats:
        return _generator(scenario, replication, purpose, key, slot).random(1)

    needs = needs_of_call(scenario, call, lambda: uniforms(Purpose.SEVERITY, 0))
    return Calls(
        source=AUTHORED,
        surge=0,
        ordinal=np.array([ordinal], dtype=np.int32),
        received=np.array([call.received]),
        processing=_drawn(kind.call_processing, Purpose.PROCESSING, 0, 1, uniforms),
        kind=np.array([call.kind], dtype=np.int32),
        node=np.array([call.node], dtype=np.int32),
        priority=np.array([call.priority], dtype=np.int32),
        needs=needs,
        luck=_luck_of(scenario, kind, needs.slots, uniforms),
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
    luck = _luck_of_sending(scenario, slot, count, uniforms)
    if kind.type.busy is not None:
        luck["busy"] = _drawn(kind.type.busy, Purpose.OCCUPATION, slot, count, uniforms)
    else:
        luck["on_scene"] = _drawn(kind.type.on_scene, Purpose.OCCUPATION, slot, count, uniforms)
    luck["transport"] = _drawn(kind.type.transport, Purpose.TRANSPORT, slot, count, uniforms)
    luck["hand_over"] = _drawn(kind.type.hand_over, Purpose.HAND_OVER, slot, count, uniforms)
    if kind.type.to_hospital is not None:
        share = kind.type.to_hospital.share
        taken = uniforms(Purpose.HOSPITAL, slot) < share if share < 1.0 else np.ones(count, dtype=np.bool_)
        luck["transport"] = np.where(taken, np.nan, 0.0)
        luck["hand_over"] = np.where(taken, luck["hand_over"], 0.0)
    return luck


def _luck_of_sending(scenario: Scenario, slot: int, count: int, uniforms: Uniforms) -> dict[str, Floats]:
    """Return the luck of whoever is sent to one need slot of ``count`` calls, by name."""
    luck = {"turnout_share": uniforms(Purpose.TURNOUT, slot)}
    aid = scenario.file.dispatching.mutual_aid
    if aid is not None:
        luck["aid_delay"] = _drawn(aid.delay, Purpose.AID, slot, count, uniforms)
    return luck | {name: uniforms(OF_UNITS[name], slot) for name in unit_luck(scenario.file)}


def _with_ordered(
    scenario: Scenario, calls: Calls, replication: int, ordered: Mapping[str, Sequence[tuple[Command, str]]]
) -> Calls:
    """Return calls of one source with slots for units that come by order; the luck goes by the call, too."""
    if not ordered:
        return calls
    ids = (id_of(scenario, calls, call) for call in range(len(calls.received)))
    extra = {
        call: [capability_for(scenario, unit) for _, unit in ordered[name]]
        for call, name in enumerate(ids)
        if name in ordered
    }
    if not extra:
        return calls
    count, uniforms = len(calls.received), _uniforms_of(scenario, calls, replication)
    needs, call, place = with_ordered(calls.needs, extra)
    values = {name: np.full(len(call), np.nan) for name in calls.luck}
    for row, (number, slot) in enumerate(zip(call.tolist(), place.tolist(), strict=True)):
        kind = scenario.kinds[int(calls.kind[number])]
        for name, drawn in _slot_luck(scenario, kind, slot, count, uniforms).items():
            values[name][row] = drawn[number]
    ends = np.cumsum(calls.needs.slots)[call]
    luck = {name: np.insert(known, ends, values[name]) for name, known in calls.luck.items()}
    return replace(calls, needs=needs, luck=luck)


def _with_reliefs(scenario: Scenario, calls: Calls, replication: int) -> Calls:
    """Return calls of one source with slots for reliefs, whose luck goes by the call, too."""
    if all(kind.type.relief is None for kind in scenario.kinds):
        return calls
    count, uniforms = len(calls.received), _uniforms_of(scenario, calls, replication)
    return with_reliefs(scenario, calls, lambda slot: _luck_of_sending(scenario, slot, count, uniforms))


def _uniforms_of(scenario: Scenario, calls: Calls, replication: int) -> Uniforms:
    """Return what draws luck for the slots of the calls of one source, by call."""
    count, ordinal = len(calls.received), calls.ordinal
    if calls.source == RECORDED:
        key = 0
    elif calls.source == AUTHORED:
        name = authored_calls(scenario)[int(ordinal[0])].id
        key, ordinal = _key(f"inject\n{name}"), np.zeros(count, dtype=np.int32)
    else:
        kind = scenario.kinds[scenario.streams[calls.source].kind].id
        key = _key(f"surge\n{calls.surge}\n{kind}" if calls.surge else kind)

    def uniforms(purpose: Purpose, slot: int) -> Floats:
        last = int(ordinal.max(initial=-1))
        return _generator(scenario, replication, purpose, key, slot).random(last + 1)[ordinal]

    return uniforms


def _arrivals(scenario: Scenario, stream: Stream, generator: np.random.Generator) -> Floats:
    """Return call times of a Poisson process, by inverting its cumulative rate.

    Unit-rate arrivals are mapped through the inverse of Λ(t) (Çınlar's method), so that a longer horizon
    only adds calls and another profile only shifts them.
    """
    times, cumulative = cumulative_rate(scenario, stream)
    unit = unit_arrivals(cumulative[-1], generator)
    last = np.nextafter(scenario.file.horizon, 0.0)
    return np.asarray(np.minimum(np.interp(unit, cumulative, times), last))


def _recorded_calls(scenario: Scenario, calls: RecordedCalls, replication: int) -> Calls:
    """Return recorded calls with everything that was not recorded drawn."""
    slots = np.diff(calls.first_slot)
    owner = np.repeat(np.arange(len(slots)), slots)
    position = np.arange(len(owner)) - calls.first_slot[owner]
    drawn = {name: np.full(len(owner), np.nan) for name in _names(scenario)}
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
        if kind.type.to_hospital is not None:  # a recorded hand-over tells of a patient
            drawn["transport"][of_kind[owner] & ~np.isnan(calls.luck["hand_over"])] = np.nan
    return Calls(
        source=RECORDED,
        surge=0,
        ordinal=np.arange(len(slots), dtype=np.int32),
        received=calls.received,
        processing=np.where(np.isnan(calls.call_processing), processing, calls.call_processing),
        kind=calls.type,
        node=calls.node,
        priority=calls.priority,
        needs=Needs.given(slots.astype(np.int32), calls.capability),
        luck=given_over_drawn(calls.luck, drawn),
    )
