"""How cover is kept while units are out: what a lost share of it is worth, and who moves up where."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from dispatch.model.base import Frozen, Number, Reference, Seconds, Whole, number_of_key

BusyFraction = Annotated[Number, Field(ge=0, lt=1)]
"""Share of time for which a unit is taken to be busy; ``workload.mean`` of a run is a fair value."""


class CoverageAware(Frozen):
    """What policy ``coverage_aware`` weighs against seconds."""

    weight: Seconds = 600.0
    """Seconds that losing the cover of all calls counts for; at 10 min, a tenth of them is worth a minute."""
    busy_fraction: BusyFraction = 0.3
    """Share of time for which any free unit is taken to be busy when the next call comes (illustrative)."""
    from_priority: Annotated[Whole, Field(ge=1, le=99)] = 1
    """Calls that are more urgent than this get the nearest unit whatever cover is lost; at 1 none are."""


UnitCount = Annotated[
    int, BeforeValidator(partial(number_of_key, what="number of units")), Field(ge=1, le=1000)
]
"""A number of units as the key of a map."""


class ComplianceTable(Frozen):
    """Which stations are to be occupied, by how many units are free."""

    table: Annotated[
        dict[UnitCount, Annotated[tuple[Reference, ...], Field(min_length=1)]], Field(min_length=1)
    ]
    """Number of free units → stations to be occupied, at most as many; one that stands twice is to have two.
    Every number from 1 to that of the units of a layout needs its row."""
    least: Literal["total", "longest"] = "total"
    """Who goes where: by the least ``total`` of driving, or by the least ``longest`` drive (then total)."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = sorted(set(range(1, max(self.table) + 1)) - set(self.table))
        if missing:
            message = f"no row for {missing[0]} free units | Give every number from 1 to {max(self.table)}."
            raise ValueError(message)
        for free, stations in sorted(self.table.items()):
            if len(stations) > free:
                message = f"{free} free units cannot occupy {len(stations)} places | List at most {free}."
                raise ValueError(message)
        return self


class ExpectedCover(Frozen):
    """Send free units to where they add most to the expected cover."""

    busy_fraction: BusyFraction = 0.3
    """Share of time for which any free unit is taken to be busy when the next call comes (illustrative)."""
    consider: Literal["released", "all"] = "released"
    """Who is moved: units when they become free, or at every decision the free unit that gains most."""
    least_gain: Annotated[Number, Field(ge=0, lt=1)] = 0.0
    """Share of all calls by which the expected cover must grow, and more, for a unit to be moved."""


class Fill(Frozen):
    """Fill stations whose neighbourhood has no free unit left from stations that can spare one."""

    lasting: Seconds = 900.0
    """A neighbourhood counts as empty only if no unit of its own is expected back within this time."""


class MostMoves(Frozen):
    """How often a unit may be moved."""

    per_unit_hour: Annotated[Whole, Field(ge=0, le=1000)] = 2
    """Moves that a unit may begin in any 60 minutes, moves back to its own station included."""


class MovingUp(Frozen):
    """Units that move up to other stations while those are empty; one of the three rules is needed."""

    compliance_table: ComplianceTable | None = None
    """A table of the stations to be occupied, by how many units are free."""
    expected_cover: ExpectedCover | None = None
    """The greatest expected cover, one move at a time."""
    fill: Fill | None = None
    """Empty neighbourhoods are filled from stations that can spare a unit."""
    capability: Reference | None = None
    """Only units with this capability are moved, and calls that need it are covered; all when left out."""
    most_moves: MostMoves = MostMoves()
    """How often a unit may be moved."""
    rest: Seconds = 600.0
    """Time that a unit is left in peace after it has arrived from a move."""

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        rules = ("compliance_table", "expected_cover", "fill")
        given = [name for name in rules if getattr(self, name) is not None]
        if len(given) != 1:
            fact = f"{' and '.join(given)} together" if given else "no rule"
            message = f"moving up by {fact} | Give one of {', '.join(rules)}."
            raise ValueError(message) if given else PydanticCustomError("missing_part", message)
        return self
