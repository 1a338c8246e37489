"""Loading a scenario as its users do: with the measures that it asks for checked like everything else."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from dispatch.errors import UsageError
from dispatch.scenario import loading
from dispatch.study.measures import compile_measures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.scenario.scenario import Scenario


def load(
    path: str | Path,
    *,
    speeds: str | None = None,
    more: Sequence[tuple[str, Mapping[str, Any]]] = (),
    closures: Sequence[tuple[str, str, Mapping[str, Any]]] = (),
    ordered_from: float = inf,
    quiet: bool = False,
) -> Scenario:
    """Load a scenario file; raises ScenarioError or NetworkError with every problem found.

    ``speeds`` names the speed set to use instead of the file's. ``more`` are injects as they would be
    written, behind those of the file, each with the place at which its problems are told.
    ``closures`` are more closures, each with its id behind the place; from ``ordered_from`` on [s from the
    start] nothing is sent but by order, and the file's own orders are left out; a ``quiet`` scenario has no
    random and no recorded calls.
    """
    return loading.load(
        path,
        _check_measures,
        speeds=speeds,
        more=more,
        closures=closures,
        ordered_from=ordered_from,
        quiet=quiet,
    )


def _check_measures(scenario: Scenario, document: YamlDocument, problems: Problems) -> None:
    """Note measures of the file that mean nothing in the scenario."""
    asked: list[tuple[tuple[str | int, ...], str]] = [
        (("measures", i), name) for i, name in enumerate(scenario.file.measures)
    ]
    if scenario.file.stop is not None:
        asked.append((("stop", "measure"), scenario.file.stop.measure))
    for where, name in asked:
        try:
            (measure,) = compile_measures(scenario, [name])
            rule = scenario.file.stop
            if where[0] == "stop" and rule is not None and measure.unit == "share" and rule.half_width >= 1:
                fact = f"a half-width of {rule.half_width:g} for a share, which lies between 0 and 1"
                problems.add(
                    document.place("stop", "half_width"), fact, "Write 0.02 for 2 percentage points."
                )
        except UsageError as error:
            problems.add(document.place(*where), str(error.args[0]).rstrip("."), error.hint)


def load_again(path: str | Path, digest: str, *, speeds: str, doing: str, remedy: str) -> Scenario:
    """Load a scenario in a worker; raises UsageError where it is not what it was when ``doing`` began."""
    scenario = loading.load(path, speeds=speeds)
    if scenario.digest != digest:
        message = f"{path} changed while it was being {doing}."
        raise UsageError(message, hint=remedy)
    return scenario
