"""Units that move up in a simulation: a town by hand, laws over random worlds, and what is told of it."""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dispatch
from dispatch.composition import _parts
from dispatch.durations import mean
from dispatch.engine.fleet import Fleet
from dispatch.engine.log import FROM_ELSEWHERE
from dispatch.engine.simulator import Simulator
from dispatch.engine.whereabouts import whereabouts
from dispatch.errors import ScenarioError
from dispatch.policies.assigning import candidates
from dispatch.policies.dispatching import Nearest
from dispatch.regression.events import events_of
from dispatch.regression.provenance import fingerprints
from dispatch.report.explaining import print_explanation
from dispatch.report.terminal import console
from dispatch.study.explaining import explain
from dispatch.study.measures import measure
from tests.cli.world import dispatch as command
from tests.properties.drawing import worlds
from tests.properties.readings import SLACK, seconds_between
from tests.properties.worlds import World, law
from tests.small import small, write_scenario

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from dispatch import Log
    from dispatch.engine.protocols import Need, StatusBoard

CALLS = "incident,received,type,node,on_scene\n"
TABLE = {1: ["mid"], 2: ["west", "east"], 3: ["west", "west", "east"]}
TOWN: dict[str, Any] = {
    "unit_types": {"engine": {"capabilities": ["engine"], "turnout": 30}},
    "stations": {"west": {"at": "a"}, "mid": {"at": "c"}, "east": {"at": "e"}},
    "units": {
        "W1": {"type": "engine", "station": "west"},
        "W2": {"type": "engine", "station": "west"},
        "E1": {"type": "engine", "station": "east"},
    },
    "moving_up": {"compliance_table": {"table": {str(k): v for k, v in TABLE.items()}}, "rest": 0},
    "cover_within": 60,
}
"""Two engines at a, one at e, four minutes of driving apart in both modes, and 30 s of turnout."""


def moves(log: Log) -> list[tuple[str, str, str, float, float, str]]:
    """Return unit, from, to, left, arrives and reason of all moves."""
    sites = [*(site.id for site in log.fleet.layout.sites), "road"]
    return [
        (log.fleet.ids[m.unit], sites[m.origin], sites[m.site], m.left, m.arrives, m.reason)
        for m in log.move_ups
    ]


def sent(log: Log) -> list[tuple[str, float, float, float, int]]:
    """Return unit, alerted, en route, on scene and from where of all responses."""
    r = log.responses
    names = [log.fleet.ids[unit] for unit in r.unit.tolist()]
    columns = (r.alerted.tolist(), r.en_route.tolist(), r.on_scene.tolist(), r.from_road.tolist())
    return list(zip(names, *columns, strict=True))


def doing(log: Log, time: float) -> dict[str, tuple[str, str]]:
    """Return status and next node of every unit."""
    return {each.unit: (each.status, each.node) for each in whereabouts(log, time)}


def test_a_station_is_filled_and_given_back(tmp_path: Path) -> None:
    """E1 is out from 0 to 1030 and home at 1030; W2 stands at e from 240 on and goes back then."""
    log = dispatch.simulate(small(tmp_path, CALLS + "1,0,fire,e,1000\n", **TOWN))
    assert sent(log) == [("E1", 0, 30, 30, 0)]
    assert moves(log) == [
        ("W2", "west", "east", 0, 240, "table"),
        ("W2", "east", "west", 1030, 1270, "table"),
    ]
    assert doing(log, 90)["W2"] == ("moving up", "c")
    assert doing(log, 240)["W2"] == ("moved up", "e")
    assert doing(log, 1029)["W2"] == ("moved up", "e")
    assert doing(log, 1120)["W2"] == ("returning", "c")
    assert doing(log, 1270)["W2"] == ("in quarters", "a")
    assert doing(log, 1270)["W1"] == ("in quarters", "a")
    half = next(each for each in whereabouts(log, 90) if each.unit == "W2")
    assert (half.x, half.share) == (900.0, 0.5)


def test_who_has_moved_up_turns_out_there(tmp_path: Path) -> None:
    """At 300 W2 stands at e: 30 s of turnout and a minute to d, where W1 would need three and a half."""
    log = dispatch.simulate(small(tmp_path, CALLS + "1,0,fire,e,5000\n2,300,fire,d,100\n", **TOWN))
    assert sent(log) == [("E1", 0, 30, 30, 0), ("W2", 300, 330, 390, FROM_ELSEWHERE)]
    assert doing(log, 310)["W2"] == ("turning out", "e")
    assert doing(log, 360)["W2"] == ("en route", "d")
    # one was free then, whom the table wants in the middle. Clear at 490, W2 is free again, a minute from e
    assert moves(log)[:4] == [
        ("W2", "west", "east", 0, 240, "table"),
        ("W1", "west", "mid", 300, 420, "table"),
        ("W1", "mid", "west", 490, 610, "table"),
        ("W2", "road", "east", 490, 550, "table"),
    ]
    assert np.isnan(log.responses.in_quarters[1])


def test_who_moves_up_is_sent_from_the_road(tmp_path: Path) -> None:
    """At 100 W2 is 20 s from c: it is at d after 80 s, without turnout, and does not arrive at e."""
    log = dispatch.simulate(small(tmp_path, CALLS + "1,0,fire,e,5000\n2,100,fire,d,5000\n", **TOWN))
    assert sent(log) == [("E1", 0, 30, 30, 0), ("W2", 100, 100, 180, 1)]
    assert np.isnan(log.move_ups[0].arrives)
    # one is left, whom the table wants in the middle
    assert moves(log)[1] == ("W1", "west", "mid", 100, 220, "table")
    assert doing(log, 150)["W2"] == ("en route", "d")
    assert doing(log, 300)["W1"] == ("moved up", "c")


def test_after_a_call_its_own_station_is_home(tmp_path: Path) -> None:
    """W2 is sent from e at 300, clear of d at 490, and goes to a: each has had its move of the hour."""
    terms = {**TOWN["moving_up"], "most_moves": {"per_unit_hour": 1}}
    calls = CALLS + "1,0,fire,e,5000\n2,300,fire,d,100\n"
    log = dispatch.simulate(small(tmp_path, calls, **{**TOWN, "moving_up": terms}))
    assert moves(log)[:2] == [
        ("W2", "west", "east", 0, 240, "table"),
        ("W1", "west", "mid", 300, 420, "table"),
    ]
    assert all(move[3] >= 3600 for move in moves(log)[2:])
    assert log.responses.in_quarters.tolist()[1] == 670
    assert doing(log, 600)["W2"] == ("returning", "b")
    assert doing(log, 700)["W2"] == ("in quarters", "a")


def test_called_off_while_turning_out_elsewhere(tmp_path: Path) -> None:
    """W2 is called off 10 s after its alert at e: it drives from there to its own station, 240 s away."""
    calls = "incident,received,type,node,on_scene,cancelled\n1,0,fire,e,9000,\n2,300,fire,d,100,10\n"
    terms = {**TOWN["moving_up"], "most_moves": {"per_unit_hour": 1}}
    log = dispatch.simulate(small(tmp_path, calls, **{**TOWN, "moving_up": terms}))
    assert log.responses.available.tolist()[1] == 310
    assert log.responses.in_quarters.tolist()[1] == 550


def test_no_moves_are_as_no_rule(tmp_path: Path) -> None:
    calls = CALLS + "1,0,fire,e,1000\n2,100,fire,d,700\n3,150,fire,a,700\n4,200,fire,b,100\n"
    none = {**TOWN, "moving_up": {**TOWN["moving_up"], "most_moves": {"per_unit_hour": 0}}}
    still = dispatch.simulate(small(tmp_path / "a", calls, **none))
    plain = {key: value for key, value in TOWN.items() if key != "moving_up"}
    without = dispatch.simulate(small(tmp_path / "b", calls, **plain))
    assert still.move_ups == ()
    np.testing.assert_equal(sent(still), sent(without))
    assert still.scheduled == without.scheduled


def test_a_crew_that_goes_off_duty_goes_home(tmp_path: Path) -> None:
    """W2 moves up at 0 and goes off duty at 3600: it drives home, and is not sent on its way."""
    rotas = {"short": {"on_duty": [{"begins": 0, "ends": 1}]}}
    units = {**TOWN["units"], "W2": {"type": "engine", "station": "west", "rota": "short"}}
    units["W1"] = {"type": "engine", "station": "west", "rota": "short"}
    town = {**TOWN, "rotas": rotas, "units": units, "start": "2024-01-01T00:00:00+00:00"}
    scenario = small(tmp_path, CALLS + "1,0,fire,e,9000\n2,3650,fire,d,100\n", **town)
    log = dispatch.simulate(scenario)
    first, last = moves(log)[0], moves(log)[-1]
    assert first[:3] == ("W2", "west", "east")
    assert ("W2", "east", "west", 3600, 3840, "off duty") in moves(log)
    assert last[3] >= 3600
    assert doing(log, 3700)["W2"][0] == "returning"
    assert doing(log, 3900)["W2"][0] == "off duty"
    assert sent(log)[1][0] == "E1"  # who is on duty, when it is free


RING = "from_node_id,to_node_id,directed,facility_type,link_id\n"


def ring(folder: Path, closure: dict[str, Any], calls: str) -> Log:
    """Simulate a town with a way round: a, b, c, d, e in a row, and a slow road from b to d."""
    path = write_scenario(folder, calls, **TOWN, closures={"works": closure})
    links = [f"{a},{b},false,road,{a}{b}" for a, b in ("ab", "bc", "cd", "de", "bd")]
    home = folder / "networks" / "line"
    (home / "link.csv").write_text(RING + "\n".join(links) + "\n")
    nodes = (home / "node.csv").read_text().replace("c,1200,0,", "c,1200,100,")
    (home / "node.csv").write_text(nodes)
    return dispatch.simulate(dispatch.load(path))


def test_a_closure_on_the_way_makes_it_look_again(tmp_path: Path) -> None:
    """b to d is closed at 30: W2, half-way to b, goes on by c, which is a little longer."""
    log = ring(tmp_path, {"links": ["bd"], "begins": 30, "ends": 5000}, CALLS + "1,0,fire,e,1000\n")
    detour = 2 * math.hypot(600, 100) / 10
    unit, _, goal, left, arrives, _ = moves(log)[0]
    assert (unit, goal, left) == ("W2", "east", 0)
    assert arrives == pytest.approx(60 + detour + 60, abs=0.01)
    assert doing(log, 100)["W2"] == ("moving up", "c")


def test_who_is_cut_off_waits_and_goes_on(tmp_path: Path) -> None:
    """All ways to e are closed from 30 to 1000: W2 waits at the next node, b, and arrives after 1000."""
    closure = {"links": ["bd", "cd"], "begins": 30, "ends": 1000}
    log = ring(tmp_path, closure, CALLS + "1,0,fire,e,5000\n")
    assert doing(log, 900)["W2"][0] == "moving up"
    assert moves(log)[0][4] > 1000
    assert doing(log, 2000)["W2"] == ("moved up", "e")


@pytest.mark.parametrize("begins", [200, 1600])
def test_who_went_home_off_duty_may_be_moved_as_ever(tmp_path: Path, begins: float) -> None:
    """W1 is cut off from e from 100 to 1500, and out for 600 s: no rest of its broken-off move is left.

    Out from 200 on it turns to a, and moves up again when e is open; out from 1600 on, 40 s before e, as soon
    as it is back in service.
    """
    units = {"W1": {"type": "engine", "station": "west"}, "L1": {"type": "lift", "station": "west"}}
    lift = {"capabilities": ["lift"], "turnout": 0}
    town: dict[str, Any] = {
        "units": units,
        "unit_types": {"engine": {"capabilities": ["engine"], "turnout": 0}, "lift": lift},
        "incident_types": {"fire": {"run_card": {"lift": 1}, "on_scene": 60}},
        "closures": {"works": {"around": "e", "radius": 10, "begins": 100, "ends": 1500}},
        "moving_up": {"capability": "engine", "compliance_table": {"table": {"1": ["east"]}}, "rest": 60},
        "injects": [{"at": begins, "outage": {"unit": "W1", "for": 600}}],
    }
    log = dispatch.simulate(small(tmp_path, CALLS + "1,0,fire,a,60\n2,5000,fire,a,60\n", **town))
    home, again = moves(log)[1:]
    assert home[2:4] + home[5:] == ("west", begins, "off duty")
    assert again[1:4] == ("west", "east", 1500 if begins == 200 else 2200)
    assert measure(log, ["moveups.n"])["moveups.n"] == 2, "the drive home is no move"


@pytest.mark.parametrize(("restocking", "moved"), [(0, []), (600, []), (601, [0]), (7200, [0])])
def test_a_station_whose_unit_restocks_is_filled(
    tmp_path: Path, restocking: float, moved: list[float]
) -> None:
    """W1 is at a for 300 s; with its turnaround it is back within 900 s or not, known as it leaves."""
    town = {
        "unit_types": {"engine": {"capabilities": ["engine"], "turnout": 0, "turnaround": restocking}},
        "units": {name: {"type": "engine", "station": at}
                  for name, at in (("W1", "west"), ("E1", "east"), ("E2", "east"))},
        "incident_types": {"fire": {"run_card": {"engine": 1}, "on_scene": 300}},
        "moving_up": {"fill": {"lasting": 900}},
        "cover_within": 100,
    }  # fmt: skip
    log = dispatch.simulate(small(tmp_path, CALLS + "1,0,fire,a,300\n", **town))
    filled = [move for move in moves(log) if move[5] == "fill"]
    assert [move[3] for move in filled] == moved
    assert {move[2] for move in filled} <= {"west"}


def test_a_station_is_filled_while_its_unit_restocks(tmp_path: Path) -> None:
    """W1 is home from b at 420 and ready at 2220. Of the east all are at work until 500: E1 moves then."""
    town = {
        "unit_types": {"engine": {"capabilities": ["engine"], "turnout": 0, "turnaround": 1800},
                       "other": {"capabilities": ["engine"], "turnout": 0}},
        "units": {"W1": {"type": "engine", "station": "west"}, "E1": {"type": "other", "station": "east"},
                  "E2": {"type": "other", "station": "east"}},
        "incident_types": {"fire": {"run_card": {"engine": 1}, "on_scene": 300}},
        "moving_up": {"fill": {"lasting": 900}},
        "cover_within": 100,
    }  # fmt: skip
    calls = "1,0,fire,b,300\n2,0,fire,e,500\n3,0,fire,e,500\n"
    log = dispatch.simulate(small(tmp_path, CALLS + calls, **town))
    assert moves(log)[0] == ("E1", "east", "west", 500, 740, "fill")
    assert moves(log)[1][3:] == (2220, 2460, "home")


# --- laws over random worlds ---


@st.composite
def moving(draw: st.DrawFn, /, **fixed: Any) -> World:
    """Draw a world in which units move up."""
    world = draw(worlds(**fixed))
    stations, units = sorted(world.scenario["stations"]), len(world.scenario["units"])
    for number, station in enumerate(stations):  # apart from each other, or else there is little to move for
        world.scenario["stations"][station] = {"at": world.places[number % len(world.places)]}
    kind = draw(st.sampled_from(["compliance_table", "expected_cover", "fill"]))
    if kind == "compliance_table":
        listed = {
            str(free): draw(st.lists(st.sampled_from(stations), min_size=1, max_size=free))
            for free in range(1, units + 1)
        }
        rule: dict[str, Any] = {"table": listed, "least": draw(st.sampled_from(["total", "longest"]))}
    elif kind == "expected_cover":
        rule = {
            "busy_fraction": draw(st.sampled_from([0, 0.3])),
            "consider": draw(st.sampled_from(["released", "all"])),
        }
    else:
        rule = {"lasting": draw(st.sampled_from([0, 300]))}
    most = draw(st.sampled_from([1, 2, 100]))
    world.scenario["moving_up"] = {
        kind: rule, "rest": draw(st.sampled_from([0, 200])), "most_moves": {"per_unit_hour": most}
    }  # fmt: skip
    world.scenario["cover_within"] = draw(st.sampled_from([60, 120]))
    return world


@given(moving())
@law(60)
def test_moves_fit_into_the_lives_of_units(world: World) -> None:
    """A unit moves while it is free, from where it stands, as fast as the files say, as often as allowed."""
    log = world.run()
    r, ids, sites = log.responses, log.scenario.network.node_ids, log.fleet.layout.sites
    by_road = seconds_between(world, "normal")
    terms = log.scenario.file.moving_up
    assert terms is not None
    for unit in range(len(log.fleet)):
        mine = [move for move in log.move_ups if move.unit == unit]
        rows = np.flatnonzero(r.unit == unit).tolist()
        begins = [move.left for move in mine]
        assert all(begins[i] - begins[i - terms.most_moves.per_unit_hour] >= 3600.0
                   for i in range(terms.most_moves.per_unit_hour, len(begins)))  # fmt: skip
        for number, move in enumerate(mine):
            assert not any(r.alerted[i] < move.left < r.available[i] for i in rows)
            later = [m.left for m in mine[number + 1 :]] + [
                float(r.alerted[i]) for i in rows if r.available[i] > move.left
            ]
            following = min(later, default=math.inf)
            if move.origin >= 0:
                start, goal = (ids[sites[site].node] for site in (move.origin, move.site))
                due = move.left + by_road[start].get(goal, math.inf)
                assert (following < due - SLACK) <= math.isnan(move.arrives) <= (following < due + SLACK)
                assert math.isnan(move.arrives) or move.arrives == pytest.approx(due, abs=SLACK)
            if number + 1 < len(mine) and not math.isnan(move.arrives):
                called = any(move.left <= r.alerted[i] < mine[number + 1].left for i in rows)
                assert called or mine[number + 1].left >= move.arrives + terms.rest
                assert called or mine[number + 1].origin == move.site


@given(moving())
@law(40)
def test_who_is_sent_from_another_station_stands_there(world: World) -> None:
    """And drives from it, by the files; who is sent from quarters has not moved, or is back."""
    log = world.run()
    r, ids, sites = log.responses, log.scenario.network.node_ids, log.fleet.layout.sites
    siren = seconds_between(world, "emergency")
    for row in np.flatnonzero(r.unit >= 0).tolist():
        unit, alerted = int(r.unit[row]), float(r.alerted[row])
        before = [float(r.available[i]) for i in range(row) if r.unit[i] == unit]
        since = [m for m in log.move_ups if m.unit == unit and max(before, default=-1.0) <= m.left <= alerted]
        stands = since[-1].site if since else log.fleet.site[unit]
        arrived = not since or since[-1].arrives <= alerted
        elsewhere = sites[stands].node != log.fleet.home[unit]
        if r.from_road[row] == FROM_ELSEWHERE:
            assert elsewhere
            assert arrived
            if not math.isnan(r.on_scene[row]):
                way = siren[ids[sites[stands].node]][ids[log.timeline.node[r.incident[row]]]]
                assert r.on_scene[row] - r.en_route[row] == pytest.approx(way, abs=SLACK)
        elif r.from_road[row] == 0:
            assert not elsewhere
            assert arrived


class Checked(Nearest):
    """Nearest, with the estimate of every unit that stands at another station reckoned anew."""

    def __init__(self, world: World) -> None:
        self._seconds, self.seen = seconds_between(world, "emergency"), 0

    def pick(self, need: Need, board: StatusBoard, taken: Collection[int]) -> int | None:
        chosen = super().pick(need, board, taken)
        fleet, ids = board.fleet, board.fleet._roads.network.node_ids
        costs = dict(candidates(need, board, taken))
        assert (chosen is None) == (not costs)
        assert chosen is None or costs[chosen] == min(costs.values())
        for unit, cost in costs.items():
            if board.idle[unit] and board.home_at[unit] == math.inf and board.stands_elsewhere(unit):  # type: ignore[attr-defined]
                way = self._seconds[ids[board.base[unit]]][ids[need.node]]
                assert cost == pytest.approx(mean(fleet.turnouts[unit]) + way, abs=SLACK)
                self.seen += 1
        return chosen


@given(moving(policy="nearest"))
@law(40)
def test_the_nearest_is_reckoned_from_where_units_stand(world: World) -> None:
    scenario = world.load()
    fleet, timeline = Fleet(scenario, scenario.layouts["baseline"]), dispatch.draw(scenario, 0)
    parts = _parts(scenario, fleet, timeline)
    Simulator(scenario, fleet, timeline, Checked(world), parts).run()


@given(moving())
@law(25)
def test_residual_cover_counts_who_moved_where_it_stands(world: World) -> None:
    """Against the status board: at every moment at which something changes, place by place."""
    world.scenario["demand"].pop("recorded", None)
    world.scenario["demand"].setdefault(
        "poisson", {next(iter(world.scenario["incident_types"])): {"rate": "6/h"}}
    )
    log = world.run()
    scenario, fleet, r = log.scenario, log.fleet, log.responses
    weights, end = scenario.demand_by_node.sum(axis=0), scenario.file.horizon
    moments = {0.0, *r.alerted.tolist(), *r.available.tolist(), *(move.left for move in log.move_ups)}
    least = math.inf
    for moment in sorted(each for each in moments if each < end):
        covered = np.zeros(len(weights), dtype=bool)
        for unit in range(len(fleet)):
            if any(r.unit[i] == unit and r.alerted[i] <= moment < r.available[i] for i in range(len(r))):
                continue
            calls = [
                float(r.alerted[i]) for i in range(len(r)) if r.unit[i] == unit and r.available[i] <= moment
            ]
            since = [m for m in log.move_ups if m.unit == unit and max(calls, default=-1) <= m.left <= moment]
            node = fleet.layout.sites[since[-1].site].node if since else fleet.home[unit]
            covered |= fleet.travels[unit].outbound(node) <= scenario.file.cover_within + 1e-6
        least = min(least, weights[covered].sum() / weights.sum())
    assert measure(log, ["coverage.residual.min"])["coverage.residual.min"] == pytest.approx(least)


# --- what is told ---


def test_cover_by_hand(tmp_path: Path) -> None:
    """Four calls at e: while E1 is out nobody is near e until W2 is bound for it, which is at once."""
    calls = CALLS + "1,0,fire,e,1000\n2,30000,fire,e,10\n3,60000,fire,e,10\n4,70000,fire,a,10\n"
    name = "coverage.residual.min"
    log = dispatch.simulate(small(tmp_path / "a", calls, **TOWN))
    assert measure(log, [name])[name] == 1.0
    plain = {key: value for key, value in TOWN.items() if key != "moving_up"}
    assert measure(dispatch.simulate(small(tmp_path / "b", calls, **plain)), [name])[name] == 0.25


def test_moves_are_counted(tmp_path: Path) -> None:
    names = ["moveups.n", "moveups.n[unit=W2]", "moveups.n[station=east]", "moveups.n[station=west]"]
    scenario = small(tmp_path, CALLS + "1,0,fire,e,1000\n", **TOWN)
    assert list(measure(dispatch.simulate(scenario), names).values()) == [2, 2, 0, 2]
    late = small(tmp_path / "b", CALLS + "1,0,fire,e,1000\n", **TOWN, warm_up=500)
    assert measure(dispatch.simulate(late), ["moveups.n"])["moveups.n"] == 1


def test_moves_are_events_of_the_log(tmp_path: Path) -> None:
    log = dispatch.simulate(small(tmp_path, CALLS + "1,0,fire,e,1000\n", **TOWN))
    told = [str(event) for event in events_of(log) if event.unit == "W2"]
    assert told == [
        "0.0 noted: W2 (moves up: from west to east: by the compliance table)",
        "240.0 noted: W2 (moved up: to east)",
        "1030.0 noted: W2 (moves up: from east to west: by the compliance table)",
        "1270.0 noted: W2 (moved up: to west)",
    ]


def test_run_folders_tell_moves_if_there_are_any(tmp_path: Path) -> None:
    calls = CALLS + "1,0,fire,e,5000\n2,100,fire,d,5000\n"
    path = write_scenario(tmp_path, calls, **TOWN)
    done = command("run", str(path), "-r", "2", "-o", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    with (tmp_path / "out" / "moveups.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {
        "replication": "0", "unit": "W2", "from_station": "west", "to_station": "east", "left": "0",
        "arrives": "", "reason": "table",
    }  # fmt: skip
    assert {row["replication"] for row in rows} == {"0", "1"}
    assert command("rerun", str(tmp_path / "out")).returncode == 0
    plain = {key: value for key, value in TOWN.items() if key != "moving_up"}
    path = write_scenario(tmp_path / "b", calls, **plain)
    assert command("run", str(path), "-r", "2", "-o", str(tmp_path / "plain")).returncode == 0
    assert not (tmp_path / "plain" / "moveups.csv").exists()


def test_explanations_tell_where_a_unit_had_moved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls = CALLS + "1,0,fire,e,5000\n2,300,fire,d,100\n3,500,fire,d,100\n"
    scenario = small(tmp_path, calls, **TOWN)
    told, _ = explain(scenario, incident="2")
    assert [(one.unit, one.status, one.seconds) for one in told.epochs[0].groups[0].candidates][:2] == [
        ("W2", "moved up", 90.0), ("W1", "in quarters", 210.0)
    ]  # fmt: skip
    assert (told.responses[0].moved_up_to, told.responses[0].came_from) == ("east", "")
    assert told.responses[0].expected_turnout == 30.0
    print_explanation(console(), told, scenario)
    assert "alerted: W2, at east, moved up" in capsys.readouterr().out


def test_the_board_as_json(tmp_path: Path) -> None:
    path = write_scenario(tmp_path, CALLS + "1,0,fire,e,1000\n", **TOWN)
    shown = json.loads(command("board", str(path), "--at", "90 s", "--json").stdout)
    assert {each["unit"]: each["status"] for each in shown["units"]} == {
        "W2": "moving up", "W1": "in quarters", "E1": "on scene"
    }  # fmt: skip


# --- what is refused ---


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ({}, "moving_up: moving up by no rule. Give one of compliance_table, expected_cover, fill."),
        ({"fill": {}, "expected_cover": {}}, "moving up by expected_cover and fill together"),
        ({"fill": {}, "capability": "engin"}, "no unit type has the capability 'engin'. Did you"),
        ({"compliance_table": {"table": {"1": ["west"]}}}, "has 3 such units, the table ends at 1"),
        ({"compliance_table": {"table": {"1": ["west"], "3": ["west"]}}}, "no row for 2 free units"),
        ({"compliance_table": {"table": {"1": ["west", "east"]}}}, "1 free units cannot occupy 2 places"),
        ({"compliance_table": {"table": {"one": ["west"]}}}, "'one' is no number of units"),
        (
            {"compliance_table": {"table": {"1": ["est"], "2": ["west"], "3": ["west"]}}},
            "moving_up.compliance_table.table.1[0]: no station 'est' in any layout. Did you mean 'west'",
        ),
        ({"expected_cover": {"busy_fraction": 1}}, "busy_fraction"),
        ({"fill": {}, "most_moves": {"per_unit_hour": -1}}, "per_unit_hour"),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(tmp_path: Path, terms: dict[str, Any], told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        small(tmp_path, **{**TOWN, "moving_up": terms})
    assert told in str(caught.value)


def test_a_table_has_to_fit_every_layout(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"layout 'closed' has no station 'mid'"):
        small(tmp_path, **TOWN, layouts={"closed": {"close_stations": ["mid"]}})


def test_the_reach_of_cover_is_told_where_moves_depend_on_it(tmp_path: Path) -> None:
    assert "scenario.cover_within" not in fingerprints(small(tmp_path / "a", **TOWN))
    fill = {**TOWN, "moving_up": {"fill": {}}}
    assert "scenario.cover_within" in fingerprints(small(tmp_path / "b", **fill))
