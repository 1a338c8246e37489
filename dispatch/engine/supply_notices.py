"""What a log has to tell of supplies: needs and answers, steps of trips, stock, units that are filled."""

from __future__ import annotations

from itertools import chain
from math import isfinite
from typing import TYPE_CHECKING

from dispatch.engine.notice import Notice
from dispatch.engine.supply_log import ACCEPTED, DECLINED
from dispatch.engine.supply_tables import place_name
from dispatch.scenario.layout import AID_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.engine.log import Log
    from dispatch.engine.supply_log import SupplyLog
    from dispatch.scenario.items import KnownItem

DELIVERED = "supplies delivered"
"""What is noted of a truck's arrival, before all that it does next at the same moment."""

REQUESTED = "requested"
"""What is noted of a need, before all that comes of it at the same moment."""

SUPPLY_WORDS = (
    REQUESTED, "supplies short", "supplies committed", "supplies loaded", DELIVERED, "truck returned",
    "supplies on scene", "stock in", "supplies unwanted", "supplies suffice", "filled up",
)  # fmt: skip
"""Everything that is noted of supplies."""

STOCKED = {"resupply": "replaced", "produced": "made", "returned": "brought back unused"}
"""Why goods come into a stock, in words."""

SOURCES = {"unit": "", "hydrant": ", from hydrants", "order": ", of what was ordered"}
"""Where that comes from which no truck brings for a need, in words."""


def supply_notices(log: Log) -> Iterator[Notice]:
    """Yield what was noted of supplies; nothing where there are none."""
    if log.supplies is None or log.scenario.supplies is None:
        return
    told = _Telling(log, log.supplies, log.scenario.supplies.items)
    yield from chain(
        told.requests(),
        told.shortfalls(),
        told.trips(),
        told.there(),
        told.stock(),
        told.ends(),
        told.refills(),
    )


class _Telling:
    """Puts the records of supplies into words."""

    def __init__(self, log: Log, supplies: SupplyLog, items: tuple[KnownItem, ...]) -> None:
        self.log, self.supplies, self.items = log, supplies, items

    def _incident(self, call: int) -> str:
        return self.log.timeline.incident_id(call, self.log.scenario.kinds)

    def _amount(self, item: int, amount: int) -> str:
        return f"{self.items[item].shown(amount)} of {self.items[item].id}"

    def _of_need(self, need: int, amount: int) -> str:
        return self._amount(self.supplies.needs[need].item, amount)

    def shortfalls(self) -> Iterator[Notice]:
        """Yield whenever what cannot be had for a need changes."""
        for each in self.supplies.shortfalls:
            need = self.supplies.needs[each.need]
            detail = f"{self._of_need(each.need, each.amount)} cannot be had while it is wanted"
            if not each.amount:
                detail = f"{self.items[need.item].id}: all that is lacking can be had after all"
            yield Notice(each.moment, "supplies short", self._incident(need.incident), "", detail)

    def _unit(self, row: int) -> str:
        unit = int(self.log.responses.unit[row])
        return self.log.fleet.ids[unit] if unit >= 0 else AID_NAME

    def requests(self) -> Iterator[Notice]:
        """Yield a line for each depot that was asked, with its answer; one for a need of which none was."""
        needs, asked = self.supplies.needs, {each.need for each in self.supplies.answers}
        for number, need in enumerate(needs):
            if number not in asked:
                told = f"{self._of_need(number, need.amount)}; no depot is asked"
                yield Notice(need.asked, REQUESTED, self._incident(need.incident), "", told)
        for each in self.supplies.answers:
            need, depot = needs[each.need], self.supplies.depots[each.depot].id
            amount = f", {self.items[need.item].shown(each.amount)}" if each.answer != DECLINED else ""
            why = f" ({each.why})" if each.answer != ACCEPTED and each.why else ""
            told = f"{self._of_need(each.need, need.amount)} from {depot}: {each.answer}{amount}{why}"
            yield Notice(each.moment, REQUESTED, self._incident(need.incident), "", told)

    def trips(self) -> Iterator[Notice]:
        """Yield the steps of each trip."""
        brought: dict[int, list[tuple[int, int]]] = {}
        for each in self.supplies.brought:
            if each.by == "truck":
                brought.setdefault(each.which, []).append((each.need, each.amount))
        for number, trip in enumerate(self.supplies.trips):
            load = ", ".join(self._of_need(need, amount) for need, amount in trip.loads)
            place = place_name(self.log, self.supplies, trip.place)
            came = ", ".join(self._of_need(need, amount) for need, amount in brought.get(number, ()))
            steps = {
                "supplies committed": (trip.committed, f"{load} at {place}"),
                "supplies loaded": (trip.loaded, f"{load} at {place}"),
                DELIVERED: (trip.delivered, came or f"nothing that is still needed of {load}"),
                "truck returned": (trip.returned, f"to {self.supplies.depots[trip.depot].id}"),
            }
            for what, (moment, detail) in steps.items():
                if isfinite(moment):
                    yield Notice(moment, what, self._incident(trip.incident), trip.truck, detail)

    def there(self) -> Iterator[Notice]:
        """Yield what units had with them, and what hydrants give."""
        for each in self.supplies.brought:
            if each.by != "truck":
                unit = self._unit(each.which) if each.by == "unit" else ""
                told = self._of_need(each.need, each.amount) + SOURCES[each.by]
                incident = self._incident(self.supplies.needs[each.need].incident)
                yield Notice(each.moment, "supplies on scene", incident, unit, told)

    def stock(self) -> Iterator[Notice]:
        """Yield what came into the stock of depots."""
        for each in self.supplies.changes:
            if each.why in STOCKED:
                told = f"{self._amount(each.item, each.amount)} at {self.supplies.depots[each.depot].id}"
                yield Notice(each.moment, "stock in", "", "", f"{told}, {STOCKED[each.why]}")

    def ends(self) -> Iterator[Notice]:
        """Yield what nobody wanted any more, and when supplies let calls come under control."""
        for each in self.supplies.unwanted:
            incident = self._incident(self.supplies.needs[each.need].incident)
            told = f"the rest, {self._of_need(each.need, each.amount)}"
            yield Notice(each.moment, "supplies unwanted", incident, "", told)
        for call, moment in self.supplies.controlled:
            if isfinite(moment):
                told = "what was needed has been there for as long as it takes"
                yield Notice(moment, "supplies suffice", self._incident(call), "", told)

    def refills(self) -> Iterator[Notice]:
        """Yield what was filled into units."""
        for each in self.supplies.refills:
            source = f"from {self.supplies.depots[each.depot].id}" if each.depot >= 0 else "in quarters"
            told = f"{self._amount(each.item, each.amount)} {source}, for {each.ends - each.begins:.1f} s"
            yield Notice(each.begins, "filled up", "", self.log.fleet.ids[each.unit], told)
