"""Staging in a simulation: who waits where, until when, and what becomes of it; worked out by hand.

The line of five nodes (tests/small.py), a minute of driving apart: one engine at a, three at e, that turn
out at once. Of units that are equally near, those in the west are sent first.
"""

from __future__ import annotations

import io
from math import inf, nan
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from dispatch import Board, draw, measure, simulate, whereabouts
from dispatch.composition import _parts
from dispatch.engine.board import Status
from dispatch.engine.fleet import Fleet
from dispatch.engine.notices import notices
from dispatch.engine.rulebook import Ending
from dispatch.engine.staging import Staging
from dispatch.errors import ScenarioError
from dispatch.regression.events import events_of, snapshot
from dispatch.report.explaining import print_explanation
from dispatch.study.explaining import explain
from tests.engine.test_levels import PLANS, call
from tests.engine.test_levels import UNITS as TWO_AND_TWO
from tests.small import small

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log, Scenario

AT_C = {"from": 2, "at": "c", "size_up": 120}

UNITS = {
    name: {"type": "engine", "station": "west" if name == "W1" else "east"}
    for name in ("W1", "E1", "E2", "E3")
}


def planned(staging: dict[str, Any] | None, **by_level: Any) -> dict[str, Any]:
    """Return plans in which level n asks for n engines, with a rule for staging; of a level: ``level_2``."""
    cards = {}
    for level in (1, 2, 3):
        rule = by_level.get(f"level_{level}", staging)
        cards[level] = {"units": {"engine": level}} | ({} if rule is None else {"staging": rule})
    return PLANS | {"own": {"all": {"classes": ["fire"], "cards": cards}}}


def world(
    folder: Path, staging: dict[str, Any] | None, *injects: dict[str, Any], level: int = 3, **changes: Any
) -> Scenario:
    """Load the line with staging, and injects for calls."""
    fire = {"on_scene": 3600, "alarm": {"level": level}}
    more: dict[str, Any] = {"units": UNITS, "plans": planned(staging), "incident_types": {"fire": fire}}
    none = {"poisson": {"fire": {"rate": "0/d"}}}
    return small(folder, **{"demand": none, "injects": list(injects)} | more | changes)


def came(log: Log) -> list[tuple[str, float]]:
    """Return who was on scene when, in order of being sent; −1 for who never came."""
    r = log.responses
    names = [*log.fleet.ids, "aid"]
    return [
        (names[unit], -1.0 if moment != moment else float(moment))
        for unit, moment in zip(r.unit, r.on_scene, strict=True)
    ]


def stays(log: Log) -> list[tuple[str, str, float, float]]:
    """Return who was staged where, from when until when; −1 for never."""
    ids, nodes = log.fleet.ids, log.scenario.network.node_ids
    return [
        (ids[log.responses.unit[each.response]], nodes[each.node],
         *(-1.0 if moment != moment else float(moment) for moment in (each.arrived, each.forward)))
        for each in log.stagings
    ]  # fmt: skip


def test_later_units_wait_for_the_size_up(tmp_path: Path) -> None:
    """W1 is at b at 60; E1 and E2 are at c at 120 and wait until 60 + 120, then drive one minute."""
    log = simulate(world(tmp_path, AT_C, call(node="b")))
    assert came(log) == [("W1", 60.0), ("E1", 240.0), ("E2", 240.0)]
    assert stays(log) == [("E1", "c", 120.0, 180.0), ("E2", "c", 120.0, 180.0)]
    assert log.incidents.first_on_scene.tolist() == [60.0]
    assert log.incidents.erf.tolist() == [240.0]
    assert log.responses.clear.tolist() == [3660.0, 3840.0, 3840.0]
    found = measure(log, ["staging.wait.mean", "total.second.mean", "total.erf.mean", "travel.second.mean"])
    assert found == {
        "staging.wait.mean": 60.0,
        "total.second.mean": 240.0,
        "total.erf.mean": 240.0,
        "travel.second.mean": 240.0,
    }
    assert [(each.moment, each.what, each.unit, each.detail) for each in notices(log)] == [
        (120.0, "staged", "E1", "at c"),
        (120.0, "staged", "E2", "at c"),
        (180.0, "went forward", "E1", "after a wait of 60.0 s"),
        (180.0, "went forward", "E2", "after a wait of 60.0 s"),
    ]


def test_without_staging_they_would_have_been_there_earlier(tmp_path: Path) -> None:
    log = simulate(world(tmp_path, None, call(node="b")))
    assert came(log) == [("W1", 60.0), ("E1", 180.0), ("E2", 180.0)]
    assert (log.stagings, log.staged) == ((), {})


def test_the_example_of_the_documentation(tmp_path: Path) -> None:
    """W2 is nearer to b than to c, E2 is sent when the scene has been sized up: E1 alone waits."""
    order = {"at": 180, "order": {"unit": "E2", "incident": "x"}}
    log = simulate(world(tmp_path, AT_C, call(node="b"), order, units=TWO_AND_TWO))
    assert came(log) == [("W1", 60.0), ("W2", 60.0), ("E1", 240.0), ("E2", 360.0)]
    assert stays(log) == [("E1", "c", 120.0, 180.0)]


def test_at_the_edge_of_the_scene(tmp_path: Path) -> None:
    """Without a place they drive all the way, and wait there: W2 from 60 on, E1 gets there just in time."""
    log = simulate(world(tmp_path, {"from": 2, "size_up": 120}, call(node="b"), units=TWO_AND_TWO))
    assert came(log) == [("W1", 60.0), ("W2", 180.0), ("E1", 180.0)]
    assert stays(log) == [("W2", "b", 60.0, 180.0), ("E1", "b", 180.0, 180.0)]


def test_who_comes_when_the_scene_has_been_sized_up_goes_on_at_once(tmp_path: Path) -> None:
    """Fire at a: W1 is there at 0; with a size-up of 60 s nobody waits at d, 60 s away."""
    log = simulate(world(tmp_path, {"from": 2, "at": "d", "size_up": 60}, call(node="a")))
    assert stays(log) == [("E1", "d", 60.0, 60.0), ("E2", "d", 60.0, 60.0)]
    assert came(log) == [("W1", 0.0), ("E1", 240.0), ("E2", 240.0)]
    assert measure(log, ["staging.wait.mean"]) == {"staging.wait.mean": 0.0}


def test_who_gets_there_before_the_first_waits_for_it(tmp_path: Path) -> None:
    """Fire at c: W1 needs 120; E1 and E2 are at d at 60, and would not be at c before it."""
    log = simulate(world(tmp_path, {"from": 2, "at": "d"}, call(node="c")))
    assert stays(log) == [("E1", "d", 60.0, 120.0), ("E2", "d", 60.0, 120.0)]
    assert came(log) == [("W1", 120.0), ("E1", 180.0), ("E2", 180.0)]


def test_with_from_1_the_first_of_those_who_wait_goes_forward_at_once(tmp_path: Path) -> None:
    """Nobody drives up: E1 goes on as it gets to c; the others wait for it and its size-up."""
    units = {name: UNITS[name] for name in ("E1", "E2", "E3")}
    log = simulate(world(tmp_path, AT_C | {"from": 1}, call(node="b"), units=units))
    assert stays(log) == [("E1", "c", 120.0, 120.0), ("E2", "c", 120.0, 300.0), ("E3", "c", 120.0, 300.0)]
    assert came(log) == [("E1", 180.0), ("E2", 360.0), ("E3", 360.0)]


def test_the_boards_and_whereabouts_tell_who_is_staged(tmp_path: Path) -> None:
    log = simulate(world(tmp_path, AT_C, call(node="b")))
    states = [Board.at(log, time).units["E1"] for time in (0, 119, 120, 179, 180, 239, 240)]
    assert states == [
        Status.EN_ROUTE, Status.EN_ROUTE, Status.STAGED, Status.STAGED,
        Status.EN_ROUTE, Status.EN_ROUTE, Status.ON_SCENE,
    ]  # fmt: skip
    assert Board.at(log, 150).assigned == {"W1": "x", "E1": "x", "E2": "x"}
    for time, link, share, node in (
        (30, "d-e", 0.5, "d"), (90, "c-d", 0.5, "c"), (150, "", nan, "c"), (210, "b-c", 0.5, "b"),
        (300, "", nan, "b"),
    ):  # fmt: skip
        (found,) = (each for each in whereabouts(log, time) if each.unit == "E1")
        assert (found.link, found.node) == (link, node), time
        assert found.share == pytest.approx(share, nan_ok=True)
    (found,) = (each for each in whereabouts(log, 150) if each.unit == "E1")
    assert (found.status, found.incident) == ("staged", "x")
    events = events_of(log)
    shown = {
        time: snapshot(each for each in events if each.time <= time).units["E1"] for time in (60, 150, 200)
    }
    assert shown == {60: "en route for x", 150: "staged for x", 200: "en route for x"}
    assert snapshot(events).units["E1"] == "in quarters"


@pytest.mark.parametrize(
    "staging",
    [
        {"from": 4, "at": "c", "size_up": 120},
        {"from": 2},
        {"from": 1, "size_up": 0},
        {"from": 1, "at": "b", "size_up": 0},
    ],
)
@pytest.mark.parametrize("policy", ["nearest", "assignment"])
def test_where_nobody_would_wait_nothing_changes(
    tmp_path: Path, staging: dict[str, Any], policy: str
) -> None:
    """More than there are units, or no size-up at the scene itself: the same log, event by event."""
    recall = {"at": 30, "recall": {"unit": "W1", "replace": True}}
    rules = {"policy": policy, "diversion": True}
    logs = [
        simulate(world(tmp_path, each, call(node="b"), recall, dispatching=rules)) for each in (None, staging)
    ]
    assert events_of(logs[0]) == events_of(logs[1])
    assert logs[0].moves == logs[1].moves
    assert logs[0].scheduled == logs[1].scheduled
    assert logs[1].stagings == ()


def test_only_scenarios_with_staging_have_the_part(tmp_path: Path) -> None:
    for staging, number in ((None, 0), ({"from": 1}, 0), (AT_C, 1), ({"from": 2, "size_up": 1}, 1)):
        scenario = world(tmp_path, staging, call())
        fleet = Fleet(scenario, scenario.layouts["baseline"])
        parts = _parts(scenario, fleet, draw(scenario, 0))
        assert sum(isinstance(part, Staging) for part in parts) == number


def test_the_card_of_the_level_that_a_call_has_when_units_are_sent(tmp_path: Path) -> None:
    """Level 1 sends W1 and has no staging; level 3, by order at 30, stages from the second unit on."""
    order = {"at": 30, "level": {"incident": "x", "level": 3}}
    plans = planned(None, level_3=AT_C)
    log = simulate(world(tmp_path, None, call(node="b"), order, level=1, plans=plans))
    assert came(log) == [("W1", 60.0), ("E1", 30 + 120 + 30 + 60.0), ("E2", 30 + 120 + 30 + 60.0)]
    assert stays(log) == [("E1", "c", 150.0, 180.0), ("E2", "c", 150.0, 180.0)]


def test_a_unit_by_order_counts_in_the_order_of_being_sent(tmp_path: Path) -> None:
    order = {"at": 10, "order": {"unit": "E1", "incident": "x"}}
    log = simulate(world(tmp_path, AT_C, call(node="b"), order, level=1))
    assert came(log) == [("W1", 60.0), ("E1", 240.0)]
    assert stays(log) == [("E1", "c", 130.0, 180.0)]


# --- who does not wait ------------------------------------------------------------------------------------

BY_ORDER = {"at": 0, "order": {"unit": "E1", "incident": "x"}}
"""Orders come before the calls of the same moment are decided: E1 is the first one sent."""


def test_who_is_there_before_the_first_one_sent_drives_up(tmp_path: Path) -> None:
    """E1, by order, is at a after 240 s. W1 stands there, and W2 is as near: both are there at once."""
    log = simulate(world(tmp_path, AT_C, call(node="a"), BY_ORDER, units=TWO_AND_TWO))
    assert came(log) == [("E1", 240.0), ("W1", 0.0), ("W2", 0.0)]
    assert stays(log) == []


def test_the_earliest_of_all_that_drive_up_counts(tmp_path: Path) -> None:
    """E1, by order, is at b at 180, W1 at 60; M1 at c, the staging area, would be there at 60, and waits.

    Without W1 it would be there before E1, and drives up.
    """
    stations = {"west": {"at": "a"}, "east": {"at": "e"}, "middle": {"at": "c"}}
    middle = {"type": "engine", "station": "middle"}
    units = {"W1": UNITS["W1"], "M1": middle, "E1": UNITS["E1"]}
    log = simulate(world(tmp_path, AT_C, call(node="b"), BY_ORDER, units=units, stations=stations))
    assert came(log) == [("E1", 180.0), ("W1", 60.0), ("M1", 240.0)]
    assert stays(log) == [("M1", "c", 0.0, 180.0)]
    del units["W1"]
    log = simulate(world(tmp_path, AT_C, call(node="b"), BY_ORDER, units=units, stations=stations))
    assert came(log)[:2] == [("E1", 180.0), ("M1", 60.0)]
    assert stays(log) == []


@pytest.mark.parametrize(
    ("fire", "area", "straight"),
    [
        ("e", "d", True),  # the scene is its own station
        ("d", "e", False),  # and here the area is
        ("c", "a", True),  # past the scene
        ("b", "c", False),
        ("d", "d", False),  # the area is the scene: everybody waits there
    ],
)
def test_who_is_nearer_to_the_scene_drives_up(tmp_path: Path, fire: str, area: str, straight: bool) -> None:
    """E1 and E2 from e: the second one waits only where the area is nearer, or is the scene."""
    units = {name: UNITS[name] for name in ("E1", "E2")}
    log = simulate(world(tmp_path, AT_C | {"at": area}, call(node=fire), level=2, units=units))
    drive = 60.0 * "edcba".index(fire)
    back = 60.0 * abs("edcba".index(fire) - "edcba".index(area))
    assert came(log) == [("E1", drive), ("E2", drive if straight else drive + 120 + back)]
    assert len(stays(log)) == (not straight)


def test_who_is_as_near_to_the_scene_as_to_the_area_drives_up(tmp_path: Path) -> None:
    """From c it is a minute to the fire at b, and a minute to the staging area at d."""
    stations = {"west": {"at": "a"}, "east": {"at": "c"}}
    rule = AT_C | {"at": "d"}
    log = simulate(world(tmp_path, rule, call(node="b"), level=2, stations=stations))
    assert came(log) == [("W1", 60.0), ("E1", 60.0)]
    assert stays(log) == []


def test_who_is_sent_when_the_scene_has_been_sized_up_drives_straight_there(tmp_path: Path) -> None:
    """Size-up is over at 180: E1, ordered at 179, is staged, and E2, ordered at 180, is not."""
    early, late = (
        {"at": at, "order": {"unit": unit, "incident": "x"}} for at, unit in ((179, "E1"), (180, "E2"))
    )
    log = simulate(world(tmp_path, AT_C | {"at": "d"}, call(node="b"), early, late, level=1))
    assert came(log) == [("W1", 60.0), ("E1", 179 + 180.0), ("E2", 180 + 180.0)]
    assert stays(log) == [("E1", "d", 239.0, 239.0)]


def test_who_is_sent_again_after_the_size_up_drives_straight_there(tmp_path: Path) -> None:
    """E1 turns home from c at 150, and is sent again at 200, when it is 10 s from d on: it turns there."""
    back = {"at": 150, "recall": {"unit": "E1"}}
    again = {"at": 200, "order": {"unit": "E1", "incident": "x"}}
    log = simulate(world(tmp_path, AT_C, call(node="b"), back, again, level=2))
    assert came(log) == [("W1", 60.0), ("E1", -1.0), ("E1", 200 + 10 + 120.0)]
    assert stays(log) == [("E1", "c", 120.0, -1.0)]


def test_a_call_off_is_not_known_before_it_happens(tmp_path: Path) -> None:
    """Whoever is called off later, W1 is expected at b at 60, and E1 is sent to c in any case."""
    for cancelled in (10, 59, 61, ""):
        log = recorded(tmp_path, f"x,0,fire,b,{cancelled}\n")
        assert [(unit, node) for unit, node, *_ in stays(log)] == [("E1", "c")], cancelled


def test_luck_with_the_turnout_is_not_known_before(tmp_path: Path) -> None:
    """Two of one station: the second waits at the edge of the scene, whichever of them turns out sooner."""
    turnout = {"uniform": {"low": 10, "high": 110}}
    types = {"engine": {"capabilities": ["engine"], "turnout": turnout}}
    units = {name: UNITS[name] for name in ("E1", "E2")}
    sooner = 0
    for seed in range(12):
        rule = {"from": 2, "size_up": 600}
        log = simulate(
            world(tmp_path, rule, call(node="d"), level=2, units=units, unit_types=types, seed=seed)
        )
        assert [unit for unit, *_ in stays(log)] == ["E2"]
        en_route = log.responses.en_route
        sooner += bool(en_route[1] < en_route[0])
    assert 0 < sooner < 12


def test_the_mean_delay_of_an_agreement_is_expected_whatever_is_drawn(tmp_path: Path) -> None:
    """A1, by order, is asked under an agreement; from a to b it takes 60 s after 0 to 600 s (mean 300 s).

    E1 needs 180 s: it is expected before 300 + 60 and drives up, also where A1 is really there before it.
    """
    units = {"A1": {"type": "engine", "station": "west"}, "E1": UNITS["E1"]}
    help_ = {"stations": ["west"], "delay": {"uniform": {"low": 0, "high": 600}}}
    order = {"at": 0, "order": {"unit": "A1", "incident": "x"}}
    sooner = 0
    for seed in range(24):
        changes: dict[str, Any] = {"units": units, "agreements": {"help": help_}, "seed": seed}
        log = simulate(world(tmp_path, AT_C, call(node="b"), order, level=2, **changes))
        (first, there), second = came(log)
        assert (first, second) == ("A1", ("E1", 180.0))
        assert stays(log) == []
        sooner += there < 180.0
    assert 0 < sooner < 24


def test_a_turnout_that_outlasts_its_mean_is_expected_to_end_at_once(tmp_path: Path) -> None:
    """W1, by order, turns out for 0 to 240 s, 120 s in the mean, and drives 120 s to c; Q1 is sent at 200.

    Q1 stands at d, the staging area, and would be at c at 260. W1 is expected at 200 + 120 if it still turns
    out then, or else 120 s after it has left: Q1 waits only if W1 has left by 140.
    """
    types = {
        "engine": {"capabilities": ["engine"], "turnout": {"uniform": {"low": 0, "high": 240}}},
        "quick": {"capabilities": ["engine"], "turnout": 0},
    }
    stations = {"west": {"at": "a"}, "near": {"at": "d"}}
    units = {"W1": UNITS["W1"], "Q1": {"type": "quick", "station": "near"}}
    orders = [{"at": at, "order": {"unit": u, "incident": "x"}} for at, u in ((0, "W1"), (200, "Q1"))]
    changes: dict[str, Any] = {"units": units, "stations": stations, "unit_types": types, "level": 1}
    late = waited = 0
    for seed in range(24):
        rule = AT_C | {"at": "d"}
        log = simulate(world(tmp_path, rule, call(node="c"), *orders, seed=seed, **changes))
        left = log.responses.en_route[0]
        assert [unit for unit, *_ in stays(log)] == (["Q1"] if left <= 140.0 else []), left
        waited += bool(left <= 140.0)
        late += bool(left > 200.0)
    assert late > 0 < waited


def test_of_several_who_wait_the_soonest_goes_forward_not_the_first_to_be_there(tmp_path: Path) -> None:
    """Fire at a, to which E1 drives by order until it is called back at 100. S1 is at d since 0, E2 since 60.

    E2 goes on for 180 s; S1, with half its speed, two minutes after that for 360 s.
    """
    types = {name: {"capabilities": ["engine"], "turnout": 0} for name in ("engine", "slow")}
    types["slow"]["speed_factor"] = 0.5
    stations = {"east": {"at": "e"}, "near": {"at": "d"}}
    units = {"E1": UNITS["E1"], "E2": UNITS["E2"], "S1": {"type": "slow", "station": "near"}}
    back = {"at": 100, "recall": {"unit": "E1"}}
    log = simulate(
        world(tmp_path, AT_C | {"at": "d"}, call(node="a"), BY_ORDER, back, units=units, stations=stations,
              unit_types=types)
    )  # fmt: skip
    assert stays(log) == [("E2", "d", 60.0, 100.0), ("S1", "d", 0.0, 100 + 180 + 120.0)]
    assert came(log) == [("E1", -1.0), ("E2", 280.0), ("S1", 400 + 360.0)]


def test_a_staged_unit_that_is_there_before_who_is_on_the_way_goes_forward(tmp_path: Path) -> None:
    """Fire at b; W1 is called back at 30 as E1 is bound for c, and E3, by order, drives up from e at 40.

    At c at 120 E1 is a minute from b, where E3 will be at 220: E1 goes on, and E2 waits for its size-up.
    """
    back = {"at": 30, "recall": {"unit": "W1"}}
    order = {"at": 40, "order": {"unit": "E3", "incident": "x"}}
    log = simulate(world(tmp_path, AT_C, call(node="b"), back, order))
    assert came(log) == [("W1", -1.0), ("E1", 180.0), ("E2", 360.0), ("E3", 220.0)]
    assert stays(log) == [("E1", "c", 120.0, 120.0), ("E2", "c", 120.0, 300.0)]


# --- when the first one does not come ---------------------------------------------------------------------


def test_if_nobody_comes_first_the_first_one_staged_goes_forward(tmp_path: Path) -> None:
    """W1 is called back at 30. E1 goes on as it gets to c at 120, E2 two minutes after E1 is on scene."""
    recall = {"at": 30, "recall": {"unit": "W1"}}
    log = simulate(world(tmp_path, AT_C, call(node="b"), recall))
    assert stays(log) == [("E1", "c", 120.0, 120.0), ("E2", "c", 120.0, 300.0)]
    assert came(log) == [("W1", -1.0), ("E1", 180.0), ("E2", 360.0)]


def test_who_waits_goes_forward_at_once_when_nobody_is_left_to_wait_for(tmp_path: Path) -> None:
    """Fire at a, to which E1 and E2 are sent, and E2 waits at d from 60 on; E1 is called back at 100."""
    units = {name: UNITS[name] for name in ("E1", "E2")}
    recall = {"at": 100, "recall": {"unit": "E1"}}
    scenario = world(tmp_path, AT_C | {"at": "d"}, call(node="a"), recall, level=2, units=units)
    log = simulate(scenario)
    assert stays(log) == [("E2", "d", 60.0, 100.0)]
    assert came(log) == [("E1", -1.0), ("E2", 100 + 180.0)]


def test_one_that_comes_instead_of_the_first_drives_up(tmp_path: Path) -> None:
    """W1 is called back at 30 and replaced: by itself, halfway to b, as that is ordered."""
    recall = {"at": 30, "recall": {"unit": "W1", "replace": True}}
    order = {"at": 30, "order": {"unit": "W1", "incident": "x"}}
    log = simulate(world(tmp_path, AT_C, call(node="b"), recall, order))
    assert came(log) == [("W1", -1.0), ("E1", 240.0), ("E2", 240.0), ("W1", 60.0)]
    assert [unit for unit, *_ in stays(log)] == ["E1", "E2"]


def test_a_first_unit_that_has_left_the_scene_has_been_there(tmp_path: Path) -> None:
    recall = {"at": 70, "recall": {"unit": "W1"}}
    log = simulate(world(tmp_path, AT_C, call(node="b"), recall))
    assert stays(log) == [("E1", "c", 120.0, 180.0), ("E2", "c", 120.0, 180.0)]


def recorded(folder: Path, rows: str, staging: dict[str, Any] = AT_C, **changes: Any) -> Log:
    """Simulate recorded calls of level 2; columns incident, received, type, node, cancelled."""
    fire = {"on_scene": 3600, "alarm": {"level": 2}, "priority": 2}
    more: dict[str, Any] = {"units": UNITS, "plans": planned(staging), "incident_types": {"fire": fire}}
    header = "incident,received,type,node,cancelled\n"
    return simulate(small(folder, header + rows, **more | changes))


@pytest.mark.parametrize(
    ("cancelled", "staged", "home", "last"),
    [
        (90, ("E1", "c", -1.0, -1.0), 90 + 30 + 120.0, Status.EN_ROUTE),  # on from halfway to c, and back
        (150, ("E1", "c", 120.0, -1.0), 150 + 120.0, Status.STAGED),
        (200, ("E1", "c", 120.0, 180.0), 200 + 40 + 180.0, Status.EN_ROUTE),  # on to b, and home from there
    ],
)
def test_a_call_off_turns_a_unit_back_from_wherever_it_is(
    tmp_path: Path, cancelled: int, staged: tuple[str, str, float, float], home: float, last: Status
) -> None:
    """W1 is at b at 60, before any of the call-offs."""
    log = recorded(tmp_path, f"x,0,fire,b,{cancelled}\n")
    r = log.responses
    assert came(log) == [("W1", 60.0), ("E1", -1.0)]
    assert stays(log) == [staged]
    assert [Ending(each) for each in r.ending] == [Ending.SERVED, Ending.CANCELLED]
    assert (r.returning[1], r.available[1], r.in_quarters[1]) == (cancelled, cancelled, home)
    assert Board.at(log, cancelled - 1).units["E1"] is last
    assert Board.at(log, cancelled).units["E1"] is Status.RETURNING


def test_if_the_first_is_called_off_nobody_waits_for_it(tmp_path: Path) -> None:
    """Called off 100 s after the alert: E1, on its way to a, and E2, who waits at d."""
    units = {name: UNITS[name] for name in ("E1", "E2")}
    log = recorded(tmp_path, "x,0,fire,a,100\n", AT_C | {"at": "d"}, units=units)
    assert [Ending(each) for each in log.responses.ending] == [Ending.CANCELLED, Ending.CANCELLED]
    assert stays(log) == [("E2", "d", 60.0, -1.0)]
    assert log.responses.in_quarters.tolist() == [100 + 20 + 120.0, 100 + 60.0]


def test_mutual_aid_drives_up(tmp_path: Path) -> None:
    """One engine of our own. Staged, it waits for aid that is there at 150, but not for one at 300."""
    units = {"E1": UNITS["E1"]}
    found = {}
    for first, delay in ((2, 300), (1, 300), (1, 150)):
        rules = {"when_none_free": "mutual_aid", "mutual_aid": {"delay": delay}}
        rule = AT_C | {"from": first}
        log = simulate(world(tmp_path, rule, call(node="b"), units=units, dispatching=rules))
        assert came(log)[1:] == [("aid", delay), ("aid", delay)]
        found[first, delay] = (came(log)[0], stays(log))
    assert found == {
        (2, 300): (("E1", 180.0), []),
        (1, 300): (("E1", 180.0), [("E1", "c", 120.0, 120.0)]),
        (1, 150): (("E1", 150 + 120 + 60.0), [("E1", "c", 120.0, 270.0)]),
    }


# --- sent elsewhere, called back --------------------------------------------------------------------------


def test_a_staged_unit_may_be_diverted(tmp_path: Path) -> None:
    """E1 waits at c, where a more urgent call comes in at 150. E2, sent to b instead, is at c at 270."""
    urgent = {"at": 150, "incident": {"type": "rescue", "node": "c", "id": "y", "units": {"engine": 1}}}
    types = {
        "fire": {"on_scene": 3600, "alarm": {"level": 2}, "priority": 2},
        "rescue": {"on_scene": 600, "priority": 1, "classed_as": "fire", "alarm": {"level": 1}},
    }
    units = {name: UNITS[name] for name in ("W1", "E1", "E2")}
    log = simulate(
        world(tmp_path, AT_C, call(node="b"), urgent, incident_types=types, units=units,
              dispatching={"diversion": True})
    )  # fmt: skip
    assert came(log) == [("W1", 60.0), ("E1", -1.0), ("E1", 150.0), ("E2", 150 + 120 + 60.0)]
    assert [Ending(each) for each in log.responses.ending][:2] == [Ending.SERVED, Ending.DIVERTED]
    assert stays(log) == [("E1", "c", 120.0, -1.0), ("E2", "c", 270.0, 270.0)]
    assert Board.at(log, 149).units["E1"] is Status.STAGED
    assert Board.at(log, 150).units["E1"] is Status.ON_SCENE


def test_without_diversion_it_stays(tmp_path: Path) -> None:
    urgent = {"at": 150, "incident": {"type": "rescue", "node": "c", "id": "y", "units": {"engine": 1}}}
    types = {
        "fire": {"on_scene": 3600, "alarm": {"level": 2}, "priority": 2},
        "rescue": {"on_scene": 600, "priority": 1, "classed_as": "fire", "alarm": {"level": 1}},
    }
    units = {name: UNITS[name] for name in ("W1", "E1", "E2")}
    log = simulate(world(tmp_path, AT_C, call(node="b"), urgent, incident_types=types, units=units))
    assert came(log) == [("W1", 60.0), ("E1", 240.0), ("E2", 150 + 120.0)]


def test_a_recall_from_the_staging_area(tmp_path: Path) -> None:
    """E1 turns home from c at 150; E2 goes forward as if nothing had been."""
    log = simulate(world(tmp_path, AT_C, call(node="b"), {"at": 150, "recall": {"unit": "E1"}}))
    assert came(log) == [("W1", 60.0), ("E1", -1.0), ("E2", 240.0)]
    assert stays(log)[0] == ("E1", "c", 120.0, -1.0)
    r = log.responses
    assert (r.returning[1], r.available[1], r.in_quarters[1]) == (150.0, 150.0, 270.0)
    assert (Ending(r.ending[1]), log.orders[0].outcome) == (Ending.RECALLED, "turned back")


def test_an_order_takes_a_unit_from_the_staging_area(tmp_path: Path) -> None:
    """E1 waits at c for x. Ordered to y at 150 as its second unit, it is at that call's staging area already.

    E2 has been at y since 0, so that E1 goes on at 200; E3 comes in its place, and is at c at 270.
    """
    other = {"at": 0, "incident": {"type": "fire", "node": "e", "id": "y", "level": 1}}
    order = {"at": 150, "order": {"unit": "E1", "incident": "y"}}
    log = simulate(world(tmp_path, AT_C | {"size_up": 200}, call(node="b"), other, order, level=2))
    assert log.orders[0].outcome == "sent"
    assert sorted(came(log)) == [
        ("E1", -1.0), ("E1", 200 + 120.0), ("E2", 0.0), ("E3", 150 + 120 + 60.0), ("W1", 60.0),
    ]  # fmt: skip
    assert stays(log) == [("E1", "c", 120.0, -1.0), ("E1", "c", 150.0, 200.0), ("E3", "c", 270.0, 270.0)]


# --- roads ------------------------------------------------------------------------------------------------


def shut(links: list[str], at: float, until: float | None = None, **how: Any) -> dict[str, Any]:
    """Return a closure of links from a moment on."""
    ends = {} if until is None else {"ends": until}
    return {"closures": {"shut": {"links": links, "begins": at, **ends, **how}}}


def test_slower_roads_on_either_leg(tmp_path: Path) -> None:
    """Fire at a; E1 drives e to c (120 s), waits for W1's size-up until 300, and drives on (120 s)."""
    rule = AT_C | {"size_up": 300}
    plain = simulate(world(tmp_path, rule, call(node="a"), level=2))
    assert (stays(plain), came(plain)[1]) == ([("E1", "c", 120.0, 300.0)], ("E1", 420.0))
    slow = shut(["c-d", "a-b"], 30, speed_factor=0.5)
    log = simulate(world(tmp_path, rule, call(node="a"), level=2, **slow))
    assert (stays(log), came(log)[1]) == ([("E1", "c", 180.0, 300.0)], ("E1", 300 + 60 + 120.0))
    slow = shut(["a-b"], 330, speed_factor=0.5)
    log = simulate(world(tmp_path, rule, call(node="a"), level=2, **slow))
    assert (stays(log), came(log)[1]) == ([("E1", "c", 120.0, 300.0)], ("E1", 480.0))
    slow = shut(["a-b"], 200, speed_factor=0.5)
    log = simulate(world(tmp_path, rule, call(node="a"), level=2, **slow))
    assert (stays(log), came(log)[1]) == ([("E1", "c", 120.0, 300.0)], ("E1", 480.0))
    assert len(log.moves) == 2, "who waits does not plan anew"


@pytest.mark.parametrize(
    ("factor", "first", "forward"),
    [(1.0, 120.0, 180.0), (0.8, 135.0, 195.0), (2 / 3, 150.0, 210.0), (0.5, 180.0, 30.0)],
)
def test_a_first_unit_that_is_slowed_lets_the_others_wait_longer(
    tmp_path: Path, factor: float, first: float, forward: float
) -> None:
    """Fire at c, W1 sent from a; E1 waits at e, two minutes away. From 30 on the link b-c is slower.

    Where W1 is there after 150 only, E1 goes forward at 30, since it is there at 150.
    """
    units = {"W1": UNITS["W1"], "E1": UNITS["E1"]}
    slow = {} if factor == 1.0 else shut(["b-c"], 30, speed_factor=factor)
    rule = {"from": 2, "at": "e", "size_up": 60}
    log = simulate(world(tmp_path, rule, call(node="c"), level=2, units=units, **slow))
    assert dict(came(log)) == pytest.approx({"W1": first, "E1": forward + 120.0})
    ((unit, node, *moments),) = stays(log)
    assert (unit, node) == ("E1", "e")
    assert moments == pytest.approx([0.0, forward])


def test_no_way_to_the_staging_area_any_more(tmp_path: Path) -> None:
    """Fire at a, staging at d; c-d closes at 30, while M1 at c turns out: it drives straight to a.

    E1 at d has no way on when it is its turn, and is sent again when roads are open: straight to a.
    """
    stations = {"west": {"at": "a"}, "east": {"at": "e"}, "middle": {"at": "c"}}
    units = {"W1": UNITS["W1"], "M1": {"type": "engine", "station": "middle"}, "E1": UNITS["E1"]}
    types = {"engine": {"capabilities": ["engine"], "turnout": 60}}
    log = simulate(
        world(tmp_path, AT_C | {"at": "d"}, call(node="a"), units=units, stations=stations, unit_types=types,
              **shut(["c-d"], 30, 1000))
    )  # fmt: skip
    assert stays(log) == [("M1", "d", -1.0, 30.0), ("E1", "d", 120.0, -1.0)]
    assert came(log) == [("W1", 60.0), ("M1", 180.0), ("E1", -1.0), ("E1", 1000 + 60 + 240.0)]
    r = log.responses
    assert Ending(r.ending[2]) is Ending.CUT_OFF
    assert (r.returning[2], r.in_quarters[2]) == (180.0, 240.0)
    assert [each.detail for each in notices(log) if each.unit == "M1"] == [
        "straight to the scene, since no way leads to d"
    ]


def test_no_way_at_all_on_the_first_leg(tmp_path: Path) -> None:
    """c-d closes at 30: E2 is cut off on its way to c."""
    log = simulate(world(tmp_path, AT_C, call(node="b"), **shut(["c-d"], 30, 1000)))
    assert stays(log)[1] == ("E2", "c", -1.0, -1.0)
    assert Ending(log.responses.ending[2]) is Ending.CUT_OFF
    assert (log.responses.returning[2], came(log)[2]) == (30.0, ("E2", -1.0))


def test_no_way_on_the_second_leg(tmp_path: Path) -> None:
    """Fire at a, staging at d; a-b closes at 350, when E1 is on its way from d."""
    rule = {"from": 2, "at": "d", "size_up": 300}
    log = simulate(world(tmp_path, rule, call(node="a"), level=2, **shut(["a-b"], 350, 1000)))
    assert stays(log)[0] == ("E1", "d", 60.0, 300.0)
    assert Ending(log.responses.ending[1]) is Ending.CUT_OFF
    assert log.responses.returning[1] == 350.0


def test_a_closure_that_is_over_in_time_is_none_to_who_waits(tmp_path: Path) -> None:
    log = simulate(world(tmp_path, AT_C, call(node="b"), **shut(["b-c"], 130, 170)))
    assert came(log) == [("W1", 60.0), ("E1", 240.0), ("E2", 240.0)]


def test_a_staging_area_without_ways_is_none(tmp_path: Path) -> None:
    """While d-e is closed nobody gets to e, so W2 drives up."""
    rule = AT_C | {"at": "e"}
    units = {"W1": TWO_AND_TWO["W1"], "W2": TWO_AND_TWO["W2"]}
    log = simulate(world(tmp_path, rule, call(at=10, node="b"), level=2, units=units, **shut(["d-e"], 0)))
    assert came(log) == [("W1", 70.0), ("W2", 70.0)]
    assert log.stagings == ()


# --- other parts ------------------------------------------------------------------------------------------


def test_breakdowns_happen_on_the_way_to_the_staging_area(tmp_path: Path) -> None:
    """Where a unit breaks down is drawn on the stretch from leaving to the staging area."""
    types = {"engine": {"capabilities": ["engine"], "turnout": 0,
                        "breaks_down": {"share": 0.5, "repair": 600}}}  # fmt: skip
    failed = []
    for seed in range(30):
        log = simulate(world(tmp_path, AT_C | {"size_up": 3000}, call(node="b"), unit_types=types, seed=seed))
        rows = {each.response: each for each in log.repairs}
        for each in log.stagings:
            if each.response in rows:
                repair = rows[each.response]
                alerted = log.responses.alerted[each.response]
                assert alerted < repair.begins < alerted + 240
                assert each.arrived != each.arrived
                assert each.forward != each.forward
                failed.append(repair)
        assert (log.incidents.arrived == 3).all()
    assert len(failed) > 5


def test_busy_lasts_until_the_unit_has_been_there(tmp_path: Path) -> None:
    """Type with the whole time stated: E1 is still on scene at 240, when its 100 s are long over."""
    types = {"fire": {"busy": 100, "alarm": {"level": 2}}}
    log = simulate(world(tmp_path, AT_C, call(node="b"), incident_types=types))
    assert log.responses.available.tolist() == [100.0, 240.0]


def test_explanations_tell_of_staging(tmp_path: Path) -> None:
    """The story of x has its lines; a decision about y finds E1 staged for it."""
    other = {"at": 150, "incident": {"type": "fire", "node": "e", "id": "y", "level": 1}}
    scenario = world(tmp_path, AT_C, call(node="b"), other)
    told, log = explain(scenario, incident="x")
    assert events_of(log) == events_of(simulate(scenario))
    out = io.StringIO()
    print_explanation(Console(width=150, file=out), told, scenario)
    assert "staged: E1 at c" in out.getvalue()
    assert "went forward: E1 after a wait of 60.0 s" in out.getvalue()
    assert "on scene: W1, as estimated" in out.getvalue()
    assert "on scene: E1, 1 min 00 s later than estimated (staged at c, 1 min 00 s later)" in out.getvalue()
    assert "roads changed" not in out.getvalue()
    told, _ = explain(scenario, incident="y")
    status = {one.unit: one.status for one in told.epochs[0].groups[0].candidates}
    assert status == {"W1": "on scene", "E1": "staged", "E2": "staged", "E3": "in quarters"}


# --- what is written --------------------------------------------------------------------------------------


def test_a_staging_area_may_be_a_point(tmp_path: Path) -> None:
    log = simulate(world(tmp_path, AT_C | {"at": [1210, 5]}, call(node="b")))
    assert {node for _, node, *_ in stays(log)} == {"c"}


@pytest.mark.parametrize(
    ("staging", "message"),
    [
        ({"from": 2, "at": "cc"}, r"plans\.own\.all\.cards\.1\.staging\.at: .*'cc'"),
        ({"from": 0}, "from"),
        ({"from": 2, "size_up": -1}, "size_up"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, staging: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        world(tmp_path, staging, call())


def test_nothing_is_left_open(tmp_path: Path) -> None:
    log = simulate(world(tmp_path, AT_C, call(node="b")))
    for column in (log.responses.returning, log.responses.available, log.responses.in_quarters):
        assert all(0.0 <= moment < inf for moment in column.tolist())
