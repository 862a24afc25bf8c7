"""What `model.elastic_net:` of the configuration may say."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from components.linear_model.elastic_net import ElasticNet
from components.section import Section

Ratio = Annotated[float, Field(gt=0, le=1)]


class ElasticNetSection(Section):
    """α·(ρ·‖β‖₁ + (1 − ρ)/2·‖β‖²) beside half of the mean squared error, on the transformed columns; instead of `l2`.

    Columns whose coefficients become 0 are left out. What is left has no standard errors, p or intervals, for the same rows have
    selected it. Units are those of scikit-learn and glmnet; the intercept is not penalised.
    """

    l1_ratio: Ratio | Annotated[list[Ratio], Field(min_length=1)] = Field(
        default=0.5,
        description="ρ: 1 is the lasso; near 0, columns that are alike share what they have in common. Of several the one with the "
        "least cross-validated error is taken.",
        examples=[1, [0.1, 0.5, 0.9, 1]],
        json_schema_extra={"x-unit": "share"},
    )
    alpha: Annotated[float, Field(gt=0, allow_inf_nan=False)] | Literal["auto"] = Field(
        default="auto",
        description="α. `auto` chooses by exact cross-validation among 100 values, from the least that leaves no column down to a "
        "thousandth of it.",
        examples=[0.01],
        json_schema_extra={"x-unit": "the label's"},
    )
    rule: Literal["least", "one_standard_error"] = Field(
        default="least",
        description="Which α `auto` takes: that of the least cross-validated error, or the greatest whose error is within one "
        "standard error of the least: fewer columns.",
        examples=["one_standard_error"],
    )

    @field_validator("alpha", mode="before")
    @classmethod
    def _penalty(cls, value: Any) -> Any:
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < float("inf")
        if not number and value != "auto":
            raise ValueError("must be 'auto' or a finite number above 0; without a penalty leave elastic_net out")
        return value

    def net(self) -> ElasticNet:
        """As the core takes it."""
        ratio = self.l1_ratio if isinstance(self.l1_ratio, (int, float)) else tuple(self.l1_ratio)
        return ElasticNet(ratio, self.alpha, self.rule)
