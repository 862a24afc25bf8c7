"""What the kinds of numbers have in common."""

from __future__ import annotations

import math
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from components.linear_model.bases.domain import least_of
from components.preprocessing.kinds.of_column import Measured
from components.section import Section


class Filled(Section):
    """Numbers that may be missing."""

    impute: Literal["mean", "median"] | float = Field(
        default="mean",
        description="What a missing value becomes: the mean or the median of the training split's valid values, or a number.",
        examples=["median"],
        json_schema_extra={"x-unit": "the column's"},
    )
    indicator: bool = Field(
        default=False,
        description="Whether a column is added that is 1 where the value was missing, else 0.",
        examples=[True],
    )

    @field_validator("impute", mode="before")
    @classmethod
    def _way_or_number(cls, value: Any) -> Any:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number and value not in ("mean", "median"):
            raise ValueError("must be 'mean', 'median' or a finite number")
        return value


class OneNumber(Filled, Measured):
    """A column's numbers, of which some may be invalid."""

    outside: Literal["missing", "clip"] = Field(
        default="missing",
        description="What a value outside of `min` and `max` becomes: missing, or the nearer of the two.",
        examples=["clip"],
    )

    @model_validator(mode="after")
    def _range(self) -> Self:
        low, high = getattr(self, "min", None), getattr(self, "max", None)
        if low is not None and high is not None and low >= high:
            raise ValueError(f"min must be below max; received min {low:g} and max {high:g}")
        return self


class Real(OneNumber):
    """A column's numbers as 32-bit floats, or where another feature takes the column's numbers as whole ones, as these."""

    min: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="The least value that is valid.",
        examples=[0.01],
        json_schema_extra={"x-unit": "the column's"},
    )
    max: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="The greatest value that is valid.",
        examples=[150],
        json_schema_extra={"x-unit": "the column's"},
    )


class Made(Real):
    """A number that enters the linear model as other columns than itself, made of its valid or imputed values."""

    @model_validator(mode="after")
    def _has_values(self) -> Self:
        said = self.model_dump()
        kind, least = said["kind"], least_of(said)
        if least is None:
            return self
        for key in ("min", "impute"):
            value = getattr(self, key)
            if isinstance(value, (int, float)) and value < least:
                raise ValueError(f"{key}: {value:g} has no {kind}; expected a number of at least {least:g}")
        if self.max is not None and self.max <= least:
            raise ValueError(f"max: no number up to {self.max:g} has a {kind}; expected it above {least:g}")
        if self.outside == "clip" and least != 0 and self.min is None:
            raise ValueError(f"outside: clip needs a min, which a number that has no {kind} is clipped to")
        return self
