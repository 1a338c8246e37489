"""The best that can be had in tiny worlds with one trip a truck, by trying everything."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policies.supply_world import Line

Load = tuple[tuple[int, int], ...]
"""Places of needs of one node in the view, and amounts; empty for a truck that stays."""


def best(view: Line, late_costs: float) -> tuple[list[float], float]:
    """Return the least shares of needs that are short, by priority, and the least cost of the rest.

    One item, and each truck sets out from its depot once, at the moment at which it is free.
    """
    stock = {goods.place: goods.amount for goods in view.goods}
    options = [list(_options(view, truck)) for truck in range(len(view.carriers))]
    return min(
        _score(view, loads, late_costs) for loads in product(*options) if _possible(view, loads, stock)
    )


def _options(view: Line, truck: int) -> Iterator[Load]:
    load = view.carriers[truck].kind.load(view.items[view.wanted[0].item])
    for node in sorted({want.node for want in view.wanted}):
        needs = [
            n
            for n, want in enumerate(view.wanted)
            if want.node == node and _arrival(view, truck, n) <= want.until
        ]
        for amounts in product(*(range(min(load, view.wanted[n].amount) + 1) for n in needs)):
            if 0 < sum(amounts) <= load:
                yield tuple(zip(needs, amounts, strict=True))
    yield ()


def _arrival(view: Line, truck: int, need: int) -> float:
    carrier = view.carriers[truck]
    return max(carrier.free_at, view.now) + view.lead(carrier, carrier.depot, view.wanted[need].node)


def _possible(view: Line, loads: tuple[Load, ...], stock: dict[int, int]) -> bool:
    given, taken = Counter[int](), Counter[int]()
    for truck, load in enumerate(loads):
        for need, amount in load:
            given[need] += amount
            taken[view.carriers[truck].depot] += amount
    fits = all(amount <= view.wanted[n].amount for n, amount in given.items())
    return fits and all(amount <= stock.get(place, 0) for place, amount in taken.items())


def _score(view: Line, loads: tuple[Load, ...], late_costs: float) -> tuple[list[float], float]:
    left, cost = [want.amount for want in view.wanted], 0.0
    whole = sum(left)
    for truck, load in enumerate(loads):
        for need, amount in load:
            want, arrives = view.wanted[need], _arrival(view, truck, need)
            left[need] -= amount
            late = max(0.0, arrives - want.deadline)
            cost += amount / whole * (arrives - view.now + late_costs * late)
    short = dict.fromkeys(sorted({want.priority for want in view.wanted}), 0.0)
    for rest, want in zip(left, view.wanted, strict=True):
        short[want.priority] += rest / whole
    return [round(each, 9) for each in short.values()], round(cost, 6)
