"""Staging: later units of a call wait at a staging area until the first one has sized up the scene.

Of the units sent to a call, the first ``from`` − 1 drive up; one that comes in place of another which
turned elsewhere drives up, too. Later ones drive to the staging area of the card that the call's level has
when they are sent, unless the scene has been sized up by then, or they are expected on scene before anybody
else, or their way to the scene is no longer than that to the area. From there they go forward once somebody
has been on scene for the size-up. As long as nobody has come, one who waits goes forward at once if it is
there before those on the way; when nobody is on the way, too, so that nobody waits for ever. Where no way
leads to the staging area and on to the scene, and for mutual aid, there is no staging.

Who is sent by order to wait somewhere goes forward by order only; nobody can order after the horizon, so that
who waits then goes home.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

from dispatch.engine.log import (
    AID,
    ALERTED,
    AVAILABLE,
    ENDING,
    FROM_ROAD,
    INCIDENT,
    ON_SCENE,
    SLOT,
    UNIT,
    WIDTH,
    Ordered,
    Staged,
)
from dispatch.engine.parts import Part
from dispatch.engine.rerouting import cut_off, turn_back
from dispatch.engine.rulebook import NEVER, Ending

if TYPE_CHECKING:
    from dispatch.engine.protocols import Need
    from dispatch.scenario.plans import Plans
    from dispatch.timeline import Timeline

MODE = "emergency"
"""How units drive to the staging area, and from there to the scene."""


@dataclass(slots=True, eq=False)
class _Stay:
    """One unit, from its alert until it goes forward or is taken off the call."""

    unit: int
    row: int
    call: int
    node: int
    size_up: float
    """Seconds after the first arrival at which it goes forward; infinite for who goes by order only."""
    arrived: float
    """As far as is known; ``LiveBoard.staged`` has it while the unit is to wait."""
    forward: float = NEVER


class Staging(Part):
    """Sends later units of a call to its staging area, and forward from there."""

    def __init__(self, timeline: Timeline, plans: Plans | None) -> None:
        self._plans = plans
        self._kind, self._received = timeline.kind.tolist(), timeline.received.tolist()
        self._node, self._aid_delay = timeline.node.tolist(), timeline.aid_delay
        self._sent: dict[int, list[int]] = {}
        """Rows of the responses to each call."""
        self._stays: dict[int, _Stay] = {}
        """By unit, until it goes forward or is taken off the call."""
        self._all: list[_Stay] = []
        self._woken: set[float] = set()
        """Moments at which those who wait are looked at."""
        self._ordered: dict[int, int] = {}
        """Where units are to wait by order that are just being sent: node by unit."""

    def committed(self, need: Need, unit: int, row: int) -> None:
        """Send a unit to the staging area, if it has to wait."""
        self._end(unit)  # it may have been diverted from one
        sent = self._sent.setdefault(need.incident, [])
        if unit in self._ordered:
            self._send(need, unit, row, self._ordered.pop(unit), inf)
            self.ops.at(max(self.ops.scenario.file.horizon, self.ops.board.now), partial(self._give_up, row))
            sent.append(row)
            return
        area = None if unit == AID or self._plans is None else self._area(need, self._plans)
        if area is not None:
            first, node, size_up = area
            if self._has_to_wait(need, row, first, size_up) and self._is_nearer(need, unit, node):
                self._send(need, unit, row, node, size_up)
        sent.append(row)

    def by_order(self, need: Need, unit: int, node: int) -> None:
        """Send a unit to wait at a node until it is ordered forward."""
        self._ordered[unit] = node
        self.ops.commit(need, unit)

    def refusal(self, unit: int, need: Need, node: int) -> str:
        """Return why a unit cannot be sent to wait at a node; empty if it can."""
        ops, board = self.ops, self.ops.board
        travel = ops.fleet.travels[unit]
        if board.idle[unit] and board.home_at[unit] <= board.now:
            position = ops.fleet.quarters[unit]
        else:
            position = board.whereabouts(unit)[1]
        there = travel.seconds(position, node, MODE)
        return "no way" if there + travel.seconds(travel.at(node), need.node, MODE) == inf else ""

    def waits(self, unit: int, call: int) -> bool:
        """Whether a unit waits for a call by order, or is on its way to where it will."""
        stay = self._stays.get(unit)
        waits = stay is not None and stay.call == call and stay.size_up == inf
        return waits and unit in self.ops.board.staged

    def forward(self, unit: int) -> None:
        """Send a unit forward that waits, or is on its way to where it would."""
        ops, now, stay = self.ops, self.ops.board.now, self._stays[unit]
        stay.arrived = ops.board.staged[unit]
        if stay.arrived <= now:
            self._go_forward(stay)
            return
        wait, position = ops.board.whereabouts(unit)
        node = ops.node[stay.call]
        seconds = ops.fleet.travels[unit].seconds(position, node, MODE)
        del self._stays[unit]
        stay.arrived = NEVER
        if seconds == inf:
            cut_off(ops, unit, stay.row, position)
            return
        del ops.board.staged[unit]
        stay.forward = now
        ops.set_out(unit, position, node, MODE, now + wait)
        ops.arrive_at(unit, stay.row, now + wait + seconds)

    def _give_up(self, row: int) -> None:
        """Let a unit go home that waits at the horizon, when nobody can order it forward any more."""
        stay = next((stay for stay in self._stays.values() if stay.row == row), None)
        if stay is not None and self.waits(stay.unit, stay.call):
            ops, unit, call = self.ops, stay.unit, stay.call
            turn_back(ops, unit, row, reopen=True)
            why = "turned back, since nobody orders it forward any more"
            ops.orders.append(Ordered(ops.board.now, "stage", ops.fleet.ids[unit], call, why))

    def _has_to_wait(self, need: Need, row: int, first: int, size_up: float) -> bool:
        """Whether enough others drive up, one of whom is to be there before, and none has sized up yet."""
        sent = self._sent[need.incident]
        if self._first(sent) + size_up <= self.ops.board.now:
            return False
        driving = [other for other in sent if self._drives_up(other)]
        if len(driving) < first - 1:
            return False
        return not driving or not self._due(row) < min(map(self._due, driving))

    def _is_nearer(self, need: Need, unit: int, node: int) -> bool:
        """Whether a unit is nearer to a staging area than to the scene; at the edge of the scene all are."""
        if node == need.node:
            return True
        board, travel = self.ops.board, self.ops.fleet.travels[unit]
        position = board.origin[unit]
        return travel.seconds(position, node, MODE) < travel.seconds(position, need.node, MODE)

    def _area(self, need: Need, plans: Plans) -> tuple[int, int, float] | None:
        """Return the first unit to wait, the staging area and the size-up of a call; None for no staging."""
        call = need.incident
        kind, received, level = self._kind[call], self._received[call], self.ops.level[call]
        level = level or plans.first_level(kind, need.node, received)  # recorded calls have none
        staging = plans.card(kind, need.node, level, received).staging
        if staging is None:
            return None
        node = need.node if staging.at is None else plans.areas[staging.at]
        if node == need.node and staging.size_up == 0.0:
            return None
        return staging.from_unit, node, staging.size_up

    def _drives_up(self, row: int) -> bool:
        """Whether a unit has come or is on its way to the scene, not to a staging area."""
        rows = self.ops.rows
        if any(stay.row == row for stay in self._stays.values()):
            return False
        if rows[row + ENDING] == Ending.CANCELLED:  # which nobody knows before it happens
            return bool(rows[row + AVAILABLE] > self.ops.board.now)
        return bool(rows[row + ON_SCENE] == rows[row + ON_SCENE])

    def _first(self, sent: list[int]) -> float:
        """Return when the first is or was on scene, as far as that is in the log; infinite for nobody."""
        rows = self.ops.rows
        return min((rows[row + ON_SCENE] for row in sent if rows[row + ON_SCENE] >= 0.0), default=inf)

    def _due(self, row: int) -> float:
        """Return when a unit that drives up is expected on scene, or when it came.

        Neither a turnout that is not over nor a call-off is known before it happens.
        """
        ops, board = self.ops, self.ops.board
        rows, fleet, unit = ops.rows, ops.fleet, int(ops.rows[row + UNIT])
        if rows[row + ON_SCENE] <= board.now:
            return rows[row + ON_SCENE]
        if unit == AID:
            outbound, node = fleet.aid_outbound, self._node[int(rows[row + INCIDENT])]
            left = rows[row + ALERTED] + float(self._aid_delay[int(rows[row + SLOT])])
            return left + (0.0 if outbound is None else outbound[node])
        left = board.left[unit]
        if left > board.now and rows[row + FROM_ROAD] != 1:  # it turns out
            left = max(board.now, rows[row + ALERTED] + fleet.mean_turnout[unit] + fleet.mean_delay[unit])
        return left + board.travel[unit].seconds(board.origin[unit], board.target[unit], board.mode[unit])

    def _send(self, need: Need, unit: int, row: int, node: int, size_up: float) -> None:
        """Let a unit that has been sent drive to a staging area, if ways lead there and on to the scene."""
        ops, board = self.ops, self.ops.board
        travel, position, left = ops.fleet.travels[unit], board.origin[unit], board.left[unit]
        arrived = left + travel.seconds(position, node, MODE)
        if arrived == inf or travel.seconds(travel.at(node), need.node, MODE) == inf:
            return
        ops.set_out(unit, position, node, MODE, left)
        ops.arrive_at(unit, row, inf)
        board.staged[unit] = arrived
        stay = self._stays[unit] = _Stay(unit, row, need.incident, node, size_up, arrived)
        self._all.append(stay)

    def settle(self) -> None:
        """Let those go forward whose time has come."""
        staged, now = self.ops.board.staged, self.ops.board.now
        for unit in [unit for unit in self._stays if unit not in staged]:
            self._end(unit)
        waiting: dict[int, list[_Stay]] = {}
        for unit, stay in self._stays.items():
            stay.arrived = staged[unit]
            if stay.size_up == inf:
                continue
            if stay.arrived <= now:
                waiting.setdefault(stay.call, []).append(stay)
            else:
                self._wake(stay.arrived)
        for call, stays in sorted(waiting.items()):
            self._look(call, sorted(stays, key=lambda stay: (stay.arrived, stay.row)))

    def _end(self, unit: int) -> None:
        """Note that a unit has been taken off its call, or drives straight on for want of a way."""
        stay = self._stays.pop(unit, None)
        if stay is None:
            return
        if stay.arrived > self.ops.board.now:
            stay.arrived = NEVER
        if self._drives_up(stay.row):
            stay.forward = self.ops.board.now

    def _look(self, call: int, waiting: list[_Stay]) -> None:
        """Send those forward who wait for a call, if it is time, or come back when it may be."""
        now, sent = self.ops.board.now, self._sent[call]
        driving = [row for row in sent if self._drives_up(row)]
        due = min(map(self._due, driving), default=inf)
        if due > now:  # nobody is there
            soonest = min(waiting, key=self._seconds_on)  # of several the first to come
            if not driving or now + self._seconds_on(soonest) < due:
                waiting.remove(soonest)
                self._go_forward(soonest)
        first = self._first(sent)
        for stay in waiting:
            if first + stay.size_up <= now:
                self._go_forward(stay)
            elif first < inf:
                self._wake(first + stay.size_up)

    def _seconds_on(self, stay: _Stay) -> float:
        """Return the seconds from the staging area to the scene, infinite where no way leads."""
        travel = self.ops.fleet.travels[stay.unit]
        return travel.seconds(travel.at(stay.node), self.ops.node[stay.call], MODE)

    def _go_forward(self, stay: _Stay) -> None:
        """Send a unit from the staging area to the scene; if roads have closed, it is cut off."""
        ops, now, unit = self.ops, self.ops.board.now, stay.unit
        del self._stays[unit]
        travel, node = ops.fleet.travels[unit], ops.node[stay.call]
        position = travel.at(stay.node)
        seconds = travel.seconds(position, node, MODE)
        if seconds == inf:
            cut_off(ops, unit, stay.row, position)
            ops.wake_at(now)  # its need is open again
            return
        del ops.board.staged[unit]
        stay.forward = now
        ops.set_out(unit, position, node, MODE, now)
        ops.arrive_at(unit, stay.row, now + seconds)

    def _wake(self, moment: float) -> None:
        """Look again at a moment."""
        if moment not in self._woken:
            self._woken.add(moment)
            self.ops.wake_at(moment)

    def records(self) -> dict[str, Any]:
        """Return who was staged."""
        stays = sorted(self._all, key=lambda stay: stay.row)
        found = (Staged(stay.row // WIDTH, stay.node, stay.arrived, stay.forward) for stay in stays)
        return {"stagings": tuple(found)}
