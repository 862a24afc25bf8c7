"""The features of a configuration file: a kind each (`kinds`), and the plain JSON that travels to the steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Tag, TypeAdapter

from components.preprocessing.kinds.boolean import Boolean
from components.preprocessing.kinds.buckets import Buckets
from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.cross import Cross
from components.preprocessing.kinds.datetime import Datetime
from components.preprocessing.kinds.integer import Integer
from components.preprocessing.kinds.log import Log
from components.preprocessing.kinds.log1p import Log1p
from components.preprocessing.kinds.numeric import Numeric
from components.preprocessing.kinds.offset import Offset
from components.preprocessing.kinds.ordered import Ordered
from components.preprocessing.kinds.polynomial import Polynomial
from components.preprocessing.kinds.power import Power
from components.preprocessing.kinds.product import Product
from components.preprocessing.kinds.spline import Spline
from components.preprocessing.kinds.sqrt import Sqrt
from components.preprocessing.kinds.text import Text

Kind = (
    Numeric
    | Integer
    | Log
    | Log1p
    | Sqrt
    | Power
    | Polynomial
    | Spline
    | Product
    | Boolean
    | Buckets
    | Categorical
    | Datetime
    | Cross
    | Ordered
    | Text
    | Offset
)

_SHORT = Literal[  # kinds that need nothing else said
    "numeric", "integer", "log", "log1p", "sqrt", "polynomial", "spline", "boolean", "categorical", "datetime"
]


def _expand(value: Any) -> Any:
    return {"kind": value} if isinstance(value, str) else value


def _kind(value: Any) -> str | None:
    return value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)


_KINDS = (
    "numeric",
    "integer",
    "log",
    "log1p",
    "sqrt",
    "power",
    "polynomial",
    "spline",
    "product",
    "boolean",
    "buckets",
    "categorical",
    "datetime",
    "cross",
    "ordered",
    "text",
)

_Mapping = Annotated[
    Annotated[Numeric, Tag("numeric")]
    | Annotated[Integer, Tag("integer")]
    | Annotated[Log, Tag("log")]
    | Annotated[Log1p, Tag("log1p")]
    | Annotated[Sqrt, Tag("sqrt")]
    | Annotated[Power, Tag("power")]
    | Annotated[Polynomial, Tag("polynomial")]
    | Annotated[Spline, Tag("spline")]
    | Annotated[Product, Tag("product")]
    | Annotated[Boolean, Tag("boolean")]
    | Annotated[Buckets, Tag("buckets")]
    | Annotated[Categorical, Tag("categorical")]
    | Annotated[Datetime, Tag("datetime")]
    | Annotated[Cross, Tag("cross")]
    | Annotated[Ordered, Tag("ordered")]
    | Annotated[Text, Tag("text")],
    Discriminator(
        _kind,
        custom_error_type="feature_kind",
        custom_error_message=f"a feature is one of {', '.join(map(repr, _KINDS))}, or a mapping with such a 'kind'",
    ),
]
Feature = Annotated[_Mapping, BeforeValidator(_expand, json_schema_input_type=_SHORT | _Mapping)]

_FEATURES: TypeAdapter[dict[str, Kind]] = TypeAdapter(dict[str, Offset | Feature])


def columns_of(name: str, feature: Kind) -> list[str]:
    """The columns that a feature is made of."""
    several: list[str] | None = getattr(feature, "of", None)
    return several or [getattr(feature, "column", None) or name]


def features_to_json(features: Mapping[str, Kind]) -> list[dict[str, Any]]:
    """Features as the plain JSON that travels to the steps: a list, because TFX sorts the keys of a mapping.

    Each has its `name`, the names of its `columns`, and what the configuration says of it; a `unit` where there is one alone.
    """
    return [
        {"name": name, "columns": columns_of(name, feature), **_said(feature)} for name, feature in features.items()
    ]


def _said(feature: Kind) -> dict[str, Any]:
    unsaid = {"unit"} if getattr(feature, "unit", None) is None else set()
    return feature.model_dump(mode="json", by_alias=True, exclude={"column", "of", *unsaid})


def features_from_json(value: list[dict[str, Any]]) -> dict[str, Kind]:
    """The inverse of `features_to_json`: features by name, in the configuration's order.

    Raises:
      pydantic.ValidationError: the JSON is not what `features_to_json` makes.
    """
    return _FEATURES.validate_python({entry["name"]: _configured(entry) for entry in value})


def _configured(entry: Mapping[str, Any]) -> dict[str, Any]:
    said = {key: part for key, part in entry.items() if key not in ("name", "columns")}
    columns = entry["columns"]
    if len(columns) > 1:
        return {**said, "of": columns}
    return said if columns == [entry["name"]] else {**said, "column": columns[0]}


def indicator_name(feature: str) -> str:
    """Name of the transformed column that is 1 where a feature of numbers was missing."""
    return f"{feature}_missing"
