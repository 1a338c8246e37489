"""Workbooks and CSV files of a briefing: typed, inert, equal for equal contents."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta, timezone
from math import inf, nan
from typing import TYPE_CHECKING

import openpyxl
import pytest

from dispatch.briefing.contents import Briefing, Column, Number, Said, Section, Spark, Table, Verdict
from dispatch.report.table_files import write_tables
from dispatch.report.words import Words
from dispatch.report.workbook import write_workbook

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

    from dispatch.briefing.contents import Cell

MOMENT = datetime(2026, 1, 7, 8, 30, tzinfo=timezone(timedelta(hours=8)))
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")')


def briefing(*tables: Table) -> Briefing:
    section = Section("all", Said("Performance"), items=tables[1:])
    return Briefing(
        "=title", "", (), (), (Said("Read {this}.", {"this": "=1"}),), tables[0], (section,), None, ()
    )


def table(name: str, rows: tuple[tuple[Cell, ...], ...], title: str = "Headline measures") -> Table:
    columns = tuple(Column(f"c{n}", Said(f"column {n}")) for n in range(len(rows[0])))
    return Table(name, Said(title), columns, rows)


ROWS: tuple[tuple[Cell, ...], ...] = (
    ("=cmd", Number(252.25, "s", 4.5), Number(0.314, "share"), MOMENT, Verdict("met"), Spark((0.1,))),
    ("中川", Number(nan, "s"), Number(1.0, "share"), None, Verdict("missed"), Spark((0.2,))),
)


def sheet(book: openpyxl.Workbook, number: int) -> Worksheet:
    return book.worksheets[number]


def test_cells_are_numbers_dates_and_texts(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    write_workbook(path, briefing(table("headline", ROWS)), Words("en"))
    found = sheet(openpyxl.load_workbook(path), 1)
    head = [cell.value for cell in found[1]]
    assert head == ["column 0", "column 1 (s)", "column 1, half of the 95 % interval (s)", "column 2",
                    "column 3 (UTC+08:00)", "column 4"]  # fmt: skip
    first, second = ([cell.value for cell in found[row]] for row in (2, 3))
    assert first == ["=cmd", 252.25, 4.5, 0.314, datetime(2026, 1, 7, 8, 30), "✓ met"]
    assert second == ["中川", None, None, 1, None, "✗ missed"]
    assert [cell.data_type for cell in found[2]][:5] == ["s", "n", "n", "n", "d"]
    assert found["D2"].number_format == "0.0%"
    assert found.freeze_panes == "A2"
    assert found.auto_filter.ref == "A1:F3"


def test_no_text_is_a_formula(tmp_path: Path) -> None:
    rows = tuple((text,) for text in FORMULAS)
    path = tmp_path / "t.xlsx"
    write_workbook(path, briefing(table("headline", rows)), Words("en"))
    book = openpyxl.load_workbook(path)
    kinds = {cell.data_type for found in book.worksheets for row in found.iter_rows() for cell in row}
    assert kinds <= {"s", "n"}
    assert [sheet(book, 1).cell(row, 1).value for row in range(2, 7)] == list(FORMULAS)


def test_sheets_have_names_that_a_workbook_can_bear(tmp_path: Path) -> None:
    titles = ("A/B: [what?] " + "很长" * 30, "A/B: [what?] " + "很长" * 31, "'quoted'", "", "QUOTED")
    tables = [table(f"t{n}", ROWS, title) for n, title in enumerate(titles)]
    write_workbook(tmp_path / "t.xlsx", briefing(*tables), Words("en"))
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    names = book.sheetnames
    assert len({name.lower() for name in names}) == len(titles) + 1
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in names)
    links = [cell.hyperlink.location for row in sheet(book, 0).iter_rows() for cell in row if cell.hyperlink]
    assert len(links) == len(titles)


def test_equal_briefings_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write_workbook(tmp_path / name, briefing(table("headline", ROWS)), Words("zh"))
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_what_a_cell_cannot_hold_is_cut_or_replaced(tmp_path: Path) -> None:
    rows: tuple[tuple[Cell, ...], ...] = (("x" * 40_000,), ("a\x00b\ud800",), (Number(inf, "s"),))
    write_workbook(tmp_path / "t.xlsx", briefing(table("headline", rows)), Words("en"))
    found = sheet(openpyxl.load_workbook(tmp_path / "t.xlsx"), 1)
    cut = str(found["A2"].value)
    assert len(cut) == 32_767
    assert cut.endswith("…")
    assert found["A3"].value == "a\ufffdb\ufffd"
    assert found["A4"].value == "∞"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_csv_files_hold_numbers_in_full(tmp_path: Path, lang: str) -> None:
    rows: tuple[tuple[Cell, ...], ...] = (
        *ROWS,
        ("", Number(1 / 3, "share", 0.1), Number(2, "share"), None, None, None),
    )
    write_tables(tmp_path / "out", briefing(table("headline", rows)), Words("en" if lang == "en" else "zh"))
    with (tmp_path / "out" / "headline.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["c0"] for row in found] == ["'=cmd", "中川", ""]
    assert [row["c1"] for row in found] == ["252.25", "", repr(1 / 3)]
    assert [row["c1_unit"] for row in found] == ["s", "s", "share"]
    assert [row["c1_half_width"] for row in found] == ["4.5", "", "0.1"]
    assert found[0]["c3"] == "2026-01-07T08:30:00+08:00"
    with (tmp_path / "out" / "tables.csv").open(encoding="utf-8", newline="") as file:
        listed = {row["column"]: row["unit"] for row in csv.DictReader(file)}
    assert listed["c2"] == "share"
    assert listed["c1"] == ""
