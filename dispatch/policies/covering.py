"""Who goes, with an eye on who is left: seconds to arrive, and the cover that is lost by going."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dispatch.engine.reach import Reach
from dispatch.policies.assigning import candidates
from dispatch.policies.dispatching import Nearest, nearest_unit

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from dispatch.engine.fleet import Fleet
    from dispatch.engine.protocols import Need, StatusBoard
    from dispatch.model.moving_up import CoverageAware as Terms
    from dispatch.scenario.scenario import Scenario

    Floats = NDArray[np.float64]
    Mask = NDArray[np.bool_]
    Counts = NDArray[np.int64]


def expected_cover(weights: Floats, counts: Counts, busy: float) -> float:
    """Return the weight that is expected to find a unit free: the sum of w · (1 − pᵏ) over k units near it.

    Source: M. S. Daskin, A maximum expected covering location model: formulation, properties and heuristic
    solution, Transportation Science 17 (1983) 48–70. It holds for units that are busy independently of each
    other for the same share ``busy`` (p) of the time; where calls cluster it is too hopeful.
    """
    return float((weights * (1.0 - busy**counts)).sum())


def marginal_cover(weights: Floats, counts: Counts, near: Mask, busy: float) -> float:
    """Return what a unit adds to the expected cover: the sum of w · (1 − p) · pᵏ over what it is near to.

    ``counts`` are the other units (k) near each place. Source: as for :func:`expected_cover`.
    """
    return float((weights[near] * (1.0 - busy) * busy ** counts[near]).sum())


def calls_by_capability(scenario: Scenario) -> Floats:
    """Return expected calls per second that need a unit of each capability, without injects [C, N]."""
    demand = scenario.demand_by_node
    calls = np.zeros((len(scenario.capabilities), demand.shape[1]))
    for kind, of_kind in zip(scenario.kinds, demand, strict=True):
        calls[sorted(set(kind.slots))] += of_kind
    return calls


class Cover(Reach):
    """What units cover: places with demand within a travel time of where they stand.

    ``calls`` are expected calls by capability and node [C, N], ``within`` the travel time in seconds.
    """

    def __init__(self, calls: Floats, within: float, busy: float) -> None:
        super().__init__(np.flatnonzero(calls.sum(axis=0)), within)
        total = float(calls.sum())
        self.shares = calls[:, self.places] / total if total else calls[:, self.places]
        """Share of all calls, by the capability that they need [C, P]; a call that needs two counts twice."""
        self.busy = busy

    def reach(self, fleet: Fleet, nodes: Sequence[int]) -> Mask:
        """Return which places an ordinary vehicle reaches in time from some nodes [S, P]."""
        rows = [fleet.travel.outbound(node)[self.places] <= self.within for node in nodes]
        return np.array(rows, dtype=np.bool_).reshape(len(nodes), len(self.places))

    def counts(self, fleet: Fleet, units: Sequence[int], stands: Sequence[int]) -> Counts:
        """Return how many of some units are near each place, by capability [C, P]."""
        found = np.zeros(self.shares.shape, dtype=np.int64)
        for unit in units:
            found[sorted(fleet.capabilities[unit])] += self.near(fleet, unit, stands[unit])
        return found

    def loss(self, fleet: Fleet, unit: int, node: int, counts: Counts) -> float:
        """Return the share of calls that lose cover when a unit leaves a node; ``counts`` include it."""
        near = self.near(fleet, unit, node)
        return sum(
            marginal_cover(self.shares[able], counts[able] - 1, near, self.busy)
            for able in sorted(fleet.capabilities[unit])
        )


class Weighed(NamedTuple):
    """What sending one unit would cost; sorts by that, then by the seconds, then by the unit."""

    cost: float
    """Seconds and penalty."""
    seconds: float
    """Expected time until it gets there."""
    unit: int
    lost: float
    """Share of calls that lose cover."""
    penalty: float
    """What that counts for [s]."""


class CoverageAware(Nearest):
    """Send the unit for which the seconds to arrive and a penalty for the cover it takes away are least.

    The penalty is ``weight`` times the share of calls that lose cover (:meth:`Cover.loss`). A unit on its way
    to a station, its own or one that it moves up to, covers what it covers there; one that is under way to
    another call covers nothing, so that diverting it costs none; nor does one under an agreement. Of equals
    the sooner goes, then the lower number. Weighing the marginal cover of a unit in dispatching follows
    C. J. Jagtenberg, S. Bhulai and R. D. van der Mei, Dynamic ambulance dispatching: is the closest-idle
    policy always optimal?, Health Care Management Science 20 (2017) 517–531; their rule looks at a time limit
    only, where this one adds seconds.
    """

    name = "coverage_aware"

    def __init__(self, scenario: Scenario, terms: Terms) -> None:
        self._weight, self._from_priority = terms.weight, terms.from_priority
        self._cover = Cover(calls_by_capability(scenario), scenario.file.cover_within, terms.busy_fraction)

    def pick(self, need: Need, board: StatusBoard, taken: Collection[int]) -> int | None:
        """Return the unit for one need, or None."""
        if not self.weighs(need):
            return nearest_unit(need, board, taken)
        best = min(self.weigh(need, board, taken), default=None)
        return None if best is None else best.unit

    def weighs(self, need: Need) -> bool:
        """Whether cover counts for a need; else the nearest goes."""
        return need.priority >= self._from_priority

    def weigh(
        self, need: Need, board: StatusBoard, taken: Collection[int], *, every: bool = False
    ) -> list[Weighed]:
        """Return what each unit would cost that could go, the soonest first.

        Those that are farther than another costs are left out, unless ``every`` one is asked for.
        """
        fleet, cover = board.fleet, self._cover
        own = [idle and fleet.agreement[unit] < 0 for unit, idle in enumerate(board.idle)]
        free = [unit for unit, counts_as_cover in enumerate(own) if counts_as_cover and unit not in taken]
        counts = None
        found, least = list[Weighed](), inf
        for seconds, unit in sorted((seconds, unit) for unit, seconds in candidates(need, board, taken)):
            if seconds > least and not every:
                break  # cover lost only adds to it
            lost = 0.0
            if own[unit]:
                counts = cover.counts(fleet, free, board.base) if counts is None else counts
                lost = cover.loss(fleet, unit, board.base[unit], counts)
            penalty = self._weight * lost
            found.append(Weighed(seconds + penalty, seconds, unit, lost, penalty))
            least = min(least, seconds + penalty)
        return found
