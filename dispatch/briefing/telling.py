"""Numbers of a study as a report tells them: every one of them stands in the study's folder."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from math import isnan, nan
from typing import TYPE_CHECKING, Literal

from dispatch.briefing.contents import Column, Number, Said, Table, counted
from dispatch.briefing.filters import filters_in_words
from dispatch.briefing.titles import ALL_TITLES, CLOCKS, WHO
from dispatch.errors import UsageError
from dispatch.study.compare import SIGNIFICANT
from dispatch.study.measures import compile_measures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatch.briefing.contents import Cell
    from dispatch.briefing.folder import StudyFolder
    from dispatch.scenario.scenario import Scenario
    from dispatch.study.estimates import Difference

MOST_ROWS = 2000
"""Rows of a table; what is left out stands in ``details.json``."""
NEITHER = "reliability.first_due"
"""A measure whose changes are neither good nor bad: a layout also changes which station is first due."""
EXACT = "coverage.static."
"""How measures begin that are the same in every replication, but for rounding."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A number that is told, and the measure it is."""

    number: Number
    layout: str
    measure: str


@dataclass(frozen=True, eq=False)
class Teller:
    """Tells the measures of a study as numbers with their units."""

    folder: StudyFolder
    scenario: Scenario
    claims: list[Claim] = field(default_factory=list)
    """All that was told so far."""
    _known: dict[str, tuple[str, bool | None]] = field(default_factory=dict)

    @property
    def layouts(self) -> tuple[str, ...]:
        """The layouts, the reference first."""
        return self.folder.layouts

    @property
    def others(self) -> tuple[str, ...]:
        """The alternatives: all layouts but the reference."""
        return self.folder.layouts[1:]

    @cached_property
    def types(self) -> tuple[str, ...]:
        """Incident types with calls in the reference, those with most calls first."""
        counts = {kind.id: self.value(self.folder.reference, f"incidents.n[type={kind.id}]")
                  for kind in self.scenario.kinds}  # fmt: skip
        return tuple(sorted((name for name, n in counts.items() if n > 0), key=lambda name: -counts[name]))

    @cached_property
    def zones(self) -> tuple[str, ...]:
        """Zones in which calls came in."""
        first = self.folder.reference
        return tuple(
            zone for zone in self.scenario.zones if self.value(first, f"incidents.n[zone={zone}]") > 0
        )

    def unit(self, measure: str) -> str:
        """Return the unit of a measure."""
        return self._about(measure)[0]

    def higher_is_better(self, measure: str) -> bool | None:
        """Return whether more is better; None where a change is neither good nor bad."""
        return self._about(measure)[1]

    def _about(self, measure: str) -> tuple[str, bool | None]:
        plain, _, filters = measure.partition("[")
        # the unit depends on the item, and that of what is lost on the type; of others on nothing
        key = measure if "item=" in filters or plain.startswith("loss.") else plain
        if key not in self._known:
            try:
                found = compile_measures(self.scenario, [measure])[0]
                self._known[key] = found.unit, found.higher_is_better
            except UsageError:
                self._known[key] = "1", None
        return self._known[key]

    def value(self, layout: str, measure: str) -> float:
        """Return a measure's mean; NaN where it was not taken or has no value."""
        found = self.folder.estimate(layout, measure)
        return nan if found is None else found.mean

    def has(self, measure: str) -> bool:
        """Return whether any layout has a value of a measure."""
        return any(not isnan(self.value(layout, measure)) for layout in self.layouts)

    def told(self, layout: str, measure: str) -> Number:
        """Return a measure of a layout with half of its confidence interval; exact ones have none."""
        found = self.folder.estimate(layout, measure)
        unit = self.unit(measure)
        number = Number(nan, unit)
        if found is not None:
            number = Number(found.mean, unit, _width(measure, found.half_width))
        self.claims.append(Claim(number, layout, measure))
        return number

    def change(self, layout: str, measure: str) -> Number:
        """Return a measure's paired difference from the reference."""
        found = self.folder.difference(layout, measure)
        unit = self.unit(measure)
        if found is None:
            return Number(nan, unit, is_difference=True)
        number = Number(
            found.mean,
            unit,
            _width(measure, found.half_width),
            is_difference=True,
            verdict=self.verdict(layout, measure),
        )
        self.claims.append(Claim(number, layout, measure))
        return number

    def verdict(self, layout: str, measure: str) -> Literal["", "better", "worse"]:
        """Return whether a difference that luck does not explain is for the better."""
        found, better = self.folder.difference(layout, measure), self.higher_is_better(measure)
        if found is None or better is None or measure.startswith(NEITHER) or not is_shown(found):
            return ""
        return "better" if (found.mean > 0) == better else "worse"

    def calls(self, layout: str, measure: str) -> Number:
        """Return how many calls stand behind a mean number of calls, over all replications."""
        found = self.folder.estimate(layout, measure)
        value = nan if found is None or isnan(found.mean) else float(round(found.mean * found.n))
        return Number(value, "whole")

    @property
    def has_told_intervals(self) -> bool:
        """Whether any number told so far has an interval."""
        return any(not isnan(claim.number.half_width) for claim in self.claims)

    def type_name(self, kind: str) -> str:
        """Return an incident type's name for people."""
        return self.scenario.file.incident_types[kind].title or kind


def _width(measure: str, half_width: float) -> float:
    """Return half of an interval, NaN where luck plays no part."""
    return nan if half_width == 0.0 or measure.startswith(EXACT) else half_width


def basis(teller: Teller, layout: str, filters: str = "") -> Said:
    """Return on how many calls the first unit's times rest, and in how many replications those came in."""
    reached = teller.calls(layout, f"total.first.n{filters}")
    every = teller.calls(layout, f"incidents.n{filters}")
    values: dict[str, Cell] = {
        "calls": counted("{n} call", "{n} calls", reached.value),
        "reached": reached,
        "replications": counted("{n} replication", "{n} replications", teller.folder.replications),
    }
    if not reached.value < every.value:
        return Said("{calls} in {replications}", values)
    values["calls"] = counted("{n} call", "{n} calls", every.value)
    return Said("{reached} reached of {calls} in {replications}", values)


def limits_of(number: Number, *, least: float = 0.0, most: float | None = None) -> dict[str, Cell]:
    """Return both ends of a number's interval as values of a message, within what can be, or nothing."""
    if isnan(number.half_width) or isnan(number.value):
        return {}
    high = number.value + number.half_width
    return {
        "low": Number(max(least, number.value - number.half_width), number.unit),
        "high": Number(high if most is None else min(most, high), number.unit),
    }


def listed(parts: Sequence[Said]) -> Said:
    """Return parts of a sentence as a list in it; there is at least one."""
    one, *more = parts
    return Said("{one}; {more}", {"one": one, "more": listed(more)}) if more else one


def percent(share: float) -> Said:
    """Return a share that was set, such as a goal, without decimals that nobody wrote."""
    return Said("{n} %", {"n": Number(round(100 * share, 6), "plain")})


def is_shown(difference: Difference) -> bool:
    """Return whether luck does not explain a difference, such as one that is the same every time."""
    same_every_time = difference.half_width == 0.0 and difference.mean != 0.0
    return difference.p_value < SIGNIFICANT or same_every_time


def title_of(measure: str, scenario: Scenario | None = None) -> Cell:
    """Return what a measure is called, and its filters in a scenario; its name where it has no words."""
    plain, bracket, filters = measure.partition("[")
    said = ALL_TITLES.get(plain) or _interval(plain)
    if said is None:
        return measure
    if not bracket:
        return said
    chosen: Cell = filters[:-1] if scenario is None else filters_in_words(scenario, filters[:-1])
    return Said("{measure} ({filters})", {"measure": said, "filters": chosen})


def _interval(name: str) -> Said | None:
    parts = name.split(".", 2)
    if len(parts) != 3 or parts[0] not in CLOCKS or parts[1] not in WHO:
        return None
    what = {"clock": CLOCKS[parts[0]], "who": WHO[parts[1]]}
    statistic = parts[2]
    if statistic == "mean":
        return Said("{clock}, {who}: mean", what)
    if statistic == "n":
        return Said("{clock}, {who}: calls", what)
    if statistic.startswith("within_"):
        limit = float(statistic.removeprefix("within_").removesuffix("s"))
        return Said("{clock}, {who}: within {limit}", {**what, "limit": Number(limit, "s")})
    if statistic[:1] == "p" and statistic[1:].isdigit():
        return Said("{clock}, {who}: {share} %", {**what, "share": Number(float(statistic[1:]), "whole")})
    return Said("{clock}, {who}: {statistic}", {**what, "statistic": statistic})


def named(name: str) -> Said:
    """Return a user's name as the title of a column."""
    return Said("{name}", {"name": name})


def table(
    name: str,
    title: Said,
    columns: Sequence[tuple[str, Said]],
    rows: Sequence[Sequence[Cell]],
    notes: Sequence[Said] = (),
    *,
    is_detail: bool = False,
) -> Table:
    """Return a table of at most so many rows, with a note on how many were left out."""
    kept = tuple(tuple(row) for row in rows[:MOST_ROWS])
    more = list(notes)
    if len(rows) > MOST_ROWS:
        left, whole = Number(len(rows) - MOST_ROWS, "whole"), Number(len(rows), "whole")
        more.append(
            Said(
                "{left} of {all} rows are left out here; details.json in the folder of the study has them.",
                {"left": left, "all": whole},
            )
        )
    return Table(name, title, tuple(Column(key, said) for key, said in columns), kept, tuple(more), is_detail)


def by_layout(layouts: Sequence[str]) -> list[tuple[str, Said]]:
    """Return a column for each layout."""
    return [(layout, named(layout)) for layout in layouts]
