"""What the model's own play of an exercise proves, up to ENDEX and no further."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import pytest

from dispatch.drills.drawing import drawn, drawn_and_proven
from dispatch.drills.proving import Proof, prove
from dispatch.drills.reviewing import review
from dispatch.errors import InfeasibleError
from dispatch.report.words import Words

from .exercises import HOUR, SCRIPT, begun, exercise
from .lines import QUIET, brief, call

if TYPE_CHECKING:
    from pathlib import Path

ONE: dict[str, Any] = {**QUIET, "units": {"W1": {"type": "engine", "station": "west"}}}
"""One engine at a: two minutes to c, ten there, available when it leaves."""


def notes(proof: Proof) -> list[str]:
    return [Words("en").say(note) for note in proof.notes]


def there(name: str, by: float) -> list[dict[str, Any]]:
    return [{"text": "there", "by": by, "on_scene": {"incident": name}}]


def test_what_is_due_after_endex_is_missed_when_it_was_not_seen_by_then(tmp_path: Path) -> None:
    late = {**SCRIPT["f2"], "expects": [{"text": "x", "by": "50 min", "on_scene": {"incident": "f2"}}]}
    due = {**SCRIPT["f2"], "expects": [{"text": "x", "by": "40 min", "on_scene": {"incident": "f3"}}]}
    drill = exercise(tmp_path, entries={"f2": late, "f3": due})
    play = begun(drill, tmp_path, silent="nothing")
    play.step(HOUR - 1.0)
    assert [each.verdict(play.now, HOUR) for each in play.expected()] == ["open", "open"]
    play.step(HOUR)
    assert play.over
    assert [each.verdict(play.now, HOUR) for each in play.expected()] == ["missed", "missed"]


def test_what_was_not_due_when_an_exercise_was_ended_early_is_not_judged(tmp_path: Path) -> None:
    drill = exercise(tmp_path)
    play = begun(drill, tmp_path, silent="nothing")
    play.step(200.0)
    assert play.tell("end", 200.0)["ok"]
    found = review(drill, play.state)
    assert [each.verdict for each in found.judged] == ["open", "to be judged"]
    assert found.end == 200.0


def test_what_the_model_does_only_after_endex_it_never_does(tmp_path: Path) -> None:
    # a call at c a minute before ENDEX: an engine is there a minute after it, well within ten
    entries = {"one": call(7140, expects=there("one", 600))}
    proof = prove(brief(tmp_path, ONE, entries=entries))
    assert float(proof.log.incidents.first_on_scene[0]) == HOUR + 7260.0
    assert proof.seen == {("one", 0): inf}
    assert proof.met == frozenset()
    assert notes(proof) == [
        "entry 'one', action 1: the model itself does not do it before ENDEX.",
        "entry 'one', action 1: it is due after ENDEX, and judged at ENDEX.",
    ]


def test_what_is_seen_at_endex_itself_counts(tmp_path: Path) -> None:
    proof = prove(brief(tmp_path, ONE, entries={"one": call(7080, expects=there("one", 120))}))
    assert proof.seen == {("one", 0): 7200.0}
    assert proof.met == {("one", 0)}
    assert notes(proof) == []


def test_waits_count_to_endex_at_most(tmp_path: Path) -> None:
    # at c from T+0: there after 2 min, on its way home after 12; two more calls at c after 1 and 3 min wait
    # until 12 and then for their own: with 15 min of play the last one waits until ENDEX
    entries = {f"c{n}": call(60 * n) for n in (0, 1, 3)}
    proof = prove(brief(tmp_path, ONE, lasts="15 min", entries=entries))
    sent = (proof.log.incidents.dispatched - HOUR).tolist()
    assert sent[:2] == [0.0, 720.0]
    assert sent[2] > 900.0
    assert proof.difficulty.mean_wait == pytest.approx((0.0 + 660.0 + 720.0) / 3)
    assert proof.difficulty.waiting == 2


FIVE: dict[str, Any] = {**ONE, "incident_types": {"fire": {"run_card": {"engine": 5}, "on_scene": 20000}}}
"""A fire wants five engines for longer than the exercise, and there is one."""


def counts(drill_file: Any) -> list[tuple[str, int, float]]:
    (entry,) = drill_file.entries.values()
    found = []
    for action in entry.expects:
        force = action.sent or action.on_scene
        assert force is not None
        found.append((action.seen, force.count, action.by))
    return found


def test_with_a_plans_time_all_of_its_card_is_expected_not_what_the_model_manages(tmp_path: Path) -> None:
    calls = [{"type": "fire", "sent_within": "90 s", "on_scene_within": "8 min", "latest": "30 min"}]
    made, proof = drawn_and_proven(brief(tmp_path, FIVE, draw={"calls": calls}))
    assert counts(made.file) == [("sent", 5, 90.0), ("on_scene", 5, 480.0)]
    assert notes(proof) == [
        "entry 'call-1', action 1: the model itself does not do it before ENDEX.",
        "entry 'call-1', action 2: the model itself does not do it before ENDEX.",
        "call 'call-1': the model sends 1 of 5 units of its first alarm before ENDEX.",
    ]


def test_without_one_it_is_what_the_model_manages_and_a_note_tells(tmp_path: Path) -> None:
    zones = {"mid": {"nodes": ["c"]}}
    calls = [{"type": "fire", "zones": ["mid"], "latest": "30 min", "sent_within": "90 s"}]
    made, proof = drawn_and_proven(brief(tmp_path, {**FIVE, "zones": zones}, draw={"calls": calls}))
    assert counts(made.file) == [("sent", 5, 90.0), ("on_scene", 1, 180.0)]
    assert notes(proof)[-1] == (
        "call 'call-1': the model sends 1 of 5 units of its first alarm before ENDEX."
    )


PLANNED: dict[str, Any] = {
    **QUIET,
    "incident_types": {"fire": {"run_card": {"engine": 1}, "on_scene": 600,
                                "alarm": {"scale": "rescue", "level": 1}}},
    "plans": {
        "classes": {"fire": {"title": "fire", "scale": "rescue"}},
        "own": {"p": {"title": "secret plan", "assumed": True, "classes": ["fire"],
                      "cards": {1: {"units": {"engine": 2}}}}},
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "2 × engine sent. Plan: secret plan, level 1."),
        ("zh", "2 × engine 出动。预案：secret plan，1 级。"),
    ],
)
def test_the_caller_does_not_name_the_plan_but_the_first_expected_action_does(
    tmp_path: Path, language: Any, told: str
) -> None:
    file = drawn(brief(tmp_path, PLANNED, draw={"calls": [{"type": "fire", "count": 3}]}), language)
    assert len(file.entries) == 3
    for entry in file.entries.values():
        assert "secret" not in entry.text
        assert entry.expects[0].text == told
        assert all("secret" not in action.text for action in entry.expects[1:])


SHUT: dict[str, Any] = {
    "closures": {"all": {"around": "c", "radius": 700}},
    "entries": {"shut": {"at": 0, "text": "shut", "inject": {"close": "all"}}, "one": call(60)},
}


@pytest.mark.parametrize("policy", ["nearest", "by_order"])
def test_no_road_is_unplayable_whoever_sends(tmp_path: Path, policy: str) -> None:
    drill = brief(tmp_path, {**ONE, "dispatching": {"policy": policy}}, **SHUT)
    with pytest.raises(InfeasibleError, match="nobody can reach 'one'"):
        prove(drill)


def test_roads_that_open_again_leave_a_call_playable(tmp_path: Path) -> None:
    again = {"at": 1800, "text": "open", "inject": {"reopen": "all"}}
    entries = {**SHUT["entries"], "again": again}
    proof = prove(brief(tmp_path, ONE, closures=SHUT["closures"], entries=entries))
    assert float(proof.log.incidents.first_on_scene[0]) > HOUR + 1800.0
    assert notes(proof) == []


def test_a_call_that_no_unit_has_the_means_for_is_unplayable(tmp_path: Path) -> None:
    types = {
        "engine": {"capabilities": ["engine"], "turnout": 0},
        "boat": {"capabilities": ["boat"], "turnout": 0},
    }
    flood = {"run_card": {"boat": 1}, "on_scene": 600}
    world = {**ONE, "unit_types": types, "incident_types": {"fire": FIRE, "flood": flood},
             "dispatching": {"when_none_free": "lost"}}  # fmt: skip
    wet = {"at": 60, "text": "x", "inject": {"incident": {"type": "flood", "node": "b"}}}
    with pytest.raises(InfeasibleError, match="nobody can reach 'wet'"):
        prove(brief(tmp_path, world, entries={"wet": wet, "one": call(60)}))


FIRE: dict[str, Any] = {"run_card": {"engine": 1}, "on_scene": 600}


def test_a_lost_call_is_a_note(tmp_path: Path) -> None:
    lost = {**ONE, "dispatching": {"when_none_free": "lost"}}
    proof = prove(brief(tmp_path, lost, entries={"one": call(0), "two": call(60)}))
    assert proof.log.incidents.lost.tolist() == [0, 1]
    assert notes(proof) == ["call 'two': the model sends 0 of 1 units of its first alarm before ENDEX."]


def test_a_call_that_waits_to_the_end_of_everything_is_a_note(tmp_path: Path) -> None:
    types = {"fire": {**FIRE, "on_scene": 10**6}}
    proof = prove(brief(tmp_path, {**ONE, "incident_types": types}, entries={"one": call(0), "two": call(1)}))
    assert notes(proof) == ["call 'two': the model sends 0 of 1 units of its first alarm before ENDEX."]


def test_where_all_goes_by_order_that_is_noted_once(tmp_path: Path) -> None:
    ordered = {**ONE, "dispatching": {"policy": "by_order"}}
    entries = {"one": call(0, expects=there("one", 300)), "two": call(60)}
    proof = prove(brief(tmp_path, ordered, entries=entries))
    assert notes(proof) == [
        "entry 'one', action 1: the model itself does not do it before ENDEX.",
        "The scenario sends units by order only: the model sends none on its own.",
    ]
    assert "按命令" in Words("zh").say(proof.notes[-1])
