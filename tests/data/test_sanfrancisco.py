"""Eight days of recorded San Francisco calls, replayed on the city's real roads.

The data lie outside the project; ``DISPATCH_DATA`` names their folder. Journeys at free-flow speeds take
about half of the recorded time, units stand in quarters in the model, and medics start from their depot: the
records are there to check the books and the direction of effects, not single calls.
"""

from __future__ import annotations

import csv
import json
import math
import os
import subprocess
import sys
from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import networkx as nx
import numpy as np
import pytest
from scipy.stats import spearmanr

import dispatch
from dispatch.engine.tables import incident_table, response_table
from dispatch.scenario.recorded import LUCK

from .sanfrancisco import (
    BUSY,
    DAYS,
    FAR,
    OUTSIDE,
    Conversion,
    Row,
    area_name,
    convert,
    data_folder,
    metres,
    station_name,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dispatch import Log, Scenario

pytestmark = pytest.mark.skipif(
    data_folder() is None,
    reason="DISPATCH_DATA names no folder; the recorded San Francisco calls are not part of the project",
)

MOMENTS = ("alerted", "en_route", "on_scene", "clear", "at_hospital", "available", "in_quarters")
LAYOUTS = ("baseline", "closed", "moved")
MEAN = "total.first.mean"


class Ride(NamedTuple):
    """One simulated response beside what its record gives."""

    row: dict[str, Any]
    given: dict[str, float]


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Conversion:
    """The converted data, in a folder of this run only."""
    source = data_folder()
    assert source is not None
    return convert(source, tmp_path_factory.mktemp("sf"))


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the network in a cache of this run only: no copy of the data outlives it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPATCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def scenario(real: Conversion) -> Scenario:
    return dispatch.load(real.scenario)


@pytest.fixture(scope="module")
def logs(scenario: Scenario) -> dict[str, Log]:
    return {layout: dispatch.simulate(scenario, layout, 0) for layout in LAYOUTS}


@pytest.fixture(scope="module")
def tables(real: Conversion) -> dict[str, list[Row]]:
    """The tables that ``dispatch run -o`` leaves behind for all 45 stations."""
    folder = real.scenario.parent / "run"
    document = json.loads(_cli("run", str(real.scenario), "-r", "1", "-o", str(folder), "--json"))
    assert document["measures"]["incidents.n"]["mean"] == len(real.received)
    return {name: _read(folder / f"{name}.csv") for name in ("incidents", "responses", "units")}


@pytest.fixture(scope="module")
def compared(real: Conversion) -> str:
    """What ``dispatch compare --json`` prints for the three layouts, in one process."""
    return _cli("compare", str(real.scenario), *LAYOUTS, "-r", "2", "--json")


def _cli(*arguments: str) -> str:
    """Run the command line as a user does, and return what it prints."""
    command = [sys.executable, "-m", "dispatch", *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    return done.stdout


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _number(text: str) -> float:
    return float(text) if text else math.nan


def _by_luck(given: dict[str, float]) -> tuple[float, ...]:
    return tuple(given.get(name, -1.0) for name in LUCK)


def _rides(log: Log, real: Conversion) -> list[Ride]:
    """Pair each simulated response with its record: slots stand by capability, then by their luck."""
    columns = response_table(log)
    plain = {name: v if isinstance(v, list) else v.tolist() for name, v in columns.items()}
    t = log.timeline
    result = []
    for i, slot in enumerate(log.responses.slot.tolist()):
        row = {name: values[i] for name, values in plain.items()}
        first = int(t.first_slot[log.responses.incident[i]])
        rank = int((t.capability[first:slot] == t.capability[slot]).sum())
        given = sorted(real.luck[str(row["incident"]), str(row["capability"])], key=_by_luck)
        result.append(Ride(row, given[rank]))
    return result


def test_nothing_is_lost_in_conversion(
    real: Conversion, scenario: Scenario, record_property: Callable[[str, object], None]
) -> None:
    """Every recorded call and response is in the scenario; what had to be decided is told."""
    told = [f"  {count:6,d}  {what}" for what, count in real.counts.items()]
    record_property("San Francisco, what conversion decided", "\n".join(told))
    recorded = scenario.recorded
    assert recorded is not None
    assert set(recorded.ids) == {r.call for r in real.responses}
    assert len(recorded.capability) == len(real.responses)
    assert all(0.0 <= seconds < DAYS * 86400 for seconds in real.received.values())
    assert dict(zip(recorded.ids, recorded.received.tolist(), strict=True)) == real.received
    assert scenario.notes == ()
    assert len(scenario.layouts["baseline"].sites) == len(real.stations) == 45
    assert dict(scenario.layouts["baseline"].units).keys() == real.homes.keys()


def test_places_are_at_the_nearest_node(
    real: Conversion, scenario: Scenario, record_property: Callable[[str, object], None]
) -> None:
    """Calls and stations stand at the nearest of all nodes, as looking at each one finds it (to 1 m)."""
    assert scenario.recorded is not None
    at = dict(zip(scenario.recorded.ids, scenario.recorded.node.tolist(), strict=True))
    at |= {site.id: site.node for site in scenario.layouts["baseline"].sites}
    place = dict(real.places) | {station_name(n): point for n, point in real.stations.items()}
    for what, ids in (("calls", real.places), ("stations", map(station_name, real.stations))):
        p50, p99, most = np.percentile([real.snaps[name] for name in ids], [50, 99, 100])
        told = f"  median {p50:.0f} m, 99 % {p99:.0f} m, most {most:.0f} m"
        record_property(f"San Francisco, {what} to the nearest node", told)
    for name, node in at.items():
        chosen = real.nodes[scenario.network.node_ids[node]]
        assert float(metres([place[name]], [chosen])[0, 0]) <= real.snaps[name] + 1.0


def test_every_call_is_in_the_books(real: Conversion, tables: dict[str, list[Row]]) -> None:
    """Statuses sum to the calls; each call's line follows from its responses, recomputed here."""
    sent: dict[str, list[Row]] = defaultdict(list)
    for row in tables["responses"]:
        sent[row["incident"]].append(row)
    calls = {row["incident"]: row for row in tables["incidents"]}
    statuses = Counter(row["status"] for row in tables["incidents"])
    assert set(statuses) <= {"served", "partial", "cancelled"}
    assert statuses.total() == len(calls) == len(tables["incidents"]) == len(real.received)
    assert calls.keys() == real.received.keys() == sent.keys()
    assert len(tables["responses"]) == len(real.responses)
    for name, call in calls.items():
        arrivals = sorted(float(row["on_scene"]) for row in sent[name] if row["on_scene"])
        assert int(call["units_needed"]) == len(sent[name])
        assert int(call["units_arrived"]) == len(arrivals)
        assert float(call["dispatched"]) == min(float(row["alerted"]) for row in sent[name])
        assert call["status"] == (
            "served" if len(arrivals) == len(sent[name]) else "partial" if arrivals else "cancelled"
        )
        assert [_number(call["first_on_scene"])] == pytest.approx(arrivals[:1] or [math.nan], nan_ok=True)
        closed = max(float(row["clear"] or row["available"]) for row in sent[name])
        assert float(call["closed"]) == closed


def test_calls_of_each_unit_add_up(tables: dict[str, list[Row]]) -> None:
    """The table of units counts the responses; outsiders come where no unit is able, or all are committed."""
    counted = Counter(row["unit"] for row in tables["responses"])
    for unit in tables["units"]:
        assert int(unit["responses"]) == counted.pop(unit["unit"], 0)
    assert set(counted) == {"mutual-aid"}
    aided = [
        row for row in tables["responses"] if row["unit"] == "mutual-aid" and row["capability"] != OUTSIDE
    ]
    assert len(aided) < 10
    for row in aided:
        alike = [other for other in tables["responses"] if other["capability"] == row["capability"]]
        able = {other["unit"] for other in alike} - {"mutual-aid"}
        at = float(row["alerted"])
        out = {o["unit"] for o in tables["responses"] if float(o["alerted"]) <= at < float(o["available"])}
        assert able <= out, row


def test_moments_of_every_response_are_in_order(real: Conversion, tables: dict[str, list[Row]]) -> None:
    """Nobody is alerted before the call is processed, and no moment lies before an earlier one."""
    ready = {row["incident"]: float(row["ready"]) for row in tables["incidents"]}
    for row in tables["responses"]:
        given = [float(row[name]) for name in MOMENTS if row[name]]
        assert given == sorted(given)
        assert given[0] >= ready[row["incident"]] >= real.received[row["incident"]]
        assert (row["ending"] == "served") == bool(row["on_scene"])


def test_no_unit_is_in_two_places(tables: dict[str, list[Row]]) -> None:
    """A unit is alerted only when available, and from the road exactly when it is not home yet."""
    by_unit: dict[str, list[Row]] = defaultdict(list)
    for row in tables["responses"]:
        if row["unit"] != "mutual-aid":
            by_unit[row["unit"]].append(row)
    for rows in by_unit.values():
        rows.sort(key=lambda row: float(row["alerted"]))
        assert rows[0]["from_road"] == "false"
        for before, after in pairwise(rows):
            alerted = float(after["alerted"])
            assert float(before["available"]) <= alerted
            assert (before["in_quarters"] == "") == (after["from_road"] == "true")
            assert not before["in_quarters"] or float(before["in_quarters"]) <= alerted
        assert rows[-1]["in_quarters"]


def test_recorded_luck_is_used_as_given(logs: dict[str, Log], real: Conversion) -> None:
    """Processing, turnout, time on scene, transport and hand-over of the log are those of the CSV."""
    checked: Counter[str] = Counter()
    for row, given in _rides(logs["baseline"], real):
        spans = [("on_scene", "on_scene", "clear"), ("transport", "clear", "at_hospital"),
                 ("hand_over", "at_hospital", "available")]  # fmt: skip
        if (
            row["unit"] != "mutual-aid" and not row["from_road"]
        ):  # outside units have a delay in place of a turnout
            spans.append(("turnout", "alerted", "en_route"))
        for name, begin, end in spans:
            seconds = row[end] - row[begin]
            if name in given and not math.isnan(seconds):
                assert seconds == pytest.approx(given[name], abs=1e-6), (row, given)
                checked[name] += 1
        if row["from_road"]:
            assert math.isnan(row["en_route"]) or row["en_route"] == row["alerted"]
    first_alert = {r.call: math.inf for r in real.responses}
    for r in real.responses:
        first_alert[r.call] = min(first_alert[r.call], r.at["dispatched"])
    timeline = logs["baseline"].timeline
    assert dict(zip(timeline.ids or (), timeline.ready.tolist(), strict=True)) == first_alert
    assert min(checked.values()) > 2000, checked


def test_cancelled_units_never_arrive_late(logs: dict[str, Log], real: Conversion) -> None:
    """A unit is called off at the recorded second, or was there before; only recorded ones are called off."""
    endings: Counter[str] = Counter()
    for row, given in _rides(logs["baseline"], real):
        if "cancelled" not in given:
            assert row["ending"] == "served"
            continue
        endings[row["ending"]] += 1
        assert row["available"] == pytest.approx(row["alerted"] + given["cancelled"], abs=1e-6)
        if row["ending"] == "cancelled":
            assert all(math.isnan(row[name]) for name in ("on_scene", "clear", "at_hospital"))
        else:
            assert row["on_scene"] <= row["alerted"] + given["cancelled"]
    assert min(endings["served"], endings["cancelled"]) > 500, endings


def _shortest(real: Conversion, sources: set[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return seconds from each source to every node, and from every node to each, by the raw link table."""
    roads: nx.DiGraph[str] = nx.DiGraph()
    for link in _read(real.scenario.parent / "networks" / "sf" / "link.csv"):
        ends = link["from_node_id"], link["to_node_id"]
        seconds = float(link["length"]) / (float(link["free_speed"]) / 3.6)
        roads.add_edge(
            *ends, seconds=min(seconds, roads.get_edge_data(*ends, {"seconds": math.inf})["seconds"])
        )
    there = {s: nx.single_source_dijkstra_path_length(roads, s, weight="seconds") for s in sources}
    back = roads.reverse()
    return there, {s: nx.single_source_dijkstra_path_length(back, s, weight="seconds") for s in sources}


def test_travel_is_the_shortest_way_of_the_link_table(logs: dict[str, Log], real: Conversion) -> None:
    """From quarters and back, to 1 ms, by another algorithm on the table as it was given.

    The same ways tell that every unit that was called off could not have been there before.
    """
    log = logs["baseline"]
    name = log.scenario.network.node_ids
    home = {site.id: name[site.node] for site in log.fleet.layout.sites}
    there, back = _shortest(real, set(home.values()))
    incidents = incident_table(log)
    node_of = dict(zip(incidents["incident"], incidents["node"], strict=True))
    checked: Counter[str] = Counter()
    for row, given in _rides(log, real):
        if row["unit"] == "mutual-aid" or row["from_road"]:
            continue
        way = there[home[row["station"]]][node_of[row["incident"]]]
        if row["ending"] == "served":
            checked["there"] += 1
            assert row["on_scene"] - row["en_route"] == pytest.approx(way, abs=1e-3)
        elif "turnout" in given:
            checked["called off"] += 1
            assert given["turnout"] + way > given["cancelled"] - 1e-3
        if "on_scene" in given and not math.isnan(row["in_quarters"]):
            checked["back"] += 1
            way = back[home[row["station"]]][node_of[row["incident"]]]
            assert row["in_quarters"] - row["available"] == pytest.approx(way, abs=1e-3)
    assert checked["there"] > 3000
    assert checked["back"] > 2000
    assert checked["called off"] > 200


def test_closed_station_hands_its_calls_to_neighbours(logs: dict[str, Log], real: Conversion) -> None:
    """Closed or moved 8 km away: its own area is served by the stations around, and by nobody else."""
    numbers = [n for n in real.stations if n != BUSY]
    away = metres([real.stations[BUSY]], [real.stations[n] for n in numbers])[0]
    around = {station_name(numbers[i]) for i in np.argsort(away)[:6]}
    incidents = incident_table(logs["baseline"])
    mine = {c for c, z in zip(incidents["incident"], incidents["zone"], strict=True) if z == area_name(BUSY)}
    served = {}
    for layout, log in logs.items():
        rows = [ride.row for ride in _rides(log, real)]
        served[layout] = Counter(
            row["station"] for row in rows if row["incident"] in mine and row["capability"] == "engine"
        )
    assert served["baseline"].most_common(1)[0][0] == station_name(BUSY)
    for layout in ("closed", "moved"):
        assert served[layout].total() == served["baseline"].total()
        assert served[layout][station_name(BUSY)] == 0
        assert sum(served[layout][s] for s in around) / served[layout].total() > 0.9
        assert all(served[layout][s] >= served["baseline"][s] for s in around)
    assert {r.row["station"] for r in _rides(logs["moved"], real)} >= {station_name(BUSY)}


def test_losing_the_busy_station_slows_its_own_area(compared: str) -> None:
    """Through the command line: later in the area and in the city, sooner where the station has gone."""
    document = json.loads(compared)
    own, far = area_name(BUSY), area_name(FAR)
    for layout in ("closed", "moved"):
        zones = document["zones"][f"{layout} - baseline"]
        # seen: 24 s in its own area and 3.5 s in the city; a tenth of all calls is in the area
        assert 10.0 < zones[own]["mean"] < 60.0
        assert max(zones, key=lambda zone: zones[zone]["mean"]) == own
        assert 1.0 < document["differences"][f"{layout} - baseline"][MEAN]["mean"] < 10.0
    moved, closed = document["zones"]["moved - baseline"], document["zones"]["closed - baseline"]
    assert closed[far]["mean"] == 0.0
    assert moved[far]["mean"] < -1.0
    assert (
        document["differences"]["moved - baseline"][MEAN]["mean"]
        <= (document["differences"]["closed - baseline"][MEAN]["mean"])
    )


def test_replications_meet_the_same_calls_with_other_drawn_luck(scenario: Scenario) -> None:
    one, other = dispatch.draw(scenario, 0), dispatch.draw(scenario, 1)
    for name in ("received", "ready", "kind", "node", "priority", "capability", "cancelled"):
        assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True)
    assert not np.array_equal(one.turnout_share, other.turnout_share)
    given = ~np.isnan(one.turnout)
    assert np.array_equal(one.turnout[given], other.turnout[given])


def test_two_processes_give_the_bytes_of_one(real: Conversion, compared: str) -> None:
    assert _cli("compare", str(real.scenario), *LAYOUTS, "-r", "2", "-j", "2", "--json") == compared


def test_api_gives_the_numbers_of_the_command_line(scenario: Scenario, compared: str) -> None:
    document = json.loads(compared)
    study = dispatch.compare(scenario, LAYOUTS, 2)
    for layout in LAYOUTS:
        measures = document["layouts"][layout]["measures"]
        assert measures.keys() == set(study.measures)
        for name, value in measures.items():
            assert study.estimate(layout, name).mean == value["mean"]


class Arrival(NamedTuple):
    """The first unit on scene of a call, in seconds."""

    total: float
    """From the call received."""
    travel: float
    """From under way; NaN where that is not known."""


def _recorded_first(real: Conversion, capability: str) -> dict[str, Arrival]:
    """Return the first recorded arrival of an own unit by call."""
    result: dict[str, Arrival] = {}
    for r in real.responses:
        wanted = r.capability == capability or (capability == "any own unit" and r.capability != OUTSIDE)
        total = r.seconds("received", "on_scene")
        if wanted and not math.isnan(total) and (r.call not in result or total < result[r.call].total):
            result[r.call] = Arrival(total, r.seconds("en_route", "on_scene"))
    return result


def _simulated_first(log: Log, real: Conversion, capability: str) -> dict[str, Arrival]:
    """Return the first simulated arrival of an own unit by call."""
    result: dict[str, Arrival] = {}
    for row, _ in _rides(log, real):
        own = capability == "any own unit" and row["capability"] != OUTSIDE
        total = row["on_scene"] - real.received[row["incident"]]
        known = result.get(row["incident"])
        earlier = total < (known.total if known else math.inf)  # never so where there is no arrival
        if (own or row["capability"] == capability) and earlier:
            result[row["incident"]] = Arrival(total, row["on_scene"] - row["en_route"])
    return result


def _table(what: str, recorded: list[float], simulated: list[float]) -> tuple[list[str], float]:
    """Return the lines that set two distributions side by side, and the ratio of their medians."""
    levels = (10, 25, 50, 75, 90, 95)
    rows: dict[str, tuple[float, float]] = {
        f"p{level}": (np.percentile(recorded, level), np.percentile(simulated, level)) for level in levels
    }
    rows["mean"] = (float(np.mean(recorded)), float(np.mean(simulated)))
    lines = [f"{what}, n = {len(recorded)}", f"{'':>6} {'recorded s':>11} {'simulated s':>11} {'ratio':>6}"]
    lines += [f"{name:>6} {a:11.0f} {b:11.0f} {b / a:6.2f}" for name, (a, b) in rows.items()]
    return lines, float(rows["p50"][1] / rows["p50"][0])


def _set_side_by_side(log: Log, real: Conversion, who: str) -> tuple[list[str], tuple[float, float, float]]:
    """Return a table, and the ratios of median total time and travel and the rank correlation of travel.

    Over the calls that such a unit reached both in life and in the model.
    """
    recorded, simulated = _recorded_first(real, who), _simulated_first(log, real, who)
    pairs = [(recorded[call], simulated[call]) for call in sorted(recorded.keys() & simulated.keys())]
    lines, total = _table(
        f"{who}: call received to first on scene", [a.total for a, _ in pairs], [b.total for _, b in pairs]
    )
    # a journey recorded as shorter than nothing, or without a beginning, has no length to compare
    known = [(a.travel, b.travel) for a, b in pairs if a.travel >= 0.0]
    more, travel = _table(f"{who}: travel of the first", [a for a, _ in known], [b for _, b in known])
    rank = float(spearmanr([a for a, _ in known], [b for _, b in known]).statistic)
    tail = f"  rank correlation of travel: {rank:.2f}; {len(pairs) - len(known)} calls left out"
    return [*lines, *more, tail, ""], (total, travel, rank)


def test_first_arrivals_against_the_record(
    logs: dict[str, Log],
    real: Conversion,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """Loose sanity over the calls that an own unit reached both in life and in the model.

    Seen: medians of total time 0.75, of travel 0.53 of the recorded ones; rank correlation of travel 0.47
    (any own unit) and 0.25 (engines: a dense net of stations leaves short ways only); with 2,300 to 3,200
    calls its standard error is about 0.02. Medics, 0.08, roam in life and come from the depot here: no bound.
    The model must be too fast, but not three times too fast.
    """
    text: list[str] = []
    found: dict[str, tuple[float, float, float]] = {}
    for who in ("any own unit", "engine", "truck", "medic"):
        lines, found[who] = _set_side_by_side(logs["baseline"], real, who)
        text += lines
    (tmp_path / "first-arrivals.txt").write_text("\n".join(text), encoding="utf-8")
    record_property("San Francisco, simulated against recorded first arrivals", "\n".join(text))
    for total, travel, _ in found.values():
        assert 1 / 3 < total < 1.0
        assert 1 / 3 < travel < 1.0
    assert found["any own unit"][2] > 0.35
    assert found["engine"][2] > 0.2
