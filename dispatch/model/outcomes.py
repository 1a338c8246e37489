"""What delay costs: survival, fire growth and loss by incident type. Formulas for comparing, no forecasts."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from dispatch.model.base import Frozen, Number, Reference, Seconds

GROWTH = {"slow": 600.0, "medium": 300.0, "fast": 150.0, "ultrafast": 75.0}
"""Seconds that a t² fire of each class takes to 1,055 kW (1,000 Btu/s); NFPA 72 and NFPA 92."""

REFERENCE_KW = 1055.0
"""Heat release rate by which the classes are defined, kW."""

TAKEN_UNITS = ("s", "share", "h", "1", "kW", "people")
"""Units of other measures, which a loss cannot have."""

_UNIT = re.compile(r"(?:[^\W_]|[²³%°$€£¥₩₹])(?:[^\W_]|[²³%°$€£¥₩₹ /.·-]){0,19}")

Amount = Annotated[Number, Field(gt=0, le=1e12)]
"""A number above zero."""


class Survival(Frozen):
    """Survival of out-of-hospital cardiac arrest by minutes from the call, which stands for the collapse.

    The crew that comes first starts resuscitation and defibrillates. Each function was fitted to the patients
    of one place and time; outside of these it serves to compare layouts only. A patient nobody reaches dies.
    """

    function: Literal["larsen", "king-county", "de-maio", "valenzuela"]
    """Published function; the measure ``survivors.expected`` has formulas and sources."""
    patients: Annotated[Number, Field(gt=0, le=10_000)] = 1.0
    """Patients of a call; below 1 where only some of the calls are cardiac arrests."""
    delay: Annotated[Seconds, Field(le=86_400)] = 0.0
    """From the first unit's arrival until it treats the patient."""
    bystander_cpr: Annotated[Seconds, Field(le=86_400)] | None = None
    """From the call until somebody there starts resuscitation, if that is before the crew; for ``larsen`` and
    ``valenzuela``."""
    advanced_care: Annotated[Seconds, Field(le=86_400)] | None = None
    """From the crew's treatment until advanced life support; for ``larsen``, at once when left out."""
    at_once: Annotated[Number, Field(gt=0, le=1)] | None = None
    """Survival of those who are treated within 4 minutes; for ``king-county``, whose source tells slopes
    only."""

    @model_validator(mode="after")
    def _of_the_function(self) -> Survival:
        users = {
            "bystander_cpr": ("larsen", "valenzuela"),
            "advanced_care": ("larsen",),
            "at_once": ("king-county",),
        }
        for key, functions in users.items():
            if getattr(self, key) is not None and self.function not in functions:
                message = (
                    f"'{key}' is not used by {self.function} | Remove it, or use {' or '.join(functions)}."
                )
                raise ValueError(message)
        if self.function == "king-county" and self.at_once is None:
            message = (
                "king-county without 'at_once' | Give the share that survives if treated within 4 minutes."
            )
            raise ValueError(message)
        return self


class Fire(Frozen):
    """A fire whose heat release rate grows with the square of time, until first water."""

    growth: Literal["slow", "medium", "fast", "ultrafast"] | None = None
    """Class: 1,055 kW after 600, 300, 150 or 75 s."""
    alpha: Annotated[Number, Field(gt=0, le=1000)] | None = None
    """Growth coefficient in kW/s², instead of a class."""
    peak: Amount | None = None
    """Heat release rate in kW at which growth ends for want of fuel or air; never when left out."""
    ignition_to_call: Annotated[Seconds, Field(le=86_400)] = 240.0
    """From ignition until the call; 4 min are the share of discovery in the Chinese 15-minute rule."""
    set_up: Annotated[Seconds, Field(le=86_400)] = 210.0
    """From the first unit's arrival until water; 3.5 min are its share in the same rule."""

    @model_validator(mode="after")
    def _one_growth(self) -> Fire:
        if (self.growth is None) == (self.alpha is None):
            message = "a fire needs either 'growth' or 'alpha' | Give a class such as medium, or kW/s²."
            raise ValueError(message)
        return self

    @property
    def coefficient(self) -> float:
        """Growth coefficient α in kW/s²."""
        return self.alpha if self.alpha is not None else REFERENCE_KW / GROWTH[self.growth or "medium"] ** 2


class Loss(Frozen):
    """A loss in proportion to the time from the call until the first unit is on scene: a proxy."""

    per_minute: Amount
    """Loss for each minute."""
    maximum: Amount | None = None
    """The most that a call can lose, and what it loses if nobody reaches it; when left out, that is the loss
    of a wait as long as the horizon."""
    unit: Reference | None = None
    """What is lost, such as CNY or m²; shown beside the value."""

    @model_validator(mode="after")
    def _own_unit(self) -> Loss:
        if self.unit is not None and not _UNIT.fullmatch(self.unit):
            message = f"{self.unit[:40]!r} cannot be a unit | Write a short word, such as CNY or m²."
            raise ValueError(message)
        if self.unit in TAKEN_UNITS:
            message = f"'{self.unit}' is the unit of other measures | Say what is lost, such as CNY or m²."
            raise ValueError(message)
        return self


class Outcome(Frozen):
    """What delay costs in calls of a type. No more than an aid for comparing layouts."""

    survival: Survival | None = None
    """Expected survivors of cardiac arrest."""
    fire: Fire | None = None
    """Fire size at first water, and the 15-minute rule; a type has this or ``survival``."""
    loss: Loss | None = None
    """Loss by time, alone or beside one of the others."""

    @model_validator(mode="after")
    def _some(self) -> Outcome:
        if self.survival is None and self.fire is None and self.loss is None:
            message = "an outcome without content | Give 'survival', 'fire' or 'loss', or remove it."
            raise ValueError(message)
        if self.survival is not None and self.fire is not None:
            message = (
                "'survival' is of cardiac arrest, not of fire | Remove one, or make two incident types of it."
            )
            raise ValueError(message)
        return self
