"""The square root of a number."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.preprocessing.kinds.number import Made


class Sqrt(Made):
    """The square root of a number. One that has none, below 0, is outside of what is valid."""

    kind: Literal["sqrt"] = Field(default="sqrt", description="The kind of feature.", examples=["sqrt"])
