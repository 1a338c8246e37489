"""A made-up city as a road network: ``python benchmarks/city.py FOLDER [NODES] [SEED]``.

Junctions stand on a grid that has been shaken. Streets join neighbours; every sixth row and column is a main
road, some minor streets are missing, some are one-way. Shape nodes along the streets make up the number of
nodes, so that a network of 50,000 nodes contracts to about 4,500 junctions, as real cities do. The same seed
gives the same bytes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dispatch.io.tables import write_csv

if TYPE_CHECKING:
    from numpy.typing import NDArray

PER_JUNCTION = 9
"""Nodes for each junction, itself included."""

SPACING = 140.0
"""Metres between neighbouring junctions."""

WEST, SOUTH = 103.7, 36.0
DEGREE = 111_195.0
NETWORK = """\
name: city
title: Made-up city of {nodes} nodes
source: benchmarks/city.py, seed {seed}
licence: Apache-2.0
approximate: true
speeds: {{local: 30, arterial: 50}}
factors: {{normal: 0.85}}
"""


@dataclass(frozen=True, slots=True)
class Streets:
    """Streets between junctions: ends, class and whether one-way; arrays of length S."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    main: NDArray[np.bool_]
    one_way: NDArray[np.bool_]


def write_city(folder: Path, nodes: int, seed: int) -> None:
    """Write the GMNS folder of a city with ``nodes`` nodes (at least 50)."""
    rng = np.random.default_rng(seed)
    side = max(2, round(float(np.sqrt(nodes / PER_JUNCTION))))
    streets = _streets(side, rng)
    x, y = _junctions(side, rng)
    counts = _shape_counts(nodes - side * side, len(streets.start), rng)
    shape_x, shape_y = _shapes(x, y, streets, counts, rng)
    folder.mkdir(parents=True, exist_ok=True)
    text = NETWORK.format(nodes=nodes, seed=seed)
    (folder / "network.yaml").write_text(text, encoding="utf-8")
    _write_nodes(folder / "node.csv", np.concatenate((x, shape_x)), np.concatenate((y, shape_y)), rng)
    _write_links(folder / "link.csv", streets, counts, side * side)


def _streets(side: int, rng: np.random.Generator) -> Streets:
    """Return the streets of a square grid, less some minor ones."""
    row, column = np.divmod(np.arange(side * side), side)
    east, north = np.flatnonzero(column < side - 1), np.flatnonzero(row < side - 1)
    start, end = np.concatenate((east, north)), np.concatenate((east + 1, north + side))
    edge = (row % (side - 1) == 0, column % (side - 1) == 0)
    main = np.concatenate(((row % 6 == 0)[east] | edge[0][east], (column % 6 == 0)[north] | edge[1][north]))
    kept = main | (rng.random(len(start)) > 0.25)
    one_way = ~main & (rng.random(len(start)) < 0.12)
    return Streets(start[kept], end[kept], main[kept], one_way[kept])


def _junctions(side: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shaken grid in metres."""
    row, column = np.divmod(np.arange(side * side), side)
    shaken = rng.uniform(-0.3, 0.3, size=(2, side * side))
    return (column + shaken[0]) * SPACING, (row + shaken[1]) * SPACING


def _shape_counts(total: int, streets: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Share out shape nodes among the streets."""
    share = rng.dirichlet(np.full(streets, 8.0))
    return np.asarray(rng.multinomial(max(total, 0), share))


def _shapes(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    streets: Streets,
    counts: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shape nodes, street after street, a little off the straight line."""
    which = np.repeat(np.arange(len(counts)), counts)
    first = np.cumsum(counts) - counts
    share = (np.arange(len(which)) - first[which] + 1) / (counts[which] + 1)
    start, end = streets.start[which], streets.end[which]
    off = rng.uniform(-4.0, 4.0, size=(2, len(which)))
    return x[start] + share * (x[end] - x[start]) + off[0], y[start] + share * (y[end] - y[start]) + off[1]


def _write_nodes(
    path: Path, x: NDArray[np.float64], y: NDArray[np.float64], rng: np.random.Generator
) -> None:
    half = x.max() / 2
    zone = [
        f"{'south' if b < half else 'north'}-{'west' if a < half else 'east'}"
        for a, b in zip(x, y, strict=True)
    ]
    write_csv(
        path,
        {
            "node_id": [f"n{i}" for i in range(len(x))],
            "x_coord": np.round(WEST + x / (DEGREE * np.cos(np.radians(SOUTH))), 7),
            "y_coord": np.round(SOUTH + y / DEGREE, 7),
            "zone_id": zone,
            "population": rng.integers(0, 40, size=len(x)),
        },
    )


def _write_links(path: Path, streets: Streets, counts: NDArray[np.int64], junctions: int) -> None:
    """Write the parts of every street between its junctions and shape nodes."""
    parts = counts + 1
    which = np.repeat(np.arange(len(counts)), parts)
    place = np.arange(len(which)) - (np.cumsum(parts) - parts)[which]
    shape = junctions + (np.cumsum(counts) - counts)[which] + place
    tail = np.where(place == 0, streets.start[which], shape - 1)
    head = np.where(place == counts[which], streets.end[which], shape)
    write_csv(
        path,
        {
            "link_id": [
                f"s{street}-{part}" for street, part in zip(which.tolist(), place.tolist(), strict=True)
            ],
            "from_node_id": [f"n{i}" for i in tail.tolist()],
            "to_node_id": [f"n{i}" for i in head.tolist()],
            "directed": streets.one_way[which].tolist(),
            "facility_type": np.where(streets.main[which], "arterial", "local").tolist(),
        },
    )


if __name__ == "__main__":
    arguments = [*sys.argv[1:], "50000", "1"]
    write_city(Path(arguments[0]), int(arguments[1]), int(arguments[2]))
