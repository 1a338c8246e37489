"""How long something takes: nine families of distributions, written as ``{family: {parameters}}``."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import Field, model_validator

from dispatch.model.base import Frozen, Number, PositiveSeconds, Reference, Seconds, Weight, Whole

T = TypeVar("T", bound=Frozen)


class Uniform(Frozen):
    """Evenly between two durations."""

    low: Seconds
    """Shortest duration."""
    high: Seconds
    """Longest duration."""

    @model_validator(mode="after")
    def _ordered(self) -> Uniform:
        return _in_order(self, self.low, self.high, "low", "high")


class Exponential(Frozen):
    """Memoryless with a given mean."""

    mean: PositiveSeconds
    """Mean duration."""


class Lognormal(Frozen):
    """Lognormal by its median and 90th percentile."""

    median: PositiveSeconds
    """Half of the durations are shorter."""
    p90: PositiveSeconds
    """Nine in ten durations are shorter; at least the median."""

    @model_validator(mode="after")
    def _ordered(self) -> Lognormal:
        if self.p90 > 1e6 * self.median:
            message = f"p90 is {self.p90 / self.median:g} times the median | Check the units."
            raise ValueError(message)
        return _in_order(self, self.median, self.p90, "median", "p90")


class Gamma(Frozen):
    """Gamma by mean and shape; shape 1 is exponential, larger shapes vary less."""

    mean: PositiveSeconds
    """Mean duration."""
    shape: Annotated[Number, Field(ge=0.001, le=1e6)]
    """Shape parameter; the squared coefficient of variation is 1/shape."""


class Erlang(Frozen):
    """Sum of ``stages`` exponential stages."""

    mean: PositiveSeconds
    """Mean duration of all stages together."""
    stages: Annotated[Whole, Field(ge=1, le=100_000)]
    """Number of stages; the squared coefficient of variation is 1/stages."""


class Hyperexponential(Frozen):
    """A mixture of exponential durations: many short, a few very long."""

    means: Annotated[tuple[PositiveSeconds, ...], Field(min_length=1, max_length=50)]
    """Mean of each branch."""
    weights: Annotated[tuple[Weight, ...], Field(min_length=1, max_length=50)]
    """Relative weight of each branch."""

    @model_validator(mode="after")
    def _paired(self) -> Hyperexponential:
        _check_weights(self.weights, len(self.means), "means")
        return self


class Triangular(Frozen):
    """Triangular between two durations with a most likely one."""

    low: Seconds
    """Shortest duration."""
    mode: Seconds
    """Most likely duration."""
    high: Seconds
    """Longest duration."""

    @model_validator(mode="after")
    def _ordered(self) -> Triangular:
        _in_order(self, self.low, self.mode, "low", "mode")
        return _in_order(self, self.mode, self.high, "mode", "high")


class Empirical(Frozen):
    """Drawn from observed durations, with equal or given weights."""

    values: tuple[Seconds, ...] = ()
    """Observed durations."""
    weights: tuple[Weight, ...] = ()
    """Relative weight of each value; equal when left out."""
    file: Reference | None = None
    """A CSV file beside the scenario that holds the values instead."""
    column: Reference = "seconds"
    """The column of ``file`` with durations in seconds."""

    @model_validator(mode="after")
    def _source(self) -> Empirical:
        if bool(self.values) == (self.file is not None):
            message = "an empirical distribution needs either 'values' or 'file' | Give exactly one of them."
            raise ValueError(message)
        if self.weights:
            _check_weights(self.weights, len(self.values), "values")
        return self


class Distribution(Frozen):
    """A duration and how it varies; a plain duration is fixed. Exactly one family is given."""

    fixed: Seconds | None = None
    """Always the same."""
    uniform: Uniform | None = None
    """Evenly between low and high."""
    exponential: Exponential | None = None
    """Memoryless with a mean."""
    lognormal: Lognormal | None = None
    """By median and 90th percentile."""
    gamma: Gamma | None = None
    """By mean and shape."""
    erlang: Erlang | None = None
    """By mean and number of stages."""
    hyperexponential: Hyperexponential | None = None
    """A weighted mixture of exponentials."""
    triangular: Triangular | None = None
    """By low, mode and high."""
    empirical: Empirical | None = None
    """Observed values."""

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return value if isinstance(value, dict | Distribution) else {"fixed": value}

    @model_validator(mode="after")
    def _one(self) -> Distribution:
        if len(self.model_fields_set) != 1 or getattr(self, next(iter(self.model_fields_set))) is None:
            message = (
                "a distribution names exactly one family | "
                "Write a duration such as '90 s', or one family such as {exponential: {mean: 20 min}}."
            )
            raise ValueError(message)
        return self

    @property
    def family(self) -> str:
        """Name of the one family that is given."""
        return next(iter(self.model_fields_set))


def _in_order(model: T, first: float, second: float, first_name: str, second_name: str) -> T:
    if second < first:
        message = f"{second_name} ({second:g} s) is below {first_name} ({first:g} s) | Swap or correct them."
        raise ValueError(message)
    return model


def _check_weights(weights: tuple[float, ...], count: int, what: str) -> None:
    if len(weights) != count:
        message = f"{len(weights)} weights for {count} {what} | Give one weight for each."
        raise ValueError(message)
    if sum(weights) <= 0:
        message = "all weights are zero | Give at least one weight above zero."
        raise ValueError(message)
