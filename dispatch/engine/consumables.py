"""What units carry and use up in a simulation, and how it is filled again before they are available."""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING

from dispatch.engine.log import AID, CLEAR, IN_QUARTERS, ON_SCENE, RETURNING, UNIT, WIDTH
from dispatch.engine.parts import Part
from dispatch.engine.supply_log import Refill, Use

if TYPE_CHECKING:
    from dispatch.engine.depots import Stores
    from dispatch.engine.fleet import Fleet
    from dispatch.scenario.supplies import DepotSite, SupplyBook, Tank


class Consumables(Part):
    """Empties the tanks of units at work, and fills them in quarters.

    Work on scene uses an item at its rate until the tank is empty, unless the call itself needs the item and
    takes all of it. Whatever is missing is filled at home: from the quarters' own supply in the stated time,
    or from the depot at the same node, where a unit waits until there is as much as it lacks.
    """

    stores: Stores
    """The stock of depots; whoever sends supplies gives it when it takes part."""

    def __init__(self, fleet: Fleet, book: SupplyBook, sites: tuple[DepotSite, ...]) -> None:
        self._tanks: list[tuple[Tank, ...]] = [book.tanks.get(kind, ()) for kind in fleet.types]
        self._has = [{tank.item: tank.amount for tank in tanks} for tanks in self._tanks]
        """What each unit carries at present, by item in quanta [U]."""
        at = {site.node: number for number, site in reversed(list(enumerate(sites)))}
        self._depot = [at.get(node, -1) for node in fleet.home]
        self._given: set[tuple[int, int]] = set()
        """Rows and items of which the call has taken what there was."""
        self._reckoned: set[int] = set()
        """Rows of which the use has been reckoned."""
        self._waiting: dict[int, int] = {}
        """Units at home that wait for what their depot lacks, and their rows, in order of time."""
        self._uses: list[Use] = []
        self._refills: list[Refill] = []
        self._looked_at = -1
        """How many changes of the stock had been seen when those who wait were last looked at."""

    def carries(self, unit: int) -> bool:
        """Whether a unit has any tank at all; mutual aid has none."""
        return unit != AID and bool(self._tanks[unit])

    def give(self, row: int, item: int, most: int) -> int:
        """Let a call take what a unit carries of an item, and return how much it takes."""
        unit = int(self.ops.rows[row + UNIT])
        amount = min(self._has[unit].get(item, 0), max(most, 0))
        if item in self._has[unit]:
            self._given.add((row, item))
        if amount:
            self._has[unit][item] -= amount
            self._uses.append(Use(row // WIDTH, item, amount, self.ops.board.now))
        return amount

    def rest(self, unit: int, row: int) -> float:
        """Return how long a unit is filled up in quarters after a response; infinite for one at a depot."""
        if not self._tanks[unit]:
            return 0.0
        self._reckon(unit, row)
        if self._is_at_depot(unit):
            return inf
        return max((tank.refill for tank in self._missing(unit)), default=0.0)

    def _reckon(self, unit: int, row: int) -> None:
        """Reckon what the work of a response has used."""
        if row in self._reckoned:
            return
        self._reckoned.add(row)
        rows, now = self.ops.rows, self.ops.board.now
        arrived = rows[row + ON_SCENE]
        left = min((rows[row + at] for at in (CLEAR, RETURNING) if rows[row + at] <= now), default=now)
        if not arrived <= left:
            return
        for tank in self._tanks[unit]:
            if tank.uses > 0.0 and (row, tank.item) not in self._given:
                used = min(self._has[unit][tank.item], round(tank.uses * (left - arrived)))
                if used:
                    self._has[unit][tank.item] -= used
                    self._uses.append(Use(row // WIDTH, tank.item, used, left))

    def heads_home(self, unit: int, row: int, home_at: float) -> None:
        """Look out for a unit that has to be filled when it is home."""
        if self._tanks[unit] and self._missing(unit) and home_at < inf:
            self.ops.at(home_at, partial(self._come_home, unit, row, home_at))

    def _missing(self, unit: int) -> list[Tank]:
        """Return the tanks of a unit that are not full."""
        return [tank for tank in self._tanks[unit] if self._has[unit][tank.item] < tank.amount]

    def _come_home(self, unit: int, row: int, moment: float) -> None:
        """Fill a unit that has come home as it was expected to."""
        if self.ops.row_of[unit] != row or self.ops.rows[row + IN_QUARTERS] != moment:
            return
        if not self._missing(unit):
            return  # the same moment was expected twice
        if self._is_at_depot(unit):
            self._waiting[unit] = row
            self._fill_waiting()
        else:
            self._fill(unit, -1)

    def _is_at_depot(self, unit: int) -> bool:
        """Whether something that a unit lacks comes from the stock of a depot."""
        return self._depot[unit] >= 0 and any(tank.from_depot for tank in self._missing(unit))

    def _fill(self, unit: int, depot: int) -> float:
        """Fill what is missing, and return how long that takes."""
        now, missing = self.ops.board.now, self._missing(unit)
        seconds = max(tank.refill for tank in missing)
        for tank in missing:
            lacking = tank.amount - self._has[unit][tank.item]
            source = depot if tank.from_depot else -1
            if source >= 0:
                self.stores.take(source, tank.item, lacking, "restock")
                self.stores.reorder()
            self._has[unit][tank.item] = tank.amount
            self._refills.append(Refill(unit, tank.item, lacking, now, now + seconds, source))
        return seconds

    def _fill_waiting(self) -> None:
        """Fill those who wait at depots, the first to come first, as far as there is what they lack."""
        for unit, row in list(self._waiting.items()):
            depot = self._depot[unit]
            if all(self._is_there(unit, depot, tank) for tank in self._missing(unit)):
                del self._waiting[unit]
                rests = (part.rest(unit, row) for part in self.ops.parts if part is not self)
                self.ops.release_at(unit, row, self.ops.board.now + self._fill(unit, depot) + sum(rests))

    def _is_there(self, unit: int, depot: int, tank: Tank) -> bool:
        lacking = tank.amount - self._has[unit][tank.item]
        return not tank.from_depot or self.stores.stock[depot].get(tank.item, 0) >= lacking

    def settle(self) -> None:
        """See whether depots have got what units at home wait for."""
        if self._waiting:
            changes = len(self.stores.changes)
            if changes != self._looked_at:
                self._looked_at = changes
                self._fill_waiting()

    def told(self) -> tuple[tuple[Use, ...], tuple[Refill, ...]]:
        """Return what was used and what was filled in, for the log."""
        return tuple(self._uses), tuple(self._refills)
