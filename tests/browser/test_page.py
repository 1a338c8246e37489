"""The whole page in a browser: quiet, inert, in two languages, narrow, and on paper."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dispatch.briefing.contents import Said, Section
from dispatch.report.page import page
from tests.browser.harness import payload, station
from tests.report.fake_briefing import HOSTILE, briefing

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Opened

SHOWN = "[...document.querySelectorAll('main')].filter(m => m.offsetParent !== null).map(m => m.lang)"
PRESSED = "[...document.querySelectorAll('.languages [aria-pressed=true]')].map(b => b.dataset.lang)"
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def html() -> str:
    """Return a page with a map whose stations bear names that mean harm."""
    hostile = payload()
    hostile["layouts"][0]["stations"] += [station(name, (5, 5), [name], title=name) for name in HOSTILE]
    told = briefing(hostile)
    detail = replace(told.headline, id="detail", is_detail=True)
    return page(replace(told, sections=(*told.sections, Section("more", Said("More"), (), (detail,)))), "en")


def until(opened: Opened, code: str, holds: Callable[[Any], bool]) -> bool:
    """Return whether something comes to hold before long; the page's policy forbids to wait within it."""
    for _ in range(50):
        if holds(opened.js(code)):
            return True
        opened.page.wait_for_timeout(60)
    return False


@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_quiet_inert_and_as_wide_as_the_screen(
    open_page: Callable[..., Opened], html: str, width: int
) -> None:
    opened = open_page(html, width=width)
    for lang in ("zh", "en"):
        opened.page.click(f".languages [data-lang={lang}]")
        assert opened.js(WIDER) == 0
        for fold in opened.page.locator(f"main#{lang} details.numbers").all():
            fold.locator("summary").click()
        assert opened.js(WIDER) == 0
        assert opened.js(f"document.querySelectorAll('main#{lang} .viewer-slot canvas').length") >= 1
    assert opened.js("window.hacked") is None
    assert opened.js("document.querySelectorAll('img').length") == 0
    assert opened.requests == []
    assert opened.complaints == []


def test_languages_are_switched_by_button_keyboard_and_address(
    open_page: Callable[..., Opened], html: str
) -> None:
    opened = open_page(html)
    assert (opened.js(SHOWN), opened.js(PRESSED)) == (["en"], ["en"])
    opened.page.click(".languages [data-lang=zh]")
    assert (opened.js(SHOWN), opened.js(PRESSED)) == (["zh-CN"], ["zh"])
    assert opened.js("document.documentElement.lang") == "zh-CN"
    opened.page.focus(".languages [data-lang=en]")
    opened.page.keyboard.press("Enter")
    assert opened.js(SHOWN) == ["en"]
    for address, lang in (("#zh", "zh-CN"), ("#en-performance", "en"), ("#zh-performance", "zh-CN")):
        opened.page.evaluate("address => { location.hash = address; }", address)
        assert until(opened, f"{SHOWN}.join()", lang.__eq__)
    opened.page.evaluate("location.hash = '#%'")
    assert opened.js(SHOWN) == ["zh-CN"]
    assert opened.complaints == []


def test_the_reader_stays_in_the_chapter(open_page: Callable[..., Opened], html: str) -> None:
    opened = open_page(html)
    opened.page.evaluate("document.getElementById('en-performance').scrollIntoView({behavior: 'instant'})")
    opened.js("document.querySelector('.languages [data-lang=zh]').click()")  # a mouse's click scrolls
    top = "document.getElementById('zh-performance').getBoundingClientRect().top"
    assert until(opened, top, lambda pixels: abs(pixels) < 120)


def test_the_skip_link_is_the_first_stop_after_the_switch(
    open_page: Callable[..., Opened], html: str
) -> None:
    opened = open_page(html)
    for _ in range(3):
        opened.page.keyboard.press("Tab")
    assert opened.js("document.activeElement.className") == "skip"
    assert opened.js("document.activeElement.getBoundingClientRect().top") >= 0


def test_contents_are_folded_on_phones_only(open_page: Callable[..., Opened], html: str) -> None:
    states = [open_page(html, width=w).js("document.querySelector('.contents').open") for w in (1280, 390)]
    assert states == [True, False]


def test_on_paper_all_is_unfolded_and_one_language_is_printed(
    open_page: Callable[..., Opened], html: str
) -> None:
    opened = open_page(html)
    opened.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    opened.page.emulate_media(media="print")
    assert opened.js("document.querySelectorAll('details:not([open]):not(.detail)').length") == 0
    # Tables for looking things up are not for paper.
    assert opened.js("document.querySelectorAll('.detail[open]').length") == 0
    assert opened.js(SHOWN) == ["en"]
    assert opened.js("getComputedStyle(document.querySelector('.languages')).display") == "none"
    rows = opened.js(
        "[...document.querySelectorAll('main#en tbody tr')].filter(r => r.checkVisibility()).length"
    )
    assert rows == sum(len(table.rows) for table in briefing().tables)
    opened.page.emulate_media(media="screen")
    opened.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert opened.js("document.querySelectorAll('details.numbers[open]').length") == 0
    pdf = opened.page.pdf(prefer_css_page_size=True)
    boxes = {
        tuple(map(float, box)) for box in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", _inflated(pdf))
    }
    assert [tuple(map(round, box)) for box in boxes] == [(595, 842)]


def _inflated(pdf: bytes) -> bytes:
    """Return a PDF with its streams that can be inflated behind it."""
    parts = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            parts.append(zlib.decompress(stream))
        except zlib.error:
            continue
    return b"\n".join([pdf, *parts])


def test_without_scripts_the_first_language_is_there(open_page: Callable[..., Opened], html: str) -> None:
    opened = open_page(html, java_script_enabled=False)
    assert opened.page.locator("main#en h1").is_visible()
    assert not opened.page.locator("main#zh h1").is_visible()
    assert opened.page.locator("main#en noscript").inner_text() != ""
