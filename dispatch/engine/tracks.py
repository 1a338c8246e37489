"""The ways of units and trucks of a finished log as keyframes: where they turn, stop and set out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import pairwise
from math import ceil, inf
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dispatch.engine.whereabouts import between, drawn, has_way, journey
from dispatch.roads.matrix_travel import MatrixTravel
from dispatch.roads.pace import AirTravel, PacedTravel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dispatch.engine.log import Log
    from dispatch.engine.whereabouts import Journey, Trip
    from dispatch.roads.travel import Travel

RAMP_PARTS = 8
"""Straight parts for gaining speed, and for slowing down: they are off by 1/512 of the time that it takes."""

FLOWN = 1000.0
"""Metres that are flown in one straight part; great circles are cut into so many."""


class Keyframe(NamedTuple):
    """Where something is at a moment; between two it moves straight and steadily.

    Where two are of one moment, the later one holds from then on.
    """

    time: float
    """Seconds from the start."""
    x: float
    y: float
    """Coordinates of the network."""


def unit_track(log: Log, unit: int, begin: float, end: float) -> list[Keyframe]:
    """Return where a unit is from one moment to another; nothing where the network has no coordinates."""
    return track(journey(log, unit, begin, end), begin, end)


def track(way: Journey, begin: float, end: float) -> list[Keyframe]:
    """Return where something is from one moment to another, with keyframes at both.

    It agrees with :func:`dispatch.whereabouts`, but for the parts of :data:`RAMP_PARTS`.
    """
    if way.network.x is None:
        return []
    frames = list(_frames(way, begin, end))
    times = [frame.time for frame in frames]
    inner = frames[bisect_right(times, begin) : bisect_right(times, end)]
    first, last = (Keyframe(moment, *place(frames, times, moment)) for moment in (begin, end))
    found = [first]
    for frame in (*inner, last):
        if frame != found[-1]:
            found.append(frame)
    return found


def place(frames: Sequence[Keyframe], times: Sequence[float], time: float) -> tuple[float, float]:
    """Return where something is at a moment, given its keyframes and their times."""
    after = bisect_right(times, time)
    if after == 0 or after == len(times):
        return frames[max(after - 1, 0)][1:]
    (t, x, y), (u, v, w) = frames[after - 1 : after + 1]
    share = (time - t) / (u - t)
    return x + share * (v - x), y + share * (w - y)


def _frames(way: Journey, begin: float, end: float) -> Iterator[Keyframe]:
    """Yield the keyframes of the trips that matter between two moments, and of standing between them."""
    first = max(bisect_right(way.begins, begin) - 1, 0)
    last = bisect_right(way.begins, end)
    if not last or way.begins[0] > begin:
        home = way.at(-inf)[3:]
        yield Keyframe(begin, *home)
        if last:
            yield Keyframe(way.begins[0], *home)
    for number in range(first, last):
        following = way.begins[number + 1 : number + 2]
        until = min([*following, end + 1.0])
        if until > way.begins[number]:
            yield from _cut(_trip_frames(way, number), until)


def _cut(frames: list[Keyframe], until: float) -> list[Keyframe]:
    """Return the keyframes up to a moment, with one at the moment itself."""
    times = [frame.time for frame in frames]
    kept = frames[: bisect_left(times, until)]
    return [*kept, Keyframe(until, *place(frames, times, until))]


def _trip_frames(way: Journey, number: int) -> list[Keyframe]:
    """Return the keyframes of a whole trip, whether or not it was broken off."""
    trip, travel = way.trips[number], way.travel(number)
    if not has_way(travel, trip):
        return [Keyframe(trip.left, *way.at(trip.left)[3:])]
    ground: Any = travel.ground
    if isinstance(ground, AirTravel):
        return _flight(ground, trip)
    if isinstance(ground, MatrixTravel):
        seconds, goal = ground.seconds(trip.origin, trip.target, trip.mode), ground.at(trip.target)
        points = [(0.0, *between(way.network, trip.origin)), (seconds, *between(way.network, goal))]
    else:
        points = _road(way, number, ground)
    return _paced(points, travel, trip.left)


def _flight(air: AirTravel, trip: Trip) -> list[Keyframe]:
    seconds = air.seconds(trip.origin, trip.target, trip.mode)
    parts = max(ceil(seconds * air.speed / FLOWN), 1) if air.network.geographic else 1
    elapsed = [seconds * part / parts for part in range(parts + 1)]
    there = (air.along(trip.origin, trip.target, trip.mode, moment) for moment in elapsed)
    return [
        Keyframe(trip.left + moment, *air.coordinates(position))
        for moment, position in zip(elapsed, there, strict=True)
    ]


Driven = tuple[float, float, float]
"""Seconds driven at the roads' speeds, x and y."""


def _road(way: Journey, number: int, ground: Any) -> list[Driven]:
    """Return the points of a trip on roads: the rest of the link on which it begins, and all that follow."""
    trip = way.trips[number]
    node, lead = trip.origin
    points = _first_stretch(way, number) if lead > 0.0 else []
    network, driven = ground.network, max(lead, 0.0)
    points.append((driven, float(network.x[node]), float(network.y[node])))
    for tail, head in pairwise(ground.way(trip.origin, trip.target, trip.mode)):
        arc = network.fastest(tail, head, trip.mode)
        whole = float(network.seconds[trip.mode][arc])
        passed, x, y = drawn(network, arc)
        points += zip((driven + whole * passed[1:]).tolist(), x[1:].tolist(), y[1:].tolist(), strict=True)
        driven += whole
    return points


def _first_stretch(way: Journey, number: int) -> list[Driven]:
    """Return the points before the first node of a trip that begins on a link."""
    node, lead = way.trips[number].origin
    found = way.stretch(number, way.trips[number].left, node)
    start = way.at(way.trips[number].left)[3:]
    if found is None:
        return [(0.0, *start)]
    network, arc, whole = found
    passed, x, y = drawn(network, arc)
    driven = lead - whole * (1.0 - passed)
    ahead = driven > 0.0
    return [(0.0, *start), *zip(driven[ahead].tolist(), x[ahead].tolist(), y[ahead].tolist(), strict=True)]


def _paced(points: list[Driven], travel: Travel, left: float) -> list[Keyframe]:
    """Return the keyframes of points that a vehicle passes at its own pace."""
    if not isinstance(travel, PacedTravel):
        return [Keyframe(left + driven, x, y) for driven, x, y in points]
    pace, whole = travel.pace, points[-1][0]
    driven, x, y = np.array(points).T
    total = pace.seconds(whole)
    ramp = min(pace.start_up, total / 2.0)
    knots = [part * ramp / RAMP_PARTS for part in range(1, RAMP_PARTS + 1)] if ramp > 0.0 else []
    knots += [total - moment for moment in knots]
    at = [(moment, pace.driven(whole, moment)) for moment in knots]
    moments = [(pace.elapsed(whole, done), done) for done in driven.tolist()]
    on_the_way = [
        (moment, float(np.interp(done, driven, x)), float(np.interp(done, driven, y))) for moment, done in at
    ]
    passed = [(moment, *points[i][1:]) for i, (moment, _) in enumerate(moments)]
    return [Keyframe(left + moment, u, v) for moment, u, v in sorted([*passed, *on_the_way], key=_moment)]


def _moment(frame: tuple[float, float, float]) -> float:
    return frame[0]
