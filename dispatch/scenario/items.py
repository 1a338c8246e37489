"""Items of supply: those of the catalogue and of a scenario, and amounts of them in whole quanta.

Amounts are counted in whole quanta, so that nothing is ever lost to rounding: grams of what is counted in kg,
millilitres of what is counted in litres, and pieces.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil, inf
from typing import TYPE_CHECKING

from dispatch.errors import Problems, did_you_mean
from dispatch.io.catalogue import shipped
from dispatch.model.rates import RateFile
from dispatch.model.supplies import Item, ItemFile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatch.model.amounts import Amount, AmountRate
    from dispatch.model.scenario import ScenarioFile

WATER = "water"
"""The item that hydrants give and tankers fetch."""

PER_UNIT = 1000
"""Quanta of a kilogram or litre."""

CODE_CLASSES = {
    "1": "基本生活保障 basic living support",
    "2": "应急装备及配套 equipment and accessories",
    "3": "工程材料与机械 engineering materials and machinery",
}
"""Classes of GB/T 38565-2020 by the first of the seven digits of a code."""


@dataclass(frozen=True, slots=True)
class KnownItem:
    """A kind of supplies."""

    id: str
    title: str
    unit: str
    """``kg``, ``l``, or the word for a piece."""
    per_unit: int
    """Quanta of a kg, litre or piece."""
    kg: float
    """Weight of a quantum."""
    litres: float
    """Volume of a quantum."""
    price: float
    """Of a kg, litre or piece."""
    code: str = ""
    """Class code after GB/T 38565."""
    also: tuple[str, ...] = ()
    """Other words for a piece, in lower case."""

    def quanta(self, amount: Amount, *, up: bool = False) -> int:
        """Return an amount in quanta; raises ValueError for a unit that is not the item's."""
        self._check_unit(amount.unit, amount.value)
        quanta = amount.value * self.per_unit
        if self.per_unit == 1 and whole(quanta) != whole(quanta, up=False):
            message = (
                f"'{amount}' is no whole number, and '{self.id}' comes in pieces | Write a whole number."
            )
            raise ValueError(message)
        return whole(quanta, up=up)

    def per_second(self, rate: AmountRate) -> float:
        """Return a rate in quanta per second; raises ValueError for a unit that is not the item's."""
        self._check_unit(rate.unit, rate.value)
        return rate.value * self.per_unit

    def units(self, quanta: float) -> float:
        """Return so many quanta in kg, litres or pieces."""
        return quanta / self.per_unit

    @property
    def code_title(self) -> str:
        """The class of its code in words; empty without a code."""
        return CODE_CLASSES.get(self.code[:1], "")

    def shown(self, quanta: float) -> str:
        """Return an amount for people, such as ``31.9 t`` or ``6,000 bags``."""
        return amount_text(self.units(quanta), self.unit)

    def _check_unit(self, unit: str, value: float) -> None:
        own = self.unit.lower()
        if unit.lower() in (own, f"{own}s", *self.also) or (not unit and value == 0.0):
            return
        counted = self.unit not in ("kg", "l")
        if counted and not unit:
            return
        given = f"'{unit}'" if unit else "no unit"
        remedy = f"'… {self.unit}'" + ("" if counted else " or another unit of the same kind")
        message = f"item '{self.id}' is counted in {self.unit}, and this has {given} | Write {remedy}."
        raise ValueError(message)


def whole(quanta: float, *, up: bool = True) -> int:
    """Return whole quanta, rounded up or down but for what is rounding already."""
    nearest = round(quanta)
    if abs(quanta - nearest) <= 1e-6 * max(1.0, quanta):
        return nearest
    return ceil(quanta) if up else int(quanta)


def amount_text(value: float, unit: str) -> str:
    """Return so many kg, litres or pieces for people, such as ``31.9 t`` or ``6,000 bags``."""
    if unit not in ("kg", "l"):
        several = value != 1 and unit.isascii() and unit.isalpha() and unit[-1] != "s"
        return f"{value:,.{0 if value == int(value) else 1}f} {unit}{'s' if several else ''}"
    if value >= 1000:
        return f"{_digits(value / 1000, 4)} {'t' if unit == 'kg' else 'm³'}"
    return f"{_digits(value, 6)} {unit}"


def _digits(value: float, digits: int) -> str:
    """Return a number with so many digits, and never fewer than those before the point."""
    short = f"{value:.{digits}g}"
    return f"{value:.0f}" if "e+" in short else short


def known_item(name: str, item: Item) -> KnownItem:
    """Return an item as everything else sees it."""
    per_unit = 1 if item.is_counted else PER_UNIT
    kg, litres = item.density, 1.0
    if item.unit == "kg":
        kg, litres = 1.0, 1.0 / item.density
    elif item.is_counted:
        kg, litres = item.weight or 0.0, item.volume or 0.0
    words = tuple(word.lower() for word in item.also)
    measures = per_unit, kg / per_unit, litres / per_unit
    return KnownItem(name, item.title, item.unit, *measures, item.price, item.code or "", words)


@cache
def shipped_items() -> dict[str, Item]:
    """Return the items of the catalogue by id."""
    return dict(shipped("supplies", "items", ItemFile).items)


@cache
def shipped_rates() -> RateFile:
    """Return the application rates of the catalogue."""
    return shipped("supplies", "rates", RateFile)


def items_of(file: ScenarioFile) -> dict[str, KnownItem]:
    """Return all items that a scenario may name, by id in order."""
    both: Mapping[str, Item] = shipped_items() | file.items
    return {name: known_item(name, both[name]) for name in sorted(both)}


@dataclass(frozen=True, slots=True)
class Reader:
    """Finds items and reads amounts of them, noting what is wrong."""

    items: Mapping[str, KnownItem]
    problems: Problems

    def item(self, name: str, where: str) -> KnownItem | None:
        """Return an item by its id."""
        if name not in self.items:
            remedy = did_you_mean(name, self.items) + " Or define it under 'items'."
            self.problems.add(where, f"no item '{name}'", remedy)
        return self.items.get(name)

    def quanta(self, item: KnownItem, amount: Amount, where: str, *, up: bool = False) -> int:
        """Return an amount in quanta; 0 where its unit is wrong."""
        try:
            return item.quanta(amount, up=up)
        except ValueError as error:
            self._note(error, where)
            return 0

    def per_second(self, item: KnownItem, rate: AmountRate, where: str) -> float:
        """Return a rate in quanta per second; 0 where its unit is wrong."""
        try:
            return item.per_second(rate)
        except ValueError as error:
            self._note(error, where)
            return 0.0

    def measure(self, amount: Amount | None, unit: str, where: str) -> float:
        """Return kilograms or litres; infinite for none."""
        if amount is None:
            return inf
        if amount.unit != unit:
            words = {"kg": "a weight, such as '10 t'", "l": "a volume, such as '30 m3'"}
            self.problems.add(
                where, f"'{amount}' is not {words[unit].split(',')[0]}", f"Write {words[unit]}."
            )
        return amount.value

    def _note(self, error: ValueError, where: str) -> None:
        fact, _, remedy = str(error).partition(" | ")
        self.problems.add(where, fact, remedy)
