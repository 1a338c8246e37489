"""Workbooks as spreadsheets leave them: blank rows, formats, formulas with their values, other columns."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook
from openpyxl.styles import PatternFill

from dispatch.drills.drill import Drill, read_drill
from dispatch.drills.editing import edited, in_order
from dispatch.errors import InputError
from dispatch.io.yaml_writing import as_written, yaml_text
from dispatch.report.script_sheet import csv_script, read_sheet, vocabulary, workbook
from dispatch.report.words import Words
from tests.drills.packaged import write_brief

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/styles.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="r1" Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": "<Relationships"
    ' xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="r1" Type="{LINKS}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{LINKS}/styles" Target="styles.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{LINKS}"><sheets>'
    '<sheet name="My script" sheetId="1" r:id="r1"/></sheets></workbook>',
    # formats of cells: 0 general, 1 h:mm:ss, 2 [h]:mm:ss, 3 a date with its time
    "xl/styles.xml": f'<styleSheet {MAIN}><fonts count="1"><font/></fonts>'
    '<fills count="1"><fill><patternFill/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="4">'
    '<xf numFmtId="0" xfId="0"/><xf numFmtId="21" xfId="0"/><xf numFmtId="46" xfId="0"/>'
    '<xf numFmtId="22" xfId="0"/></cellXfs></styleSheet>',
}
"""A workbook of one sheet, as the standard (ECMA-376) wants it, without the sheet."""


def text(place: str, said: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(said)}</t></is></c>'


def row(number: int, *cells: str, hidden: bool = False) -> str:
    return f'<row r="{number}"{" hidden=" + chr(34) + "1" + chr(34) if hidden else ""}>{"".join(cells)}</row>'


def saved(path: Path, *rows: str, before: str = "", after: str = "") -> Path:
    """Write a workbook whose sheet has these rows as they stand in its file; return its path."""
    sheet = (
        f'<worksheet {MAIN}><dimension ref="A1"/>{before}<sheetData>{"".join(rows)}</sheetData>{after}'
        "</worksheet>"
    )
    with zipfile.ZipFile(path, "w") as file:
        for name, part in {**PARTS, "xl/worksheets/sheet1.xml": sheet}.items():
            file.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{part}')
    return path


@pytest.fixture
def drill(tmp_path: Path) -> Drill:
    read = read_drill(write_brief(tmp_path))
    return replace(read, file=in_order(read))


def yaml_of(drill: Drill) -> str:
    return yaml_text(as_written(in_order(drill)))


def reread(drill: Drill, path: Path, edit: Callable[[Any], None]) -> tuple[Drill, tuple[str, ...]]:
    """Write the workbook, edit its sheet, and read it back."""
    path.write_bytes(workbook(drill, Words("en")))
    opened = load_workbook(path)
    edit(opened["MSEL"])
    opened.save(path)
    opened.close()
    return edited(drill, read_sheet(path), vocabulary())


HEADS = row(3, text("A3", "Description"), text("B3", "Inject id"), text("C3", "Scenario time (T+)"),
            text("D3", "Expected action"), text("E3", "Expected by (T+)"))  # fmt: skip


def test_a_sheet_of_other_make_with_every_kind_of_cell(drill: Drill, tmp_path: Path) -> None:
    rich = "<is><r><rPr><b/></rPr><t>Smoke</t></r><r><t xml:space='preserve'> over 兰州</t></r></is>"
    path = saved(
        tmp_path / "m.xlsx",
        row(1, text("A1", "Exercise 演练"), '<c r="B1" s="1"/>'),
        row(2),
        HEADS,
        row(4, f'<c r="A4" t="inlineStr">{rich}</c>', text("B4", "n1"), '<c r="C4" s="1"><v>0.0125</v></c>'),
        # a gap of two rows, and one that is hidden by a filter
        row(7, text("A7", "second"), '<c r="B7"><v>7</v></c>',
            '<c r="C7" s="2"><f>C4+TIME(0,2,0)</f><v>0.013888888888889</v></c>', hidden=True),
        row(8, '<c r="A8" t="str"><f>"thi"&amp;"rd"</f><v>third</v></c>', text("B8", "n3"),
            '<c r="C8" s="3"><v>0.0208333333</v></c>', text("D8", "Somebody answers"),
            '<c r="E8" s="1"><v>0.025</v></c>'),
        row(9, '<c r="A9"><v>112</v></c>', text("B9", "n4"), '<c r="C9"><v>40</v></c>'),
        row(10, *(f'<c r="{column}10" s="1"/>' for column in "ABCDE")),
        row(60_000, '<c r="A60000" s="2"/>'),
        before='<cols><col min="2" max="2" width="9" hidden="1"/></cols>',
        after='<autoFilter ref="A3:E9"/><mergeCells count="1"><mergeCell ref="A1:E1"/></mergeCells>',
    )  # fmt: skip
    changed, notes = edited(drill, read_sheet(path), vocabulary())
    lines = {line.id: (line.at, line.entry.text) for line in changed.lines}
    assert list(lines) == ["n1", "7", "n3", "n4"]
    assert [said for _, said in lines.values()] == ["Smoke over 兰州", "second", "third", "112"]
    assert [at for at, _ in lines.values()] == pytest.approx([1080.0, 1200.0, 1800.0, 2400.0], abs=0.01)
    (action,) = changed.line("n3").entry.expects
    assert action.text == "Somebody answers"
    assert action.by == pytest.approx(360.0, abs=0.01)
    assert [note for note in notes if "taken out: I1, I2, I3, I4, I5" in note]


def test_formulas_that_failed_are_told_with_their_address(drill: Drill, tmp_path: Path) -> None:
    path = saved(
        tmp_path / "m.xlsx",
        HEADS,
        row(4, text("A4", "x"), text("B4", "n1"), '<c r="C4" t="e"><f>Q1+#REF!</f><v>#REF!</v></c>'),
        row(5, '<c r="A5" t="e"><f>there</f><v>#NAME?</v></c>', text("B5", "n2"), '<c r="C5"><v>5</v></c>'),
    )
    with pytest.raises(InputError) as caught:
        edited(drill, read_sheet(path), vocabulary())
    assert {problem.place: problem.fact for problem in caught.value.problems} == {
        "m.xlsx My script!C4": "its formula gives #REF!",
        "m.xlsx My script!A5": "its formula gives #NAME?",
    }


def test_rows_without_words_do_not_count(drill: Drill, tmp_path: Path) -> None:
    def edit(sheet: Any) -> None:
        sheet.insert_rows(3, 2)
        for column in range(1, 12):
            sheet.cell(3, column).value = (" ", "\u3000", "\xa0", "\n", "\t ")[column % 5]
            sheet.cell(9, column).fill = PatternFill("solid", fgColor="FFFF0000")
        for number in range(10, 7000):
            sheet.cell(number, 2).number_format = "[h]:mm:ss"

    changed, notes = reread(drill, tmp_path / "m.xlsx", edit)
    assert (yaml_of(changed), notes) == (yaml_of(drill), ())


@pytest.mark.parametrize("cells", [{1: "N9"}, {1: "Approved by the mayor"}, {18: "x"}, {1: "\u200b"}])
def test_a_row_with_no_more_than_an_id_or_what_is_never_read_is_left_out_and_told(
    drill: Drill, tmp_path: Path, cells: dict[int, str]
) -> None:
    def edit(sheet: Any) -> None:
        sheet.cell(9, 3).value = "2026-05-12 09:40:00"  # wall time, pulled down
        for column, value in cells.items():
            sheet.cell(9, column).value = value
            sheet.cell(9, column).data_type = "s"

    changed, notes = reread(drill, tmp_path / "m.xlsx", edit)
    assert yaml_of(changed) == yaml_of(drill)
    assert notes == ("m.xlsx MSEL!A9: nothing is said in this row; it is left out.",)


def test_an_entry_of_which_only_the_id_is_left_goes(drill: Drill, tmp_path: Path) -> None:
    def edit(sheet: Any) -> None:
        for column in range(2, sheet.max_column + 1):
            sheet.cell(6, column).value = None

    changed, notes = reread(drill, tmp_path / "m.xlsx", edit)
    assert [line.id for line in changed.lines] == ["I1", "I2", "I3", "I4"]
    assert notes[-1] == "taken out: I5."


@pytest.mark.parametrize("said", [None, "", "   ", "\u3000", "\u200b"])
def test_an_entry_whose_words_were_emptied_is_told_with_its_cell(
    drill: Drill, tmp_path: Path, said: str | None
) -> None:
    def edit(sheet: Any) -> None:
        sheet["G6"].value = said

    with pytest.raises(InputError) as caught:
        reread(drill, tmp_path / "m.xlsx", edit)
    assert [problem.place for problem in caught.value.problems] == ["m.xlsx MSEL!G6"]


def test_a_sheet_of_empty_rows_only_is_refused(drill: Drill, tmp_path: Path) -> None:
    path = saved(tmp_path / "m.xlsx", HEADS, row(4, text("B4", "n1")), row(5, text("A5", " ")))
    with pytest.raises(InputError, match="has no rows"):
        edited(drill, read_sheet(path), vocabulary())


def test_columns_may_stand_in_any_order(drill: Drill, tmp_path: Path) -> None:
    def edit(sheet: Any) -> None:
        cells = [
            [(cell.value, cell.number_format, cell.data_type) for cell in line] for line in sheet.iter_rows()
        ]
        for number, line in enumerate(cells, 1):
            for column, (value, look, kind) in enumerate(reversed(line), 1):
                sheet.cell(number, column).value = value
                sheet.cell(number, column).number_format = look
                sheet.cell(number, column).data_type = kind
        sheet.column_dimensions["B"].hidden = True

    changed, notes = reread(drill, tmp_path / "m.xlsx", edit)
    assert (yaml_of(changed), notes) == (yaml_of(drill), ())


def test_a_moved_entry_takes_along_limits_that_a_spreadsheet_made_into_times(tmp_path: Path) -> None:
    entries = {"I": {"at": "2 min", "text": "x", "expects": [{"text": "y", "by": "10 min"}]}}
    drill = read_drill(write_brief(tmp_path, entries=entries))
    assert "0:12:00" in csv_script(drill, Words("en"))
    path = saved(
        tmp_path / "m.xlsx",
        HEADS,
        row(4, text("A4", "x"), text("B4", "I"), '<c r="C4" s="1"><v>0.0125</v></c>', text("D4", "y"),
            f'<c r="E4" s="1"><v>{12 / 1440!r}</v></c>'),
    )  # fmt: skip
    changed, _ = edited(drill, read_sheet(path), vocabulary())
    assert changed.line("I").at == pytest.approx(1080.0)
    assert [action.by for action in changed.line("I").entry.expects] == [600.0]
