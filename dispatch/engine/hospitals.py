"""Patients on their way to hospital: where they are taken, and when a place is free for them there.

A unit that is done on scene takes its patient to the nearest suitable hospital, chosen at that moment by the
roads and hospitals as they are then. Of suitable hospitals those that divert are passed over, unless all do;
then those whose places are all taken or spoken for by units on their way there, unless all are, or the
others are farther than the nearest one's ``most_detour`` allows. Where no place is free on arrival, units
wait in the order in which they came.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dispatch.engine.board import MARGIN
from dispatch.engine.log import (
    AT_HOSPITAL,
    ENDING,
    INCIDENT,
    RETURNING,
    SLOT,
    WIDTH,
    Admission,
    Move,
)
from dispatch.engine.parts import Part
from dispatch.engine.rulebook import NEVER, Ending
from dispatch.scenario.conditions import Conditions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatch.engine.fleet import Fleet
    from dispatch.roads.travel import Position
    from dispatch.scenario.hospitals import HospitalSite
    from dispatch.scenario.scenario import Scenario
    from dispatch.timeline import Timeline

MODE = "normal"
"""How units drive to hospital: without siren."""

NEAREST, NEAREST_OPEN, NEAREST_FREE = "nearest", "nearest_open", "nearest_free"
"""The nearest suitable hospital; the nearest that does not divert; the nearest of these with a place."""
ALL_FULL, TOO_FAR, ALL_DIVERTING = "all_full", "too_far", "all_diverting"
"""The nearest, where no place is free anywhere, or none near enough; one that diverts, because all do."""
WORDS = {
    NEAREST: "the nearest",
    NEAREST_OPEN: "the nearest that does not divert",
    NEAREST_FREE: "the nearest with a free place",
    ALL_FULL: "the nearest, as no place is free anywhere",
    TOO_FAR: "the nearest, as those with a free place are too far",
    ALL_DIVERTING: "in spite of its diversion, as all divert",
}
"""Why, for people."""
FULL, DIVERTING = "full", "diverting"
"""Why a nearer hospital was passed over."""


class Choice(NamedTuple):
    """A hospital chosen."""

    hospital: int
    why: str
    passed: tuple[tuple[int, str], ...]
    """Nearer ones that were passed over, and why."""


def choose(
    sites: Sequence[HospitalSite], options: Sequence[tuple[float, int]], load: Sequence[int], moment: float
) -> Choice | None:
    """Choose among hospitals, given as (seconds, index); None where no way leads to any.

    ``load`` is the number of places taken, waited for or bound for, by hospital. Equally near hospitals go
    by the place of their nodes, then by id.
    """
    ranked = sorted((seconds, sites[h].node, h) for seconds, h in options if seconds < inf)
    hospitals = [h for *_, h in ranked]
    if not hospitals:
        return None
    accepting = [h for h in hospitals if not sites[h].diverts(moment)]
    asked, drive = accepting or hospitals, {h: seconds for seconds, _, h in ranked}
    free = [h for h in asked if load[h] < sites[h].beds]
    longest = drive[asked[0]] + sites[asked[0]].most_detour + MARGIN
    near = [h for h in free if drive[h] <= longest]
    chosen = (near or asked)[0]
    nearer = hospitals[: hospitals.index(chosen)]
    passed = tuple((h, FULL if h in asked else DIVERTING) for h in nearer)
    if not accepting:
        why = ALL_DIVERTING
    elif not near:
        why = TOO_FAR if free else ALL_FULL
    elif not passed:
        why = NEAREST
    else:
        why = NEAREST_FREE if any(word == FULL for _, word in passed) else NEAREST_OPEN
    return Choice(chosen, why, passed)


@dataclass(slots=True, eq=False)
class _Stay:
    """One patient, from the scene to the end of the hand-over."""

    row: int
    choice: Choice
    left: float
    arrived: float
    began: float = NEVER
    ended: float = NEVER


class Hospitals(Part):
    """Takes patients to hospital; a unit goes home from there."""

    def __init__(self, scenario: Scenario, timeline: Timeline) -> None:
        self._sites = scenario.hospitals
        self._carries = (np.isnan(timeline.transport) & np.isnan(timeline.busy)).tolist()
        self._hand_over = timeline.hand_over.tolist()
        kind_of = timeline.kind.tolist()
        suitable = {kind: _suitable(scenario, kind) for kind in set(kind_of)}
        self._suitable = [suitable[kind] for kind in kind_of]
        """Suitable hospitals of each call [n]."""
        self._bound = [0] * len(self._sites)
        """Number of units on their way to each hospital."""
        self._taken: list[list[float]] = [[] for _ in self._sites]
        """When each place of a hospital that is taken, or waited for by somebody there, is free again."""
        self._stays: dict[int, _Stay] = {}
        """By unit, until the end of its hand-over."""
        self._stuck: dict[int, tuple[int, Position]] = {}
        """Units with a patient and no way to any hospital: row and position."""
        self._all: list[_Stay] = []
        self._trips: list[Move] = []

    def takes_on(self, unit: int, row: int) -> bool:
        """Send a unit that is clear to hospital, let it wait and hand over there, and let it go."""
        now, stay = self.ops.board.now, self._stays.get(unit)
        if stay is None:
            if not self._has_patient(row):
                return False
            node = self.ops.node[int(self.ops.rows[row + INCIDENT])]
            stay = self._leave(unit, row, self.ops.fleet.travels[unit].at(node))
            if stay is None:
                return True
        if stay.arrived > now:
            self.ops.release_at(unit, row, stay.arrived)
            return True
        if stay.ended != stay.ended:
            self._admit(stay)
        if stay.ended > now:
            self.ops.release_at(unit, row, stay.ended)
            return True
        del self._stays[unit]
        self.ops.rows[row + RETURNING] = now
        self.ops.stands[unit] = self._sites[stay.choice.hospital].node
        return False

    def _has_patient(self, row: int) -> bool:
        """Whether a unit that is clear has somebody to take to hospital, whom it has not taken there yet."""
        rows = self.ops.rows
        served = rows[row + ENDING] == Ending.SERVED and self._carries[int(rows[row + SLOT])]
        return bool(served and rows[row + AT_HOSPITAL] != rows[row + AT_HOSPITAL])

    def _leave(self, unit: int, row: int, position: Position) -> _Stay | None:
        """Choose a hospital and set out for it; without any way the unit waits until roads change."""
        ops, now = self.ops, self.ops.board.now
        self._stuck.pop(unit, None)
        travel = ops.fleet.travels[unit]
        suitable = self._suitable[int(ops.rows[row + INCIDENT])]
        options = [(travel.seconds(position, self._sites[h].node, MODE), h) for h in suitable]
        choice = choose(self._sites, options, self._load(now), now)
        ops.rows[row + RETURNING] = NEVER
        if choice is None:
            self._stuck[unit] = row, position
            ops.release_at(unit, row, inf)
            return None
        seconds = next(seconds for seconds, h in options if h == choice.hospital)
        stay = self._stays[unit] = _Stay(row, choice, now, now + seconds)
        self._all.append(stay)
        self._bound[stay.choice.hospital] += 1
        self._set_out(unit, stay, position)
        return stay

    def _load(self, now: float) -> list[int]:
        """Return how many places of each hospital are taken, waited for or bound for."""
        for taken in self._taken:
            del taken[: bisect_right(taken, now)]
        return [bound + len(taken) for bound, taken in zip(self._bound, self._taken, strict=True)]

    def _set_out(self, unit: int, stay: _Stay, position: Position, fleet: Fleet | None = None) -> None:
        """Put a unit on its way to its hospital."""
        board, node = self.ops.board, self._sites[stay.choice.hospital].node
        board.set_trip(unit, position, node, MODE, board.now, fleet)
        response, conditions = stay.row // WIDTH, board.conditions[unit]
        self._trips.append(Move(unit, response, board.now, position, node, MODE, conditions))

    def roads_changed(self) -> None:
        """Plan the trips to hospital anew, and let those set out who had no way."""
        now = self.ops.board.now
        for unit, (row, position) in list(self._stuck.items()):
            self._leave_again(unit, row, position)
        for unit, stay in list(self._stays.items()):
            if stay.arrived > now and stay.left < now:
                self._look_again(unit, stay)

    def _leave_again(self, unit: int, row: int, position: Position) -> None:
        stay = self._leave(unit, row, position)
        if stay is not None:
            self.ops.release_at(unit, row, stay.arrived)

    def _look_again(self, unit: int, stay: _Stay) -> None:
        """Re-plan a trip to hospital; a unit that is cut off chooses another hospital from where it is."""
        ops, board, node = self.ops, self.ops.board, self._sites[stay.choice.hospital].node
        fleet = ops.fleet.under(Conditions(board.conditions[unit].period, ops.fleet.conditions.closures))
        old, new = board.travel[unit], fleet.travels[unit]
        if old.network.digest == new.network.digest:
            return
        position = board.whereabouts(unit)[1]
        drive = (position, node, MODE)
        arrives = board.now + new.seconds(*drive)
        if arrives >= stay.arrived and new.may_stay(old, *drive):
            return
        self._set_out(unit, stay, position, fleet)
        if arrives == inf:
            self._bound[stay.choice.hospital] -= 1
            self._all.remove(stay)
            del self._stays[unit]
            self._leave_again(unit, stay.row, position)
        elif old.paced or old.ground.seconds(*drive) != new.ground.seconds(*drive):
            stay.arrived = arrives
            ops.release_at(unit, stay.row, arrives)

    def _admit(self, stay: _Stay) -> None:
        """Give a patient who arrives the first place that is free when all before have had theirs."""
        now, site, taken = (
            self.ops.board.now,
            self._sites[stay.choice.hospital],
            self._taken[stay.choice.hospital],
        )
        self._bound[stay.choice.hospital] -= 1
        del taken[: bisect_right(taken, now)]
        # of n patients there, whose moments of leaving are known, all but c − 1 have to leave first
        stay.began = now if len(taken) < site.beds else taken[len(taken) - int(site.beds)]
        stay.ended = stay.began + self._hand_over[int(self.ops.rows[stay.row + SLOT])]
        insort(taken, stay.ended + site.turnover)
        self.ops.rows[stay.row + AT_HOSPITAL] = now

    def records(self) -> dict[str, Any]:
        """Return who was taken where, and the trips there."""
        admissions = [
            Admission(
                stay.row // WIDTH,
                stay.choice.hospital,
                stay.left,
                stay.arrived,
                stay.began,
                stay.ended,
                stay.choice.why,
                stay.choice.passed,
            )
            for stay in self._all
        ]
        return {"admissions": tuple(admissions), "transports": tuple(self._trips)}


def _suitable(scenario: Scenario, kind: int) -> tuple[int, ...]:
    """Return the hospitals that take patients of calls of a kind."""
    transport = scenario.kinds[kind].type.to_hospital
    if transport is None:
        return ()
    return tuple(h for h, site in enumerate(scenario.hospitals) if site.takes(transport.needs))
