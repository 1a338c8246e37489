"""What a person may write about a drill: objectives, entries of the script, and what is to be drawn."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from dispatch.model.base import (
    Frozen,
    Name,
    Number,
    PositiveSeconds,
    Reference,
    Text,
    Whole,
    number_only,
)
from dispatch.model.expectations import Delivery
from dispatch.model.injects import Change, Closure, Moment

Words = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1)]

SEEN = ("sent", "on_scene", "level", "under_control", "asked", "delivered", "staged", "moved_up", "recalled")
"""What the log can show of an expected action, one each."""


class Force(Frozen):
    """Units at a call."""

    incident: Reference
    """Id of the call."""
    capability: Reference | None = None
    """Units with this capability only."""
    unit: Reference | None = None
    """This unit only."""
    count: Annotated[Whole, Field(ge=1, le=1000)] = 1
    """At least so many."""


class LevelReached(Frozen):
    """An alarm level of a call."""

    incident: Reference
    """Id of the call."""
    at_least: Annotated[Whole, Field(ge=1, le=9)]
    """Level, or a higher one."""


class Asked(Frozen):
    """Help that a call gets from others."""

    agreement: Reference
    """Id of the agreement under which a unit is asked for."""
    incident: Reference
    """Id of the call that it is asked for."""


class Action(Frozen):
    """Something that the players are expected to do, and how it is seen that they did.

    One of the keys that the log shows, or none: then an evaluator judges it, or a player says that it is
    done.
    """

    text: Words
    """What is expected, as the controllers read it."""
    by: PositiveSeconds
    """At the latest so long after the entry was delivered."""
    sent: Force | None = None
    """Units are sent to a call."""
    on_scene: Force | None = None
    """Units are on scene of a call."""
    level: LevelReached | None = None
    """A call has an alarm level."""
    under_control: Reference | None = None
    """Id of a call that is under control."""
    asked: Asked | None = None
    """A unit of others is asked for."""
    delivered: Delivery | None = None
    """Supplies are there at a call."""
    staged: Force | None = None
    """Units wait at a staging area for a call."""
    moved_up: Reference | None = None
    """Id of a station to which a unit moves up."""
    recalled: Reference | None = None
    """Id of a unit that is called back."""

    @property
    def seen(self) -> str:
        """The key that says how the action is seen in the log; empty for none."""
        return next((name for name in SEEN if getattr(self, name) is not None), "")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(getattr(self, name) is not None for name in SEEN) > 1:
            message = f"an action is seen in one way | Give one of {', '.join(map(repr, SEEN))}, or none."
            raise ValueError(message)
        return self


class Condition(Frozen):
    """What must be so for an entry to be delivered, at its moment or later; all that is given must hold."""

    on_scene: Force | None = None
    """Units are on scene of a call."""
    level: LevelReached | None = None
    """A call has an alarm level."""
    waiting: Annotated[Whole, Field(ge=1, le=100_000)] | None = None
    """At least so many calls wait for a first unit."""
    free_below: Annotated[Whole, Field(ge=1, le=100_000)] | None = None
    """Fewer than so many units are free."""
    missed: Reference | None = None
    """Id of an entry of which an expected action is overdue."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if all(getattr(self, name) is None for name in type(self).model_fields):
            message = "a condition that asks for nothing | Give at least one key."
            raise ValueError(message)
        return self


Method = Literal["phone", "radio", "message", "in_person", "media", "cap", "sensor"]
"""How an entry reaches the players."""

Trigger = Literal["time", "condition", "manual"]
"""What delivers an entry."""


class Entry(Frozen):
    """One line of the script (MSEL): what is told to whom, what it changes, and what is expected."""

    at: Moment
    """When it is delivered, from the start of the exercise; the earliest moment for conditions."""
    sender: Annotated[Text, Field(alias="from")] = ""
    """Who says it: a role, or anybody."""
    to: Text = ""
    """Whom it is for."""
    method: Method = "phone"
    """How it reaches them."""
    text: Words
    """What is said, as it is read out."""
    inject: Change | None = None
    """What it changes when it is delivered; an ``incident`` without an id gets that of the entry."""
    expects: tuple[Action, ...] = ()
    """What the players are expected to do."""
    objective: Reference | None = None
    """Id of the objective that it serves."""
    trigger: Trigger = "time"
    """What delivers it: its moment, its condition, or a controller by hand."""
    when: Condition | None = None
    """The condition, for ``trigger: condition``."""
    contingency_of: Reference | None = None
    """Id of another entry: this one is for the case that an action expected there is overdue."""
    controller: Reference | None = None
    """Role that delivers it."""
    evaluator: Reference | None = None
    """Role that watches what is expected."""


class Objective(Frozen):
    """What the exercise is to show."""

    title: Words
    """In a sentence: who does what, how well, by when."""
    plan: Text = ""
    """Plan or clause that it is about, as people cite it."""


class Role(Frozen):
    """Somebody who takes part."""

    title: Words
    """What the part is called."""
    side: Literal["player", "controller", "evaluator", "simulator", "observer"] = "player"
    """Which side of the exercise it is on; a simulator speaks for those who are not there."""
    duties: tuple[Words, ...] = ()
    """What the part does."""
    contact: Text = ""
    """How to reach them, for the communications list."""


ROOM = 300.0
"""Seconds that are left to answer a drawn call before ENDEX, where no plan says how many (chosen here)."""


class DrawnCalls(Frozen):
    """Calls that are drawn."""

    type: Reference
    """Incident type."""
    count: Annotated[Whole, Field(ge=1, le=500)] = 1
    """How many."""
    zones: tuple[Reference, ...] = ()
    """Zones in which they come; wherever the type's random calls come when left out, or else anywhere."""
    earliest: PositiveSeconds | None = None
    """Not before this time of the exercise; its start when left out."""
    latest: PositiveSeconds | None = None
    """Not after it; two thirds of the exercise when left out. In any case there is time left to send units
    until the exercise ends: ``sent_within``, or else five minutes, a third of a short exercise."""
    sent_within: PositiveSeconds | None = None
    """Time from the call in which its first alarm is to be sent, as the plan wants it; the model's own time
    and a fifth, in whole minutes, when left out."""
    on_scene_within: PositiveSeconds | None = None
    """Time from the call in which its first alarm is to be on scene, in the same way."""
    objective: Reference | None = None
    """Id of the objective that the calls serve; may be left out where there is only one. Where the file has
    none, drawn entries bring their own."""

    def window(self, lasts: float) -> tuple[float, float]:
        """Return the first and the last second of play at which they may come, in an exercise of a length.

        There is none where the last is before the first.
        """
        begin = 0.0 if self.earliest is None else self.earliest
        end = lasts * 2.0 / 3.0 if self.latest is None else self.latest
        room = min(ROOM, lasts / 3.0) if self.sent_within is None else self.sent_within
        return begin, min(end, lasts - room)


class Stress(Frozen):
    """What is drawn to make things harder."""

    units: Annotated[Whole, Field(ge=0, le=500)] = 0
    """So many units fail, each at a drawn moment to the end; drawn of those that nothing else takes out of
    service."""
    of: tuple[Reference, ...] = ()
    """Ids of units or unit types among which they are drawn, with ``units``; all when left out."""
    hydrants: Annotated[Whole, Field(ge=0, le=100)] = 0
    """So many zones have dry hydrants."""
    roads: Annotated[Whole, Field(ge=0, le=100)] = 0
    """So many roads near the drawn calls are closed, where every call can still be reached."""
    slower_by: PositiveSeconds | None = None
    """Communications fail for a drawn quarter of the exercise: calls are taken later by this."""
    objective: Reference | None = None
    """Id of the objective that the failures serve, as for calls."""

    @property
    def is_any(self) -> bool:
        """Whether anything fails."""
        return bool(self.units or self.hydrants or self.roads) or self.slower_by is not None


class Drawing(Frozen):
    """What 'drill new' draws by the seed and adds to the script."""

    calls: tuple[DrawnCalls, ...] = ()
    """Calls, with what is expected of the players for each."""
    stress: Stress = Stress()
    """Failures."""
    difficulty: Literal["easy", "moderate", "hard"] | None = None
    """How hard the exercise has to turn out when it is played by the model's advice; it is drawn anew, at
    most 50 times, until it does. Not looked at when left out."""


def _date(value: Any) -> Any:
    """Refuse what is no date and time with its time zone, with a remedy."""
    remedy = "Write a date such as 2026-05-12T09:00:00+08:00."
    try:
        value = datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
    except ValueError:
        message = f"{value[:40]!r} is not a date and time | {remedy}"
        raise ValueError(message) from None
    if not isinstance(value, datetime):
        message = f"{value!r:.40} is not a date and time | {remedy}"
        raise ValueError(message)
    if value.tzinfo is None:
        message = f"{value.isoformat()} has no time zone | {remedy}"
        raise ValueError(message)
    return value


class DrillFile(Frozen):
    """A brief for an exercise, and the exercise itself once everything in it is drawn."""

    schema_version: Annotated[Literal[1], BeforeValidator(number_only)] = 1
    """Version of this format."""
    title: Words
    """Name of the exercise."""
    description: Text = ""
    """The situation at its start, as the players are told."""
    scenario: Reference
    """The scenario to play in, beside this file or from the folder that holds ``networks/``."""
    layout: Reference = "baseline"
    """Layout to play with."""
    without_random: bool = False
    """Whether the scenario's random and recorded calls stay out, so that only those of injects and of the
    script come in."""
    form: Literal["tabletop", "command_post", "full_live"] = "command_post"
    """Discussion at a table, command post with simulated units, or units that really drive."""
    unscripted: bool = False
    """Double-blind: nobody who plays knows the script, nor when it is played and in which scenario."""
    held: Annotated[datetime, BeforeValidator(_date)] | None = None
    """When the exercise is held, with its time zone; the moment that it plays at when left out."""
    begins: Moment = 0.0
    """Moment of the scenario at which the exercise starts (STARTEX)."""
    lasts: PositiveSeconds
    """Time of play until ENDEX."""
    scale: Annotated[Number, Field(gt=0, le=100_000)] = 1.0
    """Seconds of play in a second of the clock on the wall."""
    silent: Literal["advice", "nothing"] = "advice"
    """Who sends units when the players do not: the model, or nobody. The orders among the scenario's own
    injects (``order``, ``recall``, ``stage``, ``ask``, ``level``, ``supply``) are part of the model's advice;
    with ``nothing`` they are left out from STARTEX on. Up to STARTEX the model sends in any case."""
    seed: Annotated[Whole, Field(ge=0)] = 0
    """Seed of everything that is drawn."""
    objectives: dict[Name, Objective] = {}
    """What the exercise is to show, by id."""
    roles: dict[Name, Role] = {}
    """Who takes part, by id; a usual set when left out."""
    closures: dict[Name, Closure] = {}
    """Roads that entries may close, beside the closures of the scenario; each is in force only once an entry
    closes it."""
    draw: Drawing | None = None
    """What is drawn; in a finished exercise it has been, and this is left out."""
    entries: dict[Name, Entry] = {}
    """The script, by id of the entry."""
