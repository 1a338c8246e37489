"""Plans: which one is taken and why, what it inherits, what its cards ask for, and what is refused."""

from __future__ import annotations

import random
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from dispatch import load, simulate
from dispatch.errors import Problems, ScenarioError
from dispatch.io.yaml_source import YamlDocument
from dispatch.model.plans import PlanLibrary, UnitNeed
from dispatch.scenario.matching import Question, card_at, greater, match
from dispatch.scenario.plan_library import Merged, Source, build, shipped_library
from tests.small import small, write_scenario

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Scenario
    from dispatch.scenario.matching import Library, Match

DAY = date(2020, 7, 1)
TREE: dict[str, Any] = {
    "fire": {"scale": "fire"},
    "plant": {"parent": "fire"},
    "tank": {"parent": "plant"},
    "rescue": {"scale": "rescue"},
    "lift": {"parent": "rescue"},
}
FORCE = {"fire": {1: (1, 2, 12), 2: (2, 7, 30), 3: (3, 10, 50), 4: (5, 25, 120)}}


def library(extent: dict[str, int] | None = None, **plans: dict[str, Any]) -> Library:
    """Return a library over a small tree; plans have one pumper at level 1 unless they say more."""
    own = {name: {"cards": {1: {"units": {"pumper": 1}}}, **plan} for name, plan in plans.items()}
    force = {
        scale: {
            n: dict(zip(("stations", "vehicles", "crew"), each, strict=True)) for n, each in table.items()
        }
        for scale, table in FORCE.items()
    }
    written = PlanLibrary.model_validate(
        {"catalogue": None, "own": own, "classes": TREE, "minimum_force": force,
         "key_units": {name: {"nodes": ["a"]} for name in ("depot", "school")},
         "area_classes": {"old": ["left"]}}
    )  # fmt: skip
    source = Source("here", YamlDocument("here.yaml", None))
    parts: dict[str, Any] = {"plans": written.own, "classes": written.classes}
    merged = Merged(written, {(part, name): source for part, found in parts.items() for name in found})
    problems = Problems()
    found = build(merged, problems, ("left", "right"), lambda plan: (extent or {}).get(plan.id, 1))
    assert not problems, problems.found
    return found


def ask(found: Library, name: str = "tank", level: int = 1, on: date = DAY, **place: Any) -> Match:
    return match(found, Question(name, level, on, **place))


def chosen(found: Library, *args: Any, **place: Any) -> str | None:
    answer = ask(found, *args, **place)
    return None if answer.chosen is None else answer.chosen.plan.id


AT: dict[str, Any] = {"key_unit": "depot", "zones": ("left",), "area_classes": ("old",)}
SITE, PARK = {"classes": ["tank"], "key_units": ["depot"]}, {"classes": ["tank"], "zones": ["left"]}
AREA, ALL = {"classes": ["tank"], "area_classes": ["old"]}, {"classes": ["tank"]}


@pytest.mark.parametrize(
    ("better", "worse", "points"),
    [(SITE, PARK, (3, 2)), (PARK, AREA, (2, 1)), (AREA, ALL, (1, 0)), (SITE, ALL, (3, 0))],
)
def test_the_more_specific_place_wins(
    better: dict[str, Any], worse: dict[str, Any], points: tuple[int, int]
) -> None:
    """Whatever the ids, however many nodes, and though the other one is better by all other criteria."""
    wide = better | {"classes": ["fire"]}
    narrow = worse | {"levels": [1], "valid_from": "2020-01-01"}
    for names in (("a", "b"), ("b", "a")):
        found = library({names[0]: 9}, **dict(zip(names, (wide, narrow), strict=True)))
        answer = ask(found, **AT)
        assert answer.chosen is not None
        assert answer.chosen.plan.id == names[0]
        (other,) = answer.runners_up
        assert (other.plan.id, other.behind) == (names[1], "place")
        assert (answer.chosen.scores[0].points, other.scores[0].points) == points


@pytest.mark.parametrize("plan", [SITE, PARK, AREA])
def test_a_plan_for_another_place_is_rejected(plan: dict[str, Any]) -> None:
    found = library(other=plan, district=ALL)
    assert chosen(found, **AT) == "other"
    answer = ask(found, key_unit="school", zones=("right",), area_classes=("new",))
    assert answer.chosen is not None
    assert answer.chosen.plan.id == "district"
    ((rejected, reasons),) = answer.rejected
    assert rejected.id == "other"
    assert reasons[0].startswith("place: made for ")


def test_the_nearer_class_wins() -> None:
    found = library(a={"classes": ["fire"]}, b={"classes": ["plant"]}, c={"classes": ["tank"]})
    answer = ask(found)
    assert answer.chosen is not None
    ranked = [answer.chosen, *answer.runners_up]
    assert [each.plan.id for each in ranked] == ["c", "b", "a"]
    assert [each.scores[1].points for each in ranked] == [0, -1, -2]
    assert [each.scores[1].words for each in ranked] == [
        "made for 'tank' itself", "made for 'plant', 1 class above", "made for 'fire', 2 classes above",
    ]  # fmt: skip
    assert [each.behind for each in answer.runners_up] == ["class", "class"]
    assert chosen(found, "plant") == "b"
    assert chosen(found, "fire") == "a"
    assert ask(found, "plant").rejected[0][1] == ("class: 'plant' is not 'tank', nor below",)
    assert ask(found, "lift").chosen is None


def test_of_several_classes_the_nearest_counts() -> None:
    found = library(a={"classes": ["fire", "tank"]}, b={"classes": ["plant"]})
    assert chosen(found) == "a"
    assert chosen(found, "plant") == "b"


def test_a_named_level_wins_and_another_is_rejected() -> None:
    found = library(a=ALL, b=ALL | {"levels": [2, 3]})
    assert [chosen(found, "tank", level) for level in range(1, 6)] == ["a", "b", "b", "a", "a"]
    assert ask(found, "tank", 2).runners_up[0].behind == "level"
    assert ask(found, "tank", 4).rejected[0][1] == ("level: made for levels 2, 3, not 4",)


def test_validity_on_both_sides_of_both_days() -> None:
    limited = ALL | {"valid_from": "2020-07-01", "valid_until": "2020-07-31"}
    found = library(a=ALL, b=limited)
    days = [date(2020, 6, 30), date(2020, 7, 1), date(2020, 7, 31), date(2020, 8, 1)]
    assert [chosen(found, "tank", 1, day) for day in days] == ["a", "b", "b", "a"]
    assert ask(found, "tank", 1, days[0]).rejected[0][1] == ("date: valid from 2020-07-01, after 2020-06-30",)
    assert ask(found, "tank", 1, days[3]).rejected[0][1] == (
        "date: valid until 2020-07-31, before 2020-08-01",
    )
    assert ask(found, "tank", 1, days[1]).runners_up[0].behind == "date"


def test_ties_go_to_fewer_nodes_then_to_the_refinement_then_to_the_id() -> None:
    smaller = ask(library({"a": 5, "b": 4}, a=PARK, b=PARK), **AT)
    assert smaller.chosen is not None
    assert (smaller.chosen.plan.id, smaller.runners_up[0].behind) == (
        "b", "tie, covers 5 nodes rather than 4",
    )  # fmt: skip
    refined = ask(library(a=ALL, b={"parent": "a"}))
    assert refined.chosen is not None
    assert (refined.chosen.plan.id, refined.runners_up[0].behind) == ("b", "tie, 'b' refines more plans")
    equal = ask(library(b=ALL, a=ALL))
    assert equal.chosen is not None
    assert (equal.chosen.plan.id, equal.runners_up[0].behind) == ("a", "tie, 'a' comes first by id")


def test_every_reason_against_a_plan_is_told() -> None:
    plan = {"classes": ["lift"], "levels": [2], "key_units": ["school"], "valid_from": "2021-01-01"}
    answer = ask(library(a=plan), **AT)
    assert answer.card is None
    assert [reason.partition(":")[0] for reason in answer.rejected[0][1]] == [
        "class",
        "level",
        "place",
        "date",
    ]


def test_the_choice_does_not_depend_on_the_order_written() -> None:
    plans: dict[str, Any] = {
        "a": SITE,
        "b": PARK,
        "c": AREA,
        "d": ALL,
        "e": {"classes": ["fire"]},
        "f": {"parent": "b"},
    }
    expected = ask(library(**plans), **AT)
    for seed in range(5):
        names = list(plans)
        random.Random(seed).shuffle(names)
        assert ask(library(**{name: plans[name] for name in names}), **AT) == expected


def test_what_is_left_out_comes_from_the_parent() -> None:
    park = PARK | {"levels": [1, 2], "valid_from": "2020-01-01", "valid_until": "2020-12-31",
                   "reinforced_with": "foam"}  # fmt: skip
    found = library(park=park, site={"parent": "park", "key_units": ["depot"], "valid_until": "2021-06-30"},
                    below={"parent": "site", "classes": ["plant"]})  # fmt: skip
    site, below = found.plans["site"], found.plans["below"]
    assert (site.classes, site.levels, site.reinforced_with) == (("tank",), (1, 2), "foam")
    assert (site.key_units, site.zones) == (("depot",), ())  # a place of its own replaces the parent's
    assert (site.valid_from, site.valid_until) == (date(2020, 1, 1), date(2021, 6, 30))
    assert (below.classes, below.key_units, below.lineage) == (
        ("plant",), ("depot",), ("below", "site", "park"),
    )  # fmt: skip


def needs(found: Library, plan: str, level: int, name: str = "tank") -> dict[str, int]:
    card = card_at(found, found.plans[plan], Question(name, level, DAY))
    return {word: need.units for word, need in card.units.items()}


def test_what_a_card_leaves_out_is_of_the_next_lower_card_then_of_the_parent() -> None:
    base = {"classes": ["lift"], "cards": {
        2: {"units": {"rescue": 2}, "notify": ["医院 hospital"], "command": "中队"},
        4: {"command": "市"},
    }}  # fmt: skip
    found = library(
        base=base, own={"parent": "base", "cards": {3: {"units": {"rescue": 3}, "command": "大队"}}}
    )

    def told(plan: str, level: int) -> tuple[int, tuple[str, ...], str, tuple[str, int]]:
        card = card_at(found, found.plans[plan], Question("lift", level, DAY))
        return card.units["rescue"].units, card.notify, card.command, card.written

    assert told("base", 1) == (2, ("医院 hospital",), "中队", ("base", 2))  # there are only higher ones
    assert told("own", 1) == (2, ("医院 hospital",), "中队", ("base", 2))
    assert told("base", 2) == (2, ("医院 hospital",), "中队", ("base", 2))
    assert told("base", 4) == (2, ("医院 hospital",), "市", ("base", 2))
    assert told("own", 2) == (2, ("医院 hospital",), "中队", ("base", 2))
    assert told("own", 3) == (3, ("医院 hospital",), "大队", ("own", 3))
    assert told("own", 4) == (3, ("医院 hospital",), "大队", ("own", 3))


@pytest.mark.parametrize(
    ("level", "least"), [(1, (2, 12)), (2, (7, 30)), (3, (10, 50)), (4, (25, 120)), (5, (25, 120))]
)
@pytest.mark.parametrize("crew", [None, 3, 5, 30])
def test_a_card_of_another_level_is_reinforced_to_the_minimum_and_no_further(
    level: int, least: tuple[int, int], crew: int | None
) -> None:
    """On both sides: with one pumper fewer than is sent, vehicles or crew would be too few."""
    other = 5 if level < 5 else 4
    need = {"units": 1} | ({} if crew is None else {"crew": crew})
    found = library(a=ALL | {"cards": {other: {"units": {"pumper": need}}}})
    lone = library(a=ALL | {"levels": [level], "cards": {other: {"units": {"pumper": need}}}})
    card = card_at(lone, lone.plans["a"], Question("tank", level, DAY))
    people = crew or 6
    sent = card.units["pumper"].units
    assert sent >= least[0]
    assert sent * people >= least[1]
    assert card.reinforced == sent - 1
    assert sent - 1 < least[0] or (sent - 1) * people < least[1]
    assert (card.vehicles, card.crew) == (sent, sent * people)
    assert needs(found, "a", level)["pumper"] >= sent


def test_the_thresholds_of_the_minimum_on_both_sides() -> None:
    for units, extra in ((9, 1), (10, 0), (11, 0)):  # level 3: 10 units and 50 people
        found = library(a=ALL | {"cards": {1: {"units": {"pumper": units}}}})
        assert card_at(found, found.plans["a"], Question("tank", 3, DAY)).reinforced == extra
    for crew, extra in ((4, 3), (5, 0)):  # ten units: 40 people and three more, or 50
        found = library(a=ALL | {"cards": {1: {"units": {"pumper": {"units": 10, "crew": crew}}}}})
        assert card_at(found, found.plans["a"], Question("tank", 3, DAY)).reinforced == extra


def test_a_card_of_its_own_level_and_rescues_are_not_reinforced() -> None:
    found = library(a=ALL | {"cards": {3: {"units": {"foam": 1}}}}, r={"classes": ["rescue"]})
    assert needs(found, "a", 3) == {"foam": 1, "pumper": 6}  # six of level 2, which had to reach seven
    card = card_at(found, found.plans["a"], Question("tank", 3, DAY))
    assert (card.reinforced, card.written) == (0, ("a", 3))
    assert needs(found, "r", 4, "lift") == {"pumper": 1}
    assert card_at(found, found.plans["r"], Question("lift", 4, DAY)).least is None


def test_reinforcement_is_of_the_kind_that_the_plan_names() -> None:
    found = library(a=ALL | {"reinforced_with": "tanker", "cards": {1: {"units": {"pumper": 2}}}})
    assert needs(found, "a", 2) == {"pumper": 2, "tanker": 5}


def test_a_higher_level_contains_the_lower_and_sends_the_difference() -> None:
    cards = {1: {"units": {"pumper": 4, "aerial": 1}}, 2: {"units": {"pumper": 2, "foam": 3}}}
    found = library(a={"classes": ["lift"], "cards": cards})
    low, high = (needs(found, "a", level, "lift") for level in (1, 2))
    assert high == {"aerial": 1, "foam": 3, "pumper": 4}
    assert low == {"aerial": 1, "pumper": 4}
    (all_of_it,) = (each for each in card_at(found, found.plans["a"], Question("lift", 2, DAY)).raised
                    if each.word == "pumper")  # fmt: skip
    assert (all_of_it.has, all_of_it.sent, all_of_it.level, all_of_it.plan) == ((0, 0), (0,) * 4, 1, "a")
    more = greater({"x": UnitNeed(units=2, crew=3)}, {"x": UnitNeed(units=1, crew=5), "y": UnitNeed(units=1)})
    assert more == {"x": UnitNeed(units=2, crew=5), "y": UnitNeed(units=1)}


def test_cards_grow_with_the_level_in_random_libraries() -> None:
    luck = random.Random(7)
    for _ in range(200):
        cards = {
            level: {
                "units": {word: luck.randint(1, 9) for word in luck.sample(["pumper", "foam", "aerial"], 2)}
            }
            for level in luck.sample(range(1, 6), luck.randint(1, 4))
        }
        found = library(a=ALL | {"cards": cards})
        grown = [needs(found, "a", level) for level in range(1, 6)]
        for low, high in pairwise(grown):
            assert all(high[word] >= count for word, count in low.items())


CATALOGUE: dict[str, tuple[str, int, dict[str, int]]] = {
    "small-building-fire": ("fire", 2, {"pumper": 2, "rescue": 1, "micro-station": 1}),
    "high-rise-fire": ("fire", 3, {"pumper": 4, "aerial": 1, "rescue": 1, "heavy-pump": 1,
                                   "micro-station": 1}),
    "timber-quarter-fire": ("fire", 3, {"pumper": 6, "cafs": 1, "rescue": 1, "tanker": 2,
                                        "micro-station": 2}),
    "factory-fire": ("fire", 3, {"pumper": 4, "aerial": 1, "foam": 1, "enterprise-brigade": 1}),
    "tank-fire": ("fire", 4, {"heavy-foam": 6, "aerial-foam": 2, "remote-water": 1, "pumper": 6, "hazmat": 1,
                              "enterprise-brigade": 1, "park-brigade": 1}),
    "hazmat-release": ("fire", 3, {"hazmat": 1, "pumper": 3, "decon": 1, "enterprise-brigade": 1}),
    "unknown-goods-fire": ("fire", 3, {"pumper": 4, "hazmat": 1, "command-unit": 1}),
    "road-entrapment": ("rescue", 2, {"rescue": 1, "pumper": 1}),
    "coach-accident": ("rescue", 3, {"rescue": 2, "pumper": 2, "lighting": 1, "crane": 1}),
    "tunnel-hazmat": ("rescue", 3, {"rescue": 2, "pumper": 3, "smoke-vent": 1, "hazmat": 1}),
    "lift-entrapment": ("rescue", 1, {"lift-maintainer": 1, "lift-station": 1, "rescue": 1}),
    "building-collapse": ("rescue", 3, {"heavy-rescue": 2, "search-team": 1, "pumper": 1}),
    "confined-space": ("rescue", 2, {"rescue": 1, "hazmat": 1}),
    "gas-leak": ("fire", 2, {"pumper": 2, "rescue": 1}),
    "flood": ("rescue", 3, {"flood-team": 2, "engineering": 2}),
    "forest-fire": ("fire", 3, {"forest-team": 2, "tanker": 2}),
    "crowd-crush": ("rescue", 3, {"rescue": 1}),
    "blackout": ("rescue", 2, {"generator": 2, "lift-team": 2}),
}  # fmt: skip
"""Scale, stated level and units of the eighteen cards."""


def test_the_catalogue_is_these_eighteen_cards() -> None:
    found, merged = shipped_library()
    assert set(found.plans) == set(CATALOGUE)
    assert len(CATALOGUE) == 18
    for name, (scale, level, units) in CATALOGUE.items():
        plan, question = found.plans[name], Question(name, level, DAY)
        assert found.scales[name] == scale
        assert found.paths[name][-1] == scale
        written = {n: card.units for n, card in plan.cards[0].items() if card.units}
        assert {n: {word: need.units for word, need in each.items()} for n, each in written.items()} == {
            level: units
        }
        answer = match(found, question)
        assert answer.chosen is not None
        assert answer.chosen.plan.id == name
        assert answer.card is not None
        assert (answer.card.written, answer.card.reinforced) == ((name, level), 0)
        assert all(answer.card.units[word].units >= count for word, count in units.items())
        assert answer.card.command
        assert plan.assumed
        assert not plan.title.isascii()  # in Chinese and in English
        assert set(units) <= set(merged.words)
    assert not merged.notes
    assert merged.files[0].source


def test_the_catalogue_has_the_minimum_forces_of_the_table() -> None:
    found, _ = shipped_library()
    table = {n: (f.stations, f.vehicles, f.crew) for n, f in found.minimum_force["fire"].items()}
    assert table == FORCE["fire"]
    assert "rescue" not in found.minimum_force
    four, five = found.least("tank-fire", 4), found.least("tank-fire", 5)
    assert four is not None
    assert five == four
    assert found.least("lift-entrapment", 4) is None


def test_people_of_the_catalogue_who_are_said() -> None:
    found, _ = shipped_library()
    card = match(found, Question("forest-fire", 3, DAY)).card
    assert card is not None
    assert card.units["forest-team"].crew == 20
    assert match(found, Question("small-building-fire", 2, DAY)).card.notify == (  # type: ignore[union-attr]
        "公安 police ×1", "急救 ambulance ×1", "燃气公司 gas company",
    )  # fmt: skip
    four = match(found, Question("timber-quarter-fire", 4, DAY)).card
    assert four is not None
    assert four.command.startswith("支队")
    assert (four.vehicles, four.crew) == (25, 150)


# --- in a scenario: nodes a, b lie in zone left, c, d, e in zone right


def world(
    folder: Path, plans: dict[str, Any], kind: dict[str, Any] | None = None, **changes: Any
) -> Scenario:
    return small(folder, **parts(plans, kind), **changes)


def parts(plans: dict[str, Any], kind: dict[str, Any] | None = None) -> dict[str, Any]:
    base = {"catalogue": None, "classes": {"fire": {"scale": "fire"}}}
    return {"plans": base | plans, "incident_types": {"fire": {"on_scene": 600} | (kind or {})}}


def own(**plans: dict[str, Any]) -> dict[str, Any]:
    return {"own": {name: {"classes": ["fire"]} | plan for name, plan in plans.items()}}


def engines(count: int, level: int = 1, **place: Any) -> dict[str, Any]:
    return place | {"cards": {level: {"units": {"engine": count}}}}


def test_first_alarms_by_node_and_moment(tmp_path: Path) -> None:
    plans = own(all=engines(1), left=engines(2, zones=["left"]), depot=engines(3, key_units=["depot"]),
                new=engines(4, zones=["right"], valid_from="2024-01-02"))  # fmt: skip
    plans["key_units"] = {"depot": {"nodes": ["e"], "within": "left"}}
    found = world(tmp_path, plans, horizon="3 d").plans
    assert found is not None
    index = load(tmp_path / "scenario.yaml").network.index
    first = {name: found.first_alarm(0, index[name], 0.0) for name in "abcde"}
    assert {name: len(card.slots) for name, card in first.items()} == {"a": 2, "b": 2, "c": 1, "d": 1, "e": 3}
    assert first["e"].plan == "depot"
    before, after = (found.card(0, index["c"], 1, moment) for moment in (86399.9, 86400.0))
    assert (before.plan, after.plan) == ("all", "new")
    assert found.card(0, index["c"], 1, 86400.0) is found.card(0, index["d"], 1, 1e9)


def test_a_key_unit_belongs_to_its_park_wherever_it_lies(tmp_path: Path) -> None:
    plans = own(all=engines(1), left=engines(2, zones=["left"]))
    for within, expected in (("left", "left"), (None, "all")):
        plans["key_units"] = {"depot": {"nodes": ["e"]} | ({"within": within} if within else {})}
        scenario = world(tmp_path, plans)
        assert scenario.plans is not None
        assert scenario.plans.first_alarm(0, scenario.network.index["e"], 0.0).plan == expected


def test_area_classes_are_of_zones(tmp_path: Path) -> None:
    plans = own(all=engines(1), old=engines(2, area_classes=["老城"])) | {"area_classes": {"老城": ["right"]}}
    scenario = world(tmp_path, plans)
    assert scenario.plans is not None
    index = scenario.network.index
    assert {name: scenario.plans.first_alarm(0, index[name], 0.0).plan for name in "abcde"} == {
        "a": "all", "b": "all", "c": "old", "d": "old", "e": "old",
    }  # fmt: skip


def test_extent_decides_between_zones_by_their_nodes(tmp_path: Path) -> None:
    plans = own(a=engines(1, zones=["left", "right"]), b=engines(2, zones=["left"]), z=engines(2))
    scenario = world(tmp_path, plans)
    assert scenario.plans is not None
    assert {name: plan.extent for name, plan in scenario.plans.library.plans.items()} == {
        "a": 5,
        "b": 2,
        "z": 5,
    }
    assert scenario.plans.first_alarm(0, scenario.network.index["a"], 0.0).plan == "b"


def test_levels_contain_each_other_across_plans(tmp_path: Path) -> None:
    plans = own(low=engines(3, levels=[1, 2]), high=engines(1, 3, levels=[3, 4, 5]))
    scenario = world(tmp_path, plans)
    assert scenario.plans is not None
    cards = [scenario.plans.card(0, 0, level, 0.0) for level in range(1, 6)]
    assert [(card.plan, len(card.slots)) for card in cards] == [
        ("low", 3), ("low", 3), ("high", 3), ("high", 3), ("high", 3),
    ]  # fmt: skip


@pytest.mark.parametrize(("kind", "level"), [({}, 2), ({"level": 1}, 1), ({"level": 5}, 5)])
def test_the_level_of_the_first_alarm(tmp_path: Path, kind: dict[str, Any], level: int) -> None:
    plans = own(a={"cards": {4: {"units": {"engine": 3}}, 2: {"units": {"engine": 2}}}})
    scenario = world(tmp_path, plans, kind)
    assert scenario.plans is not None
    card = scenario.plans.first_alarm(0, 0, 0.0)
    assert (card.level, len(card.slots)) == (level, 2 if level < 4 else 3)
    assert len(scenario.kinds[0].slots) == len(card.slots)


def test_words_are_tied_and_add_up_and_crews_are_kept(tmp_path: Path) -> None:
    units = {"heavy": {"units": 2, "crew": 4}, "light": 1, "drone": 3}
    plans = own(a={"cards": {1: {"units": units, "notify": ["公安"], "supplies": {"泡沫": 20.5}}}})
    tied = {"heavy": "engine", "light": "engine", "drone": None}
    scenario = world(tmp_path, plans | {"capabilities": tied})
    assert scenario.plans is not None
    card = scenario.plans.first_alarm(0, 0, 0.0)
    assert (card.slots, card.crew) == ((0, 0, 0), (4, 4, 0))
    assert (card.notify, card.supplies) == (("公安",), (("泡沫", "20.5"),))
    assert any("not simulated (plans.capabilities): drone" in note for note in scenario.notes)


def test_calls_get_the_card_of_their_place_random_and_recorded(tmp_path: Path) -> None:
    plans = own(all=engines(1), left=engines(2, zones=["left"]))
    random_calls = simulate(world(tmp_path, plans)).timeline
    recorded = simulate(world(tmp_path, plans, calls="received,node\n10,a\n20,e\n30,b\n")).timeline
    for drawn in (random_calls, recorded):
        index = load(tmp_path / "scenario.yaml").network.index
        left = {index["a"], index["b"]}
        slots = [int(b - a) for a, b in zip(drawn.first_slot, drawn.first_slot[1:], strict=False)]
        assert len(set(slots)) == 2
        assert slots == [2 if node in left else 1 for node in drawn.node.tolist()]


def test_without_plans_nothing_is_resolved(tmp_path: Path) -> None:
    assert small(tmp_path).plans is None


def test_a_file_of_plans_and_the_catalogue_are_part_of_what_is_fingerprinted(tmp_path: Path) -> None:
    text = (
        "classes: {fire: {scale: fire}}\nplans: {a: {classes: [fire], cards: {1: {units: {engine: %d}}}}}\n"
    )
    found = []
    for count in (1, 2):
        (tmp_path / "预案.yaml").write_text(text % count, encoding="utf-8")
        scenario = world(tmp_path, {"classes": {}, "files": ["预案.yaml"]})
        assert len(scenario.kinds[0].slots) == count
        found.append(scenario.digest)
    assert found[0] != found[1]


# --- what is refused


def refused(
    folder: Path, plans: dict[str, Any], kind: dict[str, Any] | None = None, **changes: Any
) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load(write_scenario(folder, **parts(plans, kind), **changes))
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("plans", "told"),
    [
        (own(a=engines(1, zones=["lft"])), "no zone 'lft'. Did you mean 'left'?"),
        (own(a=engines(1, key_units=["x"])), "no key unit 'x'"),
        (own(a=engines(1, area_classes=["x"])), "no area class 'x'"),
        (own(a=engines(1, classes=["fir"])), "no incident class 'fir'. Did you mean 'fire'?"),
        (own(a=engines(1, parent="b")), "no plan 'b'"),
        (own(a=engines(1, parent="b"), b={"parent": "a"}), "plan 'b' is above itself: a → b → a"),
        (own(a={}), "plan 'a' has no card with units"),
        (own(a=engines(1, classes=[])), "plan 'a' names no incident class"),
        (own(a=engines(1, valid_from="2024-02-02", valid_until="2024-02-01")), "before it is valid from"),
        (own(a=engines(1)) | {"capabilities": {"engin": None}},
         "no plan asks for 'engin'. Did you mean 'engine'?"),
        (own(a=engines(1)) | {"capabilities": {"engine": "engin"}},
         "no unit type has the capability 'engin'. Did you mean 'engine'?"),
        (own(a={"cards": {1: {"units": {"foam": 1, "engine": 1}}}}), "'foam', which plans ask for (a)"),
        (own(a={"cards": {1: {"units": {"foam": 1}}}}) | {"capabilities": {"foam": None}},
         "nothing that the plans send to 'fire' is simulated"),
        (own(a=engines(1)) | {"area_classes": {"old": ["lft"]}}, "no zone 'lft'. Did you mean 'left'?"),
        (own(a=engines(1)) | {"key_units": {"u": {"nodes": ["x"]}}}, "no node 'x'"),
        (own(a=engines(1)) | {"key_units": {"u": {"nodes": ["a"], "within": "lft"}}}, "no zone 'lft'"),
        (own(a=engines(1)) | {"key_units": {"u": {"nodes": ["a"]}, "v": {"nodes": ["a"]}}},
         "node 'a' is also in key unit 'u'"),
        (own(a=engines(1)) | {"catalogue": "defalt"},
         "no catalogue of plans 'defalt'. Did you mean 'default'?"),
        (own(a=engines(1)) | {"files": ["none.yaml"]}, "no file 'none.yaml'"),
        (own(a=engines(1)) | {"classes": {"fire": {"scale": "fire"}, "x": {"parent": "fir"}}},
         "no incident class 'fir'"),
        (own(a=engines(1)) | {"classes": {"fire": {"scale": "fire"}, "x": {}}},
         "neither a parent nor a scale"),
        (own(a=engines(1, valid_from="1.2.2024")), "not a date"),
        (own(a=engines(1, valid_from=20240201)), "not a date"),
        (own(a=engines(0)), "greater than or equal to 1"),
        (own(a=engines(1, 6)), "less than or equal to 5"),
        ({"own": {}}, "a library without plans"),
    ],
)  # fmt: skip
def test_what_leads_nowhere_is_told(tmp_path: Path, plans: dict[str, Any], told: str) -> None:
    problems = refused(tmp_path, plans)
    assert any(told in problem and problem.startswith("scenario.yaml:") for problem in problems), problems


def test_a_class_or_level_that_a_type_cannot_have(tmp_path: Path) -> None:
    plans = own(a=engines(1)) | {"classes": {"fire": {"scale": "fire"}, "lift": {"scale": "rescue"}}}
    assert (
        "no incident class 'fier'. Did you mean 'fire'?"
        in refused(tmp_path, plans, {"classed_as": "fier"})[0]
    )
    found = refused(tmp_path, plans, {"classed_as": "lift", "level": 5})
    assert "level 5 of incident class 'lift', whose scale ends at 4. Give 1 to 4." in found[0]
    renamed = {"blaze": {"on_scene": 600}}
    path = write_scenario(tmp_path, plans=parts(plans)["plans"], incident_types=renamed,
                          demand={"poisson": {"blaze": {"rate": "1/d"}}})  # fmt: skip
    with pytest.raises(ScenarioError, match="no incident class 'blaze'"):
        load(path)


def test_a_plan_cannot_name_levels_beyond_its_scale(tmp_path: Path) -> None:
    plans = own(a=engines(1)) | {"classes": {"fire": {"scale": "rescue"}}}
    plans["own"]["b"] = {"classes": ["fire"]} | engines(1, 5)
    assert "plan 'b' names level 5; the scale of its classes ends at 4" in "\n".join(refused(tmp_path, plans))


def test_what_no_plan_matches_is_told_once_a_type_with_all_places(tmp_path: Path) -> None:
    plans = own(a=engines(1, zones=["left"]), b=engines(1, zones=["right"], levels=[1, 2, 4]))
    (problem,) = refused(tmp_path, plans)
    place, _, rest = problem.partition(": ")
    assert place.startswith("scenario.yaml:")
    assert place.endswith(" incident_types.fire")
    assert rest == (
        "no plan matches incident type 'fire' at levels 3, 5: zone 'right'. "
        "Add a plan for it, or set plans.unmatched: run_card."
    )
    (problem,) = refused(
        tmp_path, own(a=engines(1, key_units=["u"])) | {"key_units": {"u": {"nodes": ["a"]}}}
    )
    assert "at levels 1–5: zone 'left', zone 'right'." in problem
    (problem,) = refused(tmp_path, own(a=engines(1, levels=[1])), {"level": 2})
    assert "at levels 2–5: everywhere it occurs." in problem


def test_cards_that_ask_for_less_than_another_plan_at_a_lower_level_are_told(tmp_path: Path) -> None:
    """Between plans, by place and for all levels; not where nothing is added."""
    plans = own(low=engines(3, levels=[1, 2]), high=engines(1, 3, levels=[3, 4, 5]))
    told = (
        "incident type 'fire': levels 3–5 of plan 'high' say 1 engine, level 1 of plan 'low' says 3 engine; "
        "3 are sent, since a higher level only adds"
    )
    assert f"{told}." in world(tmp_path, plans).notes
    # the type begins at 3: its first alarm is raised by levels that it never has
    assert f"{told}." in world(tmp_path, plans, {"level": 3}).notes
    partly = own(all=engines(2, levels=[1, 2, 3, 4, 5]), left=engines(4, zones=["left"], levels=[1]))
    (note,) = (each for each in world(tmp_path, partly).notes if "only adds" in each)
    assert note == (
        "incident type 'fire': levels 2–5 of plan 'all' say 2 engine, level 1 of plan 'left' says 4 engine; "
        "4 are sent, since a higher level only adds (zone 'left')."
    )
    for more in (own(low=engines(3, levels=[1]), high=engines(3, 2, levels=[2, 3, 4, 5])), own(a=engines(2))):
        assert not [each for each in world(tmp_path, more).notes if "only adds" in each]


def test_smaller_crews_than_at_a_lower_level_are_told(tmp_path: Path) -> None:
    def crewed(units: int, crew: int | None, levels: list[int]) -> dict[str, Any]:
        need = {"units": units} | ({"crew": crew} if crew else {})
        return {"levels": levels, "cards": {levels[0]: {"units": {"engine": need}}}}

    plans = own(low=crewed(1, 6, [1]), mid=crewed(2, None, [2, 3]), high=crewed(2, 4, [4, 5]))
    units = {name: {"type": "engine", "station": "west"} for name in ("W1", "W2")}
    kinds = {"engine": {"capabilities": ["engine"], "turnout": 0, "crew": 6}}
    scenario = world(tmp_path, plans, unit_types=kinds, units=units)
    assert [each for each in scenario.notes if "only adds" in each] == [
        "incident type 'fire': levels 4, 5 of plan 'high' say 2 engine with crews of 4, 4, level 1 of plan "
        "'low' says 2 engine with crews of 6, 4; they are sent, since a higher level only adds.",
        "incident type 'fire': levels 2, 3 of plan 'mid' say 2 engine with crews of any, any, level 1 of "
        "plan 'low' says 2 engine with crews of 6, any; they are sent, since a higher level only adds.",
    ]


def test_a_run_card_that_stands_in_is_raised_and_raises(tmp_path: Path) -> None:
    plans = own(a=engines(3, levels=[1])) | {"unmatched": "run_card"}
    scenario = world(tmp_path, plans, {"run_card": {"engine": 2}})
    note = "levels 2–5 of its run card say 2 engine, level 1 of plan 'a' says 3 engine; 3 are sent"
    assert [each for each in scenario.notes if note in each]
    plans = own(a=engines(1, 2, levels=[2, 3, 4, 5])) | {"unmatched": "run_card"}
    scenario = world(tmp_path, plans, {"run_card": {"engine": 2}, "level": 1})
    note = "levels 2–5 of plan 'a' say 1 engine, level 1 of its run card says 2 engine; 2 are sent"
    assert [each for each in scenario.notes if note in each]


FOAM = {"capabilities": {"foam": None}}


def foam(**place: Any) -> dict[str, Any]:
    """Return a plan that sends what is not simulated, from level 2 on an engine, too."""
    return place | {"cards": {1: {"units": {"foam": 1}}, 2: {"units": {"foam": 1, "engine": 1}}}}


def test_places_where_nothing_that_is_sent_is_simulated_are_refused(tmp_path: Path) -> None:
    plans = own(all=engines(1), left=foam(zones=["left"])) | FOAM
    (problem,) = refused(tmp_path, plans)
    place, _, rest = problem.partition(": ")
    assert (place.startswith("scenario.yaml:"), place.endswith(" incident_types.fire")) == (True, True)
    assert rest == (
        "nothing that the plans send to 'fire' is simulated at zone 'left' (plan 'left'). "
        "Tie one of their words to a capability in plans.capabilities."
    )
    everywhere = own(all=foam(), left=foam(zones=["left"])) | FOAM
    assert "send to 'fire' is simulated. Tie" in refused(tmp_path, everywhere)[0]
    spot = (
        own(all=engines(1), shop=foam(key_units=["shop"])) | FOAM | {"key_units": {"shop": {"nodes": ["c"]}}}
    )
    assert "simulated at key unit 'shop' (plan 'shop')." in refused(tmp_path, spot)[0]
    day = own(all=engines(1), new=foam(valid_from="2024-01-02")) | FOAM
    assert "at zone 'left' (plan 'new' from 2024-01-02), zone 'right' (plan" in refused(
        tmp_path, day, horizon="3 d")[0]  # fmt: skip


def test_only_calls_that_can_happen_are_refused_for_want_of_units(tmp_path: Path) -> None:
    """By weights of random calls, and by place, level and moment of those that are written."""
    plans = own(all=engines(1), left=foam(zones=["left"])) | FOAM
    right = {"poisson": {"fire": {"rate": "1/d", "places": {"right": 1}}}}
    never = {"poisson": {"fire": {"rate": "0/d"}}}
    for demand in (right, never):
        assert world(tmp_path, plans, demand=demand).plans is not None
    assert world(tmp_path, plans, {"level": 2}).plans is not None  # that level sends an engine

    def inject(**more: Any) -> dict[str, Any]:
        return {"demand": right, "injects": [{"at": 60, "incident": {"type": "fire", "node": "a", **more}}]}

    told = "nothing that the plans send to 'fire' is simulated at zone 'left' (plan 'left')"
    assert told in refused(tmp_path, plans, **inject())[0]
    assert world(tmp_path, plans, **inject(units={"engine": 1})).plans is not None
    alarm = {"alarm": {"level": 2}}
    assert world(tmp_path, plans, alarm, **inject()).plans is not None
    assert told in refused(tmp_path, plans, alarm, **inject(level=1))[0]
    assert world(tmp_path, plans, alarm, **inject(level=1, report={"trapped": 3})).plans is not None
    late = own(all=engines(1), left=foam(zones=["left"], valid_from="2024-01-02")) | FOAM
    assert world(tmp_path, late, horizon="3 d", **inject()).plans is not None  # it comes on the first


def test_recorded_calls_get_what_their_plan_sends_or_are_refused(tmp_path: Path) -> None:
    """Their run card does not stand in unless that is said; units of their own may."""
    plans = own(all=engines(1), left=foam(zones=["left"])) | FOAM
    card = {"run_card": {"engine": 1}}
    head = "received,node,units\n"
    told = "nothing that the plans send to 'fire' is simulated at zone 'left' (plan 'left')"
    for kind in ({}, card):
        assert told in refused(tmp_path, plans, kind, calls=head + "10,e,\n20,a,\n")[0]
        assert world(tmp_path, plans, kind, calls=head + "10,e,\n20,a,engine:1\n").plans is not None
        for rows in ("10,a,engine:1\n20,a,\n", "10,a,\n20,a,engine:1\n"):  # some of them at one place
            assert told in refused(tmp_path, plans, kind, calls=head + rows)[0]
    stands_in = plans | {"unmatched": "run_card"}
    (slots,) = (world(tmp_path, stands_in, card, calls=head + "20,a,\n").recorded.capability,)  # type: ignore[union-attr]
    assert slots.tolist() == [0]


def test_narrower_classes_that_have_plans_are_named(tmp_path: Path) -> None:
    plans = own(a=engines(1, classes=["flat"]), b=engines(1, classes=["barn"]))
    plans["classes"] = {"fire": {"scale": "fire"}, "barn": {"parent": "fire"}, "flat": {"parent": "fire"}}
    (problem,) = refused(tmp_path, plans)
    assert problem.endswith(
        "Name a narrower class (barn, flat), add a plan for it, or set plans.unmatched: run_card."
    )


def test_places_and_days_without_calls_need_no_plan(tmp_path: Path) -> None:
    plans = own(a=engines(1, zones=["left"], valid_until="2024-01-02"))
    only = {"poisson": {"fire": {"rate": "1/d", "places": {"left": 1}}}}
    assert world(tmp_path, plans, demand=only, horizon="1 d").plans is not None
    (problem,) = refused(tmp_path, plans, demand=only, horizon="3 d")
    assert "at levels 1–5: zone 'left' from 2024-01-03." in problem


def test_the_run_card_stands_in_where_that_is_said(tmp_path: Path) -> None:
    plans = own(a=engines(2, zones=["left"])) | {"unmatched": "run_card"}
    scenario = world(tmp_path, plans, {"run_card": {"engine": 1}})
    assert scenario.plans is not None
    found = [scenario.plans.first_alarm(0, scenario.network.index[name], 0.0) for name in "ae"]
    assert [(card.plan, len(card.slots)) for card in found] == [("a", 2), ("", 1)]
    assert any("no plan matches incident type 'fire' at levels 1–5: zone 'right'; its run card" in note
               for note in scenario.notes)  # fmt: skip
    assert "'run_card' is missing, which plans.unmatched names" in refused(tmp_path, plans)[0]


def test_run_cards_that_are_not_used_are_told(tmp_path: Path) -> None:
    scenario = world(tmp_path, own(a=engines(2)), {"run_card": {"engine": 1}})
    assert "run cards are not used, since plans say who comes: fire." in scenario.notes
    assert len(scenario.kinds[0].slots) == 2


def test_without_plans_a_run_card_is_needed_and_classes_mean_nothing(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="'run_card' is missing"):
        small(tmp_path, incident_types={"fire": {"on_scene": 600}})
    kind = {"run_card": {"engine": 1}, "on_scene": 600}
    for key, value in (("classed_as", "fire"), ("level", 2)):
        with pytest.raises(ScenarioError, match=f"'{key}' means nothing without 'plans'"):
            small(tmp_path, incident_types={"fire": kind | {key: value}})


def test_one_id_twice_and_one_of_the_catalogue_replaced(tmp_path: Path) -> None:
    text = "plans: {a: {classes: [fire], cards: {1: {units: {engine: 1}}}}}\n"
    (tmp_path / "more.yaml").write_text(text, encoding="utf-8")
    found = refused(tmp_path, own(a=engines(1)) | {"files": ["more.yaml"]})
    assert any("plans.own.a: 'a' stands in more.yaml, too" in problem for problem in found), found
    mine = {"gas-leak": {"classes": ["gas-leak"]} | engines(1)}
    plans = {"catalogue": "default", "classes": {}, "own": mine, "capabilities": {"pumper": "engine"}}
    scenario = world(tmp_path, plans, {"classed_as": "gas-leak"})
    assert "plan 'gas-leak' of catalogue default is replaced by that of the scenario." in scenario.notes
    assert len(scenario.kinds[0].slots) == 1


def test_cards_that_shrink_and_stations_that_lack_are_told(tmp_path: Path) -> None:
    cards = {1: {"units": {"engine": 2}}, 3: {"units": {"engine": 1}}}
    force = {"fire": {3: {"stations": 3, "vehicles": 1, "crew": 1}}}
    scenario = world(tmp_path, own(a={"cards": cards}) | {"minimum_force": force}, {"level": 3})
    notes = "\n".join(scenario.notes)
    assert "plan 'a': level 3 says 1 engine, level 1 says 2; 2 are sent" in notes
    assert (
        "layout 'baseline' has units at 2 stations; level 3 of 'fire' is to be sent from at least 3" in notes
    )
    scenario = world(tmp_path, own(a={"cards": cards}) | {"minimum_force": force}, {"level": 2})
    assert "is to be sent from" not in "\n".join(scenario.notes)
