"""Performance: how fast help comes, by interval, order of arrival, type of incident and zone."""

from __future__ import annotations

from itertools import product
from math import isnan
from typing import TYPE_CHECKING

from dispatch.briefing.benchmarks import is_for_all
from dispatch.briefing.contents import (
    Axis,
    Bars,
    Bilingual,
    Figure,
    Lines,
    Mark,
    Number,
    Said,
    Section,
    Series,
)
from dispatch.briefing.telling import by_layout, table
from dispatch.briefing.titles import CLOCKS, WHO
from dispatch.study.details import COARSE_CURVE, CURVE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dispatch.briefing.contents import Cell, Table
    from dispatch.briefing.telling import Teller
    from dispatch.statics.standards import Standard

NEARLY_ALL = 0.99
"""Share of calls at which curves end, once every layout has reached it."""
MOST_MARKS = 4
MOST_CURVES = 4
"""Incident types with a curve of their own: the most frequent."""
FEW_BARS = 10
"""Rows up to which lying bars make a small figure."""
INTERVALS = sorted(
    product(CLOCKS, WHO), key=lambda pair: (pair[0] != "total", pair[1] not in ("first", "erf"))
)
"""Intervals by order of arrival, the most important ones first: what is cut, is cut at the end."""
STATISTICS = [("n", Said("calls")), ("mean", Said("mean")), ("p90", Said("90 %"))]


def performance(teller: Teller, standards: Sequence[Standard]) -> Section:
    """Return the chapter on times."""
    items: list[Table | Figure] = [_every(teller)]
    items += _curve(teller, "first", Said("Calls reached by the first unit"), standards)
    items += _curve(teller, "erf", Said("Calls with the whole first alarm on scene"), standards)
    items += _curves_by_type(teller)
    items += _ladder(teller)
    items += _filtered(teller)
    paragraphs = (
        Said("Times are told for each step of a response and each order of arrival."),
        Said(
            "Half of the 95 % confidence interval stands behind ± unless a value is the same in every "
            "replication; calls are means per replication."
        ),
        Said("Second and later units are taken over calls that need as many."),
    )
    return Section("performance", Said("Performance"), paragraphs, tuple(items))


def _every(teller: Teller) -> Table:
    columns = [("layout", Said("layout")), ("interval", Said("interval")), ("who", Said("who")), *STATISTICS]
    rows = [row for layout in teller.layouts for row in _rows(teller, layout, "", [])]
    return table("performance", Said("Times by interval and order of arrival"), columns, rows)


def _rows(teller: Teller, layout: str, filters: str, before: Sequence[Cell]) -> Iterator[list[Cell]]:
    for clock, who in INTERVALS:
        name = f"{clock}.{who}"
        if not isnan(teller.value(layout, f"{name}.mean{filters}")):
            numbers = [teller.told(layout, f"{name}.{statistic}{filters}") for statistic, _ in STATISTICS]
            yield [layout, *before, CLOCKS[clock], WHO[who], *numbers]


def _filtered(teller: Teller) -> Iterator[Table]:
    """Yield times by type, by zone, and by both."""
    last = [("interval", Said("interval")), ("who", Said("who")), *STATISTICS]
    kind, zone = ("type", Said("incident type")), ("zone", Said("zone"))
    layout = ("layout", Said("layout"))
    rows = [row for name in teller.layouts for each in teller.types
            for row in _rows(teller, name, f"[type={each}]", [teller.type_name(each)])]  # fmt: skip
    if rows:
        title = Said("Times by incident type")
        yield table("performance_by_type", title, [layout, kind, *last], rows, is_detail=True)
    rows = [row for name in teller.layouts for each in teller.zones
            for row in _rows(teller, name, f"[zone={each}]", [each])]  # fmt: skip
    if rows:
        rows.sort(key=_importance)
        title = Said("Times by zone")
        yield table("performance_by_zone", title, [layout, zone, *last], rows, is_detail=True)
    rows = [row for name in teller.layouts for a, b in product(teller.types, teller.zones)
            for row in _rows(teller, name, f"[type={a},zone={b}]", [teller.type_name(a), b])]  # fmt: skip
    notes = [] if "type_by_zone" not in teller.folder.left_out else [_pairs_left_out(teller)]
    if rows or notes:
        title = Said("Times by incident type and zone")
        rows.sort(key=_importance)
        columns = [layout, kind, zone, *last]
        yield table("performance_by_type_and_zone", title, columns, rows, notes, is_detail=True)


def _importance(row: Sequence[Cell]) -> int:
    """Return where a row stands among others: calls to arrival of the first unit come first."""
    order = [(CLOCKS[clock], WHO[who]) for clock, who in INTERVALS]
    return next(i for i, (clock, who) in enumerate(order) if row[-5] is clock and row[-4] is who)


def _pairs_left_out(teller: Teller) -> Said:
    count, most = teller.folder.left_out["type_by_zone"]
    values: dict[str, Cell] = {"n": Number(count, "whole"), "most": Number(most, "whole")}
    return Said("There are {n} pairs of type and zone, which is more than the {most} that are told.", values)


def _curve(teller: Teller, who: str, title: Said, standards: Sequence[Standard]) -> Iterator[Table | Figure]:
    found = _shares(teller, f"total.{who}", CURVE, teller.layouts)
    if found is None:
        return
    name = f"curve_{who}"
    yield _line_figure(
        name,
        title,
        found,
        marks=tuple(_marks(standards, who)),
        names=[str(layout) for layout in teller.layouts],
    )
    columns = [("within", Said("within")), *by_layout(teller.layouts)]
    yield table(f"{name}_table", title, columns, [[Number(at, "s"), *cells] for at, cells in found])


def _shares(
    teller: Teller, clock: str, grid: Iterable[int], layouts: Sequence[str], filters: str = ""
) -> list[tuple[int, list[Number]]] | None:
    """Return shares reached by seconds, up to where every layout has reached nearly all; None for none."""
    found: list[tuple[int, list[Number]]] = []
    for at in grid:
        measure = f"{clock}.within_{at}s{filters}"
        if not teller.has(measure):
            continue
        cells = [teller.told(layout, measure) for layout in layouts]
        found.append((at, cells))
        if all(cell.value >= NEARLY_ALL or isnan(cell.value) for cell in cells):
            break
    return found or None


def _line_figure(
    name: str,
    title: Said,
    found: list[tuple[int, list[Number]]],
    *,
    marks: tuple[Mark, ...],
    names: Sequence[Cell],
    is_small: bool = False,
) -> Figure:
    x = tuple(float(at) for at, _ in found)
    series = tuple(
        Series(
            one,
            tuple(cells[i].value for _, cells in found),
            x,
            tuple(cells[i].half_width for _, cells in found),
        )
        for i, one in enumerate(names)
    )
    inside = tuple(mark for mark in marks if mark.axis == "y" or mark.at <= x[-1])
    return Figure(
        name,
        title,
        Axis(Said("time from the call"), "s"),
        Axis(Said("share of calls"), "share"),
        Lines(series, marks=inside),
        f"{name}_table",
        Said("Lines that rise from left to right; the higher one is reached sooner."),
        is_small=is_small,
    )


def _marks(standards: Sequence[Standard], who: str) -> Iterator[Mark]:
    """Yield the share that is told everywhere, and the times of standards from call to arrival, each once."""
    yield Mark(0.9, Said("90 %"), "y")
    seen: set[float] = set()
    for standard in standards:
        for clause in standard.file.times:
            is_told = clause.clock == "total" and clause.who == who and is_for_all(clause)
            if is_told and clause.seconds not in seen:
                seen.add(clause.seconds)
                if len(seen) <= MOST_MARKS:
                    title = Bilingual(standard.file.title.en, standard.file.title.zh)
                    yield Mark(clause.seconds, Said("{standard}", {"standard": title}))


def _curves_by_type(teller: Teller) -> Iterator[Table | Figure]:
    """Yield the curves of the most frequent types."""
    for number, kind in enumerate(teller.types[:MOST_CURVES] if len(teller.types) > 1 else (), start=1):
        found = _shares(teller, "total.first", COARSE_CURVE, teller.layouts, f"[type={kind}]")
        if found is not None:
            title = Said(
                "Calls of the type {type} reached by the first unit", {"type": teller.type_name(kind)}
            )
            name = f"curve_type_{number}"
            yield _line_figure(name, title, found, marks=(), names=teller.layouts, is_small=True)
            columns = [("within", Said("within")), *by_layout(teller.layouts)]
            yield table(f"{name}_table", title, columns, [[Number(at, "s"), *cells] for at, cells in found])


def _ladder(teller: Teller) -> Iterator[Table | Figure]:
    """Yield mean and 90 % of the time from call to arrival by order of arrival."""
    who = [each for each in WHO if teller.has(f"total.{each}.mean")]
    if not who:
        return
    statistics = {"mean": Said("Arrival by order: mean"), "p90": Said("Arrival by order: 90 %")}
    for statistic, title in statistics.items():
        cells = {layout: [teller.told(layout, f"total.{each}.{statistic}") for each in who]
                 for layout in teller.layouts}  # fmt: skip
        yield Figure(
            f"ladder_{statistic}",
            title,
            Axis(Said("order of arrival")),
            Axis(Said("time from the call"), "s"),
            Bars(tuple(WHO[each] for each in who), _bars(cells)),
            f"ladder_{statistic}_table",
            Said("Bars that grow with the order of arrival; shorter is sooner."),
            is_small=True,
        )
        columns = [("who", Said("who")), *by_layout(teller.layouts)]
        rows: list[list[Cell]] = [
            [WHO[each], *(cells[layout][i] for layout in teller.layouts)] for i, each in enumerate(who)
        ]
        yield table(f"ladder_{statistic}_table", title, columns, rows)


def _bars(cells: dict[str, list[Number]]) -> tuple[Series, ...]:
    return tuple(
        Series(
            layout,
            tuple(cell.value for cell in numbers),
            half_width=tuple(cell.half_width for cell in numbers),
        )
        for layout, numbers in cells.items()
    )


def bars_of(
    teller: Teller, name: str, title: Said, y: Axis, labels: Sequence[str], measure: str, label: Said
) -> Iterator[Table | Figure]:
    """Yield bars of a measure such as ``workload[unit={}]``, by label and layout, and their table."""
    known = [each for each in labels if teller.has(measure.format(each))]
    if not known:
        return
    cells = {
        layout: [teller.told(layout, measure.format(each)) for each in known] for layout in teller.layouts
    }
    yield Figure(
        name,
        title,
        y,
        Axis(label),
        Bars(tuple(known), _bars(cells), lying=True),
        f"{name}_table",
        Said("A bar for each row and layout; the table has the same numbers."),
        is_small=len(known) * len(teller.layouts) <= FEW_BARS,
    )
    rows: list[list[Cell]] = [
        [each, *(cells[layout][i] for layout in teller.layouts)] for i, each in enumerate(known)
    ]
    yield table(f"{name}_table", title, [("name", label), *by_layout(teller.layouts)], rows)


def layouts_of(measures: Sequence[tuple[Cell, str]], teller: Teller) -> list[list[Cell]]:
    """Return rows of a title and a measure of each layout; those of nothing are left out."""
    return [
        [title, *(teller.told(layout, measure) for layout in teller.layouts)]
        for title, measure in measures
        if teller.has(measure)
    ]
