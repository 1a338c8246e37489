"""Injects of calls, surges and messages: resolved, listed, and refused with place and remedy."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import dispatch
from dispatch.errors import ScenarioError
from dispatch.regression.provenance import fingerprints
from dispatch.regression.refusing import may_come, possible
from dispatch.study.measures import compile_measures
from tests.cli.world import dispatch as run
from tests.small import small, write_scenario

if TYPE_CHECKING:
    from pathlib import Path

FIRE: dict[str, Any] = {"type": "fire", "node": "b"}
SURGE: dict[str, Any] = {"factor": 2, "for": "1 h"}


def problems(folder: Path, *injects: Any, calls: str = "", **changes: Any) -> list[str]:
    """Load a scenario that must be refused and return what is said."""
    path = write_scenario(folder, calls, injects=list(injects), **changes)
    with pytest.raises(ScenarioError) as refused:
        dispatch.load(path)
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("inject", "told"),
    [
        ({"incident": FIRE}, r"injects\[0\]: 'at' is missing"),
        ({"at": 5, "incident": FIRE, "surge": SURGE}, r"an inject does one thing.* Give one of 'close', "),
        ({"at": 5, "incident": {"type": "fire"}}, r"injects\[0\].incident: 'node' is missing"),
        ({"at": 5, "incident": {"node": "b"}}, r"injects\[0\].incident: 'type' is missing"),
        ({"at": 5, "incident": {**FIRE, "type": "fir"}}, r"incident.type: no incident type 'fir'. .*'fire'"),
        ({"at": 5, "incident": {**FIRE, "node": "bb"}}, r"incident.node: no node 'bb' in network 'line'"),
        ({"at": 5, "incident": {**FIRE, "node": [9e5, 0]}}, r"incident.node: .* off the network"),
        ({"at": 5, "incident": {**FIRE, "units": {"engin": 1}}}, r"units.engin: no unit type has .*'engine'"),
        ({"at": 5, "incident": {**FIRE, "units": {}}}, r"incident.units: "),
        ({"at": 5, "incident": {**FIRE, "units": {"engine": 0}}}, r"incident.units.engine: .*0"),
        ({"at": 5, "incident": {**FIRE, "priority": 100}}, r"incident.priority: "),
        ({"at": 5, "incident": {**FIRE, "id": "a,b"}}, r"incident.id: 'a,b' cannot be an id"),
        ({"at": 5, "incident": {**FIRE, "id": "fire-7"}}, r"incident.id: the id 'fire-7' .* random call"),
        ({"at": 5, "incident": {**FIRE, "id": "fire-surge-1-2"}}, r"the id 'fire-surge-1-2' is not free"),
        ({"at": 5, "incident": {**FIRE, "idd": "x"}}, r"unknown key 'idd'. Did you mean 'id'"),
        ({"at": "1 d", "incident": FIRE}, r"injects\[0\].at: 86400 s .* not before the 'horizon'"),
        ({"at": "2024-01-02T00:00:00Z", "message": {"text": "x"}}, r"injects\[0\].at: 86400 s .*horizon"),
        ({"at": "2023-12-31T00:00:00Z", "surge": SURGE}, r"injects\[0\].at: .* is before the scenario's"),
        ({"at": "2 d", "surge": SURGE}, r"injects\[0\].at: 172800 s"),
        ({"at": 5, "surge": {"for": "1 h"}}, r"injects\[0\].surge: 'factor' is missing"),
        ({"at": 5, "surge": {"factor": 2}}, r"injects\[0\].surge: 'for' is missing"),
        ({"at": 5, "surge": {**SURGE, "factor": 0}}, r"surge.factor: must be greater than 0"),
        ({"at": 5, "surge": {**SURGE, "factor": -2}}, r"surge.factor: must be greater than 0"),
        ({"at": 5, "surge": {**SURGE, "for": 0}}, r"surge.for: "),
        ({"at": 5, "surge": {**SURGE, "fro": 0}}, r"unknown key 'fro'. Did you mean 'for'"),
        ({"at": 5, "surge": {**SURGE, "types": []}}, r"surge.types: "),
        ({"at": 5, "surge": {**SURGE, "types": ["flood"]}}, r"surge.types\[0\]: no incident type 'flood'"),
        ({"at": 5, "surge": {**SURGE, "types": ["fire", "rare"]}}, r"types\[1\]: .*'rare' has no random"),
        ({"at": 5, "surge": {**SURGE, "zones": ["lef"]}}, r"surge.zones\[0\]: no zone 'lef'. .*'left'"),
        ({"at": 5, "surge": {**SURGE, "zones": ["right"]}}, r"surge.zones: no random calls of these types"),
        ({"at": 5, "surge": {**SURGE, "factor": 1e6, "for": "1 d"}}, r"random calls in one replication"),
        ({"at": 5, "message": {"from": "x"}}, r"injects\[0\].message: 'text' is missing"),
        ({"at": 5, "message": {"text": " "}}, r"injects\[0\].message.text: "),
        ({"at": 5, "message": {"text": "x", "form": "y"}}, r"unknown key 'form'. Did you mean 'from'"),
    ],
)  # fmt: skip
def test_bad_injects_are_refused(tmp_path: Path, inject: dict[str, Any], told: str) -> None:
    types = {name: {"run_card": {"engine": 1}, "on_scene": 600} for name in ("fire", "rare")}
    demand = {"poisson": {"fire": {"rate": "24/d", "places": {"left": 1}}}}
    found = problems(tmp_path, inject, incident_types=types, demand=demand)
    assert len(found) == 1, found
    assert re.search(told, found[0]), found[0]
    assert re.match(r"scenario.yaml:\d+ ", found[0])


def test_all_problems_are_told_at_once_also_without_the_network(tmp_path: Path) -> None:
    bad = (
        {"at": 5, "incident": {**FIRE, "type": "fir", "node": "bb"}},
        {"at": 6, "surge": {**SURGE, "types": ["fir"], "zones": ["lef"]}},
        {"at": "9 d", "message": {"text": "x"}},
    )
    assert len(problems(tmp_path / "a", *bad)) == 5
    without = problems(tmp_path / "b", *bad, network="nowhere")
    assert len(without) == 4  # node and zone cannot be told, the network is missing
    assert sum("no incident type 'fir'" in problem for problem in without) == 2


def test_a_horizon_that_is_wrong_itself_puts_no_inject_past_it(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, {"at": "9 d", "message": {"text": "x"}}, horizon="soon")
    assert "horizon" in found
    assert "not a duration" in found


def test_ids_are_given_once(tmp_path: Path) -> None:
    again = {"at": 7, "incident": {**FIRE, "id": "fire-inject-1"}}
    (found,) = problems(tmp_path / "a", {"at": 5, "incident": FIRE}, again)
    assert "injects[1].incident.id: the id 'fire-inject-1' is not free: another injected call has it" in found
    calls = "incident,received,type,node\nx,10,fire,a\n"
    (found,) = problems(tmp_path / "b", {"at": 5, "incident": {**FIRE, "id": "x"}}, calls=calls)
    assert "the id 'x' is not free: a recorded call has it" in found
    types = {name: {"run_card": {"engine": 1}, "on_scene": 600} for name in ("fire", "fire-inject")}
    demand = {"poisson": {"fire-inject": {"rate": "24/d"}}}
    (found,) = problems(tmp_path / "c", {"at": 5, "incident": FIRE}, incident_types=types, demand=demand)
    assert "injects[0].incident: the id 'fire-inject-1' is not free: a random call may get it" in found


def test_no_type_is_called_like_the_calls_of_a_surge(tmp_path: Path) -> None:
    types = {name: {"run_card": {"engine": 1}, "on_scene": 600} for name in ("fire", "fire-surge-2")}
    quiet = {"at": 1, "surge": {**SURGE, "factor": 0.5}}
    (found,) = problems(tmp_path, quiet, {"at": 5, "surge": SURGE}, incident_types=types)
    assert "injects[1].surge: incident type 'fire-surge-2' is called like the calls" in found


def test_a_surge_needs_random_demand(tmp_path: Path) -> None:
    calls = "received,type,node\n10,fire,a\n"
    (found,) = problems(tmp_path, {"at": 5, "surge": SURGE}, calls=calls)
    assert "injects[0].surge: a surge of random demand, of which there is none" in found


def test_capabilities_of_injected_calls_are_needed(tmp_path: Path) -> None:
    kinds = {name: {"capabilities": [name], "turnout": 0} for name in ("engine", "pump")}
    pump = {"at": 5, "incident": {**FIRE, "units": {"pump": 1}}}
    (found,) = problems(tmp_path / "a", pump, unit_types=kinds)
    assert "calls need 'pump', which no unit of the layout has" in found
    three = small(tmp_path / "b", injects=[{"at": 5, "incident": {**FIRE, "units": {"engine": 3}}}])
    assert any("has 2 of the 3 'engine'" in note for note in three.notes)


def test_injected_calls_must_be_within_reach_of_a_matrix(tmp_path: Path) -> None:
    home = tmp_path / "networks" / "table"
    home.mkdir(parents=True)
    (home / "network.yaml").write_text("kind: matrix\nfile: times.csv\nunit: s\n", encoding="utf-8")
    (home / "times.csv").write_text("from,to,time\na,a,0\na,b,9\nb,a,9\nb,b,0\nc,c,0\n", encoding="utf-8")
    common: dict[str, Any] = {
        "network": "table",
        "stations": {"west": {"at": "a"}},
        "units": {"W1": {"type": "engine", "station": "west"}},
        "demand": {"poisson": {"fire": {"rate": "24/d", "places": {"b": 1}}}},
    }
    assert dispatch.load(write_scenario(tmp_path, **common)).authored == ()
    found = problems(tmp_path, {"at": 5, "incident": {**FIRE, "node": "c"}}, **common)
    assert any("no travel time: station 'west' to c" in problem for problem in found)


def test_injected_calls_in_the_warm_up_are_noted(tmp_path: Path) -> None:
    two = [{"at": at, "incident": FIRE} for at in (100, 900)]
    scenario = small(tmp_path, injects=two, warm_up=600)
    assert "Injected in the warm-up, and not measured: 'fire-inject-1'." in scenario.notes


def test_moments_types_and_zones_are_resolved(tmp_path: Path) -> None:
    surges = [
        {"at": "2024-01-01T02:00:00+01:00", "surge": SURGE},
        {"at": "2 h", "surge": {**SURGE, "types": ["fire"], "zones": ["left"]}},
    ]
    scenario = small(tmp_path, injects=[*surges, {"at": 0, "message": {"text": "x"}}])
    first, second = scenario.surges
    assert (first.number, first.begins, first.ends) == (1, 3600.0, 7200.0)
    assert (second.number, second.begins, second.ends) == (2, 7200.0, 10800.0)
    assert first.inside.tolist() == [True] * 5
    assert second.inside.tolist() == [name in "ab" for name in scenario.network.node_ids]
    received, node = np.array([7199.9, 7200.0, 10799.9, 10800.0, 8000.0]), np.array([0, 0, 1, 1, 4])
    assert second.covers(0, received, node.astype(np.int32)).tolist() == [False, True, True, False, False]
    assert not second.covers(1, received, node.astype(np.int32)).any()


def test_injects_count_in_no_demand_but_calls_may_come_of_them(tmp_path: Path) -> None:
    types = {name: {"run_card": {"engine": 1}, "on_scene": 600} for name in ("fire", "rare")}
    rare = {"at": 5, "incident": {"type": "rare", "node": "e", "priority": 9}}
    plain = small(tmp_path / "a", incident_types=types)
    scenario = small(
        tmp_path / "b", incident_types=types, injects=[rare, {"at": 5, "surge": {**SURGE, "for": "12 h"}}]
    )
    assert np.array_equal(plain.demand_by_node, scenario.demand_by_node)
    asks: list[dict[str, str]] = [{"type": "rare"}, {"type": "rare", "zone": "right"}, {"priority": "9"}]
    for filters in asks:
        assert may_come(scenario, filters)
        assert not may_come(plain, filters)
    for filters in ({"type": "rare", "zone": "left"}, {"type": "rare", "priority": "1"}):
        assert not may_come(scenario, filters)
    (number,) = compile_measures(scenario, ["incidents.n[priority=9]"])
    expected = 24 + 12
    assert possible(number, scenario)[1] == pytest.approx(1 + expected + 20 * expected**0.5 + 20, rel=1e-6)


def test_every_part_of_an_inject_is_in_the_fingerprint(tmp_path: Path) -> None:
    variants: list[dict[str, Any]] = [
        {"at": 5, "incident": FIRE},
        {"at": 6, "incident": FIRE},
        *({"at": 5, "incident": {**FIRE, **more}} for more in
          ({"node": "c"}, {"id": "x"}, {"priority": 3}, {"units": {"engine": 2}})),
        *({"at": 5, "surge": {**SURGE, **more}} for more in
          ({}, {"factor": 3}, {"for": 60}, {"types": ["fire"]}, {"zones": ["left"]})),
        {"at": 5, "message": {"text": "x"}},
    ]  # fmt: skip
    loaded = [small(tmp_path / str(i), injects=[one]) for i, one in enumerate(variants)]
    assert len({fingerprints(scenario)["scenario.injects"] for scenario in loaded}) == len(variants)
    assert len({scenario.digest for scenario in loaded}) == len(variants)


def test_validate_lists_injects(tmp_path: Path) -> None:
    path = write_scenario(
        tmp_path,
        injects=[
            {"at": "30 min", "message": {"from": "指挥中心", "to": "all", "text": "演练开始"}},
            {"at": "20 min", "incident": {**FIRE, "units": {"engine": 2}}},
            {"at": "2 h", "surge": {**SURGE, "zones": ["left"]}},
            {"at": "3 h", "surge": {"factor": 0.5, "for": "9 d"}},
        ],
    )
    done = run("validate", str(path))
    assert done.stdout.splitlines()[1:] == [
        "  inject at 20 min 00 s: call fire-inject-1 (fire at b, priority 1; engine: 2)",
        "  inject at 30 min 00 s: message from 指挥中心 to all: 演练开始",
        "  inject at 2 h 00 min: fire in left × 2 until 3 h 00 min",
        "  inject at 3 h 00 min: fire × 0.5 until 1 d",
    ]
    document = json.loads(run("validate", str(path), "--json").stdout)["scenario.yaml"]
    assert document["injects"] == [
        {"at": 1800.0, "does": "message", "from": "指挥中心", "to": "all", "text": "演练开始"},
        {"at": 1200.0, "does": "incident", "id": "fire-inject-1", "type": "fire", "node": "b", "priority": 1,
         "units": {"engine": 2}},
        {"at": 7200.0, "does": "surge", "factor": 2.0, "until": 10800.0, "types": ["fire"],
         "zones": ["left"]},
        {"at": 10800.0, "does": "surge", "factor": 0.5, "until": 86400.0, "types": ["fire"], "zones": []},
    ]  # fmt: skip
