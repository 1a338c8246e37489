"""Laws of single lives: of a response, of a unit, of a need."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

from hypothesis import given

from dispatch.engine.log import AID
from dispatch.engine.rulebook import Ending
from tests.properties.drawing import worlds
from tests.properties.readings import SLACK, Response, read, seconds_between
from tests.properties.worlds import World, law


def known(*moments: float) -> list[float]:
    return [moment for moment in moments if not math.isnan(moment)]


@given(worlds())
@law(25)
def test_milestones_are_ordered(world: World) -> None:
    """Milestones follow one another; those that did not come are exactly those the ending says did not."""
    log = world.run()
    assert not log.scenario.network.dropped
    for row in read(log).rows:
        life = known(row.alerted, row.en_route, row.on_scene, row.clear, row.at_hospital, row.available)
        assert life == sorted(life)
        assert math.isfinite(sum(known(*life, row.in_quarters)))
        assert row.alerted >= log.timeline.ready[row.incident] >= log.timeline.received[row.incident]
        came = not math.isnan(row.on_scene)
        assert came == (row.ending == Ending.SERVED)
        assert came == (not math.isnan(row.clear)) == (not math.isnan(row.at_hospital))
        assert not came or not math.isnan(row.en_route)
        if not math.isnan(row.in_quarters):
            assert row.in_quarters >= row.available
            assert row.ending != Ending.DIVERTED


def staying(world: World) -> World:
    """Return the world with no unit sent from the road: gaps between places are refused otherwise."""
    rules = {**world.rules, "returning": False, "diversion": False}
    if "mutual_aid" in rules:
        rules["mutual_aid"] = {"delay": rules["mutual_aid"]["delay"]}
    return replace(world, scenario={**world.scenario, "dispatching": rules})


@given(worlds(full=False))
@law(15)
def test_milestones_are_finite_on_matrices_with_gaps(world: World) -> None:
    """On a matrix that states the ways from and to stations only, nobody is under way for ever."""
    for row in read(staying(world).run()).rows:
        assert math.isfinite(sum(known(*row[4:11])))


@given(worlds())
@law(25)
def test_a_unit_is_in_one_place(world: World) -> None:
    """A unit's responses do not overlap, and one from the road begins before the last one's way home ends."""
    reading = read(world.run())
    for rows in reading.by_unit.values():
        assert not rows[0].from_road
        for before, after in pairwise(rows):
            assert before.available <= after.alerted
            if before.diverted:
                assert after.alerted == before.available
                assert after.from_road
            else:
                assert after.from_road == math.isnan(before.in_quarters)
                assert after.from_road or before.in_quarters <= after.alerted
        assert not rows[-1].diverted
        assert not math.isnan(rows[-1].in_quarters)
    if not (world.rules["returning"] or world.rules["diversion"]):
        assert not any(row.from_road for row in reading.rows)


@given(worlds() | worlds(recorded=True, exact=True))
@law(25)
def test_books_balance(world: World) -> None:
    """Each need is met, given up or open, and each call is served, partial, lost, cancelled or unserved."""
    log = world.run()
    reading, i, rule = read(log), log.incidents, world.rules["when_none_free"]
    assert len(reading.lost) == len(log.lost)
    filled = {slot for slot, rows in reading.by_slot.items() if not rows[-1].diverted}
    assert not filled & reading.lost
    assert all(row.diverted for rows in reading.by_slot.values() for row in rows[:-1])
    still_open = set(range(len(log.timeline.capability))) - filled - reading.lost
    # all layouts of these worlds can do all that is needed, and every call is played to its end
    assert not still_open
    assert rule == "lost" or not reading.lost
    assert rule == "mutual_aid" or not any(row.unit == AID for row in reading.rows)
    status = i.status().tolist()
    assert "unserved" not in status
    for call, what in enumerate(status):
        slots = range(log.timeline.first_slot[call], log.timeline.first_slot[call + 1])
        came = [s for s in slots if s in filled and not math.isnan(reading.by_slot[s][-1].on_scene)]
        given_up = [s for s in slots if s in reading.lost]
        assert (i.needed[call], i.arrived[call], i.lost[call]) == (len(slots), len(came), len(given_up))
        expected = "served" if len(came) == len(slots) else "partial" if came else "cancelled"
        assert what == ("lost" if len(given_up) == len(slots) else expected)


@given(worlds() | worlds(recorded=True, exact=True))
@law(25)
def test_nobody_waits_while_somebody_able_is_idle(world: World) -> None:
    """No need stays open while a unit that could meet it stands idle, at home or on the road."""
    reading = read(world.run())
    for wait in reading.waits():
        for unit in reading.able(wait.slot):
            for begin, end in reading.idle(unit):
                assert min(end, wait.end) <= max(begin, wait.begin), (wait, unit, begin, end)


@given(worlds(full=False, road=False))
@law(15)
def test_nobody_waits_for_a_unit_at_home_on_matrices_with_gaps(world: World) -> None:
    """No need stays open while a unit that could meet it stands idle at home, whatever the matrix lacks."""
    reading = read(staying(world).run())
    for wait in reading.waits():
        for unit in reading.able(wait.slot):
            for begin, end in reading.at_home(unit):
                assert min(end, wait.end) <= max(begin, wait.begin), (wait, unit, begin, end)


@given(worlds(when_none_free="lost"))
@law(20)
def test_what_is_given_up_never_waited(world: World) -> None:
    """With ``lost`` every need is met or given up when it opens, and given up only for want of units."""
    reading = read(world.run())
    assert all(wait.begin == wait.end for wait in reading.waits())
    last = {slot: rows[-1].available for slot, rows in reading.by_slot.items()}
    for slot in reading.lost:
        _check_nobody_idle(reading.able(slot), last.get(slot, reading.rank(slot)[1]), reading.by_unit)


@given(worlds(when_none_free="mutual_aid", mutual_aid={"delay": {"uniform": {"low": 0, "high": 300}}}))
@law(20)
def test_mutual_aid_is_the_last_resort(world: World) -> None:
    """Outside units are asked only in moments when no own unit that could go is idle, and at once."""
    reading = read(world.run())
    assert all(wait.begin == wait.end for wait in reading.waits())
    for row in reading.rows:
        if row.unit == AID:
            assert not row.diverted
            _check_nobody_idle(reading.able(row.slot), row.alerted, reading.by_unit)


def _check_nobody_idle(able: list[int], moment: float, by_unit: dict[int, list[Response]]) -> None:
    for unit in able:
        rows = [row for row in by_unit.get(unit, []) if row.alerted <= moment]
        assert rows
        # a unit that was sent in the very moment was not idle, even if it was back in the same moment
        assert rows[-1].alerted == moment or rows[-1].available > moment, (unit, moment, rows[-1])


@given(worlds(policy="nearest"))
@law(20)
def test_first_come_first_served_within_a_priority(world: World) -> None:
    """Of two needs of one capability the more urgent, then the earlier is met first."""
    _check_order(world, by_time=True)


@given(worlds(policy="assignment"))
@law(20)
def test_more_urgent_needs_are_matched_first(world: World) -> None:
    """Of two needs of one capability the more urgent is met first, by whatever matching."""
    _check_order(world, by_time=False)


def _check_order(world: World, *, by_time: bool) -> None:
    reading = read(world.run())
    capability = reading.log.timeline.capability
    waits = [wait for wait in reading.waits() if wait.begin < wait.end]
    for row in reading.rows:
        # a response that is diverted in the same moment made nobody wait, nor does one by outsiders
        if row.fleeting or row.unit == AID:
            continue
        mine = reading.rank(row.slot)
        for wait in waits:
            if row.unit in reading.gone(wait.slot):
                continue  # it has been at that call for another of its needs
            if capability[wait.slot] == capability[row.slot] and wait.begin < row.alerted < wait.end:
                theirs = reading.rank(wait.slot)
                assert mine <= theirs if by_time else mine[0] <= theirs[0], (row, wait)


@given(worlds(road=True, returning=True))
@law(25)
def test_a_unit_from_the_road_is_on_its_way(world: World) -> None:
    """A unit sent from the road never takes longer than by way of its quarters, and is where travel says."""
    log = world.run()
    reading, fleet = read(log), log.fleet
    ids, node = log.scenario.network.node_ids, log.timeline.node
    ahead, home = seconds_between(world, "emergency"), seconds_between(world, "normal")
    for rows in reading.by_unit.values():
        for before, after in pairwise(rows):
            if not after.from_road or before.ending != Ending.SERVED or math.isnan(after.on_scene):
                continue
            scene, quarters = int(node[before.incident]), fleet.home[after.unit]
            left = home[ids[scene]][ids[quarters]] - (after.alerted - before.available)
            assert left > -SLACK
            taken = after.on_scene - after.alerted
            target = int(node[after.incident])
            assert taken <= left + ahead[ids[quarters]][ids[target]] + SLACK
            spot = fleet.travel.along(
                fleet.travel.at(scene), quarters, "normal", after.alerted - before.available
            )
            assert math.isclose(taken, fleet.travel.seconds(spot, target, "emergency"), abs_tol=SLACK)
            assert after.en_route == after.alerted
