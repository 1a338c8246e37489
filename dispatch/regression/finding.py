"""What a log says to an expectation of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dispatch.errors import did_you_mean

if TYPE_CHECKING:
    from dispatch.engine.log import Log


@dataclass(frozen=True, slots=True)
class Finding:
    """What a log says to an expectation of it."""

    holds: bool
    message: str = ""
    refused: bool = False
    """Whether it cannot be judged, because there is nothing that it could be said of."""
    observed: float | None = None
    """Seconds from the call until the unit, or the alarm level, was reached."""


def numbered(log: Log, name: str) -> int | Finding:
    """Return the number of an incident, or that there is none of that id."""
    ids = log.timeline.incident_ids(log.scenario.kinds)
    if name in ids:
        return ids.index(name)
    fact = f"there is no incident '{name}' in it. {did_you_mean(name, ids)}"
    return Finding(holds=False, message=fact, refused=True)
