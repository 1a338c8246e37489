"""Whether what a supplying policy answers can be done: every fault is the policy's, and is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from dispatch.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dispatch.engine.supply_view import Shipment, SupplyView, Wanted
    from dispatch.engine.trucks import Trucks


def checked(shipments: Sequence[Shipment], view: SupplyView, trucks: Trucks) -> Iterator[Shipment]:
    """Yield shipments that can be carried out, in order; raises PolicyError for one that cannot."""
    wanted = {each.need: each for each in view.wanted}
    lacking = {each.need: each.amount for each in view.wanted}
    there: dict[tuple[int, int], int] = {}
    for goods in view.goods:
        if goods.ready <= view.now:
            key = goods.place, goods.item
            there[key] = there.get(key, 0) + goods.amount
    for shipment in shipments:
        _check_truck(shipment, view, trucks)
        _check_load(shipment, view, trucks, wanted)
        for need, amount in shipment.loads:
            key = shipment.place, wanted[need].item
            if amount <= 0 or amount > lacking[need]:
                _refuse(view, f"sent {amount} quanta for a need that lacks {lacking[need]}")
            if amount > there.get(key, 0):
                _refuse(view, f"sent {amount} quanta from a place that has {there.get(key, 0)}")
            lacking[need] -= amount
            there[key] -= amount
        yield shipment


def _check_truck(shipment: Shipment, view: SupplyView, trucks: Trucks) -> None:
    if not 0 <= shipment.truck < len(trucks):
        _refuse(view, f"chose truck number {shipment.truck}, which does not exist")
    name = trucks.name(shipment.truck)
    if not trucks.is_free(shipment.truck):
        _refuse(view, f"chose truck {name}, which is not free")
    if shipment.place >= 0 and shipment.place != trucks.depot(shipment.truck):
        _refuse(view, f"let truck {name} load at another depot than its own")


def _check_load(shipment: Shipment, view: SupplyView, trucks: Trucks, wanted: dict[int, Wanted]) -> None:
    name, kind = trucks.name(shipment.truck), trucks.kind(shipment.truck)
    if not shipment.loads or any(need not in wanted for need, _ in shipment.loads):
        _refuse(view, f"sent truck {name} without a load that anybody wants")
    items = [view.items[wanted[need].item] for need, _ in shipment.loads]
    if len({wanted[need].node for need, _ in shipment.loads}) > 1:
        _refuse(view, f"sent truck {name} to several places")
    if any(not kind.takes(wanted[need].item) for need, _ in shipment.loads):
        _refuse(view, f"loaded truck {name} with something that it does not carry")
    kg = sum(amount * item.kg for (_, amount), item in zip(shipment.loads, items, strict=True))
    litres = sum(amount * item.litres for (_, amount), item in zip(shipment.loads, items, strict=True))
    if kg > kind.kg * (1.0 + 1e-9) or litres > kind.litres * (1.0 + 1e-9):
        _refuse(view, f"loaded truck {name} with {kg:.6g} kg and {litres:.6g} l, more than it takes")


def _refuse(view: SupplyView, fact: str) -> NoReturn:
    message = f"the supplying policy at {view.now:.3f} s {fact}."
    raise PolicyError(message, hint="This is a fault of the policy, not of the scenario.")
