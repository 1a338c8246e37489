"""Links of a road graph from the ways of OpenStreetMap: chosen, cut at joints and barriers, named."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from dispatch.importing import rules
from dispatch.importing.draft import DETAILS, Draft, Link, Node
from dispatch.importing.speeds import is_rubbish, posted_kmh

if TYPE_CHECKING:
    from dispatch.importing.osm import Extract, Tags

FORM = "OpenStreetMap"
LICENCE = "ODbL 1.0, © OpenStreetMap contributors"

_BASIC = "Turn restrictions, conditional restrictions and lanes for some vehicles are not read."


@dataclass(slots=True)
class _Run:
    """Nodes of a way that lie one behind the other in the file, without gaps and repetitions."""

    way: int
    refs: list[int]
    tags: Tags
    direction: int


@dataclass(slots=True)
class _Counts:
    """What is told in the report."""

    closed: Counter[str] = field(default_factory=Counter)
    oddities: Counter[str] = field(default_factory=Counter)


def draft_of(extract: Extract) -> Draft:
    """Return nodes and links of the roads that a fire appliance may use."""
    counts = _Counts()
    runs = _runs(extract, counts)
    cut = {node for node, tags in extract.tagged.items() if rules.cuts(tags)}
    used = Counter(ref for run in runs for ref in run.refs)
    ends = {ref for run in runs for ref in (run.refs[0], run.refs[-1])}
    joints = ends | {ref for ref, times in used.items() if times > 1} | (cut & used.keys())
    builder = _Builder(extract, cut)
    for _, group in groupby(runs, key=lambda run: run.way):
        builder.add_way([piece for run in group for piece in _pieces(run, joints)])
    counts.oddities["barriers that cut a road"] = sum(times > 1 for times in builder.copies.values())
    _tell_speeds(runs, counts)
    date = f", data of {extract.date}" if extract.date else ""
    return Draft(
        form=FORM,
        nodes=builder.nodes,
        links=builder.links,
        source=f"OpenStreetMap extract{date}",
        licence=LICENCE,
        notes=[_BASIC],
        counts={
            "closed_ways": dict(counts.closed),
            "found": {name: number for name, number in counts.oddities.items() if number},
        },
    )


def _runs(extract: Extract, counts: _Counts) -> list[_Run]:
    """Return the usable parts of all ways, by way id."""
    runs: list[_Run] = []
    for id_, way in sorted(extract.ways.items()):
        if not way.tags.get("highway"):
            continue
        is_open, name = rules.decide(way.tags)
        direction = rules.direction(way.tags)
        if not is_open:
            counts.closed[name] += 1
        elif direction is None:
            counts.closed["reversible"] += 1
        else:
            known = [ref for ref in way.refs if ref in extract.places]
            counts.oddities["nodes that ways name and the file lacks"] += len(way.refs) - len(known)
            found = _unbroken(way.refs, extract)
            counts.oddities["ways of fewer than two known nodes"] += not found
            runs += [_Run(id_, refs, way.tags, direction) for refs in found]
    return runs


def _unbroken(refs: tuple[int, ...], extract: Extract) -> list[list[int]]:
    """Split a way where nodes are missing; parts of one node are none."""
    parts: list[list[int]] = [[]]
    for ref in refs:
        if ref not in extract.places:
            parts.append([])
        elif not parts[-1] or parts[-1][-1] != ref:
            parts[-1].append(ref)
    return [part for part in parts if len(part) > 1]


def _pieces(run: _Run, joints: set[int]) -> list[_Run]:
    """Cut a run at joints; a piece that ends where it starts is halved, so that it stays a road."""
    at = [i for i, ref in enumerate(run.refs) if ref in joints]
    pieces: list[_Run] = []
    for first, last in pairwise(at):
        refs = run.refs[first : last + 1]
        if refs[0] == refs[-1]:
            middle = len(refs) // 2
            halves = [refs[: middle + 1], refs[middle:]]
        else:
            halves = [refs]
        pieces += [_Run(run.way, half, run.tags, run.direction) for half in halves]
    return pieces


class _Builder:
    """Collects nodes and links; a barrier that cuts becomes one node for each piece that ends there."""

    def __init__(self, extract: Extract, cut: set[int]) -> None:
        self.places, self.cut = extract.places, cut
        self.nodes: dict[str, Node] = {}
        self.links: list[Link] = []
        self.copies: Counter[int] = Counter()

    def add_way(self, pieces: list[_Run]) -> None:
        """Add the pieces of one way, numbered if there are several."""
        for number, piece in enumerate(pieces, start=1):
            id_ = f"{piece.way}-{number}" if len(pieces) > 1 else str(piece.way)
            self._add(id_, piece)

    def _add(self, id_: str, piece: _Run) -> None:
        tail, head = self._node(piece.refs[0]), self._node(piece.refs[-1])
        points = tuple(self.places[ref] for ref in piece.refs)
        tags = piece.tags
        kind = rules.value_of(tags, "highway")
        details = {key: tags[key] for key in DETAILS if tags.get(key)}
        both = piece.direction == rules.BOTH
        there = posted_kmh(tags.get("maxspeed:forward", "")) or posted_kmh(tags.get("maxspeed", ""))
        back = posted_kmh(tags.get("maxspeed:backward", "")) or posted_kmh(tags.get("maxspeed", ""))
        link = Link(id_, tail, head, points, two_way=True, kind=kind, kmh=there, details=details)
        if both and there == back:
            self.links.append(link)
            return
        link = replace(link, two_way=False, share=0.5 if both else 1.0)
        if piece.direction != rules.BACKWARD:
            self.links.append(replace(link, id=f"{id_}f" if both else id_))
        if piece.direction != rules.FORWARD:
            name = f"{id_}b" if both else id_
            self.links.append(replace(link, id=name, tail=head, head=tail, points=points[::-1], kmh=back))

    def _node(self, ref: int) -> str:
        id_ = str(ref)
        if ref in self.cut:
            self.copies[ref] += 1
            if self.copies[ref] > 1:
                id_ = f"{ref}-{self.copies[ref]}"
        self.nodes.setdefault(id_, Node(id_, self.places[ref]))
        return id_


def _tell_speeds(runs: list[_Run], counts: _Counts) -> None:
    """Count the ways whose speeds make no sense."""
    seen = {run.way: run.tags for run in runs}
    keys = ("maxspeed", "maxspeed:forward", "maxspeed:backward")
    rubbish = sum(any(is_rubbish(tags.get(key, "")) for key in keys) for tags in seen.values())
    counts.oddities["ways with a speed that is not understood"] = rubbish
