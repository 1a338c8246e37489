"""What happened to supplies: needs, answers of depots, trips of trucks, stock; amounts in quanta of the item.

The steps of an order follow the resource messages of EDXL-RM 1.0 (OASIS): requested, answered (accepted,
provisional or declined), committed, loaded, en route, delivered, returned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from dispatch.roads.travel import Position
    from dispatch.scenario.conditions import Conditions
    from dispatch.scenario.supplies import DepotSite

ACCEPTED, PROVISIONAL, DECLINED = "accepted", "provisional", "declined"
"""What a depot answers: it can send now; it can send later; it cannot."""


class Asked(NamedTuple):
    """What a call needs of an item; its number is its place in the log."""

    incident: int
    item: int
    amount: int
    """All that is needed."""
    flow: float
    """Litres per second to be pumped while it is applied; 0 for none."""
    lasts: float
    """Seconds for which it is applied."""
    asked: float
    """When it was asked for, in seconds from the start."""
    deadline: float
    """Infinite for none."""
    until: float
    """When nobody wants the rest any more."""
    stock_up: bool
    """Whether all of it must be there before it is applied."""
    order: int = 0
    """0, or the alarm level that asked for it on top of lower ones."""
    ordered: bool = False
    """Whether an order asked for it, beside all that the call needs."""


class Brought(NamedTuple):
    """Something that arrived for a need."""

    need: int
    moment: float
    amount: int
    by: Literal["truck", "unit", "hydrant", "order"]
    """What brought it; ``order`` for what an order had brought there already, and the call then needed."""
    which: int
    """Number of the trip, row of the unit's response, or the order's need; −1 for hydrants."""


class Answer(NamedTuple):
    """What a depot answered to a request for a need."""

    need: int
    depot: int
    moment: float
    answer: str
    """``accepted``, ``provisional`` or ``declined``."""
    amount: int
    """What it can send."""
    why: str
    """Why it is provisional or declined; empty for accepted."""


class Trip(NamedTuple):
    """One truckload, from the order to the truck's return; moments in seconds from the start."""

    truck: str
    """Id of the truck: depot, kind and number, such as ``park-gate/heavy-1``."""
    depot: int
    """The truck's own depot."""
    place: int
    """Where it loads: a depot, or −1 − n for water source n."""
    incident: int
    loads: tuple[tuple[int, int], ...]
    """Needs and amounts."""
    committed: float
    loading: float
    """When loading begins."""
    loaded: float
    """When it is loaded and sets out."""
    delivered: float
    """When it is unloaded; NaN where no way led there to the end."""
    returned: float
    """When it is back at its depot; NaN where it went on to another trip, or no way led home."""
    metres: float
    """Driven for it: to the place of loading, to the incident, and home if it goes there."""


class Drive(NamedTuple):
    """A drive of a truck, or the rest of one that was planned anew: from a position to a node."""

    truck: int
    """Number of the truck among all of the layout: by depot, kind and number."""
    left: float
    """When it began, in seconds from the start; it lasts until the truck is there or the next one begins."""
    origin: Position
    target: int
    conditions: Conditions
    """What the roads were like; where no way led there, the truck stood still."""


class StockChange(NamedTuple):
    """A change of a depot's stock."""

    moment: float
    depot: int
    item: int
    amount: int
    """Positive for what comes in."""
    why: Literal["committed", "resupply", "produced", "restock", "supplies", "returned"]
    """Taken for a trip, come in, made, filled into a unit, sent to another depot, brought back unused."""


class Use(NamedTuple):
    """What a unit used of what it carries, at a call."""

    response: int
    item: int
    amount: int
    moment: float
    """When it left the call."""


class Refill(NamedTuple):
    """What was filled into a unit in quarters."""

    unit: int
    item: int
    amount: int
    begins: float
    ends: float
    """When the unit is available again."""
    depot: int
    """From whose stock; −1 for the quarters' own supply."""


class Short(NamedTuple):
    """What cannot be had for a need, by all that is known at a moment."""

    need: int
    moment: float
    amount: int
    """0 where it can be had after all."""


class Unwanted(NamedTuple):
    """The rest of a need that nobody wanted any more."""

    need: int
    moment: float
    amount: int


@dataclass(frozen=True, slots=True)
class SupplyLog:
    """Everything that happened to supplies in one simulation, each in order of time."""

    depots: tuple[DepotSite, ...]
    """The depots of the layout."""
    needs: tuple[Asked, ...] = ()
    answers: tuple[Answer, ...] = ()
    trips: tuple[Trip, ...] = ()
    brought: tuple[Brought, ...] = ()
    changes: tuple[StockChange, ...] = ()
    uses: tuple[Use, ...] = ()
    refills: tuple[Refill, ...] = ()
    shortfalls: tuple[Short, ...] = ()
    """Whenever what cannot be had changes."""
    unwanted: tuple[Unwanted, ...] = ()
    controlled: tuple[tuple[int, float], ...] = ()
    """Calls and the moments at which their supplies let them come under control; NaN for never."""
    ended: float = 0.0
    """When the simulation ended, or its horizon if that is later."""
    drives: tuple[Drive, ...] = ()
    """Where the trucks drove."""
