"""The headlines of a briefing on the terminal."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.cells import cell_len
from rich.console import Console

from dispatch.briefing.contents import Column, Number, Said, Section, Spark, Table
from dispatch.report.briefed import MOST, print_briefing, resampled
from dispatch.report.words import Lang, Words
from tests.report.fake_briefing import briefing


def printed(width: int, lang: Lang = "en", told: object = None, *, is_terminal: bool = True) -> str:
    out = StringIO()
    console = Console(file=out, width=width, force_terminal=is_terminal, no_color=True, highlight=False)
    print_briefing(console, told or briefing(), Words(lang))  # type: ignore[arg-type]
    return out.getvalue().replace("\x1b[1m", "").replace("\x1b[2m", "").replace("\x1b[0m", "")


@pytest.mark.parametrize("width", [60, 80, 160])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_line_is_wider_than_the_terminal(width: int, lang: Lang) -> None:
    lines = printed(width, lang).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert "\x1b" not in "".join(lines)


def test_marks_statements_numbers_and_pictures() -> None:
    lines = [" ".join(line.split()) for line in printed(200).splitlines()]
    assert "Planning aid: not for live dispatch." in lines
    assert "• No difference shown." in lines
    assert any(line.startswith("• For 90 % of house-fire calls") and "21 min 52 s" in line for line in lines)
    row = next(line for line in lines if line.startswith("first unit, from call: mean"))
    assert "20 min 34 s ± 31.2 s ▁▃▄▅▆▆▇▇██" in row
    assert row.endswith("−10 min 22 s ± 33.0 s better")


def test_narrow_terminals_get_all_numbers_too() -> None:
    text = " ".join(printed(60).split())
    for number in ("20 min 34 s ± 31.2 s", "−10 min 22 s ± 33.0 s better", "+23.8 pp ± 2.1 pp better"):
        assert number in text


def test_pipes_get_each_row_on_a_line() -> None:
    lines = printed(1_000_000, is_terminal=False).splitlines()
    assert sum("first unit, from call: mean" in line and "better" in line for line in lines) == 1


def test_names_cannot_command_the_terminal() -> None:
    text = printed(100, told=replace(briefing(), title="a\x1b]0;x\x07\nb"))
    assert text.splitlines()[0] == "a\ufffd]0;x\ufffd b"


def test_zones_follow_and_are_cut_openly() -> None:
    rows = tuple((f"zone-{n}", Number(float(n), "s")) for n in range(MOST + 1))
    columns = (Column("z", Said("zone")), Column("c", Said("change")))
    tables = (Table("zones", Said("Zones"), columns, rows), Table("changes", Said("Repeated"), columns, rows))
    text = printed(80, told=replace(briefing(), sections=(Section("alternatives", Said("A"), (), tables),)))
    assert f"zone-{MOST - 1} " in text
    assert f"zone-{MOST} " not in text
    assert "1 more row." in text
    assert "Repeated" not in text


def test_pictures_keep_their_ends() -> None:
    spark = resampled(Spark(tuple(n / 19 for n in range(20))), 10)
    assert (len(spark.values), spark.values[0], spark.values[-1]) == (10, 0.0, 1.0)
    assert resampled(Spark((0.5, 0.7)), 10) == Spark((0.5, 0.7))
