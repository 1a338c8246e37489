"""A briefing as Markdown, for notes and requests; no text of a user links or formats in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.briefing.contents import Number, Spark, Table
from dispatch.report.plain import marked_down

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dispatch.briefing.contents import Briefing, Cell, Said, Section
    from dispatch.report.words import Words

SECTIONS = ("alternatives", "standards")
"""Chapters whose tables stand in the summary."""

REPEATED = ("side_by_side",)
"""Tables of these chapters that tell what the headline table tells."""

MOST = 50
"""Rows of a table; what is left out is told."""


def markdown(briefing: Briefing, words: Words) -> str:
    """Return the summary of a briefing: marks, statements, headline measures, alternatives, standards."""
    lines = [f"# {marked_down(words.show(briefing.title))}", ""]
    if briefing.description:
        lines += [marked_down(words.show(briefing.description)), ""]
    for mark in briefing.marks:
        lines += [f"> **{marked_down(words.say(mark))}**", ""]
    lines += [f"- {marked_down(words.say(statement))}" for statement in briefing.statements]
    lines += [""] if briefing.statements else []
    lines += _table_lines(briefing.headline, words, "##")
    for section in briefing.sections:
        tables = [item for item in section.items if isinstance(item, Table) and item.id not in REPEATED]
        if section.id in SECTIONS and tables:
            lines += [f"## {marked_down(words.say(section.title))}", ""]
            for table in tables:
                lines += _table_lines(table, words, "###")
    lines += [f"## {marked_down(words.text('About this study'))}", ""]
    lines += [f"- {marked_down(words.say(name))}: {_cell(value, words)}" for name, value in briefing.facts]
    return "\n".join(lines).rstrip() + "\n"


def whole_document(
    title: Cell, marks: Sequence[Said], sections: Sequence[Section], words: Words, kind: Said | None = None
) -> str:
    """Return a document with all of its sections and all rows of their tables."""
    lines = [f"# {marked_down(words.show(title))}", ""]
    lines += [] if kind is None else [marked_down(words.say(kind)), ""]
    for mark in marks:
        lines += [f"> **{marked_down(words.say(mark))}**", ""]
    for section in sections:
        lines += [f"## {marked_down(words.say(section.title))}", ""]
        for paragraph in section.paragraphs:
            lines += [marked_down(words.say(paragraph)), ""]
        for item in section.items:
            if isinstance(item, Table):
                lines += _table_lines(item, words, "###", len(item.rows))
    return "\n".join(lines).rstrip() + "\n"


def _table_lines(table: Table, words: Words, level: str, most: int = MOST) -> Iterator[str]:
    numeric = [any(isinstance(row[n], Number) for row in table.rows) for n in range(len(table.columns))]
    yield from (f"{level} {marked_down(words.say(table.title))}", "")
    yield _line(marked_down(words.say(column.title)) for column in table.columns)
    yield _line("---:" if is_number else "---" for is_number in numeric)
    yield from (_line(_cell(cell, words) for cell in row) for row in table.rows[:most])
    yield ""
    left_out = len(table.rows) - most
    if left_out > 0:
        yield from (words.counted("{n} more row.", "{n} more rows.", left_out), "")
    for note in table.notes:
        yield from (marked_down(words.say(note)), "")


def _line(cells: Iterator[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell, words: Words) -> str:
    text = words.show(cell)
    if isinstance(cell, Number) and cell.verdict:
        text += f" ({words.verdict(cell)})"
    return text if isinstance(cell, Spark) else marked_down(text)
