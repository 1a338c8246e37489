"""What tank fires, dykes and people take: worked figures, and items that count them without loss."""

from __future__ import annotations

from math import pi
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.model.amounts import Amount, AmountRate
from dispatch.model.supplies import Item
from dispatch.scenario import physics
from dispatch.scenario.items import CODE_CLASSES, WATER, known_item, shipped_items, shipped_rates
from tests.small import small

if TYPE_CHECKING:
    from pathlib import Path

MONITORS = 6.5 / 60
"""NFPA 11 for monitors, in l/(s·m²)."""


@pytest.mark.parametrize(
    ("diameter", "cubic_metres", "tonnes"),
    [(20, 133, "8.0"), (40, 531, "31.9"), (60, 1195, "71.7"), (80, 2124, "127.4")],
)
def test_full_surface_of_a_tank(diameter: float, cubic_metres: int, tonnes: str) -> None:
    """Figures of the domain report: 6.5 l/(min·m²) for 65 min, 6 % of concentrate at 1 kg/l."""
    found = physics.foam_need(physics.circle(diameter), MONITORS, 0.06, 65 * 60)
    assert round(found.solution / 1000) == cubic_metres
    assert f"{found.kilograms / 1000:.1f}" == tonnes
    assert found.solution == pytest.approx(pi * diameter**2 / 4 * 6.5 * 65)
    assert found.water + found.concentrate == pytest.approx(found.solution)
    heavier = physics.foam_need(physics.circle(diameter), MONITORS, 0.06, 65 * 60, density=1.05)
    assert heavier.kilograms == pytest.approx(1.05 * found.concentrate)


def test_flows_of_a_tank_of_40_m() -> None:
    """136 l/s of solution; 101 l/s cool the burning tank, and 44 l/s the facing half of one neighbour."""
    assert round(physics.solution_flow(physics.circle(40), MONITORS)) == 136
    cooling = physics.cooling_need(40, 0.8, 2, 0.7)
    assert (round(cooling.burning), round(cooling.neighbour)) == (101, 44)
    assert cooling.burning == pytest.approx(0.8 * pi * 40)
    assert cooling.neighbour == pytest.approx(0.7 * pi * 20)
    assert (
        round(cooling.flow) == 188
    )  # the scenario of the domain report rounds it to 190 with two neighbours
    assert physics.cooling_need(40, 0.8, 0, 0.7).flow == cooling.burning


def test_the_rim_seal_of_a_floating_roof() -> None:
    """12.5 l/(min·m²) for 60 min: 750 l on each m², here of a ring of 1.2 m in a tank of 60 m."""
    ring = physics.circle(60) - physics.circle(60 - 2 * 1.2)
    found = physics.foam_need(ring, 12.5 / 60, 0.03, 3600)
    assert ring == pytest.approx(pi * 1.2 * (60 - 1.2))
    assert found.solution == pytest.approx(750 * ring)
    assert found.concentrate == pytest.approx(22.5 * ring)


def test_the_rates_of_the_catalogue_are_those_figures() -> None:
    rates = shipped_rates().rates
    assert rates["floating-roof-rim"].application == pytest.approx(12.5 / 60)
    assert rates["floating-roof-rim"].lasts == 3600
    assert rates["full-surface-monitors"].application == pytest.approx(MONITORS)
    practice = rates["full-surface-large-tank"]
    assert practice.application == pytest.approx(8 / 60)
    assert practice.up_to == pytest.approx(10 / 60)
    assert (rates["cooling-burning-tank"].cooling, rates["cooling-neighbour"].cooling) == (0.8, 0.7)
    memory = {name for name, rate in rates.items() if not rate.verified}
    assert memory == {"full-surface-large-tank", "cooling-burning-tank", "cooling-neighbour"}
    assert all(rate.source for rate in rates.values())


def needs(folder: Path, supplies: dict[str, Any], *, has_water: bool = True) -> dict[str, Any]:
    """Return what calls of a type need, by item."""
    fire = {"run_card": {"engine": 1}, "on_scene": 600, "supplies": supplies}
    extra: dict[str, Any] = {"water": {"hydrants": {"c": "60 l/s"}}} if has_water else {}
    book = small(folder, incident_types={"fire": fire}, **extra).supplies
    assert book is not None
    return {book.items[need.item].id: need for need in book.needs[0]}


FOAM = {"foam": {"diameter": "40 m", "application": "6.5 l/min/m2", "concentration": "6 %"}, "for": "65 min"}


def test_a_need_by_foam_brings_its_water(tmp_path: Path) -> None:
    """31.9 t of concentrate and the other 94 % of 531 m³; neither loses more than a gram or millilitre."""
    found = needs(tmp_path, {"foam-6": FOAM})
    solution = pi * 400 * 6.5 * 65
    assert set(found) == {"foam-6", WATER}
    assert 0 <= found["foam-6"].amount - 1000 * 0.06 * solution <= 1
    assert 0 <= found[WATER].amount - 1000 * 0.94 * solution <= 1
    assert found["foam-6"].flow + found[WATER].flow == pytest.approx(136.14, abs=0.01)
    assert (found["foam-6"].stock_up, found[WATER].stock_up) == (True, False)
    assert found["foam-6"].lasts == found[WATER].lasts == 3900


def test_foam_without_water_pumps_all_of_its_solution(tmp_path: Path) -> None:
    found = needs(tmp_path, {"foam-6": FOAM}, has_water=False)
    assert set(found) == {"foam-6"}
    assert found["foam-6"].flow == pytest.approx(pi * 400 * MONITORS)


def test_water_of_foam_and_cooling_adds_up(tmp_path: Path) -> None:
    cooling = {"cooling": {"length": 125.66, "application": "0.8 l/s/m"}, "for": "2 h", "within": "5 min"}
    found = needs(tmp_path, {"foam-6": FOAM, WATER: cooling})[WATER]
    assert found.amount == pytest.approx(1000 * (0.94 * pi * 400 * 422.5 + 0.8 * 125.66 * 7200), abs=2)
    assert found.flow == pytest.approx(0.94 * pi * 400 * MONITORS + 0.8 * 125.66)
    assert (found.lasts, found.within) == (7200, 300)


@pytest.mark.parametrize(
    ("item", "written", "quanta"),
    [
        ("sandbags", {"dyke": {"length": "600 m", "per_metre": 20}}, 12_000),
        ("sandbags", "12000 bags", 12_000),
        ("sandbags", 12_000, 12_000),
        ("sandbags", {"dyke": {"length": "1 m", "per_metre": 0.3}}, 1),
        ("drinking-water", {"people": {"number": 400, "each": "3 l/d"}, "for": "2 d"}, 2_400_000),
        ("food", {"people": {"number": 400, "each": "3 meals/天"}, "for": "36 h"}, 1800),
        ("fuel", {"rate": "20 升/小时", "for": "90 min"}, 30_000),
        ("lime", "1.5 吨", 1_500_000),
        ("absorbent", "250 公斤", 250_000),
        (WATER, "3 立方米", 3_000_000),
    ],
)
def test_needs_in_whole_quanta(tmp_path: Path, item: str, written: Any, quanta: int) -> None:
    """Among them the 12 000 bags of the levee in the domain report."""
    assert needs(tmp_path, {item: written})[item].amount == quanta


def test_nothing_is_needed_of_an_amount_of_zero(tmp_path: Path) -> None:
    assert set(needs(tmp_path, {"sandbags": 0, "lime": "0 t", "tents": 1})) == {"tents"}


@given(st.floats(0, 1e6), st.booleans())
def test_an_amount_loses_no_quantum(kilograms: float, up: bool) -> None:
    item = known_item("x", Item(unit="kg"))
    found = item.quanta(Amount(kilograms, "kg"), up=up)
    slack = 1e-6 * max(1.0, 1000 * kilograms)
    assert -slack <= (found - 1000 * kilograms if up else 1000 * kilograms - found) < 1 + slack


def test_weight_and_volume_of_a_quantum() -> None:
    catalogue = shipped_items()
    foam, fuel, bag = (known_item(name, catalogue[name]) for name in ("foam-6", "fuel", "sandbags"))
    assert (foam.kg, foam.litres) == (0.001, 0.001)
    assert (fuel.kg, fuel.litres) == (0.84 / 1000, 0.001)
    assert (bag.kg, bag.litres, bag.per_unit) == (40, 25, 1)
    light = known_item("x", Item(unit="kg", density=0.2))
    assert light.litres == pytest.approx(0.005)


@pytest.mark.parametrize(
    ("unit", "quanta", "shown"),
    [
        ("kg", 31_855_750, "31.86 t"),
        ("kg", 999_999, "999.999 kg"),
        ("kg", 12_345_678_000, "12346 t"),
        ("kg", 9_999_960_000, "10000 t"),
        ("l", 2_124_000_000, "2124 m³"),
        ("l", 900_000, "900 l"),
        ("bag", 12_000, "12,000 bags"),
        ("bag", 1_234_567, "1,234,567 bags"),
    ],
)
def test_amounts_for_people(unit: str, quanta: int, shown: str) -> None:
    item = Item(unit=unit, weight=40) if unit == "bag" else Item(unit=unit)
    assert known_item("x", item).shown(quanta) == shown


@pytest.mark.parametrize(
    ("unit", "word", "is_right"),
    [
        ("bag", "bags", True), ("bag", "Bag", True), ("bag", "", True), ("bag", "kg", False),
        ("bag", "袋", False), ("kg", "kg", True), ("kg", "l", False), ("kg", "", False),
        ("kg", "bags", False), ("l", "l", True), ("l", "kg", False),
    ],
)  # fmt: skip
def test_units_of_items(unit: str, word: str, *, is_right: bool) -> None:
    item = known_item("x", Item(unit=unit, weight=1) if unit == "bag" else Item(unit=unit))
    if is_right:
        assert item.quanta(Amount(5, word)) == 5 * item.per_unit
        assert item.per_second(AmountRate(5, word)) == 5 * item.per_unit
    else:
        with pytest.raises(ValueError, match=f"item 'x' is counted in {unit}, and this has "):
            item.quanta(Amount(5, word))
        with pytest.raises(ValueError, match=f"item 'x' is counted in {unit}, and this has "):
            item.per_second(AmountRate(5, word))


@pytest.mark.parametrize("digit", ["1", "2", "3"])
def test_codes_have_a_class(digit: str) -> None:
    item = known_item("x", Item(unit="kg", code=f"{digit}990101"))
    assert item.code_title == CODE_CLASSES[digit]
    assert known_item("x", Item(unit="kg")).code_title == ""
