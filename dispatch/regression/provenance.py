"""Fingerprints of everything that a run depends on, so that a difference can be laid to its cause."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dispatch.scenario.scenario import Scenario

LENGTH = 16
"""Hexadecimal digits of a fingerprint."""

IDLE = frozenset(
    {"schema_version", "title", "description", "name", "seed", "replications", "measures", "stop",
     "cover_within"}
)  # fmt: skip
"""Sections of a scenario that no log depends on, or that are told by themselves."""

NAMED = frozenset(
    {"unit_types", "stations", "units", "rotas", "crews", "incident_types", "zones", "profiles", "closures",
     "layouts", "demand", "dispatching", "hospitals", "travel", "agreements"}
)  # fmt: skip
"""Sections whose parts are told by name, so that a difference is found at once."""


def fingerprints(scenario: Scenario) -> dict[str, str]:
    """Return fingerprints by name: of the scenario's sections, its network, its calls; seed and version.

    What is left at its default has none, so that a later version with more keys finds the same ones.
    """
    written = scenario.file.model_dump(mode="json", exclude_defaults=True)
    found: dict[str, str] = {}
    idle = IDLE - {"cover_within"} if scenario.file.keeps_cover else IDLE
    for section, value in written.items():
        if section in idle:
            continue
        if section in NAMED and value:
            found |= {f"scenario.{section}.{name}": _of(part) for name, part in value.items()}
        else:
            found[f"scenario.{section}"] = _of(value)
    found["network"] = scenario.network.digest[:LENGTH]
    found["travel.factors"] = scenario.roads.speeds.digest[:LENGTH]
    found["demand.calls"] = scenario.recorded.digest[:LENGTH] if scenario.recorded else ""
    found["seed"] = str(scenario.file.seed)
    found["dispatch"] = version("dispatch")
    return found


def _of(value: Any) -> str:
    text = json.dumps(_untitled(value), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]


def _untitled(value: Any) -> Any:
    """Return a value without titles, which change no result."""
    if isinstance(value, dict):
        return {key: _untitled(part) for key, part in value.items() if key != "title"}
    return [_untitled(part) for part in value] if isinstance(value, list) else value
