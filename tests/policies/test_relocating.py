"""Moves against all moves that could be made, and by hand."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.moving_up import FreeUnit, Ledger, Order, Situation
from dispatch.policies.covering import expected_cover
from dispatch.policies.relocating import (
    ComplianceTable,
    ExpectedCover,
    Fill,
    Neighbourhood,
    assigned,
    neighbourhoods,
)
from tests.properties.worlds import law

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


def situation(
    *units: FreeUnit, due: Sequence[tuple[int, float]] = (), released: Iterable[int] = (), now: float = 0.0
) -> Situation:
    return Situation(now, units, tuple(due), frozenset(released))


def standing(unit: int, at: int, seconds: Sequence[float], *, home: int = -1, may: bool = True) -> FreeUnit:
    """A unit that stands at a station; its own one unless told otherwise."""
    return FreeUnit(unit, at, at if home < 0 else home, tuple(seconds), may)


# three stations in a row, ten minutes apart
ROW = [[0.0, 600.0, 1200.0], [600.0, 0.0, 600.0], [1200.0, 600.0, 0.0]]


@st.composite
def situations(draw: st.DrawFn, most: int = 4, sites: int = 4) -> Situation:
    """Draw a few free units with many ties, some at rest, some cut off from some stations."""
    far = st.sampled_from([60.0, 120.0, 120.5, 600.0, math.inf])
    units = []
    for unit in range(draw(st.integers(1, most))):
        at, home = draw(st.integers(0, sites - 1)), draw(st.integers(0, sites - 1))
        seconds = [draw(far) for _ in range(sites)]
        seconds[at] = draw(st.sampled_from([0.0, 0.0, 30.0, math.inf]))
        units.append(FreeUnit(2 * unit, at, home, tuple(seconds), draw(st.integers(0, 3)) > 0))
    due = draw(st.lists(st.tuples(st.integers(0, sites - 1), st.sampled_from([300.0, 2000.0])), max_size=2))
    released = draw(st.sets(st.sampled_from([unit.unit for unit in units])))
    return situation(*units, due=due, released=released)


def after(given_: Situation, orders: Sequence[Order]) -> dict[int, int]:
    """Return where the units are bound for once the orders are given, each at most one and allowed."""
    assert len({order.unit for order in orders}) == len(orders)
    at = {unit.unit: unit.at for unit in given_.free}
    for order in orders:
        unit = next(each for each in given_.free if each.unit == order.unit)
        assert unit.may_move
        assert unit.seconds[order.site] < math.inf
        assert order.site != unit.at
        at[order.unit] = order.site
    return at


# --- compliance tables ---


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 3), st.integers(0, 3)),
        st.sampled_from([0.0, 1.0, 2.0, 2.5, 60.0, 61.0]),
        max_size=12,
    ),
    st.booleans(),
)
@law(80)
def test_assignments_are_the_best_of_all(costs: dict[tuple[int, int], float], longest: bool) -> None:
    """As many as possible, then the shortest longest drive where that is asked for, then the least total."""

    def merit(some: Sequence[tuple[int, int]]) -> tuple[float, ...]:
        each = [costs[pair] for pair in some]
        return (-len(some), max(each, default=0.0) if longest else 0.0, sum(each))

    allowed = (
        some
        for size in range(5)
        for some in itertools.combinations(sorted(costs), size)
        if len({r for r, _ in some}) == len({c for _, c in some}) == size
    )
    found = assigned(costs, longest=longest)
    assert len({r for r, _ in found}) == len({c for _, c in found}) == len(found)
    assert merit(found) == min(map(merit, allowed))


@given(situations(), st.booleans(), st.data())
@law(80)
def test_a_table_is_complied_with_at_the_least_cost(
    seen: Situation, longest: bool, data: st.DataObject
) -> None:
    """Against every way in which the units could be sent to the listed stations."""
    size = len(seen.free)
    posts = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=size))
    at = after(seen, ComplianceTable({size: posts}, longest=longest).orders(seen))

    def occupied(goals: Sequence[int]) -> int:
        return sum(min(goals.count(site), posts.count(site)) for site in set(posts))

    def drives(goals: Sequence[int]) -> list[float]:
        """Seconds of those who fill a listed place; of several at one station those with the least."""
        found = []
        for site in set(posts):
            there = sorted(
                0.0 if math.isinf(unit.seconds[site]) else unit.seconds[site]
                for unit, goal in zip(seen.free, goals, strict=True)
                if goal == site
            )
            found += there[: posts.count(site)]
        return found

    def merit(goals: Sequence[int]) -> tuple[float, ...]:
        each = drives(goals)
        return -occupied(goals), max(each, default=0.0) if longest else 0.0, round(sum(each), 6)

    choices = [
        [s for s in range(4) if s == unit.at or (unit.may_move and unit.seconds[s] < math.inf)]
        for unit in seen.free
    ]
    chosen = [at[unit.unit] for unit in seen.free]
    assert merit(chosen) == min(map(merit, itertools.product(*choices)))


def test_two_of_three_stations_by_hand() -> None:
    """Units at a and c, a table that wants b and c for two: the one at a moves up, the other stays."""
    table = ComplianceTable({1: [1], 2: [1, 2]}, longest=False)
    both = situation(standing(0, 0, ROW[0]), standing(1, 2, ROW[2]))
    assert table.orders(both) == [Order(0, 1, "table")]
    # of one alone, wherever it is, the table wants it in the middle
    assert table.orders(situation(standing(1, 2, ROW[2]))) == [Order(1, 1, "table")]
    assert table.orders(situation()) == []


def test_the_longest_drive_or_the_total() -> None:
    """Units at a and b, wanted at b and c: one long drive, or two short ones that are longer in all."""
    units = situation(standing(0, 0, [0, 600, 1100]), standing(1, 1, [600, 0, 600]))
    total = ComplianceTable({2: [1, 2], 1: [0]}, longest=False).orders(units)
    assert total == [Order(0, 2, "table")]  # 1100 s; the other stays
    shortest = ComplianceTable({2: [1, 2], 1: [0]}, longest=True).orders(units)
    assert shortest == [Order(0, 1, "table"), Order(1, 2, "table")]  # 600 s each


def test_who_is_left_over_goes_home() -> None:
    """Three free units, two places: the one for which there is none goes back to its own station."""
    table = ComplianceTable({1: [0], 2: [0, 1], 3: [0, 1]}, longest=False)
    units = [standing(0, 0, ROW[0]), standing(1, 1, ROW[1]), standing(2, 1, ROW[1], home=2)]
    assert table.orders(situation(*units)) == [Order(2, 2, "home")]
    at_rest = standing(2, 1, ROW[1], home=2, may=False)
    assert table.orders(situation(*units[:2], at_rest)) == []


# --- expected cover ---

Cover = tuple["NDArray[np.bool_]", "NDArray[np.float64]"]


@st.composite
def covers(draw: st.DrawFn, sites: int = 4) -> Cover:
    """Draw which station is near which place, and what share of the calls comes from there."""
    places = draw(st.integers(1, 5))
    near = np.array([[draw(st.booleans()) for _ in range(places)] for _ in range(sites)])
    weights = np.array([float(draw(st.integers(0, 3))) for _ in range(places)])
    return near, weights / max(weights.sum(), 1.0)


def whole(cover: Cover, at: Iterable[int], busy: float) -> float:
    near, shares = cover
    counts = sum((near[site].astype(int) for site in at), np.zeros(len(shares), dtype=int))
    return expected_cover(shares, counts, busy)


def policy(cover: Cover, busy: float, least: float = 0.0, *, every: bool = False) -> ExpectedCover:
    return ExpectedCover(cover[1], lambda _unit, site: cover[0][site], busy, least, every=every)


@given(situations(), covers(), st.sampled_from([0.0, 0.3, 0.7]), st.sampled_from([0.0, 0.1]))
@law(80)
def test_the_move_that_gains_most_is_made(seen: Situation, cover: Cover, busy: float, least: float) -> None:
    """Against the whole expected cover after every single move that could be made."""
    orders = policy(cover, busy, least, every=True).orders(seen)
    at = after(seen, orders)
    before = {unit.unit: unit.at for unit in seen.free}
    base = whole(cover, before.values(), busy)
    gains = [
        whole(cover, (before | {unit.unit: site}).values(), busy) - base
        for unit in seen.free
        for site in range(4)
        if unit.may_move and site != unit.at and unit.seconds[site] < math.inf
    ]
    best = max(gains, default=0.0)
    assert len(orders) <= 1
    if orders:
        assert whole(cover, at.values(), busy) - base == pytest.approx(best)
        assert best > least - 1e-9
    else:
        assert best <= least + 1e-9


@given(situations(), covers(), st.sampled_from([0.0, 0.3, 0.7]))
@law(60)
def test_released_units_go_where_they_add_most(seen: Situation, cover: Cover, busy: float) -> None:
    """One after the other, each best for itself; nobody else is moved, and nobody moves for nothing."""
    orders = policy(cover, busy).orders(seen)
    assert {order.unit for order in orders} <= seen.released
    goal = {order.unit: order.site for order in orders}
    at = {unit.unit: unit.at for unit in seen.free}
    for unit in seen.free:
        if unit.unit not in seen.released:
            continue

        def cover_if(site: int, unit: FreeUnit = unit) -> float:
            return whole(cover, (at | {unit.unit: site}).values(), busy)

        able = [s for s in range(4) if unit.may_move and s != unit.at and unit.seconds[s] < math.inf]
        best = max((cover_if(site) for site in able), default=-1.0)
        chosen = goal.get(unit.unit, unit.at)
        if chosen == unit.at:
            assert best <= cover_if(unit.at) + 1e-9
        else:
            assert cover_if(chosen) == pytest.approx(best)
            assert best > cover_if(unit.at)
        at[unit.unit] = chosen


def test_where_a_third_unit_goes_by_hand() -> None:
    """Stations a, b, c near one place each with 0.5, 0.3 and 0.2 of the calls; busy half of the time.

    With one unit at a, one more adds 0.5 · 0.5 · 0.5 = 0.125 at a, 0.3 · 0.5 = 0.15 at b, 0.1 at c.
    With two at a, and one released that is bound for c (0.1): at b it adds 0.15, a gain of 0.05.
    """
    cover = np.eye(3, dtype=bool), np.array([0.5, 0.3, 0.2])
    units = [standing(0, 0, ROW[0]), standing(1, 0, ROW[0]), standing(2, 2, ROW[2])]
    seen = situation(*units, released=[2])
    assert policy(cover, 0.5).orders(seen) == [Order(2, 1, "cover")]
    assert policy(cover, 0.5, 0.049).orders(seen) == [Order(2, 1, "cover")]
    assert policy(cover, 0.5, 0.051).orders(seen) == []
    # of all, the second unit at a gains most: 0.15 − 0.5 · 0.5 · 0.5 = 0.025 against 0.05 of the third
    assert policy(cover, 0.5, every=True).orders(seen) == [Order(2, 1, "cover")]
    # who is not released is not moved
    assert policy(cover, 0.5).orders(situation(*units, released=[])) == []


def test_of_equal_gains_the_shorter_drive() -> None:
    cover = np.eye(3, dtype=bool), np.array([0.2, 0.4, 0.4])
    seen = situation(standing(0, 0, [0, 700, 600]), released=[0])
    assert policy(cover, 0.3).orders(seen) == [Order(0, 2, "cover")]


# --- filling ---

ALONG = [
    Neighbourhood(frozenset({0}), 0.5),
    Neighbourhood(frozenset({0, 1}), 0.2),
    Neighbourhood(frozenset({1, 2}), 0.2),
    Neighbourhood(frozenset({2}), 0.1),
]
"""What stations a, b and c in a row cover, alone and two together."""


def fill(around: Sequence[Neighbourhood] = ALONG, lasting: float = 900.0) -> Fill:
    return Fill(lambda: around, lasting)


def test_neighbourhoods_are_places_with_the_same_stations() -> None:
    reach = np.array([[1, 1, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 1, 0, 0]], dtype=bool)
    shares = np.array([0.1, 0.2, 0.3, 0.4, 0.0])
    found = neighbourhoods(reach, shares, [0, 1])
    # the last station has no units of its own; the fourth place is near to none
    assert [(sorted(each.sites), each.share) for each in found] == [([0], 0.1), ([0, 1], 0.2), ([1], 0.3)]


def test_the_empty_station_is_filled_by_who_can_be_spared() -> None:
    """The unit of a is out for long. Of two units at b and one at c, one of b's goes: nobody loses cover."""
    units = [standing(1, 1, ROW[1]), standing(2, 1, ROW[1]), standing(3, 2, [300, 600, 0])]
    due = [(0, 5000.0)]
    assert fill().orders(situation(*units, due=due)) == [Order(1, 0, "fill")]
    # c is nearer to a, but its leaving would uncover what only c is near to


def test_nobody_is_moved_for_a_short_time() -> None:
    units = [standing(1, 1, ROW[1]), standing(2, 1, ROW[1]), standing(3, 2, ROW[2])]
    assert fill(lasting=900.0).orders(situation(*units, due=[(0, 900.0)])) == []
    assert fill(lasting=899.0).orders(situation(*units, due=[(0, 900.0)])) == [Order(1, 0, "fill")]


def test_nobody_is_moved_who_cannot_be_spared() -> None:
    """One unit at b covers the two middle neighbourhoods: at a it would leave the third uncovered."""
    assert fill().orders(situation(standing(1, 1, ROW[1]), due=[(0, 5000.0), (2, 5000.0)])) == []


def test_who_moved_up_goes_home_when_it_is_not_needed() -> None:
    units = [standing(0, 0, ROW[0]), standing(1, 0, ROW[0], home=1), standing(2, 2, ROW[2])]
    assert fill().orders(situation(*units)) == [Order(1, 1, "home")]
    assert fill().orders(situation(*units[1:], due=[(0, 5000.0)])) == []  # it is still needed at a


@given(situations(), covers(), st.sampled_from([100.0, 900.0]))
@law(100)
def test_filling_uncovers_nothing_and_leaves_nothing_to_fill(
    seen: Situation, cover: Cover, lasting: float
) -> None:
    """Against every move that could still be made afterwards."""
    around = neighbourhoods(cover[0], cover[1], range(4))
    orders = fill(around, lasting).orders(seen)
    at = after(seen, orders)

    def covered(sites: Iterable[int]) -> set[frozenset[int]]:
        there = set(sites)
        return {each.sites for each in around if each.sites & there}

    start = covered(unit.at for unit in seen.free)
    assert covered(at.values()) >= start
    soon = {site for site, moment in seen.due if moment <= lasting}
    empty = [n.sites for n in around if n.sites not in covered(at.values()) and not n.sites & soon]
    moved = {order.unit for order in orders}
    for unit in seen.free:
        for site in range(4):
            if unit.may_move and unit.unit not in moved and unit.seconds[site] < math.inf and site != unit.at:
                then = covered((at | {unit.unit: site}).values())
                helps = any(site in sites for sites in empty)
                assert not (helps and then >= covered(at.values())), (unit, site)


# --- how often ---


def test_a_unit_is_moved_so_often_in_any_hour_and_no_more() -> None:
    ledger = Ledger(2, 0.0)
    for begins in (0.0, 1000.0):
        assert ledger.may(1, begins)
        ledger.note(1, begins, begins + 100.0)
    assert not ledger.may(1, 3599.999)
    assert ledger.may(1, 3600.0)
    ledger.note(1, 3600.0, 3700.0)
    assert not ledger.may(1, 4599.999)
    assert ledger.may(1, 4600.0)
    assert ledger.may(2, 3599.0)  # another unit


def test_a_unit_is_left_in_peace_after_a_move() -> None:
    ledger = Ledger(10, 300.0)
    ledger.note(1, 0.0, 600.0)
    assert not ledger.may(1, 300.0)  # on its way
    assert not ledger.may(1, 899.999)
    assert ledger.may(1, 900.0)
    ledger.amend(1, 700.0)
    assert not ledger.may(1, 999.0)
    ledger.end(1)
    assert ledger.may(1, 999.0)  # it was sent to a call in the meantime


def test_none_at_all() -> None:
    assert not Ledger(0, 0.0).may(0, 1e6)


@given(st.lists(st.floats(0, 20_000), min_size=1, max_size=40), st.integers(0, 4))
@law(60)
def test_no_hour_has_more_moves_than_allowed(moments: list[float], most: int) -> None:
    """And a move is refused only if the hour that ends with it would have more."""
    ledger = Ledger(most, 0.0)
    begun: list[float] = []
    for now in sorted(moments):
        allowed = ledger.may(0, now)
        assert allowed == (sum(now - each < 3600.0 for each in begun) < most)
        if allowed:
            ledger.note(0, now, now)
            begun.append(now)
    assert all(sum(each <= other < each + 3600.0 for other in begun) <= most for each in begun)
