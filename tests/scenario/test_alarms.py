"""Alarm levels and accident classes: each threshold on both sides, uplifts, the force needed, deadlines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydantic import ValidationError

from dispatch import load
from dispatch.errors import ScenarioError, UsageError
from dispatch.io.catalogue import shipped_texts
from dispatch.model.alarms import Night, Report, ScaleFile, Uplift, parse_money
from dispatch.regression.provenance import fingerprints
from dispatch.scenario.alarms import AlarmBook, levels_of
from dispatch.scenario.grading import (
    Graded,
    Reason,
    accident_class,
    accident_classes,
    command,
    first_level,
    initial_level,
    scale,
    uplifted,
)
from tests.small import LINE, small, write_scenario

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.model.alarms import ScaleName

FIRE, RESCUE = scale("fire"), scale("rescue")
HOUR = 3600.0


def typed(**alarm: Any) -> dict[str, Any]:
    """Return incident types: ``fire`` with alarm levels, ``lift`` on the rescue scale, ``plain`` without."""
    common = {"run_card": {"engine": 1}, "on_scene": 600}
    return {
        "fire": {**common, "alarm": {"level": 2, **alarm}},
        "lift": {**common, "alarm": {"scale": "rescue", "level": 1}},
        "plain": common,
    }


def book(folder: Path, rules: dict[str, Any] | None = None, **changes: Any) -> AlarmBook:
    """Return the levels of the small world; kinds 0 fire, 1 lift, 2 plain, nodes a to e are 0 to 4."""
    given = {"incident_types": typed(), **changes}
    if rules is not None:
        given["alarm"] = rules
    scenario = small(folder, **given)
    assert [kind.id for kind in scenario.kinds] == ["fire", "lift", "plain"]
    assert scenario.network.node_ids == LINE
    found = levels_of(scenario)
    assert found is not None
    return found


def problems(folder: Path, **changes: Any) -> list[str]:
    """Return the problems of a scenario that cannot be used."""
    with pytest.raises(ScenarioError) as error:
        load(write_scenario(folder, **changes))
    return [str(problem) for problem in error.value.problems]


# Scales


def test_the_scales_are_those_of_the_standard() -> None:
    assert [level.colour.en for level in FIRE.file.levels.values()] == [
        "green", "blue", "yellow", "orange", "red",
    ]  # fmt: skip
    assert [level.colour.zh for level in FIRE.file.levels.values()] == [
        "绿色",
        "蓝色",
        "黄色",
        "橙色",
        "红色",
    ]
    assert [level.colour.en for level in RESCUE.file.levels.values()] == ["blue", "yellow", "orange", "red"]
    assert (FIRE.top, RESCUE.top) == (5, 4)
    assert "chosen here" in RESCUE.file.source
    for on in (FIRE, RESCUE):
        levels, scenes = on.file.levels.values(), on.file.scenes.values()
        assert all(title.en and title.zh for title in (entry.title for entry in levels))
        assert all(title.en and title.zh for title in (entry.title for entry in scenes))


def test_all_of_the_catalogue_is_read() -> None:
    assert set(shipped_texts("alarms")) == {"accidents", "command", "fire", "rescue"}


@pytest.mark.parametrize(
    ("count", "fire", "rescue"),
    [(0, 1, 1), (1, 2, 2), (2, 2, 2), (3, 3, 3), (9, 3, 3), (10, 4, 4), (29, 4, 4), (30, 5, 4), (31, 5, 4)],
)
def test_people_give_a_level(count: int, fire: int, rescue: int) -> None:
    for on, level in ((FIRE, fire), (RESCUE, rescue)):
        for report in (Report(trapped=count), Report(dead=count), Report(seriously_injured=count)):
            assert initial_level(on, report, 1).level == level


def test_the_dead_and_the_injured_are_added_and_the_trapped_are_not() -> None:
    assert initial_level(FIRE, Report(dead=4, seriously_injured=5), 1).level == 3
    assert initial_level(FIRE, Report(dead=5, seriously_injured=5), 1).level == 4
    assert initial_level(FIRE, Report(dead=9, trapped=9), 1).level == 3


@pytest.mark.parametrize(
    ("scale_name", "scene", "level"),
    [("fire", "small-ordinary", 1), ("fire", "large-ordinary", 2), ("fire", "high-rise", 3),
     ("fire", "underground", 3), ("fire", "crowded", 3), ("fire", "flammable", 3), ("fire", "larger", 4),
     ("fire", "large", 5), ("rescue", "minor", 1), ("rescue", "serious", 2), ("rescue", "small-leak", 2),
     ("rescue", "major", 3), ("rescue", "large-leak", 3)],
)  # fmt: skip
def test_scenes_give_a_level(scale_name: ScaleName, scene: str, level: int) -> None:
    graded = initial_level(scale(scale_name), Report(scene=scene), 1)
    assert graded.level == level
    assert [(reason.code, reason.level) for reason in graded.reasons] == [("type", 1), ("scene", level)]


def test_every_scene_has_been_looked_at() -> None:
    assert len(FIRE.file.scenes) + len(RESCUE.file.scenes) == 13


def test_the_greatest_part_decides_and_all_are_told() -> None:
    report = Report(dead=1, seriously_injured=2, trapped=12, loss=5e7, scene="high-rise")
    graded = initial_level(FIRE, report, 2)
    assert graded.level == 4
    assert [reason.words for reason in graded.reasons] == [
        "stated for the type: level 2",
        "12 trapped: level 4",
        "3 dead or seriously injured: level 3",
        "scene high-rise (small fire in a high-rise building): level 3",
    ]
    assert initial_level(FIRE, report, 5).level == 5
    assert initial_level(FIRE, None, 2) == Graded(2, (Reason("type", level=2),))
    assert initial_level(FIRE, Report(loss=2e8), 1).level == 1
    assert initial_level(FIRE, None, 1, base="stated").reasons[0].words == "stated for the call: level 1"
    assert initial_level(FIRE, None, 1, base="lowest").reasons[0].words == "nothing else said: level 1"


def test_an_unknown_scene_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no class of scenes 'highrise' on the scale 'fire'. Did you mean"):
        initial_level(FIRE, Report(scene="highrise"), 1)
    with pytest.raises(UsageError, match="on the scale 'rescue'"):
        initial_level(RESCUE, Report(scene="high-rise"), 1)


# Uplifts


def test_uplifts_add_up_to_the_cap_and_to_the_top() -> None:
    one, two = Reason("weather", adds=1), Reason("night", adds=2)
    for facts, most, level, codes in [
        ((), 1, 2, []),
        ((one,), 1, 3, ["weather"]),
        ((one,), 0, 2, ["weather", "most"]),
        ((two,), 1, 3, ["night", "most"]),
        ((two,), 2, 4, ["night"]),
        ((one, two), 2, 4, ["weather", "night", "most"]),
        ((one, two), 3, 5, ["weather", "night"]),
        ((one, two, one), 4, 5, ["weather", "night", "weather", "top"]),
    ]:
        graded = uplifted(FIRE, 2, facts, most)
        assert (graded.level, [reason.code for reason in graded.reasons]) == (level, codes)
    assert uplifted(RESCUE, 4, (one,)).level == 4
    assert uplifted(FIRE, 4, (one,)).level == 5
    assert uplifted(FIRE, 2, (one, two)).level == 3, "one level at most, where nothing is said"
    told = [reason.words for reason in uplifted(RESCUE, 4, (one, two)).reasons]
    assert told == ["bad weather: +1", "at night: +2", "uplifts come to 3, of which 1 may count",
                    "the scale ends at 4"]  # fmt: skip


def test_a_first_level_is_the_report_and_then_the_uplifts() -> None:
    graded = first_level(FIRE, Report(trapped=3), 2, [Reason("weather", adds=1)])
    assert (graded.level, [reason.code for reason in graded.reasons]) == (4, ["type", "trapped", "weather"])


@pytest.mark.parametrize(
    ("begins", "ends", "hours"),
    [(22, 6, {22, 23, 0, 1, 2, 3, 4, 5}), (0, 6, {0, 1, 2, 3, 4, 5}), (20, 24, {20, 21, 22, 23}),
     (23, 0, {23}), (1, 3, {1, 2})],
)  # fmt: skip
def test_hours_of_the_night(begins: int, ends: int, hours: set[int]) -> None:
    assert {hour for hour in range(24) if Night(begins=begins, ends=ends).holds(hour)} == hours


def test_night_goes_by_the_time_of_the_place(tmp_path: Path) -> None:
    """The scenario starts on a Wednesday at 20:30 in Beijing, which is 12:30 in Greenwich."""
    rules = {"uplifts": [{"night": {"begins": 22, "ends": 6}}]}
    found = book(tmp_path, rules, start="2024-01-03T20:30:00+08:00", horizon="9 d")
    begins, day = 1.5 * HOUR, 24 * HOUR
    for moment, level in [
        (0.0, 2), (begins - 0.001, 2), (begins, 3), (begins + 8 * HOUR - 0.001, 3), (begins + 8 * HOUR, 2),
        (begins + 6 * day, 3), (begins + 6 * day - 0.001, 2),
    ]:  # fmt: skip
        assert found.initial(0, 0, moment).level == level, moment
        assert found.initial_many(0, [0], [moment]).tolist() == [level], moment
    assert (
        found.initial(0, 0, begins).reasons[-1].words == "received at 22 h, in the night from 22 to 6 h: +1"
    )


def test_places_raise_the_level(tmp_path: Path) -> None:
    zones = {"yard": {"nodes": ["c", "d"], "risk": "orange"}, "park": {"nodes": ["e"], "risk": "red"}}
    for i, (uplift, nodes, words) in enumerate([
        ({"zones": ["left"]}, {0, 1}, "in left: +1"),
        ({"zones": ["zone:left", "e"]}, {0, 1, 4}, "in zone:left: +1"),
        ({"risk": ["orange"]}, {2, 3}, "in a zone of orange risk: +1"),
        ({"risk": ["red"]}, {4}, "in a zone of red risk: +1"),
        ({"risk": ["red", "orange"]}, {2, 3, 4}, "in a zone of orange risk: +1"),
        ({"key_unit_nodes": ["b", "d"]}, {1, 3}, "at the key unit b: +1"),
    ]):  # fmt: skip
        found = book(tmp_path / str(i), {"uplifts": [uplift]}, zones=zones)
        assert {node for node in range(5) if found.initial(0, node, 0).level == 3} == nodes
        assert set(np.flatnonzero(found.initial_many(0, range(5), [0.0] * 5) == 3)) == nodes
        assert found.initial(0, min(nodes), 0).reasons[-1].words == words
        assert found.initial(0, ({0, 1, 2, 3, 4} - nodes).pop(), 0).reasons == (Reason("type", level=2),)


def test_dry_hydrants_and_weather_hold_at_the_moment(tmp_path: Path) -> None:
    dry = book(tmp_path / "dry", {"uplifts": [{"dry_hydrants": True}], "dry": ["left", "e"]})
    assert dry.dry == {0, 1, 4}
    assert dry.initial_many(0, range(5), [0.0] * 5).tolist() == [3, 3, 2, 2, 3]
    assert dry.initial_many(0, range(5), [0.0] * 5, dry=frozenset({3})).tolist() == [3, 3, 2, 3, 3]
    assert [dry.initial(0, 3, 0, dry=more).level for more in (frozenset[int](), frozenset({3}))] == [2, 3]
    weather = book(tmp_path / "weather", {"uplifts": [{"weather": True}]})
    assert [weather.initial(0, 0, 0, weather=bad).level for bad in (False, True)] == [2, 3]
    assert weather.initial_many(0, [0, 0], [0.0, 0.0], weather=[True, False]).tolist() == [3, 2]
    assert weather.initial_many(0, [0, 0], [0.0, 0.0], weather=True).tolist() == [3, 3]


def test_uplifts_hold_for_scales_and_types(tmp_path: Path) -> None:
    limits: list[tuple[dict[str, Any], list[int]]] = [
        ({}, [3, 2]),
        ({"scale": "fire"}, [3, 1]),
        ({"scale": "rescue"}, [2, 2]),
        ({"types": ["lift"]}, [2, 2]),
        ({"types": ["fire", "lift"]}, [3, 2]),
        ({"types": ["fire"], "scale": "fire"}, [3, 1]),
    ]
    for i, (limit, levels) in enumerate(limits):
        found = book(tmp_path / str(i), {"uplifts": [{"weather": True, **limit}]})
        assert [found.initial(kind, 0, 0, weather=True).level for kind in (0, 1)] == levels


def test_rules_add_up_to_what_the_file_allows(tmp_path: Path) -> None:
    uplifts = [{"night": {}}, {"zones": ["left"], "by": 2}, {"weather": True}]
    for most, level in [(0, 2), (1, 3), (2, 4), (3, 5), (4, 5)]:
        found = book(tmp_path / str(most), {"uplifts": uplifts, "most_uplift": most})
        graded = found.initial(0, 0, 0.0, weather=True)  # midnight, in the zone
        assert graded.level == level
        codes = [reason.code for reason in graded.reasons]
        assert codes[:4] == ["type", "night", "zones", "weather"]
        assert ("most" in codes, "top" in codes) == (most < 4, most == 4)
    alone = book(tmp_path / "alone", {"uplifts": uplifts})
    assert alone.initial(0, 0, 0.0, weather=True).level == 3
    assert book(tmp_path / "none").initial(0, 0, 0.0, weather=True).level == 2


def test_reports_and_levels_of_a_call(tmp_path: Path) -> None:
    found = book(tmp_path, {"uplifts": [{"weather": True}]})
    assert found.initial(0, 0, 0, Report(trapped=3)).level == 3
    assert found.initial(0, 0, 0, Report(trapped=3), weather=True).level == 4
    assert found.initial(0, 0, 0, level=1).level == 1
    assert found.initial(0, 0, 0, Report(trapped=3), level=4).level == 4
    assert found.initial(0, 0, 0, Report(trapped=3), level=1).reasons[0].code == "stated"


def test_many_at_once_are_what_one_by_one_gives(tmp_path: Path) -> None:
    rules = {
        "uplifts": [{"night": {"begins": 21, "ends": 5}}, {"risk": ["red"], "by": 2, "scale": "fire"},
                    {"dry_hydrants": True}, {"key_unit_nodes": ["c"], "types": ["lift"]}, {"weather": True}],
        "most_uplift": 3, "dry": ["b"],
    }  # fmt: skip
    zones = {"park": {"nodes": ["d", "e"], "risk": "red"}}
    found = book(tmp_path, rules, zones=zones, start="2024-01-06T13:37:11+05:45", horizon="30 d")
    rng = np.random.default_rng(5)
    nodes, moments = rng.integers(0, 5, 3000), rng.uniform(0, 30 * 86400, 3000)
    bad, dry = rng.random(3000) < 0.3, frozenset({0})
    for kind in range(3):
        many = found.initial_many(kind, nodes, moments, weather=bad, dry=dry)
        single = [
            found.initial(kind, node, moment, weather=is_bad, dry=dry).level
            for node, moment, is_bad in zip(nodes.tolist(), moments.tolist(), bad.tolist(), strict=True)
        ]
        assert many.tolist() == single
        assert len(set(single)) == (3 if kind == 0 else 4 if kind == 1 else 1) or kind < 2
    assert set(found.initial_many(0, nodes, moments, weather=bad, dry=dry).tolist()) == {2, 3, 4, 5}


# The force really needed, and deadlines


def test_severity_is_the_inverse_of_the_shares(tmp_path: Path) -> None:
    shares = {"5": 1, "2": 5, "3": 0, "4": 2}  # in any order, of any sum
    found = book(tmp_path, incident_types=typed(severity=shares))
    exact = [(0.0, 2), (0.6249999, 2), (0.625, 4), (0.8749999, 4), (0.875, 5), (0.9999999, 5), (1.0, 5)]
    for u, level in exact:
        assert found.severity(0, u) == level
        assert found.severity_many(0, [u]).tolist() == [level]
    us = np.random.default_rng(3).random(20_000)
    levels = found.severity_many(0, us)
    assert levels.tolist() == [found.severity(0, u) for u in us.tolist()]
    assert (levels[np.argsort(us)] == np.sort(levels)).all(), "rising with u"
    counted = {level: float(np.mean(levels == level)) for level in (2, 3, 4, 5)}
    assert counted == pytest.approx({2: 0.625, 3: 0.0, 4: 0.25, 5: 0.125}, abs=0.01)


def test_a_level_without_a_share_is_never_needed(tmp_path: Path) -> None:
    found = book(tmp_path, incident_types=typed(severity={"1": 0, "3": 1, "5": 0}))
    assert found.severity_many(0, [0.0, 0.5, np.nextafter(1, 0)]).tolist() == [3, 3, 3]
    assert found.severity(0, 0.0) == found.severity(0, 1.0) == 3


def test_all_calls_need_the_stated_level_where_nothing_is_said(tmp_path: Path) -> None:
    found = book(tmp_path)
    assert [found.severity(kind, 0.3) for kind in range(3)] == [2, 1, 0]
    assert found.severity_many(0, [0.0, 0.99]).tolist() == [2, 2]


def test_deadlines(tmp_path: Path) -> None:
    one = book(tmp_path / "one", incident_types=typed(control_within="30 min"))
    assert [one.deadline(0, level) for level in range(7)] == [None, *[1800.0] * 4, None, None]
    own = book(tmp_path / "own", incident_types=typed(control_within={"2": "20 min", "4": 60}))
    assert [own.deadline(0, level) for level in range(1, 6)] == [None, 1200.0, None, 60.0, None]
    none = book(tmp_path / "none")
    assert {none.deadline(kind, level) for kind in range(3) for level in range(1, 6)} == {None}


def test_types_without_levels_have_none_of_it(tmp_path: Path) -> None:
    found = book(tmp_path, {"uplifts": [{"weather": True}]})
    assert (found.scale(2), found.top(2), found.severity(2, 0.5), found.deadline(2, 1)) == (None, 0, 0, None)
    assert found.initial(2, 0, 0, Report(trapped=30), weather=True) == Graded(0)
    assert found.initial_many(2, [0, 1], [0.0, 1.0]).tolist() == [0, 0]
    assert found.severity_many(2, [0.0, 0.9]).tolist() == [0, 0]
    assert [(found.top(kind), found.scale(kind)) for kind in (0, 1)] == [(5, FIRE), (4, RESCUE)]
    assert levels_of(small(tmp_path / "without")) is None


def test_who_commands(tmp_path: Path) -> None:
    found = book(tmp_path)
    words = {1: "squadron", 2: "brigade", 3: "district", 4: "city", 5: "province"}
    for level, word in words.items():
        titles = found.command(level)
        assert titles is not None
        assert word in titles.en
        assert titles.zh
    assert found.command(0) is command(6) is None


# Accident classes and government response


@pytest.mark.parametrize("who", [0, 1, 2])
def test_accident_classes_at_their_thresholds(who: int) -> None:
    """Numbers that are reached count; the tables of the three criteria are typed from the article."""
    table: list[list[tuple[float, str]]] = [
        [(1, "ordinary"), (2, "ordinary"), (3, "relatively-major"), (9, "relatively-major"), (10, "major"),
         (29, "major"), (30, "extraordinarily-major"), (500, "extraordinarily-major")],
        [(1, "ordinary"), (9, "ordinary"), (10, "relatively-major"), (49, "relatively-major"), (50, "major"),
         (99, "major"), (100, "extraordinarily-major")],
        [(0.01, "ordinary"), (9_999_999.99, "ordinary"), (10_000_000, "relatively-major"),
         (49_999_999.99, "relatively-major"), (50_000_000, "major"), (99_999_999.99, "major"),
         (100_000_000, "extraordinarily-major")],
    ]  # fmt: skip
    for value, name in table[who]:
        figures: list[Any] = [None, None, None]
        figures[who] = value
        found = accident_class(*figures)
        assert found is not None
        assert found.id == name, value
        ((figure, told, at_least),) = [(each.name, each.value, each.at_least) for each in found.decided_by]
        assert (figure, told) == (["dead", "seriously_injured", "loss"][who], value)
        assert at_least == getattr(found.file, figure)
        rest: list[Any] = [0, 0, 0.0]
        rest[who] = value
        assert accident_class(*rest) == found


def test_the_greatest_criterion_decides() -> None:
    found = accident_class(2, 50, 9_000_000.0)
    assert found is not None
    assert (found.id, [each.name for each in found.decided_by]) == ("major", ["seriously_injured"])
    found = accident_class(3, 12, 10_000_000)
    assert found is not None
    assert found.id == "relatively-major"
    assert [each.name for each in found.decided_by] == ["dead", "seriously_injured", "loss"]


def test_without_harm_there_is_no_class() -> None:
    assert accident_class() is None
    assert accident_class(0, 0, 0.0) is None
    assert accident_class(None, 0) is None
    for figures in ((-1,), (None, -1), (None, None, -0.01), (None, None, float("nan"))):
        with pytest.raises(UsageError, match="below zero"):
            accident_class(*figures)


def test_the_response_follows_the_class() -> None:
    found = {
        name: (file.title.zh, file.response.level, file.response.led_by.en, file.response.colour.en)
        for name, file in accident_classes().classes.items()
    }
    assert found == {
        "ordinary": ("一般", "IV", "county or district", "blue"),
        "relatively-major": ("较大", "III", "city", "yellow"),
        "major": ("重大", "II", "province", "orange"),
        "extraordinarily-major": ("特别重大", "I", "province and State Council", "red"),
    }


@pytest.mark.parametrize(
    ("written", "yuan"),
    [("1000万", 1e7), ("0.1亿", 1e7), ("10 M", 1e7), ("10,000,000", 1e7), ("¥ 1000 万元", 1e7),
     ("1千万", 1e7),
     ("10 million yuan", 1e7), ("999.999999万", 9_999_999.99), ("0.5 bn", 5e8), ("3 k", 3000.0), (7, 7.0),
     (9_999_999.99, 9_999_999.99), ("0", 0.0), (".5", 0.5), ("1e-2", None), ("10 €", None), ("$5", None),
     ("-1", None), (-1, None), ("", None), (" ", None), ("10 M M", None), ("1,00", None), ("1,000万", 1e7),
     ("10万万", None), ("nan", None), (float("nan"), None), (float("inf"), None), (True, None), (None, None),
     ("9999999.999", None), (0.001, None), (1e300, None), (10**400, None), ("9" * 50, None),
     ("1" * 70, None), ("٣万", None)],
)  # fmt: skip
def test_amounts_of_money(written: Any, yuan: float | None) -> None:
    if yuan is None:
        with pytest.raises(ValueError, match=r" \| "):
            parse_money(written)
    else:
        assert parse_money(written) == yuan


# Files


def test_injected_calls_keep_what_is_reported(tmp_path: Path) -> None:
    calls = [
        {"type": "fire", "node": "b", "report": {"trapped": 2, "loss": "1000万", "scene": "crowded"}},
        {"type": "lift", "node": "b", "level": 3},
        {"type": "plain", "node": "c"},
    ]
    injects = [{"at": i, "incident": call} for i, call in enumerate(calls)]
    injects.insert(1, {"at": 5, "message": {"text": "演练"}})
    scenario = small(tmp_path, incident_types=typed(), injects=injects)
    told = [(call.level, call.report) for call in scenario.authored]
    assert told == [(None, Report(trapped=2, loss=1e7, scene="crowded")), (3, None), (None, None)]


def test_levels_are_told_with_place_fact_and_remedy(tmp_path: Path) -> None:
    common = {"run_card": {"engine": 1}, "on_scene": 600}
    types = {
        "fire": {**common, "alarm": {"level": 6, "severity": {"2": 0, "7": 0}}},
        "lift": {**common, "alarm": {"scale": "rescue", "level": 5, "control_within": {"4": 60, "5": 60}}},
        "plain": common,
    }
    calls = [
        {"type": "lift", "node": "a", "level": 5, "report": {"scene": "mayor"}},
        {"type": "plain", "node": "a", "level": 1, "report": {"trapped": 1}},
    ]
    found = problems(tmp_path, incident_types=types, injects=[{"at": 1, "incident": call} for call in calls])
    assert [re.sub(r"^scenario.yaml:\d+ ", "", line) for line in found] == [
        "incident_types.fire.alarm.level: the scale 'fire' has no level 6. Give a level from 1 to 5.",
        "incident_types.fire.alarm.severity: all shares are zero. Give at least one level a share above "
        "zero.",
        "incident_types.fire.alarm.severity.7: the scale 'fire' has no level 7. Give a level from 1 to 5.",
        "incident_types.lift.alarm.level: the scale 'rescue' has no level 5. Give a level from 1 to 4.",
        "incident_types.lift.alarm.control_within.4: level 4 is the top of the scale 'rescue': nothing to "
        "raise it to. Remove it.",
        "incident_types.lift.alarm.control_within.5: the scale 'rescue' has no level 5. Give a level from 1 "
        "to 4.",
        "injects[0].incident.level: the scale 'rescue' has no level 5. Give a level from 1 to 4.",
        "injects[0].incident.report.scene: no class of scenes 'mayor' on the scale 'rescue'. Did you mean "
        "'major'?",
        "injects[1].incident.level: 'level' of a call whose incident type 'plain' has no 'alarm'. Give the "
        "type one, or remove it here.",
        "injects[1].incident.report: 'report' of a call whose incident type 'plain' has no 'alarm'. Give the "
        "type one, or remove it here.",
    ]  # fmt: skip


def test_rules_are_told_with_place_fact_and_remedy(tmp_path: Path) -> None:
    rules = {
        "uplifts": [
            {"weather": True, "types": ["fir", "plain", "lift"], "scale": "fire"},
            {"zones": ["lefft"]}, {"key_unit_nodes": ["left"]}, {"risk": ["red", "orange"]},
            {"risk": ["red", "blue"]},
        ],
        "dry": ["z"],
    }  # fmt: skip
    zones = {"park": {"nodes": ["e"], "risk": "blue"}}
    found = problems(tmp_path, incident_types=typed(), alarm=rules, zones=zones)
    assert [re.sub(r"^scenario.yaml:\d+ ", "", line) for line in found] == [
        "alarm.uplifts[0].types[0]: no incident type 'fir'. Did you mean 'fire'?",
        "alarm.uplifts[0].types[1]: incident type 'plain' has no 'alarm', so that there is no level to "
        "raise. Give it one, or leave it out here.",
        "alarm.uplifts[0].types[2]: incident type 'lift' is on the scale 'rescue'. Leave it out, or remove "
        "'scale: fire'.",
        "alarm.uplifts[1].zones[0]: no zone or node 'lefft'. Did you mean 'left'?",
        "alarm.uplifts[2].key_unit_nodes[0]: no node 'left' in network 'line'. Known: a, b, c, d, e.",
        "alarm.uplifts[3].risk: no zone has the risk red or orange. Give a zone 'risk: red', or remove the "
        "uplift.",
        "alarm.dry[0]: no zone or node 'z'. Known: a, b, c, d, e, left, park, right.",
    ]  # fmt: skip


def test_the_key_of_nodes_is_not_called_as_the_key_units_of_plans(tmp_path: Path) -> None:
    found = problems(tmp_path, incident_types=typed(), alarm={"uplifts": [{"key_units": ["a"]}]})
    (line,) = [line for line in found if "key_units" in line]
    assert "Did you mean 'key_unit_nodes'?" in line


def test_rules_for_nothing_are_refused(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, alarm={"most_uplift": 2})
    assert "alarm: rules for alarm levels, which no incident type has. Give a type" in found


def test_levels_are_checked_without_the_network_too(tmp_path: Path) -> None:
    found = problems(
        tmp_path, network="nowhere", incident_types=typed(level=6), alarm={"uplifts": [{"zones": ["lefft"]}]}
    )
    assert sum("has no level 6" in line for line in found) == 1
    assert not any("lefft" in line for line in found)


@pytest.mark.parametrize(
    ("uplift", "message"),
    [({}, "an uplift has one condition"), ({"weather": True, "night": {}}, "an uplift has one condition"),
     ({"night": {"begins": 6, "ends": 6}}, "has no hours"), ({"by": 0, "weather": True}, "greater than"),
     ({"weather": False}, "Input should be True"), ({"risk": ["purple"]}, "'red', 'orange', 'yellow'")],
)  # fmt: skip
def test_uplifts_that_say_too_much_or_too_little(uplift: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Uplift.model_validate(uplift)


@pytest.mark.parametrize(
    ("alarm", "message"),
    [({"severity": {}}, "severity: "), ({"severity": {"two": 1}}, "'two' is no alarm level"),
     ({"severity": {"0": 1}}, "severity"), ({"severity": {"2": -1}}, "severity.2"),
     ({"level": 0}, "alarm.level"), ({"level": "2"}, "'2' is not a number"),
     ({"control_within": {"2": "soon"}}, "'soon' is not a duration"),
     ({"control_within": "soon"}, "'soon' is not"),
     ({"control_within": 0}, "control_within"), ({"scale": "flood"}, "alarm.scale"), ({"levle": 2}, "levle")],
)  # fmt: skip
def test_alarms_that_cannot_be(tmp_path: Path, alarm: dict[str, Any], message: str) -> None:
    (found,) = problems(tmp_path, incident_types=typed(**alarm))
    assert message in found
    assert found.startswith("scenario.yaml:")


def test_a_report_says_something() -> None:
    with pytest.raises(ValidationError, match="a report that says nothing"):
        Report()
    for wrong in ({"dead": -1}, {"trapped": 1.5}, {"dead": "3"}, {"loss": "much"}):
        with pytest.raises(ValidationError):
            Report.model_validate(wrong)


def test_a_scale_of_the_catalogue_rises_from_nobody() -> None:
    good = FIRE.file.model_dump()
    assert ScaleFile.model_validate(good) == FIRE.file
    for level, persons in ((1, 1), (3, 1), (3, 99)):
        bad = FIRE.file.model_dump()
        bad["levels"][level]["persons"] = persons
        with pytest.raises(ValidationError, match="rising numbers of persons"):
            ScaleFile.model_validate(bad)
    bad = FIRE.file.model_dump()
    del bad["levels"][5]
    with pytest.raises(ValidationError, match="above the highest"):
        ScaleFile.model_validate(bad)


def test_levels_are_in_the_fingerprint_and_their_absence_is_not(tmp_path: Path) -> None:
    plain = fingerprints(small(tmp_path / "plain", incident_types={"fire": typed()["plain"]}))
    assert "scenario.alarm" not in plain
    rules = {"uplifts": [{"weather": True}]}
    with_rules = fingerprints(small(tmp_path / "rules", incident_types=typed(), alarm=rules))
    without = fingerprints(small(tmp_path / "without", incident_types=typed()))
    assert set(with_rules) - set(without) == {"scenario.alarm"}
    assert plain["scenario.incident_types.fire"] == without["scenario.incident_types.plain"]
    assert plain["scenario.incident_types.fire"] != without["scenario.incident_types.fire"]
