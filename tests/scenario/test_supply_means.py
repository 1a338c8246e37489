"""Notes on what supplies take beside goods: pumps for a flow, ways for water, depots that fill units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dispatch.scenario.supply_means import items_used, ways_of_water
from tests.small import small

if TYPE_CHECKING:
    from pathlib import Path

COOLING = {"cooling": {"length": 60, "application": "1 l/s/m"}, "for": "10 min"}
TANKER = {"payload": "9 t", "carries": ["water"]}
ALL = {"left": "90 l/s", "right": "90 l/s"}


def types(pumps: str = "30 l/s", **more: Any) -> dict[str, Any]:
    """Return unit types: engines that pump, and others that do not."""
    plain = {"capabilities": ["engine", "boat"], "turnout": 0}
    pump = {"capabilities": ["engine"], "turnout": 0, "pumps": pumps}
    return {"engine": pump | more, "boat": plain}


def fire(card: int = 1, **supplies: Any) -> dict[str, Any]:
    """Return incident types that need cooling."""
    return {
        "fire": {"run_card": {"engine": card}, "on_scene": 600, "supplies": supplies or {"water": COOLING}}
    }


def notes(folder: Path, **changes: Any) -> list[str]:
    """Return the notes of a world in which hydrants give at all nodes."""
    base: dict[str, Any] = {"water": {"hydrants": ALL}, "unit_types": types(), "incident_types": fire()}
    return list(small(folder, **{**base, **changes}).notes)


def test_pumps_below_the_flow(tmp_path: Path) -> None:
    """One engine pumps 30 of 60 l/s, two pump it; where nothing is said of pumps, nothing waits for them."""
    told = "'fire' needs 60 l/s, and the units that may come pump 30 l/s: it never comes under control."
    boats = {"less": {"remove_units": ["E1"]}, "boats": {"remove_units": ["E1", "W1"],
             "add_units": {"B1": {"type": "boat", "station": "west"}}}}  # fmt: skip
    assert notes(tmp_path) == [f"layout 'baseline': {told}"]
    assert notes(tmp_path, incident_types=fire(2)) == []
    assert notes(tmp_path, unit_types=types("60 l/s")) == []
    found = notes(tmp_path, layouts=boats)
    assert found == [
        f"layouts 'baseline', 'less': {told}",
        f"layout 'boats': {told.replace('30 l/s', '0 l/s')}",
    ]
    dumb = {name: {k: v for k, v in kind.items() if k != "pumps"} for name, kind in types().items()}
    assert notes(tmp_path, unit_types=dumb) == []


def test_pumps_of_calls_that_say_themselves_who_comes(tmp_path: Path) -> None:
    call = {"type": "fire", "node": "c", "id": "x", "units": {"engine": 1}, "supplies": {"water": COOLING}}
    injects = [{"at": 60, "incident": call}]
    (note,) = notes(tmp_path, incident_types=fire(2), injects=injects)
    assert note.startswith("layout 'baseline': 'x' needs 60 l/s, and the units that may come pump 30 l/s")


def test_pumps_of_units_that_are_ordered_in_addition(tmp_path: Path) -> None:
    call = {"type": "fire", "node": "c", "id": "x", "supplies": {"water": COOLING}}
    order = {"at": 90, "order": {"unit": "E1", "incident": "x"}}
    dry = {"fire": {"run_card": {"engine": 1}, "on_scene": 600}}
    assert notes(tmp_path, incident_types=dry, injects=[{"at": 60, "incident": call}, order]) == []
    assert len(notes(tmp_path, incident_types=dry, injects=[{"at": 60, "incident": call}])) == 1


def test_pumps_of_the_highest_level(tmp_path: Path) -> None:
    cards = {str(level): {"units": {"engine": level}} for level in (1, 2)}
    own = {"all": {"classes": ["fire"], "cards": cards}}
    plans = {"catalogue": None, "classes": {"fire": {"scale": "fire"}}, "own": own}
    alarmed = {"fire": {"on_scene": 600, "alarm": {"level": 1}, "supplies": {"water": COOLING}}}
    told = [note for note in notes(tmp_path, incident_types=alarmed, plans=plans) if "l/s" in note]
    assert told == []
    weak = notes(tmp_path, incident_types=alarmed, plans=plans, unit_types=types("20 l/s"))
    assert [note for note in weak if "pump 40 l/s" in note]


@pytest.mark.parametrize(
    ("water", "depots", "where"),
    [
        ({"hydrants": {"c": "9 l/s"}}, {}, "at 4 of 5 nodes"),
        ({"sources": {"pond": {"at": "b", "flow": "9 l/s"}}}, {}, "there"),
        ({"sources": {"pond": {"at": "b", "flow": "9 l/s"}}},
         {"d": {"at": "a", "stock": {"lime": "1 t"}, "trucks": {"van": {"payload": "1 t"}}}}, "there"),
    ],
)  # fmt: skip
def test_water_that_nobody_can_bring(tmp_path: Path, water: Any, depots: Any, where: str) -> None:
    (note,) = notes(tmp_path, water=water, depots=depots, incident_types=fire(2))
    assert note == (
        "layout 'baseline': 'fire' needs 36 m³ of water, and nobody can bring any: hydrants give none "
        f"{where}, no tanker can fill at a source, and no depot sends enough."
    )


def test_water_that_comes_some_way(tmp_path: Path) -> None:
    """By tanker from a source, from the stock of a depot, or with the units."""
    pond = {"sources": {"pond": {"at": "b", "flow": "9 l/s"}}}
    tankers = {"d": {"at": "a", "stock": {"lime": "1 t"}, "trucks": {"t": TANKER, "van": {"payload": "1 t"}}}}
    stock = {"d": {"at": "a", "stock": {"water": "36 m3"}, "trucks": {"t": TANKER}}}
    some = {"d": {"at": "a", "stock": {"water": "30 m3"}, "trucks": {"t": TANKER}}}
    own = types(carries={"water": "3 m3"})
    assert notes(tmp_path, incident_types=fire(2), water=pond, depots=tankers) == []
    assert notes(tmp_path, incident_types=fire(2), water={"hydrants": {"c": "1 l/s"}}, depots=stock) == []
    assert notes(tmp_path, incident_types=fire(2), water={"hydrants": {"c": "1 l/s"}}, depots=some,
                 unit_types=types(carries={"water": "18 m3"})) == []  # fmt: skip
    (note,) = notes(
        tmp_path, incident_types=fire(2), water={"hydrants": {"c": "1 l/s"}}, depots={}, unit_types=own
    )
    assert "nobody can bring more than 6 m³ of it" in note


def test_ways_of_water(tmp_path: Path) -> None:
    base: dict[str, Any] = {"incident_types": fire(2), "unit_types": types()}
    pond = {"sources": {"pond": {"at": "b", "flow": "9 l/s"}}}
    depots = {"d": {"at": "a", "stock": {"water": "1 m3"}, "trucks": {"t": TANKER}}}
    hydrants = {"hydrants": {"c": "1 l/s"}}

    def ways(*nodes: int, **changes: Any) -> list[str]:
        return ways_of_water(small(tmp_path, **base, **changes), "baseline", nodes)

    assert ways(2, 3, water=pond | hydrants, depots=depots) == ["hydrants", "tankers"]
    assert ways(3, water=pond | hydrants, depots=depots) == ["tankers"]
    assert ways(2, water=hydrants, depots=depots) == ["hydrants"]  # nowhere to fill but the depot
    assert ways(3, water=pond) == []


def test_units_that_should_fill_at_depots(tmp_path: Path) -> None:
    """The depot at west has too little, east has none; one that makes more may let a unit wait."""
    tank = {"foam-6": {"amount": "3 t", "source": "depot"}}
    depot = {"at": "a", "stock": {"foam-6": "2 t"}, "trucks": {"van": {"payload": "5 t"}}}
    base: dict[str, Any] = {
        "unit_types": types(carries=tank),
        "incident_types": fire(1, **{"foam-6": "1 t"}),
    }
    layouts = {"east": {"add_depots": {"e": depot | {"at": "e", "stock": {"foam-6": "3 t"}}}}}
    few = (
        "depot 'd' holds 2 t of foam-6, and 'engine' at station 'west' carries 3 t when full: a unit may wait"
    )
    assert list(small(tmp_path, **base, depots={"d": depot}, layouts=layouts).notes) == [
        "layout 'baseline': foam-6 of 'engine' is filled from the quarters' own supply, not from a depot: "
        "none stands at the node of station 'east'.",
        f"{few} for it for ever.",
    ]
    makes = depot | {"kind": "production", "produces": {"ramp_up": 60, "rates": {"foam-6": "1 t/h"}}}
    (note,) = small(tmp_path, **base, depots={"d": makes}).notes
    assert "none stands at the node of station 'east'" in note
    other = depot | {"stock": {"lime": "2 t"}}
    assert any(
        "depot 'd' holds no foam-6" in note for note in small(tmp_path, **base, depots={"d": other}).notes
    )
    (note,) = small(tmp_path, **base, depots={"d": depot | {"at": "c"}}).notes
    assert note.endswith("none stands at the node of stations 'east', 'west'.")


def test_items_that_a_scenario_uses(tmp_path: Path) -> None:
    """Of needs, injected calls, stock, what is made, tanks, and cards; not the rest of the catalogue."""
    depot = {"at": "a", "stock": {"lime": "2 t"}, "kind": "production",
             "produces": {"ramp_up": 60, "rates": {"sandbags": "9 bags/h"}},
             "trucks": {"van": {"payload": "5 t"}}}  # fmt: skip
    call = {"type": "fire", "node": "c", "supplies": {"tents": 2}}
    scenario = small(
        tmp_path, depots={"d": depot}, unit_types=types(carries={"foam-6": "1 t"}),
        injects=[{"at": 60, "incident": call}], incident_types=fire(1, blankets=3),
    )  # fmt: skip
    assert items_used(scenario) == ["blankets", "foam-6", "lime", "sandbags", "tents"]
    cards = {"1": {"units": {"engine": 1}, "supplies": {"generators": "2 sets", "foam-6": "some"}}}
    own = {"all": {"classes": ["fire"], "cards": cards}}
    plans = {"catalogue": None, "classes": {"fire": {"scale": "fire"}}, "own": own}
    planned = small(tmp_path, depots={"d": depot}, plans=plans,
                    incident_types={"fire": {"on_scene": 600}})  # fmt: skip
    assert items_used(planned) == ["generators", "lime", "sandbags"]
    assert items_used(small(tmp_path)) == []
