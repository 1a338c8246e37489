"""Reading folders in the form of the General Modeling Network Specification (GMNS)."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dispatch.errors import NetworkError, Problems
from dispatch.importing.draft import DETAILS, Draft, Link, Node, plain
from dispatch.importing.speeds import FASTEST, SLOWEST
from dispatch.io.tables import read_table
from dispatch.roads.geometry import linestring_points, metres_between
from dispatch.roads.network_file import GEOGRAPHIC, METRES
from dispatch.roads.places import check_ids, read_places

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.importing.draft import Point
    from dispatch.io.tables import Table
    from dispatch.roads.places import Places

FORM = "GMNS"
NO_CLASS = "road"
"""Class of a link that names none."""

UNIT_NAMES = {
    "m": "m", "meter": "m", "meters": "m", "metre": "m", "metres": "m",
    "km": "km", "kilometer": "km", "kilometers": "km", "kilometre": "km", "kilometres": "km",
    "ft": "ft", "foot": "ft", "feet": "ft",
    "mi": "mi", "mile": "mi", "miles": "mi",
}  # fmt: skip
"""Units of length by what may be written for them."""

KMH = {
    "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "kmph": 1.0, "km/hr": 1.0,
    "mph": 1.609344, "mi/h": 1.609344, "miles/hour": 1.609344,
    "m/s": 3.6, "mps": 3.6,
}  # fmt: skip
"""Kilometres per hour by what may be written for a unit of speed."""

WITHOUT_MOTOR = frozenset(
    {"bicycle", "bike", "cycle", "ferry", "foot", "lrt", "metro", "ped", "pedestrian", "rail", "railway",
     "subway", "tram", "walk", "walking", "water"}
)  # fmt: skip
"""Uses of a link that no fire appliance is one of; a link for nothing else is left out."""

_TRUTH = {"true": True, "1": True, "yes": True, "": True, "false": False, "0": False, "no": False}
_RESERVED = "road_km"
_LIKELY = (0.9, 5.0)


@dataclass(slots=True)
class _Units:
    """What ``config.csv`` says; metres, km/h and degrees where it says nothing."""

    metres: float = 1.0
    kmh: float = 1.0
    crs: str = ""


def read_gmns(folder: Path) -> Draft:
    """Read node.csv and link.csv, with geometry.csv, use_group.csv and config.csv where they are there."""
    problems, notes = Problems(), list[str]()
    units = _units(folder, problems)
    geographic = units.crs.upper() in GEOGRAPHIC if units.crs else _looks_geographic(folder)
    places = read_places(folder / "node.csv", problems, notes, geographic=geographic)
    table = read_table(folder / "link.csv", problems, ("from_node_id", "to_node_id"))
    if table is not None and not len(table):
        problems.add(f"{table.file}:1", "the table has no links", "Give at least one way there and back.")
        table = None
    geometries = _geometries(folder, problems)
    groups = _use_groups(folder, problems)
    if places is None or table is None or geometries is None:
        problems.raise_if_any(NetworkError)
        assert places is not None
        assert table is not None
        assert geometries is not None
    reader = _Reader(table, places, units, geometries, groups, problems, geographic=geographic)
    links = reader.links()
    problems.raise_if_any(NetworkError)
    return Draft(
        form=FORM,
        nodes=_nodes(places),
        links=links,
        source="a network in GMNS form",
        crs=("EPSG:4326" if geographic else units.crs or "planar, in metres"),
        geographic=geographic,
        notes=notes,
        counts={"found": {name: number for name, number in reader.found.items() if number}},
    )


def _units(folder: Path, problems: Problems) -> _Units:
    """Return the units that config.csv names."""
    path = folder / "config.csv"
    table = read_table(path, problems) if path.is_file() else None
    units = _Units()
    if table is None or not len(table):
        return units
    length = table.text("long_length")[0].lower().rstrip(".")
    if length and length not in UNIT_NAMES:
        fact = f"'{length}' is no known unit of length"
        problems.add(table.place(0, "long_length"), fact, f"Known: {', '.join(METRES)}.")
    speed = table.text("speed")[0].lower().rstrip(".")
    if speed and speed not in KMH:
        problems.add(
            table.place(0, "speed"), f"'{speed}' is no known unit of speed", "Known: km/h, mph, m/s."
        )
    crs = table.text("crs")[0]
    return _Units(
        METRES[UNIT_NAMES.get(length, "m")],
        KMH.get(speed, 1.0),
        f"EPSG:{crs}" if crs.isdecimal() else plain(crs),
    )


def _looks_geographic(folder: Path) -> bool:
    """Return whether all coordinates could be degrees, where nothing says what they are."""
    table = read_table(folder / "node.csv", Problems(), ("x_coord", "y_coord"))
    if table is None:
        return True
    x, y = (np.abs(table.numbers(name, Problems())) for name in ("x_coord", "y_coord"))
    return not bool(np.any(x > 180) or np.any(y > 90))


def _geometries(folder: Path, problems: Problems) -> dict[str, tuple[Point, ...]] | None:
    """Return shape points by geometry id from geometry.csv; None where it cannot be used."""
    path = folder / "geometry.csv"
    if not path.is_file():
        return {}
    table = read_table(path, problems, ("geometry_id", "geometry"))
    if table is None:
        return None
    check_ids(table, "geometry_id", problems)
    result: dict[str, tuple[Point, ...]] = {}
    for row, (id_, text) in enumerate(
        zip(table.columns["geometry_id"], table.columns["geometry"], strict=True)
    ):
        result[id_] = _points(table, row, text, problems)
    return result


def _points(table: Table, row: int, text: str, problems: Problems) -> tuple[Point, ...]:
    points = linestring_points(text) if text else None
    if text and points is None:
        problems.add(table.place(row, "geometry"), f"'{text[:30]}' is not a WKT LINESTRING", "Correct it.")
    return () if points is None else tuple((float(x), float(y)) for x, y in points)


def _use_groups(folder: Path, problems: Problems) -> dict[str, list[str]]:
    """Return the uses that stand behind the name of a group."""
    path = folder / "use_group.csv"
    table = read_table(path, problems, ("use_group", "uses")) if path.is_file() else None
    if table is None:
        return {}
    pairs = zip(table.columns["use_group"], table.columns["uses"], strict=True)
    return {group.lower(): _listed(uses) for group, uses in pairs}


def _listed(text: str) -> list[str]:
    return [part.strip().lower() for part in text.replace(";", ",").split(",") if part.strip()]


def _nodes(places: Places) -> dict[str, Node]:
    assert places.x is not None
    assert places.y is not None
    points = zip(places.x.tolist(), places.y.tolist(), strict=True)
    values = {name: column.tolist() for name, column in places.columns.items() if name != _RESERVED}
    return {
        id_: Node(
            id_,
            at,
            plain(places.names[i]),
            plain(places.zone[i]),
            {name: _text(column[i]) for name, column in values.items()},
        )
        for i, (id_, at) in enumerate(zip(places.ids, points, strict=True))
    }


def _text(value: float) -> str:
    if math.isnan(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


@dataclass(slots=True)
class _Reader:
    """A link table on its way to links."""

    table: Table
    places: Places
    units: _Units
    geometries: dict[str, tuple[Point, ...]]
    groups: dict[str, list[str]]
    problems: Problems
    geographic: bool
    found: Counter[str] = field(default_factory=Counter)

    def links(self) -> list[Link]:
        """Return the links for motor vehicles; what is wrong is noted."""
        table = self.table
        if "link_id" in table:
            check_ids(table, "link_id", self.problems, blank_allowed=True)
        remedy = "Give a number above zero in the unit of config.csv, or nothing."
        metres = table.numbers("length", self.problems, above=0.0, remedy=remedy) * self.units.metres
        kmh = table.numbers("free_speed", self.problems, above=0.0, remedy=remedy) * self.units.kmh
        self._check_lengths(metres)
        odd = (kmh < SLOWEST) | (kmh > FASTEST)
        kmh[odd] = np.nan
        self.found["links with a speed that is not believed"] = int(odd.sum())
        index = {id_: i for i, id_ in enumerate(self.places.ids)}
        links = [self._link(row, index, metres[row], kmh[row]) for row in range(len(table))]
        return [link for link in links if link is not None]

    def _link(self, row: int, index: dict[str, int], metres: float, kmh: float) -> Link | None:
        table = self.table
        ends = [table.columns[column][row] for column in ("from_node_id", "to_node_id")]
        for column, end in zip(("from_node_id", "to_node_id"), ends, strict=True):
            if end not in index:
                self.problems.add(table.place(row, column), f"no node '{end}' in node.csv", "Correct the id.")
        directed = _TRUTH.get(table.text("directed")[row].lower())
        if directed is None:
            fact = f"'{table.text('directed')[row][:20]}' is neither true nor false"
            self.problems.add(table.place(row, "directed"), fact, "Write true or false.")
        uses = [
            use for word in _listed(table.text("allowed_uses")[row]) for use in self.groups.get(word, [word])
        ]
        if uses and all(use in WITHOUT_MOTOR for use in uses):
            self.found["links without motor traffic, left out"] += 1
            return None
        if any(end not in index for end in ends) or directed is None:
            return None
        return Link(
            id=plain(table.text("link_id")[row]),
            tail=ends[0],
            head=ends[1],
            points=self._shape(row, index[ends[0]], index[ends[1]]),
            two_way=not directed,
            kind=plain(table.text("facility_type")[row]) or NO_CLASS,
            kmh=None if np.isnan(kmh) else round(float(kmh), 1),
            metres=None if np.isnan(metres) else float(metres),
            details={name: text for name in DETAILS if (text := plain(table.text(name)[row]))},
        )

    def _shape(self, row: int, tail: int, head: int) -> tuple[Point, ...]:
        """Return the points of a link, from its tail to its head."""
        assert self.places.x is not None
        assert self.places.y is not None
        text, id_ = self.table.text("geometry")[row], self.table.text("geometry_id")[row]
        points = _points(self.table, row, text, self.problems) if text else self.geometries.get(id_, ())
        if id_ and not text and id_ not in self.geometries:
            self.problems.add(
                self.table.place(row, "geometry_id"),
                f"no geometry '{id_}' in geometry.csv",
                "Correct the id.",
            )
        if self.table.text("dir_flag")[row] == "-1":
            points = points[::-1]
        ends = [(float(self.places.x[i]), float(self.places.y[i])) for i in (tail, head)]
        return points or (ends[0], ends[1])

    def _check_lengths(self, metres: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
        """Note lengths that as a whole cannot be in the unit that is named."""
        x, y = self.places.x, self.places.y
        assert x is not None
        assert y is not None
        index = {id_: i for i, id_ in enumerate(self.places.ids)}
        columns = (self.table.columns[name] for name in ("from_node_id", "to_node_id"))
        tail, head = (np.array([index.get(id_, 0) for id_ in ids]) for ids in columns)
        straight = metres_between(x[tail], y[tail], x[head], y[head], geographic=self.geographic)
        ratio = metres[straight > 10] / straight[straight > 10]
        ratio = ratio[np.isfinite(ratio)]
        median = float(np.median(ratio)) if len(ratio) >= 3 else 1.0
        if not _LIKELY[0] <= median <= _LIKELY[1]:
            fact = f"lengths are {median:.2g} times the straight line between their ends (median)"
            likely = [
                unit for unit, factor in METRES.items() if 0.9 <= median * factor / self.units.metres <= 2
            ]
            hint = f"They look like {likely[0]}: say so" if likely else "Name the unit"
            self.problems.add(f"{self.table.file}:1 length", fact, f"{hint} as long_length in config.csv.")
