"""Amounts with their units: mass, volume, pieces; and what is made of them: rates, flows, applications."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, PlainSerializer, PlainValidator, WithJsonSchema

from dispatch.model.base import SECONDS

MASSES = {"g": 0.001, "kg": 1.0, "公斤": 1.0, "千克": 1.0, "t": 1000.0, "吨": 1000.0}
"""Kilograms in each unit of mass that may be written."""

VOLUMES = {"ml": 0.001, "l": 1.0, "升": 1.0, "m3": 1000.0, "m³": 1000.0, "立方米": 1000.0, "方": 1000.0}
"""Litres in each unit of volume that may be written."""

AREAS = {"m2": 1.0, "m²": 1.0, "平方米": 1.0, "ha": 1e4}
"""Square metres in each unit of area that may be written."""

MOST = 1e12
"""Kilograms, litres or pieces that nobody has."""

_NUMBER = r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_UNIT = r"([^\W\d_][^\s/]*)"
_AMOUNT = re.compile(rf"\s*{_NUMBER}\s*{_UNIT}?\s*")
_PER = re.compile(rf"\s*{_NUMBER}\s*{_UNIT}((?:\s*/\s*[^\s/]+)+)\s*")
_PRODUCT = re.compile(r"\s*/\s*\(\s*([^\s()/·*]+)\s*[·*]\s*([^\s()/·*]+)\s*\)")
_AMOUNT_HELP = "Write an amount with its unit, such as '20 t', '500 kg', '6 m3', '900 l' or '6000 bags'."
_FLOW_HELP = "Write a volume by time, such as '60 l/s' or '3600 l/min'."


class Amount(NamedTuple):
    """An amount as it was written; the item says whether the unit fits."""

    value: float
    """Kilograms, litres, or pieces."""
    unit: str
    """``kg``, ``l``, or the word for a piece; empty where none was written."""

    def __str__(self) -> str:
        """Return the amount as it may be written."""
        return f"{self.value:.12g} {self.unit}".strip()


def _scaled(value: float, word: str) -> Amount:
    """Return a number of some unit as kilograms, litres, or pieces."""
    lower = word.lower()
    if lower in MASSES:
        return Amount(value * MASSES[lower], "kg")
    if lower in VOLUMES:
        return Amount(value * VOLUMES[lower], "l")
    return Amount(value, word)


def parse_amount(value: Any) -> Amount:
    """Return the amount that a number or a text such as ``20 t`` stands for."""
    if isinstance(value, Amount):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        found = Amount(_as_float(value), "")
    else:
        match = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            message = f"{value!r:.40} {_fault(value, _AMOUNT, 'is not an amount')} | {_AMOUNT_HELP}"
            raise ValueError(message)
        found = _scaled(float(match[1]), match[2] or "")
    if not 0.0 <= found.value <= MOST:
        message = f"an amount of {value!r:.40} | It must be zero or more; check the unit."
        raise ValueError(message)
    return found


def _fault(value: Any, pattern: re.Pattern[str], otherwise: str) -> str:
    """Return what is wrong with a text that a pattern does not match."""
    text = value.strip() if isinstance(value, str) else ""
    below = text[:1] in ("-", "−") and pattern.fullmatch(text[1:]) is not None
    return "is below zero" if below else otherwise


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


class AmountRate(NamedTuple):
    """An amount by time, per second."""

    value: float
    unit: str

    def __str__(self) -> str:
        """Return the rate as it may be written."""
        return f"{self.value:.12g} {self.unit}/s"


def _per(value: Any, help_text: str) -> tuple[float, str, list[str]]:
    """Return number, first unit, and the units that it is divided by."""
    match = _PER.fullmatch(_PRODUCT.sub(r"/\1/\2", value)) if isinstance(value, str) else None
    if match is None:
        message = f"{value!r:.40} {_fault(value, _PER, 'cannot be read')} | {help_text}"
        raise ValueError(message)
    below = [word.strip().lower() for word in match[3].split("/")[1:]]
    amount = _scaled(float(match[1]), match[2])
    return amount.value, amount.unit, below


def parse_amount_rate(value: Any) -> AmountRate:
    """Return the rate that a text such as ``2 t/h`` stands for."""
    if isinstance(value, AmountRate):
        return value
    help_text = "Write an amount by time, such as '2 t/h', '20 l/s' or '50 bags/h'."
    number, unit, below = _per(value, help_text)
    if len(below) != 1 or below[0] not in SECONDS:
        message = f"{value!r:.40} is not an amount by time | {help_text}"
        raise ValueError(message)
    return AmountRate(_positive(number / SECONDS[below[0]], value), unit)


def _positive(number: float, value: Any) -> float:
    if not 0.0 < number <= MOST:
        message = f"{value!r:.40} must be above 0 | Check the unit."
        raise ValueError(message)
    return number


def parse_flow(value: Any) -> float:
    """Return litres per second for a text such as ``60 l/s``."""
    number, unit, below = _per(value, _FLOW_HELP)
    if unit != "l" or len(below) != 1 or below[0] not in SECONDS:
        message = f"{value!r:.40} is not a flow | {_FLOW_HELP}"
        raise ValueError(message)
    return _positive(number / SECONDS[below[0]], value)


def _parse_over(value: Any, units: dict[str, float], help_text: str) -> float:
    """Return litres per second and unit of a length or area, such as for ``6.5 l/min/m2``."""
    number, unit, below = _per(value, help_text)
    times = [SECONDS[word] for word in below if word in SECONDS and word not in units]
    sizes = [units[word] for word in below if word in units]
    if unit != "l" or len(below) != 2 or len(sizes) != 1 or len(times) != 1:
        message = f"{value!r:.40} cannot be read | {help_text}"
        raise ValueError(message)
    return _positive(number / times[0] / sizes[0], value)


def parse_application(value: Any) -> float:
    """Return litres per second and m² for a text such as ``6.5 l/min/m2``."""
    return _parse_over(value, AREAS, "Write a volume by time and area, such as '6.5 l/min/m2'.")


def parse_line_application(value: Any) -> float:
    """Return litres per second and metre for a text such as ``0.8 l/s/m``."""
    return _parse_over(value, {"m": 1.0, "米": 1.0}, "Write a volume by time and metre, such as '0.8 l/s/m'.")


def parse_area(value: Any) -> float:
    """Return m² for a number, or a text such as ``1257 m2``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _positive(_as_float(value), value)
    match = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if match is None or (match[2] or "").lower() not in AREAS:
        message = f"{value!r:.40} is not an area | Write square metres, such as '1257 m2'."
        raise ValueError(message)
    return _positive(float(match[1]) * AREAS[match[2].lower()], value)


def parse_share(value: Any) -> float:
    """Return the share that a number, or a text such as ``6 %``, stands for."""
    match = re.fullmatch(rf"\s*{_NUMBER}\s*([%％]?)\s*", value) if isinstance(value, str) else None
    number = math.nan
    if match is not None:
        number = float(match[1]) / (100 if match[2] else 1)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = _as_float(value)
    if not 0.0 < number <= 1.0:
        message = f"{value!r:.40} is not a share | Write a number up to 1, such as 0.06, or '6 %'."
        raise ValueError(message)
    return number


def _texts(what: str) -> WithJsonSchema:
    return WithJsonSchema(
        {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}], "x-quantity": what}
    )


def _text(what: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "x-quantity": what})


def _with_unit(unit: str) -> PlainSerializer:
    return PlainSerializer(lambda value: f"{value!r} {unit}", return_type=str, when_used="json")


_written = PlainSerializer(str, return_type=str, when_used="json")
WrittenAmount = Annotated[Amount, PlainValidator(parse_amount), _written, _texts("amount, such as 20 t")]
"""An amount with its unit; a bare number counts pieces."""
WrittenRate = Annotated[
    AmountRate, PlainValidator(parse_amount_rate), _written, _text("amount by time, such as 2 t/h")
]
"""An amount by time."""
Flow = Annotated[float, BeforeValidator(parse_flow), _with_unit("l/s"), _text("flow, such as 60 l/s")]
"""A flow; litres per second inside."""
Application = Annotated[
    float, BeforeValidator(parse_application), _with_unit("l/s/m2"), _text("such as 6.5 l/min/m2")
]
"""Litres per second and square metre."""
LineApplication = Annotated[
    float, BeforeValidator(parse_line_application), _with_unit("l/s/m"), _text("such as 0.8 l/s/m")
]
"""Litres per second and metre."""
Area = Annotated[float, BeforeValidator(parse_area), _texts("area, such as 1257 m2")]
"""Square metres."""
Share = Annotated[float, BeforeValidator(parse_share), _texts("share, such as 0.06 or 6 %")]
"""A share, as a number or in per cent."""
