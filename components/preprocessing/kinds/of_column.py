"""What the kinds that are made of one column have in common."""

from __future__ import annotations

from pydantic import Field

from components.section import Section


class OfColumn(Section):
    """A feature of one column."""

    column: str | None = Field(
        default=None,
        min_length=1,
        description="The column that the feature is made of; by default the one of the feature's name. Several features may be "
        "made of one column.",
        examples=["trip_miles"],
    )
