"""Road networks under other conditions: other speeds, closed arcs, on foot. The nodes stay the same."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.roads.cache import key_of
from dispatch.roads.network import MODES, TICK, RoadNetwork

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]

LONGEST = 1e9
"""Seconds that no single arc takes: a slower one counts as so slow."""


def rounded(seconds: Floats) -> Floats:
    """Return travel seconds as whole multiples of a tick, one at least; infinite ones stay so."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isinf(seconds), seconds, np.maximum(np.round(seconds / TICK), 1.0) * TICK)


def with_seconds(network: RoadNetwork, seconds: Mapping[str, Floats], open_arcs: Mask) -> RoadNetwork:
    """Return the network with other seconds by mode [A] on its arcs, and only the open ones [A] of them.

    Nodes may become unreachable. The same network is returned where nothing changes.
    """
    new = {mode: rounded(np.minimum(seconds[mode], LONGEST)) for mode in MODES}
    if open_arcs.all() and all(np.array_equal(new[mode], network.seconds[mode]) for mode in MODES):
        return network
    kept = np.flatnonzero(open_arcs)
    times = {mode: values[kept] for mode, values in new.items()}
    return _variant(network, kept, network.tail[kept], network.head[kept], times)


def on_foot(network: RoadNetwork, speed: float) -> RoadNetwork:
    """Return the network for walkers at a speed in m/s: every arc both ways, in both modes alike."""
    arcs = np.tile(np.arange(len(network.tail)), 2)
    back = np.arange(len(arcs)) >= len(network.tail)
    tail = np.where(back, network.head[arcs], network.tail[arcs])
    head = np.where(back, network.tail[arcs], network.head[arcs])
    order = np.lexsort((arcs, head, tail))
    seconds = rounded(network.length_m[arcs[order]] / speed)
    return _variant(network, arcs[order], tail[order], head[order], dict.fromkeys(MODES, seconds))


def _variant(
    network: RoadNetwork,
    arcs: NDArray[np.intp],
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    seconds: dict[str, Floats],
) -> RoadNetwork:
    """Return the network with chosen arcs, ordered by tail; trees of ways share one limit of memory."""
    by_arc: dict[str, Any] = {"tail": tail, "head": head}
    by_arc |= {name: getattr(network, name)[arcs] for name in ("length_m", "facility", "link")}
    for values in (*by_arc.values(), *seconds.values()):
        values.flags.writeable = False
    at = arcs.tolist()
    by_arc["link_ids"] = tuple(network.link_ids[i] for i in at)
    by_arc["geometry"] = tuple(network.geometry[i] for i in at) if network.geometry else ()
    trees: OrderedDict[Any, Any] = network.once("trees", OrderedDict)
    shared = {"trees": trees, "index": network.index}
    # which arcs, too: of two equal ones side by side, either may be the one that is left
    digest = key_of(network.digest, arcs.astype(np.int64), tail, head, *(seconds[mode] for mode in MODES))
    return replace(network, **by_arc, seconds=seconds, digest=digest, facts={}, _lazy=shared)
