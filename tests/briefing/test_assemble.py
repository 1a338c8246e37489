"""Briefings of real studies: numbers against the study's documents, kinds of scenarios, limits."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from dispatch.briefing import assemble, telling
from dispatch.briefing.assemble import Choice, brief, briefing_document
from dispatch.briefing.contents import Briefing, Figure, Lines, Number, Said, Table, Verdict
from dispatch.briefing.folder import read_study
from dispatch.briefing.statements import statements
from dispatch.briefing.titles import CLOCKS, WHO
from dispatch.errors import UsageError
from dispatch.regression.rerunning import load_unchanged
from dispatch.study.compare import ZoneVerdict
from dispatch.study.estimates import Difference
from tests.cli.world import ROOT, dispatch
from tests.small import write_scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SCENARIOS = ROOT / "scenarios"
HOSTILE = "</script><script>harm(1)</script> {n} & 会宁"
WEST_ONLY: dict[str, Any] = {
    "units": {"W1": {"type": "engine", "station": "west"}},
    "stations": {"west": {"at": "a"}},
}
TWO = {
    "east": {
        "add_stations": {"east": {"at": "e"}},
        "add_units": {"E1": {"type": "engine", "station": "east"}},
    }
}
"""A layout that adds the station at the other end of the line."""


@dataclass(frozen=True)
class Told:
    """A briefing with the documents it was made from."""

    briefing: Briefing
    details: dict[str, Any]
    manifest: dict[str, Any]
    path: Path
    out: Path

    def table(self, name: str) -> Table:
        return next(table for table in self.briefing.tables if table.id == name)

    def mean(self, layout: str, measure: str) -> dict[str, Any]:
        row: dict[str, Any] = self.details["layouts"][layout][measure]
        return row


def told(path: Path, out: Path, *, command: str = "compare", count: int = 2) -> Told:
    dispatch(command, path, "-r", str(count), "-o", out)
    return retold(path, out)


def retold(path: Path, out: Path, choice: Choice | None = None) -> Told:
    folder = read_study(out)
    details, manifest = (
        json.loads((out / name).read_text("utf-8")) for name in ("details.json", "manifest.json")
    )
    return Told(brief(folder, load_unchanged(folder, path), choice), details, manifest, path, out)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Three replications of a line of five nodes, one station against two, with two types in two zones."""
    home = tmp_path_factory.mktemp("line")
    types = {
        "fire": {"run_card": {"engine": 1}, "on_scene": 600, "title": "House fire"},
        "rescue": {"run_card": {"engine": 1}, "on_scene": 300},
    }
    rates = {"poisson": {"fire": {"rate": "24/d"}, "rescue": {"rate": "6/d"}}}
    path = write_scenario(home, incident_types=types, demand=rates, layouts=TWO, **WEST_ONLY)
    return told(path, home / "out", count=3)


def same(number: Number, row: dict[str, Any]) -> bool:
    """Return whether a number is that of a document; what never varies has no interval."""
    mean = math.nan if row["mean"] is None else row["mean"]
    if number.value != mean and not (math.isnan(number.value) and math.isnan(mean)):
        return False
    return math.isnan(number.half_width) or number.half_width == row["half_width"]


def cells(row: tuple[Any, ...]) -> list[Number]:
    return [cell for cell in row if isinstance(cell, Number)]


def walk(thing: Any) -> Iterator[Any]:
    """Yield everything in a briefing's dataclasses, tuples and mappings."""
    yield thing
    if is_dataclass(thing) and not isinstance(thing, type):
        for field in fields(thing):
            if field.name not in ("map", "layers"):
                yield from walk(getattr(thing, field.name))
    elif isinstance(thing, tuple | list):
        for each in thing:
            yield from walk(each)
    elif isinstance(thing, dict):
        for each in thing.values():
            yield from walk(each)


def measures_in(table: Table) -> Iterator[tuple[str, str, Number]]:
    """Yield layout, measure and number of a table of times, by its words."""
    clocks, who = ({said.text: key for key, said in names.items()} for names in (CLOCKS, WHO))
    kinds = {"House fire": "fire", "rescue": "rescue"}
    for row in table.rows:
        layout, *filters, clock, one, n, mean, p90 = row
        assert isinstance(clock, Said)
        assert isinstance(one, Said)
        keys = [column.key for column in table.columns][1 : 1 + len(filters)]
        pairs = [f"{key}={kinds.get(str(value), value)}" for key, value in zip(keys, filters, strict=True)]
        suffix = f"[{','.join(pairs)}]" if pairs else ""
        for statistic, number in zip(("n", "mean", "p90"), (n, mean, p90), strict=True):
            assert isinstance(number, Number)
            yield str(layout), f"{clocks[clock.text]}.{who[one.text]}.{statistic}{suffix}", number


@pytest.mark.parametrize(
    "name",
    ["performance", "performance_by_type", "performance_by_zone", "performance_by_type_and_zone"],
)
def test_tables_of_times_tell_the_details(line: Told, name: str) -> None:
    found = list(measures_in(line.table(name)))
    assert len(found) > 20
    wrong = [row for row in found if not same(row[2], line.mean(row[0], row[1]))]
    assert wrong == []


def test_headline_numbers_and_changes_are_those_of_the_details(line: Told) -> None:
    layouts = line.manifest["layouts"]
    changes = line.details["differences"]["east - baseline"]
    rows = line.briefing.headline.rows[: len(line.manifest["measures"])]
    for measure, row in zip(line.manifest["measures"], rows, strict=True):
        numbers = cells(row)
        assert [same(n, line.mean(layout, measure)) for n, layout in zip(numbers, layouts, strict=False)] == [
            True, True,
        ], measure  # fmt: skip
        assert same(numbers[2], changes[measure]), measure
        assert numbers[2].is_difference
    assert len(line.briefing.headline.rows) == len(line.manifest["measures"]) + 1  # and the small pictures


def test_curves_begin_at_the_call_and_tell_the_details(line: Told) -> None:
    table, figure = line.table("curve_first_table"), figure_of(line.briefing, "curve_first")
    assert isinstance(figure.body, Lines)
    first = cells(table.rows[0])[0]
    assert first.value == 0.0
    for row in table.rows:
        at, *shares = cells(row)
        for layout, share in zip(line.manifest["layouts"], shares, strict=True):
            assert same(share, line.mean(layout, f"total.first.within_{at.value:g}s"))
    for series, column in zip(figure.body.series, zip(*(cells(row)[1:] for row in table.rows), strict=True),
                              strict=True):  # fmt: skip
        assert series.y == tuple(cell.value for cell in column)


def test_workload_coverage_and_changes_tell_the_details(line: Told) -> None:
    layouts = line.manifest["layouts"]
    for unit, *numbers in line.table("workload_table").rows:
        for layout, number in zip(layouts, numbers, strict=True):
            assert isinstance(number, Number)
            assert same(number, line.mean(layout, f"workload[unit={unit}]"))
    for row in line.table("coverage").rows:
        at, *shares = cells(row)
        for layout, share in zip(layouts, shares, strict=True):
            assert share.value == line.mean(layout, f"coverage.static.within_{at.value:g}s")["mean"]
            assert math.isnan(share.half_width)  # nothing is left to luck


def test_whatever_is_claimed_to_be_a_measure_is_that_measure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tellers: list[telling.Teller] = []

    def teller(*arguments: Any) -> telling.Teller:
        tellers.append(telling.Teller(*arguments))
        return tellers[-1]

    monkeypatch.setattr(assemble, "Teller", teller)
    found = told(write_scenario(tmp_path, layouts=TWO, **WEST_ONLY), tmp_path / "out", count=3)
    claims = tellers[0].claims
    assert len(claims) > 500
    pair = {layout: found.details["differences"].get(f"{layout} - baseline", {}) for layout in ("east",)}
    for claim in claims:
        rows = pair[claim.layout] if claim.number.is_difference else found.details["layouts"][claim.layout]
        assert claim.measure not in rows or same(claim.number, rows[claim.measure]), claim
        assert claim.measure in rows or math.isnan(claim.number.value), claim


def figure_of(briefing: Briefing, name: str) -> Figure:
    return next(figure for figure in briefing.figures if figure.id == name)


def test_figures_have_their_table_in_the_same_chapter_and_ids_are_unique(line: Told) -> None:
    for section in line.briefing.sections:
        tables = {item.id for item in section.items if isinstance(item, Table)}
        figures = [item for item in section.items if isinstance(item, Figure)]
        assert [figure.id for figure in figures if figure.table not in tables] == []
    ids = [table.id for table in line.briefing.tables] + [figure.id for figure in line.briefing.figures]
    assert len(ids) == len(set(ids))
    assert [
        table.id for table in line.briefing.tables if {len(row) for row in table.rows} - {len(table.columns)}
    ] == []


def test_layers_of_zones_tell_the_details(line: Told) -> None:
    zones = next(layer for layer in line.briefing.layers if layer.name == "zones")
    assert {feature.id for feature in zones.features}
    for feature in zones.features:
        for layout in line.details["layouts"]:
            row = line.mean(layout, f"total.first.p90[zone={feature.id}]")
            told = feature.properties[f"total_first_p90_s_{layout}"]
            assert told == (None if row["mean"] is None else pytest.approx(row["mean"], abs=5e-4))


def test_chapters_of_a_study(line: Told) -> None:
    assert [section.id for section in line.briefing.sections] == [
        "compared", "map", "performance", "distribution", "workload", "alternatives", "standards", "others",
        "method",
    ]  # fmt: skip
    assert line.briefing.map is not None
    assert [each["layout"] for each in line.briefing.map["playbacks"]] == ["baseline", "east"]
    assert line.briefing.marks[0] == Said("Planning aid: not for live dispatch.")


def plain(said: Said) -> str:
    """Return a message with its own messages and names put in, and numbers as they are."""
    values: dict[str, str] = {}
    for key, value in said.values.items():
        if isinstance(value, Said):
            values[key] = plain(value)
        else:
            values[key] = f"{value.value:.6g}" if isinstance(value, Number) else str(value)
    return (said.many if said.many and said.count != 1 else said.text).format(**values)


def test_statements_are_few_and_their_numbers_follow_from_the_details(line: Told) -> None:
    said = [plain(each) for each in line.briefing.statements]
    assert len(said) <= 12
    change = line.details["differences"]["east - baseline"]["total.first.mean"]
    low, high = (abs(change["mean"] + sign * change["half_width"]) for sign in (1, -1))
    assert change["mean"] < 0
    assert said[0].startswith(
        f"With east the first unit comes {-change['mean']:.6g} sooner on average than with baseline "
        f"(95 % interval {low:.6g} to {high:.6g}, p = "
    )
    assert "Of 2 zones: " in said[0]
    p90, n = (line.mean("baseline", f"total.first.{name}[type=fire]") for name in ("p90", "n"))
    calls = round(n["mean"] * 3)
    fire = next(each for each in said if "type House fire" in each)
    assert (
        f"within {p90['mean']:.6g} in baseline ({calls} calls in 3 replications; 95 % interval "
        f"{p90['mean'] - p90['half_width']:.6g} to {p90['mean'] + p90['half_width']:.6g}); "
    ) in fire
    travel = line.mean("east", "travel.first.within_240s")["mean"]
    benchmark = next(each for each in said if each.startswith("Benchmark") and "travel, first unit" in each)
    assert f"east {travel:.6g}" in benchmark
    assert said[-1].startswith("With only 3 replications")


BENCHMARKS = """\
schema_version: 1
title: {en: Two benchmarks, zh: 两项标准}
source: made up
times:
  - {title: {en: near}, clock: travel, seconds: 2 min, share: 0.9}
  - {title: {en: anywhere}, clock: travel, seconds: 1 h, share: 0.9, who: erf}
  - {title: {en: on average}, clock: response, seconds: 10 s, statistic: mean}
"""


def test_benchmarks_are_kept_or_missed_by_the_gap_to_them(line: Told, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(BENCHMARKS, encoding="utf-8")
    measures = ("travel.first.within_120s", "travel.erf.within_3600s", "response.first.mean")
    asked = [part for name in measures for part in ("-m", name)]
    dispatch("compare", line.path, "-r", "3", *asked, "-o", tmp_path / "out")
    found = retold(line.path, tmp_path / "out", Choice((str(tmp_path / "own.yaml"),)))
    said = [plain(each) for each in found.briefing.statements if each.text.startswith("Benchmark")]
    assert len(said) == 3
    average, near, anywhere = said
    share = found.mean("baseline", "travel.first.within_120s")["mean"]
    mean = found.mean("baseline", "response.first.mean")["mean"]
    assert share < 0.8
    assert f"baseline {share:.6g} (" in near
    assert f", {90 - 100 * share:.1f} points short; east " in near
    assert f", {mean - 10:.6g} over; east " in average
    assert anywhere.endswith("baseline 1, kept; east 1, kept.")


def test_a_benchmark_that_was_not_measured_is_not_judged(line: Told, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(BENCHMARKS, encoding="utf-8")
    found = retold(line.path, line.out, Choice((str(tmp_path / "own.yaml"),)))
    missing = [row for row in found.table("standard_own").rows if row[5] == Verdict("not judged")]
    why = {plain(row[8]) for row in missing if isinstance(row[8], Said)}
    assert why == {
        "the study did not measure travel.first.within_120s",
        "the study did not measure travel.erf.within_3600s",
    }
    assert len(missing) == 4


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (Difference(-60.0, 15.0, 0.004, 3), "sooner on average than with baseline (95 % interval 45 to 75"),
        (Difference(60.0, 15.0, 0.004, 3), "60 later on average than with baseline (95 % interval 45 to 75"),
        (Difference(-60.0, 0.0, math.nan, 3), "60 sooner on average than with baseline (the same in every"),
        (Difference(5.0, 15.0, 0.4, 3), "and with baseline: -10 to 20 on average (95 % interval, p = 0.4)."),
        (Difference(0.0, 0.0, 1.0, 3), "comes exactly as soon on average as with baseline."),
        (Difference(-60.0, math.nan, math.nan, 1), "comes 60 sooner on average than with baseline."),
        (Difference(60.0, math.nan, math.nan, 1), "comes 60 later on average than with baseline."),
    ],
)  # fmt: skip
def test_a_change_is_told_as_surely_as_it_is_known(line: Told, difference: Difference, words: str) -> None:
    folder = read_study(line.out)
    zones = (
        ZoneVerdict("left", Difference(9.0, 1.0, math.nan, 0), 0.001, "slower"),
        ZoneVerdict("right", Difference(-9.0, 1.0, math.nan, 0), 0.001, "faster"),
    )
    changed = replace(folder, differences={"east": {"total.first.mean": difference}}, zones={"east": zones})
    told_of = statements(telling.Teller(changed, load_unchanged(folder, line.path)), ())
    assert words in plain(told_of[0])
    alone = " One replication cannot tell a difference from luck."
    ending = alone if difference.n == 1 else " Of 2 zones: 1 gains; 1 loses (left)."
    assert plain(told_of[0]).endswith(ending)


def test_verdicts_on_times_follow_from_value_and_goal(line: Told) -> None:
    rows = [row for row in line.table("standard_nfpa1710").rows if row[3] == Said("simulated")]
    rows += [row for row in line.table("standard_cn-15min").rows if row[3] == Said("simulated")]
    assert len(rows) >= 4
    for row in rows:
        assert isinstance(row[4], Number)
        goal = 0.9 if row in line.table("standard_nfpa1710").rows else 1.0
        assert row[5] == Verdict("met" if row[4].value >= goal else "missed")


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (Choice(play=("nowhere",)), "--play nowhere"),
        (Choice(replication=3), "--replication 3"),
        (Choice(day=3), "no day 3"),
        (Choice(standards=("none-such",)), "--standard none-such"),
    ],
)
def test_what_does_not_exist_is_refused(line: Told, choice: Choice, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        retold(line.path, line.out, choice)


def test_what_is_played_and_judged_can_be_chosen(line: Told) -> None:
    found = retold(line.path, line.out, Choice(("lfb",), ("east",), 2, 1)).briefing
    assert found.map is not None
    assert [(each["layout"], each["replication"]) for each in found.map["playbacks"]] == [("east", 2)]
    names = [table.id for table in found.tables if table.id.startswith("standard_")]
    assert names == ["standard_lfb"]


def matrix(folder: Path, **changes: Any) -> Path:
    """Write a scenario on a table of travel times instead of roads."""
    path = write_scenario(folder, network="table", **changes)
    home = folder / "networks" / "table"
    home.mkdir()
    (home / "network.yaml").write_text("kind: matrix\nfile: times.csv\nunit: min\n", encoding="utf-8")
    names = "abcde"
    lines = [",".join([a, *(str(abs(i - j)) for j in range(5))]) for i, a in enumerate(names)]
    (home / "times.csv").write_text("\n".join([",".join(["from", *names]), *lines]) + "\n", encoding="utf-8")
    return path


RECORDED = "received,node,type\n3600,a,fire\n7200,c,fire\n"

WORLDS: dict[str, tuple[Callable[[Path], Path], str, int, set[str]]] = {
    "matrix": (matrix, "run", 2, {"performance"}),
    "one replication": (
        lambda home: write_scenario(home, layouts=TWO, **WEST_ONLY), "compare", 1, {"changes"},
    ),
    "run": (write_scenario, "run", 2, {"performance", "stations"}),
    "no calls": (
        lambda home: write_scenario(home, demand={"poisson": {"fire": {"rate": "0/d"}}}),
        "run", 2, {"stations"},
    ),
    "recorded": (
        lambda home: write_scenario(home, RECORDED),
        "run", 1, {"performance"},
    ),
    "supplies": (
        lambda _: SCENARIOS / "lz-petro-tank.yaml", "run", 1, {"supplies", "stock", "supplies_by_item"},
    ),
    "closures": (lambda _: SCENARIOS / "qx-typhoon-flood.yaml", "run", 1, {"supplies"}),
    "levels": (lambda _: SCENARIOS / "regression" / "alarm-levels.yaml", "run", 1, {"levels_by_type"}),
    "hospitals": (lambda _: SCENARIOS / "regression" / "hospitals.yaml", "run", 1, {"hospitals"}),
    "help": (lambda _: SCENARIOS / "regression" / "help-from-others.yaml", "run", 1, {"help"}),
}  # fmt: skip


@pytest.mark.parametrize("name", WORLDS)
def test_every_kind_of_scenario_has_a_briefing(name: str, tmp_path: Path) -> None:
    write, command, count, tables = WORLDS[name]
    found = told(write(tmp_path), tmp_path / "out", command=command, count=count)
    assert tables <= {table.id for table in found.briefing.tables}
    assert (found.briefing.map is None) == (name == "matrix")
    (chapter,) = [section for section in found.briefing.sections if section.id == "map"]
    nothing = "This network has no coordinates, so there is no map and no playback."
    assert ([each.text for each in chapter.paragraphs] == [nothing]) == (name == "matrix")
    assert chapter.has_map == (name != "matrix")
    document = json.dumps(briefing_document(found.briefing), allow_nan=True)
    assert json.loads(document)["sections"][-1]["id"] == "method"
    said = {each.text for each in walk(found.briefing) if isinstance(each, Said)}
    alone = "There is only one replication: nothing can be said about how sure its numbers are."
    assert (alone in said) == (count == 1)
    intervals = [cell for table in found.briefing.tables for row in table.rows for cell in cells(row)
                 if not math.isnan(cell.half_width)]  # fmt: skip
    assert (intervals == []) == (count == 1 or name == "no calls")


def test_hostile_names_come_through_as_they_are(tmp_path: Path) -> None:
    types = {"fire": {"run_card": {"engine": 1}, "on_scene": 600, "title": HOSTILE}}
    path = write_scenario(tmp_path, incident_types=types, title=HOSTILE, layouts=TWO, **WEST_ONLY)
    found = told(path, tmp_path / "out")
    assert found.briefing.title == HOSTILE
    assert any(cell == HOSTILE for cell in walk(found.table("performance_by_type").rows))
    texts = [each.text for each in walk(found.briefing) if isinstance(each, Said)]
    assert [text for text in texts if "harm" in text] == []  # names are values, never messages


def test_an_interrupted_study_says_so(tmp_path: Path) -> None:
    path = write_scenario(tmp_path, layouts=TWO, **WEST_ONLY)
    dispatch("compare", path, "-r", "2", "-o", tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    (tmp_path / "out" / "manifest.json").write_text(json.dumps(manifest | {"interrupted": True}), "utf-8")
    found = retold(path, tmp_path / "out")
    assert Said("The study was stopped by hand before it was finished.") in found.briefing.marks
    assert found.briefing.statements[-1].text.startswith("The study was stopped by hand after")


def test_without_the_library_for_areas_there_is_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_scenario(tmp_path)
    dispatch("run", path, "-r", "1", "-o", tmp_path / "out")

    monkeypatch.setitem(sys.modules, "shapely", None)
    found = retold(path, tmp_path / "out")
    standards = next(section for section in found.briefing.sections if section.id == "standards")
    assert any("dispatch[geo]" in str(each.values.get("note")) for each in standards.paragraphs)
    assert all(math.isnan(cells(row)[2].value) for row in found.table("stations").rows)


def test_long_tables_are_cut_with_a_note() -> None:
    rows = [[Number(float(n), "whole")] for n in range(telling.MOST_ROWS + 7)]
    table = telling.table("long", Said("Long"), [("n", Said("n"))], rows)
    assert len(table.rows) == telling.MOST_ROWS
    assert plain(table.notes[0]).startswith(f"7 of {telling.MOST_ROWS + 7} rows are left out here")


def test_documents_are_the_same_every_time_and_hold_no_nan(line: Told) -> None:
    from dispatch.io.run_folder import json_text

    document = json_text(briefing_document(line.briefing))
    assert "NaN" not in document
    assert sorted(json.loads(document)) == [
        "description", "facts", "headline", "layers", "marks", "playbacks", "sections", "statements", "title",
    ]  # fmt: skip
