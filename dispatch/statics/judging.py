"""What a standard says about a layout, as far as that can be told without a simulation."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from dispatch.engine.board import MARGIN
from dispatch.errors import did_you_mean
from dispatch.model.standards import TimeClause, Titles
from dispatch.roads.network import RoadNetwork
from dispatch.statics.coverage import demand_times, share_within, share_within_metres
from dispatch.statics.jurisdictions import SLIVER_KM2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.model.standards import Clause, DistanceClause
    from dispatch.statics.jurisdictions import Division, Jurisdiction
    from dispatch.statics.reach import Clock, Reach
    from dispatch.statics.standards import Standard

Verdict = Literal["met", "missed", "shown", "not judged"]
"""``shown``: the value is told, and the standard draws no line."""

STATIC_CLOCKS: dict[str, Clock] = {"travel": "travel", "response": "response"}
"""Clocks that can be read without a simulation."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one requirement in one layout."""

    title: Titles
    verdict: Verdict
    limit: str
    """What is required, in words."""
    value: float = math.nan
    """What was found, in ``unit``; NaN where nothing was."""
    unit: str = "share"
    """``share``, ``s``, or ``stations`` (how many keep the limit)."""
    of: int = 0
    """How many stations there are, for ``stations``."""
    applies_to: str = ""
    measure: str = ""
    """Measure of a simulation that would judge it, where it was not judged."""
    why: str = ""
    """Why it was not judged."""
    source: str = ""
    verified: bool = True
    """Whether the figure was checked against a source."""


@dataclass(frozen=True, slots=True)
class StationVerdict:
    """One station against the limits on its jurisdiction; None where there is no limit or no land."""

    grade: str
    assumed: bool
    """Whether the class was not stated and the profile's usual one was taken."""
    limit_km2: float
    """NaN without a limit."""
    area: bool | None
    edge: bool | None
    undivided: bool | None

    @property
    def passes(self) -> bool | None:
        """Whether all that was judged is kept; None where nothing was."""
        told = [item for item in (self.area, self.edge, self.undivided) if item is not None]
        return all(told) if told else None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a standard says about a layout."""

    standard: Standard
    findings: tuple[Finding, ...]
    stations: tuple[StationVerdict, ...]
    """In the order of the jurisdictions; empty where there are none."""
    notes: tuple[str, ...]


def judge(standard: Standard, reach: Reach, division: Division | None, capability: str | None) -> Judgement:
    """Judge a layout; ``capability`` counts in every clause that does not name its own.

    Without a division, which a network without roads has none of, nothing is said about jurisdictions.
    """
    notes: list[str] = []
    stations = () if division is None else tuple(_stations(standard, division, notes))
    file = standard.file
    findings: list[Finding] = []
    if file.areas is not None:
        classes = file.areas.classes.values()
        limit = ", ".join(f"{name} {found.area_km2:g}" for name, found in file.areas.classes.items()) + " km²"
        title = Titles(en="area of jurisdictions", zh="辖区面积")
        plain = Finding(title, "not judged", limit, source=file.source)
        plain = _amended(plain, verified=all(found.verified for found in classes))
        findings.append(_counted(plain, [station.area for station in stations]))
    findings += [_time(standard, clause, reach, stations, capability) for clause in file.times]
    findings += [_distance(standard, clause, reach, capability) for clause in file.distances]
    if file.undivided is not None:
        plain = _plain(standard, file.undivided)
        if division is not None and not division.region.barriers:
            findings.append(_amended(plain, why="no barriers are known here"))
        else:
            findings.append(_counted(plain, [station.undivided for station in stations]))
    return Judgement(standard, tuple(findings), stations, tuple(dict.fromkeys(notes)))


def _amended(finding: Finding, **changes: object) -> Finding:
    return replace(finding, **changes)  # type: ignore[arg-type]


def _plain(standard: Standard, clause: Clause) -> Finding:
    return Finding(
        title=clause.title,
        verdict="not judged",
        limit=clause.limit,
        applies_to=clause.applies_to,
        source=clause.source or standard.file.source,
        verified=clause.verified,
    )


def _counted(finding: Finding, told: list[bool | None]) -> Finding:
    """Return a finding that counts the stations which keep a limit."""
    known = [item for item in told if item is not None]
    if not known:
        why = "no station is of a class with a limit" if told else "no jurisdictions to judge"
        return _amended(finding, why=why)
    verdict = "met" if all(known) else "missed"
    return _amended(finding, verdict=verdict, value=float(sum(known)), unit="stations", of=len(known))


def _stations(standard: Standard, division: Division, notes: list[str]) -> Iterator[StationVerdict]:
    file = standard.file
    edges = [clause for clause in file.times if clause.statistic == "edge"]
    cut = file.undivided is not None and bool(division.region.barriers)
    for found in division.jurisdictions:
        grade, limit = _class(standard, found, notes)
        yield StationVerdict(
            grade=grade,
            assumed=not found.site.grade and bool(grade),
            limit_km2=limit,
            area=None if math.isnan(limit) else found.area_km2 <= limit * (1.0 + 1e-9),
            edge=all(found.edge_s <= c.seconds + MARGIN for c in edges) if edges and found.nodes else None,
            undivided=not _divided(standard, found) if cut else None,
        )


def _class(standard: Standard, found: Jurisdiction, notes: list[str]) -> tuple[str, float]:
    """Return the class of a station and its limit in km², with a note on what was assumed or is unknown."""
    areas, grade = standard.file.areas, found.site.grade
    if areas is None:
        return grade, math.nan
    if not grade:
        default = areas.classes[areas.default]
        notes.append(
            f"stations without 'grade' are taken for '{areas.default}' ({default.title.en}, "
            f"{default.area_km2:g} km²)."
        )
        return areas.default, default.area_km2
    if grade not in areas.classes:
        hint = did_you_mean(grade, areas.classes)
        notes.append(f"station '{found.site.id}': '{grade}' is no class of {standard.name}. {hint}".rstrip())
        return grade, math.nan
    return grade, areas.classes[grade].area_km2


def _divided(standard: Standard, found: Jurisdiction) -> bool:
    """Return whether one of the standard's barriers runs through a jurisdiction."""
    assert standard.file.undivided is not None
    return any(found.across.get(kind, 0.0) > SLIVER_KM2 for kind in standard.file.undivided.barriers)


def _named(clause: Clause, reach: Reach, capability: str | None) -> tuple[tuple[str, ...] | None, str]:
    """Return the capabilities that count for a clause (None for any), and why it cannot be judged if so."""
    if not clause.capability:
        return (None if capability is None else (capability,)), ""
    known = tuple(name for name in clause.capability if name in reach.scenario.capabilities)
    return known, "" if known else f"no unit type has the capability {' or '.join(clause.capability)}"


def is_static(clause: Clause) -> bool:
    """Whether a clause can be judged without a simulation: distances, areas, and times of the first unit."""
    if not isinstance(clause, TimeClause):
        return True
    return clause.who == "first" and clause.clock in STATIC_CLOCKS and clause.staff is None


def _time(
    standard: Standard,
    clause: TimeClause,
    reach: Reach,
    stations: tuple[StationVerdict, ...],
    capability: str | None,
) -> Finding:
    plain = _plain(standard, clause)
    if clause.statistic == "edge":
        found = _counted(plain, [station.edge for station in stations])
        return found if found.verdict != "not judged" else _amended(found, measure=clause.measure)
    clock = STATIC_CLOCKS.get(clause.clock)
    if not is_static(clause) or clock is None:
        return _amended(plain, measure=clause.measure, why="needs simulation")
    named, lacking = _named(clause, reach, capability)
    if lacking:
        return _amended(plain, measure=clause.measure, why=lacking)
    weights, seconds = demand_times(reach, clock, named)
    if not len(weights):
        return _amended(plain, measure=clause.measure, why="there is no demand")
    if clause.statistic == "mean":
        mean = float(np.average(seconds, weights=weights))
        return _amended(
            plain, verdict="met" if mean <= clause.seconds + MARGIN else "missed", value=mean, unit="s"
        )
    assert clause.share is not None
    share = share_within(weights, seconds, clause.seconds)
    return _amended(plain, verdict="met" if share >= clause.share - 1e-12 else "missed", value=share)


def _distance(standard: Standard, clause: DistanceClause, reach: Reach, capability: str | None) -> Finding:
    plain, formula = _plain(standard, clause), standard.file.travel_formula
    if formula is not None:
        seconds = formula.seconds(clause.metres)
        plain = _amended(plain, limit=f"{plain.limit} ({seconds:.0f} s by the formula)")
    named, lacking = _named(clause, reach, capability)
    if lacking:
        return _amended(plain, why=lacking)
    if not isinstance(reach.network, RoadNetwork):
        return _amended(plain, why="the network has no roads")
    share = share_within_metres(reach, clause.metres, clause.of, named)
    if math.isnan(share):
        return _amended(plain, why=f"there is no {clause.of}")
    if clause.share is None:
        return _amended(plain, verdict="shown", value=share)
    return _amended(plain, verdict="met" if share >= clause.share - 1e-12 else "missed", value=share)
