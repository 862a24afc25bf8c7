"""A text of which the frequent values are levels."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.preprocessing.kinds.of_column import OfColumn


class Categorical(OfColumn):
    """A text. Its frequent values in the training split are levels; all others are one, `(other)`, and missing ones `(missing)`."""

    kind: Literal["categorical"] = Field(
        default="categorical", description="The kind of feature.", examples=["categorical"]
    )
    vocabulary: int = Field(
        default=100,
        ge=1,
        description="How many of the most frequent texts are levels.",
        examples=[12],
        json_schema_extra={"x-unit": "levels"},
    )
    min_rows: int = Field(
        default=5,
        ge=1,
        description="How many training rows must have a text that is a level.",
        examples=[2],
        json_schema_extra={"x-unit": "rows"},
    )
    reference: str | None = Field(
        default=None,
        description="The level that the others are compared with; by default the most frequent one.",
        examples=["Cash"],
    )
