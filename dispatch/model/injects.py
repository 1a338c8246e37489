"""What is done to a scenario while it runs: closures of roads, and injects of every kind."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from dispatch.model.alarms import Level, Report
from dispatch.model.amounts import WrittenAmount
from dispatch.model.base import (
    Frozen,
    Metres,
    Name,
    Number,
    Place,
    Point,
    PositiveSeconds,
    Reference,
    SpeedShare,
    Text,
    Whole,
    parse_duration,
)
from dispatch.model.incidents import RunCard
from dispatch.model.supplies import SupplyNeeds

_DATE = re.compile(r"\s*[0-9]{4}-[0-9]")
_MOMENT_HELP = "Write a duration from the start, such as '2 h', or a date such as 2024-01-05T08:00:00+08:00."


def _moment(value: Any) -> float | datetime:
    """Return seconds from the start, or a date and time with its time zone."""
    if isinstance(value, str) and _DATE.match(value):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            message = f"{value[:40]!r} is not a date and time | {_MOMENT_HELP}"
            raise ValueError(message) from None
        if value.tzinfo is None:
            message = f"{value.isoformat()} has no time zone | {_MOMENT_HELP}"
            raise ValueError(message)
    return value if isinstance(value, datetime) else parse_duration(value)


Moment = Annotated[
    float | datetime,
    PlainValidator(_moment),
    PlainSerializer(lambda moment: moment.isoformat() if isinstance(moment, datetime) else moment,
                    return_type=str | float, when_used="json"),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}], "description": _MOMENT_HELP,
                    "x-quantity": "duration from the start, or date and time"}),
]  # fmt: skip
"""Seconds or a duration from the scenario's start, or a date and time with its time zone."""


class Closure(Frozen):
    """Roads that are closed, slowed, or too narrow for some, for a time."""

    title: Text = ""
    """Name for people."""
    links: tuple[Reference, ...] = ()
    """Link ids of the network, both directions."""
    polygon: tuple[Point, ...] = ()
    """Corners of an area, in order; every road that touches it is meant."""
    around: Place | None = None
    """Centre of an area: node id or coordinates; needs ``radius``."""
    radius: Metres | None = None
    """Radius of the area around the centre; every road that touches it is meant."""
    begins: Moment | None = None
    """When it begins; at the start when left out, or when an inject says so."""
    ends: Moment | None = None
    """When it ends; never when left out, unless an inject reopens it."""
    speed_factor: SpeedShare | None = None
    """Slowed to this share of the speed instead of closed."""
    max_width: Metres | None = None
    """Holds for units that are wider than this only."""

    @model_validator(mode="after")
    def _somewhere(self) -> Closure:
        if not (self.links or self.polygon or self.around is not None):
            message = "a closure without roads | Give 'links', a 'polygon', or 'around' with 'radius'."
            raise ValueError(message)
        if (self.around is None) != (self.radius is None):
            message = "'around' and 'radius' belong together | Give both."
            raise ValueError(message)
        if self.polygon and len(self.polygon) < 3:
            message = "a polygon of fewer than three corners | Give at least three."
            raise ValueError(message)
        return self


class InjectedIncident(Frozen):
    """A call that comes in at the inject's moment, in every replication; its durations are drawn."""

    type: Reference
    """Incident type, with its run card and durations."""
    node: Place
    """Where: node id, or coordinates that are snapped to the nearest node."""
    id: Name | None = None
    """Id of the call; ``<type>-inject-<number>`` when left out, numbered by type in the order written."""
    priority: Annotated[Whole, Field(ge=1, le=99)] | None = None
    """Instead of the type's."""
    units: Annotated[RunCard, Field(min_length=1)] | None = None
    """Who is needed, by capability, instead of the type's run card."""
    report: Report | None = None
    """What is reported; it may raise the first alarm level of a type that has an ``alarm``."""
    level: Level | None = None
    """Alarm level of the call instead of the type's, before report and uplifts."""
    supplies: SupplyNeeds | None = None
    """What the call needs of items, instead of what its type says."""


class Surge(Frozen):
    """More or fewer random calls for a time, from the inject's moment on."""

    factor: Annotated[Number, Field(gt=0, le=1e6)]
    """What the rate is multiplied by: above 1 calls are added, below 1 some are left out."""
    lasts: Annotated[PositiveSeconds, Field(alias="for")]
    """How long; it ends with the horizon at the latest."""
    types: Annotated[tuple[Reference, ...], Field(min_length=1)] | None = None
    """Incident types with random demand; all of them when left out."""
    zones: Annotated[tuple[Reference, ...], Field(min_length=1)] | None = None
    """Zones; everywhere when left out."""


class Message(Frozen):
    """What somebody says to somebody: for those who read or play the scenario; it changes no result."""

    sender: Annotated[Text, Field(alias="from")] = ""
    """Who says it."""
    to: Text = ""
    """Whom it is for."""
    text: Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1)]
    """What is said."""


TARGETS = ("unit", "station", "hydrants", "comms")
"""What can fail, one each."""


class OutOfService(Frozen):
    """Something that fails: a unit, all units of a station, hydrants of an area, or communications."""

    unit: Reference | None = None
    """Id of a unit, which cannot be sent; what it is doing it does to the end."""
    station: Reference | None = None
    """Id of a station, all units of which cannot be sent."""
    hydrants: Reference | None = None
    """A zone or node whose hydrants are dry, for the uplift of alarm levels that asks for it.

    They give no water to calls that ask for supplies meanwhile.
    """
    comms: Literal[True] | None = None
    """Communications of the command centre: calls take longer until units can be alerted."""

    @property
    def target(self) -> str:
        """What fails: the key that is given."""
        return next(name for name in TARGETS if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        given = sum(getattr(self, name) is not None for name in TARGETS)
        if given != 1:
            message = f"one thing fails | Give one of {', '.join(map(repr, TARGETS))}."
            raise ValueError(message) if given else PydanticCustomError("missing_part", message)
        return self


class Outage(OutOfService):
    """Something that fails for a time."""

    lasts: Annotated[PositiveSeconds | None, Field(alias="for")] = None
    """How long; until a ``restore`` of the same when left out, or to the end."""
    slower_by: PositiveSeconds | None = None
    """For ``comms``: time that is added to the call processing of each call received meanwhile."""

    @model_validator(mode="after")
    def _slower(self) -> Self:
        if (self.comms is None) != (self.slower_by is None):
            message = "'comms' and 'slower_by' belong together | Say by how long each call is delayed."
            raise ValueError(message)
        return self


class Weather(Frozen):
    """Weather that slows everybody on the roads, or makes incidents worse, from the inject's moment on."""

    title: Text = ""
    """Name for people, such as freezing fog."""
    lasts: Annotated[PositiveSeconds | None, Field(alias="for")] = None
    """How long; to the end when left out."""
    speed_factor: SpeedShare | None = None
    """Share of the speed that is left on all roads; where a closure slows a road more, that rules."""
    uplift: bool = False
    """Whether uplifts of alarm levels for ``weather`` hold for calls received meanwhile."""

    @model_validator(mode="after")
    def _matters(self) -> Self:
        if self.speed_factor is None and not self.uplift:
            message = "weather that changes nothing | Give 'speed_factor', 'uplift: true', or both."
            raise ValueError(message)
        return self


class LevelChange(Frozen):
    """A rise of a call's alarm level, as a commander orders it; levels never fall."""

    incident: Reference
    """Id of an injected call, or such as a random call may get."""
    level: Level
    """Level from then on; nothing happens if it has that level or a higher one already."""


class Recall(Frozen):
    """A unit that is called back: it turns home, or leaves the scene, at once, and returns by order only."""

    unit: Reference
    """Id of a unit; nothing happens if it is on no call, or on its way from one."""
    replace: bool = False
    """Whether its place is open again for another unit; only where it has not arrived yet."""


class Order(Frozen):
    """A unit that is sent to a call or to a station by order, whatever the policies would choose."""

    unit: Reference
    """Id of a unit; nothing happens if it cannot be sent, which the log tells."""
    incident: Reference | None = None
    """Id of a call: an injected or recorded one, or such as a random call may get.

    The unit fills a need that it can fill, or else comes in addition.
    """
    station: Reference | None = None
    """Id of a station; the unit moves up there, and stands there until it is called or moved again."""

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.incident is None) == (self.station is None):
            message = "an order sends to one place | Give either 'incident' or 'station'."
            raise ValueError(message)
        return self


class Stage(Frozen):
    """A unit that is sent to a call by order, but waits at a place until it is ordered forward."""

    unit: Reference
    """Id of a unit; nothing happens if it cannot be sent, which the log tells."""
    incident: Reference
    """Id of a call: an injected or recorded one, or such as a random call may get."""
    node: Place
    """Where it waits: node id or coordinates. An ``order`` of the unit to the same call sends it forward, a
    ``recall`` home; who waits at the horizon still, goes home."""


class Ask(Frozen):
    """Units of an agreement that are asked for by order, whatever its conditions, within its limits."""

    agreement: Reference
    """Id of an agreement; its places, its end, its share and its delay hold as ever."""
    incident: Reference
    """Id of a call: an injected or recorded one, or such as a random call may get."""
    units: Annotated[Whole, Field(ge=1, le=1000)]
    """How many; the nearest that are in quarters. They fill needs, or come in addition."""


class SupplyOrder(Frozen):
    """Supplies that are ordered for a call, beside all that it needs already.

    Once they are there its needs are met of them, too.
    """

    incident: Reference
    """Id of a call: an injected or recorded one, or such as a random call may get."""
    item: Reference
    """Id of an item."""
    amount: WrittenAmount
    """How much. With ``supplying.policy: by_order`` needs of the call come first; the rest is a new need."""
    depot: Reference | None = None
    """The depot that is to send it, whatever is there already.

    When left out whoever can, after all that calls need.
    """


class Divert(Frozen):
    """A hospital that sends ambulances on to others for a time."""

    hospital: Reference
    """Id of a hospital."""
    lasts: Annotated[PositiveSeconds | None, Field(alias="for")] = None
    """How long; to the end when left out."""


class Change(Frozen):
    """One thing that is done to the scenario."""

    close: Reference | None = None
    """Closure that begins."""
    reopen: Reference | None = None
    """Closure that ends."""
    incident: InjectedIncident | None = None
    """Call that comes in."""
    surge: Surge | None = None
    """Random demand that grows or shrinks for a time."""
    message: Message | None = None
    """Words that are said."""
    outage: Outage | None = None
    """Unit, station, hydrants or communications that fail."""
    restore: OutOfService | None = None
    """What comes back after an outage."""
    weather: Weather | None = None
    """Weather that sets in."""
    level: LevelChange | None = None
    """Alarm level that is raised."""
    recall: Recall | None = None
    """Unit that is called back."""
    order: Order | None = None
    """Unit that is sent by order."""
    stage: Stage | None = None
    """Unit that is sent to wait near a call."""
    ask: Ask | None = None
    """Units of others that are asked for."""
    supply: SupplyOrder | None = None
    """Supplies that are ordered."""
    divert: Divert | None = None
    """Hospital that sends ambulances on to others."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """What it does: the key that is given."""
        return tuple(name for name in DOES if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        message = f"an inject does one thing | Give one of {', '.join(map(repr, DOES))}."
        if not self.kinds:
            raise PydanticCustomError("missing_part", message)
        if len(self.kinds) > 1:
            raise ValueError(message)
        return self


class Timed(Frozen):
    """Something at a moment."""

    at: Moment
    """When."""


class Inject(Change, Timed):
    """One thing that is done to the scenario at a moment."""


DOES = ("close", "reopen", "incident", "surge", "message", "outage", "restore", "weather", "level", "recall",
        "order", "stage", "ask", "supply", "divert")  # fmt: skip
"""What an inject may do, one thing each."""

PLAYERS = ("order", "recall", "stage", "ask", "level", "supply")
"""What of it those who command decide: in an exercise, what players give as orders."""
