"""Survivors, fire size, the 15-minute rule and loss: published values, thresholds, logs counted by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydantic import ValidationError

import dispatch
from dispatch.errors import ScenarioError, UsageError
from dispatch.model.outcomes import Fire, Loss, Outcome, Survival
from dispatch.regression.provenance import fingerprints
from dispatch.report import speak
from dispatch.report.terminal import console, print_run, print_study
from dispatch.study.measures import compile_measures, known_names
from dispatch.study.outcomes import CAUTION, OUTCOMES, heat_release, loss, survival
from tests.exact import handmade
from tests.regression.worlds import outcomes, refused, write_case
from tests.small import small, write_scenario

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log

NAN = math.nan
ALL = ("larsen", "king-county", "de-maio", "valenzuela")


def model(function: str, **keys: Any) -> Survival:
    """Return a survival function; King County needs a level of its own."""
    level = {"at_once": 0.4} if function == "king-county" else {}
    return Survival.model_validate({"function": function, **level, **keys})


def chance(function: str, minutes: float, **keys: Any) -> float:
    """Return survival after some minutes."""
    return float(survival(model(function, **keys), np.array([60.0 * minutes]))[0])


# ---------------------------------------------------------------------------------------------------------
# survival functions


@pytest.mark.parametrize(
    ("function", "minutes", "keys", "expected"),
    [
        ("larsen", 0, {}, 0.67),
        # all three at 5 min: 5.5 points a minute
        ("larsen", 5, {}, 0.67 - 5 * 0.055),
        # resuscitation at 1, shock at 5, advanced care at 10: 67 - 2.3 - 5.5 - 21 = 38.2 %
        ("larsen", 5, {"bystander_cpr": "1 min", "advanced_care": "5 min"}, 0.382),
        # whoever is there later than the crew changes nothing
        ("larsen", 5, {"bystander_cpr": "9 min"}, 0.395),
        # nobody is left after 67/5.5 = 12.18 min
        ("larsen", 12.1, {}, 0.67 - 12.1 * 0.055),
        ("larsen", 12.2, {}, 0.0),
        ("larsen", 500, {}, 0.0),
        ("king-county", 0, {}, 0.4),
        ("king-county", 4, {}, 0.4),
        ("king-county", 5, {}, 0.4 - 0.052),
        ("king-county", 10, {}, 0.4 - 6 * 0.052),
        ("king-county", 11, {}, 0.4 - 0.312 - 0.019),
        ("king-county", 15, {"at_once": 0.5}, 0.5 - 0.312 - 5 * 0.019),
        ("king-county", 60, {}, 0.0),
        ("de-maio", 0, {}, 1 / (1 + math.exp(0.679))),
        ("de-maio", 8, {}, 1 / (1 + math.exp(0.679 + 0.262 * 8))),
        ("valenzuela", 0, {}, 1 / (1 + math.exp(-0.260))),
        ("valenzuela", 6, {}, 1 / (1 + math.exp(-0.260 + 0.245 * 6))),
        ("valenzuela", 6, {"bystander_cpr": 60}, 1 / (1 + math.exp(-0.260 + 0.106 + 0.139 * 6))),
    ],
)
def test_published_values(function: str, minutes: float, keys: dict[str, Any], expected: float) -> None:
    assert chance(function, minutes, **keys) == pytest.approx(expected, rel=0, abs=1e-12)


def test_values_rounded_as_people_quote_them() -> None:
    """Worked out with a pocket calculator: e^2.775 = 16.04, e^1.21 = 3.353."""
    assert round(chance("de-maio", 8), 3) == 0.059
    assert round(chance("valenzuela", 6), 3) == 0.230
    assert round(chance("de-maio", 0), 3) == 0.336
    assert round(chance("valenzuela", 0), 3) == 0.565


@pytest.mark.parametrize(
    ("function", "keys"),
    [
        *((function, {}) for function in ALL),
        *((name, {"bystander_cpr": 120}) for name in ("larsen", "valenzuela")),
    ],
)
def test_survival_is_a_probability_that_only_falls(function: str, keys: dict[str, Any]) -> None:
    values = survival(model(function, **keys), np.arange(0.0, 7200.0, 7.0))
    assert values.min() >= 0.0
    assert values.max() <= 1.0
    assert (np.diff(values) <= 0.0).all()
    assert values[-1] < 0.01 < values[0]


@pytest.mark.parametrize("function", ALL)
def test_who_is_never_reached_dies(function: str) -> None:
    assert survival(model(function), np.array([NAN, 1e15])).tolist() == [0.0, pytest.approx(0.0, abs=1e-300)]


# ---------------------------------------------------------------------------------------------------------
# fires


@pytest.mark.parametrize(("growth", "seconds", "alpha"), [
    ("slow", 600, 0.00293), ("medium", 300, 0.0117), ("fast", 150, 0.0469), ("ultrafast", 75, 0.1876),
])  # fmt: skip
def test_classes_of_growth(growth: str, seconds: float, alpha: float) -> None:
    fire = Fire.model_validate({"growth": growth})
    rate = heat_release(fire, np.array([0.0, seconds, 2.0 * seconds]))
    assert rate.tolist() == pytest.approx([0.0, 1055.0, 4220.0], rel=1e-12, abs=0)
    digits = len(str(alpha)) - 2  # as many as are published
    assert round(fire.coefficient, digits) == alpha


@pytest.mark.parametrize(("growth", "seconds"), [("medium", 654), ("fast", 327), ("ultrafast", 163)])
def test_times_to_five_megawatt(growth: str, seconds: int) -> None:
    fire = Fire.model_validate({"growth": growth})
    early, late = heat_release(fire, np.array([seconds - 1.0, seconds + 1.0]))
    assert early < 5000.0 < late


def test_a_coefficient_and_a_peak() -> None:
    fire = Fire(alpha=0.02, peak=300.0)
    # 0.02 · 100² = 200; 0.02 · 122² = 297.68; 0.02 · 123² = 302.58
    assert heat_release(fire, np.array([100.0, 122.0, 123.0, 9e9])).tolist() == [200.0, 297.68, 300.0, 300.0]


# ---------------------------------------------------------------------------------------------------------
# losses


def test_losses() -> None:
    seconds = np.array([0.0, 90.0, 600.0, NAN])
    assert loss(Loss(per_minute=100), seconds, 6000.0).tolist() == [0.0, 150.0, 1000.0, 10_000.0]
    assert loss(Loss(per_minute=100, maximum=700), seconds, 6000.0).tolist() == [0.0, 150.0, 700.0, 700.0]


# ---------------------------------------------------------------------------------------------------------
# a log by hand: fires are reached after 190, 150 and 100 s; of four medical calls one, after 790 s


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPATCH_CACHE", "off")
        return handmade.log(tmp_path_factory.mktemp("handmade"))


def with_outcomes(log: Log, **by_type: dict[str, Any]) -> Log:
    """Return a log whose incident types have outcomes."""
    kinds = tuple(
        replace(kind, type=kind.type.model_copy(update={"outcome": Outcome.model_validate(by_type[kind.id])}))
        if kind.id in by_type
        else kind
        for kind in log.scenario.kinds
    )
    return replace(log, scenario=replace(log.scenario, kinds=kinds))


def measured(log: Log, *names: str) -> list[float]:
    return list(dispatch.measure(log, names).values())


FAST = 1055 / 150**2


def test_fires_by_hand(log: Log) -> None:
    sized = with_outcomes(log, fire={"fire": {"growth": "fast"}})
    # from ignition: 4 min + 190, 150, 100 s + 3.5 min = 640, 600, 550 s; type 7: position 0.9 · 2 = 1.8
    expected = [
        FAST * (640**2 + 600**2 + 550**2) / 3,
        FAST * (600**2 + 0.8 * (640**2 - 600**2)),
        FAST * 600**2,
        1.0,
    ]
    names = ("fire.at_first_water.mean", "fire.at_first_water.p90", "fire.at_first_water.mean[zone=east]",
             "rule15.share")  # fmt: skip
    assert measured(sized, *names) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("ignition", "share"), [
    (500.0, 3 / 3), (500.000001, 3 / 3), (500.01, 2 / 3), (540.0, 2 / 3), (540.01, 1 / 3), (590.01, 0 / 3),
])  # fmt: skip
def test_the_rule_on_both_sides_of_900_s(log: Log, ignition: float, share: float) -> None:
    """500 + 190 + 210 are 900 s, and so are 540 + 150 + 210; a millionth is the room for rounding."""
    fire = {"fire": {"growth": "slow", "ignition_to_call": ignition}}
    assert measured(with_outcomes(log, fire=fire), "rule15.share") == [share]


def test_fires_nobody_reached_miss_the_rule_and_have_no_size(log: Log) -> None:
    fire = {"fire": {"alpha": 1.0, "ignition_to_call": 0, "set_up": 0}}
    changed = with_outcomes(log, medical=fire)
    # late after 790 s; off, never and none not at all
    assert measured(changed, "rule15.share", "fire.at_first_water.mean", "fire.at_first_water.p90") == [
        1 / 4, 790.0**2, 790.0**2,
    ]  # fmt: skip
    # never is of the east, none of the west: nobody came to the latter
    assert measured(
        changed, "rule15.share[zone=west]", "fire.at_first_water.mean[zone=west]"
    ) == pytest.approx([0.0, NAN], nan_ok=True)


def test_survivors_by_hand(log: Log) -> None:
    changed = with_outcomes(log, medical={"survival": {"function": "de-maio", "patients": 0.5}})
    reached = 0.5 / (1 + math.exp(0.679 + 0.262 * 790 / 60))
    names = ("survivors.expected", "survivors.expected[zone=west]", "survivors.expected[priority=2]")
    assert measured(changed, *names) == pytest.approx([reached, 0.0, reached], rel=1e-12)
    # one minute to the patient, who has had resuscitation since the third minute
    keys = {"function": "larsen", "delay": "1 min", "bystander_cpr": "3 min"}
    changed = with_outcomes(log, fire={"survival": keys})
    minutes = [190 / 60 + 1, 150 / 60 + 1, 100 / 60 + 1]
    by_hand = [0.67 - 0.023 * min(t, 3) - 0.032 * t for t in minutes]
    assert measured(changed, "survivors.expected") == pytest.approx([sum(by_hand)], rel=1e-12)


def test_losses_by_hand(log: Log) -> None:
    changed = with_outcomes(
        log, fire={"loss": {"per_minute": 60}}, medical={"loss": {"per_minute": 6, "maximum": 50}}
    )
    # 60 a minute are 1 a second: 190 + 150 + 100; late 79, cut to 50, and three that nobody reached
    names = ("loss.expected", "loss.expected[type=fire]", "loss.expected[type=medical]")
    assert measured(changed, *names) == pytest.approx([440 + 200, 440, 200])
    # without a maximum each of the three counts as the horizon of 3600 s
    changed = with_outcomes(log, medical={"loss": {"per_minute": 6}})
    assert measured(changed, "loss.expected") == pytest.approx([79 + 3 * 360])


def test_what_no_call_has_is_undefined(log: Log) -> None:
    both = {"fire": {"growth": "slow"}, "loss": {"per_minute": 1}}
    changed = with_outcomes(log, fire=both, medical={"survival": {"function": "larsen"}})
    # fires have priority 1, medical calls 2
    names = [f"{name}[priority={2 - (OUTCOMES[name].part == 'survival')}]" for name in sorted(OUTCOMES)]
    assert all(math.isnan(value) for value in measured(changed, *names))
    assert not any(math.isnan(value) for value in measured(changed, *sorted(OUTCOMES)))


# ---------------------------------------------------------------------------------------------------------
# names


def test_what_a_scenario_has_no_outcome_for_is_refused(log: Log) -> None:
    for name, measure in OUTCOMES.items():
        with pytest.raises(UsageError) as caught:
            measured(log, name)
        assert f"'{name}': no incident type of the scenario has an outcome" in str(caught.value)
        assert f"incident_types.<type>.outcome.{measure.part}" in str(caught.value)
    changed = with_outcomes(log, fire={"fire": {"growth": "slow"}})
    with pytest.raises(UsageError, match="type 'medical' has no outcome with 'fire'") as caught:
        measured(changed, "rule15.share[type=medical]")
    assert "incident_types.medical.outcome.fire" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("rule15.share[unit=P1]", "type, zone, priority"),
        ("survivor.expected", "survivors.expected"),
        ("fire.at_first_water.p80", "fire.at_first_water.p90"),
        ("loss.expected", "add_up"),
    ],
)
def test_names_that_mean_nothing(log: Log, name: str, hint: str) -> None:
    if hint == "add_up":
        changed = with_outcomes(
            log, fire={"loss": {"per_minute": 1, "unit": "m²"}}, medical={"loss": {"per_minute": 1}}
        )
        hint = "fire in m², medical in none"
    else:
        changed = with_outcomes(log, fire={"fire": {"growth": "slow"}})
    with pytest.raises(UsageError) as caught:
        measured(changed, name)
    assert hint in str(caught.value)


def test_units_and_directions(log: Log) -> None:
    changed = with_outcomes(
        log,
        fire={"fire": {"growth": "slow"}, "loss": {"per_minute": 1, "unit": "万元"}},
        medical={"survival": {"function": "larsen"}, "loss": {"per_minute": 1}},
    )
    names = [name if name != "loss.expected" else "loss.expected[type=fire]" for name in sorted(OUTCOMES)]
    compiled = {m.name.partition("[")[0]: m for m in compile_measures(changed.scenario, names)}
    assert {name: (m.unit, m.higher_is_better) for name, m in compiled.items()} == {
        "fire.at_first_water.mean": ("kW", False),
        "fire.at_first_water.p90": ("kW", False),
        "loss.expected": ("万元", False),
        "rule15.share": ("share", True),
        "survivors.expected": ("people", True),
    }
    assert all(m.comparison_aid and not m.given for m in compiled.values())
    assert set(OUTCOMES) <= set(known_names())
    (plain,) = compile_measures(changed.scenario, ["loss.expected[type=medical]"])
    assert plain.unit == "1"


def test_how_they_are_said() -> None:
    assert speak.value(1234.5, "kW") == "1,234 kW"
    assert speak.value(3.27149, "people") == "3.271 people"
    assert speak.difference(-0.012344, "people") == "−0.01234 people"
    assert speak.difference(12_345_678.0, "CNY") == "+12,345,678 CNY"
    assert speak.margin(0.25, "kW") == "± 0.25 kW"


# ---------------------------------------------------------------------------------------------------------
# files


@pytest.mark.parametrize(
    ("outcome", "fact", "remedy"),
    [
        ({}, "an outcome without content", "'survival', 'fire' or 'loss'"),
        ({"survival": {"function": "larsen"}, "fire": {"growth": "slow"}}, "not of fire", "Remove one"),
        ({"survival": {}}, "'function' is missing", "Add it"),
        ({"survival": {"function": "x"}}, "'larsen', 'king-county', 'de-maio' or 'valenzuela'", "Correct"),
        ({"survival": {"function": "larsen", "at_once": 0.5}}, "not used by larsen", "king-county"),
        ({"survival": {"function": "de-maio", "bystander_cpr": 60}}, "not used by de-maio", "or valenzuela"),
        ({"survival": {"function": "valenzuela", "advanced_care": 9}}, "not used by valenz", "use larsen"),
        ({"survival": {"function": "king-county"}}, "king-county without 'at_once'", "within 4 minutes"),
        ({"survival": {"function": "larsen", "patients": "2"}}, "not a number", "plain number"),
        ({"survival": {"function": "larsen", "patients": 0}}, "greater than 0", "Correct"),
        ({"survival": {"function": "larsen", "delay": -1}}, "below zero", "zero or more"),
        ({"fire": {}}, "either 'growth' or 'alpha'", "medium"),
        ({"fire": {"growth": "fast", "alpha": 0.1}}, "either 'growth' or 'alpha'", "medium"),
        ({"fire": {"growth": "quick"}}, "'slow', 'medium', 'fast' or 'ultrafast'", "Correct"),
        ({"fire": {"alpha": 0}}, "greater than 0", "Correct"),
        ({"fire": {"growth": "fast", "setup": 60}}, "unknown key 'setup'", "set_up"),
        ({"loss": {}}, "'per_minute' is missing", "Add it"),
        ({"loss": {"per_minute": -3}}, "greater than 0", "Correct"),
        ({"loss": {"per_minute": 1, "unit": "kW"}}, "the unit of other measures", "CNY"),
        ({"loss": {"per_minute": 1, "unit": "[b]x"}}, "cannot be a unit", "CNY"),
        ({"loss": {"per_minute": 1, "unit": "x" * 21}}, "cannot be a unit", "CNY"),
        ({"losses": {"per_minute": 1}}, "unknown key 'losses'", "loss"),
    ],
)  # fmt: skip
def test_what_is_refused_at_load(tmp_path: Path, outcome: Any, fact: str, remedy: str) -> None:
    types = {"fire": {"run_card": {"engine": 1}, "on_scene": 600, "outcome": outcome}}
    with pytest.raises(ScenarioError) as caught:
        small(tmp_path, incident_types=types)
    (line,) = str(caught.value).strip().split("\n")
    assert "incident_types.fire.outcome" in line
    assert fact in line
    assert remedy in line


def test_a_level_is_a_share() -> None:
    for level in (0, 1.01, 40):
        with pytest.raises(ValidationError, match="at_once"):
            Survival(function="king-county", at_once=level)
    assert Survival(function="king-county", at_once=1).at_once == 1


def test_units_of_loss_that_are_taken() -> None:
    for unit in ("CNY", "m²", "万元", "€", "k€/a", "Mio. EUR"):
        assert Loss(per_minute=1, unit=unit).unit == unit
    for unit in ("s", "share", "h", "1", "kW", "people", "", "a|b", "*x*", "a_b", "x\ny"):
        with pytest.raises(ValidationError):
            Loss(per_minute=1, unit=unit)


def test_an_outcome_of_nothing_is_none(tmp_path: Path) -> None:
    """Fingerprints of scenarios without the key are as they were before there was one."""
    plain = small(tmp_path / "1", incident_types={"fire": ONE})
    empty = small(tmp_path / "2", incident_types={"fire": {**ONE, "outcome": None}})
    assert fingerprints(plain) == fingerprints(empty)


# ---------------------------------------------------------------------------------------------------------
# worlds: five nodes a minute apart, engines at both ends (tests/regression/worlds.py)

ONE = {"run_card": {"engine": 1}, "on_scene": 600}
ARREST = {"fire": {**ONE, "outcome": {"survival": {"function": "larsen"}, "loss": {"per_minute": 2}}}}


def test_a_world_by_hand(tmp_path: Path) -> None:
    """Reached after 1, 3 and 0 min by both engines; by one alone after 1, 560/60 and 4 min."""
    scenario = dispatch.load(write_case(tmp_path, incident_types=ARREST))
    names = ["survivors.expected", "loss.expected"]
    both = dispatch.measure(dispatch.simulate(scenario), names)
    assert list(both.values()) == pytest.approx([3 * 0.67 - 0.055 * 4, 2 * 4])
    one = dispatch.measure(dispatch.simulate(scenario, "one"), names)
    minutes = 1 + 560 / 60 + 4
    assert list(one.values()) == pytest.approx([3 * 0.67 - 0.055 * minutes, 2 * minutes])


def test_outcomes_change_nothing_that_happens(tmp_path: Path) -> None:
    types = {"fire": {"run_card": {"engine": 1}, "on_scene": {"exponential": {"mean": 900}}}}
    with_one = {"fire": {**types["fire"], "outcome": {"fire": {"growth": "medium"}}}}
    first = small(tmp_path / "1", incident_types=types)
    other = small(tmp_path / "2", incident_types=with_one)
    for column in ("unit", "incident", "alerted", "on_scene", "available"):
        one, two = (getattr(dispatch.simulate(s).responses, column) for s in (first, other))
        np.testing.assert_array_equal(one, two)
    changed = {
        key for key, value in fingerprints(first).items() if fingerprints(other).get(key) != value
    }  # fmt: skip
    assert changed == {"scenario.incident_types.fire"}


def test_a_slower_crew_saves_fewer_and_meets_bigger_fires(tmp_path: Path) -> None:
    """Metamorphic: minute for minute, on the same calls."""
    found: dict[str, list[float]] = {}
    for turnout in (0, 60, 180, 600):
        types = {"engine": {"capabilities": ["engine"], "turnout": turnout}}
        for part in ({"survival": {"function": "valenzuela"}}, {"fire": {"growth": "medium"}}):
            scenario = small(tmp_path, unit_types=types, incident_types={"fire": {**ONE, "outcome": part}})
            names = [name for name, measure in OUTCOMES.items() if measure.part in part]
            for name, value in dispatch.measure(dispatch.simulate(scenario), names).items():
                found.setdefault(name, []).append(value)
    assert len(found) == 4
    for name, values in found.items():
        rising = [a < b for a, b in pairwise(values)]
        assert all(rising) if name.startswith("fire") else not any(rising), name


def test_expectations_of_outcomes(tmp_path: Path) -> None:
    """A check tells values with their unit, and an expectation over no call cannot fail."""
    write_case(tmp_path, incident_types={"fire": {**ONE, "outcome": {"fire": {"alpha": 0.1}}}})
    # 450 s plus 60, 180 and 0 s
    value = 0.1 * (510**2 + 630**2 + 450**2) / 3
    met = {"layout": "baseline", "measure": "fire.at_first_water.mean", "op": "==", "value": value}
    missed = {**met, "measure": "fire.at_first_water.p90", "op": "<=", "value": 1000}
    first, second = outcomes(tmp_path, assertions=[met, missed])
    assert first.status.name == "PASSED"
    # type 7: position 1.8 between 510 and 630 s
    p90 = 0.1 * (510**2 + 0.8 * (630**2 - 510**2))
    assert second.message.startswith(f"expected ≤ 1000 kW, got {p90:.6g} kW")
    (told,) = refused(tmp_path, assertions=[{**missed, "value": "5 min"}])
    assert "a duration, but fire.at_first_water.p90 is in kW" in told
    (told,) = refused(tmp_path, assertions=[{**missed, "measure": "survivors.expected"}])
    assert "no incident type of the scenario has an outcome with 'survival'" in told


def test_expectations_over_no_call_are_errors(tmp_path: Path) -> None:
    types = {**ARREST, "arrest": {**ONE, "outcome": {"survival": {"function": "de-maio"}}}}
    types["fire"] = ONE
    write_case(tmp_path, incident_types=types)
    statement = {"layout": "one", "measure": "survivors.expected", "op": "<=", "value": 1}
    (found,) = outcomes(tmp_path, assertions=[statement])
    assert found.status.name == "ERROR"
    assert "taken over nothing" in found.message


def test_people_are_told_what_they_are_good_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario = dispatch.load(write_scenario(tmp_path, incident_types=ARREST, layouts={
        "one": {"remove_units": ["E1"]}}))  # fmt: skip
    shown = dispatch.compare(scenario, ["baseline", "one"], 2, measures=["survivors.expected"])
    print_study(console(), shown)
    assert capsys.readouterr().out.count(CAUTION) == 1
    print_run(console(), dispatch.compare(scenario, ["one"], 2, measures=["loss.expected"]))
    assert capsys.readouterr().out.count(CAUTION) == 1
    print_run(console(), dispatch.compare(scenario, ["one"], 2, measures=["incidents.n"]))
    assert CAUTION not in capsys.readouterr().out
