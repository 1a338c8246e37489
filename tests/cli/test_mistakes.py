"""Mistakes that people make in scenario files: each is told where it stands, once, and with its remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dispatch import load
from dispatch.errors import ScenarioError
from tests.cli.world import dispatch
from tests.small import small, write_scenario

if TYPE_CHECKING:
    from pathlib import Path

GRADED: dict[str, Any] = {
    "run_card": {"engine": 1},
    "on_scene": 600,
    "alarm": {"scale": "rescue", "level": 2},
}
CALL = {"at": "1 h", "incident": {"type": "fire", "node": "b", "id": "big"}}
OWNED = {"west": {"at": "a", "owner": "enterprise"}, "east": {"at": "e"}}


def told(folder: Path, **changes: Any) -> list[str]:
    """Return what is told of a scenario, without the file's name and the lines."""
    with pytest.raises(ScenarioError) as caught:
        load(write_scenario(folder, **changes))
    return [str(problem).split(" ", 1)[1] for problem in caught.value.problems]


@pytest.mark.parametrize("incident", ["big", "fire-1"])
def test_a_level_beyond_the_scale(tmp_path: Path, incident: str) -> None:
    raised = {"at": "2 h", "level": {"incident": incident, "level": 5}}
    assert told(tmp_path, incident_types={"fire": GRADED}, injects=[CALL, raised]) == [
        "injects[1].level.level: the scale 'rescue' has no level 5. Give a level from 1 to 4."
    ]
    raised["level"]["level"] = 4  # type: ignore[index]
    small(tmp_path, incident_types={"fire": GRADED}, injects=[CALL, raised])


def test_two_levels(tmp_path: Path) -> None:
    plans = {
        "catalogue": None,
        "classes": {"fire": {"scale": "fire"}},
        "own": {
            "a": {"classes": ["fire"], "reinforced_with": "engine", "cards": {1: {"units": {"engine": 1}}}}
        },
    }
    kind = {"on_scene": 600, "alarm": {"level": 2}}
    assert told(tmp_path, plans=plans, incident_types={"fire": {**kind, "level": 3}}) == [
        "incident_types.fire.level: two levels: 'level' is 3, and 'alarm.level' is 2. "
        "Remove 'level', or make them the same."
    ]
    small(tmp_path, plans=plans, incident_types={"fire": {**kind, "level": 2}})


def test_a_station_at_a_wrong_place_is_still_a_station(tmp_path: Path) -> None:
    stations = {"west": {"at": "aa"}, "east": {"at": "e"}}
    order = {"at": "1 h", "order": {"unit": "E1", "station": "west"}}
    assert told(tmp_path, stations=stations, injects=[order]) == [
        "stations.west.at: no node 'aa' in network 'line'. Did you mean 'a'?"
    ]
    order["order"]["station"] = "wset"  # type: ignore[index]
    assert len(told(tmp_path, stations=stations, injects=[order])) == 2


def test_what_a_wrong_item_leaves_empty_is_not_told(tmp_path: Path) -> None:
    backwards = [{"days": "all", "begins": 20, "ends": 8}]
    assert told(tmp_path, rotas={"day": {"on_duty": backwards}}, sead=1) == [
        "rotas.day.on_duty[0]: ends (8) is not after begins (20). Split it at midnight.",
        "sead: unknown key 'sead'. Did you mean 'seed'?",
    ]
    assert told(tmp_path, rotas={"day": {"on_duty": []}}) == [
        "rotas.day.on_duty: at least 1 needed here, not 0. Correct the list."
    ]


def test_problems_after_a_wrong_item_stand_at_their_own(tmp_path: Path) -> None:
    wrong = {"tier": "works", "stations": []}
    west = {"tier": "town", "owners": ["enterprise"], "when": {"unmet_for": "3 min"}}
    rungs = [wrong, west, {**wrong, "tier": "park"}, {"tier": "town", "owners": ["state"]}]
    assert told(tmp_path, stations=OWNED, ladder=rungs) == [
        "ladder[0]: a tier with nobody. Give 'stations' or 'owners'.",
        "ladder[2]: a tier with nobody. Give 'stations' or 'owners'.",
        "ladder[3].tier: tier 'town' stands twice. Rename one.",
        "ladder[3]: nothing says when an incident is handed to tier 'town'. "
        "Give 'when: {from_level: …}' or 'when: {unmet_for: …}'.",
    ]


def test_a_misspelt_rule_is_not_told_as_missing(tmp_path: Path) -> None:
    assert told(tmp_path, moving_up={"fil": {}, "capability": "engine"}) == [
        "moving_up.fil: unknown key 'fil'. Did you mean 'fill'?"
    ]


def test_communications_are_many(tmp_path: Path) -> None:
    restore = {"at": "2 h", "restore": {"comms": True}}
    (found,) = told(tmp_path, injects=[restore])
    assert "communications are not out of service then" in found
    wrong = {"at": "1 h", "outage": {"comms": True}}  # without 'slower_by': left out, and told once
    (found,) = told(tmp_path, injects=[wrong, restore])
    assert "'comms' and 'slower_by' belong together" in found


def test_a_number_beyond_its_bound_hides_nothing_beside_it(tmp_path: Path) -> None:
    card = {"units": {"engine": 1}, "staging": {"from": 0, "at": "bb"}}
    plans = {
        "catalogue": None,
        "classes": {"fire": {"scale": "fire"}},
        "own": {"a": {"classes": ["fire"], "reinforced_with": "engine", "cards": {1: card}}},
    }
    found = told(tmp_path, plans=plans)
    assert [line.split(":")[0] for line in found] == [
        "plans.own.a.cards.1.staging.from", "plans.own.a.cards.1.staging.at",
    ]  # fmt: skip
    # nothing is said about the number that stands in for the wrong one
    assert told(tmp_path, incident_types={"fire": {**GRADED, "alarm": {"scale": "rescue", "level": 12}}}) == [
        "incident_types.fire.alarm.level: must be less than or equal to 9 (got 12). Correct the value."
    ]


WEATHER = {"title": "fog", "for": "4 h", "uplift": True}


@pytest.mark.parametrize(
    ("inject", "line"),
    [
        ({"incident": {"type": "fire", "node": [103.64]}},
         "incident.node: a point needs two numbers. Write [x, y]; of degrees the longitude comes first."),
        ({"incident": {"type": "fire", "node": [1, 2, 3]}},
         "incident.node: a point needs two numbers. Write [x, y]; of degrees the longitude comes first."),
        ({"weather": {**WEATHER, "for": "-4 h"}},
         "weather.for: '-4 h' is a duration below zero. Give zero or more."),
        ({"weather": {**WEATHER, "for": "−2 h"}},
         "weather.for: '−2 h' is a duration below zero. Give zero or more."),
        ({"weather": {**WEATHER, "for": "0 min"}}, "weather.for: must be above 0. Give a longer time."),
        ({"weather": {**WEATHER, "speed_factor": 50}},
         "weather.speed_factor: must be less than 1 (got 50). Write a share: 0.5 is half the speed."),
        ({"weather": {**WEATHER, "speed_factor": "50%"}},
         "weather.speed_factor: '50%' is not a number. Write a share: 0.5 is half the speed."),
        ({"outage": {"comms": False, "slower_by": 60}},
         "outage.comms: must be true. Write 'true', or leave it out."),
    ],
)  # fmt: skip
def test_values_in_plain_words(tmp_path: Path, inject: dict[str, Any], line: str) -> None:
    assert told(tmp_path, injects=[{"at": "1 h", **inject}]) == [f"injects[0].{line}"]


@pytest.mark.parametrize(
    ("factor", "fact"), [(50, "must be less than or equal to 2 (got 50)"), ("85%", "'85%' is not a number")]
)
def test_the_speed_of_a_unit_type(tmp_path: Path, factor: object, fact: str) -> None:
    types = {"engine": {"capabilities": ["engine"], "turnout": 0, "speed_factor": factor}}
    assert told(tmp_path, unit_types=types) == [
        f"unit_types.engine.speed_factor: {fact}. Write a share: 0.5 is half the speed."
    ]
    types["engine"]["speed_factor"] = 2
    assert small(tmp_path, unit_types=types).file.unit_types["engine"].speed_factor == 2.0


@pytest.mark.parametrize("text", ["-" * 5000, "-", "- soon"])
def test_a_sign_alone_is_no_duration(tmp_path: Path, text: str) -> None:
    (found,) = told(tmp_path, horizon=text)
    assert "duration" in found


def test_a_type_without_class_may_have_one_of_its_own(tmp_path: Path) -> None:
    kind = {"casualty": {"on_scene": 600}}
    demand = {"poisson": {"casualty": {"rate": "1/d"}}}
    (found,) = told(tmp_path, plans={}, incident_types=kind, demand=demand)
    assert found.startswith("incident_types.casualty: no incident class 'casualty'. Give 'classed_as'.")
    assert found.endswith("Or add a class of your own under plans.classes, with its 'scale'.")


def test_commands_before_their_call_are_noted(tmp_path: Path) -> None:
    injects = [
        CALL,
        {"at": "30 min", "level": {"incident": "big", "level": 3}},
        {"at": "40 min", "order": {"unit": "E1", "incident": "big"}},
        {"at": "1 h", "level": {"incident": "big", "level": 4}},
    ]
    notes = [
        n for n in small(tmp_path, incident_types={"fire": GRADED}, injects=injects).notes if "before" in n
    ]
    assert notes == [
        "inject 'level' at 1800 s: the level for call 'big' comes before the call (3600 s), so that nothing "
        "happens.",
        "inject 'order' at 2400 s: the order to 'E1' for call 'big' comes before the call (3600 s), so that "
        "nothing happens.",
    ]
    out = dispatch(
        "validate", write_scenario(tmp_path, incident_types={"fire": GRADED}, injects=injects)
    ).stdout
    lines = [line for line in out.splitlines() if line.startswith("  inject ")]
    assert [line.split(":")[0].strip() for line in lines] == [
        "inject at 30 min 00 s", "inject at 40 min 00 s", "inject at 1 h 00 min", "inject at 1 h 00 min",
    ]  # fmt: skip


def test_aid_without_a_condition_is_noted(tmp_path: Path) -> None:
    def notes(**terms: Any) -> list[str]:
        found = small(tmp_path, agreements={"help": {"stations": ["west"], **terms}}).notes
        return [note for note in found if "automatic aid" in note]

    assert len(notes(asked_when={})) == 1
    assert notes() == []
    assert notes(asked_when={"none_free": True}) == []


PLANS = {
    "catalogue": None,
    "classes": {"fire": {"scale": "fire"}},
    "minimum_force": {},
    "own": {"a": {"classes": ["fire"], "reinforced_with": "engine", "cards": {
        n: {"units": {"engine": n}} for n in range(1, 6)}}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("terms", "level", "line"),
    [
        (None, 1, "level 3 of 'fire': it has 2 of 3 'engine'."),
        (None, 4, "level 4 of 'fire': it has 2 of 4 'engine'."),
        ({}, 1, "level 3 of 'fire': it has 2 of 3 'engine' that may be sent to 'a'."),
        ({"only_at": ["a"]}, 1, "level 2 of 'fire': it has 1 of 2 'engine' that may be sent to 'b'."),
        ({"only_at": ["a"]}, 3, "level 3 of 'fire': it has 1 of 3 'engine' that may be sent to 'b'."),
        ({"most": 0}, 1, "level 2 of 'fire': it has 1 of 2 'engine' that may be sent to 'a'."),
        ({"until": "2023-12-31"}, 1, "level 2 of 'fire': it has 1 of 2 'engine' that may be sent to 'a'."),
    ],
)
def test_levels_that_nobody_can_fill(
    tmp_path: Path, terms: dict[str, Any] | None, level: int, line: str
) -> None:
    """Two engines, one of them perhaps under an agreement; level n takes n of them."""
    more = {"add_units": {"E2": {"type": "engine", "station": "east"}}}
    fewer = {"remove_units": ["W1"]}
    found = small(
        tmp_path, start="2024-01-01T00:00:00+00:00", plans=PLANS, layouts={"more": more, "fewer": fewer},
        incident_types={"fire": {"on_scene": 600, "alarm": {"level": level}}},
        agreements={} if terms is None else {"help": {"stations": ["west"], **terms}},
    ).notes  # fmt: skip
    notes = [note for note in found if "cannot fill" in note]
    assert notes[0] == f"layout 'baseline' cannot fill {line}"
    # without W1 the layout falls short at a lower level only where W1 could come before
    assert len(notes) == (2 if level == 1 and "has 2" in line else 1)
