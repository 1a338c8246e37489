"""Lines of Chinese and Latin text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from dispatch.report.wrapping import hung, wrapped

MIXED = (
    "在plan-2020-xicha方案下，首车平均早到7 min 04 s（95%置信区间6 min 40 s至7 min 28 s），"
    "moved和“道路交通事故”类。"
)


@pytest.mark.parametrize("width", range(20, 90))
def test_words_stay_whole_and_marks_with_their_words(width: int) -> None:
    lines = wrapped(MIXED, width)
    assert max(map(cell_len, lines)) <= width
    assert "".join(lines).replace(" ", "") == MIXED.replace(" ", "")
    assert not [line for line in lines if line[0] in "，。；：、）”"]
    assert not [line for line in lines if line[-1] in "（“"]
    words = set(re.findall(r"[A-Za-z0-9%-]+", MIXED))
    assert set(re.findall(r"[A-Za-z0-9%-]+", "\n".join(lines))) == words


def test_lines_are_full() -> None:
    # A break leaves no room for what follows it: two characters with a mark at most, or a word.
    assert wrapped("一二三四五六七八九十", 8) == ["一二三四", "五六七八", "九十"]
    assert wrapped("一二三四，五", 8) == ["一二三", "四，五"]
    assert wrapped("一moved二", 6) == ["一", "moved", "二"]
    assert wrapped("don’t stop", 5) == ["don’t", "stop"]


def test_bullets_hang() -> None:
    assert hung("one two three", 9, "• ") == "• one two\n  three"
    assert hung("", 9, "• ") == "• "


@given(st.text(st.sampled_from("ab-5，。（）“”’ 一二三é")), st.integers(2, 30))
def test_nothing_is_lost_and_no_line_is_too_wide(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert re.sub(r"\s", "", "".join(lines)) == re.sub(r"\s", "", text)
    assert all(cell_len(line) <= width for line in lines)
