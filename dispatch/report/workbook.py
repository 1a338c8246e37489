"""A briefing as a workbook: a sheet with what follows, and one for each table, with typed cells."""

from __future__ import annotations

import re
import zipfile
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

from dispatch.errors import UsageError
from dispatch.io.whole_files import written_whole
from dispatch.report.grids import grid

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl import Workbook
    from openpyxl.cell import Cell as SheetCell
    from openpyxl.worksheet.worksheet import Worksheet

    from dispatch.briefing.contents import Briefing, Table
    from dispatch.report.grids import Field, Value
    from dispatch.report.words import Words

LONGEST = 32_767
"""Characters that a cell can hold."""
WIDEST, NARROWEST = 60, 8
"""Widths of columns in characters."""
FORMATS = {
    "s": "#,##0.0", "share": "0.0%", "whole": "#,##0", "1": "#,##0.0", "p": "0.000", "h": "#,##0.0",
    "km": "#,##0.0", "km2": "#,##0.00",
}  # fmt: skip
"""Number formats by unit."""
DATE = "yyyy-mm-dd hh:mm:ss"
EPOCH = datetime(2000, 1, 1)
"""The date of creation that every workbook bears, so that equal contents are equal bytes."""

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


def write_workbook(path: Path, briefing: Briefing, words: Words) -> None:
    """Write a workbook; whole or not at all. Equal briefings give equal bytes."""
    content = workbook(briefing, words)
    with written_whole(path) as beside:
        beside.write_bytes(content)


def workbook(briefing: Briefing, words: Words) -> bytes:
    """Return a workbook with a summary, and a sheet for each table."""
    try:
        from openpyxl import Workbook
    except ImportError:
        message = "--xlsx needs the package openpyxl."
        raise UsageError(message, hint="Install it with: pip install openpyxl.") from None
    book = Workbook()
    book.properties.creator = "dispatch"
    book.properties.title = cell_text(briefing.title)
    book.properties.created = book.properties.modified = EPOCH
    first = book.active
    assert first is not None
    names = _Names()
    first.title = names.of(words.text("Summary"))
    sheets = {table.id: names.of(words.say(table.title)) for table in briefing.tables}
    _summary(first, briefing, sheets, words)
    for table in briefing.tables:
        _sheet(book.create_sheet(sheets[table.id]), table, words)
    return dated(book)


class _Names:
    """Gives every sheet a name of its own that a workbook can bear: short, without brackets and such."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, title: str) -> str:
        plain = _NOT_IN_NAMES.sub(" ", cell_text(title)).strip(" '") or "–"
        name, number = plain[:31].rstrip(), 1
        while name.lower() in self._taken:
            number += 1
            end = f" {number}"
            name = plain[: 31 - len(end)].rstrip() + end
        self._taken.add(name.lower())
        return name


def _summary(sheet: Worksheet, briefing: Briefing, sheets: dict[str, str], words: Words) -> None:
    """Fill the first sheet: what everyone must see, what follows, facts, and links to all tables."""
    from openpyxl.styles import Alignment, Font

    bold, wrapped = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 34, 90
    row = _line(sheet, 1, briefing.title, font=Font(bold=True, size=14))
    for mark in briefing.marks:
        row = _line(sheet, row, words.say(mark), font=bold)
    row = _line(sheet, row + 1, words.text("In short"), font=bold)
    for statement in briefing.statements:
        put_text(_cell(sheet, row, 2), words.say(statement))
        _cell(sheet, row, 2).alignment = wrapped
        row += 1
    row += 1
    for name, cell in briefing.facts:
        put_text(_cell(sheet, row, 1), words.say(name))
        put_text(_cell(sheet, row, 2), words.show(cell))
        _cell(sheet, row, 2).alignment = wrapped
        row += 1
    row = _line(sheet, row + 1, words.text("Tables"), font=bold)
    for table in briefing.tables:
        target = sheets[table.id]
        put_text(_cell(sheet, row, 1), target)
        _cell(sheet, row, 1).hyperlink = _link(target)
        _cell(sheet, row, 1).style = "Hyperlink"
        put_text(_cell(sheet, row, 2), words.say(table.title))
        row += 1


def _link(sheet: str) -> str:
    quoted = sheet.replace("'", "''")
    return f"#'{quoted}'!A1"


def _line(sheet: Worksheet, row: int, text: str, **style: Any) -> int:
    """Write a line and return the number of the next row."""
    cell = _cell(sheet, row, 1)
    put_text(cell, text)
    for name, value in style.items():
        setattr(cell, name, value)
    return row + 1


def _sheet(sheet: Worksheet, table: Table, words: Words) -> None:
    """Fill the sheet of a table: a frozen header with filters, then a row for each row."""
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    fields = grid(table, words)
    head = PatternFill("solid", fgColor="FFDFE7F1")
    for number, field in enumerate(fields, 1):
        cell = _cell(sheet, 1, number)
        title = _title(field, words)
        put_text(cell, title)
        cell.font, cell.fill = Font(bold=True), head
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        widths = [len(title) / 2, *(_width(value) for value in field.values)]
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = min(max(*widths, NARROWEST) + 2, WIDEST)
        for row, (value, unit) in enumerate(zip(field.values, field.units, strict=True), 2):
            _typed(_cell(sheet, row, number), value, unit)
    sheet.freeze_panes = "A2"
    if fields:
        last = get_column_letter(len(fields))
        sheet.auto_filter.ref = f"A1:{last}{max(len(table.rows) + 1, 2)}"
    for number, note in enumerate(table.notes):
        _line(sheet, len(table.rows) + 3 + number, words.say(note), font=Font(italic=True))


def _title(field: Field, words: Words) -> str:
    """Return a column's heading with the unit in which its cells count."""
    zone = next((value.tzname() for value in field.values if isinstance(value, datetime)), None)
    unit = zone or ("" if field.unit == "share" else words.unit_name(field.unit))
    return f"{field.title} ({unit})" if unit else field.title


def _typed(cell: SheetCell, value: Value, unit: str) -> None:
    """Put a value into a cell as what it is: number, date or text."""
    if isinstance(value, datetime):
        cell.value = value.replace(tzinfo=None)
        cell.number_format = DATE
    elif isinstance(value, str):
        put_text(cell, value)
    elif value is not None:
        cell.value = value
        cell.number_format = FORMATS.get(unit, "General")


def _cell(sheet: Worksheet, row: int, column: int) -> SheetCell:
    from openpyxl.cell import Cell

    found = sheet.cell(row, column)
    assert isinstance(found, Cell)  # nothing is merged
    return found


def put_text(cell: SheetCell, text: str) -> None:
    """Put a text into a cell that stays a text, whatever it begins with."""
    cell.value = cell_text(text)
    cell.data_type = "s"
    cell.quotePrefix = text.startswith(("=", "+", "-", "@"))


def cell_text(text: str) -> str:
    """Return a text that a cell can hold; what is cut off is told by an ellipsis."""
    plain = _FORBIDDEN.sub("\ufffd", text)
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"


def _width(value: Value) -> float:
    if isinstance(value, str):
        rows = value.split("\n")
        return max(sum(2 if east_asian_width(c) in "WF" else 1 for c in row) for row in rows)
    return 19 if isinstance(value, datetime) else 10 if value is not None else 0


def dated(book: Workbook) -> bytes:
    """Return the bytes of a workbook in which every part bears the same date."""
    raw, out = BytesIO(), BytesIO()
    book.save(raw)
    fixed = EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(raw) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            part = before.read(name)
            if name == "docProps/core.xml":  # saving puts the present moment there
                part = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + fixed, part)
            entry = zipfile.ZipInfo(name, EPOCH.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            after.writestr(entry, part)
    return out.getvalue()
