"""Why this hospital: where one patient was taken, and what spoke against the others."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from dispatch.engine.hospitals import MODE
from dispatch.study.explained import OtherHospital, Taken

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.engine.log import Admission, Log


def taken(log: Log, row: int) -> Taken | None:
    """Return where the unit of a response took its patient; None if it took nobody."""
    found = next((each for each in log.admissions if each.response == row), None)
    if found is None:
        return None
    others = sorted(_others(log, found), key=lambda other: (other.seconds, other.hospital))
    return Taken(
        log.scenario.hospitals[found.hospital].id,
        found.why,
        found.left,
        found.arrived,
        found.began,
        found.ended,
        tuple(others),
    )


def _others(log: Log, admission: Admission) -> Iterator[OtherHospital]:
    """Yield the other hospitals as they were when this one was chosen."""
    row = admission.response
    trip = [each for each in log.transports if (each.response, each.left) == (row, admission.left)][-1]
    travel = log.fleet.under(trip.conditions).travels[trip.unit]
    transport = log.scenario.kinds[log.timeline.kind[log.responses.incident[row]]].type.to_hospital
    need, passed = transport.needs if transport is not None else None, dict(admission.passed)
    for number, site in enumerate(log.scenario.hospitals):
        seconds = travel.seconds(trip.origin, site.node, MODE)
        if number == admission.hospital:
            continue
        why = passed.get(number, "farther" if seconds < inf else "no_way")
        yield OtherHospital(site.id, seconds, why if site.takes(need) else "unsuitable")
