"""What the kinds whose levels training finds have in common."""

from __future__ import annotations

from pydantic import Field

from components.section import Section


class Vocabulary(Section):
    """Which texts of the training split are levels."""

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
