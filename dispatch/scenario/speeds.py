"""Speed profiles: factors by class of roads and hour of the week, from CSV files or from the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import ValidationError

from dispatch.errors import did_you_mean
from dispatch.io.catalogue import shipped_texts
from dispatch.io.tables import read_table
from dispatch.io.validating import validate
from dispatch.io.yaml_source import parse_yaml
from dispatch.model.travel import DAYS, SpeedProfile, SpeedRow
from dispatch.roads.network_file import MODES
from dispatch.scenario.conditions import HOURS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from dispatch.errors import Problems
    from dispatch.io.tables import Table
    from dispatch.scenario.files import Folder

OTHERS = "*"
"""Stands for all classes that have no rows of their own."""


@dataclass(frozen=True, slots=True)
class ReadProfile:
    """A speed profile as read."""

    name: str
    title: str
    source: str
    assumed: bool
    rows: tuple[SpeedRow, ...]
    from_file: bool


def catalogue() -> dict[str, str]:
    """Return the texts of the speed profiles that ship with the package, by name."""
    return shipped_texts("speeds")


def read_profile(cited: str, folder: Folder, where: tuple[str | int, ...]) -> ReadProfile | None:
    """Return a profile that a scenario cites at ``where``: a CSV file, or one of the catalogue."""
    if cited.lower().endswith(".csv"):
        path = folder.file(cited, *where)
        rows = None if path is None else _csv_rows(path, folder.problems)
        return (
            None
            if rows is None
            else ReadProfile(path.name if path else "", "", "", assumed=False, rows=rows, from_file=True)
        )
    known = catalogue()
    if cited not in known:
        remedy = f"{did_you_mean(cited, known)} Or name a CSV file.".strip()
        folder.problems.add(folder.document.place(*where), f"no speed profile '{cited}'", remedy)
        return None
    document = parse_yaml(known[cited], f"{cited}.yaml", folder.problems)
    profile = validate(SpeedProfile, document, folder.problems)[0] if document else None
    if profile is None:
        return None
    return ReadProfile(
        cited, profile.title, profile.source, assumed=profile.assumed, rows=profile.rows, from_file=False
    )


def _csv_rows(path: Path, problems: Problems) -> tuple[SpeedRow, ...] | None:
    """Read rows ``facility_type, factor`` with ``hour`` (0–167) or ``days, begins, ends``; maybe ``mode``."""
    before = len(problems.found)
    table = read_table(path, problems, ("facility_type", "factor"))
    if table is None:
        return None
    _check_columns(table, problems)
    factor = table.numbers(
        "factor", problems, required=True, above=0.0, maximum=5.0, remedy="1 is the network's own speed."
    )
    hours = _hours(table, problems)
    modes = [text.lower() for text in table.text("mode")]
    for row, mode in enumerate(modes):
        if mode not in ("", *MODES):
            problems.add(table.place(row, "mode"), f"no mode '{mode}'", did_you_mean(mode, MODES))
    if not len(table):
        problems.add(f"{table.file}:1", "no rows", "Give at least one.")
    if len(problems.found) > before:
        return None
    classes = [text or OTHERS for text in table.columns["facility_type"]]
    rows = []
    for row, (name, (days, begins, ends), mode) in enumerate(zip(classes, hours, modes, strict=True)):
        written = {"days": days, "begins": begins, "ends": ends, "factor": float(factor[row]), "mode": mode}
        try:
            rows.append(SpeedRow.model_validate({"facility_type": name, **written}))
        except ValidationError as error:
            for found in error.errors():
                fact, _, remedy = found["msg"].removeprefix("Value error, ").partition(" | ")
                problems.add(table.place(row), fact, remedy)
    return None if len(problems.found) > before else tuple(rows)


def _check_columns(table: Table, problems: Problems) -> None:
    """Note columns that mean nothing, or not together."""
    known = ("facility_type", "factor", "mode", "hour", "days", "begins", "ends")
    for name in table.columns:
        if name not in known:
            problems.add(f"{table.file}:1", f"no column '{name}' is known", did_you_mean(name, known))
    also = [name for name in ("days", "begins", "ends") if name in table]
    if "hour" in table and also:
        fact = f"'hour' (of the week) and '{also[0]}' contradict each other"
        problems.add(f"{table.file}:1", fact, "Give either hour, or days with begins and ends.")


def _hours(table: Table, problems: Problems) -> list[tuple[str, int, int]]:
    """Return days, first hour and end of the hours of each row."""
    if "hour" in table:
        hour = table.numbers(
            "hour",
            problems,
            required=True,
            minimum=0,
            maximum=HOURS - 1,
            whole=True,
            remedy="0 is Monday 00:00.",
        )
        usable = np.clip(np.nan_to_num(hour), 0, HOURS - 1)  # what is not usable has been noted
        return [(DAYS[int(h) // 24], int(h) % 24, int(h) % 24 + 1) for h in usable.tolist()]
    bounds = {}
    for name, least, most, default in (("begins", 0, 23, 0.0), ("ends", 1, 24, 24.0)):
        values = np.full(len(table), default)
        if name in table:
            read = table.numbers(
                name, problems, minimum=least, maximum=most, whole=True, remedy="Give an hour."
            )
            values = np.clip(np.where(np.isnan(read), default, read), least, most)
        bounds[name] = values.astype(int).tolist()
    days = [text or "all" for text in table.text("days")]
    return list(zip(days, bounds["begins"], bounds["ends"], strict=True))


def factor_table(
    rows: Iterable[SpeedRow], classes: Sequence[str]
) -> tuple[dict[str, NDArray[np.float64]], list[str]]:
    """Return factors by mode [168, C] for classes of roads, and texts on cells that two rows give.

    A class without rows of its own takes those of the class that it links to (``primary_link``:
    ``primary``), or those of ``*``; hours without a row have factor 1.
    """
    cells: dict[tuple[str, str, int], float] = {}
    twice: list[str] = []
    named = set()
    for row in rows:
        named.add(row.facility_type)
        for mode in (row.mode,) if row.mode else MODES:
            for hour in row.hours_of_week():
                key = (row.facility_type, mode, hour)
                if cells.setdefault(key, row.factor) != row.factor:
                    twice.append(f"'{row.facility_type}', hour {hour} of the week, {mode}")
    table = {mode: np.ones((HOURS, len(classes))) for mode in MODES}
    for column, name in enumerate(classes):
        base = name.removesuffix("_link")
        source = next((option for option in (name, base, OTHERS) if option in named), None)
        for mode in MODES:
            for hour in range(HOURS):
                table[mode][hour, column] = cells.get((source or "", mode, hour), 1.0)
    return table, twice
