"""Layouts: which stations exist and which units stand there, composed from variations without mutation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from dispatch.errors import did_you_mean
from dispatch.model.base import Frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.model.base import Place
    from dispatch.model.resources import Station, Unit, Variation
    from dispatch.model.scenario import ScenarioFile
    from dispatch.model.supplies import Depot

P = TypeVar("P", bound=Frozen)

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
class PlacedDepot:
    """A depot at its node of the network, as it was written."""

    id: str
    node: int
    written: Depot


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to place stations and units; both sorted by id."""

    name: str
    title: str
    sites: tuple[Site, ...]
    units: tuple[tuple[str, Unit], ...]
    depots: tuple[PlacedDepot, ...] = ()
    """Depots, sorted by id."""

    @property
    def site_of(self) -> dict[str, int]:
        """Index into ``sites`` by station id."""
        return {site.id: i for i, site in enumerate(self.sites)}


@dataclass(frozen=True, slots=True)
class _Plan:
    """Stations, units and depots as written, before places are resolved."""

    stations: Mapping[str, Station]
    units: Mapping[str, Unit]
    depots: Mapping[str, Depot]


def compose_layouts(
    file: ScenarioFile,
    document: YamlDocument,
    resolve: Callable[[Place, str], int | None],
    problems: Problems,
) -> dict[str, Layout]:
    """Return every layout of a scenario by name, the baseline first.

    ``resolve`` turns a written place and the position of its text into a node, noting problems itself.
    """
    plans = {BASELINE: _Plan(file.stations, file.units, file.depots)}
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
        units = tuple(sorted(plan.units.items()))
        result[name] = Layout(name, title, nodes.sites(plan), units, nodes.depots(plan))
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

    def close(self, what: str, there: dict[str, P], names: Iterable[str], *, key: str = "") -> None:
        """Take places or units away."""
        for name in names:
            if there.pop(name, None) is None:
                self.unknown(key or f"close_{what}s", what, name, there)

    def reopen(self, what: str, there: dict[str, P], base: Mapping[str, P], names: Iterable[str]) -> set[str]:
        """Bring places of the baseline back, and return their names."""
        back, key = set[str](), f"reopen_{what}s"
        for name in names:
            if name not in base:
                self.unknown(key, f"{what} of the baseline", name, base)
            elif name in there:
                self.taken(key, what, name)
            else:
                there[name] = base[name]
                back.add(name)
        return back

    def add(self, what: str, there: dict[str, P], new: Mapping[str, P]) -> None:
        """Add places or units."""
        for name, each in new.items():
            if name in there:
                self.taken(f"add_{what}s", what, name)
            there[name] = each

    def move(self, what: str, there: dict[str, P], field: str, goals: Mapping[str, object]) -> None:
        """Give places or units another value of the field that says where they are."""
        for name, goal in goals.items():
            if name in there:
                there[name] = there[name].model_copy(update={field: goal})
            else:
                self.unknown(f"move_{what}s", what, name, there)


def _vary(plan: _Plan, base: _Plan, variation: Variation, context: _Context) -> _Plan:
    """Return a new plan with the variation applied; the given plans stay as they are."""
    stations, units, depots = dict(plan.stations), dict(plan.units), dict(plan.depots)
    context.close("station", stations, variation.close_stations)
    staying = {*variation.move_units, *variation.remove_units}
    for name, unit in tuple(units.items()):
        if unit.station in variation.close_stations and name not in staying:
            del units[name]
    reopened = context.reopen("station", stations, base.stations, variation.reopen_stations)
    units.update({u: unit for u, unit in base.units.items() if unit.station in reopened and u not in units})
    context.add("station", stations, variation.add_stations)
    context.move("station", stations, "at", variation.move_stations)
    context.close("unit", units, variation.remove_units, key="remove_units")
    context.add("unit", units, variation.add_units)
    context.move("unit", units, "station", variation.move_units)
    context.close("depot", depots, variation.close_depots)
    context.reopen("depot", depots, base.depots, variation.reopen_depots)
    context.add("depot", depots, variation.add_depots)
    context.move("depot", depots, "at", variation.move_depots)
    return _Plan(stations, units, depots)


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
    """Resolves the place of each written station and depot once, however many layouts use it."""

    def __init__(
        self, file: ScenarioFile, document: YamlDocument, resolve: Callable[[Place, str], int | None]
    ) -> None:
        self._written: dict[tuple[str, str, Place], str] = {}
        self._resolve = resolve
        self._known: dict[tuple[str, str, Place], int | None] = {}
        self._note("stations", file.stations, (), document)
        self._note("depots", file.depots, (), document)
        for layout, variation in file.layouts.items():
            own = ("layouts", layout)
            self._note("stations", variation.add_stations, own, document)
            self._note("depots", variation.add_depots, own, document)
            for what, moves in (("stations", variation.move_stations), ("depots", variation.move_depots)):
                for name, place in moves.items():
                    self._written[what, name, place] = document.place(*own, f"move_{what}", name)

    def _note(
        self,
        what: str,
        written: Mapping[str, Station] | Mapping[str, Depot],
        own: tuple[str, ...],
        document: YamlDocument,
    ) -> None:
        """Note where places are written."""
        key = f"add_{what}" if own else what
        for name, each in written.items():
            self._written[what, name, each.at] = document.place(*own, key, name, "at")

    def _node(self, what: str, name: str, place: Place) -> int | None:
        key = (what, name, place)
        if key not in self._known:
            self._known[key] = self._resolve(place, self._written[key])
        return self._known[key]

    def sites(self, plan: _Plan) -> tuple[Site, ...]:
        """Return the stations of a layout whose places are known."""
        result = []
        for name, station in sorted(plan.stations.items()):
            node = self._node("stations", name, station.at)
            if node is not None:
                result.append(Site(name, station.title, station.owner, node, station.grade))
        return tuple(result)

    def depots(self, plan: _Plan) -> tuple[PlacedDepot, ...]:
        """Return the depots of a layout whose places are known."""
        placed = ((name, self._node("depots", name, each.at), each) for name, each in plan.depots.items())
        return tuple(
            PlacedDepot(name, node, each)
            for name, node, each in sorted(placed, key=lambda p: p[0])
            if node is not None
        )
