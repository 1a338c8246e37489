"""What a brief leaves to chance, drawn by its seed: calls, failures, and what is expected of the players.

Each attempt is played by the model before it is taken. Luck goes by the seed and the number of the attempt,
so that the same brief always becomes the same exercise.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from dispatch.drills.binding import CALLS, COVER, bound, with_objectives
from dispatch.drills.drill import Drill, remade
from dispatch.drills.expecting import Within, expected_of
from dispatch.drills.proving import Proof, played, prove
from dispatch.drills.stressing import stresses
from dispatch.drills.wording import WORDS
from dispatch.errors import InfeasibleError, InputError
from dispatch.model.briefs import DrillFile, Entry
from dispatch.model.injects import Change, Closure, InjectedIncident
from dispatch.scenario.injects import random_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dispatch.drills.wording import Language
    from dispatch.model.briefs import DrawnCalls
    from dispatch.scenario.scenario import Scenario

Entries = dict[str, Entry]

ATTEMPTS = 50
"""Draws after which a brief is given up."""

ALIKE = 10
"""First draws after which it is given up where none can be played, all for the same reason."""


def drawn(drill: Drill, language: Language = "en") -> DrillFile:
    """Return the exercise that a brief becomes, with everything drawn; raises InfeasibleError with what was
    reached where none of the draws can be played, or is as hard as asked.
    """  # noqa: D205
    return drawn_and_proven(drill, language)[0].file


def drawn_and_proven(drill: Drill, language: Language = "en") -> tuple[Drill, Proof]:
    """Return the exercise that a brief becomes, and the model's own play of it; see ``drawn``."""
    draw = drill.file.draw
    if draw is None:
        return drill, prove(drill)
    refusals: list[str] = []
    reached: Counter[str] = Counter()
    for attempt in range(ATTEMPTS):
        luck = np.random.Generator(
            np.random.PCG64(np.random.SeedSequence(drill.file.seed, spawn_key=(attempt,)))
        )
        try:
            made = _attempt(drill, luck, language)
            proof = prove(made)
        except (InfeasibleError, InputError) as error:
            refusals.append(str(error))
            if len(refusals) == attempt + 1 == ALIKE and len(set(refusals)) == 1:
                break  # it is not the luck
            continue
        reached[proof.difficulty.grade] += 1
        if draw.difficulty in (None, proof.difficulty.grade):
            return made, proof
    raise _refusal(drill, reached, refusals)


def _refusal(drill: Drill, reached: Counter[str], refusals: list[str]) -> InfeasibleError:
    """Return why nothing came of any draw."""
    assert drill.file.draw is not None
    told = [f"{number} × {grade}" for grade, number in sorted(reached.items())]
    told += [f"{len(refusals)} × not playable"] if refusals else []
    wanted = drill.file.draw.difficulty or "playable"
    draws = reached.total() + len(refusals)
    message = f"{drill.path.name} draw: none of {draws} draws is {wanted}: {', '.join(told)}."
    last = f" The last that could not be played: {refusals[-1]}" if refusals else ""
    return InfeasibleError(
        message + last, hint="Draw more or fewer calls and failures, or change 'difficulty' or 'seed'."
    )


def _attempt(drill: Drill, luck: np.random.Generator, language: Language) -> Drill:
    """Return one draw: calls first, then what is expected for them without failures, then the failures."""
    assert drill.file.draw is not None
    draw = drill.file.draw
    kinds = ((CALLS,) if draw.calls else ()) + ((COVER,) if draw.stress.is_any else ())
    file = with_objectives(drill.file.model_copy(update={"draw": None}), kinds, language)
    calls, wanted = _drawn_calls(drill, file, luck, language)
    calm = remade(drill, _with(file, calls))
    delivered, log = played(calm)
    finished = {name: expected_of(calm, log, delivered, name, language, wanted[name]) for name in calls}
    entries, closures = stresses(drill, calm, log, draw.stress, luck, language)
    made = remade(drill, _with(file, {**finished, **entries}, closures), is_finished=True)
    in_order = {line.id: line.entry for line in made.lines}
    return replace(made, file=made.file.model_copy(update={"entries": in_order}))


def _with(file: DrillFile, entries: Entries, closures: dict[str, Closure] | None = None) -> DrillFile:
    """Return a file with more entries and closures."""
    together = {**file.entries, **entries}
    return file.model_copy(update={"entries": together, "closures": {**file.closures, **(closures or {})}})


def _drawn_calls(
    drill: Drill, file: DrillFile, luck: np.random.Generator, language: Language
) -> tuple[Entries, dict[str, Within]]:
    """Return the drawn calls as entries without expectations, in order of time, and what plans want of each.

    ``file`` is what the brief becomes, with objectives.
    """
    assert drill.file.draw is not None
    found: list[tuple[float, int, int]] = []
    for number, calls in enumerate(drill.file.draw.calls):
        weights = _weights(drill.base, calls)
        total = float(weights.sum())
        if total <= 0.0:
            message = f"{drill.path.name} draw: calls of type '{calls.type}' can come in nowhere."
            raise InfeasibleError(message, hint="Name other zones.")
        cumulative = np.cumsum(weights / total)
        begin, end = calls.window(drill.file.lasts)
        for _ in range(calls.count):
            at = int(luck.integers(int(np.ceil(begin)), max(int(end), int(np.ceil(begin))) + 1))
            node = int(np.searchsorted(cumulative, luck.random() * cumulative[-1], side="right"))
            found.append((min(float(at), end), min(node, len(weights) - 1), number))
    free, entries, wanted = free_names(drill, "call"), Entries(), dict[str, Within]()
    for moment, where, which in sorted(found):
        calls, name = drill.file.draw.calls[which], next(free)
        entry = _entry(drill, moment, where, calls.type, language)
        entries[name] = entry.model_copy(update=bound(file, CALLS, calls.objective))
        wanted[name] = Within(calls.sent_within or inf, calls.on_scene_within or inf)
    return entries, wanted


def _weights(base: Scenario, calls: DrawnCalls) -> NDArray[np.float64]:
    """Return how likely a call comes in at each node: as the type's random calls do, else alike [N]."""
    kind = next(number for number, each in enumerate(base.kinds) if each.id == calls.type)
    inside = np.ones(len(base.network.node_ids), dtype=np.bool_)
    if calls.zones:
        inside = np.isin(base.zone_of, [base.zones.index(name) for name in calls.zones])
    streams = [stream.weights for stream in base.streams if stream.kind == kind]
    weights = np.where(inside, streams[0], 0.0) if streams else inside.astype(np.float64)
    return weights if weights.any() else inside.astype(np.float64)


def free_names(drill: Drill, word: str) -> Iterator[str]:
    """Yield ``word-1``, ``word-2``, … as far as no entry or call has the id, or may get it."""
    taken = {*drill.file.entries, *drill.file.closures, *drill.base.file.closures}
    taken |= {call.id for call in drill.base.authored}
    taken |= {
        entry.inject.incident.id or ""
        for entry in drill.file.entries.values()
        if entry.inject is not None and entry.inject.incident is not None
    }
    taken |= set() if drill.base.recorded is None else set(drill.base.recorded.ids)
    random, number = random_ids(drill.base), 0
    while random.fullmatch(f"{word}-1") is not None:
        word = f"drawn-{word}"
    while True:
        number += 1
        if f"{word}-{number}" not in taken:
            yield f"{word}-{number}"


def _entry(drill: Drill, at: float, node: int, kind: str, language: Language) -> Entry:
    """Return a drawn call as somebody tells it on the phone."""
    base, words = drill.base, WORDS[language]
    text = words["call"].format(what=base.file.incident_types[kind].title or kind, where=place_of(base, node))
    incident = InjectedIncident(type=kind, node=base.network.node_ids[node])
    made = {"at": at, "from": words["caller"], "to": words["centre"], "text": text}
    return Entry.model_validate({**made, "inject": Change(incident=incident)})


def place_of(base: Scenario, node: int) -> str:
    """Return what a place is called: its name or else its id, and its zone."""
    network, zone = base.network, int(base.zone_of[node])
    names = getattr(network, "names", ())
    name = names[node] if len(names) and names[node] else network.node_ids[node]
    if zone < 0:
        return str(name)
    written = base.file.zones.get(base.zones[zone])
    title = written.title if written is not None and written.title else base.zones[zone]
    return f"{name} ({title})"
