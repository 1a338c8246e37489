"""Command ``grade``: accident class, government response and alarm level of what is reported."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dispatch.cli.options import AsJson
from dispatch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatch.model.alarms import ScaleName
    from dispatch.scenario.grading import Base

MOST_PEOPLE = 10_000_000
SCENES = (
    "Class of the scene. Fire: small-ordinary, large-ordinary, high-rise, underground, crowded, flammable, "
    "larger, large. Rescue: minor, serious, small-leak, major, large-leak."
)

Loss = Annotated[
    str | None,
    typer.Option("--loss", metavar="YUAN", help="Direct loss: 10000000, '1000万', '0.1亿' or '10 M'."),
]
Level = Annotated[
    int | None, typer.Option("--level", min=1, max=5, help="Level of the type's first alarm; else 1.")
]
MostUplift = Annotated[
    int | None, typer.Option("--most-uplift", min=0, max=4, help="Most levels that uplifts add; else 1.")
]


def grade(
    *,
    dead: Annotated[int | None, typer.Option("--dead", min=0, max=MOST_PEOPLE, help="People dead.")] = None,
    injured: Annotated[
        int | None, typer.Option("--injured", min=0, max=MOST_PEOPLE, help="People seriously injured.")
    ] = None,
    trapped: Annotated[
        int | None, typer.Option("--trapped", min=0, max=MOST_PEOPLE, help="People trapped.")
    ] = None,
    loss: Loss = None,
    scene: Annotated[str | None, typer.Option("--scene", metavar="CLASS", help=SCENES)] = None,
    fire: Annotated[bool, typer.Option("--fire", help="Give the fire alarm level, 1 to 5.")] = False,
    rescue: Annotated[bool, typer.Option("--rescue", help="Give the rescue alarm level, 1 to 4.")] = False,
    level: Level = None,
    night: Annotated[bool, typer.Option("--night", help="Uplift: at night.")] = False,
    high_risk: Annotated[bool, typer.Option("--high-risk", help="Uplift: in a high-risk zone.")] = False,
    dry_hydrants: Annotated[bool, typer.Option("--dry-hydrants", help="Uplift: hydrants are dry.")] = False,
    key_unit: Annotated[bool, typer.Option("--key-unit", help="Uplift: a key unit, as a school.")] = False,
    weather: Annotated[bool, typer.Option("--weather", help="Uplift: bad weather.")] = False,
    most_uplift: MostUplift = None,
    as_json: AsJson = False,
) -> None:
    """Grade what is reported: accident class, government response, alarm level, and why.

    Dead, injured and loss give class and response; --fire or --rescue asks for the alarm level, too.

    Example: dispatch grade --dead 3 --injured 12 --loss "10 M" --fire --trapped 3 --scene high-rise --night
    """
    uplifts = {"night": night, "risk": high_risk, "dry_hydrants": dry_hydrants, "key_unit_nodes": key_unit,
               "weather": weather}  # fmt: skip
    of_levels = {"--trapped": trapped, "--scene": scene, "--level": level, "--night": night,
                 "--high-risk": high_risk, "--dry-hydrants": dry_hydrants, "--key-unit": key_unit,
                 "--weather": weather, "--most-uplift": most_uplift}  # fmt: skip
    figures = {"dead": dead, "seriously_injured": injured, "loss": _yuan(loss)}
    scale_name = _scale(of_levels, fire=fire, rescue=rescue)
    if scale_name is None and all(value is None for value in figures.values()):
        message = "nothing to grade."
        raise UsageError(message, hint="Give --dead, --injured or --loss, or ask with --fire or --rescue.")
    from dispatch.io.run_folder import json_text
    from dispatch.model.alarms import Report
    from dispatch.report import grading, terminal
    from dispatch.scenario.grading import Reason, accident_class, first_level, scale

    said = {**figures, "trapped": trapped, "scene": scene}
    accident = accident_class(dead, injured, figures["loss"])
    chosen = None if scale_name is None else scale(scale_name)
    graded = None
    if chosen is not None:
        given = {key: value for key, value in said.items() if value is not None}
        facts = [Reason(code, adds=1) for code, holds in uplifts.items() if holds]
        most = 1 if most_uplift is None else most_uplift
        report = Report(**given) if given else None
        first = _on_scale(level, chosen.top)
        base: Base = "lowest" if level is None else "type"
        graded = first_level(chosen, report, first, facts, most, base=base)
    told = grading.Told(said, accident, chosen, graded)
    if as_json:
        sys.stdout.write(json_text(grading.grading_document(told)))
    else:
        grading.print_grading(terminal.console(), told)


def _yuan(loss: str | None) -> float | None:
    """Return a loss in yuan; raises UsageError for what is no money."""
    from dispatch.model.alarms import parse_money

    try:
        return None if loss is None else parse_money(loss)
    except ValueError as error:
        fact, _, remedy = str(error).partition(" | ")
        message = f"--loss: {fact}."
        raise UsageError(message, hint=remedy) from None


def _scale(of_levels: Mapping[str, Any], *, fire: bool, rescue: bool) -> ScaleName | None:
    """Return the scale that is asked for; raises UsageError for both, or for options that need one."""
    if fire and rescue:
        message = "--fire and --rescue cannot be asked for both."
        raise UsageError(message, hint="Choose one.")
    given = [option for option, value in of_levels.items() if value is not None and value is not False]
    if given and not (fire or rescue):
        verb = "says" if len(given) == 1 else "say"
        message = f"{', '.join(given)} {verb} something of an alarm level only."
        raise UsageError(message, hint="Add --fire or --rescue.")
    return "fire" if fire else "rescue" if rescue else None


def _on_scale(level: int | None, top: int) -> int:
    if level is not None and level > top:
        message = f"--level {level}: the scale ends at {top}."
        raise UsageError(message, hint=f"Give a level from 1 to {top}.")
    return level or 1
