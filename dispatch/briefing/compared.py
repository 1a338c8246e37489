"""What was compared: layouts, their stations and units, and what each changes."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from dispatch.briefing.contents import Number, Said, Section
from dispatch.briefing.judging import class_title
from dispatch.briefing.telling import table
from dispatch.briefing.titles import OWNERS, PUBLIC
from dispatch.model.resources import Unit
from dispatch.scenario.layout import PlacedDepot, Site

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dispatch.briefing.contents import Cell, Table
    from dispatch.briefing.judging import Judged
    from dispatch.briefing.telling import Teller
    from dispatch.scenario.layout import Layout

Thing = Site | Unit | PlacedDepot


def compared(teller: Teller, known: Judged) -> Section:
    """Return the chapter."""
    layouts = teller.scenario.layouts
    reference = layouts[teller.folder.reference]
    rows: list[list[Cell]] = []
    for name in teller.layouts:
        layout = layouts[name]
        numbers = [Number(len(each), "whole") for each in (layout.sites, layout.units, layout.depots)]
        rows.append([name, layout.title, *numbers])
    columns = [("layout", Said("layout")), ("title", Said("title")), ("stations", Said("stations")),
               ("units", Said("units")), ("depots", Said("depots"))]  # fmt: skip
    items: list[Table] = [table("layouts", Said("Layouts"), columns, rows)]
    changes = [[name, *row] for name in teller.others for row in _changes(teller, reference, layouts[name])]
    if teller.others:
        columns = [("layout", Said("layout")), ("what", Said("what")), ("change", Said("change")),
                   ("id", Said("id")), ("where", Said("where"))]  # fmt: skip
        items.append(table("layout_changes", Said("What each layout changes"), columns, changes))
    items += [_stations(teller, known), _units(teller)]
    if not teller.others:
        return Section("compared", Said("What was simulated"), (), tuple(items))
    same_luck = Said(
        "Every layout was simulated with the same calls and the same luck; the reference is {reference}.",
        {"reference": reference.name},
    )
    return Section("compared", Said("What was compared"), (same_luck,), tuple(items))


def _changes(teller: Teller, reference: Layout, layout: Layout) -> Iterator[list[Cell]]:
    """Yield what a layout changes: what kind of thing, how, which, and where."""
    nodes = teller.scenario.network.node_ids
    pairs: tuple[tuple[Said, Mapping[str, Thing], Mapping[str, Thing]], ...] = (
        (Said("station"), {s.id: s for s in reference.sites}, {s.id: s for s in layout.sites}),
        (Said("unit"), dict(reference.units), dict(layout.units)),
        (Said("depot"), {d.id: d for d in reference.depots}, {d.id: d for d in layout.depots}),
    )
    for kind, before, after in pairs:
        for name in sorted({*before, *after}):
            old, new = before.get(name), after.get(name)
            if old != new:
                yield [kind, _change(old, new, nodes), name, _where(new or old, nodes)]


def _change(old: Thing | None, new: Thing | None, nodes: Sequence[str]) -> Said:
    if old is None:
        return Said("added")
    if new is None:
        return Said("closed") if isinstance(old, Site | PlacedDepot) else Said("removed")
    return Said("moved") if _where(old, nodes) != _where(new, nodes) else Said("changed")


def _where(thing: Thing | None, nodes: Sequence[str]) -> str:
    """Return the node of a station or depot, and the station of a unit."""
    if thing is None:
        return ""
    return nodes[thing.node] if isinstance(thing, Site | PlacedDepot) else thing.station


def _stations(teller: Teller, known: Judged) -> Table:
    """Return table T1: what each station has and what its jurisdiction has to be."""
    standard = next((each for each in known.standards if each.file.areas is not None), None)
    rows: list[list[Cell]] = []
    for name in teller.layouts:
        layout = teller.scenario.layouts[name]
        division = known.survey.layouts[name].division
        verdicts = known.judgements[standard.name, name].stations if standard else ()
        land = {} if division is None else {j.site.id: i for i, j in enumerate(division.jurisdictions)}
        for site in layout.sites:
            units = [unit for _, unit in layout.units if unit.station == site.id]
            types = teller.scenario.file.unit_types
            crew = sum(types[unit.type].crew for unit in units)
            place = land.get(site.id, -1)
            area = division.jurisdictions[place].area_km2 if division and place >= 0 else float("nan")
            verdict = verdicts[place] if place >= 0 and verdicts else None
            grade = class_title(
                standard.file.areas if standard else None, site.grade if verdict is None else verdict.grade
            )
            if verdict is not None and verdict.assumed:
                grade = Said("{class} (assumed)", {"class": grade})
            if site.owner not in PUBLIC:
                verdict = None
            limit = float("nan") if verdict is None else verdict.limit_km2
            kept = None if verdict is None or isnan(limit) else verdict.passes
            rows.append([
                name, site.id, site.title, grade,
                OWNERS.get(site.owner, site.owner), Number(len(units), "whole"), Number(crew, "whole"),
                Number(area, "km2"), Number(limit, "km2"),
                "–" if kept is None else Said("passes") if kept else Said("fails"),
            ])  # fmt: skip
    columns = [
        ("layout", Said("layout")), ("station", Said("station")), ("title", Said("title")),
        ("class", Said("class")), ("owner", Said("kept by")), ("units", Said("units")),
        ("crew", Said("crew")),
        ("area", Said("jurisdiction")), ("limit", Said("limit")), ("passes", Said("standard")),
    ]  # fmt: skip
    return table("stations", Said("Stations"), columns, rows)


def _units(teller: Teller) -> Table:
    types = teller.scenario.file.unit_types
    rows: list[list[Cell]] = [
        [name, unit, each.title, types[each.type].title or each.type, each.station,
         Number(types[each.type].crew, "whole"), ", ".join(types[each.type].capabilities), each.rota or ""]
        for name in teller.layouts
        for unit, each in teller.scenario.layouts[name].units
    ]  # fmt: skip
    columns = [
        ("layout", Said("layout")), ("unit", Said("unit")), ("title", Said("title")), ("type", Said("type")),
        ("station", Said("station")), ("crew", Said("crew")), ("capabilities", Said("capabilities")),
        ("rota", Said("rota")),
    ]  # fmt: skip
    return table("units", Said("Units"), columns, rows, is_detail=True)
