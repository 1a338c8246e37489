"""The application: its commands, and how it starts and ends."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated

import typer

from dispatch import interrupts
from dispatch.cli import (
    boards,
    checking,
    drilling,
    explaining,
    grading,
    networks,
    planning,
    repeating,
    reporting,
    studies,
    supplying,
)
from dispatch.cli.ending import EXIT_BUG, EXIT_INTERRUPTED, EXIT_STOPPED, complain
from dispatch.errors import DispatchError, UsageError

app = typer.Typer(
    name="dispatch",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    studies.validate,
    studies.run,
    studies.compare,
    boards.board,
    checking.check,
    repeating.diff,
    repeating.rerun,
    explaining.explain,
    reporting.report,
    grading.grade,
    studies.schema,
):
    app.command()(command)
app.add_typer(networks.app)
app.add_typer(planning.app)
app.add_typer(supplying.app)
app.add_typer(drilling.app)


def _version(*, value: bool) -> None:
    if value:
        from importlib.metadata import version

        typer.echo(f"dispatch {version('dispatch')}")
        raise typer.Exit


@app.callback()
def main(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda value: _version(value=value),
            is_eager=True,
            help="Print the version.",
        ),
    ] = False,
) -> None:
    """Judge station layouts before they are built: simulate incidents, units and roads.

    Example: dispatch compare scenarios/lanzhou-plan-2020.yaml baseline plan-2020 -r 10
    """


def run_cli(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code.

    0 ok, 1 not as expected, 2 bad input, 4 a policy at fault, 70 our bug.
    """
    given = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in given
    given = [word for word in given if word != "--debug"]  # so that it may stand anywhere
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without our characters shows others
    try:
        app(given, standalone_mode=True)
    except DispatchError as error:
        if debug:
            raise
        complain(error)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code == EXIT_INTERRUPTED:
            typer.echo("stopped before anything was finished.", err=True)
        sys.exit(EXIT_INTERRUPTED if end.code == EXIT_STOPPED else end.code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left; nothing is wrong
        sys.exit(0)
    except OSError as error:
        if debug:
            raise
        typer.echo(f"The output cannot be written: {error.strerror or error}.", err=True)
        sys.exit(UsageError.exit_code)
    except Exception as error:
        if debug:
            raise
        sys.exit(_surprised_by(error))


def _surprised_by(error: Exception) -> int:
    """Tell of an error that nobody foresaw and return the exit code."""
    if interrupts.pressed():  # a library may wrap what interrupted it
        typer.echo("stopped before anything was finished.", err=True)
        return EXIT_INTERRUPTED
    typer.echo(f"A bug of dispatch: {type(error).__name__}: {error}", err=True)
    typer.echo("Please report it with the scenario; --debug before the command shows where it is.", err=True)
    return EXIT_BUG
