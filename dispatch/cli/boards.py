"""Command ``board``: the status board of one replication at a moment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dispatch.cli.options import AsCsv, AsJson, ScenarioPath, Seed, Speeds
from dispatch.errors import UsageError


def board(
    scenario: ScenarioPath,
    *,
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="Moment from the start, such as '2 h 30 min'.")
    ],
    layout: Annotated[str, typer.Option("--layout", "-l", help="Layout to simulate.")] = "baseline",
    replication: Annotated[int, typer.Option("--replication", min=0, help="Number of the draw.")] = 0,
    seed: Seed = None,
    speeds: Speeds = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Also write the units as GeoJSON.")
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Print what every unit does at a moment and where it is: link, share of it, coordinates.

    Example: dispatch board scenarios/lanzhou-plan-2020.yaml --at "31 h 20 min"
    """
    if as_json and as_csv:
        message = "--json and --csv cannot be printed both."
        raise UsageError(message, hint="Choose one.")
    from dispatch.model.base import parse_duration

    try:
        moment = parse_duration(float(at) if at.replace(".", "", 1).isdigit() else at)
    except ValueError as error:
        fact, _, remedy = str(error).partition(" | ")
        raise UsageError(f"--at: {fact}.", hint=remedy) from None
    from dispatch.composition import simulate
    from dispatch.report import boards
    from dispatch.study.opening import load

    loaded = load(scenario, speeds=speeds)
    if seed is not None:
        loaded = loaded.with_seed(seed)
    shown = boards.BoardShown(simulate(loaded, layout, replication), layout, moment)
    if out is not None:
        boards.write_geojson(out, shown)
        typer.echo(f"wrote {out}", err=True)
    if as_json:
        from dispatch.io.run_folder import json_text

        sys.stdout.write(json_text(boards.board_document(shown)))
    elif as_csv:
        from dispatch.io.tables import csv_text

        sys.stdout.write(csv_text(boards.board_table(shown)))
    else:
        boards.print_board(shown)
