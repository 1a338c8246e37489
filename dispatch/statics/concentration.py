"""Concentration: how many stations are near to a call, all units in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dispatch.engine.board import MARGIN
from dispatch.statics.reach import Tables

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dispatch.statics.reach import Reach

    Floats = NDArray[np.float64]


def concentration(reach: Reach, limit: float) -> Floats:
    """Return the share of the demand with exactly k stations within a travel time [s], by k [S + 1].

    A station counts for a call when one of its units with a capability on the run card of the call's type
    is there within the limit. NaN without demand.
    """
    scenario = reach.scenario
    shares = np.zeros(len(reach.layout.sites) + 1)
    for by_kind, fleet in reach.hours:
        tables = Tables(fleet)
        for kind, demand in zip(scenario.kinds, by_kind, strict=True):
            near: dict[int, NDArray[np.bool_]] = {}
            named = {scenario.capabilities[slot] for slot in kind.slots}
            for unit in reach.able(named):
                there = tables.outbound(unit) <= limit + MARGIN
                site = fleet.site[unit]
                near[site] = near[site] | there if site in near else there
            count = np.zeros(len(demand), dtype=np.int64)
            for there in near.values():
                count += there
            shares += np.bincount(count, weights=demand, minlength=len(shares))
    whole = shares.sum()
    return np.asarray(shares / whole) if whole > 0.0 else np.full(len(shares), np.nan)
