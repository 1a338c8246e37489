"""The status board at one moment: on the terminal, as JSON, CSV and GeoJSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from math import isnan
from typing import TYPE_CHECKING, Any

from rich.text import Text

from dispatch.engine.board import Board
from dispatch.engine.whereabouts import whereabouts
from dispatch.errors import UsageError
from dispatch.report import speak, terminal
from dispatch.report.results import speeds_document

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.engine.log import Columns, Log
    from dispatch.engine.whereabouts import Whereabouts

FIELDS = ("unit", "status", "incident", "link", "share", "node", "x", "y")


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


def board_document(shown: BoardShown) -> dict[str, Any]:
    """Return the JSON document of ``dispatch board``."""
    scenario = shown.log.scenario
    return {
        "scenario": scenario.name,
        "seed": scenario.file.seed,
        "replication": shown.log.timeline.replication,
        "layout": shown.layout,
        "time": shown.time,
        "speeds": speeds_document(scenario),
        "units": [asdict(unit) for unit in shown.units],
        "open_incidents": list(shown.board.open_incidents),
        "waiting": list(shown.board.waiting),
    }


def board_table(shown: BoardShown) -> Columns:
    """Return the units as columns."""
    return {name: [getattr(unit, name) for unit in shown.units] for name in FIELDS}


def print_board(shown: BoardShown) -> None:
    """Print the board on the terminal."""
    out, scenario = terminal.console(), shown.log.scenario
    out.print(Text(scenario.file.title or scenario.name, style="bold"))
    line = f"layout {shown.layout}, replication {shown.log.timeline.replication}, seed {scenario.file.seed}"
    out.print(Text(f"{line}, {speak.duration(shown.time)} after the start"))
    out.print(Text(f"speeds: {scenario.roads.speeds.name} ({scenario.roads.describe()})"))
    out.print()
    table = terminal.new_table(out, "Units")
    for name in ("unit", "status", "incident", "where", "coordinates"):
        table.add_column(name, overflow="fold")
    for unit in shown.units:
        place = "" if isnan(unit.x) else f"{unit.x:.5f}, {unit.y:.5f}"
        table.add_row(*map(Text, (unit.unit, unit.status, unit.incident, _where(unit), place)))
    out.print(table)
    waiting = set(shown.board.waiting)
    calls = [f"{call} (waiting)" if call in waiting else call for call in shown.board.open_incidents]
    out.print(Text(f"Open calls: {', '.join(calls) or 'none'}."))


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
        features.append(Feature({"type": "Point", "coordinates": [unit.x, unit.y]}, told, unit.unit))
    write_text_whole(path, geojson_text(features))
