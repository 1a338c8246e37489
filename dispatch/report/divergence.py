"""Two logs side by side at the first event in which they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from dispatch.regression.events import WORDS
from dispatch.report import speak, terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from dispatch.regression.divergence import Divergence
    from dispatch.regression.events import Event, Snapshot


def divergence_document(
    found: tuple[int, Divergence] | None, inputs: Sequence[str], compared: Sequence[int]
) -> dict[str, Any]:
    """Return the JSON document of ``dispatch diff``."""
    document: dict[str, Any] = {
        "equal": found is None,
        "inputs_that_differ": list(inputs),
        "replications": list(compared),
    }
    if found is not None:
        number, divergence = found
        document["first_difference"] = {
            "replication": number,
            "event": divergence.number,
            "time": divergence.time,
            "a": _event(divergence.first),
            "b": _event(divergence.second),
            "board": {
                "before": _board(divergence.before),
                "a": _board(divergence.boards[0]),
                "b": _board(divergence.boards[1]),
            },
        }
    return document


def _board(board: Snapshot) -> dict[str, Any]:
    return {"units": board.units, "waiting": board.waiting}


def _event(event: Event | None) -> dict[str, Any] | None:
    if event is None:
        return None
    return {**event._asdict(), "kind": WORDS[event.kind]}


def print_divergence(
    out: Console, found: tuple[int, Divergence] | None, inputs: Sequence[str], names: tuple[str, str]
) -> None:
    """Print where two logs part, the board at that moment, and which inputs differ."""
    if found is None:
        out.print(Text("The logs are equal, event by event.", style="bold"))
    else:
        number, divergence = found
        when = f"{speak.duration(divergence.time)} after the start"
        head = f"First difference: replication {number}, event {divergence.number + 1:,}, {when}"
        out.print(Text(head, style="bold"))
        for name, event in zip(names, (divergence.first, divergence.second), strict=True):
            out.print(Text(f"  {name}: {event if event is not None else 'nothing more happens'}"))
        _print_board(out, divergence, names)
    if inputs:
        out.print(Text(f"Inputs that differ: {', '.join(inputs)}."))
    elif found is not None:
        out.print(Text("All inputs are equal: the difference lies in the program or the machine."))


def board_rows(divergence: Divergence) -> list[tuple[str, str, str, str]]:
    """Return unit, what it did before, and what it does in either log when they part; who differs leads."""
    a, b = (board.units for board in divergence.boards)
    before = divergence.before.units
    units = sorted({*a, *b}, key=lambda unit: (a.get(unit) == b.get(unit), unit))
    home = "in quarters"
    return [(unit, before.get(unit, home), a.get(unit, home), b.get(unit, home)) for unit in units]


def _print_board(out: Console, divergence: Divergence, names: tuple[str, str]) -> None:
    rows = board_rows(divergence)
    if rows:
        table = terminal.new_table(out, "The status board at that moment; units that differ stand first")
        for column in ("unit", "before, in both", *names):
            table.add_column(column, overflow="fold")
        for unit, before, a, b in rows:
            table.add_row(*(Text(cell, style="" if a == b else "bold") for cell in (unit, before, a, b)))
        out.print(table)
    for name, board in zip(names, divergence.boards, strict=True):
        out.print(Text(f"  {name}: calls waiting: {', '.join(board.waiting) or 'none'}"))
