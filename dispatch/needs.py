"""Who a call needs: the card of its alarm level, and what each higher level asks for in addition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dispatch.scenario.agreements import units_by

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from dispatch.scenario.commands import Command
    from dispatch.scenario.injects import AuthoredCall
    from dispatch.scenario.scenario import Scenario

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]

NO_LEVEL = 2**31 - 1
"""Level of slots that no alarm level asks for, only an order."""

RELIEF = NO_LEVEL - 1
"""Level of slots that no alarm level asks for, only a unit that is to be relieved."""


@dataclass(frozen=True, slots=True)
class Needs:
    """Alarm levels and need slots of n calls; slots in order of call, the first alarm's first."""

    level: Ints
    """Alarm level of the first alarm, 0 where there are no levels [n]."""
    severity: Ints
    """Alarm level whose force a call really needs, one that has a card; 0 for calls without an alarm [n]."""
    slots: Ints
    """Number of slots of each call [n]."""
    capability: Ints
    """What each slot needs [S]."""
    crew: Ints
    """The smallest crew that each slot takes, 0 for any [S]."""
    slot_level: Ints
    """Alarm level from which on each slot is asked for [S]."""
    relieves: Ints
    """How many slots before a relief's own slot stands the one that it relieves, 0 for no relief [S]."""

    @classmethod
    def given(cls, slots: Ints, capability: Ints) -> Needs:
        """Return the needs of calls without levels, with so many slots each [n]."""
        none = np.zeros(len(slots), dtype=np.int32)
        every = np.zeros(len(capability), dtype=np.int32)
        return cls(none, none, slots, capability, every, every, every)

    def of(self, calls: NDArray[np.bool_]) -> Needs:
        """Return the needs of some of the calls."""
        slots = np.repeat(calls, self.slots)
        of_calls = (self.level[calls], self.severity[calls], self.slots[calls])
        of_slots = (self.capability, self.crew, self.slot_level, self.relieves)
        return Needs(*of_calls, *(values[slots] for values in of_slots))


Rung = tuple[int, int, int]
"""Capability, smallest crew and level of a slot."""


def needs_of(
    scenario: Scenario, kind: int, nodes: Ints, received: Floats, shares: Callable[[], Floats]
) -> Needs:
    """Return what calls of a kind need that come from nodes at moments [n].

    ``shares`` draws the uniform numbers [n] that say how bad each call really is.
    """
    book, plans = scenario.alarms, scenario.plans
    graded = book is not None and book.kinds[kind] is not None
    if plans is None and not graded:
        own = np.array(scenario.kinds[kind].slots, dtype=np.int32)
        return Needs.given(np.full(len(nodes), len(own), dtype=np.int32), np.tile(own, len(nodes)))
    level = np.zeros(len(nodes), dtype=np.int32)
    severity = level  # none
    if book is not None and graded:
        level = _first_levels(scenario, kind, nodes, received)
        severity = book.severity_many(kind, shares()).astype(np.int32)
    elif plans is not None:
        firsts = zip(nodes.tolist(), received.tolist(), strict=True)
        level = np.array([plans.first_level(kind, node, moment) for node, moment in firsts], dtype=np.int32)
    ladder = _Ladder(scenario, kind)
    called = zip(nodes.tolist(), level.tolist(), received.tolist(), strict=True)
    return _joined(level, severity, [ladder.rungs(*call) for call in called])


def needs_of_call(scenario: Scenario, call: AuthoredCall, shares: Callable[[], Floats]) -> Needs:
    """Return what an injected call needs by itself."""
    book, kind = scenario.alarms, call.kind
    level = severity = 0
    if book is not None and book.kinds[kind] is not None:
        bad, dry = circumstances(scenario, call.received)
        graded = book.initial(
            kind, call.node, call.received, call.report, level=call.level, weather=bad, dry=dry
        )
        level = graded.level
        severity = book.severity(kind, float(shares()[0]))
    elif scenario.plans is not None:
        level = scenario.plans.first_level(kind, call.node, call.received)
    if call.slots:
        rungs = [(capability, 0, min(level, 1)) for capability in call.slots]
    else:
        rungs = _Ladder(scenario, kind).rungs(call.node, level, call.received)
    return _joined(np.array([level], dtype=np.int32), np.array([severity], dtype=np.int32), [rungs])


def circumstances(scenario: Scenario, moment: float) -> tuple[bool, frozenset[int]]:
    """Return whether bad weather counts at a moment, and the nodes whose hydrants are dry then."""
    bad = any(each.uplift and each.begins <= moment < each.ends for each in scenario.weather)
    dry = frozenset() if scenario.alarms is None else scenario.alarms.dry
    for outage in scenario.outages:
        if outage.target == "hydrants" and outage.at(moment):
            dry |= outage.nodes
    return bad, dry


def _first_levels(scenario: Scenario, kind: int, nodes: Ints, received: Floats) -> Ints:
    """Return the levels of the first alarms [n]; weather and hydrants change at few moments."""
    assert scenario.alarms is not None
    spans = [(each.begins, each.ends) for each in scenario.weather if each.uplift]
    spans += [(each.begins, each.ends) for each in scenario.outages if each.target == "hydrants"]
    edges = sorted({edge for span in spans for edge in span})
    group = np.searchsorted(np.array(edges), received, side="right")
    level = np.zeros(len(nodes), dtype=np.int32)
    for number in np.unique(group):
        mine = group == number
        bad, dry = circumstances(scenario, edges[number - 1] if number else 0.0)
        level[mine] = scenario.alarms.initial_many(kind, nodes[mine], received[mine], weather=bad, dry=dry)
    return level


class _Ladder:
    """The slots of a kind by place and first level, those of higher levels after them."""

    def __init__(self, scenario: Scenario, kind: int) -> None:
        self._plans, self._kind, self._own = scenario.plans, kind, scenario.kinds[kind].slots
        self._top = 0 if scenario.alarms is None else scenario.alarms.top(kind)
        self._known: dict[tuple[int, int, int], list[Rung]] = {}

    def rungs(self, node: int, level: int, moment: float) -> list[Rung]:
        """Return the slots of a call, each with the level whose card asks for it beyond the one below."""
        plans = self._plans
        if plans is None:
            return [(capability, 0, min(level, 1)) for capability in self._own]
        key = (*plans.place(node, moment), level)
        if key not in self._known:
            cards = [
                plans.card(self._kind, node, each, moment) for each in range(1, max(level, self._top) + 1)
            ]
            by_level = [_by_capability(card.slots, card.crew) for card in cards]
            self._known[key] = [*_first_alarm(by_level[:level]), *_increments(by_level, level)]
        return self._known[key]


def _first_alarm(cards: list[dict[int, list[int]]]) -> list[Rung]:
    """Return the slots of the last of some cards, each with the first level whose card has as many."""
    return [
        (capability, crew, level)
        for level, card in enumerate(cards, start=1)
        for capability in card
        for n, crew in enumerate(cards[-1][capability])
        if n < len(card[capability]) and (level == 1 or n >= len(cards[level - 2].get(capability, ())))
    ]


def _increments(cards: list[dict[int, list[int]]], first: int) -> list[Rung]:
    """Return what each card above the first level's has beyond the one below."""
    found: list[Rung] = []
    for level in range(first + 1, len(cards) + 1):
        for capability, crew in cards[level - 1].items():
            more = len(crew) - len(cards[level - 2].get(capability, ()))
            found += [(capability, people, level) for people in crew[: max(more, 0)]]
    return found


def _by_capability(slots: Sequence[int], crews: Sequence[int]) -> dict[int, list[int]]:
    """Return the crews of a card's slots by capability, the largest first."""
    found: dict[int, list[int]] = {}
    for capability, crew in zip(slots, crews, strict=True):
        found.setdefault(capability, []).append(crew)
    return {capability: sorted(found[capability], reverse=True) for capability in sorted(found)}


def _joined(level: Ints, severity: Ints, calls: list[list[Rung]]) -> Needs:
    """Return needs of the slots of some calls."""
    flat = np.array([rung for rungs in calls for rung in rungs], dtype=np.int32).reshape(-1, 3)
    slots = np.array([len(rungs) for rungs in calls], dtype=np.int32)
    least = np.array(
        [rungs[0][2] if rungs and rungs[0][2] < RELIEF else 0 for rungs in calls], dtype=np.int32
    )
    severity = np.where(severity > 0, np.maximum(severity, least), severity)
    capability, crew, slot_level = (np.ascontiguousarray(column) for column in flat.T)
    none = np.zeros(len(flat), dtype=np.int32)
    return Needs(level, severity, slots, capability, crew, slot_level, none)


def by_order(scenario: Scenario) -> dict[str, list[tuple[Command, str]]]:
    """Return the units that may come to calls by order, with the order: by call, in the order of their slots.

    Each order for a unit brings a slot, each ask one for every unit of its agreement.
    """
    found: dict[str, list[tuple[Command, str]]] = {}
    for command in scenario.commands:
        if command.does in ("order", "stage") and command.incident:
            found.setdefault(command.incident, []).append((command, command.unit))
        elif command.does == "ask":
            members = sorted(_members(scenario, command.agreement))
            found.setdefault(command.incident, []).extend((command, unit) for unit in members)
    return found


def _members(scenario: Scenario, agreement: int) -> set[str]:
    """Return the units of an agreement, in any layout."""
    under = [units_by(scenario.agreements, layout) for layout in scenario.layouts.values()]
    return {unit for units in under for unit, number in units.items() if number == agreement}


def with_ordered(
    needs: Needs, extra: Mapping[int, Sequence[int]]
) -> tuple[Needs, NDArray[np.intp], NDArray[np.intp]]:
    """Return needs with slots for units that come by order, behind those of their calls.

    ``extra`` are the capabilities of such slots by call. Returned are, too, the call of each new slot and
    where it stands among the slots of its call.
    """
    rows = [(call, n, each) for call, some in sorted(extra.items()) for n, each in enumerate(some)]
    call, number, capability = np.array(rows, dtype=np.int32).reshape(-1, 3).T
    ends = np.cumsum(needs.slots)[call]
    none = np.zeros(len(rows), dtype=np.int32)
    added = Needs(
        needs.level,
        needs.severity,
        (needs.slots + np.bincount(call, minlength=len(needs.slots))).astype(np.int32),
        np.insert(needs.capability, ends, capability),
        np.insert(needs.crew, ends, none),
        np.insert(needs.slot_level, ends, none + NO_LEVEL),
        np.insert(needs.relieves, ends, none),
    )
    return added, call.astype(np.intp), (needs.slots[call] + number).astype(np.intp)


def capability_for(scenario: Scenario, unit: str) -> int:
    """Return a capability of an ordered unit: the first of its type."""
    of_layouts = (dict(layout.units) for layout in scenario.layouts.values())
    found = next(units[unit] for units in of_layouts if unit in units)
    return min(map(scenario.capabilities.index, scenario.file.unit_types[found.type].capabilities))
