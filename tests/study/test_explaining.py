"""Why these units: every decision about a call, on towns reckoned by hand and in worlds drawn at random."""

from __future__ import annotations

import io
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from rich.console import Console

from dispatch.composition import BUILT_IN
from dispatch.composition import simulate as simulated
from dispatch.engine.log import AID
from dispatch.engine.rulebook import Ending
from dispatch.errors import UsageError
from dispatch.io.run_folder import json_text
from dispatch.policies.dispatching import Nearest
from dispatch.regression.events import events_of
from dispatch.report.explaining import explanation_document, print_explanation
from dispatch.scenario import alternatives
from dispatch.study.explained import Passed, Reason
from dispatch.study.explaining import explain
from tests.engine.towns import BOTH, call, scenario
from tests.properties.closing import closed_worlds
from tests.properties.drawing import worlds
from tests.properties.worlds import World, law

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log, Scenario
    from dispatch.study.explained import Candidate, Choice, Epoch, Explanation

ENGINE = {"type": "engine", "station": "west"}


def told(folder: Path, *calls: str, about: str = "x", **changes: Any) -> Explanation:
    """Write a town, and explain one of its calls."""
    written = scenario(folder, *calls, **changes)
    explanation, log = explain(written, incident=about)
    assert events_of(log) == events_of(simulated(written))
    return explanation


def of_need(epoch: Epoch, need: int = 0) -> tuple[Candidate, ...]:
    """Return the candidates for one of the call's needs, or for all of them, where those are the same."""
    (group,) = (group for group in epoch.groups if not need or need in group.needs)
    return group.candidates


def could_go(epoch: Epoch, need: int = 0) -> dict[str, float]:
    """Return expected seconds by unit, in the order told."""
    return {one.unit: one.seconds for one in of_need(epoch, need) if not one.why}


def could_not(epoch: Epoch, need: int = 0) -> dict[str, tuple[str, str, str, float]]:
    """Return why not, status, call and until when (−1 for no such moment) by unit."""
    return {
        one.unit: (one.why, one.status, one.incident, -1.0 if math.isnan(one.until) else one.until)
        for one in of_need(epoch, need)
        if one.why
    }


def outcomes(epoch: Epoch) -> list[tuple[int, str, str, str]]:
    return [(choice.need, choice.outcome, choice.unit, choice.reason.code) for choice in epoch.choices]


def course(explanation: Explanation) -> list[tuple[float, str, str]]:
    return [(moment.time, moment.what, moment.unit) for moment in explanation.course]


def only(epoch: Epoch) -> Choice:
    (choice,) = epoch.choices
    return choice


def test_the_nearest_is_sent_by_so_much(tmp_path: Path) -> None:
    """b is 100 s from W1 and 200 s from E1; a mean turnout of 30 s comes on top, and is what happens."""
    slow = {"engine": {"capabilities": ["engine"], "turnout": 30}}
    found = told(tmp_path, call("x", 40, "b"), units=BOTH, unit_types=slow, call_processing=5)
    assert (found.type, found.node, found.priority, found.needs) == ("fire", "b", 2, ("engine",))
    assert (found.status, found.policy, found.layout, found.replication) == (
        "served",
        "nearest",
        "baseline",
        0,
    )
    (epoch,) = found.epochs
    assert (epoch.time, epoch.asked) == (45, True)
    assert could_go(epoch) == {"W1": 130, "E1": 230}
    assert {(one.station, one.status, one.incident) for one in epoch.groups[0].candidates} == {
        ("west", "in quarters", ""),
        ("east", "in quarters", ""),
    }
    assert only(epoch).reason == Reason("nearest", "E1", 100.0)
    (sent,) = found.responses
    assert (sent.estimated_arrival, sent.on_scene, sent.expected_turnout) == (175, 175, 30)
    assert course(found) == [
        (40, "received", ""),
        (45, "ready", ""),
        (45, "decision", ""),
        (45, "alerted", "W1"),
        (75, "en route", "W1"),
        (175, "on scene", "W1"),
        (275, "clear", "W1"),
        (275, "closed", ""),
    ]


def test_one_that_is_as_near_comes_by_the_order_of_ties(tmp_path: Path) -> None:
    found = told(tmp_path, call("x", 0, "b"), units={"W2": ENGINE, "W1": ENGINE})
    assert only(found.epochs[0]).unit == "W1"
    assert only(found.epochs[0]).reason == Reason("nearest", "W2", 0.0)


def test_one_that_a_later_need_gets_was_still_there_to_compare_with(tmp_path: Path) -> None:
    found = told(tmp_path, call("x", 0, "b"), call("y", 0, "b"), units=BOTH)
    assert only(found.epochs[0]).reason == Reason("nearest", "E1", 100.0)
    other = told(tmp_path, call("x", 0, "b"), call("y", 0, "b"), units=BOTH, about="y")
    assert only(other.epochs[0]).reason == Reason("only_one", passed=(Passed("W1", "sent", "x"),))


def test_a_call_waits_until_a_unit_is_on_its_way_home(tmp_path: Path) -> None:
    """W1 is on x until 200 and y takes it from b, 100 s away; z, later, gets it when it is clear of y."""
    calls = (call("x", 0, "b"), call("y", 10, "c"), call("z", 20, "d"))
    found = told(tmp_path, *calls, about="z")
    first, second, third = found.epochs
    assert (first.time, first.asked, outcomes(first)) == (20, False, [(1, "waiting", "", "nobody_free")])
    assert could_not(first) == {"W1": ("under_way", "en route", "x", 200)}
    assert (second.time, second.asked, could_go(second)) == (200, True, {"W1": 200})
    assert [(one.status, one.incident, one.sent_to) for one in second.groups[0].candidates] == [
        ("returning", "x", "y")
    ]
    assert outcomes(second) == [(1, "waiting", "", "taken")]
    assert only(second).reason.passed == (Passed("W1", "sent", "y"),)
    assert (third.time, could_go(third), only(third).reason) == (400, {"W1": 100}, Reason("only_one"))
    (sent,) = found.responses
    assert (sent.alerted, sent.estimated_arrival, sent.on_scene) == (400, 500, 500)
    assert (sent.came_from, sent.diverted_from) == ("y", False)
    assert math.isnan(sent.expected_turnout)


def test_a_unit_at_work_is_busy_until_it_is_clear(tmp_path: Path) -> None:
    found = told(tmp_path, call("x", 0, "b"), call("y", 150, "b"), about="y")
    assert could_not(found.epochs[0]) == {"W1": ("busy", "on scene", "x", 200)}


def test_who_may_not_be_sent_from_the_road_is_busy_until_home(tmp_path: Path) -> None:
    """W1 leaves b at 200 and is home at 400."""
    rules = {"returning": False}
    found = told(tmp_path, call("x", 0, "b"), call("y", 250, "b"), about="y", dispatching=rules)
    first, second = found.epochs
    assert could_not(first) == {"W1": ("busy", "returning", "x", 400)}
    assert (second.time, could_go(second)) == (400, {"W1": 100})


def test_a_diversion_is_told_on_both_sides(tmp_path: Path) -> None:
    """E1 is 50 s on its way to x when the more urgent y comes: 50 + 100 s to c, against 200 s of W1."""
    calls = (call("x", 0, "d"), call("y", 50, "c", type="rescue"), call("z", 60, "b"))
    changes: dict[str, Any] = {"units": {"W1": ENGINE, "E1": ENGINE}, "dispatching": {"diversion": True}}
    urgent = told(tmp_path, *calls, about="y", **changes)
    assert could_go(urgent.epochs[0]) == {"E1": 150, "W1": 200}
    assert only(urgent.epochs[0]).reason == Reason("nearest", "W1", 50.0)
    assert [(s.came_from, s.diverted_from, s.on_scene) for s in urgent.responses] == [("x", True, 200)]

    left = told(tmp_path, *calls, about="x", **changes)
    assert [epoch.time for epoch in left.epochs] == [0, 50]
    assert could_not(left.epochs[1]) == {"E1": ("as_urgent", "en route", "y", 300)}
    assert [(s.unit, s.ending, s.went_to) for s in left.responses] == [
        ("E1", "diverted", "y"),
        ("W1", "served", ""),
    ]
    assert (50, "diverted", "E1") in course(left)
    assert [entry for entry in course(left) if entry[0] == 50][:2] == [
        (50, "diverted", "E1"),
        (50, "decision", ""),
    ]

    late = told(tmp_path, *calls, about="z", **changes)
    assert {unit: why for unit, (why, *_) in could_not(late.epochs[0]).items()} == {
        "E1": "as_urgent",
        "W1": "as_urgent",
    }
    assert outcomes(late.epochs[0]) == [(1, "waiting", "", "nobody_free")]


def test_after_a_diversion_the_policy_is_asked_again(tmp_path: Path) -> None:
    """y diverts W1 from x; the answer for z of the same moment is put off, and then given."""
    calls = (call("x", 0, "d"), call("y", 50, "b", type="rescue"), call("z", 50, "c"))
    changes: dict[str, Any] = {"units": BOTH, "dispatching": {"diversion": True}}
    changes["stations"] = {"west": {"at": "a"}, "east": {"at": "f"}}
    calls = (call("x", 0, "b"), call("y", 50, "b", type="rescue"), call("z", 50, "c"))
    found = told(tmp_path, *calls, about="z", **changes)
    assert [(epoch.time, outcomes(epoch)) for epoch in found.epochs[:2]] == [
        (50, [(1, "asked_again", "", "asked_again")]),
        (50, [(1, "waiting", "", "taken")]),
    ]
    assert only(found.epochs[1]).reason.passed == (Passed("E1", "sent", "x"),)


FIRST_DUE = {"policy": "run_card_order", "first_due": {"c": ["E1", "W1"]}}


def test_the_place_in_the_first_due_list_and_who_stood_before(tmp_path: Path) -> None:
    """E1 is on x; the ladder stands first and cannot pump; beyond the list nobody but W1 is left."""
    kinds = {
        "engine": {"capabilities": ["engine"], "turnout": 0},
        "ladder": {"capabilities": ["high"], "turnout": 0},
    }
    units = BOTH | {"L1": {"type": "ladder", "station": "east"}}
    rules = {"policy": "run_card_order", "first_due": {"c": ["L1", "E1", "W1"]}}
    changes: dict[str, Any] = {"units": units, "unit_types": kinds}
    found = told(tmp_path, call("y", 0, "d"), call("x", 10, "c"), dispatching=rules, **changes)
    assert found.first_due == ("L1", "E1", "W1")
    passed = (Passed("L1", "unable", ""), Passed("E1", "busy", "y"))
    assert only(found.epochs[0]).reason == Reason("first_due", passed=passed, place=3)

    beyond = {"policy": "run_card_order", "first_due": {"c": ["L1", "E1"]}}
    found = told(tmp_path, call("y", 0, "d"), call("x", 10, "c"), dispatching=beyond, **changes)
    reason = only(found.epochs[0]).reason
    assert (reason.code, reason.other, reason.passed) == ("beyond_list", "", passed)

    elsewhere = told(tmp_path, call("x", 0, "b"), dispatching=beyond, **changes)
    assert elsewhere.first_due == ()
    assert only(elsewhere.epochs[0]).reason == Reason("nearest", "E1", 100.0)


def test_a_list_counts_who_is_free_and_the_nearest_may_be_diverted(tmp_path: Path) -> None:
    """W1, all there is of the list, is under way to y; it is diverted as the nearest, not by the list."""
    rules = {"policy": "run_card_order", "first_due": {"c": ["W1"]}, "diversion": True}
    calls = (call("y", 0, "d"), call("x", 50, "c", type="rescue"))
    found = told(tmp_path, *calls, dispatching=rules)
    assert (only(found.epochs[0]).unit, only(found.epochs[0]).reason) == ("W1", Reason("beyond_list"))


def test_a_joint_matching_says_what_it_cost(tmp_path: Path) -> None:
    """W1 is nearest to both: 100 s to x and 0 s to y, E1 200 s and 300 s. Least in all is E1 to x."""
    changes: dict[str, Any] = {"units": BOTH, "dispatching": {"policy": "assignment"}}
    calls = (call("x", 0, "b"), call("y", 0, "a"))
    lost_out = only(told(tmp_path, *calls, about="x", **changes).epochs[0])
    assert (lost_out.unit, lost_out.reason) == (
        "E1",
        Reason("matching", "W1", -100.0, (Passed("W1", "sent", "y"),), needs=2),
    )
    won = only(told(tmp_path, *calls, about="y", **changes).epochs[0])
    assert (won.unit, won.reason) == ("W1", Reason("matching", needs=2))
    alone = only(told(tmp_path, call("x", 0, "b"), **changes).epochs[0])
    assert alone.reason == Reason("nearest", "E1", 100.0)


def test_a_matching_that_leaves_somebody_out_says_so(tmp_path: Path) -> None:
    rules = {"policy": "assignment"}
    found = told(tmp_path, call("x", 0, "c"), call("y", 0, "b"), dispatching=rules)
    assert outcomes(found.epochs[0]) == [(1, "waiting", "", "taken")]
    assert only(found.epochs[0]).reason == Reason("taken", passed=(Passed("W1", "sent", "y"),), needs=2)


def test_lost_and_nobody_able(tmp_path: Path) -> None:
    """Of two engines one is there; the other need is lost at once, and so is what nobody can do."""
    lose = {"when_none_free": "lost"}
    found = told(tmp_path, call("x", 7, "b", units=2), dispatching=lose)
    assert outcomes(found.epochs[0]) == [(1, "sent", "W1", "only_one"), (2, "lost", "", "taken")]
    assert found.epochs[0].choices[1].reason.passed == (Passed("W1", "sent", "x"),)
    assert found.status == "partial"
    assert (7, "lost", "") in course(found)

    calls = (call("y", 0, "b"), call("x", 10, "b"))
    found = told(tmp_path, *calls, dispatching=lose)
    (epoch,) = found.epochs
    assert (epoch.asked, outcomes(epoch)) == (False, [(1, "lost", "", "nobody_free")])
    assert (found.status, found.closed) == ("lost", 10)
    assert course(found)[-2:] == [(10, "lost", ""), (10, "closed", "")]


def test_mutual_aid_comes_where_nobody_is_left(tmp_path: Path) -> None:
    """300 s after the call it leaves e; to c, by f, it has 200 s."""
    rules = {"when_none_free": "mutual_aid", "mutual_aid": {"delay": 300, "at": "e"}}
    found = told(tmp_path, call("y", 0, "b"), call("x", 10, "c"), dispatching=rules)
    (epoch,) = found.epochs
    assert outcomes(epoch) == [(1, "mutual_aid", "mutual-aid", "nobody_free")]
    (sent,) = found.responses
    assert (sent.unit, sent.station, sent.en_route, sent.on_scene) == ("mutual-aid", "", 310, 510)
    assert math.isnan(sent.estimated_arrival)


CUT = {
    name: {"links": [link], "begins": 50, "ends": 5000} for name, link in (("north", "bc"), ("south", "ef"))
}


def test_a_unit_that_is_cut_off_and_the_one_that_goes_instead(tmp_path: Path) -> None:
    rules = {"policy": "run_card_order", "first_due": {"c": ["W1", "E1"]}}
    found = told(tmp_path, call("x", 0, "c"), closures=CUT, units=BOTH, dispatching=rules)
    first, second = found.epochs
    assert only(first).reason == Reason("first_due", place=1)
    assert (second.time, could_not(second)) == (50, {"W1": ("no_way", "returning", "x", -1)})
    assert only(second).reason == Reason("first_due", passed=(Passed("W1", "no_way", "x"),), place=2)
    assert (50, "cut off", "W1") in course(found)
    assert [(s.ending, s.estimated_arrival) for s in found.responses] == [("cut_off", 200), ("served", 150)]


@pytest.mark.parametrize("returning", [True, False])
def test_a_call_that_nobody_can_reach_waits(tmp_path: Path, returning: bool) -> None:
    """Cut off at 50 and home at 300; the roads open at 5000. It may, or may not, be asked on its way."""
    found = told(tmp_path, call("x", 0, "c"), closures=CUT, dispatching={"returning": returning})
    why = ("no_way", "returning", "x", -1) if returning else ("busy", "returning", "x", 300)
    cut = found.epochs[1]
    assert (cut.time, cut.asked, could_not(cut)) == (50, returning, {"W1": why})
    assert outcomes(cut) == [(1, "waiting", "", "no_way" if returning else "nobody_free")]
    assert (found.epochs[-1].time, outcomes(found.epochs[-1])) == (5000, [(1, "sent", "W1", "only_one")])


def test_nobody_is_asked_about_a_need_that_reopens_while_all_are_out(tmp_path: Path) -> None:
    """W1 is cut off from x at 50, while E1, 50 s from c, is sent there already: clear at 200, home at 400."""
    rules = {"returning": False}
    found = told(tmp_path, call("x", 0, "c", units=2), units=BOTH, closures=CUT, dispatching=rules)
    cut = found.epochs[1]
    assert (cut.time, cut.asked) == (50, False)
    assert could_not(cut) == {
        "W1": ("busy", "returning", "x", 300),
        "E1": ("already_sent", "en route", "x", 400),
    }
    assert outcomes(cut) == [(2, "waiting", "", "nobody_free")]


def test_an_arrival_that_was_not_as_expected(tmp_path: Path) -> None:
    """The recorded crew takes 70 s, not 30 s; then the street closes and the way round takes 200 s more."""
    slow = {"engine": {"capabilities": ["engine"], "turnout": 30}}
    shut = {"main": {"links": ["bc"], "begins": 100}}
    found = told(tmp_path, call("x", 0, "c", turnout=70), unit_types=slow, closures=shut)
    (sent,) = found.responses
    assert (sent.estimated_arrival, sent.on_scene) == (230, 470)
    text = printed(found, scenario(tmp_path, call("x", 0, "c", turnout=70), unit_types=slow, closures=shut))
    expected = (
        "00:07:50.0  on scene: W1, 4 min 00 s later than estimated "
        "(turnout 1 min 10 s, expected 30.0 s; roads changed on the way, 3 min 20 s later)\n"
    )
    assert expected in text


def test_a_cancelled_response(tmp_path: Path) -> None:
    found = told(tmp_path, call("x", 0, "c", cancelled=50))
    assert (found.status, found.closed) == ("cancelled", 50)
    assert (50, "cancelled", "W1") in course(found)


def test_a_policy_of_others_is_named_and_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Farthest(Nearest):
        """Whoever comes last; on Tuesdays nobody."""

        name = "farthest"

        def pick(self, need: Any, board: Any, taken: Any) -> int | None:
            ranking = board.fleet.ranking(need.node, need.capability)
            free = [u for _, u in ranking if board.idle[u] and u not in taken]
            return free[-1] if free and board.now != 500 else None

    monkeypatch.setitem(BUILT_IN, "farthest", lambda _scenario, _fleet: Farthest())
    monkeypatch.setattr(alternatives, "BUILT_IN_POLICIES", tuple(BUILT_IN))
    changes: dict[str, Any] = {"units": BOTH, "dispatching": {"policy": "farthest"}}
    found = told(tmp_path, call("x", 0, "b"), **changes)
    assert only(found.epochs[0]).unit == "E1"
    assert only(found.epochs[0]).reason == Reason("policy", "W1", -100.0)
    assert "chosen by policy 'farthest': 1 min 40 s later than W1" in printed(
        found, scenario(tmp_path, call("x", 0, "b"), **changes)
    )
    refused = told(tmp_path, call("x", 500, "b"), call("y", 900, "b"), **changes)
    assert only(refused.epochs[0]).reason == Reason("policy", "W1")
    assert only(refused.epochs[0]).outcome == "waiting"


def test_who_is_off_duty_is_no_candidate(tmp_path: Path) -> None:
    """E1 begins at 2:00 and has never been out; W1, once at y, is off from 1:00 to 2:00."""
    units = {name: {**unit, "rota": "late"} for name, unit in BOTH.items()}
    units["W1"]["rota"] = "split"
    rotas = {
        "late": {"on_duty": [{"begins": 2, "ends": 24}]},
        "split": {"on_duty": [{"begins": 0, "ends": 1}, {"begins": 2, "ends": 24}]},
    }
    calls = (call("y", 0, "b"), call("x", 3700, "b"))
    found = told(tmp_path, *calls, units=units, rotas=rotas)
    first, second = found.epochs
    assert (first.asked, outcomes(first)) == (False, [(1, "waiting", "", "nobody_free")])
    assert could_not(first) == dict.fromkeys(("W1", "E1"), ("off_duty", "off duty", "", -1))
    assert (second.time, could_go(second)) == (7200, {"W1": 100, "E1": 200})


def test_an_unknown_call_is_refused(tmp_path: Path) -> None:
    written = scenario(tmp_path, call("harbour-1", 0, "b"))
    with pytest.raises(UsageError, match="replication 0 has no incident 'harbor-1'") as refused:
        explain(written, incident="harbor-1")
    assert refused.value.hint == "Did you mean 'harbour-1'?"
    with pytest.raises(UsageError, match="has no layout 'x'"):
        explain(written, "x", incident="harbour-1")


def printed(explanation: Explanation, written: Scenario, width: int = 200) -> str:
    out = io.StringIO()
    print_explanation(Console(file=out, width=width, no_color=True, highlight=False), explanation, written)
    return out.getvalue()


# laws, in worlds drawn at random


def sendings(log: Log, number: int) -> Counter[tuple[int, str, float]]:
    """Return slot within the call, unit and moment of each own unit sent to a call."""
    r, first = log.responses, int(log.timeline.first_slot[number])
    return Counter(
        (int(r.slot[row]) - first + 1, log.fleet.ids[r.unit[row]], float(r.alerted[row]))
        for row in range(len(r))
        if r.incident[row] == number and r.unit[row] != AID
    )


def check_choices(found: Explanation, log: Log, number: int) -> None:
    """Every unit sent has its one reason, and every need has its end."""
    chosen = [(choice, epoch) for epoch in found.epochs for choice in epoch.choices]
    assert Counter(
        (choice.need, choice.unit, epoch.time) for choice, epoch in chosen if choice.outcome == "sent"
    ) == sendings(log, number)
    first = int(log.timeline.first_slot[number])
    own = range(first, int(log.timeline.first_slot[number + 1]))
    lost = sorted(slot - first + 1 for slot in log.lost.tolist() if slot in own)
    assert sorted(choice.need for choice, _ in chosen if choice.outcome == "lost") == lost
    r = log.responses
    aided = [
        int(s) - first + 1
        for s, i, u in zip(r.slot, r.incident, r.unit, strict=True)
        if i == number and u == AID
    ]
    assert sorted(choice.need for choice, _ in chosen if choice.outcome == "mutual_aid") == sorted(aided)
    known = {"nearest", "run_card_order", "assignment"}
    assert found.policy in known
    assert "policy" not in {choice.reason.code for choice, _ in chosen}, "they never leave out who could go"
    if not log.scenario.file.dispatching.diversion:
        assert "asked_again" not in {choice.outcome for choice, _ in chosen}
    assert [epoch.time for epoch in found.epochs] == sorted(epoch.time for epoch in found.epochs)
    assert found.epochs[0].time == log.timeline.ready[number]


def check_reasons(found: Explanation) -> None:
    """Who is said to be the nearest, or at some place of the list, is."""
    for epoch in found.epochs:
        for choice in epoch.choices:
            reason, seconds = choice.reason, could_go(epoch, choice.need)
            assert {one.unit for one in reason.passed if one.why == "sent"} <= set(seconds)
            if choice.outcome != "sent":
                continue
            assert choice.seconds == seconds[choice.unit]
            if reason.other:
                assert reason.margin == seconds[reason.other] - choice.seconds
            if reason.code == "matching":
                assert not reason.margin > 0
            elif reason.code == "first_due":
                assert found.first_due[reason.place - 1] == choice.unit
                assert [one.unit for one in reason.passed] == list(found.first_due[: reason.place - 1])
            else:
                sent = {one.unit for one in reason.passed if one.why == "sent"}
                left = [unit for unit in seconds if unit not in sent]
                assert left[0] == choice.unit
                assert not reason.other or reason.other in left[1:]


def check_units(found: Explanation, log: Log) -> None:
    """All able units are told, those that could go were not at work, and the others were as it says."""
    r = log.responses
    for epoch in found.epochs:
        needs = sorted(need for group in epoch.groups for need in group.needs)
        assert needs == sorted(choice.need for choice in epoch.choices)
        for group in epoch.groups:
            wanted = log.scenario.capabilities.index(group.capability)
            able = {log.fleet.ids[u] for u, has in enumerate(log.fleet.capabilities) if wanted in has}
            assert {one.unit for one in group.candidates} == able
            for one in group.candidates:
                check_unit(one, epoch, log, r)


def check_unit(one: Candidate, epoch: Epoch, log: Log, r: Any) -> None:
    unit = log.fleet.ids.index(one.unit)
    rows = [row for row in range(len(r)) if r.unit[row] == unit and r.alerted[row] < epoch.time]
    at_work = [row for row in rows if not r.available[row] <= epoch.time]
    assert len(at_work) <= 1
    assert (one.why == "") == math.isfinite(one.seconds)
    if one.why == "busy":
        (row,) = at_work
        assert one.incident == log.timeline.incident_id(int(r.incident[row]), log.scenario.kinds)
        assert one.until == r.available[row] or math.isnan(r.available[row])
        assert one.status in ("on scene", "transporting", "returning")
    elif one.why in ("under_way", "as_urgent"):
        assert one.status in ("turning out", "en route")
    elif one.why == "":
        diverted = {row for row in at_work if r.ending[row] == Ending.DIVERTED}
        assert not set(at_work) - diverted or log.scenario.file.dispatching.diversion


def check_estimates(found: Explanation, log: Log) -> None:
    """Where crews leave as expected and the roads stay as they are, estimates are what happens."""
    for sent in found.responses:
        if math.isnan(sent.on_scene) or sent.unit == "mutual-aid":
            continue
        turnout = sent.en_route - sent.alerted
        expected = sent.expected_turnout if not math.isnan(sent.expected_turnout) else turnout
        late = turnout - expected
        assert sent.on_scene == pytest.approx(sent.estimated_arrival + late, abs=1e-6)


@given(worlds())
@law(20)
def test_laws_of_explanations(world: World) -> None:
    check_world(world, steady=True)


@given(closed_worlds())
@law(15)
def test_laws_of_explanations_where_roads_close(world: World) -> None:
    check_world(world, steady=False)


def check_world(world: World, *, steady: bool) -> None:
    written = world.load()
    plain = simulated(written)
    expected = events_of(plain)
    for number in range(min(len(plain.timeline), 6)):
        about = plain.timeline.incident_id(number, written.kinds)
        found, log = explain(written, incident=about)
        assert events_of(log) == expected
        check_choices(found, log, number)
        check_reasons(found)
        check_units(found, log)
        if steady:
            check_estimates(found, log)
        assert json_text(explanation_document(found, written))
        assert all(
            len(line) <= 60 or " " not in line[:60] for line in printed(found, written, 60).splitlines()
        )
