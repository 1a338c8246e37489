"""Briefs by chance: each becomes an exercise that is played to ENDEX and read back, or is refused clearly."""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from dispatch.drills.drawing import drawn_and_proven
from dispatch.drills.drill import read_drill
from dispatch.drills.editing import edited, in_order
from dispatch.drills.playing import Play
from dispatch.drills.session import Session
from dispatch.errors import InfeasibleError, InputError, UsageError
from dispatch.io.yaml_writing import as_written, yaml_text
from dispatch.report.drill_package import package
from dispatch.report.script_sheet import csv_script, read_sheet, vocabulary, workbook
from dispatch.report.words import Words
from tests.drills.drawn_briefs import WORLD, random_brief
from tests.small import write_scenario

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.drills.drill import Drill
    from dispatch.drills.proving import Proof
    from dispatch.report.words import Lang

Refusal = InputError | InfeasibleError | UsageError


def tried(folder: Path, seed: int) -> Refusal | None:
    """Make an exercise of a brief, play it, package it, and read it back; return how it was refused if so."""
    brief = folder / "brief.yaml"
    with brief.open("w", encoding="utf-8") as file:
        YAML().dump(random_brief(random.Random(seed)), file)
    try:
        made, proof = drawn_and_proven(read_drill(brief), "zh" if seed % 2 else "en")
    except (InputError, InfeasibleError, UsageError) as error:
        return error
    made = replace(made, file=in_order(made))
    with closing(Session.begin(folder / f"{seed}.jsonl")) as session:
        play = Play(made, session, 0.0, scale=inf, silent="advice", attended=False)
        play.step(0.0)
    assert play.state.ended == made.file.lasts
    assert (play.state.delivered, play.state.skipped) == (proof.delivered, {})
    write_papers(folder, made, proof, "zh" if seed % 2 else "en", whole=seed % 5 == 0)
    again = read_drill(folder / "drill.yaml")
    assert again.file == made.file
    for name in ("msel.xlsx", "msel.csv"):
        changed, notes = edited(again, read_sheet(folder / name), vocabulary())
        assert (in_order(changed), notes) == (made.file, ())
    return None


def write_papers(folder: Path, made: Drill, proof: Proof, lang: Lang, *, whole: bool) -> None:
    """Write what is read back: of a whole package, or made alone, which is quicker."""
    words = Words(lang)
    files = {
        "drill.yaml": yaml_text(as_written(made.file)).encode(),
        "msel.xlsx": workbook(made, words),
        "msel.csv": csv_script(made, words).encode(),
    }
    if whole:
        packaged = package(made, proof, lang, folder)
        files = {name: packaged[name] for name in files}
    for name, content in files.items():
        (folder / name).write_bytes(content)


def is_clear(error: Refusal) -> bool:
    """Whether a refusal says where, what, and what to do."""
    if isinstance(error, InputError):
        return all(
            each.place.startswith("brief.yaml") and each.fact and each.remedy for each in error.problems
        )
    return str(error.args[0]).startswith("brief.yaml") and bool(error.hint)


@pytest.mark.parametrize("block", range(4))
def test_briefs_become_exercises_that_are_played_and_read_back_or_say_why_not(
    tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatch.drills.drawing.ATTEMPTS", 3)
    write_scenario(tmp_path, **WORLD)
    refusals = [tried(tmp_path, 1000 * block + number) for number in range(50)]
    told = [error for error in refusals if error is not None]
    assert [str(error) for error in told if not is_clear(error)] == []
    assert 10 <= len(told) <= 40


def test_what_is_drawn_could_be_read_also_where_the_model_never_delivers_it(tmp_path: Path) -> None:
    """Both silence the radio, the brief only where nobody is told; the model counts everybody as told."""
    write_scenario(tmp_path, **WORLD)
    silence = {"inject": {"outage": {"comms": True, "slower_by": 60}}, "at": 0, "text": "Silence."}
    told = {"at": 0, "text": "Tell them.", "expects": [{"text": "They are told.", "by": "5 min"}]}
    brief = {
        "title": "t", "scenario": "scenario.yaml", "lasts": "1 h", "draw": {"stress": {"slower_by": "3 min"}},
        "entries": {"I1": told, "I2": {**silence, "contingency_of": "I1"}},
    }  # fmt: skip
    with (tmp_path / "brief.yaml").open("w", encoding="utf-8") as file:
        YAML().dump(brief, file)
    drill = read_drill(tmp_path / "brief.yaml")
    with pytest.raises(InfeasibleError, match=r"inject\.outage: communications are out of service already"):
        drawn_and_proven(drill)
