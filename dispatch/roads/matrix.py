"""Travel-time matrices in place of roads: long or wide CSV tables of times between places."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import numpy as np

from dispatch.errors import NetworkError, Problem, Problems, did_you_mean
from dispatch.io.tables import read_table
from dispatch.roads.described import Described
from dispatch.roads.network_file import SECONDS
from dispatch.roads.places import Places, read_places

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from dispatch.io.tables import Table
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.roads.network_file import NetworkFile

MOST_PLACES = 20_000
"""Places above which a matrix (8 bytes for each pair) is refused."""

LONGEST = 1.0e9
"""Longest time in seconds that is believed."""

_REMEDY = "Times are numbers >= 0; leave the cell empty where there is no way."


@dataclass(frozen=True, slots=True, eq=False)
class MatrixNetwork(Described):
    """N places and the seconds between them; the places are ordered by (x, y, id), or by id alone.

    ``matrix`` (float64[N, N]) holds the seconds from row to column, infinite where there is no way. ``x`` and
    ``y`` (float64[N]) are None without coordinates. The rest is as in a road network.
    """

    meta: NetworkFile
    node_ids: tuple[str, ...]
    names: tuple[str, ...]
    zone: tuple[str, ...]
    x: NDArray[np.float64] | None
    y: NDArray[np.float64] | None
    columns: dict[str, NDArray[np.float64]]
    matrix: NDArray[np.float64]
    digest: str
    notes: tuple[str, ...] = ()
    _lazy: dict[str, Any] = field(default_factory=dict, repr=False)

    dropped: ClassVar[frozenset[str]] = frozenset()

    def summary(self) -> dict[str, Any]:
        """Return what ``dispatch network info`` shows: plain numbers and texts, keys sorted."""
        from dispatch.roads.summary import matrix_summary

        return matrix_summary(self)


def read_matrix(folder: Path, meta: NetworkFile, document: YamlDocument, problems: Problems) -> MatrixNetwork:
    """Read and check a matrix network; raise NetworkError with every problem found."""
    notes: list[str] = []
    path = folder / meta.file
    if meta.file in (".", "..") or any(mark in meta.file for mark in "/\\:\0"):
        fact = f"'{meta.file}' leads out of the folder"
        problems.add(document.place("file"), fact, "Name a file inside the folder.")
        _give_up(problems)
    if not path.resolve().is_relative_to(folder.resolve()):
        fact = f"'{meta.file}' is a link that leads out of the folder"
        problems.add(document.place("file"), fact, "Copy the file into the folder.")
        _give_up(problems)
    places = None
    if (folder / "node.csv").exists():
        geographic = meta.geographic
        places = read_places(folder / "node.csv", problems, notes, geographic=geographic, coordinates=False)
    there = os.path.isfile(path)  # noqa: PTH113 - answers for names that no file can have, where Path raises
    if not there:
        problems.add(document.place("file"), f"no file '{meta.file:.60}' in the folder", "Check the name.")
    table = read_table(path, problems) if there else None
    if table is None:
        _give_up(problems)
    cells = _long(table, problems) if {"from", "to", "time"} <= set(table.columns) else _wide(table, problems)
    if places is not None:
        _check_ids(table, cells, places, problems)
    problems.raise_if_any(NetworkError)
    if places is None:
        places = _bare_places(cells)
    return _assemble(meta, places, cells, notes)


def _give_up(problems: Problems) -> NoReturn:
    problems.raise_if_any(NetworkError)
    raise AssertionError("nothing was wrong")


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Times as given: ids from and to, numbers in the unit of the file, and the row each stands in."""

    origin: list[str]
    destination: list[str]
    time: NDArray[np.float64]
    row: list[int]
    others: list[str]


def _long(table: Table, problems: Problems) -> _Cells:
    """Return the cells of a table with a row for each pair."""
    time = table.numbers("time", problems, minimum=0.0, remedy=_REMEDY)
    origin, destination = table.columns["from"], table.columns["to"]
    first: dict[tuple[str, str], int] = {}
    for row, pair in enumerate(zip(origin, destination, strict=True)):
        if not all(pair):
            problems.add(table.place(row), "no place id under 'from' or 'to'", "Give both.")
        elif first.setdefault(pair, row) != row:
            fact = f"'{pair[0]}' to '{pair[1]}' stands twice (first on line {table.lines[first[pair]]})"
            problems.add(table.place(row), fact, "Remove one.")
    return _Cells(origin, destination, time, list(range(len(table))), [])


def _wide(table: Table, problems: Problems) -> _Cells:
    """Return the cells of a table with a row for each origin and a column for each destination."""
    corner, *destinations = table.columns
    origins = table.columns[corner]
    if "" in destinations:
        problems.add(f"{table.file}:1", "a column without destination", "Give every column an id.")
    first: dict[str, int] = {}
    for row, name in enumerate(origins):
        if not name:
            problems.add(table.place(row, corner), "no place id", "Give every row an id.")
        elif first.setdefault(name, row) != row:
            fact = f"'{name}' stands twice (first on line {table.lines[first[name]]})"
            problems.add(table.place(row, corner), fact, "Remove or rename one.")
    times = [table.numbers(name, problems, minimum=0.0, remedy=_REMEDY) for name in destinations]
    time = np.array(times).T.ravel() if times else np.empty(0)
    width = len(destinations)
    return _Cells(
        origin=[name for name in origins for _ in range(width)],
        destination=destinations * len(origins),
        time=time,
        row=[row for row in range(len(origins)) for _ in range(width)],
        others=[*origins, *destinations],
    )


def _check_ids(table: Table, cells: _Cells, places: Places, problems: Problems) -> None:
    """Note places of the matrix that are not in node.csv, and the other way round."""
    known = set(places.ids)
    used: dict[str, int] = {}
    for origin, destination, row in zip(cells.origin, cells.destination, cells.row, strict=True):
        used.setdefault(origin, row)
        used.setdefault(destination, row)
    for name in cells.others:
        used.setdefault(name, 0)
    for name, row in used.items():
        if name and name not in known:
            fact = f"no place '{name}' in node.csv"
            problems.add(table.place(row), fact, did_you_mean(name, known) or "Add it to node.csv.")
    missing = sorted(known - set(used) - {""})
    if missing:
        shown = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")
        fact = f"no times for {len(missing)} places of node.csv: {shown}"
        problems.add(f"{table.file}:1", fact, "Add their times, or remove them from node.csv.")


def _bare_places(cells: _Cells) -> Places:
    ids = tuple(sorted({*cells.origin, *cells.destination, *cells.others}))
    blank = ("",) * len(ids)
    return Places(ids, blank, blank, None, None, {})


def _assemble(meta: NetworkFile, places: Places, cells: _Cells, notes: list[str]) -> MatrixNetwork:
    places = places.take(places.canonical())
    size = len(places.ids)
    if size > MOST_PLACES:
        fact = f"{size:,} places make a matrix of {8 * size**2 / 1e9:,.0f} GB"
        raise NetworkError([Problem(meta.file, fact, f"Give at most {MOST_PLACES:,} places, or roads.")])
    assert meta.unit is not None
    with np.errstate(over="ignore"):  # what becomes infinite is told below
        longest = float(np.nanmax(cells.time * SECONDS[meta.unit], initial=0.0))
    if longest > LONGEST:
        fact = f"a time of {longest:g} s"
        raise NetworkError([Problem(f"{meta.file}:1", fact, "Check the table and unit in network.yaml.")])
    matrix = _matrix(places, cells, SECONDS[meta.unit], symmetric=meta.symmetric)
    if not size:
        raise NetworkError([Problem(f"{meta.file}:1", "no times", "Give at least one row.")])
    return MatrixNetwork(
        meta=meta,
        node_ids=places.ids,
        names=places.names,
        zone=places.zone,
        x=places.x,
        y=places.y,
        columns=places.columns,
        matrix=matrix,
        digest=_digest(meta, places, matrix),
        notes=(*meta.notes, *notes),
    )


def _matrix(places: Places, cells: _Cells, unit: float, *, symmetric: bool) -> NDArray[np.float64]:
    """Return the seconds [N, N]; what is not given is infinite, staying takes no time unless given."""
    index = {text: i for i, text in enumerate(places.ids)}
    matrix = np.full((len(index), len(index)), np.inf)
    rows = np.array([index[text] for text in cells.origin], dtype=np.intp)
    columns = np.array([index[text] for text in cells.destination], dtype=np.intp)
    matrix[rows, columns] = np.where(np.isnan(cells.time), np.inf, cells.time * unit)
    if symmetric:
        matrix = np.where(np.isinf(matrix), matrix.T, matrix)
    stay = np.diagonal(matrix)
    np.fill_diagonal(matrix, np.where(np.isinf(stay), 0.0, stay))
    matrix.flags.writeable = False
    return matrix


def _digest(meta: NetworkFile, places: Places, matrix: NDArray[np.float64]) -> str:
    names = sorted(places.columns)
    state = hashlib.sha256(repr((meta.name, meta.crs, places.ids, places.zone, names)).encode())
    known = [] if places.x is None or places.y is None else [places.x, places.y]
    for values in (matrix, *known, *(places.columns[name] for name in names)):
        state.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
    return state.hexdigest()
