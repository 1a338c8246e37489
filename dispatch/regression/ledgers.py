"""What the supplies of a log say to the expectations of them."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from dispatch.engine.board import MARGIN
from dispatch.engine.supply_balance import fault_text, faults_of
from dispatch.regression.finding import Finding, numbered

if TYPE_CHECKING:
    from dispatch.engine.log import Log
    from dispatch.engine.supply_log import SupplyLog
    from dispatch.model.expectations import Delivery, LogExpectation, StockLimit
    from dispatch.scenario.supplies import SupplyBook


def of_supplies(log: Log, statement: LogExpectation) -> Finding:
    """Return whether a statement about stock, deliveries or the mass balance holds."""
    supplies, book = log.supplies, log.scenario.supplies
    if supplies is None or book is None:
        return Finding(holds=False, message="it has no supplies, so that it cannot fail", refused=True)
    if statement.stock_never_below is not None:
        return stock_kept(supplies, book, statement.stock_never_below)
    if statement.delivered is not None:
        assert statement.by is not None
        return delivery(log, supplies, book, statement.delivered, statement.by)
    if statement.stock_never_negative:
        return _without(log, book, "negative")
    return _without(log, book, "")


def _without(log: Log, book: SupplyBook, law: str) -> Finding:
    """Return whether there is no fault in the balance, of one law or of all of them; the first is told."""
    found = [fault for fault in faults_of(log) if law in ("", fault.what)]
    if not found:
        return Finding(holds=True)
    more = f"; {len(found) - 1} more" if len(found) > 1 else ""
    return Finding(holds=False, message=fault_text(found[0], book.items) + more)


def stock_kept(supplies: SupplyLog, book: SupplyBook, limit: StockLimit) -> Finding:
    """Return whether a depot always had at least so much of an item."""
    number = book.number[limit.item]
    item = book.items[number]
    wanted = item.quanta(limit.amount, up=True)
    depot = next(depot for depot, site in enumerate(supplies.depots) if site.id == limit.depot)
    held = least = supplies.depots[depot].stock.get(number, 0)
    since = 0.0
    for each in supplies.changes:
        if (each.depot, each.item) == (depot, number):
            held += each.amount
            if held < least:
                least, since = held, each.moment
    message = (
        f"expected ≥ {item.shown(wanted)} of {item.id} at {limit.depot}, "
        f"got {_signed(item.shown(abs(least)), least)} at {since:.6g} s"
    )
    return Finding(least >= wanted, message)


def _signed(text: str, number: int) -> str:
    return f"−{text}" if number < 0 else text


def delivery(log: Log, supplies: SupplyLog, book: SupplyBook, wanted: Delivery, by: float) -> Finding:
    """Return whether so much of an item was at a call in time after it was first asked for."""
    call = numbered(log, wanted.incident)
    if isinstance(call, Finding):
        return call
    number = book.number[wanted.item]
    item = book.items[number]
    own = {
        n: need.asked for n, need in enumerate(supplies.needs) if (need.incident, need.item) == (call, number)
    }
    if not own:
        fact = f"incident {wanted.incident} asked for no {item.id}, so that it cannot be judged"
        return Finding(holds=False, message=fact, refused=True)
    asked, amount = min(own.values()), item.quanta(wanted.amount, up=True)
    there, then, reached = 0, 0, inf
    came = (one for one in supplies.brought if one.need in own and one.by != "order")  # came before
    for each in sorted(came, key=lambda one: one.moment):
        there += each.amount
        then += each.amount if each.moment - asked <= by + MARGIN else 0
        if there >= amount and reached == inf:
            reached = each.moment - asked
    later = "never came" if reached == inf else f"came after {reached:.6g} s"
    message = (
        f"expected ≥ {item.shown(amount)} of {item.id} by {by:g} s, got {item.shown(then)}; "
        f"all of it {later} (incident {wanted.incident})"
    )
    return Finding(then >= amount, message, observed=None if reached == inf else reached)
