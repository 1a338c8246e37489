"""Tracks against whereabouts, status changes against the board, and trucks against their records."""

from __future__ import annotations

import math
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dispatch
from dispatch import Board, whereabouts
from dispatch.engine.board import UnitStates
from dispatch.engine.hauls import TruckStatus, trucks_seen
from dispatch.engine.tracks import RAMP_PARTS, place, unit_track
from dispatch.engine.whereabouts import journey, trips
from dispatch.roads.pace import Pace
from tests.engine.test_supplies import play as supplied
from tests.engine.towns import BOTH, call, play
from tests.policies.test_moving_up import moving
from tests.properties.closing import closed_worlds
from tests.properties.drawing import worlds
from tests.properties.test_reliefs import relieved
from tests.properties.test_staging import staged
from tests.properties.test_supplies import worlds as supply_worlds
from tests.properties.test_tiers import helped
from tests.properties.worlds import World, law
from tests.small import small

if TYPE_CHECKING:
    from dispatch import Log
    from dispatch.engine.tracks import Keyframe

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"


def seen(frames: list[Keyframe], time: float) -> tuple[float, float]:
    return place(frames, [frame.time for frame in frames], time)


def instants(log: Log, data: st.DataObject) -> list[float]:
    """Draw moments of a log, those of its records among them, and those shortly before and after."""
    r = log.responses
    columns = (r.alerted, r.en_route, r.on_scene, r.clear, r.returning, r.available, r.in_quarters)
    marks = {float(t) for column in columns for t in column if math.isfinite(t)}
    marks |= {move.left for move in (*log.moves, *log.transports)}
    marks |= {moment for moment, _ in log.scenario.roads.changes}
    marks |= {t for each in log.move_ups for t in (each.left, each.arrives) if math.isfinite(t)}
    ordered = sorted(marks | {0.0, 3600.0})
    near = st.tuples(st.sampled_from(ordered), st.sampled_from([-1.0, -0.01, 0.0, 0.01, 1.0, 20.0])).map(sum)
    anything = st.floats(0.0, ordered[-1] + 100.0)
    return data.draw(st.lists(near | anything, min_size=3, max_size=12))


def slack(log: Log, unit: int) -> float:
    """Return how far the track of a unit may be off, in the units of the network."""
    speeds, kind = log.scenario.roads.speeds, log.scenario.file.unit_types[log.fleet.types[unit]]
    if kind.moves == "air" and log.scenario.network.geographic:
        return 1e-6
    tight = 1e-9 if log.scenario.network.geographic else 1e-3
    if kind.moves != "road" or not speeds.start_up:
        return tight
    steps = speeds.start_up / (8.0 * RAMP_PARTS**2)
    return tight + steps * fastest(log) * max(kind.speed_factor, 1.0)


def fastest(log: Log) -> float:
    """Return the greatest speed on a link, in units of coordinates a second, whatever its geometry."""
    network: Any = log.scenario.network
    across = network.x[network.head] - network.x[network.tail]
    up = network.y[network.head] - network.y[network.tail]
    quickest = max(float((np.hypot(across, up) / s).max()) for s in network.seconds.values())
    return 2.0 * quickest  # links are drawn straight; speeds of the hour may be above those of the network


def agree(log: Log, moments: list[float]) -> None:
    """Check tracks and states over windows between drawn moments against whereabouts and the board."""
    begin, end = min(moments), max(moments) + 1.0
    states = UnitStates.of(log)
    tracks = [unit_track(log, unit, begin, end) for unit in range(len(log.fleet))]
    told = [states.changes(unit, begin, end) for unit in range(len(log.fleet))]
    for time in moments:
        board, found = Board.at(log, time), {each.unit: each for each in whereabouts(log, time)}
        for unit, name in enumerate(log.fleet.ids):
            status, incident = [state for state in told[unit] if state[0] <= time][-1][1:]
            assigned = board.assigned.get(name)
            assert status == board.units[name], (name, time)
            named = log.timeline.incident_id(incident, log.scenario.kinds) if incident >= 0 else None
            assert named == assigned
            true = found[name].x, found[name].y
            if math.isnan(true[0]):
                assert tracks[unit] == []
                continue
            assert math.dist(seen(tracks[unit], time), true) <= slack(log, unit), (name, time)
    for frames in tracks:
        assert all(a.time <= b.time for a, b in pairwise(frames))
        assert not frames or (frames[0].time, frames[-1].time) == (begin, end)


@given(closed_worlds() | closed_worlds(opening=False), st.data())
@law(40)
def test_tracks_are_where_units_are_on_roads_that_close(world: World, data: st.DataObject) -> None:
    log = world.run()
    agree(log, instants(log, data))


@given(worlds(), st.data())
@law(40)
def test_tracks_are_where_units_are(world: World, data: st.DataObject) -> None:
    """Roads and matrices, with diversion, cancelled calls and transports."""
    log = world.run()
    agree(log, instants(log, data))


@given(staged() | relieved() | helped() | moving(), st.data())
@law(60)
def test_tracks_with_staging_recalls_reliefs_help_and_move_ups(world: World, data: st.DataObject) -> None:
    log = world.run()
    agree(log, instants(log, data))


@given(closed_worlds())
@law(20)
def test_part_of_the_trips_is_what_all_of_them_say(world: World) -> None:
    log = world.run()
    for unit in range(len(log.fleet)):
        whole = trips(log, unit)
        for trip in whole:
            begin, end = trip.left + 0.5, trip.left + 2000.5
            part = journey(log, unit, begin, end).trips
            holding = [each for each in whole if each.left <= begin][-1:]
            assert holding == [each for each in part if each.left <= begin][-1:]
            assert [each for each in whole if begin < each.left <= end] == [
                each for each in part if begin < each.left <= end
            ]


# --- worlds reckoned by hand ------------------------------------------------------------------------------


def told(log: Log, unit: str, end: float) -> list[tuple[float, str]]:
    """Return moments and statuses of a unit."""
    changes = UnitStates.of(log).changes(log.fleet.ids.index(unit), 0.0, end)
    return [(moment, str(status)) for moment, status, _ in changes]


def test_a_way_there_and_home(tmp_path: Path) -> None:
    """W1 drives 200 s from a to c with siren, is there for 100 s, and drives 400 s home."""
    log = play(tmp_path, call("x", 1000, "c"))
    frames = unit_track(log, 0, 0.0, 3000.0)
    assert [tuple(frame) for frame in frames] == [
        (0, 0, 0), (1000, 0, 0), (1100, 1000, 0), (1200, 2000, 0), (1300, 2000, 0), (1500, 1000, 0),
        (1700, 0, 0), (3000, 0, 0),
    ]  # fmt: skip
    assert told(log, "W1", 3000.0) == [
        (0, "in quarters"), (1000, "en route"), (1200, "on scene"), (1300, "returning"),
        (1700, "in quarters"),
    ]  # fmt: skip
    calls = [call for *_, call in UnitStates.of(log).changes(0, 0.0, 3000.0)]
    assert calls == [-1, 0, 0, -1, -1]
    assert [tuple(frame) for frame in unit_track(log, 0, 1050.0, 1150.0)] == [
        (1050, 500, 0), (1100, 1000, 0), (1150, 1500, 0),
    ]  # fmt: skip


def test_a_road_closes_ahead(tmp_path: Path) -> None:
    """bc closes at 50 while W1 is half-way to b: on to b, and by e and f to c."""
    closed = {"bc": {"links": ["bc"], "begins": 50, "ends": 9000}}
    log = play(tmp_path, call("x", 0, "c"), closures=closed)
    frames = unit_track(log, 0, 0.0, 400.0)
    corners = [(frame.time, frame.x, frame.y) for frame in frames]
    assert (50, 500, 0) in corners  # planned anew
    assert [corner for corner in corners if corner[0] > 50] == [
        (100, 1000, 0), (200, 1000, -1000), (300, 2000, -1000), (400, 2000, 0),
    ]  # fmt: skip


def test_patients_breakdowns_and_move_ups(tmp_path: Path) -> None:
    fire = {"run_card": {"engine": 1}, "on_scene": 100, "hand_over": 300, "to_hospital": {}}
    kinds = {"engine": {"capabilities": ["engine"], "turnout": 20}}
    kinds["engine"]["breaks_down"] = {"share": 0.5, "repair": 1000}
    calls = [call(f"x{n}", 700 * n, "bcdef"[n % 5]) for n in range(20)]
    changes: dict[str, Any] = {"incident_types": {"fire": fire}, "hospitals": {"H": {"at": "f"}}}
    changes |= {"unit_types": kinds, "units": BOTH, "moving_up": {"fill": {}}}
    log = play(tmp_path, *calls, **changes)
    assert log.repairs
    assert log.admissions
    agree(log, [7.0 * n for n in range(2500)])


def test_crews_come_and_go_and_units_go_to_the_workshop(tmp_path: Path) -> None:
    """W1 is on duty from 8 to 20; E1 is in service for nine hours and in the workshop for three."""
    day = {"day": {"on_duty": [{"begins": 8, "ends": 20}]}}
    tired = {"capabilities": ["engine"], "turnout": 0, "downtime": {"every": "9 h", "lasts": "3 h"}}
    kinds = {"engine": {"capabilities": ["engine"], "turnout": 0}, "tired": tired}
    units = {
        "W1": {"type": "engine", "station": "west", "rota": "day"},
        "E1": {"type": "tired", "station": "east"},
    }
    more: dict[str, Any] = {"unit_types": kinds, "units": units, "rotas": day, "horizon": 86_400}
    log = play(tmp_path, call("x", 79_999, "a"), **more)
    hour = 3600.0
    assert told(log, "W1", 24 * hour) == [
        (0, "off duty"), (8 * hour, "in quarters"), (20 * hour, "off duty"),
    ]  # fmt: skip
    assert told(log, "E1", 24 * hour)[:4] == [
        (0, "in quarters"), (9 * hour, "out of service"), (12 * hour, "in quarters"),
        (21 * hour, "out of service"),
    ]  # fmt: skip
    agree(log, [hour * n / 2.0 for n in range(49)])


EIGHTHS = st.integers(0, 4000).map(lambda number: number / 8.0)


@given(st.floats(0.3, 2.0), EIGHTHS.map(lambda seconds: seconds / 8.0), EIGHTHS, st.floats(0.0, 1.0))
@law(200)
def test_when_so_much_is_driven(factor: float, start_up: float, whole: float, share: float) -> None:
    pace = Pace(factor, start_up)
    moment = pace.elapsed(whole, share * whole)
    assert 0.0 <= moment <= pace.seconds(whole)
    assert pace.driven(whole, moment) == pytest.approx(share * whole, rel=1e-6, abs=1e-2)


def test_geometry_is_followed(tmp_path: Path) -> None:
    log = play(tmp_path, call("x", 10, "b"))
    network: Any = log.scenario.network
    lines = tuple(
        "LINESTRING (0 0, 0 300, 1000 300, 1000 0)" if link == "ab" else "" for link in network.link_ids
    )
    object.__setattr__(network, "geometry", lines)
    frames = unit_track(log, 0, 0.0, 150.0)
    # 1600 m drawn, which take the 100 s of the link
    assert [tuple(frame) for frame in frames[1:-1]] == [
        pytest.approx(corner) for corner in ((10, 0, 0), (28.75, 0, 300), (91.25, 1000, 300), (110, 1000, 0))
    ]


# --- trucks -----------------------------------------------------------------------------------------------


def test_a_truck_drives_loads_waits_and_comes_home(tmp_path: Path) -> None:
    """The truck at e loads from 100 to 1900; c is closed until 5000, and 1200 m are driven at 36 km/h."""
    closure = {"river": {"around": "c", "radius": 100, "begins": 1500, "ends": 5000}}
    log, found = supplied(tmp_path, needs={"sandbags": 100}, closures=closure)
    (trip,) = found.trips
    (truck,) = (each for each in trucks_seen(log) if each.id == trip.truck)
    assert [(moment, str(status), call) for moment, status, call in truck.changes(0.0, 9000.0)] == [
        (0, "at depot", -1),
        (100, "loading", 0),
        (1900, "waiting for a way", 0),
        (5000, "en route", 0),
        (5120, "unloading", 0),
        (5720, "returning", -1),
        (5840, "at depot", -1),
    ]
    frames = truck.track(0.0, 9000.0)
    seen_at = [seen(frames, moment) for moment in (0, 1899, 4999, 5030, 5060, 5120, 5720, 5780, 5840)]
    home, there = seen_at[0], seen_at[5]
    assert math.dist(home, there) == 1200
    along = [math.dist(home, point) for point in seen_at]
    assert along == pytest.approx([0, 0, 0, 300, 600, 1200, 1200, 600, 0])


@given(supply_worlds(), st.data())
@law(60)
def test_trucks_are_where_their_records_say(changes: dict[str, Any], data: st.DataObject) -> None:
    """They load at the place, unload at the incident, and drive no faster than the roads let them."""
    with tempfile.TemporaryDirectory() as folder:
        log = dispatch.simulate(small(Path(folder), **changes))
    network: Any = log.scenario.network
    supplies = log.supplies
    if supplies is None:
        return
    begin, end = 0.0, supplies.ended + 100.0
    by_name = {truck.id: truck for truck in trucks_seen(log)}
    tracks = {name: truck.track(begin, end) for name, truck in by_name.items()}
    for frames in tracks.values():
        for a, b in pairwise(frames):
            assert math.dist(a[1:], b[1:]) <= fastest(log) / 2.0 * (b.time - a.time) + 1e-6
    sources = log.scenario.supplies.sources if log.scenario.supplies else ()
    for trip in supplies.trips:
        truck, frames = by_name[trip.truck], tracks[trip.truck]
        place_node = supplies.depots[trip.place].node if trip.place >= 0 else sources[-1 - trip.place].node
        spot = int(log.timeline.node[trip.incident])
        unloading = trip.delivered - truck.kind.unload
        known = [
            (trip.loading, place_node, TruckStatus.LOADING),
            ((trip.loading + trip.loaded) / 2.0, place_node, TruckStatus.LOADING),
            (trip.loaded, place_node, None),
            (unloading, spot, TruckStatus.UNLOADING),
            ((unloading + trip.delivered) / 2.0, spot, TruckStatus.UNLOADING),
            (trip.delivered, spot, None),
        ]
        for moment, node, status in known:
            if math.isfinite(moment):
                assert seen(frames, moment) == pytest.approx((network.x[node], network.y[node]), abs=1e-6)
                lasts = trip.loaded > trip.loading if status is TruckStatus.LOADING else truck.kind.unload > 0
                assert status is None or not lasts or truck.at(moment) == (status, trip.incident)
    for name, frames in tracks.items():
        time = data.draw(st.floats(begin, end))
        assert truck_is_steady(by_name[name].changes(begin, end), by_name[name].at(time), time)
        still = by_name[name].changes(time, end)
        assert still[1:] == [state for state in by_name[name].changes(begin, end) if state[0] > time]
        for before, after in pairwise(by_name[name].changes(begin, end)):
            if before[1] in (TruckStatus.AT_DEPOT, TruckStatus.LOADING, TruckStatus.UNLOADING):
                assert seen(frames, before[0]) == pytest.approx(seen(frames, after[0] - 1e-9), abs=1e-6)


def truck_is_steady(changes: list[Any], now: Any, time: float) -> bool:
    """Whether what a truck does now is what the last change before said."""
    return bool([state for state in changes if state[0] <= time][-1][1:] == now)


@pytest.mark.parametrize("name", ["lanzhou-plan-2020", "lz-petro-tank", "qx-typhoon-flood"])
def test_five_instants_of_scenarios_of_the_project(name: str) -> None:
    log = dispatch.simulate(dispatch.load(SCENARIOS / f"{name}.yaml"))
    last = float(np.nanmax(log.responses.in_quarters))
    busy = float(log.responses.alerted[len(log.responses) // 2])
    agree(log, [busy, busy + 137.0, busy + 600.5, busy + 3001.25, min(busy + 9000.0, last)])
