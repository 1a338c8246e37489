"""The roads as they are at a moment: speeds of the hour, and closures in force."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import islice
from math import inf, nextafter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dispatch.roads.cache import key_of
from dispatch.roads.network import MODES, MatrixNetwork, RoadNetwork
from dispatch.roads.variants import with_seconds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.roads.network import Network

HOUR = 3600.0
HOURS = 168


KEPT_BYTES = 1536 * 1024**2
"""Memory for networks under other conditions than the ordinary ones."""

BYTES_AN_ARC = 300
"""Measured memory of a variant with its contraction and searchers, for each arc."""


def forget_oldest(known: dict[Any, Any], most: int) -> None:
    """Drop the oldest entries but the very first, which is that of the ordinary conditions."""
    while len(known) > most:
        del known[next(islice(known, 1, None))]


class Conditions(NamedTuple):
    """What the roads are like: the period of the week by number, and the closures in force by number."""

    period: int
    closures: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ClosedRoads:
    """A closure with its roads found."""

    id: str
    title: str
    arcs: NDArray[np.intp]
    """Arcs of the network that it holds for."""
    speed_factor: float
    """What their speeds are multiplied by; 0 where they are closed."""
    max_width: float
    """It holds for units wider than this, in metres; −1 for all."""

    def holds_for(self, width: float) -> bool:
        """Whether it holds for a unit of a width in metres."""
        return width > self.max_width


@dataclass(frozen=True, slots=True, eq=False)
class Speeds:
    """The speed set in use, over a network with C classes of roads."""

    name: str
    title: str
    source: str
    period_of: tuple[int, ...]
    """Period of each of the 168 hours of the week; periods of equal factors are one."""
    factors: dict[str, NDArray[np.float64]]
    """By mode: factor on speed [P, C]."""
    delay: dict[str, float]
    """By mode: seconds at each junction driven into."""
    start_up: float
    """Seconds v/a from standing to cruising speed; 0 for none."""

    @property
    def digest(self) -> str:
        """Hash of the factors, which may come from a file of their own."""
        arrays = [np.ascontiguousarray(self.factors[mode]) for mode in MODES]
        return key_of(repr((self.period_of, sorted(self.delay.items()), self.start_up)), *arrays)

    @property
    def varies(self) -> bool:
        """Whether speeds depend on the time of day."""
        return len(set(self.period_of)) > 1


@dataclass(frozen=True, slots=True, eq=False)
class RoadConditions:
    """All conditions that a scenario may meet, and the networks that go with them."""

    network: Network
    speeds: Speeds
    week_start: float
    """Seconds from Monday 00:00 to the scenario's start."""
    closures: tuple[ClosedRoads, ...]
    changes: tuple[tuple[float, tuple[int, ...]], ...]
    """Moments, in order, at which other closures are in force, and which."""
    _networks: dict[Conditions, Network] = field(default_factory=dict, repr=False)

    @property
    def ordinary(self) -> Conditions:
        """The period in which the scenario starts, without closures."""
        return Conditions(self._period(0.0))

    @property
    def constant(self) -> bool:
        """Whether nothing ever changes."""
        return not self.changes and not self.speeds.varies

    def describe(self) -> str:
        """Return what a reader of results should know about the speeds."""
        speeds = self.speeds
        if isinstance(self.network, MatrixNetwork):
            return "the network's matrix of travel times"
        parts = [speeds.title] if speeds.title else []
        if speeds.varies:
            parts.append(f"{len(set(speeds.period_of))} periods of the week")
        elif all((speeds.factors[mode] == 1.0).all() for mode in MODES):
            parts.append("the network's own speeds at all hours: free flow, which flatters every plan")
        if any(speeds.delay.values()):
            shown = ", ".join(f"{mode} {seconds:g} s" for mode, seconds in speeds.delay.items())
            parts.append(f"delay at junctions: {shown}")
        if speeds.start_up:
            parts.append(f"{speeds.start_up:g} s to cruising speed")
        return "; ".join(parts) or "factors on the network's speeds, at all hours"

    def extent(self, closure: ClosedRoads) -> dict[str, Any]:
        """Return how many links a closure holds for, their kilometres, and some of their ids."""
        assert isinstance(self.network, RoadNetwork)
        arcs = closure.arcs
        _, first = np.unique(self.network.link[arcs], return_index=True)
        ids = sorted(self.network.link_ids[arc] for arc in arcs[first].tolist())
        km = float(self.network.length_m[arcs[first]].sum()) / 1000
        return {"links": len(first), "km": round(km, 3), "such_as": ids[:5]}

    def at(self, time: float) -> Conditions:
        """Return the conditions at a moment in seconds from the start; a change counts from then on."""
        last = bisect_right(self.changes, time, key=lambda change: change[0]) - 1
        in_force = self.changes[last][1] if last >= 0 else ()
        return Conditions(self._period(time), in_force)

    def change_after(self, time: float) -> bool:
        """Whether a road is still to be closed or opened after a moment."""
        return bool(self.changes) and self.changes[-1][0] > time

    def next_period(self, time: float) -> float:
        """Return the first later moment at which another period begins; infinite where there is only one."""
        if not self.speeds.varies:
            return inf
        now = self._period(time)
        hour = int((self.week_start + time) // HOUR)
        while self.speeds.period_of[hour % HOURS] == now:
            hour += 1
        return max(hour * HOUR - self.week_start, nextafter(time, inf))

    def _period(self, time: float) -> int:
        return self.speeds.period_of[int((self.week_start + time) // HOUR) % HOURS]

    def roads(self, conditions: Conditions, width: float = 0.0) -> Network:
        """Return the network as it is under conditions for road vehicles of a width in metres."""
        holding = tuple(i for i in conditions.closures if self.closures[i].holds_for(width))
        key = Conditions(conditions.period, holding)
        known = self._networks.get(key)
        if known is None:
            known = self._networks[key] = self._varied(key)
            forget_oldest(self._networks, self.most_kept)
        return known

    @property
    def most_kept(self) -> int:
        """How many variants of the network are kept in memory; the oldest goes first."""
        arcs = len(self.network.tail) if isinstance(self.network, RoadNetwork) else 1
        return max(4, KEPT_BYTES // (BYTES_AN_ARC * max(arcs, 1)))

    def _varied(self, conditions: Conditions) -> Network:
        network, speeds = self.network, self.speeds
        if isinstance(network, MatrixNetwork):
            return network
        relative = np.ones(len(network.tail))
        for number in conditions.closures:
            closure = self.closures[number]
            relative[closure.arcs] = np.minimum(relative[closure.arcs], closure.speed_factor)
        passable = relative > 0.0
        relative[~passable] = 1.0
        entered = network.once("junctions", lambda: junctions(network))[network.head]
        seconds = {
            mode: network.seconds[mode]
            / (speeds.factors[mode][conditions.period][network.facility] * relative)
            + np.where(entered, speeds.delay[mode], 0.0)
            for mode in MODES
        }
        return with_seconds(network, seconds, passable)


def junctions(network: RoadNetwork) -> NDArray[np.bool_]:
    """Return which nodes have three or more neighbours, whatever the directions [N]."""
    size = len(network.node_ids)
    pairs = np.concatenate((network.tail.astype(np.int64) * size + network.head,
                            network.head.astype(np.int64) * size + network.tail))  # fmt: skip
    return np.bincount(np.unique(pairs) // size, minlength=size) >= 3
