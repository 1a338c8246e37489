"""A survey of layouts: coverage, jurisdictions and what a standard says of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dispatch.errors import Problems, UsageError, did_you_mean
from dispatch.io.yaml_source import YamlDocument
from dispatch.roads.network import RoadNetwork
from dispatch.scenario.files import Folder
from dispatch.statics.coverage import coverage
from dispatch.statics.faces import (
    BARRIERS_FILE,
    BESIDE_ROADS,
    CANAL,
    around_roads,
    cut_region,
    read_barriers,
    read_boundary,
)
from dispatch.statics.ground import ground_of, link_lines, need_shapely
from dispatch.statics.judging import judge
from dispatch.statics.jurisdictions import divide
from dispatch.statics.links import links_of
from dispatch.statics.reach import check_capability, closures_note, reach_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dispatch.roads.network import Network
    from dispatch.scenario.scenario import Scenario
    from dispatch.statics.coverage import Coverage
    from dispatch.statics.faces import Region
    from dispatch.statics.judging import Judgement
    from dispatch.statics.jurisdictions import Division
    from dispatch.statics.reach import Clock
    from dispatch.statics.standards import Standard


@dataclass(frozen=True, slots=True)
class Question:
    """What a survey is to find out."""

    limits: tuple[float, ...]
    """Seconds."""
    clock: Clock = "travel"
    capability: str | None = None
    """The capability a unit must have; those of the run cards where it is left out."""
    standard: Standard | None = None
    areas: bool = True
    """Whether jurisdictions are drawn."""
    boundary: Path | None = None
    """GeoJSON polygons of the region; the land along the roads where it is left out."""
    barriers: Path | None = None
    """GeoJSON lines and polygons that cut the region; None for none."""
    at: float | None = None
    """Moment [s from the start] whose roads count; without one those of the start without closures, and for
    demand those of its hour."""


@dataclass(frozen=True, slots=True, eq=False)
class Surveyed:
    """One layout surveyed."""

    coverage: Coverage
    division: Division | None
    judgement: Judgement | None


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Layouts by name, in the order asked for."""

    scenario: Scenario
    question: Question
    layouts: dict[str, Surveyed]
    notes: tuple[str, ...]

    @property
    def network(self) -> Network:
        """The roads as they are at the moment in question."""
        roads, at = self.scenario.roads, self.question.at
        return roads.roads(roads.ordinary if at is None else roads.at(at))


def survey(scenario: Scenario, layouts: Sequence[str], question: Question) -> Survey:
    """Survey layouts of a scenario.

    Raises UsageError for layouts and capabilities that do not exist, and where a library is missing.
    """
    check_capability(scenario, question.capability)
    chosen = _chosen(scenario, layouts)
    notes = [*scenario.notes, *closures_note(scenario, question.at)]
    conditions = None if question.at is None else scenario.roads.at(question.at)
    region = _region(scenario.network, question, notes)
    surveyed: dict[str, Surveyed] = {}
    for name in chosen:
        reach = reach_of(scenario, scenario.layouts[name], conditions)
        named = None if question.capability is None else (question.capability,)
        division = None if region is None else divide(reach, region, reach.able(named))
        if division is not None and (division.owner < 0).any():
            cut_off = int((division.owner < 0).sum())
            notes.append(f"layout '{name}': no unit can come to {cut_off:,} nodes, which count for nobody.")
        judgement = None
        if question.standard is not None:
            judgement = judge(question.standard, reach, division, question.capability)
            notes += judgement.notes
        found = coverage(reach, question.limits, question.clock, question.capability)
        surveyed[name] = Surveyed(found, division, judgement)
    return Survey(scenario, question, surveyed, tuple(dict.fromkeys(notes)))


def _chosen(scenario: Scenario, layouts: Sequence[str]) -> list[str]:
    for name in layouts:
        if name not in scenario.layouts:
            message = f"no layout '{name}' in scenario '{scenario.name}'."
            raise UsageError(message, hint=did_you_mean(name, scenario.layouts))
    return list(dict.fromkeys(layouts)) or list(scenario.layouts)


def _region(network: Network, question: Question, notes: list[str]) -> Region | None:
    """Return the region to share out, None where there is none, with notes on where it comes from."""
    if not question.areas:
        return None
    if not isinstance(network, RoadNetwork):
        notes.append("a matrix of travel times has no roads: no road kilometres, no jurisdictions.")
        return None
    need_shapely()
    ground = ground_of(network)
    if question.boundary is not None:
        whole: Any = read_boundary(question.boundary, ground)
        origin = f"boundary {question.boundary.name}"
    else:
        whole = around_roads(link_lines(links_of(network), ground))
        origin = f"all land within {BESIDE_ROADS:g} m of the roads, holes filled"
    listed = () if question.barriers is None else read_barriers(question.barriers, ground)
    region = cut_region(whole, origin, [barrier for barrier in listed if barrier.kind != CANAL])
    notes.append(f"region of the jurisdictions: {origin}.")
    if question.barriers is None:
        notes.append("no barriers: rivers, railways and motorways do not bound the jurisdictions.")
        return region
    faces = f"{len(region.faces):,} faces" if len(region.faces) != 1 else "one face"
    notes.append(f"barriers of {question.barriers.name} cut the region into {faces}.")
    if region.idle:
        many = f"{region.idle:,} of {len(region.barriers):,} barriers"
        notes.append(f"{many} end on land and cut nothing.")
    canals = sum(barrier.kind == CANAL for barrier in listed)
    if canals:
        notes.append(f"features of the kind '{CANAL}' are no barriers and left out: {canals:,}.")
    return region


def barriers_beside(scenario: Scenario) -> Path | None:
    """Return the file of barriers in the folder of a scenario's network, None where there is none."""
    folder = Folder(scenario.path.parent, YamlDocument(scenario.path.name, None), Problems())
    found = folder.network(scenario.file.network)
    path = None if found is None else found / BARRIERS_FILE
    return path if path is not None and path.is_file() else None
