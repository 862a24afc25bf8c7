"""A column whose coefficient is 1."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Offset(BaseModel):
    """A column whose coefficient is 1: the configuration's `offset`, or with `log` its `exposure`. No feature of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Literal["offset"] = "offset"
    log: bool = False
