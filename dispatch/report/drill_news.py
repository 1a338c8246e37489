"""What happens in an exercise, told line by line: on its board, and in a stream without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dispatch.drills.after_action import VERDICTS
from dispatch.drills.script import METHODS
from dispatch.drills.wording import ordered
from dispatch.report.drill_board import play_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dispatch.report.words import Words

EVENTS = {
    "received": "call received", "ready": "call ready", "alerted": "alerted", "en route": "en route",
    "on scene": "on scene", "clear": "clear", "at hospital": "at hospital", "returning": "returning",
    "available": "available", "in quarters": "in quarters", "given up": "given up", "noted": "noted",
}  # fmt: skip
"""How events are told, by their names in the log."""

PACES = {
    "pause": "the clock stands", "resume": "the clock runs", "scale": "the clock runs at ×{scale}",
    "jump": "jump to {to}", "done": "done: {entry} {action}", "note": "note: {text}",
    "skip": "left out: {entry}",
}  # fmt: skip
"""How what people say is told."""


def lines_of(happening: Mapping[str, Any], words: Words) -> Iterator[str]:
    """Yield what happened as lines of plain text; nothing for what is not news."""
    tell = _TELLERS.get(happening["what"], _said)
    at = play_clock(happening["at"])
    for number, line in enumerate(tell(happening, words)):
        plain = "".join(c if c.isprintable() else " " for c in line)  # what people send may hold anything
        yield f"{at} {plain}" if number == 0 else plain


def closing_lines(at: float, verdicts: list[str], again: str, words: Words) -> Iterator[str]:
    """Yield how an exercise ended: what became of what was expected, and the command to look back on it."""
    counts = [f"{words.say(VERDICTS[word])} {verdicts.count(word)}" for word in dict.fromkeys(verdicts)]
    shown = ", ".join(counts) or "0"
    yield words.text("ENDEX at {at}; expected actions: {counts}.", at=play_clock(at), counts=shown)
    yield words.text("Look back on it: {command}", command=again)


def _deliver(happening: Mapping[str, Any], words: Words) -> Iterator[str]:
    ends = " → ".join(name for name in (happening["from"], happening["to"]) if name)
    who = f"{words.say(METHODS[happening['method']])} {ends}".strip()
    head = words.text("EXERCISE {entry} ({who}):", entry=happening["entry"], who=who)
    yield f"{head} {' '.join(happening['text'].split())}"


def _event(happening: Mapping[str, Any], words: Words) -> Iterator[str]:
    unit, call, detail = happening["unit"], happening["incident"], happening["detail"]
    who = words.text("{unit} for {call}", unit=unit, call=call) if unit and call else unit or call
    noted, colon, rest = detail.partition(": ")
    if happening["event"] == "noted" and colon:
        detail = f"{words.text(noted)}: {rest}"
    event = words.text(EVENTS[happening["event"]])
    yield words.text("{event}: {who} ({detail})", event=event, who=who, detail=detail)


def _ordered(happening: Mapping[str, Any], words: Words) -> Iterator[str]:
    ((kind, body),) = happening["order"].items()
    yield words.text("ordered: {order}", order=words.say(ordered(kind, body)))


def _answered(happening: Mapping[str, Any], words: Words) -> Iterator[str]:
    lines = happening["text"].splitlines()
    asked = f"{happening['given']}:" if "given" in happening else ""
    first = " ".join([*([asked] if asked else []), *(lines if len(lines) == 1 else [])])
    yield first if happening["ok"] else words.text("refused: {answer}", answer=first)
    yield from lines if len(lines) > 1 else ()


def _ended(happening: Mapping[str, Any], words: Words) -> Iterator[str]:
    yield words.text("ENDEX (the time is over)" if happening["why"] == "time" else "ENDEX (by order)")


def _said(happening: Mapping[str, Any], words: Words) -> Iterator[str]:
    values = {**happening, **({"to": play_clock(happening["to"])} if "to" in happening else {})}
    told = words.text(PACES[happening["what"]], **values)
    yield f"{told} ({happening['why']})" if "why" in happening else told


def _nothing(_happening: Mapping[str, Any], _words: Words) -> Iterator[str]:
    yield from ()


_TELLERS: dict[str, Callable[[Mapping[str, Any], Words], Iterator[str]]] = {
    "deliver": _deliver, "event": _event, "order": _ordered, "answer": _answered, "refused": _answered,
    "end": _ended, "state": _nothing,
}  # fmt: skip
