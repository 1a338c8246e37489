"""Supplies in scenario files: what is wrong is told at its line, all at once; what is doubtful is noted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dispatch.errors import ScenarioError
from tests.small import small

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Scenario

VAN = {"payload": "1 t"}
PLAIN: dict[str, Any] = {"at": "c", "stock": {"foam-6": "6 t"}, "trucks": {"van": VAN}}


def fire(**supplies: Any) -> dict[str, Any]:
    """Return incident types with a need."""
    return {"fire": {"run_card": {"engine": 1}, "on_scene": 600, "supplies": supplies}}


def problems(folder: Path, **changes: Any) -> list[tuple[str, str, str]]:
    """Return path, fact and remedy of what is wrong, by line."""
    with pytest.raises(ScenarioError) as caught:
        small(folder, **changes)
    lines = (folder / "scenario.yaml").read_text(encoding="utf-8").splitlines()
    found = []
    for problem in caught.value.problems:
        place, path = problem.place.split(" ", 1)
        key = path.rsplit(".", 1)[-1].split("[")[0]
        assert key in lines[int(place.split(":")[1]) - 1] or "[" in path or "stock" in path, problem
        found.append((path, problem.fact, problem.remedy))
    return found


def one(folder: Path, **changes: Any) -> tuple[str, str, str]:
    """Return the only problem."""
    (found,) = problems(folder, **changes)
    return found


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    stock = {
        "foam-6": "20 bags",
        "sandbag": 5,
        "sandbags": "5 t",
        "lime": {"amount": "1 吨", "reserve": "2000 公斤"},
    }
    trucks = {"v": {"payload": "10 m3"}, "w": {"payload": "10 kg", "carries": ["foam-6", "sandbags"]}}
    found = problems(
        tmp_path,
        depots={"d": {"at": "c", "stock": stock, "trucks": trucks}},
        items={"ropes": {"unit": "each one", "weight": 2}},
        incident_types=fire(sandbags={"cooling": {"length": 3, "application": "1 l/s/m"}, "for": 5}, tent=3),
    )
    assert {path: fact for path, fact, _ in found} == {
        "incident_types.fire.supplies.sandbags.cooling":
            "item 'sandbags' comes in pieces (bag), and this needs a liquid",
        "incident_types.fire.supplies.tent": "no item 'tent'",
        "depots.d.stock.foam-6": "item 'foam-6' is counted in kg, and this has 'bags'",
        "depots.d.stock.sandbag": "no item 'sandbag'",
        "depots.d.stock.sandbags": "item 'sandbags' is counted in bag, and this has 'kg'",
        "depots.d.stock.lime.reserve": "the reserve (2 t) is above the stock (1 t)",
        "depots.d.trucks.v.payload": "'10000 l' is not a weight",
        "depots.d.trucks.w.carries[1]": "not even one bag of 'sandbags' (40 kg and 25 l) fits on this truck",
        "items.ropes.unit": "amounts in 'each one' could not be written",
    }  # fmt: skip
    remedies = {path: remedy for path, _, remedy in found}
    assert remedies["depots.d.stock.sandbag"] == "Did you mean 'sandbags'? Or define it under 'items'."
    assert remedies["incident_types.fire.supplies.tent"].startswith("Did you mean 'tents'?")
    assert remedies["depots.d.trucks.v.payload"] == "Write a weight, such as '10 t'."


@pytest.mark.parametrize(
    ("changes", "path", "fact"),
    [
        ({"stock": {"foam-6": "-6 t"}}, "stock.foam-6", "'-6 t' is below zero"),
        ({"stock": {"foam-6": ""}}, "stock.foam-6", "'' is not an amount"),
        ({"stock": {"foam-6": {"amount": "6 t", "reserve": "-1 t"}}}, "stock.foam-6.reserve", "below zero"),
        ({"stock": {"foam-6": 6}}, "stock.foam-6", "counted in kg, and this has no unit"),
        ({"trucks": {"van": {"payload": 0}}}, "trucks.van.payload", "'0' is not a weight"),
        ({"trucks": {"van": {"payload": "0 t"}}}, "trucks.van.payload", "a truck that carries nothing"),
        ({"trucks": {"van": {"payload": "1 t", "volume": "1 t"}}}, "trucks.van.volume", "is not a volume"),
        ({"trucks": {"van": {"payload": "1 t", "volume": "0 l"}}}, "trucks.van.volume", "carries nothing"),
        ({"trucks": {"van": {"payload": "1 t", "carries": ["foam-7"]}}}, "trucks.van.carries[0]", "no item"),
        ({"trucks": {"van": {"payload": "1 t", "volume": "1 m3", "carries": ["generators"]}}},
         "trucks.van.carries[0]", "not even one set of 'generators' (900 kg and 2500 l)"),
        ({"kind": "production"}, "", "'kind: production' and 'produces' belong together"),
        ({"produces": {"ramp_up": 0, "rates": {"foam-6": "1 t/h"}}}, "", "belong together"),
        ({"kind": "production", "produces": {"ramp_up": 0, "rates": {}}}, "produces.rates", ""),
        ({"kind": "production", "produces": {"ramp_up": 0, "rates": {"foam-6": "9 l/h"}}},
         "produces.rates.foam-6", "counted in kg, and this has 'l'"),
        ({"kind": "production", "produces": {"ramp_up": 0, "rates": {"foam-6": "0 kg/h"}}},
         "produces.rates.foam-6", "must be above 0"),
        ({"resupply": {"lead_time": "2 h", "from": "dd"}}, "resupply.from", "no depot 'dd' to resupply 'd'"),
        ({"resupply": {"lead_time": "2 h", "from": "d"}}, "resupply.from", "in a circle: d from d"),
        ({"resupply": {"lead_time": 0}}, "resupply.lead_time", ""),
        ({"at": "nowhere"}, "at", ""),
    ],
)  # fmt: skip
def test_one_thing_wrong_with_a_depot(tmp_path: Path, changes: dict[str, Any], path: str, fact: str) -> None:
    told = problems(tmp_path, depots={"d": PLAIN | changes}, incident_types=fire(**{"foam-6": "5 t"}))
    found = [each for each in told if each[0] == f"depots.d.{path}".rstrip(".")]
    assert any(fact in each[1] for each in found)
    assert all(each[2] for each in found)
    assert all(each in found or "belong together" in each[1] for each in told)  # since the part was cut out


def test_a_wrong_unit_is_not_told_again_as_a_reserve(tmp_path: Path) -> None:
    stock = {"foam-6": {"amount": "20 bags", "reserve": "5 t"}}
    assert "counted in kg" in one(tmp_path, depots={"d": PLAIN | {"stock": stock}})[1]


@pytest.mark.parametrize(
    ("item", "path", "fact"),
    [
        ({"unit": "t"}, "", "without a weight"),
        ({"unit": "t", "weight": 1000}, ".unit", "nothing is counted in 't' here"),
        ({"unit": "吨", "weight": 1000}, ".unit", "nothing is counted in '吨' here"),
        ({"unit": "KG", "weight": 1}, ".unit", "nothing is counted in 'KG' here"),
        ({"unit": "m3", "weight": 1}, ".unit", "nothing is counted in 'm3' here"),
        ({"unit": "2m", "weight": 1}, ".unit", "amounts in '2m' could not be written"),
        ({"unit": "big bag", "weight": 1}, ".unit", "amounts in 'big bag' could not be written"),
        ({"unit": "kg", "weight": 1}, "", "has a density"),
        ({"unit": "bag"}, "", "without a weight"),
        ({"unit": "bag", "weight": 0}, ".weight", ""),
        ({"unit": "kg", "code": "1234"}, ".code", ""),
        ({"unit": "kg", "code": "4234567"}, ".code", ""),
    ],
)
def test_items_that_cannot_be(tmp_path: Path, item: dict[str, Any], path: str, fact: str) -> None:
    told = problems(tmp_path, items={"own": item})
    assert any(each[0] == f"items.own{path}" and fact in each[1] for each in told)


def test_water_is_counted_in_litres(tmp_path: Path) -> None:
    found = one(tmp_path, items={"water": {"unit": "kg"}}, incident_types=fire(lime="1 t"))
    assert found[:2] == ("items.water.unit", "water is counted in l, not in kg")


def test_depots_in_a_circle_of_three_are_told_once(tmp_path: Path) -> None:
    above = {"a": "b", "b": "c", "c": "a", "d": "a"}
    depots = {name: PLAIN | {"resupply": {"lead_time": "1 h", "from": up}} for name, up in above.items()}
    found = one(tmp_path, depots=depots)
    assert found[0] == "depots.a.resupply.from"
    assert found[1] == "depots are resupplied in a circle: a from b from c from a"


def test_a_layout_that_closes_the_supplier(tmp_path: Path) -> None:
    depots = {"city": PLAIN, "town": PLAIN | {"resupply": {"lead_time": "1 h", "from": "city"}}}
    found = one(tmp_path, depots=depots, layouts={"less": {"close_depots": ["city"]}})
    assert found[0] == "depots.town.resupply.from"
    assert found[1] == "layout 'less' has no depot 'city' to resupply 'town' from"
    assert found[2] == "Keep 'city' in the layout. Or leave 'from' out for goods from outside."


def test_a_deadline_after_the_end_of_the_wish(tmp_path: Path) -> None:
    found = one(tmp_path, incident_types=fire(lime={"amount": "5 t", "within": "30 h"}))
    assert found[0] == "incident_types.fire.supplies.lime.within"
    assert found[1] == "the deadline (108000 s) is after 'wanted_for' (86400 s)"


def test_water_that_nothing_needs(tmp_path: Path) -> None:
    assert one(tmp_path, water={"hydrants": {"c": "60 l/s"}})[1] == "water without anything that needs it"


def notes(scenario: Scenario) -> list[str]:
    """Return the notes of a scenario."""
    return list(scenario.notes)


def test_enough_of_everything_needs_no_note(tmp_path: Path) -> None:
    """Items that nobody needs are no problem either."""
    depot = PLAIN | {"stock": {"foam-6": "6 t", "tents": 20}}
    assert notes(small(tmp_path, depots={"d": depot}, incident_types=fire(**{"foam-6": "6 t"}))) == []


def test_a_need_above_all_stock_is_noted_for_the_layouts_where_it_is(tmp_path: Path) -> None:
    depots = {"d": PLAIN | {"stock": {"foam-6": {"amount": "6 t", "reserve": "1 t"}}}, "e": PLAIN}
    foam = {"foam": {"diameter": 40, "application": "6.5 l/min/m2", "concentration": "6 %"}, "for": "65 min"}
    found = small(
        tmp_path,
        depots=depots,
        incident_types=fire(**{"foam-6": foam}),
        water={"hydrants": {"left": "9 l/s", "right": "9 l/s"}},
        layouts={
            "gate": {"add_depots": {"gate": PLAIN | {"stock": {"foam-6": "21 t"}}}},
            "gates": {"add_depots": {"gate": PLAIN | {"stock": {"foam-6": "20.855 t"}}}},
            "same": {"move_depots": {"e": "a"}},
            "none": {"close_depots": ["d", "e"]},
        },
    )
    need = "'fire' needs 31.86 t of foam-6"
    assert notes(found) == [
        f"layouts 'baseline', 'same': {need}, and all depots together hold 11 t above their reserves.",
        f"layout 'gates': {need}, and all depots together hold 31.86 t above their reserves.",
        f"layout 'none': {need}, which no depot holds, nor a unit that may come carries.",
    ]


def test_what_units_that_may_come_carry_counts(tmp_path: Path) -> None:
    types = {
        "engine": {"capabilities": ["engine"], "turnout": 0, "carries": {"foam-6": "500 kg"}},
        "boat": {"capabilities": ["boat"], "turnout": 0, "carries": {"foam-6": "5 t"}},
    }
    units = {"W1": {"type": "engine", "station": "west"}, "E1": {"type": "engine", "station": "east"},
             "B1": {"type": "boat", "station": "east"}}  # fmt: skip
    own: dict[str, Any] = {"unit_types": types, "units": units}
    assert notes(small(tmp_path, **own, incident_types=fire(**{"foam-6": "1 t"}))) == []
    (note,) = notes(small(tmp_path, **own, incident_types=fire(**{"foam-6": "2 t"})))
    assert note.endswith("of foam-6, which no depot holds, and units that may come carry 1 t.")
    (note,) = notes(small(tmp_path, **own, depots={"d": PLAIN}, incident_types=fire(**{"foam-6": "8 t"})))
    assert note.endswith("all depots together hold 6 t above their reserves, units that may come 1 t.")


def test_stock_that_no_truck_takes_is_left_out(tmp_path: Path) -> None:
    depots = {
        "a": PLAIN,
        "b": {"at": "c", "stock": {"foam-6": "90 t"}},
        "c": PLAIN | {"stock": {"water": "1 m3", "generators": 2, "lime": "1 t"}},
        "d": PLAIN | {"stock": {"foam-6": "90 t"}, "trucks": {"van": VAN | {"carries": ["lime"]}}},
    }
    depots["c"] = depots["c"] | {"trucks": {"van": {"payload": "0.5 t"}}}
    found = notes(small(tmp_path, depots=depots, incident_types=fire(**{"foam-6": "7 t"})))
    assert found == [
        "layout 'baseline': 'fire' needs 7 t of foam-6, and all depots that can send it together hold 6 t "
        "above their reserves.",
        "depot 'b' has no trucks, and sends nothing to incidents.",
        "depot 'c' has no truck for generators, water; a tanker names water in 'carries'.",
        "depot 'd' has no truck for foam-6.",
    ]


def test_more_that_comes_is_told(tmp_path: Path) -> None:
    depot = PLAIN | {"resupply": {"lead_time": "2 h"}}
    (note,) = notes(small(tmp_path, depots={"d": depot}, incident_types=fire(**{"foam-6": "7 t"})))
    assert note.endswith("above their reserves. More is made, or ordered from outside.")


def test_a_reserve_that_keeps_everything_and_a_supplier_without_it(tmp_path: Path) -> None:
    kept = {"foam-6": {"amount": "6 t", "reserve": "6 t"}, "lime": {"amount": "2 t", "reserve": "1 t"}}
    depots = {
        "d": PLAIN | {"stock": kept, "resupply": {"lead_time": "1 h", "from": "e"}},
        "e": PLAIN,
    }
    found = small(tmp_path, depots=depots, layouts={"less": {"remove_units": ["E1"]}})
    assert notes(found) == [
        "depot 'd' keeps all of its foam-6 (6 t) in reserve.",
        "depot 'd' is resupplied from 'e', which does not list lime.",
    ]


def test_water_that_is_not_simulated(tmp_path: Path) -> None:
    types = fire(water="5 m3", lime="1 t") | {"other": {"run_card": {"engine": 1}, "on_scene": 600}}
    injects = [{"at": 0, "incident": {"type": "other", "node": "c", "supplies": {"water": "1 m3"}}}]
    dry = small(tmp_path, incident_types=types, injects=injects)
    assert notes(dry)[0] == (
        "the water that 'fire', 'other-inject-1' need is not simulated: nothing is said of 'water', and no "
        "depot lists it."
    )
    assert dry.supplies is not None
    assert [need.amount for need in dry.supplies.needs[0]] == [1_000_000]  # lime alone
    assert dry.supplies.authored == {0: ()}
    tanker = {"payload": "9 t", "carries": ["water"]}
    depot = {"at": "a", "stock": {"water": "9 m3", "lime": "1 t"}, "trucks": {"tanker": tanker, "van": VAN}}
    for layouts in ({}, {"wet": {"add_depots": {"d": depot}}}):
        wet = small(
            tmp_path,
            incident_types=types,
            injects=injects,
            layouts=layouts,
            depots={} if layouts else {"d": depot},
        )
        assert wet.supplies is not None
        assert wet.supplies.simulates_water
        assert [need.amount for need in wet.supplies.needs[0]] == [1_000_000, 5_000_000]
        assert [need.amount for need in wet.supplies.authored[0]] == [1_000_000]
    assert notes(small(tmp_path, incident_types=types, injects=injects, depots={"d": depot})) == []
