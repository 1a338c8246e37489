"""Layouts: which stations exist and which units stand there, composed from variations without mutation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dispatch.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.model.base import Place
    from dispatch.model.resources import Station, Unit, Variation
    from dispatch.model.scenario import ScenarioFile

BASELINE = "baseline"
AID_NAME = "mutual-aid"
"""What the tables call units from outside."""


@dataclass(frozen=True, slots=True)
class Site:
    """A station at its node of the network."""

    id: str
    title: str
    owner: str
    node: int
    grade: str = ""
    """Class in a standard, as written; "" where none is."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to place stations and units; both sorted by id."""

    name: str
    title: str
    sites: tuple[Site, ...]
    units: tuple[tuple[str, Unit], ...]

    @property
    def site_of(self) -> dict[str, int]:
        """Index into ``sites`` by station id."""
        return {site.id: i for i, site in enumerate(self.sites)}


@dataclass(frozen=True, slots=True)
class _Plan:
    """Stations and units as written, before places are resolved."""

    stations: Mapping[str, Station]
    units: Mapping[str, Unit]


def compose_layouts(
    file: ScenarioFile,
    document: YamlDocument,
    resolve: Callable[[Place, str], int | None],
    problems: Problems,
) -> dict[str, Layout]:
    """Return every layout of a scenario by name, the baseline first.

    ``resolve`` turns a written place and the position of its text into a node, noting problems itself.
    """
    plans = {BASELINE: _Plan(file.stations, file.units)}
    for name in _in_order_of_descent(file, document, problems):
        variation = file.layouts[name]
        plans[name] = _vary(
            plans[variation.based_on], plans[BASELINE], variation, _Context(name, document, problems)
        )
    nodes = _Nodes(file, document, resolve)
    result = {}
    for name in [BASELINE, *(name for name in file.layouts if name in plans)]:
        plan = plans[name]
        _check_units(name, plan, file, document, problems)
        title = file.layouts[name].title if name in file.layouts else ""
        result[name] = Layout(name, title, nodes.sites(plan), tuple(sorted(plan.units.items())))
    return result


def _in_order_of_descent(file: ScenarioFile, document: YamlDocument, problems: Problems) -> list[str]:
    """Return variations such that each stands after the one it is based on; circles are problems."""
    ordered: list[str] = []
    waiting = dict(file.layouts)
    while waiting:
        ready = [name for name, v in waiting.items() if v.based_on == BASELINE or v.based_on in ordered]
        if not ready:
            break
        for name in ready:
            ordered.append(name)
            del waiting[name]
    for name, variation in waiting.items():
        place = document.place("layouts", name, "based_on")
        if variation.based_on not in file.layouts:
            remedy = did_you_mean(variation.based_on, [*file.layouts, BASELINE])
            problems.add(place, f"no layout '{variation.based_on}'", remedy)
        else:
            problems.add(
                place, "this layout is based on itself in a circle", "Base one of them on 'baseline'."
            )
    return ordered


@dataclass(frozen=True, slots=True)
class _Context:
    """Where the variation at hand is written, for messages."""

    layout: str
    document: YamlDocument
    problems: Problems

    def unknown(self, key: str, what: str, word: str, known: Collection[str]) -> None:
        place = self.document.place("layouts", self.layout, key)
        self.problems.add(place, f"no {what} '{word}' here", did_you_mean(word, known))

    def taken(self, key: str, what: str, word: str) -> None:
        place = self.document.place("layouts", self.layout, key, word)
        self.problems.add(
            place, f"{what} '{word}' exists already", f"Choose another id, or use move_{what}s."
        )


def _vary(plan: _Plan, base: _Plan, variation: Variation, context: _Context) -> _Plan:
    """Return a new plan with the variation applied; the given plans stay as they are."""
    stations, units = dict(plan.stations), dict(plan.units)
    _close_and_reopen(stations, units, base, variation, context)
    for name, station in variation.add_stations.items():
        if name in stations:
            context.taken("add_stations", "station", name)
        stations[name] = station
    for name, place in variation.move_stations.items():
        if name in stations:
            stations[name] = stations[name].model_copy(update={"at": place})
        else:
            context.unknown("move_stations", "station", name, stations)
    for name in variation.remove_units:
        if units.pop(name, None) is None:
            context.unknown("remove_units", "unit", name, units)
    for name, unit in variation.add_units.items():
        if name in units:
            context.taken("add_units", "unit", name)
        units[name] = unit
    for name, station_id in variation.move_units.items():
        if name in units:
            units[name] = units[name].model_copy(update={"station": station_id})
        else:
            context.unknown("move_units", "unit", name, units)
    return _Plan(stations, units)


def _close_and_reopen(
    stations: dict[str, Station], units: dict[str, Unit], base: _Plan, variation: Variation, context: _Context
) -> None:
    for name in variation.close_stations:
        if stations.pop(name, None) is None:
            context.unknown("close_stations", "station", name, stations)
    staying = {*variation.move_units, *variation.remove_units}
    for name, unit in tuple(units.items()):
        if unit.station in variation.close_stations and name not in staying:
            del units[name]
    for name in variation.reopen_stations:
        if name not in base.stations:
            context.unknown("reopen_stations", "station of the baseline", name, base.stations)
        elif name in stations:
            context.taken("reopen_stations", "station", name)
        else:
            stations[name] = base.stations[name]
            units.update(
                {u: unit for u, unit in base.units.items() if unit.station == name and u not in units}
            )


def _check_units(
    name: str, plan: _Plan, file: ScenarioFile, document: YamlDocument, problems: Problems
) -> None:
    own = file.layouts[name].add_units if name in file.layouts else file.units
    prefix = ("layouts", name, "add_units") if name in file.layouts else ("units",)
    for unit_id, unit in own.items():
        if unit_id == AID_NAME:
            problems.add(
                document.place(*prefix, unit_id), f"'{AID_NAME}' stands for outside units", "Rename it."
            )
        if unit.type not in file.unit_types:
            remedy = did_you_mean(unit.type, file.unit_types)
            problems.add(document.place(*prefix, unit_id, "type"), f"no unit type '{unit.type}'", remedy)
        if unit.rota is not None and unit.rota not in file.rotas:
            fact, remedy = f"no rota '{unit.rota}'", did_you_mean(unit.rota, file.rotas)
            problems.add(document.place(*prefix, unit_id, "rota"), fact, remedy)
    moved = set(file.layouts[name].move_units) if name in file.layouts else set()
    for unit_id, unit in plan.units.items():
        if unit.station not in plan.stations and (unit_id in own or unit_id in moved):
            path = (
                (*prefix, unit_id, "station") if unit_id in own else ("layouts", name, "move_units", unit_id)
            )
            problems.add(
                document.place(*path),
                f"no station '{unit.station}'",
                did_you_mean(unit.station, plan.stations),
            )
    if not plan.units:
        path = ("layouts", name) if name in file.layouts else ("units",)
        problems.add(
            document.place(*path), "a layout without any unit", "Leave at least one unit in service."
        )


class _Nodes:
    """Resolves the place of each written station once, whatever number of layouts uses it."""

    def __init__(
        self, file: ScenarioFile, document: YamlDocument, resolve: Callable[[Place, str], int | None]
    ) -> None:
        self._written: dict[tuple[str, Place], str] = {}
        self._resolve = resolve
        self._known: dict[tuple[str, Place], int | None] = {}
        for name, station in file.stations.items():
            self._written[name, station.at] = document.place("stations", name, "at")
        for layout, variation in file.layouts.items():
            for name, station in variation.add_stations.items():
                self._written[name, station.at] = document.place(
                    "layouts", layout, "add_stations", name, "at"
                )
            for name, place in variation.move_stations.items():
                self._written[name, place] = document.place("layouts", layout, "move_stations", name)

    def sites(self, plan: _Plan) -> tuple[Site, ...]:
        result = []
        for name, station in sorted(plan.stations.items()):
            key = (name, station.at)
            if key not in self._known:
                self._known[key] = self._resolve(station.at, self._written[key])
            node = self._known[key]
            if node is not None:
                result.append(Site(name, station.title, station.owner, node, station.grade))
        return tuple(result)
