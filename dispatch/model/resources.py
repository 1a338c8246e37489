"""Who can go: unit types, stations, units, and the layouts that say where they stand."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dispatch.model.amounts import Flow
from dispatch.model.base import Frozen, Metres, Name, Place, Reference, Speed, SpeedFactor, Text, Whole
from dispatch.model.distributions import Distribution
from dispatch.model.readiness import Breakdown, Downtime
from dispatch.model.supplies import Consumables, Depot
from dispatch.model.travel import Hours

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
    moves: Literal["road", "on_foot", "air"] = "road"
    """How it gets about: by road, on foot (roads in both directions), or by air in a straight line."""
    speed: Speed | None = None
    """Speed on foot or by air; 1.5 m/s and 180 km/h when left out. Roads have speeds of their own."""
    speed_factor: SpeedFactor = 1.0
    """What the roads' speeds are multiplied by: below 1 for a heavy appliance."""
    width: Metres | None = None
    """Width, for closures that hold for wide units only; without one it passes them all."""
    turnaround: Distribution | None = None
    """Time in quarters after a call on which it worked, to clean and restock; none when left out."""
    downtime: Downtime | None = None
    """Random times out of service; none when left out."""
    breaks_down: Breakdown | None = None
    """How often it fails on its way to a call; never when left out."""
    carries: Consumables = {}
    """Item → what it carries of it; what is missing is filled up before it is available again."""
    pumps: Flow | None = None
    """What it can pump at an incident that needs foam or cooling."""

    @model_validator(mode="after")
    def _own_speed(self) -> UnitType:
        if self.moves == "road" and self.speed is not None:
            message = "a unit on the road has the speeds of the roads | Use speed_factor, or moves: on_foot."
            raise ValueError(message)
        if self.moves != "road" and (self.speed_factor != 1.0 or self.width is not None):
            message = f"'speed_factor' and 'width' mean nothing for moves: {self.moves} | Use speed."
            raise ValueError(message)
        return self


class Station(Frozen):
    """A fire station, brigade house or rescue post."""

    title: Text = ""
    """Name for people."""
    at: Place
    """Node id, or coordinates that are snapped to the nearest node."""
    owner: OwnerKind = "state"
    """Who keeps the station."""
    grade: Text = ""
    """Class of the station in the chosen standard, such as first, second, small or suburban."""


class Unit(Frozen):
    """One apparatus or team with its crew."""

    type: Reference
    """A unit type."""
    station: Reference
    """The station where it stands."""
    title: Text = ""
    """Name for people."""
    rota: Reference | None = None
    """When its crew is on duty; always when left out."""
    crew_from: Reference | None = None
    """The people of ``crews`` who man it; it has a crew of its own when left out."""


class Rota(Frozen):
    """When a crew is on duty; it ends what it is doing before it goes off duty."""

    title: Text = ""
    """Name for people."""
    on_duty: Annotated[tuple[Hours, ...], Field(min_length=1)]
    """Hours of the week, such as ``{days: weekday, begins: 8, ends: 20}``; a night is two of them."""

    def hours_of_week(self) -> set[int]:
        """Return the hours of the week on duty, 0 from Monday 00:00."""
        return {hour for hours in self.on_duty for hour in hours.hours_of_week()}


class StationsFrom(Frozen):
    """Stations cited from a GeoJSON file, such as the facilities that a network was imported with."""

    file: Reference | None = None
    """A GeoJSON file beside the scenario; ``facilities.geojson`` of the network when left out."""
    kind: Reference | None = None
    """Only features whose property ``kind`` is this, such as ``fire_station``; all when left out."""
    owner: OwnerKind = "state"
    """Who keeps these stations."""
    grade: Text = ""
    """Class of these stations in the chosen standard."""
    units: dict[Reference, Annotated[Whole, Field(ge=1, le=100)]] = {}
    """Number of units by unit type that stand at each of these stations, called ``<station>-<type>-1`` on."""


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
    close_depots: tuple[Reference, ...] = ()
    """Depots that cease to exist, with their stock and trucks."""
    reopen_depots: tuple[Reference, ...] = ()
    """Depots of the scenario that an earlier variation closed."""
    add_depots: dict[Name, Depot] = {}
    """New depots by id."""
    move_depots: dict[Reference, Place] = {}
    """New places of depots by id, with their stock and trucks."""

    @model_validator(mode="after")
    def _no_contradiction(self) -> Variation:
        for what, closed, kept in (
            ("station", self.close_stations, {*self.add_stations, *self.move_stations}),
            ("depot", self.close_depots, {*self.add_depots, *self.move_depots}),
        ):
            both = sorted(set(closed) & kept)
            if both:
                message = f"{what} '{both[0]}' is closed and also added or moved | Do one of them."
                raise ValueError(message)
        lost = sorted(set(self.remove_units) & (set(self.add_units) | set(self.move_units)))
        if lost:
            message = f"unit '{lost[0]}' is removed and also added or moved | Do one of them."
            raise ValueError(message)
        return self
