"""A smooth curve of a number."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from components.preprocessing.kinds.increasing import check_increasing
from components.preprocessing.kinds.number import Made

Count = Annotated[int, Field(ge=3, le=50, json_schema_extra={"x-unit": "knots"})]
Places = Annotated[list[float], Field(min_length=3, max_length=50, json_schema_extra={"x-unit": "the column's"})]


class Spline(Made):
    """A natural cubic spline: a smooth curve, linear beyond its first and its last knot. K knots give K − 1 columns."""

    kind: Literal["spline"] = Field(default="spline", description="The kind of feature.", examples=["spline"])
    knots: Count | Places = Field(
        default=5,
        description="How many knots, from the least to the greatest of the training split's imputed values, with as many rows "
        "between each two; or where they lie, increasing.",
        examples=[[0, 5, 10, 20, 40]],
        json_schema_extra={"x-unit": "knots, or the column's"},
    )

    @field_validator("knots")
    @classmethod
    def _increasing(cls, value: int | list[float]) -> int | list[float]:
        return value if isinstance(value, int) else check_increasing(value)
