"""Notices and tables of supplies: a log written by hand, told line by line."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dispatch.engine.notices import notices
from dispatch.engine.supply_log import Brought, Refill, Trip
from dispatch.engine.supply_notices import supply_notices
from dispatch.engine.supply_tables import SUPPLY_TABLES, supply_tables
from dispatch.regression.events import NOTED, events_of
from dispatch.scenario.supplies import Source
from tests.cli.world import dispatch
from tests.exact import handmade
from tests.exact.handmade_supplies import FOAM, LEDGER, NAN, supplied
from tests.regression.test_supply_statements import WORLD
from tests.regression.worlds import write_case

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPATCH_CACHE", "off")
        return supplied(handmade.log(tmp_path_factory.mktemp("told")))


def lines(log: Log, about: str) -> list[tuple[float, str, str, str]]:
    """Return moment, what, unit and detail of the notices about a call."""
    return [
        (each.moment, each.what, each.unit, each.detail)
        for each in notices(log)
        if each.incident == about and each in set(supply_notices(log))
    ]


def test_the_story_of_a_call(log: Log) -> None:
    assert lines(log, "full") == [
        (730, "requested", "", "8 t of foam from gate: accepted, 4.5 t"),
        (730, "requested", "", "8 t of foam from hub: provisional, 8 t (closed)"),
        (730, "supplies committed", "gate/heavy-1", "4 t of foam at gate"),
        (800, "supplies loaded", "gate/heavy-1", "4 t of foam at gate"),
        (890, "supplies on scene", "P1", "500 kg of foam"),
        (900, "supplies delivered", "gate/heavy-1", "4 t of foam"),
        (1000, "requested", "", "2 t of foam; no depot is asked"),
        (1000, "supplies committed", "hub/big-one-1", "4 t of foam, 1 t of foam at hub"),
        (1000, "truck returned", "gate/heavy-1", "to gate"),
        (1100, "supplies loaded", "hub/big-one-1", "4 t of foam, 1 t of foam at hub"),
        (1400, "supplies delivered", "hub/big-one-1", "3.5 t of foam, 1 t of foam"),
        (1700, "truck returned", "hub/big-one-1", "to hub"),
        (2000, "supplies suffice", "", "what was needed has been there for as long as it takes"),
        (2800, "supplies unwanted", "", "the rest, 1 t of foam"),
    ]
    assert lines(log, "half") == [
        (2420, "requested", "", "1 t of foam from hub: declined (no way there)"),
        (3420, "supplies unwanted", "", "the rest, 1 t of foam"),
    ]


def test_a_truck_that_never_gets_there_is_not_told_to_have(log: Log) -> None:
    told = [(moment, what) for moment, what, _, _ in lines(log, "late") if moment > 1700]
    assert told == [(1800, "truck returned"), (1900, "supplies loaded")]


def test_stock_and_units_are_told_of_no_call(log: Log) -> None:
    assert lines(log, "") == [
        (1500, "filled up", "P1", "500 kg of foam from gate, for 100.0 s"),
        (1650, "stock in", "", "1 t of foam at gate, replaced"),
        (1700, "stock in", "", "500 kg of foam at hub, brought back unused"),
        (2230, "stock in", "", "4 t of foam at gate, replaced"),
        (3000, "stock in", "", "500 kg of foam at gate, replaced"),
    ]


def test_hydrants_sources_and_quarters_are_told(log: Log) -> None:
    book = log.scenario.supplies
    assert book is not None
    pond = replace(book, sources=(Source("pond", 0, hydrant=False, flow=1.0),))
    fetched = Trip("gate/heavy-1", 0, -1, 1, ((1, 500),), 2000.0, 2100.0, 2200.0, 2300.0, NAN, 0.0)
    ledger = replace(
        LEDGER,
        trips=(*LEDGER.trips, fetched),
        brought=(*LEDGER.brought, Brought(1, 2300.0, 500, "hydrant", -1)),
        refills=(Refill(1, FOAM, 1_000_000, 3100.0, 3160.0, -1),),
    )
    changed = replace(log, scenario=replace(log.scenario, supplies=pond), supplies=ledger)
    assert (2200, "supplies loaded", "gate/heavy-1", "0.5 kg of foam at pond") in lines(changed, "full")
    assert (2300, "supplies on scene", "", "0.5 kg of foam, from hydrants") in lines(changed, "full")
    assert (3100, "filled up", "P2", "1 t of foam in quarters, for 60.0 s") in lines(changed, "")
    assert supply_tables(changed)["trips"]["loads_at"][-1] == "pond"
    assert supply_tables(changed)["needs"]["by_hydrants"][1] == 0.5


def test_everything_is_an_event(log: Log) -> None:
    """Of one moment and call, requests stand before what comes of them."""
    told = [event for event in events_of(log) if event.kind == NOTED]
    assert len(told) == len(notices(log)) == 5 + 14 + 7 + 2 + 5
    at = [event.detail.partition(":")[0] for event in told if (event.time, event.incident) == (730, "full")]
    assert at == ["requested", "requested", "supplies committed"]


def test_nothing_is_told_where_there_are_no_supplies(log: Log) -> None:
    bare = replace(log, supplies=None)
    assert list(supply_notices(bare)) == []
    for name, columns in supply_tables(bare).items():
        assert columns == {column: [] for column in SUPPLY_TABLES[name]}


def rows(log: Log, table: str) -> list[tuple[object, ...]]:
    return list(zip(*supply_tables(log)[table].values(), strict=True))


def test_tables_have_amounts_that_people_use(log: Log) -> None:
    full = rows(log, "needs")[1]
    assert full[:8] == ("full", "foam", "kg", 0, 8000.0, 730.0, 1330.0, 4330.0)
    assert full[8:] == (4500.0, 8000.0, 7500.0, 500.0, 0.0, 1400.0, 0.0)
    bags = rows(log, "needs")[3]
    assert (bags[:5], bags[8:11]) == (("late", "bag", "bag", 0, 100.0), (60.0, 60.0, 60.0))
    assert [(row[0], row[7], row[8], row[14]) for row in rows(log, "trips")][2:5] == [
        (2, 4000.0, 3500.0, 12.0),
        (2, 1000.0, 1000.0, 0.0),  # the kilometres stand once
        (3, 60.0, 60.0, 6.0),
    ]
    gate = [(row[0], *row[4:]) for row in rows(log, "stock") if row[1] == "gate"]
    assert gate == [
        (0.0, 6500.0, "start", 6500.0),
        (150.0, -1000.0, "committed", 5500.0),
        (730.0, -4000.0, "committed", 1500.0),
        (1500.0, -500.0, "restock", 1000.0),
        (1650.0, 1000.0, "resupply", 2000.0),
        (2230.0, 4000.0, "resupply", 6000.0),
        (3000.0, 500.0, "resupply", 6500.0),
    ]


def test_run_folders_hold_the_tables_where_there_is_something(tmp_path: Path) -> None:
    path = write_case(tmp_path, **WORLD)
    dispatch("run", path, "-o", tmp_path / "with")
    for name in SUPPLY_TABLES:
        with (tmp_path / "with" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert next(csv.reader(file)) == ["replication", *SUPPLY_TABLES[name]]
    with (tmp_path / "with" / "stock.csv").open(encoding="utf-8", newline="") as file:
        assert [row["balance"] for row in csv.DictReader(file)] == ["300", "200", "100", "50"]
    dispatch("run", path, "--layout", "without", "-o", tmp_path / "none")
    assert (tmp_path / "none" / "needs.csv").exists()
    assert not (tmp_path / "none" / "trips.csv").exists()
    assert not (tmp_path / "none" / "stock.csv").exists()
    same = dispatch("diff", tmp_path / "with", tmp_path / "with")
    assert same.returncode == 0
    (tmp_path / "plain").mkdir()
    dispatch("run", write_case(tmp_path / "plain"), "-o", tmp_path / "bare")
    assert not any((tmp_path / "bare" / f"{name}.csv").exists() for name in SUPPLY_TABLES)
