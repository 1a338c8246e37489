"""Commands about supplies: items, rates, need, list."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatch.cli.options import AsCsv, AsJson, ScenarioPath, refuse_both
from dispatch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from dispatch.model.supplies import Item
    from dispatch.scenario.physics import CoolingNeed

app = typer.Typer(name="supplies", no_args_is_help=True)

Neighbours = Annotated[
    int | None,
    typer.Option("--neighbours", min=0, max=100, help="Tanks of the same size to be cooled; else 0."),
]
Density = Annotated[
    float, typer.Option("--density", min=0.1, max=25.0, help="Weight of the concentrate, in kg/l.")
]


@app.callback()
def supplies() -> None:
    """Look at items, at what a tank fire takes, and at the depots of a scenario.

    Example: dispatch supplies items
    """


@app.command("items")
def supplies_items(
    scenario: Annotated[
        Path | None,
        typer.Argument(metavar="[SCENARIO]", help="Scenario with items; the catalogue alone if left out."),
    ] = None,
    *,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List the items that depots and needs may name: unit, weight, volume, code.

    Example: dispatch supplies items
    """
    refuse_both(as_json=as_json, as_csv=as_csv)
    from dispatch.report import supplying as report
    from dispatch.scenario.items import shipped_items

    own: dict[str, Item] = {}
    if scenario is not None:
        from dispatch.study.opening import load

        own = dict(load(scenario).file.items)
    rows = report.item_rows(shipped_items() | own, own)
    _write(rows, lambda out: report.print_items(out, rows), as_json=as_json, as_csv=as_csv)


@app.command("rates")
def supplies_rates(*, as_json: AsJson = False, as_csv: AsCsv = False) -> None:
    """List application rates with their sources.

    Example: dispatch supplies rates
    """
    refuse_both(as_json=as_json, as_csv=as_csv)
    from dispatch.report import supplying as report
    from dispatch.scenario.items import shipped_rates

    rates = shipped_rates()
    rows = report.rate_rows(rates)
    _write(rows, lambda out: report.print_rates(out, rows, rates.source), as_json=as_json, as_csv=as_csv)


@app.command("need")
def supplies_need(
    *,
    tank: Annotated[
        str | None, typer.Option("--tank", metavar="LENGTH", help="Diameter of a tank, such as 40m.")
    ] = None,
    area: Annotated[
        str | None, typer.Option("--area", metavar="AREA", help="Burning surface instead, such as '1257 m2'.")
    ] = None,
    application: Annotated[
        str, typer.Option("--application", metavar="RATE", help="Solution, such as '6.5 l/min/m2'.")
    ],
    concentration: Annotated[
        str, typer.Option("--concentration", metavar="SHARE", help="Of the concentrate, such as '6 %'.")
    ],
    lasts: Annotated[str, typer.Option("--for", metavar="TIME", help="How long, such as 65min.")],
    cooling: Annotated[
        str | None,
        typer.Option("--cooling", metavar="RATE", help="Water on the tank's shell, such as '0.8 l/s/m'."),
    ] = None,
    neighbours: Neighbours = None,
    theirs: Annotated[
        str | None,
        typer.Option(
            "--neighbour-cooling",
            metavar="RATE",
            help="Water on the facing half of each neighbour's shell; else 0.7 l/s/m.",
        ),
    ] = None,
    density: Density = 1.0,
    payload: Annotated[
        str | None,
        typer.Option("--payload", metavar="WEIGHT", help="Count trucks that carry so much, such as '10 t'."),
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Work out what a foam attack takes: solution, concentrate, flow, cooling water, trucks.

    Example: dispatch supplies need --tank 40m --application "6.5 l/min/m2" --concentration "6 %" --for 65min
    """
    refuse_both(as_json=as_json, as_csv=as_csv)
    from dispatch.model.amounts import parse_application, parse_share
    from dispatch.report import supplying as report
    from dispatch.scenario.physics import foam_need

    diameter, surface = _surface(tank, area)
    attack = foam_need(
        surface,
        _read("--application", application, parse_application),
        _read("--concentration", concentration, parse_share),
        _seconds(lasts),
        density,
    )
    cooled = _cooling(diameter, cooling, neighbours, theirs)
    document = report.need_document(attack, diameter, cooled, _payload(payload))
    _write(document, lambda out: report.print_need(out, document), as_json=as_json, as_csv=as_csv)


@app.command("list")
def supplies_list(
    scenario: ScenarioPath,
    *,
    layout: Annotated[str, typer.Option("--layout", "-l", metavar="NAME", help="Layout.")] = "baseline",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """List depots with stock and trucks, what calls need against it, and how far injected calls are.

    Example: dispatch supplies list scenarios/lz-petro-tank.yaml
    """
    refuse_both(as_json=as_json, as_csv=as_csv)
    from dispatch.report import supplying as report
    from dispatch.statics.supplying import survey_supplies
    from dispatch.study.opening import load

    found = survey_supplies(load(scenario), layout)
    told = report.stock_rows(found) if as_csv else report.survey_document(found)
    _write(told, lambda out: report.print_survey(out, found), as_json=as_json, as_csv=as_csv)


def _write(told: Any, show: Callable[[Console], None], *, as_json: bool, as_csv: bool) -> None:
    """Print what is told, a mapping or rows of plain values, as JSON or CSV, or show it to people."""
    if as_json:
        from dispatch.io.run_folder import json_text

        sys.stdout.write(json_text(told))
    elif as_csv:
        from dispatch.io.tables import csv_text
        from dispatch.report.supplying import flat

        rows = told if isinstance(told, list) else [flat(told)]
        sys.stdout.write(csv_text({key: [row[key] for row in rows] for key in rows[0]} if rows else {}))
    else:
        from dispatch.report import terminal

        show(terminal.console())


def _read(option: str, text: str, parse: Callable[[Any], float]) -> float:
    """Return the value of an option; raises UsageError for what cannot be read."""
    try:
        return parse(text)
    except ValueError as error:
        fact, _, remedy = str(error).partition(" | ")
        message = f"{option}: {fact}."
        raise UsageError(message, hint=remedy) from None


def _or_number(parse: Callable[[Any], float]) -> Callable[[str], float]:
    """Return what reads a text that may be a plain number, as files have them: metres, seconds."""
    return lambda text: parse(float(text) if _NUMBER.fullmatch(text.strip()) else text)


_NUMBER = re.compile(r"\d{1,12}(\.\d*)?", re.ASCII)


def _surface(tank: str | None, area: str | None) -> tuple[float | None, float]:
    """Return the diameter of a tank, None where there is only a surface, and the surface in m²."""
    from dispatch.model.amounts import parse_area
    from dispatch.model.base import parse_length
    from dispatch.scenario.physics import circle

    if (tank is None) == (area is None):
        message = "a surface has one size."
        raise UsageError(message, hint="Give either --tank or --area.")
    if area is not None:
        return None, _read("--area", area, parse_area)
    diameter = _read("--tank", tank or "", _or_number(parse_length))
    return diameter, circle(diameter)


def _seconds(text: str) -> float:
    from dispatch.model.base import parse_duration

    seconds = _read("--for", text, _or_number(parse_duration))
    if seconds <= 0.0:
        message = f"--for {text}: nothing is applied in no time."
        raise UsageError(message, hint="Give a time such as 65min.")
    return seconds


def _cooling(
    diameter: float | None, cooling: str | None, neighbours: int | None, theirs: str | None
) -> CoolingNeed | None:
    """Return the cooling that is asked for, None without any."""
    from dispatch.model.amounts import parse_line_application
    from dispatch.scenario.items import shipped_rates
    from dispatch.scenario.physics import cooling_need

    if cooling is None:
        if neighbours is not None or theirs is not None:
            message = "--neighbours and --neighbour-cooling say something of cooling only."
            raise UsageError(message, hint="Add --cooling.")
        return None
    if diameter is None:
        message = "--cooling needs the size of a tank."
        raise UsageError(message, hint="Give --tank instead of --area.")
    own = _read("--cooling", cooling, parse_line_application)
    half = shipped_rates().rates["cooling-neighbour"].cooling or 0.0
    if theirs is not None:
        half = _read("--neighbour-cooling", theirs, parse_line_application)
    return cooling_need(diameter, own, neighbours or 0, half)


def _payload(text: str | None) -> float | None:
    """Return kilograms."""
    from dispatch.model.amounts import parse_amount

    if text is None:
        return None

    def weight(value: str) -> float:
        amount = parse_amount(value)
        if amount.unit != "kg" or amount.value <= 0.0:
            message = f"'{value}' is not a weight above 0 | Write one such as '10 t'."
            raise ValueError(message)
        return amount.value

    return _read("--payload", text, weight)
