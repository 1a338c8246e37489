"""A briefing on the terminal: what must be known first, statements, and a table with small pictures."""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, Literal

from rich.text import Text

from dispatch.briefing.contents import Number, Spark, Table, Verdict
from dispatch.report.plain import clean
from dispatch.report.rows import Column, print_rows
from dispatch.report.words import picture
from dispatch.report.wrapping import hung, wrapped

if TYPE_CHECKING:
    from rich.console import Console

    from dispatch.briefing.contents import Briefing, Cell
    from dispatch.report.words import Words

SECTION = "alternatives"
"""The chapter whose tables follow the headline table."""
REPEATED = ("changes", "side_by_side")
"""Tables of that chapter that tell what the headline table tells."""
MOST = 12
"""Rows of a table that follows; what is left out is told."""
SPARK = 10
"""Characters of a picture."""
STYLES = {"better": "green", "worse": "red", "met": "green", "missed": "red"}


def print_briefing(out: Console, briefing: Briefing, words: Words) -> None:
    """Print the headlines of a briefing."""
    _print_text(out, words.show(briefing.title), "bold")
    for mark in briefing.marks:
        _print_text(out, words.say(mark), "yellow")
    out.print()
    for statement in briefing.statements:
        out.print(Text(hung(_line(words.say(statement)), out.width, "• ")))
    if briefing.statements:
        out.print()
    _print_table(out, briefing.headline, words, len(briefing.headline.rows))
    for section in briefing.sections:
        if section.id == SECTION:
            for item in section.items:
                if isinstance(item, Table) and item.id not in REPEATED:
                    out.print()
                    _print_table(out, item, words, MOST)


def _print_text(out: Console, text: str, style: str) -> None:
    out.print(Text("\n".join(wrapped(_line(text), out.width)), style=style))


def _print_table(out: Console, table: Table, words: Words, most: int) -> None:
    columns: list[Column] = []
    rows: list[list[Text]] = [[] for _ in table.rows[:most]]
    for n, column in enumerate(table.columns):
        cells = [row[n] for row in table.rows[:most]]
        is_picture = bool(columns) and {type(cell) for cell in cells} - {NoneType} == {Spark}
        if not is_picture:
            justify: Literal["left", "right"] = (
                "right" if any(isinstance(c, Number) for c in cells) else "left"
            )
            columns.append(Column(_line(words.say(column.title)), wraps=n == 0, justify=justify))
        for row, cell in zip(rows, cells, strict=True):
            if is_picture:  # It stands beside the number that it belongs to.
                row[-1] = Text.assemble(row[-1], "  ", _cell(cell, words))
            else:
                row.append(_cell(cell, words))
    left_out = len(table.rows) - most
    more = words.counted("{n} more row.", "{n} more rows.", left_out) if left_out > 0 else ""
    print_rows(out, _line(words.say(table.title)), columns, rows, more)
    for note in table.notes:
        _print_text(out, words.say(note), "dim")


def _cell(cell: Cell, words: Words) -> Text:
    if isinstance(cell, Spark):
        return Text(picture(resampled(cell, SPARK)))
    text = Text(_line(words.show(cell)))
    if isinstance(cell, Verdict):
        text.stylize(STYLES.get(cell.kind, ""))
    if isinstance(cell, Number) and cell.verdict:
        text.append(f" {words.verdict(cell)}", style=STYLES[cell.verdict])
    return text


def resampled(spark: Spark, size: int) -> Spark:
    """Return a picture with at most so many values, evenly taken, the first and the last among them."""
    last = len(spark.values) - 1
    if last < size:
        return spark
    return Spark(tuple(spark.values[round(n * last / (size - 1))] for n in range(size)))


def _line(text: str) -> str:
    """Return a text of anybody on one line, without characters that command terminals."""
    return " ".join("".join(c if c.isprintable() else " " for c in clean(text)).split())
