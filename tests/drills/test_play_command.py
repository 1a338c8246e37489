"""The command ``drill play``: headless, over its socket, killed, and typed at on a real pseudo-terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import socket
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING, Any

import pytest

from dispatch.drills.session import folded, read_session
from tests.drills.exercises import write_exercise

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = [sys.executable, "-m", "dispatch", "drill", "play"]


def run(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == code, done.stderr
    return done


def test_headless_twice_and_replayed_it_is_the_same_log(tmp_path: Path) -> None:
    write_exercise(tmp_path)
    (tmp_path / "orders.txt").write_text(
        "T+2:30 send E1 to f1\n# 注\n"
        '{"at": "T+3:30", "order": {"recall": {"unit": "W1"}}}\nT+4:00 派 E1 到 f9\n',
        encoding="utf-8",
    )
    logs = []
    for name, scale in (("one", "max"), ("two", "1000")):
        options = ("--headless", "--scale", scale, "--orders", tmp_path / "orders.txt")
        done = run(tmp_path, *options, "--session", tmp_path / name, "-o", tmp_path / f"{name}.log", "--json")
        told = [json.loads(line) for line in done.stdout.splitlines()]
        assert told[-1] == {"what": "end", "at": 3600.0, "why": "time"}
        assert [each["ok"] for each in told if "given" in each] == [True, True, False]
        assert "dispatch drill review" in done.stderr
        logs.append((tmp_path / f"{name}.log").read_bytes())
    assert logs[0] == logs[1]
    assert run(tmp_path, "--replay", tmp_path / "one").stdout.encode() == logs[0]
    assert b"order: sent" in logs[0]


def test_bad_requests_are_refused_and_nothing_is_begun(tmp_path: Path) -> None:
    write_exercise(tmp_path)
    (tmp_path / "orders.txt").write_text("T+1:30 send E1 to f1\nT+soon note x\n", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    assert "orders.txt:2" in run(tmp_path, "--orders", tmp_path / "orders.txt", code=2).stderr
    assert "not a scale" in run(tmp_path, "--scale", "0", code=2).stderr
    assert "no such session" in run(tmp_path, "--resume", code=2).stderr
    assert "drill.yaml" in run(tmp_path / "empty", code=2).stderr
    assert not (tmp_path / "session.jsonl").exists()
    run(tmp_path, "--headless", "--scale", "max")
    assert "is there already" in run(tmp_path, "--headless", code=2).stderr
    assert "has ended" in run(tmp_path, "--headless", "--resume", code=2).stderr


def listening(folder: Path, *options: str) -> tuple[subprocess.Popen[str], int]:
    """Start to play with a socket; return the process and the port."""
    words = [*COMMAND, str(folder), "--headless", "--listen", "0", *options]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("listening on 127.0.0.1:"):
            return process, int(line.rpartition(":")[2])
    raise AssertionError(process.wait())


def answer_to(lines: Any, link: socket.socket, document: dict[str, Any]) -> dict[str, Any] | None:
    """Send an order and return its answer; None where the process is gone first."""
    try:
        link.sendall((json.dumps(document) + "\n").encode())
        for line in lines:
            told: dict[str, Any] = json.loads(line)
            if told.get("ref") == document["ref"]:
                return told
    except (OSError, ValueError):
        return None
    return None


def test_the_socket_gives_state_and_events_and_stops_with_the_exercise(tmp_path: Path) -> None:
    write_exercise(tmp_path)
    process, port = listening(tmp_path, "--scale", "5")
    with process, socket.create_connection(("127.0.0.1", port), timeout=60) as link, link.makefile() as lines:
        first = json.loads(next(lines))
        assert (first["what"], sorted(first["units"])) == ("state", ["E1", "W1"])
        jumped = answer_to(lines, link, {"clock": {"jump": "2 min"}, "ref": 1})
        assert jumped is not None
        assert jumped["ok"]
        link.sendall(b'{"clock": "end"}\n')
        told = [json.loads(line) for line in lines]
        assert [each["entry"] for each in told if each["what"] == "deliver"] == ["f1"]
        assert told[-1]["what"] == "end"
        assert process.wait(60) == 0


class Terminal:
    """A process on a pseudo-terminal, whose screen is what came after the last return to its corner."""

    def __init__(self, columns: int, *words: str) -> None:
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm-256color"
            os.execv(COMMAND[0], [*COMMAND, *words])
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self.file, text.encode())

    def wait_for(self, text: str, seconds: float = 90.0) -> str:
        """Read until a text is on the screen; return the screen."""
        raw, limit = b"", time.monotonic() + seconds
        while time.monotonic() < limit:
            if select.select([self.file], [], [], 0.2)[0]:
                try:
                    raw += os.read(self.file, 65536)
                except OSError:
                    break
            self.seen = raw.decode("utf-8", "replace")
            screen = self.seen.rpartition("\x1b[H")[2]
            if text in screen:
                return screen
        raise AssertionError(f"no {text!r} in {self.seen[-3000:]}")

    def end(self) -> int:
        _, status = os.waitpid(self.pid, 0)
        os.close(self.file)
        return os.waitstatus_to_exitcode(status)


@pytest.mark.parametrize("columns", [60, 120])
def test_at_a_terminal_one_sees_the_board_and_types(tmp_path: Path, columns: int) -> None:
    write_exercise(tmp_path)
    terminal = Terminal(columns, str(tmp_path), "--scale", "5")
    terminal.wait_for("To come: 5")
    terminal.type("jump T+2:30\r")
    assert "Open calls: 1" in terminal.wait_for("at b")
    terminal.type("pause\r")
    terminal.wait_for("PAUSED")
    terminal.type("派 E1x\x7f 到 f1\r")
    assert "E1" in terminal.wait_for("not advised")
    terminal.type("quit\r")
    terminal.wait_for("go on with --resume")
    assert terminal.end() == 0
    state = folded(read_session(tmp_path / "session.jsonl")[0])
    assert [order["order"] for order in state.orders] == [{"unit": "E1", "incident": "f1"}]
    assert (state.paused, state.ended) == (True, None)
