"""Patients as customers of a queue: Poisson calls, places in the emergency department as servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.theory.queueing import erlang_c, mean_wait, wait_tail

from .judging import holds, replicate
from .worlds import HOUR, write_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import dispatch

# Everything but the hand-over takes no time, and there is always another unit.
WORLD = """\
network: x
horizon: {horizon!r}
warm_up: {warm_up!r}
seed: {seed}
unit_types: {{medic: {{capabilities: [medic], turnout: 0 s}}}}
stations: {{S: {{at: P}}}}
units: {{{units}}}
call_processing: 0 s
hospitals: {{H: {{at: P, beds: {beds}}}}}
incident_types:
  call:
    run_card: {{medic: 1}}
    on_scene: 0 s
    to_hospital: {{share: {share!r}}}
    hand_over: {{exponential: {{mean: 1 h}}}}
demand: {{poisson: {{call: {{rate: {rate!r}/h}}}}}}
"""

UNITS = 60


def waiting_longer(hours: float) -> Callable[[dispatch.Log], float]:
    """How to read, off a log, the share of measured patients who wait longer than so many hours."""

    def read(log: dispatch.Log) -> float:
        measured = log.timeline.received >= log.scenario.file.warm_up
        calls = log.responses.incident
        waits = [e.began - e.arrived for e in log.admissions if measured[calls[e.response]]]
        assert not np.isnan(log.incidents.dispatched).any()
        assert (log.incidents.dispatched == log.timeline.ready).all()  # no call waits for a unit
        return float((np.array(waits) > hours * HOUR).mean())

    return read


# As for calls that wait for units in test_erlang_c.py; with a share, patients are a thinned Poisson stream.
@pytest.mark.parametrize(
    ("beds", "load", "share", "calls", "precision"),
    [(1, 0.6, 1.0, 3_000, 0.07), (2, 1.3, 1.0, 3_000, 0.09), (4, 3.0, 0.5, 9_000, 0.1)],
)
def test_erlang_c_of_places(
    tmp_path: Path, beds: int, load: float, share: float, calls: int, precision: float
) -> None:
    """P(wait), mean wait, tail of the wait; and how many patients there are."""
    hours = 200 + calls / load * share
    text = WORLD.format(
        horizon=hours * HOUR,
        warm_up=200 * HOUR,
        seed=10 + beds,
        units=", ".join(f"M{i}: {{type: medic, station: S}}" for i in range(UNITS)),
        beds=beds,
        share=share,
        rate=load / share,
    )
    scenario = write_world(tmp_path, text, "from,to,time\nP,P,0\n")
    tails = {f"tail {t}": waiting_longer(t) for t in (0.0, 0.5, 1.5)}
    sample = replicate(scenario, ("hospital.n", "hospital.wait.mean", "incidents.n"), tails)
    holds("patients", sample["hospital.n"], load * (hours - 200), precision=0.01)
    holds("P(wait)", sample["tail 0.0"], erlang_c(load, beds), precision=precision / 2)
    holds("mean wait", sample["hospital.wait.mean"], mean_wait(load / HOUR, HOUR, beds), precision=precision)
    for t in (0.5, 1.5):
        law = wait_tail(t, load, 1.0, beds)
        holds(f"P(W > {t} h)", sample[f"tail {t}"], law, precision=0.015, absolute=True)
