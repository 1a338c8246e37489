"""Alarm levels of a scenario: first levels with uplifts, the force really needed, deadlines, command."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from dispatch.errors import Problems
from dispatch.scenario.grading import Graded, Reason, command, first_level, night_fact, scale
from dispatch.scenario.places import Gazetteer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from dispatch.model.alarms import Alarm, AlarmRules, Report, Uplift
    from dispatch.model.standards import Titles
    from dispatch.scenario.grading import Scale
    from dispatch.scenario.scenario import Scenario

HOUR = 3600.0


@dataclass(frozen=True, slots=True, eq=False)
class PlacedUplift:
    """An uplift with its places found."""

    written: Uplift
    said: Mapping[int, str]
    """Nodes at which it holds, as far as it goes by places, and the name or colour by which it does."""

    def fact(self, node: int, hour: int, dry: frozenset[int], *, weather: bool) -> Reason | None:
        """Return the fact that it holds for a call at a node and hour of the day, or None."""
        condition, by = self.written.condition, self.written.by
        if condition == "night":
            assert self.written.night is not None
            return night_fact(self.written.night, hour, by) if self.written.night.holds(hour) else None
        if condition == "dry_hydrants":
            return Reason(condition, adds=by) if node in dry else None
        if condition == "weather":
            return Reason(condition, adds=by) if weather else None
        if node not in self.said:
            return None
        key = "risk" if condition == "risk" else "place"
        return Reason(condition, adds=by, values=((key, self.said[node]),))

    def holds(
        self,
        nodes: NDArray[np.intp],
        hours: NDArray[np.intp],
        dry: frozenset[int],
        weather: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Return for which calls it holds, by their nodes, hours of the day and weather [n]."""
        condition = self.written.condition
        if condition == "night":
            assert self.written.night is not None
            return np.array([self.written.night.holds(hour) for hour in range(24)])[hours]
        if condition == "weather":
            return weather
        return np.isin(nodes, sorted(dry if condition == "dry_hydrants" else self.said))


@dataclass(frozen=True, slots=True, eq=False)
class GradedKind:
    """An incident type that has alarm levels."""

    scale: Scale
    level: int
    """Level of the first alarm, before anything is known of the single call."""
    levels: tuple[int, ...]
    """Levels whose force some calls really need, rising."""
    cumulative: tuple[float, ...]
    """Share of the calls that need at most that; the last is 1."""
    deadlines: Mapping[int, float]
    """Level → seconds after which it is raised if the incident is not under control."""
    uplifts: tuple[PlacedUplift, ...]


@dataclass(frozen=True, slots=True, eq=False)
class AlarmBook:
    """What a scenario says of alarm levels; kinds without them have level 0 and none of this."""

    kinds: tuple[GradedKind | None, ...]
    """By number of the kind."""
    most_uplift: int
    dry: frozenset[int]
    """Nodes whose hydrants are dry at all times."""
    week_start: float
    """Seconds from Monday 00:00 to the scenario's start."""

    def scale(self, kind: int) -> Scale | None:
        """Return the scale of a kind."""
        found = self.kinds[kind]
        return None if found is None else found.scale

    def top(self, kind: int) -> int:
        """Return the highest level of a kind."""
        found = self.kinds[kind]
        return 0 if found is None else found.scale.top

    def initial(
        self,
        kind: int,
        node: int,
        moment: float,
        report: Report | None = None,
        *,
        level: int | None = None,
        weather: bool = False,
        dry: frozenset[int] = frozenset(),
    ) -> Graded:
        """Return the first level of a call that comes from a node at a moment, in seconds from the start.

        ``level`` stands for the type's. ``dry`` are the nodes whose hydrants are dry at the moment, beside
        those that the file says are always.
        """
        found = self.kinds[kind]
        if found is None:
            return Graded(0)
        hour = int((self.week_start + moment) // HOUR) % 24
        dry = self.dry | dry
        held = (uplift.fact(node, hour, dry, weather=weather) for uplift in found.uplifts)
        facts = [fact for fact in held if fact is not None]
        if level is None:
            return first_level(found.scale, report, found.level, facts, self.most_uplift)
        return first_level(found.scale, report, level, facts, self.most_uplift, base="stated")

    def initial_many(
        self,
        kind: int,
        nodes: ArrayLike,
        moments: ArrayLike,
        *,
        weather: ArrayLike = False,
        dry: frozenset[int] = frozenset(),
    ) -> NDArray[np.int64]:
        """Return the first levels of calls of a kind without reports [n]: those that ``initial`` returns.

        Nodes and moments are [n]; ``weather`` is one truth for all or one for each; ``dry`` holds for all.
        """
        nodes, moments = np.asarray(nodes, dtype=np.intp), np.asarray(moments, dtype=np.float64)
        found = self.kinds[kind]
        if found is None:
            return np.zeros(len(nodes), dtype=np.int64)
        hours = ((self.week_start + moments) // HOUR).astype(np.intp) % 24
        bad = np.broadcast_to(np.asarray(weather, dtype=np.bool_), nodes.shape)
        dry = self.dry | dry
        added = np.zeros(len(nodes), dtype=np.int64)
        for uplift in found.uplifts:
            added += uplift.written.by * uplift.holds(nodes, hours, dry, bad)
        added = np.minimum(added, self.most_uplift)
        levels: NDArray[np.int64] = np.minimum(found.level + added, found.scale.top)
        return levels

    def severity(self, kind: int, u: float) -> int:
        """Return the level whose force a call really needs, for a uniform number from 0 to below 1."""
        found = self.kinds[kind]
        if found is None:
            return 0
        return found.levels[min(bisect_right(found.cumulative, u), len(found.levels) - 1)]

    def severity_many(self, kind: int, u: ArrayLike) -> NDArray[np.int64]:
        """Return the levels whose force calls really need, for uniform numbers [n]."""
        u = np.asarray(u, dtype=np.float64)
        found = self.kinds[kind]
        if found is None:
            return np.zeros(len(u), dtype=np.int64)
        place = np.searchsorted(found.cumulative, u, side="right")
        return np.array(found.levels, dtype=np.int64)[np.minimum(place, len(found.levels) - 1)]

    def deadline(self, kind: int, level: int) -> float | None:
        """Return the seconds after which a level is raised if the incident is not under control.

        None where it never is, as at the top of the scale.
        """
        found = self.kinds[kind]
        return None if found is None else found.deadlines.get(level)

    def command(self, level: int) -> Titles | None:
        """Return who commands at an alarm level; None at level 0."""
        return command(level)


def levels_of(scenario: Scenario) -> AlarmBook | None:
    """Return what a loaded scenario says of alarm levels; None where no incident type has any."""
    if all(kind.type.alarm is None for kind in scenario.kinds):
        return None
    rules = scenario.file.alarm
    gazetteer = Gazetteer(scenario.network, scenario.zones, scenario.zone_of, scenario.file.snap, Problems())
    uplifts = () if rules is None else tuple(_placed(uplift, scenario, gazetteer) for uplift in rules.uplifts)
    return AlarmBook(
        kinds=tuple(
            None if kind.type.alarm is None else _graded(kind.id, kind.type.alarm, uplifts)
            for kind in scenario.kinds
        ),
        most_uplift=0 if rules is None else rules.most_uplift,
        dry=frozenset() if rules is None else _dry(rules, gazetteer),
        week_start=scenario.roads.week_start,
    )


def _graded(name: str, alarm: Alarm, uplifts: tuple[PlacedUplift, ...]) -> GradedKind:
    on = scale(alarm.scale)
    shares = {level: share for level, share in sorted((alarm.severity or {}).items()) if share > 0}
    levels = tuple(shares) or (alarm.level,)
    sums = list(accumulate(shares.values())) or [1.0]
    within = alarm.control_within
    by_level = within if isinstance(within, dict) else dict.fromkeys(range(1, on.top), within)
    return GradedKind(
        scale=on,
        level=alarm.level,
        levels=levels,
        cumulative=tuple(part / sums[-1] for part in sums),
        deadlines={level: seconds for level, seconds in by_level.items() if seconds is not None},
        uplifts=tuple(uplift for uplift in uplifts if holds_for(uplift.written, name, alarm)),
    )


def holds_for(uplift: Uplift, name: str, alarm: Alarm) -> bool:
    """Return whether an uplift is meant for an incident type, by its id and its alarm levels."""
    named = uplift.types is None or name in uplift.types
    return named and uplift.scale in (None, alarm.scale)


def _placed(uplift: Uplift, scenario: Scenario, gazetteer: Gazetteer) -> PlacedUplift:
    said: dict[int, str] = {}
    for name in uplift.zones:
        for node in gazetteer.nodes(name, "").tolist():
            said.setdefault(node, name)
    for name in uplift.key_unit_nodes:
        said[scenario.network.index[name]] = name
    for name, zone in scenario.file.zones.items():
        if zone.risk is not None and zone.risk in uplift.risk:
            inside = np.flatnonzero(scenario.zone_of == scenario.zones.index(name))
            said |= dict.fromkeys(inside.tolist(), zone.risk)
    return PlacedUplift(uplift, said)


def _dry(rules: AlarmRules, gazetteer: Gazetteer) -> frozenset[int]:
    return frozenset(node for name in rules.dry for node in gazetteer.nodes(name, "").tolist())
