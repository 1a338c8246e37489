"""Alarm levels in a simulation: deadlines, orders, weather, hydrants, communications; worked out by hand.

The line of five nodes (tests/small.py), a minute of driving apart: two engines at a, two at e. Level 1 asks
for one engine, level 2 for two, level 3 for three.
"""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import draw, measure, simulate
from dispatch.engine.notices import notices
from dispatch.engine.rulebook import Ending
from dispatch.engine.tables import incident_table
from dispatch.errors import ScenarioError, UsageError
from dispatch.study.explaining import explain
from tests.small import small

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log, Scenario

UNITS = {
    name: {"type": "engine", "station": station}
    for name, station in (("W1", "west"), ("W2", "west"), ("E1", "east"), ("E2", "east"))
}
CARDS = {level: {"units": {"engine": level}} for level in (1, 2, 3)}
PLANS = {
    "catalogue": None,
    "classes": {"fire": {"scale": "fire"}},
    "own": {"all": {"classes": ["fire"], "cards": CARDS}},
}


def world(
    folder: Path,
    *injects: dict[str, Any],
    alarm: dict[str, Any] | None = None,
    rules: dict[str, Any] | None = None,
    **changes: Any,
) -> Scenario:
    """Load the line with plans, and with injects instead of other calls."""
    fire = {"on_scene": 3600, "alarm": alarm or {"level": 1, "control_within": "10 min"}}
    more: dict[str, Any] = {"units": UNITS, "plans": PLANS, "incident_types": {"fire": fire}} | changes
    if rules is not None:
        more["alarm"] = rules
    return small(folder, demand={"poisson": {"fire": {"rate": "0/d"}}}, injects=list(injects), **more)


def call(at: float = 0, node: str = "a", **more: Any) -> dict[str, Any]:
    """Return an inject of the call ``x``."""
    return {"at": at, "incident": {"type": "fire", "node": node, "id": "x", **more}}


def sent(log: Log) -> list[tuple[str, float]]:
    """Return who was alerted when."""
    r = log.responses
    return [(log.fleet.ids[unit], float(moment)) for unit, moment in zip(r.unit, r.alerted, strict=True)]


def raises(log: Log) -> list[tuple[float, int, int, str]]:
    return [(each.moment, each.before, each.after, each.reason) for each in log.raises]


def test_what_is_under_control_is_never_raised(tmp_path: Path) -> None:
    log = simulate(world(tmp_path, call()))
    assert sent(log) == [("W1", 0.0)]
    assert raises(log) == []
    assert log.incidents.under_control.tolist() == [0.0]


def test_each_deadline_raises_until_the_severity_is_met(tmp_path: Path) -> None:
    """Severity 3: at 10 min to level 2, at 20 min to level 3; each sends one engine more."""
    alarm = {"level": 1, "severity": {3: 1}, "control_within": "10 min"}
    log = simulate(world(tmp_path, call(), alarm=alarm))
    assert raises(log) == [(600.0, 1, 2, "deadline"), (1200.0, 2, 3, "deadline")]
    assert sent(log) == [("W1", 0.0), ("W2", 600.0), ("E1", 1200.0)]
    assert log.level.tolist() == [3]
    assert log.incidents.erf.tolist() == [0.0], "the first alarm is one engine"
    assert log.incidents.under_control.tolist() == [1200.0 + 240.0]
    assert log.incidents.needed.tolist() == [1]
    assert log.incidents.status().tolist() == ["served"]


@pytest.mark.parametrize(("deadline", "risen"), [(240, False), (239.999, True)])
def test_a_unit_that_arrives_at_the_deadline_is_in_time(tmp_path: Path, deadline: float, risen: bool) -> None:
    units = {"E1": {"type": "engine", "station": "east"}, "E2": {"type": "engine", "station": "east"}}
    alarm = {"level": 1, "control_within": deadline}
    log = simulate(world(tmp_path, call(), alarm=alarm, units=units))
    assert bool(log.raises) is risen
    assert len(log.responses) == (2 if risen else 1)


def test_a_level_of_several_engines_is_controlled_by_the_last_of_them(tmp_path: Path) -> None:
    """Three engines, of which the third drives 240 s; the deadline of 239 s raises once, which is in vain."""
    alarm = {"level": 3, "control_within": {3: 239, 4: 500}}
    log = simulate(world(tmp_path, call(), alarm=alarm))
    assert [moment for _, moment in sent(log)] == [0.0, 0.0, 0.0]
    assert raises(log) == [(239.0, 3, 4, "deadline")]
    assert log.incidents.under_control.tolist() == [240.0]
    assert log.incidents.erf.tolist() == [240.0]


def test_levels_end_at_the_top_of_the_scale(tmp_path: Path) -> None:
    """Nobody is there: five levels of fire, four rises, and no more."""
    alarm = {"level": 1, "severity": {5: 1}, "control_within": 60}
    log = simulate(world(tmp_path, call(), alarm=alarm))
    assert [each[2] for each in raises(log)] == [2, 3, 4, 5]
    assert [each[0] for each in raises(log)] == [60.0, 120.0, 180.0, 240.0]
    rescue = PLANS | {"classes": {"fire": {"scale": "rescue"}}}
    log = simulate(
        world(tmp_path, call(), alarm=alarm | {"scale": "rescue", "severity": {4: 1}}, plans=rescue)
    )
    assert [each[2] for each in raises(log)] == [2, 3, 4]


def test_a_level_is_raised_by_order_and_never_falls(tmp_path: Path) -> None:
    orders = [
        {"at": 30, "level": {"incident": "x", "level": 3}},
        {"at": 40, "level": {"incident": "x", "level": 2}},
        {"at": 50, "level": {"incident": "x", "level": 3}},
    ]
    log = simulate(world(tmp_path, call(), *orders))
    assert raises(log) == [(30.0, 1, 3, "order")]
    assert sent(log) == [("W1", 0.0), ("W2", 30.0), ("E1", 30.0)]


def test_an_order_before_the_call_is_ready_waits_for_it(tmp_path: Path) -> None:
    order = {"at": 130, "level": {"incident": "x", "level": 2}}
    log = simulate(world(tmp_path, call(at=100), order, call_processing=60))
    assert raises(log) == [(160.0, 1, 2, "order")]
    assert [moment for _, moment in sent(log)] == [160.0, 160.0]


def test_the_report_and_uplifts_decide_the_first_level(tmp_path: Path) -> None:
    """Three trapped give level 3 (DOMAIN: 3 to 9); two do not."""
    for trapped, level in ((2, 2), (3, 3)):
        log = simulate(world(tmp_path, call(report={"trapped": trapped})))
        assert log.timeline.level.tolist() == [level]
        assert len(log.responses) == level
    night = {"uplifts": [{"night": {"begins": 22, "ends": 6}}]}
    for hour, level in ((5.999, 2), (6, 1), (21.999, 1), (22, 2)):
        log = simulate(world(tmp_path, call(at=hour * 3600), rules=night))
        assert log.timeline.level.tolist() == [level], hour


def test_hydrants_that_fail_raise_the_first_level_for_that_time_and_place(tmp_path: Path) -> None:
    rules = {"uplifts": [{"dry_hydrants": True}]}
    outage = {"at": 100, "outage": {"hydrants": "a", "for": 100}}
    for at, node, level in ((99, "a", 1), (100, "a", 2), (199, "a", 2), (200, "a", 1), (150, "b", 1)):
        log = simulate(world(tmp_path, outage, call(at=at, node=node), rules=rules))
        assert log.timeline.level.tolist() == [level], (at, node)
    restored = [{"at": 100, "outage": {"hydrants": "left"}}, {"at": 300, "restore": {"hydrants": "left"}}]
    for at, level in ((299, 2), (300, 1)):
        log = simulate(world(tmp_path, *restored, call(at=at), rules=rules))
        assert log.timeline.level.tolist() == [level], at


def test_weather_slows_and_raises(tmp_path: Path) -> None:
    """At half the speed a minute's drive takes two; who set out before keeps on at what the roads are now."""
    rules = {"uplifts": [{"weather": True}]}
    fog = {"at": 100, "weather": {"title": "fog", "for": 1000, "speed_factor": 0.5, "uplift": True}}
    units = {"W1": UNITS["W1"]}
    for at, node, level, travel in ((100, "b", 2, 120.0), (1100, "b", 1, 60.0), (0, "b", 1, 60.0)):
        log = simulate(world(tmp_path, fog, call(at=at, node=node), rules=rules, units=units))
        assert log.timeline.level.tolist() == [level]
        assert (log.responses.on_scene - log.responses.alerted).tolist()[:1] == [travel]
    log = simulate(world(tmp_path, fog, call(at=70, node="c"), rules=rules, units=units))
    assert log.responses.on_scene.tolist() == [70 + 60 + 120.0], "the second link at half the speed"


def test_failing_communications_delay_the_calls_received_meanwhile(tmp_path: Path) -> None:
    outage = {"at": 100, "outage": {"comms": True, "slower_by": "2 min", "for": 100}}
    for at, ready in ((99, 99.0), (100, 220.0), (199, 319.0), (200, 200.0)):
        log = simulate(world(tmp_path, outage, call(at=at)))
        assert log.timeline.ready.tolist() == [ready]
        assert log.responses.alerted.tolist()[0] == ready


def test_a_recall_on_the_way_turns_the_unit_home_and_withdraws_its_need(tmp_path: Path) -> None:
    recall = {"at": 90, "recall": {"unit": "W1"}}
    log = simulate(world(tmp_path, call(node="c", units={"engine": 2}), recall, alarm={"level": 1}))
    assert sent(log) == [("W1", 0.0), ("W2", 0.0)]
    r = log.responses
    assert r.returning.tolist()[0] == 90.0
    assert r.in_quarters.tolist()[0] == 90 + 30 + 120.0, "on to b, from which it may turn"
    assert r.on_scene.tolist() == pytest.approx([nan, 120.0], nan_ok=True)
    assert log.incidents.status().tolist() == ["partial"]
    assert [tuple(each[1:]) for each in notices(log)] == [("recall", "x", "W1", "turned back")]


def test_a_recall_may_open_the_place_for_another(tmp_path: Path) -> None:
    """Not to itself, though it is the nearest: it comes again by order only, whatever the level asks for."""
    recall = {"at": 60, "recall": {"unit": "W1", "replace": True}}
    log = simulate(world(tmp_path, call(node="c"), recall))
    assert sent(log) == [("W1", 0.0), ("W2", 60.0)]
    assert log.incidents.status().tolist() == ["served"]
    more = [{"at": 120, "level": {"incident": "x", "level": 3}}]
    raised = simulate(world(tmp_path / "raised", call(node="c"), recall, *more, alarm={"level": 1}))
    assert sent(raised) == [("W1", 0.0), ("W2", 60.0), ("E1", 120.0), ("E2", 120.0)]
    again = {"at": 90, "order": {"unit": "W1", "incident": "x"}}
    ordered = simulate(world(tmp_path / "ordered", call(node="c"), recall, again, *more, alarm={"level": 1}))
    assert sent(ordered)[:3] == [("W1", 0.0), ("W2", 60.0), ("W1", 90.0)]


def test_a_recall_from_the_scene_ends_the_work_there(tmp_path: Path) -> None:
    recall = {"at": 600, "recall": {"unit": "W1"}}
    log = simulate(world(tmp_path, call(node="b"), recall))
    r = log.responses
    assert (r.clear.tolist(), r.available.tolist(), r.in_quarters.tolist()) == ([600.0], [600.0], [660.0])
    assert log.incidents.status().tolist() == ["served"]
    assert log.incidents.closed.tolist() == [600.0]


def test_a_unit_recalled_from_a_call_goes_to_another(tmp_path: Path) -> None:
    """W1, called back at b on its way to x at c, is the nearest to y at c, and goes there."""
    recall = {"at": 60, "recall": {"unit": "W1"}}
    other = {"at": 60, "incident": {"id": "y", "type": "fire", "node": "c"}}
    log = simulate(world(tmp_path, call(node="c"), recall, other, alarm={"level": 1}))
    assert sent(log) == [("W1", 0.0), ("W1", 60.0)]
    assert log.responses.incident.tolist() == [0, 1]


def test_a_recall_of_nobody_is_noted(tmp_path: Path) -> None:
    log = simulate(world(tmp_path, call(node="b"), {"at": 30, "recall": {"unit": "E1"}}))
    assert [tuple(each[1:]) for each in notices(log)] == [("recall", "", "E1", "not on a call")]


def test_a_recall_of_a_unit_that_a_layout_lacks_is_noted(tmp_path: Path) -> None:
    read = world(tmp_path, call(node="b"), {"at": 30, "recall": {"unit": "W1"}},
                 layouts={"less": {"remove_units": ["W1"]}})  # fmt: skip
    found = [[tuple(each[1:]) for each in notices(simulate(read, layout))] for layout in ("baseline", "less")]
    assert found == [[("recall", "x", "W1", "turned back")], [("recall", "", "W1", "not in this layout")]]


def test_an_order_fills_an_open_need_or_comes_in_addition(tmp_path: Path) -> None:
    """E1 is ordered when W1 has been sent: it comes in addition, and is no part of the first alarm."""
    order = {"at": 10, "order": {"unit": "E1", "incident": "x"}}
    log = simulate(world(tmp_path, call(), order))
    assert sent(log) == [("W1", 0.0), ("E1", 10.0)]
    assert log.incidents.needed.tolist() == [1]
    assert log.incidents.erf.tolist() == [0.0]
    assert log.incidents.arrived.tolist() == [2]
    assert [tuple(each[1:]) for each in notices(log)] == [("order", "x", "E1", "sent")]
    before = {"at": 0, "order": {"unit": "E2", "incident": "x"}}
    log = simulate(world(tmp_path, call(), before))
    assert sent(log) == [("E2", 0.0)], "the order takes the only need before the policy is asked"


@pytest.mark.parametrize(
    ("injects", "outcome"),
    [
        ([{"at": 0, "outage": {"unit": "E1"}}], "not on duty"),
        ([{"at": 5, "order": {"unit": "E1", "incident": "x"}}], "on this call already"),
        ([{"at": 0, "incident": {"type": "fire", "node": "e"}}], "not free"),
    ],
)
def test_an_order_that_cannot_be_carried_out_is_noted(
    tmp_path: Path, injects: list[dict[str, Any]], outcome: str
) -> None:
    order = {"at": 10, "order": {"unit": "E1", "incident": "x"}}
    log = simulate(world(tmp_path, call(), *injects, order))
    assert notices(log)[-1].detail == outcome


def test_an_order_moves_a_unit_to_a_station_where_it_stands_until_it_is_called(tmp_path: Path) -> None:
    """W1 moves from a to e, 240 s; at 1000 s it goes from there at once, and home to a from the call."""
    units = {name: UNITS[name] for name in ("W1",)}
    orders = [
        {"at": 100, "order": {"unit": "W1", "station": "east"}},
        {"at": 200, "order": {"unit": "W1", "station": "east"}},
    ]
    log = simulate(world(tmp_path, *orders, call(at=1000, node="d"), units=units, alarm={"level": 1}))
    assert [(each.left, each.arrives) for each in log.move_ups] == [(100.0, 340.0)]
    told = [(each.what, each.detail) for each in notices(log) if each.what == "order"]
    assert told == [("order", "moves to east"), ("order", "there already, or on its way there")]
    assert log.responses.on_scene.tolist() == [1060.0]
    assert log.responses.in_quarters.tolist() == [1060 + 3600 + 180.0]


def test_an_order_to_move_is_refused_to_units_that_are_out(tmp_path: Path) -> None:
    order = {"at": 100, "order": {"unit": "W1", "station": "east"}}
    log = simulate(world(tmp_path, call(), order, units={"W1": UNITS["W1"]}))
    assert log.move_ups == ()
    assert [each.detail for each in notices(log)] == ["not free"]
    off = {"at": 0, "outage": {"unit": "W1"}}
    log = simulate(world(tmp_path, off, order, units=UNITS))
    assert [each.detail for each in notices(log)] == ["not on duty"]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("target", [{"station": "east"}, {"incident": "x"}])
def test_what_begins_and_ends_in_the_second_of_an_order_comes_first(
    tmp_path: Path, target: dict[str, str], *, turned: bool
) -> None:
    """However they are written: who goes out of service that second stays, who comes back goes."""
    order = {"at": 100, "order": {"unit": "W1", **target}}
    sends = "sent" if "incident" in target else "moves to east"
    ends = {"at": 50, "outage": {"unit": "W1", "for": 50}}
    restored = [{"at": 50, "outage": {"unit": "W1"}}, {"at": 100, "restore": {"unit": "W1"}}]
    begins = {"at": 100, "outage": {"unit": "W1", "for": 50}}
    for injects, told in (([begins], "not on duty"), ([ends], sends), (restored, sends), ([], sends)):
        written = [*injects, order][:: -1 if turned else 1]
        log = simulate(world(tmp_path, call(node="e"), *written))
        assert [each.outcome for each in log.orders] == [told]
        assert sent(log) == [("E1", 0.0), *([("W1", 100.0)] if told == "sent" else [])]
        assert len(log.move_ups) == (told == "moves to east")


def test_orders_of_one_second_are_carried_out_in_the_order_written(tmp_path: Path) -> None:
    """A recall frees the unit for the order that stands behind it, not for one before it."""
    away = {"at": 0, "order": {"unit": "W1", "incident": "x"}}
    recall, order = (
        {"at": 60, "recall": {"unit": "W1"}},
        {"at": 60, "order": {"unit": "W1", "station": "east"}},
    )
    told = {}
    for name, written in (("before", [order, recall]), ("behind", [recall, order])):
        log = simulate(world(tmp_path, call(node="e"), away, *written))
        told[name] = [each.outcome for each in log.orders[1:]]
    assert told == {"before": ["not free", "turned back"], "behind": ["turned back", "moves to east"]}


def test_levels_and_supplies_stand_in_that_order_too(tmp_path: Path) -> None:
    """W1 is the only one at x: once it is recalled, the call is over, and nothing more can be ordered."""
    depots = {"d": {"at": "b", "stock": {"foam-6": "1 t"}, "trucks": {"t": {"payload": "5 t"}}}}
    recall = {"at": 60, "recall": {"unit": "W1"}}
    rest = [
        {"at": 60, "level": {"incident": "x", "level": 3}},
        {"at": 60, "supply": {"incident": "x", "item": "foam-6", "amount": "1 t"}},
    ]
    told = {}
    for name, written in (("before", [recall, *rest]), ("behind", [*rest, recall])):
        log = simulate(world(tmp_path / name, call(), *written, alarm={"level": 1}, depots=depots))
        told[name] = [(each.does, each.outcome) for each in log.orders], len(log.raises)
    over = [(does, "the call is over") for does in ("level", "supply")]
    assert told["before"] == ([("recall", "left the scene"), *over], 0)
    assert told["behind"] == ([("supply", "1 t of foam-6 ordered"), ("recall", "left the scene")], 1)


def test_an_order_takes_a_unit_from_its_way_to_another_call(tmp_path: Path) -> None:
    """E1 is on its way from e to c for another call, to which E2 goes instead."""
    other = {"at": 0, "incident": {"type": "fire", "node": "c", "id": "y"}}
    units = {name: UNITS[name] for name in ("W1", "E1", "E2")}
    order = {"at": 61, "order": {"unit": "E1", "incident": "x"}}
    log = simulate(world(tmp_path, other, call(at=1, node="a"), order, units=units | {"W1": UNITS["E1"]}))
    r = log.responses
    diverted = [log.fleet.ids[unit] for unit in r.unit[np.isnan(r.returning)]]
    assert diverted == ["E1"]
    assert log.incidents.status().tolist() == ["served", "served"]


@pytest.mark.parametrize(
    ("inject", "message"),
    [
        ({"level": {"incident": "z", "level": 2}}, "no call 'z' that has alarm levels"),
        ({"recall": {"unit": "Z"}}, "no unit 'Z' in any layout"),
        ({"order": {"unit": "E1", "incident": "z"}}, "no call 'z'"),
        ({"order": {"unit": "E1", "station": "z"}}, "no station 'z' in any layout"),
        ({"order": {"unit": "E1"}}, "an order sends to one place"),
        ({"outage": {"hydrants": "zz"}}, "no zone or node 'zz'"),
        ({"outage": {"comms": True}}, "'comms' and 'slower_by' belong together"),
        ({"outage": {"unit": "E1", "slower_by": 5}}, "'comms' and 'slower_by' belong together"),
        ({"outage": {"unit": "E1", "station": "east"}}, "one thing fails"),
        ({"restore": {"comms": True}}, "communications are not out of service then"),
        ({"weather": {"title": "fine"}}, "weather that changes nothing"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, inject: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        world(tmp_path, call(), {"at": 60, **inject})


def test_severity_is_drawn_by_its_shares_and_moves_nothing_else(tmp_path: Path) -> None:
    demand = {"poisson": {"fire": {"rate": "200/d"}}}
    alarm = {"level": 1, "severity": {1: 3, 2: 1}, "control_within": "10 min"}
    fire = {"on_scene": 60, "alarm": alarm}
    mixed = small(
        tmp_path, demand=demand, units=UNITS, plans=PLANS, incident_types={"fire": fire}, horizon="10 d"
    )
    plain = small(tmp_path, demand=demand, units=UNITS, horizon="10 d")
    one, other = draw(mixed, 0), draw(plain, 0)
    assert (one.received == other.received).all()
    assert (one.node == other.node).all()
    share = float((one.severity == 2).mean())
    assert abs(share - 0.25) < 4 * (0.25 * 0.75 / len(one)) ** 0.5
    assert one.turnout_share[one.first_slot[:-1]].tolist() == other.turnout_share.tolist()


def test_the_incident_table_tells_of_levels_only_where_there_are_any(tmp_path: Path) -> None:
    alarm = {"level": 1, "severity": {2: 1}, "control_within": "10 min"}
    table = incident_table(simulate(world(tmp_path, call(), alarm=alarm)))
    assert table["plan"] == ["all"]
    assert [list(table[name]) for name in ("first_level", "severity", "highest_level")] == [[1], [2], [2]]
    assert list(table["under_control"]) == [600.0]
    plain = incident_table(simulate(small(tmp_path)))
    assert not {"plan", "first_level", "highest_level", "severity", "under_control"} & set(plain)


@given(st.integers(60, 1500), st.integers(60, 1500), st.sampled_from(["nearest", "assignment"]))
def test_an_earlier_rise_never_delays_the_first_alarm_of_an_isolated_incident(
    tmp_path_factory: pytest.TempPathFactory, one: int, other: int, policy: str
) -> None:
    """Three of four engines are the first alarm; all of them are out at first, so that needs wait."""
    folder = tmp_path_factory.mktemp("rise")
    erfs = []
    for moment in sorted((one, other)):
        busy = [{"at": 0, "outage": {"unit": unit, "for": 300 * n}} for n, unit in enumerate(UNITS, start=1)]
        order = {"at": moment, "level": {"incident": "x", "level": 3}}
        alarm = {"level": 2}
        log = simulate(world(folder, *busy, call(at=10, node="b"), order, alarm=alarm,
                             dispatching={"policy": policy}))  # fmt: skip
        erfs.append(float(log.incidents.erf[0]))
    assert erfs[0] <= erfs[1]


def test_rises_can_be_measured(tmp_path: Path) -> None:
    alarm = {"level": 1, "severity": {3: 1}, "control_within": "10 min"}
    log = simulate(world(tmp_path, call(), alarm=alarm))
    found = measure(log, ["raises.n", "control.mean", "control.by_deadline"])
    assert found == {"raises.n": 2.0, "control.mean": 1440.0, "control.by_deadline": 0.0}
    log = simulate(world(tmp_path, call(node="b")))
    found = measure(log, ["raises.n", "control.mean", "control.by_deadline"])
    assert found == {"raises.n": 0.0, "control.mean": 60.0, "control.by_deadline": 1.0}


def test_calls_can_be_chosen_by_the_level_of_their_first_alarm(tmp_path: Path) -> None:
    other = {"at": 5000, "incident": {"type": "fire", "node": "e", "report": {"trapped": 3}}}
    log = simulate(world(tmp_path, call(node="b"), other, alarm={"level": 1}))
    expected = {
        "incidents.n[level=1]": 1.0,
        "incidents.n[level=3]": 1.0,
        "total.first.mean[level=1]": 60.0,
        "responses.n[level=3]": 3.0,
    }
    assert measure(log, expected) == expected
    with pytest.raises(UsageError, match="no level '6'"):
        measure(log, ["incidents.n[level=6]"])


def test_an_ended_call_is_not_brought_to_life_again(tmp_path: Path) -> None:
    """W1 leaves at 1260 s; neither an order nor a level sends anybody after that."""
    fire = {"on_scene": 1200, "alarm": {"level": 1}}
    injects = [
        {"at": 2000, "order": {"unit": "E1", "incident": "x"}},
        {"at": 2100, "level": {"incident": "x", "level": 2}},
    ]
    log = simulate(world(tmp_path, call(node="b"), *injects, incident_types={"fire": fire}))
    assert sent(log) == [("W1", 0.0)]
    assert raises(log) == []
    assert [each.detail for each in notices(log)] == ["the call is over", "the call is over"]
    assert log.incidents.closed.tolist() == [1260.0]


def test_a_level_order_without_effect_is_noted(tmp_path: Path) -> None:
    log = simulate(world(tmp_path, call(), {"at": 60, "level": {"incident": "x", "level": 1}}))
    assert [tuple(each[1:]) for each in notices(log)] == [("level", "x", "", "it has level 1 already")]


def test_a_call_is_not_under_control_before_its_level_is_raised_to_its_severity(tmp_path: Path) -> None:
    """Without plans no level asks for more: one engine is all, and yet nobody knows before 1200 s."""
    fire = {"run_card": {"engine": 1}, "on_scene": 3600}
    fire |= {"alarm": {"level": 1, "severity": {3: 1}, "control_within": "10 min"}}
    log = simulate(world(tmp_path, call(node="b"), incident_types={"fire": fire}, plans=None))
    assert [each[0] for each in raises(log)] == [600.0, 1200.0]
    assert log.incidents.under_control.tolist() == [1200.0]


def test_the_smallest_crew_of_the_first_alarms_own_card_rules(tmp_path: Path) -> None:
    """Level 1 takes any crew, level 2 asks for six people twice: W1 with three is not sent to such a call."""
    kinds = {
        "engine": {"capabilities": ["engine"], "turnout": 0, "crew": 6},
        "small": {"capabilities": ["engine"], "turnout": 0, "crew": 3},
    }
    cards = {1: {"units": {"engine": 1}}, 2: {"units": {"engine": {"units": 2, "crew": 6}}}}
    plans = PLANS | {"own": {"all": {"classes": ["fire"], "cards": cards}}}
    units = UNITS | {"W1": {"type": "small", "station": "west"}}
    changes: dict[str, Any] = {"plans": plans, "unit_types": kinds, "units": units}
    one = simulate(world(tmp_path, call(), alarm={"level": 1}, **changes))
    assert sent(one) == [("W1", 0.0)]
    two = simulate(world(tmp_path, call(), alarm={"level": 2}, **changes))
    assert {unit for unit, _ in sent(two)} == {"W2", "E1"}
    assert two.timeline.slot_level.tolist()[:2] == [1, 2]


def test_nobody_is_wanted_in_place_of_an_ordered_unit_that_does_not_come(tmp_path: Path) -> None:
    """E1 comes in addition, and a closure cuts it off: W1, free again, is not sent in its place."""
    order = {"at": 10, "order": {"unit": "E1", "incident": "x"}}
    closures = {"gone": {"around": "d", "radius": 100, "begins": 20}}
    log = simulate(world(tmp_path, call(), order, alarm={"level": 1}, closures=closures))
    assert log.responses.ending.tolist() == [Ending.SERVED, Ending.CUT_OFF]
    assert sent(log) == [("W1", 0.0), ("E1", 10.0)]
    assert log.incidents.closed.tolist() == [3600.0]


def test_a_unit_that_works_by_the_busy_clock_drives_home_from_a_recall(tmp_path: Path) -> None:
    fire = {"run_card": {"engine": 1}, "busy": 3600}
    recall = {"at": 600, "recall": {"unit": "W1"}}
    log = simulate(world(tmp_path, call(node="c"), recall, incident_types={"fire": fire}, plans=None))
    assert (log.responses.available.tolist(), log.responses.in_quarters.tolist()) == ([600.0], [720.0])


def test_a_unit_goes_again_when_the_others_are_out_of_service(tmp_path: Path) -> None:
    """At a call without alarm levels, which is under control whenever a unit's work is done."""
    outage = {"at": 0, "outage": {"unit": "E1"}}
    units = {name: UNITS[name] for name in ("W1", "E1")}
    fire = {"on_scene": 3600, "run_card": {"engine": 2}}
    log = simulate(
        world(tmp_path, outage, call(at=10), units=units, plans=None, incident_types={"fire": fire})
    )
    assert sent(log) == [("W1", 10.0), ("W1", 3610.0)]
    assert log.incidents.closed.tolist() == [7210.0]


@pytest.mark.parametrize(
    ("unit_type", "stations", "more", "outcome"),
    [
        ({}, {"east": {"at": "e", "owner": "mutual_aid"}}, {"agreements": {"n": {"owners": ["mutual_aid"]}}},
         "under an agreement"),
        ({"crew": 6}, {"east": {"at": "e"}}, {"crews": {"p": {"station": "east", "staff": 6}}},
         "shares a crew"),
    ],
)  # fmt: skip
def test_units_of_others_and_shared_crews_are_not_ordered_to_stations(
    tmp_path: Path, unit_type: dict[str, Any], stations: dict[str, Any], more: dict[str, Any], outcome: str
) -> None:
    unit = {"type": "engine", "station": "east"} | ({"crew_from": "p"} if "crews" in more else {})
    kinds = {"engine": {"capabilities": ["engine"], "turnout": 0, **unit_type}}
    order = {"at": 60, "order": {"unit": "E1", "station": "west"}}
    log = simulate(world(tmp_path, order, units={"W1": UNITS["W1"], "E1": unit}, unit_types=kinds,
                         stations={"west": {"at": "a"}, **stations}, **more))  # fmt: skip
    assert log.move_ups == ()
    assert [each.detail for each in notices(log)] == [outcome]


def test_a_crew_that_nobody_has_and_scales_that_differ_are_refused(tmp_path: Path) -> None:
    kinds = {"engine": {"capabilities": ["engine"], "turnout": 0, "crew": 6}}
    for crew, wrong in ((6, False), (7, True)):
        cards = {1: {"units": {"engine": {"units": 1, "crew": crew}}}}
        plans = PLANS | {"own": {"all": {"classes": ["fire"], "cards": cards}}}
        if not wrong:
            world(tmp_path, call(), plans=plans, unit_types=kinds)
            continue
        with pytest.raises(ScenarioError, match="with a crew of 7, and the largest of the layout is 6"):
            world(tmp_path, call(), plans=plans, unit_types=kinds)
    rescue = PLANS | {"classes": {"fire": {"scale": "rescue"}}}
    with pytest.raises(ScenarioError, match="the scale 'fire', where incident class 'fire' has 'rescue'"):
        world(tmp_path, call(), plans=rescue)


def test_a_need_that_is_open_again_when_nobody_is_free_is_explained(tmp_path: Path) -> None:
    """W1 is ordered to x and recalled at 60 s; its place is given up, since nobody else is there."""
    injects = [
        {"at": 0, "order": {"unit": "W1", "incident": "x"}},
        {"at": 60, "recall": {"unit": "W1", "replace": True}},
    ]
    rules = {"when_none_free": "lost", "returning": False}
    scenario = world(tmp_path, call(node="e"), *injects, units={"W1": UNITS["W1"]}, dispatching=rules)
    told, log = explain(scenario, incident="x")
    assert log.lost.tolist() == [0]
    assert [(epoch.time, [choice.outcome for choice in epoch.choices]) for epoch in told.epochs] == [
        (60.0, ["lost"])
    ]
    assert [(moment.what, moment.time) for moment in told.course if moment.what == "lost"] == [("lost", 60.0)]


def test_needs_that_take_different_crews_are_explained(tmp_path: Path) -> None:
    kinds = {
        "big": {"capabilities": ["engine"], "turnout": 0, "crew": 6},
        "tiny": {"capabilities": ["engine"], "turnout": 0, "crew": 3},
    }
    units = {"W1": {"type": "tiny", "station": "west"}, "E1": {"type": "big", "station": "east"}}
    cards = {1: {"units": {"engine": 1}}, 2: {"units": {"engine": {"units": 2, "crew": 6}}}}
    plans = PLANS | {"own": {"all": {"classes": ["fire"], "cards": cards}}}
    busy = [{"at": 0, "outage": {"unit": "W1", "for": 500}}, {"at": 0, "outage": {"unit": "E1", "for": 1000}}]
    rise = {"at": 100, "level": {"incident": "x", "level": 2}}
    scenario = world(tmp_path, *busy, call(), rise, units=units, unit_types=kinds, plans=plans,
                     alarm={"level": 1})  # fmt: skip
    told, log = explain(scenario, incident="x")
    assert sent(log) == [("W1", 500.0), ("E1", 1000.0)]
    assert [choice.unit for epoch in told.epochs for choice in epoch.choices if choice.unit] == ["W1", "E1"]
