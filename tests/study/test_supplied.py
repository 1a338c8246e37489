"""Supplies in the story of a call, and layouts of depots compared: worlds reckoned by hand."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dispatch import compare, load, simulate
from dispatch.engine.supply_log import Short
from dispatch.engine.supply_tables import supply_tables
from dispatch.report.supplied import hindrance_words, need_words
from dispatch.scenario.items import amount_text
from dispatch.study.compare import zone_verdicts
from dispatch.study.explaining import explain
from dispatch.study.measures import HEADLINE, PRINCIPAL
from dispatch.study.supplied import Came, Hindrance, supplied
from dispatch.study.supplies import PRINCIPAL as FIRST_TRUCK
from tests.cli.world import dispatch
from tests.exact import handmade
from tests.exact.handmade_supplies import FULL, HALF, LATE
from tests.exact.handmade_supplies import supplied as with_supplies
from tests.regression.test_supply_statements import WORLD
from tests.regression.worlds import write_case

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPATCH_CACHE", "off")
        return with_supplies(handmade.log(tmp_path_factory.mktemp("supplied")))


def test_what_a_call_needed_and_what_came(log: Log) -> None:
    told = supplied(log, FULL)
    assert told is not None
    first, more = told.needs
    assert (first.item, first.amount, first.unit, first.asked, first.deadline) == (
        "foam", 8000.0, "kg", 730.0, 1330.0,
    )  # fmt: skip
    assert [(each.depot, each.answer, each.amount, each.why) for each in first.answers] == [
        ("gate", "accepted", 4500.0, ""),
        ("hub", "provisional", 8000.0, "closed"),
    ]
    assert first.came == (
        Came(890.0, 500.0, "unit", "P1"),
        Came(900.0, 4000.0, "truck", "gate/heavy-1"),
        Came(1400.0, 3500.0, "truck", "hub/big-one-1"),
    )
    assert (first.complete, first.unwanted) == (1400.0, 0.0)
    assert (more.level, more.unwanted, math.isnan(more.complete), math.isnan(more.deadline)) == (
        2, 1000.0, True, True,
    )  # fmt: skip
    assert [(trip.truck, trip.kilometres) for trip in told.trips] == [
        ("gate/heavy-1", 4.0),
        ("hub/big-one-1", 12.0),
    ]
    assert told.trips[1].loads == (("foam", 4000.0, "kg"), ("foam", 1000.0, "kg"))
    assert told.controlled == 2000.0


def test_the_last_answer_counts_and_calls_without_needs_have_none(log: Log) -> None:
    half, late = supplied(log, HALF), supplied(log, LATE)
    assert half is not None
    assert late is not None
    assert half.needs[0].answers[0].why == "no way there"
    assert half.trips == ()
    assert math.isnan(half.controlled)
    assert math.isnan(late.controlled)
    assert supplied(log, 3) is None


def test_what_was_there_by_the_deadline(log: Log) -> None:
    """Without a deadline: by the moment at which nobody wants the rest; the table of needs says the same."""
    told = {call: supplied(log, call) for call in range(len(log.incidents.under_control))}
    needs = [(each.item, each.by_deadline) for found in told.values() if found for each in found.needs]
    table = supply_tables(log)["needs"]
    assert sorted(needs) == sorted(zip(table["item"], table["by_deadline"], strict=True))
    full = told[FULL]
    assert full is not None
    assert [each.by_deadline for each in full.needs] == [4500.0, 1000.0]


def test_why_supplies_never_let_a_call_come_under_control(log: Log) -> None:
    """LATE lacks 40 bags that a truck still has in the end, HALF a tonne that nobody wants any more.

    The same tonne is short where the last forecast said so. Pumps: one on scene gives 30 l/s of 50.
    """
    assert log.supplies is not None
    assert log.scenario.supplies is not None
    full, late, half = (supplied(log, call) for call in (FULL, LATE, HALF))
    assert full is not None
    assert full.hindrances == ()
    assert late is not None
    assert late.hindrances == (Hindrance("end", "bag", "bag", 100.0, 40.0),)
    assert half is not None
    assert half.hindrances == (Hindrance("unwanted", "foam", "kg", 1000.0, 1000.0),)
    number = next(n for n, need in enumerate(log.supplies.needs) if need.incident == HALF)
    needs = list(log.supplies.needs)
    needs[number] = needs[number]._replace(flow=50.0)
    forecast = (Short(number, 2420.0, 500_000), Short(number, 2500.0, 1_000_000))
    ledger = replace(log.supplies, needs=tuple(needs), shortfalls=forecast)
    book = replace(log.scenario.supplies, pumps={"pumper": 90.0, "tanker": 30.0})
    pumping = replace(log, supplies=ledger, scenario=replace(log.scenario, supplies=book))
    told = supplied(pumping, HALF)
    assert told is not None
    assert [hindrance_words(each) for each in told.hindrances] == [
        "1 t of foam cannot be had",
        "50 l/s have to be pumped, and units on scene pump 30 l/s at most",
    ]
    enough = replace(pumping, supplies=replace(ledger, shortfalls=(*forecast, Short(number, 2600.0, 0))))
    again = supplied(enough, HALF)
    assert again is not None
    assert again.hindrances[0].why == "unwanted"
    broken = Hindrance("pumps", "", "l/s", 50.0, 0.0)
    assert hindrance_words(broken).endswith("and units never did so for as long as it takes")


def test_a_need_in_words(log: Log) -> None:
    told = supplied(log, FULL)
    assert told is not None
    assert [need_words(need) for need in told.needs] == [
        "8 t of foam: asked for at 00:12:10.0, by 00:22:10.0 (4.5 t there by then); all there at 00:23:20.0 "
        "(500 kg by units on scene, 7.5 t by truck)",
        "2 t of foam for level 2: asked for at 00:16:40.0; never all there (1 t by truck); "
        "1 t unwanted in the end",
    ]
    assert [amount_text(*each) for each in ((31_900.0, "kg"), (6000.0, "bag"), (2e6, "l"), (12.5, "l"))] == [
        "31.9 t", "6,000 bags", "2000 m³", "12.5 l",
    ]  # fmt: skip


def test_explain_tells_it_on_the_terminal_and_as_json(tmp_path: Path) -> None:
    path = tmp_path / "run"
    dispatch("run", write_case(tmp_path, **WORLD), "-o", path)
    shown = dispatch("explain", path, "--incident", "x").stdout
    assert "requested: 250 bags of sandbags from d: accepted, 250 bags" in shown
    assert "supplies delivered: d/t-2 100 bags of sandbags" in shown
    assert "250 bags of sandbags: asked for at 00:01:40.0; all there at 01:27:40.0" in shown
    assert "(250 bags by truck)" in shown
    assert "They let the call come under control at 01:27:40.0." in shown
    document = json.loads(dispatch("explain", path, "--incident", "x", "--json").stdout)
    (need,) = document["supplies"]["needs"]
    assert (need["item"], need["amount"], need["complete"], need["deadline"]) == ("sandbags", 250, 5260, None)
    assert [trip["delivered"] for trip in document["supplies"]["trips"]] == [2620, 2620, 5260]
    alone = tmp_path / "alone"
    dispatch("run", tmp_path / "scenario.yaml", "--layout", "without", "-o", alone)
    why = dispatch("explain", alone, "--incident", "x").stdout
    assert "They never let the call come under control: 250 bags of sandbags cannot be had." in why
    other = dispatch("explain", path, "--incident", "y")
    assert "Supplies" not in other.stdout
    assert json.loads(dispatch("explain", path, "--incident", "y", "--json").stdout)["supplies"] is None


def test_the_story_is_that_of_the_run(tmp_path: Path) -> None:
    scenario = load(write_case(tmp_path, **WORLD))
    told, log = explain(scenario, incident="x")
    assert log.supplies == simulate(scenario).supplies
    assert told.supplies is not None


DEPOT = WORLD["depots"]["d"]
LAYOUTS: dict[str, Any] = {
    "near": {"move_depots": {"d": "c"}},
    "more": {"add_depots": {"d2": {**DEPOT, "at": "c"}}},
    "shut": {"close_depots": ["d"]},
    "other": {"move_depots": {"d": "c"}, "remove_units": ["E1"]},
}


def test_layouts_of_depots_are_compared_as_those_of_stations_are(tmp_path: Path) -> None:
    """The truck is there 2520 s after the order from e, and 2400 s after it at the call's own node."""
    path = write_case(
        tmp_path,
        **{**WORLD, "layouts": LAYOUTS, "zones": {"west": {"nodes": ["a", "b"]}, "east": {"nodes": ["c"]}}},
    )
    scenario = load(path)
    study = compare(scenario, ["baseline", *LAYOUTS], 2)
    assert study.measures[: len(HEADLINE)] == HEADLINE
    assert study.estimate("baseline", FIRST_TRUCK).mean == 2520
    assert study.difference("near", FIRST_TRUCK).mean == -120
    assert study.difference("more", FIRST_TRUCK).mean == -120
    assert math.isnan(study.difference("shut", FIRST_TRUCK).mean)
    assert study.estimate("shut", "supply.fill_rate").mean == 0
    assert study.difference("near", "total.first.mean").mean == 0
    assert study.difference("near", "supply.truck_km").mean < 0
    assert [study.principal(name) for name in LAYOUTS] == [FIRST_TRUCK] * 3 + [PRINCIPAL]
    found = {row.zone: row for row in zone_verdicts(study, "near")}
    assert set(found) == {"east"}
    assert (found["east"].verdict, found["east"].difference.mean) == ("faster", -120)
    shown = dispatch("compare", path, "baseline", "near", "--replications", "2").stdout
    assert "Who gains and who loses by near: first truck of supplies from the order, mean" in shown
    verdict = "near: the first truck of supplies comes 2 min 00 s sooner in every replication alike.\n"
    assert shown.endswith(f"\n\n{verdict}")
    assert "near: the first unit" not in shown
    units = dispatch("compare", path, "baseline", "other", "--replications", "2").stdout
    assert "\nother: the first unit comes " in units
    assert not units.endswith("\n\n")
