"""What the map of a report is drawn from: plain values that become JSON.

Coordinates are whole steps of ``scale`` from ``origin``; lists named ``d…`` hold each value's difference from
the one before (the first: from 0), which packs well. Times are seconds from the scenario's start; moments of
tracks are milliseconds from the begin of the playback. Missing seconds are −1.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

Point = tuple[int, int]


class Roads(TypedDict):
    """The links; two-way streets are drawn once."""

    classes: list[str]
    class_of: list[int]
    """Index into the classes, by link."""
    points: list[int]
    """How many points each link has."""
    dx: list[int]
    dy: list[int]
    """Of all points of all links, one after the other."""
    tail: list[int]
    head: list[int]
    """Nodes at both ends, by link."""


class Zone(TypedDict):
    """A zone; its ground is that around its nodes."""

    name: str
    risk: str
    """``red``, ``orange``, ``yellow``, ``blue``, or empty."""
    at: Point
    """Where its name stands."""


class Station(TypedDict):
    """A station of a layout."""

    id: str
    title: str
    at: Point
    units: list[str]
    change: str
    """Against the reference: ``added``, ``moved``, ``changed`` (in its units), or empty; ``closed`` stations
    stand in the list of the layout that closes them."""


class Site(TypedDict):
    """A depot or hospital."""

    id: str
    title: str
    at: Point
    kind: str
    """``depot`` or ``hospital``."""
    layouts: list[str]
    """Layouts in which it exists."""


class Node(TypedDict):
    """A named place."""

    title: str
    at: Point


class LayoutOnMap(TypedDict):
    """A layout."""

    id: str
    title: str
    stations: list[Station]
    first_due: list[int]
    """Seconds of travel of the first suitable unit to each node, with all units in quarters; −1 for never."""


class SampledCalls(TypedDict):
    """Calls of one replication, as points."""

    layout: str
    replication: int
    total: int
    """How many there were."""
    dx: list[int]
    dy: list[int]
    type_of: list[int]
    """Index into the types."""
    types: list[str]
    first: list[int]
    """Seconds from the call to the first unit on scene; −1 for never."""


class Track(TypedDict):
    """Where something was: straight between keyframes, standing before the first and after the last.

    Where two keyframes are of one moment, the later one holds from then on. Empty without coordinates.
    """

    dt: list[int]
    dx: list[int]
    dy: list[int]


class Mover(TypedDict):
    """A unit or truck in a playback."""

    id: str
    type: str
    home: str
    """Station or depot."""
    track: Track
    states: list[tuple[int, int, int]]
    """Moment [ms from the begin], status (index), and call (index, −1 for none), from the begin on."""


class PlayedCall(TypedDict):
    """A call in a playback; moments in seconds from the start, None for never."""

    id: str
    type: str
    zone: str
    """Both as people call them: their titles, or else their ids."""
    at: Point
    received: float
    ready: float
    dispatched: float | None
    first: float | None
    erf: float | None
    closed: float | None
    levels: list[tuple[float, int]]
    """Alarm level from moments on; empty without levels."""


Noted = tuple[float, str, str, str]
"""Moment [s from the start], what was noted (an English word or two, which is translated), the unit and the
call that it is about, and details as they were logged."""


class Playback(TypedDict):
    """A stretch of one replication of one layout."""

    layout: str
    replication: int
    begin: float
    end: float
    """Seconds from the start."""
    start: str
    """The scenario's start, ISO 8601 with its offset."""
    why: str
    """``whole`` for a whole run, ``busiest`` for the day with the most calls, ``asked`` for one asked for."""
    statuses: list[str]
    """English words of the status board, for the indices; trucks have words of their own."""
    units: list[Mover]
    trucks: list[Mover]
    calls: list[PlayedCall]
    all_calls: int
    """Calls in this stretch; more than are listed where they were sampled."""
    notices: list[Noted]
    """What was told, in order of time."""
    all_notices: int
    near: NotRequired[float]
    """Within how many metres tracks are right; keyframes were left out up to that."""


class MapPayload(TypedDict):
    """Everything that the map shows."""

    geographic: bool
    """Whether coordinates are longitude and latitude; metres otherwise."""
    origin: tuple[float, float]
    scale: float
    box: tuple[int, int, int, int]
    """Least x, least y, greatest x, greatest y, in steps."""
    roads: Roads | None
    """None for a matrix of travel times."""
    node_dx: list[int]
    node_dy: list[int]
    zone_of: list[int]
    """Zone of each node, −1 for none."""
    zones: list[Zone]
    named: list[Node]
    reference: str
    layouts: list[LayoutOnMap]
    sites: list[Site]
    calls: SampledCalls | None
    playbacks: list[Playback]
    sources: NotRequired[list[str]]
    """Where the geography comes from, and what is approximate."""
