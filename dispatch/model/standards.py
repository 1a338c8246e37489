"""What a standards profile may say: areas of stations, times, distances, and what may not cut an area."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from dispatch.model.base import (
    Frozen,
    Metres,
    Name,
    Number,
    PositiveSeconds,
    Reference,
    Text,
    Whole,
    number_only,
)

BarrierKind = Literal["motorway", "railway", "river", "water"]
"""What can cut land in two."""

Share = Annotated[Number, Field(gt=0, le=1)]
"""A share of all, above 0 and at most 1."""


class Titles(Frozen):
    """A name in two languages."""

    en: Annotated[Text, Field(min_length=1)]
    """In English."""
    zh: Text = ""
    """In Chinese."""


class StationClass(Frozen):
    """A class of stations and how much ground one of them may have to cover."""

    title: Titles
    """Name for people."""
    area_km2: Annotated[Number, Field(gt=0, le=1e6)]
    """Largest jurisdiction in square kilometres."""
    source: Text = ""
    """Where the figure stands; the profile's source where it is left out."""
    verified: bool = True
    """Whether the figure was checked against a source; false where it is set down from memory."""


class Areas(Frozen):
    """Limits on the jurisdictions of stations by their class."""

    default: Reference
    """The class of stations that do not state one (``grade`` in the scenario)."""
    classes: Annotated[dict[Name, StationClass], Field(min_length=1)]
    """Classes of stations by id."""

    @model_validator(mode="after")
    def _known(self) -> Areas:
        if self.default not in self.classes:
            message = f"no class '{self.default}' | Name one of {', '.join(sorted(self.classes))}."
            raise ValueError(message)
        return self


class Clause(Frozen):
    """What every requirement says."""

    title: Titles
    """Name for people."""
    applies_to: Text = ""
    """What it holds for, where that is not everything."""
    capability: tuple[Name, ...] = ()
    """Names of capabilities of which a unit must have one; any unit will do where it is left out."""
    source: Text = ""
    """Where the figure stands; the profile's source where it is left out."""
    verified: bool = True
    """Whether the figure was checked against a source; false where it is set down from memory."""

    @property
    def limit(self) -> str:
        """What is required, in a few words."""
        raise NotImplementedError


class TimeClause(Clause):
    """A time to be kept: a share of calls within it, a mean, or the edge of every jurisdiction."""

    clock: Literal["processing", "turnout", "travel", "response", "total"]
    """From which moment to which, as in the names of measures."""
    who: Literal["first", "second", "third", "fourth", "erf"] = "first"
    """Which unit by order of arrival, or the whole first alarm."""
    seconds: PositiveSeconds
    """The time."""
    statistic: Literal["share", "mean", "edge"] = "share"
    """What must keep it: a share of calls, their mean, or the farthest place of each jurisdiction."""
    share: Share | None = None
    """The share of calls, for ``statistic: share``."""
    staff: Annotated[Whole, Field(ge=1, le=10_000)] | None = None
    """Staff who must have come by then; counting them needs a simulation."""

    @model_validator(mode="after")
    def _complete(self) -> TimeClause:
        if (self.share is None) == (self.statistic == "share"):
            message = "'share' goes with statistic: share, and only with it | Add or remove it."
            raise ValueError(message)
        if self.statistic == "edge" and (self.clock not in ("travel", "response") or self.who != "first"):
            message = "the edge of a jurisdiction has a first unit and clock travel or response | Correct it."
            raise ValueError(message)
        return self

    @property
    def limit(self) -> str:
        """The time, its clock, and for whom or what it holds."""
        who = "" if self.who == "first" else f" of the {'first alarm' if self.who == 'erf' else self.who}"
        staff = "" if self.staff is None else f", {self.staff} staff"
        share = "" if self.share is None else f"{self.share * 100:g} %"
        return f"{self.seconds:g} s {self.clock}{who}{staff}, {share or self.statistic}"

    @property
    def measure(self) -> str:
        """The name of the measure by which a simulation judges the clause."""
        within = f"within_{self.seconds:g}s"
        statistic = {"share": within, "mean": "mean", "edge": "max"}[self.statistic]
        return f"{self.clock}.{self.who}.{statistic}"


class DistanceClause(Clause):
    """A distance by road from the nearest station, to be kept for a share of all roads, demand or people."""

    metres: Metres
    """The distance, such as ``1.5 mi``."""
    of: Literal["roads", "demand", "population"] = "roads"
    """What is counted."""
    share: Share | None = None
    """The share that must lie within it; without one the share is told and not judged."""

    @property
    def limit(self) -> str:
        """The distance and what is counted."""
        share = "share" if self.share is None else f"{self.share * 100:g} %"
        return f"{self.metres / 1000:.3g} km by road, {share} of {self.of}"


class UndividedClause(Clause):
    """Barriers that should not run through a jurisdiction."""

    barriers: Annotated[tuple[BarrierKind, ...], Field(min_length=1)]
    """Kinds of barriers."""

    @property
    def limit(self) -> str:
        """The barriers."""
        return f"not across: {', '.join(self.barriers)}"


class TravelFormula(Frozen):
    """Expected travel time by distance: a constant and a time for each mile."""

    constant: PositiveSeconds
    """Time that every trip takes."""
    per_mile: PositiveSeconds
    """Time for each mile by road (1,609.344 m)."""
    source: Text = ""
    """Where the formula stands; the profile's source where it is left out."""

    def seconds(self, metres: float) -> float:
        """Return the expected travel time in seconds for a distance in metres."""
        return self.constant + self.per_mile * metres / 1609.344


class StandardFile(Frozen):
    """A standards profile."""

    schema_version: Annotated[Literal[1], BeforeValidator(number_only)] = 1
    """Version of this format."""
    title: Titles
    """Name for people."""
    source: Annotated[Text, Field(min_length=1)]
    """Document and article, and where the figures were read."""
    notes: tuple[Text, ...] = ()
    """What a reader of a judgement should know."""
    areas: Areas | None = None
    """Limits on jurisdictions."""
    times: tuple[TimeClause, ...] = ()
    """Times to be kept."""
    distances: tuple[DistanceClause, ...] = ()
    """Distances to be kept."""
    undivided: UndividedClause | None = None
    """What should not cut a jurisdiction."""
    travel_formula: TravelFormula | None = None
    """Expected travel time by distance."""

    @model_validator(mode="after")
    def _says_something(self) -> StandardFile:
        if self.areas is None and self.undivided is None and not (self.times or self.distances):
            message = "a profile without requirements | Give areas, times, distances or undivided."
            raise ValueError(message)
        return self

    @property
    def needs_areas(self) -> bool:
        """Whether judging needs the jurisdictions of stations."""
        edge = any(clause.statistic == "edge" for clause in self.times)
        return self.areas is not None or self.undivided is not None or edge

    @property
    def clauses(self) -> list[Clause]:
        """All requirements but the limits on areas."""
        undivided: list[Clause] = [] if self.undivided is None else [self.undivided]
        return [*self.times, *self.distances, *undivided]

    @property
    def is_verified(self) -> bool:
        """Whether every figure was checked against a source."""
        classes = () if self.areas is None else tuple(self.areas.classes.values())
        return all(clause.verified for clause in self.clauses) and all(found.verified for found in classes)
