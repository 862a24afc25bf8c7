"""A number cut into intervals."""

from __future__ import annotations

from array import array
from itertools import pairwise
from typing import Literal

from pydantic import Field, field_validator, model_validator

from components.preprocessing.kinds.increasing import check_increasing
from components.preprocessing.kinds.of_column import Measured


class Buckets(Measured):
    """A number cut into intervals [b₀, b₁), one level each, a level below, one above, and one for missing values."""

    kind: Literal["buckets"] = Field(default="buckets", description="The kind of feature.", examples=["buckets"])
    whole: bool = Field(
        default=False,
        description="Whether values are whole numbers, to be taken exactly up to 2^53; else they have a 32-bit float's digits.",
        examples=[True],
    )
    boundaries: list[float] | None = Field(
        default=None,
        min_length=1,
        description="Where one interval ends and the next begins, increasing.",
        examples=[[6, 10, 16, 20]],
        json_schema_extra={"x-unit": "the column's"},
    )
    quantiles: int | None = Field(
        default=None,
        ge=2,
        le=100,
        description="Instead of boundaries: how many intervals, with as many of the training split's values in each. Where many "
        "rows have one value, there are fewer; the least value, if so many have it, has an interval of its own. The boundaries are "
        "32-bit floats.",
        examples=[10],
        json_schema_extra={"x-unit": "intervals"},
    )

    @field_validator("boundaries")
    @classmethod
    def _increasing(cls, value: list[float] | None) -> list[float] | None:
        return value if value is None else check_increasing(value)

    @model_validator(mode="after")
    def _apart(self) -> Buckets:
        if (self.boundaries is None) == (self.quantiles is None):
            raise ValueError("expected one of boundaries and quantiles")
        given = self.boundaries or []
        stored = pairwise(array("f", given))  # 32-bit floats
        for (low, high), (low_stored, high_stored) in zip(pairwise(given), stored, strict=True):
            if not self.whole and low_stored == high_stored:
                raise ValueError(
                    f"boundaries {low!r} and {high!r} are one number as 32-bit floats, as values are. Leave one out, or, if they "
                    "are whole numbers, set whole: true"
                )
        return self
