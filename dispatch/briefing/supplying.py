"""Supplies: what came of what was needed, and what was left in stock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.briefing.contents import Axis, Figure, Lines, Number, Said, Section, Series
from dispatch.briefing.performing import layouts_of
from dispatch.briefing.telling import by_layout, table, title_of
from dispatch.briefing.titles import SUPPLY_TITLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.briefing.contents import Cell, Table
    from dispatch.briefing.sampled import Sample
    from dispatch.briefing.telling import Teller
    from dispatch.scenario.items import KnownItem
    from dispatch.scenario.supplies import DepotSite

Curve = tuple[list[float], list[float]]


def supplies(teller: Teller, sample: Sample) -> Section | None:
    """Return the chapter; None in a scenario without supplies."""
    book = teller.scenario.supplies
    if book is None:
        return None
    items: list[Table | Figure] = []
    columns = [("measure", Said("measure")), *by_layout(teller.layouts)]
    found = layouts_of([(title_of(name), name) for name in SUPPLY_TITLES], teller)
    items.append(table("supplies", Said("Supplies as a whole"), columns, found))
    depots = sorted({d.id for name in teller.layouts for d in teller.scenario.layouts[name].depots})
    for key, title, values in (
        ("item", Said("Supplies by item"), [item.id for item in book.items]),
        ("depot", Said("Supplies by depot"), depots),
    ):
        rows: list[list[Cell]] = [
            [value, *row]
            for value in values
            for row in layouts_of(
                [(title_of(name), f"{name}[{key}={value}]") for name in SUPPLY_TITLES], teller
            )
        ]
        if rows:
            items.append(table(f"supplies_by_{key}", title, [(key, Said("name")), *columns], rows))
    items += _stock(teller, sample)
    paragraphs = (
        Said(
            "Stock curves are of replication {n} alone, in {layout}.",
            {"n": Number(sample.replication, "whole"), "layout": sample.last[0]},
        ),
    )
    return Section("supplies", Said("Supplies"), paragraphs, tuple(items))


def _stock(teller: Teller, sample: Sample) -> Iterator[Table | Figure]:
    """Yield the stock of each depot and item over time, and what it began with, its least and what left."""
    ledger, book = sample.last[1].supplies, teller.scenario.supplies
    if ledger is None or book is None:
        return
    rows: list[list[Cell]] = []
    for number, depot in enumerate(ledger.depots):
        curves: list[tuple[KnownItem, Curve]] = []
        for item in sorted(depot.stock):
            known = book.items[item]
            changes = [c for c in ledger.changes if (c.depot, c.item) == (number, item)]
            curve = _curve(known, depot, item, [(c.moment, c.amount) for c in changes], ledger.ended)
            curves.append((known, curve))
            out = known.units(-sum(c.amount for c in changes if c.amount < 0))
            rows.append([depot.title or depot.id, known.title or known.id, Number(curve[1][0], known.unit),
                         Number(min(curve[1]), known.unit), Number(curve[1][-1], known.unit),
                         Number(out, known.unit)])  # fmt: skip
        yield from _of_depot(teller, depot, number, curves)
    columns = [("depot", Said("depot")), ("item", Said("item")), ("begin", Said("at the start")),
               ("least", Said("least")), ("end", Said("at the end")), ("out", Said("taken out"))]  # fmt: skip
    if rows:
        yield table("stock", Said("Stock"), columns, rows)


def _curve(
    known: KnownItem, depot: DepotSite, item: int, changes: list[tuple[float, int]], ended: float
) -> Curve:
    """Return moments and stock from each on."""
    quanta, times, stock = depot.stock[item], [0.0], [known.units(depot.stock[item])]
    for moment, amount in sorted(changes, key=lambda change: change[0]):
        quanta += amount
        times.append(moment)
        stock.append(known.units(quanta))
    return [*times, ended], [*stock, stock[-1]]


def _of_depot(
    teller: Teller, depot: DepotSite, number: int, curves: list[tuple[KnownItem, Curve]]
) -> Iterator[Table | Figure]:
    """Yield the curves of a depot, a figure for each unit in which its items are counted."""
    for unit in dict.fromkeys(known.unit for known, _ in curves):
        chosen = [(known, curve) for known, curve in curves if known.unit == unit]
        name = f"stock_{number + 1}_{list(dict.fromkeys(k.unit for k, _ in curves)).index(unit) + 1}"
        title = Said("Stock of {depot} in {unit}", {"depot": depot.title or depot.id, "unit": unit})
        series = tuple(Series(k.title or k.id, tuple(y), tuple(x)) for k, (x, y) in chosen)
        yield Figure(
            name,
            title,
            Axis(Said("time"), "moment"),
            Axis(Said("stock"), unit),
            Lines(series, steps=True),
            f"{name}_table",
            Said("Steps down are what left, steps up what came in."),
            teller.scenario.file.start,
        )
        rows: list[list[Cell]] = [
            [known.title or known.id, Number(moment, "s"), Number(amount, unit)]
            for known, (x, y) in chosen
            for moment, amount in zip(x, y, strict=True)
        ]
        columns = [("item", Said("item")), ("from", Said("time from the start")), ("stock", Said("stock"))]
        yield table(f"{name}_table", title, columns, rows)
