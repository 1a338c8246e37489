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
    from dispatch.regression.events import Event


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
            "board": {"units": divergence.board.units, "waiting": divergence.board.waiting},
        }
    return document


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
        _print_board(out, divergence)
    if inputs:
        out.print(Text(f"Inputs that differ: {', '.join(inputs)}."))
    elif found is not None:
        out.print(Text("All inputs are equal: the difference lies in the program or the machine."))


def _print_board(out: Console, divergence: Divergence) -> None:
    board = divergence.board
    if board.units:
        table = terminal.new_table(out, "The status board until then, in both")
        table.add_column("unit")
        table.add_column("is", overflow="fold")
        for unit, state in sorted(board.units.items()):
            table.add_row(Text(unit), Text(state))
        out.print(table)
    out.print(Text(f"Calls waiting: {', '.join(board.waiting) or 'none'}."))
