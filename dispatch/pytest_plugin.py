"""pytest collects the cases that ``dispatch check`` checks: a file is a case, an item an assertion.

pytest imports this module in every session of an environment that the package is installed in. Therefore
nothing else is imported before there is a case.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.regression.cases import Assertion, Case
    from dispatch.regression.discovery import Found
    from dispatch.regression.outcomes import CaseResult, Outcome

ENDINGS = (".expected.yaml", ".expected.yml", ".yaml", ".yml")
"""What follows the name of a case in the names of its files."""

_files_of_cases = pytest.StashKey[dict[str, Path]]()
_bare_scenarios = pytest.StashKey[dict[Path, set[Path]]]()


class ExpectationWarning(pytest.PytestWarning):
    """An expectation of severity ``warning`` does not hold, or there is something to say about a case."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Let the id of an assertion stand as an argument, as it is shown: the case without its ending."""
    config = session.config
    config.args = [_with_ending(argument, config.invocation_params.dir) for argument in config.args]


def _with_ending(argument: str, folder: Path) -> str:
    name, separator, rest = argument.partition("::")
    if not separator or (folder / name).exists():
        return argument
    if rest.endswith("]") and rest.count("]") > rest.count("["):
        rest = rest[:-1]  # pytest's short summary adds one where an id goes on after its filter
    files = (f"{name}{ending}" for ending in ENDINGS)
    return next((f"{file}::{rest}" for file in files if (folder / file).is_file()), argument)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CaseFile | None:
    """Return the case of an expectations file, or of a scenario that has none and is cited by none."""
    if file_path.suffix not in (".yaml", ".yml"):
        return None
    from dispatch.regression.discovery import looks_like_expectations, looks_like_scenario, of_file

    session, found = parent.session, of_file(file_path)
    if not looks_like_expectations(file_path):
        if not looks_like_scenario(file_path):
            return None
        if not session.isinitpath(file_path) and (found.is_written or not _is_bare(session, file_path)):
            return None
    name = Path(found.name)
    root = session.config.rootpath
    name = name.relative_to(root) if name.is_relative_to(root) else name
    found = replace(found, name=name.as_posix())
    return CaseFile.from_parent(parent, path=file_path, nodeid=found.name, found=found)


def _is_bare(session: pytest.Session, scenario: Path) -> bool:
    """Whether no expectations in the folders that pytest was called with cite a scenario."""
    from dispatch.regression.discovery import discover

    known, scenario = session.stash.setdefault(_bare_scenarios, {}), scenario.resolve()
    called = [session.config.invocation_params.dir / argument for argument in session.config.args]
    above = [path for path in called if path.is_dir() and scenario.is_relative_to(path.resolve())]
    for folder in above:
        if folder not in known:
            bare = [case.scenario for case in discover([str(folder)]) if not case.is_written]
            known[folder] = {path.resolve() for path in bare if path is not None}
    return bool(above) and all(scenario in known[folder] for folder in above)


class CaseFile(pytest.File):
    """A case, simulated once, when the first of its assertions is run."""

    def __init__(self, *, found: Found, **others: Any) -> None:
        super().__init__(**others)
        self.found = found
        self.case: Case | None = None
        self._result: CaseResult | None = None

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Yield the cells of the matrix, and what is asserted of the case as a whole."""
        from dispatch.regression.reading import read_case

        taken = self.session.stash.setdefault(_files_of_cases, {})
        if taken.setdefault(self.nodeid, self.path) != self.path:
            return  # both files of the case were named
        self.case = case = read_case(self.found)
        if case.error is not None:
            raise self.CollectError(str(case.error))
        for note in case.notes:
            self.warn(ExpectationWarning(note))
        if self.config.pluginmanager.hasplugin("xdist"):
            self.add_marker(pytest.mark.xdist_group(case.name))
        cells: dict[str, list[Assertion]] = {}
        for assertion in case.assertions:
            cells.setdefault(assertion.cell, []).append(assertion)
        for cell, assertions in cells.items():
            if cell:
                yield Cell.from_parent(self, name=cell, nodeid=f"{case.name}::{cell}", assertions=assertions)
            else:
                yield from (Expected.of(self, each) for each in assertions)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        """Return the message alone where it is ours."""
        if isinstance(excinfo.value, ExpectationWarning):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def outcome(self, assertion: Assertion) -> Outcome:
        """Return what came of an assertion; the case is simulated for all of its items that are to be run."""
        from dispatch.regression.checking import check

        assert self.case is not None
        if self._result is None:
            items = [item for item in self.session.items if isinstance(item, Expected)]
            ids = {item.assertion.id for item in items if item.case_file is self} | {assertion.id}
            chosen = tuple(each for each in self.case.assertions if each.id in ids)
            result = check([replace(self.case, assertions=chosen)])
            if result.interrupted:
                raise KeyboardInterrupt
            (self._result,) = result.cases
        if self._result.error is not None:
            raise pytest.fail.Exception(str(self._result.error), pytrace=False)
        return next(outcome for outcome in self._result.outcomes if outcome.id == assertion.id)


class Cell(pytest.Collector):
    """A cell of a case's matrix."""

    def __init__(self, *, assertions: list[Assertion], **others: Any) -> None:
        super().__init__(**others)
        self.assertions = assertions

    def collect(self) -> Iterator[pytest.Item]:
        """Yield what is asserted of the cell."""
        yield from (Expected.of(self, assertion) for assertion in self.assertions)


class Expected(pytest.Item):
    """An assertion."""

    def __init__(self, *, assertion: Assertion, **others: Any) -> None:
        super().__init__(**others)
        self.assertion = assertion
        self._outcome: Outcome | None = None

    @classmethod
    def of(cls, parent: pytest.Collector, assertion: Assertion) -> Expected:
        """Return the item of an assertion."""
        return cls.from_parent(parent, name=assertion.what, nodeid=assertion.id, assertion=assertion)

    @property
    def case_file(self) -> CaseFile:
        """The case that it belongs to."""
        found = self.getparent(CaseFile)
        assert found is not None
        return found

    def setup(self) -> None:
        """Simulate the case if nobody has; what is refused is an error, not a failure."""
        from dispatch.regression.outcomes import Status

        self._outcome = self.case_file.outcome(self.assertion)
        if self._outcome.status is Status.ERROR:
            raise pytest.fail.Exception(self._text, pytrace=False)

    def runtest(self) -> None:
        """Fail or warn as the assertion's outcome says."""
        from dispatch.regression.outcomes import Status

        assert self._outcome is not None
        if self._outcome.status is Status.WARNING:
            self.warn(ExpectationWarning(self._text))
        elif self._outcome.status is not Status.PASSED:
            raise pytest.fail.Exception(self._text, pytrace=False)

    @property
    def _text(self) -> str:
        from dispatch.report.checks import failure_text

        assert self._outcome is not None
        return failure_text(self._outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]
        """Return what ``dispatch check`` prints; the short summary shows the line of it that says most."""
        if isinstance(excinfo.value, ExpectationWarning):
            return str(excinfo.value)
        shown = super().repr_failure(excinfo)
        crash = getattr(shown, "reprcrash", None)
        if (
            crash is not None
            and self._outcome is not None
            and isinstance(excinfo.value, pytest.fail.Exception)
        ):
            path, line = self._where
            crash.path, crash.lineno, crash.message = str(path), line, self._outcome.message
        return shown

    @property
    def _where(self) -> tuple[Path, int]:
        """File and line, counted from 1, of the expectation; the scenario's where there is none yet."""
        case = self.case_file.case
        assert case is not None
        if case.document is None:
            return self.path, 1
        return case.found.expected, case.document.lines.get(self.assertion.where, 1)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return file, line, counted from 0, and heading of the expectation."""
        path, line = self._where
        return path, line - 1, f"{self.assertion.id} "  # without the blank, pytest takes its dots for modules
