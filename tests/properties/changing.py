"""Worlds written otherwise without meaning anything else: reordered, renamed, shifted, spelt out."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.properties.worlds import Rows, World, plan_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

Names = dict[str, dict[str, str]]
"""New names by old ones, by what they name: nodes, units, stations, layouts."""


def reordered(world: World, random: Random) -> World:
    """Return the same world with rows and columns of tables and keys of maps in another order."""
    return World(
        network=_shuffled_keys(world.network, random),
        nodes=_shuffled_rows(world.nodes, random),
        links=_shuffled_rows(world.links, random),
        wide=world.wide,
        scenario=_shuffled_keys(world.scenario, random),
        calls=_shuffled_rows(world.calls, random),
    )


def _shuffled_rows(rows: Rows, random: Random) -> Rows:
    if not rows:
        return rows
    columns = random.sample(list(rows[0]), len(rows[0]))
    return [{column: row[column] for column in columns} for row in random.sample(rows, len(rows))]


def _shuffled_keys(value: Any, random: Random) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: _shuffled_keys(value[key], random) for key in random.sample(list(value), len(value))}


def new_names(world: World, random: Random, *, in_order: bool) -> Names:
    """Return new names for everything, in the order of the old ones or in any."""
    plans = [plan_of(world.scenario, layout) for layout in world.layouts]
    old = {
        "nodes": world.places,
        "units": sorted({name for plan in plans for name in plan["units"]} | _listed(world)),
        "stations": sorted({name for plan in plans for name in plan["stations"]}),
        "layouts": world.layouts[1:],
    }
    names: Names = {}
    for letter, (kind, known) in zip("abcd", old.items(), strict=True):
        # places without coordinates are ordered by their ids, for want of anything else
        keep = in_order or (kind == "nodes" and not world.nodes)
        numbers = list(range(len(known))) if keep else random.sample(range(len(known)), len(known))
        names[kind] = {name: f"{letter}{n:02}" for name, n in zip(sorted(known), numbers, strict=True)}
    return names


def _listed(world: World) -> set[str]:
    return {unit for units in world.rules.get("first_due", {}).values() for unit in units}


def renamed(world: World, names: Names) -> World:
    """Return the world under new names."""
    node, unit, station = names["nodes"], names["units"], names["stations"]
    scenario = copy.deepcopy(world.scenario)

    def place(at: Any) -> Any:
        return node[at] if isinstance(at, str) else at

    def stations(found: dict[str, Any]) -> dict[str, Any]:
        return {station[name]: {**s, "at": place(s["at"])} for name, s in found.items()}

    def units(found: dict[str, Any]) -> dict[str, Any]:
        return {unit[name]: {**u, "station": station[u["station"]]} for name, u in found.items()}

    scenario["stations"], scenario["units"] = stations(scenario["stations"]), units(scenario["units"])
    write: dict[str, Callable[[Any], Any]] = {
        "based_on": lambda name: names["layouts"].get(name, name),
        "close_stations": lambda closed: [station[name] for name in closed],
        "reopen_stations": lambda opened: [station[name] for name in opened],
        "add_stations": stations,
        "move_stations": lambda moved: {station[name]: place(at) for name, at in moved.items()},
        "remove_units": lambda removed: [unit[name] for name in removed],
        "add_units": units,
        "move_units": lambda moved: {unit[name]: station[to] for name, to in moved.items()},
    }
    scenario["layouts"] = {
        names["layouts"][name]: {key: write[key](value) for key, value in change.items()}
        for name, change in scenario.get("layouts", {}).items()
    }
    _rename_rules(scenario, names)
    return replace(
        world,
        nodes=[row | {"node_id": node[row["node_id"]]} for row in world.nodes],
        links=[
            row | {end: node[row[end]] for end in ("from", "to", "from_node_id", "to_node_id") if end in row}
            for row in world.links
        ],
        scenario=scenario,
        calls=[row | {"node": node[row["node"]]} for row in world.calls],
    )


def _rename_rules(scenario: dict[str, Any], names: Names) -> None:
    node, rules = names["nodes"], scenario["dispatching"]
    if "at" in rules.get("mutual_aid", {}):
        rules["mutual_aid"]["at"] = node[rules["mutual_aid"]["at"]]
    if "first_due" in rules:
        rules["first_due"] = {
            node.get(place, place): [names["units"][name] for name in listed]
            for place, listed in rules["first_due"].items()
        }
    for stream in scenario["demand"].get("poisson", {}).values():
        if "places" in stream:
            stream["places"] = {node.get(name, name): weight for name, weight in stream["places"].items()}


def shifted(world: World, seconds: int) -> World:
    """Return the world with all recorded calls and the horizon so much later."""
    scenario = copy.deepcopy(world.scenario)
    hours = scenario["horizon"]
    horizon = 3600 * int(hours.split()[0]) if isinstance(hours, str) else hours
    scenario["horizon"] = horizon + seconds
    calls = [row | {"received": str(int(row["received"]) + seconds)} for row in world.calls]
    return replace(world, scenario=scenario, calls=calls)


def spelt_out(world: World, layout: str) -> World:
    """Return the world in which a layout is the baseline and there is no other."""
    scenario = copy.deepcopy(world.scenario)
    plan = plan_of(scenario, layout)
    scenario |= {"stations": plan["stations"], "units": plan["units"], "layouts": {}}
    rules = scenario["dispatching"]
    if "first_due" in rules:
        rules["first_due"] = {p: [u for u in o if u in plan["units"]] for p, o in rules["first_due"].items()}
    return replace(world, scenario=scenario)
