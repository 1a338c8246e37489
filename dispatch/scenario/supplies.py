"""Supplies of a scenario, resolved: what incidents need, the depots of a layout, water, what units carry."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatch.scenario.items import KnownItem


class KnownNeed(NamedTuple):
    """What a call needs of an item; amounts in quanta, times in seconds."""

    item: int
    amount: int
    flow: float
    """Litres per second that have to be pumped while it is applied; 0 for none."""
    lasts: float
    """How long it is applied."""
    within: float
    """Deadline from the moment at which it is asked for; infinite for none."""
    asked_after: float
    wanted_for: float
    stock_up: bool
    """Whether all of it must be there before it is applied."""


@dataclass(frozen=True, slots=True)
class TruckKind:
    """Trucks of one kind at a depot."""

    id: str
    number: int
    kg: float
    """Payload."""
    litres: float
    """Infinite where it is not limited."""
    carries: frozenset[int] | None
    """Items that it can carry; None for all but water."""
    unload: float
    speed_factor: float
    width: float
    per_km: float
    water: int
    """The item ``water``, which only a truck that names it carries; −1 where there is none."""

    def takes(self, item: int) -> bool:
        """Whether it can carry an item."""
        return item != self.water if self.carries is None else item in self.carries

    def load(self, item: KnownItem) -> int:
        """Return the most that one carries of an item, in quanta."""
        by_volume = self.litres / item.litres if item.litres > 0.0 else inf
        return int(min(self.kg / item.kg, by_volume) + 1e-9)

    def carried(self, number: int, item: KnownItem) -> int:
        """Return the same for an item by its number, 0 where it cannot carry it."""
        return self.load(item) if self.takes(number) else 0


@dataclass(frozen=True, slots=True)
class DepotSite:
    """A depot of a layout; amounts in quanta by item."""

    id: str
    title: str
    node: int
    echelon: str
    kind: str
    load_out: float
    open: frozenset[int]
    """Hours of the week, 0 from Monday 00:00, in which loading can begin; empty for all."""
    stock: Mapping[int, int]
    reserve: Mapping[int, int]
    trucks: tuple[TruckKind, ...]
    ramp_up: float
    rates: Mapping[int, float]
    """What it makes, in quanta per second; empty for none."""
    lead_time: float
    """Infinite where nothing is replaced."""
    supplier: str
    """Depot from which it is replaced; empty for outside."""


class Source(NamedTuple):
    """Where tankers fill."""

    id: str
    node: int
    hydrant: bool
    flow: float
    """Litres per second."""


class Tank(NamedTuple):
    """What a unit carries of an item; amounts in quanta."""

    item: int
    amount: int
    uses: float
    """Quanta per second of work on scene; 0 for none."""
    refill: float
    from_depot: bool


@dataclass(frozen=True, slots=True, eq=False)
class SupplyBook:
    """What a scenario says of supplies, apart from its layouts."""

    items: tuple[KnownItem, ...]
    """In order of id."""
    number: Mapping[str, int]
    """Number of an item by id."""
    needs: tuple[tuple[KnownNeed, ...], ...]
    """What calls of each kind need."""
    authored: Mapping[int, tuple[KnownNeed, ...]]
    """What injected calls need that say so themselves, by number."""
    hydrants: Mapping[int, float]
    """Litres per second that hydrants give, by node."""
    sources: tuple[Source, ...]
    tanks: Mapping[str, tuple[Tank, ...]]
    """What units carry, by unit type."""
    pumps: Mapping[str, float]
    """Litres per second that units pump, by unit type that says so."""
    simulates_water: bool
    depots: Mapping[str, tuple[DepotSite, ...]] = field(default_factory=dict)
    """Depots of each layout, in order of id."""
    named: tuple[frozenset[str], ...] = ()
    """Items of which types say themselves what their calls need, be it nothing, by kind."""
    named_by_call: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """The same of injected calls that say so themselves, by number."""
