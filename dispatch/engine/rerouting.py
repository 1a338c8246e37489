"""Roads close or open: units under way look for their way again, from the next node."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from dispatch.engine.log import IN_QUARTERS, INCIDENT, RETURNING
from dispatch.engine.rulebook import Ending
from dispatch.scenario.conditions import Conditions

if TYPE_CHECKING:
    from dispatch.engine.fleet import Fleet
    from dispatch.engine.operations import Operations
    from dispatch.roads.travel import Position


def look_again(ops: Operations) -> None:
    """Re-plan the trips of all units under way."""
    for unit in range(len(ops.fleet)):
        _look_again(ops, unit)


def _look_again(ops: Operations, unit: int) -> None:
    """Re-plan the trip of a unit under way; it keeps the period of the week in which it set out."""
    board, row, now = ops.board, ops.row_of[unit], ops.board.now
    if unit in board.moved:
        return  # that is up to who moved it
    if board.staged.get(unit, inf) <= now:
        return  # it waits where it is
    bound_home = row >= 0 and (unit in board.stranded or ops.rows[row + IN_QUARTERS] > now)
    if not bound_home and (board.idle[unit] or board.arrives[unit] <= now):
        return
    period = board.conditions[unit].period
    fleet = ops.fleet.under(Conditions(period, ops.fleet.conditions.closures))
    old, new = board.travel[unit], fleet.travels[unit]
    if old.network.digest == new.network.digest:
        return
    wait, position = board.whereabouts(unit)
    target, mode, left = board.target[unit], board.mode[unit], board.left[unit] if wait > 0.0 else now
    planned = board.left[unit] + old.seconds(board.origin[unit], target, mode)
    arrives = left + new.seconds(position, target, mode)
    if arrives >= planned and new.may_stay(old, position, target, mode):
        return
    ops.set_out(unit, position, target, mode, left, fleet)
    drive = (position, target, mode)
    if not old.paced and old.ground.seconds(*drive) == new.ground.seconds(*drive):
        return  # another way that takes as long
    if bound_home:
        _arrive_home(ops, unit, row, arrives)
    elif unit in board.staged and arrives < inf:
        board.staged[unit] = arrives
    elif unit in board.staged:
        _pass_by(ops, unit, row, position, left, fleet)
    elif arrives == inf:
        cut_off(ops, unit, row, position)
    else:
        ops.arrive_at(unit, row, arrives)


def _pass_by(ops: Operations, unit: int, row: int, position: Position, left: float, fleet: Fleet) -> None:
    """Let a unit that no way leads to its staging area drive straight to the scene, if it can get there."""
    node = ops.node[int(ops.rows[row + INCIDENT])]
    seconds = fleet.travels[unit].seconds(position, node, "emergency")
    if seconds == inf:
        cut_off(ops, unit, row, position)
        return
    del ops.board.staged[unit]
    ops.set_out(unit, position, node, "emergency", left, fleet)
    ops.arrive_at(unit, row, left + seconds)


def _arrive_home(ops: Operations, unit: int, row: int, home_at: float) -> None:
    """Amend when a unit gets home, or that it cannot."""
    board = ops.board
    board.stranded.discard(unit)
    if board.idle[unit]:
        board.idle_count -= 1  # it is counted again below
    ops.head_home(unit, row, home_at)


def turn_back(ops: Operations, unit: int, row: int, *, reopen: bool) -> None:
    """Let a unit that has not arrived turn home; its need may be open again."""
    board, now = ops.board, ops.board.now
    wait, position = board.whereabouts(unit)
    ops.abandon(row, Ending.RECALLED, reopen=reopen)
    ops.rows[row + RETURNING] = board.arrives[unit] = now
    ops.forget_release(unit)
    home = ops.fleet.home[unit]
    seconds = ops.seconds_home(unit, wait, position)
    ops.set_out(unit, position, home, "normal", now)
    ops.head_home(unit, row, now + seconds)


def cut_off(ops: Operations, unit: int, row: int, position: Position) -> None:
    """End a response to which no way leads any more; the unit turns home, if it can."""
    fleet, now = ops.fleet, ops.board.now
    ops.abandon(row, Ending.CUT_OFF)
    ops.rows[row + RETURNING] = ops.board.arrives[unit] = now
    ops.forget_release(unit)
    home = fleet.home[unit]
    ops.set_out(unit, position, home, "normal", now)
    ops.head_home(unit, row, now + fleet.travels[unit].seconds(position, home, "normal"))
