"""The command ``check``: scripted regression."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from dispatch.cli.ending import EXIT_STOPPED, complain
from dispatch.cli.finding import check_target
from dispatch.cli.options import AsJson, Jobs
from dispatch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dispatch.regression.cases import Case
    from dispatch.regression.outcomes import CheckResult

PAGES = (".html", ".md")


@dataclass(frozen=True, slots=True)
class Manner:
    """How to check, and how to tell of it."""

    jobs: int
    update: bool
    exit_first: bool
    verbose: bool
    quiet: bool
    as_json: bool
    begun: float = field(default_factory=perf_counter)


def check(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Folders, scenarios or expectations files; PATH::ID for some of a case.",
            show_default=False,
        ),
    ],
    *,
    select: Annotated[
        str | None,
        typer.Option("-k", metavar="EXPR", help="Only what matches: words with and, or, not, parentheses."),
    ] = None,
    jobs: Jobs = 1,
    update: Annotated[
        bool, typer.Option("--update", help="Rewrite broken '==' values and golden logs to what is observed.")
    ] = False,
    exit_first: Annotated[
        bool, typer.Option("--exitfirst", "-x", help="Stop after the first case with something broken.")
    ] = False,
    collect_only: Annotated[
        bool, typer.Option("--collect-only", help="List what would be checked, and stop.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print a line an assertion.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only what is broken.")] = False,
    as_json: AsJson = False,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML for CI servers.")
    ] = None,
    report: Annotated[
        list[Path] | None,
        typer.Option(
            "--report", metavar="FILE", help="Write what moved as a page: .html or .md. Repeatable."
        ),
    ] = None,
) -> None:
    """Check scenarios against what is expected of them; exit code 1 if an expectation is broken.

    A case is a scenario with a file <case>.expected.yaml beside it. Where there is none, it is written from
    what is observed, and fails until somebody has reviewed it.

    Example: dispatch check scenarios/regression --junit report.xml
    """
    from dispatch.regression.reading import collect

    cases, deselected = _chosen(collect(paths), select)
    _check_targets(junit, report or [])
    if collect_only:
        _list(cases, as_json=as_json)
        return
    manner = Manner(jobs, update, exit_first, verbose, quiet, as_json)
    result = _checked(cases, manner)
    result.deselected = deselected
    _show(result, manner)
    _write(result, junit, report or [])
    if result.interrupted:
        raise typer.Exit(EXIT_STOPPED)
    raise typer.Exit(result.exit_code)


def _chosen(cases: list[Case], expression: str | None) -> tuple[list[Case], int]:
    """Return the cases with the assertions that are asked for, and how many are not."""
    from dispatch.regression.cases import select
    from dispatch.regression.selection import parse

    chosen, left_out = select(cases, parse(expression or "").matches)
    if not chosen:
        asked = f"-k {expression}" if expression else "the ids"
        message = f"{asked}: none of {left_out} assertions is meant."
        raise UsageError(message, hint="--collect-only lists their ids.")
    return chosen, left_out


def _list(cases: Iterable[Case], *, as_json: bool) -> None:
    """Print the ids of what would be checked; cases that cannot be read are told, and end with their code."""
    from dispatch.io.run_folder import json_text

    broken = [case.error for case in cases if case.error is not None]
    ids = [assertion.id for case in cases for assertion in case.assertions]
    typer.echo(json_text(ids) if as_json else "\n".join(ids), nl=not as_json)
    for error in broken:
        complain(error)
    if broken:
        raise typer.Exit(max(error.exit_code for error in broken))


def _check_targets(junit: Path | None, reports: list[Path]) -> None:
    """Refuse files to write that cannot be, before anything is simulated; inputs never have such endings."""
    wanted = [(report, PAGES) for report in reports]
    for target, endings in wanted if junit is None else [(junit, (".xml",)), *wanted]:
        if target.suffix.lower() not in endings:
            message = f"{target}: is written with the ending {' or '.join(endings)}."
            raise UsageError(message, hint="Name such a file.")
        check_target(target, ())


def _checked(cases: list[Case], manner: Manner) -> CheckResult:
    """Check cases, with a line a case on the way."""
    from dispatch.regression.checking import check
    from dispatch.report import checks, terminal

    total = sum(len(case.assertions) for case in cases)
    progress = checks.Progress(terminal.console(), total, verbose=manner.verbose, quiet=manner.quiet)
    return check(
        cases,
        update=manner.update,
        jobs=manner.jobs,
        exit_first=manner.exit_first,
        listener=None if manner.as_json else progress,
    )


def _show(result: CheckResult, manner: Manner) -> None:
    """Print what came of it."""
    from dispatch.io.run_folder import json_text
    from dispatch.report import checks, terminal

    if manner.as_json:
        sys.stdout.write(json_text(checks.check_document(result)))
    else:
        checks.print_summary(terminal.console(), result, perf_counter() - manner.begun, quiet=manner.quiet)
    sys.stdout.flush()


def _write(result: CheckResult, junit: Path | None, reports: list[Path]) -> None:
    """Write the files that were asked for."""
    from dispatch.io.whole_files import write_text_whole
    from dispatch.report.check_pages import check_html, check_markdown
    from dispatch.report.junit import junit_text

    if junit is not None:
        write_text_whole(junit, junit_text(result))
        typer.echo(f"wrote {junit}", err=True)
    for report in reports:
        page = check_html if report.suffix.lower() == ".html" else check_markdown
        write_text_whole(report, page(result))
        typer.echo(f"wrote {report}", err=True)
