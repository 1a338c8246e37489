"""What a scenario may say of supplies: items, depots with stock and trucks, what incidents need of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from dispatch.model.amounts import (
    Amount,
    Application,
    Area,
    Flow,
    LineApplication,
    Share,
    WrittenAmount,
    WrittenRate,
)
from dispatch.model.base import (
    Frozen,
    Metres,
    Name,
    Number,
    OrShort,
    Place,
    PositiveSeconds,
    Reference,
    Seconds,
    SpeedFactor,
    Text,
    Whole,
)
from dispatch.model.travel import Hours

Echelon = Literal["town", "district", "city", "province"]
"""Who keeps a depot, from the lowest to the highest."""

StockKind = Literal["physical", "market", "production"]
"""Goods in hand; goods of shops and firms under contract; goods that have to be made."""

LOAD_OUT: dict[str, float] = {"physical": 2700.0, "market": 10800.0, "production": 2700.0}
"""Seconds from an order until a truck is loaded, where a depot does not say (assumed)."""


class Item(Frozen):
    """A kind of supplies."""

    title: Text = ""
    """Name for people."""
    unit: Name
    """What it is counted in: ``kg``, ``l``, or a word for a piece such as ``bag``."""
    also: tuple[Name, ...] = ()
    """Other words for a piece that may be written, such as 袋; the plural with s is known."""
    weight: Annotated[Number, Field(gt=0, le=1e6)] | None = None
    """Kilograms of a piece; needed for pieces."""
    density: Annotated[Number, Field(gt=0, le=25)] = 1.0
    """Kilograms per litre, for what is counted in kg or l."""
    volume: Annotated[Number, Field(ge=0, le=1e6)] | None = None
    """Litres that a piece takes up in a truck; not counted when left out."""
    code: Annotated[str, Field(pattern="^[1-3][0-9]{6}$")] | None = None
    """Class code of seven digits after GB/T 38565."""
    price: Annotated[Number, Field(ge=0, le=1e9)] = 0.0
    """Price of a kg, litre or piece, for ``supply.cost``."""
    source: Text = ""
    """Where its figures come from."""

    @model_validator(mode="after")
    def _measured(self) -> Item:
        if self.is_counted and self.weight is None:
            message = f"an item counted in '{self.unit}' without a weight | Give the weight of one in kg."
            raise PydanticCustomError("missing_part", message)
        if not self.is_counted and (self.weight is not None or self.volume is not None or self.also):
            message = (
                f"an item counted in {self.unit} has a density | Leave 'weight', 'volume' and 'also' out."
            )
            raise ValueError(message)
        return self

    @property
    def is_counted(self) -> bool:
        """Whether it comes in pieces."""
        return self.unit not in ("kg", "l")


class ItemFile(Frozen):
    """A file of items."""

    title: Text = ""
    """Name for people."""
    source: Text = ""
    """Where its figures come from."""
    items: Annotated[dict[Name, Item], Field(min_length=1)]
    """Items by id."""


class StockLine(Frozen):
    """What a depot holds of an item."""

    amount: WrittenAmount
    """In stock at the start."""
    reserve: WrittenAmount = Amount(0.0, "")
    """What trucks never take; units of the station at the same node are filled from it all the same."""


def _line(value: Any) -> Any:
    """Take a bare amount as a line without a reserve."""
    return value if isinstance(value, dict | StockLine) else {"amount": value}


class Truck(Frozen):
    """Trucks of one kind at a depot."""

    title: Text = ""
    """Name for people."""
    number: Annotated[Whole, Field(ge=1, le=1000)] = 1
    """How many there are."""
    payload: WrittenAmount
    """What one carries by weight, such as ``10 t``."""
    volume: WrittenAmount | None = None
    """What one carries by volume, such as ``30 m3``; not limited when left out."""
    carries: tuple[Reference, ...] = ()
    """Items that it can carry; all of them when left out, but for ``water``, which takes a tanker."""
    crew: Annotated[Whole, Field(ge=0, le=100)] = 0
    """People on each."""
    unload: Seconds = 0.0
    """Time to unload one at the incident."""
    speed_factor: SpeedFactor = 1.0
    """What the roads' speeds are multiplied by."""
    width: Metres | None = None
    """Width, for closures that hold for wide vehicles only."""
    per_km: Annotated[Number, Field(ge=0, le=1e6)] = 0.0
    """Price of a kilometre, for ``supply.cost``."""


class Production(Frozen):
    """Goods that are made when they are asked for."""

    ramp_up: Seconds
    """Time from the first order until production runs."""
    rates: Annotated[dict[Reference, WrittenRate], Field(min_length=1)]
    """Item → amount by time from then on."""


class Resupply(Frozen):
    """What has left a depot is ordered anew, and comes after some time."""

    lead_time: PositiveSeconds
    """Time until it is there."""
    from_depot: Annotated[Reference | None, Field(alias="from")] = None
    """Depot of a higher echelon from whose stock it is taken; from outside when left out."""


class Depot(Frozen):
    """A place with supplies and with trucks that take them to incidents."""

    title: Text = ""
    """Name for people."""
    at: Place
    """Node id, or coordinates that are snapped to the nearest node."""
    echelon: Echelon = "district"
    """Who keeps it."""
    kind: StockKind = "physical"
    """Goods in hand, goods of shops and firms under contract, or goods that have to be made."""
    load_out: Seconds | None = None
    """Time from an order until a truck is loaded; 45 min, of the market 3 h, when left out."""
    open: tuple[Hours, ...] = ()
    """Hours of the week in which loading can begin; always when left out."""
    stock: dict[
        Reference,
        Annotated[
            StockLine,
            BeforeValidator(_line),
            OrShort("amount"),
        ],
    ] = {}
    """Item → amount, or ``{amount, reserve}``."""
    trucks: dict[Name, Truck] = {}
    """Trucks by kind; without any it only restocks units."""
    produces: Production | None = None
    """What it makes on order, for ``kind: production``."""
    resupply: Resupply | None = None
    """How what has left is replaced; never when left out."""

    @model_validator(mode="after")
    def _consistent(self) -> Depot:
        if (self.kind == "production") != (self.produces is not None):
            message = "'kind: production' and 'produces' belong together | Give both, or neither."
            raise PydanticCustomError("missing_part", message)
        return self


class FoamAttack(Frozen):
    """Foam on a burning surface: solution by area and time, of which a share is concentrate."""

    diameter: Metres | None = None
    """Of a tank that burns on its full surface."""
    area: Area | None = None
    """Burning surface, instead of a diameter."""
    application: Application
    """Solution by time and area, such as ``6.5 l/min/m2``."""
    concentration: Share
    """Share of concentrate in the solution, such as ``6 %``."""

    @model_validator(mode="after")
    def _one_size(self) -> FoamAttack:
        if (self.diameter is None) == (self.area is None):
            message = "a surface has one size | Give either 'diameter' or 'area'."
            raise PydanticCustomError("missing_part", message) if self.area is None else ValueError(message)
        return self


class Cooling(Frozen):
    """Water on walls that must not get hot."""

    length: Metres
    """Of wall: the circumference of a burning tank, half of it for a neighbour."""
    application: LineApplication
    """Water by time and metre, such as ``0.8 l/s/m``."""


class Dyke(Frozen):
    """Something laid along a length, such as sandbags on a levee."""

    length: Metres
    """Length to protect."""
    per_metre: Annotated[Number, Field(gt=0, le=1e6)]
    """Pieces, kg or litres for each metre."""


class People(Frozen):
    """Something for each of a number of people."""

    number: Annotated[Whole, Field(ge=1, le=10_000_000)]
    """How many."""
    each: WrittenRate
    """For each of them, such as ``3 l/d``."""


WAYS = ("amount", "rate", "foam", "cooling", "dyke", "people")
"""How a need can be stated, one each."""
_LASTING = ("rate", "foam", "cooling", "people")


class SupplyNeed(Frozen):
    """What an incident needs of an item, as a fixed amount or by its physics."""

    amount: WrittenAmount | None = None
    """A fixed amount."""
    rate: WrittenRate | None = None
    """An amount by time, over ``for``."""
    foam: FoamAttack | None = None
    """Foam concentrate for a burning surface, over ``for``."""
    cooling: Cooling | None = None
    """Water for walls, over ``for``."""
    dyke: Dyke | None = None
    """Along a length."""
    people: People | None = None
    """For a number of people, over ``for``."""
    lasts: Annotated[PositiveSeconds | None, Field(alias="for")] = None
    """How long it is applied; the call is under control at the end of it at the earliest."""
    within: PositiveSeconds | None = None
    """Deadline, from the moment at which it is asked for."""
    asked_after: Seconds = 0.0
    """Time from the moment at which the call is ready until it is asked for."""
    wanted_for: PositiveSeconds = 86400.0
    """Time after which nobody wants the rest any more; unmet demand is counted until then."""
    stock_up: bool | None = None
    """Whether all of it must be on scene before it is applied; for foam only, when left out."""

    @property
    def way(self) -> str:
        """How it is stated."""
        return next(name for name in WAYS if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _one_way(self) -> SupplyNeed:
        given = [name for name in WAYS if getattr(self, name) is not None]
        if len(given) != 1:
            message = f"a need is stated in one way | Give one of {', '.join(map(repr, WAYS))}."
            raise ValueError(message) if given else PydanticCustomError("missing_part", message)
        if given[0] in _LASTING and self.lasts is None:
            message = f"'{given[0]}' without 'for' | Say how long."
            raise ValueError(message)
        return self


def as_need(value: Any) -> Any:
    """Take a bare amount as a need."""
    return value if isinstance(value, dict | SupplyNeed) else {"amount": value}


SupplyNeeds = dict[
    Reference,
    Annotated[
        SupplyNeed,
        BeforeValidator(as_need),
        OrShort("amount"),
    ],
]
"""Item → what is needed of it."""


class WaterSource(Frozen):
    """Where tankers fill: a hydrant, a pond, a river."""

    title: Text = ""
    """Name for people."""
    at: Place
    """Node id, or coordinates that are snapped to the nearest node."""
    kind: Literal["hydrant", "open"] = "open"
    """A hydrant, which may be dry, or open water."""
    flow: Flow
    """What can be drawn at a time."""


class WaterSupply(Frozen):
    """Water on the spot, and where to fetch it where there is none."""

    hydrants: dict[Reference, Flow] = {}
    """Zone or node → what its hydrants give at an incident; nothing elsewhere, and while they are dry."""
    sources: dict[Name, WaterSource] = {}
    """Where tankers fill, by id."""


BY_ORDER = "by_order"
"""Policy, of dispatching and of supplying, with which nothing goes by itself."""


class Supplying(Frozen):
    """How supplies are sent."""

    policy: Literal["flow", "nearest", "by_order"] = "flow"
    """``flow`` solves a minimum-cost flow over depots, needs and items; ``nearest`` empties the nearest depot
    first, one need after the other; with ``by_order`` depots send only what a ``supply`` inject orders."""
    late_costs: Annotated[Number, Field(ge=0, le=1000)] = 10.0
    """How many seconds of delivery a second beyond a deadline is worth, for ``flow``."""


class Carried(Frozen):
    """What a unit carries of an item, and how it is used up and filled again."""

    amount: WrittenAmount
    """When full."""
    uses: WrittenRate | None = None
    """What its work on scene uses, until it is empty; nothing when left out, unless the incident needs it."""
    refill: Seconds = 0.0
    """Time to fill it in quarters, whatever is missing."""
    source: Literal["quarters", "depot"] = "quarters"
    """Where it is filled: from the quarters' own supply, or from the depot at its station's node."""


def _carried(value: Any) -> Any:
    return value if isinstance(value, dict | Carried) else {"amount": value}


Consumables = dict[
    Reference,
    Annotated[
        Carried,
        BeforeValidator(_carried),
        OrShort("amount"),
    ],
]
"""Item → what a unit carries of it."""
