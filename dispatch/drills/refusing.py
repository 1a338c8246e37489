"""What is said to those who play: answers and refusals, as texts that can be told in their language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.briefing.contents import Said
from dispatch.errors import UsageError, closest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LISTED = 12
"""Names that are listed where none is like the one that was given."""

NOTHING = Said("")
HELP_SAYS = Said("'help' says what may be typed.")


class Refusal(UsageError):
    """Something that cannot be done now, told as a fact and a remedy; its own text is English."""

    def __init__(self, fact: Said, remedy: Said = NOTHING) -> None:
        super().__init__(english(fact), hint=english(remedy))
        self.told = tuple(each for each in (fact, remedy) if each.text)


def english(said: Said) -> str:
    """Return a text in English; what stands for its braces are texts, or again such."""
    values: Mapping[str, object] = {
        name: english(value) if isinstance(value, Said) else value for name, value in said.values.items()
    }
    return said.text.format(**values) if values else said.text


def suggestion(given: str, known: Iterable[str]) -> Said:
    """Return a suggestion for a misspelt name, or else some of those that are known."""
    choices = sorted(known)
    near = closest(given, choices)
    if near:
        return Said("Did you mean '{name}'?", {"name": near})
    names = ", ".join(choices[:LISTED])
    if len(choices) > LISTED:
        return Said("Known: {names}, … ({n} in all).", {"names": names, "n": str(len(choices))})
    return Said("Known: {names}.", {"names": names}) if choices else NOTHING
