"""Relief on long incidents: every moment reckoned by hand, and laws on random worlds.

The line of five nodes (tests/small.py), a minute of driving apart, with W1 at a and E1 at e, no turnout.
"""

from __future__ import annotations

from io import StringIO
from itertools import pairwise
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
    return simulate(small(folder, HEADER + "".join(calls) if calls else "", **changes))


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


def test_a_relieved_unit_goes_home_before_it_comes_again(tmp_path: Path) -> None:
    """After 60 s a relief is asked for: E1 at 180, there at 300; at 360 its own: W1, which is home at 420."""
    log = play(tmp_path, 60, call("x", 0, on_scene=500), call("y", 5000, "a"))
    assert lives(log)[:3] == [
        Life("W1", "relieved", 0, 120, 300, 300, 420),
        Life("E1", "relieved", 180, 300, 540, 540, 660),
        Life("W1", "served", 420, 540, 620, 620, 740),
    ]
    assert log.responses.from_road.tolist()[:3] == [0, 0, 0]
    # to another call it may turn from the road: to y, at b at 360, and from there to x
    log = play(tmp_path, 60, call("x", 0, on_scene=500), call("y", 350, "b", on_scene=100))
    assert [(life.unit, life.alerted, life.on_scene) for life in lives(log)] == [
        ("W1", 0, 120), ("E1", 180, 300), ("W1", 350, 360), ("W1", 460, 520),
    ]  # fmt: skip


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
    kinds = [
        fire(each, on_scene={"exponential": {"mean": 900}}, run_card={"engine": 2}) for each in (None, 400)
    ]
    types = {"engine": {"capabilities": ["engine"], "turnout": {"uniform": {"low": 1, "high": 90}},
                        "turnaround": {"exponential": {"mean": 600}}}}  # fmt: skip
    aid = {"when_none_free": "mutual_aid", "mutual_aid": {"delay": {"exponential": {"mean": 600}}}}
    demand = {"poisson": {"fire": {"rate": "100/d"}, "urgent": {"rate": "50/d"}}}
    injects = [{"at": 50, "incident": {"id": "z", "type": "fire", "node": "b"}},
               {"at": 0, "surge": {"factor": 3, "for": "4 h"}}]  # fmt: skip
    more: dict[str, Any] = {"unit_types": types, "dispatching": aid, "demand": demand, "injects": injects}
    without, long = (
        draw(small(tmp_path / str(n), incident_types=each, **more), 0) for n, each in enumerate(kinds)
    )
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
    assert [(life.unit, life.on_scene, life.clear) for life in lives(log)] == [
        ("W1", 120, 640),
        ("E1", 640, 1920),
    ]
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
    """E1, sent at 420, turns at d to something urgent at e: there from 540 to 640, and at x at 760."""
    calls = call("x", 0, on_scene=900), call("y", 450, "e", "urgent", on_scene=100)
    log = play(tmp_path, 300, *calls, dispatching={"diversion": True})
    assert lives(log, "x") == [
        Life("W1", "relieved", 0, 120, 760, 760, 880),
        Life("E1", "diverted", 420, -1, -1, 450, -1),
        Life("E1", "served", 640, 760, 1020, 1020, 1140),
    ]
    assert [(each.asked, each.relief, each.taken_over) for each in log.reliefs] == [(420, 3, 760)]


def test_a_relief_that_breaks_down_is_sought_again(tmp_path: Path) -> None:
    """Whoever of the reliefs fails on its way, the work is done to its end at 120 + 3000."""
    types = {
        "engine": {"capabilities": ["engine"], "turnout": 0, "breaks_down": {"share": 0.5, "repair": 60}}
    }
    failed = 0
    for seed in range(8):
        log = play(tmp_path, 300, call("x", 0, on_scene=3000), unit_types=types, seed=seed)
        spans = sorted((life.on_scene, life.clear) for life in lives(log) if life.on_scene >= 0.0)
        assert all(before[1] == after[0] for before, after in pairwise(spans))
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
    """E1 turns back at 450, and nobody else could take its place; it comes again by order only."""
    order = {"at": 450, "order": {"unit": "E1", "incident": "x"}}
    for replace, more in ((False, []), (True, []), (True, [order])):
        recall = {"at": 450, "recall": {"unit": "E1", "replace": replace}}
        folder = tmp_path / f"{replace}{len(more)}"
        log = play(folder, 300, call("x", 0, on_scene=600), injects=[recall, *more])
        first, turned, *rest = lives(log)
        assert turned[:4] == ("E1", "recalled", 420, -1)
        assert first.clear == (540 if more else 720)
        assert [life.unit for life in rest] == ["E1"] * len(more)


def test_units_that_are_ordered_to_a_call_are_relieved_too(tmp_path: Path) -> None:
    """E1 is ordered to z at 400 and works there for 600 s of its own, from 640; W1 relieves it at 940."""
    units = {"W1": {"type": "engine", "station": "west"}, "E1": {"type": "engine", "station": "east"},
             "M1": {"type": "engine", "station": "middle"}}  # fmt: skip
    stations = {**BASE["stations"], "middle": {"at": "c"}}
    injects = [
        {"at": 0, "incident": {"id": "z", "type": "fire", "node": "a"}},
        {"at": 400, "order": {"unit": "E1", "incident": "z"}},
    ]
    log = play(tmp_path, 300, call("x", 5000), units=units, stations=stations, injects=injects)
    assert [life[:5] for life in lives(log, "z")] == [
        ("W1", "relieved", 0, 0, 420),
        ("M1", "served", 300, 420, 600),
        ("E1", "relieved", 400, 640, 940),
        ("W1", "served", 940, 940, 1240),
    ]


def test_an_order_may_name_the_relief(tmp_path: Path) -> None:
    """Nobody is free for the relief that is open from 300 on; E1, bound for y since 280, is ordered to it."""
    injects = [
        {"at": 0, "incident": {"id": "z", "type": "fire", "node": "a"}},
        {"at": 350, "order": {"unit": "E1", "incident": "z"}},
    ]
    log = play(tmp_path, 300, call("y", 280, "b"), injects=injects, dispatching={"diversion": False})
    assert [life[:5] for life in lives(log, "z")] == [
        ("W1", "relieved", 0, 0, 520),  # the way on from where it is: 240 s from e to a
        ("E1", "served", 350, 520, 600),
    ]


CLOSED = {"bc": {"links": ["bc"]}, "both": {"links": ["bc", "cf"]}}


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        # E1 is sent from d at 400, for b: 200 s. At 450 the way from c to b is closed, the one by f and e
        # takes 300 s from c, where it is at 500
        (
            1000,
            [
                Life("W1", "relieved", 0, 100, 800, 800, 1000),
                Life("E1", "served", 400, 800, 1100, 1100, 1900),
            ],
        ),
        # the work is over at 750, when E1 is halfway from e to b: on in 50 s, and back to d in 800 s
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
    assert lives(log) == expected


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


def test_a_relieved_unit_takes_nobody_to_hospital(tmp_path: Path) -> None:
    """The last one does, whether the way there is a plain time or one of the hospitals is chosen."""
    hospitals = {"clinic": {"at": "b", "beds": 1}}
    kinds = fire(300, to_hospital={}, hand_over=50)
    expected = [Life("W1", "relieved", 0, 120, 540, 540, 660), Life("E1", "served", 420, 540, 720, 830, 1010)]
    log = play(tmp_path / "1", 300, call("x", 0, on_scene=600), incident_types=kinds, hospitals=hospitals)
    assert lives(log) == expected  # b at 780, until 830, from there 180 s
    assert [each.response for each in log.admissions] == [1]
    kinds = fire(300, transport=60, hand_over=50)
    log = play(tmp_path / "2", 300, call("x", 0, on_scene=600), incident_types=kinds)
    assert lives(log) == [expected[0], expected[1]._replace(home=950)]  # 120 s from the incident
    assert np.array_equal(log.responses.at_hospital, [np.nan, 780], equal_nan=True)


def test_reliefs_do_not_drive_to_the_staging_area(tmp_path: Path) -> None:
    """The second to come drives straight up, since somebody has been on scene for long."""
    card = {"units": {"engine": 1}, "staging": {"at": "d", "from": 2, "size_up": 60}}
    plans = {
        "catalogue": None,
        "classes": {"fire": {"scale": "fire"}},
        "own": {"all": {"classes": ["fire"], "cards": {1: card}}},
    }
    kinds = {"fire": {"priority": 2, "classed_as": "fire", "on_scene": 600, "relief": {"after": 300}}}
    log = play(tmp_path, 300, call("x", 0), plans=plans, incident_types=kinds)
    assert log.stagings == ()
    assert [(life.unit, life.on_scene, life.clear) for life in lives(log)] == [
        ("W1", 120, 540),
        ("E1", 540, 720),
    ]


def test_reliefs_do_not_bring_a_call_under_control(tmp_path: Path) -> None:
    """It has level 1 and needs level 2, two engines: the deadline finds one, though a second has come."""
    cards = {level: {"units": {"engine": level}} for level in (1, 2)}
    plans = {
        "catalogue": None,
        "classes": {"fire": {"scale": "fire"}},
        "own": {"all": {"classes": ["fire"], "cards": cards}},
    }
    kind = fire(200)["fire"] | {"classed_as": "fire", "on_scene": 1000}
    kind["alarm"] = {"level": 1, "severity": {2: 1}, "control_within": 500}
    del kind["run_card"]
    injects = [{"at": 0, "incident": {"id": "x", "type": "fire", "node": "c"}}]
    demand = {"poisson": {"fire": {"rate": "0/d"}}}
    log = play(tmp_path, 200, plans=plans, incident_types={"fire": kind}, injects=injects, demand=demand)
    assert [(each.moment, each.after) for each in log.raises] == [(500, 2)]
    # E1 took over at 440; W1, home at 560, fills the need of level 2, whose relief is asked for at 880: E1 is
    # done at 1120 and home at 1240. Its own relief, asked for at 1560, would come as the work is over
    found = [(life.unit, life.alerted, life.on_scene, life.clear, life.ending) for life in lives(log)]
    assert found == [
        ("W1", 0, 120, 440, "relieved"),
        ("E1", 320, 440, 1120, "served"),
        ("W1", 560, 680, 1360, "relieved"),
        ("E1", 1240, 1360, 1680, "served"),
        ("W1", 1560, -1, -1, "cancelled"),
    ]
    assert log.incidents.under_control.tolist() == [680]


def test_relieved_units_restock_and_go_home(tmp_path: Path) -> None:
    """W1 leaves c at 540, is home at 660 and ready at 760; wherever it is, board and whereabouts agree."""
    types = {"engine": {"capabilities": ["engine"], "turnout": 0, "turnaround": 100}}
    log = play(tmp_path, 300, call("x", 0, on_scene=600), unit_types=types)
    assert lives(log)[0] == Life("W1", "relieved", 0, 120, 540, 760, 660)
    shown = {moment: Board.at(log, moment) for moment in (539, 540, 600, 659, 660, 760)}
    assert [board.units["W1"].value for board in shown.values()] == [
        "on scene", "returning", "returning", "returning", "restoring", "in quarters",
    ]  # fmt: skip
    places = [{each.unit: each.node for each in whereabouts(log, moment)} for moment in (539, 600, 660)]
    assert [place["W1"] for place in places] == ["c", "b", "a"]
    assert measure(log, ["workload[unit=W1]"]) == {"workload[unit=W1]": 760 / 86400}
    kinds = [(event.time, event.detail) for event in events_of(log) if event.unit == "W1"]
    assert (760, "relieved") in kinds
    assert (540, "relieved: by E1") in kinds
    assert (420, "relief asked for: after 300.0 s on scene") in kinds


# --- what is told -----------------------------------------------------------------------------------------


def test_reliefs_have_no_rank(tmp_path: Path) -> None:
    """Two engines come, at 60 and 180; of the four that come in all the reliefs are not second and third."""
    stations = {**BASE["stations"], "middle": {"at": "c"}}
    units = {"W1": {"type": "engine", "station": "west"}, "M1": {"type": "engine", "station": "middle"},
             "E1": {"type": "engine", "station": "east"}}  # fmt: skip
    more = {"units": units, "stations": stations, "incident_types": fire(100, run_card={"engine": 2})}
    log = play(tmp_path, 100, call("x", 0, "b", on_scene=350), **more)
    assert [(life.unit, life.on_scene, life.clear, life.ending) for life in lives(log)] == [
        ("W1", 60, 340, "relieved"),
        ("M1", 60, 410, "served"),
        ("E1", 340, 410, "served"),
        ("W1", -1, -1, "cancelled"),
    ]
    # at b W1 and M1 are equally near; W1, of the station farther west, is first due, and came
    assert measure(log, ["reliability.first_due"]) == {"reliability.first_due": 1.0}
    expected = {
        "total.first.max": 60, "total.second.max": 60, "total.third.n": 0, "total.erf.max": 60,
        "responses.n": 4, "reliefs.n": 1, "reliefs.n[unit=W1]": 1, "reliefs.n[unit=E1]": 0,
        "incidents.incomplete": 0,
    }  # fmt: skip
    assert measure(log, expected) == expected


def test_a_relief_of_the_first_due_station_does_not_make_up_for_its_lateness(tmp_path: Path) -> None:
    """W1 is busy when x comes from b: E1 goes, and W1 only takes over."""
    calls = call("w", 0, "a", on_scene=100), call("x", 50, "b", on_scene=600)
    log = play(tmp_path, 300, *calls)
    assert [(life.unit, life.ending) for life in lives(log, "x")] == [("E1", "relieved"), ("W1", "served")]
    assert measure(log, ["reliability.first_due"]) == {"reliability.first_due": 0.5}


def test_explanations_tell_of_reliefs(tmp_path: Path) -> None:
    read = small(tmp_path, HEADER + call("x", 0, on_scene=1000), incident_types=fire(300))
    told, log = explain(read, incident="x")
    assert events_of(log) == events_of(simulate(read))
    assert [(epoch.time, [choice.unit for choice in epoch.choices]) for epoch in told.epochs] == [
        (0, ["W1"]), (420, ["E1"]), (840, ["W1"]),
    ]  # fmt: skip
    assert [sent.ending for sent in told.responses] == ["relieved", "relieved", "served"]
    out = Console(width=150, file=StringIO())
    print_explanation(out, told, read)
    text = out.file.getvalue()  # type: ignore[attr-defined]
    assert "00:07:00.0  relief asked for: W1 after 300.0 s on scene" in text
    assert "00:09:00.0  relieved: W1 by E1" in text


def test_explanations_tell_that_nobody_could_go(tmp_path: Path) -> None:
    units = {"W1": {"type": "engine", "station": "west"}}
    read = small(tmp_path, HEADER + call("x", 0, on_scene=600), incident_types=fire(300), units=units)
    told, _ = explain(read, incident="x")
    assert [(epoch.time, [choice.outcome for choice in epoch.choices]) for epoch in told.epochs] == [
        (0, ["sent"]), (420, ["waiting"]),
    ]  # fmt: skip
    assert [(each.moment, each.what, each.unit) for each in told.notices] == [
        (420, "relief asked for", "W1"), (720, "no relief", "W1"),
    ]  # fmt: skip
    assert (told.status, told.closed) == ("served", 720)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"relief": {"after": 0}}, "relief.after"),
        ({"relief": {}}, "'after' is missing"),
        ({"relief": {"after": 300, "at_most": 0}}, "relief.at_most"),
        (
            {"relief": {"after": 300}, "busy": 600, "on_scene": None},
            "'busy' and 'relief' contradict each other",
        ),
    ],
)
def test_mistakes_are_told(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    kind = {**fire(None)["fire"], **changes}
    with pytest.raises(ScenarioError, match=words):
        small(
            tmp_path,
            incident_types={"fire": {key: value for key, value in kind.items() if value is not None}},
        )
