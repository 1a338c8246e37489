"""The command that shows results to people: reports, tables, figures, layers for maps."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatch.cli.finding import check_target
from dispatch.cli.options import AsJson, RunScenario
from dispatch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dispatch.briefing.contents import Briefing
    from dispatch.report.words import Words
    from dispatch.roads.network import Network


class Language(StrEnum):
    """A language of reports."""

    EN = "en"
    ZH = "zh"


def report(
    study: Annotated[
        Path,
        typer.Argument(
            metavar="RUN_OR_STUDY",
            help="Folder that 'dispatch run … -o' or 'dispatch compare … -o' wrote.",
            show_default=False,
        ),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Write the report as one HTML file.", show_default=False
        ),
    ] = None,
    lang: Annotated[
        Language, typer.Option("--lang", help="Language; the HTML file holds both and begins with it.")
    ] = Language.EN,
    scenario: RunScenario = None,
    standard: Annotated[
        list[str] | None,
        typer.Option(
            "--standard",
            metavar="NAME",
            help="Standards profile to judge by ('dispatch network standards'), or a YAML file. Repeatable.",
            show_default=False,
        ),
    ] = None,
    play: Annotated[
        list[str] | None,
        typer.Option(
            "--play",
            metavar="LAYOUT",
            help="Layout whose day can be played. Repeatable; the first and the last if left out.",
            show_default=False,
        ),
    ] = None,
    day: Annotated[
        int | None,
        typer.Option(
            "--day", min=1, metavar="N", help="Day to play; the busiest if left out.", show_default=False
        ),
    ] = None,
    replication: Annotated[
        int, typer.Option("--replication", min=0, metavar="N", help="Replication to play, from 0.")
    ] = 0,
    xlsx: Annotated[
        Path | None,
        typer.Option("--xlsx", metavar="FILE", help="Write the tables as a workbook.", show_default=False),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="DIR", help="Write the tables as CSV files.", show_default=False),
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option("--markdown", metavar="FILE", help="Write a summary as Markdown.", show_default=False),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(
            "--figures", metavar="DIR", help="Write each figure as PNG and SVG.", show_default=False
        ),
    ] = None,
    gpkg: Annotated[
        Path | None,
        typer.Option(
            "--gpkg", metavar="FILE", help="Write map layers with styles for QGIS.", show_default=False
        ),
    ] = None,
    geojson: Annotated[
        Path | None,
        typer.Option(
            "--geojson", metavar="DIR", help="Write map layers as GeoJSON with styles.", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a report of a run or a study that people without this program can read, play and print.

    The HTML file needs no network: it holds its map, its playback and both languages. The summary is printed
    as well.

    Example: dispatch report out/study -o report.html --lang zh
    """
    files = {"--out": out, "--xlsx": xlsx, "--markdown": markdown, "--gpkg": gpkg}
    folders = {"--csv": csv, "--figures": figures, "--geojson": geojson}
    wanted = {option: path for option, path in (files | folders).items() if path is not None}
    _check_targets(study, wanted)
    from dispatch.briefing.assemble import Choice, brief
    from dispatch.briefing.folder import read_study
    from dispatch.regression.rerunning import find_scenario, load_unchanged
    from dispatch.report.words import Words

    folder = read_study(study)
    loaded = load_unchanged(folder, find_scenario(folder, scenario))
    _check_layers(wanted, loaded.network)
    choice = Choice(tuple(standard or ()), tuple(play or ()), replication, day)
    briefing = brief(folder, loaded, choice, _teller())
    words = Words(lang.value)
    if as_json:
        from dispatch.briefing.document import briefing_document
        from dispatch.io.run_folder import json_text

        sys.stdout.write(json_text(briefing_document(briefing)))
    else:
        from dispatch.report.briefed import print_briefing
        from dispatch.report.terminal import console

        print_briefing(console(), briefing, words)
    sys.stdout.flush()
    for option, path in wanted.items():
        for note in _write(option, path, briefing, words, loaded.network):
            typer.echo(f"note: {note}", err=True)
        typer.echo(f"wrote {path}", err=True)


def _teller() -> Callable[[str], None] | None:
    """Return what tells the steps of the work on a terminal; None where nobody looks on."""
    return (lambda step: typer.echo(f"{step} …", err=True)) if sys.stderr.isatty() else None


def _check_targets(study: Path, wanted: dict[str, Path]) -> None:
    """Refuse what cannot be written before anything is computed."""
    from dispatch.io.run_folder import MANIFEST
    from dispatch.io.whole_folders import check_listed

    seen: dict[str, str] = {}
    for option, path in wanted.items():
        real = os.path.realpath(path)
        if real in seen:
            message = f"{option} {path}: is where {seen[real]} writes, too."
            raise UsageError(message, hint="Name another.")
        seen[real] = option
        if os.path.realpath(study) in (real, os.path.dirname(real)):
            message = f"{option} {path}: is in the folder of the study, which lists what it holds."
            raise UsageError(message, hint="Write it beside that folder.")
        ending = ENDINGS.get(option)
        if ending is not None and path.suffix.lower() not in ending:
            message = f"{option} {path}: not such a file by its name."
            raise UsageError(message, hint=f"Let the name end in {ending[0]}.")
        if option in LISTS:
            check_listed(path, LISTS[option])
        else:
            check_target(path, [study / MANIFEST])


def _check_layers(wanted: dict[str, Path], network: Network) -> None:
    """Refuse layers of a network that has no places, before anything is simulated or written."""
    layers = [option for option in ("--gpkg", "--geojson") if option in wanted]
    if layers and network.x is None:
        message = f"{layers[0]} {wanted[layers[0]]}: network '{network.name}' has no coordinates to draw."
        raise UsageError(message, hint=f"Leave out {' and '.join(layers)}, or give its nodes coordinates.")


ENDINGS = {
    "--out": (".html", ".htm"),
    "--xlsx": (".xlsx",),
    "--markdown": (".md", ".markdown"),
    "--gpkg": (".gpkg",),
}
"""Endings of files by option; the first is the usual one."""

LISTS = {"--csv": "tables.csv", "--figures": "figures.csv", "--geojson": "layers.csv"}
"""Folders by option, with the file in which each says what it holds."""


def _write(option: str, path: Path, briefing: Briefing, words: Words, network: Network) -> Iterable[str]:
    """Write one output, whole or not at all, and return what is to be said of it."""
    from dispatch.briefing.gis import write_gis
    from dispatch.io.whole_files import write_text_whole
    from dispatch.report.figures import write_figures
    from dispatch.report.markdown import markdown
    from dispatch.report.page import page
    from dispatch.report.table_files import write_tables
    from dispatch.report.workbook import write_workbook

    writers: dict[str, Callable[[], Iterable[str] | None]] = {
        "--out": lambda: write_text_whole(path, page(briefing, words.lang)),
        "--xlsx": lambda: write_workbook(path, briefing, words),
        "--markdown": lambda: write_text_whole(path, markdown(briefing, words)),
        "--gpkg": lambda: write_gis(path, briefing.layers, network),
        "--csv": lambda: write_tables(path, briefing, words),
        "--figures": lambda: write_figures(path, briefing, words),
        "--geojson": lambda: write_gis(path, briefing.layers, network),
    }
    return writers[option]() or ()
