"""``dispatch plans``: what is listed, which plan is told and why, on terminals, in pipes and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.test_output import _terminal, _width
from tests.cli.world import dispatch, write

if TYPE_CHECKING:
    from pathlib import Path

PLANS: dict[str, Any] = {
    "key_units": {"储罐区": {"nodes": ["c"], "within": "south"}},
    "capabilities": {"foam": None},
    "own": {
        "park": {
            "title": "园区预案",
            "classes": ["industrial-fire"],
            "zones": ["south"],
            "cards": {"1": {"units": {"pumper": 1}, "notify": ["公安"], "command": "大队"}},
        },
        "site": {
            "title": "一企一策",
            "parent": "park",
            "classes": ["fire"],
            "key_units": ["储罐区"],
            "valid_from": "2024-02-01",
            "cards": {"1": {"units": {"pumper": 2, "foam": {"units": 1, "crew": 4}}, "staging": {"from": 2}}},
        },
    },
}
KIND = {"plant": {"classed_as": "industrial-fire", "on_scene": "20 min"}}


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    return write(
        tmp_path,
        plans=PLANS,
        incident_types=KIND,
        demand={"poisson": {"plant": {"rate": "1/h", "places": {"south": 1}}}},
    )


def test_a_match_in_words(scenario: Path) -> None:
    done = dispatch("plans", "match", scenario, "--type", "plant", "--at", "c", "--on", "2024-02-01")
    assert done.stdout == (
        "plant at c (key unit '储罐区'), level 1, on 2024-02-01\n"
        "plan site: 一企一策\n"
        "  place: made for key unit '储罐区' (3)\n"
        "  class: made for 'fire', 1 class above (-1)\n"
        "  level: holds at all levels (0)\n"
        "  date: valid from 2024-02-01 (1)\n"
        "card of level 1\n"
        "  units: foam 1 (crew 4), pumper 2\n"
        "  force: 3 units, 16 people; enough: the level's least is 2 units and 12 people from 1 station "
        "(stations not simulated)\n"
        "  staging: from unit 2 on\n"
        "  notify: 公安\n"
        "  command: 大队\n"
        "sent in this scenario: pumper 2\n"
        "runners-up\n"
        "  park: 园区预案; behind by place (place 2, class 0, level 0, date 0)\n"
        "18 plans are for other classes of incidents\n"
    )


def test_the_day_before_it_is_another_plan(scenario: Path) -> None:
    shown = dispatch("plans", "match", scenario, "-t", "plant", "--at", "c", "--on", "2024-01-31").stdout
    assert "plan park: 园区预案\n" in shown
    assert "rejected\n  site: 一企一策; date: valid from 2024-02-01, after 2024-01-31\n" in shown


def test_a_level_without_a_card_is_reinforced(scenario: Path) -> None:
    shown = dispatch("plans", "match", scenario, "-t", "plant", "--at", "c", "--level", "2").stdout
    assert "card of level 2 (written for level 1, reinforced by 6)\n  units: pumper 7\n" in shown
    assert "sent in this scenario: pumper 7\n" in shown


def test_a_card_that_a_lower_level_raised_says_so(tmp_path: Path) -> None:
    """Within a plan, in its own words, and by another plan, in those of the scenario."""
    cards = {"1": {"units": {"foam": 3, "ladder": 1}}, "2": {"units": {"foam": 1, "ladder": 1}}}
    plans = {
        "catalogue": None,
        "classes": {"fire": {"scale": "fire"}},
        "capabilities": {"foam": "pumper", "ladder": None},
        "own": {
            "low": {"classes": ["fire"], "levels": [1, 2], "cards": cards},
            "high": {"classes": ["fire"], "levels": [3, 4, 5], "cards": {"3": {"units": {"foam": 2}}}},
        },
    }
    path = write(tmp_path, plans=plans, incident_types={"fire": {"on_scene": "20 min"}},
                 demand={"poisson": {"fire": {"rate": "1/h"}}})  # fmt: skip
    arguments = ("plans", "match", path, "-t", "fire", "--at", "a")
    shown = {level: dispatch(*arguments, "--level", str(level)).stdout for level in (1, 2, 3)}
    assert "raised" not in shown[1]
    assert (
        "  units: foam 3, ladder 1\n"
        "  raised by level 1 of plan low: 3 foam, where the card itself says 1 foam\n"
    ) in shown[2]
    assert shown[2].count("raised") == 1
    assert (
        "sent in this scenario: pumper 3\n"
        "  raised by level 1 of plan low: 3 pumper, where the card itself says 2 pumper\n"
    ) in shown[3]
    assert shown[3].count("raised") == 1
    found = json.loads(dispatch(*arguments, "--level", "3", "--json").stdout)
    assert found["card"]["raised"] == []
    assert found["raised"] == [
        {"word": "pumper", "own": {"units": 2, "crew": [0, 0]}, "sent": {"units": 3, "crew": [0, 0, 0]},
         "by": {"plan": "low", "level": 1}},
    ]  # fmt: skip


def test_json_is_stable_and_says_the_same(scenario: Path) -> None:
    arguments = ("plans", "match", scenario, "-t", "plant", "--at", "c", "--on", "2024-02-01", "--json")
    text = dispatch(*arguments).stdout
    assert dispatch(*arguments, PYTHONHASHSEED="7").stdout == text
    found = json.loads(text)
    assert list(found) == [
        "asked", "card", "chosen", "raised", "rejected", "runners_up", "sent", "simulated_supplies",
    ]  # fmt: skip
    assert found["asked"] == {
        "type": "plant", "class": "industrial-fire", "node": "c", "level": 1, "on": "2024-02-01",
        "key_unit": "储罐区", "zones": ["south"], "area_classes": [],
    }  # fmt: skip
    assert found["chosen"]["plan"] == "site"
    assert [score["points"] for score in found["chosen"]["scores"]] == [3, -1, 0, 1]
    assert [(each["plan"], each["behind_by"]) for each in found["runners_up"]] == [("park", "place")]
    assert found["sent"] == {"pumper": {"units": 2, "crew": [0, 0]}}
    assert found["card"]["staging"] == {"from": 2, "at": None, "size_up": 0.0}
    assert len(found["rejected"]) == 18


def test_where_no_plan_fits(scenario: Path) -> None:
    done = dispatch("plans", "match", scenario, "-t", "plant", "--at", "a", code=1)
    assert "\nno plan matches\nsent in this scenario: nobody\n" in done.stdout
    document = json.loads(
        dispatch("plans", "match", scenario, "-t", "plant", "--at", "a", "--json", code=1).stdout
    )
    assert (document["chosen"], document["card"], document["sent"]) == (None, None, {})


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("-t", "plnt", "--at", "c"), "--type plnt: the scenario has no such incident type. Did you"),
        (("-t", "plant", "--at", "x"), "--at x: no node of network"),
        (("-t", "plant", "--at", "c", "--on", "soon"), "--on soon: not a date. Write one such as 2020"),
    ],
)  # fmt: skip
def test_what_is_refused(scenario: Path, arguments: tuple[str, ...], told: str) -> None:
    done = dispatch("plans", "match", scenario, *arguments, code=2)
    assert done.stderr.startswith(told)
    assert done.stdout == ""


def test_a_scenario_without_plans(tmp_path: Path) -> None:
    path = write(tmp_path)
    for command in (("list", path), ("match", path, "-t", "fire", "--at", "a")):
        assert "the scenario has no plans. Add 'plans: {}'" in dispatch("plans", *command, code=2).stderr


def test_the_catalogue_is_listed() -> None:
    shown = dispatch("plans", "list").stdout
    assert (
        "\ntank-fire\n  储罐/装置火灾 · Tank or process plant\n  for tank-fire; everywhere; all levels\n"
        in shown
    )
    assert "\n18 plans. Minimum force at fire 1: 2 units, 12 people, 1 station; fire 2: 7 units" in shown
    assert "Illustrative plans" in shown
    found = json.loads(dispatch("plans", "list", "--json").stdout)
    assert len(found["plans"]) == 18
    assert found["plans"]["forest-fire"]["cards"]["3"]["units"] == {
        "forest-team": {"units": 2, "crew": 20}, "tanker": {"units": 2, "crew": None},
    }  # fmt: skip
    assert found["classes"]["tank-fire"] == {
        "path": ["tank-fire", "industrial-fire", "fire"],
        "scale": "fire",
    }


def test_the_plans_of_a_scenario_are_listed(scenario: Path) -> None:
    shown = dispatch("plans", "list", scenario).stdout
    assert (
        "\nsite\n  一企一策\n  for fire; at key unit 储罐区; all levels, from 2024-02-01\n"
        "  from the scenario; refines park\n  level 1: pumper 2, foam 1 (crew 4)\n"
    ) in shown
    assert "\n20 plans. " in shown


@pytest.mark.parametrize("columns", [40, 60])
def test_a_narrow_terminal_cuts_nothing(columns: int) -> None:
    shown = _terminal(columns, "plans", "list")
    lines = shown.replace("\r\n", "\n").split("\n")
    assert not [line for line in lines if _width(line.rstrip()) > columns]
    assert "…" not in shown
