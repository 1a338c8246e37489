"""What is done to a scenario while it runs: closures of roads, and injects of every kind."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import (
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from dispatch.model.base import (
    Frozen,
    Metres,
    Name,
    Number,
    Place,
    Point,
    PositiveSeconds,
    Reference,
    Text,
    Whole,
    parse_duration,
)
from dispatch.model.incidents import RunCard

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
    speed_factor: Annotated[Number, Field(gt=0, lt=1)] | None = None
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


class OutOfService(Frozen):
    """A unit, or all units of a station, that cannot be sent; what they are doing they do to the end."""

    unit: Reference | None = None
    """Id of a unit."""
    station: Reference | None = None
    """Id of a station."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.unit is None) == (self.station is None):
            message = "a unit or a station is meant | Give either 'unit' or 'station'."
            raise ValueError(message)
        return self


class Outage(OutOfService):
    """A unit, or all units of a station, that cannot be sent for a time."""

    lasts: Annotated[PositiveSeconds | None, Field(alias="for")] = None
    """How long; until a ``restore`` of the same unit or station when left out, or to the end."""


class Inject(Frozen):
    """One thing that is done to the scenario at a moment."""

    at: Moment
    """When."""
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
    """Unit or station that goes out of service."""
    restore: OutOfService | None = None
    """Unit or station that comes back into service."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """What it does: the key that is given."""
        return tuple(name for name in DOES if getattr(self, name) is not None)

    @model_validator(mode="after")
    def _one_thing(self) -> Inject:
        message = f"an inject does one thing | Give one of {', '.join(map(repr, DOES))}."
        if not self.kinds:
            raise PydanticCustomError("missing_part", message)
        if len(self.kinds) > 1:
            raise ValueError(message)
        return self


DOES = ("close", "reopen", "incident", "surge", "message", "outage", "restore")
"""What an inject may do, one thing each."""
