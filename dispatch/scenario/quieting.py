"""Scenarios of which only the calls of injects come in."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dispatch.scenario.recorded import RecordedCalls
    from dispatch.scenario.scenario import Scenario

HARDLY_ANY = 1e-15
"""What rates are multiplied by: no call comes in, and demand still says where cover is needed."""


def quietened(scenario: Scenario) -> Scenario:
    """Return a scenario without recorded calls and, but for a chance next to nothing, random ones.

    Where demand comes from stays, for policies and measures that keep cover.
    """
    digest = hashlib.sha256(f"{scenario.digest}\nquiet".encode()).hexdigest()
    return replace(
        scenario,
        streams=tuple(replace(stream, rate=stream.rate * HARDLY_ANY) for stream in scenario.streams),
        recorded=None if scenario.recorded is None else _none_of(scenario.recorded),
        digest=digest,
    )


def _none_of(calls: RecordedCalls) -> RecordedCalls:
    """Return recorded calls of which there are none."""
    return replace(
        calls,
        ids=(),
        received=calls.received[:0],
        type=calls.type[:0],
        node=calls.node[:0],
        priority=calls.priority[:0],
        call_processing=calls.call_processing[:0],
        first_slot=np.zeros(1, dtype=np.int32),
        capability=calls.capability[:0],
        luck={name: values[:0] for name, values in calls.luck.items()},
    )
