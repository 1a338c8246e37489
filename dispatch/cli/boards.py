"""Command ``board``: the status board of one replication at a moment."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatch.cli.finding import check_target, moment_of
from dispatch.cli.options import AsCsv, AsJson, ScenarioPath, Seed, Speeds, refuse_both
from dispatch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

ENDINGS = (".geojson", ".json")


def board(
    scenario: ScenarioPath,
    *,
    at: Annotated[
        str,
        typer.Option(
            "--at",
            metavar="TIME",
            help="Moment, as '2 h 30 min' after the start or a date and time with its zone.",
        ),
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
    refuse_both(as_json=as_json, as_csv=as_csv)
    if out is not None:
        _check_out(out, scenario)
    from dispatch.composition import simulate
    from dispatch.report import boards
    from dispatch.study.opening import load

    loaded = load(scenario, speeds=speeds)
    if seed is not None:
        loaded = loaded.with_seed(seed)
    moment = moment_of(at, loaded)
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


def _check_out(out: Path, scenario: Path) -> None:
    """Refuse a target that is no GeoJSON, or that would replace anything but an earlier map."""
    from dispatch.importing.points import holds_points

    ending = out.suffix.lower()
    if ending not in ENDINGS:
        message = f"{out}: not GeoJSON by its name."
        raise UsageError(message, hint="Let the name end in .geojson.")
    check_target(out, [scenario, *_cited(scenario)])
    if ending == ".json" and os.path.exists(out) and not holds_points(out):
        message = f"{out}: is there already and is no GeoJSON."
        raise UsageError(message, hint="Name a new file, so that nothing is lost.")


def _cited(scenario: Path) -> list[Path]:
    """Return every text of a scenario as the path that it would be if it cited a file."""
    from dispatch.errors import Problems
    from dispatch.io.yaml_source import read_yaml

    document = read_yaml(scenario, Problems())  # what is wrong with it is told when it is loaded
    return [] if document is None else [scenario.parent / text for text in _texts(document.data)]


def _texts(data: Any) -> Iterator[str]:
    """Yield all texts in nested lists and the values of maps."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for item in data.values() if isinstance(data, dict) else data:
            yield from _texts(item)
