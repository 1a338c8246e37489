"""Grades on the terminal and as a document: accident class, government response, alarm level, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.text import Text

from dispatch.scenario.grading import accident_classes, command

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import Console

    from dispatch.model.standards import Titles
    from dispatch.scenario.grading import Accident, Criterion, Graded, Reason, Scale

WORDS = {"dead": "dead", "seriously_injured": "seriously injured", "loss": "yuan of direct loss"}
"""What the figures of an accident class are called."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was reported and what came of it."""

    said: Mapping[str, Any]
    accident: Accident | None
    scale: Scale | None
    """The scale of alarm levels asked for, if any."""
    graded: Graded | None

    @property
    def has_figures(self) -> bool:
        """Whether anything was said that an accident class goes by."""
        return any(self.said[name] is not None for name in WORDS)


def grading_document(told: Told) -> dict[str, Any]:
    """Return the grades as plain values."""
    return {
        "reported": dict(told.said),
        "accident": None if told.accident is None else _accident(told.accident),
        "alarm": None if told.scale is None or told.graded is None else _alarm(told.scale, told.graded),
    }


def _accident(found: Accident) -> dict[str, Any]:
    response = found.file.response
    return {
        "class": found.id,
        "title": _titles(found.file.title),
        "decided_by": [
            {"figure": each.name, "value": each.value, "at_least": each.at_least} for each in found.decided_by
        ],
        "response": {
            "level": response.level,
            "led_by": _titles(response.led_by),
            "colour": _titles(response.colour),
        },
        "source": accident_classes().source,
    }


def _alarm(scale: Scale, graded: Graded) -> dict[str, Any]:
    level, commands = scale.level(graded.level), command(graded.level)
    return {
        "scale": scale.name,
        "level": graded.level,
        "title": _titles(level.title),
        "colour": _titles(level.colour),
        "reasons": [reason_document(reason) for reason in graded.reasons],
        "command": None if commands is None else _titles(commands),
        "source": scale.file.source,
    }


def reason_document(reason: Reason) -> dict[str, Any]:
    """Return a reason as plain values: code, words, the level it gives or what it adds, its figures."""
    return {
        "code": reason.code,
        "words": reason.words,
        "level": reason.level or None,
        "adds": reason.adds,
        "values": dict(reason.values),
    }


def _titles(titles: Titles) -> dict[str, str]:
    return {"en": titles.en, "zh": titles.zh}


def print_grading(out: Console, told: Told) -> None:
    """Print the grades with what decided them."""
    for line in _lines(told):
        bold = not line.startswith(" ")
        out.print(Text(line, style="bold" if bold else ""), soft_wrap=not out.is_terminal)


def _lines(told: Told) -> Iterator[str]:
    if told.accident is not None:
        found, response = told.accident, told.accident.file.response
        yield f"accident class: {_both(found.file.title)}"
        yield from (f"  {_decided(each)}" for each in found.decided_by)
        led = f"led by {_both(response.led_by)}, colour {_both(response.colour)}"
        yield f"government response: {response.level}, {led}"
    elif told.has_figures:
        yield "accident class: none, and no government response"
        yield "  nobody dead or seriously injured and nothing lost, as far as reported"
    if told.scale is not None and told.graded is not None:
        level = told.scale.level(told.graded.level)
        yield f"alarm level: {told.graded.level}, {_both(level.title)}, colour {_both(level.colour)}"
        yield from (f"  {reason.words}" for reason in told.graded.reasons)
        commands = command(told.graded.level)
        if commands is not None:
            yield f"command: {_both(commands)}"


def _decided(criterion: Criterion) -> str:
    """Return a figure that decided a class, and from which number it does."""
    from_ = f", {_number(criterion.at_least)} or more" if criterion.at_least else ""
    return f"{_number(criterion.value)} {WORDS[criterion.name]}{from_}"


def _number(value: float) -> str:
    """Return people, or yuan with its fen where there are any."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _both(titles: Titles) -> str:
    return f"{titles.en} ({titles.zh})" if titles.zh else titles.en
