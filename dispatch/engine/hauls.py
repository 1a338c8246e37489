"""Where the trucks of a finished log are, and what they do, at any moment."""

from __future__ import annotations

from bisect import bisect_right
from enum import StrEnum
from itertools import pairwise
from math import inf, isfinite
from typing import TYPE_CHECKING

from dispatch.engine.tracks import track
from dispatch.engine.trucks import MODE, trucks_of
from dispatch.engine.whereabouts import Journey, Trip, has_way

if TYPE_CHECKING:
    from dispatch.engine.log import Log
    from dispatch.engine.tracks import Keyframe
    from dispatch.roads.travel import Travel
    from dispatch.scenario.conditions import Conditions
    from dispatch.scenario.supplies import TruckKind


class TruckStatus(StrEnum):
    """What a truck is doing."""

    AT_DEPOT = "at depot"
    DRIVING_TO_LOAD = "driving to load"
    LOADING = "loading"
    EN_ROUTE = "en route"
    UNLOADING = "unloading"
    RETURNING = "returning"
    WAITING = "waiting for a way"


State = tuple[float, TruckStatus, int]
"""A moment, what a truck does from then on, and the call that its load is for (−1 for none)."""


class TruckSeen:
    """One truck of a finished log."""

    def __init__(self, log: Log, number: int, kind: TruckKind, name: str, depot: int) -> None:
        assert log.supplies is not None
        self.id, self.kind = name, kind
        self.depot = log.supplies.depots[depot]
        self._hauls = [trip for trip in log.supplies.trips if trip.truck == name]
        self.journey = _journey(log, number, kind, self.depot.node)
        self._states = self._all_states()

    def track(self, begin: float, end: float) -> list[Keyframe]:
        """Return where it is from one moment to another, with keyframes at both."""
        return track(self.journey, begin, end)

    def at(self, time: float) -> tuple[TruckStatus, int]:
        """Return what it does at a moment, and the call that its load is for (−1 for none)."""
        return self._states[bisect_right(self._states, time, key=lambda state: state[0]) - 1][1:]

    def changes(self, begin: float, end: float) -> list[State]:
        """Return what it does at the begin, and from each moment until the end at which that changes."""
        found: list[State] = [(begin, *self.at(begin))]
        found += [state for state in self._states if begin < state[0] <= end]
        later = (after for before, after in pairwise(found) if after[1:] != before[1:])
        return [found[0], *later]

    def _all_states(self) -> list[State]:
        """Return what it does from which moments on; at each moment once."""
        told = sorted(
            self._told(), key=lambda state: state[0]
        )  # of one moment, what comes of later trips last
        moments = [state[0] for state in told]
        closed = self._stopped()
        edges = {*moments, *(edge for span in closed for edge in span if edge < inf)}
        found: list[State] = []
        for moment in sorted(edges):
            _, status, call = told[bisect_right(moments, moment) - 1]
            if any(begin <= moment < end for begin, end in closed):
                status = TruckStatus.WAITING
            found.append((moment, status, call))
        return found

    def _told(self) -> list[State]:
        """Return what follows from the records of its trips, in their order."""
        found: list[State] = [(-inf, TruckStatus.AT_DEPOT, -1)]
        for haul in self._hauls:
            call = haul.incident
            steps = (
                (haul.committed, TruckStatus.DRIVING_TO_LOAD, call),
                (haul.loading, TruckStatus.LOADING, call),
                (haul.loaded, TruckStatus.EN_ROUTE, call),
                (haul.delivered - self.kind.unload, TruckStatus.UNLOADING, call),
                (haul.delivered, TruckStatus.RETURNING, -1),
                (haul.returned, TruckStatus.AT_DEPOT, -1),
            )
            found += [step for step in steps if isfinite(step[0])]
        return found

    def _stopped(self) -> list[tuple[float, float]]:
        """Return the times for which it stands because no way leads on."""
        begins = [*self.journey.begins, inf]
        return [
            (trip.left, begins[number + 1])
            for number, trip in enumerate(self.journey.trips)
            if not has_way(self.journey.travel(number), trip)
        ]


def trucks_seen(log: Log) -> list[TruckSeen]:
    """Return all trucks of a log, in the order of their numbers; none where it has no supplies."""
    if log.supplies is None:
        return []
    return [
        TruckSeen(log, number, kind, name, depot)
        for number, (name, kind, depot) in enumerate(trucks_of(log.supplies.depots))
    ]


def _journey(log: Log, number: int, kind: TruckKind, home: int) -> Journey:
    def travel(conditions: Conditions) -> Travel:
        return log.fleet.under(conditions).road_travel(kind.speed_factor, kind.width)

    assert log.supplies is not None
    trips = [
        Trip(drive.left, drive.origin, drive.target, MODE, drive.conditions)
        for drive in log.supplies.drives
        if drive.truck == number
    ]
    return Journey(log.scenario.network, home, trips, travel)
