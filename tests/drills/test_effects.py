"""What entries change, told in words of both languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

import pytest
from pydantic import BaseModel

from dispatch.drills.drill import Line
from dispatch.drills.effects import DETAILS, EFFECTS, effect
from dispatch.model.briefs import Entry
from dispatch.model.injects import DOES, Change
from dispatch.report.words import Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.report.words import Lang

TOLD: list[tuple[dict[str, Any], str, str]] = [
    ({"close": "bridge"}, "Closure begins: bridge", "封闭开始：bridge"),
    (
        {"weather": {"title": "gusts", "for": "20 min", "speed_factor": 0.5, "uplift": True}},
        "Weather sets in: gusts, for 20 min 00 s, speed on the roads: 50.0 % of the usual, "
        "alarm levels go up for weather",
        "天气变化：gusts，持续 20分00秒，道路车速降至平时的 50.0%，因天气提升火警等级",
    ),
    (
        {"outage": {"comms": True, "slower_by": 90, "for": "2 h"}},
        "Out of service: communications, for 2 h 00 min, calls taken later by 1 min 30 s",
        "停用：通信，持续 2小时00分，接处警延后 1分30秒",
    ),
    ({"outage": {"unit": "W1"}}, "Out of service: unit W1", "停用：车组 W1"),
    (
        {"incident": {"type": "fire", "node": [1.5, 2], "units": {"engine": 2, "ladder": 1},
                      "report": {"seriously_injured": 3, "trapped": 1}}},
        "Call comes in: type fire, at 1.5, 2.0, units: 2 × engine, 1 × ladder, "
        "reported: seriously injured: 3, trapped: 1",
        "接到警情：类型 fire，地点 1.5, 2.0，力量：2 × engine，1 × ladder，报告情况：重伤：3 人，被困：1 人",
    ),
    (
        {"incident": {"type": "fire", "node": "c",
                      "supplies": {"foam": {"amount": "20 kg", "within": "1 h"}}}},
        "Call comes in: type fire, at c, needs foam (amount 20 kg, within 1 h 00 min)",
        "接到警情：类型 fire，地点 c，需要 foam（数量 20 kg，时限 1小时00分）",
    ),
    (
        {"recall": {"unit": "E1", "replace": True}},
        "Unit called back: unit E1, to be replaced",
        "召回力量：车组 E1，另派替补",
    ),
]  # fmt: skip


def line(inject: dict[str, Any]) -> Line:
    return Line("I1", 0.0, Entry.model_validate({"at": 0, "text": "x", "inject": inject}))


@pytest.mark.parametrize(("inject", "english", "chinese"), TOLD)
def test_effects_are_told_in_words(inject: dict[str, Any], english: str, chinese: str) -> None:
    said = effect(line(inject))
    assert said is not None
    assert [Words("en").say(said), Words("zh").say(said)] == [english, chinese]


def test_words_only_change_nothing() -> None:
    assert effect(Line("I1", 0.0, Entry.model_validate({"at": 0, "text": "x"}))) is None


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models in an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from models(inner)


def test_every_key_of_an_inject_has_its_words() -> None:
    todo, keys = [model for name in DOES for model in models(Change.model_fields[name].annotation)], set()
    for model in todo:
        for name, field in model.model_fields.items():
            keys.add(field.alias or name)
            todo += [inner for inner in models(field.annotation) if inner not in todo]
    assert keys == set(DETAILS)
    assert set(DOES) == set(EFFECTS)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_words_of_effects_are_words_of_the_language(lang: Lang) -> None:
    for said in (*DETAILS.values(), *EFFECTS.values()):
        text = re.sub(r"\{\w+\}", "", Words(lang).text(said.text))
        assert "_" not in text
        if lang == "zh" and re.search("[a-z]{2}", said.text.replace("{value}", "")):
            assert re.search("[\u4e00-\u9fff]", text), said.text
