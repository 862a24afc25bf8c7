"""What a feature of the configuration file may say."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    field_validator,
    model_validator,
)

from components.section import Settings


class _Number(Settings):
    """What numbers have in common.

    A value outside [`min`, `max`] counts as missing, or is clipped to the range; a missing value is imputed. `mean` and
    `median` are those of the training split's valid values. `indicator` adds a column that is 1 where the value was
    missing.
    """

    impute: Literal["mean", "median"] | float = "mean"
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
    def _range(self) -> Self:
        low, high = getattr(self, "min", None), getattr(self, "max", None)
        if low is not None and high is not None and low >= high:
            raise ValueError(f"min must be below max; received min {low:g} and max {high:g}")
        return self


class Numeric(_Number):
    """A number that enters the linear model as itself, with the seven digits of a 32-bit float.

    `scale: zscore` subtracts the mean and divides by the standard deviation (ddof 0) of the imputed column.
    """

    kind: Literal["numeric"] = "numeric"
    scale: Literal["zscore", "none"] = "zscore"
    min: float | None = Field(default=None, allow_inf_nan=False)
    max: float | None = Field(default=None, allow_inf_nan=False)


class Integer(_Number):
    """A whole number up to 2^53 that enters the linear model as itself, exactly, as a z-score.

    `wide` takes all that 64 bits hold, up to 2^63; served, it is then a text of digits, for JSON's numbers end at 2^53.
    """

    kind: Literal["integer"] = "integer"
    wide: bool = False
    min: int | None = None
    max: int | None = None


class Buckets(Settings):
    """A number cut into intervals [b₀, b₁), one level each, a level below, one above, and one for missing values.

    `whole` says that its values are whole numbers, to be taken exactly up to 2^53; else they have a 32-bit float's digits.
    """

    kind: Literal["buckets"] = "buckets"
    whole: bool = False
    boundaries: list[float] = Field(min_length=1)

    @field_validator("boundaries")
    @classmethod
    def _increasing(cls, value: list[float]) -> list[float]:
        if not all(map(math.isfinite, value)) or any(b <= a for a, b in pairwise(value)):
            raise ValueError("must be finite and strictly increasing")
        return value

    @model_validator(mode="after")
    def _apart(self) -> Buckets:
        stored = pairwise(array("f", self.boundaries))  # 32-bit floats
        for (low, high), (low_stored, high_stored) in zip(pairwise(self.boundaries), stored, strict=True):
            if not self.whole and low_stored == high_stored:
                raise ValueError(
                    f"boundaries {low!r} and {high!r} are one number as 32-bit floats, as values are. Leave one out, or, if they "
                    "are whole numbers, set whole: true"
                )
        return self


class Boolean(Settings):
    """A truth value: `true`, `t`, `yes`, `y`, `on`, `1` or their opposites, in any case. Two levels, and one for missing values.

    The others are compared with `reference`: `false`, if there are such rows, or what is asked for.
    """

    kind: Literal["boolean"] = "boolean"
    reference: bool | None = None


class Categorical(Settings):
    """A text. Its `vocabulary` most frequent values in the training split are levels, if at least `min_rows` rows have them.

    All others are one level, `(other)`, and missing values are one, `(missing)`. The others are compared with `reference`: a
    level, or without it the most frequent one.
    """

    kind: Literal["categorical"] = "categorical"
    vocabulary: int = Field(default=100, ge=1)
    min_rows: int = Field(default=5, ge=1)
    reference: str | None = None


Kind = Numeric | Integer | Boolean | Buckets | Categorical


def _expand(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


def _kind(value: Any) -> str | None:
    return value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)


_KINDS = ("numeric", "integer", "boolean", "buckets", "categorical")

Feature = Annotated[
    Annotated[Numeric, Tag("numeric")]
    | Annotated[Integer, Tag("integer")]
    | Annotated[Boolean, Tag("boolean")]
    | Annotated[Buckets, Tag("buckets")]
    | Annotated[Categorical, Tag("categorical")],
    Discriminator(
        _kind,
        custom_error_type="feature_kind",
        custom_error_message=f"a feature is one of {', '.join(map(repr, _KINDS))}, or a mapping with such a 'kind'",
    ),
    BeforeValidator(_expand),
]

_FEATURES = TypeAdapter(dict[str, Feature])


def features_to_json(features: Mapping[str, Kind]) -> list[dict[str, Any]]:
    """Features as the plain JSON that travels to the steps: a list, because TFX sorts the keys of a mapping."""
    return [{"name": name, **feature.model_dump(mode="json")} for name, feature in features.items()]


def features_from_json(value: list[dict[str, Any]]) -> dict[str, Kind]:
    """The inverse of `features_to_json`: features by column name, in the configuration's order.

    Raises:
      pydantic.ValidationError: the JSON is not what `features_to_json` makes.
    """
    return _FEATURES.validate_python(
        {entry["name"]: {key: part for key, part in entry.items() if key != "name"} for entry in value}
    )


def example_type(entry: Mapping[str, Any]) -> Literal["bytes", "int64", "float"]:
    """The kind of list that holds a feature's value in a tf.Example; `entry` as `features_to_json` makes it."""
    if entry["kind"] in ("boolean", "categorical"):
        return "bytes"
    return "int64" if entry["kind"] == "integer" or entry.get("whole") else "float"


def indicator_name(feature: str) -> str:
    """Name of the transformed column that is 1 where a numeric feature was missing."""
    return f"{feature}_missing"
