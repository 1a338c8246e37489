"""Command ``drill play``: an exercise against the clock, with the players' orders."""

from __future__ import annotations

import sys
from contextlib import ExitStack, closing
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatch.cli.ending import EXIT_STOPPED
from dispatch.cli.finding import check_target
from dispatch.cli.reporting import Language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatch.cli.drill_desk import Wall
    from dispatch.drills.drill import Drill
    from dispatch.drills.order_files import GivenOrder
    from dispatch.drills.playing import Play
    from dispatch.drills.serving import Server
    from dispatch.drills.session import Session
    from dispatch.engine.log import Log
    from dispatch.report.words import Words

DRILL, SESSION = "drill.yaml", "session.jsonl"
"""Names in the folder of an exercise."""


class Silent(StrEnum):
    """Who sends units when the players do not."""

    ADVICE = "advice"
    NOTHING = "nothing"


def play(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Folder of the exercise, or its file.", show_default=False),
    ],
    *,
    scale: Annotated[
        str | None,
        typer.Option("--scale", metavar="X", help="Seconds of play in a second, or max."),
    ] = None,
    session: Annotated[
        Path | None, typer.Option("--session", metavar="FILE", help="Record of the play; DIR/session.jsonl.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a session.")] = False,
    headless: Annotated[
        bool, typer.Option("--headless", help="Nobody types; entries given by hand come at their moments.")
    ] = False,
    orders: Annotated[
        Path | None,
        typer.Option("--orders", metavar="FILE", help="Orders, such as 'T+12:00 send E1 to f1', or JSON."),
    ] = None,
    listen: Annotated[
        int | None,
        typer.Option(
            "--listen", metavar="PORT", min=0, max=65535,
            help="Take JSON lines of other programs of this machine; 0 for any free port, which is told.",
        ),
    ] = None,
    silent: Annotated[
        Silent | None, typer.Option("--silent", help="Who sends units when players do not; else the file's.")
    ] = None,
    controller: Annotated[
        bool, typer.Option("--controller", help="Show what is to come, also of an unscripted exercise.")
    ] = False,
    replay: Annotated[
        Path | None, typer.Option("--replay", metavar="SESSION", help="Only work a session's log out again.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the log in the end, as text.")
    ] = None,
    lang: Annotated[
        Language, typer.Option("--lang", help="Language of the board, of what is told, and of answers.")
    ] = Language.EN,
    as_json: Annotated[bool, typer.Option("--json", help="Print what happens as lines of JSON.")] = False,
) -> None:  # fmt: skip
    """Play an exercise: its clock runs, its script is delivered, and what players order is done.

    Example: dispatch drill play drills/tank --headless --scale max
    """
    file = folder / DRILL if folder.is_dir() else folder
    record = session or (folder / SESSION if folder.is_dir() else file.with_suffix(".session.jsonl"))
    if out is not None:
        check_target(out, [path for path in (file, record, orders, replay) if path is not None])
    from dispatch.cli.drill_desk import Wall, check_keys
    from dispatch.drills.drill import read_drill
    from dispatch.drills.order_files import read_orders
    from dispatch.drills.playing import Play
    from dispatch.report.words import Words

    if not headless and replay is None:
        check_keys()
    pace = None if scale is None else _pace(scale)
    drill = read_drill(file)
    if replay is not None:
        _replay(drill, replay, out)
        return
    steered = not headless or listen is not None
    given = [] if orders is None else read_orders(orders, drill, steered=steered)
    with ExitStack() as stack:
        server = None if listen is None else stack.enter_context(closing(_server(listen)))
        opened = stack.enter_context(closing(_session(record, resume=resume)))
        who = None if silent is None else silent.value
        wall, words = Wall(), Words(lang.value)
        started = Play(
            drill, opened, wall.now(), scale=pace, silent=who, attended=not headless, say=words.say
        )
        _schedule(started, given)
        try:
            deserted = _run(
                started, wall, words, headless=headless, server=server, as_json=as_json,
                controller=controller,
            )  # fmt: skip
        except KeyboardInterrupt:
            typer.echo(f"stopped; go on with --resume --session {record}", err=True)
            _tell_unwritten(out)
            raise typer.Exit(EXIT_STOPPED) from None
        if deserted:
            typer.echo("the clock stands, and nobody is there who could let it go on.", err=True)
        _end(started, words, folder, record, out)
        if deserted:
            raise typer.Exit(EXIT_STOPPED)


def _pace(scale: str) -> float:
    from dispatch.drills.orders import rescale

    return float(rescale(scale).values["scale"])


def _server(port: int) -> Server:
    from dispatch.drills.serving import Server

    return Server(port)


def _session(record: Path, *, resume: bool) -> Session:
    from dispatch.drills.session import Session

    opened = Session.resume(record) if resume else Session.begin(record)
    for note in opened.notes:
        typer.echo(f"note: {note}", err=True)
    return opened


def _schedule(play: Play, given: Sequence[GivenOrder]) -> None:
    """Let orders of a file be given at their times, telling those whose time is past and that were not."""
    from dispatch.report.drill_board import play_clock

    for order in given:
        if not play.schedule(order.at, order.given, order.source):
            told = f"{order.source}: {play_clock(order.at)} is past, and the session has nothing of this line"
            typer.echo(f"note: {told}; it is left out.", err=True)


def _run(
    play: Play,
    wall: Wall,
    words: Words,
    *,
    headless: bool,
    server: Server | None,
    as_json: bool,
    controller: bool,
) -> bool:
    """Let the exercise run, with whoever may give orders; return whether it stands with nobody there."""
    from dispatch.cli.drill_desk import Desk

    if server is not None:
        typer.echo(f"listening on 127.0.0.1:{server.port}", err=True)
        sys.stderr.flush()
    sees = controller or not play.drill.file.unscripted
    desk = Desk(play, wall, words, as_json=as_json, controller=sees, server=server, typing=not headless)
    desk.run(with_board=sys.stdout.isatty() and not headless and not as_json)
    return desk.deserted


def _tell_unwritten(out: Path | None) -> None:
    if out is not None:
        typer.echo(f"{out} was not written: the exercise has not ended.", err=True)


def _end(play: Play, words: Words, folder: Path, record: Path, out: Path | None) -> None:
    """Say how it goes on: with a review after ENDEX, or with the session later."""
    from dispatch.report.drill_board import play_clock
    from dispatch.report.drill_news import closing_lines

    if not play.over:
        typer.echo(f"left at {play_clock(play.now)}; go on with --resume --session {record}", err=True)
        _tell_unwritten(out)
        return
    if out is not None:
        _write(out, play.drill, play.log)
    verdicts = [each.verdict(play.now, play.drill.file.lasts) for each in play.expected()]
    again = f"dispatch drill review {folder} --session {record}"
    for line in closing_lines(play.now, verdicts, again, words):
        typer.echo(line, err=True)


def _replay(drill: Drill, session: Path, out: Path | None) -> None:
    """Work the log of a session out again, from its records alone."""
    from dispatch.drills.outcome import check_same, played
    from dispatch.drills.session import folded, read_session

    records, notes = read_session(session)
    for note in notes:
        typer.echo(f"note: {note}", err=True)
    state = folded(records)
    check_same(drill, state)
    log = played(drill, state)
    if out is None:
        sys.stdout.write(log_text(drill, log))
    else:
        _write(out, drill, log)


def log_text(drill: Drill, log: Log) -> str:
    """Return the log of an exercise as text that people and ``diff`` can read."""
    from dispatch.regression.events import events_of
    from dispatch.regression.golden import Golden, golden_text, rounded

    about = {"exercise": drill.file.title, "scenario": drill.base.name, "layout": drill.file.layout}
    return golden_text(Golden(rounded(events_of(log))), about)


def _write(out: Path, drill: Drill, log: Log) -> None:
    from dispatch.io.whole_files import write_text_whole

    write_text_whole(out, log_text(drill, log))
    typer.echo(f"wrote {out}", err=True)
