"""The reference page of the standards profiles, as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.statics.judging import is_static

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dispatch.model.standards import Clause, StandardFile
    from dispatch.statics.standards import Standard

NOT_CHECKED = "no: from memory"


def profile_lines(standards: Iterable[Standard]) -> list[str]:
    """Return the lines of a section for each profile."""
    return [line for standard in standards for line in _section(standard)]


def _section(standard: Standard) -> Iterator[str]:
    file = standard.file
    yield from (f"## `{standard.name}`", "")
    yield from (f"{file.title.en}" + (f" · {file.title.zh}" if file.title.zh else ""), "")
    yield from (f"Source: {file.source}", "")
    if file.areas is not None:
        yield from ("| class (`grade`) | station | largest area | checked |", "|---|---|---|---|")
        for name, found in file.areas.classes.items():
            usual = " (the usual one)" if name == file.areas.default else ""
            title = _both(found.title.en, found.title.zh)
            checked = "yes" if found.verified else NOT_CHECKED
            yield f"| `{name}`{usual} | {title} | {found.area_km2:g} km² | {checked} |"
        yield ""
    if file.clauses:
        yield from ("| requirement | limit | applies to | judged by | checked |", "|---|---|---|---|---|")
        yield from (_row(clause) for clause in file.clauses)
        yield ""
    yield from _remarks(file)


def _row(clause: Clause) -> str:
    checked = "yes" if clause.verified else NOT_CHECKED
    cells = (
        _both(clause.title.en, clause.title.zh),
        clause.limit,
        clause.applies_to or "–",
        _judged_by(clause),
        checked,
    )
    return f"| {' | '.join(cells)} |"


def _judged_by(clause: Clause) -> str:
    """Return what tells whether a clause is kept."""
    measure = getattr(clause, "measure", "")
    if is_static(clause):
        return "`network coverage`" + (f", `{measure}`" if measure else "")
    return f"`{measure}`" if getattr(clause, "staff", None) is None else f"`{measure}`, staff not counted"


def _remarks(file: StandardFile) -> Iterator[str]:
    formula = file.travel_formula
    notes = list(file.notes)
    if formula is not None:
        constant, mile = formula.constant / 60, formula.per_mile / 60
        notes.append(f"Expected travel time by distance D in miles: T = {constant:g} + {mile:g} D minutes.")
    if not file.is_verified:
        notes.append("Figures from memory are marked; check them before you rely on them.")
    if notes:
        yield from (*(f"- {note}" for note in notes), "")


def _both(english: str, chinese: str) -> str:
    return f"{english} · {chinese}" if chinese else english
