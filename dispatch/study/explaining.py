"""Why these units: everything that was decided about one call of a replication, and what came of it."""

from __future__ import annotations

from math import inf, isnan, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.composition import find_layout, simulate
from dispatch.engine.board import Status, status_of
from dispatch.engine.duty import Duty
from dispatch.engine.log import AID
from dispatch.engine.notices import notices
from dispatch.engine.rulebook import Ending
from dispatch.engine.tiers import NEVER_GO
from dispatch.errors import UsageError, did_you_mean
from dispatch.scenario.layout import AID_NAME
from dispatch.study.explained import (
    MOMENTS,
    Candidate,
    Choice,
    Epoch,
    Explanation,
    Group,
    Moment,
    Reason,
    Sent,
)
from dispatch.study.reasoning import Reasons
from dispatch.study.rungs import rungs_of
from dispatch.study.supplied import supplied
from dispatch.study.taken import taken
from dispatch.study.watching import COMMITTED, OFF_DUTY, Asked, Rows, Watch, not_asked
from dispatch.timeline import draw

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dispatch.engine.log import Log
    from dispatch.scenario.scenario import Scenario
    from dispatch.study.watching import Seen
    from dispatch.timeline import Timeline


def find_call(scenario: Scenario, timeline: Timeline, incident: str) -> int:
    """Return the number of a call in a timeline by its id; raises UsageError for an unknown one."""
    ids = timeline.incident_ids(scenario.kinds)
    if incident not in ids:
        message = f"replication {timeline.replication} has no incident '{incident}'."
        raise UsageError(message, hint=did_you_mean(incident, ids))
    return ids.index(incident)


def explain(
    scenario: Scenario, layout: str = "baseline", replication: int = 0, *, incident: str
) -> tuple[Explanation, Log]:
    """Simulate a replication, and return the story of one call of it, and the log, which is as always.

    Raises UsageError for an incident that the replication does not have.
    """
    find_layout(scenario, layout)
    timeline = draw(scenario, replication)
    call = find_call(scenario, timeline, incident)
    watch = Watch(call)
    log = simulate(scenario, layout, timeline, watch=watch)
    return _Story(log, call, watch, layout).told(), log


TOLD_ELSEWHERE = ("level raised", "broken down", "to hospital")
"""Notices that the story tells in another way."""


class _Story:
    """Puts what was noted and what happened together."""

    def __init__(self, log: Log, call: int, watch: Watch, layout: str) -> None:
        self.log, self.call, self.watch, self.layout = log, call, watch, layout
        t, r = log.timeline, log.responses
        answered = set(r.slot[r.incident == call].tolist())
        every = range(int(t.first_slot[call]), int(t.first_slot[call + 1]))
        self.opened = _opened(log, call)
        self.slots = [slot for slot in every if slot in self.opened or slot in answered]
        self.own = np.flatnonzero(r.incident == call).tolist()
        self.rows, self.duty = Rows(log), Duty.of(log)
        self.lost = set(log.lost.tolist())
        self.names = [log.scenario.capabilities[c] for c in t.capability[self.slots]]
        self.estimates: dict[tuple[int, int, float], float] = {}
        """Expected seconds by slot, unit and moment of the alert."""

    def told(self) -> Explanation:
        log, call, t = self.log, self.call, self.log.timeline
        scenario, zone = log.scenario, int(log.scenario.zone_of[t.node[call]])
        epochs = tuple(sorted([*self._asked(), *self._not_asked()], key=lambda epoch: epoch.time))
        status = str(log.incidents.status()[call])
        received, ready = float(t.received[call]), float(t.ready[call])
        responses = tuple(self._sent(row) for row in self.own)
        closed = ready if status == "lost" else float(log.incidents.closed[call])
        given_up = [(n, self._given_up(n, epochs)) for n, slot in enumerate(self.slots) if slot in self.lost]
        course = [Moment(received, "received"), Moment(ready, "ready")]
        course += [Moment(epoch.time, "decision", "", number) for number, epoch in enumerate(epochs)]
        course += [moment for number, sent in enumerate(responses) for moment in _moments(number, sent)]
        course += [Moment(time, "lost", "", n + 1) for n, time in given_up]
        course += [] if isnan(closed) else [Moment(closed, "closed")]
        levels = rungs_of(log, call)
        course += [Moment(rung.since, "level", "", number) for number, rung in enumerate(levels)]
        noted = tuple(each for each in notices(log) if each.incident == self._name(call)
                      and each.what not in TOLD_ELSEWHERE)  # fmt: skip
        course += [Moment(each.moment, "noted", each.unit, number) for number, each in enumerate(noted)]
        return Explanation(
            incident=self._name(call),
            type=scenario.kinds[t.kind[call]].id,
            node=str(scenario.network.node_ids[t.node[call]]),
            zone="" if zone < 0 else str(scenario.zones[zone]),
            priority=int(t.priority[call]),
            needs=tuple(self.names),
            status=status,
            received=received,
            ready=ready,
            closed=closed,
            layout=self.layout,
            replication=t.replication,
            policy=self.watch.name,
            first_due=tuple(log.fleet.ids[unit] for unit in log.fleet.first_due.get(int(t.node[call]), ())),
            epochs=epochs,
            responses=responses,
            levels=levels,
            severity=int(t.severity[call]),
            notices=noted,
            course=tuple(sorted(course, key=lambda m: (m.time, MOMENTS.index(m.what)))),
            supplies=supplied(log, call),
        )

    def _given_up(self, number: int, epochs: Sequence[Epoch]) -> float:
        decided = (e.time for e in epochs if any(choice.need == number + 1 for choice in e.choices))
        return max(decided, default=float(self.log.timeline.ready[self.call]))

    def _name(self, call: int) -> str:
        return "" if call < 0 else self.log.timeline.incident_id(call, self.log.scenario.kinds)

    def _asked(self) -> Iterator[Epoch]:
        last = {need.slot: asked for asked in self.watch.asked for need in asked.needs}
        for asked in self.watch.asked:
            choices = []
            for need in sorted(asked.needs, key=lambda need: need.slot):
                unit = next((unit for unit, of in asked.carried_out.items() if of == need), None)
                if unit is not None:
                    seconds = next(one.seconds for one in asked.seen[need.slot] if one.unit == unit)
                    self.estimates[need.slot, unit, asked.time] = seconds
                    reason = Reasons(self.log, self.watch.rule, asked, need).of_sending(unit)
                    choices.append(self._choice(need.slot, self.log.fleet.ids[unit], "sent", seconds, reason))
                    continue
                reason = Reasons(self.log, self.watch.rule, asked, need).of_leaving()
                choices.append(self._left(need.slot, reason, asked.time, final=last[need.slot] is asked))
            yield Epoch(asked.time, asked=True, groups=self._groups(asked), choices=tuple(choices))

    def _not_asked(self) -> Iterator[Epoch]:
        """Yield the moments at which needs opened and nobody could be sent at all."""
        r, opened = self.log.responses, dict[float, set[int]]()
        own = [row for row in self.own if r.unit[row] != AID]
        sent = {(int(r.slot[row]), float(r.alerted[row])) for row in own}  # some by order, unasked
        for slot, moment in self.opened.items():
            if (slot, moment) not in sent:
                opened.setdefault(moment, set()).add(slot)
        for row in self.own:
            again = self._reopened(row)
            if again is not None:
                opened.setdefault(again, set()).add(int(r.slot[row]))
        known = {asked.time for asked in self.watch.asked}
        for time, slots in opened.items():
            if time in known:
                continue
            seen = not_asked(self.log, self.rows, self.call, sorted(slots), time)
            asked = Asked(time, (), seen, [], 0, again=False, first_due=(), matched=0, weighed={})
            reasons = {slot: Reason("nobody_free" if seen[slot] else "nobody_able") for slot in sorted(slots)}
            later = {need.slot for one in self.watch.asked if one.time > time for need in one.needs}
            later |= {slot for moment, others in opened.items() if moment > time for slot in others}
            choices = [
                self._left(slot, reason, time, final=slot not in later) for slot, reason in reasons.items()
            ]
            yield Epoch(time, asked=False, groups=self._groups(asked), choices=tuple(choices))

    def _reopened(self, row: int) -> float | None:
        """Return when the need of a response was open again, None if it never was."""
        r, ending, slot = (
            self.log.responses,
            self.log.responses.ending[row],
            int(self.log.responses.slot[row]),
        )
        if ending in (Ending.CUT_OFF, Ending.BROKEN_DOWN):
            return float(r.returning[row])
        if ending == Ending.DIVERTED:
            return float(r.available[row])
        later = any(r.slot[other] == slot and r.alerted[other] >= r.returning[row] for other in self.own)
        replaced = ending == Ending.RECALLED and isnan(r.on_scene[row]) and (later or slot in self.lost)
        return float(r.returning[row]) if replaced else None

    def _choice(self, slot: int, unit: str, outcome: str, seconds: float, reason: Reason) -> Choice:
        number = self.slots.index(slot)
        return Choice(number + 1, self.names[number], unit, outcome, seconds, reason)

    def _left(self, slot: int, reason: Reason, time: float, *, final: bool) -> Choice:
        """Tell what became of a need that got nobody; ``final`` where no later decision takes it up."""
        if reason.code == "asked_again":
            return self._choice(slot, "", "asked_again", nan, reason)
        r = self.log.responses
        aided = [
            row for row in self.own if r.slot[row] == slot and r.unit[row] == AID and r.alerted[row] >= time
        ]
        if final and aided:
            return self._choice(slot, AID_NAME, "mutual_aid", nan, reason)
        lost = final and slot in self.lost
        return self._choice(slot, "", "lost" if lost else "waiting", nan, reason)

    def _groups(self, asked: Asked) -> tuple[Group, ...]:
        """Put needs together that ask for the same, and to which the same units could go."""
        t, alike = self.log.timeline, dict[tuple[Any, ...], list[int]]()
        for slot in sorted(asked.seen):
            whys = tuple((one.unit, one.why) for one in asked.seen[slot])
            alike.setdefault((int(t.capability[slot]), int(t.crew[slot]), whys), []).append(slot)
        return tuple(
            Group(
                self.log.scenario.capabilities[capability],
                crew,
                tuple(self.slots.index(slot) + 1 for slot in slots),
                tuple(self._candidate(one, asked) for one in asked.seen[slots[0]]),
            )
            for (capability, crew, _), slots in alike.items()
        )

    def _candidate(self, one: Seen, asked: Asked) -> Candidate:
        fleet, sent = self.log.fleet, asked.carried_out.get(one.unit)
        status, call, why, until = one.status, one.call, one.why, nan
        if why and why != "no_way":
            row = one.response
            available = float(self.log.responses.available[row]) if row >= 0 else asked.time
            if status == COMMITTED and available <= asked.time:  # not at work, and yet it cannot be sent
                out = self.duty.is_out(one.unit, asked.time)
                status, call = Status.OUT_OF_SERVICE.value if out else OFF_DUTY, -1
                why = why if why in NEVER_GO else "out_of_service" if out else "off_duty"
            else:
                until = available if available > asked.time and why not in NEVER_GO else nan
                status = status if status != COMMITTED else status_of(self.log, row, asked.time).value
                if (
                    why == "busy"
                    and call == self.call
                    and not asked.time >= self.log.responses.returning[row]
                ):
                    why = "already_sent"
        return Candidate(
            fleet.ids[one.unit],
            fleet.layout.sites[fleet.site[one.unit]].id,
            status,
            self._name(call),
            one.seconds,
            why,
            until,
            "" if sent is None else self._name(sent.incident),
        )

    def _sent(self, row: int) -> Sent:
        log, r = self.log, self.log.responses
        unit, slot, alerted = int(r.unit[row]), int(r.slot[row]), float(r.alerted[row])
        before, after, moved = -1, -1, ""
        if unit != AID:
            mine = self.rows[unit]
            at = mine.index(row)
            moved = _moved_up_to(log, unit, mine[at - 1] if at else -1, alerted)
            before = mine[at - 1] if at and r.from_road[row] and not moved else -1
            diverted = r.ending[row] == Ending.DIVERTED
            after = mine[at + 1] if diverted else -1
        return Sent(
            self.slots.index(slot) + 1,
            self.names[self.slots.index(slot)],
            AID_NAME if unit == AID else log.fleet.ids[unit],
            "" if unit == AID else log.fleet.layout.sites[log.fleet.site[unit]].id,
            alerted,
            alerted + self.estimates.get((slot, unit, alerted), nan),
            nan
            if unit == AID or r.from_road[row] == 1
            else log.fleet.mean_turnout[unit] + log.fleet.mean_delay[unit],
            float(r.en_route[row]),
            float(r.on_scene[row]),
            float(r.clear[row]),
            float(r.at_hospital[row]),
            float(r.returning[row]),
            float(r.available[row]),
            float(r.in_quarters[row]),
            Ending(int(r.ending[row])).name.lower(),
            "" if before < 0 else self._name(int(r.incident[before])),
            before >= 0 and int(r.ending[before]) == Ending.DIVERTED,
            "" if after < 0 else self._name(int(r.incident[after])),
            taken(log, row),
            moved,
            str(log.scenario.network.node_ids[log.staged[row].node]) if row in log.staged else "",
        )


def _moved_up_to(log: Log, unit: int, before: int, alerted: float) -> str:
    """Return the station to which a unit had moved since its response ``before``, or was moving, if any."""
    since = float(log.responses.available[before]) if before >= 0 else -inf
    moves = [each for each in log.move_ups if each.unit == unit and since <= each.left <= alerted]
    fleet = log.fleet
    return fleet.layout.sites[moves[-1].site].id if moves and moves[-1].site != fleet.site[unit] else ""


def _opened(log: Log, call: int) -> dict[int, float]:
    """Return when each slot was asked for that the call's alarm levels or its units on scene ask for."""
    t, opened = log.timeline, dict[int, float]()
    rises = [(int(t.level[call]), float(t.ready[call]))]
    rises += [(each.after, each.moment) for each in log.raises if each.incident == call]
    for slot in range(int(t.first_slot[call]), int(t.first_slot[call + 1])):
        moment = next((at for reached, at in rises if t.slot_level[slot] <= reached), None)
        if moment is not None:
            opened[slot] = moment
    asked = (each for each in log.reliefs if log.responses.incident[each.response] == call)
    return opened | {each.slot: each.asked for each in asked}


def _moments(number: int, sent: Sent) -> Iterator[Moment]:
    """Yield what a response adds to the story of its call."""
    transported = sent.at_hospital != sent.clear
    moments = {
        "alerted": sent.alerted,
        "en route": sent.en_route,
        "on scene": sent.on_scene,
        "clear": sent.clear,
        "at hospital": sent.at_hospital if transported else nan,
        "cancelled": sent.returning if sent.ending == "cancelled" else nan,
        "cut off": sent.returning if sent.ending == "cut_off" else nan,
        "broken down": sent.returning if sent.ending == "broken_down" else nan,
        "diverted": sent.available if sent.ending == "diverted" else nan,
    }
    for what, time in moments.items():
        if not isnan(time):
            yield Moment(time, what, sent.unit, number)
