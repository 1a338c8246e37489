"""Who moves up where: by a compliance table, by the greatest expected cover, or to fill what is empty."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np

from dispatch.engine.moving_up import Order
from dispatch.policies.assigning import solve
from dispatch.policies.covering import Cover, calls_by_capability, marginal_cover

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from dispatch.engine.fleet import Fleet
    from dispatch.engine.moving_up import FreeUnit, MoveUpPolicy, Situation
    from dispatch.model.moving_up import MovingUp
    from dispatch.scenario.conditions import Conditions
    from dispatch.scenario.scenario import Scenario

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]
    Counts = NDArray[np.int64]
    Near = Callable[[int, int], Mask]

NOISE = 1e-12
"""Share of calls below which a gain is rounding."""

Pair = tuple[int, int]


class ComplianceTable:
    """Occupy the stations that a table lists for the number of free units.

    Among all ways to occupy as many of the listed places as possible, the one with the least total of driving
    is taken (to the millisecond), or first of all the one whose longest drive is shortest, as a linear
    bottleneck assignment: T. C. van Barneveld, S. Bhulai and R. D. van der Mei, The effect of ambulance
    relocations on the performance of ambulance service providers, European Journal of Operational Research
    252 (2016) 257–269. A unit that the table has no place for goes back to its own station.
    """

    name = "compliance_table"

    def __init__(self, table: Mapping[int, Sequence[int]], *, longest: bool) -> None:
        self._table, self._longest = table, longest

    def orders(self, situation: Situation) -> list[Order]:
        """Return the moves that the table asks for."""
        free = situation.free
        if not free:
            return []
        posts = self._table[len(free)]
        costs = {
            (row, column): unit.seconds[post] if unit.seconds[post] < inf else 0.0  # that waits on its way
            for row, unit in enumerate(free)
            for column, post in enumerate(posts)
            if unit.at == post or (unit.may_move and unit.seconds[post] < inf)
        }
        to = {row: posts[column] for row, column in assigned(costs, longest=self._longest)}
        found = []
        for row, unit in enumerate(free):
            goal = to.get(row, unit.home if unit.may_move and unit.seconds[unit.home] < inf else unit.at)
            if goal != unit.at:
                found.append(Order(unit.unit, goal, "table" if row in to else "home"))
        return found


def assigned(costs: Mapping[Pair, float], *, longest: bool) -> list[Pair]:
    """Return as many pairs (row, column), each of both once, as can be, at the least cost [s].

    ``longest`` minimises the greatest single cost first, and then the total.
    """
    if not costs:
        return []
    whole = {pair: round(cost * 1000.0) for pair, cost in costs.items()}
    best = _matched(whole)
    if not longest:
        return best
    limits = sorted(set(whole.values()))
    low, high = 0, len(limits) - 1  # the least limit at which as many pairs are left lies between
    while low < high:
        middle = (low + high) // 2
        within = {pair: cost for pair, cost in whole.items() if cost <= limits[middle]}
        if len(_matched(within)) == len(best):
            high = middle
        else:
            low = middle + 1
    return _matched({pair: cost for pair, cost in whole.items() if cost <= limits[low]})


def _matched(costs: Mapping[Pair, int]) -> list[Pair]:
    """Return the pairs of a minimum-cost flow over allowed pairs with whole costs."""
    pairs = sorted(costs)
    rows, columns = (np.array(side) for side in zip(*pairs, strict=True))
    cost = np.array([costs[pair] for pair in pairs], dtype=np.int64)
    return solve(rows, columns, cost, int(rows.max()) + 1, int(columns.max()) + 1)


class ExpectedCover:
    """Send a free unit to the station where it adds most to the expected cover.

    Source: C. J. Jagtenberg, S. Bhulai and R. D. van der Mei, An efficient heuristic for real-time ambulance
    redeployment, Operations Research for Health Care 4 (2015) 27–35 (DMEXCLP): a unit that becomes free goes
    to the base with the greatest marginal cover by the free units, each counted where it is bound for.
    Beyond the source: it must gain more than ``least_gain`` over where it is bound for; and with ``every``,
    at each decision, the one free unit with the greatest gain of all is moved. Of equals the shorter drive,
    then the lower unit and the station first in order.
    """

    name = "expected_cover"

    def __init__(self, shares: Floats, near: Near, busy: float, least_gain: float, *, every: bool) -> None:
        self._shares, self._near, self._busy = shares, near, busy
        self._least, self._every = max(least_gain, NOISE), every

    def orders(self, situation: Situation) -> list[Order]:
        """Return the moves that gain enough cover."""
        at = {unit.unit: unit.at for unit in situation.free}
        if self._every:
            best = self._best(situation.free, at)
            return [] if best is None else [best]
        found = []
        for unit in situation.free:
            best = self._best([unit], at) if unit.unit in situation.released else None
            if best is not None:
                found.append(best)
                at[unit.unit] = best.site
        return found

    def _best(self, units: Iterable[FreeUnit], at: Mapping[int, int]) -> Order | None:
        """Return the one move of some units that gains most, if it gains enough."""
        counts = np.zeros(self._shares.shape, dtype=np.int64)
        for unit, site in at.items():
            counts += self._near(unit, site)
        options = [
            (-gain, seconds, unit.unit, site)
            for unit in units
            if unit.may_move
            for gain, seconds, site in self._gains(unit, counts)
            if gain > self._least
        ]
        if not options:
            return None
        _, _, number, site = min(options)
        return Order(number, site, "cover")

    def _gains(self, unit: FreeUnit, counts: Counts) -> list[tuple[float, float, int]]:
        """Return gain in cover, seconds of driving and station, for each station that a unit could go to."""
        others = counts - self._near(unit.unit, unit.at)
        value = [
            marginal_cover(self._shares, others, self._near(unit.unit, site), self._busy)
            for site in range(len(unit.seconds))
        ]
        # rounded, so that equals are equal whatever the order in which they were added up
        return [
            (round(value[site] - value[unit.at], 12), seconds, site)
            for site, seconds in enumerate(unit.seconds)
            if site != unit.at and seconds < inf
        ]


class Neighbourhood:
    """Places that the same stations are near to, and their share of the calls."""

    __slots__ = ("share", "sites")

    def __init__(self, sites: frozenset[int], share: float) -> None:
        self.sites, self.share = sites, share


def neighbourhoods(reach: Mask, shares: Floats, homes: Iterable[int]) -> list[Neighbourhood]:
    """Return the neighbourhoods with calls of stations that have units of their own.

    ``reach`` says which station is near which place [S, P], ``shares`` what of all calls comes from there.
    """
    stations, found = frozenset(homes), dict[frozenset[int], float]()
    for place in np.flatnonzero(shares).tolist():
        sites = frozenset(np.flatnonzero(reach[:, place]).tolist()) & stations
        if sites:
            found[sites] = found.get(sites, 0.0) + float(shares[place])
    return [Neighbourhood(sites, found[sites]) for sites in sorted(found, key=sorted)]


class Fill:
    """Fill stations whose neighbourhood has no free unit from stations that can spare one.

    After P. Kolesar and W. E. Walker, An algorithm for the dynamic relocation of fire companies, Operations
    Research 22 (1974) 249–274 (RAND R-1023-NYC, 1972): find neighbourhoods without cover that will last,
    choose empty stations that cover them, and units whose leaving uncovers nothing. Simplified: a
    neighbourhood is the places that the same stations reach within ``cover_within``, and one free unit covers
    it; stations are chosen one by one, by the calls that they cover again, where the source looks for the
    fewest; the cost of a move is its driving time, where the source reckons with response times, too. A unit
    that can leave without uncovering anything goes back to its own station first.
    """

    name = "fill"

    def __init__(self, around: Callable[[], Sequence[Neighbourhood]], lasting: float) -> None:
        self._look, self._lasting = around, lasting
        self._around: Sequence[Neighbourhood] = ()

    def orders(self, situation: Situation) -> list[Order]:
        """Return the moves home, and the moves that fill something."""
        self._around = self._look()
        free = {unit.unit: unit for unit in situation.free}
        at = {unit.unit: unit.at for unit in situation.free}
        found = []
        for unit in situation.free:
            away = unit.may_move and unit.at != unit.home and unit.seconds[unit.home] < inf
            if away and not self._uncovers(at, unit.unit, unit.home):
                at[unit.unit] = unit.home
                found.append(Order(unit.unit, unit.home, "home"))
        movable = {unit.unit for unit in situation.free if unit.may_move} - {order.unit for order in found}
        while (order := self._next(situation, free, at, movable)) is not None:
            at[order.unit] = order.site
            movable.discard(order.unit)
            found.append(order)
        return found

    def _empty(self, situation: Situation, at: Mapping[int, int]) -> list[Neighbourhood]:
        """Return the neighbourhoods without a free unit that will stay so."""
        standing, soon = set(at.values()), situation.now + self._lasting
        due = {site for site, moment in situation.due if moment <= soon}
        return [each for each in self._around if not each.sites & standing and not each.sites & due]

    def _next(
        self,
        situation: Situation,
        free: Mapping[int, FreeUnit],
        at: Mapping[int, int],
        movable: Iterable[int],
    ) -> Order | None:
        """Return the move to the station that covers most calls again, by the unit nearest to it."""
        again: dict[int, float] = {}
        for each in self._empty(situation, at):
            for site in each.sites:
                again[site] = again.get(site, 0.0) + each.share
        for site in sorted(again, key=lambda site: (-round(again[site], 12), site)):
            able = [
                (free[unit].seconds[site], unit)
                for unit in movable
                if free[unit].seconds[site] < inf and not self._uncovers(at, unit, site)
            ]
            if able:
                return Order(min(able)[1], site, "fill")
        return None

    def _uncovers(self, at: Mapping[int, int], unit: int, site: int) -> bool:
        """Return whether a neighbourhood that has a free unit would have none if a unit went to a station."""
        before, after = set(at.values()), {site, *(s for u, s in at.items() if u != unit)}
        return any(each.sites & before and not each.sites & after for each in self._around)


def mover(
    scenario: Scenario, terms: MovingUp, units: Sequence[int], roads: Callable[[], Fleet]
) -> MoveUpPolicy:
    """Return the move-up policy that a scenario asks for.

    ``units`` are those that may be moved; ``roads`` gives the fleet on the roads of the moment.
    """
    fleet = roads()
    sites = fleet.layout.sites
    if terms.compliance_table is not None:
        rule, number = terms.compliance_table, {site.id: i for i, site in enumerate(sites)}
        table = {free: [number[name] for name in rule.table[free]] for free in range(1, len(units) + 1)}
        return ComplianceTable(table, longest=rule.least == "longest")
    calls = calls_by_capability(scenario)
    if terms.capability is None:
        calls = scenario.demand_by_node.sum(axis=0)[None]
    else:
        calls = calls[[scenario.capabilities.index(terms.capability)]]
    nodes = [site.node for site in sites]
    if terms.expected_cover is not None:
        cover = Cover(calls, scenario.file.cover_within, terms.expected_cover.busy_fraction)
        return ExpectedCover(
            cover.shares[0],
            lambda unit, site: cover.near(roads(), unit, nodes[site]),
            cover.busy,
            terms.expected_cover.least_gain,
            every=terms.expected_cover.consider == "all",
        )
    assert terms.fill is not None
    whole, homes = Cover(calls, scenario.file.cover_within, 0.0), {fleet.site[unit] for unit in units}
    known: dict[Conditions, list[Neighbourhood]] = {}

    def around() -> list[Neighbourhood]:
        now = roads()
        if now.conditions not in known:
            known[now.conditions] = neighbourhoods(whole.reach(now, nodes), whole.shares[0], homes)
        return known[now.conditions]

    return Fill(around, terms.fill.lasting)
