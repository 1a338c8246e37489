"""Texts and numbers in the reader's language, and catalogues that leave nothing out."""

from __future__ import annotations

import importlib.util
from datetime import datetime, timedelta, timezone
from math import inf, nan
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from babel.messages.catalog import Catalog
from babel.numbers import get_decimal_symbol, get_group_symbol

from dispatch.briefing.contents import Bilingual, Cell, Number, Said, Spark, Verdict, counted
from dispatch.engine.board import Status
from dispatch.report.words import Words, picture, script_messages, viewer_texts

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
EN, ZH = Words("en"), Words("zh")
BEIJING = timezone(timedelta(hours=8))


@pytest.fixture(scope="module")
def translate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("translate", ROOT / "docs/translate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("cell", "english", "chinese"),
    [
        (Number(252.0, "s"), "4 min 12 s", "4分12秒"),
        (Number(45.25, "s"), "45.2 s", "45.2秒"),
        (Number(7500.0, "s"), "2 h 05 min", "2小时05分"),
        (Number(31_536_000.0, "s"), "365 d", "365天"),
        (Number(1234.5, "s", 31.2), "20 min 34 s ± 31.2 s", "20分34秒 ± 31.2秒"),
        (Number(-12.34, "s", is_difference=True), "−12.3 s", "−12.3秒"),
        (Number(0.3141, "share", 0.012), "31.4 % ± 1.2 pp", "31.4% ± 1.2个百分点"),
        (Number(0.021, "share", is_difference=True), "+2.1 pp", "+2.1个百分点"),
        (Number(-0.5, "share", 0.09, is_difference=True), "−50.0 pp ± 9.0 pp", "−50.0个百分点 ± 9.0个百分点"),
        (Number(1234567.0, "whole"), "1,234,567", "1,234,567"),
        (Number(-3.0, "whole"), "−3", "−3"),
        (Number(3.0, "whole", is_difference=True), "+3", "+3"),
        (Number(1234.5), "1,234.5", "1,234.5"),
        (Number(0.0103, "1", 0.0021, is_difference=True), "+0.0103 ± 0.0021", "+0.0103 ± 0.0021"),
        (Number(-0.0103), "−0.010", "−0.010"),
        (Number(12.0, "1", 0.37), "12.00 ± 0.37", "12.00 ± 0.37"),
        (Number(0.0), "0.0", "0.0"),
        (Number(2.0, "h"), "2.0 h", "2.0小时"),
        (Number(12.5, "t"), "12.5 t", "12.5吨"),
        (Number(1500.0, "people"), "1,500 people", "1,500人"),
        (Number(7.25, "km2"), "7.25 km²", "7.25平方公里"),
        (Number(3.5, "km"), "3.5 km", "3.5公里"),
        (Number(12.5, "kW"), "12.5 kW", "12.5 kW"),
        (Number(0.0004, "p"), "< 0.001", "< 0.001"),
        (Number(0.12345678, "plain"), "0.1235", "0.1235"),
        (Number(nan, "s", 3.0), "–", "–"),
        (Number(inf, "s"), "∞", "∞"),
        (Number(-0.0, "s"), "0.0 s", "0.0秒"),
        (Verdict("met"), "✓ met", "✓ 达标"),
        (Verdict("missed"), "✗ missed", "✗ 未达标"),
        (Verdict("not judged"), "– not judged", "– 未评判"),
        (datetime(2026, 1, 7, 8, 5, tzinfo=BEIJING), "7 Jan 2026 08:05", "2026年1月7日 08:05"),
        (Bilingual("first", "甲"), "first", "甲"),
        (Bilingual("first"), "first", "first"),
        ("{n} 中川 <b>", "{n} 中川 <b>", "{n} 中川 <b>"),
        (None, "", ""),
    ],
)  # fmt: skip
def test_cells(cell: Cell, english: str, chinese: str) -> None:
    assert EN.show(cell) == english
    assert ZH.show(cell) == chinese


def test_digits_are_grouped_as_both_languages_do() -> None:
    for locale in ("en_GB", "zh_Hans_CN"):
        assert (get_group_symbol(locale), get_decimal_symbol(locale)) == (",", ".")


def test_one_and_many() -> None:
    said = [counted("{n} more row.", "{n} more rows.", n) for n in (1, 0, 2, 1234)]
    assert [EN.say(s) for s in said] == ["1 more row.", "0 more rows.", "2 more rows.", "1,234 more rows."]
    assert [ZH.say(s) for s in said] == ["另有1行。", "另有0行。", "另有2行。", "另有1,234行。"]
    assert EN.counted("{n} more row.", "{n} more rows.", 5000) == "5,000 more rows."


def test_braces_in_names_are_not_filled() -> None:
    said = Said("{name} ({unit})", {"name": "{unit} {}", "unit": "{name}"})
    assert EN.say(said) == "{unit} {} ({name})"
    assert ZH.say(said) == "{unit} {}（{name}）"


def test_messages_within_messages_are_translated() -> None:
    assert ZH.say(Said("{measure} ({filters})", {"measure": Said("calls"), "filters": "a"})) == "警情数（a）"


def test_names_cannot_turn_the_text_after_them_round() -> None:
    assert EN.show("a\u202egnp\u2066.exe\u2069") == "agnp.exe"


def test_pictures() -> None:
    assert picture(Spark((0.0, 1.0, 0.5, nan, 2.0, -1.0))) == "▁█▅ █▁"
    assert EN.show(Spark(())) == ""


def test_messages_in_scripts() -> None:
    script = (
        """x = t("One {n}", {n: 1}); y = this.t('it\\'s'); const at = 1; at("no"); t("a \\"b\\"") + t(name)"""
    )
    assert script_messages([script]) == ["One {n}", 'a "b"', "it's"]


def test_the_viewer_has_texts_in_both_languages() -> None:
    texts = viewer_texts()
    assert sorted(texts) == ["en", "zh"]
    assert texts["en"] == {message: message for message in texts["zh"]}
    assert {str(status) for status in Status} <= texts["zh"].keys()
    assert texts["zh"]["on scene"] == "现场作业"


def test_the_catalogue_is_complete(translate: ModuleType) -> None:
    wanted = translate.messages()
    assert {
        "Show the numbers",
        "Planning aid: not for live dispatch.",
        "{n} %",
        "met",
        "Pause",
    } <= wanted.keys()
    assert translate.faults(wanted, translate.read()) == []
    assert translate.updated(wanted, translate.read()) == translate.PATH.read_text(encoding="utf-8")


def test_what_is_wrong_with_a_catalogue_is_told(translate: ModuleType) -> None:
    wanted = {"a {n}": "", "b": "", "c": "cs", "d": "", "e": ""}
    catalogue = Catalog(locale="zh_Hans_CN", fuzzy=False)
    catalogue.add("a {n}", "甲 {m}")
    catalogue.add("b", "")
    catalogue.add("c", "丙")
    catalogue.add("d", "丁", flags=("fuzzy",))
    catalogue.add("x", "旧")
    assert translate.faults(wanted, catalogue) == [
        "fuzzy: d", "has another form for many: c", "missing: e", "not translated: b", "nothing says: x",
        "other names in braces: a {n}",
    ]  # fmt: skip


def test_messages_in_python(translate: ModuleType) -> None:
    source = """
NAMES = {"a": "from a dict", "b": Said("said in a dict")}
Said("one " "text", values)
Said("yes" if x else "no")
Said(NAMES[key])
counted("{n} a", "{n} as", 2)
words.text("plain")
other("not this")
"""
    assert sorted(translate.in_python(source)) == [
        ("from a dict", ""), ("no", ""), ("one text", ""), ("plain", ""), ("said in a dict", ""), ("yes", ""),
        ("{n} a", "{n} as"),
    ]  # fmt: skip
