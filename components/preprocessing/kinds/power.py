"""A power of a number."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from components.preprocessing.kinds.number import Made


class Power(Made):
    """A number to a power. One that has none is outside of what is valid: of a power that is not whole, what is below 0; of one
    below 0, what is not above 0.
    """

    kind: Literal["power"] = Field(default="power", description="The kind of feature.", examples=["power"])
    exponent: float = Field(
        ge=-10,
        le=10,
        description="The power; neither 0 nor 1.",
        examples=[2],
        json_schema_extra={"x-unit": "none"},
    )

    @field_validator("exponent")
    @classmethod
    def _another(cls, value: float) -> float:
        if value in (0.0, 1.0):
            raise ValueError(f"the power {value:g} is no other column; give another one, or kind: numeric")
        return value
