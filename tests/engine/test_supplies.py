"""Supplies in a simulation, reckoned by hand.

The line of five nodes (tests/small.py), a minute of driving and 600 m apart; one call at c at 100 s, to which
an engine goes from a. A bag weighs 40 kg, so that a truck of 4 t takes 100.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dispatch import simulate
from dispatch.engine.supply_view import Shipment, SupplyPlan
from dispatch.errors import PolicyError
from tests.small import small

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log, Scenario
    from dispatch.engine.supply_log import SupplyLog

BAGS = {"amount": "250 bags", "within": "4 h"}
TRUCKS = {"t": {"number": 2, "payload": "4 t", "unload": "10 min"}}
DEPOT: dict[str, Any] = {
    "at": "e",
    "load_out": "30 min",
    "stock": {"sandbags": {"amount": "300 bags", "reserve": "20 bags"}},
    "trucks": TRUCKS,
}


def call(at: float = 100, node: str = "c", **more: Any) -> dict[str, Any]:
    return {"at": at, "incident": {"type": "fire", "node": node, "id": "x", **more}}


def world(
    folder: Path, *injects: dict[str, Any], needs: dict[str, Any] | None = None, **changes: Any
) -> Scenario:
    """Load the line with one call, a depot ``d`` at e, and what else is given."""
    fire = {
        "run_card": {"engine": 1},
        "on_scene": 600,
        "supplies": {"sandbags": BAGS} if needs is None else needs,
    }
    more: dict[str, Any] = {
        "demand": {"poisson": {"fire": {"rate": "0/d"}}},
        "incident_types": {"fire": fire},
        "depots": {"d": DEPOT},
        "injects": [*(injects or (call(),))],
    }
    return small(folder, **(more | changes))


def play(folder: Path, *injects: dict[str, Any], **changes: Any) -> tuple[Log, SupplyLog]:
    log = simulate(world(folder, *injects, **changes))
    assert log.supplies is not None
    return log, log.supplies


def depot(**changes: Any) -> dict[str, Any]:
    return {"d": DEPOT | changes}


def came(log: SupplyLog) -> list[tuple[float, int, str]]:
    return [(each.moment, each.amount, each.by) for each in log.brought]


def loads(log: SupplyLog) -> list[tuple[str, int, float, float]]:
    """Return truck, amount, and moments of loading and unloading of the trips."""
    return [(t.truck, sum(n for _, n in t.loads), t.loading, t.delivered) for t in log.trips]


def answers(log: SupplyLog) -> list[tuple[float, str, str]]:
    return [(each.moment, each.answer, each.why) for each in log.answers]


def test_an_order_has_its_life(tmp_path: Path) -> None:
    """Two trucks load for 30 min, drive for 2, unload for 10; the first to be free fetches the last 50."""
    log, found = play(tmp_path)
    assert loads(found) == [
        ("d/t-1", 100, 100.0, 2620.0),
        ("d/t-2", 100, 100.0, 2620.0),
        ("d/t-1", 50, 2740.0, 5260.0),
    ]
    assert [trip.committed for trip in found.trips] == [100.0, 100.0, 2620.0]
    assert [trip.loaded for trip in found.trips] == [1900.0, 1900.0, 4540.0]
    assert [trip.returned for trip in found.trips] == [2740.0, 2740.0, 5380.0]
    assert [trip.metres for trip in found.trips] == [
        1200.0,
        2400.0,
        3600.0,
    ]  # the drive back to load is the third's
    assert came(found) == [(2620.0, 100, "truck"), (2620.0, 100, "truck"), (5260.0, 50, "truck")]
    assert [(c.moment, c.amount, c.why) for c in found.changes] == [
        (100.0, -100, "committed"),
        (100.0, -100, "committed"),
        (2620.0, -50, "committed"),
    ]
    assert answers(found)[0] == (100.0, "accepted", "")
    assert (log.incidents.under_control.tolist(), log.responses.clear.tolist()) == ([5260.0], [5260.0])


def test_the_reserve_stays_and_the_rest_is_short(tmp_path: Path) -> None:
    """80 of 100 bags may go; nothing else can come, so that the engine leaves after its own 600 s."""
    line = {"sandbags": {"amount": 100, "reserve": 20}}
    log, found = play(tmp_path, depots=depot(stock=line))
    assert came(found) == [(2620.0, 80, "truck")]
    assert [(u.moment, u.amount) for u in found.unwanted] == [(86500.0, 170)]
    assert np.isnan(log.incidents.under_control).all()
    assert log.responses.clear.tolist() == [820.0]
    assert found.controlled[0][0] == 0
    assert np.isnan(found.controlled[0][1])


def test_a_closed_depot_sends_when_it_opens(tmp_path: Path) -> None:
    """The scenario starts on a Monday at 0 h; loading begins at 8 h at the earliest."""
    _, found = play(tmp_path, depots=depot(open=[{"days": "weekday", "begins": 8, "ends": 18}]))
    assert answers(found)[0] == (100.0, "provisional", "closed")
    assert loads(found)[0] == ("d/t-1", 100, 28800.0, 28800.0 + 2520.0)


def test_goods_are_made_after_ramp_up_in_truckloads(tmp_path: Path) -> None:
    """From 3700 s on 100 bags take 1000 s; the fourth lot would be more than is needed."""
    produces = {"ramp_up": "1 h", "rates": {"sandbags": "360 bags/h"}}
    _, found = play(tmp_path, depots=depot(kind="production", produces=produces, stock={}))
    made = [(c.moment, c.amount) for c in found.changes if c.why == "produced"]
    assert made == [(4700.0, 100), (5700.0, 100), (6200.0, 50)]
    assert [(loading, amount) for _, amount, loading, _ in loads(found)] == [
        (4700.0, 100),
        (5700.0, 100),
        (7340.0, 50),
    ]
    assert answers(found)[0][1:] == ("provisional", "not in stock yet")


def test_what_has_left_is_replaced_after_the_lead_time(tmp_path: Path) -> None:
    resupply = {"lead_time": "1 h"}
    _, found = play(tmp_path, depots=depot(stock={"sandbags": 100}, resupply=resupply))
    assert next((c.moment, c.amount) for c in found.changes if c.why == "resupply") == (3700.0, 100)
    assert sum(each.amount for each in found.brought) == 250


def test_a_depot_of_a_higher_echelon_gives_what_it_has(tmp_path: Path) -> None:
    """It keeps 30 of its 100 bags, so that 70 follow the first 100, and then 70 of nothing."""
    above = {"at": "a", "echelon": "city", "stock": {"sandbags": {"amount": 100, "reserve": 30}}}
    below = DEPOT | {"stock": {"sandbags": 100}, "resupply": {"lead_time": "1 h", "from": "top"}}
    _, found = play(tmp_path, depots={"d": below, "top": above})
    moved = [(c.moment, c.depot, c.amount) for c in found.changes if c.why in ("supplies", "resupply")]
    assert moved == [(100.0, 1, -70), (3700.0, 0, 70)]
    assert sum(each.amount for each in found.brought) == 170


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"trucks": {"t": {"payload": "4 t", "carries": ["foam-6"]}}}, "no truck for it"),
        ({"stock": {"sandbags": {"amount": 20, "reserve": 20}}}, "nothing above the reserve"),
    ],
)
def test_a_depot_declines(tmp_path: Path, changes: dict[str, Any], why: str) -> None:
    _, found = play(tmp_path, depots=depot(**changes))
    assert answers(found) == [(100.0, "declined", why)]
    assert found.trips == ()


def test_all_trucks_out_is_provisional(tmp_path: Path) -> None:
    other = {"at": 200, "incident": {"type": "fire", "node": "c", "id": "y"}}
    _, found = play(tmp_path, call(), other, depots=depot(stock={"sandbags": 1000}))
    of_y = next(each for each in answers(found) if each[0] == 200.0)
    assert of_y[1:] == ("provisional", "all trucks are out")
    assert sum(each.amount for each in found.brought) == 500


def test_what_is_asked_for_later_is_asked_for_later(tmp_path: Path) -> None:
    needs = {"sandbags": {"amount": 100, "asked_after": "20 min"}}
    log, found = play(tmp_path, needs=needs)
    assert [each.asked for each in found.needs] == [1300.0]
    assert log.incidents.under_control.tolist() == [1300.0 + 2520.0]
    assert log.responses.clear.tolist() == [3820.0]  # the engine waits for what will be asked for


def test_a_call_may_say_itself_what_it_needs(tmp_path: Path) -> None:
    _, found = play(tmp_path, call(supplies={"blankets": 10}), depots=depot(stock={"blankets": 10}))
    assert came(found) == [(2620.0, 10, "truck")]


def test_the_rest_of_a_need_is_not_wanted_for_ever(tmp_path: Path) -> None:
    """Nobody wants anything after an hour: 200 bags are there then, and nobody fetches the others."""
    needs = {"sandbags": {"amount": 350, "wanted_for": "1 h"}}
    log, found = play(tmp_path, needs=needs, depots=depot(stock={"sandbags": 1000}))
    assert [(u.moment, u.amount) for u in found.unwanted] == [(3700.0, 150)]
    assert came(found) == [(2620.0, 100, "truck"), (2620.0, 100, "truck")]
    assert np.isnan(log.incidents.under_control).all()


def test_an_applied_need_lasts_from_the_first_delivery(tmp_path: Path) -> None:
    """Food for an hour: applied from 2620 on, all there at 5260, done at 6220; a stocked-up one later."""
    for stock_up, done in ((False, 6220.0), (True, 8860.0)):
        needs = {"sandbags": {"rate": "250 bags/h", "for": "1 h", "stock_up": stock_up}}
        log, _ = play(tmp_path, needs=needs)
        assert log.incidents.under_control.tolist() == [done]
        assert log.responses.clear.tolist() == [done]


def test_a_call_that_lacks_supplies_is_raised_by_its_deadline(tmp_path: Path) -> None:
    """The engine is there at 220; without bags the level rises 30 min after the call, and again after 60."""
    fire = {"run_card": {"engine": 1}, "on_scene": 600, "supplies": {"sandbags": BAGS}}
    fire["alarm"] = {"level": 1, "control_within": "30 min"}
    log, _ = play(tmp_path, incident_types={"fire": fire})
    assert [(each.moment, each.after) for each in log.raises] == [(1900.0, 2), (3700.0, 3)]
    assert log.incidents.under_control.tolist() == [5260.0]


FOAM = {"foam": {"area": "100 m2", "application": "6 l/min/m2", "concentration": "6 %"}, "for": "10 min"}
"""10 l/s of solution, 6000 l in all, 360 kg of it concentrate; 9.4 l/s are water."""


def engine(**more: Any) -> dict[str, Any]:
    return {"engine": {"capabilities": ["engine"], "turnout": 0, **more}}


def test_what_a_unit_carries_counts_when_it_arrives_and_the_rest_comes_by_truck(tmp_path: Path) -> None:
    """100 of 360 kg are on the engine; all of it goes from the depot, and 100 kg come back to it."""
    kinds = engine(carries={"foam-6": {"amount": "100 kg", "refill": "5 min"}})
    log, found = play(
        tmp_path, needs={"foam-6": FOAM}, unit_types=kinds, depots=depot(stock={"foam-6": "1 t"})
    )
    assert came(found) == [(220.0, 100_000, "unit"), (2620.0, 260_000, "truck")]
    assert [(c.moment, c.amount, c.why) for c in found.changes] == [
        (100.0, -360_000, "committed"),
        (2740.0, 100_000, "returned"),
    ]
    assert log.incidents.under_control.tolist() == [3220.0]
    assert [(u.item, u.amount) for u in found.uses] == [(found.needs[0].item, 100_000)]
    assert log.responses.in_quarters.tolist() == [3340.0]
    assert log.responses.available.tolist() == [3640.0]


@pytest.mark.parametrize(("pumps", "controlled"), [("10 l/s", True), ("9.9 l/s", False)])
def test_units_must_be_able_to_pump_it(tmp_path: Path, pumps: str, controlled: bool) -> None:
    depots = depot(stock={"foam-6": "1 t"})
    log, _ = play(tmp_path, needs={"foam-6": FOAM}, unit_types=engine(pumps=pumps), depots=depots)
    assert (log.incidents.under_control.tolist() == [3220.0]) is controlled
    assert (log.responses.clear.tolist() == [820.0]) is not controlled


def test_two_units_pump_more_than_one(tmp_path: Path) -> None:
    """The foam is there at 2620; so are both engines, of 6 l/s each, since 340 at the latest."""
    fire = {"run_card": {"engine": 2}, "on_scene": 600, "supplies": {"foam-6": FOAM}}
    depots = depot(stock={"foam-6": "1 t"})
    log, _ = play(tmp_path, incident_types={"fire": fire}, unit_types=engine(pumps="6 l/s"), depots=depots)
    assert log.incidents.under_control.tolist() == [3220.0]


COOLING = {"cooling": {"length": "50 m", "application": "0.8 l/s/m"}, "for": "10 min"}
"""40 l/s, 24 m³ in all."""
TANKER = {"tanker": {"payload": "6 t", "carries": ["water"]}}


@pytest.mark.parametrize(
    ("gives", "by"), [("40 l/s", [24_000_000]), ("30 l/s", [18_000_000]), ("400 l/s", [24_000_000])]
)
def test_hydrants_give_their_share_at_once(tmp_path: Path, gives: str, by: list[int]) -> None:
    log, found = play(tmp_path, needs={"water": COOLING}, water={"hydrants": {"c": gives}}, depots=depot())
    assert came(found) == [(100.0, by[0], "hydrant")]
    done = by[0] == 24_000_000
    assert (log.incidents.under_control.tolist() == [700.0]) is done


def test_a_fixed_amount_of_water_takes_its_time(tmp_path: Path) -> None:
    needs = {"water": {"amount": "6 m3"}}
    _, found = play(tmp_path, needs=needs, water={"hydrants": {"c": "10 l/s"}})
    assert came(found) == [(700.0, 6_000_000, "hydrant")]


def test_tankers_shuttle_where_hydrants_are_dry(tmp_path: Path) -> None:
    """From e to the pond at b in 3 min, 6 m³ at 20 l/s in 5, to c in one; then to and fro: 420 s a round."""
    dry = {"at": 0, "outage": {"hydrants": "c"}}
    water = {"hydrants": {"c": "40 l/s"}, "sources": {"pond": {"at": "b", "flow": "20 l/s"}}}
    log, found = play(
        tmp_path, dry, call(), needs={"water": COOLING}, water=water, depots=depot(trucks=TANKER)
    )
    assert [moment for moment, *_ in came(found)] == [640.0, 1060.0, 1480.0, 1900.0]
    assert {trip.place for trip in found.trips} == {-1}
    assert [np.isnan(trip.returned) for trip in found.trips] == [True, True, True, False]
    assert found.trips[-1].returned == 2020.0
    assert found.changes == ()
    assert log.incidents.under_control.tolist() == [1900.0]


def test_foam_brings_its_water_with_it(tmp_path: Path) -> None:
    """9.4 l/s for 10 min beside the concentrate, where water is simulated."""
    depots = depot(stock={"foam-6": "1 t"})
    _, found = play(tmp_path, needs={"foam-6": FOAM}, water={"hydrants": {"c": "9.4 l/s"}}, depots=depots)
    assert sorted(amount for _, amount, _ in came(found)) == [360_000, 5_640_000]


def test_a_truck_that_is_cut_off_waits_for_the_road(tmp_path: Path) -> None:
    """The road from d to c closes at 1950, as the truck is between e and d; it opens at 5000."""
    closure = {"river": {"around": "c", "radius": 100, "begins": 1950, "ends": 5000}}
    _, found = play(tmp_path, needs={"sandbags": 100}, closures=closure)
    (trip,) = found.trips
    assert trip.loaded == 1900.0
    assert trip.delivered == 5000.0 + 70.0 + 600.0  # it stands where it was, 50 s from e


def test_a_truck_takes_things_for_one_place_together(tmp_path: Path) -> None:
    needs = {"sandbags": 50, "blankets": 40}
    _, found = play(tmp_path, needs=needs, depots=depot(stock={"sandbags": 100, "blankets": 100}))
    assert [len(trip.loads) for trip in found.trips] == [2]


def test_a_layout_may_have_other_depots(tmp_path: Path) -> None:
    near = {"gate": DEPOT | {"at": "c"}}
    scenario = world(tmp_path, layouts={
        "near": {"close_depots": ["d"], "add_depots": near},
        "moved": {"move_depots": {"d": "c"}},
        "back": {"based_on": "near", "close_depots": ["gate"], "reopen_depots": ["d"]},
    })  # fmt: skip
    firsts = {}
    for layout in scenario.layouts:
        found = simulate(scenario, layout=layout).supplies
        assert found is not None
        firsts[layout] = (found.brought[0].moment, found.depots[0].id)
    assert firsts == {
        "baseline": (2620.0, "d"),
        "near": (2500.0, "gate"),
        "moved": (2500.0, "d"),
        "back": (2620.0, "d"),
    }


def test_units_use_up_what_they_carry_and_are_filled_before_they_go_again(tmp_path: Path) -> None:
    """600 s at 5 l/s empty 3 of 6 m³; filling takes 10 min in quarters, so that y has to wait for them."""
    kinds = engine(carries={"water": {"amount": "6 m3", "uses": "5 l/s", "refill": "10 min"}})
    other = {"at": 900, "incident": {"type": "fire", "node": "a", "id": "y", "supplies": {}}}
    units = {"W1": {"type": "engine", "station": "west"}}
    log, found = play(tmp_path, call(supplies={}), other, unit_types=kinds, units=units, depots={})
    assert log.responses.clear.tolist() == [820.0, 2140.0]
    assert log.responses.in_quarters.tolist() == [940.0, 2140.0]
    assert log.responses.available.tolist() == [1540.0, 2740.0]
    assert log.responses.alerted.tolist() == [100.0, 1540.0]
    assert [(u.amount, u.moment) for u in found.uses] == [(3_000_000, 820.0), (3_000_000, 2140.0)]
    assert [(r.amount, r.begins, r.ends) for r in found.refills] == [
        (3_000_000, 940.0, 1540.0),
        (3_000_000, 2140.0, 2740.0),
    ]


def test_a_unit_that_is_filled_from_a_depot_waits_for_what_it_lacks(tmp_path: Path) -> None:
    """The depot at its station has 50 of the 100 kg; an hour after they would have gone nothing comes."""
    tank = {"amount": "100 kg", "uses": "1 kg/s", "refill": "5 min", "source": "depot"}
    stock = {"at": "a", "stock": {"foam-6": "150 kg"}, "resupply": {"lead_time": "2 h"}}
    units = {"W1": {"type": "engine", "station": "west"}}
    other = {"at": 2000, "incident": {"type": "fire", "node": "a", "id": "y", "supplies": {}}}
    kinds = engine(carries={"foam-6": tank})
    log, found = play(tmp_path, call(supplies={}), other, unit_types=kinds, units=units,
                      depots={"s": stock})  # fmt: skip
    # home at 940, filled with 100 of 150 kg until 1240; y from 2000 to 2600: 50 kg are there, more at 8140
    assert log.responses.available.tolist() == [1240.0, 8440.0]
    assert [(c.moment, c.amount, c.why) for c in found.changes] == [
        (940.0, -100_000, "restock"),
        (8140.0, 100_000, "resupply"),
        (8140.0, -100_000, "restock"),
        (15340.0, 100_000, "resupply"),
    ]


class Fixed:
    """Answers with given shipments, once."""

    def __init__(self, *shipments: Shipment) -> None:
        self.shipments = shipments

    def plan(self, view: object) -> SupplyPlan:
        answer, self.shipments = self.shipments, ()
        return SupplyPlan(answer, {}, {})


@pytest.mark.parametrize(
    ("shipments", "message"),
    [
        ([Shipment(9, 0, ((0, 1),))], "truck number 9"),
        ([Shipment(0, 0, ((0, 101),))], "more than it takes"),
        ([Shipment(0, 0, ((0, 251),))], "more than it takes"),
        ([Shipment(0, 0, ((0, 0),))], "0 quanta for a need that lacks 250"),
        ([Shipment(0, 0, ((7, 10),))], "without a load that anybody wants"),
        ([Shipment(0, 0, ())], "without a load that anybody wants"),
        ([Shipment(0, 0, ((0, 10),)), Shipment(0, 0, ((0, 10),))], "which is not free"),
        ([Shipment(0, 1, ((0, 10),))], "another depot than its own"),
        ([Shipment(0, -1, ((0, 10),))], "from a place that has 0"),
    ],
)
def test_a_policy_that_breaks_the_rules_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shipments: list[Shipment], message: str
) -> None:
    monkeypatch.setattr("dispatch.composition.supply_policy", lambda _: Fixed(*shipments))
    with pytest.raises(PolicyError, match=message):
        simulate(world(tmp_path))


def test_without_supplies_nothing_of_it_is_there(tmp_path: Path) -> None:
    log = simulate(small(tmp_path, injects=[call()], demand={"poisson": {"fire": {"rate": "0/d"}}}))
    assert log.supplies is None
    assert np.isnan(log.incidents.under_control).all()


def test_what_cannot_be_had_is_stated_at_once(tmp_path: Path) -> None:
    """80 of 250 bags are all there is; when another depot is resupplied, the rest can be had after all."""
    line = {"sandbags": {"amount": 100, "reserve": 20}}
    _, found = play(tmp_path, depots=depot(stock=line))
    assert [(each.moment, each.amount) for each in found.shortfalls] == [(100.0, 170)]
    _, found = play(tmp_path, depots={})
    assert [(each.moment, each.amount) for each in found.shortfalls] == [(100.0, 250)]
    _, found = play(tmp_path, depots=depot(stock=line, resupply={"lead_time": "1 h"}))
    assert found.shortfalls[0][1:] == (100.0, 170)
    assert found.unwanted == ()


def test_a_need_of_nothing_is_none(tmp_path: Path) -> None:
    log, found = play(tmp_path, needs={"sandbags": 0})
    assert (found.needs, found.trips, found.unwanted, found.shortfalls) == ((), (), (), ())
    assert log.responses.clear.tolist() == [820.0]


def test_a_load_that_is_stuck_is_not_counted_on(tmp_path: Path) -> None:
    """The road to c closes for good at 1950 from the east; the depot at a sends as much, from 1950 on."""
    closure = {"river": {"links": ["c-d"], "begins": 1950}}
    west = {"w": DEPOT | {"at": "a", "load_out": "40 min"}}
    _, found = play(tmp_path, needs={"sandbags": 100}, closures=closure, depots=depot() | west)
    first, second = found.trips
    assert (first.truck, np.isnan(first.delivered)) == ("d/t-1", True)
    assert (second.truck, second.committed, second.delivered) == ("w/t-1", 1950.0, 1950.0 + 3120.0)
    assert came(found) == [(5070.0, 100, "truck")]


def test_pumps_that_leave_interrupt_the_attack(tmp_path: Path) -> None:
    """Foam from 2620 on for 600 s; the only pump is called back at 2900, and nobody else comes."""
    recall = {"at": 2900, "recall": {"unit": "W1"}}
    depots = depot(stock={"foam-6": "1 t"})
    log, found = play(tmp_path, call(), recall, needs={"foam-6": FOAM}, unit_types=engine(pumps="10 l/s"),
                      depots=depots)  # fmt: skip
    assert np.isnan(log.incidents.under_control).all()
    assert np.isnan(found.controlled[0][1])


def test_tankers_are_not_sent_for_what_hydrants_give(tmp_path: Path) -> None:
    water = {"hydrants": {"c": "10 l/s"}, "sources": {"pond": {"at": "b", "flow": "20 l/s"}}}
    _, found = play(tmp_path, needs={"water": {"amount": "6 m3"}}, water=water, depots=depot(trucks=TANKER))
    assert (found.trips, came(found)) == ((), [(700.0, 6_000_000, "hydrant")])


def test_a_call_that_can_never_have_its_supplies_is_raised_all_the_same(tmp_path: Path) -> None:
    """80 of 250 bags are all there is; the engine works until 7420, past four deadlines of 30 min."""
    fire = {"run_card": {"engine": 1}, "on_scene": 7200, "supplies": {"sandbags": BAGS}}
    fire["alarm"] = {"level": 1, "control_within": "30 min"}
    line = {"sandbags": {"amount": 100, "reserve": 20}}
    log, _ = play(tmp_path, incident_types={"fire": fire}, depots=depot(stock=line))
    assert [each.moment for each in log.raises] == [1900.0, 3700.0, 5500.0, 7300.0]
    assert np.isnan(log.incidents.under_control).all()


def test_what_a_unit_brings_may_end_a_shortfall(tmp_path: Path) -> None:
    """20 of 100 bags cannot be had from the depot, and come with the engine at 220; it stays for the 80."""
    kinds = engine(carries={"sandbags": "20 bags"})
    line = {"sandbags": {"amount": 100, "reserve": 20}}
    log, found = play(tmp_path, needs={"sandbags": 100}, unit_types=kinds, depots=depot(stock=line))
    assert [(each.moment, each.amount) for each in found.shortfalls] == [(100.0, 20), (220.0, 0)]
    assert log.incidents.under_control.tolist() == [2620.0]
    assert log.responses.clear.tolist() == [2620.0]
