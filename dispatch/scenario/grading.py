"""Grades from figures alone: alarm levels with their reasons, accident classes, government response."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, get_args

from dispatch.errors import UsageError, did_you_mean
from dispatch.io.catalogue import shipped
from dispatch.model.alarms import AccidentFile, CommandFile, Night, ScaleFile, ScaleName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatch.model.alarms import AccidentClass, Report, ScaleLevel
    from dispatch.model.standards import Titles

Base = Literal["type", "stated", "lowest"]
"""Whose level the first reason gives: the type's, the call's own, or the lowest since none is said."""

CRITERIA = ("dead", "seriously_injured", "loss")
"""What an accident class goes by."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that an alarm level rests on."""

    code: str
    """``type``, ``stated``, ``lowest``, ``trapped``, ``casualties``, ``scene``; the condition of an uplift;
    ``most``, ``top``."""
    level: int = 0
    """The level that it gives; 0 for what adds to a level."""
    adds: int = 0
    """How many levels it adds; 0 for what gives a level."""
    values: tuple[tuple[str, str | int], ...] = ()
    """Figures and names by key."""

    @property
    def words(self) -> str:
        """The reason in words, such as ``3 trapped: level 3``."""
        known = _WORDS if self.values else _WORDS | _UNNAMED
        text = known[self.code].format(**dict(self.values))
        effect = f"level {self.level}" if self.level else f"+{self.adds}" if self.adds else ""
        return f"{text}: {effect}" if effect else text


_WORDS = {
    "type": "stated for the type",
    "stated": "stated for the call",
    "lowest": "nothing else said",
    "trapped": "{trapped} trapped",
    "casualties": "{casualties} dead or seriously injured",
    "scene": "scene {scene} ({title})",
    "night": "received at {hour:02} h, in the night from {begins} to {ends} h",
    "zones": "in {place}",
    "risk": "in a zone of {risk} risk",
    "dry_hydrants": "hydrants are dry",
    "key_unit_nodes": "at the key unit {place}",
    "weather": "bad weather",
    "most": "uplifts come to {sum}, of which {most} may count",
    "top": "the scale ends at {top}",
}
_UNNAMED = {"night": "at night", "risk": "in a high-risk zone", "key_unit_nodes": "at a key unit"}


@dataclass(frozen=True, slots=True)
class Graded:
    """An alarm level and what it rests on; level 0 where there are no levels."""

    level: int
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale of alarm levels with the name it goes by."""

    name: ScaleName
    file: ScaleFile

    @property
    def top(self) -> int:
        """The highest level."""
        return len(self.file.levels)

    def level(self, number: int) -> ScaleLevel:
        """Return title, colour and threshold of a level."""
        return self.file.levels[number]

    def by_persons(self, count: int) -> int:
        """Return the level that a number of trapped, or of casualties, gives."""
        return max(number for number, level in self.file.levels.items() if count >= level.persons)


@cache
def scale(name: ScaleName) -> Scale:
    """Return a scale of the catalogue."""
    return Scale(name, shipped("alarms", name, ScaleFile))


@cache
def highest_level() -> int:
    """Return the highest level of all scales."""
    return max(scale(name).top for name in get_args(ScaleName))


@cache
def command(level: int) -> Titles | None:
    """Return who commands at an alarm level; None where there is none."""
    return shipped("alarms", "command", CommandFile).levels.get(level)


@cache
def accident_classes() -> AccidentFile:
    """Return the accident classes of the catalogue."""
    return shipped("alarms", "accidents", AccidentFile)


def initial_level(on: Scale, report: Report | None, type_level: int, *, base: Base = "type") -> Graded:
    """Return the first level of a call: the greatest of its type's and of what each part of the report says.

    Trapped are counted by themselves, and so are casualties (dead and seriously injured together); the loss
    says nothing of the level. ``base`` tells whose level ``type_level`` is. Raises UsageError for a class of
    scenes that the scale has not.
    """
    reasons = [Reason(base, level=type_level)]
    if report is not None:
        if report.trapped is not None:
            values = (("trapped", report.trapped),)
            reasons.append(Reason("trapped", level=on.by_persons(report.trapped), values=values))
        casualties = [count for count in (report.dead, report.seriously_injured) if count is not None]
        if casualties:
            values = (("casualties", sum(casualties)),)
            reasons.append(Reason("casualties", level=on.by_persons(sum(casualties)), values=values))
        if report.scene is not None:
            reasons.append(_scene(on, report.scene))
    return Graded(max(reason.level for reason in reasons), tuple(reasons))


def _scene(on: Scale, name: str) -> Reason:
    found = on.file.scenes.get(name)
    if found is None:
        message = f"no class of scenes '{name}' on the scale '{on.name}'."
        raise UsageError(message, hint=did_you_mean(name, on.file.scenes))
    return Reason("scene", level=found.level, values=(("scene", name), ("title", found.title.en)))


def uplifted(on: Scale, level: int, facts: Sequence[Reason], most: int = 1) -> Graded:
    """Return a level raised by the uplifts that hold: their sum, at most ``most``, not above the scale's top.

    The reasons are the facts, and what kept their sum from counting.
    """
    total = sum(fact.adds for fact in facts)
    reasons = list(facts)
    if total > most:
        reasons.append(Reason("most", values=(("sum", total), ("most", most))))
    raised = level + min(total, most)
    if raised > on.top:
        reasons.append(Reason("top", values=(("top", on.top),)))
    return Graded(min(raised, on.top), tuple(reasons))


def first_level(
    on: Scale,
    report: Report | None,
    type_level: int,
    facts: Sequence[Reason],
    most: int = 1,
    *,
    base: Base = "type",
) -> Graded:
    """Return the first level of a call with the uplifts that hold: ``initial_level``, then ``uplifted``."""
    first = initial_level(on, report, type_level, base=base)
    raised = uplifted(on, first.level, facts, most)
    return Graded(raised.level, first.reasons + raised.reasons)


@dataclass(frozen=True, slots=True)
class Criterion:
    """A figure that decides an accident class."""

    name: str
    """``dead``, ``seriously_injured`` or ``loss``."""
    value: float
    """People, or yuan."""
    at_least: float
    """From which the class holds; 0 for the least class."""


@dataclass(frozen=True, slots=True)
class Accident:
    """An accident class, and what decided it."""

    id: str
    file: AccidentClass
    """Title, thresholds and government response."""
    decided_by: tuple[Criterion, ...]
    """The figures that reach the class, in the order dead, seriously injured, loss."""


def accident_class(
    dead: int | None = None, seriously_injured: int | None = None, direct_loss_yuan: float | None = None
) -> Accident | None:
    """Return the class of an accident by Order 493, article 3: the greatest of the three criteria.

    A number that is reached counts. Missing figures say nothing. None where nobody is known to have come to
    harm and nothing to be lost: the article grades what an accident has caused. Raises UsageError for a
    figure below zero.
    """
    figures = dict(zip(CRITERIA, (dead, seriously_injured, direct_loss_yuan), strict=True))
    known = {name: value for name, value in figures.items() if value is not None and value != 0}
    if any(not value > 0 for value in known.values()):
        message = "people and losses cannot be below zero."
        raise UsageError(message, hint="Give 0 or more.")
    for id_, file in reversed(accident_classes().classes.items()):
        reached = tuple(
            Criterion(name, value, getattr(file, name))
            for name, value in known.items()
            if value >= getattr(file, name)
        )
        if reached:
            return Accident(id_, file, reached)
    return None


def night_fact(night: Night, hour: int, by: int) -> Reason:
    """Return the fact that a call comes at night."""
    values = (("hour", hour), ("begins", night.begins), ("ends", night.ends))
    return Reason("night", adds=by, values=values)
