"""Packages of exercises: every paper in both languages, the same bytes, and nothing of people lost."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from icalendar import Calendar

from dispatch.drills.documents import LED, documents
from dispatch.drills.drill import Drill, read_drill
from dispatch.drills.editing import edited, in_order
from dispatch.drills.proving import Proof, prove
from dispatch.drills.roles import roles_of
from dispatch.drills.script import clock_text, held, wall_of
from dispatch.errors import UsageError
from dispatch.report.drill_package import check_package, package, write_package
from dispatch.report.script_sheet import read_sheet, vocabulary
from dispatch.report.words import Words
from tests.drills.packaged import BRIEF, write_brief

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.report.words import Lang

PAPERS = {"narrative", "exercise-plan", "role-cards", "communications", "msel", "controller-handbook",
          "evaluator-forms", "aar-template"}  # fmt: skip
FOR_PLAYERS = ("narrative", "exercise-plan", "role-cards", "communications")
OTHERS = {"drill.yaml", "msel.csv", "msel.xlsx", "msel.json", "exercise.ics", "index.html", "players.html",
          "cap/I2.xml"}  # fmt: skip


def made(path: Path) -> tuple[Drill, Proof]:
    drill = read_drill(path)
    return replace(drill, file=in_order(drill)), prove(drill)


@pytest.fixture(scope="module")
def exercise(tmp_path_factory: pytest.TempPathFactory) -> tuple[Drill, Proof, Path]:
    folder = tmp_path_factory.mktemp("exercise")
    return (*made(write_brief(folder)), folder)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_package_holds_all_papers_the_same_every_time(
    exercise: tuple[Drill, Proof, Path], lang: Lang
) -> None:
    drill, proof, folder = exercise
    files = package(drill, proof, lang, folder / "out")
    assert set(files) == OTHERS | {f"{name}.md" for name in PAPERS}
    assert package(*made(folder / "brief.yaml"), lang, folder / "out") == files
    texts = {name: content.decode() for name, content in files.items() if name.endswith(".md")}
    said = {"en": "EXERCISE EXERCISE EXERCISE", "zh": "演练 演练 演练"}[lang]
    assert all(f"> **{said}**" in text for text in texts.values())
    # Nothing of a user formats, and no message was left with a name in braces.
    assert all("# 演练 & drill".replace("&", r"\&") + r" \<1\>" in text for text in texts.values())
    assert not [text for text in texts.values() if re.search(r"\{\w+\}", text)]


def test_chinese_papers_are_in_chinese(exercise: tuple[Drill, Proof, Path]) -> None:
    drill, proof, folder = exercise
    files = package(drill, proof, "zh", folder / "out")
    plan = files["exercise-plan.md"].decode()
    for words in (
        "演练目标",
        "日程",
        "角色分工",
        "演练规则",
        "安全",
        "评估方法",
        "优",
        "良",
        "中",
        "差",
        "真实警情",
    ):
        assert words in plan
    heads = re.findall(r"^#+ (.*)$", plan, re.MULTILINE)
    assert all(re.search("[\u4e00-\u9fff]", head) for head in heads)


def test_players_learn_nothing_of_the_script(exercise: tuple[Drill, Proof, Path]) -> None:
    drill, proof, folder = exercise
    files = package(drill, proof, "en", folder / "out")
    script = (
        "House fire",
        "Gusts",
        "A video",
        "No unit came",
        "A unit is on scene",
        "A statement",
        "0:02:00",
    )
    for name in FOR_PLAYERS:
        text = files[f"{name}.md"].decode()
        assert not [words for words in script if words in text]
        assert "not for players" not in text
    for name in PAPERS - {*FOR_PLAYERS}:
        assert "not for players" in files[f"{name}.md"].decode()


def secrets(drill: Drill, files: dict[str, bytes]) -> set[str]:
    """Return what of an exercise only those who lead may know: its script, its seed and when it is."""
    found = {str(drill.file.seed)}
    for row in csv.DictReader(io.StringIO(files["msel.csv"].decode("utf-8-sig"), newline="")):
        cells = (row["id"], row["at"], row["description"], *row["expected_action"].split("\n"))
        found |= {" ".join(cell.split()) for cell in cells if cell}
        found |= {row["wall"].split()[1][:5], row["from"]} - {""}
    start = held(drill)
    found |= {f"{moment:%H:%M}" for moment in (start, wall_of(drill, drill.file.lasts))}
    return found | {
        f"{start:%Y-%m-%d}",
        f"{start.month}月{start.day}日",
        f"{start.day} {start:%b}",
        drill.base.name,
    }


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_papers_for_players_of_a_double_blind_exercise_tell_neither_when_nor_what(
    tmp_path: Path, lang: Lang
) -> None:
    entries = {f"ZQ-{name}": {**entry} for name, entry in BRIEF["entries"].items()}
    for entry in entries.values():
        entry.pop("contingency_of", None)
    entries["ZQ-I5"]["text"] = "Everybody goes home"
    entries["ZQ-I3"]["when"] = {"on_scene": {"incident": "ZQ-I1"}}
    entries["ZQ-I1"]["expects"] = [{"text": "Neighbours are warned", "by": "12 min"}]
    changes = {"unscripted": True, "entries": entries, "seed": 918273, "description": ""}
    drill, proof = made(write_brief(tmp_path, **changes))
    base = replace(drill.base, file=drill.base.file.model_copy(update={"description": "It will burn."}))
    files = package(replace(drill, base=base), proof, lang, tmp_path / "out")
    hidden = {*secrets(drill, files), "It will burn."}
    assert {"918273", "ZQ-I2", "0:12:30.500", "09:01", "09:00", "09:30", "weather office"} <= hidden
    for name in (*(f"{name}.md" for name in FOR_PLAYERS), "players.html"):
        text = " ".join(html.unescape(files[name].decode()).replace("\\", "").split())
        assert not [words for words in hidden if re.search(rf"(?<![\w.]){re.escape(words)}", text)], name
        assert Words(lang).say(LED) not in text
    told = {name: files[name].decode() for name in ("index.html", "exercise.ics")}
    assert Words(lang).say(LED) in told["index.html"]
    assert Words(lang).say(LED) in str(Calendar.from_ical(told["exercise.ics"])["X-WR-CALNAME"])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_for_players_holds_their_papers_only(
    exercise: tuple[Drill, Proof, Path], lang: Lang
) -> None:
    drill, proof, folder = exercise
    text = package(drill, proof, lang, folder / "out")["players.html"].decode()
    ids = {one.removeprefix(f"{lang}-") for one in re.findall(r'\bid="([^"]+)"', text)}
    assert {name for name in PAPERS if any(one.startswith(f"{name}-") for one in ids)} == set(FOR_PLAYERS)
    assert not [words for words in ("House fire", "Gusts", "A video", "0:02:00") if words in text]
    assert "Duty officer" in text


def test_what_the_model_found_and_who_sends_what_is_for_those_who_lead(
    exercise: tuple[Drill, Proof, Path],
) -> None:
    drill, proof, folder = exercise
    files = package(drill, proof, "en", folder / "out")
    for name in (*(f"{name}.md" for name in FOR_PLAYERS), "players.html"):
        text = files[name].decode()
        assert not [
            words for words in ("Resources stressed", "weather office", "CAP message") if words in text
        ]
    handbook = files["controller-handbook.md"].decode()
    assert "## Resources stressed" in handbook
    assert '| weather office | centre "north" office | CAP message |' in handbook
    assert "| Controller | controller |" in files["communications.md"].decode()


def test_a_contingency_comes_at_no_moment_of_its_own(exercise: tuple[Drill, Proof, Path]) -> None:
    drill, proof, folder = exercise
    files = package(drill, proof, "en", folder / "out")
    shown = {row.split(" | ")[0]: row for row in files["msel.md"].decode().split("\n| ")}
    assert shown["I4"].startswith("I4 | from 0:30:00 |  |")
    assert "| contingency of I1 |" in shown["I4"]
    assert shown["I3"].startswith("I3 | from 0:20:00 |  |")
    assert shown["I1"].startswith("I1 | 0:02:00 | 2026-05-12 09:01:00 |")
    handbook = files["controller-handbook.md"].decode()
    assert "| I4 | from 0:30:00 | contingency | an action expected of I1 is overdue |" in handbook
    (row,) = [
        row
        for row in csv.DictReader(io.StringIO(files["msel.csv"].decode("utf-8-sig"), newline=""))
        if row["id"] == "I4"
    ]
    assert (row["at"], row["trigger"], row["contingency_of"]) == ("0:30:00", "contingency", "I1")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", ["msel.xlsx", "msel.csv"])
def test_a_script_with_a_contingency_is_read_back_as_it_was(
    exercise: tuple[Drill, Proof, Path], tmp_path: Path, lang: Lang, name: str
) -> None:
    drill, proof, folder = exercise
    path = tmp_path / name
    path.write_bytes(package(drill, proof, lang, folder / "out")[name])
    again, notes = edited(drill, read_sheet(path), vocabulary())
    assert (again.file.entries, notes) == (drill.file.entries, ())


def test_a_double_blind_exercise_tells_players_still_less(tmp_path: Path) -> None:
    drill, proof = made(write_brief(tmp_path, unscripted=True))
    files = package(drill, proof, "en", tmp_path / "out")
    assert "Briefing of players" not in files["exercise-plan.md"].decode()
    assert "Double-blind" in files["exercise-plan.md"].decode()
    assert "Resources stressed" not in files["exercise-plan.md"].decode()
    assert "weather office" not in files["communications.md"].decode()
    assert "Resources stressed" in files["controller-handbook.md"].decode()


def test_the_finished_exercise_is_read_back_as_it_was(exercise: tuple[Drill, Proof, Path]) -> None:
    drill, proof, folder = exercise
    out = folder / "far" / "away"
    write_package(out, package(drill, proof, "en", out))
    again = read_drill(out / "drill.yaml")
    assert again.file.model_copy(update={"scenario": "scenario.yaml"}) == drill.file
    assert again.scenario_path.resolve() == drill.scenario_path.resolve()
    assert again.lines == drill.lines


def test_the_script_is_the_same_in_all_formats(exercise: tuple[Drill, Proof, Path]) -> None:
    drill, proof, folder = exercise
    files = package(drill, proof, "en", folder / "out")
    entries = json.loads(files["msel.json"])["entries"]
    table = list(csv.DictReader(io.StringIO(files["msel.csv"].decode("utf-8-sig"), newline="")))
    assert [entry["id"] for entry in entries] == [row["id"] for row in table] == list(BRIEF["entries"])
    assert [entry["at"] for entry in entries] == [120.0, 750.5, 1200.0, 1800.0, 3000.0]
    assert [row["at"] for row in table] == ["0:02:00", "0:12:30.500", "0:20:00", "0:30:00", "0:50:00"]
    assert entries[0]["wall"] == "2026-05-12T09:01:00+08:00"
    assert table[0]["wall"] == "2026-05-12 09:01:00"
    assert table[0]["expected_by"] == "0:12:00\n0:14:00"
    assert table[2]["expected_by"] == "'+0:15:00"
    assert [one["at"] for one in entries[0]["expected"]] == [720.0, 840.0]
    assert entries[0]["expected"][0]["on_scene"] == {"incident": "I1"}
    assert (table[0]["plan_ref"], table[0]["location"]) == ("Plan 4.2", "c")
    assert entries[2]["condition"] == {"on_scene": {"incident": "I1"}}
    assert table[3]["contingency_of"] == "I1"
    shown = files["msel.md"].decode()
    assert "| (1) A unit is on scene; (2) Neighbours are warned | (1) 0:12:00; (2) 0:14:00 |" in shown


def test_the_handbook_says_what_the_model_did(exercise: tuple[Drill, Proof, Path]) -> None:
    drill, proof, folder = exercise
    text = package(drill, proof, "en", folder / "out")["controller-handbook.md"].decode()
    # The engine of a needs no turnout and two minutes of driving: two minutes after the call.
    assert proof.seen["I1", 0] == pytest.approx(240.0)
    assert "| I1 | A unit is on scene | 0:12:00 | 0:04:00 | met |" in text
    assert "| I1 | Neighbours are warned | 0:14:00 |  | for an evaluator |" in text
    # The unit leaves after ten minutes, before the moment from which the condition is looked at.
    assert "| I3 | A statement |  |  | entry not delivered |" in text
    assert "an action expected of I1 is overdue" in text


def test_usual_roles_stand_in_and_those_of_entries_join_them(tmp_path: Path) -> None:
    changes = {"roles": {}, "objectives": {}, "entries": {"I": {"at": 1, "text": "x", "controller": "Zoe"}}}
    drill, proof = made(write_brief(tmp_path, **changes))
    cards = next(one for one in documents(drill, proof) if one.name == "role-cards")
    assert len(cards.sections) == 8
    text = package(drill, proof, "en", tmp_path / "out")["role-cards.md"].decode()
    assert "## Zoe" in text
    assert "## Duty officer of the command centre" in text
    papers = package(drill, proof, "en", tmp_path / "out")
    assert "Delivered by Zoe" in papers["controller-handbook.md"].decode()


def test_roles_are_called_by_their_titles(exercise: tuple[Drill, Proof, Path], tmp_path: Path) -> None:
    drill, proof, folder = exercise
    files = package(drill, proof, "en", folder / "out")
    assert "Delivered by Controller" in files["controller-handbook.md"].decode()
    entries = {"I": {"at": 1, "text": "x", "controller": "lead-controller", "evaluator": "lead-evaluator",
                     "expects": [{"text": "y", "by": 5}]}}  # fmt: skip
    usual, played = made(write_brief(tmp_path, roles={}, objectives={}, entries=entries))
    chinese = package(usual, played, "zh", tmp_path / "out")
    lead = {part.id: Words("zh").show(part.title) for part in roles_of(usual)}
    assert lead["lead-controller"] in chinese["controller-handbook.md"].decode()
    assert lead["lead-evaluator"] in chinese["evaluator-forms.md"].decode()


def test_a_page_holds_both_languages_and_needs_nothing_else(exercise: tuple[Drill, Proof, Path]) -> None:
    drill, proof, folder = exercise
    text = package(drill, proof, "zh", folder / "out")["index.html"].decode()
    assert "演练文件包" in text
    assert "Exercise package" in text
    assert "Station study" not in text
    assert not re.search(r"""(?:src|href)=["'](?!#|data:)""", text)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_names_of_entries_never_lead_out_of_the_folder(tmp_path: Path) -> None:
    names = ("../x", "..", "a/b", "A-B", "a b", "演练 1", "/etc")
    entries = {name: {"at": n, "text": "x", "method": "cap"} for n, name in enumerate(names)}
    drill, proof = made(write_brief(tmp_path, entries=entries))
    found = [name for name in package(drill, proof, "en", tmp_path / "out") if name.startswith("cap/")]
    assert len({name.lower() for name in found}) == len(names)
    assert all(re.fullmatch(r"cap/[\w-]+\.xml", name) for name in found)


def test_an_older_package_is_replaced_unless_people_changed_it(
    exercise: tuple[Drill, Proof, Path], tmp_path: Path
) -> None:
    drill, proof, _ = exercise
    out = tmp_path / "out"
    files = package(drill, proof, "en", out)
    write_package(out, files)
    fewer = {name: content for name, content in files.items() if not name.startswith("cap/")}
    write_package(out, fewer)
    assert {path.relative_to(out).as_posix() for path in out.rglob("*")} == {*fewer, "files.csv"}
    (out / "msel.csv").write_bytes(b"id\n")
    with pytest.raises(UsageError, match=r"'msel.csv' was changed.*--msel"):
        check_package(out)
    check_package(out, spared=[out / "msel.csv"])
    write_package(out, fewer, spared=[out / "msel.csv"])
    (out / "session.jsonl").write_text("{}")
    with pytest.raises(UsageError, match=r"holds 'session.jsonl'"):
        write_package(out, files)
    assert (out / "session.jsonl").read_text() == "{}"


@pytest.mark.parametrize("name", ["cap/own.xml", "cap/deeper/own.xml", "own/own.xml"])
def test_files_of_people_in_folders_below_are_kept(
    exercise: tuple[Drill, Proof, Path], tmp_path: Path, name: str
) -> None:
    drill, proof, _ = exercise
    out = tmp_path / "out"
    files = package(drill, proof, "en", out)
    write_package(out, files)
    (out / name).parent.mkdir(parents=True, exist_ok=True)
    (out / name).write_text("mine")
    with pytest.raises(UsageError, match="was not written here before"):
        write_package(out, files)
    assert (out / name).read_text() == "mine"


def test_times_of_play_are_written_as_people_read_them() -> None:
    told = [clock_text(at) for at in (0.0, 59.9996, 90.5, 3600.0, 100 * 3600 + 61)]
    assert told == ["0:00:00", "0:01:00", "0:01:30.500", "1:00:00", "100:01:01"]
