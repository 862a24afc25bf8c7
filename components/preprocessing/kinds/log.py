"""The logarithm of a number."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.preprocessing.kinds.number import Made


class Log(Made):
    """The natural logarithm of a number. One that has none, 0 or less, is outside of what is valid."""

    kind: Literal["log"] = Field(default="log", description="The kind of feature.", examples=["log"])
