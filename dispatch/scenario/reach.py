"""Checks that every layout can serve the demand at all: able units exist, and roads lead there and back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise, product
from typing import TYPE_CHECKING

import numpy as np

from dispatch.roads.network import MatrixNetwork
from dispatch.roads.travel import travel_for
from dispatch.scenario.agreements import units_by

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

    from dispatch.scenario.agreements import AgreementTerms
    from dispatch.scenario.layout import Layout
    from dispatch.scenario.plans import Plans
    from dispatch.scenario.scenario import Scenario

REMEDY = "Complete the matrix, or set 'symmetric: true' in network.yaml."


def unserved(scenario: Scenario, layout: Layout) -> Iterator[tuple[str, str]]:
    """Yield capabilities that calls need and no unit of the layout has, where they would wait for ever."""
    if scenario.file.dispatching.when_none_free != "queue":
        return
    for name in sorted(set(_most_needed(scenario)) - set(_able(scenario, layout))):
        fact = f"calls need '{name}', which no unit of the layout has"
        yield fact, "Add such a unit, or set dispatching.when_none_free to lost or mutual_aid."
    for name, crew in sorted(_largest_crews(scenario).items()):
        types = [scenario.file.unit_types[unit.type] for _, unit in layout.units]
        crews = [kind.crew for kind in types if name in kind.capabilities]
        if crews and all(0 < each < crew for each in crews):
            fact = f"calls need '{name}' with a crew of {crew}, and the largest of the layout is {max(crews)}"
            yield fact, "Lower the card's crew, or add such a unit."


def _largest_crews(scenario: Scenario) -> dict[str, int]:
    """Return the largest crew by capability that a plan's first alarm asks for."""
    plans, most = scenario.plans, dict[str, int]()
    if plans is None:
        return most
    for number in range(len(scenario.kinds)):
        for spot, span in product(_spots(scenario, number), range(len(plans.days))):
            card = plans.card_at(number, spot, plans.first_level_at(number, spot, span), span)
            for slot, crew in zip(card.slots, card.crew, strict=True):
                name = scenario.capabilities[slot]
                most[name] = max(crew, most.get(name, 0))
    return most


def _spots(scenario: Scenario, number: int) -> list[int]:
    """Return the kinds of places from which calls of a type come in, as plans know them."""
    assert scenario.plans is not None
    nodes = set(np.flatnonzero(scenario.demand_by_node[number]).tolist())
    nodes |= {call.node for call in scenario.authored if call.kind == number}
    return sorted({int(scenario.plans.spot_of[node]) for node in nodes})


def short(scenario: Scenario, layout: Layout) -> Iterator[str]:
    """Yield a note for each capability of which some call needs more units than the layout has."""
    able = _able(scenario, layout)
    for name, count in sorted(_most_needed(scenario).items()):
        if 0 < able[name] < count:
            own = f"layout '{layout.name}' has {able[name]} of the {count} '{name}'"
            yield f"{own} that some calls need at once; a unit goes twice where no other can."


def short_of_levels(scenario: Scenario) -> Iterator[str]:
    """Yield a note for each type with the first alarm level whose card the units that can come cannot fill.

    A layout is told only if it falls short at a lower level than those before it, the baseline first.
    """
    book, plans = scenario.alarms, scenario.plans
    if book is None or plans is None:
        return
    told: dict[str, int] = {}
    for layout in scenario.layouts.values():
        who = _Comers.of(scenario, layout)
        for number, kind in enumerate(scenario.kinds):
            places = _places(scenario, plans, number)
            for level in range(1, told.get(kind.id, book.top(number) + 1)):
                missing = _missing_at(scenario, plans, number, level, places, who)
                if missing:
                    told[kind.id] = level
                    own = f"layout '{layout.name}' cannot fill level {level} of '{kind.id}'"
                    yield f"{own}: it has {', '.join(missing)}."
                    break


def _places(scenario: Scenario, plans: Plans, number: int) -> list[tuple[int, int]]:
    """Return spots where calls of a type come in, with a node for each set of agreements that serve there."""
    nodes = {*np.flatnonzero(scenario.demand_by_node[number]).tolist()}
    nodes |= {call.node for call in scenario.authored if call.kind == number}
    first: dict[tuple[int, tuple[bool, ...]], int] = {}
    for node in sorted(nodes):
        served = tuple(each.serves(node) for each in scenario.agreements)
        first.setdefault((int(plans.spot_of[node]), served), node)
    return [(spot, node) for (spot, _), node in first.items()]


def _missing_at(
    scenario: Scenario, plans: Plans, number: int, level: int, places: list[tuple[int, int]], who: _Comers
) -> list[str]:
    """Return in words what lacks most of each capability at a level; nothing below a type's first level."""
    stated = [call.level for call in scenario.authored if call.kind == number and call.level is not None]
    worst: dict[str, tuple[int, int, int]] = {}
    for spot, node in places:
        for span, begins in enumerate(plans.begins):
            if level < min([plans.first_level_at(number, spot, span), *stated]):
                continue
            card = Counter(scenario.capabilities[slot]
                           for slot in plans.card_at(number, spot, level, span).slots)  # fmt: skip
            for name, count in card.items():
                able = who.able(name, node, begins)
                if able - count < min(0, worst.get(name, (0,))[0]):
                    worst[name] = (able - count, count, node)
    at = scenario.network.node_ids
    return [
        f"{lack + count} of {count} '{name}'" + (f" that may be sent to '{at[node]}'" if who.under else "")
        for name, (lack, count, node) in sorted(worst.items())
    ]


@dataclass(frozen=True, slots=True)
class _Comers:
    """Who can come where, of the units of a layout."""

    own: Counter[str]
    """Number of units under no agreement, by capability."""
    under: tuple[tuple[AgreementTerms, Counter[str], int], ...]
    """Agreements with the number of their units by capability, and how many of them may be out at once."""

    @classmethod
    def of(cls, scenario: Scenario, layout: Layout) -> _Comers:
        agreed = units_by(scenario.agreements, layout)
        groups = {
            number: {unit for unit, one in agreed.items() if one == number} for number in agreed.values()
        }
        return cls(
            _able(scenario, layout, {unit for unit, _ in layout.units} - set(agreed)),
            tuple(
                (terms, _able(scenario, layout, units), terms.most_out(len(units)))
                for number, units in sorted(groups.items())
                for terms in [scenario.agreements[number]]
            ),
        )

    def able(self, name: str, node: int, moment: float) -> int:
        """Return how many units with a capability can be at a node at once, from a moment on."""
        return self.own[name] + sum(
            min(has[name], most)
            for terms, has, most in self.under
            if terms.serves(node) and terms.until > moment
        )


def _able(scenario: Scenario, layout: Layout, among: Collection[str] | None = None) -> Counter[str]:
    """Return the number of units by capability, of all or among some."""
    return Counter(
        c
        for name, unit in layout.units
        if among is None or name in among
        for c in set(scenario.file.unit_types[unit.type].capabilities)
    )


def _most_needed(scenario: Scenario) -> dict[str, int]:
    """Return the greatest number of units of each capability that one call needs."""
    cards = [Counter(scenario.kinds[stream.kind].slots) for stream in scenario.streams]
    cards += [Counter(call.slots or scenario.kinds[call.kind].slots) for call in scenario.authored]
    if scenario.recorded is not None:
        first, capability = scenario.recorded.first_slot.tolist(), scenario.recorded.capability.tolist()
        cards += [Counter(capability[begin:end]) for begin, end in pairwise(first)]
    most: dict[str, int] = {}
    for card in cards:
        for number, count in card.items():
            name = scenario.capabilities[number]
            most[name] = max(count, most.get(name, 0))
    return most


def unreachable(scenario: Scenario, layout: Layout) -> Iterator[tuple[str, str]]:
    """Yield stations from which, or to which, no way leads for places with demand (matrix networks only).

    A road network is strongly connected once loaded, so that nothing can be out of reach on it.
    """
    network = scenario.network
    if not isinstance(network, MatrixNetwork):
        return
    travel = travel_for(network, [site.node for site in layout.sites])
    called = scenario.demand_by_node.sum(axis=0) > 0
    called[[call.node for call in scenario.authored]] = True
    places = np.flatnonzero(called)
    homeward = _drives_home(scenario)
    for site in layout.sites:
        yield from _missing(network, f"station '{site.id}' to", travel.outbound(site.node)[places], places)
        if homeward:
            yield from _missing(
                network, f"station '{site.id}' from", travel.homebound(site.node)[places], places
            )
    if scenario.aid_node is not None:
        times = travel.outbound(scenario.aid_node)[places]
        yield from _missing(
            network, f"'{network.node_ids[scenario.aid_node]}' (mutual aid) to", times, places
        )
    rules = scenario.file.dispatching
    if (homeward and rules.returning) or rules.diversion:
        yield from _between(network, places)


def _drives_home(scenario: Scenario) -> bool:
    """Whether any unit ever drives home from a place, instead of being busy until it is there."""
    recorded = scenario.recorded
    given = recorded is not None and any(
        bool(np.isfinite(recorded.luck[name]).any()) for name in ("on_scene", "cancelled")
    )
    return given or any(kind.type.busy is None for kind in scenario.kinds)


def _between(network: MatrixNetwork, places: NDArray[np.intp]) -> Iterator[tuple[str, str]]:
    """Yield the places that a unit on the road could not turn to from another place."""
    lost = ~np.isfinite(network.matrix[np.ix_(places, places)])
    if lost.any():
        start, end = (network.node_ids[places[i]] for i in np.argwhere(lost)[0])
        pairs = f"from '{start}' to '{end}' ({lost.sum()} such pairs)"
        fact = f"no travel time {pairs}, needed for units on the road"
        yield fact, f"{REMEDY[:-1]}, or set 'dispatching.returning: false' (and no diversion)."


def _missing(
    network: MatrixNetwork, way: str, times: NDArray[np.float64], places: NDArray[np.intp]
) -> Iterator[tuple[str, str]]:
    lost = [network.node_ids[i] for i in places[~np.isfinite(times)]]
    if lost:
        shown = ", ".join(lost[:5]) + (f", … ({len(lost)} in all)" if len(lost) > 5 else "")
        yield f"no travel time: {way} {shown}", REMEDY
