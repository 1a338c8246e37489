"""What is refused leaves no trace: orders that change nothing, words against the log, and what breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dispatch.composition import simulate
from dispatch.drills.outcome import check_same, fingerprint, idle, played
from dispatch.drills.playing import Play
from dispatch.drills.proving import overdue_from
from dispatch.drills.session import Session, State
from dispatch.drills.unfolding import expected
from dispatch.errors import InfeasibleError, UsageError
from dispatch.regression.events import ALERTED, NOTED, Event, events_of
from tests.drills.exercises import HOUR, RICH, begun, exercise

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dispatch.engine.log import Log
    from dispatch.scenario.scenario import Scenario

TAKEN = (
    (130.0, "raise f1 to 2"),
    (150.0, "send E1 to f1"),
    (151.0, "stage E2 for f1 at c"),
    (152.0, "send E2 to f1"),
    (153.0, "recall E1"),
    (160.0, "move E1 to west"),
    (200.0, "ask help for f1"),
    (210.0, "supply 100 bags sandbags to f1"),
    (220.0, "supply 100 bags sandbags to f1"),
)
"""Orders of every kind that change something."""


@pytest.mark.parametrize("silent", ["advice", "nothing"])
def test_orders_of_every_kind_are_taken_and_those_that_change_nothing_are_not(
    tmp_path: Path, silent: str
) -> None:
    play = begun(exercise(tmp_path, RICH), tmp_path, silent=silent)
    for at, line in TAKEN:
        play.step(at)
        before = events_of(play.log)
        answer = play.tell(line, at)
        assert answer["ok"], answer["text"]
        assert events_of(play.log) != before
    play.step(230.0)
    session = (tmp_path / "session.jsonl").read_bytes()
    for line, why in (
        ("raise f1 to 2", "it has level 2 already"),
        ("send S1 to f1", "on this call already"),
        ("stage S1 for f1 at c", "on this call already"),
        ("stage E2 for f1 at c", "on this call already"),
        ("recall E1", "not on a call"),
        ("move E1 to west", "there already, or on its way there"),
        ("move S1 to west", "not free"),
        ("supply 0 bags sandbags to f1", "nothing is ordered"),
    ):
        answer = play.tell(line, 230.0)
        assert (answer["what"], answer["ok"]) == ("refused", False), line
        assert why in answer["text"]
    assert play.step(230.0) == []
    assert play.tell("ask help for f1 5", 230.0)["ok"], "two of the five come"
    assert "0 of 1 units of 'help'" in play.tell("ask help for f1", 230.0)["text"]
    assert (tmp_path / "session.jsonl").read_bytes().startswith(session)
    assert len(play.session.records) == len(session.splitlines()) + 1
    orders = (*play.state.orders, {"at": 230.0, "recall": {"unit": "E1"}})
    refused = played(play.drill, State(silent=silent, delivered=play.state.delivered, orders=orders))
    note = {Event(HOUR + 230.0, NOTED, "", "E1", "recall: not on a call")}
    assert set(events_of(refused)) - set(events_of(play.log)) == note


def test_ordering_what_the_model_does_anyway_is_an_order(tmp_path: Path) -> None:
    """While the call is being taken nobody has been sent; the order sends whom the model would send."""
    play = begun(exercise(tmp_path, {"call_processing": 60}), tmp_path)
    play.step(150.0)
    alone = events_of(play.log)
    assert play.tell("send W1 to f1", 150.0)["ok"]
    assert [each for each in events_of(play.log) if each.kind == ALERTED] == [
        each for each in alone if each.kind == ALERTED
    ]
    assert play.tell("send W1 to f1", 151.0)["ok"] is False


def event(time: float, kind: int = NOTED, detail: str = "") -> Event:
    return Event(time, kind, "f1", "E1", detail)


@pytest.mark.parametrize(
    ("after", "why"),
    [
        ([event(1.0, ALERTED)], "it changes nothing"),
        ([event(1.0, ALERTED), event(2.0, detail="recall: not on a call")], "not on a call"),
        ([event(1.0, ALERTED), event(2.0, detail="recall: turned back")], ""),
        ([event(1.0, ALERTED), event(2.0, detail="order: not free")], ""),
        ([event(1.0, ALERTED), event(1.0, ALERTED)], ""),
        ([event(2.0, ALERTED)], ""),
        ([], ""),
    ],
)
def test_what_an_order_changes_is_more_than_its_own_note(after: list[Event], why: str) -> None:
    assert idle("recall", [event(1.0, ALERTED)], after) == why


@pytest.mark.parametrize(
    ("at", "line", "told"),
    [
        (100.0, "done f1 2", "f1 has not been delivered"),
        (130.0, "done f1 1", "it looks for 'on_scene' (incident f1)"),
        (600.0, "done f1 1", "the log shows whether f1 1 is done"),
    ],
)
def test_nobody_says_done_of_what_is_to_come_or_of_what_the_log_shows(
    tmp_path: Path, at: float, line: str, told: str
) -> None:
    play = begun(exercise(tmp_path), tmp_path)
    play.step(at)
    before = (tmp_path / "session.jsonl").read_bytes()
    answer = play.tell(line, at)
    assert answer["ok"] is False
    assert told in answer["text"]
    assert (tmp_path / "session.jsonl").read_bytes() == before


def test_done_is_said_once(tmp_path: Path) -> None:
    play = begun(exercise(tmp_path), tmp_path)
    play.step(200.0)
    assert play.tell("done f1 2", 200.0)["ok"]
    assert "said to be done at 0:03:20" in play.tell("done f1 2", 400.0)["text"]
    assert play.state.done == {("f1", 1): 200.0}


def test_the_log_wins_against_what_was_said(tmp_path: Path) -> None:
    drill = exercise(tmp_path)
    state = State(delivered={"f1": 120.0}, done={("f1", 0): 125.0, ("f1", 1): 130.0})
    seen = {each.number: each.seen for each in expected(drill, state, played(drill, state))}
    assert seen == {0: 180.0, 1: 130.0}
    silent = State(silent="nothing", delivered={"f1": 120.0}, done={("f1", 0): 125.0})
    verdicts = [each.verdict(HOUR, HOUR) for each in expected(drill, silent, played(drill, silent))]
    assert verdicts == ["missed", "to be judged"]


def breaking(when: Callable[[Scenario], bool], error: Exception) -> Callable[..., Log]:
    """Return a simulation that breaks at some scenarios."""

    def simulated(scenario: Scenario, *more: Any) -> Log:
        if when(scenario):
            raise error
        return simulate(scenario, *more)

    return simulated


ERRORS = (ZeroDivisionError("of seconds"), InfeasibleError("no way", hint="Open a road."))


@pytest.mark.parametrize("error", ERRORS)
def test_an_order_at_which_the_simulation_breaks_is_never_in_a_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    play = begun(exercise(tmp_path), tmp_path)
    play.step(150.0)
    before, events = (tmp_path / "session.jsonl").read_bytes(), events_of(play.log)
    broken = breaking(lambda scenario: any(each.unit == "E1" for each in scenario.commands), error)
    monkeypatch.setattr("dispatch.drills.outcome.simulate", broken)
    answer = play.tell("send E1 to f1", 150.0)
    assert (answer["what"], answer["ok"]) == ("refused", False)
    assert str(error.args[0]) in answer["text"]
    assert (tmp_path / "session.jsonl").read_bytes() == before
    assert events_of(play.log) == events
    assert play.tell("recall W1", 151.0)["ok"]
    play.step(HOUR)
    assert play.over


@pytest.mark.parametrize("error", ERRORS)
def test_an_entry_at_which_the_simulation_breaks_is_left_out_and_the_session_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    drill = exercise(tmp_path)
    play = begun(drill, tmp_path)
    broken = breaking(lambda scenario: any(call.id == "f2" for call in scenario.authored), error)
    monkeypatch.setattr("dispatch.drills.outcome.simulate", broken)
    play.step(600.0)
    before = (tmp_path / "session.jsonl").read_bytes()
    assert str(error.args[0]) in play.tell("publish f2", 600.0)["text"]
    assert (tmp_path / "session.jsonl").read_bytes() == before
    happened = play.step(1300.0)
    assert [(each["entry"], each["at"]) for each in happened if each["what"] == "skip"] == [("f2", 1200.0)]
    assert play.state.skipped == {"f2": 1200.0}
    play.session.close()
    again = Play(drill, Session.resume(tmp_path / "session.jsonl"), 2000.0)
    again.step(2000.0 + HOUR)
    assert again.over
    assert "f2" not in again.state.delivered


def test_what_a_session_cites_is_in_the_exercise(tmp_path: Path) -> None:
    drill = exercise(tmp_path)
    digest = fingerprint(drill)
    check_same(drill, State(drill=digest, delivered={"f1": 1.0}, done={("f1", 1): 2.0}))
    for state, fact in (
        (State(drill=digest, delivered={"f9": 1.0}), "cites entry 'f9'"),
        (State(drill=digest, skipped={"f9": 1.0}), "cites entry 'f9'"),
        (State(drill=digest, done={("f9", 0): 1.0}), "cites entry 'f9'"),
        (State(drill=digest, done={("f1", 2): 1.0}), "cites action 3 of entry 'f1'"),
        (State(drill=digest, done={("f1", -1): 1.0}), "cites action 0 of entry 'f1'"),
        (State(drill="0"), "has been changed since"),
    ):
        with pytest.raises(UsageError, match=fact):
            check_same(drill, state)


def test_what_was_said_of_what_the_log_shows_stops_no_contingency(tmp_path: Path) -> None:
    """Nobody sends anybody; that an engine is there is not made true by saying so."""
    drill, done = exercise(tmp_path), {("f1", 0): 125.0, ("f1", 1): 130.0}
    for silent, late in (("nothing", {"f1": HOUR + 120.0 + 300.001}), ("advice", {})):
        state = State(silent=silent, delivered={"f1": 120.0}, done=done)
        assert overdue_from(drill, played(drill, state), state.delivered, state.done) == late
