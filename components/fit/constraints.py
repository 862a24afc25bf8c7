"""What `model.constraints` may say."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from components.preprocessing.features import Kind
from components.preprocessing.kinds.boolean import Boolean
from components.preprocessing.kinds.buckets import Buckets
from components.preprocessing.kinds.integer import Integer
from components.preprocessing.kinds.log import Log
from components.preprocessing.kinds.log1p import Log1p
from components.preprocessing.kinds.numeric import Numeric
from components.preprocessing.kinds.ordered import Ordered
from components.preprocessing.kinds.power import Power
from components.preprocessing.kinds.product import Product
from components.preprocessing.kinds.sqrt import Sqrt
from components.section import Section

OF_ONE_COLUMN = (Numeric, Integer, Log, Log1p, Sqrt, Power, Product, Boolean)
ORDERS = ("increasing", "decreasing")


class Range(Section):
    """What a coefficient may be, as `show` prints it: per raw unit of the feature; of a truth value, of true against false."""

    min: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="The least it may be; `null` for no such bound.",
        examples=[0.0],
        json_schema_extra={"x-unit": "the linear predictor's, per raw unit of the feature"},
    )
    max: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="The greatest it may be; `null` for no such bound.",
        examples=[2.5],
        json_schema_extra={"x-unit": "the linear predictor's, per raw unit of the feature"},
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("expected min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min must be at most max; received {self.min:g} and {self.max:g}")
        return self


def _form(value: Any) -> str:
    return "range" if isinstance(value, (dict, Range)) else "word"


Constraint = Annotated[
    Annotated[Literal["positive", "negative", "increasing", "decreasing"], Tag("word")]
    | Annotated[Range, Tag("range")],
    Discriminator(_form),
]
Constraints = Mapping[str, Constraint]


def check_constraints(constraints: Constraints, features: Mapping[str, Kind]) -> None:
    """Raises a ValueError if a constraint is of no feature, or of one whose coefficients it can't be of.

    Args:
      constraints: by feature.
      features: of the configuration, by name.
    """
    for name, wanted in constraints.items():
        key, said = f"model.constraints.{name}", "{min, max}" if isinstance(wanted, Range) else wanted
        feature = features.get(name)
        if feature is None:
            near = difflib.get_close_matches(name, list(features), 1)
            meant = f" ({near[0]!r} is near)" if near else ""
            raise ValueError(f"{key}: there is no feature of this name{meant}. Name one of the features")
        kind = feature.kind
        if isinstance(feature, Ordered) and feature.contrasts != "steps":
            raise ValueError(
                f"{key}: the columns of {name!r} are polynomials, whose coefficients don't tell the order of its levels. Set "
                f"features.{name}.contrasts: steps"
            )
        if isinstance(feature, (Buckets, Ordered)) and wanted not in ORDERS:
            raise ValueError(
                f"{key}: expected increasing or decreasing, for {kind} has a coefficient for each level; received {said}. Say "
                "which way its levels go"
            )
        if isinstance(feature, OF_ONE_COLUMN) and wanted in ORDERS:
            way = "positive" if wanted == "increasing" else "negative"
            raise ValueError(
                f"{key}: expected positive, negative or {{min, max}}, for {kind} has one coefficient; received {said}. "
                f"Say {way}"
            )
        if not isinstance(feature, (Buckets, Ordered, *OF_ONE_COLUMN)):
            raise ValueError(
                f"{key}: {kind} has several coefficients, and no order of levels. Constrain a feature of one column (numeric, "
                "integer, log, log1p, sqrt, power, product, boolean), buckets, or ordered with contrasts: steps"
            )
