"""Numbers the way people say them."""

from __future__ import annotations

from math import nan

import pytest

from dispatch.report import speak
from dispatch.study.measures import HEADLINE


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0.0 s"), (59.94, "59.9 s"), (59.96, "1 min 00 s"), (270, "4 min 30 s"), (3599.6, "1 h 00 min"),
        (7500, "2 h 05 min"), (86400, "1 d"), (31536000, "365 d"), (36_000 * 86_400, "36,000 d"),
        (-12.34, "−12.3 s"), (nan, "–"),
    ],
)  # fmt: skip
def test_durations(seconds: float, words: str) -> None:
    assert speak.duration(seconds) == words


def test_values_and_differences() -> None:
    assert speak.value(0.3141, "share") == "31.4 %"
    assert speak.value(1234.5, "1") == "1,234.5"
    assert speak.value(2.0, "h") == "2.0 h"
    assert speak.difference(0.021, "share") == "+2.1 pp"
    assert speak.difference(-300.0, "s") == "−5 min 00 s"
    assert speak.margin(3.21, "s") == "± 3.2 s"
    assert speak.margin(nan, "s") == ""
    assert [speak.probability(p) for p in (0.0004, 0.05, nan)] == ["< 0.001", "0.050", "–"]


def test_every_headline_measure_has_words() -> None:
    assert set(speak.TITLES) == set(HEADLINE)
