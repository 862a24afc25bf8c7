"""The logarithm of one more than a number."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.preprocessing.kinds.number import Made


class Log1p(Made):
    """The natural logarithm of 1 and a number. One that has none, −1 or less, is outside of what is valid."""

    kind: Literal["log1p"] = Field(default="log1p", description="The kind of feature.", examples=["log1p"])
