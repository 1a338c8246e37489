"""What hunting found, each as the smallest world that shows it."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from dispatch.errors import ScenarioError
from tests.properties.readings import read, table
from tests.properties.worlds import Rows, World


def matrix_world(times: dict[str, float], calls: Rows, **scenario: Any) -> World:
    """Return a world of places a, b, c with one second between any two unless told; one unit at a."""
    pairs = {f"{a}{b}": 0.0 if a == b else 1.0 for a, b in itertools.product("abc", repeat=2)} | times
    whole: dict[str, Any] = {
        "network": "x",
        "horizon": 3600,
        "call_processing": 0,
        "unit_types": {"engine": {"capabilities": ["engine"], "turnout": 0}},
        "stations": {"s": {"at": "a"}},
        "units": {"u": {"type": "engine", "station": "s"}},
        "incident_types": {"fire": {"priority": 1, "run_card": {"engine": 1}, "on_scene": 100}},
        "demand": {"recorded": "calls.csv"},
        "dispatching": {"policy": "nearest"},
    }
    links = [{"from": ends[0], "to": ends[1], "time": f"{t:g}"} for ends, t in pairs.items() if t < math.inf]
    network = {"kind": "matrix", "file": "times.csv", "unit": "s"}
    return World(network, [], links, False, whole | scenario, calls)


def call(name: str, received: float, node: str = "b", **more: str) -> dict[str, str]:
    return {"incident": name, "received": f"{received:g}", "type": "fire", "node": node, **more}


TWO = {"u": {"type": "engine", "station": "s"}, "v": {"type": "engine", "station": "s"}}


def test_a_unit_that_starts_home_does_not_silence_one_that_is_free() -> None:
    """Two units end at one moment; one is home at once, the other drives; the open call goes to the first."""
    calls = [
        call("1", 0, "a", on_scene="100"),
        call("2", 0, "b", on_scene="99"),
        call("3", 10, "a", on_scene="10"),
    ]
    world = matrix_world({}, calls, units=TWO, dispatching={"returning": False})
    assert [row.alerted for row in read(world.run()).by_slot.get(2, [])] == [100.0]


def test_an_outdated_release_does_not_silence_a_unit_that_is_free() -> None:
    """A release that a diversion made void falls into the moment of another; the open call is met then."""
    calls = [
        call("1", 0, "b", priority="3", on_scene="100"),  # u; void release at 200
        call("2", 0, "c", priority="1", on_scene="190"),  # v; release at 200
        call("3", 10, "c", priority="1", on_scene="900"),  # diverts u
        call("4", 20, "c", priority="2", on_scene="10"),  # waits for v
    ]
    times = {"ab": 100.0, "ac": 10.0, "bc": 10.0, "ba": 100.0}
    world = matrix_world(times, calls, units=TWO, dispatching={"diversion": True})
    reading = read(world.run())
    assert not [wait for wait in reading.waits() if wait.end == math.inf]
    for wait in reading.waits():
        for unit in (0, 1):
            for begin, end in reading.idle(unit):
                assert min(end, wait.end) <= max(begin, wait.begin), (wait, unit)


def test_a_unit_home_again_takes_a_call_it_could_not_reach_from_the_road() -> None:
    """The matrix says no way between scenes: refused, or with ``returning: false`` met from quarters."""
    calls = [call("1", 0, "b", on_scene="100"), call("2", 105, "c", on_scene="10")]
    gaps = {"bc": math.inf, "cb": math.inf, "ba": 50.0}
    with pytest.raises(ScenarioError, match="needed for units on the road"):
        matrix_world(gaps, calls).run()
    world = matrix_world(gaps, calls, dispatching={"returning": False})
    assert [row.alerted for row in read(world.run()).by_slot.get(1, [])] == [151.0]


def test_recorded_on_scene_needs_a_way_home() -> None:
    """A type is ``busy``, a recorded call states on_scene: then the way home counts, and must exist."""
    calls = [call("1", 0, "b", on_scene="100")]
    kinds = {"fire": {"run_card": {"engine": 1}, "busy": 100}}
    world = matrix_world({"ba": math.inf}, calls, incident_types=kinds)
    try:
        log = world.run()
    except ScenarioError:
        return
    assert np.isfinite(log.responses.in_quarters).all()


def test_mutual_aid_needs_a_way() -> None:
    """Outside units drive from a place without a way to the call: refused at load, not an endless journey."""
    rules = {"when_none_free": "mutual_aid", "mutual_aid": {"delay": 60, "at": "c"}}
    calls = [call("1", 0, "b"), call("2", 0, "b")]
    world = matrix_world({"cb": math.inf}, calls, dispatching=rules)
    try:
        log = world.run()
    except ScenarioError:
        return
    assert np.isfinite(log.responses.on_scene).all()


def test_rows_of_one_call_may_stand_in_any_order() -> None:
    """Two rows of a call ask for the same capability for different times; their order means nothing."""
    calls = [
        call("1", 0, "b", capability="engine", on_scene="100"),
        call("1", 0, "b", capability="engine", on_scene="500"),
    ]
    stations = {"s": {"at": "a"}, "r": {"at": "c"}}
    units = TWO | {"v": {"type": "engine", "station": "r"}}
    times = {"cb": 30.0}
    one = matrix_world(times, calls, stations=stations, units=units)
    other = matrix_world(times, calls[::-1], stations=stations, units=units)
    assert table(one.run()) == table(other.run())


def test_the_list_of_a_node_wins_over_that_of_a_zone_of_one_node() -> None:
    """First-due lists: what is said of a node counts, also where its zone consists of nothing else."""
    rules = {"policy": "run_card_order", "first_due": {"b": ["v"], "zone": ["u"]}}
    zones = {"zone": {"nodes": ["b"]}}
    world = matrix_world({}, [call("1", 0, "b")], units=TWO, zones=zones, dispatching=rules)
    log = world.run()
    assert [log.fleet.ids[unit] for unit in log.responses.unit] == ["v"]


def test_a_diverted_and_lost_call_is_counted_as_lost() -> None:
    """A call that lost its unit to a more urgent one, and got no other, has the same fate in both tables."""
    import dispatch

    calls = [call("1", 0, "b", priority="3"), call("2", 10, "c", priority="1")]
    rules = {"diversion": True, "when_none_free": "lost"}
    log = matrix_world({"ab": 100.0}, calls, dispatching=rules).run()
    assert log.incidents.status().tolist() == ["lost", "served"]
    assert dispatch.measure(log, ["incidents.lost"])["incidents.lost"] == 1.0


def test_a_cancelled_call_closes_when_it_is_called_off() -> None:
    """Whether units can be sent from the road says nothing about when a call is over."""
    calls = [call("1", 0, "b", cancelled="50")]
    times = {"ab": 100.0, "ba": 100.0}
    closed = [
        matrix_world(times, calls, dispatching={"returning": returning}).run().incidents.closed.tolist()
        for returning in (True, False)
    ]
    assert closed == [[50.0], [50.0]]


def test_nobody_is_sent_and_diverted_in_one_moment() -> None:
    """A diversion opens a need; who was sent to a lesser call in the same decision was never sent."""
    calls = [
        call("1", 0, "b", priority="2"),
        call("2", 10, "c", priority="1"),
        call("3", 10, "b", priority="3"),
    ]
    stations = {"s": {"at": "a"}, "r": {"at": "c"}}
    units = {"u": {"type": "engine", "station": "s"}, "v": {"type": "engine", "station": "r"}}
    times = {"ab": 100.0, "ac": 500.0, "cb": 900.0, "bc": 1.0, "cc": 600.0}
    world = matrix_world(times, calls, stations=stations, units=units, dispatching={"diversion": True})
    assert not any(row.fleeting for row in read(world.run()).rows)


def test_names_of_units_of_different_types_do_not_matter() -> None:
    """Two types of equal rank stand at one place; whose id comes first decides nothing but between twins."""
    kinds = {
        "slow": {"capabilities": ["engine"], "turnout": 50},
        "fast": {"capabilities": ["engine"], "turnout": 10},
    }
    calls = [call("1", 0, units="engine:2", on_scene="")]
    sent = []
    for first, second in (("slow", "fast"), ("fast", "slow")):
        units = {"u": {"type": first, "station": "s"}, "v": {"type": second, "station": "s"}}
        rules = {"policy": "assignment"}
        log = matrix_world({}, calls, unit_types=kinds, units=units, dispatching=rules).run()
        order = sorted(zip(log.responses.slot.tolist(), log.responses.unit.tolist(), strict=True))
        sent.append([log.fleet.types[unit] for _, unit in order])
    assert sent[0] == sent[1]
