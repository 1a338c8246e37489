"""Why these units where cover is weighed, and where needs of one call take different units; by hand.

The line of five nodes (tests/small.py), a minute of driving apart.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from rich.console import Console

from dispatch.composition import simulate
from dispatch.regression.events import events_of
from dispatch.report.explaining import explanation_document, print_explanation
from dispatch.study.explained import Passed
from dispatch.study.explaining import explain
from tests.engine.test_levels import PLANS
from tests.engine.test_levels import UNITS as TWO_AND_TWO
from tests.engine.test_levels import call as inject
from tests.engine.test_levels import world as levels
from tests.engine.test_relief import HEADER as RELIEF_HEADER
from tests.engine.test_relief import call as relief_call
from tests.engine.test_relief import fire
from tests.policies.test_covering import CALLS, TWO_AND_ONE
from tests.properties.drawing import worlds
from tests.properties.worlds import World, law
from tests.small import small

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Scenario
    from dispatch.study.explained import Choice, Epoch, Explanation, Reason

FOUR = "1,0,fire,d,10\n2,5000,fire,d,10\n3,10000,fire,a,10\n4,15000,fire,e,10\n"
"""The first is a minute from E1 and three from W1 and W2. E1 covers d and e, W1 and W2 cover a and b."""


def aware(folder: Path, rows: str, weight: float, busy: float, priority: int = 1) -> Scenario:
    terms = {"weight": weight, "busy_fraction": busy, "from_priority": priority}
    rules = {"policy": "coverage_aware", "coverage_aware": terms}
    return small(folder, CALLS + rows, **TWO_AND_ONE, dispatching=rules)


def told_of(read: Scenario, incident: str) -> Explanation:
    told, log = explain(read, incident=incident)
    assert events_of(log) == events_of(simulate(read))
    return told


def only(epoch: Epoch) -> Choice:
    (choice,) = epoch.choices
    return choice


def printed(told: Explanation, read: Scenario, *, short: bool = False) -> str:
    out = io.StringIO()
    screen = Console(file=out, width=1000, no_color=True, highlight=False)
    print_explanation(screen, told, read, short=short)
    return "".join(line.rstrip() + "\n" for line in out.getvalue().splitlines())


def reckoned(reason: Reason) -> list[tuple[str, float, float, float, float]]:
    return [(one.unit, one.seconds, one.lost, one.penalty, one.cost) for one in reason.weighed]


def test_the_nearest_is_spared_for_its_cover(tmp_path: Path) -> None:
    """E1 is alone near three of the four calls: 3/4 · (1 − 0.5) = 0.375 lost, W1 one of two near the fourth:
    1/4 · (1 − 0.5) · 0.5 = 0.0625. A whole counts for 385 s: 60 + 144.375 against 180 + 24.0625.
    """
    read = aware(tmp_path, FOUR, 385, 0.5)
    told = told_of(read, "1")
    choice = only(told.epochs[0])
    assert (choice.unit, choice.seconds) == ("W1", 180)
    assert (choice.reason.code, choice.reason.other, choice.reason.margin) == ("cover", "E1", -120)
    assert choice.reason.passed == ()
    assert reckoned(choice.reason) == [
        ("W1", 180.0, 0.0625, 24.0625, 204.0625),
        ("W2", 180.0, 0.0625, 24.0625, 204.0625),
        ("E1", 60.0, 0.375, 144.375, 204.375),
    ]
    words = (
        "→ W1: the least of seconds and penalty: 180.0 s and 24.1 s for the cover of 6.25 % of calls, "
        "204.1 s; the nearest, E1: 60.0 s and 144.4 s for the cover of 37.50 % of calls, 204.4 s\n"
    )
    text = printed(told, read)
    assert words in text
    table = text.split("what each would have cost, the least first\n")[1].splitlines()[:4]
    assert [row.split() for row in table] == [
        ["unit", "there", "in", "calls", "that", "lose", "cover", "penalty", "together"],
        ["W1", "180.0", "s", "6.25", "%", "24.1", "s", "204.1", "s"],
        ["W2", "180.0", "s", "6.25", "%", "24.1", "s", "204.1", "s"],
        ["E1", "60.0", "s", "37.50", "%", "144.4", "s", "204.4", "s"],
    ]
    short = printed(told, read, short=True)
    assert words in short
    assert "what each" not in short
    document = explanation_document(told, read)
    reason = document["decisions"][0]["choices"][0]["reason"]
    assert reason["weighed"][2] == {
        "unit": "E1", "seconds": 60.0, "lost": 0.375, "penalty": 144.375, "cost": 204.375,
    }  # fmt: skip
    assert f"→ W1: {reason['words']}\n" == words


def test_the_nearest_goes_where_its_cover_counts_for_less(tmp_path: Path) -> None:
    """A whole counts for 383 s: 60 + 143.625 = 203.625 against 180 + 23.9375 = 203.9375."""
    read = aware(tmp_path, FOUR, 383, 0.5)
    choice = only(told_of(read, "1").epochs[0])
    assert (choice.unit, choice.reason.code, choice.reason.other) == ("E1", "cover", "W1")
    assert choice.reason.margin == 120
    assert [one.cost for one in choice.reason.weighed] == [203.625, 203.9375, 203.9375]
    assert "203.6 s; next, W1: 180.0 s and 23.9 s" in printed(told_of(read, "1"), read)


def test_who_is_too_far_to_be_weighed_by_the_policy_is_told_too(tmp_path: Path) -> None:
    """A whole counts for 100 s: E1 costs 60 + 37.5, W1 and W2 are 180 s away in any case."""
    reason = only(told_of(aware(tmp_path, FOUR, 100, 0.5), "1").epochs[0]).reason
    assert reckoned(reason) == [
        ("E1", 60.0, 0.375, 37.5, 97.5),
        ("W1", 180.0, 0.0625, 6.25, 186.25),
        ("W2", 180.0, 0.0625, 6.25, 186.25),
    ]


def test_the_sooner_of_equals_goes(tmp_path: Path) -> None:
    """A whole counts for 384 s: 60 + 144 is 180 + 24."""
    read = aware(tmp_path, FOUR, 384, 0.5)
    told = told_of(read, "1")
    reason = only(told.epochs[0]).reason
    assert (only(told.epochs[0]).unit, reason.other) == ("E1", "W1")
    assert [one.cost for one in reason.weighed] == [204.0, 204.0, 204.0]
    assert "204.0 s; of such ties the sooner goes, then by abilities, place, kind and id\n" in printed(
        told, read
    )


def test_for_urgent_calls_cover_does_not_count(tmp_path: Path) -> None:
    """The calls have priority 1, and cover counts from 2 on."""
    read = aware(tmp_path, FOUR, 385, 0.5, priority=2)
    told = told_of(read, "1")
    choice = only(told.epochs[0])
    assert (choice.unit, choice.reason.code, choice.reason.other) == ("E1", "urgent", "W1")
    assert (choice.reason.margin, choice.reason.weighed) == (120, ())
    words = "cover does not count for so urgent a call; the nearest that could go: 2 min 00 s sooner than W1"
    assert f"→ E1: {words}\n" in printed(told, read)


def test_what_is_weighed_counts_who_was_chosen_before(tmp_path: Path) -> None:
    """Two calls at c, 120 s from all. Shares: a and b 0.4 together, e 0.2; busy 0.1, a whole is 600 s.

    For the first W1 and W2 cost 600 · 0.4 · 0.9 · 0.1 = 21.6, E1 600 · 0.2 · 0.9 = 108. With W1 gone W2 costs
    600 · 0.4 · 0.9 = 216, and E1 goes.
    """
    rows = "1,0,fire,c,10\n2,0,fire,c,10\n3,9000,fire,a,10\n4,9000,fire,b,10\n5,9000,fire,e,10\n"
    read = aware(tmp_path, rows, 600, 0.1)
    first, second = (only(told_of(read, name).epochs[0]) for name in ("1", "2"))
    assert (first.unit, second.unit) == ("W1", "E1")
    for choice, penalties in (
        (first, {"W1": 21.6, "W2": 21.6, "E1": 108.0}),
        (second, {"E1": 108.0, "W2": 216.0}),
    ):
        found = {one.unit: one.penalty for one in choice.reason.weighed}
        assert found == pytest.approx(penalties)
        assert list(found) == list(penalties)
    assert second.reason.passed == (Passed("W1", "sent", "1"),)


def test_the_last_one_left_needs_no_reckoning(tmp_path: Path) -> None:
    """W1 and E1 are out: W2 alone could go to the third call."""
    rows = "1,0,fire,a,900\n2,0,fire,e,900\n3,100,fire,d,10\n4,9000,fire,b,10\n"
    choice = only(told_of(aware(tmp_path, rows, 10, 0.5), "3").epochs[0])
    assert (choice.unit, choice.reason.code, choice.reason.weighed) == ("W2", "only_one", ())


@given(worlds(policy="nearest"))
@law(15)
def test_who_goes_is_the_least_of_all_that_are_told(world: World) -> None:
    """Who is weighed is who could go and was not sent before, and the first of them goes."""
    world.scenario["dispatching"] = world.scenario.get("dispatching", {}) | {
        "policy": "coverage_aware", "coverage_aware": {"weight": 2000, "from_priority": 1},
    }  # fmt: skip
    read = world.load()
    plain = simulate(read)
    for number in range(min(len(plain.timeline), 5)):
        told, log = explain(read, incident=plain.timeline.incident_id(number, read.kinds))
        assert events_of(log) == events_of(plain)
        for epoch in told.epochs:
            groups = {need: group for group in epoch.groups for need in group.needs}
            for choice in (one for one in epoch.choices if one.outcome == "sent"):
                reason = choice.reason
                assert reason.code in ("cover", "only_one")
                able = {one.unit: one.seconds for one in groups[choice.need].candidates if not one.why}
                for one in reason.weighed:
                    assert one.cost == one.seconds + one.penalty
                    assert one.penalty == 2000 * one.lost
                    assert one.seconds == able[one.unit]
                if reason.code == "cover":
                    assert reason.weighed[0].unit == choice.unit
                    assert reason.weighed[0].cost == min(one.cost for one in reason.weighed)
                    left = {one.unit for one in reason.weighed}
                    away, passed = set(able) - left, {one.unit for one in reason.passed}
                    assert {unit for unit in away if able[unit] < choice.seconds} <= passed <= away


# --- needs that take different units ----------------------------------------------------------------------

TYPES = {
    "big": {"capabilities": ["engine"], "turnout": 0, "crew": 6},
    "tiny": {"capabilities": ["engine"], "turnout": 0, "crew": 3},
}


def mixed(folder: Path, **back: float) -> Scenario:
    """A call at a of level 2: an engine with any crew and one with a crew of six. At first all are out.

    Those whose names end in 1 stand in the west, at a; those in capitals have a crew of six, others of three.
    """
    cards = {1: {"units": {"engine": 1}}, 2: {"units": {"engine": {"units": 2, "crew": 6}}}}
    plans = PLANS | {"own": {"all": {"classes": ["fire"], "cards": cards}}}
    outages = [{"at": 0, "outage": {"unit": name, "for": until}} for name, until in back.items()]
    rise = {"at": 100, "level": {"incident": "x", "level": 2}}
    standing = {
        name: {"type": "big" if name.isupper() else "tiny", "station": "west" if name[-1] == "1" else "east"}
        for name in back
    }
    return levels(folder, *outages, inject(), rise, units=standing, unit_types=TYPES, plans=plans,
                  alarm={"level": 1})  # fmt: skip


def test_needs_that_take_different_crews_are_told_apart(tmp_path: Path) -> None:
    """At 500 all are back: w1, at the scene with a crew of three, may go to the first need only."""
    read = mixed(tmp_path, w1=500, E2=500)
    told = told_of(read, "x")
    (epoch,) = (epoch for epoch in told.epochs if epoch.time == 500)
    assert [(group.capability, group.crew, group.needs) for group in epoch.groups] == [
        ("engine", 0, (1,)), ("engine", 6, (2,)),
    ]  # fmt: skip
    assert [{one.unit: (one.why, one.sent_to) for one in group.candidates} for group in epoch.groups] == [
        {"w1": ("", "x"), "E2": ("", "x")},
        {"E2": ("", "x"), "w1": ("barred", "x")},
    ]
    assert [(choice.unit, choice.reason.code) for choice in epoch.choices] == [
        ("w1", "nearest"), ("E2", "only_one"),
    ]  # fmt: skip
    text = printed(told, read)
    assert text.count("\n  engine (unit 1 of 2): 2 of 2 could go\n") == 1
    assert text.count("\n  engine with a crew of 6 or more (unit 2 of 2): 1 of 2 could go\n") == 1
    at = text.index("(unit 2 of 2): 1 of 2 could go")
    assert text.index("→ w1 (unit 1 of 2)") < at < text.index("→ E2 (unit 2 of 2)")
    assert "w1   west    in quarters not to be sent to this need\n" in text[at:]


def test_a_need_to_which_nobody_of_those_who_are_free_may_go(tmp_path: Path) -> None:
    """At 500 u1 and v1 are back, with crews of three: u1 goes to the first need, nobody to the second."""
    told = told_of(mixed(tmp_path, u1=500, v1=500, E2=1000), "x")
    (epoch,) = (epoch for epoch in told.epochs if epoch.time == 500)
    assert [(choice.outcome, choice.unit, choice.reason.code) for choice in epoch.choices] == [
        ("sent", "u1", "nearest"), ("waiting", "", "nobody_free"),
    ]  # fmt: skip
    assert [{one.unit: one.why for one in group.candidates} for group in epoch.groups] == [
        {"u1": "", "v1": "", "E2": "out_of_service"},
        {"u1": "barred", "v1": "barred", "E2": "out_of_service"},
    ]


def test_needs_that_take_the_same_units_are_told_together(tmp_path: Path) -> None:
    plans = PLANS | {"own": {"all": {"classes": ["fire"], "cards": {1: {"units": {"engine": 3}}}}}}
    read = levels(tmp_path, inject(), units=TWO_AND_TWO, plans=plans, alarm={"level": 1})
    told = told_of(read, "x")
    (group,) = told.epochs[0].groups
    assert (group.crew, group.needs, len(group.candidates)) == (0, (1, 2, 3), 4)
    assert "\n  engine: 4 of 4 could go\n" in printed(told, read)


def test_who_may_go_to_a_need_but_not_relieve_is_told_so(tmp_path: Path) -> None:
    """Three engines are wanted at b, where W1 is from 60 to 490, E1 from 180 on; relief is asked after 300 s.

    At 490 W1 sets out for home. It may go to the third need, which is open, but not relieve E1 (since 480).
    """
    kinds = {"fire": fire(300)["fire"] | {"run_card": {"engine": 3}}}
    read = small(tmp_path, RELIEF_HEADER + relief_call("x", 0, "b", on_scene=430), incident_types=kinds)
    told = told_of(read, "x")
    (epoch,) = (epoch for epoch in told.epochs if epoch.time == 490)
    assert {group.capability for group in epoch.groups} == {"engine"}
    whys = [{one.unit: one.why for one in group.candidates} for group in epoch.groups]
    assert whys == [{"W1": "", "E1": "already_sent"}, {"W1": "already_sent", "E1": "already_sent"}]
    assert [(choice.outcome, choice.unit, choice.reason.code) for choice in epoch.choices] == [
        ("sent", "W1", "only_one"), ("waiting", "", "nobody_free"),
    ]  # fmt: skip
