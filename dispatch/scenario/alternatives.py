"""Scenarios that differ from what their file says, in how units are sent or how fast they drive."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from dispatch.errors import UsageError, did_you_mean
from dispatch.model.injects import PLAYERS
from dispatch.model.scenario import BUILT_IN_POLICIES, POLICY_GROUP
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


def known_policies() -> set[str]:
    """Return the names of all dispatching policies that are built in or installed."""
    return {*BUILT_IN_POLICIES, *(entry.name for entry in entry_points(group=POLICY_GROUP))}


def left_to_orders(file: ScenarioFile, document: YamlDocument, since: float) -> ScenarioFile:
    """Return a scenario in which nothing goes but by order from a moment on [s from its start].

    Its own orders from then on are left out, needs wait for units, and nobody moves up. Injects that were
    appended to the file stay, and places of problems are still those that were written.
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
    changes = {
        "injects": tuple(file.injects[i] for i in stay),
        "dispatching": file.dispatching.model_copy(update={"when_none_free": "queue"}),
        "moving_up": None,
    }
    return file.model_copy(update=changes)
