"""The base of everything that the configuration file may say."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section of the configuration: unknown keys and values of another type are errors, nothing is converted.

    A key's field holds all that is said of it: `description`, `examples`, the default, and its unit as `x-unit`. The section's
    docstring says what concerns several keys. The reference and the JSON schema are made of these (`make docs`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
