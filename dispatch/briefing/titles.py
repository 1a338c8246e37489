"""What measures, intervals, filters and owners are called."""

from __future__ import annotations

from dispatch.briefing.contents import Said

HEADLINE_TITLES = {
    "incidents.n": Said("calls"),
    "total.first.mean": Said("first unit, from call: mean"),
    "total.first.p90": Said("first unit, from call: 90 %"),
    "response.first.mean": Said("first unit, from alert: mean"),
    "response.first.p90": Said("first unit, from alert: 90 %"),
    "response.first.within_300s": Said("first unit ≤ 5 min from alert"),
    "response.first.within_480s": Said("first unit ≤ 8 min from alert"),
    "total.erf.mean": Said("whole first alarm, from call: mean"),
    "total.erf.p90": Said("whole first alarm, from call: 90 %"),
    "queue.mean": Said("wait for a free unit: mean"),
    "workload.max": Said("workload of the busiest unit"),
    "reliability.first_due": Said("answered by first-due station"),
    "coverage.static.within_300s": Said("demand ≤ 5 min of travel"),
}
"""Headline measures in words."""

SUPPLY_TITLES = {
    "supply.first_truck.mean": Said("first truck of supplies: mean"),
    "supply.first_truck.median": Said("first truck of supplies: median"),
    "supply.first_truck.p90": Said("first truck of supplies: 90 %"),
    "supply.fill_rate": Said("share of what was needed that came"),
    "supply.unmet_hours": Said("need that waited, amount by time"),
    "supply.stockout_s": Said("time without stock"),
    "supply.shortfall": Said("need that never came"),
    "supply.delivered": Said("delivered"),
    "supply.truck_km": Said("driven by trucks"),
    "supply.trips.n": Said("trips of trucks"),
    "supply.cost": Said("cost of trips, as the scenario states it"),
    "supply.days_of_cover": Said("days for which stock lasts"),
    "supply.depot_utilisation": Said("use of trucks"),
}
"""Measures of supplies in words."""

SINGLE_TITLES = {
    "incidents.queued": Said("calls that waited for a free unit"),
    "incidents.lost": Said("calls given up because nobody was free"),
    "incidents.unserved": Said("calls nobody reached"),
    "incidents.incomplete": Said("calls whose first alarm was never complete"),
    "responses.n": Said("responses of units"),
    "responses.cut_off": Said("units turned back by closed roads"),
    "responses.broken_down": Said("units that broke down on the way"),
    "reliefs.n": Said("reliefs"),
    "moveups.n": Said("moves to other stations"),
    "hand_overs.n": Said("calls handed over to a higher tier"),
    "mutual_aid.unit_hours": Said("hours of units from others"),
    "mutual_aid.cost": Said("cost of help from others, as the scenario states it"),
    "asks.n": Said("times others were asked for help"),
    "queue.n": Said("calls in the queue measures"),
    "queue.p90": Said("wait for a free unit: 90 %"),
    "queue.max": Said("wait for a free unit: longest"),
    "availability": Said("time for which units can be sent"),
    "workload.mean": Said("workload, mean of all units"),
    "concurrency.mean": Said("calls open at once: mean"),
    "concurrency.max": Said("calls open at once: most"),
    "coverage.residual.min": Said("least demand covered by units that were free"),
    "hospital.n": Said("patients taken to hospital"),
    "hospital.wait.mean": Said("wait at hospital: mean"),
    "hospital.travel.mean": Said("travel to hospital: mean"),
    "raises.n": Said("alarms raised"),
    "control.mean": Said("until under control: mean"),
    "control.never": Said("calls never under control"),
    "control.by_deadline": Said("under control by the deadline"),
    "staging.wait.mean": Said("wait in staging: mean"),
    "fire.at_first_water.mean": Said("fire at first water, by formula: mean"),
    "fire.at_first_water.p90": Said("fire at first water, by formula: 90 %"),
    "loss.expected": Said("expected loss, by formula"),
    "rule15.share": Said("water within 15 min of ignition, by formula"),
    "survivors.expected": Said("survivors, by formula"),
}
"""Other measures in words."""

WHO = {
    "first": Said("first unit"),
    "second": Said("second unit"),
    "third": Said("third unit"),
    "fourth": Said("fourth unit"),
    "erf": Said("whole first alarm"),
}
"""Orders of arrival in words."""

CLOCKS = {
    "processing": Said("call to alert"),
    "turnout": Said("turnout"),
    "travel": Said("travel"),
    "response": Said("alert to arrival"),
    "total": Said("call to arrival"),
}
"""Intervals in words."""

OWNERS = {
    "state": Said("state"),
    "government": Said("local government"),
    "enterprise": Said("enterprise"),
    "volunteer": Said("volunteers"),
    "mutual_aid": Said("neighbours"),
}
"""Who keeps a station, in words."""

PUBLIC = ("state", "government")
"""Who keeps stations to which limits on jurisdictions apply."""

WEEKDAYS = (
    Said("Monday"),
    Said("Tuesday"),
    Said("Wednesday"),
    Said("Thursday"),
    Said("Friday"),
    Said("Saturday"),
    Said("Sunday"),
)
"""Days of the week in words."""

ALL_TITLES = {**HEADLINE_TITLES, **SUPPLY_TITLES, **SINGLE_TITLES}
"""All measures that have words of their own."""
