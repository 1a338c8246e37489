"""Who can go: unit types, stations, units, and the layouts that say where they stand."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dispatch.model.base import Frozen, Name, Place, Reference, Text, Whole
from dispatch.model.distributions import Distribution

OwnerKind = Literal["state", "government", "enterprise", "volunteer", "mutual_aid"]
"""Who keeps a station."""


class UnitType(Frozen):
    """A kind of unit: what it can do and how fast its crew leaves."""

    title: Text = ""
    """Name for people."""
    capabilities: Annotated[tuple[Name, ...], Field(min_length=1)]
    """What a unit of this type can be counted as on a run card."""
    crew: Annotated[Whole, Field(ge=0, le=1000)] = 0
    """Staff riding on the unit."""
    turnout: Distribution
    """Time from the alert until the unit leaves its quarters."""


class Station(Frozen):
    """A fire station, brigade house or rescue post."""

    title: Text = ""
    """Name for people."""
    at: Place
    """Node id, or coordinates that are snapped to the nearest node."""
    owner: OwnerKind = "state"
    """Who keeps the station."""


class Unit(Frozen):
    """One apparatus or team with its crew."""

    type: Reference
    """A unit type."""
    station: Reference
    """The station where it stands."""
    title: Text = ""
    """Name for people."""


class Variation(Frozen):
    """A layout written as its differences from another one, applied in the order of the fields."""

    title: Text = ""
    """Name for people."""
    based_on: Reference = "baseline"
    """The layout that is varied; ``baseline`` is what the scenario's stations and units say."""
    close_stations: tuple[Reference, ...] = ()
    """Stations that cease to exist; their units go with them unless moved or removed."""
    reopen_stations: tuple[Reference, ...] = ()
    """Stations of the scenario that an earlier variation closed; they come back with their own units."""
    add_stations: dict[Name, Station] = {}
    """New stations by id."""
    move_stations: dict[Reference, Place] = {}
    """New places of stations by id; their units move along."""
    remove_units: tuple[Reference, ...] = ()
    """Units taken out of service."""
    add_units: dict[Name, Unit] = {}
    """New units by id."""
    move_units: dict[Reference, Reference] = {}
    """New station of units, by unit id."""

    @model_validator(mode="after")
    def _no_contradiction(self) -> Variation:
        both = sorted(set(self.close_stations) & (set(self.add_stations) | set(self.move_stations)))
        if both:
            message = f"station '{both[0]}' is closed and also added or moved | Do one of them."
            raise ValueError(message)
        lost = sorted(set(self.remove_units) & (set(self.add_units) | set(self.move_units)))
        if lost:
            message = f"unit '{lost[0]}' is removed and also added or moved | Do one of them."
            raise ValueError(message)
        return self
