"""Items, rates, needs and depots: documents for JSON, rows for CSV, tables for people."""

from __future__ import annotations

from math import ceil, inf
from typing import TYPE_CHECKING, Any

from rich.text import Text

from dispatch.report import speak
from dispatch.report.rows import Column, print_rows
from dispatch.scenario.items import WATER, known_item
from dispatch.scenario.supply_means import ways_of_water

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console

    from dispatch.model.rates import RateFile
    from dispatch.model.supplies import Item
    from dispatch.scenario.items import KnownItem
    from dispatch.scenario.physics import CoolingNeed, FoamNeed
    from dispatch.scenario.scenario import Scenario
    from dispatch.scenario.supplies import DepotSite, TruckKind
    from dispatch.statics.supplying import Drive, SupplySurvey, Weighed

MEMORY = "*"
"""Marks rates that were set down from memory."""


def item_rows(items: Mapping[str, Item], own: Iterable[str]) -> list[dict[str, Any]]:
    """Return items as rows of plain values; ``own`` are the ids of the scenario's."""
    mine = set(own)
    return [
        {
            "item": known.id,
            "title": known.title,
            "unit": known.unit,
            "kg": known.kg * known.per_unit,
            "litres": known.litres * known.per_unit,
            "price": known.price,
            "code": known.code or None,
            "code_class": known.code_title or None,
            "origin": "scenario" if known.id in mine else "catalogue",
        }
        for known in (known_item(name, item) for name, item in sorted(items.items()))
    ]


def print_items(out: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print items as a table."""
    columns = [
        Column("item"),
        Column("title", wraps=True),
        Column("counted in"),
        Column("kg each", justify="right"),
        Column("l each", justify="right"),
        Column("GB/T 38565", wraps=True),
        Column("from"),
    ]
    cells = [
        (
            row["item"],
            row["title"],
            row["unit"],
            f"{row['kg']:g}",
            f"{row['litres']:g}" if row["litres"] else "–",
            " ".join(filter(None, (row["code"], row["code_class"]))),
            row["origin"],
        )
        for row in rows
    ]
    _print_table(out, "Items of supply", columns, cells)


def rate_rows(rates: RateFile) -> list[dict[str, Any]]:
    """Return application rates as rows of plain values, in the units that people use."""
    return [
        {
            "rate": name,
            "title": rate.title,
            "of": rate.of,
            "least": _per_minute(rate.application) if rate.cooling is None else rate.cooling,
            "most": _per_minute(rate.up_to),
            "unit": "l/min/m2" if rate.cooling is None else "l/s/m",
            "seconds": rate.lasts,
            "verified": rate.verified,
            "source": rate.source,
        }
        for name, rate in rates.rates.items()
    ]


def _per_minute(application: float | None) -> float | None:
    return None if application is None else round(application * 60, 9)


def print_rates(out: Console, rows: Sequence[Mapping[str, Any]], source: str) -> None:
    """Print application rates as a table."""
    columns = [
        Column("rate"),
        Column("title", wraps=True),
        Column("at least"),
        Column("for"),
        Column("source", wraps=True),
    ]
    cells = [
        (
            row["rate"] + ("" if row["verified"] else f" {MEMORY}"),
            row["title"],
            f"{row['least']:g}" + (f" to {row['most']:g}" if row["most"] else "") + f" {row['unit']}",
            "" if row["seconds"] is None else speak.duration(row["seconds"]),
            row["source"],
        )
        for row in rows
    ]
    note = f"{MEMORY} set down from memory. {source.strip()}"
    _print_table(out, "Application rates", columns, cells, note)


def need_document(
    attack: FoamNeed, diameter: float | None, cooling: CoolingNeed | None, payload: float | None
) -> dict[str, Any]:
    """Return what a foam attack takes, for JSON."""
    document: dict[str, Any] = {
        "diameter_m": diameter,
        "area_m2": attack.area,
        "seconds": attack.seconds,
        "solution_l_per_s": attack.flow,
        "solution_l": attack.solution,
        "concentrate_l": attack.concentrate,
        "concentrate_kg": attack.kilograms,
        "water_l": attack.water,
        "cooling": None,
        "trucks": None,
    }
    if cooling is not None:
        document["cooling"] = {
            "burning_l_per_s": cooling.burning,
            "neighbours": cooling.neighbours,
            "neighbour_l_per_s": cooling.neighbour,
            "l_per_s": cooling.flow,
            "water_l": cooling.flow * attack.seconds,
        }
    if payload is not None:
        document["trucks"] = {"payload_kg": payload, "number": ceil(attack.kilograms / payload - 1e-9)}
    return document


def flat(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document on one level: keys of inner ones follow that of their own."""
    found: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, dict):
            found |= {f"{key}_{inner}": each for inner, each in value.items()}
        elif value is not None:
            found[key] = value
    return found


def print_need(out: Console, told: Mapping[str, Any]) -> None:
    """Print what a foam attack takes, line by line."""
    size = f"tank of {told['diameter_m']:g} m, " if told["diameter_m"] is not None else ""
    out.print(
        Text(f"{size}{told['area_m2']:,.0f} m² burning, {speak.duration(told['seconds'])}", style="bold")
    )
    lines = [
        f"solution     {told['solution_l_per_s']:.4g} l/s, {_volume(told['solution_l'])} in all",
        f"concentrate  {_volume(told['concentrate_l'])}, {_weight(told['concentrate_kg'])}",
        f"water in it  {_volume(told['water_l'])}",
    ]
    cooling, trucks = told["cooling"], told["trucks"]
    if cooling is not None:
        lines.append(f"cooling      {cooling['burning_l_per_s']:.4g} l/s on the burning tank")
        if cooling["neighbours"]:
            each = f"{cooling['neighbour_l_per_s']:.4g} l/s on half the shell of each neighbour"
            lines.append(f"             {each}, {cooling['neighbours']} of them")
        total = f"{cooling['l_per_s']:.4g} l/s in all, {_volume(cooling['water_l'])} over the same time"
        lines.append(f"             {total}")
    if trucks is not None:
        lines.append(
            f"trucks       {trucks['number']} of {_weight(trucks['payload_kg'])} for the concentrate"
        )
    for line in lines:
        out.print(Text(line), soft_wrap=True)


def _volume(litres: float) -> str:
    return f"{litres / 1000:,.4g} m³" if litres >= 1000 else f"{litres:.4g} l"


def _weight(kilograms: float) -> str:
    return f"{kilograms / 1000:,.4g} t" if kilograms >= 1000 else f"{kilograms:.4g} kg"


def survey_document(found: SupplySurvey) -> dict[str, Any]:
    """Return depots, needs and ways of a layout, for JSON."""
    return {
        "scenario": found.scenario.name,
        "layout": found.layout,
        "depots": [_depot(site, found.scenario) for site in found.depots],
        "needs": [_weighed(each) for each in found.needs],
        "drives": [_drive(each, found.scenario) for each in found.drives],
        "notes": list(found.scenario.notes),
    }


def _items(scenario: Scenario) -> tuple[KnownItem, ...]:
    assert scenario.supplies is not None
    return scenario.supplies.items


def _depot(site: DepotSite, scenario: Scenario) -> dict[str, Any]:
    items = _items(scenario)
    return {
        "depot": site.id,
        "title": site.title,
        "node": scenario.network.node_ids[site.node],
        "echelon": site.echelon,
        "kind": site.kind,
        "load_out_s": site.load_out,
        "hours_open": len(site.open) or 168,
        "stock": _lines(site, items),
        "trucks": [_truck(kind, items) for kind in site.trucks],
        "ramp_up_s": site.ramp_up if site.rates else None,
        "makes": {items[n].id: rate / items[n].per_unit for n, rate in sorted(site.rates.items())},
        "resupply_s": None if site.lead_time == inf else site.lead_time,
        "resupply_from": site.supplier or None,
    }


def _lines(site: DepotSite, items: Sequence[KnownItem]) -> list[dict[str, Any]]:
    return [
        {
            "item": items[number].id,
            "amount": items[number].units(amount),
            "reserve": items[number].units(site.reserve.get(number, 0)),
            "unit": items[number].unit,
        }
        for number, amount in sorted(site.stock.items())
    ]


def _truck(kind: TruckKind, items: Sequence[KnownItem]) -> dict[str, Any]:
    carries = None if kind.carries is None else [items[number].id for number in sorted(kind.carries)]
    return {
        "truck": kind.id,
        "number": kind.number,
        "payload_kg": kind.kg,
        "volume_l": None if kind.litres == inf else kind.litres,
        "carries": carries,
        "unload_s": kind.unload,
    }


def _weighed(each: Weighed) -> dict[str, Any]:
    units = each.item.units
    return {
        "of": each.demand.name,
        "item": each.item.id,
        "unit": each.item.unit,
        "needed": units(each.amount),
        "to_send": units(each.has.to_send),
        "without_trucks": units(each.has.kept),
        "on_units": units(each.has.carried),
        "more_comes": each.has.comes,
    }


def _drive(each: Drive, scenario: Scenario) -> dict[str, Any]:
    return {
        "depot": each.depot.id,
        "incident": each.call.id,
        "node": scenario.network.node_ids[each.call.node],
        "driving_s": None if each.driving == inf else round(each.driving, 3),
        "first_load_s": None if each.loaded == inf else round(each.loaded, 3),
    }


def stock_rows(found: SupplySurvey) -> list[dict[str, Any]]:
    """Return the stock of a layout's depots, a row for each item of each depot."""
    scenario = found.scenario
    return [
        {"depot": site.id, "node": scenario.network.node_ids[site.node], **line}
        for site in found.depots
        for line in _lines(site, _items(scenario))
    ]


def print_survey(out: Console, found: SupplySurvey) -> None:
    """Print depots with their stock, needs against it, and minutes to injected calls."""
    out.print(Text(found.scenario.file.title or found.scenario.name, style="bold"))
    items = _items(found.scenario)
    _print_depots(out, found, items)
    if found.needs:
        columns = [Column("of"), Column("item")]
        columns += [
            Column(name, justify="right") for name in ("needed", "depots can send", "others hold", "on units")
        ]
        cells = [
            (
                each.demand.name,
                each.item.id,
                each.item.shown(each.amount),
                _to_send(each, found),
                each.item.shown(each.has.kept),
                each.item.shown(each.has.carried),
            )
            for each in found.needs
        ]
        out.print()
        _print_table(out, "Needs of one call at most, and stock above reserves", columns, cells)
    if found.drives:
        columns = [Column("from"), Column("to"), Column("at"), Column("min by road", justify="right"),
                   Column("first load after", justify="right")]  # fmt: skip
        node = found.scenario.network.node_ids
        ways = [
            (
                each.depot.id,
                each.call.id,
                node[each.call.node],
                "no way" if each.driving == inf else f"{each.driving / 60:.1f}",
                "–" if each.loaded == inf else speak.duration(each.loaded),
            )
            for each in found.drives
        ]
        out.print()
        _print_table(
            out, "Ways to injected calls from depots that can send something of what they need", columns, ways
        )


def _to_send(each: Weighed, found: SupplySurvey) -> str:
    words = each.item.shown(each.has.to_send) + (" and more" if each.has.comes else "")
    if each.item.id != WATER:
        return words
    ways = ", ".join(ways_of_water(found.scenario, found.layout, each.demand.nodes))
    return f"{words}; {ways}" if ways and (each.has.to_send or each.has.comes) else ways or words


def _print_depots(out: Console, found: SupplySurvey, items: Sequence[KnownItem]) -> None:
    columns = [
        Column("depot"),
        Column("at"),
        Column("kind", wraps=True),
        Column("loads in"),
        Column("stock (of it in reserve)", wraps=True),
        Column("trucks", wraps=True),
        Column("replaced after", wraps=True),
    ]
    cells = [
        (
            site.id,
            found.scenario.network.node_ids[site.node],
            f"{site.kind}, {site.echelon}",
            speak.duration(site.load_out),
            _stock_words(site, items),
            ", ".join(f"{kind.number} {kind.id} ({_weight(kind.kg)})" for kind in site.trucks) or "none",
            _resupply_words(site),
        )
        for site in found.depots
    ]
    _print_table(out, f"Depots of layout {found.layout}", columns, cells)


def _stock_words(site: DepotSite, items: Sequence[KnownItem]) -> str:
    lines = []
    for number in sorted({*site.stock, *site.rates}):
        item, kept = items[number], site.reserve.get(number, 0)
        text = f"{item.id} {item.shown(site.stock.get(number, 0))}"
        text += f" ({item.shown(kept)})" if kept else ""
        if number in site.rates:
            text += f", makes {item.shown(site.rates[number] * 3600)}/h after {speak.duration(site.ramp_up)}"
        lines.append(text)
    return "; ".join(lines) or "nothing"


def _resupply_words(site: DepotSite) -> str:
    if site.lead_time == inf:
        return "never"
    return speak.duration(site.lead_time) + (f" from {site.supplier}" if site.supplier else "")


def _print_table(
    out: Console, title: str, columns: Sequence[Column], cells: Iterable[Sequence[str]], note: str = ""
) -> None:
    print_rows(out, title, columns, [[Text(cell) for cell in row] for row in cells], note)
