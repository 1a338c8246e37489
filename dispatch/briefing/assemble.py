"""The briefing of a study: all that its report tells, put together from its folder and its scenario."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan, nan
from typing import TYPE_CHECKING

from dispatch.briefing.compared import compared
from dispatch.briefing.comparing import alternatives
from dispatch.briefing.contents import Briefing, Number, Said, Section, Spark
from dispatch.briefing.distributing import distribution
from dispatch.briefing.document import briefing_document
from dispatch.briefing.frame import Frame
from dispatch.briefing.judging import default_standards, judged, standards_section
from dispatch.briefing.methods import facts, marks, method
from dispatch.briefing.others import others
from dispatch.briefing.performing import NEARLY_ALL, performance
from dispatch.briefing.sampled import chosen, sample
from dispatch.briefing.statements import statements
from dispatch.briefing.supplying import supplies
from dispatch.briefing.telling import Teller, by_layout, table, title_of
from dispatch.briefing.working import workload
from dispatch.statics.standards import standard
from dispatch.study.details import CURVE

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatch.briefing.contents import Cell, Table
    from dispatch.briefing.folder import StudyFolder
    from dispatch.briefing.judging import Judged
    from dispatch.briefing.layers import MapLayer
    from dispatch.briefing.payload import MapPayload
    from dispatch.briefing.sampled import Sample
    from dispatch.scenario.scenario import Scenario

__all__ = ["Choice", "brief", "briefing_document"]

POINTS = 20
"""Values of a small picture."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a reader chose."""

    standards: tuple[str, ...] = ()
    """Names of profiles or YAML files; the default ones where there are none."""
    play: tuple[str, ...] = ()
    """Layouts to play; the first and the last where there are none."""
    replication: int = 0
    day: int | None = None
    """Calendar day to play, from 1; the busiest where it is left out."""


@dataclass(frozen=True, slots=True)
class _Steps:
    """Tells what is being done."""

    tell: Callable[[str], None] | None = field(default=None)

    def __call__(self, what: str) -> None:
        if self.tell is not None:
            self.tell(what)


def brief(
    folder: StudyFolder,
    scenario: Scenario,
    choice: Choice | None = None,
    progress: Callable[[str], None] | None = None,
) -> Briefing:
    """Return the briefing of a study whose scenario is unchanged; ``progress`` is told each step.

    Raises UsageError for standards, layouts, replications and days that do not exist.
    """
    choice, step = choice or Choice(), _Steps(progress)
    played = chosen(folder.layouts, choice.play, choice.replication, folder.replications)
    named = [standard(name) for name in dict.fromkeys(choice.standards)]
    standards = named or default_standards()
    teller = Teller(folder, scenario)
    known = judged(scenario, folder.layouts, standards, step)
    sampled = sample(scenario, played, choice.replication, choice.day, step)
    step("drawing the map")
    drawn, layers = _maps(teller, known, sampled)
    step("putting the report together")
    sections = (
        compared(teller, known),
        _map_section(sampled) if drawn is not None else _no_map(),
        performance(teller, standards),
        distribution(teller),
        workload(teller, sampled),
        alternatives(teller),
        standards_section(teller, known, is_default=not named),
        supplies(teller, sampled),
        others(teller),
        method(teller),
    )
    return Briefing(
        title=scenario.file.title or scenario.name,
        description=scenario.file.description,
        marks=marks(teller),
        facts=facts(teller),
        statements=statements(teller, standards),
        headline=headline(teller),
        sections=tuple(section for section in sections if section is not None),
        map=drawn,
        layers=layers,
    )


def _maps(teller: Teller, known: Judged, sampled: Sample) -> tuple[MapPayload | None, tuple[MapLayer, ...]]:
    """Return what the map is drawn from, and the layers; nothing where there are no coordinates."""
    from dispatch.briefing.gis import map_layers
    from dispatch.briefing.mapping import map_payload

    scenario, layouts, reference = teller.scenario, teller.layouts, teller.folder.reference
    if Frame.of(scenario.network) is None:
        return None, ()
    drawn = map_payload(scenario, layouts, reference, calls=sampled.calls, playbacks=sampled.playbacks)
    layers = map_layers(scenario, layouts, reference, known.survey, sampled.last[1], _by_zone(teller))
    return drawn, layers


def _by_zone(teller: Teller) -> dict[str, dict[str, float]]:
    """Return what layers tell of each zone: the first unit's mean and 90 % from the call, by layout."""
    return {
        zone: {
            f"total_first_{statistic}_s_{layout}": found.mean
            for layout in teller.layouts
            for statistic in ("mean", "p90")
            if (found := teller.folder.estimate(layout, f"total.first.{statistic}[zone={zone}]")) is not None
        }
        for zone in teller.scenario.zones
    }


def _no_map() -> Section:
    """Return the chapter of a network that cannot be drawn."""
    told = Said("This network has no coordinates, so there is no map and no playback.")
    return Section("map", Said("Map"), (told,))


def _map_section(sampled: Sample) -> Section:
    """Return the chapter with the map, and how it was sampled."""
    paragraphs = [
        Said("The map shows stations, units, calls and how soon the first unit is where, all units in."),
        Said(
            "It can be moved and magnified; layers are switched in the list beside it, "
            "and a day can be played."
        ),
    ]
    if sampled.calls is not None and sampled.calls["total"]:
        shown = len(sampled.calls["dx"])
        values: dict[str, Cell] = {
            "shown": Number(shown, "whole"),
            "all": Number(sampled.calls["total"], "whole"),
            "n": Number(sampled.replication, "whole"),
            "layout": sampled.calls["layout"],
        }
        if shown == sampled.calls["total"]:
            paragraphs.append(Said("Calls are all {all} of replication {n}, in {layout}.", values))
        else:
            paragraphs.append(
                Said("Calls are a sample: {shown} of {all} of replication {n}, evenly spread, in {layout}.",
                     values)
            )  # fmt: skip
    for each in sampled.playbacks:
        if len(each["calls"]) < each["all_calls"]:
            values = {
                "shown": Number(len(each["calls"]), "whole"),
                "all": Number(each["all_calls"], "whole"),
                "layout": each["layout"],
            }
            paragraphs.append(
                Said("The playback of {layout} lists {shown} of {all} calls, evenly spread.", values)
            )
    return Section("map", Said("Map"), tuple(paragraphs), has_map=True)


def headline(teller: Teller) -> Table:
    """Return the measures that were asked for, by layout, and what alternatives change."""
    columns = [("measure", Said("measure")), *by_layout(teller.layouts)]
    columns += [
        (f"change_{layout}", Said("change by {layout}", {"layout": layout})) for layout in teller.others
    ]
    rows: list[list[Cell]] = [
        [
            title_of(name, teller.scenario),
            *(teller.told(layout, name) for layout in teller.layouts),
            *(teller.change(layout, name) for layout in teller.others),
        ]
        for name in teller.folder.measures
    ]
    pictures = _pictures(teller)
    if pictures:
        rows.append([Said("first unit, from call: share of calls reached within a time"), *pictures,
                     *(None for _ in teller.others)])  # fmt: skip
    notes = []
    if teller.folder.replications > 1:
        notes.append(Said("± is half of the 95 % confidence interval of the mean over replications."))
    return table("headline", Said("Headline measures"), columns, rows, notes)


def _pictures(teller: Teller) -> list[Spark]:
    """Return the share reached by the first unit, over the time in which the reference reaches nearly all."""
    grid = [at for at in CURVE if teller.has(f"total.first.within_{at}s")]
    reached = [teller.value(teller.folder.reference, f"total.first.within_{at}s") for at in grid]
    last = next((i for i, share in enumerate(reached) if share >= NEARLY_ALL), len(grid) - 1)
    if not grid:
        return []
    chosen_points = sorted({round(i * last / (POINTS - 1)) for i in range(POINTS)})
    shares = [[teller.value(layout, f"total.first.within_{grid[i]}s") for i in chosen_points]
              for layout in teller.layouts]  # fmt: skip
    return [Spark(tuple(nan if isnan(value) else value for value in row)) for row in shares]
