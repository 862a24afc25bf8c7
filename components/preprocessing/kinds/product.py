"""The product of numbers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.preprocessing.kinds.number import Filled


class Product(Filled):
    """The product of two or three columns of numbers, as one number: missing where one of them is."""

    kind: Literal["product"] = Field(default="product", description="The kind of feature.", examples=["product"])
    of: list[str] = Field(
        min_length=2,
        max_length=3,
        description="The columns. One may stand there twice.",
        examples=[["educ", "exper"]],
    )
