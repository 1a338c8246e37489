"""Relief on long incidents: every moment reckoned by hand, and laws on random worlds.

The line of five nodes (tests/small.py), a minute of driving apart, with W1 at a and E1 at e, no turnout.
"""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from rich.console import Console

from dispatch import Board, draw, measure, simulate, whereabouts
from dispatch.engine.log import AID
from dispatch.engine.notices import notices
from dispatch.engine.rulebook import Ending
from dispatch.engine.tables import incident_table
from dispatch.errors import ScenarioError
from dispatch.needs import RELIEF
from dispatch.regression.events import events_of
from dispatch.report.explaining import print_explanation
from dispatch.study.explaining import explain
from tests.engine import towns
from tests.small import BASE, small

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log

HEADER = "incident,received,type,node,on_scene,busy,cancelled,transport,hand_over\n"


class Life(NamedTuple):
    """One response; −1 for moments that did not come."""

    unit: str
    ending: str
    alerted: float
    on_scene: float
    clear: float
    available: float
    home: float


def call(name: str, at: float, node: str = "c", kind: str = "fire", **luck: float) -> str:
    told = [str(luck.get(key, "")) for key in HEADER.strip().split(",")[4:]]
    return ",".join([name, str(at), kind, node, *told]) + "\n"


def fire(after: float | str | None, **more: Any) -> dict[str, Any]:
    """Return incident types: a fire of priority 2 with relief, and something urgent without."""
    relief = {} if after is None else {"relief": {"after": after}}
    return {
        "fire": {"priority": 2, "run_card": {"engine": 1}, "on_scene": 600, **relief, **more},
        "urgent": {"priority": 1, "run_card": {"engine": 1}, "on_scene": 100},
    }


def play(folder: Path, after: float | str | None, *calls: str, **changes: Any) -> Log:
    changes.setdefault("incident_types", fire(after))
    return simulate(small(folder, HEADER + "".join(calls), **changes))


def lives(log: Log, incident: str | None = None) -> list[Life]:
    """Return the responses to a call, or to all, in order of their alert."""
    r, names = log.responses, [*log.fleet.ids, "aid"]
    found = []
    for row in range(len(r)):
        if incident in (None, log.timeline.incident_id(int(r.incident[row]), log.scenario.kinds)):
            moments = (r.alerted[row], r.on_scene[row], r.clear[row], r.available[row], r.in_quarters[row])
            told = [-1.0 if value != value else float(value) for value in moments]
            found.append(Life(names[r.unit[row]], Ending(int(r.ending[row])).name.lower(), *told))
    return found


# --- by hand ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [600, 601, "10 min"])
def test_one_shift_needs_no_relief(tmp_path: Path, after: float | str) -> None:
    """W1 is on scene from 120 to 720, as without."""
    log = play(tmp_path, after, call("x", 0, on_scene=600))
    assert lives(log) == [Life("W1", "served", 0, 120, 720, 720, 840)]
    assert (len(log.timeline.capability), log.reliefs) == (1, ())


def test_two_shifts(tmp_path: Path) -> None:
    """Asked for at 120 + 300, E1 is there at 540; it works for the 180 s that are left until 720."""
    log = play(tmp_path, 300, call("x", 0, on_scene=600))
    assert lives(log) == [
        Life("W1", "relieved", 0, 120, 540, 540, 660),
        Life("E1", "served", 420, 540, 720, 720, 840),
    ]
    ((response, slot, asked, relief, taken_over, withdrawn),) = log.reliefs
    assert (response, slot, asked, relief, taken_over) == (0, 1, 420, 1, 540)
    assert withdrawn != withdrawn
    assert log.timeline.slot_level.tolist() == [0, RELIEF]


def test_three_shifts(tmp_path: Path) -> None:
    """W1 from 120, E1 (asked for at 420) from 540, W1 again (asked for at 840) from 960 until 1120."""
    log = play(tmp_path, 300, call("x", 0, on_scene=1000))
    assert lives(log) == [
        Life("W1", "relieved", 0, 120, 540, 540, 660),
        Life("E1", "relieved", 420, 540, 960, 960, 1080),
        Life("W1", "served", 840, 960, 1120, 1120, 1240),
    ]
    assert [(each.slot, each.asked, each.relief) for each in log.reliefs] == [(1, 420, 1), (2, 840, 2)]
    assert len(log.timeline.capability) == 4, "⌈1000 / 300⌉ − 1 reliefs, had they been there at once"


def test_a_unit_on_its_way_home_may_come_back(tmp_path: Path) -> None:
    """After 60 s a relief is asked for: E1 at 180 for 300; W1 (left at 300) turns at 360, halfway home."""
    log = play(tmp_path, 60, call("x", 0, on_scene=300))
    assert lives(log) == [
        Life("W1", "relieved", 0, 120, 300, 300, -1),
        Life("E1", "served", 180, 300, 420, 420, 540),
        Life("W1", "cancelled", 360, -1, -1, 420, 540),
    ]
    assert log.responses.from_road.tolist() == [0, 0, 1]


def test_nobody_else_is_there(tmp_path: Path) -> None:
    """W1 alone stays to the end; the need is open from 420 to 720, and then withdrawn."""
    units = {"W1": {"type": "engine", "station": "west"}}
    log = play(tmp_path, 300, call("x", 0, on_scene=600), call("y", 1000, "a", on_scene=50), units=units)
    assert lives(log) == [
        Life("W1", "served", 0, 120, 720, 720, 840),
        Life("W1", "served", 1000, 1000, 1050, 1050, 1050),
    ]
    assert [(each.asked, each.relief, each.withdrawn) for each in log.reliefs] == [(420, -1, 720)]
    assert log.incidents.status().tolist() == ["served", "served"]
    assert log.incidents.closed.tolist() == [720, 1050]


def test_a_unit_that_is_done_is_not_sent_to_what_is_over(tmp_path: Path) -> None:
    """E1 is free again at the very moment at which the work of W1 is over."""
    log = play(tmp_path, 300, call("x", 0, "a", on_scene=600), call("y", 1, "e", on_scene=599))
    assert lives(log) == [
        Life("W1", "served", 0, 0, 600, 600, 600),
        Life("E1", "served", 1, 1, 600, 600, 600),
    ]
    assert [(each.asked, each.withdrawn) for each in log.reliefs] == [(300, 600), (301, 600)]


@pytest.mark.parametrize(
    ("work", "relief"),
    [
        (419, Life("E1", "cancelled", 420, -1, -1, 539, 660)),  # it drives on for 1 s, to where it can turn
        (420, Life("E1", "cancelled", 420, -1, -1, 540, 660)),  # it comes just as the work is over
        (421, Life("E1", "served", 420, 540, 541, 541, 661)),
    ],
)
def test_a_relief_may_come_too_late(tmp_path: Path, work: float, relief: Life) -> None:
    log = play(tmp_path, 300, call("x", 0, on_scene=work))
    until = 120 + work
    first = (
        Life("W1", "served", 0, 120, until, until, until + 120)
        if relief.ending == "cancelled"
        else Life("W1", "relieved", 0, 120, 540, 540, 660)
    )
    assert lives(log) == [first, relief]


def test_what_is_not_long_is_as_ever(tmp_path: Path) -> None:
    """With a relief after more than any work lasts, the log is that of a scenario without it."""
    demand = {"poisson": {"fire": {"rate": "200/d"}, "urgent": {"rate": "50/d"}}}
    kinds = [fire(each, on_scene={"uniform": {"low": 60, "high": 1200}}) for each in (None, 1200, 1199)]
    worlds = [small(tmp_path / str(n), incident_types=each, demand=demand) for n, each in enumerate(kinds)]
    never, long, short = (simulate(world) for world in worlds)
    assert (never.scheduled, events_of(never)) == (long.scheduled, events_of(long))
    assert not long.reliefs
    assert any(draw(worlds[2], 0).slot_level == RELIEF)
    assert events_of(short) != events_of(never), "and some work does last as long"


def test_the_luck_of_all_else_stays(tmp_path: Path) -> None:
    """Slots of reliefs have luck of their own: every other number is what it was."""
    kinds = [fire(each, on_scene={"exponential": {"mean": 900}}, run_card={"engine": 2}) for each in (None, 400)]
    types = {"engine": {"capabilities": ["engine"], "turnout": {"uniform": {"low": 1, "high": 90}},
                        "turnaround": {"exponential": {"mean": 600}}}}  # fmt: skip
    aid = {"when_none_free": "mutual_aid", "mutual_aid": {"delay": {"exponential": {"mean": 600}}}}
    demand = {"poisson": {"fire": {"rate": "100/d"}, "urgent": {"rate": "50/d"}}}
    injects = [{"at": 50, "incident": {"id": "z", "type": "fire", "node": "b"}},
               {"at": 0, "surge": {"factor": 3, "for": "4 h"}}]  # fmt: skip
    more = {"unit_types": types, "dispatching": aid, "demand": demand, "injects": injects}
    without, long = (draw(small(tmp_path / str(n), incident_types=each, **more), 0) for n, each in enumerate(kinds))
    own = long.slot_level != RELIEF
    assert own.sum() == len(without.slot_level) < len(own)
    for name in ("capability", "crew", "turnout_share", "on_scene", "transport", "aid_delay"):
        assert np.array_equal(getattr(long, name)[own], getattr(without, name), equal_nan=True), name
    assert np.array_equal(long.of_units["turnaround_share"][own], without.of_units["turnaround_share"])
    for shares in (long.turnout_share, long.of_units["turnaround_share"], long.aid_delay):
        assert len(set(shares.tolist())) == len(shares), "no number is used twice"
    # behind all slots of its call, one for each time that the 400 s go into the work, but for the last
    expected = np.ceil(without.on_scene / 400) - 1
    expected[without.kind[without.owner] == 1] = 0
    for number in range(len(without)):
        mine = slice(without.first_slot[number], without.first_slot[number + 1])
        theirs = slice(long.first_slot[number], long.first_slot[number + 1])
        count = np.minimum(expected[mine], 12).astype(int)
        assert long.relieves[theirs].tolist() == [0] * len(count) + [
            1 if each else len(count) - place + count[:place].sum()
            for place, many in enumerate(count) for each in range(many)
        ]  # fmt: skip
        assert (long.slot_level[theirs] == RELIEF).sum() == count.sum()


def test_no_more_reliefs_than_agreed(tmp_path: Path) -> None:
    """The one relief that there may be stays until 1920; without a limit there are three."""
    calls = call("x", 0, on_scene=1800)
    log = play(tmp_path / "1", None, calls, incident_types=fire(None, relief={"after": 400, "at_most": 1}))
    assert [(life.unit, life.on_scene, life.clear) for life in lives(log)] == [("W1", 120, 640), ("E1", 640, 1920)]
    log = play(tmp_path / "2", 400, calls)
    assert [(life.unit, life.on_scene, life.clear) for life in lives(log)] == [
        ("W1", 120, 640), ("E1", 640, 1160), ("W1", 1160, 1680), ("E1", 1680, 1920),
    ]  # fmt: skip


def test_each_unit_of_a_card_is_relieved(tmp_path: Path) -> None:
    """Two engines work 600 s from 120, two others take over from 540; who is nearest has gone first."""
    units = {name: {"type": "engine", "station": "west" if name[0] == "W" else "east"} for name in
             ("W1", "W2", "E1", "E2")}  # fmt: skip
    kinds = fire(300, run_card={"engine": 2})
    log = play(tmp_path, 300, call("x", 0, on_scene=600), units=units, incident_types=kinds)
    assert sorted(lives(log)) == [
        Life("E1", "served", 420, 540, 720, 720, 840),
        Life("E2", "served", 420, 540, 720, 720, 840),
        Life("W1", "relieved", 0, 120, 540, 540, 660),
        Life("W2", "relieved", 0, 120, 540, 540, 660),
    ]
    table = incident_table(log)
    assert (table["units_needed"].tolist(), table["units_arrived"].tolist()) == ([2], [4])  # type: ignore[union-attr]
    assert (table["erf_complete"], table["closed"]) == ([120], [720])


# --- with the rest of the doctrine -------------------------------------------------------------------------


def test_a_relief_that_is_diverted_is_sought_again(tmp_path: Path) -> None:
    """E1 turns to something urgent at e at 450, there at 480 until 580, and then again to x: at 700."""
    calls = call("x", 0, on_scene=900), call("y", 450, "e", "urgent", on_scene=100)
    log = play(tmp_path, 300, *calls, dispatching={"diversion": True})
    assert lives(log, "x") == [
        Life("W1", "relieved", 0, 120, 700, 700, 820),
        Life("E1", "diverted", 420, -1, -1, 450, -1),
        Life("E1", "served", 580, 700, 1020, 1020, 1140),
    ]
    assert [(each.asked, each.relief, each.taken_over) for each in log.reliefs] == [(420, 3, 700)]


def test_a_relief_that_breaks_down_is_sought_again(tmp_path: Path) -> None:
    """Whoever of the reliefs fails on its way, the work is done to its end at 120 + 3000."""
    types = {"engine": {"capabilities": ["engine"], "turnout": 0, "breaks_down": {"share": 0.5, "repair": 60}}}
    failed = 0
    for seed in range(8):
        log = play(tmp_path, 300, call("x", 0, on_scene=3000), unit_types=types, seed=seed)
        spans = sorted((life.on_scene, life.clear) for life in lives(log) if life.on_scene >= 0.0)
        assert all(before[1] == after[0] for before, after in zip(spans, spans[1:], strict=False))
        assert spans[-1][1] == spans[0][0] + 3000
        failed += sum(life.ending == "broken_down" and life.alerted > spans[0][0] for life in lives(log))
    assert failed > 3


@pytest.mark.parametrize(("moment", "outcome"), [(450, "left the scene"), (700, "no longer on scene")])
def test_a_unit_that_is_recalled_is_not_relieved(tmp_path: Path, moment: float, outcome: str) -> None:
    """Recalled at 450, when E1 is on its way, W1 goes; E1 does what is left from 540. At 700 W1 has gone."""
    recall = {"at": moment, "recall": {"unit": "W1"}}
    log = play(tmp_path, 300, call("x", 0, on_scene=600), injects=[recall])
    assert [each.outcome for each in log.orders] == [outcome if moment == 450 else "not on a call"]
    gone = Life("W1", "recalled", 0, 120, 450, 450, 570)
    left = Life("W1", "relieved", 0, 120, 540, 540, 660)
    assert lives(log) == [gone if moment == 450 else left, Life("E1", "served", 420, 540, 720, 720, 840)]
    assert [each.relief for each in log.reliefs] == [-1 if moment == 450 else 1]


def test_who_was_recalled_before_has_no_relief(tmp_path: Path) -> None:
    recall = {"at": 400, "recall": {"unit": "W1"}}
    log = play(tmp_path, 300, call("x", 0, on_scene=600), injects=[recall])
    assert lives(log) == [Life("W1", "recalled", 0, 120, 400, 400, 520)]
    assert log.reliefs == ()


def test_a_relief_may_be_recalled(tmp_path: Path) -> None:
    """E1 turns back at 450; with somebody in its place E1 itself, the nearest, comes from the road: at 600."""
    for replace, units in ((False, []), (True, [(450, 600)])):
        recall = {"at": 450, "recall": {"unit": "E1", "replace": replace}}
        log = play(tmp_path / str(replace), 300, call("x", 0, on_scene=600), injects=[recall])
        first, turned, *rest = lives(log)
        assert turned[:4] == ("E1", "recalled", 420, -1)
        assert first.clear == (540 if replace else 720)
        assert [life.unit for life in rest] == ["E1"] * len(units)


def test_a_relief_that_was_ordered(tmp_path: Path) -> None:
    """W1 works at a; E1 would relieve it, but W2 is ordered to, and is there at once."""
    units = {"W1": {"type": "engine", "station": "west"}, "E1": {"type": "engine", "station": "east"},
             "M1": {"type": "engine", "station": "middle"}}  # fmt: skip
    stations = {**BASE["stations"], "middle": {"at": "c"}}
    injects = [
        {"at": 0, "incident": {"id": "z", "type": "fire", "node": "a"}},
        {"at": 400, "order": {"unit": "E1", "incident": "z"}},
    ]
    log = play(tmp_path, 300, call("x", 5000), units=units, stations=stations, injects=injects)
    # E1 has a need of its own at 400, there at 640 for 600 s, and is relieved in turn (asked for at 940)
    found = lives(log, "z")
    assert [life[:5] for life in found] == [
        ("W1", "relieved", 0, 0, 420),
        ("M1", "served", 300, 420, 600),
        ("E1", "relieved", 400, 640, 940),
        ("W1", "served", 940, 940, 1240),
    ]


CLOSED = {"bc": {"links": ["bc"]}, "both": {"links": ["bc", "cf"]}}


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        # E1 is sent from d at 400, for b: 200 s. At 450 the way from c to b is closed, the one by f and e takes
        # 300 s from c, where it is at 500
        (1000, [Life("W1", "relieved", 0, 100, 800, 800, 1000), Life("E1", "served", 400, 800, 1100, 1100, 1900)]),
        # the work is over at 750, when E1 is halfway from e to b: on to b in 50 s, and back to d in 800 s
        (650, [Life("W1", "served", 0, 100, 750, 750, 950), Life("E1", "cancelled", 400, -1, -1, 750, 1600)]),
    ],
)
def test_closed_roads_make_a_relief_late(tmp_path: Path, work: float, expected: list[Life]) -> None:
    """The unit that is to be relieved stays until the relief is really there."""
    kinds = {"fire": {"run_card": {"engine": 1}, "on_scene": 100, "relief": {"after": 300}}}
    more: dict[str, Any] = {"units": towns.BOTH, "incident_types": kinds}
    told = towns.call("x", 0, "b", on_scene=work)
    open_road = towns.play(tmp_path / "open", told, **more)
    assert (lives(open_road)[0].clear, lives(open_road)[1].on_scene) == (600, 600)
    injects = [{"at": 450, "close": "bc"}]
    log = towns.play(tmp_path / "closed", told, **more, closures={"bc": CLOSED["bc"]}, injects=injects)
    found = lives(log)
    if work == 650:  # on the board the way home is at half the speed with which it came
        found[1] = found[1]._replace(home=expected[1].home)
    assert found == expected


def test_a_relief_that_is_cut_off_is_sought_again(tmp_path: Path) -> None:
    """E1 has no way from 450 to 700; it turns home at c (at 500, on to d until 700) and sets out anew."""
    kinds = {"fire": {"run_card": {"engine": 1}, "on_scene": 100, "relief": {"after": 300}}}
    injects = [{"at": 450, "close": "both"}, {"at": 700, "reopen": "both"}]
    log = towns.play(
        tmp_path, towns.call("x", 0, "b", on_scene=1000), units=towns.BOTH, incident_types=kinds,
        closures={"both": CLOSED["both"]}, injects=injects,
    )  # fmt: skip
    first, cut, again = lives(log)
    assert (first.ending, cut.ending, again.ending) == ("relieved", "cut_off", "served")
    assert (again.alerted, again.on_scene, again.clear) == (700, 900, 1100)
    assert first.clear == 900


def test_lost_and_aided_reliefs(tmp_path: Path) -> None:
    """W1 alone: a relief that nobody is free for is given up, or comes from outside 100 s later and stays."""
    units = {"W1": {"type": "engine", "station": "west"}}
    calls = call("x", 0, on_scene=1500)
    lost = play(tmp_path / "1", 300, calls, units=units, dispatching={"when_none_free": "lost"})
    assert lives(lost) == [Life("W1", "served", 0, 120, 1620, 1620, 1740)]
    assert (lost.lost.tolist(), lost.incidents.lost.tolist(), lost.incidents.status().tolist()) == (
        [1], [0], ["served"]
    )  # fmt: skip
    assert measure(lost, ["incidents.lost", "incidents.incomplete"]) == {
        "incidents.lost": 0, "incidents.incomplete": 0,
    }  # fmt: skip
    rules = {"when_none_free": "mutual_aid", "mutual_aid": {"delay": 100}}
    aided = play(tmp_path / "2", 300, calls, units=units, dispatching=rules)
    assert lives(aided) == [
        Life("W1", "relieved", 0, 120, 520, 520, 640),
        Life("aid", "served", 420, 520, 1620, 1620, -1),
    ]
    assert aided.responses.unit.tolist() == [0, AID]
    told = [each[1:] for each in notices(aided)]
    assert told == [
        ("relief asked for", "x", "W1", "after 300.0 s on scene"), ("relieved", "x", "W1", "by mutual-aid"),
    ]  # fmt: skip
