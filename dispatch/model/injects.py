"""What is done to the roads while a scenario runs: closures, and injects that open and close them."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema, model_validator

from dispatch.model.base import Frozen, Metres, Number, Place, Point, Reference, Text, parse_duration

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


class Inject(Frozen):
    """One thing that is done to the scenario at a moment."""

    at: Moment
    """When."""
    close: Reference | None = None
    """Closure that begins."""
    reopen: Reference | None = None
    """Closure that ends."""

    @model_validator(mode="after")
    def _one_thing(self) -> Inject:
        if (self.close is None) == (self.reopen is None):
            message = "an inject does one thing | Give either 'close' or 'reopen'."
            raise ValueError(message)
        return self
