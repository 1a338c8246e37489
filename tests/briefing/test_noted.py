"""Notes of the program in words that can be translated, against the texts that are really made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import dispatch
from dispatch.briefing.contents import Bilingual, Said
from dispatch.briefing.filters import KEYS, filters_in_words
from dispatch.briefing.judging import default_standards, judged
from dispatch.briefing.noted import NOTES, in_words, speeds_in_words
from dispatch.briefing.telling import title_of
from dispatch.report.words import Words
from dispatch.statics.survey import Question, survey
from dispatch.study.measures import compile_measures
from tests.engine.towns import call
from tests.engine.towns import scenario as town

if TYPE_CHECKING:
    from dispatch import Scenario

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
EN, ZH = Words("en"), Words("zh")


def load(name: str) -> Scenario:
    return dispatch.load(SCENARIOS / f"{name}.yaml")


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


@pytest.mark.parametrize("name", ["lanzhou-plan-2020", "qx-typhoon-flood", "hn-bus-mountain"])
def test_notes_that_are_really_made_are_known(name: str) -> None:
    scenario = load(name)
    layouts = list(scenario.layouts)
    found = judged(scenario, layouts, default_standards(), lambda _: None).notes
    found += tuple(note for note in scenario.notes if note.startswith("network '"))
    assert len(found) >= 3
    for note in found:
        said = in_words(note)
        assert isinstance(said, Said), note
        assert EN.say(said) == note
        assert is_chinese(ZH.say(said))


def test_notes_on_barriers_and_boundaries_are_known(tmp_path: Path) -> None:
    """A river through a town, one that ends on land, and a canal, which is no barrier."""
    shape = '{"type":"LineString","coordinates":%s}'
    line = '{"type":"Feature","properties":{"kind":"%s","name":""},"geometry":' + shape + "}"
    lines = [
        ("river", "[[1500,-9000],[1500,9000]]"),
        ("river", "[[500,0],[700,0]]"),
        ("canal", "[[0,0],[9,9]]"),
    ]
    listed = ",".join(line % each for each in lines)
    barriers = tmp_path / "barriers.geojson"
    barriers.write_text('{"type":"FeatureCollection","features":[' + listed + "]}")
    made = town(tmp_path, call("one", 100, "c"))
    notes = survey(made, ["baseline"], Question((300.0,), areas=True, barriers=barriers)).notes
    told = [in_words(note) for note in notes]
    assert [each for each in told if not isinstance(each, Said)] == []
    assert {each.text for each in told if isinstance(each, Said)} >= {
        "barriers of {name} cut the region into {n} faces.",
        "{n} of {all} barriers end on land and cut nothing.",
        "features of the kind '{kind}' are no barriers and left out: {n}.",
    }
    assert [EN.show(each) for each in told] == list(notes)


def test_other_notes_stay_as_they_are() -> None:
    for text in ("路网为近似", "Lengths are assumed.", "region of the jurisdictions", "", "{n}"):
        assert in_words(text) == text


def test_a_title_within_a_note_is_told_in_both_languages() -> None:
    note = "stations without 'grade' are taken for 'first' (first-class ordinary station, 7 km²)."
    said = in_words(
        note,
        titles={"first-class ordinary station": Bilingual("first-class ordinary station", "一级普通消防站")},
    )
    assert isinstance(said, Said)
    assert "一级普通消防站" in ZH.say(said)
    assert "station," not in ZH.say(said)
    assert EN.say(said) == note


@pytest.mark.parametrize("name", ["lanzhou-plan-2020", "regression/peak-hours", "qx-typhoon-flood"])
def test_what_is_said_of_speeds(name: str) -> None:
    text = load(name).roads.describe()
    said = speeds_in_words(text)
    assert EN.show(said) == text
    assert is_chinese(ZH.show(said))


def test_parts_of_speeds() -> None:
    text = "工作日 Weekdays; 3 periods of the week; delay at junctions: emergency 2 s; 8 s to cruising speed"
    said = speeds_in_words(text)
    assert EN.show(said) == text
    assert ZH.show(said).split("；")[1] == "每周 3 个时段"
    assert ZH.show(said).startswith("工作日 Weekdays；")


def test_filters_are_told_by_titles() -> None:
    scenario = load("qx-typhoon-flood")
    kind = scenario.kinds[0].id
    title = scenario.file.incident_types[kind].title
    assert title not in ("", kind)
    measure = f"total.first.mean[type={kind},zone=forward]"
    compile_measures(scenario, [measure])
    told = title_of(measure, scenario)
    assert EN.show(told) == f"first unit, from call: mean (incident type {title}, zone 回澜(前置点) Huilan)"
    chinese = ZH.show(told)
    assert f"警情类型 {title}，分区 回澜(前置点) Huilan" in chinese
    assert "zone" not in chinese
    # what has no title keeps its id, and what is not known stays as it is written
    assert EN.show(filters_in_words(scenario, "zone=yunlong-park")) == "zone yunlong-park"
    unit = next(iter(scenario.file.units))
    assert unit in EN.show(filters_in_words(scenario, f"unit={unit}")) or scenario.file.units[unit].title
    for key in KEYS:
        assert EN.show(filters_in_words(scenario, f"{key}=nobody")).endswith(" nobody")


def test_no_pattern_takes_the_notes_of_another() -> None:
    for said in NOTES:
        found = in_words(said.text)
        assert isinstance(found, Said)
        assert found == Said(said.text, {name: f"{{{name}}}" for name in found.values})
