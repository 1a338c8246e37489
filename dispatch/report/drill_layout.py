"""Parts of a board that share the lines of a terminal: rows that flow, and are cut so that one sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from dispatch.report.wrapping import pieces

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

INDENT = "  "
LEAST = 2
"""Lines that every part of the board gets before any gets more: its title and one line."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What no line parts: a name, a word, a Chinese character."""

    text: str
    style: str = ""
    blank: str = " "
    """What stands between it and the piece before."""
    listed: bool = False
    """Whether it is one of several that are counted where they are cut."""


Row = list[Piece]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the board: rows under a title, the most important first."""

    title: str
    rows: Sequence[Row]
    weight: int = 1
    """Lines that it gets for each of the others, where there are too few."""


def prose(text: str, style: str = "", *, blank: str = " ") -> Row:
    """Return a text as pieces; the first one has its blank as given."""
    found = [Piece(piece, style, gap) for gap, piece in pieces(text)]
    return [Piece(each.text, style, blank) for each in found[:1]] + found[1:]


def flowing(row: Row, width: int, most: float = inf) -> list[Text]:
    """Return a row as lines of at most so many cells, all but the first indented.

    Where there are more lines than there may be, the last one tells that, and how many names, are cut.
    """
    lines = _folded(row, width)
    if len(lines) <= most:
        return [_joined(line, number) for number, line in enumerate(lines)]
    kept = lines[: int(most)]
    left = [piece for line in lines[int(most) :] for piece in line]
    while True:
        line = _joined(kept[-1], len(kept) - 1)
        mark = _mark(left)
        if line.cell_len + len(mark) <= width or len(kept[-1]) == 1:
            break
        left.insert(0, kept[-1].pop())
    line.truncate(max(width - len(mark), 1), overflow="ellipsis")
    return [*(_joined(each, number) for number, each in enumerate(kept[:-1])), line.append(mark, "dim")]


def _folded(row: Row, width: int) -> list[Row]:
    """Return the pieces of each line; what is wider than a line by itself is shortened."""
    lines: list[Row] = []
    used = 0
    for piece in row:
        size = cell_len(piece.blank + piece.text)
        if lines and used + size <= width:
            lines[-1].append(piece)
            used += size
        else:
            indent = len(INDENT) if lines else 0
            text = shortened(piece.text, width - indent)
            lines.append([replace(piece, text=text)])
            used = indent + cell_len(text)
    return lines


def _joined(line: Row, number: int) -> Text:
    """Return the pieces of a line as one, the blank before the first one left out."""
    text = Text(INDENT if number else "")
    for place, piece in enumerate(line):
        text.append(piece.blank if place else "").append(piece.text, piece.style)
    return text


def _mark(left: Row) -> str:
    """Return what tells how many names, or that something, is left out."""
    counted = bool(left) and all(piece.listed for piece in left)
    return f" +{len(left)}" if counted else " …"


def shortened(text: str, width: int) -> str:
    """Return a text in at most so many cells; an ellipsis stands for what is cut."""
    return text if cell_len(text) <= width else f"{set_cell_size(text, max(width - 1, 0)).rstrip()}…"


def laid_out(parts: Sequence[Part], width: int, room: int, more: str) -> list[Text]:
    """Return parts as lines, as many as there is room for; ``more`` says how many rows (``{n}``) are cut."""
    heights = [1 + sum(len(flowing(row, width)) for row in part.rows) for part in parts]
    given = _shared(room, heights, [part.weight for part in parts])
    return [
        line for part, lines in zip(parts, given, strict=True) for line in _part(part, width, lines, more)
    ]


def _shared(room: int, wanted: list[int], weights: list[int]) -> list[int]:
    """Share lines among parts, each getting a few before any gets more, the first ones first."""
    given = [0] * len(wanted)
    for least in (1, LEAST):
        for part, most in enumerate(wanted):
            more = min(least - given[part], most - given[part], room)
            given[part] += more
            room -= more
    while room > 0 and given != wanted:
        for part, most in enumerate(wanted):
            more = min(weights[part], most - given[part], room)
            given[part] += more
            room -= more
    return given


def _part(part: Part, width: int, lines: int, more: str) -> list[Text]:
    """Return as much of a part as there is room for, and how much is left out."""
    if lines == 0:
        return []
    wanted = [len(flowing(row, width)) for row in part.rows]
    given = _rows(lines - 1, wanted)
    cut = given.count(0)
    mark = f" {more.replace('{n}', str(cut))}" if cut else ""
    title = Text(shortened(part.title, max(width - cell_len(mark), 1)), "bold").append(mark, "not bold dim")
    return [title, *(line for row, most in zip(part.rows, given, strict=True) if most
                     for line in flowing(row, width, most))]  # fmt: skip


def _rows(room: int, wanted: Iterable[int]) -> list[int]:
    """Share lines among rows: the first may be longer, then one for each in turn, then what is left."""
    wanted = list(wanted)
    given = [0] * len(wanted)
    if wanted:
        given[0] = min(wanted[0], room, 1 + room // 3)
    room -= sum(given)
    for every in (False, True):
        for row, most in enumerate(wanted):
            more = min(room, most - given[row] if every else int(given[row] == 0))
            given[row] += more
            room -= more
    return given
