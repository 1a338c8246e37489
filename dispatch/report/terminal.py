"""Studies and networks on the terminal: tables with lines on a screen, plain aligned text elsewhere."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from dispatch.report import speak
from dispatch.study import supplies
from dispatch.study.compare import zone_verdicts
from dispatch.study.measures import PRINCIPAL, compile_measures
from dispatch.study.outcomes import CAUTION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dispatch.study.compare import Study
    from dispatch.study.estimates import Difference
    from dispatch.study.measures import Measure

PIPED_WIDTH = 1_000_000
"""Columns for output that no terminal cuts: more than any line has, so that none is broken."""


def console(*, stderr: bool = False) -> Console:
    """Return a console that draws tables on terminals and writes plain, uncut text into files and pipes."""
    plain = _Console(stderr=stderr, highlight=False, soft_wrap=False)
    return (
        plain
        if plain.is_terminal
        else _Console(stderr=stderr, highlight=False, width=PIPED_WIDTH, no_color=True)
    )


class _Console(Console):
    """A console that goes on in silence when its reader has left, so that the exit code is the right one."""

    def on_broken_pipe(self) -> None:
        """Write no more."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def progress_bar() -> Progress:
    """Return a progress bar on stderr, which shows on terminals only."""
    out = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=out, transient=True, disable=not out.is_terminal)


def new_table(out: Console, title: str) -> Table:
    """Print a title and return an empty table to go under it (a table's own title breaks at its width)."""
    out.print(Text(title, style="bold"))
    style = box.SIMPLE_HEAD if out.is_terminal else None
    return Table(box=style, padding=(0, 1, 0, 0))


def print_run(out: Console, study: Study) -> None:
    """Print the measures of one layout."""
    layout = study.layouts[0]
    _print_head(out, study)
    table = new_table(out, f"Layout {layout}")
    table.add_column("measure", overflow="fold")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("95 %", no_wrap=True)
    measures = compile_measures(study.scenario, study.measures)
    for measure in measures:
        e = study.estimate(layout, measure.name)
        table.add_row(
            _title(measure), speak.value(e.mean, measure.unit), speak.margin(e.half_width, measure.unit)
        )
    out.print(table)
    _print_left_out(out, study, layout)
    _print_caution(out, measures)
    out.print()


def _print_caution(out: Console, measures: Iterable[Measure]) -> None:
    """Say of measures that rest on formulas what they are good for."""
    if any(measure.comparison_aid for measure in measures):
        out.print(Text(CAUTION), soft_wrap=True)


def _print_left_out(out: Console, study: Study, layout: str) -> None:
    """Tell how many calls the means leave out, which would flatter whoever leaves many."""
    unserved, incomplete, cut_off, uncontrolled = study.left_out(layout).values()
    if unserved > 0 or incomplete > 0:
        who = f"{unserved:,.1f} calls a replication were reached by nobody, and {incomplete:,.1f} never had"
        out.print(
            Text(f"{layout}: {who} their whole first alarm; means and percentiles leave them out."),
            soft_wrap=True,
        )
    if uncontrolled > 0 and any(name.startswith("control.mean") for name in study.measures):
        told = f"{layout}: {uncontrolled:,.1f} calls a replication never came under control, and stay out of"
        out.print(Text(f"{told} control.mean."), soft_wrap=True)
    if cut_off > 0:
        out.print(
            Text(f"{layout}: closed roads turned back {cut_off:,.1f} units a replication."), soft_wrap=True
        )


def _print_head(out: Console, study: Study) -> None:
    scenario = study.scenario
    title = scenario.file.title or scenario.name
    out.print(Text(title, style="bold"))
    word = "replication" if study.replications == 1 else "replications"
    horizon = speak.duration(scenario.file.horizon)
    line = f"network {scenario.network.name}, {study.replications} {word} of {horizon}"
    out.print(Text(f"{line}, seed {scenario.file.seed}"))
    out.print(Text(f"speeds: {scenario.roads.speeds.name} ({scenario.roads.describe()})"))
    if scenario.recorded is not None and not scenario.streams:
        out.print(
            Text("Recorded calls: intervals cover what was drawn for them, not other weeks than these.")
        )
    if study.interrupted:
        out.print(Text(f"stopped by hand after {study.replications} {word}", style="bold yellow"))
    out.print()


def _title(measure: Measure) -> Text:
    words = speak.TITLES.get(measure.name)
    return Text(words or measure.name)


def print_study(out: Console, study: Study) -> None:
    """Print layouts side by side, what each changes against the first, and who gains and who loses."""
    _print_head(out, study)
    measures = compile_measures(study.scenario, study.measures)
    for layout in study.layouts:
        if study.scenario.layouts[layout].title:
            out.print(Text(f"{layout}: {study.scenario.layouts[layout].title}"))
    table = new_table(out, "Layouts: means over the replications")
    table.add_column("measure", overflow="fold")
    for layout in study.layouts:
        table.add_column(Text(layout), justify="right")
    for measure in measures:
        means = [study.estimate(layout, measure.name).mean for layout in study.layouts]
        table.add_row(_title(measure), *(speak.value(mean, measure.unit) for mean in means))
    out.print(table)
    for layout in study.layouts:
        _print_left_out(out, study, layout)
    _print_caution(out, measures)
    for layout in study.layouts[1:]:
        out.print()
        _print_difference(out, study, layout, measures)
        _print_zones(out, study, layout)
        _print_statements(out, study, layout)


def _print_difference(out: Console, study: Study, layout: str, measures: Iterable[Measure]) -> None:
    table = new_table(out, f"What {layout} changes against {study.reference}, on equal luck")
    table.add_column("measure", overflow="fold")
    table.add_column("change", justify="right", no_wrap=True)
    table.add_column("95 %", no_wrap=True)
    table.add_column("p", justify="right", no_wrap=True)
    for measure in measures:
        d = study.difference(layout, measure.name)
        sure = d.p_value < 0.05 and measure.higher_is_better is not None
        good = (d.mean > 0) is measure.higher_is_better
        style = ("green" if good else "red") if sure else ""
        table.add_row(
            _title(measure),
            Text(speak.difference(d.mean, measure.unit), style=style),
            speak.margin(d.half_width, measure.unit),
            "exact" if d.half_width == 0.0 and d.mean else speak.probability(d.p_value),
        )
    out.print(table)


def _print_zones(out: Console, study: Study, layout: str) -> None:
    rows = sorted(zone_verdicts(study, layout), key=lambda row: (row.difference.mean, row.zone))
    if not rows:
        return
    out.print()
    judged_by = ZONES_BY.get(study.principal(layout), "first unit from call, mean")
    table = new_table(out, f"Who gains and who loses by {layout}: {judged_by}")
    table.add_column("zone")
    table.add_column("change", justify="right", no_wrap=True)
    table.add_column("95 %", no_wrap=True)
    table.add_column("", no_wrap=True)
    colours = {"faster": "green", "slower": "red"}
    same = [row.zone for row in rows if _is_nothing(row.difference.mean) and row.verdict == "unclear"]
    for row in rows:
        if row.zone not in same:
            table.add_row(
                Text(row.zone),
                speak.difference(row.difference.mean, "s"),
                speak.margin(row.difference.half_width, "s"),
                Text(row.verdict, style=colours.get(row.verdict, "")),
            )
    if table.row_count:
        out.print(table)
    if same:
        out.print(Text(f"No change: {', '.join(sorted(same))}."))


def _is_nothing(seconds: float) -> bool:
    """Whether a difference would be printed as zero."""
    return abs(seconds) < 0.05


def _print_statements(out: Console, study: Study, layout: str) -> None:
    """Say in a sentence each what happens to the first unit and to the whole first alarm.

    Of a layout that differs in depots only: what happens to the first truck, by which zones are judged, too.
    """
    statements = TRUCK_STATEMENTS if study.principal(layout) == supplies.PRINCIPAL else STATEMENTS
    told = {name: what for name, what in statements.items() if name in study.values[layout]}
    if told:
        out.print()
    for name, what in told.items():
        out.print(Text(f"{layout}: {_statement(study.difference(layout, name), what)}", style="bold"))


STATEMENTS = {PRINCIPAL: "the first unit comes", "total.erf.mean": "the whole first alarm is there"}
TRUCK_STATEMENTS = {supplies.PRINCIPAL: "the first truck of supplies comes"}
"""How a change of a measure begins to be told."""
ZONES_BY = {supplies.PRINCIPAL: "first truck of supplies from the order, mean"}
"""What zones are judged by, where it is not the first unit."""


def _statement(d: Difference, what: str) -> str:
    if not d.n:
        return f"nothing to compare: {what} in no call of one of the layouts."
    if d.n < 2:
        return "one replication cannot tell a difference from luck; use at least two."
    if d.half_width == 0.0 and d.mean:
        direction = "sooner" if d.mean < 0 else "later"
        return f"{what} {speak.duration(abs(d.mean))} {direction} in every replication alike."
    if d.p_value < 0.05:
        direction = "sooner" if d.mean < 0 else "later"
        low, high = abs(d.mean) - d.half_width, abs(d.mean) + d.half_width
        interval = f"95 % interval {speak.duration(low)} to {speak.duration(high)}"
        return f"{what} {speak.duration(abs(d.mean))} {direction} on average ({interval}, p {_p(d.p_value)})."
    change = f"{speak.difference(d.mean, 's')} {speak.margin(d.half_width, 's')}, p {_p(d.p_value)}"
    return f"no difference shown in when {what} ({change})."


def _p(p: float) -> str:
    text = speak.probability(p)
    return text if text.startswith("<") else f"= {text}"


def print_summary(out: Console, title: str, summary: Mapping[str, Any]) -> None:
    """Print a nested summary as indented lines; notes are left to the caller.

    Underscores of the outer keys become blanks; names below them, such as those of classes and zones, stay.
    """
    out.print(Text(title, style="bold"))
    named = {str(key).replace("_", " "): item for key, item in summary.items() if key != "notes"}
    _print_branch(out, named, "  ")


def _print_branch(out: Console, branch: Mapping[str, Any], indent: str) -> None:
    width = max(map(len, branch), default=0)
    for label, item in branch.items():
        if isinstance(item, dict) and item and all(isinstance(row, dict) for row in item.values()):
            out.print(Text(f"{indent}{label}:"))
            out.print(Padding(_rows(out, item), (0, 0, 0, len(indent) + 2), expand=False))
        elif isinstance(item, dict):
            out.print(Text(f"{indent}{label}:"))
            _print_branch(out, item, indent + "  ")
        else:
            out.print(Text(f"{indent}{label.ljust(width)}  {_shown(item)}"))


def _rows(out: Console, rows: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return equal rows as a table, what is nested in them side by side."""
    flat = {str(name): dict(_leaves(row, "")) for name, row in rows.items()}
    columns = list(dict.fromkeys(column for row in flat.values() for column in row))
    table = Table(box=box.SIMPLE_HEAD if out.is_terminal else None, padding=(0, 1, 0, 0))
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    for name, row in flat.items():
        table.add_row(Text(name), *(_shown(row.get(column, "")) for column in columns))
    return table


def _leaves(row: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, item in row.items():
        label = f"{prefix}{key}".replace("_", " ")
        if isinstance(item, dict):
            yield from _leaves(item, f"{label} ")
        else:
            yield label, item


def _shown(item: Any) -> str:
    if isinstance(item, list):
        return ", ".join(map(str, item))
    return f"{item:,}" if isinstance(item, int) and not isinstance(item, bool) else str(item)
