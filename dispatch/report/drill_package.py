"""The package of an exercise: all its papers, script in several formats, calendar, alerts, one page."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import replace
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dispatch.briefing.contents import Briefing, Number, Said, Section
from dispatch.drills.documents import AID, LED, MARK, documents, objectives
from dispatch.drills.facts import GRADES, facts, facts_for_players
from dispatch.drills.script import COLUMNS, deadline_text, is_planned, rows
from dispatch.errors import UsageError
from dispatch.io.run_folder import json_text
from dispatch.io.tables import csv_text
from dispatch.io.whole_folders import check_listed, write_folder_whole
from dispatch.io.yaml_writing import as_written, yaml_text
from dispatch.report.drill_alerts import alert
from dispatch.report.drill_calendar import calendar
from dispatch.report.markdown import whole_document
from dispatch.report.page import page
from dispatch.report.script_sheet import csv_script, workbook
from dispatch.report.words import Words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dispatch.drills.documents import Document
    from dispatch.drills.drill import Drill
    from dispatch.drills.proving import Proof
    from dispatch.drills.script import Row
    from dispatch.report.words import Lang

LIST = "files.csv"
"""Names every file of a package with its title and digest."""

DRILL = "drill.yaml"
KIND = Said("Exercise package")

_NOT_IN_FILES = re.compile(r"[^\w.-]+")


def package(drill: Drill, proof: Proof, lang: Lang, folder: Path) -> dict[str, bytes]:
    """Return the files of a package by name; ``folder`` is where it will stand.

    The exercise must be finished: everything drawn, and its entries in order of time.
    """
    words = Words(lang)
    papers = documents(drill, proof)
    mark = digest(drill)
    cited = replace(drill, file=drill.file.model_copy(update={"scenario": _cited(drill, folder)}))
    found = {DRILL: yaml_text(as_written(cited.file)).encode()}
    for paper in papers:
        found[f"{paper.name}.md"] = whole_document(
            drill.file.title, paper.marks, paper.sections, words, paper.title
        ).encode()
    found["msel.csv"] = csv_script(drill, words).encode()
    found["msel.xlsx"] = workbook(drill, words)
    found["msel.json"] = json_text(script_document(drill)).encode()
    found["exercise.ics"] = calendar(drill, words, mark)
    taken: set[str] = set()
    for row in rows(drill):
        if row.line.entry.method == "cap":
            found[f"cap/{_file_name(row.line.id, taken)}.xml"] = alert(drill, row, words, mark)
    for_players = [paper for paper in papers if not paper.is_led]
    found["players.html"] = page(_for_players(drill, for_players), lang).encode()
    found["index.html"] = page(_briefing(drill, proof, papers), lang).encode()
    return found


def write_package(folder: Path, files: Mapping[str, bytes], *, spared: Sequence[Path] = ()) -> None:
    """Write a package whole or not at all; an older one is replaced unless people changed something in it.

    ``spared`` are files that may be changed, because they have been read.
    """
    check_package(folder, spared=spared)
    names = sorted(files)
    listed = {"file": names, "digest": [_digest(files[name]) for name in names]}
    write_folder_whole(folder, LIST, {**files, LIST: csv_text(listed).encode()})


def check_package(folder: Path, *, spared: Sequence[Path] = ()) -> None:
    """Raise UsageError where a package would take the place of something else, or of what people changed."""
    check_listed(folder, LIST)
    read = {os.path.realpath(path) for path in spared}
    for name, known in _digests(folder / LIST).items():
        path = folder / name
        if os.path.realpath(path) in read or not path.is_file() or _digest(path.read_bytes()) == known:
            continue
        message = f"{folder}: '{name}' was changed since it was written."
        hint = (
            "Read it back with --msel, or name a new folder."
            if name in ("msel.xlsx", "msel.csv")
            else "Name a new folder, so that nothing is lost."
        )
        raise UsageError(message, hint=hint)


def _digests(path: Path) -> dict[str, str]:
    """Return the digests that a list of files names; none where there is no list."""
    import csv

    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {row["file"]: row["digest"] for row in csv.DictReader(file)}
    except (OSError, ValueError, KeyError, csv.Error):
        return {}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def digest(drill: Drill) -> str:
    """Return what tells an exercise from others in ids of messages."""
    file = drill.file.model_copy(update={"scenario": drill.base.name})
    return _digest(yaml_text(as_written(file)).encode())[:12]


def _cited(drill: Drill, folder: Path) -> str:
    """Return how the package cites its scenario: as the brief does where that works, or else its path."""
    cited, wanted = drill.file.scenario, os.path.realpath(drill.scenario_path)
    here = folder.absolute()
    for base in (here, *(up for up in here.parents if (up / "networks").is_dir())):
        for name in (cited, f"{cited}.yaml"):
            if os.path.realpath(base / name) == wanted:
                return cited
    if Path(cited).is_absolute():
        return cited
    return Path(os.path.relpath(wanted, os.path.realpath(here))).as_posix()


def _file_name(name: str, taken: set[str]) -> str:
    """Return a name of a file of its own for an entry."""
    plain = _NOT_IN_FILES.sub("-", name).strip(".-")[:60] or "entry"
    found, number = plain, 1
    while found.lower() in taken:
        number += 1
        found = f"{plain}-{number}"
    taken.add(found.lower())
    return found


def script_document(drill: Drill) -> dict[str, Any]:
    """Return the script as plain JSON: times in seconds of play, injects as they are written."""
    return {
        "title": drill.file.title,
        "columns": list(COLUMNS),
        "entries": [_entry_document(row) for row in rows(drill)],
    }


def _entry_document(row: Row) -> dict[str, Any]:
    line, entry = row.line, row.line.entry
    written = as_written(entry)
    return {
        "id": line.id,
        "at": line.at,
        "wall": row.wall.isoformat(),
        "from": entry.sender,
        "to": entry.to,
        "method": entry.method,
        "description": entry.text,
        "expected": [
            {
                **as_written(action),
                "by": action.by,
                "expected_by": deadline_text(line, action),
                "at": line.at + action.by if is_planned(line) else None,
            }
            for action in entry.expects
        ],
        "objective": entry.objective,
        "plan_ref": row.plan,
        "trigger": entry.trigger,
        "condition": written.get("when"),
        "contingency_of": entry.contingency_of,
        "controller": entry.controller,
        "evaluator": entry.evaluator,
        "inject": written.get("inject"),
        "status": None,
        "response_note": None,
        "rating": None,
    }


def _briefing(drill: Drill, proof: Proof, papers: Sequence[Document]) -> Briefing:
    """Return all papers as one report, for those who lead the exercise."""
    return Briefing(
        title=drill.file.title,
        description=drill.file.description,
        marks=(MARK, LED, AID),
        facts=facts(drill),
        statements=statements(drill, proof),
        headline=objectives(drill, "headline"),
        sections=_sections(papers),
        map=None,
        layers=(),
        kind=KIND,
    )


def _for_players(drill: Drill, papers: Sequence[Document]) -> Briefing:
    """Return the papers for players as one report, which tells nothing of the script."""
    return Briefing(
        title=drill.file.title,
        description=drill.file.description,
        marks=(MARK, AID),
        facts=facts_for_players(drill),
        statements=(),
        headline=objectives(drill, "headline"),
        sections=_sections(papers),
        map=None,
        layers=(),
        kind=Said("Papers for players"),
    )


def _sections(papers: Sequence[Document]) -> tuple[Section, ...]:
    """Return the sections of several papers, whose tables bear names of their own."""
    sections: list[Section] = []
    for paper in papers:
        for section in paper.sections:
            title = paper.title
            if section.title != paper.title:
                title = Said("{document}: {section}", {"document": title, "section": section.title})
            items = tuple(
                replace(item, id=f"{paper.name}-{section.id}-{number}")
                for number, item in enumerate(section.items)
            )
            sections.append(replace(section, id=f"{paper.name}-{section.id}", title=title, items=items))
    return tuple(sections)


def statements(drill: Drill, proof: Proof) -> tuple[Said, ...]:
    """Return in sentences what an exercise holds, and what the model made of it."""
    total = sum(len(line.entry.expects) for line in drill.lines)
    counts: dict[str, Any] = {
        "entries": Number(len(drill.lines), "whole"),
        "objectives": Number(len(drill.file.objectives), "whole"),
        "actions": Number(total, "whole"),
    }
    difficulty = proof.difficulty
    hard: dict[str, Any] = {
        "grade": GRADES[difficulty.grade],
        "calls": Number(difficulty.calls, "whole"),
        "most": Number(difficulty.open_at_once, "whole"),
        "share": Number(difficulty.committed, "share"),
    }
    seen = sum(not isnan(moment) for moment in proof.seen.values())
    met: dict[str, Any] = {"met": Number(len(proof.met), "whole"), "seen": Number(seen, "whole")}
    return (
        Said("Entries: {entries}. Objectives: {objectives}. Expected actions: {actions}.", counts),
        Said(
            "Difficulty, measured in the model's own play: {grade} (calls: {calls}, open at once: {most}, "
            "own units committed at once: {share}).",
            hard,
        ),
        Said("Of {seen} expected actions that the log can show, the model itself meets {met} in time.", met),
    )
