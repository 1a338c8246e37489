"""Replicated simulation of layouts on common luck, in one process or many, with the same result."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from dispatch.composition import find_layout, simulate
from dispatch.engine.fleet import Fleet
from dispatch.engine.notices import notice_table
from dispatch.engine.supply_tables import supply_tables
from dispatch.engine.tables import incident_table, move_table, response_table, unit_table
from dispatch.errors import UsageError
from dispatch.study import supplies
from dispatch.study.details import detail_measures
from dispatch.study.estimates import (
    Difference,
    Estimate,
    estimate,
    estimates,
    holm,
    paired_difference,
    paired_differences,
)
from dispatch.study.measures import PRINCIPAL, compile_measures, headline
from dispatch.study.opening import load_again
from dispatch.study.pool import in_order
from dispatch.study.view import LogView
from dispatch.timeline import draw

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from numpy.typing import NDArray

    from dispatch.engine.log import Columns
    from dispatch.model.scenario import StoppingRule
    from dispatch.scenario.scenario import Scenario


SIGNIFICANT = 0.05

LEFT_OUT = ("incidents.unserved", "incidents.incomplete", "responses.cut_off", "control.never")
"""Always counted: calls that means and percentiles leave out, and units that closed roads turned back."""


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """Measures by layout and replication. The first layout is the one the others are compared with."""

    scenario: Scenario
    layouts: tuple[str, ...]
    measures: tuple[str, ...]
    values: dict[str, dict[str, NDArray[np.float64]]]
    """Layout → measure → one value for each replication."""
    replications: int
    interrupted: bool = False
    """Whether a person stopped the study before it was finished."""
    tables: dict[str, list[Columns]] = field(default_factory=dict)
    """Incident, response and unit tables by replication, where they were asked for."""
    details: tuple[str, ...] = ()
    """Measures that a report needs in addition, where they were asked for."""

    @property
    def reference(self) -> str:
        """The layout the others are compared with."""
        return self.layouts[0]

    def stopping(self) -> list[str]:
        """Tell how the scenario's stopping rule ended, layout by layout where it was not met."""
        rule = self.scenario.file.stop
        if rule is None or self.interrupted:
            return []
        widths = {layout: self.estimate(layout, rule.measure).half_width for layout in self.layouts}
        missed = {layout: width for layout, width in widths.items() if not width <= rule.half_width}
        if not missed:
            return [
                f"{rule.measure} is known to ± {rule.half_width:g} after {self.replications} replications."
            ]
        return [
            f"{rule.measure} in {layout} is known to ± {width:.4g} only, not {rule.half_width:g}, "
            f"after {self.replications} replications."
            for layout, width in missed.items()
        ]

    def left_out(self, layout: str) -> dict[str, float]:
        """Return how many calls and units a replication leaves out of means, on average."""
        return {name: self.estimate(layout, name).mean for name in LEFT_OUT}

    def estimate(self, layout: str, measure: str) -> Estimate:
        """Return a measure's mean over the replications."""
        return estimate(self.values[layout][measure])

    def estimates(self, layout: str, measures: Sequence[str]) -> dict[str, Estimate]:
        """Return the means of many measures, as ``estimate`` does one by one."""
        return dict(zip(measures, estimates(self._columns(layout, measures)), strict=True))

    def differences(self, layout: str, measures: Sequence[str]) -> dict[str, Difference]:
        """Return the paired differences of many measures, as ``difference`` does one by one."""
        both = (self._columns(name, measures) for name in (layout, self.reference))
        return dict(zip(measures, paired_differences(*both), strict=True))

    def _columns(self, layout: str, measures: Sequence[str]) -> NDArray[np.float64]:
        """Return values [replication, measure]."""
        found = [self.values[layout][name] for name in measures]
        return np.array(found).reshape(len(measures), self.replications).T

    def principal(self, layout: str) -> str:
        """Return the measure that decides who gains and who loses by a layout.

        It is the mean total time of the first unit, and the mean time to the first truck of supplies where
        the layout differs from the reference in depots only.
        """
        return principal(self.scenario, layout, self.reference)

    def difference(self, layout: str, measure: str) -> Difference:
        """Return a measure's paired difference ``layout − reference``."""
        return paired_difference(self.values[layout][measure], self.values[self.reference][measure])


def principal(scenario: Scenario, layout: str, reference: str) -> str:
    """Return the measure that decides who gains and who loses by a layout against another one."""
    one, other = (scenario.layouts[name] for name in (layout, reference))
    only_depots = (one.sites, one.units) == (other.sites, other.units) and one.depots != other.depots
    return supplies.PRINCIPAL if only_depots else PRINCIPAL


@dataclass(frozen=True, slots=True)
class ZoneVerdict:
    """What a layout changes for one zone."""

    zone: str
    difference: Difference
    adjusted_p: float
    """p-value adjusted for the number of zones (Holm)."""
    verdict: str
    """``faster``, ``slower`` or ``unclear`` at the 5 % level."""


def zone_verdicts(study: Study, layout: str) -> list[ZoneVerdict]:
    """Return who gains and who loses by a layout, by the measure that decides about it."""
    names = {zone: zone_measure(zone, study.principal(layout)) for zone in study.scenario.zones}
    zones = [zone for zone, name in names.items() if name in study.values[layout]]
    differences = [study.difference(layout, names[zone]) for zone in zones]
    adjusted = holm([d.p_value for d in differences])
    rows = zip(zones, differences, adjusted, strict=True)
    return [ZoneVerdict(z, d, p, _verdict(d, p)) for z, d, p in rows if d.n]


def _verdict(difference: Difference, adjusted_p: float) -> str:
    same_every_time = difference.half_width == 0.0 and difference.mean != 0.0
    if not adjusted_p < SIGNIFICANT and not same_every_time:
        return "unclear"
    return "faster" if difference.mean < 0 else "slower"


def zone_measure(zone: str, principal: str = PRINCIPAL) -> str:
    """Return the name of the principal measure of one zone."""
    return f"{principal}[zone={zone}]"


def compare(
    scenario: Scenario,
    layouts: Sequence[str] = (),
    replications: int | None = None,
    *,
    measures: Sequence[str] = (),
    jobs: int = 1,
    by_zone: bool = True,
    tables: bool = False,
    details: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Study:
    """Simulate layouts (all, when none are named) on the same replications and return their measures.

    The result does not depend on ``jobs``. ``progress`` is called with replications done and to do. A
    KeyboardInterrupt ends the study with what is finished. With a stopping rule in the scenario and no
    number of replications given, it is replicated until the rule is met. With ``details``, all measures of
    ``detail_measures`` are read in addition.
    """
    names = tuple(dict.fromkeys(layouts)) or tuple(scenario.layouts)
    for name in names:
        find_layout(scenario, name)
    asked = tuple(dict.fromkeys(measures or scenario.file.measures or headline(scenario)))
    rule = scenario.file.stop if replications is None else None
    extra = _by_zone(scenario) if by_zone else []
    every = tuple(dict.fromkeys([*asked, *([rule.measure] if rule else []), *extra, *LEFT_OUT]))
    compile_measures(scenario, every)
    wanted = rule.maximum if rule else replications or scenario.file.replications
    if jobs < 1 or wanted < 1:
        message = f"{wanted} replications in {jobs} processes."
        raise UsageError(message, hint="Give at least one of each.")
    task = _Task(scenario, names, every, tables=tables, details=details)
    results = _results(task, wanted, min(jobs, wanted))
    collected: list[_Result] = []
    interrupted = _collect(
        results, collected, rule, task, lambda: progress and progress(len(collected), wanted)
    )
    return _study(task, asked, collected, interrupted=interrupted)


def _collect(
    results: Generator[_Result],
    collected: list[_Result],
    rule: StoppingRule | None,
    task: _Task,
    tell: Callable[[], None] | None,
) -> bool:
    """Collect results until there are no more, the rule is met, or a person interrupts, which is returned."""
    interrupted = False
    try:
        for result in results:
            collected.append(result)
            if tell is not None:
                tell()
            if rule and len(collected) >= rule.minimum:
                measure = task.measures.index(rule.measure)
                if _precise(collected, measure, rule.half_width):
                    break
    except KeyboardInterrupt:
        interrupted = True
    try:
        results.close()
    except KeyboardInterrupt:  # an impatient one, held back until the workers had ended
        interrupted = True
    return interrupted


def _by_zone(scenario: Scenario) -> list[str]:
    """Return the measures that decide about zones; those of supplies for injected calls, too."""
    weights = scenario.demand_by_node.sum(axis=0)
    names = [zone_measure(zone) for zone in _zones_with(scenario, weights)]
    if scenario.supplies is None:
        return names
    weights[[call.node for call in scenario.authored]] += 1.0
    return names + [zone_measure(zone, supplies.PRINCIPAL) for zone in _zones_with(scenario, weights)]


def _zones_with(scenario: Scenario, weights: NDArray[np.float64]) -> list[str]:
    """Return the zones in which calls may come, by weights of nodes [N]."""
    return [zone for i, zone in enumerate(scenario.zones) if weights[scenario.zone_of == i].sum() > 0]


def _precise(collected: list[_Result], measure: int, half_width: float) -> bool:
    """Whether a measure is known well enough for every layout."""
    values = np.array([result.values[:, measure] for result in collected])
    return all(estimate(column).half_width <= half_width for column in values.T)


def _study(task: _Task, asked: tuple[str, ...], collected: list[_Result], *, interrupted: bool) -> Study:
    shape = (0, len(task.layouts), len(task.measures))
    cube = np.array([result.values for result in collected]) if collected else np.empty(shape)
    values = {
        layout: {name: cube[:, i, j] for j, name in enumerate(task.measures)}
        for i, layout in enumerate(task.layouts)
    }
    tables: dict[str, list[Columns]] = {}
    for result in collected:
        for name, table in result.tables.items():
            tables.setdefault(name, []).append(table)
    details = task.details and tuple(sorted({*asked, *task.details}))
    return Study(task.scenario, task.layouts, asked, values, len(collected), interrupted, tables, details)


@dataclass(frozen=True, slots=True)
class _Result:
    """One replication of all layouts."""

    values: NDArray[np.float64]
    """Measures [layout, measure]."""
    tables: dict[str, Columns]


class _Task:
    """Simulates and measures one replication of all layouts; the same in any process."""

    def __init__(
        self,
        scenario: Scenario,
        layouts: tuple[str, ...],
        measures: tuple[str, ...],
        *,
        tables: bool,
        details: bool,
    ) -> None:
        self.scenario, self.layouts, self.asked, self.tables = scenario, layouts, measures, tables
        self.details = detail_measures(scenario) if details else ()
        self.measures = tuple(dict.fromkeys([*measures, *self.details]))
        """What is read: what was asked for, and then the details."""
        self._compiled = compile_measures(scenario, self.measures)
        self._fleets: dict[str, Fleet] = {}

    def __call__(self, replication: int) -> _Result:
        timeline = draw(self.scenario, replication)
        values = np.empty((len(self.layouts), len(self.measures)))
        tables: dict[str, Columns] = {}
        for i, layout in enumerate(self.layouts):
            fleet = self._fleets.get(layout)
            if fleet is None:
                fleet = self._fleets[layout] = Fleet(self.scenario, self.scenario.layouts[layout])
            log = simulate(self.scenario, layout, timeline, fleet=fleet)
            view = LogView(log)
            values[i] = [measure.read(view) for measure in self._compiled]
            if self.tables:
                tables = {
                    "incidents": incident_table(log),
                    "responses": response_table(log),
                    "units": unit_table(log),
                    "notices": notice_table(log),
                    "moveups": move_table(log),
                    **supply_tables(log),
                }
        return _Result(values, tables)


@dataclass(frozen=True, slots=True)
class _Order:
    """What a worker process needs to build the same task: small, where a scenario is large."""

    path: str
    digest: str
    seed: int
    speeds: str
    layouts: tuple[str, ...]
    measures: tuple[str, ...]
    tables: bool
    details: bool


@lru_cache(maxsize=1)
def _task_of(order: _Order) -> _Task:
    """Build the task of a worker process when it is first needed, so that its errors reach the parent."""
    scenario = load_again(
        order.path, order.digest, speeds=order.speeds, doing="studied", remedy="Run the study again."
    )
    scenario = scenario.with_seed(order.seed)
    return _Task(scenario, order.layouts, order.measures, tables=order.tables, details=order.details)


def _work(order: _Order, replication: int) -> _Result:
    return _task_of(order)(replication)


def _results(task: _Task, count: int, jobs: int) -> Generator[_Result]:
    """Yield the results of replications 0, 1, 2, … in order, from this process or several."""
    if jobs == 1:
        return in_order(task, range(count), 1)
    scenario = task.scenario
    path, seed, speeds = os.fspath(scenario.path), scenario.file.seed, scenario.file.travel.speeds
    shown = (task.layouts, task.asked, task.tables, bool(task.details))
    order = _Order(path, scenario.digest, seed, speeds, *shown)
    return in_order(partial(_work, order), range(count), jobs)
