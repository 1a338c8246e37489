"""Whole worlds as plain data: written as files, loaded through the front door, renamed and reordered."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, settings

import dispatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch import Log, Scenario

Rows = list[dict[str, str]]

settings.register_profile(
    "properties",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
# shrinking takes longer than finding; run a hunt's find again without DISPATCH_HUNT to see it small
settings.register_profile(
    "hunt", settings.get_profile("properties"), derandomize=False, phases=[Phase.generate], database=None
)
HUNT = int(os.environ.get("DISPATCH_HUNT", "0"))
"""How many times as many examples to try, at random, when somebody hunts for bugs; 0 for the usual run."""


def law(examples: int) -> settings:
    """Return the settings of a law that is tried on so many worlds."""
    profile = settings.get_profile("hunt" if HUNT else "properties")
    return settings(profile, max_examples=examples * (HUNT or 1))


@dataclass(frozen=True)
class World:
    """Everything that is written into files; texts and numbers only."""

    network: dict[str, Any]
    """What network.yaml says."""
    nodes: Rows
    """Rows of node.csv; no such file when empty."""
    links: Rows
    """Rows of link.csv, or of a matrix (from, to, time)."""
    wide: bool
    """Whether a matrix is written with a column for each destination."""
    scenario: dict[str, Any]
    calls: Rows
    """Rows of calls.csv; no such file when empty."""

    @property
    def is_road(self) -> bool:
        return bool(self.network["kind"] == "road")

    @property
    def rules(self) -> dict[str, Any]:
        found: dict[str, Any] = self.scenario["dispatching"]
        return found

    @property
    def places(self) -> list[str]:
        """Node ids in the order of the files."""
        if self.nodes:
            return [row["node_id"] for row in self.nodes]
        return list(dict.fromkeys(row[end] for row in self.links for end in ("from", "to")))

    @property
    def layouts(self) -> list[str]:
        return ["baseline", *self.scenario.get("layouts", {})]

    def write(self, folder: Path) -> Path:
        """Write all files and return the path of the scenario."""
        network = folder / "networks" / "x"
        network.mkdir(parents=True)
        (network / "network.yaml").write_text(json.dumps(self.network), encoding="utf-8")
        if self.nodes:
            write_rows(network / "node.csv", self.nodes)
        if self.is_road:
            write_rows(network / "link.csv", self.links)
        else:
            write_rows(network / "times.csv", widened(self.links) if self.wide else self.links)
        if self.calls:
            write_rows(folder / "calls.csv", self.calls)
        path = folder / "scenario.yaml"
        # JSON is YAML, and quotes ids such as "no" that a YAML writer has to think about
        path.write_text(json.dumps(self.scenario, indent=1), encoding="utf-8")
        return path

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Write the files into a folder that lasts for the block, and give the path of the scenario."""
        with tempfile.TemporaryDirectory() as folder:
            yield self.write(Path(folder))

    def load(self) -> Scenario:
        """Return the loaded scenario; its files are gone."""
        with self.folder() as path:
            return dispatch.load(path)

    def run(self, layout: str = "baseline", replication: int = 0) -> Log:
        """Load and simulate."""
        return dispatch.simulate(self.load(), layout, replication)


def write_rows(path: Path, rows: Rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def widened(cells: Rows) -> Rows:
    """Return a long matrix as a table with a column for each destination."""
    destinations = list(dict.fromkeys(cell["to"] for cell in cells))
    table: dict[str, dict[str, str]] = {}
    for cell in cells:
        row = table.setdefault(cell["from"], {"origin": cell["from"], **dict.fromkeys(destinations, "")})
        row[cell["to"]] = cell["time"]
    return list(table.values())


def vary(base: dict[str, Any], plan: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Return stations and units of a plan after a variation, read from the documentation of its fields."""
    closed = change.get("close_stations", [])
    stations = {name: s for name, s in plan["stations"].items() if name not in closed}
    units = dict(plan["units"])
    for name in change.get("reopen_stations", []):
        stations[name] = base["stations"][name]
        own = {u: unit for u, unit in base["units"].items() if unit["station"] == name and u not in units}
        units |= own
    stations |= change.get("add_stations", {})
    for name, place in change.get("move_stations", {}).items():
        stations[name] = {**stations[name], "at": place}
    units = {name: unit for name, unit in units.items() if name not in change.get("remove_units", [])}
    units |= change.get("add_units", {})
    for name, station in change.get("move_units", {}).items():
        units[name] = {**units[name], "station": station}
    return {"stations": stations, "units": {n: u for n, u in units.items() if u["station"] in stations}}


def plan_of(scenario: dict[str, Any], layout: str) -> dict[str, Any]:
    """Return stations and units of a layout of a scenario as written."""
    base = {"stations": scenario["stations"], "units": scenario["units"]}
    if layout == "baseline":
        return base
    change = scenario["layouts"][layout]
    return vary(base, plan_of(scenario, change.get("based_on", "baseline")), change)


def able(scenario: dict[str, Any], units: dict[str, Any]) -> set[str]:
    """Return what units can do between them."""
    return {c for unit in units.values() for c in scenario["unit_types"][unit["type"]]["capabilities"]}
