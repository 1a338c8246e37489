"""Standards: what each profile requires, what each layout keeps, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

from dispatch.briefing.contents import Bilingual, Number, Said, Section, Verdict
from dispatch.briefing.telling import table
from dispatch.briefing.titles import CLOCKS, WHO
from dispatch.errors import UsageError
from dispatch.model.standards import DistanceClause, TimeClause
from dispatch.statics.judging import judge
from dispatch.statics.reach import reach_of
from dispatch.statics.survey import Question, barriers_beside, survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dispatch.briefing.contents import Cell
    from dispatch.briefing.telling import Teller
    from dispatch.model.standards import Clause
    from dispatch.scenario.scenario import Scenario
    from dispatch.statics.judging import Finding, Judgement
    from dispatch.statics.standards import Standard
    from dispatch.statics.survey import Survey

DEFAULT = ("cn-jianbiao152", "cn-15min", "nfpa1710")
"""Profiles by which layouts are judged when none are named."""
LIMITS = (240.0, 300.0, 480.0)

WHY = {
    "needs simulation": Said("needs a simulation"),
    "there is no demand": Said("there is no demand"),
    "no barriers are known here": Said("no barriers are known here"),
    "no station is of a class with a limit": Said("no station is of a class with a limit"),
    "no jurisdictions to judge": Said("no jurisdictions to judge"),
    "there is no population": Said("there is no population"),
    "there is no roads": Said("the network has no roads"),
    "the network has no roads": Said("the network has no roads"),
}
NO_CAPABILITY = "no unit type has the capability"
OF = {"roads": Said("roads"), "demand": Said("demand"), "population": Said("people")}


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What is known without simulating: the survey of the layouts, and what standards say of them."""

    survey: Survey
    standards: tuple[Standard, ...]
    judgements: dict[tuple[str, str], Judgement]
    """By standard and layout."""
    notes: tuple[str, ...]


def judged(
    scenario: Scenario, layouts: Sequence[str], standards: Sequence[Standard], step: Callable[[str], None]
) -> Judged:
    """Survey the layouts and judge them; without shapely, areas are left out with a note."""
    step("surveying layouts")
    notes: list[str] = []
    areas = any(standard.file.needs_areas for standard in standards)
    try:
        found = survey(scenario, layouts, Question(LIMITS, areas=areas, barriers=barriers_beside(scenario)))
    except UsageError as error:
        if not areas:
            raise
        notes.append(str(error))
        found = survey(scenario, layouts, Question(LIMITS, areas=False))
    judgements: dict[tuple[str, str], Judgement] = {}
    for layout in layouts:
        reach = reach_of(scenario, scenario.layouts[layout])
        for standard in standards:
            division = found.layouts[layout].division
            judgements[standard.name, layout] = judge(standard, reach, division, None)
            notes += judgements[standard.name, layout].notes
    notes += [note for note in found.notes if note not in scenario.notes]
    return Judged(found, tuple(standards), judgements, tuple(dict.fromkeys(notes)))


def standards_section(teller: Teller, known: Judged) -> Section | None:
    """Return the chapter; None without any standard."""
    if not known.standards:
        return None
    tables = []
    for standard in known.standards:
        rows = [row for layout in teller.layouts for row in _of_layout(teller, known, standard, layout)]
        columns = [
            ("layout", Said("layout")), ("requirement", Said("requirement")), ("limit", Said("limit")),
            ("basis", Said("basis")), ("value", Said("value")), ("verdict", Said("verdict")),
            ("sure", Said("sure")), ("n", Said("calls")), ("why", Said("why not judged")),
            ("applies_to", Said("applies to")), ("source", Said("source")), ("verified", Said("verified")),
        ]  # fmt: skip
        title = Said("{standard}", {"standard": Bilingual(standard.file.title.en, standard.file.title.zh)})
        tables.append(table(f"standard_{standard.name}", title, columns, rows))
    paragraphs = (
        Said("A time is judged by simulation, over all calls; and without one, with all units in quarters."),
        Said("“Sure” tells whether the whole 95 % interval lies on the same side of the limit."),
        Said("Figures that are not verified were set down without the document at hand."),
        *(Said("{note}", {"note": note}) for note in known.notes),
    )
    return Section("standards", Said("Standards"), paragraphs, tuple(tables))


def _of_layout(teller: Teller, known: Judged, standard: Standard, layout: str) -> Iterator[list[Cell]]:
    file = standard.file
    findings = list(known.judgements[standard.name, layout].findings)
    clauses: list[Clause | None] = [None] if file.areas is not None else []
    clauses += [*file.times, *file.distances, *([file.undivided] if file.undivided is not None else [])]
    for finding, clause in zip(findings, clauses, strict=True):
        if isinstance(clause, TimeClause) and clause.staff is None:
            row = _simulated(teller, standard, clause, layout, finding)
            if row is not None:
                yield row
                if finding.verdict == "not judged":
                    continue
        yield _static(layout, finding, clause)


def _simulated(
    teller: Teller, standard: Standard, clause: TimeClause, layout: str, finding: Finding
) -> list[Cell] | None:
    """Return the row of a clause by simulation; None where the measure has no value."""
    if teller.folder.estimate(layout, clause.measure) is None:
        why = Said("the study did not measure {measure}", {"measure": clause.measure})
        return _row(standard, clause, layout, finding, [None, Verdict("not judged"), None, None, why])
    value = teller.told(layout, clause.measure)
    if isnan(value.value):
        return None
    goal = clause.seconds if clause.share is None else clause.share
    rising = clause.share is not None
    met = value.value >= goal - 1e-12 if rising else value.value <= goal + 1e-9
    count = teller.calls(layout, f"{clause.clock}.{clause.who}.n")
    verdict = Verdict("met" if met else "missed")
    sure = _sure(teller, layout, clause, goal)
    return _row(standard, clause, layout, finding, [value, verdict, sure, count, None])


def _row(
    standard: Standard, clause: TimeClause, layout: str, finding: Finding, told: Sequence[Cell]
) -> list[Cell]:
    """Return the row of a clause by simulation: value, verdict, how sure, calls, and why not are ``told``."""
    return [
        layout,
        Bilingual(clause.title.en, clause.title.zh),
        _limit(clause, finding.limit),
        Said("simulated"),
        *told,
        clause.applies_to,
        clause.source or standard.file.source,
        Said("yes") if clause.verified else Said("no"),
    ]


def _sure(teller: Teller, layout: str, clause: TimeClause, goal: float) -> Said | None:
    """Return whether the interval lies on one side of the goal; None without an interval."""
    found = teller.folder.estimate(layout, clause.measure)
    if found is None or isnan(found.half_width):
        return None
    return Said("yes") if abs(found.mean - goal) > found.half_width or not found.half_width else Said("no")


def _static(layout: str, finding: Finding, clause: Clause | None) -> list[Cell]:
    """Return the row of a requirement without simulating."""
    value: Cell = None
    if finding.unit == "stations" and not isnan(finding.value):
        counts = {"n": Number(finding.value, "whole"), "all": Number(finding.of, "whole")}
        value = Said("{n} of {all} stations", counts)
    elif not isnan(finding.value):
        value = Number(finding.value, finding.unit)
    return [
        layout,
        Bilingual(finding.title.en, finding.title.zh),
        _limit(clause, finding.limit),
        Said("without simulating"),
        value,
        Verdict(finding.verdict),
        None,
        None,
        _why(finding.why, clause),
        finding.applies_to,
        finding.source,
        Said("yes") if finding.verified else Said("no"),
    ]


def _why(why: str, clause: Clause | None) -> Cell:
    """Return why something was not judged, in words; None where it was."""
    if clause is not None and clause.capability and why.startswith(NO_CAPABILITY):
        return Said("no unit type has the capability {names}", {"names": ", ".join(clause.capability)})
    return WHY.get(why, why or None)


def _limit(clause: Clause | None, written: str) -> Cell:
    """Return what is required, in words; as the profile puts it where there are no words for it."""
    if isinstance(clause, TimeClause) and clause.staff is None:
        values: dict[str, Cell] = {
            "limit": Number(clause.seconds, "s"),
            "clock": CLOCKS[clause.clock],
            "who": WHO[clause.who],
        }
        if clause.share is not None:
            values["share"] = Number(clause.share, "share")
            return Said("{limit} {clock}, {who}, for {share} of calls", values)
        if clause.statistic == "mean":
            return Said("{limit} {clock}, {who}, on average", values)
        return Said("{limit} {clock}, {who}, to the edge of the jurisdiction", values)
    if isinstance(clause, DistanceClause):
        values = {"km": Number(clause.metres / 1000, "km"), "of": OF[clause.of]}
        if clause.share is None:
            return Said("{km} by road, share of {of}", values)
        return Said("{km} by road, {share} of {of}", {**values, "share": Number(clause.share, "share")})
    return written
