"""Standards: what each profile requires, what each layout keeps, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan, nan
from typing import TYPE_CHECKING

from dispatch.briefing.benchmarks import is_for_all
from dispatch.briefing.contents import Bilingual, Number, Said, Section, Verdict
from dispatch.briefing.noted import in_words
from dispatch.briefing.telling import listed, percent, table
from dispatch.briefing.titles import CLOCKS, PUBLIC, WHO
from dispatch.errors import UsageError
from dispatch.model.standards import DistanceClause, TimeClause
from dispatch.statics.judging import judge
from dispatch.statics.reach import reach_of
from dispatch.statics.standards import standard as profile
from dispatch.statics.survey import Question, barriers_beside, survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dispatch.briefing.contents import Cell
    from dispatch.briefing.telling import Teller
    from dispatch.model.standards import Areas, Clause
    from dispatch.scenario.scenario import Scenario
    from dispatch.statics.judging import Finding, Judgement
    from dispatch.statics.judging import Verdict as Kept
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


def default_standards() -> list[Standard]:
    """Return the profiles taken when none are named, with only those requirements that hold for all calls."""
    return [_for_all(profile(name)) for name in DEFAULT]


def _for_all(found: Standard) -> Standard:
    kept: dict[str, tuple[Clause, ...]] = {
        "times": tuple(clause for clause in found.file.times if is_for_all(clause)),
        "distances": tuple(clause for clause in found.file.distances if is_for_all(clause)),
    }
    return replace(found, file=found.file.model_copy(update=kept))


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


def standards_section(teller: Teller, known: Judged, *, is_default: bool) -> Section | None:
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
    titles: dict[str, Cell] = {
        found.title.en: Bilingual(found.title.en, found.title.zh)
        for standard in known.standards
        if standard.file.areas is not None
        for found in standard.file.areas.classes.values()
    }
    paragraphs = (
        Said("A time is judged by simulation, over all calls; and without one, with all units in quarters."),
        Said("“Sure” tells whether the whole 95 % interval lies on the same side of the limit."),
        Said("The limits on areas are judged for stations of the state and of local governments only."),
        *(
            [Said("Requirements of some calls or units only are left out here; name a profile to see them.")]
            if is_default
            else []
        ),
        Said("Figures that are not verified were set down without the document at hand."),
        *(Said("{note}", {"note": in_words(note, titles=titles)}) for note in known.notes),
    )
    return Section("standards", Said("Standards"), paragraphs, tuple(tables))


def _of_layout(teller: Teller, known: Judged, standard: Standard, layout: str) -> Iterator[list[Cell]]:
    file = standard.file
    findings = list(known.judgements[standard.name, layout].findings)
    if file.areas is not None:
        findings[0] = _of_public_stations(known, standard, layout, findings[0])
    clauses: list[Clause | None] = [None] if file.areas is not None else []
    clauses += [*file.times, *file.distances, *([file.undivided] if file.undivided is not None else [])]
    for finding, clause in zip(findings, clauses, strict=True):
        if isinstance(clause, TimeClause) and clause.staff is None:
            row = _simulated(teller, standard, clause, layout, finding)
            if row is not None:
                yield row
                if finding.verdict == "not judged":
                    continue
        limit = _area_limits(file.areas) if clause is None and file.areas is not None else None
        yield _static(layout, finding, clause, limit)


def _of_public_stations(known: Judged, standard: Standard, layout: str, finding: Finding) -> Finding:
    """Return the finding on areas of those stations alone for which the limits are made."""
    division = known.survey.layouts[layout].division
    if division is None:
        return finding
    verdicts = zip(division.jurisdictions, known.judgements[standard.name, layout].stations, strict=True)
    areas = [each.area for found, each in verdicts if found.site.owner in PUBLIC and each.area is not None]
    if not areas:
        why = finding.why or "no station is of a class with a limit"
        return replace(finding, verdict="not judged", value=nan, of=0, why=why)
    verdict: Kept = "met" if all(areas) else "missed"
    return replace(finding, verdict=verdict, value=float(sum(areas)), of=len(areas))


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
    count = teller.calls(layout, f"{clause.clock}.{clause.who}.n")
    if not is_for_all(clause):
        return _row(
            standard, clause, layout, finding, [value, Verdict("not judged"), None, count, _unlike(clause)]
        )
    goal = clause.seconds if clause.share is None else clause.share
    rising = clause.share is not None
    met = value.value >= goal - 1e-12 if rising else value.value <= goal + 1e-9
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


def _unlike(clause: Clause) -> Said:
    """Return why a requirement of some calls, or some units, is not judged by all of them."""
    if clause.applies_to:
        return Said("this scenario's calls are not known to be such")
    names: dict[str, Cell] = {"names": ", ".join(clause.capability)}
    return Said("the first unit simulated need not have the capability {names}", names)


def _sure(teller: Teller, layout: str, clause: TimeClause, goal: float) -> Said | None:
    """Return whether the interval lies on one side of the goal; None without an interval."""
    found = teller.folder.estimate(layout, clause.measure)
    if found is None or isnan(found.half_width):
        return None
    return Said("yes") if abs(found.mean - goal) > found.half_width or not found.half_width else Said("no")


def _static(layout: str, finding: Finding, clause: Clause | None, limit: Cell = None) -> list[Cell]:
    """Return the row of a requirement without simulating; ``limit`` is what is required, if told apart."""
    value: Cell = None
    if finding.unit == "stations" and not isnan(finding.value):
        counts = {"n": Number(finding.value, "whole"), "all": Number(finding.of, "whole")}
        value = Said("{n} of {all} stations", counts)
    elif not isnan(finding.value):
        value = Number(finding.value, finding.unit)
    is_such = clause is None or not clause.applies_to or finding.verdict == "not judged"
    return [
        layout,
        Bilingual(finding.title.en, finding.title.zh),
        limit or _limit(clause, finding.limit),
        Said("without simulating"),
        value,
        Verdict(finding.verdict if is_such else "not judged"),
        None,
        None,
        _why(finding.why, clause) if is_such or clause is None else _unlike(clause),
        finding.applies_to,
        finding.source,
        Said("yes") if finding.verified else Said("no"),
    ]


def _why(why: str, clause: Clause | None) -> Cell:
    """Return why something was not judged, in words; None where it was."""
    if clause is not None and clause.capability and why.startswith(NO_CAPABILITY):
        return Said("no unit type has the capability {names}", {"names": ", ".join(clause.capability)})
    return WHY.get(why, why or None)


def class_title(areas: Areas | None, grade: str) -> Cell:
    """Return the title of a class of stations; its id where the profile does not know it."""
    found = None if areas is None else areas.classes.get(grade)
    return grade if found is None else Bilingual(found.title.en, found.title.zh)


def _area_limits(areas: Areas) -> Said:
    """Return the largest jurisdiction of each class of stations."""
    told = [
        Said("{class} {area}", {"class": class_title(areas, name), "area": Number(found.area_km2, "km2")})
        for name, found in areas.classes.items()
    ]
    return listed(told)


def _limit(clause: Clause | None, written: str) -> Cell:
    """Return what is required, in words; as the profile puts it where there are no words for it."""
    if isinstance(clause, TimeClause) and clause.staff is None:
        values: dict[str, Cell] = {
            "limit": Number(clause.seconds, "s"),
            "clock": CLOCKS[clause.clock],
            "who": WHO[clause.who],
        }
        if clause.share is not None:
            values["share"] = percent(clause.share)
            return Said("{limit} {clock}, {who}, for {share} of calls", values)
        if clause.statistic == "mean":
            return Said("{limit} {clock}, {who}, on average", values)
        return Said("{limit} {clock}, {who}, to the edge of the jurisdiction", values)
    if isinstance(clause, DistanceClause):
        values = {"km": Number(clause.metres / 1000, "km"), "of": OF[clause.of]}
        if clause.share is None:
            return Said("{km} by road, share of {of}", values)
        return Said("{km} by road, {share} of {of}", {**values, "share": percent(clause.share)})
    return written
