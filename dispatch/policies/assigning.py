"""All open needs at once: minimum-cost matching of needs to units with OR-Tools."""

from __future__ import annotations

from itertools import groupby
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from dispatch.errors import InvariantError
from dispatch.policies.dispatching import idle_capabilities, is_fit, nearest_unit

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from dispatch.engine.protocols import Need, StatusBoard

    Whole = NDArray[np.int64]

LIMIT = 2**60
"""Costs times nodes must stay below this in the solver's 64-bit integers."""


class Assignment:
    """Match all open needs of one priority at once, the most urgent priority first.

    First alarms are matched before what higher alarm levels ask for, so that a raise delays no first alarm.
    Among all ways to serve as many needs as possible, the one with the least total expected time (turnout
    plus travel, to the millisecond) is taken; of equals the one with earlier calls and lower unit numbers.
    """

    name = "assignment"

    def choose(self, needs: Sequence[Need], board: StatusBoard) -> list[tuple[Need, int]]:
        """Return units for needs, one matching for each priority."""
        chosen: list[tuple[Need, int]] = []
        taken: set[int] = set()
        order = sorted(needs, key=lambda need: (need.priority, need.raised))
        for _, group in groupby(order, key=lambda need: (need.priority, need.raised)):
            if len(taken) >= board.idle_count and not board.diversion:
                break
            able = None if board.diversion else idle_capabilities(board, taken)
            matched = match([n for n in group if able is None or n.capability in able], board, taken)
            taken.update(unit for _, unit in matched)
            chosen += matched
        return chosen


def match(needs: list[Need], board: StatusBoard, taken: Collection[int]) -> list[tuple[Need, int]]:
    """Return the best matching of needs of one priority to units that are not taken."""
    if len(needs) == 1:
        unit = nearest_unit(needs[0], board, taken)
        return [] if unit is None else [(needs[0], unit)]
    pairs = [
        (n, unit, seconds) for n, need in enumerate(needs) for unit, seconds in candidates(need, board, taken)
    ]
    if not pairs:
        return []
    units = sorted({unit for _, unit, _ in pairs})
    column = {unit: i for i, unit in enumerate(units)}
    rows = np.array([n for n, _, _ in pairs])
    columns = np.array([column[unit] for _, unit, _ in pairs])
    milliseconds = np.rint(np.array([seconds for _, _, seconds in pairs]) * 1000.0).astype(np.int64)
    return [(needs[n], units[u]) for n, u in solve(rows, columns, milliseconds, len(needs), len(units))]


def candidates(need: Need, board: StatusBoard, taken: Collection[int]) -> list[tuple[int, float]]:
    """Return every unit that could serve a need now with the seconds it would take."""
    fleet, now = board.fleet, board.now
    quarters = [
        (unit, seconds)
        for seconds, unit in fleet.ranking(need.node, need.capability)
        if board.idle[unit] and board.home_at[unit] <= now and unit not in taken and is_fit(unit, need, board)
    ]
    road = [
        (unit, board.seconds_from_road(unit, need.node))
        for unit in board.on_the_road(need)
        if unit not in taken and is_fit(unit, need, board)
    ]
    return quarters + [(unit, seconds) for unit, seconds in road if seconds < inf]


def solve(
    rows: Whole,
    columns: Whole,
    costs: Whole,
    row_count: int,
    column_count: int,
) -> list[tuple[int, int]]:
    """Return pairs (row, column): as many as possible, then at least total cost, then by lower numbers.

    A flow of one unit goes from the source through each row to a column and the sink, or past the columns
    at a price that exceeds every detour. ``rows``, ``columns`` and ``costs`` list the allowed pairs.
    """
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

    price, skip = _prices(rows, columns, costs, row_count, column_count)
    source, sink = row_count + column_count, row_count + column_count + 1
    every_row, every_column = np.arange(row_count), np.arange(column_count)
    tails = [rows, np.full(row_count, source), every_row, row_count + every_column]
    heads = [row_count + columns, every_row, np.full(row_count, sink), np.full(column_count, sink)]
    free = np.zeros(row_count + column_count, dtype=np.int64)
    prices = [price, free[:row_count], np.full(row_count, skip), free[row_count:]]
    flow = SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        np.concatenate(tails),
        np.concatenate(heads),
        np.ones(len(rows) + 2 * row_count + column_count, dtype=np.int64),
        np.concatenate(prices),
    )
    flow.set_node_supply(source, row_count)
    flow.set_node_supply(sink, -row_count)
    status = flow.solve()
    if status != flow.OPTIMAL:
        message = f"the matching of {row_count} needs to {column_count} units was not solved ({status})"
        raise InvariantError(message, hint="Please report this with the scenario.")
    used = flow.flows(arcs[: len(rows)]) > 0
    return list(zip(rows[used].tolist(), columns[used].tolist(), strict=True))


def _prices(
    rows: Whole, columns: Whole, costs: Whole, row_count: int, column_count: int
) -> tuple[Whole, int]:
    """Return the price of each pair, ties included, and the price of leaving a row without a column."""
    # a later row costs more than any choice of column; the product gives twins (rows of equal costs) their
    # columns in order, whatever the size of the costs
    later = column_count * (row_count + 1)
    tie = later * rows + row_count * columns - rows * columns
    scale = row_count * later * (row_count + 1) + 1
    detour = int(costs.max()) + 1
    if detour * scale * (row_count + 1) * (row_count + column_count + 2) > LIMIT:
        tie, scale = (
            np.zeros_like(rows),
            1,
        )  # with so many needs the solver breaks ties, the same way each time
    price = costs * scale + tie
    skip = detour * scale * (row_count + 1)
    return price, skip
