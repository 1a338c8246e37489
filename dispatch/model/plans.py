"""What a plan library may say: incident classes, key units, plans with a card for each alarm level."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from dispatch.model.alarms import ScaleName
from dispatch.model.base import Frozen, Name, Place, Reference, Seconds, Text, Whole, number_only

USUAL_CREW = 6
"""People counted for a unit whose need states no crew: about six ride on a vehicle (after 建标152-2017)."""

Level = Annotated[int, Field(ge=1, le=5)]
"""Alarm level, 1 the lowest; some scales end earlier."""

WrittenLevel = Annotated[Level, BeforeValidator(number_only)]
"""Alarm level as a value, not as a key."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_HELP = "Write a date such as 2020-07-01."


def _day(value: Any) -> date:
    """Return a date; other texts and numbers are refused."""
    text = value.strip() if isinstance(value, str) else ""
    try:
        return value if type(value) is date else date.fromisoformat(text if _DATE.fullmatch(text) else "")
    except ValueError:
        message = f"not a date | {_DATE_HELP}"
        raise ValueError(message) from None


Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "description": _DATE_HELP, "x-quantity": "date"}),
]
"""A date, in the time zone of the scenario's start."""


class UnitNeed(Frozen):
    """How many units of one capability are needed, and how many people at least on each."""

    units: Annotated[Whole, Field(ge=1, le=100)]
    """Number of units."""
    crew: Annotated[Whole, Field(ge=1, le=1000)] | None = None
    """Smallest crew of each unit: any when left out, and 6 are counted towards a minimum force."""

    @property
    def people(self) -> int:
        """How many people count for all the units."""
        return self.units * (self.crew or USUAL_CREW)

    @property
    def crews(self) -> tuple[int, ...]:
        """The smallest crew of each unit, 0 where none is stated."""
        return (self.crew or 0,) * self.units


def _need(value: Any) -> Any:
    """Take a bare number as so many units."""
    return value if isinstance(value, dict | UnitNeed) else {"units": value}


_NEED_SCHEMA = {
    "anyOf": [
        {"type": "integer", "minimum": 1, "maximum": 100},
        {
            "type": "object",
            "properties": {"units": {"type": "integer"}, "crew": {"type": "integer"}},
            "required": ["units"],
            "additionalProperties": False,
        },
    ],
    "x-quantity": "number of units, or `{units: n, crew: m}`",
}


def _amount(value: Any) -> Any:
    """Take numbers as the text that was written."""
    if hasattr(value, "text"):
        return value.text
    return f"{value:g}" if isinstance(value, float) else value


class Staging(Frozen):
    """Who waits at a staging area instead of driving up to the scene."""

    from_unit: Annotated[Whole, Field(ge=1, le=100, alias="from")]
    """The first unit to wait, in the order in which they are sent: 4 means that three drive up. Later ones
    wait for the size-up, but for those that are sent after it or in place of another, that are expected on
    scene before all others, or to which the scene is as near as the staging area: these drive up."""
    at: Place | None = None
    """Where: a node id, or coordinates that are snapped to the nearest node; when left out the edge of the
    scene, which is the node of the incident."""
    size_up: Seconds = 0.0
    """How long the first unit has to be on scene before those that wait go forward."""

    @property
    def waits(self) -> bool:
        """Whether it changes anything: at the edge of the scene, and without a size-up, nobody waits."""
        return self.at is not None or self.size_up > 0.0


class Card(Frozen):
    """What one alarm level takes. What is left out is that of the next lower card, then of the parents'."""

    units: (
        Annotated[
            dict[Name, Annotated[UnitNeed, BeforeValidator(_need), WithJsonSchema(_NEED_SCHEMA)]],
            Field(min_length=1),
        ]
        | None
    ) = None
    """Capability → number of units, or ``{units: n, crew: m}`` with the smallest crew of each."""
    staging: Staging | None = None
    """From which unit on units wait at a staging area."""
    supplies: dict[Name, Annotated[Text, BeforeValidator(_amount)]] | None = None
    """What else is taken along or asked for, with amounts in words. In a scenario with depots an amount of a
    known item, such as ``foam-6: 20 t``, is simulated; everything else is told only."""
    notify: tuple[Text, ...] | None = None
    """Who is told: police, ambulances, gas company and others that the scenario does not simulate."""
    command: Text | None = None
    """Who commands."""


class Plan(Frozen):
    """A response plan: for which incidents, where and when it holds, and its card for each alarm level."""

    title: Text = ""
    """Name for people."""
    source: Text = ""
    """Where its figures come from."""
    assumed: bool = False
    """Whether its figures are illustrative, without a source that prescribes them."""
    parent: Reference | None = None
    """Plan from which everything is taken that this one leaves out."""
    classes: tuple[Reference, ...] = ()
    """Incident classes; a plan for a class holds for the classes below it, too."""
    levels: tuple[WrittenLevel, ...] = ()
    """Alarm levels; all of them when left out."""
    key_units: tuple[Reference, ...] = ()
    """Sites for which the plan is made. With all three kinds of places left out it holds everywhere."""
    zones: tuple[Reference, ...] = ()
    """Zones, such as an industrial park, for which the plan is made."""
    area_classes: tuple[Reference, ...] = ()
    """Classes of zones for which the plan is made."""
    valid_from: Day | None = None
    """First day on which it holds."""
    valid_until: Day | None = None
    """Last day on which it holds."""
    reinforced_with: Name | None = None
    """Capability that is added to reach a level's minimum force; ``pumper`` when left out."""
    cards: dict[Level, Card] = {}
    """Alarm level → card."""


class IncidentClass(Frozen):
    """A class of incidents, in a tree."""

    title: Text = ""
    """Name for people."""
    parent: Reference | None = None
    """The class above."""
    scale: ScaleName | None = None
    """Scale of its alarm levels; that of the class above when left out."""


class KeyUnit(Frozen):
    """A site that may have a plan of its own: a plant, a school, a hospital."""

    title: Text = ""
    """Name for people."""
    nodes: Annotated[tuple[Place, ...], Field(min_length=1)]
    """Its nodes: ids, or coordinates that are snapped to the nearest node."""
    within: Reference | None = None
    """Zone to which it belongs even where its nodes lie in another one, such as a park."""


class Force(Frozen):
    """The least that an alarm level takes, whatever its card says."""

    stations: Annotated[Whole, Field(ge=1, le=1000)]
    """Stations that send units; checked against the layouts and told, not simulated."""
    vehicles: Annotated[Whole, Field(ge=1, le=1000)]
    """Units."""
    crew: Annotated[Whole, Field(ge=1, le=100_000)]
    """People: units times their smallest crew, 6 where none is stated."""


MinimumForce = dict[ScaleName, dict[Level, Force]]
"""Least force by scale and level; a level without one has that of the next lower level."""


class PlanFile(Frozen):
    """A file of plans."""

    title: Text = ""
    """Name for people."""
    source: Text = ""
    """Where its figures come from."""
    notes: tuple[Text, ...] = ()
    """What a reader should know."""
    words: dict[Name, Text] = {}
    """Titles of the capabilities that its plans ask for."""
    classes: dict[Name, IncidentClass] = {}
    """Incident classes by id."""
    key_units: dict[Name, KeyUnit] = {}
    """Sites with plans of their own, by id."""
    minimum_force: MinimumForce = {}
    """Least force by scale and alarm level."""
    plans: Annotated[dict[Name, Plan], Field(min_length=1)]
    """Plans by id."""


class PlanLibrary(Frozen):
    """Response plans of a scenario, and how they are tied to it."""

    catalogue: Reference | None = "default"
    """Plans that ship with the package; ``null`` for none."""
    files: tuple[Reference, ...] = ()
    """Files with more plans, beside the scenario."""
    classes: dict[Name, IncidentClass] = {}
    """More incident classes by id."""
    key_units: dict[Name, KeyUnit] = {}
    """Sites with plans of their own, by id."""
    area_classes: dict[Name, Annotated[tuple[Reference, ...], Field(min_length=1)]] = {}
    """Classes of zones: name → zones."""
    capabilities: dict[Reference, Reference | None] = {}
    """A plan's word → capability of this scenario; ``null`` where it is not simulated, which is told."""
    minimum_force: MinimumForce = {}
    """Least force by scale and alarm level, instead of the catalogue's table of that scale."""
    own: dict[Name, Plan] = {}
    """More plans by id; one with the id of a plan of the catalogue takes its place, which is told."""
    unmatched: Literal["error", "run_card"] = "error"
    """An incident that no plan matches: an error, or the type's own run card, which is told."""

    @model_validator(mode="after")
    def _some(self) -> PlanLibrary:
        if self.catalogue is None and not self.files and not self.own:
            message = "a library without plans | Give 'own' plans or 'files', or leave 'catalogue' as it is."
            raise ValueError(message)
        return self
