"""When units and crews are ready: repairs, time in the workshop, and people whom several units share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dispatch.model.base import Frozen, Number, Reference, Text, Whole
from dispatch.model.distributions import Distribution


class Downtime(Frozen):
    """Random times out of service, for maintenance and faults, that go on from the start by the clock."""

    every: Distribution
    """Time in service from the start, or from the end of one time in the workshop, to the next."""
    lasts: Distribution
    """Time in the workshop."""


class Breakdown(Frozen):
    """How often units of a type fail on their way to a call."""

    share: Annotated[Number, Field(ge=0, le=0.5)]
    """Share of the trips to calls on which a unit fails, at a place evenly spread over the time it drives."""
    repair: Distribution
    """Time from the breakdown until it is in service again; not less than it takes to be towed home."""


class Crew(Frozen):
    """People at a station who man several units there: as many units can be out as there are people for."""

    title: Text = ""
    """Name for people."""
    station: Reference
    """The station where they wait."""
    staff: Annotated[Whole, Field(ge=1, le=1000)]
    """How many they are; each unit takes as many along as its type's ``crew``."""
