"""Tables of a briefing as plain grids for files: one value a cell, half widths in columns of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import isfinite, isnan
from typing import TYPE_CHECKING

from dispatch.briefing.contents import Number, Spark

if TYPE_CHECKING:
    from dispatch.briefing.contents import Cell, Table
    from dispatch.report.words import Words

HALF_WIDTH = "_half_width"
"""Ends the key of a column of half widths."""

Value = float | int | str | datetime | None


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a grid."""

    key: str
    title: str
    """In the reader's language, without the unit."""
    unit: str
    """Of its numbers, as of measures; empty where they have none, or different ones."""
    values: tuple[Value, ...]
    units: tuple[str, ...]
    """Of each value; empty for what is no number."""


def grid(table: Table, words: Words) -> tuple[Field, ...]:
    """Return a table's columns with plain values; pictures are left out, they say what other columns do."""
    found: list[Field] = []
    for number, column in enumerate(table.columns):
        cells = [row[number] for row in table.rows]
        if cells and all(isinstance(cell, Spark) for cell in cells):
            continue
        title = words.say(column.title)
        units = tuple(cell.unit if isinstance(cell, Number) else "" for cell in cells)
        found.append(_field(column.key, title, tuple(_value(cell, words) for cell in cells), units))
        if len({unit for unit in units if unit}) > 1:  # each row has to say its own
            head = words.text("{column}, unit", column=title)
            found.append(Field(f"{column.key}_unit", head, "", units, ("",) * len(units)))
        halves = tuple(_half(cell) for cell in cells)
        if any(half is not None for half in halves):
            head = words.text("{column}, half of the 95 % interval", column=title)
            found.append(_field(f"{column.key}{HALF_WIDTH}", head, halves, units))
    return tuple(found)


def _field(key: str, title: str, values: tuple[Value, ...], units: tuple[str, ...]) -> Field:
    known = {unit for value, unit in zip(values, units, strict=True) if value is not None and unit}
    return Field(key, title, known.pop() if len(known) == 1 else "", values, units)


def _value(cell: Cell, words: Words) -> Value:
    """Return what a file holds of a cell: numbers in full, in SI units and shares from 0 to 1."""
    if isinstance(cell, Number):
        if isnan(cell.value):
            return None
        if not isfinite(cell.value):
            return words.show(cell)
        return round(cell.value) if cell.unit == "whole" else cell.value
    if isinstance(cell, datetime):
        return cell
    if isinstance(cell, Spark):
        return None
    return words.show(cell) or None


def _half(cell: Cell) -> float | None:
    if isinstance(cell, Number) and isfinite(cell.half_width):
        return cell.half_width
    return None
