"""Checks that every layout can serve the demand at all: able units exist, and roads lead there and back."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from dispatch.roads.network import MatrixNetwork
from dispatch.roads.travel import travel_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dispatch.scenario.layout import Layout
    from dispatch.scenario.scenario import Scenario

REMEDY = "Complete the matrix, or set 'symmetric: true' in network.yaml."


def unserved(scenario: Scenario, layout: Layout) -> Iterator[tuple[str, str]]:
    """Yield capabilities that calls need and no unit of the layout has, where they would wait for ever."""
    if scenario.file.dispatching.when_none_free != "queue":
        return
    for name in sorted(set(_most_needed(scenario)) - set(_able(scenario, layout))):
        fact = f"calls need '{name}', which no unit of the layout has"
        yield fact, "Add such a unit, or set dispatching.when_none_free to lost or mutual_aid."


def short(scenario: Scenario, layout: Layout) -> Iterator[str]:
    """Yield a note for each capability of which some call needs more units than the layout has."""
    able = _able(scenario, layout)
    for name, count in sorted(_most_needed(scenario).items()):
        if 0 < able[name] < count:
            own = f"layout '{layout.name}' has {able[name]} of the {count} '{name}'"
            yield f"{own} that some calls need at once; a unit goes twice where no other can."
    yield from _short_of_levels(scenario, layout, able)


def _short_of_levels(scenario: Scenario, layout: Layout, able: Counter[str]) -> Iterator[str]:
    """Yield a note for each type with the first alarm level whose card the layout cannot fill."""
    book, plans = scenario.alarms, scenario.plans
    if book is None or plans is None:
        return
    for number, kind in enumerate(scenario.kinds):
        spots = sorted(
            {int(plans.spot_of[node]) for node in np.flatnonzero(scenario.demand_by_node[number])}
            | {int(plans.spot_of[call.node]) for call in scenario.authored if call.kind == number}
        )
        for level in range(1, book.top(number) + 1):
            cards = (plans.card_at(number, spot, level, span)
                     for spot in spots for span in range(len(plans.days)))  # fmt: skip
            most: Counter[str] = Counter()
            for card in cards:
                most |= Counter(scenario.capabilities[slot] for slot in card.slots)
            missing = [f"{able[name]} of {count} '{name}'" for name, count in sorted(most.items())
                       if able[name] < count]  # fmt: skip
            if missing:
                own = f"layout '{layout.name}' cannot fill level {level} of '{kind.id}'"
                yield f"{own}: it has {', '.join(missing)}."
                break


def _able(scenario: Scenario, layout: Layout) -> Counter[str]:
    """Return the number of units by capability."""
    return Counter(
        c for _, unit in layout.units for c in set(scenario.file.unit_types[unit.type].capabilities)
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
