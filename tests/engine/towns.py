"""A town with a main street and a way round, small enough to reckon every moment by hand.

::

    a ── b ── c ── d        west is at a, east is at d; every link is 1000 m and has the id of its ends.
         │    │             With siren 10 m/s (100 s a link), without 5 m/s (200 s a link).
         e ── f             From a to c: 200 s by b, 400 s by b, e and f.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import dispatch

if TYPE_CHECKING:
    from pathlib import Path

    from dispatch import Log, Scenario

SPOTS = {"a": (0, 0), "b": (1000, 0), "c": (2000, 0), "d": (3000, 0), "e": (1000, -1000), "f": (2000, -1000)}
LINKS = ("ab", "bc", "cd", "be", "ef", "cf")
HEADER = "incident,received,type,node,units,on_scene,busy,cancelled,turnout,transport,hand_over\n"

Moments = dict[str, float]


def town(folder: Path) -> None:
    """Write the network."""
    home = folder / "networks" / "town"
    home.mkdir(parents=True, exist_ok=True)
    (home / "network.yaml").write_text("crs: local\nspeeds: {street: {emergency: 36, normal: 18}}\n")
    rows = [f"{name},{x},{y}" for name, (x, y) in SPOTS.items()]
    (home / "node.csv").write_text("\n".join(["node_id,x_coord,y_coord", *rows]) + "\n")
    links = [f"{link},{link[0]},{link[1]},false,1000,street" for link in LINKS]
    header = "link_id,from_node_id,to_node_id,directed,length,facility_type"
    (home / "link.csv").write_text("\n".join([header, *links]) + "\n")


def call(name: str, at: float, node: str, **luck: float | str) -> str:
    """Return a row of recorded calls; one engine for 100 s on scene unless told otherwise."""
    kind, units = luck.pop("type", "fire"), luck.pop("units", 1)
    if "busy" not in luck:
        luck.setdefault("on_scene", 100)
    told = [luck.get(key, "") for key in HEADER.strip().split(",")[5:]]
    return ",".join(map(str, (name, at, kind, node, units, *told)))


def scenario(folder: Path, *calls: str, **changes: Any) -> Scenario:
    """Write and load a scenario: engine W1 at a, no turnout, and the calls."""
    town(folder)
    (folder / "calls.csv").write_text(HEADER + "\n".join(calls) + "\n")
    written: dict[str, Any] = {
        "network": "town",
        "start": "2024-01-01T00:00:00+00:00",
        "horizon": 20_000,
        "replications": 1,
        "call_processing": 0,
        "unit_types": {"engine": {"capabilities": ["engine"], "turnout": 0}},
        "stations": {"west": {"at": "a"}, "east": {"at": "d"}},
        "units": {"W1": {"type": "engine", "station": "west"}},
        "incident_types": {
            "fire": {"priority": 2, "run_card": {"engine": 1}, "on_scene": 100},
            "rescue": {"priority": 1, "run_card": {"engine": 1}, "on_scene": 100},
        },
        "demand": {"recorded": "calls.csv"},
    }
    written |= changes
    path = folder / "scenario.yaml"
    path.write_text(json.dumps(written, indent=1))
    return dispatch.load(path)


def play(folder: Path, *calls: str, **changes: Any) -> Log:
    """Write, load and simulate."""
    return dispatch.simulate(scenario(folder, *calls, **changes))


BOTH = {"W1": {"type": "engine", "station": "west"}, "E1": {"type": "engine", "station": "east"}}
"""An engine at either end of the main street."""

FIELDS = ("alerted", "en_route", "on_scene", "clear", "returning", "available", "in_quarters")
ENDINGS = ("served", "cancelled", "diverted", "cut_off", "recalled", "broken_down")


def lives(log: Log) -> list[tuple[str, str, str, Moments]]:
    """Return (call, unit, ending, moments that came) of all responses in order of their alert."""
    r, t = log.responses, log.timeline
    found = []
    for row in range(len(r)):
        moments = {name: float(getattr(r, name)[row]) for name in FIELDS}
        known = {name: value for name, value in moments.items() if value == value}
        unit = log.fleet.ids[r.unit[row]] if r.unit[row] >= 0 else "aid"
        found.append(
            (t.incident_id(int(r.incident[row]), log.scenario.kinds), unit, ENDINGS[r.ending[row]], known)
        )
    return found


def served(
    alerted: float, on_scene: float, home: float | None, *, stay: float = 100.0, en_route: float | None = None
) -> Moments:
    """Return the moments of a response that is served, and of its way home."""
    clear = on_scene + stay
    moments = {
        "alerted": alerted,
        "en_route": alerted if en_route is None else en_route,
        "on_scene": on_scene,
        "clear": clear,
        "returning": clear,
        "available": clear,
    }
    return moments if home is None else {**moments, "in_quarters": home}
