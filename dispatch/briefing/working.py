"""Workload and concurrency: what units do, how many calls are open at once, and one day as it went."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from dispatch.briefing.contents import (
    Axis,
    Figure,
    Heat,
    Lines,
    Number,
    Said,
    Section,
    Series,
    Span,
    Spans,
)
from dispatch.briefing.performing import bars_of, layouts_of
from dispatch.briefing.telling import by_layout, table, title_of
from dispatch.briefing.titles import WEEKDAYS
from dispatch.engine.board import Status, UnitStates
from dispatch.study.details import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.briefing.contents import Cell, Table
    from dispatch.briefing.sampled import Sample
    from dispatch.briefing.telling import Teller
    from dispatch.engine.log import Log

MEASURES = (
    "workload.mean", "workload.max", "availability", "responses.n", "concurrency.mean", "concurrency.max",
    "queue.n", "queue.mean", "queue.p90", "queue.max", "incidents.queued", "incidents.lost",
    "incidents.unserved", "incidents.incomplete", "responses.cut_off", "responses.broken_down", "reliefs.n",
    "moveups.n", "hand_overs.n", "asks.n", "mutual_aid.unit_hours", "hospital.n", "hospital.wait.mean",
    "hospital.travel.mean", "raises.n", "control.mean", "control.never", "control.by_deadline",
    "staging.wait.mean",
)  # fmt: skip


def workload(teller: Teller, sample: Sample) -> Section:
    """Return the chapter."""
    items: list[Table | Figure] = []
    found = layouts_of([(title_of(name), name) for name in MEASURES], teller)
    columns = [("measure", Said("measure")), *by_layout(teller.layouts)]
    items.append(table("work", Said("Work and waiting"), columns, found))
    units = sorted({unit for name in teller.layouts for unit, _ in teller.scenario.layouts[name].units})
    share = Axis(Said("share of time on duty"), "share")
    items += bars_of(
        teller, "workload", Said("Workload of each unit"), share, units, "workload[unit={}]", Said("unit")
    )
    wanted: list[tuple[Cell, str]] = [(unit, f"responses.n[unit={unit}]") for unit in units]
    found = layouts_of(wanted, teller)
    if found:
        title = Said("Responses of each unit, mean per replication")
        columns = [("unit", Said("unit")), *by_layout(teller.layouts)]
        items.append(table("responses", title, columns, found, is_detail=True))
    items += _concurrency(teller)
    items += _calls_by_hour(sample)
    items += _day(sample)
    paragraphs = (
        Said("Workload is the share of its time on duty for which a unit is committed, alert to available."),
        Said("A call is open from when it is received until the last unit is clear."),
        Said(
            "The map of hours and the day of the units are of replication {n} alone.",
            {"n": Number(sample.replication, "whole")},
        ),
    )
    return Section("workload", Said("Workload and concurrency"), paragraphs, tuple(items))


def _concurrency(teller: Teller) -> Iterator[Table | Figure]:
    steps = [k for k in range(1, AT_ONCE + 1) if teller.has(f"concurrency.at_least_{k}")]
    if not steps:
        return
    cells = {layout: [teller.told(layout, f"concurrency.at_least_{k}") for k in steps]
             for layout in teller.layouts}  # fmt: skip
    title = Said("Share of time with at least so many calls open")
    series = tuple(
        Series(
            layout,
            tuple(cell.value for cell in numbers),
            tuple(map(float, steps)),
            tuple(cell.half_width for cell in numbers),
        )
        for layout, numbers in cells.items()
    )
    yield Figure(
        "concurrency",
        title,
        Axis(Said("calls open at once"), "whole"),
        Axis(Said("share of time"), "share"),
        Lines(series),
        "concurrency_table",
        Said("Lines that fall from left to right: many open calls at once are rarer than few."),
    )
    rows = [
        [Number(k, "whole"), *(cells[layout][i] for layout in teller.layouts)] for i, k in enumerate(steps)
    ]
    yield table(
        "concurrency_table", title, [("at_least", Said("at least")), *by_layout(teller.layouts)], rows
    )


def _calls_by_hour(sample: Sample) -> Iterator[Table | Figure]:
    """Yield how many measured calls came in each hour of the week, in the sampled replication."""
    _, log = sample.last
    file, received = log.scenario.file, log.timeline.received
    received = received[received >= file.warm_up]
    if not len(received):
        return
    midnight = file.start.replace(hour=0, minute=0, second=0, microsecond=0)
    since = (file.start - midnight).total_seconds() + 86_400.0 * file.start.weekday()
    hours = np.floor((received + since) / 3600.0).astype(np.int64) % 168
    counts = np.bincount(hours, minlength=168).reshape(7, 24).tolist()
    title = Said("Calls by weekday and hour")
    yield Figure(
        "calls_by_hour",
        title,
        Axis(Said("hour of the day")),
        Axis(Said("weekday")),
        Heat(
            WEEKDAYS,
            tuple(f"{hour:02d}" for hour in range(24)),
            tuple(tuple(map(float, row)) for row in counts),
            "whole",
        ),
        "calls_by_hour_table",
        Said("Darker places are hours of the week with more calls."),
    )
    columns = [("weekday", Said("weekday"))]
    columns += [(f"h{hour:02d}", Said("{hour} h", {"hour": f"{hour:02d}"})) for hour in range(24)]
    rows: list[list[Cell]] = [
        [day, *(Number(n, "whole") for n in row)] for day, row in zip(WEEKDAYS, counts, strict=True)
    ]
    yield table("calls_by_hour_table", title, columns, rows)


def _day(sample: Sample) -> Iterator[Table | Figure]:
    """Yield what each unit did in the stretch that is played, in the last layout."""
    layout, log = sample.last
    kinds = [status for status in Status if status is not Status.IN_QUARTERS]
    units = sorted(range(len(log.fleet)), key=lambda unit: log.fleet.ids[unit])
    spans = list(_spans(log, units, [str(kind) for kind in kinds], sample.begin, sample.end))
    if not spans:
        return
    names = tuple(log.fleet.ids[unit] for unit in units)
    title = Said("What units did, {layout}", {"layout": layout})
    said = tuple(Said(str(kind)) for kind in kinds)
    yield Figure(
        "day",
        title,
        Axis(Said("time"), "moment"),
        Axis(Said("unit")),
        Spans(names, said, tuple(spans)),
        "day_table",
        Said("A row for each unit; it is in quarters where nothing is drawn."),
        log.scenario.file.start,
    )
    start = log.scenario.file.start
    rows: list[list[Cell]] = [
        [
            names[span.row],
            said[span.kind],
            start + timedelta(seconds=span.begin),
            start + timedelta(seconds=span.end),
            Number(span.end - span.begin, "s"),
        ]
        for span in spans
    ]
    columns = [("unit", Said("unit")), ("status", Said("status")), ("from", Said("from")),
               ("to", Said("to")), ("lasting", Said("lasting"))]  # fmt: skip
    yield table("day_table", title, columns, rows)


def _spans(log: Log, units: list[int], kinds: list[str], begin: float, end: float) -> Iterator[Span]:
    states = UnitStates.of(log)
    for row, unit in enumerate(units):
        changes = states.changes(unit, begin, end)
        until = [moment for moment, *_ in changes[1:]] + [end]
        for (moment, status, *_), last in zip(changes, until, strict=True):
            first = max(moment, begin)
            if str(status) in kinds and last > first:
                yield Span(row, first, last, kinds.index(str(status)))
