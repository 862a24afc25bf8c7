"""A truth value."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.preprocessing.kinds.of_column import OfColumn


class Boolean(OfColumn):
    """A truth value: `true`, `t`, `yes`, `y`, `on`, `1` or their opposites, in any case. Two levels, and one for missing values."""

    kind: Literal["boolean"] = Field(default="boolean", description="The kind of feature.", examples=["boolean"])
    reference: bool | None = Field(
        default=None,
        description="The level that the others are compared with; by default `false`, if there are such rows.",
        examples=[True],
    )
