"""What a check prints while it runs and when it is over, and its JSON document."""

from __future__ import annotations

import json
import re
from io import StringIO
from itertools import pairwise
from math import inf, nan

import pytest
from rich.cells import cell_len
from rich.console import Console

from dispatch.errors import UsageError
from dispatch.io.run_folder import json_text
from dispatch.regression.outcomes import CaseResult, CheckResult, Outcome, Status
from dispatch.report.checks import (
    Progress,
    brief,
    check_document,
    failure_text,
    main_style,
    print_summary,
    tally,
)
from dispatch.report.divergence import divergence_document, meaning
from tests.report.checked import (
    CELL,
    NEAREST,
    case,
    everything,
    golden,
    late,
    outcome,
    parted,
    stopped,
    unreadable,
)

WIDTHS = (60, 80, 200)
ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")


def screen(width: int, colours: bool = False) -> Console:
    return Console(
        file=StringIO(),
        width=width,
        force_terminal=True,
        color_system="standard" if colours else None,
        highlight=False,
        legacy_windows=False,
    )


def pipe() -> Console:
    return Console(file=StringIO(), width=200, force_terminal=False, no_color=True, highlight=False)


def written(out: Console) -> str:
    assert isinstance(out.file, StringIO)
    return out.file.getvalue()


def run(out: Console, result: CheckResult, *, verbose: bool = False, quiet: bool = False) -> list[str]:
    """Return the lines that are printed while a check runs."""
    total = sum(len(case.outcomes) for case in result.cases)
    progress = Progress(out, total, verbose=verbose, quiet=quiet)
    for part in result.cases:
        progress.case(part)
        for each in part.outcomes:
            progress.outcome(part, each)
        progress.end_case(part)
    return written(out).split("\n")


def summary(out: Console, result: CheckResult, *, quiet: bool = False) -> str:
    print_summary(out, result, 4.2, quiet=quiet)
    return written(out)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_line_a_case_with_the_percentage_at_its_end(width: int) -> None:
    lines = run(screen(width), everything())
    assert [line.split() for line in lines[:-1]] == [
        [NEAREST, ".FFuE", "[", "55%]"],
        ["情景/北区", ".w-", "[", "88%]"],
        ["scenarios/well", ".", "[100%]"],
        ["scenarios/broken", "E", "[100%]"],
    ]
    assert lines[-1] == ""
    assert {cell_len(line) for line in lines[:-1]} == {width}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["short", "情景/" + "北" * 24, "x" * 54, "y" * 150, "z" * 59, "九" * 45])
def test_many_assertions_go_on_below_and_lose_none(width: int, name: str) -> None:
    """No mark is printed where the terminal would break a line by itself, or in the percentage."""
    many = CheckResult([case(*[outcome() for _ in range(333)], name=name)])
    text = "\n".join(run(screen(width), many))
    assert text.startswith(f"{name} ")
    lines = text[len(name) + 1 :].split("\n")
    marked = [line for line in lines if line]
    assert sum(line.count(".") for line in marked) == 333
    assert all(cell_len(line) == width for line in (marked[1:] if marked[0] == lines[0] else marked))
    shares = [int(found) for found in re.findall(r"\[ *(\d+)%\]", text)]
    assert shares == sorted(shares)
    assert len(shares) == len(marked)
    assert shares[-1] == 100
    assert not re.search(r"\.\[", text)


def test_piped_lines_are_plain() -> None:
    lines = run(pipe(), everything())
    assert lines == [f"{NEAREST} .FFuE", "情景/北区 .w-", "scenarios/well .", "scenarios/broken E", ""]


def test_verbose_is_a_line_an_assertion() -> None:
    result = everything()
    lines = run(pipe(), result, verbose=True)
    words = [
        "PASSED",
        "FAILED",
        "FAILED",
        "UPDATED",
        "ERROR",
        "PASSED",
        "WARNING",
        "NOT RUN",
        "PASSED",
        "ERROR",
    ]
    ids = [each.id for part in result.cases for each in part.outcomes] + ["scenarios/broken"]
    shares = [11, 22, 33, 44, 55, 66, 77, 88, 100, 100]
    assert lines == [*(f"{i} {w}  [{s:3d}%]" for i, w, s in zip(ids, words, shares, strict=True)), ""]


def rows_on_screen(line: str, width: int) -> list[str]:
    """Return a line as a terminal breaks it, cell by cell."""
    rows = [""]
    for character in line:
        if cell_len(rows[-1] + character) > width:
            rows.append("")
        rows[-1] += character
    return rows


@pytest.mark.parametrize("width", WIDTHS)
def test_verbose_on_a_terminal_never_cuts_a_word_or_percentage(width: int) -> None:
    """Where there is no room for the word beside the id, it stands below."""
    lines = run(screen(width), everything(), verbose=True)[:-1]
    ends = [line for line in lines if line.endswith("%]")]
    assert len(ends) == 10
    for line in ends:
        last = rows_on_screen(line, width)[-1]
        assert re.search(r" (PASSED|FAILED|WARNING|UPDATED|ERROR|NOT RUN) *\[[ \d]{3}%\]$", last), line
        assert cell_len(last) == width
    for line, below in pairwise(lines):
        assert line.endswith("%]") or below.startswith("  ")


def test_quiet_tells_nothing_on_the_way() -> None:
    assert run(screen(80), everything(), quiet=True) == [""]
    assert run(pipe(), everything(), quiet=True, verbose=True) == [""]


def test_colours_on_terminals_only() -> None:
    text = "\n".join(run(screen(80, colours=True), everything()))
    assert "\x1b[32m.\x1b[0m\x1b[31mF\x1b[0m" in text
    assert "\x1b[33mw\x1b[0m" in text
    assert "\x1b[36mu\x1b[0m" in text
    assert text.count("\x1b[31m[ 55%]\x1b[0m") == 1
    green = "\n".join(run(screen(80, colours=True), CheckResult([case(outcome())])))
    assert "\x1b[32m[100%]\x1b[0m" in green
    assert "\x1b" not in summary(pipe(), everything())


def test_outcomes_of_cases_side_by_side_begin_lines_of_their_own() -> None:
    out, one, other = pipe(), case(name="one"), case(name="other")
    progress = Progress(out, 3, verbose=False, quiet=False)
    progress.outcome(one, outcome())
    progress.outcome(other, late())
    progress.outcome(one, outcome())
    progress.close()
    progress.close()
    assert written(out) == "one .\nother F\none .\n"


def test_more_assertions_than_foreseen_are_no_more_than_all() -> None:
    lines = run(screen(60), CheckResult([case(outcome(), outcome()), case(name="b", title="")]))
    assert lines[0].endswith("[100%]")
    progress = Progress(out := screen(60), 0, verbose=False, quiet=False)
    progress.outcome(case(), outcome())
    progress.close()
    assert written(out).endswith("[100%]\n")


def sections(text: str) -> list[str]:
    return re.findall(r"^=+ ([A-Za-z ]+) =+$", text, re.MULTILINE)


def test_the_summary_has_sections() -> None:
    text = summary(pipe(), everything())
    assert sections(text) == ["FAILURES", "ERRORS", "WARNINGS", "UPDATED", "short summary"]
    assert text.rstrip().split("\n")[-1].strip("= ") == (
        "2 failed, 3 passed, 1 updated, 1 not run, 3 deselected, 1 warning, 2 errors in 4.2 s"
    )


def test_a_failure_is_told_with_place_message_and_reason() -> None:
    """Sentences stay whole where no terminal breaks them."""
    text = summary(pipe(), CheckResult([case(late(why="because " * 60 + "so"))]))
    lines = text.split("\n")
    at = next(i for i, line in enumerate(lines) if line.startswith("_"))
    assert lines[at].strip("_ ") == f"{NEAREST}::{CELL}::total.first.p90[zone=north] <="
    assert lines[at + 1 : at + 4] == [
        "nearest.expected.yaml:12 assertions[3]",
        "  expected ≤ 480 s, got 512 s (unit E3, incident 7)",
        f"  why: {'because ' * 60}so",
    ]
    assert (
        f"FAILED {NEAREST}::{CELL}::total.first.p90[zone=north] <= - expected ≤ 480 s, got 512 s "
        "(unit E3, incident 7)\n"
    ) in text


def test_a_log_that_parts_is_told_with_both_boards() -> None:
    text = summary(pipe(), CheckResult([case(golden(("scenario.units", "scenario.stations")))]))
    assert "First difference: replication 0, event 7, 6 min 00 s after the start\n" in text
    assert "  expected: 360.5 alerted: E2 for fire-1 (engine)\n" in text
    assert "  now: 360.5 alerted: E3 for fire-1 (engine, from the road)\n" in text
    assert re.search(r"^unit +before, in both +expected +now *$", text, re.MULTILINE)
    assert re.findall("^(E[0-9]) ", text, re.MULTILINE) == ["E2", "E3", "E1"]
    assert re.search("^E3 +in quarters +in quarters +alerted for fire-1 *$", text, re.MULTILINE)
    assert "Inputs that differ: scenario.units, scenario.stations.\n" in text


def test_errors_show_every_line() -> None:
    text = summary(pipe(), CheckResult([unreadable(count=4)]))
    for i in range(1, 5):
        assert f"\n  broken.yaml:{i} units: no such type. Known: engine.\n" in text
    assert (
        "\nERROR scenarios/broken - broken.yaml:1 units: no such type. Known: engine. (and 3 more)\n" in text
    )


def test_updates_show_old_and_new() -> None:
    text = summary(pipe(), everything())
    assert f"\n{NEAREST}::{CELL}::queue.mean ==\n  nearest.expected.yaml:12 assertions[3]: 10 → 12\n" in text
    assert f"\n{NEAREST}\n  nearest.expected.yaml: 1 value updated.\n" in text
    noted = summary(pipe(), CheckResult([case(outcome(), notes=["town.expected.yaml was written."])]))
    assert sections(noted) == ["NOTES"]
    assert "\n  town.expected.yaml was written.\n" in noted


def test_warnings_are_told_but_not_listed_as_failures() -> None:
    text = summary(pipe(), CheckResult([case(late(Status.WARNING))]))
    assert sections(text) == ["WARNINGS"]
    assert "got 512 s" in text
    assert "FAILED" not in text


def test_quiet_leaves_failures_errors_and_the_last_line() -> None:
    text = summary(pipe(), everything(), quiet=True)
    assert sections(text) == ["FAILURES", "ERRORS"]
    assert text.endswith(
        "\n2 failed, 3 passed, 1 updated, 1 not run, 3 deselected, 1 warning, 2 errors in 4.2 s\n"
    )
    well = summary(pipe(), CheckResult([case(outcome(), late(Status.WARNING))]), quiet=True)
    assert well == "1 passed, 1 warning in 4.2 s\n"


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_terminal_but_ids(width: int) -> None:
    """Ids stay whole, so that they can be copied."""
    text = summary(screen(width), everything())
    ids = [each.id for part in everything().cases for each in part.outcomes]
    for line in text.split("\n"):
        assert cell_len(line) <= width or any(line.endswith(known) or known in line for known in ids), line


@pytest.mark.parametrize("width", WIDTHS)
def test_no_word_is_cut(width: int) -> None:
    text = summary(screen(width), everything())
    words = set(re.split(r"[\s=_]+", text))
    for sentence in (
        "expected ≤ 480 s, got 512 s (unit E3, incident 7)",
        "why: the plan is to bring the first unit within eight minutes",
        "broken.yaml:2 units: no such type. Known: engine.",
        "2 failed, 3 passed, 1 updated, 1 not run, 3 deselected, 1 warning, 2 errors in 4.2 s",
        "Only the version of dispatch differs: the program has changed, what it was given has not.",
    ):
        assert set(sentence.split()) <= words
    for piece in ("两个新站应当更快", "total.first.p90[zone=north] <=", f"{CELL}::"):
        assert piece in text


@pytest.mark.parametrize("width", WIDTHS)
def test_headings_are_in_the_middle(width: int) -> None:
    for line in summary(screen(width), everything()).split("\n"):
        if line.startswith(("==", "__")):
            mark = line[0]
            left, right = len(line) - len(line.lstrip(mark)), len(line) - len(line.rstrip(mark))
            assert cell_len(line) == width
            assert right - left in (0, 1)


def test_stopped_by_hand_is_said() -> None:
    error = UsageError("dispatch cannot do this.", hint="Do that.")
    text = summary(pipe(), stopped(error))
    assert "! stopped before its end: what was not run is not judged !" in text
    assert "  dispatch cannot do this. Do that.\n" in text
    assert "stopped" not in summary(pipe(), everything())


@pytest.mark.parametrize(
    ("parts", "deselected", "words", "style"),
    [
        ([], 0, ["no assertions"], "yellow"),
        ([], 2, ["no assertions", "2 deselected"], "yellow"),
        ([outcome()], 0, ["1 passed"], "green"),
        ([outcome(Status.UPDATED)], 0, ["1 updated"], "green"),
        ([outcome(), outcome(Status.WARNING)], 1, ["1 passed", "1 deselected", "1 warning"], "yellow"),
        ([outcome(Status.WARNING)] * 2, 0, ["2 warnings"], "yellow"),
        ([outcome(Status.NOT_RUN)], 0, ["1 not run"], "yellow"),
        ([outcome(Status.FAILED)] * 1200, 0, ["1,200 failed"], "red"),
        ([outcome(Status.ERROR)] * 2, 0, ["2 errors"], "red"),
    ],
)
def test_counts_are_told_that_are_not_zero(
    parts: list[Outcome], deselected: int, words: list[str], style: str
) -> None:
    result = CheckResult([case(*parts)], deselected=deselected)
    assert [text for text, _ in tally(result)] == words
    assert main_style(result) == style


def test_a_case_that_could_not_be_run_counts_as_an_error() -> None:
    result = CheckResult([unreadable(), case(outcome(Status.ERROR))])
    assert tally(result) == [("2 errors", "red")]
    assert summary(pipe(), CheckResult()).strip("\n= ") == "no assertions in 4.2 s"


def test_failure_text_has_all_that_is_known() -> None:
    assert failure_text(late()).split("\n") == [
        "nearest.expected.yaml:12 assertions[3]",
        "expected ≤ 480 s, got 512 s (unit E3, incident 7)",
        "why: the plan is to bring the first unit within eight minutes",
    ]
    text = failure_text(golden((), why="the whole log counts"))
    assert text.endswith("All inputs are equal: the difference lies in the program or the machine.")
    assert "\x1b" not in text
    assert brief(UsageError("One line.")) == "One line."


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ((), "All inputs are equal: the difference lies in the program or the machine."),
        (
            ("dispatch",),
            "Only the version of dispatch differs: the program has changed, what it was given has not.",
        ),
        (("scenario.units",), "Look there first: section units of the scenario has changed."),
        (
            ("network", "scenario.stations", "scenario.units"),
            "Look there first: sections stations, units of the scenario have changed; "
            "the road network has changed.",
        ),
        (
            ("demand.calls", "dispatch", "seed", "travel.factors"),
            "Look there first: the recorded calls have changed; the program is another version; "
            "the seed is another, so all luck is; the speeds have changed.",
        ),
        (("moon",), "Look there first: 'moon' has changed."),
    ],
)
def test_the_inputs_that_differ_say_where_to_look(inputs: tuple[str, ...], sentence: str) -> None:
    assert meaning(inputs) == sentence


def test_the_document_has_everything_but_the_clock() -> None:
    document = check_document(everything())
    assert list(document) == ["exit_code", "counts", "deselected", "interrupted", "cases"]
    assert document["exit_code"] == 2
    assert document["deselected"] == 3
    assert document["interrupted"] is False
    assert document["counts"] == {
        "passed": 3, "failed": 2, "warning": 1, "updated": 1, "error": 2, "not run": 1
    }  # fmt: skip
    first = document["cases"][0]
    assert {key: first[key] for key in ("case", "file", "title", "cells", "error", "notes")} == {
        "case": NEAREST,
        "file": f"{NEAREST}.expected.yaml",
        "title": "Nearest unit · 最近的车",
        "cells": 2,
        "error": None,
        "notes": ["nearest.expected.yaml: 1 value updated."],
    }
    assert set(first) == {"case", "file", "title", "cells", "error", "notes", "assertions"}
    assert first["assertions"][1] == {
        "id": f"{NEAREST}::{CELL}::total.first.p90[zone=north] <=",
        "cell": CELL,
        "what": "total.first.p90[zone=north] <=",
        "status": "failed",
        "place": "nearest.expected.yaml:12 assertions[3]",
        "message": "expected ≤ 480 s, got 512 s (unit E3, incident 7)",
        "why": "the plan is to bring the first unit within eight minutes",
        "expected": 480.0,
        "observed": 512.0,
        "unit": "s",
        "change": None,
        "difference": None,
    }
    assert first["assertions"][3]["change"] == ["10", "12"]


def test_the_document_does_not_depend_on_the_clock() -> None:
    other = everything()
    for part in other.cases:
        part.seconds *= 3
    text = json_text(check_document(other))
    assert text == json_text(check_document(everything()))
    assert json.loads(text) == check_document(everything())
    assert "seconds" not in text


def test_the_document_tells_of_a_log_as_diff_does() -> None:
    (assertion,) = check_document(CheckResult([case(golden(("network",)))]))["cases"][0]["assertions"]
    assert assertion["difference"] == divergence_document((0, parted()), ["network"], [0])
    assert assertion["difference"]["first_difference"]["a"]["unit"] == "E2"
    assert assertion["difference"]["first_difference"]["b"]["unit"] == "E3"


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_numbers_that_json_has_no_word_for_are_null(value: float) -> None:
    (assertion,) = check_document(CheckResult([case(late(expected=value, observed=value))]))["cases"][0][
        "assertions"
    ]
    assert assertion["expected"] is None
    assert assertion["observed"] is None


def test_errors_in_the_document_have_their_parts() -> None:
    def error(part: CaseResult) -> object:
        return check_document(CheckResult([part]))["cases"][0]["error"]

    assert error(unreadable(count=2)) == [
        {"place": f"broken.yaml:{i} units", "fact": "no such type", "remedy": "Known: engine."}
        for i in (1, 2)
    ]
    assert error(case(error=UsageError("Not so.", hint="But so."))) == {"message": "Not so. But so."}
    assert check_document(stopped(UsageError("x")))["interrupted"] is True
