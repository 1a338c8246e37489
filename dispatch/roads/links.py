"""Reading ``link.csv``: the arcs of a road network with lengths and speeds, and all that is wrong there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dispatch.errors import did_you_mean
from dispatch.io.tables import read_table
from dispatch.roads import plausibility
from dispatch.roads.geometry import linestring_metres, metres_between
from dispatch.roads.network_file import METRES, METRES_PER_SECOND, MODES
from dispatch.roads.places import check_ids, rank

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from dispatch.errors import Problems
    from dispatch.io.tables import Table
    from dispatch.roads.network_file import NetworkFile
    from dispatch.roads.places import Places

LONGEST = 2.0e7
"""Longest link in metres that is believed: half-way round the earth."""

FASTEST = 1000 / 3.6
"""Highest speed in m/s that is believed."""

_TRUTH = {"true": True, "1": True, "yes": True, "": True, "false": False, "0": False, "no": False}
_MANY = 5000


@dataclass(frozen=True, slots=True, eq=False)
class Arcs:
    """Directed arcs between places, by index into them; arrays and texts of length A."""

    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    length_m: NDArray[np.float64]
    seconds: dict[str, NDArray[np.float64]]
    facility: NDArray[np.int32]
    facility_names: tuple[str, ...]
    link: NDArray[np.int32]
    link_ids: tuple[str, ...]
    geometry: tuple[str, ...] = ()

    def take(self, chosen: NDArray[np.intp]) -> Arcs:
        """Return the chosen arcs in the chosen order."""
        at = chosen.tolist()
        return Arcs(
            tail=self.tail[chosen],
            head=self.head[chosen],
            length_m=self.length_m[chosen],
            seconds={mode: values[chosen] for mode, values in self.seconds.items()},
            facility=self.facility[chosen],
            facility_names=self.facility_names,
            link=self.link[chosen],
            link_ids=tuple(self.link_ids[i] for i in at),
            geometry=tuple(self.geometry[i] for i in at) if self.geometry else (),
        )

    def between(self, number: NDArray[np.int32]) -> Arcs:
        """Return the arcs whose ends both keep a number (>= 0), under their new numbers."""
        kept = self.take(np.flatnonzero((number[self.tail] >= 0) & (number[self.head] >= 0)))
        kept.tail[:], kept.head[:] = number[kept.tail], number[kept.head]
        return kept

    def canonical(self) -> NDArray[np.intp]:
        """Return the order by (tail, head, seconds, link id), which the rows of a file cannot change."""
        by_id = rank(self.link_ids)
        return np.lexsort(
            (by_id, self.length_m, self.seconds["normal"], self.seconds["emergency"], self.head, self.tail)
        )


@dataclass(slots=True)
class _Reader:
    """A link table on its way to arcs: what is known of it and where problems and notes go."""

    table: Table
    meta: NetworkFile
    places: Places
    problems: Problems
    notes: list[str]
    facts: dict[str, int | float]

    def ends(self, column: str, index: dict[str, int]) -> NDArray[np.int32]:
        """Return the node at one end of every link, -1 where it is unknown."""
        texts = self.table.columns[column]
        found = np.array([index.get(text, -1) for text in texts], dtype=np.int32)
        guess = index if len(index) <= _MANY else ()
        for row in np.flatnonzero(found < 0).tolist():
            fact = f"no node '{texts[row]}' in node.csv" if texts[row] else "no node id"
            known = guess if len(self.problems.found) < 30 else ()
            remedy = did_you_mean(texts[row], known) or "Add it to node.csv, or correct the id."
            self.problems.add(self.table.place(row, column), fact, remedy)
        return found

    def ids(self) -> tuple[str, ...]:
        """Return the id of every link; ``from-to`` where none is given."""
        texts = self.table.text("link_id")
        if "link_id" in self.table:
            check_ids(self.table, "link_id", self.problems, blank_allowed=True)
        ends = zip(self.table.columns["from_node_id"], self.table.columns["to_node_id"], strict=True)
        return tuple(text or f"{a}-{b}" for text, (a, b) in zip(texts, ends, strict=True))

    def one_way(self) -> NDArray[np.bool_]:
        """Return which links are one-way."""
        texts = self.table.text("directed")
        known = [_TRUTH.get(text.lower()) for text in texts]
        for row, value in enumerate(known):
            if value is None:
                fact = f"'{texts[row][:20]}' is neither true nor false"
                self.problems.add(self.table.place(row, "directed"), fact, "Write true or false.")
        return np.array([value is not False for value in known])

    def lengths(self, tail: NDArray[np.int32], head: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return metres: as given, else along the geometry, else straight; NaN where that fails."""
        unit, x, y = self.meta.length_unit, self.places.x, self.places.y
        assert x is not None
        assert y is not None
        remedy = f"Lengths are positive, in {unit} (length_unit in network.yaml)."
        given = self.table.numbers("length", self.problems, above=0.0, remedy=remedy)
        metres = _usable(given) * METRES[unit]
        straight = metres_between(x[tail], y[tail], x[head], y[head], geographic=self.meta.geographic)
        straight[(tail < 0) | (head < 0)] = np.nan
        if plausibility.check_lengths(self.table, metres, straight, self):
            for row in np.flatnonzero(metres > LONGEST).tolist():
                fact = f"{metres[row] / 1000:,.0f} km is longer than half-way round the earth"
                self.problems.add(self.table.place(row, "length"), fact, remedy)
        for row in self._blank("length"):
            metres[row] = self._drawn(row, straight[row], ends_differ=tail[row] != head[row])
        return metres

    def _blank(self, column: str) -> list[int]:
        return [row for row, text in enumerate(self.table.text(column)) if not text]

    def _drawn(self, row: int, straight: float, *, ends_differ: bool) -> float:
        """Return the metres of a link without length."""
        geometry = self.table.text("geometry")[row]
        drawn = linestring_metres(geometry, geographic=self.meta.geographic) if geometry else straight
        if drawn is None:
            fact = f"'{geometry[:30]}' is not a WKT LINESTRING"
            self.problems.add(self.table.place(row, "geometry"), fact, "Give a length, or correct it.")
        elif drawn == 0 and ends_differ:
            fact = "no length, and both ends lie at the same place"
            self.problems.add(self.table.place(row, "length"), fact, "Give a length.")
        return np.nan if drawn is None else drawn

    def speeds(self) -> dict[str, NDArray[np.float64]]:
        """Return m/s by mode, before the factors; NaN where unknown."""
        unit = self.meta.speed_unit
        remedy = f"Speeds are positive, in {unit} (speed_unit in network.yaml)."
        given = self.table.numbers("free_speed", self.problems, above=0.0, remedy=remedy)
        classes = self.table.text("facility_type")
        blank = self._blank("free_speed")
        for row in blank:
            if classes[row] not in self.meta.speeds:
                self._no_speed(row, classes[row])
        result: dict[str, NDArray[np.float64]] = {}
        for mode in MODES:
            by_class = {name: float(getattr(speed, mode)) for name, speed in self.meta.speeds.items()}
            speed = _usable(given)
            speed[blank] = [by_class.get(classes[row], np.nan) for row in blank]
            result[mode] = speed * METRES_PER_SECOND[unit]
        for row in np.flatnonzero(result["emergency"] > FASTEST).tolist():
            fact = f"{result['emergency'][row] * 3.6:,.0f} km/h is no speed on a road"
            self.problems.add(self.table.place(row, "free_speed"), fact, remedy)
        plausibility.check_speeds(self.table, result["emergency"], self)
        return result

    def _no_speed(self, row: int, name: str) -> None:
        if not name:
            fact, remedy = "neither free_speed nor facility_type", "Give one of them."
        else:
            fact = f"no free_speed, and no speed for facility_type '{name}'"
            known = did_you_mean(name, self.meta.speeds)
            remedy = f"Give free_speed, or add '{name}' to speeds in network.yaml. {known}".rstrip()
        self.problems.add(self.table.place(row, "facility_type"), fact, remedy)


def read_links(
    path: Path,
    meta: NetworkFile,
    places: Places,
    problems: Problems,
    notes: list[str],
    facts: dict[str, int | float],
) -> Arcs | None:
    """Read a link table into arcs in the order of its rows, noting every problem; None if there was one."""
    before = len(problems.found)
    table = read_table(path, problems, ("from_node_id", "to_node_id"))
    if table is None:
        return None
    if not len(table):
        problems.add(f"{table.file}:1", "the table has no links", "Give at least one way there and back.")
        return None
    reader = _Reader(table, meta, places, problems, notes, facts)
    index = {text: i for i, text in enumerate(places.ids) if text}
    tail, head = reader.ends("from_node_id", index), reader.ends("to_node_id", index)
    ids, one_way = reader.ids(), reader.one_way()
    metres, speeds = reader.lengths(tail, head), reader.speeds()
    if len(problems.found) > before:
        return None
    names = tuple(sorted(set(table.text("facility_type"))))
    number = {name: i for i, name in enumerate(names)}
    there = Arcs(
        tail=tail,
        head=head,
        length_m=metres,
        seconds={mode: metres / (speeds[mode] * getattr(meta.factors, mode)) for mode in MODES},
        facility=np.array([number[name] for name in table.text("facility_type")], dtype=np.int32),
        facility_names=names,
        link=np.arange(len(table), dtype=np.int32),
        link_ids=ids,
        geometry=tuple(table.columns.get("geometry", ())),
    )
    facts["links"] = len(table)
    return _both_ways(there, one_way, _no_loops(table, tail, head, notes))


def _usable(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a copy in which everything but positive finite numbers is NaN."""
    return np.where(np.isfinite(values) & (values > 0), values, np.nan)


def _no_loops(
    table: Table, tail: NDArray[np.int32], head: NDArray[np.int32], notes: list[str]
) -> NDArray[np.bool_]:
    """Return which links join two different nodes, with a note on those that do not."""
    loops = np.flatnonzero(tail == head).tolist()
    if loops:
        shown = ", ".join(table.place(row) for row in loops[:3])
        notes.append(f"{len(loops)} links lead from a node to itself and are left out ({shown}).")
    return np.asarray(tail != head)


def _both_ways(there: Arcs, one_way: NDArray[np.bool_], kept: NDArray[np.bool_]) -> Arcs:
    """Return the kept links as arcs: one for a one-way link, two for any other."""
    chosen = np.concatenate((np.flatnonzero(kept), np.flatnonzero(kept & ~one_way)))
    arcs = there.take(chosen)
    back = slice(int(kept.sum()), None)
    arcs.tail[back], arcs.head[back] = arcs.head[back].copy(), arcs.tail[back].copy()
    return arcs
