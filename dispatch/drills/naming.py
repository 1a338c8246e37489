"""What may be named in orders: what an exercise has from the start, and the calls that have come in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dispatch.drills.orders import Names

if TYPE_CHECKING:
    from dispatch.drills.drill import Drill
    from dispatch.engine.log import Log


def names_of(drill: Drill) -> Names:
    """Return what may be named in an exercise at any time; any name may be that of a call to come."""
    scenario, book = drill.base, drill.base.supplies
    layout = scenario.layouts[drill.file.layout]
    return Names(
        units=[name for name, _ in layout.units],
        calls=None,
        stations=[site.id for site in layout.sites],
        agreements=[terms.id for terms in scenario.agreements],
        items=() if book is None else tuple(book.number),
        depots=() if book is None else [depot.id for depot in book.depots.get(drill.file.layout, ())],
        nodes=scenario.network.node_ids,
        entries={line.id: len(line.entry.expects) for line in drill.lines},
        secret=drill.file.unscripted,
    )


def names_at(drill: Drill, log: Log, now: float) -> Names:
    """Return what may be named at an exercise time [s]: calls only once they have come in."""
    come = np.flatnonzero(log.timeline.received <= drill.begins + now).tolist()
    return replace(
        names_of(drill), calls=[log.timeline.incident_id(call, log.scenario.kinds) for call in come]
    )
