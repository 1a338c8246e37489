"""How fast one travels: speed sets with times of day, junction delays and acceleration."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from dispatch.model.base import Frozen, Name, Number, Reference, Seconds, Speed, Text, Whole

PLANNING = "planning"
"""The speed set that always exists: the network's own speeds at all hours."""

Factor = Annotated[Number, Field(gt=0, le=5)]
"""What a speed is multiplied by."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Days of the week, the first with hours 0 to 23."""

GROUPS = {"all": DAYS, "weekday": DAYS[:5], "weekend": DAYS[5:]}
"""Words for several days."""


def _for_both(value: Any) -> Any:
    """Let a single value stand for both ways of driving."""
    return value if isinstance(value, dict) else {"emergency": value, "normal": value}


class DrivingFactors(Frozen):
    """Factors on speed by way of driving."""

    emergency: Factor = 1.0
    """With lights and siren."""
    normal: Factor = 1.0
    """Without."""


class DrivingDelays(Frozen):
    """Delays by way of driving."""

    emergency: Annotated[Seconds, Field(le=3600)] = 0.0
    """With lights and siren."""
    normal: Annotated[Seconds, Field(le=3600)] = 0.0
    """Without."""


class Acceleration(Frozen):
    """Standing start and stop: T = 2·√(D/a) for D ≤ v²/a, else D/v + v/a (Kolesar, RAND R-1449, 1975).

    D/v is the time by the roads' speeds, so that speeds may differ on the way; ``cruise`` and ``rate`` give
    the v/a that a long trip loses and the limit of a short one.
    """

    rate: Annotated[Number, Field(gt=0, le=20)]
    """Acceleration and deceleration a in m/s²."""
    cruise: Speed
    """Speed v that is reached on a long trip."""

    @property
    def seconds(self) -> float:
        """Seconds v/a from standing to cruising speed."""
        return self.cruise / self.rate


class Hours(Frozen):
    """Some hours of some days of the week."""

    days: Text = "all"
    """``all``, ``weekday``, ``weekend``, or days such as ``mon`` or ``fri,sat``."""
    begins: Annotated[Whole, Field(ge=0, le=23)] = 0
    """First hour of the day."""
    ends: Annotated[Whole, Field(ge=1, le=24)] = 24
    """Hour of the day at which it ends."""

    @model_validator(mode="after")
    def _some_hours(self) -> Self:
        if self.ends <= self.begins:
            message = f"ends ({self.ends}) is not after begins ({self.begins}) | Split it at midnight."
            raise ValueError(message)
        self.hours_of_week()
        return self

    def hours_of_week(self) -> list[int]:
        """Return the hours of the week, 0 from Monday 00:00; raises ValueError for unknown days."""
        days: list[str] = []
        for word in self.days.lower().replace(" ", "").split(","):
            if word not in GROUPS and word not in DAYS:
                message = f"{word!r} is no day | Use {', '.join((*GROUPS, *DAYS))}."
                raise ValueError(message)
            days += GROUPS.get(word, (word,))
        return [24 * DAYS.index(d) + h for d in dict.fromkeys(days) for h in range(self.begins, self.ends)]


class SpeedRow(Hours):
    """Factor on the speeds of a class of roads in some hours of the week."""

    facility_type: Text
    """Class of roads as in link.csv; ``*`` for all that no other row names."""
    factor: Factor
    """What the speeds are multiplied by."""
    mode: Literal["emergency", "normal", ""] = ""
    """The way of driving it holds for; both when left out."""


class SpeedProfile(Frozen):
    """A named profile of the catalogue."""

    title: Text
    """Name for people."""
    source: Text
    """Where the figures come from."""
    assumed: bool = False
    """Whether the figures are assumptions rather than measured."""
    rows: Annotated[tuple[SpeedRow, ...], Field(min_length=1)]
    """Factors; hours that no row names keep factor 1."""


class SpeedSet(Frozen):
    """A named way to reckon driving times from the network's speeds."""

    title: Text = ""
    """Name for people."""
    source: Text = ""
    """Where the figures come from."""
    profile: Reference | None = None
    """Factors by class and hour of the week: a CSV file, or the name of a profile of the catalogue."""
    factors: Annotated[DrivingFactors, BeforeValidator(_for_both)] = DrivingFactors()
    """Factor on all speeds, one number or one for each way of driving."""
    junction_delay: Annotated[DrivingDelays, BeforeValidator(_for_both)] = DrivingDelays()
    """Delay at every junction of three or more roads that is driven into."""
    acceleration: Acceleration | None = None
    """Time lost by starting and stopping; none when left out."""


class Travel(Frozen):
    """Which speeds rule."""

    speeds: Reference = PLANNING
    """The speed set in use: ``planning`` (the network's own speeds at all hours) or one of ``sets``."""
    sets: dict[Name, SpeedSet] = {}
    """Speed sets by name, such as ``observed``; ``planning`` may be refined here, too."""
