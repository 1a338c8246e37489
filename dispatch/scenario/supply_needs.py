"""What a call needs of supplies, by its type, by itself, and by the card of its plan."""

from __future__ import annotations

from functools import cache
from math import inf
from typing import TYPE_CHECKING

from dispatch.model.amounts import Amount, parse_amount
from dispatch.model.supplies import SupplyNeed
from dispatch.scenario.items import WATER
from dispatch.scenario.supplies import KnownNeed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dispatch.errors import Problems
    from dispatch.scenario.items import KnownItem
    from dispatch.scenario.plan_library import Merged
    from dispatch.scenario.scenario import Scenario
    from dispatch.scenario.supplies import SupplyBook


def needs_of(
    scenario: Scenario, kind: int, node: int, level: int, moment: float, authored: int | None = None
) -> tuple[KnownNeed, ...]:
    """Return what a call needs at an alarm level, by item in order.

    ``level`` is 0 for the first alarm of a type without alarm levels; ``moment`` is when the call was
    received, in seconds from the start; ``authored`` is the number of an injected call. What the call says
    itself stands instead of what its type says; of any other item, what the card of its plan asks for is
    needed, too.
    """
    book = scenario.supplies
    if book is None:
        return ()
    if authored is not None and authored in book.authored:
        own, named = book.authored[authored], book.named_by_call[authored]
    else:
        own, named = book.needs[kind], book.named[kind]
    plans = scenario.plans
    if plans is None or not has_depots(book):
        return own
    level = level or plans.first_level(kind, node, moment)
    card = plans.card(kind, node, level, moment)
    planned = planned_needs(book, (entry for entry in card.supplies if entry[0] not in named))
    return tuple(sorted((*own, *planned))) if planned else own


def has_depots(book: SupplyBook) -> bool:
    """Whether some layout has depots, without which nothing that plans ask for is simulated."""
    return any(book.depots.values())


def planned_needs(book: SupplyBook, supplies: Iterable[tuple[str, str]]) -> list[KnownNeed]:
    """Return what is simulated of the supplies of a plan's card, which are items and amounts in words."""
    found = []
    for name, text in supplies:
        amount = _amount(text) if name in book.number else None
        if amount is not None and (name != WATER or book.simulates_water):
            number = book.number[name]
            quanta = book.items[number].quanta(amount, up=True)
            if quanta > 0:
                found.append(planned_need(number, quanta))
    return found


_PLANNED = SupplyNeed(amount=Amount(0.0, ""))
_KNOWN = KnownNeed(
    item=0,
    amount=0,
    flow=0.0,
    lasts=0.0,
    within=inf,
    asked_after=_PLANNED.asked_after,
    wanted_for=_PLANNED.wanted_for,
    stock_up=False,
)
"""A fixed amount of something, as a plan asks for it."""


def planned_need(item: int, amount: int) -> KnownNeed:
    """Return the need of so many quanta of an item, without a deadline, as plans and orders ask for it."""
    return _KNOWN._replace(item=item, amount=amount)


@cache
def _amount(text: str) -> Amount | None:
    """Return the amount that a text stands for; None where it is something else."""
    try:
        return parse_amount(text)
    except ValueError:
        return None


def simulated_in(scenario: Scenario, kind: int | None = None) -> Callable[[str, str], bool]:
    """Return what tells whether an entry of a plan's supplies is simulated, of calls of a type if given.

    Others are told only: words that are no amount, what is no item, and what the type says itself.
    """
    book = scenario.supplies
    if book is None or not has_depots(book):
        return lambda _name, _text: False
    named = frozenset[str]() if kind is None else book.named[kind]
    return lambda name, text: name not in named and bool(planned_needs(book, [(name, text)]))


def check_planned(book: SupplyBook | None, merged: Merged | None, problems: Problems) -> None:
    """Note amounts of items on plans' cards whose unit is not the item's, or which are below zero."""
    if book is None or merged is None or not has_depots(book):
        return
    for name, plan in sorted(merged.library.own.items()):
        for level, card in sorted(plan.cards.items()):
            for item, text in sorted((card.supplies or {}).items()):
                fault = _fault(book.items[book.number[item]], text) if item in book.number else ""
                if fault:
                    where = merged.place("plans", name, "cards", str(level), "supplies", item)
                    fact, _, remedy = fault.partition(" | ")
                    problems.add(where, fact, remedy)


def _fault(item: KnownItem, text: str) -> str:
    """Return what is wrong with an amount of an item; nothing for words that are no amount."""
    try:
        item.quanta(parse_amount(text))
    except ValueError as error:
        is_amount = _amount(text) is not None or "below zero" in str(error)
        return str(error) if is_amount else ""
    return ""
