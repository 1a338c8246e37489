"""From a draft to a network: connected, measured, with a speed for every class, in a fixed order."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.errors import NetworkError, Problem
from dispatch.importing.draft import natural
from dispatch.importing.speeds import by_class
from dispatch.roads.connected import keep_connected
from dispatch.roads.geometry import metres_between
from dispatch.roads.links import Arcs
from dispatch.roads.network_file import MODES
from dispatch.roads.places import Places

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.importing.draft import Draft, Link, Node

FEW_LINKS, SMALL_SHARE = 5, 0.05
"""A mean of fewer posted links, on less than this share of a class's length, is told as weak."""

SHORTEST = 0.01
"""Metres of a link whose ends lie at the same place; a length must be above zero."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The network that is written: nodes and links in order, every link with its length."""

    draft: Draft
    nodes: list[Node]
    links: list[Link]
    road_km: list[float]
    """Half the kilometres of the links at each node; they add up to the whole network."""
    speeds: dict[str, tuple[float, int]]
    """By class: km/h where none is posted, and from how many posted ones it is the mean (0: assumed)."""
    facts: dict[str, int | float]
    """What was left out because there is no way there and back."""
    notes: list[str]

    @property
    def km(self) -> float:
        """Length of all roads, a two-way link once."""
        return math.fsum(link.km for link in self.links)

    @property
    def posted_share(self) -> float:
        """Share of the length on which the source posts a speed."""
        return _posted_share(self.links)

    @property
    def classes(self) -> dict[str, list[Link]]:
        """The links of each class, by its name."""
        found: dict[str, list[Link]] = {name: [] for name in self.speeds}
        for link in self.links:
            found[link.kind].append(link)
        return found

    @property
    def posted_shares(self) -> dict[str, float]:
        """By class: share of its length on which the source posts a speed."""
        return {name: _posted_share(links) for name, links in self.classes.items()}


def finish(draft: Draft, file: str) -> Finished:
    """Return the largest strongly connected part of a draft, measured and sorted; ``file`` is its name."""
    if not draft.links:
        fact = "no road in it that a fire appliance may use"
        remedy = "Check that the extract holds roads (ways with the key highway) with their nodes."
        raise NetworkError([Problem(file, fact, remedy)])
    nodes = sorted(draft.nodes.values(), key=lambda node: (natural(node.id), node.id))
    links = _measured(_named(draft.links), draft)
    notes: list[str] = []
    facts: dict[str, int | float] = {}
    try:
        dropped = keep_connected(_places(nodes), _arcs(nodes, links), notes, facts)[2]
    except NetworkError:
        fact = "no two of its places with a way there and back"
        raise NetworkError(
            [Problem(file, fact, "Take a larger extract, or check its one-way streets.")]
        ) from None
    nodes = [node for node in nodes if node.id not in dropped]
    links = [link for link in links if link.tail not in dropped and link.head not in dropped]
    loops = [link.id for link in links if link.tail == link.head]
    if loops:
        notes.append(f"{len(loops)} links lead from a node to itself and are left out: {_some(loops)}.")
        links = [link for link in links if link.tail != link.head]
    posted: dict[str, list[float]] = {link.kind: [] for link in links}
    for link in links:
        if link.kmh is not None:
            posted[link.kind].append(link.kmh)
    done = Finished(draft, nodes, links, _road_km(nodes, links), by_class(posted), facts, [])
    return replace(done, notes=[*_speed_notes(done), *notes, *_left_out(draft), *draft.notes])


def _named(links: list[Link]) -> list[Link]:
    """Return links in the order of their ids, each with an id of its own.

    Of links that share an id the first keeps it, whatever the order in the file; the others, and those
    without one (``from-to``), get a number where it is taken.
    """
    taken = {link.id for link in links if link.id}
    kept: set[str] = set()
    tried: Counter[str] = Counter()
    named = []
    for link in sorted(links, key=_content):
        base = id_ = link.id or f"{link.tail}-{link.head}"
        if not link.id or link.id in kept:
            while id_ in taken:
                tried[base] += 1
                id_ = f"{base}-{tried[base] + 1}"
            taken.add(id_)
        kept.add(id_)
        named.append(replace(link, id=id_))
    return sorted(named, key=lambda link: (natural(link.id), link.id))


def _content(link: Link) -> tuple[Any, ...]:
    """Return everything that tells links apart, as a key to sort them by."""
    numbers = [math.inf if value is None else value for value in (link.kmh, link.metres)]
    texts = tuple(sorted(link.details.items()))
    return link.id, link.tail, link.head, link.kind, link.two_way, *numbers, link.points, texts


def _posted_share(links: list[Link]) -> float:
    return math.fsum(link.km for link in links if link.kmh is not None) / math.fsum(link.km for link in links)


def _some(ids: list[str]) -> str:
    return ", ".join(ids[:5]) + (", …" if len(ids) > 5 else "")


def _measured(links: list[Link], draft: Draft) -> list[Link]:
    """Return links with lengths to the centimetre, along their points where the source gives none."""
    counts = np.array([len(link.points) for link in links])
    points = np.array([point for link in links for point in link.points], dtype=np.float64)
    steps = metres_between(
        points[:-1, 0], points[:-1, 1], points[1:, 0], points[1:, 1], geographic=draft.geographic
    )
    steps = np.append(steps, 0.0)
    ends = np.cumsum(counts)
    steps[ends - 1] = 0.0  # from the end of one link to the start of the next
    metres = np.add.reduceat(steps, ends - counts).tolist()
    return [
        replace(link, metres=max(round(link.metres if link.metres is not None else drawn, 2), SHORTEST))
        for link, drawn in zip(links, metres, strict=True)
    ]


def _places(nodes: list[Node]) -> Places:
    at = np.array([node.at for node in nodes], dtype=np.float64)
    blank = ("",) * len(nodes)
    return Places(tuple(node.id for node in nodes), blank, blank, at[:, 0], at[:, 1], {})


def _arcs(nodes: list[Node], links: list[Link]) -> Arcs:
    """Return the arcs that connect the nodes; times play no part in that."""
    number = {node.id: i for i, node in enumerate(nodes)}
    chosen = [i for i, link in enumerate(links) if link.tail != link.head]
    chosen += [i for i in chosen if links[i].two_way]
    back = np.arange(len(chosen)) >= sum(link.tail != link.head for link in links)
    tail = np.array([number[links[i].tail] for i in chosen], dtype=np.int32)
    head = np.array([number[links[i].head] for i in chosen], dtype=np.int32)
    zeros: NDArray[Any] = np.zeros(len(chosen))
    return Arcs(
        tail=np.where(back, head, tail),
        head=np.where(back, tail, head),
        length_m=np.array([links[i].metres for i in chosen], dtype=np.float64),
        seconds=dict.fromkeys(MODES, zeros),
        facility=zeros.astype(np.int32),
        facility_names=("",),
        link=np.array(chosen, dtype=np.int32),
        link_ids=tuple(links[i].id for i in chosen),
    )


def _road_km(nodes: list[Node], links: list[Link]) -> list[float]:
    parts: dict[str, list[float]] = {node.id: [] for node in nodes}
    for link in links:
        for end in (link.tail, link.head):
            parts[end].append(link.km / 2)
    return [round(math.fsum(parts[node.id]), 6) for node in nodes]


def _speed_notes(done: Finished) -> list[str]:
    assumed = [name for name, (_, number) in done.speeds.items() if not number]
    notes = [
        "Speeds are posted limits, driven all the time: free flow, without traffic, junctions or bends. "
        "That flatters every layout.",
        f"A speed is posted on {done.posted_share:.1%} of the length; elsewhere that of the class holds.",
    ]
    if assumed:
        notes.append(f"Speeds assumed, for want of any posted one: {', '.join(assumed)}.")
    weak = _weak_means(done)
    if weak:
        notes.append(f"Speeds that rest on few posted ones; check them under 'speeds': {'; '.join(weak)}.")
    return notes


def _weak_means(done: Finished) -> list[str]:
    """Return the classes whose speed is a mean of few links that are little of the class."""
    weak = []
    for name, share in done.posted_shares.items():
        number = done.speeds[name][1]
        if 0 < number < FEW_LINKS and share < SMALL_SHARE:
            links = "link" if number == 1 else "links"
            weak.append(f"{name}: {number} {links}, {share:.1%} of its length")
    return weak


def _left_out(draft: Draft) -> list[str]:
    """Return sentences about what was counted while reading."""
    notes = []
    closed = sorted(draft.counts.get("closed_ways", {}).items(), key=lambda item: (-item[1], item[0]))
    if closed:
        total = sum(number for _, number in closed)
        shown = ", ".join(f"{name} {number}" for name, number in closed)
        notes.append(f"{total} ways with the key highway are no roads for a fire appliance: {shown}.")
    found = sorted(draft.counts.get("found", {}).items())
    if found:
        notes.append(f"Also found: {', '.join(f'{name} {number}' for name, number in found)}.")
    return notes
