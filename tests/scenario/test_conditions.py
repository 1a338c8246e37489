"""What a scenario says of speeds, closures and injects: resolved by the moment, refused with its line."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dispatch
from dispatch.errors import ScenarioError, UsageError
from dispatch.model.travel import DAYS, SpeedRow
from dispatch.roads.network import MODES, RoadNetwork
from dispatch.scenario.conditions import Conditions, RoadConditions, Speeds
from dispatch.scenario.roadworks import _arcs_by_way
from dispatch.scenario.speeds import catalogue, factor_table
from tests.engine.towns import HEADER, call, town

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Scenario

HOUR = 3600.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with the town and one call; tests write scenarios of their own names into it."""
    found = tmp_path_factory.mktemp("town")
    town(found)
    (found / "calls.csv").write_text(HEADER + call("x", 0, "c") + "\n")
    return found


def write(folder: Path, **changes: Any) -> Path:
    written: dict[str, Any] = {
        "network": "town",
        "start": "2024-01-01T00:00:00+00:00",
        "horizon": 20_000,
        "call_processing": 0,
        "unit_types": {"engine": {"capabilities": ["engine"], "turnout": 0}},
        "stations": {"west": {"at": "a"}},
        "units": {"W1": {"type": "engine", "station": "west"}},
        "incident_types": {"fire": {"run_card": {"engine": 1}, "on_scene": 100}},
        "demand": {"recorded": "calls.csv"},
    }
    path = folder / "scenario.yaml"
    path.write_text(json.dumps(written | changes, indent=1, ensure_ascii=False), encoding="utf-8")
    return path


def made(folder: Path, **changes: Any) -> Scenario:
    return dispatch.load(write(folder, **changes))


def refused(folder: Path, **changes: Any) -> list[str]:
    """Return the problems of a scenario without the line numbers of the JSON that it is written as."""
    with pytest.raises(ScenarioError) as found:
        made(folder, **changes)
    texts = []
    for problem in found.value.problems:
        file, _, rest = problem.place.partition(":")
        line, _, key = rest.partition(" ")
        assert line.isdigit(), problem
        if file == "scenario.yaml" and key:
            written = (folder / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
            last = key.split(".")[-1].split("[")[0]
            assert f'"{last}"' in written or "[" in key, (problem, written)
            texts.append(f"{key}: {problem.fact}. {problem.remedy}")
        else:
            texts.append(f"{problem.place}: {problem.fact}. {problem.remedy}")
    return texts


def profile(folder: Path, text: str, **written: Any) -> Scenario:
    (folder / "profile.csv").write_text(text, encoding="utf-8")
    return made(folder, travel=using(profile="profile.csv", **written))


def using(**written: Any) -> dict[str, Any]:
    return {"speeds": "s", "sets": {"s": written}}


def factor(scenario: Scenario, hour: int, mode: str, name: str = "street") -> float:
    """Return the factor on a class in an hour of the week."""
    speeds, network = scenario.roads.speeds, scenario.network
    assert isinstance(network, RoadNetwork)
    return float(speeds.factors[mode][speeds.period_of[hour], network.facility_names.index(name)])


# --- hours of the week


def conditions(period_of: list[int], week_start: float, changes: Any = ()) -> RoadConditions:
    size = max(period_of) + 1
    speeds = Speeds(
        "s", "", "", tuple(period_of), {m: np.ones((size, 1)) for m in MODES}, dict.fromkeys(MODES, 0.0), 0.0
    )
    return RoadConditions(None, speeds, week_start, (), tuple(changes))  # type: ignore[arg-type]


@given(
    st.lists(st.integers(0, 2), min_size=168, max_size=168),
    st.floats(0.0, 168 * HOUR - 1.0),
    st.lists(st.floats(0.0, 3e6), min_size=1, max_size=4),
)
def test_the_next_period_is_the_first_moment_of_another(
    periods: list[int], week_start: float, times: list[float]
) -> None:
    roads = conditions([*periods[:-1], (periods[0] + 1) % 3], week_start)
    for time in times:
        now, then = roads.at(time).period, roads.next_period(time)
        assert now == roads.speeds.period_of[int((week_start + time) // HOUR) % 168]
        assert then > time
        # one rounding step aside it is the moment in which a full hour begins and the period with it
        assert abs((week_start + then) / HOUR - round((week_start + then) / HOUR)) < 1e-6
        assert roads.at(then + 1e-6).period != now
        for share in (0.01, 0.5, 0.99):
            assert roads.at(time + share * (then - 1e-6 - time)).period == now
        if then - time > HOUR:
            assert all(roads.at(t).period == now for t in np.arange(time, then - 1e-6, HOUR / 3).tolist())


def test_one_period_never_ends() -> None:
    roads = conditions([0] * 168, 12345.6)
    assert roads.next_period(1e6) == np.inf
    assert roads.constant
    assert not conditions([0] * 168, 0.0, [(5.0, (0,)), (6.0, ())]).constant
    assert not conditions([0, 1] * 84, 0.0).constant


@pytest.mark.parametrize(
    ("start", "hour"),
    [
        ("2024-01-01T00:00:00+00:00", 0),  # a Monday
        ("2024-01-01T00:00:00+08:00", 0),  # the clock on the wall counts
        ("2024-01-07T23:59:59+00:00", 167),
        ("2024-01-03T14:25:36.5+05:30", 62),
    ],
)
def test_weeks_begin_on_monday_by_the_clock_of_the_start(folder: Path, start: str, hour: int) -> None:
    rows = "facility_type,hour,factor\n" + "".join(f"street,{h},{1 + h / 1000}\n" for h in range(168))
    (folder / "profile.csv").write_text(rows)
    scenario = made(folder, start=start, travel=using(profile="profile.csv"))
    roads, moment = scenario.roads, datetime.fromisoformat(start)
    assert factor(scenario, hour, "normal") == 1 + hour / 1000
    assert roads.at(0.0).period == roads.speeds.period_of[hour] == roads.ordinary.period
    into_hour = timedelta(minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond)
    boundary = HOUR - into_hour.total_seconds()
    assert roads.next_period(0.0) == pytest.approx(boundary)
    assert roads.at(boundary - 0.001).period == roads.speeds.period_of[hour]
    assert roads.at(boundary + 0.001).period == roads.speeds.period_of[(hour + 1) % 168]
    assert roads.at(7 * 86400.0).period == roads.at(0.0).period


# --- profiles


def test_days_and_hours_of_a_profile(folder: Path) -> None:
    text = """\
facility_type,days,begins,ends,mode,factor
street,weekday,7,9,,0.5
street,"sat,sun",10,,emergency,0.8
street,Sat,0,10,normal,0.25
"""
    scenario = profile(folder, text)
    expected = {mode: [1.0] * 168 for mode in MODES}
    for day in range(5):
        for hour in (7, 8):
            for mode in MODES:
                expected[mode][24 * day + hour] = 0.5
    for day in (5, 6):
        for hour in range(10, 24):
            expected["emergency"][24 * day + hour] = 0.8
    for hour in range(10):
        expected["normal"][24 * 5 + hour] = 0.25
    for mode in MODES:
        assert [factor(scenario, hour, mode) for hour in range(168)] == expected[mode]
    assert len(set(scenario.roads.speeds.period_of)) == 4
    assert scenario.roads.speeds.varies


def test_a_profile_by_hour_of_the_week_is_the_same(folder: Path) -> None:
    hours = "hour,facility_type,factor\n" + "".join(
        f"{24 * d + h},street,0.5\n" for d in range(5) for h in (7, 8)
    )
    one, other = (
        profile(folder, hours),
        profile(folder, "facility_type,days,begins,ends,factor\nstreet,weekday,7,9,0.5\n"),
    )
    assert one.roads.speeds.period_of == other.roads.speeds.period_of
    for mode in MODES:
        np.testing.assert_array_equal(one.roads.speeds.factors[mode], other.roads.speeds.factors[mode])


ROW: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "facility_type": st.sampled_from(["primary", "primary_link", "lane", "*", "motorway_link", "大街"]),
        "days": st.sampled_from(["all", "weekday", "weekend", "mon", "tue,fri", "SUN, weekday"]),
        "begins": st.integers(0, 12),
        "ends": st.integers(13, 24),
        "factor": st.sampled_from([0.5, 0.75]),
        "mode": st.sampled_from(["", *MODES]),
    }
)


@given(st.lists(ROW, max_size=8))
@settings(max_examples=60)
def test_links_and_stars_stand_in_for_classes_without_rows(rows: list[dict[str, Any]]) -> None:
    classes = ("primary", "primary_link", "lane", "motorway_link", "motorway", "", "大街")
    table, twice = factor_table([SpeedRow.model_validate(row) for row in rows], classes)
    named = {row["facility_type"] for row in rows}
    words = {"all": DAYS, "weekday": DAYS[:5], "weekend": DAYS[5:]} | {day: (day,) for day in DAYS}
    clashes = set()
    for column, name in enumerate(classes):
        source = name if name in named else name.removesuffix("_link")
        source = source if source in named else "*"
        for mode in MODES:
            for hour in range(168):
                found = [
                    row["factor"]
                    for row in rows
                    if row["facility_type"] == source
                    and row["mode"] in ("", mode)
                    and row["begins"] <= hour % 24 < row["ends"]
                    and any(DAYS[hour // 24] in words[w.strip()] for w in row["days"].lower().split(","))
                ]
                assert table[mode][hour, column] == (found[0] if found else 1.0)
                clashes |= {source} if len(set(found)) > 1 else set()
    assert bool(twice) >= bool(clashes)
    assert all(any(f"'{name}'" in text for text in twice) for name in clashes)


def test_factors_of_the_set_multiply_those_of_the_profile(folder: Path) -> None:
    text = "facility_type,hour,factor\nstreet,3,0.5\n"
    scenario = profile(
        folder, text, factors={"emergency": 0.8}, junction_delay=7, title="As seen", source="me"
    )
    assert [factor(scenario, hour, "emergency") for hour in (2, 3)] == [0.8, 0.4]
    assert [factor(scenario, hour, "normal") for hour in (2, 3)] == [1.0, 0.5]
    speeds = scenario.roads.speeds
    assert (speeds.name, speeds.title, speeds.source) == ("s", "As seen", "me")
    assert speeds.delay == {"emergency": 7.0, "normal": 7.0}
    assert (
        scenario.roads.describe()
        == "As seen; 2 periods of the week; delay at junctions: emergency 7 s, normal 7 s"
    )


def test_profiles_of_the_package_are_found_by_name_and_named(folder: Path) -> None:
    assert sorted(catalogue()) == ["slow-core", "urban-peaks"]
    for name in catalogue():
        scenario = made(folder, travel=using(profile=name))
        assert scenario.roads.speeds.varies
        assert "assumed" in scenario.roads.describe()
        assert scenario.roads.speeds.source
    scenario = made(folder, travel=using(profile="slow-core"))
    assert [factor(scenario, hour, "normal") for hour in (5, 6, 21, 22)] == [0.8, 0.5, 0.5, 0.8]
    scenario = made(folder, travel=using(profile="urban-peaks"))
    assert [factor(scenario, 24 + h, "emergency") for h in (6, 7, 9, 17, 19)] == [1, 0.71, 0.87, 0.71, 1]
    assert factor(scenario, 24 * 6 + 12, "normal") == 0.77


def test_a_profile_that_touches_no_road_is_told(folder: Path) -> None:
    scenario = profile(folder, "facility_type,hour,factor\nmotorway,3,0.5\n")
    (note,) = [note for note in scenario.notes if "which no road of the network is" in note]
    assert "'profile.csv' has rows for 'motorway'" in note
    assert "its classes are street" in note


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("facility_type,day,factor\nstreet,sun,0.5\n", "profile.csv:1: no column 'day' is known"),
        (
            "facility_type,hour,days,factor\nstreet,3,sun,0.5\n",
            "profile.csv:1: 'hour' (of the week) and 'days' contradict each other",
        ),
        ("facility_type,hour\nstreet,3\n", "profile.csv:1: the column 'factor' is missing"),
        ("facility_type,hour,factor\n", "profile.csv:1: no rows"),
        ("facility_type,hour,factor\nstreet,3,0\n", "profile.csv:2 factor: 0 is not above 0"),
        ("facility_type,hour,factor\nstreet,3,5.5\n", "profile.csv:2 factor: 5.5 is above 5"),
        ("facility_type,hour,factor\nstreet,3,\n", "profile.csv:2 factor: no value"),
        ("facility_type,hour,factor\nstreet,1,1\nstreet,168,1\n", "profile.csv:3 hour: 168 is above 167"),
        ("facility_type,hour,factor\nstreet,-1,1\n", "profile.csv:2 hour: -1 is below 0"),
        ("facility_type,hour,factor\nstreet,1e300,1\n", "profile.csv:2 hour: 1e300 is above 167"),
        ("facility_type,hour,factor\nstreet,inf,1\n", "profile.csv:2 hour: 'inf' is not a finite number"),
        (
            "facility_type,begins,ends,factor\nstreet,inf,-inf,1\n",
            "profile.csv:2 begins: 'inf' is not a finite number",
        ),
        ("facility_type,hour,factor\nstreet,1.5,1\n", "profile.csv:2 hour: 1.5 is not a whole number"),
        ("facility_type,hour,factor\nstreet,,1\n", "profile.csv:2 hour: no value"),
        ("facility_type,days,factor\nstreet,monday,1\n", "profile.csv:2: 'monday' is no day"),
        (
            "facility_type,begins,ends,factor\nstreet,9,7,1\n",
            "profile.csv:2: ends (7) is not after begins (9)",
        ),
        ("facility_type,begins,factor\nstreet,24,1\n", "profile.csv:2 begins: 24 is above 23"),
        ("facility_type,ends,factor\nstreet,0,1\n", "profile.csv:2 ends: 0 is below 1"),
        (
            "facility_type,mode,factor\nstreet,normale,1\n",
            "profile.csv:2 mode: no mode 'normale'. Did you mean 'normal'?",
        ),
        (
            "facility_type,mode,factor\nstreet,normal,快\n",
            "profile.csv:2 factor: '快' is not a finite number",
        ),
        ("facility_type;hour;factor\nstreet;1;1\n", "profile.csv:1: the columns are separated by ';'"),
        ("", "profile.csv:1: the table is empty"),
    ],
)
def test_a_bad_profile_is_refused_with_its_line(folder: Path, text: str, problem: str) -> None:
    (folder / "profile.csv").write_text(text, encoding="utf-8")
    found = refused(folder, travel=using(profile="profile.csv"))
    assert any(each.startswith(problem) for each in found), found


def test_two_factors_for_one_cell_are_refused(folder: Path) -> None:
    text = "facility_type,days,begins,ends,factor\nstreet,mon,7,9,0.5\nstreet,all,8,10,0.6\n"
    (folder / "profile.csv").write_text(text)
    found = refused(folder, travel=using(profile="profile.csv"))
    assert found == [
        "travel.sets.s.profile: profile 'profile.csv' gives two factors for 'street', "
        f"hour 8 of the week, {mode}. Give one."
        for mode in MODES
    ]
    profile(folder, text.replace("0.6", "0.5"))  # the same factor twice is no contradiction


# --- closures and injects


def changes(scenario: Scenario) -> list[tuple[float, set[str]]]:
    roads = scenario.roads
    return [(moment, {roads.closures[i].id for i in active}) for moment, active in roads.changes]


def test_windows_and_injects_that_overlap(folder: Path) -> None:
    found = made(
        folder,
        closures={
            "always": {"links": ["ab"]},
            "early": {"links": ["bc"], "begins": 100, "ends": "10 min"},
            "late": {"links": ["cd"], "begins": "5 min", "ends": 900},
            "called": {"links": ["be"]},
            "extended": {"links": ["ef"], "begins": 50, "ends": 900},
            "until": {"links": ["cf"], "ends": 600},
        },
        injects=[
            {"at": 900, "close": "called"},
            {"at": 300, "reopen": "early"},
            {"at": 1000, "reopen": "called"},
            {"at": "20 min", "close": "called"},
            {"at": 700, "reopen": "extended"},
            {"at": 800, "close": "extended"},
        ],
    )
    assert changes(found) == [
        (0.0, {"always", "until"}),
        (50.0, {"always", "until", "extended"}),
        (100.0, {"always", "until", "extended", "early"}),
        (300.0, {"always", "until", "extended", "late"}),
        (600.0, {"always", "extended", "late"}),
        (700.0, {"always", "late"}),
        (800.0, {"always", "late", "extended"}),
        (900.0, {"always", "called"}),
        (1000.0, {"always"}),
        (1200.0, {"always", "called"}),
    ]


@given(data=st.data())
@settings(max_examples=40)
def test_what_is_in_force_follows_from_the_last_event_of_each(folder: Path, data: st.DataObject) -> None:
    names = ("one", "three", "two")
    moment = st.integers(0, 12).map(lambda number: number * 100)
    injects = data.draw(st.lists(st.tuples(moment, st.sampled_from(names), st.booleans()), max_size=8))
    windows = {
        name: data.draw(st.none() | st.tuples(moment, moment.map(lambda m: m + 1300))) for name in names
    }
    closures: dict[str, dict[str, Any]] = {}
    for name, link in zip(names, ("ab", "bc", "cd"), strict=True):
        window = windows[name]
        closures[name] = {"links": [link]}
        closures[name] |= {} if window is None else {"begins": window[0], "ends": window[1]}
    found = made(
        folder,
        closures=closures,
        injects=[{"at": at, "close" if shut else "reopen": name} for at, name, shut in injects],
    )
    roads = found.roads
    for time in (-1.0, *np.arange(0.0, 2700.0, 50.0).tolist()):
        wanted = set()
        for name in names:
            # of equal moments, what closes comes last
            events = [(at, shut) for at, other, shut in injects if other == name]
            window = windows[name]
            if window is not None:
                events += [(window[0], True), (window[1], False)]
            elif not any(shut for _, shut in events):
                events += [(0, True)]
            past = [event for event in events if event[0] <= time]
            wanted |= {name} if past and max(past)[1] else set()
        assert {roads.closures[i].id for i in roads.at(time).closures} == wanted
    assert [moment for moment, _ in roads.changes] == sorted({moment for moment, _ in roads.changes})


def test_moments_may_be_dates_of_any_time_zone(folder: Path) -> None:
    found = made(
        folder,
        start="2024-01-01T08:00:00+08:00",
        closures={
            "c": {
                "links": ["ab"],
                "begins": "2024-01-01T01:00:00+00:00",
                "ends": "2024-01-01T10:30:00+08:00",
            },
            "d": {"links": ["bc"]},
        },
        injects=[{"at": "2024-01-01T09:00:00.5+08:00", "close": "d"}],
    )
    assert changes(found) == [(3600.0, {"c"}), (3600.5, {"c", "d"}), (9000.0, {"d"})]


def test_areas_are_centred_on_nodes_or_points(folder: Path) -> None:
    found = made(
        folder,
        closures={
            "node": {"around": "e", "radius": "10 m"},
            "point": {"around": [1500, -990], "radius": 20},
            "wide": {"around": [1500, -990], "radius": "0.995 km"},
            "polygon": {"polygon": [[1900, 10], [1900, -500], [2500, -500]], "links": ["ab"]},
        },
    )
    network = found.network
    assert isinstance(network, RoadNetwork)
    links = {c.id: {network.link_ids[arc] for arc in c.arcs.tolist()} for c in found.roads.closures}
    assert links == {
        "node": {"be", "ef"},
        "point": {"ef"},
        "wide": {"bc", "be", "ef", "cf"},
        "polygon": {"ab", "bc", "cf"},
    }
    for closure in found.roads.closures:  # both directions
        counts = np.unique(network.link[closure.arcs], return_counts=True)[1]
        assert set(counts.tolist()) == {2}


def test_what_is_cut_off_is_told(folder: Path) -> None:
    found = made(
        folder,
        closures={
            "a": {"links": ["ab"], "begins": 10},
            "b": {"links": ["cd"], "begins": 20, "ends": 30},
            "slow": {"links": ["bc"], "speed_factor": 0.1},
            "round": {"links": ["ef"], "ends": 5},
        },
    )
    assert sorted(note for note in found.notes if "cut off" in note) == [
        "While 'a' holds, 1 of 6 nodes are cut off from the rest (a); calls there wait.",
        "While 'a', 'b' hold, 2 of 6 nodes are cut off from the rest (a, d); calls there wait.",
        "While 'b' holds, 1 of 6 nodes are cut off from the rest (d); calls there wait.",
    ]


def test_what_only_wide_units_are_kept_from_is_not_cut_off(folder: Path) -> None:
    found = made(folder, closures={"a": {"links": ["ab"], "max_width": 2.5}})
    assert not [note for note in found.notes if "calls there wait" in note]
    assert "Closure 'a' holds for no unit: none is wider than its max_width." in found.notes


def test_of_many_closures_those_that_cut_off_most_are_told(folder: Path) -> None:
    many = {f"c{i}": {"links": ["ab"], "begins": 10 * i, "ends": 10 * i + 5} for i in range(9)}
    notes = made(folder, closures=many | {"whole": {"links": ["ab", "cd"], "begins": 500}}).notes
    assert len([note for note in notes if "cut off from the rest" in note]) == 5
    assert next(note for note in notes if "cut off" in note).startswith("While 'whole' holds, 2 of 6 nodes")
    assert "5 more closures cut places off." in notes


def test_the_parts_of_a_way_are_closed_by_its_id() -> None:
    by_link = {"7-1": [0, 1], "7-2f": [2], "7-2b": [3], "8": [4], "9f": [5], "7-1-x": [6]}
    ways = _arcs_by_way(by_link)
    assert (ways["7"], ways["9"], ways["8"]) == ([0, 1, 2, 3], [5], [4])
    assert ways["7-1-x"] == [6]


def test_what_a_closure_holds_for_is_told(folder: Path) -> None:
    roads = made(folder, closures={"a": {"links": ["ab", "cd"]}}).roads
    assert roads.extent(roads.closures[0]) == {"links": 2, "km": 2.0, "such_as": ["ab", "cd"]}


def test_a_closure_may_have_begun_before_the_start(folder: Path) -> None:
    found = made(folder, closures={"a": {"links": ["ab"], "begins": "2023-12-31T23:00:00+00:00"}})
    assert found.roads.at(0.0).closures == (0,)
    late = made(folder, closures={"a": {"links": ["ab"], "begins": "90 d"}})
    assert "Closure 'a' is not in force before the horizon." in late.notes


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (
            {"closures": {"flood": {"links": ["ab", "bx"]}}},
            "closures.flood.links[1]: no link 'bx'. Known: ab, bc",
        ),
        (
            {"closures": {"flood": {"around": "x", "radius": 5}}},
            "closures.flood.around: no node 'x' in network 'town'",
        ),
        (
            {"closures": {"flood": {"around": [9e5, 0], "radius": 5}}},
            "closures.flood: no road touches this area",
        ),
        (
            {"closures": {"flood": {"around": [1500, -500], "radius": 5}}},
            "closures.flood: no road touches this area",
        ),
        (
            {"closures": {"flood": {"polygon": [[0, 50], [50, 50], [50, 90]]}}},
            "closures.flood: no road touches this area",
        ),
        (
            {"closures": {"flood": {"links": ["ab"], "begins": 50, "ends": 50}}},
            "closures.flood.ends: ends (50 s) is not after it begins (50 s). Correct",
        ),
        (
            {"closures": {"flood": {"links": ["ab"], "ends": 0}}},
            "closures.flood.ends: ends (0 s) is not after it begins (0 s)",
        ),
        (
            {"closures": {"flood": {"links": ["ab"], "ends": "2023-12-31T23:00:00+00:00"}}},
            "closures.flood.ends: 2023-12-31T23:00:00+00:00 is before the scenario's start",
        ),
        (
            {
                "closures": {"flood": {"links": ["ab"], "ends": 100}},
                "injects": [{"at": 200, "close": "flood"}],
            },
            "closures.flood.ends: ends (100 s) is not after it begins (200 s)",
        ),
        (
            {"closures": {"flood": {"links": ["ab"], "begins": "2024-01-01T01:00:00"}}},
            "closures.flood.begins",
        ),
        (
            {"closures": {"flood": {"links": ["ab"], "begins": "2024-13-01T01:00:00+00:00"}}},
            "closures.flood.begins",
        ),
        (
            {"closures": {"flood": {"links": ["ab"], "begins": "tomorrow"}}},
            "closures.flood.begins: 'tomorrow' is not a duration",
        ),
        ({"closures": {"flood": {"links": ["ab"], "begins": -5}}}, "closures.flood.begins"),
        ({"closures": {"flood": {}}}, "closures.flood: a closure without roads"),
        ({"closures": {"flood": {"around": "a"}}}, "closures.flood: 'around' and 'radius' belong together"),
        (
            {"closures": {"flood": {"links": ["ab"], "radius": 5}}},
            "closures.flood: 'around' and 'radius' belong together",
        ),
        (
            {"closures": {"flood": {"polygon": [[0, 0], [1, 1]]}}},
            "closures.flood: a polygon of fewer than three corners",
        ),
        ({"closures": {"flood": {"links": ["ab"], "speed_factor": 0}}}, "closures.flood.speed_factor"),
        ({"closures": {"flood": {"links": ["ab"], "speed_factor": 1}}}, "closures.flood.speed_factor"),
        ({"closures": {"flood": {"links": ["ab"], "max_width": 0}}}, "closures.flood.max_width"),
        ({"closures": {"flood": {"links": ["ab"], "lasts": 5}}}, "closures.flood.lasts"),
        ({"closures": {"洪水": {"links": ["甲"]}}}, "closures.洪水.links[0]: no link '甲'"),
        (
            {"injects": [{"at": 5, "close": "flod"}], "closures": {"flood": {"links": ["ab"]}}},
            "injects[0].close: no closure 'flod'. Did you mean 'flood'?",
        ),
        (
            {"injects": [{"at": 5, "reopen": "flod"}], "closures": {"flood": {"links": ["ab"]}}},
            "injects[0].reopen: no closure 'flod'. Did you mean 'flood'?",
        ),
        ({"injects": [{"at": 5}]}, "injects[0]: an inject does one thing"),
        ({"injects": [{"at": 5, "close": "a", "reopen": "a"}]}, "injects[0]: an inject does one thing"),
        ({"injects": [{"close": "a"}]}, "injects[0]: 'at' is missing"),
        (
            {
                "injects": [{"at": "2023-01-01T00:00:00Z", "close": "flood"}],
                "closures": {"flood": {"links": ["ab"]}},
            },
            "injects[0].at: 2023-01-01T00:00:00+00:00 is before",
        ),
        (
            {"travel": {"speeds": "observd", "sets": {"observed": {}}}},
            "travel.speeds: no speed set 'observd'. Did you mean 'observed'?",
        ),
        (
            {"travel": {"speeds": "planing"}},
            "travel.speeds: no speed set 'planing'. Did you mean 'planning'?",
        ),
        (
            {"travel": {"sets": {"s": {"profile": "urban-peeks"}}}},
            "travel.sets.s.profile: no speed profile 'urban-peeks'. Did you mean 'urban-peaks'? Or name",
        ),
        ({"travel": {"sets": {"s": {"profile": "none.csv"}}}}, "travel.sets.s.profile: no file 'none.csv'"),
        (
            {"travel": {"sets": {"s": {"profile": "../../none.csv"}}}},
            "travel.sets.s.profile: '../../none.csv' leads out",
        ),
        ({"travel": {"sets": {"s": {"factors": 0}}}}, "travel.sets.s.factors: must be greater than 0"),
        ({"travel": {"sets": {"s": {"factors": {"emergency": 6}}}}}, "travel.sets.s.factors.emergency"),
        (
            {"travel": {"sets": {"s": {"junction_delay": -1}}}},
            "travel.sets.s.junction_delay: a duration below zero",
        ),
        (
            {"travel": {"sets": {"s": {"acceleration": {"rate": 0, "cruise": 50}}}}},
            "travel.sets.s.acceleration.rate",
        ),
        (
            {"travel": {"sets": {"s": {"acceleration": {"rate": 1, "cruise": "5 parsec"}}}}},
            "travel.sets.s.acceleration.cruise: '5 parsec' is not a speed",
        ),
        (
            {"unit_types": {"engine": {"capabilities": ["engine"], "turnout": 0, "speed": 5}}},
            "unit_types.engine: a unit on the road has the speeds of the roads",
        ),
        (
            {
                "unit_types": {
                    "engine": {"capabilities": ["engine"], "turnout": 0, "moves": "air", "width": 5}
                }
            },
            "unit_types.engine: 'speed_factor' and 'width' mean nothing",
        ),
        (
            {"unit_types": {"engine": {"capabilities": ["engine"], "turnout": 0, "moves": "swim"}}},
            "unit_types.engine.moves",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_place(
    folder: Path, written: dict[str, Any], problem: str
) -> None:
    found = refused(folder, **written)
    assert any(each.startswith(problem) for each in found), found


def test_all_problems_come_at_once(folder: Path) -> None:
    found = refused(
        folder,
        travel={"speeds": "x", "sets": {"s": {"profile": "nothing"}}},
        closures={"a": {"links": ["zz"]}, "b": {"around": "zz", "radius": 5}},
        injects=[{"at": 1, "close": "c"}],
    )
    assert len(found) == 5


def test_matrices_have_no_roads_to_close_or_to_walk(tmp_path: Path) -> None:
    home = tmp_path / "networks" / "town"
    home.mkdir(parents=True)
    (home / "network.yaml").write_text("kind: matrix\nfile: times.csv\nunit: s\n")
    (home / "times.csv").write_text(",a,c\na,0,50\nc,50,0\n")
    (tmp_path / "calls.csv").write_text(HEADER + call("x", 0, "c") + "\n")
    kinds = {
        "engine": {"capabilities": ["engine"], "turnout": 0, "speed_factor": 0.5},
        "crew": {"capabilities": ["engine"], "turnout": 0, "moves": "on_foot"},
        "bird": {"capabilities": ["engine"], "turnout": 0, "moves": "air"},
    }
    found = refused(
        tmp_path,
        unit_types=kinds,
        closures={"flood": {"links": ["ab"]}},
        travel={"sets": {"s": {"junction_delay": 5}, "t": {"title": "only a name"}}},
    )
    assert sorted(text.split(".")[0] for text in found) == ["closures", "travel", "unit_types", "unit_types"]
    assert "flying needs coordinates" in " ".join(found)
    assert "walking needs roads" in " ".join(found)
    (heavy,) = [
        made(tmp_path, unit_types={"engine": kinds["engine"]}, travel={"speeds": "t", "sets": {"t": {}}})
    ]
    assert heavy.roads.describe() == "the network's matrix of travel times"
    assert dispatch.simulate(heavy).responses.on_scene.tolist() == [100.0]


def test_an_area_that_cannot_be_on_the_globe_is_refused(tmp_path: Path) -> None:
    town(tmp_path)
    home = tmp_path / "networks" / "town"
    (home / "network.yaml").write_text("crs: WGS84\nspeeds: {street: 36}\n")
    nodes = "node_id,x_coord,y_coord\n" + "".join(f"{n},{103 + i / 100},36\n" for i, n in enumerate("abcdef"))
    (home / "node.csv").write_text(nodes)
    (tmp_path / "calls.csv").write_text(HEADER + call("x", 0, "c") + "\n")
    found = refused(tmp_path, closures={"swapped": {"around": [36.0, 103.0], "radius": 5}})
    assert found[0].startswith("closures.swapped.around: (36, 103) is not a longitude and a latitude")


# --- which set is used


def test_the_set_in_use_may_be_chosen_from_outside(folder: Path) -> None:
    path = write(folder, travel=using(factors=0.5))
    assert dispatch.load(path).roads.speeds.name == "s"
    planning = dispatch.load(path, speeds="planning")
    assert planning.roads.speeds.name == "planning"
    assert "free flow, which flatters every plan" in planning.roads.describe()
    assert dispatch.simulate(planning).responses.on_scene.tolist() == [200.0]
    assert dispatch.simulate(dispatch.load(path, speeds="s")).responses.on_scene.tolist() == [400.0]
    with pytest.raises(UsageError, match="--speeds obs: the scenario has no such speed set") as found:
        dispatch.load(path, speeds="obs")
    assert "planning" in str(found.value)


def test_planning_may_be_refined(folder: Path) -> None:
    scenario = made(folder, travel={"sets": {"planning": {"factors": 0.5, "title": "Half"}}})
    assert scenario.roads.speeds.name == "planning"
    assert dispatch.simulate(scenario).responses.on_scene.tolist() == [400.0]
    assert scenario.roads.describe().startswith("Half")


def test_what_can_change_a_result_is_in_the_digest(folder: Path) -> None:
    (folder / "profile.csv").write_text("facility_type,hour,factor\nstreet,3,0.5\n")
    seen = {
        made(folder, **written).digest
        for written in (
            {},
            {"travel": using(factors=0.5)},
            {"travel": using(profile="profile.csv")},
            {"closures": {"a": {"links": ["ab"]}}},
            {"closures": {"a": {"links": ["ab"]}}, "injects": [{"at": 5, "close": "a"}]},
        )
    }
    assert len(seen) == 5
    (folder / "profile.csv").write_text("facility_type,hour,factor\nstreet,3,0.6\n")
    assert made(folder, travel=using(profile="profile.csv")).digest not in seen


def test_unused_sets_are_checked_all_the_same(folder: Path) -> None:
    assert refused(folder, travel={"sets": {"s": {"profile": "nothing"}}})[0].startswith(
        "travel.sets.s.profile"
    )


def test_conditions_without_changes_are_the_network_itself(folder: Path) -> None:
    scenario = made(folder, closures={"w": {"links": ["ab"], "max_width": 2.5}})
    roads = scenario.roads
    assert roads.roads(Conditions(0)) is scenario.network
    assert roads.roads(Conditions(0, (0,)), 2.5) is scenario.network
    assert roads.roads(Conditions(0, (0,)), 2.6) is not scenario.network
