"""What a feature of the configuration file may say."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    field_validator,
    model_validator,
)

from components.section import Section


class _Number(Section):
    """What numbers have in common."""

    impute: Literal["mean", "median"] | float = Field(
        default="mean",
        description="What a missing value becomes: the mean or the median of the training split's valid values, or a number.",
        examples=["median"],
        json_schema_extra={"x-unit": "the column's"},
    )
    outside: Literal["missing", "clip"] = Field(
        default="missing",
        description="What a value outside of `min` and `max` becomes: missing, or the nearer of the two.",
        examples=["clip"],
    )
    indicator: bool = Field(
        default=False,
        description="Whether a column is added that is 1 where the value was missing, else 0.",
        examples=[True],
    )

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
    """A number that enters the linear model as itself, with the seven digits of a 32-bit float."""

    kind: Literal["numeric"] = Field(default="numeric", description="The kind of feature.", examples=["numeric"])
    scale: Literal["zscore", "none"] = Field(
        default="zscore",
        description="`zscore` subtracts the mean and divides by the standard deviation (ddof 0) of the imputed column; `none` "
        "leaves it as it is. Coefficients are told in raw units either way.",
        examples=["none"],
    )
    min: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="The least value that is valid.",
        examples=[0.01],
        json_schema_extra={"x-unit": "the column's"},
    )
    max: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="The greatest value that is valid.",
        examples=[150],
        json_schema_extra={"x-unit": "the column's"},
    )


class Integer(_Number):
    """A whole number up to 2^53 that enters the linear model as itself, exactly, as a z-score."""

    kind: Literal["integer"] = Field(default="integer", description="The kind of feature.", examples=["integer"])
    wide: bool = Field(
        default=False,
        description="Whether values may be all that 64 bits hold, up to 2^63. Served, they are then texts of digits, for JSON's "
        "numbers end at 2^53.",
        examples=[True],
    )
    min: int | None = Field(
        default=None,
        description="The least value that is valid.",
        examples=[0],
        json_schema_extra={"x-unit": "the column's"},
    )
    max: int | None = Field(
        default=None,
        description="The greatest value that is valid.",
        examples=[1700000000],
        json_schema_extra={"x-unit": "the column's"},
    )


class Buckets(Section):
    """A number cut into intervals [b₀, b₁), one level each, a level below, one above, and one for missing values."""

    kind: Literal["buckets"] = Field(default="buckets", description="The kind of feature.", examples=["buckets"])
    whole: bool = Field(
        default=False,
        description="Whether values are whole numbers, to be taken exactly up to 2^53; else they have a 32-bit float's digits.",
        examples=[True],
    )
    boundaries: list[float] = Field(
        min_length=1,
        description="Where one interval ends and the next begins, increasing.",
        examples=[[6, 10, 16, 20]],
        json_schema_extra={"x-unit": "the column's"},
    )

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


class Boolean(Section):
    """A truth value: `true`, `t`, `yes`, `y`, `on`, `1` or their opposites, in any case. Two levels, and one for missing values."""

    kind: Literal["boolean"] = Field(default="boolean", description="The kind of feature.", examples=["boolean"])
    reference: bool | None = Field(
        default=None,
        description="The level that the others are compared with; by default `false`, if there are such rows.",
        examples=[True],
    )


class Categorical(Section):
    """A text. Its frequent values in the training split are levels; all others are one, `(other)`, and missing ones `(missing)`."""

    kind: Literal["categorical"] = Field(
        default="categorical", description="The kind of feature.", examples=["categorical"]
    )
    vocabulary: int = Field(
        default=100,
        ge=1,
        description="How many of the most frequent texts are levels.",
        examples=[12],
        json_schema_extra={"x-unit": "levels"},
    )
    min_rows: int = Field(
        default=5,
        ge=1,
        description="How many training rows must have a text that is a level.",
        examples=[2],
        json_schema_extra={"x-unit": "rows"},
    )
    reference: str | None = Field(
        default=None,
        description="The level that the others are compared with; by default the most frequent one.",
        examples=["Cash"],
    )


class Offset(BaseModel):
    """A column whose coefficient is 1: the configuration's `offset`, or with `log` its `exposure`. No feature of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: Literal["offset"] = "offset"
    log: bool = False


Kind = Numeric | Integer | Boolean | Buckets | Categorical | Offset


_SHORT = Literal["numeric", "integer", "boolean", "categorical"]  # kinds that need nothing else said


def _expand(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


def _kind(value: Any) -> str | None:
    return value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)


_KINDS = ("numeric", "integer", "boolean", "buckets", "categorical")

_Mapping = Annotated[
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
]
Feature = Annotated[_Mapping, BeforeValidator(_expand, json_schema_input_type=_SHORT | _Mapping)]

_FEATURES: TypeAdapter[dict[str, Kind]] = TypeAdapter(dict[str, Offset | Feature])


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


def indicator_name(feature: str) -> str:
    """Name of the transformed column that is 1 where a numeric feature was missing."""
    return f"{feature}_missing"
