"""A policy under observation: what it was shown and what it answered whenever one call was concerned."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from math import inf, nan
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dispatch.engine.board import LiveBoard, Status
from dispatch.engine.parts import Part
from dispatch.engine.rulebook import may_divert
from dispatch.engine.tiers import NEVER_GO, term_against
from dispatch.policies.assigning import Assignment
from dispatch.policies.covering import CoverageAware
from dispatch.policies.dispatching import Nearest, RunCardOrder, idle_capabilities

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from dispatch.engine.log import Log
    from dispatch.engine.protocols import DispatchPolicy, Need, StatusBoard
    from dispatch.policies.covering import Weighed

COMMITTED = ""
"""Status of a unit that is at work: what it does, the finished log tells better."""

OFF_DUTY = "off duty"
"""Status of a unit that is not at work and cannot be sent all the same."""

UNDER_WAY = tuple(each.value for each in (Status.TURNING_OUT, Status.EN_ROUTE, Status.STAGED))
"""What units do that are bound for a call."""

IDLE = tuple(each.value for each in (Status.IN_QUARTERS, Status.RETURNING, Status.MOVING_UP, Status.MOVED_UP))
"""What units do that can be dispatched as they stand."""

RULES: dict[type, str] = {each: each.name for each in (Nearest, RunCardOrder, Assignment, CoverageAware)}
"""Policies whose reasons are known; what is derived from them may choose otherwise."""


class Seen(NamedTuple):
    """One unit that has what a need asks for, as the policy saw it."""

    unit: int
    status: str
    """COMMITTED, or a Status."""
    call: int
    """What it is on, or was last on where it is on its way home; −1 for none."""
    response: int
    """Row of that response; −1 for none."""
    why: str
    """Why it is no candidate; empty for a candidate."""
    seconds: float
    """Expected time until it gets there; NaN for no candidate."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One consultation at which a need of the call was open."""

    time: float
    needs: tuple[Need, ...]
    """The open needs of the call."""
    seen: dict[int, list[Seen]]
    """Able units by the slot of each need, candidates first, in the order in which they get there."""
    answer: list[tuple[Need, int]]
    """All that was answered, for other calls too."""
    done: int
    """How much of the answer was carried out before the policy was asked anew."""
    again: bool
    """Whether the policy is asked anew about all that is left: after a diversion, or after each unit."""
    first_due: tuple[int, ...]
    """The place's first-due list."""
    matched: int
    """Number of needs of the call's priority that a joint matching has before it."""
    weighed: dict[int, list[Weighed]]
    """What a policy that weighs cover reckoned for each unit, the least cost first, by the slot of each need
    that it answered so."""

    @property
    def carried_out(self) -> dict[int, Need]:
        """Need by unit that was really sent."""
        return {unit: need for need, unit in self.answer[: self.done]}


class Watch:
    """Stands before a policy, passes everything on unchanged and notes what concerns one call."""

    def __init__(self, call: int) -> None:
        self.call = call
        self.asked: list[Asked] = []

    def __call__(self, policy: DispatchPolicy) -> Watch:
        """Stand before a policy."""
        self._policy, self.name = policy, policy.name
        return self

    @property
    def rule(self) -> str:
        """Name of the policy's rule where it is known, else empty."""
        return RULES.get(type(self._policy), "")

    def choose(self, needs: Sequence[Need], board: StatusBoard) -> list[tuple[Need, int]]:
        """Ask the policy; note what it saw, and what it says."""
        own = tuple(need for need in needs if need.incident == self.call)
        seen = {need.slot: self._look(need, board) for need in own}
        answer = [(need, int(unit)) for need, unit in self._policy.choose(needs, board)]
        done, again = 0, False
        assert isinstance(board, LiveBoard)
        for _, unit in answer:
            done += 1
            again = not board.idle[unit] or board.one_by_one
            if again:
                break  # the engine asks again before it sends anybody else
        if own:
            listed = board.fleet.first_due.get(own[0].node, ())
            matched = _matched(needs, own[0].priority, answer, board)
            weighed = dict(self._weighed(answer, board))
            self.asked.append(Asked(board.now, own, seen, answer, done, again, listed, matched, weighed))
        return answer

    def _weighed(
        self, answer: Sequence[tuple[Need, int]], board: StatusBoard
    ) -> Iterator[tuple[int, list[Weighed]]]:
        """Let a policy that weighs cover tell what it reckoned for the needs of the call that it answered."""
        policy, taken = self._policy, set[int]()
        if type(policy) is not CoverageAware:
            return
        for need, unit in answer:
            if need.incident == self.call and policy.weighs(need):
                yield need.slot, sorted(policy.weigh(need, board, taken, every=True))
            taken.add(unit)

    def _look(self, need: Need, board: StatusBoard) -> list[Seen]:
        gone, road = board.gone(need), set(board.on_the_road(need))
        able = [unit for unit, has in enumerate(board.fleet.capabilities) if need.capability in has]
        seen = [self._glance(unit, need, board, gone, road) for unit in able]
        return sorted(seen, key=lambda one: (one.why != "", 0.0 if one.why else one.seconds, one.unit))

    def _glance(
        self, unit: int, need: Need, board: StatusBoard, gone: Collection[int], road: Collection[int]
    ) -> Seen:
        """Tell what a unit is doing, and when it could be there or why it cannot be sent."""
        assert isinstance(board, LiveBoard)
        now, at_home = board.now, board.idle[unit] and board.home_at[unit] <= board.now
        call, response = board.last_sent(unit)
        if at_home:
            status, call, response = Status.IN_QUARTERS.value, -1, -1
        elif board.idle[unit] and unit in board.moved and board.base[unit] != board.fleet.home[unit]:
            status = (Status.MOVED_UP if board.stands_elsewhere(unit) else Status.MOVING_UP).value
            call, response = -1, -1
        elif board.idle[unit]:
            status = Status.RETURNING.value
        elif board.staged.get(unit, inf) <= now:
            status = Status.STAGED.value
        elif board.arrives[unit] > now:
            status = (Status.TURNING_OUT if board.left[unit] > now else Status.EN_ROUTE).value
        else:
            status = COMMITTED
        why, seconds = "", nan
        barred = _barred_by(unit, need, board, at_home=at_home) if unit in gone else ""
        if status in UNDER_WAY and call == need.incident:
            why = "already_sent"
        elif barred in ("already_sent", *NEVER_GO) or (barred and (at_home or unit in road)):
            why = barred
        elif at_home or unit in road:
            seconds = (
                board.fleet.expected(unit, need.node) if at_home else board.seconds_from_road(unit, need.node)
            )
            why = "" if seconds < inf else "no_way"
        elif status == COMMITTED:
            why = "busy"
        elif board.diversion and not may_divert(need.priority, board.bound_for[unit]):
            why = "as_urgent"
        else:
            why = "under_way"
        return Seen(unit, status, call, response, why, nan if why else seconds)


def _barred_by(unit: int, need: Need, board: LiveBoard, *, at_home: bool) -> str:
    """Return why a unit must not be sent to a need, though it may be free.

    That it has been sent to the call already is the reason of a unit that is back in quarters only where
    nothing else keeps it there.
    """
    if not at_home and unit in board.sent.get(need.incident, ()):
        return "already_sent"
    for bar in board.barring:
        if unit in bar(need):
            part = getattr(bar, "__self__", None)
            return part.why_barred(need, unit) if isinstance(part, Part) else Part.because
    return "already_sent"


def _matched(
    needs: Sequence[Need], priority: int, answer: Sequence[tuple[Need, int]], board: StatusBoard
) -> int:
    """Count the needs of a priority that a joint matching takes up once more urgent ones are served."""
    taken = {unit for need, unit in answer if need.priority < priority}
    able = None if board.diversion else idle_capabilities(board, taken)
    return sum(need.priority == priority and (able is None or need.capability in able) for need in needs)


def not_asked(log: Log, rows: Rows, call: int, slots: Sequence[int], time: float) -> dict[int, list[Seen]]:
    """Return the able units by slot, all of them at work or off duty, when the policy was not even asked."""
    seen: dict[int, list[Seen]] = {}
    for slot in slots:
        capability = int(log.timeline.capability[slot])
        able = [unit for unit, has in enumerate(log.fleet.capabilities) if capability in has]
        seen[slot] = [_at_work(log, rows, unit, call, time) for unit in able]
    return seen


def _at_work(log: Log, rows: Rows, unit: int, call: int, time: float) -> Seen:
    r, mine = log.responses, rows[unit]
    number = bisect_right([float(r.alerted[row]) for row in mine], time) - 1
    under = log.fleet.agreement[unit]
    never = (
        term_against(log.scenario.agreements[under], int(log.timeline.node[call]), time) if under >= 0 else ""
    )
    if number < 0:
        return Seen(unit, COMMITTED, -1, number, never or "busy", nan)
    row = mine[number]
    on, left = int(r.incident[row]), bool(time >= r.returning[row])
    bound = not left and not time >= r.on_scene[row]
    why = "under_way" if bound else "busy"
    return Seen(unit, COMMITTED, on, row, "already_sent" if on == call and not left else never or why, nan)


class Rows(dict[int, list[int]]):
    """Rows of the responses of each unit of a log, in order, looked up when they are first asked for."""

    def __init__(self, log: Log) -> None:
        self._units = log.responses.unit

    def __missing__(self, unit: int) -> list[int]:
        """Look for the rows of a unit."""
        found: list[int] = np.flatnonzero(self._units == unit).tolist()
        self[unit] = found
        return found
