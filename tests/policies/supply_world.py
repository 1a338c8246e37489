"""A world of supplies on a line: places are metres, trucks drive 1 m/s times their speed factor."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from dispatch.engine.supply_view import Carrier, Goods, Wanted
from dispatch.scenario.items import KnownItem
from dispatch.scenario.supplies import TruckKind

if TYPE_CHECKING:
    from collections.abc import Mapping

FOAM = KnownItem("foam", "", "kg", 1000, 0.001, 0.001, 0.0)
BAGS = KnownItem("bags", "", "bag", 1, 40.0, 25.0, 0.0)
WATER = KnownItem("water", "", "l", 1000, 0.001, 0.001, 0.0)
PIECES = KnownItem("pieces", "", "piece", 1, 1.0, 1.0, 0.0)
ITEMS = (FOAM, BAGS, WATER, PIECES)
"""Items 0 to 3; a piece of the last weighs a kilogram and takes up a litre."""


def kind(
    name: str = "truck",
    kg: float = 10.0,
    litres: float = inf,
    *,
    carries: frozenset[int] | None = None,
    speed: float = 1.0,
) -> TruckKind:
    """Return a kind of truck."""
    return TruckKind(name, 1, kg, litres, carries, 0.0, speed, 0.0, 0.0, 2)


@dataclass
class Line:
    """A supply view: depots and sources at metres of a line, needs at nodes that are metres."""

    wanted: list[Wanted]
    goods: list[Goods]
    carriers: list[Carrier]
    spots: Mapping[int, int]
    """Metre of a place."""
    now: float = 0.0
    load_out: float = 0.0
    flow: float = inf
    """Of sources, in l/s."""
    cut: frozenset[int] = frozenset()
    """Nodes that no way leads to."""
    items: tuple[KnownItem, ...] = ITEMS
    asked: int = field(default=0)
    """How often a lead was asked for."""

    def lead(self, carrier: Carrier, place: int, node: int, litres: float = 0.0) -> float:
        """Return seconds from a truck's node over a place to another node."""
        self.asked += 1
        if node in self.cut:
            return inf
        spot = self.spots[place]
        metres = abs(carrier.node - spot) + abs(spot - node)
        loading = litres / self.flow if place < 0 else self.load_out
        return metres / carrier.kind.speed_factor + loading + carrier.kind.unload

    def back(self, carrier: Carrier, place: int, node: int) -> float:
        """Return seconds from a node to a place."""
        return abs(node - self.spots[place]) / carrier.kind.speed_factor


def want(
    need: int,
    amount: int,
    node: int,
    *,
    item: int = 3,
    priority: int = 2,
    deadline: float = inf,
    until: float = inf,
) -> Wanted:
    """Return a need."""
    return Wanted(need, item, amount, node, priority, deadline, until)


def fleet(spots: Mapping[int, int], *trucks: tuple[int, TruckKind], free_at: float = 0.0) -> list[Carrier]:
    """Return trucks at their depots."""
    return [Carrier(i, each, depot, spots[depot], free_at) for i, (depot, each) in enumerate(trucks)]
