"""Two logs side by side at the first event in which they differ."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from dispatch.regression.events import WORDS
from dispatch.report import speak, terminal
from dispatch.report.rows import Column, print_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatch.regression.divergence import Divergence
    from dispatch.regression.events import Event, Snapshot


def divergence_document(
    found: tuple[int, Divergence] | None, inputs: Sequence[str], compared: Sequence[int]
) -> dict[str, Any]:
    """Return the JSON document of ``dispatch diff``."""
    document: dict[str, Any] = {
        "equal": found is None and "replications" not in inputs,
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
    whole = not out.is_terminal  # what goes into a file or a pipe is not broken into lines
    if found is None:
        one_has_more = "replications" in inputs
        where = ", in the replications that both have; one of them has more" if one_has_more else ""
        out.print(Text(f"The logs are equal, event by event{where}.", style="bold"))
    else:
        divergence = found[1]
        out.print(Text(headline(*found), style="bold"))
        for name, event in zip(names, (divergence.first, divergence.second), strict=True):
            line = f"  {name}: {event if event is not None else 'nothing more happens'}"
            out.print(Text(line), soft_wrap=whole)
        _print_board(out, divergence, names)
    if inputs:
        out.print(Text(f"Inputs that differ: {', '.join(inputs)}."), soft_wrap=whole)
    if found is not None:
        out.print(Text(meaning(inputs)), soft_wrap=whole)


def headline(replication: int, divergence: Divergence) -> str:
    """Return where and when two logs part."""
    when = f"{speak.duration(divergence.time)} after the start"
    return f"First difference: replication {replication}, event {divergence.number + 1:,}, {when}"


def divergence_text(
    found: tuple[int, Divergence] | None, inputs: Sequence[str], names: tuple[str, str]
) -> str:
    """Return what ``print_divergence`` prints, as plain text."""
    text = StringIO()
    out = Console(file=text, width=terminal.PIPED_WIDTH, force_terminal=False, no_color=True, highlight=False)
    print_divergence(out, found, inputs, names)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


_CAUSES = {
    "demand.calls": "the recorded calls have changed",
    "dispatch": "the program is another version",
    "layout": "another layout was simulated",
    "network": "the road network has changed",
    "replication": "another replication was simulated",
    "replications": "one has more replications",
    "seed": "the seed is another, so all luck is",
    "travel.factors": "the speeds have changed",
}
"""What it means that an input differs."""


def meaning(inputs: Sequence[str]) -> str:
    """Return in a sentence where the cause of a difference lies, by the inputs that differ."""
    if not inputs:
        return "All inputs are equal: the difference lies in the program or the machine."
    if tuple(inputs) == ("dispatch",):
        return "Only the version of dispatch differs: the program has changed, what it was given has not."
    sections = [name.removeprefix("scenario.") for name in inputs if name.startswith("scenario.")]
    files = [name.removeprefix("file ") for name in inputs if name.startswith("file ")]
    others = [name for name in inputs if not name.startswith(("scenario.", "file "))]
    told = [_CAUSES.get(name, f"'{name}' has changed") for name in others]
    told += [f"{name} was edited or cut off after it was written" for name in files]
    if sections:
        head, verb = ("section", "has") if len(sections) == 1 else ("sections", "have")
        told = [f"{head} {', '.join(sections)} of the scenario {verb} changed", *told]
    return f"Look there first: {'; '.join(told)}."


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
        columns = [Column("unit"), *(Column(name, wraps=True) for name in ("before, in both", *names))]
        cells = [[Text(cell, style="" if row[2] == row[3] else "bold") for cell in row] for row in rows]
        print_rows(out, "The status board at that moment; units that differ stand first", columns, cells)
    for name, board in zip(names, divergence.boards, strict=True):
        line = f"  {name}: calls waiting: {', '.join(board.waiting) or 'none'}"
        out.print(Text(line), soft_wrap=not out.is_terminal)
