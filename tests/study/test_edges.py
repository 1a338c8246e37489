"""Measures and studies at their edges: limits met exactly, nothing to measure, files that change."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dispatch import compare, draw, load, measure, simulate
from dispatch.errors import ScenarioError, UsageError
from dispatch.study.estimates import paired_difference
from tests.small import small, write_scenario

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "incident,received,type,node\n"


def test_a_limit_that_is_met_exactly_is_met(tmp_path: Path) -> None:
    """60.1 s processing, 60.1 s turnout and no travel are 120.2 s, however the sum rounds."""
    calls = HEADER + "".join(f"c{i},{1000.3 * i:.1f},fire,a\n" for i in range(80))
    types = {"engine": {"capabilities": ["engine"], "turnout": 60.1}}
    scenario = small(tmp_path, calls, call_processing=60.1, unit_types=types)
    found = measure(simulate(scenario), ["total.first.within_120.2s", "response.first.within_60.1s"])
    assert found == {"total.first.within_120.2s": 1.0, "response.first.within_60.1s": 1.0}


def test_rows_without_ids_may_stand_in_any_order(tmp_path: Path) -> None:
    rows = [f"{100 * (i // 6)},fire,{node}\n" for i, node in enumerate("abcdeabcdeabcdeabcde")]
    header = "received,type,node\n"
    types = {"fire": {"run_card": {"engine": 1}, "on_scene": {"exponential": {"mean": 900}}}}
    one = simulate(small(tmp_path / "1", header + "".join(rows), incident_types=types))
    other = simulate(small(tmp_path / "2", header + "".join(rows[::-1]), incident_types=types))
    np.testing.assert_array_equal(one.responses.on_scene, other.responses.on_scene)


def test_the_first_due_station_must_be_able(tmp_path: Path) -> None:
    scenario = small(
        tmp_path,
        HEADER + "p,0,fire,a\n",
        unit_types={
            "engine": {"capabilities": ["engine"], "turnout": 0},
            "van": {"capabilities": ["van"], "turnout": 0},
        },
        units={"V1": {"type": "van", "station": "west"}, "E1": {"type": "engine", "station": "east"}},
        dispatching={"policy": "run_card_order", "first_due": {"a": ["V1", "E1"]}},
    )
    assert measure(simulate(scenario), ["reliability.first_due"]) == {"reliability.first_due": 1.0}


def test_types_whose_names_collide_in_a_checksum_have_luck_of_their_own(tmp_path: Path) -> None:
    """CRC-32 is the same for these two words."""
    card = {"run_card": {"engine": 1}, "on_scene": 600}
    scenario = small(
        tmp_path,
        incident_types={"plumless": card, "buckeroo": card},
        demand={"poisson": {"plumless": {"rate": "40/d"}, "buckeroo": {"rate": "40/d"}}},
    )
    drawn = draw(scenario, 0)
    assert len(set(drawn.received.tolist())) == len(drawn)


def test_a_longer_horizon_only_adds_calls(tmp_path: Path) -> None:
    short = draw(small(tmp_path / "s", horizon="9 d"), 3)
    long = draw(small(tmp_path / "l", horizon="40 d"), 3)
    np.testing.assert_array_equal(short.received, long.received[: len(short)])


def test_a_replication_without_calls_measures_nothing(tmp_path: Path) -> None:
    scenario = small(tmp_path, demand={"poisson": {"fire": {"rate": "0/d"}}})
    names = ["coverage.residual.min", "total.first.mean", "total.first.mean[unit=W1]", "responses.share"]
    found = measure(simulate(scenario), [*names, "incidents.n", "concurrency.max", "workload.max"])
    assert found["incidents.n"] == found["concurrency.max"] == found["workload.max"] == 0
    assert all(math.isnan(found[name]) for name in names)


def test_a_unit_that_a_layout_lacks_has_no_workload(tmp_path: Path) -> None:
    scenario = small(tmp_path, layouts={"less": {"remove_units": ["E1"]}})
    found = measure(simulate(scenario, "less"), ["workload.max[unit=E1]", "total.first.n[unit=E1]"])
    assert math.isnan(found["workload.max[unit=E1]"])
    assert found["total.first.n[unit=E1]"] == 0


def test_a_file_that_changes_under_a_study_is_told(tmp_path: Path) -> None:
    scenario = small(tmp_path)
    write_scenario(tmp_path, horizon=43200)
    with pytest.raises(UsageError, match="changed while it was being studied"):
        compare(scenario, jobs=2, replications=2)


def test_differences_that_are_all_alike_have_no_p_value() -> None:
    same = paired_difference([3.0, 4.0, 5.0], [1.0, 2.0, 3.0])
    assert (same.mean, same.half_width) == (2.0, 0.0)
    assert math.isnan(same.p_value)
    assert paired_difference([3.0, 4.0], [3.0, 4.0]).p_value == 1.0


def test_measures_take_their_filters_only(tmp_path: Path) -> None:
    scenario = small(tmp_path)
    with pytest.raises(UsageError, match="cannot be filtered by unit"):
        measure(simulate(scenario), ["queue.mean[unit=W1]"])


@pytest.mark.parametrize(
    ("changes", "fact"),
    [
        (
            {"stop": {"measure": "total.first.within_300s", "half_width": 2}},
            "stop.half_width: a half-width of 2",
        ),
        ({"dispatching": {"first_due": {"a": ["W1"]}}}, "'first_due' is not used by policy nearest"),
        ({"measures": ["total.first.p9o"]}, "measures[0]: measure 'total.first.p9o'"),
        (
            {"dispatching": {"policy": "nearst"}},
            "dispatching.policy: no policy 'nearst'. Did you mean 'nearest'?",
        ),
        ({"warm_up": "2 d"}, "warm_up: warm_up (172800 s) is not below horizon"),
    ],
)
def test_what_a_scenario_may_not_ask(tmp_path: Path, changes: dict[str, Any], fact: str) -> None:
    with pytest.raises(ScenarioError) as found:
        load(write_scenario(tmp_path, **changes))
    assert fact in str(found.value)


def test_problems_of_structure_do_not_hide_problems_of_reference(tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        "seed": -3,
        "horizn": 5,
        "units": {"W1": {"type": "engin", "station": "west"}, "E1": {"type": "engine", "station": "est"}},
        "warm_up": "3 d",
        "network": "lines",
    }
    with pytest.raises(ScenarioError) as found:
        load(write_scenario(tmp_path, **changes))
    for fact in ("seed:", "'horizn'", "'engin'", "'est'", "warm_up", "'lines'"):
        assert fact in str(found.value), fact
