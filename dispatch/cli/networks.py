"""Commands about road networks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dispatch.cli import converting, importing, statics
from dispatch.cli.finding import network_folder
from dispatch.cli.options import AsJson

app = typer.Typer(name="network", no_args_is_help=True)


@app.callback()
def network() -> None:
    """Look at road networks and travel-time matrices.

    Example: dispatch network info networks/lanzhou-new-area
    """


@app.command("info")
def network_info(
    network: Annotated[
        Path,
        typer.Argument(
            metavar="NETWORK", help="Network folder, or a name under networks/.", show_default=False
        ),
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Print what a network holds: size, classes, speeds, parts, bounding box, suspicious links.

    Example: dispatch network info networks/lanzhou-new-area
    """
    from dispatch.io.run_folder import json_text
    from dispatch.roads.network import load_network

    loaded = load_network(network_folder(network))
    if as_json:
        sys.stdout.write(json_text({"name": loaded.name, "notes": list(loaded.notes), **loaded.summary()}))
        return
    from dispatch.report import terminal

    out = terminal.console()
    terminal.print_summary(out, loaded.title or loaded.name, loaded.summary())
    for note in loaded.notes:
        out.print(f"  note: {note}", markup=False)


app.command("import")(importing.network_import)
app.command("convert")(converting.network_convert)
app.command("isochrone")(statics.isochrone)
app.command("coverage")(statics.coverage)
app.command("standards")(statics.standards)
