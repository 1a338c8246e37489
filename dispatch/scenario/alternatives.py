"""Scenarios that differ from what their file says, in how units are sent or how fast they drive."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from dispatch.errors import UsageError, did_you_mean
from dispatch.model.injects import PLAYERS
from dispatch.model.scenario import BUILT_IN_POLICIES, POLICY_GROUP
from dispatch.model.supplies import BY_ORDER
from dispatch.model.travel import PLANNING
from dispatch.scenario.injects import seconds_from_start

if TYPE_CHECKING:
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.model.scenario import ScenarioFile


def with_speeds(file: ScenarioFile, speeds: str) -> ScenarioFile:
    """Return a scenario with another speed set in use; raises UsageError for an unknown one."""
    known = (PLANNING, *file.travel.sets)
    if speeds not in known:
        message = f"--speeds {speeds}: the scenario has no such speed set."
        raise UsageError(message, hint=did_you_mean(speeds, known))
    return file.model_copy(update={"travel": file.travel.model_copy(update={"speeds": speeds})})


def with_policy(file: ScenarioFile, policy: str) -> ScenarioFile:
    """Return a scenario with another dispatching policy; raises UsageError for an unknown one.

    With ``by_order`` nothing else goes by itself, either: supplies wait for orders, needs wait for units, and
    nobody moves up.
    """
    if policy not in known_policies():
        raise UsageError(f"no policy '{policy}'.", hint=did_you_mean(policy, known_policies()))
    rules: dict[str, Any] = {"policy": policy}
    if policy != "run_card_order":
        rules["first_due"] = {}
    if policy != "coverage_aware":
        rules["coverage_aware"] = None
    changes: dict[str, Any] = {}
    if policy == BY_ORDER:
        rules["when_none_free"] = "queue"
        changes["supplying"] = file.supplying.model_copy(update={"policy": BY_ORDER})
        changes["moving_up"] = None
    return file.model_copy(update={"dispatching": file.dispatching.model_copy(update=rules), **changes})


def known_policies() -> set[str]:
    """Return the names of all dispatching policies that are built in or installed."""
    return {*BUILT_IN_POLICIES, *(entry.name for entry in entry_points(group=POLICY_GROUP))}


def without_orders(file: ScenarioFile, document: YamlDocument, since: float) -> ScenarioFile:
    """Return a scenario without its own orders from a moment on [s from its start].

    Injects that were appended to the file stay, and places of problems are still those that were written.
    """
    stay = [
        i
        for i, inject in enumerate(file.injects)
        if document.written(("injects", i)) in document.added
        or inject.kinds[0] not in PLAYERS
        or seconds_from_start(inject.at, file) < since
    ]
    if len(stay) < len(file.injects):
        written = document.kept.get(("injects",), range(len(file.injects)))
        document.kept["injects",] = [written[i] for i in stay]
    return file.model_copy(update={"injects": tuple(file.injects[i] for i in stay)})
