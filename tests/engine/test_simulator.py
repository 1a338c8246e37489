"""The simulator on five nodes: events scheduled, who fills which need, and policies that misbehave."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dispatch import draw, measure, simulate
from dispatch.engine.fleet import Fleet
from dispatch.engine.simulator import Simulator
from dispatch.engine.tables import incident_table
from dispatch.errors import PolicyError
from tests.small import small

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "incident,received,type,node,units\n"


def test_a_response_of_one_unit_costs_two_events(tmp_path: Path) -> None:
    scenario = small(tmp_path)
    log = simulate(scenario)
    assert len(log.responses) == len(log.timeline) > 10
    assert log.scheduled == 2 * len(log.responses)


def test_each_unit_of_a_call_costs_one_event_more(tmp_path: Path) -> None:
    card = {"fire": {"run_card": {"engine": 2}, "on_scene": 600}}
    log = simulate(small(tmp_path, incident_types=card, demand={"poisson": {"fire": {"rate": "6/d"}}}))
    assert log.scheduled == len(log.timeline) + len(log.responses)


def test_no_unit_fills_two_needs_while_another_could(tmp_path: Path) -> None:
    """East is away when x asks for two; it fills the second need when it is free, not west a second time."""
    calls = HEADER + "away,0,fire,e,engine:1\nx,10,fire,b,engine:2\n"
    log = simulate(small(tmp_path, calls))
    units = [log.fleet.ids[unit] for unit in log.responses.unit]
    assert units == ["E1", "W1", "E1"]
    assert log.responses.alerted.tolist() == [0.0, 10.0, 600.0]


def test_a_unit_goes_twice_where_no_other_can(tmp_path: Path) -> None:
    units = {"W1": {"type": "engine", "station": "west"}}
    scenario = small(tmp_path, HEADER + "x,0,fire,a,engine:2\n", units=units)
    assert any("has 1 of the 2 'engine'" in note for note in scenario.notes)
    log = simulate(scenario)
    assert log.responses.alerted.tolist() == [0.0, 600.0]
    assert log.incidents.erf.tolist() == [600.0]


def test_two_releases_in_one_second_serve_two_waiting_calls(tmp_path: Path) -> None:
    """Both units are freed at 600 s, one after the other; both waiting calls are served in that second."""
    calls = HEADER + "p,0,fire,a,engine:1\nq,0,fire,e,engine:1\nr,1,fire,a,engine:1\ns,2,fire,e,engine:1\n"
    for returning in (True, False):
        log = simulate(small(tmp_path, calls, dispatching={"returning": returning}))
        assert sorted(log.responses.alerted.tolist()) == [0.0, 0.0, 600.0, 600.0]


def test_a_call_that_needs_nobody_is_not_served(tmp_path: Path) -> None:
    """A file that brings such calls is refused; they may be made otherwise."""
    injects = [
        {"at": 0, "incident": {"type": "fire", "node": "c", "id": "x"}},
        {"at": 60, "order": {"unit": "W1", "incident": "x"}},
    ]
    scenario = small(tmp_path, demand={"poisson": {"fire": {"rate": "0/d"}}}, injects=injects)
    scenario = replace(scenario, kinds=tuple(replace(kind, slots=()) for kind in scenario.kinds))
    log = simulate(scenario)
    assert log.incidents.needed.tolist() == [0]
    assert [each.outcome for each in log.orders] == ["the call is over"]
    assert log.incidents.status().tolist() == ["unserved"]
    assert list(incident_table(log)["status"]) == ["unserved"]
    names = ["incidents.lost", "incidents.unserved", "incidents.incomplete", "incidents.queued"]
    assert list(measure(log, names).values()) == [0.0, 1.0, 1.0, 1.0]


def test_who_comes_to_a_call_that_needed_nobody_helps_in_part(tmp_path: Path) -> None:
    """As after a rise of its level; one whose helpers all turned back is cancelled."""
    found = simulate(small(tmp_path, HEADER + "x,0,fire,c,engine:1\n")).incidents
    none, one, nan = (np.array([value]) for value in (0, 1, np.nan))
    assert found.status().tolist() == ["served"]
    came = replace(found, needed=none, filled=none)
    assert came.status().tolist() == ["partial"]
    assert replace(came, arrived=none).status().tolist() == ["cancelled"]
    assert replace(came, arrived=none, closed=nan).status().tolist() == ["unserved"]
    assert replace(came, arrived=none, needed=one, lost=one).status().tolist() == ["lost"]


class Answers:
    """Gives one answer, whatever it is asked."""

    name = "stubborn"

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def choose(self, needs: Any, board: Any) -> Any:
        return self.answer(needs, board)


@pytest.mark.parametrize(
    ("answer", "fact"),
    [
        (lambda needs, _: [(needs[0], 7)], "unit number 7"),
        (lambda needs, _: [(needs[0], -1)], "unit number -1"),
        (lambda needs, _: [(needs[0], 0), (needs[0], 1)], "a need that is not open"),
        (lambda needs, _: [(needs[0]._replace(slot=99), 0)], "a need that is not open"),
        (lambda _needs, _board: None, "TypeError"),
        (lambda _needs, _board: "ab", "ValueError"),
        (lambda needs, _: [(needs[0], None)], "TypeError"),
        (lambda _needs, _board: [("x", 0)], "is not a need"),
        (lambda _needs, _board: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_a_policy_that_misbehaves_is_named(tmp_path: Path, answer: Any, fact: str) -> None:
    scenario = small(tmp_path)
    fleet = Fleet(scenario, scenario.layouts["baseline"])
    with pytest.raises(PolicyError, match="policy 'stubborn' at") as found:
        Simulator(scenario, fleet, draw(scenario, 0), Answers(answer)).run()
    assert fact in str(found.value)
    assert found.value.exit_code == 4


def test_a_busy_unit_may_not_be_chosen(tmp_path: Path) -> None:
    calls = HEADER + "p,0,fire,a,engine:1\nq,1,fire,a,engine:1\n"
    scenario = small(tmp_path, calls)
    fleet = Fleet(scenario, scenario.layouts["baseline"])
    with pytest.raises(PolicyError, match="which is not free"):
        Simulator(scenario, fleet, draw(scenario, 0), Answers(lambda needs, _: [(needs[0], 0)])).run()
