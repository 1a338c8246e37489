"""Laws between two runs on the same luck: another unit of time, one more unit, a unit nobody needs."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

import dispatch

from .judging import check_books
from .worlds import Class, one_place, write_world

if TYPE_CHECKING:
    from pathlib import Path

MOMENTS = ("alerted", "en_route", "on_scene", "clear", "at_hospital", "available", "in_quarters")
INTERVALS = ("turnout.first", "travel.second", "response.erf", "total.first", "total.erf", "processing.first")

# Everything that takes time at once: a busy town with run cards of three, ambulances that go to hospital,
# units sent on from the road, diversion, and a queue. `k` stretches every duration.
TOWN = """\
network: x
horizon: {horizon!r}
warm_up: {warm_up!r}
unit_types:
  pumper: {{capabilities: [pumper], turnout: {{lognormal: {{median: {minute!r}, p90: {two!r}}}}}}}
  ladder:
    capabilities: [ladder, pumper]
    turnout: {{triangular: {{low: {minute!r}, mode: {minute!r}, high: {two!r}}}}}
  medic: {{capabilities: [medic], turnout: {minute!r}}}
stations: {{S: {{at: n00}}, T: {{at: n22}}}}
units:
  P1: {{type: pumper, station: S}}
  P2: {{type: pumper, station: T}}
  L1: {{type: ladder, station: T}}
  M1: {{type: medic, station: S}}
  M2: {{type: medic, station: T}}
call_processing: {{gamma: {{mean: {minute!r}, shape: 2}}}}
incident_types:
  fire:
    priority: 1
    run_card: {{pumper: 2, ladder: 1}}
    on_scene: {{erlang: {{mean: {half_hour!r}, stages: 3}}}}
  alarm: {{priority: 2, run_card: {{pumper: 1}}, busy: {{exponential: {{mean: {half_hour!r}}}}}}}
  ill:
    priority: 2
    run_card: {{medic: 1}}
    on_scene: {{uniform: {{low: {two!r}, high: {half_hour!r}}}}}
    transport: {{hyperexponential: {{means: [{two!r}, {half_hour!r}], weights: [3, 1]}}}}
    hand_over: {{empirical: {{values: [{two!r}, {half_hour!r}]}}}}
demand:
  poisson:
    fire: {{rate: {fires!r}/s}}
    alarm: {{rate: {alarms!r}/s, places: {{n01: 1, n20: 2}}}}
    ill: {{rate: {alarms!r}/s}}
dispatching: {{when_none_free: queue, {dispatching}}}
"""


FROM_THE_ROAD = "policy: nearest, diversion: true"
# the matching counts whole milliseconds, and the times of units on the road have a rest that a factor changes
FROM_QUARTERS = "policy: assignment, returning: false"


def stretched(folder: Path, k: float, kind: str, dispatching: str) -> dispatch.Scenario:
    """Load the town with every time (and, on roads, every length) k times as long, and rates 1/k."""
    text = TOWN.format(
        horizon=k * 864_000, warm_up=k * 86_400, minute=k * 60.0, two=k * 120.0, half_hour=k * 1800.0,
        fires=1 / 8192 / k, alarms=1 / 2048 / k, dispatching=dispatching,
    )  # fmt: skip
    places = [(i, j) for i in range(3) for j in range(3)]
    if kind == "matrix":
        rows = [
            f"n{a}{b},n{c}{d},{k * (90.0 + 71.0 * abs(a - c) + 53.0 * abs(b - d) + 7.0 * (a > c))!r}"
            for a, b in places
            for c, d in places
        ]
        return write_world(folder, text, "\n".join(["from,to,time", *rows, ""]))
    home = folder / "networks" / "x"
    home.mkdir(parents=True)
    (home / "network.yaml").write_text(ROADS, encoding="utf-8")
    nodes = [f"n{i}{j},{1000.0 * k * i!r},{1000.0 * k * j!r}" for i, j in places]
    (home / "node.csv").write_text("\n".join(["node_id,x_coord,y_coord", *nodes, ""]), encoding="utf-8")
    (home / "link.csv").write_text("\n".join([LINK_HEAD, *streets(k), ""]), encoding="utf-8")
    path = folder / "world.yaml"
    path.write_text(text, encoding="utf-8")
    return dispatch.load(path)


ROADS = "crs: local\nspeed_unit: m/s\nspeeds: {street: {emergency: 12.5, normal: 10}}\n"
LINK_HEAD = "from_node_id,to_node_id,length,facility_type,directed"


def streets(k: float) -> list[str]:
    """A lattice of streets that all differ in length, in whole seconds: links are timed to a fixed tick."""
    pairs = [((i, j), (i + di, j + dj)) for i in range(3) for j in range(3) for di, dj in ((1, 0), (0, 1))]
    inside = [(tail, head) for tail, head in pairs if max(head) < 3]
    return [
        f"n{a}{b},n{c}{d},{k * (1000.0 + 50.0 * number * number)!r},street,false"
        for number, ((a, b), (c, d)) in enumerate(inside)
    ]


CASES = [
    ("matrix", FROM_THE_ROAD),
    ("road", FROM_THE_ROAD),
    ("matrix", FROM_QUARTERS),
    ("road", FROM_QUARTERS),
]


@pytest.mark.parametrize(("kind", "dispatching"), CASES)
def test_twice_as_slow_is_twice_as_long(tmp_path: Path, kind: str, dispatching: str) -> None:
    """Doubling all times doubles every moment of every response, to the bit: 2 is a power of 2."""
    one, two = (
        dispatch.simulate(stretched(tmp_path / str(k), k, kind, dispatching), "baseline", 0)
        for k in (1.0, 2.0)
    )
    assert len(one.responses) > 800
    if dispatching == FROM_THE_ROAD:
        assert one.responses.from_road.any()
        assert (one.responses.ending == 2).any()  # diverted
    for name in ("incident", "slot", "unit", "ending", "from_road"):
        assert np.array_equal(getattr(one.responses, name), getattr(two.responses, name)), name
    for name in MOMENTS:
        mine, other = getattr(one.responses, name), getattr(two.responses, name)
        assert np.array_equal(2.0 * mine, other, equal_nan=True), name
    check_measures(one, two)


def check_measures(one: dispatch.Log, two: dispatch.Log) -> None:
    """Assert that times double and that shares and counts stay."""
    seconds = [f"{interval}.{s}" for interval in INTERVALS for s in ("mean", "p90")] + ["queue.mean"]
    shares = ["workload.mean", "concurrency.mean", "incidents.n", "incidents.queued", "reliability.first_due"]
    first, second = (dispatch.measure(log, [*seconds, *shares]) for log in (one, two))
    assert first["queue.mean"] > 0
    for name in seconds:
        assert second[name] == pytest.approx(2 * first[name], rel=1e-12)
    for name in shares:
        assert second[name] == pytest.approx(first[name], rel=1e-12)


@pytest.mark.parametrize("kind", ["matrix", "road"])
def test_three_times_as_slow(tmp_path: Path, kind: str) -> None:
    """With another factor the moments agree to rounding."""
    one, three = (
        dispatch.simulate(stretched(tmp_path / str(k), k, kind, FROM_THE_ROAD), "baseline", 0)
        for k in (1.0, 3.0)
    )
    assert np.array_equal(one.responses.unit, three.responses.unit)
    for name in MOMENTS:
        mine, other = getattr(one.responses, name), getattr(three.responses, name)
        assert np.allclose(3.0 * mine, other, rtol=1e-9, atol=1e-6, equal_nan=True), name


PAIR = """\
network: x
horizon: 10 d
unit_types: {engine: {capabilities: [engine], turnout: 0 s}}
stations: {S: {at: A}, T: {at: B}}
units: {E1: {type: engine, station: S}, E2: {type: engine, station: T}}
call_processing: 0 s
incident_types: {fire: {run_card: {engine: 2}, on_scene: 0 s}}
demand: {poisson: {fire: {rate: 1/h, places: {C: 1}}}}
dispatching: {policy: assignment}
"""


@pytest.mark.parametrize("policy", ["nearest", "assignment"])
def test_twin_needs_are_matched_alike_however_far(tmp_path: Path, policy: str) -> None:
    """Which of two units meets which of two equal needs of a call does not depend on the unit of time.

    Both matchings cost the same, and the documented rule for ties (earlier calls, lower unit numbers) does
    not tell them apart. The choice decides whose luck (time on scene) falls to which unit.
    """
    text = PAIR.replace("policy: assignment", f"policy: {policy}")
    slots = []
    for k in (1, 2, 3, 4):
        times = f"from,to,time\nA,C,{k}\nB,C,{2 * k}\nC,A,{k}\nC,B,{2 * k}\nA,B,{k}\nB,A,{k}\n"
        scenario = write_world(tmp_path / str(k), text, times)
        log = dispatch.simulate(scenario, "baseline", 0)
        first = log.responses.incident == 0
        order = np.argsort(log.responses.unit[first])
        slots.append((log.responses.slot[first] - log.timeline.first_slot[0])[order].tolist())
    assert slots == [slots[0]] * 4, "slots of E1 and E2 on the first call, at 1 to 4 times the distance"


CALLS = (
    "received", "ready", "kind", "node", "priority", "first_slot", "turnout_share", "turnout", "on_scene",
    "busy", "transport", "hand_over", "cancelled", "aid_delay",
)  # fmt: skip

TWO_STATIONS = """\
network: x
horizon: 20 d
unit_types:
  engine: {capabilities: [engine], turnout: {exponential: {mean: 60 s}}}
  boat: {capabilities: [boat], turnout: 60 s}
  airship: {capabilities: [airship], turnout: 60 s}
stations: {S: {at: A}, T: {at: B}}
units:
  E1: {type: engine, station: S}
  E2: {type: engine, station: T}
call_processing: {exponential: {mean: 60 s}}
incident_types:
  fire: {run_card: {engine: 1}, on_scene: {exponential: {mean: 30 min}}}
  flood: {run_card: {engine: 2}, busy: {exponential: {mean: 30 min}}}
demand: {poisson: {fire: {rate: 1/h}, flood: {rate: 0.2/h}}}
dispatching: {when_none_free: queue}
layouts: {more: {add_units: {B9: {type: airship, station: S}}}}
"""
TIMES = "from,A,B,C\nA,0,300,200\nB,310,0,150\nC,190,160,0\n"


@pytest.mark.parametrize("extra", ["boat", "engine"])
def test_another_unit_moves_no_call(tmp_path: Path, extra: str) -> None:
    """One more unit, in the file or in a layout, leaves every call and all its luck as they were."""
    line = f"units:\n  A0: {{type: {extra}, station: T}}"
    plain = write_world(tmp_path / "plain", TWO_STATIONS, TIMES)
    added = write_world(tmp_path / "added", TWO_STATIONS.replace("units:", line, 1), TIMES)
    for replication in (0, 3):
        one, two = (dispatch.draw(scenario, replication) for scenario in (plain, added))
        assert len(one) > 500
        for name in CALLS:
            assert np.array_equal(getattr(one, name), getattr(two, name), equal_nan=True), name


def test_an_idle_unit_moves_no_response(tmp_path: Path) -> None:
    """A unit that no call asks for changes nobody's response, though it shifts the numbers of the units."""
    scenario = write_world(tmp_path, TWO_STATIONS, TIMES)
    timeline = dispatch.draw(scenario, 0)
    one, two = (dispatch.simulate(scenario, layout, timeline) for layout in ("baseline", "more"))
    assert one.fleet.ids != two.fleet.ids
    assert [one.fleet.ids[u] for u in one.responses.unit] == [two.fleet.ids[u] for u in two.responses.unit]
    for name in ("incident", "slot", *MOMENTS):
        mine, other = getattr(one.responses, name), getattr(two.responses, name)
        assert np.array_equal(mine, other, equal_nan=True), name
    study = dispatch.compare(scenario, ["baseline", "more"], 3, measures=["incidents.n", "total.first.mean"])
    for name in study.measures:
        assert study.difference("more", name).mean == 0.0


KIND = Class(3.0, "{hyperexponential: {means: [20 min, 3 h], weights: [3, 1]}}")


def with_more_units(folder: Path, when_none_free: str) -> list[dispatch.Log]:
    """Logs of the same calls with 1, 2, … 6 units at one place."""
    scenarios = [
        one_place(
            folder / str(n), {"call": KIND}, n, 1_000, dispatching=f"{{when_none_free: {when_none_free}}}"
        )
        for n in range(1, 7)
    ]
    logs = [dispatch.simulate(scenario, "baseline", 0) for scenario in scenarios]
    for log in logs:
        check_books(log)
        assert np.array_equal(log.timeline.received, logs[0].timeline.received)
    return logs


def test_more_units_lose_no_other_call(tmp_path: Path) -> None:
    """On the same luck each call that c + 1 units lose, c units lose too.

    By induction over the calls: whoever c units are busy with, c + 1 are busy with too, and with one more at
    most. That one can only be a call that c units lost, so that c + 1 are full only when c are.
    """
    logs = with_more_units(tmp_path, "lost")
    lost = [log.incidents.lost > 0 for log in logs]
    for fewer, more in pairwise(lost):
        assert not (more & ~fewer).any()
        assert more.sum() < fewer.sum()


def test_more_units_make_nobody_wait_longer(tmp_path: Path) -> None:
    """First come, first served on the same luck: each wait with c + 1 units is at most that with c."""
    logs = with_more_units(tmp_path, "queue")
    waits = [log.incidents.dispatched - log.timeline.ready for log in logs]
    for fewer, more in pairwise(waits):
        assert (more <= fewer + 1e-6).all()
        assert more.sum() < fewer.sum()
