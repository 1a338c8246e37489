"""The desk of an exercise: the loop that lets the clock go on while people type and programs send."""

from __future__ import annotations

import codecs
import importlib
import json
import os
import select
import sys
import time
from collections import deque
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from dispatch.drills.picture import picture
from dispatch.errors import UsageError
from dispatch.report.drill_board import board
from dispatch.report.drill_news import lines_of

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from rich.live import Live

    from dispatch.drills.playing import Play
    from dispatch.drills.serving import Server
    from dispatch.report.words import Words

TICK = 0.25
"""Seconds on the wall after which the board is drawn anew at the latest."""

LONGEST = 3600.0
"""Seconds on the wall that are waited for at a time."""

NEWS = 200
"""Lines of news that the board keeps."""

ESCAPE, DELETE = "\x1b", ("\x7f", "\b")


class Wall:
    """The clock on the wall, which neither being set nor a sleep of the machine takes forward or back."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Return seconds since 1970."""
        return time.monotonic() + self._offset


class Keys:
    """What is typed on a terminal: bytes become a line that is being edited, and lines that are finished."""

    def __init__(self) -> None:
        self.line = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._given: list[str] = []
        self._back = 0
        self._sequence = ""

    def feed(self, data: bytes) -> list[str]:
        """Take bytes; return the lines that they finish."""
        finished: list[str] = []
        for key in self._decoder.decode(data):
            if self._sequence or key == ESCAPE:
                self._escape(key)
            elif key in "\r\n":
                if self.line.strip():
                    finished.append(self.line)
                    self._given.append(self.line)
                self.line, self._back = "", 0
            elif key in DELETE:
                self.line = self.line[:-1]
            elif key == "\x15":  # Ctrl-U
                self.line = ""
            elif key.isprintable():
                self.line += key
        return finished

    def _escape(self, key: str) -> None:
        """Take a key of a sequence such as that of the arrow upwards, which brings earlier lines back."""
        self._sequence += key
        if len(self._sequence) < 2 or (len(self._sequence) == 2 and key in "[O"):
            return
        if key.isalpha() or key == "~" or len(self._sequence) > 8 or self._sequence[1] not in "[O":
            step = {"A": 1, "B": -1}.get(key, 0) if self._sequence[1] in "[O" else 0
            self._back = min(max(self._back + step, 0), len(self._given))
            if step:
                self.line = self._given[-self._back] if self._back else ""
            self._sequence = ""


class Desk:
    """Everything that may give orders, and everybody who is told."""

    def __init__(
        self,
        play: Play,
        wall: Wall,
        words: Words,
        *,
        as_json: bool,
        controller: bool,
        server: Server | None,
        typing: bool,
    ) -> None:
        self.play, self.server = play, server
        self._words = words
        self._wall, self._as_json, self._controller = wall, as_json, controller
        self._news: deque[str] = deque(maxlen=NEWS)
        self._said = words.text("'help' says what may be typed.")
        self._keys = Keys()
        self._input: int | None = sys.stdin.fileno() if typing else None
        self._on_terminal = typing and sys.stdin.isatty()
        self._rest = b""
        self._live: Live | None = None
        self.left = False
        """Whether somebody has had enough for now."""
        self.deserted = False
        """Whether the clock stands, and nobody is there who could let it go on."""

    def run(self, *, with_board: bool) -> None:
        """Play until ENDEX, or until somebody leaves."""
        with ExitStack() as stack:
            if self._on_terminal:
                stack.enter_context(_single_keys())
            if with_board:
                self._live = stack.enter_context(_live())
            self._tell_all(self.play.step(self._wall.now()))
            while not (self.play.over or self.left):
                self._draw()
                self._turn()
            self._draw()
        self._live = None

    def _turn(self) -> None:
        """Wait for something to happen, and deal with it."""
        wait = self.play.wait(self._wall.now())
        if self._live is not None or self.server is not None:
            wait = min(wait, TICK)
        reading: list[Any] = [] if self._input is None else [self._input]
        writing: list[Any] = []
        if self.server is not None:
            more, writing = self.server.waiting()
            reading += more
        if not reading and self.play.clock.paused:
            self.left = self.deserted = True
            return
        wait = min(wait, LONGEST)
        if reading:
            readable, writable, _ = select.select(reading, writing, [], wait)
        else:
            time.sleep(wait)  # some systems cannot wait for nothing
            readable, writable = [], []
        if self.server is not None:
            self._serve(self.server, readable, writable)
        if self._input in readable:
            self._read()
        self._tell_all(self.play.step(self._wall.now()))

    def _serve(self, server: Server, readable: list[Any], writable: list[Any]) -> None:
        before = list(server.clients)
        for client, value in server.take(readable, writable):
            reference = {"ref": value["ref"]} if isinstance(value, dict) and "ref" in value else {}
            if isinstance(value, dict) and value.get("ask") == "state":
                server.answer(client, {**self._state(), **reference})
                continue
            answer = self.play.tell(value, self._wall.now())
            server.answer(client, {**answer, **reference})
            self.left = self.left or bool(answer.get("quit"))
        for client in server.clients:
            if client not in before:
                server.answer(client, self._state())

    def _state(self) -> dict[str, Any]:
        return picture(self.play, controller=self._controller)

    def _read(self) -> None:
        """Read what was typed, or what comes through a pipe."""
        assert self._input is not None
        data = os.read(self._input, 4096)
        if not data:
            self._input = None
        if self._on_terminal:
            self.left = self.left or b"\x04" in data  # Ctrl-D
            lines = self._keys.feed(data)
        else:
            *whole, self._rest = (self._rest + data).split(b"\n")
            whole += [self._rest] if not data else []
            lines = [line.decode("utf-8", "replace") for line in whole if line.strip()]
        for line in lines:
            answer = self.play.tell(line, self._wall.now())
            self._tell_all(self.play.step(self._wall.now()))  # what came of it stands before the answer
            self._said = answer["text"]
            if not answer["ok"]:
                self._said = self._words.text("refused: {answer}", answer=self._said)
            self._tell({**answer, "given": line}, everybody=False)
            self.left = self.left or bool(answer.get("quit"))

    def _tell_all(self, happened: list[dict[str, Any]]) -> None:
        for each in happened:
            self._tell(each, everybody=True)
        if happened:
            sys.stdout.flush()

    def _tell(self, told: Mapping[str, Any], *, everybody: bool) -> None:
        """Tell what happened: on stdout, and, what is not an answer to one person, to everybody."""
        if everybody and self.server is not None:
            self.server.tell(told)
        if self._live is not None:
            if everybody:  # the answer to what is typed stands where it was typed
                self._news.extend(lines_of(told, self._words))
        elif self._as_json:
            sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        else:
            sys.stdout.writelines(f"{line}\n" for line in lines_of(told, self._words))
        if not everybody and self._live is None:
            sys.stdout.flush()

    def _draw(self) -> None:
        if self._live is None:
            return
        size = self._live.console.size
        shown = board(
            self._state(), self.play.drill, list(self._news), self._keys.line, self._said, self._words,
            width=size.width, height=size.height,
        )  # fmt: skip
        self._live.update(shown, refresh=True)


def check_keys() -> None:
    """Raise UsageError where nobody can type while the clock runs, as on Windows."""
    try:
        importlib.import_module("termios")
    except ImportError:
        message = "drill play: nobody can type while the clock runs on this system (it has no 'termios')."
        hint = "Give --headless, with --orders FILE or --listen PORT for the orders."
        raise UsageError(message, hint=hint) from None


@contextmanager
def _single_keys() -> Generator[None]:
    """Let keys come one by one, unseen, until the end of the block."""
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin.fileno())
    try:
        tty.setcbreak(sys.stdin.fileno())
        yield
    finally:
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, before)


def _live() -> Live:
    from rich.live import Live

    from dispatch.report.terminal import console

    return Live(
        console=console(), screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
    )
