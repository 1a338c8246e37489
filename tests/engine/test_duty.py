"""Rotas: who is on duty when, what that means for calls, and what the measures make of it.

The line of five nodes (tests/small.py): W1 at a, E1 at e, a minute of driving between neighbours; the start
is Monday 2024-01-01 00:00 UTC.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import Board, measure, simulate
from dispatch.engine.board import Status
from dispatch.engine.duty import Duty, _changes
from dispatch.engine.fleet import Fleet
from dispatch.errors import ScenarioError
from dispatch.report.speak import inject_line
from dispatch.scenario.conditions import HOUR
from dispatch.scenario.injects import described
from tests.small import BASE, small

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log, Scenario

HEADER = "incident,received,type,node,units\n"
DAY = {"rotas": {"day": {"on_duty": [{"begins": 8, "ends": 20}]}}}


def with_rota(folder: Path, calls: str = "", unit: str = "E1", **changes: Any) -> Scenario:
    """Load the line with one unit that works from 8 to 20."""
    units = {name: {**written} for name, written in BASE["units"].items()}
    units[unit]["rota"] = "day"
    return small(folder, HEADER + calls if calls else "", units=units, **{**DAY, **changes})


def who(log: Log) -> list[str]:
    """Return the unit of each response in order of alert."""
    return [log.fleet.ids[unit] for unit in log.responses.unit]


def duty_of(scenario: Scenario) -> Duty:
    """Return the duty of the baseline."""
    return Duty(scenario, Fleet(scenario, scenario.layouts["baseline"]))


def test_the_nearest_crew_on_duty_goes(tmp_path: Path) -> None:
    """At 7:59:59 and at 20:00 E1 is at home, but off duty; at 8:00 and at 19:59:59 it goes."""
    moments = [8 * HOUR - 1, 10 * HOUR, 20 * HOUR - 1, 22 * HOUR, 32 * HOUR]
    calls = "".join(f"c{i},{moment:g},fire,e,engine:1\n" for i, moment in enumerate(moments))
    log = simulate(with_rota(tmp_path, calls, horizon="2 d"))
    assert who(log) == ["W1", "E1", "E1", "W1", "E1"]
    assert log.responses.on_scene.tolist() == [
        8 * HOUR - 1 + 240, 10 * HOUR, 20 * HOUR - 1, 22 * HOUR + 240, 32 * HOUR,
    ]  # fmt: skip


def test_a_call_waits_for_the_next_crew(tmp_path: Path) -> None:
    units = {"E1": {"type": "engine", "station": "east", "rota": "day"}}
    log = simulate(small(tmp_path, HEADER + "x,3600,fire,e,engine:1\n", units=units, **DAY))
    assert log.responses.alerted.tolist() == [8 * HOUR]
    late = simulate(small(tmp_path, HEADER + "x,86000,fire,e,engine:1\n", units=units, **DAY))
    assert late.responses.alerted.tolist() == [32 * HOUR], "after the horizon, too"


def test_a_weekly_rota_is_waited_for_a_week(tmp_path: Path) -> None:
    units = {"E1": {"type": "engine", "station": "east", "rota": "rare"}}
    rotas = {"rare": {"on_duty": [{"days": "mon", "begins": 0, "ends": 1}]}}
    log = simulate(small(tmp_path, HEADER + "x,3600,fire,e,engine:1\n", units=units, rotas=rotas))
    assert log.responses.alerted.tolist() == [168 * HOUR]


def test_a_crew_ends_what_it_is_doing(tmp_path: Path) -> None:
    """Alerted a second before 20:00, E1 works on; what comes then is W1's, even with E1 on its way home."""
    calls = f"x,{20 * HOUR - 1},fire,d,engine:1\ny,{20 * HOUR + 700},fire,e,engine:1\n"
    log = simulate(with_rota(tmp_path, calls))
    assert who(log) == ["E1", "W1"]
    assert log.responses.on_scene.tolist() == [20 * HOUR + 59, 20 * HOUR + 700 + 240]
    assert log.responses.in_quarters[0] == 20 * HOUR + 59 + 600 + 60


def test_a_crew_that_comes_on_duty_on_its_way_home_may_be_sent(tmp_path: Path) -> None:
    """W1 works from 0 to 1 and from 2 on: back on duty, it is met on its way home from e."""
    hours = [{"begins": 0, "ends": 1}, {"begins": 2, "ends": 24}]
    calls = f"x,{HOUR - 1},fire,e,engine:1\ny,{2 * HOUR},fire,c,engine:1\n"
    units = {"W1": {"type": "engine", "station": "west", "rota": "split"}}
    types = {"fire": {"run_card": {"engine": 1}, "on_scene": 3600 - 240 - 60}}
    log = simulate(
        small(
            tmp_path, HEADER + calls, units=units, rotas={"split": {"on_duty": hours}}, incident_types=types
        )
    )
    # on scene until 1:59:(59-60)+… = 7199 − 60; home leg begins then; at 2:00 it is 61 s on its way, past d
    assert log.responses.from_road.tolist() == [0, 1]
    assert log.responses.on_scene[1] == pytest.approx(2 * HOUR + 59)


@pytest.mark.parametrize("policy", ["nearest", "assignment"])
def test_a_crew_past_its_shift_is_not_diverted(tmp_path: Path, policy: str) -> None:
    """E1 is on its way to x when its shift ends; y is more urgent and near it, but waits for W1."""
    calls = (
        f"w,{20 * HOUR - 120},fire,a,engine:1\nx,{20 * HOUR - 30},fire,b,engine:1\n"
        f"y,{20 * HOUR + 60},life,c,engine:1\nz,{32 * HOUR + 60},fire,e,engine:1\n"
    )
    types = {
        name: {"priority": priority, "run_card": {"engine": 1}, "on_scene": 600}
        for name, priority in (("fire", 2), ("life", 1))
    }
    rules = {"policy": policy, "diversion": True}
    log = simulate(with_rota(tmp_path, calls, incident_types=types, dispatching=rules, horizon="2 d"))
    assert who(log) == ["W1", "E1", "W1", "E1"]
    assert log.responses.on_scene.tolist() == [
        20 * HOUR - 120, 20 * HOUR - 30 + 180, 20 * HOUR + 480 + 120, 32 * HOUR + 60,
    ]  # fmt: skip


def test_nobody_on_duty_is_nobody_free(tmp_path: Path) -> None:
    units = {"E1": {"type": "engine", "station": "east", "rota": "day"}}
    lost = {"when_none_free": "lost"}
    log = simulate(small(tmp_path, HEADER + "x,3600,fire,e,engine:1\n", units=units, dispatching=lost, **DAY))
    assert len(log.responses) == 0
    assert len(log.lost) == 1


def test_the_board_tells_who_is_off_duty(tmp_path: Path) -> None:
    calls = f"x,{20 * HOUR - 1},fire,d,engine:1\n"
    log = simulate(with_rota(tmp_path, calls))
    shown = [Board.at(log, moment).units["E1"] for moment in
             (0.0, 8 * HOUR, 20 * HOUR, 20 * HOUR + 100, 20 * HOUR + 700, 20 * HOUR + 719)]  # fmt: skip
    assert shown == [
        Status.OFF_DUTY, Status.IN_QUARTERS, Status.EN_ROUTE, Status.ON_SCENE, Status.RETURNING,
        Status.OFF_DUTY,
    ]  # fmt: skip


@pytest.mark.parametrize("policy", ["nearest", "assignment"])
def test_a_rota_of_all_hours_changes_nothing(tmp_path: Path, policy: str) -> None:
    demand = {"poisson": {"fire": {"rate": "100/d"}}}
    rules = {"policy": policy, "diversion": True}
    plain = simulate(small(tmp_path / "a", demand=demand, dispatching=rules))
    always = {"day": {"on_duty": [{"days": "all"}]}}
    with_one = simulate(with_rota(tmp_path / "b", demand=demand, dispatching=rules, rotas=always))
    for name in ("alerted", "on_scene", "available", "in_quarters", "unit"):
        np.testing.assert_array_equal(getattr(plain.responses, name), getattr(with_one.responses, name))
    assert plain.scheduled == with_one.scheduled


def test_hours_are_those_of_the_scenarios_clock(tmp_path: Path) -> None:
    """The start is half past six on a Friday in China."""
    rotas = {"day": {"on_duty": [{"days": "weekday", "begins": 8, "ends": 20}]}}
    duty = duty_of(with_rota(tmp_path, start="2024-01-05T06:30:00+08:00", horizon="7 d", rotas=rotas))
    changes = list(duty.changes(0.0, 4 * 86400.0))
    assert changes == [1.5 * HOUR, 13.5 * HOUR, (1.5 + 72) * HOUR, (13.5 + 72) * HOUR]
    states = [duty.off(moment) != set() for moment in (0.0, *changes)]
    assert states == [True, False, True, False, True]


@given(st.sets(st.integers(0, 167), min_size=1), st.integers(0, 167), st.floats(0, 3599), st.data())
def test_duty_against_looking_at_every_hour(
    tmp_path_factory: pytest.TempPathFactory, hours: set[int], first: int, into: float, data: st.DataObject
) -> None:
    duty = Duty.__new__(Duty)
    duty._begin = first * HOUR + into
    duty._hours, duty._out, duty._edges = {0: frozenset(hours)}, {}, []
    duty._changes = _changes([frozenset(hours)])
    end = data.draw(st.floats(0, 3e6))
    on = 0.0
    edges = [
        0.0,
        *(h * HOUR - duty._begin for h in range(first + 1, first + 900) if h * HOUR - duty._begin < end),
        end,
    ]
    for begin, finish in pairwise(edges):
        if finish > begin and int((duty._begin + (begin + finish) / 2) // HOUR) % 168 in hours:
            on += finish - begin
    assert duty.seconds(0.0, end, 1)[0] == pytest.approx(on, abs=1e-3)


def test_an_hour_less_lowers_availability_by_exactly_it(tmp_path: Path) -> None:
    for ends in (20, 19):
        rotas = {"day": {"on_duty": [{"begins": 8, "ends": ends}]}}
        log = simulate(with_rota(tmp_path / str(ends), rotas=rotas, horizon="7 d"))
        found = measure(log, ["availability[unit=E1]", "availability[unit=W1]", "availability"])
        assert found["availability[unit=E1]"] == (ends - 8) / 24
        assert found["availability[unit=W1]"] == 1.0
        assert found["availability"] == (1 + (ends - 8) / 24) / 2


def test_workload_is_of_the_hours_on_duty_and_overtime(tmp_path: Path) -> None:
    """E1 is busy from 10:00 for 660 s, and from 19:59:59 for 659 s, of which 658 s are overtime."""
    calls = f"x,{10 * HOUR},fire,d,engine:1\ny,{20 * HOUR - 1},fire,d,engine:1\n"
    log = simulate(with_rota(tmp_path, calls))
    found = measure(log, ["workload[unit=E1]", "workload[unit=W1]"])
    assert found["workload[unit=E1]"] == pytest.approx(2 * 660 / (12 * HOUR + 659))
    assert found["workload[unit=W1]"] == 0.0


def test_residual_cover_is_of_those_on_duty(tmp_path: Path) -> None:
    """Each covers its own end of the line. At 22:00 W1 is out and E1 off duty: nobody covers anything."""
    calls = f"x,{10 * HOUR},fire,a,engine:1\ny,{11 * HOUR},fire,e,engine:1\nz,{22 * HOUR},fire,a,engine:1\n"
    names = ["coverage.residual.min", "coverage.residual.min[zone=right]"]
    always = measure(simulate(small(tmp_path / "a", HEADER + calls, cover_within=120)), names)
    by_day = measure(simulate(with_rota(tmp_path / "b", calls, cover_within=120)), names)
    assert always == {"coverage.residual.min": pytest.approx(1 / 3), "coverage.residual.min[zone=right]": 0.0}
    assert by_day == {"coverage.residual.min": 0.0, "coverage.residual.min[zone=right]": 0.0}
    quiet = measure(
        simulate(with_rota(tmp_path / "c", "x,50000,fire,a,engine:1\n", cover_within=360)), names[:1]
    )
    assert quiet == {"coverage.residual.min": 1.0}


def with_outage(folder: Path, calls: str, *injects: dict[str, Any], **changes: Any) -> Log:
    """Simulate the line with injects."""
    return simulate(small(folder, HEADER + calls, injects=list(injects), **changes))


CALLS = "".join(f"c{hour},{hour * HOUR:g},fire,e,engine:1\n" for hour in (1, 2, 3, 4))


@pytest.mark.parametrize("target", [{"unit": "E1"}, {"station": "east"}])
def test_a_unit_out_of_service_is_not_sent(tmp_path: Path, target: dict[str, str]) -> None:
    out = {"at": "2 h", "outage": {**target, "for": "1 h"}}
    assert who(with_outage(tmp_path / "a", CALLS, out)) == ["E1", "W1", "E1", "E1"]
    never = {"at": "2 h", "outage": target}
    assert who(with_outage(tmp_path / "b", CALLS, never)) == ["E1", "W1", "W1", "W1"]
    again = {"at": "3 h 30 min", "restore": target}
    assert who(with_outage(tmp_path / "c", CALLS, never, again)) == ["E1", "W1", "W1", "E1"]


def test_an_outage_waits_until_the_unit_is_free(tmp_path: Path) -> None:
    """E1 is on its way to d when it is taken out of service, and goes on; afterwards nobody meets it."""
    calls = f"x,{HOUR - 1},fire,d,engine:1\ny,{HOUR + 700},fire,e,engine:1\n"
    log = with_outage(tmp_path, calls, {"at": "1 h", "outage": {"unit": "E1", "for": "3 h"}})
    assert who(log) == ["E1", "W1"]
    shown = [Board.at(log, moment).units["E1"] for moment in (HOUR, HOUR + 700, HOUR + 720, 4 * HOUR)]
    assert shown == [Status.EN_ROUTE, Status.RETURNING, Status.OUT_OF_SERVICE, Status.IN_QUARTERS]


def test_a_call_waits_for_the_end_of_an_outage(tmp_path: Path) -> None:
    units = {"E1": {"type": "engine", "station": "east"}}
    out = {"at": 0, "outage": {"unit": "E1", "for": "10 d"}}
    log = with_outage(tmp_path, "x,60,fire,e,engine:1\n", out, units=units)
    assert log.responses.alerted.tolist() == [240 * HOUR]
    never = {"at": 0, "outage": {"unit": "E1"}}
    assert len(with_outage(tmp_path / "b", "x,60,fire,e,engine:1\n", never, units=units).responses) == 0


def test_outages_and_rotas_together(tmp_path: Path) -> None:
    out = {"at": "10 h", "outage": {"unit": "E1", "for": "2 h"}}
    log = simulate(with_rota(tmp_path, CALLS, injects=[out]))
    assert measure(log, ["availability[unit=E1]"])["availability[unit=E1]"] == 10 / 24


def test_outages_are_told_when_a_scenario_is_validated(tmp_path: Path) -> None:
    injects = [
        {"at": "2 h", "outage": {"unit": "E1", "for": "45 min"}},
        {"at": "3 h", "outage": {"station": "west"}},
        {"at": "4 h", "restore": {"station": "west"}},
    ]
    told = [inject_line(each) for each in described(small(tmp_path, injects=injects))]
    assert told == [
        "at 2 h 00 min: outage of unit E1 for 45 min 00 s",
        "at 3 h 00 min: outage of station west",
        "at 4 h 00 min: restore of station west",
    ]


def test_injects_of_outages_that_make_no_sense_are_told(tmp_path: Path) -> None:
    injects = [
        {"at": "1 h", "outage": {"unit": "E9"}},
        {"at": "1 h", "outage": {"station": "est"}},
        {"at": "1 h", "restore": {"unit": "W1"}},
        {"at": "2 h", "outage": {"unit": "E1"}},
        {"at": "3 h", "outage": {"unit": "E1"}},
    ]
    with pytest.raises(ScenarioError) as error:
        small(tmp_path, injects=injects)
    told = str(error.value)
    assert "no unit 'E9' in any layout" in told
    assert "no station 'est' in any layout" in told
    assert "'W1' is not out of service then" in told
    assert "'E1' is out of service already" in told
    with pytest.raises(ScenarioError, match="one thing fails"):
        small(tmp_path, injects=[{"at": 1, "outage": {}}])


def test_mistakes_are_told(tmp_path: Path) -> None:
    units = {"E1": {"type": "engine", "station": "east", "rota": "nigth"}}
    rotas = {"night": {"on_duty": [{"begins": 20, "ends": 8}]}, "none": {"on_duty": []}}
    with pytest.raises(ScenarioError) as error:
        small(tmp_path, units=units, rotas=rotas)
    told = str(error.value)
    assert "ends (8) is not after begins (20). Split it at midnight." in told
    assert "rotas.none.on_duty" in told
    with pytest.raises(ScenarioError, match="no rota 'nigth'"):
        small(tmp_path, units=units, rotas={"night": {"on_duty": [{"begins": 20}]}})
