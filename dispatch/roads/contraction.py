"""Chains of nodes without a choice of way are contracted, so that searches see junctions only.

A node is *inner* when traffic through it has no choice: one way in and one way out with different neighbours
(a one-way street), or one arc each way to exactly two neighbours (a two-way street). Every other node is a
junction. A *chain* is a run of inner nodes between two junctions, its tail and its head; direction 0 leads
from tail to head, direction 1 back. A ring of inner nodes alone gets one junction. Times between any two
nodes stay exact: they lead along the common chain, or out through an exit of the one and in through an entry
of the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain as joined
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Contraction:
    """N nodes as J junctions, C chains with I inner nodes, and B arcs between junctions.

    For an inner node ``exit_s[mode][d]`` are the seconds to junction ``exit_to[d]`` in direction d, and
    ``entry_s[mode][d]`` the seconds from the junction at the other end, ``exit_to[1 - d]``; infinite where a
    one-way street cannot be driven. A junction is its own exit and entry, in direction 0, at zero seconds.
    """

    junctions: Ints
    """[J] node of each junction, ascending."""
    chain: Ints
    """[N] chain of each node, -1 at junctions."""
    order: Ints
    """[N] position of each inner node in ``chain_nodes``, -1 at junctions."""
    chain_nodes: Ints
    """[I] inner nodes, chain after chain, from tail to head."""
    chain_start: Ints
    """[C + 1] where each chain starts in ``chain_nodes``."""
    exit_to: Ints
    """[2, N] junction number at the exit in each direction."""
    exit_s: dict[str, Floats]
    """[2, N] by mode."""
    entry_s: dict[str, Floats]
    """[2, N] by mode."""
    arc_tail: Ints
    """[B] junction number; arcs are sorted by tail and head, one a pair, none from a junction to itself."""
    arc_head: Ints
    """[B] junction number."""
    arc_s: dict[str, Floats]
    """[B] least seconds by mode."""
    arc_via: dict[str, Ints]
    """[B] by mode: 2 * chain + direction, or -1 for an arc without inner nodes."""


@dataclass(frozen=True, slots=True, eq=False)
class _Graph:
    """Arcs without loops, sorted by (tail, head), with the first two arcs out of every node."""

    size: int
    tail: Ints
    head: Ints
    seconds: dict[str, Floats]
    inner: NDArray[np.bool_]
    first_out: NDArray[np.int64]


@dataclass(slots=True)
class _Chains:
    """Chains as found: their inner nodes, the arcs along them, and the nodes at their ends."""

    nodes: list[list[int]]
    arcs: list[list[int]]
    tails: list[int]
    heads: list[int]


def contract(size: int, tail: Ints, head: Ints, seconds: Mapping[str, Floats]) -> Contraction:
    """Contract a graph of ``size`` nodes; arcs and their seconds by mode come in any order."""
    graph = _graph(size, tail, head, seconds)
    chains = _chains(graph)
    inner = np.zeros(size, dtype=np.bool_)
    chain_nodes = np.fromiter(joined.from_iterable(chains.nodes), dtype=np.int32)
    inner[chain_nodes] = True
    junctions = np.flatnonzero(~inner).astype(np.int32)
    number = np.full(size, -1, dtype=np.int32)
    number[junctions] = np.arange(len(junctions), dtype=np.int32)
    lengths = np.array([len(nodes) for nodes in chains.nodes], dtype=np.int32)
    start = np.concatenate((np.zeros(1, dtype=np.int32), np.cumsum(lengths, dtype=np.int32)))
    chain, order = np.full((2, size), -1, dtype=np.int32)
    chain[chain_nodes] = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    order[chain_nodes] = np.arange(len(chain_nodes), dtype=np.int32)
    ends = number[np.array([chains.heads, chains.tails], dtype=np.int32)]
    exit_to = np.vstack((number, number))
    exit_to[:, chain_nodes] = ends[:, chain[chain_nodes]]
    along = {
        mode: _along(graph, chains, values, chain_nodes, start) for mode, values in graph.seconds.items()
    }
    direct = ~(inner[graph.tail] | inner[graph.head])
    arcs = _arcs(graph, number, direct, ends, {mode: times[2] for mode, times in along.items()})
    return Contraction(
        junctions=junctions,
        chain=chain,
        order=order,
        chain_nodes=chain_nodes,
        chain_start=start,
        exit_to=exit_to,
        exit_s={mode: times[0] for mode, times in along.items()},
        entry_s={mode: times[1] for mode, times in along.items()},
        arc_tail=arcs[0],
        arc_head=arcs[1],
        arc_s=arcs[2],
        arc_via=arcs[3],
    )


def _graph(size: int, tail: Ints, head: Ints, seconds: Mapping[str, Floats]) -> _Graph:
    kept = np.flatnonzero(tail != head)
    kept = kept[np.lexsort((head[kept], tail[kept]))]
    tail, head = tail[kept], head[kept]
    out, into = np.bincount(tail, minlength=size), np.bincount(head, minlength=size)
    first_out = np.cumsum(out) - out
    sources = tail[np.lexsort((tail, head))]
    first_in = np.cumsum(into) - into
    one, two = (out == 1) & (into == 1), (out == 2) & (into == 2)
    inner = np.zeros(size, dtype=np.bool_)
    inner[one] = head[first_out[one]] != sources[first_in[one]]
    ahead, behind = head[first_out[two]], sources[first_in[two]]
    other_ahead, other_behind = head[first_out[two] + 1], sources[first_in[two] + 1]
    inner[two] = (ahead == behind) & (other_ahead == other_behind) & (ahead != other_ahead)
    times = {mode: np.asarray(values, dtype=np.float64)[kept] for mode, values in seconds.items()}
    return _Graph(size, tail, head, times, inner, first_out)


def _chains(graph: _Graph) -> _Chains:
    """Walk from every junction into every chain; what remains are rings, which get a junction each."""
    tail, head, inner = graph.tail.tolist(), graph.head.tolist(), graph.inner.tolist()
    first_out, found = graph.first_out.tolist(), _Chains([], [], [], [])
    seen = [False] * graph.size

    def walk(arc: int) -> None:
        nodes, arcs, before, here = [], [arc], tail[arc], head[arc]
        while inner[here]:
            nodes.append(here)
            seen[here] = True
            arc = first_out[here]
            if head[arc] == before:  # a two-way street: do not turn round
                arc += 1
            arcs.append(arc)
            before, here = here, head[arc]
        found.nodes.append(nodes)
        found.arcs.append(arcs)
        found.tails.append(tail[arcs[0]])
        found.heads.append(here)

    for arc in np.flatnonzero(~graph.inner[graph.tail] & graph.inner[graph.head]).tolist():
        if not seen[head[arc]]:
            walk(arc)
    for node in np.flatnonzero(graph.inner).tolist():
        if not seen[node]:
            inner[node], seen[node] = False, True
            walk(first_out[node])
    return found


def _along(
    graph: _Graph, chains: _Chains, seconds: Floats, chain_nodes: Ints, start: Ints
) -> tuple[Floats, Floats, Floats]:
    """Return exit seconds [2, N], entry seconds [2, N] and whole seconds [2, C] of the chains in one mode."""
    leave, enter = (np.vstack((np.zeros(graph.size), np.full(graph.size, np.inf))) for _ in range(2))
    if not len(chain_nodes):
        return leave, enter, np.empty((2, 0))
    arcs = np.fromiter(joined.from_iterable(chains.arcs), dtype=np.int64)
    count = len(start) - 1
    which = np.repeat(np.arange(count), np.diff(start))
    first = start[:-1] + np.arange(count)  # a chain has one arc more than it has nodes
    last = first + np.diff(start)
    whole = np.empty((2, count))
    for direction, times in enumerate((seconds[arcs], _backward(graph, arcs, seconds))):
        passed = np.concatenate((np.zeros(1), np.cumsum(np.where(np.isinf(times), 0.0, times))))
        whole[direction] = passed[last + 1] - passed[first]
        to_node = passed[np.arange(len(chain_nodes)) + which + 1] - passed[first][which]
        rest = whole[direction][which] - to_node
        closed = np.isinf(times[first])
        whole[direction][closed] = to_node[closed[which]] = rest[closed[which]] = np.inf
        leave[direction, chain_nodes] = rest if direction == 0 else to_node
        enter[direction, chain_nodes] = to_node if direction == 0 else rest
    return leave, enter, whole


def _backward(graph: _Graph, arcs: NDArray[np.int64], seconds: Floats) -> Floats:
    """Return the seconds of the opposite arc of each arc along a chain, infinite on one-way streets."""
    keys = graph.tail.astype(np.int64) * graph.size + graph.head
    wanted = graph.head[arcs].astype(np.int64) * graph.size + graph.tail[arcs]
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, seconds[at], np.inf)


def _arcs(
    graph: _Graph, number: Ints, direct: NDArray[np.bool_], ends: Ints, whole: Mapping[str, Floats]
) -> tuple[Ints, Ints, dict[str, Floats], dict[str, Ints]]:
    """Return the arcs between junctions, the fastest of parallel ones in each mode."""
    heads, tails = ends
    tail = np.concatenate((number[graph.tail[direct]], tails, heads))
    head = np.concatenate((number[graph.head[direct]], heads, tails))
    chains = 2 * np.arange(len(tails), dtype=np.int32)
    via = np.concatenate((np.full(int(direct.sum()), -1, dtype=np.int32), chains, chains + 1))
    least: dict[str, Floats] = {}
    ways: dict[str, Ints] = {}
    first = np.empty(0, dtype=np.intp)
    for mode, values in graph.seconds.items():
        time = np.concatenate((values[direct], *whole[mode]))
        usable = np.flatnonzero((tail != head) & np.isfinite(time))
        order = usable[np.lexsort((via[usable], time[usable], head[usable], tail[usable]))]
        new = np.ones(len(order), dtype=np.bool_)
        new[1:] = (np.diff(tail[order]) != 0) | (np.diff(head[order]) != 0)
        first = order[new]
        least[mode], ways[mode] = time[first], via[first]
    return tail[first], head[first], least, ways
