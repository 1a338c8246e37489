"""Laws of the status board: live and folded from a log, it says what the log says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

import dispatch
from dispatch.engine.board import Board, LiveBoard, Status
from dispatch.engine.fleet import Fleet
from dispatch.engine.rulebook import Ending
from dispatch.engine.simulator import Simulator
from dispatch.policies.dispatching import Nearest
from tests.properties.drawing import worlds
from tests.properties.readings import Reading, Response, read
from tests.properties.worlds import World, law

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatch.engine.protocols import Need, StatusBoard


def status(reading: Reading, row: Response, time: float) -> Status:
    """Return what a unit does at a moment, by the last response that began before."""
    if time >= row.in_quarters:
        return Status.IN_QUARTERS
    if time >= released(reading, row):
        return Status.RETURNING
    for moment, what in (
        (row.clear, Status.TRANSPORTING),
        (row.on_scene, Status.ON_SCENE),
        (row.en_route, Status.EN_ROUTE),
    ):
        if time >= moment:
            return what
    return Status.TURNING_OUT


def released(reading: Reading, row: Response) -> float:
    """Return when a unit had done with a call, whether or not it could be sent to another from then on."""
    t = reading.log.timeline
    if row.ending == Ending.CANCELLED:
        return row.alerted + float(t.cancelled[row.slot])
    if row.diverted or not math.isnan(t.busy[row.slot]):
        return row.available
    return row.at_hospital + float(t.hand_over[row.slot])


def finished(reading: Reading, slot: int) -> float:
    """Return when a need was over: its unit clear, called off, or the need given up."""
    rows = reading.by_slot.get(slot, [])
    if rows and not rows[-1].diverted:
        last = rows[-1]
        return released(reading, last) if math.isnan(last.clear) else last.clear
    begin = rows[-1].available if rows else reading.rank(slot)[1]
    return begin if slot in reading.lost else math.inf


def moments(reading: Reading, data: st.DataObject) -> list[float]:
    """Draw moments, many of which are moments of the log."""
    marks = sorted({t for row in reading.rows for t in row[4:11] if not math.isnan(t)}) or [0.0]
    at = st.one_of(st.sampled_from(marks), st.floats(-10.0, marks[-1] + 10.0))
    return data.draw(st.lists(at, min_size=1, max_size=6))


@given(worlds(), st.data())
@law(20)
def test_units_of_a_folded_board(world: World, data: st.DataObject) -> None:
    """Each unit does what its last response says, and is assigned until it can be dispatched again."""
    reading = read(world.run())
    ids, t = reading.log.fleet.ids, reading.log.timeline
    for time in moments(reading, data):
        board = Board.at(reading.log, time)
        assert board.time == time
        for unit, name in enumerate(ids):
            rows = [row for row in reading.by_unit.get(unit, []) if row.alerted <= time]
            assert board.units[name] == (status(reading, rows[-1], time) if rows else Status.IN_QUARTERS)
            busy = [
                t.incident_id(row.incident, reading.log.scenario.kinds)
                for row in rows
                if time < row.available
            ]
            assert len(busy) <= 1
            assert board.assigned.get(name) == (busy[0] if busy else None)


@given(worlds(), st.data())
@law(20)
def test_calls_of_a_folded_board(world: World, data: st.DataObject) -> None:
    """A call is open from received until its last need is over, and waits until its first unit is alerted."""
    reading = read(world.run())
    t, kinds = reading.log.timeline, reading.log.scenario.kinds
    for time in moments(reading, data):
        board = Board.at(reading.log, time)
        still, waiting = [], []
        for call in range(len(t)):
            slots = range(t.first_slot[call], t.first_slot[call + 1])
            if not t.received[call] <= time < max(finished(reading, slot) for slot in slots):
                continue
            still.append(t.incident_id(call, kinds))
            if t.ready[call] <= time and not any(
                row.alerted <= time for slot in slots for row in reading.by_slot.get(slot, [])
            ):
                waiting.append(t.incident_id(call, kinds))
        assert board.open_incidents == tuple(still)
        assert board.waiting == tuple(waiting)


class Witness(Nearest):
    """Nearest, remembering who was idle and who at home when it was first asked in each moment."""

    def __init__(self) -> None:
        self.seen: dict[float, tuple[list[bool], list[float], set[int]]] = {}

    def choose(self, needs: Sequence[Need], board: StatusBoard) -> list[tuple[Need, int]]:
        assert isinstance(board, LiveBoard)
        assert board.idle_count == sum(board.idle)
        ordered = list(needs)
        assert ordered == sorted(ordered)
        self.seen.setdefault(
            board.now, (list(board.idle), list(board.home_at), {need.slot for need in needs})
        )
        return super().choose(needs, board)


@given(worlds(policy="nearest"))
@law(25)
def test_the_live_board_is_the_folded_one(world: World) -> None:
    """At every decision the engine's board agrees with the log about units and needs."""
    scenario = world.load()
    fleet, witness = Fleet(scenario, scenario.layouts["baseline"]), Witness()
    reading = read(Simulator(scenario, fleet, dispatch.draw(scenario, 0), witness).run())
    waits = reading.waits()
    for time, (idle, home_at, needs) in witness.seen.items():
        board = Board.at(reading.log, time)
        for unit, name in enumerate(fleet.ids):
            rows = [row for row in reading.by_unit.get(unit, []) if row.alerted <= time]
            if rows and rows[-1].alerted == time:
                continue  # sent in this very moment: the folded board is one decision ahead
            assert idle[unit] == (name not in board.assigned)
            at_home = idle[unit] and home_at[unit] <= time
            assert at_home == (board.units[name] == Status.IN_QUARTERS)
        certain = {wait.slot for wait in waits if wait.begin < time < wait.end}
        assert certain <= needs
        assert needs <= {wait.slot for wait in waits if wait.begin <= time <= wait.end}
