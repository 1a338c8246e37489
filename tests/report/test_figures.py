"""Figures: well-formed, inert, equal for equal contents, and where the numbers say."""

from __future__ import annotations

import csv
import re
import warnings
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from math import inf, nan
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from dispatch.briefing.contents import Axis, Bars, Figure, Heat, Lines, Mark, Said, Series, Span, Spans
from dispatch.errors import UsageError
from dispatch.report import figures
from dispatch.report.figures import svg, write_figures
from dispatch.report.plots import plot
from dispatch.report.scales import elided, measure, moments, numeric, plain_number, width, wrapped
from dispatch.report.words import Words
from tests.report.fake_briefing import HOSTILE, briefing

if TYPE_CHECKING:
    from pathlib import Path

EN, ZH = Words("en"), Words("zh")
SECONDS, SHARES = Axis(Said("Time"), "s"), Axis(Said("Share"), "share")
START = datetime(2026, 1, 7, 8, 30, tzinfo=timezone(timedelta(hours=8)))
SVG = "{http://www.w3.org/2000/svg}"
ODD: dict[str, Lines | Bars | Heat | Spans] = {
    "no lines": Lines(()),
    "no bars": Bars((), (), lying=True),
    "no standing bars": Bars((), ()),
    "no heat": Heat((), (), ()),
    "no spans": Spans((), (), ()),
    "gaps": Lines((Series("a", (0.1, nan, 0.3, inf), (0.0, 60.0, 120.0, 180.0), (0.1, nan, inf, 0.1)),)),
    "one point": Lines((Series("a", (0.4,), (100.0,)),), steps=True),
    "all zero": Lines((Series("a", (0.0, 0.0), (0.0, 1.0)),)),
    "nothing known": Bars(("a", "b"), (Series("s", (nan, -inf), half_width=(nan, inf)),)),
    "no heat known": Heat(("a",), ("x", "y"), ((nan, inf),)),
    "huge": Lines((Series("a", (1e300, -1e300, 5e12), (0.0, 1.0, 2.0)),)),
    "tiny": Bars(("a",), (Series("s", (1e-12,)),)),
    "many rows": Bars(tuple(map(str, range(500))), (Series("s", (1.0,) * 500),), lying=True),
}


def figure(body: Lines | Bars | Heat | Spans, x: Axis = SECONDS, y: Axis = SHARES) -> Figure:
    return Figure("f", Said("A figure"), x, y, body, "t", Said("s"), START)


def texts(picture: str) -> list[str]:
    return ["".join(text.itertext()) for text in ET.fromstring(picture).iter(f"{SVG}text")]


@pytest.mark.parametrize("name", sorted(ODD))
def test_odd_numbers_make_a_picture(name: str) -> None:
    told = texts(svg(figure(ODD[name]), EN))
    is_empty = name.startswith("no")
    assert ("no data" in told) == is_empty
    assert not any("nan" in text or "inf" in text for text in told)


@pytest.mark.parametrize("words", [EN, ZH], ids=["en", "zh"])
def test_pictures_are_small_equal_and_well_formed(words: Words) -> None:
    for one in briefing().figures:
        picture = svg(one, words, "en-1-")
        assert picture == svg(one, words, "en-1-")
        assert len(picture) < 60_000
        root = ET.fromstring(picture)
        told = str(root.get("aria-label"))
        assert told.startswith(words.say(one.title))
        assert told.endswith(words.say(one.summary))
        pointer = {"en": "The numbers stand in the table below.", "zh": "具体数值见下表。"}[words.lang]
        with_table = str(ET.fromstring(svg(one, words, has_table=True)).get("aria-label"))
        assert with_table == f"{told} {pointer}"
        assert root.get("width") is None
        assert root.get("lang") == words.tag
        assert not list(root.iter(f"{SVG}style"))  # it would reach the whole page
        assert not re.search(r"<!|<\?|<image|metadata|http:(?!//www\.w3\.org/2000/svg\")", picture)


def test_ids_are_used_and_differ_by_prefix() -> None:
    found: list[str] = []
    for prefix in ("a-", "b-"):
        for one in briefing().figures:
            picture = svg(one, EN, prefix)
            ids = re.findall(r' id="([^"]*)"', picture)
            used = set(re.findall(r"url\(#([^)]*)\)", picture)) | set(re.findall(r'href="#([^"]*)"', picture))
            assert set(ids) == used
            assert all(name.startswith(prefix) for name in ids)
            found += ids
    assert found
    assert len(found) == len(set(found))


def test_names_are_inert_and_kept_whole() -> None:
    names = (*HOSTILE, "$x^2$ 😀\nnew line", "兰州新区" * 12)
    body = Bars(names, (Series("s", tuple(map(float, range(len(names))))),), lying=True)
    root = ET.fromstring(svg(figure(body), EN))
    allowed = {"svg", "g", "path", "text", "title", "tspan", "defs", "clipPath", "rect", "use", "pattern"}
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= allowed
    assert all(not key.startswith("on") for element in root.iter() for key in element.attrib)
    shown = {"".join(text.itertext()) for text in root.iter(f"{SVG}text")}
    whole = {title.text for title in root.iter(f"{SVG}title")}
    assert "$x^2$ 😀 new line" in shown
    assert {HOSTILE[0], "兰州新区" * 12} <= shown | whole
    assert "兰州新区" * 12 in "".join(sorted(shown, key=len)) or "兰州新区" * 12 in whole


def test_lines_are_where_the_numbers_are() -> None:
    """The middle of three points lies where its share of both scales is."""
    body = Lines((Series("s", (0.0, 0.25, 1.0), (0.0, 300.0, 600.0)),))
    paths = [p.get("d", "") for p in ET.fromstring(svg(figure(body), EN)).iter(f"{SVG}path")]
    lines = [re.findall(r"-?[\d.]+", d) for d in paths if d.count("L") == 2 and "z" not in d]
    (points,) = [tuple(map(float, line)) for line in lines]
    x0, y0, x1, y1, x2, y2 = points
    assert (x1 - x0) / (x2 - x0) == pytest.approx(0.5, abs=1e-3)
    assert (y1 - y0) / (y2 - y0) == pytest.approx(0.25, abs=1e-3)
    assert y2 < y0  # up is more


def test_long_lines_keep_their_extremes() -> None:
    """One call in a year is not lost among 100,000 points: something is drawn at the top of the plot."""
    x = tuple(map(float, range(100_000)))
    y = [0.5] * 100_000
    y[77_777] = 1.0

    def highest(values: list[float]) -> float:
        marks = (Mark(1.0, Said("all"), "y"),)
        picture = svg(figure(Lines((Series("s", tuple(values), x),), marks=marks)), EN)
        assert len(picture) < 60_000
        lines = [
            p.get("d", "")
            for p in ET.fromstring(picture).iter(f"{SVG}path")
            if "#0072b2" in p.get("style", "")
        ]
        return min(float(at) for d in lines if "L" in d for at in re.findall(r"[ML][\d.]+ ([\d.]+)", d))

    assert highest(y) < highest([0.5] * 100_000) - 50


def test_spans_of_many_units_stay_small() -> None:
    begins = [(row, k, 700.0 * k + 13 * row) for row in range(50) for k in range(40)]
    spans = tuple(Span(row, begin, begin + 400, k % 3) for row, k, begin in begins)
    kinds = tuple(map(Said, ("en route", "on scene", "returning")))
    body = Spans(tuple(f"ZC-{n}" for n in range(50)), kinds, spans)
    picture = svg(figure(body, Axis(Said("Time"), "moment"), Axis(Said("Unit"))), ZH)
    assert len(picture) < 60_000
    assert sum(d.count("H") for d in re.findall(r' d="([^"]*)"', picture)) >= len(spans)
    assert {f"ZC-{n}" for n in range(50)} | {"1月7日", "途中"} <= set(texts(picture)) | set(
        " ".join(texts(picture)).split()
    )


def test_verdicts_are_told_by_more_than_colour() -> None:
    series = Series("s", (-60.0, 60.0, 1.0), verdicts=("better", "worse", ""))
    picture = svg(figure(Bars(("a", "b", "c"), (series,), lying=True)), EN)
    assert {"better", "worse", "no difference shown", "+20"} <= set(texts(picture))
    assert "<pattern" in picture


def test_labels_of_marks_do_not_overlap() -> None:
    marks = tuple(Mark(at, Said(f"benchmark {at:g}")) for at in (240.0, 300.0, 310.0, 599.0))
    body = Lines((Series("s", (0.0, 1.0), (0.0, 600.0)),), marks=(*marks, Mark(inf, Said("never"))))
    root = ET.fromstring(svg(figure(body), EN))
    labels = {"".join(text.itertext()): text for text in root.iter(f"{SVG}text")}
    places = [
        (float(text.get("x", "nan")), float(text.get("y", "nan")), width(label) * 9)
        for label, text in labels.items()
        if label.startswith("benchmark")
    ]
    assert len(places) == len(marks)
    for n, (x, y, wide) in enumerate(places):
        for other_x, other_y, _ in places[n + 1 :]:
            assert abs(y - other_y) > 10 or x + wide <= other_x or other_x + wide <= x
    assert "never" not in texts(svg(figure(body), EN))


def test_standing_bars_with_long_labels_lie_down_with_their_marks() -> None:
    body = Bars(tuple(f"a very long name of zone {n}" for n in range(8)), (Series("s", (90.0,) * 8),))
    body = replace(body, marks=(Mark(60.0, Said("goal"), "y"),))
    lain = plot(figure(body, Axis(Said("Zone")), SECONDS), EN)
    assert [mark.axis for mark in lain.marks] == ["x"]
    assert lain.y.low > lain.y.high  # the first is on top
    short = plot(figure(replace(body, labels=tuple("abcdefgh")), Axis(Said("Zone")), SECONDS), EN)
    assert [mark.axis for mark in short.marks] == ["y"]


@pytest.mark.parametrize(
    ("unit", "greatest", "shown"),
    [("s", 90.0, "s"), ("s", 1800.0, "min"), ("s", 80_000.0, "h"), ("s", 1e7, "d"), ("share", 1.0, "%"),
     ("km2", 20.0, "km²"), ("元", 3e7, "10⁶ 元"), ("whole", 9.0, "")],
)  # fmt: skip
def test_units_are_those_that_people_count_in(unit: str, greatest: float, shown: str) -> None:
    assert measure(unit, greatest, EN).unit == shown


def test_scales_hold_their_values_and_number_their_ticks() -> None:
    scale = numeric([30.0, 1500.0], SECONDS, EN)
    assert [tick.label for tick in scale.ticks] == ["0", "5", "10", "15", "20", "25"]
    assert (scale.low, scale.high, scale.title) == (0.0, 1500.0, "Time (min)")
    assert [tick.at for tick in scale.ticks] == [300.0 * n for n in range(6)]
    shares = numeric([-0.05, 0.2], SHARES, ZH, room="few", is_difference=True)
    assert [tick.label for tick in shares.ticks] == ["−5", "0", "+5", "+10", "+15", "+20"]
    assert shares.title == "Share（个百分点）"
    assert plain_number(-0.25, 0.05) == "−0.25"
    assert plain_number(1234.0, 500.0) == "1,234"


def test_moments_are_local_and_name_each_day_once() -> None:
    scale = moments([0.0, 86_400.0], Axis(Said("Time"), "moment"), START, EN)
    assert scale.ticks[0].label == "09:00\n7 Jan"
    assert scale.ticks[0].at == 1800.0
    assert [t.label for t in scale.ticks if "\n" in t.label] == ["09:00\n7 Jan", "00:00\n8 Jan"]
    assert [t.at for t in scale.ticks if t.label.startswith("00:00")] == [15.5 * 3600]
    assert moments([0.0, 1e200], Axis(Said("Time"), "moment"), START, EN).high == 1e200


def test_texts_are_cut_and_broken_to_fit() -> None:
    long = "中川镇与秦川镇的联合消防救援站"
    assert width(elided(long, 6)) <= 6
    assert elided("short", 9) == "short"
    rows = wrapped("Engine company of the northern town", 10, 2).split("\n")
    assert len(rows) == 2
    assert all(width(row) <= 10 for row in rows)
    assert wrapped(long, 9, 2).replace("\n", "") == long


def test_files_are_written_with_a_list(tmp_path: Path) -> None:
    whole = briefing()
    assert write_figures(tmp_path / "out", whole, ZH) == []
    names = {f"{one.id}.{kind}" for one in whole.figures for kind in ("png", "svg")}
    found = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert found.keys() == names | {"figures.csv"}
    with (tmp_path / "out" / "figures.csv").open(encoding="utf-8", newline="") as file:
        assert {row["file"] for row in csv.DictReader(file)} == names
    for name, content in found.items():
        if name.endswith(".png"):
            assert content.startswith(b"\x89PNG\r\n\x1a\n")
            assert int.from_bytes(content[16:20], "big") == 1280  # 6.4 inches at 200 dpi
        if name.endswith(".svg"):
            assert ET.fromstring(content).get("width") == "460.8pt"
    write_figures(tmp_path / "out", whole, ZH)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == found


def test_folders_of_others_stay(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"mine\.txt"):
        write_figures(tmp_path, briefing(), EN)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_missing_chinese_glyphs_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "CHINESE", ())
    with warnings.catch_warnings(record=True) as leaked:
        warnings.simplefilter("always")
        (note,) = write_figures(tmp_path / "out", briefing(), EN)
    assert "Noto Sans CJK" in note
    assert not leaked
