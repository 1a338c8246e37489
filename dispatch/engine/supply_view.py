"""What a supplying policy sees, and what it answers; amounts in quanta of the item, moments in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dispatch.scenario.items import KnownItem
    from dispatch.scenario.supplies import TruckKind


class Wanted(NamedTuple):
    """What a need still lacks, beside what is there and on the way."""

    need: int
    item: int
    amount: int
    node: int
    priority: int
    """1 is the most urgent."""
    deadline: float
    """Infinite for none."""
    until: float
    """When nobody wants it any more."""


class Goods(NamedTuple):
    """What can be loaded at a place from some moment on, without what is kept in reserve."""

    place: int
    """A depot, or −1 − n for water source n."""
    item: int
    amount: int
    ready: float
    """The earliest moment at which loading can begin; now, for what is there and may be loaded."""


class Carrier(NamedTuple):
    """A truck."""

    truck: int
    kind: TruckKind
    depot: int
    """It loads at its own depot, or at water sources."""
    node: int
    """Where it is when it is free."""
    free_at: float
    """When it is free: now, or when it will have unloaded or come home as far as is known."""


class Shipment(NamedTuple):
    """A truck that sets out for its load now."""

    truck: int
    place: int
    loads: tuple[tuple[int, int], ...]
    """Needs of one node, and amounts."""


class SupplyPlan(NamedTuple):
    """What a policy answers."""

    shipments: tuple[Shipment, ...]
    """Trucks that are free now, with goods that are ready now."""
    arrives: Mapping[int, float]
    """When the last of what a need lacks would be there, by need, as far as it is planned at all."""
    short: Mapping[int, int]
    """What cannot be had by the moment at which nobody wants it any more, by need."""


class SupplyView(Protocol):
    """The state of supplies at one moment."""

    @property
    def now(self) -> float:
        """Seconds from the scenario's start."""

    @property
    def items(self) -> Sequence[KnownItem]:
        """All items, by number."""

    @property
    def wanted(self) -> Sequence[Wanted]:
        """What is lacking, by priority, then deadline, then number of the need."""

    @property
    def goods(self) -> Sequence[Goods]:
        """What can be loaded, and from when on."""

    @property
    def carriers(self) -> Sequence[Carrier]:
        """The trucks."""

    def lead(self, carrier: Carrier, place: int, node: int, litres: float = 0.0) -> float:
        """Return seconds from a truck's setting out for a place until it has unloaded at a node.

        It drives to the place, loads there (load-out of a depot, or ``litres`` at the flow of a source),
        drives to the node and unloads; infinite where no way leads.
        """

    def back(self, carrier: Carrier, place: int, node: int) -> float:
        """Return seconds from a node, where a truck has unloaded, to a place where it loads again."""


class SupplyPolicy(Protocol):
    """Decides which truck takes what where."""

    def plan(self, view: SupplyView) -> SupplyPlan:
        """Return the trucks that set out now, and what the rest comes to."""
