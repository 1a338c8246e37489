"""The command that makes a network from map data."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatch.cli.converting import Crs
from dispatch.cli.options import AsJson
from dispatch.errors import UsageError

if TYPE_CHECKING:
    from dispatch.importing.importer import Imported


def network_import(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Map extract (.osm.pbf, .osm, .osm.gz, .osm.bz2), OSMnx graph (.graphml) or GMNS folder.",
            show_default=False,
        ),
    ],
    *,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="DIR", help="Folder of the network, such as networks/city."),
    ],
    title: Annotated[str, typer.Option("--title", help="Name of the network for readers.")] = "",
    scenario: Annotated[
        Path | None,
        typer.Option("--scenario", metavar="FILE", help="Also write a first scenario here."),
    ] = None,
    from_crs: Annotated[
        Crs,
        typer.Option(
            "--from-crs",
            case_sensitive=False,
            help="System of the coordinates of a GMNS folder or graph from a Chinese map: gcj02 or bd09.",
        ),
    ] = Crs.WGS84,
    as_json: AsJson = False,
) -> None:
    """Make a road network for fire appliances from map data.

    Facilities in the same OpenStreetMap file (fire stations, hospitals, hydrants, water tanks) are written as
    GeoJSON beside it, and so are motorways, railways, rivers, canals and large waters.

    Example: dispatch network import city.osm.pbf -o networks/city
    """
    from dispatch.importing.importer import import_network
    from dispatch.importing.writing import check_target, write_network
    from dispatch.io.run_folder import json_text

    _check_paths(file, out, scenario)
    cited = _cited(out, scenario) if scenario is not None else ""
    check_target(out)
    imported = import_network(file, title, from_crs.value)
    text, note = _starter(imported, cited, title) if scenario is not None else ("", "")
    imported.report["notes"] += [note] if note else []
    write_network(out, imported.files, imported.source)
    if scenario is not None:
        _write_new(scenario, text)
    if as_json:
        sys.stdout.write(json_text({"name": out.absolute().name, **imported.report}))
        return
    _print(imported.report, out, scenario)


def _check_paths(file: Path, out: Path, scenario: Path | None) -> None:
    """Refuse targets that would lose something, before the work begins."""
    for path in (out, scenario):
        if path is not None and "\0" in str(path):
            message = f"{str(path).replace(chr(0), '?')}: no such name can be."
            raise UsageError(message, hint="Name another.")
    if scenario is None:
        return
    if os.path.lexists(scenario):
        message = f"{scenario}: is there already."
        raise UsageError(message, hint="Name a new scenario file; the network can be imported without it.")
    if scenario.suffix not in (".yaml", ".yml"):
        message = f"{scenario}: is no name of a scenario."
        raise UsageError(message, hint="End it in .yaml.")
    if os.path.exists(file) and os.path.abspath(scenario).startswith(os.path.abspath(out) + os.sep):
        message = f"{scenario}: lies inside the folder of the network."
        raise UsageError(message, hint="Name a file such as scenarios/city.yaml.")
    above = next(up for up in scenario.absolute().parents if os.path.lexists(up))
    if not os.path.isdir(above) or not os.access(above, os.W_OK):
        message = f"{scenario}: cannot be written."
        raise UsageError(message, hint="Name another file.")


def _cited(out: Path, scenario: Path) -> str:
    """Return how a scenario cites the network: by its name under ``networks/``, or by its path."""
    target, home = (Path(os.path.abspath(path)) for path in (out, scenario.parent))
    above = (home, *home.parents)
    roots = (up for up in above if (up / "networks").is_dir() or target.is_relative_to(up / "networks"))
    root = next(roots, home)
    if target.parent == root / "networks":
        return target.name
    if target.is_relative_to(root):
        return Path(os.path.relpath(target, home)).as_posix()
    message = f"{scenario}: could not cite a network in {out}, which is outside '{root.name}'."
    raise UsageError(message, hint="Import to networks/NAME and write scenarios/NAME.yaml, say.")


def _starter(imported: Imported, cited: str, title: str) -> tuple[str, str]:
    """Return the text of a first scenario, and what to say of a station that it makes up."""
    from dispatch.importing.starter import has_made_up_station, starter_scenario

    text = starter_scenario(cited, title or Path(cited).name, imported.facilities, imported.points)
    made_up = has_made_up_station(imported.facilities, imported.points)
    note = "No fire station stands near these roads: the scenario ASSUMES one in their middle, station-1."
    return text, note if made_up else ""


def _write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet; one that has come up meanwhile is left alone."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        message = f"{path}: cannot be written ({error.strerror or error}); the network is."
        raise UsageError(message, hint="Name another file.") from None


def _print(report: dict[str, Any], out: Path, scenario: Path | None) -> None:
    """Print what was done in some twenty lines."""
    from dispatch.report import terminal

    screen = terminal.console()
    dropped = report["dropped"]
    summary: dict[str, Any] = {
        "format": report["format"],
        "nodes": report["nodes"],
        "links": report["links"],
        "km": f"{report['km']:,.1f}",
        "speed posted on": f"{report['posted_share']:.1%} of the length",
        "left out": f"{dropped['nodes']:,} nodes, {dropped['links']:,} links, {dropped['km']:,.1f} km "
        f"({dropped['share']:.1%} of the nodes) without a way there and back",
        "classes": {
            name: f"{part['km']:,.1f} km, {part['km_per_h']:g} km/h "
            + (f"(mean of {part['posted']:,} posted)" if part["posted"] else "(assumed)")
            for name, part in report["classes"].items()
        },
    }
    summary |= {key: report[key] for key in ("facilities", "barriers") if report[key]}
    terminal.print_summary(screen, f"Written to {out}", summary)
    for note in report["notes"]:
        screen.print(f"  note: {note}", markup=False)
    if scenario is not None:
        screen.print(
            f"Next: dispatch validate {scenario}; edit it; dispatch compare {scenario}", markup=False
        )
    else:
        screen.print(f"Next: dispatch network info {out}, then cite it in a scenario.", markup=False)
