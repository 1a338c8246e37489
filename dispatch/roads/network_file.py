"""What ``network.yaml`` may say: units, speeds, factors and the provenance of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from dispatch.model.base import Frozen, Number, Text

if TYPE_CHECKING:
    from typing import Self

    from pydantic import ValidationInfo

MODES = ("emergency", "normal")
"""The ways of driving: with and without lights and siren."""

METRES = {"m": 1.0, "km": 1000.0, "ft": 0.3048, "mi": 1609.344}
"""Metres in each unit of length."""

METRES_PER_SECOND = {"km/h": 1 / 3.6, "mph": 0.44704, "m/s": 1.0}
"""Metres per second in each unit of speed."""

SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}
"""Seconds in each unit of time of a matrix."""

GEOGRAPHIC = frozenset({"EPSG:4326", "WGS84", "OGC:CRS84", "EPSG:4490"})
"""Coordinate systems of longitude and latitude in degrees; any other is taken as planar, in metres."""

_OF_ROADS = ("length_unit", "speed_unit", "speeds", "factors")
_OF_MATRICES = ("file", "unit", "symmetric")

Positive = Annotated[Number, Field(gt=0, le=1e6)]


class ByMode(Frozen):
    """One positive number for each way of driving."""

    emergency: Positive
    """With lights and siren."""
    normal: Positive
    """Without."""


class Factors(Frozen):
    """What every speed is multiplied by in each way of driving."""

    emergency: Positive = 1.0
    """With lights and siren."""
    normal: Positive = 1.0
    """Without."""


def _for_both(value: Any) -> Any:
    """Let a single number stand for both ways of driving."""
    return value if isinstance(value, dict) else {"emergency": value, "normal": value}


class NetworkFile(Frozen):
    """The description of a network folder."""

    kind: Literal["road", "matrix"] = "road"
    """Roads (node.csv and link.csv) or a table of travel times between places."""
    name: Text = ""
    """Short name; the folder's name where it is not given."""
    title: Text = ""
    """Name for readers; the short name where it is not given."""
    crs: Text = "EPSG:4326"
    """Coordinate system: longitude and latitude (EPSG:4326, WGS84, OGC:CRS84, EPSG:4490) or planar metres."""
    source: Text = ""
    """Where the data come from."""
    licence: Text = ""
    """Terms under which the data may be used."""
    approximate: bool = False
    """Whether places or lengths were set by hand rather than surveyed."""
    notes: tuple[Text, ...] = ()
    """What a reader of results should know about the data."""
    length_unit: Literal["m", "km", "ft", "mi"] = "m"
    """Unit of ``length`` in link.csv."""
    speed_unit: Literal["km/h", "mph", "m/s"] = "km/h"
    """Unit of ``free_speed`` in link.csv and of ``speeds``."""
    speeds: dict[str, Annotated[ByMode, BeforeValidator(_for_both)]] = Field(default_factory=dict)
    """Speed by facility type, for links without ``free_speed``."""
    factors: Factors = Factors()
    """Factor on all speeds by way of driving."""
    file: Text = ""
    """Name of the CSV file of a matrix, inside the folder."""
    unit: Literal["s", "min", "h"] | None = None
    """Unit of the times of a matrix."""
    symmetric: bool = False
    """Whether a time that is given one way only holds the other way too."""

    @property
    def geographic(self) -> bool:
        """Whether coordinates are longitude and latitude in degrees."""
        return self.crs.strip().upper() in GEOGRAPHIC

    @field_validator(*_OF_ROADS, *_OF_MATRICES)
    @classmethod
    def _belongs(cls, value: Any, info: ValidationInfo) -> Any:
        kind = info.data.get("kind")
        wrong = _OF_MATRICES if kind == "road" else _OF_ROADS if kind == "matrix" else ()
        if info.field_name in wrong:
            message = f"'{info.field_name}' has no meaning for kind: {kind} | Remove it, or correct kind."
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "matrix":
            for key, remedy in (("file", "Name the CSV file."), ("unit", "Say s, min or h.")):
                if not getattr(self, key):
                    message = f"'{key}' is missing | {remedy}"
                    raise ValueError(message)
        return self

    def named(self, folder: str) -> NetworkFile:
        """Return a copy in which name and title are filled in."""
        name = self.name or folder
        return self.model_copy(update={"name": name, "title": self.title or name})
