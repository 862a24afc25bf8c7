"""A whole number as itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.preprocessing.kinds.number import OneNumber


class Integer(OneNumber):
    """A whole number up to 2^53 that enters the linear model as itself, exactly, as a z-score."""

    kind: Literal["integer"] = Field(default="integer", description="The kind of feature.", examples=["integer"])
    wide: bool = Field(
        default=False,
        description="Whether values may be all that 64 bits hold, up to 2^63. Served, they are then texts of digits, for JSON's "
        "numbers end at 2^53.",
        examples=[True],
    )
    min: int | None = Field(
        default=None,
        description="The least value that is valid.",
        examples=[0],
        json_schema_extra={"x-unit": "the column's"},
    )
    max: int | None = Field(
        default=None,
        description="The greatest value that is valid.",
        examples=[1700000000],
        json_schema_extra={"x-unit": "the column's"},
    )
