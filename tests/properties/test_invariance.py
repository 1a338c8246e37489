"""Laws of what does not matter: order, names, the clock, the processes, layouts that change nothing."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from dataclasses import fields, replace
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import dispatch
from dispatch.errors import ScenarioError
from tests.properties.changing import new_names, renamed, reordered, shifted, spelt_out
from tests.properties.drawing import worlds
from tests.properties.readings import same_tables, table
from tests.properties.worlds import World, able, law, plan_of

if TYPE_CHECKING:
    from dispatch import Timeline

SEEDS = st.integers(0, 2**16)


def same_timelines(one: Timeline, other: Timeline) -> None:
    for field in fields(one):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if isinstance(mine, np.ndarray):
            np.testing.assert_array_equal(mine, theirs, err_msg=field.name)
        else:
            assert mine == theirs


@given(worlds(layouts=True), SEEDS)
@law(15)
def test_the_order_of_rows_and_keys_does_not_matter(world: World, seed: int) -> None:
    """Rows and columns of tables and keys of maps may stand in any order."""
    one, other = world.load(), reordered(world, Random(seed)).load()
    assert one.network.digest == other.network.digest
    for layout in world.layouts:
        assert table(dispatch.simulate(one, layout)) == table(dispatch.simulate(other, layout))


def renamed_back(rows: list[dict[str, object]], names: dict[str, dict[str, str]]) -> list[dict[str, object]]:
    """Return a table with the old names in place of the new ones."""
    old: dict[str, dict[object, str]] = {
        column: {new: name for name, new in names[kind].items()}
        for column, kind in (("node", "nodes"), ("unit", "units"), ("station", "stations"))
    }
    return [
        {column: old[column].get(value, value) if column in old else value for column, value in row.items()}
        for row in rows
    ]


@given(worlds(layouts=True), SEEDS)
@law(15)
def test_names_in_the_same_order_do_not_matter(world: World, seed: int) -> None:
    """Nodes, units, stations and layouts may be called anything."""
    names = new_names(world, Random(seed), in_order=True)
    one, other = world.load(), renamed(world, names).load()
    for layout in world.layouts:
        log = dispatch.simulate(other, names["layouts"].get(layout, layout))
        assert renamed_back(table(log), names) == table(dispatch.simulate(one, layout))


@given(worlds(layouts=True), SEEDS)
@law(15)
def test_names_in_another_order_do_not_matter(world: World, seed: int) -> None:
    """Names in another order change at most which of two twins (type and place alike) goes."""
    names = new_names(world, Random(seed), in_order=False)
    one, other = world.load(), renamed(world, names).load()
    kinds = {new: name for name, new in names["nodes"].items()}
    for layout in world.layouts:
        log = dispatch.simulate(other, names["layouts"].get(layout, layout))
        back = renamed_back(table(log, twins=True), names)
        for row in back:
            if " at " in str(row.get("unit")):
                kind, node = str(row["unit"]).split(" at ")
                row["unit"] = f"{kind} at {kinds.get(node, node)}"
        same_tables(back, table(dispatch.simulate(one, layout), twins=True))


@given(worlds(recorded=True, exact=True), st.integers(1, 10**6))
@law(15)
def test_shifting_the_calls_shifts_the_log(world: World, seconds: int) -> None:
    """The same calls so many seconds later give the same log so many seconds later."""
    same_tables(table(world.run()), table(shifted(world, seconds).run()), float(seconds))


@given(worlds(), st.integers(-60, 60))
@law(12)
def test_whole_weeks_do_not_matter(world: World, weeks: int) -> None:
    """Starting whole weeks earlier or later changes nothing, whatever the profile of the week."""
    start = np.datetime64(world.scenario["start"][:19]) + np.timedelta64(7 * weeks, "D")
    scenario = world.scenario | {"start": f"{start}{world.scenario['start'][19:]}"}
    assert table(world.run()) == table(replace(world, scenario=scenario).run())


@given(worlds(layouts=True))
@law(15)
def test_a_layout_is_what_its_variations_say(world: World) -> None:
    """A layout gives the log of the same plan written as a baseline, and leaves the calls untouched."""
    scenario = world.load()
    timeline = dispatch.draw(scenario, 1)
    for layout in world.layouts:
        alone = spelt_out(world, layout).load()
        same_timelines(timeline, dispatch.draw(alone, 1))
        assert table(dispatch.simulate(scenario, layout, timeline)) == table(
            dispatch.simulate(alone, "baseline", 1)
        )


def closable(world: World) -> list[str]:
    """Return stations without which the rest could still do what is needed."""
    found, queueing = [], world.rules["when_none_free"] == "queue"
    units = world.scenario["units"]
    for station in sorted(world.scenario["stations"]):
        rest = {name: unit for name, unit in units.items() if unit["station"] != station}
        if rest and (not queueing or able(world.scenario, rest) >= able(world.scenario, units)):
            found.append(station)
    return found


@given(worlds(), st.data())
@law(15)
def test_a_station_that_reopens_was_never_closed(world: World, data: st.DataObject) -> None:
    """Closing and reopening a station gives the identical log, and so does a layout that changes nothing."""
    stations = world.scenario["stations"]
    layouts: dict[str, Any] = {"nothing": {}}
    if closable(world):
        name = data.draw(st.sampled_from(closable(world)))
        layouts |= {"shut": {"close_stations": [name]}}
        layouts |= {"again": {"based_on": "shut", "reopen_stations": [name]}}
    at_home = {name: unit["station"] for name, unit in world.scenario["units"].items()}
    stay = {name: station["at"] for name, station in stations.items()}
    layouts["same"] = {"move_stations": stay, "move_units": at_home}
    scenario = replace(world, scenario=world.scenario | {"layouts": layouts}).load()
    before = table(world.run())
    for layout in layouts.keys() - {"shut"}:
        assert table(dispatch.simulate(scenario, layout)) == before, layout


@given(worlds())
@law(8)
def test_closing_and_reopening_at_once_is_refused_or_changes_nothing(world: World) -> None:
    """One variation that closes and reopens a station contradicts itself, unless it means nothing happens."""
    assume(closable(world))
    name = closable(world)[0]
    change = {"close_stations": [name], "reopen_stations": [name]}
    both = replace(world, scenario=world.scenario | {"layouts": {"both": change}})
    try:
        scenario = both.load()
    except ScenarioError:
        return
    assert dict(scenario.layouts["both"].units).keys() == plan_of(world.scenario, "baseline")["units"].keys()


PROGRAM = """
import hashlib, sys, dispatch
from tests.properties.readings import table
for path in sys.argv[1:]:
    scenario = dispatch.load(path)
    for layout in scenario.layouts:
        print(hashlib.sha256(repr(table(dispatch.simulate(scenario, layout))).encode()).hexdigest())
"""


@given(st.lists(worlds(layouts=True), min_size=6, max_size=6))
@law(2)
def test_the_hash_seed_does_not_matter(many: list[World]) -> None:
    """Processes with different PYTHONHASHSEED write the same logs."""
    outputs = []
    with pytest.MonkeyPatch.context() as patch:
        for seed in ("1", "2"):
            patch.setenv("PYTHONHASHSEED", seed)
            outputs.append(_logs_in_a_process(many))
    assert outputs[0] == outputs[1]
    assert len(outputs[0].split()) == sum(len(world.layouts) for world in many)


def _logs_in_a_process(many: list[World]) -> str:
    from contextlib import ExitStack

    with ExitStack() as stack:
        paths = [str(stack.enter_context(world.folder())) for world in many]
        command = [sys.executable, "-c", PROGRAM, *paths]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ))
    return done.stdout


@given(worlds(layouts=True))
@law(2)
def test_worker_processes_do_not_matter(world: World) -> None:
    """Two processes find what one finds, bit for bit, also for a seed given from outside."""
    with world.folder() as path:
        scenario = dispatch.load(path).with_seed(7)
        one = dispatch.compare(scenario, replications=3, tables=True)
        two = dispatch.compare(scenario, replications=3, tables=True, jobs=2)
    assert one.layouts == two.layouts
    for layout, values in one.values.items():
        for name, mine in values.items():
            assert mine.tobytes() == two.values[layout][name].tobytes(), name
    plain = [json.dumps(copy.deepcopy(_plain(study.tables))) for study in (one, two)]
    assert plain[0] == plain[1]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, np.ndarray | list):
        return [_plain(part) for part in value]
    return value.item() if isinstance(value, np.generic) else value
