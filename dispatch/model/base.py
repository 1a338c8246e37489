"""The base of everything a scenario file can say, and its scalar types: durations, rates, names."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    StringConstraints,
    Tag,
    WithJsonSchema,
)

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

SECONDS = {
    "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "秒": 1.0,
    "min": 60.0, "minute": 60.0, "minutes": 60.0, "分": 60.0, "分钟": 60.0,
    "h": 3600.0, "hour": 3600.0, "hours": 3600.0, "时": 3600.0, "小时": 3600.0,
    "d": 86400.0, "day": 86400.0, "days": 86400.0, "天": 86400.0, "日": 86400.0,
    "w": 604800.0, "week": 604800.0, "weeks": 604800.0, "周": 604800.0,
    "yr": 31536000.0, "year": 31536000.0, "years": 31536000.0, "年": 31536000.0,
}  # fmt: skip
"""Seconds in each unit of time that may be written; a year has 365 days."""

SPEEDS = {"km/h": 1 / 3.6, "kmh": 1 / 3.6, "公里/小时": 1 / 3.6, "m/s": 1.0, "米/秒": 1.0, "mph": 0.44704}
"""Metres per second in each unit of speed that may be written."""

LENGTHS = {
    "m": 1.0, "米": 1.0, "km": 1000.0, "公里": 1000.0, "ft": 0.3048, "mi": 1609.344,
}  # fmt: skip
"""Metres in each unit of length that may be written."""

LONGEST = 100 * SECONDS["yr"]
_PART = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([^\W\d_]+)\s*")
_RATE = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9]+)\s*(?:/|per|每)\s*([^\W\d_]+)\s*")
_QUANTITY = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*([^\W\d_]+(?:/[^\W\d_]+)?)\s*")
_SPEED_HELP = "Write a number of km/h, or a text such as '60 km/h', '1.5 m/s' or '30 mph'."
_LENGTH_HELP = "Write a number of metres, or a text such as '2.5 m', '2 km' or '1.5 mi'."
_DURATION_HELP = "Write seconds as a number, or a text such as '90 s', '4 min 30 s', '1.5 h' or '365 d'."
_RATE_HELP = "Write a number per unit of time, such as '0.5/d', '3/h' or '120/yr'."


class Frozen(BaseModel):
    """Base of all models: unknown keys are errors, values never change, docstrings describe fields."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
        validate_default=False,
    )


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of a file, for editors that complete and check while one types."""
    return {**model.model_json_schema(), "$schema": "https://json-schema.org/draft/2020-12/schema"}


def parse_duration(value: Any) -> float:
    """Return seconds for a number of seconds or a text such as ``4 min 30 s``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _bounded(_as_float(value))
    if not isinstance(value, str):
        message = f"not a duration | {_DURATION_HELP}"
        raise ValueError(message)
    positive = value.strip().lstrip("-−")
    if positive != value.strip() and parse_duration(positive) >= 0.0:
        message = f"{value[:40]!r} is a duration below zero | Give zero or more."
        raise ValueError(message)
    position, total = 0, 0.0
    while position < len(value):
        part = _PART.match(value, position)
        if part is None or part[2].lower() not in SECONDS:
            message = f"{value[:40]!r} is not a duration | {_DURATION_HELP}"
            raise ValueError(message)
        total += float(part[1]) * SECONDS[part[2].lower()]
        position = part.end()
    if not value.strip():
        message = f"an empty duration | {_DURATION_HELP}"
        raise ValueError(message)
    return _bounded(total)


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _bounded(seconds: float) -> float:
    if not math.isfinite(seconds) or seconds < 0:
        message = "a duration below zero or not finite | Give zero or more seconds."
        raise ValueError(message)
    if seconds > LONGEST:
        message = f"a duration of {seconds:g} s, over 100 years | Check the unit."
        raise ValueError(message)
    return seconds


def parse_rate(value: Any) -> float:
    """Return events per second for a text such as ``0.5/d``."""
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[2].lower() not in SECONDS:
        message = f"{value!r:.40} is not a rate | {_RATE_HELP}"
        raise ValueError(message)
    rate = float(match[1]) / SECONDS[match[2].lower()]
    if not math.isfinite(rate) or rate > 1000:
        message = f"'{value}' is over 1000 a second | Check the unit."
        raise ValueError(message)
    return rate


def _parse_quantity(
    value: Any, units: dict[str, float], plain: float, what: str, help_text: str, limit: float
) -> float:
    """Return a quantity in SI units; a bare number is multiplied by ``plain``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        result = _as_float(value) * plain
    else:
        match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
        if match is None or match[2].lower() not in units:
            message = f"{value!r:.40} is not a {what} | {help_text}"
            raise ValueError(message)
        result = float(match[1]) * units[match[2].lower()]
    if not 0.0 < result <= limit:
        message = f"a {what} of {value!r:.40} | It must be above 0; check the unit."
        raise ValueError(message)
    return result


def parse_speed(value: Any) -> float:
    """Return metres per second for a number of km/h or a text such as ``30 mph``."""
    return _parse_quantity(value, SPEEDS, SPEEDS["km/h"], "speed", _SPEED_HELP, 1000.0)


def parse_length(value: Any) -> float:
    """Return metres for a number of metres or a text such as ``2.5 km``."""
    return _parse_quantity(value, LENGTHS, 1.0, "length", _LENGTH_HELP, 1e7)


def number_only(value: Any) -> Any:
    """Refuse texts and booleans where a plain number is meant."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"{value!r:.40} is not a number | Give a plain number."
        raise ValueError(message)
    return _as_float(value) if isinstance(value, float) else value


def _speed_factor(value: Any, most: str, *, within: bool) -> Any:
    """Refuse percentages and the like where a share of the speed is meant, with a remedy."""
    remedy = "Write a share: 0.5 is half the speed."
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"{value!r:.40} is not a number | {remedy}"
        raise ValueError(message)
    if not within:
        message = f"must be less than {most} | {remedy}"
        raise ValueError(message)
    return number_only(value)


def share_of_speed(value: Any) -> Any:
    """Return a share below 1 of the speed."""
    return _speed_factor(value, "1", within=not isinstance(value, int | float) or value < 1)


def multiple_of_speed(value: Any) -> Any:
    """Return a share or multiple of the speed, up to 2."""
    return _speed_factor(value, "or equal to 2", within=not isinstance(value, int | float) or value <= 2)


def number_of_key(value: Any, what: str) -> Any:
    """Take a key such as ``3``, which files give as text, as a whole number."""
    if not isinstance(value, str):
        return number_only(value)
    if not re.fullmatch("[0-9]{1,4}", value):
        message = f"{value[:40]!r} is no {what} | Give a whole number, such as 2."
        raise ValueError(message)
    return int(value)


@dataclass(frozen=True, slots=True)
class OrShort:
    """Says in the schema that a value may be written in a short form, too: as a number or a text."""

    words: str
    """What the short form is."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the schema of either form."""
        short = {"anyOf": [{"type": "number"}, {"type": "string"}], "x-quantity": self.words}
        return {"anyOf": [short, handler(schema)]}


_DURATION_SCHEMA = {
    "anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}],
    "description": _DURATION_HELP,
    "x-quantity": "duration",
}
Seconds = Annotated[float, BeforeValidator(parse_duration), WithJsonSchema(_DURATION_SCHEMA)]
"""A duration; seconds inside, a number or text such as ``4 min 30 s`` in files."""

PositiveSeconds = Annotated[
    float, BeforeValidator(parse_duration), Field(ge=1e-6), WithJsonSchema(_DURATION_SCHEMA)
]
"""A duration above zero, a microsecond at least."""

Rate = Annotated[
    float,
    BeforeValidator(parse_rate),
    PlainSerializer(lambda rate: f"{rate!r}/s", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "description": _RATE_HELP}),
]
"""A rate; events per second inside, a text such as ``0.5/d`` in files."""

Number = Annotated[float, BeforeValidator(number_only)]
"""A plain finite number; texts and booleans are refused."""

_NUMBER_OR_TEXT: dict[str, Any] = {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string"}]}
Speed = Annotated[
    float,
    BeforeValidator(parse_speed),
    PlainSerializer(lambda speed: f"{speed!r} m/s", return_type=str, when_used="json"),
    WithJsonSchema(_NUMBER_OR_TEXT | {"description": _SPEED_HELP, "x-quantity": "speed"}),
]
"""A speed; metres per second inside, a number of km/h or a text such as ``30 mph`` in files."""

Metres = Annotated[
    float,
    BeforeValidator(parse_length),
    WithJsonSchema(_NUMBER_OR_TEXT | {"description": _LENGTH_HELP, "x-quantity": "length"}),
]
"""A length above zero; metres inside, a number or a text such as ``2.5 km`` in files."""

Coordinate = Annotated[Number, Field(ge=-1e9, le=1e9)]
"""Degrees or metres."""

SpeedShare = Annotated[float, BeforeValidator(share_of_speed), Field(gt=0, lt=1)]
"""A share of the speed that is left: 0.5 is half the speed."""

SpeedFactor = Annotated[float, BeforeValidator(multiple_of_speed), Field(gt=0, le=2)]
"""What speeds are multiplied by: 0.5 is half the speed."""

Whole = Annotated[int, BeforeValidator(number_only)]
"""A whole number; texts and booleans are refused."""

Weight = Annotated[Number, Field(ge=0, le=1e12)]
"""A weight, relative to the others beside it."""


def text_only(value: Any) -> Any:
    """Take whole numbers as the text that was written; refuse other values where a name is meant."""
    if hasattr(value, "text"):
        return value.text
    if isinstance(value, int | float):
        message = f"{value!r} is a number, where a name is meant | Put it in quotes."
        raise ValueError(message)
    return value


_NAME_PATTERN = re.compile(r"[^\[\],=\s]([^\[\],=\n\r\t]*[^\[\],=\s])?")


def _plain_name(value: str) -> str:
    """Refuse what the filters of measures could not name."""
    if len(value) > 120 or not _NAME_PATTERN.fullmatch(value):
        remedy = "Use 1 to 120 characters without brackets, commas and equals signs."
        message = f"{value[:40]!r} cannot be an id | {remedy}"
        raise ValueError(message)
    return value


Name = Annotated[
    str,
    BeforeValidator(text_only),
    StringConstraints(strip_whitespace=True),
    AfterValidator(_plain_name),
]
"""An id: any text without brackets, commas and equals signs, which measure filters need."""

Reference = Annotated[
    str,
    BeforeValidator(text_only),
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
]
"""The id of something defined elsewhere."""

Text = Annotated[str, StringConstraints(max_length=20_000)]
"""Free text."""

Point = tuple[Coordinate, Coordinate]
"""A pair of coordinates, x (longitude) first, in the network's coordinate system."""

Place = Annotated[
    Annotated[Reference, Tag("name")] | Annotated[Point, Tag("point")],
    Discriminator(lambda value: "point" if isinstance(value, list | tuple) else "name"),
]
"""A node id of the network, or coordinates that are snapped to the nearest node."""
