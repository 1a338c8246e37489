"""Checks as pages that explain themselves: Markdown for a job's summary, one HTML file for everybody."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dispatch.regression.events import WORDS
from dispatch.regression.judging import apart, quantity
from dispatch.regression.outcomes import CheckResult, Status
from dispatch.report import speak
from dispatch.report.checks import MARKS, NAMES, STOPPED, main_style, tally, updated_text
from dispatch.report.divergence import board_rows, headline, meaning
from dispatch.report.plain import block, clean, code, marked_down

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dispatch.regression.events import Event
    from dispatch.regression.outcomes import CaseResult, Outcome

HOW_TO_READ = (
    "A case is a scenario with a file of expectations; a cell is one combination of layout, seed and speeds "
    "that it is simulated for. A failed assertion means that the simulation no longer does what the file "
    "expects: either something was broken, or the change was meant and the file is to be updated with "
    "'dispatch check --update'. A warning tells without failing. A refused assertion could not be judged. "
    "Differences are what is observed now less what was expected; those of shares are in percentage points "
    "(pp). For a whole log, the first event that differs is shown with the status board at that moment; what "
    "comes later usually follows from it."
)

TITLES = {
    Status.FAILED: "failed", Status.ERROR: "refused", Status.WARNING: "warning", Status.UPDATED: "updated",
    Status.NOT_RUN: "not run",
}  # fmt: skip
"""What is told of an assertion that has not passed, in the order of the pages."""


@dataclass(frozen=True, slots=True)
class Row:
    """An assertion that has not passed, in words."""

    outcome: Outcome
    word: str
    style: str
    expected: str
    observed: str
    difference: str
    share: str


@dataclass(frozen=True, slots=True)
class LogShown:
    """A log that differs from the expected one, in words."""

    outcome: Outcome
    head: str
    events: tuple[tuple[str, Event | None], ...]
    board: list[tuple[str, str, str, str]]
    waiting: tuple[tuple[str, str], ...]
    inputs: tuple[str, ...]
    meaning: str


@dataclass(frozen=True, slots=True)
class CaseShown:
    """A case in words."""

    number: int
    case: CaseResult
    tally: str
    style: str
    error: list[str]
    rows: list[Row]
    logs: list[LogShown]
    passed: list[Outcome]

    @property
    def moved(self) -> bool:
        """Whether there is anything to tell beside that all passed."""
        return bool(self.error or self.rows or self.case.notes)


def check_html(result: CheckResult) -> str:
    """Return a check as one HTML file that asks for nothing from elsewhere."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = FileSystemLoader(Path(__file__).parent / "templates")
    environment = Environment(
        loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.get_template("check.html").render(
        headline=_headline(result),
        style=main_style(result),
        checked=_checked(result),
        stopped=_stopped(result),
        how_to_read=HOW_TO_READ,
        cases=[_shown(n, case) for n, case in enumerate(result.cases, 1)],
        names=NAMES,
        words=WORDS,
        updated_text=updated_text,
    )
    return f"{clean(page)}\n"


def check_markdown(result: CheckResult) -> str:
    """Return a check in GitHub's Markdown, for the summary of a job or a comment."""
    cases = [_shown(n, case) for n, case in enumerate(result.cases, 1)]
    lines = [f"# dispatch check: {_headline(result)}", "", _checked(result), ""]
    if result.interrupted:
        lines += [f"**{_stopped(result)}**", ""]
    lines += [HOW_TO_READ, ""]
    if cases:
        lines += ["| case | title | outcome |", "|---|---|---|"]
        lines += [_table_row(code(c.case.name), marked_down(c.case.title), c.tally) for c in cases]
    for shown in cases:
        lines += _case_lines(shown) if shown.moved else []
    lines += _passed_lines(cases)
    return "\n".join(lines).rstrip() + "\n"


def values(outcome: Outcome) -> tuple[str, str, str, str]:
    """Return what was expected, what is observed, the difference, and its share of the former, in words."""
    expected, observed, unit = outcome.expected, outcome.observed, outcome.unit
    if observed is None:
        return ("–" if expected is None else speak.value(expected, unit), "–", "–", "–")
    if expected is None:  # a comparison: what is observed is itself a difference
        return ("–", speak.difference(observed, unit), "–", "–")
    shown = [speak.value(value, unit) for value in (expected, observed)]
    if not math.isfinite(observed - expected):
        return (shown[0], shown[1], "–", "–")
    change = observed - expected
    difference = speak.difference(change, unit)
    if change and shown[0] == shown[1]:  # too near each other for round numbers
        shown = [text.replace("-", "−") for text in apart(expected, observed, unit)]
        difference = quantity(change, unit, 3, signed=True).replace("-", "−")
    percent = 100 * change / abs(expected) if expected else math.inf
    share = f"{percent:{'+.3g' if abs(percent) < 1000 else '+,.0f'}} %".replace("-", "−") if expected else "–"
    return (shown[0], shown[1], difference, share if change else "0 %")


def _headline(result: CheckResult) -> str:
    return ", ".join(words for words, _ in tally(result))


def _stopped(result: CheckResult) -> str:
    return f"{STOPPED[0].upper()}{STOPPED[1:]}." if result.interrupted else ""


def _checked(result: CheckResult) -> str:
    """Return what was checked in a sentence."""
    counts = {
        "case": len(result.cases),
        "cell": sum(case.cells for case in result.cases),
        "assertion": sum(len(case.outcomes) for case in result.cases),
    }
    told = [f"{count:,} {word}{'' if count == 1 else 's'}" for word, count in counts.items()]
    left = f"; {result.deselected:,} left out by selection" if result.deselected else ""
    return f"Checked: {', '.join(told)}{left}."


def _shown(number: int, case: CaseResult) -> CaseShown:
    alone = CheckResult([case])
    of = {status: [o for o in case.outcomes if o.status is status] for status in Status}
    rows = [Row(o, word, MARKS[status][1], *values(o)) for status, word in TITLES.items() for o in of[status]]
    return CaseShown(
        number,
        case,
        _headline(alone),
        main_style(alone),
        str(case.error).splitlines() if case.error is not None else [],
        rows,
        [_log(row.outcome) for row in rows if row.outcome.difference is not None],
        of[Status.PASSED],
    )


def _log(outcome: Outcome) -> LogShown:
    told = outcome.difference
    assert told is not None
    parted = told.divergence
    waiting = tuple(", ".join(board.waiting) or "none" for board in parted.boards)
    return LogShown(
        outcome,
        headline(told.replication, parted),
        tuple(zip(NAMES, (parted.first, parted.second), strict=True)),
        board_rows(parted),
        tuple(zip(NAMES, waiting, strict=True)),
        told.inputs,
        meaning(told.inputs),
    )


def _case_lines(shown: CaseShown) -> Iterator[str]:
    case = shown.case
    title = f": {marked_down(case.title)}" if case.title.strip() else ""
    yield from ("", f"## {code(case.name)}{title}", "", f"{shown.tally}; {code(case.file)}", "")
    if shown.error:
        yield from ("This case could not be run:", "", block("\n".join(shown.error)), "")
    if shown.rows:
        heads = ("", "assertion", "cell", "expected", "now", "difference", "in %", "message")
        yield from (_table_row(*heads), "|---|---|---|--:|--:|--:|--:|---|")
        yield from (_assertion_row(row) for row in shown.rows)
        yield ""
    for log in shown.logs:
        yield from _log_lines(log)
    yield from (f"- {marked_down(note)}" for note in case.notes)


def _assertion_row(row: Row) -> str:
    outcome = row.outcome
    changed = outcome.status is Status.UPDATED and outcome.change is not None
    told = [f"{code(updated_text(outcome))}" if changed else "", marked_down(outcome.message)]
    told += [f"*{marked_down(outcome.why)}*" if outcome.why.strip() else "", code(outcome.place)]
    message = "<br>".join(part for part in told if part)
    numbers = (row.expected, row.observed, row.difference, row.share)
    return _table_row(f"**{row.word}**", code(outcome.what), code(outcome.cell), *numbers, message)


def _log_lines(log: LogShown) -> Iterator[str]:
    yield from (f"### {code(log.outcome.what)} in {code(log.outcome.cell)}", "", f"**{log.head}**", "")
    yield from ("| log | event |", "|---|---|")
    for name, event in log.events:
        yield _table_row(name, code(str(event)) if event is not None else "nothing more happens")
    inputs = f" Inputs that differ: {', '.join(map(code, log.inputs))}." if log.inputs else ""
    yield from ("", f"{marked_down(log.meaning)}{inputs}", "")
    differing = [row for row in log.board if row[2] != row[3]]
    if differing:
        yield from (_table_row("unit", "before, in both", *NAMES), "|---|---|---|---|")
        yield from (_table_row(*map(code, row)) for row in differing)
        yield ""
    alike = len(log.board) - len(differing)
    waiting = "; ".join(f"{name}: {marked_down(calls)}" for name, calls in log.waiting)
    yield from (f"Units that do the same in both: {alike}. Calls waiting: {waiting}.", "")


def _passed_lines(cases: Sequence[CaseShown]) -> Iterator[str]:
    count = sum(len(shown.passed) for shown in cases)
    if count:
        yield from ("", "<details>", f"<summary>{count:,} passed</summary>", "")
        yield from (f"- {code(outcome.id)}" for shown in cases for outcome in shown.passed)
        yield from ("", "</details>")


def _table_row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
