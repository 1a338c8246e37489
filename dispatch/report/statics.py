"""Isochrones, surveys and standards as documents and rows of tables. Nothing is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dispatch.report.moments import moment_document
from dispatch.report.results import speeds_document
from dispatch.statics.coverage import road_km

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dispatch.scenario.scenario import Scenario
    from dispatch.statics.isochrone import Isochrone
    from dispatch.statics.judging import Finding, Judgement, StationVerdict
    from dispatch.statics.jurisdictions import Division, Jurisdiction
    from dispatch.statics.standards import Standard
    from dispatch.statics.survey import Survey, Surveyed


def isochrone_document(
    found: Isochrone, scenario: Scenario | None, layout: str, at: float | None, notes: Iterable[str]
) -> dict[str, Any]:
    """Return the JSON document of ``dispatch network isochrone``.

    ``layout`` and ``at``, a moment in seconds from the start, need a scenario.
    """
    network = found.network
    document: dict[str, Any] = {
        "at": None,
        "closures": [],
        "limits": isochrone_rows(found),
        "network": network.name,
        "notes": list(notes),
        "stations": [
            {
                "node": network.node_ids[s.node],
                "off_m": round(s.off_m, 3),
                "station": s.asked,
                "title": s.title,
            }
            for s in found.starts
        ],
        "width_m": found.width_m,
    }
    if scenario is None:
        return document
    document |= {"layout": layout, "scenario": scenario.name, "speeds": speeds_document(scenario)}
    return document | moment_document(scenario, at)


def isochrone_rows(found: Isochrone) -> list[dict[str, Any]]:
    """Return what is reached within each limit, as rows of plain values."""
    return [
        {
            "minutes": ring.seconds / 60,
            "seconds": ring.seconds,
            "nodes": ring.nodes,
            "road_km": ring.road_km,
            "road_share": ring.road_share,
            "area_km2": ring.area_km2,
            "population": ring.population,
            "population_share": ring.population_share,
            "demand_share": ring.demand_share,
        }
        for ring in found.rings
    ]


def survey_document(found: Survey) -> dict[str, Any]:
    """Return the JSON document of ``dispatch network coverage``."""
    question = found.question
    return {
        "barriers": None if question.barriers is None else question.barriers.name,
        "boundary": None if question.boundary is None else question.boundary.name,
        "capability": question.capability,
        "clock": question.clock,
        "layouts": {name: _surveyed(surveyed) for name, surveyed in found.layouts.items()},
        "limits_s": sorted(set(question.limits)),
        "network": found.network.name,
        "notes": list(found.notes),
        "road_km": road_km(found.scenario.network),
        "scenario": found.scenario.name,
        "speeds": speeds_document(found.scenario),
        "standard": None if question.standard is None else question.standard.name,
        **moment_document(found.scenario, question.at),
    }


def _surveyed(surveyed: Surveyed) -> dict[str, Any]:
    coverage, division, judgement = surveyed.coverage, surveyed.division, surveyed.judgement
    document: dict[str, Any] = {
        "demand_s": {"max": coverage.most, "mean": coverage.mean, "min": coverage.least, "p90": coverage.p90},
        "within": [
            {
                "seconds": row.seconds,
                "demand": row.demand,
                "population": row.population,
                "road_km": row.road_km,
                "roads": row.roads,
            }
            for row in coverage.limits
        ],
    }
    if division is not None:
        document["jurisdictions"] = {
            j.site.id: _jurisdiction(j, verdict) for j, verdict in with_verdicts(division, judgement)
        }
        document["region"] = {
            "edge": division.region.origin,
            "faces": len(division.region.faces),
            "land_km2": division.region.land_km2,
            "water_km2": division.region.water_km2,
        }
    if judgement is not None:
        document["judged"] = [_finding(f) for f in judgement.findings if f.verdict != "not judged"]
        document["not_judged"] = [_unjudged(f) for f in judgement.findings if f.verdict == "not judged"]
    return document


def with_verdicts(
    division: Division, judgement: Judgement | None
) -> list[tuple[Jurisdiction, StationVerdict | None]]:
    """Return jurisdictions with what a standard says of each; None where none was asked for."""
    verdicts: list[StationVerdict | None] = [None] * len(division.jurisdictions)
    if judgement is not None:
        verdicts = list(judgement.stations)
    return list(zip(division.jurisdictions, verdicts, strict=True))


def _jurisdiction(found: Jurisdiction, verdict: StationVerdict | None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "across": dict(found.across),
        "across_km2": found.across_km2,
        "area_km2": found.area_km2,
        "barrier": found.barrier,
        "demand": found.demand,
        "edge_s": found.edge_s,
        "nodes": found.nodes,
        "population": found.population,
        "straddles": found.straddles,
        "title": found.site.title,
    }
    if verdict is not None:
        document |= {
            "area_ok": verdict.area,
            "edge_ok": verdict.edge,
            "grade": verdict.grade,
            "grade_assumed": verdict.assumed,
            "limit_km2": verdict.limit_km2,
            "passes": verdict.passes,
            "undivided_ok": verdict.undivided,
        }
    return document


def _finding(found: Finding) -> dict[str, Any]:
    return {
        "applies_to": found.applies_to,
        "limit": found.limit,
        "of": found.of or None,
        "source": found.source,
        "title": {"en": found.title.en, "zh": found.title.zh},
        "unit": found.unit,
        "value": found.value,
        "verdict": found.verdict,
        "verified": found.verified,
    }


def _unjudged(found: Finding) -> dict[str, Any]:
    return {
        "applies_to": found.applies_to,
        "limit": found.limit,
        "measure": found.measure or None,
        "source": found.source,
        "title": {"en": found.title.en, "zh": found.title.zh},
        "verified": found.verified,
        "why": found.why,
    }


def coverage_rows(found: Survey) -> list[dict[str, Any]]:
    """Return coverage by layout and limit as rows of plain values, for CSV."""
    return [
        {
            "layout": name,
            "clock": found.question.clock,
            "limit_s": row.seconds,
            "demand_share": row.demand,
            "population_share": row.population,
            "road_km": row.road_km,
            "road_share": row.roads,
        }
        for name, surveyed in found.layouts.items()
        for row in surveyed.coverage.limits
    ]


def standard_document(standard: Standard) -> dict[str, Any]:
    """Return a profile as plain values."""
    return standard.file.model_dump(mode="json", exclude={"schema_version"})
