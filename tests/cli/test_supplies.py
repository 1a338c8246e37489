"""``dispatch supplies``: items, rates, what a tank fire takes, and what depots hold against it."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.world import dispatch, write

if TYPE_CHECKING:
    from pathlib import Path

TANK = ("--tank", "40m", "--application", "6.5 l/min/m2", "--concentration", "6 %", "--for", "65min")
NEED = ("supplies", "need", *TANK)
WORLD: dict[str, Any] = {
    "items": {"ropes": {"title": "绳索 ropes", "unit": "rope", "weight": 2, "code": "2010101", "price": 3}},
    "depots": {
        "park": {
            "at": "c",
            "load_out": "30 min",
            "stock": {"foam-6": {"amount": "6 t", "reserve": "1 t"}, "ropes": 5},
            "trucks": {
                "slow": {"payload": "5 t", "speed_factor": 0.5},
                "fast": {"payload": "2 t", "unload": 60},
            },
        },
        "yard": {"at": "a", "stock": {"foam-6": "3 t"}, "resupply": {"lead_time": "1 d"}},
    },
    "incident_types": {
        "fire": {
            "run_card": {"pumper": 1},
            "on_scene": "20 min",
            "supplies": {"foam-6": "8 t", "ropes": 2},
        },
        "quiet": {"run_card": {"pumper": 1}, "on_scene": "20 min"},
    },
    "layouts": {"gate": {"add_depots": {"gate": {"at": "a", "stock": {"foam-6": "4 t"},
                                                 "trucks": {"van": {"payload": "4 t"}}}}}},
    "injects": [{"at": "1 h", "incident": {"type": "fire", "node": "a", "id": "big"}},
                {"at": "1 h", "incident": {"type": "quiet", "node": "a"}}],
}  # fmt: skip


def told(*arguments: str | Path) -> Any:
    """Return a document that a command prints."""
    return json.loads(dispatch("supplies", *arguments, "--json").stdout)


def rows(*arguments: str | Path) -> list[dict[str, str]]:
    """Return the rows of a table that a command prints."""
    return list(csv.DictReader(dispatch("supplies", *arguments, "--csv").stdout.splitlines()))


def test_a_tank_fire_in_words() -> None:
    shown = dispatch(*NEED, "--cooling", "0.8 l/s/m", "--neighbours", "2", "--payload", "10 t").stdout
    assert shown == (
        "tank of 40 m, 1,257 m² burning, 1 h 05 min\n"
        "solution     136.1 l/s, 530.9 m³ in all\n"
        "concentrate  31.86 m³, 31.86 t\n"
        "water in it  499.1 m³\n"
        "cooling      100.5 l/s on the burning tank\n"
        "             43.98 l/s on half the shell of each neighbour, 2 of them\n"
        "             188.5 l/s in all, 735.1 m³ over the same time\n"
        "trucks       4 of 10 t for the concentrate\n"
    )


def test_a_tank_fire_as_json_and_csv() -> None:
    found = told(*NEED[1:], "--cooling", "0.8 升/秒/米", "--neighbours", "1", "--payload", "4 吨")
    assert round(found["solution_l"] / 1000) == 531
    assert round(found["concentrate_kg"] / 1000, 1) == 31.9
    assert round(found["solution_l_per_s"]) == 136
    cooling = found["cooling"]
    assert (round(cooling["burning_l_per_s"]), round(cooling["neighbour_l_per_s"])) == (101, 44)
    assert cooling["l_per_s"] == cooling["burning_l_per_s"] + cooling["neighbour_l_per_s"]
    assert found["trucks"] == {"payload_kg": 4000, "number": 8}
    (row,) = rows(*NEED[1:], "--cooling", "0.8 l/s/m", "--payload", "4 t")
    assert float(row["solution_l"]) == found["solution_l"]
    assert row["trucks_number"] == "8"
    assert row["cooling_neighbours"] == "0"
    (plain,) = rows(*NEED[1:])
    assert not any(key.startswith(("cooling", "trucks")) for key in plain)


def test_density_and_a_surface_instead_of_a_tank() -> None:
    area = ("need", "--area", "100 m2", *TANK[2:], "--density", "1.2")
    found = told(*area)
    assert found["concentrate_l"] == pytest.approx(100 * 6.5 * 65 * 0.06)
    assert found["concentrate_kg"] == pytest.approx(1.2 * found["concentrate_l"])
    assert found["diameter_m"] is None
    assert dispatch("supplies", *area).stdout.startswith("100 m² burning, 1 h 05 min\n")
    theirs = told(
        *NEED[1:], "--cooling", "0.8 l/s/m", "--neighbours", "2", "--neighbour-cooling", "0.8 l/s/m"
    )
    assert theirs["cooling"]["l_per_s"] == pytest.approx(2 * theirs["cooling"]["burning_l_per_s"])


def test_plain_numbers_are_metres_and_seconds() -> None:
    plain = ("supplies", "need", "--tank", "40", *TANK[2:-1], "3900.0")
    assert dispatch(*plain).stdout == dispatch(*NEED).stdout
    assert "--for 0.0: nothing is applied in no time." in dispatch(*plain[:-1], "0.0", code=2).stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*NEED, "--area", "5 m2"), "Give either --tank or --area."),
        (("supplies", "need", *TANK[2:]), "Give either --tank or --area."),
        (("supplies", "need", "--area", "5 m2", *TANK[2:], "--cooling", "1 l/s/m"), "Give --tank instead"),
        ((*NEED, "--neighbours", "2"), "Add --cooling."),
        (
            (*NEED, "--cooling", "1 l/s"),
            "--cooling: '1 l/s' cannot be read. Write a volume by time and metre",
        ),
        (
            (*NEED, "--payload", "10 m3"),
            "--payload: '10 m3' is not a weight above 0. Write one such as '10 t'.",
        ),
        ((*NEED, "--payload", "0 t"), "--payload: '0 t' is not a weight above 0."),
        ((*NEED[:-1], "soon"), "--for: 'soon' is not a duration."),
        ((*NEED[:-1], "0"), "--for"),
        ((*NEED[:7], "600 %", *NEED[8:]), "--concentration: '600 %' is not a share."),
        ((*NEED[:5], "6.5 l/min", *NEED[6:]), "--application: '6.5 l/min' cannot be read."),
        ((*NEED[:3], "40 kg", *NEED[4:]), "--tank: '40 kg' is not a length."),
        ((*NEED, "--json", "--csv"), "Choose one."),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...], message: str) -> None:
    done = dispatch(*arguments, code=2)
    assert message in done.stderr
    assert done.stdout == ""


def test_items_of_the_catalogue_and_of_a_scenario(tmp_path: Path) -> None:
    catalogue = told("items")
    foam = next(each for each in catalogue if each["item"] == "foam-6")
    assert (foam["unit"], foam["kg"], foam["litres"], foam["origin"]) == ("kg", 1, 1, "catalogue")
    both = {each["item"]: each for each in told("items", write(tmp_path, **WORLD))}
    assert len(both) == len(catalogue) + 1
    assert both["ropes"] == {
        "item": "ropes", "title": "绳索 ropes", "unit": "rope", "kg": 2, "litres": 0, "price": 3,
        "code": "2010101", "code_class": "应急装备及配套 equipment and accessories", "origin": "scenario",
    }  # fmt: skip
    assert both["sandbags"]["kg"] == 40
    shown = dispatch("supplies", "items", write(tmp_path, **WORLD)).stdout
    assert "2010101 应急装备及配套 equipment and accessories" in shown
    assert [row["item"] for row in rows("items")] == [each["item"] for each in catalogue]


def test_rates_with_sources() -> None:
    found = {each["rate"]: each for each in told("rates")}
    rim, large = found["floating-roof-rim"], found["full-surface-large-tank"]
    assert (rim["least"], rim["unit"], rim["seconds"], rim["verified"]) == (12.5, "l/min/m2", 3600, True)
    assert "GB 50151-2021" in rim["source"]
    assert found["full-surface-monitors"]["least"] == 6.5
    assert (large["least"], large["most"], large["verified"]) == (8, 10, False)
    assert (found["cooling-burning-tank"]["least"], found["cooling-neighbour"]["least"]) == (0.8, 0.7)
    shown = dispatch("supplies", "rates").stdout
    assert "cooling-neighbour *" in shown
    assert "floating-roof-rim *" not in shown
    assert "* set down from memory." in shown
    assert [row["least"] for row in rows("rates")][:2] == ["12.5", "6.5"]


def test_depots_needs_and_ways(tmp_path: Path) -> None:
    """The quicker truck is told: at 36 km/h 400 s for 4 km, half an hour to load, a minute to unload."""
    path = write(tmp_path, **WORLD)
    found = told("list", path)
    park, yard = found["depots"]
    assert park["stock"] == [
        {"item": "foam-6", "amount": 6000, "reserve": 1000, "unit": "kg"},
        {"item": "ropes", "amount": 5, "reserve": 0, "unit": "rope"},
    ]
    assert [(truck["truck"], truck["payload_kg"]) for truck in park["trucks"]] == [
        ("fast", 2000),
        ("slow", 5000),
    ]
    assert (park["resupply_s"], yard["resupply_s"], yard["trucks"]) == (None, 86_400, [])
    needs = {each["item"]: each for each in found["needs"]}
    assert needs["foam-6"] == {
        "of": "fire", "item": "foam-6", "unit": "kg", "needed": 8000, "to_send": 5000, "without_trucks": 3000,
        "on_units": 0, "more_comes": False,
    }  # fmt: skip
    assert found["drives"] == [
        {"depot": "park", "incident": "big", "node": "a", "driving_s": 400, "first_load_s": 1800 + 400 + 60}
    ]
    assert any("needs 8 t of foam-6" in note for note in found["notes"])
    gate = told("list", path, "--layout", "gate")
    assert [each["depot"] for each in gate["depots"]] == ["gate", "park", "yard"]
    assert [each["driving_s"] for each in gate["drives"]] == [0, 400]
    assert {each["item"]: each["to_send"] for each in gate["needs"]} == {"foam-6": 9000, "ropes": 5}


def test_depots_in_words_and_as_csv(tmp_path: Path) -> None:
    path = write(tmp_path, **WORLD)
    shown = dispatch("supplies", "list", path).stdout
    for words in ("Depots of layout baseline", "foam-6 6 t (1 t); ropes 5 rope", "1 fast (2 t), 1 slow (5 t)",
                  "1 d", "none", "8 t", "5 t", "3 t", "6.7", "37 min 40 s"):  # fmt: skip
        assert words in shown, words
    assert rows("list", path) == [
        {"depot": "park", "node": "c", "item": "foam-6", "amount": "6000", "reserve": "1000", "unit": "kg"},
        {"depot": "park", "node": "c", "item": "ropes", "amount": "5", "reserve": "0", "unit": "rope"},
        {"depot": "yard", "node": "a", "item": "foam-6", "amount": "3000", "reserve": "0", "unit": "kg"},
    ]


def test_ways_of_water_are_named_where_there_are_any(tmp_path: Path) -> None:
    """Hydrants at one node alone; tankers in one layout alone, which fill at the pond."""
    cooled = {"run_card": {"pumper": 1}, "on_scene": "20 min", "supplies": {"water": "9 m3"}}
    tank = {"at": "a", "stock": {"foam-6": "1 t"}, "trucks": {"t": {"payload": "9 t", "carries": ["water"]}}}
    wet = {"hydrants": {"c": "9 l/s"}, "sources": {"pond": {"at": "a", "flow": "5 l/s"}}}
    world = {**WORLD, "water": wet, "layouts": {"tank": {"add_depots": {"tank": tank}}}}
    world["incident_types"] = {"fire": cooled, "quiet": WORLD["incident_types"]["quiet"]}
    world["demand"] = {"poisson": {"fire": {"rate": "0/d"}, "quiet": {"rate": "0/d"}}}
    for node, layout, words in (
        ("a", "baseline", ""), ("c", "baseline", "hydrants"), ("a", "tank", "tankers"),
        ("c", "tank", "hydrants, tankers"),
    ):  # fmt: skip
        call = {"at": "1 h", "incident": {"type": "fire", "node": node, "id": "big"}}
        path = write(tmp_path, **{**world, "injects": [call]})
        shown = dispatch("supplies", "list", path, "-l", layout).stdout
        (line,) = [line for line in shown.splitlines() if line.split()[:2] == ["fire", "water"]]
        assert words in line
        assert ("hydrants" in line, "tankers" in line) == ("hydrants" in words, "tankers" in words)


def test_a_scenario_without_supplies_and_an_unknown_layout(tmp_path: Path) -> None:
    assert "the scenario has no supplies. Give it 'depots'" in dispatch(
        "supplies", "list", write(tmp_path), code=2
    ).stderr  # fmt: skip
    path = write(tmp_path, **WORLD)
    assert "--layout gat: the scenario has no such layout. Did you mean 'gate'?" in dispatch(
        "supplies", "list", path, "-l", "gat", code=2
    ).stderr  # fmt: skip


def test_plans_say_which_supplies_are_simulated(tmp_path: Path) -> None:
    cards = {
        "1": {"units": {"pumper": 1}, "supplies": {"foam-6": "2 t", "ropes": 3, "无人机 drones": "2 架"}}
    }
    plans = {
        "catalogue": None,
        "classes": {"fire": {"scale": "fire"}, "quiet": {"scale": "fire"}},
        "own": {"all": {"classes": ["fire", "quiet"], "cards": cards}},
    }
    path = write(tmp_path, **WORLD, plans=plans)
    asked = ("plans", "match", path, "--at", "a", "--type")
    quiet, fire = (dispatch(*asked, kind).stdout for kind in ("quiet", "fire"))
    assert "supplies: foam-6 (2 t, simulated), ropes (3, simulated), 无人机 drones (2 架)\n" in quiet
    assert "supplies: foam-6 (2 t), ropes (3), 无人机 drones (2 架)\n" in fire  # the type says it itself
    found = [json.loads(dispatch(*asked, kind, "--json").stdout) for kind in ("quiet", "fire")]
    assert [each["simulated_supplies"] for each in found] == [["foam-6", "ropes"], []]
    assert "foam-6 (2 t, simulated)" in dispatch("plans", "list", path).stdout
    listed = json.loads(dispatch("plans", "list", path, "--json").stdout)
    assert listed["simulated_supplies"] == ["foam-6", "ropes"]
    assert json.loads(dispatch("plans", "list", "--json").stdout)["simulated_supplies"] == []
