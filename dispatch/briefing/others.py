"""Other measures: what delay costs, alarms and control, help, hospitals, calls that waited or were missed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.briefing.contents import Said, Section
from dispatch.briefing.performing import layouts_of
from dispatch.briefing.telling import by_layout, table, title_of
from dispatch.study.outcomes import CAUTION, OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dispatch.briefing.contents import Cell, Table
    from dispatch.briefing.telling import Teller

LEVELS = ("raises.n", "control.mean", "control.never")
HELP = ("asks.n", "mutual_aid.unit_hours", "mutual_aid.cost")
HOSPITALS = ("hospital.n", "hospital.wait.mean", "hospital.travel.mean")
LOST = ("incidents.queued", "incidents.lost", "incidents.unserved", "incidents.incomplete")


def others(teller: Teller) -> Section | None:
    """Return the chapter; None where nothing of it happened or was modelled."""
    tables = tuple(_tables(teller))
    if not tables:
        return None
    paragraphs = [Said("What holds for all calls together stands in the chapter on workload.")]
    if any(teller.has(name) for name in OUTCOMES):
        paragraphs.append(Said(CAUTION))
    return Section("others", Said("Other measures"), tuple(paragraphs), tables)


def _tables(teller: Teller) -> Iterator[Table]:
    scenario = teller.scenario
    kinds = {kind.id: teller.type_name(kind.id) for kind in scenario.kinds}
    zones = {name: name for name in scenario.zones}
    kind, zone = ("type", Said("incident type"), kinds), ("zone", Said("zone"), zones)
    agreement = ("agreement", Said("agreement"), {each.id: each.id for each in scenario.agreements})
    hospital = ("hospital", Said("hospital"), {site.id: site.title or site.id for site in scenario.hospitals})
    outcomes = tuple(OUTCOMES)
    rows = layouts_of([(title_of(name), name) for name in outcomes], teller)
    if rows:
        columns = [("measure", Said("measure")), *by_layout(teller.layouts)]
        yield table("outcomes", Said("What delay costs, by formulas"), columns, rows)
    yield from _by(teller, "outcomes_by_type", Said("What delay costs, by incident type"), outcomes, kind)
    yield from _by(
        teller, "levels_by_type", Said("Alarms raised and control, by incident type"), LEVELS, kind
    )
    yield from _by(teller, "help", Said("Help by agreement"), HELP, agreement)
    yield from _by(teller, "hospitals", Said("Patients by hospital"), HOSPITALS, hospital)
    yield from _by(
        teller, "missed_by_type", Said("Calls that waited or were missed, by incident type"), LOST, kind
    )
    yield from _by(teller, "missed_by_zone", Said("Calls that waited or were missed, by zone"), LOST, zone)


def _by(
    teller: Teller, name: str, title: Said, measures: Sequence[str], of: tuple[str, Said, dict[str, str]]
) -> Iterator[Table]:
    """Yield the table of measures by a filter (its key, what it is, its values with their names).

    Measures that are zero everywhere are left out.
    """
    key, heading, names = of
    rows: list[list[Cell]] = []
    for value, shown in names.items():
        wanted = [(measure, f"{measure}[{key}={value}]") for measure in measures]
        told = [(title_of(plain), measure) for plain, measure in wanted if _happened(teller, measure)]
        rows += [[shown, *row] for row in layouts_of(told, teller)]
    columns = [(key, heading), ("measure", Said("measure")), *by_layout(teller.layouts)]
    if rows:
        yield table(name, title, columns, rows, is_detail=True)


def _happened(teller: Teller, measure: str) -> bool:
    """Return whether a measure is anything but zero in some layout."""
    return any(abs(teller.value(layout, measure)) > 0.0 for layout in teller.layouts)
