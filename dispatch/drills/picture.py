"""What an exercise looks like at the moment, as plain data: for the board, and for other processes."""

from __future__ import annotations

from collections import Counter
from math import inf, isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.drills.seeing import call_of
from dispatch.drills.session import written_scale
from dispatch.engine.board import Board

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatch.drills.playing import Play
    from dispatch.engine.log import Log

DIGITS = 3


def picture(play: Play, *, controller: bool) -> dict[str, Any]:
    """Return the state of play; what is still to come and what is expected only where it may be seen.

    Times are seconds of play, from STARTEX.
    """
    moment = play.drill.begins + play.now
    board = Board.at(play.log, moment)
    shown: dict[str, Any] = {
        "what": "state",
        "title": play.drill.file.title,
        "at": play.now,
        "lasts": play.drill.file.lasts,
        "scale": written_scale(play.clock.scale),
        "paused": play.clock.paused,
        "over": play.over,
        "silent": play.state.silent,
        "calls": sorted(
            (_call(play, name, name in board.waiting, moment) for name in board.open_incidents), key=_urgency
        ),
        "units": {
            name: {"status": str(status), "incident": board.assigned.get(name, "")}
            for name, status in board.units.items()
        },
    }
    if controller:
        shown["next"] = [_coming(each) for each in play.upcoming()]
        shown["expected"] = [
            {
                "entry": each.entry,
                "action": each.number + 1,
                "text": each.action.text,
                "by": each.deadline,
                "seen": round(each.seen, DIGITS) if each.seen <= play.now else None,
                "verdict": each.verdict(play.now, play.drill.file.lasts),
            }
            for each in play.expected()
        ]
    return shown


def _urgency(call: Mapping[str, Any]) -> tuple[int, int, bool, bool, float]:
    """Return what open calls are sorted by.

    The highest level comes first, then the most urgent priority, then calls that nobody is sent to, then
    those that nobody has reached, then those that have been open longest.
    """
    reached = call["reached"] is not None
    return -call["level"], call["priority"], not call["waiting"], reached, call["received"]


def _coming(line: Any) -> dict[str, Any]:
    entry = line.entry
    trigger = "contingency" if entry.contingency_of and entry.trigger == "time" else entry.trigger
    return {
        "entry": line.id, "at": line.at, "trigger": trigger, "timed": line.is_timed and trigger == "time",
        "from": entry.sender, "to": entry.to, "method": entry.method, "text": entry.text,
    }  # fmt: skip


def _call(play: Play, name: str, waiting: bool, moment: float) -> dict[str, Any]:  # noqa: FBT001
    """Return a call with who is there, who is coming, what is wanted still, and whom the model would send."""
    log, call = play.log, call_of(play.log, name)
    t, kind = log.timeline, log.scenario.kinds[int(log.timeline.kind[call])]
    sent = sent_to(log, call, moment)
    advised = sent_to(play.advice, call_of(play.advice, name), moment)
    return {
        "id": name,
        "type": kind.id,
        "title": kind.type.title,
        "node": log.scenario.network.node_ids[int(t.node[call])],
        "received": round(float(t.received[call]) - play.drill.begins, DIGITS),
        "priority": int(t.priority[call]),
        "level": _level(log, call, moment),
        "reached": _reached(play, call, moment),
        "waiting": waiting,
        "there": sorted(unit for unit, there in sent.items() if there),
        "coming": sorted(unit for unit, there in sent.items() if not there),
        "wanted": _wanted(log, call, moment),
        "advised": sorted(set(advised) - set(sent)),
        "beyond": sorted(set(sent) - set(advised)),
    }


def sent_to(log: Log, call: int, moment: float) -> dict[str, bool]:
    """Return the units that are sent to a call at a moment, and whether they are on scene."""
    r = log.responses
    rows = np.flatnonzero((r.incident == call) & (r.alerted <= moment)).tolist() if call >= 0 else []
    kept = [row for row in rows if _leaves(log, row) > moment]
    return {
        log.fleet.ids[r.unit[row]] if r.unit[row] >= 0 else "aid": bool(r.on_scene[row] <= moment)
        for row in kept
    }


def _reached(play: Play, call: int, moment: float) -> float | None:
    """Return the exercise time at which the first unit came to a call; None where none has by a moment."""
    r = play.log.responses
    times = r.on_scene[(r.incident == call) & (r.on_scene <= moment)]
    return round(float(times.min()) - play.drill.begins, DIGITS) if len(times) else None


def _leaves(log: Log, row: int) -> float:
    r = log.responses
    moment = float(np.fmin(np.fmin(r.clear[row], r.returning[row]), r.available[row]))
    return inf if isnan(moment) else moment


def _level(log: Log, call: int, moment: float) -> int:
    raised = [each.after for each in log.raises if each.incident == call and each.moment <= moment]
    return max([int(log.timeline.level[call]), *raised])


def _wanted(log: Log, call: int, moment: float) -> dict[str, int]:
    """Return how many units of each capability a call still wants at a moment that nobody was sent for."""
    t, r = log.timeline, log.responses
    level = _level(log, call, moment)
    slots = np.flatnonzero((t.owner == call) & (t.slot_level <= level)).tolist()
    rows = np.flatnonzero((r.incident == call) & (r.alerted <= moment)).tolist()
    closed = {int(each.slot) for each in log.withdrawals if each.moment <= moment} | set(log.lost.tolist())
    served = {
        int(r.slot[row])
        for row in rows
        if _leaves(log, row) > moment or r.on_scene[row] <= moment
    }  # fmt: skip
    names = log.scenario.capabilities
    wanted = Counter(names[int(t.capability[slot])] for slot in slots if slot not in served | closed)
    return dict(sorted(wanted.items()))
