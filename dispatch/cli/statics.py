"""Commands that judge layouts without a simulation: isochrone, coverage, standards."""

from __future__ import annotations

import math
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatch.cli.finding import check_target, moment_of, network_folder
from dispatch.cli.options import AsCsv, AsJson, ScenarioPath, Speeds, refuse_both
from dispatch.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dispatch.roads.network import Network
    from dispatch.scenario.scenario import Scenario
    from dispatch.statics.isochrone import Isochrone, Start


class ClockName(StrEnum):
    """What a time to a place counts."""

    TRAVEL = "travel"
    RESPONSE = "response"


Minutes = Annotated[
    str, typer.Option("--minutes", metavar="M,M,…", help="Limits in minutes, such as 4,8 or 4.5.")
]
At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="TIME",
        help="Moment, as '8 h' after the start or a date and time with its zone: its speeds and closures "
        "hold throughout. Closures are left out without it.",
        show_default=False,
    ),
]
OutFile = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FILE", help="Write a map: .geojson, or .gpkg with layers."),
]


def isochrone(
    target: Annotated[
        Path,
        typer.Argument(
            metavar="TARGET",
            help="Scenario file (.yaml), network folder, or a name under networks/.",
            show_default=False,
        ),
    ],
    *,
    station: Annotated[
        list[str] | None,
        typer.Option(
            "--station",
            "-s",
            metavar="X",
            help='Station id or title, node id or "lon,lat". Repeatable. All stations if left out.',
        ),
    ] = None,
    minutes: Minutes = "4,8",
    layout: Annotated[
        str, typer.Option("--layout", "-l", metavar="NAME", help="Layout whose stations count.")
    ] = "baseline",
    width: Annotated[
        float, typer.Option("--width", min=1.0, max=10_000.0, help="Metres of ground on each side of a road.")
    ] = 100.0,
    speeds: Speeds = None,
    at: At = None,
    out: OutFile = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Tell and draw what is reached within some minutes of travel, cut to the metre along each road.

    Example: dispatch network isochrone scenarios/lanzhou-plan-2020.yaml --minutes 4,8 --layout plan-2020
    """
    limits = _limits(minutes)
    _check_output(out, (target,), as_json=as_json, as_csv=as_csv)
    from dispatch.io.run_folder import json_text
    from dispatch.model.travel import PLANNING
    from dispatch.report import statics as report
    from dispatch.report.moments import calendar
    from dispatch.statics.drawing import isochrone_layers, write_layers
    from dispatch.statics.ground import need_shapely

    need_shapely()
    scenario = _scenario(target, speeds)
    network = _network(target) if scenario is None else scenario.network
    starts = _starts(scenario, network, layout, station)
    moment = _moment(scenario, at)
    found = _isochrone(scenario, network, starts, limits, width, layout, moment)
    notes = _notes(scenario, network, moment)
    date = "" if scenario is None or moment is None else calendar(scenario, moment)
    used = PLANNING if scenario is None else scenario.roads.speeds.name
    if out is not None:
        write_layers(out, isochrone_layers(found), network, at=date, speeds=used)
    if as_json:
        sys.stdout.write(json_text(report.isochrone_document(found, scenario, layout, moment, notes)))
    elif as_csv:
        _write_csv([{**row, "at": date, "speeds": used} for row in report.isochrone_rows(found)])
    else:
        from dispatch.report import statics_terminal, terminal

        statics_terminal.print_isochrone(terminal.console(), found, scenario, moment)
    _say(notes, out)


def coverage(
    scenario: ScenarioPath,
    layouts: Annotated[
        list[str] | None, typer.Argument(metavar="[LAYOUT]...", help="Layouts; all if left out.")
    ] = None,
    *,
    minutes: Minutes = "4,5,8",
    standard: Annotated[
        str | None,
        typer.Option(
            "--standard",
            metavar="NAME",
            help="Standards profile to judge by ('dispatch network standards'), or a YAML file.",
        ),
    ] = None,
    clock: Annotated[
        ClockName, typer.Option("--clock", help="Travel alone, or from the order: mean turnout added.")
    ] = ClockName.TRAVEL,
    capability: Annotated[
        str | None,
        typer.Option("--capability", metavar="NAME", help="Count stations that have a unit with this only."),
    ] = None,
    areas: Annotated[
        bool, typer.Option("--areas/--no-areas", help="Draw jurisdictions, or leave them out.")
    ] = True,
    boundary: Annotated[
        Path | None,
        typer.Option("--boundary", metavar="FILE", help="GeoJSON polygons that jurisdictions share out."),
    ] = None,
    barriers: Annotated[
        str | None,
        typer.Option(
            "--barriers",
            metavar="FILE",
            help="GeoJSON that cuts jurisdictions, or 'none'; barriers.geojson of the network if left out.",
        ),
    ] = None,
    speeds: Speeds = None,
    at: At = None,
    out: OutFile = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Tell what layouts cover, whose land is whose, and what a standard says, with all units in.

    Example: dispatch network coverage scenarios/lanzhou-plan-2020.yaml --standard cn-jianbiao152
    """
    limits = _limits(minutes)
    given = [scenario, *([boundary] if boundary else []), *([Path(barriers)] if barriers else [])]
    _check_output(out, given, as_json=as_json, as_csv=as_csv)
    if not areas and (boundary is not None or barriers is not None):
        message = "--no-areas leaves nothing to do for --boundary and --barriers."
        raise UsageError(message, hint="Leave one of them out.")
    _need_scenario(scenario)
    from dispatch.io.run_folder import json_text
    from dispatch.report import statics as report
    from dispatch.report.moments import calendar
    from dispatch.statics.drawing import survey_layers, write_layers
    from dispatch.statics.standards import standard as find_standard
    from dispatch.statics.survey import Question, barriers_beside, survey
    from dispatch.study.opening import load

    profile = None if standard is None else find_standard(standard)
    loaded = load(scenario, speeds=speeds)
    cut = barriers_beside(loaded) if barriers is None else None if barriers == "none" else Path(barriers)
    question = Question(
        limits=limits,
        clock=clock.value,
        capability=capability,
        standard=profile,
        areas=areas,
        boundary=boundary,
        barriers=cut,
        at=_moment(loaded, at),
    )
    found = survey(loaded, layouts or [], question)
    date = "" if question.at is None else calendar(loaded, question.at)
    used = loaded.roads.speeds.name
    if out is not None:
        write_layers(out, survey_layers(found), found.network, at=date, speeds=used)
    if as_json:
        sys.stdout.write(json_text(report.survey_document(found)))
    elif as_csv:
        _write_csv([{**row, "at": date, "speeds": used} for row in report.coverage_rows(found)])
    else:
        from dispatch.report import statics_terminal, terminal

        statics_terminal.print_survey(terminal.console(), found)
    _say(found.notes, out)


def standards(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Profile to show whole.", show_default=False)
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the standards profiles that layouts can be judged by, or show one whole.

    Example: dispatch network standards
    """
    from dispatch.io.run_folder import json_text
    from dispatch.report import statics as report
    from dispatch.report import statics_terminal, terminal
    from dispatch.statics.standards import shipped
    from dispatch.statics.standards import standard as find_standard

    chosen = shipped() if name is None else [find_standard(name)]
    if as_json:
        sys.stdout.write(json_text({found.name: report.standard_document(found) for found in chosen}))
    elif name is None:
        statics_terminal.print_standards(terminal.console(), chosen)
    else:
        terminal.print_summary(terminal.console(), name, statics_terminal.standard_summary(chosen[0]))


def _limits(text: str) -> tuple[float, ...]:
    """Return the seconds of a list of minutes; raises UsageError for anything else."""
    parts = [part.strip() for part in text.replace("，", ",").split(",") if part.strip()]
    try:
        minutes = [float(part) for part in parts]
    except ValueError:
        minutes = []
    if not minutes or not all(math.isfinite(m) and 0 < m <= 10_000 for m in minutes):
        message = f"--minutes {text}: not a list of minutes above 0."
        raise UsageError(message, hint="Write 4,8 for instance.")
    return tuple(sorted({minute * 60.0 for minute in minutes}))


def _check_output(out: Path | None, inputs: Iterable[Path], *, as_json: bool, as_csv: bool) -> None:
    """Refuse what cannot be written before anything is computed."""
    refuse_both(as_json=as_json, as_csv=as_csv)
    if out is None:
        return
    from dispatch.statics.drawing import check_ending

    check_ending(out)
    check_target(out, inputs)


def _need_scenario(named: Path) -> None:
    """Refuse a network where a scenario is needed."""
    under = Path("networks") / named
    if os.path.isdir(named) or (not os.path.exists(named) and os.path.isdir(under)):
        message = f"{named}: is a folder; coverage needs a scenario, which has stations, units and demand."
        hint = (
            "Name a scenario file; 'dispatch network import FILE -o DIR --scenario FILE' writes a first one."
        )
        raise UsageError(message, hint=hint)


def _scenario(target: Path, speeds: str | None) -> Scenario | None:
    """Return the scenario in a file, None where the target is not a file."""
    if not os.path.isfile(target) and target.suffix.lower() not in (".yaml", ".yml"):
        if speeds is not None:
            message = f"--speeds {speeds}: a network has one set of speeds."
            raise UsageError(message, hint="Name a scenario.")
        return None
    from dispatch.study.opening import load

    return load(target, speeds=speeds)


def _moment(scenario: Scenario | None, at: str | None) -> float | None:
    """Return the seconds from the start to the moment asked for, None where none was."""
    if at is None:
        return None
    if scenario is None:
        message = f"--at {at}: the roads of a network alone never change."
        raise UsageError(message, hint="Name a scenario.")
    return moment_of(at, scenario)


def _notes(scenario: Scenario | None, network: Network, moment: float | None) -> tuple[str, ...]:
    """Return what a reader of an isochrone should know."""
    from dispatch.statics.reach import closures_note

    if scenario is None:
        return tuple(network.notes[len(network.meta.notes) :])
    return (*scenario.notes, *closures_note(scenario, moment))


def _network(target: Path) -> Network:
    from dispatch.roads.network import load_network

    return load_network(network_folder(target))


def _starts(scenario: Scenario | None, network: Network, layout: str, asked: list[str] | None) -> list[Start]:
    from dispatch.statics.isochrone import Start, find_start, find_station

    if scenario is None:
        if layout != "baseline":
            message = f"--layout {layout}: a network has no layouts."
            raise UsageError(message, hint="Name a scenario.")
        if not asked:
            message = "A network alone has no stations."
            raise UsageError(message, hint='Give --station with a node id or "lon,lat", or name a scenario.')
        return [find_start(network, name) for name in dict.fromkeys(asked)]
    if layout not in scenario.layouts:
        message = f"no layout '{layout}' in scenario '{scenario.name}'."
        raise UsageError(message, hint=did_you_mean(layout, scenario.layouts))
    if asked:
        return list(dict.fromkeys(find_station(scenario, layout, name) for name in asked))
    return [Start(site.id, site.node, site.title) for site in scenario.layouts[layout].sites]


def _isochrone(
    scenario: Scenario | None,
    network: Network,
    starts: list[Start],
    limits: tuple[float, ...],
    width: float,
    layout: str,
    moment: float | None,
) -> Isochrone:
    from dispatch.statics.coverage import road_km
    from dispatch.statics.isochrone import isochrone as reached
    from dispatch.statics.reach import reach_of

    if scenario is None:
        return reached(network, starts, limits, width_m=width)
    conditions = None if moment is None else scenario.roads.at(moment)
    reach = reach_of(scenario, scenario.layouts[layout], conditions)
    return reached(
        reach.network,
        starts,
        limits,
        width_m=width,
        demand=scenario.demand_by_node.sum(axis=0),
        travel=reach.fleet.travel,
        of_km=road_km(network),
    )


def _write_csv(rows: list[dict[str, Any]]) -> None:
    from dispatch.io.tables import csv_text

    sys.stdout.write(csv_text({key: [row[key] for row in rows] for key in rows[0]}))


def _say(notes: Iterable[str], out: Path | None) -> None:
    """Tell on stderr what a reader of the result should know, and where a map was written."""
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    if out is not None:
        typer.echo(f"wrote {out}", err=True)
