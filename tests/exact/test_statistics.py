"""Means, half-widths and p-values of a study against scipy.stats; stopping is the same in two processes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

import dispatch
from dispatch.study.compare import SIGNIFICANT, zone_measure, zone_verdicts
from dispatch.study.estimates import estimate, holm, paired_difference

from .worlds import scenario

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Scenario, Study

CITY: dict[str, Any] = {
    "horizon": "2 d",
    "replications": 8,
    "seed": 7,
    "incident_types": {
        "fire": {"priority": 1, "run_card": {"pumper": 1}, "on_scene": {"exponential": {"mean": "20 min"}}}
    },
    "demand": {"poisson": {"fire": {"rate": "1/h"}}},
    "layouts": {
        "two": {
            "add_stations": {"S2": {"at": "E"}},
            "add_units": {"P2": {"type": "pumper", "station": "S2"}},
        },
        "moved": {"move_stations": {"S1": "C"}},
        "same": {},
    },
}
NAMES = ("total.first.mean", "total.first.p90", "workload.max", "incidents.n")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPATCH_CACHE", "off")
        return scenario(tmp_path_factory.mktemp("city"), **CITY)


@pytest.fixture(scope="module")
def study(city: Scenario) -> Study:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPATCH_CACHE", "off")
        return dispatch.compare(city, measures=NAMES)


@pytest.mark.parametrize("layout", ["baseline", "two", "moved"])
@pytest.mark.parametrize("name", NAMES)
def test_interval_of_a_mean(study: Study, layout: str, name: str) -> None:
    values = study.values[layout][name]
    found = study.estimate(layout, name)
    low, high = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=stats.sem(values))
    assert found.mean == pytest.approx(np.mean(values), rel=1e-12)
    assert (found.mean - found.half_width, found.mean + found.half_width) == pytest.approx((low, high))
    assert found.n == 8


@pytest.mark.parametrize("layout", ["two", "moved"])
@pytest.mark.parametrize("name", NAMES[:3])
def test_paired_difference(study: Study, layout: str, name: str) -> None:
    test = stats.ttest_rel(study.values[layout][name], study.values["baseline"][name])
    interval = test.confidence_interval(0.95)
    found = study.difference(layout, name)
    assert found.p_value == pytest.approx(test.pvalue, rel=1e-9, abs=1e-15)
    assert found.mean == pytest.approx((interval.low + interval.high) / 2)
    assert found.half_width == pytest.approx((interval.high - interval.low) / 2)


def test_equal_layouts_differ_by_exactly_nothing(study: Study) -> None:
    for name in NAMES:
        found = study.difference("same", name)
        assert (found.mean, found.half_width, found.p_value, found.n) == (0.0, 0.0, 1.0, 8)


def test_pairs_with_a_gap_are_left_out() -> None:
    values, reference = [1.0, math.nan, 5.0, 4.0], [0.5, 2.0, math.nan, 1.0]
    found = paired_difference(values, reference)  # 0.5 and 3.0 remain
    test = stats.ttest_rel([1.0, 4.0], [0.5, 1.0])
    assert (found.mean, found.n) == (1.75, 2)
    assert found.p_value == pytest.approx(test.pvalue)
    one = estimate([math.nan, 3.0])
    assert (one.mean, one.n, math.isnan(one.half_width)) == (3.0, 1, True)
    assert estimate([math.nan]).n == 0


def test_holm_by_hand() -> None:
    """Sorted 0.01, 0.02, 0.03, 0.5 times 4, 3, 2, 1, made monotone: 0.04, 0.06, 0.06, 0.5."""
    assert holm([0.03, 0.5, 0.01, 0.02]) == pytest.approx([0.06, 0.5, 0.04, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    found = holm([0.01, math.nan, 0.04])  # the gap does not count: 0.02, 0.04
    assert [found[0], found[2]] == pytest.approx([0.02, 0.04])
    assert math.isnan(found[1])
    assert holm([]) == []


def test_zone_verdicts(study: Study) -> None:
    zones = ("east", "west")
    two, baseline = study.values["two"], study.values["baseline"]
    raw = [stats.ttest_rel(two[zone_measure(zone)], baseline[zone_measure(zone)]).pvalue for zone in zones]
    smaller, larger = sorted(raw)
    adjusted = {smaller: min(1.0, 2 * smaller), larger: max(min(1.0, 2 * smaller), larger)}
    found = {row.zone: row for row in zone_verdicts(study, "two")}
    assert set(found) == set(zones)
    for zone, p in zip(zones, raw, strict=True):
        assert found[zone].adjusted_p == pytest.approx(adjusted[p], rel=1e-9, abs=1e-15)
        mean = found[zone].difference.mean
        wanted = "unclear" if adjusted[p] >= SIGNIFICANT else "faster" if mean < 0 else "slower"
        assert found[zone].verdict == wanted
    assert found["east"].verdict == "faster"


def test_stopping_is_the_same_in_two_processes(city: Scenario, tmp_path: Path) -> None:
    rule = {"measure": "total.first.mean", "half_width": 200, "minimum": 5, "maximum": 60}
    ruled = scenario(tmp_path, **CITY, stop=rule)
    serial = dispatch.compare(ruled, ["baseline", "two"], measures=NAMES)
    assert 5 < serial.replications < 60, "choose another half-width: the rule should decide"
    both = [serial.estimate(layout, "total.first.mean").half_width for layout in serial.layouts]
    assert max(both) <= 200
    before = [
        estimate(serial.values[layout]["total.first.mean"][:-1]).half_width for layout in serial.layouts
    ]
    assert max(before) > 200  # one replication earlier it was not yet enough
    parallel = dispatch.compare(ruled, ["baseline", "two"], measures=NAMES, jobs=2)
    assert parallel.replications == serial.replications
    for layout in serial.layouts:
        for name, values in serial.values[layout].items():
            assert values.tobytes() == parallel.values[layout][name].tobytes()
    # a number asked for by hand overrides the rule
    assert dispatch.compare(ruled, ["baseline"], 3, measures=NAMES).replications == 3
    assert city.file.stop is None
