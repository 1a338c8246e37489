"""Cover by hand and by brute force; coverage-aware dispatch against an oracle of its own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dispatch
from dispatch.engine.board import MARGIN
from dispatch.engine.fleet import Fleet
from dispatch.engine.simulator import Simulator
from dispatch.errors import ScenarioError
from dispatch.model.moving_up import CoverageAware as Terms
from dispatch.policies.assigning import candidates
from dispatch.policies.covering import CoverageAware, calls_by_capability, expected_cover, marginal_cover
from dispatch.policies.dispatching import Nearest
from dispatch.regression.provenance import fingerprints
from tests.properties.drawing import worlds
from tests.properties.worlds import World, law
from tests.small import small

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from dispatch import Log, Scenario
    from dispatch.engine.protocols import Need, StatusBoard

CALLS = "incident,received,type,node,on_scene\n"


def test_expected_cover_by_hand() -> None:
    """Three places of weight 5, 3, 2 with 2, 1 and no units near, each busy 40 % of the time."""
    weights, counts = np.array([5.0, 3.0, 2.0]), np.array([2, 1, 0])
    # 5 · (1 − 0.4²) + 3 · (1 − 0.4) + 0 = 4.2 + 1.8
    assert expected_cover(weights, counts, 0.4) == pytest.approx(6.0)
    # a unit near the last two adds 3 · 0.6 · 0.4 + 2 · 0.6 = 0.72 + 1.2
    assert marginal_cover(weights, counts, np.array([False, True, True]), 0.4) == pytest.approx(1.92)


def test_without_busy_units_one_is_as_good_as_two() -> None:
    weights, counts = np.array([5.0, 3.0]), np.array([1, 0])
    assert expected_cover(weights, counts, 0.0) == 5.0
    assert marginal_cover(weights, counts, np.array([True, True]), 0.0) == 3.0


@given(
    st.lists(st.tuples(st.floats(0, 10), st.integers(0, 4), st.booleans()), min_size=1, max_size=6),
    st.floats(0, 0.99),
)
@law(60)
def test_what_a_unit_adds_is_what_the_whole_gains(places: list[tuple[float, int, bool]], busy: float) -> None:
    weights = np.array([weight for weight, _, _ in places])
    counts, near = np.array([k for _, k, _ in places]), np.array([here for _, _, here in places])
    gain = expected_cover(weights, counts + near, busy) - expected_cover(weights, counts, busy)
    assert marginal_cover(weights, counts, near, busy) == pytest.approx(gain, abs=1e-9)


def responses(log: Log) -> list[tuple[int, int, float, float]]:
    r = log.responses
    return list(zip(r.slot.tolist(), r.unit.tolist(), r.alerted.tolist(), r.on_scene.tolist(), strict=True))


def played(scenario: Scenario, policy: Nearest) -> Log:
    fleet = Fleet(scenario, scenario.layouts["baseline"])
    return Simulator(scenario, fleet, dispatch.draw(scenario, 0), policy).run()


@given(worlds(policy="nearest"), st.floats(0, 0.99))
@law(25)
def test_without_weight_it_is_nearest(world: World, busy: float) -> None:
    """Choice by choice, on the road, diverted or at home, ties included."""
    scenario = world.load()
    aware = CoverageAware(scenario, Terms(weight=0.0, busy_fraction=busy))
    np.testing.assert_equal(responses(played(scenario, aware)), responses(played(scenario, Nearest())))


@given(worlds(policy="nearest"))
@law(8)
def test_above_the_priority_it_is_nearest(world: World) -> None:
    scenario = world.load()
    aware = CoverageAware(scenario, Terms(weight=5000.0, from_priority=99))
    np.testing.assert_equal(responses(played(scenario, aware)), responses(played(scenario, Nearest())))


class Exhaustive(CoverageAware):
    """Coverage-aware, held at every choice against the whole cover with and without each unit."""

    def __init__(self, scenario: Scenario, terms: Terms) -> None:
        super().__init__(scenario, terms)
        self.terms, self.calls = terms, calls_by_capability(scenario).tolist()
        self.within = scenario.file.cover_within
        self.farther = 0

    def covered(self, units: Collection[int], fleet: Fleet) -> float:
        """Return the share of calls that find a free unit near, place by place."""
        whole = sum(map(sum, self.calls))
        found = 0.0
        for able, places in enumerate(self.calls):
            for node, rate in enumerate(places):
                able_units = [unit for unit in units if able in fleet.capabilities[unit]]
                near = [unit for unit in able_units if fleet.outbound[unit][node] <= self.within + MARGIN]
                found += rate * (1 - self.terms.busy_fraction ** len(near))
        return found / whole if whole else 0.0

    def pick(self, need: Need, board: StatusBoard, taken: Collection[int]) -> int | None:
        unit = super().pick(need, board, taken)
        free = {u for u, idle in enumerate(board.idle) if idle and u not in taken}
        before, every = self.covered(free, board.fleet), candidates(need, board, taken)
        costs = {
            u: seconds + self.terms.weight * (before - self.covered(free - {u}, board.fleet))
            for u, seconds in every
        }
        assert (unit is None) == (not costs)
        if unit is not None:
            assert costs[unit] == pytest.approx(min(costs.values()), abs=1e-6)
            self.farther += dict(every)[unit] > min(seconds for _, seconds in every)
        return unit


@given(worlds(policy="nearest"), st.sampled_from([0.0, 0.3, 0.8]), st.integers(60, 900))
@law(20)
def test_every_choice_is_the_least_of_all(world: World, busy: float, within: int) -> None:
    world.scenario["cover_within"] = within
    scenario = world.load()
    played(scenario, Exhaustive(scenario, Terms(weight=1000.0, busy_fraction=busy)))


def test_the_oracle_sees_farther_units_sent(tmp_path: Path) -> None:
    """Or else the test above would hold for a policy that looks at seconds only."""
    scenario = small(tmp_path, **TWO_AND_ONE, demand={"poisson": {"fire": {"rate": "24/d"}}})
    policy = Exhaustive(scenario, Terms(weight=1000.0))
    played(scenario, policy)
    assert policy.farther > 0


TWO_AND_ONE: dict[str, Any] = {
    "units": {
        "W1": {"type": "engine", "station": "west"},
        "W2": {"type": "engine", "station": "west"},
        "E1": {"type": "engine", "station": "east"},
    },
    "cover_within": 60,
}
"""Two engines at a, one at e; each covers its own node and the next one, a minute of driving away."""


@pytest.mark.parametrize(
    ("weight", "busy", "priority", "unit"),
    [
        # d is one minute from e and three from a. Recorded calls: d, d, a, e, so that E1 covers three of
        # four and its leaving costs 0.75 · (1 − p); that of W2 costs 0.25 · (1 − p) · p, a call at a
        (0, 0.5, 1, "E1"),
        (385, 0.5, 1, "W1"),  # 60 + 385 · 0.375 = 204.4 against 180 + 385 · 0.0625 = 204.1
        (383, 0.5, 1, "E1"),  # 203.6 against 203.9
        (161, 0.0, 1, "W1"),  # 60 + 161 · 0.75 = 180.75 against 180: with p = 0 the second engine is idle
        (159, 0.0, 1, "E1"),
        (385, 0.5, 2, "E1"),  # the call is of priority 1
    ],
)
def test_who_goes_by_hand(tmp_path: Path, weight: float, busy: float, priority: int, unit: str) -> None:
    calls = CALLS + "1,0,fire,d,10\n2,5000,fire,d,10\n3,10000,fire,a,10\n4,15000,fire,e,10\n"
    rules = {
        "policy": "coverage_aware",
        "coverage_aware": {"weight": weight, "busy_fraction": busy, "from_priority": priority},
    }
    log = dispatch.simulate(small(tmp_path, calls, **TWO_AND_ONE, dispatching=rules))
    sent = [log.fleet.ids[u] for u in log.responses.unit.tolist()]
    assert sent[:2] == [unit, unit]


def test_a_choice_sees_who_was_chosen_before(tmp_path: Path) -> None:
    """Of two calls at once the first takes W1; then W2 is the last engine in the west, and E1 the cheaper."""
    calls = CALLS + "1,0,fire,c,10\n2,0,fire,c,10\n3,9000,fire,a,10\n4,9000,fire,b,10\n5,9000,fire,e,10\n"
    rules = {"policy": "coverage_aware", "coverage_aware": {"weight": 600, "busy_fraction": 0.1}}
    log = dispatch.simulate(small(tmp_path, calls, **TWO_AND_ONE, dispatching=rules))
    # 120 s to c for all. Shares: a, b 0.4 together, e 0.2. First: W 0.4 · 0.9 · 0.1 against E 0.2 · 0.9;
    # then the other W costs 0.4 · 0.9
    assert [log.fleet.ids[u] for u in log.responses.unit.tolist()][:2] == ["W1", "E1"]


def test_a_call_that_needs_two_capabilities_counts_for_both(tmp_path: Path) -> None:
    scenario = small(
        tmp_path,
        unit_types={
            "engine": {"capabilities": ["engine"], "turnout": 0},
            "ladder": {"capabilities": ["ladder"], "turnout": 0},
        },
        units={"W1": {"type": "engine", "station": "west"}, "E1": {"type": "ladder", "station": "east"}},
        incident_types={
            "fire": {"run_card": {"engine": 2, "ladder": 1}, "on_scene": 600},
            "alarm": {"run_card": {"engine": 1}, "on_scene": 600},
        },
        demand={
            "poisson": {
                "fire": {"rate": "1/h", "places": {"a": 1}},
                "alarm": {"rate": "3/h", "places": {"a": 1, "e": 2}},
            }
        },
    )
    calls = calls_by_capability(scenario) * 3600
    assert scenario.capabilities == ("engine", "ladder")
    np.testing.assert_allclose(calls, [[2, 0, 0, 0, 2], [1, 0, 0, 0, 0]])


def test_without_demand_there_is_nothing_to_cover(tmp_path: Path) -> None:
    """Calls of injects only: no share of nothing is lost, and the nearest goes."""
    scenario = small(
        tmp_path,
        **TWO_AND_ONE,
        demand={"poisson": {"fire": {"rate": "0/d"}}},
        injects=[{"at": 60, "incident": {"type": "fire", "node": "d"}}],
        dispatching={"policy": "coverage_aware", "coverage_aware": {"weight": 100_000}},
    )
    log = dispatch.simulate(scenario)
    assert [log.fleet.ids[u] for u in log.responses.unit.tolist()] == ["E1"]
    assert not math.isnan(log.responses.on_scene[0])


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ({"coverage_aware": {"weight": 60}}, "'coverage_aware' is not used by policy nearest"),
        ({"policy": "coverage_aware", "first_due": {"a": ["W1"]}}, "not used by policy coverage_aware"),
        ({"policy": "coverage_aware", "coverage_aware": {"busy_fraction": 1}}, "busy_fraction"),
        ({"policy": "coverage_aware", "coverage_aware": {"from_priority": 0}}, "from_priority"),
        ({"policy": "coverage-aware"}, "Did you mean 'coverage_aware'?"),
    ],
)
def test_terms_that_mean_nothing_are_refused(tmp_path: Path, rules: dict[str, Any], told: str) -> None:
    with pytest.raises(ScenarioError, match=told.replace("?", r"\?")):
        small(tmp_path, dispatching=rules)


def test_the_reach_of_cover_is_told_where_a_log_depends_on_it(tmp_path: Path) -> None:
    plain = fingerprints(small(tmp_path / "a", cover_within=100))
    aware = fingerprints(small(tmp_path / "b", cover_within=100, dispatching={"policy": "coverage_aware"}))
    assert "scenario.cover_within" not in plain
    assert "scenario.cover_within" in aware
