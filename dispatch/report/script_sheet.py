"""The script of an exercise as a spreadsheet that people edit, and back: xlsx and csv."""

from __future__ import annotations

import csv
import io
import warnings
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from dispatch.briefing.contents import Said
from dispatch.drills.script import COLUMNS, CONTINGENCY, METHODS, TRIGGERS, cells, rows
from dispatch.drills.sheets import Fault, Sheet, SheetCell, Vocabulary, text_of
from dispatch.errors import InputError, Problem
from dispatch.report.words import LANGUAGES, Words
from dispatch.report.workbook import EPOCH, cell_text, dated, put_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from dispatch.drills.drill import Drill

NAME = "MSEL"
"""The sheet that holds the script."""

CLOCK = "[h]:mm:ss"
"""Number format of times of play; what is typed into such a cell is a duration."""

MOST = 5000
"""Rows with anything in them that are read."""

WIDTHS = {"description": 50, "expected_action": 40, "condition": 30, "inject": 36, "plan_ref": 24,
          "response_note": 30, "wall": 20, "from": 16, "to": 16}  # fmt: skip
"""Widths of columns in characters; others are narrow."""

RULES = (
    Said("Rows are known by their inject id: a new or empty id is a new entry, and one without a row goes."),
    Said("Times are h:mm:ss from STARTEX; a number from 1 on is minutes."),
    Said("Expected actions and their times stand a line each, in the same order."),
    Said("A time with + counts from the delivery; one that is left as it is moves with its entry."),
    Said("Wall time, plan clause, condition, what it changes and location only show; they are not read."),
    Said("Read it back with: dispatch drill new BRIEF --msel FILE -o DIR"),
)
"""What an editor of the sheet has to know."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
"""Begins of texts that spreadsheets take for something else; an apostrophe goes before them in CSV files."""


def workbook(drill: Drill, words: Words) -> bytes:
    """Return the script as a workbook; equal exercises give equal bytes."""
    from openpyxl import Workbook

    book = Workbook()
    book.properties.creator = "dispatch"
    book.properties.title = cell_text(drill.file.title)
    book.properties.created = book.properties.modified = EPOCH
    sheet = book.active
    assert sheet is not None
    sheet.title = NAME
    _fill(sheet, drill, words)
    _lists(sheet, words, len(drill.lines) + 1)
    rules = book.create_sheet(cell_text(words.text("How to edit"))[:31])
    rules.column_dimensions["A"].width = 110
    for number, rule in enumerate(RULES, 1):
        _text(rules, number, 1, words.say(rule))
    return dated(book)


def _fill(sheet: Worksheet, drill: Drill, words: Words) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties

    wrapped, head = Alignment(wrap_text=True, vertical="top"), PatternFill("solid", fgColor="FFDFE7F1")
    for number, (key, title) in enumerate(COLUMNS.items(), 1):
        _text(sheet, 1, number, words.say(title))
        cell = sheet.cell(1, number)
        cell.font, cell.fill, cell.alignment = Font(bold=True), head, wrapped
        sheet.column_dimensions[get_column_letter(number)].width = WIDTHS.get(key, 13)
    for line, row in enumerate(rows(drill), 2):
        for number, (key, value) in enumerate(cells(row).items(), 1):
            cell = sheet.cell(line, number)
            cell.alignment = wrapped
            if key == "at":
                cell.value = timedelta(seconds=row.line.at)
                cell.number_format = CLOCK
                continue
            _text(sheet, line, number, words.show(value))
            cell.number_format = "@"  # what is typed stays the text that it is
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{max(len(drill.lines) + 1, 2)}"
    if sheet.oddHeader is not None:
        sheet.oddHeader.center.text = words.text("EXERCISE EXERCISE EXERCISE")
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"


def _text(sheet: Worksheet, row: int, column: int, text: str) -> None:
    """Put a text into a cell; nothing for an empty one."""
    from openpyxl.cell import Cell

    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell)  # nothing is merged
    if text:
        put_text(cell, text)


def _lists(sheet: Worksheet, words: Words, last: int) -> None:
    """Let people choose methods and triggers from lists."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    for key, known in (("method", METHODS.values()), ("trigger", (*TRIGGERS.values(), CONTINGENCY))):
        letter = get_column_letter(list(COLUMNS).index(key) + 1)
        listed = ",".join(words.say(said) for said in known)
        rule = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
        rule.add(f"{letter}2:{letter}{last + 200}")
        sheet.add_data_validation(rule)


def csv_script(drill: Drill, words: Words) -> str:
    """Return the script as CSV with keys as headings, and a mark of UTF-8 that spreadsheets need."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows(drill):
        writer.writerow(_plain(words.show(value)) for value in cells(row).values())
    return "\ufeff" + out.getvalue()


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def vocabulary() -> Vocabulary:
    """Return the words of all languages for what columns may say."""
    found: list[dict[str, str]] = []
    for known in (METHODS, TRIGGERS):
        told = {key: key for key in known}
        for lang in LANGUAGES:
            one = Words(lang)
            told |= {one.say(said).lower(): key for key, said in known.items()}
        found.append(told)
    # An entry for the case that an action is overdue is one at a time that cites another.
    found[1] |= {Words(lang).say(CONTINGENCY).lower(): "time" for lang in LANGUAGES}
    both = [Words(lang) for lang in LANGUAGES]
    return Vocabulary(found[0], found[1], lambda value: tuple(one.show(value) for one in both))


def read_sheet(path: Path) -> Sheet:
    """Return a script that was edited; raises InputError for a file that is none."""
    try:
        is_book = path.read_bytes()[:2] == b"PK"
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(
            [Problem(str(path), f"cannot be read ({reason})", "Name an xlsx or csv file.")]
        ) from None
    grid, place = _of_book(path) if is_book else _of_csv(path)
    return _sheet(path.name, grid, place)


Grid = list[tuple[int, list[object]]]
"""Rows that are not empty with their numbers, from 1, and the values of their cells."""


def _of_book(path: Path) -> tuple[Grid, str]:
    """Return the rows of the script's sheet and how to name a place in it."""
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a sheet has beside its cells
            book = load_workbook(path, data_only=True, read_only=True)
            try:
                sheet = book[NAME] if NAME in book.sheetnames else book.worksheets[0]
                sheet.reset_dimensions()  # what a file says of its own size may be wrong
                rows = ([_cell_value(cell) for cell in row] for row in sheet.iter_rows())
                return _grid(path.name, rows), f"{path.name} {sheet.title}!"
            finally:
                book.close()
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - the library raises whatever a damaged file makes it stumble over
        problem = Problem(path.name, f"is no workbook that can be read ({error})", "Save it as xlsx or csv.")
        raise InputError([problem]) from None


def _cell_value(cell: Any) -> object:
    """Return the value of a cell; that of a formula that failed is marked."""
    return Fault(cell.value) if cell.data_type == "e" and cell.value is not None else cell.value


def _grid(name: str, rows: Iterable[Sequence[object]]) -> Grid:
    """Return the rows that are not empty; raises InputError for too many."""
    filled = ((number, list(row)) for number, row in enumerate(rows, 1) if any(map(text_of, row)))
    grid = list(islice(filled, MOST + 1))
    if len(grid) > MOST:
        raise InputError([Problem(name, f"has more than {MOST} rows", "Delete those that are no entries.")])
    return grid


def _of_csv(path: Path) -> tuple[Grid, str]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = raw.decode("gb18030")  # what spreadsheets in China save
        except UnicodeDecodeError:
            problem = Problem(path.name, "is neither UTF-8 nor GB 18030", "Save it as 'CSV UTF-8' or xlsx.")
            raise InputError([problem]) from None
    head = text.split("\n", 1)[0]
    mark = max(",;\t", key=head.count)
    read = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    try:
        return _grid(path.name, ([value or None for value in row] for row in read)), f"{path.name} "
    except csv.Error as error:
        raise InputError([Problem(path.name, f"is no CSV file ({error})", "Save it again.")]) from None


def _unquoted(value: object) -> object:
    """Return a value without the apostrophe that keeps a text of a CSV file a text."""
    is_quoted = isinstance(value, str) and value[:1] == "'" and value[1:2] in _FORMULA
    return str(value)[1:] if is_quoted else value


def _sheet(name: str, grid: Grid, place: str) -> Sheet:
    """Return a sheet by its headings, in whatever language they are."""
    from openpyxl.utils import get_column_letter

    titles = _titles()
    at = next((n for n, (_, row) in enumerate(grid) if "id" in _known(row, titles)), None)
    if at is None:
        fact = "has no column 'id' among its headings"
        raise InputError([Problem(name, fact, "Keep the row of headings as it was written.")])
    heads = grid[at][1]
    keys = _known(heads, titles)
    columns = {key: heads.index(head) for key, head in keys.items()}
    unknown = [text_of(head) for head in heads if text_of(head) and _heading(head) not in titles]
    notes = [f"{name}: column '{head[:40]}' is not read." for head in unknown]
    notes += _twice(name, heads, titles)
    # Keys as headings are those of our CSV files, wherever they were opened and saved since.
    own = {key for key in COLUMNS if key not in {_heading(title) for title in _shown_titles()}}
    plain = _unquoted if own & {_heading(head) for head in heads} else _same
    found = [
        {
            key: SheetCell(f"{place}{get_column_letter(column + 1)}{number}", plain(_at(row, column)))
            for key, column in columns.items()
        }
        for number, row in grid[at + 1 :]
        if any(text_of(_at(row, column)) for key, column in columns.items())
    ]
    return Sheet(name, tuple(found), tuple(notes))


def _twice(name: str, heads: Sequence[object], titles: Mapping[str, str]) -> Iterator[str]:
    """Yield notes of columns that stand there twice; the first is read."""
    seen: set[str] = set()
    for head in heads:
        key = titles.get(_heading(head), "")
        if key and key in seen:
            yield f"{name}: column '{text_of(head)[:40]}' stands there twice; the first is read."
        seen.add(key)


def _known(heads: Iterable[object], titles: Mapping[str, str]) -> dict[str, object]:
    """Return the headings that are known, by key; the first where one stands there twice."""
    found: dict[str, object] = {}
    for head in heads:
        key = titles.get(_heading(head))
        if key is not None:
            found.setdefault(key, head)
    return found


def _titles() -> dict[str, str]:
    """Return the keys of columns by heading in any language."""
    return {key: key for key in COLUMNS} | {_heading(head): key for head, key in _shown_titles().items()}


def _shown_titles() -> dict[str, str]:
    """Return the keys of columns by their titles in all languages."""
    return {Words(lang).say(title): key for lang in LANGUAGES for key, title in COLUMNS.items()}


def _same(value: object) -> object:
    return value


def _heading(head: object) -> str:
    return " ".join(text_of(head).lower().split())


def _at(row: Sequence[object], column: int) -> object:
    return row[column] if column < len(row) else None
