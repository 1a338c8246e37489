"""Checks on the terminal, while they run and when they are over, and as a JSON document."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.text import Text

from dispatch.errors import InputError
from dispatch.regression.judging import quantity
from dispatch.regression.outcomes import Status
from dispatch.report import speak
from dispatch.report.divergence import divergence_document, divergence_text, print_divergence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from dispatch.errors import DispatchError
    from dispatch.regression.outcomes import CaseResult, CheckResult, Outcome

NAMES = ("expected", "now")
"""What the two logs of a difference are called."""

PIPED_RULE = 80
"""Columns of a rule that no terminal shows."""

SHARE = len(" [100%]")

MARKS = {
    Status.PASSED: (".", "green"), Status.FAILED: ("F", "red"), Status.WARNING: ("w", "yellow"),
    Status.UPDATED: ("u", "cyan"), Status.ERROR: ("E", "red"), Status.NOT_RUN: ("-", "yellow"),
}  # fmt: skip
"""How each ending is shown in the line of its case, and in which colour."""

STOPPED = "stopped before its end: what was not run is not judged"


class Progress:
    """What is told while a check runs: a line a case, or a line an assertion."""

    def __init__(self, out: Console, total: int, *, verbose: bool, quiet: bool) -> None:
        self._out = out
        self._total = total
        self._verbose = verbose
        self._quiet = quiet
        self._done = 0
        self._column = 0
        self._open: CaseResult | None = None
        self._style = "green"

    def case(self, case: CaseResult) -> None:
        """Begin the line of a case."""
        self.close()
        self._open = case
        if self._quiet or self._verbose:
            return
        self._write(f"{case.name} ")
        if self._room() < 1:
            self._write("\n")

    def outcome(self, case: CaseResult, outcome: Outcome) -> None:
        """Tell how an assertion ended; begins the line of its case where another one's is open."""
        if self._open is not case:
            self.case(case)
        if not self._verbose and self._room() < 1:
            self._end_line()
        self._done += 1
        seen = "" if outcome.observed is None else f"  {quantity(outcome.observed, outcome.unit)}"
        self._tell(outcome.status, outcome.id, seen if outcome.status is Status.PASSED else "")

    def end_case(self, case: CaseResult) -> None:
        """End the line of a case, and tell if it could not be run."""
        if self._open is not case:
            self.case(case)
        if case.error is not None:
            self._tell(Status.ERROR, case.name)
        self.close()

    def close(self) -> None:
        """End the line that is open, such as when a check stops in the middle of it."""
        self._end_line()
        self._open = None

    def _tell(self, status: Status, name: str, seen: str = "") -> None:
        mark, style = MARKS[status]
        if status in (Status.FAILED, Status.ERROR):
            self._style = style
        if self._quiet:
            return
        if not self._verbose:
            self._write(mark, style)
            return
        self._write(f"{name} ")
        word = status.upper()
        if self._room() < len(word):
            self._write("\n  ")
        self._write(word, style)
        if self._room() > cell_len(seen):
            self._write(seen)
        if not self._out.is_terminal:
            self._write(f"  {self._share()}")
        self._end_line()

    def _room(self) -> float:
        """Return the columns left before the percentage; no end in a file or pipe."""
        return self._out.width - SHARE - self._column if self._out.is_terminal else math.inf

    def _share(self) -> str:
        return f"[{min(100 * self._done // self._total, 100) if self._total else 100:3d}%]"

    def _end_line(self) -> None:
        if self._column and self._out.is_terminal:
            self._write(" " * (self._out.width - self._column - SHARE + 1))
            self._write(self._share(), self._style)
        if self._column:
            self._write("\n")

    def _write(self, text: str, style: str = "") -> None:
        self._out.print(Text(text, style=style), end="", soft_wrap=True)
        _, line_feed, rest = text.rpartition("\n")
        self._column = cell_len(rest) + (0 if line_feed else self._column)
        if self._column > self._out.width and self._out.is_terminal:
            self._column %= self._out.width


def print_summary(out: Console, result: CheckResult, seconds: float, *, quiet: bool) -> None:
    """Print what is not as expected, section by section, and a last line with all counts."""
    if not quiet:
        out.print()
    _print_outcomes(out, "FAILURES", _having(result, Status.FAILED), "red")
    _print_errors(out, result)
    if not quiet:
        _print_outcomes(out, "WARNINGS", _having(result, Status.WARNING), "yellow")
        _print_updates(out, result)
        _print_list(out, result)
    if result.interrupted:
        _print_rule(out, Text(STOPPED, style="bold yellow"), "!", "yellow")
    last = _last_line(result, seconds)
    _print_rule(out, last, "" if quiet else "=", main_style(result))


def _having(result: CheckResult, status: Status) -> list[Outcome]:
    return [outcome for case in result.cases for outcome in case.outcomes if outcome.status is status]


def _print_outcomes(out: Console, title: str, outcomes: Sequence[Outcome], style: str) -> None:
    if outcomes:
        _print_section(out, title)
    for outcome in outcomes:
        _print_outcome(out, outcome, style)


def _print_outcome(out: Console, outcome: Outcome, style: str) -> None:
    """Print what is known of an assertion that does not hold."""
    _print_heading(out, outcome.id, style)
    _say(out, outcome.place)
    _say(out, outcome.message, 2, style)
    if outcome.why:
        _say(out, f"why: {outcome.why}", 2)
    _print_difference(out, outcome)
    out.print()


def _print_difference(out: Console, outcome: Outcome) -> None:
    """Print where a golden log and the log part."""
    if outcome.difference is not None:
        found = (outcome.difference.replication, outcome.difference.divergence)
        print_divergence(out, found, outcome.difference.inputs, NAMES)


def _print_errors(out: Console, result: CheckResult) -> None:
    refused = _having(result, Status.ERROR)
    unrun = [(case.name, case.error) for case in result.cases if case.error is not None]
    if refused or unrun:
        _print_section(out, "ERRORS")
    for name, error in unrun:
        _print_heading(out, name, "red")
        for line in str(error).splitlines():
            _say(out, line, 2)
        out.print()
    for outcome in refused:
        _print_outcome(out, outcome, "red")


def _print_updates(out: Console, result: CheckResult) -> None:
    updated = _having(result, Status.UPDATED)
    notes = [(case.name, case.notes) for case in result.cases if case.notes]
    if updated or notes:
        _print_section(out, "UPDATED" if updated else "NOTES")
    for outcome in updated:
        out.print(Text(outcome.id, style="cyan"), soft_wrap=True)
        _say(out, f"{outcome.place}: {updated_text(outcome)}", 2)
        _print_difference(out, outcome)
    for name, sentences in notes:
        out.print(Text(name), soft_wrap=True)
        for sentence in sentences:
            _say(out, sentence, 2)
    if updated or notes:
        out.print()


def updated_text(outcome: Outcome) -> str:
    """Return what an update has changed, as ``old → new``, or its message where no text was changed."""
    return " → ".join(outcome.change) if outcome.change is not None else outcome.message


def _print_list(out: Console, result: CheckResult) -> None:
    """Print a line for each thing that makes the check fail."""
    items = [("FAILED", outcome.id, outcome.message) for outcome in _having(result, Status.FAILED)]
    items += [("ERROR", outcome.id, outcome.message) for outcome in _having(result, Status.ERROR)]
    items += [("ERROR", case.name, brief(case.error)) for case in result.cases if case.error is not None]
    if items:
        _print_section(out, "short summary", "cyan")
    for word, name, message in items:
        head = Text.assemble((word, "red"), f" {name}")
        tail = f" - {message}" if message else ""
        if out.is_terminal and cell_len(head.plain + tail) > out.width:
            out.print(head, soft_wrap=True)
            _say(out, tail.lstrip(), 2)
        else:
            out.print(head.append(tail), soft_wrap=True)


def brief(error: DispatchError) -> str:
    """Return the first line of an error, and how many follow."""
    first, *others = str(error).splitlines() or [""]
    return f"{first} (and {len(others)} more)" if others else first


def tally(result: CheckResult) -> list[tuple[str, str]]:
    """Return every count that is not zero in words, with its colour, in the order people know from pytest."""
    words: dict[Status | None, str] = {
        Status.FAILED: "failed",
        Status.PASSED: "passed",
        Status.UPDATED: "updated",
        Status.NOT_RUN: "not run",
        None: "deselected",
        Status.WARNING: "warning",
        Status.ERROR: "error",
    }
    found = []
    for status, word in words.items():
        count = result.deselected if status is None else result.count(status)
        plural = "s" if count > 1 and status in (Status.WARNING, Status.ERROR) else ""
        if count:
            found.append((f"{count:,} {word}{plural}", "yellow" if status is None else MARKS[status][1]))
    if not any(result.count(status) for status in Status):
        found.insert(0, ("no assertions", "yellow"))
    return found


def main_style(result: CheckResult) -> str:
    """Return the colour of a check as a whole."""
    if result.count(Status.FAILED) or result.count(Status.ERROR):
        return "red"
    if result.count(Status.WARNING) or result.interrupted:
        return "yellow"
    return "green" if result.count(Status.PASSED) or result.count(Status.UPDATED) else "yellow"


def _last_line(result: CheckResult, seconds: float) -> Text:
    main = main_style(result)
    parts = [Text(words, style=f"bold {style}" if style == main else style) for words, style in tally(result)]
    return Text(", ").join(parts).append(f" in {speak.duration(seconds)}", style=main)


def failure_text(outcome: Outcome) -> str:
    """Return all that is known of an assertion that does not hold, as plain lines."""
    lines = [outcome.place, outcome.message, f"why: {outcome.why}" if outcome.why else ""]
    if outcome.difference is not None:
        found = (outcome.difference.replication, outcome.difference.divergence)
        lines.append(divergence_text(found, outcome.difference.inputs, NAMES))
    return "\n".join(line for line in lines if line)


def _print_section(out: Console, title: str, style: str = "") -> None:
    _print_rule(out, Text(title, style=f"bold {style}".strip()), "=", style)


def _print_rule(out: Console, title: Text, mark: str, style: str) -> None:
    """Print a title in the middle of a line of marks, alone where there is no room for them."""
    spare = (out.width if out.is_terminal else PIPED_RULE) - title.cell_len - 2
    if mark and (spare > 1 or not out.is_terminal):
        left = max(spare // 2, 1)
        title = Text.assemble((f"{mark * left} ", style), title, (f" {mark * max(spare - left, 1)}", style))
    out.print(title, soft_wrap=not out.is_terminal)


def _print_heading(out: Console, name: str, style: str) -> None:
    """Print the name of what is told below, broken after ``::`` where it is wider than a terminal."""
    lines = [""]
    for part in name.replace("::", "::\0").split("\0"):
        if out.is_terminal and lines[-1] and cell_len(lines[-1] + part) > out.width - 4:
            lines.append("")
        lines[-1] += part
    if len(lines) == 1:
        _print_rule(out, Text(name, style=f"bold {style}"), "_", style)
    else:
        out.print(Text("\n".join(lines), style=f"bold {style}"))


def _say(out: Console, text: str, indent: int = 0, style: str = "") -> None:
    """Print a text, on terminals broken between words, elsewhere as one line."""
    told = Text(text, style=style)
    lines = told.wrap(out, max(out.width - indent, 1)) if out.is_terminal else [told]
    for line in lines:
        line.rstrip()
        out.print(Text.assemble(" " * indent, line), soft_wrap=True)


def check_document(result: CheckResult) -> dict[str, Any]:
    """Return the JSON document of ``dispatch check``: no times of the clock, so that equal is equal."""
    return {
        "exit_code": result.exit_code,
        "counts": {status.value: result.count(status) for status in Status},
        "deselected": result.deselected,
        "interrupted": result.interrupted,
        "cases": [_case(case) for case in result.cases],
    }


def _case(case: CaseResult) -> dict[str, Any]:
    return {
        "case": case.name,
        "file": case.file,
        "title": case.title,
        "cells": case.cells,
        "error": None if case.error is None else _error(case.error),
        "notes": list(case.notes),
        "assertions": [_assertion(outcome) for outcome in case.outcomes],
    }


def _error(error: DispatchError) -> list[dict[str, str]] | dict[str, str]:
    if isinstance(error, InputError):
        return [{"place": p.place, "fact": p.fact, "remedy": p.remedy} for p in error.problems]
    return {"message": str(error)}


def _assertion(outcome: Outcome) -> dict[str, Any]:
    told = outcome.difference
    found = None if told is None else (told.replication, told.divergence)
    return {
        "id": outcome.id,
        "cell": outcome.cell,
        "what": outcome.what,
        "status": outcome.status.value,
        "place": outcome.place,
        "message": outcome.message,
        "why": outcome.why,
        "expected": _number(outcome.expected),
        "observed": _number(outcome.observed),
        "unit": outcome.unit,
        "change": None if outcome.change is None else list(outcome.change),
        "difference": None if told is None else divergence_document(found, told.inputs, [told.replication]),
    }


def _number(value: float | None) -> float | None:
    """Return a number, None where there is none or JSON has no word for it."""
    return value if value is not None and math.isfinite(value) else None
