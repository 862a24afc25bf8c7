"""What a feature of the configuration file may say."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    field_validator,
    model_validator,
)

from components.settings import Settings


class Numeric(Settings):
    """A number that enters the linear model as itself.

    A value outside [`min`, `max`] counts as missing, or is clipped to the range; a missing value is imputed. `mean` and
    `median` are those of the training split's valid values. `indicator` adds a column that is 1 where the value was
    missing. `scale: zscore` subtracts the mean and divides by the standard deviation (ddof 0) of the imputed column.
    """

    kind: Literal["numeric"] = "numeric"
    scale: Literal["zscore", "none"] = "zscore"
    impute: Literal["mean", "median"] | float = "mean"
    min: float | None = Field(default=None, allow_inf_nan=False)
    max: float | None = Field(default=None, allow_inf_nan=False)
    outside: Literal["missing", "clip"] = "missing"
    indicator: bool = False

    @field_validator("impute", mode="before")
    @classmethod
    def _way_or_number(cls, value: Any) -> Any:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number and value not in ("mean", "median"):
            raise ValueError("must be 'mean', 'median' or a finite number")
        return value

    @model_validator(mode="after")
    def _range(self) -> Numeric:
        if self.min is not None and self.max is not None and self.min >= self.max:
            raise ValueError(f"min must be below max; received min {self.min:g} and max {self.max:g}")
        return self


class Buckets(Settings):
    """A number cut into intervals [b₀, b₁), one level each, a level below, one above, and one for missing values."""

    kind: Literal["buckets"] = "buckets"
    boundaries: list[float] = Field(min_length=1)

    @field_validator("boundaries")
    @classmethod
    def _increasing(cls, value: list[float]) -> list[float]:
        if not all(map(math.isfinite, value)) or any(b <= a for a, b in pairwise(value)):
            raise ValueError("must be finite and strictly increasing")
        return value


class Categorical(Settings):
    """A text. The `vocabulary` most frequent values of the training split are levels; all others are `(other)`.

    A missing value counts as the value `(missing)`.
    """

    kind: Literal["categorical"] = "categorical"
    vocabulary: int = Field(default=100, ge=1)


def _expand(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


def _kind(value: Any) -> str | None:
    return value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)


Feature = Annotated[
    Annotated[Numeric, Tag("numeric")]
    | Annotated[Buckets, Tag("buckets")]
    | Annotated[Categorical, Tag("categorical")],
    Discriminator(
        _kind,
        custom_error_type="feature_kind",
        custom_error_message="a feature is one of 'numeric', 'buckets', 'categorical', or a mapping with such a 'kind'",
    ),
    BeforeValidator(_expand),
]

_FEATURES = TypeAdapter(dict[str, Feature])


def features_to_json(features: Mapping[str, Numeric | Buckets | Categorical]) -> list[dict[str, Any]]:
    """Features as the plain JSON that travels to the steps: a list, because TFX sorts the keys of a mapping."""
    return [{"name": name, **feature.model_dump(mode="json")} for name, feature in features.items()]


def features_from_json(value: list[dict[str, Any]]) -> dict[str, Numeric | Buckets | Categorical]:
    """The inverse of `features_to_json`: features by column name, in the configuration's order.

    Raises:
      pydantic.ValidationError: the JSON is not what `features_to_json` makes.
    """
    return _FEATURES.validate_python(
        {entry["name"]: {key: part for key, part in entry.items() if key != "name"} for entry in value}
    )


def servable(column: str) -> bool:
    """Whether an input of a SavedModel's signature can have this name (TensorFlow's rule for names of operations)."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", column) is not None


def indicator_name(feature: str) -> str:
    """Name of the transformed column that is 1 where a numeric feature was missing."""
    return f"{feature}_missing"
