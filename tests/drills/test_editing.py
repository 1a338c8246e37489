"""A script that was edited in a spreadsheet: what comes back, what is told, and what stays as it was."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import Workbook, load_workbook

from dispatch.drills.drill import Drill, read_drill
from dispatch.drills.editing import edited, in_order
from dispatch.errors import InputError
from dispatch.io.yaml_writing import as_written, yaml_text
from dispatch.report.script_sheet import csv_script, read_sheet, vocabulary, workbook
from dispatch.report.words import Words
from tests.drills.packaged import BRIEF, write_brief

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dispatch.report.words import Lang


@pytest.fixture
def drill(tmp_path: Path) -> Drill:
    read = read_drill(write_brief(tmp_path))
    return replace(read, file=in_order(read))


def yaml_of(drill: Drill) -> str:
    return yaml_text(as_written(in_order(drill)))


def book(drill: Drill, path: Path, edit: Callable[[Any], None], lang: Lang = "en") -> tuple[Drill, list[str]]:
    """Write the workbook, edit its sheet as a spreadsheet would, and read it back."""
    path.write_bytes(workbook(drill, Words(lang)))
    opened = load_workbook(path)
    edit(opened["MSEL"])
    opened.save(path)
    opened.close()
    changed, notes = edited(drill, read_sheet(path), vocabulary())
    return changed, list(notes)


def letter(sheet: Any, heading: str) -> str:
    return next(str(cell.column_letter) for cell in sheet[1] if cell.value == heading)


def put(heading: str, row: int, value: object, number_format: str = "General") -> Callable[[Any], None]:
    def edit(sheet: Any) -> None:
        cell = sheet[f"{letter(sheet, heading)}{row}"]
        cell.number_format = number_format
        cell.value = value

    return edit


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_unchanged_workbook_gives_the_same_exercise(drill: Drill, tmp_path: Path, lang: Lang) -> None:
    changed, notes = book(drill, tmp_path / "m.xlsx", lambda _: None, lang)
    assert yaml_of(changed) == yaml_of(drill)
    assert notes == []


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_an_unchanged_csv_gives_the_same_exercise(
    drill: Drill, tmp_path: Path, lang: Lang, encoding: str, mark: str
) -> None:
    path, out = tmp_path / "m.csv", io.StringIO(newline="")
    text = csv_script(drill, Words(lang))
    csv.writer(out, delimiter=mark).writerows(csv.reader(io.StringIO(text.lstrip("\ufeff"), newline="")))
    path.write_bytes((text if mark == "," and encoding == "utf-8" else out.getvalue()).encode(encoding))
    changed, notes = edited(drill, read_sheet(path), vocabulary())
    assert yaml_of(changed) == yaml_of(drill)
    assert list(notes) == []


def test_no_text_of_a_csv_is_a_formula(drill: Drill) -> None:
    rows = list(csv.reader(io.StringIO(csv_script(drill, Words("en")).lstrip("\ufeff"), newline="")))
    assert any(cell.startswith("'=") for row in rows for cell in row)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("text", ["'=x", "''", "'quoted'", "-1", "@you", "a\nb", "  ", "x" * 19_000])
def test_texts_that_spreadsheets_take_for_others_survive(tmp_path: Path, text: str) -> None:
    entries = {"I": {"at": 5, "from": text, "text": f"{text}."}}
    drill = read_drill(write_brief(tmp_path, entries=entries))
    path = tmp_path / "m.csv"
    path.write_text(csv_script(drill, Words("en")), encoding="utf-8", newline="")
    assert yaml_of(edited(drill, read_sheet(path), vocabulary())[0]) == yaml_of(drill)
    changed, notes = book(drill, tmp_path / "m.xlsx", lambda _: None)
    assert (yaml_of(changed), notes) == (yaml_of(drill), [])


@pytest.mark.parametrize("text", ["=x", "'=x", "'quoted'", "+1"])
def test_a_script_may_be_saved_in_the_other_format(tmp_path: Path, text: str) -> None:
    entries = {**BRIEF["entries"], "I": {"at": 5, "from": text, "text": text}}
    drill = read_drill(write_brief(tmp_path, entries=entries))
    made = Workbook()
    sheet = made.worksheets[0]
    for row in csv.reader(io.StringIO(csv_script(drill, Words("en")).lstrip("\ufeff"), newline="")):
        sheet.append([None] * len(row))
        for cell, value in zip(sheet[sheet.max_row], row, strict=True):
            cell.value, cell.data_type = value, "s"
    made.save(tmp_path / "from-csv.xlsx")
    out = io.StringIO(newline="")
    (tmp_path / "m.xlsx").write_bytes(workbook(drill, Words("zh")))
    opened = load_workbook(tmp_path / "m.xlsx")
    csv.writer(out).writerows(opened["MSEL"].iter_rows(values_only=True))
    opened.close()
    (tmp_path / "from-book.csv").write_text(out.getvalue(), encoding="gb18030", newline="")
    for name in ("from-csv.xlsx", "from-book.csv"):
        changed, notes = edited(drill, read_sheet(tmp_path / name), vocabulary())
        assert (yaml_of(changed), notes) == (yaml_of(drill), ())


@pytest.mark.parametrize(
    ("value", "number_format"),
    [
        (timedelta(minutes=25), "[h]:mm:ss"),
        (time(0, 25), "h:mm"),
        ("0:25:00", "@"),
        ("T+25", "@"),
        (25, "General"),
        (1500 / 86_400, "General"),
        (1500 / 86_400, "[h]:mm:ss"),
        (1500 / 86_400, "yyyy-mm-dd hh:mm"),
    ],
)
def test_a_changed_time_moves_an_entry_and_what_is_expected(
    drill: Drill, tmp_path: Path, value: object, number_format: str
) -> None:
    changed, notes = book(drill, tmp_path / "m.xlsx", put("Scenario time (T+)", 2, value, number_format))
    assert notes == []
    assert list(in_order(changed).entries) == ["I2", "I3", "I1", "I4", "I5"]
    assert changed.line("I1").at == pytest.approx(1500.0, abs=0.01)
    assert changed.line("I1").entry.expects == drill.line("I1").entry.expects
    assert changed.line("I2") == drill.line("I2")


def test_words_people_and_ways_are_read_in_either_language(drill: Drill, tmp_path: Path) -> None:
    def edit(sheet: Any) -> None:
        put("发出方", 2, "邻居", "@")(sheet)
        put("接收方", 2, None)(sheet)
        put("方法", 2, "radio")(sheet)
        put("内容", 2, "第一行\n第二行")(sheet)
        put("触发方式", 2, " 手动 ")(sheet)
        put("目标", 2, "O2")(sheet)
        put("备用于", 3, "I3")(sheet)

    changed, _ = book(drill, tmp_path / "m.xlsx", edit, "zh")
    entry = changed.line("I1").entry
    assert (entry.sender, entry.to, entry.method, entry.text) == ("邻居", "", "radio", "第一行\n第二行")
    assert (entry.trigger, entry.objective) == ("manual", "O2")
    assert entry.inject == drill.line("I1").entry.inject
    assert changed.line("I2").entry.contingency_of == "I3"


def test_rows_may_be_new_or_gone_and_columns_strange(drill: Drill, tmp_path: Path) -> None:
    def edit(sheet: Any) -> None:
        sheet.delete_rows(6)  # I5
        for number, name in ((8, "N1"), (9, None)):  # below an empty row
            put("Inject id", number, name)(sheet)
            put("Scenario time (T+)", number, "0:40:00")(sheet)
            put("Description", number, f"row {number}")(sheet)
        put("Expected action", 8, "Somebody answers")(sheet)
        put("Expected by (T+)", 8, "0:44:00")(sheet)
        sheet["Z1"], sheet["Z2"] = "My own", "x"
        put("Status", 2, "sent")(sheet)
        put("Location", 2, "elsewhere")(sheet)

    changed, notes = book(drill, tmp_path / "m.xlsx", edit)
    assert [line.id for line in changed.lines] == ["I1", "I2", "I3", "I4", "N1", "entry-1"]
    new = changed.line("N1").entry
    assert (new.text, new.method, new.trigger, new.inject) == ("row 8", "phone", "time", None)
    assert [(action.text, action.by, action.seen) for action in new.expects] == [
        ("Somebody answers", 240.0, "")
    ]
    told = "\n".join(notes)
    for part in (
        "column 'My own' is not read",
        "taken out: I5",
        "new: N1, entry-1",
        "status",
        "R2: not read",
    ):
        assert part in told


def test_expected_actions_keep_how_they_are_seen(drill: Drill, tmp_path: Path) -> None:
    def edit(sheet: Any) -> None:
        put("Expected action", 2, "Neighbours are warned\nGas is shut off\nA unit is on scene", "@")(sheet)
        put("Expected by (T+)", 2, "0:14:00\n0:20:00\n+0:08:00", "@")(sheet)
        put("Expected by (T+)", 4, "+0:16:00")(sheet)

    changed, notes = book(drill, tmp_path / "m.xlsx", edit)
    expects = changed.line("I1").entry.expects
    assert [(a.text, a.by, a.seen) for a in expects] == [
        ("Neighbours are warned", 720.0, ""),
        ("Gas is shut off", 1080.0, ""),
        ("A unit is on scene", 480.0, "on_scene"),
    ]
    # A time of an entry that waits for a condition counts from its delivery.
    assert [a.by for a in changed.line("I3").entry.expects] == [960.0]
    assert len(notes) == 1
    assert "'Gas is shut off' is left to an evaluator" in notes[0]


def test_a_reworded_action_is_seen_as_before(drill: Drill, tmp_path: Path) -> None:
    edit = put("Expected action", 2, "An engine is there\nNeighbours are warned", "@")
    changed, notes = book(drill, tmp_path / "m.xlsx", edit)
    first = changed.line("I1").entry.expects[0]
    assert (first.text, first.by, first.seen, notes) == ("An engine is there", 600.0, "on_scene", [])


def test_another_trigger_drops_the_condition(drill: Drill, tmp_path: Path) -> None:
    changed, _ = book(drill, tmp_path / "m.xlsx", put("Trigger", 4, "time"))
    entry = changed.line("I3").entry
    assert (entry.trigger, entry.when, [a.by for a in entry.expects]) == ("time", None, [900.0])


def test_every_bad_cell_is_told_at_once_with_its_address(drill: Drill, tmp_path: Path) -> None:
    bad = {
        "Scenario time (T+)": (2, "soon"),
        "Method": (3, "pigeon"),
        "Trigger": (5, "condition"),
        "Description": (6, None),
        "Expected by (T+)": (4, "0:01:00\n0:02:00"),
    }

    def edit(sheet: Any) -> None:
        for heading, (row, value) in bad.items():
            put(heading, row, value)(sheet)
        put("Scenario time (T+)", 6, datetime(2026, 5, 12, 9))(sheet)
        sheet.append(["I1", "0:10:00"])

    with pytest.raises(InputError) as caught:
        book(drill, tmp_path / "m.xlsx", edit)
    places = {problem.place for problem in caught.value.problems}
    assert places == {f"m.xlsx MSEL!{cell}" for cell in ("B2", "F3", "L5", "G6", "I4", "B6", "A7")}
    assert all(problem.remedy for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("heading", "row", "value", "cell"),
    [
        ("Objective", 2, "O9", "J2"),
        ("Controller", 2, "nobody", "O2"),
        ("Contingency of", 5, "I9", "N5"),
        ("Scenario time (T+)", 2, "1:00:00", "B2"),
        ("Expected by (T+)", 2, "0:02:00\n0:14:00", "I2"),
        ("Inject id", 5, "a,b", "A5"),
    ],
)
def test_what_the_exercise_refuses_is_told_with_the_cell(
    drill: Drill, tmp_path: Path, heading: str, row: int, value: str, cell: str
) -> None:
    with pytest.raises(InputError) as caught:
        book(drill, tmp_path / "m.xlsx", put(heading, row, value, "@"))
    assert f"m.xlsx MSEL!{cell}" in {problem.place for problem in caught.value.problems}


def test_an_entry_that_others_wait_for_cannot_go(drill: Drill, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"MSEL!N4.*I1"):
        book(drill, tmp_path / "m.xlsx", lambda sheet: sheet.delete_rows(2))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("m.xlsx", b"PK\x03\x04 nothing", "is no workbook"),
        ("m.csv", b"a,b\n1,2\n", "no column 'id'"),
        ("m.csv", b"", "no column 'id'"),
        ("m.csv", b"id,at\n", "has no rows"),
        ("m.csv", b"id,\xff\xff\n", "neither UTF-8 nor GB 18030"),
        ("m.csv", b"id,at\n" + b"x,1\n" * 6000, "more than 5000 rows"),
    ],
)
def test_files_that_are_no_script_are_refused(
    drill: Drill, tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=told):
        edited(drill, read_sheet(path), vocabulary())


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_sheet(tmp_path / "none.xlsx")


def test_without_a_column_everything_in_it_stays(drill: Drill, tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("id,description\n" + "".join(f"{name},new {name}\n" for name in BRIEF["entries"]))
    changed, _ = edited(drill, read_sheet(path), vocabulary())
    for line in drill.lines:
        now = changed.line(line.id).entry
        assert now == line.entry.model_copy(update={"text": f"new {line.id}"})
