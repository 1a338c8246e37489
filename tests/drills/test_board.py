"""The board of an exercise at the sizes of terminals, in both languages, and the news without a board."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len
from rich.text import Text

from dispatch.drills.picture import _urgency, picture
from dispatch.report.drill_board import board
from dispatch.report.drill_layout import Part, Piece, flowing, laid_out, prose
from dispatch.report.drill_news import lines_of
from dispatch.report.words import Words
from tests.drills.exercises import begun, exercise

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.drills.drill import Drill
    from dispatch.drills.playing import Play

CHINESE = re.compile("[\u4e00-\u9fff]")


def entry(at: str, node: str, kind: str = "fire", **inject: Any) -> dict[str, Any]:
    return {"at": at, "text": "fire", "inject": {"incident": {"type": kind, "node": node, **inject}}}


def lines_on(play: Play, words: Words, width: int, height: int, news: list[str], said: str = "") -> list[str]:
    shown = picture(play, controller=True)
    found = board(shown, play.drill, news, "派 E1", said, words, width=width, height=height)
    lines = [line for line in found.renderables if isinstance(line, Text)]
    assert len(lines) == len(found.renderables)
    return [line.plain for line in lines]


def busy(folder: Path) -> Play:
    """Return a play with ten calls at one node, two of which the two engines are sent to."""
    script = {f"火灾-fire-{n}": entry(f"{n} min", "b") for n in range(1, 11)}
    expects = [
        {"text": "报告区政府，说明火情与剩余力量。 The district is told " * 3, "by": f"{n} min"}
        for n in (9, 5)
    ]
    script["火灾-fire-3"]["expects"] = expects
    play = begun(exercise(folder, entries=script), folder)
    play.step(660.0)
    return play


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(("width", "height"), [(80, 30), (80, 24), (60, 20), (120, 40), (200, 60), (40, 10)])
def test_it_fits_and_tells_what_is_cut(tmp_path: Path, lang: Any, width: int, height: int) -> None:
    words, play = Words(lang), busy(tmp_path)
    news = [
        f"T+0:0{n}:00 EXERCISE: 一条很长的消息，说明现场情况。 A long message of what is seen there"
        for n in range(9)
    ]
    lines = lines_on(play, words, width, height, news)
    assert len(lines) <= height
    assert all(cell_len(line) <= width for line in lines)
    assert lines[-1] == "> 派 E1▏"
    titles = [n for n, line in enumerate(lines) if line.startswith(("Open calls", "进行中的警情"))]
    assert len(titles) == 1
    rows = [line for line in lines if re.match("火灾-fire-[0-9]+ ", line)]
    calls = len(picture(play, controller=True)["calls"])
    hidden = re.search(r"[(（](?:\+|另有)([0-9]+)", lines[titles[0]])
    assert len(rows) + (int(hidden[1]) if hidden else 0) == calls
    assert (CHINESE.search(lines[1]) is not None) == (lang == "zh")


def test_calls_stand_as_a_control_room_needs_them(tmp_path: Path) -> None:
    script = {
        "old": entry("1 min", "b"),  # reached by W1 after a minute
        "second": entry("2 min", "b"),  # E1 is sent to it from far away
        "third": entry("3 min", "b"),  # nobody is left
        "fourth": entry("4 min", "b"),
        "urgent": entry("270 s", "b", priority=1),
    }
    for name in ("old", "second", "third", "fourth"):
        script[name]["inject"]["incident"]["priority"] = 2
    play = begun(exercise(tmp_path, entries=script), tmp_path)
    play.step(280.0)
    calls = picture(play, controller=False)["calls"]
    assert [call["id"] for call in calls] == ["urgent", "third", "fourth", "second", "old"]
    assert [call["waiting"] for call in calls] == [True, True, True, False, False]
    assert [call["reached"] for call in calls][:4] == [None] * 4
    assert (calls[4]["there"], calls[4]["reached"]) == (["W1"], 120.0)
    low, high = calls[0], {**calls[3], "level": 2}
    assert sorted([low, high], key=_urgency) == [high, low]  # the level goes before all else


def test_free_and_committed_units_and_what_is_overdue_come_first(tmp_path: Path) -> None:
    play = busy(tmp_path)
    lines = lines_on(play, Words("en"), 80, 40, [])
    at = lines.index("Units: free 0, committed 2, returning 0, out 0")
    assert sum("→火灾-fire-" in line for line in lines[at + 1 : at + 3]) >= 1
    start = lines.index("Expected: 1 overdue, 1 due, 0 done")
    told = [line for line in lines[start + 1 :] if re.match("to be judged|open|overdue", line)]
    assert [re.search(r"by (\S+) ", line)[1] for line in told] == ["T+0:08:00", "T+0:12:00"]  # type: ignore[index]


def test_names_stay_whole_and_are_counted_where_they_are_cut() -> None:
    names = [f"E-{n:02}" for n in range(20)]
    row = [Piece("there:"), *(Piece(name, listed=True) for name in names)]
    for width in range(14, 130):
        for most in (1, 2, 3):
            lines = [line.plain for line in flowing(row, width, most)]
            assert len(lines) <= most
            assert all(cell_len(line) <= width for line in lines)
            words = " ".join(lines).split()
            shown = [word for word in words if word.startswith("E-")]
            assert shown == names[: len(shown)]
            cut = 20 - len(shown)
            assert words[-1] == (f"+{cut}" if cut else names[-1])


def test_wide_characters_are_counted_twice_and_a_long_name_ends_in_an_ellipsis() -> None:
    text = "东街口站已无车可派，请说明全区剩余力量。No vehicle is left."
    for width in range(12, 80):
        lines = [line.plain for line in flowing(prose(text), width)]
        assert all(cell_len(line) <= width for line in lines)
        assert "".join("".join(lines).split()) == "".join(text.split())
        cut = [line.plain for line in flowing(prose(text), width, 1)]
        assert cut == lines if len(lines) == 1 else cut[0].endswith("…")
    assert [line.plain for line in flowing([Piece("鼓楼区华大街道")], 9)] == ["鼓楼区华…"]


def test_every_part_keeps_a_line_and_the_first_gets_most() -> None:
    parts = [
        Part(title, [prose(f"{title}{n}") for n in range(20)], weight=w) for title, w in (("a", 3), ("b", 1))
    ]
    for room in range(4, 45):
        lines = [line.plain for line in laid_out(parts, 40, room, "(+{n})")]
        assert len(lines) == min(room, 42)
        shown = [sum(re.fullmatch(f"{title}[0-9]+", line) is not None for line in lines) for title in "ab"]
        assert min(shown) >= 1
        titles = [line for line in lines if not re.fullmatch("[ab][0-9]+", line)]
        assert titles == [f"{t} (+{20 - n})" if n < 20 else t for t, n in zip("ab", shown, strict=True)]
    assert shown == [20, 20]


def test_a_long_answer_is_shown_whole_and_the_board_goes_on(tmp_path: Path) -> None:
    play = busy(tmp_path)
    for lang in ("en", "zh"):
        words = Words(lang)
        play._say = words.say
        answer = play.tell("help", 660.0)["text"]
        assert (CHINESE.search(answer) is not None) == (lang == "zh")
        lines = lines_on(play, words, 80, 24, ["news"], answer)
        assert lines[-13:-1] == answer.splitlines()
        assert len(lines) <= 24
        assert lines[0].startswith("T+0:11:00")


ANSWERS = {
    "派 E1 到 nowhere": "没有接到名为“nowhere”的警情。",
    "pause": "时钟停止",
    "done f1 9": "“f1”有2项预期行动，没有第9项。",
    "完成 f1 1": "f1 1 是否完成由日志判定",
    "升级 f1 到 x": "“x”不是火警等级。",
    "dance": "“dance”不是可用指令。",
    "jump T+0:01": "0:00:01 不在现在（0:02:30）与演练结束（1:00:00）之间。",
    "记录 到场": "已记录",
}


def test_answers_and_refusals_are_in_the_language_of_the_play(tmp_path: Path) -> None:
    drill: Drill = exercise(tmp_path)
    play, other = begun(drill, tmp_path, say=Words("zh").say), begun(drill, tmp_path, "other")
    for each in (play, other):
        each.step(150.0)
    for given, text in ANSWERS.items():
        assert play.tell(given, 150.0)["text"].startswith(text)
        assert CHINESE.search(other.tell(given, 150.0)["text"].replace(given, "").replace("派", "")) is None
    assert (tmp_path / "session.jsonl").read_bytes() == (tmp_path / "other").read_bytes()


def test_news_are_told_in_both_languages(tmp_path: Path) -> None:
    play = begun(exercise(tmp_path), tmp_path)
    play.step(150.0)
    for order in ("send E1 to f1", "move W1 to east", "raise f1 to 2", "note 到场", "skip f2", "scale 10"):
        play.tell(order, 150.0)
    play.tell("end", 150.0)
    happened = play.step(150.0)
    english, chinese = (
        [line for each in happened for line in lines_of(each, Words(lang))] for lang in ("en", "zh")
    )  # fmt: skip
    assert "T+0:02:30 ordered: send E1 to f1" in english
    assert "T+0:02:30 指令：派 E1 到 f1" in chinese
    assert "T+0:02:30 note: 到场" in english
    assert "T+0:02:30 跳过：f2" in chinese
    assert (english[-1], chinese[-1]) == ("T+0:02:30 ENDEX (by order)", "T+0:02:30 演练结束（按指令）")
    assert len(english) == len(chinese)
    assert all(CHINESE.search(line) for line in chinese)


@pytest.mark.parametrize(
    ("order", "english", "chinese"),
    [
        ({"recall": {"unit": "E1"}}, "recall E1", "召回 E1"),
        ({"recall": {"unit": "E1", "replace": True}}, "recall E1, to be replaced", "召回 E1，另派替换"),
        ({"order": {"unit": "E1", "station": "east"}}, "move E1 to east", "移防 E1 到 east"),
        (
            {"supply": {"incident": "f1", "item": "foam", "amount": "5 t", "depot": "d"}},
            "supply 5 t foam to f1 from d", "从 d 调拨 5 t foam 到 f1",
        ),
    ],
)  # fmt: skip
def test_orders_are_told_in_full(order: dict[str, Any], english: str, chinese: str) -> None:
    told = {"what": "order", "at": 0.0, "order": order}
    assert list(lines_of(told, Words("en"))) == [f"T+0:00:00 ordered: {english}"]
    assert list(lines_of(told, Words("zh"))) == [f"T+0:00:00 指令：{chinese}"]


def test_what_is_sent_cannot_steer_the_terminal() -> None:
    (line,) = lines_of({"what": "note", "at": 0.0, "text": "a\nb\x1b[2J\u202ec 雨"}, Words("en"))
    assert line == "T+0:00:00 note: a b [2J c 雨"
