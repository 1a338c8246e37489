"""An independent reading of logs and files: plain rows, intervals, and shortest paths by networkx."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import networkx as nx
import numpy as np

from dispatch.engine.rulebook import Ending
from dispatch.engine.tables import incident_table, response_table

if TYPE_CHECKING:
    from dispatch import Log
    from tests.properties.worlds import World

SLACK = 1e-4
"""Seconds that rounding to the tick of the road network may cost on a whole way."""


class Response(NamedTuple):
    """One row of a log."""

    row: int
    incident: int
    slot: int
    unit: int
    alerted: float
    en_route: float
    on_scene: float
    clear: float
    at_hospital: float
    available: float
    in_quarters: float
    ending: int
    from_road: bool

    @property
    def diverted(self) -> bool:
        return self.ending == Ending.DIVERTED

    @property
    def fleeting(self) -> bool:
        """Whether it was over in the moment it began."""
        return self.available == self.alerted


class Wait(NamedTuple):
    """A time during which a need was open; for ever where nobody came."""

    slot: int
    begin: float
    end: float


@dataclass(frozen=True)
class Reading:
    """A log as lists, by row, unit and slot."""

    log: Log
    rows: list[Response]
    by_unit: dict[int, list[Response]]
    by_slot: dict[int, list[Response]]

    @property
    def lost(self) -> set[int]:
        return set(self.log.lost.tolist())

    def rank(self, slot: int) -> tuple[int, float, int]:
        """Return priority, time ready and number of the call of a slot."""
        call, t = self.call(slot), self.log.timeline
        return int(t.priority[call]), float(t.ready[call]), call

    def call(self, slot: int) -> int:
        return int(np.searchsorted(self.log.timeline.first_slot, slot, side="right")) - 1

    def able(self, slot: int) -> list[int]:
        """Return units that can do what a slot needs; none where it depends on who goes when."""
        wanted = int(self.log.timeline.capability[slot])
        able = [unit for unit, has in enumerate(self.log.fleet.capabilities) if wanted in has]
        gone = self.gone(slot)
        return [unit for unit in able if unit not in gone]

    def gone(self, slot: int) -> set[int]:
        """Return units that went to a slot's call for another of its needs."""
        call = int(np.searchsorted(self.log.timeline.first_slot, slot, side="right")) - 1
        return {r.unit for r in self.rows if r.incident == call and r.slot != slot and not r.diverted}

    def idle(self, unit: int) -> list[tuple[float, float]]:
        """Return the times during which a unit could be dispatched, at home or on the road."""
        rows = self.by_unit.get(unit, [])
        begins = [-math.inf, *(row.available for row in rows)]
        return list(zip(begins, [*(row.alerted for row in rows), math.inf], strict=True))

    def at_home(self, unit: int) -> list[tuple[float, float]]:
        """Return the times during which a unit stood idle in quarters."""
        rows = self.by_unit.get(unit, [])
        begins = [-math.inf, *(row.in_quarters for row in rows)]
        ends = [*(row.alerted for row in rows), math.inf]
        return [(a, b) for a, b in zip(begins, ends, strict=True) if a <= b]

    def waits(self) -> list[Wait]:
        """Return every time that a need stayed open; needs that were given up end there."""
        found = []
        for slot in range(len(self.log.timeline.capability)):
            begin = self.rank(slot)[1]
            for row in self.by_slot.get(slot, []):
                found.append(Wait(slot, begin, row.alerted))
                begin = row.available if row.diverted else math.nan
            if not math.isnan(begin):
                found.append(Wait(slot, begin, begin if slot in self.lost else math.inf))
        return found


def read(log: Log) -> Reading:
    r = log.responses
    columns = (r.incident, r.slot, r.unit, r.alerted, r.en_route, r.on_scene, r.clear, r.at_hospital,
               r.available, r.in_quarters, r.ending)  # fmt: skip
    values = zip(*(column.tolist() for column in columns), (r.from_road == 1).tolist(), strict=True)
    rows = [Response(number, *row) for number, row in enumerate(values)]
    by_unit: dict[int, list[Response]] = {}
    by_slot: dict[int, list[Response]] = {}
    for row in rows:
        by_slot.setdefault(row.slot, []).append(row)
        if row.unit >= 0:
            by_unit.setdefault(row.unit, []).append(row)
    return Reading(log, rows, by_unit, by_slot)


def free_at(reading: Reading, unit: int, row: Response) -> bool:
    """Return whether a unit stood in quarters when a row was written; no for one sent that moment."""
    before = [other for other in reading.by_unit.get(unit, []) if other.row < row.row]
    if not before:
        return True
    last = before[-1]
    return last.alerted < row.alerted and not last.diverted and last.in_quarters <= row.alerted


def seconds_between(world: World, mode: str) -> dict[str, dict[str, float]]:
    """Return seconds between all places by id, from the files as they were written."""
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    graph.add_nodes_from(world.places)
    if not world.is_road:
        unit = {"s": 1.0, "min": 60.0}[world.network["unit"]]
        times: dict[str, dict[str, float]] = {}
        for cell in world.links:
            times.setdefault(cell["from"], {})[cell["to"]] = float(cell["time"]) * unit
        return times
    for link in world.links:
        ends = link["from_node_id"], link["to_node_id"]
        seconds = _metres(world, link) / _metres_per_second(world, link, mode)
        for tail, head in (ends, ends[::-1])[: 1 if link["directed"] == "true" else 2]:
            graph.add_edge(tail, head, weight=seconds)
    return dict(nx.all_pairs_dijkstra_path_length(graph))


def _metres(world: World, link: dict[str, str]) -> float:
    if link["length"]:
        return float(link["length"])
    at = {row["node_id"]: (float(row["x_coord"]), float(row["y_coord"])) for row in world.nodes}
    return math.dist(at[link["from_node_id"]], at[link["to_node_id"]])


def _metres_per_second(world: World, link: dict[str, str], mode: str) -> float:
    speed = world.network["speeds"][link["facility_type"]]
    speed = float(link["free_speed"] or (speed[mode] if isinstance(speed, dict) else speed))
    return speed / 3.6 * float(world.network.get("factors", {}).get(mode, 1.0))


def table(log: Log, *, twins: bool = False) -> list[dict[str, object]]:
    """Return a log as rows with names, NaN as None; ``twins``: units by what and where they are."""
    names = {unit: str(number) for number, unit in enumerate(log.fleet.ids)}
    rows = []
    for columns in (response_table(log), incident_table(log)):
        plain = {n: c.tolist() if isinstance(c, np.ndarray) else c for n, c in columns.items()}
        for values in zip(*plain.values(), strict=True):
            row = {n: None if v != v else v for n, v in zip(plain, values, strict=True)}
            if twins and "unit" in row:
                number = int(names.get(str(row["unit"]), "-1"))
                kind = log.fleet.types[number] if number >= 0 else ""
                node = log.scenario.network.node_ids[log.fleet.home[number]] if number >= 0 else ""
                row |= {"unit": f"{kind} at {node}", "station": ""}
            rows.append(row)
    return rows


def same_tables(one: list[dict[str, object]], other: list[dict[str, object]], shift: float = 0.0) -> None:
    """Check that two tables are equal, all moments of the second ``shift`` later, to a rounding error."""
    assert len(one) == len(other)
    for mine, theirs in zip(one, other, strict=True):
        for key, value in mine.items():
            later = theirs[key]
            if shift and isinstance(value, float) and isinstance(later, float):
                assert abs(value + shift - later) < 1e-6, (key, mine, theirs)
            else:
                assert value == later, (key, mine, theirs)
