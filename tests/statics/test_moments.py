"""Moments on the command line: from the start, or as dates with their zone; and the rows of narrow tables."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from dispatch.cli.finding import moment_of
from dispatch.errors import UsageError
from dispatch.report.moments import calendar, closures_at, moment_document
from dispatch.report.rows import Column, print_rows
from tests.small import small

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Scenario


@pytest.fixture
def lanzhou(tmp_path: Path) -> Scenario:
    """A scenario that starts at ten in the morning in China."""
    return small(tmp_path, start="2024-01-05T10:00:00+08:00")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("90.5", 90.5),
        (" 8 h ", 28800.0),
        ("1 h 30 min", 5400.0),
        ("8小时", 28800.0),
        ("2024-01-05T10:00:00+08:00", 0.0),
        ("2024-01-05T11:00:00+08:00", 3600.0),
        ("2024-01-05 11:00+08:00", 3600.0),
        ("2024-01-05T03:00:00Z", 3600.0),
        ("2024-01-06T10:00:00.500+08:00", 86400.5),
    ],
)
def test_a_moment_is_so_many_seconds_from_the_start(lanzhou: Scenario, text: str, seconds: float) -> None:
    assert moment_of(text, lanzhou) == seconds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2024-01-06T11:00:00", "a date without its time zone. Write 2024-01-06T11:00:00+08:00 for the zone"),
        ("2024-01-06", "a date without its time zone. Write 2024-01-06T00:00:00+08:00 for the zone"),
        ("2024-01-05T09:59:59+08:00", "is before the scenario's start, 2024-01-05T10:00:00+08:00."),
        (
            "2024-02-30T09:00:00+08:00",
            "not a moment after the scenario's start. Write a time from the start ",
        ),
        ("tomorrow", "or a date such as 2024-01-05T10:00:00+08:00."),
        ("", "not a moment"),
        (".", "not a moment"),
        ("-5", "not a moment"),
        ("nan", "not a moment"),
        ("inf", "not a moment"),
        ("8", None),
        ("999999999999", "not a moment"),
        ("9999-12-31T23:59:59-12:00", None),
    ],
)
def test_what_is_no_moment_is_refused(lanzhou: Scenario, text: str, message: str | None) -> None:
    if message is None:
        assert moment_of(text, lanzhou) > 0.0
        return
    with pytest.raises(UsageError) as refused:
        moment_of(text, lanzhou, "--until")
    assert str(refused.value).startswith(f"--until {text}: ")
    assert message in str(refused.value)


def test_a_moment_after_the_last_year_is_refused(tmp_path: Path) -> None:
    scenario = small(tmp_path, start="9990-01-01T00:00:00+00:00")
    assert moment_of("9 years", scenario) == 9 * 365 * 86400
    with pytest.raises(UsageError, match="not a moment"):
        moment_of("11 years", scenario)


def test_the_calendar_is_that_of_the_start(tmp_path: Path) -> None:
    closures = {"b": {"around": "c", "radius": 10, "begins": "1 h"}, "a": {"around": "b", "radius": 10}}
    scenario = small(tmp_path, start="2024-02-28T23:00:00+08:00", closures=closures)
    assert calendar(scenario, 86400.0) == "2024-02-29T23:00:00+08:00"
    assert closures_at(scenario, 3599.0) == ["a"]
    assert closures_at(scenario, None) == []
    at = {"date": "2024-02-29T00:00:00+08:00", "seconds": 3600.0}
    assert moment_document(scenario, 3600.0) == {"at": at, "closures": ["a", "b"]}


word = st.text(alphabet="abc城站é-", min_size=1, max_size=12)
phrase = st.lists(word, max_size=5).map(" ".join)


@given(
    rows=st.lists(st.tuples(phrase.filter(bool), phrase, phrase, word), min_size=1, max_size=4),
    width=st.integers(26, 120),
)
def test_rows_are_never_cut_nor_words_broken(rows: list[tuple[str, ...]], width: int) -> None:
    columns = [Column("station", wraps=True), Column("of it", wraps=True), Column("at\nhome"), Column("n")]
    stream = io.StringIO()
    out = Console(file=stream, width=width, force_terminal=True, no_color=True, color_system=None)
    print_rows(out, "T", columns, [[Text(cell) for cell in row] for row in rows], "that is all")
    lines = stream.getvalue().splitlines()
    assert max(map(cell_len, lines)) <= width
    printed = sorted(text.rstrip(";") for text in stream.getvalue().split())
    for row in rows:
        for cell in row:
            for part in cell.split():
                if cell_len(part) < width - 12:  # room for the heading before it
                    assert part in printed
                    printed.remove(part)
    assert lines[-1] == "that is all"


def test_rows_are_a_table_as_soon_as_there_is_room() -> None:
    columns = [
        Column("station", wraps=True),
        Column("order\nto edge", justify="right"),
        Column("keeps", wraps=True),
    ]
    rows = [[Text("w1 West station"), Text("10 min 51 s"), Text("no: area, edge")]]
    shown = {}
    for width in (29, 30, 60):
        stream = io.StringIO()
        print_rows(
            Console(file=stream, width=width, force_terminal=True, color_system=None), "T", columns, rows
        )
        shown[width] = stream.getvalue()
    assert "─" in shown[30]
    assert "─" not in shown[29]
    assert "order to edge 10 min 51 s" in shown[29]
    assert "w1 West station" in shown[60]
