"""A network that was just written is read once more: one that no scenario could cite is not put in place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dispatch.errors import NetworkError, Problem, Problems
from dispatch.io.tables import read_table
from dispatch.roads.network import load_network

if TYPE_CHECKING:
    from pathlib import Path

_ROW = re.compile(r"(link|node)\.csv:([0-9]+) ?(.*)")
_LINE = re.compile(r":[0-9]+\b")


def check_network(folder: Path, source: str) -> None:
    """Raise NetworkError where the network in a folder cannot be loaded, in words of the ``source``.

    Its files are not those that somebody gave, so links and nodes are named by their ids, not by lines.
    """
    try:
        load_network(folder, cached=False)
    except NetworkError as error:
        ids = {kind: _ids(folder, kind) for kind in ("link", "node")}
        remedy = "A network with that could not be used: correct it there."
        raise NetworkError(
            Problem(source, f"{_where(problem.place, ids)}{problem.fact}", remedy)
            for problem in error.problems
        ) from None


def _ids(folder: Path, kind: str) -> dict[int, str]:
    """Return the ids in a table by line."""
    table = read_table(folder / f"{kind}.csv", Problems())
    return {} if table is None else dict(zip(table.lines, table.columns[f"{kind}_id"], strict=True))


def _where(place: str, ids: dict[str, dict[int, str]]) -> str:
    """Return what a place in the files written is in the network: ``link '7-2', length: ``, say."""
    row = _ROW.fullmatch(place)
    if row is None:
        named = _LINE.sub("", place)
        return f"{named}: " if named else ""
    id_ = ids[row[1]].get(int(row[2]))  # none for the header
    parts = [f"{row[1]}s" if id_ is None else f"{row[1]} '{id_}'", row[3]]
    return f"{', '.join(part for part in parts if part)}: "
