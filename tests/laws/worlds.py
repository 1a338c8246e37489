"""Tiny worlds as scenario files: one place with a few units, or a handful of places with one unit each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import dispatch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

HOUR = 3600.0

NETWORK = "kind: matrix\nfile: times.csv\nunit: s\n"

# One station at the only place: no travel, no turnout, so that a unit is busy for exactly its service time.
ONE_PLACE = """\
network: x
start: 2024-01-01T00:00:00+00:00
horizon: {horizon!r}
warm_up: {warm_up!r}
seed: {seed}
unit_types: {{engine: {{capabilities: [engine], turnout: 0 s}}}}
stations: {{S: {{at: P}}}}
units: {{{units}}}
call_processing: {processing}
incident_types:
{types}
demand:
  poisson:
{streams}
dispatching: {dispatching}
"""


@dataclass(frozen=True)
class Class:
    """Calls of one type: per hour, priority and service as the file says it."""

    rate: float
    busy: str
    priority: int = 1


def write_world(
    folder: Path, scenario: str, times: str, network: str = NETWORK, nodes: str | None = None
) -> dispatch.Scenario:
    """Write a scenario with a matrix network `x` beside it, and load it."""
    home = folder / "networks" / "x"
    home.mkdir(parents=True)
    (home / "network.yaml").write_text(network, encoding="utf-8")
    (home / "times.csv").write_text(times, encoding="utf-8")
    if nodes is not None:
        (home / "node.csv").write_text(nodes, encoding="utf-8")
    path = folder / "world.yaml"
    path.write_text(scenario, encoding="utf-8")
    return dispatch.load(path)


def one_place(
    folder: Path,
    classes: Mapping[str, Class],
    servers: int,
    hours: float,
    *,
    warm_up: float = 0.0,
    dispatching: str = "{when_none_free: queue}",
    processing: str = "0 s",
    seed: int = 1,
) -> dispatch.Scenario:
    """Write and load c units at one place that serve classes of calls for so many hours."""
    text = ONE_PLACE.format(
        horizon=hours * HOUR,
        warm_up=warm_up * HOUR,
        seed=seed,
        units=", ".join(f"E{i}: {{type: engine, station: S}}" for i in range(servers)),
        processing=processing,
        types="\n".join(
            f"  {name}: {{priority: {kind.priority}, run_card: {{engine: 1}}, busy: {kind.busy}}}"
            for name, kind in classes.items()
        ),
        streams="\n".join(f"    {name}: {{rate: {kind.rate!r}/h}}" for name, kind in classes.items()),
        dispatching=dispatching,
    )
    return write_world(folder, text, "from,to,time\nP,P,0\n")


# One unit at each of the first places; every place is a zone of its own.
DISTRICTS = """\
network: x
horizon: {horizon!r}
warm_up: {warm_up!r}
seed: {seed}
unit_types:
{unit_types}
stations: {{{stations}}}
units: {{{units}}}
call_processing: 0 s
incident_types: {{call: {{run_card: {{engine: 1}}, busy: {busy}}}}}
zones: {{{zones}}}
demand: {{poisson: {{call: {{rate: {rate!r}/h, places: {{{places}}}}}}}}}
dispatching:
  policy: {policy}
  when_none_free: {when_none_free}
  first_due: {{{first_due}}}
"""


@dataclass(frozen=True)
class Districts:
    """Zones z0, z1, … (places P0, P1, …) and units E0, E1, …, each of a type of its own."""

    rates: tuple[float, ...]
    """Calls per hour of each zone."""
    homes: tuple[int, ...]
    """Place of each unit; units at one place share its station."""
    travel: tuple[tuple[float, ...], ...]
    """Seconds from place to place."""
    first_due: tuple[tuple[int, ...], ...] = ()
    """Units tried in each zone; none for the policy `nearest`."""
    busy: str = "{exponential: {mean: 1 h}}"
    turnouts: tuple[str, ...] = ()
    """Turnout of each unit; none at all when left out."""


def districts(
    folder: Path, world: Districts, when_none_free: str, hours: float, warm_up: float = 0.0, seed: int = 1
) -> dispatch.Scenario:
    """Write and load a world of districts."""
    turnouts = world.turnouts or ("0 s",) * len(world.homes)
    zones = range(len(world.rates))
    text = DISTRICTS.format(
        horizon=hours * HOUR,
        warm_up=warm_up * HOUR,
        seed=seed,
        unit_types="\n".join(
            f"  type-{i}: {{capabilities: [engine], turnout: {turnout}}}"
            for i, turnout in enumerate(turnouts)
        ),
        stations=", ".join(f"S{place}: {{at: P{place}}}" for place in sorted(set(world.homes))),
        units=", ".join(
            f"E{i}: {{type: type-{i}, station: S{place}}}" for i, place in enumerate(world.homes)
        ),
        busy=world.busy,
        zones=", ".join(f"z{z}: {{nodes: [P{z}]}}" for z in zones),
        rate=sum(world.rates),
        places=", ".join(f"z{z}: {rate!r}" for z, rate in enumerate(world.rates)),
        policy="run_card_order" if world.first_due else "nearest",
        when_none_free=when_none_free,
        first_due=", ".join(
            f"z{z}: [{', '.join(f'E{u}' for u in units)}]" for z, units in enumerate(world.first_due)
        ),
    )
    return write_world(folder, text, times_table(world.travel))


def times_table(travel: Sequence[Sequence[float]]) -> str:
    """A wide CSV table of the seconds between P0, P1, …"""
    head = ",".join(["from", *(f"P{i}" for i in range(len(travel)))])
    rows = [",".join([f"P{i}", *(repr(float(t)) for t in row)]) for i, row in enumerate(travel)]
    return "\n".join([head, *rows, ""])
