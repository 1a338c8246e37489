"""The exercises that are shipped: each plays to its end, always alike, and has its review beside it."""

from __future__ import annotations

import re
from functools import cache
from math import inf, isnan
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dispatch import simulate
from dispatch.drills.after_action import briefing
from dispatch.drills.drawing import drawn_and_proven
from dispatch.drills.drill import Drill, read_drill
from dispatch.drills.outcome import played as replayed
from dispatch.drills.playing import Play
from dispatch.drills.proving import Proof, prove
from dispatch.drills.reviewing import model_state, review
from dispatch.drills.session import Session, folded, read_session
from dispatch.regression.events import events_of
from dispatch.report.drill_package import package
from dispatch.report.drill_review import review_text
from dispatch.report.words import Words
from tests.drills.exercises import write_exercise
from tests.small import write_scenario

if TYPE_CHECKING:
    from dispatch.report.words import Lang

FOLDER = Path(__file__).parents[2] / "scenarios" / "drills"
NAMES = ("gl-blackout-wood", "hn-bus-mountain", "lz-petro-tank")

DRILLS = {name: read_drill(FOLDER / f"{name}.yaml") for name in NAMES}
shipped = pytest.mark.parametrize("name", NAMES)


@cache
def proof_of(name: str) -> Proof:
    """Return the model's own play of an exercise."""
    return prove(DRILLS[name])


def headless(drill: Drill, path: Path, scale: float) -> Play:
    """Play an exercise second by second of a clock on the wall that is made up, to ENDEX."""
    session = Session.begin(path)
    try:
        play, wall = Play(drill, session, 1000.0, scale=scale, attended=False), 1000.0
        while not play.over:
            wall += 1.0
            play.step(wall)
            assert wall < 1100.0
    finally:
        session.close()
    return play


def test_all_that_are_shipped_are_tested() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.yaml")) == list(NAMES)


@shipped
def test_plays_to_the_end_at_a_thousand_times_and_twice_the_same(name: str, tmp_path: Path) -> None:
    drill = DRILLS[name]
    first, second = (headless(drill, tmp_path / file, 1000.0) for file in ("a.jsonl", "b.jsonl"))
    assert first.state.ended == second.state.ended == drill.file.lasts
    assert events_of(first.log) == events_of(second.log)
    records, _ = read_session(tmp_path / "a.jsonl")
    assert events_of(replayed(drill, folded(records))) == events_of(first.log)
    assert first.state.delivered == headless(drill, tmp_path / "c.jsonl", inf).state.delivered


@shipped
def test_the_review_of_the_models_own_play_stands_beside_it(name: str, tmp_path: Path) -> None:
    drill = DRILLS[name]
    golden = (FOLDER / f"{name}.review.md").read_text(encoding="utf-8")
    assert review_text(briefing(review(drill, model_state(drill))), Words("en")) == golden
    state = headless(drill, tmp_path / "session.jsonl", 1000.0).state
    assert review_text(briefing(review(drill, state)), Words("en")) == golden


@shipped
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_real_emergency_has_one_word_in_all_papers(name: str, lang: Lang, tmp_path: Path) -> None:
    drill = DRILLS[name]
    files = package(drill, proof_of(name), lang, tmp_path)
    word = {"en": "REAL EMERGENCY", "zh": "真实警情"}[lang]
    for paper in ("exercise-plan", "role-cards"):
        assert word in files[f"{paper}.md"].decode()
    others = re.compile(r"NO[ -]PLAY|NO[ -]DUFF|真警(?!情)|代号|code ?word|\bword for a real", re.IGNORECASE)
    for file, content in files.items():
        if not file.endswith(".xlsx"):
            assert not others.findall(content.decode()), file


def test_only_players_raise_the_level_where_all_goes_by_orders() -> None:
    drill = DRILLS["gl-blackout-wood"]
    delivered = {line.id: line.at for line in drill.lines if line.entry.trigger == "time"}
    order = {"at": 3000.0, "order": {"unit": "CS-P2", "incident": "木屋-fire"}}
    log = simulate(drill.scenario(delivered, [order], advised=False), drill.file.layout, 0)
    ids = log.timeline.incident_ids(log.scenario.kinds)
    assert [each.after for each in log.raises if ids[each.incident] == "木屋-fire"] == []
    assert [log.fleet.ids[unit] for unit in log.responses.unit] == ["CS-P2"]
    advised = simulate(drill.scenario(delivered, [order], advised=True), drill.file.layout, 0)
    assert [each.after for each in advised.raises if ids[each.incident] == "木屋-fire"] == [4]


def test_the_brief_of_the_how_to_is_rated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    how_to = (FOLDER.parents[1] / "docs" / "how-to" / "drills.md").read_text(encoding="utf-8")
    text = how_to.split("# file: briefs/crashes.yaml\n")[1].split("```")[0]
    (tmp_path / "crashes.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(FOLDER.parents[1])
    made, proof = drawn_and_proven(read_drill(tmp_path / "crashes.yaml"))
    (rated,) = review(made, model_state(made)).rated
    shown = {key: moment for key, moment in proof.seen.items() if not isnan(moment)}
    assert len(proof.met) < len(shown) < 2 * len(proof.met), "one rescue unit is late for some"
    assert all(moment < made.file.lasts for moment in shown.values())
    assert (rated.id, rated.rating) == ("O1", "S")
    crashes = [line for line in made.lines if line.id.startswith("call-")]
    assert len(crashes) == 3
    for line in crashes:
        sent = [one for one in line.entry.expects if one.sent and one.sent.capability == "rescue"]
        assert [one.by for one in sent] == [180.0]
    assert len(proof.delivered) == len(made.lines) == 4


@shipped
def test_the_script_uses_what_it_names(name: str) -> None:
    drill, file = DRILLS[name], DRILLS[name].file
    entries = file.entries.values()
    assert {entry.objective for entry in entries if entry.expects} == set(file.objectives)
    assert {who for entry in entries for who in (entry.controller, entry.evaluator) if who} == {
        key for key, role in file.roles.items() if role.side in ("simulator", "controller", "evaluator")
    }
    assert [line.entry.trigger for line in drill.lines].count("manual") == 1
    assert any(line.entry.contingency_of for line in drill.lines)
    assert any(line.entry.trigger == "condition" for line in drill.lines)


def test_where_nobody_reports_cover_another_car_burns(tmp_path: Path) -> None:
    session = Session.begin(tmp_path / "session.jsonl")
    play = Play(DRILLS["gl-blackout-wood"], session, 0.0, scale=inf)
    play.step(1.0)
    session.close()
    assert play.state.delivered["I11"] == 3600.001, "right after the hour"
    assert "I12" not in play.state.delivered, "ENDEX is for the controller to call"
    assert any(event.incident == "I11" for event in events_of(play.log))


def test_what_the_exercises_are_known_for() -> None:
    proofs = {name: proof_of(name) for name in NAMES}
    tank, wood, bus = (proofs[name] for name in ("lz-petro-tank", "gl-blackout-wood", "hn-bus-mountain"))
    assert 41 * 60 < tank.seen["J01", 4] < 50 * 60, "the squadron drives 41 min and misses the half hour"
    assert "J06" not in tank.delivered, "the level was raised in time"
    assert 9 * 60 < wood.delivered["I03"] < 14 * 60, "nine calls wait for a unit only later"
    assert wood.seen["I09", 0] == 55 * 60.0
    assert "I11" not in wood.delivered, "where nobody plays, nobody fails to report what cover is left"
    assert "K11" not in bus.delivered
    assert bus.difficulty.grade == wood.difficulty.grade == "hard"
    assert all(any(isnan(moment) for moment in proof.seen.values()) for proof in proofs.values())


def test_an_exercise_may_bear_the_name_of_its_scenario(tmp_path: Path) -> None:
    path = write_exercise(tmp_path / "drills", scenario="same.yaml")
    write_scenario(tmp_path).rename(tmp_path / "same.yaml")
    (tmp_path / "drills" / "networks").rename(tmp_path / "drills" / "unused")
    drill = read_drill(path.rename(path.with_name("same.yaml")))
    assert drill.scenario_path == tmp_path / "same.yaml"
