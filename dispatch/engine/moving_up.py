"""Moving up: what a policy is shown and answers, how often units may be moved, and the moves themselves."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from dispatch.durations import mean
from dispatch.engine.log import ALERTED, AVAILABLE, IN_QUARTERS, INCIDENT, ON_SCENE, MoveUp
from dispatch.engine.parts import Part
from dispatch.engine.rulebook import NEVER
from dispatch.scenario.conditions import Conditions
from dispatch.scenario.moving_up import movable_units

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dispatch.engine.fleet import Fleet
    from dispatch.engine.operations import Operations
    from dispatch.engine.protocols import Need
    from dispatch.model.moving_up import MovingUp
    from dispatch.roads.travel import Position
    from dispatch.scenario.scenario import Scenario
    from dispatch.timeline import Timeline

BY_ORDER = "order"
"""Why a unit moves that is ordered to."""

OFF_DUTY = "off duty"
"""Why a unit goes back to its own station when its crew goes off duty; policies have words of their own."""

HOUR = 3600.0


class Order(NamedTuple):
    """A free unit is to move to a station."""

    unit: int
    site: int
    """Index into the layout's sites."""
    reason: str
    """One word for the log."""


@dataclass(frozen=True, slots=True)
class FreeUnit:
    """A unit that could be dispatched."""

    unit: int
    at: int
    """Station where it stands or is bound for."""
    home: int
    """Its own station."""
    seconds: Sequence[float]
    """Driving time from where it is now to each station [S]."""
    may_move: bool
    """Whether it may be moved now."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a move-up policy sees at one moment."""

    now: float
    free: tuple[FreeUnit, ...]
    """Free units of the group, by number."""
    due: tuple[tuple[int, float], ...]
    """Own station, and when it is expected back there, of each unit that is out on a call."""
    released: frozenset[int]
    """Units that have become free just now."""


class MoveUpPolicy(Protocol):
    """Decides who moves up where."""

    name: str

    def orders(self, situation: Situation) -> Sequence[Order]:
        """Return moves of free units, each at most one."""


class Ledger:
    """Keeps count of the moves of units: at most so many begun in any hour, and a rest after each.

    An hour holds its first moment and not its last, so that a unit with one move an hour may begin the next
    exactly an hour later.
    """

    def __init__(self, per_hour: int, rest: float) -> None:
        self._per_hour, self._rest = per_hour, rest
        self._begun: dict[int, list[float]] = {}
        self._until: dict[int, float] = {}

    def may(self, unit: int, now: float) -> bool:
        """Return whether a unit may begin a move."""
        if now < self._until.get(unit, now):
            return False
        recent = [moment for moment in self._begun.get(unit, ()) if now - moment < HOUR]
        return len(recent) < self._per_hour

    def note(self, unit: int, now: float, arrives: float) -> None:
        """Count a move that begins now; the unit has its rest after it arrives."""
        begun = [moment for moment in self._begun.get(unit, ()) if now - moment < HOUR]
        self._begun[unit] = [*begun, now]
        self._until[unit] = arrives + self._rest

    def amend(self, unit: int, arrives: float) -> None:
        """Let the rest of a unit under way begin when it arrives now; a drive that is no move has none."""
        if unit in self._until:
            self._until[unit] = arrives + self._rest

    def end(self, unit: int) -> None:
        """Forget the rest of a unit that is sent to a call, or home off duty: that is no move."""
        self._until.pop(unit, None)


def movable(scenario: Scenario, fleet: Fleet) -> list[int]:
    """Return the units that may be moved, by number."""
    names = set(movable_units(scenario.file, fleet.layout))
    return [unit for unit, name in enumerate(fleet.ids) if name in names]


class MoveUps(Part):
    """Moves free units to other stations, and back, as a policy says after each decision.

    Without a policy units are moved by order only. A unit that moves drives in mode ``normal``, without
    turnout, and may be sent from the road; where it has arrived it stands as in quarters until it is sent to
    a call or moved again. After a call it goes to its own station.
    """

    def __init__(
        self,
        scenario: Scenario,
        fleet: Fleet,
        timeline: Timeline,
        terms: MovingUp | None,
        make: Callable[[Callable[[], Fleet]], MoveUpPolicy] | None,
    ) -> None:
        self._make, self._group = make, movable(scenario, fleet)
        self._ledger = Ledger(terms.most_moves.per_unit_hour, terms.rest) if terms else Ledger(0, 0.0)
        self._work = [_mean_work(scenario, kind) for kind in range(len(scenario.kinds))]
        rests = {name: scenario.file.unit_types[name].turnaround for name in set(fleet.types)}
        means = {name: 0.0 if each is None else mean(each) for name, each in rests.items()}
        self._turnaround = [means[name] for name in fleet.types]
        """Mean seconds of restocking after a call [U]."""
        self._kind = timeline.kind.tolist()
        self._nodes = [site.node for site in fleet.layout.sites]
        self._home = list(fleet.site)
        self._site = list(fleet.site)
        """Station where each unit stands or is bound for [U]."""
        self._seen = [(True, -1)] * len(fleet)
        """Whether each unit was free, and its last response, at the decision before [U]."""
        self._between: dict[tuple[Conditions, int, int], tuple[float, ...]] = {}
        self._moves: list[MoveUp] = []
        self._last: dict[int, int] = {}
        """Number of the last move of each unit that is on no call since."""

    def join(self, ops: Operations) -> None:
        """Show the policy, if there is one, the roads as they are at any moment."""
        self.ops = ops
        self._policy = None if self._make is None else self._make(lambda: ops.fleet)

    def records(self) -> dict[str, Any]:
        """Return the moves."""
        return {"move_ups": tuple(self._moves)}

    def committed(self, need: Need, unit: int, row: int) -> None:  # noqa: ARG002 - where to does not matter
        """Take note that a unit has left its move, or its station, for a call."""
        if unit in self._last:
            self._end(unit)
            del self._last[unit]
            self._ledger.end(unit)
            self._site[unit] = self._home[unit]

    def settle(self) -> None:
        """Let those who are off duty go home, and ask the policy about the others."""
        board = self.ops.board
        for unit in sorted(board.off_duty & set(board.moved)):
            if board.base[unit] != self.ops.fleet.home[unit]:
                self._start(unit, self._home[unit], OFF_DUTY)
                self._ledger.end(unit)
        if self._policy is None:
            return
        situation = self._situation()
        for order in self._policy.orders(situation):
            self._start(order.unit, order.site, order.reason)
            self._ledger.note(order.unit, board.now, self._moves[-1].arrives)

    def order(self, unit: int, site: int) -> str:
        """Move a free unit to a station by order; return why not, empty if it goes."""
        if self._site[unit] == site:
            return "there already, or on its way there"
        travel = self.ops.fleet.travels[unit]
        if travel.seconds(self._position(unit), self._nodes[site], "normal") == inf:
            return "no way"
        self._start(unit, site, BY_ORDER)
        self._ledger.note(unit, self.ops.board.now, self._moves[-1].arrives)
        return ""

    def roads_changed(self) -> None:
        """Let units look for their way again, from the next node; who has none waits where it is."""
        board = self.ops.board
        for unit, arrives in sorted(board.moved.items()):
            if arrives > board.now:
                self._look_again(unit, arrives)

    def _situation(self) -> Situation:
        """Return what the policy is shown."""
        ops, board = self.ops, self.ops.board
        free, due, released = [], [], set()
        for unit in self._group:
            state = board.idle[unit], ops.row_of[unit]
            if board.idle[unit] and unit not in board.stranded:
                if state != self._seen[unit]:
                    released.add(unit)
                free.append(self._free(unit))
            elif not board.idle[unit] and unit not in board.off_duty:
                due.append((self._home[unit], self._due(unit)))
            self._seen[unit] = state
        return Situation(board.now, tuple(free), tuple(due), frozenset(released))

    def _free(self, unit: int) -> FreeUnit:
        may = self._ledger.may(unit, self.ops.board.now)
        seconds = self._seconds(unit) if may else (inf,) * len(self._nodes)
        return FreeUnit(unit, self._site[unit], self._home[unit], seconds, may)

    def _stands(self, unit: int) -> bool:
        """Return whether a free unit stands at a station, its own or another."""
        board = self.ops.board
        return board.home_at[unit] <= board.now or board.stands_elsewhere(unit)

    def _position(self, unit: int) -> Position:
        """Return where a free unit is: at the station where it stands, or on the road."""
        board = self.ops.board
        if self._stands(unit):
            return self.ops.fleet.travels[unit].at(board.base[unit])
        return board.whereabouts(unit)[1]

    def _seconds(self, unit: int) -> tuple[float, ...]:
        """Return driving times from where a free unit is to all stations [S]."""
        if not self._stands(unit):
            return self._drives(unit)
        key = (self.ops.fleet.conditions, unit, self.ops.board.base[unit])
        if key not in self._between:
            self._between[key] = self._drives(unit)
        return self._between[key]

    def _drives(self, unit: int) -> tuple[float, ...]:
        travel, position = self.ops.fleet.travels[unit], self._position(unit)
        return tuple(travel.seconds(position, node, "normal") for node in self._nodes)

    def _due(self, unit: int) -> float:
        """Return when a unit that is out is expected ready in quarters, by mean times; now if late."""
        ops, row = self.ops, self.ops.row_of[unit]
        now, home_at, available = ops.board.now, ops.rows[row + IN_QUARTERS], ops.rows[row + AVAILABLE]
        if home_at == home_at:
            return float(max(home_at, available) if available == available else home_at)
        call = int(ops.rows[row + INCIDENT])
        busy, work = self._work[self._kind[call]]
        if busy is not None:
            return float(max(now, ops.rows[row + ALERTED] + busy))
        arrives = ops.rows[row + ON_SCENE]
        there = arrives if arrives == arrives else ops.board.arrives[unit]
        home = ops.fleet.homebound[unit][ops.node[call]]
        return float(max(now, there + work + home + self._turnaround[unit]))

    def _start(self, unit: int, site: int, reason: str) -> None:
        """Set a free unit, or one whose crew goes off duty, on its way to a station."""
        ops, board, now = self.ops, self.ops.board, self.ops.board.now
        stands, position, node = self._stands(unit), self._position(unit), self._nodes[site]
        travel, row = ops.fleet.travels[unit], ops.row_of[unit]
        self._end(unit)
        if not stands and unit not in board.moved and row >= 0:
            ops.rows[row + IN_QUARTERS] = NEVER  # it does not come home from its call
        arrives = now + travel.seconds(position, node, "normal")
        origin = self._site[unit] if stands else -1
        self._last[unit], self._site[unit] = len(self._moves), site
        self._moves.append(MoveUp(unit, origin, site, now, arrives, reason))
        ops.set_out(unit, position, node, "normal", now)
        self._set_arrival(unit, arrives)

    def _set_arrival(self, unit: int, arrives: float) -> None:
        board = self.ops.board
        (board.stranded.add if arrives == inf else board.stranded.discard)(unit)
        board.set_moved(unit, self._nodes[self._site[unit]], arrives)
        number = self._last[unit]
        self._moves[number] = self._moves[number]._replace(arrives=arrives if arrives < inf else NEVER)

    def _end(self, unit: int) -> None:
        """Note that a unit does not arrive from the move it is on, if it is on one."""
        number = self._last.get(unit)
        if number is not None and not self._moves[number].arrives <= self.ops.board.now:
            self._moves[number] = self._moves[number]._replace(arrives=NEVER)

    def _look_again(self, unit: int, arrives: float) -> None:
        """Re-plan a move under way; it keeps the period of the week in which it set out."""
        ops, board, now = self.ops, self.ops.board, self.ops.board.now
        fleet = ops.fleet.under(Conditions(board.conditions[unit].period, ops.fleet.conditions.closures))
        old, new = board.travel[unit], fleet.travels[unit]
        if old.network.digest == new.network.digest:
            return
        _, position = board.whereabouts(unit)
        node = board.base[unit]
        then = now + new.seconds(position, node, "normal")
        if then >= arrives and new.may_stay(old, position, node, "normal"):
            return
        ops.set_out(unit, position, node, "normal", now, fleet)
        self._set_arrival(unit, then)
        self._ledger.amend(unit, then)


def _mean_work(scenario: Scenario, kind: int) -> tuple[float | None, float]:
    """Return the mean busy time of an incident type, None if it states none, and the mean time at work."""
    stated = scenario.kinds[kind].type
    work = sum(
        mean(part) for part in (stated.on_scene, stated.transport, stated.hand_over) if part is not None
    )
    return None if stated.busy is None else mean(stated.busy), work
