"""The transportation problem: textbooks' optima, and linear programming on random problems."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.policies.supplying import Transport, transport
from tests.properties.worlds import law


def paid(plan: Transport, cost: list[list[float]]) -> float:
    """Return what a plan costs."""
    return sum(amount * cost[i][j] for (i, j), amount in plan.flows.items())


def test_hillier_and_lieberman() -> None:
    """P & T Company, peas from 3 canneries to 4 warehouses: Hillier, Lieberman, Introduction to Operations
    Research, chapter on the transportation problem; 152 535 dollars."""
    cost: list[list[float]] = [[464, 513, 654, 867], [352, 416, 690, 791], [995, 682, 388, 685]]
    plan = transport([75, 125, 100], [80, 65, 70, 85], cost)
    assert paid(plan, cost) == 152_535
    assert plan.shortfall == (0, 0, 0, 0)
    assert plan.flows == {(0, 1): 20, (0, 3): 55, (1, 0): 80, (1, 1): 45, (2, 2): 70, (2, 3): 30}


def test_winston() -> None:
    """Powerco, 3 power plants and 4 cities: Winston, Operations Research, section 7.1; 1020 dollars."""
    cost: list[list[float]] = [[8, 6, 10, 9], [9, 12, 13, 7], [14, 9, 16, 5]]
    plan = transport([35, 50, 40], [45, 20, 30, 30], cost)
    assert paid(plan, cost) == 1020
    assert plan.flows == {(0, 1): 10, (0, 2): 25, (1, 0): 45, (1, 2): 5, (2, 1): 10, (2, 3): 30}


def test_dantzig() -> None:
    """Canning plants in Seattle and San Diego: Dantzig, Linear Programming and Extensions (1963), section
    3-3; 153.675 thousand dollars at 90 dollars per case and thousand miles, as solved by GAMS (trnsport)."""
    cost = [[2.5 * 0.09, 1.7 * 0.09, 1.8 * 0.09], [2.5 * 0.09, 1.8 * 0.09, 1.4 * 0.09]]
    plan = transport([350, 600], [325, 300, 275], cost)
    assert paid(plan, cost) == pytest.approx(153.675)
    assert plan.shortfall == (0, 0, 0)


def test_more_wanted_than_there_is() -> None:
    """7 of 10 can be had: the dearer demand is cut, since all of both cannot be served."""
    plan = transport([4, 3], [5, 5], [[1.0, 9], [2, 7]])
    assert sum(plan.flows.values()) == 7
    assert plan.flows == {(0, 0): 4, (1, 0): 1, (1, 1): 2}  # 4·1 + 1·2 + 2·7 = 20
    assert plan.shortfall == (0, 3)


def test_more_there_than_is_wanted() -> None:
    plan = transport([10, 10], [3, 4], [[5.0, 1], [2, 8]])
    assert plan == Transport({(0, 1): 4, (1, 0): 3}, (0, 0))


def test_forbidden_and_endless_arcs() -> None:
    """As much as possible comes before cost: the only way for the first demand is a dear one."""
    cost = [[1.0, 1.0], [1000.0, float("inf")]]
    plan = transport([5, 5], [5, 5], cost)
    assert plan == Transport({(0, 1): 5, (1, 0): 5}, (0, 0))
    assert transport([5, 5], [5, 5], cost, forbidden={(1, 0)}).shortfall in {(0, 5), (5, 0)}
    assert transport([5, 5], [5, 5], cost, forbidden={(0, 0), (0, 1)}) == Transport({(1, 0): 5}, (0, 5))
    assert transport([5], [5], [[1.0]], forbidden={(0, 0)}) == Transport({}, (5,))


def test_nothing_at_all() -> None:
    assert transport([], [], []) == Transport({}, ())
    assert transport([], [3], []) == Transport({}, (3,))
    assert transport([3], [], [[]]) == Transport({}, ())
    assert transport([0], [0], [[1.0]]) == Transport({}, (0,))


def test_great_amounts_and_costs_do_not_overflow() -> None:
    """100 000 t in grams, and seconds of years."""
    plan = transport([10**11, 10**11], [10**11, 10**11], [[1e8, 1e9], [3e8, 1e8 + 1]])
    assert plan == Transport({(0, 0): 10**11, (1, 1): 10**11}, (0, 0))


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[int], list[int], list[list[float]], set[tuple[int, int]]]:
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    amounts, costs = st.integers(0, 9), st.integers(0, 200).map(lambda n: n / 8)
    supply = draw(st.lists(amounts, min_size=rows, max_size=rows))
    demand = draw(st.lists(amounts, min_size=columns, max_size=columns))
    line = st.lists(costs, min_size=columns, max_size=columns)
    pairs = st.tuples(st.integers(0, rows - 1), st.integers(0, columns - 1))
    cost = draw(st.lists(line, min_size=rows, max_size=rows))
    return supply, demand, cost, draw(st.sets(pairs, max_size=5))


@given(problems())
@law(80)
def test_linear_programming_ships_as_much_for_as_little(
    problem: tuple[list[int], list[int], list[list[float]], set[tuple[int, int]]],
) -> None:
    from scipy.optimize import linprog

    supply, demand, cost, forbidden = problem
    rows, columns = len(supply), len(demand)
    plan = transport(supply, demand, cost, forbidden=forbidden)
    assert not forbidden & plan.flows.keys()
    assert min(plan.flows.values(), default=1) > 0
    for i in range(rows):
        assert sum(n for (a, _), n in plan.flows.items() if a == i) <= supply[i]
    for j in range(columns):
        assert sum(n for (_, b), n in plan.flows.items() if b == j) + plan.shortfall[j] == demand[j]

    limits = np.zeros((rows + columns, rows * columns))
    for i in range(rows):
        for j in range(columns):
            limits[[i, rows + j], i * columns + j] = 1.0
    bounds = [(0, 0 if (i, j) in forbidden else None) for i in range(rows) for j in range(columns)]
    most: Any = linprog(-np.ones(rows * columns), A_ub=limits, b_ub=[*supply, *demand], bounds=bounds)
    assert sum(plan.flows.values()) == pytest.approx(-most.fun)
    least: Any = linprog(
        np.array(cost).ravel(),
        A_ub=limits,
        b_ub=[*supply, *demand],
        A_eq=np.ones((1, rows * columns)),
        b_eq=[sum(plan.flows.values())],
        bounds=bounds,
    )
    assert paid(plan, cost) == pytest.approx(least.fun, abs=1e-6)
