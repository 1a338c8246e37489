"""What a file of application rates may say: foam solution on surfaces, cooling water on shells."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dispatch.model.amounts import Application, LineApplication
from dispatch.model.base import Frozen, Name, PositiveSeconds, Text


class ApplicationRate(Frozen):
    """A rate that attacks are designed by."""

    title: Text
    """Name for people, in Chinese and English."""
    of: Literal["surface", "shell"]
    """What it is applied to: a burning surface, or the wall of a tank."""
    application: Application | None = None
    """Foam solution by time and area, at least."""
    up_to: Application | None = None
    """The upper end, where it is a range."""
    cooling: LineApplication | None = None
    """Water by time and metre of circumference."""
    lasts: Annotated[PositiveSeconds | None, Field(alias="for")] = None
    """For how long, where it is said."""
    source: Text
    """Where it comes from."""
    verified: bool
    """Whether it was taken from a text; else it was set down from memory."""

    @model_validator(mode="after")
    def _one_rate(self) -> ApplicationRate:
        if (self.application is None) == (self.cooling is None):
            message = "one rate | Give either 'application' or 'cooling'."
            raise ValueError(message)
        return self


class RateFile(Frozen):
    """A file of application rates."""

    title: Text = ""
    """Name for people."""
    source: Text = ""
    """What holds for all of them."""
    rates: Annotated[dict[Name, ApplicationRate], Field(min_length=1)]
    """Rates by id."""
