"""The `evaluate:` section of the configuration: what the model must keep to be pushed."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator, model_validator

from components.section import Section
from pipeline.config.errors import nearest

METRICS = (
    "mean_squared_error",
    "root_mean_squared_error",
    "mean_absolute_error",
    "r_squared",
    "mean_label",
    "mean_prediction",
)


class Limit(Section):
    """What a metric may be: at least `min`, at most `max`, or both."""

    min: float | None = Field(default=None, allow_inf_nan=False)
    max: float | None = Field(default=None, allow_inf_nan=False)

    @model_validator(mode="after")
    def _one_bound(self) -> Limit:
        if self.min is None and self.max is None:
            raise ValueError("needs 'min', 'max' or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min must not be above max")
        return self


def _known_metrics(value: dict[str, Limit]) -> dict[str, Limit]:
    for name in value:
        if name not in METRICS:
            raise ValueError(f"unknown metric {name!r}{nearest(name, METRICS)}. Known: {', '.join(METRICS)}")
    return value


class Slice(Section):
    """Columns to slice the eval split by; limits that every such slice must keep."""

    columns: list[str] = Field(min_length=1)
    limits: dict[str, Limit] = {}

    _limits = field_validator("limits")(_known_metrics)

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"columns": value} if isinstance(value, list) else value


class Evaluate(Section):
    """The gate. Without any limit a model must at least beat the mean of the evaluated labels (r_squared of 0).

    A held-out split of fewer than `min_rows` rows judges nothing: there, and where a limit lies inside a metric's interval, the
    cross-validation of the training rows decides.
    """

    min_rows: int = Field(default=30, ge=0)
    limits: dict[str, Limit] = {"r_squared": Limit(min=0.0)}
    no_worse_than_live: float | None = Field(default=0.01, ge=0, allow_inf_nan=False)
    slices: list[Slice] = []

    @field_validator("limits")
    @classmethod
    def _at_least_one(cls, value: dict[str, Limit]) -> dict[str, Limit]:
        if not value:
            raise ValueError(
                "needs at least one limit: without one there is no verdict. Leave the key out for the default"
            )
        return _known_metrics(value)
