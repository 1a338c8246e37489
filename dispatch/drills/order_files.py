"""Files of orders, each with its time of play: for a rehearsal, or to play again what was played."""

from __future__ import annotations

from os import fsencode
from typing import TYPE_CHECKING, NamedTuple

from dispatch.drills.moments import exercise_time
from dispatch.drills.naming import names_of
from dispatch.drills.orders import command_of, read_command, read_json
from dispatch.drills.script import clock_text
from dispatch.errors import InputError, Problem, Problems, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dispatch.drills.drill import Drill
    from dispatch.drills.orders import Names

POINTLESS = ("help", "quit")
"""What can only be said by people who are there."""


class GivenOrder(NamedTuple):
    """An order of a file."""

    at: float
    """Exercise time [s]."""
    source: str
    """File and line, ``orders.txt:3``."""
    given: object
    """A text, or a JSON object."""


def read_orders(path: Path, drill: Drill, *, steered: bool) -> list[GivenOrder]:
    """Return the orders of a file by their time, then as written; raises InputError with every problem.

    A line without a time belongs to that of the line before it. ``steered`` says whether there is somebody
    who could let the clock go on where an order stops it.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8'})."
        raise UsageError(message, hint="Name a file of orders.") from None
    problems, names = Problems(), names_of(drill)
    orders = list(_orders(fsencode(path.name).decode("utf-8", "replace"), text, problems))
    for order in orders:
        try:
            _check(order, drill, names, steered=steered)
        except UsageError as error:
            problems.found.append(_problem(order.source, error))
    problems.raise_if_any(InputError)
    return sorted(orders, key=lambda order: order.at)


def _orders(name: str, text: str, problems: Problems) -> Iterator[GivenOrder]:
    """Yield the orders of a file, noting lines that cannot be read."""
    at = 0.0
    for number, line in enumerate(text.split("\n"), start=1):
        source, given = f"{name}:{number}", line.strip()
        if not given or given.startswith("#"):
            continue
        try:
            if given.startswith("{"):
                document = read_json(given)
                if isinstance(document, dict) and "at" in document:
                    at = exercise_time(document["at"])
                yield GivenOrder(at, source, document)
            elif given[:2].upper() == "T+":
                stamp, *rest = given.split(None, 1)
                at = exercise_time(stamp)
                yield GivenOrder(at, source, "".join(rest))
            else:
                yield GivenOrder(at, source, given)
        except UsageError as error:
            problems.found.append(_problem(source, error))
        except ValueError:
            problems.add(source, "not a line of JSON", 'Write {"at": 720, "order": {…}}, or words.')


def _check(order: GivenOrder, drill: Drill, names: Names, *, steered: bool) -> None:
    """Raise UsageError for an order that could never be carried out, as far as that is known beforehand."""
    given = order.given
    command = read_command(given, names) if isinstance(given, str) else command_of(given, names)
    if command.does in POINTLESS:
        message = f"'{command.does}' is for people who are there."
        raise UsageError(message, hint="Leave it out.")
    if command.does == "pause" and not steered:
        message = "nobody would be there to let the clock go on."
        raise UsageError(message, hint="Leave it out, or play without --headless, or with --listen.")
    if order.at >= drill.file.lasts:
        message = f"{clock_text(order.at)} is not before ENDEX, at {clock_text(drill.file.lasts)}."
        raise UsageError(message, hint="Give an earlier time.")


def _problem(source: str, error: UsageError) -> Problem:
    return Problem(source, str(error.args[0]).removesuffix("."), error.hint)
