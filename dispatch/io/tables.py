"""CSV and Parquet tables: read with the line of every row, written in one piece or not at all."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dispatch.errors import did_you_mean
from dispatch.io.yaml_source import read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from dispatch.errors import Problems

MAX_BYTES = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file: columns of stripped text, and the line on which each row starts."""

    file: str
    columns: dict[str, list[str]]
    lines: list[int]

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.lines)

    def __contains__(self, column: str) -> bool:
        """Whether the table has the column."""
        return column in self.columns

    def place(self, row: int, column: str = "") -> str:
        """Return ``file:line column`` of a row."""
        return f"{self.file}:{self.lines[row]} {column}".rstrip()

    def text(self, column: str, default: str = "") -> list[str]:
        """Return a column, or a column of ``default`` where the table has none."""
        return self.columns.get(column) or [default] * len(self)

    def numbers(
        self,
        column: str,
        problems: Problems,
        *,
        required: bool = False,
        minimum: float = -math.inf,
        above: float = -math.inf,
        maximum: float = math.inf,
        whole: bool = False,
        remedy: str = "",
    ) -> NDArray[np.float64]:
        """Return a column as float64; blanks are NaN, and everything unusable is noted.

        ``minimum`` and ``maximum`` are the least and greatest value allowed, ``above`` must be exceeded.
        """
        texts = self.text(column)
        result = _fast_numbers(texts)
        for row in np.flatnonzero(~np.isfinite(result)).tolist():
            if texts[row]:
                problems.add(self.place(row, column), f"'{texts[row][:40]}' is not a finite number", remedy)
            elif required:
                problems.add(self.place(row, column), "no value", remedy or "Give a number.")
        low = (result < minimum) | (result <= above)
        for row in np.flatnonzero(low).tolist():
            bound = f"below {minimum:g}" if result[row] < minimum else f"not above {above:g}"
            problems.add(self.place(row, column), f"{texts[row]} is {bound}", remedy)
        for row in np.flatnonzero(result > maximum).tolist():
            problems.add(self.place(row, column), f"{texts[row]} is above {maximum:g}", remedy)
        if whole:
            for row in np.flatnonzero(np.isfinite(result) & (result != np.rint(result))).tolist():
                problems.add(self.place(row, column), f"{texts[row]} is not a whole number", remedy)
        return result


def _fast_numbers(texts: list[str]) -> NDArray[np.float64]:
    """Convert a whole column at once where it is clean, value by value where it is not."""
    try:
        return np.array([text or "nan" for text in texts], dtype=np.float64)
    except ValueError:
        return np.array([_number(text) for text in texts], dtype=np.float64)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def read_table(path: Path, problems: Problems, required: Sequence[str] = ()) -> Table | None:
    """Read a CSV file with a header row; on any problem note it and return None."""
    text = read_text(path, problems, MAX_BYTES)
    return None if text is None else parse_table(text, path.name, problems, required)


def parse_table(text: str, file: str, problems: Problems, required: Sequence[str] = ()) -> Table | None:
    """Read CSV text; ``file`` is the name used in messages."""
    before = len(problems.found)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    line = 1
    try:
        header = [name.strip() for name in next(reader, [])]
        line = reader.line_num + 1
        for row in reader:
            if row:
                rows.append(row)
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        problems.add(f"{file}:{line}", f"not valid CSV: {error}", "Check quotes and separators.")
        return None
    _check_header(header, file, required, problems)
    width = len(header)
    for row, at in zip(rows, lines, strict=True):
        if len(row) != width:
            problems.add(f"{file}:{at}", f"{len(row)} values under {width} column names", "Check the commas.")
    if len(problems.found) > before:
        return None
    columns = (
        [[value.strip() for value in column] for column in zip(*rows, strict=True)] if rows else [[]] * width
    )
    return Table(file, dict(zip(header, columns, strict=True)), lines)


def _check_header(header: list[str], file: str, required: Sequence[str], problems: Problems) -> None:
    if not any(header):
        problems.add(f"{file}:1", "the table is empty", "Give a header row and at least one row.")
        return
    if len(header) == 1 and (mark := next((mark for mark in ";\t" if mark in header[0]), None)):
        problems.add(f"{file}:1", f"the columns are separated by {mark!r}", "Save the table with commas.")
        return
    for name in sorted({name for name in header if header.count(name) > 1}):
        problems.add(f"{file}:1", f"the column '{name}' stands twice", "Remove or rename one.")
    for name in required:
        if name not in header:
            problems.add(f"{file}:1", f"the column '{name}' is missing", did_you_mean(name, header))


def csv_text(columns: Mapping[str, Sequence[object] | NDArray[np.generic]]) -> str:
    """Return columns of equal length as CSV: floats in shortest exact form, NaN and None empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    plain = [[_cell(value) for value in _as_list(column)] for column in columns.values()]
    writer.writerows(zip(*plain, strict=True))
    return out.getvalue()


def _as_list(column: Sequence[object] | NDArray[np.generic]) -> list[object]:
    return column.tolist() if isinstance(column, np.ndarray) else list(column)


def _cell(value: object) -> object:
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value


def write_csv(path: Path, columns: Mapping[str, Sequence[object] | NDArray[np.generic]]) -> None:
    """Write a table as CSV."""
    path.write_text(csv_text(columns), encoding="utf-8", newline="")


def write_parquet(path: Path, columns: Mapping[str, Sequence[object] | NDArray[np.generic]]) -> None:
    """Write a table as Parquet (zstd); needs the extra ``store``."""
    import duckdb

    arrays = {name: _parquet_column(column) for name, column in columns.items()}
    connection = duckdb.connect()
    try:
        connection.register("arrays", arrays)
        target = str(path).replace("'", "''")
        connection.execute(f"COPY (SELECT * FROM arrays) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
    finally:
        connection.close()


def _parquet_column(column: Sequence[object] | NDArray[np.generic]) -> NDArray[np.generic]:
    return column if isinstance(column, np.ndarray) else np.array(list(column))


def read_written(path: Path, problems: Problems) -> dict[str, list[object]] | None:
    """Return the columns of a table that was written by one of the writers; in CSV every value is text."""
    if path.suffix != ".parquet":
        table = read_table(path, problems, ())
        return None if table is None else {name: list(column) for name, column in table.columns.items()}
    try:
        import duckdb
    except ImportError:
        problems.add(path.name, "reading Parquet needs duckdb", "pip install 'dispatch[store]'")
        return None
    connection = duckdb.connect()
    try:
        quoted = str(path).replace("'", "''")
        rows = connection.execute(f"SELECT * FROM read_parquet('{quoted}')")
        columns = rows.fetchnumpy()
    except duckdb.Error as error:
        problems.add(path.name, f"is no Parquet table ({str(error).splitlines()[0]})", "Write the run again.")
        return None
    finally:
        connection.close()
    return {name: column.tolist() for name, column in columns.items()}


WRITERS: dict[str, Callable[[Path, Mapping[str, Sequence[object] | NDArray[np.generic]]], None]] = {
    "csv": write_csv,
    "parquet": write_parquet,
}
"""Table formats by file ending."""
