"""Times of play as people and spreadsheets give them."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from dispatch.drills.moments import seconds_of


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0:12:00", 720.0),
        ("T+0:12:00", 720.0),
        ("t + 1:02:03", 3723.0),
        ("０：１２：００", 720.0),
        ("0:12", 720.0),
        ("12", 720.0),
        ("T+12", 720.0),
        ("12.5", 750.0),
        ("12 min", 720.0),
        ("1 h 5 min", 3900.0),
        ("0:00:01.25", 1.25),
        ("30:00:00", 108_000.0),
        ("12:30:00 AM", 1800.0),
        ("1:00 PM", 46_800.0),
        (time(0, 12), 720.0),
        (time(1, 2, 3, 500_000), 3723.5),
        (timedelta(hours=26), 93_600.0),
        (datetime(1899, 12, 31, 2, 0), 93_600.0),
        (datetime(1904, 1, 2, 2, 0), 93_600.0),
        (12, 720.0),
        (12.5, 750.0),
        (1, 60.0),
        (0, 0.0),
        (720 / 86_400, 720.0),
        (0.5, 43_200.0),
    ],
)
def test_times_are_understood(value: object, seconds: float) -> None:
    assert seconds_of(value) == pytest.approx(seconds, abs=1e-3)


@pytest.mark.parametrize(
    "value",
    ["", "soon", "1:2:3:4", "0:75", "nan", "inf", "-5", "1e999", -1, True, None, float("nan"), timedelta(-1),
     datetime(2026, 5, 12, 9)],
)  # fmt: skip
def test_other_values_are_refused_with_a_remedy(value: object) -> None:
    with pytest.raises(ValueError, match=r" \| Write h:mm:ss"):
        seconds_of(value)
