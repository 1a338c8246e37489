"""The exceptions of the package, and the collector that gathers all problems of a file.

::

    DispatchError            70  our bug unless a subclass says otherwise
    ├─ ScenarioError          2  a scenario, or a table it cites, cannot be used
    ├─ NetworkError           2  a road network or travel-time matrix cannot be used
    │  └─ NoRoute             2  no way leads from one point to another
    ├─ UsageError             2  a request names something that is not there
    ├─ InfeasibleError        3  a requirement cannot be met
    ├─ PolicyError            4  a policy broke its contract
    └─ InvariantError        70  our bug

The number is the exit code of the command line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN = 25
"""Problems printed before the rest is only counted."""


class DispatchError(Exception):
    """Anything the package refuses, with a hint at what to do about it."""

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        """Message and hint in one text."""
        text = str(self.args[0])
        return f"{text} {self.hint}" if self.hint else text


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file: where, what, and what to do."""

    place: str
    fact: str
    remedy: str = ""

    def __str__(self) -> str:
        """Return ``place: fact. remedy`` as one line."""
        text = f"{self.place}: {self.fact}" if self.place else self.fact
        if not text.endswith((".", "?", "!")):
            text += "."
        return f"{text} {self.remedy}" if self.remedy else text


class InputError(DispatchError):
    """Base of errors in what a person wrote; carries every problem found."""

    exit_code: ClassVar[int] = 2

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(f"… and {len(self.problems) - SHOWN} more problems of this kind or others.")
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Problem, ...]]]:
        """Cross process borders unchanged."""
        return type(self), (self.problems,)


class ScenarioError(InputError):
    """A scenario, or a table it cites, cannot be used."""


class NetworkError(InputError):
    """A road network or a travel-time matrix cannot be used."""


class NoRoute(NetworkError):
    """No way leads from one point of the network to another."""


class UsageError(DispatchError):
    """A request names a layout, measure, file or option that does not exist."""

    exit_code: ClassVar[int] = 2


class InfeasibleError(DispatchError):
    """A requirement cannot be met."""

    exit_code: ClassVar[int] = 3


class PolicyError(DispatchError):
    """A policy returned something the rules do not allow."""

    exit_code: ClassVar[int] = 4


class InvariantError(DispatchError):
    """The engine contradicts itself: a bug of ours, worth a report."""


@dataclass(slots=True)
class Problems:
    """A growing list of problems; raise once, when all of a file has been read."""

    found: list[Problem] = field(default_factory=list)

    def add(self, place: str, fact: str, remedy: str = "") -> None:
        """Note one problem and go on."""
        self.found.append(Problem(place, fact, remedy))

    def raise_if_any(self, error: type[InputError]) -> None:
        """Raise ``error`` with everything noted so far, in order of file and line, if there is anything."""
        if self.found:
            raise error(sorted(dict.fromkeys(self.found), key=_by_line))

    def __bool__(self) -> bool:
        """Whether anything was noted."""
        return bool(self.found)


def _by_line(problem: Problem) -> tuple[str, int]:
    """Return file and line of a problem's place, ``file:line path``."""
    file, _, rest = problem.place.partition(":")
    digits = rest.split(" ", 1)[0]
    return file, int(digits) if digits.isdecimal() else 0


def closest(word: str, known: Iterable[str]) -> str:
    """Return the known word that is most like a misspelt one; empty where none is."""
    return next(iter(get_close_matches(word, sorted(known), n=1, cutoff=0.6)), "")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a suggestion for a misspelt word, or the list of known words when it is short."""
    choices = sorted(known)
    close = closest(word, choices)
    if close:
        return f"Did you mean '{close}'?"
    if not choices:
        return ""
    listed = ", ".join(choices[:12])
    more = f", … ({len(choices)} in all)" if len(choices) > 12 else ""
    return f"Known: {listed}{more}."
