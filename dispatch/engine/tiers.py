"""Units of others: sent only when the terms of an agreement let them be asked, and never without an ask."""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dispatch.durations import is_fixed, quantile
from dispatch.engine.board import MARGIN
from dispatch.engine.log import AID, AVAILABLE, WIDTH
from dispatch.engine.parts import Part
from dispatch.engine.reach import Reach

if TYPE_CHECKING:
    from collections.abc import Collection

    from dispatch.engine.fleet import Fleet
    from dispatch.engine.operations import Operations
    from dispatch.engine.protocols import Need
    from dispatch.model.agreements import AskedWhen
    from dispatch.scenario.agreements import AgreementTerms
    from dispatch.scenario.scenario import Scenario
    from dispatch.timeline import Timeline


class Ask(NamedTuple):
    """A unit of others was asked for; each response of such a unit has one."""

    response: int
    """Row of the response."""
    agreement: int
    """Index into the scenario's agreements."""
    moment: float
    """Seconds from the start."""
    reason: str
    """Condition that held, the first of: ``always``, ``from_level``, ``none_free``, ``erf_over``,
    ``cover_under``; or ``ordered``, by an inject, whatever the terms."""
    value: float
    """Level, predicted seconds (infinite for nobody free) or share that was found; NaN without a figure."""
    limit: float
    """What the agreement says of it; NaN without a figure."""


def ask_words(ask: Ask) -> str:
    """Return in words why a unit could be asked for."""
    if ask.reason == "from_level":
        return f"level {ask.value:.0f} of at least {ask.limit:.0f}"
    if ask.reason == "erf_over":
        found = "nobody else is free" if ask.value == inf else f"the last need is met in {_clock(ask.value)}"
        return f"{found}, over {_clock(ask.limit)}"
    if ask.reason == "cover_under":
        return f"{ask.value:.1%} of demand stays covered, under {ask.limit:.1%}"
    return {"always": "as a matter of course", "none_free": "no own unit can go"}.get(ask.reason, "by order")


def _clock(seconds: float) -> str:
    """Return a duration as ``14:20.0``."""
    minutes, tenths = divmod(round(seconds * 10), 600)
    return f"{minutes}:{tenths // 10:02d}.{tenths % 10}"


class Because(NamedTuple):
    """Why an agreement lets its units be asked for a need: fields as of :class:`Ask`."""

    reason: str
    value: float = nan
    limit: float = nan


NEVER_GO = ("expired", "not_there", "none_out")
"""Terms that bar the units of an agreement from a place for good, whatever they do: its date, its places
(``only_at``), and a share (``most``) of nothing."""


def term_against(agreement: AgreementTerms, node: int, time: float) -> str:
    """Return which of NEVER_GO bars the units of an agreement from a node at a moment; empty for none."""
    if time >= agreement.until:
        return "expired"
    if not agreement.serves(node):
        return "not_there"
    return "none_out" if agreement.terms.most == 0.0 else ""


class Agreements(Part):
    """Bars units of others, unless they may be asked, and keeps a record of every ask."""

    one_by_one = True
    because = "not_asked"

    def __init__(self, scenario: Scenario, fleet: Fleet, timeline: Timeline) -> None:
        self._agreements, self._of = scenario.agreements, fleet.agreement
        self._members = [
            [unit for unit, number in enumerate(self._of) if number == each]
            for each in range(len(self._agreements))
        ]
        self._others = frozenset(unit for members in self._members for unit in members)
        self._delays = [self._delay_by_slot(each.terms.delay, timeline) for each in self._agreements]
        self._asks: list[Ask] = []
        self._known: dict[Need, dict[int, Because]] = {}
        """What has been found at the present moment, since the last unit was sent."""
        demand = scenario.demand_by_node.sum(axis=0)
        self._reach = Reach(np.flatnonzero(demand), scenario.file.cover_within)
        self._weights = demand[self._reach.places]

    @staticmethod
    def _delay_by_slot(delay: Any, timeline: Timeline) -> list[float]:
        """Return the seconds from an ask until the turnout begins, for each slot."""
        if delay is None or is_fixed(delay):
            fixed = 0.0 if delay is None else float(delay.fixed)
            return [fixed] * len(timeline.capability)
        delays: list[float] = quantile(delay, timeline.of_units["asked_share"]).tolist()
        return delays

    def join(self, ops: Operations) -> None:
        """Take part; a unit of others is nobody's to send on its way home."""
        super().join(ops)
        ops.from_quarters_only |= self._others
        self._bars = [bar for bar in ops.board.barring if getattr(bar, "__self__", None) is not self]

    def barred(self, need: Need) -> Collection[int]:
        """Return the units of others that may not be asked for a need now."""
        asked = self._asked(need)
        if not asked:
            return self._others
        ops, board = self.ops, self.ops.board
        free = {unit for number in asked for unit in self._members[number]}
        if board.diversion:  # who has been asked for one call is not sent to another
            free = {unit for unit in free if board.idle[unit] or board.arrives[unit] <= ops.board.now}
        return self._others - free

    def why_barred(self, need: Need, unit: int) -> str:
        """Return which term keeps a unit back: one of NEVER_GO, its share, the condition, or another call."""
        number = self._of[unit]
        never = term_against(self._agreements[number], need.node, self.ops.board.now)
        if never:
            return never
        if self._is_out(unit):
            return "asked_before"
        return self.because if self._has_left(number) else "share_out"

    def limit(self, number: int, node: int) -> str:
        """Return which limit keeps further units of an agreement from a node, even by order."""
        never = term_against(self._agreements[number], node, self.ops.board.now)
        return never or ("" if self._has_left(number) else "share_out")

    def in_quarters(self, number: int) -> list[int]:
        """Return the units of an agreement that are in quarters and on no call."""
        board = self.ops.board
        return [
            unit
            for unit in self._members[number]
            if board.idle[unit] and board.home_at[unit] <= board.now and not self._is_out(unit)
        ]

    def delay(self, need: Need, unit: int) -> float:
        """Return the seconds until a unit of others begins to turn out."""
        number = self._of[unit]
        return self._delays[number][need.slot] if number >= 0 else 0.0

    def committed(self, need: Need, unit: int, row: int) -> None:
        """Note who was asked, and why."""
        number = self._of[unit] if unit != AID else -1
        if number >= 0:
            why = self._known.get(need, {}).get(number, Because("ordered"))
            self._asks.append(Ask(row // WIDTH, number, self.ops.board.now, *why))
        self._known.clear()

    def settle(self) -> None:
        """Forget what was found at this moment."""
        self._known.clear()

    def records(self) -> dict[str, Any]:
        """Return the asks."""
        return {"asks": tuple(self._asks)}

    def _asked(self, need: Need) -> dict[int, Because]:
        """Return the agreements under which units may be asked for a need now, and why."""
        known = self._known.get(need)
        if known is None:
            known = {}
            for number, agreement in enumerate(self._agreements):
                serves = self.ops.board.now < agreement.until and agreement.serves(need.node)
                if serves and self._has_left(number):
                    why = self._why(agreement.terms.asked_when, need)
                    if why is not None:
                        known[number] = why
            self._known[need] = known
        return known

    def _has_left(self, number: int) -> bool:
        """Whether another unit of an agreement may go out."""
        members = self._members[number]
        most = self._agreements[number].most_out(len(members))
        return bool(members) and sum(map(self._is_out, members)) < most

    def _is_out(self, unit: int) -> bool:
        row = self.ops.row_of[unit]
        return row >= 0 and not self.ops.rows[row + AVAILABLE] <= self.ops.board.now

    def _why(self, when: AskedWhen, need: Need) -> Because | None:
        """Return the first condition that holds for a need, None if none does."""
        level = self.ops.level[need.incident]
        if when.always:
            return Because("always")
        if when.from_level is not None and level >= when.from_level:
            return Because("from_level", level, when.from_level)
        if when.none_free and self._nearest(need, set())[1] < 0:
            return Because("none_free")
        if when.erf_over is not None or when.cover_under is not None:
            seconds, units = self._predicted(need.incident)
            if when.erf_over is not None and seconds > when.erf_over + MARGIN:
                return Because("erf_over", seconds, when.erf_over)
            if when.cover_under is not None:
                share = self._share_left(units)
                if share < when.cover_under:
                    return Because("cover_under", share, when.cover_under)
        return None

    def _predicted(self, call: int) -> tuple[float, set[int]]:
        """Return how long after it opened the last open need of a call would be met, and by which units.

        Each need in turn takes the nearest that is left of the units that need not be asked; where one finds
        nobody the time is infinite.
        """
        last, units = 0.0, set[int]()
        for need in self.ops.backlog:
            if need.incident == call:
                seconds, unit = self._nearest(need, units)
                last = max(last, self.ops.board.now + seconds - need.ready)
                units |= {unit} if unit >= 0 else set()
        return last, units

    def _nearest(self, need: Need, taken: Collection[int]) -> tuple[float, int]:
        """Return expected seconds and number of the nearest unit that need not be asked; −1 for none."""
        board, best = self.ops.board, (inf, -1)
        gone = self._gone(need)
        for seconds, unit in board.fleet.ranking(need.node, need.capability):
            in_quarters = board.idle[unit] and board.home_at[unit] <= board.now
            if in_quarters and unit not in gone and unit not in taken:
                best = seconds, unit
                break
        for unit in board.on_the_road(need):
            able = need.capability in board.fleet.capabilities[unit]
            if able and unit not in gone and unit not in taken:
                best = min(best, (board.seconds_from_road(unit, need.node, best[0]), unit))
        return best if best[0] < inf else (inf, -1)

    def _gone(self, need: Need) -> set[int]:
        """Return who cannot be sent to a need without being asked, as the board has it for all units."""
        board = self.ops.board
        barred = set(self._others).union(*(bar(need) for bar in self._bars))
        sent = board.sent.get(need.incident, set())
        able = (unit for _, unit in board.fleet.ranking(need.node, need.capability))
        gone = barred | sent | board.off_duty
        return barred | sent if any(unit not in gone for unit in able) else barred

    def _share_left(self, leaving: Collection[int]) -> float:
        """Return the share of demand that would be near a free unit that need not be asked.

        It is 1 where there is no demand.
        """
        board, gone = self.ops.board, {*leaving, *self._others}
        left = [unit for unit, idle in enumerate(board.idle) if idle and unit not in gone]
        covered = np.zeros(len(self._weights), dtype=np.bool_)
        for unit in left:
            covered |= self._reach.near(board.fleet, unit, board.base[unit])
        total = float(self._weights.sum())
        return float(self._weights[covered].sum()) / total if total else 1.0
