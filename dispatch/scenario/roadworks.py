"""What a scenario says of speeds, closures and injects, resolved on its network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from dispatch.errors import did_you_mean
from dispatch.model.travel import PLANNING, SpeedSet
from dispatch.roads.areas import arcs_in, arcs_near
from dispatch.roads.network import MODES, RoadNetwork
from dispatch.scenario.conditions import HOURS, ClosedRoads, RoadConditions, Speeds
from dispatch.scenario.injects import seconds_from_start
from dispatch.scenario.speeds import OTHERS, ReadProfile, factor_table, read_profile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.model.base import Place
    from dispatch.model.injects import Closure
    from dispatch.model.scenario import ScenarioFile
    from dispatch.roads.network import Network
    from dispatch.scenario.files import Folder
    from dispatch.scenario.places import Gazetteer

MOST_NOTES = 5
"""Closures that are told of one by one for cutting places off: those that cut off most."""

_PART = re.compile(r"(.+?)(?:-[0-9]+)?[fb]?")

NEEDS_ROADS = "Use a road network, or leave it out."


@dataclass(slots=True)
class RoadResolver:
    """Resolves speeds and closures, noting every problem."""

    file: ScenarioFile
    document: YamlDocument
    folder: Folder
    gazetteer: Gazetteer
    problems: Problems
    notes: list[str]

    def resolve(self) -> RoadConditions:
        """Return the conditions of the scenario; they may be used only if no problem was noted."""
        start = self.file.start
        into_day = start.hour * 3600 + start.minute * 60 + start.second + start.microsecond / 1e6
        self._check_units()
        closures, weather = self._closures(), tuple(self._weather())
        changes = self._changes(tuple(closure.id for closure in closures), weather)
        closures += tuple(slow for slow, _, _ in weather)
        week_start = start.weekday() * 86400.0 + into_day
        self._note_cut_off(closures, changes)
        return RoadConditions(self.network, self._speeds(), week_start, closures, changes)

    @property
    def network(self) -> Network:
        """The network without conditions."""
        return self.gazetteer.network

    def _check_units(self) -> None:
        """Note units that cannot move as they should on this network."""
        for name, kind in sorted(self.file.unit_types.items()):
            where = self.document.place("unit_types", name, "moves")
            if kind.moves == "on_foot" and not isinstance(self.network, RoadNetwork):
                self.problems.add(where, "walking needs roads, where there is a matrix of times", NEEDS_ROADS)
            if kind.moves == "air" and self.network.x is None:
                self.problems.add(where, "flying needs coordinates", "Add x_coord and y_coord to node.csv.")

    def _speeds(self) -> Speeds:
        chosen, sets = self.file.travel.speeds, self.file.travel.sets
        if chosen not in sets and chosen != PLANNING:
            where = self.document.place("travel", "speeds")
            self.problems.add(where, f"no speed set '{chosen}'", did_you_mean(chosen, (PLANNING, *sets)))
        for name in sorted(sets):
            if name != chosen:  # the others are checked all the same
                self._compiled(name, sets[name])
        return self._compiled(chosen, sets.get(chosen, SpeedSet()))

    def _compiled(self, name: str, written: SpeedSet) -> Speeds:
        """Return a speed set with its factors by period and class."""
        where = ("travel", "sets", name)
        network, title, source = self.network, written.title, written.source
        classes = network.facility_names if isinstance(network, RoadNetwork) else ()
        table = {mode: np.ones((HOURS, len(classes))) for mode in MODES}
        if not isinstance(network, RoadNetwork) and written != SpeedSet(title=title, source=source):
            self.problems.add(
                self.document.place(*where), "speeds of roads, where there is a matrix", NEEDS_ROADS
            )
        elif written.profile is not None:
            profile = read_profile(written.profile, self.folder, (*where, "profile"))
            if profile is not None:
                table, twice = factor_table(profile.rows, classes)
                for text in twice[:5]:
                    fact = f"profile '{profile.name}' gives two factors for {text}"
                    self.problems.add(self.document.place(*where, "profile"), fact, "Give one.")
                self._note_unused(name, profile, classes)
                title, source = title or profile.title, source or profile.source
        return _of_periods(name, title, source, written, table)

    def _note_unused(self, name: str, profile: ReadProfile, classes: Sequence[str]) -> None:
        """Note classes of a profile that no road of the network has; a catalogue's profile has many."""
        if name != self.file.travel.speeds:
            return
        own = {*classes, *(c.removesuffix("_link") for c in classes), OTHERS}
        unused = sorted({row.facility_type for row in profile.rows} - own)
        if unused and (profile.from_file or len(unused) == len({row.facility_type for row in profile.rows})):
            self.notes.append(
                f"Profile '{profile.name}' has rows for {', '.join(map(repr, unused[:5]))}, which no road of "
                f"the network is; its classes are {', '.join(sorted(filter(None, classes))) or 'unnamed'}."
            )

    def _closures(self) -> tuple[ClosedRoads, ...]:
        found = []
        for name, closure in sorted(self.file.closures.items()):
            arcs = self._arcs(name, closure)
            if arcs is not None:
                factor = 0.0 if closure.speed_factor is None else closure.speed_factor
                width = -1.0 if closure.max_width is None else closure.max_width
                found.append(ClosedRoads(name, closure.title, arcs, factor, width))
        return tuple(found)

    def _weather(self) -> Iterator[tuple[ClosedRoads, float, float]]:
        """Yield what slows all roads, with the moments at which it begins and ends."""
        for i, inject in enumerate(self.file.injects):
            if inject.weather is None or inject.weather.speed_factor is None:
                continue
            if not isinstance(self.network, RoadNetwork):
                where = self.document.place("injects", i, "weather", "speed_factor")
                self.problems.add(where, "slower roads, where there is a matrix of times", NEEDS_ROADS)
                continue
            begins = seconds_from_start(inject.at, self.file)
            ends = inf if inject.weather.lasts is None else begins + inject.weather.lasts
            arcs = np.arange(len(self.network.tail), dtype=np.intp)
            name = f"weather-{i + 1}"  # closures have names of their own; nothing refers to this one
            slow = ClosedRoads(name, inject.weather.title, arcs, inject.weather.speed_factor, -1.0)
            yield slow, begins, ends

    def _arcs(self, name: str, closure: Closure) -> NDArray[np.intp] | None:
        """Return the arcs that a closure holds for."""
        network, where = self.network, self.document.place("closures", name)
        if not isinstance(network, RoadNetwork):
            self.problems.add(where, "a closure of roads, where there is a matrix of times", NEEDS_ROADS)
            return None
        before = len(self.problems.found)
        parts = [self._of_links(network, name, closure)]
        if closure.polygon:
            parts.append(arcs_in(network, closure.polygon))
        if closure.around is not None and closure.radius is not None:
            centre = self._centre(network, closure.around, self.document.place("closures", name, "around"))
            if centre is not None:
                parts.append(arcs_near(network, centre, closure.radius))
        arcs = np.unique(np.concatenate(parts))
        if not len(arcs) and len(self.problems.found) == before:
            self.problems.add(where, "no road touches this area", "Check its coordinates (longitude first).")
        return arcs.astype(np.intp)

    def _centre(self, network: RoadNetwork, around: Place, where: str) -> tuple[float, float] | None:
        """Return the middle of an area, which may lie far from every road: a node's place, or as given."""
        if isinstance(around, str):
            node = self.gazetteer.node(around, where)
            return None if node is None else (float(network.x[node]), float(network.y[node]))
        if network.geographic and not (abs(around[0]) <= 180 and abs(around[1]) <= 90):
            fact = f"({around[0]:g}, {around[1]:g}) is not a longitude and a latitude"
            self.problems.add(where, fact, "Give degrees, longitude first.")
            return None
        return around

    def _of_links(self, network: RoadNetwork, name: str, closure: Closure) -> NDArray[np.intp]:
        known = network.once("arcs by link", lambda: _arcs_by_link(network)) if closure.links else {}
        ways = network.once("arcs by way", lambda: _arcs_by_way(known)) if closure.links else {}
        found: list[int] = []
        for i, link in enumerate(closure.links):
            if link not in known and link in ways:
                found += ways[link]
            elif link not in known:
                remedy = (
                    did_you_mean(link, known)
                    if len(known) < 5000
                    else "See link_id in link.csv; links without a way there and back are left out."
                )
                self.problems.add(
                    self.document.place("closures", name, "links", i), f"no link '{link}'", remedy
                )
            found += known.get(link, ())
        return np.array(found, dtype=np.intp)

    def _changes(
        self, known: tuple[str, ...], weather: Sequence[tuple[ClosedRoads, float, float]]
    ) -> tuple[tuple[float, tuple[int, ...]], ...]:
        """Return the moments at which closures begin or end, with all that are in force from then on.

        Weather is numbered after the closures.
        """
        events: list[tuple[float, int, bool]] = []
        for number, (_, begins_at, ends_at) in enumerate(weather, start=len(known)):
            events.append((begins_at, number, True))
            if ends_at < inf:
                events.append((ends_at, number, False))
        by_inject = self._injected(known, events)
        for number, name in enumerate(known):
            closure = self.file.closures[name]
            ends = inf if closure.ends is None else self._seconds(closure.ends, "closures", name, "ends")
            begins = [moment for moment, of, closes in events if of == number and closes]
            if closure.begins is not None:
                begins.append(self._seconds(closure.begins, "closures", name, "begins", early=True))
                events.append((begins[-1], number, True))
            elif name not in by_inject:
                begins.append(0.0)
                events.append((0.0, number, True))
            if ends <= min(begins, default=0.0):
                fact = f"ends ({ends:g} s) is not after it begins ({min(begins, default=0.0):g} s)"
                self.problems.add(self.document.place("closures", name, "ends"), fact, "Correct one of them.")
            if min(begins, default=inf) >= self.file.horizon:
                self.notes.append(f"Closure '{name}' is not in force before the horizon.")
            if ends < inf:
                events.append((ends, number, False))
        changes: dict[float, tuple[int, ...]] = {}
        in_force: set[int] = set()
        for moment, number, begins_now in sorted(events):
            (in_force.add if begins_now else in_force.discard)(number)
            changes[moment] = tuple(sorted(in_force))
        return tuple(sorted(changes.items()))

    def _injected(self, known: tuple[str, ...], events: list[tuple[float, int, bool]]) -> set[str]:
        """Add what injects do, and return the closures that injects begin."""
        begun = set()
        for i, inject in enumerate(self.file.injects):
            name = inject.close or inject.reopen
            if name is None:  # it does nothing to roads
                continue
            key = "close" if inject.close else "reopen"
            moment = self._seconds(inject.at, "injects", i, "at")
            if name in known:
                events.append((moment, known.index(name), key == "close"))
            elif name not in self.file.closures:
                where = self.document.place("injects", i, key)
                self.problems.add(where, f"no closure '{name}'", did_you_mean(name, self.file.closures))
            if key == "close":
                begun.add(name)
        return begun

    def _seconds(self, moment: float | datetime, *where: str | int, early: bool = False) -> float:
        """Return a moment in seconds from the start; before it is a problem, unless it may be ``early``."""
        return seconds_from_start(moment, self.file, self.document.place(*where), self.problems, early=early)

    def _note_cut_off(
        self, closures: tuple[ClosedRoads, ...], changes: tuple[tuple[float, tuple[int, ...]], ...]
    ) -> None:
        """Note which closures in force together leave places without a way there and back."""
        network = self.network
        if not isinstance(network, RoadNetwork) or self.problems:
            return
        roads = [kind for kind in self.file.unit_types.values() if kind.moves == "road"]
        widths = sorted({0.0, *(kind.width or 0.0 for kind in roads)})
        told: set[tuple[int, ...]] = set()
        found: list[tuple[int, str]] = []
        for width in widths:
            shut = {i for i, c in enumerate(closures) if c.speed_factor == 0.0 and c.holds_for(width)}
            groups = {tuple(i for i in active if i in shut) for _, active in changes}
            # each closure by itself, and the most that are in force together
            chosen = {(i,) for group in groups for i in group} | {max(groups, key=len, default=())}
            for group in sorted(chosen - told - {()}):
                told.add(group)
                found += self._of_group(network, closures, group, width)
        found.sort(key=lambda note: -note[0])
        self.notes += [text for _, text in found[:MOST_NOTES]]
        if len(found) > MOST_NOTES:
            self.notes.append(f"{len(found) - MOST_NOTES} more closures cut places off.")
        widest = max(widths)
        for closure in closures:
            if closure.max_width >= 0.0 and not closure.holds_for(widest):
                self.notes.append(
                    f"Closure '{closure.id}' holds for no unit: none is wider than its max_width."
                )

    def _of_group(
        self, network: RoadNetwork, closures: tuple[ClosedRoads, ...], group: tuple[int, ...], width: float
    ) -> list[tuple[int, str]]:
        """Return how many nodes closures in force together cut off, with a note, if any."""
        count, shown = _cut_off(network, [closures[i].arcs for i in group])
        if not count:
            return []
        names = ", ".join(f"'{closures[i].id}'" for i in group)
        whom = f" for units {width:g} m wide" if any(closures[i].max_width >= 0.0 for i in group) else ""
        verb = "holds" if len(group) == 1 else "hold"
        text = (
            f"While {names} {verb}, {count} of {len(network.node_ids)} nodes are cut off from the rest{whom} "
            f"({shown}); calls there wait."
        )
        return [(count, text)]


def _arcs_by_link(network: RoadNetwork) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for arc, link in enumerate(network.link_ids):
        found.setdefault(link, []).append(arc)
    return found


def _arcs_by_way(by_link: dict[str, list[int]]) -> dict[str, list[int]]:
    """Return the arcs of all parts of an imported way, whose links are called ``way-1``, ``way-2f``, …."""
    found: dict[str, list[int]] = {}
    for link, arcs in by_link.items():
        part = _PART.fullmatch(link)
        if part is not None:
            found.setdefault(part[1], []).extend(arcs)
    return found


def _cut_off(network: RoadNetwork, shut: list[NDArray[np.intp]]) -> tuple[int, str]:
    """Return how many nodes lie outside the largest part without the arcs that are shut, and some of them."""
    from dispatch.roads.connected import parts

    kept = np.ones(len(network.tail), dtype=np.bool_)
    for arcs in shut:
        kept[arcs] = False
    part = parts(len(network.node_ids), network.tail[kept], network.head[kept])
    outside = np.flatnonzero(part != np.bincount(part).argmax())
    shown = ", ".join(network.node_ids[i] for i in outside[:3]) + (", …" if len(outside) > 3 else "")
    return len(outside), shown


def _of_periods(
    name: str, title: str, source: str, written: SpeedSet, table: dict[str, NDArray[np.float64]]
) -> Speeds:
    """Return a speed set in which hours with the same factors are one period."""
    whole = np.hstack([table[mode] * getattr(written.factors, mode) for mode in MODES])
    _, first, period_of = np.unique(whole, axis=0, return_index=True, return_inverse=True)
    width = whole.shape[1] // 2
    return Speeds(
        name=name,
        title=title,
        source=source,
        period_of=tuple(np.ravel(period_of).tolist()),
        factors={mode: whole[first, i * width : (i + 1) * width] for i, mode in enumerate(MODES)},
        delay={mode: getattr(written.junction_delay, mode) for mode in MODES},
        start_up=written.acceleration.seconds if written.acceleration else 0.0,
    )
