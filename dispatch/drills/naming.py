"""What may be named in orders at a moment of an exercise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dispatch.drills.orders import Names

if TYPE_CHECKING:
    from dispatch.drills.drill import Drill
    from dispatch.engine.log import Log


def names_at(drill: Drill, log: Log, now: float) -> Names:
    """Return what may be named at an exercise time [s]: calls only once they have come in."""
    scenario, book = log.scenario, log.scenario.supplies
    come = np.flatnonzero(log.timeline.received <= drill.begins + now).tolist()
    return Names(
        units=log.fleet.ids,
        calls=[log.timeline.incident_id(call, scenario.kinds) for call in come],
        stations=[site.id for site in log.fleet.layout.sites],
        agreements=[terms.id for terms in scenario.agreements],
        items=() if book is None else tuple(book.number),
        depots=() if book is None else [depot.id for depot in book.depots.get(drill.file.layout, ())],
        nodes=scenario.network.node_ids,
        entries={line.id: len(line.entry.expects) for line in drill.lines},
    )
