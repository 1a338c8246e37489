"""One import: recognise the file, read it, finish the network, write it, and say what was done."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dispatch.errors import UsageError
from dispatch.importing.finished import finish
from dispatch.importing.recognise import format_of
from dispatch.importing.writing import files_of
from dispatch.roads.coordinates import to_wgs84

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dispatch.importing.draft import Draft, Point
    from dispatch.importing.finished import Finished
    from dispatch.io.geo_files import Feature


NO_STATION = "No fire station was found in the file."
NO_FACILITIES = "A file of this format holds no facilities: no fire station was found."


@dataclass(frozen=True, slots=True)
class Imported:
    """A network read from another format: its files by name, not written yet, and what there is to say."""

    files: dict[str, str]
    facilities: tuple[Feature, ...]
    points: tuple[tuple[float, ...], tuple[float, ...]]
    """x and y of every node."""
    report: dict[str, Any]
    source: str
    """Name of the file or folder that was read."""


def import_network(source: Path, title: str = "", from_crs: str = "wgs84") -> Imported:
    """Read a map extract, an OSMnx graph or a GMNS folder as a network; raise with what is wrong with it.

    ``from_crs`` is the system of its coordinates, ``wgs84``, ``gcj02`` or ``bd09``; the network is in WGS 84.
    """
    form = format_of(source)
    if from_crs != "wgs84" and form not in ("gmns", "graphml"):
        message = f"{source.name}: OpenStreetMap is in WGS 84, not {from_crs}."
        raise UsageError(message, hint="Leave out --from-crs.")
    draft = _draft(source, form)
    if from_crs != "wgs84":
        _move(draft, from_crs)
    name = source.name or str(source)
    done = finish(draft, name)
    x, y = (tuple(node.at[axis] for node in done.nodes) for axis in (0, 1))
    return Imported(files_of(done, title), tuple(draft.facilities or ()), (x, y), report_of(done), name)


def _draft(source: Path, form: str) -> Draft:
    if form == "gmns":
        from dispatch.importing.gmns import read_gmns

        return read_gmns(source)
    if form == "graphml":
        from dispatch.importing.graphml import read_graphml

        return read_graphml(source)
    from dispatch.importing.osm import read_osm
    from dispatch.importing.streets import draft_of
    from dispatch.importing.surroundings import barriers_of, facilities_of

    extract = read_osm(source, form)
    draft = draft_of(extract)
    draft.facilities, counts = facilities_of(extract)
    draft.barriers = barriers_of(extract)
    draft.counts["found"] |= counts
    return draft


def _move(draft: Draft, from_crs: str) -> None:
    """Bring all points of a draft to WGS 84."""
    if not draft.geographic:
        message = f"--from-crs {from_crs}: the coordinates are planar ({draft.crs}), not degrees."
        raise UsageError(message, hint="Leave it out.")

    def moved(points: Sequence[Point]) -> tuple[Point, ...]:
        lon, lat = to_wgs84([x for x, _ in points], [y for _, y in points], from_crs)
        return tuple(zip(lon.tolist(), lat.tolist(), strict=True))

    nodes = list(draft.nodes.values())
    for node, at in zip(nodes, moved([node.at for node in nodes]), strict=True):
        draft.nodes[node.id] = replace(node, at=at)
    draft.links = [replace(link, points=moved(link.points)) for link in draft.links]
    draft.notes.append(f"Coordinates were converted from {from_crs} to WGS 84.")


def report_of(done: Finished) -> dict[str, Any]:
    """Return what an import did as plain data; lengths in km, speeds in km/h."""
    from dispatch.importing.surroundings import count_kinds

    classes: dict[str, dict[str, Any]] = {}
    shares = done.posted_shares
    for name, links in done.classes.items():
        speed, number = done.speeds[name]
        classes[name] = {
            "km": round(math.fsum(link.km for link in links), 3),
            "km_per_h": speed,
            "links": len(links),
            "posted": number,
            "posted_share": round(shares[name], 6),
        }
    facts = done.facts
    found = count_kinds(done.draft.facilities or [])
    lacking = NO_FACILITIES if done.draft.facilities is None else NO_STATION
    notes = [*done.notes, *([] if found.get("fire_station") else [lacking])]
    return {
        "barriers": count_kinds(done.draft.barriers or []),
        "classes": classes,
        "closed_ways": done.draft.counts.get("closed_ways", {}),
        "dropped": {
            "km": round(float(facts["dropped_km"]), 3),
            "links": facts["dropped_links"],
            "nodes": facts["dropped_nodes"],
            "share": round(float(facts["dropped_share"]), 6),
        },
        "facilities": found,
        "format": done.draft.form,
        "found": done.draft.counts.get("found", {}),
        "km": round(done.km, 3),
        "links": len(done.links),
        "nodes": len(done.nodes),
        "notes": notes,
        "posted_share": round(done.posted_share, 6),
    }
