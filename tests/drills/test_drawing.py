"""Briefs that leave things to chance: playable, as hard as asked, and the same every time."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx
import numpy as np
import pytest

from dispatch.drills.drawing import drawn, drawn_and_proven
from dispatch.drills.drill import Drill, read_drill
from dispatch.drills.proving import prove
from dispatch.engine.board import Board
from dispatch.errors import InfeasibleError, InputError
from dispatch.io.yaml_writing import as_written, yaml_text
from dispatch.model.briefs import DrillFile, Force
from dispatch.report.words import Words
from dispatch.roads.network import RoadNetwork
from dispatch.study.opening import load
from tests.small import write_scenario

from .lines import QUIET, brief, call, write_brief

if TYPE_CHECKING:
    from dispatch.drills.wording import Language

FOUR: dict[str, Any] = {
    **QUIET,
    "units": {f"{station[0].upper()}{n}": {"type": "engine", "station": station}
              for station in ("west", "east") for n in (1, 2)},
    "closures": {"side": {"around": "b", "radius": 10, "begins": "20 h"}},
}  # fmt: skip


def draw(**changes: Any) -> dict[str, Any]:
    return {"calls": [{"type": "fire", "count": 3}], **changes}


def text_of(drill: Drill) -> str:
    return yaml_text(as_written(drawn(drill)))


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    one, same, other = (
        text_of(brief(tmp_path, FOUR, seed=seed, draw=draw(stress={"units": 1}))) for seed in (5, 5, 6)
    )
    assert one == same
    assert one != other


def test_what_is_drawn_is_what_was_asked(tmp_path: Path) -> None:
    calls = [{"type": "fire", "count": 3, "zones": ["right"], "earliest": "10 min", "latest": "30 min"}]
    stress = {"units": 1, "of": ["W1", "W2"], "hydrants": 1, "slower_by": "1 min"}
    file = drawn(brief(tmp_path, FOUR, entries={"own": call(30)}, draw={"calls": calls, "stress": stress}))
    assert file.draw is None
    fires = {name: e for name, e in file.entries.items() if name.startswith("call-")}
    assert list(fires) == ["call-1", "call-2", "call-3"]
    for name, entry in fires.items():
        assert entry.inject is not None
        assert entry.inject.incident is not None
        assert isinstance(entry.at, float)
        assert 600.0 <= entry.at <= 1800.0
        assert entry.inject.incident.node in {"c", "d", "e"}
        sent, there = entry.expects
        assert sent.sent is not None
        assert there.on_scene is not None
        assert sent.sent == there.on_scene == Force(incident=name, capability="engine")
        assert sent.by % 60.0 == there.by % 60.0 == 0.0
    outages = [e.inject.outage for e in file.entries.values() if e.inject and e.inject.outage]
    assert sorted(outage.target for outage in outages) == ["comms", "hydrants", "unit"]
    (unit,) = [outage.unit for outage in outages if outage.unit]
    assert unit in ("W1", "W2")
    (comms,) = [outage for outage in outages if outage.comms]
    assert (comms.slower_by, comms.lasts) == (60.0, 1800.0)
    moments = [entry.at for entry in file.entries.values() if isinstance(entry.at, float)]
    assert len(moments) == 7
    assert moments == sorted(moments)


def test_the_time_allowed_is_the_models_own_and_a_fifth(tmp_path: Path) -> None:
    # a call at c alone: an engine is there after 120 s, and 144 s are three minutes
    calls = [{"type": "fire", "zones": ["mid"], "count": 1}]
    scenario = {**FOUR, "zones": {"mid": {"nodes": ["c"]}}}
    (entry,) = drawn(brief(tmp_path, scenario, draw={"calls": calls})).entries.values()
    assert [(action.seen, action.by) for action in entry.expects] == [("sent", 60.0), ("on_scene", 180.0)]


def test_a_plans_times_go_before_the_models_own(tmp_path: Path) -> None:
    calls = [{"type": "fire", "sent_within": "90 s", "on_scene_within": "8 min"}]
    (entry,) = drawn(brief(tmp_path, FOUR, draw={"calls": calls})).entries.values()
    assert [(each.seen, each.by) for each in entry.expects] == [("sent", 90.0), ("on_scene", 480.0)]


@pytest.mark.parametrize("seed", range(5))
def test_something_is_expected_of_every_call_however_late(tmp_path: Path, seed: int) -> None:
    # at a an engine stands; at c an engine needs two minutes, and 144 s of a call after 115 min fit in
    calls = [{"type": "fire", "count": 6, "earliest": "112 min", "latest": "119 min"}]
    file = drawn(brief(tmp_path, FOUR, seed=seed, draw={"calls": calls}))
    assert len(file.entries) == 6
    for entry in file.entries.values():
        assert isinstance(entry.at, float)
        assert 6720.0 <= entry.at <= 6900.0
        assert entry.expects[0].seen == "sent"
        assert all(entry.at + action.by <= 7200.0 for action in entry.expects)


def test_calls_that_wait_beyond_the_end_are_expected_by_then(tmp_path: Path) -> None:
    # each engine is out for over 10 min; 12 calls at once keep the last ones waiting until after ENDEX
    calls = [{"type": "fire", "count": 12, "latest": "1 s"}]
    file = drawn(brief(tmp_path, FOUR, lasts="15 min", draw={"calls": calls}))
    waits = [entry.expects[0].by for entry in file.entries.values()]
    assert len(waits) == 12
    assert min(waits) == 60.0
    assert max(waits) >= 899.0, "by ENDEX"
    assert all(entry.expects[0].seen == "sent" for entry in file.entries.values())


ALL_STRESS = {"units": 2, "hydrants": 1, "slower_by": "1 min"}
ROLES = {
    "chief": {"title": "Chief"}, "voice": {"title": "Voice", "side": "simulator"},
    "judge": {"title": "Judge", "side": "evaluator"}, "second": {"title": "Second", "side": "evaluator"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "whose"),
    [
        (
            {},
            {("calls", "lead-controller", "lead-evaluator"), ("cover", "lead-controller", "lead-evaluator")},
        ),
        ({"objectives": {"O1": {"title": "x"}}, "roles": ROLES}, {("O1", "voice", "judge")}),
        (
            {"roles": {**ROLES, "lead": {"title": "Lead", "side": "controller"}}},
            {("calls", "lead", "judge"), ("cover", "lead", "judge")},
        ),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_drawn_entries_are_whole_rows(
    tmp_path: Path, changes: dict[str, Any], whose: set[tuple[str, str, str]], language: Language
) -> None:
    drill = brief(tmp_path, FOUR, draw=draw(stress=ALL_STRESS), **changes)
    file = drawn(drill, language)
    assert len(file.entries) == 7
    assert {(each.objective, each.controller, each.evaluator) for each in file.entries.values()} == whose
    assert {each.objective for each in file.entries.values()} == set(file.objectives)
    for entry in file.entries.values():
        assert entry.sender
        assert entry.to
        assert isinstance(entry.at, float)
        assert entry.expects
        assert all(0.0 < action.by <= 7200.0 - entry.at for action in entry.expects)
    titles = [objective.title for name, objective in file.objectives.items() if name != "O1"]
    assert all(any("\u4e00" <= c <= "\u9fff" for c in title) == (language == "zh") for title in titles)


def test_objectives_of_several_are_those_that_are_named(tmp_path: Path) -> None:
    objectives = {name: {"title": name} for name in ("O1", "O2")}
    drawing = {
        "calls": [{"type": "fire", "objective": "O2"}],
        "stress": {"units": 1, "objective": "O1"},
    }
    file = drawn(brief(tmp_path, FOUR, objectives=objectives, draw=drawing))
    assert {name: each.objective for name, each in file.entries.items()} == {
        "call-1": "O2",
        "failure-1": "O1",
    }


def test_a_deadline_of_the_type_goes_before_the_models_time(tmp_path: Path) -> None:
    alarm = {"scale": "rescue", "level": 1, "control_within": "25 min"}
    types = {"fire": {"run_card": {"engine": 1}, "on_scene": 600, "alarm": alarm}}
    kinds = {"fire": {"title": "fire", "scale": "rescue"}}
    own = {
        "p": {
            "title": "the plan",
            "assumed": True,
            "classes": ["fire"],
            "cards": {1: {"units": {"engine": 1}}},
        }
    }
    scenario = {**FOUR, "incident_types": types, "plans": {"classes": kinds, "own": own}}
    (entry,) = drawn(brief(tmp_path, scenario, draw={"calls": [{"type": "fire"}]})).entries.values()
    under_control = [action for action in entry.expects if action.under_control is not None]
    assert [action.by for action in under_control] == [1500.0]
    assert "the plan" not in entry.text
    assert "the plan" in entry.expects[0].text


@pytest.mark.parametrize("count", [1, 3, 8])
def test_difficulty_is_a_recount(tmp_path: Path, count: int) -> None:
    drill = brief(tmp_path, FOUR, entries={f"c{n}": call(60 * n, "abcde"[n % 5]) for n in range(count)})
    proof = prove(drill)
    boards = [Board.at(proof.log, float(second)) for second in range(3600, 10800)]
    assert proof.difficulty.calls == count
    assert proof.difficulty.open_at_once == max(len(board.open_incidents) for board in boards)
    assert proof.difficulty.committed == max(len(board.assigned) for board in boards) / 4
    waits = proof.log.incidents.dispatched - proof.log.timeline.ready
    assert proof.difficulty.waiting == int((waits > 1.0).sum())
    assert proof.difficulty.mean_wait == pytest.approx(float(np.mean(waits)))


def test_conditions_and_contingencies_fall_as_they_should(tmp_path: Path) -> None:
    late = [{"text": "there", "by": 60, "on_scene": {"incident": "one"}}]
    entries = {
        "one": call(100, "b", expects=[{"text": "there", "by": 90, "on_scene": {"incident": "one"}}]),
        "two": call(100, "c", expects=late),
        "fine": {"at": 0, "text": "x", "contingency_of": "one"},
        "worse": call(0, "d", contingency_of="two"),
        "both": {"at": 10, "text": "x", "trigger": "condition",
                 "when": {"on_scene": {"incident": "worse"}, "missed": "two"}},
        "hand": {"at": 50, "text": "x", "trigger": "manual"},
    }  # fmt: skip
    entries["two"]["expects"][0]["on_scene"] = {"incident": "two"}
    proof = prove(brief(tmp_path, FOUR, entries=entries))
    # one at b is reached after 60 s; two at c after 120 s, 60 s too late; worse at d comes then, 60 s from e
    found = {name: round(at, 6) for name, at in proof.delivered.items()}
    assert found == {"one": 100.0, "two": 100.0, "hand": 50.0, "worse": 160.001, "both": 220.001}
    assert proof.met == {("one", 0)}
    assert proof.seen == {("one", 0): 160.0, ("two", 0): 220.0}
    assert [Words("en").say(note) for note in proof.notes] == [
        "entry 'two', action 1: the model itself is late by 1 min 00 s.",
        "entry 'fine' is not delivered when the model plays.",
    ]
    assert "模型" in Words("zh").say(proof.notes[0])


def test_a_call_that_nobody_reaches_is_refused(tmp_path: Path) -> None:
    shut = {"at": 0, "text": "shut", "inject": {"close": "all"}}
    closures = {"all": {"around": "c", "radius": 700}}
    drill = brief(tmp_path, FOUR, closures=closures, entries={"shut": shut, "one": call(60)})
    with pytest.raises(InfeasibleError, match="nobody can reach 'one'"):
        prove(drill)


def test_what_cannot_be_drawn_is_refused_with_what_was_reached(tmp_path: Path) -> None:
    with pytest.raises(InfeasibleError) as caught:
        drawn(brief(tmp_path, FOUR, draw=draw(calls=[{"type": "fire"}], difficulty="hard")))
    assert "none of 50 draws is hard: 50 × easy." in str(caught.value)
    assert caught.value.exit_code == 3
    with pytest.raises(InfeasibleError, match="cutting places off"):
        drawn(brief(tmp_path, FOUR, draw=draw(calls=[{"type": "fire"}], stress={"roads": 1})))


@pytest.mark.parametrize(("wanted", "count"), [("easy", 1), ("hard", 25)])
def test_the_difficulty_asked_for_is_reached(tmp_path: Path, wanted: str, count: int) -> None:
    calls = [{"type": "fire", "count": count, "latest": "30 min"}]
    made, proof = drawn_and_proven(brief(tmp_path, FOUR, draw={"calls": calls, "difficulty": wanted}))
    assert proof.difficulty.grade == wanted
    assert prove(made).difficulty == proof.difficulty


def test_closed_roads_cut_nothing_off() -> None:
    root = Path(__file__).parents[2]
    path = root / "scenarios" / "brief.yaml"  # is not written: only what it would say matters
    scenario = root / "scenarios" / "gl-blackout-wood.yaml"
    said = {"calls": [{"type": "accident", "count": 2}], "stress": {"roads": 3}}
    file = DrillFile.model_validate({"title": "x", "scenario": "x", "lasts": "60 min", "draw": said})
    made, proof = drawn_and_proven(Drill(path, file, scenario, 0.0, (), load(scenario)))
    assert len(made.file.closures) == 3
    for name in ("call-1", "call-2"):
        call_number = proof.log.timeline.incident_ids(proof.log.scenario.kinds).index(name)
        assert not np.isnan(proof.log.incidents.first_on_scene[call_number])
    network = proof.log.scenario.network
    assert isinstance(network, RoadNetwork)
    graph = network.to_networkx()
    shut = {link for closure in made.file.closures.values() for link in closure.links}
    graph.remove_edges_from(
        [(a, b, k) for a, b, k, data in graph.edges(keys=True, data=True) if data["link_id"] in shut]
    )
    assert networkx.is_strongly_connected(graph)


def random_brief(luck: random.Random) -> dict[str, Any]:
    """Return a brief that may be possible or not."""
    calls = [
        {
            "type": "fire",
            "count": luck.randint(1, 6),
            **luck.choice([{}, {"zones": ["left"]}, {"latest": "20 min"}]),
        }
        for _ in range(luck.randint(0, 2))
    ]
    stress = {
        "units": luck.choice([0, 0, 1, 2, 5]),
        "hydrants": luck.choice([0, 0, 1, 3]),
        "roads": luck.choice([0, 0, 0, 1]),
        **luck.choice([{}, {"slower_by": "3 min"}]),
    }
    wanted = luck.choice([{}, {}, {}, {"difficulty": luck.choice(["easy", "moderate", "hard"])}])
    entries = {"own": call(luck.randint(0, 3000), luck.choice("abcde"))} if luck.random() < 0.4 else {}
    changes = {"seed": luck.randint(0, 10**6), "without_random": luck.random() < 0.5, "entries": entries}
    return {"draw": {"calls": calls, "stress": stress, **wanted}, **changes}


@pytest.mark.parametrize("block", range(4))
def test_two_hundred_briefs_become_exercises_or_say_why_not(
    tmp_path: Path, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatch.drills.drawing.ATTEMPTS", 4)
    write_scenario(tmp_path, **{**FOUR, "demand": {"poisson": {"fire": {"rate": "12/d"}}}})
    made, refusals = 0, list[InfeasibleError | InputError]()
    for number in range(50):
        changes = random_brief(random.Random(1000 * block + number))
        try:
            file = drawn(read_drill(write_brief(tmp_path, **changes)))
        except (InfeasibleError, InputError) as error:
            refusals.append(error)
            continue
        made += 1
        text = yaml_text(as_written(file))
        (tmp_path / "drill.yaml").write_text(text, encoding="utf-8")
        again = read_drill(tmp_path / "drill.yaml")  # complains of anything that cannot be played
        assert again.file == file
        assert len(prove(again).delivered) == len(file.entries)
        if number % 5 == 0:
            assert text_of(read_drill(write_brief(tmp_path, **changes))) == text
    assert made >= 15
    assert len(refusals) >= 5
    assert all(str(error).startswith("brief.yaml") for error in refusals)
    assert all(error.hint for error in refusals if isinstance(error, InfeasibleError))
