"""Supplies in worlds where something changes at the wrong moment, reckoned by hand; see test_supplies.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.engine.test_supplies import DEPOT, FOAM, call, came, depot, engine, play

if TYPE_CHECKING:
    from pathlib import Path


def test_a_supplier_sends_its_own_trucks_first(tmp_path: Path) -> None:
    """Both depots send 100 at 100 s. The upper one has nothing left then to replace the lower one's."""
    lower = DEPOT | {"stock": {"sandbags": 100}, "resupply": {"lead_time": "1 h", "from": "up"}}
    upper = DEPOT | {"echelon": "city", "stock": {"sandbags": 120}, "trucks": {"t": {"payload": "4 t"}}}
    needs = {"sandbags": 200}
    _, found = play(tmp_path, needs=needs, depots={"d": lower, "up": upper})
    assert [(c.moment, c.depot, c.amount, c.why) for c in found.changes] == [
        (100.0, 0, -100, "committed"),
        (100.0, 1, -100, "committed"),
        (100.0, 1, -20, "supplies"),
        (3700.0, 0, 20, "resupply"),
    ]
    assert sum(each.amount for each in found.brought) == 200


def test_a_supplier_keeps_its_reserve(tmp_path: Path) -> None:
    """Its truck takes what is above the reserve, so that nothing is left for the depot below."""
    lower = DEPOT | {"stock": {"sandbags": 100}, "resupply": {"lead_time": "1 h", "from": "up"}}
    line = {"amount": 150, "reserve": 50}
    upper = DEPOT | {"echelon": "city", "stock": {"sandbags": line}}
    _, found = play(tmp_path, needs={"sandbags": 400}, depots={"d": lower, "up": upper})
    held = 150
    for change in found.changes:
        held += change.amount if change.depot == 1 else 0
        assert held >= 50
    assert sum(each.amount for each in found.brought) == 200


@pytest.mark.parametrize("policy", ["nearest", "flow"])
def test_a_truck_that_weather_slows_is_free_later(tmp_path: Path, policy: str) -> None:
    """It loads until 1900, drives 240 s at half the speed and unloads till 2740; y calls at 2700 s."""
    fog = {"at": 1000, "weather": {"for": "2 h", "speed_factor": 0.5}}
    depots = depot(stock={"sandbags": 200}, trucks={"t": {"payload": "4 t", "unload": "10 min"}})
    other = {"at": 2700, "incident": {"type": "fire", "node": "c", "id": "y"}}
    needs = {"sandbags": 100}
    _, found = play(tmp_path, call(), fog, other, needs=needs, depots=depots, supplying={"policy": policy})
    assert [trip.committed for trip in found.trips] == [100.0, 2740.0]
    assert came(found) == [(2740.0, 100, "truck"), (2740.0 + 240.0 + 1800.0 + 240.0 + 600.0, 100, "truck")]


def test_the_metres_of_a_truck_that_waits_for_a_road_are_counted(tmp_path: Path) -> None:
    """The road is closed when it is loaded at 1900; it drives 1200 m from 5000 on, and 1200 m home."""
    closure = {"river": {"around": "c", "radius": 100, "begins": 1500, "ends": 5000}}
    _, found = play(tmp_path, needs={"sandbags": 100}, closures=closure)
    (trip,) = found.trips
    assert (trip.delivered, trip.metres) == (5720.0, 2400.0)


def test_units_do_not_wait_for_one_of_their_own(tmp_path: Path) -> None:
    """Nobody but the engine itself could fill the second slot, and it cannot pump: it leaves after 600 s."""
    fire = {"run_card": {"engine": 2}, "on_scene": 600, "supplies": {"foam-6": FOAM}}
    kinds = engine() | {"pump": {"capabilities": ["pump"], "turnout": 0, "pumps": "10 l/s"}}
    units = {"W1": {"type": "engine", "station": "west"}, "P1": {"type": "pump", "station": "east"}}
    depots = depot(stock={"foam-6": "1 t"})
    log, _ = play(tmp_path, incident_types={"fire": fire}, unit_types=kinds, units=units, depots=depots)
    assert log.responses.clear.tolist() == [820.0]


PLANS: dict[str, Any] = {
    "catalogue": None,
    "classes": {"fire": {"title": "fire", "scale": "fire"}},
    "own": {"p": {"assumed": True, "classes": ["fire"], "cards": {1: {"units": {"engine": 2}}}}},
}


def test_units_of_a_plan_do_not_wait_for_one_of_their_own(tmp_path: Path) -> None:
    """As above, where a card of a plan says who is needed and the type has no alarm levels."""
    fire = {"level": 1, "on_scene": 600, "supplies": {"foam-6": FOAM}}
    kinds = engine() | {"pump": {"capabilities": ["pump"], "turnout": 0, "pumps": "10 l/s"}}
    units = {"W1": {"type": "engine", "station": "west"}, "P1": {"type": "pump", "station": "east"}}
    depots = depot(stock={"foam-6": "1 t"})
    changes = {"incident_types": {"fire": fire}, "unit_types": kinds, "units": units, "plans": PLANS}
    log, _ = play(tmp_path, depots=depots, **changes)
    assert log.responses.clear.tolist() == [820.0]


def test_units_do_not_wait_for_what_is_more_than_a_call_needs(tmp_path: Path) -> None:
    """The call needs what card 1 asks for; nobody could fill the slot that level 2 has beyond it."""
    fire = {"on_scene": 600, "supplies": {"foam-6": FOAM}, "alarm": {"level": 2, "severity": {1: 1}}}
    cards = {1: {"units": {"engine": 1}}, 2: {"units": {"engine": 2}}}
    own = {"p": {"assumed": True, "classes": ["fire"], "cards": cards}}
    kinds = engine() | {"pump": {"capabilities": ["pump"], "turnout": 0, "pumps": "10 l/s"}}
    units = {"W1": {"type": "engine", "station": "west"}, "P1": {"type": "pump", "station": "east"}}
    changes = {"incident_types": {"fire": fire}, "unit_types": kinds, "units": units}
    log, _ = play(tmp_path, depots=depot(stock={"foam-6": "1 t"}), plans={**PLANS, "own": own}, **changes)
    assert log.responses.clear.tolist() == [820.0]


def test_all_units_of_a_plan_are_needed_for_control(tmp_path: Path) -> None:
    """The one bag is there at 2620; the second engine, at another call until 5100, comes at 5220."""
    fire = {"level": 1, "on_scene": 600, "supplies": {"sandbags": 1}}
    long = {"level": 1, "on_scene": 5100}
    other = {"at": 0, "incident": {"type": "long", "node": "e", "id": "y"}}
    card = {"assumed": True, "classes": ["long"], "cards": {1: {"units": {"engine": 1}}}}
    classes = {name: {"title": name, "scale": "fire"} for name in ("fire", "long")}
    plans = {**PLANS, "classes": classes, "own": {"q": card, **PLANS["own"]}}
    log, _ = play(tmp_path, call(), other, incident_types={"fire": fire, "long": long}, plans=plans)
    assert np.isnan(log.incidents.under_control[0])
    assert log.incidents.under_control[1] == 5220.0
    assert log.responses.clear.tolist() == [5100.0, 5220.0, 5820.0]


def test_a_unit_is_filled_once_that_is_home_when_it_was_first_expected(tmp_path: Path) -> None:
    """From b to a it is slow from 830 to 850, before the engine is there: it is home at 940 after all."""
    slow = {"around": "a", "radius": 100, "begins": 830, "ends": 850, "speed_factor": 0.5}
    kinds = engine(carries={"water": {"amount": "6 m3", "uses": "5 l/s", "refill": "10 min"}})
    log, found = play(tmp_path, needs={}, unit_types=kinds, closures={"ice": slow})
    assert log.responses.in_quarters.tolist() == [940.0]
    assert [(each.amount, each.begins, each.ends) for each in found.refills] == [(3_000_000, 940.0, 1540.0)]
