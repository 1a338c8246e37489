"""Playbacks decoded as a viewer does it, against whereabouts and the board; windows; what is sampled."""

from __future__ import annotations

import inspect
import json
import re
from bisect import bisect_right
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dispatch
from dispatch import Board, whereabouts
from dispatch.briefing import playing
from dispatch.briefing.frame import Frame, differences
from dispatch.briefing.playing import evenly, playback, sampled_calls
from dispatch.briefing.stretches import busiest_day, day_of, last_day, stretch
from dispatch.engine import notices as noting
from dispatch.engine import supply_notices
from dispatch.engine.hauls import trucks_seen
from dispatch.engine.notice import Notice
from dispatch.engine.notices import STAGED, WENT_FORWARD, WORDS_NOTED, notices
from dispatch.engine.orders import DOES
from dispatch.engine.supply_notices import DELIVERED, REQUESTED
from dispatch.engine.tracks import place
from dispatch.errors import UsageError
from dispatch.roads.geometry import metres_between
from tests.engine.test_levels import call as alarm_call
from tests.engine.test_levels import world as alarmed
from tests.engine.towns import call, play
from tests.properties.closing import closed_worlds
from tests.properties.worlds import World, law
from tests.small import small

if TYPE_CHECKING:
    from dispatch import Log
    from dispatch.briefing.payload import Mover, Playback

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"

Json = dict[str, Any]


def framed(log: Log) -> Frame:
    frame = Frame.of(log.scenario.network)
    assert frame is not None
    return frame


def played(log: Log, begin: float, end: float) -> Playback:
    """Return a playback as it comes out of a file."""
    found = playback(
        log, begin=begin, end=end, why="asked", layout="baseline", replication=0, frame=framed(log)
    )
    again: Playback = json.loads(json.dumps(found, allow_nan=False))
    return again


def where(mover: Mover, moment: float, frame: Frame) -> tuple[float, float]:
    """Return where something is, in seconds from the begin, as a viewer reckons it."""
    times, across, up = (list(accumulate(mover["track"][name])) for name in ("dt", "dx", "dy"))
    after = bisect_right(times, 1000.0 * moment)
    if after in (0, len(times)):
        after = max(after - 1, 0)
        x, y = frame.coordinates(across[after], up[after])
        return float(x[0]), float(y[0])
    before = after - 1
    share = (1000.0 * moment - times[before]) / (times[after] - times[before])
    steps = [row[before] + share * (row[after] - row[before]) for row in (across, up)]
    x, y = frame.coordinates(*steps)
    return float(x[0]), float(y[0])


def doing(found: Playback, mover: Mover, moment: float) -> tuple[str, str | None]:
    """Return status and call of something, in seconds from the begin."""
    state = [state for state in mover["states"] if state[0] <= round(1000.0 * moment)][-1]
    return found["statuses"][state[1]], found["calls"][state[2]]["id"] if state[2] >= 0 else None


def apart(log: Log, one: tuple[float, float], other: tuple[float, float]) -> float:
    geographic = log.scenario.network.geographic
    return float(metres_between(*one, *other, geographic=geographic))


def agree(log: Log, found: Playback, moments: list[float], slack: float = 0.0) -> None:
    """Check what a viewer shows at moments in seconds from the start."""
    frame, near = framed(log), found.get("near", 0.0)
    for time in moments:
        board, true = Board.at(log, time), whereabouts(log, time)
        assert [mover["id"] for mover in found["units"]] == [each.unit for each in true]
        for mover, each in zip(found["units"], true, strict=True):
            here = where(mover, time - found["begin"], frame)
            assert apart(log, here, (each.x, each.y)) <= near + slack + 0.15, (each, time)
            told = doing(found, mover, time - found["begin"])
            assert told == (str(board.units[each.unit]), board.assigned.get(each.unit)), time


@pytest.mark.parametrize("name", ["lanzhou-plan-2020", "lz-petro-tank", "qx-typhoon-flood"])
def test_five_instants(name: str) -> None:
    log = dispatch.simulate(dispatch.load(SCENARIOS / f"{name}.yaml"))
    begin, end, why = stretch(log)
    assert why == ("whole" if name == "lz-petro-tank" else "busiest")
    found = played(log, begin, end)
    assert found["near"] == 0.2
    r = log.responses
    driven = [row for row in range(len(r)) if begin <= r.en_route[row] and r.on_scene[row] <= end]
    row = driven[len(driven) // 2]
    under_way = float(r.en_route[row] + 0.37 * (r.on_scene[row] - r.en_route[row]))
    instants = [under_way, *(begin + share * (end - begin) for share in (0.11, 0.3, 0.52, 0.85))]
    agree(log, found, instants)
    moving = [mover for mover in found["units"] if len(mover["track"]["dt"]) > 2]
    assert moving, "somebody drives"
    assert_trucks(log, found, instants)


def assert_trucks(log: Log, found: Playback, instants: list[float]) -> None:
    frame, kinds = framed(log), log.scenario.kinds
    seen = trucks_seen(log)
    assert [truck.id for truck in seen] == [mover["id"] for mover in found["trucks"]]
    for truck, mover in zip(seen, found["trucks"], strict=True):
        frames = truck.track(0.0, found["end"])
        times = [each.time for each in frames]
        for time in instants:
            here = where(mover, time - found["begin"], frame)
            assert apart(log, here, place(frames, times, time)) <= found.get("near", 0.0) + 0.15
            status, incident = truck.at(time)
            named = log.timeline.incident_id(incident, kinds) if incident >= 0 else None
            assert doing(found, mover, time - found["begin"]) == (str(status), named)


def test_trucks_of_the_tank_fire_are_at_the_call_when_they_unload() -> None:
    log = dispatch.simulate(dispatch.load(SCENARIOS / "lz-petro-tank.yaml"))
    assert log.supplies is not None
    found, network = played(log, *busiest_day(log)), log.scenario.network
    assert network.x is not None
    assert network.y is not None
    movers = {mover["id"]: mover for mover in found["trucks"]}
    brought = [trip for trip in log.supplies.trips if trip.delivered == trip.delivered]
    assert len(brought) > 3
    for trip in brought:
        node = log.timeline.node[trip.incident]
        spot = float(network.x[node]), float(network.y[node])
        mover = movers[trip.truck]
        assert apart(log, where(mover, trip.delivered - 1.0, framed(log)), spot) < 0.5
        assert apart(log, where(mover, trip.loading, framed(log)), spot) > 100.0


@given(closed_worlds(), st.data())
@law(30)
def test_what_is_decoded_is_where_units_are(world: World, data: st.DataObject) -> None:
    log = world.run()
    begin = float(data.draw(st.integers(0, 3000)))
    found = played(log, begin, begin + 5000.0)
    # not within a millisecond of a change: moments are told in milliseconds
    moments = [begin + data.draw(st.integers(0, 4999)) + 0.0123 for _ in range(5)]
    marks = np.concatenate([np.array(state) for mover in found["units"] for state in mover["states"]])
    clear = [m for m in moments if np.abs(marks - 1000.0 * (m - begin)).min() > 2.0]
    ramp = 20.0 / (8.0 * 64.0) * 60.0 if log.scenario.roads.speeds.start_up else 0.0
    jumps = {float(t) for t in log.responses.returning if t == t}
    agree(log, found, [m for m in clear if all(abs(m - t) > 0.002 for t in jumps)], slack=0.1 + ramp)


def test_calls_and_notices(tmp_path: Path) -> None:
    rows = [call("one", 100, "c"), call("two", 2000, "b"), call("three", 9000, "d")]
    log = play(tmp_path, *rows, call_processing=30)
    found = played(log, 50.0, 5000.0)
    assert [each["id"] for each in found["calls"]] == ["one", "two"]
    assert (found["all_calls"], found["all_notices"]) == (2, len(found["notices"]))
    one = found["calls"][0]
    assert (one["type"], one["received"], one["ready"]) == ("fire", 100.0, 130.0)
    assert (one["dispatched"], one["first"], one["erf"], one["closed"]) == (130.0, 330.0, 330.0, 430.0)
    assert one["levels"] == []
    assert tuple(one["at"]) == (20_000, 10_000)  # the corner is that of a and f
    assert found["start"] == "2024-01-01T00:00:00+00:00"
    # a call that was closed before is not there; one that nobody came for yet is, with nothing known
    later = played(log, 600.0, 2010.0)
    assert [each["id"] for each in later["calls"]] == ["two"]


def test_levels_rise(tmp_path: Path) -> None:
    """Nobody ever controls it: the level rises after ten minutes, and after ten more."""
    alarm = {"level": 1, "severity": {3: 1}, "control_within": "10 min"}
    log = dispatch.simulate(alarmed(tmp_path, alarm_call(50.0, "c"), alarm=alarm))
    (one,) = played(log, 0.0, 9000.0)["calls"]
    assert [tuple(level) for level in one["levels"]] == [(50.0, 1), (650.0, 2), (1250.0, 3)]


def test_who_is_committed_to_a_call_that_is_closed_names_it(tmp_path: Path) -> None:
    """From 300 to 800 W1 takes a patient to d and hands over; the call itself is closed at 300."""
    fire = {"run_card": {"engine": 1}, "on_scene": 100, "hand_over": 300, "to_hospital": {}}
    log = play(tmp_path, call("x", 0, "c"), incident_types={"fire": fire}, hospitals={"H": {"at": "d"}})
    found = played(log, 400.0, 600.0)
    assert doing(found, found["units"][0], 0.0) == ("transporting", "x")
    assert found["all_calls"] == 1


LOST: Json = {"dispatching": {"when_none_free": "lost"}, "call_processing": 1}


def test_more_calls_than_fit_are_sampled_openly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """W1 is at y all the time; of the 60 others, which are lost, every sixth or seventh is told."""
    rows = [call("y", 0, "b", on_scene=50_000), *(call(f"x{n}", 60 * n, "b") for n in range(1, 61))]
    log = play(tmp_path, *rows, **LOST)
    assert len(played(log, 0.0, 4000.0)["calls"]) == 61
    monkeypatch.setattr(playing, "MOST_CALLS", 10)
    found = played(log, 0.0, 4000.0)
    assert found["all_calls"] == 61
    ids = [each["id"] for each in found["calls"]]
    assert ids == ["y", *(f"x{1 + n * 60 // 9}" for n in range(9))]
    assert {state[2] for state in found["units"][0]["states"]} == {-1, 0}


def test_calls_that_units_are_at_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """W1 goes to y0, y1 and y2; the others are lost meanwhile."""
    rows = [call(f"y{n}", 1000 * n + 7, "b", on_scene=800) for n in range(3)]
    rows += [call(f"x{n}{k}", 1000 * n + 60 * k, "b") for n in range(3) for k in range(1, 14)]
    log = play(tmp_path, *rows, **LOST)
    monkeypatch.setattr(playing, "MOST_CALLS", 4)
    found = played(log, 0.0, 4000.0)
    assert {each["id"] for each in found["calls"]} >= {"y0", "y1", "y2"}
    assert (len(found["calls"]), found["all_calls"]) == (4, 42)
    monkeypatch.setattr(playing, "MOST_CALLS", 2)
    few = played(log, 0.0, 4000.0)
    assert [each["id"] for each in few["calls"]] == ["y0", "y1"]
    assert {state[2] for state in few["units"][0]["states"]} == {-1, 0, 1}


def test_rough_ways_are_as_near_as_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    log = dispatch.simulate(dispatch.load(SCENARIOS / "lz-petro-tank.yaml"))
    begin, end = busiest_day(log)
    exact = played(log, begin, end)

    def size(found: Playback) -> int:
        return sum(len(mover["track"]["dt"]) for mover in (*found["units"], *found["trucks"]))

    monkeypatch.setattr(playing, "MOST_KEYFRAMES", size(exact) - 10)
    rough = played(log, begin, end)
    assert rough["near"] > exact["near"]
    assert size(rough) <= size(exact) - 10
    agree(log, rough, [begin + 97.3 * n for n in range(120)])


def test_samples_of_calls(tmp_path: Path) -> None:
    rows = [call(f"x{n}", 10 * n, "bcd"[n % 3], busy=1) for n in range(90)]
    log = play(tmp_path, *rows, warm_up=100)
    frame = framed(log)
    whole = sampled_calls(log, "baseline", 3, frame)
    assert (whole["total"], len(whole["first"]), whole["replication"]) == (80, 80, 3)
    first = log.incidents.first_on_scene - log.timeline.received
    expected = [-1 if t != t else round(t) for t in first[10:].tolist()]
    assert whole["first"] == expected
    some = sampled_calls(log, "baseline", 3, frame, most=8)
    assert some["total"] == 80
    assert some["first"] == expected[::10]
    across, _ = frame.coordinates(list(accumulate(some["dx"])), list(accumulate(some["dy"])))
    network: Any = log.scenario.network
    assert across.tolist() == pytest.approx(network.x[log.timeline.node[10:90:10]].tolist())
    assert [some["types"][kind] for kind in some["type_of"]] == ["fire"] * 8


def test_a_call_without_units_has_no_first(tmp_path: Path) -> None:
    log = play(tmp_path, call("x", 0, "c", cancelled=1), call_processing=10)
    assert sampled_calls(log, "baseline", 0, framed(log))["first"] == [-1]


@given(st.lists(st.integers(), max_size=50, unique=True), st.integers(1, 60))
@law(60)
def test_samples_are_even(items: list[int], most: int) -> None:
    found = evenly(items, most)
    assert len(found) == min(len(items), most)
    places = [items.index(item) for item in found]
    assert places == sorted(set(places))
    gaps = np.diff([*places, len(items)])
    assert not len(gaps) or gaps.max() - gaps.min() <= 1


def test_notices_keep_their_parts_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = play(tmp_path, call("one", 100, "c"))
    told = [
        Notice(1.0, "moves up", "", "E1", "to west"), Notice(2.0, "relieved", "x", "E1", "by E2"),
        Notice(3.0, "stock in", "", "", ""),
    ]  # fmt: skip
    monkeypatch.setattr(playing, "notices", lambda _: told)
    assert [tuple(each) for each in played(log, 0.0, 10.0)["notices"]] == [
        (1.0, "moves up", "E1", "to west"), (2.0, "relieved", "E1 · x", "by E2"), (3.0, "stock in", "", ""),
    ]  # fmt: skip


def test_every_word_that_is_noted_is_known() -> None:
    """The words of real runs, and those that the modules of notices write as they stand."""
    seen = set()
    names = ["lz-petro-tank", "qx-typhoon-flood", "gl-blackout-wood", "hn-bus-mountain"]
    names += [f"regression/{name}" for name in ("alarm-levels", "hospitals", "help-from-others")]
    for name in names:
        log = dispatch.simulate(dispatch.load(SCENARIOS / f"{name}.yaml"))
        seen |= {each.what for each in notices(log)}
    assert {"level raised", "supplies delivered", "to hospital"} <= seen
    assert seen <= set(WORDS_NOTED)
    source = "".join(inspect.getsource(module) for module in (noting, supply_notices))
    written = set(re.findall(r'Notice\([\w.]+, "([a-z -]+)"', source))
    assert len(written) > 15
    assert written | set(DOES) | {STAGED, WENT_FORWARD, DELIVERED, REQUESTED} <= set(WORDS_NOTED)
    assert len(set(WORDS_NOTED)) == len(WORDS_NOTED)


def test_types_and_zones_go_by_their_titles() -> None:
    log = dispatch.simulate(dispatch.load(SCENARIOS / "qx-typhoon-flood.yaml"))
    file, t, zone_of = log.scenario.file, log.timeline, log.scenario.zone_of
    found = played(log, 0.0, file.horizon)["calls"]
    ids = t.incident_ids(log.scenario.kinds)
    for each in found:
        number = ids.index(each["id"])
        kind, zone = log.scenario.kinds[t.kind[number]].id, log.scenario.zones[zone_of[t.node[number]]]
        titled = file.zones[zone].title if zone in file.zones else zone
        assert (each["type"], each["zone"]) == (file.incident_types[kind].title, titled)
    assert not {each["type"] for each in found} & set(file.incident_types)
    at_the_front = "回澜(前置点) Huilan"
    assert log.scenario.zones[zone_of[log.scenario.network.node_ids.index("HC")]] == "forward"
    ends = {each["id"]: each["zone"] for each in found}
    at = [i for i, node in enumerate(t.node.tolist()) if log.scenario.zones[zone_of[node]] == "forward"]
    assert all(ends[ids[i]] == at_the_front for i in at)
    titles = [file.incident_types[kind.id].title for kind in log.scenario.kinds]
    assert sampled_calls(log, "baseline", 0, framed(log))["types"] == titles


# --- which day --------------------------------------------------------------------------------------------


def days(folder: Path, *received: float, **changes: Any) -> Log:
    rows = [f"c{n},{at},fire,b,1" for n, at in enumerate(sorted(received))]
    return dispatch.simulate(
        small(folder, "incident,received,type,node,units\n" + "\n".join(rows) + "\n", **changes)
    )


DAY = 86_400.0
MONTH: Json = {"horizon": 10 * DAY, "start": "2024-03-05T18:00:00+08:00"}


def test_the_busiest_day_is_a_day_of_the_calendar(tmp_path: Path) -> None:
    """Midnight is 21 600 s after the start. Three calls around it are two and one, by the calendar."""
    rest = 6 * 3600.0
    log = days(tmp_path, 21_000, 21_500, 21_700, 3 * DAY, 3 * DAY + 1, 3 * DAY + 2, **MONTH)
    assert stretch(log) == (rest + 2 * DAY, rest + 3 * DAY, "busiest")
    assert day_of(log.scenario, 1) == (0.0, rest)
    assert day_of(log.scenario, 2) == (rest, rest + DAY)
    assert last_day(log.scenario) == 11
    assert day_of(log.scenario, 11) == (rest + 9 * DAY, 10 * DAY)
    assert stretch(log, 1) == (0.0, rest, "asked")
    for number in (0, 12):
        with pytest.raises(UsageError, match=f"no day {number}: the run has 11"):
            day_of(log.scenario, number)


def test_days_of_the_warm_up_are_not_chosen(tmp_path: Path) -> None:
    early = [DAY + n for n in range(5)]
    log = days(tmp_path, *early, 4.5 * DAY, warm_up=3 * DAY, **MONTH)
    begin, end = busiest_day(log)
    assert begin <= 4.5 * DAY < end


def test_of_equal_days_the_first_is_chosen(tmp_path: Path) -> None:
    log = days(tmp_path, 2.5 * DAY, 7.5 * DAY, **MONTH)
    assert busiest_day(log)[0] == 6 * 3600 + 2 * DAY


def test_a_short_run_is_shown_until_all_are_home(tmp_path: Path) -> None:
    log = play(tmp_path, call("x", 900, "c"), horizon=1000)
    assert stretch(log) == (0.0, 1600.0, "whole")
    assert busiest_day(play(tmp_path, call("x", 100, "c"), horizon=20_000)) == (0.0, 20_000.0)
    stays = play(tmp_path, call("x", 900, "c", on_scene=90_000), horizon=1000)
    assert busiest_day(stays) == (0.0, 1000.0 + 12 * 3600)


# --- frames -----------------------------------------------------------------------------------------------


def test_steps_are_about_a_tenth_of_a_metre() -> None:
    network = dispatch.load(SCENARIOS / "lz-petro-tank.yaml").network
    frame = Frame.of(network)
    assert frame is not None
    assert network.x is not None
    assert network.y is not None
    across, up = frame.steps(network.x, network.y)
    assert min(across.min(), up.min()) >= 0
    assert min(across.min(), up.min()) < 1200
    x, y = frame.coordinates(across, up)
    assert metres_between(x, y, network.x, network.y, geographic=True).max() < 0.08
    (west, south), (east, north) = frame.metres, (frame.origin[0] + frame.scale, frame.origin[1])
    assert west == pytest.approx(float(metres_between(*frame.origin, east, north, geographic=True)), rel=1e-6)
    assert 0.05 < west < south < 0.12


def test_differences() -> None:
    assert differences([5, 7, 4]) == [5, 2, -3]
    assert differences([]) == []
