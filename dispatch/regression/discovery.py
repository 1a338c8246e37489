"""Where the cases are: expectations files, and scenarios without any, found as people know it from pytest."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dispatch.errors import Problems, ScenarioError, did_you_mean
from dispatch.io.yaml_source import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SUFFIXES = (".yaml", ".yml")
EXPECTED = ".expected"
SKIPPED = frozenset({"__pycache__", "node_modules", "build", "dist"})
"""Folders that are not looked into, beside hidden ones and virtual environments."""

SIGNS = ("network", "horizon", "unit_types", "incident_types", "demand")
"""Keys by which a scenario is known among other YAML files; one that is broken has most of them, too."""

SECTIONS = ("assertions", "standards", "comparisons", "golden", "log")
HEADS = ("scenario", "matrix", "schema_version", "reviewed")
"""Keys by which expectations without a scenario beside them are known: one of either."""

_LOOKED_AT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """A case that was found."""

    name: str
    """Path as given, without endings: ``scenarios/regression/nearest``."""
    expected: Path
    """Its expectations file, which need not exist."""
    scenario: Path | None
    """The scenario of the same name, where there is one."""
    only: tuple[str, ...] = ()
    """Ids or cells that are asked for, as ``path::layout``; all when empty."""

    @property
    def is_written(self) -> bool:
        """Whether there are expectations."""
        return self.expected.is_file()


def discover(arguments: Sequence[str]) -> list[Found]:
    """Return the cases of files and folders in order; raises ScenarioError with everything that is none.

    An argument may go on after ``::`` with the beginning of an id. In a folder, all expectations files are
    cases, and all scenarios that no expectations file found there cites.
    """
    problems = Problems()
    found: dict[Path, Found] = {}
    for argument in arguments:
        written, _, part = argument.partition("::")
        for case in _of_argument(written, part, problems):
            key = case.expected.resolve()
            known = found.setdefault(key, case)
            only = (*known.only, *case.only) if known.only and case.only else ()
            found[key] = replace(known, only=tuple(dict.fromkeys(only)))
    by_name: dict[str, Found] = {}
    for case in found.values():
        other = by_name.setdefault(case.name, case)
        if other is not case:
            fact = f"{other.expected.name} and {case.expected.name} are of one case"
            problems.add(case.name, fact, "Join them, or rename one.")
    problems.raise_if_any(ScenarioError)
    return list(found.values())


def _of_argument(written: str, part: str, problems: Problems) -> Iterator[Found]:
    path = _meant(written)
    if path is None:
        beside = [p.name for p in Path(written).parent.glob("*")] if "\0" not in written else []
        remedy = did_you_mean(Path(written).name, beside) or "Check the path."
        problems.add(written.replace("\0", "?"), "no such file or folder", remedy)
    elif path.is_dir() and part:
        problems.add(f"{written}::{part}", "a folder has no ids", "Name a case in it, or select with -k.")
    elif path.is_dir():
        yield from _in_folder(path)
    elif path.suffix not in SUFFIXES:
        problems.add(
            written, "neither a scenario nor expectations", "Name a folder or files that end in .yaml."
        )
    else:
        yield of_file(path, part)


def _meant(written: str) -> Path | None:
    """Return the file or folder of an argument; the endings of a case may be left out, as ids do."""
    endings = ("", *(EXPECTED + suffix for suffix in SUFFIXES), *SUFFIXES)
    try:
        paths = [Path(written + ending) for ending in endings]
        return next((path for path in paths if path.is_file() or path.is_dir()), None)
    except (OSError, ValueError):
        return None


def of_file(path: Path, part: str = "") -> Found:
    """Return the case of a scenario or of an expectations file."""
    stem = path.stem.removesuffix(EXPECTED)
    beside = [path.with_name(stem + suffix) for suffix in SUFFIXES]
    expected = [path] if is_expected(path) else []
    expected += [path.with_name(stem + EXPECTED + suffix) for suffix in SUFFIXES]
    name = str(path.with_name(stem)).replace("\\", "/")
    return Found(
        name,
        next((file for file in expected if file.is_file()), expected[-2]),
        next((file for file in beside if file.is_file()), None),
        (f"{name}::{part}",) if part else (),
    )


def is_expected(path: Path) -> bool:
    """Whether a file is named as expectations are."""
    return path.suffix in SUFFIXES and path.stem.endswith(EXPECTED)


def looks_like_scenario(path: Path) -> bool:
    """Whether a YAML file has most of the keys that a scenario must have."""
    if path.suffix not in SUFFIXES or is_expected(path):
        return False
    found = _keys(path, SIGNS)
    return len(found) >= 3 and bool(found & {"unit_types", "incident_types"})


def looks_like_expectations(path: Path) -> bool:
    """Whether a file named as expectations is ours: other programs have such names, too."""
    if not is_expected(path):
        return False
    scenario = of_file(path).scenario
    if scenario is not None and looks_like_scenario(scenario):
        return True
    return bool(_keys(path, SECTIONS)) and (scenario is not None or bool(_keys(path, HEADS)))


def _keys(path: Path, known: Sequence[str]) -> set[str]:
    """Return which keys stand at the top of a file, whether it can be read as YAML or not."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(_LOOKED_AT)
    except OSError:
        return set()
    before = r"(?:^|[{,])\s*" if text.lstrip("\ufeff \t\r\n").startswith("{") else r"^\ufeff?"
    return set(re.findall(rf"""{before}["']?({"|".join(known)})["']?\s*:""", text, re.MULTILINE))


def _in_folder(folder: Path) -> list[Found]:
    files = sorted(_files(folder, set()), key=lambda path: path.parts)
    expectations = [path for path in files if looks_like_expectations(path)]
    covered = {scenario for path in expectations for scenario in _cited(path)}
    bare = [path for path in files if looks_like_scenario(path) and path.resolve() not in covered]
    cases = {case.expected: case for case in (of_file(path) for path in (*expectations, *bare))}
    return sorted(cases.values(), key=lambda case: case.expected.parts)


def _files(folder: Path, visited: set[Path]) -> Iterator[Path]:
    """Yield the YAML files of a folder and those in it, each folder once, whatever links lead there."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    if folder.resolve() in visited:
        return
    visited.add(folder.resolve())
    for entry in entries:
        if entry.is_dir():
            skipped = entry.name.startswith(".") or entry.name in SKIPPED or (entry / "pyvenv.cfg").exists()
            if not skipped:
                yield from _files(entry, visited)
        elif entry.suffix in SUFFIXES:
            yield entry


def _cited(expectations: Path) -> Iterable[Path]:
    """Yield the scenarios that an expectations file names; none where it cannot be read."""
    document = read_yaml(expectations, Problems())
    data = document.data if document is not None and isinstance(document.data, dict) else {}
    matrix = data.get("matrix")
    several = matrix.get("scenarios") if isinstance(matrix, dict) else None
    for name in (data.get("scenario"), *(several if isinstance(several, list) else ())):
        if isinstance(name, str) and "\0" not in name:
            yield (expectations.parent / name).resolve()
