"""Where patients are taken: hospitals with places in the emergency department."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dispatch.model.base import Frozen, Name, Place, Seconds, Text, Whole
from dispatch.model.injects import Moment


class Diverting(Frozen):
    """A time in which a hospital sends ambulances on to others."""

    begins: Moment | None = None
    """When it begins; at the start when left out."""
    ends: Moment | None = None
    """When it ends; never when left out."""


class Hospital(Frozen):
    """A hospital to which units take patients."""

    title: Text = ""
    """Name for people."""
    at: Place
    """Node id, or coordinates that are snapped to the nearest node."""
    suitable_for: tuple[Name, ...] = ()
    """What patients may need that it has, such as trauma or cardiac; whatever they need when left out."""
    beds: Annotated[Whole, Field(ge=1, le=10_000)] | None = None
    """Places in the emergency department where patients are handed over; any number when left out."""
    turnover: Seconds = 0.0
    """How long a place stays taken after a hand-over."""
    most_detour: Seconds | None = None
    """How much longer a drive than to here is accepted to another hospital with a free place, when this one
    is the nearest and full; where all are farther, units wait here. However much longer when left out."""
    diverting: tuple[Diverting, ...] = ()
    """When it sends ambulances on to others; an inject ``divert`` does so, too."""
