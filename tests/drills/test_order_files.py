"""Files of orders: everything that is wrong with one is told at once, with its line, before play begins."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from dispatch.drills.order_files import GivenOrder, read_orders
from dispatch.drills.session import read_session
from dispatch.errors import InputError, UsageError
from tests.drills.exercises import RICH, begun, exercise, write_exercise

if TYPE_CHECKING:
    from pathlib import Path


def orders_file(folder: Path, *lines: str) -> Path:
    path = folder / "orders.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_orders_stand_by_time_then_as_written_with_their_lines(tmp_path: Path) -> None:
    path = orders_file(
        tmp_path,
        "\ufeff# 演练",
        "T+5:00\tsend E1 to f1",
        "note 同一时刻",
        "",
        '{"at": "T+1:00", "order": {"recall": {"unit": "w1"}}}',
        "  T+5:00 note last\r",
        '{"note": "as the line above"}',
        "T+59:59 end",
    )
    assert read_orders(path, exercise(tmp_path), steered=False) == [
        GivenOrder(60.0, "orders.txt:5", {"at": "T+1:00", "order": {"recall": {"unit": "w1"}}}),
        GivenOrder(300.0, "orders.txt:2", "send E1 to f1"),
        GivenOrder(300.0, "orders.txt:3", "note 同一时刻"),
        GivenOrder(300.0, "orders.txt:6", "note last"),
        GivenOrder(300.0, "orders.txt:7", {"note": "as the line above"}),
        GivenOrder(3599.0, "orders.txt:8", "end"),
    ]


WRONG = {
    "T+1:30 send E9 to f1": "no unit 'E9' is known",
    "T+soon note x": "'soon' is not a time of the exercise",
    '{"at": NaN, "note": "x"}': "not a line of JSON",
    '{"at": -5, "note": "x"}': "'-5' is not a time",
    '{"note": "\\ud800"}': "not a line of JSON",
    '{"note": ': "not a line of JSON",
    "T+1:00 dance": "'dance' is nothing that can be done",
    "T+1:00": "an empty line",
    "T+1:00 move E1 to nowhere": "no station 'nowhere' is known",
    "T+1:00 ask nobody for f1": "no agreement 'nobody' is known",
    "T+1:00 supply 5 bags sand to f1": "no item 'sand' is known",
    "T+1:00 supply 5 bags sandbags to f1 from x": "no depot 'x' is known",
    "T+1:00 stage E1 for f1 at z": "no node 'z' is known",
    "T+1:00 send E1 to": "no call is named",
    "T+1:00 skip f9": "no entry 'f9' is known",
    "T+1:00 done f1 7": "no number 7",
    '{"order": {"order": {"unit": "E9", "incident": "later"}}}': "no unit 'E9' is known",
    "T+1:00:00 note at ENDEX": "1:00:00 is not before ENDEX, at 1:00:00",
    "T+2:00:00 end": "2:00:00 is not before ENDEX",
    "T+1:00 pause": "nobody would be there to let the clock go on",
    "T+1:00 暂停": "nobody would be there",
    '{"at": 60, "clock": "pause"}': "nobody would be there",
    '{"at": 60, "say": "pause"}': "nobody would be there",
    "T+1:00 quit": "'quit' is for people who are there",
    "T+1:00 help": "'help' is for people who are there",
}


def test_all_problems_of_a_file_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    drill = exercise(tmp_path, RICH)
    path = orders_file(tmp_path, "T+1:00 send E1 to whatever-comes 2", *WRONG, "T+2:00 note 好")
    with pytest.raises(InputError) as refused:
        read_orders(path, drill, steered=False)
    told = {problem.place: str(problem) for problem in refused.value.problems}
    assert list(told) == [f"orders.txt:{number}" for number in range(2, len(WRONG) + 2)]
    for text, fact in zip(told.values(), WRONG.values(), strict=True):
        assert fact in text


def test_who_could_let_the_clock_go_on_may_stop_it(tmp_path: Path) -> None:
    path = orders_file(tmp_path, "T+1:00 pause", "T+2:00 resume")
    found = read_orders(path, exercise(tmp_path), steered=True)
    assert [each.given for each in found] == ["pause", "resume"]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    drill = exercise(tmp_path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_orders(tmp_path / "none", drill, steered=False)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_orders(tmp_path / "bytes", drill, steered=False)


def test_orders_of_the_past_are_told_unless_the_session_has_them(tmp_path: Path) -> None:
    play = begun(exercise(tmp_path), tmp_path)
    assert play.schedule(150.0, "send E1 to f1", "o:1")
    assert play.schedule(200.0, "note x", "o:2")
    play.step(200.0)
    assert [record["source"] for record in play.session.records if "source" in record] == ["o:1", "o:2"]
    before = len(play.session.records)
    assert play.schedule(150.0, "send E1 to f1", "o:1"), "the session has it"
    assert play.schedule(200.0, "note x", "o:2"), "the session has it"
    assert not play.schedule(199.0, "note y", "o:3")
    assert play.schedule(200.0, "note z", "o:4"), "its time is now"
    assert play.schedule(250.0, "note again", "o:1"), "the line says something else now"
    play.step(300.0)
    texts = [record["text"] for record in play.session.records[before:] if record["what"] == "note"]
    assert texts == ["z", "again"]


COMMAND = [sys.executable, "-m", "dispatch", "drill", "play"]


def run(*arguments: object, code: int = 0, typed: str = "") -> subprocess.CompletedProcess[str]:
    words = [*COMMAND, *map(str, arguments)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, input=typed)
    assert done.returncode == code, done.stderr
    return done


def test_nothing_is_begun_with_a_bad_file(tmp_path: Path) -> None:
    write_exercise(tmp_path)
    path = orders_file(tmp_path, "T+1:00 pause", "T+2:00 send E9 to f1")
    done = run(tmp_path, "--headless", "--scale", "max", "--orders", path, code=2)
    assert "orders.txt:1: nobody would be there" in done.stderr
    assert "orders.txt:2: no unit 'E9'" in done.stderr
    assert not (tmp_path / "session.jsonl").exists()


def test_a_clock_that_stands_with_nobody_there_is_told_and_play_goes_on_later(tmp_path: Path) -> None:
    write_exercise(tmp_path)
    path = orders_file(tmp_path, "T+1:00 note before", "T+3:00 send E1 to f1", "T+2:30 send E1 to f9")
    log = tmp_path / "a.log"
    done = run(tmp_path, "--scale", "0.001", "--orders", path, "-o", log, typed="jump 120\npause\n", code=130)
    assert "the clock stands, and nobody is there" in done.stderr
    assert f"{log} was not written" in done.stderr
    assert not log.exists()
    path.write_text(path.read_text(encoding="utf-8") + "T+0:30 note too late\n", encoding="utf-8")
    done = run(tmp_path, "--headless", "--scale", "max", "--resume", "--orders", path, "-o", log)
    assert "note: orders.txt:4: T+0:00:30 is past" in done.stderr
    assert "orders.txt:1" not in done.stderr
    assert "refused: orders.txt:3 send E1 to f9: no call 'f9' has come in" in done.stdout
    sources = [each["source"] for each in read_session(tmp_path / "session.jsonl")[0] if "source" in each]
    assert sources == ["orders.txt:1", "orders.txt:2"]
    assert log.exists()
