"""What a check writes: first expectations, first golden logs, and values that have moved."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from dispatch.errors import Problems
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

RESPONSES = "responses.n"
"""What is looked at to see whether there is anything to say about units."""

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
        golden = Golden(part.events[number], part.inputs[number], reviewed)
        self._texts[self.case.found.expected.parent / statement.file] = golden_text(golden, about)
        return len(golden.events)

    def updated(self, outcomes: list[Outcome], golden: Mapping[int, Golden | None]) -> list[Outcome]:
        """Return outcomes with those updated whose observed values take the place of the expected ones."""
        by_where: dict[Path_, list[int]] = {}
        for number, assertion in enumerate(self.case.assertions):
            by_where.setdefault(assertion.where, []).append(number)
        result, values = list(outcomes), 0
        for where, numbers in by_where.items():
            broken = [number for number in numbers if outcomes[number].status in BROKEN]
            statement = self.case.assertions[numbers[0]].statement
            change: tuple[str, str] | None = None
            if broken and isinstance(statement, GoldenLog):
                change = self._new_golden(numbers[0], statement, outcomes, golden[numbers[0]])
            elif broken and isinstance(statement, MeasureExpectation) and statement.op == "==":
                change = self._new_value(where, numbers, statement, outcomes)
                values += change is not None
            elif broken and statement is not None:
                self._note(BY_HAND)
            for number in broken if change is not None else ():
                result[number] = replace(outcomes[number], status=Status.UPDATED, change=change)
        if values:
            name = self.case.found.expected.name
            self._note(f"{name}: {values} value{'s' if values > 1 else ''} updated.")
        return result

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)

    def _new_golden(
        self, number: int, statement: GoldenLog, outcomes: list[Outcome], golden: Golden | None
    ) -> tuple[str, str] | None:
        """Note the text of a golden log that the log has parted from."""
        if outcomes[number].difference is None or golden is None:
            return None
        count = self._golden(number, statement, reviewed=golden.reviewed)
        return f"{statement.file} with {len(golden.events):,} events", f"{count:,} events"

    def _new_value(
        self, where: Path_, numbers: list[int], statement: MeasureExpectation, outcomes: list[Outcome]
    ) -> tuple[str, str] | None:
        """Note a value that suits all cells of an expectation, or why there is none."""
        place, cells = self.case.assertions[numbers[0]].place, self.case.unfolded[where]
        if len(numbers) < cells:
            self._note(f"{place}: not updated, for only {len(numbers)} of its {cells} cells were checked.")
            return None
        observed = [outcomes[number].observed for number in numbers]
        known = [value for value in observed if value is not None]
        if len(known) == len(observed):
            new = _number((min(known) + max(known)) / 2)
            moved = statement.model_copy(update={"value": float(new)})
            if all(holds(moved, value, allowance(moved)) for value in known):
                return self._rewritten(where, new + self._suffix(where))
        told = ", ".join(
            f"{outcomes[n].cell} {'nothing' if value is None else _number(value)}"
            for n, value in zip(numbers, observed, strict=True)
        )
        self._note(f"{place}: no one value suits all cells ({told}). Expect each with 'layout' or 'seed'.")
        return None

    def _rewritten(self, where: Path_, new: str) -> tuple[str, str] | None:
        """Note the text of the expectations with one value changed, or why it has to be done by hand."""
        path, problems = self.case.found.expected, Problems()
        text = self._texts.get(path)
        if text is None:
            text = path.read_bytes().decode("utf-8")  # with byte-order mark and ends of lines as they are
        changed = with_scalars(text, {(*where, "value"): new}, path.name, problems)
        for problem in problems.found:
            self._note(f"Not updated: {problem}")
        if problems:
            return None
        self._texts[path] = changed
        return self._written(where), new

    def _value(self, where: Path_) -> object:
        assert self.case.document is not None
        return self.case.document.data[where[0]][where[1]]["value"]

    def _written(self, where: Path_) -> str:
        value = self._value(where)
        return value if isinstance(value, str) else _plain(value)

    def _suffix(self, where: Path_) -> str:
        """Return the unit to write after a new value: a duration stays one."""
        return " s" if isinstance(self._value(where), str) else ""


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
        for name in case.headline:
            value = _observed(seen, layout, name)
            if value is not None:
                lines.append(f"  - {{layout: {_text(layout)}, measure: {_text(name)}, value: {value}}}")
    comparisons = list(_comparisons(seen))
    if comparisons:
        lines += ["comparisons:", *comparisons]
    if any(seen.values(layout, RESPONSES).any() for layout in seen.order.layouts):
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
