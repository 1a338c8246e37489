"""Roads that close and open under units on the way: every moment reckoned by hand on a town of six places."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import dispatch
from dispatch.engine.board import Status
from tests.engine.towns import BOTH, LINKS, call, lives, play, scenario, served

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log

SHUT = {"main": {"links": ["bc"], "begins": 50}}


def where(log: Log, time: float, unit: str = "W1") -> tuple[str, float, str, float, float]:
    """Return link, share of it (−1 off links), next node and coordinates of a unit at a moment."""
    found = next(one for one in dispatch.whereabouts(log, time) if one.unit == unit)
    share = -1.0 if math.isnan(found.share) else round(found.share, 6)
    return found.link, share, found.node, round(found.x, 3), round(found.y, 3)


def status(log: Log, time: float, unit: str = "W1") -> Status:
    return dispatch.Board.at(log, time).units[unit]


def test_without_closures_the_main_street_is_taken(tmp_path: Path) -> None:
    log = play(tmp_path, call("x", 0, "c"))
    assert lives(log) == [("x", "W1", "served", served(0, 200, 700))]


def test_a_unit_under_way_plans_again_from_the_next_node(tmp_path: Path) -> None:
    """Closed while it drives from a to b: from b it goes round. On its way home it goes round as well."""
    log = play(tmp_path, call("x", 0, "c"), closures=SHUT)
    assert lives(log) == [("x", "W1", "served", served(0, 400, 500 + 800))]
    assert where(log, 49) == ("ab", 0.49, "b", 490, 0)
    assert where(log, 150) == ("be", 0.5, "e", 1000, -500)
    assert where(log, 350) == ("cf", 0.5, "c", 2000, -500)
    assert where(log, 400) == ("", -1, "c", 2000, 0)
    assert where(log, 600) == ("cf", 0.5, "f", 2000, -500)
    assert where(log, 1200) == ("ab", 0.5, "a", 500, 0)
    assert where(log, 1300) == ("", -1, "a", 0, 0)


def test_a_unit_on_the_link_that_closes_drives_it_to_its_end(tmp_path: Path) -> None:
    log = play(tmp_path, call("x", 0, "c"), closures={"main": {"links": ["bc"], "begins": 150}})
    assert lives(log) == [("x", "W1", "served", served(0, 200, 300 + 800))]
    assert where(log, 175) == ("bc", 0.75, "c", 1750, 0)


def test_a_slower_road_is_kept_where_the_way_round_is_no_better(tmp_path: Path) -> None:
    """bc at 0.4 of the speed takes 250 s, less than the 300 s round it; the way home takes 500 s there."""
    slow = {"works": {"links": ["bc"], "begins": 50, "speed_factor": 0.4}}
    log = play(tmp_path, call("x", 0, "c"), closures=slow)
    assert lives(log) == [("x", "W1", "served", served(0, 350, 450 + 700))]
    assert where(log, 225) == ("bc", 0.5, "c", 1500, 0)


def test_a_road_that_is_too_slow_is_left_for_the_way_round(tmp_path: Path) -> None:
    slow = {"works": {"links": ["bc"], "begins": 50, "speed_factor": 0.25}}
    log = play(tmp_path, call("x", 0, "c"), closures=slow)
    assert lives(log) == [("x", "W1", "served", served(0, 400, 500 + 800))]


def test_a_road_that_opens_on_the_way_is_taken_up(tmp_path: Path) -> None:
    """Set out for the way round at 0; main street opens at 60, before b is reached."""
    log = play(tmp_path, call("x", 0, "c"), closures={"main": {"links": ["bc"], "ends": 60}})
    assert lives(log) == [("x", "W1", "served", served(0, 200, 700))]


def test_a_road_that_opens_too_late_to_turn_round_for_is_not_taken(tmp_path: Path) -> None:
    """At 160 it is on be, to reach e at 200: on to c by f takes 200 s, back by b 200 s as well."""
    log = play(tmp_path, call("x", 0, "c"), closures={"main": {"links": ["bc"], "ends": 160}})
    assert lives(log) == [("x", "W1", "served", served(0, 400, 900))]


def test_slowed_and_closed_together_is_closed_and_the_slowest_factor_rules(tmp_path: Path) -> None:
    closures = {
        "a": {"links": ["bc"], "speed_factor": 0.8},
        "b": {"links": ["bc"], "speed_factor": 0.4},
        "c": {"links": ["bc"], "begins": 5000},
    }
    calls = (call("x", 0, "c"), call("y", 6000, "c"))
    log = play(tmp_path, *calls, closures=closures)
    assert lives(log) == [
        ("x", "W1", "served", served(0, 350, 450 + 700)),
        ("y", "W1", "served", served(6000, 6400, 6500 + 800)),
    ]


CUT = {
    "north": {"links": ["bc"], "begins": 50, "ends": 5000},
    "south": {"links": ["ef"], "begins": 50, "ends": 5000},
}


def test_a_unit_that_is_cut_off_goes_home_and_another_takes_the_call(tmp_path: Path) -> None:
    """W1 is 50 s short of b: it drives on to b at its own speed, and home from there without siren."""
    log = play(
        tmp_path,
        call("x", 0, "c", units=1),
        closures=CUT,
        units=BOTH,
        dispatching={"policy": "run_card_order", "first_due": {"c": ["W1", "E1"]}},
    )
    assert lives(log) == [
        (
            "x",
            "W1",
            "cut_off",
            {"alerted": 0, "en_route": 0, "returning": 50, "available": 50, "in_quarters": 300},
        ),
        ("x", "E1", "served", served(50, 150, 450)),
    ]
    assert log.incidents.status().tolist() == ["served"]
    assert where(log, 75) == ("ab", 0.75, "b", 750, 0)
    assert where(log, 200) == ("ab", 0.5, "a", 500, 0)
    assert status(log, 75) == Status.RETURNING
    assert dispatch.measure(log, ["responses.cut_off"])["responses.cut_off"] == 1.0


def test_a_call_that_nobody_can_reach_waits_for_the_roads(tmp_path: Path) -> None:
    """Cut off at 50, home at 300; roads open at 5000, and the same engine goes again from quarters."""
    log = play(tmp_path, call("x", 0, "c"), closures=CUT)
    assert lives(log) == [
        (
            "x",
            "W1",
            "cut_off",
            {"alerted": 0, "en_route": 0, "returning": 50, "available": 50, "in_quarters": 300},
        ),
        ("x", "W1", "served", served(5000, 5200, 5700)),
    ]
    assert log.incidents.status().tolist() == ["served"]
    assert dispatch.Board.at(log, 1000).open_incidents == ("x",)


def test_a_call_that_nobody_ever_reaches_is_unserved_and_open_to_the_end(tmp_path: Path) -> None:
    cut = {name: {"links": ["bc", "ef"], "begins": 50} for name in ("for-ever",)}
    log = play(tmp_path, call("x", 0, "c"), closures=cut)
    assert [ending for _, _, ending, _ in lives(log)] == ["cut_off"]
    assert log.incidents.status().tolist() == ["unserved"]
    measures = dispatch.measure(log, ["incidents.unserved", "concurrency.mean"])
    assert measures["incidents.unserved"] == 1.0
    assert dispatch.Board.at(log, 9000).open_incidents == ("x",)


def test_a_unit_without_a_way_home_waits_and_serves_where_it_can(tmp_path: Path) -> None:
    """It works at c when both streets to the west close; it serves d from where it stands, then goes home."""
    log = play(
        tmp_path,
        call("x", 0, "c"),
        call("y", 1000, "d"),
        closures={"cut": {"links": ["bc", "ef"], "begins": 250, "ends": 5000}},
    )
    assert lives(log) == [
        ("x", "W1", "served", served(0, 200, None)),
        ("y", "W1", "served", served(1000, 1100, 5000 + 600)),
    ]
    assert status(log, 600) == Status.RETURNING
    assert where(log, 600) == ("", -1, "c", 2000, 0)
    assert where(log, 4000) == ("", -1, "d", 3000, 0)
    assert where(log, 5100) == ("cd", 0.5, "c", 2500, 0)
    assert where(log, 5600) == ("", -1, "a", 0, 0)


def test_a_unit_cut_off_on_its_way_home_waits_at_the_next_place(tmp_path: Path) -> None:
    """On cb without siren at 400 s, 100 s before b; ab closes: it is stranded until 3000."""
    log = play(tmp_path, call("x", 0, "c"), closures={"gate": {"links": ["ab"], "begins": 400, "ends": 3000}})
    assert lives(log) == [("x", "W1", "served", served(0, 200, 3000 + 100 + 200))]
    assert where(log, 350) == ("bc", 0.25, "b", 1750, 0)
    # where it stood when the way ended: half of the link is driven
    assert where(log, 1000) == ("bc", 0.5, "b", 1500, 0)
    assert where(log, 3050) == ("bc", 0.75, "b", 1250, 0)
    assert where(log, 3200) == ("ab", 0.5, "a", 500, 0)


def test_a_stranded_unit_may_not_be_sent_where_units_come_from_quarters_only(tmp_path: Path) -> None:
    rules = {"returning": False}
    log = play(
        tmp_path,
        call("x", 0, "c"),
        call("y", 1000, "d"),
        dispatching=rules,
        closures={"cut": {"links": ["bc", "ef"], "begins": 250, "ends": 5000}},
    )
    (first, second) = lives(log)
    assert first == ("x", "W1", "served", {**served(0, 200, 5000 + 400), "available": 5400})
    assert second == ("y", "W1", "served", {**served(5400, 5700, 5800 + 600), "available": 6400})


def test_a_closure_for_ever_leaves_a_unit_out_for_ever_and_breaks_no_measure(tmp_path: Path) -> None:
    for returning in (True, False):
        log = play(
            tmp_path,
            call("x", 0, "c"),
            call("y", 1000, "b"),
            dispatching={"returning": returning},
            closures={"cut": {"links": ["bc", "ef"], "begins": 250}},
        )
        ((_, _, _, first),) = lives(log)
        assert first == {
            key: value for key, value in served(0, 200, None).items() if returning or key != "available"
        }
        got = dispatch.measure(log, ["workload.mean", "incidents.unserved", "coverage.residual.min"])
        assert got["incidents.unserved"] == 1.0
        assert got["workload.mean"] == (0.015 if returning else 1.0)
        assert status(log, 15_000) == Status.RETURNING


def test_a_unit_that_is_turning_out_plans_again_before_it_leaves(tmp_path: Path) -> None:
    log = play(tmp_path, call("x", 0, "c", turnout=90), closures=SHUT)
    assert lives(log) == [("x", "W1", "served", served(0, 490, 590 + 800, en_route=90))]
    assert status(log, 60) == Status.TURNING_OUT
    assert where(log, 60) == ("", -1, "a", 0, 0)
    assert where(log, 240) == ("be", 0.5, "e", 1000, -500)


def test_a_unit_that_is_cut_off_while_turning_out_stays_in_quarters(tmp_path: Path) -> None:
    """It is there when the road opens at 80, and turns out once more."""
    log = play(
        tmp_path,
        call("x", 0, "b", turnout=90),
        closures={"gate": {"links": ["ab"], "begins": 50, "ends": 80}},
    )
    assert lives(log) == [
        ("x", "W1", "cut_off", {"alerted": 0, "returning": 50, "available": 50, "in_quarters": 50}),
        ("x", "W1", "served", served(80, 270, 370 + 200, en_route=170)),
    ]
    assert [where(log, t) for t in (49, 60, 85, 95, 169)] == [("", -1, "a", 0, 0)] * 5
    assert status(log, 60) == Status.IN_QUARTERS
    assert where(log, 180) == ("ab", 0.1, "b", 100, 0)


def test_a_unit_cut_off_while_turning_out_is_where_its_next_call_takes_it(tmp_path: Path) -> None:
    """The call in b is cut off at 50; at 60 the engine is on its way to f, before its first turnout ended."""
    stations = {"west": {"at": "b"}}
    units = {"W1": {"type": "engine", "station": "west"}}
    log = play(
        tmp_path,
        call("x", 0, "a", turnout=90),
        call("y", 60, "e", turnout=0),
        stations=stations,
        units=units,
        closures={"gate": {"links": ["ab"], "begins": 50, "ends": 9000}},
    )
    assert [life[:3] for life in lives(log)] == [
        ("x", "W1", "cut_off"),
        ("y", "W1", "served"),
        ("x", "W1", "served"),
    ]
    assert lives(log)[1][3] == served(60, 160, 260 + 200)
    for t in (70, 91, 110, 150):
        assert where(log, t) == ("be", (t - 60) / 100, "e", 1000, -10 * (t - 60))


def test_a_unit_called_off_after_it_planned_again_stays_at_home(tmp_path: Path) -> None:
    """Closed at 50 and called off at 70, both while it turns out: at 200 it is in quarters."""
    log = play(tmp_path, call("x", 0, "c", turnout=90, cancelled=70), closures=SHUT)
    assert lives(log) == [
        ("x", "W1", "cancelled", {"alerted": 0, "returning": 70, "available": 70, "in_quarters": 70})
    ]
    assert [where(log, t) for t in (60, 80, 95, 200)] == [("", -1, "a", 0, 0)] * 4


def test_a_call_cancelled_on_the_longer_way(tmp_path: Path) -> None:
    """Without the closure it would have arrived at 200, before the call was cancelled at 260."""
    log = play(tmp_path, call("x", 0, "c", cancelled=260), closures=SHUT)
    # at 260 it is 40 s before f; home from there by e and b are 3 links
    assert lives(log) == [
        (
            "x",
            "W1",
            "cancelled",
            {"alerted": 0, "en_route": 0, "returning": 260, "available": 260, "in_quarters": 260 + 40 + 600},
        ),
    ]
    quick = play(tmp_path, call("x", 0, "c", cancelled=260))
    assert quick.incidents.status().tolist() == ["served"]


def test_a_road_that_opens_saves_a_call_from_being_cancelled(tmp_path: Path) -> None:
    log = play(tmp_path, call("x", 0, "c", cancelled=260), closures={"main": {"links": ["bc"], "ends": 60}})
    assert lives(log) == [("x", "W1", "served", served(0, 200, 700))]


def test_time_until_available_may_contain_the_detour(tmp_path: Path) -> None:
    """Busy for 1000 s from the alert, whatever the way; 350 s are over before it arrives."""
    for busy, back in ((1000, 1000), (350, 400)):
        log = play(tmp_path, call("x", 0, "c", busy=busy), closures=SHUT)
        ((_, _, ending, moments),) = lives(log)
        assert ending == "served"
        assert (moments["on_scene"], moments["available"], moments["in_quarters"]) == (400, back, back)
        assert where(log, 399.9)[0] == "cf"
        assert where(log, back + 1) == ("", -1, "a", 0, 0)


def test_a_unit_on_its_way_home_goes_round_and_is_sent_from_there(tmp_path: Path) -> None:
    """Home from d by c; bc closes under it, so that it goes round, and is then turned back on the way."""
    log = play(
        tmp_path, call("x", 0, "d"), call("y", 1150, "e"), closures={"main": {"links": ["bc"], "begins": 550}}
    )
    # on scene at 300, home from 400 on; at 550 it is 50 s before c, and goes on by f, e and b: 4 links
    first, second = lives(log)
    assert first == ("x", "W1", "served", served(0, 300, None))
    # at c at 600, f at 800, e at 1000, b at 1200; at 1150 it is 50 s before b, and e is 100 s behind it
    assert second == ("y", "W1", "served", served(1150, 1300, 1400 + 400))
    assert where(log, 700) == ("cf", 0.5, "f", 2000, -500)
    assert where(log, 1149) == ("be", 0.745, "b", 1000, -255)


def test_the_link_a_unit_is_on_when_it_is_sent_elsewhere_keeps_its_pace(tmp_path: Path) -> None:
    """Without siren on its way home when the next call comes: the link is finished at that speed."""
    log = play(tmp_path, call("x", 0, "c"), call("y", 350, "b"))
    # home from 300 on; at 350 it is 150 s short of b and arrives at 500
    assert lives(log)[1] == ("y", "W1", "served", served(350, 500, 800))
    assert [where(log, t) for t in (340, 360, 400)] == [
        ("bc", 0.2, "b", 1800, 0),
        ("bc", 0.3, "b", 1700, 0),
        ("bc", 0.5, "b", 1500, 0),
    ]


def test_a_diverted_unit_leaves_its_call_and_plans_round_the_closure(tmp_path: Path) -> None:
    log = play(
        tmp_path,
        call("x", 0, "c"),
        call("y", 160, "a", type="rescue"),
        closures=SHUT,
        dispatching={"diversion": True},
    )
    # at 160 it is 40 s before e; from there to a 200 s
    assert lives(log) == [
        ("x", "W1", "diverted", {"alerted": 0, "en_route": 0, "available": 160}),
        ("y", "W1", "served", served(160, 400, 500)),
        ("x", "W1", "served", served(500, 900, 1000 + 800)),
    ]


def test_a_cut_off_unit_that_may_not_be_sent_from_the_road_cannot_be_diverted(tmp_path: Path) -> None:
    """It is on its way home, no longer to the call, when a more urgent one asks for a unit."""
    log = play(
        tmp_path,
        call("x", 0, "c"),
        call("y", 100, "b", type="rescue"),
        closures=CUT,
        dispatching={"diversion": True, "returning": False},
    )
    assert lives(log) == [
        (
            "x",
            "W1",
            "cut_off",
            {"alerted": 0, "en_route": 0, "returning": 50, "available": 300, "in_quarters": 300},
        ),
        ("y", "W1", "served", {**served(300, 400, 700), "available": 700}),
        ("x", "W1", "served", {**served(5000, 5200, 5700), "available": 5700}),
    ]


WIDE = {
    "engine": {"capabilities": ["engine"], "turnout": 0},
    "tanker": {"capabilities": ["engine"], "turnout": 0, "width": 2.6},
    "slim": {"capabilities": ["engine"], "turnout": 0, "width": 2.5},
    "heavy": {"capabilities": ["engine"], "turnout": 0, "speed_factor": 0.5},
    "walker": {"capabilities": ["engine"], "turnout": 0, "moves": "on_foot", "speed": "2.5 m/s"},
    "bird": {"capabilities": ["engine"], "turnout": 0, "moves": "air", "speed": "50 m/s"},
}


@pytest.mark.parametrize(
    ("kind", "arrived", "home"),
    [
        ("engine", 200, 700),
        ("slim", 200, 700),
        ("tanker", 400, 500 + 800),  # too wide for the main street
        ("heavy", 400, 500 + 800),  # at half the speed
    ],
)
def test_width_and_weight(tmp_path: Path, kind: str, arrived: float, home: float) -> None:
    units = {"W1": {"type": kind, "station": "west"}}
    narrow = {"narrow": {"links": ["bc"], "begins": 50, "max_width": 2.5}}
    log = play(tmp_path, call("x", 0, "c"), closures=narrow, unit_types=WIDE, units=units)
    assert lives(log) == [("x", "W1", "served", served(0, arrived, home))]


def test_a_heavy_unit_plans_again_like_others(tmp_path: Path) -> None:
    """At half the speed it reaches b after 200 s and has 300 s of siren road left: 600 s for it."""
    units = {"W1": {"type": "heavy", "station": "west"}}
    log = play(tmp_path, call("x", 0, "c"), closures=SHUT, unit_types=WIDE, units=units)
    assert lives(log) == [("x", "W1", "served", served(0, 800, 900 + 1600))]
    assert where(log, 100) == ("ab", 0.5, "b", 500, 0)
    assert where(log, 300) == ("be", 0.5, "e", 1000, -500)


@pytest.mark.parametrize(("kind", "there"), [("walker", 2000 / 2.5), ("bird", 2000 / 50)])
def test_closures_do_not_hold_up_those_who_do_not_drive(tmp_path: Path, kind: str, there: float) -> None:
    units = {"W1": {"type": kind, "station": "west"}}
    shut = {"all": {"links": list(LINKS), "begins": 5}}
    log = play(tmp_path, call("x", 0, "c"), closures=shut, unit_types=WIDE, units=units)
    assert lives(log) == [("x", "W1", "served", served(0, there, there + 100 + there))]
    x, y = where(log, there / 4)[3:]
    assert (x, y) == (500, 0)
    assert where(log, there / 4)[0] == ("ab" if kind == "walker" else "")


def test_walkers_go_against_one_way_streets_and_fliers_cut_the_corner(tmp_path: Path) -> None:
    types = WIDE
    for kind, seconds in (("walker", 2000 / 2.5), ("bird", math.hypot(1000, 1000) / 50)):
        units = {"W1": {"type": kind, "station": "west"}}
        log = play(tmp_path, call("x", 0, "e"), unit_types=types, units=units)
        ((_, _, _, moments),) = lives(log)
        assert moments["on_scene"] == pytest.approx(seconds, abs=1e-5)


def test_acceleration_counts_again_after_planning_again(tmp_path: Path) -> None:
    """τ = 20 s: the trip of 400 s takes 420 s. Planned again at 60 s: 50 s are driven of the first link."""
    sets = {"real": {"acceleration": {"rate": 0.5, "cruise": "10 m/s"}}}
    travel = {"speeds": "real", "sets": sets}
    shut = {"main": {"links": ["bc"], "begins": 60}}
    log = play(tmp_path, call("x", 0, "c"), closures=shut, travel=travel)
    # standing start: 10 s lost after 60 s, so 50 s are driven; 50 s to b and 300 s from there, plus 20 s
    assert lives(log) == [("x", "W1", "served", served(0, 60 + 370, 530 + 820))]
    untouched = play(tmp_path, call("x", 0, "b"), closures=shut, travel=travel)
    assert lives(untouched) == [("x", "W1", "served", served(0, 120, 220 + 220))]


@pytest.mark.parametrize("shut", ["bc", "ef"])
def test_a_paced_unit_does_not_drive_a_closed_road_for_a_tie(tmp_path: Path, shut: str) -> None:
    """The way round by e and f is just as long as bc; one of the two closes under way."""
    scenario(tmp_path, call("x", 0, "c"))  # written anew below, with a way round of 250, 500 and 250 m
    links = tmp_path / "networks" / "town" / "link.csv"
    text = links.read_text()
    for link, metres in (("be", 250), ("ef", 500), ("cf", 250)):
        text = text.replace(
            f"{link},{link[0]},{link[1]},false,1000", f"{link},{link[0]},{link[1]},false,{metres}"
        )
    links.write_text(text)
    path = tmp_path / "scenario.yaml"
    written = json.loads(path.read_text())
    written["travel"] = {
        "speeds": "real",
        "sets": {"real": {"acceleration": {"rate": 0.5, "cruise": "10 m/s"}}},
    }
    written["closures"] = {"main": {"links": [shut], "begins": 60}}
    path.write_text(json.dumps(written))
    log = dispatch.simulate(dispatch.load(path))
    passed = {where(log, float(t))[0] for t in range(60, 220)}
    assert shut not in passed
    assert passed & {"bc", "ef"}
    # nothing was lost where the way it was on is still open; at most one start from standing otherwise
    assert lives(log)[0][3]["on_scene"] in (220, 230)


WEEK = "facility_type,hour,factor\n" + "".join(
    f"street,{hour},{0.5 if hour == 1 else 1}\n" for hour in range(168)
)


def test_a_trip_keeps_its_period_and_the_next_has_the_new_one(tmp_path: Path) -> None:
    """Monday from 1 to 2 o'clock all roads are at half the speed, not yet when the first call comes."""
    (tmp_path / "week.csv").write_text(WEEK)
    travel = {"speeds": "observed", "sets": {"observed": {"profile": "week.csv"}}}
    calls = (call("x", 3500, "c"), call("y", 6900, "c"))
    log = play(tmp_path, *calls, travel=travel)
    assert lives(log) == [
        ("x", "W1", "served", served(3500, 3700, 3800 + 800)),
        # alerted in the slow hour, arrives in the next; the way home is quick again
        ("y", "W1", "served", served(6900, 7300, 7400 + 400)),
    ]
    assert where(log, 3650) == ("bc", 0.5, "c", 1500, 0)
    assert where(log, 7250) == ("bc", 0.75, "c", 1750, 0)


def test_a_trip_that_plans_again_keeps_the_period_it_set_out_in(tmp_path: Path) -> None:
    (tmp_path / "week.csv").write_text(WEEK)
    travel = {"speeds": "observed", "sets": {"observed": {"profile": "week.csv"}}}
    shut = {"main": {"links": ["bc"], "begins": 3605}}
    log = play(tmp_path, call("x", 3520, "c"), travel=travel, closures=shut)
    assert lives(log) == [("x", "W1", "served", served(3520, 3920, 4020 + 1600))]


def test_a_unit_sent_elsewhere_has_the_period_of_the_new_alert(tmp_path: Path) -> None:
    (tmp_path / "week.csv").write_text(WEEK)
    travel = {"speeds": "observed", "sets": {"observed": {"profile": "week.csv"}}}
    log = play(tmp_path, call("x", 3100, "c"), call("y", 3650, "e"), travel=travel)
    # home from 3400 at 200 s a link: b at 3600, on ab at 3650 with 150 s to a; then two links at 200 s
    assert lives(log)[1] == ("y", "W1", "served", served(3650, 3650 + 150 + 400, 4300 + 800))


def test_junction_delays_and_factors_of_a_speed_set(tmp_path: Path) -> None:
    """b and c are the places with three neighbours: from a to d 3 links, of which two end in such a place."""
    sets = {
        "slow": {
            "factors": {"emergency": 0.5, "normal": 0.8},
            "junction_delay": {"emergency": 4, "normal": 10},
        }
    }
    log = play(tmp_path, call("x", 0, "d"), travel={"speeds": "slow", "sets": sets})
    assert lives(log) == [("x", "W1", "served", served(0, 608, 708 + 770))]


def test_mutual_aid_is_not_held_up_on_its_way_and_not_asked_where_no_way_leads(tmp_path: Path) -> None:
    aid = {"when_none_free": "mutual_aid", "mutual_aid": {"at": "d", "delay": 10}}
    cut = {"cut": {"links": ["bc", "ef"], "begins": 50}, "more": {"links": ["cd"], "begins": 100}}
    log = play(tmp_path, call("x", 60, "c"), call("y", 200, "f"), closures=cut, dispatching=aid)
    ((_, unit, ending, moments),) = lives(log)
    assert (unit, ending, moments["on_scene"]) == ("aid", "served", 170)
    assert len(log.lost) == 1
    assert log.incidents.status().tolist() == ["served", "lost"]


def test_a_cut_off_need_is_handed_to_mutual_aid_or_given_up_at_once(tmp_path: Path) -> None:
    aid = {"when_none_free": "mutual_aid", "mutual_aid": {"at": "d", "delay": 10}}
    log = play(tmp_path, call("x", 0, "c"), closures=CUT, dispatching=aid)
    assert [life[:3] for life in lives(log)] == [("x", "W1", "cut_off"), ("x", "aid", "served")]
    assert lives(log)[1][3]["on_scene"] == 50 + 10 + 100
    log = play(tmp_path, call("x", 0, "c"), closures=CUT, dispatching={"when_none_free": "lost"})
    assert [life[:3] for life in lives(log)] == [("x", "W1", "cut_off")]
    assert log.lost.tolist() == [0]
    assert log.incidents.status().tolist() == ["lost"]


@pytest.mark.parametrize("policy", ["nearest", "run_card_order", "assignment"])
def test_no_policy_sends_a_unit_that_has_no_way(tmp_path: Path, policy: str) -> None:
    """Only E1 has a way to c, d and f; W1 is first on all lists."""
    rules: dict[str, Any] = {"policy": policy}
    if policy == "run_card_order":
        rules["first_due"] = {node: ["W1", "E1"] for node in "abcdef"}
    cut = {"cut": {"links": ["bc", "ef"]}}
    calls = [call(name, 0, name) for name in "fcb"]
    log = play(tmp_path, *calls, closures=cut, units=BOTH, dispatching=rules)
    sent = [(name, unit, moments["alerted"]) for name, unit, _, moments in lives(log)]
    first = "c" if policy != "assignment" else sent[[unit for _, unit, _ in sent].index("E1")][0]
    assert ("b", "W1", 0) in sent
    assert {unit for name, unit, _ in sent if name in "cf"} == {"E1"}
    assert len(sent) == 3
    assert first in ("c", "f")


def test_a_call_with_two_needs_is_half_cut_off(tmp_path: Path) -> None:
    """W1 is cut off at 50. As long as it is, no other than E1 can fill its place: it stays for both."""
    log = play(tmp_path, call("x", 0, "c", units="engine:2"), closures=CUT, units=BOTH)
    assert sorted(lives(log), key=lambda life: (life[3]["alerted"], life[1])) == [
        ("x", "E1", "served", served(0, 100, None)),
        (
            "x",
            "W1",
            "cut_off",
            {"alerted": 0, "en_route": 0, "returning": 50, "available": 50, "in_quarters": 300},
        ),
        ("x", "E1", "served", served(200, 200, 500)),
    ]
    assert log.incidents.erf.tolist() == [200]


def test_injects_are_the_same_as_windows(tmp_path: Path) -> None:
    calls = [
        call(str(t), t, node)
        for t, node in zip(range(0, 15_000, 700), "cdfbecdfacbdefcdbfacde", strict=False)
    ]
    windows = {
        "one": {"links": ["bc"], "begins": 800, "ends": 2500},
        "two": {"links": ["ef", "be"], "begins": 2850, "ends": 3600},
        "three": {"around": "d", "radius": 10, "begins": 5000, "ends": 9000},
    }
    by_window = play(tmp_path, *calls, closures=windows, units=BOTH)
    injects = [
        {"at": w[end], verb: name}
        for name, w in windows.items()
        for end, verb in (("begins", "close"), ("ends", "reopen"))
    ]
    plain = {name: {k: v for k, v in w.items() if k not in ("begins", "ends")} for name, w in windows.items()}
    by_inject = play(tmp_path, *calls, closures=plain, injects=injects[::-1], units=BOTH)
    assert by_window.scenario.roads.changes == by_inject.scenario.roads.changes
    assert lives(by_window) == lives(by_inject)
    assert "cut_off" in {ending for _, _, ending, _ in lives(by_window)}
    assert by_window.moves == by_inject.moves


def test_a_closure_of_this_moment_counts_before_releases_and_calls_of_it(tmp_path: Path) -> None:
    """The call of second 1000 finds the road closed that closes then, and open what opens then."""
    shut = {"main": {"links": ["bc"], "begins": 1000, "ends": 3000}}
    log = play(tmp_path, call("x", 1000, "c"), call("y", 3000, "c"), closures=shut)
    assert lives(log) == [
        ("x", "W1", "served", served(1000, 1400, 1500 + 800)),
        ("y", "W1", "served", served(3000, 3200, 3300 + 400)),
    ]


def same_log(one: Log, other: Log) -> None:
    for field in one.responses.__slots__:
        np.testing.assert_array_equal(getattr(one.responses, field), getattr(other.responses, field))
    np.testing.assert_array_equal(one.lost, other.lost)


def test_closures_after_all_is_over_and_sets_not_in_use_change_no_bit(tmp_path: Path) -> None:
    calls = [
        call(str(t), t, node)
        for t, node in zip(range(0, 15_000, 333), "cdfbecdfacbdefcdbfacdeabcdef" * 2, strict=False)
    ]
    plain = play(tmp_path, *calls, units=BOTH)
    later = play(tmp_path, *calls, units=BOTH, closures={"x": {"links": list(LINKS), "begins": 90_000}})
    sets = {
        "slow": {
            "factors": 0.5,
            "junction_delay": 9,
            "acceleration": {"rate": 1, "cruise": 50},
            "profile": "slow-core",
        }
    }
    unused = play(tmp_path, *calls, units=BOTH, travel={"sets": sets})
    elsewhere = play(tmp_path, *calls, units=BOTH, closures={"y": {"links": ["bc"], "max_width": 3}})
    for log in (later, unused, elsewhere):
        same_log(plain, log)
        for t in (10.0, 345.6, 5000.0):
            assert dispatch.whereabouts(plain, t) == dispatch.whereabouts(log, t)
    assert plain.scheduled == unused.scheduled == elsewhere.scheduled
    assert plain.scenario.roads.constant
    assert unused.scenario.roads.constant


def test_static_coverage_is_taken_hour_by_hour(tmp_path: Path) -> None:
    """Within 100 s of a lie a and b, in the slow hour (Monday from 1 to 2 o'clock) a alone."""
    (tmp_path / "week.csv").write_text(WEEK)
    travel = {"speeds": "observed", "sets": {"observed": {"profile": "week.csv"}}}
    demand: dict[str, Any] = {"poisson": {"fire": {"rate": "6/h"}}}
    name = "coverage.static.within_100s"
    log = play(tmp_path, call("x", 0, "c"), travel=travel, demand=demand)
    assert dispatch.measure(log, [name])[name] == pytest.approx((167 * 2 + 1) / (168 * 6))
    demand["poisson"]["fire"]["profile"] = "night"
    night = {"weekday": [0, 3, 1, *[0] * 21], "weekend": [0] * 24}
    log = play(tmp_path, call("x", 0, "c"), travel=travel, demand=demand, profiles={"night": night})
    # of five nights with four parts each, three parts of one night are slow
    assert dispatch.measure(log, [name])[name] == pytest.approx((17 * 2 + 3) / (20 * 6))
    calls = (call("x", 0, "b"), call("y", 4000, "b"), call("z", 8000, "c"))
    log = play(tmp_path, *calls, travel=travel)
    assert dispatch.measure(log, [name])[name] == pytest.approx(1 / 3)


@pytest.mark.parametrize(("speeds", "least"), [("planning", 1.0), ("observed", 0.5)])
def test_residual_coverage_falls_when_roads_are_slow(tmp_path: Path, speeds: str, least: float) -> None:
    """One of two engines at a is always in; in the slow hour b is 200 s away, with half of the calls."""
    (tmp_path / "week.csv").write_text(WEEK)
    travel = {"speeds": speeds, "sets": {"observed": {"profile": "week.csv"}}}
    units = {name: {"type": "engine", "station": "west"} for name in ("W1", "W2")}
    calls = (call("x", 0, "a"), call("y", 9000, "b"))
    log = play(tmp_path, *calls, travel=travel, units=units, cover_within=100)
    assert dispatch.measure(log, ["coverage.residual.min"])["coverage.residual.min"] == least
    short = play(tmp_path, *calls, travel=travel, units=units, cover_within=100, horizon=3600)
    assert dispatch.measure(short, ["coverage.residual.min"])["coverage.residual.min"] == 1.0
    assert dispatch.measure(log, ["coverage.static.within_100s"])["coverage.static.within_100s"] == 1.0


def test_cut_off_responses_are_counted_by_unit_and_call(tmp_path: Path) -> None:
    log = play(tmp_path, call("x", 0, "c"), call("y", 60, "b", type="rescue"), closures=CUT)
    names = ["responses.cut_off", "responses.cut_off[unit=W1]", "responses.cut_off[type=rescue]"]
    assert dispatch.measure(log, names) == dict(zip(names, (1.0, 1.0, 0.0), strict=True))
    assert dispatch.measure(log, ["responses.n"])["responses.n"] == 3.0


def test_the_same_log_in_one_process_and_in_two(tmp_path: Path) -> None:
    demand = {"poisson": {"fire": {"rate": "6/h"}}}
    shut = {
        "a": {"links": ["bc"], "begins": 2000, "ends": 9000},
        "b": {"links": ["ef"], "begins": 5000, "ends": 7000},
    }
    scenario(tmp_path, call("x", 0, "c"), units=BOTH, demand=demand, closures=shut, replications=4)
    found = dispatch.load(tmp_path / "scenario.yaml")
    measures = ["total.first.mean", "responses.cut_off", "travel.first.p90", "workload.max"]
    one = dispatch.compare(found, ["baseline"], measures=measures, jobs=1)
    two = dispatch.compare(found, ["baseline"], measures=measures, jobs=2)
    assert repr(one.layouts) == repr(two.layouts)


@pytest.mark.parametrize(
    ("closing", "outcome"), [({"begins": 100}, "no way"), ({"ends": 100}, "sent"), ({"begins": 101}, "sent")]
)
def test_roads_that_change_in_the_second_of_an_order_change_first(
    tmp_path: Path, closing: dict[str, float], outcome: str
) -> None:
    """ab is the only way out of a, where W1 stands; E1 has gone to y before."""
    injects = [
        {"at": 100, "order": {"unit": "W1", "incident": "y"}},
        {"at": 0, "incident": {"type": "fire", "node": "c", "id": "y"}},
    ]
    closures = {"out": {"links": ["ab"], **closing}}
    log = play(tmp_path, call("x", 9000, "a"), units=BOTH, injects=injects, closures=closures)
    assert [(each.moment, each.outcome) for each in log.orders] == [(100, outcome)]
