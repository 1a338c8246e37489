"""Where names become policies: the composition root of a simulation."""

from __future__ import annotations

from functools import partial
from importlib.metadata import entry_points
from math import inf
from typing import TYPE_CHECKING, cast

from dispatch.engine.consumables import Consumables
from dispatch.engine.control import Control
from dispatch.engine.crews import Crews
from dispatch.engine.fleet import Fleet
from dispatch.engine.hospitals import Hospitals
from dispatch.engine.ladder import Ladder
from dispatch.engine.levels import Levels, SmallestCrews
from dispatch.engine.moving_up import MoveUps, movable
from dispatch.engine.orders import DOES, Orders
from dispatch.engine.readiness import Breakdowns, Turnaround
from dispatch.engine.relief import Reliefs
from dispatch.engine.simulator import Simulator
from dispatch.engine.staging import Staging
from dispatch.engine.supplies import Supplies
from dispatch.engine.tiers import Agreements
from dispatch.errors import UsageError, did_you_mean
from dispatch.model.moving_up import CoverageAware as CoverTerms
from dispatch.model.scenario import POLICY_GROUP
from dispatch.model.supplies import BY_ORDER
from dispatch.policies.assigning import Assignment
from dispatch.policies.covering import CoverageAware
from dispatch.policies.dispatching import ByOrder, Nearest, RunCardOrder, UntilOrdered
from dispatch.policies.relocating import mover
from dispatch.policies.supplying import supply_policy
from dispatch.timeline import draw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dispatch.engine.log import Log
    from dispatch.engine.parts import Part
    from dispatch.engine.protocols import DispatchPolicy
    from dispatch.scenario.layout import Layout
    from dispatch.scenario.scenario import Scenario
    from dispatch.scenario.supplies import SupplyBook
    from dispatch.timeline import Timeline

    PolicyMaker = Callable[[Scenario, Fleet], DispatchPolicy]

BUILT_IN: dict[str, PolicyMaker] = {
    "nearest": lambda _scenario, _fleet: Nearest(),
    "run_card_order": lambda _scenario, _fleet: RunCardOrder(),
    "assignment": lambda _scenario, _fleet: Assignment(),
    "coverage_aware": lambda scenario, _fleet: CoverageAware(
        scenario, scenario.file.dispatching.coverage_aware or CoverTerms()
    ),
    BY_ORDER: lambda _scenario, _fleet: ByOrder(),
}
"""Makers of the policies that ship with the package."""


def policy_maker(name: str) -> PolicyMaker:
    """Return the maker of a policy by name; raises UsageError for an unknown one."""
    if name in BUILT_IN:
        return BUILT_IN[name]
    installed = {entry.name: entry for entry in entry_points(group=POLICY_GROUP)}
    if name not in installed:
        message = f"dispatching.policy: no policy '{name}'."
        raise UsageError(message, hint=did_you_mean(name, [*BUILT_IN, *installed]))
    return cast("PolicyMaker", installed[name].load())


def find_layout(scenario: Scenario, layout: Layout | str) -> Layout:
    """Return a layout of a scenario by name; raises UsageError for an unknown one."""
    if not isinstance(layout, str):
        return layout
    if layout not in scenario.layouts:
        message = f"scenario '{scenario.name}' has no layout '{layout}'."
        raise UsageError(message, hint=did_you_mean(layout, scenario.layouts))
    return scenario.layouts[layout]


def simulate(
    scenario: Scenario,
    layout: Layout | str = "baseline",
    timeline: Timeline | int = 0,
    *,
    fleet: Fleet | None = None,
    watch: Callable[[DispatchPolicy], DispatchPolicy] | None = None,
) -> Log:
    """Simulate one timeline (or the replication of that number) with a layout, and return its log.

    A ``fleet`` of the same layout may be handed in to share its travel times between replications. ``watch``
    may put something before the policy that notes what it is asked and answers.
    """
    maker = policy_maker(scenario.file.dispatching.policy)
    if isinstance(timeline, int):
        timeline = draw(scenario, timeline)
    if fleet is None:
        fleet = Fleet(scenario, find_layout(scenario, layout))
    policy = maker(scenario, fleet)
    if scenario.ordered_from < inf:
        policy = UntilOrdered(policy, scenario.ordered_from)
    watched = policy if watch is None else watch(policy)
    return Simulator(scenario, fleet, timeline, watched, _parts(scenario, fleet, timeline)).run()


def _parts(scenario: Scenario, fleet: Fleet, timeline: Timeline) -> list[Part]:
    """Return the parts of the doctrine that a scenario asks for, made for one simulation."""
    parts: list[Part] = []
    plans = scenario.plans if scenario.plans is not None and scenario.plans.stages else None
    ordered = {command.does for command in scenario.commands}
    if plans is not None or "stage" in ordered:
        parts.append(Staging(timeline, plans))  # first: others have to know where units drive to
    if scenario.alarms is not None or scenario.supplies is not None:
        control = Control(timeline)
        parts.append(control)
        if scenario.alarms is not None:
            parts.append(Levels(scenario, timeline, scenario.alarms, control))
    if timeline.crew.any():
        parts.append(SmallestCrews(scenario, fleet, timeline))
    moves = _moves(scenario, fleet, timeline)
    if ordered & {*DOES}:
        parts.append(Orders(scenario, timeline, moves))
    if scenario.hospitals:
        parts.append(Hospitals(scenario, timeline))
    parts += _of_units(scenario, fleet, timeline)
    if scenario.file.ladder:
        parts.append(Ladder(scenario, fleet))
    if scenario.agreements:
        parts.append(Agreements(scenario, fleet, timeline))
    if timeline.relieves.any():
        parts.append(Reliefs(scenario, timeline))  # behind those that say when units arrive
    if scenario.supplies is not None:
        parts += _supplying(scenario, scenario.supplies, fleet, timeline)
    if moves is not None:
        parts.append(moves)
    return parts


def _supplying(scenario: Scenario, book: SupplyBook, fleet: Fleet, timeline: Timeline) -> Iterator[Part]:
    """Yield the parts that supplies ask for: what units carry, and what depots send."""
    sites = book.depots[fleet.layout.name]
    carried = Consumables(fleet, book, sites)
    yield carried
    yield Supplies(scenario, sites, timeline, supply_policy(scenario.file.supplying), carried)


def _of_units(scenario: Scenario, fleet: Fleet, timeline: Timeline) -> Iterator[Part]:
    """Yield the parts that units and their types ask for."""
    types = [scenario.file.unit_types[name] for name in set(fleet.types)]
    if any(kind.turnaround is not None for kind in types):
        yield Turnaround(scenario, fleet, timeline)
    if any(kind.breaks_down is not None and kind.breaks_down.share > 0.0 for kind in types):
        yield Breakdowns(scenario, fleet, timeline)
    if any(unit.crew_from is not None for _, unit in fleet.layout.units):
        yield Crews(scenario, fleet)


def _moves(scenario: Scenario, fleet: Fleet, timeline: Timeline) -> MoveUps | None:
    """Return what moves units up, by policy or by order; None where nobody ever is."""
    terms = scenario.file.moving_up
    if terms is not None:
        make = partial(mover, scenario, terms, movable(scenario, fleet))
        return MoveUps(scenario, fleet, timeline, terms, make)
    if any(command.station for command in scenario.commands):
        return MoveUps(scenario, fleet, timeline, None, None)
    return None
