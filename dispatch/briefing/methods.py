"""The method: how results came about, what they rest on, and what they must not be taken for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.briefing.contents import Number, Said, Section
from dispatch.briefing.noted import in_words, speeds_in_words
from dispatch.briefing.telling import table
from dispatch.briefing.titles import CLOCKS
from dispatch.study.measures import INTERVALS
from dispatch.study.outcomes import CAUTION, OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatch.briefing.contents import Cell, Table
    from dispatch.briefing.telling import Teller

LEFT_OUT = {
    "type_by_zone": Said("pairs of incident type and zone"),
    "intervals_by_type": Said("incident types, of which only the total time is told"),
    "intervals_by_zone": Said("zones, of which only the total time is told"),
    "types": Said("incident types"),
    "zones": Said("zones"),
    "units": Said("units"),
    "curves_by_type": Said("incident types with a curve of their own"),
    "concurrency": Said("calls open at once"),
    "item_by_depot": Said("pairs of item and depot"),
}


def marks(teller: Teller) -> tuple[Said, ...]:
    """Return what everyone must see first."""
    meta = teller.scenario.network.meta
    found = [Said("Planning aid: not for live dispatch.")]
    if meta.approximate:
        found.append(Said("Approximate geography: places and roads of {name} are not surveyed.",
                          {"name": meta.name or ""}))  # fmt: skip
    if any(teller.has(name) for name in OUTCOMES):
        found.append(Said(CAUTION))
    if teller.folder.interrupted:
        found.append(Said("The study was stopped by hand before it was finished."))
    return tuple(found)


def facts(teller: Teller) -> tuple[tuple[Said, Cell], ...]:
    """Return names and values of what was studied."""
    scenario, folder = teller.scenario, teller.folder
    speeds: dict[str, Cell] = {
        "name": scenario.roads.speeds.name,
        "description": speeds_in_words(scenario.roads.describe()),
    }
    found = (
        (Said("Scenario"), scenario.name),
        (Said("Network"), scenario.network.name),
        (Said("Speeds"), Said("{name} ({description})", speeds)),
        (Said("Start"), scenario.file.start),
        (Said("Horizon"), Number(scenario.file.horizon, "s")),
        (Said("Warm-up"), Number(scenario.file.warm_up, "s")),
        (Said("Replications"), Number(folder.replications, "whole")),
        (Said("Seed"), str(folder.seed)),
        (Said("Layouts"), ", ".join(folder.layouts)),
        (Said("Reference"), folder.reference),
        (Said("Version"), str(folder.manifest.get("versions", {}).get("dispatch", ""))),
    )
    without = {"Reference": not teller.others, "Warm-up": not scenario.file.warm_up}
    return tuple((name, value) for name, value in found if not without.get(name.text))


def method(teller: Teller) -> Section:
    """Return the chapter."""
    return Section("method", Said("Method"), _paragraphs(teller), tuple(_tables(teller)))


def _paragraphs(teller: Teller) -> tuple[Said, ...]:
    folder, file = teller.folder, teller.scenario.file
    values: dict[str, Cell] = {
        "n": Number(folder.replications, "whole"),
        "seed": str(folder.seed),
        "horizon": Number(file.horizon, "s"),
        "warm_up": Number(file.warm_up, "s"),
    }
    warm_up = Said("Calls received in the first {warm_up} are simulated but not measured.", values)
    intervals = Said(
        "Intervals are 95 % confidence intervals of the mean over replications, by Student's t; "
        "differences are paired on equal luck."
    )
    if not teller.others:
        intervals = Said(
            "Intervals are 95 % confidence intervals of the mean over replications, by Student's t."
        )
    return (
        Said(
            "Calls, units and roads were simulated event by event, {n} times over {horizon} each, "
            "with seed {seed}.",
            values,
        ),
        *([warm_up] if file.warm_up else []),
        intervals,
        Said(
            "The 90 % figure of a replication is its 90th percentile with linear interpolation (type 7); "
            "what is shown is the mean of that over replications."
        ),
        Said(
            "Static coverage counts the demand that the nearest suitable unit reaches, with all units "
            "in quarters, at the speeds of the hour in which calls come."
        ),
        Said(CAUTION),
        Said("The same files, seed and version give the same numbers."),
    )


def _tables(teller: Teller) -> Iterator[Table]:
    name, meaning = ("name", Said("name")), ("meaning", Said("meaning"))
    rows: list[list[Cell]] = [
        [CLOCKS[clock], Said(text.replace("``", ""))] for clock, text in INTERVALS.items()
    ]
    yield table("intervals", Said("Intervals"), [name, meaning], rows)
    sources = list(_sources(teller))
    yield table("sources", Said("Sources"), [name, ("source", Said("source"))], sources)
    notes = [*teller.scenario.notes, *teller.scenario.network.meta.notes]
    if notes:
        rows = [[in_words(note)] for note in dict.fromkeys(notes)]
        yield table("assumptions", Said("Assumptions and notes"), [("note", Said("note"))], rows)
    left_out = teller.folder.left_out
    if left_out:
        columns = [("what", Said("what")), ("count", Said("there are")), ("most", Said("told at most"))]
        rows = [
            [LEFT_OUT.get(key, key), Number(count, "whole"), Number(most, "whole")]
            for key, (count, most) in left_out.items()
        ]
        yield table("left_out", Said("Left out because there are too many"), columns, rows)
    inputs: list[list[Cell]] = [[key, value] for key, value in sorted(teller.folder.inputs.items())]
    yield table("inputs", Said("Fingerprints of inputs"), [name, ("value", Said("value"))], inputs)
    versions: list[list[Cell]] = [
        [key, str(value)] for key, value in sorted(teller.folder.manifest.get("versions", {}).items())
    ]
    yield table("versions", Said("Versions"), [name, ("value", Said("value"))], versions)


def _sources(teller: Teller) -> Iterator[list[Cell]]:
    meta, speeds = teller.scenario.network.meta, teller.scenario.roads.speeds
    if meta.source:
        yield [Said("Network"), meta.source]
    if meta.licence:
        yield [Said("Licence of the network"), meta.licence]
    if speeds.source:
        yield [Said("Speeds"), speeds.source]
    if teller.scenario.file.description:
        yield [Said("Scenario"), teller.scenario.file.description]
