"""A script as it stands in a spreadsheet: cells with their addresses, and what they say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dispatch.briefing.contents import Cell

LONGEST = 32_767
"""Characters that a cell of a workbook can hold."""

_UNSEEN = re.compile("[\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Fault(str):
    """What a cell shows whose formula failed, such as ``#REF!``."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class SheetCell:
    """A cell of a sheet with its address."""

    place: str
    value: object
    """A text, a number, a time of day, a duration, a date, or None."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A script as it stands in a spreadsheet."""

    name: str
    rows: tuple[Mapping[str, SheetCell], ...]
    """Cells by column; columns that the sheet does not have are missing."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words for what a column may say, in all languages, lower case, with their keys."""

    methods: Mapping[str, str]
    triggers: Mapping[str, str]
    shown: Callable[[Cell], tuple[str, ...]]
    """Shows a cell of the script in each language."""


def plain(text: str) -> str:
    """Return a text without what spreadsheets may change in it, and without what nobody sees."""
    seen = _FORBIDDEN.sub(" ", _UNSEEN.sub("", text)).replace("\ufffd", " ")
    seen = seen if len(seen) <= LONGEST else seen[: LONGEST - 1] + "…"
    return " ".join(seen.split())


def text_of(value: object) -> str:
    """Return what a cell says as a text; empty for nothing."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).replace("\r\n", "\n").replace("\r", "\n").strip()
