"""What a log shows of expected actions, against a recount second by second."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import simulate
from dispatch.drills.seeing import at_once, first_held, first_seen, free_units, holds
from dispatch.engine.board import Board, Status
from dispatch.model.briefs import Action, Condition
from tests.small import small

from .lines import QUIET

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log

SPANS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda p: (p[0], p[0] + p[1])), max_size=6
)


@given(SPANS, st.integers(1, 3), st.integers(0, 25))
def test_at_once_is_a_recount(spans: list[tuple[int, int]], count: int, since: int) -> None:
    counted = (t for t in range(since, 60) if sum(a <= t < b for a, b in spans) >= count)
    assert at_once([(float(a), float(b)) for a, b in spans], count, float(since)) == next(counted, math.inf)


def action(**seen: Any) -> Action:
    return Action.model_validate({"text": "x", "by": 60, **seen})


LEVELS: dict[str, Any] = {
    **QUIET,
    "incident_types": {
        "fire": {"run_card": {"engine": 2}, "on_scene": 600},
        "alarm": {"run_card": {"engine": 1}, "on_scene": 600, "alarm": {"scale": "rescue", "level": 1}},
    },
    "plans": {
        "classes": {name: {"title": name, "scale": "rescue"} for name in ("alarm", "fire")},
        "own": {
            "a": {"title": "a", "assumed": True, "classes": ["alarm"],
                  "cards": {1: {"units": {"engine": 1}}, 2: {"units": {"engine": 2}}}},
            "f": {"title": "f", "assumed": True, "classes": ["fire"], "cards": {1: {"units": {"engine": 2}}}},
        },
    },
    "injects": [
        {"at": 100, "incident": {"type": "fire", "node": "b", "id": "one"}},
        {"at": 2000, "incident": {"type": "alarm", "node": "d", "id": "two"}},
        {"at": 2030, "level": {"incident": "two", "level": 2}},
        {"at": 4000, "order": {"unit": "W1", "station": "east"}},
        {"at": 6000, "incident": {"type": "fire", "node": "e", "id": "three"}},
        {"at": 6010, "recall": {"unit": "W1"}},
        {"at": 7000, "outage": {"unit": "E1", "for": 500}},
    ],
}  # fmt: skip


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return simulate(small(tmp_path, **LEVELS))


def test_units_on_scene_and_sent(log: Log) -> None:
    # b is 60 s from W1 at a, and 180 s from E1 at e; each stays 600 s
    one = {"incident": "one"}
    assert first_seen(log, action(sent={**one, "count": 2}), 0.0) == 100.0
    assert first_seen(log, action(on_scene=one), 0.0) == 160.0
    assert first_seen(log, action(on_scene={**one, "count": 2}), 0.0) == 280.0
    assert first_seen(log, action(on_scene={**one, "unit": "E1"}), 0.0) == 280.0
    assert first_seen(log, action(on_scene={**one, "capability": "engine", "count": 2}), 300.0) == 300.0
    assert first_seen(log, action(on_scene={**one, "count": 2}), 760.0) == math.inf  # W1 has left
    assert first_seen(log, action(on_scene=one), 760.0) == 760.0
    assert first_seen(log, action(on_scene={**one, "count": 3}), 0.0) == math.inf
    assert first_seen(log, action(on_scene={"incident": "four"}), 0.0) == math.inf


def test_levels_and_orders(log: Log) -> None:
    assert first_seen(log, action(level={"incident": "two", "at_least": 1}), 0.0) == 2000.0
    assert first_seen(log, action(level={"incident": "two", "at_least": 2}), 0.0) == 2030.0
    assert first_seen(log, action(level={"incident": "two", "at_least": 2}), 2100.0) == 2100.0
    assert first_seen(log, action(level={"incident": "two", "at_least": 3}), 0.0) == math.inf
    assert first_seen(log, action(moved_up="east"), 0.0) == 4000.0
    assert first_seen(log, action(moved_up="east"), 4200.0) == 4200.0
    assert first_seen(log, action(moved_up="west"), 0.0) == math.inf
    assert first_seen(log, action(recalled="W1"), 0.0) == 6010.0
    assert first_seen(log, action(recalled="W1"), 6011.0) == math.inf
    assert first_seen(log, action(recalled="E1"), 0.0) == math.inf
    assert math.isnan(first_seen(log, action(), 0.0))
    assert math.isnan(first_seen(log, action(under_control="one"), 0.0))
    # two engines of level 2 at d: E1 after 60 s, W1, sent at the rise, after 180 s
    assert first_seen(log, action(under_control="two"), 0.0) == 2060.0


def test_help_is_asked_for_under_an_agreement_for_a_call(tmp_path: Path) -> None:
    fires = [{"at": 100, "incident": {"type": "fire", "node": "b", "id": name}} for name in ("one", "two")]
    asks = [
        {"at": at, "ask": {"agreement": "help", "incident": name, "units": 1}}
        for at, name in ((400, "one"), (900, "one"), (700, "two"))
    ]
    world = {
        "dispatching": {"policy": "by_order"},
        "stations": {name: {"at": at, "owner": "mutual_aid"} for name, at in (("west", "a"), ("east", "e"))},
        "units": {"W1": {"type": "engine", "station": "west"}}
        | {name: {"type": "engine", "station": "east"} for name in ("E1", "E2", "E3")},
        "agreements": {"help": {"stations": ["east"]}, "more": {"stations": ["west"]}},
        "injects": [*fires, *asks],
    }  # fmt: skip
    log = simulate(small(tmp_path, **{**QUIET, **world}))

    def asked(agreement: str, incident: str, since: float) -> float:
        return first_seen(log, action(asked={"agreement": agreement, "incident": incident}), since)

    assert [asked("help", name, 0.0) for name in ("one", "two")] == [400.0, 700.0]
    assert [asked("help", name, 600.0) for name in ("one", "two")] == [600.0, 700.0]
    assert [asked("help", name, 800.0) for name in ("one", "two")] == [800.0, 800.0]
    assert asked("more", "one", 0.0) == asked("help", "three", 0.0) == math.inf
    assert math.isnan(asked("none", "one", 0.0))


def test_conditions_are_what_the_board_shows(log: Log) -> None:
    for moment in range(0, 9000, 7):
        board = Board.at(log, float(moment))
        free = sum(
            name not in board.assigned and status not in (Status.OFF_DUTY, Status.OUT_OF_SERVICE)
            for name, status in board.units.items()
        )
        assert free_units(log, float(moment)) == free
        for least in (1, 2):
            few, wait = Condition(free_below=least), Condition(waiting=least)
            assert holds(log, few, float(moment), ()) == (free < least)
            assert holds(log, wait, float(moment), ()) == (len(board.waiting) >= least)


def test_all_of_a_condition_must_hold(log: Log) -> None:
    both = Condition.model_validate({"on_scene": {"incident": "one"}, "missed": "x"})
    assert holds(log, both, 200.0, {"x"})
    assert not holds(log, both, 200.0, {"y"})
    assert not holds(log, both, 150.0, {"x"})
    assert not holds(log, both, 881.0, {"x"})  # both have left
    assert first_held(log, both, 0.0, 5000.0, {"x": 300.5}) == 300.5
    assert first_held(log, both, 0.0, 5000.0, {"x": 20.0}) == 160.0
    assert first_held(log, both, 0.0, 5000.0, {"x": 900.0}) == math.inf
    level = Condition.model_validate({"level": {"incident": "two", "at_least": 2}})
    assert [holds(log, level, at, ()) for at in (2029.0, 2030.0, 9000.0)] == [False, True, True]


def test_the_first_moment_of_a_condition_is_found(log: Log) -> None:
    for condition in (Condition(free_below=1), Condition(free_below=2), Condition(waiting=1)):
        for since in (0.0, 500.0, 3000.0, 6500.0):
            held = first_held(log, condition, since, 9000.0, {})
            seconds = np.arange(since, 9000.0)
            recount = next((t for t in seconds.tolist() if holds(log, condition, t, ())), math.inf)
            assert (held == math.inf) == (recount == math.inf)
            assert held <= recount < held + 1.0 or held == recount


def test_what_no_log_can_show_is_left_to_people(tmp_path: Path) -> None:
    fire = {"at": 10, "incident": {"type": "fire", "node": "b", "id": "one"}}
    log = simulate(small(tmp_path, **QUIET, injects=[fire]))
    assert math.isnan(first_seen(log, action(level={"incident": "one", "at_least": 1}), 0.0))
    water = {"incident": "one", "item": "water", "amount": "1 t"}
    assert math.isnan(first_seen(log, action(delivered=water), 0.0))
