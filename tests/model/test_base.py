"""Scalars of the scenario file: durations, rates, names."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from dispatch.model.base import Name, parse_duration, parse_rate


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (45, 45.0),
        (0, 0.0),
        (1.5, 1.5),
        ("90 s", 90.0),
        ("4 min 30 s", 270.0),
        ("4min30s", 270.0),
        ("1.5 h", 5400.0),
        ("365 d", 31_536_000.0),
        ("2 weeks", 1_209_600.0),
        (".5 h", 1800.0),
        ("3 分钟 20 秒", 200.0),
        ("1 H", 3600.0),
    ],
)
def test_durations(written: object, seconds: float) -> None:
    assert parse_duration(written) == seconds


@pytest.mark.parametrize(
    "written",
    ["", " ", "5", "5 parsecs", "min", "-3 s", -1, "1e3 s", "4 min 30", True, None, [5], 10**400, "101 yr"],
)
def test_no_durations(written: object) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(written)


@pytest.mark.parametrize(
    ("written", "per_day"),
    [("0.5/d", 0.5), ("3 / h", 72.0), ("365 per year", 1.0), ("0/d", 0.0), ("2e-3/d", 0.002)],
)
def test_rates(written: str, per_day: float) -> None:
    assert parse_rate(written) * 86400 == pytest.approx(per_day)


@pytest.mark.parametrize("written", ["0.5", 3, "3/fortnight", "-1/d", "1e9/s", "/d", "inf/d", None])
def test_no_rates(written: object) -> None:
    with pytest.raises(ValueError, match=r"rate|a second"):
        parse_rate(written)


@pytest.mark.parametrize("name", ["a", "消防站 1", "E-1/2", "x.y", "a b"])
def test_names(name: str) -> None:
    assert TypeAdapter(Name).validate_python(name) == name


@pytest.mark.parametrize("name", ["", " ", "a,b", "a=b", "a[1]", "a\nb", "x" * 121])
def test_no_names(name: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Name).validate_python(name)
