"""Alarm levels: what a report says, what a type of incident needs, and when a first level is raised."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from dispatch.model.base import (
    Frozen,
    Name,
    PositiveSeconds,
    Reference,
    Text,
    Weight,
    Whole,
    number_of_key,
    number_only,
)
from dispatch.model.standards import Titles

ScaleName = Literal["fire", "rescue"]
"""A scale of alarm levels: fire 1 to 5, rescue 1 to 4."""

Risk = Literal["red", "orange", "yellow", "blue"]
"""Risk of an area in four colours, red the highest."""

MONEY = {
    "": 1, "千": 10**3, "万": 10**4, "十万": 10**5, "百万": 10**6, "千万": 10**7, "亿": 10**8, "十亿": 10**9,
    "k": 10**3, "thousand": 10**3, "m": 10**6, "million": 10**6, "bn": 10**9, "billion": 10**9,
}  # fmt: skip
"""Yuan in each multiple that may be written."""

MOST_MONEY = 10**12
_MONEY = re.compile(
    r"\s*(?:¥|￥|cny|rmb)?\s*([0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\s*"
    r"([十百千万亿]*|[a-z]*?)\s*(?:元|yuan|cny|rmb)?\s*",
    re.IGNORECASE,
)
_MONEY_HELP = "Write yuan as a number, or a text such as '1000万', '0.1亿' or '10 M'."


def parse_money(value: Any) -> float:
    """Return yuan for a number of yuan or a text such as ``1000万``; exact to the fen."""
    try:
        amount = _amount(value)
    except (InvalidOperation, OverflowError):
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        message = f"{value!r:.40} is not an amount of money | {_MONEY_HELP}"
        raise ValueError(message)
    if amount > MOST_MONEY:
        message = f"{value!r:.40} is over a million million yuan | Check the unit."
        raise ValueError(message)
    if amount != amount.quantize(Decimal("0.01")):
        message = f"{value!r:.40} is finer than a fen | Round it to two decimals."
        raise ValueError(message)
    return float(amount)


def _amount(value: Any) -> Decimal:
    """Return yuan as written; not a number where that cannot be read."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(value) if isinstance(value, int) else Decimal(repr(value))
    match = _MONEY.fullmatch(value) if isinstance(value, str) and len(value) <= 60 else None
    if match is None or match[2].lower() not in MONEY:
        return Decimal("NaN")
    return Decimal(match[1].replace(",", "")) * MONEY[match[2].lower()]


Yuan = Annotated[
    float,
    BeforeValidator(parse_money),
    WithJsonSchema({
        "anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}],
        "description": _MONEY_HELP,
        "x-quantity": "money",
    }),
]  # fmt: skip
"""An amount of money; yuan inside, a number or a text such as ``1000万`` in files."""

Count = Annotated[Whole, Field(ge=0, le=10_000_000)]
"""A number of people."""

Level = Annotated[Whole, Field(ge=1, le=9)]
"""An alarm level, 1 the lowest; scales end at 5 or earlier."""


LevelKey = Annotated[int, BeforeValidator(partial(number_of_key, what="alarm level")), Field(ge=1, le=9)]
"""An alarm level as the key of a map."""


class Report(Frozen):
    """What is said about an incident when it is reported."""

    dead: Count | None = None
    """People dead."""
    seriously_injured: Count | None = None
    """People seriously injured, those with acute poisoning among them."""
    trapped: Count | None = None
    """People trapped."""
    loss: Yuan | None = None
    """Direct loss in yuan: a number, or a text such as ``1000万``; it decides the accident class only."""
    scene: Reference | None = None
    """Class of the scene, such as ``high-rise``; `dispatch grade --help` names them."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if all(getattr(self, name) is None for name in type(self).model_fields):
            message = "a report that says nothing | Give 'trapped', 'dead', 'seriously_injured' or 'scene'."
            raise ValueError(message)
        return self


Deadline = Annotated[
    Annotated[PositiveSeconds, Tag("one")] | Annotated[dict[LevelKey, PositiveSeconds], Tag("by_level")],
    Discriminator(lambda value: "by_level" if isinstance(value, dict) else "one"),
    WithJsonSchema({
        "anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string"}, {"type": "object"}],
        "x-quantity": "duration, or level → duration",
    }),
]  # fmt: skip
"""One time for all levels, or a time for each."""


class Alarm(Frozen):
    """Alarm levels of a type of incident."""

    scale: ScaleName = "fire"
    """``fire`` (levels 1 to 5) or ``rescue`` (1 to 4)."""
    level: Level
    """Level of the first alarm, before anything is known of the single call."""
    severity: Annotated[dict[LevelKey, Weight], Field(min_length=1)] | None = None
    """Level → share of the calls that really need the force of that level. Shares are weights; they need not
    sum to 1. All calls need that of ``level`` when left out."""
    control_within: Deadline | None = None
    """Time after which the level is raised by one if the force on scene cannot control the incident: one for
    all levels, or by level. A level that is not listed has no deadline, and none has when left out."""


class Night(Frozen):
    """Hours of the night, in the time zone of ``start``."""

    begins: Annotated[Whole, Field(ge=0, le=23)] = 22
    """Hour of the day at which it begins."""
    ends: Annotated[Whole, Field(ge=0, le=24)] = 6
    """Hour at which it ends; the next morning where it is not after ``begins``."""

    @model_validator(mode="after")
    def _some_hours(self) -> Self:
        if self.begins == self.ends:
            message = f"a night from {self.begins} to {self.ends} has no hours | Give two different hours."
            raise ValueError(message)
        return self

    def holds(self, hour: int) -> bool:
        """Whether it is night in an hour of the day, 0 to 23."""
        if self.begins < self.ends:
            return self.begins <= hour < self.ends
        return hour >= self.begins or hour < self.ends


CONDITIONS = ("night", "zones", "risk", "dry_hydrants", "key_unit_nodes", "weather")
"""What an uplift may hang on, one each."""


class Uplift(Frozen):
    """A condition under which the first level of a call is raised."""

    title: Text = ""
    """Name for people."""
    by: Annotated[Whole, Field(ge=1, le=4)] = 1
    """How many levels it adds."""
    scale: ScaleName | None = None
    """Scale it holds for; both when left out."""
    types: Annotated[tuple[Reference, ...], Field(min_length=1)] | None = None
    """Incident types it holds for; all when left out."""
    night: Night | None = None
    """Calls received in these hours: ``{begins: 22, ends: 6}``."""
    zones: tuple[Reference, ...] = ()
    """Calls in these zones or at these nodes."""
    risk: tuple[Risk, ...] = ()
    """Calls in zones with one of these risk colours (``risk`` of a zone)."""
    dry_hydrants: Literal[True] | None = None
    """Calls where hydrants are dry (``dry``)."""
    key_unit_nodes: tuple[Reference, ...] = ()
    """Calls at these nodes: those of key units, such as schools."""
    weather: Literal[True] | None = None
    """Calls while the weather is said to be bad."""

    @property
    def condition(self) -> str:
        """The condition: the key that is given."""
        return next(name for name in CONDITIONS if getattr(self, name))

    @model_validator(mode="after")
    def _one_condition(self) -> Self:
        message = f"an uplift has one condition | Give one of {', '.join(map(repr, CONDITIONS))}."
        given = [name for name in CONDITIONS if getattr(self, name)]
        if not given:
            raise PydanticCustomError("missing_part", message)
        if len(given) > 1:
            raise ValueError(message)
        return self


class AlarmRules(Frozen):
    """How the first alarm level of a call is found, beyond its type and its report."""

    uplifts: tuple[Uplift, ...] = ()
    """Conditions under which the first level is raised; those that hold add up."""
    most_uplift: Annotated[Whole, Field(ge=0, le=4)] = 1
    """How many levels all uplifts together may add."""
    dry: tuple[Reference, ...] = ()
    """Zones and nodes whose hydrants are dry at all times."""


class ScaleLevel(Frozen):
    """A level of a scale."""

    title: Titles
    """Name for people."""
    colour: Titles
    """Colour, as a word."""
    persons: Count
    """Least number of trapped, or of casualties, that gives it."""


class Scene(Frozen):
    """A class of scenes and the level that it gives."""

    title: Titles
    """Name for people."""
    level: Level
    """Level that it gives."""


class ScaleFile(Frozen):
    """A scale of alarm levels in the catalogue."""

    schema_version: Annotated[Literal[1], BeforeValidator(number_only)] = 1
    """Version of this format."""
    title: Titles
    """Name for people."""
    source: Annotated[Text, Field(min_length=1)]
    """Where the figures come from, and which are chosen here."""
    notes: tuple[Text, ...] = ()
    """What a reader should know."""
    levels: Annotated[dict[LevelKey, ScaleLevel], Field(min_length=1)]
    """Levels, 1 to the highest."""
    scenes: dict[Name, Scene] = {}
    """Classes of scenes by id."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        persons = [level.persons for level in self.levels.values()]
        whole = list(self.levels) == list(range(1, len(self.levels) + 1))
        if not whole or persons != sorted(set(persons)) or persons[0] != 0:
            message = "levels are not 1, 2, … with rising numbers of persons from 0 | Correct them."
            raise ValueError(message)
        if any(scene.level > len(self.levels) for scene in self.scenes.values()):
            message = "a scene has a level above the highest | Correct it."
            raise ValueError(message)
        return self


class Response(Frozen):
    """A level of government response."""

    level: Literal["I", "II", "III", "IV"]
    """Level, I the highest."""
    led_by: Titles
    """Who leads."""
    colour: Titles
    """Warning colour, as a word."""


class AccidentClass(Frozen):
    """A class of accidents: what must be reached at least, by one criterion or another."""

    title: Titles
    """Name for people."""
    dead: Count = 0
    """Dead from which it holds."""
    seriously_injured: Count = 0
    """Seriously injured from which it holds."""
    loss: Yuan = 0.0
    """Direct loss in yuan from which it holds."""
    response: Response
    """Government response that goes with it."""


class AccidentFile(Frozen):
    """Accident classes in the catalogue."""

    schema_version: Annotated[Literal[1], BeforeValidator(number_only)] = 1
    """Version of this format."""
    title: Titles
    """Name for people."""
    source: Annotated[Text, Field(min_length=1)]
    """Where the figures come from."""
    notes: tuple[Text, ...] = ()
    """What a reader should know."""
    classes: Annotated[dict[Name, AccidentClass], Field(min_length=1)]
    """Classes by id, the least first."""


class CommandFile(Frozen):
    """Who commands at each alarm level, in the catalogue."""

    schema_version: Annotated[Literal[1], BeforeValidator(number_only)] = 1
    """Version of this format."""
    title: Titles
    """Name for people."""
    source: Annotated[Text, Field(min_length=1)]
    """Where it comes from."""
    levels: Annotated[dict[LevelKey, Titles], Field(min_length=1)]
    """Who commands, by alarm level."""
