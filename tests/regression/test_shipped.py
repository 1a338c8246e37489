"""The regression set that is shipped covers what the package can do, and passes."""

from __future__ import annotations

import csv
import json
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

import pytest
from pydantic import BaseModel

from dispatch.engine.rulebook import Ending
from dispatch.errors import Problems
from dispatch.io.yaml_source import read_yaml
from dispatch.model.agreements import Agreement, AskedWhen, HandedWhen, Rung
from dispatch.model.alarms import Alarm, AlarmRules, Report, Uplift
from dispatch.model.distributions import Distribution
from dispatch.model.expectations import Comparison, LogExpectation, MeasureExpectation
from dispatch.model.hospitals import Diverting, Hospital
from dispatch.model.incidents import IncidentType, PoissonStream, Profile, Relief, ToHospital, Zone
from dispatch.model.injects import (
    Ask,
    Closure,
    Divert,
    Inject,
    InjectedIncident,
    LevelChange,
    Message,
    Order,
    Outage,
    OutOfService,
    Recall,
    Stage,
    SupplyOrder,
    Surge,
    Weather,
)
from dispatch.model.moving_up import CoverageAware, Fill, MostMoves
from dispatch.model.readiness import Breakdown, Crew, Downtime
from dispatch.model.resources import Unit, UnitType, Variation
from dispatch.model.scenario import BUILT_IN_POLICIES, Dispatching, MutualAid, ScenarioFile
from dispatch.model.supplies import (
    Carried,
    Cooling,
    Depot,
    Dyke,
    FoamAttack,
    Item,
    People,
    Production,
    Resupply,
    StockLine,
    Supplying,
    SupplyNeed,
    Truck,
    WaterSource,
    WaterSupply,
)
from dispatch.model.travel import SpeedRow, SpeedSet
from dispatch.regression.checking import check
from dispatch.regression.discovery import looks_like_scenario
from dispatch.regression.events import AVAILABLE, RECEIVED, WORDS
from dispatch.regression.golden import Golden, read_golden
from dispatch.regression.outcomes import Status
from dispatch.regression.reading import collect
from dispatch.scenario.recorded import LUCK
from tests.cli.world import ROOT, dispatch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dispatch.regression.cases import Case

SCENARIOS = ROOT / "scenarios"
SHIPPED = SCENARIOS / "regression"
FOR_PEOPLE = {"title", "description", "source"}
"""Fields that no result depends on."""

CELLS, ASSERTIONS = 38, 343


@cache
def _files(folder: Path) -> tuple[ScenarioFile, ...]:
    """Return what the scenarios of a folder say."""
    found = []
    for path in sorted(folder.glob("*.yaml")):
        if looks_like_scenario(path):
            document = read_yaml(path, Problems())
            assert document is not None
            found.append(ScenarioFile.model_validate(document.data))
    return tuple(found)


@cache
def _golden_logs(folder: Path = SHIPPED) -> tuple[Golden, ...]:
    problems = Problems()
    found = [read_golden(path, problems) for path in sorted(folder.glob("*.golden"))]
    assert not problems
    return tuple(golden for golden in found if golden is not None)


@cache
def _cases() -> tuple[Case, ...]:
    return tuple(collect([str(SHIPPED)]))


def _parts(value: object) -> Iterator[BaseModel]:
    """Yield a model and all models in it."""
    if isinstance(value, BaseModel):
        yield value
        for name in value.model_fields_set:
            yield from _parts(getattr(value, name))
    elif isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _parts(each)


def _used(model: type[BaseModel]) -> set[str]:
    """Return the fields of a model that some scenario of the set gives."""
    return {name for part in _parts(_files(SHIPPED)) if isinstance(part, model)
            for name in part.model_fields_set}  # fmt: skip


def test_every_incident_type_occurs() -> None:
    shipped = {name for file in _files(SCENARIOS) for name in file.incident_types}
    assert len(shipped) >= 6
    golden_logs = [*_golden_logs(), *_golden_logs(SCENARIOS)]
    told = {event.detail.split(" at ")[0] for golden in golden_logs for event in golden.events
            if event.kind == RECEIVED}  # fmt: skip
    assert shipped <= told


def test_every_policy_is_used() -> None:
    assert {file.dispatching.policy for file in _files(SHIPPED)} >= set(BUILT_IN_POLICIES)


def test_every_fallback_is_used() -> None:
    known = get_args(Dispatching.model_fields["when_none_free"].annotation)
    assert len(known) >= 3
    assert {file.dispatching.when_none_free for file in _files(SHIPPED)} == set(known)


@pytest.mark.parametrize("rule", ["diversion", "returning"])
def test_every_rule_is_used_on_and_off(rule: str) -> None:
    assert {getattr(file.dispatching, rule) for file in _files(SHIPPED)} == {True, False}


def test_every_inject_kind_is_used() -> None:
    kinds = set(Inject.model_fields) - {"at"}
    assert {name for file in _files(SHIPPED) for inject in file.injects
            for name in inject.model_fields_set - {"at"}} == kinds  # fmt: skip


@pytest.mark.parametrize(
    "model",
    [Agreement, Alarm, AlarmRules, Ask, AskedWhen, Breakdown, Carried, Closure, Cooling, CoverageAware, Crew,
     Depot, Dispatching, Distribution, Divert, Diverting, Downtime, Dyke, Fill, FoamAttack, HandedWhen,
     Hospital, IncidentType, InjectedIncident, Item, LevelChange, Message, MostMoves, MutualAid, Order,
     Outage, OutOfService, People, PoissonStream, Production, Profile, Recall, Relief, Report, Resupply,
     Rung, SpeedSet, Stage, StockLine, SupplyNeed, SupplyOrder, Supplying, Surge, ToHospital, Truck, Unit,
     UnitType, Uplift, Variation, WaterSource, WaterSupply, Weather, Zone],
)  # fmt: skip
def test_every_key_is_used(model: type[BaseModel]) -> None:
    """A key that scenarios may have is in one of the set, so that what it does is looked after."""
    assert set(model.model_fields) - FOR_PEOPLE - _used(model) == set()


def test_units_move_in_every_way() -> None:
    known = set(get_args(UnitType.model_fields["moves"].annotation))
    assert {kind.moves for file in _files(SHIPPED) for kind in file.unit_types.values()} == known


@pytest.mark.parametrize(
    ("file", "columns"),
    [
        ("recorded-day.calls.csv", {"incident", "received", *LUCK}),
        ("peak-hours.speeds.csv", set(SpeedRow.model_fields)),
    ],
)
def test_every_column_has_values(file: str, columns: set[str]) -> None:
    with (SHIPPED / file).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {name for row in rows for name, value in row.items() if value} >= columns


def test_everything_that_can_happen_happens() -> None:
    """In the golden logs: every kind of event, and every way in which a response can end."""
    events = [event for golden in _golden_logs() for event in golden.events]
    assert {WORDS[event.kind] for event in events} == set(WORDS)
    ends = {event.detail for event in events if event.kind == AVAILABLE}
    assert ends == {ending.name.lower() for ending in Ending}
    assert any("from the road" in event.detail for event in events)


def test_every_kind_of_expectation_is_used() -> None:
    files = [case.file for case in _cases() if case.file is not None]
    assert all(file.reviewed and file.golden for file in files)
    measured = [each for file in files for each in file.assertions]
    assert {each.op for each in measured} >= {"==", "<=", ">="}
    assert {each.severity for each in measured} == {"error", "warning"}
    kinds = {type(part) for file in files for part in _parts(file)}
    assert kinds >= {MeasureExpectation, Comparison, LogExpectation}
    assert {each.direction for file in files for each in file.comparisons} == {"lower", "higher", "same"}
    assert any(each.tolerance and each.tolerance.statistical for each in measured)
    matrix: set[str] = set().union(*(file.matrix.model_fields_set for file in files))
    assert matrix >= {"scenarios", "speeds", "seeds"}


def test_scenarios_tell_what_they_guard() -> None:
    for file in _files(SHIPPED):
        assert file.network == "lanzhou-new-area"
        assert file.title.isprintable()
        assert not file.title.isascii()  # in Chinese and in English
        assert "guards" in file.description.lower()


def test_the_set_passes_on_two_cores() -> None:
    """Every assertion of every cell, with the same result as on one."""
    done = dispatch("check", "scenarios/regression", "-j", "2", "--json")
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["exit_code"] == 0
    assert {name: count for name, count in document["counts"].items() if count} == {"passed": ASSERTIONS}
    assert sum(case["cells"] for case in document["cases"]) == CELLS
    assert sum(case.cells for case in _cases()) == CELLS
    assert sum(len(case.assertions) for case in _cases()) == ASSERTIONS
    assert dispatch("check", "scenarios/regression", "--json").stdout == done.stdout


@pytest.mark.parametrize(
    "name", ["gl-blackout-wood", "hn-bus-mountain", "lanzhou-plan-2020", "lz-petro-tank", "qx-typhoon-flood"]
)
def test_studies_are_as_expected(name: str) -> None:
    result = check(collect([str(SCENARIOS / f"{name}.yaml")]))
    assert result.exit_code == 0
    assert result.count(Status.PASSED) == sum(len(case.outcomes) for case in result.cases) >= 15
