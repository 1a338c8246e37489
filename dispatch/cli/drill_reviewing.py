"""Command ``drill review``: a look back on a played exercise."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatch.cli.drill_playing import DRILL, SESSION
from dispatch.cli.finding import check_target
from dispatch.cli.options import AsJson
from dispatch.cli.reporting import Language
from dispatch.errors import UsageError

if TYPE_CHECKING:
    from dispatch.drills.drill import Drill
    from dispatch.drills.session import State

FILES = (".html", ".htm", ".md", ".markdown", ".xlsx")
"""Endings of single files; another name is that of a folder with all of them."""


def review(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Folder of the exercise, or its file.", show_default=False),
    ],
    *,
    session: Annotated[
        Path | None, typer.Option("--session", metavar="FILE", help="Record of the play; DIR/session.jsonl.")
    ] = None,
    model: Annotated[
        bool, typer.Option("--model", help="Look at the model's own play instead of a session.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="PATH", show_default=False,
            help="Write the report: .html, .md, .xlsx, or a folder with all three.",
        ),
    ] = None,
    lang: Annotated[
        Language, typer.Option("--lang", help="Language; an HTML file holds both and begins with it.")
    ] = Language.EN,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Look back on a played exercise: the after-action report, and what the model would have done.

    Example: dispatch drill review out/exercise -o out/aar.html --lang zh
    """
    file = folder / DRILL if folder.is_dir() else folder
    record = session or (folder / SESSION if folder.is_dir() else file.with_suffix(".session.jsonl"))
    if model and session is not None:
        message = "--model: looks at no session."
        raise UsageError(message, hint="Leave --session out.")
    _check(out, [file, record])
    from dispatch.drills.after_action import briefing, document
    from dispatch.drills.drill import read_drill
    from dispatch.drills.reviewing import model_state
    from dispatch.drills.reviewing import review as reviewed
    from dispatch.report.words import Words

    drill = read_drill(file)
    found = reviewed(drill, model_state(drill) if model else _state(drill, record))
    told, words = briefing(found), Words(lang.value)
    if as_json:
        from dispatch.io.run_folder import json_text

        sys.stdout.write(json_text(document(found)))
    else:
        from dispatch.report.briefed import print_briefing
        from dispatch.report.terminal import console

        print_briefing(console(), told, words)
    sys.stdout.flush()
    if out is not None:
        from dispatch.report.drill_review import write_review

        write_review(out, told, words)
        typer.echo(f"wrote {out}", err=True)


def _check(out: Path | None, inputs: list[Path]) -> None:
    """Raise UsageError where a report would take the place of something else."""
    from dispatch.io.whole_folders import check_listed
    from dispatch.report.drill_review import LIST

    if out is None:
        return
    if out.suffix.lower() in FILES:
        check_target(out, inputs)
        return
    if out.suffix and not out.is_dir():
        message = f"--out {out}: not a report by its name."
        raise UsageError(message, hint=f"Let it end in {', '.join(FILES)}, or name a folder.")
    check_listed(out, LIST)


def _state(drill: Drill, record: Path) -> State:
    """Return what a session of an exercise comes to."""
    from dispatch.drills.outcome import check_same
    from dispatch.drills.session import folded, read_session

    records, notes = read_session(record)
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    state = folded(records)
    check_same(drill, state)
    return state
