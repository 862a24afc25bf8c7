"""A limit, or a comparison, that a model was held against."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Check(BaseModel):
    """A limit that was looked at.

    Attributes:
      text: what was found, a sentence.
      kept: whether the model keeps it, or is not judged by it.
      metric: its name; None of slices without a row, and where models are not compared.
      slice: `overall`, or `column=value`.
      least, greatest: that it may be; None for no bound.
      by: what decided: the evaluated rows, the cross-validation, or nothing, where rows are too few.
      value: that decided, or was seen; None where it is no number.
      live: the live model's, of a comparison with it; None of a limit.
    """

    model_config = ConfigDict(frozen=True)
    text: str
    kept: bool
    metric: str | None = None
    slice: str = "overall"
    least: float | None = None
    greatest: float | None = None
    by: Literal["rows", "cross-validation", "nothing"] = "rows"
    value: float | None = None
    live: float | None = None


def finite(value: float | None) -> float | None:
    """None for what is no finite number."""
    return value if value is not None and math.isfinite(value) else None
