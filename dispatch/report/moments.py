"""Moments of a scenario as people write them, and the closures that hold at them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dispatch.report import speak

if TYPE_CHECKING:
    from dispatch.scenario.scenario import Scenario


def calendar(scenario: Scenario, seconds: float) -> str:
    """Return the date and time, in the zone of the start, of a moment in seconds from the start."""
    return (scenario.file.start + timedelta(seconds=seconds)).isoformat()


def clock(seconds: float) -> str:
    """Return a moment as ``12 d 03:04:05.2``, to be told from others that are near."""
    tenths = round(seconds * 10)
    whole, tenth = divmod(tenths, 10)
    days, rest = divmod(whole, 86_400)
    text = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}.{tenth}"
    return f"{days} d {text}" if days else text


def closures_at(scenario: Scenario, seconds: float | None) -> list[str]:
    """Return the ids of the closures in force at a moment in seconds from the start; none without one."""
    roads = scenario.roads
    return [] if seconds is None else [roads.closures[i].id for i in roads.at(seconds).closures]


def _named(scenario: Scenario, seconds: float) -> list[str]:
    """Return the closures in force as people know them: by id, but weather, which has none, by its title."""
    titles = scenario.roads.closures
    injects = scenario.file.injects
    weather = {f"weather-{i + 1}" for i, each in enumerate(injects) if each.weather is not None}
    weather -= set(scenario.file.closures)
    in_force = [titles[i] for i in scenario.roads.at(seconds).closures]
    return [(each.title or "weather") if each.id in weather else each.id for each in in_force]


def moment_document(scenario: Scenario, seconds: float | None) -> dict[str, Any]:
    """Return ``at``, which is null without a moment, and ``closures`` in force then, for JSON."""
    at = None if seconds is None else {"date": calendar(scenario, seconds), "seconds": seconds}
    return {"at": at, "closures": closures_at(scenario, seconds)}


def moment_line(scenario: Scenario, seconds: float) -> str:
    """Return a moment, and the closures in force then, in words."""
    closed = ", ".join(_named(scenario, seconds)) or "none"
    when = f"at {calendar(scenario, seconds)}, {speak.duration(seconds)} after the start"
    return f"{when}; closures in force: {closed}"
