"""What units do: their rows in the log, trips, releases, and responses that come to nothing."""

from __future__ import annotations

from bisect import insort
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from dispatch.durations import quantile
from dispatch.engine.agenda import INJECT, ORDER, RELEASE, Agenda, Event
from dispatch.engine.board import LiveBoard
from dispatch.engine.duty import Duty
from dispatch.engine.log import (
    ALERTED,
    AT_HOSPITAL,
    AVAILABLE,
    CLEAR,
    EN_ROUTE,
    ENDING,
    IN_QUARTERS,
    INCIDENT,
    ON_SCENE,
    RETURNING,
    SLOT,
    UNIT,
    WIDTH,
    Move,
    Ordered,
)
from dispatch.engine.parts import Part
from dispatch.engine.protocols import Need
from dispatch.engine.rulebook import NEVER, Ending, called_off, itinerary
from dispatch.needs import NO_LEVEL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dispatch.engine.fleet import Fleet
    from dispatch.roads.travel import Position
    from dispatch.scenario.scenario import Scenario
    from dispatch.timeline import Timeline


class Operations:
    """The state of one simulation, and what may be done to it; parts of the doctrine work through this."""

    # read at every event: an object with over 30 attributes in a dictionary is markedly slower
    __slots__ = (
        "_aid_delay", "_aiding", "_busy", "_cancelled", "_hand_over", "_moves", "_next", "_next_period",
        "_on_release_callbacks", "_on_scene", "_order", "_returning", "_transport", "_turnout", "_version",
        "agenda", "backlog", "board", "capability", "duty", "first_slot", "fleet", "from_quarters_only",
        "level", "node", "orders", "parts", "priority", "raised_at", "ready", "row_of", "rows", "scenario",
        "sent_rows", "slot_level", "stands", "timeline", "until",
    )  # fmt: skip

    def __init__(self, scenario: Scenario, fleet: Fleet, timeline: Timeline, parts: Sequence[Part]) -> None:
        rules = scenario.file.dispatching
        self.scenario, self.fleet, self.timeline, self.parts = scenario, fleet, timeline, tuple(parts)
        self.agenda = Agenda()
        self.board = LiveBoard(fleet, diversion=rules.diversion)
        self.duty = Duty(scenario, fleet, timeline)
        self._aiding = rules.when_none_free == "mutual_aid"
        self._returning = rules.returning
        self.from_quarters_only: set[int] = set()
        """Units that are not sent on their way home, whatever the rules say."""
        self.backlog: list[Need] = []
        """Needs that wait for a unit, in order."""
        self.rows: list[float] = []  # rows one after the other: a list for each would keep the collector busy
        """What becomes the responses of the log; fields of a row stand as ``engine.log`` says."""
        self.row_of = [-1] * len(fleet)
        """Where the row of each unit's last response starts; −1 before the first [U]."""
        self._version = [0] * len(fleet)
        self._moves: list[Move] = []
        self.sent_rows: dict[int, list[int]] = {}
        """Rows of the responses to each call; kept only where there are parts of the doctrine."""
        self.orders: list[Ordered] = []
        """What was ordered, and what came of it."""
        self.stands: dict[int, int] = {}
        """Where units are when they are done, if that is not where they were sent: node by unit."""
        self.raised_at: dict[int, float] = {}
        """When the level rose for the sake of a slot: moment by slot, for those beyond the first alarm."""
        self.until: dict[int, float] = {}
        """When the work of a slot ends whoever arrives when, for those that take over from another slot."""
        self._on_release_callbacks = [self._on_release]
        self._unpack(timeline)
        self._enter(0.0)
        self.board.last_sent = self._last_sent
        self.board.barring = [part.barred for part in parts if type(part).barred is not Part.barred]

    def _enter(self, now: float) -> None:
        """Take up the conditions on the roads as they are now."""
        roads = self.scenario.roads
        if not roads.constant:
            self.fleet = self.board.fleet = self.fleet.under(roads.at(now))
        self._next_period = roads.next_period(now)

    def _unpack(self, t: Timeline) -> None:
        """Turn arrays into lists, which plain Python reads several times faster."""
        self._order = np.argsort(t.ready, kind="stable").tolist()
        self._next = 0
        self.ready, self.node, self.priority = t.ready.tolist(), t.node.tolist(), t.priority.tolist()
        self.first_slot, self.capability = t.first_slot.tolist(), t.capability.tolist()
        self._on_scene, self._busy = t.on_scene.tolist(), t.busy.tolist()
        self._transport, self._hand_over = t.transport.tolist(), t.hand_over.tolist()
        self._cancelled = t.cancelled.tolist()
        self.level, self.slot_level = t.level.tolist(), t.slot_level.tolist()
        self._aid_delay = t.aid_delay.tolist() if self._aiding else []
        turnouts = {}
        for distribution in self.fleet.turnouts:
            if id(distribution) not in turnouts:
                drawn = quantile(distribution, t.turnout_share)
                turnouts[id(distribution)] = np.where(np.isnan(t.turnout), drawn, t.turnout).tolist()
        self._turnout = [turnouts[id(distribution)] for distribution in self.fleet.turnouts]

    def _last_sent(self, unit: int) -> tuple[int, int]:
        """Return the call that a unit was last sent to, and the number of that response; −1 for none."""
        row = self.row_of[unit]
        return (-1, -1) if row < 0 else (int(self.rows[row + INCIDENT]), row // WIDTH)

    def at(self, moment: float, act: Callable[[], None], rank: float = INJECT) -> None:
        """Let something happen at a moment, before units are released and calls come in."""

        def run(_: Event) -> None:
            self.set_now()
            act()
            self.decide()

        self.agenda.schedule_at(Event([run]), rank, moment)

    def by_order(self, place: int, act: Callable[[], None]) -> None:
        """Carry out the scenario's command at a place at its moment, behind those that stand before it."""
        commands = self.scenario.commands
        self.at(commands[place].moment, act, ORDER + place / len(commands))

    def wake_at(self, moment: float) -> None:
        """Let everybody look again at a moment, at which nothing else need happen."""
        self.at(moment, _nothing)

    def decide(self) -> None:
        """Find units for the open needs, once everything of the present moment is known."""
        raise NotImplementedError

    def commit(self, need: Need, unit: int) -> None:
        """Send a unit: write its itinerary and schedule its release."""
        raise NotImplementedError

    def open_needs(self, call: int) -> None:
        """Open the needs of a call that its first alarm asks for."""
        level, levels, capability, backlog = self.level[call], self.slot_level, self.capability, self.backlog
        priority, ready, node = self.priority[call], self.ready[call], self.node[call]
        for slot in range(self.first_slot[call], self.first_slot[call + 1]):
            if levels[slot] <= level:
                insort(backlog, Need(priority, ready, call, slot, capability[slot], node))

    def is_over(self, call: int) -> bool:
        """Whether nobody is wanted at a call any more, on the way there, or at work."""
        if any(need.incident == call for need in self.backlog):
            return False
        return all(map(self.has_left, self.sent_rows.get(call, ())))

    def has_left(self, row: int) -> bool:
        """Whether a unit has left the call of a response, or never got there and will not."""
        rows, now = self.rows, self.board.now
        return rows[row + CLEAR] <= now or rows[row + RETURNING] <= now or rows[row + AVAILABLE] <= now

    def reinforce(self, call: int, above: int) -> None:
        """Open the needs of a call that its level asks for now, and a level ``above`` did not."""
        for slot in range(self.first_slot[call], self.first_slot[call + 1]):
            if above < self.slot_level[slot] <= self.level[call]:
                self.raised_at[slot] = self.board.now
                insort(self.backlog, self.need_of(call, slot))

    def need_of(self, call: int, slot: int) -> Need:
        """Return the need that a slot of a call stands for."""
        priority, capability, node = self.priority[call], self.capability[slot], self.node[call]
        if slot in self.raised_at:
            return Need(priority, self.raised_at[slot], call, slot, capability, node, raised=True)
        return Need(priority, self.ready[call], call, slot, capability, node)

    def _on_release(self, event: Event) -> None:
        """Make a unit available again, at home or on its way there."""
        self.set_now()
        if event.version == self._version[event.unit]:  # or else the unit was diverted in the meantime
            self.release(event.unit)
        self.decide()

    def set_now(self) -> None:
        """Let the board show the present moment."""
        now = self.board.now = self.agenda.now
        if now >= self._next_period:
            self._enter(now)

    def release(self, unit: int) -> None:
        """Let a unit go that is done with its call, or has come home from it."""
        log, row = self.rows, self.row_of[unit]
        home_at = log[row + IN_QUARTERS]
        if home_at != home_at:
            if self.parts and any(part.takes_on(unit, row) for part in self.parts):
                return
            home_at = self.send_home(unit, row)
            may_turn = self._returning and unit not in self.from_quarters_only
            if home_at == inf or not may_turn or (self.parts and self._rest(unit, row) > 0.0):
                self.head_home(unit, row, home_at)
                return
            log[row + IN_QUARTERS] = home_at
        self.board.set_idle(unit, home_at)

    def _returns(self, unit: int) -> bool:
        """Whether a unit on its way home may be sent."""
        return self._returning and unit not in self.from_quarters_only

    def _rest(self, unit: int, row: int) -> float:
        """Return seconds that a unit needs in quarters before it is available."""
        return sum(part.rest(unit, row) for part in self.parts) if self.parts else 0.0

    def head_home(self, unit: int, row: int, home_at: float) -> None:
        """Note when a unit will be home; until then it may be dispatched from the road, or not at all."""
        board, log, now = self.board, self.rows, self.board.now
        log[row + IN_QUARTERS] = home_at
        if home_at == inf:
            log[row + IN_QUARTERS] = NEVER
            board.stranded.add(unit)
        rest = self._rest(unit, row)
        if (home_at > now and not self._returns(unit)) or rest > 0.0:
            self.release_at(unit, row, home_at + rest)
            for part in self.parts:
                part.heads_home(unit, row, home_at)
        else:
            board.set_idle(unit, home_at)

    def release_at(self, unit: int, row: int, moment: float) -> None:
        """Let a unit become available at a moment and not before; never where that is infinite."""
        version = self._version[unit] = self._version[unit] + 1
        if moment < inf:
            self.rows[row + AVAILABLE] = moment
            event = Event(self._on_release_callbacks, unit, version)
            self.agenda.schedule_at(event, RELEASE, moment)
        else:
            self.rows[row + AVAILABLE] = NEVER

    def forget_release(self, unit: int) -> None:
        """Let a unit's scheduled release count for nothing."""
        self._version[unit] += 1

    def send_home(self, unit: int, row: int) -> float:
        """Set a unit on its way home and return when it gets there: at infinity where no way leads."""
        board, fleet, log, now = self.board, self.fleet, self.rows, self.board.now
        if log[row + ENDING] == Ending.CANCELLED:
            board.staged.pop(unit, None)
            wait, position = board.whereabouts(unit)
            seconds = self.seconds_home(unit, wait, position)
            self.set_out(unit, position, fleet.home[unit], "normal", now)
        else:
            slot, node = int(log[row + SLOT]), self.node[int(log[row + INCIDENT])]
            if self._busy[slot] == self._busy[slot] and log[row + ENDING] != Ending.RECALLED:
                return now
            if self.stands:
                node = self.stands.pop(unit, node)
            position, seconds = fleet.travels[unit].at(node), fleet.homebound[unit][node]
            board.set_trip(unit, position, fleet.home[unit], "normal", now)
        return now + seconds

    def seconds_home(self, unit: int, wait: float, position: Position) -> float:
        """Return seconds home of a unit that is called off; 0 if it has not left its quarters yet."""
        fleet = self.fleet
        if wait > 0.0 and position == fleet.quarters[unit]:
            return 0.0
        return fleet.travels[unit].seconds(position, fleet.home[unit], "normal")

    def set_out(
        self, unit: int, position: Position, target: int, mode: str, left: float, fleet: Fleet | None = None
    ) -> None:
        """Put a unit on its way from somewhere on the road, which the log has to tell."""
        self.board.set_trip(unit, position, target, mode, left, fleet)
        row = self.row_of[unit] // WIDTH
        self._moves.append(Move(unit, row, left, position, target, mode, self.board.conditions[unit]))

    def respond(self, need: Need, unit: int, en_route: float, arrived: float, from_road: int) -> int:
        """Write a new response and return where its row starts; later events may amend it."""
        now, slot, row = self.board.now, need.slot, len(self.rows)
        on_scene, clear, hospital, available, ending = self.course(slot, now, arrived)
        if en_route > available:
            en_route = NEVER  # called off before it left
        self.rows += (need.incident, slot, unit, now, en_route, on_scene, clear, hospital, available,
                      available, NEVER, ending, from_road)  # fmt: skip
        return row

    def course(self, slot: int, alerted: float, arrived: float) -> tuple[float, float, float, float, float]:
        """Return the moments on scene, clear, at hospital and available of a response, and how it ends.

        It arrives at infinity while nobody knows when it will.
        """
        if self.until and slot in self.until:
            return self._shift(slot, self.until[slot], arrived)
        if called_off(alerted, self._cancelled[slot], arrived):
            return NEVER, NEVER, NEVER, alerted + self._cancelled[slot], Ending.CANCELLED
        if arrived == inf:
            return NEVER, NEVER, NEVER, inf, Ending.SERVED
        clear, hospital, available = itinerary(
            alerted,
            arrived,
            self._on_scene[slot],
            self._busy[slot],
            self._transport[slot],
            self._hand_over[slot],
        )
        return arrived, clear, hospital, available, Ending.SERVED

    def _shift(self, slot: int, until: float, arrived: float) -> tuple[float, float, float, float, float]:
        """Return the same of a response that takes over: called off where the work is over by then."""
        if not arrived < until:
            return NEVER, NEVER, NEVER, until, Ending.CANCELLED
        clear, hospital, available = itinerary(
            arrived, until, 0.0, NEVER, self._transport[slot], self._hand_over[slot]
        )
        return arrived, clear, hospital, available, Ending.SERVED

    def arrive_at(self, unit: int, row: int, arrived: float) -> None:
        """Amend a response that arrives at another moment, at infinity while nobody knows when."""
        log, slot = self.rows, int(self.rows[row + SLOT])
        moments = self.course(slot, log[row + ALERTED], arrived)
        log[row + ON_SCENE], log[row + CLEAR], log[row + AT_HOSPITAL], available, log[row + ENDING] = moments
        log[row + RETURNING] = available
        self.board.arrives[unit] = min(arrived, available)
        self.release_at(unit, row, available)

    def break_off(self, unit: int) -> None:
        """End what a unit on the road was doing, because it is sent elsewhere."""
        row = self.row_of[unit]
        self.board.stranded.discard(unit)
        if self.board.idle[unit]:
            if unit not in self.board.moved:  # or else its last call is long over
                self.rows[row + IN_QUARTERS] = NEVER
            return
        self.abandon(row, Ending.DIVERTED)
        self.board.set_idle(unit, self.board.now)

    def abandon(self, row: int, ending: Ending, *, reopen: bool = True) -> None:
        """End a response before arrival; its need is open again, unless nobody is to come instead."""
        board, log, now = self.board, self.rows, self.board.now
        incident, slot = int(log[row + INCIDENT]), int(log[row + SLOT])
        board.staged.pop(int(log[row + UNIT]), None)
        if incident in board.sent:
            board.sent[incident].discard(int(log[row + UNIT]))  # it may come back
        log[row + ENDING], log[row + AVAILABLE] = ending, now
        if log[row + EN_ROUTE] > now:
            log[row + EN_ROUTE] = NEVER
        log[row + ON_SCENE] = log[row + CLEAR] = log[row + AT_HOSPITAL] = log[row + RETURNING] = NEVER
        if reopen and self.slot_level[slot] != NO_LEVEL:  # nobody but the order wanted that unit
            insort(self.backlog, self.need_of(incident, slot))


def _nothing() -> None:
    """Do nothing but wake up."""
