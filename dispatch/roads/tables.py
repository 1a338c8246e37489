"""What is worked out once for a road network and its sites, and kept on disk: contraction and site tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dispatch.roads import cache as files
from dispatch.roads.contraction import Contraction, contract
from dispatch.roads.network_file import MODES
from dispatch.roads.search import Searcher, spread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from dispatch.roads.network import RoadNetwork

WORTHWHILE = 2000
"""Nodes below which computing takes no longer than reading."""

_Shapes = dict[str, tuple[tuple[int, ...], type[np.generic]]]


@dataclass(frozen=True, slots=True, eq=False)
class SiteTable:
    """Times of one site, to and from all N nodes."""

    outbound: NDArray[np.float64]
    """[N] emergency seconds from the site."""
    homebound: NDArray[np.float64]
    """[N] normal seconds to the site."""


class Shelf:
    """The cached contraction and site tables of one network; without a folder all is computed."""

    def __init__(self, network: RoadNetwork, folder: Path | None) -> None:
        worthwhile = folder is not None and len(network.node_ids) >= WORTHWHILE
        self.network = network
        self.folder = folder / "roads" if folder is not None and worthwhile else None
        arrays: list[NDArray[Any]] = [network.tail, network.head, *(network.seconds[mode] for mode in MODES)]
        self.key = files.key_of("travel", str(len(network.node_ids)), *arrays) if worthwhile else ""

    def contraction(self) -> Contraction:
        """Return the contraction of the network."""
        key = files.key_of("contraction", self.key)
        entry = files.load(self.folder, key)
        known = None if entry is None else _unpacked(entry, len(self.network.node_ids))
        if known is None:
            network = self.network
            known = contract(len(network.node_ids), network.tail, network.head, network.seconds)
            files.store(self.folder, key, _packed(known), {})
        return known

    def site_tables(self, graph: Contraction, sites: Sequence[int]) -> dict[int, SiteTable]:
        """Return the tables of sites by node."""
        ahead = Searcher(graph, "emergency", backward=False)
        back = Searcher(graph, "normal", backward=True)
        tables = {node: self._site_table(graph, node, ahead, back) for node in sites}
        files.prune(self.folder)
        return tables

    def _site_table(self, graph: Contraction, node: int, ahead: Searcher, back: Searcher) -> SiteTable:
        key = files.key_of("site", self.key, str(node))
        entry = files.load(self.folder, key)
        shapes: _Shapes = dict.fromkeys(("outbound", "homebound"), ((len(graph.chain),), np.float64))
        if entry is not None and entry.fits(shapes):
            return SiteTable(**entry.arrays)
        table: dict[str, NDArray[Any]] = {
            "outbound": spread(graph, "emergency", node, ahead.reach(node), backward=False),
            "homebound": spread(graph, "normal", node, back.reach(node), backward=True),
        }
        files.store(self.folder, key, table, {})
        for values in table.values():
            values.flags.writeable = False
        return SiteTable(**table)


_PLAIN = ("junctions", "chain", "order", "chain_nodes", "chain_start", "exit_to", "arc_tail", "arc_head")
_BY_MODE = ("exit_s", "entry_s", "arc_s", "arc_via")


def _packed(graph: Contraction) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {name: getattr(graph, name) for name in _PLAIN}
    return arrays | {f"{name} {mode}": getattr(graph, name)[mode] for name in _BY_MODE for mode in MODES}


def _unpacked(entry: files.Entry, size: int) -> Contraction | None:
    """Return a stored contraction of ``size`` nodes, or None where something is amiss with its shapes."""
    found = {name: len(entry.arrays.get(name, ())) for name in _PLAIN}
    arcs, pairs = (found["arc_tail"],), (2, size)
    shapes: _Shapes = {name: ((found[name],), np.int32) for name in _PLAIN}
    shapes |= dict.fromkeys(("chain", "order"), ((size,), np.int32))
    shapes |= {"exit_to": (pairs, np.int32), "arc_head": (arcs, np.int32)}
    for mode in MODES:
        shapes |= dict.fromkeys((f"exit_s {mode}", f"entry_s {mode}"), (pairs, np.float64))
        shapes |= {f"arc_s {mode}": (arcs, np.float64), f"arc_via {mode}": (arcs, np.int32)}
    if not entry.fits(shapes) or found["junctions"] + found["chain_nodes"] != size:
        return None
    fields: dict[str, Any] = {name: entry.arrays[name] for name in _PLAIN}
    fields |= {name: {mode: entry.arrays[f"{name} {mode}"] for mode in MODES} for name in _BY_MODE}
    return Contraction(**fields)
