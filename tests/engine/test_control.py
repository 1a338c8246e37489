"""Units stay until a call is under control, and needs that nobody wants any more are withdrawn.

The line and the cards of ``test_levels``: two engines at a, two at e, a minute of driving from node to node;
level n asks for n engines. Moments are reckoned by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import simulate
from dispatch.engine.notices import notices
from dispatch.engine.rulebook import Ending
from tests.engine.test_levels import UNITS, call, sent, world

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from dispatch import Log

TWO = {name: UNITS[name] for name in ("W1", "E1")}


def fire(on_scene: float, **alarm: Any) -> dict[str, Any]:
    """Return the incident types of a world: fires of some seconds on scene."""
    return {"fire": {"on_scene": on_scene, "alarm": {"level": 1, **alarm}}}


def other(at: float, node: str, name: str = "y", **more: Any) -> dict[str, Any]:
    """Return an inject of another call."""
    return {"at": at, "incident": {"type": "fire", "node": node, "id": name, **more}}


def clear(log: Log) -> dict[str, list[float]]:
    """Return when units were clear, by unit."""
    found: dict[str, list[float]] = {}
    for unit, moment in zip(log.responses.unit, log.responses.clear, strict=True):
        found.setdefault(log.fleet.ids[unit], []).append(float(moment))
    return found


def withdrawn(log: Log) -> list[tuple[float, str]]:
    return [(each.moment, each.reason) for each in log.withdrawals]


def test_units_stay_until_the_rises_have_brought_enough(tmp_path: Path) -> None:
    """W1 arrives at 60; at 2400 the level rises, W2 arrives at 2460; at 4800 again, E1 arrives at 4980."""
    types = fire(1200, severity={3: 1}, control_within="40 min")
    log = simulate(world(tmp_path, call(node="b"), incident_types=types))
    assert sent(log) == [("W1", 0.0), ("W2", 2400.0), ("E1", 4800.0)]
    assert clear(log) == {"W1": [4980.0], "W2": [4980.0], "E1": [6180.0]}
    assert log.incidents.under_control.tolist() == [4980.0]
    assert log.incidents.closed.tolist() == [6180.0]
    assert log.responses.returning.tolist() == [4980.0, 4980.0, 6180.0]


def test_a_unit_whose_work_ends_after_control_leaves_when_it_ends(tmp_path: Path) -> None:
    """The second engine comes at 180, and the first works until 660 anyhow."""
    log = simulate(world(tmp_path, call(node="b", level=2), units=TWO, incident_types=fire(600)))
    assert clear(log) == {"W1": [660.0], "E1": [780.0]}


def test_a_card_larger_than_the_fleet_keeps_nobody_and_brings_nobody_twice(tmp_path: Path) -> None:
    """Nobody else can come: both leave after their 600 s, the third place is withdrawn with the last."""
    log = simulate(
        world(tmp_path, call(node="b", level=3), units=TWO, incident_types=fire(600, severity={3: 1}))
    )
    assert sent(log) == [("W1", 0.0), ("E1", 0.0)]
    assert clear(log) == {"W1": [660.0], "E1": [780.0]}
    assert withdrawn(log) == [(780.0, "over")]
    assert log.incidents.status().tolist() == ["partial"]
    assert (log.incidents.closed.tolist(), np.isnan(log.incidents.erf).tolist()) == ([780.0], [True])
    assert [(each.what, each.detail) for each in notices(log)] == [
        ("need withdrawn", "engine: the units there have left, and nobody else could come")
    ]


LONG = {"long": {"on_scene": 1490, "alarm": {"level": 1}, "classed_as": "fire"}}
"""Calls at which one engine works for long: with E1 at e from 10 until 1500."""


def waiting(folder: Path, *injects: dict[str, Any]) -> Log:
    """Play a call that needs two engines while one of the two there are works on a long call."""
    types = fire(600, severity={2: 1}) | LONG
    types["fire"]["classed_as"] = "fire"
    long = {"at": 10, "incident": {"type": "long", "node": "e", "id": "y"}}
    return simulate(world(folder, long, call(at=100, level=2), *injects, units=TWO, incident_types=types))


def test_a_unit_at_work_elsewhere_is_waited_for(tmp_path: Path) -> None:
    """E1 is free at 1500 and four minutes away; W1 is done at 700 and waits for it."""
    log = waiting(tmp_path)
    assert sent(log) == [("E1", 10.0), ("W1", 100.0), ("E1", 1500.0)]
    assert clear(log) == {"E1": [1500.0, 2340.0], "W1": [1740.0]}


def test_the_unit_waited_for_is_not_waited_for_once_it_is_out_of_service(tmp_path: Path) -> None:
    """At 1000 E1 goes out of service for good, as soon as it is done: W1 leaves at that moment."""
    log = waiting(tmp_path, {"at": 1000, "outage": {"unit": "E1"}})
    assert clear(log) == {"E1": [1500.0], "W1": [1000.0]}
    assert withdrawn(log) == [(1000.0, "over")]


def test_two_calls_never_wait_for_each_other(tmp_path: Path) -> None:
    """Each has two engines and asks for a third. Both are done at 1210: the later call lets its units go.

    One of them then helps the other call, which is a minute and three quarters of driving away.
    """
    orders = [{"at": 300, "level": {"incident": name, "level": 3}} for name in ("x", "y")]
    types = fire(1200, severity={3: 1})
    types["fire"]["alarm"]["level"] = 2
    log = simulate(world(tmp_path, call(at=10, node="a"), other(10, "e"), *orders, incident_types=types))
    assert sent(log)[:4] == [("W1", 10.0), ("W2", 10.0), ("E1", 10.0), ("E2", 10.0)]
    assert sent(log)[4:] == [("E1", 1210.0)]
    assert clear(log) == {"W1": [1450.0], "W2": [1450.0], "E1": [1210.0, 2650.0], "E2": [1210.0]}
    assert withdrawn(log) == [(1210.0, "over")]


def test_the_more_urgent_call_is_the_one_that_is_helped(tmp_path: Path) -> None:
    orders = [{"at": 300, "level": {"incident": name, "level": 3}} for name in ("x", "y")]
    types = fire(1200, severity={3: 1})
    types["fire"]["alarm"]["level"] = 2
    urgent = other(10, "e", priority=1)
    types["fire"]["priority"] = 2
    log = simulate(world(tmp_path, call(at=10, node="a"), urgent, *orders, incident_types=types))
    assert sent(log)[4:] == [("W1", 1210.0)]


def test_what_a_rise_asked_for_is_withdrawn_when_the_call_is_under_control(tmp_path: Path) -> None:
    """Two engines are enough, the second arrives at 270; nobody was left for the third."""
    order = {"at": 30, "level": {"incident": "x", "level": 3}}
    log = simulate(world(tmp_path, call(), order, units=TWO, incident_types=fire(3600, severity={2: 1})))
    assert log.incidents.under_control.tolist() == [270.0]
    assert withdrawn(log) == [(270.0, "under control")]


def test_what_is_asked_for_after_control_is_not_withdrawn(tmp_path: Path) -> None:
    """Whoever raises a level later wants more; E1 is back from another call at 900 and comes."""
    order = {"at": 300, "level": {"incident": "x", "level": 2}}
    log = simulate(world(tmp_path, other(0, "e"), call(at=10), order, units=TWO, incident_types=fire(900)))
    assert sent(log) == [("E1", 0.0), ("W1", 10.0), ("E1", 900.0)]
    assert withdrawn(log) == []


def test_a_unit_that_stays_can_be_called_back(tmp_path: Path) -> None:
    recall = {"at": 1000, "recall": {"unit": "W1"}}
    types = fire(600, severity={2: 1}, control_within="30 min")
    log = simulate(world(tmp_path, call(node="b"), recall, incident_types=types, units=TWO))
    assert (clear(log)["W1"], log.responses.ending[0]) == ([1000.0], Ending.RECALLED)


def test_a_unit_does_not_wait_for_a_rise_that_nobody_has_ordered_yet(tmp_path: Path) -> None:
    """No deadline raises the level; that somebody will order it at 1800 nobody knows at 660."""
    order = {"at": 1800, "level": {"incident": "x", "level": 2}}
    log = simulate(
        world(tmp_path, call(node="b"), order, units=TWO, incident_types=fire(600, severity={2: 1}))
    )
    assert clear(log) == {"W1": [660.0]}
    assert [each.outcome for each in log.orders] == ["the call is over"]


def test_a_unit_with_a_patient_does_not_stay(tmp_path: Path) -> None:
    types = fire(600, severity={2: 1}, control_within="30 min")
    types["fire"]["to_hospital"] = {}
    log = simulate(
        world(tmp_path, call(node="b"), units=TWO, incident_types=types, hospitals={"h": {"at": "c"}})
    )
    assert clear(log)["W1"][0] == 660.0


def test_mutual_aid_leaves_when_it_is_done(tmp_path: Path) -> None:
    """The second engine is outside help that takes 300 s: then W1, done at 200, leaves, too."""
    rules = {"when_none_free": "mutual_aid", "mutual_aid": {"delay": 300}}
    units = {"W1": UNITS["W1"]}
    log = simulate(
        world(
            tmp_path,
            call(node="a", level=2),
            units=units,
            dispatching=rules,
            incident_types=fire(200, severity={2: 1}),
        )
    )
    assert log.responses.unit.tolist() == [0, -1]
    assert log.responses.clear.tolist() == [300.0, 500.0]


calls = st.tuples(st.integers(0, 4000), st.sampled_from("abcde"), st.integers(1, 3), st.integers(1, 2))


@given(
    st.lists(calls, min_size=1, max_size=5),
    st.sampled_from([{1: 1}, {2: 1}, {3: 1}, {1: 1, 3: 1}]),
    st.sampled_from([None, "5 min", "30 min"]),
    st.integers(1, 4),
    st.booleans(),
)
@settings(max_examples=60)
def test_laws_of_staying(
    tmp_path_factory: pytest.TempPathFactory,
    asked: list[tuple[int, str, int, int]],
    severity: dict[int, int],
    deadline: str | None,
    size: int,
    diversion: bool,
) -> None:
    """Nobody leaves early or stays for nothing; every call comes to an end."""
    alarm = {"severity": severity} | ({} if deadline is None else {"control_within": deadline})
    injects = [other(at, node, f"c{n}", level=level, priority=priority)
               for n, (at, node, level, priority) in enumerate(asked)]  # fmt: skip
    units = dict(list(UNITS.items())[:size])
    log = simulate(
        world(tmp_path_factory.mktemp("stay"), *injects, units=units, incident_types=fire(700, **alarm),
              dispatching={"diversion": diversion})
    )  # fmt: skip
    r, control, owner = log.responses, log.incidents.under_control, log.responses.incident
    served = np.flatnonzero(r.ending == Ending.SERVED)
    own = r.on_scene + 700
    reached = control[owner]
    alone = {(int(owner[row]), int(r.unit[row])) for row in served}
    assert len(alone) == len(served)  # nobody does its work at one call twice
    for row in served:
        after = r.clear[row] - own[row]
        assert after >= 0
        if after > 0 and reached[row] == reached[row]:
            assert r.clear[row] <= reached[row]  # it stayed for control, or gave up before
        if reached[row] == reached[row] and r.clear[row] < reached[row]:
            assert after == 0 or not (r.alerted[owner == owner[row]] > r.clear[row]).all()
    assert not np.isnan(log.incidents.closed[log.incidents.arrived > 0]).any()
    assert np.isfinite(r.clear[served]).all()
