"""A text of which the frequent values are levels."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.preprocessing.kinds.levels import Vocabulary
from components.preprocessing.kinds.of_column import OfColumn


class Categorical(Vocabulary, OfColumn):
    """A text. Its frequent values in the training split are levels; all others are one, `(other)`, and missing ones `(missing)`."""

    kind: Literal["categorical"] = Field(
        default="categorical", description="The kind of feature.", examples=["categorical"]
    )
    reference: str | None = Field(
        default=None,
        description="The level that the others are compared with; by default the most frequent one.",
        examples=["Cash"],
    )
