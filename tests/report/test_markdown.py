"""The summary as Markdown."""

from __future__ import annotations

import re
from dataclasses import replace

from dispatch.briefing.contents import Column, Number, Said, Section, Table
from dispatch.report.markdown import MOST, markdown
from dispatch.report.words import Words
from tests.report.fake_briefing import HOSTILE, briefing, verdicts


def test_the_summary_in_english() -> None:
    told = briefing()
    text = markdown(
        replace(told, sections=(Section("standards", Said("Standards"), (), (verdicts(),)),)), Words("en")
    )
    lines = text.splitlines()
    assert lines[0].startswith("# 兰州新区消防站布局 2020 ")
    assert "> **Planning aid: not for live dispatch.**" in lines
    assert "- No difference shown." in lines
    change = "−10 min 22 s ± 33.0 s (better)"
    first = next(line for line in lines if line.startswith("| first unit, from call: mean |"))
    assert [cell.strip() for cell in first.strip("|").split("|")][1::2] == [
        "20 min 34 s ± 31.2 s", "10 min 12 s ± 12.2 s", change,
    ]  # fmt: skip
    assert "| --- | ---: | --- | ---: | --- | ---: |" in lines
    assert "## Standards" in lines
    assert any(line.endswith("| ✓ met | 7 Jan 2026 08:00 |") for line in lines)
    assert "- Replications: 30" in lines


def test_the_summary_in_chinese() -> None:
    text = markdown(briefing(), Words("zh"))
    assert "−10分22秒 ± 33.0秒 (改善)" in text
    assert "## 关于本研究" in text


def test_names_neither_format_nor_link() -> None:
    text = markdown(briefing(), Words("en"))
    assert not re.search(r"(?<!\\)<(?!!-- -->)", text)
    assert "\u202e" not in text
    bars = r"(?<!\\)\|"
    for row in (line for line in text.splitlines() if line.startswith("|")):
        assert len(re.findall(bars, row)) == 7
    told = replace(briefing(), title=f"a | b [x](http://y) {HOSTILE[3]}")
    assert markdown(told, Words("en")).startswith(r"# a \| b \[x\](http:<!-- -->//y) ")


def test_long_tables_are_cut_openly() -> None:
    rows = tuple((Number(float(n), "whole"),) for n in range(MOST + 2))
    table = Table("t", Said("T"), (Column("n", Said("N")),), rows)
    text = markdown(
        replace(briefing(), sections=(Section("alternatives", Said("A"), (), (table,)),)), Words("en")
    )
    assert f"| {MOST - 1} |" in text
    assert f"| {MOST} |" not in text
    assert "2 more rows." in text
    whole = replace(table, rows=rows[:MOST])
    told = replace(briefing(), sections=(Section("alternatives", Said("A"), (), (whole,)),))
    assert "more row" not in markdown(told, Words("en"))
