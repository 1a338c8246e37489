"""Commands about finished runs: diff and rerun."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatch.cli.options import AsJson, Jobs, RunScenario

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatch.regression.divergence import Divergence

EXIT_DIFFERENT = 1


def diff(
    run_a: Annotated[Path, typer.Argument(metavar="RUN_A", help="Folder of a run.", show_default=False)],
    run_b: Annotated[Path, typer.Argument(metavar="RUN_B", help="Folder of another.", show_default=False)],
    *,
    as_json: AsJson = False,
) -> None:
    """Find the first event in which two runs differ, and the inputs that do; exit code 1 if they differ.

    Example: dispatch diff out/before out/after
    """
    from dispatch.regression.divergence import differing_inputs, first_divergence
    from dispatch.regression.folders import read_run

    a, b = read_run(run_a), read_run(run_b)
    of_runs = [
        {**run.inputs, "layout": run.layout, "replications": str(run.manifest["replications"])}
        for run in (a, b)
    ]
    inputs = [*differing_inputs(*of_runs), *dict.fromkeys((*a.altered, *b.altered))]
    counts = [int(run.manifest["replications"]) for run in (a, b)]
    compared = list(range(min(counts)))
    parts = ((n, first_divergence(a.events.get(n, []), b.events.get(n, []))) for n in compared)
    found = next(((n, divergence) for n, divergence in parts if divergence is not None), None)
    show_divergence(found, inputs, compared, ("A", "B"), as_json=as_json)
    if found is not None or counts[0] != counts[1]:
        raise typer.Exit(EXIT_DIFFERENT)


def rerun(
    run: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run.", show_default=False)],
    *,
    scenario: RunScenario = None,
    jobs: Jobs = 1,
    as_json: AsJson = False,
) -> None:
    """Simulate a run again from its folder; the log is identical, or it says what has changed since.

    Example: dispatch rerun out/before
    """
    from dispatch.regression.folders import read_run
    from dispatch.regression.rerunning import divergence_from, find_scenario, load_unchanged
    from dispatch.regression.rerunning import rerun as simulate_again

    folder = read_run(run)
    study = simulate_again(folder, load_unchanged(folder, find_scenario(folder, scenario)), jobs)
    found = divergence_from(folder, study)
    show_divergence(found, folder.altered, sorted(folder.events), ("then", "now"), as_json=as_json)
    if found is not None:
        raise typer.Exit(EXIT_DIFFERENT)


def show_divergence(
    found: tuple[int, Divergence] | None,
    inputs: Sequence[str],
    compared: Sequence[int],
    names: tuple[str, str],
    *,
    as_json: bool,
) -> None:
    """Print where two logs part, or that they do not, and which inputs differ."""
    from dispatch.report import divergence, terminal

    if as_json:
        from dispatch.io.run_folder import json_text

        document: dict[str, Any] = divergence.divergence_document(found, inputs, compared)
        sys.stdout.write(json_text(document))
    else:
        divergence.print_divergence(terminal.console(), found, inputs, names)
