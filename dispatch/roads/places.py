"""Reading ``node.csv``: the places of a network, their coordinates, zones and numeric columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dispatch.io.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from dispatch.errors import Problems
    from dispatch.io.tables import Table

FARTHEST = 1e9
"""Largest planar coordinate in metres that is believed."""

_STANDARD = ("node_id", "x_coord", "y_coord", "name", "zone_id")


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Places in one order: texts and float64 arrays, all of length N; x and y may be unknown."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    zone: tuple[str, ...]
    x: NDArray[np.float64] | None
    y: NDArray[np.float64] | None
    columns: dict[str, NDArray[np.float64]]

    def take(self, chosen: NDArray[np.intp]) -> Places:
        """Return the chosen places in the chosen order."""
        at = chosen.tolist()
        return Places(
            ids=tuple(self.ids[i] for i in at),
            names=tuple(self.names[i] for i in at),
            zone=tuple(self.zone[i] for i in at),
            x=None if self.x is None else self.x[chosen],
            y=None if self.y is None else self.y[chosen],
            columns={name: values[chosen] for name, values in self.columns.items()},
        )

    def canonical(self) -> NDArray[np.intp]:
        """Return the order by (x, y, id), or by id alone, which the rows of a file cannot change."""
        by_id = rank(self.ids)
        if self.x is None or self.y is None:
            return np.argsort(by_id, kind="stable")
        return np.lexsort((by_id, self.y, self.x))


def rank(texts: Sequence[str]) -> NDArray[np.int64]:
    """Return the place of each text in sorted order; equal texts share one."""
    number = {text: i for i, text in enumerate(sorted(set(texts)))}
    return np.array([number[text] for text in texts], dtype=np.int64)


def read_places(
    path: Path, problems: Problems, notes: list[str], *, geographic: bool, coordinates: bool = True
) -> Places | None:
    """Read a node table in the order of its rows, noting every problem; ``coordinates`` may be required."""
    required = ("node_id", "x_coord", "y_coord") if coordinates else ("node_id",)
    table = read_table(path, problems, required)
    if table is None:
        return None
    ids = table.columns["node_id"]
    if not ids:
        problems.add(f"{table.file}:1", "the table has no nodes", "Give at least two.")
        return None
    check_ids(table, "node_id", problems)
    _check_zones(table, problems)
    located = coordinates or ("x_coord" in table and "y_coord" in table)
    x = _coordinates(table, "x_coord", 180.0, problems, geographic=geographic) if located else None
    y = _coordinates(table, "y_coord", 90.0, problems, geographic=geographic) if located else None
    return Places(
        ids=tuple(ids),
        names=tuple(table.text("name")),
        zone=tuple(table.text("zone_id")),
        x=x,
        y=y,
        columns=_numeric_columns(table, notes),
    )


def _check_zones(table: Table, problems: Problems) -> None:
    """Note zone ids that the filters of measures could not name."""
    told: set[str] = set()
    for row, text in enumerate(table.text("zone_id")):
        if text not in told and any(mark in text for mark in "[],=\n\r\t"):
            told.add(text)
            remedy = "Leave out brackets, commas and equals signs."
            problems.add(table.place(row, "zone_id"), f"{text[:40]!r} cannot be the id of a zone", remedy)


def check_ids(table: Table, column: str, problems: Problems, *, blank_allowed: bool = False) -> None:
    """Note ids that are missing or stand twice."""
    first: dict[str, int] = {}
    for row, text in enumerate(table.columns[column]):
        if not text:
            if not blank_allowed:
                problems.add(table.place(row, column), "no id", "Give every row an id of its own.")
        elif first.setdefault(text, row) != row:
            fact = f"'{text}' stands twice (first on line {table.lines[first[text]]})"
            problems.add(table.place(row, column), fact, "Remove or rename one.")


def _coordinates(
    table: Table, column: str, limit: float, problems: Problems, *, geographic: bool
) -> NDArray[np.float64]:
    bound = limit if geographic else FARTHEST
    values = table.numbers(column, problems, required=True) + 0.0  # -0.0 becomes 0.0: one place, one order
    values[~np.isfinite(values)] = np.nan
    far = np.abs(values) > bound
    for row in np.flatnonzero(far).tolist():
        if geographic:
            fact = f"{values[row]:g} is not between -{bound:g} and {bound:g} degrees"
            remedy = "x_coord is the longitude, y_coord the latitude; for metres set crs in network.yaml."
        else:
            fact, remedy = f"{values[row]:g} m is off the earth", "Give metres in a planar system."
        problems.add(table.place(row, column), fact, remedy)
    values[far] = np.nan
    return values


def _numeric_columns(table: Table, notes: list[str]) -> dict[str, NDArray[np.float64]]:
    """Return the further columns that hold numbers only; blanks become NaN."""
    result: dict[str, NDArray[np.float64]] = {}
    for name in sorted(column for column in table.columns if column and column not in _STANDARD):
        texts = table.columns[name]
        filled = [row for row, text in enumerate(texts) if text]
        values = np.array([_number(text) for text in texts], dtype=np.float64)
        bad = [row for row in filled if not np.isfinite(values[row])]
        if filled and not bad:
            result[name] = values
        elif bad and 2 * len(bad) <= len(filled):
            first = f"{table.place(bad[0], name)} has '{texts[bad[0]][:20]}'"
            notes.append(f"Column '{name}' is left out: {len(bad)} values are not numbers ({first}).")
    return result


def _number(text: str) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")
