"""The studies of Gulou and Huining: calls drawn once, nothing left to luck, travel found independently."""

from __future__ import annotations

import csv
import random
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

import dispatch
from tests.cli.world import ROOT
from tests.networks.test_densify import read

if TYPE_CHECKING:
    from dispatch.engine.log import Log
    from dispatch.scenario.scenario import Scenario

GULOU, HUINING = "gl-blackout-wood", "hn-bus-mountain"


@cache
def study(name: str) -> Scenario:
    return dispatch.load(ROOT / "scenarios" / f"{name}.yaml")


@cache
def played(name: str) -> Log:
    return dispatch.simulate(study(name))


def test_the_calls_from_lifts_are_those_of_the_rule_that_is_stated() -> None:
    with (ROOT / "networks" / "gulou" / "node.csv").open(encoding="utf-8", newline="") as file:
        nodes = [row["node_id"] for row in csv.DictReader(file)]
    places = ("HD", "WSL", "RJY")
    corners = {place: sorted(key for key in nodes if key.startswith(f"{place}.r")) for place in places}
    luck = random.Random(20200724)
    moments = sorted(luck.randrange(1, 1500) for _ in range(37))
    drawn = [(float(moment), luck.choice(corners[luck.choice(places)])) for moment in moments]
    log = played(GULOU)
    timeline, kinds = log.timeline, log.scenario.kinds
    calls = [i for i in range(len(timeline)) if timeline.incident_id(i, kinds).startswith("lift-")]
    ids = log.scenario.network.node_ids
    assert [(float(timeline.received[i]), ids[timeline.node[i]]) for i in calls] == drawn


@pytest.mark.parametrize(
    ("name", "notes"), [(GULOU, ["approximate", "minimum force of scale 'fire'"]), (HUINING, ["approximate"])]
)
def test_notes_show_no_mistake(name: str, notes: list[str]) -> None:
    told = study(name).notes
    assert len(told) == len(notes)
    assert all(part in note for part, note in zip(notes, told, strict=True))


@pytest.mark.parametrize("name", [GULOU, HUINING])
def test_nothing_is_left_to_luck(name: str) -> None:
    log, again = played(name), dispatch.simulate(study(name), "baseline", 7)
    assert len(log.responses) == len(again.responses) > 20
    for column in ("unit", "alerted", "on_scene", "available"):
        assert np.array_equal(
            getattr(log.responses, column), getattr(again.responses, column), equal_nan=True
        )


def test_the_third_tier_is_decided_on_five_minutes_after_the_call() -> None:
    log = played(GULOU)
    received = log.timeline.received
    decided = [
        each.decided - received[each.incident] for each in log.hand_overs if each.reason == "unmet_for"
    ]
    assert sorted({round(float(each), 6) for each in decided}) == [180.0, 300.0]
    assert sum(each > 200 for each in decided) == 28


@pytest.mark.parametrize("kind", ["HS-A", "JN-A", "DX-A", "TP-A", "TP-B"])
def test_vehicles_that_pass_the_lorry_take_sixteen_tenths_of_the_free_flow_time(kind: str) -> None:
    home = ROOT / "networks" / "huining"
    minutes = read(home, home / "network.yaml").minutes_from(["LJP"])
    log = played(HUINING)
    units = log.fleet.ids
    firsts: dict[str, int] = {}
    for row, unit in enumerate(log.responses.unit):
        if units[unit].startswith(kind):
            firsts.setdefault(units[unit], row)
    assert firsts
    place = {"TP": "TPD"}.get(kind[:2], kind[:2])
    for row in firsts.values():
        driven = log.responses.on_scene[row] - log.responses.en_route[row]
        assert driven == pytest.approx(96 * minutes[place], abs=0.01)
