"""Laws of relief on random worlds: the work is done by one unit after the other, to its end."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from dispatch.engine.log import AID
from dispatch.engine.rulebook import Ending
from tests.properties.closing import closed_worlds
from tests.properties.drawing import often, worlds
from tests.properties.readings import Response, read
from tests.properties.test_closures import (
    test_units_move_steadily_and_stand_where_they_are_said_to_be as _steady,
)
from tests.properties.worlds import World, law

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch import Log

SLACK = 1e-6
"""Seconds by which sums of times may differ."""


@st.composite
def relieved(draw: st.DrawFn) -> World:
    """Draw a world in which incident types with times on scene have reliefs, often after little time."""
    world = draw(
        worlds() | worlds(recorded=True, exact=True) | closed_worlds() | closed_worlds(opening=False)
    )
    kinds: dict[str, Any] = {}
    for name, kind in world.scenario["incident_types"].items():
        terms: dict[str, Any] = {"after": draw(st.sampled_from([30, 60, 200, 600]))}
        terms |= {"at_most": draw(st.integers(1, 3))} if often(draw, 3) else {}
        kinds[name] = kind if "busy" in kind or often(draw, 1) else {**kind, "relief": terms}
    changes: dict[str, Any] = {"incident_types": kinds}
    if often(draw, 3):
        types = world.scenario["unit_types"].items()
        changes["unit_types"] = {name: {**kind, "turnaround": 300} for name, kind in types}
    return replace(world, scenario=world.scenario | changes)


def chains(log: Log) -> Iterator[tuple[int, list[Response]]]:
    """Yield the slots that were worked at, with those who came, in order of their arrival."""
    t, back = log.timeline, log.timeline.relieves
    if not len(back):
        return
    first = list(range(len(back)))
    for slot, before in enumerate(back.tolist()):
        first[slot] = first[slot - before]
    found: dict[int, list[Response]] = {}
    for row in read(log).rows:
        if not math.isnan(row.on_scene) and math.isnan(t.busy[first[row.slot]]):
            found.setdefault(first[row.slot], []).append(row)
    for slot, rows in found.items():
        yield slot, sorted(rows, key=lambda row: row.on_scene)


@given(relieved())
@law(40)
def test_somebody_is_always_there_and_nobody_twice(world: World) -> None:
    """Each comes as the one before goes, after its time on scene, until the drawn work is done."""
    log = world.run()
    t = log.timeline
    for slot, rows in chains(log):
        kind = log.scenario.kinds[t.kind[rows[0].incident]].type
        assert all(before.clear == after.on_scene for before, after in pairwise(rows))
        assert [row.ending for row in rows] == [Ending.RELIEVED] * (len(rows) - 1) + [Ending.SERVED]
        work = sum(row.clear - row.on_scene for row in rows)
        assert math.isclose(work, t.on_scene[slot], abs_tol=SLACK)
        if kind.relief is None:
            assert len(rows) == 1
            continue
        assert len(rows) <= 1 + kind.relief.at_most
        for before, after in pairwise(rows):
            assert before.unit not in (after.unit, AID)
            assert after.alerted >= before.on_scene + kind.relief.after
            assert {t.capability[before.slot], t.crew[before.slot]} == {
                t.capability[after.slot],
                t.crew[after.slot],
            }
            assert after.slot - t.relieves[after.slot] == before.slot


@given(relieved())
@law(25)
def test_a_unit_is_in_one_place(world: World) -> None:
    """Responses do not overlap, and nobody relieves at a call from which it has not been home."""
    log = world.run()
    for rows in read(log).by_unit.values():
        for before, after in pairwise(rows):
            assert before.available <= after.alerted
            same = before.incident == after.incident and not math.isnan(before.on_scene)
            if same and len(log.timeline.relieves) and log.timeline.relieves[after.slot]:
                assert before.in_quarters <= after.alerted


@given(relieved())
@law(25)
def test_what_is_asked_for_comes_to_something(world: World) -> None:
    """Reliefs are asked for after their time, and each is taken up, called off, lost, or withdrawn."""
    log = world.run()
    reading = read(log)
    for each in log.reliefs:
        before = reading.rows[each.response]
        kind = log.scenario.kinds[log.timeline.kind[before.incident]].type
        assert kind.relief is not None
        assert each.asked == before.on_scene + kind.relief.after < before.clear + SLACK
        sent = reading.by_slot.get(each.slot, [])
        came = [row for row in sent if not math.isnan(row.on_scene)]
        assert (each.relief >= 0) == bool(came) == (each.taken_over == each.taken_over)
        assert (before.ending == Ending.RELIEVED) == bool(came)
        if came:
            assert (each.relief, each.taken_over) == (came[0].row, before.clear)
        elif each.withdrawn == each.withdrawn:
            assert each.withdrawn == before.clear
            assert all(row.ending in (Ending.DIVERTED, Ending.CUT_OFF) for row in sent)
        elif each.slot not in reading.lost:
            assert sent[-1].ending == Ending.CANCELLED
            assert log.responses.returning[sent[-1].row] == before.clear
    filled = {row.slot for row in reading.rows}
    asked = {each.slot for each in log.reliefs}
    dormant = {slot for slot, back in enumerate(log.timeline.relieves.tolist()) if back} - asked
    assert not dormant & (filled | reading.lost)


@given(relieved().filter(lambda world: world.is_road))
@law(20)
def test_relieved_units_move_steadily_as_all_others_do(world: World) -> None:
    _steady.hypothesis.inner_test(world)  # type: ignore[attr-defined]
