"""Run folders read back: what was run, and what happened in every replication."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from dispatch.engine.notice import Notice
from dispatch.errors import InputError, Problems
from dispatch.io.run_folder import MANIFEST, file_digest
from dispatch.io.tables import read_written
from dispatch.regression.events import Event, events_of_tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WRITE_AGAIN = "Write it again with 'dispatch run … -o'."


class Written(Protocol):
    """A folder of a run or a study, as far as it tells what was simulated."""

    @property
    def path(self) -> Path:
        """Where it is."""

    @property
    def manifest(self) -> dict[str, Any]:
        """What its manifest says."""

    @property
    def inputs(self) -> dict[str, str]:
        """Fingerprints of what it depended on."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A folder that ``dispatch run -o`` wrote."""

    path: Path
    manifest: dict[str, Any]
    events: dict[int, list[Event]]
    """By replication."""
    altered: tuple[str, ...] = ()
    """Tables that are not as they were written, as ``file responses.csv``."""

    @property
    def inputs(self) -> dict[str, str]:
        """Fingerprints of what the run depended on."""
        return {str(name): str(value) for name, value in self.manifest["inputs"].items()}

    @property
    def layout(self) -> str:
        """The layout that was simulated."""
        return str(self.manifest["layouts"][0])


def read_run(path: Path) -> RunFolder:
    """Return a run folder; raises InputError with every problem found."""
    problems = Problems()
    manifest = _of_run(path, problems)
    tables: dict[str, dict[str, list[object]]] = {}
    altered: list[str] = []
    for name in ("incidents", "responses", "notices"):
        found = [path / f"{name}{ending}" for ending in (".csv", ".parquet")]
        present = [file for file in found if file.is_file()]
        if name == "notices" and not present:  # nothing was noted
            tables[name] = {field: [] for field in ("replication", *Notice._fields)}
            continue
        if manifest is not None and not present:
            problems.add(str(path), f"no table '{name}'", WRITE_AGAIN)
        columns = read_written(present[0], problems) if present else None
        if columns is not None:
            tables[name] = columns
            if manifest is not None and file_digest(present[0]) != manifest["files"].get(present[0].name):
                altered.append(f"file {present[0].name}")
    problems.raise_if_any(InputError)
    assert manifest is not None
    try:
        events = _by_replication(tables["incidents"], tables["responses"], tables["notices"])
        return RunFolder(path, manifest, events, tuple(altered))
    except (KeyError, ValueError) as error:
        problems.add(str(path), f"the tables are not those of a run ({error})", WRITE_AGAIN)
        raise InputError(problems.found) from None


def read_manifest(path: Path, problems: Problems, *, again: str = WRITE_AGAIN) -> dict[str, Any] | None:
    """Return the manifest of a run or a study, all of it of the right types; None with the problem noted."""
    try:
        read = read_json(path / MANIFEST)
    except (OSError, ValueError):
        problems.add(str(path), "no run folder: it has no readable manifest.json", again)
        return None
    if (
        not isinstance(read, dict)
        or not all(name in read and fits(read[name]) for name, fits in _FITS.items())
        or not _is_text(read.get("scenario_from_here", ""))
    ):
        problems.add(f"{path.name}/{MANIFEST}", "was written by another version, or is something else", again)
        return None
    return read


def read_json(path: Path) -> Any:
    """Return what a JSON file says; raises OSError or ValueError where it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except RecursionError:
        message = "nested too deep"
        raise ValueError(message) from None


def _refuse(constant: str) -> float:
    message = f"{constant} is no JSON"
    raise ValueError(message)


def _is_text(value: object) -> bool:
    """Whether a value is a text that can be printed, which half a surrogate pair cannot."""
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_map_of_texts(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_text, value.values()))


_FITS: dict[str, Callable[[Any], bool]] = {
    "command": _is_text,
    "inputs": _is_map_of_texts,
    "files": _is_map_of_texts,
    "layouts": lambda value: _are_texts(value) and len(value) > 0,
    "scenario_file": _is_text,
    "seed": _is_count,
    "replications": _is_count,
    "speeds": lambda value: isinstance(value, dict) and _is_text(value.get("set")),
    "measures": _are_texts,
}
"""What a manifest must hold."""


def _of_run(path: Path, problems: Problems) -> dict[str, Any] | None:
    read = read_manifest(path, problems)
    if read is not None and read["command"] != "run":
        fact = f"is of 'dispatch {read['command']}', which keeps no logs"
        problems.add(f"{path.name}/{MANIFEST}", fact, WRITE_AGAIN)
        return None
    return read


def _by_replication(*tables: dict[str, list[object]]) -> dict[int, list[Event]]:
    """Return the events of each replication; tables are those of calls, responses and notices."""
    parts = [_parts(table) for table in tables]
    numbers = sorted({number for part in parts for number in part})
    return {
        number: events_of_tables(
            *(part.get(number, _none(table)) for part, table in zip(parts, tables, strict=True))
        )
        for number in numbers
    }


def _parts(table: dict[str, list[object]]) -> dict[int, dict[str, list[object]]]:
    """Return the rows of each replication."""
    rows: dict[int, list[int]] = {}
    for row, number in enumerate(table["replication"]):
        rows.setdefault(int(str(number)), []).append(row)
    return {
        number: {name: [column[row] for row in chosen] for name, column in table.items()}
        for number, chosen in rows.items()
    }


def _none(table: dict[str, list[object]]) -> dict[str, list[object]]:
    return {name: [] for name in table}
