"""Whatever a script says: its spreadsheets, as they were written, give back the same exercise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dispatch.drills.drill import Drill, read_drill, remade
from dispatch.drills.editing import edited, in_order
from dispatch.io.yaml_writing import as_written, yaml_text
from dispatch.model.briefs import DrillFile
from dispatch.report.script_sheet import csv_script, read_sheet, vocabulary, workbook
from dispatch.report.words import Words
from tests.drills.packaged import write_brief

if TYPE_CHECKING:
    from pathlib import Path

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(str.strip)
ID = TEXT.map(str.strip).filter(lambda text: not set(text) & set("[],=\n\r\t"))
ACTION = st.fixed_dictionaries({"text": TEXT, "by": st.floats(0.01, 1000)})
ENTRY = st.fixed_dictionaries(
    {"at": st.one_of(st.integers(0, 3599), st.floats(0, 3599)), "text": TEXT},
    optional={
        "from": TEXT,
        "to": TEXT,
        "method": st.sampled_from(["phone", "in_person", "cap"]),
        "trigger": st.sampled_from(["time", "manual"]),
        "expects": st.lists(ACTION, max_size=3),
    },
)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Drill:
    return read_drill(write_brief(tmp_path_factory.mktemp("laws"), entries={}))


@settings(max_examples=30, deadline=None, phases=[Phase.generate])
@given(entries=st.dictionaries(ID, ENTRY, min_size=1, max_size=4), lang=st.sampled_from(["en", "zh"]))
def test_sheets_as_they_were_written_change_nothing(
    bare: Drill, tmp_path_factory: pytest.TempPathFactory, entries: dict[str, Any], lang: Any
) -> None:
    written = DrillFile.model_validate({**as_written(bare.file), "entries": entries})
    made = remade(bare, written)
    drill = replace(made, file=in_order(made))
    folder: Path = tmp_path_factory.mktemp("sheets")
    (folder / "m.csv").write_text(csv_script(drill, Words(lang)), encoding="utf-8", newline="")
    (folder / "m.xlsx").write_bytes(workbook(drill, Words(lang)))
    for name in ("m.csv", "m.xlsx"):
        changed, notes = edited(drill, read_sheet(folder / name), vocabulary())
        assert yaml_text(as_written(in_order(changed))) == yaml_text(as_written(drill.file))
        assert notes == ()
