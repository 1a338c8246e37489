"""A briefing made by hand: every kind of content once, in both languages, and names that mean harm."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from math import nan
from typing import TYPE_CHECKING

from dispatch.briefing.contents import (
    Axis,
    Bars,
    Briefing,
    Column,
    Figure,
    Heat,
    Lines,
    Mark,
    Number,
    Said,
    Section,
    Series,
    Span,
    Spans,
    Spark,
    Table,
    Verdict,
    counted,
)

if TYPE_CHECKING:
    from dispatch.briefing.contents import Cell
    from dispatch.briefing.payload import MapPayload

START = datetime(2026, 1, 7, 8, tzinfo=timezone(timedelta(hours=8)))
LAYOUTS = ("existing", "plan-2020")
HOSTILE = (
    "<script>window.hacked = 1</script>",
    '"><img src=x onerror="window.hacked = 2">',
    "</script><script>window.hacked = 3</script>",
    "\u202egnp.exe\u2066 <!-- {n} $x^2$ & 中川",
)


def columns(*titles: str) -> tuple[Column, ...]:
    return tuple(Column(f"c{n}", Said(title)) for n, title in enumerate(titles))


def headline() -> Table:
    def row(title: str, a: Number, b: Number, change: Number) -> tuple[Cell, ...]:
        rising = tuple((n / 19) ** 0.5 for n in range(20))
        return (Said(title), a, Spark(rising), b, Spark(tuple(v * 0.9 for v in rising)), change)

    return Table(
        "headline",
        Said("Headline measures"),
        columns(
            "Measure", "existing", "existing, distribution", "plan-2020", "plan-2020, distribution", "Change"
        ),
        (
            row(
                "first unit, from call: mean",
                Number(1234.5, "s", 31.2),
                Number(612.0, "s", 12.25),
                Number(-622.5, "s", 33.0, is_difference=True, verdict="better"),
            ),
            row(
                "first unit ≤ 5 min from alert",
                Number(0.3141, "share", 0.012),
                Number(0.552, "share", 0.02),
                Number(0.2379, "share", 0.021, is_difference=True, verdict="better"),
            ),
            row(
                "wait for a free unit: mean",
                Number(0.0, "s", 0.0),
                Number(3.2, "s", nan),
                Number(3.2, "s", 1.1, is_difference=True, verdict="worse"),
            ),
            row("calls", Number(1234.0, "1", 8.8), Number(1234.0, "1", 8.8), Number(nan, "1")),
        ),
        (Said("± is half of the 95 % confidence interval."),),
    )


def lines() -> tuple[Figure, Table]:
    x = tuple(60.0 * n for n in range(31))
    series = tuple(
        Series(name, tuple(min(1.0, (n / (20 + 8 * k)) ** 1.3) for n in range(31)), x, (0.02,) * 31)
        for k, name in enumerate(("existing", "plan-2020", "中川方案"))
    )
    rows = tuple((Number(x[n], "s"), *(Number(s.y[n], "share", 0.02) for s in series)) for n in range(len(x)))
    table = Table("cdf-table", Said("First unit on scene: shares"), columns("Time", "a", "b", "c"), rows)
    figure = Figure(
        "cdf", Said("First unit on scene"), Axis(Said("Time from the call"), "s"),
        Axis(Said("Share of calls"), "share"),
        Lines(series, marks=(Mark(480.0, Said("benchmark"), "x"), Mark(0.9, Said("90 %"), "y"))),
        "cdf-table",
        Said("{share} of calls within 8 min in {layout}.", {"share": Number(0.31, "share"), "layout": "a"}),
    )  # fmt: skip
    return figure, table


def bars(names: tuple[str, ...] = ("中川镇", "秦川 & 西岔", *HOSTILE)) -> tuple[Figure, Table]:
    changes = tuple(-120.0 + 55.0 * n for n in range(len(names)))
    verdicts = tuple("better" if c < -30 else "worse" if c > 30 else "" for c in changes)
    table = Table(
        "zones",
        Said("Winners and losers by zone"),
        columns("Zone", "Change"),
        tuple(
            (name, Number(c, "s", 20.0, is_difference=True, verdict=v))  # type: ignore[arg-type]
            for name, c, v in zip(names, changes, verdicts, strict=True)
        ),
    )
    series = Series("plan-2020", changes, half_width=(20.0,) * len(names), verdicts=verdicts)  # type: ignore[arg-type]
    figure = Figure(
        "zones-figure", Said("Change of the first unit by zone"), Axis(Said("Change"), "s"),
        Axis(Said("Zone")), Bars(names, (series,), lying=True), "zones",
        Said("How much sooner or later, by zone."),
    )  # fmt: skip
    return figure, table


def heat() -> tuple[Figure, Table]:
    days: tuple[Cell, ...] = tuple(Said(day) for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))
    values = tuple(tuple(float((3 * d + h) % 11) for h in range(24)) for d in range(7))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (day, *(Number(v, "whole") for v in row)) for day, row in zip(days, values, strict=True)
    )
    table = Table("hours", Said("Calls by hour and weekday"), columns("Day", *map(str, range(24))), rows)
    figure = Figure(
        "hours-figure", Said("Calls by hour and weekday"), Axis(Said("Hour")), Axis(Said("Day")),
        Heat(days, tuple(map(str, range(24))), values), "hours", Said("Most calls come in the evening."),
    )  # fmt: skip
    return figure, table


def spans() -> tuple[Figure, Table]:
    units = tuple(f"ZC-{n}" for n in range(1, 9))
    kinds = (Said("en route"), Said("on scene"), Said("returning"))
    told = tuple(
        Span(row, 3600.0 * (row + 3 * k) + 900 * kind, 3600.0 * (row + 3 * k) + 900 * (kind + 1), kind)
        for row in range(8)
        for k in range(5)
        for kind in range(3)
    )
    rows = tuple((units[s.row], kinds[s.kind], Number(s.begin, "s"), Number(s.end, "s")) for s in told)
    table = Table("gantt-table", Said("What units did"), columns("Unit", "Status", "From", "Until"), rows)
    figure = Figure(
        "gantt", Said("Units on the busiest day"), Axis(Said("Time"), "moment"), Axis(Said("Unit")),
        Spans(units, kinds, told), "gantt-table", Said("When each unit was out."), start=START,
    )  # fmt: skip
    return figure, table


def verdicts() -> Table:
    return Table(
        "standards",
        Said("Standards"),
        columns("Requirement", "Limit", "Value", "Verdict", "Since"),
        (
            ("GB 51080 第4.1条", Number(300.0, "s"), Number(288.4, "s", 4.0), Verdict("met"), START),
            (HOSTILE[0], Number(0.9, "share"), Number(0.713, "share"), Verdict("missed"), None),
            ("area", Number(7.0, "km2"), Number(11.25, "km2"), Verdict("not judged"), None),
            ("p", Number(0.0004, "p"), Number(1500.0, "people"), Verdict("shown"), None),
        ),
        (counted("{n} clause is left out.", "{n} clauses are left out.", 3),),
    )


def briefing(payload: MapPayload | None = None) -> Briefing:
    """Return a briefing with all kinds of content."""
    made: list[Table | Figure] = [*lines(), *bars(), *heat(), *spans()]
    return Briefing(
        title=f"兰州新区消防站布局 2020 {HOSTILE[0]}",
        description="Stations for a new town. " + HOSTILE[1],
        marks=(Said("Planning aid: not for live dispatch."), Said("Approximate geography.")),
        facts=(
            (Said("Replications"), Number(30.0, "whole")),
            (Said("Start"), START),
            (Said("Network"), HOSTILE[2]),
        ),
        statements=(
            Said(
                "For 90 % of {type} calls the first unit arrives within {p90} of the call in {layout}.",
                {"type": "house-fire", "p90": Number(1312.0, "s"), "layout": HOSTILE[3]},
            ),
            Said("No difference shown."),
        ),
        headline=headline(),
        sections=(
            Section("compared", Said("What was compared"), (Said("Two layouts."),), (verdicts(),)),
            Section("map", Said("Map"), (Said("Drag to move."),), (), has_map=True),
            Section("performance", Said("Performance"), (), tuple(made)),
            Section("method", Said("Method"), (Said("Student's t on equal luck."),), ()),
        ),
        map=payload,
        layers=(),
    )
