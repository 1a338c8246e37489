"""Playing an exercise with a wall clock that the tests turn themselves."""

from __future__ import annotations

import json
import random
from contextlib import closing
from math import inf
from typing import TYPE_CHECKING, Any

import pytest

from dispatch.drills.outcome import played
from dispatch.drills.picture import picture
from dispatch.drills.playing import Play
from dispatch.drills.proving import played as played_by_the_model
from dispatch.drills.session import Session, folded, read_session
from dispatch.errors import UsageError
from dispatch.regression.events import events_of
from tests.drills.exercises import HOUR, begun, exercise

if TYPE_CHECKING:
    from pathlib import Path


def deliveries(happened: list[dict[str, Any]]) -> dict[str, tuple[float, str]]:
    return {each["entry"]: (each["at"], each["by"]) for each in happened if each["what"] == "deliver"}


def test_each_entry_comes_when_its_trigger_says(tmp_path: Path) -> None:
    play = begun(exercise(tmp_path), tmp_path)
    happened = play.step(0.0) + play.step(HOUR)
    assert deliveries(happened) == {
        "f1": (120.0, "time"),
        "there": (180.0, "condition"),  # a minute from a to b
        "asks": (300.001, "contingency"),  # nobody said within 3 min that the mayor was told
        "f2": (1200.0, "time"),
    }
    assert happened[-1] == {"what": "end", "at": HOUR, "why": "time"}
    assert play.over
    assert [line.id for line in play.upcoming()] == ["by-hand"]


def test_nothing_comes_before_its_time_and_everything_once(tmp_path: Path) -> None:
    play = begun(exercise(tmp_path), tmp_path)
    seen: list[dict[str, Any]] = []
    for wall in range(0, 3700, 7):
        for each in play.step(float(wall)):
            assert wall - 7 < each["at"] <= min(wall, HOUR)
            seen.append(each)
    whole = begun(exercise(tmp_path), tmp_path, "whole").step(HOUR)
    assert seen == whole


def test_said_in_time_no_contingency(tmp_path: Path) -> None:
    play = begun(exercise(tmp_path), tmp_path)
    play.step(250.0)
    assert play.tell("done f1 2", 250.0)["ok"]
    assert "asks" not in deliveries(play.step(HOUR))
    verdicts = {(each.entry, each.number): each.verdict(play.now, HOUR) for each in play.expected()}
    assert verdicts == {("f1", 0): "met", ("f1", 1): "met"}


def test_said_too_late_is_late_and_the_contingency_has_come(tmp_path: Path) -> None:
    play = begun(exercise(tmp_path), tmp_path)
    play.step(310.0)
    assert play.tell("done f1 2", 310.0)["ok"]
    assert "asks" in play.state.delivered
    assert [each.verdict(play.now, HOUR) for each in play.expected()] == ["met", "late"]


def test_an_order_counts_from_its_moment_on(tmp_path: Path) -> None:
    play = begun(exercise(tmp_path), tmp_path)
    before = [event for event in events_of(play.log) if event.time < HOUR + 150.0]
    play.step(150.0)
    answer = play.tell("send E1 to f1", 150.0)
    assert (answer["ok"], answer["at"]) == (True, 150.0)
    assert "E1 (order: sent)" in answer["text"]
    play.step(331.0)
    there = picture(play, controller=True)["calls"][0]
    assert there["there"] == ["E1", "W1"]  # three minutes from e to b
    assert there["beyond"] == ["E1"]
    events = events_of(play.log)
    assert [event for event in events if event.time < HOUR + 120.0] == [
        event for event in before if event.time < HOUR + 120.0
    ]


def test_what_is_refused_leaves_no_trace(tmp_path: Path) -> None:
    play = begun(exercise(tmp_path), tmp_path)
    play.step(100.0)
    before = (tmp_path / "session.jsonl").read_bytes()
    for line in (
        "send E1 to f1",
        "send E7 to f1",
        "raise f1 to 3",
        "jump T+1:30",
        "supply 5 t foam to f1",
        "?!",
    ):
        answer = play.tell(line, 100.0)
        assert (answer["what"], answer["ok"]) == ("refused", False)
        assert answer["text"]
    assert "has come in" in play.tell("send E1 to f1", 100.0)["text"]
    assert (tmp_path / "session.jsonl").read_bytes() == before


def test_an_order_that_the_scenario_refuses_is_told_without_the_places_of_files(tmp_path: Path) -> None:
    play = begun(exercise(tmp_path), tmp_path)
    play.step(130.0)
    before = len(play.session.records)
    answer = play.tell({"order": {"order": {"unit": "E1", "incident": "f1", "station": "west"}}}, 130.0)
    assert not answer["ok"]
    assert "sends to one place" in answer["text"]
    assert "order 1" not in answer["text"]
    assert len(play.session.records) == before


def test_pause_resume_scale_jump_and_next(tmp_path: Path) -> None:
    play = begun(exercise(tmp_path), tmp_path, scale=2.0)
    play.step(10.0)
    assert play.now == 20.0
    assert play.tell("pause", 15.0)["ok"]
    assert play.tell("pause", 16.0)["text"] == "the clock stands already."
    play.step(500.0)
    assert (play.now, play.clock.paused, play.wait(500.0)) == (30.0, True, inf)
    assert play.tell("resume", 500.0)["ok"]
    play.step(505.0)
    assert play.now == 40.0
    play.tell("scale 10", 505.0)
    play.step(506.0)
    assert play.now == 50.0
    assert play.wait(506.0) == 7.0  # until f1 at T+2:00
    assert play.tell("next", 506.0)["ok"]
    assert (play.now, "f1" in play.state.delivered) == (120.0, True)
    assert play.tell("jump 1 h", 506.0)["ok"]
    assert (play.now, play.over) == (HOUR, True)
    assert set(play.state.delivered) == {"f1", "there", "asks", "f2"}
    assert play.tell("note too late", 507.0)["text"].startswith("the exercise has ended")


def test_skip_and_publish(tmp_path: Path) -> None:
    play = begun(exercise(tmp_path), tmp_path)
    play.step(10.0)
    assert play.tell("skip f2", 10.0)["ok"]
    assert play.tell("publish f1", 20.0)["ok"]
    assert not play.tell("publish f1", 21.0)["ok"]
    assert not play.tell("publish f2", 21.0)["ok"]
    assert play.tell("publish by-hand", 30.0)["ok"]
    happened = play.step(HOUR)
    assert play.state.delivered == {"f1": 20.0, "by-hand": 30.0, "there": 80.0, "asks": 200.001}
    assert [each["incident"] for each in happened if each.get("event") == "received"] == ["f1"]


@pytest.mark.parametrize(("said", "comes"), [(300.0, False), (301.0, True)])
def test_what_is_done_at_its_very_limit_is_in_time_for_contingencies_too(
    tmp_path: Path, said: float, comes: bool
) -> None:
    play = begun(exercise(tmp_path), tmp_path)
    play.step(10.0)
    assert play.tell(f"jump {said:g}", 10.0)["ok"]
    assert play.tell("done f1 2", 10.0)["ok"]
    play.step(HOUR)
    assert ("asks" in play.state.delivered) == comes
    (judged,) = [each for each in play.expected() if each.number == 1]
    assert judged.verdict(HOUR, HOUR) == ("late" if comes else "met")


def test_an_order_for_a_call_that_is_not_ready_says_when_it_is_carried_out(tmp_path: Path) -> None:
    world = {"incident_types": {"fire": {"run_card": {"engine": 1}, "call_processing": 90, "on_scene": 600}}}
    play = begun(exercise(tmp_path, world), tmp_path)
    play.step(130.0)
    assert play.tell("send E1 to f1", 130.0)["text"] == (
        "ordered; it is carried out when f1 is ready, at T+0:03:30"
    )
    sent = [each for each in play.step(HOUR) if each.get("event") == "alerted" and each["unit"] == "E1"]
    assert [each["at"] for each in sent][:1] == [120.0 + 90.0]


def test_end_by_order(tmp_path: Path) -> None:
    play = begun(exercise(tmp_path), tmp_path)
    play.step(200.0)
    assert play.tell("结束", 200.0)["ok"]
    assert play.step(201.0)[-1] == {"what": "end", "at": 200.0, "why": "order"}
    assert play.step(500.0) == []
    assert play.state.ended == 200.0


def test_silent_players_and_nobody_else_sends(tmp_path: Path) -> None:
    play = begun(exercise(tmp_path, silent="nothing"), tmp_path)
    play.step(900.0)
    call = picture(play, controller=True)["calls"][0]
    assert (call["waiting"], call["there"], call["wanted"]) == (True, [], {"engine": 1})
    assert call["advised"] == []  # the model's engine has been there and left by now
    assert play.tell("send E1 to f1", 900.0)["ok"]
    play.step(1100.0)
    assert picture(play, controller=True)["calls"][0]["there"] == ["E1"]


def test_advice_of_a_player_who_is_silent(tmp_path: Path) -> None:
    play = begun(exercise(tmp_path), tmp_path, silent="nothing")
    play.step(150.0)
    assert picture(play, controller=True)["calls"][0]["advised"] == ["W1"]


def test_what_is_to_come_is_for_controllers(tmp_path: Path) -> None:
    play = begun(exercise(tmp_path), tmp_path)
    play.step(150.0)
    assert {"next", "expected"} & set(picture(play, controller=False)) == set()
    shown = picture(play, controller=True)
    assert [each["entry"] for each in shown["next"]] == ["there", "asks", "by-hand", "f2"]
    assert [each["verdict"] for each in shown["expected"]] == ["open", "to be judged"]
    json.dumps(shown, allow_nan=False)


def test_without_people_it_is_the_play_of_the_model(tmp_path: Path) -> None:
    drill = exercise(tmp_path)
    play = begun(drill, tmp_path, scale=inf, attended=False)
    play.step(0.0)
    delivered, log = played_by_the_model(drill)
    assert play.state.delivered == delivered
    assert set(delivered) == {"f1", "there", "by-hand", "f2"}
    assert events_of(play.log) == events_of(log)


ORDERS = (
    (150.0, "send E1 to f1"), (200.0, "recall W1 replace"), (260.0, "done f1 2"), (400.0, "scale 7"),
    (1300.0, "move W1 to east"), (1400.0, "publish by-hand"), (2000.0, "jump T+40:00"),
)  # fmt: skip


def session_text(path: Path) -> list[dict[str, Any]]:
    """Return the records without what differs between two plays: numbers, times on the wall, checks."""
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    kept = [{k: v for k, v in each.items() if k not in ("seq", "wall", "check")} for each in records]
    return [each for each in kept if each["what"] not in ("clock", "resume")]


@pytest.mark.parametrize("seed", range(6))
def test_however_the_clock_ticks_the_same_happens(tmp_path: Path, seed: int) -> None:
    drill, luck = exercise(tmp_path), random.Random(seed)
    texts, logs = [], []
    for name in ("once", "often"):
        play = begun(drill, tmp_path, name, scale=inf if name == "once" else 50.0)
        for number, (at, line) in enumerate(ORDERS):
            if "scale" not in line:
                play.schedule(at, line, str(number))
        wall = 0.0
        while not play.over:
            play.step(wall)
            wall += luck.uniform(0.001, 5.0)
        texts.append(session_text(tmp_path / name)[1:])
        logs.append(events_of(play.log))
        play.session.close()
    assert texts[0] == texts[1]
    assert logs[0] == logs[1]
    assert len(texts[0]) == 10


def test_a_session_replays_to_the_same_log(tmp_path: Path) -> None:
    drill = exercise(tmp_path)
    play = begun(drill, tmp_path, scale=10.0)
    for at, line in ORDERS:
        play.schedule(at, line, line)
    wall = 0.0
    while not play.over:
        play.step(wall)
        wall += 1.7
    records, _ = read_session(tmp_path / "session.jsonl")
    assert [record["order"] for record in records if record["what"] == "order"]
    assert events_of(played(drill, folded(records))) == events_of(play.log)


def test_cut_off_after_any_record_it_goes_on_to_the_same_end(tmp_path: Path) -> None:
    drill = exercise(tmp_path)
    play = begun(drill, tmp_path, scale=inf)
    for at, line in ORDERS:
        play.schedule(at, line, line)
    wall = 0.0
    while not play.over:
        play.step(wall)
        wall += 1e6
    play.session.close()
    whole = (tmp_path / "session.jsonl").read_bytes().splitlines(keepends=True)
    expected = session_text(tmp_path / "session.jsonl")
    assert len(whole) > 10
    for kept in range(1, len(whole)):
        path = tmp_path / f"cut-{kept}"
        path.write_bytes(b"".join(whole[:kept]) + whole[kept][:-5])
        again = Play(drill, Session.resume(path), 5e6)
        for at, line in ORDERS:
            again.schedule(at, line, line)
        wall = 5e6
        while not again.over:
            again.step(wall)
            wall += 1e6
        again.session.close()
        assert session_text(path) == expected
        assert events_of(again.log) == events_of(play.log)


def test_the_time_is_written_down_though_nothing_happens(tmp_path: Path) -> None:
    drill = exercise(tmp_path)
    play = begun(drill, tmp_path)
    for wall in range(100):
        play.step(float(wall))
    play.session.close()
    again = Play(drill, Session.resume(tmp_path / "session.jsonl"), 9000.0)
    assert 94.0 <= again.now <= 99.0
    again.step(9010.0)
    assert again.now == pytest.approx(again.session.records[-2]["at"] + 10.0, abs=5.0)


def test_a_changed_or_ended_exercise_does_not_go_on(tmp_path: Path) -> None:
    begun(exercise(tmp_path), tmp_path).session.close()
    path = tmp_path / "session.jsonl"
    for fact, title, silent in (
        ("has been changed since", "Another", None),
        ("begun with 'advice'", "Two fires 演练", "nothing"),
    ):
        drill = exercise(tmp_path, title=title)
        with closing(Session.resume(path)) as session, pytest.raises(UsageError, match=fact):
            Play(drill, session, 0.0, silent=silent)
    with closing(Session.resume(path)) as session:
        Play(drill, session, 0.0, scale=inf).step(0.0)
    with closing(Session.resume(path)) as session, pytest.raises(UsageError, match="has ended"):
        Play(drill, session, 0.0)
