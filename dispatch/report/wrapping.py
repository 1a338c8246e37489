"""Lines of Chinese and Latin text for terminals: words stay whole, and no line begins with a closing mark."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rich.cells import cell_len, chop_cells

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPENING = "（《〈「『【〔“‘"
_CLOSING = "，。；：！？、）》〉」』】〕”’…％"
_WIDE = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffe6\U00020000-\U0003ffff"
_PIECE = re.compile(
    rf"(?P<blank>\s*)"
    rf"(?P<piece>[{_OPENING}]*"
    rf"(?:(?:(?<=[A-Za-z])’(?=[A-Za-z])|[^\s{_OPENING}{_CLOSING}{_WIDE}])+|(?![{_CLOSING}])[{_WIDE}])?"
    rf"[{_CLOSING}]*)"
)
"""A Latin word or one Chinese character, with the marks that must not be parted from it."""


def wrapped(text: str, width: int) -> list[str]:
    """Return a text as lines of at most so many cells.

    Lines are broken at blanks and between Chinese characters; only what is wider than a line is cut.
    """
    lines, line = [], ""
    for blank, piece in pieces(text):
        if line and cell_len(line + blank + piece) <= width:
            line += blank + piece
            continue
        if line:
            lines.append(line)
        *full, line = chop_cells(piece, max(width, 2)) or [piece]
        lines.extend(full)
    return [*lines, line] if line else lines


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """Yield what no line parts, each with the blank before it, where there is one."""
    for found in _PIECE.finditer(text):
        if found["piece"]:
            yield " " if found["blank"] else "", found["piece"]


def hung(text: str, width: int, bullet: str) -> str:
    """Return a text as lines behind a bullet, indented alike."""
    indent = cell_len(bullet)
    return bullet + ("\n" + " " * indent).join(wrapped(text, max(width - indent, 2)))
