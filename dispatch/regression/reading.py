"""Cases read from their files, with everything that is wrong with them told at once."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from itertools import product
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from dispatch.errors import DispatchError, InputError, Problems, ScenarioError, UsageError, did_you_mean
from dispatch.io.validating import validate
from dispatch.io.yaml_source import read_yaml
from dispatch.model.expectations import (
    Comparison,
    ExpectedFile,
    GoldenLog,
    LogExpectation,
    MeasureExpectation,
    ProfileClause,
)
from dispatch.regression.cases import REVIEWED, Assertion, Case, Group, named
from dispatch.regression.discovery import SECTIONS, SUFFIXES, discover
from dispatch.regression.refusing import (
    Refusal,
    compiled,
    of_comparison,
    of_golden,
    of_log,
    of_measure,
    possible,
)
from dispatch.statics.standards import standard
from dispatch.study.measures import headline
from dispatch.study.opening import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dispatch.io.yaml_source import Path_
    from dispatch.model.expectations import StandardExpectation
    from dispatch.regression.cases import Statement
    from dispatch.regression.discovery import Found
    from dispatch.scenario.scenario import Scenario
    from dispatch.statics.standards import Standard


def collect(arguments: Sequence[str]) -> list[Case]:
    """Return the cases of files and folders; raises ScenarioError for paths that lead nowhere.

    A case whose files cannot be used is returned with its error.
    """
    found = discover(arguments)
    if not found:
        message = f"no cases in {', '.join(arguments)}."
        raise UsageError(message, hint="A case is a scenario, or a file <case>.expected.yaml beside it.")
    return [read_case(each) for each in found]


def read_case(found: Found) -> Case:
    """Read one case; what is wrong with it, all at once, becomes its error."""
    try:
        return _Reader(found).read() if found.is_written else _unwritten(found)
    except DispatchError as error:
        return Case(found, error=error)


def _unwritten(found: Found) -> Case:
    """Return the case of a scenario that nobody has written expectations for."""
    assert found.scenario is not None
    scenario = load(found.scenario)
    file = scenario.file
    speeds, layouts = file.travel.speeds, tuple(scenario.layouts)
    group = Group(found.scenario, speeds, file.seed, layouts, file.replications, scenario.digest)
    place = found.expected.name
    reviewed = Assertion(f"{found.name}::{REVIEWED}", "", REVIEWED, place, (REVIEWED,), None)
    title = file.title or scenario.name
    return Case(
        found,
        title,
        groups=(group,),
        assertions=(reviewed,),
        headline=file.measures or headline(scenario),
        notes=notices(scenario),
    )


def notices(scenario: Scenario) -> list[str]:
    """Return what loading a scenario had to say about an old file."""
    return [note for note in scenario.notes if "schema version" in note]


def clauses_of(found: Standard, entry: StandardExpectation) -> Iterator[ProfileClause]:
    """Yield the times of a profile as assertions; those that count staff cannot be judged by a measure."""
    brackets = f"[{entry.filter}]" if entry.filter else ""
    for clause in found.file.times:
        if clause.staff is None:
            applies = f" ({clause.applies_to})" if clause.applies_to else ""
            yield ProfileClause(
                profile=found.name,
                measure=f"{clause.measure}{brackets}",
                op="<=" if clause.share is None else ">=",
                value=clause.seconds if clause.share is None else clause.share,
                why="; ".join(filter(None, (f"{clause.title.en}{applies}", entry.why))),
                **entry.model_dump(include={"scenario", "layout", "seed", "speeds", "severity"}),
            )


class _Reader:
    """Reads one expectations file and everything it names."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self.problems = Problems()
        self.notes: list[str] = []
        self._scenarios: dict[tuple[Path, str | None], Scenario | None] = {}
        self._taken: dict[str, int] = {}
        self._golden: set[str] = set()

    def read(self) -> Case:
        document = read_yaml(self.found.expected, self.problems)
        file = None if document is None else validate(ExpectedFile, document, self.problems)[0]
        if document is None or file is None:
            raise ScenarioError(self.problems.found)
        self.document, self.file = document, file
        groups = tuple(self._groups())
        assertions = tuple(self._assertions(groups)) if groups else ()
        if not any(document.data.get(section) for section in SECTIONS):
            self.problems.add(
                document.place(), "nothing is expected, so that it cannot fail", "State an expectation."
            )
        beside = self.found.scenario
        if beside is not None and all(group.path.resolve() != beside.resolve() for group in groups):
            self.notes.append(f"{beside.name} is not checked: {self.found.expected.name} is about another.")
        self.problems.raise_if_any(ScenarioError)
        scenario = next((each for each in self._scenarios.values() if each is not None), None)
        title = scenario.file.title or scenario.name if scenario is not None else ""
        unfolded = Counter(assertion.where for assertion in assertions)
        return Case(
            self.found, title, document, file, groups, assertions, unfolded=unfolded, notes=self.notes
        )

    def _groups(self) -> Iterator[Group]:
        """Yield the groups of the matrix whose scenarios can be used."""
        matrix = self.file.matrix
        folder = self.found.expected.parent
        self._refuse_twice("scenarios", [os.path.normpath(folder / name) for name in matrix.scenarios])
        for key in ("layouts", "speeds", "seeds"):
            self._refuse_twice(key, getattr(matrix, key))
        if self.file.scenario is not None and matrix.scenarios:
            fact = "scenarios stand in 'scenario' and in 'matrix'"
            self.problems.add(self.document.place("matrix", "scenarios"), fact, "Name them in one place.")
        for (written, path), (i, speeds) in product(self._paths(), enumerate(matrix.speeds or (None,))):
            scenario = self._scenario(path, speeds, i)
            if scenario is None:
                continue
            layouts = tuple(self._layouts(scenario))
            for seed in matrix.seeds or (scenario.file.seed,):
                label = (
                    *((f"scenario={written}",) if written else ()),
                    *((f"speeds={speeds}",) if matrix.speeds else ()),
                    *((f"seed={seed}",) if matrix.seeds else ()),
                )
                count = self.file.replications or scenario.file.replications
                speed_set = scenario.file.travel.speeds
                yield Group(path, speed_set, seed, layouts, count, scenario.digest, written, label)

    def _refuse_twice(self, key: str, values: Sequence[object]) -> None:
        for i, value in enumerate(values):
            if value in values[:i]:
                written = getattr(self.file.matrix, key)[i]
                where = self.document.place("matrix", key, i)
                self.problems.add(where, f"'{written}' stands twice", "List each once.")

    def _paths(self) -> Iterator[tuple[str, Path]]:
        """Yield the scenarios as the matrix names them, "" for the case's own, and their files."""
        folder, matrix = self.found.expected.parent, self.file.matrix
        named: list[tuple[str, Path_]] = [
            (name, ("matrix", "scenarios", i)) for i, name in enumerate(matrix.scenarios)
        ]
        if not named and self.file.scenario is not None:
            named = [(self.file.scenario, ("scenario",))]
        if not named:
            if self.found.scenario is not None:
                yield "", self.found.scenario
                return
            named = [(f"{Path(self.found.name).name}.yaml", ("scenario",))]
        for name, where in named:
            try:
                exists = (folder / name).is_file()
            except (OSError, ValueError):
                exists = False
            if exists:
                yield name if matrix.scenarios else "", folder / name
            else:
                beside = [path.name for path in folder.glob("*.yaml") if path != self.found.expected]
                remedy = did_you_mean(Path(name).name, beside) or "Name it with 'scenario'."
                self.problems.add(self.document.place(*where), f"no scenario '{name}'", remedy)

    def _scenario(self, path: Path, speeds: str | None, i: int) -> Scenario | None:
        """Return a scenario with a speed set, or note what is wrong with it, once."""
        if (path, speeds) not in self._scenarios:
            scenario = None
            try:
                scenario = load(path, speeds=speeds)
            except InputError as error:
                self.problems.found += error.problems
            except UsageError as error:
                place = self.document.place("matrix", "speeds", i)
                self.problems.add(place, f"{path.name}: no speed set '{speeds}'", error.hint)
            else:
                self.notes += [note for note in notices(scenario) if note not in self.notes]
            self._scenarios[path, speeds] = scenario
        return self._scenarios[path, speeds]

    def _layouts(self, scenario: Scenario) -> Iterator[str]:
        """Yield the layouts to simulate: those of the matrix, or all."""
        for i, name in enumerate(self.file.matrix.layouts):
            if name in scenario.layouts:
                yield name
            else:
                place = self.document.place("matrix", "layouts", i)
                fact = f"{scenario.path.name}: no layout '{name}'"
                self.problems.add(place, fact, did_you_mean(name, scenario.layouts))
        if not self.file.matrix.layouts:
            yield from scenario.layouts

    def _assertions(self, groups: tuple[Group, ...]) -> Iterator[Assertion]:
        if not self.file.reviewed:
            yield self._assertion((REVIEWED,), "", REVIEWED, None)
        sections: dict[str, Sequence[tuple[int, Statement]]] = {
            "assertions": list(enumerate(self.file.assertions)),
            "standards": list(self._standards()),
            "comparisons": list(enumerate(self.file.comparisons)),
            "log": list(enumerate(self.file.log)),
            "golden": list(enumerate(self.file.golden)),
        }
        for section, statements in sections.items():
            for i, statement in statements:
                yield from self._unfolded((section, i), statement, groups)

    def _standards(self) -> Iterator[tuple[int, ProfileClause]]:
        """Yield the requirements of the standards profiles that are to be met, with the entry they are of."""
        for i, entry in enumerate(self.file.standards):
            beside = self.found.expected.parent / entry.profile
            try:
                found = standard(str(beside) if Path(entry.profile).suffix in SUFFIXES else entry.profile)
            except InputError as error:
                self.problems.found += error.problems
                continue
            except UsageError as error:
                place = self.document.place("standards", i, "profile")
                self.problems.add(place, f"no standards profile '{entry.profile}'", error.hint)
                continue
            clauses = list(clauses_of(found, entry))
            known = {clause.measure.partition("[")[0] for clause in clauses}
            for j, name in enumerate(entry.only):
                if name not in known:
                    place = self.document.place("standards", i, "only", j)
                    fact = f"{found.name} has no requirement that is judged by '{name}'"
                    self.problems.add(place, fact, did_you_mean(name, known))
            for clause in clauses:
                if not entry.only or clause.measure.partition("[")[0] in entry.only:
                    yield i, clause

    def _unfolded(self, where: Path_, statement: Statement, groups: tuple[Group, ...]) -> Iterator[Assertion]:
        """Yield an expectation for every cell that it holds for, and note what is wrong with it."""
        cells = [
            (number, layout)
            for number, group in enumerate(groups)
            if statement.seed in (None, group.seed)
            and statement.speeds in (None, group.speeds)
            and statement.scenario in (None, group.named)
            for layout in group.layouts
            if statement.layout in (None, layout)
        ]
        layouts = {name for group in groups for name in group.layouts}
        place = self.document.place(*where)
        if not cells:
            self._note_no_cell(where, statement, groups)
        if isinstance(statement, GoldenLog):
            self._check_golden(place, statement, len(cells))
        if isinstance(statement, Comparison) and statement.against not in layouts:
            fact = f"the matrix has no layout '{statement.against}'"
            self.problems.add(
                self.document.place(*where, "against"), fact, did_you_mean(statement.against, layouts)
            )
            return
        for number, layout in cells:
            yield self._judgeable(where, statement, number, groups[number], layout)

    def _note_no_cell(self, where: Path_, statement: Statement, groups: tuple[Group, ...]) -> None:
        """Note which key of an expectation names nothing that is simulated."""
        known = {
            "scenario": {group.named for group in groups},
            "layout": {name for group in groups for name in group.layouts},
            "speeds": {group.speeds for group in groups},
            "seed": {str(group.seed) for group in groups},
        }
        for key, names in known.items():
            asked = getattr(statement, key)
            if asked is not None and str(asked) not in names:
                fact = f"no {key} '{asked}' is simulated, so that it cannot fail"
                self.problems.add(self.document.place(*where, key), fact, did_you_mean(str(asked), names))
                return
        fact = "no cell of the matrix is meant, so that it cannot fail"
        self.problems.add(self.document.place(*where), fact, "Check scenario, layout, seed and speeds.")

    def _check_golden(self, place: str, statement: GoldenLog, cells: int) -> None:
        """Note a golden log that would have to be several logs, or is named twice."""
        if cells > 1:
            fact = f"a golden log is of one cell, not of {cells}"
            self.problems.add(place, fact, "Name the one with scenario, layout, seed and speeds.")
        if statement.file in self._golden:
            self.problems.add(place, f"{statement.file} is expected twice", "Give each log a file.")
        self._golden.add(statement.file)

    def _judgeable(
        self, where: Path_, statement: Statement, number: int, group: Group, layout: str
    ) -> Assertion:
        """Return one assertion; refusals of it are noted."""
        scenario = self._scenarios[group.path, group.speeds if self.file.matrix.speeds else None]
        assert scenario is not None
        unit, span = "", (0.0, inf)
        refusals: Iterable[Refusal]
        if isinstance(statement, MeasureExpectation | Comparison):
            measure = compiled(scenario, statement.measure)
            if isinstance(measure, Refusal):
                refusals = [measure]
            else:
                unit, span = measure.unit, possible(measure, scenario)
                if isinstance(statement, Comparison):
                    refusals = of_comparison(statement, measure, scenario, group.replications)
                else:
                    refusals = of_measure(statement, measure, scenario, layout, group.replications)
        elif isinstance(statement, LogExpectation):
            unit = "s" if statement.limit is not None else ""
            refusals = of_log(statement, scenario, layout, group.replications)
        else:
            refusals = of_golden(statement, self.found.expected.parent, group.replications)
        for refusal in refusals:
            self.problems.add(self.document.place(*where, refusal.key), refusal.fact, refusal.remedy)
        cell = ",".join((layout, *group.label))
        found = self._assertion(where, cell, named(statement), statement)
        return replace(found, group=number, layout=layout, unit=unit, span=span)

    def _assertion(self, where: Path_, cell: str, what: str, statement: Statement | None) -> Assertion:
        """Return an assertion with an id that no other one of the case has."""
        identity = "::".join((self.found.name, cell, what) if cell else (self.found.name, what))
        self._taken[identity] = count = self._taken.get(identity, 0) + 1
        if count > 1:
            identity, what = f"{identity} #{count}", f"{what} #{count}"
        return Assertion(identity, cell, what, self.document.place(*where), where, statement)
