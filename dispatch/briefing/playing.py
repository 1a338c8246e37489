"""A stretch of a run as plain values: where units and trucks were, what they did, and the calls."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from dispatch.briefing.frame import differences
from dispatch.briefing.mapping import type_title, zone_title
from dispatch.engine.board import Status, UnitStates, closing
from dispatch.engine.hauls import TruckStatus, trucks_seen
from dispatch.engine.notices import notices
from dispatch.engine.tracks import unit_track

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dispatch.briefing.frame import Frame
    from dispatch.briefing.payload import Mover, Noted, Playback, PlayedCall, SampledCalls, Track
    from dispatch.engine.log import Log
    from dispatch.engine.notice import Notice
    from dispatch.engine.tracks import Keyframe
    from dispatch.scenario.scenario import Scenario

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

T = TypeVar("T")

MOST_CALLS = 2000
MOST_NOTICES = 2000
"""How many calls and notices a playback lists; of more, some that are evenly spread."""

MOST_KEYFRAMES = 25_000
"""How many keyframes a playback may have before it tells the ways more roughly."""

NEAR = (0.2, 1.0, 3.0, 10.0, 30.0)
"""Metres that a way may be off, from exact to rough: the first at which a playback is small enough."""

STATUSES: tuple[str, ...] = tuple(dict.fromkeys([*map(str, Status), *map(str, TruckStatus)]))
"""What units and trucks do, in words."""

_NUMBER = {status: number for number, status in enumerate(STATUSES)}


class _Seen(NamedTuple):
    """A unit or truck as the log tells it."""

    id: str
    type: str
    home: str
    frames: list[Keyframe]
    states: Sequence[tuple[float, str, int]]


def playback(
    log: Log, *, begin: float, end: float, why: str, layout: str, replication: int, frame: Frame
) -> Playback:
    """Return a stretch of a run, in seconds from the start, for the viewer."""
    units, trucks = _units(log, begin, end), _trucks(log, begin, end)
    calls, all_calls = _chosen(log, begin, end, [*units, *trucks])
    told = [each for each in notices(log) if begin <= each.moment <= end]
    number = {call: place for place, call in enumerate(calls)}
    paths = [_Path(seen.frames, begin, frame) for seen in (*units, *trucks)]
    near, tracks = _tracks(paths)
    movers = [_mover(*each, begin, number) for each in zip((*units, *trucks), tracks, strict=True)]
    return {
        "layout": layout,
        "replication": replication,
        "begin": begin,
        "end": end,
        "start": log.scenario.file.start.isoformat(),
        "why": why,
        "statuses": list(STATUSES),
        "units": movers[: len(units)],
        "trucks": movers[len(units) :],
        "calls": _played(log, calls, frame),
        "all_calls": all_calls,
        "notices": [_noted(each) for each in evenly(told, MOST_NOTICES)],
        "all_notices": len(told),
        "near": near,
    }


def sampled_calls(log: Log, layout: str, replication: int, frame: Frame, most: int = 5000) -> SampledCalls:
    """Return the measured calls of a run as points; of more than ``most``, some that are evenly spread."""
    t, network = log.timeline, log.scenario.network
    assert network.x is not None
    assert network.y is not None
    measured = np.flatnonzero(t.received >= log.scenario.file.warm_up)
    chosen = np.array(evenly(measured.tolist(), most), dtype=np.intp)
    across, up = frame.steps(network.x[t.node[chosen]], network.y[t.node[chosen]])
    first = log.incidents.first_on_scene[chosen] - t.received[chosen]
    return {
        "layout": layout,
        "replication": replication,
        "total": len(measured),
        "dx": differences(across),
        "dy": differences(up),
        "type_of": t.kind[chosen].tolist(),
        "types": [type_title(log.scenario, kind.id) for kind in log.scenario.kinds],
        "first": np.where(np.isnan(first), -1, np.rint(first)).astype(np.int64).tolist(),
    }


def evenly(items: Sequence[T], most: int) -> list[T]:
    """Return at most so many of some items, in their order, evenly spread over them."""
    if len(items) <= most:
        return list(items)
    return [items[place * len(items) // most] for place in range(most)]


def _noted(notice: Notice) -> Noted:
    """Return what was noted, with what it is about in no language: the unit and the call."""
    who = " · ".join(name for name in (notice.unit, notice.incident) if name)
    return notice.moment, notice.what, who, notice.detail


def _mover(seen: _Seen, track: Track, begin: float, number: dict[int, int]) -> Mover:
    """Return a unit or truck, given the number of each call that is listed."""
    states = [
        (_milliseconds(moment - begin), _NUMBER[status], number.get(call, -1))
        for moment, status, call in seen.states
    ]
    return {"id": seen.id, "type": seen.type, "home": seen.home, "track": track, "states": states}


def _units(log: Log, begin: float, end: float) -> list[_Seen]:
    fleet, states = log.fleet, UnitStates.of(log)
    sites = fleet.layout.sites
    return [
        _Seen(
            name,
            fleet.types[unit],
            sites[fleet.site[unit]].id,
            unit_track(log, unit, begin, end),
            states.changes(unit, begin, end),
        )
        for unit, name in sorted(enumerate(fleet.ids), key=lambda item: item[1])
    ]


def _trucks(log: Log, begin: float, end: float) -> list[_Seen]:
    return [
        _Seen(truck.id, truck.kind.id, truck.depot.id, truck.track(begin, end), truck.changes(begin, end))
        for truck in trucks_seen(log)
    ]


def _chosen(log: Log, begin: float, end: float, seen: Sequence[_Seen]) -> tuple[list[int], int]:
    """Return the calls to be listed, in order of time, and how many there are.

    Calls that units and trucks are at, or on their way to, come first; the others are evenly spread.
    """
    served = sorted({call for one in seen for _, _, call in one.states if call >= 0})
    is_open = (log.timeline.received < end) & ~(closing(log) <= begin)
    others = sorted(set(np.flatnonzero(is_open).tolist()) - set(served))
    kept = evenly(served, MOST_CALLS)
    return sorted([*kept, *evenly(others, MOST_CALLS - len(kept))]), len(served) + len(others)


def _played(log: Log, calls: list[int], frame: Frame) -> list[PlayedCall]:
    t, i, scenario = log.timeline, log.incidents, log.scenario
    network = scenario.network
    assert network.x is not None
    assert network.y is not None
    across, up = frame.steps(network.x[t.node[calls]], network.y[t.node[calls]])
    levels = {call: [(float(t.ready[call]), int(t.level[call]))] for call in calls if t.level[call] > 0}
    for each in log.raises:
        if each.incident in levels:
            levels[each.incident].append((each.moment, each.after))
    closed = closing(log)
    return [
        {
            "id": t.incident_id(call, scenario.kinds),
            "type": type_title(scenario, scenario.kinds[t.kind[call]].id),
            "zone": _zone_of(scenario, int(t.node[call])),
            "at": (int(across[place]), int(up[place])),
            "received": float(t.received[call]),
            "ready": float(t.ready[call]),
            "dispatched": _known(i.dispatched[call]),
            "first": _known(i.first_on_scene[call]),
            "erf": _known(i.erf[call]),
            "closed": _known(closed[call]),
            "levels": levels.get(call, []),
        }
        for place, call in enumerate(calls)
    ]


def _zone_of(scenario: Scenario, node: int) -> str:
    """Return the title of the zone that a node is in; empty for none."""
    zone = int(scenario.zone_of[node])
    return zone_title(scenario, scenario.zones[zone]) if zone >= 0 else ""


def _known(moment: float) -> float | None:
    return float(moment) if isfinite(moment) else None


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000.0)


class _Path:
    """A way in milliseconds from the begin, and whole steps; metres tell how far points are apart."""

    def __init__(self, frames: list[Keyframe], begin: float, frame: Frame) -> None:
        table = np.array(frames, dtype=np.float64).reshape(-1, 3)
        self.time = np.rint((table[:, 0] - begin) * 1000.0).astype(np.int64)
        self.x, self.y = frame.steps(table[:, 1], table[:, 2])
        self._metres = frame.metres

    def thinned(self, near: float) -> Ints:
        """Return which keyframes [k] are enough for all moments to be right within so many metres.

        That is the way of Douglas and Peucker, with the distance between places of the same moment.
        """
        jumps = np.flatnonzero(np.diff(self.time) == 0)
        edges = sorted({0, len(self.time) - 1, *jumps.tolist(), *(jumps + 1).tolist()})
        kept, todo = set(edges), list(pairwise(edges))
        while todo:
            first, last = todo.pop()
            if last - first < 2:
                continue
            off = self._off(first, last)
            worst = int(np.argmax(off))
            if off[worst] > near:
                middle = first + 1 + worst
                kept.add(middle)
                todo += [(first, middle), (middle, last)]
        return np.array(sorted(kept), dtype=np.int64)

    def _off(self, first: int, last: int) -> Floats:
        """Return how many metres the keyframes between two are off the straight way between these."""
        inner = slice(first + 1, last)
        share = (self.time[inner] - self.time[first]) / (self.time[last] - self.time[first])
        across = self.x[first] + share * (self.x[last] - self.x[first]) - self.x[inner]
        up = self.y[first] + share * (self.y[last] - self.y[first]) - self.y[inner]
        return np.asarray(np.hypot(across * self._metres[0], up * self._metres[1]))

    def track(self, kept: Ints) -> Track:
        """Return some of the keyframes as differences."""
        return {
            "dt": differences(self.time[kept]),
            "dx": differences(self.x[kept]),
            "dy": differences(self.y[kept]),
        }


def _tracks(paths: list[_Path]) -> tuple[float, list[Track]]:
    """Return the tracks, and within how many metres they are right."""
    for near in NEAR:
        kept = [path.thinned(near) for path in paths]
        if sum(map(len, kept)) <= MOST_KEYFRAMES:
            break
    return near, [path.track(chosen) for path, chosen in zip(paths, kept, strict=True)]
