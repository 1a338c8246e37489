"""The tables of a briefing as CSV files, with a list of their columns and units."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from dispatch.io.tables import csv_text
from dispatch.io.whole_folders import write_folder_whole
from dispatch.report.grids import grid

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.briefing.contents import Briefing
    from dispatch.report.words import Words

LIST = "tables.csv"
"""Names every file with its columns."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Begins of texts that spreadsheets take for formulas."""


def write_tables(folder: Path, briefing: Briefing, words: Words) -> None:
    """Write each table as ``<id>.csv`` and ``tables.csv`` with a row for each column; whole or not at all.

    Numbers are in full: seconds, shares from 0 to 1, and so on as ``tables.csv`` says; a column
    ``<key>_half_width`` has half of the 95 % interval, and ``<key>_unit`` the units where rows differ in
    them. A text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    files: dict[str, bytes] = {}
    listed: dict[str, list[object]] = {"file": [], "title": [], "column": [], "heading": [], "unit": []}
    for table in briefing.tables:
        fields = grid(table, words)
        columns = {field.key: [_plain(value) for value in field.values] for field in fields}
        name = f"{table.id}.csv"
        files[name] = csv_text(columns).encode()
        title = words.say(table.title)
        for field in fields:
            row = (name, _plain(title), field.key, _plain(field.title), field.unit)
            for column, value in zip(listed.values(), row, strict=True):
                column.append(value)
    write_folder_whole(folder, LIST, {**files, LIST: csv_text(listed).encode()})


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
