"""What a check writes: first expectations, first golden logs, and values that have moved."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from dispatch.errors import Problems, ScenarioError
from dispatch.io.whole_files import write_text_whole
from dispatch.io.yaml_editing import with_scalars
from dispatch.model.expectations import GoldenLog, MeasureExpectation
from dispatch.regression.golden import Golden, golden_text
from dispatch.regression.judging import Judgement
from dispatch.regression.outcomes import Status
from dispatch.regression.refusing import allowance, holds
from dispatch.study.compare import SIGNIFICANT
from dispatch.study.estimates import paired_difference
from dispatch.study.measures import PRINCIPAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from dispatch.io.yaml_source import Path_
    from dispatch.regression.cases import Case
    from dispatch.regression.cells import Part
    from dispatch.regression.judging import Seen
    from dispatch.regression.outcomes import Outcome

BROKEN = (Status.FAILED, Status.WARNING)
BY_HAND = (
    "Limits, comparisons and statements about logs say what is wanted, not what was seen: "
    "--update leaves them alone; change them by hand."
)


@dataclass(slots=True)
class Ink:
    """What is to be written for a case; nothing is, until all of it is known."""

    case: Case
    parts: Mapping[int, Mapping[int, Part]]
    """What was simulated, by group and replication."""
    notes: list[str] = field(default_factory=list)
    """What was written, in sentences."""
    _texts: dict[Path, str] = field(default_factory=dict)

    def write(self) -> None:
        """Write the files, each of them whole or not at all."""
        for path, text in self._texts.items():
            write_text_whole(path, text)

    def unreviewed(self) -> Judgement:
        """Return the judgement of expectations that nobody has looked at."""
        look = "look through it and set 'reviewed: true'"
        if self.case.is_written:
            return Judgement(Status.FAILED, f"the expectations have not been reviewed: {look}")
        name = self.case.found.expected.name
        return Judgement(Status.FAILED, f"there were no expectations; {name} is written as observed: {look}")

    def write_first(self, text: str) -> None:
        """Note the text of expectations that did not exist."""
        self._texts[self.case.found.expected] = text

    def first_golden(self, number: int, statement: GoldenLog) -> Judgement:
        """Note the text of a golden log that does not exist, and return that it has to be reviewed."""
        self._golden(number, statement, reviewed=False)
        message = f"there was no {statement.file}; it is written: look through it and set 'reviewed: true'"
        return Judgement(Status.FAILED, message)

    def _golden(self, number: int, statement: GoldenLog, *, reviewed: bool) -> int:
        """Note the text of a golden log and return its number of events."""
        assertion = self.case.assertions[number]
        group = self.case.groups[assertion.group]
        part = self.parts[assertion.group][statement.replication]
        about = {
            "scenario": group.path.name,
            "layout": assertion.layout,
            "speeds": group.speeds,
            "seed": str(group.seed),
            "replication": str(statement.replication),
        }
        golden = Golden(part.events[number], part.inputs, reviewed)
        self._texts[self.case.found.expected.parent / statement.file] = golden_text(golden, about)
        return len(golden.events)

    def updated(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Return outcomes with those updated whose observed values take the place of the expected ones."""
        by_where: dict[Path_, list[int]] = {}
        for number, assertion in enumerate(self.case.assertions):
            by_where.setdefault(assertion.where, []).append(number)
        changes: dict[Path_, str] = {}
        result = list(outcomes)
        for where, numbers in by_where.items():
            if not any(outcomes[number].status in BROKEN for number in numbers):
                continue
            change = self._change(where, numbers, outcomes)
            if change is None:
                continue
            if where[0] == "assertions":
                changes[*where, "value"] = change[1]
            for number in numbers:
                if outcomes[number].status in BROKEN:
                    result[number] = replace(outcomes[number], status=Status.UPDATED, change=change)
        if changes:
            self._rewrite(changes)
        return result

    def _change(self, where: Path_, numbers: list[int], outcomes: list[Outcome]) -> tuple[str, str] | None:
        """Return old and new text of an expectation, None where it is not ours to move."""
        statement = self.case.assertions[numbers[0]].statement
        if isinstance(statement, GoldenLog):
            difference = outcomes[numbers[0]].difference
            if difference is None:
                return None
            count = self._golden(numbers[0], statement, reviewed=True)
            return f"{statement.file} as it was", f"{statement.file} with {count:,} events"
        if not isinstance(statement, MeasureExpectation) or statement.op != "==":
            if statement is not None and BY_HAND not in self.notes:
                self.notes.append(BY_HAND)
            return None
        observed = [outcomes[number].observed for number in numbers]
        known = [value for value in observed if value is not None]
        middle = (min(known) + max(known)) / 2 if len(known) == len(observed) else None
        if middle is not None:
            moved = statement.model_copy(update={"value": float(_number(middle))})
            slack = allowance(moved)
            if len(known) == 1 or all(holds(moved, value, slack) for value in known):
                return self._written(where), _number(middle) + self._suffix(where)
        cells = ", ".join(
            f"{outcomes[n].cell} {_number(v) if (v := outcomes[n].observed) is not None else 'nothing'}"
            for n in numbers
        )
        place = self.case.assertions[numbers[0]].place
        self.notes.append(f"{place}: no one value suits all cells ({cells}). Expect each with 'layout'.")
        return None

    def _value(self, where: Path_) -> object:
        assert self.case.document is not None
        return self.case.document.data[where[0]][where[1]]["value"]

    def _written(self, where: Path_) -> str:
        value = self._value(where)
        return value if isinstance(value, str) else _plain(value)

    def _suffix(self, where: Path_) -> str:
        """Return the unit to write after a new value: a duration stays one."""
        return " s" if isinstance(self._value(where), str) else ""

    def _rewrite(self, changes: Mapping[Path_, str]) -> None:
        """Note the text of the expectations with values changed; raises ScenarioError where it cannot be."""
        path, problems = self.case.found.expected, Problems()
        text = path.read_bytes().decode("utf-8")  # with byte-order mark and ends of lines as they are
        self._texts[path] = with_scalars(text, changes, path.name, problems)
        problems.raise_if_any(ScenarioError)
        count = len(changes)
        self.notes.append(f"{path.name}: {count} value{'s' if count > 1 else ''} updated.")


def _plain(value: object) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    """Return a value with enough digits to be the same as what was observed."""
    return f"{value:.8g}"


HEAD = """\
# Written from what was observed; nobody has looked at it yet. Are these the values that you would expect?
# Correct what is wrong, say why it is so ('why'), remove what does not matter, and set 'reviewed: true'.
# `golden: [{file: NAME.golden}]` would keep the whole log of the first replication, too.
schema_version: 1
reviewed: false
"""


def first_expectations(case: Case, seen: Seen) -> str:
    """Return the text of expectations with what was observed of a scenario."""
    lines = [f"replications: {seen.group.replications}", "assertions:"]
    for layout in seen.order.layouts:
        for name in seen.order.measures:
            value = _observed(seen, layout, name)
            if value is not None:
                lines.append(f"  - {{layout: {_text(layout)}, measure: {_text(name)}, value: {value}}}")
    comparisons = list(_comparisons(seen))
    if comparisons:
        lines += ["comparisons:", *comparisons]
    lines += ["log:", "  - {no_double_assignment: true}"]
    return HEAD.replace("NAME", case.found.expected.name.split(".expected")[0]) + "\n".join(lines) + "\n"


def _observed(seen: Seen, layout: str, name: str) -> str | None:
    """Return the mean of a measure as text, None where there is nothing that it is taken over."""
    values = seen.values(layout, name)
    known = values[~np.isnan(values)]
    if not len(known) or not seen.counted(layout, name):
        return None
    return _number(float(known.mean()))


def _comparisons(seen: Seen) -> Iterator[str]:
    """Yield what the layouts change of the principal measure against the first."""
    if PRINCIPAL not in seen.order.measures:
        return
    reference, *others = seen.order.layouts
    for layout in others:
        d = paired_difference(seen.values(layout, PRINCIPAL), seen.values(reference, PRINCIPAL))
        if d.p_value < SIGNIFICANT or (d.half_width == 0.0 and d.mean):
            direction = "lower" if d.mean < 0 else "higher"
            against = "" if reference == "baseline" else f", against: {_text(reference)}"
            yield f"  - {{layout: {_text(layout)}{against}, measure: {PRINCIPAL}, direction: {direction}}}"


_SIMPLE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_RESERVED = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def _text(text: str) -> str:
    """Return text as a YAML scalar."""
    plain = _SIMPLE.fullmatch(text) and text.lower() not in _RESERVED
    return text if plain else json.dumps(text, ensure_ascii=False)
