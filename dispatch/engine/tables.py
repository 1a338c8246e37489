"""A log as tables with names: what run folders and golden logs hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dispatch.engine.rulebook import Ending
from dispatch.scenario.layout import AID_NAME

if TYPE_CHECKING:
    from dispatch.engine.log import Columns, Log


def incident_table(log: Log) -> Columns:
    """Return the calls as columns with names, moments in seconds from the start."""
    scenario, t, i = log.scenario, log.timeline, log.incidents
    zones = [*scenario.zones, ""]
    return {
        "incident": [*t.incident_ids(scenario.kinds)],
        "type": [scenario.kinds[kind].id for kind in t.kind],
        "zone": [zones[zone] for zone in scenario.zone_of[t.node]],
        "node": [scenario.network.node_ids[node] for node in t.node],
        "priority": t.priority,
        "measured": t.received >= scenario.file.warm_up,
        "received": t.received,
        "ready": t.ready,
        "dispatched": i.dispatched,
        "first_on_scene": i.first_on_scene,
        "erf_complete": i.erf,
        "closed": i.closed,
        "units_needed": i.needed,
        "units_arrived": i.arrived,
        "status": i.status(),
        **_levels(log),
    }


def _levels(log: Log) -> Columns:
    """Return what there is to tell of alarm levels and plans; nothing where a scenario has none."""
    scenario, t = log.scenario, log.timeline
    columns: Columns = {}
    if scenario.plans is not None:
        called = zip(t.kind.tolist(), t.node.tolist(), t.level.tolist(), t.received.tolist(), strict=True)
        columns["plan"] = [
            scenario.plans.card(kind, node, level, moment).plan if level else ""
            for kind, node, level, moment in called
        ]
    if scenario.alarms is not None or scenario.plans is not None:
        columns |= {"first_level": t.level, "highest_level": log.level}
    if scenario.alarms is not None:
        columns |= {"severity": t.severity, "under_control": log.incidents.under_control}
    return columns


def response_table(log: Log) -> Columns:
    """Return the unit responses as columns with names, moments in seconds from the start."""
    r, t, fleet = log.responses, log.timeline, log.fleet
    names = [*fleet.ids, AID_NAME]
    stations = [*(fleet.layout.sites[site].id for site in fleet.site), ""]
    return {
        "incident": [t.incident_id(call, log.scenario.kinds) for call in r.incident],
        "unit": [names[unit] for unit in r.unit],
        "station": [stations[unit] for unit in r.unit],
        "capability": [log.scenario.capabilities[c] for c in t.capability[r.slot]],
        "alerted": r.alerted,
        "en_route": r.en_route,
        "on_scene": r.on_scene,
        "clear": r.clear,
        "at_hospital": r.at_hospital,
        "returning": r.returning,
        "available": r.available,
        "in_quarters": r.in_quarters,
        "ending": [Ending(e).name.lower() for e in r.ending.tolist()],
        "from_road": r.from_road == 1,
    }


def unit_table(log: Log) -> Columns:
    """Return the units of the layout with their number of responses and busy seconds."""
    fleet, r = log.fleet, log.responses
    own = r.unit >= 0
    busy = np.zeros(len(fleet))
    # a unit that closed roads keep from home to the end is never available again
    until = np.where(np.isnan(r.available), np.fmax(log.scenario.file.horizon, r.alerted), r.available)
    np.add.at(busy, r.unit[own], (until - r.alerted)[own])
    order = np.argsort(np.array(fleet.ids), kind="stable")
    return {
        "unit": [fleet.ids[u] for u in order],
        "type": [fleet.types[u] for u in order],
        "station": [fleet.layout.sites[fleet.site[u]].id for u in order],
        "node": [log.scenario.network.node_ids[fleet.home[u]] for u in order],
        "responses": np.bincount(r.unit[own], minlength=len(fleet))[order],
        "busy_seconds": busy[order],
    }


def move_table(log: Log) -> Columns:
    """Return the moves to other stations and back as columns with names, moments in seconds."""
    sites, moves = [*(site.id for site in log.fleet.layout.sites), ""], log.move_ups
    return {
        "unit": [log.fleet.ids[each.unit] for each in moves],
        "from_station": [sites[each.origin] for each in moves],
        "to_station": [sites[each.site] for each in moves],
        "left": [each.left for each in moves],
        "arrives": [each.arrives for each in moves],
        "reason": [each.reason for each in moves],
    }
