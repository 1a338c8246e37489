"""Units that are not ready: those that restock after a call, and those that break down on their way."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.durations import quantile
from dispatch.engine.log import EN_ROUTE, ENDING, IN_QUARTERS, ON_SCENE, RETURNING, SLOT, WIDTH, Repair
from dispatch.engine.parts import Part
from dispatch.engine.rulebook import Ending

if TYPE_CHECKING:
    from dispatch.engine.fleet import Fleet
    from dispatch.engine.protocols import Need
    from dispatch.model.distributions import Distribution
    from dispatch.scenario.scenario import Scenario
    from dispatch.timeline import Timeline


def _seconds(duration: Distribution | None, timeline: Timeline, name: str) -> list[float] | None:
    """Return a unit type's duration by slot, from the luck of that name [S]; None for no duration at all."""
    if duration is None:
        return None
    shares = timeline.of_units.get(name)
    drawn = quantile(duration, np.zeros(len(timeline.capability)) if shares is None else shares)
    return [float(seconds) for seconds in drawn]


class Turnaround(Part):
    """Units that reached a scene clean and restock in quarters before they are available.

    ``busy`` lasts until a unit is available in quarters, so that it has this time in it.
    """

    def __init__(self, scenario: Scenario, fleet: Fleet, timeline: Timeline) -> None:
        types = {name: scenario.file.unit_types[name].turnaround for name in set(fleet.types)}
        by_type = {name: _seconds(each, timeline, "turnaround_share") for name, each in types.items()}
        self._seconds = [by_type[name] for name in fleet.types]
        """Seconds by slot of each unit; None for no turnaround [U][S]."""
        self._included = (~np.isnan(timeline.busy)).tolist()

    def rest(self, unit: int, row: int) -> float:
        """Return how long a unit restocks after a response: not at all where it did not get to the scene."""
        seconds, arrived, slot = (
            self._seconds[unit],
            self.ops.rows[row + ON_SCENE],
            int(self.ops.rows[row + SLOT]),
        )
        return 0.0 if seconds is None or arrived != arrived or self._included[slot] else seconds[slot]


class Breakdowns(Part):
    """Units that fail on their way to a call: its need is open again, and they are towed home for repair.

    The luck u of a need slot tells whether and where the unit that is sent fails. If the slot needs another
    unit, its luck is what is left of the number: if a unit of share p fails, which is when u < p, then
    u / p is evenly distributed again; if it does not, (u − p) / (1 − p) is. The place of a further breakdown
    is moved on from the one before by what is left then, round from the end of the drive to its beginning.
    """

    def __init__(self, scenario: Scenario, fleet: Fleet, timeline: Timeline) -> None:
        types = {name: scenario.file.unit_types[name].breaks_down for name in set(fleet.types)}
        failing = {name: each for name, each in types.items() if each is not None and each.share > 0.0}
        repairs = {name: _seconds(each.repair, timeline, "repair_share") for name, each in failing.items()}
        self._share = [failing[name].share if name in failing else 0.0 for name in fleet.types]
        self._repair = [repairs.get(name) for name in fleet.types]
        self._luck, self._place = (
            timeline.of_units[f"breakdown_{what}"].tolist() for what in ("share", "place")
        )
        self._broken: set[int] = set()
        """Slots for which a breakdown has been planned."""
        self._repairs: list[Repair] = []
        self._repaired: dict[int, tuple[int, float]] = {}
        """Number of the last repair of each unit, and when its work is done, home or not."""

    def committed(self, need: Need, unit: int, row: int) -> None:
        """Find out whether a unit that is sent fails, and where."""
        if unit < 0 or self._share[unit] == 0.0:
            return
        left, board = self.ops.rows[row + EN_ROUTE], self.ops.board
        arrives = min(board.arrives[unit], board.staged.get(unit, inf))
        if not left < arrives:  # called off before it left, or there already
            return
        share, luck = self._share[unit], self._luck[need.slot]
        if luck >= share:
            self._luck[need.slot] = (luck - share) / (1.0 - share)
            return
        self._luck[need.slot] = luck = luck / share
        if need.slot in self._broken:
            self._place[need.slot] = (self._place[need.slot] + luck) % 1.0
        self._broken.add(need.slot)
        moment = left + self._place[need.slot] * (arrives - left)
        self.ops.at(moment, lambda: self._fail(unit, row))

    def _fail(self, unit: int, row: int) -> None:
        """Let a unit break down, if it is still under way as it was sent."""
        ops, board, now = self.ops, self.ops.board, self.ops.board.now
        as_sent = ops.row_of[unit] == row and ops.rows[row + ENDING] in (Ending.SERVED, Ending.CANCELLED)
        if not as_sent or not board.arrives[unit] > now or board.staged.get(unit, inf) <= now:
            return
        _, position = board.whereabouts(unit)
        repair = self._repair[unit]
        assert repair is not None
        home = ops.fleet.home[unit]
        towed = now + ops.fleet.travels[unit].seconds(position, home, "normal")
        repaired = now + repair[int(ops.rows[row + SLOT])]
        until = max(repaired, towed)
        self._repaired[unit] = len(self._repairs), repaired
        self._repairs.append(Repair(unit, row // WIDTH, now, until))
        ops.duty.take_out(unit, now, until)
        self._take_up(until)
        ops.abandon(row, Ending.BROKEN_DOWN)
        ops.rows[row + RETURNING] = board.arrives[unit] = now
        ops.forget_release(unit)
        ops.set_out(unit, position, home, "normal", now)
        ops.head_home(unit, row, towed)

    def _take_up(self, until: float) -> None:
        """Let the board know who is out of service now, and look again at a moment, if it ever comes."""
        board, duty = self.ops.board, self.ops.duty
        board.set_off_duty(duty.off(board.now))
        if board.now < until < inf:
            self.ops.at(until, lambda: board.set_off_duty(duty.off(board.now)))

    def roads_changed(self) -> None:
        """Let units that are towed home be out of service until they are there by the roads of now."""
        ops = self.ops
        for unit, (number, repaired) in sorted(self._repaired.items()):
            known = self._repairs[number]
            if known.ends <= ops.board.now:
                continue
            home_at = ops.rows[known.response * WIDTH + IN_QUARTERS]
            until = max(repaired, home_at if home_at == home_at else inf)
            if until != known.ends:
                self._repairs[number] = known._replace(ends=until)
                ops.duty.amend(unit, known.begins, known.ends, until)
                self._take_up(until)

    def records(self) -> dict[str, Any]:
        """Return the times of repair."""
        return {"repairs": tuple(sorted(self._repairs, key=lambda repair: (repair.begins, repair.unit)))}
