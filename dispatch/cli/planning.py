"""Commands about response plans: list, match."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatch.cli.options import AsJson, ScenarioPath
from dispatch.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatch.scenario.plans import Plans
    from dispatch.scenario.scenario import Scenario

app = typer.Typer(name="plans", no_args_is_help=True)

EXIT_UNMATCHED = 1


@app.callback()
def plans() -> None:
    """Look at response plans, and at which of them fits an incident.

    Example: dispatch plans list
    """


@app.command("list")
def plans_list(
    scenario: Annotated[
        Path | None,
        typer.Argument(metavar="[SCENARIO]", help="Scenario with plans; the catalogue alone if left out."),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List plans with their places, dates and cards as they are written.

    Example: dispatch plans list
    """
    from dispatch.io.run_folder import json_text
    from dispatch.report import planning, terminal

    simulated: Callable[[str, str], bool] = planning.never
    if scenario is None:
        from dispatch.scenario.plan_library import shipped_library

        library, merged = shipped_library()
        words = merged.words
    else:
        from dispatch.scenario.supply_needs import simulated_in

        loaded, found = _plans(scenario)
        library, words, simulated = found.library, dict(found.words), simulated_in(loaded)
    if as_json:
        sys.stdout.write(json_text(planning.library_document(library, words, simulated)))
    else:
        planning.print_library(terminal.console(), library, simulated)


@app.command("match")
def plans_match(
    scenario: ScenarioPath,
    *,
    kind: Annotated[str, typer.Option("--type", "-t", metavar="TYPE", help="Incident type.")],
    node: Annotated[str, typer.Option("--at", metavar="NODE", help="Where: node id.")],
    level: Annotated[
        int | None,
        typer.Option("--level", min=1, max=5, help="Alarm level; that of the first alarm if left out."),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option("--on", metavar="DATE", help="Day, such as 2020-07-01; the first day if left out."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell which plan fits an incident and why, who comes, and why not the other plans.

    Exit code 1 where no plan fits and no run card stands in.

    Example: dispatch plans match scenarios/regression/plan-library.yaml --type plant-fire --at SHN
    """
    from dispatch.io.run_folder import json_text
    from dispatch.report import planning, terminal
    from dispatch.scenario.supply_needs import simulated_in

    loaded, found = _plans(scenario)
    number = _number(found, kind)
    place = loaded.network.index.get(node)
    if place is None:
        message = f"--at {node}: no node of network '{loaded.network.name}'."
        raise UsageError(message, hint=did_you_mean(node, loaded.network.node_ids))
    found = found.on(_day(on, found))
    level = found.first_level(number, place, 0.0) if level is None else level
    if level > found.top(number):
        message = f"--level {level}: the scale of '{kind}' ends at {found.top(number)}."
        raise UsageError(message, hint=f"Give 1 to {found.top(number)}.")
    at = int(found.spot_of[place])
    answer, spot = found.match_at(number, at, level, 0), found.spots[at]
    sent = found.card_at(number, at, level, 0)
    raised = found.raised_at(number, at, level, 0, loaded.capabilities)
    simulated, names = simulated_in(loaded, number), loaded.capabilities
    if as_json:
        asked = {
            "type": kind,
            "class": found.classes[number],
            "node": node,
            "level": level,
            "on": found.days[0].isoformat(),
            "key_unit": spot.key_unit or None,
            "zones": list(spot.zones),
            "area_classes": list(spot.area_classes),
        }
        document = planning.match_document(answer, sent, raised, asked, names, simulated)
        sys.stdout.write(json_text(document))
    else:
        head = f"{kind} at {node} ({spot}), level {level}, on {found.days[0]}"
        planning.print_match(terminal.console(), answer, sent, raised, head, names, simulated)
    if (answer is None or answer.chosen is None) and not sent.slots:
        raise typer.Exit(EXIT_UNMATCHED)


def _plans(path: Path) -> tuple[Scenario, Plans]:
    """Load a scenario that has plans."""
    from dispatch.study.opening import load

    scenario = load(path)
    if scenario.plans is None:
        message = f"{path}: the scenario has no plans."
        raise UsageError(message, hint="Add 'plans: {}' for those of the catalogue.")
    return scenario, scenario.plans


def _number(found: Plans, kind: str) -> int:
    names = [name for name, _ in found.types]
    if kind not in names:
        message = f"--type {kind}: the scenario has no such incident type."
        raise UsageError(message, hint=did_you_mean(kind, names))
    return names.index(kind)


def _day(text: str | None, found: Plans) -> date:
    """Return the day that a command line names, the first one of the scenario without a text."""
    try:
        return found.days[0] if text is None else date.fromisoformat(text)
    except ValueError:
        message = f"--on {text}: not a date."
        raise UsageError(message, hint="Write one such as 2020-07-01.") from None
