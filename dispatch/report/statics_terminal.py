"""Isochrones, surveys and standards on the terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich.text import Text

from dispatch.report import speak
from dispatch.report.moments import moment_line
from dispatch.report.rows import Column, print_rows
from dispatch.report.statics import with_verdicts
from dispatch.report.terminal import new_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from dispatch.model.standards import Clause, StationClass
    from dispatch.scenario.scenario import Scenario
    from dispatch.statics.isochrone import Isochrone
    from dispatch.statics.judging import Finding, Judgement, StationVerdict
    from dispatch.statics.jurisdictions import Division, Jurisdiction
    from dispatch.statics.standards import Standard
    from dispatch.statics.survey import Survey

UNVERIFIED = "*"
"""Marks figures of a standard that were set down from memory."""

SHOWN = 12
"""Stations that are listed before the rest is only counted."""

CLOCKS = {"travel": "travel alone, without turnout", "response": "mean turnout and travel"}
STYLES = {"met": "green", "missed": "red"}


def print_standards(out: Console, standards: Iterable[Standard]) -> None:
    """Print the profiles that ship with the package."""
    table = new_table(out, "Standards profiles")
    table.add_column("name", no_wrap=True)
    table.add_column("title", overflow="fold")
    for standard in standards:
        mark = "" if standard.file.is_verified else f" {UNVERIFIED}"
        table.add_row(Text(standard.name + mark), Text(f"{standard.file.title.en}\n{standard.file.title.zh}"))
    out.print(table)
    out.print(Text(f"{UNVERIFIED} has figures set down from memory; check them before you rely on them."))


def print_isochrone(out: Console, found: Isochrone, scenario: Scenario | None, at: float | None) -> None:
    """Print what is reached within each limit, and from where; ``at`` is the moment looked at, if any."""
    network = found.network
    heading = network.title if scenario is None else scenario.file.title or scenario.name
    out.print(Text(heading or network.name, style="bold"))
    _print_roads(out, scenario, at)
    for start in found.starts[:SHOWN]:
        off = f", {start.off_m:,.0f} m from the coordinates" if start.off_m >= 0.5 else ""
        title = f" {start.title}" if start.title else ""
        node = network.node_ids[start.node]
        place = f" (node {node}{off})" if node != start.asked or off else ""
        out.print(Text(f"from {start.asked}{title}{place}"))
    if len(found.starts) > SHOWN:
        out.print(Text(f"… and {len(found.starts) - SHOWN} more stations"))
    out.print()
    clock = CLOCKS["travel"]
    title = f"Reached by road in emergency mode, {clock}; ground within {found.width_m:g} m of roads"
    columns = ("within", "nodes", "road km", "of roads", "km²", "people", "of people", "of demand")
    rows = [
        (
            f"{ring.seconds / 60:g} min",
            f"{ring.nodes:,}",
            f"{ring.road_km:,.1f}",
            speak.value(ring.road_share, "share"),
            f"{ring.area_km2:,.2f}",
            "–" if math.isnan(ring.population) else f"{ring.population:,.0f}",
            speak.value(ring.population_share, "share"),
            speak.value(ring.demand_share, "share"),
        )
        for ring in found.rings
    ]
    shown = [i for i, _ in enumerate(columns) if any(row[i] != "–" for row in rows)]
    heads = [Column(columns[i], justify="right") for i in shown]
    print_rows(out, title, heads, [[Text(row[i]) for i in shown] for row in rows])


def _print_roads(out: Console, scenario: Scenario | None, at: float | None) -> None:
    """Print which speeds a result rests on, for it may flatter every plan, and the moment looked at."""
    if scenario is None:
        out.print(Text("speeds: the network's own at all hours: free flow, which flatters every plan"))
        return
    out.print(Text(f"speeds: {scenario.roads.speeds.name} ({scenario.roads.describe()})"))
    if at is not None:
        out.print(Text(moment_line(scenario, at)))


def print_survey(out: Console, found: Survey) -> None:
    """Print coverage side by side, then jurisdictions and the standard's verdict on each layout."""
    scenario, question = found.scenario, found.question
    out.print(Text(scenario.file.title or scenario.name, style="bold"))
    who = f"with '{question.capability}'" if question.capability else "with a suitable unit"
    out.print(Text(f"network {found.network.name}; nearest station {who}, all units in"))
    _print_roads(out, scenario, question.at)
    out.print()
    _print_coverage(out, found)
    for name, surveyed in found.layouts.items():
        if surveyed.division is not None:
            _print_division(out, name, surveyed.division, surveyed.judgement)
        if surveyed.judgement is not None:
            _print_judgement(out, name, surveyed.judgement)


def _print_coverage(out: Console, found: Survey) -> None:
    columns = [Column("what", wraps=True), *(Column(name, justify="right") for name in found.layouts)]
    table: list[list[Text]] = []
    coverages = [surveyed.coverage for surveyed in found.layouts.values()]
    for row, limit in enumerate(sorted(set(found.question.limits))):
        within = [coverage.limits[row] for coverage in coverages]
        rows = {
            "demand": [speak.value(w.demand, "share") for w in within],
            "people": [speak.value(w.population, "share") for w in within],
            "roads": [speak.value(w.roads, "share") for w in within],
            "road km": ["–" if math.isnan(w.road_km) else f"{w.road_km:,.1f}" for w in within],
        }
        for what, cells in rows.items():
            if any(cell != "–" for cell in cells):
                table.append([Text(f"{what} ≤ {limit / 60:g} min"), *map(Text, cells)])
    for what, pick in (("shortest", "least"), ("mean", "mean"), ("90 %", "p90"), ("longest", "most")):
        cells = [_seconds(getattr(c, pick)) for c in coverages]
        table.append([Text(f"to demand: {what}"), *map(Text, cells)])
    print_rows(out, f"Coverage: {CLOCKS[found.question.clock]}", columns, table)
    out.print()


def _seconds(seconds: float) -> str:
    return "never" if seconds == math.inf else speak.duration(seconds)


def _print_division(out: Console, layout: str, division: Division, judgement: Judgement | None) -> None:
    judging = judgement is not None and judgement.standard.file.needs_areas
    divided = any(found.straddles for found in division.jurisdictions)
    columns = {
        "station": Column("station", wraps=True),
        "area": Column("km²", justify="right"),
        "limit": Column("limit", justify="right"),
        "edge": Column("order\nto edge", justify="right"),
        "demand": Column("demand", justify="right"),
        "across": Column("across\na barrier", wraps=True),
        "keeps": Column("keeps", wraps=True),
    }
    left_out = {*(() if judging else ("limit", "keeps")), *(() if divided else ("across",))}
    shown = [name for name in columns if name not in left_out]
    rows = [
        [cells[name] for name in shown]
        for cells in (
            _land(found, verdict)
            for found, verdict in with_verdicts(division, judgement if judging else None)
        )
    ]
    land, water = division.region.land_km2, division.region.water_km2
    wet = f" and {water:,.2f} km² of water" if water > 0.005 else ""
    title = f"Jurisdictions of {layout}: {land:,.2f} km² of land{wet}"
    note = f"order to edge: {CLOCKS['response']}\nregion: {division.region.origin}"
    print_rows(out, title, [columns[name] for name in shown], rows, note)
    out.print()


def _land(found: Jurisdiction, verdict: StationVerdict | None) -> dict[str, Text]:
    """Return a station's land in words, by what is told."""
    cells = {
        "station": Text(f"{found.site.id} {found.site.title}".rstrip()),
        "area": Text(f"{found.area_km2:,.2f}"),
        "demand": Text(speak.value(found.demand, "share")),
    }
    across = f"{found.across_km2:,.2f} km², {found.barrier}" if found.straddles else ""
    edge = _seconds(found.edge_s)
    if verdict is None:
        return cells | {"edge": Text(edge), "across": Text(across)}
    limit = "–" if math.isnan(verdict.limit_km2) else f"{verdict.limit_km2:g}"
    return cells | {
        "limit": _judged(limit, verdict.area),
        "edge": _judged(edge, verdict.edge),
        "across": _judged(across, verdict.undivided),
        "keeps": _judged(_kept(verdict), verdict.passes),
    }


def _kept(verdict: StationVerdict) -> str:
    """Return whether a station keeps all limits, and if not, which of them it misses."""
    if verdict.passes is None:
        return "–"
    limits = {"area": verdict.area, "edge": verdict.edge, "undivided": verdict.undivided}
    missed = [name for name, kept in limits.items() if kept is False]
    return f"no: {', '.join(missed)}" if missed else "yes"


def _judged(text: str, kept: bool | None) -> Text:  # noqa: FBT001 - a verdict, not a switch
    return Text(text, style="red" if kept is False else "")


def _print_judgement(out: Console, layout: str, judgement: Judgement) -> None:
    file = judgement.standard.file
    title = file.title.en + (f" · {file.title.zh}" if file.title.zh else "")
    judged = [found for found in judgement.findings if found.verdict != "not judged"]
    if judged:
        heads = [
            Column("requirement", wraps=True),
            Column("limit", wraps=True),
            Column("found", wraps=True, justify="right"),
            Column("verdict"),
        ]
        rows = [[Text(_titled(f)), Text(f.limit), Text(_value(f)), _verdict(f)] for f in judged]
        print_rows(out, f"{layout} against {judgement.standard.name}: {title}", heads, rows)
    else:
        out.print(Text(f"{layout} against {judgement.standard.name}: {title}", style="bold"))
    for found in judgement.findings:
        if found.verdict == "not judged":
            measure = f"; measure {found.measure}" if found.measure else ""
            out.print(Text(f"not judged here: {_titled(found)} ({found.limit}): {found.why}{measure}"))
    if not all(found.verified for found in judgement.findings):
        out.print(Text(f"{UNVERIFIED} figure set down from memory; check it before you rely on it."))
    out.print()


def _verdict(found: Finding) -> Text:
    return Text("" if found.verdict == "shown" else found.verdict, style=STYLES.get(found.verdict, ""))


def _titled(found: Finding) -> str:
    applies = f" [{found.applies_to}]" if found.applies_to else ""
    return f"{found.title.en}{applies}{'' if found.verified else ' ' + UNVERIFIED}"


def _value(found: Finding) -> str:
    if found.unit == "stations":
        return f"{found.value:.0f} of {found.of} stations keep it"
    return _seconds(found.value) if found.unit == "s" else speak.value(found.value, found.unit)


def standard_summary(standard: Standard) -> dict[str, Any]:
    """Return a profile as nested names and texts, for the terminal."""
    file = standard.file
    summary: dict[str, Any] = {"title": file.title.en, "标题": file.title.zh, "source": file.source}
    if file.areas is not None:
        summary["areas"] = {
            name: f"{found.area_km2:g} km² {found.title.en}{_marked(found)}"
            for name, found in file.areas.classes.items()
        }
        summary["areas"]["default class"] = file.areas.default
    for name, listed in (("times", file.times), ("distances", file.distances)):
        if listed:
            summary[name] = {clause.title.en: _required(clause) + _marked(clause) for clause in listed}
    if file.undivided is not None:
        summary["undivided"] = f"{_required(file.undivided)}{_marked(file.undivided)}"
    formula = file.travel_formula
    if formula is not None:
        summary["travel formula"] = f"{formula.constant:g} s and {formula.per_mile:g} s a mile"
    if file.notes:
        summary["notes"] = {str(number): note for number, note in enumerate(file.notes, 1)}
    if not file.is_verified:
        summary[UNVERIFIED] = "set down from memory; check it before you rely on it"
    return summary


def _marked(clause: Clause | StationClass) -> str:
    return "" if clause.verified else f" {UNVERIFIED}"


def _required(clause: Clause) -> str:
    """Return a requirement in words."""
    applies = f" ({clause.applies_to})" if clause.applies_to else ""
    return f"{clause.limit}{applies}"
