"""A log written by hand, and the measures of it computed a second time without the package's own code.

Warm-up 600 s, horizon 3600 s. Types: fire (two pumpers, priority 1), medical (one pumper, priority 2).
Calls:  old      before the warm-up, so not measured; its unit is busy into the measured time
        full     two units, both arrive
        late     waits from 1030 until 1490, then a unit from the road; transports
        off      cancelled on the way
        never    nobody was ever sent (unserved)
        half     one of two units comes, the other was not to be had (lost)
        none     nobody was to be had (lost)
        aided    own unit and mutual aid; lasts beyond the horizon
"""

from __future__ import annotations

import math
import statistics
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import dispatch
from dispatch.engine.log import Log, Responses

from .worlds import PUMPER, scenario

if TYPE_CHECKING:
    from pathlib import Path

NAN = math.nan
WARM_UP, HORIZON = 600.0, 3600.0


class Call(NamedTuple):
    """One call; zone by node: A and B west, D and E east, C none."""

    id: str
    received: float
    kind: str
    node: str
    ready: float
    needed: int
    lost: int


class Row(NamedTuple):
    """One response."""

    call: str
    unit: str
    alerted: float
    en_route: float
    on_scene: float
    clear: float
    available: float


CALLS = [
    Call("old", 100, "fire", "B", 120, 2, 0),
    Call("full", 700, "fire", "B", 730, 2, 0),
    Call("late", 1000, "medical", "D", 1030, 1, 0),
    Call("off", 1200, "medical", "C", 1220, 1, 0),
    Call("never", 2200, "medical", "E", 2230, 1, 0),
    Call("half", 2400, "fire", "D", 2420, 2, 1),
    Call("none", 2500, "medical", "A", 2510, 1, 1),
    Call("aided", 3000, "fire", "A", 3040, 2, 0),
]
ROWS = [
    Row("old", "P1", 120, 150, 250, 650, 700),
    Row("old", "P2", 120, 160, 460, 560, 560),
    Row("full", "P1", 730, 790, 890, 1490, 1490),
    Row("full", "P2", 730, 760, 1060, 1500, 1500),
    Row("late", "P1", 1490, 1490, 1790, 2000, 2100),
    Row("off", "P2", 1500, 1500, NAN, NAN, 1600),
    Row("half", "P2", 2420, 2450, 2550, 2800, 2800),
    Row("aided", "P1", 3040, 3100, 3100, 3500, 3500),
    Row("aided", "aid", 3040, 3640, 3700, 4000, 4000),
]
ZONE = {"A": "west", "B": "west", "C": "", "D": "east", "E": "east"}
PRIORITY = {"fire": "1", "medical": "2"}
STATION = {"P1": "S1", "P2": "S2"}
TYPE = {"P1": "pumper", "P2": "tanker"}


def log(folder: Path) -> Log:
    """Return the log: a real scenario and timeline with responses written by hand."""
    table = ["incident,received,type,node,call_processing,on_scene"]
    table += [f"{c.id},{c.received},{c.kind},{c.node},{c.ready - c.received},60" for c in CALLS]
    loaded = scenario(
        folder,
        "\n".join(table) + "\n",
        horizon=HORIZON,
        warm_up=WARM_UP,
        unit_types={"pumper": PUMPER, "tanker": PUMPER},
        stations={"S1": {"at": "A"}, "S2": {"at": "E"}},
        units={"P1": {"type": "pumper", "station": "S1"}, "P2": {"type": "tanker", "station": "S2"}},
        incident_types={
            "fire": {"priority": 1, "run_card": {"pumper": 2}, "on_scene": 60},
            "medical": {"priority": 2, "run_card": {"pumper": 1}, "on_scene": 60},
        },
        dispatching={"when_none_free": "lost"},
        cover_within=150,
    )
    drawn = dispatch.draw(loaded, 0)
    first = {call.id: int(drawn.first_slot[i]) for i, call in enumerate(CALLS)}
    lost = np.array([first["half"] + 1, first["none"]], dtype=np.int32)
    made = dispatch.simulate(loaded)
    return replace(made, timeline=drawn, responses=_responses(made, first), lost=lost)


def _responses(made: Log, first: dict[str, int]) -> Responses:
    number = {call.id: i for i, call in enumerate(CALLS)}
    unit = {name: i for i, name in enumerate(made.fleet.ids)} | {"aid": -1}
    seen: dict[str, int] = {}
    rows: list[tuple[float, ...]] = []
    for row in ROWS:
        slot = first[row.call] + seen.setdefault(row.call, 0)
        seen[row.call] += 1
        moments = [
            row.alerted,
            row.en_route,
            row.on_scene,
            row.clear,
            row.clear,
            row.available,
            row.available,
            NAN,
        ]
        rows.append((number[row.call], slot, unit[row.unit], *moments, 1 if row.call == "off" else 0, 0))
    incident, slots, units, *moments, ending, from_road = np.array(rows).T
    whole = [column.astype(np.int32) for column in (incident, slots, units, ending, from_road)]
    return Responses(*whole[:3], *moments, *whole[3:])


def passes(call: Call, filters: dict[str, str]) -> bool:
    """Whether a call is measured and passes the filters for calls."""
    facts = {"type": call.kind, "zone": ZONE[call.node], "priority": PRIORITY[call.kind]}
    wanted = {key: value for key, value in filters.items() if key in facts}
    return call.received >= WARM_UP and all(facts[key] == value for key, value in wanted.items())


def unit_passes(unit: str, filters: dict[str, str]) -> bool:
    """Whether a unit passes the filters for units; mutual aid passes none."""
    facts = {"unit": unit, "station": STATION.get(unit, ""), "unit_type": TYPE.get(unit, "")}
    wanted = {key: value for key, value in filters.items() if key in facts}
    return all(facts[key] == value for key, value in wanted.items()) and not (wanted and unit == "aid")


def interval(name: str, who: str, filters: dict[str, str]) -> tuple[list[float], int]:
    """Return the seconds of an interval and the number of calls in question."""
    values: list[float] = []
    count = 0
    by_unit = any(key in filters for key in ("unit", "station", "unit_type"))
    for call in CALLS:
        place = call.needed if who == "erf" else 1 + ("first", "second", "third").index(who)
        if not passes(call, filters) or call.needed < place:
            continue
        sent = [row for row in ROWS if row.call == call.id]
        came = sorted((row.on_scene, row) for row in sent if row.on_scene == row.on_scene)
        row = came[place - 1][1] if len(came) >= place else None
        if by_unit and (row is None or not unit_passes(row.unit, filters)):
            continue
        if name in ("turnout", "travel") and row is not None and row.unit == "aid":
            continue  # the delay of outsiders is neither
        count += 1
        if name == "processing":
            values.append(call.ready - call.received)
        elif row is not None:
            alerted = min(other.alerted for other in sent) if who == "erf" else row.alerted
            clocks = {
                "turnout": row.en_route - row.alerted,
                "travel": row.on_scene - row.en_route,
                "response": row.on_scene - alerted,
                "total": row.on_scene - call.received,
            }
            values.append(clocks[name])
    return values, count


def statistic(name: str, values: list[float], count: int) -> float:
    """Return a statistic of values, by the standard library and numpy's type-7 quantile."""
    if name == "n":
        return float(count)
    if name.startswith("within_"):
        limit = float(name.removeprefix("within_").removesuffix("s"))
        return sum(value <= limit for value in values) / count if count else NAN
    if not values:
        return NAN
    if name.startswith("p"):
        return float(np.quantile(values, float(name[1:]) / 100, method="linear"))
    if name == "max":
        return max(values)
    return statistics.fmean(values) if name == "mean" else statistics.median(values)
