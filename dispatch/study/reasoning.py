"""Why a need got its unit, or none, by the rule of the policy that was asked."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from dispatch.study.explained import Passed, Reason, Weighed
from dispatch.study.watching import IDLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatch.engine.log import Log
    from dispatch.engine.protocols import Need
    from dispatch.study.watching import Asked, Seen


class Reasons:
    """The reasons of one consultation for one need."""

    def __init__(self, log: Log, rule: str, asked: Asked, need: Need) -> None:
        self._log, self._rule, self._asked, self._need = log, rule, asked, need
        self._seen = {one.unit: one for one in asked.seen[need.slot]}
        self._candidates = [one for one in self._seen.values() if not one.why]
        """Who could go, in the order in which they get there."""
        before: dict[int, Need] = {}
        for other, unit in asked.answer:
            if other == need:
                break
            before[unit] = other
        self._before = before
        """Need by unit that was chosen earlier in the same answer."""

    def of_sending(self, unit: int) -> Reason:
        """Return why a need got a unit."""
        if not self._rule:
            left = [one for one in self._candidates if one.unit not in self._before and one.unit != unit]
            return self._compared("policy", unit, left, ())
        if self._rule == "assignment" and self._asked.matched > 1:
            return self._matching(unit)
        if self._rule == "run_card_order" and self._asked.first_due:
            return self._by_list(unit)
        if self._rule == "coverage_aware":
            weighed = self._need.slot in self._asked.weighed
            return self._by_cover(unit) if weighed else self._nearest(unit, "urgent")
        return self._nearest(unit)

    def of_leaving(self) -> Reason:
        """Return why a need got nobody."""
        if self._asked.again:
            return Reason("asked_again")
        if not self._seen:
            return Reason("nobody_able")
        if not self._candidates:
            no_way = any(one.why == "no_way" for one in self._seen.values())
            return Reason("no_way" if no_way else "nobody_free")
        carried_out = self._asked.carried_out
        if all(one.unit in carried_out for one in self._candidates):
            passed = tuple(self._sent_away(one.unit, carried_out[one.unit]) for one in self._candidates)
            matched = self._asked.matched if self._rule == "assignment" else 0
            return Reason("taken", passed=passed, needs=matched if matched > 1 else 0)
        return Reason("policy", other=self._id(self._candidates[0].unit))

    def _nearest(self, unit: int, code: str = "nearest", passed: tuple[Passed, ...] = ()) -> Reason:
        at = [one.unit for one in self._candidates].index(unit)
        nearer = [one.unit for one in self._candidates[:at] if one.unit in self._before]
        passed += tuple(self._sent_away(one, self._before[one]) for one in nearer)
        left = [one for one in self._candidates[at + 1 :] if one.unit not in self._before]
        if not left and code in ("nearest", "urgent"):
            return Reason("only_one", passed=passed)
        return self._compared(code, unit, left, passed)

    def _by_cover(self, unit: int) -> Reason:
        """Tell what the policy reckoned for each candidate that needs before this one had left."""
        at = [one.unit for one in self._candidates].index(unit)
        nearer = [one.unit for one in self._candidates[:at] if one.unit in self._before]
        passed = tuple(self._sent_away(one, self._before[one]) for one in nearer)
        found = self._asked.weighed[self._need.slot]
        if len(found) == 1:
            return Reason("only_one", passed=passed)
        nearest = min(found, key=lambda one: (one.seconds, one.cost))
        other = nearest if nearest.seconds < self._seen[unit].seconds else found[1]
        weighed = tuple(
            Weighed(self._id(one.unit), one.seconds, one.lost, one.penalty, one.cost) for one in found
        )
        margin = other.seconds - self._seen[unit].seconds
        return Reason("cover", self._id(other.unit), margin, passed, weighed=weighed)

    def _by_list(self, unit: int) -> Reason:
        listed = self._asked.first_due
        if unit in listed and self._seen[unit].status in IDLE:
            place = listed.index(unit)
            return Reason(
                "first_due", place=place + 1, passed=tuple(self._not_taken(one) for one in listed[:place])
            )
        return self._nearest(
            unit, "beyond_list", tuple(self._not_taken(one) for one in listed if one != unit)
        )

    def _matching(self, unit: int) -> Reason:
        """Compare with the nearest that more urgent needs had left."""
        urgent = {one for one, need in self._before.items() if need.priority < self._need.priority}
        left = [one for one in self._candidates if one.unit not in urgent]
        at = [one.unit for one in left].index(unit)
        sent = {one: need for need, one in self._asked.answer}
        passed = tuple(self._sent_away(one.unit, sent[one.unit]) for one in left[:at] if one.unit in sent)
        return self._compared("matching", unit, left[: min(at, 1)], passed, self._asked.matched)

    def _compared(
        self, code: str, unit: int, others: Sequence[Seen], passed: tuple[Passed, ...], needs: int = 0
    ) -> Reason:
        other = self._id(others[0].unit) if others else ""
        margin = others[0].seconds - self._seen[unit].seconds if others else nan
        return Reason(code, other, margin, passed, needs=needs)

    def _not_taken(self, unit: int) -> Passed:
        """Tell why a unit of the first-due list was passed over."""
        one = self._seen.get(unit)
        if one is None:
            return Passed(self._id(unit), "unable", "")
        if unit in self._before:
            return self._sent_away(unit, self._before[unit])
        # whoever could go and is idle would have been taken: what is left is on the way to another call
        return Passed(self._id(unit), one.why or "not_free", self._name(one.call))

    def _sent_away(self, unit: int, need: Need) -> Passed:
        return Passed(self._id(unit), "sent", self._name(need.incident))

    def _id(self, unit: int) -> str:
        return self._log.fleet.ids[unit]

    def _name(self, call: int) -> str:
        return "" if call < 0 else self._log.timeline.incident_id(call, self._log.scenario.kinds)
