"""The desk: the state over a real socket, systems without single keys, Chinese, and no terminal at all."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from dispatch.cli.drill_playing import play
from dispatch.cli.reporting import Language
from dispatch.errors import UsageError
from tests.drills.exercises import write_exercise
from tests.drills.test_play_command import COMMAND, Terminal, listening

if TYPE_CHECKING:
    from pathlib import Path

CHINESE = re.compile("[\u4e00-\u9fff]")


def test_a_state_that_is_asked_for_has_its_ref_and_can_be_told_from_events(tmp_path: Path) -> None:
    write_exercise(tmp_path)
    process, port = listening(tmp_path, "--scale", "1")
    with process, socket.create_connection(("127.0.0.1", port), timeout=60) as link, link.makefile() as lines:
        for question in ({"ref": 7}, {"ref": "木"}, {"ref": None}, {}):
            link.sendall((json.dumps({"ask": "state", **question}) + "\n").encode())
        link.sendall(
            b'{"clock": {"jump": "3 min"}, "ref": 8}\n{"ask": "state", "ref": 9}\n{"clock": "end"}\n'
        )
        told: list[dict[str, Any]] = [json.loads(line) for line in lines]
        assert process.wait(60) == 0
    states = [each for each in told if each["what"] == "state"]
    assert [each.get("ref", "none") for each in states] == ["none", 7, "木", None, "none", 9]
    assert states[0] == {key: value for key, value in states[1].items() if key != "ref"} | {
        "at": states[0]["at"]
    }
    assert [len(each["calls"]) for each in states] == [0, 0, 0, 0, 0, 1]
    others = [each["what"] for each in told if each["what"] != "state"]
    assert {"jump", "deliver", "event", "answer", "end"} <= set(others)
    assert [each["ref"] for each in told if each["what"] == "answer" and "ref" in each] == [8]


def test_where_nobody_can_type_it_says_so_before_anything_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_exercise(tmp_path)
    monkeypatch.setitem(sys.modules, "termios", None)
    monkeypatch.setitem(sys.modules, "tty", None)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(
        UsageError, match=r"nobody can type .*--headless, with --orders FILE or --listen PORT"
    ):
        play(tmp_path)
    assert sorted(tmp_path.iterdir()) == before
    play(tmp_path, headless=True, scale="max", lang=Language.ZH)
    assert "演练结束（时间到）" in capsys.readouterr().out
    assert (tmp_path / "session.jsonl").exists()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_without_a_terminal_it_is_lines_and_json_stays_json(tmp_path: Path, lang: str) -> None:
    write_exercise(tmp_path)
    typed = "jump T+2:30\n派 E1 到 f1\n飞\nend\n"
    told = []
    for more in ([], ["--json"]):
        words = [*COMMAND, str(tmp_path), "--lang", lang, "--session", str(tmp_path / f"s{len(more)}"), *more]
        done = subprocess.run(words, input=typed, capture_output=True, text=True, check=True)
        told.append(done.stdout)
    lines, documents = told[0].splitlines(), [json.loads(line) for line in told[1].splitlines()]
    assert "\x1b" not in told[0]
    assert [each["at"] for each in documents] == sorted(each["at"] for each in documents)
    assert all(line.startswith("T+0:0") for line in lines)
    assert {"what": "end", "at": 150.0, "why": "order"} in [{**each, "at": 150.0} for each in documents]
    assert [each["ok"] for each in documents if "given" in each] == [True, True, False, True]
    refused = next(each["text"] for each in documents if each["what"] == "refused")
    assert any(line.endswith(f"飞: {refused}") for line in lines)
    assert (CHINESE.search(refused.replace("飞", "")) is not None) == (lang == "zh")
    ends = {"en": "ENDEX (by order)", "zh": "演练结束（按指令）"}[lang]
    assert sum(line.endswith(ends) for line in lines) == 1


def test_on_a_terminal_the_board_is_chinese_too(tmp_path: Path) -> None:
    write_exercise(tmp_path)
    terminal = Terminal(80, str(tmp_path), "--lang", "zh")
    terminal.wait_for("待下达注入：5")
    terminal.type("帮助\r")
    assert "派 车组 到 警情" in terminal.wait_for("结束 | 退出 | 帮助")
    terminal.type("飞\r")
    terminal.wait_for("未执行：“飞”不是可用指令。")
    terminal.type("退出\r")
    terminal.wait_for("go on with --resume")
    assert terminal.end() == 0
