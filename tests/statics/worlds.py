"""Road networks drawn for the tests of statics: grids, lines, towns by a river, and scenarios on them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from ruamel.yaml import YAML

from dispatch import load
from dispatch.roads.links import Arcs
from dispatch.roads.network import NetworkFile, RoadNetwork, road_network
from dispatch.roads.places import Places

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dispatch import Scenario

Link = tuple[int, int, float, float]
"""Tail, head, seconds there, seconds back (infinite for a one-way link)."""


def roads(
    at: Sequence[tuple[float, float]],
    links: Sequence[Link],
    *,
    metres: Sequence[float] | None = None,
    geometry: Sequence[str] = (),
    crs: str = "local",
    columns: dict[str, list[float]] | None = None,
) -> RoadNetwork:
    """Return a network of nodes at (x, y) and links between them, driven at 10 m/s without ``metres``."""
    x, y = np.array(at, dtype=np.float64).T
    blank = ("",) * len(at)
    length = [10.0 * link[2] for link in links] if metres is None else list(metres)
    rows = [(a, b, there, i) for i, (a, b, there, _) in enumerate(links)]
    rows += [(b, a, back, i) for i, (a, b, _, back) in enumerate(links) if back < np.inf]
    seconds = np.array([row[2] for row in rows], dtype=np.float64)
    number = np.array([row[3] for row in rows], dtype=np.int32)
    return road_network(
        NetworkFile(crs=crs).named("drawn"),
        Places(
            tuple(f"n{i:04}" for i in range(len(at))),
            blank,
            blank,
            x,
            y,
            {name: np.array(values, dtype=np.float64) for name, values in (columns or {}).items()},
        ),
        Arcs(
            tail=np.array([row[0] for row in rows], dtype=np.int32),
            head=np.array([row[1] for row in rows], dtype=np.int32),
            length_m=np.array([length[row[3]] for row in rows]),
            seconds={"emergency": seconds, "normal": seconds * 1.25},
            facility=np.zeros(len(rows), dtype=np.int32),
            facility_names=("street",),
            link=number,
            link_ids=tuple(f"l{i:04}" for i in number.tolist()),
            geometry=tuple(geometry[i] for i in number.tolist()) if geometry else (),
        ),
    )


def grid(columns: int, rows: int, spacing: float = 100.0) -> RoadNetwork:
    """Return a grid of two-way streets driven at 10 m/s, its first node at (0, 0)."""
    at = [(spacing * i, spacing * j) for i in range(columns) for j in range(rows)]
    links: list[Link] = []
    for i in range(columns):
        for j in range(rows):
            here = i * rows + j
            if i + 1 < columns:
                links.append((here, here + rows, spacing / 10, spacing / 10))
            if j + 1 < rows:
                links.append((here, here + 1, spacing / 10, spacing / 10))
    return roads(at, links)


def node_at(network: RoadNetwork, x: float, y: float) -> int:
    """Return the node nearest to a point."""
    return int(network.nearest([x], [y])[0][0])


SCENARIO: dict[str, Any] = {
    "network": "town",
    "horizon": 86400,
    "call_processing": 0,
    "unit_types": {
        "engine": {"capabilities": ["engine"], "turnout": 60},
        "ladder": {"capabilities": ["ladder"], "turnout": 90},
    },
    "incident_types": {"fire": {"run_card": {"engine": 1}, "on_scene": 600}},
    "demand": {"poisson": {"fire": {"rate": "24/d"}}},
}


def write_town(
    folder: Path,
    nodes: str,
    links: str,
    stations: dict[str, Any],
    units: dict[str, Any],
    *,
    yaml: str = "crs: local\nspeeds: {street: 36}\n",
    **changes: Any,
) -> Path:
    """Write a network ``town`` and a scenario on it; return the scenario's path."""
    home = folder / "networks" / "town"
    home.mkdir(parents=True, exist_ok=True)
    (home / "network.yaml").write_text(yaml, encoding="utf-8")
    (home / "node.csv").write_text(nodes, encoding="utf-8")
    (home / "link.csv").write_text(links, encoding="utf-8")
    path = folder / "scenario.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML().dump({**SCENARIO, "stations": stations, "units": units, **changes}, file)
    return path


def town(folder: Path, nodes: str, links: str, stations: dict[str, Any], **changes: Any) -> Scenario:
    """Write a town in which every station has an engine, and load it."""
    units = changes.pop("units", {f"{name}-1": {"type": "engine", "station": name} for name in stations})
    return load(write_town(folder, nodes, links, stations, units, **changes))


def grid_tables(columns: int, rows: int, spacing: float = 100.0, people: int = 10) -> tuple[str, str]:
    """Return node.csv and link.csv of a grid with nodes ``c<column>r<row>``."""
    nodes = ["node_id,x_coord,y_coord,population"]
    links = ["from_node_id,to_node_id,directed,facility_type"]
    for i in range(columns):
        for j in range(rows):
            nodes.append(f"c{i}r{j},{spacing * i},{spacing * j},{people}")
            if i + 1 < columns:
                links.append(f"c{i}r{j},c{i + 1}r{j},false,street")
            if j + 1 < rows:
                links.append(f"c{i}r{j},c{i}r{j + 1},false,street")
    return "\n".join(nodes) + "\n", "\n".join(links) + "\n"


def polygons(path: Path) -> list[Any]:
    """Return the polygons of a map as they stand in a GeoJSON file or a GeoPackage."""
    if path.suffix == ".geojson":
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        shapes = [shapely.geometry.shape(feature["geometry"]) for feature in features]
    else:
        shapes = []
        with closing(sqlite3.connect(path)) as database:
            for (layer,) in database.execute("SELECT table_name FROM gpkg_contents").fetchall():
                blobs = database.execute(f'SELECT geom FROM "{layer}"').fetchall()
                shapes += [shapely.from_wkb(blob[40:]) for (blob,) in blobs]  # after header and envelope
    return [shape for shape in shapes if shapely.get_dimensions(shape) == 2]
