"""The recorded San Francisco calls as a network folder, a recorded-calls CSV and a scenario.

Nothing of the data lies in the project: files are converted into a folder of the test run. What the records
do not say, or say in a way that cannot be, is decided here, counted in ``Conversion.counts``, and printed.
"""

from __future__ import annotations

import csv
import json
import math
import os
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

Row = dict[str, str]
Point = tuple[float, float]

START = datetime.fromisoformat("2016-12-31T00:00:00-08:00")
DAYS = 8
DEPOT = 49
"""The ambulance depot: home of the numbered medic units, and nobody's first-due station."""
BUSY = 3
"""Station 3, Post Street: the second busiest area, downtown; the one that is closed or moved."""
FAR = 23
"""Station 23, on the ocean, 8 km away: the place that station 3 is moved to."""
MOMENTS = ("received", "entered", "dispatched", "en_route", "on_scene", "transport", "hospital", "available")
OUTSIDE = "outside"
"""Need for a unit without a known home; no unit of the scenario has this capability: mutual aid serves it."""
CAPABILITIES = {
    "ENGINE": "engine",
    "TRUCK": "truck",
    "MEDIC": "medic",
    "CHIEF": "chief",
    "RESCUE CAPTAIN": "rescue-captain",
    "RESCUE SQUAD": "rescue-squad",
}
"""By recorded unit type. The others (private ambulances, boats, airport, arson) name no home station."""


@dataclass(frozen=True, slots=True)
class Response:
    """One recorded unit response; moments in seconds from ``START``, NaN where there is none."""

    call: str
    unit: str
    row: Row
    at: dict[str, float]

    @property
    def capability(self) -> str:
        """What the call needed this unit for."""
        return CAPABILITIES.get(self.row["unit_type"], OUTSIDE)

    def seconds(self, begin: str, end: str) -> float:
        """Seconds between two moments, NaN where one is missing."""
        return self.at[end] - self.at[begin]

    @property
    def in_order(self) -> bool:
        """Whether no moment that is given lies before an earlier one."""
        known = [self.at[name] for name in MOMENTS if not math.isnan(self.at[name])]
        return all(a <= b for a, b in pairwise(known))


@dataclass(frozen=True, slots=True)
class Conversion:
    """Where the converted files are, and what became of the records."""

    scenario: Path
    responses: list[Response]
    luck: dict[tuple[str, str], list[dict[str, float]]]
    """Given seconds by (call, capability), in the order of the rows of the CSV."""
    received: dict[str, float]
    """Seconds from the start by call."""
    places: dict[str, Point]
    """Where each call was."""
    stations: dict[int, Point]
    nodes: dict[str, Point]
    homes: dict[str, int]
    """Station by unit."""
    counts: Counter[str]
    """What was decided how often."""
    snaps: dict[str, float]
    """Metres from each call and each station, by its id, to the nearest node."""


def data_folder() -> Path | None:
    """Return the folder with the San Francisco files, or None where ``DISPATCH_DATA`` is not set.

    A variable that leads nowhere is not None: then the tests fail rather than skip.
    """
    named = os.environ.get("DISPATCH_DATA")
    return Path(named) / "sf" if named else None


def read_responses(folder: Path) -> list[Response]:
    """Read all recorded responses, in the order of the file."""
    result = []
    for row in _rows(folder / "responses.csv"):
        at = {name: _seconds(row[name]) for name in MOMENTS}
        result.append(Response(row["call"], row["unit"], row, at))
    return result


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _seconds(text: str) -> float:
    return (datetime.fromisoformat(text) - START).total_seconds() if text else math.nan


def read_stations(folder: Path) -> dict[int, Point]:
    """Read longitude and latitude by station number."""
    return {int(r["station"]): (float(r["lon"]), float(r["lat"])) for r in _rows(folder / "stations.csv")}


def read_nodes(folder: Path) -> dict[str, Point]:
    """Read longitude and latitude by node id."""
    return {r["node_id"]: (float(r["x_coord"]), float(r["y_coord"])) for r in _rows(folder / "node.csv")}


def metres(points: list[Point], others: list[Point]) -> NDArray[np.float64]:
    """Return the great-circle distances of points (longitude, latitude) to others [points, others]."""
    a = np.radians(np.array(points, dtype=np.float64))[:, None, :]
    b = np.radians(np.array(others, dtype=np.float64))[None, :, :]
    half = np.sin((b - a) / 2) ** 2
    h = half[..., 1] + np.cos(a[..., 1]) * np.cos(b[..., 1]) * half[..., 0]
    return np.asarray(2 * 6_371_008.8 * np.arcsin(np.sqrt(h)))


def station_name(number: int) -> str:
    """Return the id of a station in the scenario."""
    return f"S{number:02d}"


def area_name(number: int) -> str:
    """Return the id of the zone whose nearest station this is."""
    return f"area-{number:02d}"


def home_stations(responses: list[Response], stations: dict[int, Point]) -> dict[str, int]:
    """Return the home station of every unit that has one.

    The number of an engine, a truck or a rescue ambulance is its station's. Numbered medics start from the
    depot, since the records do not say where they were posted.
    Chiefs, rescue captains and rescue squads count battalions, not stations: the station in whose area a unit
    responded most often (of equals the lowest number) stands for their home, which is an ASSUMPTION.
    """
    areas: dict[str, Counter[int]] = defaultdict(Counter)
    for response in responses:
        area = int(response.row["station_area"] or 0)
        areas[response.unit][area] += area in stations and response.capability != OUTSIDE
    homes = {}
    for unit, visited in areas.items():
        number = re.fullmatch(r"(?:E|T|RA)(\d+)", unit)
        if number is not None and int(number[1]) in stations:
            homes[unit] = int(number[1])
        elif unit.isdecimal():
            homes[unit] = DEPOT
        elif visited.total():
            homes[unit] = min(visited, key=lambda area: (-visited[area], area))
    return homes


def given_luck(response: Response, counts: Counter[str]) -> dict[str, float]:
    """Return the seconds that the record gives for one response, and count how they were come by."""
    turnout = (
        {} if math.isnan(response.at["en_route"]) else {"turnout": response.seconds("dispatched", "en_route")}
    )
    whole = response.seconds("dispatched", "available")
    if math.isnan(whole):
        counts["responses without an end: the rest is drawn"] += 1
        return turnout
    if not response.in_order:
        counts["responses with moments out of order: alert to available as busy"] += 1
        return {**turnout, "busy": whole}
    if math.isnan(response.at["on_scene"]):
        if not math.isnan(response.at["transport"]):
            counts["responses that transported but have no arrival: alert to available as busy"] += 1
            return {**turnout, "busy": whole}
        counts["responses that never reached the scene: cancelled"] += 1
        # a unit that is faster in the model than in life works on until the moment of the cancellation
        return {**turnout, "cancelled": whole, "busy": whole}
    if math.isnan(response.at["transport"]):
        return {**turnout, "on_scene": response.seconds("on_scene", "available")}
    transported = {**turnout, "on_scene": response.seconds("on_scene", "transport")}
    if math.isnan(response.at["hospital"]):
        counts["transports without a time at hospital: all of it as transport"] += 1
        return {**transported, "transport": response.seconds("transport", "available"), "hand_over": 0.0}
    hand_over = response.seconds("hospital", "available")
    return {**transported, "transport": response.seconds("transport", "hospital"), "hand_over": hand_over}


def type_name(call_type: str) -> str:
    """Return the id of an incident type: lower case and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", call_type.lower()).strip("-")


def convert(source: Path, target: Path) -> Conversion:
    """Write network, calls and scenario into ``target`` and tell what was decided."""
    responses, stations, nodes = read_responses(source), read_stations(source), read_nodes(source)
    counts: Counter[str] = Counter({"responses recorded": len(responses)})
    _write_network(source, target / "networks" / "sf")
    luck, received = _write_calls(responses, target / "calls.csv", counts)
    homes = home_stations(responses, stations)
    counts["calls recorded"] = len(received)
    counts["responses of units without a home: mutual aid"] = sum(r.capability == OUTSIDE for r in responses)
    scenario = _scenario(responses, stations, homes, areas(nodes, stations))
    path = target / "sf.yaml"
    path.write_text(json.dumps(scenario, indent=1), encoding="utf-8")  # JSON is YAML, with ids quoted
    places = {r.call: (float(r.row["lon"]), float(r.row["lat"])) for r in responses}
    snaps = {call: float(m) for call, m in zip(places, nearest(places.values(), nodes), strict=True)}
    snaps |= {
        station_name(n): float(m) for n, m in zip(stations, nearest(stations.values(), nodes), strict=True)
    }
    return Conversion(path, responses, luck, received, places, stations, nodes, homes, counts, snaps)


def nearest(places: Iterable[Point], nodes: dict[str, Point]) -> NDArray[np.float64]:
    """Return the metres from each place to the nearest node, by looking at every node."""
    return np.asarray(metres(list(places), list(nodes.values())).min(axis=1))


def _write_network(source: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in ("node.csv", "link.csv"):
        (folder / name).write_bytes((source / name).read_bytes())
    description = {
        "name": "sf",
        "title": "San Francisco, main roads",
        "crs": "EPSG:4326",
        "source": "OpenStreetMap contributors, through cb-cities/abm",
        "licence": "ODbL",
        "length_unit": "m",
        "speed_unit": "km/h",
    }
    (folder / "network.yaml").write_text(json.dumps(description), encoding="utf-8")


def _write_calls(
    responses: list[Response], path: Path, counts: Counter[str]
) -> tuple[dict[tuple[str, str], list[dict[str, float]]], dict[str, float]]:
    """Write one row for each response and return its luck by call and capability, and when calls came in."""
    first_alert: dict[str, float] = {}
    for r in responses:
        first_alert[r.call] = min(r.at["dispatched"], first_alert.get(r.call, math.inf))
    names = ("turnout", "on_scene", "busy", "transport", "hand_over", "cancelled")
    luck: dict[tuple[str, str], list[dict[str, float]]] = defaultdict(list)
    received: dict[str, float] = {}
    head = ["incident", "received", "type", "lon", "lat", "priority", "call_processing", "capability", *names]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        for r in responses:
            given = given_luck(r, counts)
            counts["responses without a turnout: it is drawn"] += "turnout" not in given
            # a need cannot be raised later than its call; such units are alerted with the first one
            counts["responses alerted later than the call's first"] += (
                r.at["dispatched"] > first_alert[r.call]
            )
            luck[r.call, r.capability].append(given)
            received[r.call] = r.at["received"]
            # 3 is San Francisco's most urgent priority (lights and siren), 2 is not; here it is 1
            fields = [r.call, r.row["received"], type_name(r.row["call_type"]), r.row["lon"], r.row["lat"]]
            fields += [str(4 - int(r.row["priority"])), f"{first_alert[r.call] - r.at['received']:g}"]
            writer.writerow([*fields, r.capability, *(f"{given[n]:g}" if n in given else "" for n in names)])
    return dict(luck), received


def areas(nodes: dict[str, Point], stations: dict[int, Point]) -> dict[int, list[str]]:
    """Return the nodes that lie nearest to each station in a straight line; the depot has no area."""
    result: dict[int, list[str]] = defaultdict(list)
    due = [number for number in stations if number != DEPOT]
    first = metres(list(nodes.values()), [stations[number] for number in due]).argmin(axis=1)
    for node, place in zip(nodes, first.tolist(), strict=True):
        result[due[place]].append(node)
    return dict(result)


def _scenario(
    responses: list[Response], stations: dict[int, Point], homes: dict[str, int], zones: dict[int, list[str]]
) -> dict[str, Any]:
    """Return the scenario as it is written: 45 stations, their units, and station 3 closed or moved."""
    kind = {"run_card": {"engine": 1}, "on_scene": {"lognormal": {"median": "20 min", "p90": "80 min"}}}
    return {
        "schema_version": 2,
        "network": "sf",
        "start": START.isoformat(),
        "horizon": f"{DAYS} d",
        "seed": 2017,
        "replications": 2,
        "call_processing": 0,
        "unit_types": _unit_types(),
        "stations": {station_name(number): {"at": list(point)} for number, point in stations.items()},
        "units": _units(responses, homes),
        "incident_types": {type_name(r.row["call_type"]): kind for r in responses},
        "zones": {area_name(number): {"nodes": nodes} for number, nodes in zones.items()},
        "demand": {"recorded": "calls.csv"},
        "dispatching": _dispatching(),
        "layouts": {
            "closed": {"close_stations": [station_name(BUSY)]},
            "moved": {"move_stations": {station_name(BUSY): list(stations[FAR])}},
        },
    }


def _unit_types() -> dict[str, Any]:
    # over all recorded responses: median 49 s, nine in ten within 125 s
    turnout = {"lognormal": {"median": 49, "p90": 125}}
    names = [*CAPABILITIES.values(), OUTSIDE]
    return {name: {"capabilities": [name], "turnout": turnout} for name in names}


def _units(responses: list[Response], homes: dict[str, int]) -> dict[str, Any]:
    kinds = {r.unit: r.capability for r in responses}
    return {u: {"type": kinds[u], "station": station_name(home)} for u, home in sorted(homes.items())}


def _dispatching() -> dict[str, Any]:
    # ASSUMED: the way of private ambulances, whose recorded travel alone is 6 min at the median, 16 at p90
    aid = {"delay": {"lognormal": {"median": "8 min", "p90": "18 min"}}}
    return {"policy": "nearest", "when_none_free": "mutual_aid", "mutual_aid": aid}
