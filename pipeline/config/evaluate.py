"""The `evaluate:` section of the configuration: what the model must keep to be pushed."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator, model_validator

from components.linear_model.families import FAMILIES
from components.section import Section
from pipeline.config.errors import nearest

METRICS = tuple(dict.fromkeys(name for family in FAMILIES.values() for name in family.metric_names))
_BETTER = {"less": " ↓", "more": " ↑", None: ""}
_BY_FAMILY: dict[str, list[str]] = {}  # families by the metrics that they have
for _family in FAMILIES.values():
    _told = ", ".join(f"`{metric.name}`{_BETTER[metric.better]}" for metric in _family.metrics)
    _BY_FAMILY.setdefault(_told, []).append(_family.name)
_NAMED = "; ".join(f"of {', '.join(names)}: {told}" for told, names in _BY_FAMILY.items())
_DEFAULTS = "; ".join(
    f"`{name}` at {'least' if bound == 'min' else 'most'} {value:g} ({family.name})"
    for family in FAMILIES.values()
    for name, limit in family.limits.items()
    for bound, value in limit.items()
)
_COMPARED = ", ".join(f"`{family.compared_by}` ({family.name})" for family in FAMILIES.values())
_Columns = Annotated[list[str], Field(min_length=1)]


class Limit(Section, json_schema_extra={"minProperties": 1}):
    """What a metric may be: at least `min`, at most `max`, or both."""

    min: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="The least that the metric may be.",
        examples=[0.5],
        json_schema_extra={"x-unit": "the metric's"},
    )
    max: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="The most that the metric may be.",
        examples=[40],
        json_schema_extra={"x-unit": "the metric's"},
    )

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
    """Columns to slice the eval split by, and limits that every such slice must keep; without limits, `[columns]` alone will do."""

    columns: _Columns = Field(
        description="Rows that have the same values in these columns are a slice.",
        examples=[["payment_type"]],
    )
    limits: dict[str, Limit] = Field(
        default={},
        description="What metrics may be on every slice, by metric: those of `evaluate.limits`.",
        examples=[{"mean_absolute_error": {"max": 5}}],
        json_schema_extra={"propertyNames": {"enum": list(METRICS)}},
    )

    _limits = field_validator("limits")(_known_metrics)


def _expand(value: Any) -> Any:
    return {"columns": value} if isinstance(value, list) else value


class Evaluate(Section):
    """The gate: what a model must keep to be pushed.

    Where a limit lies inside a metric's interval, or few rows are held out, the cross-validation of the training rows decides.
    """

    min_rows: int = Field(
        default=30,
        ge=0,
        description="A held-out split of fewer rows judges nothing.",
        examples=[100],
        json_schema_extra={"x-unit": "rows"},
    )
    limits: dict[str, Limit] | None = Field(
        default=None,
        description=f"What metrics may be on the eval split, by metric (↓ less is better, ↑ more is), {_NAMED}. By default a model "
        f"must at least beat the mean of the evaluated labels: {_DEFAULTS}.",
        examples=[{"mean_squared_error": {"max": 40}, "r_squared": {"min": 0.5}}],
        json_schema_extra={"propertyNames": {"enum": list(METRICS)}, "minProperties": 1},
    )
    no_worse_than_live: float | None = Field(
        default=0.01,
        ge=0,
        allow_inf_nan=False,
        description=f"How much larger than the live model's the metric may be that the family compares by, on the same rows: "
        f"{_COMPARED}. With a live model of another family they are compared by a mean square, which each has. `null` compares "
        "with none.",
        examples=[0.05],
        json_schema_extra={"x-unit": "part of the live model's"},
    )
    slices: list[Annotated[Slice, BeforeValidator(_expand, json_schema_input_type=_Columns | Slice)]] = Field(
        default=[],
        description="Slices of the eval split that metrics are told of, and perhaps limited on.",
        examples=[[["payment_type"], {"columns": ["company"], "limits": {"r_squared": {"min": 0}}}]],
    )

    @field_validator("limits")
    @classmethod
    def _at_least_one(cls, value: dict[str, Limit] | None) -> dict[str, Limit] | None:
        if value is None:
            return None
        if not value:
            raise ValueError(
                "needs at least one limit: without one there is no verdict. Leave the key out for the default"
            )
        return _known_metrics(value)
