"""What a log shows of the actions that are expected in an exercise, and of the conditions of its script.

A log is that of a scenario simulated with all that is known so far. What it shows of a moment holds as long
as nothing is added before that moment.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from dispatch.engine.board import Board, Status, UnitStates
from dispatch.engine.duty import Duty
from dispatch.engine.log import AID

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import NDArray

    from dispatch.engine.log import Log
    from dispatch.model.briefs import Action, Asked, Condition, Force, LevelReached
    from dispatch.model.expectations import Delivery

    Floats = NDArray[np.float64]
    Span = tuple[float, float]
    """From a moment on, until another one that is not in it [s]."""

CARRIED_OUT = ("turned back", "left the scene")
"""What the log says of a recall that was one."""

NOT_FREE = (Status.OFF_DUTY, Status.OUT_OF_SERVICE)
"""States of units on no call in which they cannot be sent."""


def first_seen(log: Log, action: Action, since: float) -> float:
    """Return the first moment, not before ``since``, at which an action is seen, from the scenario's start.

    Infinite for never; not a number where no log can show it, so that somebody has to judge.
    """
    if action.level is not None:
        return _level(log, action.level, since)
    if action.under_control is not None:
        return _under_control(log, action.under_control, since)
    if action.delivered is not None:
        return _delivered(log, action.delivered, since)
    if action.asked is not None:
        return _asked(log, action.asked, since)
    if action.moved_up is not None:
        return _moved_up(log, action.moved_up, since)
    if action.recalled is not None:
        return _recalled(log, action.recalled, since)
    for key, spans in (("sent", _sent), ("on_scene", _on_scene), ("staged", _staged)):
        force: Force | None = getattr(action, key)
        if force is not None:
            return at_once(spans(log, force), force.count, since)
    return math.nan


def holds(log: Log, condition: Condition, moment: float, overdue: Collection[str]) -> bool:
    """Whether everything that a condition asks for is so at a moment [s from the scenario's start].

    ``overdue`` are the ids of the entries of which an expected action is overdue then.
    """
    force = condition.on_scene
    if force is not None and at_once(_on_scene(log, force), force.count, moment) != moment:
        return False
    if condition.level is not None and _level(log, condition.level, moment) != moment:
        return False
    if condition.missed is not None and condition.missed not in overdue:
        return False
    if condition.waiting is not None and len(Board.at(log, moment).waiting) < condition.waiting:
        return False
    return condition.free_below is None or free_units(log, moment) < condition.free_below


def first_held(log: Log, condition: Condition, since: float, until: float, late: dict[str, float]) -> float:
    """Return the first moment from ``since`` on, before ``until``, at which a condition holds; else infinity.

    ``late`` gives the moment from which on each entry has an expected action overdue.
    """
    moments = {since, *(moment for moment in late.values() if since < moment < until)}
    moments |= {moment for moment in _changes(log) if since < moment < until}
    moments |= set(Duty.of(log).changes(since, until))
    for moment in sorted(moments):
        overdue = [name for name, begins in late.items() if begins <= moment]
        if holds(log, condition, moment, overdue):
            return moment
    return math.inf


def free_units(log: Log, moment: float) -> int:
    """Return how many of the layout's own units could be sent: on duty, in service, on no call."""
    states, fleet = UnitStates.of(log), log.fleet
    own = [states.at(unit, moment) for unit in range(len(fleet)) if fleet.agreement[unit] < 0]
    return sum(call < 0 and status not in NOT_FREE for status, call in own)


def at_once(spans: Iterable[Span], count: int, since: float) -> float:
    """Return the first moment from ``since`` on in which so many spans hold at once; infinite for none."""
    kept = [(begins, ends) for begins, ends in spans if ends > since]
    for moment in sorted({since, *(begins for begins, _ in kept if begins > since)}):
        if sum(begins <= moment < ends for begins, ends in kept) >= count:
            return moment
    return math.inf


def call_of(log: Log, incident: str) -> int:
    """Return the number of a call by id; −1 where it has not come in."""
    numbers: dict[str, int] | None = log.worked_out.get("numbers of calls")
    if numbers is None:
        ids = log.timeline.incident_ids(log.scenario.kinds)
        numbers = log.worked_out["numbers of calls"] = {name: call for call, name in enumerate(ids)}
    return numbers.get(incident, -1)


def _rows(log: Log, force: Force) -> list[int]:
    """Return the responses that count for a force: to its call, by its unit, with its capability."""
    call, fleet, r = call_of(log, force.incident), log.fleet, log.responses
    rows = [] if call < 0 else np.flatnonzero(r.incident == call).tolist()
    if force.unit is not None:
        number = fleet.ids.index(force.unit) if force.unit in fleet.ids else None
        rows = [row for row in rows if r.unit[row] == number]
    if force.capability is not None:
        names = log.scenario.capabilities
        wanted = names.index(force.capability) if force.capability in names else None
        rows = [row for row in rows if wanted in _capabilities(log, row)]
    return rows


def _capabilities(log: Log, row: int) -> Collection[int]:
    """Return what a unit can do; mutual aid can do what it was asked for."""
    unit = int(log.responses.unit[row])
    if unit == AID:
        return (int(log.timeline.capability[log.responses.slot[row]]),)
    return log.fleet.capabilities[unit]


def _sent(log: Log, force: Force) -> list[Span]:
    """Return when units were sent to a call and not yet done with it, or turned away from it."""
    r = log.responses
    return [(float(r.alerted[row]), _left(log, row)) for row in _rows(log, force)]


def _on_scene(log: Log, force: Force) -> list[Span]:
    """Return when units were on scene."""
    r = log.responses
    rows = [row for row in _rows(log, force) if not math.isnan(r.on_scene[row])]
    return [(float(r.on_scene[row]), _left(log, row)) for row in rows]


def _left(log: Log, row: int) -> float:
    """Return when a unit left a call, or turned away from it; infinite where it never does."""
    r = log.responses
    moment = np.fmin(np.fmin(r.clear[row], r.returning[row]), r.available[row])
    return math.inf if math.isnan(moment) else float(moment)


def _staged(log: Log, force: Force) -> list[Span]:
    """Return when units waited at a staging area."""
    found = []
    for row in _rows(log, force):
        stay = log.staged.get(row)
        if stay is not None and not math.isnan(stay.arrived):
            ends = _left(log, row) if math.isnan(stay.forward) else stay.forward
            found.append((stay.arrived, ends))
    return found


def _level(log: Log, wanted: LevelReached, since: float) -> float:
    call = call_of(log, wanted.incident)
    if call < 0:
        return math.inf
    if log.timeline.level[call] == 0:
        return math.nan
    moments = [each.moment for each in log.raises if each.incident == call and each.after >= wanted.at_least]
    if log.timeline.level[call] >= wanted.at_least:
        moments.append(float(log.timeline.received[call]))
    return max(min(moments), since) if moments else math.inf


def _under_control(log: Log, incident: str, since: float) -> float:
    call = call_of(log, incident)
    if call < 0:
        return math.inf
    supplied = () if log.supplies is None else {each for each, _ in log.supplies.controlled}
    if log.timeline.severity[call] == 0 and call not in supplied:
        return math.nan
    moment = float(log.incidents.under_control[call])
    return math.inf if math.isnan(moment) else max(moment, since)


def _delivered(log: Log, wanted: Delivery, since: float) -> float:
    book, supplies, call = log.scenario.supplies, log.supplies, call_of(log, wanted.incident)
    if book is None or supplies is None or wanted.item not in book.number:
        return math.nan
    number = book.number[wanted.item]
    needs = {n for n, each in enumerate(supplies.needs) if (each.incident, each.item) == (call, number)}
    amount, there = book.items[number].quanta(wanted.amount, up=True), 0
    came = (one for one in supplies.brought if one.need in needs and one.by != "order")  # came before
    for each in sorted(came, key=lambda one: one.moment):
        there += each.amount
        if there >= amount:
            return max(each.moment, since)
    return math.inf


def _asked(log: Log, wanted: Asked, since: float) -> float:
    """Return when a unit was first asked for; what was asked for before counts from ``since`` on."""
    known = [terms.id for terms in log.scenario.agreements]
    if wanted.agreement not in known:
        return math.nan
    meant = known.index(wanted.agreement), call_of(log, wanted.incident)
    asks = ((each.agreement, int(log.responses.incident[each.response]), each.moment) for each in log.asks)
    return max(min((moment for *whose, moment in asks if tuple(whose) == meant), default=math.inf), since)


def _moved_up(log: Log, station: str, since: float) -> float:
    """Return when a unit of elsewhere first stood at a station, or was on its way there."""
    sites = [site.id for site in log.fleet.layout.sites]
    site = sites.index(station) if station in sites else -1
    spans = []
    for move in log.move_ups:
        if move.site == site and log.fleet.site[move.unit] != site:
            later = [each.left for each in log.move_ups if each.unit == move.unit and each.left > move.left]
            rows = log.rows_of[move.unit]
            sent = log.responses.alerted[rows]
            spans.append((move.left, min([*later, *sent[sent > move.left].tolist()], default=math.inf)))
    return at_once(spans, 1, since)


def _recalled(log: Log, unit: str, since: float) -> float:
    """Return when a unit was called back."""
    moments = [
        each.moment
        for each in log.orders
        if (each.does, each.unit) == ("recall", unit) and each.outcome in CARRIED_OUT and each.moment >= since
    ]
    return min(moments, default=math.inf)


def _changes(log: Log) -> set[float]:
    """Return all moments at which something that conditions look at may change."""
    found: set[float] | None = log.worked_out.get("moments of change")
    if found is None:
        t, r = log.timeline, log.responses
        columns = (t.received, t.ready, r.alerted, r.on_scene, r.clear, r.returning, r.available)
        found = {float(moment) for column in columns for moment in column[np.isfinite(column)]}
        found |= {each.moment for each in log.raises}
        found |= {moment for each in log.scenario.outages for moment in (each.begins, each.ends)}
        log.worked_out["moments of change"] = found
    return found
