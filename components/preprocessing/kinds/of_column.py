"""What the kinds that are made of one column have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from components.section import Section

Unit = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\S(.*\S)?$")]
"""What numbers are counted in, for eyes."""


class OfColumn(Section):
    """A feature of one column."""

    column: str | None = Field(
        default=None,
        min_length=1,
        description="The column that the feature is made of; by default the one of the feature's name. Several features may be "
        "made of one column.",
        examples=["trip_miles"],
    )


class Measured(OfColumn):
    """A feature of one column of numbers."""

    unit: Unit | None = Field(
        default=None,
        description="What the column's numbers are counted in, for eyes: in the what-if form and on the report.",
        examples=["miles"],
    )
