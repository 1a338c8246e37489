"""``dispatch drill new``: what it writes, what it says, and how it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.drills.exercises import code_of
from tests.drills.packaged import BRIEF, write_brief

if TYPE_CHECKING:
    from pathlib import Path

DRAWN: dict[str, Any] = {
    "draw": {
        "calls": [{"type": "fire", "count": 2, "objective": "O1"}],
        "stress": {"units": 1, "objective": "O2"},
    }
}


def ends(code: int, *words: object) -> None:
    assert code_of("drill", "new", *words) == code


def test_notes_are_in_the_language_of_the_papers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    brief = write_brief(tmp_path)
    for lang, note in (("en", "is not delivered when the model plays."), ("zh", "在模型推演中未下达。")):
        ends(0, brief, "-o", tmp_path / lang, "--lang", lang, "--json")
        told = capsys.readouterr()
        assert any(line.startswith("note: ") and line.endswith(note) for line in told.err.splitlines())
        assert any(line.endswith(note) for line in json.loads(told.out)["notes"])


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    brief = write_brief(tmp_path, **DRAWN)
    for name, more in (("a", ()), ("b", ()), ("c", ("--seed", 7)), ("d", ("--seed", 8))):
        ends(0, brief, "-o", tmp_path / name, *more)
    a, b, c, d = (contents(tmp_path / name) for name in "abcd")
    assert a == b == c
    assert a["drill.yaml"] != d["drill.yaml"]


def test_what_was_made_can_be_made_again(tmp_path: Path) -> None:
    ends(0, write_brief(tmp_path, **DRAWN), "-o", tmp_path / "a", "--lang", "zh")
    ends(0, tmp_path / "a" / "drill.yaml", "-o", tmp_path / "b", "--lang", "zh")
    ends(0, tmp_path / "a" / "drill.yaml", "-o", tmp_path / "c", "--msel", tmp_path / "a" / "msel.xlsx")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert contents(tmp_path / "a")["drill.yaml"] == contents(tmp_path / "c")["drill.yaml"]


def test_an_edited_script_goes_into_all_papers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a"
    ends(0, write_brief(tmp_path), "-o", out)
    sheet = out / "msel.csv"
    text = sheet.read_text(encoding="utf-8-sig").replace("A video is shared", "A rumour spreads")
    sheet.write_text(text, encoding="utf-8-sig")
    capsys.readouterr()
    ends(2, tmp_path / "brief.yaml", "-o", out)
    assert "msel.csv' was changed" in capsys.readouterr().err
    ends(0, out / "drill.yaml", "-o", out, "--msel", sheet)
    found = contents(out)
    for name in ("drill.yaml", "msel.md", "msel.json", "msel.csv", "index.html", "controller-handbook.md"):
        assert b"A rumour spreads" in found[name]
        assert b"A video is shared" not in found[name]


def test_a_summary_in_words_and_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    brief = write_brief(tmp_path)
    ends(0, brief, "-o", tmp_path / "a")
    told = capsys.readouterr()
    assert "Entries: 5. Objectives: 2. Expected actions: 3." in told.out
    assert "Of 1 expected actions that the log can show, the model itself meets 1 in time." in told.out
    assert f"wrote {tmp_path / 'a'}" in told.err
    ends(0, brief, "-o", tmp_path / "b", "--json")
    document = json.loads(capsys.readouterr().out)
    assert (document["entries"], document["met_by_model"], document["shown_by_log"]) == (5, 1, 1)
    assert (document["difficulty"]["grade"], document["difficulty"]["calls"]) == ("easy", 1)
    assert document["files"] == sorted(set(contents(tmp_path / "b")) - {"files.csv"})
    assert str(tmp_path) not in json.dumps(document)


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        ({"lasts": "soon"}, 2, "brief.yaml:"),
        ({"scenario": "none.yaml"}, 2, "no scenario 'none.yaml'"),
        ({"entries": {**BRIEF["entries"], "I9": {"at": "2 h", "text": "x"}}}, 2, "entries.I9.at"),
        (
            {"draw": {"calls": [{"type": "fire", "objective": "O1"}], "difficulty": "hard"}, "entries": {}},
            3,
            "hard",
        ),
    ],
)
def test_what_cannot_be_made_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], code: int, told: str
) -> None:
    ends(code, write_brief(tmp_path, **changes), "-o", tmp_path / "out")
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_requests_that_make_no_sense_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    brief = write_brief(tmp_path)
    for words in ((), (brief, "--from-run", tmp_path), (brief, "--replication", 1)):
        ends(2, *words, "-o", tmp_path / "out")
    ends(2, brief, "-o", tmp_path)  # holds other things
    ends(2, brief, "-o", tmp_path / "out", "--msel", tmp_path / "none.xlsx")
    ends(2, tmp_path / "none.yaml", "-o", tmp_path / "out")
    told = capsys.readouterr().err
    for part in ("either a BRIEF or --from-run", "belong to --from-run", "was not written here before",
                 "none.xlsx", "none.yaml"):  # fmt: skip
        assert part in told
    assert not (tmp_path / "out").exists()


def test_a_stressful_day_of_a_run_becomes_an_exercise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_brief(tmp_path)
    assert code_of("run", tmp_path / "scenario.yaml", "-r", 1, "-o", tmp_path / "run") == 0
    capsys.readouterr()
    ends(0, "--from-run", tmp_path / "run", "-o", tmp_path / "out", "--json")
    document = json.loads(capsys.readouterr().out)
    assert document["entries"] > 0
    assert document["met_by_model"] > 0
    ends(0, tmp_path / "out" / "drill.yaml", "-o", tmp_path / "again")
    assert contents(tmp_path / "out") == contents(tmp_path / "again")
    ends(2, "--from-run", tmp_path / "run", "--replication", 5, "-o", tmp_path / "no")
    assert "replication 5" in capsys.readouterr().err
