"""Law of recalls, on random worlds: who is recalled from a call comes back to it by order only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

import dispatch
from dispatch.study.opening import load
from tests.properties.drawing import often
from tests.properties.test_staging import staged
from tests.properties.worlds import law

if TYPE_CHECKING:
    from dispatch import Log
    from tests.properties.worlds import World

Json = dict[str, Any]

DONE = ("turned back", "left the scene")
"""What came of recalls that were carried out."""


@st.composite
def recalls(draw: st.DrawFn, log: Log) -> list[Json]:
    """Draw recalls of units that are on calls then, and orders that send some of them there again."""
    r, ids, found = log.responses, log.timeline.incident_ids(log.scenario.kinds), list[Json]()
    own = [row for row, unit in enumerate(r.unit.tolist()) if unit >= 0 and r.available[row] > r.alerted[row]]
    for row in draw(st.lists(st.sampled_from(own), max_size=4, unique=True)) if own else ():
        unit, alerted = log.fleet.ids[r.unit[row]], float(r.alerted[row])
        at = round(alerted + draw(st.floats(0.1, 0.9)) * (float(r.available[row]) - alerted), 3)
        if at + 600 >= log.scenario.file.horizon:
            continue  # nothing can be ordered any more
        found.append({"at": at, "recall": {"unit": unit, "replace": often(draw, 7)}})
        if often(draw, 3):
            later = at + draw(st.sampled_from([0, 60, 600]))
            found.append({"at": later, "order": {"unit": unit, "incident": ids[r.incident[row]]}})
    return found


@law(20)
@given(staged(), st.data())
def test_nobody_comes_back_after_a_recall_unless_by_order(world: World, data: st.DataObject) -> None:
    with world.folder() as path:
        more = data.draw(recalls(dispatch.simulate(load(path))))
        log = dispatch.simulate(load(path, more=[("order", each) for each in more]))
    r, units = log.responses, {name: unit for unit, name in enumerate(log.fleet.ids)}
    for number, each in enumerate(log.orders):
        if each.does != "recall" or each.outcome not in DONE:
            continue
        after = [
            float(r.alerted[row])
            for row in log.rows_of[units[each.unit]].tolist()
            if r.incident[row] == each.incident and r.alerted[row] >= each.moment
        ]
        again = [
            order.moment
            for order in log.orders[number + 1 :]
            if (order.does, order.unit, order.incident) == ("order", each.unit, each.incident)
        ]
        # the response that was recalled was alerted before, or at that very moment
        first = [moment for moment in after if moment > each.moment]
        assert not first or any(moment <= min(first) for moment in again)
