"""Coverage: the same numbers as the measures of a simulation, and as sums by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import load, measure, simulate
from dispatch.engine.fleet import Fleet
from dispatch.errors import UsageError
from dispatch.statics.coverage import coverage, demand_times, share_within_metres, statistics
from dispatch.statics.reach import check_capability, reach_of
from tests.small import small
from tests.statics.worlds import grid_tables, town

if TYPE_CHECKING:
    from dispatch import Scenario

ROOT = Path(__file__).resolve().parents[2]
TWO_KINDS: dict[str, Any] = {
    "unit_types": {
        "engine": {"capabilities": ["engine"], "turnout": {"exponential": {"mean": 80}}},
        "ladder": {"capabilities": ["ladder"], "turnout": 120},
    },
    "units": {"W1": {"type": "engine", "station": "west"}, "E1": {"type": "ladder", "station": "east"}},
    "incident_types": {
        "fire": {"run_card": {"engine": 1}, "on_scene": 600},
        "tower": {"run_card": {"ladder": 1, "engine": 1}, "on_scene": 600},
    },
    "demand": {
        "poisson": {"fire": {"rate": "24/d"}, "tower": {"rate": "8/d", "places": {"a": 1, "b": 3}}},
    },
}


def two_kinds(folder: Path) -> Scenario:
    return small(folder, **TWO_KINDS)


@pytest.mark.parametrize("seconds", [60, 120, 240, 300])
def test_demand_is_that_of_the_static_coverage_of_a_simulation(tmp_path: Path, seconds: int) -> None:
    scenario = two_kinds(tmp_path)
    name = f"coverage.static.within_{seconds}s"
    expected = measure(simulate(scenario, "baseline"), [name])[name]
    found = coverage(reach_of(scenario, scenario.layouts["baseline"]), [float(seconds)], "travel")
    assert found.limits[0].demand == pytest.approx(expected, rel=1e-12)
    assert 0.0 < expected <= 1.0


def test_so_it_is_for_the_layouts_that_ship(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = load(ROOT / "scenarios" / "lanzhou-plan-2020.yaml")
    for name, layout in scenario.layouts.items():
        found = coverage(reach_of(scenario, layout), [240.0, 480.0], "travel")
        names = ["coverage.static.within_240s", "coverage.static.within_480s"]
        expected = measure(simulate(scenario, name), names)
        assert [row.demand for row in found.limits] == pytest.approx(list(expected.values()), rel=1e-12)


def test_response_adds_the_mean_turnout_of_the_best_unit(tmp_path: Path) -> None:
    scenario = two_kinds(tmp_path)
    layout = scenario.layouts["baseline"]
    fleet = Fleet(scenario, layout)
    found = coverage(reach_of(scenario, layout), [300.0], "response").arrival
    for node in range(5):
        assert found[node] == min(fleet.expected(unit, node) for unit in range(len(fleet)))
    assert found.tolist() == [80.0, 140.0, 200.0, 180.0, 120.0]


def test_by_hand(tmp_path: Path) -> None:
    """Engines stand at a only, a ladder at e; nodes are a minute apart, and every fire is alike likely."""
    scenario = two_kinds(tmp_path)
    found = coverage(reach_of(scenario, scenario.layouts["baseline"]), [120.0, 60.0], "travel")
    assert [row.seconds for row in found.limits] == [60.0, 120.0]
    # fires 24 a day on five nodes, towers 2 at a and 6 at b, which either unit suits
    assert found.limits[0].demand == pytest.approx((2 * 4.8 + 8) / 32)
    assert found.limits[1].demand == pytest.approx((3 * 4.8 + 8) / 32)
    assert found.limits[0].roads == pytest.approx(0.5)
    assert found.limits[0].road_km == pytest.approx(1.2)
    assert math.isnan(found.limits[0].population)
    assert (found.least, found.most) == (0.0, 240.0)
    assert found.mean == pytest.approx((4.8 * (0 + 60 + 120 + 180 + 240) + 6 * 60) / 32)


def test_a_capability_takes_the_place_of_the_run_cards(tmp_path: Path) -> None:
    scenario = two_kinds(tmp_path)
    found = coverage(reach_of(scenario, scenario.layouts["baseline"]), [60.0], "travel", "ladder")
    assert found.arrival.tolist() == [240.0, 180.0, 120.0, 60.0, 0.0]
    assert found.limits[0].demand == pytest.approx(2 * 4.8 / 32)
    check_capability(scenario, "ladder")
    with pytest.raises(UsageError, match="Did you mean 'ladder'"):
        check_capability(scenario, "lader")


def test_a_layout_without_such_a_unit_reaches_nothing(tmp_path: Path) -> None:
    fire = {"fire": {"run_card": {"engine": 1}, "on_scene": 600}}
    changes = {"incident_types": fire, "demand": {"poisson": {"fire": {"rate": "1/d"}}}}
    scenario = small(tmp_path, **{**TWO_KINDS, **changes, "layouts": {"bare": {"remove_units": ["E1"]}}})
    found = coverage(reach_of(scenario, scenario.layouts["bare"]), [60.0], "travel", "ladder")
    assert (found.limits[0].demand, found.limits[0].roads) == (0.0, 0.0)
    assert found.mean == math.inf


def test_speeds_and_closures_of_a_moment(tmp_path: Path) -> None:
    """From noon on the road b-c is closed: half the town is cut off from the engine at a."""
    closure = {"links": ["b-c"], "begins": "12 h"}
    scenario = small(tmp_path, **TWO_KINDS, closures={"works": closure})
    layout = scenario.layouts["baseline"]
    before = coverage(reach_of(scenario, layout, scenario.roads.at(0.0)), [300.0], "travel", "engine")
    after = coverage(reach_of(scenario, layout, scenario.roads.at(43200.0)), [300.0], "travel", "engine")
    assert before.arrival.tolist() == [0.0, 60.0, 120.0, 180.0, 240.0]
    assert after.arrival.tolist() == [0.0, 60.0, math.inf, math.inf, math.inf]
    assert (before.limits[0].roads, after.limits[0].roads) == (1.0, 0.25)
    assert after.limits[0].demand == pytest.approx((2 * 4.8 + 8) / 32)


def test_people_are_counted_at_their_nodes(tmp_path: Path) -> None:
    nodes, links = grid_tables(5, 5)
    scenario = town(tmp_path, nodes, links, {"s": {"at": "c2r2"}})
    found = coverage(reach_of(scenario, scenario.layouts["baseline"]), [20.0], "travel")
    assert found.limits[0].population == pytest.approx(13 / 25)
    assert found.limits[0].roads == pytest.approx(16 / 40)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 500)), min_size=1, max_size=30))
def test_statistics_are_those_of_repeated_values(pairs: list[tuple[int, int]]) -> None:
    weights, seconds = (np.array([pair[i] for pair in pairs], dtype=float) for i in (0, 1))
    calls = np.sort(np.repeat(seconds, weights.astype(int)))
    least, mean, p90, most = statistics(weights, seconds)
    assert (least, most) == (calls[0], calls[-1])
    assert mean == pytest.approx(calls.mean())
    assert p90 == np.quantile(calls, 0.9, method="inverted_cdf")


def test_nothing_is_known_without_demand() -> None:
    assert all(math.isnan(value) for value in statistics(np.empty(0), np.empty(0)))


@pytest.mark.parametrize("metres", [150.0, 400.0, 720.0])
def test_shares_by_distance_are_those_of_networkx(tmp_path: Path, metres: float) -> None:
    nodes, links = grid_tables(7, 5)
    scenario = town(tmp_path, nodes, links, {"s": {"at": "c1r1"}, "t": {"at": "c6r4"}})
    reach = reach_of(scenario, scenario.layouts["baseline"])
    graph: Any = nx.grid_2d_graph(7, 5)
    away = nx.multi_source_dijkstra_path_length(graph, {(1, 1), (6, 4)}, weight=lambda *_: 100.0)
    near = sum(distance <= metres for distance in away.values()) / len(away)
    assert share_within_metres(reach, metres, "demand", None) == pytest.approx(near)
    assert share_within_metres(reach, metres, "population", None) == pytest.approx(near)
    reached = 0.0
    for a, b in graph.edges:
        ahead, behind = (min(max(metres - away[end], 0.0), 100.0) for end in (a, b))
        reached += min(ahead + behind, 100.0)
    assert share_within_metres(reach, metres, "roads", None) == pytest.approx(
        reached / (100.0 * len(graph.edges))
    )


def test_demand_times_name_every_type_at_every_place(tmp_path: Path) -> None:
    scenario = two_kinds(tmp_path)
    weights, seconds = demand_times(reach_of(scenario, scenario.layouts["baseline"]), "travel", None)
    assert len(weights) == 5 + 2
    assert weights.sum() * 86400 == pytest.approx(32.0)
    assert seconds.tolist() == [0.0, 60.0, 120.0, 180.0, 240.0, 0.0, 60.0]


def test_demand_meets_the_speeds_of_its_hour(tmp_path: Path) -> None:
    """By night roads are twice as fast, and all fires come then; roads are counted at the start, at noon."""
    home = tmp_path / "networks" / "line"
    home.mkdir(parents=True)
    (tmp_path / "night.csv").write_text(
        "facility_type,days,begins,ends,factor\nroad,all,22,24,2\nroad,all,0,6,2\n", encoding="utf-8"
    )
    night = [1.0 if hour < 6 or hour >= 22 else 0.0 for hour in range(24)]
    changes: dict[str, Any] = {
        "start": "2024-01-01T12:00:00+00:00",
        "travel": {"speeds": "observed", "sets": {"observed": {"profile": "night.csv"}}},
        "profiles": {"night": {"weekday": night, "weekend": night}},
        "demand": {"poisson": {"fire": {"rate": "24/d", "profile": "night"}}},
        "stations": {"west": {"at": "a"}},
        "units": {"W1": {"type": "engine", "station": "west"}},
    }
    scenario = small(tmp_path, **changes)
    layout = scenario.layouts["baseline"]
    found = coverage(reach_of(scenario, layout), [60.0], "travel")
    assert found.limits[0].demand == pytest.approx(3 / 5)
    assert found.limits[0].roads == pytest.approx(1 / 4)
    name = "coverage.static.within_60s"
    assert measure(simulate(scenario, "baseline"), [name])[name] == pytest.approx(3 / 5)
    at_noon = coverage(reach_of(scenario, layout, scenario.roads.at(0.0)), [60.0], "travel")
    assert at_noon.limits[0].demand == pytest.approx(2 / 5)
