"""A text whose levels have an order."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from components.preprocessing.kinds.of_column import OfColumn
from components.values.texts import as_texts


class Ordered(OfColumn):
    """A text whose K levels have an order, as K − 1 columns of numbers.

    What is missing, or none of the levels, has each column's mean over the levels: its effect is the mean of theirs.
    """

    kind: Literal["ordered"] = Field(default="ordered", description="The kind of feature.", examples=["ordered"])
    levels: list[str] = Field(
        min_length=2,
        max_length=50,
        description="All levels, from the least to the greatest.",
        examples=[["low", "mid", "high"]],
    )
    contrasts: Literal["polynomial", "steps"] = Field(
        default="polynomial",
        description="What the columns are. `polynomial`: orthonormal polynomials of the levels' places, `^1` the linear one, `^2` "
        "the quadratic one, as R's `contr.poly`. `steps`: a column for each level but the first, 1 from that level on, so that "
        "its coefficient is the difference to the level before.",
        examples=["steps"],
    )
    indicator: bool = Field(
        default=False,
        description="Whether a column is added that is 1 where the text was missing, or none of the levels, else 0.",
        examples=[True],
    )

    @field_validator("levels", mode="before", json_schema_input_type=list[str | bool | float])
    @classmethod
    def _as_texts(cls, value: Any) -> Any:
        return as_texts(value)

    @field_validator("levels")
    @classmethod
    def _apart(cls, value: list[str]) -> list[str]:
        twice = next((level for index, level in enumerate(value) if level in value[:index]), None)
        if twice is not None:
            raise ValueError(f"{twice!r} stands there twice")
        return value
