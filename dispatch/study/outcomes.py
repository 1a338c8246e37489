"""Measures of what delay costs: survivors, fire size, the 15-minute rule, loss.

They are read off the log alone, by formulas fitted elsewhere to other people and other fires: an aid for
comparing layouts, no forecast. The docstrings name formula, unit, source and domain of validity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from dispatch.engine.board import MARGIN
from dispatch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from dispatch.model.outcomes import Fire, Loss, Outcome, Survival
    from dispatch.scenario.scenario import Kind, Scenario
    from dispatch.study.view import LogView

    Filters = dict[str, str]
    Floats = NDArray[np.float64]
    Part = Literal["survival", "fire", "loss"]

RULE_15 = 900.0
"""Seconds from ignition to first water in the Chinese 15-minute rule."""

CAUTION = "Survivors, fire sizes and losses follow from formulas: an aid for comparing layouts, no forecast."
"""What is said wherever such measures are shown to people."""


def survival(model: Survival, seconds: Floats) -> Floats:
    """Return the probability that a patient survives (0 to 1) by seconds from the call until treatment.

    NaN, for a patient nobody reaches, gives 0. The collapse is taken to be at the call.
    """
    minutes = np.asarray(seconds, dtype=np.float64) / 60.0
    if model.function == "larsen":
        advanced = minutes + (model.advanced_care or 0.0) / 60.0
        chance = _larsen(_resuscitation(model, minutes), minutes, advanced)
    elif model.function == "king-county":
        chance = _king_county(minutes, model.at_once or 0.0)
    elif model.function == "de-maio":
        chance = _logistic(-0.679 - 0.262 * minutes)
    else:
        chance = _logistic(0.260 - 0.106 * _resuscitation(model, minutes) - 0.139 * minutes)
    return np.nan_to_num(chance, nan=0.0)


def _resuscitation(model: Survival, minutes: Floats) -> Floats:
    """Return minutes until somebody starts resuscitation: the crew, or who was there before it."""
    by_crew = math.inf if model.bystander_cpr is None else model.bystander_cpr / 60.0
    return np.minimum(minutes, by_crew)


def _larsen(cpr: Floats, defibrillation: Floats, advanced: Floats) -> Floats:
    return np.maximum(0.67 - 0.023 * cpr - 0.011 * defibrillation - 0.021 * advanced, 0.0)


def _king_county(minutes: Floats, at_once: float) -> Floats:
    steep = np.clip(minutes, 4.0, 10.0) - 4.0
    flat = np.maximum(minutes, 10.0) - 10.0
    return np.maximum(at_once - 0.052 * steep - 0.019 * flat, 0.0)


def _logistic(x: Floats) -> Floats:
    with np.errstate(over="ignore"):  # of an endless delay: no chance at all
        return np.asarray(1.0 / (1.0 + np.exp(-x)))


def heat_release(model: Fire, seconds: Floats) -> Floats:
    """Return the heat release rate in kW by seconds from ignition, at most the fire's peak."""
    rate = model.coefficient * np.asarray(seconds, dtype=np.float64) ** 2
    return rate if model.peak is None else np.minimum(rate, model.peak)


def loss(model: Loss, seconds: Floats, horizon: float) -> Floats:
    """Return the loss by seconds from the call until the first unit is on scene; NaN, for never, is most."""
    most = model.maximum if model.maximum is not None else model.per_minute * horizon / 60.0
    lost = np.nan_to_num(model.per_minute * np.asarray(seconds, dtype=np.float64) / 60.0, nan=most)
    return lost if model.maximum is None else np.minimum(lost, most)


def _kinds(scenario: Scenario, part: Part, filters: Filters) -> Iterator[tuple[int, Kind, Outcome]]:
    """Yield the incident types that pass a filter and have a part of an outcome, with their numbers."""
    for number, kind in enumerate(scenario.kinds):
        outcome = kind.type.outcome
        if filters.get("type", kind.id) == kind.id and outcome and getattr(outcome, part) is not None:
            yield number, kind, outcome


def _delays(view: LogView, part: Part, filters: Filters) -> Iterator[tuple[Outcome, Floats]]:
    """Yield, by incident type, seconds from each measured call to its first unit on scene; NaN for never."""
    calls = view.calls(filters)
    seconds = view.incidents.first_on_scene - view.timeline.received
    for number, _, outcome in _kinds(view.log.scenario, part, filters):
        yield outcome, seconds[calls & (view.timeline.kind == number)]


def counted(view: LogView, part: Part, filters: Filters) -> int:
    """Return the number of measured calls that have a part of an outcome, reached or not."""
    return sum(len(seconds) for _, seconds in _delays(view, part, filters))


def _gathered(parts: list[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.empty(0)


def survivors_expected(view: LogView, filters: Filters) -> float:
    """Expected survivors of out-of-hospital cardiac arrest: Σ patients × p over the measured calls.

    p is a function of the minutes t from the call (taken for the collapse) until the first unit on scene, and
    ``delay``, treats the patient; a call nobody reached counts as p = 0. ``larsen``: 0.67 − 0.023·CPR −
    0.011·t − 0.021·ACLS, not below 0, with minutes to resuscitation and to advanced care (M. P. Larsen et
    al., Ann. Emerg. Med. 1993: ventricular fibrillation, King County 1976 on). ``king-county``: ``at_once``
    up to 4 min, then 5.2 points less a minute up to 10, then 1.9 (L. S. Gold et al., Resuscitation 81, 2010:
    ventricular fibrillation, slopes given up to 15 min; beyond, the last goes on). ``de-maio``: 1 / (1 +
    exp(0.679 + 0.262·t)) (V. J. De Maio et al., Ann. Emerg. Med. 2003, as used by E. Erkut et al., Naval
    Research Logistics 55, 2008). ``valenzuela``: 1 / (1 + exp(−0.260 + 0.106·CPR + 0.139·t)) (T. D.
    Valenzuela et al., Circulation 96, 1997: witnessed, ventricular fibrillation). An aid for
    comparing layouts.
    """
    parts = []
    for outcome, seconds in _delays(view, "survival", filters):
        assert outcome.survival is not None
        model = outcome.survival
        parts.append(model.patients * survival(model, seconds + model.delay))
    values = _gathered(parts)
    return float(values.sum()) if len(values) else math.nan


def _fires(view: LogView, filters: Filters) -> Floats:
    parts = []
    for outcome, seconds in _delays(view, "fire", filters):
        assert outcome.fire is not None
        model = outcome.fire
        reached = seconds[~np.isnan(seconds)]
        parts.append(heat_release(model, model.ignition_to_call + reached + model.set_up))
    return _gathered(parts)


def fire_mean(view: LogView, filters: Filters) -> float:
    """Mean heat release rate of fires at first water, Q = α·t², at most ``peak``.

    t runs from ignition: ``ignition_to_call``, the time from the call to the first unit on scene, ``set_up``.
    α is 1,055 kW over the square of 600, 300, 150 or 75 s (NFPA 72, NFPA 92). Holds for a fire that grows
    freely, until flashover or until fuel or air run short. Fires nobody reached have no first water and are
    left out: see ``rule15.share`` and ``incidents.unserved``. An aid for comparing layouts.
    """
    values = _fires(view, filters)
    return float(values.mean()) if len(values) else math.nan


def fire_p90(view: LogView, filters: Filters) -> float:
    """Heat release rate at first water that nine in ten fires stay below.

    As ``fire.at_first_water.mean``, with linear interpolation (Hyndman–Fan type 7).
    """
    values = _fires(view, filters)
    return float(np.quantile(values, 0.9)) if len(values) else math.nan


def rule15_share(view: LogView, filters: Filters) -> float:
    """Share of fires with water within 15 minutes (900 s) of ignition; those nobody reached are missed.

    The time is ``ignition_to_call``, the time from the call to the first unit on scene, and ``set_up``.
    Source: the Chinese rule for the siting of fire stations: 4 min to discover, 2.5 to report and handle, 1
    turnout, 4 travel, 3.5 to set up. It is for planning; whether a fire is held by then it does not say.
    """
    held = n = 0
    for outcome, seconds in _delays(view, "fire", filters):
        assert outcome.fire is not None
        to_water = outcome.fire.ignition_to_call + seconds + outcome.fire.set_up
        held += int((to_water <= RULE_15 + MARGIN).sum())
        n += len(seconds)
    return held / n if n else math.nan


def loss_expected(view: LogView, filters: Filters) -> float:
    """Loss of all measured calls, each ``per_minute`` × minutes from the call to the first unit on scene.

    No call loses more than ``maximum``, and one that nobody reached loses just that; without a maximum, as
    much as if it had waited for the whole horizon. A proxy of your own making, linear where real loss is not:
    an aid for comparing layouts.
    """
    horizon = view.log.scenario.file.horizon
    parts = []
    for outcome, seconds in _delays(view, "loss", filters):
        assert outcome.loss is not None
        parts.append(loss(outcome.loss, seconds, horizon))
    values = _gathered(parts)
    return float(values.sum()) if len(values) else math.nan


@dataclass(frozen=True, slots=True)
class OutcomeMeasure:
    """One measure of outcomes, before it is bound to a scenario."""

    read: Callable[[LogView, Filters], float]
    part: Part
    """What calls must have for it."""
    unit: str
    """Empty for the unit of the loss."""
    higher_is_better: bool

    def unit_in(self, scenario: Scenario, written: str, filters: Filters) -> str:
        """Return its unit in a scenario; raises UsageError where it means nothing there."""
        kinds = list(_kinds(scenario, self.part, filters))
        if not kinds:
            who = f"type '{filters['type']}'" if "type" in filters else "no incident type of the scenario"
            verb = "has no" if "type" in filters else "has an"
            message = f"measure '{written}': {who} {verb} outcome with '{self.part}'."
            hint = f"Give incident_types.{filters.get('type', '<type>')}.outcome.{self.part}."
            raise UsageError(message, hint=hint)
        if self.unit:
            return self.unit
        units = {kind.id: outcome.loss.unit or "1" for _, kind, outcome in kinds if outcome.loss}
        if len(set(units.values())) > 1:
            told = ", ".join(f"{name} in {unit}" if unit != "1" else f"{name} in none"
                             for name, unit in units.items())  # fmt: skip
            message = f"measure '{written}': losses of different units cannot be added ({told})."
            raise UsageError(
                message, hint=f"Choose one with [type={next(iter(units))}], or give all one unit."
            )
        return next(iter(units.values()))


OUTCOMES = {
    "fire.at_first_water.mean": OutcomeMeasure(fire_mean, "fire", "kW", higher_is_better=False),
    "fire.at_first_water.p90": OutcomeMeasure(fire_p90, "fire", "kW", higher_is_better=False),
    "loss.expected": OutcomeMeasure(loss_expected, "loss", "", higher_is_better=False),
    "rule15.share": OutcomeMeasure(rule15_share, "fire", "share", higher_is_better=True),
    "survivors.expected": OutcomeMeasure(survivors_expected, "survival", "people", higher_is_better=True),
}
"""The measures by name; all take the filters of calls."""
