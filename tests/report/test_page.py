"""The page: self-contained, both languages, nothing of a user's text alive in it."""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any, cast

import pytest

from dispatch.briefing.contents import Column, Number, Said, Section, Spark, Table, Verdict
from dispatch.report.page import LONG, packed, page
from dispatch.report.sparks import cell_html, spark_svg
from dispatch.report.words import Words
from tests.report.fake_briefing import HOSTILE, START, briefing

EMPTY = {"meta", "link", "br", "img", "input", "hr"}


class Read(HTMLParser):
    """The elements of a page, and the texts in them."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self.faults: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((tuple(self.open), " ".join(data.split())))


@pytest.fixture(scope="module")
def html() -> str:
    return page(briefing(), "en")


@pytest.fixture(scope="module")
def read(html: str) -> Read:
    return Read(html)


def test_elements_are_closed_and_ids_are_unique(read: Read) -> None:
    assert read.faults == []
    assert read.open == []
    ids = [attrs["id"] for _, attrs in read.tags if "id" in attrs]
    assert len(ids) == len(set(ids)) > 20
    named = {a[key] for _, a in read.tags for key in ("aria-labelledby",) if key in a}
    anchors = {(a["href"] or "")[1:] for tag, a in read.tags if tag == "a"}
    assert named | anchors <= set(ids)
    assert len(anchors) >= 10


def test_both_languages_stand_in_it_and_one_is_shown(html: str) -> None:
    for lang, other in (("en", "zh"), ("zh", "en")):
        mains = {a["id"]: a for tag, a in Read(page(briefing(), lang)).tags if tag == "main"}  # type: ignore[arg-type]
        assert mains.keys() == {"en", "zh"}
        assert "hidden" not in mains[lang]
        assert "hidden" in mains[other]
    assert '<html lang="en">' in html
    assert '<html lang="zh-CN">' in page(briefing(), "zh")
    assert "4 min 48 s" in html
    assert "4分48秒" in html
    assert "7 Jan 2026 08:00" in html
    assert "2026年1月7日 08:00" in html


def test_nothing_is_asked_for_from_elsewhere(html: str, read: Read) -> None:
    policy = next(a["content"] for tag, a in read.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith(
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
    )
    assert not [a for _, a in read.tags for key in ("src", "srcset", "data", "action", "poster") if key in a]
    hrefs = [value for _, a in read.tags for key, value in a.items() if key.endswith("href")]
    assert hrefs
    assert all((value or "").startswith("#") for value in hrefs)
    assert "url(http" not in html
    assert "@import" not in html


def test_no_text_of_a_user_is_alive(read: Read) -> None:
    scripts = [text for path, text in read.texts if "script" in path]
    assert not any("window.hacked" in text for text in scripts)
    assert not any("onerror" in a for _, a in read.tags)
    assert not any(tag == "img" for tag, _ in read.tags)
    shown = [text for path, text in read.texts if "script" not in path and "svg" not in path]
    assert sum(HOSTILE[0] in text for text in shown) >= 4  # title and a cell, in both languages
    assert sum(HOSTILE[1] in text for text in shown) >= 2
    assert not any("\u202e" in text for text in shown)


def test_every_number_of_the_tables_is_shown(read: Read) -> None:
    told = briefing()
    shown = " ".join(text for path, text in read.texts if "td" in path)
    for words in (Words("en"), Words("zh")):
        for table in told.tables:
            for cell in (c for row in table.rows for c in row if isinstance(c, Number)):
                parts = words.parts(cell)
                assert parts.text in shown
                assert parts.margin in shown


def test_pictures_say_what_they_show_and_have_their_numbers(html: str, read: Read) -> None:
    figures = [a["id"] for tag, a in read.tags if tag == "figure"]
    assert len(figures) == 2 * len(briefing().figures)
    for lang, summary in (("en", "31.0 % of calls within 8 min in a."), ("zh", "31.0%")):
        part = html.partition(f'<main id="{lang}"')[2].partition("</main>")[0]
        assert part.count("<figure") == part.count("</figure>") == 4
        assert part.count('role="img"') >= 4
        assert len(re.findall('<details class="numbers(?: sheet)?">', part)) == 4
        assert summary in part


def test_a_table_behind_two_figures_stands_once() -> None:
    told = briefing()
    performance = told.sections[2]
    twice = replace(performance.items[0], id="again")
    text = page(replace(told, sections=(replace(performance, items=(*performance.items, twice)),)), "en")
    assert text.count("First unit on scene: shares") == 2  # once in each language


def test_long_tables_scroll_and_details_are_folded() -> None:
    rows = tuple((str(n),) for n in range(LONG + 1))
    tables = [
        Table("short", Said("Short"), (Column("a", Said("A")),), rows[:LONG]),
        Table("long", Said("Long"), (Column("a", Said("A")),), rows),
        Table(
            "detail", Said("Detail"), (Column("a", Said("A")),), rows[:2], (Said("Note."),), is_detail=True
        ),
    ]
    text = page(replace(briefing(), sections=(Section("s", Said("S"), (), tuple(tables)),)), "en")
    found = {a["id"]: tag for tag, a in Read(text).tags if (a.get("id") or "").startswith("en-s-")}
    assert found == {"en-s-1": "h3", "en-s-2": "h3", "en-s-3": "summary"}
    assert text.count('<div class="box" ') == 2 * 3  # with the headline table, in both languages
    assert text.count('<div class="box long" ') == 2


def test_the_same_briefing_gives_the_same_bytes(html: str) -> None:
    assert page(briefing(), "en") == html
    assert html.endswith("</html>\n")


def test_the_map_comes_packed_and_its_texts_cannot_end_their_script() -> None:
    payload = cast("Any", {"zones": [{"name": HOSTILE[0]}], "named": [{"title": "中川"}]})
    assert json.loads(zlib.decompress(base64.b64decode(packed(payload)))) == payload
    with pytest.raises(ValueError, match="JSON"):
        packed(cast("Any", {"scale": float("nan")}))
    read = Read(page(briefing(payload), "en"))
    assert read.faults == []
    inside = {a["id"]: n for n, (tag, a) in enumerate(read.tags) if tag == "script" and a.get("id")}
    assert list(inside) == ["dispatch-map", "dispatch-texts", "dispatch-colours"]
    scripts = [text for path, text in read.texts if path[-1] == "script"]
    assert json.loads(scripts[1])["zh"]["on scene"] == "现场作业"
    assert {"FIRST_DUE", "CHANGE", "RISK", "STATUS"} <= json.loads(scripts[2]).keys()
    assert [a["data-lang"] for _, a in read.tags if a.get("class") == "viewer-slot"] == ["en", "zh"]


def test_without_a_map_there_is_none_of_its_scripts(read: Read) -> None:
    assert not [a for _, a in read.tags if a.get("class") == "viewer-slot"]
    assert sum(tag == "script" for tag, _ in read.tags) == 1


def test_cells() -> None:
    words = Words("en")
    assert cell_html(Number(0.5, "share", 0.1), words) == "50.0 % <small>± 10.0 pp</small>"
    worse = cell_html(Number(3.2, "s", is_difference=True, verdict="worse"), words)
    assert worse == '+3.2 s <span class="verdict worse">worse</span>'
    assert cell_html(Verdict("not judged"), words) == '<span class="verdict not-judged">– not judged</span>'
    assert cell_html("<b>", words) == "&lt;b&gt;"
    assert cell_html(START, words) == "7 Jan 2026 08:00"
    assert 'points="0.0,16.0 30.0,8.0 60.0,0.0"' in spark_svg(Spark((0.0, 0.5, 1.0)))
    assert 'points="0.0,0.0"' in spark_svg(Spark((7.0, float("nan"))))
