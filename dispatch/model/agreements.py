"""Help from others: mutual-aid agreements, and the ladder of tiers by which an incident is handed upwards."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from dispatch.model.alarms import Level
from dispatch.model.base import Frozen, Name, Number, Reference, Seconds, Text, number_only, parse_rate
from dispatch.model.distributions import Distribution
from dispatch.model.resources import OwnerKind

_DAY = re.compile(r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*")
_UNTIL_HELP = "Write a date such as 2025-01-01, or a moment such as 2025-01-01T08:00:00+08:00."


def _until(value: Any) -> date | datetime:
    """Return a day, or a date and time with its time zone."""
    if isinstance(value, str):
        try:
            if _DAY.fullmatch(value):
                return date.fromisoformat(value.strip())
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            value = value[:40]
    if not isinstance(value, date) or (isinstance(value, datetime) and value.tzinfo is None):
        message = f"{value!r:.44} is not a date, nor a moment with its time zone | {_UNTIL_HELP}"
        raise ValueError(message)
    return value


Until = Annotated[
    date | datetime,
    PlainValidator(_until),
    PlainSerializer(lambda moment: moment.isoformat(), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "description": _UNTIL_HELP, "x-quantity": "date, or date and time"}),
]
"""The beginning of a day in the time zone of ``start``, or a date and time with its time zone."""

_PRICE_HELP = "Write a number per unit hour, or a text such as '1200/h'."


def _price(value: Any) -> float:
    """Return an amount per hour for a number or a text such as ``1200/h``."""
    try:
        found = parse_rate(value) * 3600.0 if isinstance(value, str) else float(number_only(value))
    except (ValueError, OverflowError):
        found = -1.0
    if not 0.0 <= found <= 1e9:
        message = f"{value!r:.40} is not a price | {_PRICE_HELP}"
        raise ValueError(message)
    return found


Price = Annotated[
    float,
    BeforeValidator(_price),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}],
                    "description": _PRICE_HELP, "x-quantity": "price of a unit hour"}),
]  # fmt: skip
"""An amount per unit hour, in whatever currency; a number or a text such as ``1200/h`` in files."""


class AskedWhen(Frozen):
    """Conditions of which one is enough for the units of an agreement to be asked."""

    from_level: Level | None = None
    """The incident has this alarm level, or a higher one."""
    none_free: Literal[True] | None = None
    """No unit that need not be asked can be sent to the need now: none is free, or none is able to."""
    erf_over: Seconds | None = None
    """The last of the incident's open needs would be reached later than this after it was opened, with units
    that need not be asked, each need in turn by the nearest that is left; nobody free is later than any."""
    cover_under: Annotated[Number, Field(gt=0, le=1)] | None = None
    """Less than this share of demand would be within ``cover_within`` of a free unit that need not be asked,
    once such units had gone to the incident's open needs."""

    @property
    def always(self) -> bool:
        """Whether there is no condition: the units are asked as if they were own ones."""
        return all(getattr(self, name) is None for name in type(self).model_fields)


class Agreement(Frozen):
    """Terms on which units of others help: whom, where, when, how many, until when and at what price."""

    title: Text = ""
    """Name for people."""
    stations: tuple[Reference, ...] = ()
    """Stations whose units are under the agreement; a station is under one agreement at most."""
    owners: tuple[OwnerKind, ...] = ()
    """Owners all of whose stations are under the agreement."""
    only_at: tuple[Reference, ...] = ()
    """Zones and nodes where they help, such as their own premises; everywhere when left out."""
    asked_when: AskedWhen = AskedWhen()
    """When they are asked; always, as if they were own units, when left out (automatic aid)."""
    delay: Distribution | None = None
    """Time from being asked until the turnout begins; none when left out."""
    most: Annotated[Number, Field(ge=0, le=1)] = 1.0
    """Greatest share of its units out at once, rounded down to whole units, one at least unless it is 0. A
    unit is out from the ask until it can be sent again, its turnaround included."""
    price: Price = 0.0
    """Price of a unit hour, for the measure ``mutual_aid.cost``: from the ask until the unit can be sent
    again, its turnaround included."""
    until: Until | None = None
    """When it expires: from then on nobody is asked, and who is out ends that; never when left out."""

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        _check_named(self, "an agreement with nobody")
        return self


class HandedWhen(Frozen):
    """Conditions of which one is enough for an incident to be handed to a tier."""

    from_level: Level | None = None
    """The incident has this alarm level, or a higher one."""
    unmet_for: Seconds | None = None
    """One of its needs has been open without a break for so long."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.from_level is None and self.unmet_for is None:
            message = "a tier that nothing is handed to | Give 'from_level' or 'unmet_for'."
            raise PydanticCustomError("missing_part", message)
        return self


class Rung(Frozen):
    """A tier of the handling ladder."""

    tier: Name
    """Name of the tier, such as ``enterprise``, ``park`` or ``district``."""
    title: Text = ""
    """Name for people."""
    stations: tuple[Reference, ...] = ()
    """Stations of the tier; a station stands on one rung at most."""
    owners: tuple[OwnerKind, ...] = ()
    """Owners all of whose stations are of the tier."""
    when: HandedWhen | None = None
    """When an incident of a lower tier is handed to this one; needed for every tier but the lowest."""
    hand_over: Seconds = 0.0
    """How long handing it over takes; units of the tier may be sent when it is done."""

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        _check_named(self, "a tier with nobody")
        return self


def _check_named(value: Agreement | Rung, what: str) -> None:
    """Refuse what names neither stations nor owners."""
    if not value.stations and not value.owners:
        raise PydanticCustomError("missing_part", f"{what} | Give 'stations' or 'owners'.")
