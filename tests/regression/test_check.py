"""Expectations judged against moments that were computed by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats

from dispatch import compare, load
from dispatch.model.expectations import MeasureExpectation
from dispatch.regression.checking import check
from dispatch.regression.outcomes import Status
from dispatch.regression.reading import collect
from dispatch.regression.refusing import allowance, cannot_fail, holds
from tests.regression.worlds import checked, expect, only, outcomes, refused, write_case

if TYPE_CHECKING:
    from pathlib import Path

FIRST = {"baseline": [60.0, 180.0, 0.0], "one": [60.0, 560.0, 240.0]}
"""Seconds from call to first unit, by layout."""


def one(folder: Path, **assertion: Any) -> tuple[Status, str]:
    """Return status and message of one assertion about a measure."""
    (found,) = outcomes(folder, assertions=[assertion])
    return found.status, found.message


def test_the_world_is_as_computed(tmp_path: Path) -> None:
    path = write_case(tmp_path)
    study = compare(load(path), measures=["total.first.mean", "total.first.max"])
    for layout, seconds in FIRST.items():
        assert study.estimate(layout, "total.first.mean").mean == pytest.approx(sum(seconds) / 3)
        assert study.estimate(layout, "total.first.max").mean == max(seconds)


@pytest.mark.parametrize(
    ("op", "value", "tolerance", "passes"),
    [
        ("==", 80, None, True),
        ("==", 80.00001, None, True),  # rounding
        ("==", 80.1, None, False),
        ("==", 85, {"absolute": 5}, True),
        ("==", 85.1, {"absolute": 5}, False),
        ("==", 100, {"relative": 0.2}, True),
        ("==", 100, {"relative": 0.19}, False),
        ("==", 100, {"relative": 0.01, "absolute": 20}, True),
        ("==", "1 min 20 s", None, True),
        ("<=", 80, None, True),
        ("<=", 79, None, False),
        ("<=", 79, {"absolute": 1}, True),
        (">=", 80, None, True),
        (">=", 81, None, False),
        ("<", 80, None, False),
        ("<", 80, {"absolute": 0.1}, True),
        (">", 80, None, False),
        ("<", 79.9, None, False),
        ("<", 81, None, True),
        (">", 79, None, True),
        (">", 80.1, None, False),
    ],
)
def test_a_mean_against_a_value(tmp_path: Path, op: str, value: Any, tolerance: Any, passes: bool) -> None:
    write_case(tmp_path)
    extra = {"tolerance": tolerance} if tolerance else {}
    assertion = {"layout": "baseline", "measure": "total.first.mean", "op": op, "value": value, **extra}
    status, message = one(tmp_path, **assertion)
    assert (status is Status.PASSED) is passes
    assert bool(message) is not passes


def test_a_broken_limit_names_unit_and_incident(tmp_path: Path) -> None:
    write_case(tmp_path)
    limit = {"layout": "one", "measure": "total.first.max", "op": "<=", "value": 480}
    assert one(tmp_path, **limit) == (Status.FAILED, "expected ≤ 480 s, got 560 s (unit W1, incident y)")
    mean = {"layout": "one", "measure": "total.first.mean", "value": 80}
    assert one(tmp_path, **mean)[1] == ("expected 80 s, got 286.667 s (longest 560 s: unit W1, incident y)")
    share = {"layout": "one", "measure": "total.first.within_100s", "op": ">=", "value": 0.5}
    assert one(tmp_path, **share)[1] == (
        "expected ≥ 50 %, got 33.3333 % (longest 560 s: unit W1, incident y)"
    )
    better = {"layout": "one", "measure": "total.first.max", "value": 600, "tolerance": {"absolute": 10}}
    assert one(tmp_path, **better)[1] == "expected 600 s ± 10 s, got 560 s"
    close = {"layout": "one", "measure": "total.first.max", "value": 560.00091}
    assert one(tmp_path, **close)[1].startswith("expected 560.001 s, got 560 s")
    strict = {"layout": "one", "measure": "total.first.max", "op": ">", "value": 560}
    assert one(tmp_path, **strict) == (Status.FAILED, "expected > 560 s, got 560 s")


def test_every_layout_where_none_is_named(tmp_path: Path) -> None:
    write_case(tmp_path)
    found = outcomes(tmp_path, assertions=[{"measure": "total.first.max", "op": "<=", "value": 200}])
    assert [(each.cell, each.status, each.observed) for each in found] == [
        ("baseline", Status.PASSED, 180.0),
        ("one", Status.FAILED, 560.0),
    ]
    assert [each.id.removeprefix(str(tmp_path)) for each in found] == [
        "/scenario::baseline::total.first.max <=",
        "/scenario::one::total.first.max <=",
    ]


def test_severity_and_reason(tmp_path: Path) -> None:
    write_case(tmp_path)
    expect(
        tmp_path,
        assertions=[
            {
                "measure": "total.first.max",
                "layout": "one",
                "value": 1,
                "severity": "warning",
                "why": "hope",
            }
        ],
    )
    result = checked(tmp_path)
    assert (only(result).outcomes[0].status, only(result).outcomes[0].why) == (Status.WARNING, "hope")
    assert (result.exit_code, result.count(Status.WARNING)) == (0, 1)


@pytest.mark.parametrize(
    ("statement", "status", "message"),
    [
        ({"unit": "W1", "reaches": "x", "within": 60}, Status.PASSED, ""),
        ({"unit": "W1", "reaches": "x", "within": 59}, Status.FAILED,
         "expected ≤ 59 s, got 60 s (unit W1, incident x)"),
        ({"unit": "W1", "reaches": "z", "within": "1 h"}, Status.FAILED,
         "expected ≤ 3600 s, it never came (unit W1, incident z; sent were E1)"),
        ({"unit": "E1", "reaches": "y", "within": "3 min"}, Status.PASSED, ""),
        ({"unit": "E1", "reaches": "yy", "within": 60}, Status.ERROR,
         "there is no incident 'yy' in it. Did you mean 'y'?"),
        ({"no_double_assignment": True}, Status.PASSED, ""),
    ],
)  # fmt: skip
def test_statements_about_logs(tmp_path: Path, statement: Any, status: Status, message: str) -> None:
    write_case(tmp_path)
    (found,) = outcomes(tmp_path, log=[{"layout": "baseline", **statement}])
    assert (found.status, found.message) == (status, message)


def test_a_unit_in_two_places_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dispatch.engine import simulator

    write_case(tmp_path)
    original = simulator.Simulator.run

    def too_late(self: simulator.Simulator) -> Any:
        log = original(self)
        log.responses.available[0] += 10_000.0  # W1 is on its way to x when it is sent on
        return log

    monkeypatch.setattr(simulator.Simulator, "run", too_late)
    (found,) = outcomes(tmp_path, log=[{"layout": "one", "no_double_assignment": True}])
    assert found.status is Status.FAILED
    assert found.message == "unit W1 was sent to y at 660 s, while x held it until 10660 s"


def test_comparisons_are_paired(tmp_path: Path) -> None:
    """Over random calls, against the t-test of another library."""
    path = write_case(tmp_path, demand={"poisson": {"fire": {"rate": "60/d"}}}, replications=8, horizon="1 d")
    study = compare(load(path), measures=["total.first.mean"])
    a, b = (study.values[layout]["total.first.mean"] for layout in ("one", "baseline"))
    p = float(stats.ttest_rel(a, b).pvalue)
    mean = float(np.mean(a - b))
    assert p < 0.01
    assert mean > 10
    base = {"layout": "one", "measure": "total.first.mean"}
    expectations: list[tuple[dict[str, Any], bool]] = [
        ({"direction": "higher"}, True),
        ({"direction": "higher", "significance": p * 1.01}, True),
        ({"direction": "higher", "significance": p * 0.99}, False),
        ({"direction": "higher", "by_at_least": mean * 0.99}, True),
        ({"direction": "higher", "by_at_least": mean * 1.01}, False),
        ({"direction": "higher", "by_at_most": mean * 0.99}, False),
        ({"direction": "lower"}, False),
        ({"direction": "same"}, False),
        ({"direction": "same", "significance": p * 0.99}, True),
    ]
    found = outcomes(tmp_path, comparisons=[base | statement for statement, _ in expectations])
    assert [each.status is Status.PASSED for each in found] == [passes for _, passes in expectations]
    assert all(each.observed == pytest.approx(mean) for each in found)
    assert found[6].message.startswith("expected lower than baseline (p < 0.05), got +")


def test_a_difference_without_any_luck_is_sure(tmp_path: Path) -> None:
    """Both replications of recorded calls without luck are the same, and differ by the same."""
    write_case(tmp_path, replications=2)
    base = {"layout": "one", "measure": "total.first.max"}
    found = outcomes(
        tmp_path,
        comparisons=[
            base | {"direction": "higher", "by_at_least": 380, "by_at_most": 380},
            base | {"direction": "same"},
            base | {"measure": "incidents.lost", "direction": "same"},
        ],
    )
    assert [each.status for each in found] == [Status.PASSED, Status.FAILED, Status.PASSED]
    assert found[1].message.endswith("got +380 s (in every replication alike)")


def test_a_statistical_tolerance_is_the_interval_of_the_mean(tmp_path: Path) -> None:
    path = write_case(tmp_path, demand={"poisson": {"fire": {"rate": "60/d"}}}, replications=6)
    values = compare(load(path), ["baseline"], measures=["total.first.mean"]).values["baseline"]
    seconds = values["total.first.mean"]
    low, high = stats.t.interval(0.99, 5, loc=seconds.mean(), scale=stats.sem(seconds))
    width = high - low
    for value, status in (
        (low + 0.01 * width, Status.PASSED),
        (low - 0.01 * width, Status.FAILED),
        (high - 0.01 * width, Status.PASSED),
        (high + 0.01 * width, Status.FAILED),
    ):
        assertion = {"layout": "baseline", "measure": "total.first.mean", "value": float(value)}
        assert one(tmp_path, **assertion, tolerance={"statistical": 0.99})[0] is status


def test_an_interval_so_wide_that_nothing_fails_is_refused(tmp_path: Path) -> None:
    write_case(tmp_path, demand={"poisson": {"fire": {"rate": "2/d"}}}, replications=5, seed=2)
    assertion = {"layout": "one", "measure": "total.first.within_120s", "value": 0.5}
    status, message = one(tmp_path, **assertion, tolerance={"statistical": 0.999})
    assert status is Status.ERROR
    assert "so wide that it cannot fail" in message


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"measure": "total.first.within_60s", "value": 0.5, "tolerance": {"absolute": 0.5}}, "cannot fail"),
        ({"measure": "total.first.within_60s", "op": "<=", "value": 1}, "cannot fail"),
        ({"measure": "total.first.mean", "op": ">=", "value": 0}, "cannot fail"),
        ({"measure": "incidents.n", "op": ">=", "value": 3, "tolerance": {"absolute": 3}}, "cannot fail"),
        ({"measure": "incidents.lost", "op": "<=", "value": 3}, "lies between 0 and 3"),
        ({"measure": "incidents.n", "value": 3, "tolerance": {"absolute": 100}}, "cannot fail"),
        ({"measure": "incidents.n", "value": 4}, "4 cannot be"),
        ({"measure": "responses.share", "value": 1}, "it is 1 whatever happens"),
        ({"measure": "incidents.n", "op": "<=", "value": "2 s"}, "a duration, but incidents.n is a number"),
        ({"measure": "mutual_aid.unit_hours", "value": "2 h"}, "a duration, but"),
        (
            {"measure": "workload.max", "value": 0.3, "tolerance": {"absolute": "1 s"}},
            "tolerance: a duration",
        ),
        ({"measure": "total.first.mean", "value": -80}, "-80 cannot be"),
        ({"measure": "total.first.mean", "value": 90000, "tolerance": {"absolute": "2 d"}}, "cannot fail"),
        ({"measure": "total.first.within_60s", "op": ">=", "value": 90}, "90 cannot be"),
        (
            {"measure": "total.first.mean", "value": 80, "tolerance": {"statistical": 0.9}},
            "needs 5 replications",
        ),
        ({"measure": "total.first.maen", "value": 80}, "no statistic 'maen'"),
        ({"measure": "total.first.mean[zone=north]", "value": 80}, "no zone 'north'"),
        ({"measure": "total.first.mean", "value": 80, "layout": "tow"}, "no layout 'tow' is simulated"),
        ({"measure": "total.first.mean", "value": 80, "seed": 77}, "no seed '77' is simulated"),
        ({"measure": "total.first.mean", "value": 80, "tolerance": {}}, "an empty tolerance"),
        ({"measure": "total.first.mean", "value": 80, "tolerance": {"relative": 5}}, "5 would be 500 %"),
        ({"measure": "total.first.mean", "value": True}, "neither a number nor a duration"),
        ({"measure": "total.first.mean", "value": "80 km"}, "neither a number nor a duration"),
        ({"measure": "total.first.mean", "value": 80, "op": "!="}, "op"),
        ({"measure": "total.first.mean", "vlaue": 80}, "Did you mean 'value'?"),
    ],
)
def test_assertions_that_make_no_sense_are_refused(tmp_path: Path, keys: Any, line: str) -> None:
    write_case(tmp_path)
    told = refused(tmp_path, assertions=[keys])
    assert any(line in each for each in told), told
    assert all(each.startswith("scenario.expected.yaml:") for each in told)


NEVER_TWICE = {"log": [{"no_double_assignment": True}]}


def difference(**keys: Any) -> dict[str, Any]:
    """Return expectations of a difference."""
    return {"comparisons": [{"layout": "one", "measure": "workload.max", "direction": "same", **keys}]}


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (difference(against="one"), "a layout does not differ from itself"),
        (difference(against="two"), "no layout 'two'"),
        (difference(direction="lower"), "one replication cannot tell"),
        (difference(direction="lower", by_at_least=0.2, by_at_most=0.1), "less than by_at_least"),
        (difference(by_at_least=0.2), "contradict"),
        (difference(measure="incidents.n"), "the same in every layout"),
        (difference(measure="processing.first.p90"), "the same in every layout"),
        (difference(by_at_most=1), "no difference is greater than 1, so that it cannot fail"),
        (difference(direction="lower", by_at_least=2), "no difference is greater than 1"),
        (difference(direction="lower", by_at_least="1 min"), "a duration, but workload.max is a share"),
        (difference(significance=0.95), "significance"),
        ({"log": [{"layout": "one", "unit": "E1", "reaches": "x", "within": 9}]}, "'one' has no unit 'E1'"),
        ({"log": [{"unit": "E1", "reaches": "x"}]}, "not one whole statement"),
        (
            {"log": [{"unit": "W1", "reaches": "x", "within": 9, "no_double_assignment": True}]},
            "not one whole",
        ),
        ({"log": [{"incident": "x", "level": 3, "by": "20 min"}]}, "no alarm levels"),
        ({"log": [{"stock_never_negative": True}]}, "no stock, so that it cannot fail"),
        ({"log": [{"no_double_assignment": False}]}, "must be true"),
        ({"log": [{"no_double_assignment": True, "replication": 1}]}, "there is no replication 1"),
        ({"golden": [{"file": "../a.golden"}]}, "not a file beside the expectations"),
        ({"golden": [{"file": "calls.csv"}]}, "golden logs are texts"),
        ({"golden": [{"file": "a.golden", "replication": 3}]}, "there is no replication 3"),
        ({"golden": [{"file": "a.golden"}, {"file": "a.golden", "layout": "one"}]}, "is expected twice"),
        ({"golden": [{"file": "a.golden"}], "matrix": {"seeds": [1, 2]}}, "of one cell, not of 2"),
        ({"matrix": {"layouts": ["one", "one"]}, **NEVER_TWICE}, "'one' stands twice"),
        ({"matrix": {"layouts": ["uno"]}, **NEVER_TWICE}, "no layout 'uno'"),
        ({"matrix": {"speeds": ["fast"]}, **NEVER_TWICE}, "no speed set 'fast'"),
        ({"scenario": "scenari.yaml", **NEVER_TWICE}, "Did you mean 'scenario.yaml'?"),
        (
            {"scenario": "scenario.yaml", "matrix": {"scenarios": ["scenario.yaml"]}, **NEVER_TWICE},
            "Name them in one place",
        ),
        ({"reviewed": True}, "nothing is expected"),
        ({"schema_version": 2, **NEVER_TWICE}, "schema_version"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, keys: Any, line: str) -> None:
    write_case(tmp_path)
    told = refused(tmp_path, **keys)
    assert any(line in each for each in told), told


def test_one_mistake_is_told_once(tmp_path: Path) -> None:
    """What was left out because it is wrong is not missed a second time."""
    write_case(tmp_path)
    (told,) = refused(tmp_path, log=[{"no_double_assignment": "maybe"}])
    assert told.startswith("scenario.expected.yaml:2 log[0].no_double_assignment: must be true")
    value = {"measure": "total.first.mean", "value": 80, "tolerance": {"relative": "5 %"}}
    (told,) = refused(tmp_path, assertions=[value])
    assert "tolerance.relative" in told


def test_a_scenario_that_is_not_checked_is_told(tmp_path: Path) -> None:
    path = write_case(tmp_path)
    (tmp_path / "other.yaml").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    expect(tmp_path, scenario="other.yaml", log=[{"no_double_assignment": True}])
    (case,) = checked(tmp_path).cases
    assert case.exit_code == 0
    assert case.notes == ["scenario.yaml is not checked: scenario.expected.yaml is about another."]


def test_all_problems_of_a_case_are_told_at_once(tmp_path: Path) -> None:
    write_case(tmp_path)
    told = refused(
        tmp_path,
        assertions=[{"measure": "nonsense", "value": 1}, {"measure": "workload.max", "op": "<=", "value": 2}],
        log=[{"layout": "one", "unit": "E1", "reaches": "x", "within": 9}],
    )
    assert len(told) == 3
    assert [int(each.split(":")[1].split()[0]) for each in told] == sorted(
        int(each.split(":")[1].split()[0]) for each in told
    )


@pytest.mark.parametrize(
    ("measure", "told"),
    [
        ("total.first.mean[type=rare]", "no call that passes the filter"),
        ("incidents.n[type=rare]", "no call that passes the filter"),
        ("workload[unit=E1]", "layout 'one' has no unit that passes the filter"),
        ("responses.n[unit=E1]", "layout 'one' has no unit that passes the filter"),
        ("total.first.n[unit=E1]", "layout 'one' has no unit that passes the filter"),
        ("coverage.static.within_60s[type=rare]", "no call that passes the filter"),
        ("incidents.n[priority=2,type=fire]", "no call that passes the filter"),
    ],
)
def test_a_filter_that_selects_nothing_is_refused(tmp_path: Path, measure: str, told: str) -> None:
    """No call is rare, and E1 is not there in the layout ``one``."""
    types = {
        name: {"run_card": {"engine": 1}, "on_scene": 600, "priority": priority}
        for priority, name in enumerate(("fire", "rare"), start=1)
    }
    write_case(tmp_path, incident_types=types)
    assertion = {"layout": "one", "measure": measure, "op": ">", "value": 0.5}
    assert any(told in line for line in refused(tmp_path, assertions=[assertion]))


@pytest.mark.parametrize("measure", ["total.second.mean", "queue.mean[priority=1]", "total.first.p90"])
def test_an_interval_that_no_call_has_is_refused(tmp_path: Path, measure: str) -> None:
    """The only call comes before the warm-up ends."""
    from tests.small import write_scenario

    calls = "incident,received,type,node,units\nx,0,fire,b,engine:1\n"
    write_scenario(tmp_path, calls, replications=1, warm_up=3600)
    status, message = one(tmp_path, measure=measure, op=">", value=0.5)
    assert status is Status.ERROR
    assert "taken over nothing in 1 replication, so that it cannot fail" in message


def test_a_count_of_nothing_is_a_value(tmp_path: Path) -> None:
    """The only call comes before the warm-up ends: none is measured, which is broken or as expected."""
    from tests.small import write_scenario

    calls = "incident,received,type,node,units\nx,0,fire,b,engine:1\n"
    write_scenario(tmp_path, calls, replications=1, warm_up=3600)
    assert one(tmp_path, measure="incidents.n", value=1) == (Status.FAILED, "expected 1, got 0")
    assert one(tmp_path, measure="incidents.n", value=0)[0] is Status.PASSED
    assert one(tmp_path, measure="concurrency.max", value=0)[0] is Status.PASSED
    assert one(tmp_path, measure="total.first.n[unit=E1]", value=0)[0] is Status.PASSED


def test_a_queue_may_outlast_the_horizon(tmp_path: Path) -> None:
    """120 calls of an hour each meet one engine: the last waits 119 h, which is no mistake."""
    from tests.small import write_scenario

    calls = "incident,received,type,node,units,on_scene\n" + "".join(
        f"c{i},{i},fire,a,engine:1,3600\n" for i in range(120)
    )
    write_scenario(
        tmp_path, calls, replications=1, horizon="1 h", units={"W1": {"type": "engine", "station": "west"}}
    )
    longest = {"measure": "total.first.max", "value": 119 * 3600 - 119}
    assert one(tmp_path, **longest)[0] is Status.PASSED
    assert one(tmp_path, **longest | {"op": "<=", "value": "3 d"})[0] is Status.FAILED
    assert one(tmp_path, **longest | {"tolerance": {"relative": 0.5}})[0] is Status.PASSED


def test_replications_without_units_say_nothing(tmp_path: Path) -> None:
    """Some of ten quiet hours have no call at all; the others are looked at."""
    write_case(tmp_path, demand={"poisson": {"fire": {"rate": "12/d"}}}, horizon="1 h", replications=10)
    numbers = compare(load(tmp_path / "scenario.yaml"), ["baseline"], measures=["responses.n"])
    assert 0.0 in numbers.values["baseline"]["responses.n"]
    (found,) = outcomes(tmp_path, log=[{"layout": "baseline", "no_double_assignment": True}])
    assert found.status is Status.PASSED


def test_one_pair_is_too_few_to_tell_a_difference(tmp_path: Path) -> None:
    write_case(tmp_path, demand={"poisson": {"fire": {"rate": "12/d"}}}, horizon="1 h", replications=10)
    values = compare(load(tmp_path / "scenario.yaml"), ["baseline"], measures=["total.first.mean"])
    known = ~np.isnan(values.values["baseline"]["total.first.mean"])
    first = int(np.flatnonzero(known)[0])
    count = first + 1 if first else 2 + int(np.flatnonzero(~known)[0])
    assert known[:count].sum() == 1, "a world with one pair"
    base = {"layout": "one", "measure": "total.first.mean"}
    found = outcomes(
        tmp_path,
        replications=max(count, 2),
        comparisons=[base | {"direction": "same"}, base | {"direction": "same", "by_at_most": 1000}],
    )
    assert [each.status for each in found] == [Status.ERROR, Status.PASSED]
    assert "one replication alone has total.first.mean in both layouts" in found[0].message


def test_values_without_any_spread_are_the_same_within_rounding(tmp_path: Path) -> None:
    """A third is written with a few digits; the interval of three equal values has no width."""
    write_case(tmp_path, replications=5)
    third = {"layout": "one", "measure": "total.first.within_100s", "value": 0.33333333}
    for tolerance in ({"statistical": 0.95}, {"absolute": 0}):
        assert one(tmp_path, **third, tolerance=tolerance)[0] is Status.PASSED


def test_a_scenario_that_changes_meanwhile_is_told(tmp_path: Path) -> None:
    write_case(tmp_path)
    expect(tmp_path, log=[{"no_double_assignment": True}])
    cases = collect([str(tmp_path)])
    write_case(tmp_path, horizon="2 d")
    (case,) = check(cases).cases
    assert "changed while it was being checked" in str(case.error)


def test_nothing_at_all_is_broken_rather_than_refused(tmp_path: Path) -> None:
    """Calls there are, but nobody ever comes: that is an answer, and a bad one."""
    lost = {"when_none_free": "lost"}
    calls = "incident,received,type,node,units,cancelled\nx,0,fire,e,engine:1,10\n"
    from tests.small import write_scenario

    write_scenario(
        tmp_path, calls, replications=1, dispatching=lost, units={"W1": {"type": "engine", "station": "west"}}
    )
    status, message = one(tmp_path, measure="total.first.mean", op="<=", value=480)
    assert (status, message) == (Status.FAILED, "expected ≤ 480 s, got nothing: no call has this interval")


PROFILE = """\
title: {en: Ours}
source: made up
times:
  - {title: {en: mean}, clock: total, seconds: 100 s, statistic: mean}
  - {title: {en: two in three within a minute}, clock: total, seconds: 60 s, share: 0.6}
  - {title: {en: nobody farther}, clock: travel, seconds: 4 min, statistic: edge}
  - {title: {en: staff}, clock: total, seconds: 100 s, share: 0.9, staff: 12}
"""


def test_a_standard_is_an_assertion_for_each_time_that_it_asks_for(tmp_path: Path) -> None:
    """Baseline: 60, 180, 0 s, a mean of 80 s; alone: 60, 560, 240 s; W1 never drives longer than 4 min."""
    write_case(tmp_path)
    (tmp_path / "ours.yaml").write_text(PROFILE, encoding="utf-8")
    found = outcomes(tmp_path, standards=[{"profile": "ours.yaml", "why": "the council's"}])
    assert [(each.cell, each.what, each.status) for each in found] == [
        ("baseline", "ours: total.first.mean <=", Status.PASSED),
        ("one", "ours: total.first.mean <=", Status.FAILED),
        ("baseline", "ours: total.first.within_60s >=", Status.PASSED),
        ("one", "ours: total.first.within_60s >=", Status.FAILED),
        ("baseline", "ours: travel.first.max <=", Status.PASSED),
        ("one", "ours: travel.first.max <=", Status.PASSED),
    ]
    assert found[1].message.startswith("expected ≤ 100 s, got 286.667 s")
    assert found[3].why == "two in three within a minute; the council's"
    narrow = {"profile": "ours.yaml", "only": ["total.first.mean"], "layout": "one", "severity": "warning"}
    (found_one,) = outcomes(tmp_path, standards=[narrow | {"filter": "zone=right"}])
    assert (found_one.status, found_one.observed) == (Status.WARNING, 240.0)
    told = refused(tmp_path, standards=[{"profile": "lbf"}, {"profile": "ours.yaml", "only": ["x"]}])
    assert any("no standards profile 'lbf'" in line for line in told)
    assert any("no requirement that is judged by 'x'" in line for line in told)


def test_a_matrix_has_a_cell_for_every_combination(tmp_path: Path) -> None:
    sets = {"slow": {"factors": 0.5}}
    write_case(tmp_path, travel={"sets": sets}, demand={"poisson": {"fire": {"rate": "24/d"}}})
    matrix = {"layouts": ["baseline", "one"], "speeds": ["planning", "slow"], "seeds": [3, 4, 5]}
    found = outcomes(
        tmp_path,
        replications=2,
        matrix=matrix,
        assertions=[{"measure": "incidents.n", "op": ">=", "value": 1}],
        golden=[
            {"file": "a.golden", "speeds": "planning", "seed": 3},
            {"file": "b.golden", "speeds": "slow", "seed": 5, "layout": "one"},
        ],
    )
    cells = [each.cell for each in found]
    assert len(cells) == 2 * 2 * 3 + 2
    assert cells[0] == "baseline,speeds=planning,seed=3"
    assert cells[-2:] == ["baseline,speeds=planning,seed=3", "one,speeds=slow,seed=5"]
    for each in found[:12]:
        layout, speeds, seed = each.cell.split(",")
        scenario = load(tmp_path / "scenario.yaml").with_seed(int(seed.removeprefix("seed=")))
        assert layout in scenario.layouts
        assert speeds.removeprefix("speeds=") in ("planning", "slow")
        study = compare(scenario, ["baseline"], 2, measures=["incidents.n"])
        assert each.observed == study.estimate("baseline", "incidents.n").mean


def test_an_expectation_may_be_of_some_cells_only(tmp_path: Path) -> None:
    write_case(tmp_path, demand={"poisson": {"fire": {"rate": "24/d"}}})
    found = outcomes(
        tmp_path,
        matrix={"seeds": [3, 4]},
        assertions=[{"measure": "incidents.n", "op": ">=", "value": 1, "seed": 4, "layout": "one"}],
    )
    assert [each.cell for each in found] == ["one,seed=4"]


def test_several_scenarios_share_expectations(tmp_path: Path) -> None:
    path = write_case(tmp_path)
    (tmp_path / "other.yaml").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    path.rename(tmp_path / "first.yaml")
    matrix = {"scenarios": ["first.yaml", "other.yaml"], "layouts": ["baseline"]}
    value = {"measure": "total.first.max", "value": 180}
    found = outcomes(tmp_path, matrix=matrix, assertions=[value, value | {"scenario": "other.yaml"}])
    assert [(each.cell, each.status) for each in found] == [
        ("baseline,scenario=first.yaml", Status.PASSED),
        ("baseline,scenario=other.yaml", Status.PASSED),
        ("baseline,scenario=other.yaml", Status.PASSED),
    ]
    assert found[2].id.endswith(" #2")
    twice = {"scenarios": ["first.yaml", "other.yaml", "./first.yaml"]}
    assert any("stands twice" in line for line in refused(tmp_path, matrix=twice, assertions=[value]))
    assert sorted(path.name for path in tmp_path.glob("*.yaml")) == [
        "first.yaml", "other.yaml", "scenario.expected.yaml",
    ]  # fmt: skip


def test_the_same_for_any_number_of_processes(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write_case(tmp_path / name, demand={"poisson": {"fire": {"rate": "60/d"}}}, replications=3)
        expect(
            tmp_path / name,
            assertions=[{"measure": "total.first.mean", "value": 100}],
            log=[{"no_double_assignment": True}],
        )
    cases = collect([str(tmp_path)])
    alone, shared = check(cases), check(cases, jobs=3)
    assert [case.outcomes for case in alone.cases] == [case.outcomes for case in shared.cases]
    assert alone.count(Status.FAILED) == 6


def test_a_broken_case_does_not_hide_the_others(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        write_case(tmp_path / name)
        expect(tmp_path / name, assertions=[{"measure": "total.first.max", "layout": "one", "value": 560}])
    (tmp_path / "b" / "scenario.yaml").write_text("network: [", encoding="utf-8")
    result = checked(tmp_path)
    assert [case.exit_code for case in result.cases] == [0, 2, 0]
    assert result.exit_code == 2
    assert (result.count(Status.PASSED), result.count(Status.ERROR)) == (2, 1)


def test_a_policy_that_breaks_its_contract_is_an_error_of_its_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dispatch.policies import dispatching

    for name in ("a", "b"):
        policy = {"dispatching": {"policy": "assignment"}} if name == "a" else {}
        write_case(tmp_path / name, **policy)
        expect(tmp_path / name, log=[{"no_double_assignment": True}])
    from dispatch.policies.assigning import Assignment

    monkeypatch.setattr(Assignment, "choose", lambda self, board, needs: [(needs[0], 99)])
    result = checked(tmp_path)
    assert [case.exit_code for case in result.cases] == [4, 0]
    assert dispatching  # the policy of the other case is as it was


def test_exit_first_stops_after_the_broken_case(tmp_path: Path) -> None:
    for name, value in (("a", 560), ("b", 1), ("c", 560)):
        write_case(tmp_path / name)
        expect(tmp_path / name, assertions=[{"measure": "total.first.max", "layout": "one", "value": value}])
    result = checked(tmp_path, exit_first=True)
    statuses = [case.outcomes[0].status for case in result.cases]
    assert statuses == [Status.PASSED, Status.FAILED, Status.NOT_RUN]
    assert result.exit_code == 1


def test_ctrl_c_tells_what_was_not_run(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_case(tmp_path / name)
        expect(tmp_path / name, assertions=[{"measure": "total.first.max", "layout": "one", "value": 560}])

    class Impatient:
        def case(self, case: Any) -> None:
            if case.name.endswith("b/scenario"):
                raise KeyboardInterrupt

        def outcome(self, case: Any, outcome: Any) -> None: ...

        def end_case(self, case: Any) -> None: ...

    result = checked(tmp_path, listener=Impatient())
    assert result.interrupted
    assert [case.outcomes[0].status for case in result.cases] == [Status.PASSED, Status.NOT_RUN]


def test_only_what_is_asked_for_is_simulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dispatch import composition
    from dispatch.regression import cells
    from dispatch.regression.cases import select

    write_case(tmp_path, replications=4)
    expect(
        tmp_path,
        assertions=[{"measure": "total.first.max", "op": "<=", "value": 600}],
        log=[{"layout": "one", "unit": "W1", "reaches": "x", "within": 60, "replication": 2}],
    )
    made: list[tuple[str, int]] = []
    original = composition.simulate

    def counted(scenario: Any, layout: str, timeline: Any, **more: Any) -> Any:
        made.append((layout, timeline.replication))
        return original(scenario, layout, timeline, **more)

    monkeypatch.setattr(cells, "simulate", counted)
    chosen, left_out = select(collect([str(tmp_path)]), lambda name: "reaches" in name)
    assert (check(chosen).exit_code, left_out) == (0, 2)
    assert made == [("one", 2)]
    made.clear()
    chosen, _ = select(collect([str(tmp_path)]), lambda name: "baseline" in name)
    assert check(chosen).exit_code == 0
    assert made == [("baseline", n) for n in range(4)]


def accepts(op: str, value: float, off: float | None, x: float) -> bool:
    """Return what a sign with a tolerance means; without one, what is equal is neither below nor above."""
    edge = 1e-9 if off else -1e-9
    above, below = x - value - (off or 0.0), value - (off or 0.0) - x
    return {
        "==": max(above, below) <= 1e-9,
        "<=": above <= 1e-9,
        ">=": below <= 1e-9,
        "<": above < edge,
        ">": below < edge,
    }[op]


@pytest.mark.parametrize("op", ["==", "<=", ">=", "<", ">"])
@pytest.mark.parametrize("absolute", [None, 0.1, 0.5, 1.0, 2.0])
def test_what_cannot_fail_is_what_holds_everywhere(op: Any, absolute: float | None) -> None:
    """Against trying many values of the range, by what the signs mean."""
    for value in (-0.5, 0.0, 0.2, 0.5, 1.0, 1.5):
        keys: dict[str, Any] = {"measure": "m", "op": op, "value": value}
        tolerance = {} if absolute is None else {"tolerance": {"absolute": absolute}}
        expectation = MeasureExpectation.model_validate(keys | tolerance)
        slack, edges = allowance(expectation), (value - (absolute or 0.0), value + (absolute or 0.0))
        # where tolerance and value meet, sums of decimals are off by a bit
        tried = [x for x in np.linspace(0, 1, 101).tolist() if not 0 < min(abs(x - e) for e in edges) < 1e-9]
        found = [holds(expectation, x, slack) for x in tried]
        inner = [x for x in tried if absolute is None or min(abs(x - e) for e in edges) > 1e-9]
        assert [holds(expectation, x, slack) for x in inner] == [
            accepts(op, value, absolute, x) for x in inner
        ]
        assert cannot_fail(expectation, slack, (0.0, 1.0)) is all(found)
