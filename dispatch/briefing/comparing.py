"""Alternatives: what each layout changes, and which zones gain or lose by it."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from dispatch.briefing.contents import Axis, Bars, Figure, Number, Said, Section, Series
from dispatch.briefing.telling import by_layout, table, title_of
from dispatch.briefing.titles import ALL_TITLES
from dispatch.study.compare import principal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.briefing.contents import Cell, Table
    from dispatch.briefing.telling import Teller

VERDICTS = {
    "faster": Said("faster"),
    "slower": Said("slower"),
    "unclear": Said("not shown to differ"),
    "untold": Said("one replication cannot tell"),
}
_GAIN = {"faster": "better", "slower": "worse", "unclear": ""}


def alternatives(teller: Teller) -> Section | None:
    """Return the chapter; None where only one layout was simulated."""
    if not teller.others:
        return None
    is_alone = teller.folder.replications == 1
    items: list[Table | Figure] = [_changes(teller), _side_by_side(teller)]
    for number, layout in enumerate(teller.others, start=1):
        items += _zones(teller, layout, number)
    paragraphs = (
        Said(
            "Differences are paired: every layout met the same calls, so that what they share falls out. "
            "The reference is {reference}.",
            {"reference": teller.folder.reference},
        ),
        Said("One replication cannot tell a difference from luck.")
        if is_alone
        else Said(
            "A difference counts as shown where luck alone would bring it about less than once in 20 times."
        ),
        Said("Costs of building, vehicles and crews are not modelled."),
    )
    return Section("alternatives", Said("Alternatives"), paragraphs, tuple(items))


def measures(teller: Teller) -> list[str]:
    """Return the measures that were asked for, then those with words of their own, each once."""
    names = dict.fromkeys((*teller.folder.measures, *ALL_TITLES))
    return [name for name in names if teller.has(name)]


def _changes(teller: Teller) -> Table:
    rows: list[list[Cell]] = []
    for layout in teller.others:
        for measure in measures(teller):
            found = teller.folder.difference(layout, measure)
            if found is not None and not isnan(found.mean):
                p_value = Number(found.p_value, "p")
                title = title_of(measure, teller.scenario)
                rows.append([layout, title, teller.change(layout, measure), p_value])
    columns = [("layout", Said("layout")), ("measure", Said("measure")), ("change", Said("change")),
               ("p_value", Said("p"))]  # fmt: skip
    return table("changes", Said("Changes against the reference"), columns, rows)


def _side_by_side(teller: Teller) -> Table:
    rows = [
        [title_of(name, teller.scenario), *(teller.told(layout, name) for layout in teller.layouts)]
        for name in measures(teller)
    ]
    columns = [("measure", Said("measure")), *by_layout(teller.layouts)]
    return table("side_by_side", Said("Layouts side by side"), columns, rows, is_detail=True)


def _zones(teller: Teller, layout: str, number: int) -> Iterator[Table | Figure]:
    verdicts = sorted(teller.folder.zone_verdicts(layout), key=lambda row: (row.difference.mean, row.zone))
    if not verdicts:
        return
    measure = principal(teller.scenario, layout, teller.folder.reference)
    title = Said("{layout}: winners and losers by zone", {"layout": layout})
    name = f"zones_{number}"
    series = Series(
        Said("{layout} against {reference}", {"layout": layout, "reference": teller.folder.reference}),
        tuple(row.difference.mean for row in verdicts),
        half_width=tuple(row.difference.half_width for row in verdicts),
        verdicts=tuple(_GAIN[row.verdict] for row in verdicts),  # type: ignore[misc]
    )
    yield Figure(
        name,
        title,
        Axis(Said("change of “{measure}”", {"measure": title_of(measure)}), "s"),
        Axis(Said("zone")),
        Bars(tuple(row.zone for row in verdicts), (series,), lying=True),
        f"{name}_table",
        Said("Bars to the left are zones that are reached sooner, those to the right later."),
    )
    rows: list[list[Cell]] = [
        [
            row.zone,
            Number(
                row.difference.mean,
                "s",
                row.difference.half_width,
                is_difference=True,
                verdict=_GAIN[row.verdict],  # type: ignore[arg-type]
            ),
            Number(row.adjusted_p, "p"),
            VERDICTS["untold" if isnan(row.difference.half_width) else row.verdict],
        ]
        for row in verdicts
    ]
    columns = [("zone", Said("zone")), ("change", Said("change")), ("p_value", Said("adjusted p")),
               ("verdict", Said("verdict"))]  # fmt: skip
    notes = []
    if teller.folder.replications > 1:
        notes.append(Said("p is adjusted for having looked at all zones (Holm)."))
    yield table(f"{name}_table", title, columns, rows, notes)
