"""Briefs: everything that is wrong with them at once, and the scenario that they become."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from dispatch import simulate
from dispatch.drills.drawing import drawn
from dispatch.drills.drill import find_scenario, read_drill
from dispatch.errors import InputError
from dispatch.study.opening import load
from tests.small import write_scenario

from .lines import QUIET, brief, call, write_brief

if TYPE_CHECKING:
    from pathlib import Path


def test_the_script_is_in_order_of_time(tmp_path: Path) -> None:
    drill = brief(
        tmp_path,
        entries={
            "late": {"at": "2024-01-01T01:30:00+00:00", "text": "half past one"},
            "b": call(60),
            "a": {"at": "1 min", "text": "told"},
        },
    )
    assert [(line.id, line.at) for line in drill.lines] == [("b", 60.0), ("a", 60.0), ("late", 1800.0)]
    assert (drill.begins, drill.ends) == (3600.0, 10800.0)


def test_what_is_delivered_and_ordered_becomes_injects(tmp_path: Path) -> None:
    said = {"at": 0, "text": "x"}
    drill = brief(tmp_path, entries={"one": call(60, "b"), "two": call(120, "d"), "said": said})
    order = {"at": 70.0, "order": {"unit": "E1", "incident": "one"}}
    log = simulate(drill.scenario({"one": 61.0, "said": 0.0}, [order]))
    assert log.timeline.incident_ids(log.scenario.kinds) == ["one"]
    assert log.timeline.received.tolist() == [3661.0]
    assert [log.fleet.ids[unit] for unit in log.responses.unit.tolist()] == ["W1", "E1"]
    assert log.responses.alerted.tolist() == [3661.0, 3670.0]
    silent = simulate(drill.scenario({"one": 61.0}, [order], advised=False))
    assert [silent.fleet.ids[unit] for unit in silent.responses.unit.tolist()] == ["E1"]
    assert silent.responses.alerted.tolist() == [3670.0]


def _order(at: float, **rest: Any) -> dict[str, Any]:
    return {"at": at, "text": "go", "inject": {"order": {"unit": "E1", "incident": "one"}}, **rest}


def test_what_changes_a_call_comes_after_it(tmp_path: Path) -> None:
    waits = _order(0, trigger="condition", when={"on_scene": {"incident": "one"}})
    brief(tmp_path, entries={"one": call(60), "after": _order(60), "waits": waits})
    with pytest.raises(InputError) as caught:
        brief(tmp_path, entries={"same": _order(60), "one": call(60), "before": _order(59)})
    found = [(re.sub(r"^brief.yaml:[0-9]+ ", "", each.place), each.fact) for each in caught.value.problems]
    assert found == [
        (f"entries.{name}.inject.order.incident", "entry 'one' only brings call 'one' later")
        for name in ("same", "before")
    ]


def test_nobody_is_sent_where_the_brief_says_so(tmp_path: Path) -> None:
    drill = brief(tmp_path, silent="nothing", entries={"one": call(60)})
    assert len(simulate(drill.scenario({"one": 60.0})).responses) == 0
    assert len(simulate(drill.scenario({"one": 60.0}, advised=True)).responses) == 1


SCRIPTED: list[dict[str, Any]] = [
    {"at": 10, "order": {"unit": "W1", "station": "east"}},
    {"at": 3600, "incident": {"type": "fire", "node": "c", "id": "own"}},
    {"at": 3700, "order": {"unit": "E1", "incident": "own"}},
    {"at": 3710, "recall": {"unit": "E1"}},
    {"at": "2024-01-01T01:05:00+00:00", "order": {"unit": "W1", "incident": "own"}},
]
"""Calls and orders of a scenario of its own: one order before STARTEX, which is at 3600 s."""


def test_the_scenarios_own_orders_are_part_of_the_advice(tmp_path: Path) -> None:
    scenario = {**QUIET, "injects": SCRIPTED}
    drill = brief(tmp_path, scenario, silent="nothing", entries={"one": call(60)})
    given = [{"at": 200.0, "order": {"unit": "E1", "incident": "own"}}]
    advised = drill.scenario({}, advised=True)
    assert [each.moment for each in advised.commands] == [10.0, 3700.0, 3710.0, 3900.0]
    silent = drill.scenario({"one": 60.0}, given)
    assert [each.moment for each in silent.commands] == [10.0, 3800.0]
    assert [inject.kinds for inject in silent.file.injects] == [
        ("order",), ("incident",), ("incident",), ("order",)
    ]  # fmt: skip
    log = simulate(silent)
    assert log.timeline.incident_ids(log.scenario.kinds) == ["own", "one"]
    assert [log.fleet.ids[unit] for unit in log.responses.unit] == ["E1"]
    assert len(simulate(drill.scenario({})).responses) == 0


def test_what_came_before_startex_was_dealt_with_whoever_sends_from_then_on(tmp_path: Path) -> None:
    """Fires before and at STARTEX (3600 s): by the scenario's own rules up to it, by order from it on."""
    early = [
        {"at": at, "incident": {"type": "fire", "node": "b", "id": name}}
        for at, name in ((600, "old"), (3590, "just"), (3600, "new"))
    ]
    rules = {"policy": "run_card_order", "when_none_free": "lost", "first_due": {"b": ["E1"]}}
    world = {**QUIET, "injects": early, "dispatching": rules}
    drill = brief(tmp_path, world, silent="nothing", entries={"one": call(60)})
    log = simulate(drill.scenario({"one": 60.0}))
    ids = log.timeline.incident_ids(log.scenario.kinds)
    sent = [(ids[call], log.fleet.ids[unit]) for call, unit in
            zip(log.responses.incident.tolist(), log.responses.unit.tolist(), strict=True)]  # fmt: skip
    assert sent == [("old", "E1"), ("just", "E1")]
    assert len(log.lost) == 0
    advised = simulate(drill.scenario({"one": 60.0}, advised=True))
    assert advised.responses.alerted[:2].tolist() == log.responses.alerted.tolist()
    ordered = [{"at": 70.0, "order": {"unit": "W1", "incident": "new"}}]
    log = simulate(drill.scenario({"one": 60.0}, ordered))
    assert (log.fleet.ids[log.responses.unit[-1]], log.responses.alerted[-1]) == ("W1", 3670.0)


def test_what_controllers_deliver_stays_where_all_goes_by_orders(tmp_path: Path) -> None:
    sends = {"at": 100, "text": "sent", "inject": {"order": {"unit": "E1", "incident": "one"}}}
    drill = brief(tmp_path, silent="nothing", entries={"one": call(60), "sends": sends})
    log = simulate(drill.scenario({"one": 60.0, "sends": 100.0}))
    assert [log.fleet.ids[unit] for unit in log.responses.unit] == ["E1"]


def test_what_comes_back_must_have_failed_though_orders_are_left_out(tmp_path: Path) -> None:
    back = {"at": 10, "text": "back", "inject": {"restore": {"unit": "W1"}}}
    with pytest.raises(InputError, match="'W1' is not out of service then"):
        brief(tmp_path, {**QUIET, "injects": SCRIPTED}, silent="nothing", entries={"back": back})


def test_problems_are_told_where_they_stand_though_orders_are_left_out(tmp_path: Path) -> None:
    path = write_scenario(tmp_path, **QUIET, injects=[*SCRIPTED, {"at": 5000, "close": "gone"}])
    with pytest.raises(InputError, match=r"injects\[5\]\.close") as caught:
        load(path, ordered_from=3600.0)
    lines = path.read_text(encoding="utf-8").splitlines()
    (problem,) = caught.value.problems
    assert "close: gone" in lines[int(problem.place.removeprefix("scenario.yaml:").split(" ")[0]) - 1]


def test_closures_hold_once_an_entry_closes_them(tmp_path: Path) -> None:
    drill = brief(
        tmp_path,
        closures={"bridge": {"around": "c", "radius": 10}},
        entries={"shut": {"at": 0, "text": "shut", "inject": {"close": "bridge"}}, "one": call(0, "b")},
    )
    assert [number for _, number in drill.scenario({"one": 0.0}).roads.changes] == []
    changes = drill.scenario({"one": 0.0, "shut": 600.0}).roads.changes
    assert [moment for moment, _ in changes] == [4200.0]


@pytest.mark.parametrize("recorded", [False, True])
def test_random_and_recorded_calls_stay_out(tmp_path: Path, recorded: bool) -> None:
    calls = "incident,received,type,node\nx,100,fire,b\ny,200,fire,c\n" if recorded else ""
    write_scenario(tmp_path, calls)
    entries = {"one": call(60)}
    drill = read_drill(write_brief(tmp_path, without_random=True, entries=entries))
    log = simulate(drill.scenario({"one": 60.0}))
    assert log.timeline.incident_ids(log.scenario.kinds) == ["one"]
    loud = read_drill(write_brief(tmp_path, entries=entries))
    assert len(simulate(loud.scenario({"one": 60.0})).timeline) >= 3
    assert loud.base.digest != drill.base.digest


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"layout": "baselin"}, ["layout: no layout 'baselin'"]),
    ({"lasts": "24 h"}, ["lasts: the exercise ends after the scenario's horizon (24 h)"]),
    ({"held": "2026-05-12T09:00:00"}, ["held: 2026-05-12T09:00:00 has no time zone"]),
    ({"scenario": "nothing.yaml"}, ["scenario: no scenario 'nothing.yaml'"]),
    (
        {"entries": {"a": {"at": "3 h", "text": "x", "objective": "o"},
                     "b": {"at": 0, "text": "x", "contingency_of": "c"}}},
        ["entries.a.at: 3 h from the start of the exercise, which lasts 2 h",
         "entries.a.objective: no objective 'o'",
         "entries.b.contingency_of: no entry 'c'"],
    ),
    (
        {"entries": {"a": {"at": 0, "text": "x", "trigger": "condition"},
                     "b": {"at": 0, "text": "x", "when": {"waiting": 1}}}},
        ["entries.a.trigger: 'trigger: condition' without", "entries.b.when: a condition that nothing"],
    ),
    (
        {"entries": {
            "a": {"at": 0, "text": "x", "contingency_of": "b", "expects": [{"text": "x", "by": 5}]},
            "b": {"at": 0, "text": "x", "contingency_of": "a", "expects": [{"text": "x", "by": 5}]}}},
        ["a.contingency_of: contingencies in a circle", "b.contingency_of: contingencies in a circle"],
    ),
    (
        {"entries": {"a": {"at": 0, "text": "x", "expects": [
            {"text": "x", "by": 5, "sent": {"incident": "zz", "unit": "W9"}},
            {"text": "x", "by": 5, "moved_up": "wst"},
            {"text": "x", "by": 5, "asked": {"agreement": "them", "incident": "zz"}}]}}},
        ["sent.incident: no call 'zz'", "sent.unit: no unit 'W9'", "moved_up: no station 'wst'",
         "asked.agreement: no agreement 'them'", "asked.incident: no call 'zz'"],
    ),
    (
        {"entries": {"a": call(0, "q"), "b": {"at": 0, "text": "x", "inject": {"close": "bridge"}}}},
        ["entries.a.inject.incident.node: no node 'q'", "entries.b.inject.close: no closure 'bridge'"],
    ),
    ({"closures": {"k": {"links": ["x"], "ends": 5}}}, ["closures.k: a closure with times of its own"]),
    (
        {"draw": {"calls": [{"type": "fir"}, {"type": "fire", "zones": ["lft"], "earliest": "2 h"}],
                  "stress": {"of": ["enginee"], "units": 3}}},
        ["draw.calls[0].type: no incident type 'fir'", "draw.calls[1].zones[0]: no zone 'lft'",
         "draw.calls[1].earliest: 2 h is not before the end of the exercise (2 h)",
         "draw.stress.of[0]: no unit or unit type 'enginee'"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "told"), WRONG, ids=[next(iter(case[0])) + str(i) for i, case in enumerate(WRONG)]
)
def test_all_problems_are_told_at_their_lines(
    tmp_path: Path, changes: dict[str, Any], told: list[str]
) -> None:
    write_scenario(tmp_path, **QUIET)
    with pytest.raises(InputError) as caught:
        read_drill(write_brief(tmp_path, **changes))
    text = str(caught.value)
    assert all(words in text for words in told), text
    assert len(caught.value.problems) == len(told), text
    lines = (tmp_path / "brief.yaml").read_text(encoding="utf-8").splitlines()
    for problem in caught.value.problems:
        number, keys = problem.place.removeprefix("brief.yaml:").split(" ")
        words = [keys.split(".")[-1], *re.findall("'([^']+)'", problem.fact)]
        assert any(word in lines[int(number) - 1] for word in words), str(problem)


def test_what_is_drawn_says_which_of_several_objectives_it_serves(tmp_path: Path) -> None:
    objectives = {name: {"title": name} for name in ("O1", "O2")}
    calls = [{"type": "fire", "objective": "O2"}, {"type": "fire", "objective": "O3"}, {"type": "fire"}]
    draw = {"calls": calls, "stress": {"units": 1}}
    with pytest.raises(InputError) as caught:
        brief(tmp_path, objectives=objectives, draw=draw)
    told = [str(problem) for problem in caught.value.problems]
    assert len(told) == 3
    assert "draw.calls[1].objective: no objective 'O3'" in told[0]
    assert "draw.calls[2].objective: which of the 2 objectives" in told[1]
    assert "draw.stress.objective: which of the 2 objectives" in told[2]
    assert "Name one of 'O1', 'O2'." in told[2]
    brief(tmp_path, objectives=objectives, draw={"calls": calls[:1]})


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        ({"latest": "115 min", "earliest": "115 min"}, ""),
        ({"latest": "115 min", "earliest": "116 min"}, "latest: 1 h 55 min is before 'earliest' ("),
        ({"earliest": "110 min", "latest": "115 min", "sent_within": "10 min"}, ""),
        (
            {"earliest": "111 min", "latest": "115 min", "sent_within": "10 min"},
            "earliest: from 1 h 51 min on there is no time left to send units until the end (2 h).",
        ),
        ({"earliest": 4800.5}, "earliest: 4800.5 s is after two thirds of the exercise,"),
        ({"earliest": "3 h", "latest": "4 h"}, "earliest: 3 h is not before the end of the exercise (2 h)."),
        ({"sent_within": "3 h"}, "sent_within: 3 h is longer than the exercise (2 h)."),
    ],
)
def test_drawn_calls_leave_time_to_answer_them(tmp_path: Path, calls: dict[str, Any], told: str) -> None:
    draw = {"calls": [{"type": "fire", **calls}]}
    if told:
        with pytest.raises(InputError) as caught:
            brief(tmp_path, draw=draw)
        (problem,) = caught.value.problems
        assert f"draw.calls[0].{told}" in str(problem)
    else:
        assert brief(tmp_path, draw=draw).file.draw is not None


def problems_of(folder: Path, scenario: dict[str, Any] | None = None, **changes: Any) -> list[str]:
    """Return what is wrong with a brief, with its places."""
    with pytest.raises(InputError) as caught:
        brief(folder, scenario, **changes)
    return [f"{each.place.split(' ')[-1]}: {each.fact}" for each in caught.value.problems]


def test_failures_that_can_never_be_drawn_are_told_all_at_once(tmp_path: Path) -> None:
    stress = {"units": 3, "hydrants": 3, "roads": 1}
    assert problems_of(tmp_path, draw={"stress": stress}) == [
        "draw.stress.units: 3 units fail, of 2 that nothing else takes out of service",
        "draw.stress.hydrants: 3 zones have dry hydrants, of 2",
        "draw.stress.roads: roads are closed near drawn calls, of which there are none",
    ]
    assert problems_of(tmp_path, draw={"stress": {"of": ["W1"]}}) == [
        "draw.stress.of: no units fail, so there is nothing to draw among these"
    ]
    assert problems_of(tmp_path, draw={"stress": {"units": 2, "of": ["W1"]}}) == [
        "draw.stress.units: 2 units fail, of 1 that nothing else takes out of service"
    ]


def test_a_matrix_of_travel_times_has_no_roads_to_close(tmp_path: Path) -> None:
    home = tmp_path / "networks" / "matrix"
    home.mkdir(parents=True)
    (home / "network.yaml").write_text("kind: matrix\nfile: t.csv\nunit: s\n", encoding="utf-8")
    times = "".join(f"{a},{b},{60 * (a != b)}\n" for a in "abcde" for b in "abcde")
    (home / "t.csv").write_text("from,to,time\n" + times, encoding="utf-8")
    draw = {"calls": [{"type": "fire"}], "stress": {"roads": 1}}
    (told,) = problems_of(
        tmp_path,
        {"network": "matrix", "demand": {"poisson": {"fire": {"rate": "1/d", "places": {"b": 1}}}}},
        draw=draw,
    )
    assert told.startswith("draw.stress.roads: the scenario's network has no roads")


@pytest.mark.parametrize(
    ("injects", "begins", "entries", "left"),
    [
        ([{"at": 60, "outage": {"unit": "W1"}}], "1 h", {}, ["E1"]),
        ([{"at": 60, "outage": {"station": "west"}}], "1 h", {}, ["E1"]),
        ([{"at": 60, "outage": {"unit": "W1", "for": "5 min"}}], "1 h", {}, ["E1", "W1"]),
        ([{"at": "5 h", "outage": {"unit": "W1"}}], "1 h", {}, ["E1"]),
        ([], 0, {"x": {"at": 5, "text": "x", "inject": {"outage": {"unit": "E1"}}}}, ["W1"]),
        ([], 0, {"x": {"at": 5, "text": "x", "inject": {"outage": {"station": "west"}}}}, ["E1"]),
    ],
)
def test_units_that_are_out_of_service_do_not_fail_once_more(
    tmp_path: Path, injects: list[Any], begins: Any, entries: dict[str, Any], left: list[str]
) -> None:
    changes = {"begins": begins, "entries": entries}
    scenario = {**QUIET, "injects": injects}
    drill = brief(tmp_path, scenario, draw={"stress": {"units": len(left)}}, **changes)
    made = drawn(drill).entries
    failed = [one.inject.outage for name, one in made.items() if name not in entries and one.inject]
    assert sorted(outage.unit or "" for outage in failed if outage is not None) == left
    told = problems_of(tmp_path, scenario, draw={"stress": {"units": len(left) + 1}}, **changes)
    said = f"{len(left) + 1} units fail, of {len(left)} that nothing else takes out of service"
    assert told == [f"draw.stress.units: {said}"]


def test_what_is_wrong_in_one_place_hides_nothing_in_another(tmp_path: Path) -> None:
    entries = {
        "a": call(0, "q"),
        "b": {"at": "3 h", "text": "x", "inject": {"outage": {"unit": "W9"}}, "contingency_of": "nobody"},
        "c": {"at": 0, "text": "x", "inject": {"close": "bridge"},
              "expects": [{"text": "x", "by": 5, "sent": {"incident": "zz", "unit": "W8"}},
                          {"text": "x", "by": 5, "moved_up": "nowhere"}]},
    }  # fmt: skip
    draw = {"calls": [{"type": "flood", "zones": ["up"]}], "stress": {"of": ["W7"], "units": 1}}
    assert problems_of(tmp_path, layout="bas", entries=entries, draw=draw) == [
        "layout: no layout 'bas' in the scenario",
        "entries.a.inject.incident.node: no node 'q' in network 'line'",
        "entries.b.at: 3 h from the start of the exercise, which lasts 2 h",
        "entries.b.inject.outage.unit: no unit 'W9' in any layout",
        "entries.b.contingency_of: no entry 'nobody'",
        "entries.c.inject.close: no closure 'bridge'",
        "entries.c.expects[0].sent.incident: no call 'zz'",
        "entries.c.expects[0].sent.unit: no unit 'W8'",
        "entries.c.expects[1].moved_up: no station 'nowhere'",
        "draw.calls[0].type: no incident type 'flood'",
        "draw.calls[0].zones[0]: no zone 'up'",
        "draw.stress.of[0]: no unit or unit type 'W7'",
    ]


def test_without_its_scenario_the_script_is_looked_at_all_the_same(tmp_path: Path) -> None:
    entries = {"a": {"at": 0, "text": "x", "contingency_of": "nobody"}}
    told = problems_of(tmp_path, scenario={**QUIET}, entries=entries)
    assert told == ["entries.a.contingency_of: no entry 'nobody'"]
    path = write_brief(tmp_path, scenario="gone.yaml", entries=entries)
    with pytest.raises(InputError) as caught:
        read_drill(path)
    assert [each.place.split(" ")[-1] for each in caught.value.problems] == [
        "scenario", "entries.a.contingency_of",
    ]  # fmt: skip


def test_what_comes_before_the_start_is_told_without_negative_seconds(tmp_path: Path) -> None:
    entries = {"a": {"at": "2024-01-01T00:30:00+00:00", "text": "x"}}
    (told,) = problems_of(tmp_path, entries=entries)
    assert told == "entries.a.at: 30 min before the start of the exercise, which lasts 2 h"


def test_problems_of_the_scenario_are_told_with_those_of_the_brief(tmp_path: Path) -> None:
    write_scenario(tmp_path, **QUIET, cover_within=-1)
    with pytest.raises(InputError) as caught:
        read_drill(write_brief(tmp_path, entries={"a": {"at": 0, "text": "x", "objective": "o"}}))
    files = {problem.place.split(":")[0] for problem in caught.value.problems}
    assert files == {"scenario.yaml", "brief.yaml"}


def test_the_scenario_is_found_from_the_folder_of_the_networks(tmp_path: Path) -> None:
    write_scenario(tmp_path, **QUIET)
    inner = tmp_path / "drills" / "one"
    inner.mkdir(parents=True)
    path = write_brief(inner, scenario="scenario")
    assert read_drill(path).scenario_path == tmp_path / "scenario.yaml"
    (inner / "scenario.yaml").write_text("x", encoding="utf-8")
    assert find_scenario(path, "scenario") == inner / "scenario.yaml"
    assert find_scenario(path, "other") is None
