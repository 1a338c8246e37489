"""Statements about alarm levels: an incident has at least some level by some time after its call.

The line of five nodes, a minute of driving apart. x calls from a at 100 s, and 20 s later the first engine is
alerted. Its severity is 3: at 720 s, 600 s after the call is ready, it is raised to level 2, which is 620 s
after the call, and 600 s later to level 3. y calls at 5000 s and
needs level 1, within 200 s after it is ready.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dispatch.engine.levels import Levels
from dispatch.regression.outcomes import Status
from tests.engine.test_levels import PLANS, UNITS
from tests.regression.worlds import checked, outcomes, refused, write_case
from tests.small import write_scenario

if TYPE_CHECKING:
    from pathlib import Path

DEMAND = {"poisson": {"fire": {"rate": "0/d"}}}
ALARM = {"level": 1, "severity": {3: 1}, "control_within": "10 min"}


def write(folder: Path, name: str = "", *, level: int = 1, **changes: Any) -> None:
    """Write the case; x has a level of its own where one is given."""
    calls = {"x": (100, "fire"), "y": (5000, "small"), "z": (9000, "lift"), "v": (9500, "plain")}
    injects: list[dict[str, Any]] = [
        {"at": at, "incident": {"type": kind, "node": "a", "id": call}} for call, (at, kind) in calls.items()
    ]
    injects[0]["incident"]["level"] = level
    types = {
        "fire": {"on_scene": 3600, "alarm": ALARM},
        "small": {"on_scene": 60, "classed_as": "fire", "alarm": {"level": 1, "control_within": 200}},
        "lift": {"on_scene": 60, "classed_as": "lift", "alarm": {"scale": "rescue", "level": 1}},
        "plain": {"on_scene": 60, "classed_as": "fire"},
    }
    plans: dict[str, Any] = PLANS | {"classes": {"fire": {"scale": "fire"}, "lift": {"scale": "rescue"}}}
    plans["own"] = {"all": {**PLANS["own"]["all"], "classes": ["fire", "lift"]}}  # type: ignore[index]
    base: dict[str, Any] = {"call_processing": 20, "units": UNITS, "plans": plans, "incident_types": types}
    write_case(folder, **{**base, "demand": DEMAND, "injects": injects, "layouts": {}, **changes})
    if name:
        (folder / "scenario.yaml").rename(folder / name)


def at_least(level: int, by: float | str, incident: str = "x", **more: Any) -> dict[str, Any]:
    return {"incident": incident, "level": level, "by": by, **more}


@pytest.mark.parametrize(
    ("statement", "status", "message", "observed"),
    [
        (at_least(2, 620), Status.PASSED, "", 620.0),
        (at_least(2, 619), Status.FAILED,
         "expected level ≥ 2 by 619 s, got 1; level 2 came after 620 s (incident x)", 620.0),
        (at_least(3, "20 min 20 s"), Status.PASSED, "", 1220.0),
        (at_least(3, "20 min"), Status.FAILED,
         "expected level ≥ 3 by 1200 s, got 2; level 3 came after 1220 s (incident x)", 1220.0),
        (at_least(4, "10 h"), Status.FAILED,
         "expected level ≥ 4 by 36000 s, got 3; level 4 never came (incident x)", None),
        (at_least(2, "10 h", "y"), Status.FAILED,
         "expected level ≥ 2 by 36000 s, got 1; level 2 never came (incident y)", None),
    ],
)  # fmt: skip
def test_a_level_in_time(
    tmp_path: Path, statement: Any, status: Status, message: str, observed: float | None
) -> None:
    write(tmp_path)
    (found,) = outcomes(tmp_path, log=[statement])
    assert (found.status, found.message, found.observed) == (status, message, observed)
    assert (found.what, found.unit) == (f"level {statement['level']} at {statement['incident']}", "s")


def test_the_first_level_counts_from_the_call_itself(tmp_path: Path) -> None:
    write(tmp_path, level=3)
    found = outcomes(tmp_path, log=[at_least(3, 0.001), at_least(2, 0.001), at_least(4, 0.001)])
    assert [each.status for each in found] == [Status.PASSED, Status.PASSED, Status.FAILED]
    assert [each.observed for each in found] == [0.0, 0.0, None]


def test_every_cell_of_a_matrix_is_judged(tmp_path: Path) -> None:
    """y is under control at once, but not where all engines stand at e, 240 s away."""
    write(tmp_path, layouts={"east": {"remove_units": ["W1", "W2"]}})
    found = outcomes(tmp_path, matrix={"seeds": [1, 2]}, log=[at_least(2, 220, "y")])
    failed = "expected level ≥ 2 by 220 s, got 1; level 2 never came (incident y)"
    assert [(each.cell, each.message) for each in found] == [
        ("baseline,seed=1", failed),
        ("east,seed=1", ""),
        ("baseline,seed=2", failed),
        ("east,seed=2", ""),
    ]
    (alone,) = outcomes(tmp_path, log=[at_least(2, 219, "y", layout="east")])
    assert alone.message.endswith("got 1; level 2 came after 220 s (incident y)")


def test_one_replication_is_looked_at_unless_another_is_named(tmp_path: Path) -> None:
    """Calls of fire come at random: 5 levels are reached whatever comes, but fire-60 is not in every draw."""
    alarm = {"level": 1, "severity": {5: 1}, "control_within": 60}
    fire = {"run_card": {"engine": 1}, "on_scene": 600, "alarm": alarm}
    write_scenario(
        tmp_path,
        units={"W1": UNITS["W1"]},
        incident_types={"fire": fire},
        demand={"poisson": {"fire": {"rate": "60/d"}}},
        replications=4,
    )
    found = outcomes(tmp_path, log=[at_least(5, 240, "fire-60", replication=n) for n in range(4)])
    assert {each.status for each in found} == {Status.PASSED, Status.ERROR}
    told = {each.message.split(".")[0] for each in found if each.status is Status.ERROR}
    assert told == {"there is no incident 'fire-60' in it"}
    (alone,) = outcomes(tmp_path, log=[at_least(5, 240, "fire-60")])
    assert (alone.status, alone.message) == (found[0].status, found[0].message)


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        (at_least(2, 60, "v"), "calls of type 'plain' have no alarm levels. Give the type an 'alarm'."),
        (at_least(2, 60, "plain-3"), "no call 'plain-3' that has alarm levels"),
        (at_least(2, 60, "xx"), "log[0].incident: no call 'xx' that has alarm levels. Did you mean 'x'?"),
        (at_least(6, 60), "log[0].level: calls of type 'fire' have levels 1 to 5"),
        (at_least(5, 60, "z"), "calls of type 'lift' have levels 1 to 4"),
        (at_least(1, 60), "log[0].level: every call with alarm levels has level 1 from the start"),
        (at_least(2, 60, replication=1), "there is no replication 1"),
        ({"incident": "x", "level": 2}, "not one whole statement"),
        (at_least(2, 60, unit="W1"), "not one whole statement"),
    ],
)  # fmt: skip
def test_levels_that_make_no_sense_are_refused(tmp_path: Path, statement: Any, line: str) -> None:
    write(tmp_path)
    told = refused(tmp_path, log=[statement])
    assert any(line in each for each in told), told
    assert len([each for each in told if each.strip()]) == 1


def test_a_scenario_of_the_matrix_without_levels_is_named(tmp_path: Path) -> None:
    write(tmp_path, "graded.yaml")
    write_case(tmp_path)
    matrix = {"scenarios": ["graded.yaml", "scenario.yaml"]}
    (told,) = refused(tmp_path, matrix=matrix, log=[at_least(3, 60)])
    assert "log[0].level: scenario.yaml has no alarm levels, so that none can be reached" in told
    assert told.endswith(
        "Give an incident type an 'alarm', or expect what units do, with unit, reaches, within."
    )
    (found,) = outcomes(tmp_path, matrix=matrix, log=[at_least(3, 1220, scenario="graded.yaml")])
    assert found.status is Status.PASSED


def test_recorded_calls_have_no_levels(tmp_path: Path) -> None:
    """The type of x has them; what was recorded of a call says nothing of its level."""
    fire = {"run_card": {"engine": 1}, "on_scene": 600, "alarm": {"level": 1}}
    write_case(tmp_path, incident_types={"fire": fire})
    (told,) = refused(tmp_path, log=[at_least(2, 60)])
    assert "no call 'x' that has alarm levels. Name an injected call" in told


def test_a_deadline_that_nobody_checks_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    outcomes(tmp_path, log=[at_least(2, 620)])
    assert checked(tmp_path).exit_code == 0
    monkeypatch.setattr(Levels, "_check", lambda self, call, level: None)
    result = checked(tmp_path)
    assert result.exit_code == 1
    assert result.cases[0].outcomes[0].message.endswith("got 1; level 2 never came (incident x)")
