"""The base of everything that the configuration file may say."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section of the configuration: unknown keys and values of another type are errors, nothing is converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
