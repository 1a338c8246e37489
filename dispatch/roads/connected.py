"""The largest part of a road network in which every node can be reached from every other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dispatch.errors import NetworkError, Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.roads.links import Arcs
    from dispatch.roads.places import Places


def keep_connected(
    places: Places, arcs: Arcs, notes: list[str], facts: dict[str, int | float]
) -> tuple[Places, Arcs, frozenset[str]]:
    """Return the largest strongly connected part and the ids of the nodes that are not in it.

    Of two parts of equal size the one with the first node in canonical order is kept.
    """
    part = parts(len(places.ids), arcs.tail, arcs.head)
    order = places.canonical()
    sizes = np.bincount(part)
    first = np.full(len(sizes), len(order))
    np.minimum.at(first, part[order], np.arange(len(order)))
    largest = int(np.lexsort((first, -sizes))[0])
    inside = part == largest
    facts.update(components=len(sizes), dropped_nodes=0, dropped_links=0, dropped_km=0.0, dropped_share=0.0)
    if inside.sum() < 2:
        fact = "there is no way from any node to another and back"
        remedy = "Set 'directed' to false for two-way links, or give both directions."
        raise NetworkError([Problem("link.csv:1", fact, remedy)])
    if inside.all():
        return places, arcs, frozenset()
    number = np.where(inside, np.cumsum(inside) - 1, -1).astype(np.int32)
    kept = arcs.between(number)
    dropped = [places.ids[i] for i in order[~inside[order]].tolist()]
    _note(dropped, arcs, kept, len(places.ids), notes, facts)
    return places.take(np.flatnonzero(inside)), kept, frozenset(dropped)


def parts(size: int, tail: NDArray[np.int32], head: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the number of the strongly connected part of every node [N]."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    ones = np.ones(len(tail), dtype=np.int8)
    graph = csr_matrix((ones, (tail, head)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=True, connection="strong")[1], dtype=np.int32)


def _note(
    dropped: list[str], arcs: Arcs, kept: Arcs, size: int, notes: list[str], facts: dict[str, int | float]
) -> None:
    links, link_km = _links(arcs)
    kept_links, kept_km = _links(kept)
    shown = ", ".join(dropped[:5]) + (", …" if len(dropped) > 5 else "")
    share = len(dropped) / size
    facts.update(
        dropped_nodes=len(dropped),
        dropped_links=links - kept_links,
        dropped_km=link_km - kept_km,
        dropped_share=share,
    )
    notes.append(
        f"{len(dropped)} of {size} nodes ({share:.1%}), {links - kept_links} links and "
        f"{link_km - kept_km:,.1f} km are left out, because there is no way there and back: {shown}."
    )


def _links(arcs: Arcs) -> tuple[int, float]:
    """Return the number of links and their kilometres, a two-way link counted once."""
    _, first = np.unique(arcs.link, return_index=True)
    return len(first), float(arcs.length_m[first].sum()) / 1000
