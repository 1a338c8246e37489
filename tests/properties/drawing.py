"""Strategies for small but nasty worlds: ties, overload, one-way streets, partly recorded luck."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.properties.worlds import Rows, World, able, plan_of, vary

if TYPE_CHECKING:
    from collections.abc import Sequence

    Json = dict[str, Any]

CAPABILITIES = ("engine", "ladder", "medic")


def often(draw: st.DrawFn, of_ten: int = 5) -> bool:
    """Draw yes so many times out of ten; shrinks to no."""
    return draw(st.integers(0, 9)) >= 10 - of_ten


@st.composite
def durations(draw: st.DrawFn, longest: int, *, exact: bool = False, least: int = 0) -> Any:
    """Draw a duration of any family; half of them are fixed, so that moments coincide. ``exact``: all."""
    if exact or often(draw, 5):
        coarse = 30 if exact else 1  # so that moments coincide
        seconds = coarse * draw(st.integers(least, longest // coarse))
        return draw(st.sampled_from([seconds, f"{seconds} s", {"fixed": seconds}]))
    some = st.integers(1, longest)
    a, b, c = sorted((draw(some), draw(some), draw(some)))
    shape = draw(st.sampled_from([0.5, 1, 2.5]))
    weights = [draw(st.sampled_from([0, 1, 3])), 1, 2]
    return draw(
        st.sampled_from(
            [
                {"uniform": {"low": a, "high": c}},
                {"exponential": {"mean": b}},
                {"lognormal": {"median": a, "p90": f"{b} s"}},
                {"gamma": {"mean": b, "shape": shape}},
                {"erlang": {"mean": b, "stages": 3}},
                {"hyperexponential": {"means": [a, b, c], "weights": weights}},
                {"triangular": {"low": a, "mode": b, "high": c}},
                {"empirical": {"values": [b, a, c]}},
                {"empirical": {"values": [c, a, b], "weights": weights}},
            ]
        )
    )


@st.composite
def nodes(draw: st.DrawFn, most: int = 6) -> Rows:
    """Draw places on a coarse grid, no two at the same point, some in zones."""
    points = draw(
        st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=most, unique=True)
    )
    zones = st.sampled_from(["", "north", "south"])
    return [
        {
            "node_id": f"n{i}",
            "x_coord": str(500 * x),
            "y_coord": str(500 * y),
            "zone_id": draw(zones),
            "people": str(draw(st.integers(1, 3))),
        }
        for i, (x, y) in enumerate(points)
    ]


@st.composite
def roads(draw: st.DrawFn, places: Rows) -> tuple[Json, Rows]:
    """Draw a strongly connected network: a ring of all places, and streets across it, some in parallel."""
    network: Json = {
        "kind": "road",
        "crs": "local",
        "speeds": {"street": 36, "avenue": {"emergency": 72, "normal": 45}, "lane": 18},
    }
    if often(draw, 3):
        network["factors"] = {"emergency": 1.25, "normal": 0.8}
    size = len(places)
    pairs = [(i, (i + 1) % size) for i in range(size)]
    pairs += draw(st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=5))
    links = []
    for number, (a, b) in enumerate(pairs):
        straight = math.dist(_point(places[a]), _point(places[b])) or 400.0
        detour = draw(st.sampled_from([0, 1, 1.3, 2]))
        links.append(
            {
                "link_id": f"l{number}",
                "from_node_id": places[a]["node_id"],
                "to_node_id": places[b]["node_id"],
                "directed": draw(st.sampled_from(["false", "true"])),
                "length": str(straight * detour) if detour else "" if a != b else "400",
                "facility_type": draw(st.sampled_from(["street", "avenue", "lane"])),
                "free_speed": draw(st.sampled_from(["", "", "36", "51.7"])),
            }
        )
    return network, links


def _point(node: dict[str, str]) -> tuple[float, float]:
    return float(node["x_coord"]), float(node["y_coord"])


@st.composite
def matrices(draw: st.DrawFn, places: Rows, sites: Sequence[str], *, full: bool) -> tuple[Json, Rows]:
    """Draw a table of times, asymmetric and of any shape; from and to sites only if not full."""
    unit = draw(st.sampled_from(["s", "min"]))
    most = 600 if unit == "s" else 10
    ids = [row["node_id"] for row in places]
    sparse = not full and often(draw, 3)
    step = 30 if unit == "s" and often(draw) else 1
    cells = [
        {"from": a, "to": b, "time": str(0 if a == b else step * draw(st.integers(0, most // step)))}
        for a, b in itertools.product(ids, ids)
        if not sparse or a == b or a in sites or b in sites
    ]
    return {"kind": "matrix", "crs": "local", "file": "times.csv", "unit": unit}, cells


@st.composite
def fleets(draw: st.DrawFn, sites: Sequence[str], located: Rows, *, exact: bool) -> Json:
    """Draw unit types, stations and units."""
    types: Json = {}
    for i in range(draw(st.integers(1, 3))):
        able_to = draw(st.lists(st.sampled_from(CAPABILITIES), min_size=1, max_size=3, unique=True))
        types[f"t{i}"] = {"capabilities": able_to, "turnout": draw(durations(60, exact=exact))}
    stations = {f"s{i}": {"at": draw(spots(sites, located))} for i in range(draw(st.integers(1, 4)))}
    parts = (("type", types), ("station", stations))
    units = {
        f"u{i}": {key: draw(st.sampled_from(sorted(known))) for key, known in parts}
        for i in range(draw(st.integers(1, 6)))
    }
    return {"unit_types": types, "stations": stations, "units": units}


@st.composite
def spots(draw: st.DrawFn, sites: Sequence[str], located: Rows) -> Any:
    """Draw a site by id or, where places have coordinates, by a point near it."""
    site = draw(st.sampled_from(list(sites)))
    points = {row["node_id"]: _point(row) for row in located}
    if site in points and often(draw, 3):
        x, y = points[site]
        return [x + 20, y - 10]
    return site


@st.composite
def incident_types(draw: st.DrawFn, capabilities: Sequence[str], *, exact: bool, single: bool) -> Json:
    """Draw incident types with run cards of one to three slots."""
    types: Json = {}
    for i in range(draw(st.integers(1, 3))):
        wanted = draw(st.lists(st.sampled_from(list(capabilities)), min_size=1, max_size=1 if single else 3))
        kind: Json = {
            "priority": draw(st.integers(1, 3)),
            "run_card": {c: wanted.count(c) for c in dict.fromkeys(wanted)},
        }
        if often(draw, 3):
            kind["call_processing"] = draw(durations(90, exact=exact))
        if often(draw, 3):
            kind["busy"] = draw(durations(1200, exact=exact, least=1))
        else:
            kind["on_scene"] = draw(durations(1200, exact=exact))
            if often(draw, 3):
                kind["transport"] = draw(durations(600, exact=exact))
                kind["hand_over"] = draw(durations(300, exact=exact))
        types[f"i{i}"] = kind
    return types


@st.composite
def rules(
    draw: st.DrawFn, units: Sequence[str], places: Sequence[str], zones: Sequence[str], *, exact: bool
) -> Json:
    """Draw who goes, and what happens when nobody can."""
    found: Json = {
        "policy": draw(st.sampled_from(["nearest", "run_card_order", "assignment"])),
        "when_none_free": draw(st.sampled_from(["queue", "queue", "lost", "mutual_aid"])),
        "diversion": often(draw, 4),
        "returning": not often(draw, 3),
    }
    if found["when_none_free"] == "mutual_aid":
        found["mutual_aid"] = {"delay": draw(durations(600, exact=exact))}
        if often(draw, 5):
            found["mutual_aid"]["at"] = draw(st.sampled_from(list(places)))
    if found["policy"] == "run_card_order":
        names = draw(st.lists(st.sampled_from([*places, *zones]), min_size=1, max_size=4, unique=True))
        lists = st.lists(st.sampled_from(list(units)), min_size=1, max_size=4, unique=True)
        found["first_due"] = {name: draw(lists) for name in names}
    return found


@st.composite
def demands(
    draw: st.DrawFn,
    kinds: Sequence[str],
    places: Sequence[str],
    zones: Sequence[str],
    hours: int,
    people: bool,
) -> Json:
    """Draw random streams with 2 to 20 expected calls each."""
    streams: Json = {}
    for kind in draw(st.lists(st.sampled_from(list(kinds)), min_size=1, unique=True)):
        stream: Json = {"rate": f"{draw(st.integers(2, 20)) / hours:.5f}/h"}
        if often(draw, 3):
            stream["profile"] = "day"
        if often(draw, 4):
            names = draw(st.lists(st.sampled_from([*places, *zones]), min_size=1, max_size=3, unique=True))
            stream["places"] = {name: draw(st.integers(1, 3)) for name in names}
        if people and often(draw, 3):
            stream["spread"] = "people"
        streams[kind] = stream
    return streams


@st.composite
def recorded_calls(
    draw: st.DrawFn, scenario: Json, places: Sequence[str], capabilities: Sequence[str], *, single: bool
) -> Rows:
    """Draw recorded calls on a coarse clock, with any columns of luck, some calls in several rows."""
    luck = (
        "priority",
        "call_processing",
        "turnout",
        "on_scene",
        "busy",
        "transport",
        "hand_over",
        "cancelled",
    )
    columns = [name for name in luck if often(draw, 3)]
    needs = "" if single else draw(st.sampled_from(["", "units", "capability"]))
    last = int(scenario["horizon"]) // 30 - 1
    kinds = sorted(scenario["incident_types"])
    rows: Rows = []
    for number in range(draw(st.integers(1, 15))):
        call = {
            "incident": f"c{number:02}",
            "received": str(30 * draw(st.integers(0, min(last, 60)))),
            "type": draw(st.sampled_from(kinds)),
            "node": draw(st.sampled_from(list(places))),
        }
        once = {c: draw(_cell(c)) for c in columns if c in ("priority", "call_processing")}
        for _ in range(draw(st.integers(1, 3)) if needs == "capability" else 1):
            row = call | once
            if needs:
                row[needs] = draw(_need(needs, capabilities))
            row |= {c: draw(_cell(c)) for c in columns if c not in once}
            if row.get("busy"):  # that is the whole time, and stating a part of it beside would be refused
                row |= {c: "" for c in columns if c in ("on_scene", "transport", "hand_over")}
            rows.append(row)
    return rows


def _need(column: str, capabilities: Sequence[str]) -> st.SearchStrategy[str]:
    one = st.sampled_from(list(capabilities))
    if column == "capability":
        return st.one_of(st.just(""), one)
    several = st.lists(st.builds("{}:{}".format, one, st.integers(1, 2)), min_size=1, max_size=2)
    return st.one_of(st.just(""), several.map("; ".join))


def _cell(column: str) -> st.SearchStrategy[str]:
    longest = {"call_processing": 90, "turnout": 60}.get(column, 1200)
    if column == "priority":
        return st.sampled_from(["", "1", "2", "3"])
    least = 1 if column == "busy" else 0
    return st.one_of(st.just(""), st.integers(least, longest // 30).map(lambda n: str(30 * n)))


@st.composite
def variations(draw: st.DrawFn, scenario: Json, sites: Sequence[str], needed: set[str]) -> Json:
    """Draw up to three layouts, each a variation of an earlier one, all of them able to do what is needed."""
    layouts: Json = {}
    base = plan_of(scenario, "baseline")
    for number in range(draw(st.integers(0, 3))):
        parent = draw(st.sampled_from(["baseline", *layouts]))
        plan = plan_of(scenario | {"layouts": layouts}, parent)
        change: Json = {"based_on": parent} if parent != "baseline" or often(draw) else {}
        stations, units = sorted(plan["stations"]), sorted(plan["units"])
        _change_stations(draw, number, change, (stations, sorted(base["stations"])), sites)
        _change_units(draw, number, change, units, (vary(base, plan, change)["stations"], scenario))
        after = vary(base, plan, change)
        missing = needed - able(scenario, after["units"])
        for i, capability in enumerate(sorted(missing) or ([] if after["units"] else [None])):
            kinds = scenario["unit_types"].items()
            kind = next(name for name, k in sorted(kinds) if capability in (None, *k["capabilities"]))
            unit = {"type": kind, "station": min(after["stations"])}
            change.setdefault("add_units", {})[f"w{number}{i}"] = unit
        layouts[f"y{number}"] = change
    return layouts


def _change_stations(
    draw: st.DrawFn, number: int, change: Json, known: tuple[list[str], list[str]], sites: Sequence[str]
) -> None:
    stations, originals = known
    closed = [name for name in originals if name not in stations]
    if closed and often(draw):
        change["reopen_stations"] = [draw(st.sampled_from(closed))]
    kept = list(stations)
    if len(stations) > 1 and often(draw, 4):
        change["close_stations"] = [draw(st.sampled_from(stations))]
        kept.remove(change["close_stations"][0])
    if often(draw, 3):
        change["move_stations"] = {draw(st.sampled_from(kept)): draw(st.sampled_from(list(sites)))}
    if often(draw, 4):
        change["add_stations"] = {f"z{number}": {"at": draw(st.sampled_from(list(sites)))}}


def _change_units(
    draw: st.DrawFn, number: int, change: Json, units: list[str], there: tuple[Json, Json]
) -> None:
    stations, scenario = there
    kinds = sorted(scenario["unit_types"])
    if "add_stations" in change or often(draw, 2):
        station = f"z{number}" if "add_stations" in change else draw(st.sampled_from(sorted(stations)))
        change["add_units"] = {f"v{number}": {"type": draw(st.sampled_from(kinds)), "station": station}}
    if len(units) > 1 and often(draw, 3):
        change["remove_units"] = [draw(st.sampled_from(units))]
    movable = [name for name in units if name not in change.get("remove_units", [])]
    if movable and often(draw, 3):
        change["move_units"] = {draw(st.sampled_from(movable)): draw(st.sampled_from(sorted(stations)))}


@st.composite
def worlds(
    draw: st.DrawFn,
    /,
    *,
    recorded: bool | None = None,
    exact: bool = False,
    single: bool = False,
    full: bool = True,
    road: bool | None = None,
    layouts: bool = False,
    **fixed: Any,
) -> World:
    """Draw a world.

    ``recorded`` only recorded calls (or none); ``exact`` whole seconds in all durations; ``single`` one slot
    a call; ``full`` no gaps in matrices; ``road`` roads or not; ``layouts`` variations; the rest are rules.
    """
    places = draw(nodes())
    ids = [row["node_id"] for row in places]
    sites = draw(st.lists(st.sampled_from(ids), min_size=1, max_size=4, unique=True))
    on_roads = often(draw) if road is None else road
    located = places if on_roads or often(draw) else []
    network, links = draw(roads(places) if on_roads else matrices(places, sites, full=full))
    zones = sorted({row["zone_id"] for row in located} - {""})
    hours = draw(st.integers(1, 3))
    scenario: Json = {"network": "x", "horizon": draw(st.sampled_from([hours * 3600, f"{hours} h"]))}
    scenario |= {"seed": draw(st.integers(0, 99)), "call_processing": draw(durations(60, exact=exact))}
    scenario |= draw(fleets(sites, located, exact=exact))
    capabilities = sorted(able(scenario, scenario["units"]))
    scenario["incident_types"] = draw(incident_types(capabilities, exact=exact, single=single))
    scenario["layouts"] = draw(variations(scenario, sites, set(capabilities))) if layouts else {}
    units = sorted(
        {u for name in ["baseline", *scenario["layouts"]] for u in plan_of(scenario, name)["units"]}
    )
    listed = units if layouts else sorted(scenario["units"])
    scenario["dispatching"] = draw(rules(listed, ids, zones, exact=exact)) | fixed
    if fixed.get("policy", "run_card_order") != "run_card_order":
        scenario["dispatching"].pop("first_due", None)
    scenario["start"] = draw(st.sampled_from(["2024-01-01T00:00:00+00:00", "2024-03-03T21:40:00+08:00"]))
    calls: Rows = []
    scenario["demand"] = {}
    if recorded or (recorded is None and often(draw)):
        horizon = {"horizon": hours * 3600}
        calls = draw(recorded_calls(scenario | horizon, ids, capabilities, single=single))
        scenario["demand"]["recorded"] = "calls.csv"
    if not recorded and (not calls or often(draw, 3)):
        kinds = sorted(scenario["incident_types"])
        scenario["demand"]["poisson"] = draw(demands(kinds, ids, zones, hours, bool(located)))
        if any("profile" in stream for stream in scenario["demand"]["poisson"].values()):
            scenario["profiles"] = {"day": {"weekday": [1, 4, 0, 2] * 6}}
    wide = not on_roads and often(draw, 3)
    return World(network, located, links, wide, scenario, calls)
