"""Distribution, concentration and reliability: who is near, how many are, and whether the nearest comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.briefing.contents import Axis, Bars, Figure, Number, Said, Section, Series
from dispatch.briefing.performing import bars_of, layouts_of
from dispatch.briefing.telling import by_layout, table, title_of
from dispatch.statics.concentration import concentration
from dispatch.statics.reach import reach_of
from dispatch.study.details import COVERAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.briefing.contents import Cell, Table
    from dispatch.briefing.telling import Teller

NEAR = 480.0
"""Seconds of travel within which stations are counted."""
ERF = (480, 600)
"""Seconds from the call within which whole first alarms are told."""


def distribution(teller: Teller) -> Section:
    """Return the chapter."""
    items: list[Table | Figure] = []
    items += _coverage(teller)
    items += _concentration(teller)
    items += _reliability(teller)
    paragraphs = (
        Said("Distribution: the share of demand near a station, all units in."),
        Said("Concentration: how many stations are near, and how soon the whole first alarm is there."),
        Said("Reliability: how often the station whose turn it is comes, and what cover is left."),
    )
    title = Said("Distribution, concentration, reliability")
    return Section("distribution", title, paragraphs, tuple(items))


def _coverage(teller: Teller) -> Iterator[Table | Figure]:
    wanted: list[tuple[Cell, str]] = [
        (Number(limit, "s"), f"coverage.static.within_{limit}s") for limit in COVERAGE
    ]
    columns = [("within", Said("travel within")), *by_layout(teller.layouts)]
    title = Said("Share of demand within a travel time of a station")
    yield table("coverage", title, columns, layouts_of(wanted, teller))
    rows: list[list[Cell]] = []
    for zone in teller.scenario.zones:
        for limit in COVERAGE:
            wanted = [(zone, f"coverage.static.within_{limit}s[zone={zone}]")]
            rows += [[row[0], Number(limit, "s"), *row[1:]] for row in layouts_of(wanted, teller)]
    if rows:
        columns = [("zone", Said("zone")), *columns]
        yield table("coverage_by_zone", Said("The same by zone"), columns, rows, is_detail=True)


def _concentration(teller: Teller) -> Iterator[Table | Figure]:
    scenario = teller.scenario
    shares = {
        layout: concentration(reach_of(scenario, scenario.layouts[layout]), NEAR).tolist()
        for layout in teller.layouts
    }
    most = max((k for found in shares.values() for k, share in enumerate(found) if share > 0.0), default=-1)
    if most >= 0:
        padded = {layout: (found + [0.0] * most)[: most + 1] for layout, found in shares.items()}
        title = Said("Demand by the number of stations within 8 min of travel")
        yield Figure(
            "concentration",
            title,
            Axis(Said("stations")),
            Axis(Said("share of demand"), "share"),
            Bars(
                tuple(Number(k, "whole") for k in range(most + 1)),
                tuple(Series(layout, tuple(found)) for layout, found in padded.items()),
            ),
            "concentration_table",
            Said("How much of the demand has none, one, two or more stations near."),
        )
        rows = [
            [Number(k, "whole"), *(Number(padded[layout][k], "share") for layout in teller.layouts)]
            for k in range(most + 1)
        ]
        columns = [("stations", Said("stations")), *by_layout(teller.layouts)]
        yield table("concentration_table", title, columns, rows)
    wanted: list[tuple[Cell, str]] = [(Number(at, "s"), f"total.erf.within_{at}s") for at in ERF]
    found = layouts_of(wanted, teller)
    if found:
        columns = [("within", Said("within")), *by_layout(teller.layouts)]
        yield table("erf", Said("Calls with the whole first alarm on scene, from the call"), columns, found)


def _reliability(teller: Teller) -> Iterator[Table | Figure]:
    wanted = [(title_of(name), name) for name in ("reliability.first_due", "coverage.residual.min")]
    found = layouts_of(wanted, teller)
    if found:
        columns = [("measure", Said("measure")), *by_layout(teller.layouts)]
        yield table("reliability", Said("Reliability and cover that is left"), columns, found)
    yield from bars_of(
        teller,
        "reliability_by_zone",
        Said("Calls answered by the first-due station, by zone"),
        Axis(Said("share of calls"), "share"),
        teller.zones,
        "reliability.first_due[zone={}]",
        Said("zone"),
    )
