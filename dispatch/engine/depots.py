"""The stock of depots in a simulation: what goes out and comes in, what is made, when loading can begin."""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING, Literal, NamedTuple

from dispatch.engine.supply_log import StockChange
from dispatch.errors import InvariantError
from dispatch.scenario.conditions import HOUR, HOURS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dispatch.engine.operations import Operations
    from dispatch.scenario.supplies import DepotSite

    Why = Literal["committed", "resupply", "produced", "restock", "supplies", "returned"]

MOST_BATCHES = 50
"""Batches of goods to be made that are looked ahead one by one; what is beyond is one more."""


class Batch(NamedTuple):
    """Goods that will be there."""

    amount: int
    ready: float


class Stores:
    """Stock by depot and item in quanta; it is never negative, and every change of it is told."""

    def __init__(
        self,
        ops: Operations,
        sites: tuple[DepotSite, ...],
        changed: Callable[[], None],
    ) -> None:
        self._ops, self._sites, self._changed = ops, sites, changed
        self._number = {site.id: number for number, site in enumerate(sites)}
        self._week_start = ops.scenario.roads.week_start
        self.stock = [dict(site.stock) for site in sites]
        self.changes: list[StockChange] = []
        self._coming: dict[tuple[int, int], list[Batch]] = {}
        """What has been ordered to replace what went out, by depot and item."""
        self._runs_from: dict[tuple[int, int], float] = {}
        """When production runs at full rate, for what has been asked for."""
        self._taken: list[tuple[int, int, int]] = []
        """Depot, item and amount of what was taken, and has not been ordered anew yet."""
        self._next: dict[tuple[int, int], Batch] = {}
        """The batch that is being made."""

    def available(self, depot: int, item: int) -> int:
        """Return what may be taken: the stock above the reserve."""
        kept = self._sites[depot].reserve.get(item, 0)
        return max(self.stock[depot].get(item, 0) - kept, 0)

    def lists(self, depot: int, item: int) -> bool:
        """Whether a depot has to do with an item at all."""
        return item in self.stock[depot] or item in self._sites[depot].rates

    def take(self, depot: int, item: int, amount: int, why: Why) -> None:
        """Take something out; :meth:`reorder` orders as much anew where it is replaced."""
        if amount > self.stock[depot].get(item, 0):
            message = f"depot '{self._sites[depot].id}' has less than is taken at {self._ops.board.now:.3f} s"
            raise InvariantError(message)
        self._change(depot, item, -amount, why)
        self._taken.append((depot, item, amount))

    def reorder(self) -> None:
        """Order anew what was taken, when everything of a moment has been taken: suppliers give the rest."""
        while self._taken:
            self._reorder(*self._taken.pop(0))

    def put(self, depot: int, item: int, amount: int, why: Why) -> None:
        """Put something in."""
        self._change(depot, item, amount, why)
        self._changed()

    def _change(self, depot: int, item: int, amount: int, why: Why) -> None:
        self.stock[depot][item] = self.stock[depot].get(item, 0) + amount
        self.changes.append(StockChange(self._ops.board.now, depot, item, amount, why))

    def _reorder(self, depot: int, item: int, amount: int) -> None:
        """Order what went out, from the depot above or from outside; what is not there is not sent later."""
        site = self._sites[depot]
        if site.lead_time == inf:
            return
        if site.supplier:
            supplier = self._number[site.supplier]
            amount = min(amount, self.available(supplier, item))
            if amount:
                self.take(supplier, item, amount, "supplies")
        if amount:
            batch = Batch(amount, self._ops.board.now + site.lead_time)
            self._coming.setdefault((depot, item), []).append(batch)
            self._ops.at(batch.ready, partial(self._arrive, depot, item, batch))

    def _arrive(self, depot: int, item: int, batch: Batch) -> None:
        self._coming[depot, item].remove(batch)
        self.put(depot, item, batch.amount, "resupply")

    def opens(self, depot: int, moment: float) -> float:
        """Return the first moment from ``moment`` on at which loading can begin."""
        hours = self._sites[depot].open
        if not hours:
            return moment
        since_monday = self._week_start + moment
        hour = int(since_monday // HOUR)
        if hour % HOURS in hours:
            return moment
        ahead = next(n for n in range(1, HOURS + 1) if (hour + n) % HOURS in hours)
        return moment + ((hour + ahead) * HOUR - since_monday)

    def ready(self, depot: int, item: int, wanted: int, batch: int) -> Iterator[Batch]:
        """Yield what can be loaded and from when on: stock, what is on its way in, what would be made.

        ``wanted`` is how much is lacking at all, ``batch`` in what lots it would be made.
        """
        now = self._ops.board.now
        if self.available(depot, item):
            yield Batch(self.available(depot, item), self.opens(depot, now))
        for each in self._coming.get((depot, item), ()):
            yield Batch(each.amount, self.opens(depot, each.ready))
        rate = self._sites[depot].rates.get(item)
        left = wanted - self.available(depot, item)
        if rate is None or left <= 0:
            return
        moment = self._runs_from.get((depot, item), now + self._sites[depot].ramp_up)
        moment = max(moment, now)
        if (depot, item) in self._next:
            being_made = self._next[depot, item]
            yield Batch(being_made.amount, self.opens(depot, being_made.ready))
            left, moment = left - being_made.amount, being_made.ready
        for number in range(MOST_BATCHES + 1):
            if left <= 0:
                return
            amount = left if number == MOST_BATCHES else min(left, batch)
            moment += amount / rate
            left -= amount
            yield Batch(amount, self.opens(depot, moment))

    def want(self, depot: int, item: int, wanted: int, batch: int) -> None:
        """Start production of what is lacking beyond the stock, and keep it going as long as it is."""
        rate, key = self._sites[depot].rates.get(item), (depot, item)
        left = wanted - self.available(depot, item)
        if rate is None or left <= 0 or key in self._next:
            return
        now = self._ops.board.now
        self._runs_from.setdefault(key, now + self._sites[depot].ramp_up)
        amount = min(left, batch)
        made = Batch(amount, max(now, self._runs_from[key]) + amount / rate)
        self._next[key] = made
        self._ops.at(made.ready, partial(self._finish, depot, item, made))

    def _finish(self, depot: int, item: int, made: Batch) -> None:
        del self._next[depot, item]
        self.put(depot, item, made.amount, "produced")
