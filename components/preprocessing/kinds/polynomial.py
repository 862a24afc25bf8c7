"""Powers of a number."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.preprocessing.kinds.number import Made


class Polynomial(Made):
    """The powers of a number up to a degree, a column each."""

    kind: Literal["polynomial"] = Field(
        default="polynomial", description="The kind of feature.", examples=["polynomial"]
    )
    degree: int = Field(
        default=2, ge=2, le=6, description="The highest power.", examples=[3], json_schema_extra={"x-unit": "none"}
    )
    orthogonal: bool = Field(
        default=False,
        description="Whether the columns are made orthonormal over the training split (as R's `poly`, times √n), so that "
        "each one's coefficient doesn't depend on the higher ones; else they are the powers themselves.",
        examples=[True],
    )
