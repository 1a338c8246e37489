"""Rows that no terminal cuts: a table where there is room for its words, else lines of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len
from rich.padding import Padding
from rich.text import Text

from dispatch.report.terminal import new_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console


@dataclass(frozen=True, slots=True)
class Column:
    """A column; a heading may have several lines."""

    heading: str
    wraps: bool = False
    """Whether its cells may be broken between words."""
    justify: Literal["left", "right"] = "left"

    @property
    def name(self) -> str:
        """The heading on one line."""
        return self.heading.replace("\n", " ")


def print_rows(
    out: Console, title: str, columns: Sequence[Column], rows: Sequence[Sequence[Text]], note: str = ""
) -> None:
    """Print a title and rows under it, as a table where it fits without breaking a word.

    Where it does not, each row becomes its first cell, and on the lines below the others with their headings.
    """
    table = new_table(out, title)
    widths = _widths(columns, rows, _room(out, columns))
    if widths is None:
        for first, *others in rows:
            out.print(first)
            pairs = [
                Text.assemble(f"{column.name} ", cell)
                for column, cell in zip(columns[1:], others, strict=True)
                if cell.plain
            ]
            out.print(Padding(_packed(pairs, out.width - 2), (0, 0, 0, 2), expand=False))
    else:
        for column, width in zip(columns, widths, strict=True):
            table.add_column(
                Text(column.heading),
                justify=column.justify,
                width=width,
                no_wrap=not column.wraps,
                overflow="fold",
            )
        for row in rows:
            table.add_row(*row)
        out.print(table)
    if note:
        out.print(Text(note))


def fit(out: Console, columns: Sequence[Column], rows: Sequence[Sequence[Text]]) -> bool:
    """Whether there is room for rows as a table without breaking a word."""
    return _widths(columns, rows, _room(out, columns)) is not None


def _room(out: Console, columns: Sequence[Column]) -> int:
    """Return the width that is left for the words of a table."""
    return out.width - (_frame(len(columns)) if out.is_terminal else len(columns))


def _packed(pairs: Sequence[Text], width: int) -> Text:
    """Return texts after each other, on new lines where they would be broken."""
    told, used = Text(), 0
    for number, pair in enumerate(pairs):
        long = cell_len(pair.plain) + 1  # with the mark after it
        fits = used + 1 + long <= width
        if number:
            told.append("; " if fits else ";\n")
        told.append_text(pair)
        used = used + 1 + long if number and fits else long
    return told


def _frame(columns: int) -> int:
    """Return what lines and blanks take of a table's width on a terminal."""
    return 2 * columns + 1


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[Text]], room: int) -> list[int] | None:
    """Return the width of each column, None where there is no room for them."""
    texts = [[column.heading, *(row[i].plain for row in rows)] for i, column in enumerate(columns)]
    whole = [max(cell_len(line) for text in cells for line in text.split("\n")) for cells in texts]
    least = [
        max(cell_len(word) for text in cells for word in (*text.split(), "")) if column.wraps else width
        for column, cells, width in zip(columns, texts, whole, strict=True)
    ]
    spare = room - sum(least)
    if spare < 0:
        return None
    widths = []
    for narrow, wide in zip(least, whole, strict=True):
        given = min(wide - narrow, spare)
        spare -= given
        widths.append(narrow + given)
    return widths
