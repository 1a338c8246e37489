"""Cross-staffing: vehicles that share people serve as many calls as there are crews for (Erlang B)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.theory.queueing import erlang_b

from .judging import holds, replicate
from .worlds import HOUR, write_world

if TYPE_CHECKING:
    from pathlib import Path

WORLD = """\
network: x
horizon: {horizon!r}
warm_up: 216000
seed: 5
unit_types:
  engine: {{capabilities: [engine], crew: 6, turnout: 0 s}}
  ladder: {{capabilities: [ladder], crew: 6, turnout: 0 s}}
stations: {{S: {{at: P}}}}
crews: {{watch: {{station: S, staff: {staff}}}}}
units:
  E0: {{type: engine, station: S, crew_from: watch}}
  E1: {{type: engine, station: S, crew_from: watch}}
  E2: {{type: engine, station: S, crew_from: watch}}
  L0: {{type: ladder, station: S, crew_from: watch}}
  L1: {{type: ladder, station: S, crew_from: watch}}
  L2: {{type: ladder, station: S, crew_from: watch}}
call_processing: 0 s
incident_types:
  fire: {{run_card: {{engine: 1}}, busy: {busy}}}
  high: {{run_card: {{ladder: 1}}, busy: {busy}}}
demand: {{poisson: {{fire: {{rate: {fire!r}/h}}, high: {{rate: {high!r}/h}}}}}}
dispatching: {{when_none_free: lost}}
"""
MEASURES = ("incidents.n", "incidents.lost", "concurrency.mean")


# Of six vehicles, three of a kind, as many can be out as there are crews of six; up to three none lacks.
@pytest.mark.parametrize("busy", ["1 h", "{exponential: {mean: 1 h}}"])
@pytest.mark.parametrize(
    ("staff", "servers", "fire", "high"),
    [(6, 1, 0.3, 0.2), (11, 1, 0.2, 0.3), (12, 2, 0.6, 0.4), (18, 3, 1.5, 0.5)],
)
def test_vehicles_of_one_crew_are_as_many_servers_as_there_are_people_for(
    tmp_path: Path, busy: str, staff: int, servers: int, fire: float, high: float
) -> None:
    load = fire + high
    horizon = (60 + 3_000 / load) * HOUR
    text = WORLD.format(horizon=horizon, staff=staff, busy=busy, fire=fire, high=high)
    sample = replicate(write_world(tmp_path, text, "from,to,time\nP,P,0\n"), MEASURES)
    share = erlang_b(load, servers)
    holds("lost share", sample["incidents.lost"] / sample["incidents.n"], share, precision=0.04)
    holds("calls in system", sample["concurrency.mean"], load * (1.0 - share), precision=0.03)
