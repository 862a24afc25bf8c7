"""Whether words stand in a text."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from components.preprocessing.kinds.of_column import OfColumn


class Text(OfColumn):
    """Whether words stand in a text: a column for each, 1 where it does, else 0.

    A word stands there as a whole, in any case: neither before nor after it is a letter, a mark of one, a digit or `_`. All columns
    are 0 where the text is missing.
    """

    kind: Literal["text"] = Field(default="text", description="The kind of feature.", examples=["text"])
    words: list[str] = Field(
        min_length=1,
        max_length=200,
        description="The words. One may be several, parted by blanks as in the texts.",
        examples=[["good", "very bad"]],
    )
    indicator: bool = Field(
        default=False,
        description="Whether a column is added that is 1 where the text was missing, else 0.",
        examples=[True],
    )

    @field_validator("words")
    @classmethod
    def _words(cls, value: list[str]) -> list[str]:
        for index, word in enumerate(value):
            if not word or word != word.strip() or not word.isprintable():
                raise ValueError(f"{word!r} is no word. Expected printable characters, without blanks around them")
            if word.casefold() in (other.casefold() for other in value[:index]):
                raise ValueError(f"{word!r} stands there twice; its case does not matter")
        return value
