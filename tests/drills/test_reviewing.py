"""Looking back on an exercise: verdicts, ratings, times to decide, and the difference to the model's play."""

from __future__ import annotations

import json
from contextlib import closing
from itertools import product
from math import inf, isnan
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook

from dispatch.briefing.contents import Said
from dispatch.drills.after_action import at_text, briefing, document
from dispatch.drills.drill import read_drill
from dispatch.drills.reviewing import model_state, rating_of, review
from dispatch.drills.session import folded, read_session
from dispatch.report.drill_review import review_text
from dispatch.report.words import Words
from tests.drills.exercises import HOUR, RICH, SCRIPT, begun, code_of, exercise, write_exercise

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.drills.reviewing import Review

GOALS: dict[str, Any] = {
    "objectives": {"O1": {"title": "Soon there"}, "O2": {"title": "Nobody asks"}},
    "entries": {**SCRIPT, "f1": {**SCRIPT["f1"], "objective": "O1"}},
}


SENT = {"unit": "W1", "incident": "f1"}


def reviewed(folder: Path, *orders: tuple[float, str], until: float = HOUR, **changes: Any) -> Review:
    """Play the small exercise with orders at exercise times, where nobody else sends units; look back."""
    drill = exercise(folder, **{**GOALS, **changes})
    play = begun(drill, folder, silent="nothing")
    with closing(play.session):
        for at, order in orders:
            play.step(at)
            assert play.tell(order, at)["ok"]
        play.step(until)
    return review(drill, play.state)


def judged(found: Review) -> list[tuple[str, str, float, str]]:
    return [
        (each.entry, each.verdict, each.delay if each.delay == each.delay else -1.0, each.cause)
        for each in found.judged
    ]


@pytest.mark.parametrize(
    ("at", "verdict", "delay", "cause"),
    [
        (200.0, "met", -1.0, ""),
        (360.0, "met", -1.0, ""),  # a minute on the road: there at 420 s, the deadline
        (400.0, "late", 40.0, "decision"),
        (None, "missed", -1.0, "decision"),
    ],
)
def test_an_action_is_met_late_or_missed_with_its_delay(
    at: float | None, verdict: str, delay: float, cause: str, tmp_path: Path
) -> None:
    orders = [] if at is None else [(at, "send W1 to f1")]
    found = reviewed(tmp_path, *orders)
    assert judged(found) == [("f1", verdict, delay, cause), ("f1", "to be judged", -1.0, "")]
    assert found.judged[0].seen == (inf if at is None else at + 60.0)
    assert found.judged[0].model == 180.0


def test_what_is_said_to_be_done_counts_from_when_it_was_said(tmp_path: Path) -> None:
    found = reviewed(tmp_path, (200.0, "send W1 to f1"), (350.0, "done f1 2"))
    assert judged(found) == [("f1", "met", -1.0, ""), ("f1", "late", 50.0, "not said")]
    counts = {"met": 1, "late": 1, "missed": 0, "open": 0, "to be judged": 0}
    assert [(each.id, each.rating) for each in found.rated] == [("O1", "S"), ("O2", "")]
    assert found.rated[0].counts == counts


def test_what_the_model_cannot_do_either_is_no_decision(tmp_path: Path) -> None:
    action = {"text": "At once.", "by": "30 s", "on_scene": {"incident": "f1"}}
    entries = {**SCRIPT, "f1": {**SCRIPT["f1"], "expects": [action]}}
    found = reviewed(tmp_path, (130.0, "send W1 to f1"), entries=entries)
    assert judged(found) == [("f1", "late", 40.0, "means")]


def test_what_is_not_due_at_the_end_is_open(tmp_path: Path) -> None:
    found = reviewed(tmp_path, until=250.0)
    assert found.end < 300.0
    assert [each.verdict for each in found.judged] == ["open", "to be judged"]
    assert found.rated[0].rating == ""
    assert "has not ended" in review_text(briefing(found), Words("en"))


def test_times_to_decide(tmp_path: Path) -> None:
    found = reviewed(
        tmp_path, (200.0, "send W1 to f1"), (1500.0, "send E1 to f2"), (1600.0, "move W1 to east")
    )
    assert [(each.id, each.known, each.sent, each.ordered) for each in found.calls] == [
        ("f1", 120.0, 200.0, 200.0), ("f2", 1200.0, 1500.0, 1500.0),
    ]  # fmt: skip
    assert [(each.id, each.known, each.ordered) for each in found.entries] == [("f1", 120.0, 200.0)]


def test_calls_are_compared_one_by_one_with_the_models_play(tmp_path: Path) -> None:
    found = reviewed(tmp_path, (200.0, "send W1 to f1"))
    first, second = found.paired
    assert (first.id, first.first, first.erf) == ("f1", (140.0, 60.0), (140.0, 60.0))
    assert second.id == "f2"
    assert isnan(second.first[0])
    assert second.first[1] == 60.0
    text = review_text(briefing(found), Words("en"))
    assert "| Reached later than by the model, by the time beside each: f1 (0:01:20). |" in text
    assert "| Not reached, though by the model (1): f2. |" in text
    assert (
        "First unit on scene, number of calls that had it by the end: 1 as played, 2 by the model; mean "
        "difference where both had it (1): +1 min 20 s." in text
    )


def test_a_call_may_be_reached_sooner_than_by_the_model(tmp_path: Path) -> None:
    """Two fires at b: the model sends the near engine to the first, the players keep it for the second."""
    second = {**SCRIPT["f2"], "at": 150, "inject": {"incident": {"type": "fire", "node": "b"}}}
    entries = {**GOALS["entries"], "f2": second}
    found = reviewed(tmp_path, (120.0, "send E1 to f1"), (150.0, "send W1 to f2"), entries=entries)
    assert [each.first for each in found.paired] == [(180.0, 60.0), (60.0, 180.0)]
    strengths, gaps = (
        next(table for table in briefing(found).tables if table.id == name) for name in ("strengths", "gaps")
    )
    words = Words("en")
    assert [words.show(row[0]) for row in strengths.rows] == [
        "Met in time: 1 of 1 judged actions.",
        "Reached sooner than by the model, by the time beside each: f2 (0:02:00).",
    ]
    assert [words.show(row[0]) for row in gaps.rows] == [
        "Reached later than by the model, by the time beside each: f1 (0:02:00)."
    ]


def test_what_only_the_players_did_in_time_is_a_strength(tmp_path: Path) -> None:
    """E1 at e is four minutes from a: the model sends W1 there at once, and nobody moves without an order."""
    expects = [{"text": "A second engine at a.", "by": "5 min", "on_scene": {"incident": "f1", "count": 2}}]
    entries = {"f1": {**SCRIPT["f1"], "objective": "O1", "expects": expects}}
    found = reviewed(tmp_path, (130.0, "send W1 to f1"), (140.0, "send E1 to f1"), entries=entries)
    (table,) = [table for table in briefing(found).tables if table.id == "strengths"]
    assert [Words("en").show(row[0]) for row in table.rows] == [
        "Met in time: 1 of 1 judged actions.",
        "f1: in time by orders, where the model was not: A second engine at a.",
    ]


@pytest.mark.parametrize(
    ("silent", "orders", "causes"),
    [
        # By advice W1, at a, is at b after a minute, and from 1200 s on E1, at e, at d.
        ("advice", [], ["advice", "", "advice"]),
        ("advice", [(150.0, "recall W1")], ["", "", "advice"]),
        ("advice", [(1000.0, "move E1 to west")], ["advice", "", "players"]),
        ("advice", [(300.0, "done f1 2")], ["advice", "said", "advice"]),
        ("nothing", [(200.0, "send W1 to f1")], ["players", "", ""]),
        ("nothing", [(200.0, "send W1 to f1"), (1210.0, "send E1 to f2")], ["players", "", "players"]),
    ],
)
def test_what_brought_an_action_about(
    silent: str, orders: list[tuple[float, str]], causes: list[str], tmp_path: Path
) -> None:
    there = [{"text": "There.", "by": "15 min", "on_scene": {"incident": "f2"}}]
    entries = {**GOALS["entries"], "f2": {**SCRIPT["f2"], "expects": there}}
    drill = exercise(tmp_path, **{**GOALS, "entries": entries})
    play = begun(drill, tmp_path, silent=silent)
    with closing(play.session):
        for at, order in orders:
            play.step(at)
            assert play.tell(order, at)["ok"]
        play.step(HOUR)
    found = review(drill, play.state)
    assert [each.brought_about for each in found.judged] == causes
    note = (
        f"Of {sum(map(bool, causes))} actions done, {causes.count('advice')} came about by the model's advice"
    )
    is_told = silent == "advice" and any("done" not in order for _, order in orders)
    assert (note in review_text(briefing(found), Words("en"))) == is_told


def test_the_timeline_tells_what_was_known_and_done(tmp_path: Path) -> None:
    found = reviewed(tmp_path, (200.0, "send W1 to f1"), (210.0, "note 雨 begins"), (220.0, "skip f2"))
    told = [(each.at, each.kind, each.who, each.detail) for each in found.moments if each.at < 300.0]
    assert told == [
        (120.0, "delivered", "f1", "Fire at b."),
        (120.0, "call", "f1", "fire"),
        (200.0, "order", "", Said("send {unit} to {incident}", {**SENT, "units": "1"})),
        (200.0, "sent", "f1", "W1"),
        (210.0, "note", "", "雨 begins"),
        (220.0, "skipped", "f2", "Fire at d."),
        (260.0, "delivered", "there", "It is big."),
        (260.0, "on scene", "f1", "W1"),
    ]
    assert found.never == ("by-hand",)
    rows = next(table for table in briefing(found).tables if table.id == "timeline").rows
    assert len(rows) == len(found.moments)
    assert [row[1] is None for row in rows[:4]] == [False, False, True, True]


def test_the_timeline_tells_what_came_and_why_something_was_left_out(tmp_path: Path) -> None:
    """Two entries have nothing to end, or to raise; W1 moves to e in four minutes, bags come by truck."""
    closures = {"cl": {"links": ["a-b"]}}
    entries = {
        "f1": {**SCRIPT["f1"], "inject": {"incident": {"type": "fire", "node": "b"}}},
        "shuts": {"at": "3 min", "text": "shut", "inject": {"close": "cl"}},
        "opens": {"at": "5 min", "text": "open", "inject": {"reopen": "cl"}},
    }
    drill = exercise(tmp_path, RICH, entries=entries, closures=closures)
    play = begun(drill, tmp_path, silent="nothing")
    orders = [
        (60.0, "skip shuts"),
        (130.0, "supply 50 bags sandbags to f1 from d"),
        (130.0, "move W1 to east"),
    ]
    with closing(play.session):
        for at, order in orders:
            play.step(at)
            assert play.tell(order, at)["ok"]
        play.step(HOUR)
    told = {(each.kind, each.who): (each.at, each.detail) for each in review(drill, play.state).moments}
    assert told["skipped", "shuts"] == (60.0, "shut")
    at, why = told["refused", "opens"]
    assert (at, "cl" in str(why)) == (300.0, True)
    assert told["moved", "east"] == (130.0 + 240.0, "W1")
    # 5 min to load, 3 min from e to b, 5 min to unload
    assert told["brought", "f1"] == (130.0 + 300.0 + 180.0 + 300.0, "50 bags 沙袋 filled sandbag")


def test_ratings_follow_their_rule() -> None:
    for met, late, missed in product(range(5), repeat=3):
        total = met + late + missed
        found = rating_of({"met": met, "late": late, "missed": missed, "open": 3, "to be judged": 2})
        if total == 0:
            assert found == ""
        elif late == missed == 0:
            assert found == "P"
        elif missed == 0 and met / total >= 0.5:
            assert found == "S"
        elif (met + late) / total >= 0.5:
            assert found == "M"
        else:
            assert found == "U"


def test_the_models_own_play_differs_from_itself_in_nothing(tmp_path: Path) -> None:
    drill = exercise(tmp_path, **GOALS)
    found = review(drill, model_state(drill))
    assert [each.first for each in found.paired] == [(60.0, 60.0), (60.0, 60.0)]
    assert judged(found)[0] == ("f1", "met", -1.0, "")
    assert "model's own play" in review_text(briefing(found), Words("en"))


def test_times_are_told_to_the_second() -> None:
    assert at_text(3725.4) == "1:02:05"
    assert at_text(59.6) == "0:01:00"
    assert at_text(inf) is None


def test_json_has_no_infinity(tmp_path: Path) -> None:
    told = document(reviewed(tmp_path))
    text = json.dumps(told, allow_nan=False)
    assert json.loads(text)["actions"][0]["seen"] is None
    assert [call["first_model"] for call in json.loads(text)["calls"]] == [60.0, 60.0]


def played(folder: Path) -> Path:
    """Play the small exercise, and return the folder that holds it with its session."""
    drill = exercise(folder, **GOALS)
    play = begun(drill, folder)
    with closing(play.session):
        play.step(200.0)
        assert play.tell("send E1 to f1", 200.0)["ok"]
        play.step(HOUR)
    return folder


def test_the_command_writes_each_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = played(tmp_path / "x")
    for name in ("aar.md", "aar.html", "aar.xlsx", "all"):
        assert code_of("drill", "review", folder, "-o", tmp_path / name, "--lang", "zh") == 0
    out = capsys.readouterr().out
    assert "目标评级" in out
    assert {path.name for path in (tmp_path / "all").iterdir()} == {
        "aar.html", "aar.md", "aar.xlsx", "files.csv",
    }  # fmt: skip
    for name in ("aar.md", "aar.html", "aar.xlsx"):
        assert (tmp_path / name).read_bytes() == (tmp_path / "all" / name).read_bytes()
    assert "整改措施" in (tmp_path / "aar.md").read_text(encoding="utf-8")
    book = load_workbook(tmp_path / "aar.xlsx")
    drill = read_drill(folder / "drill.yaml")
    state = folded(read_session(folder / "session.jsonl")[0])
    assert len(book.sheetnames) == len(briefing(review(drill, state)).tables) + 1
    book.close()
    assert code_of("drill", "review", folder, "-o", tmp_path / "all") == 0, "an older folder is replaced"


def test_the_command_prints_json_and_the_models_play(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = played(tmp_path)
    assert code_of("drill", "review", folder, "--json") == 0
    assert json.loads(capsys.readouterr().out)["calls"][0]["ordered"] == 200.0
    assert code_of("drill", "review", folder, "--model", "--json") == 0
    assert json.loads(capsys.readouterr().out)["calls"][0]["ordered"] is None


def test_what_the_command_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_exercise(tmp_path / "x", **GOALS)
    keep = tmp_path / "keep"
    keep.mkdir()
    (keep / "mine.txt").write_text("mine", encoding="utf-8")
    for words, told in (
        ((path.parent,), "session.jsonl: cannot be read"),
        ((path.parent, "--model", "--session", path), "--model: looks at no session"),
        ((path.parent, "--model", "-o", keep), "mine.txt"),
        ((path.parent, "--model", "-o", tmp_path / "aar.docx"), "not a report by its name"),
        ((path, "--session", keep / "s.md", "-o", keep / "s.md"), "s.md"),
        ((tmp_path / "nowhere",), "nowhere"),
    ):
        assert code_of("drill", "review", *words) == 2
        assert told in capsys.readouterr().err
    folder = played(tmp_path / "y")
    write_exercise(folder, **{**GOALS, "lasts": "50 min"})
    assert code_of("drill", "review", folder) == 2
    assert "has been changed since" in capsys.readouterr().err
    assert (keep / "mine.txt").read_text(encoding="utf-8") == "mine"
