"""Command ``explain``: why these units, for one call of a finished run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dispatch.cli.options import AsJson, RunScenario
from dispatch.cli.repeating import EXIT_DIFFERENT, show_divergence
from dispatch.errors import UsageError


def explain(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.", show_default=False)],
    *,
    incident: Annotated[str, typer.Option("--incident", "-i", metavar="ID", help="Call to explain.")],
    replication: Annotated[int, typer.Option("--replication", min=0, help="Number of the draw.")] = 0,
    scenario: RunScenario = None,
    short: Annotated[
        bool,
        typer.Option("--short", help="Only levels, who was sent and why, arrivals and notices; no tables."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell every decision about one call of a run: who could go, who was sent and why, and what came of it.

    The replication is simulated again; exit code 1 if its log is not that of the run.

    Example: dispatch explain out/before --incident fire-17
    """
    if short and as_json:
        message = "--short and --json cannot go together."
        raise UsageError(message, hint="JSON has everything; choose one.")
    from dispatch.io.run_folder import json_text
    from dispatch.regression.divergence import first_divergence
    from dispatch.regression.events import events_of
    from dispatch.regression.folders import read_run
    from dispatch.regression.rerunning import find_scenario, load_unchanged
    from dispatch.report import explaining, terminal
    from dispatch.study.explaining import explain as explained

    folder = read_run(run)
    count = int(folder.manifest["replications"])
    if replication >= count:
        message = f"{run}: has no replication {replication}."
        raise UsageError(message, hint=f"It has {count}, numbered from 0.")
    loaded = load_unchanged(folder, find_scenario(folder, scenario))
    told, log = explained(loaded, folder.layout, replication, incident=incident)
    parted = first_divergence(folder.events.get(replication, []), events_of(log))
    if parted is not None:
        names = ("then", "now")
        show_divergence((replication, parted), folder.altered, [replication], names, as_json=as_json)
        raise typer.Exit(EXIT_DIFFERENT)
    if as_json:
        sys.stdout.write(json_text(explaining.explanation_document(told, loaded)))
    else:
        explaining.print_explanation(terminal.console(), told, loaded, short=short)
