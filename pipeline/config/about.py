"""The `about:` section of the configuration: what only people know of a model."""

from __future__ import annotations

from pydantic import Field

from components.section import Section


class About(Section):
    """What only people know of a model. Nothing is made of it: the report's model card tells it."""

    purpose: str | None = Field(
        default=None,
        description="What the model is for, who asks it, and what is decided by its answers.",
        examples=["Fares that the app quotes before a trip."],
    )
    limits: str | None = Field(
        default=None,
        description="What it is not for, and which rows it must not be asked about.",
        examples=["Not for trips that leave the city."],
    )
    owner: str | None = Field(default=None, description="Who answers for it.", examples=["pricing@example.com"])
    licence: str | None = Field(
        default=None, description="Under which licence data and model may be used.", examples=["CC BY 4.0"]
    )
