"""Where names become policies: the composition root of a simulation."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, cast

from dispatch.engine.fleet import Fleet
from dispatch.engine.simulator import Simulator
from dispatch.errors import UsageError, did_you_mean
from dispatch.model.scenario import POLICY_GROUP
from dispatch.policies.assigning import Assignment
from dispatch.policies.dispatching import Nearest, RunCardOrder
from dispatch.timeline import draw

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatch.engine.log import Log
    from dispatch.engine.protocols import DispatchPolicy
    from dispatch.scenario.layout import Layout
    from dispatch.scenario.scenario import Scenario
    from dispatch.timeline import Timeline

    PolicyMaker = Callable[[Scenario, Fleet], DispatchPolicy]

BUILT_IN: dict[str, PolicyMaker] = {
    "nearest": lambda _scenario, _fleet: Nearest(),
    "run_card_order": lambda _scenario, _fleet: RunCardOrder(),
    "assignment": lambda _scenario, _fleet: Assignment(),
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
    return Simulator(scenario, fleet, timeline, policy if watch is None else watch(policy)).run()
