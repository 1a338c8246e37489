"""Laws of who goes: nearest, list, matching, diversion; each against an oracle of its own."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

import dispatch
from dispatch.durations import mean
from dispatch.engine.board import LiveBoard
from dispatch.engine.fleet import Fleet
from dispatch.engine.log import AID
from dispatch.engine.simulator import Simulator
from dispatch.policies.assigning import Assignment, candidates, match, solve
from dispatch.policies.dispatching import Nearest
from tests.properties.drawing import worlds
from tests.properties.readings import SLACK, Reading, free_at, read, seconds_between
from tests.properties.worlds import World, law

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from dispatch import Log, Scenario
    from dispatch.engine.protocols import DispatchPolicy, Need, StatusBoard


def expected(world: World, reading: Reading) -> dict[tuple[int, int], float]:
    """Return mean turnout plus travel from quarters by unit and node, from the files."""
    scenario, fleet = reading.log.scenario, reading.log.fleet
    seconds, ids = seconds_between(world, "emergency"), scenario.network.node_ids
    return {
        (unit, node): mean(scenario.file.unit_types[fleet.types[unit]].turnout)
        + seconds[ids[fleet.home[unit]]].get(name, math.inf)
        for unit in range(len(fleet))
        for node, name in enumerate(ids)
    }


@given(worlds(policy="nearest"))
@law(25)
def test_nearest_chooses_the_least_expected_arrival(world: World) -> None:
    """No able unit in quarters was expected earlier than the one sent, by Dijkstra on the raw files."""
    reading = read(world.run())
    seconds, node = expected(world, reading), reading.log.timeline.node
    for row in reading.rows:
        if row.unit == AID or (row.from_road and math.isnan(row.on_scene)):
            continue
        place = int(node[row.incident])
        mine = row.on_scene - row.alerted if row.from_road else seconds[row.unit, place]
        for other in reading.able(row.slot):
            if free_at(reading, other, row):
                assert mine <= seconds[other, place] + SLACK, (row, other)


class Exhaustive(Nearest):
    """Nearest, held against every unit that could go, priced without short cuts."""

    def pick(self, need: Need, board: StatusBoard, taken: Collection[int]) -> int | None:
        unit = super().pick(need, board, taken)
        every = candidates(need, board, taken)
        least = min((seconds for _, seconds in every), default=math.inf)
        assert (unit is None) == (least == math.inf)
        assert unit is None or dict(every)[unit] == least
        return unit


@given(worlds(policy="nearest", returning=True))
@law(25)
def test_nearest_counts_units_on_the_road(world: World) -> None:
    """The unit sent is the one expected first of all that are at home, returning or divertible."""
    scenario = world.load()
    fleet = Fleet(scenario, scenario.layouts["baseline"])
    Simulator(scenario, fleet, dispatch.draw(scenario, 0), Exhaustive()).run()


@given(worlds(policy="run_card_order"))
@law(20)
def test_run_card_order_sends_the_first_free_unit_of_the_list(world: World) -> None:
    """No able unit that stands earlier in the list of the node, or else of its zone, was free at home."""
    assume("first_due" in world.rules)
    reading = read(world.run())
    log = reading.log
    zones = [*log.scenario.zones, ""]
    number = {name: unit for unit, name in enumerate(log.fleet.ids)}
    for row in reading.rows:
        if row.unit == AID:
            continue
        place = int(log.timeline.node[row.incident])
        zone = zones[log.scenario.zone_of[place]]
        lists = world.rules["first_due"]
        listed = lists.get(log.scenario.network.node_ids[place], lists.get(zone, []))
        order = [number[name] for name in listed]
        before = order[: order.index(row.unit)] if row.unit in order else order
        able = set(reading.able(row.slot))
        assert not [unit for unit in before if unit in able and free_at(reading, unit, row)], row


class Seen(NamedTuple):
    """A diversion, as it was decided."""

    asking: int
    bound_for: int
    road: float
    idle: float


class Spy:
    """Passes on what a policy chooses and notes the diversions among it."""

    def __init__(self, policy: DispatchPolicy) -> None:
        self.policy, self.name = policy, policy.name
        self.seen: list[Seen] = []

    def choose(self, needs: Sequence[Need], board: StatusBoard) -> list[tuple[Need, int]]:
        chosen = list(self.policy.choose(needs, board))
        assert isinstance(board, LiveBoard)
        taken: set[int] = set()
        for need, unit in chosen:
            if not board.idle[unit]:
                ranking = board.fleet.ranking(need.node, need.capability)
                idle = [
                    s
                    for s, u in ranking
                    if board.idle[u] and board.home_at[u] <= board.now and u not in taken
                ]
                road = board.seconds_from_road(unit, need.node)
                self.seen.append(
                    Seen(need.priority, board.bound_for[unit], road, min(idle, default=math.inf))
                )
                break  # the engine asks again after each diversion
            taken.add(unit)
        return chosen


def spied(scenario: Scenario, policy: DispatchPolicy) -> tuple[Log, Spy]:
    fleet = Fleet(scenario, scenario.layouts["baseline"])
    spy = Spy(policy)
    return Simulator(scenario, fleet, dispatch.draw(scenario, 0), spy).run(), spy


@given(worlds(policy="nearest", diversion=True))
@law(25)
def test_diversion_serves_the_more_urgent_sooner(world: World) -> None:
    """A unit is diverted only to a more urgent call, and only if no idle unit would be there before it."""
    log, spy = spied(world.load(), Nearest())
    reading = read(log)
    assert all(seen.asking < seen.bound_for and seen.road <= seen.idle for seen in spy.seen)
    assert len(spy.seen) == sum(row.diverted for row in reading.rows)
    for row in reading.rows:
        if row.diverted:
            after = next(r for r in reading.by_unit[row.unit] if r.row > row.row)
            assert reading.rank(after.slot)[0] < reading.rank(row.slot)[0]
            assert after.alerted == row.available
            again = [r for r in reading.by_slot[row.slot] if r.row > row.row]
            assert again or row.slot in reading.lost


Pairs = list[tuple[int, int, int]]


@st.composite
def bipartite(draw: st.DrawFn, most: int) -> tuple[int, int, Pairs]:
    """Draw a sparse matching problem with many ties."""
    rows, columns = draw(st.integers(1, most)), draw(st.integers(1, most))
    pairs = draw(st.lists(st.tuples(st.integers(0, rows - 1), st.integers(0, columns - 1)),
                          min_size=1, unique=True, max_size=rows * columns))  # fmt: skip
    few = draw(st.booleans())
    cost = st.integers(0, 3) if few else st.integers(0, 5_000_000)
    return rows, columns, [(r, c, draw(cost)) for r, c in pairs]


def solved(problem: tuple[int, int, Pairs]) -> list[tuple[int, int]]:
    rows, columns, pairs = problem
    r, c, cost = (np.array([pair[i] for pair in pairs], dtype=np.int64) for i in range(3))
    return solve(r, c, cost, rows, columns)


@given(bipartite(4))
@law(60)
def test_matching_is_the_best_of_all(problem: tuple[int, int, Pairs]) -> None:
    """As many as possible, then least cost, then earlier rows, then lower columns: against all matchings."""
    _, _, pairs = problem
    costs = {(r, c): cost for r, c, cost in pairs}
    allowed = [
        some
        for size in range(len(costs) + 1)
        for some in (itertools.combinations(sorted(costs), size) if size <= 4 else ())
        if len({r for r, _ in some}) == len({c for _, c in some}) == size
    ]

    def merit(some: Sequence[tuple[int, int]]) -> tuple[int, int]:
        return -len(some), sum(costs[pair] for pair in some)

    found = sorted(solved(problem))
    assert set(found) <= set(costs)
    best = min(map(merit, allowed))
    assert merit(found) == best
    equals = [some for some in allowed if merit(some) == best]
    # of equals the rows served have the lowest sum, and so have, after that, the columns
    served = min((sum(r for r, _ in some), sum(c for _, c in some)) for some in equals)
    assert (sum(r for r, _ in found), sum(c for _, c in found)) == served


@given(bipartite(12))
@law(20)
def test_matching_agrees_with_the_hungarian_method(problem: tuple[int, int, Pairs]) -> None:
    """Number and total cost of the pairs are those of scipy's linear_sum_assignment."""
    rows, columns, pairs = problem
    skip = 10**8
    table = np.full((rows, columns + rows), skip, dtype=np.int64)
    for r, c, cost in pairs:
        table[r, c] = cost
    chosen = table[linear_sum_assignment(table)]
    found, costs = solved(problem), {(r, c): cost for r, c, cost in pairs}
    assert len(found) == len({r for r, _ in found}) == len({c for _, c in found}) == (chosen < skip).sum()
    assert sum(costs[pair] for pair in found) == chosen[chosen < skip].sum()


class Matched:
    """Assignment, with every answer held against the matchings of its own candidates."""

    name = "assignment"

    def choose(self, needs: Sequence[Need], board: StatusBoard) -> list[tuple[Need, int]]:
        chosen = Assignment().choose(needs, board)
        taken: set[int] = set()
        for _, group in itertools.groupby(needs, key=lambda need: need.priority):
            mine = list(group)
            pairs = [(need, unit) for need, unit in chosen if need in mine]
            self.check(mine, board, taken, pairs)
            taken |= {unit for _, unit in pairs}
        return chosen

    @staticmethod
    def check(needs: list[Need], board: StatusBoard, taken: set[int], pairs: list[tuple[Need, int]]) -> None:
        size, skip = len(needs), 1e7
        table = np.full((size, len(board.fleet) + size), skip)
        for n, need in enumerate(needs):
            for unit, seconds in candidates(need, board, taken):
                table[n, unit] = seconds
        best = table[linear_sum_assignment(table)]
        got = np.array([table[needs.index(need), unit] for need, unit in pairs])
        assert len(got) == (best < skip).sum()
        assert abs(got.sum() - best[best < skip].sum()) <= 1e-3 * (size + 1)
        assert sorted(match(needs, board, taken)) == sorted(pairs)


@given(worlds(policy="assignment"))
@law(20)
def test_assignment_is_optimal_at_every_decision(world: World) -> None:
    """Whatever the moment: as many needs of each priority as possible are met, in the least total time."""
    scenario = world.load()
    fleet = Fleet(scenario, scenario.layouts["baseline"])
    timeline = dispatch.draw(scenario, 0)
    log = Simulator(scenario, fleet, timeline, Matched()).run()
    assert len(log.incidents.status()) == len(timeline)
