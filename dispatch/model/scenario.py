"""The scenario file as a whole."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AwareDatetime, BeforeValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from dispatch.model.agreements import Agreement, Rung
from dispatch.model.alarms import AlarmRules
from dispatch.model.base import (
    Frozen,
    Name,
    Number,
    PositiveSeconds,
    Reference,
    Seconds,
    Text,
    Whole,
    number_only,
)
from dispatch.model.distributions import Distribution
from dispatch.model.hospitals import Hospital
from dispatch.model.incidents import Demand, IncidentType, Profile, Zone
from dispatch.model.injects import Closure, Inject
from dispatch.model.moving_up import CoverageAware, MovingUp
from dispatch.model.plans import PlanLibrary
from dispatch.model.readiness import Crew
from dispatch.model.resources import Rota, Station, StationsFrom, Unit, UnitType, Variation
from dispatch.model.supplies import BY_ORDER, Depot, Item, Supplying, WaterSupply
from dispatch.model.travel import Travel

if TYPE_CHECKING:
    from pydantic import ValidationInfo

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _moment(value: Any) -> Any:
    """Accept dates as texts only: a number would silently be seconds since 1970."""
    if not isinstance(value, datetime) and not (isinstance(value, str) and _DATE.match(value.strip())):
        message = "not a date and time | Write one with its time zone, such as 2020-01-01T00:00:00+08:00."
        raise ValueError(message)
    return value


BUILT_IN_POLICIES = ("nearest", "run_card_order", "assignment", "coverage_aware", BY_ORDER)
"""Dispatch policies that ship with the package."""

POLICY_GROUP = "dispatch.policies"
"""Entry-point group under which other packages register policies: callables (scenario, fleet) → policy."""


class MutualAid(Frozen):
    """Help from outside, asked for when no own unit can go."""

    delay: Distribution
    """Time from the request until the outside unit leaves, or until it arrives when ``at`` is not given."""
    at: Reference | None = None
    """The node from which outside units drive; their way is added to the delay."""


class Dispatching(Frozen):
    """Who goes, and what happens when nobody can."""

    policy: Reference = "nearest"
    """``nearest``, ``run_card_order``, ``assignment``, ``coverage_aware``, or one of an installed package.

    With ``by_order`` nobody is sent but by injects: ``order`` and ``ask``.
    """
    when_none_free: Literal["queue", "lost", "mutual_aid"] = "queue"
    """What becomes of a need that no own unit can serve: it waits, is lost, or goes to mutual aid."""
    mutual_aid: MutualAid | None = None
    """Terms of outside help; needed for ``when_none_free: mutual_aid``."""
    diversion: bool = False
    """Whether a unit on its way to a less urgent incident may be sent to a more urgent one."""
    returning: bool = True
    """Whether units on their way home may be dispatched from the road."""
    first_due: dict[Reference, tuple[Reference, ...]] = {}
    """First-due lists for ``run_card_order``: zone or node → unit ids, in the order in which to try them."""
    coverage_aware: CoverageAware | None = None
    """What policy ``coverage_aware`` weighs; its defaults when left out."""

    @model_validator(mode="after")
    def _complete(self) -> Dispatching:
        if self.when_none_free == "mutual_aid" and self.mutual_aid is None:
            message = "mutual aid without terms | Give 'mutual_aid: {delay: …}'."
            raise ValueError(message)
        if self.policy == "run_card_order" and not self.first_due:
            message = "run_card_order without 'first_due' | List units by zone or node."
            raise ValueError(message)
        if self.first_due and self.policy in ("nearest", "assignment", "coverage_aware", BY_ORDER):
            message = (
                f"'first_due' is not used by policy {self.policy} | Remove it, or set policy: run_card_order."
            )
            raise ValueError(message)
        if self.coverage_aware is not None and self.policy in (*BUILT_IN_POLICIES[:3], BY_ORDER):
            message = (
                f"'coverage_aware' is not used by policy {self.policy} | "
                "Remove it, or set policy: coverage_aware."
            )
            raise ValueError(message)
        return self


class StoppingRule(Frozen):
    """Replicate until one measure is known well enough in every layout, instead of ``replications``."""

    measure: Reference
    """The measure that decides."""
    half_width: Annotated[Number, Field(gt=0)]
    """Half of its 95 % confidence interval: seconds, or for shares 0.02 for 2 percentage points."""
    minimum: Annotated[Whole, Field(ge=2, le=100_000)] = 30
    """Replications before the rule is looked at; below 30 the interval covers less than it says."""
    maximum: Annotated[Whole, Field(ge=2, le=1_000_000)] = 1000
    """Replications after which to stop in any case."""

    @model_validator(mode="after")
    def _ordered(self) -> StoppingRule:
        if self.maximum < self.minimum:
            message = f"maximum ({self.maximum}) is below minimum ({self.minimum}) | Raise the maximum."
            raise ValueError(message)
        return self


class ScenarioFile(Frozen):
    """Everything a person writes about one scenario."""

    schema_version: Annotated[Literal[2], BeforeValidator(number_only)] = 2
    """Version of this format; files of older versions are read, too, with a note."""
    name: Name | None = None
    """Short name; the file's own when left out."""
    title: Text = ""
    """Name for people."""
    description: Text = ""
    """What the scenario is for, its sources and assumptions."""
    network: Reference
    """A folder under ``networks/``, or a path relative to the scenario."""
    start: Annotated[AwareDatetime, BeforeValidator(_moment)] = Field(
        default=datetime.fromisoformat("2024-01-01T00:00:00+00:00")
    )
    """First moment, with its time zone; second 0 of the simulation."""
    horizon: PositiveSeconds
    """How long calls come in; what is under way then is played to its end."""
    warm_up: Seconds = 0.0
    """Calls received earlier than this are simulated but not measured."""
    seed: Annotated[Whole, Field(ge=0, le=2**63 - 1)] = 1
    """Number from which all luck is drawn."""
    replications: Annotated[Whole, Field(ge=1, le=1_000_000)] = 30
    """How many independent draws of the same scenario are simulated."""
    snap: Annotated[Number, Field(gt=0, le=1e7)] = 1000.0
    """Farthest that given coordinates may lie from the nearest node, in metres."""
    call_processing: Distribution | None = None
    """Time from the call until units can be alerted, for all types that do not state their own."""
    unit_types: Annotated[dict[Name, UnitType], Field(min_length=1)]
    """Kinds of units by id."""
    stations_from: tuple[StationsFrom, ...] = ()
    """Stations of the baseline that are cited from files, with their units, beside those written here."""
    stations: Annotated[dict[Name, Station], Field(validate_default=True)] = {}
    """Stations of the baseline by id; at least one, here or by ``stations_from``."""
    units: Annotated[dict[Name, Unit], Field(validate_default=True)] = {}
    """Units of the baseline by id; at least one, here or by ``stations_from``."""
    rotas: dict[Name, Rota] = {}
    """When crews are on duty, by id; units name theirs."""
    crews: dict[Name, Crew] = {}
    """People who man several units of their station, by id; units name theirs in ``crew_from``."""
    incident_types: Annotated[dict[Name, IncidentType], Field(min_length=1)]
    """Kinds of incidents by id."""
    plans: PlanLibrary | None = None
    """Response plans, which say who comes to an incident of a class, at an alarm level, at a place."""
    hospitals: dict[Name, Hospital] = {}
    """Where patients are taken, by id; incident types say whose patients by ``to_hospital``."""
    items: dict[Name, Item] = {}
    """Kinds of supplies by id, beside those of the catalogue; one of the same id takes its place."""
    depots: dict[Name, Depot] = {}
    """Depots of the baseline by id: stock, and trucks that take it to incidents."""
    supplying: Supplying = Supplying()
    """How supplies are sent."""
    water: WaterSupply | None = None
    """Water at incidents and where tankers fill; without it, and without a depot that lists water, the water
    that an incident needs is not simulated, which is told."""
    zones: dict[Name, Zone] = {}
    """Areas for demand and reporting, beside those of the network; one of the same name gains nodes."""
    profiles: dict[Name, Profile] = {}
    """Weekly profiles of demand by id."""
    demand: Demand
    """Where calls come from."""
    dispatching: Dispatching = Dispatching()
    """Who goes, and what happens when nobody can."""
    alarm: AlarmRules | None = None
    """How the first alarm level of a call is found, for incident types that have an ``alarm``."""
    agreements: dict[Name, Agreement] = {}
    """Agreements on help from others by id: their units are sent only when they are asked."""
    ladder: tuple[Rung, ...] = ()
    """Tiers by which incidents are handed upwards, the lowest first; who is of no tier may always be sent."""
    moving_up: MovingUp | None = None
    """Units that move up to other stations while those are empty; nobody does when left out."""
    layouts: dict[Name, Variation] = {}
    """Variations of the baseline by id."""
    travel: Travel = Travel()
    """Which speeds rule: the network's own, or sets with times of day, junction delays, acceleration."""
    closures: dict[Name, Closure] = {}
    """Roads that are closed, slowed or narrowed for a time, by id."""
    injects: tuple[Inject, ...] = ()
    """What is done to the scenario at given moments."""
    measures: tuple[Reference, ...] = ()
    """Measures reported when none are asked for; a sensible set when left out."""
    cover_within: PositiveSeconds = 480.0
    """Travel time for ``coverage.residual.min``, for policies that keep cover, and for agreements that do."""
    stop: StoppingRule | None = None
    """When to stop replicating early; all replications are made when left out."""

    @property
    def keeps_cover(self) -> bool:
        """Whether what happens depends on ``cover_within``."""
        asking = any(each.asked_when.cover_under is not None for each in self.agreements.values())
        moving = self.moving_up is not None and self.moving_up.compliance_table is None
        return asking or moving or self.dispatching.policy == "coverage_aware"

    @field_validator("stations", "units")
    @classmethod
    def _some(cls, value: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        """Take none as missing, unless stations that are cited stand in for them."""
        cited: tuple[StationsFrom, ...] | None = info.data.get("stations_from")  # None where it is wrong
        enough = cited is None or any(info.field_name == "stations" or each.units for each in cited)
        if not value and not enough:
            raise PydanticCustomError("missing", "Field required")
        return value
