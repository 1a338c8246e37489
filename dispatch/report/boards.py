"""The status board at one moment: on the terminal, as JSON, CSV and GeoJSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from math import inf, isnan
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.text import Text

from dispatch.engine.board import Board, Status
from dispatch.engine.crews import Pools
from dispatch.engine.whereabouts import trips, whereabouts
from dispatch.errors import UsageError
from dispatch.report import terminal
from dispatch.report.moments import calendar, moment_document, moment_line
from dispatch.report.results import speeds_document
from dispatch.report.rows import Column, fit, print_rows

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.engine.log import Columns, Log
    from dispatch.engine.whereabouts import Whereabouts

COLUMNS = ("unit", "status", "incident", "where", "coordinates")
"""On the terminal; the last is left out where there is no room for it."""

FIELDS = ("unit", "status", "incident", "link", "share", "node", "x", "y")
AT_HOME = (Status.IN_QUARTERS, Status.OFF_DUTY, Status.OUT_OF_SERVICE)
"""What units do whose people are in quarters."""

WITHOUT_PEOPLE = "without_people"
"""Whether the people of a unit in quarters are out with another, so that it cannot be sent."""

NO_WAY_HOME = "no_way_home"
"""Whether a unit that returns has no way home and waits where it is."""


@dataclass(frozen=True)
class BoardShown:
    """A log with the moment to look at."""

    log: Log
    layout: str
    time: float

    @cached_property
    def units(self) -> list[Whereabouts]:
        """Where the units are, by id."""
        return whereabouts(self.log, self.time)

    @cached_property
    def board(self) -> Board:
        """The status board."""
        return Board.at(self.log, self.time)

    @cached_property
    def stranded(self) -> frozenset[str]:
        """Units that return and have no way home as the roads are: they wait where they are."""
        named = enumerate(self.log.fleet.ids)
        returning = [(unit, name) for unit, name in named if self.board.units[name] is Status.RETURNING]
        return frozenset(name for unit, name in returning if self._has_no_way(unit))

    def _has_no_way(self, unit: int) -> bool:
        """Return whether no way leads to where the present trip of a unit goes."""
        begun = [trip for trip in trips(self.log, unit) if trip.left <= self.time]
        if not begun:
            return False
        trip = begun[-1]
        travel = self.log.fleet.under(trip.conditions).travels[unit]
        return travel.seconds(trip.origin, trip.target, trip.mode) == inf

    @cached_property
    def without_people(self) -> frozenset[str]:
        """Units in quarters whose people are out with others of their crew: they cannot be sent."""
        fleet, states = self.log.fleet, self.board.units
        lacking = Pools(self.log.scenario, fleet).without_people(
            lambda unit: states[fleet.ids[unit]] in AT_HOME
        )
        named = (fleet.ids[unit] for unit in lacking)
        return frozenset(name for name in named if states[name] is Status.IN_QUARTERS)

    @cached_property
    def nodes(self) -> dict[str, str]:
        """Node of each open call, by the call's id."""
        t, log, wanted = self.log.timeline, self.log, set(self.board.open_incidents)
        perhaps = np.flatnonzero((t.received <= self.time) & ~(log.incidents.closed <= self.time)).tolist()
        named = ((t.incident_id(call, log.scenario.kinds), int(t.node[call])) for call in perhaps)
        return {name: log.scenario.network.node_ids[node] for name, node in named if name in wanted}


def board_document(shown: BoardShown) -> dict[str, Any]:
    """Return the JSON document of ``dispatch board``."""
    scenario = shown.log.scenario
    return {
        "scenario": scenario.name,
        "seed": scenario.file.seed,
        "replication": shown.log.timeline.replication,
        "layout": shown.layout,
        "time": shown.time,
        **moment_document(scenario, shown.time),
        "speeds": speeds_document(scenario),
        "units": [asdict(unit) | _remarks(unit, shown) for unit in shown.units],
        "open_incidents": list(shown.board.open_incidents),
        "nodes_of_open_incidents": shown.nodes,
        "waiting": list(shown.board.waiting),
    }


def _remarks(unit: Whereabouts, shown: BoardShown) -> dict[str, bool]:
    return {NO_WAY_HOME: unit.unit in shown.stranded, WITHOUT_PEOPLE: unit.unit in shown.without_people}


def board_table(shown: BoardShown) -> Columns:
    """Return the units as columns."""
    columns: Columns = {name: [getattr(unit, name) for unit in shown.units] for name in FIELDS}
    for name in (NO_WAY_HOME, WITHOUT_PEOPLE):
        columns[name] = [_remarks(unit, shown)[name] for unit in shown.units]
    return columns | {"speeds": [shown.log.scenario.roads.speeds.name] * len(shown.units)}


def print_board(shown: BoardShown) -> None:
    """Print the board on the terminal."""
    out, scenario = terminal.console(), shown.log.scenario
    out.print(Text(scenario.file.title or scenario.name, style="bold"))
    line = f"layout {shown.layout}, replication {shown.log.timeline.replication}, seed {scenario.file.seed}"
    whole = not out.is_terminal  # what goes into a file or a pipe is not broken into lines
    out.print(Text(line), soft_wrap=whole)
    out.print(Text(moment_line(scenario, shown.time)), soft_wrap=whole)
    out.print(Text(f"speeds: {scenario.roads.speeds.name} ({scenario.roads.describe()})"), soft_wrap=whole)
    out.print()
    columns = [Column(name, wraps=True) for name in COLUMNS]
    rows = [list(map(Text, _cells(unit, shown))) for unit in shown.units]
    if out.is_terminal and not fit(out, list(map(Column, COLUMNS)), rows):
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    print_rows(out, "Units", columns, rows)
    waiting = set(shown.board.waiting)
    calls = [
        f"{call} at {shown.nodes[call]}{' (waiting)' if call in waiting else ''}"
        for call in shown.board.open_incidents
    ]
    out.print(Text(f"Open calls: {', '.join(calls) or 'none'}."), soft_wrap=whole)


def _cells(unit: Whereabouts, shown: BoardShown) -> tuple[str, ...]:
    """Return a row of the table."""
    place = "" if isnan(unit.x) else f"{unit.x:.5f}, {unit.y:.5f}"
    status = unit.status
    status += ", no way home" if unit.unit in shown.stranded else ""
    status += ", without people" if unit.unit in shown.without_people else ""
    return unit.unit, status, unit.incident, _where(unit), place


def _where(unit: Whereabouts) -> str:
    if unit.link:
        return f"link {unit.link} ({unit.share:.0%}) to {unit.node}"
    return f"at {unit.node}" if unit.node else "between places"


def write_geojson(path: Path, shown: BoardShown) -> None:
    """Write the units as points."""
    from dispatch.io.geo_files import Feature, geojson_text
    from dispatch.io.whole_files import write_text_whole

    located = [unit for unit in shown.units if not isnan(unit.x)]
    if not located:
        message = f"{path}: the network has no coordinates to write."
        raise UsageError(message, hint="Leave out --out.")
    features = []
    for unit in located:
        told = {name: getattr(unit, name) for name in FIELDS[:6]}
        told |= _remarks(unit, shown) | {"at": calendar(shown.log.scenario, shown.time)}
        told["speeds"] = shown.log.scenario.roads.speeds.name
        features.append(Feature({"type": "Point", "coordinates": [unit.x, unit.y]}, told, unit.unit))
    write_text_whole(path, geojson_text(features))
