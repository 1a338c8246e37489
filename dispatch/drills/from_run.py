"""An exercise out of a simulated day: the stretch of a run in which most calls were open at once."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dispatch.calls import AUTHORED, RECORDED
from dispatch.composition import simulate
from dispatch.drills.binding import CALLS, COVER, bound, with_objectives
from dispatch.drills.drawing import free_names, place_of
from dispatch.drills.drill import Drill, remade
from dispatch.drills.expecting import expected_of
from dispatch.drills.proving import played
from dispatch.drills.wording import WORDS
from dispatch.engine.board import closing
from dispatch.errors import InfeasibleError, UsageError
from dispatch.model.briefs import ROOM, DrillFile, Entry
from dispatch.regression.rerunning import find_scenario, load_unchanged
from dispatch.study.opening import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dispatch.drills.wording import Language
    from dispatch.engine.log import Log
    from dispatch.regression.folders import RunFolder

LASTS = 7200.0
"""Seconds of an exercise that is taken from a run, where nothing else is said."""

BEFORE = 2 / 3
"""Share of the exercise that may pass until most calls are open."""

NAME = Path("drill.yaml")


def from_run(
    run: RunFolder,
    replication: int = 0,
    *,
    scenario: Path | None = None,
    lasts: float | None = None,
    language: Language = "en",
) -> DrillFile:
    """Return the most stressful stretch of a run as an exercise, with what the model does as expected.

    Its calls come in at their moments, in whole seconds, in a scenario without random calls; their durations
    are drawn anew. Calls that were open when it begins come in at once; those too late to be answered before
    ENDEX stay out. When most are open the players are asked for the cover that is left.

    Raises UsageError for a run or replication that cannot be used, and InfeasibleError for one without calls.
    """
    if not 0 <= replication < int(run.manifest["replications"]):
        message = f"{run.path}: has no replication {replication}."
        raise UsageError(message, hint=f"It has 0 to {int(run.manifest['replications']) - 1}.")
    path = find_scenario(run, scenario)
    known = load_unchanged(run, path)
    base = load(path, quiet=True)
    if known.file.travel.speeds != base.file.travel.speeds:
        message = (
            f"{run.path}: was made with the speeds '{known.file.travel.speeds}', not the scenario's own."
        )
        raise UsageError(message, hint="Set 'travel.speeds' in the scenario, and run it again.")
    log = simulate(known, run.layout, replication)
    begins, lasting = busiest(log, min(LASTS if lasts is None else lasts, known.file.horizon))
    written = {
        "title": f"{known.file.title or known.name} · {_clock(log, begins)}",
        "scenario": _cited(path),
        "layout": run.layout,
        "without_random": True,
        "begins": begins,
        "lasts": lasting,
    }
    file = with_objectives(DrillFile.model_validate(written), (CALLS, COVER), language)
    bare = Drill(NAME, file, path, begins, (), base)
    entries = _entries(bare, log, language)
    if not entries:
        message = f"{run.path}: replication {replication} has no random or recorded calls to be played."
        raise InfeasibleError(message, hint="Take another replication.")
    calm = remade(bare, file.model_copy(update={"entries": entries}))
    delivered, play = played(calm)
    whole = {name: expected_of(calm, play, delivered, name, language) for name in entries}
    whole[next(free_names(calm, "cover"))] = _cover(bare, log, language)
    in_order = {
        line.id: line.entry for line in remade(bare, file.model_copy(update={"entries": whole})).lines
    }
    return file.model_copy(update={"entries": in_order})


def busiest(log: Log, lasts: float) -> tuple[float, float]:
    """Return begin and length of the stretch of a log in which most calls are open at once [s].

    It begins at a whole minute when the fewest calls were open, some time before most were.
    """
    horizon, open_at = log.scenario.file.horizon, _open_at(log)
    peak = _peak(log, 0.0, math.inf)
    last = math.floor(max(horizon - lasts, 0.0) / 60.0)
    first = min(max(math.ceil((peak - BEFORE * lasts) / 60.0), 0), last)
    minutes = range(first, min(math.floor(peak / 60.0), last) + 1)
    begins = 60.0 * min(minutes, key=lambda minute: (open_at(60.0 * minute), minute), default=first)
    return begins, min(lasts, horizon - begins)


def _open_at(log: Log) -> Callable[[float], int]:
    """Return what tells how many calls are open at a moment."""
    opened, closed = np.sort(log.timeline.received), np.sort(closing(log))  # those open to the end sort last

    def open_at(moment: float) -> int:
        return int(np.searchsorted(opened, moment, "right") - np.searchsorted(closed, moment, "right"))

    return open_at


def _peak(log: Log, begins: float, ends: float) -> float:
    """Return the first moment of a span at which most calls are open; its begin where none comes in."""
    open_at = _open_at(log)
    moments = [moment for moment in log.timeline.received.tolist() if begins <= moment < ends]
    return min(moments, key=lambda moment: (-open_at(moment), moment), default=begins)


def _cover(bare: Drill, log: Log, language: Language) -> Entry:
    """Return the question what is left for the rest of the district, when most calls are open."""
    words, room = WORDS[language], min(ROOM, bare.file.lasts / 3.0)
    at = min(_peak(log, bare.begins, bare.ends) - bare.begins, bare.file.lasts - room)
    made = {"at": float(int(at)), "from": words["controllers"], "to": words["centre"], "method": "message"}
    expects = [{"text": words["cover_expected"], "by": room}]
    return Entry.model_validate(
        {**made, **bound(bare.file, COVER), "text": words["cover"], "expects": expects}
    )


def _entries(bare: Drill, log: Log, language: Language) -> dict[str, Entry]:
    """Return the calls of a stretch as entries, in order of time; those of the scenario's injects stay."""
    t, found = log.timeline, {}
    closed = np.where(np.isnan(closing(log)), np.inf, closing(log))
    last = bare.ends - min(ROOM, bare.file.lasts / 3.0)
    meant = (t.received <= last) & (closed > bare.begins) & (t.source != AUTHORED)
    names = free_names(bare, "call")
    for call in np.flatnonzero(meant).tolist():
        at = max(float(t.received[call]) - bare.begins, 0.0)
        found[next(names)] = _entry(bare, log, call, float(int(at)), language)
    return found


def _entry(bare: Drill, log: Log, call: int, at: float, language: Language) -> Entry:
    t, base, words = log.timeline, bare.base, WORDS[language]
    kind, node = log.scenario.kinds[t.kind[call]], int(t.node[call])
    incident: dict[str, Any] = {"type": kind.id, "node": base.network.node_ids[node]}
    if int(t.priority[call]) != kind.type.priority:
        incident["priority"] = int(t.priority[call])
    slots = t.capability[t.first_slot[call] : t.first_slot[call + 1]].tolist()
    if t.source[call] == RECORDED and tuple(slots) != kind.slots and slots and kind.type.relief is None:
        incident["units"] = dict(sorted(Counter(base.capabilities[slot] for slot in slots).items()))
    text = words["call"].format(what=kind.type.title or kind.id, where=place_of(base, node))
    made: dict[str, Any] = {"at": at, "from": words["caller"], "to": words["centre"], "text": text}
    made |= bound(bare.file, CALLS)
    return Entry.model_validate({**made, "inject": {"incident": incident}})


def _clock(log: Log, moment: float) -> str:
    """Return the date and time of a moment."""
    start = log.scenario.file.start
    return f"{start.fromtimestamp(start.timestamp() + moment, start.tzinfo):%Y-%m-%d %H:%M}"


def _cited(path: Path) -> str:
    """Return how an exercise cites a scenario: from the nearest folder that holds ``networks/``."""
    whole = path.absolute()
    above = next((up for up in whole.parents if (up / "networks").is_dir()), None)
    return (whole if above is None else whole.relative_to(above)).as_posix()
