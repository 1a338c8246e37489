"""Flows of least cost from supply to demand: the transportation problem, with OR-Tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dispatch.errors import InvariantError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    Whole = NDArray[np.int64]

LIMIT = 2**60
"""Costs times nodes must stay below this in the solver's 64-bit integers."""


class Transport(NamedTuple):
    """A plan of transport."""

    flows: dict[tuple[int, int], int]
    """What goes from a supply to a demand, by their places; nothing is left out that is not 0."""
    shortfall: tuple[int, ...]
    """What each demand lacks."""


class Arcs(NamedTuple):
    """Arcs of a network, one by one."""

    tails: list[int]
    heads: list[int]
    capacities: list[int]
    costs: list[float]

    def add(self, tail: int, head: int, capacity: int, cost: float) -> int:
        """Add an arc; return its number."""
        self.tails.append(tail)
        self.heads.append(head)
        self.capacities.append(capacity)
        self.costs.append(cost)
        return len(self.tails) - 1


def no_arcs() -> Arcs:
    """Return arcs to add to."""
    return Arcs([], [], [], [])


def transport(
    supply: Sequence[int],
    demand: Sequence[int],
    cost: Sequence[Sequence[float]],
    *,
    forbidden: Collection[tuple[int, int]] = (),
) -> Transport:
    """Return a plan of least cost among those that ship as much as can be shipped, in whole units.

    ``cost[i][j]`` is that of a unit from supply i to demand j. Pairs that are forbidden, and those of
    infinite cost, ship nothing. Of plans that are equal the same one is found every time.
    """
    rows, columns = len(supply), len(demand)
    arcs, pairs = no_arcs(), list[tuple[int, int]]()
    for i in range(rows):
        for j in range(columns):
            if (i, j) not in forbidden and cost[i][j] < float("inf"):
                pairs.append((i, j))
                arcs.add(i, rows + j, min(supply[i], demand[j]), cost[i][j])
    flows = ship(arcs, list(enumerate(supply)), [(rows + j, amount, 1.0) for j, amount in enumerate(demand)])
    sent = {pair: int(flow) for pair, flow in zip(pairs, flows, strict=True) if flow > 0}
    arrived = [0] * columns
    for (_, j), amount in sent.items():
        arrived[j] += amount
    return Transport(sent, tuple(amount - got for amount, got in zip(demand, arrived, strict=True)))


def ship(arcs: Arcs, supply: Sequence[tuple[int, int]], demand: Sequence[tuple[int, int, float]]) -> Whole:
    """Return the flow on each arc: as much as can be shipped, and of such plans one of least cost.

    ``supply`` lists nodes and amounts; ``demand`` lists nodes, amounts, and how much each is worth against
    the others where not all can be served: 1 at least, and a step of 1 outweighs every cost. What can flow
    into demands together is a polymatroid, so the plan that is worth most also ships most.
    """
    amounts, ends = [amount for _, amount, _ in demand], [node for node, _, _ in demand]
    starts, total = [node for node, _ in supply], sum(amounts)
    if total == 0 or not arcs.tails:
        return np.zeros(len(arcs.tails), dtype=np.int64)
    nodes = max(*arcs.tails, *arcs.heads, *starts, *ends) + 1
    source, sink = nodes, nodes + 1
    costs, worths = np.array(arcs.costs), np.array([worth for _, _, worth in demand])
    # a detour goes through a demand once at most, and pays for two arcs there
    detour = (float(np.abs(costs).max()) + 1.0) * (2 * len(demand) + 2)
    scale = _scale(costs, detour * float(worths.max()), nodes + 2)
    skip = np.rint(detour * worths * scale).astype(np.int64)
    inner = len(arcs.tails)
    tails = [*arcs.tails, *[source] * len(starts), *ends, *[source] * len(ends)]
    heads = [*arcs.heads, *starts, *[sink] * len(ends), *ends]
    capacities = [*arcs.capacities, *(amount for _, amount in supply), *amounts, *amounts]
    free = np.zeros(len(supply) + len(demand), dtype=np.int64)
    prices = np.concatenate([np.rint(costs * scale).astype(np.int64), free, skip])
    return _solve(tails, heads, np.minimum(np.array(capacities), total), prices, total)[:inner]


def _scale(costs: NDArray[np.float64], greatest: float, nodes: int) -> float:
    """Return what costs are multiplied by to become whole numbers: a power of ten, as large as fits."""
    whole = bool(np.all(costs == np.rint(costs)))
    scale = 1.0 if whole else 1e6
    while greatest * scale * (nodes + 2) > LIMIT:
        scale /= 10.0
    return scale


def _solve(tails: list[int], heads: list[int], capacities: Whole, prices: Whole, total: int) -> Whole:
    """Return a flow of least price of a total from the last node but one to the last."""
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

    flow = SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        np.array(tails), np.array(heads), capacities.astype(np.int64), prices
    )
    sink = max(heads)
    flow.set_node_supply(sink - 1, total)
    flow.set_node_supply(sink, -total)
    status = flow.solve()
    if status != flow.OPTIMAL:
        message = f"a flow of {total} over {len(tails)} arcs was not solved ({status})"
        raise InvariantError(message, hint="Please report this with the scenario.")
    flows: Whole = flow.flows(arcs)
    return flows
