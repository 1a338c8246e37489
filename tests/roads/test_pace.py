"""Standing starts, slower vehicles and flights, against Kolesar's formulas, integrals and great circles."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.roads.geometry import EARTH_RADIUS
from dispatch.roads.network import MODES, TICK, NetworkFile, RoadNetwork
from dispatch.roads.pace import AirTravel, Pace, PacedTravel
from dispatch.roads.travel import road_travel

from .worlds import network_of, oracle, road_networks

SPEED = st.floats(4.0, 40.0)
RATE = st.floats(0.2, 5.0)
SECONDS = st.floats(0.01, 5000.0)


def kolesar(distance: float, speed: float, rate: float) -> float:
    """Return T of RAND R-1449: a square root up to twice the distance v²/2a, linear beyond."""
    critical = speed * speed / (2.0 * rate)
    if distance <= 2.0 * critical:
        return 2.0 * math.sqrt(distance / rate)
    return speed / rate + distance / speed


@given(SPEED, RATE, st.floats(1.0, 50_000.0))
def test_one_speed_makes_it_kolesars_two_formulas(speed: float, rate: float, distance: float) -> None:
    pace = Pace(start_up=speed / rate)
    assert pace.seconds(distance / speed) == pytest.approx(kolesar(distance, speed, rate), abs=TICK, rel=1e-9)


@given(SPEED, RATE, st.lists(st.floats(1.0, 3000.0), min_size=1, max_size=6))
def test_kolesars_formulas_hold_over_a_network_of_one_speed(
    speed: float, rate: float, lengths: list[float]
) -> None:
    """On a street of blocks the time between any two corners follows from the distance alone."""
    arcs = [(i, i + 1, m / speed) for i, m in enumerate(lengths)]
    arcs += [(head, tail, seconds) for tail, head, seconds in arcs]
    network = network_of(len(lengths) + 1, arcs, slower=1.0)
    travel = PacedTravel(road_travel(network, [], None), Pace(start_up=speed / rate))
    along = np.concatenate(([0.0], np.cumsum(lengths)))
    for start in range(len(along)):
        for end in range(len(along)):
            distance = abs(float(along[end] - along[start]))
            expected = kolesar(distance, speed, rate)
            got = travel.seconds(travel.at(start), end, "emergency")
            # each block is rounded to a tick; a short trip magnifies that by the slope of the square root
            slack = (len(lengths) + 1) * TICK * max(1.0, expected / max(distance / speed, 1e-9))
            assert got == pytest.approx(expected, abs=slack)
            assert travel.outbound(start)[end] == got


@given(st.floats(0.5, 60.0))
def test_the_two_formulas_meet_with_one_slope(start_up: float) -> None:
    pace, step = Pace(start_up=start_up), start_up * 1e-3
    below, at, above = (pace.seconds(start_up + d) for d in (-step, 0.0, step))
    assert at == pytest.approx(2.0 * start_up, abs=2 * TICK)
    assert (at - below) / step == pytest.approx(1.0, abs=2e-3 + 2 * TICK / step)
    assert (above - at) / step == pytest.approx(1.0, abs=2 * TICK / step)


@given(st.floats(0.0, 60.0), st.floats(0.3, 2.0), SECONDS, SECONDS)
def test_longer_ways_take_longer_and_never_less_than_cruising(
    start_up: float, factor: float, one: float, other: float
) -> None:
    pace = Pace(factor, start_up)
    less, more = sorted((one, other))
    assert pace.seconds(less) <= pace.seconds(more)
    assert pace.seconds(more) >= more / factor - TICK
    assert pace.seconds(more) <= more / factor + start_up + TICK
    assert pace.seconds(math.inf) == math.inf
    assert pace.seconds(0.0) == 0.0


@given(st.floats(0.0, 60.0), st.floats(0.3, 2.0), st.lists(SECONDS, max_size=20))
def test_tables_hold_the_same_bits_as_single_trips(
    start_up: float, factor: float, seconds: list[float]
) -> None:
    pace = Pace(factor, start_up)
    table = pace.all_seconds(np.array([*seconds, 0.0, math.inf]))
    assert table.tolist() == [pace.seconds(s) for s in [*seconds, 0.0, math.inf]]


def test_a_plain_pace_changes_nothing() -> None:
    assert Pace().plain
    assert not Pace(0.8).plain
    assert not Pace(start_up=1.0).plain
    assert Pace(0.5).seconds(100.0) == 200.0
    assert Pace(0.5).driven(100.0, 50.0) == 25.0


def trapezoid(total: float, start_up: float, moment: float) -> float:
    """Return the share of cruising speed at a moment of a trip: up evenly, level, down evenly."""
    ramp = min(start_up, total / 2.0)
    return max(min(moment, ramp, total - moment), 0.0) / start_up


@given(st.floats(1.0, 40.0), st.floats(0.4, 1.6), st.floats(0.5, 400.0), st.floats(0.0, 1.0))
@settings(max_examples=60)
def test_what_is_driven_is_the_integral_of_the_speed(
    start_up: float, factor: float, whole: float, share: float
) -> None:
    pace = Pace(factor, start_up)
    total = pace.seconds(whole)
    elapsed = share * total
    steps = 4000
    middle = (np.arange(steps) + 0.5) / steps * elapsed
    profile = np.array([trapezoid(total, start_up, moment) for moment in middle.tolist()])
    integral = float(profile.sum()) * elapsed / steps * factor
    assert pace.driven(whole, elapsed) == pytest.approx(integral, rel=1e-4, abs=1e-3)


@given(st.floats(0.0, 40.0), st.floats(0.4, 1.6), SECONDS, st.lists(st.floats(0.0, 1.1), min_size=2))
def test_what_is_driven_grows_from_nothing_to_everything(
    start_up: float, factor: float, whole: float, shares: list[float]
) -> None:
    pace = Pace(factor, start_up)
    total = pace.seconds(whole)
    done = [pace.driven(whole, share * total) for share in sorted(shares)]
    slack = 4 * TICK * (1.0 + factor) + 1e-9 * whole
    assert all(a <= b + slack for a, b in pairwise(done))
    assert all(0.0 <= value <= whole + slack for value in done)
    assert pace.driven(whole, 0.0) == 0.0
    assert pace.driven(whole, total) == whole
    half = pace.driven(whole, total / 2.0)
    assert half == pytest.approx(whole / 2.0, abs=slack + 1e-6 * whole)


@given(road_networks(), st.floats(0.5, 1.5), st.sampled_from((0.0, 3.0, 80.0)), st.data())
@settings(max_examples=60)
def test_paced_trips_follow_the_ground_they_drive_on(
    network: RoadNetwork, factor: float, start_up: float, data: st.DataObject
) -> None:
    ground, pace = road_travel(network, [0], None), Pace(factor, start_up)
    travel = PacedTravel(ground, pace)
    node = st.integers(0, len(network.node_ids) - 1)
    mode = data.draw(st.sampled_from(MODES))
    truth = {name: oracle(network, name) for name in MODES}
    start, end = data.draw(node), data.draw(node)
    assert travel.at(start) == ground.at(start)
    assert travel.paced == (start_up > 0.0)
    assert travel.ground.seconds(travel.at(start), end, mode) == truth[mode][start, end]
    out = [pace.seconds(s) for s in truth["emergency"][start].tolist()]
    back = [pace.seconds(s) for s in truth["normal"][:, end].tolist()]
    assert travel.outbound(start).tolist() == out
    assert travel.homebound(end).tolist() == back
    total = travel.seconds(travel.at(start), end, mode)
    if not 0.0 < total < math.inf:
        return
    elapsed = data.draw(st.floats(0.0, 1.0)) * total
    position = travel.along(travel.at(start), end, mode, elapsed)
    left = ground.seconds(position, end, mode)
    done = pace.driven(truth[mode][start, end], elapsed)
    assert left == pytest.approx(truth[mode][start, end] - done, abs=1e-6)
    assert travel.along(travel.at(start), end, mode, total + 1.0) == (end, 0.0)
    assert travel.along(travel.at(start), end, mode, 0.0) == (start, 0.0)
    assert travel.at_least(travel.at(start), elapsed, end) == 0.0


def located(points: list[tuple[float, float]], crs: str) -> RoadNetwork:
    """Return a ring of places at given coordinates."""
    size = len(points)
    network = network_of(size, [(i, (i + 1) % size, 10.0) for i in range(size)])
    x, y = np.array(points).T
    meta = NetworkFile(crs=crs).named("random")
    return replace(network, meta=meta, x=x, y=y, _lazy={})


LONLAT = st.tuples(st.floats(-179.0, 179.0), st.floats(-85.0, 85.0))
TOWN = st.tuples(st.floats(8.0, 8.5), st.floats(47.0, 47.4))
PLANE = st.tuples(st.floats(0.0, 50_000.0), st.floats(0.0, 50_000.0))


def great_circle(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Return metres by Vincenty's formula for a sphere, which is exact for all distances."""
    lon1, lat1, lon2, lat2 = map(math.radians, (*a, *b))
    d = lon2 - lon1
    up = math.hypot(
        math.cos(lat2) * math.sin(d),
        math.cos(lat1) * math.sin(lat2) - math.sin(lat1) * math.cos(lat2) * math.cos(d),
    )
    down = math.sin(lat1) * math.sin(lat2) + math.cos(lat1) * math.cos(lat2) * math.cos(d)
    return EARTH_RADIUS * math.atan2(up, down)


@given(st.lists(LONLAT | TOWN, min_size=2, max_size=5, unique=True), st.floats(20.0, 90.0))
def test_flights_take_great_circles(points: list[tuple[float, float]], speed: float) -> None:
    travel = AirTravel(located(points, "WGS84"), speed)
    for start, a in enumerate(points):
        for end, b in enumerate(points):
            expected = great_circle(a, b) / speed
            slack = 1e-3 if expected < 1e5 else 1.0  # near the antipodes the chord says little
            for mode in MODES:
                assert travel.seconds(travel.at(start), end, mode) == pytest.approx(
                    expected, rel=1e-6, abs=slack
                )
            assert travel.outbound(start)[end] == pytest.approx(
                travel.seconds(travel.at(start), end, "normal"), abs=2 * TICK
            )
        np.testing.assert_allclose(travel.homebound(start), travel.outbound(start), atol=2 * TICK)


@given(st.lists(PLANE, min_size=2, max_size=5, unique=True), st.floats(20.0, 90.0))
def test_flights_over_a_plane_are_straight(points: list[tuple[float, float]], speed: float) -> None:
    travel = AirTravel(located(points, "local"), speed)
    for start, a in enumerate(points):
        for end, b in enumerate(points):
            expected = math.dist(a, b) / speed
            assert travel.seconds(travel.at(start), end, "normal") == pytest.approx(expected, abs=TICK)
            assert travel.outbound(start)[end] == pytest.approx(expected, abs=TICK)


@pytest.mark.parametrize("crs", ["WGS84", "local"])
@given(data=st.data())
def test_what_has_been_flown_need_not_be_flown_again(crs: str, data: st.DataObject) -> None:
    points = data.draw(st.lists(TOWN if crs == "WGS84" else PLANE, min_size=3, max_size=3, unique=True))
    travel = AirTravel(located(points, crs), 50.0)
    total = travel.seconds(travel.at(0), 1, "emergency")
    first, second = sorted(data.draw(st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0))))
    position = travel.along(travel.at(0), 1, "emergency", first * total)
    assert travel.seconds(position, 1, "normal") == pytest.approx((1.0 - first) * total, abs=1e-4)
    assert travel.seconds(position, 0, "normal") == pytest.approx(first * total, abs=1e-4)
    onward = travel.along(position, 1, "emergency", (second - first) * total)
    whole = travel.along(travel.at(0), 1, "emergency", second * total)
    assert onward == pytest.approx(whole, abs=1e-9 if crs == "WGS84" else 1e-2)
    x, y = travel.coordinates(position)
    a, b = points[0], points[1]
    assert min(a[0], b[0]) - 1e-6 <= x <= max(a[0], b[0]) + 1e-6
    if crs == "WGS84":
        assert great_circle(a, (x, y)) + great_circle((x, y), b) == pytest.approx(great_circle(a, b), abs=0.1)
        assert great_circle(a, (x, y)) == pytest.approx(first * great_circle(a, b), abs=0.1)
    else:
        assert math.dist(a, (x, y)) == pytest.approx(first * math.dist(a, b), abs=0.01)
    # straight on is the quickest to anywhere
    bound = travel.at_least(travel.at(0), first * total, 2)
    assert bound <= travel.seconds(position, 2, "emergency") + 1e-4
    assert travel.along(travel.at(0), 1, "normal", total + 1.0) == travel.at(1)
    assert travel.along(travel.at(0), 1, "normal", -1.0) == travel.at(0)


def test_flights_cross_process_borders() -> None:
    travel = AirTravel(located([(8.0, 47.0), (8.2, 47.1)], "WGS84"), 50.0)
    copy = pickle.loads(pickle.dumps(travel))
    assert copy.seconds(copy.at(0), 1, "normal") == travel.seconds(travel.at(0), 1, "normal")
    assert copy.coordinates(copy.at(1)) == pytest.approx((8.2, 47.1))
