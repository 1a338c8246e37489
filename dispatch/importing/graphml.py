"""Reading graphs that OSMnx has saved as GraphML (``osmnx.save_graphml``, versions 1 and 2)."""

from __future__ import annotations

import ast
import math
import warnings
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from dispatch.errors import NetworkError, Problem, Problems
from dispatch.importing import rules
from dispatch.importing.draft import DETAILS, Draft, Link, Node, natural, plain
from dispatch.importing.recognise import broken
from dispatch.importing.speeds import ASSUMED, is_rubbish, posted_kmh
from dispatch.roads.geometry import linestring_points
from dispatch.roads.network_file import GEOGRAPHIC

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch.importing.draft import Point

FORM = "OSMnx GraphML"
NO_CLASS = "road"
"""Class of an edge that names none."""

_BLANK = ("", "None", "nan", "NaN", "[]")
_TAGS = (
    "access",
    "area",
    "bus",
    "emergency",
    "motor_vehicle",
    "motorcar",
    "psv",
    "service",
    "tracktype",
    "vehicle",
)


def read_graphml(path: Path) -> Draft:
    """Read a saved graph; raise with everything that is wrong with it."""
    graph = _graph(path)
    problems = Problems()
    crs = plain(str(graph.graph.get("crs") or "EPSG:4326")) or "EPSG:4326"
    reader = _Reader(path.name, problems, geographic=crs.upper() in GEOGRAPHIC)
    nodes = {str(id_): reader.node(str(id_), data) for id_, data in graph.nodes(data=True)}
    for id_, number in Counter(node.id for node in nodes.values()).items():
        if number > 1 or not id_:
            fact = f"{number} nodes have the id '{id_}'" if id_ else "a node without an id"
            problems.add(path.name, fact, "Give every node an id of its own, other than by spaces.")
    problems.raise_if_any(NetworkError)
    edges = sorted(
        graph.edges(keys=True, data=True), key=lambda edge: tuple(natural(str(k)) for k in edge[:3])
    )
    for tail, head, key, data in edges:
        reader.add(nodes[str(tail)], nodes[str(head)], str(key), data)
    return Draft(
        form=FORM,
        nodes=nodes,
        links=list(reader.links.values()),
        source="OpenStreetMap, a graph saved by OSMnx",
        licence="ODbL 1.0, © OpenStreetMap contributors",
        crs="EPSG:4326" if reader.geographic else crs,
        geographic=reader.geographic,
        notes=["The graph holds the ways that OSMnx was asked for; what it left out cannot be brought back."],
        counts={"closed_ways": dict(reader.closed), "found": dict(reader.found)},
    )


def _graph(path: Path) -> Any:
    """Return the directed multigraph in a file."""
    import networkx

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of attributes without a declared type: they are read as text
            graph: Any = networkx.read_graphml(path, force_multigraph=True)
    except (
        SyntaxError,
        networkx.NetworkXException,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
    ) as error:
        raise NetworkError([broken(path.name, f"is no usable GraphML ({plain(str(error))})")]) from None
    except OSError as error:
        raise NetworkError([broken(path.name, f"cannot be read ({error.strerror or error})")]) from None
    if not graph.is_directed():
        remedy = "Save the directed graph, as OSMnx makes it."
        raise NetworkError(
            [Problem(f"{path.name}:1", "the graph is undirected: one-way streets are lost", remedy)]
        )
    return graph


@dataclass(slots=True)
class _Reader:
    """Turns nodes and edges into those of a draft; the two directions of a street become one link."""

    file: str
    problems: Problems
    geographic: bool
    links: dict[tuple[Any, ...], Link] = field(default_factory=dict)
    closed: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)

    def node(self, id_: str, data: dict[str, Any]) -> Node:
        """Return a node, or note that it has no place."""
        x, y = _number(data.get("x")), _number(data.get("y"))
        if x is None or y is None:
            self.problems.add(
                self.file, f"node '{id_}' has no usable x and y", "Save the graph with OSMnx again."
            )
        elif self.geographic and (abs(x) > 180 or abs(y) > 90):
            fact = f"node '{id_}' lies at {x:g}, {y:g}, which are no degrees"
            self.problems.add(self.file, fact, "Save the graph with its crs.")
        return Node(plain(id_), (x or 0.0, y or 0.0))

    def add(self, tail: Node, head: Node, key: str, data: dict[str, Any]) -> None:
        """Add an edge; where its other direction is there already, that becomes a two-way link."""
        tags = {name: _joined(data.get(name)) for name in _TAGS}
        tags["highway"] = kind = _class(data.get("highway"))
        is_open, name = rules.decide(tags) if kind else (True, "")
        if not is_open:
            self.closed[name] += 1
            return
        speed = _joined(data.get("maxspeed"))
        if is_rubbish(speed):
            self.found["edges with a speed that is not understood"] += 1
        link = Link(
            id=f"{tail.id}-{head.id}" if key == "0" else f"{tail.id}-{head.id}-{plain(key)}",
            tail=tail.id,
            head=head.id,
            points=self._points(tail, head, data),
            two_way=False,
            kind=kind or NO_CLASS,
            kmh=posted_kmh(speed),
            metres=_number(data.get("length"), above=0.0),
            details={name: text for name in DETAILS if (text := _detail(name, data.get(name)))},
        )
        self._keep(link, tuple(_values(data.get("osmid"))))

    def _keep(self, link: Link, osmid: tuple[str, ...]) -> None:
        metres = None if link.metres is None else round(link.metres, 2)
        shared = (tuple(sorted(osmid)), link.kind, link.kmh, metres, tuple(sorted(link.details.items())))
        back = (link.head, link.tail, link.points[::-1], *shared)
        there = self.links.get(back)
        if there is not None and not there.two_way and link.tail != link.head:
            self.links[back] = replace(there, two_way=True)
            return
        self.links.setdefault((link.tail, link.head, link.points, *shared), link)

    def _points(self, tail: Node, head: Node, data: dict[str, Any]) -> tuple[Point, ...]:
        text = _joined(data.get("geometry"))
        points = linestring_points(text) if text else None
        if text and points is None:
            self.found["geometries that are not understood"] += 1
        if points is None:
            return tail.at, head.at
        return tuple((float(x), float(y)) for x, y in points)


def _values(value: Any) -> list[str]:
    """Return what an attribute holds: one text, or several where a list was saved as text."""
    text = "" if value is None else str(value).strip()
    if text.startswith("[") and text.endswith("]"):
        try:
            listed = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return [plain(text)]
        return sorted({plain(str(item)) for item in listed if str(item) not in _BLANK})
    return [] if text in _BLANK else [plain(text)]


def _joined(value: Any) -> str:
    return ";".join(_values(value))


def _detail(name: str, value: Any) -> str:
    """Return a text of a link; of several numbers of lanes the fewest."""
    values = _values(value)
    if name == "lanes" and values:
        return min(values, key=natural)
    return ";".join(values)


def _class(value: Any) -> str:
    """Return the class of an edge; of several the least, as the order in the file means nothing."""
    rank = {name: i for i, name in enumerate(ASSUMED)}
    return max(_values(value), key=lambda name: (rank.get(name, -1), name), default="")


def _number(value: Any, above: float = -math.inf) -> float | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) and number > above else None
