"""Isochrones, surveys and standards on the terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich.text import Text

from dispatch.report import speak
from dispatch.report.statics import with_verdicts
from dispatch.report.terminal import new_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from dispatch.model.standards import Clause, StationClass
    from dispatch.scenario.scenario import Scenario
    from dispatch.statics.isochrone import Isochrone
    from dispatch.statics.judging import Finding, Judgement
    from dispatch.statics.jurisdictions import Division
    from dispatch.statics.standards import Standard
    from dispatch.statics.survey import Survey

UNVERIFIED = "*"
"""Marks figures of a standard that were set down from memory."""

SHOWN = 12
"""Stations that are listed before the rest is only counted."""

VERDICTS = {True: "yes", False: "NO", None: "–"}
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


def print_isochrone(out: Console, found: Isochrone, scenario: Scenario | None) -> None:
    """Print what is reached within each limit, and from where."""
    network = found.network
    heading = network.title if scenario is None else scenario.file.title or scenario.name
    out.print(Text(heading or network.name, style="bold"))
    out.print(Text(_speeds(scenario)))
    for start in found.starts[:SHOWN]:
        off = f", {start.off_m:,.0f} m from the coordinates" if start.off_m >= 0.5 else ""
        title = f" {start.title}" if start.title else ""
        node = network.node_ids[start.node]
        at = f" (node {node}{off})" if node != start.asked or off else ""
        out.print(Text(f"from {start.asked}{title}{at}"))
    if len(found.starts) > SHOWN:
        out.print(Text(f"… and {len(found.starts) - SHOWN} more stations"))
    out.print()
    title = f"Reached by road in emergency mode, travel alone; ground within {found.width_m:g} m of roads"
    table = new_table(out, title)
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
    for i in shown:
        table.add_column(columns[i], justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*(row[i] for i in shown))
    out.print(table)


def _speeds(scenario: Scenario | None) -> str:
    """Return which speeds a result rests on, for it may flatter every plan."""
    if scenario is None:
        return "speeds: the network's own at all hours: free flow, which flatters every plan"
    return f"speeds: {scenario.roads.speeds.name} ({scenario.roads.describe()})"


def print_survey(out: Console, found: Survey) -> None:
    """Print coverage side by side, then jurisdictions and the standard's verdict on each layout."""
    scenario, question = found.scenario, found.question
    out.print(Text(scenario.file.title or scenario.name, style="bold"))
    clock = "travel alone" if question.clock == "travel" else "mean turnout and travel"
    who = f"with '{question.capability}'" if question.capability else "with a suitable unit"
    out.print(Text(f"network {found.network.name}; nearest station {who}, all units in; {clock}"))
    out.print(Text(_speeds(scenario)))
    out.print()
    _print_coverage(out, found)
    for name, surveyed in found.layouts.items():
        if surveyed.division is not None:
            _print_division(out, name, surveyed.division, surveyed.judgement)
        if surveyed.judgement is not None:
            _print_judgement(out, name, surveyed.judgement)


def _print_coverage(out: Console, found: Survey) -> None:
    table = new_table(out, "Coverage")
    table.add_column("what", overflow="fold")
    for name in found.layouts:
        table.add_column(Text(name), justify="right", overflow="fold")
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
                table.add_row(f"{what} ≤ {limit / 60:g} min", *cells)
    for what, pick in (("shortest", "least"), ("mean", "mean"), ("90 %", "p90"), ("longest", "most")):
        table.add_row(f"to demand: {what}", *(_seconds(getattr(c, pick)) for c in coverages))
    out.print(table)
    out.print()


def _seconds(seconds: float) -> str:
    return "never" if seconds == math.inf else speak.duration(seconds)


def _print_division(out: Console, layout: str, division: Division, judgement: Judgement | None) -> None:
    judging = judgement is not None and judgement.standard.file.needs_areas
    land, water = division.region.land_km2, division.region.water_km2
    wet = f" and {water:,.2f} km² of water" if water > 0.005 else ""
    table = new_table(out, f"Jurisdictions of {layout}: {land:,.2f} km² of land{wet}")
    table.add_column("station", overflow="fold")
    for column in ("km²", "limit") if judging else ("km²",):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("to edge", justify="right", no_wrap=True)
    table.add_column("demand", justify="right", no_wrap=True)
    divided = any(found.straddles for found in division.jurisdictions)
    if divided:
        table.add_column("across a barrier", overflow="fold")
    if judging:
        table.add_column("keeps", no_wrap=True)
    for found, verdict in with_verdicts(division, judgement if judging else None):
        cells = [Text(f"{found.site.id} {found.site.title}".rstrip()), Text(f"{found.area_km2:,.2f}")]
        if verdict is not None:
            cells.append(
                _judged("–" if math.isnan(verdict.limit_km2) else f"{verdict.limit_km2:g}", verdict.area)
            )
        cells.append(_judged(_seconds(found.edge_s), None if verdict is None else verdict.edge))
        cells.append(Text(speak.value(found.demand, "share")))
        if divided:
            across = f"{found.across_km2:,.2f} km², {found.barrier}" if found.straddles else ""
            cells.append(_judged(across, None if verdict is None else verdict.undivided))
        if verdict is not None:
            cells.append(_judged(VERDICTS[verdict.passes], verdict.passes))
        table.add_row(*cells)
    out.print(table)
    out.print(Text(f"region: {division.region.origin}"))
    out.print()


def _judged(text: str, kept: bool | None) -> Text:  # noqa: FBT001 - a verdict, not a switch
    return Text(text, style="red" if kept is False else "")


def _print_judgement(out: Console, layout: str, judgement: Judgement) -> None:
    file = judgement.standard.file
    title = file.title.en + (f" · {file.title.zh}" if file.title.zh else "")
    judged = [found for found in judgement.findings if found.verdict != "not judged"]
    if judged:
        table = new_table(out, f"{layout} against {judgement.standard.name}: {title}")
        table.add_column("requirement", overflow="fold")
        table.add_column("limit", overflow="fold")
        table.add_column("found", justify="right")
        table.add_column("verdict", no_wrap=True)
        for found in judged:
            table.add_row(
                Text(_titled(found)),
                Text(found.limit),
                _value(found),
                Text("" if found.verdict == "shown" else found.verdict, style=STYLES.get(found.verdict, "")),
            )
        out.print(table)
    else:
        out.print(Text(f"{layout} against {judgement.standard.name}: {title}", style="bold"))
    for found in judgement.findings:
        if found.verdict == "not judged":
            measure = f"; measure {found.measure}" if found.measure else ""
            out.print(Text(f"not judged here: {_titled(found)} ({found.limit}): {found.why}{measure}"))
    if not all(found.verified for found in judgement.findings):
        out.print(Text(f"{UNVERIFIED} figure set down from memory; check it before you rely on it."))
    out.print()


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
