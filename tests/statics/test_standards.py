"""Standards profiles: their figures, who keeps them, and what is left to a simulation."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import shapely

from dispatch.errors import ScenarioError, UsageError
from dispatch.statics.faces import Barrier, cut_region
from dispatch.statics.judging import judge
from dispatch.statics.jurisdictions import divide
from dispatch.statics.reach import reach_of
from dispatch.statics.standards import catalogue, shipped, standard
from dispatch.study.measures import compile_measures
from tests.statics.worlds import grid_tables, town

if TYPE_CHECKING:
    from dispatch import Scenario
    from dispatch.statics.judging import Finding, Judgement

ROOT = Path(__file__).resolve().parents[2]

FIGURES = {
    "agbf": [
        ("total.first.within_570s", 0.95),
        ("total.erf.within_870s", 0.95),
        ("response.first.within_480s", 0.95),
    ],
    "cn-15min": [
        ("processing.first.within_150s", 1),
        ("turnout.first.within_60s", 1),
        ("travel.first.within_240s", 1),
    ],
    "cn-gb50160": [("travel.first.within_300s", 1), (2500, 1), (4000, 1)],
    "cn-gb51080": [],
    "cn-jianbiao152": [("response.first.max", None)],
    "ems-us-8-59": [("response.first.within_539s", 0.9)],
    "iso-fsrs": [(2414.016, None), (4023.36, None)],
    "lfb": [
        ("response.first.mean", None),
        ("response.second.mean", None),
        ("response.first.within_720s", 0.95),
    ],
    "nfpa1225": [("processing.first.within_60s", 0.9)],
    "nfpa1710": [
        ("turnout.first.within_80s", 0.9),
        ("turnout.first.within_60s", 0.9),
        ("travel.first.within_240s", 0.9),
        ("travel.second.within_360s", 0.9),
        ("travel.erf.within_480s", 0.9),
        ("travel.erf.within_610s", 0.9),
    ],
    "nfpa1720": [
        ("response.erf.within_540s", 0.9),
        ("response.erf.within_600s", 0.8),
        ("response.erf.within_840s", 0.8),
    ],
}  # fmt: skip
"""What the profiles say, written down a second time."""

AREAS = {
    "cn-jianbiao152": {"first": 7, "second": 4, "small": 2, "suburban": 15},
    "cn-gb51080": {"ordinary": 7, "suburban": 15},
}


def test_the_figures_are_these() -> None:
    found: dict[str, list[Any]] = {}
    for item in shipped():
        times = [(clause.measure, clause.share) for clause in item.file.times]
        distances = [(round(clause.metres, 3), clause.share) for clause in item.file.distances]
        found[item.name] = [*times, *distances]
    assert found == FIGURES
    areas = {item.name: item.file.areas for item in shipped()}
    assert {
        name: {key: kind.area_km2 for key, kind in found.classes.items()}
        for name, found in areas.items()
        if found
    } == AREAS
    formula = standard("iso-fsrs").file.travel_formula
    assert formula is not None
    assert [round(formula.seconds(miles * 1609.344) / 60, 1) for miles in (1.5, 2.5)] == [3.2, 4.9]
    assert standard("cn-jianbiao152").file.times[0].seconds == 300


def test_what_is_from_memory_says_so() -> None:
    assert {item.name for item in shipped() if not item.file.is_verified} == {
        "agbf", "cn-gb50160", "nfpa1225", "nfpa1710",
    }  # fmt: skip
    unsure = [clause.title.en for clause in standard("nfpa1710").file.times if not clause.verified]
    assert unsure == ["travel of the second company", "travel of the full first alarm to a high-rise"]


def test_every_profile_has_names_in_two_languages_and_a_source() -> None:
    for item in shipped():
        assert item.file.source
        assert item.file.title.zh
        assert all(clause.title.zh for clause in item.file.clauses)


def test_measures_that_are_named_exist(small_town: Scenario) -> None:
    for item in shipped():
        compile_measures(small_town, [clause.measure for clause in item.file.times])


def test_the_reference_page_lists_every_figure() -> None:
    page = (ROOT / "docs/reference/standards.md").read_text(encoding="utf-8")
    for name in catalogue():
        assert f"## `{name}`" in page


@pytest.fixture
def small_town(tmp_path: Path) -> Scenario:
    """Two stations on a grid of 10 by 5 crossings: one with an engine, one with a ladder too."""
    nodes, links = grid_tables(10, 5)
    units = {
        "E1": {"type": "engine", "station": "west"},
        "E2": {"type": "engine", "station": "east"},
        "L2": {"type": "ladder", "station": "east"},
    }
    stations = {"west": {"at": "c0r2", "grade": "second"}, "east": {"at": "c9r2"}}
    return town(tmp_path, nodes, links, stations, units=units)


def judged(
    scenario: Scenario,
    name: str,
    whole: Any = None,
    barriers: tuple[Barrier, ...] = (),
    capability: str | None = None,
) -> Judgement:
    reach = reach_of(scenario, scenario.layouts["baseline"])
    found = None
    if whole is not None:
        found = divide(reach, cut_region(whole, "given", barriers), reach.able(None))
    return judge(standard(name), reach, found, capability)


def told(judgement: Judgement) -> list[tuple[str, float]]:
    return [(item.verdict, item.value) for item in judgement.findings]


def only(findings: tuple[Finding, ...], title: str) -> Finding:
    (found,) = (item for item in findings if item.title.en == title)
    return found


def test_areas_and_edges_by_class(small_town: Scenario) -> None:
    """Blown up to 5 km² a half: too much for a second-class station, not for a first-class one."""
    whole = shapely.box(-50, -5000 + 200, 950, 5000 + 200)
    found = judged(small_town, "cn-jianbiao152", whole)
    east, west = found.stations
    assert (east.grade, east.assumed, east.limit_km2, east.area) == ("first", True, 7.0, True)
    assert (west.grade, west.assumed, west.limit_km2, west.area) == ("second", False, 4.0, False)
    assert (east.edge, west.edge, east.passes, west.passes) == (True, True, True, False)
    area, edge = found.findings
    assert (area.verdict, area.value, area.of) == ("missed", 1.0, 2)
    assert (edge.verdict, edge.value, edge.of) == ("met", 2.0, 2)
    assert found.notes == (
        "stations without 'grade' are taken for 'first' (first-class ordinary station, 7 km²).",
    )


def test_a_class_that_the_standard_does_not_know_is_told(tmp_path: Path) -> None:
    nodes, links = grid_tables(3, 1)
    scenario = town(tmp_path, nodes, links, {"s": {"at": "c0r0", "grade": "frist"}})
    found = judged(scenario, "cn-jianbiao152", shapely.box(-50, -50, 250, 50))
    assert (found.stations[0].area, found.stations[0].edge, found.stations[0].passes) == (None, True, True)
    assert math.isnan(found.stations[0].limit_km2)
    assert found.notes == ("station 's': 'frist' is no class of cn-jianbiao152. Did you mean 'first'?",)


def test_the_edge_is_judged_with_turnout(tmp_path: Path) -> None:
    """24 blocks of 10 s and a minute of turnout are 5 min; one block more is too far."""
    for blocks, kept in ((24, True), (25, False)):
        nodes, links = grid_tables(blocks + 1, 1)
        scenario = town(tmp_path / str(blocks), nodes, links, {"s": {"at": "c0r0"}})
        found = judged(scenario, "cn-jianbiao152", shapely.box(-50, -50, 100 * blocks + 50, 50))
        assert found.stations[0].edge is kept
        assert found.findings[1].verdict == ("met" if kept else "missed")


def test_without_areas_jurisdictions_are_not_judged(small_town: Scenario) -> None:
    found = judged(small_town, "cn-jianbiao152")
    assert [(item.verdict, item.why) for item in found.findings] == [
        ("not judged", "no jurisdictions to judge"),
        ("not judged", "no jurisdictions to judge"),
    ]
    assert found.findings[1].measure == "response.first.max"


def test_barriers_through_a_jurisdiction(small_town: Scenario) -> None:
    whole = shapely.box(-50, -50, 950, 450)
    line = Barrier("railway", "", shapely.LineString([(250, -100), (250, 500)]))
    found = judged(small_town, "cn-gb51080", whole, (line,))
    east, west = found.stations
    assert (east.undivided, west.undivided) == (True, False)
    assert told(found)[1] == ("missed", 1.0)
    wall = Barrier("barrier", "", line.shape)
    assert told(judged(small_town, "cn-gb51080", whole, (wall,)))[1] == ("met", 2.0)
    unknown = judged(small_town, "cn-gb51080", whole).findings[1]
    assert (unknown.verdict, unknown.why) == ("not judged", "no barriers are known here")


def test_shares_means_and_what_needs_a_simulation(small_town: Scenario) -> None:
    """Every crossing is at most 6 blocks from a station, and 1 block at the mean of |dx| 2 and |dy| 1.2."""
    found = judged(small_town, "lfb").findings
    assert (found[0].verdict, found[0].unit) == ("met", "s")
    assert found[0].value == pytest.approx(60 + 10 * (2 + 1.2))
    assert (found[1].verdict, found[1].measure) == ("not judged", "response.second.mean")
    assert found[1].why == "needs simulation"
    assert (found[2].verdict, found[2].value) == ("met", 1.0)


def test_a_missed_share_is_told(tmp_path: Path) -> None:
    """Of 30 nodes in a row, 25 are within 240 s of the first."""
    nodes, links = grid_tables(30, 1)
    found = judged(town(tmp_path, nodes, links, {"s": {"at": "c0r0"}}), "nfpa1710").findings
    engine = only(found, "travel of the first engine")
    assert engine.verdict == "missed"
    assert engine.value == pytest.approx(25 / 30)
    assert only(found, "turnout to a fire").measure == "turnout.first.within_80s"


def test_distances_and_capabilities(small_town: Scenario) -> None:
    found = judged(small_town, "iso-fsrs").findings
    assert [(item.verdict, item.value) for item in found] == [("shown", 1.0), ("shown", 1.0)]
    assert found[0].limit.endswith("(192 s by the formula)")
    assert found[1].limit.endswith("(294 s by the formula)")


def test_a_clause_about_units_that_nobody_has_is_not_judged(tmp_path: Path) -> None:
    nodes, links = grid_tables(3, 1)
    types = {"pump": {"capabilities": ["水罐"], "turnout": 60}}
    scenario = town(
        tmp_path, nodes, links, {"s": {"at": "c0r0"}},
        units={"P": {"type": "pump", "station": "s"}}, unit_types=types,
        incident_types={"fire": {"run_card": {"水罐": 1}, "on_scene": 600}},
    )  # fmt: skip
    found = judged(scenario, "iso-fsrs").findings
    assert [item.why for item in found] == [
        "no unit type has the capability engine or pumper",
        "no unit type has the capability ladder or aerial or service",
    ]
    assert only(judged(scenario, "nfpa1710").findings, "travel of the first engine").why == found[0].why


def test_a_profile_of_ones_own(tmp_path: Path, small_town: Scenario) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(
        "title: {en: Our rule}\nsource: council\n"
        "distances: [{title: {en: near}, metres: 100, of: demand, share: 0.5}]\n"
        "times: [{title: {en: quick}, clock: travel, seconds: 20 s, share: 0.2, capability: [ladder]}]\n",
        encoding="utf-8",
    )
    item = standard(str(path))
    reach = reach_of(small_town, small_town.layouts["baseline"])
    quick, near = judge(item, reach, None, None).findings
    assert item.name == "ours"
    # ladders stand in the east: itself, 3 neighbours and 4 more two blocks away (the map ends there)
    assert (quick.verdict, near.verdict) == ("missed", "missed")
    assert (quick.value, near.value) == pytest.approx((9 / 50, 8 / 50))


HEAD = "title: {en: x}\nsource: y\n"
CLASS = "areas:\n  default: {}\n  classes: {{a: {{title: {{en: a}}, area_km2: 7{}}}}}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD, "a profile without requirements"),
        ("source: y\ntimes: [{title: {en: a}, clock: travel, seconds: 1, share: 1}]\n", "'title' is missing"),
        (
            HEAD + "times:\n- title: {en: a}\n  clock: travl\n  seconds: 60\n  share: 1\n",
            r"mine.yaml:5 times\[0\].clock",
        ),
        (
            HEAD + "times:\n- {title: {en: a}, clock: travel, seconds: 60}\n",
            r"mine.yaml:4 times\[0\]: 'share' goes with",
        ),
        (HEAD + CLASS.format("b", ""), "no class 'b'. Name one of a"),
        (HEAD + CLASS.format("a", ", aera: 1"), "unknown key 'aera'"),
        (
            HEAD + "times:\n- {title: {en: a}, clock: total, seconds: 60, statistic: edge}\n",
            "the edge of a jurisdiction",
        ),
        ("- a\n", "no mapping"),
    ],
)
def test_what_is_wrong_with_a_profile_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError, match=message):
        standard(str(path))


def test_an_unknown_profile_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UsageError, match="Did you mean 'lfb'"):
        standard("lfbb")
    with pytest.raises(ScenarioError, match=r"missing.yaml.*cannot be read"):
        standard("missing.yaml")
