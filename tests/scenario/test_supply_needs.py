"""What calls need by their type, by themselves, and by the card of their plan at each level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dispatch.errors import ScenarioError
from dispatch.scenario.supply_needs import needs_of, simulated_in
from tests.small import small

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Scenario

CARDS: dict[str, dict[str, Any]] = {
    "1": {
        "units": {"engine": 1},
        "supplies": {"foam-6": "2 吨", "sandbags": "60 bags", "drones": "as needed"},
    },
    "2": {"units": {"engine": 1}},
    "3": {
        "units": {"engine": 2},
        "supplies": {"foam-6": "5 t", "lime": "some", "water": "3 m3", "tents": "0"},
    },
}
DEPOT = {
    "at": "c",
    "stock": {"foam-6": "9 t", "sandbags": 90, "lime": "2 t"},
    "trucks": {"van": {"payload": "9 t"}},
}
FIRE = {"on_scene": 600, "alarm": {"level": 1}}


def plans(**cards: Any) -> dict[str, Any]:
    """Return a library of one plan."""
    own = {"all": {"classes": ["fire"], "cards": cards or CARDS}}
    return {"catalogue": None, "classes": {"fire": {"scale": "fire"}}, "own": own}


def world(folder: Path, supplies: dict[str, Any] | None = None, **changes: Any) -> Scenario:
    """Return a scenario whose plan asks for supplies."""
    fire = FIRE | ({"supplies": supplies} if supplies else {})
    return small(
        folder, **{"plans": plans(), "depots": {"d": DEPOT}, "incident_types": {"fire": fire}} | changes
    )


def asked(scenario: Scenario, level: int, authored: int | None = None) -> dict[str, float]:
    """Return what a fire at node c needs, in kg, litres or pieces by item."""
    book = scenario.supplies
    assert book is not None
    found = needs_of(scenario, 0, scenario.network.index["c"], level, 0.0, authored)
    assert [need.item for need in found] == sorted({need.item for need in found})
    return {book.items[need.item].id: book.items[need.item].units(need.amount) for need in found}


def test_amounts_of_known_items_are_needed_and_words_are_told(tmp_path: Path) -> None:
    scenario = world(tmp_path)
    assert asked(scenario, 1) == {"foam-6": 2000, "sandbags": 60}
    assert asked(scenario, 0) == asked(scenario, 1)  # the level of the first alarm
    assert asked(scenario, 2) == asked(scenario, 1)  # what a card leaves out is that of the lower one
    assert asked(scenario, 3) == {"foam-6": 5000}  # no water is simulated here, and of tents none is needed
    assert scenario.plans is not None
    card = scenario.plans.card(0, scenario.network.index["c"], 1, 0.0)
    assert dict(card.supplies) == CARDS["1"]["supplies"]
    (need,) = needs_of(scenario, 0, scenario.network.index["c"], 3, 0.0)
    assert (need.flow, need.lasts, need.within, need.asked_after) == (0, 0, float("inf"), 0)
    assert (need.wanted_for, need.stock_up) == (86_400, False)


def test_the_type_wins_over_the_plan_item_by_item(tmp_path: Path) -> None:
    scenario = world(tmp_path, supplies={"foam-6": "1 t", "lime": "500 kg"})
    assert asked(scenario, 1) == {"foam-6": 1000, "lime": 500, "sandbags": 60}
    assert asked(scenario, 3) == {"foam-6": 1000, "lime": 500}
    assert asked(world(tmp_path, supplies={"foam-6": 0}), 1) == {"sandbags": 60}


def test_a_call_wins_over_its_type_and_the_plan(tmp_path: Path) -> None:
    calls = [{"type": "fire", "node": "c", "supplies": {"sandbags": 7}}, {"type": "fire", "node": "c"},
             {"type": "fire", "node": "c", "supplies": {}, "units": {"engine": 1}}]  # fmt: skip
    injects = [{"at": 0, "incident": call} for call in calls]
    scenario = world(tmp_path, supplies={"lime": "1 t"}, injects=injects)
    assert asked(scenario, 1, 0) == {"foam-6": 2000, "sandbags": 7}
    assert asked(scenario, 1, 1) == {"foam-6": 2000, "sandbags": 60, "lime": 1000}
    assert asked(scenario, 1, 2) == {"foam-6": 2000, "sandbags": 60}


def test_without_depots_or_plans_nothing_comes_from_cards(tmp_path: Path) -> None:
    types = {"engine": {"capabilities": ["engine"], "turnout": 0, "carries": {"foam-6": "1 t"}}}
    alone = world(tmp_path, depots={}, unit_types=types)
    assert alone.supplies is not None
    assert asked(alone, 3) == {}
    fire = {"run_card": {"engine": 1}, "on_scene": 600, "supplies": {"lime": "1 t"}}
    planless = small(tmp_path, depots={"d": DEPOT}, incident_types={"fire": fire})
    assert asked(planless, 0) == {"lime": 1000}
    assert needs_of(small(tmp_path), 0, 0, 0, 0.0) == ()


def test_water_of_cards_where_it_is_simulated(tmp_path: Path) -> None:
    scenario = world(tmp_path, supplies={"lime": 0}, water={"hydrants": {"c": "9 l/s"}})
    assert asked(scenario, 3) == {"foam-6": 5000, "water": 3000}


def test_which_entries_are_simulated(tmp_path: Path) -> None:
    said = simulated_in(world(tmp_path))
    entries = [("foam-6", "2 t"), ("foam-6", "some"), ("foam", "2 t"), ("water", "3 m3"), ("tents", "0")]
    assert [said(*entry) for entry in entries] == [True, False, False, False, False]
    own = world(tmp_path, supplies={"foam-6": "1 t"})
    assert [simulated_in(own, kind)("foam-6", "2 t") for kind in (None, 0)] == [True, False]
    assert not simulated_in(world(tmp_path, depots={}))("foam-6", "2 t")


@pytest.mark.parametrize(
    ("amount", "fact"),
    [
        ("20 bags", "item 'foam-6' is counted in kg, and this has 'bags'"),
        ("20", "item 'foam-6' is counted in kg, and this has no unit"),
        ("2 m3", "item 'foam-6' is counted in kg, and this has 'l'"),
        ("-2 t", "'-2 t' is below zero"),
    ],
)
def test_amounts_on_cards_in_a_wrong_unit(tmp_path: Path, amount: str, fact: str) -> None:
    cards = {"1": {"units": {"engine": 1}, "supplies": {"foam-6": amount, "sandbags": "5 t"}}}
    with pytest.raises(ScenarioError) as caught:
        world(tmp_path, plans=plans(**cards))
    told = {problem.place.split(" ")[1]: problem.fact for problem in caught.value.problems}
    path = "plans.own.all.cards.1.supplies"
    assert told == {
        f"{path}.foam-6": fact,
        f"{path}.sandbags": "item 'sandbags' is counted in bag, and this has 'kg'",
    }
    lines = (tmp_path / "scenario.yaml").read_text(encoding="utf-8").splitlines()
    for problem in caught.value.problems:
        line = int(problem.place.split(" ")[0].split(":")[1])
        assert problem.place.rsplit(".", 1)[1] in lines[line - 1]
    assert world(tmp_path, plans=plans(**cards), depots={}).supplies is None  # told, as ever


def test_the_greatest_level_is_compared_with_the_stock(tmp_path: Path) -> None:
    less = DEPOT | {"stock": {"foam-6": "4 t", "sandbags": 60}}
    assert [note for note in world(tmp_path, depots={"d": less}).notes if "needs" in note] == [
        "layout 'baseline': 'fire' needs 5 t of foam-6, and all depots together hold 4 t above their "
        "reserves."
    ]
