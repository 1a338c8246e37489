"""Written places to nodes: ids, coordinates, zones, and the weights of demand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dispatch.errors import did_you_mean
from dispatch.roads.geometry import inside_polygon

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dispatch.errors import Problems
    from dispatch.io.yaml_source import YamlDocument
    from dispatch.model.base import Place
    from dispatch.model.incidents import PoissonStream, Zone
    from dispatch.roads.network import Network


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Finds nodes and zones by name or coordinates, noting what cannot be found."""

    network: Network
    zones: tuple[str, ...]
    zone_of: NDArray[np.int32]
    snap: float
    problems: Problems

    def node(self, place: Place, where: str) -> int | None:
        """Return the node of an id or a pair of coordinates; ``where`` is the text's position."""
        if not isinstance(place, str):
            return self._nearest(place, where)
        node = self.network.index.get(place)
        if node is None:
            self.problems.add(where, self._missing(place), self._remedy(place))
        return node

    def _missing(self, name: str) -> str:
        network = f"network '{self.network.name}'"
        if name in self.network.dropped:
            return f"node '{name}' lies in a part of {network} that was dropped as unreachable"
        return f"no node '{name}' in {network}"

    def _remedy(self, name: str) -> str:
        if name in self.network.dropped:
            return "Connect it in both directions, or choose another node."
        return did_you_mean(name, self.network.node_ids)

    def _nearest(self, point: tuple[float, float], where: str) -> int | None:
        if self.network.x is None:
            self.problems.add(where, "coordinates on a network without coordinates", "Give a node id.")
            return None
        if self.network.geographic and not (abs(point[0]) <= 180 and abs(point[1]) <= 90):
            fact = f"({point[0]:g}, {point[1]:g}) is not a longitude and a latitude"
            self.problems.add(where, fact, "Give degrees, longitude first.")
            return None
        nodes, metres = self.network.nearest(np.array([point[0]]), np.array([point[1]]))
        if metres[0] > self.snap:
            fact = f"({point[0]:g}, {point[1]:g}) lies {metres[0]:,.0f} m off the network"
            self.problems.add(
                where, fact, f"Check x before y (longitude first), or raise snap ({self.snap:g} m)."
            )
            return None
        return int(nodes[0])

    def is_zone(self, name: str) -> bool:
        """Whether a zone or node name stands for a zone."""
        return name.startswith("zone:") or (name in self.zones and name not in self.network.index)

    def nodes(self, name: str, where: str) -> NDArray[np.intp]:
        """Return the nodes that a zone or node name stands for; ``zone:`` or ``node:`` in front decides."""
        kind, _, rest = name.partition(":")
        bare = rest if kind in ("zone", "node") and rest else name
        in_zone = bare in self.zones and kind != "node"
        as_node = bare in self.network.index and kind != "zone"
        if in_zone and as_node and bare == name:
            self.problems.add(
                where, f"'{name}' is a zone and a node", f"Write 'zone:{name}' or 'node:{name}'."
            )
        elif in_zone:
            return np.flatnonzero(self.zone_of == self.zones.index(bare))
        elif as_node:
            return np.array([self.network.index[bare]])
        elif bare in self.network.dropped and kind != "zone":
            self.problems.add(where, self._missing(bare), self._remedy(bare))
        else:
            known = [*self.zones, *self.network.index]
            self.problems.add(where, f"no zone or node '{name}'", did_you_mean(bare, known))
        return np.empty(0, dtype=np.intp)


def assign_zones(
    network: Network, zones: Mapping[str, Zone], document: YamlDocument, problems: Problems
) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Return zone names, sorted, and the zone of each node (−1 for none).

    The scenario's zones take their nodes away from the zones of the network; of two zones of the scenario
    that claim a node the later name wins, which is noted as a problem for listed nodes.
    """
    label = list(network.zone)
    claimed: dict[int, str] = {}
    for name, zone in sorted(zones.items()):
        for node in _zone_nodes(network, name, zone, document, problems):
            if claimed.setdefault(node, name) != name:
                fact = f"node '{network.node_ids[node]}' is also in zone '{claimed[node]}'"
                problems.add(document.place("zones", name), fact, "Let zones not overlap.")
            label[node] = name
    names = tuple(sorted({text for text in label if text} | set(zones)))
    number = {name: i for i, name in enumerate(names)}
    return names, np.array([number.get(text, -1) for text in label], dtype=np.int32)


def _zone_nodes(
    network: Network, name: str, zone: Zone, document: YamlDocument, problems: Problems
) -> list[int]:
    found: set[int] = set()
    for i, node_id in enumerate(zone.nodes):
        if node_id in network.index:
            found.add(network.index[node_id])
        elif node_id not in network.dropped:
            remedy = did_you_mean(node_id, network.node_ids)
            problems.add(document.place("zones", name, "nodes", i), f"no node '{node_id}'", remedy)
    if zone.polygon:
        if network.x is None or network.y is None:
            problems.add(
                document.place("zones", name, "polygon"), "the network has no coordinates", "List nodes."
            )
        else:
            inside = inside_polygon(np.array(zone.polygon), network.x, network.y)
            found.update(np.flatnonzero(inside).tolist())
    if not found:
        problems.add(
            document.place("zones", name), "no node of the network lies in the zone", "Check its corners."
        )
    return sorted(found)


def demand_weights(
    gazetteer: Gazetteer, kind: str, stream: PoissonStream, document: YamlDocument
) -> NDArray[np.float64]:
    """Return the share of a stream's calls at each node [N], summing to 1."""
    network, problems = gazetteer.network, gazetteer.problems
    size = len(network.node_ids)
    share = np.ones(size)
    if stream.spread is not None:
        column = network.columns.get(stream.spread)
        if column is None:
            where = document.place("demand", "poisson", kind, "spread")
            fact = f"network '{network.name}' has no numeric node column '{stream.spread}'"
            problems.add(where, fact, did_you_mean(stream.spread, network.columns))
        else:
            share = np.nan_to_num(np.maximum(column, 0.0))
    weights = np.zeros(size)
    for name, weight in (stream.places or {"": 1.0}).items():
        where = document.place("demand", "poisson", kind, "places", name)
        nodes = gazetteer.nodes(name, where) if name else np.arange(size)
        total = share[nodes].sum()
        if total > 0:
            weights[nodes] += weight * share[nodes] / total
        elif len(nodes) and weight > 0:
            problems.add(
                where, f"'{stream.spread}' is zero everywhere in '{name}'", "Spread by another column."
            )
    if weights.sum() <= 0:
        where = document.place("demand", "poisson", kind, "places")
        problems.add(where, "all weights are zero", "Give at least one place a weight above zero.")
        return np.asarray(share / max(share.sum(), 1.0))
    return np.asarray(weights / weights.sum())
