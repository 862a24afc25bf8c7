"""A number as itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from components.preprocessing.kinds.number import Real


class Numeric(Real):
    """A number that enters the linear model as itself, with the seven digits of a 32-bit float."""

    kind: Literal["numeric"] = Field(default="numeric", description="The kind of feature.", examples=["numeric"])
    scale: Literal["zscore", "none"] = Field(
        default="zscore",
        description="`zscore` subtracts the mean and divides by the standard deviation (ddof 0) of the imputed column; `none` "
        "leaves it as it is. Coefficients are told in raw units either way.",
        examples=["none"],
    )
