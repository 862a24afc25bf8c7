"""What the configuration says of its features as a whole. The kinds of one stand in `components.preprocessing.kinds`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from components.linear_model.bases.domain import limits, without_value
from components.linear_model.parts import parts_of
from components.linear_model.raw_columns import RawColumn, raw_columns
from components.preprocessing.features import Kind, columns_of, features_to_json, indicator_name
from components.preprocessing.kinds.datetime import Datetime
from components.preprocessing.kinds.integer import Integer
from components.preprocessing.kinds.number import OneNumber
from components.preprocessing.kinds.ordered import Ordered
from components.preprocessing.kinds.text import Text
from components.table.spec import ValueRule


def check_names(features: Mapping[str, Kind], others: Mapping[str, str | None]) -> None:
    """Raises a ValueError if a feature, or a column, has a name that no caller could send, or is the label or the weight.

    Args:
      features: by name.
      others: the columns of the label and the weight, by role; None where there is none.
    """
    for name, feature in features.items():
        for own in (name, *columns_of(name, feature)):
            if not own or "\0" in own:
                raise ValueError(
                    f"features: {own!r} is no name that a caller could send. Give the column one without NUL, or skip it"
                )
        for role, column in others.items():
            if column is not None and column in (name, *columns_of(name, feature)):
                raise ValueError(
                    f"features.{name}: {column!r} is the {role}; it can't be a feature too. Remove one of the two"
                )


def check_columns(features: Mapping[str, Kind]) -> None:
    """Raises a ValueError if two features take one column for different things, or a product one that it can't multiply."""
    takers: dict[str, tuple[str, str]] = {}
    forms: dict[str, tuple[str, str]] = {}
    for entry in features_to_json(features):
        for name, column in raw_columns([entry]).items():
            what = "texts" if column.type == "bytes" else "numbers"
            other, other_what = takers.setdefault(name, (entry["name"], what))
            if what != other_what:
                raise ValueError(
                    f"features.{entry['name']}: takes the column {name!r} for {what}, and features.{other} for {other_what}. "
                    "Make both features of the same kind of values, or copy the column"
                )
            if column.dates is None:
                continue
            other, form = forms.setdefault(name, (entry["name"], column.dates))
            if column.dates != form:
                raise ValueError(
                    f"features.{entry['name']}.format: reads the column {name!r} by {column.dates!r}, and features.{other} by "
                    f"{form!r}. Give both the same format"
                )
    columns = raw_columns(features_to_json(features))
    for name, feature in features.items():
        wide = [column for column in columns_of(name, feature) if columns[column].wide]
        if wide and not isinstance(feature, Integer):
            raise ValueError(
                f"features.{name}: the column {wide[0]!r} is wide, of whole numbers beyond 2^53; only an integer can be made of "
                "it. Leave wide out if they are smaller"
            )
        truths = [column for column in columns_of(name, feature) if columns[column].boolean]
        if truths and isinstance(feature, (Text, Datetime)):
            what = "have no words" if isinstance(feature, Text) else "are no dates"
            raise ValueError(
                f"features.{name}: the column {truths[0]!r} has truth values, as another feature says; they {what}. Leave one of "
                "the two features out"
            )


def check_made_names(features: Mapping[str, Kind], others: Mapping[str, str | None]) -> None:
    """Raises a ValueError if two transformed columns would have one name; arguments as of `check_names`."""
    taken = {*features, *(column for column in others.values() if column is not None)}
    times: Counter[str] = Counter()
    for entry in features_to_json(features):
        name = entry["name"]
        made = [f"{name}[{part}]" for part in parts_of(entry)]
        if entry.get("indicator"):
            made.append(indicator_name(name))
        times.update(made)
        for clash in made:
            if clash in taken or times[clash] > 1:
                way = " or set indicator: false" if clash == indicator_name(name) else ""
                what = "its missing indicator" if way else "a column of it"
                raise ValueError(
                    f"features.{name}: {what} would be called {clash!r}, which is a column already. Rename one of the two{way}"
                )


def columns_by_kind(features: Mapping[str, Kind]) -> dict[str, str]:
    """Which of `TableSpec`'s lists names each column of the features."""
    return {name: _list_of(column) for name, column in raw_columns(features_to_json(features)).items()}


def _list_of(column: RawColumn) -> str:
    if column.type == "bytes":
        return "booleans" if column.boolean else "texts"
    return "integers" if column.type == "int64" else "numbers"


def value_rules(features: Mapping[str, Kind]) -> dict[str, ValueRule]:
    """What becomes of some values of the features of numbers and of ordered texts, by feature."""
    rules = {}
    for name, feature in features.items():
        if isinstance(feature, OneNumber):
            said = feature.model_dump()
            least, greatest = limits(said)
            rules[name] = ValueRule(
                column=columns_of(name, feature)[0],
                min=least,
                max=greatest,
                too_low=None if least is None or said["min"] is not None else without_value(least),
                outside=feature.outside,
                impute=str(feature.impute),
            )
        elif isinstance(feature, Ordered):
            column = columns_of(name, feature)[0]
            rules[name] = ValueRule(column=column, levels=feature.levels, outside="missing", impute="the levels' mean")
    return rules
