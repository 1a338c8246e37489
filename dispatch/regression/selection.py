"""Which assertions to check: the language of ``-k``, as people know it from pytest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from dispatch.errors import UsageError

Tree = str | tuple["Tree", ...]
"""A word, or ``and``, ``or``, ``not`` followed by what it joins; ``("and",)`` always holds."""

_TOKEN = re.compile(r"""\s*("[^"]*"|'[^']*'|[()"']|[^\s()"']+|\Z)""")
_SIGNS = ("and", "or", "not", "(", ")", '"', "'", "")
_DEEPEST = 50
"""Parentheses within parentheses that are read."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Ids that are asked for: those for which an expression holds, its words being looked for in the id."""

    tree: Tree

    def matches(self, id: str) -> bool:  # noqa: A002 - the word for it everywhere
        """Whether the expression holds for an id, whether letters are small or capital."""
        return _holds(self.tree, id.casefold())


def _holds(tree: Tree, text: str) -> bool:
    if isinstance(tree, str):
        return tree in text
    operator, *parts = tree
    if operator == "not":
        return not _holds(parts[0], text)
    return (any if operator == "or" else all)(_holds(part, text) for part in parts)


def parse(expression: str) -> Selection:
    """Read words, ``and``, ``or``, ``not`` and parentheses; raise UsageError where they make no sense.

    Words that hold blanks, quotes or parentheses, or that are themselves operators, stand in quotes. An
    empty expression selects everything.
    """
    reader = _Reader(expression)
    tree = reader.joined("or") if reader.here else ("and",)
    if reader.here == ")":
        reader.refuse("this parenthesis was never opened", "Remove it, or put the word in quotes.")
    return Selection(tree)


class _Reader:
    """An expression read from left to right; ``here`` is the token at hand, empty at the end."""

    def __init__(self, expression: str) -> None:
        self.text, self.next, self.depth = expression, 0, 0
        self.advance()

    def advance(self) -> None:
        found = _TOKEN.match(self.text, self.next)
        assert found is not None  # every character begins a token or is a blank
        self.here, self.column, self.next = found[1], found.start(1) + 1, found.end()

    def joined(self, operator: str) -> Tree:
        """Read all that ``or`` joins, or ``and``, which binds tighter; what follows must make sense."""
        parts = [self.joined("and") if operator == "or" else self.single()]
        while self.here == operator:
            self.advance()
            parts.append(self.joined("and") if operator == "or" else self.single())
        if self.here not in ("", ")", "and", "or"):
            self.refuse(f"{self.here} follows without 'and' or 'or'", "Add one, or put all in quotes.")
        return parts[0] if len(parts) == 1 else (operator, *parts)

    def single(self) -> Tree:
        """Read a word, or an expression in parentheses, negated or not."""
        negated = False
        while self.here == "not":
            negated = not negated
            self.advance()
        tree = self.group() if self.here == "(" else self.word()
        return ("not", tree) if negated else tree

    def group(self) -> Tree:
        opened, self.depth = self.column, self.depth + 1
        if self.depth > _DEEPEST:
            self.refuse("too many parentheses within parentheses", f"At most {_DEEPEST} are read.")
        self.advance()
        tree = self.joined("or")
        if not self.here:
            self.column = opened
            self.refuse("this parenthesis is never closed", "Add ')', or put the word in quotes.")
        self.depth -= 1
        self.advance()
        return tree

    def word(self) -> Tree:
        if self.here in ('"', "'"):
            self.refuse("this quote is never closed", "Close it, or use the other kind around the word.")
        word = self.here[1:-1] if self.here[:1] in ('"', "'") else self.here
        if not word or self.here in _SIGNS:
            fact = f"a word is needed, not {self.here or 'the end'}"
            self.refuse(fact, "Write a part of the ids that are meant, in quotes if it is and, or, not.")
        self.advance()
        return word.casefold()

    def refuse(self, fact: str, remedy: str) -> NoReturn:
        """Raise for what stands in the column of the token at hand."""
        message = f"-k: column {self.column} of {self.text!r}: {fact}."
        raise UsageError(message, hint=remedy)
