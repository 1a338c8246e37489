"""Laws of staging, on random worlds: nobody waits for ever, and nobody waits or goes without a reason."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.rulebook import Ending
from dispatch.regression.events import events_of
from tests.properties.closing import closed_worlds
from tests.properties.drawing import often, worlds
from tests.properties.test_closures import (
    test_units_move_steadily_and_stand_where_they_are_said_to_be as _steady,
)
from tests.properties.worlds import World, law

if TYPE_CHECKING:
    from dispatch import Log
    from dispatch.engine.log import Staged

Json = dict[str, Any]

SLACK = 1e-6
"""Seconds by which sums of times may differ."""


def planned(world: World, rules: dict[str, Json | None]) -> World:
    """Return a world in which plans ask for what the run cards did, with a rule for staging by type."""
    own: Json = {}
    for name, kind in world.scenario["incident_types"].items():
        rule = rules[name]
        card = {"units": kind["run_card"]} | ({} if rule is None else {"staging": rule})
        own[f"plan-{name}"] = {"classes": [name], "cards": {"1": card}}
    classes = {name: {"scale": "rescue"} for name in world.scenario["incident_types"]}
    plans: Json = {"catalogue": None, "classes": classes, "own": own, "minimum_force": {"rescue": {}}}
    return replace(world, scenario=world.scenario | {"plans": plans})


@st.composite
def staged(draw: st.DrawFn, /, *, idle: bool = False) -> World:
    """Draw a world with staging; ``idle``: of a kind for which nobody waits."""
    world = draw(closed_worlds() | closed_worlds(opening=False) | worlds())
    rules: dict[str, Json | None] = {}
    for name in sorted(world.scenario["incident_types"]):
        if idle:
            number = draw(st.integers(1, 4))
            unreached: Json = {"from": 50, "at": draw(st.sampled_from(world.places)), "size_up": 60}
            rules[name] = draw(st.sampled_from([None, unreached, {"from": number}]))
        else:
            rule: Json = {"from": draw(st.integers(1, 3)), "size_up": 30 * draw(st.integers(0, 20))}
            rules[name] = rule | ({"at": draw(st.sampled_from(world.places))} if often(draw, 7) else {})
    world = planned(world, rules)
    calls = [
        {"at": 60 * draw(st.integers(0, 59)), "recall": {"unit": unit, "replace": often(draw)}}
        for unit in draw(st.lists(st.sampled_from(sorted(world.scenario["units"])), max_size=4))
    ]
    return replace(world, scenario=world.scenario | {"injects": [*world.scenario.get("injects", []), *calls]})


def over(log: Log, row: int) -> float:
    """Return when a response that did not get to the scene was over; infinite for one that did."""
    r = log.responses
    return math.inf if r.on_scene[row] == r.on_scene[row] else float(r.available[row])


def driving(log: Log, row: int) -> tuple[float, float]:
    """Return from when until when a response was one to wait for: on its way up, or there once."""
    stay = log.staged.get(row)
    begins = float(log.responses.alerted[row]) if stay is None else stay.forward
    ends = over(log, row)
    if ends < math.inf and log.responses.ending[row] != Ending.CANCELLED:
        ends = float(log.responses.returning[row])
        ends = ends if ends == ends else float(log.responses.available[row])
    return (begins, ends) if begins == begins else (math.inf, math.inf)


def rows_of(log: Log) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for row, call in enumerate(log.responses.incident.tolist()):
        found[call].append(row)
    return found


@given(staged())
@law(50)
def test_nobody_waits_for_ever(world: World) -> None:
    """Who is staged goes forward, or is taken off the call; and no call stays open on account of it."""
    log = world.run()
    r = log.responses
    for stay in log.stagings:
        if r.ending[stay.response] == Ending.SERVED or over(log, stay.response) == math.inf:
            assert stay.forward <= r.on_scene[stay.response]
            assert not stay.arrived > stay.forward
        else:
            assert r.on_scene[stay.response] != r.on_scene[stay.response]
            assert math.isfinite(r.available[stay.response])
    served = r.ending == Ending.SERVED
    assert (r.on_scene[served] == r.on_scene[served]).all()
    assert not any(math.isinf(moment) for moment in r.returning.tolist())


@given(staged())
@law(50)
def test_who_waits_has_somebody_to_wait_for_and_goes_when_it_is_time(world: World) -> None:
    """Reckoned from the finished log alone, without the engine's own account."""
    log = world.run()
    rules = log.scenario.file.plans
    assert rules is not None
    by_call = rows_of(log)
    for stay in log.stagings:
        if stay.arrived != stay.arrived:
            continue
        call = int(log.responses.incident[stay.response])
        name = log.scenario.kinds[log.timeline.kind[call]].id
        rule = rules.own[f"plan-{name}"].cards[1].staging
        assert rule is not None
        others = [row for row in by_call[call] if row != stay.response]
        until = stay.forward if stay.forward == stay.forward else over(log, stay.response)
        _is_accompanied(log, stay, others, until)
        _goes_in_time(log, stay, others, rule.size_up, until)


def _is_accompanied(log: Log, stay: Staged, others: list[int], until: float) -> None:
    """At every moment of a wait somebody had come or was on the way."""
    moment = stay.arrived
    spans = sorted(driving(log, row) for row in others)
    while moment < until:
        later = max((ends for begins, ends in spans if begins <= moment), default=-math.inf)
        assert later > moment, (stay, spans)
        moment = later


def _goes_in_time(log: Log, stay: Staged, others: list[int], size_up: float, until: float) -> None:
    """It goes when the first has been there for the size-up, or before if it gets there before all others."""
    there = [float(log.responses.on_scene[row]) for row in others]
    due = max(min((moment for moment in there if moment <= until), default=math.inf) + size_up, stay.arrived)
    assert until <= due + SLACK
    if stay.forward == stay.forward and stay.forward < due - SLACK:
        _is_first(log, stay, others)


def _is_first(log: Log, stay: Staged, others: list[int]) -> None:
    """Who goes early finds nobody there, and overtakes those on the way, whom only roads may speed up."""
    r, now = log.responses, stay.forward
    assert not any(r.on_scene[row] <= now for row in others)
    mine = r.on_scene[stay.response]
    if not log.scenario.roads.constant or mine != mine:
        return
    for row in others:
        begins, ends = driving(log, row)
        if begins < now < ends and r.en_route[row] <= now and r.on_scene[row] == r.on_scene[row]:
            assert mine < r.on_scene[row] + SLACK


@given(staged())
@law(50)
def test_nobody_is_staged_without_need(world: World) -> None:
    """Nobody who is sent when the scene has been sized up, or whose quarters are at the scene."""
    log = world.run()
    rules = log.scenario.file.plans
    assert rules is not None
    r, by_call = log.responses, rows_of(log)
    for stay in log.stagings:
        call, unit = int(r.incident[stay.response]), int(r.unit[stay.response])
        rule = rules.own[f"plan-{log.scenario.kinds[log.timeline.kind[call]].id}"].cards[1].staging
        assert rule is not None
        now, scene = r.alerted[stay.response], log.timeline.node[call]
        before = [r.on_scene[row] for row in by_call[call] if row < stay.response]
        assert not any(moment + rule.size_up <= now for moment in before)
        if r.from_road[stay.response] == 0 and log.fleet.home[unit] == scene:
            assert stay.node == scene


@given(staged())
@law(30)
def test_as_many_drive_up_as_the_card_says(world: World) -> None:
    """Nobody is staged as long as fewer than ``from`` − 1 drive up or have come, where there are ways."""
    log = world.run()
    rules = log.scenario.file.plans
    assert rules is not None
    for call, rows in rows_of(log).items():
        name = log.scenario.kinds[log.timeline.kind[call]].id
        rule = rules.own[f"plan-{name}"].cards[1].staging
        assert rule is not None
        for row in rows:
            if row in log.staged:
                now = log.responses.alerted[row]
                before = [driving(log, other) for other in rows if other < row]
                assert sum(begins <= now <= ends for begins, ends in before) >= rule.from_unit - 1


@given(staged(idle=True))
@law(40)
def test_where_nobody_would_wait_nothing_changes(world: World) -> None:
    plain = planned(world, dict.fromkeys(world.scenario["incident_types"]))
    one, other = world.run(), plain.run()
    assert events_of(one) == events_of(other)
    assert one.moves == other.moves
    assert one.scheduled == other.scheduled


@given(staged().filter(lambda world: world.is_road))
@law(30)
def test_staged_units_move_steadily_as_all_others_do(world: World) -> None:
    _steady.hypothesis.inner_test(world)  # type: ignore[attr-defined]
