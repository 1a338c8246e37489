"""Incident types with what they need, as far as their own entries say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.model.distributions import Distribution
    from dispatch.model.incidents import IncidentType
    from dispatch.model.scenario import ScenarioFile

    Parts = tuple[str, IncidentType, Distribution, tuple[int, ...]]


def slots_of_card(kind: IncidentType, capabilities: tuple[str, ...]) -> tuple[int, ...]:
    """Return the capability that each slot of a type's run card needs, in order; none without a run card."""
    card = kind.run_card or {}
    return tuple(
        sorted(capabilities.index(c) for c, n in card.items() if c in capabilities for _ in range(n))
    )


def described_kinds(
    file: ScenarioFile, document: YamlDocument, capabilities: tuple[str, ...], problems: Problems
) -> Iterator[Parts]:
    """Yield id, type, call processing time and slots of each incident type, in order of id."""
    for name, kind in sorted(file.incident_types.items()):
        _check_plans(file, document, name, problems)
        for capability in kind.run_card or {}:
            if capability not in capabilities:
                where = document.place("incident_types", name, "run_card", capability)
                fact = f"no unit type has the capability '{capability}'"
                problems.add(where, fact, did_you_mean(capability, capabilities))
        processing = kind.call_processing or file.call_processing
        if processing is None:
            where = document.place("incident_types", name)
            remedy = "Give 'call_processing' here, or once for all types at the top level (0 s for none)."
            problems.add(where, "no call processing time", remedy)
            continue
        yield name, kind, processing, slots_of_card(kind, capabilities)


def _check_plans(file: ScenarioFile, document: YamlDocument, name: str, problems: Problems) -> None:
    """Note a type that says nothing of who comes, or that speaks of plans where there are none."""
    kind = file.incident_types[name]
    if file.plans is not None:
        return
    if kind.run_card is None:
        where = document.place("incident_types", name)
        problems.add(where, "'run_card' is missing", "Add it, or 'plans' that say who comes.")
    for key in ("classed_as", "level"):
        if getattr(kind, key) is not None:
            where = document.place("incident_types", name, key)
            problems.add(where, f"'{key}' means nothing without 'plans'", "Remove it, or add 'plans'.")
