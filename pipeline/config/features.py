"""What the configuration says of its features as a whole. The kinds of one stand in `components.preprocessing.features`."""

from __future__ import annotations

from collections.abc import Mapping

from components.preprocessing.features import Boolean, Buckets, Categorical, Integer, Kind, Numeric, indicator_name
from components.table.spec import ValueRule


def check_names(features: Mapping[str, Kind], others: Mapping[str, str | None]) -> None:
    """Raises a ValueError if a feature has a name that no caller could send, or that of the label or the weight.

    Args:
      features: by column.
      others: the columns of the label and the weight, by role; None where there is none.
    """
    for name in features:
        if not name or "\0" in name:
            raise ValueError(
                f"features: {name!r} is no name that a caller could send. Give the column one without NUL, or skip it"
            )
    for role, column in others.items():
        if column in features:
            raise ValueError(
                f"features.{column}: {column!r} is the {role}; it can't be a feature too. Remove one of the two"
            )


def check_indicators(features: Mapping[str, Kind], others: Mapping[str, str | None]) -> None:
    """Raises a ValueError if a missing indicator would have the name of a column; arguments as of `check_names`."""
    derived = {indicator_name(name): name for name, feature in _numbers(features).items() if feature.indicator}
    for clash in derived.keys() & {*features, *others.values()}:
        raise ValueError(
            f"features.{derived[clash]}: its missing indicator would be called {clash!r}, which is a column already. "
            "Rename that column or set indicator: false"
        )


def column_kind(feature: Kind) -> str:
    """Which of `TableSpec`'s lists names a feature's column."""
    if isinstance(feature, Categorical):
        return "texts"
    if isinstance(feature, Boolean):
        return "booleans"
    whole = isinstance(feature, Integer) or (isinstance(feature, Buckets) and feature.whole)
    return "integers" if whole else "numbers"


def value_rules(features: Mapping[str, Kind]) -> dict[str, ValueRule]:
    """What becomes of some values of the features of numbers, by column."""
    return {
        name: ValueRule(min=feature.min, max=feature.max, outside=feature.outside, impute=str(feature.impute))
        for name, feature in _numbers(features).items()
    }


def _numbers(features: Mapping[str, Kind]) -> dict[str, Numeric | Integer]:
    return {name: feature for name, feature in features.items() if isinstance(feature, (Numeric, Integer))}
