"""Turnaround, workshop, breakdowns and shared crews: worlds small enough to reckon every moment by hand.

The town of tests/engine/towns.py (links of 100 s with siren, 200 s without; W1 at a, E1 at d) and the line of
tests/small.py.
"""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from rich.console import Console

from dispatch import Board, measure, simulate
from dispatch.engine.board import Status
from dispatch.engine.duty import Duty
from dispatch.engine.rulebook import Ending
from dispatch.errors import ScenarioError, UsageError
from dispatch.regression.events import events_of, snapshot
from dispatch.report.explaining import print_explanation
from dispatch.study.explaining import explain
from dispatch.timeline import draw
from tests.engine.towns import BOTH, call, play, scenario, served
from tests.engine.towns import lives as all_lives
from tests.small import small

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log

    Life = tuple[str, str, dict[str, float]]


def lives(log: Log) -> list[Life]:
    """Return (call, unit, moments that came) of all responses in order of their alert."""
    return [(call, unit, moments) for call, unit, _, moments in all_lives(log)]


def engine(**more: Any) -> dict[str, Any]:
    """An engine without turnout, with something more."""
    return {"engine": {"capabilities": ["engine"], "turnout": 0, **more}}


# --- turnaround -------------------------------------------------------------------------------------------


def test_a_unit_restocks_in_quarters(tmp_path: Path) -> None:
    """W1 works at b until 200, is home at 400 and ready at 1000; y, near its way home, waits until then."""
    calls = call("x", 0, "b"), call("y", 250, "b")
    log = play(tmp_path, *calls, unit_types=engine(turnaround=600))
    assert lives(log) == [
        ("x", "W1", {**served(0, 100, 400), "available": 1000}),
        ("y", "W1", {**served(1000, 1100, 1400), "available": 2000}),
    ]
    shown = [Board.at(log, moment) for moment in (250, 399, 400, 999)]
    assert [board.units["W1"] for board in shown] == ["returning", "returning", "restoring", "restoring"]
    assert {board.assigned["W1"] for board in shown} == {"x"}
    assert [board.waiting for board in shown] == [("y",)] * 4
    assert Board.at(log, 2000).units["W1"] is Status.IN_QUARTERS
    found = measure(log, ["workload[unit=W1]", "availability[unit=W1]"])
    assert found == {"workload[unit=W1]": 2000 / 20_000, "availability[unit=W1]": 1.0}


def test_the_events_of_a_log_tell_of_restocking(tmp_path: Path) -> None:
    log = play(tmp_path, call("x", 0, "b"), call("y", 250, "b"), unit_types=engine(turnaround=600))
    events = events_of(log)
    for moment in (0, 150, 300, 400, 700, 1050, 1300, 1500, 2000):
        shown = snapshot(event for event in events if event.time <= moment).units["W1"]
        assert shown.split(" for ")[0] == Board.at(log, moment).units["W1"], moment


@pytest.mark.parametrize("returning", [True, False])
def test_a_unit_that_did_not_work_is_ready_at_once(tmp_path: Path, returning: bool) -> None:
    """Called off after 50 s halfway to b, W1 turns home: 100 s, with or without a turnaround."""
    calls = call("x", 0, "b", cancelled=50), call("y", 300, "b", cancelled=50)
    with_one = play(
        tmp_path / "1", *calls, unit_types=engine(turnaround=600), dispatching={"returning": returning}
    )
    without = play(tmp_path / "2", *calls, dispatching={"returning": returning})
    assert all_lives(with_one) == all_lives(without)


def test_busy_ends_when_the_unit_is_available(tmp_path: Path) -> None:
    calls = call("x", 0, "b", busy=500), call("y", 100, "b", busy=500)
    with_one = play(tmp_path / "1", *calls, unit_types=engine(turnaround=600))
    assert with_one.responses.alerted.tolist() == [0, 500]
    assert all_lives(with_one) == all_lives(play(tmp_path / "2", *calls))


def test_a_turnaround_of_nothing_is_none(tmp_path: Path) -> None:
    demand = {"poisson": {"fire": {"rate": "200/d"}}}
    variants: list[dict[str, Any]] = [
        {},
        {"turnaround": 0},
        {"downtime": {"every": "1 d", "lasts": 0}},
        {"breaks_down": {"share": 0, "repair": "1 h"}},
    ]
    logs = [
        simulate(scenario(tmp_path / str(n), demand=demand, units=BOTH, unit_types=engine(**more)))
        for n, more in enumerate(variants)
    ]
    assert len(logs[0].responses) > 30
    for log in logs[1:]:
        assert all_lives(log) == all_lives(logs[0])
        assert log.scheduled == logs[0].scheduled


def test_turnarounds_are_drawn_by_slot_and_alike_in_all_layouts(tmp_path: Path) -> None:
    types = engine(turnaround={"uniform": {"low": 600, "high": 1200}})
    layouts = {"moved": {"move_units": {"W1": "east"}}}
    calls = [call(f"c{n}", 3000 * n, "b") for n in range(6)]
    read = scenario(tmp_path, *calls, unit_types=types, layouts=layouts)
    timeline = draw(read, 0)
    expected = 600 + 600 * timeline.of_units["turnaround_share"]
    assert len(set(expected.tolist())) == 6
    for layout in ("baseline", "moved"):
        r = simulate(read, layout, timeline).responses
        np.testing.assert_allclose(r.available - r.in_quarters, expected)


# --- workshop ---------------------------------------------------------------------------------------------


def test_a_unit_goes_to_the_workshop_and_comes_back(tmp_path: Path) -> None:
    """Nine hours in service, three in the workshop: E1 serves at 8:59:59 and from 12:00 on, W1 in between."""
    hours = (1, 9, 11, 12, 20, 21)
    calls = "incident,received,type,node,units\n"
    calls += "".join(f"c{hour},{3600 * hour},fire,e,engine:1\n" for hour in hours)
    types = engine() | {"tired": engine(downtime={"every": "9 h", "lasts": "3 h"})["engine"]}
    units = {"W1": {"type": "engine", "station": "west"}, "E1": {"type": "tired", "station": "east"}}
    log = simulate(small(tmp_path, calls, unit_types=types, units=units))
    assert len(log.responses) == len(hours)
    assert [log.fleet.ids[unit] for unit in log.responses.unit] == ["E1", "W1", "W1", "E1", "E1", "W1"]
    shown = [Board.at(log, 3600.0 * hour).units["E1"] for hour in (8, 9, 11, 12, 13, 21, 23.99)]
    out = ["out of service"] * 2
    assert shown == ["in quarters", *out, "on scene", "in quarters", *out]
    found = measure(log, ["availability[unit=E1]", "availability[unit=W1]", "workload[unit=E1]"])
    assert found == {
        "availability[unit=E1]": 18 / 24,
        "availability[unit=W1]": 1.0,
        "workload[unit=E1]": pytest.approx(3 * 600 / (18 * 3600)),
    }
    told = [str(event) for event in events_of(log) if "workshop" in event.detail]
    assert told == [
        f"{9 * 3600.0} noted: E1 (to the workshop: for 10800.0 s)",
        f"{21 * 3600.0} noted: E1 (to the workshop: for 10800.0 s)",
    ]


def test_a_unit_ends_its_call_before_it_goes_to_the_workshop(tmp_path: Path) -> None:
    """At 1000 W1 is on its way to d; it works there, drives home and is away then."""
    calls = call("x", 900, "d"), call("y", 2000, "b")
    log = play(tmp_path, *calls, unit_types=engine(downtime={"every": 1000, "lasts": 2000}))
    assert lives(log) == [
        ("x", "W1", served(900, 1200, 1900)),
        ("y", "W1", served(3000, 3100, 3400)),
    ]
    shown = [Board.at(log, moment).units["W1"] for moment in (1000, 1899, 1900, 2999, 3000)]
    assert shown == ["en route", "returning", "out of service", "out of service", "en route"]


def test_availability_in_the_long_run_is_that_of_renewal_theory(tmp_path: Path) -> None:
    """Up E[U] of E[U] + E[D]; the variance of the share over a time t is about
    (E[D]² Var U + E[U]² Var D) / (E[U] + E[D])³ / t (alternating renewal process, central limit theorem).
    """
    up, down, units, horizon = 40.0, 8.0, 20, 2000.0  # hours
    downtime = {
        "every": {"exponential": {"mean": "40 h"}},
        "lasts": {"erlang": {"mean": "8 h", "stages": 4}},
    }
    fleet = {f"U{n}": {"type": "engine", "station": "west"} for n in range(units)}
    calls, types = "incident,received,type,node,units\nx,0,fire,a,engine:1\n", engine(downtime=downtime)
    read = small(tmp_path, calls, unit_types=types, units=fleet, horizon="2000 h")
    shares = [measure(simulate(read, "baseline", n), ["availability"])["availability"] for n in range(5)]
    variance = (down**2 * up**2 + up**2 * down**2 / 4) / (up + down) ** 3 / horizon
    error = (variance / (units * len(shares))) ** 0.5
    start = down / up * 0.5 * (up**2 + up**2) / (up + down) / horizon  # all are in service to begin with
    assert abs(np.mean(shares) - up / (up + down)) < 4 * error + start


def test_the_workshop_goes_by_the_units_id(tmp_path: Path) -> None:
    """Other units, layouts and a longer horizon leave a unit's times alone."""
    downtime = {"every": {"exponential": {"mean": "4 h"}}, "lasts": {"exponential": {"mean": "1 h"}}}
    types = engine(downtime=downtime)
    layouts = {"more": {"add_units": {"A1": {"type": "engine", "station": "west"}}}}
    short = draw(small(tmp_path / "a", unit_types=types), 3).downtimes
    more = draw(small(tmp_path / "b", unit_types=types, layouts=layouts, horizon="2 d"), 3).downtimes
    assert set(short) == {("E1", "engine"), ("W1", "engine")}
    for unit, times in short.items():
        assert len(times) > 1
        assert more[unit][: len(times)] == times
        assert all(begin < 86_400 for begin, _ in times)
    assert short["E1", "engine"] != short["W1", "engine"]
    assert len(more["A1", "engine"]) > 1
    other = draw(small(tmp_path / "a", unit_types=types), 4).downtimes
    assert other["E1", "engine"] != short["E1", "engine"]


def test_time_in_service_against_looking_at_every_ten_seconds(tmp_path: Path) -> None:
    """Rota, outage, workshop and repairs of several units, at once."""
    tired = {
        "downtime": {"every": {"exponential": {"mean": 6000}}, "lasts": {"exponential": {"mean": 1500}}},
        "breaks_down": {"share": 0.4, "repair": {"exponential": {"mean": 2000}}},
    }
    units = {name: {"type": "engine", "station": "west"} for name in ("U1", "U2", "U3")}
    units["U2"]["rota"] = "day"
    read = scenario(
        tmp_path, units=units, unit_types=engine(**tired), demand={"poisson": {"fire": {"rate": "200/d"}}},
        rotas={"day": {"on_duty": [{"begins": 1, "ends": 4}]}}, horizon=40_000,
        injects=[{"at": 7000, "outage": {"unit": "U1", "for": 5000}}],
    )  # fmt: skip
    log = simulate(read)
    assert len(log.repairs) > 5
    duty, moments = Duty.of(log), np.arange(1005.0, 39_000.0, 10.0)
    seconds = duty.seconds(1000.0, 39_000.0, 3)
    alone = [
        [(each.begins, each.ends) for each in log.repairs if each.unit == unit]
        + [*log.timeline.downtimes[name, "engine"]]
        + ([(7000.0, 12_000.0)] if name == "U1" else [])
        + ([(0.0, 3600.0), (14_400.0, 90_000.0)] if name == "U2" else [])
        for unit, name in enumerate(log.fleet.ids)
    ]
    for unit, spans in enumerate(alone):
        out = np.any([(begin <= moments) & (moments < end) for begin, end in spans], axis=0)
        assert seconds[unit] == pytest.approx(10.0 * (~out).sum(), abs=5.0 * 2 * len(spans))
        assert [not duty.is_on(unit, moment) for moment in moments] == out.tolist()
        own = measure(log, [f"workload[unit={log.fleet.ids[unit]}]"])
        assert 0 < own[f"workload[unit={log.fleet.ids[unit]}]"] <= 1


def test_the_workshop_moves_no_call(tmp_path: Path) -> None:
    more = {"turnaround": {"exponential": {"mean": "1 h"}}, "breaks_down": {"share": 0.5, "repair": "1 h"},
            "downtime": {"every": {"exponential": {"mean": "4 h"}}, "lasts": 3600}}  # fmt: skip
    plain, rich = draw(small(tmp_path / "a"), 0), draw(small(tmp_path / "b", unit_types=engine(**more)), 0)
    for name in ("received", "ready", "node", "turnout_share", "on_scene"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(rich, name))
    assert plain.of_units == {}
    assert set(rich.of_units) == {"turnaround_share", "breakdown_share", "breakdown_place"}


def test_no_end_of_workshops_is_refused(tmp_path: Path) -> None:
    read = small(tmp_path, unit_types=engine(downtime={"every": 0, "lasts": 0}))
    with pytest.raises(UsageError, match="Give a longer 'every'"):
        draw(read, 0)


def test_durations_of_units_may_stand_in_tables(tmp_path: Path) -> None:
    """Every duration is the one value of a file; a file that is missing is told with its place."""
    (tmp_path / "hours.csv").write_text("seconds\n1800\n")
    listed = {"empirical": {"file": "hours.csv"}}
    more = {"turnaround": listed, "downtime": {"every": listed, "lasts": listed},
            "breaks_down": {"share": 0.5, "repair": listed}}  # fmt: skip
    calls = [call(f"c{n}", 4000 * n, "d") for n in range(5)]
    log = play(tmp_path, *calls, unit_types=engine(**more))
    assert log.timeline.downtimes["W1", "engine"][:2] == ((1800, 3600), (5400, 7200))
    assert {round(each.ends - each.begins) for each in log.repairs} == {1800}
    more["breaks_down"] = {"share": 0.5, "repair": {"empirical": {"file": "other.csv"}}}
    with pytest.raises(ScenarioError, match=r"unit_types.engine.breaks_down.repair.empirical.file"):
        scenario(tmp_path, *calls, unit_types=engine(**more))


# --- breakdowns -------------------------------------------------------------------------------------------


def failing(folder: Path, *calls: str, share: float = 0.25, seed: int = 0, **changes: Any) -> Log:
    """Simulate engines that fail on some trips, with a repair of 1000 s."""
    types = engine(breaks_down={"share": share, "repair": 1000})
    return simulate(scenario(folder, *calls, **{"unit_types": types, "seed": seed, **changes}))


def test_a_unit_that_breaks_down_is_towed_home_and_another_goes(tmp_path: Path) -> None:
    """W1 fails on its way to c at some moment t; E1, 100 s away, arrives at t + 100."""
    for seed in range(100):
        log = failing(tmp_path, call("x", 0, "b"), call("y", 1500, "b"), seed=seed, units=BOTH)
        if log.repairs and log.repairs[0].unit == log.fleet.ids.index("W1") and log.repairs[0].begins < 100:
            break
    (repair, *_), (first, second, *_) = log.repairs, all_lives(log)
    place = float(log.timeline.of_units["breakdown_place"][0])
    moment = 100 * place
    assert (repair.begins, repair.ends, repair.response) == (moment, moment + 1000, 0)
    assert first == (
        "x", "W1", "broken_down",
        {"alerted": 0, "en_route": 0, "returning": moment, "available": moment,
         "in_quarters": 300},  # on to b, and back
    )  # fmt: skip
    assert second == ("x", "E1", "served", served(moment, moment + 200, moment + 700))
    assert log.incidents.closed[0] == moment + 300
    shown = [Board.at(log, moment + after).units["W1"] for after in (-0.01, 0, 250, 999, 1000.01)]
    assert shown == ["en route", *["out of service"] * 3, "in quarters"]
    assert measure(log, ["responses.broken_down[unit=W1]"])["responses.broken_down[unit=W1]"] >= 1
    last = sum(each.ends - each.begins for each in log.repairs if each.unit == repair.unit)
    assert 1000 <= last < 20_000
    share = measure(log, ["availability[unit=W1]"])["availability[unit=W1]"]
    assert share == pytest.approx(1 - last / 20_000)
    told = [str(event) for event in events_of(log) if "broken down" in event.detail]
    assert told[0] == f"{moment!r} noted: W1 for x (broken down: out of service for 1000.0 s)"


def test_a_need_waits_for_the_repair_where_nobody_else_is(tmp_path: Path) -> None:
    for seed in range(100):
        log = failing(tmp_path, call("x", 0, "d"), seed=seed)
        if len(log.repairs) == 1:
            break
    (repair,) = log.repairs
    first, second = all_lives(log)
    assert first[2] == "broken_down"
    assert second == ("x", "W1", "served", served(repair.ends, repair.ends + 300, repair.ends + 1000))
    lost = failing(tmp_path, call("x", 0, "d"), seed=seed, dispatching={"when_none_free": "lost"})
    assert len(lost.responses) == 1
    assert lost.lost.tolist() == [0]


def test_a_unit_is_out_at_least_until_it_is_home(tmp_path: Path) -> None:
    types = engine(breaks_down={"share": 0.5, "repair": 0})
    for seed in range(100):
        log = simulate(scenario(tmp_path, call("x", 0, "d"), unit_types=types, seed=seed))
        if len(log.repairs) == 1:
            break
    (repair,) = log.repairs
    assert repair.ends == pytest.approx(300 * np.ceil(repair.begins / 100)), "on to the next node, and back"
    assert log.responses.in_quarters[0] == repair.ends == log.responses.alerted[1]


def towed(folder: Path, *injects: dict[str, Any], **changes: Any) -> Log:
    """Simulate W1, which fails between b and c on its way to d, with a repair of no time at all."""
    types = engine(breaks_down={"share": 0.5, "repair": 0})
    for seed in range(100):
        town = {"unit_types": types, "seed": seed, **changes}
        log = simulate(scenario(folder, call("x", 0, "d"), **town))
        if log.repairs and 100 < log.repairs[0].begins < 190:
            return simulate(scenario(folder, call("x", 0, "d"), injects=[*injects], **town))
    raise AssertionError


def never_sent_while_out(log: Log) -> bool:
    """Return whether nobody is sent while it is out of service, or towed."""
    alerted = log.responses.alerted
    return not any(((alerted > each.begins) & (alerted < each.ends)).any() for each in log.repairs)


@pytest.mark.parametrize("returning", [True, False])
def test_a_tow_that_roads_slow_down_takes_longer(tmp_path: Path, returning: bool) -> None:
    """Towed home from c at 200, W1 is in fog from 300 on: at b at 400, and then 2000 s for the last link."""
    fog = {"at": 300, "weather": {"title": "fog", "speed_factor": 0.1, "for": 100_000}}
    rules = {"dispatching": {"returning": returning}}
    plain, slow = towed(tmp_path / "1", **rules), towed(tmp_path / "2", fog, **rules)
    assert plain.repairs[0].ends == plain.responses.in_quarters[0] == plain.responses.alerted[1] == 600
    assert slow.repairs[0].ends == slow.responses.in_quarters[0] == slow.responses.alerted[1] == 2400
    assert never_sent_while_out(slow)
    shown = [Board.at(slow, moment).units["W1"] for moment in (299, 599, 601, 2399, 2400.5)]
    assert shown == ["out of service"] * 4 + ["en route"]
    found = measure(slow, ["availability", "workload.mean"])
    out = sum(each.ends - each.begins for each in slow.repairs)
    assert found["availability"] == pytest.approx(1 - out / 20_000)


def test_a_tow_that_roads_speed_up_takes_less(tmp_path: Path) -> None:
    """In fog from 195 until 1000, it needs 2000 s from c at 200 to b, and 200 s from there, not 2000."""
    fog = {"at": 195, "weather": {"title": "fog", "speed_factor": 0.1, "for": 805}}
    log = towed(tmp_path, fog)
    assert log.repairs[0].ends == log.responses.in_quarters[0] == log.responses.alerted[1] == 2400
    assert never_sent_while_out(log)


@pytest.mark.parametrize("returning", [True, False])
@pytest.mark.parametrize("opens", [5000, None])
def test_a_tow_waits_for_its_way_home(tmp_path: Path, opens: float | None, returning: bool) -> None:
    """The first link is closed from 250 on: W1 waits at b and is out of service until it is home at last."""
    ends = {} if opens is None else {"ends": opens}
    closed = {"works": {"links": ["ab"], "begins": 250, **ends}}
    log = towed(tmp_path, closures=closed, dispatching={"returning": returning})
    repair = log.repairs[0]
    assert never_sent_while_out(log)
    if opens is None:
        assert repair.ends == np.inf
        assert len(log.responses) == 1
        told = [str(event) for event in events_of(log) if "broken down" in event.detail]
        assert told[0].endswith("(broken down: out of service to the end: no way leads home)")
        assert Board.at(log, 19_000).units["W1"] is Status.OUT_OF_SERVICE
        assert measure(log, ["availability"])["availability"] == pytest.approx(repair.begins / 20_000)
    else:
        assert repair.ends == log.responses.in_quarters[0] == log.responses.alerted[1]
        assert 5200 <= repair.ends <= 5400


@pytest.mark.parametrize("returning", [True, False])
def test_workload_counts_until_the_breakdown_or_the_way_home(tmp_path: Path, returning: bool) -> None:
    log = towed(tmp_path, dispatching={"returning": returning, "when_none_free": "lost"})
    (repair,) = log.repairs
    busy = repair.begins if returning else repair.ends
    on_duty = 20_000 - (repair.ends - repair.begins) + (0 if returning else repair.ends - repair.begins)
    assert measure(log, ["workload.mean"])["workload.mean"] == pytest.approx(busy / on_duty)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_the_share_of_breakdowns_is_as_given(tmp_path: Path, share: float) -> None:
    """About n·p of n trips fail, also of those after a failure; standard deviation √(n·p·(1 − p))."""
    calls = [call(f"c{n}", 20_000 * n, "d") for n in range(2000)]
    log = failing(tmp_path, *calls, share=share, horizon=40_000_000)
    r = log.responses
    failed = r.ending == Ending.BROKEN_DOWN
    again = np.r_[False, failed[:-1]]
    for trips in (failed, failed[again], failed[~again]):
        assert abs(trips.mean() - share) < 4 * (share * (1 - share) / len(trips)) ** 0.5
    assert (
        int(failed.sum())
        == len(log.repairs)
        == measure(log, ["responses.broken_down"])["responses.broken_down"]
    )
    places = (r.returning - r.en_route)[failed & ~again] / 300
    assert 0 <= places.min() < 0.02
    assert 0.98 < places.max() < 1
    assert abs(places.mean() - 0.5) < 4 / (12 * len(places)) ** 0.5
    pairs = np.flatnonzero(failed[1:] & failed[:-1])
    first, second = ((r.returning - r.en_route)[pairs + after] / 300 for after in (0, 1))
    assert abs(second.mean() - 0.5) < 4 / (12 * len(pairs)) ** 0.5
    assert abs(((first - 0.5) * (second - 0.5)).mean()) < 4 / (144 * len(pairs)) ** 0.5, "no two alike"
    assert np.abs(first - second).min() > 0.0


def test_a_unit_on_scene_or_turned_away_does_not_break_down(tmp_path: Path) -> None:
    """Calls at the station need no trip, and one called off before it left neither."""
    calls = [call(f"c{n}", 1000 * n, "a") for n in range(9)]
    calls += [call(f"d{n}", 10_000 + 1000 * n, "d", turnout=60, cancelled=30) for n in range(9)]
    assert not failing(tmp_path, *calls, share=0.5).repairs


def test_diverted_units_fail_for_the_call_they_go_to(tmp_path: Path) -> None:
    """Each repair belongs to a response that ended so, and no unit is sent while it is out."""
    kinds = {name: {"priority": n, "run_card": {"engine": 1}, "on_scene": 600}
             for name, n in (("fire", 2), ("rescue", 1))}  # fmt: skip
    demand = {"poisson": {"fire": {"rate": "300/d"}, "rescue": {"rate": "150/d"}}}
    closed = {"main": {"links": ["bc"], "begins": 3000, "ends": 6000}}
    log = failing(tmp_path, units=BOTH, demand=demand, incident_types=kinds, dispatching={"diversion": True},
                  share=0.4, closures=closed)  # fmt: skip
    r = log.responses
    assert {Ending.SERVED, Ending.DIVERTED, Ending.BROKEN_DOWN} <= set(r.ending.tolist())
    broken = np.flatnonzero(r.ending == Ending.BROKEN_DOWN).tolist()
    assert sorted(each.response for each in log.repairs) == broken
    for each in log.repairs:
        assert r.unit[each.response] == each.unit
        alerted = r.alerted[r.unit == each.unit]
        assert not ((alerted >= each.begins) & (alerted < each.ends)).any()
    assert np.isnan(r.on_scene[r.ending == Ending.BROKEN_DOWN]).all()


# --- crews ------------------------------------------------------------------------------------------------

TYPES = {
    "engine": {"capabilities": ["engine"], "crew": 6, "turnout": 0},
    "ladder": {"capabilities": ["ladder"], "crew": 3, "turnout": 0},
}
CARDS = {
    "fire": {"run_card": {"engine": 1}, "on_scene": 100},
    "high": {"run_card": {"ladder": 1}, "on_scene": 100},
}


def staffed(folder: Path, *calls: str, staff: int = 6, **changes: Any) -> Log:
    """Simulate an engine and a ladder at a whose crew is of some size."""
    kinds = {"W1": "engine", "L1": "ladder"}
    units = {name: {"type": kind, "station": "west", "crew_from": "watch"} for name, kind in kinds.items()}
    crews = {"watch": {"station": "west", "staff": staff}}
    town = {"units": units, "crews": crews, "unit_types": TYPES, "incident_types": CARDS}
    return play(folder, *calls, **{**town, **changes})


def test_one_crew_mans_one_of_two_units(tmp_path: Path) -> None:
    """The engine is home from b at 400, when nothing is released; the ladder waits for its people."""
    calls = call("x", 0, "b"), call("y", 50, "b", type="high", units="")
    assert lives(staffed(tmp_path / "6", *calls)) == [
        ("x", "W1", served(0, 100, 400)), ("y", "L1", served(400, 500, 800)),
    ]  # fmt: skip
    assert lives(staffed(tmp_path / "9", *calls, staff=9)) == [
        ("x", "W1", served(0, 100, 400)), ("y", "L1", served(50, 150, 450)),
    ]  # fmt: skip


def test_a_crew_on_its_way_home_may_be_sent_with_its_unit(tmp_path: Path) -> None:
    """At 300 the engine is halfway home; it goes on to a, and back to b: the ladder waits on."""
    calls = call("x", 0, "b"), call("y", 300, "b", type="high", units=""), call("z", 300, "b")
    found = lives(staffed(tmp_path, *calls))
    assert [(name, unit, moments["alerted"]) for name, unit, moments in found] == [
        ("x", "W1", 0), ("z", "W1", 300), ("y", "L1", 300 + 100 + 100 + 100 + 200),
    ]  # fmt: skip


def test_people_restock_before_they_go_again(tmp_path: Path) -> None:
    types = {**TYPES, "engine": {**TYPES["engine"], "turnaround": 600}}
    calls = call("x", 0, "b"), call("y", 50, "b", type="high", units="")
    found = lives(staffed(tmp_path, *calls, unit_types=types))
    assert [moments["alerted"] for _, _, moments in found] == [0, 1000]


def test_the_crew_of_a_broken_engine_takes_the_other_vehicle(tmp_path: Path) -> None:
    """Once towed home, long before the repair is done."""
    types = {**TYPES, "engine": {**TYPES["engine"], "breaks_down": {"share": 0.5, "repair": 5000}}}
    for seed in range(50):
        log = staffed(
            tmp_path, call("x", 0, "c"), call("y", 0, "b", type="high", units=""), unit_types=types, seed=seed
        )
        if log.repairs:
            break
    _, second, *_ = all_lives(log)
    assert second[:2] == ("y", "L1")
    assert second[3]["alerted"] == pytest.approx(300 * np.ceil(log.repairs[0].begins / 100))
    assert second[3]["alerted"] < log.repairs[0].ends


@pytest.mark.parametrize("policy", ["nearest", "assignment"])
def test_two_calls_at_one_moment_get_one_crew(tmp_path: Path, policy: str) -> None:
    calls = call("x", 0, "b"), call("y", 0, "b", type="high", units="")
    log = staffed(tmp_path, *calls, dispatching={"policy": policy})
    assert [moments["alerted"] for _, _, moments in lives(log)] == [0, 400]


@pytest.mark.parametrize("changes", [
    {}, {"dispatching": {"diversion": True}}, {"dispatching": {"returning": False}},
    {"dispatching": {"policy": "assignment"}},
    {"rotas": {"day": {"on_duty": [{"begins": 1, "ends": 20}]}}},
])  # fmt: skip
@pytest.mark.parametrize("seed", range(4))
def test_never_are_more_people_out_than_there_are(tmp_path: Path, changes: dict[str, Any], seed: int) -> None:
    """Counted from the log alone: people ride from the alert until the unit is home and available."""
    tired = {
        "turnaround": {"exponential": {"mean": 300}},
        "breaks_down": {"share": 0.2, "repair": 3000},
        "downtime": {"every": {"exponential": {"mean": 20_000}}, "lasts": 2000},
    }
    types = {name: {**kind, **tired} for name, kind in TYPES.items()}
    units = {
        name: {"type": kind, "station": "west", "crew_from": "watch"}
        for name, kind in (("W1", "engine"), ("W2", "engine"), ("L1", "ladder"), ("L2", "ladder"))
    }
    if "rotas" in changes:
        units["W2"]["rota"] = "day"
    units["E1"] = {"type": "engine", "station": "east"}
    demand = {"poisson": {"fire": {"rate": "200/d"}, "high": {"rate": "100/d"}}}
    staff, riding = 10, {"engine": 6, "ladder": 3}
    read = scenario(
        tmp_path, unit_types=types, units=units, demand=demand, seed=seed, horizon=40_000,
        incident_types={n: {**card, "priority": i} for i, (n, card) in enumerate(CARDS.items(), 1)},
        crews={"watch": {"station": "west", "staff": staff}}, **changes,
    )  # fmt: skip
    log = simulate(read)
    r, steps = log.responses, list[tuple[float, int, int]]()
    for unit in {log.fleet.ids.index(name) for name in units if name != "E1"}:
        mine = np.flatnonzero(r.unit == unit)
        people = riding[log.fleet.types[unit]]
        for n, row in enumerate(mine):
            begin = r.alerted[row]
            end = max(r.in_quarters[row], r.available[row])
            if end != end:  # it was sent on from the road
                end = r.alerted[mine[n + 1]]
            steps += [(begin, 1, people), (end, 0, -people)]
    out = np.cumsum([people for _, _, people in sorted(steps)])
    assert out.max() <= staff
    assert out.max() == 9, "and the limit matters: an engine and a ladder"
    assert {"W1", "W2", "L1", "L2"} <= {log.fleet.ids[u] for u in r.unit}
    assert out[-1] == 0


def test_a_crew_of_one_unit_changes_nothing(tmp_path: Path) -> None:
    demand = {"poisson": {"fire": {"rate": "200/d"}}}
    units = {"W1": {"type": "engine", "station": "west"}, "E1": {"type": "engine", "station": "east"}}
    kinds = engine(crew=6)
    plain = simulate(scenario(tmp_path / "a", demand=demand, units=units, unit_types=kinds))
    crews = {name: {"station": station, "staff": 6} for name, station in (("w", "west"), ("e", "east"))}
    manned = {name: {**unit, "crew_from": name[0].lower()} for name, unit in units.items()}
    with_crews = simulate(
        scenario(tmp_path / "b", demand=demand, units=manned, unit_types=kinds, crews=crews)
    )
    assert all_lives(plain) == all_lives(with_crews)


def test_nobody_is_ordered_out_without_people(tmp_path: Path) -> None:
    """The engine is out with the six; the ladder is ordered to z at once, and to y when they are home."""
    injects = [
        {"at": 0, "incident": {"id": "z", "type": "fire", "node": "b", "units": {"engine": 1}}},
        {"at": 50, "order": {"unit": "L1", "incident": "z"}},
        {"at": 500, "incident": {"id": "y", "type": "fire", "node": "b", "units": {"engine": 1}}},
        {"at": 500, "order": {"unit": "L1", "incident": "y"}},
    ]
    log = staffed(tmp_path, call("x", 5000, "b"), injects=injects)
    assert [(each.moment, each.outcome) for each in log.orders] == [(50, "without people"), (500, "sent")]
    assert [(unit, moments["alerted"]) for _, unit, moments in lives(log)] == [
        ("W1", 0),
        ("L1", 500),
        ("W1", 900),
        ("W1", 5000),
    ]


@pytest.mark.parametrize(("moment", "home", "ready"), [(50, 150, 150), (150, 350, 950)])
def test_a_recalled_unit_restocks_if_it_was_there(
    tmp_path: Path, moment: float, home: float, ready: float
) -> None:
    """Back from halfway to b it is ready at home; from b, where it has worked for 50 s, 600 s later."""
    recall = {"at": moment, "recall": {"unit": "W1"}}
    log = play(tmp_path, call("x", 0, "b"), unit_types=engine(turnaround=600), injects=[recall])
    ((_, _, ending, moments),) = all_lives(log)
    assert (ending, moments["returning"]) == ("recalled", moment)
    assert moments["available"] == (ready if ready > home else moment)


# --- explanations -----------------------------------------------------------------------------------------


def test_explanations_tell_of_people_who_are_out(tmp_path: Path) -> None:
    units = {name: {"type": kind, "station": "west", "crew_from": "watch"} for name, kind in
             (("W1", "engine"), ("L1", "ladder"))}  # fmt: skip
    crews = {"watch": {"station": "west", "staff": 6}}
    calls = call("x", 0, "b"), call("y", 50, "b", type="high", units="")
    read = scenario(tmp_path, *calls, units=units, crews=crews, unit_types=TYPES, incident_types=CARDS)
    told, log = explain(read, incident="y")
    assert events_of(log) == events_of(simulate(read))
    first, last = told.epochs[0], told.epochs[-1]
    (ladder,) = first.groups[0].candidates
    assert (first.time, ladder.unit, ladder.status, ladder.why) == (50, "L1", "in quarters", "no_crew")
    assert [choice.outcome for choice in first.choices] == ["waiting"]
    assert (last.time, [choice.unit for choice in last.choices]) == (400, ["L1"])
    out = Console(width=150, file=StringIO())
    print_explanation(out, told, read)
    assert "without people: its crew is out with another unit" in out.file.getvalue()  # type: ignore[attr-defined]


def test_explanations_tell_of_breakdowns_and_restocking(tmp_path: Path) -> None:
    types = engine(breaks_down={"share": 0.5, "repair": 1000}, turnaround=600)
    for seed in range(50):
        read = scenario(tmp_path, call("w", 0, "a"), call("x", 2000, "b"), unit_types=types, seed=seed)
        told, log = explain(read, incident="x")
        if len(told.responses) == 2:
            break
    assert events_of(log) == events_of(simulate(read))
    (repair,) = log.repairs
    assert [sent.ending for sent in told.responses] == ["broken_down", "served"]
    then = [moment.what for moment in told.course if moment.time == repair.begins]
    assert [what for what in then if what != "noted"] == ["broken down", "decision"]
    assert [epoch.asked for epoch in told.epochs] == [True, False, True]
    (unit,) = told.epochs[1].groups[0].candidates
    assert (unit.status, unit.why) == ("out of service", "out_of_service")
    out = Console(width=150, file=StringIO())
    print_explanation(out, told, read)
    assert "broken down: W1 fails on its way and is towed home" in out.file.getvalue()  # type: ignore[attr-defined]
    read = scenario(tmp_path, call("w", 0, "a"), call("x", 300, "b"), unit_types=engine(turnaround=600))
    told, _ = explain(read, incident="x")
    (unit,) = told.epochs[0].groups[0].candidates
    assert (unit.status, unit.incident, unit.why, unit.until) == ("restoring", "w", "busy", 700)


# --- mistakes ---------------------------------------------------------------------------------------------


def test_mistakes_of_crews_are_told(tmp_path: Path) -> None:
    types = {**TYPES, "rover": {"capabilities": ["rover"], "turnout": 0}}
    units = {
        "A": {"type": "engine", "station": "west", "crew_from": "wacht"},
        "B": {"type": "engine", "station": "east", "crew_from": "watch"},
        "C": {"type": "rover", "station": "west", "crew_from": "watch"},
        "D": {"type": "engine", "station": "west", "crew_from": "few"},
        "E": {"type": "engine", "station": "west"},
        "F": {"type": "engine", "station": "west", "crew_from": "watch"},
    }
    crews = {
        "watch": {"station": "west", "staff": 6}, "few": {"station": "west", "staff": 5},
        "none": {"station": "nowhere", "staff": 5},
    }  # fmt: skip
    layouts = {"moved": {"move_units": {"F": "east"}}, "fine": {"remove_units": ["F"]}}
    with pytest.raises(ScenarioError) as error:
        scenario(tmp_path, call("x", 0, "b"), units=units, crews=crews, unit_types=types, layouts=layouts)
    told = str(error.value)
    assert "units.A.crew_from: no crew 'wacht'. Did you mean 'watch'" in told
    assert "units.B.crew_from: layout 'baseline': unit 'B' stands at 'east', its crew at 'west'" in told
    assert "units.C.crew_from: unit 'C' has people of 'watch', but its type 'rover' no 'crew'" in told
    assert "units.D.crew_from: unit 'D' needs 6 people, and 'few' are 5" in told
    assert "crews.none: no unit takes its crew from 'none'" in told
    assert "layouts.moved.move_units.F: layout 'moved': unit 'F' stands at 'east', its crew at 'west'" in told
    assert len(error.value.problems) == 6


def test_a_share_of_breakdowns_over_a_half_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"breaks_down\.share"):
        scenario(tmp_path, unit_types=engine(breaks_down={"share": 0.6, "repair": 1}))
