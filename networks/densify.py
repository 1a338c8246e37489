"""Build shipped road networks from their skeletons: ``python networks/densify.py [NAME ...] [--check]``.

A skeleton (``networks/skeletons/NAME``) is a few dozen named places, the main roads between them and a
``district.yaml`` of zones and street grids; what is told of one district stands there and not in the code.
The result (``networks/NAME``) is a GMNS network fine enough to place stations and incidents on, and every bit
as approximate as its skeleton:

- a skeleton link becomes equal parts of at most 500 m with the same total length, so the travel time along
  it stays as it was;
- a built-up zone gets a grid of invented streets, slower than the main roads, tied to every point of the
  zone's own main roads that lies inside the grid, unless that opens a shortcut between the skeleton's places.
  A road that only passes by gets no junction, because the skeleton states all junctions of main roads, and a
  motorway is left only at the skeleton's nodes; nobody lives along it.

Nothing is random and every row is sorted: the same skeleton gives the same bytes in whatever order it stands.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from skeleton import (
    LINK_FIELDS,
    NODE_FIELDS,
    ROAD_CLASSES,
    District,
    Link,
    Network,
    SkeletonError,
    read_skeleton,
)
from streets import densify

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

HERE = Path(__file__).resolve().parent
POPULATED = (*NODE_FIELDS, "zone_id", "population")
NETWORK_YAML = """\
# Built by networks/densify.py. APPROXIMATE: see notes.
name: {name}
title: {title}
kind: road
crs: EPSG:4326
source: {source}
licence: {licence}
approximate: true
notes:
{notes}
length_unit: m
speed_unit: km/h
# Free-flow speeds of a fire appliance, assumed; they hold where link.csv gives none.
speeds:
{speeds}
# Multiply all speeds of a mode of driving. Assumed: without lights and siren 10 % slower.
factors: {{emergency: 1.0, normal: 0.9}}
"""

BUILDER_NOTES = (
    "Made by networks/densify.py from networks/skeletons/{name}; to change it, edit those and rebuild.",
    "Main roads are cut into equal parts of at most 500 m on straight lines; bends show only in the lengths.",
    "Streets inside the zones are invented grids, not real streets.",
    "Speeds and circuities are assumed, one per road class.",
    "A zone's population is spread evenly over its nodes; no census blocks are behind it.",
)


# Writing


def render(network: Network) -> dict[str, str]:
    """The text of each output file by file name."""
    nodes = (
        (n.node_id, n.name, f"{n.lon:.6f}", f"{n.lat:.6f}", n.zone_id, f"{n.population:.3f}")
        for n in network.nodes.values()
    )
    links = (
        (
            k.link_id,
            k.from_id,
            k.to_id,
            str(k.directed).lower(),
            f"{k.length_m:.1f}",
            k.road_class,
            _own_speed(k),
        )
        for k in network.links
    )
    texts = _table(POPULATED, nodes), _table(LINK_FIELDS, links), _describe(network.district)
    return dict(zip(("node.csv", "link.csv", "network.yaml"), texts, strict=True))


def _own_speed(link: Link) -> str:
    """Empty where network.yaml's speed of the class applies."""
    return "" if link.speed_kmh == ROAD_CLASSES[link.road_class].speed_kmh else f"{link.speed_kmh:g}"


def _table(fields: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(fields)
    writer.writerows(rows)
    return file.getvalue()


def _describe(district: District) -> str:
    notes = (*district.notes, *(note.format(name=district.name) for note in BUILDER_NOTES))
    return NETWORK_YAML.format(
        # JSON strings are YAML strings.
        **{key: _quoted(getattr(district, key)) for key in ("name", "title", "source", "licence")},
        notes="\n".join(f"  - {_quoted(note)}" for note in notes),
        speeds="\n".join(f"  {name}: {kind.speed_kmh:g}" for name, kind in ROAD_CLASSES.items()),
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


# Command line


def main(argv: Sequence[str] | None = None) -> int:
    """Write networks, or with ``--check`` compare; 1 if files differ, 2 if a network cannot be built."""
    parser = argparse.ArgumentParser(description="Build networks/NAME from networks/skeletons/NAME.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a skeleton's folder (default: all shipped)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if files are out of date")
    options = parser.parse_args(argv)
    return max((_build(name, check=options.check) for name in options.names or shipped()), default=0)


def shipped() -> list[str]:
    """The skeletons whose networks stand beside them; the others are built when somebody names them."""
    skeletons = sorted(path.parent.name for path in (HERE / "skeletons").glob("*/district.yaml"))
    return [name for name in skeletons if (HERE / name).is_dir()]


def _build(name: str, *, check: bool) -> int:
    try:
        network = densify(read_skeleton(HERE / "skeletons" / name))
    except SkeletonError as error:
        print(error, file=sys.stderr)
        return 2
    folder, files = HERE / name, render(network)
    if check:
        stale = [file for file, text in files.items() if not _holds(folder / file, text)]
        print(f"out of date: {', '.join(stale)}" if stale else f"{name} is up to date")
        return 1 if stale else 0
    folder.mkdir(exist_ok=True)
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8", newline="\n")
    print(f"networks/{name}: {len(network.nodes)} nodes, {len(network.links)} links")
    return 0


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


if __name__ == "__main__":
    sys.exit(main())
