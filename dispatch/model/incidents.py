"""What happens and who is needed: incident types with run cards, and the demand that draws them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from dispatch.model.alarms import Alarm, Risk
from dispatch.model.base import (
    Frozen,
    Name,
    Number,
    Point,
    PositiveSeconds,
    Rate,
    Reference,
    Text,
    Weight,
    Whole,
)
from dispatch.model.distributions import Distribution
from dispatch.model.outcomes import Outcome
from dispatch.model.supplies import SupplyNeeds

RunCard = dict[Name, Annotated[Whole, Field(ge=1, le=100)]]
"""Capability → number of units of the first alarm."""


class ToHospital(Frozen):
    """Patients whom units take to a hospital of the scenario when their work on scene is done."""

    needs: Name | None = None
    """What a hospital must be ``suitable_for``; any hospital will do when left out."""
    share: Annotated[Number, Field(gt=0, le=1)] = 1.0
    """Share of the units' responses with a patient to take; the others go home from the scene."""
    carriers: Annotated[tuple[Name, ...], Field(alias="from")] = ()
    """Capabilities, as needed by the call, of units that take patients; all units when left out."""


class Relief(Frozen):
    """Units that work long on scene are relieved by others, which are relieved in their turn."""

    after: PositiveSeconds
    """Time on scene after which a unit's relief is asked for; it stays until the relief is there."""
    at_most: Annotated[Whole, Field(ge=1, le=50)] = 12
    """Reliefs of one need, one after the other; whoever comes last stays to the end of the work."""


class IncidentType(Frozen):
    """A kind of incident: how urgent it is, who is needed and for how long."""

    title: Text = ""
    """Name for people."""
    priority: Annotated[Whole, Field(ge=1, le=99)] = 1
    """1 is the most urgent; waiting calls are served by priority, then by time."""
    run_card: Annotated[RunCard, Field(min_length=1)] | None = None
    """Units of the first alarm by capability; all of them on scene is the effective response force (ERF).
    Needed unless ``plans`` say who comes."""
    classed_as: Reference | None = None
    """Incident class of the scenario's ``plans``; the class called like this type when left out."""
    level: Annotated[Whole, Field(ge=1, le=5)] | None = None
    """Alarm level of the first alarm; when left out, the lowest for which the matched plan has a card."""
    call_processing: Distribution | None = None
    """Time from the call until units can be alerted; one of this and the scenario's own is needed."""
    on_scene: Distribution | None = None
    """Time each unit stays on scene; turnout, travel and the way home are added by the model."""
    busy: Distribution | None = None
    """Whole time from the alert until the unit is available in quarters, instead of ``on_scene``."""
    transport: Distribution | None = None
    """Time on the way to hospital after leaving the scene; none when left out."""
    hand_over: Distribution | None = None
    """Time at the hospital; none when left out."""
    to_hospital: ToHospital | None = None
    """Patients who are taken to one of the ``hospitals``, instead of ``transport``."""
    outcome: Outcome | None = None
    """What delay costs, for the measures of survivors, fire and loss; changes nothing in what happens."""
    alarm: Alarm | None = None
    """Alarm levels of its calls; none when left out."""
    relief: Relief | None = None
    """When units that stay long on scene are relieved; never when left out."""
    supplies: SupplyNeeds = {}
    """Item → what its calls need of it; until it is there they are not under control."""

    @model_validator(mode="after")
    def _one_clock(self) -> IncidentType:
        if (self.on_scene is None) == (self.busy is None):
            message = (
                "an incident type needs either 'on_scene' or 'busy' | "
                "Give on_scene (travel is added by the road) or busy (alert until available)."
            )
            raise ValueError(message)
        if self.busy is not None and (self.transport is not None or self.hand_over is not None):
            message = "'busy' already includes transport and hand-over | Remove them, or use on_scene."
            raise ValueError(message)
        if self.busy is not None and self.relief is not None:
            message = "'busy' and 'relief' contradict each other | Give on_scene, the work to be shared."
            raise ValueError(message)
        if self.to_hospital is not None and (self.busy is not None or self.transport is not None):
            other = "busy" if self.busy is not None else "transport"
            message = f"'{other}' and 'to_hospital' contradict each other | Keep one of them."
            raise ValueError(message)
        return self


class Zone(Frozen):
    """An area for demand and reporting; it takes its nodes away from the network's own zones."""

    title: Text = ""
    """Name for people."""
    nodes: tuple[Reference, ...] = ()
    """Node ids in the zone."""
    polygon: tuple[Point, ...] = ()
    """Corners of an area, in order, in the network's coordinates; nodes inside belong to the zone."""
    risk: Risk | None = None
    """Risk colour, for uplifts of alarm levels; none when left out."""

    @model_validator(mode="after")
    def _somewhere(self) -> Zone:
        if not self.nodes and len(self.polygon) < 3:
            message = "a zone without nodes | Give 'nodes', or a 'polygon' of at least three points."
            raise ValueError(message)
        return self


class Profile(Frozen):
    """How demand varies over the week; only the shape counts, the rate sets the level."""

    week: tuple[Weight, ...] = ()
    """168 hourly weights from Monday 00:00, local time."""
    weekday: tuple[Weight, ...] = ()
    """24 hourly weights for Monday to Friday."""
    weekend: tuple[Weight, ...] = ()
    """24 hourly weights for Saturday and Sunday; those of ``weekday`` when left out."""

    @model_validator(mode="after")
    def _complete(self) -> Profile:
        hours = self.week or self.weekday + self.weekend
        valid = len(self.week) == 168 and not self.weekday and not self.weekend
        valid |= not self.week and len(self.weekday) == 24 and len(self.weekend) in (0, 24)
        if not valid:
            message = "a profile of the wrong length | Give 168 hours as week, or 24 as weekday and weekend."
            raise ValueError(message)
        if sum(hours) <= 0:
            message = "all hours of the profile are zero | Give at least one hour a weight above zero."
            raise ValueError(message)
        return self

    @property
    def hours(self) -> tuple[float, ...]:
        """168 hourly weights from Monday 00:00."""
        return self.week or self.weekday * 5 + (self.weekend or self.weekday) * 2


class PoissonStream(Frozen):
    """Random calls of one incident type."""

    rate: Rate
    """Mean number of calls per unit of time over all places, such as ``0.8/d``."""
    profile: Reference | None = None
    """A profile of the scenario; even over the week when left out."""
    places: dict[Reference, Weight] = {}
    """Relative weight of zones (shared by the zone's nodes) and nodes; all nodes alike when left out."""
    spread: Reference | None = None
    """A numeric column of the network's node table that shares a zone's weight; equal when left out."""


class Demand(Frozen):
    """Where calls come from: random streams, a recorded list, or both."""

    poisson: dict[Reference, PoissonStream] = {}
    """Random calls by incident type."""
    recorded: Reference | None = None
    """A CSV file of recorded calls beside the scenario."""

    @model_validator(mode="after")
    def _some(self) -> Demand:
        if not self.poisson and self.recorded is None:
            message = "no demand | Give 'poisson' streams or a 'recorded' file."
            raise ValueError(message)
        return self
