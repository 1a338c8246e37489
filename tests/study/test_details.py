"""The many measures behind a report, and numbers that are the same whether taken one by one or at once."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import dispatch
from dispatch.engine.fleet import Fleet
from dispatch.io.run_folder import compact_json_text, json_text
from dispatch.report.results import details_text, study_document
from dispatch.statics.standards import shipped
from dispatch.study import details
from dispatch.study.compare import compare
from dispatch.study.details import detail_measures, left_out, ranks, types_by_demand
from dispatch.study.estimates import estimate, estimates, half_width, paired_difference, paired_differences
from dispatch.study.intervals import Seconds
from dispatch.study.measures import INTERVALS, compile_measures
from dispatch.study.view import LogView
from tests.small import small

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Scenario

TWO_TYPES: dict[str, Any] = {
    "incident_types": {
        "fire": {"priority": 1, "run_card": {"engine": 2}, "on_scene": 600},
        "medical": {"priority": 2, "run_card": {"engine": 1}, "on_scene": 1800},
    },
    "demand": {"poisson": {"fire": {"rate": "20/d"}, "medical": {"rate": "60/d"}}},
    "layouts": {"west-only": {"close_stations": ["east"]}},
    "horizon": 86400,
    "warm_up": 3600,
}


@pytest.fixture(name="world")
def _world(tmp_path: Path) -> Scenario:
    return small(tmp_path, **TWO_TYPES)


numbers = st.floats(-1e6, 1e6) | st.just(math.nan) | st.sampled_from([0.0, 0.1, 250.0])


@given(
    st.integers(0, 40).flatmap(
        lambda n: st.lists(st.lists(numbers, min_size=n, max_size=n), min_size=1, max_size=8)
    )
)
def test_estimates_at_once_are_those_one_by_one(columns: list[list[float]]) -> None:
    """To the bit, and as the textbook has it."""
    values = np.array(columns, dtype=np.float64).T
    found = estimates(values)
    assert repr(found) == repr([estimate(column) for column in columns])
    for column, each in zip(columns, found, strict=True):
        known = np.array([value for value in column if not math.isnan(value)])
        assert each.n == len(known)
        if len(known):
            assert each.mean == known.mean()
        if len(known) > 1 and np.ptp(known) > 0:
            error = float(known.std(ddof=1)) / math.sqrt(len(known))
            assert each.half_width == pytest.approx(stats.t.ppf(0.975, len(known) - 1) * error, rel=1e-9)
            assert each.half_width == half_width(known)


@given(st.integers(2, 12), st.integers(1, 6), st.randoms(use_true_random=False))
def test_paired_differences_at_once_are_those_one_by_one(n: int, columns: int, random: Any) -> None:
    draw = np.random.default_rng(random.randrange(10**6))
    a, b = draw.normal(size=(2, n, columns))
    a[draw.random(a.shape) < 0.2] = math.nan
    b[:, 0] = a[:, 0]  # no difference at all
    found = paired_differences(a, b)
    assert repr(found) == repr([paired_difference(a[:, i], b[:, i]) for i in range(columns)])
    for i, each in enumerate(found):
        both = ~np.isnan(a[:, i] - b[:, i])
        if both.sum() > 1 and i > 0:
            theory = stats.ttest_rel(a[both, i], b[both, i])
            assert each.p_value == pytest.approx(theory.pvalue, rel=1e-9)
    assert math.isnan(found[0].p_value) or found[0].p_value == 1.0


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=60), st.floats(0.01, 0.99))
def test_statistics_of_seconds_are_those_of_numpy(values: list[float], share: float) -> None:
    """Quantile and mean to the bit, shares by counting."""
    array = np.array(values)
    found = Seconds(array, np.arange(len(array)), len(array) + 3)
    assert found.quantile(share) == np.quantile(array, share)
    assert found.quantile(0.9) == np.quantile(array, 0.9)
    assert found.mean() == array.mean()
    limit = values[0]
    assert found.within(limit) == sum(value <= limit + 1e-6 for value in values) / (len(values) + 3)


def test_all_names_mean_something_and_stand_once(world: Scenario) -> None:
    names = detail_measures(world)
    assert len(names) == len(set(names))
    assert [measure.name for measure in compile_measures(world, names)] == list(names)
    wanted = {
        "total.first.p90", "turnout.second.mean[type=fire]", "travel.erf.n[zone=left]", "workload[unit=E1]",
        "total.erf.p90[type=medical,zone=right]", "total.first.within_480s", "total.first.p90[priority=2]",
        "total.erf.within_14400s", "coverage.static.within_240s[zone=left]", "concurrency.at_least_2",
        "total.first.within_60s[type=medical]", "coverage.residual.min", "reliability.first_due[zone=right]",
    }  # fmt: skip
    assert wanted <= set(names)
    assert not [name for name in names if name.startswith(("supply.", "hospital.", "survivors", "fire."))]
    assert not [
        name for name in names if ".third." in name and ".within_" not in name
    ]  # nobody asks for three
    assert ranks(world) == ("first", "second")
    assert left_out(world) == {}
    judged = {c.measure for s in shipped() for c in s.file.times if c.staff is None}
    assert judged <= set(names)


def test_types_stand_in_order_of_calls_expected(world: Scenario) -> None:
    assert types_by_demand(world) == ["medical", "fire"]


def test_what_is_too_many_is_left_out_and_told(world: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two types and two zones where three pairs, one curve and one number at once are the most."""
    monkeypatch.setattr(details, "PAIRS", 3)
    monkeypatch.setattr(details, "CURVES", 1)
    monkeypatch.setattr(details, "AT_ONCE", 1)
    monkeypatch.setattr(details, "FULL", 1)
    assert left_out(world) == {
        "type_by_zone": {"count": 4, "most": 3},
        "intervals_by_type": {"count": 2, "most": 1},
        "intervals_by_zone": {"count": 2, "most": 1},
        "curves_by_type": {"count": 2, "most": 1},
        "concurrency": {"count": 2, "most": 1},
    }
    names = set(detail_measures(world))
    assert not any("type=" in name and "zone=" in name for name in names)
    assert not any(name.startswith("concurrency.at_least_2") for name in names)
    assert not any("within" in name and "type=fire" in name for name in names)
    assert {"total.first.p90[zone=left]", "total.first.within_60s[type=medical]"} <= names
    assert not any(name.startswith("travel.") and "zone=" in name for name in names)


def test_many_measures_of_one_log_are_those_of_each_alone(world: Scenario) -> None:
    """What one measure keeps for others changes none of them: each is read from a log of its own, too."""
    log = dispatch.simulate(world)
    compiled = compile_measures(world, detail_measures(world))
    shared = LogView(log)
    together = [measure.read(shared) for measure in compiled]
    again = [measure.read(shared) for measure in reversed(compiled)][::-1]
    alone = [measure.read(LogView(log)) for measure in compiled]
    assert repr(together) == repr(alone) == repr(again)
    assert sum(not math.isnan(value) for value in together) > 300


def test_intervals_by_type_and_zone_are_counted_by_hand(world: Scenario) -> None:
    """Against a loop over the table of calls, which knows nothing of how measures are read."""
    log = dispatch.simulate(world)
    view, zones, kinds = LogView(log), world.zones, [kind.id for kind in world.kinds]
    for kind in kinds:
        for zone in zones:
            seconds = []
            calls = 0
            for call in range(len(log.timeline)):
                if log.timeline.received[call] < 3600 or kinds[log.timeline.kind[call]] != kind:
                    continue
                if zones[world.zone_of[log.timeline.node[call]]] != zone:
                    continue
                calls += 1
                came = [
                    log.responses.on_scene[row] - log.timeline.received[call]
                    for row in range(len(log.responses))
                    if log.responses.incident[row] == call and not np.isnan(log.responses.on_scene[row])
                ]
                seconds += [min(came)] if came else []
            name = f"total.first.{{}}[type={kind},zone={zone}]"
            n, mean, p90 = compile_measures(world, [name.format(s) for s in ("n", "mean", "p90")])
            assert n.read(view) == calls
            assert mean.read(view) == pytest.approx(np.mean(seconds))
            assert p90.read(view) == pytest.approx(np.quantile(seconds, 0.9))
            assert calls > 3


def test_a_unit_that_a_layout_lacks_has_no_workload(world: Scenario) -> None:
    study = compare(world, replications=2, details=True)
    assert study.estimate("west-only", "workload[unit=E1]").n == 0
    assert study.estimate("west-only", "responses.n[unit=E1]").mean == 0.0
    assert study.estimate("baseline", "workload[unit=E1]").mean > 0.0


def test_details_change_nothing_of_what_was_asked_for(world: Scenario) -> None:
    """Documents are the same to the byte, and without details nothing more is read."""
    plain, full = compare(world, replications=3), compare(world, replications=3, details=True)
    assert plain.details == ()
    assert json_text(study_document(plain)) == json_text(study_document(full))
    assert len(plain.values["baseline"]) < 40 < len(full.values["baseline"])
    told = json.loads(details_text(full))
    assert set(told["layouts"]["baseline"]) == set(full.details) >= set(detail_measures(world))
    asked = study_document(full)
    for layout, found in asked["layouts"].items():
        for name, row in found["measures"].items():
            assert json.loads(json_text(row)) == told["layouts"][layout][name]
    for pair, found in asked["differences"].items():
        for name, row in found.items():
            of_details = {key: v for key, v in told["differences"][pair][name].items() if key != "n"}
            assert json.loads(json_text(row)) == of_details


def test_details_are_the_same_in_two_processes(world: Scenario) -> None:
    one, two = (compare(world, replications=3, details=True, jobs=jobs) for jobs in (1, 2))
    assert details_text(one) == details_text(two)


def test_compact_text_is_the_same_json_with_one_row_a_line() -> None:
    value = {"b": {"x": {"m": math.nan, "a": [1, "ü"]}, "a": {}}, "a": {}}
    text = compact_json_text(value, 2)
    assert json.loads(text) == json.loads(json_text(value))
    assert text == '{\n "a": {},\n "b": {\n  "a": {},\n  "x": {"a": [1, "ü"], "m": null}\n }\n}\n'


def test_intervals_have_no_end_of_details(world: Scenario) -> None:
    """Every interval is told; that of processing once, for it is the same whoever comes."""
    names = set(detail_measures(world))
    assert all(f"{interval}.first.mean" in names for interval in INTERVALS)
    assert "processing.second.mean" not in names
    assert Fleet(world, world.layouts["baseline"]).ids == ("W1", "E1")
