"""Amounts, rates and applications as people write them, in Chinese and English, and what is refused."""

from __future__ import annotations

import re
from math import inf, nan
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from dispatch.model.amounts import (
    MASSES,
    VOLUMES,
    Amount,
    Application,
    Area,
    Flow,
    LineApplication,
    Share,
    WrittenAmount,
    WrittenRate,
    parse_amount,
    parse_amount_rate,
    parse_application,
    parse_area,
    parse_flow,
    parse_line_application,
    parse_share,
)
from dispatch.scenario.items import known_item, shipped_items

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("20 t", 20_000, "kg"),
        ("20吨", 20_000, "kg"),
        ("500 kg", 500, "kg"),
        ("500 公斤", 500, "kg"),
        ("500千克", 500, "kg"),
        ("250 g", 0.25, "kg"),
        ("6 m3", 6000, "l"),
        ("6m³", 6000, "l"),
        ("6 立方米", 6000, "l"),
        ("6方", 6000, "l"),
        ("900 L", 900, "l"),
        ("900 升", 900, "l"),
        ("5 ml", 0.005, "l"),
        (".5 T", 500, "kg"),
        ("6000 bags", 6000, "bags"),
        ("6000袋", 6000, "袋"),
        (" 7 ", 7, ""),
        (7, 7, ""),
        (0, 0, ""),
        (2.5, 2.5, ""),
    ],
)
def test_amounts(text: Any, value: float, unit: str) -> None:
    found = parse_amount(text)
    assert found.value == pytest.approx(value, rel=1e-15)
    assert found.unit == unit
    assert parse_amount(Amount(value, unit)) == (value, unit)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("-5 t", "'-5 t' is below zero"),
        ("−5", "'−5' is below zero"),
        (-5, "an amount of -5"),
        ("--5", "is not an amount"),
        ("-", "is not an amount"),
        ("", "'' is not an amount"),
        ("   ", "is not an amount"),
        ("t", "is not an amount"),
        ("1,000 kg", "is not an amount"),
        ("1,000", "is not an amount"),
        ("20–50 t", "is not an amount"),
        ("5 air cylinders", "is not an amount"),
        ("5 t/h", "is not an amount"),
        (True, "True is not an amount"),
        (None, "None is not an amount"),
        (inf, "an amount of inf"),
        (nan, "an amount of nan"),
        (10**400, "an amount of 1000"),
        ("9" * 400, "an amount of '999"),
        ("2000000000 t", "an amount of '2000000000 t'"),
    ],
)
def test_what_is_no_amount(text: Any, fact: str) -> None:
    with pytest.raises(ValueError, match=re.escape(fact)):
        parse_amount(text)


@given(st.text(max_size=12))
def test_any_text_is_an_amount_or_a_value_error(text: str) -> None:
    for parse in (parse_amount, parse_amount_rate, parse_flow, parse_application, parse_area, parse_share):
        try:
            found: Any = parse(text)
        except ValueError:
            continue
        assert (found[0] if isinstance(found, tuple) else found) >= 0.0


@given(st.sampled_from(sorted({*MASSES, *VOLUMES})), st.integers(0, 10**6))
def test_every_unit_reads_as_it_is_written_again(unit: str, number: int) -> None:
    found = parse_amount(f"{number} {unit}")
    again = parse_amount(str(found))
    assert again.unit == found.unit
    assert again.value == pytest.approx(found.value, rel=1e-11)


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (parse_flow, "60 l/s", 60),
        (parse_flow, "3600 L/min", 60),
        (parse_flow, "216 m3/h", 60),
        (parse_flow, "60 升/秒", 60),
        (parse_flow, "216 立方米 / 小时", 60),
        (parse_application, "6.5 l/min/m2", 6.5 / 60),
        (parse_application, "6.5 L/(min·m²)", 6.5 / 60),
        (parse_application, "6.5 L/(m²·min)", 6.5 / 60),
        (parse_application, "6.5 升/分/平方米", 6.5 / 60),
        (parse_application, "6.5 l/m2/min", 6.5 / 60),
        (parse_line_application, "0.8 l/s/m", 0.8),
        (parse_line_application, "48 l/min/米", 0.8),
        (parse_line_application, "0.8 L/(s·m)", 0.8),
        (parse_area, "1257 m2", 1257),
        (parse_area, "1257 平方米", 1257),
        (parse_area, "0.5 ha", 5000),
        (parse_area, 12, 12),
        (parse_share, "6 %", 0.06),
        (parse_share, "6％", 0.06),
        (parse_share, 0.06, 0.06),
        (parse_share, "0.06", 0.06),
        (parse_share, 1, 1),
    ],
)
def test_rates(parse: Callable[[Any], float], text: Any, value: float) -> None:
    assert parse(text) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [("2 t/h", 2000 / 3600, "kg"), ("20 升/秒", 20, "l"), ("50 bags/h", 50 / 3600, "bags"),
     ("3 l/天", 3 / 86400, "l")],
)  # fmt: skip
def test_amounts_by_time(text: str, value: float, unit: str) -> None:
    found = parse_amount_rate(text)
    assert found.value == pytest.approx(value, rel=1e-15)
    assert found.unit == unit


@pytest.mark.parametrize(
    ("parse", "text", "fact"),
    [
        (parse_flow, 60, "60 cannot be read"),
        (parse_flow, 60.0, "60.0 cannot be read"),
        (parse_flow, "60 kg/s", "is not a flow"),
        (parse_flow, "60 l", "cannot be read"),
        (parse_flow, "60 l/s/m", "is not a flow"),
        (parse_flow, "0 l/s", "must be above 0"),
        (parse_flow, "-6 l/s", "is below zero"),
        (parse_amount_rate, "2 t", "cannot be read"),
        (parse_amount_rate, "-2 t/h", "is below zero"),
        (parse_amount_rate, "2 t/m2", "is not an amount by time"),
        (parse_application, "6.5 l/min", "cannot be read"),
        (parse_application, "6.5 l/min/m", "cannot be read"),
        (parse_application, "6.5 kg/min/m2", "cannot be read"),
        (parse_line_application, "0.8 l/s/m2", "cannot be read"),
        (parse_area, "12 m", "is not an area"),
        (parse_area, 0, "must be above 0"),
        (parse_area, 10**400, "must be above 0"),
        (parse_share, 6, "6 is not a share"),
        (parse_share, "600 %", "is not a share"),
        (parse_share, "0 %", "is not a share"),
        (parse_share, True, "True is not a share"),
        (parse_share, nan, "nan is not a share"),
    ],
)
def test_rates_that_are_refused(parse: Callable[[Any], float], text: Any, fact: str) -> None:
    with pytest.raises(ValueError, match=fact):
        parse(text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [(WrittenAmount, "20 t"), (WrittenRate, "2 t/h"), (Flow, "60 l/min"), (Application, "6.5 l/min/m2"),
     (LineApplication, "0.7 l/s/m"), (Area, "9 m2"), (Share, "6 %")],
)  # fmt: skip
def test_what_a_fingerprint_holds_can_be_read_again(kind: Any, text: str) -> None:
    adapter = TypeAdapter(kind)
    value = adapter.validate_python(text)
    again = adapter.validate_python(adapter.dump_python(value, mode="json"))
    number, same = (each[0] if isinstance(each, tuple) else each for each in (value, again))
    assert same == pytest.approx(number, rel=1e-11)


def test_a_share_out_of_bounds_is_told_with_its_remedy() -> None:
    with pytest.raises(ValidationError, match=r"Write a number up to 1, such as 0\.06, or '6 %'"):
        TypeAdapter(Share).validate_python(6)


def test_pieces_have_other_words_and_are_whole() -> None:
    """袋 is a bag; half a bag is none."""
    bags = known_item("sandbags", shipped_items()["sandbags"])
    assert bags.quanta(parse_amount("5000 袋")) == bags.quanta(parse_amount("5000 Bags")) == 5000
    with pytest.raises(ValueError, match="no whole number"):
        bags.quanta(parse_amount("4.5 bags"), up=True)
    with pytest.raises(ValueError, match="counted in bag"):
        bags.quanta(parse_amount("5 台"))
    assert [bags.shown(n) for n in (0, 1, 2, 12_000)] == ["0 bags", "1 bag", "2 bags", "12,000 bags"]
