"""Injects of every kind that fit a scenario, drawn: what somebody may still do to it at a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.properties.drawing import often

if TYPE_CHECKING:
    from dispatch import Scenario
    from dispatch.engine.log import Log

Json = dict[str, Any]


@st.composite
def injects(draw: st.DrawFn, scenario: Scenario, log: Log, moment: float) -> Json:
    """Draw an inject at a moment; it may be one that the scenario refuses."""
    made = {**_calls(draw, scenario), **_commands(draw, scenario, log), **_failures(draw, scenario)}
    does = draw(st.sampled_from(sorted(made)))
    return {"at": moment, does: made[does]}


def _calls(draw: st.DrawFn, scenario: Scenario) -> Json:
    """Draw calls, surges, weather and words."""
    kind = draw(st.sampled_from(sorted(scenario.file.incident_types)))
    call: Json = {"type": kind, "node": draw(st.sampled_from(scenario.network.node_ids))}
    if often(draw, 3):
        call["priority"] = draw(st.integers(1, 4))
    if scenario.file.incident_types[kind].alarm is not None and often(draw):
        call["level"] = draw(st.integers(1, 3))
    made: Json = {"incident": call, "message": {"text": "好 well"}}
    made["weather"] = {"speed_factor": 0.5} | ({"uplift": True} if often(draw) else {})
    made["weather"] |= {"for": 600} if often(draw) else {}
    if scenario.streams:
        made["surge"] = {"factor": draw(st.sampled_from([0.5, 3])), "for": 1800}
    return made


def _commands(draw: st.DrawFn, scenario: Scenario, log: Log) -> Json:
    """Draw orders of every kind, for calls that come and units that there are."""
    units = [unit for unit, _ in scenario.layouts["baseline"].units]
    unit, node = draw(st.sampled_from(units)), draw(st.sampled_from(scenario.network.node_ids))
    made: Json = {"recall": {"unit": unit, "replace": often(draw)}}
    stations = [site.id for site in scenario.layouts["baseline"].sites]
    calls = log.timeline.incident_ids(scenario.kinds)
    if not calls or often(draw, 3):
        made["order"] = {"unit": unit, "station": draw(st.sampled_from(stations))}
    if not calls:
        return made
    call = draw(st.sampled_from(calls))
    made.setdefault("order", {"unit": unit, "incident": call})
    made["stage"] = {"unit": unit, "incident": call, "node": node}
    made["level"] = {"incident": call, "level": draw(st.integers(2, 4))}
    if scenario.agreements:
        agreement = draw(st.sampled_from([each.id for each in scenario.agreements]))
        made["ask"] = {"agreement": agreement, "incident": call, "units": draw(st.integers(1, 3))}
    if scenario.supplies is not None and (depots := scenario.supplies.depots["baseline"]):
        depot = draw(st.sampled_from(depots))
        item = scenario.supplies.items[draw(st.sampled_from(sorted(depot.stock) or [0]))]
        made["supply"] = {
            "incident": call,
            "item": item.id,
            "amount": f"{draw(st.integers(1, 5))} {item.unit}",
        }
        made["supply"] |= {"depot": depot.id} if often(draw) else {}
    return made


def _failures(draw: st.DrawFn, scenario: Scenario) -> Json:
    """Draw what fails, and roads and hospitals that close."""
    site = draw(st.sampled_from(scenario.layouts["baseline"].sites)).id
    unit = draw(st.sampled_from([unit for unit, _ in scenario.layouts["baseline"].units]))
    outage: Json = draw(
        st.sampled_from(
            [{"unit": unit}, {"station": site}, {"comms": True, "slower_by": 60}, {"hydrants": ""}]
        )
    )
    if "hydrants" in outage:
        outage = {"hydrants": draw(st.sampled_from(scenario.network.node_ids))}
    made: Json = {"outage": outage | ({"for": 900} if often(draw) else {})}
    begun = sorted(name for name, each in scenario.file.closures.items() if each.begins is not None)
    if begun:
        name = draw(st.sampled_from(begun))
        made |= {"close": name, "reopen": name}
    if scenario.file.hospitals:
        made["divert"] = {"hospital": draw(st.sampled_from(sorted(scenario.file.hospitals))), "for": 1200}
    return made
