"""Laws of roads that close and open under units on the way."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import dispatch
from dispatch.engine.board import Status
from dispatch.engine.rulebook import Ending
from dispatch.engine.whereabouts import _Track
from dispatch.roads.network import MODES, RoadNetwork
from dispatch.scenario.conditions import Conditions
from tests.properties.closing import closed_worlds
from tests.properties.readings import SLACK, read, same_tables, table
from tests.properties.worlds import World, law

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log
    from dispatch.engine.log import Move


def known(*moments: float) -> list[float]:
    return [moment for moment in moments if not math.isnan(moment)]


@given(closed_worlds() | closed_worlds(opening=False))
@law(40)
def test_milestones_are_ordered_and_tell_the_ending(world: World) -> None:
    log = world.run()
    for row in read(log).rows:
        life = known(row.alerted, row.en_route, row.on_scene, row.clear, row.at_hospital, row.available)
        assert life == sorted(life)
        came = not math.isnan(row.on_scene)
        assert came == (row.ending == Ending.SERVED)
        assert came == (not math.isnan(row.clear)) == (not math.isnan(row.at_hospital))
        assert math.isnan(row.in_quarters) or row.in_quarters >= row.available
        returning = float(log.responses.returning[row.row])
        assert math.isnan(returning) == (row.ending == Ending.DIVERTED)
        assert (
            math.isnan(returning) or row.unit < 0 or math.isnan(row.available) or row.available >= returning
        )


@given(closed_worlds() | closed_worlds(opening=False))
@law(40)
def test_a_unit_is_in_one_place(world: World) -> None:
    reading = read(world.run())
    for rows in reading.by_unit.values():
        assert not rows[0].from_road
        for before, after in pairwise(rows):
            assert before.available <= after.alerted
            assert after.from_road == math.isnan(before.in_quarters)
            assert after.from_road or before.in_quarters <= after.alerted
        assert not rows[-1].diverted


@given(closed_worlds())
@law(40)
def test_all_is_well_in_the_end_once_roads_are_open(world: World) -> None:
    """Each need is met or given up, each unit gets home, and each call is served, cancelled or lost."""
    log = world.run()
    reading = read(log)
    filled = {row.slot for row in reading.rows if row.ending in (Ending.SERVED, Ending.CANCELLED)}
    assert filled | reading.lost == set(range(len(log.timeline.capability)))
    assert not filled & reading.lost
    assert "unserved" not in log.incidents.status().tolist()
    assert not np.isnan(log.incidents.closed[~log.incidents.given_up]).any()
    for rows in reading.by_unit.values():
        assert not math.isnan(rows[-1].in_quarters)
    for slot, rows in reading.by_slot.items():
        assert all(row.ending in (Ending.DIVERTED, Ending.CUT_OFF) for row in rows[:-1])
        if slot in reading.lost:
            assert rows[-1].ending in (Ending.DIVERTED, Ending.CUT_OFF)


@given(closed_worlds(opening=False))
@law(30)
def test_what_is_open_in_the_end_is_said_to_be(world: World) -> None:
    """A call with a need that nobody met for good never closes; without any unit on scene it is unserved."""
    log = world.run()
    reading, status = read(log), log.incidents.status().tolist()
    filled = {row.slot for row in reading.rows if row.ending in (Ending.SERVED, Ending.CANCELLED)}
    still_open = set(range(len(log.timeline.capability))) - filled - reading.lost
    calls = {reading.call(slot) for slot in still_open}
    came = {row.incident for row in reading.rows if not math.isnan(row.on_scene)}
    for call in range(len(log.timeline)):
        assert (status[call] == "unserved") == (call in calls and call not in came)
        if not reading.lost & set(range(log.timeline.first_slot[call], log.timeline.first_slot[call + 1])):
            assert math.isnan(log.incidents.closed[call]) == (call in calls)
    assert set(dispatch.Board.at(log, 1e9).open_incidents) == {
        log.timeline.incident_id(call, log.scenario.kinds) for call in calls
    }


@given(closed_worlds() | closed_worlds(opening=False))
@law(40)
def test_no_trip_is_shorter_than_on_open_roads(world: World) -> None:
    """From quarters, from the road, and home: never quicker than in the same period without closures."""
    log = world.run()
    roads, r = log.scenario.roads, log.responses
    firsts: dict[tuple[int, str], Move] = {}
    for move in log.moves:
        firsts.setdefault((move.response, move.mode), move)
    for row in read(log).rows:
        if row.unit < 0:
            continue
        node = int(log.timeline.node[row.incident])
        if not math.isnan(row.on_scene):
            open_roads = log.fleet.under(Conditions(roads.at(row.alerted).period))
            if row.from_road:
                move = firsts[row.row, "emergency"]
                least = open_roads.travels[row.unit].seconds(move.origin, node, "emergency")
                assert row.on_scene - move.left >= least - SLACK
            else:
                least = open_roads.outbound[row.unit][node]
                assert row.on_scene - row.en_route >= least - SLACK
        returning = float(r.returning[row.row])
        busy = row.in_quarters == returning
        if row.ending == Ending.SERVED and not math.isnan(row.in_quarters) and not busy:
            open_roads = log.fleet.under(Conditions(roads.at(returning).period))
            assert row.in_quarters - returning >= open_roads.homebound[row.unit][node] - SLACK


@given(closed_worlds(plain=True, recorded=True, exact=True, single=True))
@law(30)
def test_undisturbed_trips_take_what_networkx_says_of_the_roads_of_the_moment(world: World) -> None:
    """Alerted and arrived without a change in between: the shortest way over the roads open then."""
    log = world.run()
    changes = [0.0, *(moment for moment, _ in log.scenario.roads.changes), math.inf]
    network = log.scenario.network
    assert isinstance(network, RoadNetwork)
    for row in read(log).rows:
        if row.unit < 0 or row.from_road or math.isnan(row.on_scene):
            continue
        if any(row.alerted < moment <= row.on_scene for moment in changes):
            continue
        graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
        graph.add_nodes_from(range(len(network.node_ids)))
        slow = slowness(world, log, row.alerted)
        for arc, (tail, head) in enumerate(zip(network.tail.tolist(), network.head.tolist(), strict=True)):
            factor = slow.get(network.link_ids[arc], 1.0)
            if factor > 0.0:
                graph.add_edge(tail, head, weight=network.seconds["emergency"][arc] / factor)
        home, node = log.fleet.home[row.unit], int(log.timeline.node[row.incident])
        expected = nx.dijkstra_path_length(graph, home, node)
        assert abs(row.on_scene - row.en_route - expected) < SLACK


def slowness(world: World, log: Log, time: float) -> dict[str, float]:
    """Return the least factor of each link that is touched, from the scenario as written."""
    found: dict[str, float] = {}
    by_inject = {inject["close"] for inject in world.scenario["injects"] if "close" in inject}
    ends_at = {row["link_id"]: (row["from_node_id"], row["to_node_id"]) for row in world.links}
    for name, closure in world.scenario["closures"].items():
        begins = closure.get("begins", math.inf if name in by_inject else 0)
        events = [(begins, True), (closure.get("ends", math.inf), False)]
        events += [(i["at"], "close" in i) for i in world.scenario["injects"] if name in i.values()]
        past = [event for event in events if event[0] <= time]
        if not past or not max(past)[1] or "max_width" in closure:  # these vehicles have no width
            continue
        links = closure.get("links") or [
            link for link in ends_at if touches(world, ends_at[link], closure["around"], closure["radius"])
        ]
        for link in links:
            found[link] = min(found.get(link, 1.0), closure.get("speed_factor", 0.0))
    return found


def touches(world: World, ends: tuple[str, str], centre: str, radius: float) -> bool:
    from shapely import LineString, Point

    at = {row["node_id"]: (float(row["x_coord"]), float(row["y_coord"])) for row in world.nodes}
    if ends[0] == ends[1]:
        return math.dist(at[ends[0]], at[centre]) <= radius
    return bool(LineString([at[end] for end in ends]).distance(Point(at[centre])) <= radius)


def fastest(log: Log, unit: int) -> float:
    """Return metres a second, measured on the map, that no unit of a kind can exceed."""
    kind = log.scenario.file.unit_types[log.fleet.types[unit]]
    if kind.moves != "road":
        assert kind.speed is not None
        return kind.speed
    network = log.scenario.network
    assert isinstance(network, RoadNetwork)
    metres = np.hypot(
        network.x[network.head] - network.x[network.tail], network.y[network.head] - network.y[network.tail]
    )
    quickest = max(float((metres / network.seconds[mode]).max()) for mode in MODES)
    return quickest * kind.speed_factor


def moments(log: Log, unit: int) -> list[float]:
    """Return every moment at which something happens to a unit or the roads, and some in between."""
    r = log.responses
    own = r.unit == unit
    found = {0.0, *(moment for moment, _ in log.scenario.roads.changes)}
    for name in ("alerted", "en_route", "on_scene", "clear", "returning", "available", "in_quarters"):
        found |= set(known(*getattr(r, name)[own].tolist()))
    found |= {move.left for move in log.moves if move.unit == unit}
    ordered = sorted(moment for moment in found if math.isfinite(moment))
    return [t + d for t in ordered for d in (-0.25, 0.0, 0.25, 7.0, 61.0) if t + d >= 0.0]


def jumps(log: Log, unit: int) -> list[float]:
    """Return the moments at which a unit is told to be in quarters without a drive home being told."""
    r = log.responses
    found: list[float] = r.returning[(r.unit == unit) & (r.in_quarters == r.returning)].tolist()
    return found


@given(closed_worlds() | closed_worlds(opening=False))
@law(30)
def test_units_move_steadily_and_stand_where_they_are_said_to_be(world: World) -> None:
    log = world.run()
    network = log.scenario.network
    assert isinstance(network, RoadNetwork)
    for unit in range(len(log.fleet)):
        track, limit = _Track(log, unit), fastest(log, unit)
        leaps = jumps(log, unit)
        before: tuple[float, Any] | None = None
        for time in sorted(moments(log, unit)):
            link, share, node, x, y = here = track.at(time)
            if before is not None and not any(before[0] < leap <= time for leap in leaps):
                t, (last_link, last_share, last_node, last_x, last_y) = before
                assert math.dist((x, y), (last_x, last_y)) <= limit * (time - t) + 1e-3, (t, time, here)
                if link and (link, node) == (last_link, last_node) and time - t < 5.0 and last_share < 0.95:
                    assert share >= last_share - 1e-9
            before = time, here
            assert not link or 0.0 <= share <= 1.0
            status = dispatch.Board.at(log, time).units[log.fleet.ids[unit]]
            if status in (Status.IN_QUARTERS, Status.TURNING_OUT):
                spot = log.fleet.home[unit]
            elif status in (Status.ON_SCENE, Status.TRANSPORTING):
                rows = np.flatnonzero((log.responses.unit == unit) & (log.responses.alerted <= time))
                spot = int(log.timeline.node[log.responses.incident[rows[-1]]])
            else:
                continue
            if status == Status.TURNING_OUT or (link, node) != ("", network.node_ids[spot]):
                assert math.dist((x, y), (network.x[spot], network.y[spot])) < 1e-2, (status, time, here)


@given(closed_worlds() | closed_worlds(opening=False))
@law(30)
def test_nobody_enters_a_closed_road(world: World) -> None:
    """A unit seen on a link that is closed for it was there already when the link closed."""
    log = world.run()
    roads = log.scenario.roads
    for unit in range(len(log.fleet)):
        kind = log.scenario.file.unit_types[log.fleet.types[unit]]
        if kind.moves != "road":
            continue
        track = _Track(log, unit)
        for time in moments(log, unit):
            link, _, node, *_ = track.at(time)
            if not link:
                continue
            since = closed_since(log, link, time, kind.width or 0.0)
            if since is not None and since > 0.0:
                assert track.at(since)[:3:2] == (link, node), (time, since, link)
            assert since is None or since > 0.0
    assert roads.changes


def closed_since(log: Log, link: str, time: float, width: float) -> float | None:
    """Return when a link was closed the last time before a moment, or None where it is open."""
    network, since = log.scenario.network, None
    assert isinstance(network, RoadNetwork)
    arcs = {arc for arc, name in enumerate(network.link_ids) if name == link}
    for moment, active in log.scenario.roads.changes:
        if moment > time:
            break
        found = [log.scenario.roads.closures[i] for i in active]
        shut = any(
            c.speed_factor == 0.0 and width > c.max_width and arcs & set(c.arcs.tolist()) for c in found
        )
        since = (since if since is not None else moment) if shut else None
    return since


@given(closed_worlds(), st.randoms(use_true_random=False))
@law(20)
def test_the_order_in_the_file_does_not_matter(world: World, random: Any) -> None:
    def shuffled(items: Any) -> list[Any]:
        result = list(items)
        random.shuffle(result)
        return result

    scenario = dict(world.scenario)
    scenario["closures"] = {
        name: {key: shuffled(value) if key == "links" else value for key, value in closure.items()}
        for name, closure in shuffled(world.scenario["closures"].items())
    }
    scenario["injects"] = shuffled(world.scenario["injects"])
    scenario["units"] = dict(shuffled(world.scenario["units"].items()))
    other = replace(world, scenario=scenario, links=shuffled(world.links))
    same_tables(table(world.run()), table(other.run()))


@given(closed_worlds())
@law(20)
def test_closures_after_the_end_change_no_bit(world: World) -> None:
    quiet = {**world.scenario, "closures": {}, "injects": []}
    late = {name: {**c, "begins": 1e8, "ends": 1e8 + 1} for name, c in world.scenario["closures"].items()}
    calm = replace(world, scenario=quiet).run()
    other = replace(world, scenario={**quiet, "closures": late}).run()
    for field in calm.responses.__slots__:
        np.testing.assert_array_equal(getattr(calm.responses, field), getattr(other.responses, field))
    for unit in range(len(calm.fleet)):
        one, two = _Track(calm, unit), _Track(other, unit)
        for time in moments(calm, unit)[::7]:
            np.testing.assert_equal(one.at(time), two.at(time))


PROGRAM = """
import sys, dispatch
log = dispatch.simulate(dispatch.load(sys.argv[1]))
r = log.responses
print([getattr(r, name).tolist() for name in r.__slots__], log.lost.tolist(), log.moves)
print([dispatch.whereabouts(log, 600.0 * i) for i in range(9)])
"""


def test_the_log_does_not_hang_on_the_seed_of_hashes(tmp_path: Path) -> None:
    from tests.engine.towns import BOTH, call, scenario

    shut = {
        "zwei": {"links": ["ef", "bc"], "begins": 900, "ends": 2000},
        "eins": {"around": "c", "radius": 5, "begins": 1500, "ends": 4000},
        "三": {"links": ["be"], "max_width": 2, "begins": 10},
    }
    types = {
        "engine": {"capabilities": ["engine", "ladder"], "turnout": 30},
        "wide": {"capabilities": ["engine"], "turnout": 5, "width": 3},
    }
    calls = [call(str(t), t, node) for t, node in zip(range(0, 5000, 333), "cdfbecdfacbdefc", strict=False)]
    scenario(
        tmp_path,
        *calls,
        closures=shut,
        unit_types=types,
        units=BOTH | {"X": {"type": "wide", "station": "west"}},
    )
    found = set()
    for seed in ("0", "1", "77"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "DISPATCH_CACHE": "off"}
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / "scenario.yaml")]
        found.add(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)
    assert len(found) == 1
    assert "nan" in next(iter(found))
