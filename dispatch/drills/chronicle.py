"""The timeline of a played exercise: what became known, and what was done."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from dispatch.drills.wording import ordered
from dispatch.scenario.layout import AID_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dispatch.briefing.contents import Cell
    from dispatch.drills.drill import Drill
    from dispatch.drills.session import State
    from dispatch.engine.log import Log


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that became known, or was done."""

    at: float
    """Seconds of play."""
    kind: str
    """``delivered``, ``skipped``, ``refused`` (left out, since it could not be done), ``call``, ``sent``,
    ``staged``, ``on scene``, ``brought``, ``moved``, ``control``, ``level``, ``order``, ``done`` or
    ``note``."""
    who: str
    """Entry, call or station."""
    detail: Cell = ""


def moments_of(drill: Drill, state: State, log: Log, end: float) -> tuple[Moment, ...]:
    """Return what became known and what was done up to the end [s of play], in order of time."""
    of_log = (each for each in _of_log(drill, log) if 0.0 <= each.at <= end)
    return tuple(sorted((*_of_session(drill, state), *of_log), key=lambda each: each.at))


def _of_session(drill: Drill, state: State) -> Iterator[Moment]:
    for name, at in state.delivered.items():
        yield Moment(at, "delivered", name, drill.line(name).entry.text)
    for name, at in state.skipped.items():
        why = state.refused.get(name)
        text = drill.line(name).entry.text
        yield Moment(at, "skipped", name, text) if why is None else Moment(at, "refused", name, why)
    for order in state.orders:
        ((kind, body),) = ((key, value) for key, value in order.items() if key != "at")
        yield Moment(float(order["at"]), "order", "", ordered(kind, body))
    for (name, number), at in state.done.items():
        yield Moment(at, "done", name, drill.line(name).entry.expects[number].text)
    for at, text in state.notes:
        yield Moment(at, "note", "", text)


def _of_log(drill: Drill, log: Log) -> Iterator[Moment]:
    timeline, r, begins = log.timeline, log.responses, drill.begins
    ids, kinds = timeline.incident_ids(log.scenario.kinds), log.scenario.kinds
    for call, name in enumerate(ids):
        kind = kinds[timeline.kind[call]]
        yield Moment(float(timeline.received[call]) - begins, "call", name, kind.type.title or kind.id)
        rows = np.flatnonzero(r.incident == call).tolist()
        staged = {row: log.staged[row].arrived - begins for row in rows if row in log.staged}
        yield from _units(log, name, "staged", staged)
        for what, column in (("sent", r.alerted), ("on scene", r.on_scene)):
            yield from _units(log, name, what, {row: float(column[row]) - begins for row in rows})
        control = float(log.incidents.under_control[call])
        if isfinite(control):
            yield Moment(control - begins, "control", name)
    for each in log.raises:
        yield Moment(each.moment - begins, "level", ids[each.incident], str(each.after))
    for move in log.move_ups:
        if isfinite(move.arrives):
            station = log.fleet.layout.sites[move.site].id
            yield Moment(move.arrives - begins, "moved", station, log.fleet.ids[move.unit])
    yield from _brought(drill, log, ids)


def _brought(drill: Drill, log: Log, ids: list[str]) -> Iterator[Moment]:
    """Yield what trucks brought to calls."""
    book, supplies = log.scenario.supplies, log.supplies
    if book is None or supplies is None:
        return
    for each in supplies.brought:
        if each.by == "truck":
            need = supplies.needs[each.need]
            item = book.items[need.item]
            told = f"{item.shown(each.amount)} {item.title or item.id}"
            yield Moment(each.moment - drill.begins, "brought", ids[need.incident], told)


def _units(log: Log, call: str, kind: str, moments: Mapping[int, float]) -> Iterator[Moment]:
    """Yield the units of a call that did the same at the same moment, as one."""
    names = [*log.fleet.ids, AID_NAME]
    known = [(at, row) for row, at in moments.items() if isfinite(at)]
    for at in sorted({at for at, _ in known}):
        units = sorted(names[log.responses.unit[row]] for moment, row in known if moment == at)
        yield Moment(at, kind, call, ", ".join(units))
