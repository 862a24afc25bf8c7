"""Levels of several columns, joined."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from components.preprocessing.kinds.levels import Vocabulary
from components.values.texts import as_texts


class Cross(Vocabulary):
    """Texts of two or three columns, joined: `red × large`. The frequent ones in the training split are levels; all others are
    one, `(other)`, those that were never seen together among them.

    A missing value is a text of its own here, as in `red × (missing)`; where all are missing, the level is `(missing)`. There is
    no hashing: two levels that shared a column by chance could not be told apart in its coefficient.
    """

    kind: Literal["cross"] = Field(default="cross", description="The kind of feature.", examples=["cross"])
    of: list[str] = Field(
        min_length=2,
        max_length=3,
        description="The columns, of texts or truth values.",
        examples=[["color", "size"]],
    )
    reference: list[str | None] | None = Field(
        default=None,
        description="The level that the others are compared with: a text of each column, `null` for a missing one; by default "
        "the most frequent one.",
        examples=[["red", "large"]],
    )

    @field_validator("of")
    @classmethod
    def _apart(cls, value: list[str]) -> list[str]:
        if len(set(value)) < len(value):
            raise ValueError(f"expected different columns; received {', '.join(value)}")
        return value

    @field_validator("reference", mode="before", json_schema_input_type=list[str | bool | float | None] | None)
    @classmethod
    def _as_texts(cls, value: Any) -> Any:
        return as_texts(value)

    @model_validator(mode="after")
    def _text_of_each(self) -> Self:
        if self.reference is not None and len(self.reference) != len(self.of):
            raise ValueError(
                f"reference: expected a text of each column, {', '.join(self.of)}; received {len(self.reference)} of them"
            )
        return self
