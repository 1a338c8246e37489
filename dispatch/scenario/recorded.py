"""Recorded calls from CSV: what is given is used as it stands, what is missing is drawn.

A call stands in one row, or in one row for each unit it needed (same ``incident``, a ``capability`` each).
Columns: ``incident, received, type, node | x, y | lon, lat, priority, call_processing, units, capability``
and the luck ``turnout, on_scene, busy, transport, hand_over, cancelled`` in seconds, blank where it is drawn.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from dispatch.errors import did_you_mean
from dispatch.io.tables import read_table
from dispatch.model.base import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from dispatch.errors import Problems
    from dispatch.io.tables import Table
    from dispatch.model.scenario import ScenarioFile
    from dispatch.scenario.places import Gazetteer

LUCK = ("turnout", "on_scene", "busy", "transport", "hand_over", "cancelled")
"""Luck of one unit response, in seconds; ``cancelled`` counts from its alert."""

OF_CALL = ("received", "type", "node", "x", "y", "lon", "lat", "priority", "call_processing")
"""Columns that tell something of the call as a whole."""

_KNOWN = {"incident", "units", "capability", *OF_CALL, *LUCK}
_COUNT = re.compile(r"[1-9][0-9]?|100")
_NEED = re.compile(r"(.+?)\s*[:*×]\s*([1-9][0-9]?|100)")


@dataclass(frozen=True, slots=True, eq=False)
class RecordedCalls:
    """Recorded calls by time, then id; n calls with S need slots in all."""

    ids: tuple[str, ...]
    received: NDArray[np.float64]
    """Seconds from the scenario's start [n]."""
    type: NDArray[np.int32]
    """Index of the incident type [n]."""
    node: NDArray[np.int32]
    priority: NDArray[np.int32]
    call_processing: NDArray[np.float64]
    """Seconds, NaN where drawn [n]."""
    first_slot: NDArray[np.int32]
    """Where each call's slots start in the arrays below [n + 1]."""
    capability: NDArray[np.int32]
    """What each slot needs [S]."""
    luck: dict[str, NDArray[np.float64]]
    """Given seconds by purpose, NaN where drawn [S]."""
    digest: str


@dataclass(frozen=True, slots=True)
class Reader:
    """What reading recorded calls has to know about the scenario."""

    file: ScenarioFile
    gazetteer: Gazetteer
    types: Sequence[str]
    capabilities: Sequence[str]
    problems: Problems
    notes: list[str]
    planned: Callable[[int, int, float], Sequence[int]] | None = None
    """Slots of a type at a node and moment, by the scenario's plans; the run cards rule without them."""

    def read(self, path: Path) -> RecordedCalls | None:
        """Read the calls; on any problem note it and return None."""
        table = read_table(path, self.problems, ("received",))
        if table is None:
            return None
        before = len(self.problems.found)
        self._note_unknown_columns(table)
        rows = self._group(table)
        columns = _Columns(
            received=self._received(table),
            type=self._types(table),
            node=self._nodes(table),
            priority=table.numbers(
                "priority", self.problems, minimum=1, maximum=99, whole=True, remedy="1 is the most urgent."
            ),
            call_processing=self._seconds(table, "call_processing"),
            luck={name: self._seconds(table, name) for name in LUCK},
        )
        self._check_agreement(table, rows)
        self._check_clocks(table, columns.luck)
        needs = self._needs(table, rows, columns)
        if len(self.problems.found) > before:
            return None
        calls = self._assemble(table, rows, columns, needs)
        if not calls.ids:
            self.problems.add(f"{table.file}:1", "no call lies between start and horizon", "Check 'start'.")
        return calls

    def _note_unknown_columns(self, table: Table) -> None:
        for name in table.columns:
            if name not in _KNOWN:
                close = did_you_mean(name, _KNOWN)
                hint = f" {close}" if close.startswith("Did") else ""
                self.notes.append(f"{table.file}: column '{name}' is not used.{hint}")

    def _group(self, table: Table) -> dict[str, list[int]]:
        """Return the rows of each call by its id; without ids every row is a call."""
        if "incident" not in table:
            return {str(i + 1): [i] for i in range(len(table))}
        groups: dict[str, list[int]] = {}
        for row, name in enumerate(table.columns["incident"]):
            if not name:
                self.problems.add(table.place(row, "incident"), "no id", "Number the calls.")
            groups.setdefault(name, []).append(row)
        for name, rows in groups.items():
            if len(rows) > 1 and "capability" not in table:
                fact = f"incident '{name}' stands in {len(rows)} rows"
                self.problems.add(
                    table.place(rows[1], "incident"), fact, "Give a column 'capability', or other ids."
                )
        return groups

    def _check_agreement(self, table: Table, rows: dict[str, list[int]]) -> None:
        """Note rows of one call that tell different things about the call."""
        for name in (name for name in OF_CALL if name in table):
            texts = table.columns[name]
            for group in rows.values():
                for row in group[1:]:
                    if texts[row] != texts[group[0]]:
                        fact = f"'{texts[row]}' here, '{texts[group[0]]}' in line {table.lines[group[0]]}"
                        remedy = "Rows of one incident must agree about the call."
                        self.problems.add(table.place(row, name), fact, remedy)

    def _check_clocks(self, table: Table, luck: dict[str, NDArray[np.float64]]) -> None:
        """Note rows whose busy time stands beside a time that it already contains."""
        given = {name: ~np.isnan(luck[name]) for name in ("on_scene", "transport", "hand_over")}
        for name, also in given.items():
            for row in np.flatnonzero(~np.isnan(luck["busy"]) & also).tolist():
                fact = f"'busy' and '{name}' are both given"
                self.problems.add(table.place(row, name), fact, "Give busy alone, or the times without it.")

    def _received(self, table: Table) -> NDArray[np.float64]:
        texts = table.columns["received"]
        result = np.full(len(table), np.nan)
        for row, text in enumerate(texts):
            try:
                result[row] = float(text) if _is_number(text) else self._clock(text)
            except ValueError:
                fact = f"'{text[:40]}' is neither seconds from the start nor a date and time"
                self.problems.add(
                    table.place(row, "received"), fact, "Write 2020-01-01T08:30:00+08:00 or seconds."
                )
        return result

    def _clock(self, text: str) -> float:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self.file.start.tzinfo)
        return (moment - self.file.start).total_seconds()

    def _types(self, table: Table) -> NDArray[np.int32]:
        if "type" not in table:
            if len(self.types) > 1:
                self.problems.add(f"{table.file}:1", "the column 'type' is missing", "Name each call's type.")
            return np.zeros(len(table), dtype=np.int32)
        number = {name: i for i, name in enumerate(self.types)}
        result = np.zeros(len(table), dtype=np.int32)
        for row, name in enumerate(table.columns["type"]):
            if name in number:
                result[row] = number[name]
            else:
                remedy = did_you_mean(name, self.types)
                self.problems.add(table.place(row, "type"), f"no incident type '{name}'", remedy)
        return result

    def _nodes(self, table: Table) -> NDArray[np.int32]:
        if "node" in table:
            places = [self.gazetteer.node(name, table.place(row, "node"))
                      for row, name in enumerate(table.columns["node"])]  # fmt: skip
            return np.array([0 if node is None else node for node in places], dtype=np.int32)
        pair = next((p for p in (("lon", "lat"), ("x", "y")) if p[0] in table and p[1] in table), None)
        if pair is None:
            self.problems.add(f"{table.file}:1", "no place for the calls", "Give 'node', or 'lon' and 'lat'.")
            return np.zeros(len(table), dtype=np.int32)
        return self._snapped(table, *pair)

    def _snapped(self, table: Table, x_name: str, y_name: str) -> NDArray[np.int32]:
        network = self.gazetteer.network
        bounds = (180.0, 90.0) if network.geographic else (1e9, 1e9)
        x, y = (
            table.numbers(name, self.problems, required=True, minimum=-bound, maximum=bound)
            for name, bound in zip((x_name, y_name), bounds, strict=True)
        )
        if network.x is None:
            self.problems.add(f"{table.file}:1 {x_name}", "the network has no coordinates", "Give 'node'.")
            return np.zeros(len(table), dtype=np.int32)
        usable = np.isfinite(x) & np.isfinite(y)
        nodes, metres = network.nearest(np.where(usable, x, 0.0), np.where(usable, y, 0.0))
        for row in np.flatnonzero(usable & (metres > self.gazetteer.snap)).tolist():
            fact = f"({x[row]:g}, {y[row]:g}) lies {metres[row]:,.0f} m off the network"
            remedy = f"Check the order of coordinates, or raise snap ({self.gazetteer.snap:g} m)."
            self.problems.add(table.place(row, x_name), fact, remedy)
        return np.asarray(nodes, dtype=np.int32)

    def _seconds(self, table: Table, name: str) -> NDArray[np.float64]:
        remedy = "Give seconds, or leave it blank to draw."
        return table.numbers(name, self.problems, minimum=0.0, maximum=LONGEST, remedy=remedy)

    def _needs(
        self, table: Table, rows: dict[str, list[int]], columns: _Columns
    ) -> dict[str, list[tuple[int, int]]]:
        """Return the slots of each call as pairs of capability and the row that holds its luck."""
        number = {name: i for i, name in enumerate(self.capabilities)}
        cards = [self._card_slots(name, number) for name in self.types]
        luck = columns.luck.values()
        order = np.column_stack([np.nan_to_num(values, nan=-1.0) for values in luck]).tolist()
        result: dict[str, list[tuple[int, int]]] = {}
        for name, group in rows.items():
            slots: list[tuple[int, int]] = []
            for row in group:
                card = cards[columns.type[row]] if self.planned is None else self._planned(columns, row)
                able = self._row_slots(table, row, number, card)
                slots += [(capability, row) for capability in able]
            # rows of one capability in order of their luck, so that the order of rows does not matter
            result[name] = sorted(slots, key=lambda slot: (slot[0], order[slot[1]]))
        return result

    def _planned(self, columns: _Columns, row: int) -> list[int]:
        """Return the slots that the scenario's plans give a call; none where nothing is simulated."""
        received = float(columns.received[row])
        if self.planned is None or not np.isfinite(received):
            return []
        return list(self.planned(int(columns.type[row]), int(columns.node[row]), max(received, 0.0)))

    def _card_slots(self, kind: str, number: dict[str, int]) -> list[int]:
        card = self.file.incident_types[kind].run_card or {}
        return sorted(number[name] for name, count in card.items() if name in number for _ in range(count))

    def _row_slots(self, table: Table, row: int, number: dict[str, int], card: list[int]) -> list[int]:
        single = table.text("capability")[row]
        written = table.text("units")[row]
        if single:
            return [self._capability(single, table.place(row, "capability"), number)]
        if not written:
            return card
        if _COUNT.fullmatch(written):
            if not card:
                return []  # nobody says who comes, which is told of the type
            return [card[0]] * int(written) if len(set(card)) == 1 else self._ambiguous(table, row)
        slots: list[int] = []
        for part in re.split(r"[;+]", written):
            match = _NEED.fullmatch(part.strip())
            if match is None:
                remedy = "Write 'pumper:2; ladder:1', or a number from 1 to 100."
                self.problems.add(table.place(row, "units"), f"'{part[:40]}' is not a need", remedy)
            else:
                slots += [self._capability(match[1].strip(), table.place(row, "units"), number)] * int(
                    match[2]
                )
        return slots

    def _ambiguous(self, table: Table, row: int) -> list[int]:
        fact = "a bare number, where the run card asks for several capabilities"
        self.problems.add(table.place(row, "units"), fact, "Write 'pumper:2; ladder:1'.")
        return []

    def _capability(self, name: str, where: str, number: dict[str, int]) -> int:
        if name not in number:
            self.problems.add(where, f"no unit type has the capability '{name}'", did_you_mean(name, number))
        return number.get(name, 0)

    def _tie(self, table: Table, row: int) -> tuple[object, ...]:
        """Return what orders calls of the same second: the id, or without ids all that is known of them."""
        if "incident" in table:
            return (table.columns["incident"][row],)
        return *(
            tuple(table.columns[name][row] for name in sorted(table.columns)) if table.columns else ()
        ), row

    def _assemble(
        self, table: Table, rows: dict[str, list[int]], c: _Columns, needs: dict[str, list[tuple[int, int]]]
    ) -> RecordedCalls:
        inside = {
            name: group[0] for name, group in rows.items() if 0 <= c.received[group[0]] < self.file.horizon
        }
        if len(inside) < len(rows):
            first_out = min(group[0] for name, group in rows.items() if name not in inside)
            what = f"{len(rows) - len(inside)} of {len(rows)} calls lie outside start and horizon"
            self.notes.append(f"{what} and are left out, the first in {table.place(first_out, 'received')}.")
        names = sorted(inside, key=lambda name: (c.received[inside[name]], *self._tie(table, inside[name])))
        first = np.array([inside[name] for name in names], dtype=np.intp)
        slots = [slot for name in names for slot in needs[name]]
        slot_rows = np.array([row for _, row in slots], dtype=np.intp)
        kinds = [self.file.incident_types[name].priority for name in self.types]
        default = np.array(kinds, dtype=np.float64)[c.type[first]]
        priority = np.where(np.isnan(c.priority[first]), default, c.priority[first])
        return RecordedCalls(
            ids=tuple(names),
            received=c.received[first],
            type=c.type[first],
            node=c.node[first],
            priority=priority.astype(np.int32),
            call_processing=c.call_processing[first],
            first_slot=np.cumsum([0, *(len(needs[name]) for name in names)], dtype=np.int32),
            capability=np.array([capability for capability, _ in slots], dtype=np.int32),
            luck={name: values[slot_rows] for name, values in c.luck.items()},
            digest=hashlib.sha256(repr(sorted(table.columns.items())).encode()).hexdigest(),
        )


@dataclass(frozen=True, slots=True)
class _Columns:
    """The table's columns as numbers, one value a row."""

    received: NDArray[np.float64]
    type: NDArray[np.int32]
    node: NDArray[np.int32]
    priority: NDArray[np.float64]
    call_processing: NDArray[np.float64]
    luck: dict[str, NDArray[np.float64]]


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?", text))
